"""What the tests of every protocol's machine share: explorations in memory, of the reference and of its mutants.

`STATEFUL` says which mutants are wrong in states and sequences: whole chapters of a protocol's mutants, but for those
that are named with a reason why no model can call them wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import hypothesis

from pytest_netconform.fixtures.network import column_of, memory_target
from pytest_netconform.fuzz.exploration import Budget, Exploration, Explored
from pytest_netconform.judge import survey
from pytest_netconform.protocols import PROTOCOLS
from pytest_netconform.reference_servers.mutants.mutant import Mutant, mutants_of

SETTINGS = hypothesis.settings(database=None)


@dataclass(frozen=True)
class Stateful:
    """The mutants of a protocol that its machine is measured by.

    chapters: modules of its mutants; but: those of them that are about something else, or legal, and why; missed: those
    that are in the count, and are not found; options: what the reference is told, beside what a mutant says.
    """

    chapters: tuple[str, ...]
    but: Mapping[str, str] = field(default_factory=dict)
    missed: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)

    def mutants(self, protocol: str) -> list[Mutant]:
        """All that are in the count."""
        found = [m for m in mutants_of(protocol) if m.session.__module__.rpartition(".")[2] in self.chapters]
        return [mutant for mutant in found if mutant.name not in self.but]


STATEFUL: dict[str, Stateful] = {
    "smtp": Stateful(
        chapters=("order",),
        but={
            "ehlo_second_503": "503 is noted, not forbidden (SMTP-5321-4.1.4-b)",
            "noop_before_ehlo_503": "a SHOULD, which the model leaves open (SMTP-5321-4.1.4-a)",
            "mail_before_ehlo_250": "allowed; its RCPT is found, because the model follows the server",
        },
    ),
}


def explored(
    protocol: str,
    budget: Budget,
    mutant: Mutant | None = None,
    *,
    property: str = "dialogue",
    seed: int = 1,
    options: Mapping[str, str] | None = None,
) -> Explored:
    """Explore the reference, or a mutant of it, in memory."""
    column = column_of(PROTOCOLS[protocol])
    given = {**(options or {}), **(mutant.options if mutant else {})}
    target = memory_target(protocol, given, mutant.session if mutant else None)
    survey(target, column)
    return Exploration(target, column, property, budget, seed=seed, settings=SETTINGS).run()


def told(result: Explored) -> str:
    """The findings of an exploration, for a message."""
    return "\n".join(
        f"{finding.rule} | {finding.problem.received} | "
        + " / ".join(f"{step.word} {step.say!r}" for step in finding.case.steps)
        for finding in result.findings
    )

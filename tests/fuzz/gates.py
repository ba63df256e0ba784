"""What the tests of every protocol's machine share: explorations in memory, of the reference and of its mutants."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules

import hypothesis

from pytest_netconform.fixtures.network import column_of, memory_target
from pytest_netconform.fuzz.exploration import Budget, Exploration, Explored
from pytest_netconform.judge import survey
from pytest_netconform.protocols import PROTOCOLS
from pytest_netconform.reference_servers.mutants.mutant import Mutant
from tests.fuzz import stateful
from tests.fuzz.stateful import Stateful

SETTINGS = hypothesis.settings(database=None)


#: protocol → its mutants, each from a module of its own in `stateful/`
STATEFUL: dict[str, Stateful] = {
    found.name: import_module(f"{stateful.__name__}.{found.name}").STATEFUL for found in iter_modules(stateful.__path__)
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

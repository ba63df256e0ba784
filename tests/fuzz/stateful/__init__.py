"""Which mutants are wrong in states and sequences, protocol by protocol: what a machine is measured by.

Whole chapters of a protocol's mutants, but for those that are named with a reason why no model can call them wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pytest_netconform.reference_servers.mutants.mutant import Mutant, mutants_of


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

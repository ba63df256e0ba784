"""A case: steps that once showed something, under a name that is the same wherever they are drawn again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from pytest_netconform.models.model import Step


@dataclass(frozen=True)
class Case:
    """The steps of one walk. drawn_for: the property that was explored."""

    protocol: str
    drawn_for: str
    steps: tuple[Step, ...]

    @property
    def name(self) -> str:
        """The protocol, and a digest of what is done."""
        text = repr((self.drawn_for, [(step.word, step.say, step.cut, step.ahead) for step in self.steps]))
        return f"{self.protocol}-{hashlib.sha256(text.encode()).hexdigest()[:10]}"

    @property
    def size(self) -> tuple[int, int]:
        """How much is done: steps, and octets."""
        return len(self.steps), sum(len(step.say) + len(step.cut) + step.ahead for step in self.steps)


def case_of(protocol: str, property: str, steps: Sequence[Step]) -> Case:
    """The case of these steps."""
    return Case(protocol, property, tuple(steps))

"""Verdicts: the words for an outcome, and the one function that chooses among them.

This module knows what a check can say (a non-conformity, a prerequisite that was not reached, a capability that is not
claimed) and turns it into a verdict. It must not know where the bytes came from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from pytest_netconform.requirement import Level


class Verdict(str, Enum):
    """The outcome of one check; the values are the words of the JSON report."""

    PASS = "pass"
    FAIL = "fail"
    DEVIATION = "deviation"
    OBSERVED = "observed"
    INCONCLUSIVE = "inconclusive"
    NOT_APPLICABLE = "not_applicable"
    ERROR = "error"

    def __str__(self) -> str:
        return self.value


class NonConformity(AssertionError):
    """The peer broke a rule. `expected` is the same text in every run; `received` tells what came instead.

    owed: the peer left an owed answer out, gave one too many, or died. Such a breach fails at any level.
    passing: the breach was a deadline or a close that load could have caused; it is tried once more before it counts.
    pattern: a bytes regular expression that a right answer matches, for the reproducer.
    """

    def __init__(
        self, expected: str, received: str, *, owed: bool = False, passing: bool = False, pattern: bytes | None = None
    ) -> None:
        super().__init__(f"expected {expected}; received {received}")
        self.expected = expected
        self.received = received
        self.owed = owed
        self.passing = passing
        self.pattern = pattern


class Inconclusive(Exception):
    """A prerequisite was not met; the message names it."""


class NotApplicable(Exception):
    """The target does not claim the capability, or the user did not give the option; `lacking` names which."""

    def __init__(self, lacking: str, reason: str) -> None:
        super().__init__(reason)
        self.lacking = lacking


@dataclass(frozen=True)
class Deviation:
    """An outcome that the standard forbids and the field shows: tolerated, named, never green."""

    expected: str
    received: str
    note: str


def decide(
    level: Level, problem: BaseException | None, deviations: Sequence[Deviation] = (), observed: Sequence[str] = ()
) -> Verdict:
    """The verdict of a check that ended with `problem` (None: it ran through) after the tolerated `deviations`."""
    if isinstance(problem, NonConformity):
        if problem.owed or level in (Level.MUST, Level.SECURITY):
            return Verdict.FAIL
        return Verdict.DEVIATION if level is Level.SHOULD else Verdict.OBSERVED
    if isinstance(problem, Inconclusive):
        return Verdict.INCONCLUSIVE
    if isinstance(problem, NotApplicable):
        return Verdict.NOT_APPLICABLE
    if problem is not None:
        return Verdict.ERROR
    if deviations:
        return Verdict.DEVIATION
    return Verdict.OBSERVED if observed or level in (Level.MAY, Level.INTEROP) else Verdict.PASS

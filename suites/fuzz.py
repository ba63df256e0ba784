"""Fuzzing: what holds whatever is said, in whatever order. Off by default: `--netconform-fuzz`, `--netconform-corpus`.

Each check is asked two things: to explore (its case is drawn by Hypothesis, again and again), and to hold one case that
was found before. How a case is drawn, shrunk and kept is no affair of the checks.
"""

from __future__ import annotations

from typing import Any

from pytest_netconform.models.case import Case
from pytest_netconform.requirement import MUST, SHOULD, hostile, requirement, writes
from pytest_netconform.walks.walk import PROPERTIES, Walk, follow


@requirement(
    "FUZZ-dialogue", MUST, "the protocol's own standard", "In any order, each command is answered as it must be."
)
@hostile
@writes
def test_dialogue(walk: Walk[Any], case: Case) -> None:
    """Every owed answer comes, once and in order, and is one that the model of the protocol allows; what was stored
    comes back.
    """
    follow(PROPERTIES["dialogue"](walk), case.steps)


@requirement("FUZZ-cuts", MUST, "RFC 9293 3.8.2", "The same octets are answered alike, wherever they are cut.")
@hostile
@writes
def test_cuts(walk: Walk[Any], case: Case) -> None:
    """Two walks say the same, one in drawn segments and one in whole ones, and hear the same kinds of answers."""
    follow(PROPERTIES["cuts"](walk), case.steps)


@requirement(
    "FUZZ-hostile", MUST, "the protocol's own grammar", "Whatever is said, answers are answers, and others are served."
)
@hostile
@writes
def test_hostile(walk: Walk[Any], case: Case) -> None:
    """What is answered to any octets has the grammar of an answer and an end, and the next client is served."""
    follow(PROPERTIES["hostile"](walk), case.steps)


@requirement("FUZZ-differential", SHOULD, "the user's own wish", "Two targets answer the same steps alike.")
@hostile
@writes
def test_differential(walk: Walk[Any], case: Case) -> None:
    """Said here and then there (`--netconform-differential`), the same steps get the same kinds of answers."""
    follow(PROPERTIES["differential"](walk), case.steps)


NOT_CHECKED: list[tuple[str, str]] = []

"""Requirements: what a standard asks of a server, and the check that looks for it.

This module knows ids, levels, sources and sentences, and how they hang on a test function. It must not know pytest,
sockets or any protocol: a check is a plain function that carries a frozen value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TypeVar

_ATTRIBUTE = "__netconform_check__"


class Level(str, Enum):
    """How strongly a requirement binds. MUST and SECURITY can FAIL; SHOULD deviates; MAY and INTEROP are recorded."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    MAY = "MAY"
    SECURITY = "SECURITY"
    INTEROP = "INTEROP"

    def __str__(self) -> str:
        return self.value


MUST, SHOULD, MAY, SECURITY, INTEROP = Level.MUST, Level.SHOULD, Level.MAY, Level.SECURITY, Level.INTEROP


@dataclass(frozen=True)
class Requirement:
    """One sentence of a standard: a stable id, its level, where it is written, and what it says in our words."""

    id: str
    level: Level
    source: str
    sentence: str


@dataclass(frozen=True)
class Check:
    """What the judge must know about a check before it runs it.

    needs: capabilities that the target must claim (`"STARTTLS"`), options that the user must have given
    (`"?recipient"`), and consent that he must have given (`"!slow"`). traits: how the check behaves (`serial`,
    `hostile`, `crowded`).
    """

    requirement: Requirement
    needs: tuple[str, ...] = ()
    traits: frozenset[str] = frozenset()


@dataclass(frozen=True)
class _Draft:
    """The decorators below `@requirement` have spoken already when it is reached; this keeps what they said."""

    needs: tuple[str, ...] = ()
    traits: frozenset[str] = field(default_factory=frozenset)


F = TypeVar("F", bound=Callable[..., object])


def requirement(id: str, level: Level, source: str, sentence: str) -> Callable[[F], F]:
    """Make a check of a function. The outermost of our decorators; `id` is a literal from the catalogue."""

    def mark(function: F) -> F:
        draft = getattr(function, _ATTRIBUTE, _Draft())
        setattr(function, _ATTRIBUTE, Check(Requirement(id, level, source, sentence), draft.needs, draft.traits))
        return function

    return mark


def needs(*what: str) -> Callable[[F], F]:
    """Name what must be there for a check to apply: `"STARTTLS"` claimed, `"?recipient"` given, `"!slow"` allowed.

    `"framed|flow"`: one of several capabilities.
    """

    def mark(function: F) -> F:
        draft = getattr(function, _ATTRIBUTE, _Draft())
        setattr(function, _ATTRIBUTE, replace(draft, needs=what + draft.needs))
        return function

    return mark


def _trait(name: str, also_needs: tuple[str, ...] = ()) -> Callable[[F], F]:
    def mark(function: F) -> F:
        draft = getattr(function, _ATTRIBUTE, _Draft())
        setattr(function, _ATTRIBUTE, replace(draft, needs=draft.needs + also_needs, traits=draft.traits | {name}))
        return function

    return mark


#: Runs while no other check of the run is under way.
serial = _trait("serial")
#: May hurt the target (floods, endless lines): serial, asks consent off loopback, and is followed by a control.
hostile = _trait("hostile", ("!intrusive",))
#: Is about several connections served at once: OBSERVED where the target's dialect declares that it serves one.
crowded = _trait("crowded")
#: Leaves something behind (a delivered message, a file): asks consent off loopback.
writes = _trait("writes", ("!write",))
#: Takes minutes against a real target: asks consent everywhere.
slow = _trait("slow", ("!slow",))
#: May spoil the account it uses (lock-outs): asks consent everywhere.
disposable = _trait("disposable", ("!disposable",))


def check_of(function: object) -> Check | None:
    """The check that a function is, or None for any other object."""
    found = getattr(function, _ATTRIBUTE, None)
    return found if isinstance(found, Check) else None


def selects(pattern: str, id: str) -> bool:
    """Whether `pattern` names `id`: exactly, or as a prefix that ends before a `.` or a `-`."""
    return id == pattern or (id.startswith(pattern) and id[len(pattern)] in ".-")


def natural_order(ids: Iterable[str]) -> list[str]:
    """Ids sorted as a reader expects: numbers by value, so 4.1.1.2 stands before 4.1.1.11."""
    return sorted(
        ids, key=lambda id: [(not p.isdigit(), int(p) if p.isdigit() else 0, p) for p in re.split(r"(\d+)", id)]
    )

"""The tour: one recorded dialogue that shows every kind of answer a target gives, for checks that only look.

It is held once per target and run; its transcript becomes the evidence of every check that judges it. Generic over the
protocol's answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic

from pytest_netconform.dialogue import Dialogue, Say, V
from pytest_netconform.target import Target
from pytest_netconform.transcript import Event
from pytest_netconform.verdict import Inconclusive, NonConformity
from pytest_netconform.visit import Visit, shown


@dataclass(frozen=True)
class Exchange(Generic[V]):
    """One command of the tour, as text, and the answer; `rest` is what had arrived when no whole answer did."""

    command: str
    reply: V | None
    rest: bytes = b""


@dataclass(frozen=True)
class Tour(Generic[V]):
    """The recorded exchanges in order, the greeting first; `events` is the transcript."""

    exchanges: Sequence[Exchange[V]]
    events: tuple[Event, ...] = ()

    @property
    def replies(self) -> list[V]:
        """Every answer that was heard."""
        return self.replies_to(lambda command: True)

    def replies_to(self, chosen: Callable[[str], bool]) -> list[V]:
        """The answers to the commands that `chosen` picks."""
        return [e.reply for e in self.exchanges if e.reply is not None and chosen(e.command)]

    @property
    def unfinished(self) -> bytes | None:
        """What had arrived of the answer that never came to its end, if there was one."""
        return next((e.rest for e in self.exchanges if e.reply is None and e.rest), None)

    def prerequisite(self, there: object, what: str) -> None:
        """Raise Inconclusive unless the tour holds what the check must look at."""
        if not there:
            raise Inconclusive(f"the tour did not see {what}")

    def require(self, truth: object, expected: str, received: bytes) -> None:
        """Raise NonConformity unless `truth`; `received` is the answer that shows it."""
        if not truth:
            raise NonConformity(expected, shown(received))


@dataclass(frozen=True)
class Stop:
    """One thing to say on the tour: as text for people, as it is sent, and the code that must come before it."""

    say: Say
    name: str = ""
    after: int | str | None = None


def tour(visit: Visit, key: str, hold: Callable[[Visit], Iterable[Exchange[Any]]]) -> Tour[Any]:
    """The target's tour, held by `hold` at its first use; its transcript becomes part of this visit's."""
    recorded = visit.target.once(key, lambda: _held(visit.target, hold))
    visit.transcript.recall(recorded.events)
    return recorded  # type: ignore[no-any-return]


def _held(target: Target, hold: Callable[[Visit], Iterable[Exchange[Any]]]) -> Tour[Any]:
    visit = Visit(target)
    try:
        return Tour(tuple(hold(visit)), tuple(visit.transcript.events))
    finally:
        visit.close()


def exchanges(dialogue: Dialogue[V], stops: Iterable[Stop]) -> Iterable[Exchange[V]]:
    """Listen to the greeting, then make every stop; end where no whole answer comes."""
    last = _listen(dialogue, "(connection)")
    yield last
    for stop in stops:
        if last.reply is None or (stop.after is not None and last.reply.code != stop.after):
            return
        dialogue.send(stop.say)
        last = _listen(dialogue, stop.name or str(stop.say))
        yield last


def _listen(dialogue: Dialogue[V], command: str) -> Exchange[V]:
    try:
        return Exchange(command, dialogue.hear())
    except NonConformity:
        return Exchange(command, None, dialogue.unframed())

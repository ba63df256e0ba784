"""A visit: one check's stay at a target, with its connections, its transcript, and what it put on record.

It knows a target and what a transcript needs to keep; it must not know what is said on its connections.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any, TypeVar
from typing import Protocol as Shape

from pytest_netconform.target import Target
from pytest_netconform.transcript import Transcript, visible
from pytest_netconform.transport import Unreachable, Wire
from pytest_netconform.verdict import Deviation, Inconclusive, NonConformity, NotApplicable

SHOWN = 120  # octets of a command or an answer that a message repeats


class NoConnection(Inconclusive):
    """There was no connection to be had. It counts against the target only where one is owed (`served_again`)."""


class Line(Shape):
    """Whatever a visit opens: a connection, or a socket for datagrams."""

    def close(self) -> None:
        """Close; harmless when done twice."""


L = TypeVar("L", bound=Line)


class Visit:
    """One check's stay at a target. Make one per check; `close` it whatever happened."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.transcript = Transcript()
        self.deviations: list[Deviation] = []
        self.notes: list[str] = []
        self.observed: list[str] = []
        self.evidence: set[str] = set()  # twin, refusal, silence, close, control: what the verdict rests on
        self.epoch = target.carriage.now()
        self._lines: list[Line] = []
        self._nonces: list[str] = []
        self._afterwards: list[Callable[[], None]] = []
        for secret in filter(None, [target.account[1].encode()]):
            self.transcript.hide(secret)

    def at(self, target: Target) -> Visit:
        """This visit, at another target of the same system: transcript, notes and farewell are shared."""
        other = copy(self)
        other.target = target
        for secret in filter(None, [target.account[1].encode()]):
            self.transcript.hide(secret)
        return other

    def dial(self) -> Wire:
        """A new connection. Raises NoConnection when there is none to be had."""
        return self.keep(lambda n: self.target.carriage.connect(self.transcript, n, self.epoch, self.target.cut))

    def keep(self, make: Callable[[int], L]) -> L:
        """What `make` opens under the next number, closed when this visit ends. Raises NoConnection."""
        try:
            line = make(len(self._lines) + 1)
        except Unreachable as error:
            raise NoConnection(str(error)) from None
        self._lines.append(line)
        return line

    def note(self, text: str) -> None:
        """Remember a remark that does not change the verdict."""
        if text not in self.notes:
            self.notes.append(text)

    def nonce(self, word: str) -> str:
        """Register a word made for this visit alone, so that expectations read the same in every run."""
        self._nonces.append(word)
        return word

    def stable(self, text: str) -> str:
        """The text with every word made for this visit replaced by `{marker}`."""
        for word in self._nonces:
            text = text.replace(word, "{marker}")
        return text

    def afterwards(self, work: Callable[[], None]) -> None:
        """Do that when this visit is over, whatever became of it; on a visit of its own, which no transcript shows."""
        self._afterwards.append(work)

    def seconds(self) -> float:
        """How long this visit has lasted, on the carriage's clock."""
        return self.target.carriage.now() - self.epoch

    def close(self) -> None:
        """Leave: close whatever is still open, then tidy up."""
        for line in self._lines:
            line.close()
        while self._afterwards:
            try:
                self._afterwards.pop()()
            except (NonConformity, Inconclusive) as problem:
                self.note(f"something was left behind: {problem}")


class Remarks:
    """What a check puts on record of its visit, whatever it speaks over."""

    visit: Visit

    def observe(self, value: object) -> None:
        """Record what this target does where the standard leaves it free."""
        self.visit.observed.append(str(value))

    def note(self, text: str) -> None:
        """Record a remark that does not change the verdict."""
        self.visit.note(text)

    def tolerate(self, expected: str, received: bytes, note: str) -> None:
        """Record a DEVIATION that the field shows so often that it is not failed; the check goes on."""
        self.visit.deviations.append(Deviation(expected, self._shown(received), note))

    def require(self, truth: object, expected: str, received: object) -> None:
        """Raise NonConformity unless `truth`: for rules about the contents of answers (octets are made visible)."""
        if not truth:
            text = self._shown(received) if isinstance(received, bytes) else str(received)
            raise NonConformity(expected, text)

    def not_applicable(self, reason: str) -> None:
        """End the check: the target leaves it nothing to look at."""
        raise NotApplicable(reason, reason)

    def _shown(self, data: bytes) -> str:
        """Octets for a message; secrets are hidden before anything is cut."""
        return shown(self.visit.transcript.mask(data))


Opener = Callable[[Visit], Any]


def shown(data: bytes) -> str:
    """Octets for a message: printable, short, a command's own CRLF left out."""
    text = data[:-2] if data.endswith(b"\r\n") else data
    if len(text) > SHOWN:
        return f"{visible(text[: SHOWN - 40])}[...]{visible(text[-40:])} ({len(text)} octets)"
    return visible(text)

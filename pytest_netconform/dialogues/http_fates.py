"""What becomes of an HTTP request: its fate, told by counting the answers to it and to a probe behind it.

A status alone never tells how a server framed a request; whether the probe behind it is answered does. This module
reads what was heard and gives it a name. It must not know how it was heard.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, Flag, auto

from pytest_netconform.wire.http import Response
from pytest_netconform.wire.http_echo import Echo, parse_echo


class Fate(Flag):
    """What became of a stimulus and the probe behind it. A check lists those that are right, joined by `|`."""

    REFUSED = auto()  # one of the refusing statuses, then the end
    REFUSED_OPEN = auto()  # one of the refusing statuses, then the probe's answer: in step
    DROPPED = auto()  # the end, without an answer
    SERVED = auto()  # its own answer, then the probe's: in step
    SERVED_CLOSED = auto()  # its own answer, then the end; the probe was not answered
    SWALLOWED = auto()  # its own answer, and then nothing: the probe was taken for something else
    WAITING = auto()  # nothing at all, and the connection stays
    SPLIT = auto()  # more answers than requests
    SMUGGLED = auto()  # an answer to what was hidden in the stimulus
    MISFRAMED = auto()  # an answer where the probe's belongs that is not the probe's
    FAILED = auto()  # a 5yz that was not asked for
    GARBAGE = auto()  # octets that are no response


#: Refused, and the connection ended; or ended at once.
NO = Fate.REFUSED | Fate.DROPPED
#: Refused, whatever becomes of the connection.
REFUSAL = Fate.REFUSED | Fate.REFUSED_OPEN
#: Understood: answered, and the next request too unless the connection was closed.
UNDERSTOOD = Fate.SERVED | Fate.SERVED_CLOSED

_WORDS = {
    Fate.REFUSED: "{codes} and the close",
    Fate.REFUSED_OPEN: "{codes} and then the probe's answer",
    Fate.DROPPED: "the close without an answer",
    Fate.SERVED: "an answer and then the probe's",
    Fate.SERVED_CLOSED: "an answer and then the close",
    Fate.SWALLOWED: "an answer, and none to the probe",
    Fate.WAITING: "more to be waited for",
    Fate.FAILED: "a 5yz",
}


#: What a proxy says where the server behind it gave no answer (RFC 9110 15.6.3), or not in time (15.6.5).
NO_ANSWER_BEHIND, TOO_LATE_BEHIND = 502, 504


class End(Enum):
    """How a connection was left."""

    CLOSED = "the close"
    RESET = "a reset"
    OPEN = "nothing more"


@dataclass(frozen=True)
class Answers:
    """All that was heard: final responses in order, interim ones, and the end.

    requests: how many the stimulus was made of. probing: whether a probe stood behind it; probed: whether the last
    response is the probe's. smuggled: the one to the canary, if there was one. codes: those that are a refusal here.
    right: a 5yz that is none of failure: that of the twin, or 501, by which a method is not known. proxied: whether a
    proxy answers, for which 504 is that the server behind it waits for more.
    """

    finals: tuple[Response, ...]
    interim: tuple[Response, ...] = ()
    end: End = End.OPEN
    requests: int = 1
    probing: bool = True
    probed: bool = False
    smuggled: Response | None = None
    codes: tuple[int, ...] = (400,)
    right: int = 501
    proxied: bool = False

    @property
    def first(self) -> Response | None:
        """The first answer."""
        return self.finals[0] if self.finals else None

    @property
    def echo(self) -> Echo | None:
        """What the echo says of the first request, where it was that which answered."""
        return parse_echo(self.finals[0].body) if self.finals else None

    @property
    def own(self) -> tuple[Response, ...]:
        """The answers to the stimulus itself, without the probe's."""
        return self.finals[:-1] if self.probed else self.finals

    @property
    def fate(self) -> Fate:
        """What became of it."""
        if any(response.problem for response in self.finals):
            return Fate.GARBAGE
        if self.smuggled is not None:
            return Fate.SMUGGLED
        if len(self.finals) > self.requests + self.probing:
            return Fate.SPLIT
        if not self.finals:
            return Fate.WAITING if self.end is End.OPEN else Fate.DROPPED
        return self._of_answers()

    def _of_answers(self) -> Fate:
        last = self.own[-1] if self.own else self.finals[-1]
        refused = last.status in self.codes
        if self.end is not End.OPEN and refused and len(self.finals) <= self.requests:
            return Fate.REFUSED
        if self.proxied and last.status == TOO_LATE_BEHIND:
            return Fate.WAITING
        if last.status >= 500 and not refused and last.status != self.right:
            return Fate.FAILED
        if not self.probing:
            return self._unprobed(refused)
        if len(self.finals) == self.requests + 1:
            if not self.probed:
                return Fate.MISFRAMED
            return Fate.REFUSED_OPEN if refused else Fate.SERVED
        if self.probed and self.own == ():  # the stimulus has no answer, and what follows it has
            return Fate.MISFRAMED
        return Fate.SWALLOWED if self.end is End.OPEN else Fate.SERVED_CLOSED

    def _unprobed(self, refused: bool) -> Fate:
        if len(self.finals) < self.requests and self.end is End.OPEN:
            return Fate.SWALLOWED
        if refused:
            return Fate.REFUSED_OPEN
        return Fate.SERVED if self.end is End.OPEN else Fate.SERVED_CLOSED

    def __str__(self) -> str:
        if not self.finals:
            return "nothing" if self.end is End.OPEN else f"{self.end.value} without an answer"
        words = [_told(response, self) for response in self.finals]
        ending = "" if self.probed and self.end is End.OPEN else f", then {self.end.value}"
        return ", ".join(words) + ending


def _told(response: Response, answers: Answers) -> str:
    if response.problem:
        return f"octets that are no response ({response.problem})"
    if response is answers.smuggled:
        return f"{response.status} to the request that was hidden in it"
    return (
        f"{response.status} to the probe" if answers.probed and response is answers.finals[-1] else f"{response.status}"
    )


def told(fates: Fate, codes: Sequence[int]) -> str:
    """Fates as an expectation: `400 and the close, or the close without an answer`."""
    numbers = [str(code) for code in codes]
    listed = numbers[0] if len(numbers) == 1 else f"{', '.join(numbers[:-1])} or {numbers[-1]}"
    return ", or ".join(words.format(codes=listed) for fate, words in _WORDS.items() if fate in fates)


def _cut(answers: Answers) -> str:
    """As how much a server took a stimulus; empty where he refused it, or closed before that could be seen."""
    finals, wanted = answers.finals, answers.requests
    if any(
        r.problem or r.status in answers.codes or r.status >= 500 for r in finals[:wanted] if r.status != answers.right
    ):
        return ""
    if len(finals) > wanted:
        return "as it is" if answers.probed and len(answers.own) == wanted else "as more"
    return "as less" if answers.end is End.OPEN else ""


def cut_otherwise(front: Answers, back: Answers) -> str:
    """How two servers differ about where the same request ends; empty where they agree, or one of them refuses it.

    Who closes behind it lets nothing follow, so that nobody can be misled by what he thinks of it.
    """
    cuts = _cut(front), _cut(back)
    bodies = [answers.echo.body for answers in (front, back) if answers.echo is not None]
    if not all(cuts) or (cuts[0] == cuts[1] and (len(bodies) < 2 or bodies[0] == bodies[1])):
        return ""
    if cuts[0] == cuts[1]:
        return f"a body of {len(bodies[0])} octets here, and of {len(bodies[1])} there"
    return f"{front} here; {back} there"

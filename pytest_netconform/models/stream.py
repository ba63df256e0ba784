"""What any dialect lets a server of streams answer: one right answer to every request, in order, however it was cut.

A dialect has no states of its own (`docs/dialects.md`), so the states are those of a stream: between two requests,
within one, or out of step behind octets that are none. What is only recommended (SHOULD), or recorded, is left open.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from pytest_netconform.dialect import Dialect, Exchange
from pytest_netconform.models.messages import BLOCK_OCTETS, blocked, fitted, long, sample, wrongs
from pytest_netconform.models.model import Model, Step, Wrong
from pytest_netconform.wire.frames import Frame, short
from pytest_netconform.wire.framing import Framing, base

READY, PART, LOST, OVER = "ready", "part", "lost", "over"

#: How a dialect lets one speak to its server.
UNDESCRIBED, SPEAKS, TALKS, WHOLE, SINGLE, FLOW, MANY = (
    "nobody said what it speaks",
    "it says one thing and closes",
    "it speaks without end",
    "the end of our half ends the one request",
    "its close ends the one answer",
    "octets without messages",
    "requests and answers",
)

#: what can always be said: that we go
LEAVING = frozenset({"leave", "abort"})
#: word → in which manners it means something, where a connection is in step
MEANT: Mapping[str, frozenset[str]] = {
    "ask": frozenset({WHOLE, SINGLE, FLOW, MANY}),
    "long": frozenset({WHOLE, SINGLE, FLOW, MANY}),
    "part": frozenset({WHOLE, SINGLE, MANY}),
    "many": frozenset({MANY}),
    "blocks": frozenset({MANY}),
    "empty": frozenset({MANY}),
    "hush": frozenset({FLOW, MANY}),
    "unknown": frozenset({MANY}),
    "wrong": frozenset({SINGLE, MANY}),
    "urgent": frozenset({SINGLE, FLOW, MANY}),
    "end": frozenset({FLOW, MANY}),
    "wait": frozenset({WHOLE, FLOW, MANY}),
    "listen": frozenset({SPEAKS, TALKS}),
    "octets": frozenset({UNDESCRIBED, TALKS}),
}
WORDS = frozenset(MEANT) | {"rest"} | LEAVING
WITHIN = frozenset({"rest", "wait", "end"})  # what can be said within a request

#: octets, by their name in WRONG, which nobody may take for a message; of the others the suites judge less
JUDGED = frozenset({"swapped-length", "huge-length", "sign-bit-length", "small-length", "negative-length", "no-number"})
ALONE = frozenset({"wrong", "unknown"})  # what is not said while an answer may come, or may not
LENGTHS = ("prefixed", "varint", "netstring", "blocks")

RULES = {
    "ask": "each request has one answer, the right one, in order, however they were cut (RFC 9293 3.1, 3.9.1)",
    "flow": "what comes back is what the rule makes of the octets, in order (RFC 862, RFC 9293 3.1)",
    "silence": "what the dialect says is not answered is not answered (RFC 863)",
    "wrong": "a length that cannot be is no request, nor is a part of what follows it (FPNP 5.3)",
    "framed": "answers are framed as the dialect says (FPNP 5.3)",
    "end": "what was said before our half is closed is answered, then the stream ends (RFC 862, RFC 9293 3.6)",
    "listen": "who speaks without being asked says what the dialect has, then closes (RFC 865, RFC 867, RFC 868)",
    "endless": "what has no end goes on (RFC 864)",
}


def manner(dialect: Dialect | None) -> str:
    """How one speaks to the servers of a dialect; UNDESCRIBED too where nobody can tell which octets are a request."""
    if dialect is None:
        return UNDESCRIBED
    if dialect.unasked:
        return SPEAKS if dialect.unasked == "once" else TALKS
    asked, answered = base(dialect.requests).kind, base(dialect.replies).kind
    if asked == "flow":
        return FLOW if answered == "flow" else UNDESCRIBED
    if asked == "until-close":
        return WHOLE
    return SINGLE if answered == "until-close" else MANY


@dataclass(frozen=True)
class Owed:
    """An answer that must come (`sure`), or that may as well be left out."""

    exchange: Exchange
    sure: bool = True


class StreamModel(Model[Frame]):
    """One connection. owed: the answers that have not come yet, oldest first.

    pipelines: whether requests may be said before earlier ones are answered. halves: whether our half can be closed
    alone, as it cannot inside TLS.
    """

    together: ClassVar[frozenset[str]] = frozenset({"ask", "empty", "hush", "rest"})

    def __init__(self, dialect: Dialect | None, *, pipelines: bool = True, halves: bool = True) -> None:
        self.dialect = dialect
        self.manner = manner(dialect)
        self.pipelines = pipelines and self.manner in (FLOW, MANY)
        self.halves = halves
        self.owed: deque[Owed] = deque()
        self.count = 0  # requests, so that no two of ours are the same
        self.judged = False  # whether what was wrong has to be taken for nothing
        self._begun: tuple[bytes, Exchange] | None = None  # what is still to be said of a request
        self._words = frozenset(word for word, manners in MEANT.items() if self._means(word, manners))
        super().__init__()

    def _means(self, word: str, manners: frozenset[str]) -> bool:
        if self.manner not in manners:
            return False
        dialect = self.dialect
        if dialect is None or word in ("octets", "listen", "wait"):
            return True
        if self.manner == WHOLE and not self.halves:
            return False
        known = "known" in dialect.capabilities
        meant = {
            "long": bool(dialect.rule) and dialect.requests.size is None,
            "blocks": bool(dialect.rule) and base(dialect.requests).kind == "blocks",
            "empty": self._empty() is not None,
            "hush": "silence" in dialect.capabilities,
            "unknown": dialect.unknown is not None and not dialect.unknown.silence,
            "wrong": bool(wrongs(dialect)),
            "urgent": dialect.transport == "tcp" and self.halves,
            "end": self.halves,
        }
        return meant.get(word, known)

    def _empty(self) -> Exchange | None:
        """What an empty message is answered, where that cannot be taken for any other answer."""
        assert self.dialect is not None
        if base(self.dialect.requests).kind not in LENGTHS:
            return None
        empty = self.dialect.answered(b"")
        if empty is None or empty.silence or empty.reply is None or self.dialect.id is not None:
            return None
        samples = () if self.dialect.rule else self.dialect.known
        confused = any(empty.fits(other.reply) or other.fits(empty.reply) for other in samples)
        return None if confused else empty

    def begin(self) -> None:
        super().begin()
        self.state = READY
        self.owed.clear()
        self._begun = None

    def may_wait(self, word: str) -> bool:
        return self.pipelines and word in self.together

    def possible(self, word: str) -> bool:
        if word not in WORDS:
            return True
        if word in LEAVING:
            return self.state != OVER
        if self.state == PART:
            return word in WITHIN and (word != "end" or self.halves)
        if word in ALONE and not all(owed.sure for owed in self.owed):
            return False
        return self.state == READY and word in self._words

    # -- saying

    def say(self, step: Step) -> bytes:
        """The octets of a step in this dialect; what it is owed is remembered."""
        said: bytes = getattr(self, f"_say_{step.word}", self._say_nothing)(step.say)
        return said

    @property
    def requests(self) -> Framing:
        """How requests are framed."""
        assert self.dialect is not None
        return self.dialect.requests

    def _next(self, drawn: bytes) -> Exchange:
        """The next request: one that carries the drawn octets, or the sample that the first of them says."""
        assert self.dialect is not None
        self.count += 1
        return fitted(self.dialect, drawn, self.count) if self.dialect.rule else sample(self.dialect, drawn, self.count)

    def _due(self, exchange: Exchange) -> bytes:
        self.owed.append(Owed(exchange))
        return self.requests.encode(exchange.say)

    def _say_nothing(self, drawn: bytes) -> bytes:
        return b""

    def _say_octets(self, drawn: bytes) -> bytes:
        return drawn

    def _say_ask(self, drawn: bytes) -> bytes:
        return self._due(self._next(drawn))

    def _say_long(self, drawn: bytes) -> bytes:
        """A request of so many octets."""
        assert self.dialect is not None
        self.count += 1
        return self._due(long(self.dialect, int(drawn), self.count, whole=self.manner in (WHOLE, FLOW)))

    def _say_many(self, drawn: bytes) -> bytes:
        """So many requests, one behind the other."""
        assert self.dialect is not None
        first = self.count
        self.count += int(drawn)
        return b"".join(self._due(self.dialect.probe(number)) for number in range(first, self.count))

    def _say_blocks(self, drawn: bytes) -> bytes:
        """A request in so many blocks."""
        assert self.dialect is not None
        self.count += 1
        exchange = long(self.dialect, BLOCK_OCTETS, self.count)
        self.owed.append(Owed(exchange))
        return blocked(self.dialect, exchange.say, int(drawn))

    def _say_empty(self, drawn: bytes) -> bytes:
        empty = self._empty()
        assert empty is not None
        self.owed.append(Owed(empty, sure=False))
        return self.requests.encode(b"")

    def _say_hush(self, drawn: bytes) -> bytes:
        assert self.dialect is not None
        silent = [exchange for exchange in self.dialect.exchanges if exchange.silence]
        return self.requests.encode(silent[sum(drawn[:1]) % len(silent)].say)

    def _say_unknown(self, drawn: bytes) -> bytes:
        assert self.dialect is not None and self.dialect.unknown is not None
        return self.requests.encode(self.dialect.unknown.say)

    def _say_wrong(self, drawn: bytes) -> bytes:
        assert self.dialect is not None
        found = wrongs(self.dialect)
        name = list(found)[sum(drawn[:1]) % len(found)]
        self.state, self.judged = LOST, name in JUDGED
        return found[name].octets

    def _say_urgent(self, drawn: bytes) -> bytes:
        self.state = LOST  # skipped, data, an error or a close: all is left open (RFC 9293 3.8.5)
        return b""

    def _say_part(self, drawn: bytes) -> bytes:
        """A request up to some octet: counted from its beginning, or from its end."""
        exchange = self._next(drawn[1:])
        octets = self.requests.encode(exchange.say)
        place, inner = sum(drawn[:1]), max(1, len(octets) - 1)
        place = 1 + place % inner if place < 128 else max(1, len(octets) - 1 - place % min(4, inner))
        self.state, self._begun = PART, (octets[place:], exchange)
        return octets[:place]

    def _say_rest(self, drawn: bytes) -> bytes:
        assert self._begun is not None
        (octets, exchange), self._begun, self.state = self._begun, None, READY
        self.owed.append(Owed(exchange))
        return octets

    # -- hearing

    @property
    def due(self) -> int:
        """How many answers must still come."""
        return sum(owed.sure for owed in self.owed)

    @property
    def octets(self) -> bytes:
        """What must still come where answers are octets without messages."""
        return b"".join(owed.exchange.hear or b"" for owed in self.owed)

    @property
    def awaited(self) -> str:
        """What comes next, in words."""
        exchange = next(owed.exchange for owed in self.owed if owed.sure)
        return f"{exchange.describe()} in answer to {short(exchange.say)}"

    def hear(self, step: Step, said: bytes, answer: Frame) -> None:
        """The next answer, or, where answers are octets without messages, all that must still come."""
        if self.manner == FLOW or base(self._replies).kind == "flow":
            if answer.payload != self.octets:
                raise Wrong(RULES["flow"])
            self.owed.clear()
            return
        while self.owed:
            owed = self.owed.popleft()
            if owed.exchange.fits(answer.payload):
                self.over = self.manner in (WHOLE, SINGLE)
                return
            if owed.sure:
                break
        raise Wrong(RULES["ask"])

    @property
    def _replies(self) -> Framing:
        assert self.dialect is not None
        return self.dialect.replies

    def react(self, payloads: list[bytes]) -> None:
        """What came of octets that are no request. Raises Wrong where they were taken for one, or for a part of one."""
        assert self.dialect is not None
        right = self.dialect.probe(1)
        for payload in payloads if self.judged else ():
            part = self.dialect.rule and right.hear is not None and right.hear.startswith(payload.rstrip(b"\0 "))
            if part or right.fits(payload):
                raise Wrong(RULES["wrong"])

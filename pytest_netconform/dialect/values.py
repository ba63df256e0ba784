"""Dialects: a protocol of one's own as a value: transport, framing, and a handful of sample exchanges.

A dialect is checked when it is made, so that whoever holds one may rely on it: every sample survives its own framing,
and nothing contradicts anything else. It describes framing and samples, and must not grow into a language: what a
server means by its answers is not its business. Pure; files are read elsewhere (`file.py` parses their text).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from pytest_netconform.dialect.rules import RULES, TRANSPORTS, DialectProblem, check
from pytest_netconform.wire.frames import short
from pytest_netconform.wire.framing import Framing, base

_AS_REQUESTS: Any = None  # stands in until a dialect is made, never longer
_DIGITS = 8  # letters in which a probe differs from the next


@dataclass(frozen=True)
class Exchange:
    """One thing said and what is heard for it: `hear` octet for octet, or a `pattern`, or `silence`.

    A pattern (a regular expression for the whole payload) may come with an `example`, which our own server answers.
    A greeting is an exchange in which nothing is said.
    """

    say: bytes = b""
    hear: bytes | None = None
    pattern: bytes | None = None
    silence: bool = False
    example: bytes | None = None

    @property
    def reply(self) -> bytes | None:
        """A right reply: what is heard, or the example; None when it is silence, or unknown."""
        return self.example if self.hear is None else self.hear

    def fits(self, payload: bytes | None) -> bool:
        """Whether a payload is a right reply; None stands for silence."""
        if payload is None or self.silence:
            return self.silence and payload is None
        return payload == self.hear if self.pattern is None else re.fullmatch(self.pattern, payload) is not None

    def describe(self) -> str:
        """What is heard, in words."""
        if self.silence:
            return "silence"
        return short(self.hear) if self.hear is not None else f"what matches {self.pattern!r}"


@dataclass(frozen=True)
class IdField:
    """Where requests and replies carry an id: so many octets in, so many octets wide."""

    offset: int
    width: int

    def of(self, payload: bytes) -> bytes:
        """The id in a payload (shorter when the payload is)."""
        return payload[self.offset : self.offset + self.width]

    def put(self, payload: bytes, id: bytes) -> bytes:
        """The payload with another id."""
        return payload[: self.offset] + id + payload[self.offset + self.width :]

    def numbered(self, payload: bytes, number: int) -> bytes:
        """The payload with a number for its id (big-endian, what does not fit is cut off in front)."""
        return self.put(payload, (number % (1 << 8 * self.width)).to_bytes(self.width, "big"))


@dataclass(frozen=True)
class Dialect:
    """A protocol of one's own. Raises DialectProblem when it contradicts itself.

    requests, replies: how each direction is framed (replies: None means as requests; datagrams want `Datagram()`).
    greeting: what the server says first, or says at all when it is `unasked`. rule: how every request is answered.
    unknown: a request that the server does not know, and what it says then. serves: the declared architecture.
    largest_request, largest_reply: octets of a payload, 0 where nothing is declared. standard: one of STANDARDS.
    """

    name: str
    requests: Framing
    replies: Framing = _AS_REQUESTS
    transport: str = "tcp"
    exchanges: tuple[Exchange, ...] = ()
    rule: str = ""
    greeting: Exchange | None = None
    unasked: str = ""
    unknown: Exchange | None = None
    serves: str = "many"
    encoding: str = ""
    largest_request: int = 0
    largest_reply: int = 0
    id: IdField | None = None
    standard: str = ""

    def __post_init__(self) -> None:
        if self.replies is _AS_REQUESTS:
            object.__setattr__(self, "replies", self.requests)
        object.__setattr__(self, "exchanges", tuple(self.exchanges))
        check(self)

    # -- what is known of it

    @property
    def streams(self) -> bool:
        """Whether it travels over a stream."""
        return TRANSPORTS[self.transport] == "stream"

    @cached_property
    def capabilities(self) -> frozenset[str]:
        """What checks may ask of it (WORDS)."""
        return frozenset(_words(self))

    def describe(self) -> str:
        """The dialect in one line."""
        requests, replies = self.requests.describe(), self.replies.describe()
        ways = requests if requests == replies else f"requests: {requests}; replies: {replies}"
        return f"{self.name} over {self.transport}: {ways}"

    # -- what is said and heard

    @property
    def exact(self) -> tuple[Exchange, ...]:
        """The samples with one right reply, octet for octet."""
        return tuple(exchange for exchange in self.exchanges if exchange.hear is not None)

    @property
    def known(self) -> tuple[Exchange, ...]:
        """The samples with a reply that is known, octet for octet or by its pattern."""
        return tuple(exchange for exchange in self.exchanges if not exchange.silence)

    def answered(self, say: bytes) -> Exchange | None:
        """What is to be heard for a request: by the rule, else by a sample (whatever its id), else what is heard for
        the unknown; None: nobody knows.
        """
        if self.rule:
            return Exchange(say, self.ruled(say))
        for exchange in self.exchanges:
            if self._same(exchange.say, say):
                return self._with_id(exchange, say)
        return None if self.unknown is None else self._with_id(self.unknown, say)

    def ruled(self, say: bytes) -> bytes:
        """What the rule makes of a request; its id stays."""
        reply = RULES[self.rule](say)
        return reply if self.id is None else self.id.put(reply, self.id.of(say))

    def probe(self, number: int = 0, size: int = 0) -> Exchange:
        """An exchange whose reply is known (capability `known`): by the rule each number has its own, else samples take
        turns, with an id of their own if they carry one: the exact ones, or those with patterns if no reply is exact.
        size: octets of the payload, as far as a rule can make them.
        """
        if self.rule:
            say = self._made(number, size)
            return Exchange(say, self.ruled(say))
        samples = self.exact or self.known
        if not samples:
            raise DialectProblem("exchange", "no sample has a reply that is known")
        exchange = samples[number % len(samples)]
        return exchange if self.id is None else self._with_id(exchange, self.id.numbered(exchange.say, number))

    def probes(self, count: int, size: int = 0) -> tuple[Exchange, ...]:
        """The first so many probes."""
        return tuple(self.probe(number, size) for number in range(count))

    @property
    def most(self) -> int | None:
        """Octets of the longest payload that can be said and, by the rule, heard; None: nothing bounds it."""
        bounds = [self.requests.most, self.replies.most, self.largest_request or None, self.largest_reply or None]
        known = [bound for bound in bounds if bound is not None]
        return min(known) if known else None

    @cached_property
    def alphabet(self) -> bytes:
        """Letters and digits that payloads of either direction may hold, under the rule too."""
        forbidden = self.requests.forbidden + self.replies.forbidden
        rule = RULES.get(self.rule, RULES["echo"])
        letters = b"abcdefghijklmnopqrstuvwxyz0123456789"
        return bytes(octet for octet in letters if octet not in forbidden and rule(bytes([octet]))[0] not in forbidden)

    def _made(self, number: int, size: int) -> bytes:
        """A payload of its own for every number: padded in front, so that it is the end that differs."""
        ending, front = self.requests.ending, 0 if self.id is None else self.id.offset + self.id.width
        usual = front + _DIGITS + len(ending)
        usual = usual if self.most is None else min(usual, self.most)
        room = (self.requests.size or size or usual) - len(ending) - front
        digits, left = b"", number
        while len(digits) < min(room, _DIGITS):
            left, digit = divmod(left, len(self.alphabet))
            digits = self.alphabet[digit : digit + 1] + digits
        say = bytes(front) + digits.rjust(room, self.alphabet[:1]) + ending
        return say if self.id is None else self.id.numbered(say, number)

    def _same(self, sample: bytes, say: bytes) -> bool:
        if self.id is None or len(sample) != len(say):
            return sample == say
        return self.id.put(sample, b"") == self.id.put(say, b"")

    def _with_id(self, exchange: Exchange, say: bytes) -> Exchange:
        """The exchange for another request; what is heard carries that one's id."""
        if self.id is None:
            return replace(exchange, say=say)
        hear, example = (
            None if reply is None else self.id.put(reply, self.id.of(say))
            for reply in (exchange.hear, exchange.example)
        )
        return replace(exchange, say=say, hear=hear, example=example)


def _words(dialect: Dialect) -> Iterator[str]:
    """The capabilities of a dialect."""
    requests, replies = base(dialect.requests), base(dialect.replies)
    yield from (dialect.transport, TRANSPORTS[dialect.transport], dialect.serves)
    yield from filter(None, (dialect.standard, dialect.encoding, dialect.rule))
    if dialect.unasked:
        yield "unasked" if dialect.unasked == "once" else "unasked-stream"
    else:
        yield "asked"
        yield from dialect.requests.words
    if replies.kind in ("flow", "until-close"):
        yield f"replies-{replies.kind}"
    hears = {exchange.hear for exchange in dialect.exact}
    carried = dialect.requests.forbidden + dialect.replies.forbidden
    yield from (
        word
        for word, true in {
            "framed": requests.parts and replies.parts and not dialect.unasked,
            "rule": dialect.rule,
            "known": dialect.rule or dialect.known,
            "exact": dialect.rule or hears,
            "distinct": dialect.rule or _differ(dialect.exact or dialect.known),
            "silence": any(exchange.silence for exchange in dialect.exchanges),
            "greeting": dialect.greeting is not None and not dialect.unasked,
            "unknown": dialect.unknown is not None,
            "id": dialect.id is not None,
            "text": dialect.encoding,
            "binary": dialect.rule and not dialect.encoding and not carried and not dialect.requests.ending,
        }.items()
        if true
    )


def _differ(samples: tuple[Exchange, ...]) -> bool:
    """Whether two of the samples have replies that cannot be taken for each other."""
    replies = [(sample, sample.reply) for sample in samples if sample.reply is not None]
    return any(not one.fits(b) and not other.fits(a) for one, a in replies for other, b in replies)

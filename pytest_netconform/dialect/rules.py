"""What a dialect may say: the words of its fields, the capabilities that follow, the contradictions that are refused.

`check` looks at a dialect as it is made and raises DialectProblem, which names the key to blame as a dialect file
spells it. It must not know files.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from difflib import get_close_matches
from typing import TYPE_CHECKING

from pytest_netconform.wire.frames import Framing, FramingProblem, short
from pytest_netconform.wire.layers import base

if TYPE_CHECKING:
    from pytest_netconform.dialect.values import Dialect, Exchange

#: How a dialect travels, and whether that keeps the boundaries of messages.
TRANSPORTS = {"tcp": "stream", "unix": "stream", "udp": "datagram", "unix-dgram": "datagram"}
#: Rules by which a server may answer every request.
RULES: dict[str, Callable[[bytes], bytes]] = {"echo": lambda payload: payload, "upper": lambda payload: payload.upper()}
#: How many clients a server means to serve: all who come, one after the other, or one and no more.
SERVES = ("many", "one-at-a-time", "once")
#: What a server does that speaks without being asked: one message and a close, or octets without end.
UNASKED = ("", "once", "stream")
ENCODINGS = ("", "ascii", "utf-8")
STANDARDS = {
    "rfc862": "Echo (RFC 862)",
    "rfc863": "Discard (RFC 863)",
    "rfc864": "Character generator (RFC 864)",
    "rfc865": "Quote of the day (RFC 865)",
    "rfc866": "Active users (RFC 866)",
    "rfc867": "Daytime (RFC 867)",
    "rfc868": "Time (RFC 868)",
    "rfc1288": "Finger (RFC 1288)",
    "rfc1413": "Identification (RFC 1413)",
    "fpnp7": "Questions about the Zen of Python (FPNP 7)",
    "memcached": "memcached over UDP (its protocol.txt)",
}

#: Every capability that a dialect can claim, and what checks may take from it.
WORDS = {
    "tcp": "over TCP",
    "udp": "over UDP",
    "unix": "over a Unix stream socket",
    "unix-dgram": "over a Unix datagram socket",
    "stream": "octets in order, without boundaries",
    "datagram": "messages are datagrams",
    "framed": "several requests and several replies can be told apart on one connection",
    "flow": "requests are octets without messages",
    "delimited": "requests end in a mark, lines included",
    "escaped": "an escape octet lets requests hold the mark",
    "lines": "requests are lines",
    "prefixed": "requests stand behind a binary length",
    "byte-order": "that length, or that of a block, has more than one octet",
    "varint": "requests stand behind a length in LEB128",
    "fixed": "requests have one size",
    "blocks": "requests come in blocks up to an empty one",
    "netstring": "requests are netstrings",
    "until-close": "a request is what comes up to the end of the stream",
    "zlib": "requests are compressed",
    "zlib-stream": "requests are zlib streams and nothing else",
    "checksum": "requests carry a checksum",
    "replies-flow": "replies are octets without messages",
    "replies-until-close": "a reply is what comes up to the end of the stream",
    "asked": "there are requests: the server waits for them",
    "known": "at least one request has a reply that is known, octet for octet or by its pattern",
    "exact": "at least one request has one right reply, octet for octet",
    "distinct": "there are requests with different right replies",
    "rule": "every request is answered by a rule",
    "echo": "that rule: the request itself",
    "upper": "that rule: the request, its ASCII letters in upper case",
    "silence": "at least one request is answered by silence",
    "greeting": "the server speaks first, then answers",
    "unknown": "it is known how an unknown request is answered",
    "id": "requests carry an id that their replies repeat",
    "text": "payloads are text in a declared encoding",
    "ascii": "that encoding is ASCII",
    "utf-8": "that encoding is UTF-8",
    "binary": "payloads may hold every octet",
    "unasked": "the server speaks without being asked, then closes",
    "unasked-stream": "the server speaks without being asked, and without end",
    "many": "many clients are served at once",
    "one-at-a-time": "clients are served one after the other",
    "once": "one client is served, and no more",
    **STANDARDS,
}


class DialectProblem(ValueError):
    """A dialect that cannot be, in one line: `key` is what is to blame, `where` the file and line if there is one."""

    def __init__(self, key: str, problem: str, where: str = "") -> None:
        super().__init__(": ".join(filter(None, [f"{where}, {key}" if where and key else where or key, problem])))
        self.key, self.problem, self.where = key, problem, where


def meant(word: str, known: Collection[str]) -> str:
    """What a word that is not known may have been meant to be, for the end of a problem."""
    near = get_close_matches(word, known, 1)
    return f"did you mean {near[0]!r}?" if near else f"known are {', '.join(filter(None, known))}"


# -- what contradicts itself


def check(dialect: Dialect) -> None:
    """Raise DialectProblem at the first contradiction."""
    for looked_at in (_words, _framing, _greeting, _id, _answers, _samples, _unknown, _rule):
        for key, problem in looked_at(dialect):
            raise DialectProblem(key, problem)


Problems = Iterator[tuple[str, str]]


def _words(dialect: Dialect) -> Problems:
    if not dialect.name:
        yield "name", "a dialect needs a name"
    tables: dict[str, Collection[str]] = {
        "transport": TRANSPORTS,
        "rule": ("", *RULES),
        "serves": SERVES,
        "unasked": UNASKED,
        "encoding": ENCODINGS,
        "standard": ("", *STANDARDS),
    }
    for key, known in tables.items():
        word = getattr(dialect, key)
        if word not in known:
            yield key, f"unknown {key} {word!r}; {meant(word, known)}"


def _framing(dialect: Dialect) -> Problems:
    for key in ("requests", "replies"):
        framing = getattr(dialect, key)
        if not isinstance(framing, Framing):
            yield key, f"{framing!r} is no framing"
        if (base(framing).kind == "datagram") == dialect.streams:
            yield key, f"{framing.describe()}: that is no framing over {dialect.transport}"
    sizes = {"largest_request": dialect.requests, "largest_reply": dialect.replies}
    for key, framing in sizes.items():
        octets = getattr(dialect, key)
        if octets < 0:
            yield key, f"{octets} octets are no size"
        if framing.most is not None and octets > framing.most:
            yield key, f"{octets} octets; {framing.describe()} hold at most {framing.most}"


def _greeting(dialect: Dialect) -> Problems:
    greeting, unasked = dialect.greeting, dialect.unasked
    key = "unasked" if unasked else "greeting"
    if not dialect.streams and (unasked or greeting):
        yield key, f"over {dialect.transport} nobody speaks without being asked"
    if unasked == "once" and greeting is None:
        yield "unasked", "what the server says belongs into greeting"
    if unasked and (dialect.exchanges or dialect.rule or dialect.unknown):
        yield "unasked", "a server that speaks without being asked answers nothing: no exchange, rule or unknown"
    if greeting is None:
        return
    if greeting.say:
        yield "greeting.say", "before a greeting nothing is said"
    if greeting.silence:
        yield "greeting.silence", "a silent greeting is none"
    if base(dialect.replies).kind == "flow" or (not base(dialect.replies).parts and not unasked):
        yield "greeting", f"{dialect.replies.describe()}: where a greeting ends there, nobody can tell"
    yield from _heard(dialect, greeting, "greeting")


def _id(dialect: Dialect) -> Problems:
    if dialect.id is None:
        return
    if dialect.id.offset < 0:
        yield "id.offset", f"{dialect.id.offset} is no offset"
    if not 0 < dialect.id.width <= 8:
        yield "id.width", f"an id of {dialect.id.width} octets is not between 1 and 8"
    for framing in (dialect.requests, dialect.replies):
        if framing.forbidden:
            yield "id", f"an id may hold any octet; {framing.describe()} may not"


def _answers(dialect: Dialect) -> Problems:
    """Whether there is anything to ask."""
    if dialect.unasked:
        return
    if not dialect.exchanges and not dialect.rule:
        yield "exchange", "a dialect needs at least one exchange, or a rule"
    silent = all(exchange.silence for exchange in dialect.exchanges)
    if base(dialect.requests).kind == "flow" and not dialect.rule and not silent:
        yield "exchange", "a stream without messages is answered by a rule, or by silence"


def _samples(dialect: Dialect) -> Problems:
    seen: dict[bytes, int] = {}
    for number, exchange in enumerate(dialect.exchanges, 1):
        key = f"exchange[{number}]"
        yield from _exchange(dialect, exchange, key)
        if exchange.say in seen:
            yield f"{key}.say", f"exchange[{seen[exchange.say]}] says {short(exchange.say)} already"
        seen[exchange.say] = number
        yield from _ruled(dialect, exchange, key)


def _ruled(dialect: Dialect, exchange: Exchange, key: str) -> Problems:
    if not dialect.rule:
        return
    right = dialect.ruled(exchange.say)
    if not exchange.fits(right):
        yield (
            f"{key}.{_heard_key(exchange)}",
            f"{exchange.describe()}; by the rule {dialect.rule!r} it is {short(right)}",
        )


def _unknown(dialect: Dialect) -> Problems:
    if dialect.unknown is None:
        return
    if dialect.rule:
        yield "unknown", f"by the rule {dialect.rule!r} no request is unknown"
    yield from _exchange(dialect, dialect.unknown, "unknown")
    for number, exchange in enumerate(dialect.exchanges, 1):
        if exchange.say == dialect.unknown.say:
            yield "unknown.say", f"exchange[{number}] knows {short(exchange.say)}"


def _rule(dialect: Dialect) -> Problems:
    """A rule must be able to answer what checks will make up."""
    if not dialect.rule:
        return
    if len(dialect.alphabet) < 2:
        yield "rule", "the delimiters leave no letters to make requests of"
        return
    probe = dialect.probe()
    for framing, payload in ((dialect.requests, probe.say), (dialect.replies, probe.hear or b"")):
        if problem := unframed(framing, payload):
            yield "rule", f"what {dialect.rule!r} makes of a request cannot be framed: {problem}"


# -- one exchange


def _exchange(dialect: Dialect, exchange: Exchange, key: str) -> Problems:
    yield from _octets(exchange, key)
    yield from _payload(dialect, exchange.say, dialect.requests, dialect.largest_request, f"{key}.say")
    yield from _heard(dialect, exchange, key)
    reply = exchange.reply
    if dialect.id is None or reply is None:
        return
    if dialect.id.of(reply) != dialect.id.of(exchange.say):
        asked, answered = dialect.id.of(exchange.say), dialect.id.of(reply)
        yield f"{key}.{_heard_key(exchange)}", f"the id is {answered!r}, and {asked!r} in the request"


def _octets(exchange: Exchange, key: str) -> Problems:
    """In Python nothing stops anybody from writing a text."""
    names = {"say": "say", "hear": "hear", "pattern": "hear_pattern", "example": "example"}
    for field, name in names.items():
        value = getattr(exchange, field)
        if value is not None and not isinstance(value, bytes):
            yield f"{key}.{name}", f"{value!r} is not octets"


def _heard(dialect: Dialect, exchange: Exchange, key: str) -> Problems:
    yield from _octets(exchange, key)
    ways = {"hear": exchange.hear, "hear_pattern": exchange.pattern, "silence": exchange.silence or None}
    if len(given := [name for name, value in ways.items() if value is not None]) != 1:
        yield key, f"one of hear, hear_pattern and silence is needed, not {' and '.join(given) or 'none'}"
    if exchange.example is not None and exchange.pattern is None:
        yield f"{key}.example", "an example belongs to a hear_pattern"
    if exchange.pattern is not None:
        try:
            re.compile(exchange.pattern)
        except re.error as error:
            yield f"{key}.hear_pattern", f"{short(exchange.pattern)} is no regular expression: {error}"
        if exchange.example is not None and not exchange.fits(exchange.example):
            yield f"{key}.example", f"{short(exchange.example)} does not match the hear_pattern"
    if (reply := exchange.reply) is not None:
        heard = f"{key}.{'example' if exchange.hear is None else 'hear'}"
        yield from _payload(dialect, reply, dialect.replies, dialect.largest_reply, heard)


def _payload(dialect: Dialect, payload: bytes, framing: Framing, largest: int, key: str) -> Problems:
    if problem := unframed(framing, payload):
        yield key, problem
    if largest and len(payload) > largest:
        yield key, f"{len(payload)} octets; the largest is declared to be {largest}"
    if dialect.id is not None and len(dialect.id.of(payload)) < dialect.id.width:
        yield key, f"{short(payload)} has no room for the id"
    text = payload if dialect.id is None else dialect.id.put(payload, b"")
    try:
        text.decode(dialect.encoding or "latin-1")
    except UnicodeDecodeError:
        yield key, f"{short(payload)} is not {dialect.encoding}"


def _heard_key(exchange: Exchange) -> str:
    if exchange.silence:
        return "silence"
    return "hear_pattern" if exchange.hear is None else "hear"


def unframed(framing: Framing, payload: bytes) -> str:
    """Why a payload does not survive its framing; empty when it does."""
    try:
        octets = framing.encode(payload)
    except FramingProblem as problem:
        return str(problem)
    framer = framing.framer()
    framer.feed(octets)
    frame = framer.next() or framer.finish()
    if frame is not None and frame.payload == payload and not frame.deviations and not framer.rest():
        return ""
    if frame is None and not payload:
        return ""  # no octets at all, in a stream without messages
    return f"{short(payload)} does not come back from {framing.describe()}"

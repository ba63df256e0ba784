"""Text: octets that are characters: UTF-8 (RFC 3629), the ends of lines, NUL, and JSON a line."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from pytest_netconform.dialect import Exchange
from pytest_netconform.dialogues.stream import Reaction, Stream
from pytest_netconform.requirement import INTEROP, MUST, SHOULD, needs, requirement
from pytest_netconform.suites.streams.trials import DIFFERENT, afterwards, framed, goes_on, outcome, saying
from pytest_netconform.verdict import NonConformity
from pytest_netconform.wire.cuts import whole
from pytest_netconform.wire.framing import Lines, base

ACCENTED = "h\u00e9llo, \u20ac \U0001f40d".encode()  # characters of two, three and four octets
TWIN = "\u00e9".encode()
#: Octets that are no UTF-8, and what a careless decoder takes them for.
INVALID = {
    "no-octets-of-utf-8": (b"\xff\xfe", b""),
    "overlong-slash": (b"\xc0\xaf", b"/"),
    "overlong-nul": (b"\xc0\x80", b"\0"),
    "surrogate": (b"\xed\xa0\x80", b""),
}
BOM = b"\xef\xbb\xbf"
NUL = b"\0"
ENDS = {"LF": b"\n", "CR LF": b"\r\n", "CR": b"\r"}
OWN = {"crlf": ("CR LF",), "lf": ("LF",), "any": ("CR LF", "LF")}
JSON = (b'{"name": "Grete", "age": 7}', b'{"name": "Hans", "age": 8}')


# -- UTF-8


@requirement("BYT-utf8-split", MUST, "RFC 3629 3", "A character that comes in two segments is one character.")
@needs("framed", "utf-8", "known")
def test_character_in_two_segments(stream: Stream) -> None:
    """Cut within each character of several octets, the request gets the same answer."""
    exchange = _accented(stream)
    data = stream.encoded(exchange)
    begin = data.index(exchange.say) if exchange.say in data else 0
    places = [begin + place for place, octet in enumerate(exchange.say) if 0x80 <= octet < 0xC0]
    for place in places:
        stream.in_pieces(data[:place], data[place:])
        stream.hears(exchange)
    stream.in_pieces(*(data[a:b] for a, b in pairwise([0, *places, len(data)])))
    stream.hears(exchange)
    stream.alive()


@requirement(
    "BYT-utf8-invalid",
    MUST,
    "RFC 3629 3, 10",
    "Octets that are no UTF-8 are not decoded: an error, a close, or U+FFFD.",
)
@needs("framed", "utf-8", "exact")
@pytest.mark.parametrize("name", INVALID)
def test_octets_that_are_no_text(stream: Stream, name: str) -> None:
    """They are refused, replaced or given back as they came, and never taken for what they would be if they were short.

    The neighbour, a valid character of two octets, is answered before; what follows is answered too.
    """
    bad, careless = INVALID[name]
    right = _accented(stream, TWIN)
    stream.twin(right)
    if not stream.dialect.rule:
        _among_samples(stream, right, bad)
        return
    stream.send(framed(stream, _invalid(stream, bad)))
    reaction = stream.react()
    stream.visit.evidence.add("refusal")
    for payload in reaction.payloads:
        if careless and payload == saying(stream, b"a" + careless + b"b").hear:
            raise NonConformity(f"{bad!r} not to be taken for {careless!r}", str(reaction))
        if payload == saying(stream, b"ab").hear:
            note = "octets that are no UTF-8 vanish; Unicode TR 36 3.6 asks to put something in their place"
            stream.tolerate(f"{bad!r} refused or replaced", payload, note)
        elif payload == _invalid(stream, bad):
            stream.note("octets that are no UTF-8 are given back as they came: nothing decodes them")
    goes_on(stream, reaction)


def _invalid(stream: Stream, bad: bytes) -> bytes:
    """A request with these octets between two letters."""
    say, marker = saying(stream, b"a" + b"?" * len(bad) + b"b").say, b"?" * len(bad)
    return say.replace(marker, bad)


def _among_samples(stream: Stream, right: Exchange, bad: bytes) -> None:
    stream.send(framed(stream, bad + right.say))
    reaction = stream.react()
    stream.visit.evidence.add("refusal")
    if any(right.fits(payload) for payload in reaction.payloads):
        raise NonConformity(f"{bad!r} in front not to be passed over", str(reaction))
    goes_on(stream, reaction)


@requirement("BYT-utf8-bom", INTEROP, "RFC 3629 6", "What a byte order mark in front of a text is taken for.")
@needs("framed", "utf-8", "exact")
def test_byte_order_mark(stream: Stream) -> None:
    """Recorded: it is part of the text, it is ignored, or it is an error; what follows is answered."""
    plain = stream.probe(DIFFERENT)
    stream.send(framed(stream, BOM + plain.say))
    reaction = stream.react()
    said = outcome(reaction, plain)
    if stream.dialect.rule and stream.dialect.ruled(BOM + plain.say) in reaction.payloads:
        said = "part of the text"
    elif any(plain.fits(payload) for payload in reaction.payloads):
        said = "ignored"
    stream.observe(f"a byte order mark: {said}")
    goes_on(stream, reaction)


@requirement("BYT-latin1-length", MUST, "FPNP 5.1, 5.3", "A length counts octets, not characters.")
@needs("framed", "prefixed|varint|netstring|blocks", "utf-8", "known")
def test_length_counts_octets(stream: Stream) -> None:
    """A text with characters of several octets is read, and as long as it is."""
    stream.ask(_accented(stream))
    stream.alive()


def _accented(stream: Stream, text: bytes = ACCENTED) -> Exchange:
    """An exchange with characters of several octets: by the rule, or among the samples."""
    if stream.dialect.rule:
        return saying(stream, text)
    for exchange in stream.dialect.exact or stream.dialect.known:
        if not exchange.say.isascii():
            return exchange
    stream.not_applicable("no request of the dialect has a character beyond ASCII")
    raise AssertionError


# -- lines and NUL


@requirement("BYT-eol", INTEROP, "RFC 1123 2.3, FPNP 5.3", "What ends a line, besides what the dialect says.")
@needs("framed", "lines", "known")
@pytest.mark.parametrize("name", ENDS)
def test_ends_of_lines(stream: Stream, name: str) -> None:
    """The documented ends do; of the others it is recorded whether they end a line, are part of it, or an error."""
    framing = base(stream.dialect.requests)
    assert isinstance(framing, Lines)
    right, end = stream.probe(DIFFERENT), ENDS[name]
    line = right.say + end
    if name in OWN[framing.end]:
        stream.send(line)
        stream.hears(right)
        stream.observe(f"{name}: ends a line, as the dialect says")
        stream.alive()
        return
    stream.send(line)
    reaction = stream.react()
    said = "ends a line" if any(right.fits(payload) for payload in reaction.payloads) else outcome(reaction, right)
    if str(reaction) == "silence":
        stream.send(framing.mark)
        reaction = stream.react()
        said = _within(stream, line, right, reaction)
    stream.observe(f"{name}: {said}")
    afterwards(stream)


def _within(stream: Stream, line: bytes, right: Exchange, reaction: Reaction) -> str:
    """What an end that ended nothing was taken for, by the answer to the whole line."""
    if stream.dialect.rule and stream.dialect.ruled(line) in reaction.payloads:
        return "part of the line"
    return {"answered as the right one": "cut off"}.get(said := outcome(reaction, right), said)


@requirement("BYT-nul", SHOULD, "FPNP 5.1", "A NUL in a text is a character or an error, and not its end.")
@needs("framed", "text", "exact")
def test_nul_ends_no_text(stream: Stream) -> None:
    """A request with a NUL in it is not answered as if it ended there."""
    right = stream.probe(DIFFERENT)
    ending = stream.dialect.requests.ending
    body = right.say[: len(right.say) - len(ending)]
    if stream.dialect.rule:
        right = saying(stream, b"left")
        body = b"left"
    stream.twin(right)
    say = saying(stream, body + NUL + b"right").say if stream.dialect.rule else body + NUL + b"right" + ending
    stream.send(framed(stream, say))
    reaction = stream.react()
    stream.visit.evidence.add("refusal")
    if any(right.fits(payload) for payload in reaction.payloads):
        raise NonConformity("a text with a NUL in it not to be answered as if it ended there", str(reaction))
    goes_on(stream, reaction)


# -- JSON


@requirement("BYT-json-lines", INTEROP, "RFC 8259, JSON Lines", "A line is a JSON text, and a JSON text is a line.")
@needs("framed", "lines", "exact", "-lock-step")
def test_json_by_lines(stream: Stream) -> None:
    """Two JSON texts in one segment get two answers; recorded: what becomes of one that spreads over several lines."""
    one, other = _json_texts(stream)
    stream.wire.cut = whole
    stream.ask(one, other)
    framing = base(stream.dialect.requests)
    assert isinstance(framing, Lines)
    lines = json.dumps(json.loads(one.say), indent=2).encode().split(b"\n")
    if len(lines) == 1:
        stream.not_applicable("no sample has a JSON text that could spread over several lines")
    stream.send(b"".join(framed(stream, line) for line in lines))
    reaction = stream.react()
    each = stream.dialect.rule and reaction.payloads == [stream.dialect.ruled(line) for line in lines]
    stream.observe(f"one on several lines: {'each line is a message' if each else outcome(reaction, one)}")
    goes_on(stream, reaction)


def _json_texts(stream: Stream) -> tuple[Exchange, Exchange]:
    if stream.dialect.rule:
        return saying(stream, JSON[0]), saying(stream, JSON[1])
    found = [exchange for exchange in stream.dialect.exact if _is_json(exchange.say)]
    if len(found) < 2:
        stream.not_applicable("no two requests of the dialect are JSON objects")
    return found[0], found[1]


def _is_json(text: bytes) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


NOT_CHECKED: list[tuple[str, str]] = []

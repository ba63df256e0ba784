"""FTP replies: framed however they were cut, judged by their grammar, and read for what stands in them."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_netconform.wire.cuts import octets, tokens, whole
from pytest_netconform.wire.ftp import (
    FormProblem,
    Passive,
    Reply,
    ReplyFramer,
    parse_227,
    parse_229,
    parse_257,
    parse_522,
    parse_features,
    quoted,
    same_host,
    text_227,
    text_229,
)
from pytest_netconform.wire.telnet import Command

# octets, and the code, lines and deviations of the one reply in them
REPLIES = {
    "one-line": (b"220 ready\r\n", 220, (b"ready",), ()),
    "no-text": (b"200 \r\n", 200, (b"",), ()),
    "two-lines": (b"220-one\r\n220 two\r\n", 220, (b"one", b"two"), ()),
    "inner-lines-are-free": (b"211-a\r\n b\r\nc\r\n211 d\r\n", 211, (b"a", b" b", b"c", b"d"), ()),
    "own-code-repeated": (b"220-a\r\n220-b\r\n220 c\r\n", 220, (b"a", b"220-b", b"c"), ()),
    "empty-inner-line": (b"214-a\r\n\r\n214 b\r\n", 214, (b"a", b"", b"b"), ()),
    "protected": (b"632 xyz\r\n", 632, (b"xyz",), ()),
    "cr-nul": (b'257 "a\r\x00b"\r\n', 257, (b'"a\r\x00b"',), ()),
    "high-octets": (b'257 "\xc3\xa9\xff\xff"\r\n', 257, (b'"\xc3\xa9\xff"',), ()),
    "bare-lf": (b"200 a\n", 200, (b"a",), ("bare LF",)),
    "bare-cr": (b"200 a\rb\r\n", 200, (b"a\rb",), ("bare CR",)),
    "bare-code": (b"200\r\n", 200, (b"",), ("bare code",)),
    "no-space": (b"200ok\r\n", 200, (b"ok",), ("no space after the code",)),
    "out-of-range": (b"799 x\r\n", 799, (b"x",), ("code out of range",)),
    "second-digit": (b"260 x\r\n", 260, (b"x",), ("code out of range",)),
    "no-code": (b"hello\r\n", None, (b"hello",), ("no three-digit code",)),
    "two-digits": (b"20 x\r\n", None, (b"20 x",), ("no three-digit code",)),
    "bare-last-line": (b"211-a\r\n211\r\n", 211, (b"a", b""), ("bare code",)),
    "other-number-inside": (
        b"211-a\r\n220 x\r\n211 b\r\n",
        211,
        (b"a", b"220 x", b"b"),
        ("a number in front of an inner line",),
    ),
}


def framed(data: bytes, cut: object = whole) -> list[Reply]:
    framer = ReplyFramer()
    found = []
    for piece in cut(data):  # type: ignore[operator]
        framer.feed(piece)
        while (reply := framer.next()) is not None:
            found.append(reply)
    assert not framer.rest()
    return found


@pytest.mark.parametrize("cut", [whole, octets, tokens])
@pytest.mark.parametrize(("data", "code", "lines", "deviations"), REPLIES.values(), ids=REPLIES)
def test_replies(
    data: bytes, code: int | None, lines: tuple[bytes, ...], deviations: tuple[str, ...], cut: object
) -> None:
    """Each reply is the same value whole, in pieces, and with another behind it."""
    reply, trailer = framed(data + b"221 bye\r\n", cut)
    assert (reply.code, reply.lines, reply.deviations) == (code, lines, deviations)
    assert reply.raw == data.replace(b"\xff\xff", b"\xff")
    assert (trailer.code, trailer.raw) == (221, b"221 bye\r\n")


@pytest.mark.parametrize("data", [row[0] for row in REPLIES.values()], ids=REPLIES)
def test_the_reproducers_pattern_frames_alike(data: bytes) -> None:
    """The regular expression takes a reply whole, never less, and never before it is whole."""
    pattern = ReplyFramer.pattern
    found = re.match(pattern, data + b"221 bye\r\n")
    assert found is not None and found[0] == data
    assert all(re.match(pattern, data[:end]) is None for end in range(len(data)))


@given(st.permutations([row[0] for row in REPLIES.values()]), st.lists(st.integers(0, 400), max_size=20))
def test_cuts_do_not_matter(pieces: list[bytes], places: list[int]) -> None:
    """Any stream of replies, cut anywhere, is the same list."""
    data = b"".join(pieces)
    edges = [0, *sorted(place for place in places if place < len(data)), len(data)]
    cut = [data[a:b] for a, b in pairwise(edges)]
    assert framed(data, lambda _: cut) == framed(data)


def test_telnet_commands_stand_beside_the_reply() -> None:
    """Refusals of options are no text: they are kept with the reply that came behind them."""
    (reply,) = framed(b"\xff\xfc\x01\xff\xfe\x1f200 ok\r\n", octets)
    assert (reply.code, reply.raw) == (200, b"200 ok\r\n")
    assert reply.telnet == (Command(b"\xfc", b"\x01"), Command(b"\xfe", b"\x1f"))


def test_rest_is_what_has_no_end() -> None:
    """A reply without its last line stays with the framer."""
    framer = ReplyFramer()
    framer.feed(b"211-a\r\n211-b\r\n21")
    assert framer.next() is None
    assert framer.rest() == b"211-a\r\n211-b\r\n21"


@pytest.mark.parametrize(("code", "temporary", "preliminary"), [(150, 0, 1), (226, 0, 0), (425, 1, 0), (552, 1, 0)])
def test_kinds_of_codes(code: int, temporary: int, preliminary: int) -> None:
    """4yz asks to come again, and 552 to make room; 1yz announces another reply."""
    reply = Reply(code, (b"",), b"")
    assert (reply.temporary, reply.preliminary) == (bool(temporary), bool(preliminary))


def reply_of(text: bytes) -> Reply:
    (reply,) = framed(text + b"\r\n")
    return reply


@pytest.mark.parametrize(
    "text",
    [b"227 Entering Passive Mode (127,0,0,1,200,1).", b"227 =127,0,0,1,200,1", b"227 here 127,0,0,1,200,1 it is"],
)
def test_227(text: bytes) -> None:
    """The numbers are looked for; parentheses are not required (RFC 1123 4.1.2.6)."""
    assert parse_227(reply_of(text)) == Passive("127.0.0.1", 51201)


@pytest.mark.parametrize(
    "text", [b"227 Passive", b"227 (1,2,3,4,5)", b"227 (127,0,0,1,256,1)", b"227 (127.0.0.1:51201)"]
)
def test_227_in_odd_forms(text: bytes) -> None:
    """Fewer numbers, or numbers that are no octets, say no address."""
    with pytest.raises(FormProblem):
        parse_227(reply_of(text))


def test_229() -> None:
    """Any delimiter; fields that must be empty and are not are told."""
    assert parse_229(reply_of(b"229 Entering (|||6446|)")) == Passive("", 6446)
    assert parse_229(reply_of(b"229 Entering (!!!6446!)")) == Passive("", 6446)
    odd = parse_229(reply_of(b"229 (|1|127.0.0.1|6446|)"))
    assert (odd.port, len(odd.deviations)) == (6446, 2)


@pytest.mark.parametrize("text", [b"229 6446", b"229 (||6446|)", b"229 (|||0|)", b"229 (|||65536|)", b"229 (|||x|)"])
def test_229_in_odd_forms(text: bytes) -> None:
    """No port between four delimiters is no port."""
    with pytest.raises(FormProblem):
        parse_229(reply_of(text))


@pytest.mark.parametrize("path", [b"/", b'/a"b', b'"', b'""', b"/\xc3\xa9 x", b"/a\rb"])
def test_257_gives_back_what_was_quoted(path: bytes) -> None:
    """Quotes are doubled and come back single, CR NUL is CR."""
    text = quoted(path).replace(b"\r", b"\r\0")
    assert parse_257(reply_of(b"257 " + text + b' is "here"')) == path


def test_257_without_quotes() -> None:
    """A pathname that is not quoted cannot be told from the text."""
    with pytest.raises(FormProblem):
        parse_257(reply_of(b"257 /home"))


def test_522() -> None:
    """The protocols in parentheses."""
    assert parse_522(reply_of(b"522 Not supported, use (1,2)")) == (1, 2)
    assert parse_522(reply_of(b"522 Use (1)")) == (1,)
    with pytest.raises(FormProblem):
        parse_522(reply_of(b"522 Use 1"))


def test_features() -> None:
    """Keywords without regard to case, parameters as they are, odd lines read and told."""
    found = parse_features(reply_of(b"211-Features\r\n MLST type*;size;\r\n SIZE\r\n rest STREAM\r\n211 End"))
    assert found.keywords == {"MLST": "type*;size;", "SIZE": "", "REST": "STREAM"}
    assert "size" in found and "MDTM" not in found
    assert found.parameters("mlst") == "type*;size;"
    assert found.deviations == ()
    odd = parse_features(reply_of(b"211-Features\r\n  SIZE\r\nMDTM\r\n AUTH TLS\r\n AUTH SSL\r\n211 End"))
    assert odd.keywords == {"SIZE": "", "MDTM": "", "AUTH": "TLS;SSL"}
    assert len(odd.deviations) == 2
    assert parse_features(reply_of(b"211 none")).keywords == {}


@given(st.integers(1, 65535))
def test_ports_come_back(port: int) -> None:
    """What the builders write, the parsers read."""
    assert parse_227(reply_of(f"227 ({text_227('127.0.0.1', port)})".encode())) == Passive("127.0.0.1", port)
    assert parse_229(reply_of(f"229 {text_229(port)}".encode())) == Passive("", port)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("127.0.0.1", "127.0.0.1", True),
        ("::ffff:127.0.0.1", "127.0.0.1", True),
        ("::1", "0:0:0:0:0:0:0:1", True),
        ("fe80::1%eth0", "fe80::1", True),
        ("127.0.0.1", "127.0.0.2", False),
        ("::1", "127.0.0.1", False),
        ("x", "x", True),
        ("x", "127.0.0.1", False),
    ],
)
def test_same_host(one: str, other: str, same: bool) -> None:
    """Addresses are compared as addresses."""
    assert same_host(one, other) is same

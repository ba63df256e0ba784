"""Replies and messages on the wire, against what RFC 5321 says of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_netconform.wire.cuts import octets, tokens, whole
from pytest_netconform.wire.smtp import REPLY_LINES, Reply, ReplyFramer, parse_offer, stuffed


def framed(data: bytes) -> list[Reply]:
    """The replies in `data`, which must be the same whole, octet by octet, token by token, and with more behind."""
    ways = [_framed(cut(data)) for cut in (whole, octets, tokens)]
    ways.append(_framed([data + b"250 more"]))
    assert all(way == ways[0] for way in ways[1:])
    return ways[0]


def _framed(pieces: list[bytes]) -> list[Reply]:
    framer, found = ReplyFramer(), []
    for piece in pieces:
        framer.feed(piece)
        while (reply := framer.next()) is not None:
            found.append(reply)
    return found


def test_one_line() -> None:
    """Code, space and text are one reply."""
    assert framed(b"250 OK\r\n") == [Reply(250, (b"OK",), b"250 OK\r\n")]


def test_several_lines() -> None:
    """A hyphen behind the code goes on (4.2.1); the reply ends with the line that has none."""
    raw = b"250-mail.example.com greets you\r\n250-SIZE 1000\r\n250 HELP\r\n"
    assert framed(raw) == [Reply(250, (b"mail.example.com greets you", b"SIZE 1000", b"HELP"), raw)]


def test_two_replies_in_one_piece() -> None:
    """Replies to pipelined commands arrive together and are told apart."""
    assert [reply.code for reply in framed(b"250 one\r\n354-two\r\n354 two\r\n550 three\r\n")] == [250, 354, 550]


def test_unfinished_reply() -> None:
    """What has no last line yet is no reply, and is shown as the rest."""
    framer = ReplyFramer()
    framer.feed(b"250-one\r\n250 tw")
    assert framer.next() is None
    assert framer.rest() == b"250-one\r\n250 tw"


@pytest.mark.parametrize(
    ("raw", "code", "deviation"),
    [
        (b"250\r\n", 250, "bare code"),
        (b"250 OK\n", 250, "bare LF"),
        (b"250 O\rK\r\n", 250, "bare CR"),
        (b"650 OK\r\n", 650, "code out of range"),
        (b"260 OK\r\n", 260, "code out of range"),
        (b"250OK\r\n", 250, "no space after the code"),
        (b"250 caf\xc3\xa9\r\n", 250, "text outside HT and printable ASCII"),
        (b"250 a\x00b\r\n", 250, "text outside HT and printable ASCII"),
        (b"25 OK\r\n", None, "no three-digit code"),
        (b"hello\r\n", None, "no three-digit code"),
        (b"250-a\r\n251 b\r\n", 251, "different codes in one reply"),
        (b"250 " + b"x" * 507 + b"\r\n", 250, "longer than 512 octets"),
    ],
)
def test_deviations(raw: bytes, code: int | None, deviation: str) -> None:
    """A reply against the grammar is still one reply, and says what is wrong with it."""
    (reply,) = framed(raw)
    assert (reply.code, reply.deviations) == (code, (deviation,))
    assert reply.raw == raw


@pytest.mark.parametrize("raw", [b"250 \r\n", b"250 a\tb\r\n", b"250 " + b"x" * 506 + b"\r\n", b"559 ~\r\n"])
def test_no_deviations(raw: bytes) -> None:
    """An empty text, HT, 512 octets and the border codes are within the grammar (4.2, 4.5.3.1.5)."""
    assert framed(raw)[0].deviations == ()


def test_endless_reply_is_cut() -> None:
    """A reply that never ends is cut at a bound and says so."""
    (reply, *_) = framed(b"250-again\r\n" * (REPLY_LINES + 5))
    assert len(reply.lines) == REPLY_LINES
    assert reply.deviations == (f"more than {REPLY_LINES - 1} lines",)


def test_text_is_harmless() -> None:
    """The text of a reply is ASCII whatever came."""
    assert framed(b"250 \xff\r\n")[0].text == "\\xff"


def test_offer() -> None:
    """Keywords in any case with their parameters; the old form AUTH= is read as AUTH (RFC 4954 needs a space)."""
    lines = b"250-mail.example.com hi\r\n250-size 1000\r\n250-AUTH PLAIN\r\n250-AUTH=LOGIN PLAIN\r\n"
    offer = parse_offer(framed(lines + b"250-\r\n250 8BITMIME\r\n")[0])
    assert offer.domain == "mail.example.com"
    assert offer.keywords == {"SIZE": ("1000",), "AUTH": ("PLAIN", "LOGIN", "PLAIN"), "8BITMIME": ()}
    assert "Size" in offer
    assert "DSN" not in offer


@pytest.mark.parametrize(
    ("content", "carried"),
    [
        (b"", b".\r\n"),
        (b"a\r\n", b"a\r\n.\r\n"),
        (b"a", b"a\r\n.\r\n"),
        (b".\r\n", b"..\r\n.\r\n"),
        (b".a\r\n..\r\nb.\r\n", b"..a\r\n...\r\nb.\r\n.\r\n"),
        (b"a\n.\nb\r.\rc\r\n", b"a\n.\nb\r.\rc\r\n.\r\n"),
    ],
)
def test_stuffing(content: bytes, carried: bytes) -> None:
    """A dot at the start of a line is doubled, and only CR LF starts a line (4.5.2, 2.3.8)."""
    assert stuffed(content) == carried


@given(st.lists(st.sampled_from([b".", b"\r", b"\n", b"\r\n", b"a"])).map(b"".join))
def test_stuffed_data_ends_once(content: bytes) -> None:
    """No content holds the end of data but at its end."""
    carried = b"\r\n" + stuffed(content)
    assert carried.find(b"\r\n.\r\n") == len(carried) - 5

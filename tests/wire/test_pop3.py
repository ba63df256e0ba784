"""Replies, listings and messages on the wire, against what RFC 1939 and its extensions say of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_netconform.wire.cuts import octets, tokens, whole
from pytest_netconform.wire.pop3 import (
    Listing,
    Reply,
    ReplyFramer,
    apop_digest,
    in_lines,
    parse_capabilities,
    parse_drop,
    parse_reply,
    parse_scan,
    parse_unique,
    stuffed,
    timestamp,
    top,
    unstuffed,
)

# RFC 1939 10, as far as it is said by a server, with what the client asked for it
EXAMPLE = [
    ("(greeting)", b"+OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>\r\n"),
    ("APOP mrose c4c9334bac560ecc979e58001b3e22fb", b"+OK mrose's maildrop has 2 messages (320 octets)\r\n"),
    ("STAT", b"+OK 2 320\r\n"),
    ("LIST", b"+OK 2 messages (320 octets)\r\n1 120\r\n2 200\r\n.\r\n"),
    ("RETR 1", b"+OK 120 octets\r\nSubject: one\r\n\r\n..\r\n.\r\n"),
    ("DELE 1", b"+OK message 1 deleted\r\n"),
    ("QUIT", b"+OK dewey POP3 server signing off (maildrop empty)\r\n"),
]


def framed(said: list[str], data: bytes) -> list[Reply]:
    """The replies in `data` to what was said: the same whole, octet by octet, token by token, and with more behind."""
    ways = [_framed(said, cut(data)) for cut in (whole, octets, tokens)]
    ways.append(_framed(said, [data + b"+OK more"]))
    assert all(way == ways[0] for way in ways[1:])
    return ways[0]


def _framed(said: list[str], pieces: list[bytes]) -> list[Reply]:
    framer, found = ReplyFramer(), []
    framer.awaits(*said)
    for piece in pieces:
        framer.feed(piece)
        while (reply := framer.next()) is not None:
            found.append(reply)
    return found


def test_example_session() -> None:
    """The session of RFC 1939 10 falls into its replies, each whole."""
    replies = framed([said for said, _ in EXAMPLE], b"".join(raw for _, raw in EXAMPLE))
    assert [reply.raw for reply in replies] == [raw for _, raw in EXAMPLE]
    assert {reply.code for reply in replies} == {"+OK"} and not any(reply.deviations for reply in replies)
    assert parse_drop(replies[2].text) == (2, 320)
    assert [parse_scan(line) for line in replies[3].lines] == [Listing(1, 120), Listing(2, 200)]
    assert replies[4].content == b"Subject: one\r\n\r\n.\r\n"


def test_a_refusal_has_one_line() -> None:
    """What was asked for many lines and refused ends with the status line."""
    assert [reply.code for reply in framed(["RETR 9", "NOOP"], b"-ERR no such message\r\n+OK\r\n")] == ["-ERR", "+OK"]


@pytest.mark.parametrize("command", ["CAPA", "LIST", "UIDL", "RETR 1", "TOP 1 0", "list", "LIST "])
def test_many_lines(command: str) -> None:
    """These are answered with lines up to a dot, which may be none."""
    (reply,) = framed([command], b"+OK\r\n.\r\n")
    assert (reply.body, reply.lines) == (b"", [])


@pytest.mark.parametrize("command", ["LIST 1", "UIDL 1", "STAT", "", "XYZZY", "DELE 1"])
def test_one_line(command: str) -> None:
    """These are not."""
    (reply,) = framed([command], b"+OK 1 120\r\n")
    assert reply.body is None


def test_lines_said_in_pieces() -> None:
    """A command counts when its CR LF is there."""
    framer = ReplyFramer()
    for piece in (b"CA", b"PA\r", b"\nNOOP\r\n"):
        framer.asked(piece)
    framer.feed(b"+OK\r\nTOP\r\n.\r\n+OK\r\n")
    first, second = framer.next(), framer.next()
    assert first is not None and first.lines == [b"TOP"]
    assert second is not None and second.body is None and framer.rest() == b""


def test_a_bare_lf_hides_no_end() -> None:
    """A dot between two LFs is part of the message; a dot on the last line, ended by CR LF, is the end."""
    (reply,) = framed(["RETR 1"], b"+OK\r\na\n.\nb\r\n.\r\n")
    assert reply.content == b"a\n.\nb\r\n"
    assert reply.deviations == ("bare LF in a line behind the status",)


def test_lines_of_a_server_that_has_lf_only() -> None:
    """Where the status ends in LF, so does the end; it is framed, and named."""
    (reply,) = framed(["CAPA"], b"+OK\nTOP\n.\n")
    assert (reply.body, reply.deviations) == (b"TOP\n", ("bare LF", "bare LF in a line behind the status"))


@pytest.mark.parametrize(
    ("raw", "code", "deviation"),
    [
        (b"+ok\r\n", "+OK", "status not in upper case"),
        (b"-ERRno\r\n", "-ERR", "no space behind the status"),
        (b"+OK\n", "+OK", "bare LF"),
        (b"+OK a\rb\r\n", "+OK", "bare CR"),
        (b"OK\r\n", None, "neither +OK nor -ERR"),
        (b"\r\n", None, "neither +OK nor -ERR"),
        (b"+OK " + b"x" * 507 + b"\r\n", "+OK", "longer than 512 octets"),
    ],
)
def test_deviations(raw: bytes, code: str | None, deviation: str) -> None:
    """What breaks the grammar of RFC 1939 3 is named, and framed all the same."""
    (reply,) = framed(["NOOP"], raw)
    assert (reply.code, reply.deviations) == (code, (deviation,))


def test_challenges() -> None:
    """A plus sign is a challenge, empty or not (RFC 5034 4)."""
    assert [reply.text for reply in framed([], b"+ \r\n+ PDE+\r\n+\r\n")] == [b"", b"PDE+", b""]


@pytest.mark.parametrize(
    ("text", "code", "temporary"),
    [
        (b"[IN-USE] Do you have another session?", "IN-USE", True),
        (b"[SYS/TEMP] later", "SYS/TEMP", True),
        (b"[SYS/PERM] never", "SYS/PERM", False),
        (b"[AUTH] no", "AUTH", False),
        (b"[AUTH no", None, False),
        (b"in [brackets]", None, False),
        (b"[] empty", None, False),
    ],
)
def test_response_codes(text: bytes, code: str | None, temporary: bool) -> None:
    """RFC 2449 8.1.1, RFC 3206: the code between brackets, and whether it asks to come again."""
    reply = parse_reply(b"-ERR " + text + b"\r\n")
    assert (reply.response_code, reply.temporary) == (code, temporary)


def test_capabilities() -> None:
    """The answer of RFC 2449 5's example, tags in upper case."""
    raw = b"+OK Capability list follows\r\nTOP\r\nUSER\r\nSASL CRAM-MD5 KERBEROS_V4\r\nexpire 60\r\n.\r\n"
    expected = {"TOP": (), "USER": (), "SASL": ("CRAM-MD5", "KERBEROS_V4"), "EXPIRE": ("60",)}
    assert parse_capabilities(framed(["CAPA"], raw)[0]) == expected


@pytest.mark.parametrize("text", [b"", b"2", b"2  320", b" 2 320", b"two 320", b"2 320x", b"-2 320"])
def test_no_drop_listing(text: bytes) -> None:
    """Two numbers, one space."""
    assert parse_drop(text) is None and parse_scan(text) is None


def test_listings() -> None:
    """What follows a size belongs to nobody; an id has 1 to 70 octets from 0x21 to 0x7E."""
    assert parse_drop(b"2 320 and more") == (2, 320)
    assert parse_scan(b"1 120 seen") == Listing(1, 120, b" seen")
    assert parse_unique(b"1 whqtswO00WBw418f9t5JxYwZ") == (1, "whqtswO00WBw418f9t5JxYwZ")
    assert parse_unique(b"2 " + b"~" * 70) == (2, "~" * 70)
    for line in (b"1", b"1 ", b"1 a b", b"0 a", b"2 " + b"~" * 71, b"1 \xe4"):
        assert parse_unique(line) is None


def test_apop() -> None:
    """The example of RFC 1939 7."""
    stamp = timestamp(b"POP3 server ready <1896.697170952@dbc.mtview.ca.us>")
    assert stamp == b"<1896.697170952@dbc.mtview.ca.us>"
    assert apop_digest(stamp, "tanstaaf") == "c4c9334bac560ecc979e58001b3e22fb"
    assert timestamp(b"ready <no stamp> < 1@2>") is None


def test_messages_in_lines() -> None:
    """LF becomes CR LF, the last line gets an end, CR alone is left."""
    assert in_lines(b"a\nb\r\nc\rd") == b"a\r\nb\r\nc\rd\r\n"
    assert in_lines(b"") == b""


def test_top() -> None:
    """The header, the blank line, and lines of the body (RFC 1939 7)."""
    content = b"A: b\r\n\r\none\r\n\r\nthree\r\n"
    assert [top(content, count) for count in (0, 1, 2, 3, 99)] == [
        b"A: b\r\n\r\n",
        b"A: b\r\n\r\none\r\n",
        b"A: b\r\n\r\none\r\n\r\n",
        content,
        content,
    ]
    assert top(b"A: b\r\n", 0) == b"A: b\r\n"


@given(st.lists(st.sampled_from([b".", b"\r\n", b"\n", b"\r", b"a", b".\r\n"])).map(b"".join))
def test_stuffing_is_undone(content: bytes) -> None:
    """Whatever a message holds comes back, with one line end more if its last line had none."""
    body = stuffed(content).removesuffix(b".\r\n")
    ended = content if not content or content.endswith(b"\r\n") else content + b"\r\n"
    assert unstuffed(body) == ended
    assert b"\r\n.\r\n" not in b"\r\n" + body


@given(st.lists(st.binary(max_size=20)))
def test_no_octets_upset_the_framer(pieces: list[bytes]) -> None:
    """Whatever comes is cut at LF or waited for; nothing is lost and nothing raised."""
    framer, taken = ReplyFramer(), b""
    framer.awaits("CAPA", "NOOP", "LIST")
    for piece in pieces:
        framer.feed(piece)
        while (reply := framer.next()) is not None:
            taken += reply.raw
    assert taken + framer.rest() == b"".join(pieces)

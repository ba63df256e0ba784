"""Responses on the wire, against what RFC 9112 says of their framing: whole, octet by octet, and with more behind."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_netconform.wire.cuts import octets, tokens, whole
from pytest_netconform.wire.http import Fields, Framing, Response, split_list
from pytest_netconform.wire.http_framer import Limits, ResponseFramer

MORE = b"HTTP/1.1 418 More\r\nContent-Length: 0\r\n\r\n"

# RFC 9110 15.2, RFC 9112 7.1 and 4, put behind each other on one connection
EXAMPLE = [
    ("POST", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ("", b"HTTP/1.1 201 Created\r\nLocation: /new\r\nContent-Length: 4\r\n\r\nmade"),
    (
        "GET",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        b'4\r\nWiki\r\nA;a="b\\""\r\npedia in \n\r\n0\r\nExpires: 0\r\n\r\n',
    ),
    ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"),
    ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"),
    ("DELETE", b"HTTP/1.1 204 \r\n\r\n"),
    ("GET", b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n"),
    ("GET", b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nup to the close"),
]


def framed(data: bytes, *methods: str, ended: bool = True) -> list[Response]:
    """The responses in `data`: the same whole, octet by octet, and token by token."""
    ways = [_framed(cut(data), methods, ended=ended) for cut in (whole, octets, tokens)]
    assert all(way == ways[0] for way in ways[1:])
    return ways[0]


def one(data: bytes, method: str = "GET") -> Response:
    """The one response in `data`: the same with another behind it."""
    (found,) = framed(data, method)
    first, more = framed(data + MORE, method, "GET")
    assert (first, more.status) == (found, 418)
    return found


def _framed(pieces: list[bytes], methods: tuple[str, ...], *, ended: bool) -> list[Response]:
    framer, found = ResponseFramer(), []
    framer.asked(*methods)
    for piece in pieces:
        framer.feed(piece)
        while (response := framer.next()) is not None:
            found.append(response)
    if ended:
        framer.ended()
        while (response := framer.next()) is not None:
            found.append(response)
    return found


def wrong(response: Response) -> list[str]:
    """What is wrong about a response, with the section that says so."""
    return [str(breach) for breach in response.breaches]


def test_example_connection() -> None:
    """A connection falls into its responses, each whole, by the methods that they answer."""
    found = framed(b"".join(raw for _, raw in EXAMPLE), *(method for method, _ in EXAMPLE if method))
    assert [response.raw for response in found] == [raw for _, raw in EXAMPLE]
    assert not any(response.breaches or response.problem for response in found)
    assert [response.code for response in found] == [100, 201, 200, 200, 304, 204, 200, 200]
    assert [response.final for response in found] == [False] + 7 * [True]
    assert [response.method for response in found[1:4]] == ["POST", "GET", "HEAD"]
    assert [response.closing for response in found[1:]] == [False] * 6 + [True]
    chunked = found[2]
    assert (chunked.body, chunked.chunks) == (b"Wikipedia in \n", (4, 10, 0))
    assert chunked.trailers == Fields(((b"Expires", b"0"),))
    assert [response.framing for response in found] == [
        Framing.NONE,
        Framing.LENGTH,
        Framing.CHUNKED,
        Framing.NONE,
        Framing.NONE,
        Framing.NONE,
        Framing.LENGTH,
        Framing.CLOSE,
    ]


def test_one_response() -> None:
    """All that a response says is a value."""
    found = one(b"HTTP/1.1 404 Not Found\r\nX-A: 1\r\nx-a:\t 2 \r\nContent-Length: 2\r\n\r\nno")
    assert (found.version, found.status, found.reason, found.body) == (b"HTTP/1.1", 404, b"Not Found", b"no")
    assert (found.fields.all("X-A"), found.fields.get("x-A"), found.fields.get("Y")) == ([b"1", b"2"], b"1, 2", None)
    assert (found.fields.names, "x-a" in found.fields) == (["x-a", "content-length"], True)
    assert found.head + found.body == found.raw


def test_nothing_is_whole_too_early() -> None:
    """Until its last octet is there, a response is none."""
    for _, raw in EXAMPLE[:-1]:
        assert framed(raw[:-1], "GET", ended=False) == [] or raw.startswith(b"HTTP/1.1 304")


def test_a_body_cut_short_is_said() -> None:
    """The close ends a response of known length too early (RFC 9112 8)."""
    (found,) = framed(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", "GET")
    assert (found.complete, found.body, wrong(found)) == (False, b"hello", ["cut short by the close (RFC 9112 8)"])
    (found,) = framed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", "GET")
    assert (found.complete, found.body) == (False, b"hel")
    (found,) = framed(b"HTTP/1.1 200 OK\r\nContent-Le", "GET")
    assert (found.code, found.problem) == (None, "half a head, then the close")


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (b"HTTP/1.1 200\r\n", "no space behind the status (RFC 9112 4)"),
        (b"HTTP/1.1  200 OK\r\n", "a status line of another form (RFC 9112 4)"),
        (b"http/1.1 200 OK\r\n", "a status line of another form (RFC 9112 4)"),
        (b"HTTP/1.10 200 OK\r\n", "a status line of another form (RFC 9112 4)"),
        (b"HTTP/1.1 1000 OK\r\n", "a status line of another form (RFC 9112 4)"),
        (b"HTTP/1.1 600 OK\r\n", "a status outside 100 to 599 (RFC 9110 15)"),
        (b"HTTP/2.0 200 OK\r\n", "a major version that is not 1 (RFC 9112 2.3)"),
        (b"HTTP/1.1 200 O\rK\r\n", "a control character in the reason phrase (RFC 9112 4)"),
        (b"HTTP/1.1 200 OK\n", "a status line that ends in a bare LF (RFC 9112 2.2)"),
        (b"HTTP/1.1 200 OK\r\nA: 1\n", "a field line that ends in a bare LF (RFC 9112 2.2)"),
        (b"HTTP/1.1 200 OK\r\nA : 1\r\n", "a blank before the colon (RFC 9112 5.1)"),
        (b"HTTP/1.1 200 OK\r\nA: 1\r\n  2\r\n", "a folded field line (RFC 9112 5.2)"),
        (b"HTTP/1.1 200 OK\r\nA\r\n", "a field line without a colon (RFC 9112 5)"),
        (b"HTTP/1.1 200 OK\r\nA(b): 1\r\n", "a field name that is no token (RFC 9110 5.1)"),
        (b"HTTP/1.1 200 OK\r\nA: 1\x002\r\n", "a control character in a field value (RFC 9110 5.5)"),
        (b"HTTP/1.1 200 OK\r\nA: 1\r2\r\n", "a control character in a field value (RFC 9110 5.5)"),
    ],
)
def test_breaches_of_a_head(head: bytes, said: str) -> None:
    """What breaks a rule is named with its section, and the stream stays in step."""
    found = one(head + b"Content-Length: 2\r\n\r\nok")
    assert said in wrong(found)
    assert (found.body, found.problem) == (b"ok", "")


@pytest.mark.parametrize(
    ("lines", "said", "framing"),
    [
        (
            b"Content-Length: 2\r\nTransfer-Encoding: chunked",
            "Content-Length beside Transfer-Encoding",
            Framing.CHUNKED,
        ),
        (b"Content-Length: 2\r\nContent-Length: 2", "more than one Content-Length line", Framing.LENGTH),
        (b"Content-Length: 2\r\nContent-Length: 3", "a Content-Length that is no number, or several", Framing.CLOSE),
        (b"Content-Length: +2", "a Content-Length that is no number, or several", Framing.CLOSE),
        (b"Content-Length: 2, 2", "", Framing.LENGTH),
        (b"Transfer-Encoding: gzip", "", Framing.CLOSE),
        (b"Transfer-Encoding: gzip, CHUNKED", "", Framing.CHUNKED),
        (b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked", "", Framing.CHUNKED),
    ],
)
def test_what_frames(lines: bytes, said: str, framing: Framing) -> None:
    """RFC 9112 6.3, in its order."""
    (found,) = framed(
        b"HTTP/1.1 200 OK\r\n" + lines + b"\r\n\r\n0\r\n\r\n"[: 2 if framing is Framing.LENGTH else None] + b"\r\n\r\n",
        "GET",
    )[:1]
    assert found.framing is framing
    assert any(breach.what == said for breach in found.breaches) or not said


@pytest.mark.parametrize("status", [b"100", b"204"])
def test_no_length_where_there_is_no_body(status: bytes) -> None:
    """1xx and 204 have no length and no coding (RFC 9110 8.6, RFC 9112 6.1)."""
    found = one(b"HTTP/1.1 %s X\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n" % status)
    assert [b.section for b in found.breaches] == ["RFC 9112 6.2", "RFC 9112 6.1", "RFC 9110 8.6"]


def test_a_tunnel_ends_the_counting() -> None:
    """Behind 101, and behind 2xx to CONNECT, there are no more responses (RFC 9110 7.8, 9.3.6)."""
    for method, head in (
        ("GET", b"HTTP/1.1 101 X\r\n\r\n"),
        ("CONNECT", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"),
    ):
        (found,) = framed(head + MORE, method)
        assert (found.framing, found.raw, found.final) == (Framing.TUNNEL, head, True)
    assert len(framed(b"HTTP/1.1 405 X\r\nContent-Length: 0\r\n\r\n" + MORE, "CONNECT")) == 2


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"5\nhello\r\n0\r\n\r\n", "a line between chunks that ends in a bare LF (RFC 9112 7.1)"),
        (b"5\r\nhello\n0\r\n\r\n", "a chunk that ends in a bare LF (RFC 9112 7.1)"),
        (b" 5\r\nhello\r\n0\r\n\r\n", "a chunk size that is none (RFC 9112 7.1)"),
        (b"5 \r\nhello\r\n0\r\n\r\n", "a chunk size that is none (RFC 9112 7.1)"),
        (b"5;=\r\nhello\r\n0\r\n\r\n", "a chunk size that is none (RFC 9112 7.1)"),
        (b"5\r\nhello\r\n0\r\nX Y: 1\r\n\r\n", "a field name that is no token (RFC 9110 5.1)"),
    ],
)
def test_breaches_between_chunks(body: bytes, said: str) -> None:
    """What is readable all the same is read, and named."""
    found = one(CHUNKED + body)
    assert (found.body, found.problem, said in wrong(found)) == (b"hello", "", True)


@pytest.mark.parametrize(
    "body", [b"xyz\r\nhello", b"5\r\nhelloXX", b"\r\n", b"-1\r\n", b"0x5\r\n", b"9" * 40 + b"\r\n"]
)
def test_chunks_that_cannot_be_framed(body: bytes) -> None:
    """What has no size says so, and the next response is found where it begins."""
    found = framed(CHUNKED + body + MORE, "GET", "GET")
    assert (found[0].code, bool(found[0].problem), found[-1].status) == (None, True, 418)


def test_octets_that_are_no_response() -> None:
    """They are one value, up to where a response begins; an HTTP/0.9 answer is one too."""
    garbage, after = framed(b"<html>none</html>" + MORE, "GET")
    assert (garbage.code, garbage.body, after.status) == (None, b"<html>none</html>", 418)
    (old,) = framed(b"<html>hello</html>", "GET")
    assert (old.code, old.problem) == (None, "no status line")


def test_empty_lines_before_a_response() -> None:
    """They belong to no response, are a breach, and do not cost the one behind them."""
    found = one(b"\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    assert (found.status, found.body) == (200, b"ok")
    assert wrong(found) == ["octets before the status line (RFC 9112 2.1)"]


def test_a_head_body_is_seen() -> None:
    """A body behind the answer to HEAD is no response, and the next one is found."""
    head, body, after = framed(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody" + MORE, "HEAD", "GET")
    assert (head.status, body.code, body.body, after.status) == (200, None, b"body", 418)


# -- what has no end


def limited(data: bytes, limits: Limits) -> Response:
    """The first response under limits, however its octets are cut."""
    framer = ResponseFramer(limits)
    for octet in octets(data):
        framer.feed(octet)
        if (found := framer.next()) is not None:
            return found
    raise AssertionError("no limit was met")


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200, "a head that has no end after 100 octets"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"a" * 2000, "a body that has no end after 1000 octets"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n" + b"a" * 2000,
            "a body that has no end after 1000 octets",
        ),
        (CHUNKED + b"FFFF\r\n" + b"a" * 2000, "a body that has no end after 1000 octets"),
        (CHUNKED + b"5;" + b"a" * 100, "a line between chunks that has no end after 50 octets"),
        (CHUNKED + b"0\r\n" + b"A: 1\r\n" * 100, "trailers that have no end after 100 octets"),
        (b"a" * 2000, "no response in 1000 octets"),
    ],
)
def test_limits(data: bytes, problem: str) -> None:
    """Nothing is kept without end: a limit is an outcome, and says which it was."""
    assert limited(data, Limits(head=100, line=50, body=1000)).problem == problem


def test_endless_interim_responses() -> None:
    """However many 1xx come, one of them is one too many (RFC 9110 15.2 knows no limit; we do)."""
    framer = ResponseFramer(Limits(interim=3))
    framer.feed(b"HTTP/1.1 100 Continue\r\n\r\n" * 5)
    assert [framer.next().problem for _ in range(4)][-1] == "more than 3 interim responses"  # type: ignore[union-attr]


@given(st.binary(max_size=300), st.booleans())
def test_any_octets_at_all(data: bytes, after: bool) -> None:
    """Whatever comes is values, and all of its octets are in them, or wait."""
    data = (b"HTTP/1.1 200 OK\r\n" if after else b"") + data
    framer = ResponseFramer()
    framer.feed(data)
    framer.ended()
    taken = b""
    while (found := framer.next()) is not None:
        taken += found.raw
    assert taken + framer.rest() == data


@pytest.mark.parametrize(
    ("value", "members"),
    [
        (b"", []),
        (b"a", [b"a"]),
        (b"a, b ,c", [b"a", b"b", b"c"]),
        (b",a,,b,", [b"a", b"b"]),
        (b'"a,b", W/"c\\",d"', [b'"a,b"', b'W/"c\\",d"']),
    ],
)
def test_lists(value: bytes, members: list[bytes]) -> None:
    """Commas part members but inside of quotes, and empty members are none (RFC 9110 5.6.1)."""
    assert split_list(value) == members

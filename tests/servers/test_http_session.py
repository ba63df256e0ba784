"""The strict HTTP session as a peer sees it: heads, framing, limits, cuts."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_netconform.reference_servers.http import OPTIONS, HttpConfig, configured
from pytest_netconform.wire.cuts import CUTS, at, octets
from tests.http_talk import HOST, HttpTalk, statuses

END = b"\r\n"
GET = b"GET / HTTP/1.1\r\n" + HOST + END
PROBE = b"GET /hello.txt HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
POST = b"POST /echo HTTP/1.1\r\n" + HOST
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"


def request(*lines: bytes, first: bytes = b"GET / HTTP/1.1") -> bytes:
    """A head with Host and these field lines."""
    return END.join([first, HOST.strip(), *lines, b"", b""])


# what is no request

MALFORMED = {
    "lower-case version": b"GET / http/1.1\r\n" + HOST + END,
    "two digits": b"GET / HTTP/1.10\r\n" + HOST + END,
    "no minor version": b"GET / HTTP/1\r\n" + HOST + END,
    "plus": b"GET / HTTP/+1.1\r\n" + HOST + END,
    "no version": b"GET / \r\n" + HOST + END,
    "HTTP/0.9": b"GET /\r\n",
    "two spaces": b"GET  / HTTP/1.1\r\n" + HOST + END,
    "tabs": b"GET\t/\tHTTP/1.1\r\n" + HOST + END,
    "space behind": b"GET / HTTP/1.1 \r\n" + HOST + END,
    "space in target": b"GET /a b HTTP/1.1\r\n" + HOST + END,
    "method": b"G@T / HTTP/1.1\r\n" + HOST + END,
    "control": b"GET /a\x01b HTTP/1.1\r\n" + HOST + END,
    "DEL": b"GET /\x7f HTTP/1.1\r\n" + HOST + END,
    "octet": b"GET /\xff HTTP/1.1\r\n" + HOST + END,
    "fragment": b"GET /nc#x HTTP/1.1\r\n" + HOST + END,
    "backslash": b"GET /..\\ HTTP/1.1\r\n" + HOST + END,
    "half an encoding": b"GET /%4 HTTP/1.1\r\n" + HOST + END,
    "encoded NUL": b"GET /hello.txt%00.png HTTP/1.1\r\n" + HOST + b"Connection: close\r\n" + END,
    "bare LF": GET.replace(END, b"\n"),
    "one bare LF": b"GET / HTTP/1.1\r\nHost: h\n\r\n",
    "bare CR": request(b"X-A: b\rX-B: 1"),
    "CR ends the head": b"GET / HTTP/1.1\r\n" + HOST + b"\rZGET /nc-smug HTTP/1.1\r\n" + HOST + END,
    "CR in the request line": b"GET /\rx HTTP/1.1\r\n" + HOST + END,
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two hosts": request(b"Host: other"),
    "the same host twice": request(HOST.strip()),
    "absolute without Host": b"GET http://www.example.test/ HTTP/1.1\r\n\r\n",
    "empty authority": request(first=b"GET http:///x HTTP/1.1"),
    "userinfo": request(first=b"GET http://evil@www.example.test/ HTTP/1.1"),
    "no form": request(first=b"GET foo HTTP/1.1"),
    "authority and GET": request(first=b"GET www.example.test:80 HTTP/1.1"),
    "asterisk and GET": request(first=b"GET * HTTP/1.1"),
    "port of CONNECT": request(first=b"CONNECT h:99999 HTTP/1.1"),
    "no port of CONNECT": request(first=b"CONNECT h: HTTP/1.1"),
    "blank before the first field": b"GET / HTTP/1.1\r\n X-Ig: 1\r\n" + HOST + END,
    "folded": request(b"X-A: b", b" c"),
    "space before colon": request(b"X-A : 1"),
    "tab before colon": request(b"X-A\t: 1"),
    "no-break space": request(b"Content-Length\xa0: 10"),
    "no colon": request(b"FooBar"),
    "empty name": request(b": x"),
    "name": request(b"X(Y: 1"),
    "NUL in a name": request(b"X\x00Y: 1"),
    "NUL in a value": request(b"X-A: a\x00b"),
    **{
        f"Content-Length: {value!r}": request(b"Content-Length: " + value, first=b"POST /echo HTTP/1.1") + b"hello"
        for value in [b"+5", b"-5", b"1_0", b"0x5", b"5x", b"5;x", b"5.0", b"", b"1 0", b"\xd9\xa5", b"5\xa0"]
    },
    **{
        f"Content-Length list: {value!r}": request(b"Content-Length: " + value, first=b"POST /echo HTTP/1.1") + b"hello"
        for value in [b"5, 5", b"5, 6", b"5,", b",5"]
    },
    "two lengths": request(b"Content-Length: 5", b"Content-Length: 5", first=b"POST /echo HTTP/1.1") + b"hello",
    "two codings": request(b"Transfer-Encoding: chunked", b"Content-Length: 5", first=b"POST /echo HTTP/1.1"),
    **{
        f"Transfer-Encoding: {value!r}": request(b"Transfer-Encoding: " + value, first=b"POST /echo HTTP/1.1")
        for value in [b"identity", b"gzip", b"chunked, identity", b"xchunked", b"chunked, chunked", b"", b"\x0bchunked"]
    },
    "chunked in HTTP/1.0": request(b"Transfer-Encoding: chunked", first=b"POST /echo HTTP/1.0"),
    **{
        f"chunk line {line!r}": CHUNKED + line + b"\r\nhello\r\n0\r\n\r\n"
        for line in [b"0x5", b"+5", b"-5", b"0_5", b"5zz", b"5\x00", b"", b" 5", b"5  ", b'5;a="', b"5;", b"5;a\n5"]
    },
    "no end of a chunk": CHUNKED + b"5\r\nhelloXX0\r\n\r\n",
    "LF ends a chunk": CHUNKED + b"5\r\nhello\n0\r\n\r\n",
    "LF ends a chunk line": CHUNKED + b"5\nhello\r\n0\r\n\r\n",
    "CR ends a chunk line": CHUNKED + b"5\rXhello\r\n0\r\n\r\n",
    "trailer": CHUNKED + b"0\r\nX T: 1\r\n\r\n",
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_malformed_gets_400_and_nothing_behind_it_is_heard(name: str) -> None:
    """One answer, whatever stands behind; it says that the connection closes, and it does."""
    for cut in CUTS.values():
        talk = HttpTalk(cut=cut)
        answers = talk.asks(MALFORMED[name] + PROBE, "GET")
        assert [answer.status for answer in answers] == [400]
        assert answers[0]["connection"] == "close" and talk.closed


@pytest.mark.parametrize(
    ("value", "fine"),
    [
        *[(value, True) for value in (b"a,b", b"a_b", b"h:", b"[::1]:80", b"%41", b"", b"h:80", b"[v1.x]")],
        *[(value, False) for value in (b"a b", b"a/b", b"[::1", b'a"b', b"a<b>", b"u@h", b"h:8o", b"h:1:2", b"[::g]")],
    ],
)
def test_host_grammar(value: bytes, fine: bool) -> None:
    """uri-host [":" port], and nothing else (RFC 3986 3.2.2)."""
    assert statuses(b"GET / HTTP/1.1\r\nHost: " + value + b"\r\n\r\n")[0] == (200 if fine else 400)


@pytest.mark.parametrize(
    ("data", "status", "closed"),
    [
        (b"GET / HTTP/1.2\r\n" + HOST + END, 200, False),
        (b"GET / HTTP/2.0\r\n" + HOST + END, 505, True),
        (b"GET / HTTP/1.0\r\n\r\n", 200, True),
        (b"get / HTTP/1.1\r\n" + HOST + END, 501, False),
        (b"NCFOOBAR / HTTP/1.1\r\n" + HOST + END, 501, False),
        (b"\r\n\r\n" + GET, 200, False),
        (request(first=b"GET http://www.example.test/ HTTP/1.1"), 200, False),
        (request(first=b"GET https://www.example.test/ HTTP/1.1"), 421, True),
        (request(first=b"OPTIONS * HTTP/1.1"), 204, False),
        (request(first=b"OPTIONS http://www.example.test HTTP/1.1"), 204, False),
        (request(first=b"CONNECT h:80 HTTP/1.1"), 405, False),
        (request(first=b"TRACE / HTTP/1.1"), 405, False),
        (request(first=b"DELETE / HTTP/1.1"), 405, False),
        (request(first=b"GET /../../../etc/passwd HTTP/1.1"), 404, False),
        (request(first=b"GET /a/../hello.txt HTTP/1.1"), 200, False),
        (request(b"X-A: a\x07\xe9"), 200, False),
        (request(b"X_Y: 1", b"x-empty:"), 200, False),
        (request(b"Transfer-Encoding: gzip, chunked", first=b"POST /echo HTTP/1.1"), 501, True),
        (request(b"Content-Length: 18446744073709551621", first=b"POST /echo HTTP/1.1") + b"hello", 413, True),
        (request(b"Content-Length: " + b"9" * 5000, first=b"POST /echo HTTP/1.1"), 413, True),
        (CHUNKED + b"10000000000000005\r\nhello\r\n0\r\n\r\n", 413, True),
        (request(b"Expect: nc-foo"), 417, True),
        (request(b"Expect: y 100-continue", b"Content-Length: 5", first=b"POST /echo HTTP/1.1") + b"hello", 417, True),
    ],
)
def test_statuses(data: bytes, status: int, closed: bool) -> None:
    """What is well-formed is answered for what it says, and what cannot be framed closes the connection."""
    assert statuses(data) == (status, closed)


# bodies


@pytest.mark.parametrize(
    "body",
    [
        b"Content-Length: 5\r\n\r\nhello",
        b"Content-Length: \t005\t\r\n\r\nhello",
        b"cOnTeNt-LeNgTh:5\r\n\r\nhello",
        b"Transfer-Encoding: cHuNkEd\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        b"Transfer-Encoding: ,chunked,\r\n\r\n005\r\nhello\r\n000\r\n\r\n",
        b'Transfer-Encoding: chunked\r\n\r\n5;a=b;c="d;e\\"f"\r\nhello\r\n0;x\r\n\r\n',
        b"Transfer-Encoding: chunked\r\n\r\n2 ; a = b\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n" + b"0" * 4096 + b"5\r\nhello\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nHost: evil\r\nContent-Length: 40\r\n\r\n",
        b"Content-Length: 5\r\nTransfer_Encoding: chunked\r\n\r\nhello",
    ],
)
def test_bodies(body: bytes) -> None:
    """Five octets, however they are framed, and the request behind them is the next."""
    for cut in CUTS.values():
        talk = HttpTalk(cut=cut)
        first, second = talk.asks(POST + body + PROBE, "POST", "GET")
        assert json.loads(first.body)["body"] == "hello" and second.status == 200 and talk.closed


def test_trailers_are_no_fields() -> None:
    """They are shown apart, and Host among them names nobody."""
    answer = HttpTalk().asks(CHUNKED + b"0\r\nX-T: 1\r\nHost: evil\r\n\r\n", "POST")[0]
    shown = json.loads(answer.body)
    assert shown["trailers"] == [["X-T", "1"], ["Host", "evil"]]
    assert ["Host", "evil"] not in shown["headers"]


@pytest.mark.parametrize("first", [b"GET /", b"HEAD /", b"OPTIONS /", b"POST /hello.txt", b"POST /folder", b"POST /no"])
def test_every_body_is_read(first: bytes) -> None:
    """Framing does not depend on the method, nor on whether anybody wants the body (RFC 9112 6)."""
    inner = b"GET /nc-smug HTTP/1.1\r\nHost: h\r\n\r\n"
    head = request(b"Content-Length: %d" % len(inner), first=first + b" HTTP/1.1")
    talk = HttpTalk()
    _, second = talk.asks(head + inner + PROBE, first.split()[0].decode(), "GET")
    assert second.body.startswith(b"Hello") and talk.closed


def test_tiny_chunks() -> None:
    """A body of one-octet chunks arrives as it was."""
    body = bytes(range(256)) * 16
    data = CHUNKED + b"".join(b"1\r\n%c\r\n" % octet for octet in body) + b"0\r\n\r\n"
    answer = HttpTalk(cut=at(*range(7, len(data), 1009))).asks(data, "POST")[0]
    assert json.loads(answer.body)["body"].encode("latin-1") == body


# limits


def test_limits() -> None:
    """Each limit has its status, whether the octets come at once or one by one, and nothing is kept beyond it."""
    config = HttpConfig(line=100, head=300, fields=5, body=50, chunk_line=20)
    long = {
        b"GET /" + b"a" * 200 + b" HTTP/1.1\r\n" + HOST + END: 414,
        b"A" * 1000: 414,
        request(b"X-A: " + b"a" * 400): 431,
        request(*[b"a: b"] * 6): 431,
        request(b"Content-Length: 51", first=b"POST /echo HTTP/1.1"): 413,
        CHUNKED + b"33\r\n": 413,
        CHUNKED + b"5;" + b"a" * 100: 400,
        CHUNKED + b"0\r\nX: " + b"a" * 400: 431,
        CHUNKED + b"0\r\n" + b"a: b\r\n" * 6 + END: 431,
        CHUNKED + b"1;aaaaaaaaaaaa\r\na\r\n" * 20: 413,
    }
    for data, status in long.items():
        for cut in CUTS.values():
            talk = HttpTalk(config, cut=cut)
            assert [answer.status for answer in talk.asks(data, "GET")] == [status], data
            assert talk.closed


def test_lines_and_fields_that_are_served() -> None:
    """8,000 octets of a request line are served, and a field that fits beside others."""
    assert statuses(request(first=b"GET /?q=" + b"a" * 7900 + b" HTTP/1.1"))[0] == 200
    assert statuses(request(b"X-A: " + b"a" * 60000))[0] == 200


# configurations, and anything at all


@pytest.mark.parametrize(
    ("name", "text"), [("without", "xyzzy"), ("persistent", "2"), ("largest", "-1"), ("idle", "x")]
)
def test_options_are_checked(name: str, text: str) -> None:
    """What is not understood is named."""
    with pytest.raises(ValueError, match=name):
        configured({name: text})
    assert name in OPTIONS


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from([GET, PROBE, POST, CHUNKED, *MALFORMED.values(), b"0\r\n\r\n", b"5\r\nhello\r\n"])
        | st.binary(max_size=40),
        max_size=6,
    ).map(b"".join),
    st.lists(st.integers(0, 400), max_size=6),
)
def test_anything_is_answered_the_same_however_it_is_cut(data: bytes, places: list[int]) -> None:
    """No octets make the session raise, and no cut changes a word of its answers."""
    spoken = []
    for cut in (CUTS["whole"], octets, at(*places)):
        talk = HttpTalk(cut=cut)
        talk.say(data)
        talk.end()
        talk.wait_until(200)
        assert talk.closed
        spoken.append(talk.sent)
    assert spoken[0] == spoken[1] == spoken[2]

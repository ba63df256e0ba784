"""The strict HTTP session as a peer sees it: heads, framing, persistence, Expect, limits, time, cuts."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_netconform.reference_servers.http import OPTIONS, HttpConfig, configured
from pytest_netconform.wire.cuts import CUTS, at, octets
from tests.http_talk import HOST, HttpTalk, read, statuses

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


# persistence


def test_a_connection_serves_many() -> None:
    """Requests are answered in their order, whether or not they wait for each other."""
    talk = HttpTalk()
    data = (
        request(first=b"HEAD / HTTP/1.1")
        + GET
        + POST
        + b"Content-Length: 5\r\n\r\nhello"
        + request(first=b"GET /no HTTP/1.1")
        + CHUNKED
        + b"0\r\n\r\n\r\n"
        + request(first=b"OPTIONS / HTTP/1.1")
        + request(first=b"HEAD /chunked HTTP/1.1")
    )
    answers = talk.asks(data, "HEAD", "GET", "POST", "GET", "POST", "OPTIONS", "HEAD")
    assert [answer.status for answer in answers] == [200, 200, 200, 404, 200, 204, 200]
    assert answers[0]["content-length"] == answers[1]["content-length"] and not talk.closed


def test_a_thousand_pipelined() -> None:
    """One segment, a thousand answers, in order."""
    talk = HttpTalk()
    data = b"".join(b"GET /echo?%d HTTP/1.1\r\n" % number + HOST + END for number in range(1000))
    answers = talk.asks(data, *["GET"] * 1000)
    assert [json.loads(answer.body)["target"] for answer in answers] == [f"/echo?{n}" for n in range(1000)]


@pytest.mark.parametrize(
    ("version", "lines", "said", "closed"),
    [
        (b"HTTP/1.1", [], None, False),
        (b"HTTP/1.1", [b"Connection: close"], "close", True),
        (b"HTTP/1.1", [b"Connection: foo, CLOSE"], "close", True),
        (b"HTTP/1.1", [b"Connection: foo", b"Connection: close"], "close", True),
        (b"HTTP/1.1", [b"Connection: keep-alive, close"], "close", True),
        (b"HTTP/1.1", [b"Connection: closed"], None, False),
        (b"HTTP/1.0", [], "close", True),
        (b"HTTP/1.0", [b"Connection: Keep-Alive"], "keep-alive", False),
    ],
)
def test_persistence(version: bytes, lines: list[bytes], said: str | None, closed: bool) -> None:
    """Who closes says so, and a second request behind is not served (RFC 9112 9.3, 9.6)."""
    talk = HttpTalk()
    talk.say(request(*lines, first=b"GET /hello.txt " + version))
    found = [line for line in talk.sent.split(b"\r\n\r\n")[0].split(b"\r\n") if line.startswith(b"Connection: ")]
    assert found == ([f"Connection: {said}".encode()] if said else []) and talk.closed is closed
    before = talk.sent
    talk.say(GET)
    assert (talk.sent == before) is closed


def test_servers_that_close() -> None:
    """A server that is not persistent, or old, or has enough, says so each time."""
    for options in ({"persistent": "0"}, {"http10": "1"}, {"requests": "2"}):
        talk = HttpTalk(configured(options))
        talk.say(GET + GET)
        persists = talk.sent.count(b"HTTP/1.") == 2
        assert talk.closed and talk.sent.count(b"Connection: close") == 1
        assert persists is ("requests" in options)


def test_chunks_are_for_those_who_know_them() -> None:
    """HTTP/1.0 gets the same content up to the close (RFC 9112 6.1)."""
    talk = HttpTalk()
    talk.say(b"GET /chunked HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    assert b"Transfer-Encoding" not in talk.sent and talk.sent.endswith(
        b"\r\n\r\n" + b"".join(b"piece %d\n" % number for number in range(10))
    )
    assert b"Connection: close" in talk.sent and talk.closed


def test_trailers_for_those_who_take_them() -> None:
    """`TE: trailers` (RFC 9110 6.5.1)."""
    talk = HttpTalk()
    assert talk.ask("GET", "/trailers", "TE: gzip;q=0.5, trailers").trailers == (("x-pieces", "2"),)
    assert talk.ask("GET", "/trailers").trailers == ()


# Expect, Upgrade


def test_the_body_is_called_for() -> None:
    """100 before the body arrives, and one final answer."""
    talk = HttpTalk()
    talk.say(POST + b"Expect: 100-Continue\r\nContent-Length: 5\r\n\r\n")
    assert talk.sent == b"HTTP/1.1 100 Continue\r\n\r\n"
    talk.say(b"hello")
    (answer,) = read(talk.sent, "POST", closed=False)
    assert answer.status == 200 and answer.interim == (100,)


@pytest.mark.parametrize(("target", "status"), [("/no", 404), ("/hello.txt", 405), ("/big.bin", 405)])
def test_a_body_that_is_not_wanted_is_not_called_for(target: str, status: int) -> None:
    """The final answer comes at once, and the connection closes: nobody can tell the body from a request."""
    talk = HttpTalk()
    answer = talk.asks(
        f"POST {target} HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n".encode(), "POST"
    )
    assert answer[0].status == status and talk.closed


def test_who_is_not_asked_for_a_word() -> None:
    """HTTP/1.0 gets no 1xx, and neither does a request without a body."""
    assert HttpTalk().ask("GET", "/", "Expect: 100-continue").interim == ()
    talk = HttpTalk()
    talk.say(b"POST /echo HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx")
    assert talk.sent.startswith(b"HTTP/1.1 200")


def test_upgrade() -> None:
    """Passed over, but for the one protocol that the configuration names."""
    offer = ("Connection: upgrade", "Upgrade: foo, nc-echo")
    assert HttpTalk().ask("GET", "/", *offer).status == 200
    talk = HttpTalk(configured({"switches": "nc-echo"}))
    talk.say(request(*[line.encode() for line in offer]) + b"hello")
    assert talk.sent == b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: nc-echo\r\n\r\nhello"
    assert talk.session.site.received[-1].method == "GET"  # type: ignore[attr-defined]


# ends and time


def test_half_closed() -> None:
    """What was asked is answered after the client's end, also what takes time; half a request gets 400."""
    talk = HttpTalk()
    talk.say(request(first=b"GET /slow HTTP/1.1") + GET)
    talk.end()
    assert not talk.sent and not talk.closed
    talk.wait_until(2.0)
    assert [answer.status for answer in read(talk.sent, "GET", "GET", closed=True)] == [200, 200] and talk.closed
    for half in (GET[:-2], POST + b"Content-Length: 10\r\n\r\nhello", CHUNKED + b"5\r\nhello\r\n0\r\n"):
        talk = HttpTalk()
        talk.say(half)
        assert not talk.sent
        talk.end()
        assert talk.sent.startswith(b"HTTP/1.1 400") and talk.closed
    talk = HttpTalk()
    talk.end()
    assert talk.closed and not talk.sent


@pytest.mark.parametrize(
    ("data", "seconds", "said"),
    [
        (b"", 75, b""),
        (GET, 75, b"HTTP/1.1 200"),
        (b"GET / HT", 30, b"HTTP/1.1 408"),
        (POST + b"Content-Length: 5\r\n\r\nhell", 30, b"HTTP/1.1 408"),
        (CHUNKED + b"5\r\nhe", 30, b"HTTP/1.1 408"),
    ],
)
def test_nobody_waits_for_ever(data: bytes, seconds: float, said: bytes) -> None:
    """Each wait has an end; 408 where a request had begun (RFC 9112 9.5)."""
    talk = HttpTalk()
    talk.say(data)
    talk.wait_until(seconds - 0.001)
    assert not talk.closed
    talk.wait_until(seconds)
    assert talk.closed and talk.sent.startswith(said)


def test_a_slow_head_has_no_more_time_than_a_lazy_one() -> None:
    """An octet now and then does not prolong the time of a head; it does that of a body."""
    talk = HttpTalk()
    for second in range(29):
        talk.wait_until(second)
        talk.say(b"a")
    talk.wait_until(30)
    assert talk.closed
    talk = HttpTalk()
    talk.say(POST + b"Content-Length: 100\r\n\r\n")
    for second in range(0, 290, 29):
        talk.wait_until(second)
        talk.say(b"a")
    assert not talk.closed


def test_answers_wait_for_their_reader() -> None:
    """Who reads nothing is not answered for ever: after a MiB the network must have taken it."""
    talk = HttpTalk()
    talk.say(request(first=b"GET /big.bin HTTP/1.1") * 5)
    assert len(talk.sent) < 2 << 20
    for _ in range(5):
        talk.heed(talk.session.sent(talk.now))
    assert [len(answer.body) for answer in read(talk.sent, *["GET"] * 5, closed=False)] == [1 << 20] * 5


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

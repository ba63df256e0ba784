"""The strict HTTP session over time: persistence, pipelining, Expect, Upgrade, half-closed connections, and limits."""

from __future__ import annotations

import json

import pytest

from pytest_netconform.reference_servers.http import configured
from tests.http_talk import HOST, HttpTalk, read

END = b"\r\n"
GET = b"GET / HTTP/1.1\r\n" + HOST + END
PROBE = b"GET /hello.txt HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
POST = b"POST /echo HTTP/1.1\r\n" + HOST
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"


def request(*lines: bytes, first: bytes = b"GET / HTTP/1.1") -> bytes:
    """A head with Host and these field lines."""
    return END.join([first, HOST.strip(), *lines, b"", b""])


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
    talk = HttpTalk(configured({"http10": "1"}))
    talk.say(POST + b"Expect: 100-continue\r\nContent-Length: 1\r\n\r\nx")
    assert talk.sent.startswith(b"HTTP/1.0 200")


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


def test_a_flood_during_an_answer() -> None:
    """What is more than can wait is not kept, and what stands behind it is not taken for a request."""
    talk = HttpTalk()
    talk.say(request(first=b"GET /slow HTTP/1.1"))
    for _ in range(20):
        talk.say(b"x" * 65536)
    talk.wait_until(2.0)
    (answer,) = read(talk.sent, "GET", closed=True)
    assert answer.status == 200 and answer["connection"] == "close" and talk.closed
    talk = HttpTalk()
    talk.say(request(first=b"GET /big.bin HTTP/1.1"))
    talk.say(b"x" * (2 << 20))
    talk.heed(talk.session.sent(0.0))
    assert talk.closed and len(talk.sent) < 2 << 20

"""The session of any dialect: right for every ready one however its octets are cut, and strict with what is wrong."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_netconform.dialect import Dialect, Exchange
from pytest_netconform.dialects import READY
from pytest_netconform.reference_servers.dialects import BEGINNING, DialectConfig, DialectSession, speakable
from pytest_netconform.reference_servers.host import serving
from pytest_netconform.reference_servers.session import Peer, Send, TellWhenSent
from pytest_netconform.wire.cuts import CUTS, Cut, at, whole
from pytest_netconform.wire.framing import Lines, UntilClose
from pytest_netconform.wire.services import characters
from tests.talk import Talk

STREAMS = {name: dialect for name, dialect in READY.items() if dialect.streams}
ASKED = [dialect for dialect in STREAMS.values() if "known" in dialect.capabilities]
FRAMED = [dialect for dialect in ASKED if "framed" in dialect.capabilities]
WRONG = [
    pytest.param(dialect, name, id=f"{dialect.name}-{name}")
    for dialect in FRAMED
    for name in dialect.requests.wrong(dialect.probe().say)
]
FINGER = Dialect("finger", Lines(), UntilClose(), exchanges=(Exchange(b"nosuch", b"nosuch: no such user.\r\n"),))


def talk(dialect: Dialect, cut: Cut = whole, **config: object) -> Talk:
    """A connection to the session of a dialect."""
    return Talk(DialectSession(dialect, DialectConfig(**config)), cut)  # type: ignore[arg-type]


def said(dialect: Dialect, count: int = 3) -> bytes:
    """So many requests, one behind the other; one where its answer ends with the stream."""
    return b"".join(dialect.requests.encode(probe.say) for probe in _probes(dialect, count))


def heard(dialect: Dialect, count: int = 3) -> bytes:
    """The answers to them."""
    return b"".join(dialect.replies.encode(probe.reply or b"") for probe in _probes(dialect, count))


def _probes(dialect: Dialect, count: int) -> tuple[Exchange, ...]:
    return dialect.probes(1 if "replies-until-close" in dialect.capabilities else count)


def conversation(dialect: Dialect, cut: Cut) -> bytes:
    """What is heard for three requests and the end."""
    client = talk(dialect, cut)
    client.say(said(dialect))
    client.end()
    assert client.closed
    return client.sent


@pytest.mark.parametrize("dialect", ASKED, ids=lambda dialect: dialect.name)
@pytest.mark.parametrize("cut", list(CUTS))
def test_requests_are_answered(dialect: Dialect, cut: str) -> None:
    """Each gets its answer, in order, however they were cut; then the end follows the client's."""
    assert conversation(dialect, CUTS[cut]) == heard(dialect)


@given(st.sampled_from(ASKED), st.lists(st.integers(1, 400), max_size=12))
def test_no_cut_means_anything(dialect: Dialect, places: list[int]) -> None:
    """Whatever the segments."""
    assert conversation(dialect, at(*places)) == heard(dialect)


@pytest.mark.parametrize(("dialect", "name"), WRONG)
def test_what_is_no_request_is_not_answered(dialect: Dialect, name: str) -> None:
    """Every wrong message is left unanswered, and the connection is closed: at once, or when the client ends."""
    probe = dialect.probe()
    wrong = dialect.requests.wrong(probe.say)[name]
    client = talk(dialect)
    client.say(wrong.octets)
    assert client.closed or wrong.ended, "it is known to be wrong by now"
    client.end()
    assert client.closed
    assert dialect.replies.encode(probe.reply or b"") not in client.sent


@pytest.mark.parametrize("dialect", FRAMED, ids=lambda dialect: dialect.name)
def test_half_a_request_is_nothing(dialect: Dialect) -> None:
    """Half a request behind a whole one is neither answered nor waited for."""
    client = talk(dialect)
    client.say(said(dialect, 1) + said(dialect, 1)[:-1])
    assert not client.closed and client.sent == heard(dialect, 1)
    client.end()
    assert client.closed and client.sent == heard(dialect, 1)


@pytest.mark.parametrize("name", ["lines", "escaped", "netstring", "prefixed", "varint", "blocks"])
def test_what_is_kept_is_bounded(name: str) -> None:
    """A request that does not end is given up, at the limit and not far behind it."""
    client = talk(READY[name], limit=1000)
    endless = READY[name].requests.encode(b"x" * 5000)
    for place in range(0, len(endless) - 1, 100):
        if client.closed:
            break
        assert place <= 1100
        client.say(endless[place : place + 100])
    assert client.closed and not client.sent


def test_what_is_too_long_for_the_dialect() -> None:
    """A declared bound is a bound, to the octet."""
    dialect = replace(READY["lines"], largest_request=10, largest_reply=10)
    client = talk(dialect)
    client.say(b"0123456789\r\n")
    assert client.sent == b"0123456789\r\n"
    client.say(b"0123456789x\r\n")
    assert client.closed and client.sent == b"0123456789\r\n"


def test_text_is_text() -> None:
    """What is not in the declared encoding is no request."""
    client = talk(READY["lines"])
    client.say("Grüße\r\n".encode())
    client.say(b"Gr\xfc\xdfe\r\n")
    assert client.closed and client.sent == "Grüße\r\n".encode()


def test_what_nobody_knows() -> None:
    """An unknown question gets the declared answer, and where none is declared, a close."""
    zen = READY["zen"]
    client = talk(zen)
    client.say(b"Flat is better than?Simple is better than?")
    assert client.sent == b"Error: unknown aphorism.Complex." and not client.closed
    client = talk(replace(zen, unknown=None))
    client.say(b"Flat is better than?Simple is better than?")
    assert client.sent == b"" and client.closed


def test_one_answer_up_to_the_end() -> None:
    """Where the end of the stream ends an answer, one request is served."""
    client = talk(FINGER)
    client.say(b"nosuch\r\nnosuch\r\n")
    assert client.sent == b"nosuch: no such user.\r\n" and client.closed


def test_a_greeting_comes_first() -> None:
    """Before anything is asked, and framed like any answer."""
    dialect = replace(READY["lines"], greeting=Exchange(pattern=b"hello .*", example=b"hello you"))
    client = talk(dialect)
    assert client.sent == b"hello you\r\n" and not client.closed
    client.say(b"a\r\n")
    assert client.sent == b"hello you\r\na\r\n"


# -- the small services


def test_discard() -> None:
    """Everything is taken, nothing comes back, and the end follows the client's."""
    client = talk(READY["discard"])
    client.say(b"anything\r\n" * 1000)
    assert client.sent == b"" and not client.closed
    client.end()
    assert client.sent == b"" and client.closed


@pytest.mark.parametrize(
    ("name", "octets"),
    [
        ("time", b"\xed\x00\x37\x80"),
        ("daytime", b"Thursday, January 1, 2026 00:00:00-UTC\r\n"),
        ("qotd", b"Simple is better than complex.\r\n"),
    ],
)
def test_speakers(name: str, octets: bytes) -> None:
    """They say their word unasked, close, and do not hear."""
    client = talk(READY[name])
    assert client.sent == octets and client.closed
    client.say(b"anything")
    assert client.sent == octets


def test_the_moment_is_asked_for() -> None:
    """Each connection gets its own."""
    moments = iter([BEGINNING + 1, BEGINNING + 2])
    config = DialectConfig(clock=lambda: next(moments))
    answers = [Talk(DialectSession(READY["time"], config)).sent[-1] for _ in range(2)]
    assert answers[1] == answers[0] + 1


def test_characters_flow_as_they_are_taken() -> None:
    """A portion unasked, the next when the first has left, and what the client says is not heard."""
    session = DialectSession(READY["chargen"])
    opened = session.open(Peer(), 0.0)
    assert opened == [Send(characters(0, 100)), TellWhenSent()]
    assert session.receive(b"stop\r\n", 0.0) == []
    assert session.sent(0.1) == [Send(characters(100, 100)), TellWhenSent()]
    session.end(0.2)
    assert session.sent(0.3) == []


def test_a_client_who_does_not_read_is_not_written_to() -> None:
    """Over sockets, a stream without end stops when the buffers are full, and goes on when they are read."""
    sessions: list[DialectSession] = []

    def make() -> DialectSession:
        sessions.append(DialectSession(READY["chargen"]))
        return sessions[-1]

    with serving(make) as host, socket.create_connection(host.address, 5) as client:
        client.settimeout(5)
        data = client.recv(1)
        while (line := sessions[0].line) != _settled(sessions[0], host.idle):
            assert line < 1_000_000
        while len(data) < 74 * (line + 200):
            data += client.recv(1 << 20)
        assert data[: 74 * line] == characters(0, line)
        assert not host.errors


def _settled(session: DialectSession, idle: object) -> int:
    """Where it is after the loop has had its turns."""
    assert callable(idle)
    idle(0.05)
    return session.line


# -- circumstances


def test_a_silent_client_is_left() -> None:
    """After the idle limit, counted from his last word."""
    client = talk(READY["lines"], idle=10.0)
    client.wait_until(6.0)
    client.say(b"a\r\n")
    client.wait_until(15.9)
    assert not client.closed and client.wake_at == 16.0
    client.wait_until(16.0)
    assert client.closed


def test_without_an_example_there_is_nothing_to_say() -> None:
    """Our own server needs to be told what to say where only a pattern is known."""
    dialect = Dialect("x", Lines(), exchanges=(Exchange(b"a", pattern=b".*"),))
    with pytest.raises(ValueError, match=r"^the dialect x: exchange\[1\] has a hear_pattern and no example"):
        speakable(dialect)
    for ready in STREAMS.values():
        speakable(ready)

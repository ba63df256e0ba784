"""The stream column: what sanity sees, what a dialogue understands, and what it says when something is not as it should
be; in memory, and over sockets where buffers matter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from pytest_netconform.dialect import Dialect, Exchange
from pytest_netconform.dialects import READY
from pytest_netconform.dialogue import reach
from pytest_netconform.dialogues.stream import Stream, exactly
from pytest_netconform.fixtures.network import EVERYTHING, memory_target, reference_of
from pytest_netconform.fixtures.stream import COLUMN, RUNGS, control
from pytest_netconform.judge import Outcome, judge, survey
from pytest_netconform.memory import Memory
from pytest_netconform.protocols import PROTOCOLS
from pytest_netconform.reference_servers.dialects import DialectSession
from pytest_netconform.reference_servers.host import Host, serving
from pytest_netconform.reference_servers.mutants.hosts import OneAtATime
from pytest_netconform.reference_servers.null import NULLS
from pytest_netconform.reference_servers.session import Reset, Session
from pytest_netconform.requirement import MUST, crowded, hostile, requirement
from pytest_netconform.sockets import SocketCarriage
from pytest_netconform.target import Spec, Target
from pytest_netconform.verdict import Inconclusive, NonConformity, NotApplicable, Verdict
from pytest_netconform.visit import Visit
from pytest_netconform.wire.framing import Lines, UntilClose
from tests.gates import Gate, cases

ROW = PROTOCOLS["stream"]
STREAMS = [name for name, dialect in READY.items() if dialect.streams]
MANY = 4 << 20  # octets: more than socket buffers hold


def opened(target: Target, rung: str = "stream") -> Stream:
    """A dialogue as a check gets it."""
    stream = reach(RUNGS[rung], Visit(target), rung)
    assert isinstance(stream, Stream)
    return stream


def silent_about(make_session: Callable[[], Session]) -> Target:
    """A server in memory of which nobody said what it speaks."""
    return Target(Spec("x", "127.0.0.1", 1, "tcp", protocol=ROW), Memory(make_session))


@contextmanager
def over_sockets(dialect: str, kind: type[Host] = OneAtATime, serves: str = "many") -> Iterator[Target]:
    """The reference behind a host."""
    options = {"dialect": dialect, "serves": serves}
    reference = reference_of(ROW, options)
    with serving(reference.make_session, kind=kind) as host:
        spec = Spec("x", host.host, host.port, "tcp", protocol=ROW)
        carriage = SocketCarriage(host.host, host.port)
        target = Target(spec, carriage, options={"patience": "1"}, dialect=reference.dialect, allowed=EVERYTHING)
        survey(target, COLUMN)
        assert target.survey.sound, target.survey.lacking
        yield target


@contextmanager
def visited(target: Target) -> Iterator[Stream]:
    """A dialogue over sockets, which have to be closed."""
    stream = opened(target)
    yield stream
    stream.visit.close()


# -- sanity


@pytest.mark.parametrize("name", STREAMS)
def test_the_reference_is_sound(name: str) -> None:
    """Every ready dialect's server is seen to accept, to keep quiet and to answer; and serves the next client."""
    target = memory_target("stream", {"dialect": name})
    survey(target, COLUMN)
    assert target.survey.sound and not target.lost
    visit = Visit(target)
    control(visit)
    visit.close()


@pytest.mark.parametrize(
    ("name", "null"),
    [
        ("lines", "silent"),
        ("echo", "echo-but-the-last"),
        ("discard", "staying"),
        ("time", "close"),
        ("chargen", "echo"),
    ],
)
def test_a_null_is_not_sound(name: str, null: str) -> None:
    """Nor a near miss."""
    target = memory_target("stream", {"dialect": name}, make_session=lambda: NULLS[null](b"", b""))
    survey(target, COLUMN)
    assert not target.survey.sound


def test_silence_is_said_to_be_silence() -> None:
    """Who was asked and said nothing is lost at once."""
    target = memory_target("stream", {"dialect": "zen"}, make_session=lambda: NULLS["silent"](b"", b""))
    survey(target, COLUMN)
    assert "nothing for 4 s" in target.lost


@pytest.mark.parametrize("null", ["silent", "close", "reset", "echo"])
def test_without_a_dialect_anything_is_sound(null: str) -> None:
    """Nobody said what it speaks: that it does twice what it did once is all one can ask."""
    target = silent_about(lambda: NULLS[null](b"", b""))
    survey(target, COLUMN)
    assert target.survey.sound and {"any", "tcp", "stream"} <= target.claims
    opened(target).alive()
    with pytest.raises(NotApplicable, match="nobody said what the target speaks"):
        opened(target).probe()


def test_without_a_dialect_a_change_is_seen() -> None:
    """A server that stays open at first and closes later is not alive."""
    nulls = iter(["silent", "silent", "silent", "close"])
    target = silent_about(lambda: NULLS[next(nulls)](b"", b""))
    survey(target, COLUMN)
    with pytest.raises(NonConformity, match="a connection that stays open; received it was closed"):
        opened(target).alive()


# -- memory and sockets

ALIKE = ["lines", "zen", "echo", "prefixed", "until-close", "discard", "time", "chargen"]


@pytest.mark.parametrize("name", ALIKE)
def test_memory_and_sockets_agree(name: str) -> None:
    """Every check says the same of the reference in memory and over sockets."""
    with over_sockets(name, Host) as target:
        found = {}
        for case in cases("stream"):
            outcome = judge(case.function, {rung: RUNGS[rung] for rung in case.rungs}, case.values, target, COLUMN)
            found[case.name] = outcome.verdict
            target.lost = ""
    gate = Gate("stream", {"dialect": name})
    said = {case.name: gate.judge(case).verdict for case in cases("stream")}
    assert found == {**said, "test_both_families": found["test_both_families"]}  # memory alone has two addresses


# -- dialogues


def test_greetings_are_read() -> None:
    """The rung reads what comes first, and judges it."""
    dialect = replace(READY["lines"], greeting=Exchange(pattern=b"hello .*", example=b"hello you"))
    target = Target(Spec("x", protocol=ROW), Memory(lambda: DialectSession(dialect)), dialect=dialect)
    stream = opened(target)
    assert stream.greeting == b"hello you"
    stream.ask(stream.probe())
    target.dialect = replace(dialect, greeting=Exchange(hear=b"good morning"))
    with pytest.raises(Inconclusive, match="could not reach stream: expected b'good morning' as the greeting"):
        opened(target)


@pytest.mark.parametrize("name", STREAMS)
def test_every_dialect_is_alive(name: str) -> None:
    """The control of any dialect is answered, here or on the next connection."""
    stream = opened(memory_target("stream", {"dialect": name}))
    stream.alive()
    assert "control" in stream.visit.evidence


@pytest.mark.parametrize("name", [name for name in STREAMS if "framed" in READY[name].capabilities])
def test_wrong_octets_are_declined(name: str) -> None:
    """Each wrong message of each framing, with its twin; the strict session answers none."""
    target = memory_target("stream", {"dialect": name})
    for wrong in READY[name].requests.wrong(READY[name].probe(1).say).values():
        stream = opened(target)
        assert stream.declines(wrong, stream.probe(1)).end == "close"
        assert {"twin", "refusal"} <= stream.visit.evidence


class TakesHalves(DialectSession):
    """Serves what stood there when the stream ended."""

    def on_end(self) -> None:
        self.on_request(self.framer.rest())


def test_a_wrong_message_that_is_served_is_noticed() -> None:
    """With what was heard."""
    stream = opened(memory_target("stream", {"dialect": "lines"}, TakesHalves))
    wrong = stream.dialect.requests.wrong(b"abc")["no-mark"]
    with pytest.raises(NonConformity) as caught:
        stream.declines(wrong, Exchange(b"abc", b"abc"))
    assert caught.value.expected == "no line end not to be answered as b'abc' is"
    assert caught.value.received == r"b'abc\r\n', then silence"


def test_what_differs_is_shown() -> None:
    """In a stream without messages, the first octet that is wrong is named."""
    target = memory_target("stream", {"dialect": "echo"})
    stream = opened(target)
    stream.send(b"a" * 100)
    with pytest.raises(NonConformity, match=r"received from octet 60 on b'aaaa"):
        stream.hears(Exchange(b"", b"a" * 60 + b"b" * 40))
    stream = opened(target)
    stream.send(b"abc")
    with pytest.raises(NonConformity, match=r"received b'abc', then nothing for 10 s"):
        stream.octets(4)
    stream = opened(target)
    stream.send(b"abcdef")
    assert (stream.octets(2), stream.octets(4)) == (b"ab", b"cdef")


def test_the_end_of_the_stream() -> None:
    """`rest` is everything up to it; that there is none, or a reset, is a finding."""
    target = memory_target("stream", {"dialect": "echo"})
    stream = opened(target)
    stream.send(b"abc")
    stream.finish()
    assert stream.rest() == b"abc" and "close" in stream.visit.evidence
    with pytest.raises(NonConformity, match="still open after 10 s"):
        opened(target).rest()
    target = memory_target("stream", {"dialect": "echo"}, make_session=lambda: NULLS["reset"](b"", b""))
    with pytest.raises(NonConformity, match="not a reset; received Connection reset by peer"):
        opened(target).rest()


def test_one_request_a_connection() -> None:
    """A line is asked, and everything up to the close is the answer."""
    dialect = Dialect("finger", Lines(), UntilClose(), exchanges=(Exchange(b"nosuch", b"no such user\r\n"),))
    target = Target(Spec("x", protocol=ROW), Memory(lambda: DialectSession(dialect)), dialect=dialect)
    survey(target, COLUMN)
    assert target.survey.sound
    stream = opened(target)
    assert stream.ask(stream.probe()) == [b"no such user\r\n"]
    stream.alive()
    right = stream.probe()
    assert opened(target).declines(dialect.requests.wrong(b"nosuch")["bare-lf"], right).end == "close"


def test_an_endless_peer_ends_a_wait() -> None:
    """Whoever speaks without end neither stops a dialogue nor fills it."""
    stream = opened(memory_target("stream", {"dialect": "chargen"}))
    assert not stream.ended()
    assert len(stream.octets(100_000)) == 100_000


# -- profiles


@requirement("TCP-X", MUST, "RFC 0 0", "Two at a time.")
@crowded
def two_at_a_time(stream: Stream) -> None:
    """A second client is served while the first stays."""
    (other,) = stream.others(1)
    other.ask(other.probe())


@requirement("TCP-X", MUST, "RFC 0 0", "Survives.")
@hostile
def harmless(stream: Stream) -> None:
    """Nothing happens, and the next client is served."""
    stream.ask(stream.probe())


def _judged(check: Callable[..., object], target: Target) -> Outcome:
    return judge(check, {"stream": RUNGS["stream"]}, {}, target, COLUMN)


def test_a_declared_architecture_is_observed() -> None:
    """Who declares that he serves one client at a time is not failed for it; who does not declare it is."""
    with over_sockets("lines", serves="one-at-a-time") as target:
        outcome = _judged(two_at_a_time, target)
        assert outcome.verdict is Verdict.OBSERVED and "as declared" in outcome.observed[0]
        assert _judged(harmless, target).verdict is Verdict.PASS
        assert not target.lost
    with over_sockets("lines") as target:
        assert _judged(two_at_a_time, target).verdict is Verdict.FAIL


# -- buffers


@pytest.mark.parametrize("name", ["echo", "until-close"])
def test_more_than_buffers_hold(name: str) -> None:
    """Both ways at once, over sockets: nobody waits for the other."""
    with over_sockets(name) as target, visited(target) as stream:
        stream.ask(stream.probe(0, MANY if name == "echo" else MANY // 8))


def test_what_a_peer_takes_unread() -> None:
    """Writing without reading comes to an end, and everything comes back."""
    with over_sockets("echo") as target, visited(target) as stream:
        taken = stream.wire.pour(b"a" * (64 << 20), stream.wire.now() + 0.3)
        assert 0 < taken < 64 << 20
        assert stream.octets(taken) == b"a" * taken


def test_a_right_reply_is_an_expression() -> None:
    """However long it is, if it is monotonous; what no script could hold has none."""
    for data in (b"", b"a.b" * 10, b"a" * 1_000_000 + b"bc.", b"." + b"\n" * 70_000):
        pattern = exactly(data)
        assert pattern is not None and len(pattern) < 4096
        assert re.fullmatch(pattern, data) and not re.fullmatch(pattern, data + b"a")
    assert exactly(b"abc" * 2000) is None and exactly(b"a" * 5000 + b"abc" * 2000) is None


def test_a_flood_is_kept_once() -> None:
    """It ends when the peer does, and the transcript says how much there was."""
    target = memory_target("stream", {"dialect": "lines", "limit": "100000"})
    stream = opened(target)
    taken = stream.flood(b"a" * 1000, 1 << 30)
    assert 100_000 < taken < 110_000 and stream.react().end == "close"
    sent = stream.visit.transcript.events[1]
    assert (len(sent.data), sent.total) == (1000, taken)


class Dying(DialectSession):
    """Breaks the connection on every request."""

    def on_request(self, payload: bytes) -> None:
        self.act(Reset())


def test_a_reset_is_no_close() -> None:
    """`react` tells them apart."""
    stream = opened(memory_target("stream", {"dialect": "lines"}, Dying))
    stream.say(stream.probe())
    assert str(stream.react()) == "a reset"

"""Datagrams: wires and hosts keep boundaries, and the dialogue over them is patient, and trusts nobody else's reply."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pytest_netconform.datagrams import Refused, SocketDatagrams, Unsent, Way
from pytest_netconform.dialect import Exchange
from pytest_netconform.dialogues.datagram import Datagrams, anything
from pytest_netconform.fixtures.network import column_of, memory_target, socket_target
from pytest_netconform.judge import survey
from pytest_netconform.memory_datagrams import MemoryDatagrams
from pytest_netconform.protocols import PROTOCOLS
from pytest_netconform.reference_servers.datagram_host import DatagramHost, serving_datagrams
from pytest_netconform.reference_servers.dialects_udp import DialectDatagrams
from pytest_netconform.reference_servers.host import serving
from pytest_netconform.reference_servers.session import Address, Close, DatagramSession, SendTo, Session, WakeAt
from pytest_netconform.target import Target, parse_target
from pytest_netconform.transcript import Transcript
from pytest_netconform.transport import Cancel, Cancelled, Silence, Unreachable
from pytest_netconform.verdict import Inconclusive, NonConformity, NotApplicable
from pytest_netconform.visit import NoConnection, Visit

LARGEST = 65507


class Echo(DatagramSession):
    """Sends everything back."""

    def on_datagram(self, data: bytes, sender: Address) -> None:
        self.send(data, sender)


@pytest.fixture
def echo() -> Iterator[DatagramHost]:
    """An echo server on a socket; its session has raised nothing."""
    with serving_datagrams(Echo) as host:
        yield host
    assert host.errors == []


Over = Callable[[Callable[[], DatagramSession]], "SocketDatagrams | MemoryDatagrams"]


@pytest.fixture(params=["sockets", "memory", "ipv6", "unix"])
def over(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Over]:
    """Each carriage, to a session that is given."""
    hosts: list[DatagramHost] = []

    def carriage(make_session: Callable[[], DatagramSession]) -> SocketDatagrams | MemoryDatagrams:
        if request.param == "memory":
            return MemoryDatagrams(make_session)
        path = str(tmp_path / "s") if request.param == "unix" else None
        host = serving_datagrams(make_session, host="::1" if request.param == "ipv6" else "127.0.0.1", path=path)
        host.start()
        hosts.append(host)
        return SocketDatagrams(host.host, host.port, path=host.path or "")

    yield carriage
    for host in hosts:
        host.stop()


def bound(carriage: SocketDatagrams | MemoryDatagrams, **way: object):  # type: ignore[no-untyped-def]
    """A wire of a carriage."""
    return closing(carriage.bind(Transcript(), 1, carriage.now(), Way(**way)))  # type: ignore[arg-type]


# -- wires and hosts


@pytest.mark.parametrize("connected", [True, False])
def test_boundaries_are_kept(over: Over, connected: bool) -> None:
    """What was sent in so many datagrams comes back in so many, the empty one included."""
    carriage = over(Echo)
    with bound(carriage, connected=connected) as wire:
        for data in (b"a", b"", b"bb", b"\0\r\n" * 300):
            wire.send(data, wire.now() + 5)
            arrival = wire.receive(wire.now() + 5)
            assert arrival.data == data
            assert arrival.sender == wire.peer


def test_silence_has_a_deadline(over: Over) -> None:
    """Nothing comes, and that is said when the time is over, and no earlier."""
    carriage = over(DatagramSession)
    with bound(carriage) as wire:
        began = wire.now()
        wire.send(b"hello?", began + 5)
        with pytest.raises(Silence):
            wire.receive(began + 0.2)
        assert 0.2 <= wire.now() - began < 5


def test_refusal_is_no_silence(over: Over) -> None:
    """Where the socket is gone, a connected client is refused; it takes the next call to say so."""

    class Leaving(DatagramSession):
        def on_datagram(self, data: bytes, sender: Address) -> None:
            self.act(Close())

    carriage = over(Leaving)
    with bound(carriage) as wire:
        deadline = wire.now() + 5
        with pytest.raises(Refused):
            while True:
                wire.send(b"go", deadline)
                with pytest.raises(Silence):
                    wire.receive(wire.now() + 0.05)
                assert wire.now() < deadline


def test_nobody_listens() -> None:
    """A closed port refuses; no check and no survey takes that for anything else."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    target = socket_target(parse_target(f"echo+udp://127.0.0.1:{port}"))
    survey(target, column_of(PROTOCOLS["datagram"]))
    assert target.survey.absent
    assert not target.survey.spoke
    assert "refusal" in target.lost


def test_somebody_is_silent() -> None:
    """Who listens and says nothing is not absent."""
    with serving_datagrams(DatagramSession) as host:
        target = socket_target(parse_target(f"echo+udp://127.0.0.1:{host.port}?patience=0.5"))
        survey(target, column_of(PROTOCOLS["datagram"]))
    assert not target.survey.absent
    assert not target.survey.spoke
    assert "nothing in 3 tries" in target.lost


def test_largest_and_larger(echo: DatagramHost) -> None:
    """65507 octets travel; one more is not sent by our own system, which says so."""
    with bound(SocketDatagrams(echo.host, echo.port)) as wire:
        wire.send(bytes(LARGEST), wire.now() + 5)
        assert len(wire.receive(wire.now() + 5).data) == LARGEST
        with pytest.raises(Unsent) as caught:
            wire.send(bytes(LARGEST + 1), wire.now() + 5)
        assert caught.value.too_large


def test_port_of_ours(echo: DatagramHost) -> None:
    """A client asks from the port that it wants, or is told that it is not to be had."""
    carriage = SocketDatagrams(echo.host, echo.port)
    with bound(carriage) as wire:
        assert wire.local[1] > 0
        with pytest.raises(Unreachable, match=f"port {wire.local[1]} of ours"):
            carriage.bind(Transcript(), 2, 0.0, Way(port=wire.local[1]))


def test_cancel_wakes_a_waiting_wire(echo: DatagramHost) -> None:
    """A run that is interrupted waits for no datagram."""
    cancel = Cancel()
    with bound(SocketDatagrams(echo.host, echo.port, cancel=cancel)) as wire:
        cancel.set()
        with pytest.raises(Cancelled):
            wire.receive(wire.now() + 60)
    cancel.close()


@pytest.mark.parametrize(("what", "problem"), [("missing", "No such file"), ("file", "no socket"), ("stream", "type")])
def test_path_that_is_no_datagram_socket(tmp_path: Path, what: str, problem: str) -> None:
    """A Unix path that is missing, a plain file, or a socket of the other kind is told apart in one line."""
    path = tmp_path / "s"
    if what == "file":
        path.write_text("plain")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
        if what == "stream":
            other.bind(str(path))
            other.listen()
        with pytest.raises(Unreachable, match=problem):
            SocketDatagrams("", 0, path=str(path)).bind(Transcript(), 1, 0.0, Way())


def test_names_of_our_own_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a client's Unix socket is a file (elsewhere than on Linux), the file goes with it."""
    own = tmp_path / "own"
    monkeypatch.setattr("pytest_netconform.datagrams._name_of_our_own", lambda: str(own))
    with serving_datagrams(Echo, path=str(tmp_path / "s")) as host:
        with bound(SocketDatagrams("", 0, path=str(host.path))) as wire:
            wire.send(b"a", wire.now() + 5)
            assert wire.receive(wire.now() + 5).data == b"a"
            assert own.exists()
        assert not own.exists()


def test_wakes_and_other_ports(over: Over) -> None:
    """A session that wished to be woken is; what it sends from another port has another sender."""

    class Later(DatagramSession):
        def on_datagram(self, data: bytes, sender: Address) -> None:
            self.to = sender
            self.act(WakeAt(self.now + 0.02))

        def on_wake(self) -> None:
            self.act(SendTo(b"late", self.to, "port" if self.to[1] else ""))

    carriage = over(Later)
    with bound(carriage, connected=False) as wire:
        wire.send(b"?", wire.now() + 5)
        arrival = wire.receive(wire.now() + 5)
        assert arrival.data == b"late"
        assert (arrival.sender == wire.peer) is (not wire.peer[1])


def test_tcp_and_udp_on_one_number() -> None:
    """A host for datagrams takes the number of a host for streams."""
    with serving(Session) as stream, serving_datagrams(Echo, port=stream.port) as host:
        assert host.port == stream.port


def test_host_is_bound_to_loopback() -> None:
    """No other address is taken."""
    with pytest.raises(ValueError, match="listens on"):
        serving_datagrams(Echo, host="0.0.0.0")


def test_session_that_fails_is_remembered() -> None:
    """What a session raises is kept, and the next datagram is served."""

    class Failing(Echo):
        def on_datagram(self, data: bytes, sender: Address) -> None:
            if data == b"fail":
                raise RuntimeError("as told")
            super().on_datagram(data, sender)

    with serving_datagrams(Failing) as host, bound(SocketDatagrams(host.host, host.port)) as wire:
        wire.send(b"fail", wire.now() + 5)
        wire.send(b"go on", wire.now() + 5)
        assert wire.receive(wire.now() + 5).data == b"go on"
    assert [str(error) for error in host.errors] == ["as told"]


# -- the dialogue


def asking(session: type[DialectDatagrams], **options: str) -> tuple[Target, Datagrams]:
    """A dialogue with a session in memory."""
    target = memory_target("datagram", options, session)
    return target, Datagrams(Visit(target))


class Lossy(DialectDatagrams):
    """Loses every other datagram, those that come and those that go."""

    count = 0

    def lost(self) -> bool:
        self.count += 1
        return self.count % 4 in (1, 2)

    def on_datagram(self, data: bytes, sender: Address) -> None:
        if not self.lost():
            super().on_datagram(data, sender)


def test_half_of_all_is_lost() -> None:
    """Every question is answered in the end (UDP-retry-backoff)."""
    _, datagrams = asking(Lossy)
    for number in range(50):
        assert datagrams.ask(datagrams.sample(number)).payload == datagrams.sample(number).hear
    assert sum(asked.sent for asked in datagrams.asked) > 60


def test_every_check_is_content_with_a_lossy_server() -> None:
    """Loss fails nothing: it is legal (RFC 768)."""
    from tests.gates import Gate, cases

    class LosingEveryThird(Lossy):
        def lost(self) -> bool:
            self.count += 1
            return self.count % 3 == 2

    gate = Gate("datagram", {}, LosingEveryThird)
    assert gate.survey.sound
    bad = [case.name for case in cases("datagram") if gate.judge(case).verdict in ("fail", "deviation", "error")]
    assert not bad


def test_each_try_waits_twice_as_long() -> None:
    """Where nobody answers, a question is asked after 0, 1 and 3 s, and given up after 7 (RFC 8085 3.1.1)."""

    class Silent(DialectDatagrams):
        def on_datagram(self, data: bytes, sender: Address) -> None:
            times.append(self.now)

    times: list[float] = []
    target, datagrams = asking(Silent)
    with pytest.raises(NonConformity, match="nothing in 3 tries, 7 s"):
        datagrams.ask(datagrams.sample())
    assert times == [0.0, 1.0, 3.0]
    assert target.carriage.now() == 7.0


@pytest.mark.parametrize("connected", [True, False])
def test_forged_reply_is_ignored(connected: bool) -> None:
    """What comes from another port is no reply, however right it looks (UDP-promiscuous-client)."""

    class Forged(DialectDatagrams):
        def reply(self, payload: bytes, to: Address) -> None:
            self.act(SendTo(b"forged", to, "port"))
            self.act(SendTo(payload, to, "port"))
            super().reply(payload, to)

    target, _ = asking(Forged)
    datagrams = Datagrams(Visit(target), Way(connected=connected))
    reply = datagrams.ask(datagrams.sample())
    assert reply.payload == datagrams.sample().hear
    assert reply.sender == datagrams.wire.peer
    assert [stray.payload for stray in datagrams.strays] == ([] if connected else [b"forged", reply.payload])


def test_late_replies_answer_what_was_asked() -> None:
    """A reply to the question before is passed over, and one that nobody asked for is not."""

    class Late(DialectDatagrams):
        def reply(self, payload: bytes, to: Address) -> None:
            self.held = [*getattr(self, "held", []), (payload, to)]
            self.act(WakeAt(self.now + 1.5))

        def on_wake(self) -> None:
            for payload, to in self.held:
                super().reply(payload, to)
            self.held = []

    _, datagrams = asking(Late)
    for number in range(3):
        assert datagrams.ask(datagrams.sample(number)).payload == datagrams.sample(number).hear
    assert datagrams.twice == 0


def test_reply_too_many_is_noted() -> None:
    """The network may double a datagram: that is no fault of the server's, and is not lost either."""

    class Twice(DialectDatagrams):
        def reply(self, payload: bytes, to: Address) -> None:
            super().reply(payload, to)
            super().reply(payload, to)

    _, datagrams = asking(Twice)
    datagrams.ask(datagrams.sample(0))
    datagrams.ask(datagrams.sample(1))
    assert datagrams.twice == 1
    assert datagrams.visit.notes == ["a reply came more often than its request was sent"]


def test_wrong_reply_is_told_at_once() -> None:
    """Nobody is asked again who has answered wrongly."""

    class Wrong(DialectDatagrams):
        def reply(self, payload: bytes, to: Address) -> None:
            super().reply(b"wrong", to)

    target, datagrams = asking(Wrong)
    with pytest.raises(NonConformity, match="received wrong"):
        datagrams.ask(datagrams.sample())
    assert target.carriage.now() == 0.0
    assert datagrams.ask(anything(b"?")).payload == b"wrong"


def test_a_reply_under_another_id_is_another_reply() -> None:
    """Of two requests with different ids, neither takes the other's reply."""
    _, datagrams = asking(DialectDatagrams, dialect="numbered")
    first, second = (datagrams.say(datagrams.dialect.probe(number)) for number in (3, 6))
    reply = datagrams.hear(1.0, second)
    assert reply is not None
    assert reply.payload == b"\0\6Ugly."
    assert (first.heard, second.heard) == (1, 1)


def test_silence_is_proved_by_answers() -> None:
    """Silence counts between two answers only; a server that says nothing at all proves nothing."""

    class Shy(DialectDatagrams):
        def on_datagram(self, data: bytes, sender: Address) -> None:
            if data != b"shy":
                super().on_datagram(data, sender)

    _, datagrams = asking(Shy)
    datagrams.silent(b"shy", "a shy word", twin=datagrams.sample())
    assert {"silence", "twin", "control"} <= datagrams.visit.evidence
    _, datagrams = asking(DialectDatagrams)
    with pytest.raises(NonConformity, match="silence after a shy word"):
        datagrams.silent(b"shy", "a shy word", twin=datagrams.sample())
    _, datagrams = asking(Silent)
    with pytest.raises(Inconclusive, match="nothing in 3 tries"):
        datagrams.silent(b"shy", "a shy word", twin=datagrams.sample())


class Silent(DialectDatagrams):
    """Says nothing."""

    def on_datagram(self, data: bytes, sender: Address) -> None:
        """Nothing."""


def test_answers_from_elsewhere_are_named() -> None:
    """A server that answers from another port is told so by the sanity dialogue, and lost at once."""

    class Elsewhere(DialectDatagrams):
        def send(self, data: bytes, to: Address) -> None:
            self.act(SendTo(data, to, "port"))

    target = memory_target("datagram", {}, Elsewhere)
    survey(target, column_of(PROTOCOLS["datagram"]))
    assert "the reply comes from 127.0.0.1:40007" in target.lost


def test_nothing_is_asked_without_a_dialect() -> None:
    """Nobody can ask without knowing what to say."""
    target = memory_target("datagram")
    target.dialect = None
    with pytest.raises(Inconclusive, match="write a dialect"):
        Datagrams(Visit(target))


def test_nothing_known_is_answered_by_discard() -> None:
    """A dialect without replies leaves nothing to expect."""
    _, datagrams = asking(DialectDatagrams, dialect="discard-udp")
    with pytest.raises(NotApplicable):
        datagrams.sample()


def test_what_our_own_system_does_not_send_is_no_finding(echo: DatagramHost) -> None:
    """A datagram that is too long for us says nothing about the server."""
    target = socket_target(parse_target(f"echo+udp://127.0.0.1:{echo.port}"))
    visit = Visit(target)
    with closing(visit), pytest.raises(Inconclusive, match="our own system"):
        Datagrams(visit).send(bytes(LARGEST + 1))


def test_no_socket_at_a_path_that_is_missing(tmp_path: Path) -> None:
    """A socket that cannot be had is a prerequisite that is not met."""
    target = memory_target("datagram")
    target.carriage = SocketDatagrams("", 0, path=str(tmp_path / "nothing"))
    with pytest.raises(NoConnection, match="No such file"):
        Datagrams(Visit(target))


def test_transcript_shows_boundaries() -> None:
    """Each datagram is a line, the empty one too."""
    _, datagrams = asking(DialectDatagrams)
    datagrams.ask(Exchange(b"a\nb", b"a\nb"))
    datagrams.ask(Exchange(b"", b""))
    shown = [line.text for line in datagrams.visit.transcript.lines() if line.who in "CS"]
    assert shown == [r"a\nb", r"a\nb", "(an empty datagram)", "(an empty datagram)"]

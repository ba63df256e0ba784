"""The stream checks over real sockets: the reference is healthy there too, whatever it speaks, and where nobody says
what it speaks; and the names by which a target is reached.
"""

from __future__ import annotations

import errno
import socket
import threading
from contextlib import closing
from pathlib import Path

import pytest

from pytest_netconform.ca import Authority
from pytest_netconform.dialogues.stream import Stream
from pytest_netconform.fixtures.network import Network, column_of, memory_target, socket_target
from pytest_netconform.fixtures.stream import RUNGS, reference
from pytest_netconform.judge import judge, survey
from pytest_netconform.memory import Memory
from pytest_netconform.protocols import PROTOCOLS, SUITES
from pytest_netconform.reference_servers.host import serving
from pytest_netconform.reference_servers.null import NULLS
from pytest_netconform.reference_servers.session import Session
from pytest_netconform.sockets import SocketCarriage
from pytest_netconform.suites.streams import connections
from pytest_netconform.target import Spec, Target, parse_target
from pytest_netconform.verdict import Inconclusive, NonConformity, Verdict
from pytest_netconform.visit import Visit
from tests.gates import cases

QUIET = 0.3  # seconds of silence in place of those that a run takes
HEALTHY = (Verdict.PASS, Verdict.OBSERVED, Verdict.NOT_APPLICABLE)
ROW = PROTOCOLS["stream"]
COLUMN = column_of(ROW)
#: Target options, and what must not be without a verdict there.
SPOKEN = {
    "dialect=lines": {"TCP-sendall-large", "TCP-eof-mid-message", "TCP-9293-3.9-concurrent"},
    "dialect=echo": {"TCP-9293-3.6-half-close-echo", "TCP-recvall-large", "TCP-deadlock-both-write", "TCP-urgent"},
    "dialect=until-close": {"TCP-9293-3.6-half-close-order", "TCP-fin-seen"},
    "dialect=discard": {"TCP-9293-3.5.3-rst-abort", "TCP-fin-seen"},
    "dialect=time": {"TCP-9293-SHLD3-close-unread", "TCP-backlog-burst"},
    "dialect=lines&transport=unix": {"TCP-unix-stream"},
}
NULL = ("silent", "close", "echo", "reset")
SILENT = {name: make for name, make in NULLS.items() if name in NULL}


@pytest.fixture(autouse=True)
def _in_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "IDLE", QUIET)


def judged(target: Target) -> dict[str, tuple[Verdict, str]]:
    """Every check of the suite, by its id and name; the worst that can be said of it is part of the text."""
    survey(target, COLUMN)
    assert target.survey.sound, target.survey.lacking
    found = {}
    for case in cases("stream"):
        if not case.id.startswith("TCP-"):
            continue
        outcome = judge(case.function, {name: RUNGS[name] for name in case.rungs}, case.values, target, COLUMN)
        found[f"{case.id} {case.name}"] = outcome.verdict, str(outcome)
    return found


def unhealthy(found: dict[str, tuple[Verdict, str]]) -> dict[str, str]:
    """What a healthy server must not hear."""
    return {name: said for name, (verdict, said) in found.items() if verdict not in HEALTHY}


@pytest.mark.parametrize("options", list(SPOKEN))
def test_reference_is_healthy_over_sockets(options: str) -> None:
    """Every check that applies passes, or records what it saw."""
    with closing(Network()) as network:
        target = network.target(parse_target(f"reference:stream?{options}"), allowed=frozenset({"intrusive"}))
        found = judged(target)
    assert unhealthy(found) == {}
    said = {name.partition(" ")[0] for name, (verdict, _) in found.items() if verdict is not Verdict.NOT_APPLICABLE}
    assert SPOKEN[options] <= said


def test_reference_is_healthy_inside_tls() -> None:
    """A dialect over TLS from the start: the same checks, but for what TLS has no way for."""
    with Authority() as authority:
        session = reference({"dialect": "lines"}).make_session
        with serving(session, tls=authority.server_context(), implicit_tls=True) as host:
            spec = parse_target(f"tcps://{host.host}:{host.port}?dialect=lines")
            found = judged(socket_target(spec, allowed=frozenset({"intrusive"})))
    assert unhealthy(found) == {}
    said = {name.partition(" ")[0] for name, (verdict, _) in found.items() if verdict is not Verdict.NOT_APPLICABLE}
    assert SPOKEN["dialect=lines"] <= said and not said & {"TCP-urgent", "TCP-fin-seen"}


def test_what_ends_with_the_stream_cannot_be_said_inside_tls() -> None:
    """A half-close is no part of TLS that every server knows: nobody is blamed for that, and it is said."""
    with Authority() as authority:
        session = reference({"dialect": "until-close"}).make_session
        with serving(session, tls=authority.server_context(), implicit_tls=True) as host:
            target = socket_target(parse_target(f"tcps://{host.host}:{host.port}?dialect=until-close"))
            survey(target, COLUMN)
    assert not target.survey.sound and "inside TLS an end of one half" in target.survey.lacking


@pytest.mark.parametrize("null", NULL)
def test_what_holds_for_anything_asks_no_more(null: str) -> None:
    """A server of which nobody said what it speaks, and which always does the same, does nothing wrong by that; but a
    close that is a reset, or never comes, is no orderly end.
    """
    target = Target(Spec("x", "127.0.0.1", 1, "tcp", protocol=ROW), Memory(lambda: SILENT[null](b"", b"")))
    worst = {name: verdict for name, (verdict, _) in judged(target).items() if verdict not in HEALTHY}
    assert worst == ({"TCP-fin-seen test_end_is_orderly": Verdict.DEVIATION} if null == "reset" else {})


@pytest.mark.parametrize("dialect", ["lines", "discard", "time"])
def test_reference_without_a_dialect(dialect: str) -> None:
    """The same over sockets, for servers that wait, that swallow, and that speak and close."""
    with serving(reference({"dialect": dialect}).make_session) as host:
        spec = Spec("x", host.host, host.port, "tcp", protocol=ROW)
        target = Target(spec, SocketCarriage(host.host, host.port), allowed=frozenset({"intrusive"}))
        found = judged(target)
    assert unhealthy(found) == {}
    assert sum(verdict is Verdict.PASS for verdict, _ in found.values()) >= 6


class Mute(Session):
    """Never says anything, and never ends."""

    def on_end(self) -> None:
        pass


def test_an_end_that_never_comes_deviates() -> None:
    """It is a SHOULD, whatever is known of the target."""
    target = Target(Spec("x", "127.0.0.1", 1, "tcp", protocol=ROW), Memory(Mute))
    assert unhealthy(judged(target)).keys() == {"TCP-fin-seen test_end_is_orderly"}


# -- names


def opened(target: Target) -> Stream:
    """A dialogue as a check gets it."""
    stream = RUNGS["stream"](Visit(target))
    assert isinstance(stream, Stream)
    stream.reopen = RUNGS["stream"]
    return stream


def test_ports_are_those_of_the_services() -> None:
    """Where this machine knows a service, its scheme has the same port."""
    known = 0
    for row in PROTOCOLS.values():
        for name, way in row.schemes.items():
            try:
                port = socket.getservbyname(name.removesuffix("+udp"), "udp" if way.datagrams else "tcp")
            except OSError:
                continue
            known += 1
            assert way.port == port, name
    assert SUITES and (known or not Path("/etc/services").exists())


def test_first_address_that_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name with two addresses, of which only the second is served, is reached; and the first is told apart."""
    with serving(reference({"dialect": "lines"}).make_session) as host:
        places = {
            "::1": [(socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", host.port, 0, 0))],
            "127.0.0.1": [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", host.port))],
        }
        places["localhost"] = [*places["::1"], *places["127.0.0.1"]]
        monkeypatch.setattr(socket, "getaddrinfo", lambda name, *_, **__: places[name])
        spec = Spec("x", "localhost", host.port, "tcp", protocol=ROW)
        target = Target(spec, SocketCarriage("localhost", host.port), dialect=reference({"dialect": "lines"}).dialect)
        survey(target, COLUMN)
        stream = opened(target)
        assert target.survey.sound and stream.hosts == ("::1", "127.0.0.1")
        stream.elsewhere("127.0.0.1").served()
        with pytest.raises((NonConformity, Inconclusive), match="cannot connect to"):
            stream.elsewhere("::1")
        stream.visit.close()


def test_addresses_that_we_cannot_reach_are_not_the_targets(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system without IPv6 says so, and nobody else is blamed."""
    with serving(reference({"dialect": "lines"}).make_session) as host:
        target = Target(
            Spec("x", host.host, host.port, "tcp", protocol=ROW),
            SocketCarriage(host.host, host.port),
            dialect=reference({"dialect": "lines"}).dialect,
        )
        stream = opened(target)

        def nowhere(*_: object) -> socket.socket:
            raise OSError(errno.ENETUNREACH, "Network is unreachable")

        monkeypatch.setattr(socket, "create_connection", nowhere)
        with pytest.raises(Inconclusive, match="our own system knows no way"):
            stream.elsewhere("::1")
        stream.visit.close()


def test_a_full_queue_is_waited_for(tmp_path: Path) -> None:
    """Before a socket file the system refuses who finds it full, where an address would let him wait."""
    path = str(tmp_path / "full.sock")
    carriage = SocketCarriage("", 0, path=path, connect_seconds=0.2)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(path)
        listener.listen(0)
        visit = Visit(Target(Spec("x", scheme="unix", path=path, protocol=ROW), carriage))
        visit.dial()
        with pytest.raises(Inconclusive, match="temporarily unavailable"):
            visit.dial()
        timer = threading.Timer(0.05, lambda: listener.accept()[0].close())
        timer.start()
        visit.dial()
        timer.join()
        visit.close()


def test_a_socket_file_has_no_addresses() -> None:
    """And the one machine in memory has two."""
    assert SocketCarriage("", 0, path="/nowhere").hosts() == ()
    stream = opened(memory_target("stream", {"dialect": "lines"}))
    assert stream.hosts == ("127.0.0.1", "::1")

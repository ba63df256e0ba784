"""Weathered hosts against plain sockets: what a fault says is what a client sees, and nothing is left behind."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_netconform.ca import Authority
from pytest_netconform.faults import (
    WEATHERS,
    Blackholed,
    CloseAfter,
    Coalesced,
    Corrupted,
    Duplicated,
    Fault,
    HalfClosed,
    Latency,
    Lost,
    Refused,
    Reordered,
    ResetAfter,
    Segmented,
    SlowAccept,
    SmallWindow,
    Stalled,
    Truncated,
    Way,
    Weather,
    weather,
)
from pytest_netconform.names import NoSuchName, SlowName, names_answered
from pytest_netconform.reference_servers.host import Loop
from pytest_netconform.reference_servers.session import Address, Close, DatagramSession, Session
from pytest_netconform.reference_servers.weathered import WeatheredHost
from pytest_netconform.reference_servers.weathered_datagrams import WeatheredDatagramHost

PATIENCE = 10.0  # seconds for what is owed; never used up when all is well
SILENCE = 0.2  # seconds of nothing that are taken for ever


class Parrot(Session):
    """Greets, echoes, and closes on `quit`."""

    ends = 0

    def on_open(self) -> None:
        self.send(b"hello, client\n")

    def on_data(self, data: bytes) -> None:
        self.send(data)
        if b"quit" in data:
            self.act(Close())

    def on_end(self) -> None:
        type(self).ends += 1
        super().on_end()


class Echo(DatagramSession):
    def on_datagram(self, data: bytes, sender: Address) -> None:
        self.send(data, sender)


@pytest.fixture(scope="module")
def loop() -> Iterator[Loop]:
    loop = Loop()
    yield loop
    loop.close()


def host(loop: Loop, *faults: Fault, **where: object) -> WeatheredHost:
    return WeatheredHost(Parrot, Weather(faults), loop=loop, **where)  # type: ignore[arg-type]


def dial(server: WeatheredHost, seconds: float = PATIENCE) -> socket.socket:
    return socket.create_connection(server.address, timeout=seconds)


def pieces(sock: socket.socket, size: int = 1 << 30) -> list[bytes]:
    """What arrives, read by read, up to the end or so many octets."""
    found: list[bytes] = []
    while sum(map(len, found)) < size:
        data = sock.recv(1 << 16)
        if not data:
            break
        found.append(data)
    return found


def test_segments_arrive_by_themselves(loop: Loop) -> None:
    """A client that takes one read for one answer is found out."""
    with host(loop, Segmented(1)) as server, dial(server) as client:
        found = pieces(client, 14)
        assert b"".join(found) == b"hello, client\n" and len(found) >= 5
        client.sendall(b"quit")
        assert b"".join(pieces(client)) == b"quit"


def test_bunches_arrive_together(loop: Loop) -> None:
    """Greeting and answer in one read, for a client that speaks early."""
    with host(loop, Coalesced(0.2)) as server, dial(server) as client:
        client.sendall(b"early")
        assert client.recv(100) == b"hello, client\nearly"


def test_latency_is_kept(loop: Loop) -> None:
    """Nothing comes sooner, and in both directions it adds up."""
    with host(loop, Latency(0.05), Latency(0.05, to=Way.UP)) as server, dial(server) as client:
        pieces(client, 14)
        began = time.monotonic()
        client.sendall(b"x")
        assert client.recv(1) == b"x"
        assert time.monotonic() - began >= 0.1


@pytest.mark.parametrize(
    ("fault", "arrives"),
    [
        (CloseAfter(5), b"hello"),
        (CloseAfter(0), b""),
        (CloseAfter(14), b"hello, client\n"),
        (HalfClosed(5), b"hello"),
        (Truncated(0.5, longer=10), b"hello, "),
        (Corrupted(0, mask=0x20), b"Hello, client\n"),
    ],
    ids=repr,
)
def test_ends_are_seen(loop: Loop, fault: Fault, arrives: bytes) -> None:
    """As many octets as the fault lets through, then a clean end."""
    struck: list[tuple[Fault, int]] = []
    server = WeatheredHost(Parrot, Weather((fault,)), lambda *what: struck.append(what), loop=loop)
    with server, dial(server) as client:
        client.sendall(b"quit")
        assert b"".join(pieces(client)).removesuffix(b"quit") == arrives
        client.close()
        assert server.idle()
    assert struck == [(fault, 1)] and server.errors == []


@pytest.mark.parametrize("way", Way)
def test_a_reset_is_one(loop: Loop, way: Way) -> None:
    """RST and not FIN, behind so many octets of one side; the session hears that it is over."""
    Parrot.ends = 0
    with host(loop, ResetAfter(5, to=way)) as server, dial(server) as client:
        with pytest.raises(ConnectionResetError):
            pieces(client, 5)
            client.sendall(b"12345")
            pieces(client)
        assert server.idle() and Parrot.ends == 1


@pytest.mark.parametrize("fault", [Stalled(0), Stalled(5)], ids=repr)
def test_a_stall_is_for_ever(loop: Loop, fault: Stalled) -> None:
    """The connection stands, and nothing more comes, whatever is said; the end of the host ends it."""
    with host(loop, fault) as server:
        client = dial(server)
        assert len(b"".join(pieces(client, fault.after))) == fault.after
        client.settimeout(SILENCE)
        client.sendall(b"quit")
        with pytest.raises(TimeoutError):
            client.recv(1)
        assert server.connections == 1
    with client, contextlib.suppress(ConnectionResetError):
        assert client.recv(1) == b""


def test_a_deaf_server_does_not_read(loop: Loop) -> None:
    """Who sends much to him waits for ever."""
    with host(loop, Stalled(0, to=Way.UP), SmallWindow()) as server, dial(server, SILENCE) as client:
        pieces(client, 14)
        with pytest.raises(TimeoutError):
            client.sendall(bytes(1 << 24))


def test_a_window_is_small(loop: Loop) -> None:
    """What is not read soon fills the buffers, and all of it arrives all the same."""
    data = bytes(range(256)) * 2000
    with host(loop, SmallWindow(1024)) as server, dial(server) as client:
        pieces(client, 14)
        sender = threading.Thread(target=client.sendall, args=(data,))
        sender.start()
        assert b"".join(pieces(client, len(data))) == data
        sender.join()


def test_accepting_takes_its_time(loop: Loop) -> None:
    """Connecting does not, and what was said early is heard."""
    with host(loop, SlowAccept(0.1)) as server:
        began = time.monotonic()
        with dial(server) as client:
            client.sendall(b"quit")
            assert b"".join(pieces(client)) == b"hello, client\nquit"
        assert time.monotonic() - began >= 0.1
        waiting = dial(server)
    waiting.close()


@pytest.mark.parametrize("unix", [False, True], ids=["tcp", "unix"])
def test_refusing(loop: Loop, tmp_path: Path, unix: bool) -> None:
    """Nobody listens, and the number is not given to anybody else meanwhile."""
    path = str(tmp_path / "sock") if unix else None
    with host(loop, Refused(), path=path) as server:
        sock = socket.socket(socket.AF_UNIX if unix else socket.AF_INET)
        with sock, pytest.raises(ConnectionRefusedError):
            sock.connect(path or server.address)
        if not unix:
            with pytest.raises(OSError, match="in use"), socket.create_server(server.address):
                pass
    assert not list(tmp_path.iterdir())


def test_a_black_hole(loop: Loop) -> None:
    """A connect is answered by nothing."""
    with host(loop, Blackholed()) as server, pytest.raises(TimeoutError):
        dial(server, SILENCE)


def test_first_connections_only(loop: Loop) -> None:
    """Who tries again is served."""
    with host(loop, CloseAfter(0, connections=1)) as server:
        with dial(server) as client:
            assert pieces(client) == []
        with dial(server) as client:
            assert b"".join(pieces(client, 14)) == b"hello, client\n"


@pytest.mark.parametrize("name", ["segmented", "scattered", "coalesced", "slow", "rough", "trickling"])
def test_tls_goes_through(loop: Loop, authority: Authority, name: str) -> None:
    """Records are cut and delayed, and the closing alert comes before the end."""
    server = WeatheredHost(Parrot, weather(name), tls=authority.server_context(), implicit_tls=True, loop=loop)
    context = authority.client_context()
    with server, dial(server) as plain, context.wrap_socket(plain, server_hostname="localhost") as client:
        client.sendall(b"quit")
        assert b"".join(pieces(client)) == b"hello, client\nquit"
    assert (server.errors, server.tls_errors) == ([], [])


@pytest.mark.parametrize("name", [name for name in WEATHERS if weather(name).streams])
def test_nothing_is_left(loop: Loop, name: str) -> None:
    """Whatever the weather, a host that is stopped in the middle leaves no task, timer or socket."""
    server = WeatheredHost(Parrot, weather(name), loop=loop)
    with server:
        clients = []
        for _ in range(2):
            sock = socket.socket()
            clients.append(sock)
            sock.settimeout(0.05)
            sock.connect_ex(server.address)
        for client in clients:
            try:
                client.sendall(b"x" * 1000)
                client.recv(10)
            except OSError:
                pass
    for client in clients:
        client.close()
    assert (server.connections, server.errors, server._waiting, server._held) == (0, [], {}, [])


# -- datagrams


def ask(loop: Loop, *faults: Fault, count: int = 10, seconds: float = SILENCE) -> list[bytes]:
    with (
        WeatheredDatagramHost(Echo, Weather(faults), loop=loop) as server,
        socket.socket(type=socket.SOCK_DGRAM) as sock,
    ):
        sock.settimeout(seconds)
        sock.connect(server.address)
        for place in range(count):
            sock.send(bytes([place]) * 4)
        found = []
        try:
            while True:
                found.append(sock.recv(100))
        except TimeoutError:
            return found


@pytest.mark.parametrize("way", Way)
def test_datagrams_are_lost_and_doubled(loop: Loop, way: Way) -> None:
    """In either direction, as the course says."""
    assert [data[0] for data in ask(loop, Lost(0.0, first=3, to=way))] == list(range(3, 10))
    assert [data[0] for data in ask(loop, Duplicated(to=way), count=3)] == [0, 0, 1, 1, 2, 2]
    late = [data[0] for data in ask(loop, Reordered(0.5, to=way))]
    assert sorted(late) == list(range(10)) != late
    assert ask(loop, Corrupted(1, to=way), Latency(0.01, to=way), count=1) == [b"\0\1\0\0"]


def test_datagrams_are_refused(loop: Loop) -> None:
    """Nobody is there, and the system says so."""
    with pytest.raises(ConnectionRefusedError):
        ask(loop, Refused())


# -- names


def test_names_fail_and_come_back() -> None:
    """A name resolves, does not, or takes its time; others, and the time after, are not touched."""
    before = socket.getaddrinfo
    table = {"mail.example": "127.0.0.1", "gone.example": NoSuchName(), "busy.example": NoSuchName(again=True)}
    with names_answered(table):
        assert socket.getaddrinfo("mail.example", 25)[0][4][0] == "127.0.0.1"
        assert socket.getaddrinfo("localhost", 25)
        with pytest.raises(socket.gaierror) as gone:
            socket.create_connection(("gone.example", 25))
        with pytest.raises(socket.gaierror) as busy:
            socket.create_connection(("BUSY.example.", 25))
        with names_answered({"mail.example": SlowName(0.05, "127.0.0.2")}):
            began = time.monotonic()
            assert socket.getaddrinfo("mail.example", 25)[0][4][0] == "127.0.0.2"
            assert time.monotonic() - began >= 0.05
    assert (gone.value.errno, busy.value.errno) == (socket.EAI_NONAME, socket.EAI_AGAIN)
    assert socket.getaddrinfo is before

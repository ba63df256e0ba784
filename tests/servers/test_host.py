"""The host against plain sockets: what a session asks for is what a client sees, and nothing is left behind."""

from __future__ import annotations

import contextlib
import gc
import os
import select
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pytest_netconform.reference_servers import connection
from pytest_netconform.reference_servers.host import Host, Loop, serving
from pytest_netconform.reference_servers.mutants import hosts
from pytest_netconform.reference_servers.session import Close, Reset, Session, WakeAt

PATIENCE = 10.0  # seconds for what is owed; never used up when all is well
BIG = bytes(range(256)) * 4096  # 1 MiB
MUTANTS = {mutant.name: mutant for mutant in hosts.HOST_MUTANTS}


class Echo(Session):
    def on_data(self, data: bytes) -> None:
        self.send(data)


class Farewell(Echo):
    """Speaks after the peer's end, and once more a moment later."""

    def on_end(self) -> None:
        self.send(b"bye\n")
        self.act(WakeAt(self.now + 0.01))

    def on_wake(self) -> None:
        self.send(b"bye again\n")
        self.act(Close())


class Recording(Session):
    """Keeps what it was told, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[object] = []
        self.ended = threading.Event()

    def on_open(self) -> None:
        self.told.append(("open", self.peer.secure))
        self.send(b"ready\n")

    def on_data(self, data: bytes) -> None:
        self.told.append(data)

    def on_end(self) -> None:
        self.told.append("end")
        self.ended.set()
        super().on_end()


@pytest.fixture(scope="module")
def loop() -> Iterator[Loop]:
    loop = Loop()
    yield loop
    loop.close()


def dial(server: Host) -> socket.socket:
    if server.path is not None:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.settimeout(PATIENCE)
        sock.connect(server.path)
        return sock
    return socket.create_connection(server.address, timeout=PATIENCE)


def exactly(sock: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        arrived = sock.recv(size - len(data))
        assert arrived, f"the end came after {data!r}, {size} octets were expected"
        data += arrived
    return data


def everything(sock: socket.socket) -> bytes:
    return b"".join(iter(lambda: sock.recv(1 << 16), b""))


def break_off(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def descriptors() -> list[str]:
    gc.collect()
    found = []
    for number in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):  # the listing's own
            found.append(f"{number} {os.readlink(f'/proc/self/fd/{number}')}")
    return sorted(each for each in found if "/fd" not in each)


def test_octets_come_back_however_they_were_cut(loop: Loop) -> None:
    """Every octet reaches the session and every answer the client."""
    with serving(Echo, loop=loop) as server, dial(server) as client:
        for octet in b"hello\r\n":
            client.sendall(bytes([octet]))
        assert exactly(client, 7) == b"hello\r\n"
        assert (server.connections, server.accepted) == (1, 1)
        client.close()
        assert server.idle()
    assert (server.connections, server.errors, server.tls_errors) == (0, [], [])


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_loopback_of_both_families(loop: Loop, host: str) -> None:
    """The session learns the client's own address."""
    session = Recording()
    with serving(lambda: session, host=host, loop=loop) as server, dial(server) as client:
        exactly(client, 6)
        assert session.peer.address == client.getsockname()[:2]
        assert server.port != 0


def test_unix_socket(loop: Loop, tmp_path: Path) -> None:
    """A path serves as well, and is gone afterwards."""
    path = tmp_path / "socket"
    with serving(Echo, path=str(path), loop=loop) as server, dial(server) as client:
        client.sendall(b"abc")
        assert exactly(client, 3) == b"abc"
    assert not path.exists()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com", ""])
def test_nothing_but_loopback_is_served(host: str) -> None:
    """Any other address is refused before a socket exists, by a message that names it."""
    with pytest.raises(
        ValueError, match=r"127\.0\.0\.1, ::1 or localhost only, got '" + host.replace(".", r"\.") + "'"
    ):
        serving(Echo, host=host)


def test_an_address_in_use_is_an_error(loop: Loop) -> None:
    """Two hosts cannot have one port, and the second leaves nothing behind."""
    with serving(Echo, loop=loop) as server, pytest.raises(OSError), serving(Echo, port=server.port, loop=loop):
        pass


def test_after_half_close_all_answers_come(loop: Loop) -> None:
    """A megabyte that is followed by the client's FIN comes back whole, then FIN."""
    with serving(Echo, loop=loop) as server, dial(server) as client:
        received: list[bytes] = []
        reader = threading.Thread(target=lambda: received.append(everything(client)))
        reader.start()
        client.sendall(BIG)
        client.shutdown(socket.SHUT_WR)
        reader.join(PATIENCE)
        assert received == [BIG]


def test_after_half_close_a_session_may_take_its_time(loop: Loop) -> None:
    """What a session says at the peer's end, and later, is delivered."""
    with serving(Farewell, loop=loop) as server, dial(server) as client:
        client.sendall(b"abc")
        client.shutdown(socket.SHUT_WR)
        assert everything(client) == b"abcbye\nbye again\n"
        assert server.idle()
    assert server.errors == []


def test_close_flushes_and_is_no_reset(loop: Loop) -> None:
    """An answer of a megabyte and then FIN, though input lies unread and more of it keeps coming."""

    class Goodbye(Session):
        def on_data(self, data: bytes) -> None:
            self.send(BIG)
            self.act(Close())
            self.send(b"never sent")

    with serving(Goodbye, loop=loop) as server, dial(server) as client:
        writer = threading.Thread(target=client.sendall, args=(BIG,))
        writer.start()
        assert everything(client) == BIG
        writer.join(PATIENCE)
        client.sendall(b"still not a reset")
        assert client.recv(1) == b""


def test_the_drain_after_a_close_is_bounded(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that never closes is left after LINGER seconds."""
    monkeypatch.setattr(connection, "LINGER", 0.01)

    class Closing(Session):
        def on_open(self) -> None:
            self.act(Close())

    with serving(Closing, loop=loop) as server, dial(server) as client:
        assert client.recv(1) == b""
        assert server.idle()


def test_reset(loop: Loop) -> None:
    """A reset is RST, not FIN."""

    class Resetting(Session):
        def on_data(self, data: bytes) -> None:
            self.act(Reset())

    with serving(Resetting, loop=loop) as server, dial(server) as client:
        client.sendall(b"x")
        with pytest.raises(ConnectionResetError):
            client.recv(1)


def test_a_wish_fires_once_and_never_early(loop: Loop) -> None:
    """A replaced or cancelled wish does not fire, the last one does, at its time or later."""
    woken: list[float] = []

    class Wishing(Session):
        def on_open(self) -> None:
            self.act(WakeAt(self.now))
            self.act(WakeAt(None))
            self.act(WakeAt(self.now))
            self.at = self.now + 0.02
            self.act(WakeAt(self.at))

        def on_wake(self) -> None:
            woken.append(self.now - self.at)
            self.act(Close())

    with serving(Wishing, loop=loop) as server, dial(server) as client:
        assert client.recv(1) == b""
        assert len(woken) == 1
        assert woken[0] >= 0


def test_a_client_that_does_not_read_is_not_listened_to(loop: Loop) -> None:
    """What is buffered for it stays bounded, and when it reads again nothing is lost."""
    bound = 64 << 20  # both kernels' buffers and ours are far below
    with serving(Echo, loop=loop) as server, dial(server) as client:
        client.setblocking(False)
        sent = 0
        while sent < bound and select.select([], [client], [], 0.3)[1]:
            with contextlib.suppress(BlockingIOError):
                sent += client.send(BIG)
        assert sent < bound
        client.settimeout(PATIENCE)
        client.shutdown(socket.SHUT_WR)
        received = 0
        while data := client.recv(1 << 20):
            start = received % 256
            assert data == (BIG + BIG)[start : start + len(data)]
            received += len(data)
        assert received == sent


def test_two_hundred_connections_at_once(loop: Loop) -> None:
    """All are open together, and each is answered with its own octets."""
    with serving(Echo, loop=loop) as server, contextlib.ExitStack() as stack:
        clients = [stack.enter_context(dial(server)) for _ in range(200)]
        for number, client in enumerate(clients):
            client.sendall(b"%03d" % number)
        assert [exactly(client, 3) for client in clients] == [b"%03d" % number for number in range(200)]
        assert (server.connections, server.accepted) == (200, 200)


@pytest.mark.parametrize("outcome", [ValueError("broken"), pytest.fail.Exception("said no")])
@pytest.mark.parametrize("where", ["on_open", "on_data", "on_end", "on_wake"])
def test_a_session_that_raises_ends_its_own_connection_only(loop: Loop, where: str, outcome: BaseException) -> None:
    """The error is kept for the test, that client sees a close, and the host serves the next."""

    def broken(self: Session, *data: bytes) -> None:
        raise outcome

    def wishing(self: Session) -> None:
        self.act(WakeAt(self.now))

    broken_session = type("Broken", (Echo,), {**({"on_open": wishing} if where == "on_wake" else {}), where: broken})
    sessions: Iterator[Callable[[], Session]] = iter([broken_session, Echo])
    with serving(lambda: next(sessions)(), loop=loop) as server:
        with dial(server) as client:
            if where == "on_data":
                client.sendall(b"x")
            if where == "on_end":
                client.shutdown(socket.SHUT_WR)
            assert client.recv(1) == b""
        with dial(server) as client:
            client.sendall(b"y")
            assert exactly(client, 1) == b"y"
        assert server.errors == [outcome]


def test_a_factory_that_raises_is_recorded(loop: Loop) -> None:
    """No session, no service, and the reason is kept."""
    with serving(lambda: Session(1), loop=loop) as server, dial(server) as client:  # type: ignore[call-arg]
        assert client.recv(1) == b""
        assert [type(error) for error in server.errors] == [TypeError]


def test_a_session_learns_that_its_client_has_gone(loop: Loop) -> None:
    """After the client's reset, and when the host stops, `end` is called, once."""
    sessions = [Recording(), Recording()]
    waiting = iter(sessions)
    with serving(lambda: next(waiting), loop=loop) as server:
        client = dial(server)
        exactly(client, 6)
        break_off(client)
        assert sessions[0].ended.wait(PATIENCE)
        client = dial(server)
        exactly(client, 6)
    client.close()
    assert [session.told for session in sessions] == [[("open", False), "end"]] * 2
    assert server.errors == []


def test_nothing_is_left_behind() -> None:
    """No thread and no descriptor, whatever state the connections were in; and the loop can be used again."""
    threads, files = threading.active_count(), descriptors()
    loop = Loop()
    for _ in range(2):
        with serving(Echo, loop=loop) as server, serving(Farewell, loop=loop) as other:
            idle, ended, full, gone = dial(server), dial(other), dial(server), dial(server)
            ended.shutdown(socket.SHUT_WR)
            full.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while True:
                    full.send(BIG)
            break_off(gone)
        with pytest.raises(ConnectionRefusedError):
            dial(server)
        for client in (idle, ended, full):
            client.close()
        loop.close()
        assert threading.active_count() == threads
        assert descriptors() == files


def test_closing_the_loop_stops_its_hosts() -> None:
    """A host that nobody stopped goes with its loop, and stopping it afterwards is harmless."""
    threads, files = threading.active_count(), descriptors()
    loop = Loop()
    server = serving(Echo, loop=loop)
    server.start()
    with pytest.raises(RuntimeError, match="runs already"):
        server.start()
    with dial(server) as client:
        loop.close()
        assert client.recv(1) == b""
    server.stop()
    assert (threading.active_count(), descriptors()) == (threads, files)


def test_one_at_a_time_mutant_lets_the_second_wait(loop: Loop) -> None:
    """The second client is served when the first has gone, and not before."""
    with serving(Recording, loop=loop, kind=MUTANTS["one_client_at_a_time"].kind) as server:
        first, second = dial(server), dial(server)
        exactly(first, 6)
        assert select.select([second], [], [], 0.05)[0] == []
        first.close()
        assert exactly(second, 6) == b"ready\n"
        second.close()


def test_dying_listener_mutant_refuses_after_a_reset(loop: Loop) -> None:
    """An orderly close does it no harm, a reset kills it."""
    with serving(Recording, loop=loop, kind=MUTANTS["listener_dies_on_rst"].kind) as server:
        with dial(server) as client:
            exactly(client, 6)
        assert server.idle()
        client = dial(server)
        exactly(client, 6)
        other = dial(server)
        exactly(other, 6)
        break_off(client)
        assert everything(other) == b""
        assert server.idle()
        assert not server.listening
        with pytest.raises(ConnectionRefusedError):
            dial(server)
        other.close()


def test_forgetful_mutant_loses_answers_at_half_close_only(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    """In lock-step it answers; behind the client's FIN nothing comes."""
    with serving(Echo, loop=loop, kind=MUTANTS["half_close_loses_message_after_250"].kind) as server:
        with dial(server) as client:
            client.sendall(b"abc")
            assert exactly(client, 3) == b"abc"
            monkeypatch.setattr(hosts, "WITHHELD", PATIENCE)  # so that the FIN comes first on the slowest machine too
            client.sendall(b"def")
            client.shutdown(socket.SHUT_WR)
            assert everything(client) == b""
        assert server.idle()
    assert server.errors == []


def test_sending_once_mutant_truncates(loop: Loop) -> None:
    """A small answer is whole, one that is larger than the socket's buffer is not."""

    class Large(Session):
        def on_data(self, data: bytes) -> None:
            self.send(BIG * (1 if data == b"1" else 16))
            self.act(Close())

    with serving(Large, loop=loop, kind=MUTANTS["send_in_place_of_sendall"].kind) as server, dial(server) as client:
        client.sendall(b"9")
        assert 0 < len(everything(client)) < 16 * len(BIG)


def test_slamming_mutant_resets(loop: Loop) -> None:
    """Where FIN is due, RST comes."""
    with serving(Echo, loop=loop, kind=MUTANTS["rst_on_close"].kind) as server, dial(server) as client:
        client.shutdown(socket.SHUT_WR)
        with pytest.raises(ConnectionResetError):
            client.recv(1)

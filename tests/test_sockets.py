"""Wires over sockets, where the system's answer depends on who was faster: they say the same either way."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable

import pytest

from pytest_netconform.ca import Authority
from pytest_netconform.sockets import SocketCarriage
from pytest_netconform.transcript import Transcript
from pytest_netconform.transport import Gone

SECONDS = 10.0


def listening(serve: Callable[[socket.socket], None], times: int = 1) -> tuple[int, threading.Thread]:
    """A listener that hands so many connections to `serve`, one after the other: its port, and its thread."""
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        with listener:
            for _ in range(times):
                peer, _address = listener.accept()
                with peer:
                    serve(peer)

    thread = threading.Thread(target=accept)
    thread.start()
    return int(listener.getsockname()[1]), thread


def reset(peer: socket.socket) -> None:
    """Close with a RST."""
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def test_a_reset_at_once_is_a_broken_connection() -> None:
    """Whether connect() or the first read meets the reset is a race; a connection stood, and was broken, both times."""
    port, thread = listening(reset, times=50)
    carriage = SocketCarriage("127.0.0.1", port)
    for number in range(1, 51):
        wire = carriage.connect(Transcript(), number, carriage.now())
        with pytest.raises(Gone):
            wire.receive(wire.now() + SECONDS)
        wire.close()
    thread.join(SECONDS)


def test_a_reset_before_connect_has_looked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rare side of that race: connect() itself says that the connection was reset."""

    def broken(*_: object, **__: object) -> socket.socket:
        raise ConnectionResetError

    monkeypatch.setattr(socket, "create_connection", broken)
    carriage = SocketCarriage("127.0.0.1", 1)
    wire = carriage.connect(Transcript(), 1, carriage.now())
    with pytest.raises(Gone):
        wire.receive(wire.now() + SECONDS)
    wire.close()


def test_half_a_connection_inside_tls() -> None:
    """After our FIN inside TLS what the peer still says is deciphered."""
    said = threading.Event()
    with Authority() as authority:
        context = authority.server_context()

        def serve(peer: socket.socket) -> None:
            with context.wrap_socket(peer, server_side=True) as secure:
                assert secure.recv(100) == b"hello"
                said.wait(SECONDS)
                secure.sendall(b"farewell")

        port, thread = listening(serve)
        carriage = SocketCarriage("127.0.0.1", port, implicit_tls=True)
        wire = carriage.connect(Transcript(), 1, carriage.now())
        wire.send(b"hello", wire.now() + SECONDS)
        wire.shutdown()
        said.set()
        assert wire.secure and wire.receive(wire.now() + SECONDS) == b"farewell"
        wire.close()
        thread.join(SECONDS)

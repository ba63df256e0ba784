"""Data wires: the connections that a dialogue has beside its first, to the target or from it, on sockets or in memory.

They have the same deadlines, transcript and cancel switch as any wire. This module knows sockets and carriages; it must
not know who announces a port, or how.
"""

from __future__ import annotations

import select
import socket
from contextlib import suppress
from typing import Protocol

from pytest_netconform.memory import Memory, MemoryAt
from pytest_netconform.memory_channels import Network
from pytest_netconform.sockets import SocketCarriage, SocketWire
from pytest_netconform.transcript import Transcript, What
from pytest_netconform.transport import Cancel, Cancelled, Carriage, Silence, Unreachable, Wire

SENT_KEPT = 64507  # octets of one sending that a transcript keeps
BIG_ON_SOCKETS = (20 << 20) + 12345  # octets that the buffers of both sides do not hold; no whole number of anything
BIG_IN_MEMORY = (1 << 20) + 12345


class Listener(Protocol):
    """A place where a client waits for the target to connect."""

    @property
    def address(self) -> tuple[str, int]:
        """Where that is."""

    def accept(self, number: int, deadline: float) -> Wire:
        """Whoever comes. Raises Silence at the deadline."""

    def close(self) -> None:
        """Listen no more."""


class Around:
    """Makes the wires beside one wire. big: octets of a transfer that the network alone cannot hold."""

    big = BIG_ON_SOCKETS

    def __init__(self, wire: Wire, transcript: Transcript, epoch: float) -> None:
        self.wire, self.transcript, self.epoch = wire, transcript, epoch

    def connect(self, number: int, address: tuple[str, int], source: str = "") -> Wire:
        """To an address, from one of this machine's own. Raises Unreachable."""
        raise NotImplementedError

    def listen(self, number: int, host: str, port: int = 0) -> Listener:
        """At an address. Raises Unreachable when it is not to be had."""
        raise NotImplementedError

    def joined(self, wire: Wire, word: str, source: str = "") -> None:
        """Put a new wire on record: whose it is, to or from which address, and from which of ours if that matters."""
        wire.kept = SENT_KEPT
        text = f"of {self.wire.number}, {word} {wire.there[0]} port {wire.there[1]}"
        wire.record(What.JOIN, (text + (f", with source {source}" if source else "")).encode())

    def waits(self, number: int, address: tuple[str, int]) -> None:
        """Put a listener on record."""
        at = self.wire.now() - self.epoch
        self.transcript.add(at, number, What.JOIN, f"of {self.wire.number}, at {address[0]} port {address[1]}".encode())


def around(carriage: Carriage, wire: Wire, transcript: Transcript, epoch: float) -> Around:
    """What makes wires beside this one."""
    if isinstance(carriage, MemoryAt):
        carriage = carriage.memory
    if isinstance(carriage, Memory):
        return _InMemory(carriage.network, wire, transcript, epoch)
    assert isinstance(carriage, SocketCarriage) and isinstance(wire, SocketWire)
    return _OnSockets(carriage, wire, transcript, epoch)


class _InMemory(Around):
    big = BIG_IN_MEMORY

    def __init__(self, network: Network, wire: Wire, transcript: Transcript, epoch: float) -> None:
        super().__init__(wire, transcript, epoch)
        self._network = network

    def connect(self, number: int, address: tuple[str, int], source: str = "") -> Wire:
        wire = self._network.dial(self.transcript, number, self.epoch, address, source)
        self.joined(wire, "to", source)
        return wire

    def listen(self, number: int, host: str, port: int = 0) -> Listener:
        return _MemoryListener(self, self._network, number, host, port)


class _MemoryListener:
    def __init__(self, around: _InMemory, network: Network, number: int, host: str, port: int) -> None:
        self._around = around
        self._listener = network.listen(host, port)
        around.waits(number, self.address)

    @property
    def address(self) -> tuple[str, int]:
        return self._listener.address

    def accept(self, number: int, deadline: float) -> Wire:
        wire = self._listener.accept(self._around.transcript, number, self._around.epoch, deadline)
        self._around.joined(wire, "from")
        return wire

    def close(self) -> None:
        self._listener.close()


class _OnSockets(Around):
    def __init__(self, carriage: SocketCarriage, wire: SocketWire, transcript: Transcript, epoch: float) -> None:
        super().__init__(wire, transcript, epoch)
        self._carriage, self._beside = carriage, wire

    def connect(self, number: int, address: tuple[str, int], source: str = "") -> Wire:
        sock = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET, socket.SOCK_STREAM)
        sock.settimeout(self._carriage.connect_seconds)
        try:
            if source:
                sock.bind((source, 0))
            sock.connect(address)
        except ConnectionResetError:  # it was reset as soon as it stood: reading will tell
            wire = self.made(sock, number, "to", address, source)
            wire.was_reset()
            return wire
        except OSError as error:
            sock.close()
            reason = error.strerror or str(error) or type(error).__name__
            raise Unreachable(f"cannot connect to {address[0]} port {address[1]}: {reason}") from None
        return self.made(sock, number, "to", address, source)

    def listen(self, number: int, host: str, port: int = 0) -> Listener:
        return _SocketListener(self, number, host, port, self._carriage.cancel)

    def made(
        self, sock: socket.socket, number: int, word: str, there: tuple[str, int] | None = None, source: str = ""
    ) -> SocketWire:
        """The wire of a connected socket, with the context of the first wire, whose TLS session can be resumed."""
        with suppress(OSError):  # the peer may be gone already
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wire = SocketWire(
            sock,
            self.transcript,
            number,
            self.epoch,
            context=self._beside.context,
            server_name=self._beside.server_name,
            cancel=self._carriage.cancel,
            beside=self._beside,
        )
        wire.there = there or wire.there
        self.joined(wire, word, source)
        return wire


class _SocketListener:
    def __init__(self, around: _OnSockets, number: int, host: str, port: int, cancel: Cancel | None) -> None:
        self._around, self._cancel = around, cancel
        self._socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
        try:
            self._socket.bind((host, port))
            self._socket.listen(8)
            self._socket.setblocking(False)
        except OSError as error:
            self._socket.close()
            raise Unreachable(f"cannot listen at {host} port {port}: {error.strerror or error}") from None
        around.waits(number, self.address)

    @property
    def address(self) -> tuple[str, int]:
        host, port = self._socket.getsockname()[:2]
        return str(host), int(port)

    def accept(self, number: int, deadline: float) -> Wire:
        while True:
            with suppress(BlockingIOError, ConnectionAbortedError):
                sock, _ = self._socket.accept()
                return self._around.made(sock, number, "from")
            poll = select.poll()
            poll.register(self._socket, select.POLLIN)
            if self._cancel is not None:
                poll.register(self._cancel, select.POLLIN)
            left = deadline - self._around.wire.now()
            ready = poll.poll(max(0.0, left) * 1000)
            if not ready:
                raise Silence("nobody came")
            if self._cancel is not None and any(fd == self._cancel.fileno() for fd, _ in ready):
                raise Cancelled

    def close(self) -> None:
        self._socket.close()

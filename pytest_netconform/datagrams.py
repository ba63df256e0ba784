"""Datagrams: a client's end of UDP, or of a Unix datagram socket, with deadlines and a transcript.

This module knows sockets that keep the boundaries of messages, and time. It must not know what the octets mean: it
moves them, records them with their boundaries and senders, and tells a refusal (ICMP: nobody listens there) from
silence. An empty datagram is a datagram, and ends nothing.
"""

from __future__ import annotations

import errno
import os
import secrets
import select
import socket
import stat
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from dataclasses import dataclass, field

from pytest_netconform.transcript import Transcript, What
from pytest_netconform.transport import Cancel, Cancelled, Gone, Unreachable, Wire, wait
from pytest_netconform.wire.cuts import Cut, whole

Address = tuple[str, int]  # of a Unix socket: its path, and 0

CHUNK = 1 << 16  # octets of the largest datagram, and some more
SECOND_LOOPBACK = "127.0.0.2"  # where Linux finds itself too
REFUSALS = (errno.ECONNREFUSED, errno.ECONNRESET)


class Refused(Exception):
    """The system knows that nobody listens there: an ICMP message came for an earlier datagram, or the path is dead."""


class NotOurs(Unreachable):
    """Our own system does not give us the port that we wanted to ask from."""


class Unsent(Exception):
    """Our own system did not send the datagram; the message says why. `too_large`: because of its size."""

    def __init__(self, reason: str, *, too_large: bool = False) -> None:
        super().__init__(reason)
        self.too_large = too_large


@dataclass(frozen=True)
class Arrival:
    """One datagram that came, and from where."""

    data: bytes
    sender: Address


@dataclass(frozen=True)
class Way:
    """How a socket of ours is made.

    connected: the system compares senders for us and tells of refusals; otherwise whatever arrives is shown. port: from
    which port of ours (0: any). host: at which other address of the same server it asks. broadcast: whether it may.
    """

    connected: bool = True
    port: int = 0
    host: str = ""
    broadcast: bool = False


_USUAL = Way()


class DatagramWire(ABC):
    """One socket of ours, whom it asks (`peer`), and where it stands (`local`). Times are absolute (`now`)."""

    def __init__(self, transcript: Transcript, number: int, epoch: float, local: Address, peer: Address) -> None:
        self.transcript = transcript
        self.number = number
        self.local = local
        self.peer = peer
        self._epoch = epoch
        self.record(What.CONNECT, f"{place(peer)} from {place(local)}".encode())

    @abstractmethod
    def now(self) -> float:
        """The time on this wire's clock."""

    def record(self, what: What, data: bytes = b"") -> None:
        """Put an event of this socket into the transcript."""
        self.transcript.add(self.now() - self._epoch, self.number, what, data)

    def send(self, data: bytes, deadline: float) -> None:
        """Send one datagram to the peer. Raises Refused for an earlier one, Unsent, Silence when nobody takes it."""
        self.record(What.DATAGRAM, data)
        try:
            self._write(data, deadline)
        except (Refused, Unsent) as error:
            self.record(What.NOTE, str(error).encode())
            raise

    def receive(self, deadline: float) -> Arrival:
        """The next datagram. Raises Silence at the deadline, Refused, Gone after we closed."""
        try:
            arrival = self._read(deadline)
        except Refused as error:
            self.record(What.NOTE, str(error).encode())
            raise
        if arrival.sender != self.peer:
            self.record(What.NOTE, f"from {place(arrival.sender)}:".encode())
        self.record(What.ARRIVAL, arrival.data)
        return arrival

    def close(self) -> None:
        """Close; harmless when done twice. What arrives later is refused by our system."""
        if self._close():
            self.record(What.CLOSE)

    @abstractmethod
    def _write(self, data: bytes, deadline: float) -> None: ...

    @abstractmethod
    def _read(self, deadline: float) -> Arrival: ...

    @abstractmethod
    def _close(self) -> bool:
        """Whether there was something to close."""


class DatagramCarriage(ABC):
    """Whatever can make datagram wires to a target. It has the shape of any carriage, but connects nobody."""

    @abstractmethod
    def now(self) -> float:
        """The time on the clock of all its wires, in seconds."""

    @abstractmethod
    def pause(self, seconds: float) -> None:
        """Let time pass without listening to anybody."""

    @abstractmethod
    def bind(self, transcript: Transcript, number: int, epoch: float, way: Way) -> DatagramWire:
        """A new socket of ours. Raises Unreachable, with one line."""

    @abstractmethod
    def hosts(self) -> tuple[str, ...]:
        """The addresses at which the target may be asked, its first one first."""

    def connect(self, transcript: Transcript, number: int, epoch: float, cut: Cut = whole) -> Wire:
        """Nobody connects here."""
        raise Unreachable("datagrams know no connections")


def place(address: Address) -> str:
    """An address as text."""
    host, port = address
    if not port:
        return host or "(a socket without a name)"
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


# -- over sockets


@dataclass(frozen=True)
class SocketDatagrams(DatagramCarriage):
    """UDP to one host and port, or to a Unix datagram socket when `path` is given."""

    host: str
    port: int
    path: str = ""
    cancel: Cancel | None = field(default=None, compare=False)

    def now(self) -> float:
        """Monotonic seconds."""
        return time.monotonic()

    def pause(self, seconds: float) -> None:
        """Sleep, unless the run is cancelled."""
        if self.cancel is None:
            time.sleep(seconds)
        elif select.select([self.cancel], [], [], seconds)[0]:
            raise Cancelled

    def hosts(self) -> tuple[str, ...]:
        """Every address of the host, IPv4 first; of a loopback address also a second one, where there is one."""
        if self.path:
            return ()
        try:
            found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_DGRAM)
        except OSError as error:
            raise Unreachable(f"cannot ask {self}: {_reason(error)}") from None
        known = dict.fromkeys(str(info[4][0]) for info in sorted(found, key=lambda info: info[0] != socket.AF_INET))
        if "127.0.0.1" in known and sys.platform == "linux":
            known[SECOND_LOOPBACK] = None
        return tuple(known)

    def bind(self, transcript: Transcript, number: int, epoch: float, way: Way = _USUAL) -> SocketDatagramWire:
        """A socket of ours, bound; Unreachable says why there is none."""
        try:
            sock, peer = self._unix(way) if self.path else self._udp(way)
        except OSError as error:
            raise Unreachable(f"cannot ask {self}: {_reason(error)}") from None
        return SocketDatagramWire(sock, transcript, number, epoch, peer, way.connected, self.cancel)

    def _udp(self, way: Way) -> tuple[socket.socket, Address]:
        host = way.host or self.hosts()[0]
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_DGRAM)
        try:
            if way.broadcast:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            own = _facing(host, self.port)
            try:
                sock.bind((own, way.port))
            except OSError as error:
                raise NotOurs(f"port {way.port} of ours: {_reason(error)}") from None
            if way.connected:
                sock.connect((host, self.port))
        except (OSError, Unreachable):
            sock.close()
            raise
        return sock, (host, self.port)

    def _unix(self, way: Way) -> tuple[socket.socket, Address]:
        if not stat.S_ISSOCK(os.stat(self.path).st_mode):
            raise OSError(errno.ENOTSOCK, "it is no socket")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as probe:
            probe.connect(self.path)  # fails where nobody listens, or the socket is of another kind
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        sock.bind(_name_of_our_own())
        if way.connected:
            sock.connect(self.path)
        return sock, (self.path, 0)

    def __str__(self) -> str:
        return self.path or place((self.host, self.port))


class SocketDatagramWire(DatagramWire):
    """A datagram socket. Never blocks without its deadline and the cancel switch."""

    def __init__(
        self,
        sock: socket.socket,
        transcript: Transcript,
        number: int,
        epoch: float,
        peer: Address,
        connected: bool = True,
        cancel: Cancel | None = None,
    ) -> None:
        sock.setblocking(False)
        self._socket: socket.socket | None = sock
        self._name = sock.getsockname()
        self._connected = connected
        self._cancel = cancel
        super().__init__(transcript, number, epoch, _address(self._name), peer)

    def now(self) -> float:
        """Monotonic seconds."""
        return time.monotonic()

    def _write(self, data: bytes, deadline: float) -> None:
        while True:
            sock = self._open_socket()
            try:
                if self._connected:
                    sock.send(data)
                else:
                    sock.sendto(data, self.peer if self.peer[1] else self.peer[0])
                return
            except BlockingIOError:
                self._wait(deadline, select.POLLOUT)
            except OSError as error:
                raise _unsent(error) from None

    def _read(self, deadline: float) -> Arrival:
        while True:
            sock = self._open_socket()
            try:
                data, sender = sock.recvfrom(CHUNK)
                return Arrival(data, _address(sender))
            except BlockingIOError:
                self._wait(deadline, select.POLLIN)
            except OSError as error:
                raise _unsent(error) from None

    def _close(self) -> bool:
        sock, self._socket = self._socket, None
        if sock is None:
            return False
        sock.close()
        _forget(self._name)
        return True

    def _open_socket(self) -> socket.socket:
        if self._socket is None:
            raise Gone("we closed this socket")
        return self._socket

    def _wait(self, deadline: float, events: int) -> None:
        """Until the socket is ready. Raises Silence at the deadline, Cancelled when the run is interrupted."""
        wait(self._open_socket(), events, deadline, self._cancel)


def _unsent(error: OSError) -> Exception:
    if error.errno in REFUSALS:
        return Refused("refused: nobody listens there")
    return Unsent(_reason(error), too_large=error.errno == errno.EMSGSIZE)


def _reason(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__


def _facing(host: str, port: int) -> str:
    """Our own address on the way to a host; a socket that stands at all of them could not say which."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        probe.connect((host, port))  # of a datagram socket: nothing is sent
        return str(probe.getsockname()[0])


def _address(name: object) -> Address:
    if isinstance(name, tuple):
        return str(name[0]), int(name[1])
    text = name.decode("latin-1") if isinstance(name, bytes) else str(name or "")
    return text.replace("\0", "@"), 0


def _name_of_our_own() -> str:
    """A name to which a Unix peer can answer: one that Linux chooses, elsewhere a file."""
    return "" if sys.platform == "linux" else f"{tempfile.gettempdir()}/netconform-{secrets.token_hex(8)}"


def _forget(name: object) -> None:
    """Remove the file of a Unix socket of ours."""
    if isinstance(name, str) and name.startswith("/"):
        with suppress(OSError):
            os.unlink(name)

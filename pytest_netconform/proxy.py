"""A proxy: any weather in front of any server, over TCP, UDP and Unix sockets.

This module knows how octets are carried from one connection to another, and leaves it to `weathered` what becomes of
them on the way to the client and back. It must not know a protocol. What the server heard and said stands in its
minutes. It listens on loopback only; the server may be anywhere.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from collections.abc import Iterable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, cast

from pytest_netconform.courses import End, Piece
from pytest_netconform.faults import FAIR, Fault, Slot, Weather, WeatherError, weather
from pytest_netconform.minutes import Minutes
from pytest_netconform.names import UNRESOLVED, NoSuchName, names_answered
from pytest_netconform.reference_servers.host import Host, Loop
from pytest_netconform.reference_servers.session import Address, DatagramAction, DatagramSession, SendTo, Session
from pytest_netconform.reference_servers.weathered import WeatheredConnection, WeatheredHost
from pytest_netconform.reference_servers.weathered_datagrams import WeatheredDatagramHost
from pytest_netconform.transcript import What

CHUNK = 1 << 16
_PLACE = re.compile(
    r"(?:(?P<scheme>[a-z0-9+]+)://)?(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<host>[^:/\s]+)):(?P<port>[0-9]+)/?"
)


class Proxy:
    """A fault proxy. A context manager: it listens inside, and is gone with its connections after.

    server: `"host:port"`, a URL (`udp://host:port` for datagrams, `unix:///path`), `(host, port)`, or a port of this
    machine. weather: a name, a fault, or several. host, port: where clients find it.

    Raises WeatherError for an unknown weather, ValueError for a server that is no address.
    """

    def __init__(
        self,
        server: str | int | tuple[str, int],
        weather_asked: str | Fault | Weather | Iterable[Fault | Weather] = FAIR,
        *,
        datagrams: bool = False,
        host: str = "127.0.0.1",
        port: int = 0,
        seed: int = 0,
        loop: Loop | None = None,
    ) -> None:
        self.weather = weather(weather_asked, seed)
        self.server, self._path, by_scheme = _placed(server)
        self.datagrams = datagrams or by_scheme
        if self.weather and not (self.weather.datagrams if self.datagrams else self.weather.streams):
            raise WeatherError(f"{self.weather!r} is no weather for {'datagrams' if self.datagrams else 'streams'}")
        self.minutes = Minutes()
        self.struck: list[tuple[Fault, int]] = []
        self._names: AbstractContextManager[None] | None = None
        self._found: Any = None
        self._host: WeatheredHost | WeatheredDatagramHost
        if self.datagrams:
            self._host = WeatheredDatagramHost(
                lambda: _Relay(self), self.weather, self._on_struck, host=host, port=port, loop=loop
            )
        else:
            self._host = _RelayHost(Session, self.weather, self._on_struck, host=host, port=port, loop=loop)
            self._host.proxy = self

    @property
    def host(self) -> str:
        """The address at which it listens; a name that does not resolve, in a weather that has that."""
        return UNRESOLVED if self.weather.of(Slot.NAME) else self._host.host

    @property
    def port(self) -> int:
        """The number of its port, once it listens."""
        return self._host.port

    @property
    def address(self) -> tuple[str, int]:
        """(host, port), as `socket.create_connection` takes it."""
        return self.host, self.port

    @property
    def connections(self) -> int:
        """How many connections stand now."""
        return self._host.connections if isinstance(self._host, Host) else 0

    @property
    def transcript(self) -> str:
        """What the server heard (C) and said (S), and what the weather did."""
        return self.minutes.render()

    def start(self) -> None:
        """Listen. Raises OSError if the address cannot be had, or the server's name does not resolve."""
        if not self._path:
            kind = socket.SOCK_DGRAM if self.datagrams else socket.SOCK_STREAM
            self._found = socket.getaddrinfo(*self.server, type=kind)[0]  # here, and not in a thread of the loop's own
        if self.weather.of(Slot.NAME):
            self._names = names_answered({UNRESOLVED: NoSuchName(getattr(self.weather.faults[0], "again", False))})
            self._names.__enter__()
        self._host.start()

    def stop(self) -> None:
        """Break what stands, and close every socket."""
        self._host.stop()
        names, self._names = self._names, None
        if names is not None:
            names.__exit__(None, None, None)

    def drop(self) -> None:
        """Break every connection that stands; others may come."""
        if isinstance(self._host, WeatheredHost):
            self._host.break_off()

    def __enter__(self) -> Proxy:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<proxy {self.host}:{self.port} for {self._path or '{}:{}'.format(*self.server)}, {self.weather!r}>"

    async def reach(self, upstream: _Upstream) -> asyncio.BaseTransport:
        """A connection to the server."""
        loop = asyncio.get_running_loop()
        if self._path:
            return (await loop.create_unix_connection(lambda: upstream, self._path))[0]
        return (await loop.create_connection(lambda: upstream, *self._found[4][:2]))[0]

    def datagram_socket(self) -> socket.socket:
        """A socket towards the server, for datagrams."""
        sock = socket.socket(self._found[0], socket.SOCK_DGRAM)
        sock.setblocking(False)
        sock.connect(self._found[4])
        return sock

    def answer(self, action: SendTo) -> None:
        """A datagram of the server's for a client."""
        if isinstance(self._host, WeatheredDatagramHost):
            self._host.answer(action)

    def _on_struck(self, fault: Fault, number: int) -> None:
        self.struck.append((fault, number))
        self.minutes.happened(asyncio.get_running_loop().time(), number, What.NOTE, f"weather: {fault!r}")


def proxy(
    server: str | int | tuple[str, int],
    weather: str | Fault | Weather | Iterable[Fault | Weather] = FAIR,
    **how: object,
) -> Proxy:
    """A `Proxy` to be entered with `with`."""
    return Proxy(server, weather, **how)  # type: ignore[arg-type]


def _placed(server: str | int | tuple[str, int]) -> tuple[tuple[str, int], str, bool]:
    """(host, port), the path of a Unix socket, and whether the scheme says datagrams."""
    if isinstance(server, int):
        server = ("127.0.0.1", server)
    if isinstance(server, str) and server.startswith("unix://"):
        return ("", 0), server.removeprefix("unix://"), False
    if isinstance(server, str):
        found = _PLACE.fullmatch(server)
        if not found:
            raise ValueError(f"{server!r} is no server; host:port, a URL with a port, or unix:///path is asked for")
        udp = (found["scheme"] or "").endswith("udp")
        return (found["six"] or found["host"], int(found["port"])), "", udp
    return (str(server[0]), int(server[1])), "", False


# -- streams


class _Upstream(asyncio.Protocol):
    """The connection to the server."""

    transport: asyncio.Transport

    def __init__(self, downstream: _Relaying) -> None:
        self._downstream = downstream

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._downstream.server_said(data)

    def eof_received(self) -> bool:
        self._downstream.server_ended(End.HALF)
        return True

    def pause_writing(self) -> None:
        self._downstream.transport.pause_reading()

    def resume_writing(self) -> None:
        self._downstream.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self._downstream.server_ended(End.RESET if exc is not None else End.CLOSE)


class _Relaying(WeatheredConnection):
    """A client's connection, and behind it one to the server."""

    host: _RelayHost

    def __init__(self, host: _RelayHost) -> None:
        super().__init__(host)
        self._upstream: asyncio.Transport | None = None
        self._early: list[bytes] = []
        self._over_there = False  # the server says no more
        self._reaching: asyncio.Task[None] | None = None

    def _begin(self) -> None:
        self._note(What.CONNECT)
        self._reaching = self._loop.create_task(self._reach())

    async def _reach(self) -> None:
        upstream = _Upstream(self)
        try:
            await self.host.proxy.reach(upstream)
        except OSError as error:
            self._note(What.NOTE, f"the server cannot be reached: {error.strerror or error}")
            self.on_reset()
            return
        self._upstream = upstream.transport
        for data in self._early:
            self._upstream.write(data)
        if self._ended:
            self._upstream.write_eof()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._reaching is not None:
            self._reaching.cancel()
        if self._upstream is not None:
            self._upstream.abort() if exc is not None else self._upstream.close()

    # from the client

    def _arrived(self, data: bytes) -> None:
        self.host.proxy.minutes.heard(self._loop.time(), self.number, data)
        if self._upstream is None:
            self._early.append(data)
        elif not self._upstream.is_closing():
            self._upstream.write(data)

    def on_end(self) -> None:
        self._note(What.SHUTDOWN)
        if self._upstream is not None and not self._upstream.is_closing():
            with contextlib.suppress(OSError):
                self._upstream.write_eof()
        if self._over_there:
            self.finish()

    # from the server

    def server_said(self, data: bytes) -> None:
        self.host.proxy.minutes.said(self._loop.time(), self.number, data)
        self.on_send(data)

    def server_ended(self, how: End) -> None:
        """Half, or wholly, or in pieces; behind all that it said."""
        if self._over_there or self._closing:
            return
        self._over_there = True
        self._note({End.HALF: What.EOF, End.RESET: What.RESET, End.CLOSE: What.CLOSE}[how])
        if how is End.HALF and not self._ended:
            self._down.finish(End.HALF)
        elif how is End.RESET:
            self._down.finish(End.RESET)
        else:
            self.finish()

    def _cut_off(self, piece: Piece) -> None:
        if piece.fault is None and piece.what is End.HALF and self._over_there and not self._up.busy:
            with contextlib.suppress(OSError):
                self.transport.write_eof()
        elif piece.fault is None and piece.what is End.RESET:
            self.on_reset()
        else:
            super()._cut_off(piece)

    # who is not read from is not listened to: here that is the server

    def pause_writing(self) -> None:
        self._paused = True
        self._hold(True)

    def resume_writing(self) -> None:
        self._paused = False
        self._hold(False)

    def _hold(self, on: bool) -> None:
        if self._upstream is not None and not self._upstream.is_closing():
            (self._upstream.pause_reading if on else self._upstream.resume_reading)()

    def _note(self, what: What, text: str = "") -> None:
        self.host.proxy.minutes.happened(self._loop.time(), self.number, what, text)


class _RelayHost(WeatheredHost):
    """Listens for a proxy's clients."""

    connection = _Relaying
    proxy: Proxy


# -- datagrams


class _Relay(DatagramSession):
    """Every client has a socket of its own towards the server, so that answers find back."""

    def __init__(self, proxy: Proxy) -> None:
        super().__init__()
        self._proxy = proxy
        self._sockets: dict[Address, tuple[int, socket.socket]] = {}

    def datagram(self, data: bytes, sender: Address, here: Address, now: float) -> list[DatagramAction]:
        number, sock = self._sockets.get(sender) or self._dial(sender)
        self._proxy.minutes.heard(now, number, data, datagram=True)
        with contextlib.suppress(OSError):  # nobody there, as an ICMP message said
            sock.send(data)
        return []

    def close(self) -> None:
        for _, sock in self._sockets.values():
            asyncio.get_running_loop().remove_reader(sock)
            sock.close()
        self._sockets.clear()

    def _dial(self, sender: Address) -> tuple[int, socket.socket]:
        sock = self._proxy.datagram_socket()
        self._sockets[sender] = (len(self._sockets) + 1, sock)
        asyncio.get_running_loop().add_reader(sock, self._answered, sender)
        return self._sockets[sender]

    def _answered(self, client: Address) -> None:
        number, sock = self._sockets[client]
        try:
            data = sock.recv(CHUNK)
        except OSError:
            return
        self._proxy.minutes.said(asyncio.get_running_loop().time(), number, data, datagram=True)
        self._proxy.answer(SendTo(data, client))

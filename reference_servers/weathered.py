"""Weathered hosts: the carriage of sessions through a network that misbehaves on demand.

This module knows how a course's pieces are carried out on a connection of `connection`, and how nobody gets through. It
must not know a protocol. A connection here is the plain one whose sends, arrivals and ends take their course first.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
import struct
from collections import deque
from collections.abc import Callable
from functools import partial

from pytest_netconform.courses import Course, End, Piece
from pytest_netconform.faults import (
    FAIR,
    Blackholed,
    Fault,
    HalfClosed,
    Refused,
    Slot,
    SlowAccept,
    SmallWindow,
    Stalled,
    Way,
    Weather,
)
from pytest_netconform.reference_servers.channels import Channel, Channels
from pytest_netconform.reference_servers.connection import Connection
from pytest_netconform.reference_servers.host import Host, Loop, MakeSession

HELD = 1 << 18  # octets under way to a client from which on he is not listened to
FILLERS = 16  # connects that are made to fill a backlog, at most
ESTABLISHED = 1  # a state of TCP, as TCP_INFO tells it first
FILL_SECONDS = 0.1  # that a connect is given before it counts as unanswered

#: told which fault did something, and to which connection
Told = Callable[[Fault, int], object]


class Road:
    """One direction: the pieces that are under way, and the timer of the next."""

    def __init__(
        self,
        course: Course,
        arrive: Callable[[bytes], object],
        ended: Callable[[Piece], object],
        struck: Callable[[Fault], object],
    ) -> None:
        self.course = course
        self._arrive, self._ended, self._struck = arrive, ended, struck
        self._loop = asyncio.get_running_loop()
        self._pieces: deque[Piece] = deque()
        self._timer: asyncio.Handle | None = None
        self._earliest = 0.0  # when the next piece may arrive
        self.held = 0  # octets under way

    @property
    def busy(self) -> bool:
        """Whether something is under way."""
        return bool(self._pieces)

    def begin(self) -> None:
        """The connection stands."""
        self._take(self.course.begin(self._loop.time()))

    def send(self, data: bytes) -> None:
        """Octets set out."""
        self._take(self.course.feed(data, self._loop.time()))

    def finish(self, end: End = End.CLOSE) -> None:
        """The sender ends."""
        self._take(self.course.finish(self._loop.time(), end))

    def drop(self) -> None:
        """Nobody is there any more."""
        self._pieces.clear()
        self.held = 0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _take(self, pieces: list[Piece]) -> None:
        if self.course.struck is not None:  # before anybody can see it
            self._struck(self.course.struck)
        self._pieces.extend(pieces)
        self.held += sum(len(piece.what) for piece in pieces if isinstance(piece.what, bytes))
        if self._timer is None:
            self._go()

    def _go(self) -> None:
        self._timer = None
        while self._pieces:
            now, due = self._loop.time(), max(self._pieces[0].at, self._earliest)
            if due > now:
                self._timer = self._loop.call_at(due, self._go)
                return
            piece = self._pieces.popleft()
            if isinstance(piece.what, bytes):
                data = self._joined(piece.what, piece.at)
                self.held -= len(data)
                self._arrive(data)
            else:
                self._ended(piece)
            if self._pieces and self.course.parts:  # on a busy machine too, what shall arrive apart does
                self._earliest = now + self._pieces[0].at - piece.at

    def _joined(self, data: bytes, at: float) -> bytes:
        parts = [data]
        while self.course.joins and self._pieces and self._pieces[0].at <= at:
            if not isinstance(self._pieces[0].what, bytes):
                break
            parts.append(self._pieces[0].what)
            self._pieces.popleft()
        return b"".join(parts)


class WeatheredChannel(Channel):
    """A connection that a session has beside its own, in the weather of its host: what the server sends there."""

    def __init__(self, channels: Channels, number: int) -> None:
        super().__init__(channels, number)
        self._road: Road | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        host = self._channels.connection.host
        assert isinstance(host, WeatheredHost)
        number = host.numbered()
        course = Course(host.weather, Way.DOWN, number)
        self._road = Road(course, self._reached, self._cut_off, partial(host.struck, number=number))
        super().connection_made(transport)
        self._road.begin()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._road is not None:
            self._road.drop()
        super().connection_lost(exc)

    def on_send(self, data: bytes) -> None:
        if self._road is not None:
            self._road.send(data)

    def _reached(self, data: bytes) -> None:
        if not self.transport.is_closing():
            super().on_send(data)
            self._tell_sent()

    def _sent(self) -> None:
        if self._road is not None and not self._road.busy and not isinstance(self._road.course.fault, Stalled):
            super()._sent()

    def _half_close(self) -> None:
        if self._road is not None:
            self._road.finish()

    def _cut_off(self, piece: Piece) -> None:
        if piece.what is End.RESET:
            sock = self.transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.transport.abort()
        elif piece.fault is None:
            super()._half_close()
        else:
            self.transport.close()


class WeatheredConnection(Connection):
    """One session on one accepted socket, in the weather of its host."""

    channel_kind = WeatheredChannel
    host: WeatheredHost

    def __init__(self, host: WeatheredHost) -> None:
        super().__init__(host)
        self.number = host.numbered()
        weather = host.weather
        self._down = Road(Course(weather, Way.DOWN, self.number), self._reached, self._cut_off, self._struck)
        self._up = Road(Course(weather, Way.UP, self.number), self._came, self._cut_off, self._struck_above)
        self._waits = False  # what is under way is more than enough

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        window = self.host.window
        if window is not None:
            sock = transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, window.octets)
        super().connection_made(transport)
        self._down.begin()
        self._up.begin()

    def connection_lost(self, exc: Exception | None) -> None:
        self._down.drop()
        self._up.drop()
        super().connection_lost(exc)

    # from the client

    def buffer_updated(self, nbytes: int) -> None:
        if self._up.course.plain:
            super().buffer_updated(nbytes)
        elif not self._closing:
            self._up.send(bytes(self._view[:nbytes]))

    def eof_received(self) -> bool:
        if not self._up.busy or self._closing:
            return super().eof_received() or self._down.busy
        self._up.finish(End.HALF)
        return True

    def _came(self, data: bytes) -> None:
        if not self._closing:
            self._try(self._arrived, data)

    # to the client

    def on_send(self, data: bytes) -> None:
        if self._down.course.plain:
            super().on_send(data)
            return
        self._down.send(data)
        if self._down.held > HELD and not self._waits:
            self._waits = True
            self._hold(True)

    def _reached(self, data: bytes) -> None:
        super().on_send(data)
        if self._waits and self._down.held < HELD // 2:
            self._waits = False
            self._hold(False)
        if not self._down.busy:
            self._loop.call_soon(self._tell)

    def _hold(self, on: bool) -> None:
        """Listen no more to whom so much is owed, or again."""
        (self.transport.pause_reading if on else self.transport.resume_reading)()

    def _tell(self) -> None:
        # who sends without end goes on when the network has taken what was sent, and that is later here
        if not self._down.busy and not self._down.course.over:
            super()._tell()

    def _sent(self) -> None:
        if not self._down.busy and not self._down.course.over:
            super()._sent()

    # the ends

    def finish(self) -> None:
        if self._down.course.plain:
            super().finish()
        elif not self._closing:
            self._closing = True
            self._stop_timers()
            self._drop_channels()
            if isinstance(self._down.course.fault, HalfClosed) and not self._down.busy:
                super().finish()
            else:
                self._down.finish()

    def on_reset(self) -> None:
        self._down.drop()
        self._up.drop()
        super().on_reset()

    def _cut_off(self, piece: Piece) -> None:
        """An end has come to its place: of a fault's making, or the session's own, or the client's."""
        if piece.fault is None:
            if piece.what is End.HALF:
                super().eof_received()
            else:
                super().finish()
        elif piece.what is End.RESET:
            self._try(self.part)
            self.on_reset()
        elif piece.what is End.HALF and not self._closing:
            with contextlib.suppress(OSError):
                self.transport.write_eof()
        else:
            self._try(self.part)
            super().finish()

    def _struck(self, fault: Fault) -> None:
        self.host.struck(fault, self.number)

    def _struck_above(self, fault: Fault) -> None:
        self._struck(fault)
        if fault.slot is Slot.END:  # where nothing passes upwards any more, nothing is read
            # not now: the transport of Python 3.10 begins to read behind connection_made, paused or not
            self._loop.call_soon(self._deafen)

    def _deafen(self) -> None:
        if not self._closing and not self.transport.is_closing():
            self.transport.pause_reading()


class WeatheredHost(Host):
    """A listening socket in a weather. on_struck: told in the loop's thread which fault did something, and to whom."""

    connection: type[Connection] = WeatheredConnection

    def __init__(
        self,
        make_session: MakeSession,
        weather: Weather = FAIR,
        on_struck: Told | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        path: str | None = None,
        tls: ssl.SSLContext | None = None,
        implicit_tls: bool = False,
        loop: Loop | None = None,
    ) -> None:
        super().__init__(make_session, host=host, port=port, path=path, tls=tls, implicit_tls=implicit_tls, loop=loop)
        self.weather = weather
        self._numbers = 0
        self._on_struck = on_struck
        self._told: set[tuple[Fault, int]] = set()
        self._waiting: dict[socket.socket, asyncio.TimerHandle] = {}
        self._timers: list[asyncio.TimerHandle] = []
        self._held: list[socket.socket] = []  # what keeps an address, or fills a backlog

    @property
    def window(self) -> SmallWindow | None:
        """The window that its connections have, if not the system's own."""
        return next((fault for fault in self.weather.faults if isinstance(fault, SmallWindow)), None)

    def numbered(self) -> int:
        """The number of the next connection, from 1."""
        self._numbers += 1
        return self._numbers

    def struck(self, fault: Fault, number: int) -> None:
        """A fault did something to a connection."""
        if (fault, number) not in self._told:
            self._told.add((fault, number))
            if self._on_struck is not None:
                self._on_struck(fault, number)

    def start(self) -> None:
        super().start()
        for fault in self.weather.faults:
            if isinstance(fault, Refused):
                self._loop.run(self._refuse())
            elif isinstance(fault, Blackholed):
                self._loop.run(self._swallow())
                self._fill()
            elif isinstance(fault, SmallWindow) and self._listener is not None:
                self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, fault.octets)

    def stop(self) -> None:
        super().stop()
        for sock in self._held:
            sock.close()
        self._held.clear()
        if self.path is not None:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.path)

    def when_patience_ends(self, seconds: float, number: int, tell: Callable[[int], object]) -> None:
        """Break a connection off if its client still waits in it after so many seconds; in the loop's thread."""

        def look() -> None:
            for connection in list(self._open):
                if getattr(connection, "number", 0) == number and _waits(connection.transport):
                    tell(number)
                    connection.on_reset()

        self._timers.append(asyncio.get_running_loop().call_later(seconds, look))

    def open_after(self, seconds: float) -> None:
        """Refuse, after so many seconds, those whom a black hole has swallowed; called from any other thread."""
        self._loop.run(self._opened_after(seconds))

    async def _opened_after(self, seconds: float) -> None:
        self._timers.append(asyncio.get_running_loop().call_later(seconds, self.deafen))

    def break_off(self) -> None:
        """Break every connection that stands; called from any other thread."""
        self._loop.run(self._broken_off())

    async def _broken_off(self) -> None:
        self.drop()

    def arrived(self, sock: socket.socket) -> None:
        slow = next((fault for fault in self.weather.faults if isinstance(fault, SlowAccept)), None)
        if slow is None:
            super().arrived(sock)
            return
        self._quiet.clear()
        self._waiting[sock] = asyncio.get_running_loop().call_later(slow.seconds, self._serve, sock)

    def deafen(self) -> None:
        super().deafen()
        for sock, timer in self._waiting.items():
            timer.cancel()
            sock.close()
        self._waiting.clear()
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        self._settle()

    def _serve(self, sock: socket.socket) -> None:
        del self._waiting[sock]
        super().arrived(sock)

    def _settle(self) -> None:
        if not self._waiting:
            super()._settle()

    async def _refuse(self) -> None:
        """Nobody listens; the number stays ours."""
        path, self.path = self.path, None
        self.deafen()
        self.path = path
        if path is None:
            keeper = socket.socket(socket.AF_INET6 if ":" in self.host else socket.AF_INET, socket.SOCK_STREAM)
            self._held.append(keeper)
            keeper.bind((self.host, self.port))

    async def _swallow(self) -> None:
        self.accept(False)

    def _fill(self) -> None:
        """As many connects as the shortest backlog takes: the system answers nothing to those behind them."""
        assert self._listener is not None
        self._listener.listen(0)
        for _ in range(FILLERS):
            filler = socket.socket(self._listener.family, socket.SOCK_STREAM)
            self._held.append(filler)
            filler.settimeout(FILL_SECONDS)
            try:
                filler.connect(self.path if self.path is not None else self.address)
            except OSError:
                return


def _waits(transport: asyncio.BaseTransport) -> bool:
    """Whether the other side has not closed; where the system does not tell, it counts as waiting."""
    sock, info = transport.get_extra_info("socket"), getattr(socket, "TCP_INFO", None)
    if info is None or sock.family == socket.AF_UNIX:
        return True
    with contextlib.suppress(OSError):
        return bool(sock.getsockopt(socket.IPPROTO_TCP, info, 1)[0] == ESTABLISHED)
    return False

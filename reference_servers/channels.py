"""Channels: the connections that a session has beside its own, on the host's event loop.

This module knows listening sockets, connecting, TLS on a stream and how a stream ends; `connection` owns one `Channels`
per session. It must not know a protocol. Everything here runs in the loop's thread, binds and dials loopback only, and
is gone with the session's own connection, but for channels whose last octets are still under way.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import ssl
import struct
from typing import TYPE_CHECKING, cast

from pytest_netconform.reference_servers.secured import READ_SIZE, Secured
from pytest_netconform.reference_servers.session import (
    Action,
    Address,
    ChannelAbort,
    ChannelEnd,
    ChannelReceive,
    ChannelSend,
    ChannelTls,
    CloseDoor,
    Connect,
    Ending,
    Listen,
)

if TYPE_CHECKING:
    from pytest_netconform.reference_servers.connection import Connection

BACKLOG = 8  # who may wait at a door
LINGER = 2.0  # seconds that a closed channel waits for the other side's close


class Channels:
    """The doors and channels of one session."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._doors: dict[int, _Door] = {}
        self._channels: dict[int, Channel] = {}
        self._last = 0

    def perform(self, action: Action) -> bool:
        """Carry out an action about doors or channels; False for any other."""
        if isinstance(action, Listen):
            self._listen(action)
        elif isinstance(action, Connect):
            self._doors[action.door] = _Door(self._loop.create_task(self._dial(action)))
        elif isinstance(action, CloseDoor):
            self._shut(action.door)
        elif isinstance(action, ChannelTls | ChannelReceive | ChannelSend | ChannelEnd | ChannelAbort):
            channel = self._channels.get(action.channel)
            if channel is not None:
                channel.perform(action)
        else:
            return False
        return True

    def drop(self) -> None:
        """The session is over: doors are shut, and what has not ended yet breaks."""
        for door in list(self._doors):
            self._shut(door)
        for channel in list(self._channels.values()):
            if not channel.ending:
                channel.abort()

    def tell(self, call: str, *arguments: object) -> None:
        """Call the session, and carry out what it answers."""
        self._connection.tell(call, *arguments)

    def refused(self, error: ssl.SSLError) -> None:
        """TLS came to nothing on a channel."""
        self._connection.host.refused(error)

    def gone(self, channel: Channel) -> None:
        """A channel's socket is closed."""
        self._channels.pop(channel.number, None)
        self._connection.host.channel_closed(channel)

    @property
    def connection(self) -> Connection:
        """The session's own connection."""
        return self._connection

    @property
    def context(self) -> ssl.SSLContext:
        """The context of every TLS of this host."""
        if self._connection.host.tls is None:
            raise RuntimeError("a session asks for TLS on a channel, and its host was given no context")
        return self._connection.host.tls

    # passive

    def _listen(self, action: Listen) -> None:
        listener = socket.socket(socket.AF_INET6 if ":" in action.host else socket.AF_INET, socket.SOCK_STREAM)
        try:
            _require_loopback(action.host)
            listener.bind((action.host, action.port))
            listener.listen(BACKLOG)
            listener.setblocking(False)
        except (OSError, ValueError) as error:
            listener.close()
            self.tell("unavailable", action.door, str(error))
            return
        self._doors[action.door] = _Door(listener=listener)
        self._loop.add_reader(listener, self._accept, action.door, listener)
        self.tell("listening", action.door, listener.getsockname()[1])

    def _accept(self, door: int, listener: socket.socket) -> None:
        for _ in range(BACKLOG):
            if self._doors.get(door) is None or listener.fileno() < 0:
                return
            try:
                sock, address = listener.accept()
            except OSError:  # nobody is there any more
                return
            self._join(door, sock, (str(address[0]), int(address[1])))

    # active

    async def _dial(self, action: Connect) -> None:
        host, port = action.address
        sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
        sock.setblocking(False)
        try:
            _require_loopback(host)
            if action.source:
                sock.bind((action.source, 0))
            await self._loop.sock_connect(sock, (host, port))
        except (OSError, ValueError) as error:
            sock.close()
            self._doors.pop(action.door, None)
            self.tell("unavailable", action.door, str(error))
        except asyncio.CancelledError:
            sock.close()
            raise
        else:
            self._doors.pop(action.door, None)
            self._join(action.door, sock, (host, port))

    def _join(self, door: int, sock: socket.socket, peer: Address) -> None:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._last += 1
        channel = self._connection.channel_kind(self, self._last)
        self._channels[channel.number] = channel
        self._connection.host.channel_opened(channel)
        channel.attach(self._loop, sock, door, peer)

    def _shut(self, number: int) -> None:
        door = self._doors.pop(number, None)
        if door is not None:
            door.shut(self._loop)


class _Door:
    """A listening socket, or a connection that is being made."""

    def __init__(self, task: asyncio.Task[None] | None = None, listener: socket.socket | None = None) -> None:
        self.task, self.listener = task, listener

    def shut(self, loop: asyncio.AbstractEventLoop) -> None:
        if self.task is not None:
            self.task.cancel()
        if self.listener is not None:
            loop.remove_reader(self.listener)
            self.listener.close()


class Channel(asyncio.BufferedProtocol):
    """One channel's socket. `ending`: our side is closed, or about to be."""

    transport: asyncio.Transport

    def __init__(self, channels: Channels, number: int) -> None:
        self.number = number
        self.ending = False
        self._channels = channels
        self._buffer = memoryview(bytearray(READ_SIZE))
        self._tls: Secured | None = None
        self._receives = False
        self._paused = False
        self._owes_sent = False  # the session waits for `channel_sent`
        self._over = False  # nothing is told the session any more
        self._linger: asyncio.TimerHandle | None = None
        self._making: asyncio.Task[object] | None = None

    def attach(self, loop: asyncio.AbstractEventLoop, sock: socket.socket, door: int, peer: Address) -> None:
        """Make a transport of the socket, then tell the session that the channel stands."""

        async def make() -> None:
            try:
                await loop.connect_accepted_socket(lambda: self, sock)
            except OSError:
                sock.close()
                self._channels.gone(self)
                return
            if not self._over:
                self._channels.tell("joined", door, self.number, peer)

        self._making = loop.create_task(make())

    # what the session asks for

    def perform(self, action: Action) -> None:
        if self._over or not hasattr(self, "transport"):
            return
        if isinstance(action, ChannelAbort):
            self.abort()
        elif isinstance(action, ChannelTls):
            self._tls = Secured(self._channels.context)
            self.transport.resume_reading()
        elif isinstance(action, ChannelReceive):
            self._receives = True
            self.transport.resume_reading()
            self._deliver()
        elif isinstance(action, ChannelSend):
            self._owes_sent = True
            self._write(action.data)
            self._tell_sent()
        elif isinstance(action, ChannelEnd):
            self._end(action.goodbye)

    def abort(self) -> None:
        """RST, at once."""
        self._over = True
        self._stop_timer()
        if not hasattr(self, "transport"):
            return
        sock = self.transport.get_extra_info("socket")
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    def _end(self, goodbye: bool) -> None:
        self.ending = self._owes_sent = True
        if self._tls is not None and goodbye:
            self._tls.close()
            self._flush()
        self._tell_sent()

    # what asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.set_write_buffer_limits(0)  # whoever is not paused has sent everything
        if self._over:  # the session ended before this stood
            self.abort()
            return
        # not now: the transport of Python 3.10 begins to read behind this call, paused or not
        asyncio.get_running_loop().call_soon(self.transport.pause_reading)

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        if self._over or self.ending:
            return
        data = bytes(self._buffer[:nbytes])
        if self._tls is None:
            self._channels.tell("channel_data", self.number, data)
            return
        try:
            done = self._tls.feed(data)
            self._flush()
            if done:
                self._channels.tell("channel_secure", self.number)
            self._deliver()
        except ssl.SSLError as error:
            self._insecure(error)

    def eof_received(self) -> bool:
        if not self.ending and not self._over:
            if self._tls is None:
                self._ended(Ending.CLEAN)
            elif not self._tls.established:
                self._ended(Ending.INSECURE)
            else:
                self._ended(Ending.CUT)
        return not self.ending  # False closes the transport as soon as it is flushed

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        self._tell_sent()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        if not self._over:
            self._over = True
            if not self.ending or self._owes_sent:
                self._channels.tell("channel_ended", self.number, Ending.BROKEN)
        self._channels.gone(self)

    # carrying out

    def _deliver(self) -> None:
        """Plain octets that TLS has for us, as long as the session takes them."""
        tls = self._tls
        while tls is not None and tls.established and self._receives and not (self._over or self.ending):
            try:
                plain = tls.read()
            except ssl.SSLError as error:
                self._insecure(error)
                return
            self._flush()
            if plain is None:
                return
            if not plain:
                self._ended(Ending.CLEAN)
                return
            self._channels.tell("channel_data", self.number, plain)

    def _ended(self, how: Ending) -> None:
        if how is not Ending.CLEAN:
            self._over = True
        self._channels.tell("channel_ended", self.number, how)
        if how is not Ending.CLEAN:
            self.transport.close()

    def _insecure(self, error: ssl.SSLError) -> None:
        self._channels.refused(error)
        self._flush()  # the alert
        assert self._tls is not None
        self._ended(Ending.CUT if self._tls.established else Ending.INSECURE)

    def on_send(self, data: bytes) -> None:
        """Octets for the network, encrypted already where they must be. A weather may override it."""
        self.transport.write(data)

    def _write(self, data: bytes) -> None:
        if self._tls is None:
            self.on_send(data)
        else:
            self._tls.write(data)
            self._flush()

    def _flush(self) -> None:
        data = self._tls.flush() if self._tls is not None else b""
        if data:
            self.on_send(data)

    def _tell_sent(self) -> None:
        if self._owes_sent and not self._paused:  # soon, not now: others have their turn between two portions
            asyncio.get_running_loop().call_soon(self._sent)

    def _sent(self) -> None:
        if not self._owes_sent or self._paused or self._over:
            return
        self._owes_sent = False
        if self.ending:
            self._half_close()
        self._channels.tell("channel_sent", self.number)

    def _half_close(self) -> None:
        """FIN; then the other side has a moment to close too, and what it still says is read and forgotten."""
        try:
            self.transport.write_eof()
        except OSError:  # the peer is gone already
            self.transport.abort()
            return
        self.transport.resume_reading()
        self._linger = asyncio.get_running_loop().call_later(LINGER, self.transport.close)

    def _stop_timer(self) -> None:
        if self._linger is not None:
            self._linger.cancel()
            self._linger = None


def _require_loopback(host: str) -> None:
    if not ipaddress.ip_address(host.partition("%")[0]).is_loopback:
        raise OSError(f"a reference server stays on loopback, and {host} is elsewhere")

"""Connections: one session on one accepted socket, under the host's event loop.

This module knows one stream and its TLS records, and carries out what a session asks for. It must not know a protocol,
nor how connections come to be. TLS is spoken here over memory buffers (`secured`); what a session opens beside its own
connection is the affair of `channels`.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from pytest_netconform.reference_servers.channels import Channel, Channels
from pytest_netconform.reference_servers.secured import Secured
from pytest_netconform.reference_servers.session import (
    Action,
    Close,
    Peer,
    Reset,
    Send,
    Session,
    StartTls,
    StopTls,
    TellWhenSent,
    WakeAt,
)

if TYPE_CHECKING:
    from pytest_netconform.reference_servers.host import Host

LINGER = 2.0  # seconds that input is read and forgotten after our side was closed: unread input would turn FIN into RST


class Connection(asyncio.BufferedProtocol):
    """One session on one accepted socket. Everything here runs in the loop's thread."""

    channel_kind: type[Channel] = Channel
    session: Session
    transport: asyncio.Transport

    def __init__(self, host: Host) -> None:
        self.host = host
        self.peer = Peer()
        self._loop = asyncio.get_running_loop()
        self._view = memoryview(host.buffer)  # shared: what is read is copied out before the next read
        self._tls: Secured | None = None
        self._wake: asyncio.TimerHandle | None = None
        self._linger: asyncio.TimerHandle | None = None
        self._live = False  # the session was opened, and has neither closed nor failed
        self._ended = False  # the peer says no more
        self._closing = False  # our side is closed; input is drained
        self._paused = False  # more is buffered than the peer takes
        self._tells = False  # the session waits for room
        self._stopping = False  # TLS is being closed, and octets will go in clear
        self._channels: Channels | None = None  # the connections beside this one, from the first on

    # what asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        names = (_address(transport.get_extra_info(name)) for name in ("peername", "sockname"))
        peer, here = names
        self.peer = Peer(peer, self.host.implicit_tls, here)
        self.host.opened(self)
        self._try(self._begin)

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._view

    def buffer_updated(self, nbytes: int) -> None:
        if not self._closing:
            self._try(self._arrived, bytes(self._view[:nbytes]))

    def eof_received(self) -> bool:
        if not self._ended:
            self._ended = True
            if not self._closing:
                self._try(self.on_end)
        return not self._closing  # False closes the transport as soon as it is flushed

    def pause_writing(self) -> None:
        # a peer that does not read is not listened to: what is buffered for him stays bounded
        self._paused = True
        if not self._closing:
            self.transport.pause_reading()

    def resume_writing(self) -> None:
        self._paused = False
        self.transport.resume_reading()
        self._tell()

    def connection_lost(self, exc: Exception | None) -> None:
        self._closing = True
        self._stop_timers()
        if not self._ended:
            self._try(self.part)
        self._live = False
        self._drop_channels()
        self.host.closed(self, exc)

    # what a mutant may override

    def on_end(self) -> None:
        """The peer will send no more; what the session still has to say is sent."""
        if self._live:
            self.perform(self.session.end(self._loop.time()))
        if not self._closing and self._tls is not None and not self._tls.established:
            self.on_close()

    def on_send(self, data: bytes) -> None:
        """Octets for the network, encrypted already where they must be."""
        if not self.transport.is_closing():  # asyncio logs what is written to a peer who has gone
            self.transport.write(data)

    def on_close(self) -> None:
        """Flush, then FIN; the input is drained for a bounded while."""
        if self._tls is not None:
            self._tls.close()
            self._flush()
        self.finish()

    def on_reset(self) -> None:
        """RST, at once."""
        self._live, self._closing = False, True
        self._stop_timers()
        self._drop_channels()
        sock = self.transport.get_extra_info("socket")
        if sock.family in (socket.AF_INET, socket.AF_INET6):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    # carrying out

    def perform(self, actions: list[Action]) -> None:
        """Carry out actions in order; what follows a close is ignored."""
        for action in actions:
            if self._closing:
                return
            if isinstance(action, Send):
                self._write(action.data)
            elif isinstance(action, WakeAt):
                self._wish(action.at)
            elif isinstance(action, TellWhenSent):
                self._tells = True
                self._tell()
            elif isinstance(action, Close):
                self._live = False
                self.on_close()
            elif isinstance(action, StartTls):
                self._secure()
            elif isinstance(action, StopTls):
                self._unsecure()
            elif isinstance(action, Reset):
                self.on_reset()
            elif not self.channels.perform(action):
                raise TypeError(f"{type(self.session).__name__} asks for {action!r}, which no socket host can do")

    @property
    def channels(self) -> Channels:
        """The connections that the session has beside this one."""
        if self._channels is None:
            self._channels = Channels(self)
        return self._channels

    def tell(self, call: str, *arguments: object) -> None:
        """Tell the session what happened beside this connection, and carry out what it answers."""
        if self._live:
            self._try(self._told, call, *arguments)

    def part(self) -> None:
        """Tell the session that it is over (it may hold something in a store). What it answers is not sent any more."""
        if self._live:
            self._live = False
            self.session.end(self._loop.time())

    def finish(self) -> None:
        """Close our side, and the rest as soon as the peer has closed his or has had LINGER seconds for it."""
        self._closing = True
        self._stop_timers()
        self._drop_channels()
        if self._ended:
            self.transport.close()
            return
        try:
            self.transport.write_eof()
        except OSError:  # the peer is gone already
            self.transport.abort()
            return
        self.transport.resume_reading()
        self._linger = self._loop.call_later(LINGER, self._lingered)

    def _begin(self) -> None:
        self.session = self.host.make_session()
        self.session.nudge = self._nudge
        if self.session.urgent_inline and self.host.path is None:
            sock = self.transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)
        if self.host.implicit_tls:
            self._secure()
        else:
            self._open()

    def _open(self) -> None:
        self._live = True
        self.perform(self.session.open(self.peer, self._loop.time()))

    def _arrived(self, data: bytes) -> None:
        if self._tls is None:
            if self._live:
                self.perform(self.session.receive(data, self._loop.time()))
            return
        try:
            self._decipher(self._tls, data)
        except ssl.SSLError as error:
            self.host.refused(error)
            self.part()
            self._flush()  # the alert
            self.finish()

    def _decipher(self, tls: Secured, data: bytes) -> None:
        if tls.feed(data):
            self._flush()
            if self._live:
                self.perform(self.session.secure(self._loop.time()))
            else:
                self._open()
        self._flush()
        while self._live and tls.established and not self._ended:
            plain = tls.read()
            self._flush()  # reading may owe an answer, as a key update does
            if plain is None:
                return
            if plain:
                self.perform(self.session.receive(plain, self._loop.time()))
            elif self._stopping:
                self._cleared(tls)
                return
            else:
                self._ended = True
                self.on_end()

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

    def _secure(self) -> None:
        if self.host.tls is None:
            raise RuntimeError("a session asks for TLS, and its host was given no context")
        if self._tls is not None:
            raise RuntimeError("a session asks for TLS inside TLS")
        # what is read from now on is taken for TLS records and nothing else, however early it was sent
        self._tls = Secured(self.host.tls)

    def _unsecure(self) -> None:
        if self._tls is None:
            raise RuntimeError("a session asks for the end of TLS, and there is none")
        self._stopping = True
        self._tls.close()
        self._flush()

    def _cleared(self, tls: Secured) -> None:
        # both sides have said close_notify; what stands behind the peer's is in clear
        self._stopping, self._tls = False, None
        self.perform(self.session.cleared(self._loop.time()))
        rest = tls.rest()
        if rest and self._live:
            self.perform(self.session.receive(rest, self._loop.time()))

    def _told(self, call: str, *arguments: object) -> None:
        self.perform(getattr(self.session, call)(*arguments, self._loop.time()))

    def _drop_channels(self) -> None:
        if self._channels is not None:
            self._channels.drop()

    def _wish(self, at: float | None) -> None:
        if self._wake is not None:
            self._wake.cancel()
        self._wake = None if at is None else self._loop.call_at(at, self._try, self._woken, at)

    def _woken(self, at: float) -> None:
        self._wake = None
        # the loop fires up to one tick of the clock early
        self.perform(self.session.wake(max(at, self._loop.time())))

    def _nudge(self) -> None:
        # from any thread, and perhaps after the loop has ended
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self.tell, "nudged")

    def _tell(self) -> None:
        if self._tells and not self._paused:  # soon, not now: others have their turn between two portions
            self._loop.call_soon(self._try, self._sent)

    def _sent(self) -> None:
        if self._tells and self._live and not self._paused:
            self._tells = False
            self.perform(self.session.sent(self._loop.time()))

    def _try(self, work: Callable[..., object], *arguments: object) -> None:
        try:
            work(*arguments)
        except BaseException as error:  # also pytest's outcomes, which are no Exceptions
            self.host.failed(error)
            self._live = False  # a session that failed is not called again
            if not self._closing:
                self.finish()

    def _lingered(self) -> None:
        if self.transport.get_write_buffer_size() > 0:
            self._linger = self._loop.call_later(LINGER, self._lingered)
        else:
            self.transport.close()

    def _stop_timers(self) -> None:
        for timer in (self._wake, self._linger):
            if timer is not None:
                timer.cancel()
        self._wake = self._linger = None


def _address(name: object) -> tuple[str, int]:
    # a Unix peer has no address, and one that was reset before we looked has none any more
    return (str(name[0]), int(name[1])) if isinstance(name, tuple) else ("", 0)

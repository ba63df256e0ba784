"""Hosts: sessions on real sockets.

This module knows listening sockets and one event loop in one thread. It must not know a protocol, nor judge anybody:
a session is an object of the shape of `session.Session`, and what it asks for is carried out by its connection.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import ipaddress
import os
import socket
import ssl
import threading
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Protocol, TypeVar

from pytest_netconform.reference_servers.channels import Channel
from pytest_netconform.reference_servers.connection import Connection
from pytest_netconform.reference_servers.secured import READ_SIZE
from pytest_netconform.reference_servers.session import Session

BACKLOG = 512  # connections that wait to be accepted
RETRY_ACCEPT = 0.1  # seconds until the next accept when one failed for want of descriptors
KEPT_ERRORS = 100  # errors that a host keeps; a broken session under a flood must not fill the memory

T = TypeVar("T")
H = TypeVar("H", bound="Host")
MakeSession = Callable[[], Session]


class Running(Protocol):
    """What a loop stops before it ends."""

    def stop(self) -> None:
        """Close every socket."""


class Loop:
    """One asyncio loop in one daemon thread: started by the first `run`, gone after `close`, and usable again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self.hosts: set[Running] = set()  # those that run; `close` stops them

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run `work` in the loop's thread and return its result; called from any other thread."""
        return asyncio.run_coroutine_threadsafe(work, self._started()).result()

    def close(self) -> None:
        """Stop the hosts that still run, then the thread, and close the loop."""
        for host in list(self.hosts):
            host.stop()
        with self._lock:
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
            atexit.unregister(self.close)
        if loop is not None and thread is not None and thread.is_alive():
            loop.call_soon_threadsafe(loop.stop)
            thread.join()

    def _started(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            # after a fork the thread is not alive any more, and a new loop takes the place of the parent's
            if self._loop is None or self._thread is None or not self._thread.is_alive():
                loop = self._loop = asyncio.SelectorEventLoop()
                self._thread = threading.Thread(target=_turn, args=(loop,), name="netconform-hosts", daemon=True)
                self._thread.start()
                atexit.register(self.close)
            return self._loop


def _turn(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
    finally:
        asyncio.set_event_loop(None)
        loop.close()


#: The loop of every host that is not given another one.
LOOP = Loop()


class Host:
    """A listening socket and its connections. A context manager: bound and listening inside, gone without trace after.

    host, port: where it listens (port is the one that the system chose; 0 and path for a Unix socket).
    errors: what sessions raised; a test of a session asserts that it is empty. tls_errors: why handshakes failed.
    """

    connection: type[Connection] = Connection

    def __init__(
        self,
        make_session: MakeSession,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        path: str | None = None,
        tls: ssl.SSLContext | None = None,
        implicit_tls: bool = False,
        loop: Loop | None = None,
    ) -> None:
        if implicit_tls and tls is None:
            raise ValueError("implicit_tls needs a context in tls")
        self.make_session = make_session
        self.host = "" if path is not None else loopback(host)
        self.port = port
        self.path = path
        self.tls = tls
        self.implicit_tls = implicit_tls
        self.accepted = 0
        self.errors: list[BaseException] = []
        self.tls_errors: list[ssl.SSLError] = []
        self.buffer = bytearray(READ_SIZE)
        self._loop = loop or LOOP
        self._running = False
        self._listener: socket.socket | None = None
        self._accepting = False
        self._arriving: set[asyncio.Task[None]] = set()
        self._open: set[Connection] = set()
        self._channels: set[Channel] = set()
        self._quiet: asyncio.Event

    @property
    def address(self) -> tuple[str, int]:
        """(host, port), as `socket.create_connection` takes it."""
        return self.host, self.port

    @property
    def connections(self) -> int:
        """How many connections stand now; `accepted` counts all that ever were."""
        return len(self._open)

    @property
    def channels(self) -> int:
        """How many connections stand beside those, as sessions asked for."""
        return len(self._channels)

    @property
    def listening(self) -> bool:
        """Whether who comes is not refused."""
        return self._listener is not None

    def start(self) -> None:
        """Bind, listen, serve. Raises OSError if the address cannot be had; connecting is possible on return."""
        if self._running:
            raise RuntimeError(f"the host at {self.path or self.address} runs already")
        self._listener = _listening(self.host, self.port, self.path)
        if self.path is None:
            self.port = self._listener.getsockname()[1]
        self._running = True
        self._loop.hosts.add(self)
        self._loop.run(self._begin())

    def stop(self) -> None:
        """Stop listening and break what stands; on return every socket is closed."""
        if self._running:
            self._running = False
            self._loop.run(self._end())
            self._loop.hosts.discard(self)

    def idle(self, timeout: float = 10.0) -> bool:
        """Wait until no connection stands; False when that took more than `timeout` seconds."""
        return self._loop.run(self._idle(timeout))

    def __enter__(self: H) -> H:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # what a mutant may override; all of it runs in the loop's thread

    def arrived(self, sock: socket.socket) -> None:
        """A connection was accepted."""
        self.accepted += 1
        self._quiet.clear()
        task = asyncio.get_running_loop().create_task(self._connect(sock))
        self._arriving.add(task)
        task.add_done_callback(self._arrived)

    def closed(self, connection: Connection, error: Exception | None) -> None:
        """A connection is gone; `error` tells why, if it broke."""
        self._open.discard(connection)
        self._settle()

    # what a connection reports

    def opened(self, connection: Connection) -> None:
        """A connection stands."""
        self._open.add(connection)

    def channel_opened(self, channel: Channel) -> None:
        """A connection beside a session's own stands, or is about to."""
        self._channels.add(channel)
        self._quiet.clear()

    def channel_closed(self, channel: Channel) -> None:
        """And is gone."""
        self._channels.discard(channel)
        self._settle()

    def failed(self, error: BaseException) -> None:
        """A session raised."""
        if len(self.errors) < KEPT_ERRORS:
            self.errors.append(error)

    def refused(self, error: ssl.SSLError) -> None:
        """TLS came to nothing."""
        if len(self.tls_errors) < KEPT_ERRORS:
            self.tls_errors.append(error)

    # accepting

    def accept(self, on: bool) -> None:
        """Accept, or let those who come wait in the backlog."""
        self._accepting = on and self._listener is not None
        if self._listener is not None and on:
            asyncio.get_running_loop().add_reader(self._listener, self._ready)
        elif self._listener is not None:
            asyncio.get_running_loop().remove_reader(self._listener)

    def deafen(self) -> None:
        """Close the listening socket: who comes from now on is refused. Connections that stand are not touched."""
        self.accept(False)
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()
            if self.path is not None:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(self.path)

    def drop(self) -> None:
        """Break every connection that stands; what was not flushed is lost."""
        for connection in list(self._open):
            connection.transport.abort()
        for channel in list(self._channels):
            channel.abort()

    def _ready(self) -> None:
        for _ in range(BACKLOG):
            if self._listener is None or not self._accepting:
                return
            try:
                sock, _address = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:  # no descriptor is left
                self.failed(error)
                self.accept(False)
                asyncio.get_running_loop().call_later(RETRY_ACCEPT, self.accept, True)
                return
            self.arrived(sock)

    async def _connect(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        if sock.family != socket.AF_UNIX:
            # asyncio sets it only on sockets that say TCP in so many words, and an accepted one does not
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            await asyncio.get_running_loop().connect_accepted_socket(lambda: self.connection(self), sock)
        except OSError:  # gone before it stood
            sock.close()

    def _arrived(self, task: asyncio.Task[None]) -> None:
        self._arriving.discard(task)
        self._settle()

    def _settle(self) -> None:
        if not self._open and not self._arriving and not self._channels:
            self._quiet.set()

    async def _begin(self) -> None:
        self._quiet = asyncio.Event()
        self._quiet.set()
        self.accept(True)

    async def _end(self) -> None:
        self.deafen()
        if self._arriving:
            await asyncio.wait(self._arriving)
        self.drop()
        await self._quiet.wait()

    async def _idle(self, timeout: float) -> bool:
        try:
            await asyncio.wait_for(self._quiet.wait(), timeout)
        except asyncio.TimeoutError:
            return False
        return True


def serving(
    make_session: MakeSession,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    path: str | None = None,
    tls: ssl.SSLContext | None = None,
    implicit_tls: bool = False,
    loop: Loop | None = None,
    kind: type[Host] = Host,
) -> Host:
    """A host to be entered with `with`: one session of `make_session()` per connection.

    host: a loopback address (ValueError for any other); port: 0 lets the system choose; path: a Unix socket instead.
    tls: the context for `StartTls`, and for TLS before the first word if `implicit_tls`. kind: a host mutant's class.
    """
    return kind(make_session, host=host, port=port, path=path, tls=tls, implicit_tls=implicit_tls, loop=loop)


def loopback(host: str) -> str:
    """A host's address, if it is this machine's own and nobody else's; ValueError otherwise."""
    address = "127.0.0.1" if host == "localhost" else host
    try:
        inside = ipaddress.ip_address(address).is_loopback
    except ValueError:
        inside = False
    if not inside:
        raise ValueError(f"a reference server listens on 127.0.0.1, ::1 or localhost only, got {host!r}")
    return address


def _listening(host: str, port: int, path: str | None) -> socket.socket:
    family = socket.AF_UNIX if path is not None else socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if port and os.name == "posix":
            # a named port may be in TIME_WAIT from the run before; with port 0 two listeners could get one port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(path if path is not None else (host, port))
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener

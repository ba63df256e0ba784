"""Datagram hosts: a datagram session on a real socket.

This module knows one UDP socket (or Unix datagram socket) in the loop that all hosts share. It must not know a
protocol: a session is an object of the shape of `session.DatagramSession`, and what it asks for is carried out here.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import TypeVar

from pytest_netconform.reference_servers.host import KEPT_ERRORS, LOOP, Loop, loopback
from pytest_netconform.reference_servers.session import Address, Close, DatagramAction, DatagramSession, SendTo, WakeAt

CHUNK = 1 << 16  # octets of the largest datagram, and some more
AT_ONCE = 64  # datagrams that are looked at before others of the loop have their turn
SECOND_LOOPBACK = "127.0.0.2"

H = TypeVar("H", bound="DatagramHost")


class DatagramHost:
    """One socket and its session. A context manager: bound inside, gone without trace after.

    host, port: where it is found (port is the one that the system chose; 0 and path for a Unix socket).
    errors: what the session raised, and what the system said to a datagram of ours; a test of a session asserts that it
    is empty.
    """

    def __init__(
        self,
        make_session: Callable[[], DatagramSession],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        path: str | None = None,
        loop: Loop | None = None,
    ) -> None:
        self.session = make_session()
        self.host = "" if path is not None else loopback(host)
        self.port = port
        self.path = path
        self.arrived = 0
        self.errors: list[BaseException] = []
        self._loop = loop or LOOP
        self._socket: socket.socket | None = None
        self._others: dict[str, socket.socket] = {}  # from which a session answers that answers from elsewhere
        self._timer: asyncio.TimerHandle | None = None

    @property
    def address(self) -> tuple[str, int]:
        """(host, port), as `socket.connect` takes it."""
        return self.host, self.port

    def start(self) -> None:
        """Bind and serve. Raises OSError if the address cannot be had; asking is possible on return."""
        if self._socket is not None:
            raise RuntimeError(f"the host at {self.path or self.address} runs already")
        self._socket = _bound(self.path or self.host, self.port, unix=self.path is not None)
        if self.path is None:
            self.port = self._socket.getsockname()[1]
        self._loop.hosts.add(self)
        self._loop.run(self._begin())

    def stop(self) -> None:
        """Close every socket; harmless when the session has done so already."""
        if self in self._loop.hosts:
            self._loop.run(self._end())
            self._loop.hosts.discard(self)

    def __enter__(self: H) -> H:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # in the loop's thread

    async def _begin(self) -> None:
        assert self._socket is not None
        asyncio.get_running_loop().add_reader(self._socket, self._ready)

    async def _end(self) -> None:
        self._close()

    def _ready(self) -> None:
        for _ in range(AT_ONCE):
            if self._socket is None:
                return
            try:
                data, sender = self._socket.recvfrom(CHUNK)
            except (BlockingIOError, InterruptedError):
                return
            except ConnectionRefusedError:  # of a Unix socket: who asked has gone
                continue
            self.arrived += 1
            self._try(partial(self._looked_at, data, sender, asyncio.get_running_loop().time()))

    def _looked_at(self, data: bytes, sender: object, now: float) -> list[DatagramAction]:
        here = (self.path, 0) if self.path is not None else (self.host, self.port)
        return self.session.datagram(data, _address(sender), here, now)

    def _try(self, work: Callable[[], list[DatagramAction]]) -> None:
        try:
            actions = work()
        except BaseException as error:  # also pytest's outcomes, which are no Exceptions
            self._failed(error)
            return
        for action in actions:
            if self._socket is None:
                return
            if isinstance(action, SendTo):
                self._send(action)
            elif isinstance(action, WakeAt):
                self._wish(action.at)
            elif isinstance(action, Close):
                self._close()

    def _send(self, action: SendTo) -> None:
        try:
            self._from(action.source).sendto(action.data, action.to if self.path is None else _unix_name(action.to))
        except ConnectionRefusedError:
            self._told(action.to)
        except OSError as error:
            self._failed(error)

    def _told(self, peer: Address) -> None:
        self._try(lambda: self.session.refused(peer, asyncio.get_running_loop().time()))

    def _from(self, source: str) -> socket.socket:
        assert self._socket is not None
        if not source:
            return self._socket
        if source not in self._others:
            host, port = (SECOND_LOOPBACK, self.port) if source == "host" else (self.host, 0)
            self._others[source] = _bound(host, port)
        return self._others[source]

    def _wish(self, at: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._timer = None if at is None else loop.call_at(at, self._woken, at)

    def _woken(self, at: float) -> None:
        self._timer = None
        # the loop fires up to one tick of the clock early
        self._try(lambda: self.session.wake(max(at, asyncio.get_running_loop().time())))

    def _failed(self, error: BaseException) -> None:
        if len(self.errors) < KEPT_ERRORS:
            self.errors.append(error)

    def _close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        own, self._socket = self._socket, None
        if own is not None:
            asyncio.get_running_loop().remove_reader(own)
            own.close()
            if self.path is not None:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(self.path)
        for other in self._others.values():
            other.close()
        self._others.clear()


def serving_datagrams(
    make_session: Callable[[], DatagramSession],
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    path: str | None = None,
    loop: Loop | None = None,
) -> DatagramHost:
    """A host to be entered with `with`: the one session of `make_session()` for whoever asks.

    host: a loopback address (ValueError for any other). port: 0 lets the system choose; the number of a host that
    serves over TCP may be served over UDP too. path: a Unix socket instead.
    """
    return DatagramHost(make_session, host=host, port=port, path=path, loop=loop)


def _bound(name: str, port: int, *, unix: bool = False) -> socket.socket:
    family = socket.AF_UNIX if unix else socket.AF_INET6 if ":" in name else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        sock.bind(name if unix else (name, port))
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock


def _address(name: object) -> Address:
    if isinstance(name, tuple):
        return str(name[0]), int(name[1])
    # a Unix client may have no name, or one that Linux chose, which begins with a zero octet
    return (os.fsdecode(name) if isinstance(name, bytes) else str(name or "")), 0


def _unix_name(to: Address) -> str | bytes:
    return os.fsencode(to[0]) if to[0].startswith("\0") else to[0]

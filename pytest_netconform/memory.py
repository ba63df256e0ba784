"""The wire in memory: a session in this thread, under a clock that moves only when somebody waits.

A silence, or a limit of 300 seconds, costs nothing here and ends exactly. This module knows a session by its shape
(`reference_servers.session`); it must not know any protocol.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from pytest_netconform.memory_channels import Channels, Network
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
from pytest_netconform.transcript import Transcript, What
from pytest_netconform.transport import Gone, Silence, TlsFailure, Wire
from pytest_netconform.wire.cuts import Cut, whole

HOSTS = ("127.0.0.1", "::1")  # where the one machine stands that there is
ROOM = 1 << 18  # octets that lie unread before a session is given no more to answer
SENDING = 0.001  # seconds that a portion is under way, for sessions that wait for room (`TellWhenSent`)
PORT = 21  # where every session stands, as far as anybody asks
CLIENT_HELLO = b"\x16\x03\x01\x00\xa0\x01\x00\x00\x9c\x03\x03"  # what a session sees that was not asked for TLS


class Memory:
    """A carriage whose peer is `make_session()`, once per connection; all connections share one virtual clock."""

    def __init__(
        self, make_session: Callable[[], Session], *, implicit_tls: bool = False, host: str = "127.0.0.1"
    ) -> None:
        self._make_session = make_session
        self.network = Network(self, host)
        self._implicit_tls = implicit_tls
        self._links: list[_Link] = []
        self._now = 0.0
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()

    def now(self) -> float:
        """Virtual seconds since this carriage was made."""
        return self._now

    def pause(self, seconds: float) -> None:
        """Advance the clock, ringing every alarm on the way."""
        until = self._now + seconds
        while self._now < until:
            self.advance(until)

    def hosts(self) -> tuple[str, ...]:
        """The addresses at which connections are taken."""
        return HOSTS

    def at(self, host: str) -> MemoryAt:
        """The way to one of them; the client's own address looks the same."""
        return MemoryAt(self, host)

    def beside(self, make_session: Callable[[], Session]) -> MemoryAt:
        """The way to another service of the same machine: other sessions, under the same clock."""
        return MemoryAt(self, "", make_session)

    def connect(
        self,
        transcript: Transcript,
        number: int,
        epoch: float,
        cut: Cut = whole,
        host: str = "",
        make_session: Callable[[], Session] | None = None,
    ) -> MemoryWire:
        """A new session and the wire to it; `make_session`: that of another service."""
        host = host or self.network.host
        link = _Link((make_session or self._make_session)(), self.network, self.now)
        self._links.append(link)
        link.session.nudge = lambda: self.schedule(self._now, link.nudged)
        wire = MemoryWire(self, link, transcript, number, epoch, cut)
        wire.record(What.CONNECT, b"memory")
        wire.here, wire.there = (host, self.network.port()), (host, PORT)
        link.perform(link.session.open(Peer(wire.here, self._implicit_tls, wire.there), self._now))
        if self._implicit_tls:
            wire.secure = True
            wire.record(What.TLS, wire.tls_version().encode())
        return wire

    def schedule(self, time: float, work: Callable[[], None]) -> None:
        """Something happens then, beside the sessions' own alarms."""
        heapq.heappush(self._events, (time, next(self._order), work))

    def drop(self, link: _Link) -> None:
        """Forget a connection that both sides have left."""
        if link in self._links:
            self._links.remove(link)
            link.channels.drop()

    def advance(self, until: float) -> None:
        """Move the clock to the next alarm of any session, or to `until`."""
        if self._events and self._events[0][0] <= min([until, *(link.alarm for link in self._links if link.alarm)]):
            time, _, work = heapq.heappop(self._events)
            self._now = max(self._now, time)
            work()
            return
        due = [link for link in self._links if link.alarm is not None and link.alarm <= until]
        if not due:
            self._now = max(self._now, until)
            return
        link = min(due, key=lambda link: link.alarm or 0.0)
        self._now, link.alarm = max(self._now, link.alarm or 0.0), None
        link.perform(link.session.wake(self._now))


@dataclass(frozen=True)
class MemoryAt:
    """The same sessions under the same clock, reached at another address; or those of another service."""

    memory: Memory
    host: str
    make_session: Callable[[], Session] | None = None

    def now(self) -> float:
        """Virtual seconds."""
        return self.memory.now()

    def pause(self, seconds: float) -> None:
        """Advance the clock."""
        self.memory.pause(seconds)

    def connect(self, transcript: Transcript, number: int, epoch: float, cut: Cut = whole) -> MemoryWire:
        """A new session and the wire to it."""
        return self.memory.connect(transcript, number, epoch, cut, self.host, self.make_session)


class _Link:
    """One connection's state between the client's wire and the session."""

    def __init__(self, session: Session, network: Network, now: Callable[[], float]) -> None:
        self.session = session
        self.now = now
        self.channels = Channels(network, session, self.perform)
        self.arrived = bytearray()  # from the session, not yet read by the client
        self.alarm: float | None = None
        self.awaits_tls = False
        self.ends_tls = False
        self.tells = False  # the session waits until what it sent was read
        self.closed = False  # by the session
        self.broken = False  # by a reset
        self.finished = False  # by the client: no more from there

    def nudged(self) -> None:
        """Another session has changed what this one shares with it."""
        if not (self.closed or self.broken or self.finished):
            self.perform(self.session.nudged(self.now()))

    def perform(self, actions: list[Action]) -> None:
        for action in actions:
            if self.closed or self.broken:
                return
            if isinstance(action, Send):
                self.arrived += action.data
            elif isinstance(action, StartTls):
                self.awaits_tls = True
            elif isinstance(action, StopTls):
                self.ends_tls = True
            elif isinstance(action, WakeAt):
                self.alarm = action.at
            elif isinstance(action, TellWhenSent):
                self.tells = True
            elif isinstance(action, Close):
                self.closed, self.alarm = True, None
                self.channels.drop()
            elif isinstance(action, Reset):
                self.broken, self.alarm = True, None
                self.arrived.clear()
                self.channels.drop()
            else:
                self.channels.perform(action)


class MemoryWire(Wire):
    """The client's end. TLS is played: a handshake succeeds exactly when the session asked for one."""

    def __init__(
        self, memory: Memory, link: _Link, transcript: Transcript, number: int, epoch: float, cut: Cut = whole
    ) -> None:
        super().__init__(transcript, number, epoch, cut)
        self._memory = memory
        self._link = link
        self._left = False

    def now(self) -> float:
        """The carriage's virtual seconds."""
        return self._memory.now()

    def tls_version(self) -> str:
        """TLS is always the newest here."""
        return "TLSv1.3" if self.secure else ""

    def _write(self, data: bytes, deadline: float) -> None:
        link = self._link
        if self._left or link.finished:
            raise Gone("we closed this connection")
        if link.broken:
            raise Gone("Connection reset by peer")
        if link.closed:
            return  # the kernel takes what nobody will read; the next read shows the end
        if link.awaits_tls:
            link.closed = True  # a handshake that begins with anything but a ClientHello fails
            return
        link.perform(link.session.receive(data, self.now()))

    def _pour(self, data: bytes, deadline: float) -> int:
        if len(self._link.arrived) >= ROOM:  # whoever is not read does not read either
            self._memory.pause(max(0.0, deadline - self.now()))
            return 0
        self._write(data, deadline)
        return len(data)

    def _stirs(self) -> bool:
        return bool(self._link.arrived) or self._link.closed or self._link.broken

    def _write_urgent(self, octet: bytes, deadline: float) -> None:
        if self._left or self._link.broken:
            raise Gone("Connection reset by peer")
        if self._link.session.urgent_inline:
            self._write(octet, deadline)
        elif not self._link.closed:
            self._link.perform(self._link.session.urgent(octet, self.now()))

    def _narrow(self, octets: int) -> None:
        """There is no buffer."""

    def _read(self, deadline: float) -> bytes:
        link = self._link
        while True:
            if self._left:
                raise Gone("we closed this connection")
            if link.arrived:
                data = bytes(link.arrived)
                link.arrived.clear()
                return data
            if link.broken:
                raise Gone("Connection reset by peer")
            if link.closed:
                return b""
            if self.now() >= deadline:
                raise Silence("nothing came")
            if link.tells:
                # a pull: whoever sends without end sends as much as is read, and reading takes time
                link.tells = False
                self._memory.pause(min(SENDING, deadline - self.now()))
                link.perform(link.session.sent(self.now()))
            else:
                self._memory.advance(deadline)

    def _handshake(self, deadline: float) -> None:
        link = self._link
        if link.closed or link.broken:
            raise TlsFailure("the connection is closed")
        if not link.awaits_tls:
            link.perform(link.session.receive(CLIENT_HELLO, self.now()))
        if link.arrived:
            self.heard_clear(self._read(deadline))
        if not link.awaits_tls:
            raise TlsFailure("the peer does not speak TLS")
        link.awaits_tls = False
        self.secure = True
        link.perform(link.session.secure(self.now()))

    def _stop_tls(self, deadline: float) -> None:
        if not self._link.ends_tls:
            raise TlsFailure("the peer goes on inside TLS")
        self._link.ends_tls = False
        self._link.perform(self._link.session.cleared(self.now()))

    def _shutdown(self) -> None:
        if not self._link.finished and not self._link.closed:
            self._link.finished = True
            self._link.perform(self._link.session.end(self.now()))

    def _close(self, *, abort: bool) -> bool:
        if self._left:
            return False
        self._left = True
        if not (self._link.closed or self._link.broken or self._link.finished):
            self._link.session.end(self.now())
        self._memory.drop(self._link)
        return True

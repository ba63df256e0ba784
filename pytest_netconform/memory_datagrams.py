"""Datagrams in memory: a datagram session in this thread, under a clock that moves only when somebody waits.

What was sent is looked at by the session as soon as anybody waits, so that a client can leave before he is answered.
This module knows a session by its shape (`reference_servers.session`); it must not know any protocol.
"""

from __future__ import annotations

import errno
import os
from collections import deque
from collections.abc import Callable

from pytest_netconform.datagrams import Address, Arrival, DatagramCarriage, DatagramWire, NotOurs, Refused, Unsent, Way
from pytest_netconform.reference_servers.session import Close, DatagramAction, DatagramSession, SendTo, WakeAt
from pytest_netconform.transcript import Transcript
from pytest_netconform.transport import Gone, Silence
from pytest_netconform.wire.framing import DATAGRAM_OCTETS

HOSTS = ("127.0.0.1", "::1", "127.0.0.2")  # where the session is found; all are one machine
PORT = 2020
ELSEWHERE = 40_007  # the port of a session that answers from another one
EPHEMERAL = 49_152  # the first port that is given to who asks for none
LAST_PORT = 65_535


class MemoryDatagrams(DatagramCarriage):
    """A carriage whose peer is the one session that `make_session` makes; all wires share one virtual clock."""

    def __init__(self, make_session: Callable[[], DatagramSession]) -> None:
        self._session = make_session()
        self._wires: dict[Address, MemoryDatagramWire] = {}
        self._sent: deque[tuple[bytes, MemoryDatagramWire, Address]] = deque()
        self._alarm: float | None = None
        self._now = 0.0
        self._next = EPHEMERAL
        self._over = False  # the session has ended, and its socket is gone

    def now(self) -> float:
        """Virtual seconds since this carriage was made."""
        return self._now

    def pause(self, seconds: float) -> None:
        """Advance the clock, ringing every alarm on the way."""
        until = self._now + seconds
        self.settle()
        while self._now < until:
            self.advance(until)

    def hosts(self) -> tuple[str, ...]:
        """The addresses of the one machine that there is."""
        return HOSTS

    def bind(self, transcript: Transcript, number: int, epoch: float, way: Way) -> MemoryDatagramWire:
        """A new socket."""
        host = way.host or HOSTS[0]
        local = ("::1" if ":" in host else HOSTS[0], way.port or self._free())
        if local in self._wires:
            raise NotOurs(f"port {way.port} of ours: {os.strerror(errno.EADDRINUSE)}")
        wire = self._wires[local] = MemoryDatagramWire(
            self, transcript, number, epoch, local, (host, PORT), way.connected
        )
        return wire

    def leave(self, wire: MemoryDatagramWire) -> None:
        """A socket is gone."""
        self._wires.pop(wire.local, None)

    def post(self, data: bytes, wire: MemoryDatagramWire) -> None:
        """A datagram is on its way."""
        self._sent.append((data, wire, wire.peer))

    def settle(self) -> None:
        """Let the session look at all that was sent, in order."""
        while self._sent:
            data, wire, to = self._sent.popleft()
            if self._over:
                wire.refuse()
            else:
                self._perform(self._session.datagram(data, wire.local, to, self._now), to)

    def advance(self, until: float) -> None:
        """Move the clock to the session's next alarm, or to `until`."""
        if self._alarm is None or self._alarm > until:
            self._now = max(self._now, until)
            return
        self._now, self._alarm = max(self._now, self._alarm), None
        at = self._session.here if self._session.here[1] else (HOSTS[0], PORT)
        self._perform(self._session.wake(self._now), at)

    def _perform(self, actions: list[DatagramAction], at: Address) -> None:
        for action in actions:
            if self._over:
                return
            if isinstance(action, WakeAt):
                self._alarm = action.at
            elif isinstance(action, Close):
                self._over, self._alarm = True, None
            else:
                self._deliver(action, at)

    def _deliver(self, action: SendTo, at: Address) -> None:
        if len(action.data) > DATAGRAM_OCTETS:
            return  # our own system would have said EMSGSIZE
        source = {"port": (at[0], ELSEWHERE), "host": (HOSTS[0] if at[0] != HOSTS[0] else HOSTS[2], at[1])}
        wire = self._wires.get(action.to)
        if wire is not None:
            wire.arrive(Arrival(action.data, source.get(action.source, at)))
        elif action.to[1]:
            self._perform(self._session.refused(action.to, self._now), at)

    def _free(self) -> int:
        self._next = self._next + 1 if self._next < LAST_PORT else EPHEMERAL
        return self._next


class MemoryDatagramWire(DatagramWire):
    """One socket of the client's."""

    def __init__(
        self,
        memory: MemoryDatagrams,
        transcript: Transcript,
        number: int,
        epoch: float,
        local: Address,
        peer: Address,
        connected: bool,
    ) -> None:
        self._memory = memory
        self._connected = connected
        self._arrived: deque[Arrival] = deque()
        self._refused = False
        self._left = False
        super().__init__(transcript, number, epoch, local, peer)

    def now(self) -> float:
        """The carriage's virtual seconds."""
        return self._memory.now()

    def arrive(self, arrival: Arrival) -> None:
        """A datagram for this socket; a connected one takes them from its peer alone."""
        if arrival.sender == self.peer or not self._connected:
            self._arrived.append(arrival)

    def refuse(self) -> None:
        """A datagram of this socket's found nobody; only a connected one is told."""
        self._refused = self._connected

    def _write(self, data: bytes, deadline: float) -> None:
        if self._left:
            raise Gone("we closed this socket")
        self._told()
        if len(data) > DATAGRAM_OCTETS:
            raise Unsent(os.strerror(errno.EMSGSIZE), too_large=True)
        self._memory.post(data, self)

    def _read(self, deadline: float) -> Arrival:
        while True:
            if self._left:
                raise Gone("we closed this socket")
            self._memory.settle()
            self._told()
            if self._arrived:
                return self._arrived.popleft()
            if self.now() >= deadline:
                raise Silence("nothing came")
            self._memory.advance(deadline)

    def _told(self) -> None:
        if self._refused:
            self._refused = False
            raise Refused("refused: nobody listens there")

    def _close(self) -> bool:
        if self._left:
            return False
        self._left = True
        self._memory.leave(self)
        return True

"""Channels in memory: the connections that a session has beside its own, under the carriage's virtual clock.

The counterpart of `reference_servers.channels`: doors, channels, and room in the network, which is bounded, so that
whoever is not read waits. TLS is played. This module knows a session by its shape; it must not know any protocol.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Protocol

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
    Session,
)
from pytest_netconform.transcript import Transcript
from pytest_netconform.transport import Gone, Silence, TlsFailure, Unclosed, Unreachable, Wire

ROOM = 1 << 18  # octets under way in one direction before the sender waits
PIECE = 1 << 16  # octets that arrive at a time
SENDING = 0.001  # seconds that a portion is under way
CLIENT_HELLO = b"\x16\x03\x01\x00\xa0\x01\x00\x00\x9c\x03\x03"
LOWEST, HIGHEST = 32768, 60999  # ports that the network chooses


class Clock(Protocol):
    """What moves time."""

    def now(self) -> float:
        """The virtual time."""

    def advance(self, until: float) -> None:
        """Move the clock to the next event, or to `until`."""

    def schedule(self, time: float, work: Callable[[], None]) -> None:
        """Do that then."""


class Network:
    """Who listens where: sessions by their doors, clients by their listeners."""

    def __init__(self, clock: Clock, host: str) -> None:
        self.clock, self.host = clock, host
        self.doors: dict[Address, tuple[Channels, int]] = {}
        self.listeners: dict[Address, MemoryListener] = {}
        self._seed = 12345

    def port(self) -> int:
        """A free port that cannot be guessed from the one before, and is the same in every run."""
        while True:
            self._seed = (self._seed * 1103515245 + 12345) & 0x7FFFFFFF
            port = LOWEST + (self._seed >> 8) % (HIGHEST - LOWEST)
            if all(port != taken for _, taken in (*self.doors, *self.listeners)):
                return port

    def dial(self, transcript: Transcript, number: int, epoch: float, address: Address, source: str) -> ChannelWire:
        """A client comes to a door. Raises Unreachable when there is none."""
        found = self.doors.get(address)
        if found is None:
            raise Unreachable(f"cannot connect to {address[0]} port {address[1]}: Connection refused")
        here = (source or address[0], self.port())
        wire = ChannelWire(self, transcript, number, epoch, here, address)
        channels, door = found
        channels.join(door, wire.channel, here)
        return wire

    def listen(self, host: str, port: int) -> MemoryListener:
        """A client listens. Raises Unreachable when somebody does there already."""
        address = (host, port or self.port())
        if address in self.listeners or address in self.doors:
            raise Unreachable(f"cannot listen at {address[0]} port {address[1]}: Address already in use")
        self.listeners[address] = MemoryListener(self, address)
        return self.listeners[address]


class Channels:
    """The doors and channels of one session. perform: carries out what the session answers."""

    def __init__(self, network: Network, session: Session, perform: Callable[[list[Action]], None]) -> None:
        self._network, self._session, self._perform = network, session, perform
        self._doors: dict[int, Address | None] = {}  # None: a connection that is being made
        self._channels: dict[int, Channel] = {}
        self._last = 0
        self._dropped = False

    def perform(self, action: Action) -> bool:
        """Carry out an action about doors or channels; False for any other."""
        if isinstance(action, Listen):
            self._listen(action)
        elif isinstance(action, Connect):
            self._doors[action.door] = None
            self._soon(lambda: self._connect(action))
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
        self._dropped = True
        for door in list(self._doors):
            self._shut(door)
        for channel in self._channels.values():
            if not channel.ended:
                channel.abort()

    def join(self, door: int, channel: Channel, peer: Address) -> None:
        """A channel stands."""
        self._last += 1
        channel.number, channel.channels = self._last, self
        self._channels[channel.number] = channel
        number = channel.number
        self._soon(lambda: self.tell(lambda now: self._session.joined(door, number, peer, now)))

    def tell(self, call: Callable[[float], list[Action]]) -> None:
        """Call the session, and carry out what it answers."""
        if not self._dropped:
            self._perform(call(self._network.clock.now()))

    def later(self, work: Callable[[], None]) -> None:
        """Do that when a portion has travelled."""
        self._network.clock.schedule(self._network.clock.now() + SENDING, work)

    @property
    def session(self) -> Session:
        """Whose channels they are."""
        return self._session

    def _soon(self, work: Callable[[], None]) -> None:
        self._network.clock.schedule(self._network.clock.now(), work)

    def _listen(self, action: Listen) -> None:
        address = (action.host, action.port or self._network.port())
        if address in self._network.doors:
            self.tell(lambda now: self._session.unavailable(action.door, "Address already in use", now))
            return
        self._doors[action.door] = address
        self._network.doors[address] = (self, action.door)
        self.tell(lambda now: self._session.listening(action.door, address[1], now))

    def _connect(self, action: Connect) -> None:
        if action.door not in self._doors:
            return  # given up
        del self._doors[action.door]
        listener = self._network.listeners.get(action.address)
        if listener is None:
            self.tell(lambda now: self._session.unavailable(action.door, "Connection refused", now))
            return
        here = (action.source or action.address[0], self._network.port())
        channel = Channel()
        listener.arrived.append((channel, here))
        self.join(action.door, channel, action.address)

    def _shut(self, door: int) -> None:
        address = self._doors.pop(door, None)
        if address is not None:
            self._network.doors.pop(address, None)


class Channel:
    """What is between a session and the client's wire."""

    channels: Channels
    number: int

    def __init__(self) -> None:
        self.arriving = bytearray()  # for the client
        self.waiting = bytearray()  # from the client
        self.receives = False  # the session takes what comes
        self.awaits_tls = False
        self.secure = False
        self.ended = False  # by the session
        self.goodbye = True  # and how
        self.broken = False  # by the session
        self.left: Ending | None = None  # how the client has ended
        self._owes_sent = False
        self._told = False  # the session knows that the client has ended

    # the session's side

    def perform(self, action: Action) -> None:
        """Carry out what the session asks for."""
        if isinstance(action, ChannelAbort):
            self.abort()
        elif isinstance(action, ChannelTls):
            self.awaits_tls = True
            if self.waiting or self.left is not None:
                self.channels.later(lambda: self.end_of_client(Ending.INSECURE))
        elif isinstance(action, ChannelReceive):
            self.receives = True
            self.channels.later(self.deliver)
        elif isinstance(action, ChannelSend):
            self.arriving += action.data
            self._owe()
        elif isinstance(action, ChannelEnd):
            self.ended, self.goodbye = True, action.goodbye
            self._owe()

    def abort(self) -> None:
        """RST: what is under way is lost."""
        self.broken = True
        self.arriving.clear()

    def _owe(self) -> None:
        self._owes_sent = True
        self.make_room()

    def make_room(self) -> None:
        """Tell the session that more can be sent, as soon as that is so."""
        if self._owes_sent and len(self.arriving) < ROOM:
            self.channels.later(self._sent)

    def _sent(self) -> None:
        if not self._owes_sent or self.broken:
            return
        if self.left in (Ending.BROKEN, Ending.INSECURE):
            self.end_of_client(Ending.BROKEN)
            return
        self._owes_sent = False
        self.channels.tell(lambda now: self.channels.session.channel_sent(self.number, now))

    # the client's side

    def deliver(self) -> None:
        """What waits goes to the session, piece by piece, then the end."""
        while self.waiting and self.receives and not (self.broken or self.ended):
            piece = bytes(self.waiting[:PIECE])
            del self.waiting[:PIECE]
            self._hand_over(piece)
        if self.receives and self.left is not None and not self.waiting:
            self.end_of_client(self.left)

    def _hand_over(self, piece: bytes) -> None:
        self.channels.tell(lambda now: self.channels.session.channel_data(self.number, piece, now))

    def end_of_client(self, how: Ending) -> None:
        """Tell the session once that the client has ended."""
        if self._told or self.broken or (self.ended and not self._owes_sent):
            return
        self._told = True
        if how is not Ending.CLEAN:
            self.ended = self.ended or how is Ending.INSECURE
            self.broken = how is Ending.BROKEN
        self.channels.tell(lambda now: self.channels.session.channel_ended(self.number, how, now))

    def leave(self, how: Ending) -> None:
        """The client says no more; a reset, or a close before all was read, is noticed by a session that sends."""
        if self.left is None:
            self.left = how
            if self.awaits_tls and not self.secure:
                self.channels.later(lambda: self.end_of_client(Ending.INSECURE))
            elif self.receives:
                self.channels.later(self.deliver)
        if how is Ending.BROKEN:
            self.left = how
            self.arriving.clear()
            if self._owes_sent:
                self.channels.later(self._sent)


class ChannelWire(Wire):
    """The client's end of a channel. TLS is played: a handshake succeeds exactly when the session asks for one."""

    def __init__(
        self,
        network: Network,
        transcript: Transcript,
        number: int,
        epoch: float,
        here: Address,
        there: Address,
        channel: Channel | None = None,
    ) -> None:
        super().__init__(transcript, number, epoch)
        self.channel = channel or Channel()
        self.here, self.there = here, there
        self._network = network
        self._gone = False

    def now(self) -> float:
        """The carriage's virtual seconds."""
        return self._network.clock.now()

    def tls_version(self) -> str:
        """TLS is always the newest here."""
        return "TLSv1.3" if self.secure else ""

    def _write(self, data: bytes, deadline: float) -> None:
        if self._pour(data, deadline) < len(data):
            raise Silence("nothing was taken")

    def _pour(self, data: bytes, deadline: float) -> int:
        channel, taken = self.channel, 0
        while taken < len(data):
            if self._gone or channel.left is not None:
                raise Gone("we closed this connection")
            if channel.broken:
                raise Gone("Connection reset by peer")
            if channel.ended:
                return len(data)  # the kernel takes what nobody will read
            if channel.awaits_tls and not channel.secure:
                channel.leave(Ending.INSECURE)  # no ClientHello begins like that
                return len(data)
            room = ROOM - len(channel.waiting)
            if room <= 0 and self.now() >= deadline:
                return taken
            if room <= 0:
                self._network.clock.advance(deadline)
                continue
            channel.waiting += data[taken : taken + room]
            taken += min(room, len(data) - taken)
            channel.deliver()
        return taken

    def _stirs(self) -> bool:
        return bool(self.channel.arriving) or self.channel.ended or self.channel.broken

    def _write_urgent(self, octet: bytes, deadline: float) -> None:
        """Nobody looks for urgent data here."""

    def _narrow(self, octets: int) -> None:
        """The room is what it is."""

    def _read(self, deadline: float) -> bytes:
        channel = self.channel
        while True:
            if self._gone:
                raise Gone("we closed this connection")
            if channel.arriving:
                data = bytes(channel.arriving[:PIECE])
                del channel.arriving[:PIECE]
                channel.make_room()
                return data
            if channel.broken:
                raise Gone("Connection reset by peer")
            if channel.ended and self.secure and not channel.goodbye:
                raise Unclosed()
            if channel.ended:
                return b""
            if self.now() >= deadline:
                raise Silence("nothing came")
            self._network.clock.advance(deadline)

    def _handshake(self, deadline: float) -> None:
        channel = self.channel
        if not channel.awaits_tls:
            channel.waiting += CLIENT_HELLO
            channel.deliver()
        while not channel.awaits_tls:
            if channel.arriving:
                self.heard_clear(self._read(deadline))
            if channel.broken or channel.ended:
                raise TlsFailure("the connection is closed")
            if self.now() >= deadline:
                raise Silence("nothing came")
            self._network.clock.advance(deadline)
        if channel.waiting == CLIENT_HELLO:
            channel.waiting.clear()
        if channel.broken or channel.ended:
            raise TlsFailure("the connection is closed")
        channel.secure = self.secure = True
        channel.channels.tell(lambda now: channel.channels.session.channel_secure(channel.number, now))

    def _finish(self, deadline: float) -> None:
        self.channel.leave(Ending.CLEAN)

    def _shutdown(self) -> None:
        self.channel.leave(Ending.CUT if self.secure else Ending.CLEAN)

    def _close(self, *, abort: bool) -> bool:
        if self._gone:
            return False
        self._gone = True
        unread = bool(self.channel.arriving) or not (self.channel.receives or self.channel.ended)
        self.channel.leave(Ending.BROKEN if abort or unread else Ending.CUT if self.secure else Ending.CLEAN)
        return True


class MemoryListener:
    """Where a client waits for a channel."""

    def __init__(self, network: Network, address: Address) -> None:
        self._network = network
        self.address = address
        self.arrived: deque[tuple[Channel, Address]] = deque()

    def accept(self, transcript: Transcript, number: int, epoch: float, deadline: float) -> ChannelWire:
        """The wire of whoever comes. Raises Silence at the deadline."""
        clock = self._network.clock
        while not self.arrived:
            if clock.now() >= deadline:
                raise Silence("nobody came")
            clock.advance(deadline)
        channel, peer = self.arrived.popleft()
        return ChannelWire(self._network, transcript, number, epoch, self.address, peer, channel)

    def close(self) -> None:
        """Listen no more; whoever waits is turned away."""
        self._network.listeners.pop(self.address, None)
        while self.arrived:
            self.arrived.popleft()[0].leave(Ending.BROKEN)

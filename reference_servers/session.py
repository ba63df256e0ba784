"""The shape of a session: the server's half of a dialogue, without input or output of its own.

A carriage (a socket host, or the memory wire) tells a session what happened (`open`, `receive`, `secure`, `end`,
`wake`) and at what time, and carries out the actions that come back, in order. A session may have further connections
beside its own: those come through doors that it opens, and are called channels. A session must not know sockets,
threads or any clock but the time that it is told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

Address = tuple[str, int]  # of a Unix socket: its path, and 0


@dataclass(frozen=True)
class Send:
    """Write these octets."""

    data: bytes


@dataclass(frozen=True)
class StartTls:
    """Everything sent so far goes out in clear; then the server's side of a TLS handshake; `secure` follows."""


@dataclass(frozen=True)
class Close:
    """Write what is pending, then close the connection."""


@dataclass(frozen=True)
class Reset:
    """Break the connection at once (RST); what is pending may be lost."""


@dataclass(frozen=True)
class WakeAt:
    """Call `wake` at this time, in the carriage's seconds; replaces the earlier wish, None cancels it."""

    at: float | None


@dataclass(frozen=True)
class TellWhenSent:
    """Call `sent` once the network has taken what was sent so far: who sends without end goes on then, not before."""


@dataclass(frozen=True)
class StopTls:
    """Everything sent so far goes out inside TLS; then TLS is closed by both sides, `cleared` follows, and octets go in
    clear.
    """


# -- other connections of the same session: doors are numbered by the session, channels by the carriage


@dataclass(frozen=True)
class Listen:
    """Listen at a port of this host (0: any) for channels; `listening` or `unavailable` follows, then `joined`."""

    door: int
    host: str
    port: int = 0


@dataclass(frozen=True)
class Connect:
    """Connect to an address, from one of this host's own; `joined` or `unavailable` follows."""

    door: int
    address: Address
    source: str = ""


@dataclass(frozen=True)
class CloseDoor:
    """Listen no more, or give up connecting. Channels that came through this door stay."""

    door: int


@dataclass(frozen=True)
class ChannelTls:
    """The server's side of a TLS handshake on a channel; `channel_secure` or `channel_ended` follows."""

    channel: int


@dataclass(frozen=True)
class ChannelReceive:
    """Hand over what arrives on a channel from now on; until then it waits in the network."""

    channel: int


@dataclass(frozen=True)
class ChannelSend:
    """Write these octets on a channel; `channel_sent` follows once the network has taken them."""

    channel: int
    data: bytes


@dataclass(frozen=True)
class ChannelEnd:
    """Write what is pending on a channel, then close it; `channel_sent` follows once our end of it is under way."""

    channel: int
    goodbye: bool = True  # say close_notify first where there is TLS


@dataclass(frozen=True)
class ChannelAbort:
    """Break a channel at once (RST). Nothing follows."""

    channel: int


Action = (
    Send
    | StartTls
    | StopTls
    | Close
    | Reset
    | WakeAt
    | TellWhenSent
    | Listen
    | Connect
    | CloseDoor
    | ChannelTls
    | ChannelReceive
    | ChannelSend
    | ChannelEnd
    | ChannelAbort
)


class Ending(Enum):
    """How the other side of a channel ended."""

    CLEAN = "closed"
    CUT = "closed inside TLS without a closing alert"
    BROKEN = "reset"
    INSECURE = "no TLS"


@dataclass(frozen=True)
class Peer:
    """Who is at the other end, as the carriage sees it: (host, port), and whether TLS came before any word.

    here: the address at which he found us.
    """

    address: Address = ("127.0.0.1", 0)
    secure: bool = False
    here: Address = ("127.0.0.1", 0)


class Session:
    """One connection. Subclasses define the `on_…` methods and call `act`; carriages call the others."""

    peer: Peer = Peer()
    now: float = 0.0
    #: whether urgent octets (RFC 9293 3.8.5) belong to the stream, at their place in it
    urgent_inline: bool = False
    #: set by the carriage: have `nudged` called soon. Any thread may call it, such as that of another session
    nudge: Callable[[], None] = staticmethod(lambda: None)

    def __init__(self) -> None:
        self._actions: list[Action] = []

    # what a carriage calls; times are in its seconds

    def open(self, peer: Peer, now: float) -> list[Action]:
        """The connection stands (with TLS already, if `peer.secure`)."""
        self.peer, self.now = peer, now
        self.on_open()
        return self._taken()

    def receive(self, data: bytes, now: float) -> list[Action]:
        """Octets arrived."""
        self.now = now
        self.on_data(data)
        return self._taken()

    def secure(self, now: float) -> list[Action]:
        """The handshake that `StartTls` asked for is done."""
        self.now = now
        self.on_secure()
        return self._taken()

    def end(self, now: float) -> list[Action]:
        """The peer will send no more; it may still read. After a reset the actions are ignored."""
        self.now = now
        self.on_end()
        return self._taken()

    def wake(self, now: float) -> list[Action]:
        """The time that `WakeAt` named has come."""
        self.now = now
        self.on_wake()
        return self._taken()

    def nudged(self, now: float) -> list[Action]:
        """Somebody called `nudge`: what the session shares with others has changed."""
        self.now = now
        self.on_nudge()
        return self._taken()

    def sent(self, now: float) -> list[Action]:
        """What `TellWhenSent` waited for has left; the peer may still have it before him."""
        self.now = now
        self.on_sent()
        return self._taken()

    def cleared(self, now: float) -> list[Action]:
        """TLS was closed, as `StopTls` asked."""
        self.now = now
        self.on_cleared()
        return self._taken()

    def listening(self, door: int, port: int, now: float) -> list[Action]:
        """A door that `Listen` asked for is open, at this port."""
        self.now = now
        self.on_listening(door, port)
        return self._taken()

    def unavailable(self, door: int, why: str, now: float) -> list[Action]:
        """A door is not to be had: nobody can listen there, or nobody could be reached."""
        self.now = now
        self.on_unavailable(door, why)
        return self._taken()

    def joined(self, door: int, channel: int, peer: Address, now: float) -> list[Action]:
        """A channel stands: somebody came through a door, or was reached."""
        self.now = now
        self.on_joined(door, channel, peer)
        return self._taken()

    def channel_secure(self, channel: int, now: float) -> list[Action]:
        """The handshake that `ChannelTls` asked for is done."""
        self.now = now
        self.on_channel_secure(channel)
        return self._taken()

    def channel_data(self, channel: int, data: bytes, now: float) -> list[Action]:
        """Octets arrived on a channel."""
        self.now = now
        self.on_channel_data(channel, data)
        return self._taken()

    def channel_sent(self, channel: int, now: float) -> list[Action]:
        """The network has taken all that was sent on a channel, and its end if that was asked for."""
        self.now = now
        self.on_channel_sent(channel)
        return self._taken()

    def channel_ended(self, channel: int, how: Ending, now: float) -> list[Action]:
        """The other side of a channel will send no more; unless it closed cleanly the channel is gone."""
        self.now = now
        self.on_channel_ended(channel, how)
        return self._taken()

    def urgent(self, octet: bytes, now: float) -> list[Action]:
        """Urgent data arrived (RFC 9293 3.8.5). Only memory tells: over sockets who does not ask never sees it."""
        self.now = now
        self.on_urgent(octet)
        return self._taken()

    # what a subclass defines

    def on_open(self) -> None:
        """Greet, if the protocol's server speaks first."""

    def on_data(self, data: bytes) -> None:
        """Digest octets, however they were cut."""

    def on_secure(self) -> None:
        """Forget what was said in clear, where the protocol says so."""

    def on_end(self) -> None:
        """By default a peer that says no more is not served any longer."""
        self.act(Close())

    def on_wake(self) -> None:
        """Time has passed; the session knows which of its limits that was."""

    def on_nudge(self) -> None:
        """Look at what is shared with other sessions."""

    def on_sent(self) -> None:
        """There is room for more."""

    def on_cleared(self) -> None:
        """Octets go in clear again."""

    def on_listening(self, door: int, port: int) -> None:
        """Tell the peer the port."""

    def on_unavailable(self, door: int, why: str) -> None:
        """Tell the peer that it cannot be done."""

    def on_joined(self, door: int, channel: int, peer: Address) -> None:
        """By default nobody is expected."""
        self.act(ChannelAbort(channel))

    def on_channel_secure(self, channel: int) -> None:
        """Go on inside TLS."""

    def on_channel_data(self, channel: int, data: bytes) -> None:
        """Digest octets, however they were cut."""

    def on_channel_sent(self, channel: int) -> None:
        """There is room for more, or the end is said."""

    def on_channel_ended(self, channel: int, how: Ending) -> None:
        """What arrived is all there is."""

    def on_urgent(self, octet: bytes) -> None:
        """By default it is no data, and passed over."""

    # what a subclass calls

    def act(self, action: Action) -> None:
        """Queue an action for the carriage."""
        self._actions.append(action)

    def send(self, data: bytes) -> None:
        """Queue octets."""
        self._actions.append(Send(data))

    def _taken(self) -> list[Action]:
        actions, self._actions = self._actions, []
        return actions


# -- datagrams


@dataclass(frozen=True)
class SendTo:
    """Send one datagram to this address, from where its cause arrived, or from elsewhere: `port`, `host`."""

    data: bytes
    to: Address
    source: str = ""


DatagramAction = SendTo | Close | WakeAt


class DatagramSession:
    """All that arrives at one socket, whoever sends it. Subclasses define `on_…` and call `act`, `send`.

    here: the address at which the datagram arrived that is being looked at.
    """

    now: float = 0.0
    here: Address = ("", 0)

    def __init__(self) -> None:
        self._actions: list[DatagramAction] = []

    # what a carriage calls; times are in its seconds

    def datagram(self, data: bytes, sender: Address, here: Address, now: float) -> list[DatagramAction]:
        """One datagram arrived, perhaps an empty one."""
        self.here, self.now = here, now
        self.on_datagram(data, sender)
        return self._taken()

    def refused(self, peer: Address, now: float) -> list[DatagramAction]:
        """A datagram of ours found nobody there (ICMP port unreachable)."""
        self.now = now
        self.on_refused(peer)
        return self._taken()

    def wake(self, now: float) -> list[DatagramAction]:
        """The time that `WakeAt` named has come."""
        self.now = now
        self.on_wake()
        return self._taken()

    # what a subclass defines

    def on_datagram(self, data: bytes, sender: Address) -> None:
        """Digest one datagram."""

    def on_refused(self, peer: Address) -> None:
        """By default a peer that has gone is no affair of ours."""

    def on_wake(self) -> None:
        """Time has passed; the session knows which of its limits that was."""

    # what a subclass calls

    def act(self, action: DatagramAction) -> None:
        """Queue an action for the carriage."""
        self._actions.append(action)

    def send(self, data: bytes, to: Address) -> None:
        """Queue a datagram."""
        self._actions.append(SendTo(data, to))

    def _taken(self) -> list[DatagramAction]:
        actions, self._actions = self._actions, []
        return actions

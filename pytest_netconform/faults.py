"""Faults: what is wrong with a network, one frozen value each, and the weathers that are made of them.

This module knows which faults there are, which go together, and what each does to octets (`courses` says how). It must
not know a socket, a clock or a protocol. Every choice that is left to chance is drawn from a seed, so the same weather
does the same to the same octets.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from enum import Enum
from typing import ClassVar


class WeatherError(ValueError):
    """A weather that there is not, or that cannot be; one line."""


class Way(str, Enum):
    """The direction of a fault: to the client, or from him."""

    DOWN = "down"
    UP = "up"


class Slot(str, Enum):
    """What a fault takes hold of. Two faults of one slot contradict each other if they go the same way."""

    CUTS = "cuts the stream"
    OCTETS = "changes octets"
    END = "ends the stream"
    LATENCY = "delays"
    RATE = "limits the rate"
    WINDOW = "limits the window"
    ACCEPT = "delays the accept"
    NAME = "hides the name"
    UNREACHABLE = "lets nobody in"
    LOSS = "loses datagrams"
    COPIES = "doubles datagrams"
    ORDER = "changes the order of datagrams"


_NOBODY = (Slot.UNREACHABLE, Slot.NAME)  # where these are, nothing else can be


@dataclass(frozen=True, repr=False)
class Fault:
    """One thing that is wrong. `a & b` is a weather in which both are."""

    slot: ClassVar[Slot]
    streams: ClassVar[bool] = True  # whether it can be done to a stream
    datagrams: ClassVar[bool] = False  # and to datagrams

    @property
    def way(self) -> Way:
        """Which direction it is in."""
        return getattr(self, "to", Way.DOWN)

    def __and__(self, other: Fault | Weather) -> Weather:
        return Weather((self,)) & other

    def __repr__(self) -> str:
        shown = [
            repr(value)
            if place == 0
            else f"{each.name}={f'Way.{value.name}' if isinstance(value, Way) else repr(value)}"
            for place, each in enumerate(fields(self))
            for value in (getattr(self, each.name),)
            if place == 0 or value != each.default
        ]
        return f"{type(self).__name__}({', '.join(shown)})"

    def _require(self, **least: float) -> None:
        for name, bound in least.items():
            value = getattr(self, name)
            if not isinstance(value, int | float) or value != value or value < bound:
                raise WeatherError(
                    f"{type(self).__name__}: {name} is {value!r}; a number from {bound:g} on is asked for"
                )


# -- streams: how they are cut


@dataclass(frozen=True, repr=False)
class Segmented(Fault):
    """Every `size` octets arrive by themselves, `apart` seconds behind those before.

    Of one long answer only the first and the last 200 pieces are kept so small, and the middle comes in larger ones: a
    megabyte octet by octet would take an hour and show nothing more.
    """

    slot = Slot.CUTS
    size: int = 1
    apart: float = 0.001
    to: Way = Way.DOWN

    def __post_init__(self) -> None:
        self._require(size=1, apart=0)


@dataclass(frozen=True, repr=False)
class Scattered(Fault):
    """As `Segmented`, in pieces of 1 to `largest` octets, as chance has it."""

    slot = Slot.CUTS
    largest: int = 20
    apart: float = 0.001
    to: Way = Way.DOWN

    def __post_init__(self) -> None:
        self._require(largest=1, apart=0)


@dataclass(frozen=True, repr=False)
class Coalesced(Fault):
    """What is sent within `seconds` arrives together, in one piece."""

    slot = Slot.CUTS
    seconds: float = 0.05
    to: Way = Way.DOWN

    def __post_init__(self) -> None:
        self._require(seconds=0)


# -- time


@dataclass(frozen=True, repr=False)
class Latency(Fault):
    """Everything arrives `seconds` later, and up to `jitter` seconds more, as chance has it; a stream in its order."""

    slot = Slot.LATENCY
    datagrams = True
    seconds: float = 0.05
    jitter: float = 0.0
    to: Way = Way.DOWN

    def __post_init__(self) -> None:
        self._require(seconds=0, jitter=0)


@dataclass(frozen=True, repr=False)
class Bandwidth(Fault):
    """No more than so many octets a second."""

    slot = Slot.RATE
    octets: int = 10_000
    to: Way = Way.DOWN

    def __post_init__(self) -> None:
        self._require(octets=1)


# -- how a stream ends before its end


@dataclass(frozen=True, repr=False)
class Ending(Fault):
    """What they have in common: it strikes behind so many octets, in the first `connections` only (None: in all)."""

    slot = Slot.END
    after: int = 0
    connections: int | None = None
    to: Way = Way.DOWN

    def __post_init__(self) -> None:
        self._require(after=0)
        if self.connections is not None:
            self._require(connections=1)


class Stalled(Ending):
    """Behind `after` octets nothing more passes, and the connection stands, for ever."""

    datagrams = True


class CloseAfter(Ending):
    """The connection is closed (FIN) behind `after` octets."""


class ResetAfter(Ending):
    """The connection is reset (RST) behind `after` octets."""


class HalfClosed(Ending):
    """The server's half is closed behind `after` octets, and it goes on reading."""


@dataclass(frozen=True, repr=False)
class Truncated(Fault):
    """The first answer of at least `longer` octets arrives up to a `share` of it; then the connection is closed."""

    slot = Slot.END
    datagrams = True
    share: float = 0.5
    longer: int = 64
    connections: int | None = None
    to: Way = Way.DOWN

    def __post_init__(self) -> None:
        self._require(share=0, longer=1)
        if self.share >= 1:
            raise WeatherError(f"Truncated: share is {self.share!r}; less than 1 is asked for")
        if self.connections is not None:
            self._require(connections=1)


# -- octets


@dataclass(frozen=True, repr=False)
class Corrupted(Fault):
    """One octet is not what was sent: the one at this `place` (from 0) of a stream, or of every datagram."""

    slot = Slot.OCTETS
    datagrams = True
    place: int = 0
    mask: int = 0x01  # the bits that are turned over
    to: Way = Way.DOWN

    def __post_init__(self) -> None:
        self._require(place=0, mask=1)
        if self.mask > 0xFF:
            raise WeatherError(f"Corrupted: mask is {self.mask:#x}; an octet has eight bits")


# -- datagrams


@dataclass(frozen=True, repr=False)
class Lost(Fault):
    """Of the datagrams so great a `share` gets lost as chance has it, or the `first` ones and no others."""

    slot = Slot.LOSS
    streams = False
    datagrams = True
    share: float = 0.3
    first: int = 0
    to: Way = Way.DOWN

    def __post_init__(self) -> None:
        self._require(share=0, first=0)


@dataclass(frozen=True, repr=False)
class Duplicated(Fault):
    """Of the datagrams so great a `share` arrives twice."""

    slot = Slot.COPIES
    streams = False
    datagrams = True
    share: float = 1.0
    to: Way = Way.DOWN

    def __post_init__(self) -> None:
        self._require(share=0)


@dataclass(frozen=True, repr=False)
class Reordered(Fault):
    """Of the datagrams so great a `share` comes `late` seconds late, behind those that were sent after it."""

    slot = Slot.ORDER
    streams = False
    datagrams = True
    share: float = 0.5
    late: float = 0.05
    to: Way = Way.DOWN

    def __post_init__(self) -> None:
        self._require(share=0, late=0)


# -- how one gets there


@dataclass(frozen=True, repr=False)
class SmallWindow(Fault):
    """The server's buffers hold about so many octets (the system rounds up): who sends much waits for the reader."""

    slot = Slot.WINDOW
    octets: int = 2048

    def __post_init__(self) -> None:
        self._require(octets=1)


@dataclass(frozen=True, repr=False)
class SlowAccept(Fault):
    """The connection stands at once, and nobody serves it for so many seconds."""

    slot = Slot.ACCEPT
    seconds: float = 0.3

    def __post_init__(self) -> None:
        self._require(seconds=0)


@dataclass(frozen=True, repr=False)
class Refused(Fault):
    """Nobody listens: a connect is refused, and a datagram is answered by ICMP."""

    slot = Slot.UNREACHABLE
    datagrams = True


@dataclass(frozen=True, repr=False)
class Blackholed(Fault):
    """A connect is answered by nothing at all."""

    slot = Slot.UNREACHABLE


@dataclass(frozen=True, repr=False)
class Unresolved(Fault):
    """The server has a name that does not resolve: there is no such name, or (`again`) the resolver is out of reach."""

    slot = Slot.NAME
    datagrams = True
    again: bool = False


# -- weathers


@dataclass(frozen=True, repr=False)
class Weather:
    """Faults that are there together, and the seed of what is left to chance. None: fair weather.

    Raises WeatherError for faults that contradict each other.
    """

    faults: tuple[Fault, ...] = ()
    seed: int = 0
    name: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        for place, fault in enumerate(self.faults):
            for other in self.faults[:place]:
                _agree(other, fault)

    def __and__(self, other: Fault | Weather) -> Weather:
        more = other if isinstance(other, Weather) else Weather((other,))
        return Weather(self.faults + more.faults, self.seed or more.seed)

    def __bool__(self) -> bool:
        return bool(self.faults)

    def __repr__(self) -> str:
        faults = " & ".join(map(repr, self.faults)) or "fair weather"
        return f"{faults} (seed {self.seed})" if self.seed else faults

    @property
    def streams(self) -> bool:
        """Whether it can be on a stream."""
        return all(fault.streams for fault in self.faults)

    @property
    def datagrams(self) -> bool:
        """Whether datagrams can be sent in it."""
        return all(fault.datagrams for fault in self.faults)

    def of(self, *slots: Slot, way: Way | None = None) -> tuple[Fault, ...]:
        """The faults of these slots, in one direction or (None) whatever theirs."""
        return tuple(f for f in self.faults if f.slot in slots and (way is None or f.way is way))


def _agree(one: Fault, other: Fault) -> None:
    """Raise WeatherError for two faults that cannot both be."""
    if one.slot in _NOBODY or other.slot in _NOBODY:
        first, second = (one, other) if one.slot in _NOBODY else (other, one)
        raise WeatherError(f"{first!r} contradicts {second!r}: where nobody gets through, nothing else can go wrong")
    if one.slot is other.slot and one.way is other.way:
        raise WeatherError(f"{one!r} contradicts {other!r}: each {one.slot.value}")
    if not (one.streams and other.streams) and not (one.datagrams and other.datagrams):
        stream, datagram = (one, other) if one.streams else (other, one)
        raise WeatherError(f"{stream!r} contradicts {datagram!r}: one is of streams, the other of datagrams")


#: Where a correct client notices nothing but the time that it takes.
HARMLESS: dict[str, tuple[Fault, ...]] = {
    "fair": (),
    "segmented": (Segmented(),),
    "scattered": (Scattered(),),
    "coalesced": (Coalesced(),),
    "slow": (Latency(0.05, jitter=0.02),),
    "trickling": (Bandwidth(20_000),),
    "narrow": (SmallWindow(),),
    "slow-accept": (SlowAccept(),),
    "rough": (Scattered(), Latency(0.01, jitter=0.01), SmallWindow()),
    "duplicated": (Duplicated(),),
    "reordered": (Reordered(),),
}
#: Where a client has to try again, or to tell that something went wrong; and never waits for ever.
HARMFUL: dict[str, tuple[Fault, ...]] = {
    "silent": (Stalled(0),),
    "stalled": (Stalled(40),),
    "closed": (CloseAfter(0),),
    "closed-early": (CloseAfter(40),),
    "closed-once": (CloseAfter(40, connections=1),),
    "truncated": (Truncated(),),
    "half-closed": (HalfClosed(40),),
    "reset": (ResetAfter(40),),
    "reset-once": (ResetAfter(40, connections=1),),
    "deaf": (Stalled(0, to=Way.UP),),
    "corrupted": (Corrupted(mask=0x80),),
    "refused": (Refused(),),
    "blackholed": (Blackholed(),),
    "unresolved": (Unresolved(),),
    "lossy": (Lost(),),
    "lost-once": (Lost(0.0, first=1),),
}
WEATHERS: dict[str, tuple[Fault, ...]] = {**HARMLESS, **HARMFUL}
#: names for several weathers
GROUPS: dict[str, tuple[str, ...]] = {"all": tuple(WEATHERS), "harmless": tuple(HARMLESS), "harmful": tuple(HARMFUL)}

FAIR = Weather(name="fair")


def weather(asked: str | Fault | Weather | Iterable[Fault | Weather], seed: int = 0) -> Weather:
    """A weather by its name, or made of faults. Raises WeatherError for an unknown name and for contradictions."""
    if isinstance(asked, str):
        if asked not in WEATHERS:
            raise WeatherError(unknown("weather", asked, WEATHERS))
        return Weather(WEATHERS[asked], seed, asked)
    if isinstance(asked, Weather):
        return asked
    if isinstance(asked, Fault):
        return Weather((asked,), seed)
    made = Weather((), seed)
    for part in asked:
        if not isinstance(part, Fault | Weather):
            raise WeatherError(f"{part!r} is no fault; known are {', '.join(sorted(FAULTS))}")
        made = made & part
    return made


def names(asked: Iterable[str]) -> tuple[str, ...]:
    """The names of weathers that these names mean, groups among them, each once. Raises WeatherError."""
    found: list[str] = []
    for name in asked:
        if name not in GROUPS and name not in WEATHERS:
            raise WeatherError(unknown("weather", name, (*WEATHERS, *GROUPS)))
        found += GROUPS.get(name, (name,))
    return tuple(dict.fromkeys(found))


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """One line for a name that there is not: the nearest, and all."""
    every = list(known)
    near = get_close_matches(name, every, 1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return f"no {what} is called {name!r}; {hint}known are {', '.join(every)}"


def _every(root: type[Fault]) -> Iterable[type[Fault]]:
    for kind in root.__subclasses__():
        yield from _every(kind)
        if kind is not Ending:
            yield kind


#: every fault by its name
FAULTS: dict[str, type[Fault]] = {kind.__name__: kind for kind in _every(Fault)}

"""Courses: what a weather does to one direction of one connection, octet by octet. Pure: octets and times in, and out.

A course is told what was sent and when, and says what arrives when. Whoever carries octets (a host, a proxy) asks it
and keeps the times. This module must not know a socket or a clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from random import Random

from pytest_netconform.faults import (
    Bandwidth,
    CloseAfter,
    Coalesced,
    Corrupted,
    Duplicated,
    Ending,
    Fault,
    HalfClosed,
    Latency,
    Lost,
    Reordered,
    ResetAfter,
    Scattered,
    Segmented,
    Slot,
    Stalled,
    Truncated,
    Way,
    Weather,
)

PIECES = 400  # of one long answer that are kept apart by time
MIDDLE = 997  # octets of the pieces between them
SMOOTH = 0.02  # seconds between two portions where the rate is limited
BEHIND = 0.01  # seconds between the last octet and a reset: it would overtake what was not read yet


class End(str, Enum):
    """How a stream ends, when it is not by silence."""

    CLOSE = "close"
    HALF = "half-close"
    RESET = "reset"


@dataclass(frozen=True)
class Piece:
    """What arrives at one moment: octets, or an end. fault: which one ended it; None where the sender did."""

    at: float
    what: bytes | End
    fault: Fault | None = None


class Course:
    """One direction of one connection. number: which connection of its server it is, from 1."""

    def __init__(self, weather: Weather, way: Way, number: int = 1) -> None:
        self._random = Random(f"{weather.seed}/{number}/{way.value}")
        found = {fault.slot: fault for fault in weather.faults if fault.way is way}
        ending = found.get(Slot.END)
        limit = getattr(ending, "connections", None)
        self._ending = ending if limit is None or number <= limit else None
        self._cuts = found.get(Slot.CUTS)
        self._latency = found.get(Slot.LATENCY)
        self._rate = found.get(Slot.RATE)
        self._octets = found.get(Slot.OCTETS)
        self._passed = 0  # octets so far
        self._last = 0.0  # when the last piece arrives
        self._bunch = -1.0  # until when what is sent arrives together
        self.fault: Fault | None = None  # what ended it
        self.struck: Fault | None = None  # the first fault that changed what arrives, or kept it away
        self.plain = not any((self._ending, self._cuts, self._latency, self._rate, self._octets))

    @property
    def over(self) -> bool:
        """Whether nothing passes any more."""
        return self.fault is not None

    @property
    def joins(self) -> bool:
        """Whether what arrives at one moment arrives in one piece."""
        return isinstance(self._cuts, Coalesced)

    @property
    def parts(self) -> bool:
        """Whether pieces arrive apart from each other, however late they are."""
        return isinstance(self._cuts, Segmented | Scattered)

    def begin(self, now: float) -> list[Piece]:
        """The connection stands: what ends behind no octet ends now."""
        return self._timed(self._ended(b"", now), now)

    def feed(self, data: bytes, now: float) -> list[Piece]:
        """These octets were sent."""
        if self.over or not data:
            return []
        return self._timed(self._ended(self._corrupted(data), now), now)

    def finish(self, now: float, end: End = End.CLOSE) -> list[Piece]:
        """The sender ends: behind all that is under way, unless a fault was there first."""
        return [] if self.over else self._timed([Piece(now, end)], now)

    # what is sent, and whether it ends

    def _corrupted(self, data: bytes) -> bytes:
        fault = self._octets
        if isinstance(fault, Corrupted):
            data, changed = turned(data, fault.place - self._passed, fault.mask)
            self.struck = self.struck or (fault if changed else None)
        return data

    def _ended(self, data: bytes, now: float) -> list[Piece]:
        fault, before = self._ending, self._passed
        self._passed += len(data)
        if isinstance(fault, Ending) and not self.over:
            if self._passed >= fault.after:
                return self._strike(fault, data[: fault.after - before], now)
        elif isinstance(fault, Truncated) and len(data) >= fault.longer:
            return self._strike(fault, data[: int(len(data) * fault.share)], now)
        return [Piece(now, data)] if data else []

    def _strike(self, fault: Fault, rest: bytes, now: float) -> list[Piece]:
        self.fault = self.struck = fault
        ends = {CloseAfter: End.CLOSE, Truncated: End.CLOSE, HalfClosed: End.HALF, ResetAfter: End.RESET}
        last = [] if isinstance(fault, Stalled) else [Piece(now, ends[type(fault)], fault)]
        return [Piece(now, rest), *last] if rest else last

    # when it arrives

    def _timed(self, pieces: list[Piece], now: float) -> list[Piece]:
        found = []
        for piece in pieces:
            for part, apart in self._cut(piece.what):
                found.append(Piece(self._moment(part, apart, now), part, piece.fault))
        return found

    def _moment(self, part: bytes | End, apart: float, now: float) -> float:
        at = now
        if isinstance(self._cuts, Coalesced):
            if now > self._bunch:
                self._bunch = now + self._cuts.seconds
            at = self._bunch
        if isinstance(self._latency, Latency):
            at += self._latency.seconds + self._latency.jitter * self._random.random()
        if isinstance(self._rate, Bandwidth) and isinstance(part, bytes):
            apart = max(apart, len(part) / self._rate.octets)
        self._last = max(at, self._last + apart) + (BEHIND if part is End.RESET else 0.0)
        return self._last

    def _cut(self, what: bytes | End) -> list[tuple[bytes | End, float]]:
        """The pieces of what is sent at once, and how long each comes behind the one before it."""
        if isinstance(what, End):
            return [(what, 0.0)]
        cuts = self._cuts
        if isinstance(cuts, Segmented):
            return _apart(what, lambda: cuts.size, cuts.apart)
        if isinstance(cuts, Scattered):
            return _apart(what, lambda: self._random.randint(1, cuts.largest), cuts.apart)
        if isinstance(self._rate, Bandwidth):
            portion = max(1, int(self._rate.octets * SMOOTH))
            return [(what[place : place + portion], 0.0) for place in range(0, len(what), portion)]
        return [(what, 0.0)]


def _apart(data: bytes, size: object, apart: float) -> list[tuple[bytes | End, float]]:
    assert callable(size)
    head: list[bytes] = []
    tail: list[bytes] = []
    begin, end = 0, len(data)
    while begin < end and len(head) < PIECES // 2:
        step = min(size(), end - begin)
        head.append(data[begin : begin + step])
        begin += step
    while begin < end and len(tail) < PIECES // 2:
        step = min(size(), end - begin)
        tail.append(data[end - step : end])
        end -= step
    middle = [data[place : min(place + MIDDLE, end)] for place in range(begin, end, MIDDLE)]
    return [(each, apart) for each in (*head, *middle, *reversed(tail))]


def turned(data: bytes, place: int, mask: int) -> tuple[bytes, bool]:
    """The octets with the bits of a mask turned over in one of them, and whether that one is there."""
    if not 0 <= place < len(data):
        return data, False
    return data[:place] + bytes([data[place] ^ mask]) + data[place + 1 :], True


class DatagramCourse:
    """One direction of all datagrams of a socket."""

    def __init__(self, weather: Weather, way: Way) -> None:
        self._random = Random(f"{weather.seed}/{way.value}")
        self._faults = {fault.slot: fault for fault in weather.faults if fault.way is way}
        self._count = 0
        self.struck: Fault | None = None
        self.plain = not self._faults

    def feed(self, data: bytes, now: float) -> list[tuple[float, bytes]]:
        """This datagram was sent; what arrives, and when."""
        self._count += 1
        data, arrives = self._reached(data)
        if not arrives:
            return []
        times = [now + self._delay()]
        copies = self._faults.get(Slot.COPIES)
        if isinstance(copies, Duplicated) and self._chance(copies, copies.share):
            times.append(now + self._delay())
        return [(at, data) for at in times]

    def _reached(self, data: bytes) -> tuple[bytes, bool]:
        loss, ending, octets = (self._faults.get(slot) for slot in (Slot.LOSS, Slot.END, Slot.OCTETS))
        if isinstance(loss, Lost) and (self._count <= loss.first or self._chance(loss, loss.share)):
            self.struck = loss
            return data, False
        if isinstance(ending, Stalled) and self._count > ending.after:
            self.struck = ending
            return data, False
        if isinstance(ending, Truncated) and len(data) >= ending.longer:
            self.struck = ending
            data = data[: int(len(data) * ending.share)]
        if isinstance(octets, Corrupted):
            data, changed = turned(data, octets.place, octets.mask)
            self.struck = octets if changed else self.struck
        return data, True

    def _delay(self) -> float:
        latency, order = self._faults.get(Slot.LATENCY), self._faults.get(Slot.ORDER)
        seconds = 0.0
        if isinstance(latency, Latency):
            seconds += latency.seconds + latency.jitter * self._random.random()
        if isinstance(order, Reordered) and self._chance(order, order.share):
            seconds += order.late
        return seconds

    def _chance(self, fault: Fault, share: float) -> bool:
        hit = self._random.random() < share
        if hit:
            self.struck = fault
        return hit

"""Minutes: what a server of ours heard from its clients and said to them, as a transcript that threads may read.

This module knows octets, connection numbers and times that it is told. It must not know a session, a socket or a clock.
What clients sent is C and what the server said is S, as in every transcript here; both are bounded.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from itertools import count

from pytest_netconform.transcript import KEPT_IN_ALL, KEPT_PER_EVENT, Event, Transcript, What

KEPT_EVENTS = 20_000  # of one server; what comes later is counted only
KEPT_OF_ONE = 1 << 20  # octets of one connection that are kept as they were heard


class Minutes:
    """All connections of one server, in the order of what happened."""

    def __init__(self) -> None:
        self._lock = threading.Condition()
        self._transcript = Transcript()
        self._began: float | None = None
        self._kept = 0
        self._left_out = 0
        self._heard: dict[int, bytearray] = {}
        self._numbers = count(1)

    def numbered(self) -> int:
        """The number of the next connection, from 1."""
        return next(self._numbers)

    def heard(self, now: float, connection: int, data: bytes, datagram: bool = False) -> None:
        """These octets came from a client."""
        room = max(0, min(KEPT_PER_EVENT, KEPT_IN_ALL - self._kept))
        self._kept += min(len(data), room)
        kept = self._heard.setdefault(connection, bytearray())
        kept += data[: max(0, KEPT_OF_ONE - len(kept))]
        self._add(now, connection, What.DATAGRAM if datagram else What.SEND, data[:room], len(data))

    def said(self, now: float, connection: int, data: bytes, datagram: bool = False) -> None:
        """These octets were said to a client, whatever the network made of them."""
        self._add(now, connection, What.ARRIVAL if datagram else What.RECEIVE, data)

    def happened(self, now: float, connection: int, what: What, text: str = "") -> None:
        """Something that is no octet."""
        self._add(now, connection, what, text.encode("utf-8"))

    def render(self) -> str:
        """The transcript as text for a terminal: printable ASCII only."""
        with self._lock:
            text = self._transcript.render()
        return text + (f"\n          [... {self._left_out} more events ...]" if self._left_out else "")

    @property
    def received(self) -> tuple[bytes, ...]:
        """What was heard on each connection, in the order in which they began to speak; 1 MiB of each at most."""
        with self._lock:
            return tuple(bytes(heard) for heard in self._heard.values())

    @property
    def events(self) -> tuple[Event, ...]:
        """What happened, in order."""
        with self._lock:
            return tuple(self._transcript.events)

    @property
    def said_anything(self) -> bytes:
        """What the server said on all its connections, as far as a transcript keeps it."""
        with self._lock:
            events = self._transcript.events
            return b"".join(event.data for event in events if event.what in (What.RECEIVE, What.ARRIVAL))

    def wait_for(self, met: Callable[[], bool], seconds: float) -> bool:
        """Wait until a condition is met, which is looked at whenever something happened; False after so long."""
        with self._lock:
            return self._lock.wait_for(met, seconds)

    @property
    def empty(self) -> bool:
        """Whether nothing has happened at all."""
        return not self._transcript.events

    def _add(self, now: float, connection: int, what: What, data: bytes, total: int = 0) -> None:
        with self._lock:
            if self._began is None:
                self._began = now
            if len(self._transcript.events) < KEPT_EVENTS:
                self._transcript.add(now - self._began, connection, what, data, total)
            else:
                self._left_out += 1
            self._lock.notify_all()

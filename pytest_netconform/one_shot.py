"""One-shot targets: a server that serves one client and ends is started anew for each visit.

This module knows which of our connections to such a server stand, and so when the next one needs a new server: when all
have left. It must not know how a server is started (`serve`), nor what is said to it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, fields

from pytest_netconform.sockets import SocketCarriage, SocketWire
from pytest_netconform.target import TargetError
from pytest_netconform.transcript import Transcript
from pytest_netconform.transport import Unreachable
from pytest_netconform.wire.cuts import Cut, whole


class Shots:
    """A server's single shots. renew: ends it and starts it again. starts: how often it was started so far."""

    def __init__(self, renew: Callable[[], None], starts: Callable[[], int]) -> None:
        self._renew, self._starts = renew, starts
        self._lock = threading.Lock()
        self._wires: list[SocketWire] = []
        self._seen = starts()

    def connected(self, connect: Callable[[], SocketWire]) -> SocketWire:
        """A connection to a server that nobody has visited, or to whom we are visiting already. Raises Unreachable."""
        with self._lock:
            if self._wires and all(wire.closed for wire in self._wires) and self._seen == self._starts():
                try:
                    self._renew()
                except TargetError as error:
                    raise Unreachable(str(error)) from None
            if self._seen != self._starts():
                self._seen = self._starts()
                self._wires.clear()
            wire = connect()
            self._wires.append(wire)
            return wire


@dataclass(frozen=True)
class OneShot(SocketCarriage):
    """The way to a server that is started anew for each visit."""

    shots: Shots | None = field(default=None, compare=False)

    @classmethod
    def of(cls, carriage: SocketCarriage, shots: Shots) -> OneShot:
        """The same way."""
        return cls(**{part.name: getattr(carriage, part.name) for part in fields(carriage)}, shots=shots)

    def connect(self, transcript: Transcript, number: int, epoch: float, cut: Cut = whole) -> SocketWire:
        """A connected wire; Unreachable says who could not be reached or started, and why."""
        assert self.shots is not None
        connect = super().connect
        return self.shots.connected(lambda: connect(transcript, number, epoch, cut))

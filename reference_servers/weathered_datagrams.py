"""Weathered datagram hosts: datagrams through a network that misbehaves on demand.

This module knows how what a course says is carried out on a socket of `datagram_host`. It must not know a protocol.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from pytest_netconform.courses import DatagramCourse
from pytest_netconform.faults import FAIR, Fault, Refused, Way, Weather
from pytest_netconform.reference_servers.datagram_host import DatagramHost
from pytest_netconform.reference_servers.host import Loop
from pytest_netconform.reference_servers.session import DatagramAction, DatagramSession, SendTo
from pytest_netconform.reference_servers.weathered import Told


class WeatheredDatagramHost(DatagramHost):
    """A datagram socket in a weather. on_struck: as in `WeatheredHost`."""

    def __init__(
        self,
        make_session: Callable[[], DatagramSession],
        weather: Weather = FAIR,
        on_struck: Told | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        path: str | None = None,
        loop: Loop | None = None,
    ) -> None:
        super().__init__(make_session, host=host, port=port, path=path, loop=loop)
        self.weather = weather
        self._on_struck = on_struck
        self._down, self._up = DatagramCourse(weather, Way.DOWN), DatagramCourse(weather, Way.UP)
        self._late: set[asyncio.TimerHandle] = set()
        self._blamed: set[Fault] = set()

    def start(self) -> None:
        super().start()
        if any(isinstance(fault, Refused) for fault in self.weather.faults):
            self._loop.run(self._end())

    def _looked_at(self, data: bytes, sender: object, now: float) -> list[DatagramAction]:
        if self._up.plain:
            return super()._looked_at(data, sender, now)
        pieces = self._up.feed(data, now)
        self._tell(self._up)
        for at, arriving in pieces:
            self._later(at, partial(self._try, partial(super()._looked_at, arriving, sender, max(at, now))))
        return []

    def _send(self, action: SendTo) -> None:
        if self._down.plain:
            super()._send(action)
            return
        pieces = self._down.feed(action.data, asyncio.get_running_loop().time())
        self._tell(self._down)
        for at, data in pieces:
            self._later(at, partial(self._set_out, SendTo(data, action.to, action.source)))

    def answer(self, action: SendTo) -> None:
        """Send what somebody else answered; in the loop's thread."""
        if self._socket is not None:
            self._send(action)

    def _set_out(self, action: SendTo) -> None:
        if self._socket is not None:
            super()._send(action)

    def _later(self, at: float, work: Callable[[], object]) -> None:
        loop = asyncio.get_running_loop()
        if at <= loop.time():
            work()
            return

        def now() -> None:
            self._late.discard(timer)
            work()

        timer = loop.call_at(at, now)
        self._late.add(timer)

    def _tell(self, course: DatagramCourse) -> None:
        if course.struck is not None and course.struck not in self._blamed:
            self._blamed.add(course.struck)
            if self._on_struck is not None:
                self._on_struck(course.struck, 1)

    def _close(self) -> None:
        for timer in self._late:
            timer.cancel()
        self._late.clear()
        closing = getattr(self.session, "close", None)
        if closing is not None:
            closing()
        super()._close()

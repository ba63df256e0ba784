"""Overheard sessions: any session, with minutes of what was said, and answers that a test has written.

This module knows the shape of a session and nothing of any protocol. It stands between a carriage and a session: what
happens is passed on, written down, and sometimes answered otherwise. A carriage cannot tell it from the session inside.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pytest_netconform.minutes import Minutes
from pytest_netconform.reference_servers.session import (
    Action,
    Address,
    ChannelSend,
    Close,
    DatagramAction,
    DatagramSession,
    Peer,
    Reset,
    Send,
    SendTo,
    Session,
    WakeAt,
)
from pytest_netconform.transcript import What

LOOKED_AT = 1 << 16  # octets of a request in which a script looks for its cue


@dataclass(frozen=True)
class Scripted:
    """An answer in place of the session's own.

    data: what is said (None: what the session says). to: octets that stand in what was asked, in capitals or not (None:
    anything). greeting: in place of the greeting. after: seconds that the answer is kept back. close, reset: the end
    behind it. heard: whether the session hears the question at all.
    """

    data: bytes | None = None
    to: bytes | None = None
    greeting: bool = False
    after: float = 0.0
    close: bool = False
    reset: bool = False
    heard: bool = True
    times: int = 1


class Script:
    """What a test has written, in order; each is taken as often as it says. Threads may write while sessions take."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Scripted] = []

    def add(self, answer: Scripted) -> None:
        """Write one more."""
        with self._lock:
            self._waiting.append(answer)

    @property
    def waiting(self) -> Sequence[Scripted]:
        """What was not asked for yet."""
        with self._lock:
            return tuple(self._waiting)

    def take(self, asked: bytes, *, greeting: bool = False, unheard: bool = False) -> Scripted | None:
        """The first that fits what was asked."""
        if not self._waiting:  # as nearly always
            return None
        with self._lock:
            for place, answer in enumerate(self._waiting):
                fits = answer.to is None or answer.to.lower() in asked.lower()
                if answer.greeting is greeting and answer.heard is not unheard and fits:
                    self._waiting[place : place + 1] = [replace(answer, times=answer.times - 1)][: answer.times > 1]
                    return answer
        return None


class Overheard:
    """A session of a connection, overheard. Of the shape of `session.Session`."""

    def __init__(self, session: Session, minutes: Minutes, script: Script) -> None:
        self._session, self._minutes, self._script = session, minutes, script
        self._number = minutes.numbered()
        self._channels: dict[int, int] = {}  # channel → its number in the minutes
        self._asked = b""  # since the last answer
        self._held: list[tuple[float, list[Action]]] = []  # answers that are kept back, and until when
        self._wish: float | None = None  # of the session inside
        self.urgent_inline = session.urgent_inline

    @property
    def nudge(self) -> Callable[[], None]:
        """What the carriage has set, on the session inside."""
        return self._session.nudge

    @nudge.setter
    def nudge(self, nudge: Callable[[], None]) -> None:
        self._session.nudge = nudge

    def open(self, peer: Peer, now: float) -> list[Action]:
        self._minutes.happened(now, self._number, What.CONNECT)
        return self._answered(self._session.open(peer, now), now, self._script.take(b"", greeting=True))

    def receive(self, data: bytes, now: float) -> list[Action]:
        self._minutes.heard(now, self._number, data)
        self._asked = (self._asked + data)[-LOOKED_AT:]
        unheard = self._script.take(self._asked, unheard=True)
        if unheard is not None:
            return self._answered([Send(unheard.data or b"")], now, unheard)
        actions = self._session.receive(data, now)
        speaks = any(isinstance(action, Send | Close | Reset) for action in actions)
        return self._answered(actions, now, self._script.take(self._asked) if speaks else None)

    def secure(self, now: float) -> list[Action]:
        self._minutes.happened(now, self._number, What.TLS)
        return self._answered(self._session.secure(now), now)

    def end(self, now: float) -> list[Action]:
        self._minutes.happened(now, self._number, What.SHUTDOWN, "by the client")
        return self._answered(self._session.end(now), now)

    def wake(self, now: float) -> list[Action]:
        due = [action for at, actions in self._held if at <= now for action in actions]
        self._held = [(at, actions) for at, actions in self._held if at > now]
        self._note(due, now)
        if self._wish is not None and now >= self._wish:
            self._wish = None
            due += self._answered(self._session.wake(now), now)
        return [*due, WakeAt(self._next())]

    def joined(self, door: int, channel: int, peer: Address, now: float) -> list[Action]:
        self._channels[channel] = self._minutes.numbered()
        self._minutes.happened(now, self._channels[channel], What.JOIN)
        return self._answered(self._session.joined(door, channel, peer, now), now)

    def channel_data(self, channel: int, data: bytes, now: float) -> list[Action]:
        self._minutes.heard(now, self._channels[channel], data)
        return self._answered(self._session.channel_data(channel, data, now), now)

    def __getattr__(self, call: str) -> Any:
        """Whatever else a carriage tells: passed on."""
        told = getattr(self._session, call)

        def passed_on(*arguments: Any) -> list[Action]:
            return self._answered(told(*arguments), arguments[-1])

        return passed_on

    def _answered(self, actions: list[Action], now: float, scripted: Scripted | None = None) -> list[Action]:
        """What goes out in place of what the session asks for."""
        wishes = [action.at for action in actions if isinstance(action, WakeAt)]
        if wishes:
            self._wish = wishes[-1]
        if scripted is None and not self._held:
            self._note(actions, now)
            return actions
        actions = [action for action in actions if not isinstance(action, WakeAt)]
        if scripted is not None:
            actions = self._in_place_of(actions, scripted, now)
        if self._held or (scripted is not None and scripted.after):
            at = max([now + (scripted.after if scripted else 0.0), *(at for at, _ in self._held)])
            self._held.append((at, actions))
            return [WakeAt(self._next())]
        self._note(actions, now)
        return [*actions, *([WakeAt(self._wish)] if wishes else [])]

    def _in_place_of(self, actions: list[Action], scripted: Scripted, now: float) -> list[Action]:
        if scripted.data is not None:
            said = [Send(scripted.data)] if scripted.data else []
            others = [action for action in actions if not isinstance(action, Send)]
            actions = [*said, *others]
        if scripted.reset or scripted.close:
            kept = [action for action in actions if isinstance(action, Send)]
            self._session.end(now)  # it may hold something; what it says to that is not sent any more
            actions = [Reset()] if scripted.reset else [*kept, Close()]
        return actions

    def _next(self) -> float | None:
        times = [at for at, _ in self._held] + ([] if self._wish is None else [self._wish])
        return min(times, default=None)

    def _note(self, actions: Sequence[Action], now: float) -> None:
        for action in actions:
            if isinstance(action, Send):
                self._minutes.said(now, self._number, action.data)
                self._asked = b""
            elif isinstance(action, ChannelSend) and action.channel in self._channels:
                self._minutes.said(now, self._channels[action.channel], action.data)
            elif isinstance(action, Close | Reset):
                what = What.CLOSE if isinstance(action, Close) else What.RESET
                self._minutes.happened(now, self._number, what, "by the server")


class OverheardDatagrams:
    """A session of a socket, overheard. Of the shape of `session.DatagramSession`. Every client has a number."""

    def __init__(self, session: DatagramSession, minutes: Minutes, script: Script) -> None:
        self._session, self._minutes, self._script = session, minutes, script
        self._numbers: dict[Address, int] = {}
        self._held: list[tuple[float, DatagramAction]] = []
        self._wish: float | None = None

    def datagram(self, data: bytes, sender: Address, here: Address, now: float) -> list[DatagramAction]:
        if sender not in self._numbers:
            self._numbers[sender] = self._minutes.numbered()
        self._minutes.heard(now, self._numbers[sender], data, datagram=True)
        unheard = self._script.take(data, unheard=True)
        if unheard is not None:
            return self._scripted([SendTo(unheard.data or b"", sender)], sender, now, unheard)
        actions = self._session.datagram(data, sender, here, now)
        answers = any(isinstance(action, SendTo) for action in actions)
        return self._scripted(actions, sender, now, self._script.take(data) if answers else None)

    def wake(self, now: float) -> list[DatagramAction]:
        due = [action for at, action in self._held if at <= now]
        self._held = [(at, action) for at, action in self._held if at > now]
        if self._wish is not None and now >= self._wish:
            self._wish = None
            due += self._passed(self._session.wake(now))
        self._note(due, now)
        times = [at for at, _ in self._held] + ([] if self._wish is None else [self._wish])
        return [*due, WakeAt(min(times, default=None))]

    def refused(self, peer: Address, now: float) -> list[DatagramAction]:
        actions = self._passed(self._session.refused(peer, now))
        self._note(actions, now)
        return actions

    def _scripted(
        self, actions: list[DatagramAction], sender: Address, now: float, scripted: Scripted | None
    ) -> list[DatagramAction]:
        if scripted is not None and scripted.data is not None:
            others = self._passed([action for action in actions if not isinstance(action, SendTo)])
            actions = [SendTo(scripted.data, sender), *others]
        if scripted is not None and (scripted.close or scripted.reset):
            actions = []  # an end is silence
        if scripted is not None and scripted.after:
            self._held += [(now + scripted.after, action) for action in self._passed(actions)]
            return [WakeAt(min([at for at, _ in self._held] + ([] if self._wish is None else [self._wish])))]
        self._note(actions, now)
        return self._passed(actions)

    def _passed(self, actions: list[DatagramAction]) -> list[DatagramAction]:
        for action in actions:
            if isinstance(action, WakeAt):
                self._wish = action.at
        return actions

    def _note(self, actions: Sequence[DatagramAction], now: float) -> None:
        for action in actions:
            if isinstance(action, SendTo):
                self._minutes.said(now, self._numbers.get(action.to, 0), action.data, datagram=True)

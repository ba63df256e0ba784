"""The walk of any dialect over datagrams: two clients who ask, alone or together, between datagrams that mean nothing.

A walk by its shape, though nothing is connected: what got lost is asked for again, and each reply is held against all
that its socket has asked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pytest_netconform.dialect import Exchange
from pytest_netconform.dialogues.datagram import Datagrams, anything
from pytest_netconform.models.datagram import RULES, DatagramModel
from pytest_netconform.models.messages import rough
from pytest_netconform.models.model import Step
from pytest_netconform.visit import Visit
from pytest_netconform.walks.walk import Ordeal, Walk


class DatagramWalk(Walk[Any]):
    """Two sockets of ours, and more for what is not judged."""

    model: DatagramModel
    dialogue: Datagrams

    def __init__(
        self,
        visit: Visit,
        opener: Callable[[Visit], Datagrams],
        model: DatagramModel,
        again: Callable[[Visit], DatagramWalk],
    ) -> None:
        super().__init__(visit, opener, model, {}, again)
        self._other: Datagrams | None = None

    def take(self, step: Step) -> None:
        """Say it, and hear what is owed, unless more is said first."""
        if not self.model.possible(step.word):
            return
        self.taken.append(step)
        if step.word in self.model.together:
            self._held.append(step)
            if not step.ahead:
                self._exchange()
        else:
            self._exchange()
            getattr(self, f"_{step.word}")(step)

    def finish(self) -> None:
        """What was asked is answered."""
        self._exchange()

    def _exchange(self) -> None:
        """All that is held is asked at once; every answer comes to whom it is owed."""
        steps, self._held = self._held, []
        self._blame(RULES["ask"])
        asked = [(client, client.say(self.model.exchange(step))) for step in steps for client in [self._client(step)]]
        for client, one in asked:
            if not one.heard and client.hear(client.waits[0], one) is None:
                client.ask(one)
            self.answers.append("right")

    def _client(self, step: Step) -> Datagrams:
        if step.word == "ask":
            return self.dialogue
        if self._other is None:
            self._other = self.dialogue.sibling()
        return self._other

    # -- from other sockets

    def _noise(self, step: Step) -> None:
        self._apart().send(step.say)

    def _twice(self, step: Step) -> None:
        aside, octets = self._apart(), self.model.dialect.requests.encode(self.model.exchange(step).say)
        aside.send(octets)
        aside.send(octets)

    def _empty(self, step: Step) -> None:
        aside = self._apart()
        self._blame(RULES["empty"])
        aside.tried(Exchange(b"", hear=b"") if self.model.ruled else anything(b""), waits=aside.waits[:1])

    def _fresh(self, step: Step) -> None:
        """From here on we ask from another socket."""
        self.dialogue = self._apart()

    def _apart(self) -> Datagrams:
        self._blame(RULES["open"])
        return self.dialogue.sibling()

    def ordeal(self) -> DatagramOrdeal:
        """Datagrams that mean nothing, from this walk's socket."""
        return DatagramOrdeal(self)


class DatagramOrdeal(Ordeal):
    """Nobody owes an answer to these datagrams, nor any number of them; the next client is served."""

    walk: DatagramWalk

    def take(self, step: Step) -> None:
        """Send it, from a socket that does not care who listens."""
        self.taken.append(step)
        self.walk.dialogue.sibling(connected=False).send(rough(self.walk.model.dialect, step))

    def finish(self) -> None:
        """Nothing is waited for."""

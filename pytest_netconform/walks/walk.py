"""A walk: steps said one after another on a connection, each answer held against a model of the protocol.

`Walk` judges by the model; `Pair` by a second walk that says the same; `Ordeal` asks only that whatever comes is an
answer. This module knows dialogues and models by their shapes; it must not know any protocol, nor who draws the steps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar
from typing import Protocol as Shape

from pytest_netconform.dialogue import Dialogue
from pytest_netconform.models.model import EVERY_OCTET, Model, Step, Wrong, filled
from pytest_netconform.verdict import Inconclusive, NonConformity
from pytest_netconform.visit import NoConnection, Visit, shown
from pytest_netconform.wire.cuts import at, octets

D = TypeVar("D", bound=Dialogue[Any])

UNFRAMED = "an answer as the protocol's grammar has it"
ENDLESS = 64  # answers more than commands were said, after which we listen no more


class Walker(Shape):
    """Whoever takes steps."""

    rule: str  # what the last breach broke, in words that are the same whatever was drawn

    @property
    def taken(self) -> list[Step]:
        """The steps so far."""

    def possible(self, word: str) -> bool:
        """Whether that can be said now."""

    def take(self, step: Step) -> None:
        """Say it, and judge what comes. Raises NonConformity, Inconclusive."""

    def finish(self) -> None:
        """Leave as the protocol has it, and judge that too."""


class Walk(Generic[D]):
    """The steps of one client. A column whose answers need more than one line to read overrides `say` or `hear`."""

    def __init__(
        self,
        visit: Visit,
        opener: Callable[[Visit], D],
        model: Model[Any],
        known: Mapping[str, bytes],
        again: Callable[[Visit], Walk[D]],
    ) -> None:
        self.visit = visit
        self.again = again  # how another walk like this begins
        self.model = model
        self.known = known
        self.taken: list[Step] = []
        self.answers: list[str] = []  # what kinds of answers came, in order
        self.rule = ""
        self.whole = False  # say every step in one segment
        self.judging = True  # hold the answers against the model; else only follow it
        self._opener = opener
        self._held: list[Step] = []
        self._left = False  # the last connection has ended as agreed
        self.dialogue: D = opener(visit)

    def possible(self, word: str) -> bool:
        return self.model.possible(word)

    def take(self, step: Step) -> None:
        if not self.model.possible(step.word):
            return
        if self._left:
            self._come_again()
        self.taken.append(step)
        self._held.append(step)
        if not (step.ahead and self.model.may_wait(step.word)):
            self._exchange()

    def finish(self) -> None:
        if self._held:
            self._exchange()
        farewell = self.model.farewell
        if farewell is not None and not self._left and self.model.possible(farewell.word):
            self._held.append(farewell)
            self._exchange()
        self.read_back()

    def read_back(self) -> None:
        """What was stored comes back, where a column has a place to look."""

    # -- one write, and its answers

    def _exchange(self) -> None:
        steps, self._held = self._held, []
        said = [filled(step.say, self.known) for step in steps]
        self.say(steps, said)
        for step, octets_said in zip(steps, said, strict=True):
            for _ in range(self.model.answers(step)):
                self.hear(step, octets_said)
                if self.model.over:
                    self._leave(step)
                    return
        if self.model.secures:
            self._blame("a TLS handshake follows the go-ahead")
            self.dialogue.start_tls()
            self.model.secured()

    def say(self, steps: Sequence[Step], said: Sequence[bytes]) -> None:
        """Write the octets of these steps in one go. Whatever has come before them was asked by nobody."""
        while self.judging and (answer := self.dialogue.early()) is not None:
            self._judge(lambda answer=answer: self.model.unasked(answer), "before", said[0], answer.raw)  # type: ignore[misc]
        self._blame(f"{steps[0].word} is read")
        self._cut(steps[0].cut)
        self.dialogue.send(*said)

    def _cut(self, places: tuple[int, ...]) -> None:
        asked = self.visit.target.cut
        cut = asked if self.whole or not places else octets if places == EVERY_OCTET else at(*places)
        self.dialogue.wire.cut = cut

    def hear(self, step: Step, said: bytes) -> None:
        """The next answer is one that the model allows."""
        self._blame(f"an answer to {step.word} is owed")
        answer = self.dialogue.hear()
        self._blame(UNFRAMED)
        if answer.code is None:
            raise NonConformity(UNFRAMED, self.shown(answer.raw), owed=True)
        self.answers.append(self.kind(answer))
        self._judge(lambda: self.model.hear(step, said, answer), "in answer to", said, answer.raw)

    def _judge(self, ask: Callable[[], None], when: str, said: bytes, raw: bytes) -> None:
        try:
            ask()
        except Wrong as wrong:
            if self.judging:
                self._blame(wrong.rule)
                expected = f"{when} {self.shown(said)}: {wrong.rule}"
                raise NonConformity(expected, self.shown(raw), owed=True) from None

    def sound(self, answer: Any) -> bool:
        """Whether that is an answer at all, to whatever was said."""
        return answer.code is not None

    def kind(self, answer: Any) -> str:
        """What two servers that understand the same would both answer."""
        return str(answer.code)[:1]

    def _leave(self, step: Step) -> None:
        """The connection has ended as agreed; the next step begins another."""
        self._blame(f"the connection is closed behind the answer to {step.word}")
        self.answers.append("closed")
        self.dialogue.closes(f"behind the answer to {step.word}")
        self.model.begin()
        self._left = True

    def _come_again(self) -> None:
        self._blame("a new connection is served")
        self.dialogue.wire.close()
        try:
            self.dialogue = self._opener(self.visit)
        except NoConnection as problem:
            raise NonConformity("a new connection is served", str(problem), owed=True, passing=True) from None
        self._left = False

    def shown(self, octets: bytes) -> str:
        """Octets for a message, without secrets."""
        return shown(self.visit.transcript.mask(octets))

    def _blame(self, rule: str) -> None:
        self.rule = rule

    def beside(self) -> Walk[D]:
        """Another walk of the same kind, at the same target."""
        return self.again(self.visit)

    def ordeal(self) -> Walker:
        """Hostile steps on this walk's connection; a column whose answers have other ends has its own."""
        return Ordeal(self)

    def elsewhere(self) -> Walk[D]:
        """The same walk at the target that this one is compared with. Raises NotApplicable where none was named."""
        other = self.visit.target.rival()
        return self.again(self.visit.at(other))


def follow(walker: Walker, steps: Sequence[Step]) -> None:
    """Take all steps that can be taken, then leave."""
    for step in steps:
        walker.take(step)
    walker.finish()


class Pair:
    """Two walks that say the same, one after the other: what they are answered is of the same kinds.

    What a model thinks of the answers is none of our affair here. rule: what is broken where they differ.
    """

    def __init__(self, first: Walk[Any], second: Callable[[], Walk[Any]], rule: str) -> None:
        self.first = first
        first.judging = False
        self.rule = self._rule = rule
        self._second = second

    @property
    def taken(self) -> list[Step]:
        return self.first.taken

    def possible(self, word: str) -> bool:
        return self.first.possible(word)

    def take(self, step: Step) -> None:
        _unjudged(lambda: self.first.take(step))

    def finish(self) -> None:
        """Hold the second walk, and compare."""
        _unjudged(self.first.finish)
        self.first.dialogue.wire.close()
        second = self._second()
        second.judging = False
        try:
            follow(second, self.taken)
        except NonConformity as problem:
            second.answers.append(f"({problem.received})")
        one, other = self.first.answers, second.answers
        count = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
        if one[count:] or other[count:]:
            raise NonConformity(
                self._rule, f"{_told(one[count:])} here, {_told(other[count:])} there, as answer {count + 1}"
            )


def _unjudged(act: Callable[[], None]) -> None:
    try:
        act()
    except NonConformity as problem:
        raise Inconclusive(f"the walk ended before anything could be compared: {problem}") from None


def _told(answers: Sequence[str]) -> str:
    return ", ".join(answers[:3]) or "nothing"


class Ordeal:
    """Hostile steps: nobody owes them an answer, but whatever comes is one, and has an end.

    That the next client is served is the judge's affair.
    """

    def __init__(self, walk: Walk[Any]) -> None:
        self.walk = walk
        self.rule = UNFRAMED
        self.taken: list[Step] = []
        self._most = ENDLESS  # answers

    def possible(self, word: str) -> bool:
        return True

    def take(self, step: Step) -> None:
        """Say it; what is answered is read at the end."""
        self.taken.append(step)
        self.walk._cut(step.cut)
        said = filled(step.say, self.walk.known)
        self._most += said.count(b"\n") + said.count(b"\r")  # each may end a command
        self.walk.dialogue.send(said)

    def finish(self) -> None:
        """Say that no more comes; read to the end, or up to a silence."""
        dialogue = self.walk.dialogue
        dialogue.wire.shutdown()
        for _ in range(self._most):
            try:
                answer = dialogue.hear(UNFRAMED, within=self.walk.visit.target.window)
            except NonConformity as problem:
                if not problem.passing:
                    raise
                return
            if not self.walk.sound(answer):
                raise NonConformity(UNFRAMED, self.walk.shown(answer.raw), owed=True)
        raise NonConformity(f"an end of the answers to {len(self.taken)} steps", f"{self._most} answers", owed=True)


SAME_CUT = "the same octets in other segments are answered alike (RFC 9293 3.8.2: TCP keeps no boundaries)"
SAME_THERE = "both targets answer alike"


def cuts(walk: Walk[Any]) -> Walker:
    """Said as it was drawn, and then in whole segments."""

    def whole_walk() -> Walk[Any]:
        other = walk.beside()
        other.whole = True
        return other

    return Pair(walk, whole_walk, SAME_CUT)


def differential(walk: Walk[Any]) -> Walker:
    """Said here, and then at the target that this one is compared with."""
    return Pair(walk, walk.elsewhere, SAME_THERE)


def hostile(walk: Walk[Any]) -> Walker:
    """Said whatever it may be; whatever comes is an answer, and the next client is served."""
    return walk.ordeal()


def dialogue(walk: Walk[Any]) -> Walker:
    """Judged by the model alone."""
    return walk


#: what is asked of a walk, by the name of the property
PROPERTIES: Mapping[str, Callable[[Walk[Any]], Walker]] = {
    "dialogue": dialogue,
    "cuts": cuts,
    "hostile": hostile,
    "differential": differential,
}

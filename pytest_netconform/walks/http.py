"""The HTTP client's walk: requests, several in one write, each answered once and in its turn, up to the close.

What a server makes of a request that is nearly valid is told by a probe behind it (`dialogues.http`); such a request,
with what was said before it, ends its connection.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from pytest_netconform.dialogues.http import UNWANTED, Http
from pytest_netconform.dialogues.http_fates import NO_ANSWER_BEHIND, UNDERSTOOD, Answers, End, Fate
from pytest_netconform.models.http import RULES, HttpModel, framed
from pytest_netconform.models.http_tricks import TRICKS, WAITS, Trick
from pytest_netconform.models.model import Step, Wrong, filled
from pytest_netconform.verdict import Inconclusive, NonConformity
from pytest_netconform.walks.walk import UNFRAMED, Walk
from pytest_netconform.wire.http import Response

ANSWERED = "a valid request is answered (RFC 9112 9.3, 9.3.2)"
GLANCE = 0.03  # seconds
USUAL = "as always"  # whatever a resource answers
SIMPLE = "no status line"  # what the framer says of a body alone
_NEW_LINE = re.compile(rb"\A[^\r\n]* HTTP/1\.[01]\r?\n")
EVERY_FATE = frozenset(fate.name for fate in Fate if fate.name)
#: one octet is wrong somewhere: it may have become anything
SPOILT = Trick(RULES["spoilt"], EVERY_FATE - {"GARBAGE"})
_LOST = Fate.WAITING | Fate.SWALLOWED | Fate.DROPPED


class HttpWalking(Http):
    """The dialogue of a walk: behind an announced close, silence is as good as the end, which may take its time.

    Servers that linger (RFC 9112 9.6) end some seconds later; that the end comes at all is for the suite to see.
    """

    @property
    def _glance(self) -> float:
        """Seconds in which whoever answers more than he should has done so."""
        return min(GLANCE, self.target.window)

    def hear(self, expected: str = "", *, within: float | None = None) -> Response:
        if self._bye:
            within = self._glance if within is None else min(within, self._glance)
        return super().hear(expected, within=within)

    def closes(self, why: str, *, within: float | None = None) -> None:
        if not self._bye:
            super().closes(why, within=within)
            return
        try:
            super().closes(why, within=self._glance)
        except NonConformity as problem:
            if not problem.passing:
                raise


class HttpWalk(Walk[HttpWalking]):
    """One HTTP client, on one connection after another."""

    model: HttpModel

    def sound(self, answer: Response) -> bool:
        """Whether that is a response; a body alone is one to HTTP/0.9, where the connection ends behind it."""
        if answer.problem:
            return answer.problem == SIMPLE and self.dialogue.over
        return answer.complete

    def _come_again(self) -> None:
        self._blame("a new connection is served")
        self.dialogue.renew()
        self._left = False

    def _exchange(self) -> None:
        steps, self._held = self._held, []
        said = [filled(step.say, self.known) for step in steps]
        self._cut(steps[0].cut)
        word = steps[-1].word
        if word == "spoilt" or word in TRICKS:
            self._try(steps, said, TRICKS.get(word, SPOILT))
        elif word == "half":
            self._break_off(steps, said)
        elif word == "waits":
            self._wait(steps, said)
        else:
            self.say(steps, said)
            self._hear_all(steps, said)

    # -- valid requests

    def say(self, steps: Sequence[Step], said: Sequence[bytes]) -> None:
        self._blame(ANSWERED)
        self.dialogue.send(*said)

    def _hear_all(self, steps: Sequence[Step], said: Sequence[bytes]) -> bool:
        """An answer to each in its turn. Whether this connection still stands."""
        for place, (step, octets) in enumerate(zip(steps, said, strict=True)):
            if not self._heard(step, octets):
                self._say_again(steps[place:], said[place:])
                return False
            if self.model.over:
                self._leave(step)
                return False
        return True

    def _say_again(self, steps: Sequence[Step], said: Sequence[bytes]) -> None:
        """What a close left unanswered is said over a fresh connection (RFC 9112 9.5), the first of it alone."""
        self._come_again()
        self.model.begin()
        self.say(steps[:1], said[:1])
        self._heard(steps[0], said[0])
        if self.model.over:
            self._leave(steps[0])
        elif len(steps) > 1:
            self.say(steps[1:], said[1:])
            self._hear_all(steps[1:], said[1:])

    def _heard(self, step: Step, said: bytes) -> bool:
        """Whether the answer came, as the model has it; False where a connection that had served ended before it."""
        self._blame(ANSWERED)
        try:
            answer = self._final(step, said)
        except NonConformity:
            if not self.dialogue.over or self.dialogue.unframed() or not self.model.answered:
                raise
            self._judged("the close", said, b"", self.model.closed)
            return False
        self._take_answer(step, said, answer)
        return True

    def _final(self, step: Step, said: bytes) -> Response:
        """The next final response; those on the way to it are judged."""
        while not (answer := self.dialogue.hear()).final:
            value = answer
            self._judged("an interim response", said, value.raw, lambda: self.model.interim(step, said, value))  # noqa: B023
        return answer

    def _take_answer(self, step: Step, said: bytes, answer: Response) -> None:
        if answer.code is None:
            self._blame(UNFRAMED)
            raise NonConformity(UNFRAMED, self.shown(answer.raw), owed=True)
        if answer.temporary and answer.status not in self.model.usually(said):
            raise Inconclusive(f"a temporary refusal, {answer.status}, in answer to {self.shown(said)}")
        self.answers.append(USUAL if answer.status in self.model.usually(said) else self.kind(answer))
        self._judged("an answer", said, answer.raw, lambda: self.model.hear(step, said, answer))

    def _judged(self, what: str, said: bytes, raw: bytes, judge: object) -> None:
        assert callable(judge)
        try:
            judge()
        except Wrong as wrong:
            self._blame(wrong.rule)
            expected = f"{what} to {self.shown(said)}: {wrong.rule}"
            raise NonConformity(expected, self.shown(raw) if raw else what, owed=True) from None

    # -- bodies that wait, or end too early

    def _wait(self, steps: Sequence[Step], said: Sequence[bytes]) -> None:
        """The last request's head alone; then a word, and its body."""
        step, octets = steps[-1], said[-1]
        end = octets.index(b"\r\n\r\n") + 4
        self.say(steps, [*said[:-1], octets[:end]])
        if len(steps) > 1 and not self._hear_all(steps[:-1], said[:-1]):
            return
        self._blame(RULES["waits"])
        self._left = True  # whatever it becomes, the next request has a connection of its own
        while (word := self.dialogue.hear("100, or an answer")).status != 100 and not word.final:
            pass
        if not word.final:
            self.dialogue.send_more(octets[end:])
            word = self._final(step, octets)
        self._take_answer(step, octets, word)
        self.model.begin()

    def _break_off(self, steps: Sequence[Step], said: Sequence[bytes]) -> None:
        """The end in the middle of a body (RFC 9112 8)."""
        self.say(steps, said)
        if len(steps) > 1 and not self._hear_all(steps[:-1], said[:-1]):
            return
        self._left = True
        self.model.begin()
        self._blame(RULES["half"])
        self.dialogue.wire.finish(self.dialogue.wire.now() + self.visit.target.patience)
        try:
            answer = self._final(steps[-1], said[-1])
        except NonConformity:
            if not self.dialogue.over:
                raise
            self.answers.append("refused")
            return
        self.answers.append("refused" if answer.status >= 400 or answer.problem else "served")
        if answer.status < 400 and not answer.problem:
            expected = f"an error and the close, or the close, in answer to {self.shown(said[-1])}: {RULES['half']}"
            raise NonConformity(expected, self.shown(answer.raw), owed=True)

    # -- requests that are nearly valid

    def _try(self, steps: Sequence[Step], said: Sequence[bytes], trick: Trick) -> None:
        """Say it, and a probe behind it; judge the answers before it, and then what became of it."""
        self._blame(trick.rule)
        self._left = True
        right = self._right(trick)
        waits = bool({fate.name for fate in Fate if fate in right} & WAITS)
        usual = self._usual(said[-1])
        answers = self.dialogue.count(
            *said,
            requests=len(said),
            codes=tuple(code for code in trick.codes if code != usual),
            right=usual or 501,
            within=self.visit.target.window if waits else None,
            probe=trick.probe,
        )
        if answers.finals and answers.finals[-1].closing and answers.end is End.OPEN:
            answers = replace(answers, end=End.CLOSED)  # as it says
        before = len(said) - 1
        for place, answer in enumerate(answers.finals[:before]):
            self._take_answer(steps[place], said[place], answer)
            if self.model.over:
                self._no_more(answers, place + 1)
                return
        self.model.begin()
        if len(answers.finals) < before:
            return  # a close crossed them, or the last of them was waited for
        self._weigh(said[-1], trick, right, replace(answers, finals=answers.finals[before:], requests=1))

    def _no_more(self, answers: Answers, count: int) -> None:
        """Nothing follows an answer that announced the close, but that."""
        self.model.begin()
        self.answers.append("closed")
        if len(answers.finals) > count or answers.end is End.OPEN:
            self._blame(RULES["behind"])
            raise NonConformity(RULES["behind"], str(answers), owed=True, passing=len(answers.finals) == count)

    def _right(self, trick: Trick) -> Fate:
        """The fates that are right at this target."""
        names = trick.right if self.model.echo else trick.right | trick.early
        right = Fate(0)
        for name in names:
            right |= Fate[name]
        if self.dialogue.proxied and Fate.REFUSED in right:
            right |= Fate.REFUSED_OPEN  # the close of the server behind it is not the proxy's
        return right

    def _usual(self, said: bytes) -> int:
        statuses = self.model.usually(said)
        return min(statuses) if len(statuses) == 1 else 0

    def _weigh(self, said: bytes, trick: Trick, right: Fate, answers: Answers) -> None:
        fate = answers.fate
        self.answers.append(_coarse(fate))
        for answer in answers.finals:
            if not answer.problem:
                self._judged("an answer", said, answer.raw, lambda: framed(answer))  # noqa: B023
        if fate in right or self._excused(said, trick, answers):
            self._carried(said, trick, answers)
            return
        first = answers.first
        if first is not None and (first.temporary or first.status == NO_ANSWER_BEHIND):
            raise Inconclusive(f"a temporary refusal, {first.status}, in answer to {self.shown(said)}")
        if fate is Fate.GARBAGE:
            self._blame(UNFRAMED)
        expected = f"in answer to {self.shown(said)}: {self.rule}"
        raise NonConformity(expected, str(answers), owed=True, passing=fate in _LOST)

    def _excused(self, said: bytes, trick: Trick, answers: Answers) -> bool:
        """What says nothing of the offence: a method that nobody wants, or HTTP/0.9."""
        first, fate = answers.first, answers.fate
        if fate is Fate.GARBAGE:
            simple = trick is SPOILT and not _NEW_LINE.match(said)
            return simple and all(not a.problem or a.problem == SIMPLE for a in answers.finals)
        unwanted = first is not None and first.status in UNWANTED and first.status == self._usual(said)
        return unwanted and fate is Fate.SERVED_CLOSED

    def _carried(self, said: bytes, trick: Trick, answers: Answers) -> None:
        """Where it was served, the application got the body that there is."""
        if trick.body is None or answers.echo is None or answers.fate not in UNDERSTOOD:
            return
        if answers.echo.body != trick.body:
            expected = f"the body of {self.shown(said)}: {trick.rule}"
            raise NonConformity(expected, self.shown(answers.echo.body), owed=True)


_REFUSED = Fate.REFUSED | Fate.REFUSED_OPEN | Fate.DROPPED | Fate.FAILED


def _coarse(fate: Fate) -> str:
    """A fate, without what depends on when octets arrive."""
    if fate in _REFUSED:
        return "refused"
    return "served" if fate in UNDERSTOOD else str(fate.name).lower()

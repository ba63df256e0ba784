"""The walk of any dialect over a stream: requests in any segments, halves of them, and clients that go as they like.

The model says what octets a step is, and what is owed to it; this module moves them, and ends connections. What it does
not wait for on purpose: that nothing comes. An answer too many is met as the next one, or at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise

from pytest_netconform.dialogues.stream import Stream
from pytest_netconform.models.messages import rough
from pytest_netconform.models.model import EVERY_OCTET, Step, Wrong
from pytest_netconform.models.stream import FLOW, LEAVING, OVER, READY, RULES, TALKS, WHOLE, StreamModel
from pytest_netconform.verdict import NonConformity
from pytest_netconform.visit import NoConnection
from pytest_netconform.walks.walk import Ordeal, Walk
from pytest_netconform.wire.frames import Frame, short
from pytest_netconform.wire.framing import base

PIECES = 100  # segments with a pause between them; of more octets, only some are apart
PAUSE = 0.1  # seconds between two halves of a request
PORTION = 2000  # octets of what has no end
ANSWERED = 64  # octets of answers for each of ours, and a MiB more, behind which they have no end
GENEROUS = 1 << 20
SERVED = "a new connection is served"
#: what may be said in one write behind requests that wait for their answers
JOINING = frozenset({"ask", "empty", "hush", "rest", "part", "many"}) | LEAVING


class StreamWalk(Walk[Stream]):
    """One client of a server that somebody has described."""

    model: StreamModel

    def take(self, step: Step) -> None:
        """Say it, and hear what is owed."""
        if not self.model.possible(step.word):
            return
        if self._held and step.word not in JOINING and not (step.word == "end" and self.model.manner == FLOW):
            self._exchange()
        if self._left:
            self._come_again()
        self.taken.append(step)
        self._say(step)

    def finish(self) -> None:
        """What was said is answered, and so is who comes after us. One answer too many is met by the next request."""
        if self._left and self.model.possible("ask"):
            self._come_again()
            self._say(Step("ask"))
        if self._held:
            self._exchange()

    def _say(self, step: Step) -> None:
        self._held.append(step)
        self._octets.append(self.model.say(step))
        if not (step.ahead and self.model.may_wait(step.word)):
            self._exchange()

    # -- one write, and what follows

    @property
    def _octets(self) -> list[bytes]:
        """What is said by the steps that are held."""
        found: list[bytes] = self.__dict__.setdefault("octets_held", [])
        return found

    def _exchange(self) -> None:
        steps, self._held = self._held, []
        data = b"".join(self._octets)
        self._octets.clear()
        self._blame(RULES["flow" if self.model.manner == FLOW else "ask"])
        self._write(steps[0].cut, data)
        act = _ACTS.get(steps[-1].word)
        if act is None:
            self._answers()
        else:
            act(self, steps[-1])

    def _write(self, places: tuple[int, ...], data: bytes) -> None:
        """The octets, cut with a pause at each place, so that they arrive apart as well as we can."""
        if not data:
            return
        if self.whole or not places:
            self.dialogue.send(data)
            return
        places = tuple(range(1, PIECES)) if places == EVERY_OCTET else places
        edges = [0, *(place for place in places if place < len(data)), len(data)]
        self.dialogue.in_pieces(*(data[begin:end] for begin, end in pairwise(edges)))

    def _answers(self) -> None:
        """Everything that must come, in order."""
        model, dialogue = self.model, self.dialogue
        if model.manner == WHOLE and model.due:
            dialogue.finish()
        while model.due:
            expected = model.awaited
            if dialogue.flows:
                data = dialogue.octets(len(model.octets), expected)
                self._judged(Frame(data, data), expected)
            else:
                self._judged(self._framed(dialogue.hear(expected), expected), expected)
        if model.over:
            self._over()

    def _framed(self, frame: Frame, expected: str) -> Frame:
        """A frame whose framing is beyond doubt. Lengths in LEB128 may have needless octets."""
        if frame.payload is None or (frame.deviations and base(self.dialogue.dialect.replies).kind != "varint"):
            self._blame(RULES["framed"])
            problem = f"{self.shown(frame.raw)} ({'; '.join(frame.deviations)})"
            raise NonConformity(f"{expected}, in {self.dialogue.dialect.replies.describe()}", problem, owed=True)
        return frame

    def _judged(self, frame: Frame, expected: str) -> None:
        try:
            self.model.hear(self.taken[-1], b"", frame)
        except Wrong as wrong:
            self._blame(wrong.rule)
            raise NonConformity(expected, short(frame.raw), owed=True) from None
        self.answers.append("right")

    # -- ends

    def _over(self) -> None:
        """The one answer has come: the stream ends behind it."""
        self._blame(RULES["end"])
        self._nothing_more()
        self._gone()

    def _nothing_more(self) -> None:
        try:
            rest = self.dialogue.rest()
        except NonConformity as problem:
            problem.passing = True  # nobody may be left there
            raise
        if rest:
            raise NonConformity("the end of the stream, and nothing before it", short(rest), owed=True)

    def _gone(self) -> None:
        self.dialogue.wire.close()
        self.model.begin()
        if self.visit.target.once_only:  # as declared, nobody is served after us
            self.model.state = OVER
        self._left = True

    def _come_again(self) -> None:
        self._blame(SERVED)
        try:
            super()._come_again()
        except NoConnection as problem:
            raise NonConformity(SERVED, str(problem), owed=True, passing=True) from None

    def _leave_at_once(self, step: Step) -> None:
        if step.word == "abort":
            self.dialogue.wire.reset()
        self._gone()

    def _end(self, step: Step) -> None:
        """Our half is closed. Whether messages that are cut by that are forgotten, is left open (a SHOULD)."""
        model, words = self.model, self.visit.target.claims
        within = model.state != READY
        self.dialogue.finish()
        if not within:
            self._answers()
            self._blame(RULES["end"] if {"rule", "fpnp7"} & words else RULES["silence"])
            if {"flow", "rule"} <= words or "fpnp7" in words:
                self._nothing_more()
            elif model.manner == FLOW:
                self._silence()
        self._gone()

    def _silence(self) -> None:
        reaction = self.dialogue.react()
        if reaction.payloads:
            raise NonConformity("silence, then the end of the stream", str(reaction), owed=True)

    # -- other words

    def _wait(self, step: Step) -> None:
        self.visit.target.carriage.pause(PAUSE)

    def _urgent(self, step: Step) -> None:
        self.dialogue.urgent(step.say)

    def _unknown(self, step: Step) -> None:
        """Whether the unknown is told so, ends the dialogue or is passed over, is left open (a SHOULD)."""
        try:
            self.answers.append(short(self.dialogue.hear().raw))
        except NonConformity as problem:
            if not problem.passing:
                raise
            self.answers.append("closed" if self.dialogue.over else "nothing")
            if self.dialogue.over:
                self._gone()

    def _wrong(self, step: Step) -> None:
        if not self.model.judged:
            return
        reaction = self.dialogue.react()
        try:
            self.model.react(reaction.payloads)
        except Wrong as wrong:
            self._blame(wrong.rule)
            raise NonConformity(wrong.rule, str(reaction), owed=True) from None

    def _listen(self, step: Step) -> None:
        self._blame(RULES["endless" if self.model.manner == TALKS else "listen"])
        if self.model.manner == TALKS:
            self.dialogue.octets(PORTION, "more of what has no end")
            return
        self.dialogue.greet()
        if base(self.dialogue.dialect.replies).kind == "until-close":
            self._nothing_more()
        self._gone()

    def _nothing(self, step: Step) -> None:
        """Nothing is owed to that."""

    def ordeal(self) -> StreamOrdeal:
        """Hostile steps on this walk's connection."""
        return StreamOrdeal(self)


_ACTS: Mapping[str, Callable[[StreamWalk, Step], None]] = {
    "leave": StreamWalk._leave_at_once,
    "abort": StreamWalk._leave_at_once,
    "end": StreamWalk._end,
    "wait": StreamWalk._wait,
    "urgent": StreamWalk._urgent,
    "unknown": StreamWalk._unknown,
    "wrong": StreamWalk._wrong,
    "listen": StreamWalk._listen,
    "octets": StreamWalk._nothing,
}


class StreamOrdeal(Ordeal):
    """Octets that are nearly messages, or none: whatever is answered, by whatever framing, has an end."""

    walk: StreamWalk

    def take(self, step: Step) -> None:
        """Say it; what is answered is read at the end."""
        self.taken.append(step)
        data = rough(self.walk.model.dialect, step)
        self.said = getattr(self, "said", 0) + len(data)
        self.walk._write(step.cut, data)

    def finish(self) -> None:
        """Say that no more comes; read to the end, up to a silence, or as much as nobody could mean."""
        dialogue, model = self.walk.dialogue, self.walk.model
        if model.manner == TALKS:
            return
        if model.halves:
            dialogue.wire.shutdown()
        most, heard = GENEROUS + ANSWERED * self.said, 0
        while heard <= most:
            try:
                heard += len(dialogue.hear(within=dialogue.target.window).raw)
            except NonConformity as problem:
                if problem.passing:
                    return
                break
        raise NonConformity(f"an end of the answers to {self.said} octets", f"more than {heard} octets", owed=True)

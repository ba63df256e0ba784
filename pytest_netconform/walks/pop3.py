"""The POP3 client's walk: it goes and comes again, and what lies in the maildrop comes out as it was put there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from pytest_netconform.dialogues.pop3 import LOGIN_SECONDS, Pop3, header_of
from pytest_netconform.models.model import Step, Wrong
from pytest_netconform.models.pop3 import ENOUGH, LOGINS, Pop3Model
from pytest_netconform.models.pop3_maildrop import plain
from pytest_netconform.transcript import What
from pytest_netconform.verdict import NonConformity
from pytest_netconform.visit import Visit
from pytest_netconform.walks.walk import Walk
from pytest_netconform.wire.pop3 import OK, Reply, apop_digest, in_lines

COMES_BACK = "a stored message comes out as it is stored, in lines (RFC 1939 3, 5, 11)"
LONG = 255  # octets of a line, beyond which it may close too (RFC 2449 4)
#: how the next session looks at what is left
LOOK = (
    Step("USER", b"USER %{user}\r\n"),
    Step("PASS", b"PASS %{password}\r\n"),
    Step("UIDL", b"UIDL\r\n"),
    Step("LIST", b"LIST\r\n"),
    Step("QUIT", b"QUIT\r\n"),
)
LONE = frozenset({"break", "post"})  # words that are not said, but done


class WalkingPop3(Pop3):
    """A dialogue that waits longer for the answer to a login, which may be kept back. last: the last answer."""

    proves = False
    last: Reply | None = None

    def hear(self, expected: str = "", *, within: float | None = None) -> Reply:
        if self.proves and within is None:
            within = max(self.target.patience, LOGIN_SECONDS)
        self.last = super().hear(expected, within=within)
        return self.last


class Pop3Walk(Walk[WalkingPop3]):
    """One POP3 client, on one connection at a time. letters: what lies in the maildrop, as it is stored."""

    model: Pop3Model

    def __init__(
        self,
        visit: Visit,
        opener: Callable[[Visit], WalkingPop3],
        model: Pop3Model,
        known: Mapping[str, bytes],
        again: Callable[[Visit], Walk[WalkingPop3]],
        letters: Iterable[bytes],
    ) -> None:
        self._known = dict(known)
        self._letters: dict[bytes, bytes] = {}
        for letter in letters:
            self._know(letter)
        self._delivered = 0
        self._marked = False  # whether a message was, in any session
        self._long = False  # whether a line was said on this connection that is too long to be served
        super().__init__(visit, opener, model, self._known, again)
        self._met()

    def _come_again(self) -> None:
        super()._come_again()
        self._met()

    def _met(self) -> None:
        """The greeting was read, and CAPA answered."""
        self._long = False
        dialogue = self.dialogue
        try:
            self.model.met(dialogue.stamp, dialogue.offer, secure=dialogue.wire.secure)
        except Wrong as wrong:
            self._blame(wrong.rule)
            raise NonConformity(wrong.rule, self.shown(dialogue.greeting.raw), owed=True) from None
        if dialogue.stamp is not None:
            digest = apop_digest(dialogue.stamp, self._known["password"].decode()).encode()
            self.visit.transcript.hide(digest)
            self._known["digest"] = digest

    def take(self, step: Step) -> None:
        if step.word == "post" and not self.judging:
            return  # whether a session has it yet is a matter of moments: two walks cannot be compared by it
        if step.word in LONE and self._held:
            self._exchange()
        super().take(step)

    def say(self, steps: Sequence[Step], said: Sequence[bytes]) -> None:
        word = steps[0].word
        if word == "break":
            self._break(said[0])
        elif word == "post":
            self._deliver(said[0])
        else:
            self.dialogue.proves = word in LOGINS
            self._long = self._long or max(map(len, said)) > LONG
            super().say(steps, said)

    def _break(self, how: bytes) -> None:
        """Go without QUIT."""
        if how == b"reset":
            self.dialogue.wire.reset()
        else:
            self.dialogue.wire.close()
        self.model.broken()
        self._left = True

    def _deliver(self, content: bytes) -> None:
        """A letter like no other arrives, past the protocol."""
        deliver = self.visit.target.deliver
        assert deliver is not None
        self._delivered += 1
        content = b"X-Letter: %s-%d\r\n%s" % (self._known["marker"], self._delivered, content)
        self.dialogue.wire.record(What.NOTE, b"a letter is delivered, past the protocol")
        deliver(content)
        self._know(content)

    def _know(self, letter: bytes) -> None:
        """A letter that comes out as it is: nothing is in it that servers change."""
        if letter.isascii() and plain(letter := in_lines(letter)):
            self._letters[header_of(letter)] = letter

    def hear(self, step: Step, said: bytes) -> None:
        try:
            super().hear(step, said)
        except NonConformity:
            if not self._has_had_enough():
                raise
            self.model.broken()
            self.model.over = True
            return
        last = self.dialogue.last
        self._marked = self._marked or step.word == "mark"
        if step.word == "RETR" and last is not None and last.code == OK:
            self._compare(last)

    def _has_had_enough(self) -> bool:
        """Whether the server has closed on a client that was refused often, or has said too long a line."""
        closed = self.dialogue.over and not self.dialogue.unframed()
        return closed and (self.model.refusals >= ENOUGH or self._long)

    def read_back(self) -> None:
        """Behind a walk that has marked anything, the next session shows what is left."""
        if not self._marked:
            return
        for step in LOOK:
            if not self.model.possible(step.word):
                return
            if self._left:
                self._come_again()
            self._held.append(step)
            self._exchange()

    def _compare(self, reply: Reply) -> None:
        letter = self._letters.get(header_of(reply.body or b""))
        if letter is not None and letter != reply.content:
            self._blame(COMES_BACK)
            raise NonConformity(COMES_BACK, self.shown(reply.content), owed=True)

    def kind(self, answer: Any) -> str:
        return str(answer.code)

"""Talking IMAP (RFC 3501, RFC 9051): commands with tags and literals, and the answers to them.

An answer is a tagged response with the untagged ones before it. A `str` or a `Command` is a command: it gets a tag and
a line end, and its literals wait for `+`. Octets (`bytes`) are sent as they are. An answer whose tag nobody sent, or
that comes a second time, ends the check: one answer is owed to each command. Accounts and mailboxes are not known here.
"""

from __future__ import annotations

import re
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import ClassVar, TypeVar

from pytest_netconform.codes import Code
from pytest_netconform.dialogue import Dialogue, Say
from pytest_netconform.transcript import What
from pytest_netconform.verdict import Inconclusive, NonConformity
from pytest_netconform.visit import Visit
from pytest_netconform.wire.imap import (
    BAD,
    BYE,
    GO_AHEAD,
    NO,
    OK,
    PREAUTH,
    Answer,
    Response,
)
from pytest_netconform.wire.imap_commands import Command, Part, Said, command, segments
from pytest_netconform.wire.imap_framing import ANSWER_LIMIT, AnswerFramer

OBSERVED_SECONDS = 30.0  # until a session has noticed what another one did
POLL_SECONDS = 0.2

T = TypeVar("T")


class Talk(Dialogue[Answer]):
    """One IMAP connection. greeting: the first response. enabled: what ENABLE has switched on."""

    control: ClassVar[tuple[Say, tuple[Code, ...]]] = ("NOOP", (OK,))
    accepted: ClassVar[tuple[Code, ...]] = (OK,)
    refused: ClassVar[tuple[Code, ...]] = (NO, BAD, BYE)
    longest: ClassVar[int] = 1 << 26  # messages may be long, and many

    def __init__(self, visit: Visit) -> None:
        self._waiting: list[str] = []  # the tags of what has not been answered
        super().__init__(visit, lambda: AnswerFramer(self._waiting))
        self.framer.one_by_one = True  # until the greeting
        self.greeting: Answer | None = None
        self.enabled: set[str] = set()
        self.authenticated = False
        self._offer: frozenset[str] | None = None
        self._number = 0
        self._early: deque[Answer] = deque()
        self._spoken = Said()
        self._unsaid: list[bytes] = []  # of a command that was begun: what follows its literals' announcements
        self._deflate: Callable[[bytes], bytes] | None = None

    @property
    def framer(self) -> AnswerFramer:
        """The framer, which gathers untagged responses."""
        assert isinstance(self._framer, AnswerFramer)
        return self._framer

    # -- saying

    def new_tag(self) -> str:
        """A tag that this connection has not had."""
        self._number += 1
        return f"nc{self._number}"

    def send(self, *what: Say) -> None:
        """Write everything in one go. A str or a Command gets a tag, and waits for `+` at its literals.

        Where a literal is refused, the rest stays unsaid and the refusal is the answer. Octets go as they are.
        """
        if len(what) == 1 and isinstance(what[0], str | Command):
            self._say(segments(_octets(what[0])))
        else:
            self._put(b"".join(self._raw(w) for w in what))

    def send_odd(self, octets: bytes, *tags: str) -> None:
        """Write octets that are no commands as they should be; answers with these tags may come."""
        self._waiting += tags
        self._put(octets)

    def _raw(self, what: Say) -> bytes:
        if isinstance(what, str | Command):
            tag = self._tagged()
            return tag.encode() + b" " + _octets(what) + b"\r\n"
        tags = self._spoken.feed(what)
        self._waiting += tags
        return what

    def _tagged(self) -> str:
        tag = self.new_tag()
        self._waiting.append(tag)
        return tag

    def begin(self, *parts: Part) -> Answer:
        """Say a command up to its first literal's announcement, and return what is said to that: `+`, or a refusal."""
        first, *self._unsaid = segments(command(*parts))
        self._put(self._tagged().encode() + b" " + first)
        self._said = self._shown(first)
        return self.hear(f"+ for the literal of {self._said}")

    def go_on(self) -> None:
        """Say the rest of what was begun, up to the next literal's announcement or the end."""
        first, *self._unsaid = self._unsaid
        self._put(first + (b"" if self._unsaid else b"\r\n"))

    def _say(self, parts: Sequence[bytes]) -> None:
        """One command, in parts that each end with the announcement of a literal but the last."""
        whole, self._unsaid = b"".join(parts), list(parts)
        begin = self._tagged().encode() + b" "
        while True:
            first, *self._unsaid = self._unsaid
            self._put(begin + first + (b"" if self._unsaid else b"\r\n"))
            self._said = self._shown(whole)
            if not self._unsaid:
                return
            begin = b""
            answer = self.hear(f"+ for the literal of {self._said}")
            if answer.code != GO_AHEAD:
                self._early.append(answer)
                return

    def _put(self, octets: bytes) -> None:
        super().send(self._deflate(octets) if self._deflate else octets)
        self._said = self._shown(octets)

    # -- hearing

    def hear(self, expected: str = "", *, within: float | None = None) -> Answer:
        """The next answer, with its untagged responses; the greeting, a `+`, or BYE where the connection ends.

        Raises NonConformity for an answer to nobody, or a second one.
        """
        if self._early:
            return self._early.popleft()
        answer = self._heard(expected, within)
        if len(answer.untagged) > ANSWER_LIMIT:
            expected = expected or f"an answer to {self._said}"
            raise NonConformity(expected, f"more than {ANSWER_LIMIT} untagged responses", owed=True)
        if self.greeting is None:
            self.greeting = answer
            self.framer.one_by_one = False
            self.authenticated = answer.code == PREAUTH
            if answer.tag:
                raise NonConformity("a greeting without a tag", self._shown(answer.raw), owed=True)
        self._learn(answer)
        if answer.tag:
            self._match(answer)
        return answer

    def _heard(self, expected: str, within: float | None) -> Answer:
        """The next answer; a BYE that a broken connection follows is one too."""
        try:
            return super().hear(expected, within=within)
        except NonConformity:
            farewell = self.framer.farewell() if self.broken else None
            if farewell is None:
                raise
            self.wire.record(What.HEARD, farewell.raw)
            return farewell

    def _match(self, answer: Answer) -> None:
        if answer.tag not in self._waiting:
            expected = "one answer to each command, with its tag"
            raise NonConformity(expected, self._shown(answer.last.raw), owed=True)
        self._waiting.remove(answer.tag)

    def _ended_by_close(self) -> Answer | None:
        return self.framer.farewell()

    def _learn(self, answer: Answer) -> None:
        """Capabilities and what was enabled, as they are told in passing."""
        for response in answer.responses:
            code = response.response_code if response.status else None
            if response.code == "CAPABILITY" and isinstance(response.data, tuple):
                self._offer = frozenset(response.data)
            elif code is not None and code.name == "CAPABILITY" and isinstance(code.value, tuple):
                self._offer = frozenset(code.value)
            elif response.code == "ENABLED" and isinstance(response.data, tuple):
                self.enabled |= set(response.data)

    def weigh(
        self,
        value: Answer,
        *codes: Code,
        tolerated: Mapping[Code, str] | None = None,
        noted: Mapping[Code, str] | None = None,
        expected: str = "",
    ) -> None:
        """Judge an answer that was read already. A BYE that nobody listed is the end of the session."""
        try:
            super().weigh(value, *codes, tolerated=tolerated, noted=noted, expected=expected)
        except NonConformity as problem:
            if value.code == BYE:
                problem.owed = problem.passing = True
            if problem.pattern is not None:
                tag = re.escape(value.tag.encode()) if value.tag else rb"\S+"
                problem.pattern = rb"(?:[^\n]*\n)*?" + tag + b" " + problem.pattern
            raise

    # -- words for checks

    def command(self, *parts: Part) -> Answer:
        """Say one command, its parts with a space between, and return the answer, whatever it says."""
        self.send(command(*parts))
        return self.reply()

    def ok(self, *parts: Part, noted: Mapping[Code, str] | None = None) -> Answer:
        """One command that must be OK."""
        return self.exchange(command(*parts), OK, noted=noted)

    def no(self, *parts: Part, noted: Mapping[Code, str] | None = None) -> Answer:
        """One command that must be NO."""
        return self.exchange(command(*parts), NO, noted=noted)

    def bad(self, *parts: Part, noted: Mapping[Code, str] | None = None) -> Answer:
        """One command that must be BAD."""
        return self.exchange(command(*parts), BAD, noted=noted)

    def no_or_bad(self, *parts: Part, noted: Mapping[Code, str] | None = None) -> Answer:
        """One command that must be refused, either way: for what the standard lists both."""
        return self.exchange(command(*parts), NO, BAD, noted=noted)

    def prepared(self, *parts: Part) -> Answer:
        """Prerequisite: one command is OK; its answer. Raises Inconclusive otherwise."""
        return self.prerequisite(lambda: self.ok(*parts))

    def prerequisite(self, step: Callable[[], T]) -> T:
        """What a step gives; a breach in it is no finding of this check, but a prerequisite that was not met."""
        try:
            found = step()
        except NonConformity as problem:
            raise Inconclusive(f"prerequisite not met: {problem}") from None
        self.visit.evidence.add("twin")
        return found

    def until_marker(self) -> tuple[list[Answer], Answer]:
        """What comes before the answer to a CAPABILITY that is sent now, and that answer. Counted, not timed.

        Inconclusive where the marker cannot be told from another answer: IMAP-9051-6.1.1-a judges that.
        """
        self.visit.evidence.add("silence")
        self.send("CAPABILITY")
        marker = self._waiting[-1]
        before: list[Answer] = []
        while True:
            answer = self.hear("an answer to CAPABILITY")
            if answer.code == BYE:
                return before, answer
            if answer.tag == marker:
                break
            before.append(answer)
        if not answer.all("CAPABILITY"):
            raise Inconclusive(
                f"CAPABILITY answered without data ({self._shown(answer.raw)}); IMAP-9051-6.1.1-a judges"
            )
        return before, answer

    def retort(self, to: str = "", *, within: float | None = None) -> Answer:
        """What an odd line is answered first: tagged, `+`, BYE, or BAD without a tag, with the untagged data before.

        In place of `reply` where a server may not find the tag.
        """
        before: list[Response] = []
        with self.one_by_one():
            while True:
                answer = self.reply(f"an answer to {to or self._said}", within=within)
                if answer.tag or answer.code in (BAD, BYE, GO_AHEAD):
                    return Answer(answer.last, tuple(before))
                before.append(answer.last)

    def answered_once(self, what: str) -> None:
        """Nothing more is said to it, tagged or not; counted, not timed. Who has closed says nothing more."""
        try:
            more, marker = self.until_marker()
        except NonConformity:
            if not self.over:
                raise
            self.note(f"closed behind {what}")
            return
        strays = b"".join([answer.raw for answer in more] + [response.raw for response in marker.all(BAD)])
        if strays:
            raise NonConformity(f"one answer to {what}", self._shown(strays), owed=True)

    def answers(self, *tags: str) -> dict[str, Answer]:
        """The answers to these tags, in whatever order they come. Raises NonConformity for others."""
        found: dict[str, Answer] = {}
        while len(found) < len(tags):
            missing = [tag for tag in tags if tag not in found]
            answer = self.reply(f"answers tagged {', '.join(tags)}")
            if answer.tag not in missing:
                expected = f"answers tagged {', '.join(tags)}"
                raise NonConformity(expected, self._shown(answer.last.raw), owed=True)
            found[answer.tag] = answer
        return found

    def poll(self, there: Callable[[Answer], T | None], what: str) -> T:
        """NOOP until an answer shows what `there` looks for: what it found. Raises NonConformity after 30 s."""
        deadline = self.wire.now() + OBSERVED_SECONDS
        while (found := there(self.exchange("NOOP", OK))) is None:
            if self.wire.now() >= deadline:
                raise NonConformity(what, f"nothing of it within {OBSERVED_SECONDS:g} s of NOOPs")
            self.target.carriage.pause(POLL_SECONDS)
        return found

    # -- IDLE, and what comes unasked

    @contextmanager
    def one_by_one(self) -> Iterator[None]:
        """Inside, each response is an answer of its own, so that untagged ones can be waited for."""
        self.framer.one_by_one = True
        try:
            yield
        finally:
            self.framer.one_by_one = False

    def idle(self) -> None:
        """IDLE, and its `+` (RFC 2177 3)."""
        self.exchange("IDLE", GO_AHEAD)

    def done(self) -> Answer:
        """DONE, and IDLE's answer."""
        self._put(b"DONE\r\n")
        return self.expect(OK, to="DONE")

    def event(self, *codes: str, within: float) -> Response | None:
        """The next untagged response of these names, others passed over; None when there was none for so long."""
        deadline = self.wire.now() + within
        with self.one_by_one():
            while (left := deadline - self.wire.now()) > 0:
                try:
                    answer = self.reply(within=left)
                except NonConformity:
                    if self.over:
                        raise
                    return None
                if answer.code in codes:
                    return answer.last
        return None

    # -- what is offered

    @property
    def capabilities(self) -> frozenset[str]:
        """What is offered in this state, in capitals; asked for where nobody has told it since the state began."""
        if self._offer is None:
            self.exchange("CAPABILITY", OK)
        return self._offer or frozenset()

    def forget_capabilities(self) -> None:
        """Whatever was told is no longer true: the state has changed."""
        self._offer = None

    # -- compression

    def compress(self) -> None:
        """Prerequisite: COMPRESS DEFLATE (RFC 4978); from then on both ways are compressed."""
        self.prepared("COMPRESS", "DEFLATE")
        self.deflate()

    def deflate(self) -> None:
        """Both ways are compressed from now on, whatever was agreed."""
        stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        self._deflate = lambda octets: stream.compress(octets) + stream.flush(zlib.Z_SYNC_FLUSH)
        self.framer.inflate()


def _octets(what: str | bytes) -> bytes:
    return what.encode() if isinstance(what, str) else bytes(what)

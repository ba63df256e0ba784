"""The IMAP client's walk: commands with tags and literals, and another client of the same account beside it.

At its end every mailbox is looked at again: what was stored comes back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from pytest_netconform.dialogue import Say
from pytest_netconform.dialogues.imap import Imap
from pytest_netconform.dialogues.imap_talk import OBSERVED_SECONDS, POLL_SECONDS
from pytest_netconform.models.imap import NEW, ImapModel
from pytest_netconform.models.imap_rules import RULES
from pytest_netconform.models.imap_said import Call
from pytest_netconform.models.model import Step, filled
from pytest_netconform.verdict import NonConformity
from pytest_netconform.visit import Visit
from pytest_netconform.walks.walk import Walk
from pytest_netconform.wire.imap import GO_AHEAD, Answer
from pytest_netconform.wire.imap_commands import Command

# what may be said in one write with what is said before: data that is told without a tag is nobody's (RFC 3501 5.5),
# and Dovecot, for one, tells that of a FETCH before the OK of the NOOP before it; these words tell none
FOLLOWS = ("NOOP", "CREATE", "DELETE", "RENAME")
REMOVES = ("DELETE", "RENAME")


class WalkedImap(Imap):
    """A connection that is walked on: answers come in the order of commands, whatever is said to hostile octets."""

    def __init__(self, visit: Visit) -> None:
        super().__init__(visit)
        self.hostile = False  # octets were sent that are no commands: any tag may come back
        self._order: list[str] = []  # tags of what was said in one write
        self._kept: dict[str, Answer] = {}
        self._rest = b""  # what is said when `+` has come
        self._odd = False  # what was said last may be answered without a tag

    def say(self, commands: Sequence[bytes], *, odd: bool = False) -> None:
        """Write commands in one go. What stands behind IDLE is said when its `+` has come."""
        self._odd = odd
        if len(commands) == 1:
            line, _, self._rest = split(commands[0])
            self.send(Command(line))
            return
        tags = [self.new_tag() for _ in commands]
        self._order += tags
        pairs = zip(tags, commands, strict=True)
        self.send_odd(b"".join(tag.encode() + b" " + said + b"\r\n" for tag, said in pairs), *tags)

    def send(self, *what: Say) -> None:
        self.hostile = self.hostile or any(isinstance(one, bytes) and not isinstance(one, Command) for one in what)
        super().send(*what)

    def hear(self, expected: str = "", *, within: float | None = None) -> Answer:
        if self._odd:
            self._odd = False
            answer = self.retort()
            self._waiting.clear()
            return answer
        if not self._order:
            return self._behind(super().hear(expected, within=within))
        wanted = self._order.pop(0)
        while wanted not in self._kept:
            answer = super().hear(expected, within=within)
            if answer.tag not in (wanted, *self._order):
                return answer
            self._kept[answer.tag] = answer
        return self._kept.pop(wanted)

    def _behind(self, answer: Answer) -> Answer:
        if answer.code != GO_AHEAD or not self._rest:
            return answer
        rest, self._rest = self._rest, b""
        self._put(rest + b"\r\n")
        return super().hear()

    def _match(self, answer: Answer) -> None:
        if self.hostile:
            self._waiting[:] = [tag for tag in self._waiting if tag != answer.tag]
        else:
            super()._match(answer)


def split(said: bytes) -> tuple[bytes, bytes, bytes]:
    """A command, and what is said in the middle of it."""
    return said.partition(b"\r\n") if said[:4].upper() == b"IDLE" else (said, b"", b"")


def lines(said: bytes) -> list[bytes]:
    """What the other client says in one step: several commands, one after another, where none has a literal."""
    return [said] if b"{" in said else said.split(b"\r\n")


class ImapWalk(Walk[WalkedImap]):
    """One IMAP client; `beside` are steps of another one, which looks at the same mailbox."""

    model: ImapModel

    def __init__(
        self,
        visit: Visit,
        opener: Callable[[Visit], WalkedImap],
        model: ImapModel,
        known: Mapping[str, bytes],
        again: Callable[[Visit], Walk[WalkedImap]],
        companion: Callable[[Visit], WalkedImap],
    ) -> None:
        super().__init__(visit, opener, model, known, again)
        self.known = self._names = dict(known)
        self._companion = companion
        self._other: tuple[WalkedImap, ImapModel] | None = None

    def take(self, step: Step) -> None:
        if self._held and step.word not in FOLLOWS:
            self._exchange()
        if step.word == "beside" and self.model.possible(step.word):
            self._accompany()
        model = self._other[1] if step.word == "beside" and self._other else self.model
        self._name_uids(model)
        call = Call.read(filled(step.say, self.known))
        if not model.declines(call) and not self._declined(call):
            super().take(step)

    def _name_uids(self, model: ImapModel) -> None:
        """The UIDs of the first two messages and of the last, as far as this client knows them."""
        view = model.view
        for name, number in (("first", 1), ("second", 2), ("last", len(view) if view else 1)):
            self._names[name] = view.uid(number) if view is not None else b"1"

    def _declined(self, call: Call) -> bool:
        """Mailboxes that somebody has selected are not removed: what becomes of him the standard does not say."""
        models = [self.model, *([self._other[1]] if self._other else [])]
        selected = {model.view.name for model in models if model.view is not None}
        return call.verb in REMOVES and any(call.name(place) in selected for place in range(len(call.words)))

    # -- one write, and its answers

    def say(self, steps: Sequence[Step], said: Sequence[bytes]) -> None:
        self._blame("an answer is owed")
        with self._party(steps[0]):
            self._cut(steps[0].cut)
            first = lines(said[0])[:1] if steps[0].word == "beside" else said
            self.dialogue.say(first, odd=steps[-1].word in ("odd", "unknown"))

    def hear(self, step: Step, said: bytes) -> None:
        with self._party(step):
            for place, line in enumerate(lines(said) if step.word == "beside" else [said]):
                if place:
                    self.dialogue.say([line])
                super().hear(step, line)
                if self.model.over:
                    break
        if step.word == "notice":
            self._notice(step, said)
        if self._other and self._other[1].over:
            self._other[0].wire.close()
            self._other = None

    def _notice(self, step: Step, said: bytes) -> None:
        """NOOP until this client has been told of everything: when it is noticed is the server's choice."""
        deadline = self.dialogue.wire.now() + OBSERVED_SECONDS
        count = len(self.answers)
        while not self.model.over and not self.model.settled:
            if self.dialogue.wire.now() > deadline:
                self._blame(RULES["notice"])
                raise NonConformity(RULES["notice"], f"nothing of it within {OBSERVED_SECONDS:g} s of NOOPs", owed=True)
            self.visit.target.carriage.pause(POLL_SECONDS)
            self.say([step], [said])
            super().hear(step, said)
        del self.answers[count:]

    # -- the other client

    @contextmanager
    def _party(self, step: Step) -> Iterator[None]:
        """Inside, connection and model are those of the client that says this step."""
        if step.word != "beside" or self._other is None:
            yield
            return
        ours = self.dialogue, self.model
        self.dialogue, self.model = self._other
        try:
            yield
        finally:
            self.dialogue, self.model = ours

    def _accompany(self) -> None:
        """The other client is there, and has the walk's first mailbox selected."""
        if self._other is None:
            dialogue = self._companion(self.visit)
            model = ImapModel(self.model.shelf, dialogue.capabilities)
            model.enter()
            self._other = dialogue, model
        if self._other[1].view is None:
            step = Step("beside", b"SELECT " + self.known["mailbox"])
            self.say([step], [step.say])
            self.hear(step, step.say)

    # -- the end

    def finish(self) -> None:
        """Look at every mailbox again, and leave."""
        if self._held:
            self._exchange()
        if self._left:
            self._come_again()
        for step in self._last_look():
            if self.model.possible(step.word) and not self._left:
                self._held.append(step)
                self._exchange()
        super().finish()

    def _last_look(self) -> Iterator[Step]:
        if self.model.state == NEW:
            yield Step("LOGIN", b"%{login}")
        for name, box in list(self.model.shelf.boxes.items()):
            if any(not message.gone for message in box.messages):
                yield Step("EXAMINE", b"EXAMINE " + name)
                if self.model.view:
                    yield Step("FETCH", b"FETCH 1:* (UID FLAGS RFC822.SIZE BODY.PEEK[])")

"""What RFC 3501 and RFC 9051 let a server answer: the states of a session, and what its commands do to mailboxes.

Mailboxes are those of the walk alone, shared by its clients (`imap_mailboxes`). Where a refusal is a matter of policy
it is left open, and the model follows the server. What is done to messages is in `imap_messages`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pytest_netconform.models.imap_mailboxes import DELETED, NONE, SEEN, Mailbox, View, wrong
from pytest_netconform.models.imap_messages import Messages
from pytest_netconform.models.imap_rules import broken, missing, not_bad, same_name, served
from pytest_netconform.models.imap_said import Call, items, lower
from pytest_netconform.models.model import Step
from pytest_netconform.wire.imap import BYE, GO_AHEAD, OK, PLUS_BARE, TEXT_8BIT, Answer
from pytest_netconform.wire.imap_data import Listing, MailboxStatus
from pytest_netconform.wire.imap_grammar import QUOTED_8BIT

NEW, USER, SELECTED = "not authenticated", "authenticated", "selected"
ANY, ENTERED, READING = frozenset({NEW, USER, SELECTED}), frozenset({USER, SELECTED}), frozenset({SELECTED})
#: command → the states in which it is in order   (RFC 3501 3, 6)
STATES: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("CAPABILITY", "NOOP", "LOGOUT"), ANY),
    **dict.fromkeys(("LOGIN", "STARTTLS", "AUTHENTICATE"), frozenset({NEW})),
    **dict.fromkeys(("SELECT", "EXAMINE", "CREATE", "DELETE", "RENAME", "LIST", "STATUS", "APPEND", "IDLE"), ENTERED),
    **dict.fromkeys(("CHECK", "CLOSE", "UNSELECT", "EXPUNGE", "SEARCH", "FETCH", "STORE", "COPY"), READING),
}
#: words that are no commands of their own: their states, and what must be listed for them
WORDS: Mapping[str, tuple[frozenset[str], str]] = {
    **{name: (states, "") for name, states in STATES.items()},
    "UNSELECT": (READING, "UNSELECT"),
    "IDLE": (ENTERED, "IDLE"),
    "pressing": (ENTERED, "LITERAL+"),  # APPEND whose literal waits for nobody
    "purge": (READING, "UIDPLUS"),  # UID EXPUNGE
    "notice": (READING, ""),  # NOOP until what others did has been told
    "beside": (ENTERED, ""),  # said by another client of the account
    "stranger": (frozenset({NEW}), ""),
    **dict.fromkeys(("misplaced", "unknown", "odd"), (ANY, "")),
}
FORGIVEN = {PLUS_BARE, TEXT_8BIT, QUOTED_8BIT}  # old servers, and new ones (RFC 9051 9)
DATA = ("EXISTS", "RECENT", "EXPUNGE", "FETCH", "LIST", "LSUB", "STATUS", "SEARCH", "FLAGS")  # of mailboxes


class ImapModel(Messages):
    """One IMAP client: its state, and what it may be told in it."""

    together: ClassVar[frozenset[str]] = frozenset({"NOOP"})
    farewell: ClassVar[Step | None] = Step("LOGOUT", b"LOGOUT")

    def begin(self) -> None:
        super().begin()
        self.state, self.view = NEW, None

    def enter(self) -> None:
        """A login was accepted."""
        self.state = USER

    @property
    def settled(self) -> bool:
        """Whether this client has been told of everything."""
        return self.view is None or self.view.settled

    def possible(self, word: str) -> bool:
        states, capability = WORDS.get(word, (ANY, ""))
        if word == "notice" and self.settled:
            return False
        return self.state in states and (not capability or capability in self.offered)

    def hear(self, step: Step, said: bytes, answer: Answer) -> None:
        if set(answer.deviations) - FORGIVEN:
            raise broken("form")
        self.got = {}
        self.over = bool(answer.all(BYE)) or answer.code == BYE  # at any time (RFC 3501 7.1.5)
        if answer.code == BYE:
            return
        if answer.code == GO_AHEAD:
            raise broken("+")
        call = Call.read(said)
        if self.state == NEW and answer.all(*DATA):
            raise broken("stranger")
        if step.word in ("odd", "unknown") or call.verb not in STATES:
            if step.word != "odd" and answer.code == OK:
                raise broken("unknown")
            self._absorb(answer, Call(""))
        elif self.state not in STATES[call.verb]:
            self._absorb(answer, call)
            if answer.code == OK:
                raise broken("state")
        else:
            getattr(self, f"_{call.verb.lower()}")(call, answer)

    # -- any state

    def _noop(self, call: Call, answer: Answer) -> None:
        self._absorb(answer, call)
        served(answer)

    _check = _idle = _noop

    def _capability(self, call: Call, answer: Answer) -> None:
        self._absorb(answer, call)
        served(answer)
        if len(answer.all("CAPABILITY")) != 1:
            raise broken("CAPABILITY")

    def _logout(self, call: Call, answer: Answer) -> None:
        if answer.code != OK or not answer.all(BYE):
            raise broken("LOGOUT")
        self.over = True

    def _login(self, call: Call, answer: Answer) -> None:
        not_bad(answer)
        if answer.code == OK:
            self.enter()

    def _starttls(self, call: Call, answer: Answer) -> None:
        """Followed as far as a refusal: the connection is inside TLS, or cannot be."""
        if answer.code == OK:
            raise broken("state")

    # -- mailboxes

    def _create(self, call: Call, answer: Answer) -> None:
        self._absorb(answer, call)
        not_bad(answer)
        name = call.name(0)
        if answer.code == OK:
            if name in self.shelf.boxes or name == b"INBOX":
                raise broken("there")
            self.shelf.make(name)

    def _delete(self, call: Call, answer: Answer) -> None:
        self._absorb(answer, call)
        not_bad(answer)
        name = call.name(0)
        if answer.code == OK:
            if name not in self.shelf.boxes:
                raise broken("missing")
            self.shelf.remove(name)

    def _rename(self, call: Call, answer: Answer) -> None:
        self._absorb(answer, call)
        not_bad(answer)
        old, new = call.name(0), call.name(1)
        if answer.code == OK:
            if old not in self.shelf.boxes:
                raise broken("missing")
            if new in self.shelf.boxes:
                raise broken("there")
            self.shelf.move(old, new)

    def _list(self, call: Call, answer: Answer) -> None:
        self._absorb(answer, call)
        served(answer)
        found = [one for one in answer.values("LIST") if isinstance(one, Listing)]
        names = [one.name for one in found if not one.has("\\Noselect") and not one.has("\\NonExistent")]
        if call.name(1).endswith(b"*"):
            prefix = call.name(1)[:-1]
            if sorted(names) != sorted(name for name in self.shelf.boxes if name.startswith(prefix)):
                raise broken("listed")

    def _status(self, call: Call, answer: Answer) -> None:
        self._absorb(answer, call)
        name = call.name(0)
        box = self.shelf.boxes.get(name)
        if box is None and name != b"INBOX":
            missing(answer)
            return
        served(answer)
        told = [one for one in answer.values("STATUS") if isinstance(one, MailboxStatus)]
        asked = {item.upper() for item in items(call.words[1])}
        if len(told) != 1 or same_name(told[0].name) != name or not asked <= set(told[0].items):
            raise broken("STATUS")
        found = {key: value for key, value in told[0].items.items() if isinstance(value, int)}
        if box is not None:
            self._compare(box, found)
        elif "UIDVALIDITY" in found:
            if self.shelf.inbox not in (None, found["UIDVALIDITY"]):
                raise wrong("uidvalidity")
            self.shelf.inbox = found["UIDVALIDITY"]

    def _compare(self, box: Mailbox, found: Mapping[str, int]) -> None:
        seen = self.view is not None and self.view.box is box  # may be told as this client knows it
        if "UIDVALIDITY" in found:
            box.validate(found["UIDVALIDITY"])
        if "UIDNEXT" in found and not seen:
            box.follow(found["UIDNEXT"])
        there = box.present()
        if there is None:
            return
        counts = {len(there), len(self.view)} if seen and self.view is not None else {len(there)}
        if found.get("MESSAGES", len(there)) not in counts:
            raise broken("count")
        marks = [message.marked(SEEN) for message in there]
        sure = None not in marks and box.kept(SEEN) and not seen
        if sure and found.get("UNSEEN", marks.count(False)) != marks.count(False):
            raise broken("count")

    # -- SELECT and its end

    def _select(self, call: Call, answer: Answer) -> None:
        self.state, self.view = USER, None
        box = self.shelf.boxes.get(call.name(0))
        if box is None:
            missing(answer)
            return
        served(answer)
        if answer.code != OK:
            return
        count = answer.last_number("EXISTS")
        old = "IMAP4REV1" in self.offered
        if count is None or not answer.all("FLAGS") or (old and not answer.all("RECENT")):
            raise broken("SELECT")
        codes = {name: code.value for name, code in answer.codes().items()}
        validity, following, permanent = (codes.get(name) for name in ("UIDVALIDITY", "UIDNEXT", "PERMANENTFLAGS"))
        if not isinstance(validity, int):
            raise wrong("uidvalidity")
        box.validate(validity)
        if isinstance(following, int):
            box.follow(following)
        examine = call.verb == "EXAMINE"
        if examine and answer.says != "READ-ONLY":
            raise broken("READ-ONLY")
        if isinstance(permanent, tuple) and answer.says != "READ-ONLY":
            box.permanent = lower(permanent)
        self.view = View(call.name(0), box, answer.says == "READ-ONLY", count)
        self.state = SELECTED
        self._told_of(self.view, answer, codes.get("UNSEEN"))

    _examine = _select

    def _told_of(self, view: View, answer: Answer, unseen: object) -> None:
        """What SELECT says of the messages that are there."""
        listed = {flag for value in answer.values("FLAGS") if isinstance(value, tuple) for flag in lower(value)}
        for entry in view:
            for flag in frozenset.intersection(*entry.may) if entry.may else NONE:
                if not flag.startswith("\\") and view.box.kept(flag) and flag not in listed:
                    raise broken("keywords")
        if isinstance(unseen, int):
            marks = [entry.marked(view.box, SEEN) for entry in view]
            if not 1 <= unseen <= len(marks) or marks[unseen - 1] or False in marks[: unseen - 1]:
                raise broken("UNSEEN")

    def _close(self, call: Call, answer: Answer) -> None:
        view = self._seen
        if answer.all("EXPUNGE", "VANISHED"):
            raise broken("silence")
        self._absorb(answer, call)
        if answer.code != OK and view.read_only:  # seen in the field
            return
        served(answer)
        if answer.code != OK:
            return
        if call.verb == "CLOSE" and not view.read_only:
            for message in view.box.messages:
                known = [entry.marked(view.box, DELETED) for entry in view if entry.message is message]
                marks = [message.marked(DELETED), *known]
                message.gone = message.gone or (len(marks) == 2 and all(marks))
                message.doubtful = not message.gone and (message.doubtful or True in marks or None in marks)
            if any(not entry.known for entry in view):
                for message in view.box.messages:
                    message.doubtful = not message.gone
        self.state, self.view = USER, None

    _unselect = _close

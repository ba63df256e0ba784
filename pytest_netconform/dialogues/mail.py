"""Mail from end to end: what goes into a mail system, by SMTP or by APPEND, and comes out of it by IMAP or POP3.

Two dialogues of one visit: a sender's, and a reader's whose mailbox is looked at until what was sent is there. This
module knows how a message is sent, found by its marker, and removed again. It must not know what a message should look
like.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Protocol as Shape

from pytest_netconform.codes import Code
from pytest_netconform.dialogue import reach
from pytest_netconform.dialogues.imap import Imap, session
from pytest_netconform.dialogues.pop3 import Pop3
from pytest_netconform.dialogues.smtp import MAIL, Smtp
from pytest_netconform.verdict import Inconclusive, NonConformity, NotApplicable
from pytest_netconform.visit import Remarks, Visit
from pytest_netconform.wire.imap import BAD, NO, OK, Answer
from pytest_netconform.wire.imap_commands import append
from pytest_netconform.wire.imap_fetch import Fetched
from pytest_netconform.wire.pop3 import ERR
from pytest_netconform.wire.pop3 import OK as POP3_OK
from pytest_netconform.wire.smtp import stuffed
from pytest_netconform.wire.smtp_messages import message

ARRIVAL_SECONDS = 10.0  # delivery is asynchronous nearly everywhere
POLL_SECONDS = 0.1
ARRIVES = "mail-arrives"  # among what checks share: whether mail was seen to arrive, once that was in doubt
REFUSED = "the message is refused"


@dataclass(frozen=True)
class Letter:
    """A message as it was taken out. key: its UID, or POP3's number or unique id. size: octets, as it was announced.

    octets: None where the server keeps the message to itself (RFC 6856 2.1, RFC 6855 3). flags, date: IMAP's.
    """

    key: str
    size: int
    octets: bytes | None
    flags: frozenset[str] = frozenset()
    date: bytes = b""

    def holds(self, word: str) -> bool:
        """Whether a word stands in it."""
        return self.octets is not None and word.encode() in self.octets


class Box(Shape):
    """A mailbox that mail comes into."""

    def letters(self) -> Sequence[Letter]:
        """What has arrived since it was opened, oldest first."""

    def remove(self, letters: Sequence[Letter]) -> None:
        """Take them away."""

    def again(self, visit: Visit) -> Box:
        """The same box, opened anew on another visit."""


class ImapBox:
    """A mailbox that is looked at by IMAP; messages are read without being marked as seen.

    name: that of the mailbox. first: the least UID that a message can get which arrives now.
    """

    def __init__(self, imap: Imap, name: bytes) -> None:
        self.imap, self.name = imap, name
        selected = imap.prerequisite(lambda: imap.select(name))
        self.validity = _number(selected, "UIDVALIDITY")
        self.first = _number(selected, "UIDNEXT") or max(imap.uid_numbers(), default=0) + 1
        self._known: dict[int, Letter] = {}

    def letters(self) -> Sequence[Letter]:
        """Noticed by a NOOP, and fetched once each."""
        self.imap.ok("NOOP")
        self._known.update((uid, self._letter(uid)) for uid in self._new())
        return [self._known[uid] for uid in sorted(self._known)]

    def _letter(self, uid: int) -> Letter:
        answer = self.imap.exchange(f"UID FETCH {uid} (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])", OK, NO)
        found = next((one for one in answer.fetched.values() if one.uid == uid), Fetched(0, {}))
        size, date = found.items.get("RFC822.SIZE"), found.items.get("INTERNALDATE")
        return Letter(
            str(uid),
            size if isinstance(size, int) else -1,
            found.octets("BODY[]"),
            found.flags or frozenset(),
            date if isinstance(date, bytes) else b"",
        )

    def again(self, visit: Visit) -> Box:
        """In another session; what was read need not be read again."""
        other = ImapBox(session(visit), self.name)
        other.first, other._known = self.first, dict(self._known)
        return other

    def _new(self) -> list[int]:
        # n:* names the last message also where its UID is less than n
        answer = self.imap.ok(f"UID FETCH {self.first}:* (UID)")
        there = {one.uid for one in answer.fetched.values() if one.uid is not None}
        return sorted(uid for uid in there if uid >= self.first and uid not in self._known)

    def remove(self, letters: Sequence[Letter]) -> None:
        """By UID EXPUNGE, or by EXPUNGE where nothing else would go with them. Inconclusive when they must stay."""
        if not letters:
            return
        uids = ",".join(letter.key for letter in letters)
        self.imap.given(f"UID STORE {uids} +FLAGS.SILENT (\\Deleted)")
        if {"UIDPLUS", "IMAP4REV2"} & self.imap.capabilities:
            self.imap.given(f"UID EXPUNGE {uids}")
            return
        deleted = self.imap.ok("SEARCH DELETED").values("SEARCH")
        if sum(len(_tuple(getattr(found, "numbers", found))) for found in deleted) != len(letters):
            raise Inconclusive("messages of ours are marked \\Deleted in INBOX, beside others")
        self.imap.given("EXPUNGE")


class Pop3Box:
    """A maildrop; each look at it is a session of its own, for what a session sees does not change (RFC 1939 3)."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._known: dict[str, Letter] = {}
        pop3 = self._session()
        self._before = set(self._keys(pop3).values())
        pop3.leave()

    def letters(self) -> Sequence[Letter]:
        """Retrieved once each."""
        pop3 = self._session()
        keys = self._keys(pop3)
        sizes = {one.number: one.size for one in pop3.listings()}
        for number, key in keys.items():
            if key not in self._before and key not in self._known:
                reply = pop3.exchange(f"RETR {number}", POP3_OK, ERR)
                self._known[key] = Letter(key, sizes.get(number, -1), reply.content if reply.code == POP3_OK else None)
        pop3.leave()
        return list(self._known.values())

    def remove(self, letters: Sequence[Letter]) -> None:
        """Deleted in a session of its own."""
        if not letters:
            return
        pop3 = self._session()
        gone = {letter.key for letter in letters}
        pop3.given(*(f"DELE {number}" for number, key in self._keys(pop3).items() if key in gone))
        pop3.leave()

    def again(self, visit: Visit) -> Box:
        """In other sessions; what was read need not be read again."""
        other = copy(self)
        other._visit = visit
        return other

    def _session(self) -> Pop3:
        found: Pop3 = reach(self._open, self._visit, "the maildrop")
        return found

    @staticmethod
    def _open(visit: Visit) -> Pop3:
        pop3 = Pop3(visit)
        pop3.greet()
        pop3.go_private()
        if "UTF8" in pop3.offer:
            pop3.given("UTF8")  # before the login (RFC 6856 2)
        pop3.log_in()
        return pop3

    def _keys(self, pop3: Pop3) -> dict[int, str]:
        """Unique ids by number; numbers stand for them where there are none."""
        if "UIDL" in pop3.offer:
            return pop3.uniques()
        return {one.number: str(one.number) for one in pop3.listings()}


class Mail(Remarks):
    """A sender and a reader of one mail system.

    box: what is read. others: opens the same mailbox for another protocol. smtp_visit: where messages are sent; None:
    they are appended to the box, which is IMAP's.
    """

    def __init__(
        self,
        visit: Visit,
        box: Box,
        *,
        smtp_visit: Visit | None = None,
        others: Callable[[], Box] | None = None,
    ) -> None:
        self.visit, self.box = visit, box
        self.target = visit.target
        self.markers: list[str] = []
        self._smtp_visit, self._others = smtp_visit, others
        self._smtp: Smtp | None = None

    # -- what there is

    @property
    def by_smtp(self) -> bool:
        """Whether messages are sent, and not appended."""
        return self._smtp_visit is not None

    @property
    def smtp(self) -> Smtp:
        """The sender's connection, ready for a transaction. NotApplicable where messages are appended."""
        if self._smtp is None or self._smtp.over:
            self._smtp = self.another_smtp()
        return self._smtp

    def another_smtp(self) -> Smtp:
        """Another of the sender's connections."""
        if self._smtp_visit is None:
            raise NotApplicable("?pair=", "no SMTP target of the same system was named (?pair=)")
        found: Smtp = reach(open_sender, self._smtp_visit, "the sender's connection")
        return found

    @property
    def imap_box(self) -> ImapBox:
        """The box, where it is looked at by IMAP. NotApplicable elsewhere."""
        if not isinstance(self.box, ImapBox):
            self.not_applicable("the mailbox is read by POP3, which knows no flags, dates or numbers that last")
        assert isinstance(self.box, ImapBox)
        return self.box

    def other_box(self) -> Box:
        """The same mailbox, by another protocol. NotApplicable where nobody named one."""
        if self._others is None:
            raise NotApplicable("?pair=", "no other reader of the same mailbox was named (?pair=)")
        return self._others()

    def claims(self, keyword: str) -> None:
        """NotApplicable where SMTP does not offer an extension; what is appended needs none."""
        if self.by_smtp and keyword not in self.smtp.offer.keywords:
            raise NotApplicable(keyword, f"the SMTP target does not claim {keyword}")

    # -- sending

    def marker(self) -> str:
        """A word that no other message holds; texts of reports show it as `{marker}`."""
        word = self.visit.nonce(f"nc{secrets.token_hex(6)}")
        self.markers.append(word)
        return word

    def send(self, content: bytes, mail: str = MAIL) -> None:
        """Prerequisite: a message is accepted."""
        if self.by_smtp:
            self.smtp.deliver(content, mail=mail)
        else:
            self.imap_box.imap.given(append(self.imap_box.name, content))

    def offer(self, content: bytes, mail: str = MAIL) -> bool:
        """Whether a message is accepted which may be refused as well; then a plain one must be, and arrive."""
        if self._offered(content, mail):
            return True
        self.visit.evidence.add("refusal")
        plain = self.marker()
        self._smtp = None  # a refusal may have cost the connection
        self.send(message(plain))
        self.take(plain)
        self.visit.evidence.add("twin")
        return False

    def _offered(self, content: bytes, mail: str) -> bool:
        refusals: dict[Code, str] = {"5yz": REFUSED, NO: REFUSED, BAD: REFUSED}
        if not self.by_smtp:
            imap = self.imap_box.imap
            return imap.exchange(append(self.imap_box.name, content), OK, noted=refusals).code == OK
        smtp = self.smtp
        smtp.given(mail, smtp.rcpt, "DATA")
        smtp.send(stuffed(content))
        return smtp.expect(250, noted=refusals, to="the message").code == 250

    # -- finding

    def take(self, marker: str, count: int = 1, within: float = ARRIVAL_SECONDS) -> list[Letter]:
        """The messages that hold a marker, once there are `count`. NonConformity when they have not come in time.

        Inconclusive where no message at all arrives: then the two targets are not of one system, or delivery is slow.
        """
        found = self._arrived(marker, count, within if self.target.shared.get(ARRIVES, True) else 0)
        if len(found) >= count:
            return found
        if not self.target.once(ARRIVES, self._mail_arrives):
            raise Inconclusive(f"a plain message did not arrive within {ARRIVAL_SECONDS:g} s either")
        expected = f"{count} message{'s' * (count > 1)} with the marker within {within:g} s"
        raise NonConformity(expected, f"{len(found)}", passing=True)

    def passed(self, content: bytes, marker: str, mail: str = MAIL) -> bytes:
        """What comes out, octets as they are, for a message that must be accepted."""
        self.send(content, mail)
        return self._read(self.take(marker)[0])

    def passed_or_refused(self, content: bytes, marker: str, mail: str = MAIL) -> bytes | None:
        """Likewise; None where it is refused, which is legal for what clients are told to keep from."""
        return self._read(self.take(marker)[0]) if self.offer(content, mail) else None

    def take_late(self, marker: str, within: float) -> bytes:
        """A message that others make of one with the marker. Inconclusive when it has not come by then."""
        found = self._arrived(marker, 1, within)
        if not found:
            raise Inconclusive(f"nothing with the marker came within {within:g} s; there may be more time for it")
        return self._read(found[0])

    def settled(self) -> None:
        """Wait until a message that is sent now has arrived: those before it had their time as well."""
        probe = self.marker()
        self.send(message(probe))
        self.take(probe)

    def _read(self, letter: Letter) -> bytes:
        assert letter.octets is not None  # it was found by what it holds
        return letter.octets

    def _arrived(self, marker: str, count: int, within: float) -> list[Letter]:
        deadline = self.target.carriage.now() + within
        while True:
            found = [letter for letter in self.box.letters() if letter.holds(marker)]
            if len(found) >= count or self.target.carriage.now() >= deadline:
                return found
            self.target.carriage.pause(POLL_SECONDS)

    def _mail_arrives(self) -> bool:
        """Whether a plain message arrives."""
        marker = self.marker()
        try:
            self._smtp = None
            self.send(message(marker))
        except (NonConformity, Inconclusive):
            return False
        return bool(self._arrived(marker, 1, ARRIVAL_SECONDS))

    def ours(self, letters: Sequence[Letter]) -> list[Letter]:
        """Those that this check has sent."""
        return [letter for letter in letters if any(letter.holds(marker) for marker in self.markers)]


def open_sender(visit: Visit) -> Smtp:
    """EHLO has been accepted; at a submission service, logged in."""
    smtp = Smtp(visit)
    smtp.greet()
    smtp.hello()
    if smtp.target.options.get("submission") == "1":
        if not smtp.wire.secure and "STARTTLS" in smtp.offer.keywords:
            smtp.secure()
        smtp.authenticate()
    return smtp


def _number(answer: Answer, code: str) -> int:
    found = answer.codes().get(code)
    return found.value if found is not None and isinstance(found.value, int) else 0


def _tuple(value: object) -> tuple[object, ...]:
    return value if isinstance(value, tuple) else ()

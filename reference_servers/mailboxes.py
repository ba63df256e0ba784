"""Mailboxes: what IMAP adds to the mail store: names in a tree, flags, dates, mod-sequences, subscriptions.

An account's INBOX is the mailbox into which SMTP delivers and from which POP3 gives out; other mailboxes have keys of
their own in the same store. Whatever happened there behind our back is noticed by `refresh`. Sessions and threads share
this; it must not know a protocol's words, nor any clock but the date that it is given.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from pytest_netconform.reference_servers.store import MailStore

DELIMITER = "/"
INBOX = "INBOX"
UIDVALIDITY = 1767225600  # of the first mailbox; each one that is made has one more
KEPT_MAILBOXES = 1000  # of an account
KEPT_KEYWORDS = 1000  # of a mailbox


class NoSuchMailbox(Exception):
    """There is no mailbox of that name."""


class MailboxExists(Exception):
    """The name is taken."""


class TooMany(Exception):
    """The account has as many mailboxes as it may."""


@dataclass(eq=False)
class Message:
    """A message in a mailbox. modseq: of its last change (RFC 7162 3). date: the internal date."""

    uid: int
    content: bytes
    date: datetime
    flags: frozenset[str] = frozenset()
    modseq: int = 1

    @property
    def size(self) -> int:
        """Octets."""
        return len(self.content)


class Mailbox:
    """The messages of one mailbox, oldest first, and the history that sessions catch up with."""

    def __init__(self, store: MailStore, key: str, uidvalidity: int, uses: frozenset[str] = frozenset()) -> None:
        self.store, self.key = store, key
        self.uidvalidity = uidvalidity
        self.uses = uses  # special uses (RFC 6154 2)
        self.messages: dict[int, Message] = {}
        self.highest_modseq = 1
        self.last_uid = 0
        self.recent_from = 1  # messages from this uid on were announced to nobody
        self.keywords: dict[str, None] = {}
        self.expunged: list[tuple[int, int]] = []  # (modseq, uid)
        self._order: dict[int, None] = {}  # uids by their modseq
        self._seen = 0
        self._lock = threading.RLock()

    # looking

    @property
    def uidnext(self) -> int:
        """The least uid that the next message can have."""
        return self.last_uid + 1

    def changed_since(self, modseq: int) -> list[Message]:
        """The messages that changed after a mod-sequence, the latest change last."""
        with self._lock:
            found = []
            for uid in reversed(self._order):
                if self.messages[uid].modseq <= modseq:
                    break
                found.append(self.messages[uid])
            return found[::-1]

    def expunged_since(self, modseq: int) -> list[int]:
        """The uids of the messages that went after a mod-sequence, ascending."""
        with self._lock:
            found = []
            for at, uid in reversed(self.expunged):
                if at <= modseq:
                    break
                found.append(uid)
            return sorted(found)

    def refresh(self, date: datetime) -> None:
        """Notice what other servers of the store delivered or removed; deliveries get this date."""
        with self._lock:
            changes = self.store.changes(self.key)
            if changes == self._seen:
                return
            self._seen = changes
            there = {message.uid: message for message in self.store.messages(self.key)}
            for uid in [uid for uid in self.messages if uid not in there]:
                self._forget(uid)
            for uid, message in there.items():
                if uid not in self.messages:
                    self._keep(Message(uid, message.content, date))

    # changing

    def append(self, content: bytes, flags: frozenset[str], date: datetime) -> Message:
        """Add a message; raises StoreFull."""
        with self._lock:
            self.refresh(date)
            stored = self.store.add(self.key, "", (), content)
            message = Message(stored.uid, content, date, flags)
            self._keep(message)
            self._count()
            return message

    def set_flags(self, message: Message, flags: frozenset[str]) -> None:
        """Change a message's flags; its mod-sequence rises if they are other ones than before."""
        with self._lock:
            if flags == message.flags or message.uid not in self.messages:
                return
            message.flags = flags
            self._touch(message)
        self.store.tell(self.key)

    def expunge(self, uid: int) -> bool:
        """Remove a message; False if it was gone already."""
        with self._lock:
            if uid not in self.messages:
                return False
            self._forget(uid)
            if self.store.remove(self.key, uid):
                self._count()
            return True

    def clear(self) -> None:
        """Remove every message."""
        for uid in list(self.messages):
            self.expunge(uid)

    def _count(self) -> None:
        # our own change of the store, unless somebody else's came between
        if self.store.changes(self.key) == self._seen + 1:
            self._seen += 1

    def _keep(self, message: Message) -> None:
        self.messages[message.uid] = message
        self.last_uid = max(self.last_uid, message.uid)
        self._touch(message)

    def _touch(self, message: Message) -> None:
        self.highest_modseq += 1
        message.modseq = self.highest_modseq
        self._order.pop(message.uid, None)
        self._order[message.uid] = None
        for flag in message.flags:
            if not flag.startswith("\\") and len(self.keywords) < KEPT_KEYWORDS:
                self.keywords[flag] = None

    def _forget(self, uid: int) -> None:
        self.highest_modseq += 1
        self.expunged.append((self.highest_modseq, uid))
        del self.messages[uid]
        self._order.pop(uid, None)


@dataclass(eq=False)
class Account:
    """One user's mailboxes by name (in Unicode), and the names that he has subscribed to.

    A name without a mailbox is there for the names below it alone.
    """

    mailboxes: dict[str, Mailbox | None] = field(default_factory=dict)
    subscribed: dict[str, None] = field(default_factory=dict)

    def below(self, name: str) -> list[str]:
        """The names under a name, at any depth."""
        return [other for other in self.mailboxes if other.startswith(name + DELIMITER)]

    def find(self, name: str) -> Mailbox:
        """The mailbox of a name; raises NoSuchMailbox."""
        mailbox = self.mailboxes.get(name)
        if mailbox is None:
            raise NoSuchMailbox(name)
        return mailbox

    def prune(self) -> None:
        """Names that were there for names below alone go with the last of those."""
        for name in sorted(self.mailboxes, reverse=True):
            if self.mailboxes[name] is None and not self.below(name):
                del self.mailboxes[name]


class Mailboxes:
    """The mailboxes of every account of a store.

    uses: the mailboxes that each account has besides INBOX, and their special uses.
    """

    def __init__(self, store: MailStore | None = None, uses: dict[str, str] | None = None) -> None:
        self.store = store or MailStore()
        self._uses = uses or {}
        self._accounts: dict[str, Account] = {}
        self._made = 0
        self._lock = threading.RLock()

    def account(self, user: str) -> Account:
        """A user's mailboxes; INBOX is always among them."""
        with self._lock:
            if user not in self._accounts:
                self._accounts[user] = account = Account()
                account.mailboxes[INBOX] = self._make(user)
                for name, use in self._uses.items():
                    account.mailboxes[name] = self._make(None, frozenset({use}))
            return self._accounts[user]

    def create(self, account: Account, name: str, uses: frozenset[str] = frozenset()) -> Mailbox:
        """Make a mailbox, and those above it where there are none; raises MailboxExists, TooMany."""
        with self._lock:
            if account.mailboxes.get(name) is not None:
                raise MailboxExists(name)
            if len(account.mailboxes) >= KEPT_MAILBOXES:
                raise TooMany(name)
            for above in superiors(name):
                if account.mailboxes.get(above) is None:
                    account.mailboxes[above] = self._make()
            mailbox = account.mailboxes[name] = self._make(None, uses)
            return mailbox

    def delete(self, account: Account, name: str) -> None:
        """Remove a mailbox and its messages; names below it stay, and its own for their sake."""
        with self._lock:
            mailbox = account.find(name)
            account.mailboxes[name] = None
            account.prune()
        mailbox.clear()

    def rename(self, account: Account, old: str, new: str) -> None:
        """Give a mailbox and those below it another name; raises NoSuchMailbox, MailboxExists."""
        with self._lock:
            if old not in account.mailboxes:
                raise NoSuchMailbox(old)
            moved = [old, *account.below(old)]
            if any(new + name[len(old) :] in account.mailboxes for name in moved):
                raise MailboxExists(new)
            for above in superiors(new):
                if account.mailboxes.get(above) is None:
                    account.mailboxes[above] = self._make()
            for name in moved:
                account.mailboxes[new + name[len(old) :]] = account.mailboxes.pop(name)
            account.prune()

    def _make(self, key: str | None = None, uses: frozenset[str] = frozenset()) -> Mailbox:
        self._made += 1
        return Mailbox(self.store, key or f"(mailbox {self._made})", self.uidvalidity(), uses)

    def uidvalidity(self) -> int:
        """Of the mailbox that is being made: more than any before had (RFC 3501 2.3.1.1)."""
        return UIDVALIDITY + self._made


def superiors(name: str) -> Iterator[str]:
    """The names above a name, the uppermost first."""
    parts = name.split(DELIMITER)
    for length in range(1, len(parts)):
        yield DELIMITER.join(parts[:length])

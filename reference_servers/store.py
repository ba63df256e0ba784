"""The mail store: what was delivered to whom, in memory, shared by the servers that take mail in and give it out.

Threads may share a store. What it keeps is bounded: when it is full it says so instead of forgetting. It must not know
a protocol, and does not wait for anything.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

KEPT_OCTETS = 1 << 26  # of all messages of a store

#: the mailbox of messages for elsewhere: they were accepted for relay, and nothing leaves the house
OUTBOUND = "(outbound)"


class StoreFull(Exception):
    """There is no room for another message."""


@dataclass(frozen=True)
class StoredMessage:
    """One message in one mailbox.

    uid: from 1, ascending within the mailbox, never used again. sender: the envelope's, empty for the null sender.
    recipients: the envelope's addresses that led to this mailbox, as they were given. content: with trace fields.
    """

    uid: int
    sender: str
    recipients: tuple[str, ...]
    content: bytes


class MailStore:
    """Mailboxes by name; a mailbox exists from its first message on."""

    def __init__(self, kept_octets: int = KEPT_OCTETS) -> None:
        self._lock = threading.Lock()
        self._room = kept_octets
        self._last_number = 0
        self._last_uid: dict[str, int] = {}
        self._messages: dict[str, dict[int, StoredMessage]] = {}  # by uid, oldest first
        self._claimed: set[str] = set()
        self._changes: dict[str, int] = {}
        self._watchers: dict[str, list[Callable[[], None]]] = {}

    def number(self) -> int:
        """A number that this store has not given before: for queue ids and challenges."""
        with self._lock:
            self._last_number += 1
            return self._last_number

    def add(self, mailbox: str, sender: str, recipients: Sequence[str], content: bytes) -> StoredMessage:
        """Keep a message, or raise StoreFull."""
        with self._lock:
            if len(content) > self._room:
                raise StoreFull(mailbox)
            self._room -= len(content)
            uid = self._last_uid[mailbox] = self._last_uid.get(mailbox, 0) + 1
            message = StoredMessage(uid, sender, tuple(recipients), content)
            self._messages.setdefault(mailbox, {})[uid] = message
            self._changes[mailbox] = self._changes.get(mailbox, 0) + 1
        self.tell(mailbox)
        return message

    def messages(self, mailbox: str) -> tuple[StoredMessage, ...]:
        """What lies in a mailbox, oldest first."""
        with self._lock:
            return tuple(self._messages.get(mailbox, {}).values())

    def remove(self, mailbox: str, uid: int) -> bool:
        """Drop a message; False if it was not there (any more)."""
        with self._lock:
            message = self._messages.get(mailbox, {}).pop(uid, None)
            if message is None:
                return False
            self._room += len(message.content)
            self._changes[mailbox] += 1
        self.tell(mailbox)
        return True

    def changes(self, mailbox: str) -> int:
        """How often something was added to a mailbox or removed from it."""
        with self._lock:
            return self._changes.get(mailbox, 0)

    def watch(self, mailbox: str, told: Callable[[], None]) -> None:
        """Have `told` called, in whichever thread, whenever something happened to a mailbox; it must not wait."""
        with self._lock:
            self._watchers.setdefault(mailbox, []).append(told)

    def unwatch(self, mailbox: str, told: Callable[[], None]) -> None:
        """Undo `watch`."""
        with self._lock:
            watchers = self._watchers.get(mailbox, [])
            if told in watchers:
                watchers.remove(told)

    def tell(self, mailbox: str) -> None:
        """Something happened to a mailbox: those who watch it are told."""
        with self._lock:
            watchers = tuple(self._watchers.get(mailbox, ()))
        for told in watchers:
            told()

    def claim(self, mailbox: str) -> bool:
        """Take a mailbox for oneself alone (RFC 1939 4); False if somebody else has it. Deliveries go on."""
        with self._lock:
            free = mailbox not in self._claimed
            self._claimed.add(mailbox)
            return free

    def release(self, mailbox: str) -> None:
        """Give back what `claim` took."""
        with self._lock:
            self._claimed.discard(mailbox)

    def mailboxes(self) -> tuple[str, ...]:
        """The names of the mailboxes that hold a message, sorted."""
        with self._lock:
            return tuple(sorted(name for name, kept in self._messages.items() if kept))

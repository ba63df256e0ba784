"""The mail store: what was delivered to whom, in memory, shared by the servers that take mail in and give it out.

Threads may share a store. What it keeps is bounded: when it is full it says so instead of forgetting. It must not know
a protocol, and does not wait for anything.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
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
        self._messages: dict[str, list[StoredMessage]] = {}
        self._claimed: set[str] = set()

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
            self._messages.setdefault(mailbox, []).append(message)
            return message

    def messages(self, mailbox: str) -> tuple[StoredMessage, ...]:
        """What lies in a mailbox, oldest first."""
        with self._lock:
            return tuple(self._messages.get(mailbox, ()))

    def remove(self, mailbox: str, uid: int) -> bool:
        """Drop a message; False if it was not there (any more)."""
        with self._lock:
            kept = self._messages.get(mailbox, [])
            for place, message in enumerate(kept):
                if message.uid == uid:
                    del kept[place]
                    self._room += len(message.content)
                    return True
            return False

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

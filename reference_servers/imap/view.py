"""A mailbox as one session sees it: sequence numbers that keep their meaning until the client is told otherwise.

RFC 9051 2.3.1.2, 7.5.1. The messages that lay there when it was looked at stay in view until their EXPUNGE is sent.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass

from pytest_netconform.reference_servers.mailboxes import Mailbox, Message


@dataclass(frozen=True)
class Entry:
    """A message in view under its number."""

    number: int
    message: Message

    @property
    def uid(self) -> int:
        """Its uid."""
        return self.message.uid


class View:
    """What a session knows of its mailbox.

    uids: in the order of their sequence numbers. recent: those that were announced to this session first. told: up to
    which mod-sequence changes were told; known: the mod-sequences of changes that the client knows already.
    """

    def __init__(self, name: str, mailbox: Mailbox, read_only: bool) -> None:
        self.name, self.mailbox, self.read_only = name, mailbox, read_only
        self.messages: dict[int, Message] = dict(mailbox.messages)
        self.uids: list[int] = list(self.messages)
        self.recent: set[int] = set()
        self.told = self.gone_told = mailbox.highest_modseq
        self.known: dict[int, int] = {}
        self.keywords = set(mailbox.keywords)

    def __len__(self) -> int:
        return len(self.uids)

    def entry(self, number: int) -> Entry:
        """The message of a sequence number."""
        return Entry(number, self.messages[self.uids[number - 1]])

    def number(self, uid: int) -> int:
        """The sequence number of a uid that is in view."""
        return bisect_left(self.uids, uid) + 1

    def entries(self) -> list[Entry]:
        """Every message in view."""
        return [Entry(number, self.messages[uid]) for number, uid in enumerate(self.uids, 1)]

    def numbers_between(self, low: int, high: int) -> range:
        """The sequence numbers of the uids in a range."""
        return range(bisect_left(self.uids, low) + 1, bisect_right(self.uids, high) + 1)

    def gone(self, uid: int) -> bool:
        """Whether a message in view is there no more."""
        return uid not in self.mailbox.messages

    def drop(self, uids: list[int]) -> list[int]:
        """Take messages out of view; the places that they had, ascending, from 0."""
        places = [bisect_left(self.uids, uid) for uid in sorted(uids)]
        for uid in uids:
            del self.messages[uid]
            self.recent.discard(uid)
            self.known.pop(uid, None)
        self.uids = [uid for uid in self.uids if uid in self.messages]
        return places

    def arrivals(self) -> list[int]:
        """The uids that are not in view yet; now they are."""
        last = self.uids[-1] if self.uids else 0
        new = _above(self.mailbox, last)
        for uid in new:
            self.messages[uid] = self.mailbox.messages[uid]
        self.uids += new
        return new


def _above(mailbox: Mailbox, last: int) -> list[int]:
    found = []
    for uid in reversed(mailbox.messages):
        if uid <= last:
            break
        found.append(uid)
    return found[::-1]

"""A maildrop as one session sees it: the messages that lay there at the login, under numbers that never change.

What arrives later belongs to the next session (RFC 1939 4). Sizes are those of what is sent (RFC 1939 11).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pytest_netconform.reference_servers.store import StoredMessage
from pytest_netconform.wire.pop3 import in_lines


@dataclass
class Entry:
    """A message of a session: its number, the store's own, the octets as they are sent, and whether it is marked."""

    number: int
    uid: int
    content: bytes
    deleted: bool = False


class Maildrop:
    """The messages of one session."""

    def __init__(self, messages: Iterable[StoredMessage]) -> None:
        self.entries = [
            Entry(number, message.uid, in_lines(message.content)) for number, message in enumerate(messages, 1)
        ]

    def there(self) -> list[Entry]:
        """What is not marked as deleted."""
        return [entry for entry in self.entries if not entry.deleted]

    def find(self, number: int) -> Entry | None:
        """The message of a number, unless it is marked."""
        entry = self.entries[number - 1] if 0 < number <= len(self.entries) else None
        return None if entry is None or entry.deleted else entry

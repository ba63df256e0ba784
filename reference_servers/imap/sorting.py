"""SORT and THREAD: what fits, in an order or in families (RFC 5256)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from pytest_netconform.reference_servers.imap.addresses import parse_addresses
from pytest_netconform.reference_servers.imap.core import Done
from pytest_netconform.reference_servers.imap.scanner import Bad, Scanner
from pytest_netconform.reference_servers.imap.search import Query, Search
from pytest_netconform.reference_servers.imap.texts import sent_date
from pytest_netconform.reference_servers.imap.threads import (
    Letter,
    Node,
    base_subject,
    message_ids,
    ordered_subject,
    references,
    written,
)
from pytest_netconform.reference_servers.imap.view import Entry

SORT_KEYS = ("ARRIVAL", "CC", "DATE", "FROM", "REVERSE", "SIZE", "SUBJECT", "TO")
THREADINGS = ("ORDEREDSUBJECT", "REFERENCES")


class Sorting(Search):
    """Messages in order."""

    # sort = "SORT" SP sort-criteria SP search-criteria; search-criteria = charset 1*(SP search-key)   (RFC 5256 5)
    def answer_sort(self, arguments: Scanner) -> Done:
        """What fits, in the order of keys."""
        arguments.space()
        keys = self.read_sort_keys(arguments)
        arguments.space()
        found = self.read_chosen(arguments)
        self.untagged(self.search_line("SORT", self.numbers(self.sorted(found, keys)), None))
        return Done("Those are all")

    def read_chosen(self, arguments: Scanner) -> list[Entry]:
        """A charset, which must be there, and search keys."""
        query = Query()
        query.charset = self.known_charset(self.read_sort_charset(arguments))
        self.read_program(arguments, query)
        return self.matching(query)

    def read_sort_charset(self, arguments: Scanner) -> bytes:
        """The charset comes first, and is not left out."""
        charset = arguments.astring("a charset")
        arguments.space()
        return charset

    def read_sort_keys(self, arguments: Scanner) -> list[tuple[str, bool]]:
        """Keys in parentheses, each with whether its order is reversed."""
        words = arguments.listed(lambda: arguments.word("a sort key"))
        if not set(words) <= set(SORT_KEYS) or words[-1] == "REVERSE":
            raise Bad(f"Sort keys are {', '.join(SORT_KEYS)}")
        return [
            (word, bool(place and words[place - 1] == "REVERSE"))
            for place, word in enumerate(words)
            if word != "REVERSE"
        ]

    def sorted(self, entries: list[Entry], keys: list[tuple[str, bool]]) -> list[Entry]:
        """By the first key, then by the next; in the end by sequence number (RFC 5256 3)."""
        ordered = self.by_number(entries)
        for key, reverse in reversed(keys):
            ordered = self.by_key(ordered, key, reverse)
        return ordered

    def by_number(self, entries: list[Entry]) -> list[Entry]:
        """As they lie in the mailbox."""
        return list(entries)

    def by_key(self, entries: list[Entry], key: str, reverse: bool) -> list[Entry]:
        """By one key; what is equal stays in its order, reversed or not."""
        return sorted(entries, key=self.sort_value(key), reverse=reverse)

    def sort_value(self, key: str) -> Callable[[Entry], Any]:
        """What a key compares."""
        values: dict[str, Callable[[Entry], Any]] = {
            "ARRIVAL": lambda entry: entry.message.date,
            "DATE": self.sent_moment,
            "SIZE": lambda entry: entry.message.size,
            "SUBJECT": lambda entry: self.subject(entry)[0].upper(),
        }
        return values.get(key) or (lambda entry: self.first_mailbox(entry, key.lower().encode()))

    def header_values(self, entry: Entry) -> dict[bytes, bytes]:
        """The first values of a message's fields."""
        return self.first_values(self.header_octets(entry.message.content))

    def sent_moment(self, entry: Entry) -> datetime:
        """When it was sent, in UTC; else when it arrived (RFC 5256 2.2)."""
        return sent_date(self.header_values(entry).get(b"date")) or entry.message.date

    def subject(self, entry: Entry) -> tuple[str, bool]:
        """The base subject, and whether the message answers another by it."""
        return self.base_subject(self.readable(self.header_values(entry).get(b"subject", b"")))

    def base_subject(self, text: str) -> tuple[str, bool]:
        """A subject without Re and Fwd (RFC 5256 2.1)."""
        return base_subject(text)

    def first_mailbox(self, entry: Entry, name: bytes) -> str:
        """The local part of a field's first address."""
        found = parse_addresses(self.header_values(entry).get(name, b""))
        first = next((one.mailbox or b"" for one in found), b"")
        return first.decode("utf-8", "replace").upper()

    # thread = "THREAD" SP thread-alg SP search-criteria   (RFC 5256 5)
    def answer_thread(self, arguments: Scanner) -> Done:
        """What fits, in families."""
        arguments.space()
        algorithm = arguments.word("an algorithm")
        if algorithm not in THREADINGS or not self.config.has(f"THREAD={algorithm}"):
            raise Bad(f"Unknown algorithm {algorithm}")
        arguments.space()
        threads = written(self.threads(algorithm, self.read_chosen(arguments)))
        self.untagged(f"THREAD {threads}" if threads else "THREAD")
        return Done("Those are all")

    def threads(self, algorithm: str, entries: list[Entry]) -> list[Node]:
        """The trees."""
        letters = [self.letter(entry) for entry in entries]
        if algorithm == "ORDEREDSUBJECT":
            return ordered_subject(letters)
        return references(letters, frozenset(self.numbers([entry for entry in entries if self.subject(entry)[1]])))

    def letter(self, entry: Entry) -> Letter:
        """What threading knows of a message."""
        values = self.header_values(entry)
        (number,) = self.numbers([entry])
        own = next(iter(message_ids(values.get(b"message-id"))), b"")
        subject = self.subject(entry)[0].upper()
        return Letter(number, subject, self.sent_moment(entry), own, self.answered(values))

    def answered(self, values: dict[bytes, bytes]) -> tuple[bytes, ...]:
        """The ids of what a message answers: References, or else the first of In-Reply-To (RFC 5256 3)."""
        return message_ids(values.get(b"references")) or message_ids(values.get(b"in-reply-to"))[:1]

"""SEARCH: which messages a client means (RFC 9051 6.4.4; RFC 4731; RFC 7162 3.1.5)."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date

from pytest_netconform.reference_servers.imap.append import Append
from pytest_netconform.reference_servers.imap.core import Done
from pytest_netconform.reference_servers.imap.mime import fields, unfolded
from pytest_netconform.reference_servers.imap.scanner import SAVED, Bad, No, Scanner
from pytest_netconform.reference_servers.imap.sets import merged_ranges, ranged
from pytest_netconform.reference_servers.imap.structure import Structure
from pytest_netconform.reference_servers.imap.texts import header_text, readable, sent_day, texts
from pytest_netconform.reference_servers.imap.view import Entry
from pytest_netconform.reference_servers.mailboxes import Message

Test = Callable[[Entry], bool]

#: keys of a flag alone: the flag, and whether it must be there
FLAG_KEYS = {
    "ANSWERED": ("\\Answered", True),
    "DELETED": ("\\Deleted", True),
    "DRAFT": ("\\Draft", True),
    "FLAGGED": ("\\Flagged", True),
    "SEEN": ("\\Seen", True),
    "UNANSWERED": ("\\Answered", False),
    "UNDELETED": ("\\Deleted", False),
    "UNDRAFT": ("\\Draft", False),
    "UNFLAGGED": ("\\Flagged", False),
    "UNSEEN": ("\\Seen", False),
}
#: keys that RFC 9051 has no more
OLD_KEYS = frozenset({"NEW", "OLD", "RECENT"})
HEADER_KEYS = frozenset({"BCC", "CC", "FROM", "SUBJECT", "TO"})
#: how a message's day must stand to the one that is asked for
DAY_KEYS: dict[str, Callable[[date, date], bool]] = {
    "BEFORE": lambda day, asked: day < asked,
    "ON": lambda day, asked: day == asked,
    "SINCE": lambda day, asked: day >= asked,
}
RETURNS = frozenset({"MIN", "MAX", "ALL", "COUNT"})
CHARSETS = ("US-ASCII", "UTF-8")

_NAME = re.compile(rb"[A-Za-z]+")


@dataclass
class Query:
    """What is being looked for. results: options behind RETURN, None without one. modseq: the key MODSEQ is used."""

    results: list[str] | None = None
    charset: str = "UTF-8"
    modseq: bool = False
    tests: list[Test] = field(default_factory=list)


class Search(Structure, Append):
    """Messages that are looked for."""

    # search = "SEARCH" [search-return-opts] SP search-program
    def answer_search(self, arguments: Scanner) -> Done:
        """The numbers, or the uids, of what fits."""
        query = Query()
        arguments.space()
        query.results = self.read_results(arguments)
        saves = query.results is not None and "SAVE" in query.results
        try:
            self.read_charset(arguments, query)
            self.read_program(arguments, query)
        except No:
            self.saved = [] if saves else self.saved
            raise
        found = self.matching(query)
        if saves:
            self.saved = self.saved_uids(found, query.results or [])
        self.tell_found(found, query)
        return Done("Those are all")

    # search-return-opts = SP "RETURN" SP "(" [search-return-opt *(SP search-return-opt)] ")"
    def read_results(self, arguments: Scanner) -> list[str] | None:
        """What is to be told; nothing in parentheses means ALL."""
        if not self.config.has("ESEARCH") or not arguments.take(b"RETURN "):
            return None
        known = RETURNS | ({"SAVE"} if self.config.has("SEARCHRES") else set())
        results = arguments.listed(lambda: arguments.word("an option"), empty=True)
        if not set(results) <= known:
            raise Bad(f"Known options are {', '.join(sorted(known))}")
        arguments.space()
        return results or ["ALL"]

    def read_charset(self, arguments: Scanner, query: Query) -> None:
        """`CHARSET x`, at the beginning only."""
        if arguments.take(b"CHARSET "):
            query.charset = self.known_charset(arguments.astring("a charset"))
            arguments.space()

    def known_charset(self, name: bytes) -> str:
        """A charset that this server knows (RFC 9051 7.1, BADCHARSET)."""
        text = name.decode("latin-1").upper()
        if text not in CHARSETS:
            raise No("Unknown charset", f"BADCHARSET ({' '.join(CHARSETS)})")
        return "UTF-8"  # of which the other is a part

    def read_program(self, arguments: Scanner, query: Query) -> None:
        """Keys, all of which must fit."""
        query.tests.append(self.read_key(arguments, query, 0))
        while not arguments.at_end():
            arguments.space()
            query.tests.append(self.read_key(arguments, query, 0))

    def matching(self, query: Query) -> list[Entry]:
        """What fits."""
        self.seen.mailbox.refresh(self.date())
        return [entry for entry in self.seen.entries() if all(test(entry) for test in query.tests)]

    # keys

    def read_key(self, arguments: Scanner, query: Query, depth: int) -> Test:
        """One key with what belongs to it."""
        if depth > self.config.nesting:
            raise Bad("Keys are nested too deeply")
        if arguments.follows(b"("):
            return self.both(arguments.listed(lambda: self.read_key(arguments, query, depth + 1)))
        if re.match(rb"[0-9*$]", arguments.data[arguments.place : arguments.place + 1]):
            return self.numbered(arguments)
        name = arguments.match(_NAME, "a search key").group().decode("ascii").upper()
        if name == "NOT":
            arguments.space()
            return self.negated(self.read_key(arguments, query, depth + 1))
        if name == "OR":
            arguments.space()
            one = self.read_key(arguments, query, depth + 1)
            arguments.space()
            return self.either(one, self.read_key(arguments, query, depth + 1))
        return self.simple_key(name, arguments, query)

    def both(self, tests: list[Test]) -> Test:
        """All of them."""
        return lambda entry: all(test(entry) for test in tests)

    def either(self, one: Test, other: Test) -> Test:
        """OR."""
        return lambda entry: one(entry) or other(entry)

    def negated(self, test: Test) -> Test:
        """NOT."""
        return lambda entry: not test(entry)

    def numbered(self, arguments: Scanner) -> Test:
        """Sequence numbers; those that are not there mean nothing here."""
        ranges = self.read_sequence(arguments)
        if ranges == SAVED:
            uids = set(self.saved)
            return lambda entry: entry.uid in uids
        bounds = merged_ranges(self.resolved(ranges, len(self.seen)))
        lows = [low for low, _ in bounds]
        return lambda entry: (place := bisect_right(lows, entry.number)) > 0 and entry.number <= bounds[place - 1][1]

    def simple_key(self, name: str, arguments: Scanner, query: Query) -> Test:
        """A key by its name."""
        if name == "ALL":
            return lambda entry: True
        if name in FLAG_KEYS:
            return self.flag_key(*FLAG_KEYS[name])
        if name in OLD_KEYS and self.config.has("RECENT") and not self.rev2():
            return self.old_key(name)
        sent = name.removeprefix("SENT")
        if sent in DAY_KEYS:
            arguments.space()
            return self.day_key(name != sent, DAY_KEYS[sent], arguments.date().date())
        if name in HEADER_KEYS:
            arguments.space()
            return self.field_key(name, self.read_words(arguments, query))
        reader = {
            "KEYWORD": self.read_keyword_key,
            "UNKEYWORD": lambda arguments, query: self.negated(self.read_keyword_key(arguments, query)),
            "LARGER": lambda arguments, query: self.size_key(arguments, larger=True),
            "SMALLER": lambda arguments, query: self.size_key(arguments, larger=False),
            "UID": lambda arguments, query: self.uid_key(arguments),
            "HEADER": self.read_header_key,
            "BODY": lambda arguments, query: self.text_key(self.read_words(arguments, query), header=False),
            "TEXT": lambda arguments, query: self.text_key(self.read_words(arguments, query), header=True),
            "MODSEQ": self.modseq_key,
        }.get(name)
        if reader is None or (name == "MODSEQ" and not self.config.has("CONDSTORE")):
            return self.unknown_key(name)
        arguments.space()
        return reader(arguments, query)

    def unknown_key(self, name: str) -> Test:
        """There is no such key."""
        raise Bad(f"Unknown search key {name}")

    def flag_key(self, flag: str, there: bool) -> Test:
        """A flag is there, or not."""
        return lambda entry: (flag in entry.message.flags) is there

    def old_key(self, name: str) -> Test:
        """\\Recent, as it is for this session (RFC 3501 6.4.4)."""
        recent = self.seen.recent
        if name == "OLD":
            return lambda entry: entry.uid not in recent
        return lambda entry: entry.uid in recent and (name == "RECENT" or "\\Seen" not in entry.message.flags)

    def read_keyword_key(self, arguments: Scanner, query: Query) -> Test:
        """A keyword, in any case."""
        keyword = arguments.atom("a keyword").decode("ascii").upper()
        return lambda entry: any(flag.upper() == keyword for flag in entry.message.flags)

    def size_key(self, arguments: Scanner, larger: bool) -> Test:
        """More octets than so many, or fewer."""
        size = arguments.number64("a size")
        return lambda entry: self.is_beyond(entry.message.size, size, larger)

    def is_beyond(self, size: int, limit: int, larger: bool) -> bool:
        """Neither key means the limit itself."""
        return size > limit if larger else size < limit

    def uid_key(self, arguments: Scanner) -> Test:
        """Uids."""
        uids = set(self.uids_in(self.read_sequence(arguments)))
        return lambda entry: entry.uid in uids

    def modseq_key(self, arguments: Scanner, query: Query) -> Test:
        """`MODSEQ ["entry" type] n`: changed at n or later (RFC 7162 3.1.5)."""
        if arguments.follows(b'"'):
            arguments.quoted("an entry")
            arguments.space()
            arguments.word("an entry type")
            arguments.space()
        modseq = arguments.number64("a mod-sequence")
        query.modseq = True
        self.enabled.add("CONDSTORE")
        return lambda entry: entry.message.modseq >= modseq

    # days

    def day_key(self, sent: bool, fits: Callable[[date, date], bool], asked: date) -> Test:
        """The day of the internal date, or of the Date field, as it is written (RFC 9051 6.4.4)."""

        def test(entry: Entry) -> bool:
            day = self.sent_day(entry.message) if sent else self.internal_day(entry.message)
            return day is not None and fits(day, asked)

        return test

    def internal_day(self, message: Message) -> date:
        """Time and zone do not count."""
        return message.date.date()

    def sent_day(self, message: Message) -> date | None:
        """Nor do they here."""
        day = sent_day(self.first_values(self.header_octets(message.content)).get(b"date"))
        try:
            return None if day is None else date(*day)
        except ValueError:
            return None

    # words

    def read_words(self, arguments: Scanner, query: Query) -> str:
        """What is looked for."""
        try:
            return self.folded(arguments.astring("what to look for").decode(query.charset))
        except UnicodeDecodeError:
            raise Bad("What is looked for is not in its charset") from None

    def folded(self, text: str) -> str:
        """Case does not matter."""
        return text.casefold()

    def contains(self, text: str, words: str) -> bool:
        """Whether a text has these words in it, anywhere."""
        return words in self.folded(text)

    def readable(self, value: bytes) -> str:
        """A field's value as people read it."""
        return readable(value)

    def field_key(self, name: str, words: str) -> Test:
        """A field's first value, as an envelope has it."""
        key = name.lower().encode()

        def test(entry: Entry) -> bool:
            value = self.first_values(self.header_octets(entry.message.content)).get(key)
            return value is not None and self.contains(self.readable(value), words)

        return test

    def read_header_key(self, arguments: Scanner, query: Query) -> Test:
        """`HEADER name words`: any field of the name; no words mean that it is there."""
        name = arguments.astring("a field's name").lower()
        arguments.space()
        words = self.read_words(arguments, query)
        return lambda entry: any(self.contains(self.readable(value), words) for value in self.values(entry, name))

    def values(self, entry: Entry, name: bytes) -> Iterable[bytes]:
        """The values of the fields of a name."""
        header = self.header_octets(entry.message.content)
        return [unfolded(value) for key, value in fields(header) if key.lower() == name]

    def text_key(self, words: str, header: bool) -> Test:
        """Words in the body, or in the header, too."""

        def test(entry: Entry) -> bool:
            part = self.parsed(entry.message)
            if header and self.contains(header_text(part), words):
                return True
            return any(self.contains(text, words) for text in texts(part))

        return test

    # results

    def numbers(self, entries: list[Entry]) -> list[int]:
        """What stands for messages: their uids where the command was said with UID."""
        return [entry.uid if self.by_uid else entry.number for entry in entries]

    def tell_found(self, found: list[Entry], query: Query) -> None:
        """SEARCH, or ESEARCH where that was asked for or enabled (RFC 9051 7.3.4)."""
        results = query.results if query.results is not None else ["ALL"] if self.rev2() else None
        if results is None:
            self.untagged(self.search_line("SEARCH", self.numbers(found), self.modseq_of(found, query)))
        elif results != ["SAVE"]:
            self.untagged(self.esearch_line(self.numbers(found), results, self.modseq_of(found, query)))

    def search_line(self, name: str, numbers: list[int], modseq: int | None) -> str:
        """Numbers in a row, perhaps none."""
        line = " ".join([name, *map(str, numbers)])
        return line if modseq is None else f"{line} (MODSEQ {modseq})"

    def modseq_of(self, found: list[Entry], query: Query) -> int | None:
        """The greatest mod-sequence of what was found by one (RFC 7162 3.1.5)."""
        return max(entry.message.modseq for entry in found) if query.modseq and found else None

    # esearch-response = "ESEARCH" [search-correlator] [SP "UID"] *(SP search-return-data)
    def esearch_line(self, numbers: list[int], results: list[str], modseq: int | None) -> bytes:
        """What was asked for, in few words."""
        words = [self.correlator(), *([b"UID"] if self.by_uid else [])]
        words += [f"{name} {value}".encode() for name, value in self.result_values(numbers, results)]
        words += [] if modseq is None else [b"MODSEQ %d" % modseq]
        return b"ESEARCH " + b" ".join(words)

    def correlator(self) -> bytes:
        """Which command it answers."""
        return b"(TAG " + self.quoted(self.tag) + b")"

    def result_values(self, numbers: list[int], results: list[str]) -> list[tuple[str, str]]:
        """Where nothing was found only COUNT has a value (RFC 9051 7.3.4)."""
        values: list[tuple[str, str]] = []
        if numbers:
            every = {"MIN": str(min(numbers)), "MAX": str(max(numbers)), "ALL": ranged(numbers)}
            values = [(name, value) for name, value in every.items() if name in results]
        return [*values, ("COUNT", str(len(numbers)))] if "COUNT" in results else values

    def saved_uids(self, found: list[Entry], results: list[str]) -> list[int]:
        """What `$` means from here on: with MIN or MAX alone only those (RFC 9051 6.4.4.2)."""
        uids = [entry.uid for entry in found]
        if {"MIN", "MAX"} & set(results) and not {"ALL", "COUNT"} & set(results):
            ends = (uids[:1] if "MIN" in results else []) + (uids[-1:] if "MAX" in results else [])
            return list(dict.fromkeys(ends))
        return uids

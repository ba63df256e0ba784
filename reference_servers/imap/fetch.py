"""FETCH: what a client reads of messages (RFC 9051 6.4.5, 7.5.2; RFC 7162 3.1.4, 3.2.6)."""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from dataclasses import dataclass

from pytest_netconform.reference_servers.imap.core import Done
from pytest_netconform.reference_servers.imap.items import MACROS, Item, Section, read_item
from pytest_netconform.reference_servers.imap.mime import Part, field_octets, find
from pytest_netconform.reference_servers.imap.scanner import MONTHS, Bad, No, Ranges, Scanner
from pytest_netconform.reference_servers.imap.selection import Resync, Selection
from pytest_netconform.reference_servers.imap.structure import Structure
from pytest_netconform.reference_servers.imap.view import Entry
from pytest_netconform.reference_servers.mailboxes import Message


@dataclass(frozen=True)
class Modifiers:
    """What stands behind the items."""

    changed_since: int | None = None
    vanished: bool = False


class Fetch(Structure, Selection):
    """Messages that go out."""

    # fetch = "FETCH" SP sequence-set SP ("ALL" / "FULL" / "FAST" / fetch-att / "(" fetch-att *(SP fetch-att) ")")
    def answer_fetch(self, arguments: Scanner) -> Done:
        """A response for each message."""
        arguments.space()
        place = arguments.place
        entries = self.read_entries(arguments)
        text = arguments.data[place : arguments.place]
        arguments.space()
        items = self.read_items(arguments)
        modifiers = self.read_modifiers(arguments)
        arguments.end()
        if modifiers.vanished:
            self.tell_gone(self.scanner(text).sequence(), modifiers)
        self.fetch(entries, self.completed(items, modifiers), modifiers)
        return Done("Those are all")

    def read_items(self, arguments: Scanner) -> list[Item]:
        """A macro by itself, one item, or several in parentheses."""
        if arguments.follows(b"("):
            return arguments.listed(lambda: self.read_item(arguments))
        macro = next((name for name in MACROS if _is_word(arguments, name)), None)
        if macro is not None:
            arguments.take(macro.encode())
            return [Item(name) for name in self.macro(macro)]
        return [self.read_item(arguments)]

    def macro(self, name: str) -> tuple[str, ...]:
        """What a macro stands for."""
        return MACROS[name]

    def read_item(self, arguments: Scanner) -> Item:
        """One item."""
        return read_item(arguments, self.config.has, self.check_number)

    def read_modifiers(self, arguments: Scanner) -> Modifiers:
        """`(CHANGEDSINCE n VANISHED)`."""
        if arguments.at_end() or not self.config.has("CONDSTORE"):
            return Modifiers()
        arguments.space()
        changed_since, vanished = None, False
        arguments.expect(b"(")
        while True:
            name = arguments.word("a modifier")
            if name == "CHANGEDSINCE":
                arguments.space()
                changed_since = arguments.number64("a mod-sequence")
            elif name == "VANISHED" and self.config.has("QRESYNC"):
                vanished = True
            else:
                raise Bad(f"Unknown modifier {name}")
            if arguments.take(b")"):
                break
            arguments.space()
        found = Modifiers(changed_since, vanished)
        self.check_modifiers(found)
        return found

    def check_modifiers(self, modifiers: Modifiers) -> None:
        """VANISHED goes with UID FETCH, CHANGEDSINCE and ENABLE QRESYNC (RFC 7162 3.2.6)."""
        if modifiers.vanished:
            self.check_qresync("VANISHED")
            if not self.by_uid or modifiers.changed_since is None:
                raise Bad("VANISHED goes with UID FETCH and CHANGEDSINCE")

    def tell_gone(self, ranges: Ranges, modifiers: Modifiers) -> None:
        """Which of the uids went since then."""
        resync = Resync(self.seen.mailbox.uidvalidity, modifiers.changed_since or 0, ranges)
        self.tell_vanished(self.vanished_since(resync), earlier=True)

    def completed(self, items: list[Item], modifiers: Modifiers) -> list[Item]:
        """Items that go without saying: UID with UID FETCH, MODSEQ with CHANGEDSINCE; each once."""
        if self.by_uid:
            items = [Item("UID"), *items]
        if modifiers.changed_since is not None or Item("MODSEQ") in items:
            self.enabled.add("CONDSTORE")
            items = [*items, Item("MODSEQ")]
        return list(dict.fromkeys(items))

    def fetch(self, entries: list[Entry], items: list[Item], modifiers: Modifiers) -> None:
        """The responses."""
        for entry in entries:
            if modifiers.changed_since is None or self.changed(entry.message, modifiers.changed_since):
                self.tell_message(entry, items)

    def changed(self, message: Message, modseq: int) -> bool:
        """Whether a message changed after a mod-sequence."""
        return message.modseq > modseq

    def tell_message(self, entry: Entry, items: list[Item]) -> None:
        """One FETCH response; reading marks the message as seen, and the response says so."""
        if self.mark_seen(entry, items) and Item("FLAGS") not in items:
            items = [*items, Item("FLAGS")]
        if self.condstore() and Item("FLAGS") in items and Item("MODSEQ") not in items:
            items = [*items, Item("MODSEQ")]
        words = b" ".join(self.item(entry, item) for item in items)
        self.untagged(b"%d FETCH (" % entry.number + words + b")")

    def mark_seen(self, entry: Entry, items: list[Item]) -> bool:
        """Mark a message as seen if it is read now; whether its flags changed."""
        message = entry.message
        if not self.sets_seen(items) or not self.keeps_seen() or "\\Seen" in message.flags:
            return False
        self.seen.mailbox.set_flags(message, message.flags | {"\\Seen"})
        self.seen.known[message.uid] = message.modseq
        return True

    def keeps_seen(self) -> bool:
        """Not in a mailbox that was opened to be read."""
        return not self.seen.read_only

    def sets_seen(self, items: list[Item]) -> bool:
        """Whether one of the items reads the message; PEEK does not."""
        return any(item.reads for item in items)

    # items

    def item(self, entry: Entry, item: Item) -> bytes:
        """An item's name and value."""
        message = entry.message
        if item.section is not None:
            return self.label(item) + b" " + self.section_value(message, item, item.section)
        return item.name.encode() + b" " + self.plain_value(message, item.name)

    def plain_value(self, message: Message, name: str) -> bytes:
        """The value of an item without brackets."""
        if name in ("BODY", "BODYSTRUCTURE"):
            return self.body(self.parsed(message), name == "BODYSTRUCTURE")
        if name.startswith("RFC822") and name != "RFC822.SIZE":
            text = name.partition(".")[2]
            return self.body_literal(self.section_octets(message, Section((), text)))
        values = {
            "ENVELOPE": lambda: self.envelope(self.header_octets(message.content)),
            "FLAGS": lambda: f"({' '.join(self.flags_of(message))})".encode(),
            "INTERNALDATE": lambda: self.quoted(self.internal_date(message).encode()),
            "RFC822.SIZE": lambda: b"%d" % self.size(message),
            "UID": lambda: b"%d" % message.uid,
            "MODSEQ": lambda: b"(%d)" % message.modseq,
        }
        return values[name]()

    def size(self, message: Message) -> int:
        """The octets of BODY[] (RFC 9051 2.3.4)."""
        return message.size

    # date-time = DQUOTE date-day-fixed "-" date-month "-" date-year SP time SP zone DQUOTE
    def internal_date(self, message: Message) -> str:
        """The internal date in the zone in which it was given; a day of one digit has a space before it."""
        date = message.date
        month = MONTHS[date.month - 1].capitalize()
        return f"{date.day:2}-{month}-{date.year:04} {date:%H:%M:%S} {date:%z}"

    def label(self, item: Item) -> bytes:
        """An item as the response names it: without PEEK, with its origin."""
        assert item.section is not None
        section = item.section
        words = [str(number) for number in section.numbers] + ([section.text] if section.text else [])
        text = ".".join(words).encode()
        if section.fields:
            text += b" (" + b" ".join(self.field_name(name) for name in section.fields) + b")"
        origin = b"" if item.origin is None else self.origin(item.origin)
        return item.name.removesuffix(".PEEK").encode() + b"[" + text + b"]" + origin

    def origin(self, origin: int) -> bytes:
        """Where a partial answer begins."""
        return b"<%d>" % origin

    def field_name(self, name: bytes) -> bytes:
        """A field's name as the client wrote it."""
        return name if re.fullmatch(rb"[A-Za-z0-9_-]+", name) else self.string(name)

    def section_value(self, message: Message, item: Item, section: Section) -> bytes:
        """The value of an item with brackets."""
        if item.name.startswith("BINARY"):
            return self.binary_value(message, item, section)
        octets = self.section_octets(message, section)
        return self.body_literal(None if octets is None else self.slice(octets, item))

    def body_literal(self, octets: bytes | None) -> bytes:
        """The octets of a message; NIL for a part that is not there."""
        return b"NIL" if octets is None else self.literal(self.sent_octets(octets))

    def sent_octets(self, octets: bytes) -> bytes:
        """What is sent of a message: every octet as it was kept."""
        return octets

    def slice(self, octets: bytes, item: Item) -> bytes:
        """The octets from an origin on, as many as there are (RFC 9051 6.4.5)."""
        return octets if item.origin is None else octets[item.origin : item.origin + item.count]

    # sections

    def section_octets(self, message: Message, section: Section) -> bytes | None:
        """The octets of a section, or None if there is no such part."""
        if not section.numbers and not section.text:
            return message.content
        if not section.numbers and section.text != "TEXT":
            return self.header_section(self.header_octets(message.content), section)
        part = self.part_of(self.parsed(message), list(section.numbers))
        return None if part is None else self.part_section(part, section)

    def part_of(self, root: Part, numbers: list[int]) -> Part | None:
        """The part of these numbers."""
        return find(root, numbers)

    def part_section(self, part: Part, section: Section) -> bytes | None:
        """A part's octets: its body, its MIME header, or, of a message inside it, the header or the text."""
        if not section.text:
            return part.body_octets
        if section.text == "MIME":
            return part.header_octets
        message = part.message if section.numbers else part
        if message is None:
            return None
        if section.text == "TEXT":
            return message.body_octets
        return self.header_section(message.header_octets, section)

    def header_section(self, header: bytes, section: Section) -> bytes:
        """A header, or some of its fields, each whole, with the blank line."""
        if not section.fields:
            return header
        wanted = {name.upper() for name in section.fields}
        chosen = [
            octets
            for name, octets in self.header_fields(header)
            if name and (name.upper() in wanted) == (section.text == "HEADER.FIELDS")
        ]
        return b"".join(chosen) + b"\r\n"

    def header_fields(self, header: bytes) -> list[tuple[bytes, bytes]]:
        """(name, octets) of each field, folds and all."""
        return list(field_octets(header))

    # BINARY

    def binary_value(self, message: Message, item: Item, section: Section) -> bytes:
        """A part without its transfer encoding (RFC 9051 6.4.5, RFC 3516)."""
        part = self.part_of(self.parsed(message), list(section.numbers))
        if part is None:
            return b"0" if item.name == "BINARY.SIZE" else b"NIL"
        octets = self.decoded(part) if section.numbers else message.content
        if item.name == "BINARY.SIZE":
            return b"%d" % len(octets)
        octets = self.slice(octets, item)
        return (b"~" if b"\0" in octets else b"") + self.literal(octets)

    def decoded(self, part: Part) -> bytes:
        """A part's body without its transfer encoding; the code for one that is not known (RFC 3516 4.3)."""
        encoding = b"7BIT" if part.parts else self.encoding(part)
        if encoding in (b"7BIT", b"8BIT", b"BINARY"):
            return part.body_octets
        try:
            if encoding == b"BASE64":
                return base64.b64decode(part.body_octets)
            if encoding == b"QUOTED-PRINTABLE":
                return quopri.decodestring(part.body_octets)
        except binascii.Error:
            pass
        raise No("The part's encoding cannot be undone", "UNKNOWN-CTE")


def _is_word(arguments: Scanner, name: str) -> bool:
    behind = arguments.data[arguments.place + len(name) : arguments.place + len(name) + 1]
    return arguments.follows(name.encode()) and behind in (b"", b" ")

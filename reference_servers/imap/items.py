"""What a FETCH may ask for, and how it is written (RFC 9051 6.4.5, 9; RFC 7162 3.1.4)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from pytest_netconform.reference_servers.imap.scanner import Bad, Scanner

#: items without brackets, and the capability that each needs
PLAIN_ITEMS = {
    "ENVELOPE": "",
    "FLAGS": "",
    "INTERNALDATE": "",
    "RFC822": "",
    "RFC822.HEADER": "",
    "RFC822.SIZE": "",
    "RFC822.TEXT": "",
    "BODY": "",
    "BODYSTRUCTURE": "",
    "UID": "",
    "MODSEQ": "CONDSTORE",
}
SECTION_ITEMS = {"BODY": "", "BODY.PEEK": "", "BINARY": "BINARY", "BINARY.PEEK": "BINARY", "BINARY.SIZE": "BINARY"}
MACROS = {
    "ALL": ("FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE"),
    "FAST": ("FLAGS", "INTERNALDATE", "RFC822.SIZE"),
    "FULL": ("FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE", "BODY"),
}
#: items that mark a message as seen
READING = frozenset({"BODY[", "BINARY[", "RFC822", "RFC822.TEXT"})

_NAME = re.compile(rb"[A-Za-z0-9.]+")
_PART = re.compile(rb"[0-9]+(?:\.[0-9]+)*")
_TEXT = re.compile(rb"HEADER\.FIELDS\.NOT|HEADER\.FIELDS|HEADER|TEXT|MIME", re.IGNORECASE)


@dataclass(frozen=True)
class Section:
    """What stands in brackets: part numbers, then a kind of text, perhaps with field names."""

    numbers: tuple[int, ...] = ()
    text: str = ""
    fields: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Item:
    """One item. origin, count: of a part of its octets, if not all are wanted."""

    name: str
    section: Section | None = None
    origin: int | None = None
    count: int = 0

    @property
    def reads(self) -> bool:
        """Whether it marks the message as seen."""
        return (self.name + "[" if self.section is not None else self.name) in READING


def read_item(scanner: Scanner, has: Callable[[str], bool], number: Callable[[int], int]) -> Item:
    """One item; number: checks a part's number."""
    name = scanner.match(_NAME, "an item").group().decode("ascii").upper()
    bracket = scanner.follows(b"[")
    known = SECTION_ITEMS if bracket else PLAIN_ITEMS
    if name not in known or (known[name] and not has(known[name])):
        raise Bad(f"Unknown item {name}{'[' if bracket else ''}")
    if not bracket:
        return Item(name)
    section = _section(scanner, name.startswith("BINARY"), number)
    if name == "BINARY.SIZE" or not scanner.take(b"<"):
        return Item(name, section)
    origin = scanner.number64("an offset")
    scanner.expect(b".", "a point")
    count = scanner.number64("a count")
    scanner.expect(b">")
    if count == 0:
        raise Bad("A count of zero octets")
    return Item(name, section, origin, count)


# section = "[" [section-spec] "]"; section-spec = section-msgtext / (section-part ["." section-text])   (RFC 9051 9)
def _section(scanner: Scanner, binary: bool, number: Callable[[int], int]) -> Section:
    scanner.expect(b"[")
    numbers: tuple[int, ...] = ()
    if not scanner.follows(b"]") and _PART.match(scanner.data, scanner.place):
        numbers = _numbers(scanner.match(_PART, "part numbers").group(), number)
        if scanner.take(b"]"):
            return Section(numbers)
        scanner.expect(b".", "a point or a bracket")
    if scanner.take(b"]"):
        return Section(numbers)
    if binary:
        raise scanner.wrong("part numbers")
    text = scanner.match(_TEXT, "a section").group().decode("ascii").upper()
    if text == "MIME" and not numbers:
        raise Bad("MIME is of a part")
    fields: tuple[bytes, ...] = ()
    if text.startswith("HEADER.FIELDS"):
        scanner.space()
        fields = tuple(scanner.listed(lambda: scanner.astring("a field's name")))
    scanner.expect(b"]")
    return Section(numbers, text, fields)


def _numbers(text: bytes, number: Callable[[int], int]) -> tuple[int, ...]:
    parts = text.split(b".")
    if any(not part.strip(b"0") or len(part) > 20 for part in parts):
        raise Bad("Part numbers begin at 1")
    return tuple(number(int(part)) for part in parts)

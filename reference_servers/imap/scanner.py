"""The scanner: one command's octets, read from left to right by the rules of the grammar (RFC 9051 9, RFC 3501 9).

A command is its lines with the literals in them, each behind its count and CR LF. What is not by the grammar raises
Bad, which says what was expected and what stands there. This module must not know what a command means.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import TypeVar

SHOWN = 40  # octets of a client's words that a reply repeats
STAR = 0  # the largest number there is, in a sequence set
SAVED = ((-1, -1),)  # the result of an earlier search, in place of a sequence set (RFC 9051 6.4.4.1)

Ranges = tuple[tuple[int, int], ...]

# ATOM-CHAR = any CHAR except atom-specials; atom-specials = "(" / ")" / "{" / SP / CTL / list-wildcards / DQUOTE / "\"
# / "]"; ASTRING-CHAR = ATOM-CHAR / "]"; list-char = ATOM-CHAR / list-wildcards / "]"   (RFC 9051 9)
_ATOM = re.compile(rb"[!#$&'+,\-./0-9:;<=>?@A-Z\[^_`a-z|}~]+")
_ASTRING = re.compile(rb"[!#$&'+,\-./0-9:;<=>?@A-Z\[\]^_`a-z|}~]+")
_LIST_WORD = re.compile(rb"[!#$%&'*+,\-./0-9:;<=>?@A-Z\[\]^_`a-z|}~]+")
TAG = re.compile(rb"[!#$&',\-./0-9:;<=>?@A-Z\[\]^_`a-z|}~]+")
_QUOTED = re.compile(rb'"((?:[^"\\\r\n\0]|\\["\\])*)"')
LITERAL = re.compile(rb"(~?)\{([0-9]+)(\+?)\}\r\n")
_NUMBER = re.compile(rb"[0-9]+")
_SEQUENCE = re.compile(rb"(?:[0-9]+|\*)(?::(?:[0-9]+|\*))?(?:,(?:[0-9]+|\*)(?::(?:[0-9]+|\*))?)*")
_FLAG = re.compile(rb"\\?[!#$&'+,\-./0-9:;<=>?@A-Z\[^_`a-z|}~]+")
_DATE = re.compile(rb"([0-9]{1,2})-([A-Za-z]{3})-([0-9]{4})")
# date-time = DQUOTE date-day-fixed "-" date-month "-" date-year SP time SP zone DQUOTE
_DATE_TIME = re.compile(
    rb'"( [0-9]|[0-9]{2})-([A-Za-z]{3})-([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) ([+-])([0-9]{2})([0-9]{2})"'
)
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

T = TypeVar("T")


class Refusal(Exception):
    """A command is refused: the words, and the response code if one says more."""

    status = b"NO"

    def __init__(self, text: str, code: str = "") -> None:
        super().__init__(text)
        self.text, self.code = text, code


class No(Refusal):
    """It cannot be done (RFC 9051 7.1.2)."""


class Bad(Refusal):
    """It is not by the grammar, or out of place (RFC 9051 7.1.3)."""

    status = b"BAD"


class Scanner:
    """What stands behind a command's name. utf8: quoted strings may hold UTF-8 (RFC 9051 4.3)."""

    def __init__(self, data: bytes, utf8: bool = False) -> None:
        self.data, self.place, self.utf8 = data, 0, utf8

    # the frame

    def wrong(self, expected: str) -> Bad:
        """What to raise here."""
        rest = self.data[self.place : self.place + SHOWN]
        return Bad(f"Expected {expected}, got {shown(rest) if rest else 'the end of the command'}")

    def at_end(self) -> bool:
        """Whether nothing follows."""
        return self.place == len(self.data)

    def end(self) -> None:
        """Nothing may follow."""
        if not self.at_end():
            raise self.wrong("the end of the command")

    def follows(self, octets: bytes) -> bool:
        """Whether these octets stand here, in whatever case; they stay."""
        return self.data[self.place : self.place + len(octets)].upper() == octets.upper()

    def take(self, octets: bytes) -> bool:
        """Pass over these octets, if they stand here."""
        if not self.follows(octets):
            return False
        self.place += len(octets)
        return True

    def expect(self, octets: bytes, name: str = "") -> None:
        """Pass over these octets, which must stand here."""
        if not self.take(octets):
            raise self.wrong(name or octets.decode())

    def space(self) -> None:
        """One space, no more (RFC 9051 9)."""
        self.expect(b" ", "one space")

    def match(self, rule: re.Pattern[bytes], name: str) -> re.Match[bytes]:
        """What a rule makes of the octets from here on."""
        found = rule.match(self.data, self.place)
        if found is None:
            raise self.wrong(name)
        self.place = found.end()
        return found

    def listed(self, item: Callable[[], T], empty: bool = False) -> list[T]:
        """A list in parentheses, one space between each two."""
        self.expect(b"(", "an opening parenthesis")
        if empty and self.take(b")"):
            return []
        items = [item()]
        while not self.take(b")"):
            self.space()
            items.append(item())
        return items

    # words

    def atom(self, name: str = "an atom") -> bytes:
        """An atom."""
        return self.match(_ATOM, name).group()

    def word(self, name: str = "a word") -> str:
        """An atom in capitals, where case does not matter."""
        return self.atom(name).decode("ascii").upper()

    def astring(self, name: str = "a string") -> bytes:
        """An atom, a quoted string or a literal."""
        if self.follows(b'"') or self.follows(b"{"):
            return self.string(name)
        return self.match(_ASTRING, name).group()

    def list_mailbox(self) -> bytes:
        """A name with wildcards."""
        if self.follows(b'"') or self.follows(b"{"):
            return self.string("a name")
        return self.match(_LIST_WORD, "a name").group()

    def string(self, name: str = "a string") -> bytes:
        """A quoted string or a literal."""
        return self.literal() if self.follows(b"{") else self.quoted(name)

    def nstring(self) -> bytes | None:
        """A string, or NIL."""
        return None if self.take(b"NIL") else self.string("a string or NIL")

    def quoted(self, name: str = "a quoted string") -> bytes:
        """A quoted string, without its quotes and escapes."""
        text = self.match(_QUOTED, name).group(1)
        if not text.isascii() and not (self.utf8 and _is_utf8(text)):
            raise Bad("8-bit octets in a quoted string")
        return self.unescaped(text)

    def unescaped(self, text: bytes) -> bytes:
        """A backslash stands before a quote or a backslash."""
        return re.sub(rb"\\(.)", rb"\1", text)

    def literal(self, binary: bool = False) -> bytes:
        """A literal (RFC 9051 4.3); only a binary one may hold NUL."""
        found = self.match(LITERAL, "a literal")
        size = int(found.group(2))
        octets = self.data[self.place : self.place + size]
        if found.group(1) and not binary:
            raise Bad("A binary literal has no place here")
        if not found.group(1) and b"\0" in octets:
            raise Bad("NUL in a literal")
        self.place += size
        return octets

    # numbers

    def number(self, name: str = "a number") -> int:
        """Decimal digits, of 32 bits."""
        return in_bits(int(self.digits(name)), 32)

    def number64(self, name: str = "a number") -> int:
        """Decimal digits, of 63 bits (RFC 9051 9)."""
        return in_bits(int(self.digits(name)), 63)

    def digits(self, name: str) -> bytes:
        """Decimal digits; no number that anybody can mean has more than twenty."""
        digits = self.match(_NUMBER, name).group()
        if len(digits) > 20:
            raise Bad("The number is too large")
        return digits

    def sequence(self) -> Ranges:
        """A sequence set: ranges of numbers, where `*` is STAR; or the saved search (SAVED)."""
        if self.take(b"$"):
            return SAVED
        text = self.match(_SEQUENCE, "a sequence set").group()
        return tuple(self._range(part) for part in text.split(b","))

    def _range(self, text: bytes) -> tuple[int, int]:
        first, _, last = text.partition(b":")
        return self._bound(first), self._bound(last or first)

    def _bound(self, text: bytes) -> int:
        if text == b"*":
            return STAR
        if text.strip(b"0") == b"" or len(text) > 20:
            raise Bad(f"{shown(text)} is no message number")
        return int(text)

    # flags and dates

    def flag(self) -> bytes:
        """A flag as it was written."""
        return self.match(_FLAG, "a flag").group()

    def flags(self) -> list[bytes]:
        """Flags in parentheses, perhaps none."""
        return self.listed(self.flag, empty=True)

    def date(self) -> datetime:
        """A day, with quotes or without."""
        quotes = self.take(b'"')
        found = self.match(_DATE, "a date like 1-Feb-2001")
        if quotes:
            self.expect(b'"', "a quote behind the date")
        return _day(found.group(1), found.group(2), found.group(3))

    def date_time(self) -> datetime:
        """A day, a time and a zone."""
        found = self.match(_DATE_TIME, 'a date like " 1-Feb-2001 03:04:05 +0000"')
        day, month, year, hour, minute, second, sign, zone_hours, zone_minutes = found.groups()
        offset = timedelta(hours=int(zone_hours), minutes=int(zone_minutes))
        try:
            zone = timezone(-offset if sign == b"-" else offset)
            clock = {"hour": int(hour), "minute": int(minute), "second": min(int(second), 59)}
            return _day(day, month, year).replace(**clock, tzinfo=zone)
        except ValueError as problem:
            raise Bad(f"No such time: {problem}") from None


def _day(day: bytes, month: bytes, year: bytes) -> datetime:
    name = month.decode("ascii").lower()
    if name not in MONTHS:
        raise Bad(f"{shown(month)} is no month")
    try:
        return datetime(int(year), MONTHS.index(name) + 1, int(day), tzinfo=timezone.utc)
    except ValueError:
        raise Bad("There is no such day") from None


def in_bits(number: int, bits: int) -> int:
    """A number that is not too large."""
    if number >= 1 << bits:
        raise Bad("The number is too large")
    return number


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def shown(octets: bytes) -> str:
    """A client's words for a reply to repeat: escaped and shortened."""
    text = "".join(chr(o) if 0x20 <= o < 0x7F and o != 0x5C else f"\\x{o:02x}" for o in octets[: SHOWN + 1])
    return text if len(text) <= SHOWN else text[:SHOWN] + "..."

"""The grammar of IMAP's answers (RFC 3501 9, RFC 9051 9): tokens, strings, literals, numbers and nested lists.

This module reads from octets that are one whole response, literals included. What breaks a rule and can still be read
is put down as a deviation; what cannot be read raises Malformed. Lists are read without recursion, so that their depth
costs memory only. It must not know any one response.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")

# What is forbidden and was there all the same: what a response's `deviations` hold
BARE_LF = "bare LF (RFC 9051 2.2)"
BARE_CR = "bare CR (RFC 9051 2.2)"
TRAILING = "octets behind the end of the response (RFC 9051 9)"
SPACES = "spaces where the grammar has none, or one (RFC 9051 9)"
NO_SPACE = "no space between two parts (RFC 9051 9)"
ESCAPE = "a backslash in a quoted string before neither backslash nor quote (RFC 9051 9)"
QUOTED_8BIT = "8-bit octets in a quoted string (RFC 3501 9)"
QUOTED_NUL = "NUL in a quoted string (RFC 9051 9)"
QUOTED_BARE_CR = "CR in a quoted string (RFC 9051 9)"
LITERAL_NUL = "NUL in a literal (RFC 9051 9)"
LITERAL8 = "a literal8 outside BINARY (RFC 9051 9)"
LITERAL_PLUS = "a literal with +, which only clients send (RFC 7888 6)"
ATOM = "an octet that no atom may have (RFC 9051 9)"
NUMBER = "a number above its range (RFC 9051 9)"
ZERO = "zero where a number begins at 1 (RFC 9051 9)"
LEADING_ZERO = "a number with a leading zero (RFC 9051 9)"

HUGE: int = 10**40  # greater than any number of a mailbox; endless digits cost more than they are worth
MOST_32 = (1 << 32) - 1
MOST_63 = (1 << 63) - 1
SETS = 100_000  # numbers that a set is expanded to

# quoted = DQUOTE *QUOTED-CHAR DQUOTE; QUOTED-CHAR = TEXT-CHAR but specials / "\" specials
_QUOTED = re.compile(rb'"((?:[^"\\\r\n]|\\[^\r\n]|\r(?!\n))*)"')
# literal = "{" number ["+"] "}" CRLF *CHAR8; literal8 = "~{" number "}" CRLF *OCTET
_LITERAL = re.compile(rb"(~?)\{([0-9]+)(\+?)\}\r?\n")
# atom and astring, and whatever stands where one should: up to what ends any of them
_TOKEN = re.compile(rb'\\?[^\x00-\x20\x7f()"\\]+|\\\*')
# the same with a section in brackets behind: "BODY[HEADER.FIELDS (TO)]<0>"
_SECTION = re.compile(rb'[A-Za-z0-9.]+\[(?:[^\]"\r\n]|"(?:[^"\\\r\n]|\\.)*")*\](?:<[0-9]+>)?')
_END = re.compile(rb" *\)")
# ASTRING-CHAR = ATOM-CHAR / "]"; ATOM-CHAR = any CHAR but "(" ")" "{" SP CTL "%" "*" DQUOTE "\" "]"
_SOUND_ATOM = re.compile(rb"(?:\\?[!#$&'+,\-./0-9:;<=>?@A-Z\[\]^_`a-z|}~]+|\\\*)")


class Malformed(ValueError):
    """The octets cannot be read as what should stand there; the text says what that is."""


@dataclass(frozen=True)
class Group:
    """A list in parentheses. tight: for each item, whether it stands right behind the one before, without a space."""

    items: tuple[Node, ...] = ()
    tight: tuple[bool, ...] = field(default=(), compare=False)


#: An atom is a str, a string its octets, and a list a Group.
Node = str | bytes | Group


def is_nil(node: Node) -> bool:
    """Whether it is the atom NIL, in any case."""
    return isinstance(node, str) and node.upper() == "NIL"


def folded(root: Group, children: Callable[[Group], Sequence[Group]], build: Callable[[Group, list[T]], T]) -> T:
    """A value of nested lists, built from the innermost outwards without recursion."""
    order = [root]
    for group in order:
        order.extend(children(group))
    built: dict[int, T] = {}
    for group in reversed(order):
        built[id(group)] = build(group, [built[id(child)] for child in children(group)])
    return built[id(root)]


@dataclass(frozen=True)
class SequenceSet:
    """Numbers in ranges, as they were written: (first, last), which may be in either order (RFC 9051 9: seq-range)."""

    ranges: tuple[tuple[int, int], ...]

    def __contains__(self, number: int) -> bool:
        return any(min(pair) <= number <= max(pair) for pair in self.ranges)

    def __len__(self) -> int:
        return min(sum(abs(last - first) + 1 for first, last in self.ranges), MOST_32)

    @property
    def numbers(self) -> tuple[int, ...]:
        """Every number in the order of the set. Raises Malformed for more than anybody asked for."""
        if len(self) > SETS:
            raise Malformed(f"a set of at most {SETS} numbers")
        return tuple(
            number
            for first, last in self.ranges
            for number in (range(first, last + 1) if first <= last else range(first, last - 1, -1))
        )


def parse_set(text: str) -> SequenceSet:
    """A set of numbers, without `*`, which servers do not send (RFC 4315 3: uid-set). Raises Malformed."""
    if not re.fullmatch(r"[0-9]+(:[0-9]+)?(,[0-9]+(:[0-9]+)?)*", text):
        raise Malformed("a set of numbers such as 1:3,5")
    pairs = [part.partition(":") for part in text.split(",")]
    return SequenceSet(tuple((decimal(first), decimal(last or first)) for first, _, last in pairs))


def decimal(digits: str | bytes) -> int:
    """A number in decimal; one with more digits than any field has is HUGE."""
    return int(digits) if len(digits) < 40 else HUGE


class Scanner:
    """A place in the octets of one response, and what was irregular so far."""

    def __init__(self, octets: bytes, place: int = 0) -> None:
        self.octets = octets
        self.place = place
        self.deviations: list[str] = []

    # -- small steps

    def mark(self, deviation: str) -> None:
        """Put a deviation down, once."""
        if deviation not in self.deviations:
            self.deviations.append(deviation)

    def at_end(self) -> bool:
        """Whether everything has been read."""
        return self.place >= len(self.octets)

    def sees(self, octets: bytes) -> bool:
        """Whether these octets come next."""
        return self.octets.startswith(octets, self.place)

    def take(self, octets: bytes) -> bool:
        """Whether these octets came next; then they are read."""
        found = self.sees(octets)
        self.place += len(octets) if found else 0
        return found

    def need(self, octets: bytes) -> None:
        """These octets come next. Raises Malformed."""
        if not self.take(octets):
            raise Malformed(f"{octets.decode()!r} at octet {self.place}")

    def space(self) -> None:
        """One space. Raises Malformed when there is none."""
        self.need(b" ")
        while self.take(b" "):
            self.mark(SPACES)

    def rest(self) -> bytes:
        """All that has not been read."""
        found = self.octets[self.place :]
        self.place = len(self.octets)
        return found

    def end(self) -> None:
        """Nothing follows; what does is a deviation."""
        if not self.at_end():
            self.mark(SPACES if self.rest().strip(b" ") == b"" else TRAILING)

    # -- atoms, strings, numbers

    def atom(self) -> str:
        """An atom, a flag or a number, as it is written. Raises Malformed."""
        found = _TOKEN.match(self.octets, self.place)
        if found is None:
            raise Malformed(f"an atom at octet {self.place}")
        self.place = found.end()
        if not _SOUND_ATOM.fullmatch(found[0]):
            self.mark(ATOM)
        return found[0].decode("latin-1")

    def section(self) -> str:
        """The name of an item of FETCH, in capitals: an atom, with its section and origin. Raises Malformed."""
        found = _SECTION.match(self.octets, self.place)
        if found is None:
            return self.atom().upper()
        self.place = found.end()
        return found[0].decode("latin-1").upper()

    def number(self, least: int = 0, most: int = MOST_32) -> int:
        """A number in decimal. Raises Malformed."""
        text = self.atom()
        if not (text.isascii() and text.isdigit()):
            raise Malformed(f"a number in place of {text[:40]}")
        return self.ranged(text, least, most)

    def ranged(self, text: str, least: int = 0, most: int = MOST_32) -> int:
        """The number that these digits are, held against its range."""
        value = decimal(text)
        if value > most:
            self.mark(NUMBER)
        if value < least:
            self.mark(ZERO)
        if len(text) > 1 and text.startswith("0"):
            self.mark(LEADING_ZERO)
        return value

    def numbers(self) -> SequenceSet:
        """A set of numbers. Raises Malformed."""
        found = parse_set(self.atom())
        if any(number == 0 for pair in found.ranges for number in pair):
            self.mark(ZERO)
        if any(number > MOST_32 for pair in found.ranges for number in pair):
            self.mark(NUMBER)
        return found

    def string(self, *, binary: bool = False) -> bytes:
        """A quoted string or a literal; literal8 belongs to BINARY alone. Raises Malformed."""
        if self.sees(b'"'):
            return self._quoted()
        if self.sees(b"~") and not binary:
            self.mark(LITERAL8)
        return self._literal()

    def astring(self) -> bytes:
        """An atom or a string, as octets. Raises Malformed."""
        if self.sees(b'"') or _LITERAL.match(self.octets, self.place):
            return self.string()
        return self.atom().encode("latin-1")

    def nstring(self, *, binary: bool = False) -> bytes | None:
        """A string, or None for NIL. Raises Malformed."""
        if self.octets[self.place : self.place + 3].upper() == b"NIL":
            self.place += 3
            return None
        return self.string(binary=binary)

    def _quoted(self) -> bytes:
        found = _QUOTED.match(self.octets, self.place)
        if found is None:
            raise Malformed("the end of a quoted string")
        self.place = found.end()
        inside = found[1]
        if re.search(rb'\\[^"\\]', re.sub(rb'\\["\\]', b"", inside)):
            self.mark(ESCAPE)
        for octet, deviation in ((b"\x00", QUOTED_NUL), (b"\r", QUOTED_BARE_CR)):
            if octet in inside:
                self.mark(deviation)
        if not inside.isascii():
            self.mark(QUOTED_8BIT)
        return re.sub(rb"\\(.)", rb"\1", inside, flags=re.DOTALL)

    def _literal(self) -> bytes:
        found = _LITERAL.match(self.octets, self.place)
        if found is None:
            raise Malformed(f"a string at octet {self.place}")
        count = decimal(found[2])
        if count > len(self.octets) - found.end():
            raise Malformed(f"{count} octets of a literal")
        content = self.octets[found.end() : found.end() + count]
        self.place = found.end() + count
        if found[3]:
            self.mark(LITERAL_PLUS)
        if not found[0].endswith(b"\r\n"):
            self.mark(BARE_LF)
        if b"\x00" in content and not found[1]:
            self.mark(LITERAL_NUL)
        return content

    # -- lists

    def node(self) -> Node:
        """An atom, a string, or a list of them, however deep. Raises Malformed."""
        stack: list[_Open] = []
        while True:
            if self.take(b"("):
                stack.append(_Open())
                if not self._closes():
                    if self.take(b" "):
                        self.mark(SPACES)
                    continue
                value: Node = stack.pop().group()
            else:
                value = self._leaf()
            while stack:
                stack[-1].items.append(value)
                if not self._closes():
                    break
                value = stack.pop().group()
            if not stack:
                return value
            stack[-1].tight.append(self._gap(value))

    def group(self) -> Group:
        """A list. Raises Malformed."""
        if not self.sees(b"("):
            raise Malformed(f"a list at octet {self.place}")
        found = self.node()
        assert isinstance(found, Group)
        return found

    def words(self) -> tuple[str, ...]:
        """A list of atoms. Raises Malformed."""
        items = self.group().items
        if not all(isinstance(item, str) for item in items):
            raise Malformed("a list of atoms")
        return tuple(str(item) for item in items)

    def _leaf(self) -> Node:
        if self.sees(b'"') or _LITERAL.match(self.octets, self.place):
            return self.string()
        return self.atom()

    def _closes(self) -> bool:
        """Whether the list ends here; spaces before its end are a deviation."""
        found = _END.match(self.octets, self.place)
        if found is None:
            return False
        if len(found[0]) > 1:
            self.mark(SPACES)
        self.place = found.end()
        return True

    def _gap(self, before: Node) -> bool:
        """What parts two items: a space, or nothing between two lists; whether it was nothing."""
        if self.take(b" "):
            while self.take(b" "):
                self.mark(SPACES)
            return False
        if self.at_end():
            raise Malformed("the end of a list")
        if not (isinstance(before, Group) and self.sees(b"(")):
            self.mark(NO_SPACE)
        return True


@dataclass
class _Open:
    """A list whose end has not been read."""

    items: list[Node] = field(default_factory=list)
    tight: list[bool] = field(default_factory=lambda: [False])

    def group(self) -> Group:
        return Group(tuple(self.items), tuple(self.tight[: len(self.items)]))

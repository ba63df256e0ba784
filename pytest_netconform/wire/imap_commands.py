"""What an IMAP client says (RFC 9051 6): commands with their literals, strings, sets, and names of mailboxes.

A `Command` has no tag and no line end: whoever sends it adds them, and waits for a `+` behind each `{n}`. Raw octets
stay the easy path; these builders are a convenience and check nothing.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass

# ATOM-CHAR = any CHAR but "(" ")" "{" SP CTL "%" "*" DQUOTE "\" "]"; astrings may have "]"   (RFC 9051 9)
_ATOM = re.compile(rb"[!#$&'+,\-./0-9:;<=>?@A-Z\[\]^_`a-z|}~]+")
_QUOTABLE = re.compile(rb"[\x01-\x09\x0b\x0c\x0e-\x7f]*")
_ANNOUNCED = re.compile(rb"~?\{([0-9]+)(\+?)\}\r\n")
_ANNOUNCED_LAST = re.compile(rb"\{([0-9]{1,19})\+?\}\r\n\Z")
_SHIFTED = re.compile(rb"&([A-Za-z0-9+,]*)-")
_PRINTABLE = re.compile(rb"[ -~]*")


class Command(bytes):
    """A command without its tag and its line end; literals stand in it as they travel, `{5}` CR LF and five octets."""


@dataclass(frozen=True)
class Literal:
    """Octets that travel as a literal. sync: the server is asked first (`{n}`); else they follow at once (`{n+}`)."""

    octets: bytes
    sync: bool = True
    binary: bool = False  # literal8, `~{n}` (RFC 3516)

    @property
    def wire(self) -> bytes:
        """The announcement, and the octets."""
        return b"%s{%d%s}\r\n%s" % (
            b"~" if self.binary else b"", len(self.octets), b"" if self.sync else b"+", self.octets
        )  # fmt: skip


Part = str | bytes | Literal


def command(*parts: Part) -> Command:
    """The parts with a space between two."""
    return Command(b" ".join(_wire(part) for part in parts))


def _wire(part: Part) -> bytes:
    if isinstance(part, Literal):
        return part.wire
    return part.encode() if isinstance(part, str) else part


def segments(octets: bytes) -> list[bytes]:
    """A command cut behind each `{n}` CR LF, where its sender waits for `+`; literals with `{n+}` do not part it."""
    found, begun, place = [], 0, 0
    while (literal := _ANNOUNCED.search(octets, place)) is not None:
        place = literal.end() + (int(literal[1]) if len(literal[1]) < 20 else 0)
        if not literal[2]:
            found.append(octets[begun : literal.end()])
            begun = literal.end()
    return [*found, octets[begun:]]


class Said:
    """What a client has said so far, as octets in pieces of any size: which tags were sent, literals passed over."""

    def __init__(self) -> None:
        self._rest = b""
        self._passing = 0  # octets of a literal that are still to come
        self._inside = False  # behind a literal, in the middle of a command

    def feed(self, octets: bytes) -> list[str]:
        """The tags of the commands whose first line is complete now."""
        self._rest += octets
        tags = []
        while (end := self._line()) >= 0:
            line, self._rest = self._rest[: end + 2], self._rest[end + 2 :]
            if not self._inside:
                tags.append(line[:-2].partition(b" ")[0].decode("latin-1"))
            literal = _ANNOUNCED_LAST.search(line)
            self._inside = literal is not None
            self._passing = int(literal[1]) if literal else 0
        return tags

    def _line(self) -> int:
        passed = min(self._passing, len(self._rest))
        self._rest, self._passing = self._rest[passed:], self._passing - passed
        return -1 if self._passing else self._rest.find(b"\r\n")


# -- strings


def quoted(octets: bytes | str) -> bytes:
    """A quoted string; backslash and DQUOTE are escaped."""
    raw = octets.encode() if isinstance(octets, str) else octets
    return b'"' + re.sub(rb'(["\\])', rb"\\\1", raw) + b'"'


def astring(octets: bytes | str) -> Part:
    """The shortest way to write a string: an atom, quoted, or a literal for what cannot be quoted."""
    raw = octets.encode() if isinstance(octets, str) else octets
    if _ATOM.fullmatch(raw):
        return raw
    return quoted(raw) if _QUOTABLE.fullmatch(raw) else Literal(raw)


def append(mailbox: bytes | str, message: bytes, *, flags: str = "", date: str = "", sync: bool = True) -> Command:
    """APPEND. flags: `(\\Seen kw)`; date: `17-Jul-1996 02:44:25 -0700`, without its quotes."""
    optional = [flags] if flags else []
    optional += [f'"{date}"'] if date else []
    return command("APPEND", astring(mailbox), *optional, Literal(message, sync))


def sequence(numbers: Iterable[int]) -> str:
    """A sequence set of numbers, neighbours in ranges: `1:3,5`."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ",".join(f"{first}" if first == last else f"{first}:{last}" for first, last in ranges)


# -- names of mailboxes


def to_mutf7(name: str) -> bytes:
    """A name in modified UTF-7 (RFC 3501 5.1.3)."""
    return b"".join(map(_run, re.findall(r"[ -~]+|[^ -~]+", name)))


def _run(run: str) -> bytes:
    if _PRINTABLE.fullmatch(run.encode("utf-8", "surrogatepass")):
        return run.replace("&", "&-").encode()
    coded = base64.b64encode(run.encode("utf-16-be", "surrogatepass"))
    return b"&" + coded.rstrip(b"=").replace(b"/", b",") + b"-"


def from_mutf7(octets: bytes) -> str | None:
    """The name that stands in modified UTF-7, or None for octets that are no correct form of any."""
    name, place = "", 0
    while (shift := octets.find(b"&", place)) >= 0:
        found = _SHIFTED.match(octets, shift)
        inside = _unshifted(found[1]) if found else None
        if found is None or inside is None:
            return None
        name += octets[place:shift].decode("latin-1") + inside
        place = found.end()
    name += octets[place:].decode("latin-1")
    return name if to_mutf7(name) == octets else None


def _unshifted(text: bytes) -> str | None:
    if not text:
        return "&"
    try:
        return base64.b64decode(text.replace(b",", b"/") + b"=" * (-len(text) % 4)).decode("utf-16-be")
    except ValueError:
        return None

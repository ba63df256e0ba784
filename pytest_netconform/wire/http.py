"""HTTP/1.1 responses as values (RFC 9112): status lines, field lines, and what frames a body.

What breaks a rule is still a value, with its breaches named by section. Where a response ends is found by the framer
(`http_framer`), and what stands inside of fields is read elsewhere (`http_fields`). Pure: no socket and no clock.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

CRLF = b"\r\n"

# status-line = HTTP-version SP status-code SP [ reason-phrase ] CRLF   (RFC 9112 4)
_STATUS = re.compile(
    rb"HTTP/(?P<version>[0-9]\.[0-9]) (?P<status>[0-9]{3})(?![0-9])(?P<space> ?)(?P<reason>.*)", re.DOTALL
)
# what is read as a status line although it is none
_NEARLY = re.compile(
    rb"(?P<version>HTTP/[^ \t\r\n]*)[ \t]*(?P<status>[0-9]{1,9})(?P<reason>.*)", re.DOTALL | re.IGNORECASE
)
# reason-phrase = 1*( HTAB / SP / VCHAR / obs-text )   (RFC 9112 4); field-content likewise (RFC 9110 5.5)
_TEXT = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
# token = 1*tchar   (RFC 9110 5.6.2)
TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_DIGITS = re.compile(rb"[0-9]+")
_LINES = re.compile(rb"[^\n]*\n|[^\n]+")


class Framing(Enum):
    """What ended a response's body (RFC 9112 6.3)."""

    NONE = "no body"
    LENGTH = "Content-Length"
    CHUNKED = "chunked"
    CLOSE = "the close"
    TUNNEL = "the head, and a tunnel behind it"


@dataclass(frozen=True)
class Breach:
    """A rule that a response breaks: where it is written, what is wrong, and the octets that show it."""

    section: str
    what: str
    octets: bytes = b""

    def __str__(self) -> str:
        return f"{self.what} ({self.section})"


@dataclass(frozen=True)
class Fields:
    """Field lines in order, each a name and a value as octets, the value without the blanks around it (RFC 9110 5)."""

    lines: tuple[tuple[bytes, bytes], ...] = ()

    def all(self, name: str) -> list[bytes]:
        """The values of every line of this name, which is compared without case."""
        wanted = name.encode().lower()
        return [value for found, value in self.lines if found.lower() == wanted]

    def get(self, name: str) -> bytes | None:
        """The one value of a field: its lines joined as a list (RFC 9110 5.2); None where it is not there."""
        found = self.all(name)
        return b", ".join(found) if found else None

    def members(self, name: str) -> list[bytes]:
        """The members of a list-valued field over all its lines, without empty ones (RFC 9110 5.6.1)."""
        return [member for value in self.all(name) for member in split_list(value)]

    def words(self, name: str) -> list[str]:
        """Likewise, in lower case and as text: for options and codings, which know no case."""
        return [member.decode("latin-1").lower() for member in self.members(name)]

    @property
    def names(self) -> list[str]:
        """Every name once, in lower case, in the order of the lines."""
        return list(dict.fromkeys(name.decode("latin-1").lower() for name, _ in self.lines))

    def __contains__(self, name: str) -> bool:
        return bool(self.all(name))

    def __iter__(self) -> Iterator[tuple[bytes, bytes]]:
        return iter(self.lines)

    def __len__(self) -> int:
        return len(self.lines)


@dataclass(frozen=True)
class Response:
    """One response. status: 0 where there is no status line. head: its octets with the blank line; raw: all octets.

    method: what it answers. body: decoded from its chunks. chunks: their sizes in order. complete: False when the
    connection ended before the body did. problem: why it could not be framed; empty where it could.
    """

    version: bytes
    status: int
    reason: bytes
    fields: Fields
    body: bytes
    raw: bytes
    head: bytes = b""
    method: str = "GET"
    framing: Framing = Framing.NONE
    trailers: Fields = Fields()
    chunks: tuple[int, ...] = ()
    complete: bool = True
    breaches: tuple[Breach, ...] = ()
    problem: str = ""

    @property
    def code(self) -> int | None:
        """The status; None when the octets could not be framed."""
        return None if self.problem else self.status

    @property
    def temporary(self) -> bool:
        """Whether it is a refusal that asks to try again later (RFC 9110 15.6.4, RFC 6585 4)."""
        return self.status in (429, 503)

    @property
    def final(self) -> bool:
        """Whether it is the answer, and none on the way to it (RFC 9110 15.2), or the end of all answers."""
        return bool(self.problem) or not 100 <= self.status < 200 or self.status == 101

    @property
    def closing(self) -> bool:
        """Whether it says that the connection ends behind it (RFC 9112 9.3), or is ended by that."""
        options = self.fields.words("Connection")
        if self.framing is Framing.CLOSE or "close" in options:
            return True
        return self.version == b"HTTP/1.0" and "keep-alive" not in options


def without_end(octets: bytes) -> bytes:
    return octets.removesuffix(b"\n").removesuffix(b"\r")


def parse_status(line: bytes) -> tuple[bytes, int, bytes, list[Breach]]:
    """The version, status and reason phrase of a status line (RFC 9112 4), and what is wrong about it."""
    breaches = [] if line.endswith(CRLF) else [Breach("RFC 9112 2.2", "a status line that ends in a bare LF", line)]
    text = without_end(line)
    found = _STATUS.fullmatch(text)
    if found is None:
        breaches.append(Breach("RFC 9112 4", "a status line of another form", line))
        nearly = _NEARLY.fullmatch(text)
        if nearly is None:
            return text.split(b" ")[0], 0, b"", breaches
        return nearly["version"], int(nearly["status"]), nearly["reason"].strip(), breaches
    if not found["space"]:
        what = "no space behind the status" if not found["reason"] else "a status line of another form"
        breaches.append(Breach("RFC 9112 4", what, line))
    if not _TEXT.fullmatch(found["reason"]):
        breaches.append(Breach("RFC 9112 4", "a control character in the reason phrase", line))
    if not 100 <= int(found["status"]) <= 599:
        breaches.append(Breach("RFC 9110 15", "a status outside 100 to 599", line))
    if not found["version"].startswith(b"1."):
        breaches.append(Breach("RFC 9112 2.3", "a major version that is not 1", line))
    return b"HTTP/" + found["version"], int(found["status"]), found["reason"], breaches


def parse_fields(octets: bytes) -> tuple[Fields, list[Breach]]:
    """Field lines, without the blank line behind them (RFC 9112 5), and what is wrong about them."""
    lines: list[tuple[bytes, bytes]] = []
    breaches: list[Breach] = []
    for raw in _LINES.findall(octets):
        line = without_end(raw)
        breaches += [] if raw.endswith(CRLF) else [Breach("RFC 9112 2.2", "a field line that ends in a bare LF", line)]
        if line[:1] in (b" ", b"\t"):
            breaches.append(Breach("RFC 9112 5.2", "a folded field line", line))
            if lines:
                lines[-1] = lines[-1][0], (lines[-1][1] + b" " + line.strip(b" \t")).strip(b" \t")
            continue
        name, colon, value = line.partition(b":")
        breaches += _field_breaches(name, colon, value, line)
        if colon:
            lines.append((name.strip(b" \t"), value.strip(b" \t")))
    return Fields(tuple(lines)), breaches


def _field_breaches(name: bytes, colon: bytes, value: bytes, line: bytes) -> Iterable[Breach]:
    if not colon:
        return [Breach("RFC 9112 5", "a field line without a colon", line)]
    found = []
    if name.rstrip(b" \t") != name:
        found.append(Breach("RFC 9112 5.1", "a blank before the colon", line))
    if not TOKEN.fullmatch(name.rstrip(b" \t")):
        found.append(Breach("RFC 9110 5.1", "a field name that is no token", line))
    if not _TEXT.fullmatch(value):
        found.append(Breach("RFC 9110 5.5", "a control character in a field value", line))
    return found


def frame(version: bytes, status: int, fields: Fields, method: str) -> tuple[Framing, int, list[Breach]]:
    """How the body of a response ends, and its length where that is announced (RFC 9112 6.3)."""
    lengths, codings = fields.all("Content-Length"), fields.words("Transfer-Encoding")
    announced = "Transfer-Encoding" in fields
    breaches = _framing_breaches(version, status, lengths, announced)
    if status == 101 or (method == "CONNECT" and 200 <= status < 300):
        return Framing.TUNNEL, 0, breaches
    length = _length(lengths)
    if length is None and not announced and lengths:
        breaches.append(Breach("RFC 9110 8.6", "a Content-Length that is no number, or several", b", ".join(lengths)))
    if 100 <= status < 200 or status in (204, 304) or method == "HEAD":
        return Framing.NONE, 0, breaches
    if announced:
        return (Framing.CHUNKED if codings[-1:] == ["chunked"] else Framing.CLOSE), 0, breaches
    if length is not None:
        return Framing.LENGTH, length, breaches
    return Framing.CLOSE, 0, breaches


def _framing_breaches(version: bytes, status: int, lengths: Sequence[bytes], announced: bool) -> list[Breach]:
    found = []
    if announced and lengths:
        found.append(Breach("RFC 9112 6.2", "Content-Length beside Transfer-Encoding"))
    if announced and version == b"HTTP/1.0":
        found.append(Breach("RFC 9112 6.1", "Transfer-Encoding in an HTTP/1.0 response"))
    if announced and (100 <= status < 200 or status == 204):
        found.append(Breach("RFC 9112 6.1", f"Transfer-Encoding in a {status} response"))
    if lengths and (100 <= status < 200 or status == 204):
        found.append(Breach("RFC 9110 8.6", f"Content-Length in a {status} response"))
    if len(lengths) > 1:
        found.append(Breach("RFC 9110 8.6", "more than one Content-Length line", b", ".join(lengths)))
    return found


def _length(values: Sequence[bytes]) -> int | None:
    """What all the lines agree on; None where there is none, or no agreement (RFC 9112 6.3)."""
    members = {member.strip(b" \t") for value in values for member in value.split(b",")}
    if len(members) != 1:
        return None
    (digits,) = members
    if not _DIGITS.fullmatch(digits):
        return None
    return int(digits) if len(digits) < 20 else 10**20


def split_list(value: bytes) -> list[bytes]:
    """The members of a list (RFC 9110 5.6.1): cut at commas outside of quoted strings, empty ones left out."""
    members, start, quoted, skip = [], 0, False, False
    for place, octet in enumerate(value):
        if skip:
            skip = False
        elif quoted and octet == 0x5C:
            skip = True
        elif octet == 0x22:
            quoted = not quoted
        elif octet == 0x2C and not quoted:
            members.append(value[start:place])
            start = place + 1
    members.append(value[start:])
    return [member.strip(b" \t") for member in members if member.strip(b" \t")]

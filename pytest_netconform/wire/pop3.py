"""POP3 on the wire (RFC 1939, 2449, 5034, 6856): replies of one line and of many, and what stands in them.

Whether a positive reply has one line or ends with a dot alone on a line depends on the command, so the framer is told
what was said. A reply that breaks a rule is still a value, with its deviations listed, and the stream stays in step.
Pure: no socket and no clock.
"""

from __future__ import annotations

import hashlib
import re
from collections import deque
from dataclasses import dataclass

CRLF = b"\r\n"
END_OF_LINES = b".\r\n"
OK, ERR, CHALLENGE = "+OK", "-ERR", "+"

# single-line = status [SP text] CRLF; status = "+OK" / "-ERR"   (RFC 2449 3)
# challenge = "+" SP [base64] CRLF                               (RFC 5034 8)
_STATUS = re.compile(rb"(?P<code>\+OK|-ERR|\+(?=\s|\Z))(?P<text>.*)", re.DOTALL | re.IGNORECASE)
# resp-code = "[" resp-level *("/" resp-level) "]"; rchar = %x21-2E / %x30-5C / %x5E-7F   (RFC 2449 8)
_LEVEL = rb"[!-.0-\x5c^-\x7f]+"
_RESPONSE_CODE = re.compile(rb"\[(?P<code>" + _LEVEL + rb"(?:/" + _LEVEL + rb")*)\]")
# drop-listing, scan-listing, uidl-listing: single spaces, decimal numbers   (RFC 1939 5, 7)
_DROP = re.compile(rb"(?P<count>[0-9]+) (?P<size>[0-9]+)(?P<rest> .*)?", re.DOTALL)
_SCAN = re.compile(rb"(?P<number>[1-9][0-9]*) (?P<size>[0-9]+)(?P<rest> .*)?", re.DOTALL)
_UNIQUE = re.compile(rb"(?P<number>[1-9][0-9]*) (?P<id>[!-~]{1,70})")
_HUGE: int = 10**40  # greater than any number that a maildrop has
# timestamp = "<" *VCHAR ">"; syntax of a msg-id of RFC 822   (RFC 1939 7)
_TIMESTAMP = re.compile(rb"<[^<>@\s]+@[^<>@\s]+>")

# Refusals that ask to come back later: a maildrop in use, a server that is not well   (RFC 2449 8.1, RFC 3206 4)
TEMPORARY = ("IN-USE", "LOGIN-DELAY", "SYS/TEMP")

#: Verbs whose positive reply goes on to a dot alone on a line: with any argument, and with none.
MANY_LINES = frozenset({"CAPA", "RETR", "TOP"})
MANY_LINES_BARE = frozenset({"LIST", "UIDL", "AUTH", "LANG"})


def many_lines(command: bytes) -> bool:
    """Whether a positive reply to this command has many lines (RFC 1939 5, 7; RFC 2449 5; RFC 6856 3.2)."""
    words = command.split()
    verb = words[0].upper().decode("latin-1") if words else ""
    return verb in MANY_LINES or (verb in MANY_LINES_BARE and len(words) == 1)


@dataclass(frozen=True)
class Reply:
    """One reply. code: `+OK`, `-ERR`, or `+` for a challenge; None: no status, so that it cannot be framed.

    text: what follows the status and its space. body: the lines of a reply that has many, as they came, without the dot
    at the end; None for one line. raw: all octets. deviations: what the standards forbid and was there all the same.
    """

    code: str | None
    text: bytes
    body: bytes | None
    raw: bytes
    deviations: tuple[str, ...] = ()

    @property
    def temporary(self) -> bool:
        """Whether it is a refusal that asks to try again later."""
        return self.code == ERR and (self.response_code or "").upper().startswith(TEMPORARY)

    @property
    def response_code(self) -> str | None:
        """The code in brackets that the text begins with (RFC 2449 8), such as `IN-USE`."""
        found = _RESPONSE_CODE.match(self.text)
        return found["code"].decode() if found else None

    @property
    def content(self) -> bytes:
        """The octets that the lines carry: the dots that were added for the wire are taken off (RFC 1939 3)."""
        return unstuffed(self.body or b"")

    @property
    def lines(self) -> list[bytes]:
        """The lines, without their ends."""
        lines = self.content.split(CRLF)
        return lines[:-1] if lines[-1] == b"" else lines


class ReplyFramer:
    """Feed octets, tell what was asked, take replies (RFC 1939 3)."""

    #: where a reply that cannot be framed is judged
    grammar = "POP3-1939-3-a"

    def __init__(self) -> None:
        self._data = bytearray()
        self._asked: deque[bool] = deque()
        self._said = b""
        self._searched = 0

    @property
    def pattern(self) -> bytes:
        """One whole reply to what was asked, for a reproducer."""
        if self._asked and self._asked[0]:
            return rb"(?:(?!\+OK)[^\n]*\n|\+OK[^\n]*\n(?:(?!\.\r?\n)[^\n]*\n)*\.\r?\n)"
        return rb"[^\n]*\n"

    def asked(self, octets: bytes) -> None:
        """What was said, in pieces of any size: each line that ends in CR LF will be answered."""
        *lines, self._said = (self._said + octets).split(CRLF)
        self._asked += [many_lines(line) for line in lines]

    def awaits(self, *commands: str) -> None:
        """Replies to these commands, and no others, are still to come."""
        self._asked = deque(many_lines(command.encode()) for command in commands)
        self._said = b""

    def feed(self, data: bytes) -> None:
        """Add octets."""
        self._data += data

    def next(self) -> Reply | None:
        """The next whole reply, or None while it is not complete."""
        first = self._data.find(b"\n") + 1
        if not first:
            return None
        many = bool(self._asked) and self._asked[0] and self._data[:3].upper() == b"+OK"
        if not many:
            return self._taken(first, first)
        end = self._end_of_lines(first)
        return self._taken(first, end) if end else None

    def rest(self) -> bytes:
        """What arrived and is no whole reply yet."""
        return bytes(self._data)

    def _end_of_lines(self, first: int) -> int:
        """Where the dot's line ends. It must end as the status line does: a message may hold a bare LF, dot, LF."""
        end = CRLF if self._data[first - 2 : first] == CRLF else b"\n"
        place = self._data.find(b"\n." + end, max(first - 1, self._searched))
        self._searched = max(0, len(self._data) - 3) if place < 0 else 0
        return place + 2 + len(end) if place >= 0 else 0

    def _taken(self, first: int, end: int) -> Reply:
        raw = bytes(self._data[:end])
        del self._data[:end]
        self._searched = 0
        if self._asked:
            self._asked.popleft()
        return parse_reply(raw, first if end > first else None)


def parse_reply(raw: bytes, first: int | None = None) -> Reply:
    """The value of one reply's octets. first: where the lines behind the status begin, if there are any."""
    line = raw[:first]
    status = line.rstrip(b"\n").removesuffix(b"\r")
    body = None if first is None else _without_end(raw[first:])
    found = _STATUS.fullmatch(status)
    if found is None:
        return Reply(None, status, body, raw, ("neither +OK nor -ERR", *_line_deviations(line)))
    text = found["text"]
    deviations = [*_line_deviations(line), *_body_deviations(body or b"")]
    if found["code"] != found["code"].upper():
        deviations.append("status not in upper case")
    if text and not text.startswith(b" "):
        deviations.append("no space behind the status")
    return Reply(found["code"].upper().decode(), text.removeprefix(b" "), body, raw, tuple(deviations))


def _without_end(octets: bytes) -> bytes:
    return octets.removesuffix(b"\n").removesuffix(b"\r").removesuffix(b".")


def _line_deviations(line: bytes) -> list[str]:
    deviations = []
    if not line.endswith(CRLF):
        deviations.append("bare LF")
    if b"\r" in line.removesuffix(b"\n").removesuffix(b"\r"):
        deviations.append("bare CR")
    if len(line) > 512:
        deviations.append("longer than 512 octets")
    return deviations


def _body_deviations(body: bytes) -> list[str]:
    return ["bare LF in a line behind the status"] if re.search(rb"(?<!\r)\n", body) else []


# -- what stands in replies


@dataclass(frozen=True)
class Listing:
    """A line of LIST: a message's number and its size; rest is what stood behind."""

    number: int
    size: int
    rest: bytes = b""


def parse_drop(text: bytes) -> tuple[int, int] | None:
    """STAT's count and size (RFC 1939 5: drop listing), or None."""
    found = _DROP.fullmatch(text)
    return (number(found["count"]), number(found["size"])) if found else None


def parse_scan(line: bytes) -> Listing | None:
    """A scan listing (RFC 1939 5), or None."""
    found = _SCAN.fullmatch(line)
    return Listing(number(found["number"]), number(found["size"]), found["rest"] or b"") if found else None


def parse_unique(line: bytes) -> tuple[int, str] | None:
    """A unique-id listing (RFC 1939 7: 1 to 70 octets from 0x21 to 0x7E, nothing behind), or None."""
    found = _UNIQUE.fullmatch(line)
    return (number(found["number"]), found["id"].decode()) if found else None


def number(digits: bytes) -> int:
    """A decimal number; endless digits cost more than they are worth."""
    return int(digits) if len(digits) < 40 else _HUGE


def parse_capabilities(reply: Reply) -> dict[str, tuple[str, ...]]:
    """What a positive answer to CAPA lists (RFC 2449 5): tags in upper case, each with its parameters."""
    found: dict[str, tuple[str, ...]] = {}
    for line in reply.lines if reply.code == OK else ():
        words = line.decode("latin-1").split()
        if words:
            found[words[0].upper()] = found.get(words[0].upper(), ()) + tuple(words[1:])
    return found


def timestamp(greeting: bytes) -> bytes | None:
    """The timestamp in a greeting's text, which offers APOP (RFC 1939 7)."""
    found = _TIMESTAMP.search(greeting)
    return found[0] if found else None


def apop_digest(stamp: bytes, password: str) -> str:
    """APOP's proof: MD5 of the timestamp and the shared secret, in lower-case hexadecimal (RFC 1939 7)."""
    return hashlib.md5(stamp + password.encode()).hexdigest()


# -- messages


def stuffed(content: bytes) -> bytes:
    """Octets as lines behind a status: dots doubled at line starts, CRLF and a dot at the end (RFC 1939 3)."""
    content = re.sub(rb"(\A|\r\n)\.", rb"\1..", content)
    return content + (b"" if not content or content.endswith(CRLF) else CRLF) + END_OF_LINES


def unstuffed(body: bytes) -> bytes:
    """Lines behind a status, without the dots that were added for the wire."""
    return re.sub(rb"(\A|\r\n)\.", rb"\1", body)


def in_lines(content: bytes) -> bytes:
    """A stored message as POP3 sends it (RFC 1939 11): every line ends in CR LF, the last one too."""
    content = re.sub(rb"(?<!\r)\n", CRLF, content)
    return content if not content or content.endswith(CRLF) else content + CRLF


def top(content: bytes, count: int) -> bytes:
    """The header of a message, the blank line, and `count` lines of its body (RFC 1939 7: TOP)."""
    header, blank, body = content.partition(CRLF + CRLF)
    if not blank:
        return content
    lines = body.split(CRLF)
    return header + blank + b"".join(line + CRLF for line in lines[: min(count, len(lines) - 1)])

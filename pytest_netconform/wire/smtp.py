"""SMTP on the wire (RFC 5321): replies, the EHLO answer, and the octets of commands and messages.

Framing stands apart from grammar: a reply that breaks a rule is still a value, with its deviations listed, and the
stream stays in step. Pure: no socket and no clock.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from pytest_netconform.wire.frames import MESSAGE_LIMIT, Found, Framer, Framing
from pytest_netconform.wire.lines import LINE_LIMIT, LineBuffer, RawLine

CRLF = b"\r\n"
END_OF_DATA = b".\r\n"
REPLY_LINES = 1000  # a reply of more lines is cut there: nobody's EHLO is longer

# Reply-line = *( Reply-code "-" [ textstring ] CRLF ) Reply-code [ SP textstring ] CRLF   (RFC 5321 4.2)
# Reply-code = %x32-35 %x30-35 %x30-39
_REPLY_LINE = re.compile(rb"(?P<code>[0-9]{3})(?P<mark>[ -]?)(?P<text>.*)", re.DOTALL)
_REPLY_CODE = re.compile(rb"[2-5][0-5][0-9]")
_TEXTSTRING = re.compile(rb"[\t -~]*")


@dataclass(frozen=True)
class Reply:
    """One reply, of one line or more.

    code: the last line's number; None when it has none and so cannot be framed. lines: the texts behind the codes.
    raw: the octets as they came. deviations: what RFC 5321 4.2 forbids and was there all the same.
    """

    code: int | None
    lines: tuple[bytes, ...]
    raw: bytes
    deviations: tuple[str, ...] = ()

    @property
    def temporary(self) -> bool:
        """Whether it is a refusal that asks to try again later (4yz)."""
        return self.code is not None and 400 <= self.code < 500

    @property
    def text(self) -> str:
        """The texts of all lines, joined by newlines; what is not ASCII becomes an escape."""
        return b"\n".join(self.lines).decode("ascii", "backslashreplace")


class ReplyFramer:
    """Feed octets, take replies (RFC 5321 4.2, 4.2.1)."""

    #: one whole reply, for a reproducer that frames with a regular expression
    pattern = rb"(?:[0-9]{3}-[^\n]*\n)*(?![0-9]{3}-)[^\n]*\n"
    #: where a reply that cannot be framed is judged
    grammar = "SMTP-5321-4.2-a"

    def __init__(self) -> None:
        self._buffer = LineBuffer()
        self._lines: list[RawLine] = []

    def feed(self, data: bytes) -> None:
        """Add octets."""
        self._buffer.feed(data)

    def next(self) -> Reply | None:
        """The next whole reply, or None while it is not complete."""
        while (line := self._buffer.next()) is not None:
            self._lines.append(line)
            if not _goes_on(line) or len(self._lines) >= REPLY_LINES:
                lines, self._lines = self._lines, []
                return parse_reply(lines)
        return None

    def rest(self) -> bytes:
        """What arrived and is no whole reply yet."""
        return b"".join(line.raw for line in self._lines) + self._buffer.rest()


@dataclass(frozen=True)
class Replies(Framing):
    """Replies as messages of a dialect, for suites that look at streams and not at SMTP: octets up to the last line's
    end, which is left out.
    """

    kind: ClassVar[str] = "smtp-replies"
    grammar: ClassVar[str] = ReplyFramer.grammar

    @property
    def pattern(self) -> bytes:
        return ReplyFramer.pattern

    def encode(self, payload: bytes) -> bytes:
        """The reply, whose last line ends here."""
        return payload + CRLF

    def framer(self, limit: int = MESSAGE_LIMIT) -> Framer:
        """A reader of whole replies."""
        return _Replies(self, limit)

    def describe(self) -> str:
        """How replies are framed, in words."""
        return "SMTP replies"


class _Replies(Framer):
    def _find(self) -> Found | None:
        if self._data.find(b"\n", self._searched) < 0:
            return None
        found = re.match(ReplyFramer.pattern, self._data)
        self._searched = 0 if found else len(self._data)
        return Found(found.end(), found[0].rstrip(CRLF)) if found else None


def _goes_on(line: RawLine) -> bool:
    return re.match(rb"[0-9]{3}-", line.text) is not None


def parse_reply(lines: Sequence[RawLine]) -> Reply:
    """The value of the lines of one reply (at least one line), with every deviation from RFC 5321 4.2."""
    deviations: list[str] = []
    codes: list[bytes] = []
    texts: list[bytes] = []
    for line in lines:
        found = _REPLY_LINE.fullmatch(line.text)
        if found is None:
            deviations.append("no three-digit code")
            texts.append(line.text)
            continue
        codes.append(found["code"])
        texts.append(found["text"])
        deviations += _line_deviations(line, found)
    if len(set(codes)) > 1:
        deviations.append("different codes in one reply")
    if len(lines) >= REPLY_LINES:
        deviations.append(f"more than {REPLY_LINES - 1} lines")
    framed = len(codes) == len(lines)
    return Reply(
        int(codes[-1]) if framed else None, tuple(texts), b"".join(line.raw for line in lines), tuple(deviations)
    )


def _line_deviations(line: RawLine, found: re.Match[bytes]) -> list[str]:
    deviations = []
    if line.end == b"\n":
        deviations.append("bare LF")
    if b"\r" in line.text:
        deviations.append("bare CR")
    if not _REPLY_CODE.fullmatch(found["code"]):
        deviations.append("code out of range")
    if not found["mark"]:
        deviations.append("bare code" if not found["text"] else "no space after the code")
    if not _TEXTSTRING.fullmatch(found["text"].replace(b"\r", b"")):
        deviations.append("text outside HT and printable ASCII")
    if len(line.raw) + line.dropped > 512:
        deviations.append("longer than 512 octets")
    if line.dropped:
        deviations.append(f"longer than {LINE_LIMIT} octets")
    return deviations


# status-code = class "." subject "." detail, followed by text; class = "2"/"4"/"5"   (RFC 2034 4, RFC 3463 2)
_ENHANCED = re.compile(rb"([245])\.[0-9]{1,3}\.[0-9]{1,3}(?= |\Z)")


def enhanced_code(line: bytes) -> str | None:
    """The enhanced status code that the text of a reply line begins with, such as `5.1.1`."""
    found = _ENHANCED.match(line)
    return found[0].decode() if found else None


@dataclass(frozen=True)
class Offer:
    """What an EHLO reply offers (RFC 5321 4.1.1.1): the server's name, and each keyword with its parameters."""

    domain: str
    keywords: dict[str, tuple[str, ...]]

    def __contains__(self, keyword: object) -> bool:
        return isinstance(keyword, str) and keyword.upper() in self.keywords


def parse_offer(reply: Reply) -> Offer:
    """The offer in a positive EHLO reply; keywords in upper case, `AUTH=` read as AUTH, oddities left as they are."""
    first = reply.lines[0].decode("latin-1").split()
    keywords: dict[str, tuple[str, ...]] = {}
    for line in reply.lines[1:]:
        words = line.decode("latin-1").replace("=", " ", 1 if line[:5].upper() == b"AUTH=" else 0).split()
        if words:
            keywords[words[0].upper()] = keywords.get(words[0].upper(), ()) + tuple(words[1:])
    return Offer(first[0] if first else "", keywords)


def stuffed(content: bytes) -> bytes:
    """A message as DATA carries it (RFC 5321 4.5.2): dots doubled at line starts, CRLF and a dot at the end."""
    content = re.sub(rb"(\A|\r\n)\.", rb"\1..", content)
    return content + (b"" if not content or content.endswith(CRLF) else CRLF) + END_OF_DATA

"""Messages taken apart: header fields, media types, and where each part begins and ends (RFC 2045, 2046, 5322 2.2).

Octets are never changed, only found. Whatever a message says, the work is bounded: so many levels, so many parts.
Python's own parser does not tell places, so it is of no use here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

DEPTH = 50  # levels of parts
PARTS = 5000  # of one message
FIELD_LIMIT = 20_000  # fields of one header that are looked at

_HEADER_END = re.compile(rb"(?:\A|\r?\n)\r?\n")
# optional-field = field-name ":" unstructured CRLF; obs-optional allows white space before the colon  (RFC 5322 3.6.8)
_FIELD = re.compile(rb"^([!-9;-~]+)[ \t]*:([^\n]*(?:\n[ \t][^\n]*)*)(?:\n|\Z)", re.MULTILINE)
_LINE_END = re.compile(rb"\r?\n")
# token = 1*<any CHAR except SPACE, CTLs, or tspecials>   (RFC 2045 5.1)
_TOKEN = re.compile(rb"[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]+")
_QUOTED = re.compile(rb'"((?:[^"\\]|\\.)*)"', re.DOTALL)


@dataclass(frozen=True)
class MediaType:
    """A media type, in capitals, and its parameters as they were written."""

    major: bytes = b"TEXT"
    minor: bytes = b"PLAIN"
    params: tuple[tuple[bytes, bytes], ...] = ()

    def param(self, name: bytes) -> bytes | None:
        """The value of a parameter."""
        return next((value for key, value in self.params if key.upper() == name), None)


PLAIN = MediaType(params=((b"CHARSET", b"US-ASCII"),))
MESSAGE = MediaType(b"MESSAGE", b"RFC822")


@dataclass
class Part:
    """A message, or a part of one: content[start:body] is its header with the blank line, content[body:end] its body.

    parts: of a multipart. message: inside a message/rfc822.
    """

    content: bytes
    start: int
    body: int
    end: int
    media: MediaType = PLAIN
    fields: list[tuple[bytes, bytes]] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    message: Part | None = None

    @property
    def header_octets(self) -> bytes:
        """The header, blank line and all."""
        return self.content[self.start : self.body]

    @property
    def body_octets(self) -> bytes:
        """What is behind the blank line."""
        return self.content[self.body : self.end]

    @property
    def octets(self) -> bytes:
        """All of it."""
        return self.content[self.start : self.end]

    def value(self, name: bytes) -> bytes | None:
        """The first field of a name (in lower case), unfolded."""
        return next((unfolded(value) for key, value in self.fields if key.lower() == name), None)


class Parser:
    """Takes a message apart. A subclass that is wrong on purpose replaces a method."""

    def __init__(self, depth: int = DEPTH) -> None:
        self.depth = depth
        self.count = 0

    def parse(self, content: bytes) -> Part:
        """A whole message."""
        return self.part(content, 0, len(content), PLAIN, 0)

    def part(self, content: bytes, start: int, end: int, default: MediaType, level: int) -> Part:
        """What stands between two places."""
        self.count += 1
        body = self.header_end(content, start, end)
        found = Part(content, start, body, end, fields=list(fields(content[start:body])))
        found.media = media_type(found.value(b"content-type"), default)
        if level >= self.depth:
            found.media = PLAIN if found.media.major in (b"MULTIPART", b"MESSAGE") else found.media
        elif found.media.major == b"MULTIPART":
            self.take_apart(found, level)
        elif is_message(found.media):
            found.message = self.part(content, body, end, PLAIN, level + 1)
        return found

    def header_end(self, content: bytes, start: int, end: int) -> int:
        """Where the body begins; all is header where there is no blank line."""
        if content[start : start + 2] == b"\r\n":
            return min(start + 2, end)
        if content[start : start + 1] == b"\n":
            return min(start + 1, end)
        found = _HEADER_END.search(content, start, end)
        return found.end() if found else end

    def take_apart(self, found: Part, level: int) -> None:
        """The parts of a multipart; without any it is plain text (RFC 2046 5.1.1 wants at least one)."""
        boundary = found.media.param(b"BOUNDARY")
        default = MESSAGE if found.media.minor == b"DIGEST" else PLAIN
        for start, end in self.pieces(found, boundary) if boundary else ():
            if self.count < PARTS:
                found.parts.append(self.part(found.content, start, end, default, level + 1))
        if not found.parts:
            found.media = PLAIN

    def pieces(self, found: Part, boundary: bytes) -> Iterator[tuple[int, int]]:
        """Where each part begins and ends."""
        begin = None
        # the line end before the first delimiter may be that of the blank line
        for delimiter in self.delimiter(boundary).finditer(found.content, max(found.start, found.body - 2), found.end):
            if begin is not None:
                stop = self.piece_end(delimiter)
                yield min(begin, stop), stop
            if delimiter.group("close"):
                return
            begin = min(self.line_behind(found.content, delimiter.end()), found.end)
        if begin is not None:
            yield begin, found.end

    def piece_end(self, delimiter: re.Match[bytes]) -> int:
        """Where the part before a delimiter ends: the line end before the delimiter is the delimiter's."""
        return delimiter.start()

    def line_behind(self, content: bytes, place: int) -> int:
        """Where the next line begins."""
        return place + {b"\r\n": 2, b"\n": 1}.get(content[place : place + 2], 1 if content[place : place + 1] else 0)

    # delimiter := CRLF "--" boundary; transport-padding := *LWSP-char   (RFC 2046 5.1.1)
    def delimiter(self, boundary: bytes) -> re.Pattern[bytes]:
        """A line between parts, without its end."""
        return re.compile(rb"(?:^|\r?\n)--" + re.escape(boundary) + rb"(?P<close>--)?[ \t]*(?=\r?\n|\Z)")


def is_message(media: MediaType) -> bool:
    """Whether a part is a message of its own."""
    return (media.major, media.minor) == (MESSAGE.major, MESSAGE.minor)


def fields(header: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(name, value) of each field, the value with its folds; lines that are no fields are passed over."""
    for count, found in enumerate(_FIELD.finditer(header)):
        if count >= FIELD_LIMIT:
            return
        yield found.group(1), found.group(2)


def field_octets(header: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(name, all octets) of each field with its folds and line end, and of what is none, under no name."""
    place = 0
    for found in _FIELD.finditer(header):
        if found.start() > place:
            yield b"", header[place : found.start()]
        yield found.group(1), found.group()
        place = found.end()


def unfolded(value: bytes) -> bytes:
    """A value without line ends and the white space around it (RFC 5322 2.2.3)."""
    return re.sub(rb"\r?\n(?=[ \t])|[\r\n]", b"", value).strip(b" \t")


def lines_in(octets: bytes) -> int:
    """How many lines: a last one without its end counts."""
    return len(_LINE_END.findall(octets)) + bool(octets and not octets.endswith(b"\n"))


# content := "Content-Type" ":" type "/" subtype *(";" parameter)   (RFC 2045 5.1)
def media_type(value: bytes | None, default: MediaType) -> MediaType:
    """What a Content-Type field says; what cannot be read is plain text (RFC 2045 5.2)."""
    if value is None:
        return default
    kind, params = with_params(value)
    found = re.fullmatch(rb"(%s)[ \t]*/[ \t]*(%s)" % (_TOKEN.pattern, _TOKEN.pattern), kind)
    if found is None:
        return PLAIN
    major, minor = found.group(1).upper(), found.group(2).upper()
    if (major, minor) == (b"TEXT", b"PLAIN") and not params:
        return PLAIN
    return MediaType(major, minor, params)


def with_params(value: bytes) -> tuple[bytes, tuple[tuple[bytes, bytes], ...]]:
    """A value, and the parameters behind its semicolons, as they were written (RFC 2045 5.1, RFC 2183 2)."""
    head, *rest = _split(without_comments(value))
    params = []
    for piece in rest[:100]:
        name, equals, text = piece.partition(b"=")
        name, text = name.strip(), text.strip()
        quoted = _QUOTED.match(text)
        if equals and _TOKEN.fullmatch(name):
            params.append((name.upper(), re.sub(rb"\\(.)", rb"\1", quoted.group(1)) if quoted else text))
    return head.strip(), tuple(params)


def _split(value: bytes) -> list[bytes]:
    # at semicolons that stand in no quotes
    pieces = [bytearray()]
    for token in re.finditer(rb'"(?:[^"\\]|\\.)*"|[^;"]+|.', value, re.DOTALL):
        if token.group() == b";":
            pieces.append(bytearray())
        else:
            pieces[-1] += token.group()
    return [bytes(piece) for piece in pieces]


def without_comments(value: bytes) -> bytes:
    """A structured value without its comments (RFC 5322 3.2.2)."""
    kept, depth = bytearray(), 0
    for token in re.finditer(rb'"(?:[^"\\]|\\.)*"|\\.|[()]|[^()"\\]+|.', value, re.DOTALL):
        octets = token.group()
        if octets == b"(":
            depth += 1
        elif octets == b")" and depth:
            depth -= 1
        elif not depth:
            kept += octets
    return bytes(kept)


def find(root: Part, numbers: list[int]) -> Part | None:
    """The part of these numbers (RFC 9051 6.4.5.1), or None."""
    here: Part | None = root
    inside = True  # `here` is a message, whose numbers are those of its parts
    for number in numbers:
        if here is None:
            return None
        if not inside and here.message is not None:
            here, inside = here.message, True
        if here.parts:
            here = here.parts[number - 1] if 0 < number <= len(here.parts) else None
        elif not inside or number != 1:
            return None
        inside = False
    return here

"""Framing: where a head ends, how long a body is, and chunks (RFC 9112 2.2, 6, 7).

`Framing` cuts what arrives, however it was cut before, and hands out `on_head` and `on_message`. Memory is bounded in
every stage. It must not know what is asked for, nor how it is answered.
"""

from __future__ import annotations

import re
from dataclasses import replace
from enum import Enum

from pytest_netconform.reference_servers.http.heads import Heads
from pytest_netconform.reference_servers.http.request import VERSION_11, Field, Refusal, Request, list_members

_QUOTED = rb'"(?:[\t !#-\[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"'
_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
# RFC 9112 7.1.1; the blanks are BWS
EXTENSIONS = re.compile(rb"(?:[ \t]*;[ \t]*" + _TOKEN + rb"(?:[ \t]*=[ \t]*(?:" + _TOKEN + rb"|" + _QUOTED + rb"))?)*")
CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]+")
LENGTH = re.compile(rb"[0-9]+")
DIGITS = 18  # significant digits that a number may have; what is longer is too large anyway
WAITING = 1 << 20  # octets that wait while an answer is under way
UNKNOWN = 1 << 62  # a length beyond every limit


class Stage(Enum):
    """What the next octets are."""

    HEAD = "a head"
    COUNTED = "a body of known length"
    CHUNK_SIZE = "the first line of a chunk"
    CHUNK_DATA = "the data of a chunk"
    CHUNK_END = "the end of a chunk"
    TRAILERS = "trailer lines"
    BUSY = "waiting for an answer that is under way"
    UPGRADED = "another protocol"
    NOTHING = "not read any more"


class Framing(Heads):
    """Octets to requests."""

    #: what ends a head: an empty line; a bare LF is seen here, and refused later (RFC 9112 2.2)
    head_end: re.Pattern[bytes] = re.compile(rb"\n\r?\n")
    head_overlap: int = 2  # octets of an end that may have arrived already

    def __init__(self) -> None:
        super().__init__()
        self.stage = Stage.HEAD
        self.head: Request | None = None  # of the request that is being read or answered
        self.flooded = False  # more arrived during an answer than is kept: nothing can be read behind it
        self.only_head = False  # the request under way is HEAD, as far as anybody can see
        self._input = bytearray()
        self._searched = 0
        self._previewed = False
        self._body = bytearray()
        self._remaining = 0
        self._overhead = 0  # octets of chunk lines
        self._trailers: list[bytes] = []
        self._trailer_octets = 0

    # what comes out

    def on_head(self, head: Request, length: int | None) -> None:
        """A head is complete; its body (None: chunked) follows."""

    def on_message(self, request: Request) -> None:
        """A request is complete."""

    def on_upgraded(self, data: bytes) -> None:
        """Octets of another protocol."""

    def reject(self, refusal: Refusal) -> None:
        """A request that cannot be framed, or whose body is not wanted: nothing behind it is read."""

    # the loop

    def on_data(self, data: bytes) -> None:
        self._input += data
        self.digest()

    def digest(self) -> None:
        """Take whatever is complete."""
        try:
            while self._take():
                pass
        except Refusal as refusal:
            self.reject(refusal)
        if self.stage is Stage.NOTHING:
            self._input.clear()
        elif self.stage is Stage.BUSY and len(self._input) > WAITING:
            self._input.clear()
            self.flooded = True

    def _take(self) -> bool:
        """One step; False when more octets are needed, or none are wanted."""
        if self.stage is Stage.HEAD:
            return self.take_head()
        if self.stage in (Stage.COUNTED, Stage.CHUNK_DATA):
            return self.take_data()
        if self.stage is Stage.CHUNK_SIZE:
            return self.take_chunk_size()
        if self.stage is Stage.CHUNK_END:
            return self.take_chunk_end()
        if self.stage is Stage.TRAILERS:
            return self.take_trailer()
        if self.stage is Stage.UPGRADED and self._input:
            data = bytes(self._input)
            self._input.clear()
            self.on_upgraded(data)
        return False

    @property
    def pending(self) -> bool:
        """Whether a request has begun to arrive."""
        return self.stage not in (Stage.HEAD, Stage.BUSY, Stage.UPGRADED, Stage.NOTHING) or bool(self._input)

    # heads

    def take_head(self) -> bool:
        """The next head, if it is all there."""
        self.skip_blank_lines()
        self.only_head = self._input.startswith(b"HEAD ")
        end = self.find_head_end()
        self.check_line_size(self._input.find(b"\n", 0, self.line_limit() + 2))
        if end is None:
            self.check_head_size(len(self._input))
            self._preview()
            return False
        self.check_head_size(end)
        head = bytes(self._input[:end])
        self._consume(end)
        self.begin(self.parse_head(self._lines_of(head)))
        return True

    def _lines_of(self, head: bytes) -> list[bytes]:
        try:
            return self.split_head(head)
        except Refusal:
            # what arrives line by line is refused for its first line first
            self.preview_request_line(head.partition(b"\n")[0])
            raise

    def skip_blank_lines(self) -> None:
        """Empty lines before a request line are passed over (RFC 9112 2.2)."""
        while self._input.startswith(b"\r\n"):
            self._consume(2)

    def find_head_end(self) -> int | None:
        """How many octets the head takes with its empty line; None when that has not arrived."""
        match = self.head_end.search(self._input, self._searched)
        if match is None:
            self._searched = max(0, len(self._input) - self.head_overlap)
        return None if match is None else match.end()

    def split_head(self, head: bytes) -> list[bytes]:
        """The lines of a head without their ends, and without the empty one: only CR LF ends a line."""
        lines = [self.line_content(line) for line in head.split(b"\n")[:-1]]
        return lines[:-1] if len(lines) > 1 and not lines[-1] else lines

    def line_content(self, line: bytes) -> bytes:
        """A line that ended in LF: CR stands before it, and nowhere else (RFC 9112 2.2)."""
        if not line.endswith(b"\r"):
            raise Refusal(400, "LF without CR")
        if b"\r" in line[:-1]:
            raise Refusal(400, "CR without LF")
        return line[:-1]

    def preview_request_line(self, line: bytes) -> None:
        """The request line has arrived and the head has not: what is wrong with it now stays wrong."""
        self.parse_request_line(self.line_content(line))

    def line_limit(self) -> int:
        """Octets of the longest request line."""
        return self.config.line

    def head_limit(self) -> int:
        """Octets of all field lines."""
        return self.config.head

    def check_line_size(self, end: int) -> None:
        """A request line has an end within the limit (RFC 9112 3)."""
        if end > self.line_limit() or (end < 0 and len(self._input) > self.line_limit() + 1):
            self.on_long_line()

    def on_long_line(self) -> None:
        """It has not: the target is too long, whatever else is (RFC 9110 15.5.15). What came of it is forgotten."""
        self._input.clear()
        raise Refusal(414, "The request line is too long")

    def check_head_size(self, octets: int) -> None:
        """Field lines are bounded altogether (RFC 9110 5.4, RFC 6585 5)."""
        line = self._input.find(b"\n", 0, self.line_limit() + 2) + 1
        if line and octets - line > self.head_limit():
            self.preview_request_line(bytes(self._input[: line - 1]))
            self._input.clear()
            raise Refusal(431, "The fields are too large")

    def _preview(self) -> None:
        if not self._previewed and b"\n" in self._input:
            self._previewed = True
            self.preview_request_line(bytes(self._input[: self._input.index(b"\n")]))

    def _consume(self, octets: int) -> None:
        del self._input[:octets]
        self._searched, self._previewed = 0, False

    # how long a body is

    def begin(self, head: Request) -> None:
        """A head is there: read its body next, if the head is not refused."""
        self.head = head
        self.only_head = head.method == "HEAD"
        self._body, self._trailers, self._overhead, self._trailer_octets = bytearray(), [], 0, 0
        length = self.body_length(head)
        self.check_body_size(length or 0)
        self.stage = Stage.CHUNK_SIZE if length is None else Stage.COUNTED
        self._remaining = length or 0
        self.on_head(head, length)

    def body_length(self, head: Request) -> int | None:
        """Octets of the body, whatever the method; None: it is chunked (RFC 9112 6.3)."""
        lengths, codings = head.values("content-length"), head.values("transfer-encoding")
        if not codings:
            return self.content_length(lengths) if lengths else self.length_unsaid(head)
        self.check_both(lengths)
        self.check_coding_version(head)
        self.check_codings(self.transfer_codings(codings))
        return None

    def length_unsaid(self, head: Request) -> int:
        """Without either field a request has no body (RFC 9112 6.3 rule 7)."""
        return 0

    def check_both(self, lengths: list[bytes]) -> None:
        """Transfer-Encoding beside Content-Length is an attack or a mistake (RFC 9112 6.1, 6.3)."""
        if lengths:
            raise Refusal(400, "Content-Length and Transfer-Encoding in one request")

    def check_coding_version(self, head: Request) -> None:
        """HTTP/1.0 knows no transfer codings (RFC 9112 6.1)."""
        if head.version < VERSION_11:
            raise Refusal(400, "Transfer-Encoding in HTTP/1.0")

    def transfer_codings(self, values: list[bytes]) -> list[bytes]:
        """The codings of all lines, in their order; names have no case (RFC 9112 7)."""
        return [self.coding_name(member) for member in list_members(values)]

    def coding_name(self, member: bytes) -> bytes:
        """A coding as it is compared."""
        return member.lower()

    def check_codings(self, codings: list[bytes]) -> None:
        """Chunked comes last and once; nothing else is understood (RFC 9112 6.1, 6.3)."""
        if not self.is_chunked(codings):
            raise Refusal(400, "Chunked is not the last transfer coding")
        if len(codings) > 1:
            status = 400 if b"chunked" in codings[:-1] else 501
            raise Refusal(status, "Chunked is the one transfer coding that is understood, and once")

    def is_chunked(self, codings: list[bytes]) -> bool:
        """Whether the body ends itself."""
        return codings[-1:] == [b"chunked"]

    def content_length(self, values: list[bytes]) -> int:
        """The one length that all lines say (RFC 9110 8.6)."""
        members = self.length_members(values)
        if len(members) != 1:
            raise Refusal(400, "Content-Length is not one number")
        return self.parse_length(members[0])

    def length_members(self, values: list[bytes]) -> list[bytes]:
        """What the lines hold; a list, even of equal numbers, is more than one."""
        return [member for value in values for member in value.split(b",")]

    def parse_length(self, text: bytes) -> int:
        """ASCII digits and nothing else."""
        if not LENGTH.fullmatch(text):
            raise Refusal(400, "Content-Length is no number")
        return int(text) if len(text.lstrip(b"0")) <= DIGITS else UNKNOWN

    def check_body_size(self, octets: int) -> None:
        """What is too large is not read (RFC 9110 15.5.14)."""
        if octets > self.config.body:
            raise Refusal(413, f"More than {self.config.body} octets")

    # bodies

    def take_data(self) -> bool:
        """Octets of a counted body or of a chunk."""
        data = self._input[: self._remaining]
        self._remaining -= len(data)
        self._body += data
        self._consume(len(data))
        if self._remaining:
            return False
        if self.stage is Stage.COUNTED:
            self.complete()
        else:
            self.stage = Stage.CHUNK_END
        return True

    def take_chunk_size(self) -> bool:
        """The line before a chunk."""
        line = self.chunk_line()
        if line is None:
            return False
        self.count_overhead(len(line))
        size = self.chunk_size(line)
        if self.is_last_chunk(size):
            self.on_last_chunk()
            return True
        self.check_body_size(len(self._body) + size)
        self._remaining = size
        self.stage = Stage.CHUNK_DATA
        return True

    def chunk_line(self) -> bytes | None:
        """A chunk's first line without its end; None while it has none."""
        line = self._line(self.chunk_line_limit(), 400, "The line of a chunk is too long")
        return None if line is None else self.chunk_line_content(line)

    def chunk_line_content(self, line: bytes) -> bytes:
        """CR LF ends the line of a chunk (RFC 9112 7.1: the leave of 2.2 does not reach here)."""
        return self.line_content(line)

    def chunk_line_limit(self) -> int:
        """Octets of a size with its extensions."""
        return self.config.chunk_line

    def count_overhead(self, octets: int) -> None:
        """What is no data is bounded too: tiny chunks with long extensions."""
        self._overhead += octets
        if self._overhead > self.config.body:
            raise Refusal(413, "The lines of the chunks are too large")

    def chunk_size(self, line: bytes) -> int:
        """The size; extensions are understood so far as to be passed over (RFC 9112 7.1, 7.1.1)."""
        size, extensions = self.split_chunk_line(line)
        self.check_extensions(extensions)
        return self.parse_chunk_size(size)

    def split_chunk_line(self, line: bytes) -> tuple[bytes, bytes]:
        """Size, and the extensions with what stands before their semicolon."""
        place = line.find(b";")
        size = line if place < 0 else line[:place].rstrip(b" \t")
        return size, line[len(size) :]

    def check_extensions(self, extensions: bytes) -> None:
        """Semicolon, name, perhaps a value, with blanks around each (RFC 9112 7.1.1)."""
        if not EXTENSIONS.fullmatch(extensions):
            raise Refusal(400, "The extensions of a chunk are malformed")

    def parse_chunk_size(self, text: bytes) -> int:
        """Hexadecimal digits and nothing else."""
        if not CHUNK_SIZE.fullmatch(text):
            raise Refusal(400, "The size of a chunk is no number")
        return int(text, 16) if len(text.lstrip(b"0")) <= DIGITS else UNKNOWN

    def is_last_chunk(self, size: int) -> bool:
        """However many zeros it is written with."""
        return size == 0

    def on_last_chunk(self) -> None:
        """Trailer lines follow, and an empty one (RFC 9112 7.1.2)."""
        self.stage = Stage.TRAILERS

    def take_chunk_end(self) -> bool:
        """The CR LF behind the data of a chunk."""
        end = bytes(self._input[:2])
        self.check_chunk_end(end)
        if len(end) < 2:
            return False
        self._consume(2)
        self.stage = Stage.CHUNK_SIZE
        return True

    def check_chunk_end(self, octets: bytes) -> None:
        """Two octets, or as many as there are."""
        if not b"\r\n".startswith(octets):
            raise Refusal(400, "The data of a chunk does not end where its size says")

    # trailers

    def take_trailer(self) -> bool:
        """The next trailer line, or the empty one that ends the message."""
        raw = self._line(self.head_limit(), 431, "A trailer is too long")
        if raw is None:
            return False
        line = self.line_content(raw)
        if not line:
            self.complete()
            return True
        self._trailers.append(line)
        self._trailer_octets += len(line)
        self.check_trailers(len(self._trailers), self._trailer_octets)
        return True

    def check_trailers(self, lines: int, octets: int) -> None:
        """Trailers are bounded as fields are."""
        if lines > self.config.fields or octets > self.head_limit():
            raise Refusal(431, "The trailers are too large")

    def with_trailers(self, request: Request, trailers: tuple[Field, ...]) -> Request:
        """Trailers are no header fields, whatever they are called (RFC 9110 6.5.1)."""
        return replace(request, trailers=trailers)

    def complete(self) -> None:
        """The message has ended."""
        assert self.head is not None
        trailers = self.parse_fields(self.unfold(self._trailers))
        request = self.with_trailers(replace(self.head, body=bytes(self._body)), trailers)
        self._body, self._trailers = bytearray(), []
        self.stage = Stage.HEAD
        self.on_message(request)

    def _line(self, limit: int, status: int, why: str) -> bytes | None:
        """The next line, up to its LF, which is consumed; None while there is none. Refusal where it is too long."""
        end = self._input.find(b"\n", self._searched, limit + 2)
        if end < 0 and len(self._input) > limit + 1:
            raise Refusal(status, why)
        if end < 0:
            self._searched = len(self._input)
            return None
        line = bytes(self._input[:end])
        self._consume(end + 1)
        return line

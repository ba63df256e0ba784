"""HTTP/1.1 responses on the wire (RFC 9112): octets to values, framed exactly, counted, and kept in step.

How long a response is depends on the method that it answers (HEAD, CONNECT), so the framer is told what was asked. What
breaks a rule is still a value, with its breaches named by section; what cannot be framed says so. Pure: no socket and
no clock. What stands inside of fields is read elsewhere (`http_fields`).
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
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
# where octets that are no response end, and the next one begins
_NEXT = re.compile(rb"HTTP/[0-9]\.[0-9] [0-9]{3}[ \r\n]")
_BEGIN = re.compile(rb"HTTP/", re.IGNORECASE)
_LINES = re.compile(rb"[^\n]*\n|[^\n]+")
_HEAD_END = re.compile(rb"\n\r?\n")
# reason-phrase = 1*( HTAB / SP / VCHAR / obs-text )   (RFC 9112 4); field-content likewise (RFC 9110 5.5)
_TEXT = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
# token = 1*tchar   (RFC 9110 5.6.2)
TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_DIGITS = re.compile(rb"[0-9]+")
# chunk-size = 1*HEXDIG; chunk-ext = *( BWS ";" BWS name [ BWS "=" BWS value ] )   (RFC 9112 7.1)
_QUOTED = rb'"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*"'
_EXTENSION = rb"[ \t]*;[ \t]*" + TOKEN.pattern + rb"(?:[ \t]*=[ \t]*(?:" + TOKEN.pattern + rb"|" + _QUOTED + rb"))?"
_CHUNK = re.compile(rb"(?P<size>[0-9A-Fa-f]+)(?P<extension>(?:" + _EXTENSION + rb")*)")
_NEARLY_CHUNK = re.compile(rb"[ \t]*(?P<size>[0-9A-Fa-f]{1,32})[ \t]*(?:;.*)?", re.DOTALL)


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


@dataclass(frozen=True)
class Limits:
    """What a response may cost: octets of its head, of a line between chunks, of its body; and how many 1xx."""

    head: int = 1 << 20
    line: int = 1 << 16
    body: int = 1 << 27
    interim: int = 200


class ResponseFramer:
    """Feed octets, tell what was asked, take responses (RFC 9112 6.3). `ended` tells it that the connection did."""

    #: where a response that cannot be framed is judged
    grammar = "HTTP-9112-5-response-grammar"
    #: for a reproducer, which counts no octets: a head, behind what is left of the body before it
    pattern = rb"(?s:.*?)HTTP/1\.[^\n]*\n(?:[^\r\n][^\n]*\n)*\r?\n"

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._data = bytearray()
        self._methods: deque[str] = deque()
        self._interim = 0
        self._searched = 0
        self._over = False
        self._tunnel = False
        self.stuck = False  # a limit was met: nothing more is kept, and nothing more is a response
        self._part: _Part | None = None  # the response whose body is being read

    def asked(self, *methods: str) -> None:
        """Requests with these methods were sent, in this order; what nobody asked for is read as the answer to GET."""
        self._methods += methods

    def feed(self, data: bytes) -> None:
        """Add octets."""
        if not self.stuck:
            self._data += data

    def ended(self) -> None:
        """There will be no more octets: what the close delimits is whole now, and what it cuts short is a value."""
        self._over = True

    def next(self) -> Response | None:
        """The next whole response, or None while it is not complete."""
        if self._part is None and not self._begin():
            return self._leftovers() if self._over else None
        assert self._part is not None
        if not self._part.read(self._data, self._limits, over=self._over):
            return None
        self.stuck = self.stuck or self._part.endless
        found, self._part = self._part.value(self._data), None
        return self._counted(found)

    def rest(self) -> bytes:
        """What arrived and is no whole response yet."""
        return bytes(self._data)

    # -- where a response begins

    def _begin(self) -> bool:
        """Whether a whole head is there; then it is a part."""
        if self._tunnel or self.stuck or not self._data:
            return False
        if not _BEGIN.match(self._data[:5]) and (len(self._data) >= 5 or not b"HTTP/".startswith(self._data[:5])):
            return self._pass_over()
        end = _HEAD_END.search(self._data, max(0, self._searched - 3))
        if end is None:
            self._searched = len(self._data)
            if len(self._data) > self._limits.head:
                return self._give_up(f"a head that has no end after {self._limits.head} octets")
            return False
        if end.end() > self._limits.head:
            return self._give_up(f"a head of more than {self._limits.head} octets")
        self._searched = 0
        self._part = _opened(bytes(self._data[: end.end()]), self._methods[0] if self._methods else "GET")
        return True

    def _pass_over(self) -> bool:
        """Octets that are no response: up to where one begins."""
        found = _NEXT.search(self._data, self._searched)
        if found is None:
            self._searched = max(0, len(self._data) - 16)
            if len(self._data) > self._limits.body:
                return self._give_up(f"no response in {self._limits.body} octets")
            return False
        self._searched = 0
        octets = bytes(self._data[: found.start()])
        if not octets.strip(CRLF):
            return self._behind_empty_lines(octets)
        self._part = _garbage(octets, "no response")
        return True

    def _behind_empty_lines(self, octets: bytes) -> bool:
        """Empty lines before a status line belong to nothing; they are a breach of what follows them."""
        del self._data[: len(octets)]
        begun = self._begin()
        self._data[:0] = octets
        self._searched = 0  # it was counted without them
        if begun and self._part is not None:
            self._part.preceded(octets)
        return begun

    def _give_up(self, why: str) -> bool:
        self._part = _garbage(bytes(self._data), why)
        self.stuck = True
        return True

    def _leftovers(self) -> Response | None:
        """What had arrived when the connection ended, and is no response: an HTTP/0.9 body, or half a head."""
        if not self._data or self._tunnel:
            return None
        octets = bytes(self._data)
        self._data.clear()
        why = "half a head, then the close" if _BEGIN.match(octets) else "no status line"
        return self._counted(_garbage(octets, why).response)

    def _counted(self, found: Response) -> Response:
        self._searched = 0
        if found.status and not found.final:
            self._interim += 1
            if self._interim > self._limits.interim:
                self.stuck = True
                self._data.clear()
                return replace(found, problem=f"more than {self._limits.interim} interim responses")
            return found
        if found.status:
            self._interim = 0
            if self._methods:
                self._methods.popleft()
            self._tunnel = found.framing is Framing.TUNNEL
        return found


@dataclass
class _Part:
    """A response whose head is there, and how far its body has been read."""

    head: bytes
    response: Response
    length: int = 0
    at: int = 0  # the first octet that has not been looked at, counted from the head's first
    body: bytearray = field(default_factory=bytearray)
    sizes: list[int] = field(default_factory=list)
    breaches: list[Breach] = field(default_factory=list)
    trailer: int = 0  # where the trailers begin; 0: not there yet
    owed: int = -1  # octets of the chunk that is being read; -1: its size line comes first
    complete: bool = True
    problem: str = ""
    endless: bool = False
    trailers: Fields = Fields()

    def preceded(self, octets: bytes) -> None:
        """Empty lines stood before the head."""
        self.head = octets + self.head
        self.at += len(octets)
        self.breaches.append(Breach("RFC 9112 2.1", "octets before the status line", octets))

    def read(self, data: bytearray, limits: Limits, *, over: bool) -> bool:
        """Look at what arrived: whether the response ends there."""
        if self.problem or self.response.problem:
            return True
        ended = self._READ[self.response.framing](self, data, limits)
        if ended or not over:
            return ended
        if self.response.framing is not Framing.CLOSE:
            self.complete = False
            self.breaches.append(Breach("RFC 9112 8", "cut short by the close"))
        self.at = len(data)
        return True

    def _read_nothing(self, data: bytearray, limits: Limits) -> bool:
        return True

    def _read_length(self, data: bytearray, limits: Limits) -> bool:
        if len(data) >= len(self.head) + self.length:
            self.at = len(self.head) + self.length
            return True
        return self._too_long(len(data) - len(self.head), limits)

    def _read_all(self, data: bytearray, limits: Limits) -> bool:
        return self._too_long(len(data) - len(self.head), limits)

    def _too_long(self, octets: int, limits: Limits) -> bool:
        if octets > limits.body:
            self.problem, self.endless = f"a body that has no end after {limits.body} octets", True
            self.at = len(self.head) + octets
        return bool(self.problem)

    def _read_chunks(self, data: bytearray, limits: Limits) -> bool:
        while not self.trailer:
            if not (self._read_size(data, limits) if self.owed < 0 else self._read_chunk(data, limits)):
                return bool(self.problem)
        return self._read_trailers(data, limits)

    def _line(self, data: bytearray, limits: Limits) -> bytes | None:
        """The next line without its end, if it is there."""
        end = data.find(b"\n", self.at, self.at + limits.line)
        if end < 0:
            if len(data) - self.at >= limits.line:
                self._fail(f"a line between chunks that has no end after {limits.line} octets")
            return None
        line = bytes(data[self.at : end + 1])
        self.at = end + 1
        if not line.endswith(CRLF):
            self.breaches.append(Breach("RFC 9112 7.1", "a line between chunks that ends in a bare LF", line))
        return line.removesuffix(b"\n").removesuffix(b"\r")

    def _read_size(self, data: bytearray, limits: Limits) -> bool:
        line = self._line(data, limits)
        if line is None:
            return False
        found = _CHUNK.fullmatch(line)
        if found is None:
            self.breaches.append(Breach("RFC 9112 7.1", "a chunk size that is none", line))
            found = _NEARLY_CHUNK.fullmatch(line)
        if found is None or len(found["size"]) > 32:
            self._fail("a chunk without a size")
            return False
        size = int(found["size"], 16)
        self.sizes.append(size)
        if size:
            self.owed = size
        else:
            self.trailer = self.at
        return True

    def _read_chunk(self, data: bytearray, limits: Limits) -> bool:
        have = min(self.owed, len(data) - self.at)
        self.body += data[self.at : self.at + have]
        self.at += have
        self.owed -= have
        if len(self.body) > limits.body:
            self._fail(f"a body that has no end after {limits.body} octets")
            return False
        if self.owed or len(data) < self.at + 1 or (data[self.at] == 13 and len(data) < self.at + 2):
            return False
        self.owed = -1
        if data[self.at : self.at + 2] == CRLF:
            self.at += 2
        elif data[self.at] == 10:
            self.breaches.append(Breach("RFC 9112 7.1", "a chunk that ends in a bare LF"))
            self.at += 1
        else:
            self._fail("a chunk that goes on behind its size")
            return False
        return True

    def _read_trailers(self, data: bytearray, limits: Limits) -> bool:
        while (line := self._line(data, limits)) is not None:
            if not line:
                lines = bytes(data[self.trailer : self.at])
                self.trailers, more = parse_fields(lines.removesuffix(b"\n").removesuffix(b"\r"))
                self.breaches += more
                return True
            if self.at - self.trailer > limits.head:
                self._fail(f"trailers that have no end after {limits.head} octets")
                break
        return bool(self.problem)

    def _fail(self, why: str) -> None:
        self.problem = why
        self.breaches.append(Breach("RFC 9112 7.1", why))

    def value(self, data: bytearray) -> Response:
        """The response, and its octets taken."""
        raw = bytes(data[: max(self.at, len(self.head))])
        del data[: len(raw)]
        chunked = self.response.framing is Framing.CHUNKED
        return replace(
            self.response,
            head=self.head,
            raw=raw,
            body=self.response.body or bytes(self.body if chunked else raw[len(self.head) :]),
            trailers=self.trailers,
            chunks=tuple(self.sizes),
            complete=self.complete,
            breaches=(*self.response.breaches, *self.breaches),
            problem=self.problem or self.response.problem,
        )

    _READ = {
        Framing.NONE: _read_nothing,
        Framing.TUNNEL: _read_nothing,
        Framing.LENGTH: _read_length,
        Framing.CHUNKED: _read_chunks,
        Framing.CLOSE: _read_all,
    }


def _garbage(octets: bytes, why: str) -> _Part:
    breach = Breach("RFC 9112 4", why, octets[:64])
    response = Response(b"", 0, b"", Fields(), octets, octets, breaches=(breach,), problem=why)
    return _Part(b"", response, at=len(octets))


def _opened(head: bytes, method: str) -> _Part:
    """A head's octets as the beginning of a response to a request with this method."""
    line, _, rest = head.partition(b"\n")
    version, status, reason, breaches = parse_status(line + b"\n")
    fields, more = parse_fields(_without_blank_line(rest))
    framing, length, wrong = frame(version, status, fields, method)
    response = Response(
        version,
        status,
        reason,
        fields,
        b"",
        head,
        head=head,
        method=method,
        framing=framing,
        breaches=(*breaches, *more, *wrong),
        problem="" if status else "a status line without a status",
    )
    return _Part(head, response, length, at=len(head))


def _without_blank_line(octets: bytes) -> bytes:
    return octets.removesuffix(b"\n").removesuffix(b"\r")


def parse_status(line: bytes) -> tuple[bytes, int, bytes, list[Breach]]:
    """The version, status and reason phrase of a status line (RFC 9112 4), and what is wrong about it."""
    breaches = [] if line.endswith(CRLF) else [Breach("RFC 9112 2.2", "a status line that ends in a bare LF", line)]
    text = _without_blank_line(line)
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
        line = _without_blank_line(raw)
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


def responses(octets: bytes, *methods: str, ended: bool = True, limits: Limits | None = None) -> list[Response]:
    """Every response in these octets: what a connection said from its beginning, and, if `ended`, to its end."""
    framer = ResponseFramer(limits)
    framer.asked(*methods)
    framer.feed(octets)
    found = []
    if ended:
        framer.ended()
    while (response := framer.next()) is not None:
        found.append(response)
    return found

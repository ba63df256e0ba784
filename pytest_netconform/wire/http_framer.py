"""The framer of HTTP/1.1 responses (RFC 9112 6, 7, 8): they are cut exactly, counted, and kept in step.

How long a response is depends on the method that it answers (HEAD, CONNECT), so the framer is told what was asked. What
cannot be framed says so, and the next response is found where it begins. Whatever a server sends is bounded: a limit
that is met is the problem of a value. Pure: no socket and no clock.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field, replace

from pytest_netconform.wire.http import (
    CRLF,
    TOKEN,
    Breach,
    Fields,
    Framing,
    Response,
    frame,
    parse_fields,
    parse_status,
    without_end,
)

# where octets that are no response end, and the next one begins
_NEXT = re.compile(rb"HTTP/[0-9]\.[0-9] [0-9]{3}[ \r\n]")
_BEGIN = re.compile(rb"HTTP/", re.IGNORECASE)
_HEAD_END = re.compile(rb"\n\r?\n")
# chunk-size = 1*HEXDIG; chunk-ext = *( BWS ";" BWS name [ BWS "=" BWS value ] )   (RFC 9112 7.1)
_QUOTED = rb'"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*"'
_EXTENSION = rb"[ \t]*;[ \t]*" + TOKEN.pattern + rb"(?:[ \t]*=[ \t]*(?:" + TOKEN.pattern + rb"|" + _QUOTED + rb"))?"
_CHUNK = re.compile(rb"(?P<size>[0-9A-Fa-f]+)(?P<extension>(?:" + _EXTENSION + rb")*)")
_NEARLY_CHUNK = re.compile(rb"[ \t]*(?P<size>[0-9A-Fa-f]{1,32})[ \t]*(?:;.*)?", re.DOTALL)


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
    trailers: Fields = field(default_factory=Fields)

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
    fields, more = parse_fields(without_end(rest))
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

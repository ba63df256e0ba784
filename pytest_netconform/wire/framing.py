"""Framing: how a protocol of one's own cuts a stream of octets into messages, and puts messages on the wire.

One frozen value per way of framing, each with `encode`, a `framer`, a description, and the octets that are wrong in its
own ways. Here stand marks, fixed sizes, whole streams and datagrams; lengths (`lengths.py`) and layers (`layers.py`)
are named here too, so that this is the one door. It must not know what messages mean.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from typing import ClassVar

from pytest_netconform.wire.frames import (
    MESSAGE_LIMIT,
    WRONG,
    Found,
    Frame,
    Framer,
    Framing,
    FramingProblem,
    Wrong,
    short,
)
from pytest_netconform.wire.layers import Checked, Compressed, ZlibStream, base
from pytest_netconform.wire.lengths import Blocks, Netstring, Prefixed, Varint

__all__ = [
    "KINDS",
    "MESSAGE_LIMIT",
    "WRONG",
    "Blocks",
    "Checked",
    "Compressed",
    "Datagram",
    "Delimited",
    "Fixed",
    "Flow",
    "Frame",
    "Framer",
    "Framing",
    "FramingProblem",
    "Lines",
    "Netstring",
    "Prefixed",
    "UntilClose",
    "Varint",
    "Wrong",
    "ZlibStream",
    "base",
]

DATAGRAM_OCTETS = 65507  # of UDP over IPv4: 65535 less the headers (RFC 768, RFC 791)


# -- a mark at the end: questions, sentences


@dataclass(frozen=True)
class Delimited(Framing):
    """Messages that end in `mark`; `kept` when the mark is part of the message (a question and its question mark).

    `escape`, one octet, stands before every octet of a payload that is itself or could begin the mark.
    """

    mark: bytes
    kept: bool = False
    escape: bytes = b""

    kind: ClassVar[str] = "delimited"
    grammar: ClassVar[str] = "FRM-delimiter-split"

    def __post_init__(self) -> None:
        if not self.mark:
            raise FramingProblem("a delimiter needs at least one octet", "mark")
        if len(self.escape) > 1:
            raise FramingProblem(f"an escape is one octet, not {self.escape!r}", "escape")
        if self.escape and self.escape in self.mark:
            raise FramingProblem(f"the escape {self.escape!r} is part of the delimiter {self.mark!r}", "escape")

    @property
    def words(self) -> frozenset[str]:
        return frozenset({"delimited", *(["escaped"] if self.escape else [])})

    @property
    def forbidden(self) -> bytes:
        return b"" if self.escape else self.mark

    @property
    def ending(self) -> bytes:
        return self.mark if self.kept else b""

    @property
    def pattern(self) -> bytes:
        escape = re.escape(self.escape)
        body = rb"(?:%b.|[^%b])*?" % (escape, escape) if escape else rb".*?"
        return b"(?s:" + body + re.escape(self.mark) + b")"

    def encode(self, payload: bytes) -> bytes:
        """The payload, escaped if need be, and the mark (which a kept payload has already)."""
        if self.kept and not payload.endswith(self.mark):
            raise FramingProblem(f"{short(payload)} does not end in {self.mark!r}, which is kept")
        body = payload[: -len(self.mark)] if self.kept else payload
        octets = self._escaped(body) + self.mark
        if not self.escape and octets.find(self.mark) != len(body):
            raise FramingProblem(f"the delimiter {self.mark!r} occurs inside {short(payload)}")
        return octets

    def _escaped(self, body: bytes) -> bytes:
        if not self.escape:
            return body
        special = b"[" + re.escape(self.escape) + re.escape(self.mark[:1]) + b"]"
        return re.sub(special, lambda found: self.escape + found[0], body)

    def framer(self, limit: int = MESSAGE_LIMIT) -> Framer:
        """A reader up to the mark."""
        return _Escaped(self, limit) if self.escape else _Delimited(self, limit)

    def describe(self) -> str:
        """How messages are framed, in words."""
        escape = f", {self.escape!r} in front of what is none" if self.escape else ""
        return f"messages that end in {self.mark!r}{escape}"

    def wrong(self, payload: bytes) -> dict[str, Wrong]:
        """Marks that are missing or unfinished."""
        body = self.encode(payload)[: -len(self.mark)]
        found = {"no-mark": Wrong(body, f"no {self.mark!r} at the end", ended=True)} if body else {}
        if len(self.mark) > 1:
            half = self.mark[:-1]
            found["half-mark"] = Wrong(body + half, f"{half!r} is not yet {self.mark!r}", ended=True)
        if self.escape:
            found["lone-escape"] = Wrong(body + self.escape, "an escape with nothing behind it", ended=True)
        return found


class _Delimited(Framer):
    def __init__(self, framing: Delimited, limit: int) -> None:
        super().__init__(framing, limit)
        self._mark, self._kept = framing.mark, framing.kept

    def _find(self) -> Found | None:
        place = self._data.find(self._mark, self._searched)
        if place < 0:
            self._searched = max(0, len(self._data) - len(self._mark) + 1)
            return None
        end = place + len(self._mark)
        return Found(end, self._octets(0, end if self._kept else place))


class _Escaped(Framer):
    """Reads on from `_searched`, before which every escape has met its octet."""

    def __init__(self, framing: Delimited, limit: int) -> None:
        super().__init__(framing, limit)
        self._framing = framing
        escape = re.escape(framing.escape)
        self._next = re.compile(escape + b"(.)|" + re.escape(framing.mark), re.DOTALL)

    def _find(self) -> Found | None:
        for found in self._next.finditer(self._data, self._searched):
            if found[1] is None:
                return Found(found.end(), self._unescaped(found.start(), found.end()))
            self._searched = found.end()
        overlap = max(1, len(self._framing.mark) - 1)  # a half mark, or an escape that waits for its octet
        self._searched = max(self._searched, len(self._data) - overlap)
        return None

    def _unescaped(self, place: int, end: int) -> bytes:
        body = self._next.sub(rb"\1", self._octets(0, place))
        return body + self._octets(place, end) if self._framing.kept else body


# -- lines

_ENDS = {"crlf": b"\r\n", "lf": b"\n", "any": b"\r\n"}


@dataclass(frozen=True)
class Lines(Framing):
    """Lines that end in CR LF (`crlf`), in LF (`lf`), or in either (`any`; written with CR LF)."""

    end: str = "crlf"

    kind: ClassVar[str] = "lines"
    grammar: ClassVar[str] = "FRM-delimiter-split"

    def __post_init__(self) -> None:
        if self.end not in _ENDS:
            raise FramingProblem(f"{self.end!r} ends no line; known are {', '.join(_ENDS)}", "end")

    @property
    def words(self) -> frozenset[str]:
        return frozenset({"lines", "delimited"})

    @property
    def mark(self) -> bytes:
        """What ends the lines that we write."""
        return _ENDS[self.end]

    @property
    def forbidden(self) -> bytes:
        return b"\r\n"

    @property
    def pattern(self) -> bytes:
        return rb"[^\n]*\n"

    def encode(self, payload: bytes) -> bytes:
        """The line and its end."""
        if b"\n" in payload or (self.end == "lf" and payload.endswith(b"\r")):
            raise FramingProblem(f"a line end occurs inside {short(payload)}")
        return payload + self.mark

    def framer(self, limit: int = MESSAGE_LIMIT) -> Framer:
        """A reader of lines; a line that ends otherwise than it should is a line all the same, and says so."""
        return _Lines(self, limit)

    def describe(self) -> str:
        """How messages are framed, in words."""
        return "lines that end in " + {"crlf": "CR LF", "lf": "LF", "any": "CR LF or LF"}[self.end]

    def wrong(self, payload: bytes) -> dict[str, Wrong]:
        """Other line ends, and none."""
        self.encode(payload)
        found = {"no-mark": Wrong(payload, "no line end", ended=True)} if payload else {}
        found["bare-cr"] = Wrong(payload + b"\r", "CR alone ends no line", ended=True)
        if self.end == "crlf":
            found["bare-lf"] = Wrong(payload + b"\n", "LF without CR")
        if self.end == "lf":
            found["crlf"] = Wrong(payload + b"\r\n", "CR before LF")
        return found


class _Lines(Framer):
    def __init__(self, framing: Lines, limit: int) -> None:
        super().__init__(framing, limit)
        self._end = framing.end

    def _find(self) -> Found | None:
        place = self._data.find(b"\n", self._searched)
        if place < 0:
            self._searched = len(self._data)
            return None
        line = self._octets(0, place)
        if not line.endswith(b"\r"):
            return Found(place + 1, line, ("bare LF",) if self._end == "crlf" else ())
        if self._end == "lf":
            return Found(place + 1, line, ("CR before LF",))
        return Found(place + 1, line[:-1])


# -- a fixed size


@dataclass(frozen=True)
class Fixed(Framing):
    """Messages of `octets` octets each."""

    octets: int

    kind: ClassVar[str] = "fixed"
    grammar: ClassVar[str] = "FRM-fixed-16"

    def __post_init__(self) -> None:
        if not 0 < self.octets <= MESSAGE_LIMIT:
            raise FramingProblem(f"a fixed size of {self.octets} octets is not between 1 and {MESSAGE_LIMIT}", "size")

    @property
    def size(self) -> int | None:
        return self.octets

    @property
    def most(self) -> int | None:
        return self.octets

    @property
    def pattern(self) -> bytes:
        return rb"(?s:.{%d})" % self.octets

    def encode(self, payload: bytes) -> bytes:
        """The payload, which has the size already."""
        if len(payload) != self.octets:
            raise FramingProblem(f"{short(payload)} has {len(payload)} octets; the fixed size is {self.octets}")
        return payload

    def framer(self, limit: int = MESSAGE_LIMIT) -> Framer:
        """A reader of so many octets at a time."""
        return _Fixed(self, max(limit, self.octets))

    def describe(self) -> str:
        """How messages are framed, in words."""
        return f"messages of {self.octets} octets"

    def wrong(self, payload: bytes) -> dict[str, Wrong]:
        """A message that never becomes whole."""
        octets = self.encode(payload)[:-1]
        return {"short": Wrong(octets, f"{len(octets)} octets of {self.octets}", ended=True)} if octets else {}


class _Fixed(Framer):
    def __init__(self, framing: Fixed, limit: int) -> None:
        super().__init__(framing, limit)
        self._size = framing.octets

    def _find(self) -> Found | None:
        return Found(self._size, self._octets(0, self._size)) if len(self._data) >= self._size else None


# -- no frames at all


@dataclass(frozen=True)
class UntilClose(Framing):
    """One message a direction, ended by the end of the stream: the sender closes its half behind it."""

    kind: ClassVar[str] = "until-close"
    grammar: ClassVar[str] = "FRM-close-delimited"
    parts: ClassVar[bool] = False

    def encode(self, payload: bytes) -> bytes:
        """The payload; closing the half behind it is for the carriage."""
        return payload

    def framer(self, limit: int = MESSAGE_LIMIT) -> Framer:
        """A reader whose only frame comes with `finish`."""
        return _UntilClose(self, limit)

    def describe(self) -> str:
        """How messages are framed, in words."""
        return "one message up to the end of the stream"


class _UntilClose(Framer):
    def __init__(self, framing: Framing, limit: int) -> None:
        super().__init__(framing, limit)
        self._over = False

    def _find(self) -> Found | None:
        return None

    def finish(self) -> Frame | None:
        if self._over or self.lost:
            return None
        self._over = True
        return self._taken(Found(len(self._data), bytes(self._data)))


@dataclass(frozen=True)
class Flow(Framing):
    """No messages: every octet is as good as the other, and is answered as it comes (echo, discard)."""

    kind: ClassVar[str] = "flow"
    grammar: ClassVar[str] = "TCP-9293-3.1-stream-odd-cut"
    parts: ClassVar[bool] = False

    def encode(self, payload: bytes) -> bytes:
        """The payload as it is."""
        return payload

    def framer(self, limit: int = MESSAGE_LIMIT) -> Framer:
        """A reader that gives what has arrived; only what its frames are when joined means something."""
        return _Flow(self, limit)

    def describe(self) -> str:
        """How messages are framed, in words."""
        return "a stream without messages"


class _Flow(Framer):
    def _find(self) -> Found | None:
        size = min(len(self._data), self._limit)
        return Found(size, self._octets(0, size)) if size else None

    def next(self) -> Frame | None:
        return None if (found := self._find()) is None else self._taken(found)


@dataclass(frozen=True)
class Datagram(Framing):
    """A message is a datagram; nothing in it says so."""

    kind: ClassVar[str] = "datagram"
    grammar: ClassVar[str] = "UDP-768-boundary"
    parts: ClassVar[bool] = False

    @property
    def most(self) -> int | None:
        return DATAGRAM_OCTETS

    def encode(self, payload: bytes) -> bytes:
        """The payload, which has to fit a datagram."""
        if len(payload) > DATAGRAM_OCTETS:
            raise FramingProblem(f"{len(payload)} octets are no datagram; at most {DATAGRAM_OCTETS} are")
        return payload

    def framer(self, limit: int = MESSAGE_LIMIT) -> Framer:
        """A reader that is fed one datagram at a time."""
        return _Datagram(self, limit)

    def describe(self) -> str:
        """How messages are framed, in words."""
        return "a datagram each"


class _Datagram(Framer):
    def __init__(self, framing: Framing, limit: int) -> None:
        super().__init__(framing, limit)
        self._waiting: deque[bytes] = deque()

    def feed(self, data: bytes) -> None:
        self._waiting.append(bytes(data))

    def next(self) -> Frame | None:
        if not self._waiting:
            return None
        raw = self._waiting.popleft()
        return Frame(raw, raw)

    def rest(self) -> bytes:
        return b""


#: Every framing by its name; layers go on top of one.
KINDS: dict[str, type[Framing]] = {
    framing.kind: framing
    for framing in (
        Delimited,
        Lines,
        Prefixed,
        Varint,
        Fixed,
        Blocks,
        Netstring,
        ZlibStream,
        UntilClose,
        Flow,
        Datagram,
    )
}

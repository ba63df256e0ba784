"""Frames: what every way of framing has in common: a message as a value, a reader of messages, octets that are wrong.

A framing (`framing.py`, `lengths.py`, `layers.py`) puts payloads on the wire and takes them off again. A frame that
breaks a rule is still a value with its deviations; a stream that cannot be followed any more is `lost`, at the same
octet however it was cut. Memory is bounded. Pure: a framer is fed and asked, and must not know what messages mean.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

MESSAGE_LIMIT = 1 << 24  # octets of one frame that a framer keeps
CUT_SHORT = "cut short by the end of the stream"
SHOWN = 40  # octets of a payload that a problem repeats


class FramingProblem(ValueError):
    """A framing that cannot be, or a payload that it cannot carry; one line. `key` is the field to blame, if one is."""

    def __init__(self, text: str, key: str = "") -> None:
        super().__init__(text)
        self.key = key


@dataclass(frozen=True)
class Frame:
    """One message: its payload (None: the octets could not be framed), the octets as they came, what was irregular."""

    payload: bytes | None
    raw: bytes
    deviations: tuple[str, ...] = ()

    @property
    def code(self) -> str | None:
        """What a dialogue asks of every answer: a name for its kind."""
        return None if self.payload is None else "message"

    @property
    def temporary(self) -> bool:
        """No framing has a word for `try again later`."""
        return False


@dataclass(frozen=True)
class Wrong:
    """Octets that are no message, and why. With `ended` they are wrong only once the stream ends behind them."""

    octets: bytes
    because: str
    ended: bool = False


#: Every way in which octets can be wrong (`Framing.wrong`), whatever the framing.
WRONG = {
    "no-mark": "the payload without the mark that ends it",
    "half-mark": "the mark but for its last octet",
    "lone-escape": "an escape octet with nothing behind it",
    "bare-lf": "LF where CR LF ends a line",
    "bare-cr": "CR where a line ends in LF",
    "crlf": "CR LF where LF ends a line",
    "short": "one octet less than the fixed size",
    "half-prefix": "the first part of a length",
    "prefix-alone": "a length and no payload",
    "huge-length": "the greatest number that the length can say (-1 where it has a sign)",
    "sign-bit-length": "a length of which the highest bit alone is set",
    "long-length": "a length five octets greater than what follows",
    "short-length": "a length one octet smaller than what follows, so that the next message begins too early",
    "swapped-length": "the length in the wrong byte order",
    "other-count": "a length that counts itself where it must not, or the other way round",
    "small-length": "a length that counts itself and yet is smaller than itself",
    "padded-length": "a length with a needless octet",
    "endless-length": "a length of eleven octets",
    "no-last-block": "blocks without the empty one at the end",
    "no-comma": "another octet where the comma belongs",
    "leading-zero": "a length with a zero in front",
    "negative-length": "a length with a minus sign",
    "no-number": "no length at all",
    "bad-checksum": "a checksum with one bit wrong",
    "swapped-checksum": "the checksum in the wrong byte order",
    "no-checksum": "the payload without its checksum",
    "not-compressed": "the payload as it is where a zlib stream belongs",
    "bad-header": "a zlib header whose check bits are wrong (RFC 1950 2.2)",
    "bad-adler": "a zlib stream whose Adler-32 is wrong",
    "cut-stream": "a zlib stream without its last octets",
}


class Framing(ABC):
    """How the messages of one direction are framed. Frozen values; see `framing.py` for all of them."""

    #: its name in a dialect file
    kind: ClassVar[str]
    #: the requirement that judges messages in this framing
    grammar: ClassVar[str] = ""
    #: whether several messages can follow each other in one stream
    parts: ClassVar[bool] = True

    @property
    def words(self) -> frozenset[str]:
        """What it offers to checks (`dialect/rules.py`: WORDS)."""
        return frozenset({self.kind})

    @property
    def most(self) -> int | None:
        """Octets of the longest payload that it can carry; None: no bound of its own."""
        return None

    @property
    def size(self) -> int | None:
        """Octets of every payload, where there is only one size."""
        return None

    @property
    def forbidden(self) -> bytes:
        """Octets that a payload had better avoid; empty when it may hold any."""
        return b""

    @property
    def pattern(self) -> bytes:
        """One whole message as a regular expression, as far as one can tell it."""
        return rb"(?s:.+)"

    @property
    def ending(self) -> bytes:
        """What every payload ends in."""
        return b""

    @abstractmethod
    def encode(self, payload: bytes) -> bytes:
        """The octets of one whole message. Raises FramingProblem when the payload cannot travel."""

    @abstractmethod
    def framer(self, limit: int = MESSAGE_LIMIT) -> Framer:
        """A fresh reader of such messages; a frame of more octets than `limit` is lost."""

    @abstractmethod
    def describe(self) -> str:
        """How messages are framed, in words: `messages that end in ...`."""

    def wrong(self, payload: bytes) -> dict[str, Wrong]:
        """The message that carries `payload`, made wrong in each of the ways that this framing has (names: WRONG)."""
        return {}


@dataclass(frozen=True)
class Found:
    """What a framer found at the front of its octets: how many belong to it, and what it is.

    With `lost` nothing behind it can be understood.
    """

    size: int
    payload: bytes | None
    deviations: tuple[str, ...] = ()
    lost: bool = False


class Framer:
    """Feed octets, take frames. Subclasses define `_find`, which looks at `_data`."""

    def __init__(self, framing: Framing, limit: int = MESSAGE_LIMIT) -> None:
        self._data = bytearray()
        self._searched = 0  # octets of _data that need not be looked at again
        self._limit = limit
        self.pattern = framing.pattern
        self.grammar = framing.grammar
        self.lost = ""  # why the stream cannot be followed any more
        self.dropped = 0  # octets that came after that

    def feed(self, data: bytes) -> None:
        """Add octets. What comes when the stream is lost is counted and dropped."""
        if self.lost:
            self.dropped += len(data)
        else:
            self._data += data

    def next(self) -> Frame | None:
        """The next whole frame, or None."""
        if self.lost:
            return None
        found = self._find()
        if (len(self._data) if found is None else found.size) > self._limit:
            found = Found(self._limit, None, (f"longer than {self._limit} octets",), lost=True)
        return None if found is None else self._taken(found)

    def finish(self) -> Frame | None:
        """The stream has ended, and `next` is None: the frame that the end completes or cuts short, if there is one."""
        if not self._data:
            return None
        return self._taken(Found(len(self._data), None, (CUT_SHORT,)))

    def rest(self) -> bytes:
        """What is no whole frame yet."""
        return bytes(self._data)

    def _taken(self, found: Found) -> Frame:
        raw = bytes(memoryview(self._data)[: found.size])
        del self._data[: found.size]
        self._searched = 0
        if found.lost:
            self.lost = "; ".join(found.deviations)
            self.dropped = len(self._data)
            self._data.clear()
        return Frame(found.payload, raw, found.deviations)

    def _find(self) -> Found | None:
        raise NotImplementedError

    def _octets(self, begin: int, end: int) -> bytes:
        return bytes(memoryview(self._data)[begin:end])


def short(octets: bytes) -> str:
    """Octets for a problem: as Python writes them, not more than a line."""
    return repr(octets) if len(octets) <= SHOWN else f"{octets[:SHOWN]!r}... ({len(octets)} octets)"

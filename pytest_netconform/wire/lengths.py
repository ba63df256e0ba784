"""Lengths: messages that say in front how long they are: a binary number, LEB128, blocks, netstrings.

Each is a framing as `framing.py` has them. A length that cannot be is where a stream gets lost: nobody can tell where
the next message begins. Nothing is allocated for what a length merely announces.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import ClassVar

from pytest_netconform.wire.frames import MESSAGE_LIMIT, Found, Framer, Framing, FramingProblem, Wrong

_ORDERS = {"!": "big-endian", ">": "big-endian", "<": "little-endian"}
_LETTERS = "BHILQbhilq"
_SURPLUS = 5  # octets that `long-length` announces and that never come


@dataclass(frozen=True)
class Number:
    """A number as `struct` writes it: a byte order (`!`, `>`, `<`) and one letter of BHILQ, or bhilq with a sign."""

    format: str

    def __post_init__(self) -> None:
        if len(self.format) == 1 and self.format in _LETTERS:
            raise FramingProblem(
                f"{self.format!r} has no byte order; write '!{self.format}' or '<{self.format}'", "format"
            )
        if len(self.format) != 2 or self.format[0] not in _ORDERS or self.format[1] not in _LETTERS:
            text = f"{self.format!r} is no length: a byte order (! > <) and one letter of {_LETTERS} are"
            raise FramingProblem(text, "format")

    @property
    def width(self) -> int:
        """Octets of the number."""
        return struct.calcsize(self.format)

    @property
    def signed(self) -> bool:
        """Whether it can be negative."""
        return self.format[1].islower()

    @property
    def most(self) -> int:
        """The greatest number."""
        return int((1 << (8 * self.width - self.signed)) - 1)

    @property
    def words(self) -> str:
        """What it is, in words."""
        octets = "one octet" if self.width == 1 else f"{self.width} octets, {_ORDERS[self.format[0]]}"
        return f"{octets}, with a sign" if self.signed else octets

    def pack(self, value: int) -> bytes:
        """The octets of a number. Raises FramingProblem when it is too great."""
        if not 0 <= value <= self.most:
            raise FramingProblem(f"{value} does not fit a length of the format {self.format!r}")
        return struct.pack(self.format, value)

    def read(self, data: bytearray, place: int) -> int:
        """The number that stands at a place."""
        return int(struct.unpack_from(self.format, data, place)[0])

    def bits(self, pattern: int) -> bytes:
        """The octets in which exactly these bits are set, whatever number that is."""
        return pattern.to_bytes(self.width, "little" if self.format[0] == "<" else "big")

    def wrong(self, right: bytes, rest: bytes) -> dict[str, Wrong]:
        """What any length of this format can have wrong; `rest` is what follows the right one."""
        found = {"huge-length": self._announced(self.bits((1 << 8 * self.width) - 1), rest)}
        found["sign-bit-length"] = self._announced(self.bits(1 << (8 * self.width - 1)), rest)
        if right != right[::-1]:
            found["swapped-length"] = self._announced(right[::-1], rest)
        if self.width > 1:
            found["half-prefix"] = Wrong(right[: self.width // 2], "half of a length", ended=True)
        return found

    def _announced(self, prefix: bytes, rest: bytes) -> Wrong:
        length = self.read(bytearray(prefix), 0)
        return Wrong(prefix + rest, f"a length of {length}", ended=length >= 0)


# -- a length in front


@dataclass(frozen=True)
class Prefixed(Framing):
    """Messages behind their length, in `format` (`!I`); `inclusive` when the length counts its own octets too."""

    format: str = "!I"
    inclusive: bool = False

    kind: ClassVar[str] = "prefixed"
    grammar: ClassVar[str] = "FRM-len-i32-be"

    def __post_init__(self) -> None:
        Number(self.format)

    @property
    def number(self) -> Number:
        """The length as a number."""
        return Number(self.format)

    @property
    def extra(self) -> int:
        """How much greater the length is than the payload."""
        return self.number.width if self.inclusive else 0

    @property
    def words(self) -> frozenset[str]:
        return frozenset({"prefixed", *(["byte-order"] if self.number.width > 1 else [])})

    @property
    def most(self) -> int | None:
        return self.number.most - self.extra

    def announcing(self, length: int, payload: bytes = b"") -> bytes:
        """A length that says `length`, true or not, and the payload."""
        return self.number.pack(length) + payload

    def encode(self, payload: bytes) -> bytes:
        """The length, then the payload."""
        return self.announcing(len(payload) + self.extra, payload)

    def framer(self, limit: int = MESSAGE_LIMIT) -> Framer:
        """A reader of length and payload."""
        return _Prefixed(self, limit)

    def describe(self) -> str:
        """How messages are framed, in words."""
        itself = ", which counts itself" if self.inclusive else ""
        return f"messages behind their length ({self.number.words}){itself}"

    def wrong(self, payload: bytes) -> dict[str, Wrong]:
        """Lengths that lie."""
        whole, width = self.encode(payload), self.number.width
        found = self.number.wrong(whole[:width], payload)
        said = len(payload) + self.extra
        lies = {"long-length": said + _SURPLUS, "other-count": said + (-width if self.inclusive else width)}
        for name, length in lies.items():
            if 0 <= length <= self.number.most:
                text = f"a length of {length} where {said} is right"
                found[name] = Wrong(self.announcing(length, payload), text, ended=True)
        if payload:
            found["prefix-alone"] = Wrong(whole[:width], "a length and no payload", ended=True)
            text = f"a length of {said - 1} where {said} is right"
            found["short-length"] = Wrong(self.announcing(said - 1, payload), text, ended=True)
        if self.inclusive:
            found["small-length"] = Wrong(self.announcing(0, payload), "a length of 0 that counts itself")
        return found


class _Prefixed(Framer):
    def __init__(self, framing: Prefixed, limit: int) -> None:
        super().__init__(framing, limit)
        self._number, self._extra = framing.number, framing.extra

    def _find(self) -> Found | None:
        width = self._number.width
        if len(self._data) < width:
            return None
        announced = self._number.read(self._data, 0)
        end = width + announced - self._extra
        if not width <= end <= self._limit:
            return Found(width, None, (f"a length of {announced}",), lost=True)
        return Found(end, self._octets(width, end)) if len(self._data) >= end else None


# -- LEB128

_VARINT_OCTETS = 10  # of 64 bits, seven an octet


def varint(value: int) -> bytes:
    """An unsigned number in LEB128: seven bits an octet, the lowest first, the high bit set in all but the last."""
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


@dataclass(frozen=True)
class Varint(Framing):
    """Messages behind their length in LEB128, as Protocol Buffers write it: up to 64 bits in up to ten octets."""

    kind: ClassVar[str] = "varint"
    grammar: ClassVar[str] = "FRM-varint"

    def encode(self, payload: bytes) -> bytes:
        """The length, then the payload."""
        return varint(len(payload)) + payload

    def framer(self, limit: int = MESSAGE_LIMIT) -> Framer:
        """A reader of length and payload; a length with needless octets is read, and is a deviation."""
        return _Varint(self, limit)

    def describe(self) -> str:
        """How messages are framed, in words."""
        return "messages behind their length in LEB128"

    def wrong(self, payload: bytes) -> dict[str, Wrong]:
        """Lengths that lie, or are written otherwise than they should be."""
        right = varint(len(payload))
        padded = right[:-1] + bytes([right[-1] | 0x80, 0])
        found = {
            "huge-length": Wrong(varint((1 << 64) - 1) + payload, f"a length of {(1 << 64) - 1}"),
            "endless-length": Wrong(b"\x80" * 10 + b"\x00" + payload, "a length of eleven octets"),
            "padded-length": Wrong(padded + payload, "a needless octet in the length"),
            "half-prefix": Wrong(bytes([right[0] | 0x80]), "a length that goes on", ended=True),
        }
        text = f"a length of {len(payload) + _SURPLUS} where {len(payload)} is right"
        found["long-length"] = Wrong(varint(len(payload) + _SURPLUS) + payload, text, ended=True)
        if payload:
            text = f"a length of {len(payload) - 1} where {len(payload)} is right"
            found["short-length"] = Wrong(varint(len(payload) - 1) + payload, text, ended=True)
            found["prefix-alone"] = Wrong(right, "a length and no payload", ended=True)
        return found


class _Varint(Framer):
    def _find(self) -> Found | None:
        head = re.match(rb"[\x80-\xff]{0,9}[\x00-\x7f]", self._data)
        if head is None:
            endless = len(self._data) >= _VARINT_OCTETS
            return Found(_VARINT_OCTETS, None, ("a length of more than ten octets",), lost=True) if endless else None
        length = sum((octet & 0x7F) << 7 * place for place, octet in enumerate(head[0]))
        end = head.end() + length
        if end > self._limit:
            return Found(head.end(), None, (f"a length of {length}",), lost=True)
        if len(self._data) < end:
            return None
        padded = head.end() > 1 and head[0][-1] == 0
        deviations = ("a length with needless octets",) if padded else ()
        return Found(end, self._octets(head.end(), end), deviations)


# -- blocks up to an empty one

_BLOCK = 4096


@dataclass(frozen=True)
class Blocks(Framing):
    """Messages in blocks behind their lengths (`format`), ended by an empty block; ours have up to `block` octets."""

    format: str = "!I"
    block: int = 0  # 0: as many as the length can say, and at most 4096

    kind: ClassVar[str] = "blocks"
    grammar: ClassVar[str] = "FRM-blocks-zero-end"

    def __post_init__(self) -> None:
        if not 0 <= self.block <= Number(self.format).most:
            raise FramingProblem(f"blocks of {self.block} octets do not fit {self.format!r}", "size")

    @property
    def number(self) -> Number:
        """The length of a block as a number."""
        return Number(self.format)

    @property
    def usual(self) -> int:
        """Octets of the blocks that we write."""
        return self.block or min(_BLOCK, self.number.most)

    @property
    def words(self) -> frozenset[str]:
        return frozenset({"blocks", *(["byte-order"] if self.number.width > 1 else [])})

    def encode(self, payload: bytes) -> bytes:
        """Blocks of the usual size, and the empty one."""
        return self.blocks(payload, self.usual)

    def blocks(self, payload: bytes, size: int) -> bytes:
        """The same in blocks of another size."""
        return self.part(payload, size) + self.number.pack(0)

    def part(self, payload: bytes, size: int) -> bytes:
        """The blocks without the empty one."""
        pieces = [payload[i : i + size] for i in range(0, len(payload), size)]
        return b"".join(self.number.pack(len(piece)) + piece for piece in pieces)

    def framer(self, limit: int = MESSAGE_LIMIT) -> Framer:
        """A reader that joins the blocks of a message."""
        return _Blocks(self, limit)

    def describe(self) -> str:
        """How messages are framed, in words."""
        return f"messages in blocks behind their lengths ({self.number.words}), up to an empty block"

    def wrong(self, payload: bytes) -> dict[str, Wrong]:
        """Lengths that lie, in the first block, and an end that never comes."""
        whole, width, size = self.encode(payload), self.number.width, min(len(payload), self.usual)
        found = self.number.wrong(whole[:width], whole[width:])
        if payload:
            found["no-last-block"] = Wrong(self.part(payload, self.usual), "no empty block at the end", ended=True)
            found["prefix-alone"] = Wrong(whole[:width], "a length and no block", ended=True)
        if size + _SURPLUS <= self.number.most and len(payload) <= self.usual:
            text = f"a block length of {size + _SURPLUS} where {size} is right"
            found["long-length"] = Wrong(self.number.pack(size + _SURPLUS) + payload, text, ended=True)
        return found


class _Blocks(Framer):
    def __init__(self, framing: Blocks, limit: int) -> None:
        super().__init__(framing, limit)
        self._number = framing.number
        self._parts: list[bytes] = []

    def _find(self) -> Found | None:
        width = self._number.width
        while len(self._data) - self._searched >= width:
            place = self._searched + width
            length = self._number.read(self._data, self._searched)
            end = place + length
            if not place <= end <= self._limit:
                return Found(place, None, (f"a block length of {length}",), lost=True)
            if len(self._data) < end:
                return None
            self._searched = end
            if not length:
                payload, self._parts = b"".join(self._parts), []
                return Found(end, payload)
            self._parts.append(self._octets(place, end))
        return None


# -- netstrings

_DIGITS = 10  # more than any length within reason has


@dataclass(frozen=True)
class Netstring(Framing):
    """`5:hello,`: a decimal length without leading zeros, a colon, the payload, a comma."""

    kind: ClassVar[str] = "netstring"
    grammar: ClassVar[str] = "FRM-len-split-prefix"

    def encode(self, payload: bytes) -> bytes:
        """The payload as a netstring."""
        return b"%d:%b," % (len(payload), payload)

    def framer(self, limit: int = MESSAGE_LIMIT) -> Framer:
        """A reader of netstrings; a leading zero or another octet for the comma is a deviation."""
        return _Netstring(self, limit)

    def describe(self) -> str:
        """How messages are framed, in words."""
        return "netstrings"

    def wrong(self, payload: bytes) -> dict[str, Wrong]:
        """Lengths that lie or are none, and ends that are none."""
        size, whole = len(payload), self.encode(payload)
        found = {
            "no-comma": Wrong(whole[:-1] + b";", "a semicolon where the comma belongs"),
            "leading-zero": Wrong(b"0" + whole, "a leading zero"),
            "negative-length": Wrong(b"-" + whole, f"a length of -{size}"),
            "no-number": Wrong(b":" + payload + b",", "no length"),
            "huge-length": Wrong(b"9" * 20 + b":" + payload + b",", f"a length of {'9' * 20}"),
            "half-prefix": Wrong(b"%d" % size, "a length and no colon", ended=True),
            "prefix-alone": Wrong(b"%d:" % size, "a length and no payload", ended=True),
        }
        text = f"a length of {size + _SURPLUS} where {size} is right"
        found["long-length"] = Wrong(b"%d:%b," % (size + _SURPLUS, payload), text, ended=True)
        if payload:
            found["short-length"] = Wrong(
                b"%d:%b," % (size - 1, payload), f"a length of {size - 1} where {size} is right"
            )
        return found


class _Netstring(Framer):
    def _find(self) -> Found | None:
        head = re.match(rb"[0-9]*", self._data)
        colon = head.end() if head else 0
        if colon > _DIGITS:
            return Found(_DIGITS + 1, None, (f"a length of more than {_DIGITS} digits",), lost=True)
        if colon == len(self._data):
            return None
        if not colon or self._data[colon] != ord(":"):
            return Found(colon + 1, None, ("no length and colon",), lost=True)
        return self._body(colon)

    def _body(self, colon: int) -> Found | None:
        length = int(self._octets(0, colon))
        end = colon + 1 + length
        if end + 1 > self._limit:
            return Found(colon + 1, None, (f"a length of {length}",), lost=True)
        if len(self._data) <= end:
            return None
        deviations = ["a leading zero"] if self._data[0] == ord("0") and colon > 1 else []
        if self._data[end] != ord(","):
            deviations.append("no comma at the end")
        return Found(end + 1, self._octets(colon + 1, end), tuple(deviations))

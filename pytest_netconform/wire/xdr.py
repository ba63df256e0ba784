"""XDR (RFC 4506): values as octets, big-endian in units of four, and back.

Writers are functions, one for each type; `Reader` takes values off the front of octets, bounded by what there is and by
what the type allows. Pure; this module must not know what the values mean.
"""

from __future__ import annotations

import struct

UNIT = 4  # octets; every value fills a multiple of it (RFC 4506 3)
UINT_MAX = (1 << 32) - 1


class XdrProblem(ValueError):
    """Octets that are no value of the type that was asked for; says at which octet, and why."""


# -- values to octets


def uint(value: int) -> bytes:
    """An unsigned integer of 32 bits (4.2)."""
    return struct.pack(">I", value)


def int32(value: int) -> bytes:
    """A signed integer of 32 bits, two's complement (4.1); an enumeration looks the same (4.3)."""
    return struct.pack(">i", value)


def hyper(value: int) -> bytes:
    """A signed integer of 64 bits (4.5)."""
    return struct.pack(">q", value)


def float32(value: float) -> bytes:
    """An IEEE single (4.6)."""
    return struct.pack(">f", value)


def float64(value: float) -> bytes:
    """An IEEE double (4.7)."""
    return struct.pack(">d", value)


def boolean(value: bool) -> bytes:
    """1 or 0 (4.4)."""
    return uint(int(value))


def padding(size: int) -> bytes:
    """The zero octets behind so many (4.9)."""
    return bytes(-size % UNIT)


def opaque(data: bytes) -> bytes:
    """Octets behind their length, and padding (4.10); a string looks the same (4.11)."""
    return uint(len(data)) + data + padding(len(data))


def array(*elements: bytes) -> bytes:
    """Encoded elements behind their count (4.13)."""
    return uint(len(elements)) + b"".join(elements)


# -- octets to values


class Reader:
    """Takes values off the front. Each method raises XdrProblem where the octets are no such value.

    deviations: what was not as it is written, though it could be read.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._place = 0
        self.deviations: list[str] = []

    @property
    def rest(self) -> bytes:
        """What has not been taken."""
        return self._data[self._place :]

    def fixed(self, size: int, what: str = "opaque data") -> bytes:
        """So many octets, without padding."""
        left = len(self._data) - self._place
        if size > left:
            raise XdrProblem(f"{what} at octet {self._place}: {size} octets are announced or needed, {left} are there")
        self._place += size
        return self._data[self._place - size : self._place]

    def uint(self, what: str = "an unsigned integer") -> int:
        """An unsigned integer."""
        return int.from_bytes(self.fixed(UNIT, what), "big")

    def int32(self, what: str = "an integer") -> int:
        """A signed integer."""
        return int.from_bytes(self.fixed(UNIT, what), "big", signed=True)

    def hyper(self, what: str = "a hyper integer") -> int:
        """A signed integer of 64 bits."""
        return int.from_bytes(self.fixed(2 * UNIT, what), "big", signed=True)

    def float32(self, what: str = "a float") -> float:
        """An IEEE single."""
        return float(struct.unpack(">f", self.fixed(UNIT, what))[0])

    def float64(self, what: str = "a double") -> float:
        """An IEEE double."""
        return float(struct.unpack(">d", self.fixed(2 * UNIT, what))[0])

    def boolean(self, what: str = "a boolean") -> bool:
        """1 or 0, and nothing else."""
        value = self.uint(what)
        if value > 1:
            raise XdrProblem(f"{what} at octet {self._place - UNIT} is {value}, neither 0 nor 1")
        return value == 1

    def opaque(self, most: int = UINT_MAX, what: str = "opaque data") -> bytes:
        """Octets behind their length; more than `most` are none. Padding that is not zero is a deviation."""
        size = self.uint(f"the length of {what}")
        if size > most:
            raise XdrProblem(f"{what} at octet {self._place}: {size} octets, at most {most} are allowed")
        data = self.fixed(size, what)
        if self.fixed(-size % UNIT, f"the padding of {what}").strip(b"\0"):
            self.deviations.append(f"the padding of {what} is not zero")
        return data

    def count(self, size: int, most: int = UINT_MAX, what: str = "an array") -> int:
        """The number of an array's elements, each of at least `size` octets, as far as there are octets for them."""
        number = self.uint(f"the count of {what}")
        left = len(self._data) - self._place
        if number > most or number * size > left:
            raise XdrProblem(f"{what} at octet {self._place}: {number} elements are announced, {left} octets are there")
        return number

    def end(self) -> None:
        """Nothing is left."""
        if self.rest:
            raise XdrProblem(f"{len(self.rest)} octets are left behind octet {self._place}")

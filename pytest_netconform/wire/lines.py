"""Lines: octets cut into lines, whatever ends them, with what was irregular about each.

Framing is kept apart from grammar: a line that ends in a bare LF is still a line, and says so. Memory is bounded: the
octets of a line beyond the limit are dropped and counted.
"""

from __future__ import annotations

from dataclasses import dataclass

LINE_LIMIT = 1 << 16  # octets; far above any standard's limit for a reply line


@dataclass(frozen=True)
class RawLine:
    """One line: its text without the end, the end itself, and how many octets beyond the limit were dropped."""

    text: bytes
    end: bytes
    dropped: int = 0

    @property
    def raw(self) -> bytes:
        """The line as it arrived (without what was dropped)."""
        return self.text + self.end


class LineBuffer:
    """Feed octets, take lines. Only LF ends a line here; whether a CR stood before it is for the reader to judge."""

    def __init__(self, limit: int = LINE_LIMIT) -> None:
        self._limit = limit
        self._data = bytearray()
        self._scanned = 0
        self._dropped = 0

    def feed(self, data: bytes) -> None:
        """Add octets."""
        self._data += data

    def next(self) -> RawLine | None:
        """The next whole line, or None while it has no end."""
        place = self._data.find(b"\n", self._scanned)
        if place < 0:
            self._bound()
            return None
        line = bytes(self._data[: place + 1])
        del self._data[: place + 1]
        self._scanned = 0
        dropped, self._dropped = self._dropped, 0
        text, end = (line[:-2], b"\r\n") if line.endswith(b"\r\n") else (line[:-1], b"\n")
        if len(text) > self._limit:
            dropped += len(text) - self._limit
            text = text[: self._limit]
        return RawLine(text, end, dropped)

    def rest(self) -> bytes:
        """What arrived and has no line end yet."""
        return bytes(self._data)

    def take(self, count: int) -> bytes:
        """Up to `count` octets as they come, lines or not (for counted data)."""
        data = bytes(self._data[:count])
        del self._data[:count]
        self._scanned = 0
        return data

    def clear(self) -> None:
        """Forget what has not been taken."""
        self._data.clear()
        self._scanned = self._dropped = 0

    def _bound(self) -> None:
        surplus = len(self._data) - self._limit - 1  # one octet stays: it may be the CR of the end
        if surplus > 0:
            last = self._data[-1:]
            del self._data[self._limit :]
            self._data += last
            self._dropped += surplus
        self._scanned = len(self._data)

"""Layers: what is done to a payload before it is framed (a checksum, zlib), and zlib streams that frame themselves.

A frame whose layer is broken is a whole frame all the same: its payload is None, and the stream stays in step. What
decompresses is bounded like everything else.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from pytest_netconform.wire.frames import MESSAGE_LIMIT, Found, Frame, Framer, Framing, FramingProblem, Wrong

CHECKSUMS: dict[str, Callable[[bytes], int]] = {"crc32": zlib.crc32, "adler32": zlib.adler32}
_FORMATS = ("!I", ">I", "<I")

Opened = tuple[bytes | None, tuple[str, ...]]


@dataclass(frozen=True)
class Checked(Framing):
    """A framing whose payloads carry a checksum behind them (`crc32` or `adler32`; four octets in `format`)."""

    inner: Framing
    checksum: str = "crc32"
    format: str = "!I"

    kind: ClassVar[str] = "checked"

    def __post_init__(self) -> None:
        if self.checksum not in CHECKSUMS:
            known = ", ".join(CHECKSUMS)
            raise FramingProblem(f"unknown checksum {self.checksum!r}; known are {known}", "layers")
        if self.format not in _FORMATS:
            text = f"{self.format!r} is no checksum: four octets are, {', '.join(_FORMATS)}"
            raise FramingProblem(text, "checksum_format")
        _any_octet(self.inner, "a checksum")
        if self.inner.size is not None and self.inner.size < 5:
            raise FramingProblem(f"{self.inner.size} octets have no room for a checksum", "layers")

    @property
    def words(self) -> frozenset[str]:
        return self.inner.words | {"checksum"}

    @property
    def most(self) -> int | None:
        return None if self.inner.most is None else self.inner.most - 4

    @property
    def size(self) -> int | None:
        return None if self.inner.size is None else self.inner.size - 4

    def sealed(self, payload: bytes) -> bytes:
        """The payload with its checksum."""
        return payload + struct.pack(self.format, CHECKSUMS[self.checksum](payload))

    def encode(self, payload: bytes) -> bytes:
        """The payload with its checksum, framed."""
        return self.inner.encode(self.sealed(payload))

    def framer(self, limit: int = MESSAGE_LIMIT) -> Framer:
        """A reader that takes the checksum off; a wrong one is a deviation, and the payload is None."""
        return _Layer(self, self.inner.framer(limit), self._opened)

    def _opened(self, payload: bytes) -> Opened:
        if len(payload) < 4:
            return None, (f"no {self.checksum}",)
        if self.sealed(payload[:-4]) != payload:
            return None, (f"a wrong {self.checksum}",)
        return payload[:-4], ()

    def describe(self) -> str:
        """How messages are framed, in words."""
        return f"{self.inner.describe()}, with a {self.checksum} behind the payload"

    def wrong(self, payload: bytes) -> dict[str, Wrong]:
        """What the framing has wrong, and checksums."""
        sealed = self.sealed(payload)
        found = self.inner.wrong(sealed)
        bad = sealed[:-1] + bytes([sealed[-1] ^ 1])
        found["bad-checksum"] = Wrong(self.inner.encode(bad), f"a wrong {self.checksum}")
        if (swapped := payload + sealed[-4:][::-1]) != sealed:
            found["swapped-checksum"] = Wrong(self.inner.encode(swapped), "a checksum in the wrong byte order")
        if self.inner.size is None:
            found["no-checksum"] = Wrong(self.inner.encode(payload), f"no {self.checksum}")
        return found


@dataclass(frozen=True)
class Compressed(Framing):
    """A framing whose payloads are zlib streams (RFC 1950), one each."""

    inner: Framing

    kind: ClassVar[str] = "compressed"

    def __post_init__(self) -> None:
        _any_octet(self.inner, "zlib")
        if self.inner.size is not None:
            raise FramingProblem("what zlib makes of a payload has no fixed size", "layers")

    @property
    def words(self) -> frozenset[str]:
        return self.inner.words | {"zlib"}

    @property
    def most(self) -> int | None:
        return None if self.inner.most is None else max(0, self.inner.most - self.inner.most // 1000 - 16)

    def encode(self, payload: bytes) -> bytes:
        """The payload compressed, framed."""
        return self.inner.encode(zlib.compress(payload))

    def bomb(self, size: int) -> bytes:
        """A message of about a thousandth of `size`, which expands to `size` octets."""
        return self.inner.encode(zeros(size))

    def framer(self, limit: int = MESSAGE_LIMIT) -> Framer:
        """A reader that decompresses, up to `limit`; what is no zlib stream is a deviation, and the payload None."""
        return _Layer(self, self.inner.framer(limit), lambda payload: _decompressed(payload, limit))

    def describe(self) -> str:
        """How messages are framed, in words."""
        return f"{self.inner.describe()}, the payload compressed by zlib"

    def wrong(self, payload: bytes) -> dict[str, Wrong]:
        """What the framing has wrong, and the zlib stream inside a right frame."""
        found = self.inner.wrong(zlib.compress(payload))
        for name, (stream, because) in _spoilt(payload).items():
            found[name] = Wrong(self.inner.encode(stream), because)
        return found


def base(framing: Framing) -> Framing:
    """The framing below all layers."""
    while isinstance(framing, Checked | Compressed):
        framing = framing.inner
    return framing


def _any_octet(inner: Framing, layer: str) -> None:
    """Layers make octets of every value, and change what a payload ends in."""
    if inner.forbidden or inner.ending:
        raise FramingProblem(f"{layer} makes any octet, and {inner.describe()} cannot carry them all", "layers")
    if base(inner).kind == "flow":
        raise FramingProblem(f"{layer} needs messages, and a stream without messages has none", "layers")


def _decompressed(payload: bytes, limit: int) -> Opened:
    stream = zlib.decompressobj()
    try:
        opened = stream.decompress(payload, limit + 1)
    except zlib.error as error:
        return None, (f"no zlib stream: {error}",)
    if len(opened) > limit:
        return None, (f"expands beyond {limit} octets",)
    if not stream.eof:
        return None, ("an unfinished zlib stream",)
    return opened, ("octets behind the zlib stream",) if stream.unused_data else ()


def _spoilt(payload: bytes) -> dict[str, tuple[bytes, str]]:
    """zlib streams that RFC 1950 2.3 tells a reader to refuse."""
    right = zlib.compress(payload)
    return {
        "not-compressed": (payload, "a payload that was not compressed"),
        "bad-header": (right[:1] + bytes([right[1] ^ 1]) + right[2:], "wrong check bits in the zlib header"),
        "bad-adler": (right[:-1] + bytes([right[-1] ^ 1]), "a wrong Adler-32"),
        "cut-stream": (right[:-5], "a zlib stream without its last five octets"),
    }


_CHUNK = 1 << 20


def zeros(size: int) -> bytes:
    """A zlib stream of `size` zero octets, made without them: equal pieces of deflate, each ended by a full flush."""
    whole, rest = divmod(size, _CHUNK)
    body = _deflated(_CHUNK) * whole + (_deflated(rest) if rest else b"")
    adler = (size % 65521) << 16 | 1  # of zeros: the first sum stays 1, the second counts (RFC 1950 8.2)
    return b"\x78\xda" + body + b"\x03\x00" + struct.pack("!I", adler)


def _deflated(size: int) -> bytes:
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    return deflate.compress(bytes(size)) + deflate.flush(zlib.Z_FULL_FLUSH)


class _Layer(Framer):
    def __init__(self, framing: Framing, inner: Framer, opened: Callable[[bytes], Opened]) -> None:
        super().__init__(framing)
        self._inner, self._opened = inner, opened
        self.pattern, self.grammar = inner.pattern, inner.grammar

    def feed(self, data: bytes) -> None:
        self._inner.feed(data)

    def next(self) -> Frame | None:
        return self._unwrapped(self._inner.next())

    def finish(self) -> Frame | None:
        return self._unwrapped(self._inner.finish())

    def rest(self) -> bytes:
        return self._inner.rest()

    def _unwrapped(self, frame: Frame | None) -> Frame | None:
        self.lost, self.dropped = self._inner.lost, self._inner.dropped
        if frame is None or frame.payload is None:
            return frame
        payload, deviations = self._opened(frame.payload)
        return Frame(payload, frame.raw, frame.deviations + deviations)


# -- zlib streams one after the other


@dataclass(frozen=True)
class ZlibStream(Framing):
    """Messages that are zlib streams and nothing else: each says itself where it ends."""

    kind: ClassVar[str] = "zlib"
    grammar: ClassVar[str] = "BYT-zlib-stream"

    @property
    def words(self) -> frozenset[str]:
        return frozenset({"zlib", "zlib-stream"})

    def encode(self, payload: bytes) -> bytes:
        """The payload compressed."""
        return zlib.compress(payload)

    def bomb(self, size: int) -> bytes:
        """A message of about a thousandth of `size`, which expands to `size` octets."""
        return zeros(size)

    def framer(self, limit: int = MESSAGE_LIMIT) -> Framer:
        """A reader that decompresses as octets come; `limit` holds for what they expand to as well."""
        return _ZlibStream(self, limit)

    def describe(self) -> str:
        """How messages are framed, in words."""
        return "zlib streams, one a message"

    def wrong(self, payload: bytes) -> dict[str, Wrong]:
        """zlib streams that are none."""
        spoilt = _spoilt(payload)
        return {name: Wrong(*what, ended=name == "cut-stream") for name, what in spoilt.items() if what[0]}


class _ZlibStream(Framer):
    def __init__(self, framing: ZlibStream, limit: int) -> None:
        super().__init__(framing, limit)
        self._restart()

    def _restart(self) -> None:
        self._stream = zlib.decompressobj()
        self._parts: list[bytes] = []
        self._opened = 0

    def _find(self) -> Found | None:
        if len(self._data) == self._searched:
            return None
        try:
            part = self._stream.decompress(
                self._octets(self._searched, len(self._data)), self._limit + 1 - self._opened
            )
        except zlib.error:
            return self._trouble()
        self._searched = len(self._data)
        self._opened += len(part)
        if part:
            self._parts.append(part)
        if self._opened > self._limit:
            return self._trouble()
        if not self._stream.eof:
            return None
        size, payload = len(self._data) - len(self._stream.unused_data), b"".join(self._parts)
        self._restart()
        return Found(size, payload)

    def _trouble(self) -> Found:
        """Where exactly reading fails, so that the cut of the stream makes no difference: the shortest such front."""
        low, high = 0, len(self._data)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self._fails(middle) else (middle, high)
        self._restart()
        return Found(high, None, (self._fails(high),), lost=True)

    def _fails(self, size: int) -> str:
        try:
            expanded = zlib.decompressobj().decompress(self._octets(0, size), self._limit + 1)
        except zlib.error as error:
            return f"no zlib stream: {error}"
        return f"expands beyond {self._limit} octets" if len(expanded) > self._limit else ""

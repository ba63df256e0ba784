"""The transcript: what was said on the wire, by whom and when, and how it is shown to people and machines.

This module knows octets, times and connection numbers. It makes everything a peer said harmless to look at (escapes,
markup and invalid text become visible ASCII), hides secrets, and bounds what it keeps. It must not know a protocol.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

KEPT_PER_EVENT = 4096  # octets of one arrival that are kept for the reader; what was sent is kept whole
KEPT_IN_ALL = 1 << 18  # octets of all arrivals of one transcript
SHOWN_PER_LINE = 400  # octets of one line that a rendering shows
MASK = b"********"
TELLING = 3  # octets of a secret that give it away: at the cut of a shortened text, or inside base64

_BASE64 = re.compile(rb"[A-Za-z0-9+/]{4,}={0,2}")
_SHORTENED = re.compile(rb"(\[\.\.\.(?: [0-9]+ octets \.\.\.)?\])")


class What(str, Enum):
    """What happened at one moment of a connection."""

    CONNECT = "connect"
    JOIN = "data connection"  # a connection beside another of the same dialogue
    SEND = "send"
    RECEIVE = "receive"
    DATAGRAM = "datagram"  # was sent
    ARRIVAL = "arrival"  # of a datagram
    HEARD = "heard"  # a whole reply was framed out of what was received
    TLS = "tls"
    SHUTDOWN = "shutdown"
    CLOSE = "close"
    RESET = "reset"
    EOF = "eof"
    NOTE = "note"
    AWAIT = "await"  # what we wait for from now on; for reproducers, never shown
    CUT = "cut"  # where the octets that are sent next are cut into segments; likewise


EMPTY = "(an empty datagram)"
_SAID = {What.SEND: "C", What.DATAGRAM: "C", What.ARRIVAL: "S"}  # what is shown by itself, and by whom it was said


@dataclass(frozen=True)
class Event:
    """One moment: seconds since the visit began, the connection's number (from 1), what happened, with which octets."""

    at: float
    connection: int
    what: What
    data: bytes = b""
    total: int = 0  # octets that there were, when fewer are kept


@dataclass(frozen=True)
class Line:
    """One rendered line: `who` is C (we), S (the peer) or * (what happened to the connection)."""

    at: float
    connection: int
    who: str
    text: str


class Transcript:
    """All events of one visit, over all its connections, in order."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._secrets: list[bytes] = []
        self._traces: list[bytes] = []
        self._received = 0

    def add(self, at: float, connection: int, what: What, data: bytes = b"", repeated: int = 0) -> None:
        """Record one event. Octets received beyond the bounds are counted, not kept.

        repeated: how many octets were sent in all, where it was the same ones again and again.
        """
        total = repeated or len(data)
        if what in (What.RECEIVE, What.HEARD, What.ARRIVAL):
            data = data[: max(0, min(KEPT_PER_EVENT, KEPT_IN_ALL - self._received))]
            self._received += len(data)
        self.events.append(Event(at, connection, what, data, total))

    def recall(self, events: Iterable[Event]) -> None:
        """Take over the events of an earlier visit whose record is judged here: they come before all of this one."""
        self.events[:0] = events

    def hide(self, secret: bytes) -> None:
        """Never show these octets again, in this transcript's past or future."""
        if secret and secret not in self._secrets:
            self._secrets.append(secret)
            self._secrets.sort(key=len, reverse=True)
            self._traces += _traces(secret)

    @property
    def secrets(self) -> tuple[bytes, ...]:
        """The hidden octets, longest first."""
        return tuple(self._secrets)

    def mask(self, data: bytes) -> bytes:
        """The same octets with every secret replaced, and every base64 word that holds one."""
        if not self._secrets:
            return data
        for secret in self._secrets:
            data = data.replace(secret, MASK)
        if not any(trace in data for trace in self._traces):
            return data
        return _BASE64.sub(lambda word: MASK if self._holds_secret(word[0]) else word[0], data)

    def mask_text(self, text: str) -> str:
        """The same for a text that quotes octets made visible, perhaps shortened in the middle of a secret."""
        if not self._secrets:
            return text
        data = text.encode()
        for secret in self._secrets:
            data = data.replace(visible(secret).encode(), MASK)
        parts = _SHORTENED.split(self.mask(data))
        for i in range(0, len(parts) - 1, 2):
            parts[i], parts[i + 2] = self._without_head(parts[i]), self._without_tail(parts[i + 2])
        return b"".join(parts).decode()

    def _holds_secret(self, word: bytes) -> bool:
        telling = [secret for secret in self._secrets if TELLING <= len(secret) <= len(word) * 3 // 4]
        return bool(telling) and any(secret in _decoded(word) for secret in telling)

    def _without_head(self, text: bytes) -> bytes:
        """A text that was cut at its end, where the beginning of a secret may stand."""
        for secret in self._secrets:
            if length := _overlap(text, visible(secret).encode()):
                return text[:-length] + MASK
        word = re.search(rb"[A-Za-z0-9+/]*\Z", text)
        data = _decoded(word[0]) if word else b""
        if word and any(secret in data or _overlap(data, secret) for secret in self._secrets):
            return text[: word.start()] + MASK
        return text

    def _without_tail(self, text: bytes) -> bytes:
        """A text that was cut at its beginning, where the end of a secret may stand."""
        for secret in self._secrets:
            if length := _overlap(visible(secret).encode(), text):
                return MASK + text[length:]
        word = re.match(rb"[A-Za-z0-9+/]*", text)
        for skipped in range(4 if word else 0):  # where the next group of four begins is not known
            data = _decoded(word[0][skipped:]) if word else b""
            if word and any(secret in data or _overlap(secret, data) for secret in self._secrets):
                return MASK + text[word.end() :]
        return text

    def lines(self) -> Iterator[Line]:
        """The C:/S: rendering, line by line; arrivals in pieces are joined to lines; a datagram stays as it is."""
        for at, connection, who, data, total, datagram in self._joined():
            masked = self.mask(data)
            for line in [masked] if datagram or b"\n" not in masked else masked.splitlines(keepends=True):
                yield Line(at, connection, who, _shown(line) if total or not datagram else EMPTY)
            if total > len(data):
                yield Line(at, connection, "*", f"({total} octets, {len(data)} kept)")

    def _joined(self) -> Iterator[tuple[float, int, str, bytes, int, bool]]:
        waiting: dict[int, tuple[float, bytes, int]] = {}

        def flush() -> Iterator[tuple[float, int, str, bytes, int, bool]]:
            for connection, (began, data, total) in waiting.items():
                yield began, connection, "S", data, total, False
            waiting.clear()

        for event in self.events:
            if event.what is What.RECEIVE:
                began, data, total = waiting.get(event.connection, (event.at, b"", 0))
                waiting[event.connection] = (began, data + event.data, total + event.total)
            elif event.what not in (What.HEARD, What.AWAIT, What.CUT):
                yield from flush()
                if event.what in _SAID:
                    datagram = event.what is not What.SEND
                    yield event.at, event.connection, _SAID[event.what], event.data, event.total, datagram
                else:
                    text = f"{event.what.value}: ".encode() + event.data if event.data else event.what.value.encode()
                    yield event.at, event.connection, "*", text, len(text), False
        yield from flush()

    def render(self) -> str:
        """The whole transcript as text for a terminal: printable ASCII only."""
        several = len({event.connection for event in self.events if event.connection}) > 1
        return "\n".join(
            f"{line.at:8.3f}  {line.who}{line.connection if several else ''}: {line.text}" for line in self.lines()
        )


def _traces(secret: bytes) -> list[bytes]:
    """What every base64 word that holds a secret contains, by where in a group of three octets the secret begins."""
    traces = []
    for before in range(3):
        word = base64.b64encode(bytes(before) + secret)
        traces.append(word[(8 * before + 5) // 6 : 8 * (before + len(secret)) // 6])
    return traces if len(secret) >= TELLING else []


def _overlap(first: bytes, second: bytes) -> int:
    """How many octets at the end of `first` begin `second`; 0 when they are too few to tell anything."""
    lengths = range(min(len(first), len(second)), TELLING - 1, -1)
    return next((length for length in lengths if first.endswith(second[:length])), 0)


def _decoded(word: bytes) -> bytes:
    """What a base64 word says, as far as it goes."""
    word = word.rstrip(b"=")
    word = word[: len(word) - 1] if len(word) % 4 == 1 else word
    try:
        return base64.b64decode(word + b"=" * (-len(word) % 4))
    except binascii.Error:
        return b""


def visible(data: bytes) -> str:
    """Octets as printable ASCII: controls and everything above 0x7e as C escapes; a backslash is doubled."""
    return data.decode("latin-1").translate(_VISIBLE)


def _shown(line: bytes) -> str:
    if len(line) <= SHOWN_PER_LINE:
        return visible(line)
    half = SHOWN_PER_LINE // 2
    return f"{visible(line[:half])}[... {len(line) - 2 * half} octets ...]{visible(line[-half:])}"


def _escape(octet: int) -> str:
    named = {0x09: "\\t", 0x0A: "\\n", 0x0D: "\\r", 0x5C: "\\\\"}
    return named.get(octet) or (chr(octet) if 0x20 <= octet < 0x7F else f"\\x{octet:02x}")


_VISIBLE = {octet: _escape(octet) for octet in range(256)}

"""JSON-RPC 2.0 as values: texts to send, responses with what is wrong about them, and two framings for streams.

The specification has no transport. Over a raw stream a text is a line (`lines`), or stands behind a header with its
Content-Length (`headers`, as language servers have it). Pure: no socket and no clock; what a server says is bounded.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from pytest_netconform.wire.json_text import ABSENT, Text, is_number, read, write

VERSION = "2.0"
# 5.1
PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS, INTERNAL_ERROR = -32700, -32600, -32601, -32602, -32603
DEFINED = (PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS, INTERNAL_ERROR)
RESERVED = range(-32768, -31999)
SERVER_ERRORS = range(-32099, -31999)

MESSAGE_OCTETS = 1 << 24  # of one text over a stream
HEADER_OCTETS = 1 << 12

# -- texts


def request(method: object, params: object = ABSENT, id: object = ABSENT, **more: object) -> dict[str, Any]:
    """A Request object (4); without an id it is a Notification (4.1). more: members beside, or in place of, its own."""
    members = {"jsonrpc": VERSION, "method": method, "params": params, "id": id, **more}
    return {name: value for name, value in members.items() if value is not ABSENT}


def text(value: object) -> bytes:
    """A value as octets; a list of Request objects is a batch (6)."""
    return write(value)


def error(code: object, message: object, id: object = None, data: object = ABSENT) -> dict[str, Any]:
    """A Response object with an error (5.1)."""
    members = {"code": code, "message": message, "data": data}
    told = {name: value for name, value in members.items() if value is not ABSENT}
    return {"jsonrpc": VERSION, "error": told, "id": id}


def result(value: object, id: object) -> dict[str, Any]:
    """A Response object with a result (5)."""
    return {"jsonrpc": VERSION, "result": value, "id": id}


# -- responses


@dataclass(frozen=True)
class Response:
    """One Response object. wrong: what is, about its members (5). wrong_error: about those of its error (5.1)."""

    value: Any
    id: Any = ABSENT
    result: Any = ABSENT
    error: Any = ABSENT
    wrong: tuple[str, ...] = ()
    wrong_error: tuple[str, ...] = ()

    @property
    def refused(self) -> bool:
        """Whether it says that something went wrong: an error that is not null, as JSON-RPC 1.0 has it."""
        return self.error is not ABSENT and self.error is not None

    @property
    def code(self) -> int | None:
        """The error's code; None where there is none, or no number."""
        code = self.error.get("code") if isinstance(self.error, dict) else None
        return whole(code)

    @property
    def message(self) -> str:
        """The error's message; empty where there is none."""
        found = self.error.get("message") if isinstance(self.error, dict) else None
        return found if isinstance(found, str) else ""


def whole(value: object) -> int | None:
    """A number without a fraction as an int; None for anything else, and for what is beyond 64 bits."""
    if not is_number(value) or not -(1 << 63) < value < 1 << 63:  # type: ignore[operator]
        return None
    assert isinstance(value, int | float | Decimal)
    return int(value) if value == int(value) else None


def parse_response(value: object) -> Response:
    """One JSON value as a Response object."""
    if not isinstance(value, dict):
        return Response(value, wrong=("it is no object",))
    found = {name: value.get(name, ABSENT) for name in ("id", "result", "error")}
    response = Response(value, **found)
    wrong = tuple(_wrong(value, response))
    told = tuple(_wrong_error(response.error)) if response.refused else ()
    return Response(value, **found, wrong=wrong, wrong_error=told)


def _wrong(value: dict[str, Any], response: Response) -> list[str]:
    found = []
    if value.get("jsonrpc", ABSENT) != VERSION:
        found.append(f"jsonrpc is {value.get('jsonrpc', ABSENT)!r}")
    if response.result is not ABSENT and response.error is not ABSENT:
        found.append("result and error both")
    if response.result is ABSENT and response.error is ABSENT:
        found.append("neither result nor error")
    if response.id is ABSENT:
        found.append("no id")
    elif not (response.id is None or isinstance(response.id, str) or is_number(response.id)):
        found.append("an id that is no String, no Number and not NULL")
    return found


def _wrong_error(error: object) -> list[str]:
    if not isinstance(error, dict):
        return ["error is no object"]
    found = []
    if whole(error.get("code")) is None:
        found.append("code is no integer" if "code" in error else "no code")
    if not isinstance(error.get("message"), str):
        found.append("message is no String" if "message" in error else "no message")
    return found


@dataclass(frozen=True)
class Reply:
    """What came for one text. raw: with its framing. batch: whether it is an array.

    status, media: of the HTTP response that carried it; 0 over a stream. lost: why no text can be told from the next.
    """

    text: Text
    raw: bytes
    responses: tuple[Response, ...] = ()
    batch: bool = False
    status: int = 0
    media: str = ""
    lost: str = ""

    @property
    def code(self) -> str | None:
        """What kind of answer it is; None when the octets could not be framed."""
        return None if self.lost else "batch" if self.batch else "response"

    @property
    def temporary(self) -> bool:
        """No error of JSON-RPC asks to try again later."""
        return False

    @property
    def single(self) -> Response | None:
        """The one Response object that came outside of an array; None where something else did."""
        return None if self.batch or not self.responses else self.responses[0]


def parse_reply(octets: bytes, raw: bytes | None = None, *, status: int = 0, media: str = "") -> Reply:
    """Octets as what came for one text."""
    found = read(octets)
    batch = isinstance(found.value, list)
    values = found.value if batch else [] if found.problem else [found.value]
    responses = tuple(map(parse_response, values))
    return Reply(found, octets if raw is None else raw, responses, batch, status, media)


# -- streams


@dataclass(frozen=True)
class Message:
    """One text with its framing. lost: why no text can be told from the next any more."""

    octets: bytes
    raw: bytes
    lost: str = ""


class Reader(Protocol):
    """Octets in, texts out."""

    def feed(self, data: bytes) -> None:
        """Add octets."""

    def next(self) -> Message | None:
        """The next whole text, or None."""

    def rest(self) -> bytes:
        """What is no whole text yet."""


class _Reader:
    def __init__(self, most: int = MESSAGE_OCTETS) -> None:
        self._most = most
        self._data = bytearray()
        self._lost = False
        self._searched = 0

    def feed(self, data: bytes) -> None:
        """Add octets; behind what cannot be framed they are dropped."""
        if not self._lost:
            self._data += data

    def rest(self) -> bytes:
        """What is no whole text yet."""
        return bytes(self._data)

    def _taken(self, begin: int, end: int, size: int) -> Message:
        """The text between two places, and `size` octets taken."""
        raw = bytes(self._data[:size])
        del self._data[:size]
        self._searched = 0
        return Message(raw[begin:end], raw)

    def _give_up(self, why: str) -> Message:
        self._lost = True
        raw = bytes(self._data)
        self._data.clear()
        return Message(b"", raw, why)


class LineReader(_Reader):
    """A text a line; LF ends it, with CR before it or not, and empty lines are none."""

    def next(self) -> Message | None:
        """The next whole text, or one that says why there are no more (once); None: more octets are needed."""
        while (end := self._data.find(b"\n", self._searched)) >= 0:
            found = self._taken(0, end, end + 1)
            if found.octets.strip():
                return Message(found.octets.removesuffix(b"\r"), found.raw)
        self._searched = len(self._data)
        if len(self._data) > self._most:
            return self._give_up(f"a line that has no end after {self._most} octets")
        return None


_HEADER_END = re.compile(rb"\r?\n\r?\n")
_LENGTH = re.compile(rb"^Content-Length:[ \t]*([0-9]{1,19})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)


class HeaderReader(_Reader):
    """A text behind fields, of which one is its length in octets, and an empty line."""

    def next(self) -> Message | None:
        """The next whole text, or one that says why there are no more (once); None: more octets are needed."""
        if self._lost or not self._data:
            return None
        end = _HEADER_END.search(self._data, 0, HEADER_OCTETS)
        if end is None:
            none = len(self._data) >= HEADER_OCTETS
            return self._give_up(f"no header with a length in {HEADER_OCTETS} octets") if none else None
        lengths = {int(found) for found in _LENGTH.findall(self._data[: end.end()])}
        if len(lengths) != 1:
            return self._give_up("a header without one Content-Length")
        (size,) = lengths
        if size > self._most:
            return self._give_up(f"a text of {size} octets is announced")
        if len(self._data) < end.end() + size:
            return None
        return self._taken(end.end(), end.end() + size, end.end() + size)


@dataclass(frozen=True)
class Framing:
    """A way to tell texts apart in a stream. pattern: of one whole answer, for a reproducer."""

    name: str
    reader: Callable[..., Reader]
    pattern: bytes

    def encode(self, octets: bytes) -> bytes:
        """A text as it stands in the stream."""
        if self.name == "lines":
            return octets + b"\n"
        return b"Content-Length: %d\r\n\r\n" % len(octets) + octets


#: `?framing=`
FRAMINGS = {
    framing.name: framing
    for framing in (
        Framing("lines", LineReader, rb"\s*[^\n]*\n"),
        Framing("headers", HeaderReader, rb"(?i:Content-Length:)[^\n]*\n\r?\n(?s:.*?[\]}])(?=Content-Length:|\Z)"),
    )
}


class ReplyFramer:
    """Texts as replies."""

    grammar = "JR-stream-framing"

    def __init__(self, framing: Framing) -> None:
        self._reader = framing.reader()
        self.pattern = framing.pattern

    def feed(self, data: bytes) -> None:
        """Add octets."""
        self._reader.feed(data)

    def next(self) -> Reply | None:
        """The next whole reply, or None."""
        found = self._reader.next()
        if found is None:
            return None
        if found.lost:
            return Reply(Text(b"", problem=found.lost), found.raw, lost=found.lost)
        return parse_reply(found.octets, found.raw)

    def rest(self) -> bytes:
        """What is no whole reply yet."""
        return self._reader.rest()

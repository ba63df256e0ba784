"""Mutants that only a client can meet: what they get wrong is in what they say, not in how they judge what they hear.

No check of a suite looks for them; a client's author asks for them by name, beside all other mutants of the protocol.
"""

from __future__ import annotations

import struct

from pytest_netconform.reference_servers.dialects import DialectSession
from pytest_netconform.reference_servers.http import HttpSession, Request, Response
from pytest_netconform.reference_servers.mutants.mutant import Mutant

UNASKED = b"nobody has asked for this"


class WrongByteOrder(DialectSession):
    """Writes its lengths least significant octet first."""

    def encode(self, payload: bytes) -> bytes:
        return struct.pack("<I", len(payload)) + payload


class LengthTooLong(DialectSession):
    """Announces one octet more than it sends, and waits."""

    def encode(self, payload: bytes) -> bytes:
        return struct.pack("!I", len(payload) + 1) + payload


class LengthTooShort(DialectSession):
    """Announces one octet less than it sends."""

    def encode(self, payload: bytes) -> bytes:
        return struct.pack("!I", max(0, len(payload) - 1)) + payload


class HugeLength(DialectSession):
    """Announces nearly four gigabytes."""

    def encode(self, payload: bytes) -> bytes:
        return struct.pack("!I", 0xFFFFFFF0) + payload


class AnswersTwice(DialectSession):
    """Says everything two times."""

    def encode(self, payload: bytes) -> bytes:
        return super().encode(payload) * 2


class SpeaksUnasked(DialectSession):
    """Says something before it is asked."""

    def on_open(self) -> None:
        super().on_open()
        self.send(self.encode(UNASKED))


class LeavesInTheMiddle(DialectSession):
    """Closes in the middle of its first answer."""

    def reply(self, payload: bytes) -> None:
        whole = self.encode(payload)
        self.send(whole[: len(whole) // 2])
        self.close()


class AnnouncesMore(HttpSession):
    """Its Content-Length counts one octet more than it sends before it closes."""

    def content_length_of(self, response: Response) -> int:
        return super().content_length_of(response) + 1

    def persists(self, request: Request, response: Response) -> bool:
        return False


class AnnouncesLess(HttpSession):
    """Its Content-Length counts one octet less than it sends."""

    def content_length_of(self, response: Response) -> int:
        return max(0, super().content_length_of(response) - 1)


def _of(name: str, session: type[DialectSession] | type[HttpSession], **options: str) -> Mutant:
    return Mutant(name, (), str(session.__doc__), session, options)


#: protocol → the mutants that only a client can meet
FOR_CLIENTS: dict[str, tuple[Mutant, ...]] = {
    "http": (
        _of("content_length_too_long", AnnouncesMore),
        _of("content_length_too_short", AnnouncesLess),
    ),
    "stream": (
        _of("wrong_byte_order", WrongByteOrder, dialect="prefixed"),
        _of("length_too_long", LengthTooLong, dialect="prefixed"),
        _of("length_too_short", LengthTooShort, dialect="prefixed"),
        _of("huge_length", HugeLength, dialect="prefixed"),
        _of("answers_twice", AnswersTwice),
        _of("speaks_unasked", SpeaksUnasked),
        _of("leaves_in_the_middle", LeavesInTheMiddle),
    ),
}

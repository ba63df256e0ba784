"""Mutants of delimiters: they find marks where none are, forget what stands behind one, or wait for one for ever."""

from __future__ import annotations

from pytest_netconform.reference_servers.dialects import DialectSession
from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.mutants.stream.mortal import Mortal
from pytest_netconform.reference_servers.session import Reset, WakeAt
from pytest_netconform.wire.frames import Frame, Framer

SMALL = 100_000  # octets that fit into the buffers of a socket
BUFFER = 1 << 16
MEMORY = 8 << 20  # octets, fewer than a check says without a mark
ENDLESS = 1 << 40
GLANCE = 1e-12  # seconds for an octet that is looked at


@mutant("rst_at_the_end_truncates", breaks=["FRM-close-delimited"], because="reset", dialect="until-close")
class RstAtTheEndTruncates(DialectSession):
    """Closes at once what it has not sent yet."""

    def reply(self, payload: bytes) -> None:
        if len(payload) > SMALL:
            self.send(payload[:SMALL])
            self.act(Reset())
        else:
            super().reply(payload)


@mutant("long_reply_in_one_send", breaks=["FRM-close-delimited"], because="(100000 octets)", dialect="until-close")
class LongReplyInOneSend(DialectSession):
    """Does not look at how much send() took."""

    def encode(self, payload: bytes) -> bytes:
        return payload[:SMALL]


@mutant(
    "remainder_after_first_delimiter_dropped", breaks=["FRM-delimiter-many"], because="nothing for", dialect="lines"
)
class RemainderAfterFirstDelimiterDropped(DialectSession):
    """Partitions what has come at the first mark, and keeps the front."""

    def on_frame(self, frame: Frame) -> None:
        super().on_frame(frame)
        self.framer = self.make_framer()


@mutant("a_recursion_a_message", breaks=["FRM-delimiter-many"], because="reset", dialect="zen")
class ARecursionAMessage(DialectSession):
    """Calls itself for the rest of the messages, which Python does some hundred times."""

    def on_data(self, data: bytes) -> None:
        if data.count(b"?") > 900:
            self.act(Reset())
        super().on_data(data)


@mutant("escaped_mark_ends_the_message", breaks=["FRM-delimiter-in-data"], because="b''", dialect="escaped")
class EscapedMarkEndsTheMessage(DialectSession):
    """Splits at every mark there is, and takes the escapes away afterwards."""

    had = b""

    def on_data(self, data: bytes) -> None:
        *messages, self.had = (self.had + data).split(b".")
        for message in messages:
            self.on_request(message.rstrip(b"\\"))


@mutant("escapes_are_kept", breaks=["FRM-delimiter-in-data"], because="\\\\", dialect="escaped")
class EscapesAreKept(DialectSession):
    """Forgets to take the escapes away."""

    def on_frame(self, frame: Frame) -> None:
        self.on_request(frame.raw[:-1])


@mutant("partial_command_executed_at_eof", breaks=["FRM-delimiter-missing-eof"], because="no line end", dialect="lines")
class PartialCommandExecutedAtEof(DialectSession):
    """Takes what readline() returns at the end of the stream for a line."""

    def on_last(self, frame: Frame) -> None:
        self.on_request(frame.raw.rstrip(b"\r"))


@mutant(
    "lone_escape_is_dropped_at_eof", breaks=["FRM-delimiter-missing-eof"], because="an escape with", dialect="escaped"
)
class LoneEscapeIsDroppedAtEof(DialectSession):
    """Takes an escape with nothing behind it for the end of a message."""

    def on_last(self, frame: Frame) -> None:
        if frame.raw.endswith(b"\\"):
            self.on_request(frame.raw[:-1])


@mutant("unbounded_buffer", breaks=["FRM-delimiter-overlong"], because="given back in one answer", dialect="lines")
class UnboundedBuffer(DialectSession):
    """Keeps whatever comes until a mark does."""

    def make_framer(self) -> Framer:
        return self.dialect.requests.framer(ENDLESS)


@mutant("memory_is_exhausted", breaks=["FRM-delimiter-overlong"], because="reset", dialect="zen")
class MemoryIsExhausted(Mortal):
    """Keeps whatever comes, until the system ends it."""

    def make_framer(self) -> Framer:
        return self.dialect.requests.framer(ENDLESS)

    def on_data(self, data: bytes) -> None:
        super().on_data(data)
        self.size = getattr(self, "size", 0) + len(data)
        if self.size > MEMORY:
            self.die()


@mutant("quadratic_scan", breaks=["FRM-delimiter-overlong"], because="nothing for", dialect="lines")
class QuadraticScan(DialectSession):
    """Looks at every octet again with every small piece that comes; we only see how long that takes."""

    def on_request(self, payload: bytes) -> None:
        cost = len(payload) * len(payload) * GLANCE * 20
        if len(payload) < BUFFER:
            super().on_request(payload)
        else:
            self.late = payload
            self.act(WakeAt(self.now + cost))

    def on_wake(self) -> None:
        super().on_request(self.late)

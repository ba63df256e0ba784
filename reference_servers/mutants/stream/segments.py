"""Mutants of segments: each takes what one recv() brought for something that it is not."""

from __future__ import annotations

from pytest_netconform.reference_servers.dialects import DialectSession
from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.session import Reset

SMALL = 8  # octets that a hasty server reads at a time
FIXED = 16


@mutant("one_recv_is_one_message", breaks=["TCP-9293-3.1-stream-coalesce"], because="nothing for", dialect="lines")
class OneRecvIsOneMessage(DialectSession):
    """Takes the first message out of what one recv() brought, and forgets the rest."""

    def on_data(self, data: bytes) -> None:
        self.framer = self.make_framer()
        super().on_data(data)

    def digest(self) -> None:
        if (frame := self.framer.next()) is not None:
            self.on_frame(frame)


@mutant(
    "endswith_as_framing",
    breaks=["TCP-9293-3.1-stream-coalesce", "TCP-9293-3.1-stream-odd-cut"],
    because="unknown aphorism",
    dialect="zen",
)
class EndswithAsFraming(DialectSession):
    """Reads until what it has ends in the mark, and takes all of it for one message."""

    had = b""

    def on_data(self, data: bytes) -> None:
        self.had += data
        if self.had.endswith(b"?"):
            question, self.had = self.had, b""
            self.on_request(question)


@mutant(
    "small_recv_forgets_the_rest",
    breaks=["TCP-9293-3.1-stream-coalesce", "TCP-9293-3.1-stream-odd-cut"],
    because="nothing for",
    dialect="echo",
)
class SmallRecvForgetsTheRest(DialectSession):
    """Gives back what fits into one small buffer, of all that has come."""

    def on_data(self, data: bytes) -> None:
        super().on_data(data[:SMALL])


@mutant(
    "partial_message_is_refused",
    breaks=["TCP-9293-3.1-stream-split", "TCP-9293-3.1-stream-odd-cut"],
    because="the connection was closed",
    dialect="zen",
)
class PartialMessageIsRefused(DialectSession):
    """Parses what one recv() brought, and takes half a message for a wrong one."""

    def on_data(self, data: bytes) -> None:
        super().on_data(data)
        if self.framer.rest():
            self.close()


@mutant("first_recv_is_the_whole_request", breaks=["TCP-9293-3.1-stream-split"], because="b'a'", dialect="until-close")
class FirstRecvIsTheWholeRequest(DialectSession):
    """Answers what came first, in place of what came up to the end."""

    def on_data(self, data: bytes) -> None:
        self.on_request(data)


@mutant(
    "delimiter_searched_in_the_latest_chunk", breaks=["FRM-delimiter-split"], because="nothing for", dialect="lines"
)
class DelimiterSearchedInTheLatestChunk(DialectSession):
    """Looks for the mark in what has just come, and not across the seam."""

    had = b""

    def on_data(self, data: bytes) -> None:
        self.had += data
        if b"\r\n" in data:
            had, self.had = self.had, b""
            super().on_data(had)


@mutant("answer_ends_in_bare_lf", breaks=["FRM-delimiter-split"], because="bare LF", dialect="lines")
class AnswerEndsInBareLf(DialectSession):
    """Ends its lines as its own operating system does."""

    def encode(self, payload: bytes) -> bytes:
        return payload + b"\n"


@mutant(
    "length_must_come_in_one_segment",
    breaks=["FRM-len-split-prefix", "TCP-9293-3.1-stream-odd-cut"],
    because="reset",
    dialect="prefixed",
)
class LengthMustComeInOneSegment(DialectSession):
    """Unpacks the length from fewer octets than it has, and dies of that (struct.error)."""

    def on_data(self, data: bytes) -> None:
        super().on_data(data)
        if 0 < len(self.framer.rest()) < 4:
            self.act(Reset())


@mutant(
    "digits_of_the_first_chunk",
    breaks=["FRM-len-split-prefix"],
    because="the connection was closed",
    dialect="netstring",
)
class DigitsOfTheFirstChunk(DialectSession):
    """Takes the digits that came first for the whole length."""

    def on_data(self, data: bytes) -> None:
        super().on_data(data + b":" * (data.isdigit() and not self.framer.rest()))


@mutant("answer_length_with_leading_zero", breaks=["FRM-len-split-prefix"], because="leading zero", dialect="netstring")
class AnswerLengthWithLeadingZero(DialectSession):
    """Pads the length of its answers."""

    def encode(self, payload: bytes) -> bytes:
        return b"0" + super().encode(payload)


@mutant("recv_16_once", breaks=["FRM-fixed-16"], because="\\x00", dialect="sixteen")
class Recv16Once(DialectSession):
    """Asks for sixteen octets and takes what it gets for them."""

    def on_data(self, data: bytes) -> None:
        self.on_request(data[:FIXED].ljust(FIXED, b"\0"))

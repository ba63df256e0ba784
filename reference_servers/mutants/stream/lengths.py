"""Mutants of lengths: read in another order, believed when they lie, or the death of the server."""

from __future__ import annotations

import struct

from pytest_netconform.reference_servers.dialects import DialectSession
from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.mutants.stream.mortal import Mortal
from pytest_netconform.wire.frames import Frame

FIXED = 16
OCTET = 256


@mutant("native_byte_order", breaks=["FRM-len-i32-be"], because="a length of 134217728", dialect="prefixed")
class NativeByteOrder(DialectSession):
    """Takes a length that makes no sense for one of its own machine."""

    def on_data(self, data: bytes) -> None:
        length = struct.unpack("<I", data[:4].ljust(4, b"\xff"))[0]
        swapped = length == len(data) - 4 and not self.framer.rest()
        super().on_data(data[3::-1] + data[4:] if swapped else data)


@mutant("length_of_one_octet", breaks=["FRM-len-i32-be"], because="in answer to", dialect="prefixed")
class LengthOfOneOctet(DialectSession):
    """Writes one octet of a length of four."""

    def encode(self, payload: bytes) -> bytes:
        return bytes([0, 0, 0, len(payload) % OCTET]) + payload


@mutant("zero_length_is_the_end", breaks=["FRM-len-zero"], because="the connection was closed", dialect="prefixed")
class ZeroLengthIsTheEnd(DialectSession):
    """Takes an empty message for the end of the stream, as recv() says it."""

    def on_request(self, payload: bytes) -> None:
        if payload:
            super().on_request(payload)
        else:
            self.close()


@mutant("empty_message_repeats_the_last", breaks=["FRM-len-zero"], because="an empty message", dialect="netstring")
class EmptyMessageRepeatsTheLast(DialectSession):
    """Answers an empty message from a buffer that was not emptied."""

    last = b"stale"

    def on_request(self, payload: bytes) -> None:
        self.last = payload or self.last
        super().on_request(self.last)


@mutant("allocates_what_is_announced", breaks=["FRM-len-huge"], because="connect", dialect="prefixed")
class AllocatesWhatIsAnnounced(Mortal):
    """Asks for the memory before the octets are there, and dies of the answer."""

    def on_broken(self, frame: Frame) -> None:
        self.die()


@mutant("negative_length_is_an_empty_message", breaks=["FRM-len-huge"], because="as a part of", dialect="prefixed")
class NegativeLengthIsAnEmptyMessage(DialectSession):
    """Reads lengths with a sign, and of a negative number of octets nothing."""

    def on_broken(self, frame: Frame) -> None:
        self.reply(b"")


@mutant("no_digits_are_a_zero", breaks=["FRM-len-huge"], because="no length", dialect="netstring")
class NoDigitsAreAZero(DialectSession):
    """Begins with a zero and adds digits, of which there were none."""

    def on_data(self, data: bytes) -> None:
        super().on_data(b"0:," + data.partition(b",")[2] if data.startswith(b":") else data)


@mutant("minus_sign_is_passed_over", breaks=["FRM-len-huge"], because="a length of -8", dialect="netstring")
class MinusSignIsPassedOver(DialectSession):
    """Takes whatever int() takes, and the absolute value of it."""

    def on_data(self, data: bytes) -> None:
        super().on_data(data.removeprefix(b"-"))


@mutant("short_body_is_processed", breaks=["FRM-len-short-body"], because="a length of 13", dialect="prefixed")
class ShortBodyIsProcessed(DialectSession):
    """Does with what came what it would have done with the whole."""

    def on_last(self, frame: Frame) -> None:
        self.on_request(frame.raw[4:])


@mutant("short_netstring_is_processed", breaks=["FRM-len-short-body"], because="a length of 13", dialect="netstring")
class ShortNetstringIsProcessed(DialectSession):
    """Takes what stands behind the colon, however much it is."""

    def on_last(self, frame: Frame) -> None:
        self.on_request(frame.raw.partition(b":")[2].rstrip(b","))


@mutant("short_message_is_padded", breaks=["FRM-fixed-short"], because="15 octets of 16", dialect="sixteen")
class ShortMessageIsPadded(DialectSession):
    """Fills up what is missing."""

    def on_last(self, frame: Frame) -> None:
        self.on_request(frame.raw.ljust(FIXED, b"\0"))


@mutant("endless_shift", breaks=["FRM-varint"], because="eleven octets: no answer", dialect="varint")
class EndlessShift(DialectSession):
    """Goes on shifting as long as the high bit is set."""

    def on_broken(self, frame: Frame) -> None:
        """There must be more to come."""


@mutant("needless_octets_are_read", breaks=["FRM-varint"], because="answered as the right one", dialect="varint")
class NeedlessOctetsAreRead(DialectSession):
    """Reads lengths with needless octets, as Protocol Buffers do: another choice, and no wrong one."""

    def acceptable(self, frame: Frame, payload: bytes) -> bool:
        return True

"""Mutants of values: each writes a type otherwise than RFC 4506 has it."""

from __future__ import annotations

import struct

from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.oncrpc import Calls
from pytest_netconform.wire.oncrpc import SUCCESS, Received, accepted
from pytest_netconform.wire.xdr import Reader, XdrProblem, boolean, int32, uint


@mutant("integers_in_native_order", breaks=["XDR-int"], because="04030201")
class IntegersInNativeOrder(Calls):
    """Writes integers as they lie in its memory."""

    def echo_int(self, reader: Reader) -> bytes:
        return super().echo_int(reader)[::-1]

    def echo_unsigned(self, reader: Reader) -> bytes:
        return super().echo_unsigned(reader)[::-1]


@mutant("integers_of_31_bits", breaks=["XDR-int"], because="7fffffff")
class IntegersOf31Bits(Calls):
    """Has no room for the sign."""

    def echo_unsigned(self, reader: Reader) -> bytes:
        return uint(reader.uint() & 0x7FFFFFFF)


@mutant("hyper_word_swapped", breaks=["XDR-hyper-float"], because="05060708 01020304")
class HyperWordSwapped(Calls):
    """Writes the low word first."""

    def echo_hyper(self, reader: Reader) -> bytes:
        octets = super().echo_hyper(reader)
        return octets[4:] + octets[:4]


@mutant("floats_little_endian", breaks=["XDR-hyper-float"], because="0000c03f")
class FloatsLittleEndian(Calls):
    """Writes floats as they lie in its memory."""

    def echo_float(self, reader: Reader) -> bytes:
        return super().echo_float(reader)[::-1]


@mutant("no_negative_zero", breaks=["XDR-hyper-float"], because="00000000 00000000")
class NoNegativeZero(Calls):
    """Loses the sign of zero."""

    def echo_double(self, reader: Reader) -> bytes:
        return struct.pack(">d", reader.float64() + 0.0)


@mutant("nan_is_zero", breaks=["XDR-hyper-float"], because="no number")
class NanIsZero(Calls):
    """Has nothing that is no number."""

    def echo_double(self, reader: Reader) -> bytes:
        value = reader.float64()
        return struct.pack(">d", value if value == value else 0.0)


@mutant("no_padding", breaks=["XDR-opaque-pad"], because="00000001 61")
class NoPadding(Calls):
    """Ends where the data ends."""

    def echo_opaque(self, reader: Reader) -> bytes:
        data = reader.opaque()
        return uint(len(data)) + data


@mutant("padding_from_the_stack", breaks=["XDR-opaque-pad"], because="61cdcdcd")
class PaddingFromTheStack(Calls):
    """Fills up with whatever is there."""

    def echo_opaque(self, reader: Reader) -> bytes:
        data = reader.opaque()
        return uint(len(data)) + data + b"\xcd" * (-len(data) % 4)


@mutant("padding_of_the_request", breaks=["XDR-opaque-pad"], because="zeros behind the data")
class PaddingOfTheRequest(Calls):
    """Gives back the octets as they came, and no value."""

    def echo_opaque(self, reader: Reader) -> bytes:
        octets = reader.rest
        super().echo_opaque(reader)
        return octets


@mutant("two_is_true", breaks=["XDR-bool-enum"], because="SUCCESS: taken")
class TwoIsTrue(Calls):
    """Has booleans as C has them: noted."""

    def echo_bool(self, reader: Reader) -> bytes:
        return boolean(reader.uint() != 0)


@mutant("crash_at_two", breaks=["XDR-bool-enum"], because="nothing")
class CrashAtTwo(Calls):
    """Has a table of two names for booleans, and of three for the enumeration."""

    def bad_arguments(self, call: Received, problem: XdrProblem) -> bytes | None:
        return None if "neither" in str(problem) else super().bad_arguments(call, problem)


@mutant("enumeration_of_any_value", breaks=["XDR-bool-enum"], because="SUCCESS: taken")
class EnumerationOfAnyValue(Calls):
    """Has enumerations as C has them: noted."""

    def echo_enum(self, reader: Reader) -> bytes:
        return int32(reader.int32())


@mutant("loops_four_thousand_million_times", breaks=["XDR-array-len"], because="nothing")
class LoopsFourThousandMillionTimes(Calls):
    """Believes the count, and is busy for the rest of the day."""

    def answer(self, message: bytes) -> bytes | None:
        return None if "busy" in self.config.shared else super().answer(message)

    def echo_array(self, reader: Reader) -> bytes:
        if int.from_bytes(reader.rest[:4], "big") > 1 << 20:
            self.config.shared["busy"] = True
        return super().echo_array(reader)

    def bad_arguments(self, call: Received, problem: XdrProblem) -> bytes | None:
        return None if "busy" in self.config.shared else super().bad_arguments(call, problem)


@mutant("missing_elements_are_none", breaks=["XDR-array-len"], because="SUCCESS")
class MissingElementsAreNone(Calls):
    """Stops at the end of the octets, and is content."""

    def bad_arguments(self, call: Received, problem: XdrProblem) -> bytes | None:
        short = "elements are announced" in str(problem)
        return accepted(call.xid, SUCCESS, uint(0)) if short else super().bad_arguments(call, problem)

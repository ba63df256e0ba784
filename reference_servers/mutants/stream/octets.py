"""Mutants of octets: numbers that lose their order, sign or fraction on the way, and octets that are run.

They take short messages for numbers; the others, and those of letters alone, are given back as the rule says.
"""

from __future__ import annotations

import io
import math
import pickle
import struct
from typing import Any

from pytest_netconform.dialect import Exchange
from pytest_netconform.reference_servers.dialects import DialectSession
from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.wire.frames import Frame

HARMLESS = ("_codecs", "encode")
SIGN = 128


def _number(format: str, payload: bytes) -> Any:
    """The number that a message is, or None."""
    if len(payload) != struct.calcsize(format) or payload.isalnum():
        return None
    return struct.unpack(format, payload)[0]


@mutant("little_endian_field", breaks=["BYT-order-be"], because=r"b'\x01\x00\x00\x00'", dialect="prefixed")
class LittleEndianField(DialectSession):
    """Writes a number as its own machine has it."""

    def answer(self, exchange: Exchange) -> bytes | None:
        number = _number("!I", exchange.say)
        return exchange.reply if number is None else struct.pack("<I", number)


@mutant("signed_field", breaks=["BYT-signed"], because="the connection was closed", dialect="prefixed")
class SignedField(DialectSession):
    """Reads a number with a sign where there is none, and does not like negative ones."""

    def on_request(self, payload: bytes) -> None:
        if (_number("!i", payload) or 0) < 0:
            self.close()
        super().on_request(payload)


@mutant("signed_length", breaks=["BYT-signed"], because="the connection was closed", dialect="prefixed-octet")
class SignedLength(DialectSession):
    """Reads a length of one octet with a sign."""

    def acceptable(self, frame: Frame, payload: bytes) -> bool:
        return len(payload) < SIGN and super().acceptable(frame, payload)


@mutant("text_formatting_loses_precision", breaks=["BYT-float"], because="in answer to", dialect="prefixed")
class TextFormattingLosesPrecision(DialectSession):
    """Writes a number as text, six digits long, and reads it again."""

    def answer(self, exchange: Exchange) -> bytes | None:
        number = _number("!d", exchange.say)
        return exchange.reply if number is None else struct.pack("!d", float(f"{number:g}"))


@mutant("negative_zero_is_zero", breaks=["BYT-float"], because=r"b'\x80\x00", dialect="netstring")
class NegativeZeroIsZero(DialectSession):
    """Adds a zero to a number, which changes one of them."""

    def answer(self, exchange: Exchange) -> bytes | None:
        number = _number("!d", exchange.say)
        return exchange.reply if number is None else struct.pack("!d", number + 0.0)


@mutant("nan_is_no_number", breaks=["BYT-float"], because=r"b'\x00\x00\x00\x00\x00\x00\x00\x00'", dialect="varint")
class NanIsNoNumber(DialectSession):
    """Puts a zero in the place of what is no number."""

    def answer(self, exchange: Exchange) -> bytes | None:
        number = _number("!d", exchange.say)
        return bytes(8) if number is not None and math.isnan(number) else exchange.reply


class _Unpickler(pickle.Unpickler):
    """Runs one function, which does no harm, and no other."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) != HARMLESS:
            raise pickle.UnpicklingError(f"{module}.{name}")
        return super().find_class(module, name)


@mutant("pickle_loads", breaks=["BYT-pickle-exec"], because="netconform was here", dialect="prefixed")
class PickleLoads(DialectSession):
    """Reads what comes from the network with pickle.loads."""

    def answer(self, exchange: Exchange) -> bytes | None:
        try:
            found = _Unpickler(io.BytesIO(exchange.say)).load()
        except Exception:
            return exchange.reply
        return repr(found).encode()

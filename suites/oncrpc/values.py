"""Values (RFC 4506): what a procedure that gives back its argument makes of each type."""

from __future__ import annotations

import math
import struct

import pytest

from pytest_netconform.dialogues.oncrpc import CLOSED, SILENCE, Rpc
from pytest_netconform.requirement import MUST, SECURITY, SHOULD, hostile, needs, requirement
from pytest_netconform.verdict import NonConformity
from pytest_netconform.wire.oncrpc import GARBAGE_ARGS, SUCCESS, SYSTEM_ERR
from pytest_netconform.wire.oncrpc_told import described
from pytest_netconform.wire.xdr import Reader, XdrProblem, array, float32, float64, hyper, int32, opaque, uint

INTEGERS = {
    "-1": ("int", int32(-1)),
    "largest": ("int", int32((1 << 31) - 1)),
    "smallest": ("int", int32(-(1 << 31))),
    "unsigned": ("unsigned", uint((1 << 32) - 1)),
    "order": ("unsigned", uint(0x01020304)),
}
WIDE = {
    "hyper": ("hyper", hyper((1 << 63) - 1)),
    "hyper-order": ("hyper", hyper(0x0102030405060708)),
    "float": ("float", float32(1.5)),
    "float-minus-zero": ("float", float32(-0.0)),
    "double": ("double", float64(1.5)),
    "double-minus-zero": ("double", float64(-0.0)),
}
NANS = {"float": b"\x7f\xc0\x00\x01", "double": b"\x7f\xf8\x00\x00\x00\x00\x00\x01"}
NO_VALUES = {"bool": uint(2), "enum": uint(0x7FFFFFFF)}
LENIENT = {SYSTEM_ERR: "a refusal of another kind", SUCCESS: "taken, although it is no value of the type"}


def _given_back(rpc: Rpc, kind: str, argument: bytes, *, expected: str = "") -> bytes:
    """The results of a procedure that gives back its argument: the same octets, unless `expected` says otherwise."""
    call = rpc.echoing(kind, argument)
    results = rpc.expects(call, SUCCESS).results
    if not expected and results != argument:
        wanted = f"{argument.hex(' ', 4)} as the results of {described(call)}"
        raise NonConformity(wanted, results.hex(" ", -4) or "no results")
    return results


@requirement(
    "XDR-int", MUST, "RFC 4506 4.1, 4.2", "Integers are four octets, big-endian, two's complement where signed."
)
@needs("?echo")
@pytest.mark.parametrize(("kind", "octets"), INTEGERS.values(), ids=list(INTEGERS))
def test_integers(rpc: Rpc, kind: str, octets: bytes) -> None:
    """Each comes back octet for octet."""
    _given_back(rpc, kind, octets)


@requirement("XDR-hyper-float", MUST, "RFC 4506 4.5-4.7", "Hyper integers, floats and doubles are big-endian.")
@needs("?echo")
@pytest.mark.parametrize(("kind", "octets"), WIDE.values(), ids=list(WIDE))
def test_wide_values(rpc: Rpc, kind: str, octets: bytes) -> None:
    """Each comes back octet for octet, the sign of zero too."""
    _given_back(rpc, kind, octets)


@requirement("XDR-hyper-float", MUST, "RFC 4506 4.5-4.7", "Hyper integers, floats and doubles are big-endian.")
@needs("?echo")
@pytest.mark.parametrize("kind", list(NANS))
def test_not_a_number(rpc: Rpc, kind: str) -> None:
    """What is no number comes back as no number; which one is left free (4.6)."""
    results = _given_back(rpc, kind, NANS[kind], expected="no number")
    form = {4: ">f", 8: ">d"}[len(NANS[kind])]
    right = len(results) == len(NANS[kind]) and math.isnan(struct.unpack(form, results)[0])
    rpc.require(right, "no number (NaN)", results.hex(" ", -4) or "no results")


@requirement("XDR-opaque-pad", MUST, "RFC 4506 4.9-4.11", "Opaque data and strings fill up to four octets with zeros.")
@needs("?echo")
@pytest.mark.parametrize("kind", ["opaque", "string"])
@pytest.mark.parametrize("size", range(6))
def test_padding(rpc: Rpc, kind: str, size: int) -> None:
    """A length, so many octets, zeros up to a multiple of four, and nothing more."""
    _given_back(rpc, kind, opaque(b"abcdef"[:size]))


@requirement("XDR-opaque-pad", MUST, "RFC 4506 4.9-4.11", "Opaque data and strings fill up to four octets with zeros.")
@needs("?echo")
def test_padding_that_is_not_zero(rpc: Rpc) -> None:
    """Taken or refused; what comes back is filled up with zeros all the same."""
    rpc.granted(rpc.echoing("opaque"))
    call = rpc.echoing("opaque", uint(1) + b"a\xff\xff\xff")
    reply = rpc.expects(call, SUCCESS, GARBAGE_ARGS, noted={SYSTEM_ERR: LENIENT[SYSTEM_ERR]})
    if reply.status == SUCCESS:
        rpc.require(_padded(reply.results), "zeros behind the data", reply.results.hex(" ", -4))
    rpc.note(f"padding that is not zero: {reply.status}")


def _padded(results: bytes) -> bool:
    reader = Reader(results)
    try:
        data = reader.opaque()
        reader.end()
    except XdrProblem:
        return False
    return data == b"a" and not reader.deviations


@requirement("XDR-bool-enum", SHOULD, "RFC 4506 4.3, 4.4", "A boolean is 0 or 1, an enumeration one of its values.")
@needs("?echo")
@pytest.mark.parametrize("kind", list(NO_VALUES))
def test_values_that_are_none(rpc: Rpc, kind: str) -> None:
    """TRUE is 1, not 2; no enumeration is expected to have 2147483647."""
    rpc.granted(rpc.echoing(kind))
    rpc.expects(rpc.echoing(kind, NO_VALUES[kind]), GARBAGE_ARGS, noted=LENIENT)
    rpc.survives()


@requirement(
    "XDR-array-len", SECURITY, "RFC 4506 4.13", "The count of an array is believed as far as there are elements."
)
@needs("?echo")
@hostile
def test_array_of_four_thousand_million(rpc: Rpc) -> None:
    """Four thousand million elements are announced and none is there: refused, passed over or closed, and soon."""
    twin = rpc.another()
    twin.granted(twin.echoing("array", array(uint(7))))
    call = rpc.echoing("array", uint(0xFFFFFFFF))
    came = rpc.outcome(call)
    rpc.judged(came, call, GARBAGE_ARGS, SYSTEM_ERR, SILENCE, CLOSED)
    rpc.survives()


NOT_CHECKED: list[tuple[str, str]] = []

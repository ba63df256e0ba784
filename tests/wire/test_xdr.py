"""XDR: known answers from RFC 4506, there and back, and octets that are no value."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from typing import Any

import pytest

from pytest_netconform.wire import xdr
from pytest_netconform.wire.xdr import Reader, XdrProblem

Write, Read = Callable[[Any], bytes], Callable[[Reader], Any]

#: how a value is written, how it is read, the value, and its octets
KNOWN: list[tuple[Write, Read, Any, str]] = [
    (xdr.int32, Reader.int32, -1, "ffffffff"),
    (xdr.int32, Reader.int32, -(1 << 31), "80000000"),
    (xdr.int32, Reader.int32, (1 << 31) - 1, "7fffffff"),
    (xdr.uint, Reader.uint, (1 << 32) - 1, "ffffffff"),
    (xdr.uint, Reader.uint, 0x01020304, "01020304"),
    (xdr.hyper, Reader.hyper, (1 << 63) - 1, "7fffffffffffffff"),
    (xdr.hyper, Reader.hyper, -2, "fffffffffffffffe"),
    (xdr.float32, Reader.float32, 1.5, "3fc00000"),
    (xdr.float32, Reader.float32, -0.0, "80000000"),
    (xdr.float64, Reader.float64, 1.5, "3ff8000000000000"),
    (xdr.float64, Reader.float64, math.inf, "7ff0000000000000"),
    (xdr.boolean, Reader.boolean, True, "00000001"),
    (xdr.boolean, Reader.boolean, False, "00000000"),
    (xdr.opaque, Reader.opaque, b"", "00000000"),
    (xdr.opaque, Reader.opaque, b"a", "0000000161000000"),
    (xdr.opaque, Reader.opaque, b"abc", "0000000361626300"),
    (xdr.opaque, Reader.opaque, b"abcd", "0000000461626364"),
    (xdr.opaque, Reader.opaque, b"sillyprog", "0000000973696c6c 7970726f 67000000"),  # RFC 4506 7
]


@pytest.mark.parametrize(("write", "read", "value", "octets"), KNOWN, ids=[f"{k[2]!r}-{k[3]}" for k in KNOWN])
@pytest.mark.parametrize("behind", [b"", b"\xff", b"\0\0\0\0"], ids=["whole", "octet", "unit"])
def test_known_answers(write: Write, read: Read, value: Any, octets: str, behind: bytes) -> None:
    """A value is these octets, and is read from them whatever is behind; nothing less will do."""
    whole = bytes.fromhex(octets)
    assert write(value) == whole
    reader = Reader(whole + behind)
    found = read(reader)
    assert found == value and write(found) == whole  # the sign of zero too
    assert reader.rest == behind and not reader.deviations
    for short in range(len(whole)):
        with pytest.raises(XdrProblem):
            read(Reader(whole[:short]))


def test_an_array() -> None:
    """A count and so many elements (RFC 4506 4.13)."""
    assert xdr.array(xdr.uint(7), xdr.uint(8)) == bytes.fromhex("00000002 00000007 00000008")
    assert Reader(xdr.array(xdr.uint(7))).count(4) == 1


@pytest.mark.parametrize(
    ("octets", "read", "why"),
    [
        ("00000002", Reader.boolean, "a boolean at octet 0 is 2, neither 0 nor 1"),
        (
            "ffffffff 61",
            Reader.opaque,
            "opaque data at octet 4: 4294967295 octets are announced or needed, 1 are there",
        ),
        ("00000001 61", Reader.opaque, "the padding of opaque data at octet 5: 3 octets are announced"),
        ("ffffffff", lambda reader: reader.count(4), "4294967295 elements are announced, 0 octets are there"),
        ("00000191", lambda reader: reader.opaque(400), "401 octets, at most 400 are allowed"),
        ("000000", Reader.uint, "an unsigned integer at octet 0: 4 octets are announced or needed, 3 are there"),
    ],
)
def test_what_is_no_value(octets: str, read: Read, why: str) -> None:
    """The problem says where, what was got, and what was expected; nothing is made room for."""
    with pytest.raises(XdrProblem) as problem:
        read(Reader(bytes.fromhex(octets)))
    assert why in str(problem.value)


def test_padding_that_is_not_zero_is_named() -> None:
    """It is read, and named (RFC 4506 4.9)."""
    reader = Reader(b"\0\0\0\1a\0\0\1")
    assert reader.opaque() == b"a"
    assert reader.deviations == ["the padding of opaque data is not zero"]


def test_an_end_is_an_end() -> None:
    """Octets behind the last value are told."""
    reader = Reader(b"\0\0\0\1\0")
    reader.uint()
    with pytest.raises(XdrProblem, match="1 octets are left behind octet 4"):
        reader.end()


def test_no_number_is_no_number() -> None:
    """Whatever its payload (RFC 4506 4.6)."""
    assert math.isnan(Reader(b"\x7f\xc0\x00\x01").float32())
    assert math.isnan(Reader(struct.pack(">d", math.nan)).float64())

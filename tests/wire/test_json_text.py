"""JSON texts: what is read, what is wrong about it and has a name, and what is never raised (RFC 8259)."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_netconform.wire.json_text import (
    ABSENT,
    BEYOND,
    DEPTH,
    LONE,
    MARKED,
    NO_NUMBER,
    NOT_UTF8,
    TWICE,
    Text,
    is_number,
    nesting,
    read,
    same,
    write,
)

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("octets", "value"),
    [
        (b"19", 19),
        (b" \t\r\n[1, -2, 0] ", [1, -2, 0]),
        (b'{"a": {"b": [null, true, false]}}', {"a": {"b": [None, True, False]}}),
        (b"1.50", Decimal("1.50")),
        (b"1e400", Decimal("1e400")),
        (b"12345678901234567890", 12345678901234567890),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
        ('"\u00e9"'.encode(), "\u00e9"),
        (b'"[[[[{{{{\\""', '[[[[{{{{"'),
        (b"9" * 5000, Decimal("9" * 5000)),
    ],
)
def test_texts(octets: bytes, value: object) -> None:
    """Values are exact, and nothing is wrong about them."""
    assert read(octets) == Text(octets, value)


@pytest.mark.parametrize(
    ("octets", "value", "flaw"),
    [
        (b'"\xff"', "\ufffd", NOT_UTF8),
        (b'"\xed\xa0\x80"', "\ufffd\ufffd\ufffd", NOT_UTF8),
        (b"\xef\xbb\xbf1", 1, MARKED),
        (b'{"id":1,"id":2}', {"id": 2}, TWICE),
        (b'["\\ud800"]', ["\ud800"], LONE),
        (b'{"\\udfff":1}', {"\udfff": 1}, LONE),
        (b"[Infinity]", [float("inf")], NO_NUMBER),
        (b"1e99999999999999999999", Decimal("1E+999999"), BEYOND),
        (b"-1e99999999999999999999", Decimal("-1E+999999"), BEYOND),
        (b"1e-99999999999999999999", Decimal("1E-999999"), BEYOND),
    ],
)
def test_flaws(octets: bytes, value: object, flaw: str) -> None:
    """Each has its name, and the text is read on."""
    assert read(octets) == Text(octets, value, flaws=(flaw,))


def test_nan() -> None:
    """It is equal to nothing, itself included."""
    found = read(b"NaN")
    assert found.flaws == (NO_NUMBER,) and found.value != found.value and is_number(found.value)


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (b"", "Expecting value, at character 0"),
        (b"<!DOCTYPE html>", "Expecting value, at character 0"),
        (b'{"jsonrpc": "2.0"', "Expecting ',' delimiter, at character 17"),
        (b"1 2", "Extra data, at character 2"),
        (b"[1,]", "no JSON"),
        (b"{'a':1}", "no JSON"),
        (b'"\n"', "Invalid control character"),
        (b"01", "Extra data"),
        ("\u0661".encode(), "Expecting value"),
        (b"\xff\xfe1\x00", "Expecting value"),
        (b"[" * 100_000, "nested more than 200 deep"),
        (b"[" * 5000 + b"]" * 5000, "nested more than 200 deep"),
        (b'{"a":' * 201 + b"1" + b"}" * 201, "nested more than 200 deep"),
        (b"[" * 1_000_000 + b'"' * 1_000_000, "nested more than 200 deep"),
    ],
)
def test_what_is_no_text(octets: bytes, why: str) -> None:
    """The reason is one line, and there is no value."""
    found = read(octets)
    assert why in found.problem and "\n" not in found.problem and found.value is ABSENT


def test_depth_is_read_up_to_its_limit() -> None:
    """200 arrays are read, compared and written; strings have no depth."""
    deep = b"[" * DEPTH + b"]" * DEPTH
    found = read(deep)
    assert not found.problem and same(found.value, read(deep).value) and write(found.value) == deep
    assert nesting('{"a": ["[[[[", [], {}]}', 10) == 3


@given(st.binary(max_size=200) | st.text('[]{}",:\\ud80eE+-.0123456789 naN\n', max_size=60).map(str.encode))
def test_nothing_is_raised(octets: bytes) -> None:
    """Whatever a server says is a text with a value, or with a reason."""
    found = read(octets)
    assert (found.value is ABSENT) == bool(found.problem)


@given(VALUES)
def test_what_is_written_is_read(value: Any) -> None:
    """By us, and by the standard library."""
    octets = write(value)
    assert octets.isascii() and same(read(octets).value, value) and json.loads(octets) == value


def test_writing() -> None:
    """No blanks, ASCII, numbers as they are; what JSON has not is refused."""
    written = write({"a": [1, Decimal("1E+400"), Decimal("0.10"), None, True, "\u00e9\ud800"], "b": ()})
    assert written == b'{"a":[1,1E+400,0.10,null,true,"\\u00e9\\ud800"],"b":[]}'
    for value, error in (
        (float("nan"), ValueError),
        (Decimal("inf"), ValueError),
        ({1: 2}, TypeError),
        (b"", TypeError),
    ):
        with pytest.raises(error):
            write(value)


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (1, Decimal("1.0"), True),
        (1, True, False),
        (0, False, False),
        (1, "1", False),
        (None, 0, False),
        (None, None, True),
        ([1, {"a": 2}], [Decimal(1), {"a": 2}], True),
        ([1], [True], False),
        ([1], [1, 2], False),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        (ABSENT, None, False),
        (9007199254740993, 9007199254740992, False),
        (1, Decimal("1E+999999"), False),
    ],
)
def test_equality(one: object, other: object, equal: bool) -> None:
    """Numbers are equal by value, and nothing is equal to what is of another type."""
    assert same(one, other) is equal and same(other, one) is equal

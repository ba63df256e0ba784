"""JSON texts (RFC 8259), read strictly and without harm: what is wrong about one has a name, and it is read on.

Numbers stay exact, whatever their size; nesting, and so the work, is bounded. The standard library parses; it must not
be trusted with what it takes beside JSON (NaN, names twice), nor with depth. Pure, and it knows nothing of JSON-RPC.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

DEPTH = 200  # arrays and objects inside one another; what is deeper is not read (RFC 8259 9 allows that)
DIGITS = 4000  # of an integer that becomes an int; longer ones stay decimal numbers
BOM = b"\xef\xbb\xbf"

# what may be wrong about a text that is read all the same
NOT_UTF8 = "octets that are not UTF-8 (RFC 8259 8.1)"
MARKED = "a byte order mark (RFC 8259 8.1)"
NO_NUMBER = "NaN or Infinity, which JSON has not (RFC 8259 6)"
TWICE = "a name twice in one object (RFC 8259 4)"
LONE = "half of a surrogate pair (RFC 8259 8.2)"
BEYOND = "a number beyond any measure (RFC 8259 6)"

_BEYOND, _SMALLEST = Decimal("1E+999999"), Decimal("1E-999999")
_NESTING = re.compile(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")


class Absent:
    """What is not there; null is."""

    def __repr__(self) -> str:
        return "(nothing)"


ABSENT = Absent()


@dataclass(frozen=True)
class Text:
    """A JSON text. value: ABSENT where there is none; problem: why not, else empty. flaws: what is wrong all the same.

    Numbers are int or Decimal (float for NaN and Infinity); objects are dict, of a name twice the last value.
    """

    octets: bytes
    value: Any = ABSENT
    problem: str = ""
    flaws: tuple[str, ...] = ()


def read(octets: bytes, depth: int = DEPTH) -> Text:
    """The octets as a JSON text, whatever they are."""
    flaws: dict[str, None] = {}
    text = _decoded(octets, flaws)
    if (found := nesting(text, depth)) > depth:
        return Text(octets, problem=f"nested more than {depth} deep", flaws=tuple(flaws))
    reader = _Reader(flaws)
    try:
        value = json.loads(
            text,
            object_pairs_hook=reader.object,
            parse_constant=reader.constant,
            parse_float=reader.decimal,
            parse_int=reader.integer,
        )
    except ValueError as error:
        return Text(octets, problem=f"no JSON ({_why(error)})", flaws=tuple(flaws))
    except RecursionError:  # a stack that was nearly used up before
        return Text(octets, problem=f"nested {found} deep", flaws=tuple(flaws))
    if "\\u" in text and _lone(value):
        flaws[LONE] = None
    return Text(octets, value, flaws=tuple(flaws))


def _decoded(octets: bytes, flaws: dict[str, None]) -> str:
    if octets.startswith(BOM):
        flaws[MARKED] = None
        octets = octets.removeprefix(BOM)
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        flaws[NOT_UTF8] = None
        return octets.decode("utf-8", "replace")


def _why(error: ValueError) -> str:
    return f"{error.msg}, at character {error.pos}" if isinstance(error, json.JSONDecodeError) else "not read"


def nesting(text: str, most: int) -> int:
    """How deep arrays and objects stand inside one another; not counted much beyond `most`."""
    depth = deepest = 0
    for found in _NESTING.finditer(text):
        if found[0][0] in "[{":
            depth += 1
            deepest = max(deepest, depth)
            if depth > most:
                break
        elif found[0][0] in "]}":
            depth -= 1
    return deepest


class _Reader:
    """What the standard library asks while it parses."""

    def __init__(self, flaws: dict[str, None]) -> None:
        self.flaws = flaws

    def object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            self.flaws[TWICE] = None
        return found

    def constant(self, word: str) -> float:
        self.flaws[NO_NUMBER] = None
        return float(word)

    def integer(self, digits: str) -> int | Decimal:
        return int(digits) if len(digits) <= DIGITS else Decimal(digits)

    def decimal(self, digits: str) -> Decimal:
        try:
            return Decimal(digits)
        except InvalidOperation:
            self.flaws[BEYOND] = None
            most = _SMALLEST if "e-" in digits.lower() else _BEYOND
            return -most if digits.startswith("-") else most


def strings(value: object) -> Iterable[str]:
    """Every string in a value, names too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for member in value:
            yield from strings(member)
    elif isinstance(value, dict):
        for name, member in value.items():
            yield name
            yield from strings(member)


def _lone(value: object) -> bool:
    return any(_SURROGATE.search(text) for text in strings(value))


def is_number(value: object) -> bool:
    """Whether it is a JSON number: true is none."""
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def same(one: object, other: object) -> bool:
    """Whether two values are equal as JSON has it: 1 and 1.0 are, 1 and true and "1" are not."""
    if is_number(one) and is_number(other):
        return one == other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    return type(one) is type(other) and one == other


def write(value: object) -> bytes:
    """A value as a JSON text in ASCII, without blanks. Raises ValueError for NaN, TypeError for what JSON has not."""
    return _written(value).encode("ascii")


def _written(value: object) -> str:
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"{value} is no JSON number")
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{_name(name)}:{_written(member)}" for name, member in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_written, value)) + "]"
    return json.dumps(value, allow_nan=False)


def _name(name: object) -> str:
    if not isinstance(name, str):
        raise TypeError(f"{name!r} is no name of a JSON object")
    return json.dumps(name)

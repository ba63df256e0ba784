"""What an XML-RPC server is told before it starts: its methods, and who wants to know of calls.

This module knows the reference server's own methods as plain functions, among them the eight of the public validator
(validator1); it must not know how a call looks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Method = Callable[..., object]
SIGNS = {"<": "ctLeftAngleBrackets", ">": "ctRightAngleBrackets", "&": "ctAmpersands"}
QUOTES = {"'": "ctApostrophes", '"': "ctQuotes"}


class RpcFault(Exception):
    """What a method says in place of a result: a code of its own, and a text."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code} {text}")
        self.code, self.text = code, text


@dataclass(frozen=True)
class Received:
    """A call that was read."""

    method: str
    params: tuple[Any, ...] = ()


def add(first: Any, second: Any) -> object:
    """The sum of two numbers."""
    return first + second


def echo(value: object) -> object:
    """What it is given."""
    return value


def fail() -> object:
    """A method that cannot do its work."""
    raise RuntimeError("/home/service/app.py, line 7: the database is gone")


def refuse() -> object:
    """A method that says why not."""
    raise RpcFault(7, "Not today")


def slow() -> object:
    """A method that takes its time; the session sees to that."""
    return "at last"


def names() -> object:
    """A method with all characters in its name that names may have."""
    return "called"


def array_of_structs(structs: Any) -> object:
    """The sum of all that is called curly."""
    return sum(found["curly"] for found in structs)


def count_the_entities(text: Any) -> object:
    """How often each character that XML has a name for stands there."""
    return {name: text.count(sign) for sign, name in {**SIGNS, **QUOTES}.items()}


def easy_struct(found: Any) -> object:
    """The sum of the three stooges."""
    return found["moe"] + found["larry"] + found["curly"]


def many_types(*values: object) -> object:
    """The six of them, in an array."""
    return list(values)


def moderate_size_array(texts: Any) -> object:
    """The first and the last, joined."""
    return texts[0] + texts[-1]


def nested_struct(found: Any) -> object:
    """The sum of the three stooges on the first of April 2000."""
    return easy_struct(found["2000"]["04"]["01"])


def simple_struct(number: Any) -> object:
    """Its tenfold, hundredfold and thousandfold."""
    return {"times10": number * 10, "times100": number * 100, "times1000": number * 1000}


VALIDATOR: Mapping[str, Method] = {
    "validator1.arrayOfStructsTest": array_of_structs,
    "validator1.countTheEntities": count_the_entities,
    "validator1.easyStructTest": easy_struct,
    "validator1.echoStructTest": echo,
    "validator1.manyTypesTest": many_types,
    "validator1.moderateSizeArrayCheck": moderate_size_array,
    "validator1.nestedStructTest": nested_struct,
    "validator1.simpleStructReturnTest": simple_struct,
}
NAMES = "Names_0.of:methods/all"
#: The reference server's own.
METHODS: Mapping[str, Method] = {
    "add": add,
    "echo": echo,
    "fail": fail,
    "refuse": refuse,
    "slow": slow,
    NAMES: names,
    **VALIDATOR,
}


@dataclass(frozen=True)
class XmlRpcConfig:
    """A server's circumstances.

    seen: told of each call that was read. failed: told of what a method raised that is no RpcFault. slow: seconds that
    the method `slow` takes. introspection: whether it has `system.listMethods` and its kin. shared: what all
    connections of one server have in common.
    """

    methods: Mapping[str, Method] = field(default_factory=lambda: METHODS)
    seen: Callable[[Received], object] = lambda call: None
    failed: Callable[[Exception], object] = lambda error: None
    slow: float = 1.0
    introspection: bool = True
    shared: dict[str, Any] = field(default_factory=dict)

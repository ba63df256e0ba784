"""What a JSON-RPC server is told before it starts: its methods, and who wants to know of calls.

This module knows the reference server's own methods as plain functions; it must not know how a call looks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pytest_netconform.wire.json_text import ABSENT, DEPTH, is_number

Method = Callable[..., object]


class RpcError(Exception):
    """What a method says in place of a result: a code of its own (outside -32768 to -32000), a message, and data."""

    def __init__(self, code: int, message: str, data: object = ABSENT) -> None:
        super().__init__(f"{code} {message}")
        self.code, self.message, self.data = code, message, data


@dataclass(frozen=True)
class Received:
    """A call that was read. params: list, dict or None; notification: whether nobody waits for an answer."""

    method: str
    params: Any = None
    id: Any = None
    notification: bool = False


def _numbers(*values: object) -> None:
    if not all(map(is_number, values)):
        raise TypeError("numbers are wanted")


def subtract(minuend: Any, subtrahend: Any) -> object:
    """The method of the specification's examples (7)."""
    _numbers(minuend, subtrahend)
    return minuend - subtrahend


def add(*numbers: Any) -> object:
    """Likewise."""
    _numbers(*numbers)
    return sum(numbers, Decimal(0)) if any(isinstance(number, Decimal) for number in numbers) else sum(numbers)


def echo(value: object) -> object:
    """What it is given."""
    return value


def ping() -> object:
    """Nothing to do."""
    return "pong"


def fail() -> object:
    """A method that cannot do its work."""
    raise RuntimeError("/home/service/app.py, line 7: the database is gone")


def refuse() -> object:
    """A method that says why not."""
    raise RpcError(1, "Not today")


#: The reference server's own.
METHODS: Mapping[str, Method] = {
    "subtract": subtract,
    "sum": add,
    "echo": echo,
    "ping": ping,
    "fail": fail,
    "refuse": refuse,
}


@dataclass(frozen=True)
class JsonRpcConfig:
    """A server's circumstances.

    seen: told of each call that was read. failed: told of what a method raised that is neither RpcError nor TypeError
    for parameters that do not fit. depth: of the deepest text that is read. framing: over a raw stream. shared: what
    all connections of one server have in common.
    """

    methods: Mapping[str, Method] = field(default_factory=lambda: METHODS)
    seen: Callable[[Received], object] = lambda call: None
    failed: Callable[[Exception], object] = lambda error: None
    depth: int = DEPTH
    framing: str = "lines"
    shared: dict[str, Any] = field(default_factory=dict)

"""What an ONC RPC server is told before it starts: its programs, and over what they are reached.

This module knows numbers and names; it must not know how a call looks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

ECHO_PROGRAM, ECHO_VERSION = 0x20000001, 1  # in the range that users give out (RFC 5531 8.3)

#: The echo program's procedures, by the type of their argument and result.
ECHOES: Mapping[str, int] = {
    "int": 1,
    "unsigned": 2,
    "hyper": 3,
    "float": 4,
    "double": 5,
    "opaque": 6,
    "string": 7,
    "bool": 8,
    "enum": 9,
    "array": 10,
}

#: (program, version, procedure), and what it makes of its encoded arguments. Raises XdrProblem for bad ones.
Procedures = Mapping[tuple[int, int, int], Callable[[bytes], bytes]]


@dataclass(frozen=True)
class RpcConfig:
    """A server's circumstances.

    portmapper: whether it is a port mapper too. protocols: the transports (IP protocol numbers) of its mappings; empty:
    the one that is asked. procedures: of programs beside its own. seen: told of each call that was read. shared: what
    all connections of one server have in common.
    """

    portmapper: bool = True
    protocols: tuple[int, ...] = ()
    procedures: Procedures = field(default_factory=dict)
    seen: Callable[[Any], object] = lambda call: None
    shared: dict[str, Any] = field(default_factory=dict)

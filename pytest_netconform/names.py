"""Names: what this process hears when it asks for a host's address, overridden for a while.

This module knows `socket.getaddrinfo`, which asyncio and every client library of Python ask in the end. Other processes
are not touched. It must not know a protocol, nor why somebody wants a name to fail.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

UNRESOLVED = "unresolved.invalid"  # a name that never resolves anywhere (RFC 6761 6.4)


@dataclass(frozen=True)
class NoSuchName:
    """There is no such name (EAI_NONAME), or, with `again`, the resolver cannot be reached now (EAI_AGAIN)."""

    again: bool = False


@dataclass(frozen=True)
class SlowName:
    """The answer is this address, after so many seconds."""

    seconds: float
    address: str = "127.0.0.1"


Answer = str | NoSuchName | SlowName
_lock = threading.RLock()
_tables: list[Mapping[str, Answer]] = []
_ask: Callable[..., Any] = socket.getaddrinfo


@contextmanager
def names_answered(table: Mapping[str, Answer]) -> Iterator[None]:
    """Inside, names of the table are answered as it says (an address, or how it fails); all others as ever.

    The table may grow meanwhile. The innermost table that has a name decides.
    """
    global _ask
    with _lock:
        if not _tables:
            _ask, socket.getaddrinfo = socket.getaddrinfo, _answered
        _tables.append(table)
    try:
        yield
    finally:
        with _lock:
            _tables[:] = [each for each in _tables if each is not table]
            if not _tables:
                socket.getaddrinfo = _ask


def _answered(host: Any, *arguments: Any, **named: Any) -> Any:
    name = (host.decode("ascii", "replace") if isinstance(host, bytes) else str(host or "")).rstrip(".").lower()
    with _lock:
        answer = next((table[name] for table in reversed(_tables) if name in table), None)
    if isinstance(answer, NoSuchName):
        code = socket.EAI_AGAIN if answer.again else socket.EAI_NONAME
        reason = "Temporary failure in name resolution" if answer.again else "Name or service not known"
        raise socket.gaierror(code, reason)
    if isinstance(answer, SlowName):
        time.sleep(answer.seconds)
        answer = answer.address
    return _ask(host if answer is None else answer, *arguments, **named)

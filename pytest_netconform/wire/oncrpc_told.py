"""ONC RPC in words: calls and replies for messages, and what a right reply looks like for a reproducer.

Pure; what is expected of whom is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pytest_netconform.wire.oncrpc import ACCEPT_STATS, REJECT_STATS, SUCCESS, Call, Reply
from pytest_netconform.wire.xdr import uint

SHOWN = 64  # octets of a message that are repeated


def described(call: Call) -> str:
    """A call in words."""
    return f"procedure {call.procedure} of program {call.program} version {call.version}"


def told(reply: Reply) -> str:
    """A reply in words."""
    if reply.problem:
        return f"{reply.status or 'no reply'} ({reply.problem}): {_short(reply.raw)}"
    more = ""
    if reply.status == SUCCESS:
        more = f" with {len(reply.results)} octets of results"
    elif reply.high or reply.low:
        more = f" with versions {reply.low} to {reply.high}"
    elif reply.why:
        more = f" with auth_stat {reply.why}"
    return f"{reply.status}{more} under xid {reply.xid:#010x}: {_short(reply.raw)}"


def _short(octets: bytes) -> str:
    text = octets[:SHOWN].hex(" ", -4)
    return text if len(octets) <= SHOWN else f"{text} ... ({len(octets)} octets)"


def right_reply(xid: int, statuses: Sequence[str]) -> bytes:
    """A record that begins as a reply to this xid with one of these statuses (any, if there are none), as a regular
    expression.
    """
    heads = [b"\0\0\0\1\0\0\0\0.{4}\0\0\0\0" + uint(ACCEPT_STATS.index(s)) for s in statuses if s in ACCEPT_STATS]
    heads += [b"\0\0\0\1\0\0\0\1" + uint(REJECT_STATS.index(s)) for s in statuses if s in REJECT_STATS]
    return b"(?s:.{4}" + re.escape(uint(xid)) + b"(?:" + b"|".join(heads) + b").*)"

"""Record marking (RFC 5531 11): messages over TCP, in fragments behind their lengths."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest

from pytest_netconform.dialogues.oncrpc import NO_NULL, StreamRpc
from pytest_netconform.requirement import INTEROP, MUST, SECURITY, hostile, requirement
from pytest_netconform.verdict import NonConformity
from pytest_netconform.wire.oncrpc import LAST, SUCCESS, Call, mark, record
from pytest_netconform.wire.oncrpc_told import told

#: where a call is cut
CUTS: dict[str, tuple[int, ...]] = {
    "at-4": (4,),
    "at-12": (12,),
    "at-24": (24,),
    "three": (4, 24),
    "four": (4, 12, 24),
    "octets": tuple(range(1, 40)),
}


@requirement("RPC-rm-last", MUST, "RFC 5531 11", "A reply is a record whose last fragment alone has the top bit set.")
def test_marks_of_replies(rpc_records: StreamRpc) -> None:
    """Two replies, one behind the other: each mark tells where the next one begins, and nothing is between."""
    for _ in range(2):
        call = rpc_records.call()
        rpc_records.send(record(call.octets))
        reply = rpc_records.hear("a reply behind its record mark")
        right = not reply.lost and reply.xid == call.xid
        rpc_records.require(right, "a record that carries the reply, behind its length", told_of(reply.raw, reply.lost))
        rpc_records.judged(reply, call, SUCCESS, noted=NO_NULL)
        if len(reply.fragments) > 1:
            rpc_records.note(f"a reply in {len(reply.fragments)} fragments")
    if (more := rpc_records.heard()) is not None:
        raise NonConformity("two replies", f"a third: {told(more)}", owed=True)


def told_of(octets: bytes, lost: str) -> str:
    """Octets that are no record, in words."""
    return f"{octets[:32].hex(' ', 4)} ({lost or 'another record than was owed'})"


@requirement("RPC-rm-fragments", MUST, "RFC 5531 11", "A record is one or more fragments, and is put together again.")
@pytest.mark.parametrize("places", CUTS.values(), ids=list(CUTS))
def test_calls_in_fragments(rpc_records: StreamRpc, places: tuple[int, ...]) -> None:
    """NULL in two, three, four fragments, and in fragments of one octet: one reply.

    rpcbind 1.2.6 (libtirpc 1.3.3) resets the connection at a first fragment that is not the last.
    """
    rpc_records.another().welcome()
    call = rpc_records.call()
    reply = rpc_records.whole(call, record(call.octets, *places))
    rpc_records.judged(reply, call, SUCCESS, noted=NO_NULL)
    _only(rpc_records)


@requirement("RPC-rm-fragments", MUST, "RFC 5531 11", "A record is one or more fragments, and is put together again.")
def test_fragments_that_travel_apart(rpc_records: StreamRpc) -> None:
    """Two fragments in two segments: one reply, when the last is there."""
    rpc_records.another().welcome()
    call = rpc_records.call()
    message = call.octets
    pieces = (mark(12, last=False) + message[:12], mark(len(message) - 12) + message[12:])
    rpc_records.judged(rpc_records.apart(call, *pieces), call, SUCCESS, noted=NO_NULL)
    _only(rpc_records)


def _only(rpc: StreamRpc) -> None:
    """No other reply comes before that to the next call."""
    rpc.expects(rpc.call(), SUCCESS, noted=NO_NULL)


EMPTY: dict[str, Callable[[bytes], bytes]] = {
    "in-the-middle": lambda octets: mark(12, last=False) + octets[:12] + mark(0, last=False) + record(octets[12:]),
    "first": lambda octets: mark(0, last=False) + record(octets),
    "last": lambda octets: mark(len(octets), last=False) + octets + mark(0),
}


@requirement("RPC-rm-zero-fragment", INTEROP, "RFC 5531 11", "What is done about fragments without an octet.")
@pytest.mark.parametrize("place", list(EMPTY))
def test_empty_fragments(rpc_records: StreamRpc, place: str) -> None:
    """A fragment may have 0 octets; it is passed over, or the connection is closed. Nobody dies of it."""
    call = rpc_records.call()
    came = rpc_records.outcome_of(EMPTY[place](call.octets))
    rpc_records.observe(came if isinstance(came, str) else came.code)
    rpc_records.survives()


@requirement("RPC-rm-split-tcp", MUST, "RFC 5531 11", "Where TCP cuts a record is of no account.")
def test_octet_by_octet(rpc_records: StreamRpc) -> None:
    """Every octet of mark and message travels by itself: one reply."""
    rpc_records.another().welcome()
    call = rpc_records.call()
    rpc_records.judged(rpc_records.octet_by_octet(call), call, SUCCESS, noted=NO_NULL)
    _only(rpc_records)


@requirement("RPC-rm-split-tcp", MUST, "RFC 5531 11", "Where TCP cuts a record is of no account.")
@pytest.mark.parametrize("place", [1, 3, 4, 20])
def test_cut_once(rpc_records: StreamRpc, place: int) -> None:
    """A record in two segments, inside its mark, behind it, and inside the message: one reply."""
    rpc_records.another().welcome()
    call = rpc_records.call()
    octets = record(call.octets)
    rpc_records.judged(rpc_records.apart(call, octets[:place], octets[place:]), call, SUCCESS, noted=NO_NULL)
    _only(rpc_records)


@requirement("RPC-rm-two", MUST, "RFC 5531 11", "Two records in one segment are two calls.")
def test_two_records_at_once(rpc_records: StreamRpc) -> None:
    """Two replies come, in either order."""
    rpc_records.another().welcome()
    calls = [rpc_records.call(), rpc_records.call()]
    rpc_records.send(b"".join(record(call.octets) for call in calls))
    owed = {call.xid: call for call in calls}
    while owed:
        reply = rpc_records.reply(f"{len(calls)} replies to two calls")
        call = owed.pop(reply.xid or 0, None)
        if call is None:
            raise NonConformity("one reply to each of two calls", told(reply), owed=True)
        rpc_records.judged(reply, call, SUCCESS, noted=NO_NULL)


def _huge(mark: int, call: Call) -> bytes:
    """A mark that announces more than there ever is, and 100 octets that are a call by themselves."""
    return struct.pack(">I", mark) + call.octets.ljust(100, b"\0")


@requirement(
    "RPC-rm-huge", SECURITY, "RFC 5531 11, CVE-2017-8779", "Memory is taken for what came, not for what is announced."
)
@hostile
@pytest.mark.parametrize("header", [0x7FFFFFFF, 0xFFFFFFFF], ids=["first", "last"])
def test_two_gibibytes_announced(rpc_records: StreamRpc, header: int) -> None:
    """2 GiB are announced and 100 octets sent: a close, or silence for the rest; others are served."""
    rpc_records.another().welcome()
    came = rpc_records.outcome_of(_huge(header, rpc_records.call()), follow=False)
    if not isinstance(came, str):
        raise NonConformity("no reply to a record that is not whole", told(came), owed=True)
    rpc_records.note(f"{came} behind a mark of {header:#x}")
    rpc_records.survives()


@requirement(
    "RPC-rm-huge", SECURITY, "RFC 5531 11, CVE-2017-8779", "Memory is taken for what came, not for what is announced."
)
@hostile
def test_wrong_endian_mark(rpc_records: StreamRpc) -> None:
    """A mark in the wrong order announces 671 MB that are not the last: a close, or silence; others are served."""
    rpc_records.another().welcome()
    call = rpc_records.call()
    came = rpc_records.outcome_of(struct.pack("<I", LAST | len(call.octets)) + call.octets, follow=False)
    if not isinstance(came, str):
        raise NonConformity("no reply to a record that is not whole", told(came), owed=True)
    rpc_records.note(f"{came} behind a mark in the wrong order")
    rpc_records.survives()


NOT_CHECKED: list[tuple[str, str]] = []

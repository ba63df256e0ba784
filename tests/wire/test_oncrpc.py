"""ONC RPC: known messages, whole and cut short, and records in every fragmentation."""

from __future__ import annotations

import re

import pytest

from pytest_netconform.wire.oncrpc import (
    AUTH_OCTETS,
    AUTH_SYS,
    PATTERN,
    RECORD_OCTETS,
    SUCCESS,
    Auth,
    Call,
    NoCall,
    RecordReader,
    Reply,
    ReplyFramer,
    accepted,
    auth_sys,
    denied,
    mark,
    parse_call,
    parse_reply,
    record,
)
from pytest_netconform.wire.xdr import uint

CALL = bytes.fromhex("01020304 00000000 00000002 000186a0 00000002 00000003 00000000 00000000 00000000 00000000")
GETPORT = bytes.fromhex("000186a0 00000002 00000006 00000000")

#: octets of a reply → its status, and what else it says
REPLIES: dict[str, tuple[str, dict[str, object]]] = {
    "01020304 00000001 00000000 00000000 00000000 00000000 0000006f": (SUCCESS, {"results": uint(111)}),
    "01020304 00000001 00000000 00000000 00000000 00000001": ("PROG_UNAVAIL", {}),
    "01020304 00000001 00000000 00000000 00000000 00000002 00000002 00000004": ("PROG_MISMATCH", {"bounds": (2, 4)}),
    "01020304 00000001 00000000 00000000 00000000 00000003": ("PROC_UNAVAIL", {}),
    "01020304 00000001 00000000 00000000 00000000 00000004": ("GARBAGE_ARGS", {}),
    "01020304 00000001 00000000 00000000 00000000 00000005": ("SYSTEM_ERR", {}),
    "01020304 00000001 00000000 00000001 00000001 61000000 00000003": ("PROC_UNAVAIL", {"verifier": Auth(1, b"a")}),
    "01020304 00000001 00000001 00000000 00000002 00000002": ("RPC_MISMATCH", {"bounds": (2, 2)}),
    "01020304 00000001 00000001 00000001 00000005": ("AUTH_ERROR", {"why": 5}),
}


def test_a_call() -> None:
    """A call is these octets, and is read from them."""
    call = Call(0x01020304, 100_000, 2, 3, GETPORT)
    assert call.octets == CALL + GETPORT
    read = parse_call(call.octets)
    numbers = (read.xid, read.mtype, read.rpcvers, read.program, read.version, read.procedure)
    assert numbers == (0x01020304, 0, 2, 100_000, 2, 3)
    assert (read.credential, read.arguments) == (Auth(), GETPORT)


def test_credentials_of_auth_sys() -> None:
    """Appendix A: stamp, machine, uid, gid, gids."""
    who = auth_sys(b"abc", 1, 2, (3,), stamp=9)
    assert who.flavor == AUTH_SYS
    assert who.body == bytes.fromhex("00000009 00000003 61626300 00000001 00000002 00000001 00000003")
    assert who.octets == uint(1) + uint(28) + who.body


@pytest.mark.parametrize("size", range(len(CALL)))
def test_a_call_cut_short_is_none(size: int) -> None:
    """Whoever stops before the arguments has not called."""
    with pytest.raises(NoCall):
        parse_call(CALL[:size])


def test_credentials_have_a_bound() -> None:
    """400 octets are credentials, 401 are none, and nothing is made room for (8.2)."""
    right = Call(1, 2, 3, credential=Auth(0, bytes(AUTH_OCTETS)))
    assert parse_call(right.octets).credential.body == bytes(AUTH_OCTETS)
    for wrong in (Auth(0, bytes(404), 401), Auth(0, b"", 0xFFFFFFFF)):
        with pytest.raises(NoCall, match="at most 400 are allowed"):
            parse_call(Call(1, 2, 3, credential=wrong).octets)


@pytest.mark.parametrize("octets", list(REPLIES), ids=[f"{v[0]}-{n}" for n, v in enumerate(REPLIES.values())])
def test_replies(octets: str) -> None:
    """Each reply is read as it is written; cut short, or with more behind a refusal, it is none."""
    status, more = REPLIES[octets]
    whole = bytes.fromhex(octets)
    reply = parse_reply(whole)
    assert (reply.code, reply.xid, reply.problem, reply.raw) == (status, 0x01020304, "", whole)
    assert {name: getattr(reply, name) for name in more} == more
    for size in range(len(whole) - (4 if status == SUCCESS else 0)):
        assert parse_reply(whole[:size]).code == "UNREADABLE"
    behind = parse_reply(whole + b"\0\0\0\0")
    assert behind.results == more["results"] + bytes(4) if status == SUCCESS else behind.code == "UNREADABLE"  # type: ignore[operator]


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (CALL, "msg_type is 0, not 1 (a reply)"),
        (bytes.fromhex("01020304 00000001 00000002"), "reply_stat is 2, neither 0 nor 1"),
        (bytes.fromhex("01020304 00000001 00000000 00000000 00000000 00000006"), "accept_stat is 6"),
        (bytes.fromhex("01020304 00000001 00000001 00000002"), "reject_stat is 2"),
        (bytes.fromhex("01020304 00000001 00000000 00000000 ffffffff"), "4294967295 octets, at most 400"),
        (b"HTTP/1.1 400 Bad Request\r\n", "msg_type is"),
        (b"", "xid at octet 0"),
    ],
)
def test_what_is_no_reply(octets: bytes, why: str) -> None:
    """It is kept, with the reason, and never raises."""
    reply = parse_reply(octets)
    assert why in reply.problem and reply.raw == octets and reply.code == "UNREADABLE"


def test_a_server_writes_what_a_client_reads() -> None:
    """Accepted and denied, with their bodies."""
    assert parse_reply(accepted(7, SUCCESS, uint(1))) == Reply(
        accepted(7, SUCCESS, uint(1)), 7, SUCCESS, results=uint(1)
    )
    assert parse_reply(accepted(7, "PROG_MISMATCH", uint(2) + uint(4))).bounds == (2, 4)
    assert parse_reply(denied(7, "AUTH_ERROR", 2)).why == 2
    assert parse_reply(denied(7, "RPC_MISMATCH", 2, 2)).bounds == (2, 2)


def test_marks() -> None:
    """Big-endian, the top bit on the last fragment alone (11)."""
    assert mark(24) == b"\x80\x00\x00\x18"
    assert mark(0x7FFFFFFF, last=False) == b"\x7f\xff\xff\xff"
    assert record(b"abcdef", 2, 2, 5) == b"\0\0\0\2ab\0\0\0\0\0\0\0\3cde\x80\0\0\1f"


FRAGMENTATIONS = [(), (4,), (12, 24), (0,), (40,), (20, 20), tuple(range(1, 40))]


@pytest.mark.parametrize("places", FRAGMENTATIONS, ids=[f"{len(p)}-{sum(p)}" for p in FRAGMENTATIONS])
@pytest.mark.parametrize("step", [1, 3, 1000])
def test_records_are_put_together(places: tuple[int, ...], step: int) -> None:
    """Whatever the fragments and however they come, two records are two messages."""
    octets = record(CALL, *places) + record(b"xyz")
    reader = RecordReader()
    found = []
    for place in range(0, len(octets), step):
        reader.feed(octets[place : place + step])
        while (one := reader.next()) is not None:
            found.append(one)
    assert [one.message for one in found] == [CALL, b"xyz"]
    assert b"".join(one.raw for one in found) == octets
    assert len(found[0].fragments) == len(places) + 1 and sum(found[0].fragments) == len(CALL)
    assert reader.rest() == b""


@pytest.mark.parametrize("header", [0x7FFFFFFF, 0xFFFFFFFF, RECORD_OCTETS + 1, 0x80000000 | (RECORD_OCTETS + 1)])
def test_what_is_announced_is_not_made_room_for(header: int) -> None:
    """A record of more octets than are listened to is lost at its mark, and nothing behind it is kept."""
    reader = RecordReader()
    reader.feed(uint(header) + b"x" * 100)
    found = reader.next()
    assert found is not None and f"announces {header & 0x7FFFFFFF} octets" in found.lost
    reader.feed(b"y" * 1000)
    assert reader.next() is None and reader.rest() == b""


def test_fragments_without_end_are_lost() -> None:
    """So are more fragments than anybody sends, each empty."""
    reader = RecordReader()
    reader.feed(mark(0, last=False) * 70_000)
    found = reader.next()
    assert found is not None and found.lost


def test_replies_are_framed() -> None:
    """A framer gives replies, tells what cannot be followed, and its pattern fits one whole reply."""
    framer = ReplyFramer()
    reply = accepted(7, SUCCESS, uint(1))
    framer.feed(record(reply) + record(reply, 4) + b"HTTP/1.1")
    first, second, third = framer.next(), framer.next(), framer.next()
    assert first is not None and second is not None and third is not None
    assert (first.code, first.fragments, second.fragments) == (SUCCESS, (28,), (4, 24))
    assert third.code is None and "announces 1213486160 octets" in third.lost
    found = re.match(PATTERN, record(reply) * 2)
    assert found is not None and found[0] == record(reply)

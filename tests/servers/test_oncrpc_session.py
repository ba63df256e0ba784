"""The ONC RPC sessions: what is answered, over streams and datagrams, and what is refused."""

from __future__ import annotations

import pytest

from pytest_netconform.reference_servers.oncrpc import ECHO_PROGRAM, ECHOES, Calls, RpcConfig, RpcDatagrams, RpcStream
from pytest_netconform.reference_servers.session import Peer, SendTo
from pytest_netconform.wire.cuts import octets as octet_by_octet
from pytest_netconform.wire.oncrpc import (
    CALLIT,
    DUMP,
    GETPORT,
    PORTMAPPER,
    SET,
    SUCCESS,
    TCP,
    UDP,
    UNSET,
    Auth,
    Call,
    RecordReader,
    Reply,
    auth_sys,
    mark,
    parse_reply,
    record,
)
from pytest_netconform.wire.xdr import array, boolean, opaque, uint
from tests.talk import Talk

ROOT, USER, STRANGER = ("127.0.0.1", 600), ("127.0.0.1", 40_000), ("192.0.2.1", 600)
HERE = ("127.0.0.1", 2111)


def answered(call: Call, calls: Calls | None = None) -> Reply | None:
    """The reply to a call; None: there is none. Every reply is as it is written, and carries the xid."""
    calls = calls or Calls(RpcConfig())
    octets = calls.answer(call.octets)
    if octets is None:
        return None
    reply = parse_reply(octets)
    assert not reply.problem and reply.xid == call.xid
    return reply


def status(call: Call, calls: Calls | None = None) -> str | None:
    """Its status, with what goes with it."""
    reply = answered(call, calls)
    if reply is None:
        return None
    more = {"PROG_MISMATCH": reply.bounds, "RPC_MISMATCH": reply.bounds, "AUTH_ERROR": reply.why}
    return f"{reply.status} {more[reply.status]}" if reply.status in more else reply.status


ECHO = Call(7, ECHO_PROGRAM, 1)
MAPPER = Call(7, PORTMAPPER, 2)


def call(base: Call, procedure: int = 0, arguments: bytes = b"", **changes: object) -> Call:
    """One like another."""
    return Call(**{**vars(base), "procedure": procedure, "arguments": arguments, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (ECHO, SUCCESS),
        (MAPPER, SUCCESS),
        (call(ECHO, program=1), "PROG_UNAVAIL"),
        (call(ECHO, version=2), "PROG_MISMATCH (1, 1)"),
        (call(MAPPER, version=3), "PROG_MISMATCH (2, 2)"),
        (call(ECHO, 99), "PROC_UNAVAIL"),
        (call(ECHO, 1), "GARBAGE_ARGS"),
        (call(ECHO, 0, b"abcd"), "GARBAGE_ARGS"),
        (call(ECHO, rpcvers=1), "RPC_MISMATCH (2, 2)"),
        (call(ECHO, rpcvers=3), "RPC_MISMATCH (2, 2)"),
        (call(ECHO, mtype=1), None),
        (call(ECHO, mtype=2), None),
        (call(ECHO, credential=auth_sys(b"m" * 255, gids=tuple(range(16)))), SUCCESS),
        (call(ECHO, credential=auth_sys(b"m" * 256)), "AUTH_ERROR 1"),
        (call(ECHO, credential=auth_sys(gids=tuple(range(17)))), "AUTH_ERROR 1"),
        (call(ECHO, credential=Auth(1)), "AUTH_ERROR 1"),
        (call(ECHO, credential=Auth(999)), "AUTH_ERROR 2"),
        (call(ECHO, credential=Auth(0, bytes(400))), SUCCESS),
        (call(ECHO, credential=Auth(0, bytes(404), 401)), "AUTH_ERROR 1"),
        (call(ECHO, credential=Auth(0, b"", 0xFFFFFFFF)), "AUTH_ERROR 1"),
    ],
)
def test_calls(asked: Call, said: str | None) -> None:
    """Each call is answered as RFC 5531 9 has it."""
    assert status(asked) == said


@pytest.mark.parametrize("size", range(12))
def test_what_has_no_head_is_not_answered(size: int) -> None:
    """Without an xid, a type and a version nobody knows what it is."""
    assert Calls(RpcConfig()).answer(ECHO.octets[:size]) is None


@pytest.mark.parametrize(
    ("kind", "argument"),
    [
        ("int", b"\xff\xff\xff\xfe"),
        ("unsigned", b"\xff\xff\xff\xff"),
        ("hyper", b"\x7f" + b"\xff" * 7),
        ("float", b"\x80\0\0\0"),
        ("double", b"\x3f\xf8" + bytes(6)),
        ("opaque", opaque(b"abcde")),
        ("string", opaque(b"")),
        ("bool", boolean(True)),
        ("enum", uint(2)),
        ("array", array(uint(1), uint(2))),
    ],
)
def test_echoes(kind: str, argument: bytes) -> None:
    """What is given comes back; a shorter argument is none."""
    reply = answered(call(ECHO, ECHOES[kind], argument))
    assert reply is not None and reply.results == argument
    assert status(call(ECHO, ECHOES[kind], argument[:-1])) == "GARBAGE_ARGS"


@pytest.mark.parametrize(
    ("kind", "argument"), [("bool", uint(2)), ("enum", uint(3)), ("array", uint(0xFFFFFFFF)), ("opaque", uint(1 << 31))]
)
def test_what_is_no_value(kind: str, argument: bytes) -> None:
    """It is refused, and no room is made for it."""
    assert status(call(ECHO, ECHOES[kind], argument)) == "GARBAGE_ARGS"


def mapping(program: int, version: int, protocol: int, port: int = 0) -> bytes:
    """The argument of most of the port mapper's procedures."""
    return b"".join(map(uint, (program, version, protocol, port)))


def mapper(sender: tuple[str, int], *, protocols: tuple[int, ...] = (TCP, UDP)) -> Calls:
    """A port mapper that hears from somebody."""
    calls = Calls(RpcConfig(protocols=protocols))
    calls.sender, calls.here = sender, HERE
    return calls


def results(calls: Calls, procedure: int, arguments: bytes = b"") -> bytes | None:
    """What a procedure of the port mapper gives."""
    reply = answered(call(MAPPER, procedure, arguments), calls)
    return None if reply is None else reply.results


def test_ports() -> None:
    """What is here is found at its port, and what is not at 0."""
    calls = mapper(USER)
    assert results(calls, GETPORT, mapping(PORTMAPPER, 2, TCP)) == uint(2111)
    assert results(calls, GETPORT, mapping(ECHO_PROGRAM, 1, UDP, 9)) == uint(2111)
    assert results(calls, GETPORT, mapping(ECHO_PROGRAM, 2, UDP)) == uint(0)
    assert results(mapper(USER, protocols=()), GETPORT, mapping(PORTMAPPER, 2, UDP)) == uint(0)


def test_the_list_of_all() -> None:
    """Each mapping behind a 1, and a 0 at the end."""
    rows = [(ECHO_PROGRAM, 1, TCP), (ECHO_PROGRAM, 1, UDP), (PORTMAPPER, 2, TCP), (PORTMAPPER, 2, UDP)]
    assert results(mapper(USER), DUMP) == b"".join(uint(1) + mapping(*row, 2111) for row in rows) + uint(0)


@pytest.mark.parametrize(("sender", "taken"), [(ROOT, True), (USER, False), (STRANGER, False)])
def test_strangers_register_nothing(sender: tuple[str, int], taken: bool) -> None:
    """SET and UNSET are for the superuser of this machine; an own mapping stays, whoever asks."""
    calls = mapper(sender)
    assert results(calls, SET, mapping(300_000, 1, TCP, 4000)) == boolean(taken)
    assert results(calls, SET, mapping(300_000, 1, TCP, 4001)) == boolean(False)
    assert results(calls, GETPORT, mapping(300_000, 1, TCP)) == uint(4000 if taken else 0)
    assert results(calls, UNSET, mapping(300_000, 1, 0)) == boolean(taken)
    assert results(calls, UNSET, mapping(300_000, 1, 0)) == boolean(False)
    assert results(calls, UNSET, mapping(PORTMAPPER, 2, 0)) == boolean(False)


def test_indirect_calls_are_not_answered() -> None:
    """CALLIT has no reply, whoever asks and for what; cut short it is refused."""
    for sender in (ROOT, STRANGER):
        calls = mapper(sender)
        assert results(calls, CALLIT, uint(PORTMAPPER) + uint(2) + uint(0) + opaque(b"")) is None
    assert status(call(MAPPER, CALLIT, uint(1)), mapper(USER)) == "GARBAGE_ARGS"


def test_procedures_of_others() -> None:
    """A program that is added has a procedure 0, is listed, and gets the octets of its arguments."""
    calls = Calls(RpcConfig(procedures={(5, 3, 1): lambda octets: octets * 2}))
    reply = answered(Call(1, 5, 3, 1, b"abcd"), calls)
    assert reply is not None and reply.results == b"abcdabcd"
    assert status(Call(1, 5, 3), calls) == SUCCESS
    assert status(Call(1, 5, 2), calls) == "PROG_MISMATCH (3, 3)"
    assert (5, 3, TCP, 0) in calls.mappings


# -- over a stream


def replies(sent: bytes) -> list[str | None]:
    """The statuses of what was sent, which is whole records."""
    reader = RecordReader()
    reader.feed(sent)
    found = []
    while (one := reader.next()) is not None:
        assert not one.lost
        found.append(parse_reply(one.message).code)
    assert reader.rest() == b""
    return found


@pytest.mark.parametrize("cut", [lambda data: [data], octet_by_octet], ids=["whole", "octets"])
@pytest.mark.parametrize("places", [(), (4,), (4, 12, 24), (0, 0), tuple(range(1, 40))], ids=len)
def test_records(cut: object, places: tuple[int, ...]) -> None:
    """However a record is cut, into fragments and segments, it is one call; two are two."""
    talk = Talk(RpcStream(RpcConfig()), cut, Peer(USER, here=HERE))  # type: ignore[arg-type]
    talk.say(record(ECHO.octets, *places) + record(call(ECHO, 99).octets))
    assert replies(talk.sent) == [SUCCESS, "PROC_UNAVAIL"]
    assert not talk.closed


@pytest.mark.parametrize("header", [mark(0x7FFFFFFF, last=False), mark(0x7FFFFFFF), mark(1 << 17)])
def test_what_is_announced_closes(header: bytes) -> None:
    """More than is listened to is not waited for."""
    talk = Talk(RpcStream(RpcConfig()))
    talk.say(record(ECHO.octets) + header + bytes(100) + record(ECHO.octets))
    assert replies(talk.sent) == [SUCCESS] and talk.closed


def test_a_reply_is_passed_over() -> None:
    """No reply, no close; the next call is answered."""
    talk = Talk(RpcStream(RpcConfig()))
    talk.say(record(call(ECHO, mtype=1).octets) + record(b"") + record(ECHO.octets))
    assert replies(talk.sent) == [SUCCESS] and not talk.closed


def test_the_end_of_the_client_is_the_end() -> None:
    """Who says no more is left."""
    talk = Talk(RpcStream(RpcConfig()))
    talk.say(mark(40) + ECHO.octets[:20])
    talk.end()
    assert talk.sent == b"" and talk.closed


# -- over datagrams


def test_a_datagram_is_a_message() -> None:
    """Each is answered by one, without a mark, to whom it came from; what is no call is not."""
    session = RpcDatagrams(RpcConfig())
    for data, count in ((ECHO.octets, 1), (call(ECHO, mtype=1).octets, 0), (b"", 0), (record(ECHO.octets), 0)):
        actions = session.datagram(data, STRANGER, HERE, 0.0)
        assert len(actions) == count
        for action in actions:
            assert isinstance(action, SendTo) and action.to == STRANGER
            assert parse_reply(action.data).code == SUCCESS

"""Messages (RFC 5531 8.1, 9): what every call is answered, and what is no call."""

from __future__ import annotations

import pytest

from pytest_netconform.dialogues.oncrpc import CLOSED, NO_NULL, SILENCE, Rpc
from pytest_netconform.requirement import MUST, SECURITY, SHOULD, requirement
from pytest_netconform.verdict import NonConformity
from pytest_netconform.wire.oncrpc import (
    AUTH_NONE,
    PROC_UNAVAIL,
    PROG_MISMATCH,
    PROG_UNAVAIL,
    RPC_MISMATCH,
    SUCCESS,
    VERSION,
)
from pytest_netconform.wire.oncrpc_told import described

NO_PROGRAM, NO_VERSION, NO_PROCEDURE = 0x3FFFFFFF, 0x7FFFFFFF, 0x7FFFFFFF


@requirement("RPC-null", MUST, "RFC 5531 9, 10.1, 12.1", "Procedure 0 takes nothing, does nothing, and is answered.")
def test_null(rpc: Rpc) -> None:
    """NULL is answered SUCCESS, with a verifier of AUTH_NONE and no results."""
    reply = rpc.expects(rpc.call(), SUCCESS, noted=NO_NULL)
    flavor, body = reply.verifier.flavor, reply.verifier.body
    rpc.require(flavor == AUTH_NONE, "a verifier of AUTH_NONE", f"a verifier of flavor {flavor}")
    rpc.require(not reply.results, "no results behind SUCCESS", reply.results)
    if body:
        rpc.note(f"a verifier of AUTH_NONE with {len(body)} octets; RFC 5531 10.1 recommends none")


@requirement("RPC-xid-echo", MUST, "RFC 5531 9", "A reply has the xid of its call.")
@pytest.mark.parametrize("xid", [0, 1, 0xFFFFFFFF, 0x01020304], ids=["0", "1", "ffffffff", "01020304"])
def test_xid(rpc: Rpc, xid: int) -> None:
    """The xid comes back as it was, whatever it is."""
    rpc.expects(rpc.call(xid=xid), SUCCESS, noted=NO_NULL)


@requirement(
    "RPC-mtype", SECURITY, "RFC 5531 9", "What is no call is never replied to: two servers could go on for ever."
)
@pytest.mark.parametrize("mtype", [1, 2], ids=["reply", "neither"])
def test_no_call(rpc: Rpc, mtype: int) -> None:
    """The octets of a call are answered; with another msg_type they are passed over, or the connection is closed."""
    rpc.another().welcome()
    call = rpc.call(mtype=mtype)
    came = rpc.outcome(call)
    if not isinstance(came, str):
        rpc.judged(came, call, SILENCE, CLOSED, owed=True)


@requirement(
    "RPC-mismatch",
    SHOULD,
    "RFC 5531 8.1, 9",
    "A call of another version of RPC is denied, with the versions there are.",
)
@pytest.mark.parametrize("rpcvers", [1, 3])
def test_other_version_of_rpc(rpc: Rpc, rpcvers: int) -> None:
    """RPC_MISMATCH, from 2 to 2. libtirpc 1.3.3 (rpcbind) says nothing over UDP, and closes over TCP."""
    rpc.another().welcome()
    call = rpc.call(rpcvers=rpcvers)
    came = rpc.outcome(call)
    carried_out = not isinstance(came, str) and came.status == SUCCESS
    rpc.judged(came, call, RPC_MISMATCH, owed=carried_out)
    assert not isinstance(came, str)
    rpc.require(came.bounds == (VERSION, VERSION), "the versions 2 to 2", f"the versions {came.low} to {came.high}")


@requirement("RPC-prog-unavail", MUST, "RFC 5531 9", "A call of a program that is not there gets PROG_UNAVAIL.")
def test_no_such_program(rpc: Rpc) -> None:
    """Program 0x3fffffff, which nobody has."""
    rpc.welcome()
    rpc.expects(rpc.call(program=NO_PROGRAM), PROG_UNAVAIL)


@requirement(
    "RPC-prog-mismatch", MUST, "RFC 5531 8.1, 9", "A call of another version gets PROG_MISMATCH, and the range."
)
def test_no_such_version(rpc: Rpc) -> None:
    """Version 0x7fffffff; the lowest and the highest version say that ours is among them."""
    rpc.welcome()
    call = rpc.call(version=NO_VERSION)
    reply = rpc.expects(call, PROG_MISMATCH)
    if not reply.low <= rpc.program.version <= reply.high:
        expected = f"a range with the version that was answered, in answer to {described(call)}"
        raise NonConformity(expected, f"the versions {reply.low} to {reply.high}")


@requirement("RPC-proc-unavail", MUST, "RFC 5531 9", "A call of a procedure that is not there gets PROC_UNAVAIL.")
def test_no_such_procedure(rpc: Rpc) -> None:
    """Procedure 0x7fffffff."""
    rpc.welcome()
    rpc.expects(rpc.call(NO_PROCEDURE), PROC_UNAVAIL)


NOT_CHECKED: list[tuple[str, str]] = []

"""Mutants of messages: each answers a call otherwise than RFC 5531 9 has it."""

from __future__ import annotations

from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.oncrpc import Calls
from pytest_netconform.wire.oncrpc import (
    CALL,
    GARBAGE_ARGS,
    PROC_UNAVAIL,
    PROG_MISMATCH,
    PROG_UNAVAIL,
    RPC_MISMATCH,
    SUCCESS,
    SYSTEM_ERR,
    Received,
    accepted,
    denied,
)
from pytest_netconform.wire.xdr import uint

XID = 4  # octets


@mutant("results_behind_null", breaks=["RPC-null"], because="no results behind SUCCESS")
class ResultsBehindNull(Calls):
    """Gives a status of its own for NULL, as if it were a function."""

    def done(self, call: Received, results: bytes) -> bytes:
        return super().done(call, results or uint(0))


@mutant("verifier_of_another_flavor", breaks=["RPC-null"], because="flavor 1")
class VerifierOfAnotherFlavor(Calls):
    """Signs with AUTH_SYS what was asked with AUTH_NONE."""

    def done(self, call: Received, results: bytes) -> bytes:
        reply = super().done(call, results)
        return reply[:12] + uint(1) + reply[16:]


@mutant("verifier_with_octets", breaks=["RPC-null"], because="4 octets")
class VerifierWithOctets(Calls):
    """Puts octets into a verifier that means nothing."""

    def done(self, call: Received, results: bytes) -> bytes:
        reply = super().done(call, results)
        return reply[:16] + uint(4) + b"abcd" + reply[20:]


@mutant("xid_byte_swapped", breaks=["RPC-xid-echo"], because="xid 0x01020304")
class XidByteSwapped(Calls):
    """Reads the xid in its own order, and writes it in that of the network."""

    def answer(self, message: bytes) -> bytes | None:
        reply = super().answer(message)
        known = message[:XID] == b"\x01\x02\x03\x04"
        return reply[:XID][::-1] + reply[XID:] if reply and known else reply


@mutant("xid_signed", breaks=["RPC-xid-echo"], because="xid 0xffffffff")
class XidSigned(Calls):
    """Has 31 bits for the xid."""

    def answer(self, message: bytes) -> bytes | None:
        reply = super().answer(message)
        return None if reply is None else bytes([reply[0] & 0x7F]) + reply[1:]


@mutant("xid_zero_is_none", breaks=["RPC-xid-echo"], because="nothing")
class XidZeroIsNone(Calls):
    """Takes an xid of 0 for none."""

    def answer(self, message: bytes) -> bytes | None:
        return super().answer(message) if message[:XID] != bytes(XID) else None


@mutant("answers_a_reply", breaks=["RPC-mtype"], because="silence or a close")
class AnswersAReply(Calls):
    """Looks at no msg_type: two such servers never stop."""

    def no_call(self, message: bytes) -> bytes | None:
        return self.answer(message[:XID] + uint(CALL) + message[XID + 4 :])


@mutant("complains_about_a_reply", breaks=["RPC-mtype"], because="GARBAGE_ARGS")
class ComplainsAboutAReply(Calls):
    """Says of a reply that it is no call: the other one will say the same."""

    def no_call(self, message: bytes) -> bytes | None:
        return accepted(int.from_bytes(message[:XID], "big"), GARBAGE_ARGS)


@mutant("version_of_rpc_processed", breaks=["RPC-mismatch"], because="SUCCESS")
class VersionOfRpcProcessed(Calls):
    """Looks at no version of RPC."""

    def other_version(self, xid: int, message: bytes) -> bytes | None:
        return self.answer(message[:8] + uint(2) + message[12:])


@mutant("version_of_rpc_dropped", breaks=["RPC-mismatch"], because="silence")
class VersionOfRpcDropped(Calls):
    """Says nothing to other versions, as libtirpc does over UDP."""

    def other_version(self, xid: int, message: bytes) -> bytes | None:
        return None


@mutant("version_of_rpc_too_wide", breaks=["RPC-mismatch"], because="the versions 2 to 3")
class VersionOfRpcTooWide(Calls):
    """Denies version 3, and lists it."""

    def other_version(self, xid: int, message: bytes) -> bytes | None:
        return denied(xid, RPC_MISMATCH, 2, 3)


@mutant("version_of_rpc_unnamed", breaks=["RPC-mismatch"], because="the lowest version")
class VersionOfRpcUnnamed(Calls):
    """Denies without the versions."""

    def other_version(self, xid: int, message: bytes) -> bytes | None:
        return denied(xid, RPC_MISMATCH)


@mutant("no_program_is_no_procedure", breaks=["RPC-prog-unavail"], because="PROC_UNAVAIL")
class NoProgramIsNoProcedure(Calls):
    """Says of a program that its procedure is not there."""

    def no_program(self, call: Received) -> bytes | None:
        return accepted(call.xid, PROC_UNAVAIL)


@mutant("low_and_high_missing", breaks=["RPC-prog-mismatch"], because="the lowest version")
class LowAndHighMissing(Calls):
    """Says PROG_MISMATCH and no more."""

    def no_version(self, call: Received, low: int, high: int) -> bytes | None:
        return accepted(call.xid, PROG_MISMATCH)


@mutant("low_above_high", breaks=["RPC-prog-mismatch"], because="a range with the version")
class LowAboveHigh(Calls):
    """Names the highest version first."""

    def no_version(self, call: Received, low: int, high: int) -> bytes | None:
        return super().no_version(call, high + 1, low)


@mutant("no_version_is_no_program", breaks=["RPC-prog-mismatch"], because="PROG_UNAVAIL")
class NoVersionIsNoProgram(Calls):
    """Says that a program is not there, of which it has another version."""

    def no_version(self, call: Received, low: int, high: int) -> bytes | None:
        return accepted(call.xid, PROG_UNAVAIL)


@mutant("no_procedure_is_garbage", breaks=["RPC-proc-unavail"], because="GARBAGE_ARGS")
class NoProcedureIsGarbage(Calls):
    """Cannot read the arguments of a procedure that it does not have."""

    def no_procedure(self, call: Received) -> bytes | None:
        return accepted(call.xid, GARBAGE_ARGS)


@mutant("no_procedure_succeeds", breaks=["RPC-proc-unavail"], because="SUCCESS")
class NoProcedureSucceeds(Calls):
    """Has done nothing, with success."""

    def no_procedure(self, call: Received) -> bytes | None:
        return accepted(call.xid, SUCCESS)


@mutant("octets_behind_a_refusal", breaks=["RPC-proc-unavail"], because="octets are left")
class OctetsBehindARefusal(Calls):
    """Puts a reason behind PROC_UNAVAIL."""

    def no_procedure(self, call: Received) -> bytes | None:
        return accepted(call.xid, PROC_UNAVAIL, b"none")


@mutant("no_procedure_is_an_error", breaks=["RPC-proc-unavail"], because="SYSTEM_ERR")
class NoProcedureIsAnError(Calls):
    """Has a dispatcher that raises."""

    def no_procedure(self, call: Received) -> bytes | None:
        return accepted(call.xid, SYSTEM_ERR)

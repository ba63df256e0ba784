"""Mutants of the port mapper: each says otherwise what is where, or does what it should leave."""

from __future__ import annotations

from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.oncrpc import Calls
from pytest_netconform.wire.oncrpc import PORTMAPPER, PROG_UNAVAIL, Received, accepted
from pytest_netconform.wire.xdr import Reader, XdrProblem, opaque, uint


@mutant("list_without_its_end", breaks=["RPC-portmap-dump"], because="whether there is another mapping")
class ListWithoutItsEnd(Calls):
    """Ends the list where the mappings end."""

    def end_of_list(self) -> bytes:
        return b""


@mutant("octets_behind_the_list", breaks=["RPC-portmap-dump"], because="left behind")
class OctetsBehindTheList(Calls):
    """Ends the list twice."""

    def end_of_list(self) -> bytes:
        return uint(0) + uint(0)


@mutant("getport_of_nobody_is_an_error", breaks=["RPC-portmap-getport"], because="PROG_UNAVAIL")
class GetportOfNobodyIsAnError(Calls):
    """Takes the program that is asked about for that which is called."""

    def unregistered(self) -> bytes:
        raise XdrProblem("unregistered")

    def bad_arguments(self, call: Received, problem: XdrProblem) -> bytes | None:
        if str(problem) == "unregistered":
            return accepted(call.xid, PROG_UNAVAIL)
        return super().bad_arguments(call, problem)


@mutant("getport_of_nobody_is_its_own", breaks=["RPC-portmap-getport"], because="a port of 0")
class GetportOfNobodyIsItsOwn(Calls):
    """Has a port for everybody."""

    def unregistered(self) -> bytes:
        return uint(111)


@mutant("getport_in_the_upper_half", breaks=["RPC-portmap-getport"], because="between 0 and 65535")
class GetportInTheUpperHalf(Calls):
    """Copies a port of 16 bits to the front of 32."""

    def getport(self, reader: Reader) -> bytes:
        octets = super().getport(reader)
        return octets[2:] + octets[:2]


@mutant("indirect_call_executed", breaks=["RPC-portmap-callit"], because="SUCCESS")
class IndirectCallExecuted(Calls):
    """Calls for anybody what only this machine's own may call."""

    def callit(self, reader: Reader) -> bytes | None:
        super().callit(reader)
        return uint(635) + opaque(b"")


@mutant("indirect_call_talkative", breaks=["RPC-portmap-callit"], because="PROG_UNAVAIL")
class IndirectCallTalkative(Calls):
    """Tells of a program that it is not there, where nothing is to be said."""

    def carried_out(self, call: Received) -> bytes | None:
        if (call.program, call.procedure) == (PORTMAPPER, 5):
            return accepted(call.xid, PROG_UNAVAIL)
        return super().carried_out(call)

"""Mutants of arguments: each makes something of what is none."""

from __future__ import annotations

from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.oncrpc import Calls
from pytest_netconform.wire.oncrpc import PROC_UNAVAIL, SYSTEM_ERR, Received, accepted
from pytest_netconform.wire.xdr import Reader, XdrProblem


@mutant("cut_arguments_are_zero", breaks=["RPC-garbage-args"], because="SUCCESS")
class CutArgumentsAreZero(Calls):
    """Reads zeros where nothing is."""

    def arguments(self, call: Received) -> bytes:
        return call.arguments + bytes(64)

    def no_more(self, reader: Reader) -> None:
        """Nothing tells its own zeros from what was sent."""


@mutant("garbage_is_no_procedure", breaks=["RPC-garbage-args"], because="PROC_UNAVAIL")
class GarbageIsNoProcedure(Calls):
    """Knows no procedure for such arguments."""

    def bad_arguments(self, call: Received, problem: XdrProblem) -> bytes | None:
        return accepted(call.xid, PROC_UNAVAIL)


@mutant("garbage_is_dropped", breaks=["RPC-garbage-args"], because="nothing")
class GarbageIsDropped(Calls):
    """Has an exception that nobody catches, and no word for the client."""

    def bad_arguments(self, call: Received, problem: XdrProblem) -> bytes | None:
        return None


@mutant("garbage_is_an_error", breaks=["RPC-garbage-args"], because="SYSTEM_ERR")
class GarbageIsAnError(Calls):
    """Has an exception that somebody else catches: noted, and legal."""

    def bad_arguments(self, call: Received, problem: XdrProblem) -> bytes | None:
        return accepted(call.xid, SYSTEM_ERR)


@mutant("octets_behind_are_taken", breaks=["RPC-extra-args"], because="SUCCESS")
class OctetsBehindAreTaken(Calls):
    """Reads what it wants and leaves the rest, as libtirpc does."""

    def no_more(self, reader: Reader) -> None:
        """Whatever is left is left."""

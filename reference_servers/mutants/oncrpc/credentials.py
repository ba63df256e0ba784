"""Mutants of credentials: each trusts, or distrusts, otherwise than it should."""

from __future__ import annotations

from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.oncrpc import Calls
from pytest_netconform.wire.oncrpc import (
    AUTH_BADCRED,
    AUTH_SYS,
    AUTH_TOOWEAK,
    GARBAGE_ARGS,
    SUCCESS,
    Auth,
    NoCall,
    Received,
    accepted,
    parse_call,
)
from pytest_netconform.wire.xdr import Reader, XdrProblem

NAME_OCTETS = 64  # of a machine's name, with those who never met a long one


@mutant("auth_sys_refused", breaks=["RPC-auth-sys"], because="AUTH_ERROR")
class AuthSysRefused(Calls):
    """Serves nobody who says who he is."""

    def suspicion(self, call: Received) -> int:
        return AUTH_TOOWEAK if call.credential.flavor == AUTH_SYS else super().suspicion(call)


@mutant("long_machine_name_refused", breaks=["RPC-auth-sys"], because="auth_stat 1")
class LongMachineNameRefused(Calls):
    """Has 64 octets for the machine's name."""

    def check_sys(self, credential: Auth) -> None:
        super().check_sys(credential)
        Reader(credential.body[4:]).opaque(NAME_OCTETS)


@mutant("reads_past_the_body", breaks=["RPC-auth-malformed"], because="GARBAGE_ARGS")
class ReadsPastTheBody(Calls):
    """Takes what is behind the credentials for a part of them, and what is left for the arguments."""

    def suspicion(self, call: Received) -> int:
        return 0

    def carried_out(self, call: Received) -> bytes | None:
        if call.credential.flavor == AUTH_SYS:
            try:
                self.check_sys(call.credential)
            except XdrProblem:
                return accepted(call.xid, GARBAGE_ARGS)
        return super().carried_out(call)


@mutant("malformed_is_too_weak", breaks=["RPC-auth-malformed"], because="auth_stat 5")
class MalformedIsTooWeak(Calls):
    """Gives another reason than that the credentials are bad."""

    def suspicion(self, call: Received) -> int:
        why = super().suspicion(call)
        return AUTH_TOOWEAK if why == AUTH_BADCRED else why


@mutant("unknown_flavor_is_garbage", breaks=["RPC-auth-unknown"], because="GARBAGE_ARGS")
class UnknownFlavorIsGarbage(Calls):
    """Falls over a flavor that it does not know."""

    def carried_out(self, call: Received) -> bytes | None:
        return accepted(call.xid, GARBAGE_ARGS) if call.credential.flavor == 999 else super().carried_out(call)

    def strange_flavor(self, call: Received) -> int:
        return 0


@mutant("unknown_flavor_expired", breaks=["RPC-auth-unknown"], because="auth_stat 6")
class UnknownFlavorExpired(Calls):
    """Gives a reason that is none: an unspecified failure of ours."""

    def strange_flavor(self, call: Received) -> int:
        return 6


@mutant("body_of_any_length", breaks=["RPC-auth-400"], because="SUCCESS")
class BodyOfAnyLength(Calls):
    """Has no bound for the body of credentials."""

    def read(self, message: bytes) -> Received:
        return parse_call(message, 1 << 31)


@mutant("length_taken_for_what_is_there", breaks=["RPC-auth-400"], because="SUCCESS")
class LengthTakenForWhatIsThere(Calls):
    """Carries out what it cannot read to the end."""

    def unreadable(self, xid: int) -> bytes | None:
        return accepted(xid, SUCCESS)


@mutant("dies_of_four_gibibytes", breaks=["RPC-auth-400"], because="nothing")
class DiesOfFourGibibytes(Calls):
    """Makes room for what is announced, and is ended by its system."""

    def answer(self, message: bytes) -> bytes | None:
        return None if "dead" in self.config.shared else super().answer(message)

    def read(self, message: bytes) -> Received:
        try:
            return super().read(message)
        except NoCall:
            self.config.shared["dead"] = True
            raise

    def unreadable(self, xid: int) -> bytes | None:
        return None

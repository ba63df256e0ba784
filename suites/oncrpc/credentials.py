"""Credentials (RFC 5531 8.2, 9, 10, appendix A): who calls, and who cannot be that."""

from __future__ import annotations

import pytest

from pytest_netconform.dialogues.oncrpc import CLOSED, NO_NULL, SILENCE, Rpc
from pytest_netconform.requirement import MUST, SHOULD, hostile, requirement
from pytest_netconform.verdict import Inconclusive
from pytest_netconform.wire.oncrpc import (
    AUTH_BADCRED,
    AUTH_ERROR,
    AUTH_NONE,
    AUTH_OCTETS,
    AUTH_REJECTEDCRED,
    AUTH_SYS,
    AUTH_TOOWEAK,
    GARBAGE_ARGS,
    PROC_UNAVAIL,
    RPC_MISMATCH,
    SUCCESS,
    Auth,
    Reply,
    auth_sys,
)

UNKNOWN_FLAVOR = 999
LARGEST = auth_sys(b"m" * 255, gids=tuple(range(16)))
CALLERS = {"usual": auth_sys(gids=(1000, 4)), "largest": LARGEST, "nameless": auth_sys(b"")}
_BODY = auth_sys(gids=(1000, 4)).body
MALFORMED = {
    "cut": Auth(AUTH_SYS, _BODY[:-4]),
    "empty": Auth(AUTH_SYS),
    "too-long": Auth(AUTH_SYS, _BODY + bytes(4)),
    "17-gids": auth_sys(gids=tuple(range(17))),
    "name-past-the-end": Auth(AUTH_SYS, bytes(4) + b"\xff\xff\xff\xfc" + _BODY[8:]),
}
#: announced, and behind it
TOO_LONG = {
    "401": Auth(AUTH_NONE, bytes(404), AUTH_OCTETS + 1),
    "ffffffff": Auth(AUTH_NONE, bytes(40), 0xFFFFFFFF),
}


@requirement(
    "RPC-auth-sys", SHOULD, "RFC 5531 10, 12.1, appendix A", "A caller with AUTH_SYS may call what anybody may call."
)
@pytest.mark.parametrize("who", CALLERS.values(), ids=list(CALLERS))
def test_auth_sys(rpc: Rpc, who: Auth) -> None:
    """NULL needs no authentication, so credentials do it no harm."""
    rpc.welcome()
    rpc.expects(rpc.call(credential=who), SUCCESS, noted=NO_NULL)


def _denied(rpc: Rpc, who: Auth, *whys: int) -> Reply:
    """NULL is denied for one of these reasons, or carried out, since it needs no authentication."""
    call = rpc.call(credential=who)
    reply = rpc.expects(call, AUTH_ERROR, SUCCESS, PROC_UNAVAIL)
    right = reply.status != AUTH_ERROR or reply.why in whys
    listed = " or ".join(map(str, whys))
    rpc.require(right, f"AUTH_ERROR with auth_stat {listed}", f"AUTH_ERROR with auth_stat {reply.why}")
    rpc.note("denied" if reply.status == AUTH_ERROR else "carried out: NULL needs no authentication")
    rpc.survives()
    return reply


@requirement(
    "RPC-auth-malformed",
    SHOULD,
    "RFC 5531 9, appendix A",
    "Credentials of AUTH_SYS that are none are denied: AUTH_BADCRED.",
)
@pytest.mark.parametrize("who", MALFORMED.values(), ids=list(MALFORMED))
def test_malformed_auth_sys(rpc: Rpc, who: Auth) -> None:
    """A body cut short, too long, with 17 gids, or with a name that goes on behind it."""
    rpc.another().welcome(rpc.another().call(credential=CALLERS["usual"]))
    _denied(rpc, who, AUTH_BADCRED)


@requirement("RPC-auth-unknown", SHOULD, "RFC 5531 9", "Credentials of an unknown flavor are denied.")
def test_unknown_flavor(rpc: Rpc) -> None:
    """Flavor 999: rejected, bad, or too weak."""
    rpc.another().welcome()
    _denied(rpc, Auth(UNKNOWN_FLAVOR, b"abcd"), AUTH_REJECTEDCRED, AUTH_BADCRED, AUTH_TOOWEAK)


@requirement("RPC-auth-400", MUST, "RFC 5531 8.2", "The body of credentials has at most 400 octets.")
@hostile
@pytest.mark.parametrize("who", TOO_LONG.values(), ids=list(TOO_LONG))
def test_too_long_credentials(rpc: Rpc, who: Auth) -> None:
    """400 octets of AUTH_NONE are passed over (10.1: they mean nothing); 401, and 4 GiB announced, are no call."""
    twin = rpc.another()
    whole = twin.replied(twin.call(credential=Auth(AUTH_NONE, bytes(AUTH_OCTETS))))
    if whole.code not in (SUCCESS, PROC_UNAVAIL):
        raise Inconclusive(f"prerequisite not met: a body of 400 octets is taken; {whole.code} came")
    rpc.visit.evidence.add("twin")
    call = rpc.call(credential=who)
    came = rpc.outcome(call)
    refusals = (AUTH_ERROR, GARBAGE_ARGS, RPC_MISMATCH)
    rpc.judged(came, call, *refusals, SILENCE, CLOSED)
    rpc.note(f"answered with {came if isinstance(came, str) else came.status}")
    rpc.survives()


NOT_CHECKED: list[tuple[str, str]] = []

"""Arguments (RFC 5531 8.1, 9): too few, and too many."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_netconform.dialogues.oncrpc import Rpc
from pytest_netconform.requirement import INTEROP, MUST, needs, requirement
from pytest_netconform.wire.oncrpc import GARBAGE_ARGS, SYSTEM_ERR

OTHERWISE = {SYSTEM_ERR: "a refusal of another kind: the arguments were not to be read"}


@requirement("RPC-garbage-args", MUST, "RFC 5531 8.1, 9", "Arguments that cannot be decoded get GARBAGE_ARGS.")
@needs("ARGUMENTS")
@pytest.mark.parametrize("left", [0, 3, 4])
def test_cut_arguments(rpc: Rpc, left: int) -> None:
    """Whole arguments are taken; their first octets alone are not, nor none.

    rpcbind 1.2.6 (libtirpc 1.3.3) over UDP: SUCCESS, with what lay in its buffer.
    """
    twin = rpc.another()
    whole = rpc.demanding
    twin.granted(twin.demanding)
    if left >= len(whole.arguments):
        rpc.not_applicable(f"the arguments have {len(whole.arguments)} octets")
    cut = replace(whole, arguments=whole.arguments[:left])
    rpc.expects(cut, GARBAGE_ARGS, noted=OTHERWISE)
    rpc.survives()


@requirement("RPC-extra-args", INTEROP, "RFC 5531 9, RFC 4506 3", "What is done about octets behind the arguments.")
def test_octets_behind_the_arguments(rpc: Rpc) -> None:
    """NULL with eight octets that it does not take: carried out, or refused. Nobody dies of it."""
    came = rpc.outcome(rpc.call(arguments=b"\x01\x02\x03\x04\x05\x06\x07\x08"))
    rpc.observe(came if isinstance(came, str) else came.code)
    rpc.survives()


NOT_CHECKED: list[tuple[str, str]] = []

"""The port mapper, version 2 (RFC 1833 3): which program is where. Nothing is registered, nothing removed."""

from __future__ import annotations

import pytest

from pytest_netconform.dialogues.oncrpc import CLOSED, PORT_MAPPER, SILENCE, Program, Rpc
from pytest_netconform.requirement import INTEROP, MUST, SECURITY, needs, requirement
from pytest_netconform.verdict import Inconclusive, NonConformity
from pytest_netconform.wire.oncrpc import (
    AUTH_ERROR,
    CALLIT,
    DUMP,
    PORTMAPPER_PORT,
    PROC_UNAVAIL,
    SUCCESS,
    SYSTEM_ERR,
    TCP,
    UDP,
    Reply,
)
from pytest_netconform.wire.oncrpc_told import told
from pytest_netconform.wire.xdr import UNIT, Reader, XdrProblem, opaque, uint

UNREGISTERED = Program(0x3FFFFFFD, 1)
MOUNT = Program(100_005, 3)  # mountd, which indirect calls were used to deceive (CVE-1999-0168)
MAPPINGS = 1000


def _mappings(results: bytes) -> list[tuple[int, int, int, int]]:
    """The mappings of a list that ends in 0. Raises XdrProblem."""
    reader, found = Reader(results), []
    while reader.boolean("whether there is another mapping"):
        found.append((reader.uint(), reader.uint(), reader.uint(), reader.uint()))
    reader.end()
    return found


@requirement("RPC-portmap-dump", INTEROP, "RFC 1833 3", "What a port mapper lists, and how its list ends.")
@needs("PORTMAPPER")
def test_dump(rpc: Rpc) -> None:
    """NULL gives nothing; DUMP gives mappings, and a 0 behind the last."""
    reply = rpc.expects(rpc.call(to=PORT_MAPPER), SUCCESS)
    rpc.require(not reply.results, "no results of NULL", reply.results)
    listing = rpc.expects(rpc.call(DUMP, to=PORT_MAPPER), SUCCESS)
    try:
        mappings = _mappings(listing.results)
    except XdrProblem as problem:
        raise NonConformity("a list of mappings that ends in 0", str(problem)) from None
    rpc.observe(", ".join(sorted({f"{program} v{version}" for program, version, _, _ in mappings[:MAPPINGS]})))


@requirement("RPC-portmap-getport", MUST, "RFC 1833 3", "GETPORT of a program that is not registered is 0.")
@needs("PORTMAPPER")
def test_port_of_nobody(rpc: Rpc) -> None:
    """SUCCESS, and a port of 0: it is no error not to be registered."""
    rpc.granted(rpc.getport(PORT_MAPPER, rpc.protocol))
    reply = rpc.expects(rpc.getport(UNREGISTERED), SUCCESS)
    rpc.require(reply.results == uint(0), "a port of 0", reply.results.hex(" ", -4) or "no results")


@requirement("RPC-portmap-getport", MUST, "RFC 1833 3", "GETPORT of a program that is not registered is 0.")
@needs("PORTMAPPER")
@pytest.mark.parametrize("protocol", [TCP, UDP], ids=["tcp", "udp"])
def test_port_of_itself(rpc: Rpc, protocol: int) -> None:
    """SUCCESS, and a number between 0 and 65535: by convention 111, wherever it was started."""
    reply = rpc.expects(rpc.getport(PORT_MAPPER, protocol), SUCCESS)
    port = int.from_bytes(reply.results, "big")
    right = len(reply.results) == UNIT and port < 1 << 16
    rpc.require(right, "a port between 0 and 65535", reply.results.hex(" ", -4) or "no results")
    if port != PORTMAPPER_PORT:
        rpc.note(f"it says that it is at port {port}")


@requirement("RPC-portmap-callit", SECURITY, "RFC 1833 3.2", "An indirect call is not carried out for strangers.")
@needs("PORTMAPPER")
def test_indirect_call(rpc: Rpc) -> None:
    """CALLIT of mountd's NULL is refused, or not answered, while GETPORT from the same place is."""
    twin = rpc.another()
    port = twin.granted(twin.getport(MOUNT, UDP)).results
    if port != uint(0) and not rpc.target.stranger:
        raise Inconclusive("mountd is registered, and we come from a place that may be trusted; see ?vantage=")
    call = rpc.call(CALLIT, uint(MOUNT.number) + uint(MOUNT.version) + uint(0) + opaque(b""), to=PORT_MAPPER)
    came = rpc.outcome(call)
    if isinstance(came, Reply):
        ratio = len(came.raw) / len(call.octets)
        rpc.note(f"{told(came)}: {ratio:.1f} octets for each of the call's")
    rpc.judged(came, call, AUTH_ERROR, PROC_UNAVAIL, SYSTEM_ERR, SILENCE, CLOSED)


NOT_CHECKED: list[tuple[str, str]] = []

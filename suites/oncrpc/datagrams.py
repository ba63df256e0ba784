"""Over UDP (RFC 5531 5, 11): a message a datagram, and what retransmissions bring."""

from __future__ import annotations

from dataclasses import replace

from pytest_netconform.dialogues.oncrpc import NO_NULL, SILENCE, DatagramRpc
from pytest_netconform.requirement import MUST, SECURITY, SHOULD, needs, requirement
from pytest_netconform.verdict import Inconclusive, NonConformity
from pytest_netconform.wire.oncrpc import GARBAGE_ARGS, SUCCESS, SYSTEM_ERR, Call, Reply, parse_reply
from pytest_netconform.wire.oncrpc_told import told


def _replies(rpc: DatagramRpc, call: Call, copies: int = 1) -> tuple[list[Reply], int]:
    """All that comes after a call was sent so often, and how often it was: if nothing comes, it may have got lost."""
    for tries, _ in enumerate(rpc.waits, 1):
        for _ in range(copies - 1):
            rpc.send(call.octets)
        if came := rpc.everything(call.octets):
            return [parse_reply(reply.raw) for reply in came], tries * copies
    raise NonConformity("a reply", f"nothing in {len(rpc.waits)} tries", owed=True, passing=True)


@requirement("RPC-udp", MUST, "RFC 5531 5, 11", "Over UDP a reply is one datagram, without a record mark.")
def test_one_datagram(rpc_datagrams: DatagramRpc) -> None:
    """NULL is answered by one datagram, which begins with the xid."""
    call = rpc_datagrams.call()
    replies, sent = _replies(rpc_datagrams, call)
    rpc_datagrams.require(len(replies) <= sent, "one datagram for each call", "; ".join(map(told, replies)))
    expected = f"a datagram that begins with the xid {call.xid:#010x}"
    for reply in replies:
        rpc_datagrams.require(reply.xid == call.xid, expected, told(reply))
        rpc_datagrams.judged(reply, call, SUCCESS, noted=NO_NULL)


@requirement("RPC-udp-dup", SHOULD, "RFC 5531 5, 9", "A call that comes twice is answered once or twice, and alike.")
def test_call_that_comes_twice(rpc_datagrams: DatagramRpc) -> None:
    """The xid tells a retransmission; the server may repeat itself, or say nothing more."""
    call = rpc_datagrams.call()
    replies, sent = _replies(rpc_datagrams, call, copies=2)
    rpc_datagrams.require(len(replies) <= sent, "one or two replies", f"{len(replies)} replies")
    for reply in replies:
        rpc_datagrams.judged(reply, call, SUCCESS, noted=NO_NULL)
    alike = {reply.raw for reply in replies}
    rpc_datagrams.require(len(alike) == 1, "replies that say the same", "; ".join(map(told, replies)))
    rpc_datagrams.note("answered once" if len(replies) == 1 else "answered each time")


@requirement(
    "RPC-udp-stale", SECURITY, "RFC 5531 8.1, CWE-125", "A call that ends early is not read on in the one before it."
)
@needs("ARGUMENTS")
def test_arguments_of_the_call_before(rpc_datagrams: DatagramRpc) -> None:
    """Somebody calls with arguments; we call without, and do not get his results.

    libtirpc 1.3.3 decodes up to the size of its buffer, not to the length that came: rpcbind 1.2.6 gives us his.
    """
    other = rpc_datagrams.another()
    first = other.granted(other.demanding)
    if not first.results.strip(b"\0"):
        raise Inconclusive("prerequisite not met: a result that is not zero")
    call = replace(rpc_datagrams.demanding, arguments=b"")
    came = rpc_datagrams.outcome(call)
    if isinstance(came, Reply) and came.status == SUCCESS and came.results != first.results:
        rpc_datagrams.note("SUCCESS, with other results; RPC-garbage-args judges that")
        return
    rpc_datagrams.judged(came, call, GARBAGE_ARGS, SYSTEM_ERR, SILENCE)


NOT_CHECKED: list[tuple[str, str]] = []

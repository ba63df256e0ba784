"""Boundaries and sizes: a datagram is a message, whatever its length and its octets (RFC 768)."""

from __future__ import annotations

from pytest_netconform.dialect import Exchange
from pytest_netconform.dialogues.datagram import Datagrams, anything
from pytest_netconform.requirement import INTEROP, MUST, SHOULD, needs, requirement
from pytest_netconform.verdict import Inconclusive, NonConformity

SIZES = (512, 1472, 1473, 8192, 65507)  # 1472 fit into a frame of Ethernet, 65507 into an IPv4 packet
UNFRAGMENTED = 1472  # more of them need IP fragments, which networks drop
LARGEST = 65507
EVERY_OCTET = bytes(range(256))


@requirement("UDP-768-boundary", MUST, "RFC 768", "Each datagram is a message: replies are neither joined nor cut.")
@needs("exact")
def test_boundaries_are_kept(datagram: Datagrams) -> None:
    """Three datagrams of different length, sent at once, get three replies; lost ones are asked for one at a time."""
    datagram.together(datagram.dialect.probe(number, size=number + 1) for number in range(3))


@requirement("UDP-768-zero-length", MUST, "RFC 768 (length 8)", "An empty datagram is a message like any other.")
@needs("known")
def test_empty_datagram(datagram: Datagrams) -> None:
    """A server that echoes gives it back or ignores it; any other does what it likes, and goes on."""
    datagram.given(datagram.sample())
    other = datagram.sibling()
    ruled = "rule" in datagram.dialect.capabilities and datagram.dialect.id is None
    reply = other.tried(Exchange(b"", hear=b"") if ruled else anything(b""), waits=other.waits[:1])
    datagram.alive("after an empty datagram")
    if reply is None:
        datagram.note("an empty datagram is ignored")


@requirement("UDP-768-binary", MUST, "RFC 768", "A datagram may hold every octet.")
@needs("binary")
def test_every_octet_travels(datagram: Datagrams) -> None:
    """All 256 octets come back as the rule has them."""
    most = datagram.dialect.most or LARGEST
    for begin in range(0, len(EVERY_OCTET), most):
        say = EVERY_OCTET[begin : begin + most]
        datagram.ask(Exchange(say, datagram.dialect.ruled(say)))


@requirement("UDP-768-max", INTEROP, "RFC 768, RFC 1122 3.3.2", "How long a datagram may be that is served whole.")
@needs("rule")
def test_sizes_that_are_served(datagram: Datagrams) -> None:
    """Recorded: what becomes of 512 to 65507 octets; away from this machine 1472 are the most."""
    most = LARGEST if datagram.target.spec.at_home else UNFRAGMENTED
    most = min(most, datagram.dialect.most or most)
    for size in [size for size in SIZES if size <= most]:
        datagram.observe(f"{size} octets: {_outcome(datagram, size)}")


@requirement("UDP-768-trunc-detect", SHOULD, "RFC 862", "A datagram that is too long is not served in part.")
@needs("rule")
def test_no_part_is_served_as_a_whole(datagram: Datagrams) -> None:
    """One octet more than was declared, or 65507 octets: the reply to all of it, another one, or none."""
    datagram.given(datagram.sample())
    declared = datagram.dialect.largest_request
    size = declared + 1 if declared else LARGEST if datagram.target.spec.at_home else UNFRAGMENTED
    size = min(size, datagram.dialect.requests.most or size)
    outcome = _outcome(datagram, size)
    if outcome.startswith("cut"):
        raise NonConformity(f"the reply to all {size} octets, an error, or none", outcome)
    datagram.alive(f"after {size} octets")
    datagram.note(f"{size} octets: {outcome}")


def _outcome(datagram: Datagrams, size: int) -> str:
    """What becomes of so many octets."""
    other = datagram.sibling()
    say = _of_size(datagram, size)
    try:
        reply = other.tried(anything(say), waits=other.waits[:2])
    except Inconclusive as problem:
        return str(problem)
    right = datagram.dialect.ruled(say)
    if reply is None or reply.payload is None:
        return "no reply" if reply is None else "a reply that cannot be read"
    if reply.payload == right:
        return "whole"
    return f"cut to {len(reply.payload)}" if reply.payload and reply.payload in right else "another reply"


def _of_size(datagram: Datagrams, size: int) -> bytes:
    """A request of so many octets, no part of which is like another, as far as that can be."""
    marks = b"".join(b"%06d " % place for place in range(0, size, 7))[:size]
    forbidden = datagram.dialect.requests.forbidden + datagram.dialect.replies.forbidden
    return datagram.dialect.probe(0, size).say if set(marks) & set(forbidden) else marks


NOT_CHECKED = [
    ("UDP-checksum-bad", "needs root"),
    ("UDP-frag-first-only", "needs root"),
]

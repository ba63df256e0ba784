"""Abuse: what others could do with a server that answers strangers (RFC 8085 6), and what must not hurt it."""

from __future__ import annotations

from pytest_netconform.dialogues.datagram import Datagrams, anything
from pytest_netconform.requirement import INTEROP, MUST, SECURITY, SHOULD, hostile, needs, requirement
from pytest_netconform.verdict import Inconclusive, NonConformity

BURST = 1000
PAUSE_EVERY = 50  # datagrams of a burst, to read what has come meanwhile
WORTH_A_WARNING, TOO_MUCH = 3.0, 10.0  # octets of replies for an octet of a request
VERSION = b"version\r\n"


@requirement(
    "UDP-reflect-loop", SECURITY, "CERT CA-1996-01, RFC 8085 6", "No reply to the port of a service that answers."
)
@needs("udp", "rule|unknown", "-rfc862")
def test_no_endless_conversation(datagram: Datagrams) -> None:
    """A datagram from the port of echo, daytime, qotd, chargen or time is not answered; from elsewhere it is."""
    unknown = datagram.dialect.unknown
    if unknown is not None and unknown.silence:
        datagram.not_applicable("what is unknown is not answered")
    datagram.unanswered_services(unknown or datagram.sample())


@requirement("UDP-amplification", SECURITY, "RFC 8085 6, CERT TA14-017A", "A small question has no large answer.")
@needs("known")
def test_amplification(datagram: Datagrams) -> None:
    """Recorded: the octets of all replies to the shortest request, for each of its octets; a stranger gets few."""
    datagram.given(datagram.sample())
    known = [b"?", *(exchange.say for exchange in (*datagram.dialect.known, datagram.sample(0, 1)))]
    for say in sorted(filter(None, known), key=len):
        replies = datagram.sibling().everything(datagram.dialect.requests.encode(say))
        if replies:
            break
    else:
        raise Inconclusive("none of the shortest requests was answered this time")
    ratio = sum(len(reply.raw) for reply in replies) / len(say)
    datagram.observe(f"{ratio:.1f} octets for one")
    expected = f"at most {WORTH_A_WARNING:g} octets of replies for each of the request"
    if not datagram.target.stranger or ratio <= WORTH_A_WARNING:
        return
    if ratio > TOO_MUCH:
        raise NonConformity(f"at most {TOO_MUCH:g} octets of replies for each of the request", f"{ratio:.1f}")
    datagram.tolerate(expected, f"{ratio:.1f}".encode(), "more than three octets for one are worth a thought")


@requirement("UDP-burst", INTEROP, "RFC 8085 3.1", "What a burst of a thousand datagrams loses.")
@needs("known")
@hostile
def test_burst(datagram: Datagrams) -> None:
    """Recorded: how many of a thousand are answered. Loss is legal; the next request is served."""
    datagram.given(datagram.sample())
    other = datagram.sibling()
    octets = datagram.dialect.requests.encode(datagram.sample().say)
    answered = 0
    for number in range(BURST):
        other.send(octets)
        if number % PAUSE_EVERY == 0:
            answered += _waiting(other, 0.0)
    answered += _waiting(other, datagram.target.window)
    datagram.observe(f"{answered} of {BURST} answered")
    datagram.alive("after a burst")


def _waiting(datagram: Datagrams, window: float) -> int:
    count = 0
    while datagram.next(datagram.wire.now() + window, "replies to a burst") is not None:
        count += 1
    return count


@requirement(
    "UDP-oversize-reply",
    SHOULD,
    "RFC 8085 3.2",
    "A reply that would be too long is cut as agreed, or left out.",
)
@needs("rule")
def test_reply_that_would_be_too_long(datagram: Datagrams) -> None:
    """A request whose reply would be one octet longer than was declared; the server goes on."""
    largest = datagram.dialect.largest_reply
    most = datagram.dialect.largest_request or datagram.dialect.requests.most or 0
    if not 0 < largest < most:
        datagram.not_applicable("no request has a reply that is longer than the dialect declares")
    datagram.given(datagram.sample())
    say = b"a" * (largest + 1)
    reply = datagram.sibling().tried(anything(say), waits=datagram.waits[:1])
    if reply is not None and reply.payload is not None and len(reply.payload) > largest:
        raise NonConformity(f"a reply of at most {largest} octets, or none", f"{len(reply.payload)} octets")
    datagram.alive("after a reply that would have been too long")


@requirement(
    "UDP-memcached-frame", MUST, "memcached protocol.txt (UDP)", "A reply repeats the id, and numbers its datagrams."
)
@needs("memcached")
def test_memcached_frame(datagram: Datagrams) -> None:
    """`version` under id 0x1234: each datagram of the reply says the id, its number, how many there are, and 0."""
    request = bytes.fromhex("1234 0000 0001 0000") + VERSION
    parts = [reply.raw for reply in datagram.sibling().everything(request)]
    if not parts:
        raise Inconclusive("the request was not answered this time")
    total = len(parts)
    for number, part in enumerate(parts):
        head = bytes.fromhex("1234") + number.to_bytes(2, "big") + total.to_bytes(2, "big") + bytes(2)
        datagram.require(part[:8] == head, f"the head {head.hex(' ', 2)}", part[:8].hex(" ", 2))
    text = b"".join(part[8:] for part in parts)
    datagram.require(text.startswith(b"VERSION "), "VERSION behind the heads", text)


NOT_CHECKED: list[tuple[str, str]] = []

"""Addresses and ports: who may ask, from where he is answered, and what the system says of those who are not there."""

from __future__ import annotations

from pytest_netconform.dialogues.datagram import Datagrams, Reply
from pytest_netconform.requirement import INTEROP, MAY, MUST, SHOULD, needs, requirement
from pytest_netconform.verdict import Inconclusive, NonConformity, NotApplicable

PORTS = (1024, 1025, 32768, 65535)  # not 2049, which NFS asks from; none below 1024, which means something else
LEAVERS = 5  # clients that have gone before they are answered; a fast server answers some of them in time


@requirement("UDP-src-reply", SHOULD, "RFC 1123 2.3", "A reply comes from the address that was asked.")
@needs("known", "udp")
def test_reply_comes_from_the_address_asked(datagram: Datagrams) -> None:
    """At every address of the server, a socket that hears anybody hears the one that it asked."""
    datagram.given(datagram.sample())
    first = datagram.wire.peer[0]
    answered = [host for host in _like(datagram, first) if _answers_at(datagram, host, first)]
    datagram.note(f"asked at {', '.join(answered)}")


def _like(datagram: Datagrams, first: str) -> list[str]:
    return [host for host in datagram.hosts if (":" in host) == (":" in first)]


def _answers_at(datagram: Datagrams, host: str, first: str) -> bool:
    """Whether anybody answers there. Raises NonConformity when it is somebody else."""
    told = datagram.sibling(host=host)
    try:
        if told.tried(datagram.sample(), waits=told.waits[:1]) is not None:
            return True
    except NonConformity:
        if told.missing and host != first:
            return False  # the server does not stand there
        raise
    stray = _stray(datagram.sibling(host=host, connected=False))
    if stray is not None:
        raise NonConformity(f"a reply from the address that was asked, {host}", f"one from {stray.place}")
    return False


def _stray(datagram: Datagrams) -> Reply | None:
    """What comes from elsewhere in answer to a sample."""
    datagram.tried(datagram.sample(), waits=datagram.waits[:1])
    return datagram.strays[0] if datagram.strays else None


@requirement("UDP-src-port-arbitrary", MUST, "RFC 768", "A client may ask from any port.")
@needs("known", "udp")
def test_any_port_may_ask(datagram: Datagrams) -> None:
    """Ports 1024, 1025, 32768 and 65535 are answered like any other."""
    datagram.given(datagram.sample())
    answered = 0
    for port in PORTS:
        try:
            other = datagram.sibling(port=port)
        except NotApplicable as reason:
            datagram.note(str(reason))
            continue
        other.ask(datagram.sample())
        answered += 1
    if not answered:
        raise Inconclusive("our own system gives us none of the ports")


@requirement("UDP-connected", INTEROP, "POSIX connect()", "Whether a connected client socket hears the server.")
@needs("known")
def test_connected_client(datagram: Datagrams) -> None:
    """Recorded: the reply comes from the port that was asked, or from another one (as TFTP has it)."""
    if datagram.tried(datagram.sample()) is not None:
        datagram.observe("answered from the port that was asked")
        return
    other = datagram.sibling(connected=False)
    if _stray(other) is None:
        other.ask(datagram.sample())
    asked, answering = other.wire.peer, other.strays[0].sender if other.strays else other.wire.peer
    datagram.observe(f"answered from {'another port' if asked[0] == answering[0] else 'another address'}")


@requirement(
    "UDP-server-survives-icmp", SHOULD, "RFC 1122 4.1.3.3", "Who leaves before he is answered does not end the server."
)
@needs("known")
def test_clients_that_have_gone(datagram: Datagrams) -> None:
    """Five clients ask and are gone; what the system says of them (ICMP) is no reason to stop."""
    datagram.given(datagram.sample())
    for _ in range(LEAVERS):
        other = datagram.sibling()
        other.say(datagram.sample())
        other.wire.close()
    datagram.alive("after clients that were gone")


@requirement("UDP-ipv6", SHOULD, "RFC 8200 8.1", "A server that has an IPv6 address answers there too.")
@needs("known", "udp")
def test_ipv6(datagram: Datagrams) -> None:
    """The first IPv6 address of the target is answered like its IPv4 address."""
    hosts = [host for host in datagram.hosts if ":" in host]
    if not hosts:
        datagram.not_applicable("the target has no IPv6 address")
    datagram.given(datagram.sample())
    try:
        datagram.sibling(host=hosts[0]).ask(datagram.sample())
    except NonConformity as problem:
        raise NonConformity(f"an answer at {hosts[0]} too", problem.received) from None


@requirement("UDP-broadcast", INTEROP, "RFC 919, RFC 1122 3.3.6", "What is done about a broadcast request.")
@needs("known", "udp", "?broadcast")
def test_broadcast(datagram: Datagrams) -> None:
    """Recorded: who answers. Without SO_BROADCAST our own system sends none."""
    host = datagram.target.option("broadcast")
    try:
        datagram.sibling(host=host, connected=False).send(b"")
    except Inconclusive:
        datagram.note("without SO_BROADCAST nothing is sent")
    _who_answers(datagram, datagram.sibling(host=host, connected=False, broadcast=True))


@requirement("UDP-multicast", MAY, "RFC 1112, RFC 8085 4", "A server may listen to a group.")
@needs("known", "udp", "?group")
def test_multicast(datagram: Datagrams) -> None:
    """Recorded: who answers what was sent to the group."""
    _who_answers(datagram, datagram.sibling(host=datagram.target.option("group"), connected=False))


def _who_answers(datagram: Datagrams, other: Datagrams) -> None:
    datagram.given(datagram.sample())
    stray = _stray(other)
    own = any(asked.heard for asked in other.asked)
    datagram.observe("answered from the address asked" if own else "answered by its sender" if stray else "no answer")
    datagram.alive("after that")


NOT_CHECKED = [
    ("UDP-src-port-zero", "needs root"),
    ("UDP-icmp-unreach", "proved by tests/test_datagrams.py: a refusal is told from silence, and is no verdict"),
    ("UDP-promiscuous-client", "proved by tests/test_datagrams.py: a forged reply is not taken for one"),
    ("UDP-bind-any-restart", "not visible from outside: to start it again is for whoever runs it"),
]

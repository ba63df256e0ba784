"""Addresses: where a server stands, by which of its names' addresses it is reached, and sockets that are files."""

from __future__ import annotations

from pytest_netconform.dialogues.stream import Stream
from pytest_netconform.requirement import INTEROP, SHOULD, needs, requirement
from pytest_netconform.verdict import NonConformity


@requirement("TCP-ipv6", SHOULD, "RFC 6724, RFC 4291", "A server is served at every address that its name has.")
@needs("tcp", "-once")
def test_both_families(stream: Stream) -> None:
    """The first IPv4 address and the first IPv6 address of the target's name are both served."""
    first = {":" in host: host for host in reversed(stream.hosts)}
    if len(first) < 2:
        stream.not_applicable("the target's name has addresses of one family only")
    for host in first.values():
        stream.wire.close()
        other = stream.elsewhere(host)
        other.served()
        other.wire.close()


@requirement(
    "TCP-ipv6-mapped", INTEROP, "RFC 4291 2.5.5.2", "What a client that speaks IPv6 only gets from an IPv4 address."
)
@needs("tcp", "-once")
def test_mapped_address(stream: Stream) -> None:
    """Recorded: whether a connection to ::ffff:IPv4 is served; the IPv4 address itself is served afterwards."""
    hosts = [host for host in stream.hosts if ":" not in host]
    if not hosts:
        stream.not_applicable("the target's name has no IPv4 address")
    stream.wire.close()
    try:
        other = stream.elsewhere(f"::ffff:{hosts[0]}")
        other.served()
    except NonConformity as problem:
        stream.observe(f"not served: {problem.received}")
    else:
        other.wire.close()
        stream.observe("served")
    stream.owed("after a client with a mapped address").served()


@requirement("TCP-unix-stream", INTEROP, "POSIX AF_UNIX", "A socket file is served as an address is.")
@needs("unix", "-once")
def test_socket_file(stream: Stream) -> None:
    """Two clients, one after the other, are served, although they have no address."""
    for _ in range(2):
        stream.alive()
    stream.owed("after a client without an address").alive()
    stream.observe("served")


NOT_CHECKED = [
    ("TCP-restart-reuseaddr", "not visible from outside: to start it again is for whoever runs it"),
    ("TCP-double-bind", "not visible from outside: to start a second one is for whoever runs it"),
    ("TCP-unix-stale", "not visible from outside: to start it again is for whoever runs it"),
    ("TCP-unix-abstract-perm", "needs root: to connect as somebody else"),
    ("TCP-getaddrinfo-service", "proved by tests/test_stream_suite.py: ports by the names of services"),
    ("TCP-localhost-order", "proved by tests/test_stream_suite.py: the first address of a name that answers is used"),
]

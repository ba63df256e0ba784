"""Crowds: many clients at once (RFC 9293 3.9.1.1); each is served, and gets its own answers and nobody else's."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_netconform.dialogues.stream import Stream
from pytest_netconform.requirement import INTEROP, SHOULD, crowded, hostile, needs, requirement, serial
from pytest_netconform.verdict import Inconclusive, NonConformity

MANY = 50
BURST = 200


@requirement(
    "TCP-9293-3.9-concurrent", SHOULD, "RFC 9293 3.9.1.1", "Many clients at once are all served, each for itself."
)
@serial
@crowded
def test_many_clients_at_once(stream: Stream) -> None:
    """Fifty clients are connected; each says half of its request, then each the rest; each gets its own answer."""
    # Field note: inetutils-inetd 2.4, which starts a process for each, takes 4 s for fifty.
    clients = [stream, *_others(stream)]
    words = stream.target.claims
    if "known" in words:
        _asked_in_turn(clients)
    elif "unasked" in words or "unasked-stream" in words:
        for client in clients:
            client.served()
    else:
        for client in (clients[0], clients[-1]):
            client.served()


def _others(stream: Stream) -> Sequence[Stream]:
    try:
        return stream.others(MANY - 1)
    except NonConformity as problem:
        if problem.owed:
            raise
        raise Inconclusive(f"turned away: {problem}") from None


def _asked_in_turn(clients: Sequence[Stream]) -> None:
    probes = clients[0].probes(len(clients))
    for half in (0, 1):
        for client, probe in zip(clients, probes, strict=True):
            data = client.encoded(probe)
            middle = (len(data) + 1) // 2
            client.send(data[middle:] if half else data[:middle])
    for client in clients:
        if client.whole:
            client.finish()
    for client, probe in zip(clients, probes, strict=True):
        client.hears(probe)


@requirement("TCP-backlog-burst", INTEROP, "RFC 9293 3.9.1.1", "Whether a burst of clients finds room.")
@needs("-once")
@hostile
def test_burst_of_clients(stream_connection: Stream) -> None:
    """Recorded: two hundred connect before one is served; who found room is served in the end, one after the other."""
    clients = [stream_connection]
    told = f"all of {BURST} are served"
    for _ in range(BURST - 1):
        try:
            clients += stream_connection.others(1)
        except NonConformity as problem:
            told = f"not all of {BURST} find room: {problem.received}"
            break
    words = stream_connection.target.claims
    if words.isdisjoint(("known", "unasked", "unasked-stream")):
        clients = [clients[0], clients[-1]]
    for client in clients:
        try:
            if "greeting" in words:
                client.greet()
            client.served()
        except NonConformity as problem:
            if problem.owed and not client.over:
                raise
            told = f"not all of {BURST} are served: {problem.received}"
        client.wire.close()
    stream_connection.observe(told)


NOT_CHECKED: list[tuple[str, str]] = []

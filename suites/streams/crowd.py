"""Crowds: many clients at once (RFC 9293 3.9.1.1); each is served, and gets its own answers and nobody else's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_netconform.dialogues.stream import Stream
from pytest_netconform.requirement import INTEROP, SHOULD, crowded, hostile, needs, requirement, serial
from pytest_netconform.verdict import Inconclusive, NonConformity

MANY = 50
PAUSE = 0.002  # seconds between two of them: a short queue is not what is looked at here
BURST = 200
SECONDS = 3.0  # for all of them to connect; where a queue is full, each waits a second and more


@requirement(
    "TCP-9293-3.9-concurrent", SHOULD, "RFC 9293 3.9.1.1", "Many clients at once are all served, each for itself."
)
@serial
@crowded
def test_many_clients_at_once(stream_connection: Stream) -> None:
    """A second client is served beside the first; of fifty, each says half of its request, then each the rest, and each
    gets its own answer.
    """
    # Field note: inetutils-inetd 2.4, which starts a process for each, takes 4 s for fifty; a ForkingMixIn of Python's
    # socketserver serves forty at a time.
    (second,) = stream_connection.others(1)
    _greeted(second)
    second.served()
    second.wire.close()
    try:
        clients = [stream_connection, *_others(stream_connection)]
        _greeted(*clients)
        _all_served(clients)
    except NonConformity as problem:
        if problem.passing:  # nobody says how many
            raise NonConformity(f"{MANY} clients served at once", problem.received) from None
        raise


def _others(stream: Stream) -> Iterator[Stream]:
    """They come one after the other, not in a burst."""
    for _ in range(MANY - 1):
        yield from stream.others(1)
        stream.target.carriage.pause(PAUSE)


def _greeted(*clients: Stream) -> None:
    """The greeting of each is read; another one than to be served is a refusal, for which there may be reasons."""
    for client in clients:
        if "greeting" not in client.target.claims:
            return
        try:
            client.greet()
        except NonConformity as problem:
            if problem.owed:
                raise
            raise Inconclusive(f"turned away: {problem.received}") from None


def _all_served(clients: Sequence[Stream]) -> None:
    words = clients[0].target.claims
    if "known" in words:
        _asked_in_turn(clients)
    elif "unasked" in words or "unasked-stream" in words:
        for client in clients:
            client.served()
    else:  # nothing would come; a silence for each takes too long
        for client in (clients[0], clients[-1]):
            client.served()


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
    until = stream_connection.wire.now() + SECONDS
    while len(clients) < BURST:
        if stream_connection.wire.now() > until:
            told = f"not all of {BURST} find room at once"
            break
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
            _greeted(client)
            client.served()
        except Inconclusive as reason:
            told = f"not all of {BURST} are served: {reason}"
        except NonConformity as problem:
            if not client.over:
                raise
            told = f"not all of {BURST} are served: {problem.received}"
        client.wire.close()
    stream_connection.observe(told)


NOT_CHECKED: list[tuple[str, str]] = []

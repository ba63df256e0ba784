"""Several requests under way: each is answered for itself, whoever asked, in whatever order (RFC 8085 3.3)."""

from __future__ import annotations

from pytest_netconform.dialogues.datagram import Datagrams
from pytest_netconform.requirement import MUST, SHOULD, needs, requirement
from pytest_netconform.verdict import NonConformity

PAIRS = 3


@requirement("UDP-two-clients", MUST, "RFC 768", "Each client gets its own replies and nobody else's.")
@needs("distinct")
def test_two_clients_do_not_mix(datagram: Datagrams) -> None:
    """Two clients ask turn by turn, each something else; what got lost is asked again."""
    other = datagram.sibling()
    for pair in range(PAIRS):
        asked = [(client, client.say(client.sample(2 * pair + n))) for n, client in enumerate((datagram, other))]
        for client, one in asked:
            if client.hear(client.waits[0], one) is None:
                client.ask(one)


@requirement("UDP-request-id", MUST, "FPNP 2, RFC 8085 3.3", "A reply carries the id of its request.")
@needs("id", "known")
def test_replies_carry_their_ids(datagram: Datagrams) -> None:
    """The same question under two ids, both outstanding, is answered under both; so is another one."""
    id = datagram.dialect.id
    assert id is not None
    kinds = max(1, len(datagram.dialect.exact or datagram.dialect.known))
    questions = [datagram.dialect.probe(number) for number in (kinds, 2 * kinds, 2 * kinds + 1)]
    asked = datagram.together(questions)
    if len({id.of(one.exchange.say) for one in asked}) < len(asked):
        datagram.not_applicable("the ids are too few to be told apart")


@requirement("UDP-duplicate", SHOULD, "RFC 8085 3.3", "A request that comes twice does no harm.")
@needs("known")
def test_duplicate(datagram: Datagrams) -> None:
    """The same datagram twice gets one reply or two, both right; the next request is served."""
    asked = datagram.again(datagram.say(datagram.sample()))
    first = datagram.hear(datagram.waits[0], asked) or datagram.ask(asked)
    second = datagram.hear(datagram.target.window, asked)
    if second is not None and "exact" in datagram.dialect.capabilities and second.payload != first.payload:
        raise NonConformity("the same reply twice", f"{first.raw!r}, then {second.raw!r}")
    datagram.note("a request that came twice was answered once" if second is None else "answered twice")
    datagram.alive("after a datagram that came twice")


@requirement("UDP-reorder", SHOULD, "RFC 8085 3.3", "Requests may come in another order than they were sent.")
@needs("exact")
def test_reordered_requests(datagram: Datagrams) -> None:
    """The second of three comes first; all are answered, and so is the next."""
    datagram.together(datagram.dialect.probe(number) for number in (2, 1, 3))
    datagram.alive("after requests out of order")


NOT_CHECKED = [
    ("UDP-retry-backoff", "proved by tests/test_datagrams.py: half of all datagrams lost, and every question answered"),
]

"""The session of datagram dialects: what it answers to whom, and when it says nothing."""

from __future__ import annotations

import pytest

from pytest_netconform.dialects import READY
from pytest_netconform.reference_servers.dialects_udp import SERVICE_PORTS, DatagramConfig, DialectDatagrams
from pytest_netconform.reference_servers.session import Address, SendTo
from pytest_netconform.wire.services import QUOTE, RING, daytime_line, time_octets

CLIENT = ("127.0.0.1", 40000)
HERE = ("127.0.0.1", 2020)
MOMENT = 1_790_000_000.0
DATAGRAMS = [name for name, dialect in READY.items() if not dialect.streams]


def said(session: DialectDatagrams, data: bytes, sender: Address = CLIENT) -> bytes | None:
    """What a session answers to a datagram; None: nothing. It answers whoever asked, and once."""
    actions = session.datagram(data, sender, HERE, 0.0)
    assert all(isinstance(action, SendTo) and action.to == sender and not action.source for action in actions)
    assert len(actions) <= 1
    return actions[0].data if actions and isinstance(actions[0], SendTo) else None


def session(name: str) -> DialectDatagrams:
    """A session of a ready dialect."""
    return DialectDatagrams(DatagramConfig(READY[name], lambda: MOMENT))


@pytest.mark.parametrize("name", DATAGRAMS)
def test_samples_are_answered_as_they_say(name: str) -> None:
    """Every sample, and what is unknown, is answered as the dialect has it."""
    dialect = READY[name]
    server = session(name)
    for exchange in (*dialect.exchanges, *([dialect.unknown] if dialect.unknown else [])):
        assert exchange.fits(said(server, exchange.say))


@pytest.mark.parametrize("name", DATAGRAMS)
def test_services_are_not_answered(name: str) -> None:
    """Who asks from the port of a service that answers gets nothing (CERT CA-1996-01)."""
    server = session(name)
    assert {said(server, b"anything at all", ("127.0.0.1", port)) for port in SERVICE_PORTS} == {None}


@pytest.mark.parametrize("data", [b"", b"a", bytes(range(256)), bytes(65507)], ids=len)
def test_echo(data: bytes) -> None:
    """Every datagram comes back as it was, the empty and the largest too."""
    assert said(session("echo-udp"), data) == data


def test_small_services() -> None:
    """The date, the time, a quotation and characters, whatever was asked."""
    for data in (b"", b"?"):
        assert said(session("daytime-udp"), data) == daytime_line(MOMENT)
        assert said(session("time-udp"), data) == time_octets(MOMENT)
        assert said(session("qotd-udp"), data) == QUOTE
    server = session("chargen-udp")
    first, second = said(server, b""), said(server, b"x")
    assert first is not None
    assert second is not None
    assert len(first) <= 512
    assert first.startswith(RING[:72])
    assert second.startswith(RING[6 : 6 + 72])


def test_ids() -> None:
    """A reply carries its request's id; a request that has no room for one gets none."""
    server = session("numbered")
    assert said(server, b"\x12\x34Simple is better than?") == b"\x12\x34Complex."
    assert said(server, b"\xff\xffWhy?") == b"\xff\xffError: unknown aphorism."
    assert said(server, b"") is None
    assert said(server, b"\x12") is None


def test_declared_limits() -> None:
    """What would be answered with more than was declared is not answered."""
    server = session("terse")
    assert said(server, bytes(512)) == bytes(512)
    assert said(server, bytes(513)) is None
    assert said(server, b"next") == b"next"


def test_clients_that_have_gone_mean_nothing() -> None:
    """A refused reply changes nothing."""
    server = session("echo-udp")
    assert server.refused(CLIENT, 0.0) == []
    assert said(server, b"next") == b"next"

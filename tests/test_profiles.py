"""Declared architectures: who says in his dialect that he serves one client at a time, or one and no more, is not
failed for it; what was seen is recorded. Who says nothing is.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pytest_netconform.ahead import measured
from pytest_netconform.fixtures.network import EVERYTHING, Network, column_of, reference_of
from pytest_netconform.judge import Outcome, judge, survey
from pytest_netconform.protocols import PROTOCOLS
from pytest_netconform.reference_servers.connection import Connection
from pytest_netconform.reference_servers.host import Host, serving
from pytest_netconform.reference_servers.mutants.hosts import OneAtATime
from pytest_netconform.sockets import SocketCarriage
from pytest_netconform.target import Spec, Survey, Target, parse_target
from pytest_netconform.verdict import Verdict
from tests.gates import NEVER_KILLS, Case, cases

ROW = PROTOCOLS["stream"]
COLUMN = column_of(ROW)
CROWDED = [case for case in cases("stream") if "crowded" in case.check.traits and "!slow" not in case.check.needs]
HELD = {"ZEN-idle-holder", "TCP-9293-3.9-concurrent"}  # what fails where nobody declares that he serves one at a time
AS_DECLARED = "as declared, clients are not served at once"
PATIENCE = "1"


class Once(Host):
    """One client, and then nobody listens."""

    def arrived(self, sock: socket.socket) -> None:
        self.deafen()
        super().arrived(sock)

    def closed(self, connection: Connection, error: Exception | None) -> None:
        super().closed(connection, error)
        self.drop()


@contextmanager
def served(kind: type[Host], serves: str, dialect: str = "lines") -> Iterator[Target]:
    """The reference behind a host of this kind, as its dialect declares it."""
    reference = reference_of(ROW, {"dialect": dialect, "serves": serves})
    with serving(reference.make_session, kind=kind) as host:
        spec = Spec("x", host.host, host.port, "tcp", protocol=ROW)
        carriage = SocketCarriage(host.host, host.port, connect_seconds=1)
        yield Target(spec, carriage, options={"patience": PATIENCE}, dialect=reference.dialect, allowed=EVERYTHING)


def judged(case: Case, target: Target) -> Outcome:
    """What comes of one case."""
    return judge(case.function, {name: COLUMN.rungs[name] for name in case.rungs}, case.values, target, COLUMN)


def sane(kind: type[Host], serves: str) -> Survey:
    """What the sanity dialogue learns of a server that nobody has talked to yet."""
    with served(kind, serves) as target:
        survey(target, COLUMN)
        assert target.survey.sound, target.survey.lacking
        return target.survey


def test_there_are_crowds() -> None:
    """The rows that are about several clients at once are known."""
    assert {case.id for case in CROWDED} == HELD | {"ZEN-slow-client", "ZEN-slow-reader"}


@pytest.mark.parametrize("case", CROWDED, ids=lambda case: case.id)
def test_one_client_at_a_time_as_declared(case: Case) -> None:
    """Recorded, with what was seen; and the server is not taken for dead."""
    with served(OneAtATime, "one-at-a-time") as target:
        survey(target, COLUMN)
        outcome = judged(case, target)
        assert outcome.verdict is Verdict.OBSERVED and AS_DECLARED in outcome.observed[0]
        assert not target.lost


@pytest.mark.parametrize("case", CROWDED, ids=lambda case: case.id)
def test_one_client_at_a_time_undeclared(case: Case) -> None:
    """A finding, which says what could be declared; what rests on it has no finding of its own."""
    with served(OneAtATime, "many") as target:
        survey(target, COLUMN)
        outcome = judged(case, target)
        assert outcome.verdict is (Verdict.FAIL if case.id in HELD else Verdict.INCONCLUSIVE), outcome
        if case.id == "ZEN-idle-holder":
            assert outcome.received == "nothing for 1 s" and 'serves = "one-at-a-time"' in outcome.notes[0]
        assert not target.lost


@pytest.mark.parametrize("case", CROWDED, ids=lambda case: case.id)
def test_one_client_and_no_more_as_declared(case: Case) -> None:
    """Recorded too, each on a server of its own."""
    known = sane(Once, "once")
    with served(Once, "once") as target:
        target.survey = known
        outcome = judged(case, target)
        assert outcome.verdict is Verdict.OBSERVED and AS_DECLARED in outcome.observed[0]


def test_one_client_and_no_more_fails_nothing() -> None:
    """Every check, each on a server of its own: what needs a second client asks for it, or is recorded."""
    known = sane(Once, "once")
    found = {}
    for case in cases("stream"):
        with served(Once, "once") as target:
            target.survey = known
            found[case.name] = judged(case, target)
    bad = (Verdict.FAIL, Verdict.DEVIATION, Verdict.ERROR)
    assert {name: str(outcome) for name, outcome in found.items() if outcome.verdict in bad} == {}
    assert any(outcome.verdict is Verdict.PASS for outcome in found.values())


@pytest.mark.parametrize("case", CROWDED, ids=lambda case: case.id)
def test_a_declaration_hides_nothing_else(case: Case) -> None:
    """Who serves many although he declares less is seen to serve them."""
    with served(Host, "one-at-a-time") as target:
        survey(target, COLUMN)
        outcome = judged(case, target)
        assert outcome.verdict not in NEVER_KILLS
        assert not any(AS_DECLARED in text for text in outcome.observed)


def test_silence_is_no_latency() -> None:
    """Of a server that never answers nobody learns how long an answer takes."""
    network = Network()
    try:
        target = network.target(parse_target("reference:stream?dialect=discard"))
        survey(target, COLUMN)
        assert not target.owes and measured(target, COLUMN) > 1
        assert target.window == 0.2
    finally:
        network.close()

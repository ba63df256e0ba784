"""What is wrong below the session is noticed too: host mutants over real sockets, each against its own rows."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pytest_netconform.ca import Authority
from pytest_netconform.fixtures.network import EVERYTHING, column_of, reference_of
from pytest_netconform.judge import Outcome, judge, survey
from pytest_netconform.protocols import PROTOCOLS
from pytest_netconform.reference_servers.host import serving
from pytest_netconform.reference_servers.mutants.hosts import HOST_MUTANTS, HostMutant
from pytest_netconform.sockets import SocketCarriage
from pytest_netconform.target import Spec, Target
from pytest_netconform.verdict import Verdict
from tests.gates import CONFIGURATIONS, NEVER_KILLS, Case, cases, essence

CLEAN = HostMutant("clean", (), "")
PATIENCE = "3"
# Who leaves a TLS connection with tickets unread resets it, and a listener may die of that before its check begins.
OPTIONS = {
    "smtp": {"without": "STARTTLS"},
    "pop3": {"without": "STLS"},
    "imap": {"without": "STARTTLS"},
    "stream": {"dialect": "lines"},
}
# Where another configuration shows it, by the id.
SHOWN_BY: dict[str, dict[str, str]] = {
    "TCP-sendall-large": {"dialect": "echo"},
    "TCP-9293-3.6-half-close-echo": {"dialect": "echo"},
    "TCP-deadlock-both-write": {"dialect": "echo"},
    "TCP-rst-during-send": {"dialect": "echo"},
}

CASES = [
    pytest.param(mutant, protocol, id, id=f"{mutant.name}-{id}")
    for protocol in CONFIGURATIONS
    for mutant in HOST_MUTANTS
    for id in mutant.breaks
    if id in {case.id for case in cases(protocol)}
]


@contextmanager
def served(protocol: str, mutant: HostMutant, authority: Authority, id: str) -> Iterator[Target]:
    """The reference server on a socket, carried by the mutant's host, as it must be to show a requirement."""
    row = PROTOCOLS[protocol]
    options = SHOWN_BY.get(id, OPTIONS.get(protocol, {})) if mutant.leaf == "good" else {}
    reference = reference_of(row, options)
    with serving(reference.make_session, tls=authority.server_context(mutant.leaf), kind=mutant.kind) as host:
        spec = Spec(f"{protocol}-{mutant.name}", host.host, host.port, options=options, reference=True, protocol=row)
        carriage = SocketCarriage(host.host, host.port, server_name="localhost")
        given = {**reference.options, "patience": PATIENCE}
        dialect = reference.dialect or column_of(row).dialect
        target = Target(spec, carriage, options=given, allowed=EVERYTHING, stored=reference.stored, dialect=dialect)
        survey(target, column_of(row))
        assert target.survey.sound
        yield target


def outcome(case: Case, target: Target) -> Outcome:
    """What comes of one case."""
    column = column_of(PROTOCOLS[target.spec.protocol.name])  # type: ignore[union-attr]
    names = [name for name in inspect.signature(case.function).parameters if name not in case.values]
    return judge(case.function, {name: column.rungs[name] for name in names}, case.values, target, column)


@pytest.mark.parametrize(("mutant", "protocol", "id"), CASES)
def test_host_mutants_are_killed_for_their_reason(
    mutant: HostMutant, protocol: str, id: str, authority: Authority
) -> None:
    """A case of the broken id notices, says the declared text, and is healthy on a host that is right."""
    said = []
    for case in (case for case in cases(protocol) if case.id == id):
        with served(protocol, CLEAN, authority, id) as target:
            clean = outcome(case, target)
        if clean.verdict is Verdict.NOT_APPLICABLE:
            continue
        assert clean.verdict in (Verdict.PASS, Verdict.OBSERVED), clean
        with served(protocol, mutant, authority, id) as target:
            found = outcome(case, target)
        if found.verdict not in NEVER_KILLS and essence(found) != essence(clean):
            said.append(" ".join([found.expected, found.received, *found.observed, *found.notes]))
    assert any(mutant.because in text for text in said), f"should say {mutant.because!r}, said {said}"


def test_some_host_mutant_is_tried() -> None:
    """The list above is not empty by accident."""
    assert {"listener_dies_on_rst"} <= {case.values[0].name for case in CASES}  # type: ignore[union-attr]

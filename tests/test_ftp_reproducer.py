"""Reproducers over FTP: a mutant's finding repeats on it over sockets, data connections and all, and not on the
reference.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from pytest_netconform.ca import Authority
from pytest_netconform.fixtures.network import column_of, memory_target, reference_of
from pytest_netconform.judge import Outcome, judge, survey
from pytest_netconform.protocols import PROTOCOLS
from pytest_netconform.reference_servers.host import serving
from pytest_netconform.reference_servers.mutants.mutant import Mutant, mutants_of
from pytest_netconform.report import reproducer
from pytest_netconform.target import Target
from pytest_netconform.transcript import What
from pytest_netconform.verdict import Verdict
from tests.gates import cases

ROW = PROTOCOLS["ftp"]
PATIENT = 40.0  # seconds: steps that wait for longer than a slow login are not replayed here


@pytest.fixture(scope="module")
def authority() -> Iterator[Authority]:
    with Authority() as authority:
        yield authority


def finding_of(mutant: Mutant) -> tuple[Outcome, Target] | None:
    """The first failure of a check that the mutant says it breaks, judged in memory."""
    column = column_of(ROW)
    for case in cases("ftp"):
        if case.id in mutant.breaks:
            target = memory_target("ftp", {**mutant.options, "patience": "1"}, mutant.session)
            survey(target, column)
            openers = {name: column.rungs[name] for name in case.rungs}
            outcome = judge(case.function, openers, case.values, target, column)
            if outcome.verdict is Verdict.FAIL:
                return outcome, target
    return None


def joined(outcome: Outcome) -> bool:
    """Whether there were data connections."""
    return any(event.what is What.JOIN for event in outcome.transcript.events)


def times(what: str, how: list[Any]) -> list[float]:
    """The seconds in a step; `take` says octets behind them, and doors are no times."""
    numbers = [value for value in how if isinstance(value, int | float)]
    return [] if what in ("join", "listen") else numbers[:1]


def replayed(text: str, mutant: Mutant, session: Any, authority: Authority) -> str:
    """What the script says of a server on a socket: `repeats`, `does not`, `no telling`; empty if it takes too long."""
    room: dict[str, Any] = {"__name__": "reproducer"}
    exec(compile(text, "reproducer", "exec"), room)
    try:
        steps = room["steps"]()
    except SystemExit:  # a secret that only the finder knows
        return "no telling"
    if any(seconds > PATIENT for _, what, *how in steps for seconds in times(what, how)):
        return ""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    reference = reference_of(ROW, mutant.options, session)
    if reference.implicit_tls:
        return ""
    with serving(reference.make_session, host=reference.host, tls=authority.server_context()) as host:
        replay = room["Replay"](host.address, context, "localhost", "")
        try:
            received = replay.run(steps)
        except (SystemExit, room["Unreachable"]):
            return "no telling"
    return "does not" if received is None else "no telling" if replay.astray else "repeats"


#: a mutant of each kind → what the script of its finding says of it, and why
KINDS = {
    "mkd_257_relative": "repeats",  # the control connection alone
    "port_bounce": "repeats",  # with data connections
    "failed_login_stays_logged_in": "no telling",  # exit 2: what was said was a secret of the run, NETCONFORM_SECRET_1
    "no_login_limit": "no telling",  # likewise: the wrong passwords
    "data_accept_blocks_control_forever": "",  # waits for longer than a test may
}


@pytest.mark.parametrize("name", KINDS)
def test_a_finding_of_each_kind(authority: Authority, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """It repeats on its mutant, or the script says that it cannot tell."""
    monkeypatch.setenv("NETCONFORM_PASSWORD", "s3cret")
    (mutant,) = (mutant for mutant in mutants_of("ftp") if mutant.name == name)
    finding = finding_of(mutant)
    assert finding is not None
    assert replayed(reproducer.reproducer(*finding), mutant, mutant.session, authority) == KINDS[name]


def test_findings_repeat_on_their_mutants_alone(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """One finding a mutant that took data connections: nearly all repeat there, and few repeat elsewhere.

    What a number in an answer means a script does not know, so that a wrong size or port reads like a right one.
    """
    monkeypatch.setenv("NETCONFORM_PASSWORD", "s3cret")
    found = [(mutant, finding) for mutant in mutants_of("ftp") if (finding := finding_of(mutant))]
    found = [(mutant, (outcome, target)) for mutant, (outcome, target) in found if joined(outcome)]
    scripts = [(mutant, reproducer.reproducer(*finding)) for mutant, finding in found]

    def answers(pair: tuple[Mutant, str]) -> tuple[str, str, str]:
        mutant, text = pair
        here, there = (replayed(text, mutant, session, authority) for session in (mutant.session, None))
        return mutant.name, here, there

    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(answers, scripts))
    told = [result for result in results if result[1] not in ("", "no telling")]
    lost = [name for name, here, _ in told if here != "repeats"]
    vague = [name for name, here, there in told if here == there == "repeats"]
    assert len(told) > 0.8 * len(results) > 5, results
    assert len(lost) < 0.15 * len(told), lost
    assert len(vague) < 0.25 * len(told), vague

"""Reproducers over HTTP: a mutant's finding repeats on it over sockets, and not on the reference."""

from __future__ import annotations

import ssl
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from pytest_netconform.fixtures.network import column_of, memory_target, reference_of
from pytest_netconform.judge import Outcome, judge, survey
from pytest_netconform.protocols import PROTOCOLS
from pytest_netconform.reference_servers.host import serving
from pytest_netconform.reference_servers.mutants.mutant import Mutant, mutants_of
from pytest_netconform.report import reproducer
from pytest_netconform.target import Target
from pytest_netconform.verdict import Verdict
from tests.gates import cases

ROW = PROTOCOLS["http"]
PATIENT = 40.0  # seconds: steps that wait for longer are not replayed here
SOME = 60  # mutants, evenly chosen


def finding_of(mutant: Mutant) -> tuple[Outcome, Target] | None:
    """The first failure of a check that the mutant says it breaks, judged in memory."""
    column = column_of(ROW)
    for case in cases("http"):
        if case.id in mutant.breaks:
            target = memory_target("http", {**mutant.options, "patience": "1"}, mutant.session)
            survey(target, column)
            openers = {name: column.rungs[name] for name in case.rungs}
            outcome = judge(case.function, openers, case.values, target, column)
            if outcome.verdict is Verdict.FAIL:
                return outcome, target
    return None


def replayed(text: str, mutant: Mutant, session: Any) -> str:
    """What the script says of a server on a socket: `repeats`, `does not`, `no telling`; empty if it takes too long."""
    room: dict[str, Any] = {"__name__": "reproducer"}
    exec(compile(text, "reproducer", "exec"), room)
    try:
        steps = room["steps"]()
    except SystemExit:  # it wants a secret that is another each time, such as a session's
        return "no telling"
    if any(isinstance(value, float | int) and value > PATIENT for _, _, *how in steps for value in how[:1]):
        return ""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    reference = reference_of(ROW, mutant.options, session)
    if reference.implicit_tls:
        return ""
    with serving(reference.make_session, host=reference.host) as host:
        replay = room["Replay"](host.address, context, "localhost", "")
        try:
            received = replay.run(steps)
        except (SystemExit, room["Unreachable"]):
            return "no telling"
    return "does not" if received is None else "no telling" if replay.astray else "repeats"


def test_findings_repeat_on_their_mutants_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """One finding a mutant: nearly all repeat there, and few repeat on the reference."""
    monkeypatch.setenv("NETCONFORM_PASSWORD", "s3cret")
    every = list(mutants_of("http"))
    found = [(mutant, finding) for mutant in every[:: max(1, len(every) // SOME)] if (finding := finding_of(mutant))]
    scripts = [(mutant, reproducer.reproducer(*finding)) for mutant, finding in found]

    def answers(pair: tuple[Mutant, str]) -> tuple[str, str, str]:
        mutant, text = pair
        here, there = (replayed(text, mutant, session) for session in (mutant.session, None))
        return mutant.name, here, there

    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(answers, scripts))
    told = [result for result in results if result[1] not in ("", "no telling")]
    lost = [name for name, here, _ in told if here != "repeats"]
    vague = [name for name, here, there in told if here == there == "repeats"]
    assert len(told) > 0.8 * len(results) > 3, results
    assert len(lost) < 0.15 * len(told), lost
    assert len(vague) < 0.25 * len(told), vague

"""Reproducers over streams: a mutant's finding repeats on it over a socket, and not on a right server."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pytest_netconform.fixtures.network import column_of, memory_target, reference_of
from pytest_netconform.judge import Outcome, judge, survey
from pytest_netconform.protocols import PROTOCOLS
from pytest_netconform.reference_servers.host import Host
from pytest_netconform.reference_servers.mutants.mutant import Mutant, mutants_of
from pytest_netconform.report import reproducer
from pytest_netconform.target import Target
from pytest_netconform.verdict import Verdict
from tests.gates import cases

ROW = PROTOCOLS["stream"]
PATIENT = 20.0  # seconds: steps that wait for longer are not replayed here


def finding_of(mutant: Mutant) -> tuple[Outcome, Target] | None:
    """The first failure of a check that the mutant says it breaks, judged in memory."""
    column = column_of(ROW)
    for case in cases("stream"):
        if case.id in mutant.breaks:
            target = memory_target("stream", {**mutant.options, "patience": "0.5"}, mutant.session)
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
    steps = room["steps"]()
    if any(isinstance(value, (int, float)) and value > PATIENT for step in steps for value in step[2:]):
        return ""
    with Host(reference_of(ROW, mutant.options, session).make_session) as host:
        replay = room["Replay"](host.address, room["ssl"].SSLContext(room["ssl"].PROTOCOL_TLS_CLIENT), "x", "")
        try:
            received = replay.run(steps)
        except SystemExit:
            return "no telling"
    return "does not" if received is None else "no telling" if replay.astray else "repeats"


def test_the_finding_of_every_mutant_repeats_on_it_alone() -> None:
    """One finding a mutant, wherever there is a telling; and that is nearly everywhere."""
    found = [(mutant, finding) for mutant in mutants_of("stream") if (finding := finding_of(mutant))]
    scripts = [(mutant, reproducer.reproducer(*finding)) for mutant, finding in found]

    def answers(pair: tuple[Mutant, str]) -> tuple[str, str, str]:
        mutant, text = pair
        return mutant.name, replayed(text, mutant, mutant.session), replayed(text, mutant, None)

    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(answers, scripts))
    told = [result for result in results if result[1] not in ("", "no telling")]
    assert not [result for result in told if result[1] != "repeats" or result[2] == "repeats"]
    assert len(told) > 0.75 * len(results) > 5

"""Reproducers of JSON-RPC findings: texts are said again over a socket, and repeat on the mutant alone."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from pytest_netconform.fixtures.network import column_of, memory_target, reference_of
from pytest_netconform.judge import Outcome, judge, survey
from pytest_netconform.protocols import PROTOCOLS
from pytest_netconform.reference_servers.host import Host
from pytest_netconform.reference_servers.mutants.mutant import Mutant, mutants_of
from pytest_netconform.report import reproducer
from pytest_netconform.target import Target
from pytest_netconform.verdict import Verdict
from tests.gates import cases

#: what a replay cannot show, and why
NO_TELLING: dict[str, str] = {}
#: what is noted or observed, and no finding
NEVER_FAILS = {
    "unknown_members_refused",
    "id_of_an_invalid_request_returned",
    "answers_kept_by_id",
    "names_twice_refused",
    "get_calls",
}


def findings_of(protocol: str, mutant: Mutant, patience: str = "0.5") -> Iterator[tuple[Outcome, Target]]:
    """The first failure of a check that the mutant says it breaks, judged in memory."""
    column = column_of(PROTOCOLS[protocol])
    for case in cases(protocol):
        if case.id in mutant.breaks:
            target = memory_target(protocol, {**mutant.options, "patience": patience}, mutant.session)
            survey(target, column)
            openers = {name: column.rungs[name] for name in case.rungs}
            outcome = judge(case.function, openers, case.values, target, column)
            if outcome.verdict in (Verdict.FAIL, Verdict.DEVIATION):
                yield outcome, target


def replayed(protocol: str, text: str, mutant: Mutant, session: type[Any] | None) -> str:
    """What the script says of a server on a socket: `repeats`, `does not`, `no telling`."""
    room: dict[str, Any] = {"__name__": "reproducer"}
    exec(compile(text, "reproducer", "exec"), room)
    with Host(reference_of(PROTOCOLS[protocol], mutant.options, session).make_session) as host:
        replay = room["Replay"](host.address, ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), "x", "")
        try:
            received = replay.run(room["steps"]())
        except Exception as error:
            return f"no telling: {error}"
    return "does not" if received is None else "no telling" if getattr(replay, "astray", False) else "repeats"


@pytest.mark.parametrize("protocol", ["jsonrpc", "jsonrpctcp"])
def test_the_finding_of_every_mutant_repeats_on_it_alone(protocol: str) -> None:
    """One finding a mutant: on it the script exits 1, on the reference 0."""
    found = [(mutant, next(findings_of(protocol, mutant), None)) for mutant in mutants_of(protocol)]
    assert {mutant.name for mutant, finding in found if finding is None} <= NEVER_FAILS
    scripts = [(mutant, reproducer.reproducer(*finding)) for mutant, finding in found if finding is not None]

    def answers(pair: tuple[Mutant, str]) -> tuple[str, str, str]:
        mutant, text = pair
        return mutant.name, *(replayed(protocol, text, mutant, session) for session in (mutant.session, None))

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(answers, scripts))
    wrong = [result for result in results if result[1:] != ("repeats", "does not") and result[0] not in NO_TELLING]
    assert not wrong, "\n".join(map(str, wrong))

"""Reproducers over IMAP: a finding repeats on its mutant over sockets, literals and all, and not on the reference."""

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
from pytest_netconform.verdict import Verdict
from tests.gates import cases

ROW = PROTOCOLS["imap"]
PATIENT = 31.0  # seconds: steps that wait for longer than a slow login are not replayed here
CHAPTERS = (".replies", ".states")


@pytest.fixture(scope="module")
def authority() -> Iterator[Authority]:
    with Authority() as authority:
        yield authority


def finding_of(mutant: Mutant) -> tuple[Outcome, Target] | None:
    """The first failure of a check that the mutant says it breaks, judged in memory."""
    column = column_of(ROW)
    for case in cases("imap"):
        if case.id in mutant.breaks:
            target = memory_target("imap", {**mutant.options, "patience": "1"}, mutant.session)
            survey(target, column)
            openers = {name: column.rungs[name] for name in case.rungs}
            outcome = judge(case.function, openers, case.values, target, column)
            if outcome.verdict is Verdict.FAIL:
                return outcome, target
    return None


def replayed(text: str, mutant: Mutant, session: Any, authority: Authority) -> str:
    """What the script says of a server on a socket: `repeats`, `does not`, `no telling`; empty if it takes too long."""
    room: dict[str, Any] = {"__name__": "reproducer"}
    exec(compile(text, "reproducer", "exec"), room)
    try:
        steps = room["steps"]()
    except SystemExit:  # a secret that only the finder knows
        return "no telling"
    if any(isinstance(value, int | float) and value > PATIENT for _, _, *how in steps for value in how):
        return ""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    reference = reference_of(ROW, mutant.options, session)
    if reference.implicit_tls:
        return ""
    with serving(reference.make_session, tls=authority.server_context()) as host:
        replay = room["Replay"](host.address, context, "localhost", "")
        try:
            received = replay.run(steps)
        except (SystemExit, room["Unreachable"]):
            return "no telling"
    return "does not" if received is None else "no telling" if replay.astray else "repeats"


def test_findings_repeat_on_their_mutants_alone(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """One finding a mutant of the first chapters: nearly all repeat there, and few repeat elsewhere."""
    monkeypatch.setenv("NETCONFORM_PASSWORD", "s3cret")
    mutants = [mutant for mutant in mutants_of("imap") if mutant.session.__module__.endswith(CHAPTERS)]
    found = [(mutant, finding) for mutant in mutants if (finding := finding_of(mutant))]
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
    assert len(lost) < 0.15 * len(told), results
    assert len(vague) < 0.25 * len(told), results

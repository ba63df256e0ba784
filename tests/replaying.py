"""What the tests of reproducers share: a mutant's finding, judged in memory, and what its script says of a socket.

A script is run in this process, so that hundreds of them take seconds. What a protocol's scripts cannot tell, and how
many of them must, its own test knows.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pytest_netconform.ca import Authority
from pytest_netconform.fixtures.network import column_of, memory_target, reference_of
from pytest_netconform.judge import Outcome, judge, survey
from pytest_netconform.protocols import PROTOCOLS
from pytest_netconform.reference_servers.datagram_host import serving_datagrams
from pytest_netconform.reference_servers.host import serving
from pytest_netconform.reference_servers.mutants.mutant import Mutant
from pytest_netconform.report import reproducer
from pytest_netconform.target import Target
from pytest_netconform.verdict import Verdict
from tests.gates import cases

Finding = tuple[Outcome, Target]
#: of a mutant: its name, and what the script of its finding says of it and of the reference
Said = tuple[str, str, str]

FOREVER = float("inf")
DOORS = ("join", "listen")  # steps whose numbers are no times


def findings_of(
    protocol: str, mutant: Mutant, patience: str = "1", verdicts: Sequence[Verdict] = (Verdict.FAIL,)
) -> Iterator[Finding]:
    """The findings of the checks that the mutant says it breaks, judged in memory."""
    column = column_of(PROTOCOLS[protocol])
    for case in cases(protocol):
        if case.id in mutant.breaks:
            target = memory_target(protocol, {**mutant.options, "patience": patience}, mutant.session)
            survey(target, column)
            openers = {name: column.rungs[name] for name in case.rungs}
            outcome = judge(case.function, openers, case.values, target, column)
            if outcome.verdict in verdicts:
                yield outcome, target


def replayed(
    protocol: str,
    text: str,
    mutant: Mutant,
    session: Any,
    *,
    authority: Authority | None = None,
    patient: float = FOREVER,
) -> str:
    """What the script says of a server on a socket: `repeats`, `does not`, `no telling`; empty if it takes too long.

    session: the mutant's, or None for the reference. patient: seconds that a step may wait.
    """
    room: dict[str, Any] = {"__name__": "reproducer"}
    exec(compile(text, "reproducer", "exec"), room)
    try:
        steps = room["steps"]()
    except SystemExit:  # it wants a secret that only the finder knows, or that is another each time
        return "no telling"
    if any(seconds > patient for _, what, *how in steps for seconds in _seconds(what, how)):
        return ""
    row = PROTOCOLS[protocol]
    reference = reference_of(row, mutant.options, session)
    if row.datagrams:
        room["TRIES"], room["QUIET_SECONDS"] = (0.1, 0.2), 0.2
        with serving_datagrams(reference.make_session) as server:
            return _said(room, room["Replay"](server.address), steps)
    if reference.implicit_tls:
        return ""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    tls = authority.server_context() if authority else None
    with serving(reference.make_session, host=reference.host, tls=tls) as host:
        return _said(room, room["Replay"](host.address, context, "localhost", ""), steps)


def _seconds(what: str, how: Sequence[Any]) -> list[float]:
    numbers = [value for value in how if isinstance(value, int | float)]
    return [] if what in DOORS else numbers[:1]


def _said(room: dict[str, Any], replay: Any, steps: Any) -> str:
    try:
        received = replay.run(steps)
    except (SystemExit, room.get("Unreachable", SystemExit)):
        return "no telling"
    return "does not" if received is None else "no telling" if getattr(replay, "astray", False) else "repeats"


def said_of(
    found: Iterable[tuple[Mutant, Finding]], replay: Callable[[str, Mutant, Any], str], workers: int = 16
) -> list[Said]:
    """What the script of each finding says of its mutant and of the reference, several at a time."""
    scripts = [(mutant, reproducer.reproducer(*finding)) for mutant, finding in found]

    def said(pair: tuple[Mutant, str]) -> Said:
        mutant, text = pair
        return mutant.name, replay(text, mutant, mutant.session), replay(text, mutant, None)

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(said, scripts))


def nearly_all_repeat(results: Sequence[Said], more_than: int) -> None:
    """Most scripts can tell, nearly all of those repeat on their mutants, and few repeat on the reference."""
    told = [result for result in results if result[1] not in ("", "no telling")]
    lost = [name for name, here, _ in told if here != "repeats"]
    vague = [name for name, here, there in told if here == there == "repeats"]
    assert len(told) > 0.8 * len(results) > more_than, results
    assert len(lost) < 0.15 * len(told), lost
    assert len(vague) < 0.25 * len(told), vague


def each_repeats(
    protocol: str,
    mutants: Iterable[Mutant],
    *,
    never_fails: set[str],
    no_telling: Iterable[str],
    patience: str = "0.5",
    workers: int = 8,
) -> None:
    """Each mutant's finding repeats on it alone, but for those that show none, and those that a replay cannot show."""
    verdicts = (Verdict.FAIL, Verdict.DEVIATION)
    found = [(mutant, next(findings_of(protocol, mutant, patience, verdicts), None)) for mutant in mutants]
    assert {mutant.name for mutant, finding in found if finding is None} <= never_fails
    shown = [(mutant, finding) for mutant, finding in found if finding is not None]
    results = said_of(shown, lambda text, mutant, session: replayed(protocol, text, mutant, session), workers)
    wrong = [result for result in results if result[1:] != ("repeats", "does not") and result[0] not in no_telling]
    assert not wrong, "\n".join(map(str, wrong))

"""Reproducers of datagram findings: a script that exits 1 on the server that showed it and 0 on a right one."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from pytest_netconform.fixtures.network import column_of, memory_target, reference_of, socket_target
from pytest_netconform.judge import Outcome, judge, survey
from pytest_netconform.protocols import PROTOCOLS
from pytest_netconform.reference_servers.datagram_host import serving_datagrams
from pytest_netconform.reference_servers.dialects_udp import SERVICE_PORTS, DialectDatagrams
from pytest_netconform.reference_servers.mutants.mutant import Mutant, mutants_of
from pytest_netconform.reference_servers.session import Address, DatagramSession
from pytest_netconform.report import reproducer
from pytest_netconform.target import Target, parse_target
from pytest_netconform.verdict import Verdict
from tests.gates import cases

ROW = PROTOCOLS["datagram"]
COLUMN = column_of(ROW)
EVERY_CASE = cases("datagram")
MUTANTS = list(mutants_of("datagram"))

#: what a replay on one socket of this machine cannot show, and why
NO_TELLING = {
    "reply_from_default_address": "a host of ours stands at one address",
    "ipv4_only": "likewise",
    "gone_client_ends_the_loop": "this system does not tell a server of refusals",
    "characters_for_data_only": "what the sanity dialogue said before is no part of the script",
}
#: what says something else a second later, so that a replay may or may not see the same
MOVING = {"unix_epoch", "little_endian_time", "local_time", "eight_octets"}
FROM_SERVICE = re.compile(rf'"open", ({"|".join(map(str, SERVICE_PORTS))}), ')  # a step of a script
NEVER_FAILS = {"recvfrom_2048", "reply_to_everybody", "reply_to_the_group", "long_reply_sent", "five_octets_for_one"}


def judged(target: Target, name: str) -> Outcome:
    """The outcome of one case."""
    survey(target, COLUMN)
    case = next(case for case in EVERY_CASE if case.name == name)
    return judge(case.function, {rung: COLUMN.rungs[rung] for rung in case.rungs}, case.values, target, COLUMN)


def finding_of(mutant: Mutant) -> tuple[Outcome, Target] | None:
    """The first failure of a check that the mutant says it breaks, judged in memory."""
    for case in EVERY_CASE:
        if case.id in mutant.breaks:
            target = memory_target("datagram", mutant.options, mutant.session)
            outcome = judged(target, case.name)
            if outcome.verdict in (Verdict.FAIL, Verdict.DEVIATION):
                return outcome, target
    return None


def replayed(text: str, mutant: Mutant, session: type[Any] | None) -> str:
    """What the script says of a server on a socket: `repeats`, `does not`, `no telling`."""
    room: dict[str, Any] = {"__name__": "reproducer"}
    exec(compile(text, "reproducer", "exec"), room)
    room["TRIES"], room["QUIET_SECONDS"] = (0.05, 0.2), 0.2
    with serving_datagrams(reference_of(ROW, mutant.options, session).make_session) as host:
        try:
            received = room["Replay"](host.address).run(room["steps"]())
        except SystemExit:
            return "no telling"
    return "does not" if received is None else "repeats"


@pytest.mark.parametrize("mutant", [m for m in MUTANTS if m.name not in MOVING], ids=lambda mutant: mutant.name)
def test_every_failure_is_repeated(mutant: Mutant, service_ports: Callable[[], AbstractContextManager[None]]) -> None:
    """On the mutant, over a socket, the finding repeats; on the reference it does not."""
    found = finding_of(mutant)
    if found is None:
        assert mutant.name in NEVER_FAILS
        return
    text = reproducer.reproducer(*found)
    with service_ports() if FROM_SERVICE.search(text) else nullcontext():
        said = replayed(text, mutant, mutant.session), replayed(text, mutant, None)
    if "no telling" not in said:  # ports below 1024 take root
        told = said == ("repeats", "does not")
        assert told is (mutant.name not in NO_TELLING), (said, text[text.index("def steps") :])


class Mute(DialectDatagrams):
    """Answers nothing but what the sanity dialogue says."""

    def on_datagram(self, data: bytes, sender: Address) -> None:
        if data.startswith(b"aaaa"):
            super().on_datagram(data, sender)


@pytest.mark.parametrize("unix", [False, True], ids=["udp", "unix"])
def test_script_runs_by_itself(tmp_path: Path, unix: bool) -> None:
    """Written to a file and run by a bare Python, it exits 1, then 0, then 2 where there is nobody."""

    def serving(session: type[DatagramSession] | None) -> Any:
        path = str(tmp_path / "s") if unix else None
        return serving_datagrams(reference_of(ROW, {}, session).make_session, path=path)

    with serving(Mute) as host:
        url = f"unixgram://{host.path}?dialect=echo-udp&" if unix else f"echo+udp://127.0.0.1:{host.port}?"
        target = socket_target(parse_target(f"{url}patience=0.3"))
        outcome = judged(target, "test_boundaries_are_kept")
        assert outcome.verdict is Verdict.FAIL, outcome
        path = reproducer.write(tmp_path, outcome, target, "datagrams::test_boundaries_are_kept")
        assert run(path) == 1
    with serving(None) as host:
        assert run(path, *([] if unix else [host.host, str(host.port)])) == 0
    assert run(path, str(tmp_path / "nowhere"), "0") == 2


def run(path: Path, *arguments: str) -> int:
    """Run a script with nothing installed."""
    text = path.read_text().replace("TRIES = (1.0, 2.0, 4.0)", "TRIES = (0.1, 0.1)")
    path.write_text(text.replace("QUIET_SECONDS = 1.0", "QUIET_SECONDS = 0.1"))
    command = [sys.executable, "-I", "-S", str(path), *arguments]
    return subprocess.run(command, capture_output=True, timeout=30, check=False).returncode

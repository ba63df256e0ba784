"""Reproducers over streams: a mutant's finding repeats on it over a socket, and not on a right server."""

from __future__ import annotations

import re
import resource
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_netconform.fixtures.network import column_of, memory_target, reference_of, socket_target
from pytest_netconform.judge import Outcome, judge, survey
from pytest_netconform.protocols import PROTOCOLS
from pytest_netconform.reference_servers.dialects import DialectSession
from pytest_netconform.reference_servers.host import Host
from pytest_netconform.reference_servers.mutants.mutant import Mutant, mutants_of
from pytest_netconform.reference_servers.session import Reset
from pytest_netconform.report import reproducer
from pytest_netconform.target import Target, parse_target
from pytest_netconform.verdict import Verdict
from tests.gates import cases
from tests.matrix import FOLDER

ROW = PROTOCOLS["stream"]
COLUMN = column_of(ROW)
CASES = cases("stream")
MUTANTS = list(mutants_of("stream"))
ENOUGH = 5.0  # seconds for an answer that comes
SHORT, PAUSE = 0.3, 0.1  # seconds for what may come, and for a pause, however long it was
DESCRIPTORS = 4000
TRIES = 3  # a right server is always right; whether a wrong one is caught can be a matter of who is faster

#: what a replay against a host of ours cannot show, and why
NO_TELLING = {
    "ipv4_only": "the server is right at its other address; `test_other_address` has both",
    "urgent_data_ends_the_loop": "a host of ours never sees urgent octets",
    "urgent_octet_eats_the_next": "likewise",
    "characters_until_control_c": "what was written before the word is still on its way, and more than the check reads",
    "characters_in_haste": "likewise",
}


def finding_of(mutant: Mutant) -> tuple[Outcome, Target] | None:
    """The first failure of a check that the mutant says it breaks, judged in memory, on a server that nobody has asked
    before."""
    options = {**mutant.options, "patience": "0.5"}
    for case in CASES:
        if case.id in mutant.breaks:
            first, target = (memory_target("stream", options, mutant.session) for _ in range(2))
            survey(first, COLUMN)
            target.survey = first.survey
            outcome = judge(
                case.function, {name: COLUMN.rungs[name] for name in case.rungs}, case.values, target, COLUMN
            )
            if outcome.verdict is Verdict.FAIL:
                return outcome, target
    return None


def fails(mutant: Mutant) -> bool:
    """Whether the recorded matrix says that an id which the mutant breaks fails; what is observed has no script."""
    (block,) = re.findall(rf"^{mutant.name} .*\n((?:    .*\n)*)", (FOLDER / "stream.txt").read_text(), re.MULTILINE)
    return any(line.split()[0] in mutant.breaks and line.endswith(": fail") for line in block.splitlines())


def hurried(step: tuple[Any, ...], *, right: bool) -> tuple[Any, ...]:
    """A step in which nobody waits for long in vain, and as long as it takes for what is sure to come."""
    number, what, *how = step
    if what == "pause":
        return number, what, min(how[0], PAUSE)
    if what == "read":
        return number, what, SHORT
    if what == "answer" or (what == "must answer" and right):
        return number, what, how[0], ENOUGH, *how[2:]
    return step


def replayed(text: str, mutant: Mutant, session: Any) -> str:
    """What the script says of a server on a socket: `repeats`, `does not`, `no telling`."""
    room: dict[str, Any] = {"__name__": "reproducer"}
    exec(compile(text, "reproducer", "exec"), room)
    room["SEND_SECONDS"], room["QUIET_SECONDS"], room["LEAVE_SECONDS"] = 0.2, SHORT, 0.002
    steps = [hurried(step, right=session is None) for step in room["steps"]()]
    with Host(reference_of(ROW, mutant.options, session).make_session) as host:
        replay = room["Replay"](host.address, room["ssl"].SSLContext(room["ssl"].PROTOCOL_TLS_CLIENT), "x", "")
        try:
            received = replay.run(steps)
        except (SystemExit, room["Unreachable"]):
            return "no telling"
    return "does not" if received is None else "no telling" if replay.astray else "repeats"


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_finding_repeats_on_the_mutant_alone(mutant: Mutant) -> None:
    """On the mutant, over a socket, the failure repeats; on the reference it never does."""
    if mutant.name == "accept_fails_for_ever" and resource.getrlimit(resource.RLIMIT_NOFILE)[0] < DESCRIPTORS:
        pytest.skip("this process may not open as many files as both ends of a thousand connections are")
    found = finding_of(mutant)
    assert (found is not None) is fails(mutant)
    if found is None:
        return
    text = reproducer.reproducer(*found)
    if mutant.name not in NO_TELLING:
        tries = (replayed(text, mutant, mutant.session) for _ in range(TRIES))
        assert "repeats" in tries, text[text.index("def steps") : text.index("class Ended")]
    if mutant.name != "ipv4_only":
        assert replayed(text, mutant, None) != "repeats"


def run(path: Path, *arguments: str) -> int:
    """Run a script with nothing installed."""
    command = [sys.executable, "-I", "-S", str(path), *arguments]
    return subprocess.run(command, capture_output=True, timeout=60, check=False).returncode


def failing(folder: Path, url: str, name: str) -> Path:
    """The reproducer of a check's failure at a target."""
    target = socket_target(parse_target(f"{url}dialect=lines&patience=0.5"))
    survey(target, COLUMN)
    case = next(case for case in CASES if case.name == name)
    outcome = judge(case.function, {rung: COLUMN.rungs[rung] for rung in case.rungs}, case.values, target, COLUMN)
    assert outcome.verdict is Verdict.FAIL, outcome
    return reproducer.write(folder, outcome, target, name)


def speaker(session: type[DialectSession] | None = None) -> Callable[[], Any]:
    """Sessions of the dialect `lines`."""
    return reference_of(ROW, {"dialect": "lines"}, session).make_session


class Gone(DialectSession):
    """Breaks every connection."""

    def on_open(self) -> None:
        self.act(Reset())


def test_other_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where one address of a name is served and the other is not, the script goes to the other one too."""
    with Host(speaker()) as host:
        inet = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", host.port))
        inet6 = (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", host.port, 0, 0))
        known = {"localhost": [inet, inet6], "127.0.0.1": [inet], "::1": [inet6]}
        with monkeypatch.context() as patch, Host(speaker(Gone), host="::1", port=host.port):
            patch.setattr(socket, "getaddrinfo", lambda name, *_, **__: known[name])
            path = failing(tmp_path, f"tcp://localhost:{host.port}?", "test_both_families")
            patch.undo()
            assert "\"connect\", '::1'" in path.read_text()
            assert run(path, "127.0.0.1", str(host.port)) == 1
        with Host(speaker(), host="::1", port=host.port):
            assert run(path, "127.0.0.1", str(host.port)) == 0


class Doubling(DialectSession):
    """Says everything twice."""

    def reply(self, payload: bytes) -> None:
        super().reply(payload * 2)


def test_socket_file(tmp_path: Path) -> None:
    """A server behind a socket file is asked there."""
    place = str(tmp_path / "s")
    sane = {"left": 3}

    class Late(Doubling):
        def reply(self, payload: bytes) -> None:
            sane["left"] -= 1
            (DialectSession if sane["left"] >= 0 else Doubling).reply(self, payload)

    with Host(speaker(Late), path=place):
        path = failing(tmp_path, f"unix://{place}?", "test_socket_file")
        assert run(path) == 1
    with Host(speaker(), path=place):
        assert run(path) == 0
    assert run(path, str(tmp_path / "nowhere")) == 2

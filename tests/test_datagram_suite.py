"""The datagram checks over real sockets: the reference is healthy there too, over UDP and over a Unix socket."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, closing, nullcontext
from pathlib import Path

import pytest

from pytest_netconform.fixtures.network import Network, column_of
from pytest_netconform.judge import judge, survey
from pytest_netconform.protocols import PROTOCOLS
from pytest_netconform.target import parse_target
from pytest_netconform.verdict import Verdict
from tests.gates import cases

HEALTHY = (Verdict.PASS, Verdict.OBSERVED, Verdict.NOT_APPLICABLE)
UNIX = """
transport = "unix-dgram"
rule = "upper"
"""


@pytest.mark.parametrize("dialect", ["numbered", "discard-udp", "unix"])
def test_reference_is_healthy_over_sockets(
    dialect: str, tmp_path: Path, service_ports: Callable[[], AbstractContextManager[None]]
) -> None:
    """Every check that applies passes, or records what it saw."""
    name = dialect
    if dialect == "unix":
        (tmp_path / "unix.toml").write_text(UNIX)
        name = str(tmp_path / "unix.toml")
    column = column_of(PROTOCOLS["datagram"])
    with closing(Network()) as network:
        target = network.target(parse_target(f"reference:datagram?dialect={name}"), allowed=frozenset({"intrusive"}))
        survey(target, column)
        assert target.survey.sound
        outcomes = {}
        for case in cases("datagram"):
            with service_ports() if case.id == "UDP-reflect-loop" else nullcontext():
                openers = {rung: column.rungs[rung] for rung in case.rungs}
                outcomes[case.name] = judge(case.function, openers, case.values, target, column)
    assert {name: outcome for name, outcome in outcomes.items() if outcome.verdict not in HEALTHY} == {}
    assert any(outcome.verdict is Verdict.PASS for outcome in outcomes.values())


def test_nobody_there_is_told_in_one_line(pytester: pytest.Pytester) -> None:
    """A run against a port where nobody listens ends before it has begun, and says that it was refused."""
    with closing(Network()) as network:
        port = network.target(parse_target("reference:datagram")).carriage.port  # type: ignore[union-attr]
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", f"--netconform-target=echo+udp://127.0.0.1:{port}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*nobody listens*"])


def test_a_run_as_a_user_makes_it(pytester: pytest.Pytester) -> None:
    """The reference is a target by name; its suites are those for datagrams."""
    result = pytester.runpytest_subprocess(
        "-p", "no:cacheprovider", "-v", "--netconform-target=reference:datagram?dialect=discard-udp"
    )
    assert result.ret == 0, result.stdout.str()
    result.stdout.fnmatch_lines(["classic::test_discard PASSED*"])

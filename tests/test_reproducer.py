"""Reproducers: for every kind of finding a script that exits 1 on the server that showed it and 0 on a right one."""

from __future__ import annotations

import ast
import base64
import inspect
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from pytest_netconform.ca import Authority
from pytest_netconform.dialogues.smtp import Smtp
from pytest_netconform.fixtures.network import column_of, memory_target, reference_of, socket_target
from pytest_netconform.fixtures.smtp import RUNGS
from pytest_netconform.judge import Outcome, judge, survey
from pytest_netconform.protocols import PROTOCOLS
from pytest_netconform.reference_servers.host import Host
from pytest_netconform.reference_servers.mutants.mutant import Mutant, mutants_of
from pytest_netconform.reference_servers.session import Session
from pytest_netconform.reference_servers.smtp import SmtpSession
from pytest_netconform.report import reproducer
from pytest_netconform.report.steps import alike
from pytest_netconform.target import Target, parse_target
from pytest_netconform.transcript import Transcript, What
from pytest_netconform.verdict import Verdict
from pytest_netconform.wire.smtp import ReplyFramer
from tests.findings import CASES, Fragile, TakesRecipientEarly, death, finding, wrong_code
from tests.gates import cases

ROW = PROTOCOLS["smtp"]
EVERY_CASE = cases("smtp")


@pytest.fixture
def serve(authority: Authority, request: pytest.FixtureRequest) -> Callable[[type[Session]], Host]:
    """Start a server of a session class; it ends with the test."""

    def start(session: type[Session]) -> Host:
        Fragile.dead = False
        host = Host(reference_of(ROW, {}, session).make_session, tls=authority.server_context())
        host.start()
        request.addfinalizer(host.stop)
        return host

    return start


def found(check: Callable[..., None], host: Host, url: str = "") -> tuple[Outcome, Target]:
    """What comes of a check on a server: a finding."""
    target = socket_target(parse_target(url or f"smtp://{host.host}:{host.port}"), allowed=frozenset({"intrusive"}))
    column = column_of(ROW)
    survey(target, column)
    names = check.__code__.co_varnames[: check.__code__.co_argcount]
    outcome = judge(check, {name: RUNGS[name] for name in names}, {}, target, column)
    assert outcome.verdict is Verdict.FAIL, outcome
    return outcome, target


def run(
    script: Path, *arguments: object, python: str = sys.executable, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a reproducer with nothing installed."""
    return subprocess.run(
        [python, "-I", "-W", "error", str(script), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        env={"PATH": os.environ["PATH"], **environment},
        check=False,
    )


@pytest.mark.parametrize(("check", "session"), CASES)
def test_a_finding_repeats_on_the_mutant_and_not_on_the_reference(
    check: Callable[..., None], session: type[SmtpSession], serve: Callable[[type[Session]], Host], tmp_path: Path
) -> None:
    """Exit status 1 on the server that showed it, 0 on a right one, whatever kind of finding it is."""
    outcome, target = found(check, serve(session))
    path = reproducer.write(tmp_path / "new" / "folder", outcome, target, f"smtp::test_{check.__name__}[a/b c]")
    again = serve(session)
    there = run(path, again.host, again.port)
    assert there.returncode == 1, there
    assert f"expected: {outcome.expected}" in there.stdout and f"recorded: {outcome.received}" in there.stdout
    assert "\x1b" not in there.stdout
    right = serve(SmtpSession)
    here = run(path, right.host, right.port)
    assert here.returncode == 0, here
    assert "the finding does not repeat" in here.stdout


def test_without_arguments_it_asks_the_recorded_address(serve: Callable[[type[Session]], Host], tmp_path: Path) -> None:
    """Host and port of the finding are the defaults; when nobody is there any more, that is no verdict."""
    host = serve(TakesRecipientEarly)
    outcome, target = found(wrong_code, host)
    path = reproducer.write(tmp_path, outcome, target, "smtp::test_x")
    assert path.name.startswith("SMTP-TEST-a-smtp-test-x-") and path.suffix == ".py"
    assert run(path).returncode == 1
    host.stop()
    gone = run(path)
    assert gone.returncode == 2 and gone.stderr.startswith(f"cannot connect to {host.host} port {host.port}: ")
    assert len(gone.stderr.splitlines()) == 1


def test_a_server_that_spoke_tls_from_the_start_is_spoken_to_in_tls(authority: Authority, tmp_path: Path) -> None:
    """An smtps target's script begins with the handshake, and verifies when it is told to."""
    context = authority.server_context()
    with Host(TakesRecipientEarly, tls=context, implicit_tls=True) as host:
        outcome, target = found(wrong_code, host, f"smtps://{host.host}:{host.port}?servername=localhost")
        path = reproducer.write(tmp_path, outcome, target, "x")
        assert run(path).returncode == 1
        assert run(path, "--ca", authority.authority_file()).returncode == 1
    with Host(SmtpSession, tls=context, implicit_tls=True) as host:
        assert run(path, host.host, host.port).returncode == 0


def other_pythons() -> list[str]:
    """Interpreters of the machine that are older or newer than this one."""
    folder = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    wanted = ("3.8", "3.9", "3.13")
    return [str(path / "bin" / "python") for v in wanted for path in sorted(folder.glob(f"{v}.*"))[:1]]


def test_python_3_8_is_enough(serve: Callable[[type[Session]], Host], tmp_path: Path) -> None:
    """The script is Python 3.8, imports the standard library alone, and runs wherever such a Python is at hand."""
    host = serve(TakesRecipientEarly)
    outcome, target = found(wrong_code, host)
    path = reproducer.write(tmp_path, outcome, target, "x")
    tree = ast.parse(path.read_text(encoding="ascii"), feature_version=(3, 8))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in names} <= set(sys.stdlib_module_names)
    for python in other_pythons():
        assert run(path, python=python).returncode == 1, python


@finding("AUTH is refused.")
def with_password(smtp: Smtp) -> None:
    """A finding whose dialogue holds a password, bare and in base64, known and not known to the transcript."""
    smtp.visit.transcript.hide(b"other-secret")
    plain = base64.b64encode(b"someone\0anna\0hunter2!")
    smtp.send(b"VRFY hunter2! other-secret\r\nAUTH PLAIN " + smtp.credentials() + b"\r\n")
    smtp.reply(), smtp.reply()
    smtp.exchange(b"AUTH PLAIN " + plain + b"\r\n", 599)


def test_secrets_stay_outside(serve: Callable[[type[Session]], Host], tmp_path: Path) -> None:
    """No form of a password is in the file or its output; the script takes them from the environment and says so."""
    host = serve(SmtpSession)
    outcome, target = found(with_password, host, f"smtp://anna:hunter2!@{host.host}:{host.port}")
    path = reproducer.write(tmp_path, outcome, target, "x")
    forms = [b"hunter2!", b"other-secret", base64.b64encode(b"hunter2!")]
    forms += [base64.b64encode(b"\0anna\0hunter2!"), base64.b64encode(b"someone\0anna\0hunter2!")]
    assert not [form for form in forms if form in path.read_bytes()]
    assert "Needs NETCONFORM_PASSWORD in the environment." in path.read_text()
    missing = run(path, NETCONFORM_PASSWORD="x")
    assert missing.returncode == 2 and "NETCONFORM_SECRET_1 is needed" in missing.stderr
    done = run(path, NETCONFORM_PASSWORD="hunter2!", NETCONFORM_SECRET_1="other-secret")
    assert done.returncode == 1 and "VRFY ******** ********" in done.stdout, done
    assert not [form for form in forms if form.decode() in done.stdout + done.stderr]


def test_long_sends_are_written_short(serve: Callable[[type[Session]], Host]) -> None:
    """A flood of equal octets is a product, and the octets are exactly those that were sent."""
    outcome, target = found(death, serve(Fragile))
    text = reproducer.reproducer(outcome, target)
    assert "b'x' * 100000" in text and len(text) < 30_000


def test_a_recall_of_nothing_still_makes_a_script(serve: Callable[[type[Session]], Host]) -> None:
    """A finding without a single event is reproduced as far as that goes: valid Python, whatever it says."""
    outcome, target = found(wrong_code, serve(TakesRecipientEarly))
    bare = Outcome(outcome.check, Verdict.FAIL, transcript=Transcript(), problem=None)
    ast.parse(reproducer.reproducer(bare, target))


@pytest.mark.parametrize(
    ("recorded", "same", "other"),
    [
        (b"250 OK id=1a2b3c4d\r\n", b"250 OK id=99ffee00aa\r\n", b"251 OK id=1a2b3c4d\r\n"),
        (b"220 mx Mon, 20 Nov 2026 05:40:45 +0000\r\n", b"220 mx Tue, 1 Dec 2027 1:2:3 +0100\r\n", b"220 mx soon\r\n"),
        (b"250-mx\r\n250 SIZE 100\r\n", b"250-mx\r\n250 SIZE 7\r\n", b"250-mx\r\n250 SIZES\r\n"),
        (b"535 ******** is wrong\r\n", b"535 abc is wrong\r\n", b"535 abc is right\r\n"),
    ],
)
def test_answers_that_say_the_same_are_alike(recorded: bytes, same: bytes, other: bytes) -> None:
    """Numbers, dates and ids may change; codes and words may not."""
    from pytest_netconform.report.replay import matches

    assert matches(alike(recorded), recorded) and matches(alike(recorded), same)
    assert not matches(alike(recorded), other)


@pytest.mark.parametrize(
    "replies",
    [
        b"220 a\r\n",
        b"250-a\r\n250-b\r\n250 c\r\n",
        b"250-a\n250 b\n",
        b"250\r\n",
        b"garbage\r\n221 x\r\n",
        b"250-a\r\n500 b\r\n550 c\r\n",
        b"\r\n250 a\r\n",
    ],
)
def test_the_framers_pattern_frames_like_the_framer(replies: bytes) -> None:
    """Fed in any two pieces, the regular expression for a reproducer finds the same answers as the framer."""
    import re

    for cut in range(len(replies) + 1):
        framer, rest = ReplyFramer(), b""
        for piece in (replies[:cut], replies[cut:]):
            framer.feed(piece)
            rest += piece
            while (value := framer.next()) is not None:
                match = re.match(ReplyFramer.pattern, rest)
                assert match is not None and match[0] == value.raw
                rest = rest[match.end() :]
            assert re.match(ReplyFramer.pattern, rest) is None


def test_what_is_awaited_is_not_shown() -> None:
    """The words left for reproducers stand in no rendering."""
    transcript = Transcript()
    transcript.add(0.0, 1, What.RECEIVE, b"220 ")
    transcript.add(0.1, 1, What.AWAIT, b"answer 10 x")
    transcript.add(0.2, 1, What.RECEIVE, b"x\r\n")
    transcript.add(0.3, 0, What.AWAIT, b"service")
    assert transcript.render() == r"   0.000  S: 220 x\r\n"


def test_a_port_that_answers_nobody_is_no_verdict(serve: Callable[[type[Session]], Host], tmp_path: Path) -> None:
    """A name that does not resolve ends with status 2 and one line."""
    outcome, target = found(wrong_code, serve(TakesRecipientEarly))
    path = reproducer.write(tmp_path, outcome, target, "x")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        assert run(path, "127.0.0.1", free.getsockname()[1]).returncode == 2


# -- every mutant

#: what a replay cannot tell, and why
NO_TELLING = {
    "unlisted_auth_works": "the check says only what was not offered; said to a server that offers it, it is right",
    "enforced_tls_550": "its twin demands TLS first, which the check calls inconclusive",
}
PATIENT = 20.0  # seconds: steps that wait for longer are not replayed here


def finding_of(mutant: Mutant) -> tuple[Outcome, Target] | None:
    """The first failure of a check that the mutant says it breaks, judged in memory."""
    options = {**mutant.options, "patience": "0.5"}
    for case in EVERY_CASE:
        if case.id not in mutant.breaks:
            continue
        target = memory_target("smtp", options, mutant.session)
        column = column_of(ROW)
        survey(target, column)
        names = [name for name in inspect.signature(case.function).parameters if name not in case.values]
        outcome = judge(case.function, {name: column.rungs[name] for name in names}, case.values, target, column)
        if outcome.verdict is Verdict.FAIL:
            return outcome, target
    return None


def replayed(text: str, mutant: Mutant, session: type[Session] | None, authority: Authority) -> str:
    """What the script says of a server on a socket: `repeats`, `does not`, `no telling`; empty if it takes too long."""
    room: dict[str, Any] = {"__name__": "reproducer"}
    exec(compile(text, "reproducer", "exec"), room)
    steps = room["steps"]()
    if any(isinstance(value, (int, float)) and value > PATIENT for step in steps for value in step[2:]):
        return ""
    reference = reference_of(ROW, mutant.options, session)
    context = room["ssl"].SSLContext(room["ssl"].PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, room["ssl"].CERT_NONE
    tls = authority.server_context()
    with Host(reference.make_session, tls=tls, implicit_tls=reference.implicit_tls) as host:
        replay = room["Replay"](host.address, context, "localhost", "")
        try:
            received = replay.run(steps)
        except SystemExit:
            return "no telling"
    return "does not" if received is None else "no telling" if replay.astray else "repeats"


def test_the_finding_of_every_mutant_repeats_on_it_alone(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """One finding per mutant: it repeats on the mutant over a socket, and never on the reference.

    What only a mailbox shows, or what leads the reference another way, is no telling; nothing else is.
    """
    found = [(mutant, finding) for mutant in mutants_of("smtp") if (finding := finding_of(mutant))]
    monkeypatch.setenv("NETCONFORM_PASSWORD", found[0][1][1].account[1])

    scripts = [(mutant, reproducer.reproducer(outcome, target)) for mutant, (outcome, target) in found]

    def answers(pair: tuple[Mutant, str]) -> tuple[str, str, str]:
        mutant, text = pair
        there = replayed(text, mutant, mutant.session, authority)
        return mutant.name, there, replayed(text, mutant, None, authority)

    with ThreadPoolExecutor(16) as pool:
        results = [result for result in pool.map(answers, scripts) if result[0] not in NO_TELLING]
    told = [(name, there, here) for name, there, here in results if there != "no telling" and there]
    assert not [result for result in told if result[1] != "repeats" or result[2] == "repeats"]
    assert len(told) > 0.75 * len(results) > 100

"""The doors of a run: how targets, suites and a project's own tests come into one session."""

from __future__ import annotations

import socket
import sys
import time
from pathlib import Path

import pytest

from pytest_netconform.reference_servers.host import Host

ONE = "--netconform-select=SMTP-5321-4.1.4-d"  # one requirement with one check
FEW = "--netconform-select=SMTP-5321-4.1.4"
RCPT = "smtp::test_rcpt_before_mail"

OWN_TEST = "def test_own(): pass"
DOOR = """
import pytest
from pytest_netconform.suites.smtp import *

@pytest.fixture(scope="session")
def netconform_target():
    return {target!r}
"""
SERVER = """
import os, sys, time
from pytest_netconform.fixtures.network import reference_of
from pytest_netconform.protocols import PROTOCOLS
from pytest_netconform.reference_servers.host import serving
from pytest_netconform.reference_servers.smtp import SmtpSession

class Mortal(SmtpSession):
    def on_data(self, data):
        if b"DIE" in data:
            os._exit(3)
        super().on_data(data)

with serving(reference_of(PROTOCOLS["smtp"], {}, Mortal).make_session, port=int(sys.argv[1])):
    time.sleep(60)
"""


def closed_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


# -- a target on the command line


def test_a_target_alone_is_the_session(pytester: pytest.Pytester) -> None:
    """With a target and no paths, the suites are run and the project's own tests are not."""
    pytester.makepyfile(test_own=OWN_TEST)
    result = pytester.runpytest("--netconform-target=reference", FEW, "-v")
    result.stdout.fnmatch_lines([f"{RCPT} PASSED*", "*netconform: reference*", "reference:smtp*SMTP*"])
    result.stdout.no_fnmatch_line("*test_own*")
    assert result.ret == 0


def test_the_suite_option_beside_paths(pytester: pytest.Pytester) -> None:
    """With paths, the suites that --netconform-suite names are run too, and no others."""
    pytester.makepyfile(test_own=OWN_TEST)
    alone = pytester.runpytest("--netconform-target=reference", "test_own.py")
    alone.assert_outcomes(passed=1)
    both = pytester.runpytest("--netconform-target=reference", "--netconform-suite=smtp", ONE, "test_own.py")
    both.assert_outcomes(passed=2, deselected=both.parseoutcomes()["deselected"])


def test_targets_of_the_ini_file_join_the_projects_tests(pytester: pytest.Pytester) -> None:
    """Targets of the ini file are judged beside the project's own tests: no plain `pytest` loses any."""
    pytester.makeini("[pytest]\nnetconform_targets =\n    reference:smtp\n")
    pytester.makepyfile(test_own=OWN_TEST)
    result = pytester.runpytest("-v", ONE)
    result.stdout.fnmatch_lines(["test_own.py::test_own PASSED*", f"{RCPT} PASSED*"])
    pytester.runpytest("test_own.py").assert_outcomes(passed=1)


def test_a_suite_as_an_argument(pytester: pytest.Pytester) -> None:
    """A suite, or one check of it, is named like a file."""
    pytester.makepyfile(test_own=OWN_TEST)
    result = pytester.runpytest("--netconform-target=reference", RCPT, "-v")
    result.stdout.fnmatch_lines([f"{RCPT} PASSED*"])
    result.assert_outcomes(passed=1)
    both = pytester.runpytest("--netconform-target=reference", RCPT, "test_own.py")
    both.assert_outcomes(passed=2)
    listed = pytester.runpytest("--netconform-target=reference", "smtp", "--co", "-q")
    assert RCPT in listed.outlines and len([line for line in listed.outlines if line.startswith("smtp::")]) > 50


def test_a_stranger_on_a_port(pytester: pytest.Pytester, smtp_host: Host) -> None:
    """A bare host and port are enough; what speaks there is found out once."""
    result = pytester.runpytest(f"--netconform-target=127.0.0.1:{smtp_host.port}?recipient=alice@example.test", RCPT)
    result.stdout.fnmatch_lines([f"smtp://127.0.0.1:{smtp_host.port}*", "*1 passed*"])
    assert result.ret == 0


def test_several_targets(pytester: pytest.Pytester, smtp_url: str) -> None:
    """With several targets of one protocol each check runs once for each, under the target's name."""
    targets = [f"--netconform-target=one={smtp_url}", "--netconform-target=two=reference:smtp"]
    result = pytester.runpytest(*targets, RCPT, "-v")
    result.stdout.fnmatch_lines([f"{RCPT}[[]one] PASSED*", f"{RCPT}[[]two] PASSED*", "*: one*", "*: two*"])
    assert pytester.runpytest(*targets, f"{RCPT}[two]").parseoutcomes() == {"passed": 1}
    assert pytester.runpytest(*targets, RCPT, "-n2").parseoutcomes() == {"passed": 2}


def test_collecting_dials_nobody(pytester: pytest.Pytester) -> None:
    """--collect-only needs no server where the scheme says what will be spoken."""
    result = pytester.runpytest(f"--netconform-target=smtp://127.0.0.1:{closed_port()}", RCPT, "--co", "-q")
    result.stdout.fnmatch_lines([RCPT])
    assert result.ret == 0


@pytest.mark.parametrize("ways", ["octets", "tokens", "tls", "ipv6", "octets,tls,ipv6"])
def test_deliveries(pytester: pytest.Pytester, ways: str) -> None:
    """The reference is judged the same however what we say is delivered."""
    result = pytester.runpytest("--netconform-target=reference", FEW, f"--netconform-delivery={ways}")
    assert result.ret == 0


# -- what is no target


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--netconform-concurrency=x"], "--netconform-concurrency=x: a number*"),
        (["--netconform-suite=smtp"], "the suite smtp has no target*"),
        (["--netconform-target=gopher://127.0.0.1"], "unknown scheme gopher://*"),
        (["--netconform-target=smtp://127.0.0.1:70000"], "port 70000 *"),
        (["--netconform-target=smtp://127.0.0.1?recipent=x"], "unknown target option 'recipent'; did you mean*"),
        (["--netconform-target=smtp://127.0.0.1?ca=/none"], "ca=/none: not a readable file*"),
        (["--netconform-target=reference:gopher"], "there is no reference:gopher*"),
        (["--netconform-target=reference:smtp?greeting=7"], "reference:smtp*greeting=7*"),
        (["--netconform-target=reference", "--netconform-target=reference"], "two targets are called reference*"),
        (["--netconform-target=reference", "--netconform-suite=gopher"], "--netconform-suite=gopher: known are smtp*"),
        (
            ["--netconform-target=reference", "--netconform-select=SMTP-5321-4.1.4-"],
            "*no check of this session has this id*",
        ),
        (["--netconform-target=reference", "--netconform-allow=all"], "--netconform-allow=all: known are slow*"),
        (["--netconform-target=reference", "--netconform-delivery=octets,whole"], "*only one of*"),
        (["--netconform-target=reference", "--netconform-concurrency=0"], "*a number from 1 to 256*"),
        (["--netconform-target=reference", "--netconform-baseline=none.txt"], "cannot read the baseline*"),
        (["--netconform-target=reference", "--netconform-json=."], "cannot write*"),
        (["--netconform-target=reference", "smtp::test_rcpt_before_mial"], "*did you mean test_rcpt_before_mail or *"),
        (["smtp::test_rcpt_before_mail"], "the suite smtp has no target*"),
        (["--netconform-serve=sleep 1"], "*{port} must stand*"),
        (["--netconform-serve=false {port}"], "*ended with exit status 1*"),
    ],
)
def test_bad_input_is_one_line(pytester: pytest.Pytester, arguments: list[str], message: str) -> None:
    """Whatever cannot be used ends the run at once with one line and exit code 4."""
    result = pytester.runpytest(*arguments)
    result.stderr.fnmatch_lines([f"ERROR: {message}"])
    assert result.ret == 4
    assert "Traceback" not in result.stderr.str() + result.stdout.str()


def test_a_closed_port(pytester: pytest.Pytester) -> None:
    """Nobody listens: one line, exit 4, at once; on workers too."""
    target = f"--netconform-target=smtp://127.0.0.1:{closed_port()}"
    began = time.monotonic()
    result = pytester.runpytest(target)
    assert time.monotonic() - began < 1
    result.stderr.fnmatch_lines(["ERROR: cannot connect to 127.0.0.1:*: Connection refused"])
    assert result.ret == 4
    assert pytester.runpytest(target, "-n2").ret == 4


def test_ways_that_are_the_references_own(pytester: pytest.Pytester, smtp_url: str) -> None:
    """How a stranger is reached is said by his URL."""
    result = pytester.runpytest(f"--netconform-target={smtp_url}", "--netconform-delivery=tls")
    result.stderr.fnmatch_lines(["ERROR: --netconform-delivery=tls says how a reference is reached*"])
    assert result.ret == 4


@pytest.mark.parametrize(("greeting", "code"), [(b"SSH-2.0-x\r\n", 4), (b"220 a\r\n", 1), (b"", 1)])
def test_a_server_of_another_kind(pytester: pytest.Pytester, greeting: bytes, code: int) -> None:
    """What greets as something else is not judged; what is mute, or only seems to be the right kind, is no success."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        url = f"smtp://127.0.0.1:{listener.getsockname()[1]}?patience=0.2"
        listener.settimeout(10)
        held: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    held.append(listener.accept()[0])
                    held[-1].sendall(greeting)
                except OSError:
                    return

        import threading

        thread = threading.Thread(target=accept)
        thread.start()
        result = pytester.runpytest(f"--netconform-target={url}", FEW)
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
        for sock in held:
            sock.close()
    assert result.ret == code
    assert "passed" not in result.parseoutcomes() if code == 1 else not held[1:]


# -- a module of the project's own


def test_a_projects_own_module(pytester: pytest.Pytester, smtp_url: str) -> None:
    """A module that imports the suite and overrides the target is judged like any test module."""
    pytester.makepyfile(test_conformance=DOOR.format(target=smtp_url))
    for more in ([], ["-n2"]):
        result = pytester.runpytest("-k", "rcpt_before_mail", *more)
        result.stdout.fnmatch_lines(["smtp://127.0.0.1:*", "*1 passed*"])
        assert result.ret == 0


def test_a_module_without_a_target(pytester: pytest.Pytester) -> None:
    """Without a target of its own, the module takes the command line's; without that, its checks are errors."""
    pytester.makepyfile(test_conformance="from pytest_netconform.suites.smtp import *")
    given = pytester.runpytest("test_conformance.py", "-k", "rcpt_before_mail", "--netconform-target=reference")
    given.assert_outcomes(passed=1, deselected=given.parseoutcomes()["deselected"])
    missing = pytester.runpytest("-k", "rcpt_before_mail")
    missing.stdout.fnmatch_lines(["no target; give*by --netconform-target, or override the fixture*"])
    assert missing.ret == 1


def test_several_targets_for_a_module(pytester: pytest.Pytester, smtp_url: str) -> None:
    """A module without a target of its own is judged at each of the command line's."""
    pytester.makepyfile(test_conformance="from pytest_netconform.suites.smtp import *")
    targets = [f"--netconform-target=one={smtp_url}", "--netconform-target=two=reference:smtp"]
    result = pytester.runpytest("test_conformance.py", "-k", "rcpt_before_mail", "-v", *targets)
    result.stdout.fnmatch_lines(["*test_rcpt_before_mail[[]one] PASSED*", "*test_rcpt_before_mail[[]two] PASSED*"])


def test_an_unreachable_target_of_a_module(pytester: pytest.Pytester) -> None:
    """A module's target that is not there makes errors of its checks, one line each."""
    pytester.makepyfile(test_conformance=DOOR.format(target=f"smtp://127.0.0.1:{closed_port()}"))
    result = pytester.runpytest("-k", "rcpt")
    result.stdout.fnmatch_lines(["cannot connect to 127.0.0.1:*: Connection refused"])
    assert result.ret == 1


def test_rungs_of_a_modules_own(pytester: pytest.Pytester) -> None:
    """A module may define a rung again, by a step on ours; nobody else sees the short names."""
    pytester.makepyfile(
        test_conformance=DOOR.format(target="reference:smtp")
        + """
@pytest.fixture
def smtp(smtp):
    return smtp.then(lambda dialogue: dialogue.visit.note("stepped"))
""",
        test_stranger="def test_stranger(smtp): pass",
    )
    result = pytester.runpytest("-k", "rcpt_before_mail or stranger", "--netconform-json=report.json")
    assert '"stepped"' in (pytester.path / "report.json").read_text()
    result.stdout.fnmatch_lines(["E*fixture 'smtp' not found"])
    result.assert_outcomes(passed=1, errors=1, deselected=result.parseoutcomes()["deselected"])


def test_a_conftest_does_not_get_between(pytester: pytest.Pytester) -> None:
    """A fixture of a conftest that happens to be called like a rung, or like the target, is none of a suite's."""
    pytester.makeconftest(
        """
import pytest

@pytest.fixture
def smtp(): return "a friend of the house"

@pytest.fixture
def netconform_target(): return "smtp://192.0.2.1"
"""
    )
    assert pytester.runpytest("--netconform-target=reference", RCPT).parseoutcomes() == {"passed": 1}


def test_checks_of_a_projects_own(pytester: pytest.Pytester) -> None:
    """A project may write checks of its own upon the rungs of the protocol that their ids begin with."""
    pytester.makepyfile(
        test_house="""
import pytest
from pytest_netconform.requirement import MUST, requirement

@requirement("SMTP-HOUSE-1", MUST, "house rules", "NOOP is answered.")
@pytest.mark.parametrize("code", [250])
def test_noop(smtp, code):
    smtp.exchange("NOOP", code)

@requirement("SMTP-HOUSE-2", MUST, "house rules", "The target has a URL.")
def test_url(netconform_target):
    assert netconform_target.spec.url == "reference:smtp"
"""
    )
    result = pytester.runpytest("test_house.py", "--netconform-target=reference")
    result.assert_outcomes(passed=2)


# -- a command that serves


def test_a_served_target_comes_back(pytester: pytest.Pytester) -> None:
    """A command starts the target; a check that brings it down fails, and those behind it are judged all the same."""
    script = pytester.makepyfile(server=SERVER)
    pytester.makepyfile(
        test_house="""
from pytest_netconform.requirement import MUST, requirement, hostile

@requirement("SMTP-HOUSE-1", MUST, "house rules", "DIE is answered.")
@hostile
def test_die(smtp):
    smtp.exchange("DIE", 500)

@requirement("SMTP-HOUSE-2", MUST, "house rules", "NOOP is answered.")
def test_noop(smtp):
    smtp.exchange("NOOP", 250)
"""
    )
    serve = f"--netconform-serve={sys.executable} {script} {{port}}"
    for more in (["-v"], ["-n1", "-v"]):
        result = pytester.runpytest("test_house.py", serve, "--netconform-target=smtp://127.0.0.1:{port}", *more)
        result.stdout.fnmatch_lines(["*ended with exit status 3*", "FAILED test_house.py::test_die*"])
        assert "started again" in result.stdout.str()
        result.assert_outcomes(passed=1, failed=1)


def test_the_reproducing_line_of_a_served_target(pytester: pytest.Pytester) -> None:
    """A served target is called so, and detected when no scheme is given."""
    script = pytester.makepyfile(server=SERVER)
    result = pytester.runpytest(f"--netconform-serve={sys.executable} {script} {{port}}", ONE)
    result.stdout.fnmatch_lines(["*netconform: served*", "smtp://127.0.0.1:*", "*?recipient= would unlock 1 check"])
    assert result.ret == 1  # without a recipient, nothing passed
    assert not Path(pytester.path, "none").exists()

"""Clients from outside: a command is judged by how it ends and by what the server saw of it."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from pathlib import Path

import pytest

from pytest_netconform.ca import LEAVES
from pytest_netconform.command import Command, CommandError, Ended, run
from pytest_netconform.fixtures.clients import Owes, cases
from pytest_netconform.fixtures.servers import served

PYTHON = sys.executable

#: a client of the standard library's, which behaves
SENDS = """
import smtplib, ssl, sys
host, port = sys.argv[1], int(sys.argv[2])
with smtplib.SMTP(host, port, timeout=1) as client:
    if len(sys.argv) > 3:
        client.starttls(context=ssl.create_default_context())
    client.sendmail("me@client.example", ["you@elsewhere.example"], "Subject: tea\\r\\n\\r\\nAt five.\\r\\n")
"""
#: one that waits for ever, takes what one read brings for an answer, and never says that it failed
SHRUGS = """
import socket, sys
try:
    with socket.create_connection((sys.argv[1], int(sys.argv[2]))) as sock:
        print(sock.recv(1000))
except OSError:
    pass
"""
#: one that takes any certificate
TRUSTS = SENDS.replace("ssl.create_default_context()", "ssl._create_unverified_context()")


def outside(pytester: pytest.Pytester, script: str, *arguments: str, tail: str = "") -> pytest.RunResult:
    path = pytester.path / "client.py"
    path.write_text(script)
    return pytester.runpytest(
        "-p",
        "no:cacheprovider",
        "-v",
        f"--netconform-client={PYTHON} {path} {{host}} {{port}}{tail}",
        "--netconform-protocol=smtp",
        *arguments,
    )


def words(result: pytest.RunResult) -> dict[str, str]:
    """What was said of each case."""
    found = [line.split() for line in result.outlines if line.startswith("client::")]
    return {line[0].removeprefix("client::"): line[1] for line in found}


WEATHERS = "weather and (fair or segmented or reset or refused or silent or truncated)"


def test_a_client_that_behaves(pytester: pytest.Pytester) -> None:
    """It works where it must, and fails where it must."""
    result = outside(pytester, SENDS, "-k", WEATHERS)
    assert result.ret == 0
    said = words(result)
    assert said.pop("weather[reset-once]") == "OBSERVED"
    assert set(said.values()) == {"PASSED"} and len(said) == 6
    result.stdout.fnmatch_lines(["*netconform: client*", "*SMTP, 7 checks of 7*"])


def test_a_client_that_does_not(pytester: pytest.Pytester) -> None:
    """It hangs, shrugs resets off, and prints half of an answer; each is said with what the server saw."""
    result = outside(pytester, SHRUGS, "-k", WEATHERS, "--netconform-wait=1")
    assert result.ret == 1
    said = words(result)
    assert said["weather[fair]"] == "PASSED"
    bad = ("segmented", "silent", "reset", "refused")
    assert all(said[f"weather[{name}]"] == "FAILED" for name in bad)
    result.stdout.fnmatch_lines_random(
        [
            "expected an end within 1 s; received no end within 1.* s; it said nothing",
            "expected an exit status other than 0; received exit status 0; it *",
            "expected the output and the files of fair weather; received others; exit status 0; *",
            "CLIENT-weather-silent  MUST*",
            "*S: 220 mail.example.test*",
            "pytest '--netconform-client=*' --netconform-protocol=smtp 'client::weather[[]silent]'",
        ]
    )


def test_certificates(pytester: pytest.Pytester) -> None:
    """A client that verifies refuses what is wrong, and says nothing to who shows it."""
    result = outside(pytester, SENDS, "-k", "certificate", tail=" tls")
    said = words(result)
    assert said.pop("certificate[revoked]") == "OBSERVED"  # no client looks there by itself
    assert said.pop("certificate[common-name]") in ("DEVIATION", "PASSED")
    assert said.pop("certificate[weak-key]") in ("DEVIATION", "PASSED")
    assert set(said.values()) == {"PASSED"} and len(said) == len(LEAVES) - 3


def test_a_client_that_takes_any_certificate(pytester: pytest.Pytester) -> None:
    """It is found out, by what it says to the server."""
    result = outside(pytester, TRUSTS, "-k", "certificate", tail=" tls")
    said = words(result)
    assert said["certificate[good]"] == "PASSED"
    assert said["certificate[expired]"] == said["certificate[self-signed]"] == "FAILED"
    assert said["certificate[revoked]"] == "OBSERVED"
    result.stdout.fnmatch_lines(
        ["expected not a word to who shows this certificate; received * octets inside TLS; exit status 0; *"]
    )


def test_a_client_without_tls(pytester: pytest.Pytester) -> None:
    """Certificates are none of its business."""
    result = outside(pytester, SENDS, "-k", "certificate", tail="")
    assert set(words(result).values()) == {"SKIPPED"} and result.ret == 1  # nothing passed
    result.stdout.fnmatch_lines(["*TLS is not claimed: * checks*"])


def test_mutants(pytester: pytest.Pytester) -> None:
    """A client comes to an end whatever a server says; what is not seen in its dialogue is left out."""
    names = "reply_bare_lf or no_greeting or vrfy_source_route or fair"
    said = words(outside(pytester, SENDS, "-k", names))
    assert said == {
        "weather[fair]": "PASSED",
        "mutant[no_greeting]": "OBSERVED",
        "mutant[reply_bare_lf]": "OBSERVED",
        "mutant[vrfy_source_route]": "SKIPPED",
    }


def test_a_command_that_fails_in_fair_weather_proves_nothing(pytester: pytest.Pytester) -> None:
    """One failure, and nothing is said of the rest."""
    result = outside(pytester, "import sys; sys.exit('no idea')", "-k", "weather or good")
    said = words(result)
    assert said.pop("weather[fair]") == "FAILED" and set(said.values()) == {"INCONCLUSIVE"}
    result.stdout.fnmatch_lines(["*the command fails in fair weather: exit status 1; it last said*no idea*"])


def test_a_command_that_never_connects(pytester: pytest.Pytester) -> None:
    """Is no client."""
    result = outside(pytester, "", "-k", "fair or slow")
    assert words(result)["weather[fair]"] == "FAILED"
    result.stdout.fnmatch_lines(["expected a connection to the server; received none; exit status 0; it said nothing"])


def test_a_crash_is_a_failure(pytester: pytest.Pytester) -> None:
    """Whatever the case."""
    script = SENDS + "import os\nif len(sys.argv) == 3: os.abort()\n"
    result = outside(pytester, script, "-k", "fair")
    result.stdout.fnmatch_lines(["expected an exit status; received killed by SIGABRT; it said nothing"])


def test_it_is_in_the_reports(pytester: pytest.Pytester) -> None:
    """As any other verdict."""
    result = outside(pytester, SENDS, "-k", "fair", "--netconform-json=found.json")
    assert result.ret == 0
    (target,) = json.loads((pytester.path / "found.json").read_text())["targets"]
    assert target["name"] == "client" and target["protocol"] == "smtp"
    assert [(check["requirement"], check["verdict"]) for check in target["checks"]] == [("CLIENT-weather-fair", "pass")]


def test_cases_are_named(pytester: pytest.Pytester) -> None:
    """By node ids, alone and beside the user's own tests."""
    pytester.makepyfile("def test_own(): pass")
    assert words(outside(pytester, SENDS, "client::weather[fair]")) == {"weather[fair]": "PASSED"}
    result = outside(pytester, SENDS, "client::weather[fair]", "client::certificate[good]", "test_cases_are_named.py")
    result.assert_outcomes(passed=2, skipped=1)
    assert outside(pytester, SENDS, "client::weather[storm]").ret == pytest.ExitCode.USAGE_ERROR


def test_with_workers(pytester: pytest.Pytester) -> None:
    """The same."""
    path = pytester.path / "client.py"
    path.write_text(SENDS)
    result = pytester.runpytest_subprocess(
        "-n2",
        "-k",
        "weather and (fair or segmented or refused)",
        f"--netconform-client={PYTHON} {path} {{host}} {{port}}",
        "--netconform-protocol=smtp",
    )
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["*netconform: client*"])


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ["--netconform-client=true {url}"],
            "ERROR: --netconform-client needs --netconform-protocol; known are smtp, *",
        ),
        (["--netconform-protocol=smtp"], "ERROR: --netconform-protocol says what a client speaks; give it by --netc*"),
        (
            ["--netconform-client=true {url}", "--netconform-protocol=gopher"],
            "ERROR: --netconform-protocol=gopher: known are smtp, smtps, pop3, *",
        ),
        (
            ["--netconform-client=true {uri}", "--netconform-protocol=smtp"],
            "ERROR: --netconform-client: 'true {uri}': no placeholder is called {uri}; known are {url}, {host}, *",
        ),
        (
            ["--netconform-client=true", "--netconform-protocol=smtp"],
            "ERROR: --netconform-client: 'true': {url} or {port} must stand where the command takes its server",
        ),
        (
            ["--netconform-client=nosuchprogram {url}", "--netconform-protocol=smtp"],
            "ERROR: --netconform-client: 'nosuchprogram {url}': no program is called nosuchprogram",
        ),
        (
            ["--netconform-client=sh -c 'unclosed {url}", "--netconform-protocol=smtp"],
            'ERROR: --netconform-client: "sh -c \'unclosed {url}": no closing quotation',
        ),
        (
            ["--netconform-client=", "--netconform-protocol=smtp"],
            "ERROR: --netconform-protocol says what a client speaks; give it by --netconform-client",
        ),
        (
            ["--netconform-client=true {url}", "--netconform-protocol=smtp?greetings=1"],
            "ERROR: --netconform-client: reference:smtp has no option 'greetings'; known are *",
        ),
    ],
)
def test_what_cannot_be_is_a_usage_error(pytester: pytest.Pytester, arguments: list[str], line: str) -> None:
    """One line, and exit code 4."""
    result = pytester.runpytest("-p", "no:cacheprovider", *arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    (told,) = filter(None, result.errlines)
    result.stderr.fnmatch_lines([line])
    assert told.startswith("ERROR: ")


# -- commands by themselves


def test_words_are_arguments_whatever_stands_in_them() -> None:
    """No shell reads them."""
    command = Command("echo '{url}; rm -rf {folder}' {{x}} {0} {}", ("url", "folder"))
    values = {"url": "a b$HOME'\"", "folder": "/tmp/x y"}
    assert command.filled(values)[1:] == ["a b$HOME'\"; rm -rf /tmp/x y", "{{x}}", "{0}", "{}"]
    with pytest.raises(CommandError, match=r"no placeholder is called \{x\}"):
        Command("echo {x} {url}", ("url",))


def test_a_command_ends_with_its_children(tmp_path: Path) -> None:
    """Also those that nobody waits for, whether it ends by itself or not."""
    for last in ("exit 3", "sleep 60"):
        script = f"sleep 77 & echo $! > ../child; {last}"
        began = time.monotonic()
        ended = run(["sh", "-c", script], 0.5, tmp_path, os.environ)
        assert ended.status == (3 if last == "exit 3" else None) and time.monotonic() - began < 5
        child = int((tmp_path / "child").read_text())
        state = Path(f"/proc/{child}/stat")
        deadline = time.monotonic() + 5
        while state.exists() and ") Z" not in state.read_text() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not state.exists() or ") Z" in state.read_text()


def test_output_is_bounded_and_made_visible(tmp_path: Path) -> None:
    """What a client prints is data."""
    ended = run([PYTHON, "-c", "print('x' * 10**6); print('\\x1b[31mred')"], 10, tmp_path, os.environ)
    assert len(ended.out) <= 1 << 16
    assert ended.told.endswith('\\x1b[31mred"') and ended.how == "exit status 0"
    assert Ended(-9, 1.0, b"", b"").told == "killed by SIGKILL; it said nothing"


def test_every_protocol_has_cases() -> None:
    """Weathers, certificates and mutants, each with an id of its own."""
    for protocol in served():
        found = list(cases(protocol))
        assert found[0].name == "fair" and len({case.id for case in found}) == len(found)
        assert {Owes.WORKS, Owes.ENDS} <= {case.owes for case in found}
        for case in found:
            assert case.check.requirement.sentence.endswith(".")


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not here")
@pytest.mark.parametrize(
    ("command", "protocol"),
    [
        ("curl -sS --max-time 2 {url}/1 --user {username}:{password}", "pop3"),
        ("curl -sS --max-time 2 {url}/ --user {username}:{password}", "ftp"),
    ],
)
def test_curl(pytester: pytest.Pytester, command: str, protocol: str) -> None:
    """Works in harmless weather, and refuses bad certificates by way of the environment alone."""
    result = pytester.runpytest(
        "-v",
        "-k",
        "fair or segmented or slow or refused or expired or good or wrong-host",
        f"--netconform-client={command}",
        f"--netconform-protocol={protocol}",
    )
    said = words(result)
    assert {said[f"certificate[{leaf}]"] for leaf in ("good", "expired", "wrong-host")} == {"PASSED"}
    assert {said[f"weather[{name}]"] for name in ("fair", "segmented", "slow", "refused")} == {"PASSED"}

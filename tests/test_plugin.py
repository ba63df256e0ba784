"""Verdicts as pytest reports them: categories, letters, exit codes, evidence, and everything around a run."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from xml.etree import ElementTree

import pytest

from pytest_netconform.run import without_parameter
from tests.conftest import mortal

REFERENCE = "--netconform-target=reference:smtp"
HEAD = """
import pytest, time
from pytest_netconform.requirement import *

def ask(number, level=MUST):
    return requirement(f"SMTP-HOUSE-{number}", level, "house rules", f"Rule {number}.")
"""

#: one check per verdict
VERDICTS = (
    HEAD
    + """
@ask("pass")
def test_pass(smtp):
    smtp.exchange("NOOP", 250)

@ask("fail")
def test_fail(smtp):
    smtp.exchange("NOOP", 299)

@ask("security", SECURITY)
def test_security(smtp):
    smtp.exchange("NOOP", 299)

@ask("should", SHOULD)
def test_should(smtp):
    smtp.exchange("NOOP", 299)

@ask("tolerated")
def test_tolerated(smtp):
    smtp.exchange("NOOP", 299, tolerated={250: "everybody does"})

@ask("noted")
def test_noted(smtp):
    smtp.exchange("NOOP", 299, noted={250: "as well"})

@ask("may", MAY)
def test_may(smtp):
    smtp.exchange("NOOP", 299)

@ask("interop", INTEROP)
def test_interop(smtp):
    smtp.observe(smtp.exchange("NOOP", 250).code)

@ask("prerequisite")
def test_prerequisite(smtp):
    smtp.given("XYZZY")

@ask("claimed")
@needs("XCLAIM")
def test_claimed(smtp):
    raise AssertionError

@ask("slow")
@slow
def test_slow(smtp):
    raise AssertionError

@ask("error")
def test_error(smtp):
    assert not smtp.offer
"""
)
WORDS = {
    "pass": "PASSED",
    "fail": "FAILED",
    "security": "FAILED",
    "should": "DEVIATION",
    "tolerated": "DEVIATION",
    "noted": "PASSED",
    "may": "OBSERVED",
    "interop": "OBSERVED",
    "prerequisite": "INCONCLUSIVE",
    "claimed": "SKIPPED",
    "slow": "SKIPPED",
    "error": "ERROR",
}
COUNTS = {"passed": 4, "failed": 2, "deviation": 2, "inconclusive": 1, "skipped": 2, "errors": 1}

GREEN = HEAD + '@ask("pass")\ndef test_pass(smtp):\n    smtp.exchange("NOOP", 250)\n'


def judged(pytester: pytest.Pytester, source: str, *arguments: str) -> pytest.RunResult:
    """Run a module of checks against the reference."""
    if source:
        pytester.makepyfile(test_house=source)
    return pytester.runpytest("test_house.py", REFERENCE, *arguments)


def report_of(pytester: pytest.Pytester) -> dict[str, dict[str, object]]:
    """The checks of report.json by the last word of their ids."""
    document = json.loads((pytester.path / "report.json").read_text())
    return {c["requirement"].split("-")[-1]: c for target in document["targets"] for c in target["checks"]}


# -- categories


@pytest.mark.parametrize("more", [[], ["-n2"], ["--runxfail"], ["--netconform-concurrency=1"], ["-p", "no:randomly"]])
def test_every_verdict_has_its_category(pytester: pytest.Pytester, more: list[str]) -> None:
    """Verdicts keep their categories on workers, under --runxfail and whatever the concurrency."""
    result = judged(pytester, VERDICTS, "-v", *more)
    assert result.parseoutcomes() == COUNTS
    assert result.ret == 1
    for name, word in WORDS.items():
        line = f"*{word} test_house.py::test_{name}*" if "-n2" in more else f"test_house.py::test_{name} {word}*"
        result.stdout.fnmatch_lines_random([line])


def test_letters(pytester: pytest.Pytester) -> None:
    """Without -v each verdict is a letter."""
    result = judged(pytester, VERDICTS)
    result.stdout.fnmatch_lines(["test_house.py .FFdd.ooissE *"])


def test_a_run_with_reservations_is_a_success(pytester: pytest.Pytester) -> None:
    """Deviations and inconclusive checks do not fail a run, unless --netconform-strict says so."""
    quiet = ["-k", "not (fail or security or error)"]
    assert judged(pytester, VERDICTS, *quiet).ret == 0
    for strict, code in [("", 1), ("=deviation", 1), ("=inconclusive", 1)]:
        result = judged(pytester, "", *quiet, f"--netconform-strict{strict}")
        result.stdout.fnmatch_lines(["reference-smtp: *, which --netconform-strict does not allow"])
        assert result.ret == code
    assert judged(pytester, "", "-k", "pass or should", "--netconform-strict=inconclusive").ret == 0


def test_nothing_passed_is_no_success(pytester: pytest.Pytester) -> None:
    """A run in which a target does nothing right is exit 1; one from which everything was deselected is exit 5."""
    result = judged(pytester, VERDICTS, "-k", "claimed or slow or prerequisite")
    result.stdout.fnmatch_lines(["reference-smtp: nothing passed"])
    assert result.ret == 1
    assert judged(pytester, "", "-k", "nonsense").ret == 5


# -- evidence


def test_a_failure_points_at_the_check(pytester: pytest.Pytester) -> None:
    """A failure shows the check's line, the requirement, the transcript and how to repeat it, and nothing of ours."""
    result = judged(pytester, VERDICTS, "-k", "test_fail", "--netconform-reproducers=scripts", "--tb=long")
    result.stdout.fnmatch_lines(
        [
            '>       smtp.exchange("NOOP", 299)',
            "E       *expected 299 in answer to NOOP; received 250 *",
            "test_house.py:*: NonConformity",
            "-* Requirement -*",
            "SMTP-HOUSE-fail  MUST  house rules",
            "-* Wire transcript -*",
            "*C: NOOP*",
            "*S: 250 *",
            "-* How to repeat it -*",
            "pytest --netconform-target=reference:smtp test_house.py::test_fail",
            "python *scripts/*.py",
            "failed (1)",
        ]
    )
    assert "dialogue.py" not in result.stdout.str()
    assert len(list((pytester.path / "scripts").iterdir())) == 1


@pytest.mark.parametrize(
    ("nodeid", "without"),
    [("s::t[one]", "s::t"), ("s::t[one-a]", "s::t[a]"), ("s::t[a-one]", "s::t[a]"), ("s::t[a-one-b]", "s::t[a-b]")],
)
def test_one_target_has_no_parameter(nodeid: str, without: str) -> None:
    """The line that repeats a check at one of several targets leaves the target's name out of the node id."""
    assert without_parameter(nodeid, "one") == without


def test_evidence_survives_workers_and_junit(pytester: pytest.Pytester) -> None:
    """The same sections are in a worker's report and in JUnit, with the properties of every verdict."""
    result = judged(pytester, VERDICTS, "-n2", "--junitxml=junit.xml")
    result.stdout.fnmatch_lines(["-* Wire transcript -*", "*C: NOOP*"])
    cases = {c.get("name"): c for c in ElementTree.parse(pytester.path / "junit.xml").iter("testcase")}
    assert "C: NOOP" in str(cases["test_fail"][1].text)
    for name, word in {"fail": "fail", "should": "deviation", "may": "observed", "slow": "not_applicable"}.items():
        properties = {p.get("name"): p.get("value") for p in cases[f"test_{name}"].iter("property")}
        assert properties["netconform-id"] == f"SMTP-HOUSE-{name}"
        assert properties["netconform-verdict"] == word


@pytest.mark.parametrize("more", [[], ["-n2"]])
def test_the_json_report_is_whole(pytester: pytest.Pytester, more: list[str]) -> None:
    """Every check has its entry, whatever its verdict and wherever it was judged."""
    judged(pytester, VERDICTS, "--netconform-json=report.json", *more)
    document = json.loads((pytester.path / "report.json").read_text())
    assert document["schema"] == 1 and document["complete"] is True
    assert [target["name"] for target in document["targets"]] == ["reference-smtp"]
    assert "STARTTLS" in document["targets"][0]["capabilities"]
    assert {name: check["verdict"] for name, check in report_of(pytester).items()} == {
        "pass": "pass",
        "fail": "fail",
        "security": "fail",
        "should": "deviation",
        "tolerated": "deviation",
        "noted": "pass",
        "may": "observed",
        "interop": "observed",
        "prerequisite": "inconclusive",
        "claimed": "not_applicable",
        "slow": "not_applicable",
        "error": "error",
    }


def test_durations_are_the_checks_own(pytester: pytest.Pytester) -> None:
    """A check that ran ahead reports the time that it took, not the time that pytest waited for it."""
    source = HEAD + '@ask("silence")\ndef test_silence(smtp):\n    smtp.silent("here", window=0.3)\n'
    judged(pytester, GREEN + source.removeprefix(HEAD), "--netconform-json=report.json", "--junitxml=junit.xml")
    assert 0.3 <= float(str(report_of(pytester)["silence"]["seconds"])) < 1
    times = {c.get("name"): c.get("time") for c in ElementTree.parse(pytester.path / "junit.xml").iter("testcase")}
    assert 0.3 <= float(str(times["test_silence"])) < 1


# -- known findings


def test_known_findings(pytester: pytest.Pytester) -> None:
    """A baseline makes known failures expected ones; an entry that is not found any more fails the run."""
    judged(pytester, VERDICTS, "--netconform-baseline-write=known.txt")
    found = (pytester.path / "known.txt").read_text()
    assert "SMTP-HOUSE-fail fail 299 in answer to NOOP" in found
    quiet = ["-k", "not error", "--netconform-baseline=known.txt"]
    for more in ([], ["-n2"], ["--netconform-strict=deviation"], ["-x"]):
        result = judged(pytester, "", *quiet, *more)
        assert (result.ret, result.parseoutcomes()["xfailed"]) == (0, 2)
        result.stdout.fnmatch_lines(["4 known findings of known.txt"])
    mended = judged(pytester, VERDICTS.replace('"NOOP", 299)', '"NOOP", 250)', 1), *quiet)
    mended.stdout.fnmatch_lines(["stale in known.txt (1)*", "*SMTP-HOUSE-fail fail 299 in answer to NOOP"])
    assert mended.ret == 1
    assert judged(pytester, "", "-k", "test_pass", "--netconform-baseline=known.txt").ret == 0


# -- pytest's own ways


def test_choosing(pytester: pytest.Pytester) -> None:
    """-k takes ids, -m levels and traits, --deselect and --netconform-select node ids and requirements."""
    for arguments, count in [
        (["-k", "SMTP-HOUSE-should"], 1),
        (["-m", "netconform_should or netconform_security"], 2),
        (["-m", "netconform_slow"], 1),
        (["-m", "netconform"], 12),
        (["--deselect", "test_house.py::test_fail"], 11),
        (["--netconform-select=SMTP-HOUSE-fail,SMTP-HOUSE-may"], 2),
        (["--netconform-select=SMTP-HOUSE"], 12),
        (["test_house.py::test_may"], 1),
    ]:
        pytester.makepyfile(test_house=VERDICTS)
        paths = [] if "::" in arguments[0] else ["test_house.py"]
        result = pytester.runpytest(*paths, REFERENCE, "--co", "-q", *arguments)
        assert len([line for line in result.outlines if "::" in line]) == count, arguments


def test_last_failed(pytester: pytest.Pytester) -> None:
    """--lf runs what failed, of the checks and of the project's own tests; --ff runs it first."""
    pytester.makepyfile(test_own="def test_good(): pass\ndef test_bad(): assert 0", test_house=VERDICTS)
    paths = [
        "test_own.py",
        "test_house.py",
        "--netconform-suite=smtp",
        "--netconform-select=SMTP-5321-4.1.4-d,SMTP-HOUSE",
    ]
    pytester.runpytest(*paths, REFERENCE)
    again = pytester.runpytest(*paths, REFERENCE, "--lf")
    assert again.parseoutcomes() == {"failed": 3, "errors": 1, "deselected": again.parseoutcomes()["deselected"]}
    first = pytester.runpytest(*paths, REFERENCE, "--ff", "-v")
    first.stdout.fnmatch_lines(["*test_bad FAILED*", "*test_fail FAILED*", "*test_good PASSED*"])


def test_an_id_that_nobody_has(pytester: pytest.Pytester) -> None:
    """An id that no check of the session has is a mistake, also where the checks are the project's own."""
    result = judged(pytester, GREEN, "--netconform-select=SMTP-HOUSE-fall")
    result.stderr.fnmatch_lines(["ERROR: --netconform-select=SMTP-HOUSE-fall: no check of this session has this id*"])
    assert result.ret == 4


def test_last_failed_of_a_suite(pytester: pytest.Pytester) -> None:
    """A suite's own failures are found again by --lf, although no file has their name."""
    pytester.makepyfile(test_own="def test_bad(): assert 0")
    pytester.mkpydir(".pytest_cache")
    cache = pytester.path / ".pytest_cache" / "v" / "cache"
    cache.mkdir(parents=True)
    failed = {"test_own.py::test_bad": True, "smtp::test_rcpt_before_mail": True}
    (cache / "lastfailed").write_text(json.dumps(failed))
    result = pytester.runpytest("test_own.py", REFERENCE, "--netconform-suite=smtp", "--lf", "-v")
    result.stdout.fnmatch_lines(["test_own.py::test_bad FAILED*", "smtp::test_rcpt_before_mail PASSED*"])
    assert result.parseoutcomes()["passed"] == 1


@pytest.mark.parametrize(("option", "failed"), [("-x", 1), ("--maxfail=2", 2), ("--sw", 1)])
def test_stopping_early(pytester: pytest.Pytester, option: str, failed: int) -> None:
    """-x, --maxfail and --stepwise stop where they should, and the reports are whole."""
    result = judged(pytester, VERDICTS, option, "--netconform-json=report.json")
    assert result.parseoutcomes()["failed"] == failed
    assert json.loads((pytester.path / "report.json").read_text())["complete"] is False


def test_marks_of_the_users(pytester: pytest.Pytester) -> None:
    """A project may skip a check, or expect its failure, with pytest's own marks."""
    marks = {"test_fail(": "@pytest.mark.xfail\n", "test_pass(": "@pytest.mark.skip(reason='why not')\n"}
    source = VERDICTS
    for name, mark in marks.items():
        source = source.replace(f"def {name}", f"{mark}def {name}")
    result = judged(pytester, source, "-k", "test_fail or test_pass or test_noted", "--netconform-json=report.json")
    assert {"xfailed": 1, "skipped": 1, "passed": 1}.items() <= result.parseoutcomes().items()
    assert report_of(pytester)["pass"]["reason"] == "why not"


def test_fixtures_of_the_users(pytester: pytest.Pytester) -> None:
    """A check may ask for fixtures of the project's own; one that fails makes an error of the check."""
    source = GREEN + (
        "@pytest.fixture\ndef word():\n    return 'NOOP'\n"
        "@pytest.fixture\ndef broken():\n    raise OSError('broken')\n"
        "@ask('word')\ndef test_word(smtp, word):\n    smtp.exchange(word, 250)\n"
        "@ask('broken')\ndef test_broken(smtp, broken):\n    raise AssertionError\n"
    )
    result = judged(pytester, source, "--netconform-json=report.json")
    assert result.parseoutcomes() == {"passed": 2, "errors": 1}
    assert report_of(pytester)["broken"]["verdict"] == "error"


def test_strangers_are_left_alone(pytester: pytest.Pytester) -> None:
    """The project's ordinary tests run as ever beside the checks."""
    source = VERDICTS + "\ndef test_own(tmp_path): assert tmp_path\nclass TestOwn:\n    def test_it(self): assert 0\n"
    result = judged(pytester, source, "-k", "own or test_pass")
    assert result.parseoutcomes()["passed"] == 2 and result.parseoutcomes()["failed"] == 1


def test_warnings_are_errors(pytester: pytest.Pytester) -> None:
    """Runs are clean under -W error and --strict-markers."""
    result = judged(pytester, VERDICTS, "-W", "error", "--strict-markers")
    assert result.parseoutcomes() == COUNTS


def test_hooks(pytester: pytest.Pytester) -> None:
    """A conftest hears of every target and every record."""
    pytester.makeconftest(
        "def pytest_netconform_record(record): print('RECORD', record['verdict'])\n"
        "def pytest_netconform_target_ready(target): print('READY', target.name)\n"
    )
    result = judged(pytester, GREEN, "-s")
    result.stdout.fnmatch_lines(["*READY reference-smtp", "*RECORD pass*"])


def test_pdb_stands_in_the_check(pytester: pytest.Pytester) -> None:
    """--pdb opens at the check's line, with its arguments."""
    pytester.makepyfile(test_house=VERDICTS)
    command = [sys.executable, "-m", "pytest", "test_house.py", REFERENCE, "--pdb", "-k", "test_fail or test_should"]
    done = subprocess.run(command, input="p 'I am', smtp.target.name\nq\n", capture_output=True, text=True, timeout=20)
    assert '-> smtp.exchange("NOOP", 299)' in done.stdout
    assert "('I am', 'reference-smtp')" in done.stdout


def test_properties(pytester: pytest.Pytester) -> None:
    """A property drawn by Hypothesis dials inside, and fails with its example."""
    source = HEAD + (
        "from hypothesis import given, settings, strategies as st\n"
        "from pytest_netconform.verdict import NonConformity\n"
        "@ask('property')\n@settings(max_examples=20, deadline=None, database=None)\n@given(number=st.integers(0, 9))\n"
        "def test_property(netconform_target, number):\n"
        "    if number > 4: raise NonConformity('four at most', str(number))\n"
        "@ask('good')\n@settings(max_examples=5, deadline=None, database=None)\n@given(number=st.integers(0, 9))\n"
        "def test_good(netconform_target, number):\n    assert netconform_target.survey.sound\n"
    )
    result = judged(pytester, source, "--netconform-json=report.json")
    assert result.parseoutcomes() == {"passed": 1, "failed": 1}
    assert report_of(pytester)["property"]["received"] == "5"


# -- interruptions


def test_a_timeout_of_pytest_timeout(pytester: pytest.Pytester) -> None:
    """A check that pytest-timeout breaks off is an error; those behind it are judged all the same."""
    source = HEAD + (
        "@ask('stuck')\ndef test_stuck(smtp):\n    smtp.silent('for ever', window=60)\n"
        "@ask('pass')\ndef test_pass(smtp):\n    smtp.exchange('NOOP', 250)\n"
        "@ask('quiet')\ndef test_quiet(smtp):\n    smtp.silent('a while', window=0.3)\n"
    )
    for more in ([], ["--netconform-concurrency=1"]):
        began = time.monotonic()
        result = judged(pytester, source, "--timeout=0.7", "--netconform-json=report.json", *more)
        assert time.monotonic() - began < 15  # the patience is longer
        assert result.parseoutcomes() == {"passed": 2, "errors": 1}
        assert {name: check["verdict"] for name, check in report_of(pytester).items()} == {
            "stuck": "error",
            "pass": "pass",
            "quiet": "pass",
        }


@pytest.mark.parametrize("more", [[], ["--netconform-concurrency=1"], ["-n1"]])
def test_ctrl_c(pytester: pytest.Pytester, more: list[str]) -> None:
    """Ctrl-C ends a run at once: exit 2, reports written, nothing of ours in the way."""
    source = HEAD + (
        "@ask('pass')\ndef test_pass(smtp):\n    smtp.exchange('NOOP', 250)\n"
        "@ask('stuck')\ndef test_stuck(smtp):\n    smtp.silent('for ever', window=60)\n"
        "@ask('other')\ndef test_other(smtp):\n    smtp.silent('for ever', window=60)\n"
    )
    pytester.makepyfile(test_house=source)
    pytester.makeconftest("def pytest_netconform_record(record): open('started', 'w').close()")
    command = [sys.executable, "-m", "pytest", "test_house.py", REFERENCE, "--netconform-json=report.json", *more]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    for _ in range(1000):
        if (pytester.path / "started").exists():
            break
        time.sleep(0.02)
    time.sleep(0.2)
    began = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    output, _ = process.communicate(timeout=20)
    assert process.returncode == 2, output
    assert time.monotonic() - began < 15  # the patience is longer
    interrupted = r"pytest_netconform/(sockets|transport)\.py:\d+: KeyboardInterrupt"  # pytest's own line on where
    assert "pytest_netconform/" not in re.sub(interrupted, "", output)
    document = json.loads((pytester.path / "report.json").read_text())
    assert document["complete"] is False
    assert [check["verdict"] for check in document["targets"][0]["checks"]][:1] == ["pass"]


# -- a target that dies


@pytest.mark.parametrize("more", [[], ["-n2"], ["--netconform-concurrency=1"]])
def test_a_death_has_one_culprit(pytester: pytest.Pytester, more: list[str]) -> None:
    """A death is charged to the check that caused it; what follows is inconclusive; the target is dead at the end."""
    source = HEAD + (
        "@ask('pass')\ndef test_pass(smtp):\n    smtp.exchange('NOOP', 250)\n"
        "@ask('die')\n@hostile\ndef test_die(smtp):\n    smtp.exchange('DIE', 500)\n"
        + "".join(f"@ask('later{n}')\ndef test_later{n}(smtp):\n    smtp.exchange('NOOP', 250)\n" for n in range(5))
    )
    pytester.makepyfile(test_house=source)
    with mortal() as host:
        url = f"smtp://127.0.0.1:{host.port}"
        result = pytester.runpytest(
            "test_house.py", f"--netconform-target={url}", "--netconform-json=report.json", *more
        )
    if "-n2" not in more:
        assert result.parseoutcomes() == {"passed": 1, "failed": 1, "inconclusive": 5}
    result.stdout.fnmatch_lines(["*: dead at the end of the run: cannot connect*"])
    verdicts = {name: check["verdict"] for name, check in report_of(pytester).items()}
    assert verdicts["die"] == "fail" and list(verdicts.values()).count("fail") == 1
    assert result.ret == 1


def test_a_death_behind_everybodys_back(pytester: pytest.Pytester) -> None:
    """A target that dies in mid-run without a hostile check fails one check only, however many were under way."""
    source = HEAD + "".join(
        f"@ask('c{n}')\ndef test_c{n}(smtp):\n    smtp.silent('a while', window=0.2)\n    smtp.exchange('NOOP', 250)\n"
        for n in range(12)
    )
    source += "@ask('die')\ndef test_die(smtp):\n    smtp.exchange('DIE', 500)\n"
    pytester.makepyfile(test_house=source)
    with mortal() as host:
        url = f"smtp://127.0.0.1:{host.port}"
        result = pytester.runpytest("test_house.py", f"--netconform-target={url}", "--netconform-concurrency=13")
    outcomes = result.parseoutcomes()
    assert outcomes["failed"] == 1
    assert outcomes["inconclusive"] > 1  # on a slow machine some have passed before the death
    assert outcomes["inconclusive"] + outcomes.get("passed", 0) == 12


def test_a_failure_that_does_not_repeat(pytester: pytest.Pytester) -> None:
    """A close that happens once is no finding: inconclusive, with both transcripts."""
    source = HEAD + "@ask('once')\ndef test_once(smtp):\n    smtp.exchange('ONCE', 500)\n" + GREEN.removeprefix(HEAD)
    pytester.makepyfile(test_house=source)
    with mortal() as host:
        url = f"smtp://127.0.0.1:{host.port}"
        result = pytester.runpytest("test_house.py", f"--netconform-target={url}", "--netconform-json=report.json")
    assert (result.ret, result.parseoutcomes()) == (0, {"passed": 1, "inconclusive": 1})
    once = report_of(pytester)["once"]
    assert "did not repeat" in str(once["reason"]) and once["transcript"] and once["earlier"]

"""Fuzzing in a session: off by default, within a budget, findings as cases, the corpus, and what can be mistyped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from pytest_netconform.ca import Authority
from pytest_netconform.fixtures.network import reference_of
from pytest_netconform.fuzz import corpus
from pytest_netconform.protocols import PROTOCOLS
from pytest_netconform.reference_servers.host import Host, serving
from pytest_netconform.reference_servers.mutants.mutant import mutants_of
from pytest_netconform.reference_servers.session import Reset
from pytest_netconform.reference_servers.smtp import SmtpSession

REFERENCE = "--netconform-target=reference:smtp"
MUTANT = next(mutant for mutant in mutants_of("smtp") if mutant.name == "rcpt_before_mail_250")
DIALOGUE = ("-k", "dialogue")


@contextmanager
def serves(session: type[Any] | None, authority: Authority) -> Iterator[tuple[str, Host]]:
    """A server on a socket, as the option that names it."""
    make = reference_of(PROTOCOLS["smtp"], {}, session).make_session
    with serving(make, tls=authority.server_context()) as host:
        yield f"--netconform-target=smtp://127.0.0.1:{host.port}?recipient=alice@example.test", host


@pytest.fixture
def wrong(authority: Authority) -> Iterator[str]:
    """A server that takes recipients when nobody has sent anything."""
    with serves(MUTANT.session, authority) as (target, _):
        yield target


def names(folder: Path) -> list[str]:
    """The cases of a folder."""
    return [path.stem for path in sorted(folder.glob("*.json"))]


def test_it_is_off_by_default(pytester: pytest.Pytester) -> None:
    """Nobody is explored who did not ask for it, and nothing of it is collected."""
    collected = pytester.runpytest(REFERENCE, "--co", "-q").stdout.str()
    assert "smtp::" in collected and "fuzz::" not in collected


def test_beside_the_suites_or_alone(pytester: pytest.Pytester) -> None:
    """With the option the suite `fuzz` joins the others; named as an argument it comes alone; a suite keeps its own."""
    both = pytester.runpytest(REFERENCE, "--netconform-fuzz=5", "--co", "-q").stdout.str()
    assert "smtp::test_rcpt_before_mail" in both and "fuzz::test_dialogue[explore]" in both
    alone = pytester.runpytest(REFERENCE, "--netconform-fuzz=5", "fuzz", "--co", "-q").stdout.str()
    assert "smtp::" not in alone and "fuzz::test_cuts[explore]" in alone and "differential" not in alone
    chosen = pytester.runpytest(REFERENCE, "--netconform-fuzz=5", "--co", "-q", "smtp::test_rcpt_before_mail")
    lines = [line for line in chosen.stdout.lines if "::" in line]
    assert lines[0] == "smtp::test_rcpt_before_mail" and len([line for line in lines if line[:4] == "fuzz"]) == 3


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (
            ["--netconform-fuzz=0"],
            "--netconform-fuzz=0: no budget; write how many examples (500), or how long (30s, 10m)",
        ),
        (["--netconform-fuzz=0m"], "--netconform-fuzz=0m: no budget"),
        (["--netconform-fuzz="], "--netconform-fuzz=: no budget"),
        (["--netconform-fuzz=-5"], "--netconform-fuzz=-5: no budget"),
        (["--netconform-fuzz=ten"], "--netconform-fuzz=ten: no budget"),
        (["--netconform-fuzz=1.5"], "--netconform-fuzz=1.5: no budget"),
        (["--netconform-differential=reference"], "is for --netconform-fuzz or --netconform-corpus"),
        (["fuzz"], "the suite fuzz wants a budget: give --netconform-fuzz, or --netconform-corpus=FOLDER"),
        (["--netconform-corpus=test_file.py"], "--netconform-corpus: test_file.py is no folder"),
        (["--netconform-fuzz=5", "--netconform-corpus=test_file.py/below"], "Not a directory"),
        (["--netconform-fuzz=5", "--netconform-differential=127.0.0.1:1"], "cannot connect to 127.0.0.1:1"),
        (["--netconform-fuzz=5", "--netconform-differential=nonsense://x"], "unknown scheme nonsense://"),
        (["--netconform-fuzz=5", "--netconform-differential=reference:ftp"], "no target of this run speaks the same"),
    ],
)
def test_what_is_mistyped_is_said_in_a_line(pytester: pytest.Pytester, options: list[str], text: str) -> None:
    """Exit 4, one line, no traceback, and nothing is explored."""
    pytester.makepyfile(test_file="")
    result = pytester.runpytest(REFERENCE, *options)
    errors = [line for line in result.stderr.lines if line.startswith("ERROR")]
    assert result.ret == pytest.ExitCode.USAGE_ERROR and len(errors) == 1
    assert text in errors[0].replace(f"{pytester.path}/", ""), errors
    assert "Traceback" not in result.stdout.str() + result.stderr.str()


def test_exploring_elsewhere_asks_for_consent(pytester: pytest.Pytester) -> None:
    """Whoever is not on this machine is not explored unless somebody says that he may be hurt; nobody is dialled."""
    result = pytester.runpytest("--netconform-target=smtp://192.0.2.1", "--netconform-fuzz", "--co")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*is not on this machine*--netconform-allow=write,intrusive*"])


def test_the_reference_stands(pytester: pytest.Pytester) -> None:
    """Nothing is found, what was done is said with its seed, and the exit code is 0."""
    result = pytester.runpytest(REFERENCE, "--netconform-fuzz=20", "fuzz", "--hypothesis-seed=7")
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["explored", "  FUZZ-dialogue  20 examples, * steps in * s, seed 7: 0 findings"])


def test_the_same_run_twice(pytester: pytest.Pytester) -> None:
    """Under Hypothesis' profile `ci` nothing is left to chance."""
    told = []
    for _ in range(2):
        result = pytester.runpytest(REFERENCE, "--netconform-fuzz=20", "fuzz", "--hypothesis-profile=ci", *DIALOGUE)
        lines = [line for line in result.stdout.lines if "FUZZ-dialogue" in line]
        told.append([line.partition(" in ")[0] + line.partition("seed")[2] for line in lines])
    assert told[0] == told[1] and told[0]


def test_a_finding_is_a_case_at_once(pytester: pytest.Pytester, wrong: str, tmp_path: Path) -> None:
    """It is shrunk, judged anew behind the exploration, shown with its octets, kept, and written for every report."""
    kept = tmp_path / "corpus"
    files = ("--netconform-json=all.json", "--junitxml=all.xml", "--netconform-reproducers=scripts")
    result = pytester.runpytest(wrong, "--netconform-fuzz=30", f"--netconform-corpus={kept}", "fuzz", *DIALOGUE, *files)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    (name, *_) = names(kept)
    result.stdout.fnmatch_lines(
        [
            "*RCPT with no MAIL before it is answered 503 (RFC 5321 3.3, 4.1.4)*",
            f"note: kept as {kept}/*.json",
            "* C: RCPT TO:<*",
            f"pytest *--netconform-corpus={kept} 'fuzz::test_dialogue?*?'",
            "FAILED fuzz::test_dialogue?*",
        ]
    )
    document = json.loads((pytester.path / "all.json").read_text())
    found = [each for each in document["targets"][0]["checks"] if each["verdict"] == "fail"]
    assert f"fuzz::test_dialogue[{name}]" in {each["nodeid"] for each in found}
    assert ElementTree.parse(pytester.path / "all.xml").findall(".//failure")
    assert list((pytester.path / "scripts").glob("FUZZ-dialogue-*.py"))


def test_a_corpus_is_held_first(pytester: pytest.Pytester, wrong: str, tmp_path: Path) -> None:
    """STILL THERE on whoever is still wrong, FIXED on whoever is not; what is still there is not found again."""
    kept = f"--netconform-corpus={tmp_path}"
    pytester.runpytest(wrong, "--netconform-fuzz=30", kept, "fuzz", *DIALOGUE, "--hypothesis-seed=1")
    count = len(names(tmp_path))
    assert count
    again = pytester.runpytest(wrong, kept, "fuzz", "-v")
    again.assert_outcomes(failed=count)
    again.stdout.fnmatch_lines([f"  of the corpus: {count} STILL THERE"])
    mended = pytester.runpytest(REFERENCE, kept, "fuzz", "-v")
    assert mended.ret == 0
    mended.stdout.fnmatch_lines([f"  of the corpus: {count} FIXED", "*FIXED  fuzz::test_dialogue?smtp-*"])
    more = pytester.runpytest(wrong, "--netconform-fuzz=30", kept, "fuzz", *DIALOGUE, "--hypothesis-seed=1", "-v")
    order = [line for line in more.stdout.lines if line.startswith("fuzz::")]
    assert "[explore]" not in order[0] and len(names(tmp_path)) == count


def test_a_spoilt_corpus_is_used_as_far_as_it_goes(pytester: pytest.Pytester, wrong: str, tmp_path: Path) -> None:
    """What cannot be read is named, and the rest is held."""
    kept = f"--netconform-corpus={tmp_path}"
    pytester.runpytest(wrong, "--netconform-fuzz=30", kept, "fuzz", *DIALOGUE, "--hypothesis-seed=1")
    count = len(names(tmp_path))
    (tmp_path / "0.json").write_text("{")
    (tmp_path / "1.json").write_text('{"format": 99}')
    result = pytester.runpytest(REFERENCE, kept, "fuzz")
    result.assert_outcomes(passed=count)
    result.stdout.fnmatch_lines(
        ["*0.json is left out: it is damaged*", "*1.json is left out: a newer version wrote it*"]
    )


def test_an_empty_corpus_is_said(pytester: pytest.Pytester, tmp_path: Path) -> None:
    """Nothing to hold and nothing to explore is no success."""
    result = pytester.runpytest(REFERENCE, f"--netconform-corpus={tmp_path}", "fuzz")
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    result.stdout.fnmatch_lines(["*holds no case*"])


class Whim(SmtpSession):
    """Answers one VRFY wrongly, and never again."""

    asked = 0

    def answer_vrfy(self, argument: bytes) -> None:
        type(self).asked += 1
        if type(self).asked == 5:
            self.reply(354, "", "What was that?")
        else:
            super().answer_vrfy(argument)


def test_what_does_not_repeat_is_called_flaky(pytester: pytest.Pytester, authority: Authority, tmp_path: Path) -> None:
    """INCONCLUSIVE, with what was heard the first time; kept as flaky, and never called FIXED."""

    class Session(Whim):
        pass

    kept = f"--netconform-corpus={tmp_path}"
    with serves(Session, authority) as (target, _):
        result = pytester.runpytest(target, "--netconform-fuzz=60", kept, "fuzz", *DIALOGUE, "--hypothesis-seed=1")
        assert result.ret == 0
        result.stdout.fnmatch_lines(["*the finding did not repeat (flaky)*"])
        assert [each.flaky for each in corpus.read(tmp_path)[0]] == [True]
        later = pytester.runpytest(target, kept, "fuzz")
    later.stdout.fnmatch_lines(["  of the corpus: 1 did not show again"])


def test_a_target_that_dies_is_the_finding(pytester: pytest.Pytester, authority: Authority, tmp_path: Path) -> None:
    """The run ends with it: the last inputs are kept under a name, and nothing more is said to the dead."""

    class Session(SmtpSession):
        host: Host

        def answer_vrfy(self, argument: bytes) -> None:
            type(self).host.deafen()
            self.act(Reset())

    with serves(Session, authority) as (target, host):
        Session.host = host
        result = pytester.runpytest(target, "--netconform-fuzz=500", f"--netconform-corpus={tmp_path}", "fuzz")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    (kept,) = corpus.read(tmp_path)[0]
    assert any(step.say.startswith(b"VRFY") for step in kept.case.steps)
    result.stdout.fnmatch_lines(
        [
            "expected: the next client is served",
            f"note: kept as {tmp_path}/{kept.case.name}.json",
            "note: not tried again: the target serves nobody any more",
            "*the target stopped answering during FUZZ-dialogue*",
            "*; the target died: *",
        ]
    )
    result.assert_outcomes(passed=1, failed=1)
    assert "2 inconclusive" in result.stdout.lines[-1]


def test_two_targets_are_compared(pytester: pytest.Pytester, wrong: str) -> None:
    """Where they answer otherwise is a DEVIATION: neither need be wrong; with themselves they agree."""
    how = ("--netconform-fuzz=40", "fuzz", "-k", "differential", "--hypothesis-seed=1")
    other = wrong.removeprefix("--netconform-target=")
    differs = pytester.runpytest(REFERENCE, f"--netconform-differential={other}", *how)
    assert differs.ret == 0
    differs.stdout.fnmatch_lines(
        ["*FUZZ-differential  SHOULD*", "      expected both targets answer alike; received 5, *"]
    )
    same = pytester.runpytest(REFERENCE, "--netconform-differential=reference", *how)
    assert "0 findings" in " ".join(same.stdout.str().split())


def test_several_targets_have_their_own_cases(pytester: pytest.Pytester, wrong: str, tmp_path: Path) -> None:
    """Each is explored, and each finding stands under the name of its target."""
    named = wrong.replace("=smtp://", "=bad=smtp://", 1)
    good = REFERENCE.replace("=reference", "=good=reference")
    result = pytester.runpytest(
        named, good, "--netconform-fuzz=20", f"--netconform-corpus={tmp_path}", "fuzz", *DIALOGUE, "-v"
    )
    lines = result.stdout.str()
    assert "fuzz::test_dialogue[bad-explore]" in lines and "fuzz::test_dialogue[good-explore]" in lines
    assert "fuzz::test_dialogue[bad-smtp-" in lines and "fuzz::test_dialogue[good-smtp-" not in lines


def test_workers_explore_too(pytester: pytest.Pytester, wrong: str, tmp_path: Path) -> None:
    """Under pytest-xdist the findings of workers are judged there and reported here."""
    result = pytester.runpytest(
        wrong, "--netconform-fuzz=20", f"--netconform-corpus={tmp_path}", "fuzz", "-n", "2", "-p", "xdist"
    )
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    found = names(tmp_path)
    assert found and all(f"[{name}]" in result.stdout.str() for name in found)


def test_a_silent_server_is_not_explored(pytester: pytest.Pytester, authority: Authority) -> None:
    """What cannot even take leave is not explored, and never green."""

    class Deaf(SmtpSession):
        def answer_quit(self, argument: bytes) -> None:
            self.reply(500, "", "No")

    with serves(Deaf, authority) as (target, _):
        result = pytester.runpytest(target, "--netconform-fuzz=20", "fuzz", *DIALOGUE)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*QUIT is answered 221*"])


def test_a_module_of_the_users_can_hold_it(pytester: pytest.Pytester) -> None:
    """Door 3: the checks of fuzzing beside a project's own fixtures."""
    pytester.makepyfile(
        test_fuzz="""
        import pytest
        from pytest_netconform.suites.fuzz import *

        @pytest.fixture(scope="session")
        def netconform_target():
            return "reference:smtp"
        """
    )
    result = pytester.runpytest("--netconform-fuzz=10", "test_fuzz.py", "-v")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["test_fuzz.py::test_dialogue[[]explore[]]*"])

"""Reports: one set of outcomes, seen through every report; nothing hostile and nothing secret in any of them."""

from __future__ import annotations

import base64
import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from pytest_netconform.dialects import READY
from pytest_netconform.judge import Outcome
from pytest_netconform.memory import Memory
from pytest_netconform.reference_servers.null import Null
from pytest_netconform.report import evidence, junit
from pytest_netconform.report.json_file import CHECK_KEYS, TARGET_KEYS, document
from pytest_netconform.report.record import LEVELS, VERDICTS, Record, entry_of, record_of
from pytest_netconform.report.terminal import summary_lines
from pytest_netconform.requirement import INTEROP, MUST, SECURITY, SHOULD, Check, Level, Requirement
from pytest_netconform.target import Target, parse_target
from pytest_netconform.transcript import Transcript, What
from pytest_netconform.verdict import Verdict

EVIL = b"\x1b]0;gotcha\x07\x1b[31m<script>alert(1)</script>\xff\xfe\x00\x9b"
PASSWORD = "correct horse"
PLAIN = base64.b64encode(b"\0anna\0" + PASSWORD.encode())


def said(*replies: bytes) -> Transcript:
    """A transcript with a secret in it, and these replies."""
    transcript = Transcript()
    transcript.hide(PASSWORD.encode())
    transcript.add(0.0, 1, What.CONNECT, b"h:25")
    transcript.add(0.01, 1, What.SEND, b"AUTH PLAIN " + PLAIN + b"\r\n")
    for reply in replies:
        transcript.add(0.02, 1, What.RECEIVE, reply + b"\r\n")
    return transcript


def outcome(
    id: str, verdict: Verdict, level: Level = MUST, transcript: Transcript | None = None, **more: Any
) -> Outcome:
    """An outcome of a requirement of RFC 5321."""
    source = f"RFC 5321 {id.split('-')[2]}"
    check = Check(Requirement(id, level, source, "RCPT with no MAIL before it is answered 503."))
    return Outcome(check, verdict, seconds=0.12345678, transcript=transcript or said(b"250 ok"), **more)


def recorded(found: Outcome, nodeid: str = "smtp::test_x") -> Record:
    """Its record."""
    return record_of(found, nodeid=nodeid, target_name="mx")


ENTRY = {
    "name": "mx",
    "url": "smtp://anna@mx.example.org:25",
    "protocol": "smtp",
    "dialect": "",
    "capabilities": ["8BITMIME", "PIPELINING", "SIZE"],
    "problem": "",
}

FAIL = outcome(
    "SMTP-5321-4.1.4-d",
    Verdict.FAIL,
    expected="503 in answer to RCPT TO:<a@example.com>",
    received="250 2.1.5 Ok",
    notes=("250: seen before",),
)
FLAKY = outcome(
    "SMTP-5321-4.2-b",
    Verdict.INCONCLUSIVE,
    reason="the failure did not repeat (flaky): expected x, received y",
    earlier=said(b"first try"),
)
EVERY = [
    outcome("SMTP-5321-4.1.4-a", Verdict.PASS),
    FAIL,
    outcome(
        "SMTP-5321-4.1.1.2-a", Verdict.DEVIATION, SHOULD, expected="501", received="250", reason="Postfix takes it"
    ),
    outcome("SMTP-5321-4.1.1.8-a", Verdict.OBSERVED, INTEROP, observed=("214 with 3 lines",)),
    FLAKY,
    outcome("SMTP-1870-5-a", Verdict.NOT_APPLICABLE, reason="not given", lacking="?recipient="),
    outcome("SMTP-5321-7.1-a", Verdict.ERROR, SECURITY, reason="ZeroDivisionError: division by zero"),
]


# -- records


def test_a_record_is_made_of_json_types_alone() -> None:
    """Everything that is said about an outcome survives JSON unchanged, and nothing else is in it."""
    for found in EVERY:
        record = recorded(found)
        assert json.loads(json.dumps(record)) == record
        assert type(record["verdict"]) is str and type(record["level"]) is str
        assert set(record) == {*CHECK_KEYS, "target"}


def test_a_record_says_what_the_outcome_says() -> None:
    """Known answer, whole."""
    assert recorded(FAIL) == {
        "nodeid": "smtp::test_x",
        "target": "mx",
        "requirement": "SMTP-5321-4.1.4-d",
        "level": "MUST",
        "source": "RFC 5321 4.1.4",
        "sentence": "RCPT with no MAIL before it is answered 503.",
        "verdict": "fail",
        "expected": "503 in answer to RCPT TO:<a@example.com>",
        "received": "250 2.1.5 Ok",
        "reason": "",
        "notes": ["250: seen before"],
        "observed": [],
        "lacking": "",
        "known": False,
        "seconds": 0.1235,
        "transcript": [
            {"at": 0.0, "connection": 1, "who": "*", "data": "connect: h:25"},
            {"at": 0.01, "connection": 1, "who": "C", "data": r"AUTH PLAIN ********\r\n"},
            {"at": 0.02, "connection": 1, "who": "S", "data": r"250 ok\r\n"},
        ],
        "earlier": [],
    }


def test_the_words_of_records_are_those_of_the_house() -> None:
    """The lists that reports count by are the enumerations, complete."""
    assert set(VERDICTS) == {str(verdict) for verdict in Verdict}
    assert set(LEVELS) == {str(level) for level in Level}


def test_an_entry_shows_no_password() -> None:
    """A target's entry has its URL without the password, and what its sanity dialogue learned."""
    target = Target(parse_target("smtp://anna:s3cret@h?patience=2"), Memory(Null))
    target.survey.capabilities |= {"SIZE", "DSN"}
    assert entry_of(target) == {
        "name": "smtp-h-25",
        "url": "smtp://anna@h:25?patience=2",
        "protocol": "smtp",
        "dialect": "",
        "capabilities": ["DSN", "SIZE"],
        "problem": target.survey.lacking,
    }
    assert set(ENTRY) == set(entry_of(target)) == set(TARGET_KEYS)
    target.lost = "gone"
    assert entry_of(target)["problem"] == "gone"


def test_an_entry_says_what_a_target_of_ones_own_speaks() -> None:
    """A dialect is told in a line, and what follows from it is claimed."""
    target = Target(parse_target("echo://h"), Memory(Null), dialect=READY["echo"])
    entry = entry_of(target)
    assert entry["dialect"] == "echo over tcp: a stream without messages"
    assert {"flow", "rule", "rfc862"} <= set(entry["capabilities"]) and "any" not in entry["capabilities"]
    assert summary_lines(entry, [])[:2] == [
        "echo://h:7  Stream, 0 checks of 0 requirements, 0.0 s",
        "speaks echo over tcp: a stream without messages",
    ]
    assert entry_of(Target(parse_target("tcp://h:1"), Memory(Null)))["dialect"] == ""


# -- every report at once: hostile octets and secrets


def everything(record: Record) -> str:
    """What all reports say about one record."""
    texts = [f"{title}\n{text}" for title, text in evidence.sections(record, repeat="pytest x")]
    texts += summary_lines(ENTRY, [record])
    texts += [value for _, value in junit.properties(record)]
    texts.append(json.dumps(document([ENTRY], [record]), ensure_ascii=False))
    return "\n".join(texts)


@pytest.mark.parametrize("verdict", list(Verdict))
def test_nothing_hostile_reaches_a_report(verdict: Verdict) -> None:
    """Escapes, controls and invalid text of a peer are visible ASCII in every report and for every verdict."""
    shown = said(EVIL).render().splitlines()[-1].partition("S: ")[2]
    text = everything(
        recorded(
            outcome(
                "SMTP-5321-4.2-a",
                verdict,
                transcript=said(EVIL),
                received=shown,
                reason=f"got {shown}",
                observed=(shown,),
                notes=(shown,),
                earlier=said(EVIL),
            )
        )
    )
    assert text.isascii() and text.replace("\n", "").isprintable()
    assert r"\x1b]0;gotcha\x07" in text


@pytest.mark.parametrize("verdict", list(Verdict))
def test_no_secret_reaches_a_report(verdict: Verdict) -> None:
    """A password in any text of an outcome, bare or in base64, whole or cut, is hidden in every report."""
    line = f"AUTH PLAIN {PLAIN.decode()}"
    cut = f"{line[:20]}[...]{line[-20:]} (300 octets)"
    text = everything(
        recorded(
            outcome(
                "SMTP-5321-4.2-a",
                verdict,
                transcript=said(b"535 " + PASSWORD.encode(), PLAIN),
                expected=f"503 in answer to {line}",
                received=f"250 {PASSWORD}",
                reason=cut,
                observed=(line,),
                notes=(PASSWORD,),
                earlier=said(PASSWORD.encode()),
            )
        )
    )
    pieces = [PASSWORD, "correct", "horse", PLAIN.decode(), PLAIN.decode()[11:19], base64.b64encode(b"horse").decode()]
    assert not [piece for piece in pieces if piece in text]
    assert "********" in text


# -- evidence


def test_the_evidence_of_a_failure_is_complete() -> None:
    """Known answer: requirement, transcript and the two ways to repeat it."""
    line = evidence.repeat_line("smtp::test_x[a b]", "smtp://anna@h:25?recipient=a+*@b", password=True)
    found = evidence.sections(recorded(FAIL), repeat=line, reproducer=Path("out dir/x.py"))
    assert found == [
        (
            "Requirement",
            "SMTP-5321-4.1.4-d  MUST  RFC 5321 4.1.4\n"
            "RCPT with no MAIL before it is answered 503.\n"
            "expected: 503 in answer to RCPT TO:<a@example.com>\n"
            "received: 250 2.1.5 Ok\n"
            "note: 250: seen before",
        ),
        (
            "Wire transcript",
            "   0.000  *: connect: h:25\n   0.010  C: AUTH PLAIN ********\\r\\n\n   0.020  S: 250 ok\\r\\n",
        ),
        (
            "How to repeat it",
            "NETCONFORM_PASSWORD=\"...\" pytest '--netconform-target=smtp://anna@h:25?recipient=a+*@b' "
            "'smtp::test_x[a b]'\npython 'out dir/x.py'",
        ),
    ]


def test_a_flaky_failure_shows_both_tries() -> None:
    """The first try stands before the second."""
    titles = [title for title, _ in evidence.sections(recorded(FLAKY))]
    assert titles == ["Requirement", "Wire transcript, first try", "Wire transcript"]


def test_the_repeat_line_is_read_by_a_shell_as_it_was_meant() -> None:
    """Quoting holds for every character; without a target of the command line there is none."""
    words = shlex.split(evidence.repeat_line("t.py::test_x[$HOME `id` 'q']", options=["--netconform-allow=slow"]))
    assert words == ["pytest", "--netconform-allow=slow", "t.py::test_x[$HOME `id` 'q']"]


def test_a_long_transcript_is_cut_in_the_middle() -> None:
    """A terminal gets the beginning and the end; the count of what is missing is right."""
    transcript = Transcript()
    for number in range(1000):
        transcript.add(number / 1000, 1, What.SEND, b"NOOP %d\r\n" % number)
    text = evidence.transcript_text(
        recorded(outcome("SMTP-5321-4.2-a", Verdict.FAIL, transcript=transcript))["transcript"]
    )
    assert len(text.splitlines()) == evidence.SHOWN_LINES + 1
    assert "NOOP 0" in text and "NOOP 999" in text and f"[... {1000 - evidence.SHOWN_LINES} lines ...]" in text


# -- the closing summary


def test_the_summary_says_it_all_at_80_columns() -> None:
    """Known answer, whole: counts, failures, deviations, prerequisites, observations, what was left out."""
    assert summary_lines(ENTRY, [recorded(found) for found in EVERY]) == [
        "smtp://anna@mx.example.org:25  SMTP, 7 checks of 7 requirements, 0.9 s",
        "claims 8BITMIME PIPELINING SIZE",
        "",
        "           pass   fail  deviation  observed  inconclusive  left out  error",
        "MUST          1      1          -         -             1         1      -",
        "SECURITY      -      -          -         -             -         -      1",
        "SHOULD        -      -          1         -             -         -      -",
        "INTEROP       -      -          -         1             -         -      -",
        "all           1      1          1         1             1         1      1",
        "",
        "failed (1)",
        "  SMTP-5321-4.1.4-d  MUST  RFC 5321 4.1.4",
        "      expected 503 in answer to RCPT TO:<a@example.com>; received 250 2.1.5 Ok",
        "",
        "errors of ours, or of this run's surroundings (1)",
        "  SMTP-5321-7.1-a  SECURITY  RFC 5321 7.1",
        "      ZeroDivisionError: division by zero",
        "",
        "deviations: forbidden or discouraged, and known from the field (1)",
        "  SMTP-5321-4.1.1.2-a  SHOULD  RFC 5321 4.1.1.2",
        "      expected 501; received 250",
        "",
        "inconclusive (1): what was not reached, and for which checks",
        "     1  the failure did not repeat (flaky): expected x, received y",
        "        SMTP-5321-4.2-b",
        "",
        "observed (1): what this target does where the standard leaves it free",
        "  SMTP-5321-4.1.1.8-a  214 with 3 lines",
        "",
        "left out (1)",
        "  ?recipient= would unlock 1 check",
    ]


def test_what_was_left_out_is_grouped_by_what_unlocks_it() -> None:
    """Options, consents and an account would unlock; capabilities are simply not claimed. The largest group first."""
    lacking = (
        ["?recipient="] * 38 + ["--netconform-allow=slow"] * 3 + ["CHUNKING"] * 12 + ["-STARTTLS", "user:password@"]
    )
    records = [
        recorded(outcome(f"SMTP-5321-4.{i}-a", Verdict.NOT_APPLICABLE, reason="x", lacking=what))
        for i, what in enumerate([*lacking, ""])
    ]
    lines = summary_lines(ENTRY, records)
    assert lines[lines.index("left out (56)") :] == [
        "left out (56)",
        "  ?recipient= would unlock 38 checks",
        "  --netconform-allow=slow would unlock 3 checks",
        "  an account (user:password@, or NETCONFORM_USERNAME and _PASSWORD) would unlock",
        "      1 check",
        "  CHUNKING is not claimed: 12 checks",
        "  STARTTLS is claimed: 1 check",
        "  x is not claimed: 1 check",
    ]


def test_inconclusive_checks_are_grouped_by_their_prerequisite() -> None:
    """One reason is told once, with its count and the first of its ids in the catalogue's order."""
    records = [
        recorded(outcome(f"SMTP-5321-4.{i}-a", Verdict.INCONCLUSIVE, reason="no mailbox is to be had"))
        for i in (11, 2, 1, 3, 4, 5, 6, 7)
    ]
    lines = summary_lines(ENTRY, records)
    assert lines[-3:] == [
        "     8  no mailbox is to be had",
        "        SMTP-5321-4.1-a, SMTP-5321-4.2-a, SMTP-5321-4.3-a, SMTP-5321-4.4-a,",
        "        SMTP-5321-4.5-a, SMTP-5321-4.6-a and 2 more",
    ]


def test_no_line_of_the_summary_passes_80_columns() -> None:
    """However long a text is, of whatever verdict."""
    long = "a word or two " * 200
    for verdict in Verdict:
        found = outcome(
            "SMTP-5321-4.1-a", verdict, expected=long, received=long, reason=long, observed=(long,), lacking=long
        )
        lines = summary_lines(ENTRY | {"problem": long, "capabilities": ["X" * 30] * 20}, [recorded(found)])
        assert max(map(len, lines)) <= 80, verdict


def test_several_checks_of_one_requirement_are_one_failure() -> None:
    """Parametrized checks share an id; known findings say that they are."""
    records = [recorded(FAIL, f"smtp::test_x[{i}]") for i in range(3)]
    assert "  SMTP-5321-4.1.4-d  MUST  RFC 5321 4.1.4  (3 checks)" in summary_lines(ENTRY, records)
    for record in records:
        record["known"] = True
    assert "  SMTP-5321-4.1.4-d  MUST  RFC 5321 4.1.4  (3 checks)  (known)" in summary_lines(ENTRY, records)


def test_other_targets_checks_are_not_counted() -> None:
    """The summary is one target's; a target without checks has one too."""
    record = recorded(FAIL) | {"target": "other"}
    assert summary_lines(ENTRY, [record])[0].endswith("0 checks of 0 requirements, 0.0 s")


# -- JUnit


def test_junit_properties_are_the_facts_of_the_record() -> None:
    """Names are prefixed, empty texts are left out, every value is a string."""
    assert junit.properties(recorded(FAIL)) == [
        ("netconform-id", "SMTP-5321-4.1.4-d"),
        ("netconform-level", "MUST"),
        ("netconform-source", "RFC 5321 4.1.4"),
        ("netconform-verdict", "fail"),
        ("netconform-expected", "503 in answer to RCPT TO:<a@example.com>"),
        ("netconform-received", "250 2.1.5 Ok"),
        ("netconform-target", "mx"),
        ("netconform-note", "250: seen before"),
    ]
    assert ("netconform-observed", "214 with 3 lines") in junit.properties(recorded(EVERY[3]))

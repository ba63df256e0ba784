"""Baselines: what is written can be read, what is damaged is told by its line, and a comparison tells old from new."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pytest_netconform.baseline import (
    TITLE,
    BaselineError,
    Finding,
    compare,
    comparison_lines,
    is_known,
    parse,
    read,
    text_of,
    write,
)
from pytest_netconform.report.file import ReportError


def record(id: str, verdict: str = "fail", expected: str = "503") -> dict[str, Any]:
    """As much of a record as a baseline looks at."""
    return {"requirement": id, "verdict": verdict, "expected": expected, "known": False}


A, B = record("SMTP-5321-4.1.1.2-a"), record("SMTP-5321-4.1.1.11-a", "deviation", "501 in answer to MAIL FROM:<#>")
FOUND_A, FOUND_B = Finding(A["requirement"], "fail", "503"), Finding(B["requirement"], "deviation", B["expected"])


def test_findings_are_written_in_the_catalogues_order_and_read_again(tmp_path: Path) -> None:
    """Failures and deviations only, each once, numbers by value; reading gives back what was written."""
    path = tmp_path / "new" / "baseline.txt"
    passed = record("SMTP-5321-3.1-a", "pass", "")
    assert write(path, [B, A, A, passed, record("SMTP-5321-4.2-a", "inconclusive")]) == 2
    assert path.read_text() == (
        f"{TITLE}\nSMTP-5321-4.1.1.2-a fail 503\nSMTP-5321-4.1.1.11-a deviation 501 in answer to MAIL FROM:<#>\n"
    )
    assert read(path) == [FOUND_A, FOUND_B]
    assert text_of([]) == TITLE + "\n" and parse(text_of([]), "x") == []


def test_comments_blanks_and_foreign_line_ends_are_read() -> None:
    """What people and editors add does no harm."""
    text = f"\ufeff{TITLE}\r\n\r\n  # why: see ticket 7\r\n\tSMTP-5321-4.1.1.2-a\tfail   503 \r\n"
    assert parse(text, "x") == [FOUND_A]
    assert parse(text, "x")[0].line == 4


def test_texts_of_several_lines_become_one() -> None:
    """An expected text with a line end in it is one line in the file, and still known."""
    odd = record("SMTP-5321-4.2-a", "fail", "one\n  two")
    assert is_known(parse(text_of([odd]), "x"), odd)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "x:1: no baseline; its first line is"),
        ("SMTP-5321-4.1.1.2-a fail 503\n", "x:1: no baseline; its first line is"),
        ("# pytest-netconform baseline 2\n", "x:1: a baseline of version 2; this one reads version 1"),
        (f"{TITLE}\n\nSMTP-5321-4.1.1.2-a\n", "x:3: 'SMTP-5321-4.1.1.2-a' is no entry; one is"),
        (f"{TITLE}\n<<<<<<< HEAD\n", "x:2: '<<<<<<< HEAD' is no entry"),
        (f"{TITLE}\nSMTP-5321-4.1.1.2-a broken 503\n", "x:2: 'broken' is no verdict that can be known"),
        (f"{TITLE}\nSMTP-5321-4.1.1.2-a pass\n", "x:2: 'pass' is no verdict that can be known"),
        (f"{TITLE}\nA fail 1\nA fail 1\n", "x:3: A stands there twice with the same text"),
        (f"{TITLE}\n\x1b[31mred\n", r"x:2: '\x1b[31mred' is no entry"),
        (f"{TITLE}\n" + "x" * 5000 + "\n", "x:2: '" + "x" * 60 + "' is no entry"),
    ],
)
def test_a_damaged_file_is_told_by_its_line(text: str, told: str) -> None:
    """One line with the file, the number of the line and what is wrong; safe to print."""
    with pytest.raises(BaselineError) as caught:
        parse(text, "x")
    assert str(caught.value).startswith(told)
    assert str(caught.value).isprintable()


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """Missing, a folder, no text: one line each; and one that cannot be written."""
    with pytest.raises(BaselineError, match=r"cannot read the baseline .*/none: No such file or directory"):
        read(tmp_path / "none")
    with pytest.raises(BaselineError, match="Is a directory"):
        read(tmp_path)
    (tmp_path / "binary").write_bytes(TITLE.encode() + b"\n\xff")
    with pytest.raises(BaselineError, match=r"binary: not a text file \(octet 31\)"):
        read(tmp_path / "binary")
    with pytest.raises(ReportError, match="cannot write"):
        write(tmp_path / "binary" / "x", [])


def test_known_fresh_and_stale_are_told_apart() -> None:
    """Known: id, verdict and text are those of an entry. Fresh: any of them differs. Stale: judged, and not found."""
    other_text, worse = A | {"expected": "550"}, B | {"verdict": "fail"}
    gone = Finding("SMTP-5321-4.2-a", "fail", "x", line=7)
    fine = record("SMTP-5321-4.2-a", "pass", "")
    result = compare([FOUND_A, FOUND_B, gone], [A, other_text, worse, fine])
    assert result.known == [A] and A["known"]
    assert result.fresh == [other_text, worse] and not worse["known"]
    assert result.stale == [FOUND_B, gone]
    assert comparison_lines(result, "b.txt") == [
        "1 known finding of b.txt",
        "stale in b.txt (2): not found any more; take these lines out",
        "  0: SMTP-5321-4.1.1.11-a deviation 501 in answer to MAIL FROM:<#>",
        "  7: SMTP-5321-4.2-a fail x",
    ]


@pytest.mark.parametrize("verdict", ["inconclusive", "not_applicable", "error"])
def test_what_was_not_judged_is_not_stale(verdict: str) -> None:
    """An entry goes stale only when every check of its requirement came to a verdict in this run."""
    assert compare([FOUND_A], []).stale == []
    passed, not_judged = record(FOUND_A.id, "pass", ""), record(FOUND_A.id, verdict)
    assert compare([FOUND_A], [passed, not_judged]).stale == []
    assert compare([FOUND_A], [passed]).stale == [FOUND_A]
    assert compare([FOUND_A], [passed], left_out={FOUND_A.id}).stale == []


def test_without_anything_to_say_nothing_is_said() -> None:
    """A run without findings and stale entries has no lines."""
    assert comparison_lines(compare([], [record("A", "pass", "")]), "b.txt") == []

"""Baselines: findings that are known and accepted for now, one line each, by requirement and expected text.

This module reads, writes and compares them. A known finding does not fail a run; one that is not found any more does,
so that the file stays true. It knows records, and must not know how a check was run.

    # pytest-netconform baseline 1
    SMTP-5321-4.1.4-d fail 503 in answer to RCPT TO:<anna@example.com>
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pytest_netconform.report.file import write_whole
from pytest_netconform.report.record import Record
from pytest_netconform.requirement import natural_order

TITLE = "# pytest-netconform baseline 1"
FINDINGS = ("fail", "deviation")  # the verdicts that can be known
CONCLUSIVE = ("pass", "observed", *FINDINGS)

_TITLE = re.compile(r"# pytest-netconform baseline (?P<version>\S+)")
_LINE = re.compile(r"(?P<id>[A-Za-z0-9][A-Za-z0-9.-]*)[ \t]+(?P<verdict>[a-z_]+)(?:[ \t]+(?P<expected>.*))?")


class BaselineError(ValueError):
    """A baseline file cannot be used; one line that says which line and why."""


@dataclass(frozen=True)
class Finding:
    """One entry; `line` is where it stands."""

    id: str
    verdict: str
    expected: str
    line: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return f"{self.id} {self.verdict} {self.expected}".rstrip()


@dataclass(frozen=True)
class Comparison:
    """A run against its baseline: findings in it, findings that are not, and entries that are not found any more."""

    known: Sequence[Record]
    fresh: Sequence[Record]
    stale: Sequence[Finding]


def read(path: Path) -> list[Finding]:
    """The entries of a file. Raises BaselineError."""
    try:
        text = path.read_bytes().decode()
    except OSError as error:
        raise BaselineError(f"cannot read the baseline {path}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise BaselineError(f"{path}: not a text file (octet {error.start})") from None
    return parse(text, str(path))


def parse(text: str, name: str) -> list[Finding]:
    """The entries of a text; `name` is what errors call it. Empty lines and comments are allowed after the title."""
    lines = text.removeprefix("\ufeff").splitlines()
    title = _TITLE.fullmatch(lines[0].strip()) if lines else None
    if title is None:
        raise BaselineError(f"{name}:1: no baseline; its first line is {TITLE!r}")
    if title["version"] != "1":
        raise BaselineError(f"{name}:1: a baseline of version {title['version']}; this one reads version 1")
    found: dict[Finding, None] = {}
    for number, line in enumerate(lines[1:], 2):
        if line.strip() and not line.lstrip().startswith("#"):
            entry = _entry(line, f"{name}:{number}", number)
            if entry in found:
                raise BaselineError(f"{name}:{number}: {entry.id} stands there twice with the same text")
            found[entry] = None
    return list(found)


def _entry(line: str, place: str, number: int) -> Finding:
    match = _LINE.fullmatch(line.strip())
    if match is None:
        raise BaselineError(f"{place}: {line.strip()[:60]!r} is no entry; one is `ID fail|deviation EXPECTED TEXT`")
    if match["verdict"] not in FINDINGS:
        raise BaselineError(
            f"{place}: {match['verdict']!r} is no verdict that can be known; {' and '.join(FINDINGS)} can"
        )
    return Finding(match["id"], match["verdict"], match["expected"] or "", number)


def finding_of(record: Record) -> Finding | None:
    """What a record would be in a baseline; None when it is no finding."""
    if record["verdict"] not in FINDINGS:
        return None
    return Finding(record["requirement"], record["verdict"], " ".join(record["expected"].split()))


def is_known(findings: Collection[Finding], record: Record) -> bool:
    """Whether a record is a finding that the baseline holds."""
    return finding_of(record) in findings


def text_of(records: Sequence[Record]) -> str:
    """A baseline of all findings of a run, in the catalogue's order."""
    found = {entry for record in records if (entry := finding_of(record)) is not None}
    by_id = {id: sorted(str(entry) for entry in found if entry.id == id) for id in {entry.id for entry in found}}
    return "\n".join([TITLE, *(line for id in natural_order(by_id) for line in by_id[id])]) + "\n"


def write(path: Path, records: Sequence[Record]) -> int:
    """Write a baseline and return how many entries it has. Raises ReportError of `report.file`."""
    text = text_of(records)
    write_whole(path, text)
    return text.count("\n") - 1


def compare(findings: Sequence[Finding], records: Sequence[Record], *, left_out: Collection[str] = ()) -> Comparison:
    """A run against its baseline; marks the records that are known.

    An entry is stale when every check of its requirement was judged in this run and none found it. left_out: ids of
    which the run did not take every check (`-k`, an interruption).
    """
    pairs = [(record, entry) for record in records if (entry := finding_of(record)) is not None]
    entries = set(findings)
    for record, entry in pairs:
        record["known"] = entry in entries
    seen = {entry for _, entry in pairs}
    judged: dict[str, bool] = {}
    for record in records:
        id = record["requirement"]
        judged[id] = judged.get(id, True) and record["verdict"] in CONCLUSIVE
    return Comparison(
        known=[record for record, entry in pairs if entry in entries],
        fresh=[record for record, entry in pairs if entry not in entries],
        stale=[e for e in findings if e not in seen and judged.get(e.id, False) and e.id not in left_out],
    )


def comparison_lines(comparison: Comparison, name: str) -> list[str]:
    """What a summary says: how many findings were known, and every entry that is not true any more."""
    count = len(comparison.known)
    lines = [f"{count} known finding{'s' * (count != 1)} of {name}"] if count else []
    if comparison.stale:
        lines.append(f"stale in {name} ({len(comparison.stale)}): not found any more; take these lines out")
        lines += [f"  {entry.line}: {entry}" for entry in comparison.stale]
    return lines

"""Real servers, judged by the whole suite as a user would run it: what is found is what `tests/field/` records.

A change of verdict is noticed: either a server has changed, or a check of ours has. Each recorded finding names the
sentence of a standard that decides, and stands in docs/field-notes.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest

from pytest_netconform.protocols import PROTOCOLS, SUITES
from tests.gates import cases_of
from tests.realservers import FIELD, SERVERS, Finding, compared, judged, recorded, table_of
from tests.running import Unavailable

ROOT = Path(__file__).parent.parent
TABLES = sorted(FIELD.glob("*.txt"))


def _shown(findings: list[Finding]) -> str:
    return "".join(f"\n{finding.verdict} {finding.id} {finding.node}: {finding.why}" for finding in findings)


@pytest.mark.parametrize("name", SERVERS)
def test_findings_are_those_recorded(
    name: str, tmp_path: Path, service_ports: Callable[[], AbstractContextManager[None]]
) -> None:
    """Every check comes to a verdict, none by an error of ours, and those that are no pass are known one by one.

    Of a version that nobody has recorded only that can be said which ids fail beyond those of a recorded one: whether
    that is the server or us, somebody has to look at.
    """
    try:
        version = SERVERS[name][0]()
    except Unavailable as reason:
        pytest.skip(str(reason))
    # it is asked from the ports of services; the other ones over datagrams are echoes, which may answer those
    lock = service_ports() if name == "xinetd-udp" else nullcontext()
    with lock, SERVERS[name][1](tmp_path) as services:
        findings, targets = judged(name, services, tmp_path)
    errors = [finding for finding in findings if finding.verdict == "error"]
    assert not errors, _shown(errors)
    for target in targets:
        held = sum(len(cases_of(suite)) for suite in PROTOCOLS[target["protocol"]].suites)
        assert len(target["checks"]) == held, target["name"]
    table = table_of(name, version)
    if not table.exists():
        _compare_with_other_versions(name, version, findings)
        return
    new, gone = compared(table, findings)
    assert not new, f"not in {table.name}:{_shown(new)}"
    assert not gone, f"in {table.name}, and not found any more: {gone}"


def _compare_with_other_versions(name: str, version: str, findings: list[Finding]) -> None:
    known = {row for table in TABLES if re.fullmatch(rf"{name}-[0-9].*", table.stem) for row in recorded(table)}
    new = [finding for finding in findings if finding.verdict == "fail" and (finding.id, "fail") not in known]
    if new:
        pytest.skip(f"nobody has looked at {name} {version} yet; it fails where others do not:{_shown(new)}")


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.stem)
def test_recorded_findings_are_explained(table: Path) -> None:
    """Every line has a sentence that decides, and the id of a check that exists; the field notes tell the same."""
    rows = recorded(table)
    ids = {case.id for suite in SUITES for case in cases_of(suite)}
    assert {id.rpartition(":")[2] for id, _ in rows} <= ids
    assert [row for row, sentence in rows.items() if len(sentence) < 10] == []
    notes = (ROOT / "docs" / "field-notes.md").read_text(encoding="utf-8")
    (section,) = re.findall(rf"^## [^\n]*`tests/field/{re.escape(table.name)}`\n(.*?)(?=^## |\Z)", notes, re.M | re.S)
    told = set(re.findall(r"^\| (\S*[A-Z][A-Z0-9]*-\S+) \| (\w+\??) \|", section, re.MULTILINE))
    assert told == set(rows)

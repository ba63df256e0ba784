"""Real servers, started on loopback with a few lines of configuration, judged as a user would.

This module knows how a run of the plugin is read, and the tables in `tests/field/` that record what was found by which
version. `python -m tests.realservers NAME` judges one and brings its table up to date.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.realdovecot import DOVECOT
from tests.realftp import FTP
from tests.realhttp import HTTP
from tests.realjson import JSONRPC
from tests.realmail import MAIL
from tests.realrpc import RPC
from tests.realstreams import STREAMS
from tests.realxml import XMLRPC

FIELD = Path(__file__).parent / "field"
JUDGING_SECONDS = 100.0  # for the whole suite
# who loses answers when he serves several clients at once, so that what stays undecided differs (see the field notes)
UNSTEADY = ("pyftpdlib",)
SERVERS = {**MAIL, **DOVECOT, **FTP, **STREAMS, **RPC, **HTTP, **JSONRPC, **XMLRPC}

# what a table records; the others need no sentence of a standard
RECORDED = ("fail", "deviation", "inconclusive", "error")
SOMETIMES = "?"  # behind a verdict that not every run comes to: what decides is a race within the server
CONSEQUENCE = "the target stopped answering during"


@dataclass(frozen=True)
class Finding:
    """One verdict that is not a pass; `why` is what the plugin said.

    id: the requirement's; of a server with several services, that of the service in front: `time:CL-time-tcp`, unless
    it was found of all of them.
    """

    id: str
    verdict: str
    node: str
    why: str

    @property
    def follows(self) -> bool:
        """Whether it says no more than that another check found the end of the server."""
        return self.verdict == "inconclusive" and self.why.startswith(CONSEQUENCE)


def judged(name: str, services: Mapping[str, str], folder: Path) -> tuple[list[Finding], list[dict[str, Any]]]:
    """What the plugin finds of a server, and what it says of each of its services, run as a user runs it.

    Streams have a run each, at the same time; datagrams have one together, as the ports that they speak from are few.
    """
    runs = [{name: url} for name, url in services.items() if "+udp:" not in url]
    if together := {name: url for name, url in services.items() if "+udp:" in url}:
        runs.append(together)
    arguments = ["--netconform-concurrency=1"] if name in UNSTEADY else []
    with ThreadPoolExecutor(len(runs)) as pool:
        said = pool.map(lambda number: _run(runs[number], folder, number, arguments), range(len(runs)))
    targets = [target for found in said for target in found]
    several = len(targets) > 1
    findings = [_finding(check, target["name"] if several else "") for target in targets for check in target["checks"]]
    told = RECORDED if name not in UNSTEADY else [verdict for verdict in RECORDED if verdict != "inconclusive"]
    recorded = [finding for finding in findings if finding.verdict in told and not finding.follows]
    return _at_once([target["name"] for target in targets], recorded), targets


def _at_once(services: list[str], findings: list[Finding]) -> list[Finding]:
    """What is found of every service of several is told once, without their names."""
    of: dict[tuple[str, str], set[str]] = {}
    for finding in findings:
        service, _, id = finding.id.rpartition(":")
        of.setdefault((id, finding.verdict), set()).add(service)
    everywhere = {row for row, found in of.items() if found == set(services)}
    told = []
    for finding in findings:
        service, _, id = finding.id.rpartition(":")
        if (id, finding.verdict) not in everywhere:
            told.append(finding)
        elif service == services[0]:
            told.append(replace(finding, id=id))
    return told


def _run(services: Mapping[str, str], folder: Path, number: int, arguments: Sequence[str]) -> list[dict[str, Any]]:
    report = folder / f"report-{number}.json"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "NETCONFORM"))}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "--rootdir", str(folder)]
    command += ["-c", os.devnull, "--netconform-allow=disposable", f"--netconform-json={report}", *arguments]
    command += [f"--netconform-target={_name(name)}={url}" for name, url in services.items()]
    said = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=JUDGING_SECONDS, check=False
    )
    (folder / f"said-{number}").write_text(said.stdout + said.stderr)
    assert said.returncode in (0, 1), said.stdout[-5000:] + said.stderr[-5000:]
    targets: list[dict[str, Any]] = json.loads(report.read_text())["targets"]
    return targets


def _name(service: str) -> str:
    return service.replace("+", "-")


def _finding(check: dict[str, Any], service: str) -> Finding:
    seen = f"expected {check['expected']}, received {check['received']}" if check["expected"] else ""
    why = "; ".join(filter(None, (check["reason"], seen)))
    id = ":".join(filter(None, (service, check["requirement"])))
    return Finding(id, check["verdict"], check["nodeid"], why)


# -- the tables


def table_of(name: str, version: str) -> Path:
    """Where the findings on this version are recorded."""
    return FIELD / f"{name}-{version}.txt"


def recorded(table: Path) -> dict[tuple[str, str], str]:
    """(id, verdict) → the sentence that decides, line by line."""
    rows = {}
    for line in table.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            id, verdict, sentence = (*line.split(None, 2), "")[:3]
            rows[id, verdict] = sentence
    return rows


def compared(table: Path, findings: list[Finding]) -> tuple[list[Finding], list[tuple[str, str]]]:
    """What was found and is not recorded; what is recorded, and was not found."""
    known = recorded(table)
    rare = {id for id, verdict in known if verdict.endswith(SOMETIMES)}
    found = {(finding.id, finding.verdict) for finding in findings}
    new = [finding for finding in findings if (finding.id, finding.verdict) not in known and finding.id not in rare]
    return new, sorted(row for row in known.keys() - found if row[0] not in rare)


def record(table: Path, findings: list[Finding]) -> None:
    """Write the table anew; sentences that are known stay, and `?` stands where one is to be written by hand."""
    known = recorded(table) if table.exists() else {}
    rare = {row for row in known if row[1].endswith(SOMETIMES)}
    found = {(finding.id, finding.verdict) for finding in findings}
    rows = sorted(rare | {row for row in found if row[0] not in {id for id, _ in rare}})
    lines = [f"{id:24} {verdict:12} {known.get((id, verdict), '?')}\n" for id, verdict in rows]
    table.parent.mkdir(exist_ok=True)
    table.write_text("# id, verdict, and the sentence that decides\n" + "".join(lines), encoding="utf-8")


def main(name: str) -> None:
    """Judge a server, print what was found, and record it."""
    version, start = SERVERS[name]
    with tempfile.TemporaryDirectory(prefix="netconform-field-") as folder:
        with start(Path(folder)) as services:
            findings, targets = judged(name, services, Path(folder))
        for said in sorted(Path(folder).glob("said-*")):
            print(said.read_text())
    for finding in findings:
        print(f"{finding.id:24} {finding.verdict:12} {finding.node}\n    {finding.why}")
    for target in targets:
        print(name, version(), target["name"], dict(Counter(check["verdict"] for check in target["checks"])))
    record(table_of(name, version()), findings)


if __name__ == "__main__":
    main(*sys.argv[1:])

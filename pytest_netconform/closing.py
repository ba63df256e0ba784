"""The closing: what a run found, where it is written, and which exit code it deserves.

This module collects records in the process that reports, and knows the rules of the exit code. It must not know how a
verdict came to be; how a report looks is the affair of `report`.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from pytest_netconform.ahead import Processes
from pytest_netconform.dialogue import Visit
from pytest_netconform.options import Settings
from pytest_netconform.report import json_file, terminal
from pytest_netconform.report.record import Entry, Record, entry_of
from pytest_netconform.roster import column_of
from pytest_netconform.target import Target
from pytest_netconform.verdict import Inconclusive, NonConformity

MET = ("pass", "observed")  # verdicts of a target that does something right
ENDED = "dead at the end of the run"


class Ledger:
    """All records of a run, by node id, and the targets that they are about."""

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        self._config = config
        self._settings = settings
        self._records: dict[tuple[str, str], Record] = {}
        self._targets: dict[str, Entry] = {}
        self._remarks: list[str] = []
        self.locks: set[Path] = set()

    @property
    def records(self) -> list[Record]:
        """One record per check, in the order in which they were reported; a repeated item counts once."""
        return list(self._records.values())

    @property
    def entries(self) -> list[Entry]:
        """The targets, in the order in which they were met."""
        return list(self._targets.values())

    def add(self, record: Record) -> None:
        """One check was judged."""
        self._records[record["nodeid"], record["target"]] = record
        self._config.hook.pytest_netconform_record(config=self._config, record=record)

    def meet(self, entry: Entry) -> None:
        """There is such a target; what several processes say about it is put together."""
        known = self._targets.setdefault(entry["name"], dict(entry))
        known["capabilities"] = known["capabilities"] or entry["capabilities"]
        known["problem"] = known["problem"] or entry["problem"]

    def meet_target(self, target: Target) -> None:
        """There is such a target, in this process."""
        self.meet(entry_of(target))

    def control(self, target: Target) -> None:
        """Look whether a target still serves; what a check brought down may have come back, and then it is not lost."""
        visit = Visit(target)
        try:
            column_of(target).control(visit)
        except (NonConformity, Inconclusive) as problem:
            target.lost = f"{ENDED}: {problem}"
        else:
            target.lost = ""
        finally:
            visit.close()

    def check_files(self) -> None:
        """Before the run: whatever is to be written can be. Raises UsageError."""
        try:
            if self._settings.json is not None:
                json_file.check_writable(self._settings.json)
        except json_file.ReportError as error:
            raise pytest.UsageError(str(error)) from None

    def close(self, session: pytest.Session, *, complete: bool) -> None:
        """Write the reports, and let the findings decide about an exit code that is good so far."""
        for lock in self.locks:
            Processes(lock).remove()
        for record in self.records:
            self.meet(_unmet(record["target"]))
        reasons = list(self._reasons())
        if self._settings.json is not None:
            reasons += self._written(self._settings.json, complete)
        self._remarks += reasons
        if reasons and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _written(self, path: Path, complete: bool) -> Iterable[str]:
        try:
            json_file.write(path, json_file.document(self.entries, self.records, complete=complete))
        except json_file.ReportError as error:
            return [str(error)]
        return []

    def _reasons(self) -> Iterable[str]:
        """Why a run whose tests have not failed is not good all the same."""
        for entry in self.entries:
            verdicts = [record["verdict"] for record in self.records if record["target"] == entry["name"]]
            if entry["problem"].startswith(ENDED):
                yield f"{entry['name']}: {entry['problem']}"
            if verdicts and not any(verdict in MET for verdict in verdicts):
                yield f"{entry['name']}: nothing passed"
            for verdict in sorted(self._settings.strict):
                if count := verdicts.count(verdict):
                    yield f"{entry['name']}: {count} {verdict}, which --netconform-strict does not allow"

    def summarise(self, reporter: Any) -> None:
        """The closing summary, a section per target."""
        for entry in self.entries:
            reporter.section(f"netconform: {entry['name']}", sep="=")
            for line in terminal.summary_lines(entry, self.records, width=min(reporter._tw.fullwidth, 120)):
                reporter.write_line(line)
        for remark in self._remarks:
            reporter.write_line(remark, red=True)


def _unmet(name: str) -> Entry:
    """The entry of a target that no process reached."""
    return {"name": name, "url": "", "protocol": "", "capabilities": [], "problem": ""}

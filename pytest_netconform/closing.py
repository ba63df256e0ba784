"""The closing: what a run found, where it is written, and which exit code it deserves.

This module collects records in the process that reports, and knows the rules of the exit code. It must not know how a
verdict came to be; how a report looks is the affair of `report`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from pytest_netconform import baseline
from pytest_netconform.ahead import Processes
from pytest_netconform.judge import unserved
from pytest_netconform.options import Settings
from pytest_netconform.report import json_file, terminal
from pytest_netconform.report.file import ReportError, check_writable
from pytest_netconform.report.record import Entry, Record, entry_of
from pytest_netconform.roster import column_of
from pytest_netconform.target import Target

MET = ("pass", "observed")  # verdicts of a target that does something right
ENDED = "dead at the end of the run"


class Ledger:
    """All records of a run, by node id, and the targets that they are about."""

    def __init__(self, config: pytest.Config, settings: Settings, known: Sequence[baseline.Finding]) -> None:
        self._config = config
        self._settings = settings
        self._known = known
        self._records: dict[tuple[str, str], Record] = {}
        self._targets: dict[str, Entry] = {}
        self.remarks: list[str] = []
        self._bad = False
        self.left_out: set[str] = set()  # requirements of which not every check was taken
        self.locks: set[Path] = set()  # what workers of pytest-xdist leave behind

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
        if not known["problem"] or entry["problem"].startswith(ENDED):
            known["problem"] = entry["problem"]

    def meet_target(self, target: Target) -> None:
        """There is such a target, in this process."""
        self.meet(entry_of(target))

    def control(self, target: Target) -> None:
        """Look whether a target still serves; what a check brought down may have come back, and then it is not lost."""
        problem = unserved(target, column_of(target))
        target.lost = f"{ENDED}: {problem}" if problem else ""

    def check_files(self) -> None:
        """Before the run: whatever is to be written can be. Raises UsageError."""
        try:
            for path in filter(None, [self._settings.json, self._settings.baseline_write]):
                check_writable(path)
            if self._settings.reproducers is not None:
                self._settings.reproducers.mkdir(parents=True, exist_ok=True)
        except ReportError as error:
            raise pytest.UsageError(str(error)) from None
        except OSError as error:
            raise pytest.UsageError(
                f"--netconform-reproducers={self._settings.reproducers}: {error.strerror}"
            ) from None

    def close(self, session: pytest.Session, *, complete: bool) -> None:
        """Write the reports, and let the findings decide about an exit code that is good so far."""
        for lock in self.locks:
            Processes(lock).remove()
        for record in self.records:
            self.meet(_unmet(record["target"]))
        self.remarks += self._reasons()
        if self._settings.baseline is not None:
            self.remarks += self._compared(self._settings.baseline, complete)
        self.remarks += self._written(complete)
        if self._bad and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _compared(self, path: Path, complete: bool) -> list[str]:
        left_out = self.left_out if complete else {entry.id for entry in self._known}
        compared = baseline.compare(self._known, self.records, left_out=left_out)
        self._bad = self._bad or bool(compared.stale)
        return baseline.comparison_lines(compared, path.name)

    def _written(self, complete: bool) -> Iterator[str]:
        try:
            if self._settings.json is not None:
                document = json_file.document(self.entries, self.records, complete=complete)
                json_file.write(self._settings.json, document)
            if self._settings.baseline_write is not None:
                count = baseline.write(self._settings.baseline_write, self.records)
                yield f"{count} finding{'s' * (count != 1)} written to {self._settings.baseline_write}"
        except ReportError as error:
            self._bad = True
            yield str(error)

    def _reasons(self) -> list[str]:
        """Why a run whose tests have not failed is not good all the same."""
        found = []
        for entry in self.entries:
            mine = [record for record in self.records if record["target"] == entry["name"]]
            if entry["problem"].startswith(ENDED):
                found.append(f"{entry['name']}: {entry['problem']}")
            if mine and not any(record["verdict"] in MET for record in mine):
                found.append(f"{entry['name']}: nothing passed")
            fresh = [record["verdict"] for record in mine if not baseline.is_known(self._known, record)]
            for verdict in sorted(self._settings.strict):
                if count := fresh.count(verdict):
                    found.append(f"{entry['name']}: {count} {verdict}, which --netconform-strict does not allow")
        self._bad = self._bad or bool(found)
        return found

    def summarise(self, reporter: Any) -> None:
        """The closing summary, a section per target."""
        judged = {record["target"] for record in self.records}
        for entry in [entry for entry in self.entries if entry["name"] in judged]:
            reporter.section(f"netconform: {entry['name']}", sep="=")
            for line in terminal.summary_lines(entry, self.records, width=min(reporter._tw.fullwidth, 120)):
                reporter.write_line(line)
        for remark in self.remarks:
            reporter.write_line(remark, red=self._bad)


def _unmet(name: str) -> Entry:
    """The entry of a target that no process reached."""
    return {"name": name, "url": "", "protocol": "", "dialect": "", "capabilities": [], "problem": ""}

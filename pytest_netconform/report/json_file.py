"""The JSON report: everything a run found, for machines (`--netconform-json=FILE`, documented in docs/json-schema.md).

This module knows the shape of the file and how to write it whole or not at all. It must not know pytest, nor judge.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pytest_netconform.report.file import write_whole
from pytest_netconform.report.record import Entry, Record

SCHEMA = 1  # goes up when a reader of the earlier shape would be misled

#: what an entry of `checks` carries, in order; `target` is said by where it stands
CHECK_KEYS = (
    "nodeid",
    "requirement",
    "level",
    "source",
    "sentence",
    "verdict",
    "expected",
    "received",
    "reason",
    "notes",
    "observed",
    "lacking",
    "known",
    "seconds",
    "transcript",
    "earlier",
)
TARGET_KEYS = ("name", "url", "protocol", "dialect", "capabilities", "problem")


def document(targets: Sequence[Entry], records: Sequence[Record], *, complete: bool = True) -> dict[str, Any]:
    """The whole report. complete: False when the run was interrupted before all its checks."""
    return {
        "schema": SCHEMA,
        "complete": complete,
        "targets": [
            {key: target[key] for key in TARGET_KEYS}
            | {"checks": [_check(record) for record in records if record["target"] == target["name"]]}
            for target in targets
        ],
    }


def _check(record: Record) -> dict[str, Any]:
    return {key: record[key] for key in CHECK_KEYS}


def write(path: Path, report: dict[str, Any]) -> Path:
    """Write the report in one step, so that nobody ever reads half of it; returns where it lies.

    Results are never lost: where the file cannot be written any more, ReportError names a copy in the folder for
    temporary files.
    """
    write_whole(path, json.dumps(report, indent=1) + "\n")
    return path

"""The JSON report: everything a run found, for machines (`--netconform-json=FILE`, documented in docs/json-schema.md).

This module knows the shape of the file and how to write it whole or not at all. It must not know pytest, nor judge.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

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
    "seconds",
    "transcript",
    "earlier",
)
TARGET_KEYS = ("name", "url", "protocol", "capabilities", "problem")


class ReportError(ValueError):
    """A report file cannot be written; one line that says which and why."""


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


def check_writable(path: Path) -> None:
    """Before the run: make the folder and try to write there. Raises ReportError, and leaves an old report alone."""
    place = Path(os.path.realpath(path))
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.is_dir():
            raise IsADirectoryError(0, "it is a folder")
        if _replaceable(place):
            descriptor, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
            os.close(descriptor)
            os.unlink(name)
        elif not os.access(place, os.W_OK):
            raise PermissionError(0, "no permission")
    except OSError as error:
        raise ReportError(f"cannot write {path}: {_reason(error)}") from None


def write(path: Path, report: dict[str, Any]) -> Path:
    """Write the report in one step, so that nobody ever reads half of it; returns where it lies.

    Results are never lost: where the file cannot be written any more, ReportError names a copy in the folder for
    temporary files.
    """
    text = json.dumps(report, indent=1) + "\n"
    try:
        _write(path, text)
    except OSError as error:
        raise ReportError(f"cannot write {path}: {_reason(error)}; {_rescue(text)}") from None
    return path


def _write(path: Path, text: str) -> None:
    place = Path(os.path.realpath(path))  # a link keeps pointing where it points
    if not _replaceable(place):
        place.write_text(text)
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            os.fchmod(file.fileno(), 0o666 & ~_umask())
        os.replace(name, place)
    except BaseException:
        os.unlink(name)
        raise


def _rescue(text: str) -> str:
    try:
        descriptor, name = tempfile.mkstemp(prefix="netconform-", suffix=".json")
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
    except OSError as error:
        return f"and no copy could be kept either: {_reason(error)}"
    return f"the report is kept in {name}"


def _replaceable(path: Path) -> bool:
    """Whether a new file can take this one's place; a pipe or a terminal is written to as it is."""
    return path.is_file() or not path.exists()


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _reason(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__

"""Evidence: the text under a failing check. What was asked, what came, the wire, and the ways to repeat it.

This module knows records and turns them into titled sections of plain text. It must not know pytest's reports: who puts
the sections where is the plugin's affair.
"""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pytest_netconform.report.record import Record

WIDTH = 80
SHOWN_LINES = 400  # lines of a transcript that a terminal gets; the JSON report has them all

#: how each text of a record is called here, in order
_TEXTS = {"expected": "expected", "received": "received", "reason": "reason"}


def sections(record: Record, *, repeat: str = "", reproducer: Path | None = None) -> list[tuple[str, str]]:
    """(title, text) pairs for a check that was not met; printable whatever the peer said."""
    found = [("Requirement", requirement_text(record))]
    if record["earlier"]:
        found.append(("Wire transcript, first try", transcript_text(record["earlier"])))
    if record["transcript"]:
        found.append(("Wire transcript", transcript_text(record["transcript"])))
    if how := repeat_text(repeat, reproducer):
        found.append(("How to repeat it", how))
    return found


def requirement_text(record: Record) -> str:
    """Id, level and section, the sentence, then what was expected and what came."""
    lines = [f"{record['requirement']}  {record['level']}  {record['source']}"]
    lines += textwrap.wrap(record["sentence"], WIDTH)
    lines += [f"{word}: {record[key]}" for key, word in _TEXTS.items() if record[key]]
    lines += [f"observed: {value}" for value in record["observed"]]
    lines += [f"note: {note}" for note in record["notes"]]
    return "\n".join(lines)


def transcript_text(lines: Sequence[Mapping[str, Any]]) -> str:
    """C: and S: lines with their times; the connection's number too where there are several."""
    several = len({line["connection"] for line in lines}) > 1
    shown = [
        f"{line['at']:8.3f}  {line['who']}{line['connection'] if several else ''}: {line['data']}" for line in lines
    ]
    if len(shown) > SHOWN_LINES:
        half = SHOWN_LINES // 2
        shown[half:-half] = [f"          [... {len(shown) - 2 * half} lines ...]"]
    return "\n".join(shown)


def repeat_text(repeat: str, reproducer: Path | None) -> str:
    """The two ways to repeat a finding, as far as there are two."""
    lines = [repeat] if repeat else []
    if reproducer is not None:
        lines.append(f"python {shlex.quote(str(reproducer))}")
    return "\n".join(lines)


def repeat_line(nodeid: str, url: str = "", *, options: Sequence[str] = (), password: bool = False) -> str:
    """The pytest line that runs this one check again, quoted for a shell.

    url: the target without its password, as `Spec.url` has it; empty where a fixture names it. options: further
    arguments of this run that matter (`--netconform-allow=slow`). With `password` the line asks for it in the
    environment, because no report may show it.
    """
    words = ["pytest", *([f"--netconform-target={url}"] if url else []), *options, nodeid]
    line = " ".join(shlex.quote(word) for word in words)
    return f'NETCONFORM_PASSWORD="..." {line}' if password else line

"""Reproducers: one finding as a Python script that anybody can run against the server, with nothing installed.

This module turns a transcript into steps and a finding into the judgement of the last of them. It must not run
anything: what the script does when it runs is `replay.py`, copied into it. Secrets never stand in a script.
"""

from __future__ import annotations

import ast
import re
import zlib
from collections.abc import Iterator
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_netconform.report import steps_datagrams
from pytest_netconform.report.steps import steps_of
from pytest_netconform.transcript import visible

if TYPE_CHECKING:
    from pytest_netconform.judge import Outcome
    from pytest_netconform.target import Target

NAME_LENGTH = 120  # of a file's name, without its mark and ending


def reproducer(outcome: Outcome, target: Target) -> str:
    """The text of the script: it exits 1 when the finding repeats, 0 when it does not, 2 when it cannot tell."""
    required = outcome.check.requirement
    hide = outcome.transcript.mask_text
    datagrams = steps_datagrams.over_datagrams(outcome)
    imports, functions = _replay("replay_datagrams.py" if datagrams else "replay.py")
    recorded = steps_datagrams.steps_of(outcome) if datagrams else steps_of(outcome, target)
    about = {
        "host": next(filter(None, _places(target)), "127.0.0.1"),
        "port": getattr(target.carriage, "port", 0) or target.spec.port,
        "ca": target.options.get("ca", ""),
        "servername": target.options.get("servername", ""),
        "expected": hide(outcome.expected),
        "received": hide(outcome.received),
    }
    needs = "".join(f"\nNeeds {name} in the environment." for name in recorded.secrets.values())
    return "\n".join(
        [
            "#!/usr/bin/env python3",
            f'"""{_plain(required.id)} ({_plain(str(required.level))}, {_plain(required.source)}): a recorded finding.',
            "",
            _plain(required.sentence),
            "",
            "Usage: python THIS_FILE [HOST [PORT]]; Python 3.8 or newer, and nothing else.",
            "Exit status: 1 when the finding repeats, 0 when it does not, 2 when there is no telling." + needs,
            '"""',
            "",
            imports,
            "",
            "ABOUT = {",
            *(f"    {key!r}: {value!a}," for key, value in about.items()),
            "}",
            "",
            *(f"{name} = {pattern!r}" for pattern, name in recorded.patterns.items()),
            "",
            "",
            "def steps() -> Sequence[tuple[Any, ...]]:",
            '    """What was said, connection by connection; the last step is the one that is judged."""',
            *(f'    {name.lower()} = secret("{name}")' for name in recorded.secrets.values()),
            "    return [",
            *recorded.lines,
            "    ]",
            "",
            "",
            functions,
            "",
            "",
            'if __name__ == "__main__":',
            "    raise SystemExit(main(steps(), ABOUT))",
            "",
        ]
    )


def _places(target: Target) -> Iterator[str]:
    """Where the target may be, the likeliest first: the path of a socket, or a host."""
    yield getattr(target.carriage, "path", "")
    yield getattr(target.carriage, "host", "")
    yield target.spec.host


def write(folder: Path, outcome: Outcome, target: Target, nodeid: str) -> Path:
    """Write the script into `folder`, which is made; its name tells the requirement and the check. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    word = re.sub(r"[^A-Za-z0-9.]+", "-", f"{outcome.check.requirement.id}-{nodeid}").strip("-.")
    path = folder / f"{word[:NAME_LENGTH]}-{zlib.crc32(nodeid.encode()):08x}.py"
    path.write_text(reproducer(outcome, target), encoding="ascii")
    return path


def _plain(text: str) -> str:
    """A text that cannot end the docstring in which it stands."""
    return visible(" ".join(text.split()).encode()).replace('"', "'")


@cache
def _replay(name: str) -> tuple[str, str]:
    """The imports of a replay, and all that follows them."""
    source = resources.files("pytest_netconform.report").joinpath(name).read_text(encoding="utf-8")
    imports = [node for node in ast.parse(source).body if isinstance(node, (ast.Import, ast.ImportFrom))]
    lines = re.sub(r"  # noqa: \w+$", "", source, flags=re.MULTILINE).splitlines()
    last = imports[-1].end_lineno or 0
    return "\n".join(lines[imports[0].lineno - 1 : last]), "\n".join(lines[last:]).strip()

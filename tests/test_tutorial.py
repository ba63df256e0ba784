"""The tutorial is true: its server, dialect and command are run as they stand there, and then its mended server."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from tests.documents import ROOT, fenced

PAGE = ROOT / "docs" / "tutorial.md"
SERVER, MENDED = (block for block in fenced(PAGE, "python") if block.startswith(("# capitals.py\n", "# mended\n")))
(DIALECT,) = fenced(PAGE, "toml")
(COMMAND,) = fenced(PAGE, "sh")
SUMMARY, FINDING = fenced(PAGE, "text")
LINES = 30


def judged(pytester: pytest.Pytester, server: str) -> tuple[pytest.RunResult, dict[str, set[str]]]:
    """The documented command on a server: what it printed, and the ids of each verdict."""
    folder = Path(pytester.path)
    (folder / "capitals.py").write_text(server, encoding="utf-8")
    (folder / "capitals.toml").write_text(DIALECT, encoding="utf-8")
    program, *arguments = shlex.split(COMMAND)
    assert program == "pytest"
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", *arguments, "--netconform-json=report.json")
    (target,) = json.loads((folder / "report.json").read_text(encoding="utf-8"))["targets"]
    found: dict[str, set[str]] = {}
    for check in target["checks"]:
        found.setdefault(check["verdict"], set()).add(check["requirement"])
    return result, found


def test_the_server_has_thirty_lines() -> None:
    """Without blank ones, and without the line that names it; the dialect has but a few."""
    assert len(re.findall(r"^(?!# capitals)\s*\S.*$", SERVER, re.MULTILINE)) <= LINES
    assert len(re.findall(r"^\w", DIALECT, re.MULTILINE)) < 10


def test_the_command_finds_the_two_bugs(pytester: pytest.Pytester) -> None:
    """Exactly the two requirements that the page names fail; nothing else is wrong; and it looks as shown."""
    result, found = judged(pytester, SERVER)
    assert result.ret == 1
    assert (
        found["fail"]
        == {"FRM-len-zero", "ZEN-unknown"}
        == set(re.findall(r"^\d\. \*\*(\S+)\*\*", PAGE.read_text(), re.M))
    )
    assert not found.keys() & {"deviation", "inconclusive", "error"}, found
    for line in (SUMMARY + FINDING).splitlines():
        assert line.strip() in result.stdout.str()


def test_the_mended_server_has_none(pytester: pytest.Pytester) -> None:
    """With the function as the page has it in the end, every check that applies passes."""
    mended = re.sub(r"^def serve.*?(?=^listener)", MENDED + "\n\n", SERVER, flags=re.MULTILINE | re.DOTALL)
    assert mended.count("def serve") == 1 and "break" not in mended
    result, found = judged(pytester, mended)
    assert result.ret == 0, result.stdout.str()
    assert found.keys() == {"pass", "observed", "not_applicable"}
    assert {"FRM-len-zero", "ZEN-unknown", "TCP-9293-3.1-stream-odd-cut", "TCP-9293-3.9-concurrent"} <= found["pass"]

"""Report files: the JSON report against its schema, and files that are written whole or kept somewhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from pytest_netconform.protocols import PROTOCOLS
from pytest_netconform.report.file import ReportError, check_writable, write_whole
from pytest_netconform.report.json_file import CHECK_KEYS, TARGET_KEYS, document, write
from pytest_netconform.report.record import LEVELS, VERDICTS
from tests.test_report import ENTRY, EVERY, FAIL, recorded

# -- the JSON file

KEYWORDS = {"$schema", "title", "$defs", "$ref", "type", "const", "enum", "required", "properties", "items", "minimum"}
KEYWORDS |= {"additionalProperties"}
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "number": (int, float), "integer": int}


def problems(value: Any, schema: dict[str, Any], root: dict[str, Any], place: str = "$") -> list[str]:
    """What JSON Schema (the few words of it that ours uses) has against a value."""
    assert set(schema) <= KEYWORDS, set(schema) - KEYWORDS
    if "$ref" in schema:
        return problems(value, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root, place)
    if "const" in schema or "enum" in schema:
        allowed = schema.get("enum", [schema.get("const")])
        return [] if value in allowed else [f"{place}: {value!r} is none of {allowed}"]
    kind = TYPES[schema["type"]]
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        return [f"{place}: {value!r} is no {schema['type']}"]
    if "minimum" in schema and value < schema["minimum"]:
        return [f"{place}: {value} is below {schema['minimum']}"]
    found = []
    if kind is list:
        for number, item in enumerate(value):
            found += problems(item, schema["items"], root, f"{place}[{number}]")
    if kind is dict:
        found += [f"{place}: {key} is missing" for key in schema["required"] if key not in value]
        for key, item in value.items():
            if key in schema["properties"]:
                found += problems(item, schema["properties"][key], root, f"{place}.{key}")
            else:
                found.append(f"{place}: {key} is not in the schema")
    return found


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    """The schema that is shipped."""
    text = resources.files("pytest_netconform.report").joinpath("schema.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def test_the_schema_and_the_writer_hold_the_same_lists(schema: dict[str, Any]) -> None:
    """Members, required ones, verdicts and levels: nothing is in one place only, the documentation included."""
    check, target = schema["$defs"]["check"], schema["$defs"]["target"]
    assert tuple(check["required"]) == tuple(check["properties"]) == CHECK_KEYS
    assert tuple(target["required"]) == tuple(target["properties"]) == (*TARGET_KEYS, "checks")
    assert set(check["properties"]["verdict"]["enum"]) == set(VERDICTS)
    assert set(check["properties"]["level"]["enum"]) == set(LEVELS)
    page = (Path(__file__).parent.parent / "docs" / "json-schema.md").read_text(encoding="utf-8")
    rows = {line.split("`")[1] for line in page.splitlines() if line.startswith("| `")}
    line = schema["$defs"]["line"]["properties"]
    assert rows == {*schema["properties"], *target["properties"], *check["properties"], *line, *VERDICTS}


def test_the_example_of_the_documentation_is_valid(schema: dict[str, Any]) -> None:
    """What the page shows is a report."""
    page = (Path(__file__).parent.parent / "docs" / "json-schema.md").read_text(encoding="utf-8")
    example = json.loads(page.partition("```json\n")[2].partition("```")[0])
    assert problems(example, schema, schema) == []


def test_a_document_of_every_verdict_is_valid(schema: dict[str, Any]) -> None:
    """One entry per check under its target; the validator itself notices what is wrong."""
    other = recorded(FAIL) | {"target": "other"}
    report = document(
        [ENTRY, ENTRY | {"name": "other"}], [*(recorded(found) for found in EVERY), other], complete=False
    )
    assert problems(report, schema, schema) == []
    assert [len(target["checks"]) for target in report["targets"]] == [7, 1]
    assert report["complete"] is False
    report["targets"][0]["checks"][0]["verdict"] = "fine"
    del report["targets"][0]["checks"][1]["level"]
    report["extra"] = report["targets"][1]["checks"][0]["seconds"] = True
    assert len(problems(report, schema, schema)) == 4


def test_a_real_run_writes_a_valid_report(schema: dict[str, Any], tmp_path: Path) -> None:
    """pytest on the reference server: the file holds every check of the run, and fits the schema."""
    path = tmp_path / "new" / "report.json"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly"),
            *("--netconform-target=reference:smtp", f"--netconform-json={path}", "-k", "greeting or order or helo"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(path.read_text())
    assert problems(report, schema, schema) == []
    (target,) = report["targets"]
    assert (target["protocol"], report["complete"]) == (PROTOCOLS["smtp"].name, True)
    assert {check["verdict"] for check in target["checks"]} >= {"pass"}
    assert len({(check["nodeid"], check["requirement"]) for check in target["checks"]}) == len(target["checks"]) > 3


# -- files


def test_a_report_is_written_in_one_step(tmp_path: Path) -> None:
    """An old report stays until the new one is whole; nothing else is left in the folder; a link stays a link."""
    path, link = tmp_path / "r.json", tmp_path / "link.json"
    path.write_text("old")
    link.symlink_to(path)
    check_writable(link)
    assert path.read_text() == "old"
    write(link, document([], []))
    assert json.loads(path.read_text())["schema"] == 1 and link.is_symlink()
    with pytest.raises(TypeError):
        write(path, {"not": float})
    assert json.loads(path.read_text())["schema"] == 1
    assert sorted(os.listdir(tmp_path)) == ["link.json", "r.json"]
    mask = os.umask(0)
    os.umask(mask)
    assert path.stat().st_mode & 0o777 == 0o666 & ~mask


def test_a_pipe_is_written_to_as_it_is(tmp_path: Path) -> None:
    """`/dev/stdout` and the like are no files that could be replaced."""
    code = (
        "import sys; from pathlib import Path; from pytest_netconform.report.file import *; "
        "check_writable(Path('/dev/stdout')); write_whole(Path('/dev/stdout'), 'whole')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout == "whole"


@pytest.mark.parametrize(
    ("place", "why"),
    [("", "it is a folder"), ("file/r.json", "{}/file is no folder"), ("x" * 300, "File name too long")],
)
def test_an_unwritable_place_is_told_before_the_run(tmp_path: Path, place: str, why: str) -> None:
    """One line that names the file and the reason."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ReportError) as caught:
        check_writable(tmp_path / place)
    assert str(caught.value) == f"cannot write {tmp_path / place}: {why.format(tmp_path)}"


def test_results_are_not_lost_when_the_place_goes_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be written any more is kept where temporary files lie, and the line says where."""
    spare = tmp_path / "spare"
    spare.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(spare))
    (tmp_path / "gone").write_text("a file where a folder was")
    with pytest.raises(ReportError, match=r"cannot write .*gone/r\.json: .*; what it should hold is in ") as caught:
        write_whole(tmp_path / "gone" / "r.json", "results")
    assert Path(str(caught.value).rpartition(" ")[2]).read_text() == "results"
    spare.rename(tmp_path / "away")
    with pytest.raises(ReportError, match="and no copy could be kept either"):
        write_whole(tmp_path / "gone" / "r.json", "results")

"""The corpus: a folder of cases, one JSON file each, that later runs hold first.

Octets stand as text, one character an octet, so that a case can be read. A file that is damaged, or was written by a
newer version, is left out and named; nobody's else is touched. This module knows files, and no pytest.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pytest_netconform.models.case import Case
from pytest_netconform.models.model import Step

FORMAT = 1


class CorpusError(Exception):
    """The folder cannot be used; one line that says why."""


@dataclass(frozen=True)
class Kept:
    """A case as it is kept. rule: what it broke; before: what was done before it, where the target died of it.

    flaky: it did not repeat when it was found. about: whatever else was written down, for people.
    """

    case: Case
    rule: str
    flaky: bool = False
    before: tuple[Case, ...] = ()
    about: Mapping[str, str] = field(default_factory=dict)


def read(folder: Path) -> tuple[list[Kept], list[str]]:
    """The cases of a folder in the order of their names, and a line for every file that is no case.

    A folder that is not there yet has none. Raises CorpusError for one that cannot be read.
    """
    kept: list[Kept] = []
    left_out: list[str] = []
    try:
        paths = sorted(folder.glob("*.json")) if folder.exists() else []
        if folder.exists() and not folder.is_dir():
            raise CorpusError(f"{folder} is no folder")
        texts = [(path, path.read_bytes()) for path in paths]
    except OSError as error:
        raise CorpusError(f"{folder} cannot be read: {error.strerror}") from None
    for path, text in texts:
        try:
            kept.append(_kept(json.loads(text)))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            left_out.append(f"{path.name} is left out: {_why(error)}")
    return kept, left_out


def write(folder: Path, kept: Kept) -> Path:
    """Keep a case, under its name. Raises CorpusError."""
    path = folder / f"{kept.case.name}.json"
    text = json.dumps(_plain(kept), indent=1, ensure_ascii=True) + "\n"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part")
        unfinished.write_text(text, encoding="ascii")
        os.replace(unfinished, path)
    except OSError as error:
        raise CorpusError(f"{path} cannot be written: {error.strerror}") from None
    return path


def _plain(kept: Kept) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "protocol": kept.case.protocol,
        "property": kept.case.drawn_for,
        "rule": kept.rule,
        "flaky": kept.flaky,
        "about": dict(kept.about),
        "steps": [_plain_step(step) for step in kept.case.steps],
        "before": [[_plain_step(step) for step in case.steps] for case in kept.before],
    }


def _plain_step(step: Step) -> dict[str, Any]:
    plain: dict[str, Any] = {"word": step.word, "say": step.say.decode("latin-1")}
    if step.cut:
        plain["cut"] = list(step.cut)
    if step.ahead:
        plain["ahead"] = True
    return plain


class _Newer(ValueError):
    pass


def _kept(plain: Any) -> Kept:
    if not isinstance(plain, dict) or not isinstance(plain["format"], int):
        raise ValueError("no case")
    if plain["format"] > FORMAT:
        raise _Newer(f"a newer version wrote it (format {plain['format']}; this one reads {FORMAT})")
    protocol, property = _text(plain["protocol"]), _text(plain["property"])
    return Kept(
        Case(protocol, property, _steps(plain["steps"])),
        _text(plain["rule"]),
        flaky=bool(plain.get("flaky")),
        before=tuple(Case(protocol, property, _steps(steps)) for steps in plain.get("before", [])),
        about={_text(key): _text(value) for key, value in plain.get("about", {}).items()},
    )


def _steps(plain: Iterable[Any]) -> tuple[Step, ...]:
    return tuple(
        Step(
            _text(step["word"]),
            _text(step["say"]).encode("latin-1"),
            tuple(_number(place) for place in step.get("cut", ())),
            ahead=bool(step.get("ahead")),
        )
        for step in plain
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _number(value: Any) -> int:
    if not isinstance(value, int):
        raise TypeError(value)
    return value


def _why(error: Exception) -> str:
    return str(error) if isinstance(error, _Newer) else "it is damaged, or no case"

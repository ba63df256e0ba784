"""The corpus on disk: what is written is read again, and what cannot be read costs nobody else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytest_netconform.fuzz import corpus
from pytest_netconform.fuzz.corpus import CorpusError, Kept
from pytest_netconform.models.case import case_of
from pytest_netconform.models.model import EVERY_OCTET, Step

EVERY = bytes(range(256))
STEPS = [Step("odd", EVERY + b"\r\n", (3, 7), ahead=True), Step("QUIT", b"QUIT\r\n", EVERY_OCTET)]
CASE = case_of("smtp", "dialogue", STEPS)
KEPT = Kept(CASE, "a rule (RFC 5321 4.1.4)", flaky=True, before=(case_of("smtp", "dialogue", [Step("a", b"a")]),))


def test_what_is_kept_comes_back(tmp_path: Path) -> None:
    """Every octet, cut and mark, under a name that says what is done."""
    path = corpus.write(tmp_path / "new" / "folder", KEPT)
    assert path.name == f"{CASE.name}.json" and path.read_bytes().isascii()
    assert corpus.read(path.parent) == ([KEPT], [])
    assert corpus.write(path.parent, KEPT) == path and len(list(path.parent.iterdir())) == 1


def test_names_are_stable() -> None:
    """A name depends on the steps alone, so that two runs that find the same keep one file."""
    assert case_of("smtp", "dialogue", [Step("QUIT", b"QUIT\r\n")]).name == "smtp-30f2e36106"
    assert case_of("smtp", "cuts", [Step("QUIT", b"QUIT\r\n")]).name != "smtp-30f2e36106"


def test_a_folder_that_is_not_there_is_empty(tmp_path: Path) -> None:
    """Nothing was found yet."""
    assert corpus.read(tmp_path / "nowhere") == ([], [])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "damaged"),
        ('{"format": 1', "damaged"),
        ("[]", "damaged"),
        ('{"format": "1"}', "damaged"),
        ('{"format": 2, "anything": "else"}', "a newer version wrote it (format 2; this one reads 1)"),
        ("\x00\xff", "damaged"),
    ],
)
def test_a_spoilt_file_costs_nobody_else(tmp_path: Path, text: str, why: str) -> None:
    """It is named with the reason, and the rest is used."""
    corpus.write(tmp_path, KEPT)
    (tmp_path / "spoilt.json").write_bytes(text.encode("latin-1"))
    kept, left_out = corpus.read(tmp_path)
    assert kept == [KEPT]
    assert len(left_out) == 1 and left_out[0].startswith("spoilt.json is left out: ") and why in left_out[0]


@pytest.mark.parametrize(
    "spoil",
    [
        {"steps": "QUIT"},
        {"steps": [{"word": "QUIT"}]},
        {"steps": [{"word": "QUIT", "say": "\u20ac"}]},
        {"steps": [{"word": "QUIT", "say": "x", "cut": ["a"]}]},
        {"rule": 7},
        {"protocol": None},
        {"about": []},
    ],
)
def test_wrong_types_are_damage(tmp_path: Path, spoil: dict[str, object]) -> None:
    """Whatever a hand or a merge did to a file, it is no case any more, and no traceback."""
    path = corpus.write(tmp_path, KEPT)
    path.write_text(json.dumps({**json.loads(path.read_text()), **spoil}))
    assert corpus.read(tmp_path)[0] == []


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    """One line, with its name."""
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(CorpusError, match="file is no folder"):
        corpus.read(file)
    with pytest.raises(CorpusError, match="cannot be written"):
        corpus.write(file / "below", KEPT)

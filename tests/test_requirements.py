"""The register of requirements is in order: ids, sources, needs and exclusions say what they must, once."""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from pathlib import Path

import pytest

from pytest_netconform.fixtures.network import column_of
from pytest_netconform.protocols import COMMON_OPTIONS, SUITES, speaking
from pytest_netconform.requirement import natural_order, selects
from tests.gates import Case, cases_of
from tests.matrix import DOCS, register

ROOT = Path(__file__).parent.parent
REASONS = re.compile(r"proved by tests/\S+|needs root|not visible from outside|same as [A-Z]\S+")
CONSENTS = {"slow", "write", "intrusive", "disposable"}
ALL = [(suite, case) for suite in SUITES for case in cases_of(suite)]
EVERYWHERE = {case.id for _, case in ALL}
CHECKS = {case.function: (suite, case) for suite, case in ALL}


def _name(value: object) -> str:
    return value.name if isinstance(value, Case) else str(value)


@pytest.mark.parametrize(("suite", "case"), list(CHECKS.values()), ids=_name)
def test_a_check_is_complete(suite: str, case: Case) -> None:
    """Id, source, sentence, docstring, arguments and needs are what a reader and the judge rely on."""
    requirement = case.check.requirement
    begins = "|".join(SUITES[suite].ids)
    assert re.fullmatch(rf"({begins})-[A-Za-z0-9.]+(-[A-Za-z0-9.]+)*", requirement.id)
    assert requirement.source and requirement.sentence.endswith(".")
    assert len(requirement.sentence) <= 120, "a sentence, not a paragraph"
    assert case.function.__doc__, "a docstring states the fact that the check proves"
    columns = [column_of(row).rungs.keys() for row in speaking(suite)]
    assert any(set(inspect.signature(case.function).parameters) <= {*rungs, *case.values} for rungs in columns)
    options = {option for row in speaking(suite) for option in row.options}
    for need in case.check.needs:
        if need.startswith("?"):
            assert need[1:] in {*COMMON_OPTIONS, *options, "account"}
        elif need.startswith("!"):
            assert need[1:] in CONSENTS


def test_a_requirement_reads_the_same_everywhere() -> None:
    """Several checks may share a requirement; they agree on what it says."""
    said: dict[str, object] = {}
    for _, case in ALL:
        assert said.setdefault(case.id, case.check.requirement) == case.check.requirement, case.id


@pytest.mark.parametrize("suite", list(SUITES))
def test_exclusions_have_reasons(suite: str) -> None:
    """What is not checked says why, in one of the agreed ways, and is not checked elsewhere."""
    checked = {case.id for case in cases_of(suite)}
    excluded = import_module(SUITES[suite].module).NOT_CHECKED
    assert len({id for id, _ in excluded}) == len(excluded)
    for id, reason in excluded:
        assert REASONS.match(reason), f"{id}: {reason}"
        assert id not in checked
        proof = re.match(r"proved by (tests/[\w/]+\.py)", reason)
        assert proof is None or (ROOT / proof[1]).is_file(), f"{id}: {reason}"
        same = re.match(r"same as ([A-Z][^\s;,]*)", reason)
        assert same is None or same[1] in EVERYWHERE, f"{id}: {reason}"


@pytest.mark.parametrize("suite", list(SUITES))
def test_register_is_up_to_date(suite: str) -> None:
    """docs/requirements says what the suite checks today; `make matrix` writes it anew."""
    assert (DOCS / f"{suite}.md").read_text(encoding="utf-8") == register(suite)


def test_selection_ends_at_a_boundary() -> None:
    """A prefix takes ids below it, and no longer number that begins alike."""
    assert selects("SMTP-5321-4.1.1.1", "SMTP-5321-4.1.1.1-a")
    assert selects("SMTP-5321", "SMTP-5321-4.1.1.1-a")
    assert selects("SMTP-5321-4.1.1.1-a", "SMTP-5321-4.1.1.1-a")
    assert not selects("SMTP-5321-4.1.1.1", "SMTP-5321-4.1.1.11-a")
    assert not selects("SMTP-53", "SMTP-5321-4.1.1.1-a")


def test_ids_sort_by_number() -> None:
    """4.1.1.2 stands before 4.1.1.11."""
    assert natural_order(["S-4.1.1.11-a", "S-4.1.1.2-a"]) == ["S-4.1.1.2-a", "S-4.1.1.11-a"]

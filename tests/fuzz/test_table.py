"""The page that `make fuzz` writes lists what tests/fuzz/stateful counts."""

from __future__ import annotations

import pytest

from tests.fuzz.gates import STATEFUL
from tests.fuzz.table import PAGE, REFERENCE, Found, cells, page, section, sections_of

SECTIONS = sections_of(PAGE.read_text(encoding="utf-8"))


def names(text: str) -> set[str]:
    """The mutants of a table."""
    return {row[0].strip("`") for row in cells(text)}


@pytest.mark.parametrize("protocol", STATEFUL)
def test_the_page_lists_the_mutants(protocol: str) -> None:
    """Every counted mutant is found, or missed for a reason; who is not counted is named with his reason."""
    chosen = STATEFUL[protocol]
    found, _, rest = SECTIONS[protocol].partition("### Missed")
    missed, _, left_out = (rest or found).partition("### Left out")
    found = found.partition("### ")[0]
    missed = missed if rest else ""
    counted = {mutant.name for mutant in chosen.mutants(protocol)}
    assert names(found) | names(missed) == counted
    assert names(missed) <= set(chosen.missed)
    assert names(left_out) == set(chosen.but)
    assert SECTIONS[protocol].startswith(f"Found {len(names(found))} of {len(counted)},")


def test_the_page_knows_no_other_protocol() -> None:
    """A part for each protocol that has a machine, and one for the reference."""
    assert list(SECTIONS) == [*sorted(STATEFUL), REFERENCE]


def test_a_page_is_read_as_it_is_written() -> None:
    """What was not explored stays on the page."""
    protocol = next(iter(STATEFUL))
    body = section(protocol, [Found("one", 1, 1.0, 2, "a | rule"), Found("two", 9, 60.0)])
    assert body.startswith("Found 1 of 2,")
    assert sections_of(page({protocol: body, REFERENCE: "nothing\n"})) == {protocol: body, REFERENCE: "nothing\n"}

"""The machine of every protocol: it finds what is wrong in states and sequences, and nothing on the reference."""

from __future__ import annotations

from zlib import crc32

import pytest

from pytest_netconform.fuzz.exploration import Budget
from pytest_netconform.reference_servers.mutants.mutant import Mutant
from tests.fuzz.gates import STATEFUL, explored, told

ALL = [(protocol, mutant) for protocol, chosen in STATEFUL.items() for mutant in chosen.mutants(protocol)]
ONE_IN = 8  # mutants are tried here; all of them by `make fuzz`, which writes the table
EXAMPLES, SHORT = 4000, 60  # within which each mutant is found; of the reference
FOUND = [
    (protocol, mutant)
    for protocol, mutant in ALL
    if mutant.name not in STATEFUL[protocol].missed and crc32(mutant.name.encode()) % ONE_IN == 0
]


@pytest.mark.parametrize(("protocol", "mutant"), FOUND, ids=[f"{protocol}-{mutant.name}" for protocol, mutant in FOUND])
def test_a_mutant_is_found(protocol: str, mutant: Mutant) -> None:
    """The machine meets the fault by itself, and what it keeps of the walk is short."""
    result = explored(protocol, Budget(examples=EXAMPLES, findings=1), mutant, options=STATEFUL[protocol].options)
    assert result.findings, f"{result.examples} examples, {result.steps} steps"
    # whoever is dead for good cannot be asked for less
    assert result.died or len(result.findings[0].case.steps) <= 8, told(result)


@pytest.mark.parametrize("protocol", STATEFUL)
def test_nine_of_ten_are_found(protocol: str) -> None:
    """What is missed is named, and is little; whoever is left out of the count is a mutant of these chapters."""
    chosen = STATEFUL[protocol]
    counted = chosen.mutants(protocol)
    assert len(counted) >= 10 and len(chosen.missed) <= len(counted) / 10
    assert set(chosen.missed) <= {mutant.name for mutant in counted}


@pytest.mark.parametrize("property", ["dialogue", "cuts", "hostile"])
@pytest.mark.parametrize("protocol", STATEFUL)
def test_the_reference_is_right(protocol: str, property: str) -> None:
    """A few examples find nothing; `make fuzz` tries ten thousand."""
    result = explored(protocol, Budget(examples=SHORT), property=property, options=STATEFUL[protocol].options)
    assert not result.findings, told(result)
    assert result.examples == SHORT and not result.died
    assert result.broken_off < SHORT / 5 and not result.varied

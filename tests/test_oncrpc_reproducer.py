"""Reproducers of ONC RPC findings: binary messages are said again over a socket, and repeat on the mutant alone."""

from __future__ import annotations

import pytest

from pytest_netconform.reference_servers.mutants.mutant import mutants_of
from tests.replaying import each_repeats

#: what a replay cannot show, and why
NO_TELLING = {
    "second_is_answered_twice": "each of its replies is right; a script does not count them",
    "getport_in_the_upper_half": "what it answers depends on its port",
    "arguments_of_an_old_buffer": "likewise",
    "allocates_by_header": "whether a reset comes before we are connected is a race",
}
#: what is noted or observed, and no finding
NEVER_FAILS = {
    "verifier_with_octets",
    "garbage_is_an_error",
    "octets_behind_are_taken",
    "two_is_true",
    "enumeration_of_any_value",
    "list_without_its_end",
    "octets_behind_the_list",
    "empty_fragment_closes",
}


@pytest.mark.parametrize("protocol", ["oncrpc", "oncrpcudp"])
def test_the_finding_of_every_mutant_repeats_on_it_alone(protocol: str) -> None:
    """One finding a mutant: on it the script exits 1, on the reference 0."""
    each_repeats(protocol, mutants_of(protocol), never_fails=NEVER_FAILS, no_telling=NO_TELLING)

"""Reproducers of JSON-RPC findings: texts are said again over a socket, and repeat on the mutant alone."""

from __future__ import annotations

import pytest

from pytest_netconform.reference_servers.mutants.mutant import mutants_of
from tests.replaying import each_repeats

#: what a replay cannot show, and why
NO_TELLING: dict[str, str] = {}
#: what is noted or observed, and no finding
NEVER_FAILS = {
    "unknown_members_refused",
    "id_of_an_invalid_request_returned",
    "answers_kept_by_id",
    "names_twice_refused",
    "get_calls",
}


@pytest.mark.parametrize("protocol", ["jsonrpc", "jsonrpctcp"])
def test_the_finding_of_every_mutant_repeats_on_it_alone(protocol: str) -> None:
    """One finding a mutant: on it the script exits 1, on the reference 0."""
    each_repeats(protocol, mutants_of(protocol), never_fails=NEVER_FAILS, no_telling=NO_TELLING)

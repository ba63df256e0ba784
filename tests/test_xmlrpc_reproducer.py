"""Reproducers of XML-RPC findings: calls are said again over a socket, and repeat on the mutant alone."""

from __future__ import annotations

from pytest_netconform.reference_servers.mutants.mutant import mutants_of
from tests.replaying import each_repeats

PATIENCE = "3"  # seconds: tours are replayed too, and machines are busy
#: what a replay cannot show, and why
NO_TELLING = {
    "length_counts_characters": "octets behind a response are no answer of their own",
    "depth_kills": "of a call this long a transcript keeps the ends alone",
    "closes_silently": "the second call was never sent, and the first has its right answer",
}
#: what is noted or observed, and no finding
NEVER_FAILS = {
    "names_end_at_a_colon",
    "blanks_end_names",
    "list_is_a_struct",
    "list_lacks",
    "one_fault_ends_all",
    "results_without_arrays",
    "multicall_inside",
    "exponents_written",
    "nil_is_empty",
    "i8_cut",
    "declaration_passed_over",
    "get_calls",
    "one_at_a_time",
}


def test_the_finding_of_every_mutant_repeats_on_it_alone() -> None:
    """One finding a mutant: on it the script exits 1, on the reference 0."""
    each_repeats(
        "xmlrpc",
        mutants_of("xmlrpc"),
        never_fails=NEVER_FAILS,
        no_telling=NO_TELLING,
        patience=PATIENCE,
        workers=4,
    )

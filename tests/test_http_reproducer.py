"""Reproducers over HTTP: a mutant's finding repeats on it over sockets, and not on the reference."""

from __future__ import annotations

from functools import partial

import pytest

from pytest_netconform.reference_servers.mutants.mutant import mutants_of
from tests.replaying import findings_of, nearly_all_repeat, replayed, said_of

PATIENT = 40.0  # seconds: steps that wait for longer are not replayed here
SOME = 60  # mutants, evenly chosen


def test_findings_repeat_on_their_mutants_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """One finding a mutant: nearly all repeat there, and few repeat on the reference."""
    monkeypatch.setenv("NETCONFORM_PASSWORD", "s3cret")
    every = list(mutants_of("http"))
    chosen = every[:: max(1, len(every) // SOME)]
    found = [(mutant, finding) for mutant in chosen if (finding := next(findings_of("http", mutant), None))]
    nearly_all_repeat(said_of(found, partial(replayed, "http", patient=PATIENT)), more_than=3)

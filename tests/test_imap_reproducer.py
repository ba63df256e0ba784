"""Reproducers over IMAP: a finding repeats on its mutant over sockets, literals and all, and not on the reference."""

from __future__ import annotations

from functools import partial

import pytest

from pytest_netconform.ca import Authority
from pytest_netconform.reference_servers.mutants.mutant import mutants_of
from tests.replaying import findings_of, nearly_all_repeat, replayed, said_of

PATIENT = 31.0  # seconds: steps that wait for longer than a slow login are not replayed here
CHAPTERS = (".replies", ".states")


def test_findings_repeat_on_their_mutants_alone(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """One finding a mutant of the first chapters: nearly all repeat there, and few repeat elsewhere."""
    monkeypatch.setenv("NETCONFORM_PASSWORD", "s3cret")
    mutants = [mutant for mutant in mutants_of("imap") if mutant.session.__module__.endswith(CHAPTERS)]
    found = [(mutant, finding) for mutant in mutants if (finding := next(findings_of("imap", mutant), None))]
    replay = partial(replayed, "imap", authority=authority, patient=PATIENT)
    nearly_all_repeat(said_of(found, replay), more_than=5)

"""Reproducers over FTP: a mutant's finding repeats on it over sockets, data connections and all, and not on the
reference.
"""

from __future__ import annotations

from functools import partial

import pytest

from pytest_netconform.ca import Authority
from pytest_netconform.judge import Outcome
from pytest_netconform.reference_servers.mutants.mutant import mutants_of
from pytest_netconform.report import reproducer
from pytest_netconform.transcript import What
from tests.replaying import findings_of, nearly_all_repeat, replayed, said_of

PATIENT = 40.0  # seconds: steps that wait for longer than a slow login are not replayed here


def joined(outcome: Outcome) -> bool:
    """Whether there were data connections."""
    return any(event.what is What.JOIN for event in outcome.transcript.events)


#: a mutant of each kind → what the script of its finding says of it, and why
KINDS = {
    "mkd_257_relative": "repeats",  # the control connection alone
    "port_bounce": "repeats",  # with data connections
    "failed_login_stays_logged_in": "no telling",  # exit 2: what was said was a secret of the run, NETCONFORM_SECRET_1
    "no_login_limit": "no telling",  # likewise: the wrong passwords
    "data_accept_blocks_control_forever": "",  # waits for longer than a test may
}


@pytest.mark.parametrize("name", KINDS)
def test_a_finding_of_each_kind(authority: Authority, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """It repeats on its mutant, or the script says that it cannot tell."""
    monkeypatch.setenv("NETCONFORM_PASSWORD", "s3cret")
    (mutant,) = (mutant for mutant in mutants_of("ftp") if mutant.name == name)
    text = reproducer.reproducer(*next(findings_of("ftp", mutant)))
    assert replayed("ftp", text, mutant, mutant.session, authority=authority, patient=PATIENT) == KINDS[name]


def test_findings_repeat_on_their_mutants_alone(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """One finding a mutant that took data connections: nearly all repeat there, and few repeat elsewhere.

    What a number in an answer means a script does not know, so that a wrong size or port reads like a right one.
    """
    monkeypatch.setenv("NETCONFORM_PASSWORD", "s3cret")
    found = [(mutant, finding) for mutant in mutants_of("ftp") if (finding := next(findings_of("ftp", mutant), None))]
    replay = partial(replayed, "ftp", authority=authority, patient=PATIENT)
    nearly_all_repeat(said_of([pair for pair in found if joined(pair[1][0])], replay), more_than=5)

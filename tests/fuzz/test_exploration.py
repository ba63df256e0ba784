"""Explorations: budgets, seeds, what is kept of a finding, and targets that die or change their minds."""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest

from pytest_netconform.fixtures.network import column_of, memory_target
from pytest_netconform.fuzz.exploration import SERVED, Budget, Exploration
from pytest_netconform.judge import survey
from pytest_netconform.models.case import Case
from pytest_netconform.protocols import PROTOCOLS
from pytest_netconform.reference_servers.mutants.mutant import mutants_of
from pytest_netconform.reference_servers.session import Reset
from pytest_netconform.reference_servers.smtp import SmtpSession
from pytest_netconform.target import Target
from tests.fuzz.gates import SETTINGS, explored, told

ROW = PROTOCOLS["smtp"]
MUTANTS = {mutant.name: mutant for mutant in mutants_of("smtp")}


def exploration(session: type[Any], budget: Budget, **how: Any) -> tuple[Exploration, Target]:
    """One that has not begun."""
    target = memory_target("smtp", {}, session)
    survey(target, column_of(ROW))
    return Exploration(target, column_of(ROW), "dialogue", budget, seed=1, settings=SETTINGS, **how), target


def test_a_seed_says_it_all() -> None:
    """The same seed draws the same examples and finds the same case; another one draws others."""
    mutant = MUTANTS["rset_keeps_sender"]
    one, same = (explored("smtp", Budget(examples=25), mutant, seed=5) for _ in range(2))
    other = explored("smtp", Budget(examples=25), mutant, seed=6)
    assert (one.examples, one.steps) == (same.examples, same.steps) != (other.examples, other.steps)
    assert [found.case for found in one.findings] == [found.case for found in same.findings]
    assert one.findings, "the seed finds something"


def test_a_seed_knows_no_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    """What other modules are loaded does not change what is drawn: Hypothesis is not let look at them."""
    providers = import_module("hypothesis.internal.conjecture.providers")
    if not hasattr(providers, "_get_local_constants"):
        pytest.skip("this Hypothesis looks at no other modules")

    def asked() -> None:
        raise AssertionError("constants of other modules were asked for")

    monkeypatch.setattr(providers, "_get_local_constants", asked)
    assert explored("smtp", Budget(examples=200)).examples == 200
    assert providers._get_local_constants is asked, "others are let look again"


def test_examples_are_counted() -> None:
    """So many are drawn and no more; those that only make a finding smaller are not among them."""
    assert explored("smtp", Budget(examples=7)).examples == 7
    found = explored("smtp", Budget(examples=40), MUTANTS["rcpt_before_mail_250"])
    assert found.examples == 40 and found.findings


def test_time_is_a_budget_too() -> None:
    """When it is over no example is begun."""
    began = time.monotonic()
    result = explored("smtp", Budget(seconds=0.3))
    assert result.examples > 0 and not result.varied
    assert time.monotonic() - began < 10


def test_a_finding_is_small_and_explained() -> None:
    """Nothing is left of the walk that is not needed, and each breach is told once."""
    result = explored("smtp", Budget(examples=100), MUTANTS["rset_keeps_sender"])
    rules = [found.rule for found in result.findings]
    assert len(rules) == len(set(rules)), told(result)
    first = next(found for found in result.findings if "RCPT with no MAIL" in found.rule)
    assert [step.word for step in first.case.steps] == ["EHLO", "MAIL", "RSET", "RCPT"]
    assert "250" in first.problem.received
    assert any("RSET" in line.text for line in first.transcript.lines())


def test_what_is_known_is_no_news() -> None:
    """A rule whose breach is known is passed by, and the exploration goes on behind it."""
    mutant = MUTANTS["rcpt_before_mail_250"]
    rules = {found.rule for found in explored("smtp", Budget(examples=30), mutant).findings}
    target = memory_target("smtp", {}, mutant.session)
    survey(target, column_of(ROW))
    again = Exploration(
        target, column_of(ROW), "dialogue", Budget(examples=30), seed=1, settings=SETTINGS, known=frozenset(rules)
    ).run()
    assert not {found.rule for found in again.findings} & rules
    assert again.examples == 30


class Mortal(SmtpSession):
    """Dies of VRFY, and is dead then for everybody, until it is `raised`."""

    dead = False

    def open(self, peer: Any, now: float) -> list[Any]:
        return [Reset()] if type(self).dead else super().open(peer, now)

    def answer_vrfy(self, argument: bytes) -> None:
        type(self).dead = True
        self.act(Reset())


@pytest.fixture
def session() -> type[Mortal]:
    """One that lives."""

    class Session(Mortal):
        pass

    return Session


def test_a_death_ends_it_with_the_last_inputs(session: type[Mortal]) -> None:
    """The example that killed is the finding; it and those before it are told, oldest first."""
    result = exploration(session, Budget(examples=500))[0].run()
    assert result.died and len(result.findings) == 1
    found = result.findings[0]
    assert found.rule == SERVED and found.case.steps[-1].say.startswith(b"VRFY")
    assert result.recent[-1] == found.case and all(isinstance(case, Case) for case in result.recent)


def test_what_is_raised_is_explored_on(session: type[Mortal]) -> None:
    """A target that somebody starts again is shrunk on, and explored to the end of the budget."""

    def raised(target: Target) -> None:
        session.dead = False

    result = exploration(session, Budget(examples=60), revive=raised)[0].run()
    assert not result.died and result.examples == 60
    assert result.findings[0].rule == SERVED
    assert len(result.findings[0].case.steps) == 1


class Whim(SmtpSession):
    """Answers its third VRFY of all by a number that belongs to DATA, and never again."""

    asked = 0

    def answer_vrfy(self, argument: bytes) -> None:
        type(self).asked += 1
        if type(self).asked == 3:
            self.reply(354, "", "What was that?")
        else:
            super().answer_vrfy(argument)


def test_a_change_of_mind_is_counted() -> None:
    """What does not come again is kept once, for the judge to find flaky; the exploration goes on."""

    class Session(Whim):
        pass

    result = exploration(Session, Budget(examples=80))[0].run()
    assert result.varied == 1 and len(result.findings) == 1
    assert result.examples == 80


def test_an_interruption_leaves_what_was_found() -> None:
    """Ctrl-C in the middle: the findings up to then are there."""
    seen = []

    class Session(MUTANTS["rcpt_before_mail_250"].session):  # type: ignore[misc, name-defined]
        def answer_quit(self, argument: bytes) -> None:
            seen.append(1)
            if len(seen) == 60:
                raise KeyboardInterrupt
            super().answer_quit(argument)

    going: Callable[[], object]
    begun, _ = exploration(Session, Budget(examples=5000))
    going = begun.run
    with pytest.raises(KeyboardInterrupt):
        going()
    assert begun.explored.findings

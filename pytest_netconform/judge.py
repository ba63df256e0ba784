"""The judge: one check, one target, one outcome. No pytest in it.

The plugin, the gates that try every mutant, the matrix and the reproducers' tests all call `judge`; whether the wire is
a socket or a session in memory is the target's affair.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pytest_netconform.dialect import Dialect
from pytest_netconform.dialogue import reach
from pytest_netconform.requirement import Check, check_of
from pytest_netconform.target import Survey, Target
from pytest_netconform.transcript import Transcript, What
from pytest_netconform.verdict import Deviation, Inconclusive, NonConformity, NotApplicable, Verdict, decide
from pytest_netconform.visit import Opener, Visit


@dataclass(frozen=True)
class Column:
    """What a protocol's column offers the judge (`fixtures/<protocol>.py`).

    sanity: a dialogue that fills a Survey, and may stop at any point. control: a fresh connection is served; raises
    otherwise. rungs: the states that checks can ask for, by argument name. dialect: how the messages of a standard
    protocol look to the generic suites; None where each target has its own. strategies: the module of what is drawn
    for its walks (the rung `walk`), imported when it is fuzzed.
    """

    sanity: Callable[[Visit, Survey], None]
    control: Callable[[Visit], None]
    rungs: Mapping[str, Opener]
    dialect: Dialect | None = None
    strategies: str = ""


@dataclass(frozen=True)
class Outcome:
    """What came of one check.

    expected is the same text in every run; received, reason and notes may repeat the target's own words. lacking names
    the option, consent or capability behind a NOT_APPLICABLE; evidence says what the verdict rests on. problem is the
    exception that ended the check, if any.
    """

    check: Check
    verdict: Verdict
    expected: str = ""
    received: str = ""
    reason: str = ""
    notes: tuple[str, ...] = ()
    observed: tuple[str, ...] = ()
    lacking: str = ""
    evidence: frozenset[str] = frozenset()
    seconds: float = 0.0
    transcript: Transcript = field(default_factory=Transcript, compare=False)
    earlier: Transcript | None = field(default=None, compare=False)  # the first try, when a failure did not repeat
    problem: BaseException | None = field(default=None, compare=False)

    @property
    def passing(self) -> bool:
        """Whether a deadline or a close made it fail, which load can do too."""
        return self.verdict is Verdict.FAIL and isinstance(self.problem, NonConformity) and self.problem.passing


def survey(target: Target, column: Column) -> Transcript:
    """Hold the sanity dialogue and leave what it learned in `target.survey`; a mute target is lost at once."""
    visit = Visit(target)
    try:
        column.sanity(visit, target.survey)
    except (NonConformity, Inconclusive, NotApplicable) as problem:
        target.survey.problem = str(problem)
    finally:
        visit.close()
    if not target.survey.spoke:
        target.lost = target.survey.problem or "the target said nothing"
    return visit.transcript


def judge(
    check: Callable[..., object],
    openers: Mapping[str, Opener],
    values: Mapping[str, Any],
    target: Target,
    column: Column,
) -> Outcome:
    """Run `check` against `target`: its arguments are what `openers` open, and `values` as they are."""
    meta = check_of(check)
    assert meta is not None, f"{check!r} has no @requirement"
    visit = Visit(target)
    problem: BaseException | None = None
    try:
        _prepare(meta, target)
        opened = {name: reach(opener, visit, name) for name, opener in openers.items()}
        check(**opened, **values)
        if "hostile" in meta.traits:
            visit.close()  # whoever serves one client at a time, said or unsaid, serves the next when this one has gone
            visit.transcript.add(visit.seconds(), 0, What.AWAIT, b"service")
            if not target.once_only:
                _control(target, column)
    except Exception as error:
        problem = error
    finally:
        visit.close()
    if _as_declared(meta, problem, target):
        visit.observed.append(f"as declared, clients are not served at once: {problem}")
        problem = None
    if isinstance(problem, NonConformity) and problem.passing and not target.lost:
        _look_after(target, column, meta.requirement.id)
    return _outcome(meta, visit, problem, target)


def confirmed(first: Outcome, again: Callable[[], Outcome]) -> Outcome:
    """A failure by deadline or close is tried once more, alone; what does not repeat is INCONCLUSIVE."""
    if not first.passing:
        return first
    second = again()
    if second.verdict is Verdict.FAIL or (second.verdict is Verdict.INCONCLUSIVE and second.reason.startswith(LOST)):
        return first
    return replace(
        second,
        verdict=Verdict.INCONCLUSIVE,
        expected=first.expected,
        received=first.received,
        reason=f"the failure did not repeat (flaky): expected {first.expected}, received {first.received}",
        earlier=first.transcript,
        problem=None,
    )


LOST = "the target stopped answering"


def _prepare(meta: Check, target: Target) -> None:
    if target.lost and not target.survey.spoke:
        raise Inconclusive(target.lost)
    for need in meta.needs:
        target.require(need)
    if target.lost:
        raise Inconclusive(target.lost)


def _as_declared(meta: Check, problem: BaseException | None, target: Target) -> bool:
    """Whether what went wrong is the architecture that the target's dialect declares."""
    alone = "crowded" in meta.traits and target.alone and not target.lost
    return alone and isinstance(problem, NonConformity | Inconclusive)


def unserved(target: Target, column: Column) -> str:
    """Why a fresh connection is not served; empty where it is."""
    visit = Visit(target)
    try:
        column.control(visit)
    except (NonConformity, Inconclusive) as problem:
        return str(problem) or type(problem).__name__
    finally:
        visit.close()
    return ""


def _control(target: Target, column: Column) -> None:
    """After a hostile check: the next client is served. A death has one culprit."""
    if problem := unserved(target, column):
        target.lost = LOST
        raise NonConformity("a target that serves the next client", problem, owed=True, passing=True)


def _look_after(target: Target, column: Column, id: str) -> None:
    """After an expired deadline: if a fresh connection is not served either, nothing more is dialled."""
    if problem := unserved(target, column):
        target.lost = f"{LOST} during {id}: {problem}"


def _outcome(meta: Check, visit: Visit, problem: BaseException | None, target: Target) -> Outcome:
    verdict = decide(meta.requirement.level, problem, visit.deviations, visit.observed)
    outcome = Outcome(
        meta,
        verdict,
        notes=tuple(visit.notes),
        observed=tuple(visit.observed),
        evidence=frozenset(visit.evidence),
        seconds=visit.seconds(),
        transcript=visit.transcript,
        problem=problem,
    )
    outcome = _described(outcome, problem, visit.deviations)
    outcome = replace(outcome, expected=visit.stable(outcome.expected))
    if verdict in (Verdict.PASS, Verdict.OBSERVED) and not target.survey.sound:
        return replace(outcome, verdict=Verdict.INCONCLUSIVE, reason=target.survey.lacking)
    return outcome


def _described(outcome: Outcome, problem: BaseException | None, deviations: list[Deviation]) -> Outcome:
    if isinstance(problem, NonConformity):
        outcome = replace(outcome, expected=problem.expected, received=problem.received)
        if outcome.verdict is Verdict.OBSERVED:
            outcome = replace(outcome, observed=(*outcome.observed, problem.received))
    elif isinstance(problem, NotApplicable):
        outcome = replace(outcome, reason=str(problem), lacking=problem.lacking)
    elif problem is not None:
        outcome = replace(outcome, reason=str(problem) or type(problem).__name__)
    elif deviations:
        first = deviations[0]
        reasons = "; ".join(dict.fromkeys(d.note for d in deviations))
        outcome = replace(outcome, expected=first.expected, received=first.received, reason=reasons)
    return outcome

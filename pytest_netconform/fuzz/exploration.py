"""An exploration: examples of one property at one target, within a budget, until it is spent or the target is dead.

Hypothesis draws and shrinks; this module decides when to stop, keeps the smallest example of every breach, and goes on
past what it knows already. It knows neither pytest nor any protocol, and does not decide whether a finding repeats.
"""

from __future__ import annotations

import gc
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity
from hypothesis.errors import Flaky, FlakyStrategyDefinition, Unsatisfiable
from hypothesis.stateful import run_state_machine_as_test

from pytest_netconform.fuzz.machine import machine_of, settled
from pytest_netconform.judge import Column, unserved
from pytest_netconform.models.case import Case, case_of
from pytest_netconform.models.model import Step
from pytest_netconform.target import Target
from pytest_netconform.transcript import Transcript
from pytest_netconform.verdict import Inconclusive, NonConformity, NotApplicable
from pytest_netconform.visit import Visit
from pytest_netconform.walks.walk import PROPERTIES, Walker, follow

RUNG = "walk"
ROUND = 500  # examples after which Hypothesis forgets what it has tried, so that memory stays flat
STEPS = 20  # of one example at the most
SHRINKS = 200  # examples that make one finding smaller: a number, so that a seed says it all;
SHRINK_SECONDS = 20.0  # and a time, for targets that answer late
RECENT = 8  # examples that are remembered in case the target dies
LEAN_TRIES, LEAN_SECONDS = 60, 10.0  # for leaving out what Hypothesis has left in
HURRY_SECONDS = 2.0  # that an answer may take while exploring
TRIES, TRY_SECONDS = 3, 0.2  # to be served again, before a target is called dead
SERVED = "the next client is served"


@dataclass(frozen=True)
class Budget:
    """How long to explore: so many examples, so many seconds, so many findings; None: not counted."""

    examples: int | None = None
    seconds: float | None = None
    findings: int | None = None


@dataclass(frozen=True)
class Finding:
    """The smallest example of one breach. rule: what is broken; transcript: of that example."""

    case: Case
    rule: str
    problem: NonConformity
    transcript: Transcript


@dataclass
class Explored:
    """What came of an exploration.

    died: why nobody is served any more; recent: what was done before, oldest first, and last what it died of.
    """

    seed: int
    examples: int = 0
    steps: int = 0
    broken_off: int = 0  # examples that a temporary refusal or a missing prerequisite ended
    varied: int = 0  # times that the same steps were answered otherwise
    seconds: float = 0.0
    findings: list[Finding] = field(default_factory=list)
    died: str = ""
    recent: list[Case] = field(default_factory=list)


class _Enough(BaseException):
    """The budget, or the time for shrinking, is spent; Hypothesis lets it through."""


class _Dead(BaseException):
    """Nobody is served any more."""


class Exploration:
    """One exploration; `run` it once. revive: called when the target is lost, and may start it again."""

    def __init__(
        self,
        target: Target,
        column: Column,
        property: str,
        budget: Budget,
        *,
        seed: int,
        settings: hypothesis.settings | None = None,
        revive: Callable[[Target], None] = lambda target: None,
        known: frozenset[str] = frozenset(),
    ) -> None:
        self.target, self._patient = hurried(target), target
        self.column = column
        self.property = property
        self.budget = budget
        self.explored = Explored(seed)
        self._settings = settings or hypothesis.settings()
        self._revive = revive
        self._known = set(known)  # rules whose breach is no news
        self._recent: deque[Case] = deque(maxlen=RECENT)
        self._best: Finding | None = None
        self._enough = False
        self._found_at, self._shrinks = 0.0, 0
        self._began = 0.0
        self._visit = Visit(self.target)
        assert target.spec.protocol is not None
        self._protocol = target.spec.protocol.name

    def run(self) -> Explored:
        """Explore until the budget is spent. Raises what is our own fault."""
        self._began = time.monotonic()
        machine = machine_of(self._rules())
        seed, before = self.explored.seed, -1
        while self._left() and not self.explored.died and self.explored.examples != before:
            before = self.explored.examples
            self._explore(machine, seed)
            seed += 1
        return self.explored

    def _explore(self, machine: Any, seed: int) -> None:
        """One round, and what it has found."""
        explored = self.explored
        self._forget()
        try:
            self._round(machine, seed)
        except (Flaky, FlakyStrategyDefinition):
            explored.varied += not self._enough  # an end amid an example looks like a change of mind
        except (_Enough, NonConformity):
            pass
        except _Dead:
            explored.recent = list(self._recent)
        except BaseException:  # Ctrl-C, a timeout: what was found is kept as it is
            if self._best is not None:
                self._keep(self._best)
            raise
        finally:
            self._visit.close()
            explored.seconds = time.monotonic() - self._began
        if self._best is not None:
            done = explored.died or self._best.rule == SERVED
            self._keep(self._best if done else self._lean(self._best))
        gc.collect()  # what the round remembered goes in cycles, and would stay beside what the next one does

    def _forget(self) -> None:
        self._best, self._enough = None, False

    def _rules(self) -> Any:
        strategies: Any = import_module(self.column.strategies)
        return {"hostile": strategies.HOSTILE} if self.property == "hostile" else strategies.RULES

    def _round(self, machine: Any, seed: int) -> None:
        def factory() -> Any:
            return machine(self._begin, self._watch)

        factory.__name__ = factory.__qualname__ = f"{self._protocol}_{self.property}"
        left = self.budget.examples - self.explored.examples if self.budget.examples is not None else ROUND
        settings = hypothesis.settings(
            self._settings,
            max_examples=min(ROUND, left),
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.reuse, Phase.generate, Phase.shrink],
            report_multiple_bugs=False,
            print_blob=False,
            verbosity=Verbosity.quiet,
            derandomize=False,  # the seed is ours to choose
        )
        with settled(), suppress(Unsatisfiable):
            run_state_machine_as_test(hypothesis.seed(seed)(factory), settings=settings)  # type: ignore[arg-type]

    def _left(self) -> bool:
        budget, explored = self.budget, self.explored
        if budget.examples is not None and explored.examples >= budget.examples:
            return False
        if budget.findings is not None and len(explored.findings) >= budget.findings:
            return False
        return budget.seconds is None or time.monotonic() - self._began < budget.seconds

    # -- one example

    def _begin(self) -> Walker | None:
        """A walker for the next example. None where there is no connection for it now."""
        if self._best is not None:
            self._shrinks += 1
            self._enough = self._shrinks > SHRINKS or time.monotonic() - self._found_at > SHRINK_SECONDS
        else:
            self._enough = not self._left()
        if self._enough:
            raise _Enough
        self.explored.examples += self._best is None
        self._visit = Visit(self.target)
        try:
            return PROPERTIES[self.property](self.column.rungs[RUNG](self._visit))
        except (NonConformity, Inconclusive, NotApplicable) as problem:
            self.explored.broken_off += 1
            self._visit.close()
            if not self._serves():
                self._charge_last(str(problem))
            return None

    def _charge_last(self, why: str) -> None:
        """Nobody is served, and nobody was under way: whoever was here last is the finding."""
        if self._recent and SERVED not in self._known and self._best is None:
            problem = NonConformity(SERVED, why, owed=True, passing=True)
            self._best = Finding(self._recent[-1], SERVED, problem, Transcript())
        self._revive(self.target)
        if not self._serves():
            self._died(why)
        if self._best is not None:
            raise _Enough

    def _watch(self, walker: Walker, problem: BaseException | None) -> BaseException | None:
        """An example has ended: what Hypothesis is to hear of it."""
        self._visit.close()
        explored, case = self.explored, case_of(self._protocol, self.property, walker.taken)
        explored.steps += len(walker.taken)
        self._recent.append(case)
        doubtful = isinstance(problem, NonConformity) and problem.passing
        if (doubtful or self.property == "hostile") and not self._serves():
            problem = NonConformity(SERVED, self.target.lost, owed=True, passing=True)
            walker.rule = SERVED
            self._found(walker, case, problem)
            self._revive(self.target)
            if not self._serves():
                self._died(self.target.lost)
        if isinstance(problem, Inconclusive | NotApplicable):
            explored.broken_off += 1
            return None
        if not isinstance(problem, NonConformity):
            return problem
        if doubtful and walker.rule != SERVED and self._best is None and not self._shown_by(self._patient, case.steps):
            explored.varied += 1  # an answer was late, or a connection broke: who is busy is not wrong
            return None
        return problem if self._found(walker, case, problem) else None

    def _found(self, walker: Walker, case: Case, problem: NonConformity) -> bool:
        """Whether this is what is looked for now: a breach that is not known, and the one that this round has met."""
        if walker.rule in self._known or (self._best is not None and self._best.rule != walker.rule):
            return False
        if self._best is None:
            self._found_at, self._shrinks = time.monotonic(), 0
        if self._best is None or case.size < self._best.case.size:
            self._best = Finding(case, walker.rule, problem, self._visit.transcript)
        return True

    # -- a finding

    def _keep(self, finding: Finding) -> None:
        finding.problem.__traceback__ = finding.problem.__context__ = None  # they hold all of this round
        self._known.add(finding.rule)
        self.explored.findings.append(finding)

    def _lean(self, finding: Finding) -> Finding:
        """The finding without steps that it does not need: what shows at the end only, Hypothesis cuts badly."""
        tries, place = 0, len(finding.case.steps) - 1
        deadline = time.monotonic() + LEAN_SECONDS
        while place >= 0 and tries < LEAN_TRIES and time.monotonic() < deadline:
            steps = finding.case.steps
            less = self._shown_by(self.target, (*steps[:place], *steps[place + 1 :]))
            finding = less if less is not None and less.rule == finding.rule else finding
            tries, place = tries + 1, place - 1
        return finding

    def _shown_by(self, target: Target, steps: Sequence[Step]) -> Finding | None:
        """What a walk of these steps shows, if anything."""
        visit = Visit(target)
        walker: Walker | None = None
        try:
            walker = PROPERTIES[self.property](self.column.rungs[RUNG](visit))
            follow(walker, steps)
        except NonConformity as problem:
            if walker is not None:
                case = case_of(self._protocol, self.property, walker.taken)
                return Finding(case, walker.rule, problem, visit.transcript)
        except (Inconclusive, NotApplicable):
            pass
        finally:
            visit.close()
        return None

    # -- whether it lives

    def _died(self, why: str) -> None:
        self.explored.died = why or "nobody is served"
        raise _Dead

    def _serves(self) -> bool:
        """Whether a fresh connection is served, at the latest at the third try."""
        for count in range(TRIES):
            self.target.lost = unserved(self.target, self.column)
            if not self.target.lost:
                return True
            if count < TRIES - 1:
                self.target.carriage.pause(TRY_SECONDS)
        return False


def hurried(target: Target) -> Target:
    """The same target with less patience: what is found by impatience is tried again with all of it."""
    patience = min(target.patience, max(HURRY_SECONDS, 100 * target.survey.latency))
    other = copy(target)
    other.spec = replace(target.spec, options={**target.spec.options, "patience": f"{patience:g}"})
    other.options = {**target.options, "patience": f"{patience:g}"}
    return other

"""Fuzzing in a session of pytest: which cases a check is asked to hold, and what becomes of those that are found.

A check of the suite `fuzz` is run once for every case of the corpus and once to explore. What an exploration finds is
kept, and judged as a case of its own right behind it, which is the confirmation. This module translates between items,
explorations and the corpus; it must not know how steps are drawn or judged.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

import hypothesis
import pytest
from _pytest.runner import runtestprotocol

from pytest_netconform.collect import TARGET
from pytest_netconform.fuzz import corpus
from pytest_netconform.fuzz.corpus import CorpusError, Kept
from pytest_netconform.fuzz.exploration import SERVED, Budget, Exploration, Explored, Finding
from pytest_netconform.judge import LOST, Outcome
from pytest_netconform.models.case import Case
from pytest_netconform.report.terminal import FIXED, FLAKY, FUZZ, STILL
from pytest_netconform.requirement import Check, check_of
from pytest_netconform.target import Spec
from pytest_netconform.verdict import Verdict

if TYPE_CHECKING:
    from pytest_netconform.ahead import Job
    from pytest_netconform.protocols import Protocol
    from pytest_netconform.run import Run

EXPLORE = Case("", "explore", ())  # what stands for the cases that are not drawn yet
CACHE = "netconform-corpus"
MOST_BROKEN_OFF = 0.5  # of the examples: above it an exploration has not seen enough to say anything


@dataclass(frozen=True)
class Fresh:
    """A finding of this run, whose case has not been judged yet. alive: the target serves, so that it can be."""

    finding: Finding
    kept: Kept
    path: Path | None
    alive: bool


class Fuzz:
    """The fuzzing half of a run."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._settings = run.settings
        self._fresh: dict[Case, Fresh] = {}
        self._waiting: dict[pytest.Item, list[Case]] = {}  # cases to hold behind an item
        self._only: list[Case] | None = None  # while items are made for these alone
        self._still: set[tuple[str, str]] = set()  # property and rule of cases that are still there
        self.folder = self._settings.corpus
        self.kept: dict[Case, Kept] = {}
        self.remarks: list[str] = []

    def read(self) -> None:
        """Read the corpus. Raises UsageError."""
        if self.folder is None:
            return
        try:
            kept, left_out = corpus.read(self.folder)
            if self._settings.fuzz is not None:
                self.folder.mkdir(parents=True, exist_ok=True)
        except CorpusError as error:
            raise pytest.UsageError(f"--netconform-corpus: {error}") from None
        except OSError as error:
            raise pytest.UsageError(f"--netconform-corpus={self.folder}: {error.strerror}") from None
        self.kept = {each.case: each for each in kept}
        self.remarks += [f"{self.folder}: {line}" for line in left_out]
        if not kept and self._settings.fuzz is None:
            self.remarks.append(f"{self.folder} holds no case, and without --netconform-fuzz nothing is explored")

    def check_consent(self, specs: list[Spec]) -> None:
        """Exploring may hurt what is explored. Raises UsageError for a target elsewhere, without consent."""
        for spec in specs:
            lacking = {"write", "intrusive"} - self._settings.allow
            if not spec.at_home and lacking and self._settings.fuzz is not None:
                raise pytest.UsageError(
                    f"--netconform-fuzz: {spec.name} is not on this machine; if it is yours to hurt, give "
                    "--netconform-allow=write,intrusive"
                )

    # -- which cases

    def spread(self, metafunc: pytest.Metafunc, specs: list[Spec]) -> None:
        """One item for each case of each target, and one to explore each."""
        _, property = _asks(metafunc.function)
        wanted = self._settings.differential or property != "differential"
        if len(specs) < 2:
            row = specs[0].protocol if specs else None
            cases = self._cases(property, row.name if row else "") if wanted and _askable(property, row) else []
            metafunc.parametrize("case", cases, ids=[_name(case) for case in cases])
            return
        pairs = [
            (spec.name, case)
            for spec in specs
            if spec.protocol and wanted and _askable(property, spec.protocol)
            for case in self._cases(property, spec.protocol.name)
        ]
        names = [f"{name}-{_name(case)}" for name, case in pairs]
        metafunc.parametrize((TARGET, "case"), pairs, indirect=[TARGET], ids=names, scope="session")

    def _cases(self, property: str, protocol: str) -> list[Case]:
        if self._only is not None:
            return self._only
        known = [case for case in self.kept if case.drawn_for == property and protocol in ("", case.protocol)]
        return known + [EXPLORE] * (self._settings.fuzz is not None)

    # -- judging

    def explores(self, job: Job) -> bool:
        """Whether this is asked to explore, rather than to hold a case."""
        return job.values.get("case") is EXPLORE

    def explored(self, item: pytest.Function, job: Job, empty: Outcome) -> Outcome:
        """Explore, keep what is found, and leave it to be judged behind this item.

        empty: what came of a walk without any step; if that is not met, nothing can be explored.
        """
        if empty.verdict is not Verdict.PASS:
            return empty
        check, property = _asks(job.check)
        protocol = job.target.spec.protocol.name if job.target.spec.protocol else ""
        exploration = Exploration(
            job.target,
            job.column,
            property,
            self._budget(item),
            seed=self._seed(protocol, property),
            settings=hypothesis.settings(),
            revive=self._run.roster.revive,
            known=frozenset(rule for broken, rule in self._still if broken == property),
        )
        result = exploration.explored
        try:
            exploration.run()
        finally:
            found = [self._keep(finding, result, job) for finding in result.findings]
            self._waiting[item] = [fresh.finding.case for fresh in found]
            for fresh in found:
                self._fresh[fresh.finding.case] = fresh
        if result.died:
            job.target.lost = f"{LOST} during {check.requirement.id}: {result.died}"
        text = told(result)
        if result.broken_off > MOST_BROKEN_OFF * result.examples or not result.steps:
            reason = f"{text}: most examples were broken off by temporary refusals, or nothing could be said"
            return Outcome(check, Verdict.INCONCLUSIVE, reason=reason, seconds=result.seconds)
        return Outcome(check, Verdict.OBSERVED, observed=(text,), seconds=result.seconds)

    def replayed(self, case: Case, outcome: Outcome) -> Outcome:
        """What came of holding a case: what it says of a finding of this run, or of one in the corpus."""
        passed = outcome.verdict in (Verdict.PASS, Verdict.OBSERVED)
        fresh = self._fresh.get(case)
        if fresh is not None:
            return self._confirmed(fresh, outcome, passed)
        kept = self.kept.get(case)
        if kept is None:
            return outcome
        if passed:
            return replace(outcome, notes=(*outcome.notes, FLAKY if kept.flaky else FIXED))
        if outcome.verdict in (Verdict.FAIL, Verdict.DEVIATION):
            self._still.add((case.drawn_for, kept.rule))
            return replace(outcome, notes=(*outcome.notes, STILL))
        return outcome

    def _confirmed(self, fresh: Fresh, outcome: Outcome, passed: bool) -> Outcome:
        finding = fresh.finding
        where = (f"kept as {fresh.path}",) if fresh.path is not None else ()
        if not fresh.alive:
            return replace(
                outcome,
                verdict=Verdict.FAIL,
                expected=finding.problem.expected,
                received=finding.problem.received,
                reason="",
                notes=(*where, "not tried again: the target serves nobody any more"),
                transcript=finding.transcript,
                problem=finding.problem,
            )
        if passed:
            self._write(replace(fresh.kept, flaky=True))
            return replace(
                outcome,
                verdict=Verdict.INCONCLUSIVE,
                expected=finding.problem.expected,
                received=finding.problem.received,
                reason=f"the finding did not repeat (flaky): expected {finding.problem.expected}, "
                f"received {finding.problem.received}",
                notes=where,
                earlier=finding.transcript,
            )
        return replace(outcome, notes=(*outcome.notes, *where))

    # -- behind an item

    def hold_fresh(self, item: pytest.Item, nextitem: pytest.Item | None) -> None:
        """Run the cases that an item has just found, each as an item of its own."""
        cases = self._waiting.pop(item, [])
        if not cases or not isinstance(item, pytest.Function) or item.parent is None:
            return
        for made in self._items(item, cases):
            if item.session.shouldstop or item.session.shouldfail:
                return
            item.session.testscollected += 1
            with _in_place_of(item, made):
                made.ihook.pytest_runtest_logstart(nodeid=made.nodeid, location=made.location)
                runtestprotocol(made, nextitem=nextitem)
                made.ihook.pytest_runtest_logfinish(nodeid=made.nodeid, location=made.location)

    def _items(self, item: pytest.Function, cases: list[Case]) -> list[pytest.Item]:
        self._only = cases
        try:
            name = getattr(item, "originalname", None) or item.name.partition("[")[0]
            made = item.ihook.pytest_pycollect_makeitem(collector=item.parent, name=name, obj=item.obj)
        finally:
            self._only = None
        found = made if isinstance(made, list) else [made]
        mine = item.callspec.params.get(TARGET)
        return [each for each in found if each.callspec.params.get(TARGET) == mine]

    # -- the corpus

    def _keep(self, finding: Finding, result: Explored, job: Job) -> Fresh:
        died = bool(result.died) and finding is result.findings[-1]
        about = {
            "target": job.target.spec.url,
            "seed": str(result.seed),
            "expected": finding.problem.expected,
            "received": finding.problem.received,
        }
        mask = finding.transcript.mask_text
        kept = Kept(
            finding.case,
            finding.rule,
            before=tuple(result.recent[:-1]) if died else (),
            about={key: mask(value) for key, value in about.items()},
        )
        return Fresh(finding, kept, self._write(kept), alive=not (died and finding.rule == SERVED))

    def _write(self, kept: Kept) -> Path | None:
        folder = self.folder
        if folder is None:
            cache = getattr(self._run.config, "cache", None)
            folder = self.folder = Path(cache.mkdir(CACHE)) if cache is not None else None
        if folder is None:
            return None
        try:
            return corpus.write(folder, kept)
        except CorpusError as error:
            self.remarks.append(str(error))
            return None

    # -- budget and seed

    def _budget(self, item: pytest.Item) -> Budget:
        fuzz = self._settings.fuzz
        assert fuzz is not None
        sharing = sum(_asked(other) is EXPLORE for other in item.session.items)
        return Budget(fuzz.examples, fuzz.seconds / max(1, sharing) if fuzz.seconds is not None else None)

    def _seed(self, protocol: str, property: str) -> int:
        given = self._run.config.getoption("--hypothesis-seed", None)
        if given is not None and str(given).isdigit():
            return int(given)
        if hypothesis.settings().derandomize:
            return crc32(f"{protocol} {property}".encode())
        return random.SystemRandom().getrandbits(32)


@contextmanager
def _in_place_of(item: pytest.Item, made: pytest.Item) -> Iterator[None]:
    """Stand where an item stands in its session: a worker of pytest-xdist holds reports against that place."""
    items = item.session.items
    place = items.index(item)
    items[place] = made
    try:
        yield
    finally:
        items[place] = item


def told(result: Explored) -> str:
    """What an exploration did, in a line."""
    count = len(result.findings)
    found = f"{count} finding{'s' * (count != 1)}"
    names = ", ".join(finding.case.name for finding in result.findings)
    more = f" ({names})" if names else ""
    extra = f", {result.broken_off} broken off" if result.broken_off else ""
    extra += f", answered otherwise {result.varied} times" if result.varied else ""
    extra += f"; the target died: {result.died}" if result.died else ""
    return (
        f"{result.examples} examples, {result.steps} steps in {result.seconds:.1f} s{extra}, "
        f"seed {result.seed}: {found}{more}"
    )


def _asks(function: object) -> tuple[Check, str]:
    """The check that a function of the suite is, and the property that it asks for."""
    check = check_of(function)
    assert check is not None
    return check, check.requirement.id.removeprefix(FUZZ)


def _askable(property: str, row: Protocol | None) -> bool:
    """Datagrams are not cut."""
    return property != "cuts" or row is None or not row.datagrams


def _name(case: Case) -> str:
    return "explore" if case is EXPLORE else case.name


def _asked(item: pytest.Item) -> Any:
    return getattr(getattr(item, "callspec", None), "params", {}).get("case")

"""Running ahead: checks are judged before pytest reaches them, several at a time, and reported in pytest's order.

Most of a run is waiting. This module knows jobs, threads, and who may be under way together; it must not know pytest's
items, nor what a check does.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from typing import Protocol as Shape

from pytest_netconform.judge import Column, Outcome, judge, unserved
from pytest_netconform.requirement import check_of
from pytest_netconform.target import Target
from pytest_netconform.transport import Cancel
from pytest_netconform.verdict import Inconclusive, NonConformity
from pytest_netconform.visit import Opener, Visit

STEPS = (8, 4, 2, 1)  # how many dialogues at a time are tried
HELD_PATIENCE = 1.0  # seconds that one of many connections may wait for its greeting

#: Traits of checks that run while no other is under way: a death has one culprit.
ALONE = frozenset({"serial", "hostile", "writes", "disposable", "limit"})


@dataclass(frozen=True)
class Job:
    """One check with everything that the judge needs for it."""

    check: Callable[..., object]
    target: Target
    column: Column
    openers: Mapping[str, Opener] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def alone(self) -> bool:
        """Whether nothing else of the run may be under way."""
        found = check_of(self.check)
        return found is not None and bool(found.traits & ALONE)


class Turnstile(Shape):
    """Many may be inside together, or one alone; who waits to be alone is not overtaken for ever."""

    def together(self) -> AbstractContextManager[None]:
        """Inside with others."""

    def alone(self) -> AbstractContextManager[None]:
        """Inside without anybody."""


class Threads:
    """A turnstile for the threads of this process."""

    def __init__(self) -> None:
        self._gate = threading.Lock()  # held by who waits to be alone, so that newcomers wait behind him
        self._inside = 0
        self._changed = threading.Condition()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Inside with others."""
        with self._gate, self._changed:
            self._inside += 1
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Inside without anybody."""
        with self._gate:
            with self._changed:
                self._changed.wait_for(lambda: self._inside == 0)
            yield


class Processes:
    """A turnstile for the workers of one run of pytest-xdist, at a file and its neighbour. Not for threads."""

    def __init__(self, path: Path) -> None:
        self._room, self._gate = path.with_suffix(".room"), path.with_suffix(".gate")

    @contextmanager
    def together(self) -> Iterator[None]:
        """Inside with others."""
        with _locked(self._room, fcntl.LOCK_SH, gate=self._gate):
            yield

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Inside without anybody."""
        with _locked(self._room, fcntl.LOCK_EX, gate=self._gate):
            yield

    def remove(self) -> None:
        """Remove the files, once no worker is left."""
        for path in (self._room, self._gate):
            path.unlink(missing_ok=True)


@contextmanager
def _locked(path: Path, how: int, *, gate: Path | None = None) -> Iterator[None]:
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        if gate is None:
            fcntl.flock(descriptor, how)
        else:
            with _locked(gate, fcntl.LOCK_EX):  # passed one by one: a waiting LOCK_EX is not overtaken
                fcntl.flock(descriptor, how)
        yield
    finally:
        os.close(descriptor)


class Ahead:
    """The pool of one run: jobs by the key of their item, judged at once, handed out when they are asked for.

    concurrency: how many for a target; asked once per target. turnstile: whom a job has to wait for. revive: called
    for a target that a check has just lost.
    """

    def __init__(
        self,
        cancel: Cancel,
        concurrency: Callable[[Target], int],
        turnstile: Callable[[Target], Turnstile],
        revive: Callable[[Target], None],
    ) -> None:
        self._cancel = cancel
        self._concurrency = concurrency
        self._turnstile = turnstile
        self._revive = revive
        self._pools: dict[int, ThreadPoolExecutor | None] = {}  # by the target's identity
        self._futures: dict[Hashable, Future[Outcome]] = {}

    def outcome(self, key: Hashable, job: Job, following: Callable[[], Iterable[tuple[Hashable, Job]]]) -> Outcome:
        """The outcome of a job. The first of a segment sends all that may be judged with it (`following`) ahead."""
        if key not in self._futures:
            pool = None if job.alone else self._pool(job.target)
            if pool is None:
                return self.judged(job)
            self._futures[key] = pool.submit(self.judged, job)
            for other, later in following():
                if other not in self._futures:
                    self._futures[other] = pool.submit(self.judged, later)
        future = self._futures[key]
        try:
            return future.result()
        finally:
            if future.done():
                self._futures.pop(key, None)

    def judged(self, job: Job, *, alone: bool = False) -> Outcome:
        """Judge a job now, in this thread, with whomever it may be together."""
        turnstile = self._turnstile(job.target)
        with turnstile.alone() if alone or job.alone else turnstile.together():
            outcome = judge(job.check, job.openers, job.values, job.target, job.column)
            if job.target.lost:
                self._revive(job.target)
            return outcome

    def interrupt(self) -> None:
        """Break off what is under way and forget it; what is done already stays. The run may go on afterwards."""
        self._cancel.set()
        for pool in filter(None, self._pools.values()):
            pool.shutdown(wait=True, cancel_futures=True)
        self._pools.clear()
        self._futures = {key: future for key, future in self._futures.items() if _judged(future)}
        self._cancel.clear()

    def close(self) -> None:
        """Break off and end every thread."""
        self.interrupt()
        self._futures.clear()

    def _pool(self, target: Target) -> ThreadPoolExecutor | None:
        if id(target) not in self._pools:
            size = self._concurrency(target)
            pool = ThreadPoolExecutor(size, thread_name_prefix="netconform") if size > 1 else None
            self._pools[id(target)] = pool
        return self._pools[id(target)]


def _judged(future: Future[Outcome]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None


def measured(target: Target, column: Column) -> int:
    """How many connections the target serves while all are held open: 8, 4, 2 or 1.

    Leaves in the target's survey what an answer takes when so many ask at once.
    """
    if target.lost:
        return 1
    hurried = Target(
        replace(target.spec, options={**target.spec.options, "patience": str(min(HELD_PATIENCE, target.patience))}),
        target.carriage,
        options=target.options,
        cut=target.cut,
        dialect=target.dialect,
    )
    hurried.survey, hurried.shared = target.survey, target.shared
    held = _held(hurried, column)
    size = next((step for step in STEPS if step <= held), 1)
    if size > 1:
        with ThreadPoolExecutor(size) as pool:
            times = list(pool.map(lambda _: _served(hurried, column), range(size)))
        if target.owes:  # a control is a greeting and an answer; where nothing is said, a silence
            target.survey.latency = max(target.survey.latency, max(times) / 2)
    return size


def _held(target: Target, column: Column) -> int:
    """How many connections are served in turn while the earlier ones stay open, up to the most that are wanted."""
    visits: list[Visit] = []
    try:
        for count in range(STEPS[0]):
            visits.append(Visit(target))
            try:
                column.control(visits[-1])
            except (NonConformity, Inconclusive):
                return count
        return STEPS[0]
    finally:
        for visit in visits:
            visit.close()


def _served(target: Target, column: Column) -> float:
    began = target.carriage.now()
    unserved(target, column)
    return target.carriage.now() - began

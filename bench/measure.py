"""Measuring: what one call costs on the wall and on the processors, and how pytest is run for it."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]


@dataclass(frozen=True)
class Cost:
    """Seconds on the wall and on the processors, children included."""

    wall: float
    cpu: float


def measured(action: Callable[[], object]) -> Cost:
    """What one call costs."""
    began, used = time.perf_counter(), _cpu()
    action()
    return Cost(time.perf_counter() - began, _cpu() - used)


def _cpu() -> float:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def median(costs: Iterable[Cost]) -> Cost:
    """Each figure's median."""
    costs = list(costs)
    return Cost(statistics.median(c.wall for c in costs), statistics.median(c.cpu for c in costs))


def run(arguments: Sequence[str], folder: str) -> int:
    """pytest in a folder of its own; the exit code."""
    return subprocess.run(
        [*PYTEST, *arguments], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
    ).returncode

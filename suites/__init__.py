"""The suites: what the standards ask, one check per function. Things arrive as arguments; nothing here dials."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def chapters(suite: str, names: tuple[str, ...]) -> dict[str, Any]:
    """The checks of a suite's chapters in order, and their exclusions as `NOT_CHECKED`: the suite's public names."""
    found: dict[str, Any] = {"NOT_CHECKED": []}
    for module in (import_module(f"{suite}.{name}") for name in names):
        checks = {name: value for name, value in vars(module).items() if name.startswith("test_")}
        if twice := checks.keys() & found.keys():
            raise ImportError(f"{module.__name__} defines {', '.join(sorted(twice))} again")
        found.update(checks)
        found["NOT_CHECKED"] += module.NOT_CHECKED
    return found

"""Jobs: what a pytest item asks of the judge, and whether that is known before pytest has set the item up.

This module reads items: their arguments, the fixtures behind them, their marks and parameters. It must not run them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pytest_netconform.ahead import Job
from pytest_netconform.collect import TARGET, Ticket, check_of_item, opener_of
from pytest_netconform.plugin import wake
from pytest_netconform.roster import column_of

PARAMETERS = "_pytest.python"  # the module of the fixture function behind a direct parameter


def job_of(item: pytest.Function) -> Job:
    """What an item that is set up asks of the judge."""
    found = wake(item.config).found
    values = {name: item.funcargs[name] for name in item._fixtureinfo.argnames}
    tickets = {name: value for name, value in values.items() if isinstance(value, Ticket)}
    values = {name: value for name, value in values.items() if name not in tickets}
    if TARGET in values:
        values[TARGET] = found(values[TARGET])
    named = [ticket.target for ticket in tickets.values()] or [found(item._request.getfixturevalue(TARGET))]
    target = named[0]
    openers = {name: ticket.opener for name, ticket in tickets.items()}
    return Job(item.obj, target, column_of(target), openers, values)


def following(item: pytest.Function, job: Job, items: list[pytest.Item]) -> Iterator[tuple[pytest.Item, Job]]:
    """The next of `items` with their jobs, up to the first that has to wait until pytest has set it up."""
    if not may_lead(item):
        return
    for other in items:
        if (later := ahead_of_setup(item, other, job)) is None:
            return
        yield other, later


def ahead_of_setup(first: pytest.Function, other: pytest.Item, job: Job) -> Job | None:
    """The job of an item that pytest has not set up yet, at the target of `first`; None where that cannot be known."""
    if check_of_item(other) is None or not isinstance(other, pytest.Function) or not may_lead(other):
        return None
    if _target_source(first) is None or _target_source(first) != _target_source(other):
        return None
    params = _params(other)
    openers, values = {}, {}
    for name in other._fixtureinfo.argnames:
        definitions = other._fixtureinfo.name2fixturedefs.get(name, ())
        rung = getattr(definitions[-1].func, "netconform_rung", None) if definitions else None
        if rung is not None:
            openers[name] = opener_of(rung, job.target.spec.protocol)
        elif name == TARGET:
            values[name] = job.target
        elif name in params and (not definitions or definitions[-1].func.__module__ == PARAMETERS):
            values[name] = params[name]
        else:
            return None
    later = Job(other.obj, job.target, job.column, openers, values)
    return None if later.alone else later


def may_lead(item: pytest.Function) -> bool:
    """Whether nothing but rungs and parameters stands between an item and its judge."""
    if getattr(item.obj, "is_hypothesis_test", False):
        return False
    if any(mark.name in ("skip", "skipif", "xfail") for mark in item.iter_markers()):
        return False
    definitions = item._fixtureinfo.name2fixturedefs
    return not any(
        found[-1].scope == "function" and not _harmless(name, found[-1], item)
        for name, found in definitions.items()
        if found
    )


def _harmless(name: str, definition: Any, item: pytest.Function) -> bool:
    ours = hasattr(definition.func, "netconform_rung")
    return ours or name == "request" or (name in _params(item) and definition.func.__module__ == PARAMETERS)


def _target_source(item: pytest.Function) -> object:
    """Where an item's target comes from; equal for two items exactly when it is the same; None when unknown."""
    found = item._fixtureinfo.name2fixturedefs.get(TARGET)
    if not found:
        return None
    definition = found[-1]
    if definition.scope == "session":
        home: object = None
    elif definition.scope in ("module", "package"):
        home = item.getparent(pytest.Module)
    else:
        return None
    return definition, home, _params(item).get(TARGET)


def _params(item: pytest.Function) -> dict[str, Any]:
    return dict(item.callspec.params) if hasattr(item, "callspec") else {}

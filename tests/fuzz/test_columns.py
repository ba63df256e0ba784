"""Every protocol that can be walked with has the rooms for it, and is listed wherever it must be."""

from __future__ import annotations

from importlib import import_module

import pytest

from pytest_netconform.fixtures.network import column_of
from pytest_netconform.fuzz.exploration import RUNG
from pytest_netconform.protocols import PROTOCOLS
from pytest_netconform.walks.walk import PROPERTIES


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_who_walks_has_strategies(protocol: str) -> None:
    """The row says it, and the column has the rung and the strategies; or none of the three."""
    column = column_of(PROTOCOLS[protocol])
    assert PROTOCOLS[protocol].walks == (RUNG in column.rungs) == bool(column.strategies)
    if column.strategies:
        strategies = import_module(column.strategies)
        assert strategies.RULES and strategies.HOSTILE is not None


def test_every_property_has_its_check() -> None:
    """What can be asked of a walk is asked by the suite, under its name."""
    from pytest_netconform.suites import fuzz

    checks = {name.removeprefix("test_") for name in vars(fuzz) if name.startswith("test_")}
    assert checks == set(PROPERTIES)

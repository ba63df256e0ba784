"""Hooks: where other plugins, and a project's conftest, can listen to a run."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.hookspec(historic=False)
def pytest_netconform_record(config: pytest.Config, record: dict[str, Any]) -> None:
    """One check was judged. `record` has the keys of an entry in the JSON report; called where reports are written."""


@pytest.hookspec(historic=False)
def pytest_netconform_target_ready(config: pytest.Config, target: Any) -> None:
    """A target was reached and has held its sanity dialogue; checks follow. Called in every process that judges."""

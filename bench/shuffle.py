"""A pytest plugin for bench/steady.py: the items in an order of their own, by NETCONFORM_SHUFFLE."""

from __future__ import annotations

import os
import random

import pytest


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    random.Random(os.environ["NETCONFORM_SHUFFLE"]).shuffle(items)

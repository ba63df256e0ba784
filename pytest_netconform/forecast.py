"""The forecast: which weathers a test of the user's is run in.

This module knows markers, the option and pytest's parametrization. It must not know what a weather does, nor a server.
A test has a weather as a parameter of the fixture `netconform_weather`, on which every server of ours depends.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from pytest_netconform import faults, options
from pytest_netconform.faults import Fault, Weather, WeatherError
from pytest_netconform.plugin import SERVED
from pytest_netconform.protocols import PROTOCOLS

FIXTURE = "netconform_weather"
MARKER = "netconform_weather"


class Forecast:
    """The weathers of one session. Raises UsageError for names on the command line that there are not."""

    def __init__(self, config: pytest.Config) -> None:
        self.settings = options.clients(config)
        self._problems: list[str] = []
        try:
            self._everywhere = faults.names(self.settings.weather)
        except WeatherError as problem:
            raise pytest.UsageError(f"--netconform-weather: {problem}") from None

    def spread(self, metafunc: pytest.Metafunc) -> None:
        """Run a test once in each of its weathers."""
        marker = metafunc.definition.get_closest_marker(MARKER)
        if FIXTURE not in metafunc.fixturenames:
            if marker is not None:
                self._wrong(metafunc, "no server or proxy of ours is in this test, so it has no weather")
            return
        if self._everywhere:
            given: Sequence[Any] = self._everywhere
        elif marker is not None:
            given = marker.args
        else:
            return
        try:
            found = self._found(given, marker)
        except (WeatherError, TypeError) as problem:
            self._wrong(metafunc, str(problem))
            return
        fitting = [each for each in found if _fits(each, metafunc.fixturenames)]
        if not fitting and marker is not None and not self._everywhere:
            self._wrong(metafunc, f"{', '.join(map(_name, found)) or 'no weather'}: none that its servers can be in")
        if fitting:
            metafunc.parametrize(FIXTURE, fitting, indirect=True, ids=[_name(each) for each in fitting])

    def _found(self, given: Sequence[Any], marker: pytest.Mark | None) -> list[Weather]:
        strange = sorted(set(marker.kwargs) - {"seed"}) if marker is not None else []
        if strange:
            raise WeatherError(f"{strange[0]}= is not known; seed= is")
        seed = int(marker.kwargs.get("seed", self.settings.seed)) if marker is not None else self.settings.seed
        words: list[Any] = []
        for each in given:
            words += faults.names([each]) if isinstance(each, str) else [each]
        return [faults.weather(each, seed) for each in words]

    def _wrong(self, metafunc: pytest.Metafunc, problem: str) -> None:
        self._problems.append(f"{metafunc.definition.nodeid}: @pytest.mark.{MARKER}: {problem}")

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self) -> None:
        """Say what is wrong about markers, now that it ends the session with exit code 4 and not with a traceback."""
        if self._problems:
            raise pytest.UsageError("\n".join(self._problems))


def _fits(weather: Weather, fixtures: Sequence[str]) -> bool:
    """Whether all servers that a test asks for can be in a weather."""
    kinds = {PROTOCOLS[name].datagrams for name in SERVED if f"netconform_{name}_servers" in fixtures}
    able = {True: weather.datagrams, False: weather.streams}
    return all(able[kind] for kind in kinds or {False})


def _name(weather: Weather | Fault) -> str:
    return getattr(weather, "name", "") or repr(weather)

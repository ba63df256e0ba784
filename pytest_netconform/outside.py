"""Clients from outside, as pytest sees them: `--netconform-client='COMMAND {url}' --netconform-protocol=NAME`.

This module knows options, nodes and reports, and leaves to `fixtures.clients` what a client owes. One item is one run
of the command; node ids are `client::weather[slow]`, `client::certificate[expired]`, `client::mutant[name]`.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from importlib import import_module
from typing import Any
from urllib.parse import parse_qsl

import pytest

from pytest_netconform import baseline, options
from pytest_netconform.plugin import wake
from pytest_netconform.protocols import PROTOCOLS, by_scheme
from pytest_netconform.report import evidence, junit
from pytest_netconform.report.record import record_of
from pytest_netconform.run import translate
from pytest_netconform.verdict import Verdict

NAME = "client"
OUTCOME = pytest.StashKey[Any]()


class Outside:
    """The client of one session. Raises UsageError for a command or a protocol that cannot be."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.settings = options.clients(config)
        self._wanted: list[str] = []
        self.protocol, given = _protocol(self.settings)
        rooms: Any = import_module("pytest_netconform.fixtures.clients")
        self.cases = rooms.cases(self.protocol)
        try:
            self.judge = rooms.ClientJudge(
                self.settings.client, self.protocol, seconds=self.settings.wait, seed=self.settings.seed, **given
            )
        except ValueError as problem:
            raise pytest.UsageError(f"--netconform-client: {problem}") from None

    def configure(self) -> None:
        """With no paths the session is the client alone; `client::…` arguments name its cases."""
        config = self.config
        entry = {"name": NAME, "url": self.settings.client, "protocol": self.protocol}
        wake(config).ledger.meet({**entry, "dialect": "", "capabilities": [], "problem": ""})
        self._wanted = [each for each in config.args if each == NAME or each.startswith(f"{NAME}::")]
        config.args = [each for each in config.args if each not in self._wanted]
        if config.args_source is not pytest.Config.ArgsSource.ARGS:
            config.args = []

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        report = yield
        if isinstance(collector, pytest.Session):
            report.result = [*report.result, Client.of(collector, self)]
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        named = [name for name in self._wanted if name != NAME]
        for name in named:
            if not any(item.nodeid == name or item.nodeid.startswith(f"{name}[") for item in items):
                raise pytest.UsageError(f"not found: {name}")
        if named and NAME not in self._wanted:
            items[:] = [
                item
                for item in items
                if not isinstance(item, Run)
                or any(item.nodeid == name or item.nodeid.startswith(f"{name}[") for name in named)
            ]

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        outcome = item.stash.get(OUTCOME, None)
        if outcome is None or call.when != "call":
            return (yield)
        record = record_of(outcome, nodeid=item.nodeid, target_name=NAME)
        item.user_properties += junit.properties(record)
        report = yield
        report.netconform = record  # type: ignore[attr-defined]
        report.duration = outcome.seconds or report.duration
        translate(report, record, item, known=baseline.is_known(wake(self.config).known, record))
        if report.failed:
            for title, text in evidence.sections(record, repeat=self._repeat(item)):
                report.sections.append((title, text))
        return report

    def pytest_unconfigure(self) -> None:
        self.judge.close()

    def _repeat(self, item: pytest.Item) -> str:
        given = {"client": self.settings.client, "protocol": self.settings.protocol}
        return evidence.repeat_line(item.nodeid, options=[f"--netconform-{k}={v}" for k, v in given.items()])


def _protocol(settings: options.ClientSettings) -> tuple[str, dict[str, object]]:
    """The protocol's name, and what its server is told. Raises UsageError."""
    rooms: Any = import_module("pytest_netconform.fixtures.servers")
    served = [PROTOCOLS[name] for name in rooms.served()]
    schemes = [scheme for row in served for scheme in (row.name, *row.schemes)]
    known = ", ".join(dict.fromkeys(schemes))
    if not settings.protocol:
        raise pytest.UsageError(f"--netconform-client needs --netconform-protocol; known are {known}")
    if not settings.client:
        raise pytest.UsageError("--netconform-protocol says what a client speaks; give it by --netconform-client")
    name, _, query = settings.protocol.partition("?")
    row = PROTOCOLS.get(name) or by_scheme(name)
    if row is None or row not in served:
        raise pytest.UsageError(f"--netconform-protocol={settings.protocol}: known are {known}")
    way = row.schemes.get(name)
    given: dict[str, object] = dict(parse_qsl(query))
    if way is not None and way.implicit_tls:
        given["tls"] = True
    if way is not None and way.dialect:
        given["dialect"] = way.dialect
    return row.name, given


class Client(pytest.Collector):
    """The cases of the client."""

    outside: Outside

    @classmethod
    def of(cls, session: pytest.Session, outside: Outside) -> Client:
        """The node."""
        node: Client = cls.from_parent(session, name=NAME, nodeid=NAME)
        node.outside = outside
        return node

    def collect(self) -> Iterator[pytest.Item]:
        for case in self.outside.cases:
            item: Run = Run.from_parent(self, name=f"{case.kind}[{case.name}]")
            item.case = case
            yield item


class Run(pytest.Item):
    """One run of the command."""

    case: Any
    parent: Client

    def runtest(self) -> None:
        """Run it; what it owes and does not do is raised."""
        outcome = self.parent.outside.judge.judge(self.case)
        self.stash[OUTCOME] = outcome
        if outcome.verdict in (Verdict.FAIL, Verdict.ERROR) and outcome.problem is not None:
            raise outcome.problem

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        """In one line; the rest stands in the sections."""
        if self.stash.get(OUTCOME, None) is None:
            return super().repr_failure(excinfo, style)
        return str(excinfo.value)

    def reportinfo(self) -> tuple[str, None, str]:
        """It is in no file."""
        return NAME, None, self.name

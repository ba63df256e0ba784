"""Collecting: the suites as nodes of the session, and the rungs of their columns as fixtures.

This module knows pytest's collection and the names of things: suites, checks, requirement ids. It must not know how a
target is reached or judged.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from pytest_netconform.plugin import wake
from pytest_netconform.protocols import EVERY_SUITE, FUZZ, Suite, speaking
from pytest_netconform.requirement import Check, check_of, selects
from pytest_netconform.verdict import NotApplicable

if TYPE_CHECKING:
    from pytest_netconform.protocols import Protocol
    from pytest_netconform.target import Target
    from pytest_netconform.visit import Opener, Visit

TARGET = "netconform_target"


@dataclass(frozen=True)
class Ticket:
    """What a check gets for a rung until the judge exchanges it: how to open it, and at whom."""

    opener: Opener
    target: Target

    def then(self, step: Callable[[Any], object]) -> Ticket:
        """A rung of your own: this one, and then a step on the dialogue, every time it is opened."""

        def opener(visit: Any) -> Any:
            opened = self.opener(visit)
            step(opened)
            return opened

        return replace(self, opener=opener)


class SuiteModule(pytest.Module):
    """The checks of one suite. Its node id is the suite's name, wherever the package lies."""

    suite: Suite
    looked = False

    @classmethod
    def of(cls, session: pytest.Session, suite: Suite) -> SuiteModule:
        """The node of a suite."""
        file = import_module(suite.module).__file__
        assert file is not None
        node: SuiteModule = cls.from_parent(session, path=Path(file), name=suite.name, nodeid=suite.name)
        node.suite = suite
        return node

    def _getobj(self) -> ModuleType:
        return import_module(self.suite.module)

    def collect(self) -> Iterator[pytest.Item | pytest.Collector]:
        """Every check of the suite, whatever the user's python_functions or collect_imported_tests say."""
        if not self.looked:
            _register(self, {**_rungs([self.suite]), TARGET: _suite_target(self.suite)})
        self.looked = True
        for name, value in list(vars(self.obj).items()):
            if check_of(value) is not None:
                made = self.ihook.pytest_pycollect_makeitem(collector=self, name=name, obj=value)
                yield from made if isinstance(made, list) else [made] if made is not None else []

    def funcnamefilter(self, name: str) -> bool:
        """Only checks are looked at, and all of them are wanted."""
        return True


class Suites:
    """The collection's half of a run: which suites are in the session, and which of their checks."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.suites: list[Suite] = []
        self.wanted: dict[str, list[str]] = {}  # suite → the ids under it that arguments named; none: all
        self.select: Sequence[str] = ()
        self.left_out: set[str] = set()  # the requirements of checks that this run does not take

    def add(self, suites: Iterable[Suite]) -> None:
        """Put these suites into the session, once each."""
        self.suites += [suite for suite in suites if suite not in self.suites]

    def want(self, arguments: Iterable[str]) -> None:
        """Take `smtp` or `smtp::test_…` arguments: with them, only what they name is run."""
        for argument in arguments:
            suite, _, rest = argument.partition("::")
            self.wanted.setdefault(suite, [])
            self.wanted[suite] = [*self.wanted[suite], rest]

    def check_names(self, *, with_paths: bool) -> None:
        """Raise UsageError for a check, or a requirement to select, that no suite of this run has.

        with_paths: modules of the user's are in the session too, and may hold checks of his own.
        """
        for suite, names in self.wanted.items():
            known = _checks(import_module(EVERY_SUITE[suite].module))
            for name in names:
                base = name.partition("[")[0]
                if base and base not in known:
                    raise pytest.UsageError(f"not found: {suite}::{base}{_near(base, known)}")
        suites = [import_module(suite.module) for suite in self.suites]
        if not with_paths:
            self._check_selection([check.requirement.id for suite in suites for check in _checks(suite).values()])

    def _check_selection(self, known: Collection[str]) -> None:
        suites = [import_module(suite.module) for suite in self.suites]
        excluded = {id: reason for suite in suites for id, reason in getattr(suite, "NOT_CHECKED", [])}
        for pattern in self.select:
            if any(selects(pattern, id) for id in known):
                continue
            for id, reason in excluded.items():
                if selects(pattern, id):
                    raise pytest.UsageError(f"--netconform-select={pattern}: {id} is not checked from here: {reason}")
            near = _near(pattern, known)
            raise pytest.UsageError(f"--netconform-select={pattern}: no check of this session has this id{near}")

    # -- what pytest calls

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        report = yield
        if isinstance(collector, pytest.Session):
            report.result = [*report.result, *(SuiteModule.of(collector, suite) for suite in self.suites)]
        elif isinstance(collector, SuiteModule) and report.passed and not collector.looked:
            report.result = list(collector.collect())  # --lf passes over files whose names it does not know
        return report

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Several targets: each check once for each, under the target's name. Of fuzzing: once for each case."""
        if check_of(metafunc.function) is None or TARGET not in metafunc.fixturenames:
            return
        suite = suite_of(metafunc.function)
        definitions = metafunc.definition._fixtureinfo.name2fixturedefs.get(TARGET, ())
        ours = bool(definitions) and hasattr(definitions[-1].func, "netconform_default")
        specs = wake(self.config).roster.speaking(suite) if suite and ours else []  # else the user's fixture says which
        if suite is FUZZ and "case" in metafunc.fixturenames:
            wake(self.config).fuzz.spread(metafunc, specs)
        elif len(specs) > 1:
            known = metafunc.definition._fixtureinfo.name2fixturedefs
            asked = {name for name, found in known.items() if hasattr(found[-1].func, "netconform_rung")}
            able = [spec for spec in specs if spec.protocol and asked <= column_rungs(spec.protocol).keys()]
            names = [spec.name for spec in able or specs]
            metafunc.parametrize(TARGET, names, indirect=True, scope="session", ids=names)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if not _undrawn(item)]
        self.pytest_deselected([item for item in items if not self._named(item)])
        items[:] = [item for item in items if self._named(item)]
        for item in items:
            if (check := check_of_item(item)) is not None:
                _mark(item, check)
        if self.select:
            if not hasattr(self.config, "workerinput"):
                self._check_selection([check.requirement.id for item in items if (check := check_of_item(item))])
            left = [item for item in items if (check := check_of_item(item)) and not self._selected(check)]
            if left:
                self.config.hook.pytest_deselected(items=left)
                items[:] = [item for item in items if item not in left]

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        self.left_out |= {check.requirement.id for item in items if (check := check_of_item(item)) is not None}

    def _named(self, item: pytest.Item) -> bool:
        suite = item.getparent(SuiteModule)
        if suite is None or suite.name not in self.wanted:
            return suite is None or not self.wanted
        _, _, rest = item.nodeid.partition("::")
        return any(not name or rest == name or rest.startswith(f"{name}[") for name in self.wanted[suite.name])

    def _selected(self, check: Check) -> bool:
        return any(selects(pattern, check.requirement.id) for pattern in self.select)


def adopt(collector: pytest.Module, module: object) -> None:
    """A module of the user's was imported: if it holds checks (door 3), give it the rungs that they stand on."""
    held = [suite_of(value) for value in list(vars(module).values()) if check_of(value) is not None]
    if held:
        run = wake(collector.config)
        suites = [suite for suite in EVERY_SUITE.values() if suite in held]
        fixtures = _rungs(suites)
        if len(suites) == 1 and len(run.roster.specs) > 1 and _default_target(collector):
            fixtures[TARGET] = _suite_target(suites[0])  # of several targets, the one that these checks are for
        # before pytest looks into the module itself, so that a rung that the module defines again overrides ours
        _register(collector, fixtures)


def check_of_item(item: pytest.Item) -> Check | None:
    """The check behind an item, wherever it was collected."""
    return check_of(item.obj) if isinstance(item, pytest.Function) else None


def suite_of(function: object) -> Suite | None:
    """The suite that a check belongs to; a check of the user's own says it by the beginning of its id."""
    home = getattr(function, "__module__", "") or ""
    check = check_of(function)
    word = check.requirement.id.partition("-")[0] if check else ""
    for suite in EVERY_SUITE.values():
        if home == suite.module or home.startswith(f"{suite.module}."):
            return suite
    return next((suite for suite in EVERY_SUITE.values() if word in suite.ids), None)


# -- fixtures


def column_rungs(protocol: Protocol) -> Mapping[str, Opener]:
    """The states into which a dialogue of a protocol can be brought, by the names of the rungs."""
    rungs: Mapping[str, Opener] = import_module(protocol.column).COLUMN.rungs
    return rungs


def opener_of(name: str, protocol: Protocol | None) -> Opener:
    """How a rung is reached at a target of a protocol. Several protocols may share a suite, and its rungs."""
    found = column_rungs(protocol).get(name) if protocol else None

    def missing(visit: Visit) -> Any:
        title = protocol.title if protocol else "unknown"
        raise NotApplicable(name, f"{name} is no state of a target of the kind {title}")

    return found or missing


def _rungs(suites: Iterable[Suite]) -> dict[str, Callable[..., Any]]:
    found: dict[str, Callable[..., Any]] = {}
    for suite in suites:
        for protocol in speaking(suite.name):
            for name, opener in column_rungs(protocol).items():
                found.setdefault(name, _rung(name, opener.__doc__))
    return found


def _rung(name: str, meaning: str | None) -> Callable[..., Any]:
    def rung(request: pytest.FixtureRequest, netconform_target: Any) -> Ticket:
        target = wake(request.config).found(netconform_target)
        return Ticket(opener_of(name, target.spec.protocol), target)

    rung.__name__, rung.__doc__ = name, meaning
    rung.netconform_rung = name  # type: ignore[attr-defined]
    return pytest.fixture(name=name)(rung)


def _suite_target(suite: Suite) -> Callable[..., Any]:
    def target(request: pytest.FixtureRequest) -> Target:
        """The target that this check is for."""
        return wake(request.config).given(getattr(request, "param", None), suite)

    target.netconform_default = True  # type: ignore[attr-defined]
    return pytest.fixture(name=TARGET, scope="session")(target)


def _default_target(node: pytest.Collector) -> bool:
    """Whether no conftest of the user's says which target a node's checks are for."""
    known = node.session._fixturemanager.getfixturedefs(TARGET, node) or ()
    return bool(known) and hasattr(known[-1].func, "netconform_default")


def _register(node: pytest.Collector, fixtures: Mapping[str, Callable[..., Any]]) -> None:
    """Make fixtures visible below a node and nowhere else."""
    holder = ModuleType("netconform_rungs")
    vars(holder).update(fixtures)
    known = node.session._fixturemanager
    if "holder" in inspect.signature(known.parsefactories).parameters:
        known.parsefactories(holder=holder, node=node)
    else:  # pytest before 9.1
        known.parsefactories(holder, node.nodeid)


# -- names


def _checks(module: ModuleType) -> dict[str, Check]:
    found = {name: check_of(value) for name, value in vars(module).items()}
    return {name: check for name, check in found.items() if check is not None}


def _near(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(dict.fromkeys(known)), 3, 0.6)
    return f"; did you mean {' or '.join(near)}?" if near else ""


def _undrawn(item: pytest.Item) -> bool:
    """Whether this is a property of fuzzing that nobody asked for: it has no case, and explores nothing."""
    fuzzing = isinstance(item, pytest.Function) and suite_of(item.obj) is FUZZ
    return fuzzing and item.name.endswith("[NOTSET]")


def _mark(item: pytest.Item, check: Check) -> None:
    item.extra_keyword_matches.add(check.requirement.id)
    item.add_marker(pytest.mark.netconform(check.requirement.id))
    item.add_marker(getattr(pytest.mark, f"netconform_{check.requirement.level.value.lower()}"))
    for trait in sorted(check.traits):
        if trait in ("serial", "hostile", "writes", "slow", "disposable"):
            item.add_marker(getattr(pytest.mark, f"netconform_{trait}"))

"""The roster: who is judged in this run, reached and surveyed once, and known to every process of it.

This module turns what the user wrote into targets: it reads, detects, dials, and says in one line what is wrong. It
must not know pytest's items, nor judge.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

from pytest_netconform.detect import misnamed, recognised
from pytest_netconform.judge import Column, survey
from pytest_netconform.one_shot import OneShot
from pytest_netconform.options import Settings
from pytest_netconform.protocols import PROTOCOLS, Suite, by_scheme, speaking
from pytest_netconform.revival import Revival, served_again
from pytest_netconform.sockets import SocketCarriage
from pytest_netconform.spoken import describe, dialect_named, fitted, named_by, placed, takes, undescribed
from pytest_netconform.target import Spec, Survey, Target, TargetError, parse_target
from pytest_netconform.transcript import Transcript, What
from pytest_netconform.transport import Cancel
from pytest_netconform.verdict import NotApplicable

if TYPE_CHECKING:
    from pytest_netconform.dialect import Dialect
    from pytest_netconform.fixtures.network import Network

LOOPBACK_CONSENTS = frozenset({"write", "intrusive"})


class Roster:
    """The targets of one run. `specs` are those of the command line or the ini file, resolved."""

    def __init__(self, settings: Settings, cancel: Cancel, ready: Callable[[Target], None]) -> None:
        self._settings = settings
        self._cancel = cancel
        self._ready = ready
        self._network: Network | None = None
        self._targets: dict[str, Target] = {}  # by name
        self._found: dict[Hashable, Target | TargetError] = {}  # what fixtures named, by URL and dialect
        self._told: Mapping[str, Any] = {}
        self.revival: Revival | None = None
        self.specs: list[Spec] = []
        self.remarks: list[str] = []

    @property
    def network(self) -> Network:
        """Whatever speaks over sockets, made at first use."""
        if self._network is None:
            network = import_module("pytest_netconform.fixtures.network")
            self._network = network.Network(delivery=self._settings.delivery, cancel=self._cancel)
        return self._network

    @property
    def targets(self) -> Sequence[Target]:
        """Every target that was reached in this process."""
        return [*self._targets.values(), *(found for found in self._found.values() if isinstance(found, Target))]

    # -- the targets of the command line

    def read(self, texts: Sequence[str]) -> None:
        """Read targets, and start what serves them. Raises TargetError."""
        if self._settings.serve:
            datagrams = self._in_datagrams(texts)
            self.revival = Revival(self._settings.serve, datagrams=datagrams, once=self._once(texts) and not datagrams)
            self.specs = self._described([self.revival.spec(texts)])
            return
        specs = [spec for text in texts for spec in _expanded(parse_target(text, os.environ))]
        names = [spec.name for spec in specs]
        for spec in specs:
            if names.count(spec.name) > 1:
                raise TargetError(f"two targets are called {spec.name}; write NAME=... before one of them")
        self.specs = self._described(specs)
        self._check_pairs()

    def _in_datagrams(self, texts: Sequence[str]) -> bool:
        """Whether a command serves datagrams: the target's scheme says so, or the dialect of the run."""
        schemes = {text.partition("://")[0].rpartition("=")[2].lower() for text in texts if "://" in text}
        if schemes:
            return any(row.datagrams for row in map(by_scheme, schemes) if row is not None)
        return bool(self._settings.dialect) and not dialect_named(self._settings.dialect).streams

    def _once(self, texts: Sequence[str]) -> bool:
        """Whether what a command serves is declared to serve one client and no more."""
        spec = parse_target(texts[0].replace("{port}", "1"), os.environ) if texts else None
        name = (spec.options.get("dialect") if spec is not None else "") or self._settings.dialect
        return bool(name) and dialect_named(name).serves == "once"

    def _described(self, specs: list[Spec]) -> list[Spec]:
        """The targets, with the dialect that the command line names for those that nothing else describes."""
        name = self._settings.dialect
        if not name or not specs:
            return specs
        dialect = dialect_named(name)
        if not any(takes(spec, dialect) for spec in specs):
            kind = "a stream" if dialect.streams else "datagrams"
            raise TargetError(f"--netconform-dialect={name}: no target of this run is {kind} without a dialect")
        return [_with_dialect(spec, name) for spec in specs]

    def resolve(self, *, dial: bool = True) -> None:
        """Find out what each target speaks, reach it and hold its sanity dialogue. Raises TargetError.

        Without `dial` (nothing will be judged) only targets that name no scheme are spoken to.
        """
        for index, spec in enumerate(self.specs):
            self.specs[index] = spec = self._recognised(spec)
            if dial and not spec.reference:
                self._targets[spec.name] = self._reach(spec)
        if dial and self._settings.differential:
            self._check_rivals()

    def _recognised(self, spec: Spec) -> Spec:
        """A target that can be dialled: its scheme is known, and nothing is wrong with what the user wrote."""
        if spec.options.get("dialect") and spec.protocol is None:
            spec = placed(spec, dialect_named(spec.options["dialect"]))
        spec, why = recognised(spec, cancel=self._cancel)
        if self.network.check(spec):
            if spec.way.datagrams:
                raise TargetError(f"{spec.url} does not say what can be asked there; {describe(datagrams=True)}")
            self.remarks.append(f"{why or f'nobody says what {spec.url} speaks'}; {undescribed()}")
        return spec

    def for_workers(self) -> dict[str, Any]:
        """What was resolved, in plain types, for `learn`."""
        surveys = {
            name: {
                **asdict(target.survey),
                "capabilities": sorted(target.survey.capabilities),
                "lost": target.lost,
            }
            for name, target in self._targets.items()
        }
        return {"specs": [_packed(spec) for spec in self.specs], "surveys": surveys, "served": self.served}

    def learn(self, told: Mapping[str, Any], crowd: int) -> None:
        """Take over what another process resolved, for one of a `crowd` of processes that judge at the same time."""
        for facts in told["surveys"].values():
            facts["latency"] *= crowd  # it was measured by one that was alone
        self.specs = [_unpacked(packed) for packed in told["specs"]]
        self._told = told

    def speaking(self, suite: Suite) -> list[Spec]:
        """The run's targets that can be asked the checks of a suite."""
        rows = speaking(suite.name)
        return [spec for spec in self.specs if spec.protocol in rows]

    @property
    def served(self) -> bool:
        """Whether a command of the user's serves the target."""
        return self.revival is not None or bool(self._told.get("served"))

    def told(self, name: str) -> bool:
        """Whether another process has reached this target first, and looks after it at the end."""
        return name in self._told.get("surveys", {})

    def named(self, name: str) -> Target:
        """The target of this name, ready to be judged: reached and surveyed in this process, or told about."""
        if name not in self._targets:
            spec = next(spec for spec in self.specs if spec.name == name)
            told = self._told.get("surveys", {}).get(name)
            self._targets[name] = self._reach(spec) if told is None else self._informed(spec, told)
        return self._targets[name]

    # -- the targets of fixtures

    def found(self, value: object) -> Target:
        """The target that a fixture named: a URL, or one and a dialect, or a target already.

        Raises TargetError, the same each time.
        """
        if isinstance(value, Target):
            return value
        named = named_by(value)
        if named not in self._found:
            try:
                self._found[named] = self._met(*named)
            except TargetError as error:
                self._found[named] = error
        found = self._found[named]
        if isinstance(found, TargetError):
            raise found
        return found

    def _met(self, url: str, dialect: Dialect | None) -> Target:
        (spec,) = _expanded(parse_target(url, os.environ))
        if dialect is not None:
            spec = placed(spec, dialect)
            return self._reach(spec, fitted(spec, dialect))
        return self._reach(self._recognised(_with_dialect(spec, self._settings.dialect)))

    def revive(self, target: Target) -> None:
        """A check has lost the target: if a command serves it, it is started again, and the run goes on."""
        if self.revival is not None:
            self.revival.revive(target)
        elif self.served:
            served_again(target, column_of(target))  # the process that reports starts it again

    def close(self) -> None:
        """End what was started."""
        if self.revival is not None:
            self.revival.close()
        if self._network is not None:
            self._network.close()

    # -- reaching

    def _reach(self, spec: Spec, dialect: Dialect | None = None) -> Target:
        target = self._compared(self._paired(self.network.target(spec, allowed=self._allowed(spec), dialect=dialect)))
        shots = self.revival.shots if self.revival is not None else None
        if shots is not None and isinstance(target.carriage, SocketCarriage):
            target.carriage = OneShot.of(target.carriage, shots)
        transcript = survey(target, column_of(target))
        if reason := _unreached(target, transcript) or misnamed(spec, transcript):
            raise TargetError(reason)
        self._ready(target)
        return target

    def _informed(self, spec: Spec, told: Mapping[str, Any]) -> Target:
        target = self._compared(self._paired(self.network.target(spec, allowed=self._allowed(spec))))
        facts = dict(told)
        target.lost = facts.pop("lost")
        target.survey = Survey(**{**facts, "capabilities": set(facts["capabilities"])})
        self._ready(target)
        return target

    def _paired(self, target: Target) -> Target:
        """The target, with the others of its system, which `?pair=` names: by NAME, or by URL."""
        others = [name for name in target.spec.options.get("pair", "").split(",") if name]
        if others:
            target.pairs = lambda: [self.found(name) if "://" in name else self.named(name) for name in others]
        return target

    # -- the target that others are compared with

    def _compared(self, target: Target) -> Target:
        """The target, with the one that it is compared with (`--netconform-differential`)."""
        if self._settings.differential:
            target.rival = lambda: self._rival(target.spec)
        return target

    def _rival(self, spec: Spec) -> Target:
        """The other target for this one. Raises NotApplicable if it speaks something else."""
        assert spec.protocol is not None
        text = self._settings.differential
        if text == "reference":
            dialect = spec.options.get("dialect")
            text = f"reference:{spec.protocol.name}" + (f"?dialect={dialect}" if dialect else "")
        elif "://" not in text and not text.startswith("reference"):
            text = f"{spec.scheme or next(iter(spec.protocol.schemes))}://{text}"
        other = self.found(text)
        if other.spec.protocol is not spec.protocol:
            raise NotApplicable("--netconform-differential=", f"{other.name} does not speak {spec.protocol.title}")
        return other

    def _check_rivals(self) -> None:
        """The other target is there, and is one for at least one of ours. Raises TargetError."""
        for spec in self.specs:
            if spec.protocol is not None:
                with suppress(NotApplicable):
                    self._rival(spec)
                    return
        raise TargetError(
            f"--netconform-differential={self._settings.differential}: no target of this run speaks the same"
        )

    def _check_pairs(self) -> None:
        names = [spec.name for spec in self.specs]
        for spec in self.specs:
            for name in filter(None, spec.options.get("pair", "").split(",")):
                if "://" not in name and (name not in names or name == spec.name):
                    others = ", ".join(other for other in names if other != spec.name)
                    raise TargetError(f"{spec.name}: pair={name} is no other target of this run ({others or 'none'})")

    def _allowed(self, spec: Spec) -> frozenset[str]:
        return self._settings.allow | (LOOPBACK_CONSENTS if spec.at_home else frozenset())


def column_of(target: Target) -> Column:
    """The column of the protocol that a target speaks."""
    assert target.spec.protocol is not None
    column = import_module(target.spec.protocol.column).COLUMN
    assert isinstance(column, Column)
    return column


def _unreached(target: Target, transcript: Transcript) -> str:
    """Why the sanity dialogue had no connection to be held on, or no answer at all; empty when it had one."""
    place, dialect = target.spec.place, target.dialect
    if target.survey.absent:
        return f"nobody listens on {place}: what is sent there is refused (ICMP port unreachable)"
    needed = What.TLS if target.spec.implicit_tls else What.CONNECT
    if not any(event.what is needed for event in transcript.events):
        return target.survey.problem
    if target.spec.way.datagrams and not target.survey.spoke and dialect is not None:
        doubts = f"nobody listens there, datagrams are lost on the way, or it does not speak {dialect.name}"
        return f"{place} is silent: {doubts} ({target.survey.problem})"
    return ""


def _expanded(spec: Spec) -> list[Spec]:
    """A bare `reference` means every protocol that we serve."""
    if not spec.reference or spec.protocol is not None:
        return [spec]
    rows = list(PROTOCOLS.values())
    names = [spec.name if len(rows) == 1 else f"{spec.name}-{row.name}" for row in rows]
    return [replace(spec, name=name, protocol=row) for name, row in zip(names, rows, strict=True)]


def _with_dialect(spec: Spec, name: str) -> Spec:
    """A target with the dialect that was named for the run, if it is meant for it."""
    if not name or not takes(spec, dialect := dialect_named(name)):
        return spec
    return placed(replace(spec, options={**spec.options, "dialect": name}), dialect)


def _packed(spec: Spec) -> dict[str, Any]:
    facts = {name: getattr(spec, name) for name in Spec.__dataclass_fields__}
    return {**facts, "options": dict(spec.options), "protocol": spec.protocol.name if spec.protocol else None}


def _unpacked(packed: Mapping[str, Any]) -> Spec:
    return Spec(**{**packed, "protocol": PROTOCOLS[packed["protocol"]] if packed["protocol"] else None})

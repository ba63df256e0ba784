"""The run: pytest's items become jobs for the judge, and outcomes become pytest's reports.

This module translates hooks and holds what one session shares: settings, targets, the pool, the ledger. It must not
know what a verdict means beyond the table below, nor how any report looks.
"""

from __future__ import annotations

import tempfile
from collections.abc import Generator
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_netconform import baseline, options
from pytest_netconform.ahead import Ahead, Job, Processes, Threads, Turnstile, measured
from pytest_netconform.closing import Ledger
from pytest_netconform.collect import TARGET, Suites, check_of_item
from pytest_netconform.jobs import following, job_of
from pytest_netconform.judge import LOST, Outcome, confirmed
from pytest_netconform.models.case import Case
from pytest_netconform.protocols import EVERY_SUITE, FUZZ, SUITES, Suite, speaking
from pytest_netconform.report import evidence, junit, reproducer
from pytest_netconform.report.record import Record, record_of
from pytest_netconform.requirement import Check
from pytest_netconform.roster import Roster, column_of
from pytest_netconform.target import Spec, Target, TargetError
from pytest_netconform.transcript import What
from pytest_netconform.transport import Cancel
from pytest_netconform.verdict import NonConformity, Verdict

if TYPE_CHECKING:
    from pytest_netconform.fuzz.session import Fuzz

NOBODY = "no-target"  # what reports call the target of a check whose target is not known
OUTCOME = pytest.StashKey[Outcome]()
JOB = pytest.StashKey[Job]()


class Run:
    """One session's run; its plugin. `worker`: this process is one of pytest-xdist's."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.settings = options.settings(config)
        self.worker: dict[str, Any] | None = getattr(config, "workerinput", None)
        self.cancel = Cancel()
        self.roster = Roster(self.settings, self.cancel, self._announce)
        self.suites = Suites(config)
        self.suites.select = self.settings.select
        self.known = _known(self.settings.baseline)
        self.ledger = Ledger(config, self.settings, self.known)
        self.ahead = Ahead(self.cancel, self._concurrency, self._turnstile, self.roster.revive)
        self._threads = Threads()
        self._position: dict[int, int] = {}
        self._with_paths = False
        config.pluginmanager.register(self.suites, "netconform-suites")

    # -- before anything is judged

    def configure(self) -> None:
        """Read the arguments: suites among them are ours, and with targets alone the suites are the session."""
        config = self.config
        named = options.suites_named(config)
        config.args = [arg for arg in config.args if arg not in named]
        self.suites.want(named)
        if config.args_source is pytest.Config.ArgsSource.ARGS:
            self._with_paths = bool(config.args)
        elif (self.settings.targets and not self.settings.from_ini) or self.settings.serve:
            config.args = []
        else:
            self._with_paths = not self.settings.from_ini

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        if self.worker is not None:
            told = self.worker["netconform"]
            self.roster.learn(told["roster"], int(self.worker["workercount"]))
            self.suites.add(EVERY_SUITE[name] for name in told["suites"])
            self._prepare_fuzz()
            return
        try:
            self.roster.read(self.settings.targets)
            self.roster.resolve(dial=not self.config.option.collectonly)
        except TargetError as error:
            raise pytest.UsageError(str(error)) from None
        if self.roster.revival is not None and self.config.pluginmanager.hasplugin("dsession"):
            if self.roster.revival.shots is not None:
                raise pytest.UsageError("a server that serves one client and no more is not for several workers (-n)")
            self.roster.revival.watch()
        self.suites.add(self._chosen())
        self._prepare_fuzz()
        self.suites.check_names(with_paths=self._with_paths)
        self.ledger.check_files()

    def _chosen(self) -> list[Suite]:
        """The suites of this session, by the arguments, the option or the targets."""
        fuzzing = self.settings.fuzz is not None or self.settings.corpus is not None
        offered = EVERY_SUITE if fuzzing else SUITES
        held = [suite for suite in offered.values() if self.roster.speaking(suite)]
        names = list(self.suites.wanted) + [name for name in self.settings.suites if name not in self.suites.wanted]
        if FUZZ.name in names and not fuzzing:
            raise pytest.UsageError(
                "the suite fuzz wants a budget: give --netconform-fuzz, or --netconform-corpus=FOLDER"
            )
        if fuzzing and FUZZ not in held and self.roster.specs:
            walked = ", ".join(row.title for row in speaking(FUZZ.name))
            raise pytest.UsageError(f"--netconform-fuzz: no target of this run can be walked with ({walked} can)")
        if fuzzing and self.suites.wanted:
            self.suites.wanted.setdefault(FUZZ.name, [""])
        for name in names:
            if name not in EVERY_SUITE:
                raise pytest.UsageError(f"--netconform-suite={name}: known are {', '.join(EVERY_SUITE)}")
            if EVERY_SUITE[name] not in held:
                schemes = [f"{next(iter(row.schemes))}://" for row in speaking(name) if row.schemes]
                whom = " or ".join(f"--netconform-target={scheme}HOST" for scheme in schemes)
                raise pytest.UsageError(f"the suite {name} has no target; give it {whom}")
        if names:
            return [EVERY_SUITE[name] for name in dict.fromkeys([*names, *([FUZZ.name] if fuzzing else [])])]
        return [suite for suite in held if suite is FUZZ or not self._with_paths]

    def _announce(self, target: Target) -> None:
        self.config.hook.pytest_netconform_target_ready(config=self.config, target=target)

    # -- fuzzing

    @cached_property
    def fuzz(self) -> Fuzz:
        """The fuzzing half of this run, which brings Hypothesis along."""
        module: Any = import_module("pytest_netconform.fuzz.session")
        made: Fuzz = module.Fuzz(self)
        made.read()
        return made

    def _prepare_fuzz(self) -> None:
        if FUZZ in self.suites.suites:
            self.fuzz.check_consent(self.roster.speaking(FUZZ))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, Any, Any]:
        result = yield
        if "fuzz" in vars(self):
            self.fuzz.hold_fresh(item, nextitem)
        return result

    # -- workers of pytest-xdist

    def for_worker(self) -> dict[str, Any]:
        """What a worker has to know, in plain types."""
        return {"roster": self.roster.for_workers(), "suites": [suite.name for suite in self.suites.suites]}

    def from_worker(self, run: str, told: dict[str, Any]) -> None:
        """What a worker has to tell at its end."""
        for entry in told["targets"]:
            self.ledger.meet(entry)
        self.ledger.left_out |= set(told["left_out"])
        self.ledger.locks.add(_lock(run))

    # -- what fixtures ask

    def given(self, name: str | None, suite: Suite | None = None) -> Target:
        """The target of the command line or the ini file: by its name, or the only one."""
        names = [spec.name for spec in (self.roster.speaking(suite) if suite else self.roster.specs)]
        if name is None and len(names) == 1:
            name = names[0]
        if name is None:
            what = f"several targets ({', '.join(names)}); name one" if names else "no target; give"
            pytest.fail(f"{what} by --netconform-target, or override the fixture {TARGET}", pytrace=False)
        try:
            return self.roster.named(name)
        except TargetError as error:
            raise pytest.fail.Exception(str(error), pytrace=False) from None

    def found(self, value: object) -> Target:
        """The target that the fixture `netconform_target` named."""
        try:
            return self.roster.found(value)
        except TargetError as error:
            raise pytest.fail.Exception(str(error), pytrace=False) from None

    # -- judging

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool | None:
        __tracebackhide__ = True
        if check_of_item(pyfuncitem) is None:
            return None
        pyfuncitem.stash[JOB] = job = job_of(pyfuncitem)
        outcome = self._outcome(pyfuncitem, job)
        pyfuncitem.stash[OUTCOME] = outcome
        if outcome.verdict in (Verdict.FAIL, Verdict.ERROR) and outcome.problem is not None:
            raise outcome.problem if self.config.option.fulltrace else _trimmed(outcome.problem)
        return True

    def _outcome(self, item: pytest.Function, job: Job) -> Outcome:
        __tracebackhide__ = True
        outcome = self._judged(item, job)
        if not isinstance(case := job.values.get("case"), Case):
            return outcome
        if not self.fuzz.explores(job):
            return self.fuzz.replayed(case, outcome)
        with self._turnstile(job.target).alone():
            return self.fuzz.explored(item, job, outcome)

    def _judged(self, item: pytest.Function, job: Job) -> Outcome:
        __tracebackhide__ = True
        items = item.session.items
        try:
            first = self.ahead.outcome(item, job, lambda: following(item, job, items[self._index(item) + 1 :]))
            if first.verdict is Verdict.INCONCLUSIVE and first.reason.startswith(LOST) and not job.target.lost:
                first = self.ahead.judged(job, alone=True)  # it was started again meanwhile
            again = confirmed(first, lambda: self.ahead.judged(job, alone=True))
        except KeyboardInterrupt:
            self.ahead.close()
            raise
        except BaseException:  # a timeout of pytest-timeout, or pytest.exit: nothing of ours may go on behind it
            self.ahead.interrupt()
            raise
        return _charged(again, job.target)

    def _index(self, item: pytest.Item) -> int:
        items = item.session.items
        if len(self._position) != len(items) or self._position.get(id(item)) is None:
            self._position = {id(other): index for index, other in enumerate(items)}
        return self._position[id(item)]

    def _concurrency(self, target: Target) -> int:
        option = self.config.option
        one_by_one = option.usepdb or getattr(option, "trace", False) or option.maxfail == 1
        if self.worker is not None or one_by_one or getattr(option, "stepwise", False) or target.lost:
            return 1
        if self.settings.concurrency is not None:
            return self.settings.concurrency
        if not target.spec.at_home or target.once_only:
            return 1
        if target.spec.protocol is not None and target.spec.protocol.datagrams:
            return 1  # what comes together gets lost
        return measured(target, column_of(target))

    def _turnstile(self, target: Target) -> Turnstile:
        if self.worker is not None and not target.spec.reference:
            return Processes(_lock(self.worker["testrunuid"]))
        return self._threads

    # -- reporting

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        check = check_of_item(item)
        if check is None or call.when == "teardown" or (call.when == "setup" and call.excinfo is None):
            return (yield)
        outcome = item.stash.get(OUTCOME, None) if call.when == "call" else None
        outcome = outcome or _unjudged(check, call)
        record = record_of(outcome, nodeid=item.nodeid, target_name=self._target_name(item))
        item.user_properties[:] = [pair for pair in item.user_properties if not pair[0].startswith("netconform-")]
        item.user_properties += junit.properties(record)
        report = yield
        report.netconform = record  # type: ignore[attr-defined]
        if call.when == "call":
            report.duration = outcome.seconds or report.duration
            translate(report, record, item, known=baseline.is_known(self.known, record))
        addsection = getattr(report.longrepr, "addsection", None)
        if report.failed and addsection is not None:
            script = self._reproducer(item, outcome)
            for title, text in evidence.sections(record, repeat=self._repeat(item, record), reproducer=script):
                addsection(title, text)
        return report

    def _target_name(self, item: pytest.Item) -> str:
        job = item.stash.get(JOB, None)
        if job is not None:
            return job.target.name
        named = getattr(getattr(item, "callspec", None), "params", {}).get(TARGET)
        return str(named or (self.roster.specs[0].name if len(self.roster.specs) == 1 else NOBODY))

    def _repeat(self, item: pytest.Item, record: Record) -> str:
        spec = next((spec for spec in self.roster.specs if spec.name == record["target"]), None)
        url = spec.url if spec else ""
        if spec is not None and self.roster.served:
            url = url.replace(f":{spec.port}", ":{port}")
        nodeid = record["nodeid"]
        if TARGET in getattr(getattr(item, "callspec", None), "params", {}):
            nodeid = without_parameter(nodeid, record["target"])  # at one target alone no check is named after it
        options = [*self._pairs(spec), *self._options()]
        return evidence.repeat_line(nodeid, url, options=options, password=bool(spec and spec.password))

    def _pairs(self, spec: Spec | None) -> list[str]:
        """The other targets of the same system, which a target names by `?pair=`."""
        names = spec.options.get("pair", "").split(",") if spec is not None else []
        others = [other for other in self.roster.specs if other.name in names]
        return [f"--netconform-target={other.name}={other.url}" for other in others]

    def _reproducer(self, item: pytest.Item, outcome: Outcome) -> Path | None:
        """The script that repeats a failure, if scripts are wanted."""
        folder, job = self.settings.reproducers, item.stash.get(JOB, None)
        if folder is None or job is None or outcome.verdict is not Verdict.FAIL:
            return None
        places = {event.data for event in outcome.transcript.events if event.what is What.CONNECT}
        if job.target.options.get("pair") and len(places) > 1:
            return None  # a script speaks to one server
        try:
            return reproducer.write(folder, outcome, job.target, item.nodeid)
        except OSError as error:
            self.ledger.remarks.append(f"cannot write a script to {folder}: {error.strerror or error}")
            return None

    def _options(self) -> list[str]:
        """What else of this run's options decides about a verdict."""
        settings = self.settings
        given = {
            "allow": ",".join(sorted(settings.allow)),
            "delivery": ",".join(sorted(settings.delivery)),
            "serve": settings.serve,
        }
        if "fuzz" in vars(self):
            given |= {"corpus": str(self.fuzz.folder or ""), "differential": settings.differential}
        return [f"--netconform-{name}={value}" for name, value in given.items() if value]

    # -- the end

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        interrupted = session.exitstatus == pytest.ExitCode.INTERRUPTED
        self.ahead.close()
        if not interrupted and not self.config.option.collectonly:
            self._look_at_the_end()
        for target in self.roster.targets:
            self.ledger.meet_target(target)
        if self.worker is not None:
            getattr(self.config, "workeroutput", {})["netconform"] = {
                "targets": self.ledger.entries,
                "left_out": sorted(self.suites.left_out),
            }
            return
        self.ledger.left_out |= self.suites.left_out
        self.ledger.remarks += self.roster.remarks
        self.ledger.remarks += self.fuzz.remarks if "fuzz" in vars(self) else []
        self.ledger.remarks += self.roster.revival.remarks if self.roster.revival is not None else []
        self.ledger.close(session, complete=not interrupted and not session.shouldstop and not session.shouldfail)

    def _look_at_the_end(self) -> None:
        """A control for every target that was judged from this process alone; the others are looked at elsewhere."""
        for target in self.roster.targets:
            if target.survey.spoke and not self.roster.told(target.name):
                self.ledger.control(target)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self.worker is None:
            self.ledger.summarise(terminalreporter)

    def pytest_unconfigure(self) -> None:
        self.roster.close()
        self.cancel.close()


def _charged(outcome: Outcome, target: Target) -> Outcome:
    """A death has one culprit: a failure that cannot be repeated because of another check's is no finding."""
    if not outcome.passing or not target.lost.startswith(f"{LOST} during "):
        return outcome
    culprit = target.lost.removeprefix(f"{LOST} during ").partition(":")[0]
    if culprit == outcome.check.requirement.id:
        return outcome
    return Outcome(
        outcome.check,
        Verdict.INCONCLUSIVE,
        reason=target.lost,
        seconds=outcome.seconds,
        transcript=outcome.transcript,
    )


def _unjudged(check: Check, call: pytest.CallInfo[None]) -> Outcome:
    """An item that ended before the judge had spoken: a skip, a fixture that failed, a timeout."""
    problem = call.excinfo.value if call.excinfo else None
    skipped = isinstance(problem, pytest.skip.Exception)
    reason = (str(problem) or type(problem).__name__).splitlines()[0]
    verdict = Verdict.NOT_APPLICABLE if skipped else Verdict.ERROR
    return Outcome(check, verdict, reason=reason, seconds=call.duration, lacking="skipped" if skipped else "")


def _trimmed(problem: BaseException) -> BaseException:
    """A non-conformity ends, for the reader and for --pdb, at the check's line and not inside of our dialogue."""
    if isinstance(problem, NonConformity):
        last, entry = None, problem.__traceback__
        while entry is not None:
            name = str(entry.tb_frame.f_globals.get("__name__", ""))
            if not name.startswith("pytest_netconform.") or name.startswith("pytest_netconform.suites"):
                last = entry
            entry = entry.tb_next
        if last is not None and last.tb_frame.f_globals.get("__name__") != "concurrent.futures.thread":
            last.tb_next = None
    return problem


def _known(path: Path | None) -> list[baseline.Finding]:
    """What the user knows already. Raises UsageError."""
    try:
        return baseline.read(path) if path is not None else []
    except baseline.BaselineError as error:
        raise pytest.UsageError(str(error)) from None


def translate(report: Any, record: Record, item: pytest.Item, *, known: bool) -> None:
    """Give a report the outcome that its verdict has in pytest; a known failure is an expected one."""
    verdict = record["verdict"]
    if known and verdict == "fail":
        report.outcome, report.longrepr = "skipped", None
        report.wasxfail = f"known finding: {_why(record)}"
    elif verdict in ("deviation", "inconclusive"):
        report.outcome, report.longrepr = "skipped", None
        report.wasxfail = f"{record['level']} {record['requirement']}: {_why(record)}"
    elif verdict == "not_applicable" and report.passed:
        path, line, _ = item.location
        report.outcome = "skipped"
        report.longrepr = (path, (line or 0) + 1, f"Skipped: {record['reason']}")


def without_parameter(nodeid: str, parameter: str) -> str:
    """The node id of the same item without one of its parameters."""
    name, _, rest = nodeid.partition("[")
    kept = f"-{rest.removesuffix(']')}-".replace(f"-{parameter}-", "-", 1).strip("-")
    return f"{name}[{kept}]" if kept else name


def _why(record: Record) -> str:
    return record["reason"] or f"expected {record['expected']}; received {record['received']}"


def _lock(run: str) -> Path:
    return Path(tempfile.gettempdir()) / f"netconform-{run}"

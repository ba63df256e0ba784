"""Running ahead: who is judged together, who waits for whom, and that nobody can tell from the results."""

from __future__ import annotations

import json
import multiprocessing
import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from pytest_netconform.ahead import Ahead, Job, Processes, Threads, Turnstile, measured
from pytest_netconform.dialogues.smtp import Smtp
from pytest_netconform.fixtures.network import Network, column_of, reference_of
from pytest_netconform.fixtures.smtp import open_ready
from pytest_netconform.judge import survey
from pytest_netconform.protocols import PROTOCOLS
from pytest_netconform.reference_servers.connection import Connection
from pytest_netconform.reference_servers.host import Host, serving
from pytest_netconform.requirement import MUST, requirement, serial
from pytest_netconform.target import Spec, Target, parse_target
from pytest_netconform.transport import Cancel, Cancelled
from pytest_netconform.verdict import Verdict

SMTP = PROTOCOLS["smtp"]
COLUMN = column_of(SMTP)


@pytest.fixture
def cancel() -> Iterator[Cancel]:
    """A switch of the test's own."""
    switch = Cancel()
    yield switch
    switch.close()


@pytest.fixture
def target(cancel: Cancel) -> Iterator[Target]:
    """The reference over sockets, surveyed."""
    network = Network(cancel=cancel)
    made = network.target(Spec("reference", reference=True, protocol=SMTP))
    survey(made, COLUMN)
    yield made
    network.close()


def check(wait: float, *, alone: bool = False, log: list[str] | None = None, name: str = "") -> Callable[..., None]:
    """A check that is silent for a while."""

    def run(smtp: Smtp) -> None:
        if log is not None:
            log.append(f"{name}+")
        smtp.silent("here", window=wait)
        if log is not None:
            log.append(f"{name}-")

    return requirement("SMTP-T-1", MUST, "a test", "A sentence.")(serial(run) if alone else run)


def job(target: Target, function: Callable[..., None]) -> Job:
    """A job at the rung `smtp`."""
    return Job(function, target, COLUMN, {"smtp": open_ready})


@contextmanager
def pool(cancel: Cancel, size: int) -> Iterator[Ahead]:
    """A pool of so many."""
    turnstile = Threads()
    ahead = Ahead(cancel, lambda target: size, lambda target: turnstile, lambda target: None)
    yield ahead
    ahead.close()


# -- the pool


def test_waits_overlap(target: Target, cancel: Cancel) -> None:
    """Eight silences of 0.3 s take little more than one, and are handed out in the order asked for."""
    jobs = [(n, job(target, check(0.3))) for n in range(8)]
    began = time.monotonic()
    with pool(cancel, 8) as ahead:
        outcomes = [ahead.outcome(n, j, lambda: iter(jobs)) for n, j in jobs]
    assert [outcome.verdict for outcome in outcomes] == [Verdict.PASS] * 8
    assert all(outcome.seconds >= 0.3 for outcome in outcomes)
    assert time.monotonic() - began < 1.2


def test_a_serial_check_is_alone(target: Target, cancel: Cancel) -> None:
    """While a serial check or a repetition is under way, nothing else is."""
    log: list[str] = []
    jobs = [(n, job(target, check(0.1, log=log, name=str(n)))) for n in range(4)]
    with pool(cancel, 4) as ahead:
        ahead.outcome(0, jobs[0][1], lambda: iter(jobs))
        ahead.judged(job(target, check(0.1, alone=True, log=log, name="S")))
        for n, j in jobs[1:]:
            ahead.outcome(n, j, lambda: iter(()))
    place = log.index("S+")
    assert log[place + 1] == "S-"
    before = log[:place]
    assert {event[:-1] for event in before if event.endswith("+")} == {e[:-1] for e in before if e.endswith("-")}


def test_an_interruption_ends_every_wait(target: Target, cancel: Cancel) -> None:
    """Interrupting breaks off what is under way at once, keeps what is done, and lets the pool go on."""
    stuck, quick = job(target, check(60)), job(target, check(0.01))
    following = [("quick", quick), *((n, stuck) for n in range(6))]
    with pool(cancel, 4) as ahead:
        thread = threading.Timer(0.4, ahead.interrupt)
        thread.start()
        began = time.monotonic()
        with pytest.raises(Cancelled):
            ahead.outcome("stuck", stuck, lambda: iter(following))
        thread.join()
        assert time.monotonic() - began < 2
        kept = ahead._futures["quick"]
        assert ahead.outcome("quick", stuck, lambda: iter(())).verdict is Verdict.PASS
        assert kept.done()
        assert ahead.outcome("again", quick, lambda: iter(())).verdict is Verdict.PASS


def test_one_at_a_time_uses_no_thread(target: Target, cancel: Cancel) -> None:
    """A concurrency of 1 judges in the calling thread, where --pdb and a timeout can reach it."""
    seen: list[threading.Thread] = []

    @requirement("SMTP-T-2", MUST, "a test", "A sentence.")
    def where(smtp: Smtp) -> None:
        seen.append(threading.current_thread())

    with pool(cancel, 1) as ahead:
        ahead.outcome(0, job(target, where), lambda: iter([(1, job(target, where))]))
    assert seen == [threading.current_thread()]


# -- turnstiles


def _crowd(turnstile: Turnstile, work: Callable[[int, str], None]) -> None:
    """Thirty visits, every fifth of them alone, in a random order."""

    def visit(number: int) -> None:
        alone = number % 5 == 0
        inside: AbstractContextManager[None] = turnstile.alone() if alone else turnstile.together()
        with inside:
            work(number, "alone" if alone else "together")

    numbers = list(range(30))
    random.shuffle(numbers)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(visit, numbers))


def _is_kept(turnstile: Turnstile) -> tuple[int, int]:
    lock, inside, most, wrong = threading.Lock(), {"alone": 0, "together": 0}, 0, 0

    def work(number: int, how: str) -> None:
        nonlocal most, wrong
        with lock:
            inside[how] += 1
            most = max(most, inside["together"])
            wrong += inside["alone"] > 1 or (inside["alone"] == 1 and inside["together"] > 0)
        time.sleep(0.003)
        with lock:
            inside[how] -= 1

    _crowd(turnstile, work)
    return most, wrong


def test_turnstile_of_threads() -> None:
    """Those together meet; who is alone meets nobody."""
    most, wrong = _is_kept(Threads())
    assert wrong == 0 and most > 1


def test_turnstile_of_processes(tmp_path: Path) -> None:
    """The same at a file, where each visit opens it anew."""
    turnstile = Processes(tmp_path / "lock")
    most, wrong = _is_kept(turnstile)
    assert wrong == 0 and most > 1
    turnstile.remove()
    assert list(tmp_path.iterdir()) == []


def _hold(path: str, began: Any, end: Any) -> None:
    with Processes(Path(path)).together():
        began.set()
        end.wait(10)


def test_turnstile_between_processes(tmp_path: Path) -> None:
    """Who wants to be alone waits for another process, and is not overtaken by a newcomer."""
    context = multiprocessing.get_context("spawn")
    began, end = context.Event(), context.Event()
    process = context.Process(target=_hold, args=(str(tmp_path / "lock"), began, end))
    process.start()
    began.wait(20)
    turnstile, order = Processes(tmp_path / "lock"), []

    def alone() -> None:
        with turnstile.alone():
            order.append("alone")

    def late() -> None:
        with turnstile.together():
            order.append("late")

    threads = [threading.Thread(target=alone), threading.Thread(target=late)]
    threads[0].start()
    time.sleep(0.1)
    threads[1].start()
    time.sleep(0.1)
    assert order == []
    end.set()
    for thread in threads:
        thread.join(10)
    process.join(10)
    assert order == ["alone", "late"]


# -- how many


class OneByOne(Host):
    """A server that greets the next client when the last one has gone."""

    def arrived(self, sock: Any) -> None:
        super().arrived(sock)
        self.accept(False)

    def closed(self, connection: Connection, error: Exception | None) -> None:
        super().closed(connection, error)
        self.accept(True)


class ThreeSeats(Host):
    """A server that takes three clients, and lets the others wait."""

    def opened(self, connection: Connection) -> None:
        super().opened(connection)
        self.accept(self.connections < 3)

    def closed(self, connection: Connection, error: Exception | None) -> None:
        super().closed(connection, error)
        self.accept(True)


@pytest.mark.parametrize(("kind", "size"), [(Host, 8), (OneByOne, 1), (ThreeSeats, 2)])
def test_concurrency_is_measured(kind: type[Host], size: int) -> None:
    """As many dialogues are held at a time as the target serves while all are open: 8, 4, 2 or 1."""
    with serving(reference_of(SMTP, {}).make_session, kind=kind) as host:
        network = Network()
        target = network.target(parse_target(f"smtp://127.0.0.1:{host.port}"))
        survey(target, COLUMN)
        assert measured(target, COLUMN) == size


# -- in a session

LOGGED = """
import pytest, threading, time
from pytest_netconform.requirement import *

LOG = []

def ask(number):
    return requirement(f"SMTP-HOUSE-{number}", MUST, "house rules", f"Rule {number}.")

def stay(smtp, name, window=0.15):
    LOG.append(name + "+")
    smtp.silent("here", window=window)
    LOG.append(name + "-")
"""


def run_logged(pytester: pytest.Pytester, source: str, *arguments: str) -> tuple[pytest.RunResult, list[str]]:
    """Run checks that write down when they come and go."""
    pytester.makepyfile(test_house=LOGGED + source + "\ndef test_zz_log(): print('LOG=' + ' '.join(LOG))\n")
    result = pytester.runpytest("test_house.py", "--netconform-target=reference", "-s", *arguments)
    log = next(line for line in result.outlines if "LOG=" in line).partition("LOG=")[2].split()
    return result, log


def test_barriers(pytester: pytest.Pytester) -> None:
    """Serial checks, marks, and arguments that pytest must set up first cut a run into segments; the rest overlaps."""
    source = """
@pytest.fixture
def own(): LOG.append("own"); return 1

@ask(1)
@pytest.mark.parametrize("n", [1, 2])
def test_1(smtp, n): stay(smtp, f"a{n}")

@ask(2)
@serial
def test_2(smtp): stay(smtp, "s")

@ask(3)
def test_3(smtp): stay(smtp, "b")

@ask(4)
def test_4(smtp, own): stay(smtp, "c")

@ask(5)
@pytest.mark.xfail(reason="it is known")
def test_5(smtp): stay(smtp, "d"); smtp.exchange("NOOP", 299)

@ask(6)
def test_6(smtp): stay(smtp, "e")
"""
    result, log = run_logged(pytester, source)
    assert {"passed": 7, "xfailed": 1}.items() <= result.parseoutcomes().items()
    assert set(log[:4]) == {"a1+", "a2+", "a1-", "a2-"} and {log[0][-1], log[1][-1]} == {"+"}
    assert log[4:] == ["s+", "s-", "b+", "b-", "own", "c+", "c-", "d+", "d-", "e+", "e-"]


@pytest.mark.parametrize("option", ["-x", "--netconform-concurrency=1"])
def test_one_after_another(pytester: pytest.Pytester, option: str) -> None:
    """With -x or a concurrency of 1 no check begins before the one before it has been reported."""
    source = "\n".join(f"@ask({n})\ndef test_{n}(smtp): stay(smtp, '{n}', 0.01)" for n in range(4))
    _, log = run_logged(pytester, source, option)
    assert log == [f"{n}{mark}" for n in range(4) for mark in "+-"]


def test_autouse_fixtures_are_respected(pytester: pytest.Pytester) -> None:
    """A fixture of the user's that surrounds every test surrounds every check too."""
    source = """
@pytest.fixture(autouse=True)
def around():
    LOG.append("<")
    yield
    LOG.append(">")

""" + "\n".join(f"@ask({n})\ndef test_{n}(smtp): stay(smtp, '{n}', 0.01)" for n in range(3))
    _, log = run_logged(pytester, source)
    assert log[:12] == ["<", "0+", "0-", ">", "<", "1+", "1-", ">", "<", "2+", "2-", ">"]


def test_checks_at_different_targets(pytester: pytest.Pytester, smtp_url: str) -> None:
    """Every check is judged at the target in its name, also when it runs ahead."""
    source = """
@ask(1)
@pytest.mark.parametrize("n", [1, 2, 3])
def test_name(smtp, n):
    smtp.observe(smtp.target.name)
"""
    pytester.makepyfile(test_house=LOGGED + source)
    targets = [f"--netconform-target=one={smtp_url}", "--netconform-target=two=reference:smtp"]
    for more in ([], ["-n2"]):
        pytester.runpytest("test_house.py", *targets, "--netconform-json=report.json", *more)
        document = json.loads((pytester.path / "report.json").read_text())
        seen = {t["name"]: [check["observed"] for check in t["checks"]] for t in document["targets"]}
        assert seen == {"one": [["one"]] * 3, "two": [["two"]] * 3}


def test_results_do_not_depend_on_how(pytester: pytest.Pytester) -> None:
    """Order, workers and concurrency change nothing: the same verdicts and expectations for the same node ids."""
    pytester.makeconftest(
        "import random, os\n"
        "def pytest_collection_modifyitems(items):\n"
        "    seed = os.environ.get('SEED')\n"
        "    if seed: random.Random(seed).shuffle(items)\n"
    )
    select = "--netconform-select=SMTP-5321-4.1.4,SMTP-5321-4.2,SMTP-5321-4.1.1.1"
    seen = []
    for seed, more in enumerate([["--netconform-concurrency=1"], ["--netconform-concurrency=16"], ["-n2"]]):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SEED", str(seed))
            result = pytester.runpytest("--netconform-target=reference", select, "--netconform-json=report.json", *more)
        assert result.ret == 0
        document = json.loads((pytester.path / "report.json").read_text())
        checks = document["targets"][0]["checks"]
        seen.append(sorted((check["nodeid"], check["verdict"], check["expected"]) for check in checks))
    assert len(seen[0]) > 5 and seen[0] == seen[1] == seen[2]

"""Speed, as ratios measured side by side in one run: `make bench`.

1. pytest's start in a folder without tests, with the idle plugin against without it (`-p no:netconform`).
2. The SMTP suite on the reference server against a sequential replay of the same octets over bare sockets, which keeps
   the waits that the suite had to make.
3. How long a silent server and a closed port take to be judged.

Nothing here is a test: a slow machine gives other seconds, and much the same ratios.
"""

from __future__ import annotations

import json
import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_netconform.fixtures.network import column_of, reference_of
from pytest_netconform.judge import judge, survey
from pytest_netconform.protocols import PROTOCOLS
from pytest_netconform.reference_servers.host import serving
from pytest_netconform.target import Target, parse_target
from pytest_netconform.transcript import Event, What
from pytest_netconform.transport import SocketCarriage

START_RUNS = 15
SUITE_RUNS = 5
PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]


@dataclass(frozen=True)
class Cost:
    """Seconds on the wall and on the processors, children included."""

    wall: float
    cpu: float


def measured(action: Callable[[], object]) -> Cost:
    """What one call costs."""
    began, used = time.perf_counter(), _cpu()
    action()
    return Cost(time.perf_counter() - began, _cpu() - used)


def _cpu() -> float:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def median(costs: Iterable[Cost]) -> Cost:
    """Each figure's median."""
    costs = list(costs)
    return Cost(statistics.median(c.wall for c in costs), statistics.median(c.cpu for c in costs))


def run(arguments: Sequence[str], folder: str) -> int:
    """pytest in a folder of its own; the exit code."""
    return subprocess.run(
        [*PYTEST, *arguments], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
    ).returncode


# -- 1. idle


def idle() -> None:
    """Pairs of runs in turn; the median of the pairs' ratios is what counts on a noisy machine."""
    with tempfile.TemporaryDirectory() as folder:
        ratios, with_us, without_us = [], [], []
        for _ in range(START_RUNS):
            plugged = measured(lambda: run(["--collect-only"], folder))
            bare = measured(lambda: run(["--collect-only", "-p", "no:netconform"], folder))
            with_us.append(plugged)
            without_us.append(bare)
            ratios.append(plugged.cpu / bare.cpu)
    print(f"idle start: with {median(with_us).wall:.3f} s, without {median(without_us).wall:.3f} s wall")
    print(f"            ratio of processor time {statistics.median(ratios):.3f} (promised: at most 1.03)")


# -- 2. the suite against a replay


def record(address: tuple[str, int]) -> list[list[Event]]:
    """The transcripts of every check that the run-ahead runner would hold, one after another."""
    from tests.gates import cases  # the gates know how to expand parameters

    protocol = PROTOCOLS["smtp"]
    reference = reference_of(protocol, {})
    spec = parse_target(f"smtp://{address[0]}:{address[1]}")
    column = column_of(protocol)

    def target() -> Target:
        allowed = frozenset({"write", "intrusive"})
        return Target(spec, SocketCarriage(*address), options=reference.options, allowed=allowed)

    first = target()
    survey(first, column)
    transcripts = []
    for case in cases("smtp"):
        mine = target()
        mine.survey, mine.stored = first.survey, STORED[address]
        names = [
            n for n in case.function.__code__.co_varnames[: case.function.__code__.co_argcount] if n not in case.values
        ]
        outcome = judge(case.function, {n: column.rungs[n] for n in names}, case.values, mine, column)
        transcripts.append(outcome.transcript.events)
    return transcripts


STORED: dict[tuple[str, int], Callable[[], list[bytes]] | None] = {}


def replay(transcripts: list[list[Event]], address: tuple[str, int]) -> None:
    """The same octets, one connection after another, over bare sockets; silences are waited for as they were."""
    for events in transcripts:
        sockets: dict[int, socket.socket] = {}
        last = 0.0
        for event in events:
            number = event.connection
            if event.what is What.CONNECT:
                sockets[number] = socket.create_connection(address)
                sockets[number].setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            elif event.what is What.TLS:
                break  # the rest of this dialogue is inside TLS; it is left out of the comparison
            elif event.what is What.SEND:
                sockets[number].sendall(event.data)
            elif event.what is What.RECEIVE:
                _swallow(sockets[number], event.total)
            elif event.what is What.NOTE and event.at - last > 0.15:
                time.sleep(event.at - last)
            last = event.at
        for sock in sockets.values():
            sock.close()


def _swallow(sock: socket.socket, octets: int) -> None:
    sock.settimeout(2)
    while octets > 0:
        data = sock.recv(min(octets, 1 << 16))
        if not data:
            return
        octets -= len(data)


def suite() -> None:
    """Both against a server of the same kind in a process of its own."""
    protocol = PROTOCOLS["smtp"]
    reference = reference_of(protocol, {})
    with serving(reference.make_session) as host, tempfile.TemporaryDirectory() as folder:
        address = (host.host, host.port)
        STORED[address] = reference.stored
        transcripts = record(address)
        judged, replayed = [], []
        report = Path(folder, "report.json")
        options = "&".join(
            f"{k}={v}" for k, v in reference.options.items() if k in ("recipient", "recipients", "unknown")
        )
        for _ in range(SUITE_RUNS):
            replayed.append(measured(lambda: replay(transcripts, address)))
            url = f"smtp://{address[0]}:{address[1]}?{options.replace('+', '%2B')}"
            judged.append(
                measured(lambda url=url: run([f"--netconform-target={url}", f"--netconform-json={report}"], folder))
            )
        checks = json.loads(report.read_text(encoding="utf-8"))["targets"][0]["checks"]
    ours, theirs = median(judged), median(replayed)
    start = median(measured(lambda: run(["--collect-only"], "/")) for _ in range(5))
    print(
        f"SMTP suite: {len(checks)} cases in {ours.wall:.2f} s wall, {ours.cpu:.2f} s processor (pytest's start included)"
    )
    print(f"            pytest's own start is {start.wall:.2f} s of it")
    print(f"            sequential bare-socket replay {theirs.wall:.2f} s wall, {theirs.cpu:.2f} s processor")
    print(
        f"            ratio {ours.wall / theirs.wall:.2f}, without pytest's start {(ours.wall - start.wall) / theirs.wall:.2f}"
    )


# -- 3. nobody there


def nobody() -> None:
    """A server that accepts and says nothing, and a port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener, tempfile.TemporaryDirectory() as folder:
        held: list[socket.socket] = []

        def accept() -> None:
            try:
                while True:
                    held.append(listener.accept()[0])
            except OSError:
                pass

        threading.Thread(target=accept, daemon=True).start()
        port = listener.getsockname()[1]
        silent = measured(lambda: run([f"--netconform-target=smtp://127.0.0.1:{port}"], folder))
        listener.shutdown(socket.SHUT_RDWR)
        for sock in held:
            sock.close()
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    gone = measured(lambda: run([f"--netconform-target=smtp://127.0.0.1:{port}"], tempfile.gettempdir()))
    print(f"silent server: judged in {silent.wall:.2f} s (promised: under 5)")
    print(f"closed port:   judged in {gone.wall:.2f} s (promised: under 1)")


if __name__ == "__main__":
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} processors")
    idle()
    suite()
    nobody()

"""Speed, as ratios measured side by side in one run: `make bench`.

1. pytest's start in a folder without tests, with the idle plugin against without it (`-p no:netconform`).
2. The SMTP suite on the reference server against a sequential replay of the same octets over bare sockets, which keeps
   the waits that the suite had to make.
3. How long a silent server and a closed port take to be judged.

Nothing here is a test: a slow machine gives other seconds, and much the same ratios.
"""

from __future__ import annotations

import inspect
import json
import os
import resource
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))  # the gates know how to expand a suite's parameters

from pytest_netconform.ca import Authority
from pytest_netconform.fixtures.network import column_of, reference_of
from pytest_netconform.judge import judge, survey
from pytest_netconform.protocols import PROTOCOLS
from pytest_netconform.reference_servers.host import serving
from pytest_netconform.target import Target, parse_target
from pytest_netconform.transcript import Event, What
from pytest_netconform.transport import SocketCarriage
from tests.gates import cases

WAITED = 0.1  # seconds without an event that were a wait and not work
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

GIVEN = {"recipient": "alice@example.test", "recipients": "alice+*@example.test", "unknown": "nobody@example.test"}


def serve() -> None:
    """The reference server, for another process: prints its port and lives until standard input ends."""
    reference = reference_of(PROTOCOLS["smtp"], {})
    with Authority() as authority, serving(reference.make_session, tls=authority.server_context()) as host:
        print(host.port, flush=True)
        sys.stdin.read()


@contextmanager
def served() -> Iterator[tuple[str, int]]:
    """The reference server in a process of its own."""
    command = [sys.executable, __file__, "--serve"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        yield "127.0.0.1", int(process.stdout.readline())
        process.stdin.close()


def recorded(address: tuple[str, int]) -> list[Sequence[Event]]:
    """The transcripts of every check, held one after another as the plugin would hold them."""
    protocol = PROTOCOLS["smtp"]
    spec = parse_target(f"smtp://{address[0]}:{address[1]}")
    column = column_of(protocol)
    target = Target(spec, SocketCarriage(*address), options=GIVEN, allowed=frozenset({"write", "intrusive"}))
    survey(target, column)
    transcripts = []
    for case in cases("smtp"):
        names = [name for name in inspect.signature(case.function).parameters if name not in case.values]
        openers = {name: column.rungs[name] for name in names}
        transcripts.append(judge(case.function, openers, case.values, target, column).transcript.events)
    return transcripts


def replay(transcripts: Sequence[Sequence[Event]], address: tuple[str, int]) -> None:
    """The same octets over bare sockets, one transcript after another; where the check waited, this waits."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    for events in transcripts:
        sockets: dict[int, socket.socket] = {}
        last = 0.0
        for event in events:
            number, gap, last = event.connection, event.at - last, event.at
            if event.what is What.RECEIVE:
                _swallow(sockets[number], event.total)
                continue
            if gap > WAITED:
                time.sleep(gap)
            if event.what is What.CONNECT:
                sockets[number] = socket.create_connection(address)
                sockets[number].setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            elif event.what is What.TLS:
                sockets[number] = context.wrap_socket(sockets[number])
            elif event.what is What.SEND:
                with suppress(OSError):
                    sockets[number].sendall(event.data)
        for sock in sockets.values():
            sock.close()


def _swallow(sock: socket.socket, octets: int) -> None:
    sock.settimeout(2)
    with suppress(OSError):
        while octets > 0 and (data := sock.recv(min(octets, 1 << 16))):
            octets -= len(data)


def suite() -> None:
    """Both in turn, against one server in a process of its own."""
    with served() as address, tempfile.TemporaryDirectory() as folder:
        transcripts = recorded(address)
        report = Path(folder, "report.json")
        query = "&".join(f"{name}={value}" for name, value in GIVEN.items())
        arguments = [f"--netconform-target=smtp://{address[0]}:{address[1]}?{query}", f"--netconform-json={report}"]
        judged, replayed = [], []
        for _ in range(SUITE_RUNS):
            replayed.append(measured(lambda: replay(transcripts, address)))
            judged.append(measured(lambda: run(arguments, folder)))
        checks = json.loads(report.read_text(encoding="utf-8"))["targets"][0]["checks"]
        start = median([measured(lambda: run(["--collect-only"], folder)) for _ in range(SUITE_RUNS)])
    ours, theirs = median(judged), median(replayed)
    verdicts = Counter(check["verdict"] for check in checks)
    print(f"SMTP suite: {len(checks)} cases ({', '.join(f'{n} {v}' for v, n in verdicts.most_common())})")
    print(
        f"            {ours.wall:.2f} s wall, {ours.cpu:.2f} s processor, of it pytest's own start {start.wall:.2f} s"
    )
    print(f"            sequential bare-socket replay {theirs.wall:.2f} s wall, {theirs.cpu:.2f} s processor")
    print(f"            ratio {ours.wall / theirs.wall:.2f}; without pytest's start")
    print(f"            {(ours.wall - start.wall) / theirs.wall:.2f} (aim: 0.5)")


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
    if sys.argv[1:] == ["--serve"]:
        serve()
        sys.exit()
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} processors")
    idle()
    suite()
    nobody()

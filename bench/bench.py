"""Speed, as ratios measured side by side in one run: `make bench`.

1. pytest's start in a folder without tests, with the idle plugin against without it (`-p no:netconform`).
2. For each kind of target in `replay.py`, all checks of our own server against a sequential replay of the same octets
   over bare sockets, which keeps the waits that the checks had to make; and the checks in a second.
3. How long a silent server and a closed port take to be judged.
4. What a server costs a test: our fixtures beside those of others.
5. How much we try in a second when we explore, beside boofuzz at the same server.

With names (`bench/bench.py fixtures`) only those parts: idle, suites, nobody, fixtures, fuzzing.

Nothing here is a test: a slow machine gives other seconds, and much the same ratios.
"""

from __future__ import annotations

import json
import os
import socket
import statistics
import sys
import tempfile
import threading
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))  # the gates know how to expand a suite's parameters

from bench.fixtures import fixtures
from bench.fuzzing import fuzz, fuzzing
from bench.measure import measured, median, run
from bench.replay import KINDS, Kind, recorded, replay, serve, served

START_RUNS = 15
SUITE_RUNS = 5


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


# -- 2. the suites against a replay


def suites(name: str, kind: Kind) -> None:
    """Both in turn, against one server in a process of its own."""
    with served(name) as address, tempfile.TemporaryDirectory() as folder:
        transcripts = recorded(kind, address)
        report = Path(folder, "report.json")
        arguments = [f"--netconform-target={kind.url(address)}", f"--netconform-json={report}"]
        judged, replayed = [], []
        octets: Counter[str] = Counter()
        for _ in range(SUITE_RUNS):
            replayed.append(measured(lambda: octets.update(replay(transcripts, address))))
            judged.append(measured(lambda: run(arguments, folder)))
        checks = json.loads(report.read_text(encoding="utf-8"))["targets"][0]["checks"]
        start = median([measured(lambda: run(["--collect-only"], folder)) for _ in range(SUITE_RUNS)])
    ours, theirs = median(judged), median(replayed)
    verdicts = Counter(check["verdict"] for check in checks)
    held = sum(count for verdict, count in verdicts.items() if verdict != "not_applicable")
    sent, received = (octets[way] / SUITE_RUNS / 1e6 for way in ("sent", "received"))
    print(f"{kind.title + ':':6}      {len(checks)} cases ({', '.join(f'{n} {v}' for v, n in verdicts.most_common())})")
    print(
        f"            {ours.wall:.2f} s wall, {ours.cpu:.2f} s processor; pytest's own start {start.wall:.2f} s of it"
    )
    print(f"            {held / ours.wall:.1f} checks a second that were held, {len(checks) / ours.wall:.1f} of all")
    print(f"            sequential bare-socket replay {theirs.wall:.2f} s wall, {theirs.cpu:.2f} s processor,")
    print(f"            {sent:.1f} MB there and {received:.1f} MB back")
    print(f"            ratio {ours.wall / theirs.wall:.2f}; without pytest's start")
    print(f"            {(ours.wall - start.wall) / theirs.wall:.2f} (aim: 0.5)")


def every_suite() -> None:
    """Each kind of target in turn."""
    for name, kind in KINDS.items():
        suites(name, kind)


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
    if sys.argv[1:2] == ["--serve"]:
        serve(*sys.argv[2:])
        sys.exit()
    if sys.argv[1:2] == ["--fuzz"]:
        fuzz(*sys.argv[2:])
        sys.exit()
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} processors")
    parts = {"idle": idle, "suites": every_suite, "nobody": nobody, "fixtures": fixtures, "fuzzing": fuzzing}
    for part in sys.argv[1:] or parts:
        parts[part]()

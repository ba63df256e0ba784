"""Ten runs of the suites in random order, alone and in a crowd, must say the same: `make steady`, or give a target.

Compares (nodeid, verdict, expected) of every check over all runs and prints what differs; exit code 1 if anything does.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WAYS = [["--netconform-concurrency=1"], ["--netconform-concurrency=16"], [], ["-n", "0"], ["-n", "4"]]
RUNS = 10

Said = dict[str, tuple[str, str, str]]


def run(number: int, arguments: list[str], report: Path) -> Said:
    """One run in an order of its own; what it said of every check."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "bench.shuffle", *arguments]
    environment = {**os.environ, "NETCONFORM_SHUFFLE": str(number), "PYTHONPATH": os.getcwd()}
    done = subprocess.run([*command, f"--netconform-json={report}"], env=environment, capture_output=True, check=False)
    if not report.exists():
        sys.exit(done.stderr.decode() or done.stdout.decode())
    targets = json.loads(report.read_text(encoding="utf-8"))["targets"]
    report.unlink()
    return {
        f"{target['name']} {check['nodeid']}": (check["verdict"], check["expected"], check["reason"])
        for target in targets
        for check in target["checks"]
    }


def main(arguments: list[str]) -> int:
    """Run, compare, tell."""
    arguments = arguments or ["--netconform-target=reference"]
    first: Said = {}
    differing = 0
    with tempfile.TemporaryDirectory() as folder:
        for number in range(RUNS):
            way = WAYS[number % len(WAYS)]
            began = time.perf_counter()
            said = run(number, [*arguments, *way], Path(folder, "report.json"))
            first = first or said
            differences = [key for key in first.keys() | said.keys() if first.get(key, ())[:2] != said.get(key, ())[:2]]
            differing += len(differences)
            seconds = time.perf_counter() - began
            print(f"run {number + 1:2} {' '.join(way) or 'as usual':28} {len(said)} checks, {seconds:.1f} s, ", end="")
            print(f"{len(differences)} differ")
            for key in sorted(differences):
                print(f"    {key}: {first.get(key)} became {said.get(key)}")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

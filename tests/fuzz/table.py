"""What every protocol's machine finds, and how soon: `make fuzz` writes docs/fuzzing-mutants.md.

`python -m tests.fuzz.table [PROTOCOL ...]` explores all counted mutants; with `--reference [--examples N]` the
reference, by each property, or by `--property` alone. What was not explored this time stays on the page as it was. The
figures are those of one machine, the names are not: tests/fuzz/test_table.py holds them against tests/fuzz/stateful.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from pytest_netconform.fixtures.network import column_of, memory_target
from pytest_netconform.fuzz import exploration
from pytest_netconform.fuzz.exploration import RUNG, Budget, Exploration
from pytest_netconform.judge import survey
from pytest_netconform.protocols import PROTOCOLS
from pytest_netconform.visit import Visit
from tests.fuzz.gates import SETTINGS, STATEFUL, explored

PAGE = Path(__file__).parent.parent.parent / "docs" / "fuzzing-mutants.md"
PROCESSES = 2
SECONDS = 60.0  # within which a mutant is to be found
EXAMPLES = 10_000
SAMPLED = 1_000  # examples between two looks at the memory
PROPERTIES = ("dialogue", "cuts", "hostile")
REFERENCE = "The reference"

HEAD = f"""\
# Fuzzing: what the machines find

Written by `make fuzz`; do not edit. A machine draws walks from the strategies of a protocol, and its model judges them.
Here it meets the mutants of its protocol that are wrong in states and sequences (`tests/fuzz/stateful/`), each for at
most {SECONDS:.0f} seconds: after how many examples it found the fault, in how many seconds (the time to make the walk
short included), how many steps the walk has that was kept, and the rule that it breaks. Seconds are those of one
processor, so that what else the machine does is not counted; nothing waits here, as servers and clocks are in memory.
"""
COLUMNS = ("mutant", "examples", "seconds", "steps", "rule")
REFERENCE_HEAD = f"""\
Whatever is found here is a false alarm. Seconds are again those of a processor. Memory is the resident one of a process
of its own, after {SAMPLED:,} examples and at the end.
"""
REFERENCE_COLUMNS = (
    "protocol",
    "property",
    "examples",
    "a second",
    "findings",
    "broken off",
    f"MiB at {SAMPLED:,}",
    "MiB at the end",
)

Row = tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """One mutant: after how many examples, in how many seconds, by how many steps; rule: empty if it was missed."""

    mutant: str
    examples: int
    seconds: float
    steps: int = 0
    rule: str = ""


def explore(protocol: str, number: int) -> Found:
    """Explore a mutant until it is found, or its time is up."""
    _count_processor_time()
    chosen = STATEFUL[protocol]
    mutant = chosen.mutants(protocol)[number]
    result = explored(protocol, Budget(seconds=SECONDS, findings=1), mutant, options=chosen.options)
    if not result.findings:
        return Found(mutant.name, result.examples, result.seconds)
    finding = result.findings[0]
    return Found(mutant.name, result.examples, result.seconds, len(finding.case.steps), finding.rule)


def _count_processor_time() -> None:
    """Let explorations in this process, which is no test's, go by its own time: others may be at work beside it."""
    clock: Any = SimpleNamespace(monotonic=time.process_time)
    exploration.time = clock


def section(protocol: str, found: Sequence[Found]) -> str:
    """A protocol's part of the page."""
    chosen = STATEFUL[protocol]
    hits = [each for each in found if each.rule]
    chapters = ", ".join(f"`{chapter}`" for chapter in chosen.chapters)
    lines = [f"Found {len(hits)} of {len(found)}, the mutants of {chapters}.", ""]
    rows = [(f"`{e.mutant}`", f"{e.examples:,}", f"{e.seconds:.1f}", str(e.steps), e.rule) for e in hits]
    lines += table(COLUMNS, rows)
    missed = [(f"`{e.mutant}`", chosen.missed.get(e.mutant, "not known")) for e in found if not e.rule]
    for title, reasons in (
        (f"Missed in {SECONDS:.0f} seconds", missed),
        ("Left out of the count", [(f"`{name}`", reason) for name, reason in chosen.but.items()]),
    ):
        if reasons:
            lines += ["", f"### {title}", "", *table(("mutant", "why"), reasons)]
    return "\n".join(lines) + "\n"


def table(head: Row, rows: Iterable[Row]) -> list[str]:
    """The lines of a table."""
    cells = [head, ("---",) * len(head), *rows]
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in cells]


def cells(text: str) -> list[Row]:
    """The rows of all tables of a text, heads left out."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    rows = [tuple(cell.strip() for cell in line.strip("| ").replace("\\|", "¦").split(" | ")) for line in lines]
    heads = {number - 1 for number, row in enumerate(rows) if row[0] == "---"}
    return [row for number, row in enumerate(rows) if number not in heads and row[0] != "---"]


# -- the reference


@dataclass(frozen=True)
class Judged:
    """The reference by one property (drawn_for). memory: MiB at every thousandth example and at the end."""

    protocol: str
    drawn_for: str
    examples: int
    seconds: float
    findings: Sequence[str]
    broken_off: int
    memory: Sequence[float]

    @property
    def row(self) -> Row:
        """Its line of the table."""
        return (
            self.protocol,
            self.drawn_for,
            f"{self.examples:,}",
            f"{self.examples / self.seconds:.0f}",
            str(len(self.findings)),
            str(self.broken_off),
            f"{self.memory[min(1, len(self.memory) - 1)]:.0f}",
            f"{self.memory[-1]:.0f}",
        )


def judge_reference(job: tuple[str, str, int]) -> Judged:
    """So many examples of one property at the reference, and the memory that they took."""
    _count_processor_time()
    protocol, property, examples = job
    column = column_of(PROTOCOLS[protocol])
    target = memory_target(protocol, STATEFUL[protocol].options)
    survey(target, column)
    memory: list[float] = []
    begun = 0

    def open_walk(visit: Visit) -> Any:
        nonlocal begun
        if begun % SAMPLED == 0:
            memory.append(resident())
        begun += 1
        return column.rungs[RUNG](visit)

    metered = replace(column, rungs={**column.rungs, RUNG: open_walk})
    result = Exploration(target, metered, property, Budget(examples=examples), seed=1, settings=SETTINGS).run()
    rules = [finding.rule for finding in result.findings]
    memory.append(resident())
    return Judged(protocol, property, result.examples, result.seconds, rules, result.broken_off, memory)


def resident() -> float:
    """MiB of this process that are in memory now; where that is not told, the most that ever were."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * resource.getpagesize() / 2**20
    except OSError:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most / (2**20 if sys.platform == "darwin" else 2**10)


# -- the page


def page(sections: Mapping[str, str]) -> str:
    """The whole page: protocols in the order of their names, then the reference."""
    found, counted = 0, 0
    for name in sections.keys() & STATEFUL.keys():
        words = sections[name].split()
        found, counted = found + int(words[1]), counted + int(words[3].rstrip(","))
    order = sorted(sections.keys() & STATEFUL.keys()) + [name for name in (REFERENCE,) if name in sections]
    parts = [f"{HEAD}\nFound {found} of {counted} in all.\n", *(f"## {n}\n\n{sections[n]}" for n in order)]
    return "\n".join(parts)


def sections_of(text: str) -> dict[str, str]:
    """The parts of a page by their titles."""
    parts = [part.partition("\n\n") for part in text.split("\n## ")[1:]]
    return {title: body.rstrip("\n") + "\n" for title, _, body in parts}


def written() -> dict[str, str]:
    """The parts of the page as it is."""
    return sections_of(PAGE.read_text(encoding="utf-8")) if PAGE.exists() else {}


def mutants(protocols: Sequence[str]) -> bool:
    """Explore all mutants of these protocols, and write. Whether all that are to be found were found."""
    jobs = [(name, number) for name in protocols for number in range(len(STATEFUL[name].mutants(name)))]
    found: dict[str, list[Found]] = {name: [] for name in protocols}
    with ProcessPoolExecutor(PROCESSES) as pool:
        for (name, _), each in zip(jobs, pool.map(explore, *zip(*jobs, strict=True)), strict=True):
            found[name].append(each)
            print(f"{name} {each.mutant}: {each.examples} examples, {each.seconds:.1f} s, {each.rule or 'MISSED'}")
    PAGE.write_text(page({**written(), **{name: section(name, found[name]) for name in protocols}}), encoding="utf-8")
    news = {e.mutant for name in protocols for e in found[name] if not e.rule and e.mutant not in STATEFUL[name].missed}
    print(f"wrote {PAGE.name}" + (f"; missed, and nobody says why: {', '.join(sorted(news))}" if news else ""))
    return not news


def reference(protocols: Sequence[str], properties: Sequence[str], examples: int) -> bool:
    """Explore the reference by these properties, and write. Whether nothing was found."""
    rows: dict[Row, Row] = {}
    jobs = [(name, property, examples) for name in protocols for property in properties]
    alarms: list[str] = []
    with multiprocessing.get_context("spawn").Pool(PROCESSES, maxtasksperchild=1) as pool:
        for judged in pool.imap(judge_reference, jobs, chunksize=1):
            rows[judged.row[:2]] = judged.row
            alarms += judged.findings
            print(" ".join(judged.row), "| MiB", " ".join(f"{mib:.0f}" for mib in judged.memory), flush=True)
    sections = written()
    rows = {row[:2]: row for row in cells(sections.get(REFERENCE, "")) if row[0] in STATEFUL} | rows
    ordered = sorted(rows.values(), key=lambda row: (row[0], PROPERTIES.index(row[1])))
    sections[REFERENCE] = "\n".join([REFERENCE_HEAD, *table(REFERENCE_COLUMNS, ordered)]) + "\n"
    PAGE.write_text(page(sections), encoding="utf-8")
    print(f"wrote {PAGE.name}" + "".join(f"\nFALSE ALARM: {rule}" for rule in alarms))
    return not alarms


def main(arguments: Sequence[str]) -> int:
    """Explore, write, and say by the exit code whether all is well."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.table", description=__doc__)
    parser.add_argument("protocols", nargs="*", metavar="PROTOCOL", help=f"of {', '.join(STATEFUL)}")
    parser.add_argument("--reference", action="store_true", help="the reference, in place of its mutants")
    parser.add_argument("--examples", type=int, default=EXAMPLES, help="of each property at the reference")
    parser.add_argument("--property", action="append", choices=PROPERTIES, help="of the reference, in place of all")
    given = parser.parse_args(arguments)
    if strange := set(given.protocols) - STATEFUL.keys():
        parser.error(f"no machine for {', '.join(sorted(strange))}")
    protocols = given.protocols or sorted(STATEFUL)
    well = reference(protocols, given.property or PROPERTIES, given.examples) if given.reference else mutants(protocols)
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

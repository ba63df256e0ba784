"""What the suites ask, and what every mutant does to them: `make matrix` writes tests/matrix and docs/requirements.

The files are read in review; tests/test_mutants.py and tests/test_requirements.py demand that they are up to date.
"""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from itertools import repeat
from pathlib import Path

from pytest_netconform.protocols import SUITES
from pytest_netconform.reference_servers.mutants.hosts import HOST_MUTANTS
from pytest_netconform.reference_servers.mutants.mutant import mutants_of
from pytest_netconform.requirement import natural_order
from tests.documents import TABLES, written
from tests.gates import CONFIGURATIONS, Effect, cases_of, effect, inhabitants

FOLDER = Path(__file__).parent / "matrix"
DOCS = Path(__file__).parent.parent / "docs" / "requirements"


def block(found: Effect) -> str:
    """A mutant's name and configuration, the ids it says it breaks, and every case that noticed it."""
    mutant = found.mutant
    options = "".join(f" ?{key}={value}" for key, value in mutant.options.items())
    lines = [f"{mutant.name}{options} breaks {', '.join(mutant.breaks)}"]
    by_id = {f"{o.check.requirement.id} {name}": o for name, o in found.kills.items()}
    lines += [f"    {key}: {by_id[key].verdict}" for key in natural_order(by_id)]
    return "\n".join(lines)


def _block_of(protocol: str, number: int) -> str:
    return block(effect(protocol, list(mutants_of(protocol))[number]))


def recorded(protocol: str) -> list[str]:
    """The blocks of a protocol as `make matrix` recorded them last, in order."""
    return (FOLDER / f"{protocol}.txt").read_text(encoding="utf-8").rstrip("\n").split("\n\n")


def register(suite: str) -> str:
    """The page of a suite's requirements: what each asks, where it is written, which mutants prove its checks."""
    killers: dict[str, list[str]] = {}
    mutants = [mutant for protocol in inhabitants(suite) for mutant in mutants_of(protocol)]
    for mutant in (*mutants, *HOST_MUTANTS):
        for id in mutant.breaks:
            killers.setdefault(id, []).append(f"`{mutant.name}`")
    by_id = {case.id: case.check for case in cases_of(suite)}
    killers = {id: list(dict.fromkeys(names)) for id, names in killers.items()}  # one may be tried over two transports
    lines = [f"# {SUITES[suite].title}: what is checked", "", "Written by `make matrix`; do not edit.", ""]
    proved = len(killers.keys() & by_id.keys())
    lines += [f"{len(by_id)} requirements, {len(cases_of(suite))} cases, {proved} requirements with mutants.", ""]
    lines += ["| id | level | source | what it asks | needs | mutants |", "|---|---|---|---|---|---|"]
    for id in natural_order(by_id):
        asked = by_id[id].requirement
        needs = " ".join(f"`{need}`" for need in dict.fromkeys(by_id[id].needs))
        cells = [id, str(asked.level), asked.source, asked.sentence, needs, " ".join(killers.get(id, []))]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    lines += ["", "## Not checked", "", "| id | reason |", "|---|---|"]
    lines += [f"| {id} | {reason} |" for id, reason in import_module(SUITES[suite].module).NOT_CHECKED]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    for page in TABLES:
        page.write_text(written(page), encoding="utf-8")
    FOLDER.mkdir(exist_ok=True)
    DOCS.mkdir(parents=True, exist_ok=True)
    for suite in SUITES:
        (DOCS / f"{suite}.md").write_text(register(suite), encoding="utf-8")
        print(f"wrote docs/requirements/{suite}.md")
    for protocol in sys.argv[1:] or list(CONFIGURATIONS):
        with ProcessPoolExecutor() as workers:
            blocks = workers.map(_block_of, repeat(protocol), range(len(list(mutants_of(protocol)))))
            (FOLDER / f"{protocol}.txt").write_text("\n\n".join(blocks) + "\n", encoding="utf-8")
        print(f"wrote tests/matrix/{protocol}.txt")

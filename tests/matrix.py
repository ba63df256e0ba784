"""Record what every mutant does to the whole suite: `python -m tests.matrix` (or `make matrix`) writes tests/matrix/.

The files are read in review; tests/test_mutants.py demands that they say what happens today.
"""

from __future__ import annotations

import sys
from pathlib import Path

from pytest_netconform.requirement import natural_order
from tests.gates import Effect, effects

FOLDER = Path(__file__).parent / "matrix"


def rows(found: list[Effect]) -> str:
    """One block a mutant: its name and configuration, the ids it says it breaks, and every case that noticed it."""
    blocks = []
    for effect in found:
        mutant = effect.mutant
        options = "".join(f" ?{key}={value}" for key, value in mutant.options.items())
        lines = [f"{mutant.name}{options} breaks {', '.join(mutant.breaks)}"]
        by_id = {f"{o.check.requirement.id} {name}": o for name, o in effect.kills.items()}
        lines += [f"    {key}: {by_id[key].verdict}" for key in natural_order(by_id)]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for protocol in sys.argv[1:] or ["smtp"]:
        (FOLDER / f"{protocol}.txt").write_text(rows(list(effects(protocol))), encoding="utf-8")
        print(f"wrote tests/matrix/{protocol}.txt")

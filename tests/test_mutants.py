"""Every check can fail: each mutant is noticed for its declared reason, and each requirement has a mutant."""

from __future__ import annotations

from zlib import crc32

import pytest

from pytest_netconform.judge import Outcome
from pytest_netconform.reference_servers.mutants.hosts import HOST_MUTANTS
from pytest_netconform.reference_servers.mutants.mutant import Mutant, mutants_of
from pytest_netconform.requirement import Level
from pytest_netconform.verdict import Verdict
from tests.gates import CONFIGURATIONS, Case, Gate, cases, clean, effect, guests
from tests.matrix import block, recorded

HEALTHY = (Verdict.PASS, Verdict.OBSERVED)
NOT_REACHED = (Verdict.NOT_APPLICABLE, Verdict.INCONCLUSIVE)
ONE_IN = 20  # of the cases that are not known to notice a mutant; `make matrix` tries them all
MUTANTS = [(protocol, mutant) for protocol in CONFIGURATIONS for mutant in mutants_of(protocol)]


@pytest.fixture(scope="module", params=list(CONFIGURATIONS))
def protocol(request: pytest.FixtureRequest) -> str:
    """Each protocol that has a reference server."""
    return str(request.param)


@pytest.mark.parametrize(("speaks", "mutant"), MUTANTS, ids=[f"{p}-{mutant.name}" for p, mutant in MUTANTS])
def test_mutant_is_killed_for_its_reason(speaks: str, mutant: Mutant) -> None:
    """A case of every id that a mutant says it breaks notices it and says the declared text; what else notices it is
    what `make matrix` recorded, as far as one case in so many shows, and nothing that was not reached, or went wrong on
    our side, counts."""
    (known,) = [lines for lines in recorded(speaks) if lines.split()[0] == mutant.name]

    def tried(case: Case) -> bool:
        drawn = crc32(f"{mutant.name} {case.name}".encode()) % ONE_IN == 0
        return drawn or case.id in mutant.breaks or f" {case.name}: " in known

    found = effect(speaks, mutant, tried)
    for id in mutant.breaks:
        said = [
            " ".join([o.expected, o.received, *o.observed, *o.notes])
            for o in found.kills.values()
            if o.check.requirement.id == id
        ]
        assert any(mutant.because in text for text in said), f"{id} should say {mutant.because!r}, said {said}"
    assert block(found) == known


def test_matrix_holds_these_mutants(protocol: str) -> None:
    """The recorded matrix has one block for every mutant, in order, and a name means one mutant."""
    names = [mutant.name for mutant in mutants_of(protocol)]
    assert [lines.split()[0] for lines in recorded(protocol)] == names
    assert len(names) == len(set(names))


def test_every_requirement_has_a_killer(protocol: str) -> None:
    """What no mutant can break proves nothing; only what is merely recorded may do without."""
    killed = {id for mutant in (*mutants_of(protocol), *HOST_MUTANTS) for id in mutant.breaks}  # both are tested
    noted = (Level.INTEROP, Level.MAY)
    bare = {c.id for c in cases(protocol) if c.id not in killed and c.check.requirement.level not in noted}
    assert not bare, "\n".join(sorted(bare))


Verdicts = dict[str, dict[str, Outcome]]  # configuration → case → outcome


@pytest.fixture(scope="module")
def everywhere(protocol: str) -> Verdicts:
    """Every case on every configuration of the reference server."""
    configurations = {name: tuple(sorted(o.items())) for name, o in CONFIGURATIONS[protocol].items()}
    every = cases(protocol)
    return {name: {c.name: clean(protocol, o, c.name) for c in every} for name, o in configurations.items()}


def test_reference_passes_every_check_somewhere(protocol: str, everywhere: Verdicts) -> None:
    """Every check reaches PASS or OBSERVED in one named configuration: what never runs has proved nothing."""
    reached = {
        case.function.__name__
        for case in cases(protocol)
        if any(outcomes[case.name].verdict in HEALTHY for outcomes in everywhere.values())
    }
    never = [case for case in cases(protocol) if case.function.__name__ not in reached]
    assert not never, "\n".join(_told(case, everywhere) for case in never)


def test_reference_is_healthy_everywhere(protocol: str, everywhere: Verdicts) -> None:
    """In no configuration does the reference server earn anything worse than not applicable or not reached."""
    bad = [
        case
        for case in cases(protocol)
        if any(outcomes[case.name].verdict not in HEALTHY + NOT_REACHED for outcomes in everywhere.values())
    ]
    assert not bad, "\n".join(_told(case, everywhere) for case in bad)


def test_reference_is_healthy_as_a_guest(protocol: str) -> None:
    """Nor does it in the generic suites that its protocol is judged by too; and some of their checks it passes."""
    passed = set()
    for name, options in CONFIGURATIONS[protocol].items():
        gate = Gate(protocol, options)
        outcomes = {case.name: gate.judge(case) for case in guests(protocol)}
        bad = {name: str(o) for name, o in outcomes.items() if o.verdict not in HEALTHY + NOT_REACHED}
        assert not bad, name
        passed |= {name for name, o in outcomes.items() if o.verdict in HEALTHY}
    assert passed or not guests(protocol)


def _told(case: Case, everywhere: Verdicts) -> str:
    lines = [f"{case.id} {case.name}"]
    for name, outcomes in everywhere.items():
        o = outcomes[case.name]
        lines.append(f"    {name}: {o.verdict} {o.expected} | {o.received} | {o.reason}")
    return "\n".join(lines)


def test_refusals_have_twins(everywhere: Verdicts) -> None:
    """A case that passes because something was refused has seen the neighbour of it accepted."""
    bare = [
        f"{name} ({configuration})"
        for configuration, outcomes in everywhere.items()
        for name, o in outcomes.items()
        if o.verdict is Verdict.PASS and "refusal" in o.evidence and "twin" not in o.evidence
    ]
    assert not bare, "\n".join(bare)

"""Every check can fail: each mutant is noticed for its declared reason, and each requirement has a mutant."""

from __future__ import annotations

import pytest

from pytest_netconform.judge import Outcome
from pytest_netconform.reference_servers.mutants.hosts import HOST_MUTANTS
from pytest_netconform.requirement import Level
from pytest_netconform.verdict import Verdict
from tests.gates import CONFIGURATIONS, NEVER_KILLS, Case, Effect, Gate, cases, effects, guests
from tests.matrix import FOLDER, rows

# what every mutant does is found out once, however long that takes on a busy machine
pytestmark = [pytest.mark.xdist_group("matrix"), pytest.mark.timeout(600)]
HEALTHY = (Verdict.PASS, Verdict.OBSERVED)
NOT_REACHED = (Verdict.NOT_APPLICABLE, Verdict.INCONCLUSIVE)


@pytest.fixture(scope="module", params=list(CONFIGURATIONS))
def protocol(request: pytest.FixtureRequest) -> str:
    """Each protocol that has a reference server."""
    return str(request.param)


@pytest.fixture(scope="module")
def found(protocol: str) -> list[Effect]:
    """What every mutant of the protocol does."""
    return list(effects(protocol))


def test_mutants_are_killed_for_their_reason(found: list[Effect]) -> None:
    """A case of every id that a mutant says it breaks notices it, and says the declared text."""
    missed = []
    for effect in found:
        for id in effect.mutant.breaks:
            said = [
                " ".join([o.expected, o.received, *o.observed, *o.notes])
                for o in effect.kills.values()
                if o.check.requirement.id == id
            ]
            if not any(effect.mutant.because in text for text in said):
                missed.append(f"{effect.mutant.name}: {id} should say {effect.mutant.because!r}, said {said}")
    assert not missed, "\n".join(missed)


def test_every_requirement_has_a_killer(protocol: str, found: list[Effect]) -> None:
    """What no mutant can break proves nothing; only what is merely recorded may do without."""
    killed = {id for effect in found for id in effect.mutant.breaks}
    killed |= {id for mutant in HOST_MUTANTS for id in mutant.breaks}  # over sockets, in tests/test_host_mutants.py
    recorded = (Level.INTEROP, Level.MAY)
    bare = {c.id for c in cases(protocol) if c.id not in killed and c.check.requirement.level not in recorded}
    assert not bare, "\n".join(sorted(bare))


def test_mutant_names_are_unique(found: list[Effect]) -> None:
    """A name means one mutant."""
    names = [effect.mutant.name for effect in found]
    assert len(names) == len(set(names))


def test_matrix_is_up_to_date(protocol: str, found: list[Effect]) -> None:
    """The recorded matrix says what happens today; `make matrix` records it anew."""
    assert (FOLDER / f"{protocol}.txt").read_text(encoding="utf-8") == rows(found)


Verdicts = dict[str, dict[str, Outcome]]  # configuration → case → outcome


@pytest.fixture(scope="module")
def clean(protocol: str) -> Verdicts:
    """Every case on every configuration of the reference server."""
    every = cases(protocol)
    gates = {name: Gate(protocol, options) for name, options in CONFIGURATIONS[protocol].items()}
    return {name: {case.name: gate.judge(case) for case in every} for name, gate in gates.items()}


def test_reference_passes_every_check_somewhere(protocol: str, clean: Verdicts) -> None:
    """Every check reaches PASS or OBSERVED in one named configuration: what never runs has proved nothing."""
    reached = {
        case.function.__name__
        for case in cases(protocol)
        if any(outcomes[case.name].verdict in HEALTHY for outcomes in clean.values())
    }
    never = [case for case in cases(protocol) if case.function.__name__ not in reached]
    assert not never, "\n".join(_told(case, clean) for case in never)


def test_reference_is_healthy_everywhere(protocol: str, clean: Verdicts) -> None:
    """In no configuration does the reference server earn anything worse than not applicable or not reached."""
    bad = [
        case
        for case in cases(protocol)
        if any(outcomes[case.name].verdict not in HEALTHY + NOT_REACHED for outcomes in clean.values())
    ]
    assert not bad, "\n".join(_told(case, clean) for case in bad)


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


def _told(case: Case, clean: Verdicts) -> str:
    lines = [f"{case.id} {case.name}"]
    for name, outcomes in clean.items():
        o = outcomes[case.name]
        lines.append(f"    {name}: {o.verdict} {o.expected} | {o.received} | {o.reason}")
    return "\n".join(lines)


def test_refusals_have_twins(clean: Verdicts) -> None:
    """A case that passes because something was refused has seen the neighbour of it accepted."""
    bare = [
        f"{name} ({configuration})"
        for configuration, outcomes in clean.items()
        for name, o in outcomes.items()
        if o.verdict is Verdict.PASS and "refusal" in o.evidence and "twin" not in o.evidence
    ]
    assert not bare, "\n".join(bare)


def test_kill_words(found: list[Effect]) -> None:
    """What was not reached, or went wrong on our side, never counts as noticed."""
    assert all(o.verdict not in NEVER_KILLS for effect in found for o in effect.kills.values())

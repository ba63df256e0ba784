"""No check passes on a server that answers without understanding, from the start or after the sanity dialogue."""

from __future__ import annotations

import pytest

from pytest_netconform.fixtures.network import memory_target, reference_of
from pytest_netconform.judge import survey
from pytest_netconform.protocols import PROTOCOLS
from pytest_netconform.reference_servers.null import NULLS
from pytest_netconform.verdict import Verdict
from tests.gates import Gate, cases

GREEN = (Verdict.PASS, Verdict.OBSERVED)
# What each protocol's null servers say: a greeting, and the one answer that they know.
WORDS = {
    "smtp": [(b"220 mail.example.test ESMTP\r\n", b"250 OK\r\n"), (b"220 x\r\n", b"550 No\r\n"), (b"", b"250 OK\r\n")]
}


@pytest.mark.parametrize("null", sorted(NULLS))
@pytest.mark.parametrize("protocol", sorted(WORDS))
def test_bare_null_servers_pass_nothing(protocol: str, null: str) -> None:
    """A null server is green in no case, whatever it says."""
    for greeting, answer in WORDS[protocol]:
        gate = Gate(protocol, make_session=lambda g=greeting, a=answer: NULLS[null](g, a))
        green = [case.name for case in cases(protocol) if gate.judge(case).verdict in GREEN]
        assert not green, f"{greeting!r} {answer!r}"


@pytest.mark.parametrize("null", sorted(NULLS))
@pytest.mark.parametrize("protocol", sorted(WORDS))
def test_late_null_servers_pass_no_refusal_silence_or_close(protocol: str, null: str) -> None:
    """A server that is right through the sanity dialogue and null afterwards earns nothing by saying no, or nothing."""
    sound = _survey(protocol)
    for greeting, answer in WORDS[protocol]:
        gate = Gate(protocol, make_session=lambda g=greeting, a=answer: NULLS[null](g, a))
        gate.survey, gate.lost = sound, ""
        for case in cases(protocol):
            outcome = gate.judge(case)
            if outcome.verdict is Verdict.PASS:
                vain = outcome.evidence & {"refusal", "silence", "close"}
                assert not vain, f"{case.name} passes by {vain} on {greeting!r} {answer!r}"


def _survey(protocol: str):  # type: ignore[no-untyped-def]
    target = memory_target(protocol)
    survey(target, Gate(protocol).column)
    assert target.survey.sound
    assert reference_of(PROTOCOLS[protocol], {}).make_session is not None
    return target.survey

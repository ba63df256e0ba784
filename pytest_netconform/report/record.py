"""Records: what came of one check, as plain JSON types that travel between processes and into every report.

This module knows outcomes and targets and makes them harmless to show: texts are masked, octets are printable ASCII. It
must not know who reads a record; nothing below a record is looked at by any other report.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_netconform.transcript import Transcript

if TYPE_CHECKING:
    from pytest_netconform.judge import Outcome
    from pytest_netconform.target import Target

Record = dict[str, Any]  # one check and its requirement
Entry = dict[str, Any]  # one target

SECONDS_DIGITS = 4

#: The words of `verdict`, in the order in which reports count them.
VERDICTS = ("pass", "fail", "deviation", "observed", "inconclusive", "not_applicable", "error")
#: The words of `level`, strictest first.
LEVELS = ("MUST", "SECURITY", "SHOULD", "MAY", "INTEROP")


def record_of(outcome: Outcome, *, nodeid: str, target_name: str) -> Record:
    """Everything that reports say about one outcome.

    `known` is for whoever compares with a baseline; `earlier` is the transcript of a first try that did not repeat.
    """
    required = outcome.check.requirement
    hide = outcome.transcript.mask_text
    return {
        "nodeid": nodeid,
        "target": target_name,
        "requirement": required.id,
        "level": required.level.value,
        "source": required.source,
        "sentence": required.sentence,
        "verdict": outcome.verdict.value,
        "expected": hide(outcome.expected),
        "received": hide(outcome.received),
        "reason": hide(outcome.reason),
        "notes": [hide(note) for note in outcome.notes],
        "observed": [hide(value) for value in outcome.observed],
        "lacking": outcome.lacking,
        "known": False,
        "seconds": round(outcome.seconds, SECONDS_DIGITS),
        "transcript": transcript_lines(outcome.transcript),
        "earlier": transcript_lines(outcome.earlier) if outcome.earlier is not None else [],
    }


def transcript_lines(transcript: Transcript) -> list[dict[str, Any]]:
    """A transcript line by line: seconds, connection, who (C we, S the peer, * the connection), what, made visible."""
    return [
        {"at": round(line.at, SECONDS_DIGITS), "connection": line.connection, "who": line.who, "data": line.text}
        for line in transcript.lines()
    ]


def entry_of(target: Target) -> Entry:
    """What reports say about a target: never its password.

    dialect: how its messages look, in a line, where that is a target's own affair and not its protocol's.
    """
    protocol = target.spec.protocol
    described = target.dialect is not None and protocol is not None and "dialect" in protocol.options
    return {
        "name": target.name,
        "url": target.spec.url,
        "protocol": protocol.name if protocol else "",
        "dialect": target.dialect.describe() if described and target.dialect else "",
        "capabilities": sorted(target.claims - {"any"} if described else target.survey.capabilities),
        "problem": target.lost or target.survey.lacking,
    }

"""Steps over datagrams: the events of a transcript as the lines of a reproducer, up to the datagram that is judged.

This module knows what the datagram dialogue leaves in a transcript. It must not know what a step does when it runs
(`replay_datagrams.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from pytest_netconform.report.steps import Recorded, alike, literals
from pytest_netconform.transcript import Event, What
from pytest_netconform.verdict import NonConformity

if TYPE_CHECKING:
    from pytest_netconform.judge import Outcome

# what the dialogue says of a finding: an answer was owed, or silence; otherwise the last answer is a wrong one
JUDGED, JUDGED_ANSWER, JUDGED_SILENCE = b"judged", b"judged answer", b"judged silence"
ANY = b".*"


def over_datagrams(outcome: Outcome) -> bool:
    """Whether a finding was made over datagrams."""
    return any(event.what is What.DATAGRAM for event in outcome.transcript.events)


def steps_of(outcome: Outcome) -> Recorded:
    """The steps of a finding; the last one is judged."""
    events = outcome.transcript.events
    place, owed = _judged(events)
    number = events[place].connection
    asked = max(0, _last(events, What.DATAGRAM, number, place))
    judgement = f'{number}, "must answer", {_octets(events[asked].data)}'
    right = outcome.problem.pattern if isinstance(outcome.problem, NonConformity) else None
    if right is not None:
        judgement = f'{number}, "must be right", {_octets(events[asked].data)}, {right!r}'
    elif not owed:
        came = _last(events, What.ARRIVAL, number, place)
        pattern = ANY if events[place].data == JUDGED_SILENCE else _pattern(events[came])
        wrong = f"{pattern!r}, {_from_elsewhere(events[came - 1])}"
        judgement = f'{number}, "must not answer", {_octets(events[asked].data)}, {wrong}'
    lines = [line for line, same in groupby(_lines(events[:asked])) for line in _counted(line, len(list(same)))]
    return Recorded(lines=[f"        ({line})," for line in [*lines, judgement]])


def _judged(events: Sequence[Event]) -> tuple[int, bool]:
    """With which event the finding is seen, on whose socket; and whether an answer was owed there."""
    for i in range(len(events) - 1, -1, -1):
        if events[i].what is What.AWAIT and events[i].data.startswith(JUDGED):
            return i, events[i].data == JUDGED_ANSWER
    arrivals = [i for i, event in enumerate(events) if event.what is What.ARRIVAL]
    return (arrivals[-1], False) if arrivals else (len(events) - 1, True)


def _pattern(arrival: Event) -> bytes:
    """What is like the datagram that came."""
    return alike(arrival.data) + (b".*" if arrival.total > len(arrival.data) else b"")


def _from_elsewhere(before: Event) -> bool:
    """Whether the event in front of an arrival says that it came from another address than the one that was asked."""
    return before.what is What.NOTE and before.data.startswith(b"from ")


def _last(events: Sequence[Event], what: What, number: int, before: int) -> int:
    found = [i for i, event in enumerate(events[: before + 1]) if event.what is what and event.connection == number]
    return found[-1] if found else -1


def _lines(events: Sequence[Event]) -> Iterator[str]:
    for event in events:
        if event.what is What.AWAIT and event.data.startswith(b"way "):
            _, port, connected, *host = event.data.decode().split(" ")
            yield f'{event.connection}, "open", {port}, {connected == "1"}, {"".join(host)!r}'
        elif event.what is What.DATAGRAM:
            yield f'{event.connection}, "datagram", {_octets(event.data)}'
        elif event.what is What.ARRIVAL:
            yield f'{event.connection}, "arrival"'
        elif event.what is What.CLOSE:
            yield f'{event.connection}, "close"'


def _counted(line: str, count: int) -> list[str]:
    """Equal datagrams in a row are one line, and so are so many that came."""
    return [f"{line}, {count}"] if ', "datagram", ' in line or line.endswith('"arrival"') else [line] * count


def _octets(data: bytes) -> str:
    return " + ".join(literals(data)) or 'b""'

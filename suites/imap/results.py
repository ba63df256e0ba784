"""What SEARCH found, whichever way it is told: in SEARCH (RFC 3501 7.2.5) or in ESEARCH (RFC 9051 7.3.4)."""

from __future__ import annotations

from pytest_netconform.dialogues.imap import Imap
from pytest_netconform.verdict import NonConformity
from pytest_netconform.wire.imap import Answer
from pytest_netconform.wire.imap_data import Esearch, Numbers
from pytest_netconform.wire.imap_grammar import Malformed, SequenceSet


def numbers_found(imap: Imap, answer: Answer) -> set[int]:
    """The numbers that a SEARCH was answered with, perhaps none. A response is owed in any case."""
    told = answer.all("SEARCH", "ESEARCH")
    imap.require(told, "an untagged SEARCH (ESEARCH under IMAP4rev2), also where nothing is found", answer.raw)
    found: set[int] = set()
    for response in told:
        found |= _numbers(response.data, response.raw)
    return found


def _numbers(data: object, raw: bytes) -> set[int]:
    if isinstance(data, Numbers):
        return set(data.numbers)
    if isinstance(data, Esearch):
        every = data.items.get("ALL")
        return set(members(every)) if isinstance(every, SequenceSet) else set()
    raise NonConformity("a list of numbers by the grammar", raw.decode("latin-1").strip())


def members(numbers: SequenceSet) -> tuple[int, ...]:
    """The numbers of a set, ranges ascending: 4:2 means what 2:4 means (RFC 4315 4)."""
    try:
        return tuple(n for pair in SequenceSet(numbers.ranges).ranges for n in SequenceSet((_rising(pair),)).numbers)
    except Malformed:
        raise NonConformity("a set of as many numbers as there are messages", f"{len(numbers)} numbers") from None


def _rising(pair: tuple[int, int]) -> tuple[int, int]:
    return min(pair), max(pair)

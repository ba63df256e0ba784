"""Mod-sequences (RFC 7162 3.1): what changed, when, and changes on the condition that nothing else has changed."""

from __future__ import annotations

import pytest

from pytest_netconform.dialogues.imap import Imap
from pytest_netconform.requirement import MUST, needs, requirement, writes
from pytest_netconform.suites.imap.results import members, numbers_found
from pytest_netconform.verdict import Inconclusive
from pytest_netconform.wire.imap import NO, OK, Answer
from pytest_netconform.wire.imap_commands import astring, command
from pytest_netconform.wire.imap_data import Esearch, MailboxStatus, Numbers
from pytest_netconform.wire.imap_fetch import Fetched
from pytest_netconform.wire.imap_grammar import SequenceSet

HUGE = (1 << 63) - 1  # the largest mod-sequence there can be


def modseqs(imap: Imap) -> list[int]:
    """Prerequisite: the mod-sequences of the messages, by their numbers."""
    found = imap.prepared("FETCH 1:* (MODSEQ)").fetched
    told = [found[number].modseq for number in sorted(found)]
    if not told or None in told:
        raise Inconclusive("prerequisite not met: MODSEQ in answer to FETCH (MODSEQ)")
    return [one for one in told if one is not None]


def _first(answer: Answer, number: int = 1) -> Fetched:
    return answer.fetched.get(number, Fetched(number, {}))


# -- SELECT, STATUS, FETCH

HIGHEST = "SELECT and STATUS tell HIGHESTMODSEQ, which no message's MODSEQ exceeds."


@requirement("IMAP-7162-3.1.2-a", MUST, "RFC 7162 3.1.2, 3.1.4.1, 3.1.7", HIGHEST)
@needs("?account", "CONDSTORE")
@writes
def test_highest_mod_sequence(imap_two: Imap) -> None:
    """SELECT tells it or NOMODSEQ, STATUS the same; each message has one of its own, positive and no greater."""
    opened = imap_two.ok("SELECT", astring(imap_two.mailbox), "(CONDSTORE)")
    codes = opened.codes()
    if "NOMODSEQ" in codes:
        imap_two.not_applicable("the target keeps no mod-sequences of that mailbox")
    highest = codes["HIGHESTMODSEQ"].value if "HIGHESTMODSEQ" in codes else None
    imap_two.require(isinstance(highest, int), "OK [HIGHESTMODSEQ n] or [NOMODSEQ] in answer to SELECT", opened.raw)
    assert isinstance(highest, int)
    answer = imap_two.ok("FETCH 1:* (MODSEQ)")
    told = [one.modseq or 0 for one in answer.fetched.values()]
    sound = len(told) == 2 and all(0 < one <= highest for one in told)
    imap_two.require(sound, "MODSEQ of both messages, from 1 to HIGHESTMODSEQ", answer.raw)
    answer = imap_two.ok("STATUS", astring(imap_two.mailbox), "(HIGHESTMODSEQ)")
    status = [value.items.get("HIGHESTMODSEQ") for value in answer.values("STATUS") if isinstance(value, MailboxStatus)]
    imap_two.require(status == [highest], "the same HIGHESTMODSEQ in answer to STATUS", answer.raw)


# -- STORE

RISES = "A change raises MODSEQ above all before, and each FETCH response about it tells that."


@requirement("IMAP-7162-3.1.3-a", MUST, "RFC 7162 3.1, 3.1.3", RISES)
@needs("?account", "CONDSTORE")
@writes
@pytest.mark.parametrize(
    "said", ["+FLAGS (\\Seen)", "(UNCHANGEDSINCE {now}) +FLAGS.SILENT (\\Seen)"], ids=["plain", "silent"]
)
def test_store_raises_the_mod_sequence(imap_condstore: Imap, said: str) -> None:
    """The new MODSEQ is told; on condition even where nothing else is to be told."""
    before = max(modseqs(imap_condstore))
    answer = imap_condstore.ok("STORE 1", said.format(now=before))
    told = _first(answer).modseq
    imap_condstore.require(told is not None, "* 1 FETCH with MODSEQ in answer to STORE", answer.raw)
    now = modseqs(imap_condstore)
    imap_condstore.require((told or 0) > before, "a greater MODSEQ in answer to STORE", told)
    imap_condstore.require(now[0] == told, "the same MODSEQ by FETCH", now[0])
    imap_condstore.require(max(now[1:]) <= before, "no greater MODSEQs of the other messages", now[1:])


CONDITION = "UNCHANGEDSINCE leaves what has changed since as it is, and MODIFIED lists that."


def _modified(imap: Imap, answer: Answer) -> tuple[int, ...]:
    code = answer.response_code.value if answer.says == "MODIFIED" and answer.response_code is not None else None
    imap.require(isinstance(code, SequenceSet), "[MODIFIED ...] in answer to STORE (UNCHANGEDSINCE)", answer.last.raw)
    assert isinstance(code, SequenceSet)
    return members(code)


def _flags(imap: Imap) -> dict[int, bool]:
    """Of each message, whether it is marked \\Draft, which the conditional STORE does."""
    found = imap.prepared("FETCH 1:* (FLAGS)").fetched
    return {number: "\\Draft" in (one.flags or ()) for number, one in found.items()}


@requirement("IMAP-7162-3.1.3-b", MUST, "RFC 7162 3.1.3", CONDITION)
@needs("?account", "CONDSTORE")
@writes
@pytest.mark.parametrize("uid", [False, True], ids=["store", "uid-store"])
def test_store_on_condition(imap_condstore: Imap, uid: bool) -> None:
    """Another session has changed message 1 in the meantime; message 2 is changed, and 1 is not."""
    imap = imap_condstore
    before = max(modseqs(imap))
    other = imap.beside()
    other.given("STORE 1 +FLAGS.SILENT (\\Flagged)")
    other.leave()
    which = f"UID STORE {imap.uids[0]}:{imap.uids[1]}" if uid else "STORE 1:2"
    answer = imap.exchange(f"{which} (UNCHANGEDSINCE {before}) +FLAGS (\\Draft)", OK, NO)
    left = (imap.uids[0] if uid else 1,)
    told = _modified(imap, answer)
    imap.require(told == left, "[MODIFIED] of message 1 alone", answer.last.raw)
    now = _flags(imap)
    wanted = {1: False, 2: True, 3: False, 4: False}
    imap.require(now == wanted, "\\Draft on message 2, and on no other", [n for n, there in now.items() if there])


@requirement("IMAP-7162-3.1.3-b", MUST, "RFC 7162 3.1.3", CONDITION)
@needs("?account", "CONDSTORE")
@writes
def test_store_on_a_condition_that_never_holds(imap_condstore: Imap) -> None:
    """Nothing is unchanged since 0, where mod-sequences begin at 1."""
    imap = imap_condstore
    imap.given(f"STORE 1:4 (UNCHANGEDSINCE {max(modseqs(imap))}) +FLAGS.SILENT (\\Flagged)")
    answer = imap.exchange("STORE 1:4 (UNCHANGEDSINCE 0) +FLAGS (\\Draft)", OK, NO)
    told = _modified(imap, answer)
    imap.require(sorted(told) == [1, 2, 3, 4], "[MODIFIED 1:4]", answer.last.raw)
    imap.require(not any(_flags(imap).values()), "\\Draft on no message", "\\Draft")


# -- what has changed since

CHANGED = "CHANGEDSINCE gives what changed later, and its MODSEQ."


@requirement("IMAP-7162-3.1.4-a", MUST, "RFC 7162 3.1.4.1", CHANGED)
@needs("?account", "CONDSTORE")
@writes
@pytest.mark.parametrize("uid", [False, True], ids=["fetch", "uid-fetch"])
def test_fetch_what_has_changed(imap_condstore: Imap, uid: bool) -> None:
    """One of four has changed since; MODSEQ is told although nobody asked for it."""
    imap = imap_condstore
    before = max(modseqs(imap))
    imap.given("STORE 2 +FLAGS.SILENT (\\Flagged)")
    answer = imap.ok(f"{'UID ' if uid else ''}FETCH 1:* (FLAGS) (CHANGEDSINCE {before})")
    imap.require(list(answer.fetched) == [2], "* 2 FETCH, and no other", answer.raw)
    found = _first(answer, 2)
    imap.require((found.modseq or 0) > before, "a greater MODSEQ with it", answer.raw)
    if uid:
        imap.require(found.uid == imap.uids[1], "its UID with it", answer.raw)
    rest = imap.ok(f"FETCH 1:* (FLAGS) (CHANGEDSINCE {found.modseq})")
    imap.require(not rest.fetched, "nothing that has changed since then", rest.raw)


SEARCH = "SEARCH MODSEQ finds what changed then or later, and tells the highest MODSEQ of that."


def _told_highest(answer: Answer) -> int | None:
    """What SEARCH, or ESEARCH under IMAP4rev2, says of the highest mod-sequence among what was found."""
    for value in (*answer.values("SEARCH"), *answer.values("ESEARCH")):
        if isinstance(value, Numbers) and value.modseq is not None:
            return value.modseq
        if isinstance(value, Esearch) and isinstance(value.items.get("MODSEQ"), int):
            return int(str(value.items["MODSEQ"]))
    return None


@requirement("IMAP-7162-3.1.5-a", MUST, "RFC 7162 3.1.5, 3.1.6", SEARCH)
@needs("?account", "CONDSTORE")
@writes
def test_search_what_has_changed(imap_condstore: Imap) -> None:
    """One of four: its number, and behind it its MODSEQ."""
    imap = imap_condstore
    imap.given("STORE 2 +FLAGS.SILENT (\\Flagged)")
    now = modseqs(imap)
    answer = imap.ok(f"SEARCH MODSEQ {now[1]}")
    imap.require(numbers_found(imap, answer) == {2}, "message 2 by SEARCH MODSEQ", answer.raw)
    imap.require(_told_highest(answer) == now[1], "its MODSEQ behind what was found", answer.raw)


@requirement("IMAP-7162-3.1.5-a", MUST, "RFC 7162 3.1.5, 3.1.6", SEARCH)
@needs("?account", "CONDSTORE")
@writes
def test_search_for_changes_that_nobody_made(imap_condstore: Imap) -> None:
    """Nothing is found, and no MODSEQ is told of nothing."""
    imap_condstore.given(command("SEARCH MODSEQ 1"))
    answer = imap_condstore.ok(f"SEARCH MODSEQ {HUGE}")
    imap_condstore.require(not numbers_found(imap_condstore, answer), "no message", answer.raw)
    imap_condstore.require(_told_highest(answer) is None, "no MODSEQ where nothing was found", answer.raw)


NOT_CHECKED: list[tuple[str, str]] = []

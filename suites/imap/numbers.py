"""Numbers (RFC 3501 2.3.1, 9; RFC 9051 2.3.1, 9): UIDs, message sequence numbers, and sets of either."""

from __future__ import annotations

import pytest

from pytest_netconform.dialogues.imap import MESSAGES, Imap
from pytest_netconform.requirement import INTEROP, MUST, needs, requirement, writes
from pytest_netconform.suites.imap.results import numbers_found
from pytest_netconform.verdict import Inconclusive
from pytest_netconform.wire.imap import BAD, NO, OK, Answer
from pytest_netconform.wire.imap_commands import append, astring, command

FAR = 100_000  # above every UID of a mailbox that was just made

# -- UIDs

ASCENDING = "UIDs ascend, none is given twice, and UIDNEXT changes with each arrival."


def _uid_next(imap: Imap) -> int:
    """UIDNEXT as STATUS tells it, which is owed in every revision (RFC 3501 6.3.10)."""
    answer = imap.ok("STATUS", astring(imap.mailbox), "(UIDNEXT)")
    for value in answer.values("STATUS"):
        found = getattr(value, "items", {}).get("UIDNEXT")
        if isinstance(found, int):
            return found
    imap.require(False, "UIDNEXT in answer to STATUS (UIDNEXT)", answer.raw)
    return 0


@requirement("IMAP-9051-2.3.1.1-a", MUST, "RFC 3501 2.3.1.1, RFC 9051 2.3.1.1", ASCENDING)
@needs("?account")
@writes
def test_uids_are_not_given_twice(imap_three: Imap) -> None:
    """The UID of a message that was expunged, the last one, is not that of the next."""
    first = imap_three.uids
    imap_three.require(list(first) == sorted(set(first)), "UIDs that ascend", first)
    imap_three.given("STORE 3 +FLAGS.SILENT (\\Deleted)", "EXPUNGE", "CLOSE")
    imap_three.given(append(imap_three.mailbox, MESSAGES[3]))
    imap_three.prerequisite(imap_three.select)
    now = imap_three.uid_numbers()
    imap_three.require(now[:2] == first[:2] and len(now) == 3, "the UIDs of the first two, and a third", now)
    imap_three.require(now[2] > first[2], "a UID above that of the message which was expunged", now)


@requirement("IMAP-9051-2.3.1.1-a", MUST, "RFC 3501 2.3.1.1, RFC 9051 2.3.1.1", ASCENDING)
@needs("?account")
@writes
def test_uidnext_changes_with_each_arrival(imap_mailbox: Imap) -> None:
    """UIDNEXT rises with each message, and no message that comes later has a lesser UID."""
    told = [_uid_next(imap_mailbox)]
    for message in MESSAGES[:3]:
        imap_mailbox.given(append(imap_mailbox.mailbox, message))
        told.append(_uid_next(imap_mailbox))
        imap_mailbox.require(told[-1] > told[-2], "a greater UIDNEXT after a message arrived", told[-1])
    imap_mailbox.prerequisite(imap_mailbox.select)
    uids = imap_mailbox.uid_numbers()
    sound = len(uids) == 3 and all(low <= uid < high for low, uid, high in zip(told, uids, told[1:], strict=False))
    imap_mailbox.require(sound, "UIDs between the UIDNEXTs that were told", uids)


PERSISTENT = "UIDs last over sessions, or UIDVALIDITY is greater."


def _validity(answer: Answer) -> int:
    code = answer.codes().get("UIDVALIDITY")
    if code is None or not isinstance(code.value, int):
        raise Inconclusive("prerequisite not met: UIDVALIDITY in answer to SELECT (without it there are no UIDs)")
    return code.value


@requirement("IMAP-9051-2.3.1.1-b", MUST, "RFC 3501 2.3.1.1, RFC 9051 2.3.1.1", PERSISTENT)
@needs("?account")
@writes
def test_uids_last_over_sessions(imap_two: Imap) -> None:
    """Another session sees the same UIDs under the same UIDVALIDITY, or a greater UIDVALIDITY."""
    validity = _validity(imap_two.prerequisite(imap_two.select))
    other = imap_two.another()
    now = _validity(other.prerequisite(other.select))
    imap_two.require(now >= validity, "the same UIDVALIDITY, or a greater one", f"{now} after {validity}")
    if now > validity:
        imap_two.note("UIDVALIDITY is another one in each session: no client can keep what it has read")
        return
    uids = other.uid_numbers()
    imap_two.require(uids == imap_two.uids, "the same UIDs under the same UIDVALIDITY", uids)


# -- sets

SETS = "Sets mean their numbers in any order; what is not there is an error, or as a UID nothing."


@requirement("IMAP-9051-9-c", MUST, "RFC 3501 9, RFC 9051 9 (seq-range, sequence-set)", SETS)
@needs("?account")
@writes
@pytest.mark.parametrize(
    ("said", "numbers"),
    [("1:3", {1, 2, 3}), ("3:1", {1, 2, 3}), ("*:2", {2, 3}), ("1,1,2:3", {1, 2, 3}), ("*", {3})],
    ids=["ascending", "descending", "star-first", "twice", "star"],
)
def test_sets_of_numbers(imap_three: Imap, said: str, numbers: set[int]) -> None:
    """A range means the same from either end, `*` is the last message, and what is named twice is there."""
    answer = imap_three.ok("FETCH", said, "(UID)")
    found = {number: one.uid for number, one in answer.fetched.items()}
    wanted = {number: imap_three.uids[number - 1] for number in numbers}
    imap_three.require(found == wanted, f"messages {sorted(numbers)}, each with its UID", answer.raw)


@requirement("IMAP-9051-9-c", MUST, "RFC 3501 9, RFC 9051 9 (seq-range, sequence-set)", SETS)
@needs("?account")
@writes
def test_number_that_is_not_there(imap_three: Imap) -> None:
    """The number of no message is answered BAD, with no data."""
    imap_three.given("FETCH 3 (UID)")
    answer = imap_three.exchange(
        "FETCH 4 (UID)",
        BAD,
        noted={NO: "the standard's word is BAD, and a small should"},
        tolerated={OK: "the standard says that BAD should be the answer; pymap 0.36.7 passes over such numbers"},
    )
    imap_three.require(not answer.fetched, "no data of a message that is not there", answer.raw)
    imap_three.alive()


@requirement("IMAP-9051-9-c", MUST, "RFC 3501 9, RFC 9051 9 (seq-range, sequence-set)", SETS)
@needs("?account")
@writes
def test_uid_that_is_not_there(imap_three: Imap) -> None:
    """The UID of no message is passed over without an error (RFC 3501 6.4.8, RFC 9051 6.4.9)."""
    imap_three.given(f"UID FETCH {imap_three.uids[0]} (FLAGS)")
    answer = imap_three.ok(f"UID FETCH {imap_three.uids[-1] + FAR} (FLAGS)")
    imap_three.require(not answer.fetched, "no data of a UID that is not there", answer.raw)


@requirement("IMAP-9051-9-c", MUST, "RFC 3501 9, RFC 9051 9 (seq-range, sequence-set)", SETS)
@needs("?account")
@writes
def test_uids_up_to_the_last(imap_three: Imap) -> None:
    """`n:*` has the last message in it, also where n is above every UID."""
    last = imap_three.uids[-1]
    answer = imap_three.ok(f"UID FETCH {last + FAR}:* (UID)")
    found = {number: one.uid for number, one in answer.fetched.items()}
    imap_three.require(found == {3: last}, "message 3 with its UID", answer.raw)


EMPTY = "What sets of numbers mean in an empty mailbox."
QUESTIONS = (
    "FETCH 1:* (FLAGS)",
    "FETCH * (FLAGS)",
    "UID FETCH 1:* (FLAGS)",
    "SEARCH ALL",
    "STORE 1:* +FLAGS (\\Seen)",
)


@requirement("IMAP-9051-9-d", INTEROP, "RFC 3501 9, RFC 9051 9 (seq-number)", EMPTY)
@needs("?account")
@writes
def test_sets_in_an_empty_mailbox(imap_selected: Imap) -> None:
    """`*` where there is nothing: whatever it means, each command is answered and the session goes on."""
    for said in QUESTIONS:
        imap_selected.observe(f"{said.replace(chr(92), '')}: {imap_selected.command(said).code}")
        imap_selected.alive()


# -- the forms with UID

BY_UID = "Commands with UID take UIDs; FETCH responses to them have the UID, behind sequence numbers."


def _shifted(imap: Imap) -> tuple[int, ...]:
    """Prerequisite: the first message is expunged, so that no UID is a number; the UIDs of the others."""
    imap.given("STORE 1 +FLAGS.SILENT (\\Deleted)", "EXPUNGE")
    return imap.uid_numbers()


@requirement("IMAP-9051-6.4.9-a", MUST, "RFC 3501 6.4.8, RFC 9051 6.4.9", BY_UID)
@needs("?account")
@writes
@pytest.mark.parametrize("said", ["FETCH {uid} (FLAGS)", "STORE {uid} +FLAGS (\\Flagged)"], ids=["fetch", "store"])
def test_uid_stands_in_the_response(imap_four: Imap, said: str) -> None:
    """Nobody asked for the UID, and it is told, of the message that was meant, under its sequence number."""
    uids = _shifted(imap_four)
    answer = imap_four.ok("UID", said.format(uid=uids[1]))
    found = {number: one.uid for number, one in answer.fetched.items()}
    imap_four.require(found == {2: uids[1]}, "* 2 FETCH with its UID", answer.raw)


@requirement("IMAP-9051-6.4.9-a", MUST, "RFC 3501 6.4.8, RFC 9051 6.4.9", BY_UID)
@needs("?account")
@writes
def test_uid_search_finds_uids(imap_four: Imap) -> None:
    """UID SEARCH lists UIDs."""
    uids = _shifted(imap_four)
    answer = imap_four.ok("UID SEARCH ALL")
    imap_four.require(numbers_found(imap_four, answer) == set(uids), "the UIDs of all messages", answer.raw)


@requirement("IMAP-9051-6.4.9-a", MUST, "RFC 3501 6.4.8, RFC 9051 6.4.9", BY_UID)
@needs("?account")
@writes
def test_uid_copy_takes_uids(imap_four: Imap) -> None:
    """UID COPY copies the message of that UID, and none beside it."""
    uids = _shifted(imap_four)
    there = imap_four.named("there")
    size = imap_four.prepared("FETCH 2 (RFC822.SIZE)").fetched[2].items.get("RFC822.SIZE")
    imap_four.given(command("CREATE", astring(there)))
    imap_four.ok("UID COPY", str(uids[1]), astring(there))
    imap_four.prerequisite(lambda: imap_four.select(there))
    found = imap_four.prepared("UID FETCH 1:* (RFC822.SIZE)").fetched
    sizes = [one.items.get("RFC822.SIZE") for one in found.values()]
    imap_four.require(sizes == [size], f"one copy, of {size} octets", sizes)


NOT_CHECKED: list[tuple[str, str]] = []

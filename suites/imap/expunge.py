"""Messages that go (RFC 3501 6.4.2, 6.4.3, 7.4.1; RFC 9051 6.4.1 to 6.4.3, 7.5.1; RFC 3691, RFC 4315): who is told."""

from __future__ import annotations

import pytest

from pytest_netconform.dialogues.imap import Imap
from pytest_netconform.requirement import MUST, needs, requirement, writes
from pytest_netconform.verdict import NonConformity
from pytest_netconform.wire.imap import NO, OK, Answer
from pytest_netconform.wire.imap_fetch import Fetched

GONE = ("EXPUNGE", "VANISHED")


def _mark(imap: Imap, numbers: str) -> None:
    imap.given(f"STORE {numbers} +FLAGS.SILENT (\\Deleted)")


def _replayed(imap: Imap, uids: list[int], answer: Answer) -> list[int]:
    """What is left of these UIDs when each EXPUNGE of an answer has been obeyed, one after another."""
    for response in answer.all("EXPUNGE"):
        number = response.number or 0
        there = f"EXPUNGE of one of the {len(uids)} messages that are left"
        imap.require(0 < number <= len(uids), there, answer.raw)
        del uids[number - 1]
    return uids


def _left(imap: Imap, wanted: list[int], after: str) -> None:
    now = list(imap.uid_numbers())
    imap.require(now == wanted, f"the UIDs of the messages that are left, after {after}", now)


# -- CLOSE and UNSELECT

CLOSE = "CLOSE removes what is marked without telling, and nothing is selected then."


@requirement("IMAP-9051-6.4.1-a", MUST, "RFC 3501 6.4.2, RFC 9051 6.4.1", CLOSE)
@needs("?account")
@writes
def test_close(imap_three: Imap) -> None:
    """Two of three are marked: no EXPUNGE is sent, and one message is left."""
    _mark(imap_three, "1:2")
    answer = imap_three.ok("CLOSE")
    imap_three.require(not answer.all(*GONE), "no EXPUNGE in answer to CLOSE", answer.raw)
    imap_three.no_or_bad("FETCH 1 (FLAGS)")
    opened = imap_three.prerequisite(imap_three.select)
    imap_three.require(opened.last_number("EXISTS") == 1, "* 1 EXISTS after CLOSE", opened.raw)
    _left(imap_three, [imap_three.uids[2]], "CLOSE")


UNSELECT = "UNSELECT leaves the mailbox, and expunges nothing."


@requirement("IMAP-3691-2-a", MUST, "RFC 3691 2, RFC 9051 6.4.2", UNSELECT)
@needs("?account", "UNSELECT")
@writes
def test_unselect(imap_two: Imap) -> None:
    """One of two is marked: both are there afterwards, and the mark."""
    _mark(imap_two, "1")
    answer = imap_two.ok("UNSELECT")
    imap_two.require(not answer.all(*GONE), "no EXPUNGE in answer to UNSELECT", answer.raw)
    opened = imap_two.prerequisite(imap_two.select)
    imap_two.require(opened.last_number("EXISTS") == 2, "* 2 EXISTS after UNSELECT", opened.raw)
    flags = imap_two.prepared("FETCH 1 (FLAGS)").fetched.get(1, Fetched(1, {})).flags or frozenset()
    imap_two.require("\\Deleted" in flags, "\\Deleted after UNSELECT", sorted(flags))


@requirement("IMAP-3691-2-a", MUST, "RFC 3691 2, RFC 9051 6.4.2", UNSELECT)
@needs("?account", "UNSELECT")
@writes
def test_unselect_twice(imap_one: Imap) -> None:
    """Where nothing is selected there is nothing to leave."""
    imap_one.given("UNSELECT")
    imap_one.no_or_bad("UNSELECT")
    imap_one.alive()


# -- EXPUNGE

EXPUNGE = "Each EXPUNGE counts in the numbers that the ones before have left."


@requirement("IMAP-9051-6.4.3-a", MUST, "RFC 3501 6.4.3, 7.4.1; RFC 9051 6.4.3, 7.5.1", EXPUNGE)
@needs("?account")
@writes
@pytest.mark.parametrize("marked", [(1, 3, 5), (1, 2), (4, 5)], ids=["every-other", "first", "last"])
def test_expunge(imap_five: Imap, marked: tuple[int, ...]) -> None:
    """Who obeys one EXPUNGE after another, in whatever order they come, is left with what is there."""
    _mark(imap_five, ",".join(map(str, marked)))
    answer = imap_five.ok("EXPUNGE")
    wanted = [uid for number, uid in enumerate(imap_five.uids, 1) if number not in marked]
    left = _replayed(imap_five, list(imap_five.uids), answer)
    imap_five.require(left == wanted, "the messages that are left, when each EXPUNGE is obeyed", answer.raw)
    told = imap_five.ok("NOOP").last_number("EXISTS")
    imap_five.require(told in (None, len(wanted)), f"* {len(wanted)} EXISTS, if anything, after EXPUNGE", told)
    _left(imap_five, wanted, "EXPUNGE")


@requirement("IMAP-4315-3-a", MUST, "RFC 4315 2.1, RFC 9051 6.4.9", "UID EXPUNGE removes what is marked and named.")
@needs("?account", "UIDPLUS")
@writes
def test_uid_expunge(imap_four: Imap) -> None:
    """Three of four are marked, two are named: one is both."""
    uids = imap_four.uids
    _mark(imap_four, "1:2,4")
    answer = imap_four.ok(f"UID EXPUNGE {uids[1]}:{uids[2]}")
    wanted = [uids[0], uids[2], uids[3]]
    left = _replayed(imap_four, list(uids), answer)
    imap_four.require(left == wanted, "EXPUNGE of 2 alone", answer.raw)
    _left(imap_four, wanted, "UID EXPUNGE")


# -- what another session removes

KEEPS = "Numbers keep their meaning until EXPUNGE is sent, which no answer to FETCH, STORE or SEARCH is."


def _other_expunges(imap: Imap, number: int) -> None:
    """Prerequisite: another session of the account removes a message; this one is not told by that."""
    other = imap.beside()
    _mark(other, str(number))
    other.given("EXPUNGE")
    other.leave()


def _same_meaning(imap: Imap, answer: Answer, after: str) -> None:
    """No EXPUNGE in an answer, and each number that has a UID has its own."""
    imap.require(not answer.all(*GONE), f"no EXPUNGE in answer to {after}", answer.raw)
    told = {number: one.uid for number, one in answer.fetched.items() if one.uid is not None}
    sound = all(0 < number <= len(imap.uids) and imap.uids[number - 1] == uid for number, uid in told.items())
    imap.require(sound, "numbers that mean the UIDs that they did before", answer.raw)


@requirement("IMAP-9051-7.5.1-a", MUST, "RFC 3501 7.4.1, RFC 9051 7.5.1", KEEPS)
@needs("?account")
@writes
def test_numbers_keep_their_meaning(imap_four: Imap) -> None:
    """Another session has removed message 2: FETCH, STORE and SEARCH do not tell, and 3 is still 3.

    What has gone may be refused (RFC 5530 3: EXPUNGEISSUED): Dovecot 2.3 answers OK or NO.
    """
    _other_expunges(imap_four, 2)
    for said in ("FETCH 1:* (UID)", "STORE 1 +FLAGS (\\Flagged)", "SEARCH ALL", "FETCH 1:* (UID)"):
        _same_meaning(imap_four, imap_four.exchange(said, OK, NO), said)
    answer = imap_four.exchange("FETCH 3:4 (UID)", OK, NO)
    told = {number: one.uid for number, one in answer.fetched.items()}
    wanted = {3: imap_four.uids[2], 4: imap_four.uids[3]}
    imap_four.require(told == wanted, "messages 3 and 4 with their UIDs, as before", answer.raw)


TELLS = "What another session removes is told by EXPUNGE, and the other UIDs stay."


@requirement("IMAP-9051-7.5.1-b", MUST, "RFC 3501 5.2, 7.4.1; RFC 9051 5.2, 7.5.1", TELLS)
@needs("?account")
@writes
def test_noop_tells_what_has_gone(imap_four: Imap) -> None:
    """Some NOOP tells it: when it is noticed is the server's choice."""
    _other_expunges(imap_four, 2)
    answer = imap_four.poll(lambda heard: heard if heard.all(*GONE) else None, "EXPUNGE in answer to NOOP")
    wanted = [imap_four.uids[0], *imap_four.uids[2:]]
    left = _replayed(imap_four, list(imap_four.uids), answer)
    imap_four.require(left == wanted, "EXPUNGE of 2", answer.raw)
    told = answer.last_number("EXISTS")
    imap_four.require(told in (None, 3), "* 3 EXISTS, if anything, with it", answer.raw)
    _left(imap_four, wanted, "an EXPUNGE by another session")


UNASKED = "No EXPUNGE is sent while no command is in progress."


@requirement("IMAP-9051-7.5.1-c", MUST, "RFC 3501 7.4.1, RFC 9051 7.5.1", UNASKED)
@needs("?account")
@writes
def test_no_expunge_unasked(imap_three: Imap) -> None:
    """A client that says nothing hears of no EXPUNGE; its next NOOPs tell it."""
    _other_expunges(imap_three, 2)
    heard = imap_three.event(*GONE, within=imap_three.target.window)
    imap_three.require(heard is None, "no EXPUNGE while nothing was asked", heard.raw if heard else "")
    try:
        imap_three.poll(lambda heard: heard.all(*GONE) or None, "EXPUNGE in answer to NOOP")
    except NonConformity:
        imap_three.note("NOOP did not tell either; IMAP-9051-7.5.1-b judges that")


NOT_CHECKED: list[tuple[str, str]] = []

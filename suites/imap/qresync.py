"""Resynchronization (RFC 7162 3.2): what vanished, what changed, and that only who asked for it is told in that way."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from pytest_netconform.dialogues.imap import Imap
from pytest_netconform.requirement import MUST, needs, requirement, writes
from pytest_netconform.suites.imap.results import members
from pytest_netconform.verdict import Inconclusive
from pytest_netconform.wire.imap import BAD, NO, Answer, Response
from pytest_netconform.wire.imap_commands import astring
from pytest_netconform.wire.imap_data import Vanished

LENIENT = "refused, as if it had been understood"

# -- who has not asked for it

ENABLED = "QRESYNC and VANISHED are answered BAD before ENABLE QRESYNC, and VANISHED without its company."


def _served_when_enabled(imap: Imap, *commands: str) -> None:
    """The twin: another session, which has enabled QRESYNC, is served with that."""
    other = imap.another()
    other.enable("QRESYNC")
    other.given(*commands)
    other.leave()


def _opening(imap: Imap) -> str:
    found = astring(imap.mailbox)
    assert isinstance(found, bytes)
    return f"SELECT {found.decode('latin-1')}"


@requirement("IMAP-7162-3.2.3-a", MUST, "RFC 7162 3.2.3, 3.2.5, 3.2.6", ENABLED)
@needs("?account", "QRESYNC")
@writes
def test_select_qresync_without_enable(imap_mailbox: Imap) -> None:
    """SELECT with QRESYNC is refused to a client that has not enabled it."""
    said = f"{_opening(imap_mailbox)} (QRESYNC (1 1))"
    _served_when_enabled(imap_mailbox, said)
    imap_mailbox.bad(said)
    imap_mailbox.alive()


@requirement("IMAP-7162-3.2.3-a", MUST, "RFC 7162 3.2.3, 3.2.5, 3.2.6", ENABLED)
@needs("?account", "QRESYNC")
@writes
def test_fetch_vanished_without_enable(imap_one: Imap) -> None:
    """UID FETCH with VANISHED is refused to a client that has not enabled QRESYNC."""
    said = "UID FETCH 1:* (FLAGS) (CHANGEDSINCE 1 VANISHED)"
    _served_when_enabled(imap_one, _opening(imap_one), said)
    imap_one.bad(said)
    imap_one.alive()


@requirement("IMAP-7162-3.2.3-a", MUST, "RFC 7162 3.2.3, 3.2.5, 3.2.6", ENABLED)
@needs("?account", "QRESYNC")
@writes
@pytest.mark.parametrize(
    "said",
    ["FETCH 1:* (FLAGS) (CHANGEDSINCE 1 VANISHED)", "UID FETCH 1:* (FLAGS) (VANISHED)"],
    ids=["by-number", "without-changedsince"],
)
def test_fetch_vanished_without_its_company(imap_qresync: Imap, said: str) -> None:
    """VANISHED goes with UID FETCH and with CHANGEDSINCE only."""
    imap_qresync.given("UID FETCH 1:* (FLAGS) (CHANGEDSINCE 1 VANISHED)")
    imap_qresync.exchange(said, BAD, noted={NO: LENIENT} if said.startswith("FETCH") else None)
    imap_qresync.alive()


# -- what is told unasked

UNASKED = "With QRESYNC each FETCH response about changed flags has UID and MODSEQ."


def _with_uid_and_modseq(imap: Imap, answer: Answer, number: int) -> None:
    found = answer.fetched[number]
    sound = found.uid == imap.uids[number - 1] and found.modseq is not None
    imap.require(sound, f"its UID and MODSEQ in * {number} FETCH", answer.raw)


@requirement("IMAP-7162-3.2.4-a", MUST, "RFC 7162 3.2.4", UNASKED)
@needs("?account", "QRESYNC")
@writes
def test_changes_by_others_have_their_uid(imap_qresync: Imap) -> None:
    """What another session marks is told with its UID and its mod-sequence."""
    other = imap_qresync.beside()
    other.given("STORE 2 +FLAGS.SILENT (\\Flagged)")
    other.leave()
    answer = imap_qresync.poll(lambda heard: heard if 2 in heard.fetched else None, "* 2 FETCH in answer to NOOP")
    _with_uid_and_modseq(imap_qresync, answer, 2)


@requirement("IMAP-7162-3.2.4-a", MUST, "RFC 7162 3.2.4", UNASKED)
@needs("?account", "QRESYNC")
@writes
def test_changes_of_ones_own_have_their_uid(imap_qresync: Imap) -> None:
    """What the client marks itself, by sequence number, is told with its UID as well."""
    answer = imap_qresync.ok("STORE 3 +FLAGS (\\Flagged)")
    imap_qresync.require(3 in answer.fetched, "* 3 FETCH in answer to STORE", answer.raw)
    _with_uid_and_modseq(imap_qresync, answer, 3)


# -- SELECT with what is known

RESYNC = "SELECT (QRESYNC) tells what vanished and what changed since, if UIDVALIDITY is still the same."


@dataclass(frozen=True)
class Known:
    """What a client keeps of a mailbox until it comes back."""

    validity: int
    modseq: int


def _known(imap: Imap) -> Known:
    codes = imap.prerequisite(imap.select).codes()
    values = [codes[name].value if name in codes else None for name in ("UIDVALIDITY", "HIGHESTMODSEQ")]
    if not all(isinstance(value, int) for value in values):
        raise Inconclusive("prerequisite not met: UIDVALIDITY and HIGHESTMODSEQ in answer to SELECT")
    return Known(int(str(values[0])), int(str(values[1])))


def _meanwhile(imap: Imap) -> Known:
    """Prerequisite: the client leaves; message 1 is marked, and message 2 removed, by somebody else."""
    known = _known(imap)
    imap.leave()
    other = imap.beside()
    other.given("STORE 1 +FLAGS.SILENT (\\Flagged)", "STORE 2 +FLAGS.SILENT (\\Deleted)", "EXPUNGE")
    other.leave()
    return known


def _back(imap: Imap, validity: int, modseq: int) -> Answer:
    """The answer to SELECT with what is known, in a new session that has enabled QRESYNC."""
    other = imap.another()
    other.enable("QRESYNC")
    return other.ok(_opening(imap), f"(QRESYNC ({validity} {modseq}))")


def _vanished(answer: Answer) -> list[tuple[bool, tuple[int, ...]]]:
    """Whether each VANISHED has (EARLIER), and its UIDs."""
    return [(one.earlier, members(one.uids)) for one in answer.values("VANISHED") if isinstance(one, Vanished)]


@requirement("IMAP-7162-3.2.5-a", MUST, "RFC 7162 3.2.5.1, 3.2.10.1", RESYNC)
@needs("?account", "QRESYNC")
@writes
def test_select_tells_what_happened(imap_qresync: Imap) -> None:
    """VANISHED (EARLIER) has the UID that went and none that is there; FETCH has the message that was marked."""
    uids = imap_qresync.uids
    known = _meanwhile(imap_qresync)
    answer = _back(imap_qresync, known.validity, known.modseq)
    gone = {uid for earlier, some in _vanished(answer) if earlier for uid in some}
    there = {uids[0], uids[2], uids[3]}
    sound = uids[1] in gone and not gone & there
    imap_qresync.require(sound, "* VANISHED (EARLIER) with the UID that went, and none that is there", answer.raw)
    told = answer.fetched.get(1)
    sound = told is not None and told.uid == uids[0] and "\\Flagged" in (told.flags or ()) and bool(told.modseq)
    imap_qresync.require(sound, "* 1 FETCH with its UID, \\Flagged and MODSEQ", answer.raw)
    imap_qresync.require(set(answer.fetched) == {1}, "FETCH of what changed, and nothing else", answer.raw)


@requirement("IMAP-7162-3.2.5-a", MUST, "RFC 7162 3.2.5.1, 3.2.10.1", RESYNC)
@needs("?account", "QRESYNC")
@writes
def test_select_with_another_uidvalidity(imap_qresync: Imap) -> None:
    """What is known under another UIDVALIDITY is worth nothing: nothing of it is told."""
    known = _meanwhile(imap_qresync)
    twin = _back(imap_qresync, known.validity, known.modseq)
    imap_qresync.prerequisite(lambda: imap_qresync.require(twin.all("VANISHED"), "VANISHED to the twin", twin.raw))
    answer = _back(imap_qresync, known.validity + 1, known.modseq)
    quiet = not answer.all("VANISHED", "FETCH")
    imap_qresync.require(quiet, "neither VANISHED nor FETCH for another UIDVALIDITY", answer.raw)


# -- VANISHED in place of EXPUNGE

INSTEAD = "With QRESYNC VANISHED takes the place of EXPUNGE, and the answer to EXPUNGE has HIGHESTMODSEQ."


def _gone(imap: Imap, told: tuple[Response, ...], answer: Answer, wanted: set[int]) -> None:
    """VANISHED for these UIDs, without (EARLIER), and no EXPUNGE."""
    imap.require(not answer.all("EXPUNGE"), "VANISHED in place of EXPUNGE", answer.raw)
    found = _vanished(answer)
    gone = {uid for _, some in found for uid in some}
    sound = bool(told) and gone == wanted and not any(earlier for earlier, _ in found)
    imap.require(sound, "* VANISHED with the UIDs that went, without (EARLIER)", answer.raw)


@requirement("IMAP-7162-3.2.10-a", MUST, "RFC 7162 3.2.7, 3.2.8, 3.2.9, 3.2.10.2", INSTEAD)
@needs("?account", "QRESYNC")
@writes
@pytest.mark.parametrize("uid", [False, True], ids=["expunge", "uid-expunge"])
def test_expunge_tells_what_vanished(imap_qresync: Imap, uid: bool) -> None:
    """UIDs go, and the tagged OK has the mailbox's new mod-sequence; the messages that are left are counted right."""
    imap, uids = imap_qresync, imap_qresync.uids
    if uid and "UIDPLUS" not in imap.capabilities:
        imap.not_applicable("the target does not list UIDPLUS")
    before = _known(imap).modseq
    imap.given("STORE 1,3 +FLAGS.SILENT (\\Deleted)")
    answer = imap.ok(f"UID EXPUNGE {uids[0]}:{uids[3]}" if uid else "EXPUNGE")
    _gone(imap, answer.all("VANISHED"), answer, {uids[0], uids[2]})
    code = answer.response_code
    now = code.value if code is not None and code.name == "HIGHESTMODSEQ" else None
    told = isinstance(now, int) and now > before
    imap.require(told, "OK [HIGHESTMODSEQ n], greater than before, in answer to EXPUNGE", answer.last.raw)
    left = imap.uid_numbers()
    imap.require(left == (uids[1], uids[3]), "the UIDs of 2 and 4 after EXPUNGE", left)


@requirement("IMAP-7162-3.2.10-a", MUST, "RFC 7162 3.2.7, 3.2.8, 3.2.9, 3.2.10.2", INSTEAD)
@needs("?account", "QRESYNC")
@writes
def test_others_expunges_vanish(imap_qresync: Imap) -> None:
    """What another session removes vanishes, too."""
    imap = imap_qresync
    other = imap.beside()
    other.given("STORE 2 +FLAGS.SILENT (\\Deleted)", "EXPUNGE")
    other.leave()
    answer = imap.poll(lambda heard: heard if heard.all("VANISHED", "EXPUNGE") else None, "VANISHED in answer to NOOP")
    _gone(imap, answer.all("VANISHED"), answer, {imap.uids[1]})
    told = answer.last_number("EXISTS")
    imap.require(told in (None, 3), "* 3 EXISTS, if anything, with it", answer.raw)


@requirement("IMAP-7162-3.2.10-a", MUST, "RFC 7162 3.2.7, 3.2.8, 3.2.9, 3.2.10.2", INSTEAD)
@needs("?account", "QRESYNC")
@writes
def test_close_tells_no_mod_sequence(imap_qresync: Imap) -> None:
    """CLOSE removes without a word: neither VANISHED nor HIGHESTMODSEQ."""
    imap_qresync.given("STORE 1 +FLAGS.SILENT (\\Deleted)")
    answer = imap_qresync.ok("CLOSE")
    quiet = not answer.all("VANISHED", "EXPUNGE") and answer.says != "HIGHESTMODSEQ"
    imap_qresync.require(quiet, "neither VANISHED nor [HIGHESTMODSEQ] in answer to CLOSE", answer.raw)
    count = imap_qresync.messages()
    imap_qresync.require(count == 3, "3 messages after CLOSE", count)


NOT_CHECKED: list[tuple[str, str]] = []

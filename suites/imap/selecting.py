"""Selecting (RFC 3501 5.1, 6.3.1, 6.3.2; RFC 9051 5.1, 6.3.2, 6.3.3): what SELECT and EXAMINE tell, and leave alone."""

from __future__ import annotations

import pytest

from pytest_netconform.codes import Code
from pytest_netconform.dialogues.imap import Imap
from pytest_netconform.requirement import MUST, needs, requirement, writes
from pytest_netconform.wire.imap import BAD, NO, OK, Answer
from pytest_netconform.wire.imap_commands import Literal, Part, astring, command
from pytest_netconform.wire.imap_data import MailboxStatus

# -- what is told of a mailbox

TOLD = "SELECT and EXAMINE tell FLAGS, EXISTS, UIDVALIDITY, UIDNEXT and PERMANENTFLAGS before their OK."
# RFC 3501 6.3.1 says what to think of a server that does not tell these, though it requires them.
OLD = "RFC 3501 6.3.1 says what a client assumes where it is missing"


def _number(answer: Answer, code: str) -> int | None:
    found = answer.codes().get(code)
    return found.value if found is not None and isinstance(found.value, int) else None


def _owed(imap: Imap, answer: Answer, there: object, what: str) -> None:
    """What RFC 9051 requires, and RFC 3501 gives a meaning to the lack of."""
    if not there and "IMAP4REV1" in imap.target.claims:
        imap.tolerate(what, answer.raw, OLD)
    else:
        imap.require(there, what, answer.raw)


@requirement("IMAP-9051-6.3.2-a", MUST, "RFC 3501 6.3.1, RFC 9051 6.3.2", TOLD)
@needs("?account")
@writes
@pytest.mark.parametrize("verb", ["SELECT", "EXAMINE"])
def test_what_is_told_of_a_mailbox(imap_two: Imap, verb: str) -> None:
    """Two messages that nobody has read: how many, which flags, and what their UIDs are worth."""
    answer = imap_two.select(examine=verb == "EXAMINE")
    imap_two.require(answer.all("FLAGS"), "FLAGS before the OK", answer.raw)
    imap_two.require(answer.last_number("EXISTS") == 2, "* 2 EXISTS before the OK", answer.raw)
    imap_two.require(_number(answer, "UIDVALIDITY"), "OK [UIDVALIDITY n], not 0, before the OK", answer.raw)
    _owed(imap_two, answer, "PERMANENTFLAGS" in answer.codes(), "OK [PERMANENTFLAGS (...)] before the OK")
    following = _number(answer, "UIDNEXT")
    _owed(imap_two, answer, following is not None, "OK [UIDNEXT n] before the OK")
    if following is not None:
        last = max(imap_two.uids)
        imap_two.require(following > last, "a UIDNEXT greater than any UID there", f"UIDNEXT {following}, UID {last}")


@requirement("IMAP-9051-6.3.2-a", MUST, "RFC 3501 6.3.1, RFC 9051 6.3.2", TOLD)
@needs("?account", "IMAP4REV1")
@writes
@pytest.mark.parametrize("verb", ["SELECT", "EXAMINE"])
def test_what_rfc_3501_tells_besides(imap_two: Imap, verb: str) -> None:
    """Whoever has not enabled IMAP4rev2 is told RECENT, and the first message that is not seen."""
    imap_two.given("STORE 1 +FLAGS (\\Seen)")
    answer = imap_two.select(examine=verb == "EXAMINE")
    imap_two.require(answer.all("RECENT"), "RECENT before the OK (RFC 3501 6.3.1)", answer.raw)
    unseen = _number(answer, "UNSEEN")
    if unseen is None:
        imap_two.tolerate("OK [UNSEEN 2] before the OK", answer.raw, OLD)
    else:
        imap_two.require(unseen == 2, "OK [UNSEEN 2], the first that is not seen", answer.raw)


def _rev2_for_sure(imap: Imap) -> None:
    """It may be enabled where nothing else is spoken, too."""
    if "IMAP4REV1" not in imap.capabilities and "ENABLE" in imap.capabilities:
        imap.prepared("ENABLE", "IMAP4rev2")


@requirement("IMAP-9051-6.3.2-a", MUST, "RFC 3501 6.3.1, RFC 9051 6.3.2", TOLD)
@needs("?account", "IMAP4REV2")
@writes
def test_what_rfc_9051_tells_besides(imap_rev2: Imap) -> None:
    """Whoever has enabled IMAP4rev2 is told the mailbox's name by LIST."""
    _rev2_for_sure(imap_rev2)
    answer = imap_rev2.select()
    names = [getattr(value, "name", b"") for value in answer.values("LIST")]
    imap_rev2.require(imap_rev2.mailbox in names, "LIST with the mailbox's name before the OK", answer.raw)


# -- what is not there

LOST = "SELECT of a mailbox that is not there is answered NO, and nothing is selected any more."


@requirement("IMAP-9051-6.3.2-b", MUST, "RFC 3501 6.3.1, RFC 9051 6.3.2", LOST)
@needs("?account")
@writes
@pytest.mark.parametrize("verb", ["SELECT", "EXAMINE"])
def test_select_of_nothing(imap_one: Imap, verb: str) -> None:
    """The mailbox that was selected before is not selected after the failure."""
    imap_one.given("FETCH 1 FLAGS")
    imap_one.no(verb, astring(imap_one.named("nosuch")))
    answer = imap_one.no_or_bad("FETCH 1 FLAGS")
    imap_one.require(not answer.all("FETCH"), "no message of the mailbox before", answer.raw)
    imap_one.alive()


# -- where the one mailbox ends and the next begins

CLOSED = "SELECT of another mailbox says OK [CLOSED] between the two, under QRESYNC or IMAP4rev2."


def _says_closed(imap: Imap) -> None:
    answer = imap.ok("EXAMINE", "INBOX")
    codes = [response.response_code.name if response.response_code else "" for response in answer.untagged]
    imap.require(codes.count("CLOSED") == 1, "one OK [CLOSED] before the OK", answer.raw)
    behind = answer.untagged[codes.index("CLOSED") :]
    names = {response.code for response in behind}
    imap.require({"FLAGS", "EXISTS"} <= names, "what is told of the new mailbox behind OK [CLOSED]", answer.raw)


@requirement("IMAP-9051-6.3.2-c", MUST, "RFC 7162 3.2.11, RFC 9051 6.3.2, 7.1", CLOSED)
@needs("?account", "QRESYNC", "ENABLE")
@writes
def test_closed_under_qresync(imap_qresync: Imap) -> None:
    """QRESYNC is enabled."""
    _says_closed(imap_qresync)


@requirement("IMAP-9051-6.3.2-c", MUST, "RFC 7162 3.2.11, RFC 9051 6.3.2, 7.1", CLOSED)
@needs("?account", "IMAP4REV2")
@writes
def test_closed_under_rev2(imap_rev2: Imap) -> None:
    """IMAP4rev2 is enabled, or nothing else is spoken."""
    _rev2_for_sure(imap_rev2)
    imap_rev2.prerequisite(imap_rev2.select)
    _says_closed(imap_rev2)


# -- read only

ACCESS = "The OK says READ-ONLY to EXAMINE, and READ-WRITE to SELECT of what can be changed."


@requirement("IMAP-9051-6.3.2-d", MUST, "RFC 3501 6.3.1, 6.3.2; RFC 9051 6.3.2, 6.3.3", ACCESS)
@needs("?account")
@writes
def test_access_of_select(imap_one: Imap) -> None:
    """The account's own mailbox, in which flags have just been changed."""
    imap_one.given("STORE 1 +FLAGS (\\Seen)")
    answer = imap_one.select()
    if answer.says != "READ-WRITE":
        note = "[READ-WRITE] SHOULD stand there (RFC 3501 6.3.1)"
        imap_one.tolerate("OK [READ-WRITE] in answer to SELECT", answer.last.raw, note)


@requirement("IMAP-9051-6.3.2-d", MUST, "RFC 3501 6.3.1, 6.3.2; RFC 9051 6.3.2, 6.3.3", ACCESS)
@needs("?account")
@writes
def test_access_of_examine(imap_one: Imap) -> None:
    """The same mailbox, looked at."""
    answer = imap_one.select(examine=True)
    imap_one.require(answer.says == "READ-ONLY", "OK [READ-ONLY] in answer to EXAMINE", answer.last.raw)


UNTOUCHED = "Nothing changes in a mailbox that was opened by EXAMINE."
# Dovecot 2.3: "OK ... ignored with read-only mailbox"; the standard asks that nothing changes, not for a refusal.
IGNORED: dict[Code, str] = {OK: "said to be done, and not done"}


def _flags(imap: Imap, number: int) -> frozenset[str]:
    found = imap.ok(f"FETCH {number} (FLAGS)").fetched.get(number)
    return (found.flags if found else None) or frozenset()


@requirement("IMAP-9051-6.3.3-a", MUST, "RFC 3501 6.3.2, RFC 9051 6.3.3", UNTOUCHED)
@needs("?account")
@writes
def test_examine_changes_no_flags(imap_two: Imap) -> None:
    """Reading a message does not mark it as seen, and a STORE has no effect."""
    imap_two.given("STORE 2 +FLAGS (\\Flagged)")
    imap_two.prerequisite(lambda: imap_two.select(examine=True))
    imap_two.ok("FETCH 1 (BODY[])")
    imap_two.exchange("STORE 1 +FLAGS (\\Answered)", NO, BAD, noted=IGNORED)
    imap_two.prerequisite(imap_two.select)
    imap_two.require("\\Seen" not in _flags(imap_two, 1), "no \\Seen after FETCH under EXAMINE", "\\Seen")
    imap_two.require("\\Answered" not in _flags(imap_two, 1), "no \\Answered after STORE under EXAMINE", "\\Answered")
    imap_two.require("\\Flagged" in _flags(imap_two, 2), "\\Flagged, which SELECT let be set", "no \\Flagged")


@requirement("IMAP-9051-6.3.3-a", MUST, "RFC 3501 6.3.2, RFC 9051 6.3.3", UNTOUCHED)
@needs("?account")
@writes
def test_examine_removes_nothing(imap_two: Imap) -> None:
    """What is marked to go stays there through EXPUNGE and CLOSE."""
    imap_two.given("STORE 2 +FLAGS (\\Deleted)")
    imap_two.prerequisite(lambda: imap_two.select(examine=True))
    answer = imap_two.exchange("EXPUNGE", NO, BAD, noted=IGNORED)
    imap_two.require(not answer.all("EXPUNGE", "VANISHED"), "no EXPUNGE under EXAMINE", answer.raw)
    if imap_two.command("CLOSE").code != OK:
        imap_two.note("CLOSE under EXAMINE is refused, where no error is to be given (IMAP-9051-6.4.1-a)")
    answer = imap_two.prerequisite(imap_two.select)
    there = answer.last_number("EXISTS")
    imap_two.require(there == 2, "both messages, as before EXAMINE, EXPUNGE and CLOSE", f"* {there} EXISTS")


# -- INBOX in any case

INBOX = "INBOX is INBOX in any case."
SPELLINGS: dict[str, Part] = {"small": "inbox", "mixed": '"iNbOx"', "literal": Literal(b"Inbox")}


def _validity(imap: Imap, *parts: Part) -> int | None:
    answer = imap.exchange(command(*parts), OK)
    for value in answer.values("STATUS"):
        found = value.items.get("UIDVALIDITY") if isinstance(value, MailboxStatus) else None
        if isinstance(found, int):
            return found
    return _number(answer, "UIDVALIDITY")


@requirement("IMAP-9051-5.1-a", MUST, "RFC 3501 5.1, RFC 9051 5.1", INBOX)
@needs("?account")
@pytest.mark.parametrize("spelling", list(SPELLINGS))
@pytest.mark.parametrize("verb", ["EXAMINE", "STATUS"])
def test_inbox_in_any_case(imap: Imap, verb: str, spelling: str) -> None:
    """The same mailbox, with the same UIDVALIDITY, however its name is written."""
    behind = ("(UIDVALIDITY)",) if verb == "STATUS" else ()
    wanted = imap.prerequisite(lambda: _validity(imap, verb, "INBOX", *behind))
    found = _validity(imap, verb, SPELLINGS[spelling], *behind)
    imap.require(found == wanted, f"UIDVALIDITY {wanted}, that of INBOX", found)


NOT_CHECKED: list[tuple[str, str]] = []

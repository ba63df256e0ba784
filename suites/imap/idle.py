"""IDLE (RFC 2177, RFC 9051 6.3.13): the client listens, and is told."""

from __future__ import annotations

import pytest

from pytest_netconform.codes import Code
from pytest_netconform.dialogue import Say
from pytest_netconform.dialogues.imap import MESSAGES, Imap
from pytest_netconform.requirement import INTEROP, MUST, needs, requirement, writes
from pytest_netconform.verdict import NonConformity
from pytest_netconform.wire.imap import BAD, BYE, GO_AHEAD, NO, OK
from pytest_netconform.wire.imap_commands import append

TOLD_SECONDS = 60.0  # Dovecot without inotify looks once a minute

LISTENS = "IDLE is answered +, and OK right after DONE."


@requirement("IMAP-2177-3-a", MUST, "RFC 2177 3, RFC 9051 6.3.13", LISTENS)
@needs("?account", "IDLE")
def test_idle_without_a_mailbox(imap: Imap) -> None:
    """Nothing is selected: IDLE is for users in any state."""
    # field: pymap 0.36.7 says BAD
    imap.idle()
    imap.done()
    imap.alive()


@requirement("IMAP-2177-3-a", MUST, "RFC 2177 3, RFC 9051 6.3.13", LISTENS)
@needs("?account", "IDLE")
def test_idle_in_a_mailbox(imap_inbox: Imap) -> None:
    """Twice in a row, and nothing more is said."""
    for _ in range(2):
        imap_inbox.idle()
        imap_inbox.done()
    more, _ = imap_inbox.until_marker()
    imap_inbox.require(not more, "one answer to each IDLE", b"".join(answer.raw for answer in more))


CHANGES = "What other sessions do is told in IDLE."


@requirement("IMAP-2177-3-b", INTEROP, "RFC 2177 3, RFC 9051 6.3.13", CHANGES)
@needs("?account", "IDLE")
@writes
def test_what_is_told_in_idle(imap_one: Imap) -> None:
    """Another session appends a message, sets a flag and removes one: what is told of that without being asked."""
    other = imap_one.beside()
    imap_one.idle()
    steps: dict[str, list[Say]] = {
        "EXISTS": [append(imap_one.mailbox, MESSAGES[1])],
        "FETCH": ["STORE 1 +FLAGS (\\Flagged)"],
        "EXPUNGE": ["STORE 1 +FLAGS (\\Deleted)", "EXPUNGE"],
    }
    for name, said in steps.items():
        other.given(*said)
        names = (name, "VANISHED") if name == "EXPUNGE" else (name,)
        if imap_one.event(*names, within=TOLD_SECONDS) is None:
            imap_one.observe(f"{name} is not told in IDLE, within {TOLD_SECONDS:g} s")
            return
    imap_one.observe("EXISTS, FETCH and EXPUNGE are told in IDLE")
    imap_one.done()


ENDS = "DONE ends IDLE, in any case; another line ends it with BAD, or ends the session."


@requirement("IMAP-2177-3-c", MUST, "RFC 2177 3, 4; RFC 9051 6.3.13, 9", ENDS)
@needs("?account", "IDLE")
@pytest.mark.parametrize("word", ["done", "Done"])
def test_done_in_any_case(imap_inbox: Imap, word: str) -> None:
    """Words of the protocol are not case sensitive."""
    imap_inbox.idle()
    imap_inbox.send_odd(word.encode() + b"\r\n")
    imap_inbox.expect(OK, to=word)
    imap_inbox.alive()


@requirement("IMAP-2177-3-c", MUST, "RFC 2177 3, 4; RFC 9051 6.3.13, 9", ENDS)
@needs("?account", "IDLE")
def test_another_line_in_idle(imap_inbox: Imap) -> None:
    """A line that is not DONE is neither obeyed nor passed over in silence, and the next command is served."""
    imap_inbox.idle()
    imap_inbox.done()
    imap_inbox.idle()
    imap_inbox.send_odd(b"NOOP\r\n")
    answer = imap_inbox.retort()
    imap_inbox.weigh(answer, BAD, BYE, noted={NO: "NO where the syntax is wrong"})
    if answer.code == BYE:
        return
    if not answer.tag:  # it may be listening still
        imap_inbox.note("BAD without a tag to a line that is not DONE")
        imap_inbox.send_odd(b"DONE\r\n")
        imap_inbox.expect(OK, to="DONE")
    imap_inbox.alive()


AT_ONCE = "A DONE that comes in one piece with IDLE is heard."
HASTY: dict[Code, str] = {BAD: "a client should wait for the +", NO: "a client should wait for the +"}


@requirement("IMAP-2177-3-d", MUST, "RFC 2177 3, RFC 9051 5.5", AT_ONCE)
@needs("?account", "IDLE")
def test_done_at_once(imap_inbox: Imap) -> None:
    """IDLE, DONE and NOOP in one write: an answer to each; nobody waits for what was said already."""
    imap_inbox.idle()
    imap_inbox.done()
    imap_inbox.send_odd(b"a IDLE\r\nDONE\r\nb NOOP\r\n", "a", "b", "DONE")
    invited, last = False, ""
    while last != "b":
        answer = imap_inbox.retort("IDLE, DONE and NOOP at once")
        last, invited = answer.tag, invited or answer.code == GO_AHEAD
        if last == "a":
            imap_inbox.weigh(answer, OK, noted=HASTY, expected="OK in answer to IDLE and DONE at once")
            if answer.code == OK and not invited:
                imap_inbox.note("no + where DONE had come already")
        elif answer.code == BYE:
            raise NonConformity("an answer to each of IDLE, DONE and NOOP", "BYE")
    imap_inbox.weigh(answer, OK, expected="OK in answer to NOOP behind DONE")


NOT_CHECKED: list[tuple[str, str]] = []

"""Connections (RFC 3501 5.5, 6.3.11; RFC 9051 5.5): batches, clients that vanish, and two at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import zip_longest

import pytest

from pytest_netconform.dialogues.imap import MESSAGES, Imap
from pytest_netconform.requirement import INTEROP, MUST, SECURITY, hostile, needs, requirement, serial, writes
from pytest_netconform.verdict import NonConformity
from pytest_netconform.visit import NoConnection
from pytest_netconform.wire.imap import BAD, GO_AHEAD, NO, OK, Answer, joined
from pytest_netconform.wire.imap_commands import Literal, append, quoted

# -- several commands at once

BATCH = b"a FETCH 1 FLAGS\r\nb STORE 1 +FLAGS (\\Flagged)\r\nc FETCH 1 FLAGS\r\nd EXPUNGE\r\ne NOOP\r\n"
TAGS = ("a", "b", "c", "d", "e")


@requirement("IMAP-9051-5.5-a", MUST, "RFC 3501 5.5, RFC 9051 5.5", "Of commands in one write each finds what it may.")
@needs("?account")
@writes
def test_batch(imap_three: Imap) -> None:
    """Five commands are answered once each, and FETCH behind STORE shows the flag, whatever was run side by side."""
    imap_three.given("FETCH 1 FLAGS")
    imap_three.send(BATCH)
    found = imap_three.answers(*TAGS)
    for tag in TAGS:
        imap_three.weigh(found[tag], OK, expected=f"OK in answer to {tag} of a batch")
    answers = list(found.values())
    before = answers[: answers.index(found["c"]) + 1]  # data of one command may stand before the answer to another
    message = joined(before).fetched.get(1)
    there = message is not None and message.flags is not None and "\\Flagged" in message.flags
    imap_three.require(there, "\\Flagged in answer to the FETCH behind STORE", b"".join(one.raw for one in before))
    imap_three.answered_once("each command of a batch")


# -- clients that vanish


@requirement("IMAP-GEN-CON-a", MUST, "RFC 3501 6.3.11, RFC 9051 6.3.12", "Half a message is none: nothing is appended.")
@needs("?account")
@writes
@pytest.mark.parametrize("how", ["close", "reset"])
def test_half_a_message_is_none(imap_mailbox: Imap, how: str) -> None:
    """A client goes away in the middle of a literal; of two messages the mailbox has the other one."""
    half = imap_mailbox.another()
    box, message = quoted(imap_mailbox.mailbox), MESSAGES[4].ljust(1000, b"x")
    answer = half.begin("APPEND", box, Literal(message))
    half.prerequisite(lambda: half.weigh(answer, GO_AHEAD))
    half.send_odd(message[:500])
    if how == "close":
        half.wire.finish(half.wire.now() + half.target.patience)
        half.ended()
    else:
        half.wire.reset()
    imap_mailbox.given(append(imap_mailbox.mailbox, MESSAGES[0]))
    count = imap_mailbox.messages()
    imap_mailbox.require(count == 1, "MESSAGES 1: the whole message, and no half one", str(count))


RESETS, HALVES = 200, 50
HALF_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100)  # of 517 octets


@requirement("IMAP-GEN-CON-b", SECURITY, "robustness", "Clients that break their connections hurt no other.")
@needs("?account")
@hostile
def test_served_after_resets(imap_greeted: Imap) -> None:
    """Two hundred resets, and fifty clients that vanish in the middle of a handshake: then one logs in as ever."""
    after = "after others broke their connections"
    with suppress(NoConnection):  # whoever has died of it is found dead below
        for _ in range(RESETS):
            imap_greeted.visit.dial().reset()
    claims = imap_greeted.target.claims
    for _ in range(HALVES if {"STARTTLS", "CLEAR"} <= claims and not imap_greeted.authenticated else 0):
        half = imap_greeted.served_again(after)
        half.given("STARTTLS")
        half.wire.send(HALF_HELLO, half.wire.now() + half.target.patience)
        half.wire.close()
    imap_greeted.served_again(after).alive()
    imap_greeted.another().alive()


@requirement("IMAP-GEN-CON-c", INTEROP, "RFC 9293 3.6", "What becomes of commands before a half-close.")
@needs("CLEAR")
def test_half_close(imap_greeted: Imap) -> None:
    """Recorded: the answers to NOOP and LOGOUT when our half of the connection is closed at once."""
    imap_greeted.send("NOOP", "LOGOUT")
    imap_greeted.wire.shutdown()
    heard = 0
    for _ in range(2):
        try:
            imap_greeted.expect(OK)
        except NonConformity:
            break
        heard += 1
    imap_greeted.observe("both answers" if heard == 2 else f"the close behind {heard} of 2 answers")


# -- two users at once


def _by_turns(one: Imap, other: Imap, said: bytes, replied: bytes) -> None:
    """What both say, octet by octet in turns; the end of each in one piece, so that a password is never cut."""

    def pieces(octets: bytes) -> Iterator[bytes]:
        cut = octets.rfind(b" ")
        yield from (octets[place : place + 1] for place in range(cut))
        yield octets[cut:]

    for first, second in zip_longest(pieces(said), pieces(replied)):
        if first is not None:
            one.send(first)
        if second is not None:
            other.send(second)


def _login(imap: Imap, username: str, password: str) -> bytes:
    imap.visit.transcript.hide(quoted(password)[1:-1])
    return b"a LOGIN " + quoted(username) + b" " + quoted(password) + b"\r\n"


def _size_of_1(answer: Answer) -> bool:
    return 1 in answer.fetched and "RFC822.SIZE" in answer.fetched[1].items


@requirement("IMAP-GEN-SEC-d", SECURITY, "robustness", "Sessions of two users share nothing.")
@needs("?account", "?second")
@writes
@serial
def test_two_users_share_nothing(imap_mailbox: Imap) -> None:
    """Two users say the same octet by octet in turns; the mailbox of the one is not there for the other."""
    imap_mailbox.seed(1)
    box = quoted(imap_mailbox.mailbox)
    one, other = imap_mailbox.visitor(), imap_mailbox.visitor()
    for each in (one, other):
        each.serves_login()
    _by_turns(one, other, _login(one, *one.account), _login(other, *other.second))
    answers = one.login_reply(), other.login_reply()
    other.admit(answers[1], own=False)
    one.weigh(answers[0], OK, expected="OK in answer to a login beside another")
    _by_turns(one, other, b"b EXAMINE " + box + b"\r\n", b"b EXAMINE " + box + b"\r\n")
    one.expect(OK, to="EXAMINE of a mailbox of one's own")
    other.expect(NO, BAD, to="EXAMINE of another user's mailbox")
    _by_turns(one, other, b"c FETCH 1 RFC822.SIZE\r\n", b"c FETCH 1 RFC822.SIZE\r\n")
    mine, theirs = one.expect(OK, to="FETCH of a message of one's own"), other.reply()
    one.require(_size_of_1(mine), "the size of the message of one's own", mine.raw)
    other.require(not _size_of_1(theirs), "nothing of another user's message", theirs.raw)
    other.weigh(theirs, NO, BAD, expected="NO or BAD in answer to FETCH where nothing is selected")


NOT_CHECKED: list[tuple[str, str]] = []

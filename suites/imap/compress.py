"""COMPRESS=DEFLATE (RFC 4978): raw deflate both ways behind the tagged OK, and what is none of it."""

from __future__ import annotations

from random import Random

import pytest

from pytest_netconform.dialogues.imap import MESSAGES, Imap
from pytest_netconform.requirement import MUST, SECURITY, hostile, needs, requirement, writes
from pytest_netconform.verdict import NonConformity
from pytest_netconform.wire.imap import BAD, BYE, NO, OK
from pytest_netconform.wire.imap_commands import append

ACTIVE = "COMPRESS is answered OK, raw deflate follows both ways, and nobody begins twice."


@requirement("IMAP-4978-3-a", MUST, "RFC 4978 3", ACTIVE)
@needs("COMPRESS=DEFLATE", "?account")
@writes
def test_raw_deflate_both_ways(imap_selected: Imap) -> None:
    """The OK is the last line in clear; behind it a message goes in and comes out as it was."""
    imap_selected.exchange("COMPRESS DEFLATE", OK)
    imap_selected.deflate()
    imap_selected.send("NOOP")
    answer = imap_selected.hear("OK to NOOP in raw deflate")
    imap_selected.require(answer.code is not None, "OK to NOOP in raw deflate", answer.raw)
    imap_selected.weigh(answer, OK, expected="OK to NOOP in raw deflate")
    imap_selected.exchange(append(imap_selected.mailbox, MESSAGES[4]), OK)
    imap_selected.exchange("NOOP", OK)
    found = imap_selected.exchange("FETCH 1 BODY.PEEK[]", OK)
    same = 1 in found.fetched and found.fetched[1].octets("BODY[]") == MESSAGES[4]
    imap_selected.require(same, "the message as it was appended", found.raw)


@requirement("IMAP-4978-3-a", MUST, "RFC 4978 3", ACTIVE)
@needs("COMPRESS=DEFLATE", "?account")
@writes
def test_nobody_begins_twice(imap_compressed: Imap) -> None:
    """COMPRESS where it is active is refused, and the session goes on as it was."""
    # field: Dovecot 2.3 and mox say NO [COMPRESSIONACTIVE]
    imap_compressed.alive()
    imap_compressed.exchange("COMPRESS DEFLATE", BAD, NO)
    imap_compressed.alive()


@requirement("IMAP-4978-3-b", SECURITY, "RFC 4978 3", "What follows COMPRESS in clear is not run behind it.")
@needs("COMPRESS=DEFLATE", "?account")
def test_clear_text_does_not_slip_in(imap: Imap) -> None:
    """A NOOP in one write with COMPRESS: both are ordinary commands, or NOOP is not answered."""
    # field: Dovecot 2.3 says BAD
    imap.sibling().given("COMPRESS DEFLATE")
    imap.send_odd(b"a COMPRESS DEFLATE\r\nb NOOP\r\n", "a")
    try:
        answer = imap.retort("COMPRESS with something behind it")
        if answer.code == OK:
            imap.deflate()
            imap.answered_once("COMPRESS")
    except NonConformity:
        if not imap.over:
            raise
        imap.note("closed when octets came behind COMPRESS")
        return
    if answer.code != OK:
        imap.weigh(answer, NO, BAD, BYE, expected="OK, NO, BAD or BYE in answer to COMPRESS")


# a block of type 3, which deflate does not have; and noise, which is an error sooner or later
GARBAGE = {"reserved": b"\xff" * 64, "noise": Random(4978).randbytes(4096)}
BOMB = 4 << 20
HARMLESS = "What is no deflate, or unfolds without end, ends in BAD or BYE."


def _ends_or_refuses(imap: Imap, what: str) -> None:
    """Whoever has lost the thread says so, or closes; he does not wait for ever."""
    try:
        answer = imap.retort(what, within=30)
    except NonConformity:
        if not imap.over:
            raise
        imap.note(f"closed at {what}")
        return
    # whoever has no limit for lines may pass over what stands behind NOOP
    expected = f"NO, BAD, BYE or a close in answer to {what}"
    imap.weigh(answer, NO, BAD, BYE, noted={OK: "taken, however long it was"}, expected=expected)


@requirement("IMAP-4978-3-c", SECURITY, "RFC 4978 3, 5", HARMLESS)
@needs("COMPRESS=DEFLATE", "?account")
@writes
@hostile
@pytest.mark.parametrize("garbage", list(GARBAGE))
def test_garbage_is_noticed(imap_compressed: Imap, garbage: str) -> None:
    """Octets that cannot be inflated end the session; the next one is served."""
    imap_compressed.alive()
    imap_compressed.wire.send(GARBAGE[garbage], imap_compressed.wire.now() + imap_compressed.target.patience)
    _ends_or_refuses(imap_compressed, "what is no deflate")


@requirement("IMAP-4978-3-c", SECURITY, "RFC 4978 3, 5", HARMLESS)
@needs("COMPRESS=DEFLATE", "?account")
@writes
@hostile
def test_bombs_unfold_harmlessly(imap_compressed: Imap) -> None:
    """A line of 4 MiB that travels in some KiB is refused, or ends the session; the next one is served."""
    imap_compressed.alive()
    imap_compressed.send_odd(b"a NOOP " + b"A" * BOMB + b"\r\n", "a")
    _ends_or_refuses(imap_compressed, "a line of 4 MiB that travels in some KiB")


NOT_CHECKED: list[tuple[str, str]] = []

"""Lengths and depths (RFC 2683 3.2.1.5, RFC 3501 9): long lines, deep nesting, and numbers beyond 32 bits."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pytest_netconform.codes import Code
from pytest_netconform.dialogues.imap import MESSAGES, Imap
from pytest_netconform.requirement import SECURITY, SHOULD, hostile, needs, requirement, writes
from pytest_netconform.verdict import NonConformity
from pytest_netconform.wire.imap import BAD, BYE, NO, OK, Answer
from pytest_netconform.wire.imap_commands import append

PATIENCE = 30.0  # seconds for what may take time

# -- long lines

LONG_LINES = [1000, 9000, 70000, 1100000]
# Dovecot 2.3 passes over what stands behind NOOP.
SURPLUS: dict[Code, str] = {OK: "what is too much is passed over"}


@requirement("IMAP-GEN-LEN-a", SECURITY, "RFC 3501 2.2, 7.1.3", "A line is answered once, however long it is.")
@needs("?account")
@hostile
@pytest.mark.parametrize("length", LONG_LINES)
@pytest.mark.parametrize("verb", ["NOOP", "SELECT"])
def test_tail_of_long_line_is_no_command(imap: Imap, verb: str, length: int) -> None:
    """Wherever a buffer might end, what follows of the line is not taken for a command; closing is as good."""
    imap.given("NOOP", "SELECT INBOX")
    line = f"a {verb} ".encode().ljust(512, b"A") + b"b NOOP ".ljust(512, b"A") * (length // 512)
    imap.send_odd(line[:length] + b"\r\n", "a")
    what = f"{verb} with {length} octets"
    try:
        answer = imap.retort(what, within=PATIENCE)
    except NonConformity:
        if not imap.over:
            raise
        imap.note("closed at a long line")
        return
    imap.weigh(answer, NO, BAD, BYE, noted=SURPLUS if verb == "NOOP" else None)
    if answer.code != BYE:
        imap.answered_once(what)


@requirement("IMAP-GEN-LEN-b", SHOULD, "RFC 2683 3.2.1.5, RFC 7162 4", "Lines of 8000 octets are served.")
@needs("?account")
@writes
def test_long_sets_are_served(imap_one: Imap) -> None:
    """UID FETCH of a set of 7900 octets is OK."""
    uids = ",".join(str(number) for number in range(1, 4000, 2))[:7900].rstrip(",")
    imap_one.given("UID FETCH 1 (FLAGS)")
    imap_one.exchange(f"UID FETCH {uids} (FLAGS)", OK)


# -- depth

DEEP: dict[str, bytes] = {
    "parentheses": b"SEARCH " + b"(" * 20000 + b"ALL" + b")" * 20000,
    "not": b"SEARCH " + b"NOT " * 12000 + b"ALL",
    "or": b"SEARCH " + b"OR ALL " * 8000 + b"ALL",
}


def _answered(imap: Imap, what: str) -> Answer | None:
    """Whatever is said to it, BYE too; a close without a word is what the death of a process looks like."""
    answer = imap.retort(what, within=PATIENCE)
    if answer.code == BYE:
        return None
    imap.alive()
    return answer


@requirement("IMAP-GEN-LEN-c", SECURITY, "RFC 3501 9, CVE-2020-12100", "Depth costs no server its life.")
@needs("?account")
@writes
@hostile
@pytest.mark.parametrize("what", list(DEEP))
def test_deep_searches(imap_one: Imap, what: str) -> None:
    """A search with thousands of keys inside each other is answered, one way or another."""
    imap_one.given("SEARCH (NOT (SEEN))")
    imap_one.send(b"a " + DEEP[what] + b"\r\n")
    _answered(imap_one, f"a search of {len(DEEP[what])} octets")


def _nested(depth: int) -> bytes:
    """A message with so many multiparts inside each other."""
    first = MESSAGES[0].partition(b"\r\n\r\n")[0] + b"\r\nMIME-Version: 1.0\r\n"
    opening = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level) for level in range(depth)
    )
    return first + opening + b"\r\nx\r\n" + b"".join(b"--b%d--\r\n" % level for level in reversed(range(depth)))


@requirement("IMAP-GEN-LEN-c", SECURITY, "RFC 3501 9, CVE-2020-12100", "Depth costs no server its life.")
@needs("?account")
@writes
@hostile
def test_deep_messages(imap_selected: Imap) -> None:
    """The structure of a message with 500 multiparts inside each other is told, or refused."""
    imap_selected.given(append(imap_selected.mailbox, MESSAGES[0]))
    answer = imap_selected.command(append(imap_selected.mailbox, _nested(500)))
    if answer.code != OK:
        imap_selected.not_applicable("the target takes no such message")
    imap_selected.select()
    for item in ("BODYSTRUCTURE", "BODY.PEEK[1.1.1.1.1.1.1.1.1.1]"):
        imap_selected.send(f"FETCH 2 {item}")
        if _answered(imap_selected, item) is None:
            return


# -- numbers


def _nothing(answer: Answer) -> bool:
    """No message is told of; what FETCH says unasked has no size."""
    return not any("RFC822.SIZE" in message.items for message in answer.fetched.values())


def _not_one(answer: Answer) -> bool:
    """All messages, where the end was taken for the last one; not the one that 1:1 would mean."""
    return [number for number, message in answer.fetched.items() if "RFC822.SIZE" in message.items] != [1]


def _empty(answer: Answer) -> bool:
    """No octets of a message."""
    return not any(
        value for message in answer.fetched.values() for name, value in message.items.items() if "BODY[" in name
    )


WRAPPING: dict[str, tuple[str, Callable[[Answer], bool]]] = {
    "2^32+1": ("FETCH 4294967297 RFC822.SIZE", _nothing),
    "1:2^64+1": ("FETCH 1:18446744073709551617 RFC822.SIZE", _not_one),
    "0": ("FETCH 0 RFC822.SIZE", _nothing),
    "uid-0": ("UID FETCH 0 RFC822.SIZE", _nothing),
    "uid-2^32": ("UID FETCH {wrapped} RFC822.SIZE", _nothing),
    "part": ("FETCH 1 BODY.PEEK[4294967297]", _empty),
    "origin": ("FETCH 1 BODY.PEEK[]<18446744073709551615.1>", _empty),
}


@requirement("IMAP-GEN-LEN-d", SECURITY, "RFC 3501 9, RFC 9051 9", "A number that is too large means nothing else.")
@needs("?account")
@writes
@pytest.mark.parametrize("number", list(WRAPPING))
def test_numbers_do_not_wrap(imap_two: Imap, number: str) -> None:
    """0 and what has more than 32 bits: a refusal, or an answer that tells of no message."""
    # field: Dovecot 2.3.19.1 takes 4294967297 for 1, as a message's number and as a part's
    imap_two.given("FETCH 1 (RFC822.SIZE BODY.PEEK[1])")
    said, harmless = WRAPPING[number]
    answer = imap_two.exchange(
        said.format(wrapped=(1 << 32) + imap_two.uids[0]), BAD, NO, noted={OK: "OK to a number that is too large"}
    )
    expected = f"nothing that a wrapped number would mean in answer to {said.format(wrapped='2^32+uid')}"
    imap_two.require(harmless(answer), expected, answer.raw)
    imap_two.alive()


NOT_CHECKED: list[tuple[str, str]] = []

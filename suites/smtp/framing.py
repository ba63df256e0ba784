"""Lines and connections (RFC 5321 2.3.8, 4.1.1, 4.5.3): what ends a command, how it travels, who waits how long."""

from __future__ import annotations

from random import Random

import pytest

from pytest_netconform.codes import Code
from pytest_netconform.dialogue import Say
from pytest_netconform.dialogues.smtp import MAIL, Smtp
from pytest_netconform.requirement import INTEROP, MUST, SHOULD, hostile, needs, requirement, slow, writes
from pytest_netconform.verdict import Inconclusive, NonConformity
from pytest_netconform.wire.cuts import Cut, at, octets, tokens, whole
from pytest_netconform.wire.smtp import stuffed

LINE_OCTETS = 512  # of a command with its CR LF (RFC 5321 4.5.3.1.4)
IDLE_SECONDS = 290.0  # a server waits at least five minutes (4.5.3.2.7)
IDLE_CAP = 1200.0
LONG_LINES = [600, 2100, 5000, 17000, 70000]

# Field note: Postfix 3.7, Exim, OpenSMTPD, Courier, mox, aiosmtpd 1.4 and nodemailer execute lines that end in LF.
BARE_LF_TAKEN = "a bare LF ends a command nearly everywhere; within data it must not"
CLOSED = "refused, and the connection closed with it"


def _answered_once(smtp: Smtp, what: str, *, or_close: bool = False) -> None:
    """Behind the answer that was just read comes that to QUIT, and nothing before it."""
    before = smtp.replies_until("QUIT", 221, or_close=or_close)
    if before:
        raise NonConformity(f"one reply to {what}", f"{1 + len(before)} replies", owed=True)


# -- the length of lines


@requirement(
    "SMTP-5321-4.5.3.1.4-a", MUST, "RFC 5321 4.5.3.1.4, 4.3.2", "A command line of 512 octets is not too long."
)
def test_longest_command_line(smtp: Smtp) -> None:
    """NOOP with a long argument is answered as with a short one."""
    short = smtp.exchange("NOOP x", 250, noted={"50z": "a server may want no argument here (RFC 5321 4.3.2)"})
    smtp.exchange(b"NOOP ".ljust(LINE_OCTETS - 2, b"x") + b"\r\n", short.code or 250)


@requirement("SMTP-5321-4.5.3.1.9-a", MUST, "RFC 5321 4.2, 4.5.3.1.4", "A line is answered once, however long it is.")
@hostile
@pytest.mark.parametrize("length", LONG_LINES)
def test_tail_of_long_line_is_no_command(smtp: Smtp, length: int) -> None:
    """Wherever a buffer might end, what follows of the line is not taken for a command (Exim at 16384 octets does)."""
    line = b"NOOP ".ljust(LINE_OCTETS, b"A") + b" NOOP ".ljust(LINE_OCTETS, b"A") * (length // LINE_OCTETS)
    refused: dict[Code, str] = {421: CLOSED, "5yz": "500 is the code for a line that is too long"}
    reply = smtp.exchange(line[:length] + b"\r\n", 250, 500, 501, noted=refused)
    _answered_once(smtp, f"a line of {length} octets", or_close=reply.code != 250)
    if smtp.over:
        smtp.note(CLOSED)


# -- how lines travel


def _scattered(seed: int) -> Cut:
    """Twenty cuts at places that look drawn by lot, and are the same in every run."""
    return at(*Random(seed).sample(range(1, 80), 20))


CUTS: dict[str, Cut] = {"octets": octets, "tokens": tokens} | {f"scattered-{n}": _scattered(n) for n in range(1, 5)}
MESSAGE = stuffed(b"Subject: cut\r\nFrom: s@client.example.org\r\n\r\nA line.\r\n.\r\n.. and dots.\r\n")


@requirement(
    "SMTP-GEN-SEG-a", MUST, "RFC 5321 2.3.8", "A line is what ends in CR LF, whatever the segments it came in."
)
@needs("?recipient")
@writes
@pytest.mark.parametrize("cut", list(CUTS))
def test_segments_mean_nothing(smtp_connection: Smtp, cut: str) -> None:
    """A whole session is answered with the same codes when its octets travel in pieces."""
    session: list[tuple[Say, Code]] = [
        (smtp_connection.ehlo, 250),
        ("NOOP", 250),
        (MAIL, 250),
        (smtp_connection.rcpt, "2yz"),
        ("DATA", 354),
        (MESSAGE, 250),
        ("QUIT", 221),
    ]
    uncut = smtp_connection.sibling()
    uncut.wire.cut, smtp_connection.wire.cut = whole, CUTS[cut]
    try:
        uncut.greet()
        codes = [uncut.exchange(command, code).code or code for command, code in session]
    except NonConformity as problem:
        raise Inconclusive(f"prerequisite not met, all in one piece: {problem}") from None
    smtp_connection.greet()
    for (command, _), code in zip(session, codes, strict=True):
        smtp_connection.exchange(command, code)


@requirement("SMTP-GEN-SEG-b", MUST, "RFC 5321 2.3.8", "CR alone ends nothing: the answer comes after the LF.")
def test_cr_and_lf_apart(smtp: Smtp) -> None:
    """Nothing is answered while the LF is missing, and one reply comes when it arrives."""
    smtp.send(b"NOOP\r")
    smtp.silent("while the LF of CR LF is missing")
    smtp.exchange(b"\n", 250)
    _answered_once(smtp, "NOOP, its CR and LF apart")


# -- what ends a line


@requirement("SMTP-GEN-FRM-a", MUST, "RFC 5321 2.3.8, 4.1.1.4", "A bare LF ends no command.")
def test_bare_lf_ends_no_command(smtp: Smtp) -> None:
    """NOOP with LF is not executed: nothing comes, or a refusal, or one reply once CR LF has come."""
    smtp.send(b"NOOP\n")
    early = smtp.heard()
    if early is not None:
        smtp.weigh(
            early,
            noted={"5yz": "the line is refused at once", 421: "the line is refused at once"},
            tolerated={"2yz": BARE_LF_TAKEN},
            expected="no positive answer to a line that ends in a bare LF",
        )
        return
    smtp.exchange(b"\r\n", 250, "5yz")
    _answered_once(smtp, "NOOP, LF, CR LF")


@requirement("SMTP-GEN-FRM-b", MUST, "RFC 5321 2.3.8", "A bare CR ends no command.")
def test_bare_cr_ends_no_command(smtp: Smtp) -> None:
    """Two NOOPs with CR between them are one line, and get one reply."""
    smtp.exchange(b"NOOP\rNOOP\r\n", 250, "5yz")
    _answered_once(smtp, "NOOP, CR, NOOP, CR LF")


@requirement("SMTP-GEN-FRM-c", SHOULD, "RFC 5321 4.1.1", "White space before CR LF is tolerated.")
@pytest.mark.parametrize(
    "command", [b"NOOP \r\n", b"RSET  \t\r\n", MAIL.encode() + b" \r\n"], ids=["noop", "rset", "mail"]
)
def test_trailing_white_space(smtp: Smtp, command: bytes) -> None:
    """Commands with blanks behind them are served as without."""
    smtp.given(command.rstrip() + b"\r\n", "RSET")
    smtp.exchange(command, 250)


@requirement("SMTP-GEN-FRM-d", INTEROP, "RFC 5321 4.1.1", "What a blank before a command does.")
def test_leading_space(smtp: Smtp) -> None:
    """Recorded: the code; one reply is owed, and Postfix closes on a first character that is no letter, if asked to."""
    smtp.send(b" NOOP\r\n")
    code = smtp.reply().code
    _answered_once(smtp, "NOOP with a blank before it", or_close=code != 250)
    smtp.observe(f"{code}, closed" if smtp.over else code)


@requirement("SMTP-GEN-FRM-e", INTEROP, "RFC 5321 4.1.1", "What an empty line does.")
def test_empty_line(smtp: Smtp) -> None:
    """Recorded: the code, or silence; the next command gets its own answer and no other."""
    smtp.send(b"\r\n")
    reply = smtp.heard()
    smtp.observe("silence" if reply is None else reply.code)
    smtp.exchange("NOOP", 250)
    _answered_once(smtp, "NOOP behind an empty line")


# -- connections


@requirement(
    "SMTP-GEN-CON-b", SHOULD, "RFC 5321 4.1.1.5, 4.1.1.10", "A client that breaks its connection hurts no other."
)
@needs("?recipient")
def test_served_after_reset(smtp_transaction: Smtp) -> None:
    """After a reset in the middle of a transaction the next connection is served up to the same state."""
    smtp_transaction.wire.reset()
    smtp_transaction.served_again("after another one was reset").alive()


@requirement("SMTP-GEN-CON-d", SHOULD, "RFC 5321 4.5.3.2.7, 3.8", "The server waits five minutes for a command.")
@slow
def test_waits_for_a_command(smtp: Smtp) -> None:
    """After 290 idle seconds nothing has come, and NOOP is answered."""
    # Field notes: nodemailer smtp-server 3.21 says 421 after 60 s; Postfix 3.7 waits 300 s, and 10 s under stress.
    early = smtp.heard(window=IDLE_SECONDS)
    expected = f"silence for {IDLE_SECONDS:g} s, then service"
    smtp.require(early is None, expected, early.raw if early else b"")
    smtp.require(not smtp.over, expected, "the connection was closed")
    smtp.exchange("NOOP", 250)
    _answered_once(smtp, "NOOP")


@requirement(
    "SMTP-GEN-CON-e", SHOULD, "RFC 5321 3.8, 4.2.3", "A server that has waited long enough says 421 and closes."
)
@slow
def test_says_why_it_closes(smtp: Smtp) -> None:
    """What is said at the end of patience is 421; a close without a word is allowed there."""
    reply = smtp.heard(window=IDLE_CAP)
    if reply is not None:
        smtp.require(reply.code == 421, "421 when the server has waited long enough", reply.raw)
        smtp.closes("behind 421")
    elif smtp.over:
        smtp.note("closed without a word: allowed at a timeout (RFC 5321 3.8)")
    else:
        smtp.not_applicable(f"the target waits for more than {IDLE_CAP:g} s")


NOT_CHECKED: list[tuple[str, str]] = []

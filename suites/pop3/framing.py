"""Lines and connections (RFC 1939 3, RFC 2449 4, 6.6): what ends a command, how it travels, who waits how long."""

from __future__ import annotations

from random import Random

import pytest

from pytest_netconform.dialogues.pop3 import Pop3
from pytest_netconform.requirement import (
    INTEROP,
    MUST,
    SECURITY,
    SHOULD,
    hostile,
    needs,
    requirement,
    serial,
    slow,
    writes,
)
from pytest_netconform.verdict import Inconclusive, NonConformity
from pytest_netconform.wire.cuts import Cut, at, octets, tokens
from pytest_netconform.wire.pop3 import ERR, OK, Reply

LONG_LINES = [500, 2000, 9000, 70000]
IDLE_SECONDS = 595.0  # an autologout timer is of ten minutes at least (RFC 1939 3)
IDLE_CAP = 3600.0


# -- the length of lines


@requirement("POP3-GEN-LEN-a", SECURITY, "RFC 1939 3, RFC 2449 4", "A line is answered once, however long it is.")
@hostile
@pytest.mark.parametrize("length", LONG_LINES)
def test_tail_of_long_line_is_no_command(pop3_greeted: Pop3, length: int) -> None:
    """Wherever a buffer might end, what follows of the line is not taken for a command; closing is as good."""
    pop3_greeted.sibling().alive()
    line = b"USER ".ljust(512, b"A") + b"QUIT ".ljust(512, b"A") * (length // 512)
    pop3_greeted.send_odd(line[:length] + b"\r\n", "USER")
    try:
        pop3_greeted.expect(OK, ERR, to=f"a line of {length} octets")
    except NonConformity:
        if not pop3_greeted.over:
            raise
        pop3_greeted.note("closed at a long line")
        return
    try:
        more = pop3_greeted.until_the_end()
    except NonConformity:
        if not pop3_greeted.over:
            raise
        pop3_greeted.note("refused, and the connection closed with it")
        return
    if more:
        raise NonConformity(f"one reply to a line of {length} octets", f"{1 + len(more)} replies", owed=True)


# -- what ends a line


@requirement("POP3-GEN-FRM-a", INTEROP, "RFC 1939 3", "What a command does that ends in a bare LF.")
def test_bare_lf(pop3_greeted: Pop3) -> None:
    """Recorded: executed, refused, or waited on until CR LF comes."""
    # Field note: Dovecot, Cyrus and Courier execute such lines.
    pop3_greeted.send_odd(b"CAPA\n", "CAPA")
    early = pop3_greeted.heard()
    if early is None:
        pop3_greeted.send_odd(b"\r\n", "CAPA")
        pop3_greeted.observe(f"waits for CR LF, then {pop3_greeted.reply().code}")
    else:
        pop3_greeted.observe(f"{early.code} at once")


@requirement("POP3-GEN-FRM-b", MUST, "RFC 1939 3", "A bare CR ends no command.")
@needs("?account")
@serial
def test_bare_cr_ends_no_command(pop3: Pop3) -> None:
    """Two NOOPs with CR between them are one line, and get one reply."""
    pop3.given("NOOP")
    reply = pop3.exchange(b"NOOP\rNOOP\r\n", OK, ERR)
    if b"\r" in reply.raw[:-2]:  # Dovecot 2.3.19: "-ERR Unknown command: NOOP\rNOOP"
        pop3.note("the bare CR comes back in the reply")
    pop3.answered_once("NOOP, CR, NOOP, CR LF")


@requirement("POP3-GEN-FRM-c", SECURITY, "RFC 1939 3", "A name or a password is not cut short at NUL.")
@needs("?account")
@serial
@pytest.mark.parametrize("where", ["user", "pass"])
def test_nul_cuts_nothing_short(pop3_private: Pop3, where: str) -> None:
    """The account with NUL and more behind its name, or behind its password, is not let in."""
    # Field note: Dovecot 2.3.19.1 logs in as the account both times.
    pop3_private.entitled("NOOP")
    user, password = pop3_private.account
    name, proof = (f"{user}\0zzz", password) if where == "user" else (user, f"{password}\0zzz")
    reply = pop3_private.name_and_password(name, proof)
    pop3_private.weigh(reply, ERR, expected=f"-ERR to a {'name' if where == 'user' else 'password'} with NUL in it")
    pop3_private.alive()


@requirement("POP3-GEN-FRM-c", SECURITY, "RFC 1939 3", "A name or a password is not cut short at NUL.")
def test_octets_beyond_ascii_in_a_name(pop3_greeted: Pop3) -> None:
    """A name that is neither ASCII nor UTF-8 is answered once, and the session goes on."""
    pop3_greeted.exchange(b"USER \xff\xfe\r\n", OK, ERR)
    pop3_greeted.alive()
    pop3_greeted.answered_once("a name beyond ASCII")


@requirement("POP3-GEN-FRM-d", INTEROP, "RFC 1939 3", "What an empty line does.")
def test_empty_line(pop3_greeted: Pop3) -> None:
    """Recorded: refused, or passed over; the next command gets its own answer and no other."""
    pop3_greeted.send_odd(b"\r\n", "")
    reply = pop3_greeted.heard()
    pop3_greeted.observe("silence" if reply is None else reply.code)
    pop3_greeted.framer.awaits()
    pop3_greeted.exchange("CAPA", OK, ERR)
    pop3_greeted.answered_once("CAPA behind an empty line")


# -- how lines travel


def _scattered(seed: int) -> Cut:
    """Cuts at places that look drawn by lot, and are the same in every run."""
    return at(*Random(seed).sample(range(1, 30), 6))


CUTS: dict[str, Cut] = {"octets": octets, "tokens": tokens} | {f"scattered-{n}": _scattered(n) for n in range(1, 5)}
SESSION = ("STAT", "LIST", "RETR 1")


def _said(pop3: Pop3) -> list[Reply]:
    pop3.weigh(pop3.attempt(), OK, expected="+OK in answer to the login")
    said = [pop3.exchange(command, OK) for command in SESSION]
    pop3.exchange("QUIT", OK)
    pop3.wire.close()
    return said


@requirement("POP3-GEN-SEG-a", MUST, "RFC 1939 3", "A line is what ends in CR LF, whatever the segments it came in.")
@needs("?account")
@serial
@pytest.mark.parametrize("cut", list(CUTS))
def test_segments_mean_nothing(pop3_private: Pop3, cut: str) -> None:
    """A whole session is answered with the same octets when its own travel in pieces."""
    try:
        whole = _said(pop3_private.visitor())
    except NonConformity as problem:
        raise Inconclusive(f"prerequisite not met, all in one piece: {problem}") from None
    pop3_private.wire.cut = CUTS[cut]
    for command, before, after in zip(SESSION, whole, _said(pop3_private), strict=True):
        pop3_private.require(
            (before.code, before.body) == (after.code, after.body), f"the same answer to {command}", after.raw[:120]
        )


@requirement("POP3-GEN-SEG-b", MUST, "RFC 1939 3", "CR alone ends nothing: the answer comes after the LF.")
@needs("?account")
@serial
def test_cr_and_lf_apart(pop3: Pop3) -> None:
    """Nothing is answered while the LF is missing, and one reply comes when it arrives."""
    pop3.given("NOOP")
    pop3.send(b"NOOP\r")
    pop3.silent("while the LF of CR LF is missing")
    pop3.exchange(b"\n", OK)
    pop3.answered_once("NOOP, its CR and LF apart")


# -- several commands at once


@requirement("POP3-2449-6.6-a", MUST, "RFC 2449 6.6", "Commands in one write are answered in order, each once.")
@needs("PIPELINING", "?account")
@serial
def test_pipelined_commands(pop3: Pop3) -> None:
    """A batch with a message in the middle gets the answers that its commands get one by one."""
    number = pop3.filled()[0].number
    commands = ["STAT", f"LIST {number}", "NOOP", f"RETR {number}", "NOOP", "LIST"]
    alone = [pop3.exchange(command, OK) for command in commands]
    pop3.send(*commands)
    for command, before in zip(commands, alone, strict=True):
        reply = pop3.expect(OK, to=f"{command}, in one write with others")
        same = (reply.text, reply.body) == (before.text, before.body)
        pop3.require(same, f"the answer to {command} in its place", reply.raw[:120])
    pop3.answered_once("each command of a batch")


@requirement("POP3-2449-6.6-b", INTEROP, "RFC 2449 6.6", "What two commands in one write do where it is not offered.")
@needs("-PIPELINING", "?account")
@serial
def test_unoffered_pipelining(pop3: Pop3) -> None:
    """Recorded: how many of two NOOPs are answered."""
    pop3.send("NOOP", "NOOP")
    first, second = pop3.reply(), pop3.heard()
    pop3.observe(f"{first.code}, then {second.code if second else 'nothing'}")


@requirement("POP3-2449-6.6-c", INTEROP, "RFC 2449 6.6", "Whether a login and a command travel in one write.")
@needs("PIPELINING", "?account")
@serial
def test_pipelined_login(pop3_private: Pop3) -> None:
    """Recorded: USER, PASS and STAT in one write."""
    pop3_private.entitled("STAT")
    user, password = pop3_private.account
    pop3_private.send(f"USER {user}", f"PASS {password}", "STAT")
    heard = [pop3_private.login_reply() for _ in range(3)]
    if heard[1].temporary:
        raise Inconclusive("the maildrop is in use")
    pop3_private.observe(", ".join(str(reply.code) for reply in heard))


# -- connections


@requirement("POP3-GEN-CON-d", MUST, "RFC 1939 3", "The server waits ten minutes for a command behind the login.")
@needs("?account")
@slow
@serial
def test_waits_for_a_command(pop3: Pop3) -> None:
    """After 595 idle seconds nothing has come, and NOOP is answered."""
    early = pop3.heard(window=IDLE_SECONDS)
    expected = f"silence for {IDLE_SECONDS:g} s, then service"
    pop3.require(early is None, expected, early.raw if early else b"")
    pop3.require(not pop3.over, expected, "the connection was closed")
    pop3.exchange("NOOP", OK)
    pop3.answered_once("NOOP")


@requirement("POP3-GEN-CON-e", SHOULD, "RFC 1939 3", "Who waited too long is closed on without a word, and no UPDATE.")
@needs("?account")
@slow
@writes
@serial
def test_autologout_removes_nothing(pop3: Pop3) -> None:
    """A message marked before the timer ran out is still there at the next login."""
    listings = pop3.filled()
    pop3.given(f"DELE {listings[-1].number}")
    reply = pop3.heard(window=IDLE_CAP)
    if reply is not None:  # Dovecot: "-ERR Disconnected for inactivity."
        pop3.note(f"{reply.code} before the close; RFC 1939 3 wants no response")
        pop3.closes("behind the last word")
    elif not pop3.over:
        pop3.given("RSET")
        pop3.not_applicable(f"the target waits for more than {IDLE_CAP:g} s")
    count, _ = pop3.another().stat()
    pop3.require(count == len(listings), f"{len(listings)} messages as before", str(count))


@requirement("POP3-GEN-CON-h", INTEROP, "RFC 1939 3, 5", "What a client gets that ends its half of the connection.")
@needs("?account")
@serial
def test_half_close(pop3: Pop3) -> None:
    """Recorded: whether the message and the answer to QUIT still come."""
    number = pop3.filled()[0].number
    pop3.send(f"RETR {number}", "QUIT")
    pop3.wire.shutdown()
    heard = 0
    for _ in range(2):
        try:
            pop3.expect(OK)
        except NonConformity:
            break
        heard += 1
    pop3.observe("the message and the answer to QUIT" if heard == 2 else f"the close behind {heard} of 2 replies")


NOT_CHECKED: list[tuple[str, str]] = []

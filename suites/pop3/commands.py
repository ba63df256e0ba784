"""Commands (RFC 1939 3): keywords in any case, and what is unknown, out of place or malformed is refused."""

from __future__ import annotations

import pytest

from pytest_netconform.dialogues.pop3 import Pop3
from pytest_netconform.requirement import INTEROP, MUST, needs, requirement, serial
from pytest_netconform.wire.pop3 import ERR, OK


@requirement("POP3-1939-3-c", MUST, "RFC 1939 3", "Keywords mean the same in upper, lower or mixed case.")
@needs("?account")
@serial
def test_keywords_in_any_case(pop3: Pop3) -> None:
    """NOOP and STAT, accepted in upper case, are accepted however they are written."""
    pop3.given("NOOP", "STAT")
    for command in ("noop", "nOoP", "stat"):
        pop3.exchange(command, OK)


@requirement("POP3-1939-3-d", MUST, "RFC 1939 3", "A keyword that nobody knows is answered -ERR, and no more.")
def test_unknown_keyword_before_login(pop3_greeted: Pop3) -> None:
    """A stranger's unknown word is refused, while QUIT is not, and the session goes on."""
    pop3_greeted.refuses("XYZZY", ERR, twin=["QUIT"])


@requirement("POP3-1939-3-d", MUST, "RFC 1939 3", "A keyword that nobody knows is answered -ERR, and no more.")
@needs("?account")
@serial
def test_unknown_keyword_in_session(pop3: Pop3) -> None:
    """The same behind a login."""
    pop3.refuses("XYZZY", ERR, twin=["NOOP"], reset="STAT")
    pop3.exchange("NOOP", OK)


# command pairs that want a login, and what of them is harmless enough to show that an owner is served
PRIVATE: dict[str, tuple[tuple[str, str], tuple[str, ...]]] = {
    "stat-list": (("STAT", "LIST"), ("STAT", "LIST")),
    "retr-dele": (("RETR 1", "DELE 1"), ("RETR 1",)),
    "noop-rset": (("NOOP", "RSET"), ("NOOP", "RSET")),
    "uidl-top": (("UIDL", "TOP 1 0"), ("NOOP",)),
}


@requirement("POP3-1939-3-e", MUST, "RFC 1939 3", "A command that wants a login is answered -ERR before it.")
@needs("?account")
@serial
@pytest.mark.parametrize("pair", list(PRIVATE))
def test_strangers_have_no_maildrop(pop3_greeted: Pop3, pair: str) -> None:
    """What the owner is served, a stranger is refused; two at a time, for Dovecot closes after three bad commands."""
    commands, harmless = PRIVATE[pair]
    pop3_greeted.entitled(*harmless)
    for command in commands:
        pop3_greeted.exchange(command, ERR)
    pop3_greeted.alive()


@requirement("POP3-1939-3-f", MUST, "RFC 1939 3, RFC 2595 4", "Commands of the login are answered -ERR behind it.")
@needs("?account")
@serial
@pytest.mark.parametrize("command", ["USER x", "PASS x", "APOP x 0", "STLS"], ids=["user", "pass", "apop", "stls"])
def test_no_second_login(pop3: Pop3, command: str) -> None:
    """Who is logged in cannot log in again, nor begin TLS, and the session goes on."""
    pop3.refuses(command, ERR, twin=["NOOP"], reset="STAT")
    pop3.exchange("NOOP", OK)


MALFORMED = {
    "retr-none": "RETR",
    "retr-word": "RETR abc",
    "retr-zero": "RETR 0",
    "retr-negative": "RETR -1",
    "retr-huge": "RETR 99999999999999999999",
    "retr-wraps-32": "RETR 4294967297",
    "retr-wraps-64": "RETR 18446744073709551617",
    "retr-tail": "RETR 1x",
    "dele-none": "DELE",
    "list-word": "LIST x",
    "top-one": "TOP 1",
    "top-negative": "TOP 1 -1",
    "top-word": "TOP 1 x",
}


@requirement("POP3-1939-3-g", MUST, "RFC 1939 3, 5", "A command that is malformed is answered -ERR.")
@needs("?account")
@serial
@pytest.mark.parametrize("stimulus", list(MALFORMED))
def test_malformed_arguments(pop3: Pop3, stimulus: str) -> None:
    """What is no number of a message is refused, and no number wraps around to that of message 1."""
    # Field note: Courier reads `1x` as 1.
    pop3.filled()
    command = MALFORMED[stimulus]
    if command.startswith("TOP") and pop3.offer and "TOP" not in pop3.offer:
        pop3.not_applicable("the target does not list TOP")
    pop3.refuses(command, ERR, twin=["LIST 1"], reset="NOOP")


ODD_SPACES = {
    "two-spaces": b"RETR  1\r\n",
    "trailing": b"RETR 1 \r\n",
    "leading": b" NOOP\r\n",
    "noop-trailing": b"NOOP \r\n",
    "list-trailing": b"LIST \r\n",
}


@requirement("POP3-1939-3-h", INTEROP, "RFC 1939 3", "What spaces do that stand where none belong.")
@needs("?account")
@serial
@pytest.mark.parametrize("spaces", list(ODD_SPACES))
def test_odd_spaces(pop3: Pop3, spaces: str) -> None:
    """Recorded: taken or refused; one reply is owed."""
    # Field note: Dovecot 2.3 answers a blank behind the number with -ERR "Noise after message number".
    pop3.filled()
    reply = pop3.exchange(ODD_SPACES[spaces], OK, ERR)
    pop3.answered_once("a command with odd spaces")
    pop3.observe(reply.code)


@requirement(
    "POP3-1939-3-i", MUST, "RFC 1939 3, RFC 2449 4", "Arguments of 40 octets are served, lines of 255 behind CAPA."
)
@pytest.mark.parametrize("length", [40, 248])
def test_long_arguments(pop3_greeted: Pop3, length: int) -> None:
    """A long name is answered as any name is, and the session goes on."""
    if length > 40 and not pop3_greeted.capabilities():
        pop3_greeted.not_applicable("the target has no CAPA, which asks for lines of 255 octets")
    pop3_greeted.exchange("USER " + "a" * length, OK, ERR)
    pop3_greeted.alive()
    pop3_greeted.answered_once("a long name")


NOT_CHECKED: list[tuple[str, str]] = []

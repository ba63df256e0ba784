"""Capabilities (RFC 2449 5, 6) and UTF8 (RFC 6856 2): what is listed is there, before the login and behind it."""

from __future__ import annotations

import re

import pytest

from pytest_netconform.dialogues.pop3 import Pop3
from pytest_netconform.requirement import MAY, MUST, needs, requirement, serial
from pytest_netconform.wire.pop3 import ERR, OK, Reply

# capa-resp = capa-tag *(SP param) CRLF; capa-tag = 1*cchar; cchar = %x21-2D / %x2F-7F   (RFC 2449 3)
CAPABILITY = re.compile(rb"[!-\-/-\x7f]+(?: [!-\x7f]+)*")
LINE_OCTETS = 512
# Dovecot 2.3 lists neither behind the login.
LOGIN_ONLY = {"SASL", "USER"}
DROPPED = "Dovecot lists USER and SASL before the login only; RFC 2449 5 and RFC 5034 3 want them in both states"


def _listed(pop3: Pop3) -> None:
    reply = pop3.exchange("CAPA", OK, ERR)
    if reply.code == ERR:
        pop3.not_applicable("the target does not know CAPA")
    for line in reply.lines:
        sound = CAPABILITY.fullmatch(line) and len(line) + 2 <= LINE_OCTETS
        pop3.require(sound, "a tag, and parameters behind single spaces, on every line", line)
    pop3.answered_once("CAPA")


@requirement("POP3-2449-5-a", MUST, "RFC 2449 3, 5", "CAPA lists one capability a line, and ends with a dot.")
def test_capabilities_before_login(pop3_greeted: Pop3) -> None:
    """Each line of the list follows the grammar."""
    _listed(pop3_greeted)


@requirement("POP3-2449-5-a", MUST, "RFC 2449 3, 5", "CAPA lists one capability a line, and ends with a dot.")
@needs("?account")
@serial
def test_capabilities_in_session(pop3: Pop3) -> None:
    """The same behind a login."""
    _listed(pop3)


@requirement("POP3-2449-5-c", MUST, "RFC 2449 5, RFC 5034 3", "What is listed before the login is listed behind it.")
@needs("CAPA", "?account")
@serial
def test_capabilities_outlive_the_login(pop3_private: Pop3) -> None:
    """No tag is lost by logging in but STLS, and SASL keeps its mechanisms."""
    before = pop3_private.offer
    pop3_private.log_in()
    after = pop3_private.capabilities()
    pop3_private.require(after, "a list of capabilities behind the login too", "-ERR")
    lost = before.keys() - after.keys() - {"STLS"}
    expected = "every capability of before"
    pop3_private.require(lost <= LOGIN_ONLY, expected, f"without {', '.join(sorted(lost))}")
    if lost:
        pop3_private.tolerate(expected, f"without {', '.join(sorted(lost))}".encode(), DROPPED)
    if "SASL" in before and "SASL" in after:
        pop3_private.require(
            set(before["SASL"]) <= set(after["SASL"]), "SASL with the mechanisms of before", " ".join(after["SASL"])
        )


def _known(pop3: Pop3, command: str, reply: Reply) -> None:
    """The refusal of a listed command is not that of an unknown one; policy has other words."""
    if reply.code != ERR:
        return
    verb = command.split()[0].encode()
    pop3.send("XYZZY")
    unknown = pop3.reply()
    same = reply.text.upper().replace(verb, b"?") == unknown.text.upper().replace(b"XYZZY", b"?")
    pop3.require(not same, f"{command}, which is listed, to be known", reply.raw)
    pop3.note(f"{command} is listed, and refused: {reply.text.decode('ascii', 'backslashreplace')}")


@requirement("POP3-2449-5-b", MUST, "RFC 2449 5, 6", "What is listed is there.")
@needs("CAPA", "?account")
@serial
@pytest.mark.parametrize("tag", ["TOP", "UIDL"])
def test_listed_commands_in_session(pop3: Pop3, tag: str) -> None:
    """A listed command of the session is served."""
    if tag not in pop3.offer:
        pop3.not_applicable(f"the target does not list {tag}")
    command = f"TOP {pop3.filled()[0].number} 0" if tag == "TOP" else tag
    pop3.given("NOOP")
    _known(pop3, command, pop3.exchange(command, OK, ERR))


@requirement("POP3-2449-5-b", MUST, "RFC 2449 5, 6", "What is listed is there.")
@needs("CAPA")
@serial
@pytest.mark.parametrize("tag", ["USER", "STLS", "SASL"])
def test_listed_commands_before_login(pop3_greeted: Pop3, tag: str) -> None:
    """A listed command of the login is known, and a listed mechanism can be asked for."""
    offer = pop3_greeted.capabilities()
    if tag not in offer:
        pop3_greeted.not_applicable(f"the target does not list {tag}")
    mechanisms = offer.get("SASL") or ("PLAIN",)
    command = {"USER": "USER netconform-nobody", "STLS": "STLS", "SASL": f"AUTH {mechanisms[0]}"}[tag]
    reply = pop3_greeted.exchange(command, OK, "+", ERR)
    _known(pop3_greeted, command, reply)


# -- UTF8


@requirement("POP3-6856-2-a", MUST, "RFC 6856 2.1", "UTF8 is issued before the login; behind it, it is refused.")
@needs("UTF8")
def test_utf8_before_login(pop3_greeted: Pop3) -> None:
    """A listed UTF8 is accepted (a server may refuse it), and the session goes on."""
    pop3_greeted.exchange("UTF8", OK, noted={ERR: "listed, and refused"})
    pop3_greeted.alive()


@requirement("POP3-6856-2-a", MUST, "RFC 6856 2.1", "UTF8 is issued before the login; behind it, it is refused.")
@needs("UTF8", "?account")
@serial
def test_no_utf8_in_session(pop3: Pop3) -> None:
    """UTF8 behind a login is refused, and the session goes on."""
    pop3.refuses("UTF8", ERR, twin=["NOOP"], reset="STAT")


@requirement("POP3-6856-2-b", MAY, "RFC 6856 2.1", "What STLS is answered behind UTF8.")
@needs("UTF8", "STLS", "CLEAR")
def test_stls_behind_utf8(pop3_greeted: Pop3) -> None:
    """Recorded: a client must not do that, and a server may refuse."""
    pop3_greeted.exchange("UTF8", OK, ERR)
    pop3_greeted.send("STLS")
    pop3_greeted.observe(pop3_greeted.reply().code)


NOT_CHECKED: list[tuple[str, str]] = []

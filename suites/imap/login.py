"""LOGIN and AUTHENTICATE (RFC 3501 6.2.2, 6.2.3; RFC 9051 6.2.2, 6.2.3, 11.7; RFC 4959): who is let in, and how.

Passwords are shown inside TLS where the target can do that. What fails on purpose fails for a user that nobody is.
"""

from __future__ import annotations

import re

import pytest

from pytest_netconform.codes import Code
from pytest_netconform.dialogues.imap import Imap
from pytest_netconform.requirement import MUST, SECURITY, SHOULD, hostile, needs, requirement
from pytest_netconform.verdict import NonConformity
from pytest_netconform.wire.imap import BAD, BYE, GO_AHEAD, NO, OK, Answer
from pytest_netconform.wire.imap_commands import Command, Literal, command, quoted

OURS = ("PLAIN", "LOGIN", "CRAM-MD5")  # mechanisms whose exchange we can begin
WRONG, NOBODY = "wrong-on-purpose", "netconform-nobody"

# -- LOGIN


@requirement("IMAP-9051-6.2.3-a", MUST, "RFC 3501 6.2.3, 7.2.1; RFC 9051 6.2.3", "LOGINDISABLED means what it says.")
@needs("CLEAR", "?account")
def test_login_that_is_disabled(imap_greeted: Imap) -> None:
    """Where LOGINDISABLED is listed the right LOGIN is refused, and nobody is logged in."""
    if "LOGINDISABLED" not in imap_greeted.capabilities:
        imap_greeted.not_applicable("LOGINDISABLED is not listed")  # Dovecot: loopback counts as secure
    if not imap_greeted.target.spec.at_home:
        imap_greeted.not_applicable("the password is shown in clear on this machine only")
    imap_greeted.entitled("NOOP")
    imap_greeted.exchange(imap_greeted.login_command(), NO, BAD)
    imap_greeted.exchange('LIST "" ""', NO, BAD)
    imap_greeted.alive()


_ATOM = re.compile(r"[A-Za-z0-9._/:;=@-]+")  # of the octets that are atoms, those that names are made of


def _forms(imap: Imap, form: str) -> Command:
    both = imap.account
    for text in both:
        imap.visit.transcript.hide(quoted(text)[1:-1])
    if form == "atoms" and not all(_ATOM.fullmatch(text) for text in both):
        imap.not_applicable("the name or the password is no atom")
    if form == "atoms":
        return command("LOGIN", *both)
    return command("LOGIN", *(quoted(text) if form == "quoted" else Literal(text.encode()) for text in both))


@requirement("IMAP-9051-6.2.3-b", MUST, "RFC 3501 6.2.3, 9; RFC 9051 6.2.3, 9", "LOGIN takes every form of strings.")
@needs("?account")
@pytest.mark.parametrize("form", ["atoms", "quoted", "literals"])
def test_forms_of_login(imap_private: Imap, form: str) -> None:
    """Name and password as atoms, in quotes with their escapes, or as literals."""
    imap_private.serves_login()
    if form == "literals":
        imap_private.entitled("NOOP")
    else:
        other = imap_private.visitor()
        other.prerequisite(lambda: other.exchange(_forms(other, "literals"), OK))
    imap_private.send(_forms(imap_private, form))
    imap_private.weigh(imap_private.login_reply(), OK, expected=f"OK in answer to LOGIN with {form}")


def _bare(answer: Answer) -> str:
    """What a refusal says, without the words that differ from time to time: those with digits in them."""
    words = [word for word in answer.text.decode("latin-1").split() if not re.search("[0-9]", word)]
    return " ".join([answer.code or "", answer.says, *words])


@requirement("IMAP-9051-11.7-a", SHOULD, "RFC 3501 11.2, RFC 9051 11.7", "A refusal does not tell who is a user.")
@needs("?account")
def test_refusals_are_alike(imap_private: Imap) -> None:
    """A wrong password and an unknown name are refused in the same words."""
    imap_private.entitled("NOOP")
    if imap_private.authenticated:
        imap_private.not_applicable("the target greets with PREAUTH: nobody logs in")
    other = imap_private.visitor()
    wrong = imap_private.attempt(imap_private.account[0], WRONG)
    imap_private.weigh(wrong, NO, expected="NO in answer to a login with a wrong password")
    unknown = other.attempt(NOBODY, WRONG)
    other.weigh(unknown, NO, expected="NO in answer to a login of nobody")
    received = f"{_bare(wrong)}; {_bare(unknown)}"
    imap_private.require(_bare(wrong) == _bare(unknown), "the same words for a wrong password and for nobody", received)


# -- AUTHENTICATE


def _plain(imap: Imap) -> None:
    if imap.authenticated or "AUTH=PLAIN" not in imap.capabilities:
        imap.not_applicable("the target does not offer AUTH=PLAIN here")


def _begin(imap: Imap) -> None:
    """Prerequisite: an exchange of PLAIN has begun."""
    _plain(imap)
    _invited(imap, "PLAIN")


def _invited(imap: Imap, mechanism: str) -> None:
    """Prerequisite: a challenge. Dovecot keeps us waiting here, too, once we were refused."""
    imap.send(f"AUTHENTICATE {mechanism}")
    expected = f"+ in answer to AUTHENTICATE {mechanism}"
    imap.prerequisite(lambda: imap.weigh(imap.login_reply(), GO_AHEAD, expected=expected))


PLAIN = "AUTHENTICATE PLAIN lets in, behind an empty challenge or at once."


@requirement("IMAP-9051-6.2.2-a", MUST, "RFC 3501 6.2.2, RFC 9051 6.2.2, RFC 4959 3", PLAIN)
@needs("?account")
def test_plain_behind_a_challenge(imap_private: Imap) -> None:
    """The challenge is empty, and the right response lets in."""
    _plain(imap_private)
    imap_private.entitled("NOOP")
    answer = imap_private.exchange("AUTHENTICATE PLAIN", GO_AHEAD)
    imap_private.require(answer.raw.rstrip() == b"+", "an empty challenge of PLAIN", answer.raw)
    imap_private.send_odd(imap_private.credentials() + b"\r\n")
    imap_private.weigh(imap_private.login_reply(), OK, expected="OK in answer to the right response")


@requirement("IMAP-9051-6.2.2-a", MUST, "RFC 3501 6.2.2, RFC 9051 6.2.2, RFC 4959 3", PLAIN)
@needs("SASL-IR", "?account")
def test_plain_in_one_line(imap_private: Imap) -> None:
    """The initial response lets in, without a challenge between."""
    _plain(imap_private)
    imap_private.entitled("NOOP")
    imap_private.send(command("AUTHENTICATE", "PLAIN", imap_private.credentials()))
    imap_private.weigh(imap_private.login_reply(), OK, expected="OK in answer to the right initial response")


@requirement("IMAP-9051-6.2.2-a", MUST, "RFC 3501 6.2.2, RFC 9051 6.2.2, RFC 4959 3", PLAIN)
@needs("SASL-IR", "?account")
def test_empty_initial_response(imap_private: Imap) -> None:
    """`=` is an initial response of no octets, which is none of PLAIN: it is refused, not asked for again."""
    _plain(imap_private)
    imap_private.entitled("NOOP")
    imap_private.send("AUTHENTICATE PLAIN =")
    tolerated: dict[Code, str] = {GO_AHEAD: "`=` is taken for no initial response"}
    answer = imap_private.login_reply()
    imap_private.weigh(answer, NO, BAD, tolerated=tolerated, expected="NO or BAD in answer to AUTHENTICATE PLAIN =")
    if answer.code == GO_AHEAD:
        imap_private.send_odd(b"*\r\n")
        imap_private.login_reply()
    imap_private.alive()


# RFC 9051 6.2.2: a server that gets `*`, or what is no base64, rejects the command with a tagged BAD
ENDS = {"cancelled": b"*", "stray": b"####", "padding-first": b"=AAA"}
AS_NO: dict[Code, str] = {NO: "NO in place of BAD"}


@requirement("IMAP-9051-6.2.2-b", MUST, "RFC 3501 6.2.2, RFC 9051 6.2.2", "`*`, and what is no base64, ends in BAD.")
@pytest.mark.parametrize("end", list(ENDS))
def test_exchange_that_ends(imap_private: Imap, end: str) -> None:
    """An asterisk, or a response that cannot be decoded, ends the exchange, and the session goes on."""
    _begin(imap_private)
    # field: Dovecot 2.3 says NO to ####
    imap_private.send_odd(ENDS[end] + b"\r\n")
    expected = f"BAD in answer to {ENDS[end].decode()}"
    imap_private.weigh(imap_private.login_reply(), BAD, tolerated=AS_NO, expected=expected)
    imap_private.alive()


@requirement("IMAP-9051-6.2.2-c", SHOULD, "RFC 3501 6.2.2, RFC 9051 6.2.2", "A mechanism that is not there: NO.")
def test_unknown_mechanism(imap_private: Imap) -> None:
    """A mechanism that nobody has is refused, while one on offer begins its exchange."""
    if imap_private.authenticated:
        imap_private.not_applicable("the target greets with PREAUTH: nobody logs in")
    known = [name for name in OURS if f"AUTH={name}" in imap_private.capabilities]
    other = imap_private.sibling()
    if known:
        _invited(other, known[0])
    imap_private.send("AUTHENTICATE XBOGUS")
    imap_private.weigh(imap_private.login_reply(), NO, expected="NO in answer to AUTHENTICATE XBOGUS")
    imap_private.alive()


LONG = 70000


@requirement("IMAP-9051-6.2.2-d", SECURITY, "RFC 3501 6.2.2, RFC 9051 6.2.2", "A long response is one response.")
@hostile
def test_long_response(imap_private: Imap) -> None:
    """Of a response of 70000 octets nothing is taken for a command; closing is as good."""
    _begin(imap_private)
    imap_private.send_odd(b"A" * LONG + b"\r\n")
    what = f"a response of {LONG} octets"
    try:
        answer = imap_private.retort(what, within=30)
    except NonConformity:
        if not imap_private.over:
            raise
        imap_private.note("closed at a long response")
        return
    imap_private.weigh(answer, NO, BAD, BYE, expected=f"NO, BAD or BYE in answer to {what}")
    if answer.code != BYE:
        imap_private.answered_once(what)


NOT_CHECKED: list[tuple[str, str]] = []

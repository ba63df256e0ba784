"""AUTH (RFC 5034): the exchange, what ends it, and what a failure leaves behind.

Passwords are shown inside TLS where the target can do that. What fails on purpose fails for a user that nobody is.
"""

from __future__ import annotations

import pytest

from pytest_netconform.dialogues.pop3 import Pop3
from pytest_netconform.requirement import MUST, needs, requirement, serial
from pytest_netconform.wire.pop3 import ERR, OK
from pytest_netconform.wire.sasl import encoded, plain_message

OURS = ("PLAIN", "LOGIN", "CRAM-MD5")  # mechanisms whose exchange we can begin
WRONG, NOBODY = "wrong-on-purpose", "netconform-nobody"
LONG_RESPONSE = encoded(plain_message("u" * 4500, "p" * 4499)) + b"\r\n"  # 12004 octets; RFC 5034 4 names 12288


def _plain(pop3: Pop3) -> None:
    if "PLAIN" not in pop3.mechanisms:
        pop3.not_applicable("the target does not offer PLAIN here")


def _begun_by(pop3: Pop3) -> str:
    """A command that begins an exchange of a mechanism on offer."""
    known = [mechanism for mechanism in OURS if mechanism in pop3.mechanisms]
    if not known:
        pop3.not_applicable(f"the target offers none of {', '.join(OURS)} here")
    return f"AUTH {known[0]}"


@requirement("POP3-5034-4-a", MUST, "RFC 5034 4, 8", "AUTH PLAIN lets in, with an initial response or a challenge.")
@needs("SASL", "?account")
@serial
def test_plain_in_one_line(pop3_private: Pop3) -> None:
    """The account is let in by the initial response, without a challenge between."""
    _plain(pop3_private)
    pop3_private.entitled("NOOP")
    pop3_private.send(b"AUTH PLAIN " + pop3_private.credentials() + b"\r\n")
    pop3_private.weigh(pop3_private.login_reply(), OK, expected="+OK in answer to AUTH PLAIN with the right response")
    pop3_private.exchange("NOOP", OK)


@requirement("POP3-5034-4-a", MUST, "RFC 5034 4, 8", "AUTH PLAIN lets in, with an initial response or a challenge.")
@needs("SASL", "?account")
@serial
def test_empty_challenge(pop3_private: Pop3) -> None:
    """The empty challenge is a plus sign, one space and CR LF; the response behind it lets in."""
    _plain(pop3_private)
    pop3_private.entitled("NOOP")
    reply = pop3_private.exchange("AUTH PLAIN", "+")
    pop3_private.require(reply.raw == b"+ \r\n", "a plus sign, one space and CR LF", reply.raw)
    pop3_private.send(pop3_private.credentials() + b"\r\n")
    pop3_private.weigh(pop3_private.login_reply(), OK, expected="+OK in answer to the right response")


@requirement("POP3-5034-4-b", MUST, "RFC 5034 4", "A client that cancels an exchange with * is answered -ERR.")
@needs("SASL")
@serial
def test_exchange_is_cancelled(pop3_private: Pop3) -> None:
    """An asterisk in place of a response ends the exchange, and the session goes on."""
    pop3_private.given(_begun_by(pop3_private))
    pop3_private.exchange("*", ERR)
    pop3_private.alive()


UNDECODABLE = {"stray": "####", "padding-first": "=AAA"}


@requirement("POP3-5034-4-c", MUST, "RFC 5034 4, RFC 4648 3", "A response that is not base64 is answered -ERR.")
@needs("SASL")
@serial
@pytest.mark.parametrize("response", list(UNDECODABLE))
def test_undecodable_response(pop3_private: Pop3, response: str) -> None:
    """What cannot be decoded ends the exchange with a refusal."""
    pop3_private.given(_begun_by(pop3_private))
    pop3_private.exchange(UNDECODABLE[response], ERR, within=30)
    pop3_private.alive()


@requirement("POP3-5034-4-c", MUST, "RFC 5034 4, RFC 4648 3", "A response that is not base64 is answered -ERR.")
@needs("SASL", "?account")
@serial
def test_undecodable_credentials(pop3_private: Pop3) -> None:
    """The right response with a stray character in it is not base64, and lets nobody in."""
    _plain(pop3_private)
    pop3_private.entitled("NOOP")
    right = pop3_private.credentials()
    stray = right[:4] + b"#" + right[4:]
    pop3_private.visit.transcript.hide(stray)
    pop3_private.given("AUTH PLAIN")
    pop3_private.send(stray + b"\r\n")
    pop3_private.weigh(pop3_private.login_reply(), ERR, expected="-ERR in answer to what is not base64")
    pop3_private.alive()


@requirement("POP3-5034-4-d", MUST, "RFC 5034 4", "AUTH is refused for an unknown mechanism, and behind a login.")
@needs("SASL")
@serial
def test_unknown_mechanism(pop3_private: Pop3) -> None:
    """A mechanism that nobody has is refused, while one on offer begins its exchange."""
    pop3_private.given(_begun_by(pop3_private))
    pop3_private.exchange("*", ERR)
    pop3_private.exchange("AUTH XBOGUS", ERR, within=30)
    pop3_private.alive()


@requirement("POP3-5034-4-d", MUST, "RFC 5034 4", "AUTH is refused for an unknown mechanism, and behind a login.")
@needs("SASL", "?account")
@serial
def test_one_login_a_session(pop3: Pop3) -> None:
    """The right AUTH is refused behind a login, and the session goes on."""
    pop3.given("NOOP")
    pop3.exchange(b"AUTH PLAIN " + pop3.credentials() + b"\r\n", ERR)
    pop3.exchange("NOOP", OK)


@requirement("POP3-5034-4-e", MUST, "RFC 5034 4", "A failed AUTH leaves the session as if it had not been issued.")
@needs("SASL", "?account")
@serial
def test_login_behind_a_failed_one(pop3_private: Pop3) -> None:
    """After AUTH PLAIN for a user that nobody is, the account is let in as ever."""
    _plain(pop3_private)
    pop3_private.entitled("NOOP")
    pop3_private.send(b"AUTH PLAIN " + pop3_private.credentials(NOBODY, WRONG) + b"\r\n")
    pop3_private.weigh(pop3_private.login_reply(), ERR, expected="-ERR in answer to a failed AUTH")
    pop3_private.exchange("STAT", ERR)
    user, password = pop3_private.account
    reply = pop3_private.name_and_password(user, password)
    pop3_private.weigh(reply, OK, expected="+OK in answer to the right login behind a failed one")


@requirement("POP3-5034-4-e", MUST, "RFC 5034 4", "A failed AUTH leaves the session as if it had not been issued.")
@needs("SASL")
@serial
def test_long_response(pop3_private: Pop3) -> None:
    """A response of 12000 octets is refused once: the rest of it is not taken for commands."""
    _plain(pop3_private)
    pop3_private.given("AUTH PLAIN")
    pop3_private.send_odd(LONG_RESPONSE, "AUTH PLAIN =")
    reply = pop3_private.login_reply()
    pop3_private.weigh(reply, ERR, expected="-ERR in answer to a response of 12000 octets")
    pop3_private.answered_once("one long response")


NOT_CHECKED: list[tuple[str, str]] = []

"""Authentication (RFC 4954): the exchange, what ends it, and what a login changes.

Credentials are shown inside TLS where the target can do that. A run gives the account's name with a wrong password
twice, not oftener: once each in `test_wrong_logins_look_alike` and `test_failed_login_gives_nothing`. Servers make
those wait who fail, and all who come from the same place, until one succeeds: checks that fail run alone and end with
a login.
"""

from __future__ import annotations

import contextlib
import re

import pytest

from pytest_netconform.codes import Code
from pytest_netconform.dialogues.smtp import LOGIN_SECONDS, MAIL, Smtp
from pytest_netconform.requirement import MUST, SECURITY, SHOULD, needs, requirement, serial, writes
from pytest_netconform.verdict import Inconclusive
from pytest_netconform.wire.sasl import MECHANISM_NAME, encoded, plain_message
from pytest_netconform.wire.smtp import Reply

OURS = ("PLAIN", "LOGIN", "CRAM-MD5")  # mechanisms whose exchange we can begin
PASSWORDS = {"PLAIN", "LOGIN"}  # mechanisms that show the password to whoever listens
WRONG = "wrong-on-purpose"  # a password
NOBODY = "netconform-nobody"  # a user

# RFC 4648 3.2, 3.3: padding where it belongs, and no stray characters
UNDECODABLE = {"stray": "####", "padding-first": "=AAA", "padding-inside": "AAA=BBB", "no-padding": "AGEAYg"}
# Dovecot's SASL (under Postfix 3.7) and nodemailer's smtp-server 3.21 take what is no base64 for a failed login.
AS_FAILED: dict[Code, str] = {535: "what cannot be decoded is called a failed login"}
# RFC 4954 4 says MUST; Dovecot's SASL (under Postfix 3.7) answers 535, Exim 553 "Initial data not expected".
UNEXPECTED: dict[Code, str] = {
    535: "an unexpected initial response is called a failed login",
    553: "Exim's code for initial data",
}

# 12288 octets are enough for deployed mechanisms (RFC 4954 4); base64 comes in fours, and the line has an end.
LONG_RESPONSE = encoded(plain_message("u" * 4606, "p" * 4605)) + b"\r\n"


def _offered(smtp: Smtp, mechanism: str) -> None:
    if mechanism not in smtp.mechanisms:
        smtp.not_applicable(f"the target does not offer {mechanism} here")


def _begun_by(smtp: Smtp) -> str:
    """A command that begins an exchange of a mechanism on offer."""
    known = [mechanism for mechanism in OURS if mechanism in smtp.mechanisms]
    if not known:
        smtp.not_applicable(f"the target offers none of {', '.join(OURS)} here")
    return f"AUTH {known[0]}"


def _recovers(smtp: Smtp) -> None:
    """The session goes on after a failed exchange; a login that succeeds then ends the waiting that it brought."""
    smtp.alive()
    with contextlib.suppress(Inconclusive):
        if all(smtp.target.account):
            smtp.authenticate()


@requirement("SMTP-4954-4-a", MUST, "RFC 4954 3, RFC 4422 3.1", "AUTH is listed with the names of SASL mechanisms.")
@needs("AUTH")
def test_auth_names_its_mechanisms(smtp: Smtp) -> None:
    """Wherever AUTH is listed, in clear or in TLS, at least one name follows: capitals, digits, hyphen, underscore."""
    offers = [smtp.offer]
    if not smtp.wire.secure and "STARTTLS" in smtp.offer:
        offers.append(smtp.secure())
    listed = [offer.keywords["AUTH"] for offer in offers if "AUTH" in offer]
    if not listed:
        raise Inconclusive("AUTH is not listed any more")
    for names in listed:
        smtp.require(names, "a mechanism behind AUTH", "AUTH alone")
        for name in names:
            smtp.require(MECHANISM_NAME.fullmatch(name), "names of SASL mechanisms behind AUTH", name)


@requirement("SMTP-4954-4-b", MUST, "RFC 4954 4", "AUTH PLAIN with an initial response that is right is answered 235.")
@needs("AUTH", "?account")
def test_plain_in_one_line(smtp_private: Smtp) -> None:
    """The account is let in without a challenge between."""
    _offered(smtp_private, "PLAIN")
    smtp_private.send(b"AUTH PLAIN " + smtp_private.credentials() + b"\r\n")
    reply = smtp_private.verdict_on_account()
    needs_tls = "the mechanism is listed in clear and wants TLS, which is not offered"
    noted: dict[Code, str] = {} if smtp_private.wire.secure else {538: needs_tls, 504: needs_tls}
    smtp_private.weigh(reply, 235, noted=noted)
    smtp_private.alive()


@requirement("SMTP-4954-4-c", MUST, "RFC 4954 4", "After a successful AUTH a further one is answered 503.")
@needs("AUTH", "?account")
def test_one_login_a_session(smtp_account: Smtp) -> None:
    """The same valid AUTH is refused the second time, and the session goes on."""
    smtp_account.exchange(_login(smtp_account), 503)
    smtp_account.alive()


def _login(smtp: Smtp) -> bytes:
    """AUTH with the account's proof, as far as one line holds it."""
    proof = b" " + smtp.credentials() if "PLAIN" in smtp.mechanisms else b""
    return _begun_by(smtp).encode() + proof + b"\r\n"


@requirement("SMTP-4954-4-d", MUST, "RFC 4954 4", "AUTH within a mail transaction is answered 503.")
@needs("AUTH", "?account", "?recipient")
def test_no_login_in_a_transaction(smtp_private: Smtp) -> None:
    """A valid AUTH between MAIL and RCPT is refused, and the transaction goes on."""
    # aiosmtpd 1.4.6 and nodemailer's smtp-server 3.21 answer 235.
    entitled = smtp_private.sibling()
    entitled.authenticate()
    entitled.begin()
    smtp_private.send(MAIL)
    reply = smtp_private.reply()
    if reply.code in (530, 550, 554):
        smtp_private.not_applicable(f"MAIL is refused before a login ({reply.code})")
    smtp_private.weigh(reply, 250)
    smtp_private.exchange(_login(smtp_private), 503)
    smtp_private.exchange(smtp_private.rcpt, "2yz")


@requirement("SMTP-4954-4-e", MUST, "RFC 4954 4, 8", "AUTH PLAIN alone is answered 334, one space, and nothing else.")
@needs("AUTH", "?account")
def test_empty_challenge(smtp_private: Smtp) -> None:
    """The challenge of a mechanism in which the client speaks first is empty; the response then lets it in."""
    _offered(smtp_private, "PLAIN")
    reply = smtp_private.exchange("AUTH PLAIN", 334)
    smtp_private.require(reply.raw == b"334 \r\n", "334, one space and CR LF", reply.raw)
    smtp_private.send(smtp_private.credentials() + b"\r\n")
    smtp_private.weigh(smtp_private.verdict_on_account(), 235)


@requirement("SMTP-4954-4-f", MUST, "RFC 4954 4", "A client that cancels an exchange with * is answered 501.")
@needs("AUTH")
def test_exchange_is_cancelled(smtp_private: Smtp) -> None:
    """An asterisk in place of a response ends the exchange, and the session goes on."""
    smtp_private.given(_begun_by(smtp_private))
    smtp_private.exchange("*", 501)
    smtp_private.alive()


@requirement("SMTP-4954-4-g", MUST, "RFC 4954 4, RFC 4648 3", "A response that is not base64 is answered 501.")
@needs("AUTH")
@serial
@pytest.mark.parametrize("response", list(UNDECODABLE.values()), ids=list(UNDECODABLE))
def test_response_is_no_base64(smtp_private: Smtp, response: str) -> None:
    """What cannot be decoded ends the exchange, and the session goes on."""
    _offered(smtp_private, "PLAIN")
    smtp_private.given("AUTH PLAIN")
    smtp_private.exchange(response, 501, tolerated=AS_FAILED, within=LOGIN_SECONDS)
    _recovers(smtp_private)


@requirement(
    "SMTP-4954-4-h", SHOULD, "RFC 4954 4, 6", "A failed login is answered 535, whether it is user or password."
)
@needs("AUTH", "?account")
@serial
def test_wrong_logins_look_alike(smtp_private: Smtp) -> None:
    """A wrong password and an unknown user get the same words, and the session stays open."""
    _offered(smtp_private, "PLAIN")
    smtp_private.sibling().authenticate()
    user = smtp_private.target.account[0]
    unknown = NOBODY + user[len(user.partition("@")[0]) :]
    words = []
    for name in (user, unknown):
        reply = _refused_login(smtp_private, name)
        smtp_private.alive()
        words.append(_without_ids(reply, name))
    _recovers(smtp_private)
    same = "the same words for a wrong password and for an unknown user"
    smtp_private.require(words[0] == words[1], same, f"{' '.join(words[0])}; {' '.join(words[1])}")


def _refused_login(smtp: Smtp, user: str) -> Reply:
    smtp.send(b"AUTH PLAIN " + smtp.credentials(user, WRONG) + b"\r\n")
    reply = smtp.reply(within=LOGIN_SECONDS)
    smtp.weigh(reply, 535, expected="535 in answer to a failed login")
    return reply


def _without_ids(reply: Reply, user: str) -> list[str]:
    """The words of a reply; those with digits are session ids and dates, but for the codes in front."""
    code, *words = f"{reply.code} {reply.text.replace(user, 'USER')}".split()
    return [code, *(word for word in words if word[1:2] == "." or not re.search("[0-9]", word))]


@requirement("SMTP-4954-4-i", MUST, "RFC 4954 4", "AUTH with a mechanism that is not supported is answered 504.")
@needs("AUTH")
@serial
def test_unknown_mechanism(smtp_private: Smtp) -> None:
    """A mechanism that nobody has is refused, while one on offer begins its exchange."""
    # Postfix 3.7 with Dovecot's SASL answers 535.
    noted: dict[Code, str] = {"5yz": "504 is the code for a mechanism that is not supported"}
    smtp_private.refuses("AUTH XBOGUS", 504, noted=noted, twin=[_begun_by(smtp_private)])
    _recovers(smtp_private)


@requirement("SMTP-4954-4-j", MUST, "RFC 4954 4", "A response of 12288 octets is one response, refused or not.")
@needs("AUTH")
@serial
def test_long_response(smtp_private: Smtp) -> None:
    """A response of nearly 12288 octets is answered once: the rest of it is not taken for commands."""
    _offered(smtp_private, "PLAIN")
    smtp_private.given("AUTH PLAIN")
    smtp_private.send(LONG_RESPONSE)
    noted: dict[Code, str] = {
        "5yz": "500 is the code for a response beyond the buffer, 535 for one that is read and wrong"
    }
    smtp_private.expect(535, 500, noted=noted, to="a response of nearly 12288 octets", within=LOGIN_SECONDS)
    more = smtp_private.replies_until("QUIT", 221)
    smtp_private.require(not more, "one reply to one long response", f"{1 + len(more)} replies")
    _recovers(smtp_private.sibling())


@requirement("SMTP-4954-4-k", MUST, "RFC 4954 4", "Where the server speaks first, an initial response is answered 501.")
@needs("AUTH")
@serial
def test_no_initial_response_for_cram_md5(smtp_private: Smtp) -> None:
    """AUTH CRAM-MD5 with an initial response is refused; without one it begins."""
    _offered(smtp_private, "CRAM-MD5")
    smtp_private.refuses("AUTH CRAM-MD5 AAAA", 501, tolerated=UNEXPECTED, twin=["AUTH CRAM-MD5"])
    _recovers(smtp_private)


@requirement("SMTP-4954-4-l", SECURITY, "RFC 4954 4, 14", "Mechanisms that show the password are not offered in clear.")
@needs("AUTH", "CLEAR")
def test_passwords_are_not_asked_for_in_clear(smtp: Smtp) -> None:
    """To a stranger neither PLAIN nor LOGIN is offered before TLS; from loopback it is only recorded."""
    if not {"AUTH", "STARTTLS"} & set(smtp.offer.keywords):
        raise Inconclusive("neither AUTH nor STARTTLS is listed any more")
    shown = sorted(PASSWORDS & set(smtp.mechanisms))
    if smtp.target.stranger:
        smtp.require(not shown, "neither PLAIN nor LOGIN without TLS", " ".join(shown))
    else:
        smtp.observe(f"{' and '.join(shown) or 'no mechanism that shows the password'} offered to loopback in clear")


@requirement("SMTP-4954-4-m", SECURITY, "RFC 4954 14; CVE-2011-1720", "A failed login leaves nothing behind.")
@needs("AUTH", "?account")
@serial
def test_failed_login_gives_nothing(smtp_private: Smtp) -> None:
    """After a wrong password, RSET and EHLO the client is a stranger: no relay, and the right password lets it in."""
    _offered(smtp_private, "PLAIN")
    smtp_private.sibling().authenticate()
    foreign = smtp_private.target.options.get("foreign")
    strict = bool(foreign) and not _relays(smtp_private.sibling(), foreign)
    _refused_login(smtp_private, smtp_private.target.account[0])
    smtp_private.given("RSET", smtp_private.ehlo)
    if strict:
        relayed = _relays(smtp_private, foreign)
        smtp_private.require(
            not relayed, "no relay, as before the failed login", f"250 in answer to RCPT TO:<{foreign}>"
        )
        smtp_private.given("RSET")
    smtp_private.send(_login(smtp_private))
    smtp_private.weigh(smtp_private.verdict_on_account(), 235, expected="235 in answer to the right password")


def _relays(smtp: Smtp, foreign: str | None) -> bool:
    """Whether a recipient elsewhere is accepted; MAIL may be refused already."""
    for command in (MAIL, f"RCPT TO:<{foreign}>"):
        smtp.send(command)
        reply = smtp.reply()
        if (reply.code or 0) // 100 == 5:
            return False
        smtp.weigh(reply, "2yz")
    return True


@requirement("SMTP-4954-4-m", SECURITY, "RFC 4954 14; CVE-2011-1720", "A failed login leaves nothing behind.")
@needs("AUTH", "?account")
def test_login_outlives_reset(smtp_account: Smtp) -> None:
    """The neighbour: a login that succeeded is still there after RSET, so that another is out of order."""
    smtp_account.given("RSET")
    smtp_account.exchange(_login(smtp_account), 503)


@requirement("SMTP-4954-5-a", MUST, "RFC 4954 5", "Who lists AUTH takes AUTH= behind MAIL, also before any login.")
@needs("AUTH")
@pytest.mark.parametrize("value", ["<>", "e+3Dmc2@client.example.org"], ids=["unknown", "mailbox"])
def test_auth_parameter_of_mail(smtp_private: Smtp, value: str) -> None:
    """MAIL names who submitted the message first, or that nobody knows."""
    if "AUTH" not in smtp_private.offer:
        smtp_private.not_applicable("the target does not claim AUTH here")
    _may_send(smtp_private)
    # aiosmtpd 1.4.6 answers 555.
    smtp_private.exchange(f"{MAIL} AUTH={value}", 250)


def _may_send(smtp: Smtp) -> None:
    """The plain MAIL is accepted, after a login where a submission service wants one."""
    if smtp.target.options.get("submission") == "1":
        smtp.authenticate()
    smtp.given(MAIL, "RSET")


# parameter: the extension, and what follows MAIL and RCPT; {} is a marker that would begin a line.
LINE_BREAKS = {
    "auth": ("AUTH", " AUTH=a+0A{}@client.example.org", ""),
    "envid": ("DSN", " ENVID=x+0D+0A{}", ""),
    "orcpt": ("DSN", "", " ORCPT=rfc822;u+0A+0D{}@client.example.org"),
}


@requirement("SMTP-4954-5-b", SECURITY, "RFC 4954 5, RFC 3461 4", "An encoded line break in a parameter stays encoded.")
@needs("AUTH", "?recipient", "?readback")
@writes
@pytest.mark.parametrize("parameter", list(LINE_BREAKS))
def test_xtext_line_breaks_stay_encoded(smtp_private: Smtp, parameter: str) -> None:
    """A parameter with a line break as xtext is refused, or never decoded into a header or a reply."""
    extension, behind_mail, behind_rcpt = LINE_BREAKS[parameter]
    if extension not in smtp_private.offer:
        smtp_private.not_applicable(f"the target does not claim {extension}")
    _may_send(smtp_private)
    marker = smtp_private.marker()
    for command in (MAIL + behind_mail.format(marker), smtp_private.rcpt + behind_rcpt.format(marker)):
        reply = smtp_private.exchange(command, "2yz", "5yz")
        _unbroken(smtp_private, reply.raw, marker)
        if (reply.code or 0) // 100 == 5:
            smtp_private.alive()
            return
    smtp_private.given("DATA")
    smtp_private.exchange(f"Subject: line breaks {marker}\r\n\r\nNothing.\r\n.", 250)
    for message in smtp_private.stored(marker):
        _unbroken(smtp_private, message, marker)


def _unbroken(smtp: Smtp, octets: bytes, marker: str) -> None:
    found = re.search(rb"[^\r\n]*[\r\n]+" + marker.encode() + rb"[^\r\n]*", octets)
    smtp.require(found is None, "no line break out of a parameter", found[0] if found else b"")


NOT_CHECKED: list[tuple[str, str]] = []

"""Message submission (RFC 6409): who may send, what must be qualified, and what a submission server may not offer.

Everything here needs `?submission=1`: on a relay the same behaviour is right.
"""

from __future__ import annotations

import re

import pytest

from pytest_netconform.codes import Code
from pytest_netconform.dialogues.smtp import Smtp
from pytest_netconform.requirement import MAY, MUST, needs, requirement, writes
from pytest_netconform.verdict import Inconclusive

SINGLE = "squeaky"  # a domain of one label
# RFC 6409 7; ATRN has a port of its own (RFC 2645 4)
FORBIDDEN = ("ETRN", "ATRN")
WANTED = ("PIPELINING", "ENHANCEDSTATUSCODES", "8BITMIME", "DSN")
NOT_WANTED = "RFC 6409 7 says SHOULD"
LOGIN_FIRST: dict[Code, str] = {"5yz": "530 is the code for a login that is missing"}
UNQUALIFIED: dict[Code, str] = {"5yz": "554 is the code for a domain that is not fully qualified"}


def _address(smtp: Smtp) -> str:
    """An address that the account may be expected to send from."""
    user = smtp.target.account[0]
    return user if "@" in user else f"{user}@{smtp.domain}"


@requirement("SMTP-6409-4.3-a", MUST, "RFC 6409 4.3", "Without authorization nothing is submitted for elsewhere.")
@needs("?submission", "?account", "?foreign")
def test_submission_wants_a_login(smtp_private: Smtp) -> None:
    """MAIL, or RCPT for elsewhere, is refused before a login and accepted after one."""
    foreign = f"RCPT TO:<{smtp_private.target.option('foreign')}>"
    entitled = smtp_private.sibling()
    entitled.authenticate()
    entitled.given(f"MAIL FROM:<{_address(smtp_private)}>", foreign)
    reply = smtp_private.exchange(f"MAIL FROM:<{_address(smtp_private)}>", 530, 250, noted=LOGIN_FIRST)
    if reply.code == 250:
        smtp_private.send(foreign)
        reply = smtp_private.reply()
        if (reply.code or 0) // 100 == 2 and not smtp_private.target.stranger:
            raise Inconclusive("accepted without a login; this network may be authorized (say ?vantage=outside if not)")
        smtp_private.weigh(reply, 530, 550, 553, 554, noted=LOGIN_FIRST)
    smtp_private.alive()


@requirement("SMTP-6409-3.2-a", MUST, "RFC 6409 3.2", "A null return path is no reason to refuse a message.")
@needs("?submission", "?account", "?recipient")
def test_null_sender_is_taken(smtp_account: Smtp) -> None:
    """MAIL FROM:<> begins a transaction in which a recipient is accepted, as with a sender of one's own."""
    smtp_account.given(f"MAIL FROM:<{_address(smtp_account)}>", smtp_account.rcpt, "RSET")
    smtp_account.exchange("MAIL FROM:<>", 250)
    smtp_account.exchange(smtp_account.rcpt, "2yz")


@requirement("SMTP-6409-4.2-a", MUST, "RFC 6409 4.2", "All domains of the envelope are fully qualified.")
@needs("?submission", "?account", "?recipient", "?readback")
@writes
def test_sender_is_qualified(smtp_account: Smtp) -> None:
    """A sender's domain of one label is refused, or completed before the message goes on (seen in Return-Path)."""
    smtp_account.given(f"MAIL FROM:<{_address(smtp_account)}>", smtp_account.rcpt, "RSET")
    local = _address(smtp_account).partition("@")[0]
    for command in (f"MAIL FROM:<{local}@{SINGLE}>", smtp_account.rcpt):
        reply = smtp_account.exchange(command, 554, "2yz", noted=UNQUALIFIED)
        if (reply.code or 0) // 100 == 5:
            smtp_account.alive()
            return
    marker = smtp_account.marker()
    smtp_account.given("DATA")
    reply = smtp_account.exchange(f"Subject: {marker}\r\n\r\nNothing.\r\n.", 250, 554, noted=UNQUALIFIED)
    if reply.code != 250:
        return
    (message,) = smtp_account.stored(marker)[:1]
    path = re.search(rb"(?im)^Return-Path:[ \t]*([^\r\n]*)", message)
    if path is None:
        raise Inconclusive("the stored message has no Return-Path to see the sender in")
    # Postfix 3.7 hands <alice@squeaky> on as it came, unless reject_non_fqdn_sender or append_dot_mydomain is set.
    qualified = re.search(rb"@[^@>]*\.", path[1]) is not None
    smtp_account.require(qualified, "a sender with a fully qualified domain, or a refusal", path[0])


@requirement("SMTP-6409-4.2-a", MUST, "RFC 6409 4.2", "All domains of the envelope are fully qualified.")
@needs("?submission", "?account")
@pytest.mark.parametrize("recipient", [f"x@{SINGLE}", "x"], ids=["one-label", "no-domain"])
def test_recipient_is_qualified(smtp_account: Smtp, recipient: str) -> None:
    """A recipient without a whole domain is refused; or it is accepted, and where it goes cannot be seen from here."""
    smtp_account.given(f"MAIL FROM:<{_address(smtp_account)}>")
    reply = smtp_account.exchange(f"RCPT TO:<{recipient}>", 554, "2yz", noted=UNQUALIFIED)
    if (reply.code or 0) // 100 == 2:
        # Postfix 3.7 accepts both: it completes the second (append_at_myorigin), and the first only when told to.
        smtp_account.observe(f"{recipient} is accepted ({reply.code})")
    smtp_account.alive()


@requirement("SMTP-6409-7-a", MUST, "RFC 6409 7", "A submission server has AUTH, and neither ETRN nor ATRN nor 521.")
@needs("?submission")
def test_auth_is_offered(smtp_private: Smtp) -> None:
    """AUTH is in the EHLO reply, inside TLS if there is TLS."""
    smtp_private.require("AUTH" in smtp_private.offer, "AUTH among the extensions", _listed(smtp_private))


def _listed(smtp: Smtp) -> str:
    return " ".join(smtp.offer.keywords) or "none"


@requirement("SMTP-6409-7-a", MUST, "RFC 6409 7", "A submission server has AUTH, and neither ETRN nor ATRN nor 521.")
@needs("?submission")
@pytest.mark.parametrize("where", ["first", "private"])
def test_turning_is_not_offered(smtp: Smtp, where: str) -> None:
    """The EHLO reply, in clear and inside TLS, is without ETRN and ATRN."""
    if where == "private":
        if smtp.wire.secure or "STARTTLS" not in smtp.offer:
            smtp.not_applicable("the target says EHLO once: there is no STARTTLS")
        smtp.secure()
    # Postfix 3.7 lists ETRN on every port unless smtpd_discard_ehlo_keywords says otherwise.
    found = [keyword for keyword in FORBIDDEN if keyword in smtp.offer]
    smtp.require(smtp.offer.keywords, "a list of extensions", "none")
    smtp.require(not found, "neither ETRN nor ATRN", " ".join(found))


@requirement("SMTP-6409-7-a", MUST, "RFC 6409 7", "A submission server has AUTH, and neither ETRN nor ATRN nor 521.")
@needs("?submission")
def test_wanted_extensions(smtp_private: Smtp) -> None:
    """PIPELINING, ENHANCEDSTATUSCODES, 8BITMIME and DSN should be there."""
    smtp_private.require(smtp_private.offer.keywords, "a list of extensions", "none")
    for keyword in WANTED:
        if keyword not in smtp_private.offer:
            smtp_private.tolerate(f"{keyword} among the extensions", _listed(smtp_private).encode(), NOT_WANTED)


@requirement("SMTP-6409-7-a", MUST, "RFC 6409 7", "A submission server has AUTH, and neither ETRN nor ATRN nor 521.")
@needs("?submission")
def test_no_521(smtp: Smtp) -> None:
    """Neither an unknown word nor a recipient out of order is refused with 521 (RFC 1846), while NOOP is accepted."""
    smtp.given("NOOP")
    for command in ("XYZZY", "RCPT TO:<postmaster>"):
        reply = smtp.exchange(command, "5yz")
        smtp.require(reply.code != 521, f"any refusal but 521 in answer to {command}", reply.raw)


@requirement("SMTP-6409-6.1-a", MAY, "RFC 6409 6.1", "Whether a client may send in another's name.")
@needs("?submission", "?account", "?recipient")
def test_sender_of_another(smtp_account: Smtp) -> None:
    """Recorded: the answer to MAIL with an address of the domain that is not the account's own, or to RCPT then."""
    smtp_account.given(f"MAIL FROM:<{_address(smtp_account)}>", smtp_account.rcpt, "RSET")
    answers = []
    for command in (f"MAIL FROM:<netconform-other@{smtp_account.domain}>", smtp_account.rcpt):
        smtp_account.send(command)
        reply = smtp_account.reply()
        answers.append(f"{command[:4]} {reply.code}")
        if (reply.code or 0) // 100 != 2:
            break
    smtp_account.observe(f"a sender who is somebody else: {', '.join(answers)}")


@requirement("SMTP-6409-8-a", MAY, "RFC 6409 8.2, 8.3", "Whether Date and Message-ID are added where they are missing.")
@needs("?submission", "?account", "?recipient", "?readback")
@writes
def test_missing_fields(smtp_account: Smtp) -> None:
    """Recorded: how many fields of each name the stored message has; there is never to be more than one."""
    marker = smtp_account.marker()
    sender = _address(smtp_account)
    content = f"From: <{sender}>\r\nSubject: {marker}\r\n\r\nNothing.\r\n".encode()
    smtp_account.deliver(content, mail=f"MAIL FROM:<{sender}>")
    header = smtp_account.stored(marker)[0].partition(b"\r\n\r\n")[0]
    counts = {
        name: len(re.findall(rb"(?im)^" + name.encode() + rb"[ \t]*:", header)) for name in ("Date", "Message-ID")
    }
    smtp_account.observe(", ".join(f"{count} {name}" for name, count in counts.items()))


NOT_CHECKED: list[tuple[str, str]] = []

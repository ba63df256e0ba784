"""STARTTLS and TLS from the start (RFC 3207, RFC 8314): what was said in clear is forgotten, and nothing slips in."""

from __future__ import annotations

import pytest

from pytest_netconform.codes import Code
from pytest_netconform.dialogues.smtp import MAIL, Smtp
from pytest_netconform.requirement import INTEROP, MUST, SECURITY, SHOULD, needs, requirement
from pytest_netconform.verdict import Inconclusive, NonConformity
from pytest_netconform.wire.smtp import Reply, enhanced_code

VERSIONS = ("TLSv1.2", "TLSv1.3")  # RFC 8996 2: older ones must not be negotiated
# A ClientHello has no such beginning; whoever reads on in clear finds the command behind it.
GARBAGE = {"command": b"NOOP\r\n", "zeros": bytes(100) + b"\r\nNOOP\r\n"}
EVIL = b"EHLO evil.example\r\n" + MAIL.encode() + b"\r\n"
NO_SENDER: dict[Code, str] = {"5yz": "503 is the code for a command out of order"}


@requirement("SMTP-3207-4-a", MUST, "RFC 3207 4, RFC 8996 2", "STARTTLS is answered 220, and TLS 1.2 or newer follows.")
@needs("STARTTLS", "CLEAR")
def test_starttls_leads_to_tls(smtp: Smtp) -> None:
    """After 220 the handshake succeeds, and EHLO is answered inside, with no second greeting before."""
    smtp.exchange("STARTTLS", 220)
    smtp.start_tls()
    smtp.require(smtp.wire.tls_version() in VERSIONS, "TLS 1.2 or newer", smtp.wire.tls_version())
    smtp.exchange(smtp.ehlo, 250)


@requirement("SMTP-3207-4-b", MUST, "RFC 3207 4", "STARTTLS takes no parameters: with one it is answered 501.")
@needs("STARTTLS", "CLEAR")
def test_starttls_takes_no_parameters(smtp: Smtp) -> None:
    """A word behind STARTTLS is refused, and the session goes on in clear."""
    noted: dict[Code, str] = {"5yz": "501 is the code for parameters that are not allowed"}
    smtp.refuses("STARTTLS now", 501, noted=noted, twin=["STARTTLS"])


def _inside_with(smtp: Smtp, octets: bytes) -> bool:
    """Whether TLS stands after octets that came in one write with STARTTLS; every way of not getting there is safe.

    The handshake is the marker for words in clear: whatever comes behind 220 must be part of it.
    """
    smtp.sibling().given("STARTTLS")
    smtp.send(b"STARTTLS\r\n" + octets)
    try:
        reply = smtp.reply()
    except NonConformity:
        if not smtp.over:
            raise
        smtp.note("closed when octets came behind STARTTLS")
        return False
    # Exim and Postfix 3.9 answer 554 where a client does not wait for the reply.
    early = "octets behind STARTTLS are a synchronisation error here"
    smtp.weigh(reply, 220, noted={"4yz": early, "5yz": early})
    if reply.code != 220:
        return False
    problem = smtp.try_tls()
    if problem:
        smtp.note(f"no handshake with what came behind STARTTLS: {problem}")
    return not problem


def _first_answer_inside(smtp: Smtp, command: str) -> int | None:
    """The code of the first answer inside TLS; None where the connection was closed instead, which is as safe."""
    smtp.send(command)
    try:
        return smtp.reply().code
    except NonConformity:
        if not smtp.over:
            raise
        smtp.note("closed at the first word inside TLS")
        return None


@requirement(
    "SMTP-3207-4.2-a", SECURITY, "RFC 3207 4.2, 6; CVE-2011-0411", "Commands behind STARTTLS are not run inside TLS."
)
@needs("STARTTLS", "CLEAR")
def test_clear_text_does_not_slip_into_tls(smtp: Smtp) -> None:
    """A NOOP in one write with STARTTLS is answered neither in clear nor inside TLS."""
    if not _inside_with(smtp, b"NOOP\r\n") or _first_answer_inside(smtp, smtp.ehlo) is None:
        return
    more = smtp.replies_until("QUIT", 221)
    smtp.require(not more, "one reply inside TLS, that to EHLO", f"{1 + len(more)} replies")


@requirement("SMTP-3207-4.2-b", SECURITY, "RFC 3207 4.2", "A sender that came behind STARTTLS is not known inside TLS.")
@needs("STARTTLS", "CLEAR", "?recipient")
def test_sender_does_not_slip_into_tls(smtp: Smtp) -> None:
    """After EHLO and MAIL in one write with STARTTLS, RCPT inside TLS finds no sender, before EHLO and after."""
    _transaction_inside(smtp)
    if not _inside_with(smtp, EVIL):
        return
    code = _first_answer_inside(smtp, smtp.rcpt)
    if code is not None:
        smtp.require(code // 100 in (4, 5), "a refusal of RCPT, the first command inside TLS", str(code))
        smtp.exchange(smtp.ehlo, 250)
        smtp.exchange(smtp.rcpt, 503, noted=NO_SENDER)


def _transaction_inside(smtp: Smtp) -> None:
    """The twin: the sender and the recipient that are looked for are accepted inside TLS."""
    inside = smtp.sibling()
    inside.secure()
    _anonymous(inside)
    inside.given(inside.rcpt)


def _anonymous(smtp: Smtp) -> None:
    """MAIL is accepted of a client that has said no more than its name; where it is not the check does not apply."""
    smtp.send(MAIL)
    reply = smtp.reply()
    if reply.code in (530, 550, 554):
        smtp.not_applicable(f"no transaction begins here without a login or without TLS ({reply.code})")
    smtp.weigh(reply, 250)


@requirement("SMTP-3207-4.2-c", MUST, "RFC 3207 4.2", "What the client said before TLS is forgotten.")
@needs("STARTTLS", "CLEAR", "?recipient")
def test_transaction_is_forgotten(smtp: Smtp) -> None:
    """A transaction begun in clear is not there inside TLS: RCPT and DATA are out of order."""
    _transaction_inside(smtp)
    _anonymous(smtp)
    smtp.given(smtp.rcpt)
    smtp.send("STARTTLS")
    reply = smtp.reply()
    smtp.weigh(reply, 220, noted={"5yz": "no STARTTLS in a transaction: nothing that could be remembered"})
    if reply.code != 220:
        smtp = smtp.sibling()
        smtp.given("STARTTLS")
    if problem := smtp.try_tls():
        raise Inconclusive(f"prerequisite not met: a TLS handshake; received {problem}")
    smtp.exchange(smtp.rcpt, 503, noted=NO_SENDER)
    smtp.exchange("DATA", 503, noted=NO_SENDER)


@requirement("SMTP-3207-4.2-d", MUST, "RFC 3207 4.2", "Inside TLS STARTTLS is not listed any more.")
@needs("STARTTLS", "CLEAR")
def test_starttls_is_not_listed_inside(smtp: Smtp) -> None:
    """The EHLO reply inside TLS is without STARTTLS."""
    offer = smtp.secure()
    smtp.require("STARTTLS" not in offer, "no STARTTLS in the EHLO reply inside TLS", ", ".join(offer.keywords))


@requirement("SMTP-3207-4.2-e", MUST, "RFC 3207 4.2", "The server knows that TLS is active: no second STARTTLS.")
@needs("STARTTLS", "CLEAR")
def test_no_tls_inside_tls(smtp: Smtp) -> None:
    """STARTTLS inside TLS is refused, and the session goes on."""
    # aiosmtpd 1.4.6 answers 220 inside TLS and waits for a second handshake.
    smtp.secure()
    noted: dict[Code, str] = dict.fromkeys(("5yz", 454), "RFC 3207 names no code; 503 says that it is out of order")
    smtp.refuses("STARTTLS", 503, noted=noted, twin=["STARTTLS"])


@requirement(
    "SMTP-3207-4-c", SHOULD, "RFC 3207 4", "Where TLS is demanded, 530 answers all but EHLO, NOOP, STARTTLS and QUIT."
)
@needs("STARTTLS", "CLEAR")
def test_demanded_tls_is_asked_for(smtp: Smtp) -> None:
    """MAIL in clear gets 530, while NOOP, EHLO and QUIT go on working."""
    smtp.send(MAIL)
    reply = smtp.reply()
    if reply.code is not None and reply.code // 100 == 2:
        smtp.not_applicable("the target serves clients without TLS")
    inside = smtp.sibling()
    inside.secure()
    inside.send(MAIL)
    if inside.reply().code != 250:
        smtp.not_applicable("MAIL is refused inside TLS too: not TLS is what is missing")
    inside.given("RSET")
    smtp.weigh(reply, 530, expected=f"530 in answer to {MAIL}")
    if "ENHANCEDSTATUSCODES" in smtp.offer:
        smtp.require(enhanced_code(reply.lines[0]) == "5.7.0", "530 with 5.7.0", reply.raw)
    for command, code in (("NOOP", 250), (smtp.ehlo, 250), ("QUIT", 221)):
        smtp.send(command)
        answer = smtp.reply()
        smtp.require(answer.code == code, f"{code} in answer to {command}, with TLS or without", answer.raw)


@requirement("SMTP-3207-4-d", SECURITY, "RFC 3207 4, 4.1", "After 220 no command is served in clear any more.")
@needs("STARTTLS", "CLEAR")
@pytest.mark.parametrize("garbage", list(GARBAGE))
def test_no_way_back_to_clear(smtp: Smtp, garbage: str) -> None:
    """What comes in place of a ClientHello is not served: an alert, a close, silence or refusals."""
    smtp.exchange("STARTTLS", 220)
    smtp.send(GARBAGE[garbage])
    for reply in _overheard(smtp):
        code = reply.code or 0
        # Exim 4.97 goes on in clear after a failed handshake, but with 554 to everything (as RFC 3207 4.1 has it).
        served = code // 100 in (2, 3) and code != 221
        smtp.require(not served, "nothing to be served in clear behind the go-ahead", reply.raw)
        if code:
            smtp.note(f"{code}: refusals in clear after the failed handshake")


def _overheard(smtp: Smtp) -> list[Reply]:
    """Whatever lines still come, alerts among them, until the end or a window of silence: no marker can follow."""
    heard: list[Reply] = []
    while True:
        try:
            heard.append(smtp.hear(within=smtp.target.window))
        except NonConformity:
            return heard


@requirement("SMTP-8314-3-a", INTEROP, "RFC 8314 3.3, RFC 3207 4.2", "With TLS from the start all is said inside it.")
@needs("TLS", "-CLEAR")
def test_implicit_tls(smtp: Smtp) -> None:
    """Recorded: greeted inside TLS, with which version, and whether STARTTLS is offered there (it must not be)."""
    offered = "STARTTLS is offered inside" if "STARTTLS" in smtp.offer else "STARTTLS is not offered"
    smtp.observe(f"greeted inside {smtp.wire.tls_version()}; {offered}")


NOT_CHECKED: list[tuple[str, str]] = []

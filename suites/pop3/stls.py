"""STLS and TLS (RFC 2595 2.1, 4; RFC 8314): what was said in clear is forgotten, and nothing slips in."""

from __future__ import annotations

from pytest_netconform.dialogues.pop3 import Pop3
from pytest_netconform.requirement import MUST, SECURITY, needs, requirement, serial
from pytest_netconform.verdict import NonConformity
from pytest_netconform.wire.pop3 import ERR, OK

VERSIONS = ("TLSv1.2", "TLSv1.3")  # RFC 8996 2: older ones must not be negotiated
PASSWORDS = {"PLAIN", "LOGIN"}  # mechanisms that show the password to whoever listens
# RFC 1939 7: PASS is in order immediately behind USER. RFC 2595 has no word on what a POP3 server forgets.
KEPT = "the name given in clear is known inside TLS (so Dovecot 2.3); a login must begin inside"


@requirement("POP3-2595-4-a", MUST, "RFC 2595 4, RFC 8996 2", "STLS is answered +OK, and TLS 1.2 or newer follows.")
@needs("STLS", "CLEAR")
def test_stls_leads_to_tls(pop3_greeted: Pop3) -> None:
    """The handshake succeeds, CAPA is answered inside, and the state is AUTHORIZATION still."""
    pop3_greeted.exchange("STLS", OK)
    pop3_greeted.start_tls()
    version = pop3_greeted.wire.tls_version()
    pop3_greeted.require(version in VERSIONS, "TLS 1.2 or newer", version)
    pop3_greeted.exchange("STAT", ERR)
    pop3_greeted.exchange("CAPA", OK)
    pop3_greeted.given("QUIT")


@requirement("POP3-2595-4-b", SECURITY, "RFC 2595 4; CVE-2021-38084", "Commands behind STLS are not run inside TLS.")
@needs("STLS", "CLEAR")
def test_clear_text_does_not_slip_into_tls(pop3_greeted: Pop3) -> None:
    """A CAPA in one write with STLS is answered neither in clear nor inside TLS; every way of ending is safe."""
    pop3_greeted.sibling().given("STLS")
    pop3_greeted.send_odd(b"STLS\r\nCAPA\r\n", "STLS")
    try:
        reply = pop3_greeted.reply()
    except NonConformity:
        if not pop3_greeted.over:
            raise
        pop3_greeted.note("closed when octets came behind STLS")
        return
    pop3_greeted.weigh(reply, OK, noted={ERR: "refused when octets came behind it"})
    if reply.code != OK:
        return
    if problem := pop3_greeted.try_tls():
        pop3_greeted.note(f"no handshake with what came behind STLS: {problem}")
        return
    pop3_greeted.send("XYZZY")
    try:
        first = pop3_greeted.reply()
    except NonConformity:
        if not pop3_greeted.over:
            raise
        pop3_greeted.note("closed at the first word inside TLS")
        return
    pop3_greeted.require(first.code == ERR, "a refusal of XYZZY, the first command inside TLS", first.raw)
    pop3_greeted.answered_once("the first command inside TLS")


@requirement("POP3-2595-4-c", SECURITY, "RFC 2595 4, RFC 1939 7", "A name given in clear is not known inside TLS.")
@needs("STLS", "CLEAR", "?account")
@serial
def test_name_does_not_slip_into_tls(pop3_greeted: Pop3) -> None:
    """PASS inside TLS finds no name when USER was said before it."""
    pop3_greeted.entitled("NOOP")
    user, password = pop3_greeted.account
    if pop3_greeted.exchange(f"USER {user}", OK, ERR).code == ERR:
        pop3_greeted.not_applicable("USER is refused in clear")
    pop3_greeted.secure()
    pop3_greeted.send(f"PASS {password}")
    reply = pop3_greeted.login_reply()
    pop3_greeted.weigh(reply, ERR, tolerated={OK: KEPT}, expected="-ERR to PASS inside TLS, without USER there")


@requirement("POP3-2595-4-d", MUST, "RFC 2595 4", "Inside TLS STLS is neither listed nor accepted.")
@needs("STLS", "CLEAR")
def test_stls_is_not_listed_inside(pop3_greeted: Pop3) -> None:
    """The capabilities inside TLS are without STLS."""
    pop3_greeted.secure()
    listed = ", ".join(pop3_greeted.offer)
    pop3_greeted.require("STLS" not in pop3_greeted.offer, "no STLS among the capabilities inside TLS", listed)


@requirement("POP3-2595-4-d", MUST, "RFC 2595 4", "Inside TLS STLS is neither listed nor accepted.")
@needs("STLS", "CLEAR")
def test_no_tls_inside_tls(pop3_greeted: Pop3) -> None:
    """STLS inside TLS is refused, and the session goes on."""
    pop3_greeted.secure()
    pop3_greeted.refuses("STLS", ERR, twin=["STLS"])


@requirement("POP3-2595-4-e", SECURITY, "RFC 2595 2.1, RFC 8314 3", "Passwords are not asked for in clear.")
@needs("CLEAR", "CAPA")
def test_passwords_are_not_asked_for_in_clear(pop3_greeted: Pop3) -> None:
    """To a stranger neither USER nor PLAIN nor LOGIN is offered before TLS; from loopback it is only recorded."""
    offer = pop3_greeted.capabilities()
    pop3_greeted.require(offer, "a list of capabilities", "none")
    shown = sorted((PASSWORDS & set(offer.get("SASL", ()))) | ({"USER"} & offer.keys()))
    if pop3_greeted.target.stranger:
        pop3_greeted.require(not shown, "no way to show a password without TLS", " ".join(shown))
    else:
        pop3_greeted.observe(f"{', '.join(shown) or 'no way to show a password'} offered to loopback in clear")


NOT_CHECKED: list[tuple[str, str]] = []

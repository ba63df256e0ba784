"""STARTTLS (RFC 3501 6.2.1, RFC 9051 6.2.1): TLS begins behind the OK, and nothing slips in."""

from __future__ import annotations

from pytest_netconform.codes import Code
from pytest_netconform.dialogues.imap import Imap
from pytest_netconform.requirement import MUST, SECURITY, SHOULD, needs, requirement
from pytest_netconform.verdict import NonConformity
from pytest_netconform.wire.imap import BAD, NO, OK

VERSIONS = ("TLSv1.2", "TLSv1.3")  # RFC 8996 2: older ones must not be negotiated
STILL_LISTED = "RFC 9051 6.2.1: a server does not list STARTTLS where TLS is active"


def _stranger(imap: Imap) -> None:
    if imap.authenticated:
        imap.not_applicable("the target greets with PREAUTH: STARTTLS is out of place")


@requirement("IMAP-9051-6.2.1-a", MUST, "RFC 3501 6.2.1, RFC 9051 6.2.1", "STARTTLS is answered OK, and TLS follows.")
@needs("STARTTLS", "CLEAR")
def test_starttls_leads_to_tls(imap_clear: Imap) -> None:
    """The handshake succeeds, CAPABILITY is answered inside, without STARTTLS, and nobody is logged in."""
    _stranger(imap_clear)
    imap_clear.exchange("STARTTLS", OK)
    imap_clear.start_tls()
    version = imap_clear.wire.tls_version()
    imap_clear.require(version in VERSIONS, "TLS 1.2 or newer", version)
    imap_clear.forget_capabilities()
    imap_clear.exchange("CAPABILITY", OK)
    if "STARTTLS" in imap_clear.capabilities:
        offer = " ".join(sorted(imap_clear.capabilities)).encode()
        imap_clear.tolerate("no STARTTLS among the capabilities inside TLS", offer, STILL_LISTED)
    imap_clear.given("NOOP")
    imap_clear.exchange('LIST "" ""', NO, BAD)
    imap_clear.alive()


def _inside_with(imap: Imap, octets: bytes) -> bool:
    """Whether TLS stands after octets that came in one write with STARTTLS; every way of not getting there is safe.

    The handshake is the marker for words in clear: whatever comes behind OK must be part of it.
    """
    _stranger(imap)
    imap.sibling().given("STARTTLS")
    imap.send_odd(b"a STARTTLS\r\n" + octets, "a")
    try:
        answer = imap.retort("STARTTLS with something behind it")
    except NonConformity:
        if not imap.over:
            raise
        imap.note("closed when octets came behind STARTTLS")
        return False
    if answer.code != OK:
        imap.note(f"{answer.code} when octets came behind STARTTLS")
        return False
    if problem := imap.try_tls():
        imap.note(f"no handshake with what came behind STARTTLS: {problem}")
        return False
    imap.forget_capabilities()
    return True


@requirement(
    "IMAP-9051-6.2.1-b", SECURITY, "RFC 9051 6.2.1; CVE-2011-1926", "Commands behind STARTTLS are not run inside TLS."
)
@needs("STARTTLS", "CLEAR")
def test_clear_text_does_not_slip_into_tls(imap_clear: Imap) -> None:
    """A NOOP in one write with STARTTLS is answered neither in clear nor inside TLS; every way of ending is safe."""
    # field: Dovecot 2.3.19.1 closes, pymap 0.36.7 runs both NOOP and LOGIN inside
    if _inside_with(imap_clear, b"b NOOP\r\n"):
        imap_clear.answered_once("STARTTLS")


@requirement(
    "IMAP-9051-6.2.1-c", SECURITY, "RFC 9051 6.2.1; USENIX Security 2021", "A login in clear is not known inside TLS."
)
@needs("STARTTLS", "CLEAR", "?account")
def test_login_does_not_slip_into_tls(imap_clear: Imap) -> None:
    """LOGIN of somebody in one write with STARTTLS: inside TLS the account logs in as if that had not been said."""
    imap_clear.entitled("NOOP")
    if not _inside_with(imap_clear, b"b LOGIN netconform-nobody x\r\n"):
        return
    try:
        answer = imap_clear.attempt()
    except NonConformity:
        if not imap_clear.over:
            raise
        imap_clear.note("closed at the first word inside TLS")
        return
    imap_clear.weigh(answer, OK, expected="OK in answer to the right login inside TLS")
    imap_clear.answered_once("the login inside TLS")


@requirement("IMAP-9051-6.2.1-d", MUST, "RFC 9051 6.2.1", "STARTTLS inside TLS is answered BAD.")
@needs("TLS")
def test_no_tls_inside_tls(imap_secured: Imap) -> None:
    """STARTTLS is refused where TLS is active, however it came to be, and the session goes on."""
    imap_secured.given("NOOP")
    imap_secured.exchange("STARTTLS", BAD, noted={NO: "RFC 3501 has no rule which of the two"})
    imap_secured.alive()


# Dovecot 2.3 passes over what stands behind STARTTLS.
PASSED_OVER: dict[Code, str] = {NO: "NO where the syntax is wrong", OK: "what stands behind STARTTLS is passed over"}


@requirement("IMAP-9051-6.2.1-e", SHOULD, "RFC 3501 6.2.1, 9; RFC 9051 2.2.2", "STARTTLS takes no arguments.")
@needs("STARTTLS", "CLEAR")
def test_starttls_takes_no_arguments(imap_clear: Imap) -> None:
    """With a word behind it STARTTLS is answered BAD, and the session goes on in clear; else TLS begins."""
    _stranger(imap_clear)
    imap_clear.sibling().given("STARTTLS")
    if imap_clear.exchange("STARTTLS x", BAD, noted=PASSED_OVER).code == OK:
        imap_clear.start_tls()
    imap_clear.alive()


NOT_CHECKED: list[tuple[str, str]] = []

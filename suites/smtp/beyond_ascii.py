"""Octets beyond ASCII: 8-bit content (RFC 6152), and addresses and headers in UTF-8 (RFC 6531)."""

from __future__ import annotations

from email import message_from_bytes

import pytest

from pytest_netconform.codes import Code
from pytest_netconform.dialogues.smtp import MAIL, Smtp
from pytest_netconform.requirement import MUST, SECURITY, SHOULD, needs, requirement, writes

MAIL_UTF8 = "MAIL FROM:<jos\u00e9@client.example.org>"
# Every octet of ISO 8859-1 above the control characters, on a line of its own.
EVERY_BIT = bytes(range(0xA0, 0x100))
REFUSED_OTHERWISE: dict[Code, str] = {"5yz": "a refusal, though not a code that is meant for this"}


@requirement("SMTP-6152-2-a", MUST, "RFC 6152 2, 3", "8-bit content arrives with all its bits.")
@needs("8BITMIME", "?recipient", "?readback")
@writes
def test_8bit_content_keeps_its_bits(smtp: Smtp) -> None:
    """What was sent as 8BITMIME is stored as it was, or in a transfer encoding that gives it back."""
    marker = smtp.marker()
    header = (
        f"Subject: {marker}\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=ISO-8859-1\r\n"
        "Content-Transfer-Encoding: 8bit\r\n\r\n"
    )
    smtp.deliver(header.encode() + EVERY_BIT + b"\r\n", mail=f"{MAIL} BODY=8BITMIME")
    stored = smtp.stored(marker)[0]
    # Field note: Sendmail and Courier may turn 8bit into quoted-printable, which loses nothing.
    text = message_from_bytes(stored).get_payload(decode=True)
    kept = isinstance(text, bytes) and EVERY_BIT in text
    smtp.require(kept, "every octet of the content in the stored message", text if isinstance(text, bytes) else stored)


@requirement(
    "SMTP-6152-2-b",
    MUST,
    "RFC 6152 2 (4), RFC 5321 4.1.1.11",
    "BODY is 7BIT or 8BITMIME, in any case; other values are refused.",
)
@needs("8BITMIME")
@pytest.mark.parametrize("parameter", ["BODY=7BIT", "BODY=8BITMIME", "body=8bitmime"])
def test_body_values_are_taken(smtp: Smtp, parameter: str) -> None:
    """MAIL that was accepted without BODY is accepted with a value that the extension defines."""
    smtp.given(MAIL, "RSET")
    smtp.exchange(f"{MAIL} {parameter}", 250)
    smtp.exchange("QUIT", 221)


@requirement(
    "SMTP-6152-2-b",
    MUST,
    "RFC 6152 2 (4), RFC 5321 4.1.1.11",
    "BODY is 7BIT or 8BITMIME, in any case; other values are refused.",
)
@needs("8BITMIME")
@pytest.mark.parametrize("value", ["bogus", ""], ids=["unknown", "empty"])
def test_other_body_values_are_refused(smtp: Smtp, value: str) -> None:
    """MAIL with a BODY that nobody defined is answered 501 or 555."""
    smtp.refuses(
        f"{MAIL} BODY={value}", 501, 555, 504, noted=REFUSED_OTHERWISE, twin=[f"{MAIL} BODY=8BITMIME"], reset="RSET"
    )


@requirement("SMTP-6531-3.1-a", MUST, "RFC 6531 3.1 (4)(8)", "SMTPUTF8 is listed bare, and beside 8BITMIME.")
@needs("SMTPUTF8")
def test_smtputf8_is_listed_with_8bitmime(smtp: Smtp) -> None:
    """The keyword has no parameters, and 8BITMIME is listed too."""
    if "SMTPUTF8" not in smtp.offer:
        smtp.not_applicable("the target lists SMTPUTF8 only inside TLS")
    parameters = smtp.offer.keywords["SMTPUTF8"]
    smtp.require("8BITMIME" in smtp.offer, "8BITMIME beside SMTPUTF8", " ".join(smtp.offer.keywords))
    smtp.require(not parameters, "SMTPUTF8 without parameters", f"SMTPUTF8 {' '.join(parameters)}")


@requirement(
    "SMTP-6531-3.4-a",
    MUST,
    "RFC 6531 3.3, 3.4, 3.6",
    "With SMTPUTF8, UTF-8 is taken in addresses and arrives in headers as it was sent.",
)
@needs("SMTPUTF8")
def test_utf8_sender_is_taken(smtp: Smtp) -> None:
    """A UTF-8 local-part is accepted where an ASCII one of the same domain was."""
    smtp.given(f"{MAIL} SMTPUTF8", "RSET")
    smtp.exchange(f"{MAIL_UTF8} SMTPUTF8", 250)
    smtp.exchange("QUIT", 221)


@requirement(
    "SMTP-6531-3.4-a",
    MUST,
    "RFC 6531 3.3, 3.4, 3.6",
    "With SMTPUTF8, UTF-8 is taken in addresses and arrives in headers as it was sent.",
)
@needs("SMTPUTF8", "?recipient", "?readback")
@writes
def test_utf8_header_is_kept(smtp: Smtp) -> None:
    """The octets of a From and a Subject beyond ASCII are in the stored message."""
    marker = smtp.marker()
    sender = "From: Jos\u00e9 <jos\u00e9@client.example.org>\r\n"
    subject = f"Subject: {marker} caf\u00e9\r\n"
    smtp.deliver(f"{sender}{subject}\r\nOnly ASCII here.\r\n".encode(), mail=f"{MAIL_UTF8} SMTPUTF8")
    stored = smtp.stored(marker)[0]
    for field in (sender, subject):
        smtp.require(field.encode() in stored, "the field in UTF-8, as it was sent", _field(stored, field))


def _field(message: bytes, field: str) -> bytes:
    """The line of the message that begins with the same name."""
    name = field.encode().partition(b":")[0] + b":"
    return next((line for line in message.splitlines() if line.startswith(name)), message)


@requirement("SMTP-6531-3.4-b", MUST, "RFC 6531 3.1 (5), RFC 5321 4.1.1.11", "The SMTPUTF8 parameter takes no value.")
@needs("SMTPUTF8")
def test_smtputf8_takes_no_value(smtp: Smtp) -> None:
    """SMTPUTF8=YES is answered 501 or 555, and the session goes on."""
    smtp.refuses(
        f"{MAIL} SMTPUTF8=YES", 501, 555, 504, noted=REFUSED_OTHERWISE, twin=[f"{MAIL} SMTPUTF8"], reset="RSET"
    )


@requirement(
    "SMTP-6531-3.5-a", SHOULD, "RFC 5321 2.4, RFC 6531 3.5", "UTF-8 without the SMTPUTF8 parameter is refused."
)
@needs("SMTPUTF8")
def test_utf8_sender_without_the_parameter(smtp: Smtp) -> None:
    """The same sender, accepted with the parameter, is refused without it."""
    smtp.refuses(
        MAIL_UTF8,
        550,
        553,
        500,
        501,
        # Postfix answers 250 unless strict_smtputf8 is set; no standard has a MUST against that.
        noted={250: "UTF-8 is taken also from clients that do not announce it", **REFUSED_OTHERWISE},
        twin=[f"{MAIL_UTF8} SMTPUTF8"],
        reset="RSET",
    )
    smtp.exchange("QUIT", 221)


@requirement("SMTP-6531-3.5-b", SECURITY, "RFC 6531 3.3, RFC 3629 3, 10", "What is not UTF-8 is refused in addresses.")
@needs("SMTPUTF8")
@pytest.mark.parametrize(
    "octets", [b"\xc0\xaf", b"\xed\xa0\x80", b"\xc3"], ids=["overlong", "lone-surrogate", "truncated"]
)
def test_invalid_utf8_is_refused(smtp: Smtp, octets: bytes) -> None:
    """Octets that no UTF-8 text holds are refused in a local-part, and the session goes on.

    Field note: aiosmtpd 1.4.6 and nodemailer's smtp-server accept all three (two addresses may become one).
    """
    smtp.refuses(
        b"MAIL FROM:<jos" + octets + b"@client.example.org> SMTPUTF8\r\n",
        "5yz",
        twin=[f"{MAIL_UTF8} SMTPUTF8"],
        reset="RSET",
    )


NOT_CHECKED: list[tuple[str, str]] = []

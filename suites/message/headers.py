"""Headers (RFC 5322 2.2, 3.6; RFC 6532): fields come out as they went in, and nothing in them moves the border."""

from __future__ import annotations

import re

import pytest

from pytest_netconform.dialogues.mail import ARRIVAL_SECONDS, Mail
from pytest_netconform.requirement import INTEROP, MUST, SECURITY, SHOULD, hostile, needs, requirement, writes
from pytest_netconform.suites.message.parts import CRLF, difference, fields, named, split
from pytest_netconform.wire.smtp_messages import message

BODY = b"The text.\r\n"


def _letter(marker: str, header: bytes, body: bytes = BODY) -> bytes:
    """A message whose header ends with these fields."""
    whole = message(marker, b"")
    return whole[:-2] + header + CRLF + body


# -- the fields, as they are

FIELDS = (
    b"Received: from a.example.org by b.example.org; Thu, 1 Jan 2026 00:00:01 +0000\r\n"
    b"rEPLY-tO: s@client.example.org\r\n"
    b"Comments: the first\r\n"
    b"X-Dup: one\r\n"
    b"X-DUP: two\r\n"
    b"x-dup: one\r\n"
    b"TO: Alice\r\n <alice@example.test>,\r\n\t  Bert <bert@client.example.org>\r\n"
    b"Comments: the second,\r\n folded\r\n\twith a TAB\r\n   and with blanks\r\n"
    b"X-Empty:\r\n"
    b"X-Blank: \r\n"
    b"X-Behind: blanks behind  \t\r\n"
    b"X-Tight:no blank\r\n"
    b"X-Wide:   three blanks\r\n"
    b"X-Tab:\ta tab\r\n"
    b"X-Folded-At-Once:\r\n here\r\n"
    b"X-Long: " + b"x" * 400 + b"\r\n"
    b"References: <1@client.example.org>\r\n <2@client.example.org>\r\n\t<3@client.example.org>\r\n"
    b"In-Reply-To: <3@client.example.org>\r\n"
    b"X-!#$%&'*+-.0^_`|~: odd but legal\r\n"
    b"X-Quotes: \"a ; b\" (a comment (in a comment)) c\r\n"
    b"X-Word: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n"
    b"Received: from x.example.org by a.example.org; Thu, 1 Jan 2026 00:00:00 +0000\r\n"
    b"List-Id: A list <list.client.example.org>\r\n"
    b"Resent-From: s@client.example.org\r\n"
    b"Resent-Date: Thu, 01 Jan 2026 00:00:00 +0000\r\n"
    b"Keywords: one, two\r\n"
    b"Keywords: three\r\n"
    b"MIME-Version: 1.0 (a comment)\r\n"
    b"X-Last: z\r\n"
)  # fmt: skip


@requirement("MSG-5322-3.6-b", SHOULD, "RFC 5322 3.6; RFC 5321 4.5.2, 6.4", "Header fields come out as they went in.")
@writes
def test_fields_come_out(mail: Mail) -> None:
    """Names in any case, doubles, folds, blanks, empty values, in their order, below whatever was added."""
    # field: Sendmail and Exchange reorder or refold; OpenSMTPD unfolds To, Cc and From
    marker = mail.marker()
    content = _letter(marker, FIELDS)
    sent, _ = split(content)
    found, text = split(mail.passed(content, marker))
    mail.require(text == BODY, "the text behind the header", text)
    mail.require(sent in found, "the fields as sent, to the octet, in their order", _lost(sent, found))


def _lost(sent: bytes, found: bytes) -> bytes:
    """The first field that is not there as it was sent, and what stands in the place of it."""
    there = fields(found)
    first = next((field for field in fields(sent) if field not in there), b"")
    name = first.partition(b":")[0].lower()
    instead = b"".join(field for field in there if field.partition(b":")[0].lower() == name)
    return b"for %s%s" % (first, instead or b"nothing") if first else b"the fields in another order: " + found


# -- fields that a mailbox might take for its own

PSEUDO = (
    b"Status: RO\r\nX-Status: DAF\r\nX-UID: 3999999999\r\nX-IMAPbase: 1 4000000000 nc-word\r\n"
    b"X-IMAP: 1 4000000000\r\nX-Keywords: nc-word\r\nX-Mozilla-Status: 0009\r\nContent-Length: 5\r\n"
)


@requirement("MSG-SEC-MBOX-b", SECURITY, "RFC 3501 2.3.1.1, 2.3.2", "Fields of a message set no flags and no numbers.")
@writes
def test_fields_set_no_flags(mail: Mail) -> None:
    """Status, X-Status, X-UID, X-IMAPbase and X-Keywords are text: beside a plain message nothing is different."""
    # field: c-client and Dovecot's mbox remove these fields; Postfix 3.7.11 removes Content-Length
    box = mail.imap_box
    plain, marker = mail.marker(), mail.marker()
    mail.send(message(plain))
    first = mail.take(plain)[0]
    mail.send(_letter(marker, PSEUDO))
    found = mail.take(marker)[0]
    usual = first.flags | {"\\Recent"}
    mail.require(found.flags <= usual, "the flags of a plain message", " ".join(sorted(found.flags)))
    mail.require(int(found.key) < int(first.key) + 1000, "one of the next UIDs", found.key)
    again = box.imap.select(box.name).codes()
    for name, before in (("UIDVALIDITY", box.validity), ("UIDNEXT", None)):
        told = again.get(name)
        value = told.value if told is not None else None
        right = value == before if before is not None else value is None or _below(value, int(first.key) + 1000)
        mail.require(right, f"{name} as it would be without the message", value)
    octets = found.octets or b""
    mail.require(split(octets)[1] == BODY, "the text of the message", split(octets)[1])
    mail.require(found.size == len(octets), "the size of what comes out", f"{found.size} for {len(octets)} octets")


def _below(value: object, limit: int) -> bool:
    return isinstance(value, int) and value < limit


# -- beyond ASCII


RAW = {"latin-1": "Grüße".encode("latin-1"), "utf-8": "Grüße".encode()}


@requirement("MSG-5322-2.2-a", INTEROP, "RFC 5322 2.2; RFC 6532 3", "A header with raw 8-bit octets: kept or refused.")
@writes
@pytest.mark.parametrize("word", list(RAW.values()), ids=list(RAW))
def test_raw_8bit_header(mail: Mail, word: bytes) -> None:
    """Whatever becomes of it, the fields behind it stay fields, and the text stays text."""
    # field: Postfix 3.7.11 keeps it (strict_7bit_headers no); Courier refuses
    marker = mail.marker()
    found = mail.passed_or_refused(_letter(marker, b"X-Raw: " + word + b"\r\nX-Behind: it\r\n"), marker)
    if found is None:
        mail.observe("refused")
        return
    header, text = split(found)
    mail.require(text == BODY and b"\r\nX-Behind: it\r\n" in header, "the field behind it, and the text", found)
    mail.observe("kept" if b"X-Raw: " + word + CRLF in header else "changed")


INTERNATIONAL = (
    "X-From: Müller <müller@client.example.org>\r\n"
    "X-Subject: Grüße, 水\r\n"
    "MIME-Version: 1.0\r\n"
    'Content-Type: text/plain; charset=utf-8; name="Grüße.txt"\r\n'
    "Content-Transfer-Encoding: 8bit\r\n"
).encode()
INTERNATIONAL_TEXT = "Viele Grüße.\r\n".encode()


@requirement(
    "MSG-6532-3.2-a", MUST, "RFC 6532 3.2; RFC 6531 3.1, 3.6", "A header in UTF-8 is kept for whoever can read it."
)
@needs("?pair")
@writes
def test_utf8_header_comes_out(mail: Mail) -> None:
    """Octet for octet, downgraded, or returned to its sender; and other messages can be read beside it."""
    # RFC 6856 2.1 and RFC 6855 3 let a server keep it from clients that have not asked for UTF-8; RFC 6857, 6858.
    # Where the next station does not offer SMTPUTF8, it goes back (RFC 6531 3.2). field: Postfix 3.7.11 in front of the
    # LMTP of Dovecot 2.3.19.1; there the report is lost for the same reason, so that nothing comes at all
    mail.claims("SMTPUTF8")
    marker, plain = mail.marker(), mail.marker()
    sender = f"MAIL FROM:<{mail.smtp.recipient}> BODY=8BITMIME SMTPUTF8" if mail.by_smtp else ""
    mail.send(_letter(marker, INTERNATIONAL, INTERNATIONAL_TEXT), sender)
    found = mail.take_late(marker, ARRIVAL_SECONDS)
    header, text = split(found)
    if b"multipart/report" in b"".join(named(fields(header), b"content-type")):
        mail.note("the next station takes no header in UTF-8, and the message is returned to its sender")
        mail.passed(message(plain), plain)
        return
    mail.require(text == INTERNATIONAL_TEXT, "the text in UTF-8", text)
    if header.isascii():
        mail.note("the header is downgraded")
    else:
        wanted = difference(INTERNATIONAL, header[-len(INTERNATIONAL) :])
        mail.require(INTERNATIONAL in header, "the fields in UTF-8 as sent, to the octet", wanted)
    mail.passed(message(plain), plain)


# -- much header

HUGE = {
    "field-of-200-kib": b"X-Huge: begins\r\n" + (b" " + b"x" * 76 + b"\r\n") * 2600,
    "line-of-100-kib": b"X-Huge: " + b"x" * 100_000 + b"\r\n",
    "5000-fields": b"".join(b"X-Field-%d: x\r\n" % number for number in range(5000)),
}
BORDER = "However much header there is, it stays header, and the text stays text."


@requirement("MSG-5322-2.1.1-b", SECURITY, "RFC 5322 2.1.1; RFC 5321 4.5.3.1", BORDER)
@writes
def test_field_of_900_octets(mail: Mail) -> None:
    """A line within the limit of 998 octets is kept."""
    marker = mail.marker()
    field = b"X-Long: " + b"x" * 892 + CRLF
    found = mail.passed(_letter(marker, field), marker)
    mail.require(field in split(found)[0] and split(found)[1] == BODY, "a field of 900 octets", found[-120:])


@requirement("MSG-5322-2.1.1-b", SECURITY, "RFC 5322 2.1.1; RFC 5321 4.5.3.1", BORDER)
@writes
@hostile
@pytest.mark.parametrize("header", list(HUGE.values()), ids=list(HUGE))
def test_huge_headers_keep_their_border(mail: Mail, header: bytes) -> None:
    """Refused, kept, or cut; no octet of the header is found in the text, nor of the text in the header."""
    # field: Postfix 3.7.11 cuts a field at header_size_limit (102400), and the border stays; Dovecot keeps all
    marker = mail.marker()
    found = mail.passed_or_refused(_letter(marker, header), marker)
    if found is None:
        return
    kept, text = split(found)
    mail.require(text == BODY, "the text, and nothing of the header in it", text)
    mail.require(BODY not in kept, "nothing of the text in the header", kept[-120:])
    if header not in kept:
        mail.note("a huge header is cut or changed")


# -- what is no header

ODD: dict[str, bytes] = {
    "no-field-first": b"hello world\r\nSubject: %s\r\n\r\nThe text.\r\n",
    "no-empty-line": b"Subject: %s\r\nThis is no field.\r\nNor is this.\r\n",
    "no-header": b"This is no field, but %s.\r\nNor is this.\r\n",
    "no-blank": b"Subject:%s\r\nX-Tight:x\r\n\r\nThe text.\r\n",
    "blank-before-colon": b"Subject : %s\r\nX-Obsolete \t: x\r\n\r\nThe text.\r\n",
    "empty-line-first": b"\r\nSubject: %s\r\n\r\nThe text.\r\n",
}
WHOLE = "Whatever stands where a header should, an accepted message comes out whole."


@requirement("MSG-5322-2.2-b", MUST, "RFC 5321 4.5.2, 6.1, 6.4; RFC 5322 3.5, 4.5", WHOLE)
@writes
@pytest.mark.parametrize("content", list(ODD.values()), ids=list(ODD))
def test_odd_headers_lose_no_text(mail: Mail, content: bytes) -> None:
    """Refused, or every line is there, in order; a border may be put in, and blanks before a colon may go."""
    # field: Postfix 3.7.11 puts the border in, and turns "Subject : x" into "Subject: x"; OpenSMTPD refuses
    marker = mail.marker()
    sent = content % marker.encode()
    found = mail.passed_or_refused(sent, marker)
    if found is None:
        return
    lines = iter(_plain(found))
    missing = next((line for line in _plain(sent) if line not in lines), None)
    mail.require(missing is None, "every line that was sent, in order", b"without %s: %s" % (missing or b"", found))


def _plain(octets: bytes) -> list[bytes]:
    """The lines, without empty ones, and without blanks before a colon and behind it."""
    return [re.sub(rb"\A([!-9;-~]+)[ \t]*:[ \t]*", rb"\1:", line) for line in octets.split(CRLF) if line]


# -- Bcc


@requirement("MSG-5322-3.6.3-a", INTEROP, "RFC 5322 3.6.3; RFC 5321 3.6.3", "A Bcc field: kept, emptied, or removed.")
@needs("?pair")
@writes
def test_bcc(mail: Mail) -> None:
    """What becomes of it is recorded; whatever it is, nobody is named who was not sent."""
    # field: Postfix 3.7.11 removes it (message_drop_headers), OpenSMTPD too, Exim keeps it
    marker = mail.marker()
    found = mail.passed(_letter(marker, b"Bcc: carl@client.example.org\r\n"), marker)
    told = named(fields(split(found)[0]), b"bcc")
    mail.require(all(value in (b"", b"carl@client.example.org") for value in told), "no other Bcc", b" ".join(told))
    mail.observe("removed" if not told else "emptied" if not any(told) else "kept")


NOT_CHECKED: list[tuple[str, str]] = []

"""What arrives (RFC 5321 4.4, 4.5.2, 4.1.1.10): messages are sent and read back from where the target delivers them.

Mailboxes on disk keep lines as their system does, and software on the way may add fields of its own: compared is what
the standard says about the octets that were sent, never the whole file.
"""

from __future__ import annotations

import re

import pytest

from pytest_netconform.dialogues.smtp import Smtp
from pytest_netconform.requirement import MUST, SECURITY, needs, requirement, writes
from pytest_netconform.suites.smtp.data import LOOKALIKES, REFUSED, TRUSTED
from pytest_netconform.wire.smtp import END_OF_DATA
from pytest_netconform.wire.smtp_messages import message, smuggling

# Field notes for this whole chapter: aiosmtpd 1.4 and nodemailer smtp-server 3 are libraries, and add no trace fields
# unless the program that uses them does; Postfix, Exim, Sendmail, OpenSMTPD and Dovecot's LMTP do.

# Where the next header field begins: behind a line end that folds nothing. Fields that were added may end in LF alone.
_NEXT_FIELD = re.compile(rb"(?<=\n)(?![ \t])")
# Time-stamp-line = "Received:" FWS Stamp; Stamp = From-domain By-domain ... ";" FWS date-time           (RFC 5321 4.4)
# date-time = [ day-name "," ] date FWS time [CFWS]; date = day month year; year = 4*DIGIT; zone = ("+" / "-") 4DIGIT
_FROM = re.compile(rb"\s*from\s+\S", re.IGNORECASE)
_BY = re.compile(rb"(?:\s|\))by\s+\S", re.IGNORECASE)
_DATE = re.compile(
    rb";\s*(?:[A-Z][a-z]{2},\s*)?[0-9]{1,2}\s+[A-Z][a-z]{2}\s+(?P<year>[0-9]+)\s+[0-9]{2}:[0-9]{2}(?::[0-9]{2})?"
    rb"\s+(?P<zone>[^\s(]+)\s*(?:\(.*\)\s*)?\Z",
    re.DOTALL,
)
ZONE = re.compile(rb"[+-][0-9]{4}")


# -- what was stored


def _fields(stored: bytes) -> list[tuple[bytes, bytes]]:
    """The header's fields in order: name in lower case, and the value, line ends and all."""
    header = re.split(rb"\r?\n\r?\n", stored, maxsplit=1)[0] + b"\r\n"
    parts = [field.partition(b":") for field in _NEXT_FIELD.split(header) if field]
    return [(name.strip().lower(), value) for name, _, value in parts]


def _added(stored: bytes) -> list[tuple[bytes, bytes]]:
    """The fields above the first that was sent, which is From in every message of this chapter."""
    found = _fields(stored)
    first = next((place for place, (name, _) in enumerate(found) if name == b"from"), len(found))
    return found[:first]


def _body(stored: bytes) -> bytes:
    """What stands behind the header."""
    return re.split(rb"\r?\n\r?\n", stored, maxsplit=1)[-1]


def _sent(smtp: Smtp, body: bytes) -> bytes:
    """The body that is stored for this one on the wire (dots doubled already), which must be accepted."""
    marker = smtp.marker()
    smtp.begin()
    smtp.given("DATA", message(marker, body) + END_OF_DATA)
    return _body(smtp.stored(marker)[0])


def _sent_or_refused(smtp: Smtp, body: bytes) -> bytes | None:
    """Likewise; None when it was refused, which is legal for octets that clients are told to keep from."""
    marker = smtp.marker()
    smtp.begin()
    smtp.given("DATA")
    smtp.send(message(marker, body) + END_OF_DATA)
    reply = smtp.expect(250, noted=REFUSED, to="the message")
    return _body(smtp.stored(marker)[0]) if reply.code == 250 else None


def _settled(smtp: Smtp) -> None:
    """Wait until a message that is sent now has arrived: then those before it had their time as well."""
    probe = smtp.marker()
    smtp.deliver(message(probe))
    smtp.stored(probe)


# -- content


DOTS_ON_THE_WIRE = b"..one\r\n.two\r\n...\r\na.b\r\n. \r\nend\r\n"
DOTS_IN_THE_TEXT = b".one\r\ntwo\r\n..\r\na.b\r\n \r\nend\r\n"


@requirement("SMTP-5321-4.5.2-b", MUST, "RFC 5321 4.5.2", "The first dot of a line is removed, whatever follows it.")
@needs("?recipient", "?readback")
@writes
def test_leading_dots_are_removed(smtp: Smtp) -> None:
    """One dot goes from every line that begins with one, and no other dot does."""
    # Field note: nodemailer smtp-server 3.21 removes a dot in front of another one only.
    stored = _sent(smtp, DOTS_ON_THE_WIRE)
    smtp.require(DOTS_IN_THE_TEXT in stored, "the lines without their first dots", stored)


@requirement("SMTP-5321-4.5.2-c", MUST, "RFC 5321 4.5.2, 2.3.8", "A bare CR or LF in a line costs no other octet.")
@needs("?recipient", "?readback")
@writes
@pytest.mark.parametrize("octet", [b"\n", b"\r"], ids=["lf", "cr"])
def test_bare_line_ends_lose_nothing(smtp: Smtp, octet: bytes) -> None:
    """Kept, replaced, or refused; all words arrive, in order."""
    # Field notes: Postfix (normalize) makes CR LF of LF, Exim makes a blank of LF and LF of CR, Cyrus refuses.
    stored = _sent_or_refused(smtp, b"alpha" + octet + b"bravo charlie\r\ndelta\r\n")
    if stored is not None:
        whole = re.search(rb"alpha.{0,3}bravo charlie[\r\n]+delta", stored, re.DOTALL)
        smtp.require(whole, "all words of a line with a bare CR or LF, in order", stored)


BLANKS = b"tab\there\r\ntrailing blanks  \r\ntrailing tab\t\r\n  leading\r\n\tleading\r\nend\r\n"
CONTROLS = bytes([*range(0x01, 0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F])


@requirement(
    "SMTP-5321-4.1.1.4-l", MUST, "RFC 5321 4.1.1.4, 4.5.2", "Blanks, tabs and control characters are delivered."
)
@needs("?recipient", "?readback")
@writes
def test_blanks_are_kept(smtp: Smtp) -> None:
    """Tabs, and white space at the ends of lines, arrive as they were sent."""
    stored = _sent(smtp, BLANKS)
    smtp.require(BLANKS in stored, "blanks and tabs as they were sent", stored)


@requirement(
    "SMTP-5321-4.1.1.4-l", MUST, "RFC 5321 4.1.1.4, 4.5.2", "Blanks, tabs and control characters are delivered."
)
@needs("?recipient", "?readback")
@writes
def test_control_characters_are_kept(smtp: Smtp) -> None:
    """All 128 ASCII codes may appear; a refusal is noted, since clients are told to avoid these."""
    stored = _sent_or_refused(smtp, b"before\r\n<" + CONTROLS + b">\r\nbehind\r\n")
    if stored is None:
        return
    smtp.require(re.search(rb"before\r\n.*behind\r\n", stored, re.DOTALL), "the lines around it", stored)
    if b"<" + CONTROLS + b">" not in stored:
        smtp.tolerate("every ASCII control character as it was sent", stored, "control characters change on the way")


@requirement("SMTP-5321-4.5.2-d", SECURITY, "RFC 5321 4.5.2", "Nothing behind a NUL is lost.")
@needs("?recipient", "?readback")
@writes
def test_nul_cuts_nothing_off(smtp: Smtp) -> None:
    """A NUL may be refused, dropped or replaced; the text behind it arrives."""
    # Field notes: OpenSMTPD cuts the line at a NUL, Cyrus refuses it, Dovecot stores 0x80 in its place.
    stored = _sent_or_refused(smtp, b"alpha\x00bravo\r\ncharlie\r\n")
    if stored is not None:
        whole = re.search(rb"alpha.{0,8}bravo[\r\n]+charlie", stored, re.DOTALL)
        smtp.require(whole, "the text behind a NUL", stored)


# -- trace fields


@requirement("SMTP-5321-4.4-a", MUST, "RFC 5321 4.4, 4.1.1.4", "A Received field with from, by and date is put on top.")
@needs("?recipient", "?readback")
@writes
def test_received_is_added(smtp: Smtp) -> None:
    """The field that was added last before the sent ones names where the message came from, who took it, and when."""
    # Delivery software may add more on top of it (LMTP stores, qmail), which no SMTP client has sent from anywhere.
    marker = smtp.marker()
    smtp.deliver(message(marker))
    stored = smtp.stored(marker)[0]
    ours = [value for name, value in _added(stored) if name == b"received"][-1:]
    smtp.require(ours, "a Received field above all fields that were sent", stored)
    stamp = ours[0]
    smtp.require(_FROM.match(stamp), "a FROM clause in the Received field", stamp)
    smtp.require(_BY.search(stamp), "a BY clause in the Received field", stamp)
    date = _DATE.search(stamp)
    smtp.require(date and len(date["year"]) >= 4, "a date with a year of four digits in the Received field", stamp)
    if date and not ZONE.fullmatch(date["zone"]):
        smtp.tolerate("an explicit offset in the date of the Received field", stamp, "the name of a zone is used")


RECEIVED = (
    b"Received: from c.example.org (c.example.org [192.0.2.3])\r\n"
    b"        by d.example.org with ESMTP id 3c;\r\n"
    b"        Thu, 1 Jan 2026 00:00:03 +0000\r\n",
    b"Received: from b.example.org ([192.0.2.2]) by c.example.org\r\n"
    b"\twith SMTP\tid 2b; Thu, 1 Jan 2026 00:00:04 +0000 (UTC)\r\n",
    b"Received: from a.example.org by b.example.org; Wed, 31 Dec 2025 16:00:02 -0800\r\n",
)


@requirement("SMTP-5321-4.4-b", MUST, "RFC 5321 4.4", "Received fields stay as they are, in order, below the new one.")
@needs("?recipient", "?readback")
@writes
def test_received_fields_are_kept(smtp: Smtp) -> None:
    """Three fields, folded in different ways and in no order of time, arrive octet for octet."""
    marker = smtp.marker()
    smtp.deliver(message(marker, trace=b"".join(RECEIVED)))
    stored = smtp.stored(marker)[0]
    header = stored.partition(b"\r\n\r\n")[0]
    smtp.require(b"".join(RECEIVED) in header, "the three Received fields as they were sent", header)
    last = [value for name, value in _fields(stored) if name == b"received"][-3:]
    sent = [field.partition(b":")[2] for field in RECEIVED]
    smtp.require(last == sent, "no Received field below those that were sent", header)


def _return_paths(smtp: Smtp, content: bytes, marker: str, mail: str) -> list[bytes]:
    smtp.deliver(content, mail=mail)
    stored = smtp.stored(marker)[0]
    found = [value.strip().lower() for name, value in _added(stored) if name == b"return-path"]
    smtp.require(found, "a Return-Path field above all fields that were sent", stored)
    if len(found) > 1:
        smtp.note(f"{len(found)} Return-Path fields were added")
    if _fields(stored)[0][0] != b"return-path":
        smtp.note("other fields stand above the Return-Path field")
    return found


@requirement(
    "SMTP-5321-4.4-c", MUST, "RFC 5321 4.4", "Final delivery puts one Return-Path, the envelope's sender, on top."
)
@needs("?recipient", "?readback")
@writes
@pytest.mark.parametrize("null", [False, True], ids=["sender", "null"])
def test_return_path_is_added(smtp: Smtp, null: bool) -> None:
    """Return-Path holds the envelope's sender, and <> for the null sender."""
    marker = smtp.marker()
    sender = "" if null else f"s-{marker}@client.example.org"
    first = _return_paths(smtp, message(marker), marker, f"MAIL FROM:<{sender}>")[0]
    smtp.require(first == f"<{sender}>".encode(), f"Return-Path: <{sender}>", first)


@requirement(
    "SMTP-5321-4.4-c", MUST, "RFC 5321 4.4", "Final delivery puts one Return-Path, the envelope's sender, on top."
)
@needs("?recipient", "?readback")
@writes
def test_return_path_of_the_client(smtp: Smtp) -> None:
    """It may be removed, or stay further down."""
    marker = smtp.marker()
    forged = b"Return-Path: <forged@foreign.example>\r\n"
    first = _return_paths(smtp, message(marker, trace=forged), marker, "MAIL FROM:<s@client.example.org>")[0]
    smtp.require(first == b"<s@client.example.org>", "the envelope's sender in the first Return-Path", first)


# -- messages that must not be there


@requirement(
    "SMTP-5321-4.1.1.4-k", SECURITY, "RFC 5321 4.1.1.4, 2.3.8", "No message is delivered out of another one's text."
)
@needs("?recipient", "?readback")
@writes
@pytest.mark.parametrize(
    ("lookalike", "line_end"),
    [(lookalike, b"\r\n") for lookalike in LOOKALIKES.values()] + [(b"\n.\n", b"\n")],
    ids=[*LOOKALIKES, "lf-header"],
)
def test_no_message_is_smuggled(smtp: Smtp, lookalike: bytes, line_end: bytes) -> None:
    """What stands behind a look-alike of the end of data arrives inside its message, or not at all."""
    # Field notes: Postfix 3.7.11 as installed delivers two messages for LF "." LF, LF "." CR LF, CR LF "." LF and
    # CR CR LF "." CR CR LF; OpenSMTPD 7.8 ends the data at LF "." LF, but does not run what came in the same read.
    outer, inner = smtp.marker(), smtp.marker()
    other = smtp.sibling()
    smtp.begin()
    smtp.given("DATA")
    content = message(outer, b"The outer message.").replace(b"\r\n", line_end)
    smtp.send(smuggling(content, lookalike, smtp.recipient, inner))
    if smtp.expect(250, noted=REFUSED, to="the message").code == 250:
        smtp.stored(outer)
    _settled(other)
    alone = [stored for stored in smtp.stored(inner, 0) if outer.encode() not in stored]
    if alone and not smtp.target.stranger:
        smtp.note(TRUSTED)
    smtp.require(not alone, "no message out of the text of another one", alone[0] if alone else b"")


HALVES = {
    "in-a-line": b"Half a message",
    "behind-a-line": b"Half a message.\r\n",
    "behind-a-dot": b"Half a message.\r\n.",
    "behind-dot-cr": b"Half a message.\r\n.\r",
}


@requirement("SMTP-GEN-CON-a", MUST, "RFC 5321 4.1.1.10", "A message whose connection is cut is not delivered.")
@needs("?recipient", "?readback")
@writes
@pytest.mark.parametrize("half", list(HALVES.values()), ids=list(HALVES))
@pytest.mark.parametrize("cut", ["close", "reset"])
def test_half_a_message_is_not_delivered(smtp: Smtp, half: bytes, cut: str) -> None:
    """The pending transaction is cancelled, wherever in the message the connection ended."""
    marker = smtp.marker()
    other = smtp.sibling()
    smtp.begin()
    smtp.given("DATA")
    smtp.send(message(marker, half))
    other.alive()
    {"close": smtp.wire.close, "reset": smtp.wire.reset}[cut]()
    _settled(other)
    found = smtp.stored(marker, 0)
    smtp.require(not found, "no message whose end never came", found[0] if found else b"")


@requirement("SMTP-GEN-CON-f", SECURITY, "RFC 5321 3.3, 4.1.1", "Transactions of two clients do not mix.")
@needs("?recipient", "?readback")
@writes
def test_two_sessions_do_not_mix(smtp: Smtp) -> None:
    """Two messages, sent turn by turn, arrive each with its own sender and its own text."""
    sessions = [(smtp, smtp.marker()), (smtp.sibling(), smtp.marker())]
    for session, marker in sessions:
        session.given(f"MAIL FROM:<{marker}@client.example.org>")
    for session, _ in sessions:
        session.given(session.rcpt)
    for session, _ in sessions:
        session.given("DATA")
    for session, marker in sessions:
        session.send(message(marker, f"First line of {marker}\r\n".encode()))
    for session, marker in sessions:
        session.given(f"Last line of {marker}\r\n".encode() + END_OF_DATA)
    for session, marker in sessions:
        stored = session.stored(marker)
        session.require(len(stored) == 1, "one message with each marker", f"{len(stored)} messages")
        own = f"First line of {marker}\r\nLast line of {marker}\r\n".encode()
        session.require(own in stored[0], "each message with its own text", stored[0])
        _has_sender(session, stored[0], f"<{marker}@client.example.org>")


def _has_sender(smtp: Smtp, stored: bytes, sender: str) -> None:
    paths = [value.strip().lower() for name, value in _added(stored) if name == b"return-path"]
    if not paths:
        smtp.note("there is no Return-Path to see the sender by")
        return
    smtp.require(paths[0] == sender.encode(), "each message with its own sender", paths[0])


NOT_CHECKED: list[tuple[str, str]] = []

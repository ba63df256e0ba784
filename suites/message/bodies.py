"""Texts (RFC 5321 4.5.2, RFC 5322 2.1, RFC 2045 6): every octet behind the header comes out as it went in."""

from __future__ import annotations

import re
from email import message_from_bytes

import pytest

from pytest_netconform.dialogues.mail import Mail
from pytest_netconform.requirement import MUST, SECURITY, requirement, writes
from pytest_netconform.suites.message.parts import CRLF, difference, split
from pytest_netconform.wire.smtp_messages import message

# Field notes for this chapter: Postfix 3.7.11 with local delivery into a Maildir and Dovecot 2.3.19.1 keep all of it,
# but for a NUL, which Dovecot turns into 0x80 when it is appended; mbox stores put ">" in front of "From ". pymap
# 0.36.7 loses the last LF of a message that has no empty line.


def _kept(mail: Mail, text: bytes, what: str, trace: bytes = b"") -> None:
    """A message with this text is accepted, and comes out with the same."""
    marker = mail.marker()
    found = split(mail.passed(message(marker, text, trace), marker))[1]
    mail.require(found == text, f"{what} as sent, to the octet", difference(text, found))


# -- lines

LINES = b"".join(b"Line %d of two hundred.\r\n" % number for number in range(1, 201))


@requirement("MSG-5322-2.1-a", MUST, "RFC 5322 2.1, 2.3; RFC 5321 2.3.8", "Lines end in CR LF, as many as were sent.")
@writes
def test_lines_end_in_crlf(mail: Mail) -> None:
    """Two hundred lines come out, and no CR or LF stands alone, in the header neither."""
    marker = mail.marker()
    found = mail.passed(message(marker, LINES), marker)
    alone = re.search(rb"(?<!\r)\n|\r(?!\n)", found)
    around = found[max(0, alone.start() - 20) : alone.start() + 20] if alone else b""
    mail.require(not alone, "no CR and no LF outside of CR LF", around)
    text = split(found)[1]
    mail.require(text.count(CRLF) == 200, "200 lines of text", f"{text.count(CRLF)} lines")
    mail.require(text == LINES, "the lines as sent, to the octet", difference(LINES, text))


# -- characters

KEPT = "Text comes out as it went in: blanks, dots, empty lines, long lines."
TEXTS = {
    "blanks": b"behind \r\nbehind\t\r\n  before\r\n\tbefore\r\nbetween  two\r\n \r\n\t\r\nend\r\n",
    "empty-lines-before": b"\r\n\r\n\r\nThe text.\r\n",
    "no-empty-line-behind": b"The text.\r\n",
    "one-empty-line-behind": b"The text.\r\n\r\n",
    "five-empty-lines-behind": b"The text.\r\n" + b"\r\n" * 5,
    "signature": b"The text.\r\n-- \r\nAnna\r\n",
    "dots": b".\r\n..\r\n...\r\n.one\r\n..two\r\n. \r\na.b\r\n.",
    "dot-behind": b"The text.\r\n.\r\n",
    "long-lines": b"x" * 998 + CRLF + b"." + b"y" * 997 + CRLF + b"end\r\n",
}


@requirement("MSG-5321-4.5.2-a", MUST, "RFC 5321 4.5.2", KEPT)
@writes
@pytest.mark.parametrize("text", list(TEXTS.values()), ids=list(TEXTS))
def test_text_comes_out(mail: Mail, text: bytes) -> None:
    """Nothing is stripped, doubled, folded or left out."""
    # field: solid-pop3d and other POP3 servers add an empty line
    text = text if text.endswith(CRLF) else text + CRLF
    _kept(mail, text, "the text")


@requirement("MSG-5321-4.5.2-a", MUST, "RFC 5321 4.5.2", KEPT)
@writes
def test_header_alone_comes_out(mail: Mail) -> None:
    """A message without any text: as sent, or with one empty line behind it."""
    marker = mail.marker()
    content = message(marker, b"")[:-2]
    found = mail.passed(content, marker)
    last = b"Message-ID: <%s@client.example.org>\r\n" % marker.encode()
    shown = found[-60:]
    mail.require(last in found, "the last field of the header", shown)
    rest = split(found)[1]
    expected = "no text behind the header, but one empty line at most"
    if rest == CRLF:
        # field: Dovecot 2.3.19.1 in an mbox, behind the border that LMTP puts in
        mail.tolerate(expected, shown, "a message without text is given an empty line of text")
        return
    mail.require(not rest, expected, shown)


CONTROLS = bytes([0x07, 0x08, 0x0B, 0x0C, 0x1B, 0x7F])


@requirement("MSG-5321-4.5.2-a", MUST, "RFC 5321 4.5.2", KEPT)
@writes
def test_controls_come_out(mail: Mail) -> None:
    """Control characters are kept, or the message is refused, since clients are told to keep from them."""
    marker = mail.marker()
    text = b"before\r\n<" + CONTROLS + b">\r\nbehind\r\n"
    octets = mail.passed_or_refused(message(marker, text), marker)
    if octets is None:
        return
    found = split(octets)[1]
    around = re.fullmatch(rb"before\r\n[^\r\n]*\r\nbehind\r\n", found)
    mail.require(around, "the lines around the control characters", found)
    if found != text:
        mail.tolerate("the control characters as sent", found, "control characters change on the way")


# RFC 5321 2.3.8 and 4.1.1.4 forbid clients to send these, so that they may be refused, or replaced; RFC 5322 4.1
ODD = {"bare-cr": b"\r", "bare-lf": b"\n", "nul": b"\x00"}


@requirement("MSG-5321-4.5.2-a", MUST, "RFC 5321 4.5.2", KEPT)
@writes
@pytest.mark.parametrize("octet", list(ODD.values()), ids=list(ODD))
def test_odd_octets_cost_no_other(mail: Mail, octet: bytes) -> None:
    """A bare CR or LF, or a NUL: refused, kept, dropped or replaced; what stands around it comes out."""
    # field: Postfix (normalize) makes CR LF of a bare LF; Exim a blank, and LF of a bare CR; Cyrus refuses
    marker = mail.marker()
    content = message(marker, b"alpha" + octet + b"bravo charlie\r\ndelta\r\n")
    found = mail.passed_or_refused(content, marker)
    if found is not None:
        whole = re.fullmatch(rb"alpha.{0,3}bravo charlie\r\ndelta\r\n", split(found)[1], re.DOTALL)
        mail.require(whole, "all words around it, in order", split(found)[1])


@requirement("MSG-5321-4.5.2-a", MUST, "RFC 5321 4.5.2", KEPT)
@writes
@pytest.mark.parametrize("length", [2000, 12_000])
def test_longer_lines_lose_nothing(mail: Mail, length: int) -> None:
    """Beyond 998 octets a line may be refused, or folded; every octet of it comes out, in order (4.5.3.1.6)."""
    # field: Sendmail breaks lines at 990 octets and puts "!" there
    marker = mail.marker()
    line = b"".join(b"%05d " % place for place in range(0, length, 6))
    found = mail.passed_or_refused(message(marker, b"before\r\n" + line + b"\r\nbehind\r\n"), marker)
    if found is None:
        return
    text = split(found)[1]
    numbers = re.sub(rb"[^0-9]", b"", text)
    mail.require(numbers == line.replace(b" ", b""), "every octet of the line, in order", difference(line, text))
    mail.require(text.startswith(b"before\r\n") and text.endswith(b"\r\nbehind\r\n"), "the lines around it", text)
    if line not in text:
        mail.note("a line of more than 998 octets is folded")


# -- what looks like the beginning of another message

FROM_LINES = b"From x\r\n>From x\r\n>>From x\r\n\r\nFrom the beginning\r\n From here\r\n"


@requirement("MSG-5321-4.5.2-b", MUST, "RFC 5321 4.5.2", "A line of text that begins with From is left as it is.")
@writes
def test_from_lines_come_out(mail: Mail) -> None:
    """No > is put in front, and none is taken off."""
    # field: mbox stores (Dovecot's mbox, UW, mail.local) put > in front, and cannot tell afterwards
    _kept(mail, FROM_LINES, "lines that begin with From")


ENVELOPES = {"plain": b"", "content-length": b"Content-Length: 9\r\n"}


@requirement("MSG-SEC-MBOX-a", SECURITY, "RFC 5321 4.5.2; RFC 4155 appendix A", "Text does not become another message.")
@writes
@pytest.mark.parametrize("trace", list(ENVELOPES.values()), ids=list(ENVELOPES))
def test_text_becomes_no_message(mail: Mail, trace: bytes) -> None:
    """An mbox separator in the text, also behind a false Content-Length; its neighbour is indented by a blank."""
    harmless, marker = mail.marker(), mail.marker()
    _takes_one(mail, harmless, b" From evil@client.example.org Thu Jan  1 00:00:00 1970\r\n", trace)
    _takes_one(mail, marker, b"From evil@client.example.org Thu Jan  1 00:00:00 1970\r\n", trace)


def _takes_one(mail: Mail, marker: str, line: bytes, trace: bytes) -> None:
    inner = b"Subject: second %s\r\n\r\nx\r\n" % marker.encode()
    mail.send(message(marker, b"first\r\n\r\n\r\n" + line + inner, trace))
    mail.take(marker)
    mail.settled()
    found = mail.take(marker)
    mail.require(len(found) == 1, "one message for one that was sent", f"{len(found)} messages")
    octets = found[0].octets or b""
    mail.require(octets.endswith(inner), "the message with all of its text", octets[-80:])


# -- beyond ASCII

ALL_HIGH = b"".join(bytes(range(first, first + 32)) + CRLF for first in range(0x80, 0x100, 32))
HIGH = {
    "octets": (b"unknown-8bit", ALL_HIGH),
    "utf-8": (b"utf-8", "Grüße aus Ægypten: 水, 🙂\r\n".encode()),
    "latin-1": (b"iso-8859-1", "Grüße, æøå\r\n".encode("latin-1")),
}
EIGHTBIT = "MAIL FROM:<s@client.example.org> BODY=8BITMIME"


@requirement("MSG-5322-2.3-a", MUST, "RFC 6152 3; RFC 5321 2.4, 4.5.2", "8-bit text comes out, or recoded as it says.")
@writes
@pytest.mark.parametrize(("charset", "text"), list(HIGH.values()), ids=list(HIGH))
def test_8bit_text_comes_out(mail: Mail, charset: bytes, text: bytes) -> None:
    """The octets, or a Content-Transfer-Encoding that was changed together with them."""
    # field: Sendmail recodes for neighbours without 8BITMIME
    mail.claims("8BITMIME")
    trace = b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=" + charset + CRLF
    marker = mail.marker()
    content = message(marker, text, trace + b"Content-Transfer-Encoding: 8bit\r\n")
    found = mail.passed(content, marker, EIGHTBIT)
    if split(found)[1] == text:
        return
    told = message_from_bytes(found)
    decoded = told.get_payload(decode=True)
    same = isinstance(decoded, bytes) and decoded.splitlines() == text.splitlines()
    recoded = str(told.get("Content-Transfer-Encoding", "")).strip().lower() in ("base64", "quoted-printable")
    expected = "the 8-bit octets, or another Content-Transfer-Encoding with the same"
    mail.require(recoded and same, expected, difference(text, split(found)[1]))
    mail.note(f"8-bit text is recoded as {told['Content-Transfer-Encoding']}")


# -- transfer encodings

_QP = b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n"
_B64 = b"MIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"
ENCODED = {
    "quoted-printable": (_QP, b"A soft=\r\n break, 1=3D1, =C3=A9, a blank=20\r\n=\r\n=2E\r\nend=\r\n\r\n"),
    "base64": (_B64, b"QUJD" * 19 + CRLF + b"REVG" * 19 + CRLF + b"Rw==\r\n"),
    "base64-in-short-lines": (_B64, b"QUJD\r\nREVG\r\n\r\nRw==\r\n"),
}


@requirement(
    "MSG-2045-6-a", MUST, "RFC 2045 6.7, 6.8; RFC 5321 3.6.3", "Encoded text is neither decoded nor rewrapped."
)
@writes
@pytest.mark.parametrize(("trace", "text"), list(ENCODED.values()), ids=list(ENCODED))
def test_encoded_text_comes_out(mail: Mail, trace: bytes, text: bytes) -> None:
    """Soft line breaks, encoded octets and lines of any length are left alone."""
    _kept(mail, text, "encoded text", trace)


NOT_CHECKED: list[tuple[str, str]] = []

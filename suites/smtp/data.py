"""Message data (RFC 5321 4.1.1.4, 4.5.2, 4.5.3.1): what ends it, what does not, and how much is taken.

Whether data ended too early is counted, not timed: behind what merely looks like an end stand commands, and a server
that answers them has said so before QUIT gets its 221.
"""

from __future__ import annotations

import pytest

from pytest_netconform.codes import Code
from pytest_netconform.dialogues.smtp import Smtp
from pytest_netconform.requirement import INTEROP, MUST, SECURITY, SHOULD, hostile, needs, requirement, writes
from pytest_netconform.verdict import NonConformity
from pytest_netconform.wire.smtp import END_OF_DATA, stuffed
from pytest_netconform.wire.smtp_messages import message, smuggling

# A message may be refused for what it says, and one with bare CR or LF for that (RFC 5321 2.3.8): legal, and noted.
# Field notes: Postfix 3.9 (reject) says 550 or 521 and closes, qmail says 451 and closes, Exim 4.98 says 554.
REFUSED: dict[Code, str] = {"5yz": "the message was refused", "45z": "the message was refused for now"}

# Only CR LF "." CR LF ends data (RFC 5321 4.1.1.4, 2.3.8). By requirement: what looks like it, and holds no true end.
LF_DOT_LF = {"lf-dot-lf": b"\n.\n"}
LF_DOT_CRLF = {"lf-dot-crlf": b"\n.\r\n"}
CRLF_DOT_LF = {"crlf-dot-lf": b"\r\n.\n"}
BARE_CR = {
    "cr-dot-cr": b"\r.\r",
    "cr-dot-crlf": b"\r.\r\n",
    "crlf-dot-cr": b"\r\n.\r",
    "lf-dot-cr": b"\n.\r",
    "cr-dot-lf": b"\r.\n",
}
ODD_LINES = {
    "crcrlf-dot-crcrlf": b"\r\r\n.\r\r\n",  # never CR CR LF "." CR LF, which is an end behind a CR
    "nul-dot": b"\r\n\x00.\r\n",
    "dot-nul": b"\r\n.\x00\r\n",
    "space-dot": b"\r\n .\r\n",
    "dot-tab": b"\r\n.\t\r\n",
    "dot-space": b"\r\n. \r\n",
}
LOOKALIKES = {**LF_DOT_LF, **LF_DOT_CRLF, **CRLF_DOT_LF, **BARE_CR, **ODD_LINES}

TRUSTED = "a server may be less strict with networks that it trusts (Postfix 3.9 exempts $mynetworks); try from outside"


# -- one answer to a message


def _answered_once(smtp: Smtp, expected: str, risk: str = "") -> None:
    """The message that was just sent is answered once. QUIT's 221 shows it; who refused may have closed before.

    `risk` is what to bear in mind when it is not, unless the target takes us for a stranger.
    """
    first = smtp.expect(250, noted=REFUSED, to="the message")
    more = smtp.replies_until("QUIT", 221, or_close=first.code != 250)
    if more and risk and not smtp.target.stranger:
        smtp.note(risk)
    codes = [str(reply.code) for reply in (first, *more)]
    smtp.require(not more, expected, f"{len(codes)} replies: {', '.join(codes)}")


def _not_ended_by(smtp: Smtp, lookalike: bytes, line_end: bytes = b"\r\n") -> None:
    """A message with a look-alike, and commands behind it, is answered once."""
    outer = message(smtp.marker(), b"A message with another one in it.").replace(b"\r\n", line_end)
    smtp.send(smuggling(outer, lookalike, smtp.recipient, smtp.marker()))
    _answered_once(smtp, "one reply to the message, and none to the commands inside it", TRUSTED)


def _pieces(smtp: Smtp, other: Smtp, pieces: list[bytes]) -> None:
    """Send pieces apart: between two of them the server has answered somebody else, so it had time to read the first.

    A pause that needs no clock; where the server reads two pieces at once nevertheless, the check sees less.
    """
    for piece in pieces[:-1]:
        smtp.send(piece)
        other.alive()
    smtp.send(pieces[-1])


# -- DATA and its end


@requirement("SMTP-5321-4.1.1.4-a", MUST, "RFC 5321 4.1.1.4, 4.3.2", "DATA is answered 354, the message once more.")
@needs("?recipient")
@writes
def test_data_has_two_answers(smtp_transaction: Smtp) -> None:
    """354, then exactly one final reply."""
    smtp_transaction.exchange("DATA", 354)
    smtp_transaction.send(stuffed(message(smtp_transaction.marker())))
    _answered_once(smtp_transaction, "one reply to the message")


@requirement("SMTP-5321-4.1.1.4-b", MUST, "RFC 5321 4.1.1.4", "A dot right behind DATA's own CRLF ends the data.")
@needs("?recipient")
@writes
def test_end_without_content(smtp_data: Smtp) -> None:
    """The CRLF of DATA is the first of the end of data; the empty message may be refused."""
    smtp_data.send(END_OF_DATA)
    _answered_once(smtp_data, "one reply to the empty message")


CUTS = {
    "cr|lf": [b"\r", b"\n.\r\n"],
    "crlf|dot": [b"\r\n", b".\r\n"],
    "dot|crlf": [b"\r\n.", b"\r\n"],
    "dotcr|lf": [b"\r\n.\r", b"\n"],
    "each": [b"\r", b"\n", b".", b"\r", b"\n"],
}


@requirement("SMTP-5321-2.3.8-b", MUST, "RFC 5321 2.3.8, 4.1.1.4", "The end of data is seen however it is cut.")
@needs("?recipient")
@writes
@pytest.mark.parametrize("end", list(CUTS.values()), ids=list(CUTS))
def test_end_in_pieces(smtp: Smtp, end: list[bytes]) -> None:
    """CR LF "." CR LF in several segments is answered like one in one."""
    other = smtp.sibling()
    smtp.begin()
    smtp.given("DATA")
    _pieces(smtp, other, [message(smtp.marker(), b"The end comes in pieces."), *end])
    _answered_once(smtp, "one reply to the message whose end came in pieces")


# -- what does not end data


@requirement("SMTP-5321-4.1.1.4-e", MUST, "RFC 5321 4.1.1.4, 2.3.8", 'LF "." LF does not end the data.')
@needs("?recipient")
@writes
@pytest.mark.parametrize("lookalike", list(LF_DOT_LF.values()), ids=list(LF_DOT_LF))
def test_bare_lf_around_the_dot(smtp_data: Smtp, lookalike: bytes) -> None:
    """Commands behind it are part of the message."""
    # Field notes: Postfix before 3.9 and 3.7.11 as installed (250, 250, 250, 354, 250), Sendmail before 8.18,
    # OpenSMTPD 7.8 and aiosmtpd before 1.4.5 end the data here.
    _not_ended_by(smtp_data, lookalike)


@requirement("SMTP-5321-4.1.1.4-f", MUST, "RFC 5321 2.3.8, 4.1.1.4", 'LF "." CR LF does not end the data.')
@needs("?recipient")
@writes
@pytest.mark.parametrize("lookalike", list(LF_DOT_CRLF.values()), ids=list(LF_DOT_CRLF))
def test_bare_lf_before_the_dot(smtp_data: Smtp, lookalike: bytes) -> None:
    """Commands behind it are part of the message (CVE-2023-51764, 51765, 51766)."""
    # Field note: Postfix, Sendmail and Exim before their fixes end the data here.
    _not_ended_by(smtp_data, lookalike)


@requirement("SMTP-5321-4.1.1.4-g", MUST, "RFC 5321 2.3.8, 4.1.1.4", 'CR LF "." LF does not end the data.')
@needs("?recipient")
@writes
@pytest.mark.parametrize("lookalike", list(CRLF_DOT_LF.values()), ids=list(CRLF_DOT_LF))
def test_bare_lf_behind_the_dot(smtp_data: Smtp, lookalike: bytes) -> None:
    """Commands behind it are part of the message."""
    # Field note: Exim before 4.98 and Postfix 3.7.11 as installed end the data here.
    _not_ended_by(smtp_data, lookalike)


@requirement("SMTP-5321-4.1.1.4-h", MUST, "RFC 5321 2.3.8", "A bare CR before or behind the dot does not end the data.")
@needs("?recipient")
@writes
@pytest.mark.parametrize("lookalike", list(BARE_CR.values()), ids=list(BARE_CR))
def test_bare_cr_around_the_dot(smtp_data: Smtp, lookalike: bytes) -> None:
    """Commands behind it are part of the message."""
    _not_ended_by(smtp_data, lookalike)


@requirement("SMTP-5321-4.1.1.4-i", MUST, "RFC 5321 2.3.8, 4.5.2", "A line with more than a dot does not end the data.")
@needs("?recipient")
@writes
@pytest.mark.parametrize("lookalike", list(ODD_LINES.values()), ids=list(ODD_LINES))
def test_more_than_a_dot(smtp_data: Smtp, lookalike: bytes) -> None:
    """A dot beside a CR, a NUL or white space is text, and commands behind it are, too."""
    # Field note: Postfix 3.7.11 as installed drops CRs before LF and ends the data at CR CR LF "." CR CR LF.
    _not_ended_by(smtp_data, lookalike)


@requirement(
    "SMTP-5321-4.1.1.4-j", SECURITY, "RFC 5321 2.3.8, 4.1.1.4", "A first line that ends in LF changes nothing."
)
@needs("?recipient")
@writes
def test_no_lf_mode(smtp_data: Smtp) -> None:
    """A header with bare LFs does not make LF "." LF an end of data."""
    # Field notes: Exim takes the end of the first header line for the message's own line end; what ends the data at
    # LF "." LF anyhow (Postfix 3.7.11 as installed) ends it here as well.
    _not_ended_by(smtp_data, b"\n.\n", line_end=b"\n")


# By size of buffer: lengths of the text before a dot, so that the dot is the first octet behind a full buffer (fgets
# keeps an octet for NUL, others keep two for CR LF).
BORDERS = {
    "512": [510, 511, 512],
    "1000": [998, 999, 1000, 1001],
    "1024": [1022, 1023, 1024],
    "2048": [2046, 2047, 2048],
    "4096": [4094, 4095, 4096],
    "8192": [8190, 8191, 8192],
    "16384": [16382, 16383, 16384],
    "32768": [32766, 32767, 32768],
    "65536": [65534, 65535, 65536],
}


@requirement(
    "SMTP-5321-4.5.2-a", SECURITY, "RFC 5321 4.5.2, 2.3.8", "A dot at a buffer's border does not end the data."
)
@needs("?recipient")
@writes
@hostile
@pytest.mark.parametrize("lengths", list(BORDERS.values()), ids=list(BORDERS))
def test_dot_behind_a_full_buffer(smtp_data: Smtp, lengths: list[int]) -> None:
    """A line is what CR LF ends: the end of a long line is no line, though it is a dot."""
    lines = b"".join(b"x" * length + b".\r\nNOOP\r\n" for length in lengths)
    smtp_data.send(message(smtp_data.marker(), lines) + END_OF_DATA)
    _answered_once(smtp_data, "one reply to the message, and none to the lines behind a dot at a buffer's border")


DOTS = {"before": [b"x", b".\r\n", b"NOOP\r\n"], "alone": [b"x", b".", b"\r\n", b"NOOP\r\n"]}


@requirement(
    "SMTP-5321-4.5.2-a", SECURITY, "RFC 5321 4.5.2, 2.3.8", "A dot at a buffer's border does not end the data."
)
@needs("?recipient")
@writes
@pytest.mark.parametrize("line", list(DOTS.values()), ids=list(DOTS))
def test_dot_at_the_start_of_a_segment(smtp: Smtp, line: list[bytes]) -> None:
    """A line is what CR LF ends: a segment that begins with a dot begins no line."""
    other = smtp.sibling()
    smtp.begin()
    smtp.given("DATA")
    _pieces(smtp, other, [message(smtp.marker()), *line, END_OF_DATA])
    _answered_once(smtp, "one reply to the message, and none to the line behind a dot at a segment's border")


# -- how much is taken


TEXT_LINE = 998  # octets, without CR LF
CONTENT = 64 * 1024
HOPS = 98  # Received fields: with the server's own there are still fewer than 100


@requirement("SMTP-5321-4.5.3.1.6-a", MUST, "RFC 5321 4.5.3.1.6", "A text line of 998 octets and CRLF is taken.")
@needs("?recipient")
@writes
@pytest.mark.parametrize("start", [b"x", b".x"], ids=["text", "dot"])
def test_longest_text_line(smtp: Smtp, start: bytes) -> None:
    """A message with the longest line is accepted as one with a short line is; a doubled dot does not count."""
    smtp.deliver(message(smtp.marker()))
    smtp.begin()
    smtp.given("DATA")
    line = start.ljust(TEXT_LINE, b"x")
    smtp.send(stuffed(message(smtp.marker(), line + b"\r\n")))
    smtp.expect(250, to=f"a message with a line of {TEXT_LINE} octets")


@requirement("SMTP-5321-4.5.3.1.6-a", MUST, "RFC 5321 4.5.3.1.6", "A text line of 998 octets and CRLF is taken.")
@needs("?recipient", "?readback")
@writes
def test_longest_text_line_arrives(smtp: Smtp) -> None:
    """The longest line is stored as it was sent."""
    marker = smtp.marker()
    line = b"".join(b"%06d." % place for place in range(0, TEXT_LINE, 7))[:TEXT_LINE]
    smtp.deliver(message(marker, b"First.\r\n" + line + b"\r\nLast.\r\n"))
    stored = smtp.stored(marker)[0].partition(b"First.\r\n")[2].partition(b"\r\nLast.")[0]
    smtp.require(stored == line, f"a line of {TEXT_LINE} octets, whole", stored)


@requirement("SMTP-5321-4.5.3.1.7-a", MUST, "RFC 5321 4.5.3.1.7", "A message of 64 KiB, header and all, is taken.")
@needs("?recipient")
@writes
def test_64_kib(smtp: Smtp) -> None:
    """A message of 65536 octets is accepted as a short one is, and SIZE announces no less."""
    size = smtp.offer.keywords.get("SIZE", ())
    limit = int(size[0]) if size and size[0].isdigit() else 0
    smtp.require(not 0 < limit < CONTENT, "SIZE to announce no limit below 64 KiB", f"SIZE {limit}")
    smtp.deliver(message(smtp.marker()))
    smtp.begin()
    smtp.given("DATA")
    header = message(smtp.marker(), b"")
    lines, rest = divmod(CONTENT - len(header), 72)
    smtp.send(stuffed(header + (b"x" * 70 + b"\r\n") * (lines - 1) + b"x" * (70 + rest) + b"\r\n"))
    smtp.expect(250, to="a message of 64 KiB")


@requirement("SMTP-5321-6.3-a", SHOULD, "RFC 5321 6.3", "Fewer than 100 Received fields are no loop.")
@needs("?recipient")
@writes
def test_many_hops(smtp: Smtp) -> None:
    """A message with 98 of them is accepted; one with 101 may be refused, and what happens is noted."""
    # Field notes: the limit is 50 in Postfix 3.7 (hopcount_limit), 25 in Sendmail, 30 in Exim, 100 in OpenSMTPD;
    # aiosmtpd and nodemailer smtp-server leave loops to the programs that use them.
    smtp.deliver(message(smtp.marker()))
    _send_hops(smtp, HOPS)
    smtp.expect(250, to=f"a message with {HOPS} Received fields")
    _send_hops(smtp, 101)
    accepted = "101 Received fields are accepted; another way to end loops is needed (RFC 5321 6.3)"
    smtp.expect("5yz", noted={250: accepted}, to="a message with 101 Received fields")


def _send_hops(smtp: Smtp, hops: int) -> None:
    date = b"Thu, 01 Jan 2026 00:00:00 +0000"
    trace = b"".join(
        b"Received: from a.example.org ([192.0.2.1])\r\n\tby b.example.org with SMTP id %d;\r\n\t%s\r\n" % (hop, date)
        for hop in range(hops, 0, -1)
    )
    smtp.begin()
    smtp.given("DATA")
    smtp.send(stuffed(message(smtp.marker(), trace=trace)))


# -- half a connection


@requirement("SMTP-GEN-CON-c", INTEROP, "TCP half-close", "What a client hears that says no more behind its message.")
@needs("?recipient", "CLEAR")
@writes
def test_half_close_behind_the_message(smtp_data: Smtp) -> None:
    """Recorded: the replies that still come when our side is shut behind the end of data (and QUIT, if it may be)."""
    # Field notes: Postfix 3.7 and aiosmtpd 1.4 answer; nodemailer smtp-server 3 closes at once, and the reply is lost.
    smtp_data.send(stuffed(message(smtp_data.marker())), *(["QUIT"] if "PIPELINING" in smtp_data.offer else []))
    smtp_data.wire.shutdown()
    heard: list[str] = []
    try:
        while True:
            heard.append(str(smtp_data.reply().code))
    except NonConformity:
        heard.append("the close" if smtp_data.over else "silence")
    smtp_data.observe(", ".join(heard))


NOT_CHECKED: list[tuple[str, str]] = []

"""The grammar of replies (RFC 5321 4.2, RFC 2034): judged over the tour, one dialogue that shows every kind."""

from __future__ import annotations

from pytest_netconform.dialogues.smtp import MAIL, Smtp, SmtpTour
from pytest_netconform.requirement import MUST, SHOULD, needs, requirement
from pytest_netconform.wire.smtp import enhanced_code

# Field note: Postfix 3.7 repeats a UTF-8 address in the text of its refusal.
ECHOED = "the address is repeated as it came"


def _without(tour: SmtpTour, deviations: list[str], expected: str) -> None:
    """No reply of the tour shows any of these deviations."""
    for reply in tour.replies:
        found = [deviation for deviation in deviations if deviation in reply.deviations]
        tour.require(not found, expected, reply.raw)


@requirement("SMTP-5321-4.2-a", MUST, "RFC 5321 4.2", "A reply begins with three digits: 2-5, then 0-5, then 0-9.")
def test_reply_codes(smtp_tour: SmtpTour) -> None:
    """No reply of the tour has another code."""
    _without(smtp_tour, ["no three-digit code", "code out of range"], "a code of three digits in the range of RFC 5321")


@requirement("SMTP-5321-4.2-b", MUST, "RFC 5321 4.2, 4.2.1", "Continuation lines carry a hyphen, the last line none.")
def test_reply_lines_end(smtp_tour: SmtpTour) -> None:
    """Behind the code stands a space or a hyphen, and every reply comes to its last line."""
    _without(smtp_tour, ["no space after the code"], "a space or a hyphen behind the code")
    unfinished = smtp_tour.unfinished
    smtp_tour.require(unfinished is None, "a last line, without a hyphen, in every reply", unfinished or b"")


@requirement("SMTP-5321-4.2-c", SHOULD, "RFC 5321 4.2", "A code is followed by a space and text.")
def test_no_bare_codes(smtp_tour: SmtpTour) -> None:
    """No reply of the tour is a bare code."""
    _without(smtp_tour, ["bare code"], "a space and text behind the code")


@requirement("SMTP-5321-4.2.1-a", MUST, "RFC 5321 4.2.1", "All lines of one reply carry the same code.")
def test_one_code_a_reply(smtp_tour: SmtpTour) -> None:
    """Replies of several lines were seen, each with one code."""
    smtp_tour.prerequisite(any(len(reply.lines) > 1 for reply in smtp_tour.replies), "a reply of several lines")
    _without(smtp_tour, ["different codes in one reply"], "the same code on every line of a reply")


@requirement("SMTP-5321-2.3.8-a", MUST, "RFC 5321 2.3.8", "Reply lines end in CR LF and hold no other CR or LF.")
def test_reply_lines_end_in_crlf(smtp_tour: SmtpTour) -> None:
    """No reply of the tour has a bare LF or a bare CR."""
    _without(smtp_tour, ["bare LF", "bare CR"], "CR LF at the end of every reply line, and neither alone")


@requirement("SMTP-5321-4.2-d", MUST, "RFC 5321 4.2", "Reply text is HT and printable ASCII.")
def test_reply_text_is_ascii(smtp_tour: SmtpTour) -> None:
    """No reply of the tour, before any SMTPUTF8 was asked for, holds other octets."""
    _without(smtp_tour, ["text outside HT and printable ASCII"], "HT and printable ASCII only")


@requirement("SMTP-5321-4.5.3.1.5-a", SHOULD, "RFC 5321 4.5.3.1.5", "A reply line is at most 512 octets long.")
def test_reply_lines_are_short(smtp_tour: SmtpTour) -> None:
    """No line of the tour is longer, the answer to a very long address among them."""
    _without(smtp_tour, ["longer than 512 octets"], "reply lines of at most 512 octets")


@requirement("SMTP-5321-4.2-e", MUST, "RFC 5321 4.2", "Every command is answered exactly once.")
def test_one_reply_a_command(smtp: Smtp) -> None:
    """NOOP is answered once: the next answer to arrive is that to the next command."""
    smtp.exchange("NOOP", 250)
    before = smtp.replies_until("QUIT", 221)
    smtp.require(not before, "one reply to NOOP", f"{1 + len(before)} replies")


@requirement(
    "SMTP-2034-4-a", MUST, "RFC 2034 4", "Where ENHANCEDSTATUSCODES is listed, 2yz, 4yz and 5yz replies carry a code."
)
@needs("ENHANCEDSTATUSCODES")
def test_enhanced_codes_everywhere(smtp_tour: SmtpTour) -> None:
    """Every line of every such reply begins with class.subject.detail; greeting, HELO and EHLO are exempt."""
    for reply in smtp_tour.replies_to(lambda command: not command.startswith(("(connection)", "EHLO", "HELO"))):
        if reply.code is not None and reply.code // 100 != 3:
            codes = {enhanced_code(line) for line in reply.lines}
            smtp_tour.require(None not in codes, "an enhanced status code on every line", reply.raw)
            smtp_tour.require(len(codes) == 1, "the same enhanced status code on every line", reply.raw)


@requirement("SMTP-2034-4-b", MUST, "RFC 2034 4", "The class of an enhanced code is the first digit of its reply.")
@needs("ENHANCEDSTATUSCODES")
def test_enhanced_class_agrees(smtp_tour: SmtpTour) -> None:
    """2.x.x stands behind 2yz, 4.x.x behind 4yz, 5.x.x behind 5yz."""
    coded = [(reply, enhanced_code(line)) for reply in smtp_tour.replies for line in reply.lines]
    coded = [(reply, code) for reply, code in coded if code is not None]
    smtp_tour.prerequisite(coded, "an enhanced status code")
    for reply, code in coded:
        agrees = code is not None and reply.code is not None and code[0] == str(reply.code)[0]
        smtp_tour.require(agrees, "a class that agrees with the reply's first digit", reply.raw)


@requirement(
    "SMTP-6531-3.7-a", MUST, "RFC 6531 3.7.4.2, RFC 5321 4.2", "Without the SMTPUTF8 parameter replies stay in ASCII."
)
@needs("SMTPUTF8", "?recipient")
def test_replies_to_utf8_stay_ascii(smtp: Smtp) -> None:
    """Commands with UTF-8 that did not ask for SMTPUTF8 are answered in ASCII, whatever the answer."""
    stimuli = [
        f"VRFY jos\u00e9@{smtp.domain}",
        MAIL,
        f"RCPT TO:<jos\u00e9@{smtp.domain}>",
        "jos\u00e9",
    ]
    for stimulus in stimuli:
        smtp.send(stimulus)
        reply = smtp.reply()
        if not reply.raw.isascii():
            smtp.tolerate("replies in ASCII to a client that did not ask for SMTPUTF8", reply.raw, ECHOED)


NOT_CHECKED: list[tuple[str, str]] = []

"""Several views of one message (RFC 1939 11, RFC 3501 2.3.1.1, 7.4.2; RFC 5321 6.1): all show the same, once."""

from __future__ import annotations

import re

from pytest_netconform.dialogues.imap import Imap
from pytest_netconform.dialogues.mail import Letter, Mail
from pytest_netconform.dialogues.smtp import MAIL, Smtp
from pytest_netconform.requirement import MUST, needs, requirement, writes
from pytest_netconform.suites.message.parts import difference, fields, named, split
from pytest_netconform.wire.imap_commands import astring, command
from pytest_netconform.wire.smtp import stuffed
from pytest_netconform.wire.smtp_messages import message

TEXT = b".\r\n..dots\r\nblanks \t\r\n" + "Grüße\r\n".encode() + b"x" * 500 + b"\r\n\r\n\r\n"
SAME = "IMAP and POP3 give out the same octets, and both sizes count them."


@requirement("MSG-CROSS-a", MUST, "RFC 1939 11; RFC 3501 2.3.4, 7.4.2", SAME)
@needs("?pair")
@writes
def test_two_readers_see_the_same(mail: Mail) -> None:
    """BODY[] and RETR, RFC822.SIZE and LIST, of one message that came by SMTP."""
    # field: Dovecot's pop3_fast_size_lookups, Gmail and Exchange announce other sizes by POP3
    other = mail.other_box()
    marker = mail.marker()
    mail.send(message(marker, TEXT))
    one = mail.take(marker)[0]
    two = next((letter for letter in other.letters() if letter.holds(marker)), None)
    mail.require(two is not None, "the message in the other reader's mailbox, too", "it is not there")
    for letter in filter(None, (one, two)):
        octets = letter.octets or b""
        mail.require(letter.size == len(octets), "a size that counts the octets", f"{letter.size} for {len(octets)}")
    octets, others = one.octets or b"", (two.octets if two else None) or b""
    mail.require(octets == others, "the same octets from both readers", difference(octets, others))


LASTING = "The text of a message never changes, whatever its flags, its mailbox or the session."


def _octets(imap: Imap, number: int = 1) -> bytes:
    found = imap.ok(f"FETCH {number} (BODY.PEEK[])").fetched
    return (found[number].octets("BODY[]") if number in found else None) or b""


@requirement("MSG-CROSS-b", MUST, "RFC 3501 2.3.1.1", LASTING)
@needs("?account")
@writes
def test_text_never_changes(imap_one: Imap) -> None:
    """Fetched again, with other flags, from a copy, and in another session."""
    first = _octets(imap_one)
    imap_one.require(first, "the message", "nothing")
    imap_one.given("STORE 1 +FLAGS (\\Seen \\Answered \\Flagged)")
    flagged = _octets(imap_one)
    imap_one.require(flagged == first, "the same octets behind a change of flags", difference(first, flagged))
    imap_one.given("STORE 1 FLAGS ()", command("COPY", "1", astring(imap_one.mailbox)), "NOOP")
    copied = _octets(imap_one, 2)
    imap_one.require(copied == first, "the same octets in a copy", difference(first, copied))
    again = _octets(imap_one.beside())
    imap_one.require(again == first, "the same octets in another session", difference(first, again))


SESSIONS, EACH = 20, 10
ARRIVAL_SECONDS = 60.0  # for two hundred messages
ONCE = "Every message that is answered 250 arrives, once; no other does."


@requirement("MSG-CROSS-c", MUST, "RFC 5321 4.1.1.4, 4.2.5, 6.1", ONCE)
@needs("?pair")
@writes
def test_every_message_arrives_once(mail: Mail) -> None:
    """Twenty sessions at once, ten messages each, in lock-step and pipelined; each has an id of its own."""
    # greylisting, and limits on connections: what is refused is not counted; at least one message must go
    series = mail.marker()
    sessions = [mail.another_smtp() for _ in range(SESSIONS)]
    accepted: list[str] = []
    refused: list[str] = []
    for turn in range(EACH):
        for number, smtp in enumerate(sessions):
            name = f"{series}.{turn}.{number}."
            (accepted if _goes(smtp, name, batch=number % 2 == 1) else refused).append(name)
    if not accepted:
        mail.not_applicable("no message was accepted")
    letters = mail.take(series, len(accepted), ARRIVAL_SECONDS)
    mail.settled()
    letters = mail.take(series, len(accepted), 0)
    missing, twice = _unlike(letters, accepted, 1)
    mail.require(not missing, "every message that was accepted", f"{len(missing)} of {len(accepted)} are not there")
    mail.require(not twice, "each message once", f"{len(twice)} came twice or oftener")
    _, there = _unlike(letters, refused, 0)
    mail.require(not there, "no message that was refused", f"{len(there)} of {len(refused)} are there")


def _unlike(letters: list[Letter], names: list[str], wanted: int) -> tuple[list[str], list[str]]:
    """Which names stand in fewer letters than wanted, and which in more."""
    every = [letter.octets or b"" for letter in letters]
    counts = {name: sum(f"Subject: {name}\r\n".encode() in octets for octets in every) for name in names}
    few = [name for name, count in counts.items() if count < wanted]
    return few, [name for name, count in counts.items() if count > wanted]


def _goes(smtp: Smtp, name: str, *, batch: bool) -> bool:
    """Whether one message is accepted; with `batch` its envelope goes in one write, where that is allowed."""
    envelope = (MAIL, smtp.rcpt, "DATA")
    if batch and "PIPELINING" in smtp.offer.keywords:
        smtp.send(*envelope)
        codes = [smtp.reply().code for _ in envelope]
    else:
        codes = []
        for line in envelope:
            smtp.send(line)
            codes.append(smtp.reply().code)
            if codes[-1] not in (250, 251, 354):
                smtp.exchange("RSET", 250)
                return False
    if codes[-1] != 354:
        smtp.exchange("RSET", 250)
        return False
    smtp.send(stuffed(message(name, b"Hello.\r\n")))
    return smtp.reply().code == 250


# -- what cannot be delivered

REPORT_SECONDS = 30.0  # RFC 5321 4.5.4.1 lets a server try again for days
REPORTED = "Who sent what cannot be delivered is told so, from nobody, in a report that programs can read."
STATUS = re.compile(rb"^Status:[ \t]*5\.[0-9]{1,3}\.[0-9]{1,3}", re.IGNORECASE | re.MULTILINE)
ACTION = re.compile(rb"^Action:[ \t]*failed", re.IGNORECASE | re.MULTILINE)
REPORTING = re.compile(rb"^Reporting-MTA:[ \t]*[^ \t;]+[ \t]*;", re.IGNORECASE | re.MULTILINE)
ENVID = re.compile(rb"^Original-Envelope-Id:[ \t]*(\S+)", re.IGNORECASE | re.MULTILINE)
MULTIPART = re.compile(rb"multipart/report\b.*report-type[ \t]*=[ \t]*\"?delivery-status", re.IGNORECASE)


@requirement("MSG-3464-2-a", MUST, "RFC 5321 3.6.3, 4.5.5, 6.1; RFC 3461 6; RFC 3464 2; RFC 6522 3", REPORTED)
@needs("?pair")
@writes
def test_lost_mail_is_reported(mail: Mail) -> None:
    """The report's own sender is null; where DSN is offered it names the reporter, the recipient and the status."""
    smtp, marker = mail.smtp, mail.marker()
    lost = smtp.target.option("bounces")
    dsn = "DSN" in smtp.offer.keywords
    smtp.given(f"MAIL FROM:<{smtp.recipient}>" + (f" ENVID={marker}" if dsn else ""))
    smtp.given(f"RCPT TO:<{lost}>" + (" NOTIFY=FAILURE" if dsn else ""), "DATA", stuffed(message(marker)))
    mail.settled()
    report = mail.take_late(marker, REPORT_SECONDS)
    header, text = split(report)
    paths = named(fields(header), b"return-path")
    if not paths:
        mail.not_applicable("there is no Return-Path to see the report's sender by; MSG-5322-3.6.7-a judges that")
    mail.require(paths[:1] in ([b"<>"], [b"<MAILER-DAEMON>"]), "a report whose sender is null (Return-Path)", header)
    kind = b"".join(named(fields(header), b"content-type"))
    if not dsn:
        mail.note("DSN is not offered, and the report's form is free")
        return
    mail.require(MULTIPART.match(kind), "multipart/report; report-type=delivery-status", kind)
    about = text.partition(b"Final-Recipient:")[2][:300]
    mail.require(lost.encode().lower() in about.lower(), "Final-Recipient with the address", about or text)
    for what, pattern in {"Reporting-MTA": REPORTING, "Action: failed": ACTION, "Status: 5.y.z": STATUS}.items():
        mail.require(pattern.search(text), f"{what} in the report", text)
    envid = ENVID.search(text)
    if envid is None or envid[1] != marker.encode():
        mail.note("the report has no Original-Envelope-Id with the ENVID that was given")


NOT_CHECKED: list[tuple[str, str]] = [
    ("MSG-5321-3.6.3-a", "not visible from outside: it wants a server of ours that the target relays to"),
]

"""The order of commands (RFC 5321 3.3, 4.1.4): what is out of order is refused, and what is over is forgotten."""

from __future__ import annotations

import pytest

from pytest_netconform.codes import Code
from pytest_netconform.dialogues.smtp import MAIL, Smtp
from pytest_netconform.requirement import INTEROP, MUST, SHOULD, needs, requirement, writes
from pytest_netconform.verdict import Inconclusive
from pytest_netconform.wire.smtp import stuffed

SECOND_MAIL = "MAIL FROM:<t@client.example.org>"
MESSAGE = (
    b"From: s@client.example.org\r\nSubject: order of commands\r\nDate: Mon, 5 Jan 2026 10:00:00 +0000\r\n"
    b"Message-ID: <%s@client.example.org>\r\n\r\n%s\r\n"
)

TAKEN: tuple[Code, ...] = (250, 251)  # how a recipient is accepted (RFC 5321 4.3.2)
ANY_ANSWER: tuple[Code, ...] = ("2yz", "45z", "5yz")  # 42z says that the server has no time now
ANOTHER_REFUSAL: dict[Code, str] = {"5yz": "503 or 554 says what is missing"}
TLS_FIRST: dict[Code, str] = {
    530: "a server that wants TLS first says so to all but EHLO, NOOP, STARTTLS and QUIT (RFC 3207 4)"
}


# -- what several checks look at


def _refuses_data(smtp: Smtp) -> None:
    """Nothing can be sent now: DATA is refused at once, or, as RFC 2920 3.1 foresees, behind a single dot."""
    reply = smtp.exchange("DATA", 503, 554, noted={**ANOTHER_REFUSAL, 354: "refused behind the end of data only"})
    if reply.code == 354:
        smtp.exchange(b".\r\n", 503, 554, noted=ANOTHER_REFUSAL)


def _has_forgotten(smtp: Smtp) -> None:
    """Neither the sender nor the recipient of before is known: RCPT is out of order, and so is DATA."""
    smtp.exchange(smtp.rcpt, 503)
    _refuses_data(smtp)


# -- verbs


@requirement("SMTP-5321-2.4-a", MUST, "RFC 5321 2.4", "Verbs and keywords mean the same in upper, lower or mixed case.")
def test_verbs_in_any_case(smtp_greeted: Smtp) -> None:
    """EHLO, NOOP, RSET and QUIT, accepted in upper case, are accepted however they are written."""
    smtp_greeted.sibling().given(smtp_greeted.ehlo, "NOOP", "RSET", "QUIT")
    smtp_greeted.exchange(smtp_greeted.ehlo.replace("EHLO", "eHlO"), 250)
    smtp_greeted.exchange("noop", 250)
    smtp_greeted.exchange("rSeT", 250)
    smtp_greeted.exchange("quit", 221)


@requirement("SMTP-5321-2.4-a", MUST, "RFC 5321 2.4", "Verbs and keywords mean the same in upper, lower or mixed case.")
@needs("?recipient")
def test_transaction_in_any_case(smtp: Smtp) -> None:
    """MAIL FROM, RCPT TO and DATA, accepted in upper case, are accepted however they are written."""
    smtp.given(MAIL, smtp.rcpt, "RSET")
    smtp.exchange(MAIL.replace("MAIL FROM", "mAiL fRoM"), 250)
    smtp.exchange(smtp.rcpt.replace("RCPT TO", "rcpt to"), *TAKEN)
    smtp.exchange("dAtA", 354)


# -- before EHLO

BEFORE_EHLO: dict[str, tuple[Code, ...]] = {
    "NOOP": (250,),
    "RSET": (250,),
    "HELP": ANY_ANSWER,
    "VRFY postmaster": ANY_ANSWER,
    "EXPN list": ANY_ANSWER,
}


@requirement("SMTP-5321-4.1.4-a", SHOULD, "RFC 5321 4.1.4", "NOOP, HELP, EXPN, VRFY and RSET are served before EHLO.")
@pytest.mark.parametrize("command", list(BEFORE_EHLO), ids=["noop", "rset", "help", "vrfy", "expn"])
def test_commands_before_ehlo(smtp_greeted: Smtp, command: str) -> None:
    """A client that has not introduced itself is not told 503; whether HELP, VRFY, EXPN exist is another matter."""
    smtp_greeted.sibling().given(smtp_greeted.ehlo, "NOOP")
    # Field notes: OpenSMTPD answers RSET 503 here, Sendmail VRFY under needvrfyhelo.
    reply = smtp_greeted.exchange(command, *BEFORE_EHLO[command], noted=TLS_FIRST if command != "NOOP" else None)
    smtp_greeted.require(reply.code != 503, f"anything but 503 to {command} before EHLO", reply.raw)
    smtp_greeted.exchange("QUIT", 221)


@requirement("SMTP-5321-4.1.4-c", INTEROP, "RFC 5321 4.1.4", "Whether mail is taken from a client that said no EHLO.")
def test_mail_before_ehlo(smtp_greeted: Smtp) -> None:
    """Recorded: only the client is told to say EHLO first, so 250 and 503 both conform."""
    # Field notes: Postfix (smtpd_helo_required=no) and Exim say 250; aiosmtpd, OpenSMTPD and Courier refuse.
    smtp_greeted.send(MAIL)
    smtp_greeted.observe(smtp_greeted.reply().code)


# -- EHLO again


@requirement("SMTP-5321-4.1.4-b", MUST, "RFC 5321 4.1.4", "A later EHLO is accepted, or refused without any effect.")
def test_second_ehlo(smtp: Smtp) -> None:
    """Within a transaction EHLO gets 250, or one of the listed refusals, after which the transaction goes on."""
    smtp.given(MAIL)
    # Field note: OpenSMTPD answers 503 "Already identified", which is not in the list.
    obscure: dict[Code, str] = {504: "only 4.3.2 lists it, for obscure cases"}
    reply = smtp.exchange(smtp.ehlo, 250, 500, 501, 502, 550, noted=obscure)
    if reply.code != 250 and smtp.target.options.get("recipient"):
        smtp.exchange(smtp.rcpt, *TAKEN)
    smtp.exchange("QUIT", 221)


@requirement("SMTP-5321-4.1.1.1-e", MUST, "RFC 5321 4.1.1.1, 4.1.4", "A later EHLO ends the transaction as RSET does.")
@needs("?recipient")
def test_ehlo_ends_the_transaction(smtp_transaction: Smtp) -> None:
    """After a second EHLO that was accepted, sender and recipients are gone (a refusal is 4.1.4-b's affair)."""
    smtp_transaction.given(smtp_transaction.ehlo)
    _has_forgotten(smtp_transaction)


# -- out of order


@requirement("SMTP-5321-4.1.4-d", MUST, "RFC 5321 3.3, 4.1.4", "RCPT with no MAIL before it is answered 503.")
@needs("?recipient")
def test_rcpt_before_mail(smtp: Smtp) -> None:
    """A recipient before any sender is out of order, and the session goes on."""
    smtp.refuses(smtp.rcpt, 503, twin=[MAIL, smtp.rcpt], reset="RSET")


@requirement("SMTP-5321-4.1.4-e", MUST, "RFC 5321 4.1.1.2, 4.1.4", "A second MAIL changes nothing, or begins anew.")
@needs("?recipient")
def test_second_mail(smtp_transaction: Smtp) -> None:
    """503 leaves the transaction as it was, DATA is taken; 250 clears it, so that DATA lacks a recipient."""
    # Field notes: Postfix, Exim, Sendmail and aiosmtpd say 503, qmail 250.
    reply = smtp_transaction.exchange(SECOND_MAIL, 503, 250)
    if reply.code == 503:
        smtp_transaction.exchange("DATA", 354)
    else:
        _refuses_data(smtp_transaction)


@requirement("SMTP-5321-3.3-a", MUST, "RFC 5321 3.3, 4.1.4", "No message is accepted for nobody.")
def test_data_before_rcpt(smtp: Smtp) -> None:
    """DATA without a recipient is refused: at once, or behind the end of data."""
    smtp.given(MAIL)
    _refuses_data(smtp)


# -- what ends a transaction, and what does not


@requirement("SMTP-5321-4.1.1.5-a", MUST, "RFC 5321 4.1.1.5", "RSET is answered 250 and forgets the transaction.")
@needs("?recipient")
def test_rset_ends_the_transaction(smtp_transaction: Smtp) -> None:
    """After RSET sender and recipients are gone."""
    smtp_transaction.exchange("RSET", 250)
    _has_forgotten(smtp_transaction)


@requirement("SMTP-5321-4.1.1.9-a", MUST, "RFC 5321 4.1.1.9", "NOOP has no effect on a transaction.")
@needs("?recipient")
def test_noop_keeps_the_transaction(smtp: Smtp) -> None:
    """NOOP between MAIL, RCPT and DATA leaves everything as it was."""
    smtp.given(MAIL, smtp.rcpt, "RSET", MAIL)
    smtp.exchange("NOOP", 250)
    smtp.exchange(smtp.rcpt, *TAKEN)
    smtp.exchange("NOOP", 250)
    smtp.exchange("DATA", 354)


WITHOUT_EFFECT: dict[str, bytes | None] = {
    "vrfy": None,  # the recipient
    "vrfy-unknown": b"VRFY nobody-here\r\n",
    # Field note: Postfix before 20260812 forgot the sender and kept the recipient here, and died at DATA.
    "vrfy-utf8": b"VRFY jos\xc3\xa9@x\r\n",
    "expn": b"EXPN list\r\n",
    "help": b"HELP\r\n",
}


@requirement(
    "SMTP-5321-4.1.1.6-a", MUST, "RFC 5321 4.1.1.6 to 4.1.1.8", "VRFY, EXPN and HELP have no effect on a transaction."
)
@needs("?recipient")
@pytest.mark.parametrize("command", list(WITHOUT_EFFECT.values()), ids=list(WITHOUT_EFFECT))
def test_questions_keep_the_transaction(smtp_transaction: Smtp, command: bytes | None) -> None:
    """Whatever the question is answered, DATA is taken after it."""
    smtp_transaction.exchange(command or f"VRFY {smtp_transaction.recipient}", *ANY_ANSWER)
    smtp_transaction.exchange("DATA", 354)


@requirement("SMTP-5321-4.1.1.4-c", MUST, "RFC 5321 4.1.1.4", "An accepted message ends the transaction.")
@needs("?recipient")
@writes
def test_accepted_message_ends_the_transaction(smtp: Smtp) -> None:
    """After the 250 to a message, sender and recipients are gone."""
    smtp.deliver(MESSAGE % (smtp.marker().encode(), b"To be accepted."))
    _has_forgotten(smtp)


@requirement("SMTP-5321-4.1.1.4-d", MUST, "RFC 5321 4.1.1.4", "A refused message ends the transaction, too.")
@needs("?recipient", "?reject")
@writes
def test_refused_message_ends_the_transaction(smtp_data: Smtp) -> None:
    """After the refusal of a message, sender and recipients are gone."""
    # Field note: Postfix before 20260803 kept them after smtpd_end_of_data_restrictions had refused.
    refused = MESSAGE % (smtp_data.marker().encode(), smtp_data.target.option("reject").encode())
    if smtp_data.exchange(stuffed(refused), 250, "45z", "5yz").code == 250:
        raise Inconclusive("prerequisite not met: the message with the ?reject= line was accepted")
    _has_forgotten(smtp_data)


# -- the null sender


@requirement("SMTP-1123-5.2.9-a", MUST, "RFC 1123 5.2.9, RFC 5321 4.5.5", "The null sender <> is accepted.")
@needs("?recipient")
def test_null_sender(smtp: Smtp) -> None:
    """A recipient who gets mail from somebody gets reports, which come from nobody."""
    smtp.given(MAIL, smtp.rcpt, "RSET")
    smtp.exchange("MAIL FROM:<>", 250)
    smtp.exchange(smtp.rcpt, *TAKEN)
    smtp.exchange("DATA", 354)


NOT_CHECKED: list[tuple[str, str]] = []

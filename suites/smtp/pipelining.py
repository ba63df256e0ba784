"""Pipelining (RFC 2920): commands that arrive in one piece are answered one by one, in order, and none is lost.

Only here are batches sent. EHLO, DATA, QUIT, NOOP and unknown words stand last in their group: Exim and Postfix 3.9
answer 554, or close, when more follows them (RFC 2920 3.1 allows it only to clients that ask for trouble).
"""

from __future__ import annotations

from pytest_netconform.dialogues.smtp import MAIL, Smtp
from pytest_netconform.requirement import MUST, needs, requirement, writes
from pytest_netconform.verdict import Inconclusive
from pytest_netconform.wire.smtp import stuffed

MESSAGE = stuffed(b"Subject: a message in front of commands\r\n\r\nThe next transaction is in the same piece.\r\n")
ONLY_A_REFUSAL = "a refusal, though not the code that is meant for this"


def _refused_recipient(smtp: Smtp) -> str:
    """RCPT that the target refuses when it comes alone. Inconclusive where nobody is refused at RCPT."""
    command = f"RCPT TO:<{smtp.target.option('unknown')}>"
    alone = smtp.sibling()
    alone.given(MAIL)
    alone.send(command)
    reply = alone.reply()
    if reply.code is None or reply.code // 100 != 5:
        raise Inconclusive(f"?unknown= is not refused at RCPT ({reply.code}), so nothing in a batch can fail")
    return command


@requirement("SMTP-2920-3.2-a", MUST, "RFC 2920 3.2 (1)(9)", "A batch is answered in order; a refusal loses nothing.")
@needs("PIPELINING", "?recipient", "?unknown")
def test_batch_with_a_refusal(smtp: Smtp) -> None:
    """The second of three recipients is refused; the third is accepted all the same, and so is DATA."""
    refused = _refused_recipient(smtp)
    smtp.given(MAIL, smtp.rcpt, "RSET")
    smtp.send(MAIL, smtp.rcpt, refused, smtp.rcpt, "DATA")
    smtp.expect(250, to="MAIL, the first of the batch")
    smtp.expect(250, to="RCPT, the second of the batch")
    smtp.expect("5yz", to="RCPT of an unknown recipient, the third of the batch")
    smtp.expect(250, to="RCPT, the fourth of the batch")
    smtp.expect(354, to="DATA, the last of the batch")


@requirement(
    "SMTP-2920-3.2-b", MUST, "RFC 2920 3.1, 3.2 (9)", "What follows the end of a message in one piece is not lost."
)
@needs("PIPELINING", "?recipient")
@writes
def test_commands_behind_a_message(smtp_data: Smtp) -> None:
    """A message, then RSET, MAIL, RCPT and QUIT in one write: five answers, in order."""
    smtp_data.send(MESSAGE, "RSET", MAIL, smtp_data.rcpt, "QUIT")
    smtp_data.expect(250, noted={"5yz": "the message itself was refused"}, to="the message")
    smtp_data.expect(250, to="RSET behind the message")
    smtp_data.expect(250, to="MAIL behind the message")
    smtp_data.expect(250, to="RCPT behind the message")
    smtp_data.expect(221, to="QUIT behind the message")


@requirement("SMTP-2920-3.2-c", MUST, "RFC 2920 3.2 (7)", "Answers are sent as soon as there is nothing more to read.")
@needs("PIPELINING", "?recipient")
def test_answers_do_not_wait(smtp: Smtp) -> None:
    """MAIL and RCPT in one write are both answered although nothing else is said."""
    smtp.given(MAIL, smtp.rcpt, "RSET")
    smtp.send(MAIL, smtp.rcpt)
    smtp.expect(250, to="MAIL, with RCPT behind it")
    smtp.expect(250, to="RCPT, with nothing behind it")
    smtp.exchange("QUIT", 221)


@requirement("SMTP-2920-3.2-d", MUST, "RFC 2920 3.2 (3)(4)", "Without a valid recipient there is no message.")
@needs("PIPELINING", "?recipient", "?unknown")
def test_no_message_for_nobody(smtp: Smtp) -> None:
    """When every recipient was refused, DATA is refused, or the empty message is."""
    refused = _refused_recipient(smtp)
    smtp.sibling().given(MAIL, smtp.rcpt, "DATA")
    smtp.given(MAIL)
    smtp.exchange(refused, "5yz")
    reply = smtp.exchange(
        "DATA",
        503,
        554,
        noted={"5yz": ONLY_A_REFUSAL, 354: "DATA without a recipient is answered 354, which RFC 5321 3.3 leaves free"},
    )
    if reply.code == 354:
        smtp.exchange(b".\r\n", "5yz", tolerated={250: "that nothing is sent to anybody cannot be seen from here"})
    smtp.alive()


@requirement(
    "SMTP-2920-3.2-e", MUST, "RFC 2920 3.2 (1)(6), RFC 5321 4.2.4", "An unknown word in a batch has its own answer."
)
@needs("PIPELINING")
def test_unknown_word_in_a_batch(smtp: Smtp) -> None:
    """MAIL and an unknown word in one write: 250, then 500 or 502, and the session goes on."""
    smtp.given(MAIL, "RSET")
    smtp.send(MAIL, "XYZZY")
    smtp.expect(250, to="MAIL, with an unknown word behind it")
    smtp.expect(500, 502, noted={"5yz": ONLY_A_REFUSAL}, to="XYZZY, behind MAIL")
    smtp.alive()


NOT_CHECKED: list[tuple[str, str]] = []

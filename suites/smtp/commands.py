"""Commands outside transactions (RFC 5321 3.5, 3.8, 4.1.1.5 to 4.1.1.10): questions, arguments, strange words, QUIT."""

from __future__ import annotations

import re

import pytest

from pytest_netconform.codes import Code
from pytest_netconform.dialogues.smtp import MAIL, Smtp
from pytest_netconform.requirement import INTEROP, MUST, SECURITY, SHOULD, hostile, needs, requirement
from pytest_netconform.verdict import NonConformity

# -- arguments

NO_ARGUMENT_CODES: dict[Code, str] = {"5yz": "501 is the code for an argument too many"}


@requirement(
    "SMTP-5321-4.1.1.5-b", SHOULD, "RFC 5321 4.1.1, 4.3.2", "RSET, DATA and QUIT with an argument are refused."
)
@pytest.mark.parametrize("verb", ["RSET", "QUIT"], ids=["rset", "quit"])
def test_verbs_without_arguments(smtp: Smtp, verb: str) -> None:
    """The verb alone is accepted, with a word behind it 501, and the session goes on: also after QUIT."""
    # Field notes: Postfix 3.7.11 obeys QUIT, nodemailer smtp-server 3.21.6 all three verbs; OpenSMTPD answers 500.
    smtp.refuses(f"{verb} now", 501, noted=NO_ARGUMENT_CODES, twin=[verb])


@requirement(
    "SMTP-5321-4.1.1.5-b", SHOULD, "RFC 5321 4.1.1, 4.3.2", "RSET, DATA and QUIT with an argument are refused."
)
@needs("?recipient")
def test_data_without_arguments(smtp_transaction: Smtp) -> None:
    """DATA alone is accepted, with a word behind it 501, and what follows is a command, not a message."""
    smtp_transaction.refuses("DATA now", 501, noted=NO_ARGUMENT_CODES, twin=["DATA"])


@requirement("SMTP-5321-4.1.1.9-b", SHOULD, "RFC 5321 4.1.1.9", "An argument of NOOP is ignored.")
@pytest.mark.parametrize("argument", ["hello", "hello world"], ids=["atom", "two-words"])
def test_noop_with_argument(smtp: Smtp, argument: str) -> None:
    """NOOP with a word is NOOP; two words are no String of the grammar and may be refused."""
    smtp.given("NOOP")
    beyond: dict[Code, str] = {501: "two words are more than the grammar's one String"}
    smtp.exchange(f"NOOP {argument}", 250, noted=beyond if " " in argument else None)
    smtp.exchange("QUIT", 221)


# -- VRFY and HELP

# A mailbox that a RCPT could repeat: a local part, and a domain of several labels or an address literal.
MAILBOX = re.compile(r'(?:"(?:[^"\\]|\\.)+"|[^\s<>@",:]+)@(?:[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)+|\[[^\]\s]+\])')
SOURCE_ROUTE = re.compile(r"@[^\s<>@,:]+(?:,@[^\s<>@,:]+)*:[^\s<>@]+@")
NOT_VERIFIED: tuple[Code, ...] = (252, "45z", "5yz")


@requirement("SMTP-5321-3.5.3-a", MUST, "RFC 5321 3.5.3", "VRFY is answered 250 only if the address was verified.")
@needs("?unknown")
@pytest.mark.parametrize("bare", [False, True], ids=["mailbox", "user"])
def test_vrfy_of_an_unknown_address(smtp: Smtp, bare: bool) -> None:
    """An address that does not exist, and its user name alone, are not confirmed."""
    # Field notes: Postfix says 252 or 550, and 554 to foreign domains; 500 and 502 are what a switched-off VRFY gets.
    unknown = smtp.target.option("unknown")
    smtp.given("NOOP")
    forward: dict[Code, str] = {251: "a promise to forward; what 3.5.3 forbids by name is 250"}
    smtp.exchange(f"VRFY {unknown.rpartition('@')[0] if bare else unknown}", *NOT_VERIFIED, noted=forward)
    smtp.alive()


@requirement(
    "SMTP-5321-3.5.2-a", MUST, "RFC 5321 3.5.1, 3.5.2", "A 250 to VRFY holds the mailbox, and no source route."
)
@needs("?recipient")
def test_vrfy_names_the_mailbox(smtp: Smtp) -> None:
    """A server that verifies the recipient repeats local part and fully qualified domain."""
    # Field notes: Postfix and aiosmtpd verify nothing, they say 252.
    reply = smtp.exchange(f"VRFY {smtp.recipient}", 250, 251, *NOT_VERIFIED)
    if reply.code != 250:
        smtp.not_applicable("the target does not verify by VRFY: it did not say 250")
    smtp.require(MAILBOX.search(reply.text), "local-part@domain in the 250, the domain fully qualified", reply.raw)
    smtp.require(not SOURCE_ROUTE.search(reply.text), "no source route in the 250", reply.raw)


# Field notes: Postfix before 3.11 has no HELP (3.7.11: 500); aiosmtpd 1.4.6 lists its commands behind 250.
HELPLESS: dict[Code, str] = {
    **dict.fromkeys((500, 502, 504), "many servers have no HELP: it is no part of the minimum (4.5.1)"),
    250: "help, under the code of another answer",
}


@requirement("SMTP-5321-4.1.1.8-a", SHOULD, "RFC 5321 4.1.1.8, 4.3.2", "HELP is answered 211 or 214.")
def test_help(smtp: Smtp) -> None:
    """Help is given under its own code, and the session goes on."""
    smtp.given("NOOP")
    smtp.exchange("HELP", 211, 214, tolerated=HELPLESS)
    smtp.alive()


# -- strange words

MOST_ERRORS = 100


@requirement("SMTP-GEN-FRM-f", MUST, "RFC 5321 3.8", "An unknown command is refused, and the connection stays open.")
def test_unknown_command(smtp: Smtp) -> None:
    """A strange word gets 500 (502 is an old habit), and the next command is served."""
    # Field note: Exim closes after 3 of them, aiosmtpd after 5, Postfix after 20; one is borne by all.
    smtp.refuses("XYZZY", 500, 502, noted={"5yz": "500 is the code for a word that is not known"}, twin=["NOOP"])


@requirement("SMTP-GEN-FRM-g", SHOULD, "RFC 5321 4.2.4", "An unknown command is answered 500, not 502.")
def test_unknown_command_code(smtp: Smtp) -> None:
    """502 is for commands that are known and not implemented."""
    old: dict[Code, str] = {502: "502 to words that are not known is common (Postfix before 3.6, Courier)"}
    smtp.given("NOOP")
    smtp.exchange("XYZZY", 500, tolerated=old)
    smtp.alive()


@requirement("SMTP-GEN-LIM-a", INTEROP, "RFC 5321 7.8, 3.8", "How many unknown commands a session survives.")
@hostile
def test_error_budget(smtp: Smtp) -> None:
    """Recorded: the number of unknown commands that were answered, and the last word before the close."""
    # Field notes: Exim 3, aiosmtpd 5, nodemailer smtp-server 10, Postfix 20 and a second for each after the tenth.
    last: int | None = None
    for count in range(MOST_ERRORS):
        smtp.send("XYZZY")
        try:
            last = smtp.reply().code
        except NonConformity:
            if not smtp.over:
                raise
            smtp.observe(f"closed after {count} unknown commands, the last answered {last}")
            return
        if last == 421:
            smtp.observe(f"421 to unknown command {count + 1}")
            return
    smtp.observe(f"open after {MOST_ERRORS} unknown commands, the last answered {last}")


# -- what others say at once

WEB_REQUEST = (
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 70\r\n\r\n"
    b"EHLO client.example.org\r\nMAIL FROM:<s@client.example.org>\r\n"
)
CROSS_PROTOCOL = (
    "a page in a web browser could make it send mail where the server is trusted to do so; "
    "most servers know the first line of such a request, or close at the first strange header"
)


@requirement(
    "SMTP-GEN-FRM-h", SECURITY, "ALPACA (2021), RFC 5321 7.8", "Behind the header of a web request no MAIL is accepted."
)
def test_web_request_is_no_mail(smtp_greeted: Smtp) -> None:
    """EHLO and MAIL in the body of a POST are not obeyed: the server closes, or refuses them."""
    # Field notes: Postfix, Exim and nodemailer smtp-server close at once; aiosmtpd 1.4.6 goes on and accepts MAIL.
    smtp_greeted.sibling().given(smtp_greeted.ehlo, MAIL)
    smtp_greeted.send(WEB_REQUEST)
    answers = smtp_greeted.replies_until("QUIT", 221, or_close=True)
    answered = not smtp_greeted.over and answers  # then the last one is MAIL's, whatever the header was answered
    if answered and answered[-1].code == 250:
        expected = "MAIL behind the header of a web request not to be accepted"
        smtp_greeted.tolerate(expected, answered[-1].raw, CROSS_PROTOCOL)


@requirement("SMTP-GEN-PIP-a", INTEROP, "RFC 5321 4.3.1, RFC 2920", "What two commands at once get without PIPELINING.")
@needs("-PIPELINING")
def test_two_commands_at_once(smtp: Smtp) -> None:
    """Recorded: the answers to two NOOPs in one write, from a server that did not ask for that."""
    # Field notes: OpenSMTPD says "500 Pipelining not supported", Exim 554 and closes.
    smtp.send("NOOP", "NOOP")
    first = smtp.reply()
    answers = smtp.replies_until("QUIT", 221, or_close=True)
    codes = ", ".join(str(answer.code) for answer in (first, *answers))
    smtp.observe(f"{codes}, then closed" if smtp.over else codes)


# -- the end


@requirement("SMTP-GEN-CON-g", MUST, "RFC 5321 4.1.1.10", "QUIT is answered 221, then the server closes.")
def test_quit_closes(smtp: Smtp) -> None:
    """221 is the last word on a connection; its neighbour without QUIT stays open."""
    neighbour = smtp.sibling()
    smtp.exchange("QUIT", 221)
    smtp.closes("after QUIT")
    neighbour.alive()


NOT_CHECKED: list[tuple[str, str]] = []

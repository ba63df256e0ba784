"""Greeting and introduction (RFC 5321 3.1, 3.2, 4.1.1.1): who speaks first, and what EHLO promises."""

from __future__ import annotations

import re

import pytest

from pytest_netconform.codes import Code
from pytest_netconform.dialogues.smtp import Smtp
from pytest_netconform.requirement import INTEROP, MUST, SHOULD, needs, requirement
from pytest_netconform.wire.smtp import Reply, parse_offer

# Greeting = "220 " (Domain / address-literal) [ SP textstring ] CRLF              (RFC 5321 4.2)
# Domain = sub-domain *("." sub-domain)                                            (RFC 5321 4.1.2)
IDENTITY = re.compile(rb"(?:[0-9A-Za-z](?:[0-9A-Za-z.-]*[0-9A-Za-z])?|\[[^\]\s]+\])(?=[ \t]|\Z)")
# ehlo-line = ehlo-keyword *( SP ehlo-param )                                      (RFC 5321 4.1.1.1)
EHLO_LINE = re.compile(rb"[0-9A-Za-z][0-9A-Za-z-]*(?: [!-~]+)*")
LEGACY_AUTH = re.compile(rb"AUTH=[!-~]+(?: [!-~]+)*", re.IGNORECASE)

POLICY_ON_THE_NAME: dict[Code, str] = {
    501: "the name we gave is not welcome; choose another by ?ehlo=",
    504: "the name we gave is not welcome; choose another by ?ehlo=",
    550: "the name we gave is not welcome; choose another by ?ehlo=",
}


@requirement("SMTP-5321-3.1-a", MUST, "RFC 5321 3.1, 4.3.2", "The server speaks first: one greeting, 220 or 554.")
def test_server_greets_first(smtp_connection: Smtp) -> None:
    """A client that says nothing is greeted."""
    smtp_connection.expect(220, 554, noted={421: "closing at once is allowed (RFC 5321 3.8)"}, to="the connection")


@requirement("SMTP-5321-4.1.1.1-a", MUST, "RFC 5321 4.1.1.1, 4.2", "The greeting begins with the server's own name.")
def test_greeting_names_the_server(smtp_greeted: Smtp) -> None:
    """Behind 220 stands a domain or an address literal."""
    text = smtp_greeted.greeting.lines[0]
    smtp_greeted.require(IDENTITY.match(text), "a domain or an address literal behind 220", text)


@requirement("SMTP-5321-3.1-b", MUST, "RFC 5321 3.1", "After a 554 greeting the server waits for QUIT.")
@needs("554-greeting")
def test_554_greeting_waits_for_quit(smtp_connection: Smtp) -> None:
    """Service refused by 554 leaves the connection open: NOOP is answered (503), QUIT gets 221 and the close."""
    smtp_connection.expect(554, to="the connection")
    smtp_connection.exchange("NOOP", 503, noted={"2yz": "503 is what RFC 5321 3.1 suggests", "5yz": "503 is suggested"})
    smtp_connection.exchange("QUIT", 221)
    smtp_connection.closes("after QUIT")
    other = smtp_connection.sibling()
    other.expect(554, to="the connection")
    other.given("QUIT")


@requirement("SMTP-5321-2.2.1-a", MUST, "RFC 5321 2.2.1, 4.5.1", "EHLO is implemented.")
def test_ehlo_is_known(smtp_greeted: Smtp) -> None:
    """EHLO with a plain domain is accepted; a refusal of the name is policy, not ignorance."""
    smtp_greeted.exchange(smtp_greeted.ehlo, 250, noted=POLICY_ON_THE_NAME)


@requirement("SMTP-5321-4.1.1.1-b", MUST, "RFC 5321 4.1.1.1", "The EHLO reply follows its grammar, line by line.")
def test_ehlo_reply_grammar(smtp_greeted: Smtp) -> None:
    """First the server's name, then one keyword with its parameters a line."""
    reply = smtp_greeted.exchange(smtp_greeted.ehlo, 250)
    smtp_greeted.require(IDENTITY.match(reply.lines[0]), "the server's name first", reply.lines[0])
    for line in reply.lines[1:]:
        if LEGACY_AUTH.fullmatch(line):
            smtp_greeted.note("AUTH= is an old spelling of AUTH that some clients wanted")
        else:
            smtp_greeted.require(
                EHLO_LINE.fullmatch(line), "each further line to be a keyword and its parameters", line
            )


@requirement("SMTP-5321-4.1.1.1-c", MUST, "RFC 5321 4.1.1.1, 4.5.1", "HELO is implemented beside EHLO.")
def test_helo_is_known(smtp_greeted: Smtp) -> None:
    """HELO with a plain domain is accepted."""
    smtp_greeted.exchange(smtp_greeted.ehlo.replace("EHLO", "HELO"), 250, noted=POLICY_ON_THE_NAME)


@requirement("SMTP-5321-3.2-a", MUST, "RFC 5321 3.2", "HELO is not answered with the list of extensions.")
def test_helo_reply_lists_nothing(smtp_greeted: Smtp) -> None:
    """The keywords that EHLO lists are not in the reply to HELO."""
    offered = set(parse_offer(smtp_greeted.sibling().exchange(smtp_greeted.ehlo, 250)).keywords)
    reply = smtp_greeted.exchange(smtp_greeted.ehlo.replace("EHLO", "HELO"), 250)
    listed = offered & _first_words(reply)
    smtp_greeted.require(not listed, "no extension keywords in the reply to HELO", ", ".join(sorted(listed)))


def _first_words(reply: Reply) -> set[str]:
    return {line.split()[0].decode("latin-1").upper() for line in reply.lines[1:] if line.split()}


@requirement("SMTP-5321-4.1.1.1-d", SHOULD, "RFC 5321 4.1.1.1, 4.3.2", "EHLO without a name is refused.")
def test_ehlo_needs_a_name(smtp_greeted: Smtp) -> None:
    """EHLO alone is a syntax error, and a correct EHLO afterwards is accepted."""
    smtp_greeted.refuses(
        "EHLO",
        501,
        noted={"5yz": "501 is the code for a missing argument"},
        twin=[smtp_greeted.ehlo],
        alive=False,
    )
    smtp_greeted.exchange(smtp_greeted.ehlo, 250)


@requirement("SMTP-5321-4.1.3-a", SHOULD, "RFC 5321 4.1.1.1, 4.1.3", "Address literals are accepted with EHLO.")
@pytest.mark.parametrize("literal", ["[127.0.0.1]", "[IPv6:2001:db8::1]"], ids=["ipv4", "ipv6"])
def test_ehlo_with_address_literal(smtp_greeted: Smtp, literal: str) -> None:
    """A client without a name gives its address in brackets."""
    smtp_greeted.exchange(f"EHLO {literal}", 250)


# A listed keyword, the least that its command needs.
COMMANDS = {
    "STARTTLS": "STARTTLS",
    "AUTH": "AUTH",
    "CHUNKING": "BDAT",
    "EXPN": "EXPN",
    "VRFY": "VRFY",
    "HELP": "HELP",
}


@requirement("SMTP-5321-4.2.4-a", MUST, "RFC 5321 4.2.4", "What EHLO lists is not answered 500 or 502.")
@pytest.mark.parametrize("keyword", list(COMMANDS))
def test_listed_commands_exist(smtp: Smtp, keyword: str) -> None:
    """The bare command of a listed keyword is known, whatever it is answered."""
    if keyword not in smtp.offer:
        smtp.not_applicable(f"the target does not list {keyword}")
    smtp.given("NOOP")
    reply = smtp.exchange(COMMANDS[keyword], "2yz", "3yz", "4yz", "5yz")
    smtp.require(
        reply.code not in (500, 502),
        f"anything but 500 and 502 to {COMMANDS[keyword]}, which is listed",
        str(reply.code),
    )


@requirement("SMTP-5321-4.1.1.1-f", MUST, "RFC 5321 4.1.1.1, 3.5.2", "What works beyond the minimum is listed.")
@pytest.mark.parametrize(
    ("keyword", "command"),
    [("STARTTLS", "STARTTLS"), ("AUTH", "AUTH PLAIN"), ("EXPN", "EXPN postmaster")],
    ids=["starttls", "auth", "expn"],
)
def test_unlisted_commands_do_not_work(smtp: Smtp, keyword: str, command: str) -> None:
    """A registered command that EHLO does not list is refused (252 promises nothing)."""
    if keyword in smtp.offer:
        smtp.not_applicable(f"the target lists {keyword}")
    smtp.given("NOOP")
    smtp.exchange(command, "4yz", "5yz", 252)


@requirement("SMTP-GEN-PIP-b", INTEROP, "RFC 5321 3.1", "What happens to a client that speaks before the greeting.")
def test_client_speaks_first(smtp_connection: Smtp) -> None:
    """Recorded: served as usual, refused, or dropped."""
    smtp_connection.send(smtp_connection.ehlo)
    greeting = smtp_connection.reply()
    if greeting.code != 220:
        smtp_connection.observe(f"greeted {greeting.code}")
        return
    smtp_connection.observe("closed" if smtp_connection.ended() else "served")


NOT_CHECKED: list[tuple[str, str]] = []

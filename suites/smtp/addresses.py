"""Addresses and envelopes (RFC 5321 4.1.2, 4.1.1.11, 4.5.1, 4.5.3.1, 7.9): what is a path, how long, and for whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count, islice

import pytest

from pytest_netconform.codes import Code
from pytest_netconform.dialogues.smtp import MAIL, Smtp
from pytest_netconform.requirement import MUST, SECURITY, SHOULD, hostile, needs, requirement, serial, slow
from pytest_netconform.verdict import Inconclusive, NonConformity, NotApplicable
from pytest_netconform.wire.smtp import Reply, enhanced_code

LOCAL_PART_OCTETS = 64  # RFC 5321 4.5.3.1.1
RECIPIENTS = 100  # RFC 5321 4.5.3.1.8
RECIPIENTS_TRIED = 2000
# 250 octets, labels of at most 63: a domain may have 255 (4.5.3.1.2), a path 256 with its brackets (4.5.3.1.3).
LONG_DOMAIN = ".".join(["d" * 63, "e" * 63, "f" * 63, "g" * 39, "client.example.org"])

POLICY = "a refusal of what is asked, not of how it is written"
NOT_501 = "501 is the code for characters that are not allowed"
# Field notes: aiosmtpd 1.4 and Postfix 3.7 take BEL in an address, aiosmtpd NUL too; Postfix cuts a line at NUL.
CONTROLS_TAKEN = "control characters in addresses are taken as they come"
DELAYED: dict[Code, str] = {450: "a temporary refusal relays nothing", 454: "a temporary refusal relays nothing"}
# How an address that was understood may be refused (RFC 5321 4.2.2, 4.3.2); 50z is about syntax, 552 about length.
UNDERSTOOD: dict[Code, str] = {550: POLICY, 551: POLICY, 553: POLICY, 554: POLICY}


# -- parameters


@requirement("SMTP-5321-4.1.1.11-a", MUST, "RFC 5321 4.1.1.11", "A parameter that is not recognized is not ignored.")
@pytest.mark.parametrize("verb", ["MAIL", "RCPT"])
def test_unknown_parameter_is_refused(smtp: Smtp, verb: str) -> None:
    """A command that is accepted without the parameter is refused with it."""
    # Field note: nodemailer smtp-server 3.21 hands unknown parameters to its user and says 250.
    _with_unknown_parameter(smtp, verb, "5yz")


@requirement("SMTP-5321-4.1.1.11-b", SHOULD, "RFC 5321 4.1.1.11", "A parameter that is not recognized is answered 555.")
@pytest.mark.parametrize("verb", ["MAIL", "RCPT"])
def test_unknown_parameter_code(smtp: Smtp, verb: str) -> None:
    """555 tells a parameter that nobody knows from one that is malformed."""
    # Field notes: aiosmtpd 1.4 says 501, for the hyphen in the keyword; so does Exim; Courier says 554.
    _with_unknown_parameter(smtp, verb, 555)


def _with_unknown_parameter(smtp: Smtp, verb: str, *codes: Code) -> None:
    if verb == "MAIL":
        smtp.refuses(f"{MAIL} X-BOGUS=1", *codes, twin=[MAIL], reset="RSET")
    else:
        smtp.refuses(f"{smtp.rcpt} X-BOGUS=1", *codes, twin=[MAIL, smtp.rcpt, "RSET"], reset=MAIL)


# -- paths


@requirement("SMTP-5321-4.1.2-a", MUST, "RFC 5321 4.1.2, 3.3", "Source routes are understood, and may be ignored.")
@needs("?recipient")
def test_source_route_is_understood(smtp_transaction: Smtp) -> None:
    """A route before the recipient is no syntax error; a server may decline to serve it."""
    smtp_transaction.given("RSET", MAIL)
    route = f"RCPT TO:<@relay.example.net:{smtp_transaction.recipient}>"
    smtp_transaction.exchange(route, "2yz", noted=UNDERSTOOD)
    smtp_transaction.alive()


@requirement(
    "SMTP-5321-4.1.2-b", MUST, "RFC 5321 4.1.2", "Quoted forms of a local-part mean the same as the plain one."
)
@needs("?recipient")
@pytest.mark.parametrize("mark", ["", "\\"], ids=["quoted", "quoted-pair"])
def test_quoted_recipient_is_the_same(smtp_transaction: Smtp, mark: str) -> None:
    """A recipient that is accepted is accepted in quotes too, and with a backslash before its first letter."""
    # Field note: nodemailer smtp-server 3.21 leaves quotes and backslash to its user, who looks for a mailbox "alice".
    local, _, domain = smtp_transaction.recipient.rpartition("@")
    if local.startswith('"'):
        smtp_transaction.not_applicable("the recipient's local-part is quoted already")
    smtp_transaction.given("RSET", MAIL)
    smtp_transaction.exchange(f'RCPT TO:<"{mark}{local}"@{domain}>', "2yz")


@requirement("SMTP-5321-4.1.2-c", MUST, "RFC 5321 4.1.2", "Blanks, @ and > inside quotes belong to the local-part.")
@needs("?recipient")
def test_quoted_local_part_is_one_address(smtp_transaction: Smtp) -> None:
    """The path ends at the last bracket: whoever lives there, it is neither a syntax error nor a parameter."""
    # Field notes: nodemailer smtp-server 3.21 says 501; Postfix may say 454 to what it does not relay.
    later: dict[Code, str] = {"4yz": "refused for now, and so understood"}
    smtp_transaction.exchange(f'RCPT TO:<"a b@c>d"@{smtp_transaction.domain}>', "2yz", *UNDERSTOOD, noted=later)
    smtp_transaction.alive()


@requirement("SMTP-5321-4.1.2-d", MUST, "RFC 5321 4.1.2", "Control characters in an address are rejected with 501.")
def test_control_character_in_address(smtp: Smtp) -> None:
    """The same address with BEL in it is refused."""
    _refuses_octets(smtp, b"MAIL FROM:<pr\x07obe@client.example.org>\r\n")


@requirement(
    "SMTP-5321-4.1.2-e", MUST, "RFC 5321 4.1.2", "NUL is rejected like any control character, and ends nothing."
)
@pytest.mark.parametrize(
    "command",
    [b"MAIL FROM:<s@client.example.org>\x00xyz\r\n", b"MAIL FROM:<pr\x00obe@client.example.org>\r\n"],
    ids=["behind-path", "in-path"],
)
def test_nul_in_command(smtp: Smtp, command: bytes) -> None:
    """MAIL with NUL behind or within the path is refused: the line is not cut there."""
    _refuses_octets(smtp, command)


@requirement(
    "SMTP-5321-4.1.2-e", MUST, "RFC 5321 4.1.2", "NUL is rejected like any control character, and ends nothing."
)
def test_nul_ends_no_command(smtp: Smtp) -> None:
    """NOOP with NUL behind it is answered once: what follows is no command of its own."""
    smtp.exchange(b"NOOP\x00NOOP\r\n", "2yz", "5yz")
    before = smtp.replies_until("QUIT", 221)
    smtp.require(not before, "one reply to a line with NUL in it", f"{1 + len(before)} replies")


def _refuses_octets(smtp: Smtp, command: bytes) -> None:
    tolerated: Mapping[Code, str] = {"2yz": CONTROLS_TAKEN}
    smtp.refuses(command, 501, noted={"5yz": NOT_501}, tolerated=tolerated, twin=[MAIL], reset="RSET")


@requirement("SMTP-5321-2.4-b", SHOULD, "RFC 5321 2.4", "Octets beyond ASCII in a command are rejected.")
@pytest.mark.parametrize("name", [b"jos\xc3\xa9", b"jos\xe9"], ids=["utf-8", "latin-1"])
def test_8bit_sender_without_extension(smtp: Smtp, name: bytes) -> None:
    """A sender beyond ASCII is refused where SMTPUTF8 was not asked for."""
    # Field notes: Postfix 3.7 takes UTF-8, and only that; aiosmtpd 1.4 and nodemailer smtp-server 3.21 take any octets.
    smtp.refuses(b"MAIL FROM:<" + name + b"@client.example.org>\r\n", "5yz", twin=[MAIL], reset="RSET")


# -- sizes


@requirement("SMTP-5321-4.5.3.1.1-a", MUST, "RFC 5321 4.5.3.1.1", "A local-part of 64 octets is not too long.")
@needs("?recipient")
def test_long_local_part_is_understood(smtp_transaction: Smtp) -> None:
    """A stranger with a long name is answered as one with a short name, or as nobody at all."""
    domain = smtp_transaction.domain
    short = smtp_transaction.sibling().exchange(f"RCPT TO:<netconform@{domain}>", "2yz", "5yz").code
    long = "netconform".ljust(LOCAL_PART_OCTETS, "x")
    smtp_transaction.exchange(f"RCPT TO:<{long}@{domain}>", "2yz", 550, 551, noted={short or 550: "as a short name"})
    smtp_transaction.alive()


@requirement("SMTP-5321-4.5.3.1.1-a", MUST, "RFC 5321 4.5.3.1.1", "A local-part of 64 octets is not too long.")
@needs("?recipients")
def test_long_local_part_is_accepted(smtp: Smtp) -> None:
    """A recipient whose name is filled up to 64 octets is accepted like any of its kind."""
    local, _, domain = smtp.target.option("recipients").rpartition("@")
    smtp.given(MAIL, f"RCPT TO:<{local.replace('*', 'x')}@{domain}>")
    filled = local.replace("*", "x" * (LOCAL_PART_OCTETS + 1 - len(local)))
    smtp.exchange(f"RCPT TO:<{filled}@{domain}>", "2yz")


@requirement("SMTP-5321-4.5.3.1.2-a", MUST, "RFC 5321 4.5.3.1.2, 4.5.3.1.3", "A domain of 250 octets is not too long.")
def test_long_domain_is_understood(smtp: Smtp) -> None:
    """A sender with a long domain is accepted, or refused for what the domain is: it does not resolve."""
    smtp.given(MAIL, "RSET")
    smtp.exchange(f"MAIL FROM:<a@{LONG_DOMAIN}>", "2yz", noted=UNDERSTOOD)
    smtp.alive()


@requirement("SMTP-5321-4.5.3.1.8-a", MUST, "RFC 5321 4.5.3.1.8", "A transaction takes 100 recipients.")
@needs("?recipients")
@serial
def test_hundred_recipients(smtp: Smtp) -> None:
    """None of 100 recipients is refused for the number of those before it."""
    commands = islice(_recipients(smtp), RECIPIENTS)
    smtp.given(MAIL, next(commands))
    for command in commands:
        smtp.send(command)
        reply = smtp.reply()
        expected = f"{RECIPIENTS} recipients to be accepted"
        smtp.require(not _too_many(reply), expected, reply.raw)
        smtp.weigh(reply, "2yz", expected=expected)


@requirement(
    "SMTP-5321-4.5.3.1.10-a",
    MUST,
    "RFC 5321 4.5.3.1.10, 4.5.3.1.8",
    "One recipient too many is answered 452, and those before it stay.",
)
@needs("?recipients")
@serial
@slow
def test_recipient_overflow(smtp: Smtp) -> None:
    """Recipients are accepted until one is refused, and DATA is answered 354 all the same."""
    smtp.given(MAIL)
    reply = _first_refusal(smtp)
    smtp.weigh(
        reply,
        452,
        noted={550: "the site's own rule is permanent", 554: "the site's own rule is permanent"},
        tolerated={552: "the code for this in RFC 821"},
        expected="452 in answer to one recipient too many",
    )
    smtp.exchange("DATA", 354)


def _first_refusal(smtp: Smtp) -> Reply:
    for taken, command in enumerate(islice(_recipients(smtp), RECIPIENTS_TRIED)):
        smtp.send(command)
        reply = smtp.reply()
        if reply.code is not None and reply.code >= 300:
            if taken < RECIPIENTS:
                raise Inconclusive(f"recipient {taken + 1} was refused; SMTP-5321-4.5.3.1.8-a judges that")
            return reply
    raise NotApplicable("a limit", f"the target takes {RECIPIENTS_TRIED} recipients and more")


def _recipients(smtp: Smtp) -> Iterator[str]:
    pattern = smtp.target.option("recipients")
    return (f"RCPT TO:<{pattern.replace('*', f'nc{number}')}>" for number in count(1))


def _too_many(reply: Reply) -> bool:
    """Whether a reply refuses for the number of recipients, and not for want of room (RFC 5321 4.5.3.1.10)."""
    return reply.code == 452 and enhanced_code(reply.lines[-1]) in (None, "4.5.3")


# -- who is served


@requirement(
    "SMTP-5321-4.5.1-a", MUST, "RFC 5321 4.5.1, 2.3.5", "Postmaster is accepted bare, and in any case of letters."
)
@needs("?recipient")
@pytest.mark.parametrize("address", ["Postmaster", "pOsTmAsTeR@{domain}"], ids=["bare", "any-case"])
def test_postmaster_is_accepted(smtp: Smtp, address: str) -> None:
    """Whoever serves mail accepts it for Postmaster, with the domain that it serves and without any."""
    smtp.given(MAIL)
    smtp.exchange(f"RCPT TO:<{address.format(domain=smtp.domain)}>", "2yz")


@requirement("SMTP-5321-3.3-b", SHOULD, "RFC 5321 3.3, 6.1", "A recipient known not to exist is refused with 550.")
@needs("?recipient", "?unknown")
def test_unknown_user_is_refused(smtp: Smtp) -> None:
    """An address of the target's own domain that does not exist is refused as such, not as a syntax error."""
    smtp.refuses(
        f"RCPT TO:<{smtp.target.option('unknown')}>",
        550,
        551,
        553,
        twin=[MAIL, smtp.rcpt, "RSET"],
        reset=MAIL,
        # Field notes: Exchange at the edge, qmail and catch-all domains accept all; gateways say 554 or 521.
        noted={
            "2yz": "accepted: a message for it will bounce, if anybody hears of it at all",
            "51z": "550 is the code for this",
            "52z": "550 is the code for this",
            "55z": "550 is the code for this",
        },
    )


@requirement("SMTP-5321-7.9-a", SECURITY, "RFC 5321 3.6.1, 7.9", "Strangers are not relayed for.")
@needs("?recipient", "?foreign")
def test_no_open_relay(smtp: Smtp) -> None:
    """Without a login a recipient elsewhere is refused, while one of the target's own is accepted."""
    _relays_not(smtp, f"<{smtp.target.option('foreign')}>")


TRICKS = {
    "percent": "<{local}%{there}@{here}>",
    "bang": "<{there}!{local}@{here}>",
    "route": "<@{here}:{local}@{there}>",
    "quoted": '<"{local}@{there}"@{here}>',
    "quoted-bare": '<"{local}@{there}">',
}


@requirement(
    "SMTP-5321-7.9-b", SECURITY, "RFC 5321 3.6.1, 7.9", "No spelling of an address gets round the ban on relaying."
)
@needs("?recipient", "?foreign")
@pytest.mark.parametrize("trick", list(TRICKS))
def test_no_relay_by_tricks(smtp: Smtp, trick: str) -> None:
    """An address elsewhere, dressed as one of the target's own, is refused; so is anybody unknown there."""
    local, _, there = smtp.target.option("foreign").rpartition("@")
    stranger = smtp.sibling()
    stranger.given(MAIL, stranger.rcpt)
    if stranger.exchange(f"RCPT TO:<netconform@{smtp.domain}>", "2yz", "5yz").code in (250, 251, 252):
        raise Inconclusive("the target accepts every local-part of its domain, so this one may be delivered there")
    _relays_not(smtp, TRICKS[trick].format(local=local, there=there, here=smtp.domain))


def _relays_not(smtp: Smtp, path: str) -> None:
    smtp.given(MAIL, smtp.rcpt, "RSET", MAIL)
    smtp.send(f"RCPT TO:{path}")
    reply = smtp.reply()
    if reply.code in (250, 251, 252) and not smtp.target.stranger:
        raise Inconclusive(
            "accepted, but most servers relay for their own machine; say ?vantage=outside if this one not"
        )
    smtp.weigh(reply, "5yz", noted=DELAYED)


# -- what an address must not set in motion

# CVE-2020-7247 (OpenSMTPD), CVE-2019-10149 (Exim): parts of an address reached a shell, or were expanded.
SHELL = {
    "semicolons": "MAIL FROM:<;id;@client.example.org>",
    "backquotes": "MAIL FROM:<`id`@client.example.org>",
    "expansion": "RCPT TO:<${run{/usr/bin/id}}@DOMAIN>",
}
SLEEP_SECONDS = 7


@requirement("SMTP-SEC-SHELL-a", SECURITY, "RFC 5321 4.1.2; CVE-2020-7247", "No part of an address is run or expanded.")
@hostile
@pytest.mark.parametrize("trick", list(SHELL))
def test_address_is_not_expanded(smtp: Smtp, trick: str) -> None:
    """Whether accepted or refused, the address is text: the reply does not show what a shell would make of it."""
    command = SHELL[trick]
    if command.startswith("RCPT"):
        command = command.replace("DOMAIN", smtp.domain)
        smtp.given(MAIL)
    else:
        smtp.given(MAIL, "RSET")
    reply = smtp.exchange(command, "2yz", "5yz")
    smtp.require(b"uid=" not in reply.raw, "a reply without the output of the command in the address", reply.raw)


@requirement("SMTP-SEC-SHELL-a", SECURITY, "RFC 5321 4.1.2; CVE-2020-7247", "No part of an address is run or expanded.")
@hostile
def test_address_is_not_run(smtp: Smtp) -> None:
    """`sleep 7` in an address delays the reply no more than `sleep 0` does."""
    expected = f"an answer that takes no {SLEEP_SECONDS} s longer"
    short = _seconds(smtp.sibling(), "MAIL FROM:<;sleep 0;>")
    long = _seconds(smtp, f"MAIL FROM:<;sleep {SLEEP_SECONDS};>")
    if long - short > SLEEP_SECONDS - 0.5:
        raise NonConformity(expected, f"{long - short:.0f} s longer", passing=True)


def _seconds(smtp: Smtp, command: str) -> float:
    smtp.given(MAIL, "RSET")
    began = smtp.visit.seconds()
    smtp.exchange(command, "5yz", noted={"2yz": "taken as a name, which the grammar does not allow"})
    return smtp.visit.seconds() - began


NOT_CHECKED: list[tuple[str, str]] = [
    # Only the next server sees the case of a relayed local-part; at its last station it may fold (RFC 5321 2.4).
    ("SMTP-5321-2.4-c", "not visible from outside"),
]

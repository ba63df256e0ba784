"""Literals (RFC 3501 4.3, 7.5; RFC 9051 4.3; RFC 7888): who waits for whom, how many octets, and whose they are."""

from __future__ import annotations

import pytest

from pytest_netconform.codes import Code
from pytest_netconform.dialogues.imap import MESSAGES, Imap
from pytest_netconform.requirement import MUST, SECURITY, needs, requirement, writes
from pytest_netconform.verdict import NonConformity
from pytest_netconform.wire.imap import BAD, BYE, GO_AHEAD, NO, OK, Answer
from pytest_netconform.wire.imap_commands import Literal, append, command, quoted
from pytest_netconform.wire.imap_data import Listing

PRESSING = "LITERAL+|LITERAL-"
AS_NO: dict[Code, str] = {NO: "NO where the syntax is wrong"}

# -- literals that wait


@requirement("IMAP-9051-4.3-a", MUST, "RFC 3501 4.3, 7.5; RFC 9051 4.3", "A literal is invited by a + response.")
@needs("?account")
def test_literals_are_invited(imap_private: Imap) -> None:
    """LOGIN with two literals: `+` before each of them, then OK."""
    imap_private.serves_login()
    imap_private.entitled("NOOP")
    user, password = (Literal(text.encode()) for text in imap_private.account)
    imap_private.weigh(imap_private.begin("LOGIN", user, password), GO_AHEAD)
    imap_private.go_on()
    imap_private.expect(GO_AHEAD, to="the announcement of the second literal")
    imap_private.go_on()
    imap_private.weigh(imap_private.login_reply(), OK, expected="OK in answer to LOGIN with two literals")


@requirement("IMAP-9051-4.3-d", MUST, "RFC 3501 4.3, RFC 9051 4.3", "A literal of no octets is invited like any other.")
def test_empty_literals(imap_private: Imap) -> None:
    """LOGIN with two empty literals is refused, at the announcement or behind the second `+`; nobody waits for ever."""
    imap_private.serves_login()
    imap_private.given("NOOP")
    refused: dict[Code, str] = {NO: "refused at the announcement", BAD: "refused at the announcement"}
    answer = imap_private.begin("LOGIN", Literal(b""), Literal(b""))
    for _ in range(2):
        imap_private.weigh(answer, GO_AHEAD, noted=refused)
        if answer.code != GO_AHEAD:
            break
        imap_private.go_on()
        answer = imap_private.login_reply()
    imap_private.weigh(answer, NO, BAD, expected="NO or BAD in answer to LOGIN without a name")
    imap_private.alive()


# -- any octets

NAMES = {"space": b"a b", "quote": b'a"b', "backslash": b"a\\b", "parenthesis": b"a(b"}


def _listed(imap: Imap, answer: Answer) -> list[bytes]:
    return [one.name for one in answer.values("LIST") if isinstance(one, Listing)]


@requirement("IMAP-9051-4.3-b", MUST, "RFC 3501 4.3, 5.1; RFC 9051 4.3", "A name comes back as it was given.")
@needs("?account")
@writes
@pytest.mark.parametrize("special", list(NAMES))
def test_names_come_back(imap_mailbox: Imap, special: str) -> None:
    """LIST returns a name that was created by a literal, whatever it takes to write it."""
    name = imap_mailbox.named("") + NAMES[special]
    if imap_mailbox.home()[1].encode() in NAMES[special][1:2]:
        imap_mailbox.not_applicable("that is the hierarchy delimiter there")
    imap_mailbox.given(command("CREATE", Literal(imap_mailbox.named("plain"))))
    if imap_mailbox.exchange(command("CREATE", Literal(name)), OK, NO).code == NO:
        imap_mailbox.not_applicable("the target makes no mailboxes of such names")
    answer = imap_mailbox.ok("LIST", '""', quoted(name))
    imap_mailbox.require(_listed(imap_mailbox, answer) == [name], "the name in LIST as it was given", answer.raw)


FORGED = b"* BYE gotcha"


def _nothing_forged(imap: Imap, answer: Answer) -> None:
    forged = [response.raw for response in answer.responses if response.raw.startswith(FORGED)]
    imap.require(not forged, "no response that stood in a name", answer.raw)


@requirement("IMAP-9051-4.3-c", SECURITY, "RFC 3501 9, RFC 9051 9", "A name with CR LF in it makes no response.")
@needs("?account")
@writes
def test_line_ends_in_a_name(imap_mailbox: Imap) -> None:
    """A name that holds a response is refused, or comes back as a literal; it never stands in the stream as a line."""
    imap_mailbox.given(command("CREATE", Literal(imap_mailbox.named("plain"))))
    name = imap_mailbox.named("x\r\n") + FORGED
    answer = imap_mailbox.command("CREATE", Literal(name))
    _nothing_forged(imap_mailbox, answer)
    imap_mailbox.weigh(answer, NO, BAD, noted={OK: "a mailbox with CR LF in its name was made"})
    listed = imap_mailbox.ok("LIST", '""', quoted(imap_mailbox.mailbox + b"*"))
    _nothing_forged(imap_mailbox, listed)
    if answer.code == OK:  # field: pymap 0.36.7, whose LIST does not show it
        imap_mailbox.command("DELETE", Literal(name))
    imap_mailbox.alive()


# -- how many octets

HUGE = ["2147483648", "18446744073709551617", "99999999999999999999999"]
ABRUPT = "closed without a word"


@requirement("IMAP-9051-4.3-e", SECURITY, "RFC 3501 4.3, RFC 7888 4", "No stranger is invited to send gigabytes.")
@pytest.mark.parametrize("size", HUGE)
def test_strangers_send_no_gigabytes(imap_private: Imap, size: str) -> None:
    """A literal of 2 GiB and more, or of a count that wraps, is refused before a login; then others are served."""
    imap_private.serves_login()
    imap_private.given("NOOP")
    other = imap_private.sibling()
    if other.begin("LOGIN", Literal(b"nc")).code != GO_AHEAD:
        imap_private.note("literals are refused here whatever their size")
    other.wire.close()
    imap_private.send_odd(f"a LOGIN {{{size}}}\r\n".encode(), "a")
    expected = f"NO, BAD or BYE in answer to a literal of {size} octets"
    try:
        answer = imap_private.retort()
    except NonConformity:
        if not imap_private.over:
            raise
        imap_private.tolerate(expected, b"a close", ABRUPT)
    else:
        imap_private.weigh(answer, NO, BAD, BYE, expected=expected)
        if answer.code != BYE:
            imap_private.answered_once("a literal that is too large")
    imap_private.served_again("after a literal that is too large").alive()


MISCOUNTED = {"negative": "{-1}", "nothing": "{}", "letter": "{1x}", "space": "{ 1}"}
# Dovecot 2.3 takes {} for {0}.
TAKEN_FOR_0: dict[Code, str] = {GO_AHEAD: "{} is taken for {0}"}


@requirement("IMAP-9051-4.3-f", MUST, "RFC 3501 4.3, 9; RFC 9051 9", "What is no count of octets is answered BAD.")
@needs("?account")
@pytest.mark.parametrize("count", list(MISCOUNTED))
def test_counts_that_are_none(imap: Imap, count: str) -> None:
    """Braces without a number in them announce no literal: one refusal, and the next line is a command."""
    imap.given("EXAMINE INBOX")
    noted = {**AS_NO, **(TAKEN_FOR_0 if count == "nothing" else {})}
    imap.send_odd(f"a EXAMINE {MISCOUNTED[count]}\r\n".encode(), "a")
    answer = imap.retort()
    imap.weigh(answer, BAD, noted=noted)
    if answer.code == GO_AHEAD:
        imap.send_odd(b"\r\n")
        imap.expect(NO, BAD, to="EXAMINE of no name")
    imap.alive()
    imap.answered_once("a count that is none")


# -- literals that wait for nobody (RFC 7888)


@requirement("IMAP-7888-3-a", MUST, "RFC 7888 3", "A literal that waits for nobody gets no + response.")
@needs(PRESSING, "?account")
def test_pressing_literals_are_not_invited(imap_private: Imap) -> None:
    """LOGIN with two such literals, in one write: OK, and nothing else."""
    imap_private.serves_login()
    if not {"LITERAL+", "LITERAL-"} & imap_private.capabilities:
        imap_private.not_applicable("the target offers it to users only")
    imap_private.entitled("NOOP")
    user, password = (Literal(text.encode(), sync=False) for text in imap_private.account)
    imap_private.send(command("LOGIN", user, password))
    imap_private.weigh(imap_private.login_reply(), OK, expected="OK in answer to LOGIN, and no +")
    imap_private.answered_once("LOGIN with literals that wait for nobody")


@requirement("IMAP-9051-5.5-b", MUST, "RFC 3501 5.5, RFC 9051 5.5", "What follows a literal is the next command.")
@needs("?account")
@writes
@pytest.mark.parametrize("way", ["waiting", "pressing"])
def test_next_command_behind_a_literal(imap_mailbox: Imap, way: str) -> None:
    """NOOP in one write with the octets of a literal is answered too."""
    message = MESSAGES[0]
    if way == "waiting":
        head = b"a APPEND " + quoted(imap_mailbox.mailbox) + b" {%d}\r\n" % len(message)
        imap_mailbox.exchange(head, GO_AHEAD)
        imap_mailbox.send(message + b"\r\nb NOOP\r\n")
    else:
        imap_mailbox.target.require(PRESSING)
        imap_mailbox.send(b"a " + append(imap_mailbox.mailbox, message, sync=False) + b"\r\nb NOOP\r\n")
    found = imap_mailbox.answers("a", "b")
    imap_mailbox.weigh(found["a"], OK, NO, expected="OK or NO in answer to APPEND")
    imap_mailbox.weigh(found["b"], OK, expected="OK in answer to NOOP behind a literal")


# the octets of the literal look like a command; the line goes on with an x behind it
INSIDE = b" {9+}\r\nb NOOP\r\nx\r\nd NOOP\r\n"
HEADS = {
    "nobody": "APPEND %s-nobody",
    "unknown": "XYZZY",
    "flag": "APPEND %s (\\Recent)",
    "date": 'APPEND %s "bad date"',
    "surplus": "NOOP",
}


@requirement("IMAP-7888-3-b", MUST, "RFC 7888 3, 4", "The octets of a refused literal are no commands.")
@needs(PRESSING, "?account")
@writes
@pytest.mark.parametrize("head", list(HEADS))
def test_refused_literals_are_no_commands(imap_mailbox: Imap, head: str) -> None:
    """Whatever is wrong before a literal, what stands in it is not run; who ends the session is safe too."""
    # field: Dovecot 2.3.19.1 runs what stands in it but for the first: "b OK NOOP completed"
    imap_mailbox.given(append(imap_mailbox.mailbox, MESSAGES[0], sync=False))
    said = HEADS[head].replace("%s", imap_mailbox.mailbox.decode("latin-1"))
    imap_mailbox.send(b"a " + said.encode("latin-1") + INSIDE)
    try:
        answer = imap_mailbox.retort(f"{said.split()[0]} with a literal that is refused")
        imap_mailbox.weigh(answer, NO, BAD, BYE, noted={OK: "taken all the same"})
        if answer.code != BYE:
            imap_mailbox.expect(OK, to="NOOP behind a literal that is refused")
    except NonConformity:
        if not imap_mailbox.over:
            raise
        imap_mailbox.note("closed in place of reading on")


@requirement("IMAP-7888-3-c", SECURITY, "RFC 7888 3, 4", "The octets of a literal that is too long are no commands.")
@needs("LITERAL+")
def test_long_literals_are_no_commands(imap_greeted: Imap) -> None:
    """A stranger's literal of 5000 octets, full of commands, is read to its end, or ends the session."""
    imap_greeted.sibling().given("CAPABILITY")
    imap_greeted.send(b"a LOGIN {5000+}\r\n" + b"b NOOP\r\n" * 625 + b" x\r\nz CAPABILITY\r\n")
    try:
        # field: Dovecot 2.3.19.1 says BYE
        answer = imap_greeted.retort("LOGIN with a literal of 5000 octets", within=30)
        imap_greeted.weigh(answer, NO, BAD, BYE)
        if answer.code != BYE:
            imap_greeted.expect(OK, to="CAPABILITY behind a literal of 5000 octets")
    except NonConformity:
        if not imap_greeted.over:
            raise
        imap_greeted.note("closed in place of reading on")


LIMIT = 4096
MINUS = "Under LITERAL- what is longer than 4096 octets waits, or is refused."


@requirement("IMAP-7888-5-a", MUST, "RFC 7888 5", MINUS)
@needs("LITERAL-", "?account")
@writes
def test_long_literals_wait(imap_mailbox: Imap) -> None:
    """APPEND of 4097 octets that does not wait is refused; one of 4096 is not."""
    box, message = imap_mailbox.mailbox, MESSAGES[0].ljust(LIMIT, b"x")
    imap_mailbox.given(append(box, message, sync=False))
    imap_mailbox.send(append(box, message + b"x", sync=False))
    answer = imap_mailbox.retort("APPEND of 4097 octets", within=30)
    imap_mailbox.weigh(answer, BAD, BYE, noted={NO: "NO in place of BAD"})
    if answer.code != BYE and answer.says != "TOOBIG":
        imap_mailbox.note("refused without the code TOOBIG")
    if answer.code != BYE:
        imap_mailbox.answered_once("APPEND of 4097 octets")


@requirement("IMAP-7888-5-a", MUST, "RFC 7888 5", MINUS)
@needs("LITERAL-", "?account")
def test_one_kind_of_pressing_literals(imap: Imap) -> None:
    """LITERAL+ and LITERAL- are not offered both."""
    offer = " ".join(sorted(imap.capabilities & {"LITERAL+", "LITERAL-"}))
    imap.require(offer != "LITERAL+ LITERAL-", "LITERAL+ or LITERAL-, not both", offer)


NOT_CHECKED: list[tuple[str, str]] = []

"""Greeting and replies (RFC 1939 3, 4; RFC 2449 8): who speaks first, and what every reply looks like."""

from __future__ import annotations

import re

from pytest_netconform.dialogues.pop3 import Pop3, Pop3Tour
from pytest_netconform.requirement import MUST, SHOULD, needs, requirement, serial
from pytest_netconform.wire.pop3 import ERR, OK

# What breaks the grammar of a status line, and what breaks the form of a line; both are named by the wire.
GRAMMAR = {"neither +OK nor -ERR", "status not in upper case", "no space behind the status"}
FORM = {"bare LF", "bare CR", "longer than 512 octets"}


@requirement("POP3-1939-4-a", MUST, "RFC 1939 4", "The server speaks first: a greeting of one line, +OK.")
def test_server_greets_first(pop3_connection: Pop3) -> None:
    """A client that says nothing is greeted, once; -ERR with IN-USE or SYS/TEMP means another time."""
    pop3_connection.expect(OK, to="the connection")
    more = pop3_connection.until_the_end()
    pop3_connection.require(not more, "a greeting of one line", b"".join(reply.raw for reply in more))


def _complete(tour: Pop3Tour) -> None:
    tour.prerequisite(tour.replies_to(lambda command: True), "a reply")
    unfinished = tour.unfinished
    tour.require(unfinished is None, "every reply to come to its end", unfinished or b"")


@requirement("POP3-1939-3-a", MUST, "RFC 1939 3", "A reply begins with +OK or -ERR, and a space before any text.")
@serial
def test_status_of_replies(pop3_tour: Pop3Tour) -> None:
    """Every status of the tour is in upper case, and parted from its text."""
    _complete(pop3_tour)
    codes = {reply.code for reply in pop3_tour.replies}
    for reply in pop3_tour.replies:
        wrong = GRAMMAR & set(reply.deviations)
        pop3_tour.require(not wrong, "+OK or -ERR, then the end of the line or a space", reply.raw[:120])
    pop3_tour.prerequisite({OK, ERR} <= codes, "a positive and a negative reply")


@requirement("POP3-1939-3-b", MUST, "RFC 1939 3, RFC 2449 4", "Reply lines end in CR LF, the first within 512 octets.")
@serial
def test_form_of_replies(pop3_tour: Pop3Tour) -> None:
    """Every line of the tour ends in CR LF (those of messages are another rule), and no status line is too long."""
    _complete(pop3_tour)
    for exchange in pop3_tour.exchanges:
        reply = exchange.reply
        if reply is None:
            continue
        wrong = FORM & set(reply.deviations)
        pop3_tour.require(not wrong, "lines of at most 512 octets that end in CR LF", reply.raw[:600])
        listed = b"" if exchange.command.startswith(("RETR", "TOP")) else reply.body or b""
        pop3_tour.require(not re.search(rb"(?<!\r)\n", listed), "lines that end in CR LF", listed[:600])


@requirement(
    "POP3-2449-8-a", SHOULD, "RFC 2449 6.4, 8", "Where RESP-CODES is listed, a text that begins with [ is a code."
)
@needs("RESP-CODES")
@serial
def test_response_codes(pop3_tour: Pop3Tour) -> None:
    """No text of the tour begins with a bracket that is no whole response code."""
    refusals = [reply for reply in pop3_tour.replies if reply.code == ERR]
    pop3_tour.prerequisite(refusals, "a refusal")
    for reply in pop3_tour.replies:
        sound = not reply.text.startswith(b"[") or reply.response_code is not None
        pop3_tour.require(sound, "a response code between brackets", reply.raw[:120])


NOT_CHECKED: list[tuple[str, str]] = []

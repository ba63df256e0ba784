"""Greeting and responses (RFC 9051 2.2, 7, 9): who speaks first, and what every response looks like."""

from __future__ import annotations

from pytest_netconform.dialogues.imap import Imap, ImapTour
from pytest_netconform.requirement import MUST, SECURITY, needs, requirement
from pytest_netconform.wire.imap import (
    BAD,
    BARE_CR,
    BARE_LF,
    NO,
    OK,
    PLUS_BARE,
    PREAUTH,
    TEXT_8BIT,
    Answer,
)
from pytest_netconform.wire.imap_grammar import QUOTED_8BIT

# What breaks the form of a line; what is legal under rev2 or UTF8=ACCEPT only; and what old servers say.
FORM = {BARE_LF, BARE_CR}
EIGHT_BIT = {QUOTED_8BIT, TEXT_8BIT}
OLD = {PLUS_BARE}


@requirement("IMAP-9051-7.1-a", MUST, "RFC 3501 7.1, RFC 9051 7.1", "The server speaks first: OK, PREAUTH or BYE.")
def test_server_greets_first(imap_connection: Imap) -> None:
    """A client that says nothing is greeted, once; BYE means that there is no room now."""
    imap_connection.greet()
    more, _ = imap_connection.until_marker()
    imap_connection.require(not more, "one greeting", b"".join(answer.raw for answer in more))


def _complete(tour: ImapTour) -> list[Answer]:
    tour.prerequisite(tour.replies, "a response")
    unfinished = tour.unfinished
    tour.require(unfinished is None, "every answer to come to its end", unfinished or b"")
    return tour.replies


def _legal_in_rev2(raw: bytes) -> set[str]:
    """Text and quoted strings may be UTF-8 (RFC 9051 9); beside a string a literal of any octets may stand."""
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return EIGHT_BIT - {TEXT_8BIT}
    return EIGHT_BIT


@requirement(
    "IMAP-9051-9-a", MUST, "RFC 3501 9, RFC 9051 9", "Every response follows the grammar, literals of their count."
)
def test_grammar_of_responses(imap_tour: ImapTour, imap_connection: Imap) -> None:
    """Every response of the tour is tagged, untagged or a continuation, and says what its grammar allows."""
    answers = _complete(imap_tour)
    for response in (response for answer in answers for response in answer.responses):
        found = set(response.deviations) - FORM
        if found & OLD:
            imap_connection.note(f"seen from old servers: {', '.join(sorted(found & OLD))}")
        legal = _legal_in_rev2(response.raw) if "IMAP4REV2" in imap_connection.target.claims else set()
        wrong = sorted(found - OLD - legal)
        imap_tour.require(not wrong, "a response by the grammar", f"{', '.join(wrong)}: ".encode() + response.raw[:120])
    codes = {answer.code for answer in answers}
    imap_tour.prerequisite({OK, BAD} <= codes or {OK, NO} <= codes, "an acceptance and a refusal")


@requirement("IMAP-9051-2.2-a", MUST, "RFC 3501 2.2, RFC 9051 2.2", "Every line ends in CR LF; no bare LF or CR.")
def test_form_of_responses(imap_tour: ImapTour) -> None:
    """Every line of the tour ends in CR LF; what stands in literals is another matter."""
    answers = _complete(imap_tour)
    for response in (response for answer in answers for response in answer.responses):
        wrong = FORM & set(response.deviations)
        imap_tour.require(not wrong, "lines that end in CR LF", response.raw[:120])


# one of each kind: data in the answer, none, a refusal by meaning and one by syntax
KINDS = (
    ("CAPABILITY", "CAPABILITY"),
    ("NOOP", ""),
    ('LIST "" ""', "LIST"),
    ("STATUS INBOX (MESSAGES)", "STATUS"),
    ("SELECT nc-nosuch-mailbox", ""),
    ("XYZZY", ""),
)


@requirement(
    "IMAP-9051-2.2.2-a", MUST, "RFC 3501 2.2.2, RFC 9051 2.2.2", "One tagged response to a command, behind its data."
)
@needs("?account")
def test_one_tagged_response(imap: Imap) -> None:
    """Each command gets one OK, NO or BAD with its own tag; what it asked for comes before that."""
    for said, data in KINDS:
        answer = imap.exchange(said, OK, NO, BAD)
        there = not data or answer.code != OK or answer.all(data)
        imap.require(there, f"{data} before the tagged response to {said}", answer.raw)
    more, _ = imap.until_marker()
    imap.require(not more, "one tagged response to each command", b"".join(answer.raw for answer in more))


@requirement("IMAP-9051-7.1.4-a", SECURITY, "RFC 9051 7.1.4", "PREAUTH greets nobody who comes in clear.")
@needs("CLEAR")
def test_no_preauth_in_clear(imap_connection: Imap) -> None:
    """Who comes without TLS is greeted as a stranger."""
    answer = imap_connection.greet()
    if answer.code == PREAUTH:
        note = "legal where something else than TLS, such as a tunnel, has proved who speaks"
        imap_connection.tolerate("* OK as the greeting in clear", answer.raw, note)
    imap_connection.alive()


NOT_CHECKED: list[tuple[str, str]] = []

"""APPEND (RFC 3501 6.3.11, RFC 9051 6.3.12, RFC 3502): messages that clients put into mailboxes."""

from __future__ import annotations

from email.utils import mktime_tz, parsedate_tz

import pytest

from pytest_netconform.codes import Code
from pytest_netconform.dialogues.imap import MESSAGES, Imap
from pytest_netconform.requirement import INTEROP, MUST, SHOULD, needs, requirement, writes
from pytest_netconform.transcript import visible
from pytest_netconform.wire.imap import BAD, NO, OK, Answer
from pytest_netconform.wire.imap_commands import Literal, append, astring, command
from pytest_netconform.wire.imap_data import AppendUid
from pytest_netconform.wire.imap_fetch import Fetched


def _first(answer: Answer) -> Fetched:
    return answer.fetched.get(1, Fetched(1, {}))


def _count(imap: Imap, wanted: int, what: str) -> None:
    """How many messages there are in the check's mailbox now."""
    found = imap.messages()
    imap.require(found == wanted, what, f"{found} messages")


# -- what comes out again

KEPT = "A message that was appended comes back octet for octet, with its flags and its date."
DATE = "17-Jul-1996 02:44:25 -0700"


@requirement("IMAP-9051-6.3.12-a", MUST, "RFC 3501 6.3.11, RFC 9051 6.3.12", KEPT)
@needs("?account")
@writes
def test_message_comes_back(imap_selected: Imap) -> None:
    """Lines that begin with From and with dots, long ones, blanks at their ends, 8-bit octets in the text."""
    # field: Exchange and Gmail put fields of their own into the header
    text = b"\r\nFrom here on.\r\n.\r\n..\r\n" + b"x" * 900 + b" \t\r\n\r\n\xc3\xa9 \xff\r\nno line end"
    message = MESSAGES[0].partition(b"\r\n\r\n")[0] + b"\r\n" + text
    imap_selected.ok("APPEND", astring(imap_selected.mailbox), Literal(message))
    imap_selected.prerequisite(imap_selected.select)
    found = _first(imap_selected.ok("FETCH 1 (BODY.PEEK[])")).octets("BODY[]") or b""
    if _fields_added(message, found):
        imap_selected.tolerate("the octets that were appended", found[:200], "fields were added to the header")
    else:
        imap_selected.require(found == message, "the octets that were appended", _difference(message, found))


def _fields_added(message: bytes, found: bytes) -> bool:
    """Whether the text is the same, and the header has every line of before, in order, and some besides."""
    (before, _, text), (after, _, same) = message.partition(b"\r\n\r\n"), found.partition(b"\r\n\r\n")
    lines = iter(after.split(b"\r\n"))
    return text == same and after != before and all(line in lines for line in before.split(b"\r\n"))


def _difference(message: bytes, found: bytes) -> bytes:
    """The octets around the first that differs."""
    pairs = enumerate(zip(message, found, strict=False))
    place = next((place for place, (one, other) in pairs if one != other), min(len(message), len(found)))
    return found[max(0, place - 10) : place + 40] or b"nothing"


@requirement("IMAP-9051-6.3.12-a", MUST, "RFC 3501 6.3.11, RFC 9051 6.3.12", KEPT)
@needs("?account")
@writes
def test_flags_and_date_come_back(imap_selected: Imap) -> None:
    """The flags that were given, and the moment, in whatever zone; both should be kept."""
    permanent = imap_selected.select().codes().get("PERMANENTFLAGS")
    kept = permanent.value if permanent is not None and isinstance(permanent.value, tuple) else ("\\*",)
    wanted = {"\\Seen", "\\Flagged"} | ({"nc-keyword"} if "\\*" in kept else set())
    flags = f"({' '.join(sorted(wanted))})"
    imap_selected.exchange(append(imap_selected.mailbox, MESSAGES[0], flags=flags, date=DATE), OK)
    imap_selected.prerequisite(imap_selected.select)
    answer = imap_selected.ok("FETCH 1 (FLAGS INTERNALDATE)")
    found = {flag.lower() for flag in _first(answer).flags or ()}
    if not {flag.lower() for flag in wanted} <= found:
        note = "the flags SHOULD be set in the new message"
        imap_selected.tolerate(f"the flags {flags}", answer.raw, note)
    told = _first(answer).items.get("INTERNALDATE")
    if _moment(told) != _moment(DATE.encode()):
        imap_selected.tolerate(f"the moment {DATE}", answer.raw, "the date SHOULD be that of the new message")


def _moment(text: object) -> int | None:
    parsed = parsedate_tz(text.decode("latin-1")) if isinstance(text, bytes) else None
    return mktime_tz(parsed) if parsed else None


# -- where there is no mailbox

NOWHERE = "APPEND to no mailbox is answered NO [TRYCREATE], and makes none."


@requirement("IMAP-9051-6.3.12-b", MUST, "RFC 3501 6.3.11, RFC 9051 6.3.12", NOWHERE)
@needs("?account")
@writes
def test_append_to_nothing(imap_mailbox: Imap) -> None:
    """Refused before the message, or behind it."""
    imap_mailbox.seed(1)
    name = imap_mailbox.named("nosuch")
    answer = imap_mailbox.exchange(append(name, MESSAGES[0]), NO)
    imap_mailbox.require(answer.says == "TRYCREATE", "NO [TRYCREATE]", answer.last.raw)
    imap_mailbox.require(not imap_mailbox.listed(name), "no mailbox of that name", name)
    imap_mailbox.alive()


# -- to the mailbox that is selected

TOLD = "Who appends to the mailbox that he has selected is told EXISTS at once."


@requirement("IMAP-9051-6.3.12-c", SHOULD, "RFC 3501 6.3.11, RFC 9051 6.3.12", TOLD)
@needs("?account")
@writes
def test_append_to_the_selected_mailbox(imap_one: Imap) -> None:
    """Two messages now, told before the OK of APPEND, or else within some NOOPs."""
    answer = imap_one.ok("APPEND", astring(imap_one.mailbox), Literal(MESSAGES[1]))
    if answer.last_number("EXISTS") != 2:
        imap_one.poll(lambda told: told.last_number("EXISTS") == 2 or None, "* 2 EXISTS in answer to NOOP")
        imap_one.tolerate("* 2 EXISTS before the OK of APPEND", answer.raw, "told by a later command")
    imap_one.require(len(imap_one.uid_numbers()) == 2, "both messages", "another number")


# -- what is wrong

WRONG = "APPEND that is wrong is answered BAD or NO, and appends nothing."
# Dovecot 2.3.19 says nothing to the unclosed parenthesis, and waits for the literal that it should invite or refuse.
HEADS = {
    "date": '"bad date"',
    "month": '"17-Foo-1996 02:44:25 -0700"',
    "recent": "(\\Recent)",
    "unclosed": "(\\Seen",
}
PASSED_OVER: dict[Code, str] = {OK: "\\Recent is passed over"}


@requirement("IMAP-9051-6.3.12-d", MUST, "RFC 3501 6.3.11, 9; RFC 9051 6.3.12, 9", WRONG)
@needs("?account")
@writes
@pytest.mark.parametrize("head", list(HEADS))
def test_append_that_is_wrong(imap_mailbox: Imap, head: str) -> None:
    """A date or a flag that the grammar does not have; the same without the offence is taken."""
    imap_mailbox.given(append(imap_mailbox.mailbox, MESSAGES[0], flags="(\\Seen)", date=DATE))
    said = command("APPEND", astring(imap_mailbox.mailbox), HEADS[head], Literal(MESSAGES[1]))
    noted = PASSED_OVER if head == "recent" else None
    answer = imap_mailbox.exchange(said, BAD, NO, noted=noted)
    if answer.code != OK:
        _count(imap_mailbox, 1, "the one message from before")
    imap_mailbox.alive()


@requirement("IMAP-9051-6.3.12-d", MUST, "RFC 3501 6.3.11, 9; RFC 9051 6.3.12, 9", WRONG)
@needs("?account")
@writes
def test_append_with_the_date_behind(imap_mailbox: Imap) -> None:
    """Nothing but another message may follow a message."""
    imap_mailbox.given(append(imap_mailbox.mailbox, MESSAGES[0], date=DATE))
    imap_mailbox.no_or_bad("APPEND", astring(imap_mailbox.mailbox), Literal(MESSAGES[1]), f'"{DATE}"')
    _count(imap_mailbox, 1, "the one message from before")
    imap_mailbox.alive()


# -- odd messages

ODD = {
    "bare-lf": b"Subject: odd\n\none\ntwo\n",
    "bare-cr": b"Subject: odd\r\n\r\none\rtwo\r\n",
    "nul": b"Subject: odd\r\n\r\none\x00two\r\n",
    "8-bit-header": b"Subject: \xe9\r\n\r\none\r\n",
    "no-header": b"one\r\ntwo\r\n",
    "empty": b"",
}


@requirement("IMAP-9051-6.3.12-e", INTEROP, "RFC 3501 4.3.1, 6.3.11; RFC 9051 6.3.12", "What becomes of odd messages.")
@needs("?account")
@writes
@pytest.mark.parametrize("kind", list(ODD))
def test_odd_messages(imap_mailbox: Imap, kind: str) -> None:
    """Line ends that are none, NUL, 8-bit octets, no header, nothing at all: refused, kept, or changed."""
    # field: Dovecot 2.3 makes CR LF of LF, and 0x80 of NUL, and refuses the empty one; Cyrus refuses NUL and bare LF
    answer = imap_mailbox.command("APPEND", astring(imap_mailbox.mailbox), Literal(ODD[kind]))
    if answer.code != OK:
        imap_mailbox.observe(f"refused: {answer.code}")
    else:
        imap_mailbox.prerequisite(imap_mailbox.select)
        found = _first(imap_mailbox.ok("FETCH 1 (BODY.PEEK[])")).octets("BODY[]") or b""
        kept = "kept octet for octet" if found == ODD[kind] else f"kept as {visible(found[:100])}"
        imap_mailbox.observe(kept)
    imap_mailbox.alive()


# -- several messages at once

ALL_OR_NONE = "An APPEND of several messages appends all of them, in their order, or none."


@requirement("IMAP-3502-6.3.11-a", MUST, "RFC 3502 6.3.11; RFC 4315 3", ALL_OR_NONE)
@needs("?account", "MULTIAPPEND")
@writes
def test_append_of_two(imap_mailbox: Imap) -> None:
    """Both are there; APPENDUID, where it is told, has the UIDs of both."""
    two = Literal(MESSAGES[0]), "(\\Seen)", Literal(MESSAGES[1])
    answer = imap_mailbox.ok("APPEND", astring(imap_mailbox.mailbox), *two)
    imap_mailbox.prerequisite(imap_mailbox.select)
    fetched = imap_mailbox.ok("FETCH 1:* (UID BODY.PEEK[TEXT])").fetched
    texts = [fetched[number].octets("BODY[TEXT]") for number in sorted(fetched)]
    wanted = [message.partition(b"\r\n\r\n")[2] for message in MESSAGES[:2]]
    imap_mailbox.require(texts == wanted, "both messages, in their order", b" ".join(text or b"NIL" for text in texts))
    code = answer.codes().get("APPENDUID")
    if code is None or not isinstance(code.value, AppendUid):
        imap_mailbox.note("no APPENDUID")
        return
    told = code.value.uids
    both = len(told) == 2 and all((fetched[number].uid or 0) in told for number in (1, 2))
    imap_mailbox.require(both, "the UIDs of both in APPENDUID", answer.last.raw)


SPOILT = {
    "empty": (Literal(MESSAGES[0]), Literal(b"")),
    "date": (Literal(MESSAGES[0]), '"bad date"', Literal(MESSAGES[1])),
}


@requirement("IMAP-3502-6.3.11-a", MUST, "RFC 3502 6.3.11; RFC 4315 3", ALL_OR_NONE)
@needs("?account", "MULTIAPPEND")
@writes
@pytest.mark.parametrize("second", list(SPOILT))
def test_append_of_one_and_a_half(imap_mailbox: Imap, second: str) -> None:
    """The second message is empty, which cancels all, or has a wrong date: nothing is appended."""
    imap_mailbox.given(command("APPEND", astring(imap_mailbox.mailbox), Literal(MESSAGES[2]), Literal(MESSAGES[3])))
    said = command("APPEND", astring(imap_mailbox.mailbox), *SPOILT[second])
    syntax: dict[Code, str] = {BAD: "BAD to an empty message, which is to be answered NO"}
    if second == "empty":
        imap_mailbox.exchange(said, NO, noted=syntax)
    else:
        imap_mailbox.exchange(said, NO, BAD)
    _count(imap_mailbox, 2, "the two messages from before")
    imap_mailbox.alive()


NOT_CHECKED: list[tuple[str, str]] = []

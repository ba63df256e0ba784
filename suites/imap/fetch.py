"""Fetching (RFC 3501 6.4.5, 7.4.2; RFC 9051 6.4.5, 7.5.2): the octets of messages, their size, date and flags."""

from __future__ import annotations

import re
from email.utils import mktime_tz, parsedate_tz

import pytest

from pytest_netconform.dialogues.imap import MESSAGES, Imap
from pytest_netconform.requirement import MUST, needs, requirement, writes
from pytest_netconform.wire.imap import BAD, NO, OK, Answer
from pytest_netconform.wire.imap_commands import append
from pytest_netconform.wire.imap_fetch import Fetched

# -- \Seen

SEEN = "Reading marks a message as seen, and peeking does not."


def _flags(imap: Imap, number: int = 1) -> frozenset[str]:
    answer = imap.ok(f"FETCH {number} (FLAGS)")
    found = answer.fetched.get(number, Fetched(number, {})).flags
    imap.require(found is not None, "FLAGS in answer to FETCH (FLAGS)", answer.raw)
    return found or frozenset()


@requirement("IMAP-9051-6.4.5-a", MUST, "RFC 3501 6.4.5, RFC 9051 6.4.5", SEEN)
@needs("?account")
@writes
@pytest.mark.parametrize(
    "item", ["BODY.PEEK[]", "BODY.PEEK[TEXT]", "BODY.PEEK[]<0.10>", "BODYSTRUCTURE"],
    ids=["message", "text", "partial", "structure"],
)  # fmt: skip
def test_peeking_leaves_no_mark(imap_one: Imap, item: str) -> None:
    """Who peeks leaves the message as it was; who then reads it, does not."""
    imap_one.ok(f"FETCH 1 ({item})")
    imap_one.require("\\Seen" not in _flags(imap_one), f"no \\Seen after {item}", "\\Seen")
    imap_one.ok("FETCH 1 (BODY[])")
    imap_one.require("\\Seen" in _flags(imap_one), "\\Seen after BODY[]", "no \\Seen")


@requirement("IMAP-9051-6.4.5-a", MUST, "RFC 3501 6.4.5, RFC 9051 6.4.5", SEEN)
@needs("?account")
@writes
@pytest.mark.parametrize(
    "item", ["BODY[]", "BODY[TEXT]", "BODY[HEADER.FIELDS (SUBJECT)]", "BODY[1]"],
    ids=["message", "text", "field", "part"],
)  # fmt: skip
def test_reading_marks_as_seen(imap_one: Imap, item: str) -> None:
    """Whoever reads a part of it has seen it; the response that gives it away should tell the flags."""
    imap_one.require("\\Seen" not in _flags(imap_one), "no \\Seen before anybody has read it", "\\Seen")
    answer = imap_one.ok(f"FETCH 1 ({item})")
    imap_one.require("\\Seen" in _flags(imap_one), f"\\Seen after {item}", "no \\Seen")
    if "\\Seen" not in (answer.fetched.get(1, Fetched(1, {})).flags or ()):
        imap_one.note("the flags that reading changed are not told with it, as they should be")


# -- the octets of a message

WHOLE = "RFC822.SIZE counts the octets of BODY[], which are those of its HEADER and its TEXT."


def _octets(imap: Imap, said: str, *names: str) -> list[bytes]:
    """What FETCH says of message 1 for each of these items, which must be there as strings."""
    answer = imap.ok(f"FETCH 1 {said}")
    found = answer.fetched.get(1, Fetched(1, {}))
    octets = [found.octets(name) for name in names]
    for name, one in zip(names, octets, strict=True):
        imap.require(one is not None, f"{name} in answer to FETCH 1 {said}", answer.raw)
    return [one or b"" for one in octets]


def _first(answer: Answer) -> Fetched:
    return answer.fetched.get(1, Fetched(1, {}))


@requirement("IMAP-9051-6.4.5-b", MUST, "RFC 3501 2.3.4, 6.4.5, 7.4.2; RFC 9051 2.3.4, 7.5.2", WHOLE)
@needs("?account")
@writes
def test_size_of_a_message(imap_one: Imap) -> None:
    """The size is that of what is delivered; RFC 9051 says only that it should."""
    answer = imap_one.ok("FETCH 1 (RFC822.SIZE BODY.PEEK[])")
    octets, size = _first(answer).octets("BODY[]"), _first(answer).items.get("RFC822.SIZE")
    imap_one.require(octets is not None and isinstance(size, int), "RFC822.SIZE and BODY[]", answer.raw)
    there = len(octets or b"")
    if size != there and "IMAP4REV2" in imap_one.target.claims:
        imap_one.tolerate(f"RFC822.SIZE {there}", str(size).encode(), "RFC 9051 2.3.4: the size SHOULD match")
    else:
        imap_one.require(size == there, f"RFC822.SIZE {there}, the octets of BODY[]", size)


@requirement("IMAP-9051-6.4.5-b", MUST, "RFC 3501 2.3.4, 6.4.5, 7.4.2; RFC 9051 2.3.4, 7.5.2", WHOLE)
@needs("?account")
@writes
def test_header_and_text_are_the_message(imap_one: Imap) -> None:
    """The header ends with the blank line, and the text follows it."""
    names = ("BODY[]", "BODY[HEADER]", "BODY[TEXT]")
    whole, header, text = _octets(imap_one, "(BODY.PEEK[] BODY.PEEK[HEADER] BODY.PEEK[TEXT])", *names)
    imap_one.require(header.endswith(b"\r\n\r\n"), "the blank line at the end of BODY[HEADER]", header[-40:])
    imap_one.require(header + text == whole, "BODY[HEADER] and BODY[TEXT] that make up BODY[]", header[-40:] + text)
    known = MESSAGES[0].partition(b"\r\n\r\n")[2]
    imap_one.require(text == known, "the text as it was appended", text)


PARTIAL = "A partial FETCH gives the octets from its origin on, under a name that has the origin."


@requirement("IMAP-9051-6.4.5-c", MUST, "RFC 3501 6.4.5, RFC 9051 6.4.5", PARTIAL)
@needs("?account")
@writes
@pytest.mark.parametrize(
    ("origin", "count"), [(0, 10), (5, 5), (-3, 100), (0, 1 << 31)], ids=["first", "middle", "end", "all"]
)
def test_partial_fetch(imap_one: Imap, origin: int, count: int) -> None:
    """From the origin as many octets as were asked for, or as there are; a negative origin counts from the end."""
    (whole,) = _octets(imap_one, "(BODY.PEEK[])", "BODY[]")
    origin = origin if origin >= 0 else len(whole) + origin
    (found,) = _octets(imap_one, f"(BODY.PEEK[]<{origin}.{count}>)", f"BODY[]<{origin}>")
    wanted = whole[origin : origin + count]
    imap_one.require(found == wanted, f"{len(wanted)} octets from {origin} on: those of BODY[]", found)


@requirement("IMAP-9051-6.4.5-c", MUST, "RFC 3501 6.4.5, RFC 9051 6.4.5", PARTIAL)
@needs("?account")
@writes
@pytest.mark.parametrize("beyond", [0, 999_999], ids=["at-the-end", "beyond"])
def test_partial_fetch_beyond_the_end(imap_one: Imap, beyond: int) -> None:
    """Where there is nothing an empty string is given; NIL is seen."""
    (whole,) = _octets(imap_one, "(BODY.PEEK[])", "BODY[]")
    origin = len(whole) + beyond
    answer = imap_one.ok(f"FETCH 1 (BODY.PEEK[]<{origin}.10>)")
    name = f"BODY[]<{origin}>"
    there = name in _first(answer).items
    imap_one.require(there and not _first(answer).octets(name), f'{name} "" beyond the end', answer.raw)
    if _first(answer).octets(name) is None:
        imap_one.note("NIL beyond the end, where the standard has an empty string")


# -- some fields of a header

FIELDS = "HEADER.FIELDS gives the fields of these names, whole, in any case; .NOT all others; then a blank line."
LETTER = (
    ("Date", b"Date: Fri, 1 May 2020 01:00:00 +0000\r\n"),
    ("From", b"From: Anna <anna@client.example.org>\r\n"),
    ("X-Two", b"X-Two: the first\r\n"),
    ("Subject", b"Subject: folded\r\n over\r\n\tthree lines\r\n"),
    ("To", b"To: alice@example.test\r\n"),
    ("X-Two", b"x-two: the second\r\n"),
    ("X-Subject", b"X-Subject: another field\r\n"),
)
BODY = b"\r\nOne line.\r\n"


def _some_fields(imap: Imap, section: str) -> bytes:
    """The octets of that section; its name may come back in any case, and field names in quotes."""
    answer = imap.ok(f"FETCH 1 (BODY.PEEK[{section}])")
    begin = f"BODY[{section.partition(' ')[0]} ("
    found = [value for name, value in _first(answer).items.items() if name.startswith(begin)]
    sound = len(found) == 1 and isinstance(found[0], bytes)
    imap.require(sound, f"one string for {begin}...)]", answer.raw)
    return found[0] if isinstance(found[0], bytes) else b""


@requirement("IMAP-9051-6.4.5-d", MUST, "RFC 3501 6.4.5, RFC 9051 6.4.5.1", FIELDS)
@needs("?account")
@writes
@pytest.mark.parametrize(
    ("section", "names"),
    [
        ('HEADER.FIELDS (SUBJECT "X-None" to)', {"Subject", "To"}),
        ("HEADER.FIELDS (X-TWO)", {"X-Two"}),
        ("HEADER.FIELDS (X-None)", set()),
        ('HEADER.FIELDS.NOT (sUBJECT "X-None" TO)', {"Date", "From", "X-Two", "X-Subject"}),
    ],
    ids=["some", "twice", "none", "not"],
)
def test_some_fields_of_a_header(imap_selected: Imap, section: str, names: set[str]) -> None:
    """The fields that were named, folds and all, in the order of the message, and the blank line."""
    message = b"".join(octets for _, octets in LETTER) + BODY
    imap_selected.given(append(imap_selected.mailbox, message))
    imap_selected.prerequisite(imap_selected.select)
    found = _some_fields(imap_selected, section)
    wanted = b"".join(octets for name, octets in LETTER if name in names) + b"\r\n"
    if section.startswith("HEADER.FIELDS.NOT"):  # stores add fields of their own
        sound = _within(wanted, found)
    else:
        sound = found == wanted
    imap_selected.require(sound, f"the fields {', '.join(sorted(names)) or 'none'}, each whole, a blank line", found)


def _within(wanted: bytes, found: bytes) -> bool:
    """Whether all lines of the one are lines of the other, in their order, and none of the fields left out is."""
    lines = iter(found.splitlines(keepends=True))
    left_out = re.search(rb"^(Subject|To):", found, re.MULTILINE | re.IGNORECASE)
    return all(line in lines for line in wanted.splitlines(keepends=True)) and not left_out


# -- macros

MACRO = "ALL, FAST and FULL stand for their items, by themselves."
FAST = {"FLAGS", "INTERNALDATE", "RFC822.SIZE"}
MACROS = {"FAST": FAST, "ALL": FAST | {"ENVELOPE"}, "FULL": FAST | {"ENVELOPE", "BODY"}}


@requirement("IMAP-9051-6.4.5-e", MUST, "RFC 3501 6.4.5, RFC 9051 6.4.5", MACRO)
@needs("?account")
@writes
@pytest.mark.parametrize("macro", list(MACROS))
def test_macros(imap_one: Imap, macro: str) -> None:
    """A macro gives all of its items."""
    answer = imap_one.ok(f"FETCH 1 {macro}")
    missing = sorted(MACROS[macro] - set(_first(answer).names))
    imap_one.require(not missing, f"{', '.join(sorted(MACROS[macro]))} for {macro}", answer.raw)


@requirement("IMAP-9051-6.4.5-e", MUST, "RFC 3501 6.4.5, RFC 9051 6.4.5", MACRO)
@needs("?account")
@writes
def test_macro_in_a_list(imap_one: Imap) -> None:
    """A macro is no item of a list; a server that reads it all the same harms nobody."""
    imap_one.given("FETCH 1 ALL")
    imap_one.exchange("FETCH 1 (ALL)", BAD, NO, noted={OK: "a macro in parentheses is read all the same"})
    imap_one.alive()


@requirement("IMAP-9051-6.4.5-e", MUST, "RFC 3501 6.4.5, RFC 9051 6.4.5", MACRO)
@needs("?account")
@writes
def test_item_that_is_asked_for_twice(imap_one: Imap) -> None:
    """An item that stands twice in the list is told, once or twice."""
    answer = imap_one.ok("FETCH 1 (FLAGS FLAGS)")
    imap_one.require(_first(answer).flags is not None, "FLAGS in answer to FETCH 1 (FLAGS FLAGS)", answer.raw)


# -- the internal date

DATED = "INTERNALDATE has the fixed form: a day of one digit has a space before it, and quotes around all."
# date-time = DQUOTE date-day-fixed "-" date-month "-" date-year SP time SP zone DQUOTE   (RFC 9051 9)
DATE_TIME = re.compile(rb'INTERNALDATE "(?: [1-9]|[0-3][0-9])-[A-Z][a-z]{2}-[0-9]{4} [0-9:]{8} [+-][0-9]{4}"', re.I)


@requirement("IMAP-9051-7.5.2-c", MUST, "RFC 3501 9, RFC 9051 9 (date-time, date-day-fixed)", DATED)
@needs("?account")
@writes
def test_form_of_the_internal_date(imap_selected: Imap) -> None:
    """A date that was given with APPEND is told in the same form, for the same moment, in whatever zone."""
    given = " 1-Feb-2001 03:04:05 +0000"
    imap_selected.given(append(imap_selected.mailbox, MESSAGES[0], date=given))
    imap_selected.prerequisite(imap_selected.select)
    answer = imap_selected.ok("FETCH 1 (INTERNALDATE)")
    imap_selected.require(DATE_TIME.search(answer.raw), f'a date-time such as "{given}"', answer.raw)
    found = _first(answer).items.get("INTERNALDATE")
    told = parsedate_tz(found.decode("latin-1")) if isinstance(found, bytes) else None
    wanted = parsedate_tz(given)
    if told is None or wanted is None or mktime_tz(told) != mktime_tz(wanted):
        note = "APPEND's date should be that of the message (RFC 3501 6.3.11, RFC 9051 6.3.12)"
        imap_selected.tolerate(f"the moment {given.strip()}", answer.raw, note)


NOT_CHECKED: list[tuple[str, str]] = []

"""Searching (RFC 3501 6.4.4, RFC 9051 6.4.4): flags, sets, sizes, days, and what is no key; ESEARCH (RFC 4731)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pytest_netconform.dialogues.imap import MESSAGES, Imap
from pytest_netconform.requirement import MUST, SHOULD, needs, requirement, writes
from pytest_netconform.suites.imap.results import members, numbers_found
from pytest_netconform.wire.imap import BAD, NO, Answer
from pytest_netconform.wire.imap_commands import append, astring, command, to_mutf7
from pytest_netconform.wire.imap_data import Esearch, Listing
from pytest_netconform.wire.imap_grammar import SequenceSet

# -- what is found

KEYS = "SEARCH finds exactly what all of its keys fit, and answers also where nothing does."
# the flags of five messages, and which of them each key finds
FLAGS = {1: "(\\Seen)", 2: "(\\Answered \\Flagged)", 3: "(\\Deleted)", 4: "(\\Draft \\Seen)"}
FLAG_KEYS = {
    "ALL": {1, 2, 3, 4, 5},
    "ANSWERED": {2},
    "DELETED": {3},
    "DRAFT": {4},
    "FLAGGED": {2},
    "SEEN": {1, 4},
    "UNANSWERED": {1, 3, 4, 5},
    "UNDELETED": {1, 2, 4, 5},
    "UNDRAFT": {1, 2, 3, 5},
    "UNFLAGGED": {1, 3, 4, 5},
    "UNSEEN": {2, 3, 5},
}
JOINED_KEYS = {
    "SEEN DRAFT": {4},
    "SEEN DELETED": set[int](),
    "NOT SEEN": {2, 3, 5},
    "OR DELETED DRAFT": {3, 4},
    "OR (SEEN DRAFT) NOT OR SEEN FLAGGED": {3, 4, 5},
    "(UNSEEN UNFLAGGED)": {3, 5},
    "NOT (UNSEEN UNFLAGGED)": {1, 2, 4},
    "2:4 UNSEEN": {2, 3},
    "5,1:2": {1, 2, 5},
    "*": {5},
    "NOT 1:3": {4, 5},
}


def _flagged(imap: Imap) -> None:
    imap.given(*(f"STORE {number} FLAGS.SILENT {flags}" for number, flags in FLAGS.items()))


def _finds(imap: Imap, key: str, wanted: set[int]) -> None:
    answer = imap.ok("SEARCH", key)
    found = numbers_found(imap, answer)
    imap.require(found == wanted, f"{_set(wanted)} by SEARCH {key}", _set(found))


def _set(numbers: set[int]) -> str:
    return "messages " + ", ".join(map(str, sorted(numbers))) if numbers else "no message"


@requirement("IMAP-9051-6.4.4-a", MUST, "RFC 3501 6.4.4, RFC 9051 6.4.4", KEYS)
@needs("?account")
@writes
@pytest.mark.parametrize("keys", [FLAG_KEYS, JOINED_KEYS], ids=["flags", "joined"])
def test_search_by_flags(imap_five: Imap, keys: dict[str, set[int]]) -> None:
    """Each flag and its absence; keys in a row, in parentheses, behind NOT and OR, and sets of numbers."""
    _flagged(imap_five)
    for key, wanted in keys.items():
        _finds(imap_five, key, wanted)


@requirement("IMAP-9051-6.4.4-a", MUST, "RFC 3501 6.4.4, RFC 9051 6.4.4", KEYS)
@needs("?account")
@writes
def test_search_by_uid(imap_four: Imap) -> None:
    """UID takes UIDs, and the result is in sequence numbers."""
    imap_four.given("STORE 1 +FLAGS.SILENT (\\Deleted)", "EXPUNGE")
    uids = imap_four.uid_numbers()
    _finds(imap_four, f"UID {uids[1]}", {2})
    _finds(imap_four, f"UID {uids[1]}:*", {2, 3})
    _finds(imap_four, f"NOT UID {uids[0]},{uids[2]}", {2})


@requirement("IMAP-9051-6.4.4-a", MUST, "RFC 3501 6.4.4, RFC 9051 6.4.4", KEYS)
@needs("?account")
@writes
def test_search_by_size(imap_five: Imap) -> None:
    """LARGER and SMALLER leave out the size itself."""
    found = imap_five.prepared("FETCH 1:* (RFC822.SIZE)").fetched
    sizes = {number: int(str(one.items.get("RFC822.SIZE", 0))) for number, one in found.items()}
    middle = sizes[3]
    _finds(imap_five, f"LARGER {middle}", {number for number, size in sizes.items() if size > middle})
    _finds(imap_five, f"SMALLER {middle}", {number for number, size in sizes.items() if size < middle})


@requirement("IMAP-9051-6.4.4-a", MUST, "RFC 3501 6.4.4, RFC 9051 6.4.4", KEYS)
@needs("?account")
@writes
def test_search_by_keyword(imap_three: Imap) -> None:
    """A keyword that is set, and one that nobody has ever set."""
    code = imap_three.prerequisite(imap_three.select).codes().get("PERMANENTFLAGS")
    if code is None or not isinstance(code.value, tuple) or "\\*" not in code.value:
        imap_three.not_applicable("the target lets nobody make keywords (no \\* in PERMANENTFLAGS)")
    imap_three.given("STORE 2 +FLAGS.SILENT (nc-keyword)")
    _finds(imap_three, "KEYWORD nc-keyword", {2})
    _finds(imap_three, "UNKEYWORD nc-keyword", {1, 3})
    _finds(imap_three, "KEYWORD nc-other", set())


# -- days

DAYS = "Keys of days compare the date as it is written, without its time and zone."
NOONS = (" 1-Feb-2001 12:00:00 +0000", "10-Feb-2001 12:00:00 +0000", "20-Feb-2001 12:00:00 +0000")
DAY_KEYS = {
    "ON 10-Feb-2001": {2},
    "SINCE 10-Feb-2001": {2, 3},
    "BEFORE 10-Feb-2001": {1},
    'ON "1-Feb-2001"': {1},
    "ON 11-Feb-2001": set[int](),
}
# near midnight in zones far from Greenwich: 1 May 10:30 the next day, 2 May 11:30 the day before, in UTC
SENT = (b"Fri, 1 May 2020 23:30:00 -1100", b"Sat, 2 May 2020 00:30:00 +1300", b"Tue, 5 May 2020 12:00:00 +0000")
SENT_KEYS = {
    "SENTON 1-May-2020": {1},
    "SENTON 2-May-2020": {2},
    "SENTSINCE 2-May-2020": {2, 3},
    "SENTBEFORE 2-May-2020": {1},
    "SENTBEFORE 1-May-2020": set[int](),
}


@requirement("IMAP-9051-6.4.4-b", MUST, "RFC 3501 6.4.4, RFC 9051 6.4.4", DAYS)
@needs("?account")
@writes
def test_search_by_the_day_of_arrival(imap_selected: Imap) -> None:
    """Internal dates at noon in Greenwich, which is the same day nearly everywhere: a store may keep its own zone."""
    imap = imap_selected
    for message, date in zip(MESSAGES, NOONS, strict=False):
        imap.given(append(imap.mailbox, message, date=date))
    imap.prerequisite(imap.select)
    found = [one.items.get("INTERNALDATE") for one in imap.prepared("FETCH 1:* (INTERNALDATE)").fetched.values()]
    told = [_day(date.decode("latin-1")) for date in found if isinstance(date, bytes)]
    days = [_day(date) for date in NOONS]
    imap.prerequisite(lambda: imap.require(told == days, f"INTERNALDATEs of {days}", told))
    for key, wanted in DAY_KEYS.items():
        _finds(imap, key, wanted)


def _day(date: str) -> str:
    """The day of a date-time, without a zero or a space before it."""
    return date[:11].lstrip(" 0")


@requirement("IMAP-9051-6.4.4-b", MUST, "RFC 3501 6.4.4, RFC 9051 6.4.4", DAYS)
@needs("?account")
@writes
def test_search_by_the_day_of_sending(imap_selected: Imap) -> None:
    """The day that the Date field names, however far its zone is from Greenwich."""
    imap = imap_selected
    for message, date in zip(MESSAGES, SENT, strict=False):
        imap.given(append(imap.mailbox, b"Date: " + date + message[message.index(b"\r\n") :]))
    imap.prerequisite(imap.select)
    for key, wanted in SENT_KEYS.items():
        _finds(imap, key, wanted)


# -- what is no search

WRONG = "A search key that is none, or is not complete, is answered BAD."


@requirement("IMAP-9051-6.4.4-e", SHOULD, "RFC 3501 6.4.4, 9; RFC 9051 6.4.4, 9", WRONG)
@needs("?account")
@writes
@pytest.mark.parametrize(
    ("said", "twin"),
    [
        ("SEARCH FOO", "SEARCH ALL"),
        ("SEARCH OR ALL", "SEARCH OR ALL ALL"),
        ("SEARCH (ALL", "SEARCH (ALL)"),
        ("SEARCH LARGER x", "SEARCH LARGER 1"),
        ("SEARCH UID 0", "SEARCH UID 1"),
    ],
    ids=["unknown", "or-of-one", "open", "no-number", "uid-zero"],
)
def test_what_is_no_search(imap_two: Imap, said: str, twin: str) -> None:
    """It finds neither all nor nothing: it is refused."""
    imap_two.refuses(said, BAD, twin=[twin], reset="NOOP", noted={NO: "refused, as if it had been understood"})


# -- the forms of either revision

FORMS = "RFC 3501's forms are used until ENABLE IMAP4rev2, and RFC 9051's from then on."
UMLAUTS = "Grüße"


def _listed(imap: Imap, name: bytes) -> list[bytes]:
    answer = imap.ok("LIST", '""', astring(imap.mailbox + b"-*"))
    found = [value.name for value in answer.values("LIST") if isinstance(value, Listing)]
    imap.require(found == [name], f"LIST of {name!r}", answer.raw)
    return found


@requirement("IMAP-9051-6.4.4-f", MUST, "RFC 9051 6.3.1, 6.3.2, 6.4.4, 7.2.2, 7.3.4", FORMS)
@needs("?account", "IMAP4REV1", "IMAP4REV2")
@writes
def test_forms_before_rev2_is_enabled(imap_two: Imap) -> None:
    """SELECT counts recent messages and lists nothing, SEARCH answers SEARCH, names are in modified UTF-7."""
    opened = imap_two.select()
    old = opened.all("RECENT") and not opened.all("LIST")
    imap_two.require(old, "RECENT and no LIST in answer to SELECT, before ENABLE", opened.raw)
    answer = imap_two.ok("SEARCH ALL")
    imap_two.require(answer.all("SEARCH") and not answer.all("ESEARCH"), "* SEARCH before ENABLE", answer.raw)
    name = imap_two.mailbox + b"-" + to_mutf7(UMLAUTS)
    imap_two.given(command("CREATE", astring(name)))
    _listed(imap_two, name)


@requirement("IMAP-9051-6.4.4-f", MUST, "RFC 9051 6.3.1, 6.3.2, 6.4.4, 7.2.2, 7.3.4", FORMS)
@needs("?account", "IMAP4REV2")
@writes
def test_forms_of_rev2(imap_rev2: Imap) -> None:
    """SELECT lists the mailbox and counts no recent messages, SEARCH answers ESEARCH, names are in UTF-8."""
    imap_rev2.seed(2)
    opened = imap_rev2.select()
    new = opened.all("LIST") and not opened.all("RECENT")
    imap_rev2.require(new, "LIST and no RECENT in answer to SELECT, under IMAP4rev2", opened.raw)
    answer = imap_rev2.ok("SEARCH ALL")
    imap_rev2.require(answer.all("ESEARCH") and not answer.all("SEARCH"), "* ESEARCH under IMAP4rev2", answer.raw)
    name = imap_rev2.mailbox + b"-" + UMLAUTS.encode()
    imap_rev2.given(command("CREATE", astring(name)))
    _listed(imap_rev2, name)


# -- ESEARCH

RETURN = "RETURN is answered by one ESEARCH with the tag: what was asked for, MIN, MAX and ALL if there is any."
Items = dict[str, object]


def _esearch(imap: Imap, said: str) -> Esearch:
    """The one ESEARCH that a command is answered with, which has its tag; and no SEARCH."""
    answer = imap.ok(said)
    imap.require(not answer.all("SEARCH"), f"no SEARCH response to {said}", answer.raw)
    found = [value for value in answer.values("ESEARCH") if isinstance(value, Esearch)]
    imap.require(len(found) == 1 == len(answer.all("ESEARCH")), f"one ESEARCH in answer to {said}", answer.raw)
    imap.require(found[0].tag == answer.tag, f"ESEARCH with (TAG {_quoted(answer)})", answer.raw)
    return found[0]


def _quoted(answer: Answer) -> str:
    return f'"{answer.tag}"'


def _items(found: Esearch) -> Items:
    return {name: members(value) if isinstance(value, SequenceSet) else value for name, value in found.items.items()}


ESEARCHES: dict[str, tuple[str, Callable[[tuple[int, ...]], Items]]] = {
    "all-four": (
        "SEARCH RETURN (MIN MAX ALL COUNT) FLAGGED",
        lambda _: {"MIN": 2, "MAX": 4, "ALL": (2, 4), "COUNT": 2},
    ),
    "min": ("SEARCH RETURN (MIN) FLAGGED", lambda _: {"MIN": 2}),
    "count": ("SEARCH RETURN (COUNT) ALL", lambda _: {"COUNT": 4}),
    "nothing-asked": ("SEARCH RETURN () FLAGGED", lambda _: {"ALL": (2, 4)}),
    "none": ("SEARCH RETURN (MIN MAX ALL) DELETED", lambda _: {}),
    "count-of-none": ("SEARCH RETURN (MIN MAX ALL COUNT) DELETED", lambda _: {"COUNT": 0}),
    "uid": ("UID SEARCH RETURN (ALL MAX) FLAGGED", lambda uids: {"ALL": (uids[1], uids[3]), "MAX": uids[3]}),
}  # fmt: skip


@requirement("IMAP-4731-3.1-a", MUST, "RFC 4731 3.1, RFC 9051 6.4.4, 7.3.4", RETURN)
@needs("?account", "ESEARCH|IMAP4REV2")
@writes
@pytest.mark.parametrize("form", list(ESEARCHES))
def test_search_return(imap_four: Imap, form: str) -> None:
    """Each result that was asked for, of what was found; of nothing only its count."""
    imap_four.given("STORE 2,4 +FLAGS.SILENT (\\Flagged)")
    said, results = ESEARCHES[form]
    wanted = results(imap_four.uids)
    found = _esearch(imap_four, said)
    imap_four.require(found.uid is said.startswith("UID"), "UID in ESEARCH for UID SEARCH alone", repr(found))
    items = _items(found)
    imap_four.require(items == wanted, f"{wanted} in answer to {said}", items)


NOT_CHECKED: list[tuple[str, str]] = []

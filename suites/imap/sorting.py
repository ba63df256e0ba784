"""Order and families (RFC 5256): SORT by its keys, THREAD by its two algorithms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from email.utils import mktime_tz, parsedate_tz

import pytest

from pytest_netconform.dialogues.imap import Imap
from pytest_netconform.requirement import MUST, needs, requirement, writes
from pytest_netconform.verdict import Inconclusive
from pytest_netconform.wire.imap import BAD, NO, Answer
from pytest_netconform.wire.imap_commands import append
from pytest_netconform.wire.imap_data import Numbers

# -- SORT


def _letter(date: str, subject: str, *more: str, sender: str = "anna", lines: int = 1) -> bytes:
    fields = (
        f"Date: {date}", f"From: {sender.capitalize()} <{sender}@client.example.org>", f"Subject: {subject}", *more
    )  # fmt: skip
    return ("\r\n".join(fields) + "\r\n\r\n" + "One line more.\r\n" * lines).encode()


# Two dates are near midnight, far from Greenwich: in UTC they are 2 May 10:30 and 1 May 11:30.
LETTERS = (
    _letter("Fri, 1 May 2020 23:30:00 -1100", "Re: banana", "To: zoe@example.test", sender="carl", lines=30),
    _letter("Sat, 2 May 2020 00:30:00 +1300", "apple", "To: yves@example.test", lines=10),
    _letter(
        "Sat, 2 May 2020 00:00:00 +0000", "[list] Fwd: cherry (fwd)", "To: xena@example.test", sender="bert", lines=20
    ),
    _letter("Sun, 3 May 2020 00:00:00 +0000", "Banana", "To: wim@example.test", "Cc: zoe@example.test", lines=40),
)
ARRIVALS = (
    "10-Feb-2001 12:00:00 +0000",
    "20-Feb-2001 12:00:00 +0000",
    " 1-Feb-2001 12:00:00 +0000",
    "15-Feb-2001 12:00:00 +0000",
)
SORTS = {
    "(SUBJECT)": (2, 1, 4, 3),
    "(REVERSE SUBJECT)": (3, 1, 4, 2),  # only the key is reversed, not the order of what is equal
    "(DATE)": (2, 3, 1, 4),
    "(REVERSE DATE)": (4, 1, 3, 2),
    "(FROM)": (2, 4, 3, 1),
    "(FROM REVERSE SUBJECT)": (4, 2, 3, 1),
    "(TO)": (4, 3, 2, 1),
}
SORT = "SORT lists what fits in the order of its keys, what is equal in the order of the mailbox."


def _filled(imap: Imap, letters: tuple[bytes, ...], dates: tuple[str, ...] = ()) -> None:
    """Prerequisite: these messages are in the check's mailbox, which is selected."""
    for place, letter in enumerate(letters):
        imap.given(append(imap.mailbox, letter, date=dates[place] if dates else ""))
    imap.prerequisite(imap.select)


def _sorted(imap: Imap, said: str) -> tuple[int, ...]:
    answer = imap.ok(said)
    told = [value.numbers for value in answer.values("SORT") if isinstance(value, Numbers)]
    imap.require(len(told) == 1 == len(answer.all("SORT")), f"one SORT response to {said}", answer.raw)
    return told[0]


def _orders(imap: Imap, key: str, wanted: tuple[int, ...]) -> None:
    found = _sorted(imap, f"SORT {key} UTF-8 ALL")
    imap.require(found == wanted, f"messages {wanted} by SORT {key}", found)


@requirement("IMAP-5256-3-a", MUST, "RFC 5256 2.1, 2.2, 3 (SORT)", SORT)
@needs("?account", "SORT")
@writes
@pytest.mark.parametrize("key", list(SORTS))
def test_sort(imap_selected: Imap, key: str) -> None:
    """By base subject, by the moment of sending, by the first sender or recipient, and by one key after another."""
    _filled(imap_selected, LETTERS)
    _orders(imap_selected, key, SORTS[key])


def _values(imap: Imap, item: str) -> dict[int, float]:
    """Prerequisite: of each message its size, or the moment of its arrival."""
    values: dict[int, float] = {}
    for number, one in imap.prepared(f"FETCH 1:* ({item})").fetched.items():
        value = one.items.get(item)
        date = parsedate_tz(value.decode("latin-1")) if isinstance(value, bytes) else None
        if isinstance(value, int) or date is not None:
            values[number] = value if isinstance(value, int) else mktime_tz(date) if date is not None else 0
    if len(values) != len(LETTERS):
        raise Inconclusive(f"prerequisite not met: {item} of {len(LETTERS)} messages")
    return values


@requirement("IMAP-5256-3-a", MUST, "RFC 5256 2.1, 2.2, 3 (SORT)", SORT)
@needs("?account", "SORT")
@writes
@pytest.mark.parametrize(
    ("key", "item"), [("SIZE", "RFC822.SIZE"), ("ARRIVAL", "INTERNALDATE")], ids=["size", "arrival"]
)
def test_sort_by_what_fetch_tells(imap_selected: Imap, key: str, item: str) -> None:
    """By size and by internal date, as FETCH tells them, and the other way round."""
    _filled(imap_selected, LETTERS, ARRIVALS)
    values = _values(imap_selected, item)
    _orders(imap_selected, f"({key})", tuple(sorted(values, key=lambda n: (values[n], n))))
    _orders(imap_selected, f"(REVERSE {key})", tuple(sorted(values, key=lambda n: (-values[n], n))))


@requirement("IMAP-5256-3-a", MUST, "RFC 5256 2.1, 2.2, 3 (SORT)", SORT)
@needs("?account", "SORT")
@writes
def test_sort_of_nothing(imap_selected: Imap) -> None:
    """SORT answers also where nothing fits; where something does, that alone is listed."""
    _filled(imap_selected, LETTERS)
    some = _sorted(imap_selected, "SORT (SUBJECT) UTF-8 FROM anna")
    imap_selected.require(some == (2, 4), "messages (2, 4) by SORT (SUBJECT) UTF-8 FROM anna", some)
    none = _sorted(imap_selected, "SORT (SUBJECT) UTF-8 DELETED")
    imap_selected.require(not none, "no message by SORT (SUBJECT) UTF-8 DELETED", none)


@requirement("IMAP-5256-3-a", MUST, "RFC 5256 2.1, 2.2, 3 (SORT)", SORT)
@needs("?account", "SORT")
@writes
def test_uid_sort(imap_selected: Imap) -> None:
    """UID SORT lists UIDs."""
    _filled(imap_selected, LETTERS)
    imap_selected.given("STORE 1 +FLAGS.SILENT (\\Deleted)", "EXPUNGE")
    uids = imap_selected.uid_numbers()
    found = _sorted(imap_selected, "UID SORT (SUBJECT) UTF-8 ALL")
    wanted = (uids[0], uids[2], uids[1])
    imap_selected.require(found == wanted, "UIDs in the order of the subjects by UID SORT (SUBJECT)", found)


CHARSETS = "SORT and THREAD know US-ASCII and UTF-8; an unknown charset is NO, none at all BAD."


@requirement("IMAP-5256-3-b", MUST, "RFC 5256 3 (SORT)", CHARSETS)
@needs("?account", "SORT")
@writes
@pytest.mark.parametrize("charset", ["US-ASCII", "UTF-8"])
def test_sort_in_a_charset(imap_three: Imap, charset: str) -> None:
    """Both that every server must know."""
    found = _sorted(imap_three, f"SORT (ARRIVAL) {charset} ALL")
    imap_three.require(sorted(found) == [1, 2, 3], f"three messages by SORT (ARRIVAL) {charset} ALL", found)


@requirement("IMAP-5256-3-b", MUST, "RFC 5256 3 (SORT)", CHARSETS)
@needs("?account", "SORT")
@writes
def test_sort_in_a_charset_that_is_none(imap_one: Imap) -> None:
    """NO, not BAD; the response code should say which charsets there are."""
    imap_one.given("SORT (ARRIVAL) US-ASCII SUBJECT x")
    answer = imap_one.no("SORT (ARRIVAL) X-NC-BOGUS SUBJECT x")
    if answer.says != "BADCHARSET":
        imap_one.tolerate("NO [BADCHARSET]", answer.last.raw, "RFC 3501 6.4.4: SHOULD contain BADCHARSET")
    imap_one.alive()


@requirement("IMAP-5256-3-b", MUST, "RFC 5256 3 (SORT)", CHARSETS)
@needs("?account", "SORT")
@writes
def test_sort_without_a_charset(imap_one: Imap) -> None:
    """The charset is not left out: what stands in its place is none."""
    taken = "what stands in the place of the charset is taken for one"
    imap_one.refuses("SORT (ARRIVAL) ALL", BAD, twin=["SORT (ARRIVAL) US-ASCII ALL"], reset="NOOP", noted={NO: taken})


# -- THREAD

THREAD = "THREAD puts each message once into a tree, by the rules of its algorithm."


def _reply(day: int, subject: str, id: str, references: str = "", in_reply_to: str = "") -> bytes:
    def ids(names: str) -> str:
        return " ".join(f"<{name}@client.example.org>" for name in names.split())

    more = [f"Message-ID: {ids(id)}"]
    more += [f"References: {ids(references)}"] if references else []
    more += [f"In-Reply-To: {ids(in_reply_to)}"] if in_reply_to else []
    return _letter(f"Fri, {day:02d} May 2020 12:00:00 +0000", subject, *more)


# messages, and of each that has one its parent; threads are what hangs together, or has a parent that is not there
REPLIES = (
    _reply(1, "a topic", "a"),
    _reply(2, "Re: a topic", "b", "a"),
    _reply(3, "Re: a topic", "c", "a b"),
    _reply(4, "Re: a topic", "d", in_reply_to="a"),
    _reply(5, "lost", "e", "missing"),
    _reply(6, "Re: lost", "f", "missing"),
    _reply(7, "alone", "g", "nowhere"),
    _reply(8, "gathered", "h"),
    _reply(9, "Re: gathered", "i"),
)
PARENTS = {2: 1, 3: 2, 4: 1, 9: 8}
FAMILIES = {frozenset({1, 2, 3, 4}), frozenset({5, 6}), frozenset({7}), frozenset({8, 9})}
# a loop of two, two of one id, one that answers itself, one without an id
KNOTS = (
    _reply(1, "round", "a", "b"),
    _reply(2, "and round", "b", "a"),
    _reply(3, "one id", "c"),
    _reply(4, "the same id", "c"),
    _reply(5, "myself", "d", "d"),
    _letter("Wed, 06 May 2020 12:00:00 +0000", "nobody"),
)
# the first of a subject by its date is above all others of it
TOPICS = (
    _reply(3, "Re: one", "a"),
    _reply(1, "One", "b"),
    _reply(2, "two", "c"),
    _reply(4, "Fwd: Re: one", "d"),
)
TOPIC_PARENTS = {1: 2, 4: 2}
TOPIC_FAMILIES = {frozenset({1, 2, 4}), frozenset({3})}


def _threads(imap: Imap, said: str) -> tuple[tuple[object, ...], Answer]:
    answer = imap.ok(said)
    told = answer.values("THREAD")
    one = len(told) == 1 == len(answer.all("THREAD"))
    imap.require(one, f"one THREAD response, by the grammar, to {said}", answer.raw)
    assert isinstance(told[0], tuple)
    return told[0], answer


def _links(threads: tuple[object, ...]) -> Iterator[tuple[int, int, int | None]]:
    """(thread, message, its parent) of every message: numbers in a row hang on one another, lists on the last one."""
    waiting: list[tuple[int, object, int | None]] = [(place, tree, None) for place, tree in enumerate(threads)]
    while waiting:
        thread, tree, parent = waiting.pop()
        for item in tree if isinstance(tree, tuple) else ():
            if isinstance(item, int):
                yield thread, item, parent
                parent = item
            else:
                waiting.append((thread, item, parent))


def _grown(links: list[tuple[int, int, int | None]]) -> tuple[Mapping[int, int], set[frozenset[int]]]:
    parents = {message: parent for _, message, parent in links if parent is not None}
    families: dict[int, set[int]] = {}
    for thread, message, _ in links:
        families.setdefault(thread, set()).add(message)
    return parents, {frozenset(family) for family in families.values()}


def _each_once(imap: Imap, links: list[tuple[int, int, int | None]], count: int, answer: Answer) -> None:
    numbers = sorted(message for _, message, _ in links)
    imap.require(numbers == list(range(1, count + 1)), f"each of {count} messages once in THREAD", answer.raw)


def _hangs_together(
    imap: Imap, said: str, count: int, parents: Mapping[int, int], families: set[frozenset[int]]
) -> None:
    threads, answer = _threads(imap, said)
    links = list(_links(threads))
    _each_once(imap, links, count, answer)
    found = _grown(links)
    imap.require(found[0] == parents, f"parents {dict(parents)} by {said}", answer.raw)
    wanted = sorted(map(sorted, families))
    imap.require(found[1] == families, f"threads {wanted} by {said}", answer.raw)


@requirement("IMAP-5256-3-c", MUST, "RFC 5256 2.1, 3, 4 (THREAD)", THREAD)
@needs("?account", "THREAD=REFERENCES")
@writes
def test_thread_by_references(imap_selected: Imap) -> None:
    """Answers hang on what they answer, by References or In-Reply-To, or by their subject; what is lost is no loss."""
    _filled(imap_selected, REPLIES)
    _hangs_together(imap_selected, "THREAD REFERENCES UTF-8 ALL", len(REPLIES), PARENTS, FAMILIES)


@requirement("IMAP-5256-3-c", MUST, "RFC 5256 2.1, 3, 4 (THREAD)", THREAD)
@needs("?account", "THREAD=REFERENCES")
@writes
def test_thread_of_knots(imap_selected: Imap) -> None:
    """Loops, ids that come twice, and none: whatever the tree is, each message is in it, once."""
    _filled(imap_selected, KNOTS)
    threads, answer = _threads(imap_selected, "THREAD REFERENCES UTF-8 ALL")
    _each_once(imap_selected, list(_links(threads)), len(KNOTS), answer)


@requirement("IMAP-5256-3-c", MUST, "RFC 5256 2.1, 3, 4 (THREAD)", THREAD)
@needs("?account", "THREAD=ORDEREDSUBJECT")
@writes
def test_thread_by_subject(imap_selected: Imap) -> None:
    """What has one base subject is a thread: the earliest above, all others below it, and nobody below those."""
    _filled(imap_selected, TOPICS)
    said = "THREAD ORDEREDSUBJECT UTF-8 ALL"
    _hangs_together(imap_selected, said, len(TOPICS), TOPIC_PARENTS, TOPIC_FAMILIES)


@requirement("IMAP-5256-3-c", MUST, "RFC 5256 2.1, 3, 4 (THREAD)", THREAD)
@needs("?account", "THREAD=REFERENCES")
@writes
def test_uid_thread(imap_selected: Imap) -> None:
    """UID THREAD has UIDs in its trees, and what does not fit in none."""
    _filled(imap_selected, REPLIES[:4])
    imap_selected.given("STORE 3:4 +FLAGS.SILENT (\\Deleted)", "STORE 1 +FLAGS.SILENT (\\Deleted)", "EXPUNGE")
    imap_selected.seed(1)
    imap_selected.prerequisite(imap_selected.select)
    uids = imap_selected.uid_numbers()
    threads, answer = _threads(imap_selected, "UID THREAD REFERENCES UTF-8 SUBJECT topic")
    found = [message for _, message, _ in _links(threads)]
    imap_selected.require(found == [uids[0]], "the UID of the only message that fits in THREAD", answer.raw)


NOT_CHECKED: list[tuple[str, str]] = []

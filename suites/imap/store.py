"""Flags (RFC 3501 2.3.2, 6.4.6; RFC 9051 2.3.2, 6.4.6): set, added, taken away, and kept."""

from __future__ import annotations

import pytest

from pytest_netconform.dialogues.imap import Imap
from pytest_netconform.requirement import MUST, needs, requirement, writes
from pytest_netconform.wire.imap import BAD, NO, OK, Answer
from pytest_netconform.wire.imap_commands import astring
from pytest_netconform.wire.imap_fetch import Fetched

RECENT = "\\Recent"  # the server's own, in RFC 3501; it comes and goes as it likes
Flags = frozenset[str]


def _told(imap: Imap, answer: Answer, said: str) -> Flags:
    """The flags of message 1 that an answer tells, without \\Recent."""
    found = answer.fetched.get(1, Fetched(1, {})).flags
    imap.require(found is not None, f"* 1 FETCH with FLAGS in answer to {said}", answer.raw)
    return (found or frozenset()) - {RECENT}


def _kept(imap: Imap) -> Flags:
    return _told(imap, imap.ok("FETCH 1 (FLAGS)"), "FETCH 1 (FLAGS)")


def _listed(flags: Flags | set[str]) -> str:
    return f"FLAGS ({' '.join(sorted(flags))})"


STORE = "FLAGS replaces, +FLAGS adds, -FLAGS takes away; the new value is told, and others see it."
# what is there before, what is done, and what is there then
STEPS = {
    "replace": ({"\\Draft"}, "FLAGS (\\Seen \\Answered)", {"\\Seen", "\\Answered"}),
    "add": ({"\\Draft"}, "+FLAGS (\\Flagged \\Seen)", {"\\Draft", "\\Flagged", "\\Seen"}),
    "take": ({"\\Draft", "\\Seen"}, "-FLAGS (\\Seen)", {"\\Draft"}),
    "clear": ({"\\Draft", "\\Seen"}, "FLAGS ()", set[str]()),
}


@requirement("IMAP-9051-6.4.6-a", MUST, "RFC 3501 6.4.6, RFC 9051 6.4.6", STORE)
@needs("?account")
@writes
@pytest.mark.parametrize("step", list(STEPS))
def test_store(imap_one: Imap, step: str) -> None:
    """The answer tells the new flags, FETCH tells them, and so it does in another session."""
    before, done, after = STEPS[step]
    imap_one.given(f"STORE 1 FLAGS ({' '.join(sorted(before))})")
    told = _told(imap_one, imap_one.ok("STORE 1", done), f"STORE 1 {done}")
    imap_one.require(told == after, f"{_listed(after)} in answer to {done}", _listed(told))
    kept = _kept(imap_one)
    imap_one.require(kept == after, f"{_listed(after)} after {done}", _listed(kept))
    seen = _kept(imap_one.beside())
    imap_one.require(seen == after, f"{_listed(after)} in another session after {done}", _listed(seen))


FORMS = "STORE takes a single flag without parentheses, none at all in them, and .SILENT."


@requirement("IMAP-9051-6.4.6-b", MUST, "RFC 3501 6.4.6, 9 (store-att-flags); RFC 9051 6.4.6, 9", FORMS)
@needs("?account")
@writes
@pytest.mark.parametrize(
    ("done", "after"),
    [
        ("1 +FLAGS \\Seen", {"\\Draft", "\\Seen"}),
        ("1 +FLAGS.SILENT (\\Seen)", {"\\Draft", "\\Seen"}),
        ("1:* FLAGS.SILENT ()", set()),
        ("1 -FLAGS.SILENT \\Draft", set()),
    ],
    ids=["bare", "silent", "silent-nothing", "silent-bare"],
)
def test_forms_of_store(imap_one: Imap, done: str, after: set[str]) -> None:
    """Each is OK and has its effect; the silent ones should not tell what the client knows."""
    imap_one.given("STORE 1 FLAGS (\\Draft)")
    answer = imap_one.ok("STORE", done)
    if "SILENT" in done and answer.fetched:
        imap_one.note("STORE tells the flags, although it was asked to be silent")
    kept = _kept(imap_one)
    imap_one.require(kept == after, f"{_listed(after)} after STORE {done}", _listed(kept))


KEYWORDS = "Keywords are kept where \\* is permitted; no client sets \\Recent."
WORDS = {"$forwarded", "nc-keyword"}


def _lower(flags: Flags | tuple[str, ...]) -> set[str]:
    return {flag.lower() for flag in flags}


def _permitted(answer: Answer) -> tuple[str, ...]:
    code = answer.codes().get("PERMANENTFLAGS")
    # RFC 3501 6.3.1: without the code all flags of FLAGS can be changed permanently
    return code.value if code is not None and isinstance(code.value, tuple) else ()


@requirement("IMAP-9051-6.4.6-c", MUST, "RFC 3501 2.3.2, 7.1; RFC 9051 2.3.2, 7.1 (PERMANENTFLAGS)", KEYWORDS)
@needs("?account")
@writes
def test_keywords_are_kept(imap_one: Imap) -> None:
    """Where `\\*` is among the permanent flags a keyword of one's own lasts over sessions, and FLAGS lists it."""
    if "\\*" not in _permitted(imap_one.prerequisite(imap_one.select)):
        imap_one.not_applicable("the target lets nobody make keywords (no \\* in PERMANENTFLAGS)")
    imap_one.ok("STORE 1 +FLAGS (nc-keyword $Forwarded)")
    imap_one.given("CLOSE")
    other = imap_one.another()
    opened = other.prerequisite(other.select)
    kept = _lower(_kept(other))
    imap_one.require(kept >= WORDS, "nc-keyword and $Forwarded in another session", _listed(kept))
    known = {flag.lower() for value in opened.values("FLAGS") if isinstance(value, tuple) for flag in value}
    imap_one.require(known >= WORDS, "nc-keyword and $Forwarded in FLAGS", _listed(known))


@requirement("IMAP-9051-6.4.6-c", MUST, "RFC 3501 2.3.2, 7.1; RFC 9051 2.3.2, 7.1 (PERMANENTFLAGS)", KEYWORDS)
@needs("?account")
@writes
def test_keywords_that_are_not_permitted(imap_one: Imap) -> None:
    """Where `\\*` is not there a keyword is refused, or kept as long as the session lasts; no flag is lost by it."""
    if "\\*" in _permitted(imap_one.prerequisite(imap_one.select)):
        imap_one.not_applicable("the target lets everybody make keywords")
    imap_one.given("STORE 1 FLAGS (\\Draft)")
    imap_one.exchange("STORE 1 +FLAGS (nc-keyword)", OK, NO, noted={BAD: "a keyword is called an error of syntax"})
    kept = _kept(imap_one)
    imap_one.require(kept - {"nc-keyword"} == {"\\Draft"}, "FLAGS (\\Draft), with or without nc-keyword", _listed(kept))


@requirement("IMAP-9051-6.4.6-c", MUST, "RFC 3501 2.3.2, 7.1; RFC 9051 2.3.2, 7.1 (PERMANENTFLAGS)", KEYWORDS)
@needs("?account")
@writes
def test_recent_is_not_the_clients(imap_one: Imap) -> None:
    """\\Recent is refused, or without effect; another session, which has seen no new message, does not see it."""
    imap_one.given("STORE 1 +FLAGS (\\Flagged)")
    imap_one.exchange("STORE 1 +FLAGS (\\Recent)", BAD, NO, noted={OK: "\\Recent is passed over without a word"})
    other = imap_one.another()
    other.prerequisite(lambda: other.ok("EXAMINE", astring(imap_one.mailbox)))
    found = other.ok("FETCH 1 (FLAGS)").fetched.get(1, Fetched(1, {})).flags or frozenset()
    imap_one.require("\\Flagged" in found and RECENT not in found, "\\Flagged, and no \\Recent", _listed(found))


NOT_CHECKED: list[tuple[str, str]] = []

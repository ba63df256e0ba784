"""Listing (RFC 3501 6.3.8, RFC 9051 6.3.9, RFC 5258, RFC 5819): which names fit, and what is said of them."""

from __future__ import annotations

import pytest

from pytest_netconform.codes import Code
from pytest_netconform.dialogues.imap import Imap
from pytest_netconform.requirement import MUST, needs, requirement, writes
from pytest_netconform.wire.imap import NO, OK, Answer
from pytest_netconform.wire.imap_commands import astring, command, quoted
from pytest_netconform.wire.imap_data import Listing, MailboxStatus

# -- the root

ROOT = 'LIST of the name "" is answered with the delimiter, and nothing else.'


@requirement("IMAP-9051-6.3.9-a", MUST, "RFC 3501 6.3.8, RFC 9051 6.3.9", ROOT)
@needs("?account")
def test_list_of_the_empty_name(imap: Imap) -> None:
    """One LIST response, with the hierarchy delimiter or NIL."""
    answer = imap.ok("LIST", '""', '""')
    imap.require(len(answer.all("LIST")) == 1, "one LIST response", answer.raw)
    (root,) = answer.values("LIST") or (None,)
    imap.require(isinstance(root, Listing), "attributes, a delimiter or NIL, and the root's name", answer.raw)
    if isinstance(root, Listing) and not root.has("\\Noselect"):
        imap.note("the root's name is listed without \\Noselect")


# -- patterns

FITS = "LIST tells the names that fit: * is anything, % anything within one level, letters themselves."
TREE = ("tree", "tree{d}b", "tree{d}b{d}c")
# for each pattern, which of the three fit; {tree} is the name of the first, {d} the delimiter
PATTERNS: dict[str, tuple[str, tuple[int, ...]]] = {
    "star": ("{tree}*", (0, 1, 2)),
    "percent": ("{tree}%", (0,)),
    "percent-below": ("{tree}{d}%", (1,)),
    "percent-between": ("{tree}{d}%{d}c", (2,)),
    "star-inside": ("{tree}*c", (2,)),
    "star-first": ("*{d}c", (2,)),
    "beginning-percent": ("{beginning}%", (0,)),
    "beginning-star": ("{beginning}*", (0, 1, 2)),
    "letters": ("{tree}", (0,)),
    "more-letters": ("{tree}x", ()),
    "fewer-letters": ("{beginning}", ()),
}


def _planted(imap: Imap) -> list[bytes]:
    """Prerequisite: a mailbox, one below it, and one below that: their names."""
    names = [imap.named(word.replace("{d}", imap.delimiter)) for word in TREE]
    for name in names:
        imap.given(command("CREATE", astring(name)))
    return names


@requirement("IMAP-9051-6.3.9-b", MUST, "RFC 3501 6.3.8, RFC 9051 6.3.9", FITS)
@needs("?account")
@writes
@pytest.mark.parametrize("pattern", list(PATTERNS))
def test_patterns(imap_mailbox: Imap, pattern: str) -> None:
    """Of three names, each a level below the other, those that fit."""
    names = _planted(imap_mailbox)
    text, fitting = PATTERNS[pattern]
    tree = names[0].decode("latin-1")
    said = text.format(tree=tree, beginning=tree[:-2], d=imap_mailbox.delimiter)
    answer = imap_mailbox.ok("LIST", '""', quoted(said))
    found = [name for name in _names(answer) if name.startswith(names[0][:-2])]
    wanted = [names[number] for number in fitting]
    shown = ", ".join(TREE[number].replace("{d}", imap_mailbox.delimiter) for number in fitting) or "none of them"
    imap_mailbox.require(set(found) == set(wanted), f"of the names, {shown}", answer.raw)
    _note_doubles(imap_mailbox, found)


def _note_doubles(imap: Imap, names: list[bytes]) -> None:
    if len(set(names)) < len(names):
        imap.note("a name is listed more than once")


def _names(answer: Answer) -> list[bytes]:
    return [one.name for one in answer.values("LIST") if isinstance(one, Listing)]


THERE = "INBOX is among the names, where the pattern fits it."


@requirement("IMAP-9051-6.3.9-c", MUST, "RFC 3501 5.1, 6.3.8; RFC 9051 5.1, 6.3.9", THERE)
@needs("?account")
@pytest.mark.parametrize("pattern", ["INBOX", "%", "*", "INB%"])
def test_inbox_is_listed(imap: Imap, pattern: str) -> None:
    """Its name may come in any case."""
    answer = imap.ok("LIST", '""', quoted(pattern))
    found = [name.upper() for name in _names(answer)]
    imap.require(b"INBOX" in found, f"INBOX in answer to {pattern}", answer.raw)
    _note_doubles(imap, found)


@requirement("IMAP-9051-6.3.9-c", MUST, "RFC 3501 5.1, 6.3.8; RFC 9051 5.1, 6.3.9", THERE)
@needs("?account")
@pytest.mark.parametrize("pattern", ["inbox", "InBoX"])
def test_inbox_is_listed_in_any_case(imap: Imap, pattern: str) -> None:
    """INBOX is one name in any case (5.1); yet 6.3.9 speaks of patterns that fit its capitals."""
    imap.given('LIST "" INBOX')
    answer = imap.ok("LIST", '""', pattern)
    if b"INBOX" not in [name.upper() for name in _names(answer)]:
        imap.note("a pattern that is INBOX in another case does not fit it")


NOTHING = "A pattern that fits no name is answered OK, with no name."
NO_PATTERN: dict[Code, str] = {NO: "a pattern that can fit no name is refused"}


@requirement("IMAP-9051-6.3.9-d", MUST, "RFC 3501 6.3.8, RFC 9051 6.3.9", NOTHING)
@needs("?account")
@pytest.mark.parametrize("odd", [False, True], ids=["name", "delimiters"])
def test_list_of_nothing(imap: Imap, odd: bool) -> None:
    """A name that nobody has, and one that nobody can have: a server that does not accept it says nothing of it."""
    imap.given('LIST "" INBOX')
    pattern = imap.delimiter * 3 if odd else imap.fresh()
    answer = imap.exchange(command("LIST", '""', quoted(pattern)), OK, noted=NO_PATTERN if odd else None)
    imap.require(not answer.all("LIST"), "no LIST response", answer.raw)


@requirement("IMAP-9051-6.3.9-d", MUST, "RFC 3501 6.3.8, RFC 9051 6.3.9", NOTHING)
@needs("?account")
def test_list_from_nowhere(imap: Imap) -> None:
    """All names below a reference name that nobody has."""
    imap.given('LIST "" %')
    reference = imap.fresh() + imap.delimiter
    answer = imap.exchange(command("LIST", quoted(reference), '"%"'), OK, noted=NO_PATTERN)
    names = [one for one in answer.values("LIST") if isinstance(one, Listing) and one.name != reference.encode()]
    imap.require(not names, "no LIST response", answer.raw)


# -- LIST-EXTENDED

EXTENDED = "LIST takes several patterns and options; what it does not know is answered BAD."


@requirement("IMAP-5258-3-a", MUST, "RFC 5258 3, 3.1", EXTENDED)
@needs("?account", "LIST-EXTENDED")
@writes
def test_list_of_subscriptions(imap_mailbox: Imap) -> None:
    """Exactly the names that were subscribed to, each with \\Subscribed; also of what is there no more."""
    names = [imap_mailbox.named(word) for word in ("liked", "missed", "other")]
    for name in names:
        imap_mailbox.given(command("CREATE", astring(name)))
    for name in names[:2]:
        imap_mailbox.given(command("SUBSCRIBE", astring(name)))
    imap_mailbox.command("UNSUBSCRIBE", astring(names[2]))  # some subscribe to whatever they make
    imap_mailbox.given(command("DELETE", astring(names[1])))
    found = imap_mailbox.listed(imap_mailbox.named("*"), "LIST (SUBSCRIBED)")
    if names[1] not in found:
        imap_mailbox.note("a subscription goes with its mailbox; IMAP-9051-6.3.7-b judges that")
    shown = b" ".join(sorted(found)) or b"nothing"
    imap_mailbox.require(set(found) | {names[1]} == set(names[:2]), "the names that were subscribed to", shown)
    marked = all(one.has("\\Subscribed") for one in found.values())
    imap_mailbox.require(marked, "\\Subscribed on each", " ".join(found[names[0]].attributes))
    absent = names[1] not in found or found[names[1]].has("\\NonExistent")
    imap_mailbox.require(absent, "\\NonExistent on what is there no more", "no \\NonExistent")


ONE_EACH = "RFC 5258 3: a server SHOULD answer with one response for each name"


@requirement("IMAP-5258-3-a", MUST, "RFC 5258 3, 3.1", EXTENDED)
@needs("?account", "LIST-EXTENDED")
@writes
def test_list_of_several_patterns(imap_mailbox: Imap) -> None:
    """Names that fit one pattern or both are listed; the empty name, which asks for the root elsewhere, fits none."""
    names = [imap_mailbox.named(word) for word in ("a", "ab", "b")]
    for name in names:
        imap_mailbox.given(command("CREATE", astring(name)))
    patterns = [quoted(imap_mailbox.named("a*")), quoted(names[1]), quoted(names[2]), b'""']
    answer = imap_mailbox.ok("LIST", '""', b"(" + b" ".join(patterns) + b")")
    found = _names(answer)
    imap_mailbox.require(set(found) == set(names), "the names that fit, and no others", answer.raw)
    if len(found) > len(names):
        imap_mailbox.tolerate("each name once", answer.raw, ONE_EACH)


@requirement("IMAP-5258-3-a", MUST, "RFC 5258 3, 3.1", EXTENDED)
@needs("?account", "LIST-EXTENDED")
def test_list_without_options(imap: Imap) -> None:
    """An empty list of options is none: INBOX is listed."""
    answer = imap.ok("LIST", "()", '""', '"INBOX"')
    imap.require([name.upper() for name in _names(answer)] == [b"INBOX"], "INBOX", answer.raw)


UNKNOWN = {
    "unknown": ('LIST (X-FOO) "" "%"', 'LIST (SUBSCRIBED) "" "%"'),
    "unknown-return": ('LIST "" "%" RETURN (X-FOO)', 'LIST "" "%" RETURN (CHILDREN)'),
    "recursivematch": ('LIST (RECURSIVEMATCH) "" "%"', 'LIST (SUBSCRIBED RECURSIVEMATCH) "" "%"'),
    "recursivematch-remote": ('LIST (REMOTE RECURSIVEMATCH) "" "%"', 'LIST (SUBSCRIBED RECURSIVEMATCH) "" "%"'),
}


@requirement("IMAP-5258-3-a", MUST, "RFC 5258 3, 3.1", EXTENDED)
@needs("?account", "LIST-EXTENDED")
@pytest.mark.parametrize("option", list(UNKNOWN))
def test_list_with_wrong_options(imap: Imap, option: str) -> None:
    """An option that nobody knows, or one that needs another beside it."""
    wrong, right = UNKNOWN[option]
    imap.given(right)
    imap.bad(wrong)
    imap.alive()


FAMILY = "With CHILDREN each name has one of \\HasChildren and \\HasNoChildren, and it is true."


@requirement("IMAP-5258-4-a", MUST, "RFC 5258 3.2, 4; RFC 9051 6.3.9.5", FAMILY)
@needs("?account", "LIST-EXTENDED")
@writes
def test_children(imap_mailbox: Imap) -> None:
    """Of three names, each a level below the other, the lowest has no children. \\NoInferiors says as much."""
    names = _planted(imap_mailbox)
    for name in (names[0], names[2]):
        imap_mailbox.command("UNSUBSCRIBE", astring(name))  # some subscribe to whatever they make
    imap_mailbox.given(command("SUBSCRIBE", astring(names[1])))
    said = command("LIST", '""', quoted(names[0] + b"*"), "RETURN", "(CHILDREN SUBSCRIBED)")
    answer = imap_mailbox.exchange(said, OK)
    found = {one.name: one for one in answer.values("LIST") if isinstance(one, Listing)}
    imap_mailbox.require(set(found) == set(names), "the three names", answer.raw)
    for name in names:
        has, none = found[name].has("\\HasChildren"), found[name].has("\\HasNoChildren")
        none = none or found[name].has("\\NoInferiors")
        imap_mailbox.require(has != none, "one of \\HasChildren and \\HasNoChildren on each name", answer.raw)
        imap_mailbox.require(has == (name != names[2]), "\\HasChildren on what has names below it", answer.raw)
    marked = [name for name in names if found[name].has("\\Subscribed")]
    imap_mailbox.require(marked == [names[1]], "\\Subscribed on the one that was subscribed to", answer.raw)


# -- LIST-STATUS

COUNTED = "With STATUS each name that can be selected is followed by its STATUS, and no other is."


def _statuses(answer: Answer) -> dict[bytes, MailboxStatus]:
    return {one.name: one for one in answer.values("STATUS") if isinstance(one, MailboxStatus)}


@requirement("IMAP-5819-2-a", MUST, "RFC 5819 2", COUNTED)
@needs("?account", "LIST-STATUS")
@writes
def test_list_with_status(imap_mailbox: Imap) -> None:
    """Each STATUS stands behind its LIST, and says what the command STATUS says."""
    names = [imap_mailbox.named(word) for word in ("none", "some")]
    for count, name in enumerate(names):
        imap_mailbox.given(command("CREATE", astring(name)))
        imap_mailbox.seed(count * 2, name)
    answer = imap_mailbox.ok("LIST", '""', quoted(imap_mailbox.named("*")), "RETURN (STATUS (MESSAGES UNSEEN))")
    order = [(one.code, getattr(one.data, "name", b"")) for one in answer.all("LIST", "STATUS")]
    for name in names:
        lists, statuses = order.count(("LIST", name)), order.count(("STATUS", name))
        imap_mailbox.require(lists == 1 and statuses == 1, "one LIST and one STATUS for each name", answer.raw)
        behind = order.index(("STATUS", name)) > order.index(("LIST", name))
        imap_mailbox.require(behind, "each STATUS behind the LIST of its name", answer.raw)
        said = imap_mailbox.ok("STATUS", astring(name), "(MESSAGES UNSEEN)")
        same = _statuses(said).get(name)
        imap_mailbox.require(_statuses(answer)[name] == same, "what STATUS says of the name", answer.raw)


@requirement("IMAP-5819-2-a", MUST, "RFC 5819 2", COUNTED)
@needs("?account", "LIST-STATUS")
@writes
def test_list_with_status_of_mere_names(imap_mailbox: Imap) -> None:
    """A name that is there for the one below it alone has no STATUS."""
    names = _planted(imap_mailbox)
    imap_mailbox.command("DELETE", astring(names[0]))
    answer = imap_mailbox.ok("LIST", '""', quoted(names[0] + b"*"), "RETURN (STATUS (MESSAGES UNSEEN))")
    found = [one for one in answer.values("LIST") if isinstance(one, Listing)]
    mere = {one.name for one in found if one.has("\\Noselect") or one.has("\\NonExistent")}
    imap_mailbox.require(not mere & _statuses(answer).keys(), "no STATUS of what cannot be selected", answer.raw)
    for name in sorted({one.name for one in found} - mere - _statuses(answer).keys()):
        # field: Dovecot 2.3.19 with Maildir++ lists what was removed without \Noselect, while there are names below
        said = imap_mailbox.command("STATUS", astring(name), "(MESSAGES UNSEEN)")
        imap_mailbox.require(said.code == OK, "\\Noselect on what cannot be selected", answer.raw)
        imap_mailbox.require(False, "a STATUS of each that can be selected", answer.raw)
    if not mere:
        imap_mailbox.not_applicable("the target lists no mere names (\\Noselect, \\NonExistent)")


NOT_CHECKED: list[tuple[str, str]] = []

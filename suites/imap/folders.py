"""Mailboxes in their tree (RFC 3501 6.3.3 to 6.3.7, RFC 9051 6.3.4 to 6.3.8): made, removed, renamed, subscribed to.

A check makes mailboxes only below and beside its own, whose names begin with that one's.
"""

from __future__ import annotations

import pytest

from pytest_netconform.codes import Code
from pytest_netconform.dialogues.imap import Imap
from pytest_netconform.requirement import MUST, SHOULD, disposable, needs, requirement, writes
from pytest_netconform.wire.imap import NO, OK
from pytest_netconform.wire.imap_commands import astring, command
from pytest_netconform.wire.imap_data import Listing


def _made(imap: Imap, *words: str) -> tuple[bytes, ...]:
    """Prerequisite: mailboxes beside the check's own; `{d}` in a word is the delimiter. Their names."""
    names = tuple(imap.named(word.replace("{d}", imap.delimiter if "{d}" in word else "")) for word in words)
    for name in names:
        imap.given(command("CREATE", astring(name)))
    return names


def _there(listing: Listing | None) -> bool:
    """Whether there is a mailbox behind a name, not just other names below it."""
    return listing is not None and not (listing.has("\\Noselect") or listing.has("\\NonExistent"))


def _shown(names: dict[bytes, Listing]) -> bytes:
    return b" ".join(sorted(names)) or b"nothing"


# -- CREATE

ONCE = "CREATE of what is there already, or of INBOX, is answered NO."


@requirement("IMAP-9051-6.3.4-a", MUST, "RFC 3501 6.3.3, RFC 9051 6.3.4", ONCE)
@needs("?account")
@writes
def test_create_what_is_there(imap_mailbox: Imap) -> None:
    """A mailbox can be made once."""
    (name,) = _made(imap_mailbox, "once")
    imap_mailbox.no("CREATE", astring(name))
    imap_mailbox.alive()


@requirement("IMAP-9051-6.3.4-a", MUST, "RFC 3501 6.3.3, RFC 9051 6.3.4", ONCE)
@needs("?account")
@writes
@pytest.mark.parametrize("spelling", ["INBOX", "iNbOx"])
def test_create_inbox(imap_mailbox: Imap, spelling: str) -> None:
    """INBOX is there from the start, in any case."""
    _made(imap_mailbox, "other")
    imap_mailbox.given("EXAMINE INBOX")
    imap_mailbox.no("CREATE", spelling)
    imap_mailbox.alive()


ABOVE = "CREATE makes the names above the new one too."


@requirement("IMAP-9051-6.3.4-b", SHOULD, "RFC 3501 6.3.3, RFC 9051 6.3.4", ABOVE)
@needs("?account")
@writes
def test_create_makes_what_is_above(imap_mailbox: Imap) -> None:
    """A mailbox three levels down: LIST has the names above it, whether or not they can be selected."""
    # field: Dovecot 2.3 and Cyrus make no mailbox of what is above; Dovecot lists it with \Noselect
    above = [imap_mailbox.named("up"), imap_mailbox.named(f"up{imap_mailbox.delimiter}middle")]
    name = above[1] + imap_mailbox.delimiter.encode() + b"down"
    imap_mailbox.ok("CREATE", astring(name))
    names = imap_mailbox.listed(above[0] + b"*")
    imap_mailbox.require(name in names, "the new name in LIST", _shown(names))
    imap_mailbox.require(set(above) <= set(names), "both names above the new one in LIST", _shown(names))
    if not all(_there(names[one]) for one in above):
        imap_mailbox.note("the names above are there, and no mailboxes")


BARREN: dict[Code, str] = {NO: "no names can be below it, though they were announced"}
TRAILING = "A delimiter behind the name says that names below will come; it is no part of the name."


@requirement("IMAP-9051-6.3.4-c", MUST, "RFC 3501 6.3.3, RFC 9051 6.3.4", TRAILING)
@needs("?account")
@writes
def test_create_with_a_delimiter_behind(imap_mailbox: Imap) -> None:
    """The name in LIST does not end with the delimiter, and there can be names below it."""
    # field: pymap 0.36.7 makes a mailbox whose name ends with the delimiter
    name, delimiter = imap_mailbox.named("tree"), imap_mailbox.delimiter.encode()
    imap_mailbox.given(command("CREATE", astring(imap_mailbox.named("plain"))))
    imap_mailbox.ok("CREATE", astring(name + delimiter))
    names = imap_mailbox.listed(name + b"*")
    directory = names.get(name + delimiter)
    if directory is not None and not _there(directory):
        imap_mailbox.note("a name that is there for names below it is listed with its delimiter")
    else:
        imap_mailbox.require(set(names) == {name}, "the name in LIST, without the delimiter", _shown(names))
    imap_mailbox.exchange(command("CREATE", astring(name + delimiter + b"leaf")), OK, noted=BARREN)


AGAIN = "A mailbox that is made anew never gives out a UIDVALIDITY and UID that its name had before."
INCARNATIONS = (3, 1, 1)  # how many messages each has


def _incarnation(imap: Imap, name: bytes, count: int) -> tuple[int, tuple[int, ...]]:
    """Make a mailbox, fill it, and remove it: its UIDVALIDITY, and the UIDs it gave out."""
    imap.given(command("CREATE", astring(name)))
    imap.seed(count, name)
    code = imap.prerequisite(lambda: imap.select(name)).codes().get("UIDVALIDITY")
    uids = imap.uid_numbers()
    imap.given("CLOSE", command("DELETE", astring(name)))
    if code is None or not isinstance(code.value, int):
        imap.not_applicable("the target tells no UIDVALIDITY; IMAP-9051-6.3.2-a judges that")
    return code.value if code is not None and isinstance(code.value, int) else 0, uids


@requirement("IMAP-9051-6.3.4-d", MUST, "RFC 3501 2.3.1.1, 6.3.4; RFC 9051 2.3.1.1, 6.3.5", AGAIN)
@needs("?account")
@writes
def test_mailbox_that_is_made_anew(imap_mailbox: Imap) -> None:
    """Three times in a row, within a second: another UIDVALIDITY, or greater UIDs than ever before."""
    name = imap_mailbox.named("phoenix")
    most: dict[int, int] = {}
    for count in INCARNATIONS:
        validity, uids = _incarnation(imap_mailbox, name, count)
        before = most.get(validity, 0)
        fresh = min(uids) > before
        imap_mailbox.require(fresh, "another UIDVALIDITY than before, or greater UIDs", "the same UIDVALIDITY and UID")
        if most and validity < max(most):
            imap_mailbox.note("the UIDVALIDITY of a mailbox that is made anew is less than before")
        most[validity] = max(uids)


# -- DELETE

BELOW = "DELETE leaves the names below alone, or is refused for their sake."
STALE = "Dovecot 2.3.19 with Maildir++ lists what was removed as if it were there, while there are names below"
CHILDREN: dict[Code, str] = {NO: "refused while there are names below"}


@requirement("IMAP-9051-6.3.5-a", MUST, "RFC 3501 6.3.4, RFC 9051 6.3.5", BELOW)
@needs("?account")
@writes
def test_delete_leaves_what_is_below(imap_mailbox: Imap) -> None:
    """A mailbox that has one below it, each with a message: the one below is still there with its own."""
    parent, child = _made(imap_mailbox, "upper", "upper{d}lower")
    imap_mailbox.seed(1, parent)
    imap_mailbox.seed(1, child)
    answer = imap_mailbox.exchange(command("DELETE", astring(parent)), OK, noted=CHILDREN)
    names = imap_mailbox.listed(parent + b"*")
    imap_mailbox.require(_there(names.get(child)), "the mailbox below in LIST", _shown(names))
    if answer.code == OK and _there(names.get(parent)):
        imap_mailbox.no("STATUS", astring(parent), "(MESSAGES)")
        attributes = " ".join(names[parent].attributes).encode()
        imap_mailbox.tolerate("\\Noselect on the name of what was removed", attributes, STALE)
    found = imap_mailbox.ok("STATUS", astring(child), "(MESSAGES)")
    counts = [getattr(value, "items", {}).get("MESSAGES") for value in found.values("STATUS")]
    imap_mailbox.require(counts == [1], "the one message of the mailbox below", found.raw)


KEPT = "DELETE of INBOX, of what is not there, or of a mere name with others below it is answered NO."


@requirement("IMAP-9051-6.3.5-b", MUST, "RFC 3501 6.3.4, RFC 9051 6.3.5", KEPT)
@needs("?account")
@writes
def test_delete_what_is_not_there(imap_mailbox: Imap) -> None:
    """What was removed once cannot be removed again."""
    (name,) = _made(imap_mailbox, "gone")
    imap_mailbox.given(command("DELETE", astring(name)))
    imap_mailbox.no("DELETE", astring(name))
    imap_mailbox.alive()


@requirement("IMAP-9051-6.3.5-b", MUST, "RFC 3501 6.3.4, RFC 9051 6.3.5", KEPT)
@needs("?account")
@writes
def test_delete_a_name_with_others_below(imap_mailbox: Imap) -> None:
    """A name that cannot be selected, and has one below it, stays."""
    parent = imap_mailbox.named("upper")
    (child,) = _made(imap_mailbox, "upper{d}lower")
    if _there(imap_mailbox.listed(parent).get(parent)):
        imap_mailbox.command("DELETE", astring(parent))
    found = imap_mailbox.listed(parent).get(parent)
    if found is None or not found.has("\\Noselect"):
        imap_mailbox.not_applicable("the target lists no mere names (\\Noselect) with others below them")
    imap_mailbox.no("DELETE", astring(parent))
    names = imap_mailbox.listed(parent + b"*")
    imap_mailbox.require(_there(names.get(child)), "the mailbox below in LIST", _shown(names))


@requirement("IMAP-9051-6.3.5-b", MUST, "RFC 3501 6.3.4, RFC 9051 6.3.5", KEPT)
@needs("?account")
@writes
@disposable
def test_delete_inbox(imap_mailbox: Imap) -> None:
    """INBOX always stays; so this needs an account that may be spoilt."""
    (name,) = _made(imap_mailbox, "gone")
    imap_mailbox.given(command("DELETE", astring(name)))
    imap_mailbox.no("DELETE", "INBOX")
    imap_mailbox.ok("EXAMINE", "INBOX")


# -- RENAME

ALONG = "RENAME takes the names below along, and every message."


@requirement("IMAP-9051-6.3.6-a", MUST, "RFC 3501 6.3.5, RFC 9051 6.3.6", ALONG)
@needs("?account")
@writes
def test_rename_takes_all_along(imap_mailbox: Imap) -> None:
    """A mailbox with two messages, and one below it with one: both under the new name, none under the old."""
    old, child = _made(imap_mailbox, "old", "old{d}leaf")
    imap_mailbox.seed(2, old)
    imap_mailbox.seed(1, child)
    new = imap_mailbox.named("new")
    renamed = new + child[len(old) :]
    imap_mailbox.ok("RENAME", astring(old), astring(new))
    names = imap_mailbox.listed(new + b"*")
    there = _there(names.get(new)) and _there(names.get(renamed))
    imap_mailbox.require(there, "the new name, and the one below it, in LIST", _shown(names))
    left = {name: one for name, one in imap_mailbox.listed(old + b"*").items() if _there(one)}
    imap_mailbox.require(not left, "no mailbox under the old name", _shown(left))
    counts = imap_mailbox.messages(new), imap_mailbox.messages(renamed)
    imap_mailbox.require(counts == (2, 1), "2 messages, and 1 below", f"{counts[0]}, and {counts[1]} below")


FREE = "RENAME of what is not there, or to a name that is taken, is answered NO."


@requirement("IMAP-9051-6.3.6-b", MUST, "RFC 3501 6.3.5, RFC 9051 6.3.6", FREE)
@needs("?account")
@writes
def test_rename_what_is_not_there(imap_mailbox: Imap) -> None:
    """What was renamed once is not there under its old name."""
    (name,) = _made(imap_mailbox, "old")
    imap_mailbox.given(command("RENAME", astring(name), astring(imap_mailbox.named("new"))))
    imap_mailbox.no("RENAME", astring(name), astring(imap_mailbox.named("newer")))
    imap_mailbox.alive()


@requirement("IMAP-9051-6.3.6-b", MUST, "RFC 3501 6.3.5, RFC 9051 6.3.6", FREE)
@needs("?account")
@writes
def test_rename_to_a_name_that_is_taken(imap_mailbox: Imap) -> None:
    """Both mailboxes are still there, each with its messages."""
    one, two = _made(imap_mailbox, "one", "two")
    imap_mailbox.seed(1, one)
    imap_mailbox.seed(2, two)
    imap_mailbox.given(command("RENAME", astring(one), astring(imap_mailbox.named("first"))))
    one = imap_mailbox.named("first")
    imap_mailbox.no("RENAME", astring(one), astring(two))
    counts = imap_mailbox.messages(one), imap_mailbox.messages(two)
    imap_mailbox.require(counts == (1, 2), "1 and 2 messages, as before", f"{counts[0]} and {counts[1]} messages")


REFUSED: dict[Code, str] = {NO: "INBOX cannot be renamed"}


@requirement(
    "IMAP-9051-6.3.6-c", MUST, "RFC 3501 6.3.5, RFC 9051 6.3.6", "RENAME of INBOX moves its messages; INBOX stays."
)
@needs("?account")
@writes
@disposable
def test_rename_inbox(imap_mailbox: Imap) -> None:
    """All messages are in the new mailbox, and INBOX is there, empty; or it is refused. Nobody else's are moved."""
    if imap_mailbox.messages(b"INBOX"):
        imap_mailbox.not_applicable("INBOX holds messages, which are not ours to move")
    imap_mailbox.seed(2, b"INBOX")
    before = imap_mailbox.messages(b"INBOX")
    new = imap_mailbox.named("inbox")
    answer = imap_mailbox.exchange(command("RENAME", "INBOX", astring(new)), OK, noted=REFUSED)
    moved = before if answer.code == OK else 0
    imap_mailbox.ok("EXAMINE", "INBOX")
    left = imap_mailbox.messages(b"INBOX")
    imap_mailbox.require(left == before - moved, f"{before - moved} messages in INBOX", f"{left} messages")
    if moved:
        found = imap_mailbox.messages(new)
        imap_mailbox.require(found == moved, f"{moved} messages in the new mailbox", f"{found} messages")
    else:
        imap_mailbox.given("SELECT INBOX", r"STORE 1:* +FLAGS.SILENT (\Deleted)", "EXPUNGE")


# -- subscriptions

NOTED = "What is subscribed to is listed as such, until it is unsubscribed."
LISTS = {"lsub": "LSUB", "list": "LIST (SUBSCRIBED)"}


def _can_list(imap: Imap, verb: str) -> None:
    if verb == "LSUB" and "IMAP4REV1" not in imap.capabilities:
        imap.not_applicable("the target does not speak IMAP4rev1, which has LSUB")
    if verb != "LSUB" and not {"LIST-EXTENDED", "IMAP4REV2"} & imap.capabilities:
        imap.not_applicable("the target does not offer LIST-EXTENDED")


@requirement("IMAP-9051-6.3.7-a", MUST, "RFC 3501 6.3.6, 6.3.7, 6.3.9; RFC 9051 6.3.7, 6.3.8", NOTED)
@needs("?account")
@writes
@pytest.mark.parametrize("how", list(LISTS))
def test_subscriptions(imap_mailbox: Imap, how: str) -> None:
    """Listed after SUBSCRIBE, not listed after UNSUBSCRIBE; a neighbour is never listed."""
    _can_list(imap_mailbox, LISTS[how])
    name, neighbour = _made(imap_mailbox, "liked", "other")
    imap_mailbox.command("UNSUBSCRIBE", astring(neighbour))  # some subscribe to whatever they make
    imap_mailbox.ok("SUBSCRIBE", astring(name))
    for pattern in (name, imap_mailbox.mailbox + b"*"):
        names = imap_mailbox.listed(pattern, LISTS[how])
        found = name in names and neighbour not in names
        imap_mailbox.require(found, "the name that was subscribed to, and no other", _shown(names))
    imap_mailbox.ok("UNSUBSCRIBE", astring(name))
    names = imap_mailbox.listed(name, LISTS[how])
    imap_mailbox.require(name not in names, "nothing once it was unsubscribed", _shown(names))


@requirement("IMAP-9051-6.3.7-b", SHOULD, "RFC 3501 6.3.6, RFC 9051 6.3.7", "A subscription outlives its mailbox.")
@needs("?account")
@writes
def test_subscription_outlives_its_mailbox(imap_mailbox: Imap) -> None:
    """RFC 3501 says that a server must not remove it by itself, RFC 9051 that it should not."""
    # field: pymap 0.36.7 and Gmail remove it
    verb = LISTS["lsub" if "IMAP4REV1" in imap_mailbox.capabilities else "list"]
    (name,) = _made(imap_mailbox, "liked")
    imap_mailbox.given(command("SUBSCRIBE", astring(name)))
    if name not in imap_mailbox.prerequisite(lambda: imap_mailbox.listed(name, verb)):
        imap_mailbox.not_applicable("the target lists no subscription at all; IMAP-9051-6.3.7-a judges that")
    imap_mailbox.given(command("DELETE", astring(name)))
    names = imap_mailbox.listed(name, verb)
    imap_mailbox.require(name in names, "the name among the subscriptions after DELETE", _shown(names))


NOT_CHECKED: list[tuple[str, str]] = []

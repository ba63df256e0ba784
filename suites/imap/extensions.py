"""Small extensions: ENABLE (RFC 5161), NAMESPACE (RFC 2342) and ID (RFC 2971)."""

from __future__ import annotations

import pytest

from pytest_netconform.codes import Code
from pytest_netconform.dialogues.imap import Imap
from pytest_netconform.requirement import INTEROP, MUST, needs, requirement, writes
from pytest_netconform.wire.imap import BAD, NO, OK, Answer
from pytest_netconform.wire.imap_commands import command
from pytest_netconform.wire.imap_data import Namespaces
from pytest_netconform.wire.imap_grammar import Group, Scanner

# -- ENABLE

ENABLED = "ENABLED tells what was switched on, and passes over the rest; the capabilities stay the same."


def _enabled(imap: Imap, answer: Answer) -> set[str]:
    found = [set(value) for value in answer.values("ENABLED") if isinstance(value, tuple)]
    imap.require(len(found) < 2, "one ENABLED", answer.raw)
    return found[0] if found else set()


@requirement("IMAP-5161-3.1-a", MUST, "RFC 5161 3.1, 3.2; RFC 9051 6.3.1", ENABLED)
@needs("?account", "ENABLE", "CONDSTORE")
def test_enable_what_can_be(imap: Imap) -> None:
    """CONDSTORE can be enabled; IDLE is known and needs no enabling; the third name is nobody's."""
    answer = imap.ok("ENABLE", "CONDSTORE", "X-NC-BOGUS", "IDLE")
    imap.require(_enabled(imap, answer) == {"CONDSTORE"}, "* ENABLED CONDSTORE, and no other name", answer.raw)


@requirement("IMAP-5161-3.1-a", MUST, "RFC 5161 3.1, 3.2; RFC 9051 6.3.1", ENABLED)
@needs("?account", "ENABLE")
def test_enable_what_nobody_knows(imap: Imap) -> None:
    """OK, with an ENABLED that names nothing."""
    answer = imap.ok("ENABLE", "X-NC-BOGUS")
    imap.require(not _enabled(imap, answer), "* ENABLED without a name", answer.raw)
    if not answer.all("ENABLED"):
        imap.tolerate("* ENABLED before the OK", answer.raw, "Dovecot 2.3 says no ENABLED where nothing was enabled")


@requirement("IMAP-5161-3.1-a", MUST, "RFC 5161 3.1, 3.2; RFC 9051 6.3.1", ENABLED)
@needs("?account", "ENABLE")
def test_enable_leaves_the_capabilities(imap: Imap) -> None:
    """The same list before and after."""
    before = imap.prepared("CAPABILITY").values("CAPABILITY")
    imap.ok("ENABLE", *sorted({"CONDSTORE", "QRESYNC"} & imap.capabilities), "X-NC-BOGUS")
    after = imap.ok("CAPABILITY")
    same = [set(value) for value in after.values("CAPABILITY") if isinstance(value, tuple)]
    wanted = [set(value) for value in before if isinstance(value, tuple)]
    imap.require(same == wanted, "the same capabilities as before", after.raw)


PLACE = "Whether ENABLE is served elsewhere than before a mailbox is selected."


@requirement("IMAP-5161-3.1-b", INTEROP, "RFC 5161 3.1", PLACE)
@needs("?account", "ENABLE", "CONDSTORE")
def test_enable_in_a_mailbox(imap_inbox: Imap) -> None:
    """A client must not; a server need not look."""
    imap_inbox.observe(f"{imap_inbox.command('ENABLE', 'CONDSTORE').code} in a mailbox")
    imap_inbox.alive()


@requirement("IMAP-5161-3.1-b", INTEROP, "RFC 5161 3.1", PLACE)
@needs("ENABLE")
def test_enable_for_a_stranger(imap_private: Imap) -> None:
    """It is for users; the table of states says BAD or NO."""
    if imap_private.authenticated:
        imap_private.not_applicable("the target greets with PREAUTH: nobody is a stranger")
    imap_private.observe(f"{imap_private.command('ENABLE', 'CONDSTORE').code} before a login")
    imap_private.alive()


# -- NAMESPACE

PARTS = "NAMESPACE tells personal, others' and shared namespaces, each NIL or prefixes with their delimiters."


@requirement("IMAP-2342-5-a", MUST, "RFC 2342 5, RFC 9051 6.3.10", PARTS)
@needs("?account", "NAMESPACE")
def test_three_namespaces(imap: Imap) -> None:
    """One response, with three parts."""
    answer = imap.ok("NAMESPACE")
    whole = len(answer.all("NAMESPACE")) == 1 and isinstance((*answer.values("NAMESPACE"), None)[0], Namespaces)
    imap.require(whole, "one NAMESPACE response, of three parts", answer.raw)


@requirement("IMAP-2342-5-a", MUST, "RFC 2342 5, RFC 9051 6.3.10", PARTS)
@needs("?account", "NAMESPACE")
@writes
def test_mailbox_in_a_namespace(imap_mailbox: Imap) -> None:
    """A mailbox that was made under the first personal prefix is listed with the delimiter that was told."""
    value = (*imap_mailbox.prepared("NAMESPACE").values("NAMESPACE"), None)[0]
    personal = value.personal if isinstance(value, Namespaces) else None
    if not personal:
        imap_mailbox.not_applicable("the target tells no personal namespace")
        return
    names = imap_mailbox.listed(imap_mailbox.mailbox)
    imap_mailbox.require(imap_mailbox.mailbox in names, "the mailbox in LIST", b" ".join(names) or b"nothing")
    found = names[imap_mailbox.mailbox].delimiter
    same = found == personal[0].delimiter
    imap_mailbox.require(same, f"the delimiter of the namespace, {personal[0].delimiter}", found or "NIL")


# -- ID

IDENTITY = "ID is answered with one ID response: NIL, or at most 30 fields, each once and none too long."
LIMITS = (30, 30, 1024)  # fields, octets of a name, octets of a value   (RFC 2971 3.3)
MODEST = {"nil": ["NIL"], "name": ['("name" "netconform")'], "no-value": ['("x" NIL)']}
EXCESSIVE = {
    "fields": ["(" + " ".join(f'"x-nc-{number}" "{number}"' for number in range(31)) + ")"],
    "value": ['("name"', f'"{"x" * 2000}")'],
}
TOO_MUCH: dict[Code, str] = {BAD: "refused, as it may be", NO: "refused, as it may be"}


def _judge(imap: Imap, answer: Answer) -> None:
    imap.require(len(answer.all("ID")) == 1, "one ID response before the OK", answer.raw)
    (response,) = answer.all("ID")
    scanner = Scanner(response.raw[len(b"* ID ") : -2])
    node = scanner.node() if response.data is not None else None
    imap.require(node is not None, "ID with NIL, or a list of fields", response.raw)
    items = node.items if isinstance(node, Group) else ()
    names = [item for item in items[::2] if isinstance(item, bytes)]
    values = [item for item in items[1::2] if isinstance(item, bytes)]
    most, name, value = LIMITS
    imap.require(len(names) <= most, f"at most {most} fields in ID", f"{len(names)} fields")
    once = len({one.lower() for one in names}) == len(names)
    imap.require(once, "each field once in ID", response.raw)
    short = all(len(one) <= name for one in names) and all(len(one) <= value for one in values)
    imap.require(short, f"names of at most {name} octets, and values of {value}", response.raw)


@requirement("IMAP-2971-3-a", MUST, "RFC 2971 3.1 to 3.3", IDENTITY)
@needs("?account", "ID")
@pytest.mark.parametrize("fields", list(MODEST))
def test_who_are_you(imap: Imap, fields: str) -> None:
    """Whatever the client tells of itself, it is told something, or NIL."""
    # field: pymap 0.36.7 says BAD to a field without a value
    _judge(imap, imap.ok("ID", *MODEST[fields]))


@requirement("IMAP-2971-3-a", MUST, "RFC 2971 3.1 to 3.3", IDENTITY)
@needs("?account", "ID")
@pytest.mark.parametrize("fields", list(EXCESSIVE))
def test_who_tells_too_much(imap: Imap, fields: str) -> None:
    """The limits bind whoever sends: a server may refuse what is too much, or take it; the session goes on."""
    # field: Dovecot 2.3 takes 31 fields, Cyrus refuses them
    imap.given("ID NIL")
    answer = imap.exchange(command("ID", *EXCESSIVE[fields]), OK, noted=TOO_MUCH)
    if answer.code == OK:
        _judge(imap, answer)
    imap.alive()


NOT_CHECKED: list[tuple[str, str]] = []

"""STATUS (RFC 3501 6.3.10, RFC 9051 6.3.11): how a mailbox stands, without selecting it."""

from __future__ import annotations

import pytest

from pytest_netconform.codes import Code
from pytest_netconform.dialogues.imap import Imap
from pytest_netconform.requirement import MUST, needs, requirement, writes
from pytest_netconform.wire.imap import NO, Answer
from pytest_netconform.wire.imap_commands import astring
from pytest_netconform.wire.imap_data import MailboxStatus

AS_NO: dict[Code, str] = {NO: "NO where the syntax is wrong"}


def _items(imap: Imap, answer: Answer, name: bytes) -> dict[str, object]:
    """What the one STATUS response says, of the mailbox that was asked for."""
    found = [one for one in answer.values("STATUS") if isinstance(one, MailboxStatus)]
    imap.require(len(found) == 1 and found[0].name == name, "one STATUS response, of the mailbox", answer.raw)
    return dict(found[0].items)


# -- the same as SELECT says

SAME = "STATUS says of a mailbox what SELECT would say, and selects nothing."
ASKED = ("MESSAGES", "UIDNEXT", "UIDVALIDITY", "UNSEEN")


@requirement("IMAP-9051-6.3.11-a", MUST, "RFC 3501 6.3.10, RFC 9051 6.3.11", SAME)
@needs("?account")
@writes
def test_status_and_select(imap_three: Imap) -> None:
    """Three messages, of which the first two were seen: UNSEEN is how many there are, not which is the first."""
    imap_three.given("STORE 1:2 +FLAGS (\\Seen)", "CLOSE")
    answer = imap_three.ok("STATUS", astring(imap_three.mailbox), f"({' '.join(ASKED)})")
    told = _items(imap_three, answer, imap_three.mailbox)
    codes = imap_three.prerequisite(lambda: imap_three.select(examine=True)).codes()
    wanted: dict[str, object] = {"MESSAGES": 3, "UNSEEN": 1}
    wanted |= {name: codes[name].value for name in ("UIDNEXT", "UIDVALIDITY") if name in codes}
    for name in ASKED:
        imap_three.require(name in told, f"{name}, which was asked for", answer.raw)
        if name in wanted:
            same = told[name] == wanted[name]
            imap_three.require(same, f"{name} as in the mailbox: {_stable(name, wanted[name])}", answer.raw)


def _stable(name: str, value: object) -> str:
    return str(value) if name in ("MESSAGES", "UNSEEN") else "what SELECT says"


@requirement("IMAP-9051-6.3.11-a", MUST, "RFC 3501 6.3.10, RFC 9051 6.3.11", SAME)
@needs("?account")
@writes
def test_status_selects_nothing(imap_one: Imap) -> None:
    """Messages cannot be fetched after STATUS where nothing was selected; what was selected stays so."""
    imap_one.given("EXAMINE INBOX")
    imap_one.ok("STATUS", astring(imap_one.mailbox), "(MESSAGES)")
    imap_one.ok("NOOP")
    imap_one.prerequisite(imap_one.select)
    imap_one.given("FETCH 1 FLAGS", "CLOSE")
    imap_one.ok("STATUS", astring(imap_one.mailbox), "(MESSAGES)")
    answer = imap_one.no_or_bad("FETCH 1 FLAGS")
    imap_one.require(not answer.all("FETCH"), "no message of a mailbox that STATUS was asked of", answer.raw)


@requirement("IMAP-9051-6.3.11-a", MUST, "RFC 3501 6.3.10, RFC 9051 6.3.11", SAME)
@needs("?account", "IMAP4REV1")
@writes
def test_status_leaves_recent_alone(imap_mailbox: Imap) -> None:
    """A message that nobody has been told of is \\Recent, however often STATUS is asked."""
    imap_mailbox.seed(1)
    asked = astring(imap_mailbox.mailbox), "(RECENT)"
    first = _items(imap_mailbox, imap_mailbox.ok("STATUS", *asked), imap_mailbox.mailbox).get("RECENT")
    if not first:
        imap_mailbox.not_applicable("the target counts nothing as recent")
    second = _items(imap_mailbox, imap_mailbox.ok("STATUS", *asked), imap_mailbox.mailbox).get("RECENT")
    imap_mailbox.require(second == first, f"RECENT {first} a second time", f"RECENT {second}")


# -- what can be asked

ASKABLE = "STATUS serves the selected mailbox too; what is not there is answered NO, what is no item BAD."


@requirement("IMAP-9051-6.3.11-b", MUST, "RFC 3501 6.3.10, RFC 9051 6.3.11", ASKABLE)
@needs("?account")
@writes
def test_status_of_the_selected_mailbox(imap_two: Imap) -> None:
    """A client should not, and is answered."""
    # field: Dovecot 2.3 says OK [CLIENTBUG]
    answer = imap_two.ok("STATUS", astring(imap_two.mailbox), "(MESSAGES)")
    told = _items(imap_two, answer, imap_two.mailbox).get("MESSAGES")
    imap_two.require(told == 2, "MESSAGES 2", answer.raw)


@requirement("IMAP-9051-6.3.11-b", MUST, "RFC 3501 6.3.10, RFC 9051 6.3.11", ASKABLE)
@needs("?account")
@writes
def test_status_of_nothing(imap_mailbox: Imap) -> None:
    """A mailbox that nobody has made."""
    imap_mailbox.messages()
    answer = imap_mailbox.no("STATUS", astring(imap_mailbox.named("nosuch")), "(MESSAGES)")
    imap_mailbox.require(not answer.all("STATUS"), "no STATUS of what is not there", answer.raw)
    imap_mailbox.alive()


@requirement("IMAP-9051-6.3.11-b", MUST, "RFC 3501 6.3.10, RFC 9051 6.3.11", ASKABLE)
@needs("?account")
@pytest.mark.parametrize("items", ["()", "(X-FOO)", "MESSAGES"], ids=["none", "unknown", "bare"])
def test_status_of_what_is_no_item(imap: Imap, items: str) -> None:
    """An empty list, a word that is no item, and an item without its parentheses."""
    imap.given("STATUS INBOX (MESSAGES)")
    imap.bad("STATUS INBOX", items, noted=AS_NO)
    imap.alive()


NOT_CHECKED: list[tuple[str, str]] = []

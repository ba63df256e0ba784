"""Mutants of STATUS: what it says, or does besides, is wrong in one way each."""

from __future__ import annotations

from pytest_netconform.reference_servers.imap import ImapSession
from pytest_netconform.reference_servers.imap.folders import STATUS_ITEMS
from pytest_netconform.reference_servers.mailboxes import Mailbox
from pytest_netconform.reference_servers.mutants.mutant import mutant


@mutant("status_unseen_is_first", breaks=["IMAP-9051-6.3.11-a"], because="UNSEEN as in the mailbox: 1")
class StatusUnseenIsFirst(ImapSession):
    """Takes UNSEEN for what it is in SELECT."""

    def status_value(self, mailbox: Mailbox, item: str) -> int:
        if item != "UNSEEN":
            return super().status_value(mailbox, item)
        numbered = enumerate(mailbox.messages.values(), 1)
        return next((number for number, message in numbered if "\\Seen" not in message.flags), 0)


@mutant("status_uidnext_is_the_last", breaks=["IMAP-9051-6.3.11-a"], because="UIDNEXT as in the mailbox")
class StatusUidnextIsTheLast(ImapSession):
    """Tells the last uid."""

    def status_value(self, mailbox: Mailbox, item: str) -> int:
        return super().status_value(mailbox, item) - (item == "UIDNEXT")


@mutant("status_leaves_out", breaks=["IMAP-9051-6.3.11-a"], because="UNSEEN, which was asked for")
class StatusLeavesOut(ImapSession):
    """Finds counting tedious."""

    def tell_status(self, name: str, items: list[str]) -> None:
        super().tell_status(name, [item for item in items if item != "UNSEEN"] or items)


@mutant("status_selects", breaks=["IMAP-9051-6.3.11-a"], because="* 1 FETCH")
class StatusSelects(ImapSession):
    """Looks inside, and forgets to leave."""

    def tell_status(self, name: str, items: list[str]) -> None:
        super().tell_status(name, items)
        self.leave()
        self.open_mailbox(name, True)


@mutant("status_takes_recent", breaks=["IMAP-9051-6.3.11-a"], because="RECENT 1 a second time")
class StatusTakesRecent(ImapSession):
    """Takes it that everybody knows now."""

    def status_value(self, mailbox: Mailbox, item: str) -> int:
        value = super().status_value(mailbox, item)
        mailbox.recent_from = mailbox.uidnext
        return value


@mutant("status_selected_refused", breaks=["IMAP-9051-6.3.11-b"], because=" NO ")
class StatusSelectedRefused(ImapSession):
    """Knows that a client should not."""

    def tell_status(self, name: str, items: list[str]) -> None:
        if self.view is not None and self.view.name == name:
            name = ""
        super().tell_status(name, items)


@mutant("status_missing_is_empty", breaks=["IMAP-9051-6.3.11-b"], because="OK")
class StatusMissingIsEmpty(ImapSession):
    """Counts nothing where nothing is."""

    def tell_status(self, name: str, items: list[str]) -> None:
        if self.account.mailboxes.get(name) is not None:
            super().tell_status(name, items)


@mutant("status_unknown_item_ok", breaks=["IMAP-9051-6.3.11-b"], because=" OK")
class StatusUnknownItemOk(ImapSession):
    """Passes over what it does not know."""

    def read_status_items(self, arguments):  # type: ignore[no-untyped-def]
        words = arguments.listed(lambda: arguments.word("an item"))
        return [word for word in words if word in STATUS_ITEMS]


@mutant("status_of_no_item_ok", breaks=["IMAP-9051-6.3.11-b"], because=" OK")
class StatusOfNoItemOk(ImapSession):
    """Is glad not to be asked."""

    def read_status_items(self, arguments):  # type: ignore[no-untyped-def]
        return arguments.listed(lambda: self.read_status_item(arguments), empty=True)

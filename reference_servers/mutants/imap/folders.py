"""Mutants of the tree of mailboxes: CREATE, DELETE, RENAME or a subscription is wrong in one way each."""

from __future__ import annotations

from contextlib import suppress

from pytest_netconform.reference_servers.imap import ImapSession
from pytest_netconform.reference_servers.mailboxes import INBOX, Mailbox, MailboxExists
from pytest_netconform.reference_servers.mutants.mutant import mutant


@mutant("create_existing_ok", breaks=["IMAP-9051-6.3.4-a"], because=" OK")
class CreateExistingOk(ImapSession):
    """Makes what is there, and is done."""

    def create(self, name: str, uses: frozenset[str]) -> None:
        with suppress(MailboxExists):
            super().create(name, uses)


@mutant("create_inbox_ok", breaks=["IMAP-9051-6.3.4-a"], because=" OK")
class CreateInboxOk(ImapSession):
    """Makes another INBOX, for the case."""

    def normal(self, name: str) -> str:
        return name if self.verb == "CREATE" else super().normal(name)


@mutant("create_loses_parent", breaks=["IMAP-9051-6.3.4-b"], because="both names above the new one")
class CreateLosesParent(ImapSession):
    """Makes what was asked for, and nothing else."""

    def create(self, name: str, uses: frozenset[str]) -> None:
        before = set(self.account.mailboxes)
        super().create(name, uses)
        for other in set(self.account.mailboxes) - before - {name}:
            del self.account.mailboxes[other]


@mutant("trailing_delim_in_name", breaks=["IMAP-9051-6.3.4-c"], because="without the delimiter")
class TrailingDelimInName(ImapSession):
    """Makes exactly what was asked for."""

    def created_name(self, name: str) -> str:
        return name


@mutant("uidvalidity_reused", breaks=["IMAP-9051-6.3.4-d"], because="the same UIDVALIDITY and UID")
class UidvalidityReused(ImapSession):
    """Has one UIDVALIDITY for all."""

    def uidvalidity(self, mailbox: Mailbox) -> int:
        return 1


@mutant("delete_removes_children", breaks=["IMAP-9051-6.3.5-a"], because="the mailbox below in LIST")
class DeleteRemovesChildren(ImapSession):
    """Removes a tree with its branches."""

    def delete(self, name: str) -> None:
        for other in [*self.account.below(name), name]:
            super().delete(other)


@mutant("delete_empties_children", breaks=["IMAP-9051-6.3.5-a"], because="the one message of the mailbox below")
class DeleteEmptiesChildren(ImapSession):
    """Leaves the names below, and no mail in them."""

    def delete(self, name: str) -> None:
        for other in self.account.below(name):
            self.mailbox_of(other).clear()
        super().delete(name)


@mutant("delete_removes_nothing", breaks=["IMAP-9051-6.3.5-a"], because="NO in answer to STATUS")
class DeleteRemovesNothing(ImapSession):
    """Says that it is gone, while there are names below it."""

    def delete(self, name: str) -> None:
        if not self.account.below(name):
            super().delete(name)


@mutant("delete_leaves_the_name", breaks=["IMAP-9051-6.3.5-a"], because="\\Noselect on the name")
class DeleteLeavesTheName(ImapSession):
    """Lists what was removed as if it were there."""

    def attributes(self, name: str, chosen: frozenset[str]) -> list[str]:
        return [one for one in super().attributes(name, chosen) if one != "\\Noselect"]


@mutant("delete_missing_ok", breaks=["IMAP-9051-6.3.5-b"], because=" OK")
class DeleteMissingOk(ImapSession):
    """What is not there is gone."""

    def no_such_mailbox(self):  # type: ignore[no-untyped-def]
        refusal = super().no_such_mailbox()
        if self.verb == "DELETE":
            refusal.status = b"OK"
        return refusal


@mutant("delete_name_with_children_ok", breaks=["IMAP-9051-6.3.5-b"], because=" OK")
class DeleteNameWithChildrenOk(ImapSession):
    """Removes a name that others need."""

    def check_deletable(self, name: str) -> None:
        if self.account.mailboxes.get(name, name) is None:
            self.mailboxes.create(self.account, name)
        super().check_deletable(name)


@mutant("delete_inbox_ok", breaks=["IMAP-9051-6.3.5-b"], because=" OK")
class DeleteInboxOk(ImapSession):
    """Removes INBOX like any other."""

    def check_deletable(self, name: str) -> None:
        if name != INBOX:
            super().check_deletable(name)


@mutant("rename_forgets_children", breaks=["IMAP-9051-6.3.6-a"], because="the new name, and the one below it")
class RenameForgetsChildren(ImapSession):
    """Renames one mailbox."""

    def rename(self, old: str, new: str) -> None:
        below = {name: self.account.mailboxes.pop(name) for name in self.account.below(old)}
        super().rename(old, new)
        self.account.mailboxes.update(below)


@mutant("rename_loses_messages", breaks=["IMAP-9051-6.3.6-a"], because="0, and 1 below")
class RenameLosesMessages(ImapSession):
    """Makes a mailbox of the new name."""

    def rename(self, old: str, new: str) -> None:
        super().rename(old, new)
        self.mailbox_of(new).clear()


@mutant("rename_copies", breaks=["IMAP-9051-6.3.6-a"], because="no mailbox under the old name")
class RenameCopies(ImapSession):
    """Gives a second name."""

    def rename(self, old: str, new: str) -> None:
        super().rename(old, new)
        self.mailboxes.create(self.account, old)


@mutant("rename_overwrites", breaks=["IMAP-9051-6.3.6-b"], because=" OK")
class RenameOverwrites(ImapSession):
    """Makes room for the new name."""

    def rename(self, old: str, new: str) -> None:
        if self.account.mailboxes.get(new) is not None:
            self.mailboxes.delete(self.account, new)
        super().rename(old, new)


@mutant("rename_missing_ok", breaks=["IMAP-9051-6.3.6-b"], because=" OK")
class RenameMissingOk(ImapSession):
    """Makes what is to be renamed."""

    def rename(self, old: str, new: str) -> None:
        if old not in self.account.mailboxes:
            self.mailboxes.create(self.account, old)
        super().rename(old, new)


@mutant("rename_inbox_removes_inbox", breaks=["IMAP-9051-6.3.6-c"], because=" NO ")
class RenameInboxRemovesInbox(ImapSession):
    """Renames INBOX like any other."""

    def rename_inbox(self, new: str) -> None:
        self.rename(INBOX, new)


@mutant("rename_inbox_copies", breaks=["IMAP-9051-6.3.6-c"], because="0 messages in INBOX")
class RenameInboxCopies(ImapSession):
    """Leaves the messages where they were, too."""

    def rename_inbox(self, new: str) -> None:
        inbox = self.mailbox_of(INBOX)
        kept = [message.content for message in inbox.messages.values()]
        super().rename_inbox(new)
        for content in kept:
            inbox.append(content, frozenset(), self.date())


@mutant("subscribe_noop", breaks=["IMAP-9051-6.3.7-a"], because="the name that was subscribed to")
class SubscribeNoop(ImapSession):
    """Forgets at once."""

    def subscribe(self, name: str) -> None:
        """Noted."""


@mutant("unsubscribe_noop", breaks=["IMAP-9051-6.3.7-a"], because="nothing once it was unsubscribed")
class UnsubscribeNoop(ImapSession):
    """Never forgets."""

    def unsubscribe(self, name: str) -> None:
        """Noted."""


@mutant("lsub_lists_all", breaks=["IMAP-9051-6.3.7-a"], because="and no other")
class LsubListsAll(ImapSession):
    """Takes LSUB for LIST."""

    def lsub_lines(self, pattern: str) -> list[bytes]:
        self.account.subscribed.update(dict.fromkeys(self.account.mailboxes))
        return super().lsub_lines(pattern)


@mutant("delete_unsubscribes", breaks=["IMAP-9051-6.3.7-b"], because="among the subscriptions after DELETE")
class DeleteUnsubscribes(ImapSession):
    """Cleans up behind a mailbox."""

    def delete(self, name: str) -> None:
        super().delete(name)
        self.unsubscribe(name)

"""Mutants of COPY and MOVE: what is copied, what stays and what is told is wrong in one way each."""

from __future__ import annotations

from dataclasses import replace

from pytest_netconform.reference_servers.imap import Bad, Entry, ImapSession, Refusal
from pytest_netconform.reference_servers.imap.append import Draft
from pytest_netconform.reference_servers.mailboxes import Mailbox, Message
from pytest_netconform.reference_servers.mutants.mutant import mutant


@mutant("copy_loses_flags", breaks=["IMAP-9051-6.4.7-a"], because="['\\\\Flagged', '\\\\Seen'] and the date")
class CopyLosesFlags(ImapSession):
    """Takes copies for new messages."""

    def copy_of(self, message: Message) -> Draft:
        return replace(super().copy_of(message), flags=frozenset())


@mutant("copy_resets_internaldate", breaks=["IMAP-9051-6.4.7-a"], because="and the date of the original")
class CopyResetsInternaldate(ImapSession):
    """Dates copies by the day on which they were made."""

    def copy_of(self, message: Message) -> Draft:
        return replace(super().copy_of(message), date=None)


@mutant("copy_marks_the_source", breaks=["IMAP-9051-6.4.7-a"], because="the source as it was")
class CopyMarksTheSource(ImapSession):
    """Marks what was copied as seen."""

    def copy(self, entries: list[Entry], mailbox: Mailbox) -> list[Message]:
        copies = super().copy(entries, mailbox)
        for entry in entries:
            self.seen.mailbox.set_flags(entry.message, entry.message.flags | {"\\Seen"})
        return copies


@mutant("copy_of_lf_lines", breaks=["IMAP-9051-6.4.7-a"], because="two copies, to the octet")
class CopyOfLfLines(ImapSession):
    """Copies text, not octets."""

    def copy_of(self, message: Message) -> Draft:
        return replace(super().copy_of(message), content=message.content.replace(b"\r\n", b"\n"))


@mutant("copy_creates_mailbox", breaks=["IMAP-9051-6.4.7-b"], because="no mailbox made by that")
class CopyCreatesMailbox(ImapSession):
    """Makes what is not there, and refuses all the same."""

    def missing_target(self, name: str) -> Refusal:
        if self.verb == "COPY":
            self.mailboxes.create(self.account, name)
        return super().missing_target(name)


@mutant("copy_without_trycreate", breaks=["IMAP-9051-6.4.7-b"], because="NO [TRYCREATE]")
class CopyWithoutTrycreate(ImapSession):
    """Knows no hope."""

    def missing_target(self, name: str) -> Refusal:
        return self.no_such_mailbox()


@mutant("copy_partial_on_error", breaks=["IMAP-9051-6.4.7-b"], because="nothing copied by a COPY that failed")
class CopyPartialOnError(ImapSession):
    """Copies as far as it goes."""

    short = False

    def entries_by_number(self, ranges: tuple[tuple[int, int], ...]) -> list[Entry]:
        there = len(self.seen)
        self.short = self.verb == "COPY" and any(max(pair) > there for pair in ranges)
        known = [(min(low, there), min(high, there)) for low, high in ranges]
        return super().entries_by_number(tuple(known) if self.short else ranges)

    def copy(self, entries: list[Entry], mailbox: Mailbox) -> list[Message]:
        copies = super().copy(entries, mailbox)
        if self.short:
            raise Bad("There are no more messages")
        return copies


@mutant("appenduid_wrong_uidvalidity", breaks=["IMAP-4315-3-b"], because="UIDVALIDITY of the target, and the UID")
class AppenduidWrongUidvalidity(ImapSession):
    """Tells the UIDVALIDITY of some other mailbox."""

    def append_code(self, mailbox: Mailbox, kept: list[Message]) -> str:
        return super().append_code(self.mailboxes.account(self.user).find("INBOX"), kept)


@mutant("copyuid_order_wrong", breaks=["IMAP-4315-3-b"], because="with that of its copy")
class CopyuidOrderWrong(ImapSession):
    """Lists copies backwards."""

    def copy_code(self, mailbox: Mailbox, entries: list[Entry], copies: list[Message]) -> str:
        return super().copy_code(mailbox, entries, copies[::-1])


@mutant("copyuid_missing", breaks=["IMAP-4315-3-b"], because="[COPYUID ...]")
class CopyuidMissing(ImapSession):
    """Does not say what became of messages."""

    def copy_code(self, mailbox: Mailbox, entries: list[Entry], copies: list[Message]) -> str:
        return ""


@mutant("move_expunges_other_deleted", breaks=["IMAP-6851-3-a"], because="EXPUNGE of 2 and 3")
class MoveExpungesOtherDeleted(ImapSession):
    """Marks what goes, and expunges."""

    def moved_away(self, entries: list[Entry]) -> list[int]:
        return sorted({*super().moved_away(entries), *self.marked()})


@mutant("move_marks_deleted", breaks=["IMAP-6851-3-a"], because="the two messages in the target")
class MoveMarksDeleted(ImapSession):
    """Moves the mark to be deleted along."""

    def copy_of(self, message: Message) -> Draft:
        draft = super().copy_of(message)
        return replace(draft, flags=draft.flags | {"\\Deleted"}) if self.verb == "MOVE" else draft


@mutant("move_tells_copies_late", breaks=["IMAP-6851-3-a"], because="before EXPUNGE")
class MoveTellsCopiesLate(ImapSession):
    """Says where messages went when they have gone."""

    def move(self, entries: list[Entry], mailbox: Mailbox) -> None:
        copies = self.copy(entries, mailbox)
        self.expunge(self.moved_away(entries))
        self.untagged(self.format_status(b"OK", "They went there", self.copy_code(mailbox, entries, copies)))


@mutant("move_failure_loses_message", breaks=["IMAP-6851-3-b"], because="after a MOVE that failed")
class MoveFailureLosesMessage(ImapSession):
    """Takes away first."""

    def missing_target(self, name: str) -> Refusal:
        if self.verb == "MOVE":
            self.expunge(self.seen.uids[:1])
        return super().missing_target(name)

"""Mutants of SELECT and EXAMINE: what is told of a mailbox, or left alone, is wrong in one way each."""

from __future__ import annotations

from pytest_netconform.reference_servers.imap import ImapSession
from pytest_netconform.reference_servers.mutants.mutant import mutant


@mutant("select_without_uidvalidity", breaks=["IMAP-9051-6.3.2-a"], because="OK [UIDVALIDITY n]")
class SelectWithoutUidvalidity(ImapSession):
    """Takes it that uids are good for ever."""

    def tell_uidvalidity(self) -> None:
        """Nobody asks."""


@mutant("select_without_recent", breaks=["IMAP-9051-6.3.2-a"], because="RECENT before the OK")
class SelectWithoutRecent(ImapSession):
    """Has read RFC 9051, and nothing else."""

    def tell_recent(self) -> None:
        """Gone."""


@mutant("first_unseen_counts", breaks=["IMAP-9051-6.3.2-a"], because="OK [UNSEEN 2]")
class FirstUnseenCounts(ImapSession):
    """Tells how many were not read."""

    def tell_first_unseen(self) -> None:
        unread = sum("\\Seen" not in entry.message.flags for entry in self.seen.entries())
        self.untagged(f"OK [UNSEEN {unread}] So many were not read")


@mutant("uidnext_is_the_last", breaks=["IMAP-9051-6.3.2-a"], because="a UIDNEXT greater than any UID")
class UidnextIsTheLast(ImapSession):
    """Gives the last uid for the next."""

    def uidnext(self, mailbox):  # type: ignore[no-untyped-def]
        return max(1, mailbox.last_uid)


@mutant("select_rev2_without_list", breaks=["IMAP-9051-6.3.2-a"], because="LIST with the mailbox's name")
class SelectRev2WithoutList(ImapSession):
    """Takes it that the client knows what he asked for."""

    def list_line(self, name, chosen):  # type: ignore[no-untyped-def]
        return super().list_line("INBOX" if self.verb == "SELECT" else name, chosen)


@mutant("failed_select_keeps_old", breaks=["IMAP-9051-6.3.2-b"], because="* 1 FETCH")
class FailedSelectKeepsOld(ImapSession):
    """Looks whether the new mailbox is there before it leaves the old one."""

    def deselect(self) -> None:
        self.before = self.view
        super().deselect()

    def open_mailbox(self, name: str, read_only: bool) -> None:
        self.view = self.before
        self.mailbox_of(name)
        super().open_mailbox(name, read_only)


@mutant("closed_missing", breaks=["IMAP-9051-6.3.2-c"], because="one OK [CLOSED]")
class ClosedMissing(ImapSession):
    """Goes from one mailbox to the next without a word."""

    def say_closed(self) -> None:
        """Nothing."""


@mutant("closed_behind", breaks=["IMAP-9051-6.3.2-c"], because="behind OK [CLOSED]")
class ClosedBehind(ImapSession):
    """Closes the old mailbox when it has told of the new one."""

    owed = False

    def say_closed(self) -> None:
        self.owed = True

    def describe(self, resync):  # type: ignore[no-untyped-def]
        super().describe(resync)
        if self.owed:
            super().say_closed()


@mutant("examine_reports_readwrite", breaks=["IMAP-9051-6.3.2-d"], because="OK [READ-ONLY]")
class ExamineReportsReadwrite(ImapSession):
    """Opens everything alike, as far as it says."""

    def is_read_only(self) -> bool:
        return False


@mutant("select_reports_nothing", breaks=["IMAP-9051-6.3.2-d"], because="OK [READ-WRITE]")
class SelectReportsNothing(ImapSession):
    """Does not say what may be done."""

    def send_tagged(self, status: bytes, text: str, code: str = "") -> None:
        super().send_tagged(status, text, "" if code == "READ-WRITE" else code)


@mutant("examine_sets_seen", breaks=["IMAP-9051-6.3.3-a"], because="no \\Seen after FETCH under EXAMINE")
class ExamineSetsSeen(ImapSession):
    """Marks what is read as seen."""

    def answer_fetch(self, arguments):  # type: ignore[no-untyped-def]
        read_only, self.seen.read_only = self.seen.read_only, False
        try:
            return super().answer_fetch(arguments)
        finally:
            self.seen.read_only = read_only


@mutant("examine_stores", breaks=["IMAP-9051-6.3.3-a"], because="no \\Answered after STORE")
class ExamineStores(ImapSession):
    """Never says no to a STORE."""

    def check_writable(self) -> None:
        if self.verb != "STORE":
            super().check_writable()


@mutant("examine_expunges", breaks=["IMAP-9051-6.3.3-a"], because="no EXPUNGE under EXAMINE")
class ExamineExpunges(ImapSession):
    """Never says no to an EXPUNGE."""

    def check_writable(self) -> None:
        if self.verb != "EXPUNGE":
            super().check_writable()


@mutant("examine_close_expunges", breaks=["IMAP-9051-6.3.3-a"], because="* 1 EXISTS")
class ExamineCloseExpunges(ImapSession):
    """Cleans up at the end, wherever it is."""

    def expunges_at_close(self) -> bool:
        return True


@mutant("inbox_case_sensitive", breaks=["IMAP-9051-5.1-a"], because=" NO ")
class InboxCaseSensitive(ImapSession):
    """Takes names as they are."""

    def normal(self, name: str) -> str:
        return name

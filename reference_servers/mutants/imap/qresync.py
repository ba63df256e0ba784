"""Mutants of resynchronization: what vanished, what changed, or who is told, is wrong in one way each."""

from __future__ import annotations

from pytest_netconform.reference_servers.imap import Done, ImapSession, Scanner
from pytest_netconform.reference_servers.imap.fetch import Modifiers
from pytest_netconform.reference_servers.imap.selection import Resync
from pytest_netconform.reference_servers.mailboxes import Message
from pytest_netconform.reference_servers.mutants.mutant import mutant


@mutant("qresync_without_enable", breaks=["IMAP-7162-3.2.3-a"], because=" OK")
class QresyncWithoutEnable(ImapSession):
    """Resynchronizes whoever comes."""

    def check_qresync(self, what: str) -> None:
        """Everybody may."""


@mutant("vanished_without_changedsince", breaks=["IMAP-7162-3.2.3-a"], because=" OK")
class VanishedWithoutChangedsince(ImapSession):
    """Tells everything that ever went."""

    def check_modifiers(self, modifiers: Modifiers) -> None:
        if modifiers.vanished:
            self.check_qresync("VANISHED")


@mutant("unsolicited_fetch_without_uid", breaks=["IMAP-7162-3.2.4-a"], because="and MODSEQ in * ")
class UnsolicitedFetchWithoutUid(ImapSession):
    """Tells flags by numbers, as it always has."""

    def unasked_items(self, message: Message, uid: bool) -> list[str]:
        return [item for item in super().unasked_items(message, uid) if not item.startswith("UID")]


@mutant("unsolicited_fetch_without_modseq", breaks=["IMAP-7162-3.2.4-a"], because="and MODSEQ in * ")
class UnsolicitedFetchWithoutModseq(ImapSession):
    """Tells what, and not when."""

    def unasked_items(self, message: Message, uid: bool) -> list[str]:
        return [item for item in super().unasked_items(message, uid) if not item.startswith("MODSEQ")]


@mutant("vanished_missing", breaks=["IMAP-7162-3.2.5-a"], because="* VANISHED (EARLIER) with the UID")
class VanishedMissing(ImapSession):
    """Forgets what has gone."""

    def vanished_since(self, resync: Resync) -> list[int]:
        return []


@mutant("vanished_not_earlier", breaks=["IMAP-7162-3.2.5-a"], because="* VANISHED (EARLIER) with the UID")
class VanishedNotEarlier(ImapSession):
    """Takes the past for the present."""

    def tell_vanished(self, uids: list[int], earlier: bool = False) -> None:
        super().tell_vanished(uids)


@mutant("qresync_ignores_uidvalidity", breaks=["IMAP-7162-3.2.5-a"], because="for another UIDVALIDITY")
class QresyncIgnoresUidvalidity(ImapSession):
    """Takes any UIDs for its own."""

    def still_valid(self, resync: Resync) -> bool:
        return True


@mutant("qresync_tells_everything", breaks=["IMAP-7162-3.2.5-a"], because="FETCH of what changed, and nothing else")
class QresyncTellsEverything(ImapSession):
    """Does not look at what the client knows."""

    def resync(self, resync: Resync) -> None:
        super().resync(resync)
        for message in self.seen.messages.values() if self.still_valid(resync) else ():
            self.tell_flags(message)


@mutant("expunge_after_qresync", breaks=["IMAP-7162-3.2.10-a"], because="VANISHED in place of EXPUNGE")
class ExpungeAfterQresync(ImapSession):
    """Tells numbers, as it always has."""

    def tell_expunged(self, uids: list[int]) -> None:
        for number in self.expunge_numbers(self.seen.drop(uids)):
            self.untagged(f"{number} EXPUNGE")


@mutant("vanished_one_too_many", breaks=["IMAP-7162-3.2.10-a"], because="* VANISHED with the UIDs")
class VanishedOneTooMany(ImapSession):
    """Lets one UID too many vanish."""

    def tell_vanished(self, uids: list[int], earlier: bool = False) -> None:
        super().tell_vanished([*uids, uids[-1] + 1] if uids else [], earlier)


@mutant("expunge_without_highestmodseq", breaks=["IMAP-7162-3.2.10-a"], because="OK [HIGHESTMODSEQ n]")
class ExpungeWithoutHighestmodseq(ImapSession):
    """Does not say when it was."""

    def answer_expunge(self, arguments: Scanner) -> Done:
        return Done(super().answer_expunge(arguments).text)


@mutant("close_with_highestmodseq", breaks=["IMAP-7162-3.2.10-a"], because="in answer to CLOSE")
class CloseWithHighestmodseq(ImapSession):
    """Takes CLOSE for a kind of EXPUNGE."""

    def answer_close(self, arguments: Scanner) -> Done:
        code = self.highest_modseq()
        return Done(super().answer_close(arguments).text, code)

"""Mutants of mod-sequences: what is counted, or told of it, is wrong in one way each."""

from __future__ import annotations

from pytest_netconform.reference_servers.imap import Entry, ImapSession
from pytest_netconform.reference_servers.imap.changes import Marking
from pytest_netconform.reference_servers.imap.search import Query
from pytest_netconform.reference_servers.mailboxes import Message
from pytest_netconform.reference_servers.mutants.mutant import mutant


@mutant("highestmodseq_missing", breaks=["IMAP-7162-3.1.2-a"], because="in answer to SELECT")
class HighestmodseqMissing(ImapSession):
    """Keeps mod-sequences, and does not say so."""

    def tell_modseq(self) -> None:
        """Who asks will hear."""


@mutant("highestmodseq_too_low", breaks=["IMAP-7162-3.1.2-a"], because="MODSEQ of both messages")
class HighestmodseqTooLow(ImapSession):
    """Tells the mod-sequence before the last."""

    def highest_modseq(self) -> str:
        return f"HIGHESTMODSEQ {self.seen.mailbox.highest_modseq - 1}"


@mutant("modseq_not_increased", breaks=["IMAP-7162-3.1.3-a"], because="in answer to STORE")
class ModseqNotIncreased(ImapSession):
    """Changes flags behind its own back."""

    def set_flags(self, message: Message, flags: frozenset[str]) -> None:
        message.flags = flags


@mutant("store_without_modseq", breaks=["IMAP-7162-3.1.3-a"], because="* 1 FETCH with MODSEQ")
class StoreWithoutModseq(ImapSession):
    """Tells flags, as it always has."""

    def unasked_items(self, message: Message, uid: bool) -> list[str]:
        return [item for item in super().unasked_items(message, uid) if not item.startswith("MODSEQ")]


@mutant("silent_store_without_modseq", breaks=["IMAP-7162-3.1.3-a"], because="* 1 FETCH with MODSEQ")
class SilentStoreWithoutModseq(ImapSession):
    """Is silent where silence was asked for."""

    def tell_stored(self, entry: Entry, marking: Marking) -> None:
        if not marking.silent:
            super().tell_stored(entry, marking)


@mutant("store_raises_all", breaks=["IMAP-7162-3.1.3-a"], because="of the other messages")
class StoreRaisesAll(ImapSession):
    """Has one mod-sequence for all messages."""

    def set_flags(self, message: Message, flags: frozenset[str]) -> None:
        super().set_flags(message, flags)
        for other in self.seen.mailbox.messages.values():
            other.modseq = message.modseq


@mutant("unchangedsince_ignored", breaks=["IMAP-7162-3.1.3-b"], because="[MODIFIED")
class UnchangedsinceIgnored(ImapSession):
    """Knows no conditions."""

    def is_modified(self, message: Message, marking: Marking) -> bool:
        return False


@mutant("modified_lists_numbers", breaks=["IMAP-7162-3.1.3-b"], because="[MODIFIED")
class ModifiedListsNumbers(ImapSession):
    """Lists what is left by numbers of its own."""

    def modified_code(self, modified: list[Entry]) -> str:
        return super().modified_code([Entry(entry.number + 1, entry.message) for entry in modified])


@mutant("modified_is_changed", breaks=["IMAP-7162-3.1.3-b"], because="\\Draft on message 2, and on no other")
class ModifiedIsChanged(ImapSession):
    """Says what it should have left alone."""

    def modified_code(self, modified: list[Entry]) -> str:
        for entry in modified:
            self.set_flags(entry.message, entry.message.flags | {"\\Draft"})
        return super().modified_code(modified)


@mutant("changedsince_returns_all", breaks=["IMAP-7162-3.1.4-a"], because="* 2 FETCH, and no other")
class ChangedsinceReturnsAll(ImapSession):
    """Tells everything, to be sure."""

    def changed(self, message: Message, modseq: int) -> bool:
        return True


@mutant("changedsince_or_equal", breaks=["IMAP-7162-3.1.4-a"], because="* 2 FETCH, and no other")
class ChangedsinceOrEqual(ImapSession):
    """Tells what the client knows, too."""

    def changed(self, message: Message, modseq: int) -> bool:
        return message.modseq >= modseq


@mutant("search_modseq_missing", breaks=["IMAP-7162-3.1.5-a"], because="behind what was found")
class SearchModseqMissing(ImapSession):
    """Finds by mod-sequence, and tells none."""

    def modseq_of(self, found: list[Entry], query: Query) -> int | None:
        return None


@mutant("search_modseq_of_nothing", breaks=["IMAP-7162-3.1.5-a"], because="no MODSEQ where nothing was found")
class SearchModseqOfNothing(ImapSession):
    """Tells the mailbox's mod-sequence in any case."""

    def modseq_of(self, found: list[Entry], query: Query) -> int | None:
        return self.seen.mailbox.highest_modseq if query.modseq else None

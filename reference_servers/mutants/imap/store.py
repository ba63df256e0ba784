"""Mutants of STORE: flags are changed, told or kept wrongly in one way each."""

from __future__ import annotations

from pytest_netconform.reference_servers.imap import Entry, ImapSession, No, Scanner
from pytest_netconform.reference_servers.imap.changes import Marking
from pytest_netconform.reference_servers.mailboxes import Message
from pytest_netconform.reference_servers.mutants.mutant import mutant


@mutant("store_flags_adds", breaks=["IMAP-9051-6.4.6-a"], because="FLAGS (\\Answered \\Draft \\Seen)")
class StoreFlagsAdds(ImapSession):
    """Never forgets a flag."""

    def new_flags(self, flags: frozenset[str], marking: Marking) -> frozenset[str]:
        return super().new_flags(flags, marking) | (frozenset() if marking.sign else flags)


@mutant("minus_flags_clears_all", breaks=["IMAP-9051-6.4.6-a"], because="FLAGS (\\Draft) in answer")
class MinusFlagsClearsAll(ImapSession):
    """Takes all away where one was to go."""

    def new_flags(self, flags: frozenset[str], marking: Marking) -> frozenset[str]:
        return frozenset() if marking.sign == "-" else super().new_flags(flags, marking)


@mutant("store_tells_nothing", breaks=["IMAP-9051-6.4.6-a"], because="* 1 FETCH with FLAGS")
class StoreTellsNothing(ImapSession):
    """Takes every STORE for a silent one."""

    def tell_stored(self, entry: Entry, marking: Marking) -> None:
        """The client will know."""


@mutant("flags_of_the_session", breaks=["IMAP-9051-6.4.6-a"], because="in another session")
class FlagsOfTheSession(ImapSession):
    """Keeps flags for whoever sets them."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)
        self.own: dict[int, frozenset[str]] = {}

    def set_flags(self, message: Message, flags: frozenset[str]) -> None:
        self.own[message.uid] = flags

    def flags_of(self, message: Message) -> list[str]:
        return sorted(self.own.get(message.uid, message.flags))


@mutant("store_without_parens_bad", breaks=["IMAP-9051-6.4.6-b"], because=" BAD")
class StoreWithoutParensBad(ImapSession):
    """Knows flags in parentheses only."""

    def read_store_flags(self, arguments: Scanner) -> list[bytes]:
        return arguments.flags()


@mutant("silent_does_nothing", breaks=["IMAP-9051-6.4.6-b"], because="after STORE 1 +FLAGS.SILENT")
class SilentDoesNothing(ImapSession):
    """Is silent, and leaves it at that."""

    def new_flags(self, flags: frozenset[str], marking: Marking) -> frozenset[str]:
        return flags if marking.silent else super().new_flags(flags, marking)


@mutant("keyword_lost_at_close", breaks=["IMAP-9051-6.4.6-c"], because="in another session")
class KeywordLostAtClose(ImapSession):
    """Keeps keywords as long as somebody looks."""

    def leave(self) -> None:
        for message in self.view.messages.values() if self.view is not None else ():
            message.flags = frozenset(flag for flag in message.flags if flag.startswith("\\"))
        super().leave()


@mutant("keywords_not_in_flags", breaks=["IMAP-9051-6.4.6-c"], because="$Forwarded in FLAGS")
class KeywordsNotInFlags(ImapSession):
    """Lists system flags only."""

    def flags_in_use(self) -> list[str]:
        return [flag for flag in super().flags_in_use() if flag.startswith("\\")]


@mutant("recent_is_stored", breaks=["IMAP-9051-6.4.6-c"], because="no \\Recent")
class RecentIsStored(ImapSession):
    """Takes any flag from anybody."""

    def read_flag(self, written: bytes) -> str:
        return "\\Recent" if written.upper() == b"\\RECENT" else super().read_flag(written)


@mutant(
    "keyword_clears_flags",
    breaks=["IMAP-9051-6.4.6-c"],
    because="with or without nc-keyword",
    without="KEYWORDS",
)
class KeywordClearsFlags(ImapSession):
    """Lets nobody make keywords, and takes all flags from a message that was to have one."""

    def read_marking(self, arguments: Scanner) -> Marking:
        try:
            return super().read_marking(arguments)
        except No:
            return Marking("", frozenset(), silent=False)

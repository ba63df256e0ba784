"""Mutants of numbers: UIDs, sequence numbers and their sets are wrong in one way each."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import ClassVar

from pytest_netconform.reference_servers.imap import Bad, Done, Entry, ImapSession, Scanner
from pytest_netconform.reference_servers.mailboxes import Mailbox, Message
from pytest_netconform.reference_servers.mutants.mutant import mutant


@mutant("uid_reused_after_expunge", breaks=["IMAP-9051-2.3.1.1-a"], because="which was expunged")
class UidReusedAfterExpunge(ImapSession):
    """Gives the UIDs of what has gone to what comes."""

    def expunge(self, uids: list[int]) -> None:
        super().expunge(uids)
        mailbox = self.seen.mailbox
        mailbox.last_uid = mailbox.store._last_uid[mailbox.key] = max(mailbox.messages, default=0)


@mutant("uidnext_not_updated", breaks=["IMAP-9051-2.3.1.1-a"], because="after a message arrived")
class UidnextNotUpdated(ImapSession):
    """Predicts what it always has."""

    def uidnext(self, mailbox: Mailbox) -> int:
        return 1


@mutant("uidvalidity_per_session", breaks=["IMAP-9051-2.3.1.1-b"], because="the same UIDVALIDITY, or a greater one")
class UidvalidityPerSession(ImapSession):
    """Counts sessions down, and calls that validity."""

    sessions: ClassVar[Iterator[int]] = count(1)

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)
        self.place = next(self.sessions)

    def uidvalidity(self, mailbox: Mailbox) -> int:
        return mailbox.uidvalidity - self.place


@mutant("uids_per_session", breaks=["IMAP-9051-2.3.1.1-b"], because="under the same UIDVALIDITY")
class UidsPerSession(ImapSession):
    """Has UIDs of its own in each session."""

    sessions: ClassVar[Iterator[int]] = count(1)

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)
        self.place = next(self.sessions)

    def plain_value(self, message: Message, name: str) -> bytes:
        return b"%d" % (message.uid + self.place) if name == "UID" else super().plain_value(message, name)


@mutant("star_range_not_swapped", breaks=["IMAP-9051-9-c"], because="each with its UID")
class StarRangeNotSwapped(ImapSession):
    """Finds nothing between 3 and 1."""

    def entries_by_number(self, ranges: tuple[tuple[int, int], ...]) -> list[Entry]:
        last = len(self.seen)
        return super().entries_by_number(tuple(pair for pair in ranges if (pair[0] or last) <= (pair[1] or last)))


@mutant("uid_nonexistent_bad", breaks=["IMAP-9051-9-c"], because=" BAD")
class UidNonexistentBad(ImapSession):
    """Does not forgive a UID that has gone."""

    def entries_by_uid(self, ranges: tuple[tuple[int, int], ...]) -> list[Entry]:
        found = super().entries_by_uid(ranges)
        if not found:
            raise Bad("There is no such message")
        return found


@mutant("uid_star_is_nothing", breaks=["IMAP-9051-9-c"], because="message 3 with its UID")
class UidStarIsNothing(ImapSession):
    """Finds nothing above what there is."""

    def uids_in(self, ranges: tuple[tuple[int, int], ...]) -> list[int]:
        return super().uids_in(tuple(pair for pair in ranges if pair[0] <= self.seen.mailbox.last_uid))


@mutant("number_beyond_is_nothing", breaks=["IMAP-9051-9-c"], because=" OK")
class NumberBeyondIsNothing(ImapSession):
    """Passes over the numbers of no messages."""

    def entries_by_number(self, ranges: tuple[tuple[int, int], ...]) -> list[Entry]:
        there = len(self.seen)
        return super().entries_by_number(tuple(pair for pair in ranges if max(pair) <= there))


@mutant("empty_mailbox_star_crash", breaks=["IMAP-9051-9-d"], because="the connection was closed")
class EmptyMailboxStarCrash(ImapSession):
    """Takes the last of nothing."""

    def send_tagged(self, status: bytes, text: str, code: str = "") -> None:
        if self.verb == "FETCH" and not len(self.seen):
            self.close()
        else:
            super().send_tagged(status, text, code)


@mutant("uid_fetch_without_uid", breaks=["IMAP-9051-6.4.9-a"], because="* 2 FETCH with its UID")
class UidFetchWithoutUid(ImapSession):
    """Tells what was asked for, and nothing else."""

    def answer_fetch(self, arguments: Scanner) -> Done:
        asked = b"UID" in arguments.data[arguments.place :].upper()
        self.plain = self.by_uid and not asked
        return super().answer_fetch(arguments)

    def item(self, entry: Entry, item: object) -> bytes:
        words = super().item(entry, item)  # type: ignore[arg-type]
        return b"FLAGS ()" if self.plain and words.startswith(b"UID ") else words


@mutant("uid_fetch_uids_for_numbers", breaks=["IMAP-9051-6.4.9-a"], because="* 2 FETCH with its UID")
class UidFetchUidsForNumbers(ImapSession):
    """Begins its responses to UID FETCH with UIDs."""

    def untagged(self, text: bytes | str) -> None:
        octets = text if isinstance(text, bytes) else text.encode()
        if self.by_uid and b" FETCH (UID " in octets:
            octets = octets.partition(b"UID ")[2].partition(b" ")[0].rstrip(b")") + b" " + octets.partition(b" ")[2]
        super().untagged(octets)


@mutant("uid_search_returns_seq", breaks=["IMAP-9051-6.4.9-a"], because="the UIDs of all messages")
class UidSearchReturnsSeq(ImapSession):
    """Finds messages by UID SEARCH, and lists their numbers."""

    def numbers(self, entries: list[Entry]) -> list[int]:
        return [entry.number for entry in entries]


@mutant("uid_copy_takes_numbers", breaks=["IMAP-9051-6.4.9-a"], because="one copy")
class UidCopyTakesNumbers(ImapSession):
    """Copies the message of that number."""

    def answer_copy(self, arguments: Scanner) -> Done:
        self.by_uid = False
        return super().answer_copy(arguments)

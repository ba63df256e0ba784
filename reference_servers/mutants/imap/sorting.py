"""Mutants of SORT and THREAD: the order, or the trees, are wrong in one way each."""

from __future__ import annotations

from datetime import datetime, timezone

from pytest_netconform.reference_servers.imap import Bad, Entry, ImapSession, Scanner
from pytest_netconform.reference_servers.imap.search import Query
from pytest_netconform.reference_servers.imap.threads import Node
from pytest_netconform.reference_servers.mutants.mutant import mutant


@mutant("sort_subject_keeps_re", breaks=["IMAP-5256-3-a"], because="by SORT (SUBJECT)")
class SortSubjectKeepsRe(ImapSession):
    """Takes subjects as they are written."""

    def base_subject(self, text: str) -> tuple[str, bool]:
        return text, super().base_subject(text)[1]


@mutant("sort_ties_unstable", breaks=["IMAP-5256-3-a"], because="by SORT (FROM)")
class SortTiesUnstable(ImapSession):
    """Has what is equal in the order in which it comes to mind."""

    def by_number(self, entries: list[Entry]) -> list[Entry]:
        return entries[::-1]


@mutant("sort_reverse_reverses_all", breaks=["IMAP-5256-3-a"], because="by SORT (REVERSE SUBJECT)")
class SortReverseReversesAll(ImapSession):
    """Reads the list from its end, ties and all."""

    def by_key(self, entries: list[Entry], key: str, reverse: bool) -> list[Entry]:
        ordered = super().by_key(entries, key, False)
        return ordered[::-1] if reverse else ordered


@mutant("sort_date_without_zone", breaks=["IMAP-5256-3-a"], because="by SORT (DATE)")
class SortDateWithoutZone(ImapSession):
    """Lives in Greenwich, and thinks that everybody does."""

    def sent_moment(self, entry: Entry) -> datetime:
        day = self.sent_day(entry.message)
        hours = self.header_values(entry).get(b"date", b"").split(b":")[0][-2:]
        if day is None:
            return super().sent_moment(entry)
        return datetime(day.year, day.month, day.day, int(hours), tzinfo=timezone.utc)


@mutant("sort_empty_no_response", breaks=["IMAP-5256-3-a"], because="one SORT response")
class SortEmptyNoResponse(ImapSession):
    """Says nothing of nothing."""

    def untagged(self, text: bytes | str) -> None:
        if text != "SORT":
            super().untagged(text)


@mutant("sort_arrival_by_number", breaks=["IMAP-5256-3-a"], because="by SORT (ARRIVAL)")
class SortArrivalByNumber(ImapSession):
    """Takes the order of the mailbox for that of arrival."""

    def by_key(self, entries: list[Entry], key: str, reverse: bool) -> list[Entry]:
        if key == "ARRIVAL":
            return entries[::-1] if reverse else entries
        return super().by_key(entries, key, reverse)


@mutant("uid_sort_numbers", breaks=["IMAP-5256-3-a"], because="by UID SORT")
class UidSortNumbers(ImapSession):
    """Lists numbers where UIDs were asked for."""

    def numbers(self, entries: list[Entry]) -> list[int]:
        return [entry.number for entry in entries] if self.verb == "SORT" else super().numbers(entries)


@mutant("sort_without_charset_ok", breaks=["IMAP-5256-3-b"], because=" OK")
class SortWithoutCharsetOk(ImapSession):
    """Takes the charset for optional."""

    def read_chosen(self, arguments: Scanner) -> list[Entry]:
        if arguments.follows(b"ALL"):
            query = Query()
            self.read_program(arguments, query)
            return self.matching(query)
        return super().read_chosen(arguments)


@mutant("sort_badcharset_bad", breaks=["IMAP-5256-3-b"], because=" BAD")
class SortBadcharsetBad(ImapSession):
    """Takes a charset that it does not know for an error of syntax."""

    def read_sort_charset(self, arguments: Scanner) -> bytes:
        charset = super().read_sort_charset(arguments)
        if charset.upper() not in (b"US-ASCII", b"UTF-8", b"ALL"):
            raise Bad("There is no such charset")
        return charset


@mutant("sort_ascii_unknown", breaks=["IMAP-5256-3-b"], because="SORT (ARRIVAL) US-ASCII ALL")
class SortAsciiUnknown(ImapSession):
    """Is too modern for ASCII."""

    def read_sort_charset(self, arguments: Scanner) -> bytes:
        charset = super().read_sort_charset(arguments)
        return b"X-ASCII" if charset == b"US-ASCII" else charset


@mutant("thread_drops_orphans", breaks=["IMAP-5256-3-c"], because="each of 9 messages once")
class ThreadDropsOrphans(ImapSession):
    """Has no place for answers to what is not there."""

    def threads(self, algorithm: str, entries: list[Entry]) -> list[Node]:
        return [root for root in super().threads(algorithm, entries) if root.letter is not None]


@mutant("thread_without_references", breaks=["IMAP-5256-3-c"], because="parents {2: 1, 3: 2, 4: 1, 9: 8}")
class ThreadWithoutReferences(ImapSession):
    """Believes subjects only."""

    def answered(self, values: dict[bytes, bytes]) -> tuple[bytes, ...]:
        return ()


@mutant("thread_with_grandchildren", breaks=["IMAP-5256-3-c"], because="parents {1: 2, 4: 2}")
class ThreadWithGrandchildren(ImapSession):
    """Hangs each message of a subject on the one before."""

    def threads(self, algorithm: str, entries: list[Entry]) -> list[Node]:
        roots = super().threads(algorithm, entries)
        for root in roots if algorithm == "ORDEREDSUBJECT" else ():
            while len(root.children) > 1:
                first, *rest = root.children
                root.children, first.children = [first], rest
                root = first
        return roots


@mutant("thread_forgets_knots", breaks=["IMAP-5256-3-c"], because="each of 6 messages once")
class ThreadForgetsKnots(ImapSession):
    """Has one message of an id, and forgets others."""

    def threads(self, algorithm: str, entries: list[Entry]) -> list[Node]:
        by_id = {self.letter(entry).id or bytes(entry.number): entry for entry in entries}
        return super().threads(algorithm, list(by_id.values()))


@mutant("uid_thread_numbers", breaks=["IMAP-5256-3-c"], because="in THREAD")
class UidThreadNumbers(ImapSession):
    """Has numbers in its trees where UIDs were asked for."""

    def numbers(self, entries: list[Entry]) -> list[int]:
        return [entry.number for entry in entries] if self.verb == "THREAD" else super().numbers(entries)

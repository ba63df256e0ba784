"""Mutants of SEARCH: what is found, and how it is told, is wrong in one way each."""

from __future__ import annotations

from datetime import date, timedelta, timezone
from email.utils import parsedate_to_datetime

from pytest_netconform.reference_servers.imap import Entry, ImapSession, Scanner
from pytest_netconform.reference_servers.imap.search import Query, Test
from pytest_netconform.reference_servers.mailboxes import Message
from pytest_netconform.reference_servers.mutants.mutant import mutant


@mutant("search_or_wrong", breaks=["IMAP-9051-6.4.4-a"], because="by SEARCH OR DELETED DRAFT")
class SearchOrWrong(ImapSession):
    """Takes OR for AND."""

    def either(self, one: Test, other: Test) -> Test:
        return self.both([one, other])


@mutant("search_not_of_one", breaks=["IMAP-9051-6.4.4-a"], because="by SEARCH NOT SEEN")
class SearchNotOfOne(ImapSession):
    """Does not hear NOT."""

    def negated(self, test: Test) -> Test:
        return test


@mutant("empty_search_no_response", breaks=["IMAP-9051-6.4.4-a"], because="also where nothing is found")
class EmptySearchNoResponse(ImapSession):
    """Says nothing where it finds nothing."""

    def tell_found(self, found: list[Entry], query: Query) -> None:
        if found:
            super().tell_found(found, query)


@mutant("search_larger_or_equal", breaks=["IMAP-9051-6.4.4-a"], because="by SEARCH LARGER")
class SearchLargerOrEqual(ImapSession):
    """Takes the limit in."""

    def is_beyond(self, size: int, limit: int, larger: bool) -> bool:
        return size >= limit if larger else size < limit


@mutant("search_keyword_any", breaks=["IMAP-9051-6.4.4-a"], because="by SEARCH KEYWORD")
class SearchKeywordAny(ImapSession):
    """Takes one flag for another."""

    def read_keyword_key(self, arguments: Scanner, query: Query) -> Test:
        super().read_keyword_key(arguments, query)
        return lambda entry: bool(entry.message.flags)


@mutant("search_uid_as_number", breaks=["IMAP-9051-6.4.4-a"], because="by SEARCH UID")
class SearchUidAsNumber(ImapSession):
    """Takes UIDs for numbers."""

    def uid_key(self, arguments: Scanner) -> Test:
        return self.numbered(arguments)


@mutant("sentdate_shifted_to_utc", breaks=["IMAP-9051-6.4.4-b"], because="by SEARCH SENTON")
class SentdateShiftedToUtc(ImapSession):
    """Lives in Greenwich."""

    def sent_day(self, message: Message) -> date | None:
        value = self.first_values(self.header_octets(message.content)).get(b"date", b"")
        return parsedate_to_datetime(value.decode("ascii")).astimezone(timezone.utc).date()


@mutant("internal_day_of_tomorrow", breaks=["IMAP-9051-6.4.4-b"], because="by SEARCH ON 10-Feb-2001")
class InternalDayOfTomorrow(ImapSession):
    """Is a day ahead."""

    def internal_day(self, message: Message) -> date:
        return super().internal_day(message) + timedelta(days=1)


@mutant("search_unknown_key_all", breaks=["IMAP-9051-6.4.4-e"], because=" OK")
class SearchUnknownKeyAll(ImapSession):
    """Finds everything where it does not know what is meant."""

    def unknown_key(self, name: str) -> Test:
        return lambda entry: True


@mutant("rev2_forms_without_enable", breaks=["IMAP-9051-6.4.4-f"], because="before ENABLE")
class Rev2FormsWithoutEnable(ImapSession):
    """Is modern, whoever comes."""

    def rev2(self) -> bool:
        return self.config.has("IMAP4REV2")


@mutant("rev2_with_old_search", breaks=["IMAP-9051-6.4.4-f"], because="* ESEARCH under IMAP4rev2")
class Rev2WithOldSearch(ImapSession):
    """Has learnt all of RFC 9051 but ESEARCH."""

    def tell_found(self, found: list[Entry], query: Query) -> None:
        if query.results is None:
            self.untagged(self.search_line("SEARCH", self.numbers(found), None))
        else:
            super().tell_found(found, query)


@mutant("rev2_with_recent", breaks=["IMAP-9051-6.4.4-f"], because="LIST and no RECENT")
class Rev2WithRecent(ImapSession):
    """Counts what nobody wants to know any more."""

    def tell_recent(self) -> None:
        self.untagged(f"{len(self.seen.recent)} RECENT")


@mutant("esearch_min_on_empty", breaks=["IMAP-4731-3.1-a"], because="{'COUNT': 0} in answer")
class EsearchMinOnEmpty(ImapSession):
    """Has a least number of nothing."""

    def result_values(self, numbers: list[int], results: list[str]) -> list[tuple[str, str]]:
        least = [("MIN", "1")] if not numbers and "MIN" in results else []
        return [*least, *super().result_values(numbers, results)]


@mutant("esearch_tag_missing", breaks=["IMAP-4731-3.1-a"], because="ESEARCH with (TAG")
class EsearchTagMissing(ImapSession):
    """Does not say which command it answers."""

    def esearch_line(self, numbers: list[int], results: list[str], modseq: int | None) -> bytes:
        return super().esearch_line(numbers, results, modseq).replace(self.correlator() + b" ", b"")


@mutant("esearch_without_uid", breaks=["IMAP-4731-3.1-a"], because="UID in ESEARCH")
class EsearchWithoutUid(ImapSession):
    """Gives UIDs, and does not say so."""

    def esearch_line(self, numbers: list[int], results: list[str], modseq: int | None) -> bytes:
        return super().esearch_line(numbers, results, modseq).replace(b") UID", b")")


@mutant("esearch_and_search", breaks=["IMAP-4731-3.1-a"], because="no SEARCH response")
class EsearchAndSearch(ImapSession):
    """Answers twice, for old clients."""

    def tell_found(self, found: list[Entry], query: Query) -> None:
        super().tell_found(found, query)
        if query.results:
            self.untagged(self.search_line("SEARCH", self.numbers(found), None))

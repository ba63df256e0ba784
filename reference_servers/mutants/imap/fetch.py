"""Mutants of FETCH: what a client reads of messages is wrong in one way each."""

from __future__ import annotations

from pytest_netconform.reference_servers.imap import Bad, ImapSession, Scanner
from pytest_netconform.reference_servers.imap.fetch import Modifiers
from pytest_netconform.reference_servers.imap.items import Item, Section
from pytest_netconform.reference_servers.mailboxes import Message
from pytest_netconform.reference_servers.mutants.mutant import mutant


@mutant("peek_sets_seen", breaks=["IMAP-9051-6.4.5-a"], because="no \\Seen after BODY.PEEK[]")
class PeekSetsSeen(ImapSession):
    """Notices who peeks."""

    def sets_seen(self, items: list[Item]) -> bool:
        return any(item.section is not None for item in items)


@mutant("body_does_not_set_seen", breaks=["IMAP-9051-6.4.5-a"], because="\\Seen after BODY[TEXT]")
class BodyDoesNotSetSeen(ImapSession):
    """Lets everybody peek."""

    def sets_seen(self, items: list[Item]) -> bool:
        return False


@mutant("rfc822size_lf", breaks=["IMAP-9051-6.4.5-b"], because="RFC822.SIZE")
class Rfc822sizeLf(ImapSession):
    """Counts its own line ends."""

    def size(self, message: Message) -> int:
        return len(message.content.replace(b"\r\n", b"\n"))


@mutant("header_without_blank_line", breaks=["IMAP-9051-6.4.5-b"], because="the blank line")
class HeaderWithoutBlankLine(ImapSession):
    """Ends a header where its fields end."""

    def header_section(self, header: bytes, section: Section) -> bytes:
        return super().header_section(header, section).removesuffix(b"\r\n")


@mutant("text_begins_with_blank_line", breaks=["IMAP-9051-6.4.5-b"], because="that make up BODY[]")
class TextBeginsWithBlankLine(ImapSession):
    """Counts the blank line twice."""

    def section_octets(self, message: Message, section: Section) -> bytes | None:
        octets = super().section_octets(message, section)
        return b"\r\n" + octets if section.text == "TEXT" and octets is not None else octets


@mutant("partial_off_by_one", breaks=["IMAP-9051-6.4.5-c"], because="those of BODY[]")
class PartialOffByOne(ImapSession):
    """Counts octets from one."""

    def slice(self, octets: bytes, item: Item) -> bytes:
        return octets if item.origin is None else octets[max(0, item.origin - 1) :][: item.count]


@mutant("partial_name_without_origin", breaks=["IMAP-9051-6.4.5-c"], because="BODY[]<0> in answer")
class PartialNameWithoutOrigin(ImapSession):
    """Does not say where a part begins."""

    def origin(self, origin: int) -> bytes:
        return b""


@mutant("header_fields_splits_folded", breaks=["IMAP-9051-6.4.5-d"], because="each whole")
class HeaderFieldsSplitsFolded(ImapSession):
    """Takes lines for fields."""

    def header_fields(self, header: bytes) -> list[tuple[bytes, bytes]]:
        return [(name, octets.partition(b"\n")[0] + b"\n") for name, octets in super().header_fields(header)]


@mutant("header_fields_case_sensitive", breaks=["IMAP-9051-6.4.5-d"], because="the fields Subject, To")
class HeaderFieldsCaseSensitive(ImapSession):
    """Compares names in one case only."""

    def header_section(self, header: bytes, section: Section) -> bytes:
        if not section.fields:
            return super().header_section(header, section)
        chosen = [octets for name, octets in self.header_fields(header) if name in section.fields]
        return b"".join(chosen) + b"\r\n"


@mutant("fetch_macro_full_missing_body", breaks=["IMAP-9051-6.4.5-e"], because="BODY, ENVELOPE")
class FetchMacroFullMissingBody(ImapSession):
    """Has an empty idea of FULL."""

    def macro(self, name: str) -> tuple[str, ...]:
        return tuple(item for item in super().macro(name) if item != "BODY")


@mutant("fetch_twice_bad", breaks=["IMAP-9051-6.4.5-e"], because=" BAD")
class FetchTwiceBad(ImapSession):
    """Does not like to be asked twice."""

    def completed(self, items: list[Item], modifiers: Modifiers) -> list[Item]:
        if len(set(items)) < len(items):
            raise Bad("Once is enough")
        return super().completed(items, modifiers)


@mutant("internaldate_unpadded", breaks=["IMAP-9051-7.5.2-c"], because="a date-time such as")
class InternaldateUnpadded(ImapSession):
    """Writes a day as people do."""

    def internal_date(self, message: Message) -> str:
        return super().internal_date(message).lstrip()


@mutant("internaldate_is_now", breaks=["IMAP-9051-7.5.2-c"], because="the moment 1-Feb-2001")
class InternaldateIsNow(ImapSession):
    """Keeps the date of arrival, whatever the client has said."""

    def read_date(self, arguments: Scanner) -> None:
        super().read_date(arguments)

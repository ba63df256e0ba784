"""APPEND: messages from the client into a mailbox, all of a command or none (RFC 9051 6.3.12, RFC 3502)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pytest_netconform.reference_servers.imap.core import Done
from pytest_netconform.reference_servers.imap.scanner import Bad, No, Refusal, Scanner, shown
from pytest_netconform.reference_servers.imap.selection import SYSTEM_FLAGS, Selection
from pytest_netconform.reference_servers.imap.sets import ranged
from pytest_netconform.reference_servers.mailboxes import Mailbox, Message, NoSuchMailbox
from pytest_netconform.reference_servers.store import StoreFull

SYSTEM = {flag.upper(): flag for flag in SYSTEM_FLAGS}
FLAG_LIMIT = 200  # octets of a keyword


@dataclass(frozen=True)
class Draft:
    """A message of an APPEND."""

    flags: frozenset[str]
    date: datetime | None
    content: bytes


class Append(Selection):
    """Messages that come in."""

    # append = "APPEND" SP mailbox 1*(SP [flag-list SP] [date-time SP] (literal / literal8))
    def answer_append(self, arguments: Scanner) -> Done:
        """Everything is read before anything is kept."""
        arguments.space()
        name = self.read_name(arguments)
        drafts = [self.read_draft(arguments)]
        while not arguments.at_end():
            self.check_multiappend()
            drafts.append(self.read_draft(arguments))
        mailbox = self.target(name)
        kept = self.keep_all(mailbox, drafts)
        return Done("Appended", self.append_code(mailbox, kept))

    def check_multiappend(self) -> None:
        """More than one message only where that is announced."""
        if not self.config.has("MULTIAPPEND"):
            raise Bad("One message at a time")

    def read_draft(self, arguments: Scanner) -> Draft:
        """Flags, a date, and the message."""
        arguments.space()
        flags: frozenset[str] = frozenset()
        date = None
        if arguments.follows(b"("):
            flags = self.read_flags(arguments.flags())
            arguments.space()
        if arguments.follows(b'"'):
            date = self.read_date(arguments)
            arguments.space()
        return Draft(flags, date, self.read_message(arguments))

    def read_date(self, arguments: Scanner) -> datetime | None:
        """The internal date that the client wants."""
        return arguments.date_time()

    def read_message(self, arguments: Scanner) -> bytes:
        """The message, as a literal."""
        return arguments.literal(binary=self.config.has("BINARY"))

    def read_flags(self, written: list[bytes]) -> frozenset[str]:
        """Flags as they are kept."""
        return frozenset(self.read_flag(flag) for flag in written)

    def read_flag(self, written: bytes) -> str:
        """System flags in their one spelling, keywords as they are (RFC 9051 2.3.2)."""
        text = written.decode("ascii")
        if not text.startswith("\\"):
            if len(text) > FLAG_LIMIT:
                raise Bad(f"A keyword has at most {FLAG_LIMIT} octets")
            if not self.config.has("KEYWORDS"):
                raise No("Nobody makes keywords here", "CANNOT")
            return self.read_keyword(text)
        known = SYSTEM.get(text.upper())
        if known is None:
            raise self.unknown_flag(written)
        return known

    def read_keyword(self, text: str) -> str:
        """Keywords are one whatever their case; the first spelling stays."""
        kept = self.view.mailbox.keywords if self.view is not None else {}
        return next((keyword for keyword in kept if keyword.upper() == text.upper()), text)

    def unknown_flag(self, written: bytes) -> Refusal:
        """A client sets neither \\Recent nor what is not known (RFC 9051 2.3.2)."""
        return Bad(f"{shown(written)} is not to be set")

    def target(self, name: str) -> Mailbox:
        """Where messages go; where there is nothing the client is told to try CREATE (RFC 9051 7.1)."""
        try:
            return self.mailbox_of(name)
        except NoSuchMailbox:
            raise self.missing_target(name) from None

    def missing_target(self, name: str) -> Refusal:
        """There is no such mailbox, and none is made."""
        return No("There is no such mailbox", "TRYCREATE")

    def check_drafts(self, drafts: list[Draft]) -> None:
        """Messages that are none: of no octets (RFC 3502 2)."""
        if any(not draft.content for draft in drafts):
            raise No("A message has at least one octet", "CANNOT")

    def keep_all(self, mailbox: Mailbox, drafts: list[Draft]) -> list[Message]:
        """Keep messages, all or none."""
        self.check_drafts(drafts)
        kept: list[Message] = []
        try:
            for draft in drafts:
                kept.append(self.keep(mailbox, draft))
        except StoreFull:
            for message in kept:
                mailbox.expunge(message.uid)
            raise
        return kept

    def keep(self, mailbox: Mailbox, draft: Draft) -> Message:
        """Keep a message."""
        return mailbox.append(self.kept_content(draft.content), draft.flags, draft.date or self.date())

    def kept_content(self, content: bytes) -> bytes:
        """What is kept of a message: every octet."""
        return content

    def append_code(self, mailbox: Mailbox, kept: list[Message]) -> str:
        """Where the messages are (RFC 9051 7.1, APPENDUID)."""
        if not self.config.has("UIDPLUS"):
            return ""
        return f"APPENDUID {self.uidvalidity(mailbox)} {ranged(message.uid for message in kept)}"

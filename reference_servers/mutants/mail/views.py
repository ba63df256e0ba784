"""Mutants of views: two readers, or two looks, that do not see the same."""

from __future__ import annotations

from pytest_netconform.reference_servers.imap import ImapSession
from pytest_netconform.reference_servers.imap.items import Section
from pytest_netconform.reference_servers.mailboxes import Message
from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.pop3 import Pop3Session
from pytest_netconform.reference_servers.pop3.maildrop import Entry
from pytest_netconform.reference_servers.smtp import Answer, SmtpSession, Transaction
from pytest_netconform.reference_servers.smtp.bounces import Failure


@mutant("pop3_imap_size_differs", breaks=["MSG-CROSS-a"], because="a size that counts the octets")
class Pop3ImapSizeDiffers(Pop3Session):
    """Counts line ends as they lie on the disk."""

    def size(self, entry: Entry) -> int:
        return super().size(entry) - entry.content.count(b"\r\n")


@mutant("pop3_hides_fields", breaks=["MSG-CROSS-a"], because="the same octets from both readers")
class Pop3HidesFields(Pop3Session):
    """Thinks that nobody who reads by POP3 wants to know the way, and counts as it shows."""

    def size(self, entry: Entry) -> int:
        return len(entry.content.partition(b"\r\n")[2])

    def format_lines(self, content: bytes) -> bytes:
        shown = content.partition(b"\r\n")[2] if content.startswith(b"Return-Path") else content
        return super().format_lines(shown)


@mutant("flags_rewrite_message", breaks=["MSG-CROSS-b"], because="behind a change of flags")
class FlagsRewriteMessage(ImapSession):
    """Keeps flags in the header."""

    def section_octets(self, message: Message, section: Section) -> bytes | None:
        octets = super().section_octets(message, section)
        whole = octets is not None and not section.numbers and not section.text and "\\Flagged" in message.flags
        return b"X-Status: F\r\n" + octets if whole and octets is not None else octets


@mutant("copy_adds_a_field", breaks=["MSG-CROSS-b"], because="the same octets in a copy")
class CopyAddsAField(ImapSession):
    """Says of a copy that it is one."""

    def kept_content(self, content: bytes) -> bytes:
        return b"X-Copy: 1\r\n" + content if self.view is not None else content


@mutant("bounce_nonnull_sender", breaks=["MSG-3464-2-a"], because="a report whose sender is null")
class BounceNonnullSender(SmtpSession):
    """Wants to hear of reports that get lost."""

    def bounce_sender(self) -> str:
        return f"postmaster@{self.config.domain}"


@mutant("bounce_missing_status", breaks=["MSG-3464-2-a"], because="Status: 5.y.z in the report")
class BounceMissingStatus(SmtpSession):
    """Says that it failed, and not how."""

    def status_fields(self, failure: Failure) -> list[str]:
        return [field for field in super().status_fields(failure) if not field.startswith("Status")]


@mutant("bounce_without_envid", breaks=["MSG-3464-2-a"], because="no Original-Envelope-Id")
class BounceWithoutEnvid(SmtpSession):
    """Does not say which message: it is noted, not failed."""

    def status_fields(self, failure: Failure) -> list[str]:
        return [field for field in super().status_fields(failure) if not field.startswith("Original")]


@mutant("lost_after_250", breaks=["MSG-CROSS-c"], because="messages with the marker")
class LostAfter250(SmtpSession):
    """Has no room for every seventh message, and does not say so."""

    def deliver(self, transaction: Transaction, content: bytes) -> Answer:
        number = self.store.number()
        return super().deliver(transaction, content) if number % 7 else Answer(250, "2.0.0", f"Message {number}")


@mutant("duplicate_delivery", breaks=["MSG-CROSS-c"], because="came twice")
class DuplicateDelivery(SmtpSession):
    """Is not sure whether it has delivered a message."""

    def deliver(self, transaction: Transaction, content: bytes) -> Answer:
        super().deliver(transaction, content)
        return super().deliver(transaction, content)


@mutant("stored_and_refused", breaks=["MSG-CROSS-c"], because="no message that was refused")
class StoredAndRefused(SmtpSession):
    """Refuses a message when it is in the mailbox already."""

    def deliver(self, transaction: Transaction, content: bytes) -> Answer:
        answer = super().deliver(transaction, content)
        return answer if self.store.number() % 10 else Answer(451, "4.3.0", "Something went wrong")

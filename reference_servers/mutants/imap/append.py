"""Mutants of APPEND: what is taken, kept or told is wrong in one way each."""

from __future__ import annotations

from datetime import datetime, timezone

from pytest_netconform.reference_servers.imap import Bad, Done, ImapSession, No, Refusal, Scanner
from pytest_netconform.reference_servers.imap.append import Draft
from pytest_netconform.reference_servers.mailboxes import Mailbox, Message
from pytest_netconform.reference_servers.mutants.mutant import mutant


@mutant("append_rewrites_body", breaks=["IMAP-9051-6.3.12-a"], because=">From here on")
class AppendRewritesBody(ImapSession):
    """Keeps messages in an mbox."""

    def kept_content(self, content: bytes) -> bytes:
        return content.replace(b"\r\nFrom ", b"\r\n>From ")


@mutant("append_strips_blanks", breaks=["IMAP-9051-6.3.12-a"], because="the octets that were appended")
class AppendStripsBlanks(ImapSession):
    """Finds blanks at the end of lines untidy."""

    def kept_content(self, content: bytes) -> bytes:
        return b"\r\n".join(line.rstrip() for line in content.split(b"\r\n"))


@mutant("append_adds_a_field", breaks=["IMAP-9051-6.3.12-a"], because="the octets that were appended")
class AppendAddsAField(ImapSession):
    """Leaves its name on whatever it keeps."""

    def kept_content(self, content: bytes) -> bytes:
        return b"X-Kept-By: mail.example.test\r\n" + content


@mutant("internaldate_loses_zone", breaks=["IMAP-9051-6.3.12-a"], because="the moment 17-Jul-1996")
class InternaldateLosesZone(ImapSession):
    """Knows one zone."""

    def read_date(self, arguments: Scanner) -> datetime | None:
        found = super().read_date(arguments)
        return found.replace(tzinfo=timezone.utc) if found else None


@mutant("append_loses_flags", breaks=["IMAP-9051-6.3.12-a"], because="the flags (")
class AppendLosesFlags(ImapSession):
    """Keeps messages, and nothing with them."""

    def read_flags(self, written: list[bytes]) -> frozenset[str]:
        super().read_flags(written)
        return frozenset()


@mutant("append_creates_mailbox", breaks=["IMAP-9051-6.3.12-b"], because=" OK")
class AppendCreatesMailbox(ImapSession):
    """Makes room for every message."""

    def target(self, name: str) -> Mailbox:
        if self.account.mailboxes.get(name) is None:
            self.mailboxes.create(self.account, name)
        return super().target(name)


@mutant("append_refuses_and_creates", breaks=["IMAP-9051-6.3.12-b"], because="no mailbox of that name")
class AppendRefusesAndCreates(ImapSession):
    """Makes room for the next try."""

    def missing_target(self, name: str) -> Refusal:
        self.mailboxes.create(self.account, name)
        return super().missing_target(name)


@mutant("trycreate_missing", breaks=["IMAP-9051-6.3.12-b"], because="NO [TRYCREATE]")
class TrycreateMissing(ImapSession):
    """Refuses, and gives no hint."""

    def missing_target(self, name: str) -> Refusal:
        return No("There is no such mailbox")


@mutant("append_selected_silent", breaks=["IMAP-9051-6.3.12-c"], because="* 2 EXISTS before the OK of APPEND")
class AppendSelectedSilent(ImapSession):
    """Takes it that the client knows."""

    def report_changes(self) -> None:
        if self.verb != "APPEND":
            super().report_changes()


@mutant("append_bad_date_now", breaks=["IMAP-9051-6.3.12-d"], because=" OK")
class AppendBadDateNow(ImapSession):
    """Takes a date that it cannot read for today."""

    def read_date(self, arguments: Scanner) -> datetime | None:
        place = arguments.place
        try:
            return super().read_date(arguments)
        except Bad:
            arguments.place = place
            arguments.quoted()
            return None


@mutant("append_unclosed_flags_ok", breaks=["IMAP-9051-6.3.12-d"], because=" OK")
class AppendUnclosedFlagsOk(ImapSession):
    """Sees where the flags end, with or without a parenthesis."""

    def answer_append(self, arguments: Scanner) -> Done:
        arguments.data = arguments.data.replace(b"(\\Seen {", b"(\\Seen) {")
        return super().answer_append(arguments)


@mutant("append_surplus_passed_over", breaks=["IMAP-9051-6.3.12-d"], because=" OK")
class AppendSurplusPassedOver(ImapSession):
    """Does not look at what stands behind the message."""

    def read_message(self, arguments: Scanner) -> bytes:
        found = super().read_message(arguments)
        if arguments.follows(b' "'):
            arguments.place = len(arguments.data)
        return found


@mutant("append_refused_and_kept", breaks=["IMAP-9051-6.3.12-d"], because="2 messages")
class AppendRefusedAndKept(ImapSession):
    """Finds out too late."""

    def unknown_flag(self, written: bytes) -> Refusal:
        found = next(iter(self.account.mailboxes[name] for name in self.account.mailboxes if name.startswith("nc-")))
        if found is not None:
            found.append(b"Subject: late\r\n\r\n", frozenset(), self.date())
        return super().unknown_flag(written)


@mutant("append_nul_truncates", breaks=["IMAP-9051-6.3.12-e"], because="kept as Subject: odd\\r\\n\\r\\none")
class AppendNulTruncates(ImapSession):
    """Takes a message up to its NUL, as C does."""

    def read_message(self, arguments: Scanner) -> bytes:
        arguments.data = arguments.data.replace(b"\0", b"\x1a")
        return super().read_message(arguments).partition(b"\x1a")[0]


@mutant("multiappend_partial", breaks=["IMAP-3502-6.3.11-a"], because="3 messages")
class MultiappendPartial(ImapSession):
    """Keeps each message as it comes."""

    def keep_all(self, mailbox: Mailbox, drafts: list[Draft]) -> list[Message]:
        return [message for draft in drafts for message in super(MultiappendPartial, self).keep_all(mailbox, [draft])]


@mutant("multiappend_empty_passed_over", breaks=["IMAP-3502-6.3.11-a"], because=" OK")
class MultiappendEmptyPassedOver(ImapSession):
    """Leaves empty messages out."""

    def keep_all(self, mailbox: Mailbox, drafts: list[Draft]) -> list[Message]:
        return super().keep_all(mailbox, [draft for draft in drafts if draft.content])


@mutant("multiappend_backwards", breaks=["IMAP-3502-6.3.11-a"], because="both messages, in their order")
class MultiappendBackwards(ImapSession):
    """Takes the last message first."""

    def keep_all(self, mailbox: Mailbox, drafts: list[Draft]) -> list[Message]:
        return super().keep_all(mailbox, drafts[::-1])


@mutant("multiappend_one_uid", breaks=["IMAP-3502-6.3.11-a"], because="the UIDs of both in APPENDUID")
class MultiappendOneUid(ImapSession):
    """Tells where the last message is."""

    def append_code(self, mailbox: Mailbox, kept: list[Message]) -> str:
        return super().append_code(mailbox, kept[-1:])

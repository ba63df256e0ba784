"""Mutants of headers: fields change, get lost, or move the border between header and text."""

from __future__ import annotations

import re

from pytest_netconform.reference_servers.imap import ImapSession
from pytest_netconform.reference_servers.mailboxes import Mailbox, Message
from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.smtp import Answer, SmtpSession, Transaction, fields, without_field


class _Header(SmtpSession):
    """What a subclass makes of each header is stored."""

    def kept(self, header: bytes) -> bytes:
        """The header that is stored for one that came."""
        return header

    def unstuffed(self, content: bytes) -> bytes:
        header, border, text = super().unstuffed(content).partition(b"\r\n\r\n")
        return self.kept(header) + border + text


# -- the fields, as they are


@mutant("header_refolded", breaks=["MSG-5322-3.6-b"], because="X-Folded-At-Once")
class HeaderRefolded(_Header):
    """Writes each field on one line if there is room."""

    def kept(self, header: bytes) -> bytes:
        return re.sub(rb"X-Folded-At-Once:\r\n ", b"X-Folded-At-Once: ", header)


@mutant("duplicate_field_merged", breaks=["MSG-5322-3.6-b"], because="Keywords")
class DuplicateFieldMerged(_Header):
    """Makes one list of two."""

    def kept(self, header: bytes) -> bytes:
        return header.replace(b"\r\nKeywords: three", b"").replace(b"Keywords: one, two", b"Keywords: one, two, three")


@mutant("name_case_changed", breaks=["MSG-5322-3.6-b"], because="Reply-To")
class NameCaseChanged(_Header):
    """Writes names as others do."""

    def kept(self, header: bytes) -> bytes:
        return header.replace(b"rEPLY-tO", b"Reply-To")


@mutant("fields_sorted", breaks=["MSG-5322-3.6-b"], because="in another order")
class FieldsSorted(SmtpSession):
    """Brings fields into an order."""

    def deliver(self, transaction: Transaction, content: bytes) -> Answer:
        every = sorted(field for _, field in fields(content))
        return super().deliver(transaction, b"".join(every) + content[sum(map(len, every)) :])


# -- fields that a mailbox takes for its own


@mutant("x_imapbase_sets_uidvalidity", breaks=["MSG-SEC-MBOX-b"], because="UIDVALIDITY")
class XImapbaseSetsUidvalidity(ImapSession):
    """Believes that it wrote X-IMAPbase itself."""

    def uidvalidity(self, mailbox: Mailbox) -> int:
        written = (re.search(rb"X-IMAPbase: (\d+)", message.content) for message in mailbox.messages.values())
        return next((int(found[1]) for found in written if found), super().uidvalidity(mailbox))


@mutant("x_imapbase_sets_uidnext", breaks=["MSG-SEC-MBOX-b"], because="UIDNEXT")
class XImapbaseSetsUidnext(ImapSession):
    """Takes the last UID from there, too."""

    def uidnext(self, mailbox: Mailbox) -> int:
        written = (re.search(rb"X-IMAPbase: \d+ (\d+)", message.content) for message in mailbox.messages.values())
        return next((int(found[1]) for found in written if found), super().uidnext(mailbox))


@mutant("status_field_sets_flags", breaks=["MSG-SEC-MBOX-b"], because="\\Seen")
class StatusFieldSetsFlags(ImapSession):
    """Believes that it wrote Status itself."""

    def flags_of(self, message: Message) -> list[str]:
        return super().flags_of(message) + (["\\Seen"] if b"\r\nStatus: RO" in message.content else [])


@mutant("pseudo_fields_are_not_counted", breaks=["MSG-SEC-MBOX-b"], because="the size of what comes out")
class PseudoFieldsAreNotCounted(ImapSession):
    """Hides fields when it counts, and shows them when it reads."""

    def size(self, message: Message) -> int:
        return len(without_field(message.content, b"x-uid"))


# -- beyond ASCII


@mutant("raw_8bit_header_drops_rest", breaks=["MSG-5322-2.2-a"], because="changed")
class Raw8bitHeaderDropsRest(_Header):
    """Ends a field at the first octet that is none of ASCII."""

    def kept(self, header: bytes) -> bytes:
        return re.sub(rb"[\x80-\xff][^\r\n]*", b"", header)


@mutant("utf8_header_mojibake", breaks=["MSG-6532-3.2-a"], because="fields in UTF-8 as sent")
class Utf8HeaderMojibake(_Header):
    """Takes UTF-8 for Latin-1, and makes UTF-8 of it."""

    def kept(self, header: bytes) -> bytes:
        return header.decode("latin-1").encode()


# -- the border


@mutant("long_header_tail_becomes_body", breaks=["MSG-5322-2.1.1-b"], because="nothing of the header in it")
class LongHeaderTailBecomesBody(_Header):
    """Has room for 64 KiB of header; what follows is text."""

    def kept(self, header: bytes) -> bytes:
        return header[:65536] + b"\r\n\r\n" + header[65536:] if len(header) > 65536 else header


@mutant("header_line_is_cut", breaks=["MSG-5322-2.1.1-b"], because="a field of 900 octets")
class HeaderLineIsCut(_Header):
    """Has room for 512 octets of a line."""

    def kept(self, header: bytes) -> bytes:
        return re.sub(rb"([^\r\n]{512})[^\r\n]*", rb"\1", header)


@mutant("many_fields_eat_the_border", breaks=["MSG-5322-2.1.1-b"], because="the text, and nothing of the header in it")
class ManyFieldsEatTheBorder(SmtpSession):
    """Drops all lines behind the thousandth field, and the empty one with them."""

    def unstuffed(self, content: bytes) -> bytes:
        lines = super().unstuffed(content).split(b"\r\n")
        return b"\r\n".join(lines[:1000] + lines[-1:] if len(lines) > 4000 else lines)


# -- what is no header


@mutant("garbage_first_line_dropped", breaks=["MSG-5322-2.2-b"], because="without hello world")
class GarbageFirstLineDropped(_Header):
    """Drops what it cannot read."""

    def kept(self, header: bytes) -> bytes:
        return b"\r\n".join(line for line in header.split(b"\r\n") if b":" in line or line[:1] in (b" ", b"\t"))


@mutant("no_border_no_text", breaks=["MSG-5322-2.2-b"], because="without Nor is this.")
class NoBorderNoText(SmtpSession):
    """Looks for an empty line, and keeps what is in front of it."""

    def unstuffed(self, content: bytes) -> bytes:
        whole = super().unstuffed(content)
        return whole if b"\r\n\r\n" in whole else whole.partition(b"Nor is")[0]


# -- Bcc


@mutant("bcc_added_to_all", breaks=["MSG-5322-3.6.3-a"], because="emptied")
class BccAddedToAll(SmtpSession):
    """Says that there was somebody else."""

    def deliver(self, transaction: Transaction, content: bytes) -> Answer:
        return super().deliver(transaction, re.sub(rb"\r\nBcc: [^\r\n]*", b"\r\nBcc:", content))

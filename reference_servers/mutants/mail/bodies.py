"""Mutants of texts: storage, or a reader, that changes what stands behind the header."""

from __future__ import annotations

import re

from pytest_netconform.reference_servers.imap import ImapSession
from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.pop3 import Pop3Session
from pytest_netconform.reference_servers.smtp import Answer, SmtpSession, Transaction


class _Storage(SmtpSession):
    """What a subclass makes of each text is stored."""

    def kept(self, text: bytes) -> bytes:
        """The text that is stored for one that came."""
        return text

    def unstuffed(self, content: bytes) -> bytes:
        header, border, text = super().unstuffed(content).partition(b"\r\n\r\n")
        return header + border + self.kept(text)


# -- lines


@mutant("fetch_returns_lf", breaks=["MSG-5322-2.1-a"], because="no CR and no LF outside of CR LF")
class FetchReturnsLf(ImapSession):
    """Gives out lines as they lie on the disk."""

    def sent_octets(self, octets: bytes) -> bytes:
        return octets.replace(b"\r\n", b"\n")


@mutant("crcrlf_from_double_conversion", breaks=["MSG-5322-2.1-a"], because="\\r\\r\\n")
class CrcrlfFromDoubleConversion(SmtpSession):
    """Makes CR LF of what is CR LF already."""

    def unstuffed(self, content: bytes) -> bytes:
        return super().unstuffed(content).replace(b"\n", b"\r\n")


@mutant("line_added_at_the_end", breaks=["MSG-5321-4.5.2-a"], because="The text.\\r\\n\\r\\n", reader="pop3")
class LineAddedAtTheEnd(Pop3Session):
    """Puts an empty line in front of the dot that ends a message, as some servers do."""

    def format_lines(self, content: bytes) -> bytes:
        return super().format_lines(content + b"\r\n" if b"Subject: " in content else content)


# -- characters


@mutant("trailing_ws_stripped", breaks=["MSG-5321-4.5.2-a"], because="behind\\r\\n")
class TrailingWsStripped(_Storage):
    """Tidies the ends of lines."""

    def kept(self, text: bytes) -> bytes:
        return re.sub(rb"[ \t]+\r\n", b"\r\n", text)


@mutant("final_blank_lines_eaten", breaks=["MSG-5321-4.5.2-a"], because="the text as sent")
class FinalBlankLinesEaten(_Storage):
    """Ends a message where its last word ends."""

    def kept(self, text: bytes) -> bytes:
        return text.rstrip(b"\r\n") + b"\r\n"


@mutant("first_blank_lines_eaten", breaks=["MSG-5321-4.5.2-a"], because="The text.")
class FirstBlankLinesEaten(_Storage):
    """Begins a message where its first word begins."""

    def kept(self, text: bytes) -> bytes:
        return text.lstrip(b"\r\n")


@mutant("dots_unstuffed_twice", breaks=["MSG-5321-4.5.2-a"], because="..\\r\\n")
class DotsUnstuffedTwice(_Storage):
    """Hands messages to a mailbox that takes a dot off once more."""

    def kept(self, text: bytes) -> bytes:
        return re.sub(rb"(\A|\r\n)\.", rb"\1", text)


@mutant("dots_never_doubled", breaks=["MSG-5321-4.5.2-a"], because="yyy", reader="pop3")
class DotsNeverDoubled(Pop3Session):
    """Gives out dots as they are, so that the reader takes them off."""

    def format_lines(self, content: bytes) -> bytes:
        return super().format_lines(content).replace(b"\r\n..", b"\r\n.")


@mutant("long_lines_folded", breaks=["MSG-5321-4.5.2-a"], because="xxx")
class LongLinesFolded(_Storage):
    """Folds lines that it finds long."""

    def kept(self, text: bytes) -> bytes:
        return re.sub(rb"([^\r\n]{500})(?=[^\r\n])", rb"\1\r\n", text)


@mutant("long_lines_cut", breaks=["MSG-5321-4.5.2-a"], because="every octet of the line")
class LongLinesCut(_Storage):
    """Keeps as much of a line as it has room for."""

    def kept(self, text: bytes) -> bytes:
        return re.sub(rb"([^\r\n]{998})[^\r\n]+", rb"\1", text)


@mutant("header_only_gets_a_text", breaks=["MSG-5321-4.5.2-a"], because="no text behind the header")
class HeaderOnlyGetsAText(SmtpSession):
    """Finds that a message should say something."""

    def unstuffed(self, content: bytes) -> bytes:
        whole = super().unstuffed(content)
        return whole if b"\r\n\r\n" in whole else whole + b"\r\n(no text)\r\n"


@mutant("controls_dropped", breaks=["MSG-5321-4.5.2-a"], because="the control characters as sent")
class ControlsDropped(_Storage):
    """Drops what cannot be printed: a deviation that is tolerated."""

    def kept(self, text: bytes) -> bytes:
        return re.sub(rb"[\x07\x08\x0b\x0c\x1b\x7f]", b"", text)


@mutant("nul_ends_the_line", breaks=["MSG-5321-4.5.2-a"], because="alpha\\r\\ndelta")
class NulEndsTheLine(_Storage):
    """Copies lines as strings that end with a NUL."""

    def kept(self, text: bytes) -> bytes:
        return re.sub(rb"\x00[^\r\n]*", b"", text)


@mutant("bare_cr_ends_the_line", breaks=["MSG-5321-4.5.2-a"], because="alpha\\r\\ndelta")
class BareCrEndsTheLine(_Storage):
    """Reads lines up to the first CR, and goes on behind the LF."""

    def kept(self, text: bytes) -> bytes:
        return re.sub(rb"\r(?!\n)[^\r\n]*", b"", text)


# -- what looks like another message


@mutant("from_mangling", breaks=["MSG-5321-4.5.2-b"], because=">From")
class FromMangling(_Storage):
    """Keeps an mbox."""

    def kept(self, text: bytes) -> bytes:
        return re.sub(rb"(?m)^(>*From )", rb">\1", text)


@mutant("mbox_from_splits_message", breaks=["MSG-SEC-MBOX-a"], because="2 messages")
class MboxFromSplitsMessage(SmtpSession):
    """Keeps an mbox, and mangles nothing."""

    def deliver(self, transaction: Transaction, content: bytes) -> Answer:
        *earlier, last = re.split(rb"(?<=\r\n\r\n)From [^\r\n]*\r\n", content)
        for part in earlier:
            super().deliver(transaction, part)
        return super().deliver(transaction, last)


@mutant("content_length_is_believed", breaks=["MSG-SEC-MBOX-a"], because="all of its text")
class ContentLengthIsBelieved(SmtpSession):
    """Ends a message where its Content-Length says."""

    def deliver(self, transaction: Transaction, content: bytes) -> Answer:
        header, border, text = content.partition(b"\r\n\r\n")
        told = re.search(rb"Content-Length: (\d+)", header)
        return super().deliver(transaction, header + border + (text[: int(told[1])] if told else text))


# -- beyond ASCII


@mutant("high_bit_stripped", breaks=["MSG-5322-2.3-a"], because="the 8-bit octets")
class HighBitStripped(_Storage):
    """Speaks of eight bits, and keeps seven."""

    def kept(self, text: bytes) -> bytes:
        return bytes(octet & 0x7F for octet in text)


@mutant("utf8_replaced_by_question", breaks=["MSG-5322-2.3-a"], because="?")
class Utf8ReplacedByQuestion(_Storage):
    """Asks what that is."""

    def kept(self, text: bytes) -> bytes:
        return re.sub(rb"[\x80-\xff]", b"?", text)


@mutant("recoded_without_a_word", breaks=["MSG-5322-2.3-a"], because="=C3")
class RecodedWithoutAWord(_Storage):
    """Encodes 8-bit octets, and lets the header say 8bit."""

    def kept(self, text: bytes) -> bytes:
        return re.sub(rb"[\x80-\xff]", lambda octet: b"=%02X" % octet[0][0], text)


# -- transfer encodings


@mutant("qp_soft_break_joined", breaks=["MSG-2045-6-a"], because="A soft break")
class QpSoftBreakJoined(_Storage):
    """Joins what a soft line break parted."""

    def kept(self, text: bytes) -> bytes:
        return text.replace(b"=\r\n", b"")


@mutant("base64_rewrapped", breaks=["MSG-2045-6-a"], because="QUJDREVG")
class Base64Rewrapped(_Storage):
    """Gives encoded lines a length of its own."""

    def kept(self, text: bytes) -> bytes:
        lines = text.replace(b"\r\n", b"")
        return re.sub(rb"(.{60})", rb"\1\r\n", lines) + b"\r\n" if text.startswith(b"QUJD") else text

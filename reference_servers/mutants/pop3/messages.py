"""Mutants of messages: what is given out is not what is stored, in one way each."""

from __future__ import annotations

import re

from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.pop3 import Entry, Maildrop, Pop3Session
from pytest_netconform.wire.pop3 import stuffed, top


@mutant("size_counts_lf_as_1", breaks=["POP3-1939-5-e"], because="not")
class SizeCountsLfAs1(Pop3Session):
    """Counts octets as they lie on its disk."""

    def size(self, entry: Entry) -> int:
        return len(entry.content.replace(b"\r\n", b"\n"))


@mutant("no_byte_stuffing", breaks=["POP3-1939-5-f"], because="as it is stored")
class NoByteStuffing(Pop3Session):
    """Sends a dot as it is; one alone on its line ends the message early."""

    def format_lines(self, content: bytes) -> bytes:
        return content + b".\r\n"


@mutant("byte_stuffing_twice", breaks=["POP3-1939-5-f"], because="as it is stored")
class StuffingTwice(Pop3Session):
    """Doubles dots twice."""

    def format_lines(self, content: bytes) -> bytes:
        return stuffed(re.sub(rb"(\A|\r\n)\.", rb"\1..", content))


@mutant("terminator_glued_to_text", breaks=["POP3-1939-5-g"], because="unfinished")
class TerminatorGluedToText(Pop3Session):
    """Sends the dot behind whatever came last."""

    def open_maildrop(self) -> Maildrop:
        drop = super().open_maildrop()
        for entry in drop.entries:
            entry.content = entry.content.removesuffix(b"none\r\n") + b"none" * entry.content.endswith(b"none\r\n")
        return drop

    def format_lines(self, content: bytes) -> bytes:
        return stuffed(content + b"\r\n").removesuffix(b"\r\n.\r\n") + b".\r\n"


@mutant("line_added_at_the_end", breaks=["POP3-1939-5-g"], because="as it is stored")
class LineAddedAtTheEnd(Pop3Session):
    """Adds an empty line, to be sure."""

    def answer_retr(self, argument: bytes) -> None:
        entry = self.message(argument)
        self.readable(entry)
        self.agree_at_length("Here", entry.content + b"\r\n")


@mutant("stuff_before_newline_conversion", breaks=["POP3-1939-5-h"], because="beyond its dot")
class StuffBeforeNewlineConversion(Pop3Session):
    """Doubles dots first, and makes lines of what has LF then."""

    def open_maildrop(self) -> Maildrop:
        drop = super().open_maildrop()
        for entry, message in zip(drop.entries, self.store.messages(self.user), strict=True):
            entry.content = message.content
        return drop

    def format_lines(self, content: bytes) -> bytes:
        return re.sub(rb"(?<!\r)\n", b"\r\n", super().format_lines(content))


@mutant("retr_sends_lf", breaks=["POP3-1939-11-a"], because="CR LF")
class RetrSendsLf(Pop3Session):
    """Gives lines out as they lie on its disk."""

    def format_lines(self, content: bytes) -> bytes:
        body = super().format_lines(content).removesuffix(b".\r\n")
        return (body.replace(b"\r\n", b"\n") if b"Subject" in content else body) + b".\r\n"


@mutant("nul_ends_retr", breaks=["POP3-1939-11-b"], because="NUL: changed")
class NulEndsRetr(Pop3Session):
    """Keeps its strings as C does."""

    def agree_at_length(self, text: str, content: bytes) -> None:
        super().agree_at_length(text, b"\r\n".join(line.partition(b"\0")[0] for line in content.split(b"\r\n")))


@mutant("top_0_without_blank_line", breaks=["POP3-1939-7-a"], because="blank line and 0 lines")
class Top0WithoutBlankLine(Pop3Session):
    """Ends with the header."""

    def top_of(self, content: bytes, count: int) -> bytes:
        return super().top_of(content, count) if count else top(content, 0).removesuffix(b"\r\n")


@mutant("top_counts_header_lines", breaks=["POP3-1939-7-a"], because="0 lines of the body")
class TopCountsHeaderLines(Pop3Session):
    """Counts lines from the very top."""

    def top_of(self, content: bytes, count: int) -> bytes:
        return b"".join(line + b"\r\n" for line in content.split(b"\r\n")[:-1][:count])


@mutant("utf8_header_without_utf8_mode", breaks=["POP3-6856-2.1-c"], because="header in ASCII")
class Utf8HeaderWithoutUtf8Mode(Pop3Session):
    """Gives out headers as they are."""

    def readable(self, entry: Entry) -> None:
        """Everybody reads everything."""

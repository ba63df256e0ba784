"""Mutants of lines, tags and words: what ends a command, what it is, and how it travels, is wrong in one way each."""

from __future__ import annotations

import re

from pytest_netconform.reference_servers.imap import Bad, ImapSession, Refusal, Scanner
from pytest_netconform.reference_servers.mutants.mutant import mutant


@mutant("tag_must_be_unique", breaks=["IMAP-9051-2.2.1-a"], because="BAD")
class TagMustBeUnique(ImapSession):
    """Takes each tag once."""

    had: bytes = b""

    def check_tag(self, tag: bytes) -> None:
        if tag == self.had:
            raise Bad("That tag has been used")
        self.had = tag


@mutant("tag_is_alphanumeric", breaks=["IMAP-9051-2.2.1-a"], because="BAD")
class TagIsAlphanumeric(ImapSession):
    """Knows tags such as its client's."""

    def check_tag(self, tag: bytes) -> None:
        if not tag.isalnum():
            raise Bad("A tag is letters and digits")


@mutant("syntax_error_crash", breaks=["IMAP-9051-2.2.2-b"], because="closed")
class SyntaxErrorCrash(ImapSession):
    """Does not survive what it cannot read."""

    def finish_refused(self, refusal: Refusal) -> None:
        if refusal.status == b"BAD" and self.user:
            self.close()
        else:
            super().finish_refused(refusal)


class _Careless(Scanner):
    def end(self) -> None:
        """Whatever follows."""


@mutant("arguments_unread", breaks=["IMAP-9051-2.2.2-b"], because="what is too much is passed over")
class ArgumentsUnread(ImapSession):
    """Reads as far as it must."""

    scanner = _Careless


class _Obliging(Scanner):
    def __init__(self, data: bytes, utf8: bool = False) -> None:
        super().__init__(data + b")" * (data.count(b"(") - data.count(b")")), utf8)


@mutant("list_without_end", breaks=["IMAP-9051-2.2.2-b"], because=" OK")
class ListWithoutEnd(ImapSession):
    """Closes parentheses for its clients."""

    scanner = _Obliging


@mutant("unknown_cmd_closes", breaks=["IMAP-9051-2.2.2-c"], because="the session goes on")
class UnknownCmdCloses(ImapSession):
    """Leaves whoever is logged in and talks nonsense."""

    def finish_refused(self, refusal: Refusal) -> None:
        super().finish_refused(refusal)
        if self.user and self.verb == "XYZZY":
            self.close()


@mutant("unknown_cmd_no", breaks=["IMAP-9051-2.2.2-c"], because="NO Unknown")
class UnknownCmdNo(ImapSession):
    """Would know the command if it liked."""

    def finish_refused(self, refusal: Refusal) -> None:
        if self.verb == "XYZZY":
            refusal.status = b"NO"
        super().finish_refused(refusal)


@mutant("empty_line_desync", breaks=["IMAP-9051-2.2.2-d"], because="nothing for")
class EmptyLineDesync(ImapSession):
    """Takes an empty line and the one behind it together."""

    skipping = False

    def on_line(self, line: bytes) -> None:
        skip, self.skipping = self.skipping, not line
        if line and not skip:
            super().on_line(line)


@mutant("system_flag_case_sensitive", breaks=["IMAP-9051-9-b"], because="message 1 in answer")
class SystemFlagCaseSensitive(ImapSession):
    """Keeps flags as they were written."""

    def read_flag(self, written: bytes) -> str:
        return written.decode("ascii")


@mutant("verb_case_sensitive", breaks=["IMAP-9051-9-b"], because="BAD")
class VerbCaseSensitive(ImapSession):
    """Listens to capitals."""

    def verb_of(self, word: bytes) -> str:
        return word.decode("latin-1")


@mutant("inbox_has_one_spelling", breaks=["IMAP-9051-9-b"], because="NO")
class InboxHasOneSpelling(ImapSession):
    """Has one spelling of INBOX."""

    def normal(self, name: str) -> str:
        return name


@mutant("partial_read_as_line", breaks=["IMAP-GEN-SEG-a"], because="BAD")
class PartialReadAsLine(ImapSession):
    """Takes what one read brings for a line."""

    def on_data(self, data: bytes) -> None:
        super().on_data(data if self.handshaking or data.endswith(b"\n") else data + b"\r\n")


@mutant("literal_prefix_split", breaks=["IMAP-GEN-SEG-b"], because="silence while")
class LiteralPrefixSplit(ImapSession):
    """Sees a brace and invites."""

    def on_data(self, data: bytes) -> None:
        if b"{" in data and b"\n" not in data:
            self.invite(b"Go on")
        super().on_data(data)


@mutant("literal_begins_at_cr", breaks=["IMAP-GEN-SEG-b"], because="silence while the LF")
class LiteralBeginsAtCr(ImapSession):
    """Has seen enough at the CR, as Dovecot has."""

    early = False

    def on_data(self, data: bytes) -> None:
        if data == b"}\r":
            self.early = True
            super().invite(b"Go on")
        super().on_data(data)

    def invite(self, text: bytes) -> None:
        if not self.early:
            super().invite(text)


@mutant("bare_lf_taken", breaks=["IMAP-GEN-FRM-a"], because="at once")
class BareLfTaken(ImapSession):
    """Ends lines at LF, as nearly all servers do."""

    line_end = re.compile(rb"\r?\n")


@mutant("bare_cr_ends_command", breaks=["IMAP-GEN-FRM-b"], because="one answer to two NOOPs")
class BareCrEndsCommand(ImapSession):
    """Ends lines at CR too."""

    line_end = re.compile(rb"\r\n|\r(?=.)")


@mutant("nul_in_quoted_overflow", breaks=["IMAP-GEN-FRM-c"], because=" OK")
class NulInQuotedOverflow(ImapSession):
    """Keeps its strings as C does."""

    def on_line(self, line: bytes) -> None:
        super().on_line(re.sub(rb"\0[^\" ]*", b"", line))


@mutant("raw_8bit_echoed", breaks=["IMAP-GEN-FRM-d"], because="without the octet")
class Raw8bitEchoed(ImapSession):
    """Repeats what it did not understand."""

    def finish_refused(self, refusal: Refusal) -> None:
        self.send(self.tag + b" BAD What is " + bytes(self.outside) + b"?\r\n")


@mutant("nul_ends_the_line", breaks=["IMAP-GEN-FRM-d"], because=" OK")
class NulEndsTheLine(ImapSession):
    """Reads a line as far as NUL."""

    def on_line(self, line: bytes) -> None:
        super().on_line(line.partition(b"\0")[0])

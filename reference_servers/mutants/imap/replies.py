"""Mutants of responses: the greeting, the tags and the grammar are wrong in one way each."""

from __future__ import annotations

from pytest_netconform.reference_servers.imap import Done, ImapSession
from pytest_netconform.reference_servers.mutants.mutant import mutant


@mutant("greeting_tagged", breaks=["IMAP-9051-7.1-a"], because="a0 OK")
class GreetingTagged(ImapSession):
    """Greets as if it had been asked."""

    def greet(self) -> None:
        self.send(b"a0 OK mail.example.test at your service\r\n")


@mutant("greeting_bad", breaks=["IMAP-9051-7.1-a"], because="* BAD")
class GreetingBad(ImapSession):
    """Greets with a reproach."""

    def greet(self) -> None:
        self.untagged("BAD mail.example.test would rather not")


@mutant("quoted_unescaped_dquote", breaks=["IMAP-9051-9-a"], because="a response by the grammar")
class QuotedUnescapedDquote(ImapSession):
    """Puts quotes around whatever it is given."""

    def quoted(self, text: bytes) -> bytes:
        return b'"' + text + b'"'


@mutant("literal_count_off_by_one", breaks=["IMAP-9051-9-a"], because="a response by the grammar")
class LiteralCountOffByOne(ImapSession):
    """Counts the octets of a literal from 0."""

    def literal(self, text: bytes) -> bytes:
        return b"{%d}\r\n" % max(0, len(text) - 1) + text


@mutant("reply_bare_lf", breaks=["IMAP-9051-2.2-a"], because="lines that end in CR LF")
class ReplyBareLf(ImapSession):
    """Ends lines as its editor does."""

    reply_end = b"\n"


@mutant("tag_case_folded", breaks=["IMAP-9051-2.2.2-a"], because="NC")
class TagCaseFolded(ImapSession):
    """Looks tags of STATUS up as it does names."""

    def send_tagged(self, status: bytes, text: str, code: str = "") -> None:
        self.tag = self.tag.upper() if self.verb == "STATUS" else self.tag
        super().send_tagged(status, text, code)


@mutant("double_tagged_reply", breaks=["IMAP-9051-2.2.2-a"], because="one answer to each command")
class DoubleTaggedReply(ImapSession):
    """Answers a NOOP twice once somebody has logged in."""

    def send_tagged(self, status: bytes, text: str, code: str = "") -> None:
        super().send_tagged(status, text, code)
        if self.user and self.verb == "NOOP":
            super().send_tagged(status, text, code)


@mutant("data_behind_the_tag", breaks=["IMAP-9051-2.2.2-a"], because="STATUS before the tagged response")
class DataBehindTheTag(ImapSession):
    """Is done before it has said what was asked of STATUS."""

    late: bytes | str = b""

    def untagged(self, text: bytes | str) -> None:
        if self.verb == "STATUS":
            self.late = text
        else:
            super().untagged(text)

    def finish(self, done: Done) -> None:
        super().finish(done)
        late, self.late, self.verb = self.late, b"", ""
        if late:
            self.untagged(late)


@mutant("preauth_on_plain", breaks=["IMAP-9051-7.1.4-a"], because="PREAUTH")
class PreauthOnPlain(ImapSession):
    """Knows whoever comes, even in clear."""

    def greet(self) -> None:
        self.enter(next(iter(self.config.passwords)))
        self.untagged(self.format_status(b"PREAUTH", "Welcome back", self.capability()))

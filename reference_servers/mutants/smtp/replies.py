"""Mutants of replies: what is said is right, and how it is said is wrong."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.smtp import SmtpSession
from pytest_netconform.reference_servers.smtp.core import Answer


@mutant("reply_code_two_digits", breaks=["SMTP-5321-4.2-a"], because="25 ")
class ReplyCodeTwoDigits(SmtpSession):
    """Drops the last digit of the reply to NOOP."""

    def answer_noop(self, argument: bytes) -> None:
        self.send(b"25 2.0.0 Nothing done\r\n")


@mutant("reply_code_650", breaks=["SMTP-5321-4.2-a"], because="650")
class ReplyCode650(SmtpSession):
    """Answers NOOP with a code of no class."""

    def answer_noop(self, argument: bytes) -> None:
        self.reply(650, "2.0.0", "Nothing done")


@mutant("multiline_last_line_hyphen", breaks=["SMTP-5321-4.2-b"], because="250-AUTH")
class MultilineLastLineHyphen(SmtpSession):
    """Keeps the hyphen on the last line: the client waits for more."""

    def format_reply(self, code: int, status: str, lines: Sequence[str]) -> bytes:
        reply = super().format_reply(code, status, lines)
        head, _, last = reply[:-2].rpartition(b"\r\n")
        return head + b"\r\n" + last[:3] + b"-" + last[4:] + b"\r\n" if head else reply


@mutant("bare_code", breaks=["SMTP-5321-4.2-c"], because="250")
class BareCode(SmtpSession):
    """Says nothing behind the code."""

    def answer_rset(self, argument: bytes) -> None:
        super().answer_rset(argument)
        self._actions.pop()
        self.send(b"250\r\n")


@mutant("multiline_mixed_codes", breaks=["SMTP-5321-4.2.1-a"], because="251")
class MultilineMixedCodes(SmtpSession):
    """Changes its mind in the last line of a reply."""

    def format_line(self, code: int, mark: str, status: str, text: str) -> bytes:
        if mark == " " and self.verb == "EHLO" and code == 250:
            code = 251
        return super().format_line(code, mark, status, text)


@mutant("reply_bare_lf", breaks=["SMTP-5321-2.3.8-a"], because="CR LF")
class ReplyBareLf(SmtpSession):
    """Ends its lines as its own operating system does."""

    reply_end = b"\n"


@mutant("reply_8bit_text", breaks=["SMTP-5321-4.2-d"], because="\\xe9")
class Reply8bitText(SmtpSession):
    """Speaks French to everybody, in Latin-1."""

    def answer_noop(self, argument: bytes) -> None:
        self.send(b"250 2.0.0 Commande acept\xe9e\r\n")


@mutant("reply_line_600", breaks=["SMTP-5321-4.5.3.1.5-a"], because="octets)")
class ReplyLine600(SmtpSession):
    """Repeats a refused address as long as it is, and more."""

    def clean_text(self, text: str) -> bytes:
        return text.encode("ascii", "replace") + b" " + b"." * 600


@mutant("double_reply", breaks=["SMTP-5321-4.2-e"], because="2 replies")
class DoubleReply(SmtpSession):
    """Answers NOOP twice."""

    def answer_noop(self, argument: bytes) -> None:
        super().answer_noop(argument)
        super().answer_noop(argument)


@mutant("esc_missing_on_noop", breaks=["SMTP-2034-4-a"], because="250 Nothing done")
class EscMissingOnNoop(SmtpSession):
    """Forgets the enhanced status code of one reply."""

    def shows_status(self, code: int) -> bool:
        return self.verb != "NOOP" and super().shows_status(code)


@mutant("esc_class_mismatch", breaks=["SMTP-2034-4-b"], because="503 4.5.1")
class EscClassMismatch(SmtpSession):
    """Calls a permanent refusal a passing one."""

    def answer(self, answer: Answer) -> None:
        super().answer(answer._replace(status=answer.status.replace("5.", "4.", 1)))


@mutant("utf8_reply_unasked", breaks=["SMTP-6531-3.7-a"], because="\\xc3\\xa9")
class Utf8ReplyUnasked(SmtpSession):
    """Repeats the client's UTF-8 as it came."""

    def clean_text(self, text: str) -> bytes:
        return text.encode("latin-1").replace(b"\\xc3\\xa9", b"\xc3\xa9")

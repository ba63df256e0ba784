"""Mutants of replies: what is said is right, and how it is said is wrong."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_netconform.reference_servers.ftp import FtpSession, Task
from pytest_netconform.reference_servers.mutants.mutant import mutant


@mutant("greeting_missing", breaks=["FTP-959-5.4-a"], because="in answer to the connection")
class GreetingMissing(FtpSession):
    """Waits for the client to begin."""

    def greet(self) -> None:
        """Says nothing."""


@mutant("greeting_120_alone", breaks=["FTP-959-5.4-a"], because="behind 120")
class Greeting120Alone(FtpSession):
    """Promises to be ready soon."""

    def greet(self) -> None:
        self.reply(120, "Ready in a minute")


@mutant("reply_code_two_digits", breaks=["FTP-959-4.2-a"], because="20 ")
class ReplyCodeTwoDigits(FtpSession):
    """Drops the last digit of the reply to NOOP."""

    def answer_noop(self, argument: bytes) -> None:
        self.send(b"20 Nothing done\r\n")


@mutant("multiline_last_line_missing", breaks=["FTP-959-4.2-b"], because="214-Ask")
class MultilineLastLineMissing(FtpSession):
    """Keeps the hyphen on the last line: the client waits for more."""

    def format_reply(self, code: int, lines: Sequence[bytes]) -> bytes:
        reply = super().format_reply(code, lines)
        head, _, last = reply[:-2].rpartition(b"\r\n")
        return head + b"\r\n" + last[:3] + b"-" + last[4:] + b"\r\n" if head else reply


@mutant("help_line_starts_with_code_sp", breaks=["FTP-959-4.2-b"], because="no line inside")
class HelpLineStartsWithCodeSp(FtpSession):
    """Numbers the lines of its help."""

    def help_lines(self) -> list[bytes]:
        return [b"%d %s" % (number, line.strip()) for number, line in enumerate(super().help_lines(), 211)]

    def padded(self, line: bytes) -> bytes:
        return line


@mutant("reply_bare_lf", breaks=["FTP-959-4.2-c"], because="CR LF")
class ReplyBareLf(FtpSession):
    """Ends its lines as its own operating system does."""

    reply_end = b"\n"


@mutant("double_reply", breaks=["FTP-959-4.2-d"], because="2 replies")
class DoubleReply(FtpSession):
    """Answers SYST twice."""

    def answer_syst(self, argument: bytes) -> None:
        super().answer_syst(argument)
        self.reply(500, "SYST was answered")


@mutant("two_150", breaks=["FTP-959-4.2-d"], because="one 1yz")
class Two150(FtpSession):
    """Announces a transfer twice."""

    def begin(self, task: Task) -> None:
        self.reply(150, "Opening the data connection")
        super().begin(task)

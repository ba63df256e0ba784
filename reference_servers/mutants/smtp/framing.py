"""Mutants of lines and connections: each finds the end of a line, or of its patience, in one wrong place."""

from __future__ import annotations

import re

from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.session import Reset
from pytest_netconform.reference_servers.smtp import SmtpSession

BUFFER = 2048  # octets


@mutant("cmd_limit_256", breaks=["SMTP-5321-4.5.3.1.4-a"], because="500")
class CmdLimit256(SmtpSession):
    """Has room for half a command line."""

    def longest_line(self) -> int:
        return 256


@mutant("long_line_tail_executed", breaks=["SMTP-5321-4.5.3.1.9-a"], because="2 replies")
class LongLineTailExecuted(SmtpSession):
    """Takes a full buffer for a whole line."""

    def on_data(self, data: bytes) -> None:
        super().on_data(data[:BUFFER] + b"\r\n" * (len(data) > BUFFER))
        if len(data) > BUFFER:
            self.on_data(data[BUFFER:])


@mutant("partial_read_as_line", breaks=["SMTP-GEN-SEG-a"], because="500")
class PartialReadAsLine(SmtpSession):
    """Takes what one recv() brought for a whole line."""

    def on_data(self, data: bytes) -> None:
        super().on_data(data if data.endswith(b"\r\n") else data + b"\r\n")


@mutant("cr_ends_line_then_lf_is_empty_command", breaks=["SMTP-GEN-SEG-b"], because="250")
class CrEndsLineThenLfIsEmptyCommand(SmtpSession):
    """Ends a line at a CR that comes last, and another one at the LF that comes late."""

    def on_data(self, data: bytes) -> None:
        super().on_data(b"\r\n" if data == b"\n" else data + b"\n" * data.endswith(b"\r"))


@mutant("bare_lf_ends_command", breaks=["SMTP-GEN-FRM-a"], because="250")
class BareLfEndsCommand(SmtpSession):
    """Reads lines as its own operating system writes them."""

    line_end = re.compile(rb"\r?\n")


@mutant("bare_lf_is_answered_twice", breaks=["SMTP-GEN-FRM-a"], because="2 replies")
class BareLfIsAnsweredTwice(SmtpSession):
    """Executes what stands before a bare LF as soon as CR LF has come too."""

    def on_line(self, line: bytes) -> None:
        for part in line.split(b"\n"):
            super().on_line(part)


@mutant("bare_cr_ends_command", breaks=["SMTP-GEN-FRM-b"], because="2 replies")
class BareCrEndsCommand(SmtpSession):
    """Ends a line at a CR, unless it is at the end of what has come."""

    line_end = re.compile(rb"\r\n|\r(?=[^\n])")


@mutant("trailing_space_501", breaks=["SMTP-GEN-FRM-c"], because="501")
class TrailingSpace501(SmtpSession):
    """Lets no blank stand at the end."""

    def split_command(self, line: bytes) -> tuple[bytes, bytes]:
        word, _, argument = line.partition(b" ")
        return word, argument


@mutant("leading_space_crash", breaks=["SMTP-GEN-FRM-d"], because="reset")
class LeadingSpaceCrash(SmtpSession):
    """Dies of a line that does not begin with a verb."""

    def on_line(self, line: bytes) -> None:
        if line.startswith(b" "):
            self.act(Reset())
        else:
            super().on_line(line)


@mutant("empty_line_desync", breaks=["SMTP-GEN-FRM-e"], because="2 replies")
class EmptyLineDesync(SmtpSession):
    """Answers an empty line when the next one comes."""

    owed = False

    def on_line(self, line: bytes) -> None:
        if not line:
            self.owed = True
            return
        super().on_line(line)
        if self.owed:
            self.owed = False
            self.reply(500, "5.5.2", "Command not recognized")


@mutant("idle_timeout_60", breaks=["SMTP-GEN-CON-d"], because="421")
class IdleTimeout60(SmtpSession):
    """Waits one minute."""

    def idle_limit(self) -> float | None:
        return 60.0


@mutant("idle_close_60", breaks=["SMTP-GEN-CON-d"], because="closed")
class IdleClose60(SmtpSession):
    """Waits one minute, and leaves without a word."""

    def idle_limit(self) -> float | None:
        return 60.0

    def on_idle(self) -> None:
        self.close()


@mutant("timeout_without_421", breaks=["SMTP-GEN-CON-e"], because="221")
class TimeoutWithout421(SmtpSession):
    """Says goodbye to a client that has not asked for it."""

    def on_idle(self) -> None:
        self.verb = ""
        self.answer_quit(b"")

"""Mutants of message data: each takes the wrong octets for its end, or too few of them for a message."""

from __future__ import annotations

import re

from pytest_netconform.reference_servers.lines import Reading
from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.session import WakeAt
from pytest_netconform.reference_servers.smtp import Answer, SmtpSession, fields


@mutant("data_two_final_replies", breaks=["SMTP-5321-4.1.1.4-a"], because="2 replies: 250, 250")
class DataTwoFinalReplies(SmtpSession):
    """Says that the message is accepted, and then that it is queued."""

    def on_content(self, content: bytes | None) -> None:
        super().on_content(content)
        self.reply(250, "2.0.0", "Queued")


@mutant("eod_needs_preceding_line", breaks=["SMTP-5321-4.1.1.4-b"], because="nothing for")
class EodNeedsPrecedingLine(SmtpSession):
    """Waits for CR LF "." CR LF, all of it behind DATA's own line."""

    end_of_data = re.compile(rb"(\r\n)\.\r\n")


@mutant("eod_split_not_seen", breaks=["SMTP-5321-2.3.8-b"], because="nothing for")
class EodSplitNotSeen(SmtpSession):
    """Looks for the end of data in what arrived last, and nowhere else."""

    def on_data(self, data: bytes) -> None:
        if self.reading is Reading.DATA:
            self._searched = len(self._input)
        super().on_data(data)


@mutant("eod_lf_dot_lf", breaks=["SMTP-5321-4.1.1.4-e"], because="5 replies: 250, 250, 250, 354, 250")
class EodLfDotLf(SmtpSession):
    """Takes a dot between two line feeds for the end."""

    end_of_data = re.compile(rb"(\A|\r\n(?=\.\r)|(?<!\r)\n(?=\.\n))\.\r?\n")


@mutant("eod_lf_dot_crlf", breaks=["SMTP-5321-4.1.1.4-f"], because="5 replies: 250, 250, 250, 354, 250")
class EodLfDotCrlf(SmtpSession):
    """Does not look at what stands before the line feed before the dot."""

    end_of_data = re.compile(rb"(\A|\n)\.\r\n")


@mutant("eod_crlf_dot_lf", breaks=["SMTP-5321-4.1.1.4-g"], because="5 replies: 250, 250, 250, 354, 250")
class EodCrlfDotLf(SmtpSession):
    """Does not look at what stands before the line feed behind the dot."""

    end_of_data = re.compile(rb"(\A|\r\n)\.\r?\n")


@mutant("eod_cr_dot_cr", breaks=["SMTP-5321-4.1.1.4-h"], because="5 replies: 250, 250, 250, 354, 250")
class EodCrDotCr(SmtpSession):
    """Takes a bare carriage return for a line end."""

    end_of_data = re.compile(rb"(\A|\r\n|\r(?!\n)|\n(?=\.\r[^\n]))\.(?:\r\n|\r(?=[^\n])|(?<=\r\.)\n)")


@mutant("eod_dot_nul", breaks=["SMTP-5321-4.1.1.4-i"], because="5 replies: 250, 250, 250, 354, 250")
class EodDotNul(SmtpSession):
    """Drops NULs before it compares."""

    end_of_data = re.compile(rb"(\A|\r\n)\x00*\.\x00*\r\n")


@mutant("eod_stripped_line", breaks=["SMTP-5321-4.1.1.4-i"], because="5 replies: 250, 250, 250, 354, 250")
class EodStrippedLine(SmtpSession):
    """Compares lines without the white space around them."""

    end_of_data = re.compile(rb"(\A|\r\n)[ \t]*\.[ \t\r]*\r\n")


@mutant("lf_mode_by_first_line", breaks=["SMTP-5321-4.1.1.4-j"], because="5 replies: 250, 250, 250, 354, 250")
class LfModeByFirstLine(SmtpSession):
    """Lets the first line of the message decide what a line end is."""

    def find_end(self, data: bytearray, start: int) -> re.Match[bytes] | None:
        if re.match(rb"[^\n]*[^\r]\n", data):
            return re.compile(rb"(\n)\.\r?\n").search(data, start)
        return super().find_end(data, start)


@mutant("dot_at_chunk_border_is_eod", breaks=["SMTP-5321-4.5.2-a"], because="replies: 250, 250, ")
class DotAtChunkBorderIsEod(SmtpSession):
    """Reads at most 1023 octets of a line, and takes the rest for the next one."""

    end_of_data = re.compile(rb"(\A|\r\n|(?<=\n[^\n]{1023}))\.\r\n")


@mutant("dot_at_read_border_is_eod", breaks=["SMTP-5321-4.5.2-a"], because="replies: 250, 250, ")
class DotAtReadBorderIsEod(SmtpSession):
    """Takes every read for the beginning of a line."""

    def on_data(self, data: bytes) -> None:
        if self.reading is Reading.DATA and data.startswith(b".\r\n"):
            data = b"\r\n" + data
        super().on_data(data)


@mutant("text_line_limit_512", breaks=["SMTP-5321-4.5.3.1.6-a"], because="A line is too long")
class TextLineLimit512(SmtpSession):
    """Takes the limit of command lines for that of text lines."""

    def judge_content(self, content: bytes) -> Answer | None:
        if any(len(line) > 510 for line in content.split(b"\r\n")):
            return Answer(552, "5.6.0", "A line is too long")
        return super().judge_content(content)


@mutant("text_line_cut_at_512", breaks=["SMTP-5321-4.5.3.1.6-a"], because="(1000 octets)")
class TextLineCutAt512(SmtpSession):
    """Begins a new line where its buffer for one is full."""

    def unstuffed(self, content: bytes) -> bytes:
        return re.sub(rb"([^\r\n]{510})", rb"\1\r\n", super().unstuffed(content))


@mutant("max_message_32k", breaks=["SMTP-5321-4.5.3.1.7-a"], because="552")
class MaxMessage32k(SmtpSession):
    """Keeps messages of 32 KiB, whatever EHLO says."""

    def judge_content(self, content: bytes) -> Answer | None:
        if len(content) > 1 << 15:
            return Answer(552, "5.3.4", "The message is too large")
        return super().judge_content(content)


@mutant("loop_limit_50", breaks=["SMTP-5321-6.3-a"], because="554")
class LoopLimit50(SmtpSession):
    """Takes a long way for a loop."""

    def judge_content(self, content: bytes) -> Answer | None:
        if sum(name == b"received" for name, _ in fields(content)) >= 50:
            return Answer(554, "5.4.6", "Too many hops")
        return super().judge_content(content)


@mutant("no_loop_limit", breaks=["SMTP-5321-6.3-a"], because="101 Received fields are accepted")
class NoLoopLimit(SmtpSession):
    """Does not count hops: legal by itself, and noted."""

    def judge_content(self, content: bytes) -> Answer | None:
        return None


@mutant("half_close_loses_replies", breaks=["SMTP-GEN-CON-c"], because="the close")
class HalfCloseLosesReplies(SmtpSession):
    """Works on what it read a moment later, and forgets about it when the client says that this was all."""

    held = b""

    def on_data(self, data: bytes) -> None:
        self.held += data
        self.act(WakeAt(self.now))

    def on_wake(self) -> None:
        data, self.held = self.held, b""
        super().on_data(data)
        super().on_wake()

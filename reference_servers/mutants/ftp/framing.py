"""Mutants of lines and connections: each finds the end of a line, of a name or of its patience in one wrong place."""

from __future__ import annotations

import re

from pytest_netconform.reference_servers.files import Names
from pytest_netconform.reference_servers.ftp import FtpSession
from pytest_netconform.reference_servers.ftp.core import Answer
from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.session import Reset
from pytest_netconform.wire.ftp_commands import parse_type
from pytest_netconform.wire.telnet import DO, DONT, IAC, WILL, WONT

BUFFER = 2048  # octets
NAME = 64  # octets


@mutant("partial_read_as_line", breaks=["FTP-GEN-SEG-a"], because="in one piece")
class PartialReadAsLine(FtpSession):
    """Takes what one recv() brought for a whole line."""

    def on_data(self, data: bytes) -> None:
        super().on_data(data if data.endswith(b"\r\n") else data + b"\r\n")


@mutant("pipelined_input_lost", breaks=["FTP-GEN-SEG-b"], because="nothing")
class PipelinedInputLost(FtpSession):
    """Looks at the first line that came, and forgets the others."""

    def on_data(self, data: bytes) -> None:
        super().on_data(data[: data.find(b"\n") + 1] or data)


@mutant("cr_then_lf_double", breaks=["FTP-GEN-SEG-c"], because="200")
class CrThenLfDouble(FtpSession):
    """Ends a line at a CR that comes last, and another one at the LF that comes late."""

    def on_data(self, data: bytes) -> None:
        super().on_data(b"\r\n" if data == b"\n" else data + b"\n" * data.endswith(b"\r"))


@mutant("bare_lf_ends_command", breaks=["FTP-GEN-FRM-a"], because="200 at LF")
class BareLfEndsCommand(FtpSession):
    """Reads lines as its own operating system writes them: observed, for the standard leaves it open."""

    line_end = re.compile(rb"\r?\n")


@mutant("bare_cr_ends_command", breaks=["FTP-GEN-FRM-b"], because="2 replies")
class BareCrEndsCommand(FtpSession):
    """Ends a line at a CR, unless it is at the end of what has come."""

    line_end = re.compile(rb"\r\n|\r(?=[^\n])")


@mutant("blanks_are_passed_over", breaks=["FTP-GEN-FRM-c"], because="200")
class BlanksArePassedOver(FtpSession):
    """Cuts lines at any number of blanks: observed."""

    def split_command(self, line: bytes) -> tuple[bytes, bytes]:
        word, _, argument = line.strip().partition(b" ")
        return word, argument.strip()


@mutant("telnet_iac_crash", breaks=["FTP-GEN-FRM-d"], because="reset")
class TelnetIacCrash(FtpSession):
    """Dies of an octet of 255."""

    def on_data(self, data: bytes) -> None:
        if IAC in data:
            self.act(Reset())
        else:
            super().on_data(data)


@mutant("telnet_options_agreed", breaks=["FTP-GEN-FRM-d"], because="agreed to")
class TelnetOptionsAgreed(FtpSession):
    """Agrees to everything, as a terminal server might."""

    def send(self, data: bytes) -> None:
        yes = {IAC + WONT: IAC + WILL, IAC + DONT: IAC + DO}
        super().send(yes.get(data[:2], data[:2]) + data[2:])


@mutant("cr_nul_splits_command", breaks=["FTP-GEN-FRM-e"], because="2 replies")
class CrNulSplitsCommand(FtpSession):
    """Ends a line at CR NUL too."""

    line_end = re.compile(rb"\r[\n\0]")


@mutant("cr_nul_cuts_name", breaks=["FTP-GEN-FRM-e"], because="a name with CR")
class CrNulCutsName(FtpSession):
    """Forgets a name from its CR on."""

    def path(self, argument: bytes) -> Names:
        return super().path(argument.partition(b"\r")[0])


@mutant("nul_truncates_path", breaks=["FTP-GEN-FRM-f"], because="cut")
class NulTruncatesPath(FtpSession):
    """Ends names where a C program does."""

    def path(self, argument: bytes) -> Names:
        return super().path(argument.partition(b"\0")[0])


@mutant("nul_truncates_user", breaks=["FTP-GEN-FRM-f"], because="230")
class NulTruncatesUser(FtpSession):
    """Ends the names of users where a C program does."""

    def answer_user(self, argument: bytes) -> None:
        super().answer_user(argument.partition(b"\0")[0])


@mutant("long_line_tail_executed", breaks=["FTP-GEN-LEN-a"], because="2 replies")
class LongLineTailExecuted(FtpSession):
    """Takes a full buffer for a whole line."""

    def on_data(self, data: bytes) -> None:
        super().on_data(data[:BUFFER] + b"\r\n" * (len(data) > BUFFER))
        if len(data) > BUFFER:
            self.on_data(data[BUFFER:])


@mutant("path_limit_64", breaks=["FTP-GEN-LEN-b"], because="501")
class PathLimit64(FtpSession):
    """Has little room for names."""

    def argument_problem(self, argument: bytes) -> Answer | None:
        too_long = len(argument) > NAME and self.verb == "MKD"
        return Answer(501, "The name is too long") if too_long else super().argument_problem(argument)


@mutant("listener_dies_on_rst", breaks=["FTP-GEN-CON-a"], because="reset")
class ListenerDiesOnRst(FtpSession):
    """Serves nobody any more when somebody leaves in the middle of a command."""

    def on_open(self) -> None:
        if self.tree.exists((b".fallen",)):
            self.act(Reset())
        else:
            super().on_open()

    def on_end(self) -> None:
        if self.pending():
            self.tree.write((b".fallen",), b"", self.now)
        super().on_end()


@mutant("half_close_silences", breaks=["FTP-GEN-CON-b"], because="nothing")
class HalfCloseSilences(FtpSession):
    """Does not answer who has said goodbye in the same breath: observed."""

    def on_data(self, data: bytes) -> None:
        if data.endswith(b"NOOP\r\nQUIT\r\n"):
            self.close()
        else:
            super().on_data(data)


@mutant("idle_timeout_30", breaks=["FTP-GEN-CON-c"], because="421")
class IdleTimeout30(FtpSession):
    """Waits half a minute."""

    def idle_limit(self) -> float | None:
        return 30.0


@mutant("idle_close_silent", breaks=["FTP-GEN-CON-c"], because="closed without 421")
class IdleCloseSilent(FtpSession):
    """Leaves without a word when it has waited long enough: remarkable."""

    def on_idle(self) -> None:
        self.close()


@mutant("global_cwd", breaks=["FTP-GEN-CON-d"], because="directory of one session")
class GlobalCwd(FtpSession):
    """Has one working directory for all, as a process with threads has."""

    def enter(self, path: Names) -> None:
        super().enter(path)
        self.tree.write((b".cwd",), b"/".join(path), self.now)

    def answer_pwd(self, argument: bytes) -> None:
        if self.tree.exists((b".cwd",)):
            self.directory = tuple(filter(None, self.tree.file((b".cwd",)).content.split(b"/")))
        super().answer_pwd(argument)


@mutant("global_rename", breaks=["FTP-GEN-CON-d"], because="RNTO nc-elsewhere")
class GlobalRename(FtpSession):
    """Remembers what is to be renamed in one place for all."""

    def answer_rnfr(self, argument: bytes) -> None:
        super().answer_rnfr(argument)
        self.tree.write((b".rnfr",), b"/".join(self.renaming or ()), self.now)

    def answer_rnto(self, argument: bytes) -> None:
        if self.tree.exists((b".rnfr",)):
            self.renaming = tuple(self.tree.file((b".rnfr",)).content.split(b"/"))
        super().answer_rnto(argument)


@mutant("global_type", breaks=["FTP-GEN-CON-d"], because="other octets")
class GlobalType(FtpSession):
    """Keeps the type in one place for all."""

    def answer_type(self, argument: bytes) -> None:
        super().answer_type(argument)
        self.tree.write((b".type",), self.kind.letter.encode(), self.now)

    def outgoing(self, content: bytes) -> bytes:
        if self.tree.exists((b".type",)):
            self.kind = parse_type(self.tree.file((b".type",)).content)
        return super().outgoing(content)

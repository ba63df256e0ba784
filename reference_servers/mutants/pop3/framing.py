"""Mutants of lines and connections: what ends a line, what is pending, who waits how long."""

from __future__ import annotations

import re

from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.pop3 import Pop3Session


@mutant("long_line_tail_executed", breaks=["POP3-GEN-LEN-a"], because="replies")
class LongLineTailExecuted(Pop3Session):
    """Answers for every buffer that a line fills."""

    def on_data(self, data: bytes) -> None:
        if len(data) > 1024:
            self.refuse("The buffer is full")
        super().on_data(data)


@mutant("bare_lf_taken", breaks=["POP3-GEN-FRM-a"], because="at once")
class BareLfTaken(Pop3Session):
    """Ends lines at LF, as nearly all servers do."""

    line_end = re.compile(rb"\r?\n")


@mutant("bare_cr_ends_command", breaks=["POP3-GEN-FRM-b"], because="2 replies")
class BareCrEndsCommand(Pop3Session):
    """Ends lines at CR too."""

    line_end = re.compile(rb"\r\n|\r(?=.)")


@mutant("nul_truncates_user", breaks=["POP3-GEN-FRM-c"], because="+OK")
class NulTruncatesUser(Pop3Session):
    """Keeps its strings as C does."""

    def on_line(self, line: bytes) -> None:
        super().on_line(line.partition(b"\0")[0])


@mutant("high_octets_close", breaks=["POP3-GEN-FRM-c"], because="closed")
class HighOctetsClose(Pop3Session):
    """Dies of a name in another alphabet."""

    def unclean(self, rest: bytes) -> None:
        if re.search(rb"[\x80-\xff]", rest):
            self.close()
        super().unclean(rest)

    def refuse(self, text: str, code: str = "") -> None:
        if not self.closing:
            super().refuse(text, code)


@mutant("empty_line_desync", breaks=["POP3-GEN-FRM-d"], because="silence")
class EmptyLineDesync(Pop3Session):
    """Passes an empty line over."""

    def on_line(self, line: bytes) -> None:
        if line or self.exchange is not None:
            super().on_line(line)


@mutant("partial_read_as_line", breaks=["POP3-GEN-SEG-a"], because="-ERR")
class PartialReadAsLine(Pop3Session):
    """Takes what one read brings for a line."""

    def on_data(self, data: bytes) -> None:
        super().on_data(data if data.endswith(b"\n") or self.handshaking else data + b"\r\n")


@mutant("cr_then_lf_double", breaks=["POP3-GEN-SEG-b"], because="+OK")
class CrThenLfDouble(Pop3Session):
    """Answers at the CR, and again at the LF."""

    line_end = re.compile(rb"[\r\n]")

    def on_line(self, line: bytes) -> None:
        if line:
            super().on_line(line)


@mutant("pipelined_input_lost", breaks=["POP3-2449-6.6-a"], because="nothing for")
class PipelinedInputLost(Pop3Session):
    """Forgets what came behind the command that it reads."""

    def on_line(self, line: bytes) -> None:
        if not self.handshaking:
            self.drop_pending()
        super().on_line(line)


@mutant("pipelined_replies_swapped", breaks=["POP3-2449-6.6-a"], because="Nothing done")
class PipelinedRepliesSwapped(Pop3Session):
    """Answers what is quickly done first."""

    def answer_stat(self) -> None:
        if self.pending():
            self.agree("Nothing done")
        else:
            super().answer_stat()


@mutant("login_handover_drops_buffer", breaks=["POP3-2449-6.6-c"], because="nothing")
class LoginHandoverDropsBuffer(Pop3Session):
    """Loses what came behind the login when another process takes over."""

    def enter(self, name: str) -> None:
        self.drop_pending()
        super().enter(name)


@mutant("idle_timeout_60", breaks=["POP3-GEN-CON-d"], because="closed")
class IdleTimeout60(Pop3Session):
    """Waits for a minute."""

    def idle_limit(self) -> float | None:
        return 60.0


@mutant("autologout_updates", breaks=["POP3-GEN-CON-e"], because="8")
class AutologoutUpdates(Pop3Session):
    """Removes what is marked when it has waited long enough."""

    def on_idle(self) -> None:
        if self.drop is not None:
            self.update(self.drop)
        super().on_idle()


@mutant("autologout_says_goodbye", breaks=["POP3-GEN-CON-e"], because="-ERR before the close")
class AutologoutSaysGoodbye(Pop3Session):
    """Has a last word."""

    def on_idle(self) -> None:
        self.refuse("Disconnected for inactivity")
        super().on_idle()

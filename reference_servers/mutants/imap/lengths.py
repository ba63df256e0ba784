"""Mutants of lengths and depths: long lines, nesting and numbers are too much for them, in one way each."""

from __future__ import annotations

from pytest_netconform.reference_servers.imap import ImapSession, Scanner
from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.session import Reset

BUFFER = 8192


@mutant("long_line_tail_executed", breaks=["IMAP-GEN-LEN-a"], because="b BAD")
class LongLineTailExecuted(ImapSession):
    """Answers for every buffer that a line fills."""

    def on_line(self, line: bytes) -> None:
        super().on_line(line[:BUFFER])
        if len(line) > BUFFER:
            self.on_line(line[BUFFER:])


@mutant("long_line_crash", breaks=["IMAP-GEN-LEN-a"], because="nothing for")
class LongLineCrash(ImapSession):
    """Has no more to say to who goes on for so long."""

    def on_long_line(self, head: bytes) -> None:
        self.read_nothing()


@mutant("line_limit_1024", breaks=["IMAP-GEN-LEN-b"], because="too long")
class LineLimit1024(ImapSession):
    """Reads a thousand octets."""

    def longest_line(self) -> int:
        return 1024


@mutant("nesting_stack_overflow", breaks=["IMAP-GEN-LEN-c"], because="the end of the connection")
class NestingStackOverflow(ImapSession):
    """Has a stack, and an end."""

    def obey(self, data: bytes) -> None:
        if data.count(b"NOT ") > 1000:
            self.act(Reset())
        else:
            super().obey(data)


@mutant("seq_wraps_32bit", breaks=["IMAP-GEN-LEN-d"], because="nothing that a wrapped")
class SeqWraps32bit(ImapSession):
    """Counts messages in 32 bits."""

    def check_number(self, number: int) -> int:
        return number % (1 << 32)


class _Saturated(Scanner):
    def number64(self, name: str = "a number") -> int:
        return int(self.digits(name)) % ((1 << 64) - 1)


@mutant("offset_wraps_64bit", breaks=["IMAP-GEN-LEN-d"], because="nothing that a wrapped")
class OffsetWraps64bit(ImapSession):
    """Begins again where the largest offset ends."""

    scanner = _Saturated

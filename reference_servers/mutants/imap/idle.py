"""Mutants of IDLE: how it begins, what is told in it, or how it ends, is wrong in one way each."""

from __future__ import annotations

from pytest_netconform.reference_servers.imap import Done, ImapSession, Scanner
from pytest_netconform.reference_servers.mutants.mutant import mutant


@mutant("idle_done_needs_tag", breaks=["IMAP-2177-3-a"], because="BAD")
class IdleDoneNeedsTag(ImapSession):
    """Wants a tag before every word."""

    def is_done(self, line: bytes) -> bool:
        return line.partition(b" ")[2].upper() == b"DONE"


@mutant("idle_without_plus", breaks=["IMAP-2177-3-a"], because="nothing for")
class IdleWithoutPlus(ImapSession):
    """Listens, and does not say so."""

    def invite(self, text: bytes) -> None:
        if self.verb != "IDLE":
            super().invite(text)


@mutant("idle_answers_at_once", breaks=["IMAP-2177-3-a"], because="answer")
class IdleAnswersAtOnce(ImapSession):
    """Is done before it has begun, and when it ends."""

    def answer_idle(self, arguments: Scanner) -> None:
        super().answer_idle(arguments)
        self.finish(Done("Listening"))


@mutant("idle_never_notifies", breaks=["IMAP-2177-3-b"], because="EXISTS is not told in IDLE")
class IdleNeverNotifies(ImapSession):
    """Listens to nobody."""

    def watch(self) -> None:
        """Nobody there."""


@mutant("idle_tells_arrivals_only", breaks=["IMAP-2177-3-b"], because="FETCH is not told in IDLE")
class IdleTellsArrivalsOnly(ImapSession):
    """Tells what is new, and nothing else."""

    def on_nudge(self) -> None:
        self.roused = False
        if self.unwatch is not None:
            self.report_arrivals()


@mutant("idle_case_sensitive_done", breaks=["IMAP-2177-3-c"], because="BAD")
class IdleCaseSensitiveDone(ImapSession):
    """Knows DONE by its capitals."""

    def is_done(self, line: bytes) -> bool:
        return line == b"DONE"


@mutant("idle_ends_with_anything", breaks=["IMAP-2177-3-c"], because=" OK")
class IdleEndsWithAnything(ImapSession):
    """Takes any line for DONE."""

    def is_done(self, line: bytes) -> bool:
        return True


@mutant("idle_ignores_other_lines", breaks=["IMAP-2177-3-c"], because="nothing for")
class IdleIgnoresOtherLines(ImapSession):
    """Listens on, whatever is said."""

    def on_done(self, line: bytes) -> None:
        if self.is_done(line):
            super().on_done(line)
        else:
            self.await_line(self.on_done)


@mutant("idle_drops_buffered_done", breaks=["IMAP-2177-3-d"], because="nothing for")
class IdleDropsBufferedDone(ImapSession):
    """Begins to listen with an empty ear."""

    def answer_idle(self, arguments: Scanner) -> None:
        self.drop_pending()
        super().answer_idle(arguments)

"""Mutants of connections: batches, clients that vanish, and two at once are too much for them, in one way each."""

from __future__ import annotations

from pytest_netconform.reference_servers.imap import ImapSession
from pytest_netconform.reference_servers.lines import Reading
from pytest_netconform.reference_servers.mailboxes import Account, Mailbox
from pytest_netconform.reference_servers.mutants.mutant import mutant


@mutant("pipelined_input_lost", breaks=["IMAP-9051-5.5-a"], because="nothing for")
class PipelinedInputLost(ImapSession):
    """Forgets what came behind the FETCH that it reads."""

    def on_line(self, line: bytes) -> None:
        if b" FETCH " in line:
            self.drop_pending()
        super().on_line(line)


@mutant("store_fetch_reordered", breaks=["IMAP-9051-5.5-a"], because="\\Flagged in answer")
class StoreFetchReordered(ImapSession):
    """Reads before it writes."""

    held = b""

    def on_line(self, line: bytes) -> None:
        if b" STORE " in line and self.pending():
            self.held = line
            return
        super().on_line(line)
        if self.held:
            line, self.held = self.held, b""
            super().on_line(line)


@mutant("partial_append_stored", breaks=["IMAP-GEN-CON-a"], because="no half one")
class PartialAppendStored(ImapSession):
    """Keeps what it has got of a message."""

    def on_end(self) -> None:
        if self.reading is Reading.COUNTED and self.verb == "APPEND" and self._kept:
            mailbox = next(box for name, box in self.account.mailboxes.items() if name.startswith("nc-") and box)
            mailbox.append(bytes(self._kept), frozenset(), self.date())
        super().on_end()


@mutant("half_close_loses_answers", breaks=["IMAP-GEN-CON-c"], because="the close behind")
class HalfCloseLosesAnswers(ImapSession):
    """Answers NOOP when it has time, and has none any more."""

    def send_tagged(self, status: bytes, text: str, code: str = "") -> None:
        if self.verb != "NOOP" or self.user:
            super().send_tagged(status, text, code)


@mutant("state_shared_between_sessions", breaks=["IMAP-GEN-SEC-d"], because="EXAMINE of")
class StateSharedBetweenSessions(ImapSession):
    """Has one variable for the user whom it serves."""

    latest: Account

    def account_of(self, name: str) -> Account:
        StateSharedBetweenSessions.latest = super().account_of(name)
        return self.latest

    def mailbox_of(self, name: str) -> Mailbox:
        self.account = self.latest
        return super().mailbox_of(name)

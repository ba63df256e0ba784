"""IDLE: the client listens, and hears at once what others change (RFC 9051 6.3.13, RFC 2177)."""

from __future__ import annotations

from collections.abc import Callable

from pytest_netconform.reference_servers.imap.core import Done
from pytest_netconform.reference_servers.imap.scanner import Bad, Scanner
from pytest_netconform.reference_servers.imap.selection import Selection


class Idle(Selection):
    """From IDLE to DONE."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)
        self.unwatch: Callable[[], None] | None = None
        self.roused = False

    def answer_idle(self, arguments: Scanner) -> None:
        """Tell changes as they come, until DONE."""
        arguments.end()
        self.await_line(self.on_done)
        self.invite(b"Listening")
        self.report_changes()
        self.watch()

    def on_done(self, line: bytes) -> None:
        """DONE in any case ends it; any other line does so, too, and is an error."""
        self.stop_watching()
        self.finish_late(Done("Heard") if self.is_done(line) else Bad("Expected DONE"))

    def is_done(self, line: bytes) -> bool:
        """The one word that ends IDLE."""
        return line.upper() == b"DONE"

    def watch(self) -> None:
        """Have `on_nudge` called when somebody changes the mailbox."""
        if self.view is None:
            return
        mailbox = self.view.mailbox
        mailbox.store.watch(mailbox.key, self.rouse)
        self.unwatch = lambda: mailbox.store.unwatch(mailbox.key, self.rouse)

    def rouse(self) -> None:
        """Somebody has changed something; called in any thread. Many changes are looked at once."""
        if not self.roused:
            self.roused = True
            self.nudge()

    def on_nudge(self) -> None:
        """Tell what has changed, if the client still listens."""
        self.roused = False
        if self.unwatch is not None:
            self.report_changes()

    def stop_watching(self) -> None:
        """The client does not listen any more."""
        if self.unwatch is not None:
            self.unwatch()
            self.unwatch = None

    def leave(self) -> None:
        self.stop_watching()
        super().leave()

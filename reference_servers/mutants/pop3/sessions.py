"""Mutants from session to session: what is removed when, and whose numbers change."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.pop3 import Entry, Maildrop, Pop3Session
from pytest_netconform.reference_servers.store import MailStore, StoredMessage


@mutant("quit_keeps_open", breaks=["POP3-GEN-CON-c"], because="still open")
class QuitKeepsOpen(Pop3Session):
    """Says goodbye and stays."""

    def answer_quit(self) -> None:
        if self.drop is not None:
            self.update(self.drop)
        self.agree("Goodbye")
        self.leave()


@mutant("dele_on_disconnect", breaks=["POP3-GEN-CON-a"], because="9")
class DeleOnDisconnect(Pop3Session):
    """Removes what is marked however a session ends."""

    def on_end(self) -> None:
        if self.drop is not None:
            self.update(self.drop)
        super().on_end()


@mutant("quit_deletes_wrong_message", breaks=["POP3-GEN-CON-b"], because="other ids")
class QuitDeletesWrongMessage(Pop3Session):
    """Removes the message before the one that is marked."""

    def update(self, drop: Maildrop) -> None:
        for before, entry in zip(drop.entries, drop.entries[1:], strict=False):
            if entry.deleted:
                self.store.remove(self.user, before.uid)


@mutant("quit_deletes_nothing", breaks=["POP3-GEN-CON-b", "POP3-1939-5-j"], because="and no more")
class QuitDeletesNothing(Pop3Session):
    """Agrees to everything and removes nothing."""

    def update(self, drop: Maildrop) -> None:
        """Another day."""


@mutant("rset_forgets_to_unmark", breaks=["POP3-1939-5-j"], because="and no more")
class RsetForgetsToUnmark(Pop3Session):
    """Shows messages again behind RSET, and removes them all the same."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self.doomed: list[int] = []

    def answer_rset(self) -> None:
        self.doomed += [entry.uid for entry in self.maildrop.entries if entry.deleted]
        super().answer_rset()

    def update(self, drop: Maildrop) -> None:
        super().update(drop)
        for uid in self.doomed:
            self.store.remove(self.user, uid)


@mutant("lock_missing", breaks=["POP3-GEN-CON-f"], because="+OK")
class LockMissing(Pop3Session):
    """Lets two sessions into one maildrop, as Dovecot does."""

    def claim(self, name: str) -> bool:
        return True


class _Living(Maildrop):
    """Looks into the store again at every question."""

    def __init__(self, messages: Iterable[StoredMessage], store: MailStore, user: str) -> None:
        super().__init__(messages)
        self._store, self._user = store, user

    def there(self) -> list[Entry]:
        self._look()
        return super().there()

    def find(self, number: int) -> Entry | None:
        self._look()
        return super().find(number)

    def _look(self) -> None:
        marked = {entry.uid for entry in self.entries if entry.deleted}
        self.entries = Maildrop(self._store.messages(self._user)).entries
        for entry in self.entries:
            entry.deleted = entry.uid in marked


@mutant("msgnum_shifts_in_session", breaks=["POP3-GEN-CON-f"], because="shifted", lock="0")
class MsgnumShiftsInSession(Pop3Session):
    """Numbers messages anew whenever another session has removed some."""

    def open_maildrop(self) -> Maildrop:
        return _Living(self.store.messages(self.user), self.store, self.user)


@mutant("new_mail_changes_numbers", breaks=["POP3-GEN-CON-g"], because="before a delivery")
class NewMailChangesNumbers(Pop3Session):
    """Counts what has arrived since."""

    def open_maildrop(self) -> Maildrop:
        return _Living(self.store.messages(self.user), self.store, self.user)

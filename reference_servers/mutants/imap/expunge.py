"""Mutants of EXPUNGE: what goes, and who is told when, is wrong in one way each."""

from __future__ import annotations

from dataclasses import replace

from pytest_netconform.reference_servers.imap import COMMANDS, Done, ImapSession, Scanner, State
from pytest_netconform.reference_servers.mutants.mutant import mutant


@mutant("close_sends_expunge", breaks=["IMAP-9051-6.4.1-a"], because="no EXPUNGE in answer to CLOSE")
class CloseSendsExpunge(ImapSession):
    """Tells what it removes, also where nobody looks any more."""

    def remove_silently(self, uids: list[int]) -> None:
        self.expunge(uids)


@mutant("close_keeps_deleted", breaks=["IMAP-9051-6.4.1-a"], because="* 1 EXISTS after CLOSE")
class CloseKeepsDeleted(ImapSession):
    """Leaves, and leaves all behind."""

    def expunges_at_close(self) -> bool:
        return False


@mutant("unselect_expunges", breaks=["IMAP-3691-2-a"], because="* 2 EXISTS after UNSELECT")
class UnselectExpunges(ImapSession):
    """Takes UNSELECT for CLOSE."""

    def answer_unselect(self, arguments: Scanner) -> Done:
        return self.answer_close(arguments)


@mutant("unselect_of_nothing", breaks=["IMAP-3691-2-a"], because=" OK")
class UnselectOfNothing(ImapSession):
    """Leaves what it has not entered."""

    commands = {
        **COMMANDS,
        "UNSELECT": replace(COMMANDS["UNSELECT"], states=frozenset({State.AUTHENTICATED, State.SELECTED})),
    }


@mutant("expunge_not_renumbered", breaks=["IMAP-9051-6.4.3-a"], because="is obeyed")
class ExpungeNotRenumbered(ImapSession):
    """Counts in the numbers from before all of them."""

    def expunge_numbers(self, places: list[int]) -> list[int]:
        return [place + 1 for place in places]


@mutant("expunge_forgets_one", breaks=["IMAP-9051-6.4.3-a"], because="when each EXPUNGE is obeyed")
class ExpungeForgetsOne(ImapSession):
    """Has told enough when it has told most of it."""

    def expunge_numbers(self, places: list[int]) -> list[int]:
        return super().expunge_numbers(places)[:-1]


@mutant("uid_expunge_all", breaks=["IMAP-4315-3-a"], because="EXPUNGE of 2 alone")
class UidExpungeAll(ImapSession):
    """Removes what is marked, whichever was meant."""

    def may_expunge(self, uid: int, chosen: set[int] | None) -> bool:
        return True


@mutant("uid_expunge_unmarked", breaks=["IMAP-4315-3-a"], because="EXPUNGE of 2 alone")
class UidExpungeUnmarked(ImapSession):
    """Removes what was named, marked or not."""

    def marked(self) -> list[int]:
        return list(self.seen.uids) if self.by_uid else super().marked()


@mutant("expunge_during_fetch", breaks=["IMAP-9051-7.5.1-a"], because="no EXPUNGE in answer to FETCH")
class ExpungeDuringFetch(ImapSession):
    """Tells whatever it knows, whenever it is asked for something."""

    def may_tell_expunges(self) -> bool:
        return True


@mutant("silent_renumber_across_sessions", breaks=["IMAP-9051-7.5.1-a"], because="numbers that mean the UIDs")
class SilentRenumberAcrossSessions(ImapSession):
    """Counts what is there, whatever the client knows of it."""

    def report_changes(self) -> None:
        if self.view is not None:
            self.view.drop([uid for uid in self.view.uids if self.view.gone(uid)])
        super().report_changes()


@mutant("expunge_never_sent", breaks=["IMAP-9051-7.5.1-b"], because="nothing of it within 30 s")
class ExpungeNeverSent(ImapSession):
    """Keeps what has gone from those who look."""

    def report_expunges(self) -> None:
        """Nobody has noticed."""


@mutant("expunge_of_the_first", breaks=["IMAP-9051-7.5.1-b"], because="EXPUNGE of 2")
class ExpungeOfTheFirst(ImapSession):
    """Counts from 0 what others remove."""

    def expunge_numbers(self, places: list[int]) -> list[int]:
        return places if self.verb == "NOOP" else super().expunge_numbers(places)


@mutant("expunge_unsolicited", breaks=["IMAP-9051-7.5.1-c"], because="no EXPUNGE while nothing was asked")
class ExpungeUnsolicited(ImapSession):
    """Listens for changes as in IDLE, and tells them at once."""

    def finish(self, done: Done) -> None:
        super().finish(done)
        self.verb = ""
        if self.view is not None and self.unwatch is None:
            self.watch()

"""Mutants of states: what is in order when, and how a session ends, is wrong in one way each."""

from __future__ import annotations

from dataclasses import replace

from pytest_netconform.reference_servers.imap import COMMANDS, Bad, Done, ImapSession, Scanner, State
from pytest_netconform.reference_servers.mutants.mutant import mutant

ANY = frozenset(State)
USER = frozenset({State.AUTHENTICATED, State.SELECTED})


@mutant("fetch_without_select", breaks=["IMAP-9051-3-a"], because=" OK")
class FetchWithoutSelect(ImapSession):
    """Finds nothing to fetch where nothing is selected, and is content with that."""

    commands = {**COMMANDS, "FETCH": replace(COMMANDS["FETCH"], states=USER)}

    def answer_fetch(self, arguments: Scanner) -> Done:
        return Done("Nothing there") if self.view is None else super().answer_fetch(arguments)


@mutant("select_before_login", breaks=["IMAP-9051-3-a"], because=" OK")
class SelectBeforeLogin(ImapSession):
    """Selects for anybody."""

    commands = {**COMMANDS, "SELECT": replace(COMMANDS["SELECT"], states=ANY)}

    def answer_select(self, arguments: Scanner) -> Done:
        return super().answer_select(arguments) if self.user else Done("Selected", "READ-ONLY")


@mutant("list_tells_strangers", breaks=["IMAP-9051-3-a"], because="* LIST")
class ListTellsStrangers(ImapSession):
    """Refuses strangers, when they have seen everything."""

    def wrong_state(self) -> None:
        if not self.user and self.verb == "LIST":
            self.untagged('LIST () "/" INBOX')
        super().wrong_state()


@mutant("second_login_ok", breaks=["IMAP-9051-3-a"], because=" OK")
class SecondLoginOk(ImapSession):
    """Lets in who is in."""

    commands = {**COMMANDS, "LOGIN": replace(COMMANDS["LOGIN"], states=ANY)}


@mutant("starttls_behind_login", breaks=["IMAP-9051-3-a"], because=" OK")
class StarttlsBehindLogin(ImapSession):
    """Promises TLS to who is logged in, some other day."""

    def answer_starttls(self, arguments: Scanner) -> None:
        if self.user:
            self.finish(Done("Begin TLS tomorrow"))
        else:
            super().answer_starttls(arguments)


@mutant("capability_without_rev", breaks=["IMAP-9051-6.1.1-a"], because="IMAP4rev1 or IMAP4rev2")
class CapabilityWithoutRev(ImapSession):
    """Forgets what goes without saying."""

    def capabilities(self) -> list[str]:
        return [name for name in super().capabilities() if not name.startswith("IMAP4")]


@mutant("capability_lies", breaks=["IMAP-9051-6.1.1-b"], because="BAD")
class CapabilityLies(ImapSession):
    """Lists UNSELECT, and has never heard of it."""

    def unknown_verb(self) -> None:
        if self.verb == "UNSELECT":
            raise Bad("Unknown command UNSELECT")
        super().unknown_verb()


@mutant("idle_lies", breaks=["IMAP-9051-6.1.1-b"], because="BAD")
class IdleLies(ImapSession):
    """Lists IDLE, and wants a mailbox for it, as pymap does."""

    def wrong_state(self) -> None:
        if self.verb == "IDLE" and self.view is None:
            raise Bad("Select a mailbox first")
        super().wrong_state()


@mutant("exists_never_updated", breaks=["IMAP-9051-6.1.2-a"], because="nothing of it within 30 s")
class ExistsNeverUpdated(ImapSession):
    """Is not interested in what others do."""

    def report_changes(self) -> None:
        """Nothing has changed."""


@mutant("logout_without_bye", breaks=["IMAP-9051-6.1.3-a"], because="* BYE before the tagged OK")
class LogoutWithoutBye(ImapSession):
    """Is done without a farewell."""

    def say_goodbye(self) -> None:
        self.send_tagged(b"OK", "Done")


@mutant("logout_ok_first", breaks=["IMAP-9051-6.1.3-a"], because="* BYE before the tagged OK")
class LogoutOkFirst(ImapSession):
    """Says its last words behind the last word."""

    def say_goodbye(self) -> None:
        self.send_tagged(b"OK", "Done")
        self.untagged(self.format_status(b"BYE", "Until next time"))


@mutant("logout_stays", breaks=["IMAP-9051-6.1.3-a"], because="still open")
class LogoutStays(ImapSession):
    """Takes its leave, and stays."""

    def answer_logout(self, arguments: Scanner) -> None:
        arguments.end()
        self.say_goodbye()


@mutant("closes_without_bye", breaks=["IMAP-9051-3.4-a"], because="a close without a word")
class ClosesWithoutBye(ImapSession):
    """Has had enough, and says nothing."""

    def on_idle(self) -> None:
        self.close()


@mutant("idle_timeout_60", breaks=["IMAP-9051-5.4-a"], because="NOOP (the session goes on)")
class IdleTimeout60(ImapSession):
    """Gives a user one minute."""

    def idle_limit(self) -> float | None:
        return 60.0

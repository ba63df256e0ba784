"""Mutants of ENABLE, NAMESPACE and ID."""

from __future__ import annotations

from dataclasses import replace

from pytest_netconform.reference_servers.imap import COMMANDS, Bad, Done, ImapSession, Scanner, State
from pytest_netconform.reference_servers.mutants.mutant import mutant


@mutant("enable_unknown_bad", breaks=["IMAP-5161-3.1-a"], because="BAD")
class EnableUnknownBad(ImapSession):
    """Wants to know everything that it is to enable."""

    def can_enable(self, name: str) -> bool:
        if not super().can_enable(name):
            raise Bad(f"Cannot enable {name}")
        return True


@mutant("enable_says_everything", breaks=["IMAP-5161-3.1-a"], because="X-NC-BOGUS")
class EnableSaysEverything(ImapSession):
    """Repeats what it has heard."""

    def can_enable(self, name: str) -> bool:
        return True


@mutant("enable_says_nothing", breaks=["IMAP-5161-3.1-a"], because="* ENABLED")
class EnableSaysNothing(ImapSession):
    """Does it, and does not say so."""

    def untagged(self, text: bytes | str) -> None:
        if self.verb != "ENABLE":
            super().untagged(text)


@mutant("enable_changes_capability", breaks=["IMAP-5161-3.1-a"], because="the same capabilities as before")
class EnableChangesCapability(ImapSession):
    """Offers no more what is on."""

    def capabilities(self) -> list[str]:
        return [name for name in super().capabilities() if name not in self.enabled]


@mutant("enable_before_login_ok", breaks=["IMAP-5161-3.1-b"], because="OK before a login")
class EnableBeforeLoginOk(ImapSession):
    """Enables for anybody."""

    commands = {**COMMANDS, "ENABLE": replace(COMMANDS["ENABLE"], states=frozenset(State))}


@mutant("enable_selected_refused", breaks=["IMAP-5161-3.1-b"], because="BAD in a mailbox")
class EnableSelectedRefused(ImapSession):
    """Looks where it is."""

    commands = {**COMMANDS, "ENABLE": replace(COMMANDS["ENABLE"], states=frozenset({State.AUTHENTICATED}))}


@mutant("namespace_two_parts", breaks=["IMAP-2342-5-a"], because="of three parts")
class NamespaceTwoParts(ImapSession):
    """Leaves out what nobody has."""

    def namespaces(self) -> list[str]:
        return super().namespaces()[:2]


@mutant("namespace_bare", breaks=["IMAP-2342-5-a"], because="of three parts")
class NamespaceBare(ImapSession):
    """Saves the outer parentheses of a list of one."""

    def namespaces(self) -> list[str]:
        return [part.replace("((", "(").replace("))", ")") for part in super().namespaces()]


@mutant("namespace_other_delimiter", breaks=["IMAP-2342-5-a"], because="the delimiter of the namespace")
class NamespaceOtherDelimiter(ImapSession):
    """Tells the delimiter of its files."""

    def namespaces(self) -> list[str]:
        return [part.replace('"/"', '"."') for part in super().namespaces()]


@mutant("id_reply_missing", breaks=["IMAP-2971-3-a"], because="one ID response")
class IdReplyMissing(ImapSession):
    """Asks, and does not tell."""

    def tell_identity(self) -> None:
        """It is nobody's business."""


@mutant("id_too_many_fields", breaks=["IMAP-2971-3-a"], because="31 fields")
class IdTooManyFields(ImapSession):
    """Tells everything."""

    def tell_identity(self) -> None:
        self.untagged("ID (" + " ".join(f'"x-{number}" "{number}"' for number in range(31)) + ")")


@mutant("id_field_twice", breaks=["IMAP-2971-3-a"], because="each field once")
class IdFieldTwice(ImapSession):
    """Has two names."""

    def tell_identity(self) -> None:
        self.untagged('ID ("name" "one" "Name" "other")')


@mutant("id_value_too_long", breaks=["IMAP-2971-3-a"], because="values of 1024")
class IdValueTooLong(ImapSession):
    """Has a long name."""

    def tell_identity(self) -> None:
        self.untagged(b'ID ("name" ' + self.string(b"x" * 1025) + b")")


@mutant("id_excess_closes", breaks=["IMAP-2971-3-a"], because="BYE")
class IdExcessCloses(ImapSession):
    """Does not talk to the talkative."""

    def answer_id(self, arguments: Scanner) -> Done:
        try:
            return super().answer_id(arguments)
        except Bad:
            self.bye("Too much")
            raise

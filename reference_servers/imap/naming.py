"""Names of mailboxes in commands and responses, and the mailboxes behind them (RFC 9051 5.1, RFC 3501 5.1.3)."""

from __future__ import annotations

from datetime import datetime

from pytest_netconform.reference_servers.imap import names
from pytest_netconform.reference_servers.imap.core import ImapCore
from pytest_netconform.reference_servers.imap.scanner import No, Scanner
from pytest_netconform.reference_servers.mailboxes import DELIMITER, Mailbox


class Naming(ImapCore):
    """What names mean."""

    saved: list[int]  # the uids of the saved search (RFC 9051 6.4.4.1)

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self.saved = []

    def date(self) -> datetime:
        """Now, as a date."""
        return self.config.date(self.now)

    def read_name(self, arguments: Scanner) -> str:
        """A mailbox's name."""
        return self.normal(self.decode_name(arguments.astring("a mailbox")))

    def decode_name(self, text: bytes) -> str:
        """A name as the client writes it: modified UTF-7, or UTF-8 once that was enabled."""
        try:
            return names.from_utf8(text) if self.rev2() else names.from_utf7(text)
        except names.BadName as problem:
            raise No(f"Bad name: {problem}", "CANNOT") from None

    def encode_name(self, name: str) -> bytes:
        """A name as the client reads it."""
        return name.encode("utf-8", "replace") if self.rev2() else names.to_utf7(name)

    def normal(self, name: str) -> str:
        """INBOX is INBOX in any case."""
        return names.normal(name)

    def check_new_name(self, name: str) -> None:
        """What a new mailbox may be called."""
        try:
            names.check(name)
        except names.BadName as problem:
            raise No(f"Bad name: {problem}", "CANNOT") from None

    def name_matches(self, pattern: str, name: str) -> bool:
        """Whether a pattern with wildcards means a name (RFC 9051 6.3.9)."""
        return names.matches(pattern, name)

    def format_name(self, name: str) -> bytes:
        """A name in a response: a string, in quotes where that can be."""
        text = self.encode_name(name)
        if self.rev2() and not text.isascii() and self.can_be_quoted(text.decode().encode("ascii", "replace")):
            return self.quoted(text)
        return self.string(text)

    def mailbox_of(self, name: str) -> Mailbox:
        """The mailbox of a name, with what arrived meanwhile; raises NoSuchMailbox."""
        mailbox = self.account.find(name)
        mailbox.refresh(self.date())
        return mailbox

    def list_line(self, name: str, chosen: frozenset[str]) -> bytes:
        """A LIST response for one name."""
        attributes = " ".join(self.attributes(name, chosen))
        return f'LIST ({attributes}) "{DELIMITER}" '.encode() + self.format_name(name)

    def attributes(self, name: str, chosen: frozenset[str]) -> list[str]:
        """What is said of a name (RFC 9051 7.3.1); chosen: the options behind RETURN, and those before the pattern."""
        found = []
        if name not in self.account.mailboxes:
            found.append("\\NonExistent")
        elif self.account.mailboxes[name] is None:
            found.append("\\Noselect")
        if name in self.account.mailboxes:
            found.append(self.children_attribute(name))
        if "SUBSCRIBED" in chosen and name in self.account.subscribed:
            found.append("\\Subscribed")
        mailbox = self.account.mailboxes.get(name)
        return found + sorted(mailbox.uses if mailbox is not None else ())

    def children_attribute(self, name: str) -> str:
        """Whether there are names below (RFC 5258 4)."""
        return "\\HasChildren" if self.account.below(name) else "\\HasNoChildren"

"""Mutants of security: names are paths, messages write responses, and mail is everybody's, in one way each."""

from __future__ import annotations

from email.header import decode_header, make_header

from pytest_netconform.reference_servers.imap import ImapSession, Refusal
from pytest_netconform.reference_servers.imap.scanner import No
from pytest_netconform.reference_servers.mailboxes import Account
from pytest_netconform.reference_servers.mutants.mutant import mutant


@mutant("path_traversal_mailbox", breaks=["IMAP-GEN-SEC-a"], because="the name in LIST")
class PathTraversalMailbox(ImapSession):
    """Makes a mailbox wherever the path leads."""

    def check_new_name(self, name: str) -> None:
        if ".." not in name:
            super().check_new_name(name)

    def create(self, name: str, uses: frozenset[str] = frozenset()) -> None:
        if ".." not in name:
            super().create(name, uses)


@mutant("opens_any_file", breaks=["IMAP-GEN-SEC-a"], because=" OK")
class OpensAnyFile(ImapSession):
    """Opens what there is, and shows that it is no mailbox."""

    def open_mailbox(self, name: str, read_only: bool) -> None:
        super().open_mailbox("INBOX" if name.endswith("/etc/passwd") else name, read_only)


@mutant("lists_directories", breaks=["IMAP-GEN-SEC-a"], because="no names that begin")
class ListsDirectories(ImapSession):
    """Looks for mailboxes where it is told to."""

    def from_reference(self, reference: str, pattern: str) -> str:
        if reference.startswith(("/", "../")):
            self.untagged(f'LIST () "/" {reference}passwd')
        return super().from_reference(reference, pattern)


@mutant("envelope_crlf_injection", breaks=["IMAP-GEN-SEC-b"], because="no response that stood in a message")
class EnvelopeCrlfInjection(ImapSession):
    """Decodes what it shows, and puts quotes around it."""

    def envelope_text(self, value: bytes | None) -> bytes | None:
        return None if value is None else str(make_header(decode_header(value.decode("latin-1")))).encode()

    def can_be_quoted(self, text: bytes) -> bool:
        return True


@mutant("quoted_8bit", breaks=["IMAP-GEN-SEC-b"], because="responses by the grammar", without="IMAP4REV2")
class Quoted8bit(ImapSession):
    """Puts quotes around everything."""

    def can_be_quoted(self, text: bytes) -> bool:
        return True


@mutant("other_user_readable", breaks=["IMAP-GEN-SEC-c"], because=" OK")
class OtherUserReadable(ImapSession):
    """Has one tree of mailboxes for all."""

    def account_of(self, name: str) -> Account:
        return self.mailboxes.account(next(iter(self.config.passwords)))


@mutant("other_user_revealed", breaks=["IMAP-GEN-SEC-c"], because="not yours")
class OtherUserRevealed(ImapSession):
    """Knows the difference between nothing and nothing for you."""

    def no_such_mailbox(self) -> Refusal:
        everybodys = {name for user in self.config.passwords for name in self.mailboxes.account(user).mailboxes}
        asked = bytes(self.outside).decode("latin-1")
        return No("That is not yours") if any(n.startswith("nc-") and n in asked for n in everybodys) else No("No")

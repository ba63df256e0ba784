"""STORE, COPY and MOVE: what a client changes (RFC 9051 6.4.6 to 6.4.8; RFC 7162 3.1.3; RFC 6851)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pytest_netconform.reference_servers.imap.append import Append, Draft
from pytest_netconform.reference_servers.imap.core import Done
from pytest_netconform.reference_servers.imap.scanner import No, Scanner
from pytest_netconform.reference_servers.imap.sets import ranged
from pytest_netconform.reference_servers.imap.view import Entry
from pytest_netconform.reference_servers.mailboxes import Mailbox, Message

_STORE_ITEM = re.compile(rb"([+-]?)FLAGS(\.SILENT)?(?= )", re.IGNORECASE)


@dataclass(frozen=True)
class Marking:
    """What STORE does: sign is `+`, `-` or nothing. unchanged_since: only to messages that changed no later."""

    sign: str
    flags: frozenset[str]
    silent: bool
    unchanged_since: int | None = None


class Changes(Append):
    """Flags, and messages that go elsewhere."""

    # store = "STORE" SP sequence-set [SP store-modifiers] SP store-att-flags   (RFC 9051 9, RFC 7162 7)
    def answer_store(self, arguments: Scanner) -> Done:
        """Flags of messages change (RFC 9051 6.4.6)."""
        arguments.space()
        entries = self.read_entries(arguments)
        arguments.space()
        marking = self.read_marking(arguments)
        arguments.end()
        self.check_writable()
        self.seen.mailbox.refresh(self.date())
        modified = [entry for entry in entries if self.is_modified(entry.message, marking)]
        left = {entry.uid for entry in modified}
        self.store_all([entry for entry in entries if entry.uid not in left], marking)
        return Done("Stored", self.modified_code(modified))

    def read_marking(self, arguments: Scanner) -> Marking:
        """`(UNCHANGEDSINCE n) +FLAGS.SILENT (flags)`."""
        unchanged_since = None
        if arguments.follows(b"(") and self.config.has("CONDSTORE"):
            arguments.expect(b"(UNCHANGEDSINCE ", "UNCHANGEDSINCE")
            unchanged_since = arguments.number64("a mod-sequence")
            arguments.expect(b")")
            arguments.space()
            self.enabled.add("CONDSTORE")
        found = arguments.match(_STORE_ITEM, "FLAGS")
        arguments.space()
        flags = self.read_flags(self.read_store_flags(arguments))
        return Marking(found.group(1).decode(), flags, bool(found.group(2)), unchanged_since)

    def read_store_flags(self, arguments: Scanner) -> list[bytes]:
        """Flags in parentheses, or without them (RFC 9051 9, store-att-flags)."""
        if arguments.follows(b"("):
            return arguments.flags()
        flags = [arguments.flag()]
        while not arguments.at_end():
            arguments.space()
            flags.append(arguments.flag())
        return flags

    def is_modified(self, message: Message, marking: Marking) -> bool:
        """Whether a message changed later than the client allows for (RFC 7162 3.1.3)."""
        return marking.unchanged_since is not None and message.modseq > marking.unchanged_since

    def store_all(self, entries: list[Entry], marking: Marking) -> None:
        """Mark messages; those that went meanwhile cannot be (RFC 9051 7.1, EXPUNGEISSUED)."""
        for entry in entries:
            if not self.seen.gone(entry.uid):
                self.store(entry, marking)
        if any(self.seen.gone(entry.uid) for entry in entries):
            raise No("Some of the messages are gone", "EXPUNGEISSUED")

    def store(self, entry: Entry, marking: Marking) -> None:
        """Mark a message, and say how it stands now, unless that was asked not to be said."""
        message = entry.message
        before = message.modseq
        self.set_flags(message, self.new_flags(message.flags, marking))
        self.seen.known[message.uid] = message.modseq
        if not marking.silent or (self.condstore() and message.modseq != before):
            self.tell_stored(entry, marking)

    def set_flags(self, message: Message, flags: frozenset[str]) -> None:
        """The flags are kept."""
        self.seen.mailbox.set_flags(message, flags)

    def new_flags(self, flags: frozenset[str], marking: Marking) -> frozenset[str]:
        """What a message's flags become."""
        if marking.sign == "+":
            return flags | marking.flags
        return flags - marking.flags if marking.sign == "-" else marking.flags

    def tell_stored(self, entry: Entry, marking: Marking) -> None:
        """A FETCH with the flags; where they are not wanted, with the mod-sequence (RFC 7162 3.1.3)."""
        if not marking.silent:
            self.report_keywords()
            self.tell_flags(entry.message, uid=self.by_uid)
            return
        uid = f"UID {entry.uid} " if self.by_uid or self.qresync() or self.rev2() else ""
        self.untagged(f"{entry.number} FETCH ({uid}MODSEQ ({entry.message.modseq}))")

    def modified_code(self, modified: list[Entry]) -> str:
        """The messages that were left as they are."""
        numbers = [entry.uid if self.by_uid else entry.number for entry in modified]
        return f"MODIFIED {ranged(numbers)}" if numbers else ""

    # COPY and MOVE

    def answer_copy(self, arguments: Scanner) -> Done:
        """Messages into another mailbox, all or none (RFC 9051 6.4.7)."""
        entries, name = self.read_journey(arguments)
        mailbox = self.target(name)
        return Done("Copied", self.copy_code(mailbox, entries, self.copy(entries, mailbox)))

    def read_journey(self, arguments: Scanner) -> tuple[list[Entry], str]:
        """Which messages go where."""
        arguments.space()
        entries = self.read_entries(arguments)
        arguments.space()
        name = self.read_name(arguments)
        arguments.end()
        return entries, name

    def copy(self, entries: list[Entry], mailbox: Mailbox) -> list[Message]:
        """The copies: octets, flags and dates are the same."""
        return self.keep_all(mailbox, [self.copy_of(entry.message) for entry in entries])

    def copy_of(self, message: Message) -> Draft:
        """What is copied of a message."""
        return Draft(message.flags, message.date, message.content)

    def copy_code(self, mailbox: Mailbox, entries: list[Entry], copies: list[Message]) -> str:
        """Which message became which (RFC 9051 7.1, COPYUID)."""
        if not copies or not self.config.has("UIDPLUS"):
            return ""
        source = ranged(entry.uid for entry in entries)
        return f"COPYUID {self.uidvalidity(mailbox)} {source} {ranged(copy.uid for copy in copies)}"

    def answer_move(self, arguments: Scanner) -> Done:
        """The same, and they go from here; nothing is lost if it fails (RFC 9051 6.4.8)."""
        entries, name = self.read_journey(arguments)
        self.check_writable()
        self.check_move(name)
        mailbox = self.target(name)
        self.move([entry for entry in entries if not self.seen.gone(entry.uid)], mailbox)
        return Done("Moved", self.highest_modseq() if self.qresync() else "")

    def check_move(self, name: str) -> None:
        """Not to where they are."""
        if name == self.seen.name:
            raise No("They are there already", "CANNOT")

    def move(self, entries: list[Entry], mailbox: Mailbox) -> None:
        """The copies are told before the expunges, so that a client knows where its messages are."""
        code = self.copy_code(mailbox, entries, self.copy(entries, mailbox))
        if code:
            self.untagged(self.format_status(b"OK", "There they are", code))
        self.expunge(self.moved_away(entries))

    def moved_away(self, entries: list[Entry]) -> list[int]:
        """The uids that go from here: of those messages and no others."""
        return [entry.uid for entry in entries]

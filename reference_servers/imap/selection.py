"""A mailbox in view: SELECT, EXAMINE, CLOSE, UNSELECT, CHECK, EXPUNGE, IDLE, and what others have changed meanwhile.

RFC 9051 5.2, 6.3.2, 6.3.3, 6.3.13, 6.4.1 to 6.4.3, 7.5.1; RFC 7162 3.1, 3.2.
"""

from __future__ import annotations

from dataclasses import dataclass

from pytest_netconform.reference_servers.imap.access import Access
from pytest_netconform.reference_servers.imap.core import Done
from pytest_netconform.reference_servers.imap.scanner import Bad, No, Ranges, Scanner
from pytest_netconform.reference_servers.imap.sets import Sets, inside, ranged
from pytest_netconform.reference_servers.imap.view import View
from pytest_netconform.reference_servers.mailboxes import Mailbox, Message

SYSTEM_FLAGS = ("\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft")


@dataclass(frozen=True)
class Resync:
    """What a client knows of a mailbox from earlier (RFC 7162 3.2.5): UIDVALIDITY, mod-sequence, uids."""

    uidvalidity: int
    modseq: int
    uids: Ranges | None


class Selection(Sets, Access):
    """From SELECT to CLOSE."""

    # SELECT and EXAMINE

    def answer_select(self, arguments: Scanner) -> Done:
        """Open a mailbox to be read and changed (RFC 9051 6.3.2)."""
        return self.select(arguments, read_only=False)

    def answer_examine(self, arguments: Scanner) -> Done:
        """Open a mailbox to be read (RFC 9051 6.3.3)."""
        return self.select(arguments, read_only=True)

    def select(self, arguments: Scanner, read_only: bool) -> Done:
        """Look at a mailbox. The one that was selected is not any more, even if this one is not there."""
        arguments.space()
        name = self.read_name(arguments)
        resync = self.read_select_parameters(arguments)
        arguments.end()
        self.deselect()
        self.open_mailbox(name, read_only)
        self.describe(resync)
        return Done("Here it is", "READ-ONLY" if self.is_read_only() else "READ-WRITE", quiet=True)

    def is_read_only(self) -> bool:
        """Whether what is selected may only be read."""
        return self.seen.read_only

    # select-param = "CONDSTORE" / "QRESYNC" SP "(" uidvalidity SP mod-sequence-value [SP known-uids]
    #                [SP seq-match-data] ")"   (RFC 7162 7)
    def read_select_parameters(self, arguments: Scanner) -> Resync | None:
        """What stands behind the name."""
        if arguments.at_end() or not self.config.has("CONDSTORE"):
            return None
        arguments.space()
        found = [item for item in arguments.listed(lambda: self.read_select_parameter(arguments)) if item is not None]
        return found[0] if found else None

    def read_select_parameter(self, arguments: Scanner) -> Resync | None:
        """One of them."""
        name = arguments.word("a parameter")
        if name == "CONDSTORE":
            self.enabled.add("CONDSTORE")
            return None
        if name != "QRESYNC" or not self.config.has("QRESYNC"):
            raise Bad(f"Unknown parameter {name}")
        self.check_qresync("QRESYNC")
        arguments.space()
        return self.read_resync(arguments)

    def check_qresync(self, what: str) -> None:
        """Only a client that said ENABLE QRESYNC may use it (RFC 7162 3.2.5, 3.2.6)."""
        if not self.qresync():
            raise Bad(f"{what} wants ENABLE QRESYNC first")

    def read_resync(self, arguments: Scanner) -> Resync:
        """What the client knows."""
        arguments.expect(b"(", "an opening parenthesis")
        uidvalidity = arguments.number("a UIDVALIDITY")
        arguments.space()
        modseq = arguments.number64("a mod-sequence")
        uids = None
        if arguments.take(b" ") and not arguments.follows(b"("):
            uids = arguments.sequence()
            if not arguments.take(b" "):
                arguments.expect(b")")
                return Resync(uidvalidity, modseq, uids)
        if arguments.follows(b"("):
            self.read_match_data(arguments)
        arguments.expect(b")")
        return Resync(uidvalidity, modseq, uids)

    def read_match_data(self, arguments: Scanner) -> None:
        """Numbers and uids that the client once knew; this server remembers every expunge and needs them not."""
        arguments.expect(b"(")
        arguments.sequence()
        arguments.space()
        arguments.sequence()
        arguments.expect(b")")

    def deselect(self) -> None:
        """Nothing is selected any more."""
        self.saved = []
        if self.view is not None:
            self.leave()
            if self.rev2() or self.qresync():
                self.say_closed()

    def say_closed(self) -> None:
        """What comes from here on is of the next mailbox (RFC 9051 7.1)."""
        self.untagged(b"OK [CLOSED] The mailbox before is closed")

    def open_mailbox(self, name: str, read_only: bool) -> None:
        """The mailbox comes into view."""
        mailbox = self.mailbox_of(name)
        self.view = View(name, mailbox, read_only)
        self.claim_recent(self.view.uids)

    def claim_recent(self, uids: list[int]) -> None:
        """Messages that were announced to nobody are recent here, and nowhere again (RFC 3501 2.3.2)."""
        mailbox = self.seen.mailbox
        self.seen.recent |= {uid for uid in uids if uid >= mailbox.recent_from}
        if not self.seen.read_only:
            mailbox.recent_from = max(mailbox.recent_from, mailbox.uidnext)

    def describe(self, resync: Resync | None) -> None:
        """What a client must know of the mailbox (RFC 9051 6.3.2, RFC 3501 6.3.1)."""
        view = self.seen
        self.untagged(f"FLAGS ({' '.join(self.flags_in_use())})")
        self.untagged(f"OK [PERMANENTFLAGS ({' '.join(self.permanent_flags())})] Those are kept")
        self.untagged(f"{len(view)} EXISTS")
        self.tell_recent()
        self.tell_first_unseen()
        self.tell_uidvalidity()
        self.untagged(f"OK [UIDNEXT {self.uidnext(view.mailbox)}] The next uid")
        self.tell_modseq()
        if self.rev2():
            self.untagged(self.list_line(view.name, frozenset()))
        if resync is not None:
            self.resync(resync)

    def tell_uidvalidity(self) -> None:
        """Whether uids from earlier are still good."""
        self.untagged(f"OK [UIDVALIDITY {self.uidvalidity(self.seen.mailbox)}] The uids are good")

    def tell_modseq(self) -> None:
        """The latest change; told whether or not the client asked for mod-sequences (RFC 7162 3.1.2.1)."""
        if self.config.has("CONDSTORE"):
            self.untagged(f"OK [{self.highest_modseq()}] The latest change")

    def uidvalidity(self, mailbox: Mailbox) -> int:
        """What tells that the uids of another session are still good (RFC 9051 2.3.1.1)."""
        return mailbox.uidvalidity

    def uidnext(self, mailbox: Mailbox) -> int:
        """What the next message's uid will be at least."""
        return mailbox.uidnext

    def highest_modseq(self) -> str:
        """The response code (RFC 7162 3.1.2.1)."""
        return f"HIGHESTMODSEQ {self.seen.mailbox.highest_modseq}"

    def flags_in_use(self) -> list[str]:
        """System flags, and the keywords that there are."""
        return [*SYSTEM_FLAGS, *self.seen.mailbox.keywords]

    def permanent_flags(self) -> list[str]:
        """What this client may change for good; `\\*`: keywords of his own (RFC 9051 7.1)."""
        own = ["\\*"] if self.config.has("KEYWORDS") else []
        return [] if self.seen.read_only else [*self.flags_in_use(), *own]

    def tell_recent(self) -> None:
        """How many are recent; gone in RFC 9051."""
        if not self.rev2():
            self.untagged(f"{len(self.seen.recent)} RECENT")

    def tell_first_unseen(self) -> None:
        """The first message without \\Seen; gone in RFC 9051."""
        if not self.rev2():
            first = next((entry for entry in self.seen.entries() if "\\Seen" not in entry.message.flags), None)
            if first is not None:
                self.untagged(f"OK [UNSEEN {first.number}] The first that was not read")

    def resync(self, resync: Resync) -> None:
        """What went and what changed since the client looked last (RFC 7162 3.2.5.1)."""
        if not self.still_valid(resync):
            return
        known = None if resync.uids is None else set(self.uids_in(resync.uids))
        gone = self.vanished_since(resync)
        self.tell_vanished(gone, earlier=True)
        for message in self.seen.mailbox.changed_since(resync.modseq):
            if known is None or message.uid in known:
                self.tell_flags(message)

    def still_valid(self, resync: Resync) -> bool:
        """Whether the client's uids mean anything here."""
        return resync.uidvalidity == self.seen.mailbox.uidvalidity

    def vanished_since(self, resync: Resync) -> list[int]:
        """The uids that went, of those that the client knows."""
        gone = self.seen.mailbox.expunged_since(resync.modseq)
        return gone if resync.uids is None else [uid for uid in gone if inside(uid, resync.uids)]

    def tell_vanished(self, uids: list[int], earlier: bool = False) -> None:
        """VANISHED (RFC 7162 3.2.10)."""
        if uids:
            self.untagged(f"VANISHED {'(EARLIER) ' if earlier else ''}{ranged(uids)}")

    # the end of a selection

    def answer_check(self, arguments: Scanner) -> Done:
        """Nothing to do: what is changed is kept (RFC 3501 6.4.1). Gone in RFC 9051, and served all the same."""
        arguments.end()
        return Done("Checked")

    def answer_close(self, arguments: Scanner) -> Done:
        """What is marked goes without a word, and nothing is selected any more (RFC 9051 6.4.1)."""
        arguments.end()
        if self.expunges_at_close():
            self.remove_silently(self.marked())
        self.leave()
        return Done("Closed")

    def expunges_at_close(self) -> bool:
        """Not where the mailbox was opened to be read."""
        return not self.seen.read_only

    def remove_silently(self, uids: list[int]) -> None:
        """Messages go, and this client is not told."""
        for uid in uids:
            self.seen.mailbox.expunge(uid)

    def answer_unselect(self, arguments: Scanner) -> Done:
        """Nothing is selected any more, and nothing goes (RFC 9051 6.4.2)."""
        arguments.end()
        self.leave()
        return Done("Unselected")

    # EXPUNGE

    def answer_expunge(self, arguments: Scanner) -> Done:
        """What is marked goes; with UID, of certain messages only (RFC 9051 6.4.3, 6.4.9)."""
        chosen = None
        if self.by_uid:
            arguments.space()
            chosen = set(self.uids_in(self.read_sequence(arguments)))
        arguments.end()
        self.check_writable()
        self.seen.mailbox.refresh(self.date())
        self.expunge([uid for uid in self.marked() if self.may_expunge(uid, chosen)])
        return Done("Gone", self.highest_modseq() if self.qresync() else "")

    def may_expunge(self, uid: int, chosen: set[int] | None) -> bool:
        """Whether UID EXPUNGE means a message."""
        return chosen is None or uid in chosen

    def check_writable(self) -> None:
        """A mailbox that was opened to be read is not changed (RFC 9051 6.3.3)."""
        if self.seen.read_only:
            raise No("The mailbox is open to be read only", "NOPERM")

    def marked(self) -> list[int]:
        """The uids of what is marked \\Deleted."""
        return [uid for uid, message in self.seen.messages.items() if "\\Deleted" in message.flags]

    def expunge(self, uids: list[int]) -> None:
        """Messages go, and the client is told."""
        for uid in uids:
            self.seen.mailbox.expunge(uid)
        self.tell_expunged(uids)

    def tell_expunged(self, uids: list[int]) -> None:
        """Take messages out of view: EXPUNGE for each, or one VANISHED for all (RFC 7162 3.2.10)."""
        places = self.seen.drop(uids)
        if self.qresync():
            self.tell_vanished(sorted(uids))
            return
        for number in self.expunge_numbers(places):
            self.untagged(f"{number} EXPUNGE")

    def expunge_numbers(self, places: list[int]) -> list[int]:
        """The number of each message at the moment when its EXPUNGE is read: those before it have gone already."""
        return [place - gone + 1 for gone, place in enumerate(places)]

    # what others have changed

    def report_changes(self) -> None:
        """Tell what others have changed, expunges only where numbers may change (RFC 9051 5.2, 7.5.1)."""
        if self.view is None:
            return
        self.view.mailbox.refresh(self.date())
        if self.may_tell_expunges():
            self.report_expunges()
        self.report_arrivals()
        self.report_flags()

    def may_tell_expunges(self) -> bool:
        """Not while a command is answered whose sequence numbers must keep their meaning."""
        command = self.commands.get(self.verb)
        return command is None or self.by_uid or not command.numbered

    def report_expunges(self) -> None:
        """What others removed."""
        view = self.seen
        uids = [uid for uid in view.mailbox.expunged_since(view.gone_told) if uid in view.messages]
        view.gone_told = view.mailbox.highest_modseq
        if uids:
            self.tell_expunged(uids)

    def report_arrivals(self) -> None:
        """What arrived."""
        view = self.seen
        before = len(view)
        new = view.arrivals()
        if new:
            self.claim_recent(new)
            view.known |= {uid: view.messages[uid].modseq for uid in new}
            self.tell_exists(before)

    def tell_exists(self, before: int) -> None:
        """How many there are now."""
        self.untagged(f"{len(self.seen)} EXISTS")
        self.tell_recent()

    def report_flags(self) -> None:
        """What others marked."""
        view = self.seen
        changed = view.mailbox.changed_since(view.told)
        view.told = view.mailbox.highest_modseq
        known, view.known = view.known, {}
        self.report_keywords()
        for message in changed:
            if message.uid in view.messages and known.get(message.uid) != message.modseq:
                self.tell_flags(message)

    def report_keywords(self) -> None:
        """Keywords that were not there before (RFC 9051 7.3.5)."""
        new = set(self.seen.mailbox.keywords) - self.seen.keywords
        if new:
            self.seen.keywords |= new
            self.untagged(f"FLAGS ({' '.join(self.flags_in_use())})")
            self.untagged(f"OK [PERMANENTFLAGS ({' '.join(self.permanent_flags())})] Those are kept")

    def tell_flags(self, message: Message, uid: bool = False) -> None:
        """A FETCH that nobody asked for, with what the client has enabled (RFC 7162 3.2.4)."""
        items = self.unasked_items(message, uid)
        self.untagged(f"{self.seen.number(message.uid)} FETCH ({' '.join(items)})")

    def unasked_items(self, message: Message, uid: bool) -> list[str]:
        """The items of such a response."""
        items = [f"UID {message.uid}"] if uid or self.qresync() or self.rev2() else []
        items.append(f"FLAGS ({' '.join(self.flags_of(message))})")
        return [*items, f"MODSEQ ({message.modseq})"] if self.condstore() else items

    def flags_of(self, message: Message) -> list[str]:
        """A message's flags as this session sees them."""
        flags = [flag for flag in SYSTEM_FLAGS if flag in message.flags]
        recent = ["\\Recent"] if message.uid in self.seen.recent and not self.rev2() else []
        return [*recent, *flags, *sorted(message.flags - set(SYSTEM_FLAGS))]

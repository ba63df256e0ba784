"""The tree of mailboxes: CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE, LIST, LSUB, NAMESPACE, STATUS.

RFC 9051 6.3.4 to 6.3.11; RFC 3501 6.3.9 (LSUB); RFC 5258, 5819, 6154 and 8438.
"""

from __future__ import annotations

from collections.abc import Iterable

from pytest_netconform.reference_servers.imap.core import Done
from pytest_netconform.reference_servers.imap.scanner import Bad, No, Scanner
from pytest_netconform.reference_servers.imap.selection import Selection
from pytest_netconform.reference_servers.mailboxes import DELIMITER, INBOX, Mailbox, MailboxExists, superiors

KEPT_SUBSCRIPTIONS = 2000
PATTERNS = 20  # of one LIST
SELECTION_OPTIONS = {"SUBSCRIBED": "", "REMOTE": "", "RECURSIVEMATCH": "", "SPECIAL-USE": "SPECIAL-USE"}
RETURN_OPTIONS = {"SUBSCRIBED": "", "CHILDREN": "", "SPECIAL-USE": "SPECIAL-USE", "STATUS": "LIST-STATUS"}
USES = {use.upper(): use for use in ("\\All", "\\Archive", "\\Drafts", "\\Flagged", "\\Junk", "\\Sent", "\\Trash")}

#: the items of STATUS, and the capability that each needs
STATUS_ITEMS = {
    "MESSAGES": "",
    "RECENT": "RECENT",
    "UIDNEXT": "",
    "UIDVALIDITY": "",
    "UNSEEN": "",
    "DELETED": "IMAP4REV2",
    "SIZE": "STATUS=SIZE",
    "HIGHESTMODSEQ": "CONDSTORE",
}


class Folders(Selection):
    """Names, and what is behind them."""

    # CREATE, DELETE, RENAME

    def answer_create(self, arguments: Scanner) -> Done:
        """A new mailbox, and those above it (RFC 9051 6.3.4); its special use (RFC 6154 3)."""
        arguments.space()
        name = self.read_name(arguments)
        uses = self.read_uses(arguments)
        arguments.end()
        self.check_new_name(name.removesuffix(DELIMITER))
        self.create(self.created_name(name), uses)
        return Done("Made")

    def created_name(self, name: str) -> str:
        """A delimiter at the end says that names below will come; it is not part of the name."""
        return name.removesuffix(DELIMITER)

    def create(self, name: str, uses: frozenset[str]) -> None:
        """Make it; raises MailboxExists."""
        self.mailboxes.create(self.account, name, uses)

    def read_uses(self, arguments: Scanner) -> frozenset[str]:
        """`(USE (\\Drafts))`."""
        if arguments.at_end() or not self.config.has("CREATE-SPECIAL-USE"):
            return frozenset()
        arguments.space()
        arguments.expect(b"(USE ", "(USE")
        uses = [flag.decode("ascii").upper() for flag in arguments.listed(arguments.flag, empty=True)]
        arguments.expect(b")")
        if not set(uses) <= set(USES):
            raise No("There is no such use", "USEATTR")
        return frozenset(USES[use] for use in uses)

    def answer_delete(self, arguments: Scanner) -> Done:
        """A mailbox and its messages go; names below it stay (RFC 9051 6.3.5)."""
        arguments.space()
        name = self.read_name(arguments)
        arguments.end()
        self.check_deletable(name)
        self.mailbox_of(name)
        self.delete(name)
        return Done("Gone")

    def check_deletable(self, name: str) -> None:
        """INBOX always stays, and so does a name that is there for those below it alone."""
        if name == INBOX:
            raise No("INBOX stays", "CANNOT")
        if name in self.account.mailboxes and self.account.mailboxes[name] is None:
            raise No("It is there for the names below it", "HASCHILDREN")

    def delete(self, name: str) -> None:
        """Remove it. A subscription is the client's own affair (RFC 9051 6.3.7)."""
        self.mailboxes.delete(self.account, name)

    def answer_rename(self, arguments: Scanner) -> Done:
        """Another name for a mailbox and those below it (RFC 9051 6.3.6)."""
        arguments.space()
        old = self.read_name(arguments)
        arguments.space()
        new = self.created_name(self.read_name(arguments))
        arguments.end()
        self.check_new_name(new)
        if old == INBOX:
            self.rename_inbox(new)
        else:
            self.check_not_below(old, new)
            self.rename(old, new)
        return Done("Renamed")

    def check_not_below(self, old: str, new: str) -> None:
        """A name cannot go below itself."""
        if new.startswith(old + DELIMITER):
            raise No("That would be below itself", "CANNOT")

    def rename(self, old: str, new: str) -> None:
        """Rename it; raises NoSuchMailbox, MailboxExists."""
        self.mailboxes.rename(self.account, old, new)

    def rename_inbox(self, new: str) -> None:
        """INBOX stays, empty, and its messages are in the new mailbox; names below it stay (RFC 9051 6.3.6)."""
        inbox = self.mailbox_of(INBOX)
        if new in self.account.mailboxes:
            raise MailboxExists(new)
        target = self.mailboxes.create(self.account, new)
        for message in list(inbox.messages.values()):
            target.append(message.content, message.flags, message.date)
            inbox.expunge(message.uid)

    # subscriptions

    def answer_subscribe(self, arguments: Scanner) -> Done:
        """A name is of interest, whether or not there is a mailbox (RFC 9051 6.3.7)."""
        arguments.space()
        name = self.read_name(arguments)
        arguments.end()
        self.subscribe(name)
        return Done("Subscribed")

    def subscribe(self, name: str) -> None:
        """Remember it."""
        if len(self.account.subscribed) >= KEPT_SUBSCRIPTIONS:
            raise No("Too many subscriptions", "LIMIT")
        self.check_new_name(name)
        self.account.subscribed[name] = None

    def answer_unsubscribe(self, arguments: Scanner) -> Done:
        """A name is of no interest any more (RFC 9051 6.3.8)."""
        arguments.space()
        name = self.read_name(arguments)
        arguments.end()
        self.unsubscribe(name)
        return Done("Unsubscribed")

    def unsubscribe(self, name: str) -> None:
        """Forget it."""
        self.account.subscribed.pop(name, None)

    # LIST and LSUB

    # list = "LIST" [SP list-select-opts] SP mailbox SP mbox-or-pat [SP list-return-opts]   (RFC 9051 9)
    def answer_list(self, arguments: Scanner) -> Done:
        """Names that fit patterns (RFC 9051 6.3.9)."""
        arguments.space()
        chosen = frozenset(self.read_selection_options(arguments))
        reference = self.decode_name(arguments.astring("a reference name"))
        arguments.space()
        patterns = self.read_patterns(arguments)
        returned, items = self.read_return_options(arguments)
        arguments.end()
        if patterns == [""]:
            self.list_root()
        else:
            self.list_names([self.from_reference(reference, pattern) for pattern in patterns], chosen, returned, items)
        return Done("Those are all")

    def read_selection_options(self, arguments: Scanner) -> list[str]:
        """Options before the reference name (RFC 5258 3)."""
        if not self.config.has("LIST-EXTENDED") or not arguments.follows(b"("):
            return []
        chosen = arguments.listed(lambda: self.read_option(arguments, SELECTION_OPTIONS), empty=True)
        arguments.space()
        self.check_recursive(chosen)
        return chosen

    def check_recursive(self, chosen: list[str]) -> None:
        """RECURSIVEMATCH says something about another option only (RFC 5258 3.1)."""
        if "RECURSIVEMATCH" in chosen and not {"SUBSCRIBED", "SPECIAL-USE"} & set(chosen):
            raise Bad("RECURSIVEMATCH wants another option beside it")

    def read_option(self, arguments: Scanner, known: dict[str, str]) -> str:
        """One option; an unknown one is an error (RFC 5258 3)."""
        option = arguments.word("an option")
        if option not in known or (known[option] and not self.config.has(known[option])):
            raise Bad(f"Unknown option {option}")
        return option

    def read_patterns(self, arguments: Scanner) -> list[str]:
        """One pattern, or several in parentheses."""
        if not self.config.has("LIST-EXTENDED") or not arguments.follows(b"("):
            return [self.decode_pattern(arguments.list_mailbox())]
        found = [self.decode_pattern(text) for text in arguments.listed(arguments.list_mailbox)]
        if len(found) > PATTERNS:
            raise No(f"At most {PATTERNS} patterns", "LIMIT")
        return found

    def decode_pattern(self, text: bytes) -> str:
        """A pattern; what is no name fits none."""
        try:
            return self.decode_name(text)
        except No:
            return "\0"

    def read_return_options(self, arguments: Scanner) -> tuple[frozenset[str], list[str]]:
        """Options behind the patterns, and the items of STATUS (RFC 5258 3, RFC 5819 2)."""
        if arguments.at_end() or not self.config.has("LIST-EXTENDED"):
            return frozenset(), []
        arguments.space()
        arguments.expect(b"RETURN ", "RETURN")
        items: list[str] = []

        def option() -> str:
            found = self.read_option(arguments, RETURN_OPTIONS)
            if found == "STATUS":
                arguments.space()
                items.extend(self.read_status_items(arguments))
            return found

        return frozenset(arguments.listed(option, empty=True)), items

    def from_reference(self, reference: str, pattern: str) -> str:
        """A pattern is taken from its reference name on."""
        return self.normal(reference + pattern)

    def list_root(self) -> None:
        """An empty pattern asks for the delimiter (RFC 9051 6.3.9)."""
        self.untagged(f'LIST (\\Noselect) "{DELIMITER}" ""')

    def list_names(
        self, patterns: list[str], chosen: frozenset[str], returned: frozenset[str], items: list[str]
    ) -> None:
        """A response for each name that fits, in order, and its STATUS where that was asked for."""
        shown = returned | ({"SUBSCRIBED"} if "SUBSCRIBED" in chosen else set())
        for name in self.listed_names(chosen):
            if any(self.name_matches(pattern, name) for pattern in patterns):
                self.untagged(self.list_line(name, shown) + self.child_info(name, patterns, chosen))
                if items and self.has_status(name):
                    self.tell_status(name, items)

    def listed_names(self, chosen: frozenset[str]) -> list[str]:
        """The names among which is looked for."""
        names: Iterable[str] = self.account.mailboxes
        if "SUBSCRIBED" in chosen:
            names = self.account.subscribed
            if "RECURSIVEMATCH" in chosen:
                names = {*names, *(above for name in names for above in superiors(name))}
        if "SPECIAL-USE" in chosen:
            names = [name for name in names if (box := self.account.mailboxes.get(name)) is not None and box.uses]
        return sorted(names, key=lambda name: (name != INBOX, name))

    def child_info(self, name: str, patterns: list[str], chosen: frozenset[str]) -> bytes:
        """Whether names below fit that are not listed themselves (RFC 5258 3.5)."""
        below = [other for other in self.account.subscribed if other.startswith(name + DELIMITER)]
        hidden = any(not any(self.name_matches(pattern, other) for pattern in patterns) for other in below)
        return b' ("CHILDINFO" ("SUBSCRIBED"))' if "RECURSIVEMATCH" in chosen and hidden else b""

    def has_status(self, name: str) -> bool:
        """Whether a name can be selected at all (RFC 5819 2)."""
        return self.account.mailboxes.get(name) is not None

    def answer_lsub(self, arguments: Scanner) -> Done:
        """Names that were subscribed to (RFC 3501 6.3.9)."""
        arguments.space()
        reference = self.decode_name(arguments.astring("a reference name"))
        arguments.space()
        pattern = self.from_reference(reference, self.decode_pattern(arguments.list_mailbox()))
        arguments.end()
        for line in self.lsub_lines(pattern):
            self.untagged(line)
        return Done("Those are all")

    def lsub_lines(self, pattern: str) -> list[bytes]:
        """Subscriptions that fit; behind `%` also the names above others, which can be opened no further."""
        subscribed = sorted(self.account.subscribed)
        names = dict.fromkeys((name for name in subscribed if self.name_matches(pattern, name)), "")
        if pattern.endswith("%"):
            above = (above for name in subscribed for above in superiors(name) if self.name_matches(pattern, above))
            names = {**dict.fromkeys(above, "\\Noselect"), **names}
        return [f'LSUB ({flag}) "{DELIMITER}" '.encode() + self.format_name(name) for name, flag in names.items()]

    # NAMESPACE

    def answer_namespace(self, arguments: Scanner) -> Done:
        """All names are his own; there are no others' and no shared ones (RFC 9051 6.3.10)."""
        arguments.end()
        self.untagged("NAMESPACE " + " ".join(self.namespaces()))
        return Done("Those are all")

    def namespaces(self) -> list[str]:
        """Personal, other users', shared."""
        return [f'(("" "{DELIMITER}"))', "NIL", "NIL"]

    # STATUS

    def answer_status(self, arguments: Scanner) -> Done:
        """How a mailbox stands, without selecting it (RFC 9051 6.3.11)."""
        arguments.space()
        name = self.read_name(arguments)
        arguments.space()
        items = self.read_status_items(arguments)
        arguments.end()
        self.tell_status(name, items)
        return Done("That is all")

    def read_status_items(self, arguments: Scanner) -> list[str]:
        """What is asked for."""
        return arguments.listed(lambda: self.read_status_item(arguments))

    def read_status_item(self, arguments: Scanner) -> str:
        """One item; an unknown one is an error."""
        item = arguments.word("an item")
        if item not in STATUS_ITEMS or (STATUS_ITEMS[item] and not self.config.has(STATUS_ITEMS[item])):
            raise Bad(f"Unknown item {item}")
        if item == "RECENT" and self.rev2():
            raise Bad("RFC 9051 has no RECENT any more")
        if item == "HIGHESTMODSEQ":
            self.enabled.add("CONDSTORE")
        return item

    def tell_status(self, name: str, items: list[str]) -> None:
        """One STATUS response."""
        mailbox = self.mailbox_of(name)
        values = " ".join(f"{item} {self.status_value(mailbox, item)}" for item in dict.fromkeys(items))
        self.untagged(b"STATUS " + self.format_name(name) + f" ({values})".encode())

    def status_value(self, mailbox: Mailbox, item: str) -> int:
        """One value."""
        messages = mailbox.messages.values()
        if item == "UNSEEN":
            return sum("\\Seen" not in message.flags for message in messages)
        if item == "DELETED":
            return sum("\\Deleted" in message.flags for message in messages)
        if item == "SIZE":
            return sum(message.size for message in messages)
        if item == "RECENT":
            return sum(uid >= mailbox.recent_from for uid in mailbox.messages)
        values = {"UIDNEXT": self.uidnext(mailbox), "UIDVALIDITY": self.uidvalidity(mailbox)}
        return {**values, "MESSAGES": len(mailbox.messages), "HIGHESTMODSEQ": mailbox.highest_modseq}[item]

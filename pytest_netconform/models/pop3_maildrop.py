"""What is known of a maildrop: nothing at first, and then what STAT, LIST, UIDL and RETR have said.

Within a session numbers, sizes, ids and contents stay (RFC 1939 4, 5, 7). From session to session only unique ids name
a message, so only what is known by its id is looked for again; and mail may arrive at any time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pytest_netconform.models.model import Wrong
from pytest_netconform.wire.pop3 import Listing, top

MOST = 10_000_000  # no maildrop has more messages

#: what is broken → what the standard asks for
RULES = {
    "count": "the messages of a session are those of the login, without the marked ones (RFC 1939 4, 5)",
    "sum": "STAT says what the sizes of LIST add up to (RFC 1939 5)",
    "numbers": "LIST and UIDL list every message under its number, and no marked one (RFC 1939 5, 7)",
    "one": "LIST and UIDL with a message's number give its line (RFC 1939 5, 7)",
    "none": "a number of no message, or of a marked one, is refused (RFC 1939 5, 7)",
    "size": "a message has one size, line ends as CR LF: LIST says it, and RETR sends so many octets (RFC 1939 5, 11)",
    "unique": "a message keeps its unique id (RFC 1939 7)",
    "content": "what RETR returned once it returns again (RFC 1939 5)",
    "top": "TOP gives the header, the blank line, and so many lines of the body (RFC 1939 7)",
    "kept": "what was not marked when QUIT was said is there in the next session (RFC 1939 6)",
    "gone": "what was marked when QUIT was said is not there in the next session (RFC 1939 6)",
}


@dataclass
class Message:
    """What is known of one message."""

    size: int | None = None
    unique: str = ""
    content: bytes | None = None
    marked: bool = False


@dataclass(frozen=True)
class Kept:
    """What the sessions before left. least: messages, at least so many; known: by unique id; gone: ids of removed."""

    least: int = 0
    known: dict[str, Message] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()

    @property
    def bare(self) -> Kept:
        """The same messages, which may look otherwise now."""
        return Kept(self.least, {unique: Message(unique=unique) for unique in self.known}, self.gone)


class Maildrop:
    """The messages of one session.

    shown: so many it has shown, marked ones too; most: there are no more, once that is known.
    """

    def __init__(self, kept: Kept) -> None:
        self.kept = kept
        self.shown = 0
        self.most: int | None = None
        self.octets: int | None = None  # of all messages at the login
        self.messages: dict[int, Message] = {}

    def message(self, number: int) -> Message:
        """The message of a number, of which nothing may be known yet."""
        return self.messages.setdefault(number, Message())

    @property
    def least(self) -> int:
        """How many there were at the login, at least."""
        return max(self.shown, self.kept.least)

    @property
    def marked(self) -> list[int]:
        """The numbers of the marked messages."""
        return [number for number, message in self.messages.items() if message.marked]

    def exists(self, number: int) -> bool | None:
        """Whether there is a message of this number that is not marked; None where nobody knows yet."""
        if not 0 < number <= MOST or (number in self.messages and self.messages[number].marked):
            return False
        if number <= self.least:
            return True
        return False if self.most is not None and number > self.most else None

    def served(self, number: int) -> None:
        """The server has shown that there is a message of this number."""
        if self.exists(number) is False:
            raise Wrong(RULES["none"])
        self.shown = max(self.shown, number)

    def refused(self, number: int) -> None:
        """The server has said that there is none."""
        exists = self.exists(number)
        if exists:
            raise Wrong(RULES["one" if number <= self.shown else "kept"])
        if exists is None:
            self.most = number - 1

    def counted(self, count: int) -> None:
        """So many messages are not marked."""
        total = count + len(self.marked)
        if total < self.shown or (self.most is not None and total > self.most):
            raise Wrong(RULES["count"])
        if total < self.kept.least:
            raise Wrong(RULES["kept"])
        self.shown = self.most = total

    def summed(self, octets: int) -> None:
        """They have so many octets."""
        marked = self._octets(self.marked)
        if marked is None:
            return
        if self.octets is not None and octets + marked != self.octets:
            raise Wrong(RULES["sum"])
        self.octets = octets + marked
        self._add_up()

    def _octets(self, numbers: Sequence[int]) -> int | None:
        sizes = [self.message(number).size for number in numbers]
        return None if None in sizes else sum(size for size in sizes if size is not None)

    def _add_up(self) -> None:
        """Where all sizes are known, their sum is."""
        if self.most is None or self.least != self.most:
            return
        total = self._octets(range(1, self.most + 1)) if len(self.messages) >= self.most else None
        if total is None:
            return
        if self.octets is not None and self.octets != total:
            raise Wrong(RULES["sum"])
        self.octets = total

    def listed(self, numbers: Sequence[int]) -> None:
        """These are the numbers of all messages that are not marked."""
        self.counted(len(numbers))
        if sorted(numbers) != [n for n in range(1, self.least + 1) if self.exists(n)]:
            raise Wrong(RULES["numbers"])

    def sized(self, listing: Listing) -> None:
        """A message has this size."""
        message = self.message(listing.number)
        if message.size is not None and message.size != listing.size:
            raise Wrong(RULES["size"])
        message.size = listing.size
        _measured(message)
        self._add_up()

    def identified(self, number: int, unique: str) -> None:
        """A message has this unique id."""
        message = self.message(number)
        if message.unique and message.unique != unique:
            raise Wrong(RULES["unique"])
        if unique in self.kept.gone:
            raise Wrong(RULES["gone"])
        message.unique = unique
        if unique in self.kept.known:
            self._remembered(message, self.kept.known[unique])

    def _remembered(self, message: Message, before: Message) -> None:
        """The same message, as an earlier session has shown it."""
        if message.size is not None and before.size is not None and message.size != before.size:
            raise Wrong(RULES["size"])
        if message.content is not None and before.content is not None and message.content != before.content:
            raise Wrong(RULES["content"])
        message.size = message.size if message.size is not None else before.size
        message.content = message.content if message.content is not None else before.content
        _measured(message)

    def all_identified(self) -> None:
        """All messages that are not marked have just been listed: whoever was kept is among them."""
        unknown = sum(not self.message(number).unique for number in self.marked)
        uniques = {message.unique for message in self.messages.values()}
        if len(self.kept.known.keys() - uniques) > unknown:
            raise Wrong(RULES["kept"])

    def retrieved(self, number: int, content: bytes) -> None:
        """RETR has given this."""
        message = self.message(number)
        if message.content is not None and message.content != content:
            raise Wrong(RULES["content"])
        message.content = content
        _measured(message)

    def topped(self, number: int, lines: int, content: bytes) -> None:
        """TOP has given this; judged where the whole is known, and all agree what a line of it is."""
        whole = self.message(number).content
        if whole is None or not plain(whole):
            return
        if content != top(whole, lines):
            raise Wrong(RULES["top"])

    # -- from session to session

    def left(self, *, updated: bool, sure: bool = True) -> Kept:
        """What the next session has to show. updated: the marked messages were removed; sure: all of them."""
        kept = self.kept
        mine = {m.unique: m for m in self.messages.values() if m.unique}
        marked = [self.messages[number] for number in self.marked] if updated else []
        if not marked:
            return Kept(self.least, {**kept.known, **_copies(mine)}, kept.gone)
        removed = {message.unique for message in marked}
        known = mine if "" in removed else {**kept.known, **mine}
        known = {unique: message for unique, message in known.items() if unique not in removed}
        gone = kept.gone | (self._surely_gone() if sure else frozenset())
        return Kept(self.least - len(marked), _copies(known), gone)

    def _surely_gone(self) -> frozenset[str]:
        """The ids of the marked, where no other message may have the same one: ids may be hashes (RFC 1939 7)."""
        if self.most != self.least or len(self.messages) < self.least:
            return frozenset()
        uniques = [self.message(number).unique for number in range(1, self.least + 1)]
        if "" in uniques:
            return frozenset()
        return frozenset(u for n, u in enumerate(uniques, 1) if self.messages[n].marked and uniques.count(u) == 1)


def _measured(message: Message) -> None:
    """Whether the last line end belongs to the message or to the dot behind it, RFC 1939 3 leaves open: "CRLF.CRLF"."""
    size, content = message.size, message.content
    if size is not None and content is not None and size not in (len(content), len(content) - 2):
        raise Wrong(RULES["size"])


def _copies(known: dict[str, Message]) -> dict[str, Message]:
    return {unique: Message(m.size, unique, m.content) for unique, m in known.items()}


def plain(content: bytes) -> bool:
    """Whether a message has a header and a body, and nothing that servers take for the end of a line, or of a text."""
    return b"\r\n\r\n" in content and b"\0" not in content and b"\r" not in content.replace(b"\r\n", b"")

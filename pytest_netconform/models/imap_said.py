"""What was said to an IMAP server, read again: a command's words, the numbers of a set, and the keys of SEARCH.

Only what this suite's own strategies say is read; whatever else is a call without a name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pytest_netconform.models.imap_mailboxes import Entry, Flags, View
from pytest_netconform.wire.imap_grammar import Group, Malformed, Node, Scanner


@dataclass(frozen=True)
class Call:
    """One command. verb: in capitals; empty where it cannot be read. by_uid: it was said with UID before it."""

    verb: str
    by_uid: bool = False
    words: tuple[Node, ...] = ()

    @classmethod
    def read(cls, said: bytes) -> Call:
        """The call of a command's octets, literals and all, without its tag."""
        scanner = Scanner(said.split(b"\r\n", 1)[0] if said[:4].upper() == b"IDLE" else said)
        words: list[Node] = []
        try:
            verb = scanner.atom().upper()
            by_uid = verb == "UID"
            if by_uid:
                scanner.space()
                verb = scanner.atom().upper()
            while not scanner.at_end():
                scanner.space()
                words.append(scanner.node())
        except Malformed:
            return cls("")
        return cls(verb, by_uid, tuple(words))

    def atom(self, place: int) -> str:
        """A word as text."""
        word = self.words[place]
        return word if isinstance(word, str) else ""

    def name(self, place: int) -> bytes:
        """A word as the name of a mailbox; INBOX in any case."""
        word = self.words[place]
        name = word if isinstance(word, bytes) else str(word).encode("latin-1")
        return b"INBOX" if name.upper() == b"INBOX" else name

    @property
    def octets(self) -> bytes:
        """The literal at the end."""
        last = self.words[-1] if self.words else b""
        return last if isinstance(last, bytes) else b""


def items(word: Node) -> tuple[str, ...]:
    """The atoms of a list, or the one that stands there without parentheses."""
    if isinstance(word, Group):
        return tuple(str(item) for item in word.items)
    return (str(word),)


def lower(flags: Iterable[str]) -> Flags:
    """Flags in small letters."""
    return frozenset(flag.lower() for flag in flags)


def resolved(text: str, largest: int) -> tuple[set[int], bool]:
    """The numbers of a set, `*` being the largest; and whether there are so many. Numbers beyond are left out."""
    found: set[int] = set()
    exact = True
    for part in text.split(","):
        first, _, last = part.partition(":")
        ends = sorted(largest if end == "*" else int(end) for end in (first, last or first))
        exact = exact and ends[0] >= 1 and ends[1] <= largest
        found |= set(range(ends[0], min(ends[1], largest) + 1))
    return found, exact


FLAG_KEYS = {f"{flag}ED": f"\\{flag.lower()}ed" for flag in ("ANSWER", "DELET", "FLAGG")} | {
    "SEEN": "\\seen",
    "DRAFT": "\\draft",
}


def fits(keys: Sequence[Node], entry: Entry, view: View) -> bool | None:
    """Whether a message fits all of the keys of SEARCH; None where that is not known."""
    rest = iter(keys)
    values = []
    for key in rest:
        values.append(_fits(key, rest, entry, view))
    return False if False in values else None if None in values else True


def _fits(key: Node, rest: Iterator[Node], entry: Entry, view: View) -> bool | None:
    if isinstance(key, Group):
        return fits(key.items, entry, view)
    word = str(key).upper()
    if word == "ALL":
        return True
    if word == "NOT":
        value = _fits(next(rest), rest, entry, view)
        return None if value is None else not value
    if word == "OR":
        values = [_fits(next(rest), rest, entry, view) for _ in range(2)]
        return True if True in values else None if None in values else False
    if word in ("KEYWORD", "UNKEYWORD"):
        return _either(entry.marked(view.box, str(next(rest)).lower()), word == "KEYWORD")
    if word == "UID":
        largest = max((one.message.uid or 0 for one in view), default=0)
        named, _ = resolved(str(next(rest)), largest)
        return None if entry.message.uid is None else entry.message.uid in named
    plain = word.removeprefix("UN")
    if plain in FLAG_KEYS:
        return _either(entry.marked(view.box, FLAG_KEYS[plain]), word == plain)
    if word[:1].isdigit() or word[:1] == "*":
        return view.entries.index(entry) + 1 in resolved(word, len(view))[0]
    return None


def _either(value: bool | None, wanted: bool) -> bool | None:
    return None if value is None else value is wanted


def numbers_named(keys: Sequence[Node], count: int) -> bool:
    """Whether every message number among the keys is that of a message."""
    exact = True
    before = ""
    for key in keys:
        word = str(key).upper() if isinstance(key, str) else ""
        if isinstance(key, Group):
            exact = exact and numbers_named(key.items, count)
        elif before != "UID" and (word[:1].isdigit() or word[:1] == "*"):
            exact = exact and resolved(word, count)[1]
        before = word
    return exact

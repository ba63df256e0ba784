"""What untagged responses and response codes say (RFC 9051 7, and the extensions), as values.

One reader for each response, in a table. FETCH has a module of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pytest_netconform.wire.imap_grammar import (
    MOST_63,
    SPACES,
    Group,
    Malformed,
    Node,
    Scanner,
    SequenceSet,
    decimal,
    folded,
    is_nil,
    parse_set,
)

COUNTS = ("MESSAGES", "RECENT", "UIDNEXT", "UIDVALIDITY", "UNSEEN", "DELETED", "SIZE", "HIGHESTMODSEQ")
NUMBERED = ("EXISTS", "RECENT", "EXPUNGE", "FETCH")
DELIMITER = "a hierarchy delimiter that is no single character (RFC 9051 9)"
NO_REVISION = "a list of capabilities without IMAP4rev1 or IMAP4rev2 (RFC 9051 7.2.2)"


@dataclass(frozen=True)
class ResponseCode:
    """A response code: its name in capitals, the octets behind it, and what they mean where that is known."""

    name: str
    arguments: bytes = b""
    value: object = None


@dataclass(frozen=True)
class Listing:
    """LIST or LSUB: attributes as they came, the delimiter (None for NIL), the name's octets, extended data items."""

    attributes: tuple[str, ...]
    delimiter: str | None
    name: bytes
    extended: Mapping[str, Node] = field(default_factory=dict)

    def has(self, attribute: str) -> bool:
        """Whether it has this attribute, in any case."""
        return attribute.upper() in map(str.upper, self.attributes)


@dataclass(frozen=True)
class MailboxStatus:
    """STATUS: the mailbox, and its items by name in capitals; those that are no number stay as they came."""

    name: bytes
    items: Mapping[str, Node | int]


@dataclass(frozen=True)
class Numbers:
    """SEARCH or SORT: numbers in their order, and the highest MODSEQ where that was sent (RFC 7162 3.1.5)."""

    numbers: tuple[int, ...]
    modseq: int | None = None


@dataclass(frozen=True)
class Esearch:
    """ESEARCH (RFC 4731 3.1): the tag, whether numbers are UIDs, and its items (`MIN`, `ALL`, `COUNT`, `MODSEQ`)."""

    tag: str | None
    uid: bool
    items: Mapping[str, object]


@dataclass(frozen=True)
class Vanished:
    """VANISHED (RFC 7162 3.2.10)."""

    earlier: bool
    uids: SequenceSet


@dataclass(frozen=True)
class Namespace:
    """A namespace (RFC 2342 5): the prefix, the delimiter (None for NIL), and extensions."""

    prefix: bytes
    delimiter: str | None
    extensions: tuple[Node, ...] = ()


@dataclass(frozen=True)
class Namespaces:
    """NAMESPACE: each of the three is None for NIL."""

    personal: tuple[Namespace, ...] | None
    others: tuple[Namespace, ...] | None
    shared: tuple[Namespace, ...] | None


@dataclass(frozen=True)
class AppendUid:
    """APPENDUID (RFC 4315 3)."""

    validity: int
    uids: SequenceSet


@dataclass(frozen=True)
class CopyUid:
    """COPYUID (RFC 4315 3)."""

    validity: int
    source: SequenceSet
    copies: SequenceSet


# -- untagged responses; each reader stands behind the name


def _capability(scanner: Scanner) -> object:
    words = []
    while scanner.sees(b" "):
        scanner.space()
        if scanner.at_end():
            scanner.mark(SPACES)
            break
        words.append(scanner.atom().upper())
    if not {"IMAP4REV1", "IMAP4REV2"} & set(words):
        scanner.mark(NO_REVISION)
    return tuple(words)


def _enabled(scanner: Scanner) -> object:
    words = []
    while scanner.sees(b" "):
        scanner.space()
        if scanner.at_end():  # capability-data of nothing: "ENABLED" alone
            scanner.mark(SPACES)
            break
        words.append(scanner.atom().upper())
    return tuple(words)


def _flags(scanner: Scanner) -> object:
    scanner.space()
    return scanner.words()


def _list(scanner: Scanner) -> object:
    scanner.space()
    attributes = scanner.words()
    scanner.space()
    delimiter = _delimiter(scanner.nstring(), scanner)
    scanner.space()
    name = scanner.astring()
    extended: Mapping[str, Node] = {}
    if scanner.sees(b" ("):
        scanner.space()
        extended = _pairs(scanner.group())
    return Listing(attributes, delimiter, name, extended)


def _delimiter(found: bytes | None, scanner: Scanner) -> str | None:
    if found is None:
        return None
    if len(found) != 1:
        scanner.mark(DELIMITER)
    return found.decode("latin-1")


def _pairs(group: Group) -> dict[str, Node]:
    items = group.items
    if len(items) % 2:
        raise Malformed("items in pairs")
    names = [item.decode("latin-1") if isinstance(item, bytes) else item for item in items[::2]]
    if not all(isinstance(name, str) for name in names):
        raise Malformed("items with names")
    return {str(name).upper(): value for name, value in zip(names, items[1::2], strict=True)}


def _status(scanner: Scanner) -> object:
    scanner.space()
    name = scanner.astring()
    scanner.space()
    items: dict[str, Node | int] = {}
    for key, value in _pairs(scanner.group()).items():
        digits = isinstance(value, str) and value.isascii() and value.isdigit()
        if key in COUNTS and not digits:
            raise Malformed(f"a number behind {key}")
        items[key] = scanner.ranged(str(value), 0, MOST_63) if digits else value
    return MailboxStatus(name, items)


def _numbers(scanner: Scanner) -> object:
    found = []
    modseq = None
    while not scanner.at_end():
        scanner.space()
        if scanner.at_end():
            scanner.mark(SPACES)
            break
        if scanner.take(b"(MODSEQ "):
            modseq = scanner.number(1, MOST_63)
            scanner.need(b")")
            break
        found.append(scanner.number(1))
    return Numbers(tuple(found), modseq)


def _esearch(scanner: Scanner) -> object:
    tag, uid, items = None, False, {}
    if scanner.sees(b" ("):
        scanner.space()
        correlator = _pairs(scanner.group()).get("TAG")
        if correlator is None:
            raise Malformed("TAG in the first list")
        tag = correlator.decode("latin-1") if isinstance(correlator, bytes) else str(correlator)
    while not scanner.at_end():
        scanner.space()
        name = scanner.atom().upper()
        if name == "UID" and not uid:
            uid = True
            continue
        scanner.space()
        items[name] = _esearch_item(name, scanner)
    return Esearch(tag, uid, items)


def _esearch_item(name: str, scanner: Scanner) -> object:
    if name == "ALL":
        return scanner.numbers()
    if name in ("MIN", "MAX"):
        return scanner.number(1)
    return scanner.number(0, MOST_63) if name in ("COUNT", "MODSEQ") else scanner.node()


def _vanished(scanner: Scanner) -> object:
    scanner.space()
    earlier = scanner.octets[scanner.place :].upper().startswith(b"(EARLIER) ")
    if earlier:
        scanner.place += len(b"(EARLIER)")
        scanner.space()
    return Vanished(earlier, scanner.numbers())


def _thread(scanner: Scanner) -> object:
    if scanner.at_end():
        return ()
    scanner.space()
    found: list[object] = []
    while not scanner.at_end():
        if found and scanner.take(b" "):
            scanner.mark(SPACES)
        found.append(_tree(scanner.group()))
    return tuple(found)


def _tree(group: Group) -> object:
    def children(one: Group) -> list[Group]:
        return [item for item in one.items if isinstance(item, Group)]

    def build(one: Group, inner: list[object]) -> object:
        waiting = iter(inner)
        return tuple(next(waiting) if isinstance(item, Group) else _message(item) for item in one.items)

    return folded(group, children, build)


def _message(item: Node) -> int:
    if not (isinstance(item, str) and item.isascii() and item.isdigit()):
        raise Malformed("numbers of messages in a thread")
    return decimal(item)


def _namespace(scanner: Scanner) -> object:
    three = []
    for _ in range(3):
        scanner.space()
        three.append(_namespaces(scanner.node(), scanner))
    return Namespaces(*three)


def _namespaces(node: Node, scanner: Scanner) -> tuple[Namespace, ...] | None:
    if is_nil(node):
        return None
    if not isinstance(node, Group) or not node.items:
        raise Malformed("namespaces in parentheses, or NIL")
    if not all(node.tight[1:]):
        scanner.mark(SPACES)
    return tuple(_one_namespace(item, scanner) for item in node.items)


def _one_namespace(node: Node, scanner: Scanner) -> Namespace:
    if not isinstance(node, Group) or len(node.items) < 2:
        raise Malformed("a prefix and a delimiter")
    prefix, delimiter, *extensions = node.items
    if not isinstance(prefix, bytes) or not (isinstance(delimiter, bytes) or is_nil(delimiter)):
        raise Malformed("a prefix and a delimiter, which are strings")
    shown = _delimiter(delimiter, scanner) if isinstance(delimiter, bytes) else None
    return Namespace(prefix, shown, tuple(extensions))


def _id(scanner: Scanner) -> object:
    scanner.space()
    node = scanner.node()
    if is_nil(node):
        return {}
    if not isinstance(node, Group):
        raise Malformed("a list of fields, or NIL")
    found: dict[str, bytes | None] = {}
    for name, value in _pairs(node).items():
        if not (isinstance(value, bytes) or is_nil(value)):
            raise Malformed("fields that are strings or NIL")
        found[name] = value if isinstance(value, bytes) else None
    return found


DATA: Mapping[str, Callable[[Scanner], object]] = {
    "CAPABILITY": _capability,
    "ENABLED": _enabled,
    "FLAGS": _flags,
    "LIST": _list,
    "LSUB": _list,
    "STATUS": _status,
    "SEARCH": _numbers,
    "SORT": _numbers,
    "ESEARCH": _esearch,
    "VANISHED": _vanished,
    "THREAD": _thread,
    "NAMESPACE": _namespace,
    "ID": _id,
}


# -- response codes

# resp-text-code = name [SP arguments], up to a "]" that stands in no string
_CODE_NAME = re.compile(rb"\[([^ \]\r\n]+)( ?)")
_CODE_PIECE = re.compile(rb'[^\]"\r\n{]+|"(?:[^"\\\r\n]|\\.)*"|\{(?:([0-9]{1,9})\}\r\n)?')


def _number_code(scanner: Scanner) -> object:
    return scanner.number(1)


def _append_uid(scanner: Scanner) -> object:
    validity = scanner.number(1)
    scanner.space()
    return AppendUid(validity, scanner.numbers())


def _copy_uid(scanner: Scanner) -> object:
    validity = scanner.number(1)
    scanner.space()
    source = scanner.numbers()
    scanner.space()
    return CopyUid(validity, source, scanner.numbers())


def _words_of_capability(scanner: Scanner) -> object:
    inner = Scanner(b" " + scanner.rest())
    found = _capability(inner)
    for deviation in inner.deviations:
        scanner.mark(deviation)
    return found


CODES: Mapping[str, Callable[[Scanner], object]] = {
    "CAPABILITY": _words_of_capability,
    "PERMANENTFLAGS": lambda scanner: scanner.words(),
    "UIDNEXT": _number_code,
    "UIDVALIDITY": _number_code,
    "UNSEEN": _number_code,
    "HIGHESTMODSEQ": lambda scanner: scanner.number(1, MOST_63),
    "APPENDUID": _append_uid,
    "COPYUID": _copy_uid,
    "MODIFIED": lambda scanner: scanner.numbers(),
}


def _end_of_code(octets: bytes, place: int) -> int:
    """Where the bracket is that closes a code; -1 where there is none."""
    while not octets.startswith(b"]", place):
        found = _CODE_PIECE.match(octets, place)
        if found is None:
            return -1
        place = found.end() + int(found[1] or 0)
    return place


def parse_code(scanner: Scanner) -> ResponseCode | None:
    """The response code that comes next, or None where it has no end."""
    found = _CODE_NAME.match(scanner.octets, scanner.place)
    end = _end_of_code(scanner.octets, found.end()) if found else -1
    if found is None or end < 0:
        return None
    name, arguments = found[1].decode("latin-1").upper(), scanner.octets[found.end() : end]
    scanner.place = end + 1
    read = CODES.get(name)
    if read is None:
        return ResponseCode(name, arguments)
    inner = Scanner(arguments)
    try:
        value = read(inner)
        inner.end()
    except Malformed as problem:
        scanner.mark(f"no {name}: {problem} (RFC 9051 7.1)")
        value = None
    for deviation in inner.deviations:
        scanner.mark(deviation)
    return ResponseCode(name, arguments, value)


__all__ = ["DATA", "NUMBERED", "ResponseCode", "parse_code", "parse_set"]

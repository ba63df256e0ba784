"""What FETCH gives back (RFC 3501 7.4.2, RFC 9051 7.5.2): envelopes, body structures, and the items of a message.

Values only. What stands in a wrong place raises Malformed; a structure is built however deep it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pytest_netconform.wire.imap_grammar import (
    MOST_63,
    SPACES,
    Group,
    Malformed,
    Node,
    Scanner,
    folded,
    is_nil,
)

DATE_TIME = "a date-time that is no DQUOTE dd-Mon-yyyy SP hh:mm:ss SP zone DQUOTE (RFC 9051 9)"
BODY_EXTENDED = "extension data in BODY, which belongs to BODYSTRUCTURE (RFC 9051 7.5.2)"
ADDRESSES_SPACED = "a space between two addresses (RFC 9051 9)"
MULTIPART_SPACED = "a space between two body parts (RFC 9051 9)"

# date-time = DQUOTE date-day-fixed "-" date-month "-" date-year SP time SP zone DQUOTE
_DATE_TIME = re.compile(
    rb"(?: [0-9]|[0-3][0-9])-(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)-[0-9]{4} "
    rb"[0-2][0-9]:[0-5][0-9]:[0-6][0-9] [+-][0-9]{4}",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Address:
    """An address of an envelope; each field is None for NIL. host None: the begin or the end of a group."""

    name: bytes | None
    adl: bytes | None
    mailbox: bytes | None
    host: bytes | None


@dataclass(frozen=True)
class Envelope:
    """The ten fields of ENVELOPE in their order; None stands for NIL."""

    date: bytes | None
    subject: bytes | None
    from_: tuple[Address, ...] | None
    sender: tuple[Address, ...] | None
    reply_to: tuple[Address, ...] | None
    to: tuple[Address, ...] | None
    cc: tuple[Address, ...] | None
    bcc: tuple[Address, ...] | None
    in_reply_to: bytes | None
    message_id: bytes | None


@dataclass(frozen=True)
class Part:
    """One part of a body structure.

    type, subtype: in capitals; a multipart's type is MULTIPART. parts: of a multipart, or the one inside of
    message/rfc822. parameters: names in capitals, None for NIL. extended: how many fields of extension data were there;
    md5, disposition, language, location: of these the known ones, as they came.
    """

    type: str
    subtype: str
    parameters: Mapping[str, bytes] | None = None
    id: bytes | None = None
    description: bytes | None = None
    encoding: str = ""
    size: int = 0
    lines: int | None = None
    envelope: Envelope | None = None
    parts: tuple[Part, ...] = field(default=(), repr=False)
    extended: int = 0
    md5: bytes | None = None
    disposition: Node | None = None
    language: Node | None = None
    location: Node | None = None

    @property
    def multipart(self) -> bool:
        """Whether it is a multipart."""
        return self.type == "MULTIPART"


@dataclass(frozen=True)
class Fetched:
    """The items of one message, by name in capitals (`FLAGS`, `BODY[HEADER]`, `BODY[]<0>`), in the order they came.

    names: every name, also of an item that came twice.
    """

    number: int
    items: Mapping[str, object]
    names: tuple[str, ...] = ()

    @property
    def uid(self) -> int | None:
        """Its UID, if that was sent."""
        found = self.items.get("UID")
        return found if isinstance(found, int) else None

    @property
    def flags(self) -> frozenset[str] | None:
        """Its flags, system flags as `\\Seen`, if they were sent."""
        found = self.items.get("FLAGS")
        return frozenset(map(proper_flag, found)) if isinstance(found, tuple) else None

    @property
    def modseq(self) -> int | None:
        """Its modification sequence (RFC 7162), if that was sent."""
        found = self.items.get("MODSEQ")
        return found if isinstance(found, int) else None

    def octets(self, name: str) -> bytes | None:
        """The octets of an item such as `BODY[]`; None where it came as NIL or not at all."""
        found = self.items.get(name.upper(), self._unquoted(name))
        return found if isinstance(found, bytes) else None

    def _unquoted(self, name: str) -> object:
        """Names of header fields may come back in quotes."""
        plain = name.upper().replace('"', "")
        return next((value for key, value in self.items.items() if key.replace('"', "") == plain), None)


def proper_flag(flag: str) -> str:
    """A system flag as the standard writes it (`\\Seen`); a keyword as it is."""
    return "\\" + flag[1:].capitalize() if flag.startswith("\\") else flag


# -- envelopes


def _unmarked(deviation: str) -> None:
    """Nobody wants to know."""


def envelope(node: Node, mark: Callable[[str], None] = _unmarked) -> Envelope:
    """ENVELOPE's list of ten; `mark` hears of what is irregular. Raises Malformed."""
    if not isinstance(node, Group) or len(node.items) != 10:
        raise Malformed("an envelope of ten fields")
    date, subject, *people, in_reply_to, message_id = node.items
    from_, sender, reply_to, to, cc, bcc = (_addresses(one, mark) for one in people)
    return Envelope(
        _nstring(date), _nstring(subject), from_, sender, reply_to, to, cc, bcc,
        _nstring(in_reply_to), _nstring(message_id),
    )  # fmt: skip


def _addresses(node: Node, mark: Callable[[str], None]) -> tuple[Address, ...] | None:
    if is_nil(node):
        return None
    if not isinstance(node, Group) or not node.items:
        raise Malformed("addresses in parentheses, or NIL")
    if not all(node.tight[1:]):
        mark(ADDRESSES_SPACED)
    return tuple(map(_address, node.items))


def _address(node: Node) -> Address:
    if not isinstance(node, Group) or len(node.items) != 4:
        raise Malformed("an address of four fields")
    return Address(*map(_nstring, node.items))


def _nstring(node: Node) -> bytes | None:
    if isinstance(node, bytes):
        return node
    if is_nil(node):
        return None
    raise Malformed("a string or NIL")


def _string(node: Node) -> bytes:
    if not isinstance(node, bytes):
        raise Malformed("a string")
    return node


def _number(node: Node) -> int:
    if not (isinstance(node, str) and node.isascii() and node.isdigit() and len(node) < 40):
        raise Malformed("a number")
    return int(node)


# -- body structures


def body_structure(node: Node, mark: Callable[[str], None] = _unmarked) -> Part:
    """BODY or BODYSTRUCTURE; `mark` hears of what is irregular. Raises Malformed."""
    if not isinstance(node, Group):
        raise Malformed("a body in parentheses")
    return folded(node, _inner, lambda group, parts: _part(group, tuple(parts), mark))


def _inner(group: Group) -> Sequence[Group]:
    """The bodies inside a body: those of a multipart, or that of a message."""
    items = group.items
    if items and isinstance(items[0], Group):
        count = next((i for i, item in enumerate(items) if not isinstance(item, Group)), len(items))
        return [item for item in items[:count] if isinstance(item, Group)]
    message = len(items) > 8 and _kind(items[0], items[1]) in (("MESSAGE", "RFC822"), ("MESSAGE", "GLOBAL"))
    return [items[8]] if message and isinstance(items[8], Group) else []


def _kind(type: Node, subtype: Node) -> tuple[str, str]:
    return _string(type).decode("latin-1").upper(), _string(subtype).decode("latin-1").upper()


def _part(group: Group, parts: tuple[Part, ...], mark: Callable[[str], None]) -> Part:
    items = group.items
    if not items:
        raise Malformed("a body that is not empty")
    if isinstance(items[0], Group):
        return _multipart(group, parts, mark)
    if len(items) < 7:
        raise Malformed("a body of seven fields or more")
    type, subtype = _kind(items[0], items[1])
    message, text = bool(parts), type == "TEXT"
    if (type, subtype) == ("MESSAGE", "RFC822") and not message:
        raise Malformed("an envelope, a body and a count of lines in message/rfc822")
    rest = items[10:] if message else items[8:] if text else items[7:]
    if (message and len(items) < 10) or (text and len(items) < 8):
        raise Malformed("a count of lines")
    return Part(
        type,
        subtype,
        _parameters(items[2]),
        _nstring(items[3]),
        _nstring(items[4]),
        _string(items[5]).decode("latin-1").upper(),
        _number(items[6]),
        _number(items[9]) if message else _number(items[7]) if text else None,
        envelope(items[7], mark) if message else None,
        parts,
        len(rest),
        _nstring(rest[0]) if rest else None,
        *_last(rest[1:]),
    )


def _multipart(group: Group, parts: tuple[Part, ...], mark: Callable[[str], None]) -> Part:
    count = len(parts)
    if any(not tight for tight in group.tight[1:count]):
        mark(MULTIPART_SPACED)
    if len(group.items) > count and len(group.tight) > count and group.tight[count]:
        mark(SPACES)
    if len(group.items) <= count:
        raise Malformed("a subtype behind the parts")
    subtype = _string(group.items[count]).decode("latin-1").upper()
    rest = group.items[count + 1 :]
    return Part(
        "MULTIPART",
        subtype,
        _parameters(rest[0]) if rest else None,
        None,
        None,
        "",
        0,
        None,
        None,
        parts,
        len(rest),
        None,
        *_last(rest[1:]),
    )


def _last(rest: tuple[Node, ...]) -> tuple[Node | None, Node | None, Node | None]:
    """Disposition, language and location, NIL as None."""
    known = [None if is_nil(node) else node for node in rest[:3]]
    disposition, language, location = (*known, None, None, None)[:3]
    return disposition, language, location


def _parameters(node: Node) -> Mapping[str, bytes] | None:
    if is_nil(node):
        return None
    if not isinstance(node, Group) or not node.items or len(node.items) % 2:
        raise Malformed("parameters in pairs, or NIL")
    texts = [_string(item) for item in node.items]
    return {texts[i].decode("latin-1").upper(): texts[i + 1] for i in range(0, len(texts), 2)}


# -- the items


def _flags(scanner: Scanner) -> object:
    return scanner.words()


def _date_time(scanner: Scanner) -> object:
    text = scanner.string()
    if not _DATE_TIME.fullmatch(text):
        scanner.mark(DATE_TIME)
    return text


def _modseq(scanner: Scanner) -> object:
    scanner.need(b"(")
    value = scanner.number(1, MOST_63)
    scanner.need(b")")
    return value


def _body(scanner: Scanner) -> object:
    found = body_structure(scanner.node(), scanner.mark)
    if _extended(found):
        scanner.mark(BODY_EXTENDED)
    return found


def _extended(part: Part) -> bool:
    """Whether a part, or one inside, has extension data."""
    waiting = [part]
    for one in waiting:
        if one.extended:
            return True
        waiting.extend(one.parts)
    return False


ITEMS: dict[str, Callable[[Scanner], object]] = {
    "FLAGS": _flags,
    "UID": lambda scanner: scanner.number(1),
    "RFC822.SIZE": lambda scanner: scanner.number(0, MOST_63),
    "INTERNALDATE": _date_time,
    "SAVEDATE": lambda scanner: scanner.nstring(),
    "ENVELOPE": lambda scanner: envelope(scanner.node(), scanner.mark),
    "BODY": _body,
    "BODYSTRUCTURE": lambda scanner: body_structure(scanner.node(), scanner.mark),
    "MODSEQ": _modseq,
    "RFC822": lambda scanner: scanner.nstring(),
    "RFC822.HEADER": lambda scanner: scanner.nstring(),
    "RFC822.TEXT": lambda scanner: scanner.nstring(),
}


def fetched(scanner: Scanner, number: int) -> Fetched:
    """msg-att = "(" item *(SP item) ")". Raises Malformed."""
    scanner.need(b"(")
    items: dict[str, object] = {}
    names = []
    while True:
        name = scanner.section()
        scanner.space()
        items[name] = _item(name)(scanner)
        names.append(name)
        if scanner.take(b")"):
            return Fetched(number, items, tuple(names))
        scanner.space()
        if scanner.take(b")"):
            scanner.mark(SPACES)
            return Fetched(number, items, tuple(names))


def _item(name: str) -> Callable[[Scanner], object]:
    if name.startswith("BINARY.SIZE["):
        return lambda scanner: scanner.number(0, MOST_63)
    if name.startswith("BINARY["):
        return lambda scanner: scanner.nstring(binary=True)
    if name.startswith("BODY["):
        return lambda scanner: scanner.nstring()
    return ITEMS.get(name, lambda scanner: scanner.node())

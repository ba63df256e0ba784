"""Messages in families: base subjects, the threads of ORDEREDSUBJECT and of REFERENCES (RFC 5256 2.1, 3, 4).

Pure: it is given what it needs of each message, and gives trees. Nothing here recurses, so that a chain of a hundred
thousand replies is no danger.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

# subj-refwd = ("re" / ("fw" ["d"])) *WSP [subj-blob] ":"; subj-blob = "[" *BLOBCHAR "]" *WSP   (RFC 5256 5)
_BLOB = r"\[[^\[\]]*\]\s*"
_LEADER = re.compile(rf"(?:(?:{_BLOB})*(?:re|fwd?)\s*(?:{_BLOB})?:|\s)", re.IGNORECASE)
_TRAILER = re.compile(r"(?:\(fwd\)|\s)\Z", re.IGNORECASE)
_ONE_BLOB = re.compile(_BLOB)
_FORWARD = re.compile(r"\[fwd:(.*)\]\Z", re.IGNORECASE | re.DOTALL)
# msg-id = "<" id-left "@" id-right ">", whatever stands there
_ID = re.compile(rb"<([^<>\s]+)>")
KEPT_REFERENCES = 1000  # of one message
SUBJECT_LIMIT = 2000  # letters of a subject that count


@dataclass(frozen=True)
class Letter:
    """What threading knows of a message: its number, subject, date, and the ids of it and of those it answers."""

    number: int
    subject: str
    date: datetime
    id: bytes = b""
    references: tuple[bytes, ...] = ()


@dataclass(eq=False)
class Node:
    """A message in a tree, or, without a letter, one that is spoken of and not there."""

    letter: Letter | None = None
    parent: Node | None = None
    children: list[Node] = field(default_factory=list)

    def first(self) -> Letter:
        """Its letter; of one that is not there, its first child's."""
        node = self
        while node.letter is None:
            node = node.children[0]
        return node.letter


def base_subject(text: str) -> tuple[str, bool]:
    """A subject without what replies and forwards add, and whether there was something of that (RFC 5256 2.1)."""
    subject = re.sub(r"\s+", " ", text[:SUBJECT_LIMIT])
    answered = False
    while True:
        while found := _TRAILER.search(subject):
            answered |= bool(found.group().strip())
            subject = subject[: found.start()]
        subject, replied = _without_leaders(subject)
        answered |= replied
        forward = _FORWARD.match(subject)
        if forward is None:
            return subject, answered
        subject, answered = forward.group(1), True


def _without_leaders(subject: str) -> tuple[str, bool]:
    answered = False
    while True:
        if found := _LEADER.match(subject):
            answered |= ":" in found.group()
        else:
            found = _ONE_BLOB.match(subject)
            if found is None or found.end() == len(subject):
                return subject, answered
        subject = subject[found.end() :]


def message_ids(value: bytes | None) -> tuple[bytes, ...]:
    """The ids in a field, each once."""
    return tuple(dict.fromkeys(_ID.findall(value or b"")))[:KEPT_REFERENCES]


# ORDEREDSUBJECT


def ordered_subject(letters: Iterable[Letter]) -> list[Node]:
    """Messages of one base subject are a thread: the first is above all others (RFC 5256 3)."""
    groups: dict[str, Node] = {}
    for letter in sorted(letters, key=_age):
        root = groups.get(letter.subject)
        if root is None:
            groups[letter.subject] = Node(letter)
        else:
            root.children.append(Node(letter, root))
    return sorted(groups.values(), key=lambda node: _age(node.first()))


# REFERENCES


def references(letters: Iterable[Letter], answers: frozenset[int] = frozenset()) -> list[Node]:
    """Messages below those that they answer (RFC 5256 3). answers: numbers of those whose subject says Re or Fwd."""
    nodes = _linked(list(letters))
    roots = _pruned([node for node in nodes if node.parent is None])
    _sort(roots)
    roots = _by_subject(roots, answers)
    _sort(roots)
    return roots


def _linked(letters: list[Letter]) -> list[Node]:
    # step 1: each id once; parents from the references, never a loop
    nodes: list[Node] = []
    by_id: dict[bytes, Node] = {}

    def of(name: bytes) -> Node:
        if name not in by_id:
            by_id[name] = Node()
            nodes.append(by_id[name])
        return by_id[name]

    for letter in letters:
        node = of(letter.id) if letter.id else None
        if node is None or node.letter is not None:  # no id, or somebody else's
            node = Node()
            nodes.append(node)
        node.letter = letter
        above: Node | None = None
        for name in letter.references:
            one = of(name)
            if above is not None and one.parent is None and not _is_above(one, above):
                _adopt(above, one)
            above = one
        if above is not None and not _is_above(node, above):
            _abandon(node)
            _adopt(above, node)
    return nodes


def _is_above(node: Node, other: Node | None) -> bool:
    if not node.children:  # which spares the long way up a long chain
        return node is other
    while other is not None:
        if other is node:
            return True
        other = other.parent
    return False


def _adopt(parent: Node, child: Node) -> None:
    child.parent = parent
    parent.children.append(child)


def _abandon(node: Node) -> None:
    if node.parent is not None:
        node.parent.children.remove(node)
        node.parent = None


def _pruned(roots: list[Node]) -> list[Node]:
    # step 3: nodes without a message go; their children take their place, but at the top only an only child does
    order = list(_below(roots))
    for node in reversed(order):
        node.children = [one for child in node.children for one in ([child] if child.letter else child.children)]
    kept: list[Node] = []
    for root in roots:
        if root.letter is None and len(root.children) < 2:
            kept += root.children
        else:
            kept.append(root)
    for root in kept:
        root.parent = None
    for node in _below(kept):
        for child in node.children:
            child.parent = node
    return kept


def _below(roots: list[Node]) -> Iterable[Node]:
    waiting = list(roots)
    while waiting:
        node = waiting.pop()
        yield node
        waiting += node.children


def _by_subject(roots: list[Node], answers: frozenset[int]) -> list[Node]:
    # step 5: threads of one base subject are one, the answers below what they answer
    table: dict[str, Node] = {}
    for root in roots:
        subject = root.first().subject
        there = table.get(subject)
        if subject and (there is None or _is_better(root, there, answers)):
            table[subject] = root
    kept: dict[Node, None] = {}
    for root in roots:
        best = table.get(root.first().subject)
        if root.parent is not None:  # it is with another already
            continue
        if best is None or best is root:
            kept[root] = None
        elif root.letter is None and best.letter is None:
            for child in root.children:
                _adopt(best, child)
        elif best.letter is None or (_says(root, answers) and not _says(best, answers)):
            _adopt(best, root)
        else:
            both = Node()
            kept.pop(best, None)
            kept[both] = None
            table[root.first().subject] = both
            _adopt(both, best)
            _adopt(both, root)
    return list(kept)


def _is_better(one: Node, there: Node, answers: frozenset[int]) -> bool:
    if one.letter is None or there.letter is None:
        return one.letter is None and there.letter is not None
    return _says(there, answers) and not _says(one, answers)


def _says(node: Node, answers: frozenset[int]) -> bool:
    return node.first().number in answers


def _age(letter: Letter) -> tuple[datetime, int]:
    return letter.date, letter.number


def _sort(roots: list[Node]) -> None:
    # step 4 and 6: siblings by their date; a node that is not there has that of its first child, so those come first
    for node in reversed(list(_below(roots))):
        node.children.sort(key=lambda child: _age(child.first()))
    roots.sort(key=lambda root: _age(root.first()))


# thread-list = "(" (thread-members / thread-nested) ")"; thread-members = nz-number *(SP nz-number) [SP thread-nested]
def written(roots: list[Node]) -> str:
    """Threads as the response has them (RFC 5256 5)."""
    words: list[str] = []
    waiting: list[Node | str] = [*_listed(roots)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, str):
            words.append(node)
            continue
        if node.letter is not None:
            words.append(str(node.letter.number))
        if node.children and node.letter is not None:
            words.append(" ")
        waiting += _listed(node.children) if len(node.children) > 1 else node.children
    return "".join(words)


def _listed(nodes: list[Node]) -> list[Node | str]:
    # each in parentheses, the last one first: what is on top of a stack comes out first
    return [one for node in reversed(nodes) for one in (")", node, "(")]

"""What a client of an FTP server knows about a directory of his own: what is there, what is not, and what may be.

Paths are names from that directory on. Nobody else writes there, so what was never made is not there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from pytest_netconform.wire.ftp_listings import ascii_in, ascii_out

Names = tuple[bytes, ...]
Contents = frozenset[bytes] | None  # what a file may hold; None: anything


class Kind(Enum):
    """What stands under a name."""

    MISSING = "nothing"
    DIRECTORY = "a directory"
    FILE = "a file"
    UNSURE = "perhaps something"


@dataclass(frozen=True)
class Node:
    """What is known of a name. contents: of a file."""

    kind: Kind
    contents: Contents = None

    @property
    def there(self) -> bool:
        """Whether something is there for sure."""
        return self.kind in (Kind.DIRECTORY, Kind.FILE)


MISSING, DIRECTORY, UNSURE = Node(Kind.MISSING), Node(Kind.DIRECTORY), Node(Kind.UNSURE)


class Tree:
    """The directory, and everything in it."""

    def __init__(self) -> None:
        self._nodes: dict[Names, Node] = {(): DIRECTORY}
        self._vague: set[Names] = set()  # directories that may hold names that we never said

    def look(self, path: Names | None) -> Node:
        """What is known of a path; None is a path that leads elsewhere."""
        if path is None:
            return UNSURE
        node = DIRECTORY
        for depth in range(1, len(path) + 1):
            if node.kind is not Kind.DIRECTORY:
                return UNSURE if node.kind is Kind.UNSURE else MISSING
            unsaid = UNSURE if path[: depth - 1] in self._vague else MISSING
            node = self._nodes.get(path[:depth], unsaid)
        return node

    def above(self, path: Names) -> Node:
        """What is known of the place that a path's last name stands in."""
        return self.look(path[:-1])

    def inside(self, path: Names) -> list[bytes]:
        """The last names of what is in a directory for sure."""
        return [
            found[-1]
            for found, node in self._nodes.items()
            if len(found) == len(path) + 1 and found[:-1] == path and node.there
        ]

    def put(self, path: Names, node: Node) -> None:
        """That is there now; so what stands above it is a directory, whatever else is in there."""
        for depth in range(1, len(path)):
            if self.look(path[:depth]) != DIRECTORY:
                self.drop(path[:depth])
                self._nodes[path[:depth]] = DIRECTORY
                self._vague.add(path[:depth])
        self.drop(path)
        self._nodes[path] = node

    def drop(self, path: Names) -> None:
        """Nothing is there now."""
        for found in [found for found in self._nodes if found[: len(path)] == path]:
            del self._nodes[found]
        self._vague = {found for found in self._vague if found[: len(path)] != path}
        if self.above(path) == DIRECTORY:
            self._nodes[path] = MISSING

    def found(self, path: Names) -> None:
        """A directory, of which nothing was known, is there."""
        self.put(path, DIRECTORY)
        self._vague.add(path)

    def doubt(self, path: Names | None) -> None:
        """Whatever became of it."""
        if path:
            self.drop(path)
            self._nodes[path] = UNSURE

    def move(self, old: Names, new: Names) -> None:
        """Everything under one path is under another."""
        if old == new:
            return
        if new[: len(old)] == old:
            self.doubt(old)
            return
        moved = {found[len(old) :]: node for found, node in self._nodes.items() if found[: len(old)] == old}
        vague = [found[len(old) :] for found in self._vague if found[: len(old)] == old]
        self.drop(old)
        self.put(new, moved.pop((), UNSURE))
        self._nodes.update({new + rest: node for rest, node in moved.items()})
        self._vague.update(new + rest for rest in vague)


# -- contents, and how they travel


def kept(data: bytes, kind: str) -> Contents:
    """What a file may hold when these octets came in type A or I; servers need not convert."""
    if kind == "I" or not (b"\r" in data or b"\n" in data):
        return frozenset((data,))
    whole = data.count(b"\r") == data.count(b"\n") == data.count(b"\r\n")
    return frozenset((data, ascii_in(data))) if kind == "A" and whole else None


def sent(contents: Contents, kind: str, markers: frozenset[int]) -> Contents:
    """The octets that may come for a file in type A or I, from one of these markers on; None: any."""
    if contents is None or kind not in ("A", "I"):
        return None
    if kind == "I":
        return frozenset(content[marker:] for content in contents for marker in markers)
    if markers != {0} or any(b"\r" in content for content in contents):
        return None
    return frozenset(way(content) for content in contents for way in _WAYS)


_WAYS: tuple[Callable[[bytes], bytes], ...] = (bytes, ascii_out)


def joined(old: Contents, data: Contents) -> Contents:
    """What a file may hold to which something was appended."""
    if old is None or data is None:
        return None
    return frozenset(one + other for one in old for other in data)


def overwritten(old: Contents, data: bytes, marker: int) -> Contents:
    """What a file may hold from whose marker on these octets were written; what was behind them may stay."""
    if old is None or any(len(content) < marker for content in old):
        return None
    heads = frozenset(content[:marker] + data for content in old)
    return heads | {content[:marker] + data + content[marker + len(data) :] for content in old}


def unblocked(data: bytes) -> bytes | None:
    """What blocks hold (RFC 959 3.4.2: descriptor, count, octets); None where the last of them does not end a file."""
    content = b""
    while len(data) >= 3 and len(data) >= 3 + (size := int.from_bytes(data[1:3], "big")):
        content += data[3 : 3 + size]
        if data[0] & 64:
            return content
        data = data[3 + size :]
    return None

"""The file tree: directories and files in memory, shared by all sessions of a server.

Names are octets, paths are tuples of them from the root. Threads may share a tree. What it keeps is bounded: when it is
full it says so. It must not know a protocol, nor any clock: every change is told the time.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum

ROOM = 1 << 28  # octets of all files of a tree
ENTRIES = 10_000  # files and directories of a tree
NAME_LIMIT = 255  # octets of a name
ENTRY_OCTETS = 64  # what a file or a directory takes beside its contents, so that a full disk takes no empty file

Names = tuple[bytes, ...]


class Why(Enum):
    """Why the tree refuses."""

    MISSING = "No such file or directory"
    EXISTS = "It is there already"
    NO_DIRECTORY = "Not a directory"
    NO_FILE = "Not a plain file"
    NOT_EMPTY = "The directory is not empty"
    ROOT = "The root stays as it is"
    INSIDE = "A directory cannot be moved into itself"
    NAME = "This name is not possible here"
    FULL = "No space is left"


class FileProblem(Exception):
    """The tree refuses."""

    def __init__(self, why: Why) -> None:
        super().__init__(why.value)
        self.why = why


@dataclass
class File:
    """A file. modified: seconds, on the clock of whoever wrote it. number: of this file and no other."""

    number: int
    modified: float
    content: bytes = b""


@dataclass
class Directory:
    """A directory: its entries by name, in the order in which they came."""

    number: int
    modified: float
    entries: dict[bytes, File | Directory] = field(default_factory=dict)


Node = File | Directory


class FileTree:
    """A root directory and what is in it. `changed` counts the changes."""

    def __init__(self, room: int = ROOM) -> None:
        self._lock = threading.RLock()
        self._room = room
        self._used = 0
        self._last_number = 1
        self._count = 0
        self._root = Directory(1, 0.0)
        self.changed = 0

    # looking

    def node(self, path: Names) -> Node:
        """What is there, or FileProblem."""
        with self._lock:
            found: Node = self._root
            for name in path:
                if not isinstance(found, Directory):
                    raise FileProblem(Why.NO_DIRECTORY)
                if name not in found.entries:
                    raise FileProblem(Why.MISSING)
                found = found.entries[name]
            return found

    def directory(self, path: Names) -> Directory:
        """The directory there, or FileProblem."""
        found = self.node(path)
        if not isinstance(found, Directory):
            raise FileProblem(Why.NO_DIRECTORY)
        return found

    def file(self, path: Names) -> File:
        """The file there, or FileProblem."""
        found = self.node(path)
        if not isinstance(found, File):
            raise FileProblem(Why.NO_FILE)
        return found

    def entries(self, path: Names) -> list[tuple[bytes, Node]]:
        """What is in a directory, by name."""
        with self._lock:
            return sorted(self.directory(path).entries.items())

    def exists(self, path: Names) -> bool:
        """Whether anything is there."""
        try:
            self.node(path)
        except FileProblem:
            return False
        return True

    @property
    def room(self) -> int:
        """Octets that still fit."""
        return self._room - self._used

    def files(self) -> Mapping[str, bytes]:
        """Every file by its absolute pathname; octets that are not UTF-8 become escapes."""
        with self._lock:
            return dict(self._files(self._root, ""))

    def _files(self, directory: Directory, above: str) -> Iterator[tuple[str, bytes]]:
        for name, node in directory.entries.items():
            path = f"{above}/{name.decode('utf-8', 'backslashreplace')}"
            if isinstance(node, File):
                yield path, node.content
            else:
                yield from self._files(node, path)

    # changing

    def make(self, path: Names, now: float) -> None:
        """A new directory."""
        with self._change(path, now) as (parent, name):
            if name in parent.entries:
                raise FileProblem(Why.EXISTS)
            self._take(0, 1)
            parent.entries[name] = Directory(self._number(), now)

    def write(self, path: Names, content: bytes, now: float) -> None:
        """A file with this content, whatever was there before; a directory is not replaced."""
        with self._change(path, now) as (parent, name):
            old = parent.entries.get(name)
            if isinstance(old, Directory):
                raise FileProblem(Why.NO_FILE)
            self._take(len(content) - (len(old.content) if old else 0), 0 if old else 1)
            if old is None:
                parent.entries[name] = File(self._number(), now, content)
            else:
                old.content, old.modified = content, now

    def remove(self, path: Names, now: float) -> None:
        """A file goes."""
        with self._change(path, now) as (parent, name):
            file = self.file(path)
            self._take(-len(file.content), -1)
            del parent.entries[name]

    def remove_directory(self, path: Names, now: float) -> None:
        """An empty directory goes."""
        with self._change(path, now) as (parent, name):
            if self.directory(path).entries:
                raise FileProblem(Why.NOT_EMPTY)
            self._take(0, -1)
            del parent.entries[name]

    def rename(self, old: Names, new: Names, now: float) -> None:
        """A file or a directory gets another place; a file may take that of another file."""
        with self._change(old, now) as (parent, name), self._change(new, now) as (target, to):
            node = self.node(old)
            if new[: len(old)] == old and new != old:
                raise FileProblem(Why.INSIDE)
            there = target.entries.get(to)
            if there is not None and there is not node:
                if isinstance(there, Directory) or isinstance(node, Directory):
                    raise FileProblem(Why.EXISTS)
                self._take(-len(there.content), -1)
            del parent.entries[name]
            target.entries[to] = node

    @contextmanager
    def _change(self, path: Names, now: float) -> Iterator[tuple[Directory, bytes]]:
        """The directory that a path's last name stands in; it is modified if nothing is raised."""
        if not path:
            raise FileProblem(Why.ROOT)
        if not path[-1] or len(path[-1]) > NAME_LIMIT or b"/" in path[-1] or b"\0" in path[-1]:
            raise FileProblem(Why.NAME)
        with self._lock:
            parent = self.directory(path[:-1])
            yield parent, path[-1]
            parent.modified = now
            self.changed += 1

    def _take(self, octets: int, entries: int) -> None:
        octets += entries * ENTRY_OCTETS
        if octets > self.room or self._count + entries > ENTRIES:
            raise FileProblem(Why.FULL)
        self._used += octets
        self._count += entries

    def _number(self) -> int:
        self._last_number += 1
        return self._last_number

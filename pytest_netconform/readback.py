"""Reading back: where a server under test left the mail that a check sent, as the octets of each message.

And the other way round: a message put where a server finds it. This module knows Maildir folders and mbox files on this
machine. It must not know who delivered, nor how long to wait:
a message that is still being written is not there yet, and whoever waits for it asks again.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import time
from collections.abc import Callable
from pathlib import Path

# From_ line: "From " sender " " date as asctime(3) gives it, with or without a zone; behind an empty line, or first.
# Writers that count (mboxcl) or are careless leave other lines with "From " alone, so the date decides.
_MBOX_FROM = re.compile(
    rb"(?:\A|(?<=\n\n)|(?<=\n\r\n))From [^\n]*\b(?:Sun|Mon|Tue|Wed|Thu|Fri|Sat) [A-Z][a-z]{2} [ 0-3]?[0-9] "
    rb"[0-9]{2}:[0-9]{2}(?::[0-9]{2})?(?: [A-Z]{1,5}| [+-][0-9]{4})? [0-9]{4}(?: [+-][0-9]{4})?\r?\n"
)
_EMPTY_LINE = re.compile(rb"\n\r?\n\Z")
_MAILDIR = ("new", "cur")


class UnreadableMailbox(ValueError):
    """There is no mailbox at that place, or it cannot be read; one line."""


def mailbox_reader(place: str) -> Callable[[], list[bytes]]:
    """A function that returns the octets of all messages now in the Maildir or mbox at `place`.

    Nothing needs to be there yet, as long as the folder is in which the first delivery will create it. Raises
    UnreadableMailbox otherwise, and for a folder that holds something else; the function itself raises it when what is
    there then cannot be read.
    """
    path = Path(place)
    try:
        problem = _problem(path)
    except OSError as error:
        problem = error.strerror or "not readable"
    if problem:
        raise UnreadableMailbox(f"readback={place}: {problem}")
    mbox = Mbox(path)

    def read() -> list[bytes]:
        try:
            return mbox.read() if path.is_file() else read_maildir(path)
        except OSError as error:
            raise UnreadableMailbox(f"readback={place}: {error.strerror or error}") from None

    return read


def _problem(path: Path) -> str:
    """Why no mail can be read there, now or later; empty when it can."""
    if path.is_file():
        with path.open("rb"):
            return ""
    if not path.is_dir():
        return "" if path.parent.is_dir() else "neither a Maildir folder nor an mbox file"
    inside = {entry.name for entry in path.iterdir()}
    if inside and not inside & set(_MAILDIR):
        return "a folder that is no Maildir: neither new nor cur is in it"
    return ""


def read_maildir(path: Path) -> list[bytes]:
    """Every message of a Maildir, new and cur, in the order of the file names. Raises OSError."""
    found: dict[str, bytes] = {}
    for folder in (path / sub for sub in _MAILDIR):
        for file in sorted(folder.iterdir()) if folder.is_dir() else ():
            if file.name.startswith(".") or file.is_dir():
                continue
            try:
                # the same message in both folders was moved, and got flags behind a colon, while we looked
                found[file.name.partition(":")[0]] = file.read_bytes()
            except FileNotFoundError:
                continue  # moved or removed by a mail reader while we looked
    return [found[name] for name in sorted(found)]


def maildir_writer(place: str) -> Callable[[bytes], None]:
    """A function that delivers a message into the Maildir at `place`, for its owner. Raises UnreadableMailbox."""
    path = Path(place)
    if not (path / "new").is_dir() or not (path / "tmp").is_dir():
        raise UnreadableMailbox(f"deliver={place}: no Maildir folder, which has new and tmp in it")

    def write(content: bytes) -> None:
        second, rest = divmod(time.time_ns(), 10**9)  # names sort by the time of delivery
        name = f"{second}.N{rest:09d}R{secrets.randbits(32)}.netconform"
        part = path / "tmp" / name
        part.write_bytes(content)
        if os.geteuid() == 0:
            owner = (path / "new").stat()
            os.chown(part, owner.st_uid, owner.st_gid)
        part.rename(path / "new" / name)

    return write


class Mbox:
    """An mbox file, read while others write to it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._last: list[bytes] = []

    def read(self) -> list[bytes]:
        """Every message; while somebody else has the file locked, what was read last. Raises OSError."""
        with self._path.open("rb") as file:
            try:
                fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return self._last
            except OSError:
                pass  # a file system without locks
            self._last = read_mbox(file.read())
        return self._last


def read_mbox(data: bytes) -> list[bytes]:
    """Every whole message of an mbox, without its From_ line and the empty line behind it; `>From ` is left as it is.

    A message at the end that no empty line follows is still being written.
    """
    starts = list(_MBOX_FROM.finditer(data))
    ends = [match.start() for match in starts[1:]] + [len(data)]
    parts = [data[match.end() : end] for match, end in zip(starts, ends, strict=True)]
    if parts and not _EMPTY_LINE.search(parts[-1]):
        parts.pop()
    return [_EMPTY_LINE.sub(b"\n", part) for part in parts]

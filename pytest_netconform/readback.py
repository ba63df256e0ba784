"""Reading back: where a server under test left the mail that a check sent, as the octets of each message.

This module knows Maildir folders and mbox files on this machine. It must not know who delivered, nor how long to wait.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

_MBOX_FROM = re.compile(rb"(?:\A|\n)From [^\n]*\n")


class UnreadableMailbox(ValueError):
    """There is no mailbox at that place; one line."""


def mailbox_reader(place: str) -> Callable[[], list[bytes]]:
    """A function that returns the octets of all messages now in the Maildir or mbox at `place`.

    Raises UnreadableMailbox when there is neither (a Maildir that the first delivery will create may be missing, when
    its parent folder is there).
    """
    path = Path(place)
    if path.is_file():
        return lambda: read_mbox(path.read_bytes())
    if path.is_dir() or path.parent.is_dir():
        return lambda: read_maildir(path)
    raise UnreadableMailbox(f"readback={place}: neither a Maildir folder nor an mbox file")


def read_maildir(path: Path) -> list[bytes]:
    """Every message of a Maildir, new and cur, in the order of the file names."""
    files = [file for sub in ("new", "cur") for file in (path / sub).glob("*") if file.is_file()]
    return [file.read_bytes() for file in sorted(files, key=lambda file: file.name)]


def read_mbox(data: bytes) -> list[bytes]:
    """Every message of an mbox; a `From ` line begins one, `>From ` is left as it stands."""
    starts = list(_MBOX_FROM.finditer(data))
    ends = [match.start() + 1 for match in starts[1:]] + [len(data)]
    return [data[match.end() : end] for match, end in zip(starts, ends, strict=True)]

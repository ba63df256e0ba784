"""What the chapters share: a message's header and text, its fields, and what was added on the way.

Octets and nothing else. Lines end in CR LF here: what comes out of a mailbox came over a wire.
"""

from __future__ import annotations

import re
from collections import Counter

CRLF = b"\r\n"
# Where the next header field begins: behind a line end that folds nothing.
_NEXT_FIELD = re.compile(rb"(?<=\r\n)(?![ \t])")


def split(octets: bytes) -> tuple[bytes, bytes]:
    """The header with its last line end, and the text behind the empty line."""
    if octets.startswith(CRLF):
        return b"", octets[2:]
    header, _, text = octets.partition(CRLF + CRLF)
    return header + (b"" if header.endswith(CRLF) else CRLF), text


def fields(header: bytes) -> list[bytes]:
    """The fields in order, each whole, folds and line end included."""
    return [field for field in _NEXT_FIELD.split(header) if field]


def added(received: bytes, sent: bytes) -> list[bytes]:
    """The fields of a message that nobody sent, in order."""
    ours = Counter(fields(split(sent)[0]))
    found = []
    for field in fields(split(received)[0]):
        if ours[field]:
            ours[field] -= 1
        else:
            found.append(field)
    return found


def named(every: list[bytes], name: bytes) -> list[bytes]:
    """What the fields of a name (in lower case) say, unfolded."""
    found = [field.partition(b":") for field in every]
    return [b" ".join(value.split()) for key, _, value in found if key.strip().lower() == name]


def difference(sent: bytes, received: bytes) -> bytes:
    """The octets around the first that differs."""
    pairs = enumerate(zip(sent, received, strict=False))
    place = next((place for place, (one, other) in pairs if one != other), min(len(sent), len(received)))
    return received[max(0, place - 20) : place + 60] or b"nothing"

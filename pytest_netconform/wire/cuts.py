"""Cuts: one stream of octets, delivered in different segments.

TCP keeps no message boundaries, so every way to cut the same octets must give the same dialogue.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise

Cut = Callable[[bytes], list[bytes]]

_TOKEN = re.compile(rb"\r|\n|[0-9A-Za-z]+|[^0-9A-Za-z\r\n]")


def whole(data: bytes) -> list[bytes]:
    """One segment."""
    return [data]


def octets(data: bytes) -> list[bytes]:
    """One octet a segment."""
    return [data[i : i + 1] for i in range(len(data))]


def tokens(data: bytes) -> list[bytes]:
    """One word, separator, CR or LF a segment, so that CR and LF part company too."""
    return _TOKEN.findall(data)


def at(*places: int) -> Cut:
    """Cut at these offsets (those within the data)."""

    def cut(data: bytes) -> list[bytes]:
        edges = [0, *(p for p in sorted(places) if 0 < p < len(data)), len(data)]
        return [data[a:b] for a, b in pairwise(edges)]

    return cut


#: The cuts that a user can ask for by name.
CUTS: dict[str, Cut] = {"whole": whole, "octets": octets, "tokens": tokens}

"""Where a Location leads, as browsers read it (WHATWG URL 4.4): which host, and which path of it. Pure.

Browsers read more into a reference than RFC 3986 does: backslashes are slashes, tabs and line ends are not there, and
`https:name` inside of http is a host. Who only looks for `//` is fooled by each.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

SPECIAL = ("http", "https", "ws", "wss", "ftp")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(.*)", re.DOTALL)
_EDGES = "".join(map(chr, range(0x21)))  # C0 controls and space


@dataclass(frozen=True)
class Place:
    """host: in lower case, with its port; None for that of the page. rest: path and query, as they stand.

    scheme: where it is another than the page's.
    """

    host: str | None
    rest: str
    scheme: str = ""


def parse_place(location: bytes, scheme: str) -> Place:
    """Where a reference on a page of this scheme leads."""
    text = re.sub(r"[\t\r\n]", "", location.decode("latin-1").strip(_EDGES))
    found = _SCHEME.fullmatch(text)
    if found is None:
        return _relative(_slashed(text))
    named, rest = found[1].lower(), _slashed(found[2])
    if named not in SPECIAL:
        return Place("", text, named)
    other = "" if named == scheme else named
    if not other and not rest.startswith("//"):
        return _relative(rest)
    return _of_host(rest.lstrip("/"), other)


def _slashed(text: str) -> str:
    """Backslashes are slashes, up to the query."""
    end = min((place for mark in "?#" if (place := text.find(mark)) >= 0), default=len(text))
    return text[:end].replace("\\", "/") + text[end:]


def _relative(text: str) -> Place:
    return _of_host(text.lstrip("/"), "") if text.startswith("//") else Place(None, text.partition("#")[0])


def _of_host(text: str, scheme: str) -> Place:
    end = min((place for mark in "/?#" if (place := text.find(mark)) >= 0), default=len(text))
    host, rest = text[:end].rpartition("@")[2].lower(), text[end:].partition("#")[0]
    return Place(host, rest if rest.startswith("/") else f"/{rest}", scheme)

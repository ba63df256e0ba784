"""Forms as browsers send them (WHATWG URL 5.2, RFC 7578), and what an application says that it understood. Pure.

What was understood is JSON: `{"fields": [[name, value], …], "files": [[name, filename, type, content], …]}`, contents
as text whose characters are octets (latin-1). `fields` may be an object too, of values or of lists, or all there is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

URLENCODED = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class File:
    """A file in a form."""

    name: str
    filename: str
    content: bytes
    kind: str = "application/octet-stream"


@dataclass(frozen=True)
class Understood:
    """What an application says was in a form."""

    fields: tuple[tuple[str, str], ...] = ()
    files: tuple[File, ...] = ()

    def all(self, name: str) -> list[str]:
        """Every value of a name, in order."""
        return [value for found, value in self.fields if found == name]


def urlencoded(fields: Iterable[tuple[str, str]]) -> bytes:
    """Fields as a browser sends them by default (WHATWG URL 5.2)."""
    return "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in fields).encode()


def multipart(boundary: str, fields: Iterable[tuple[str, str]] = (), files: Iterable[File] = ()) -> bytes:
    """Fields and files as parts (RFC 7578 4); names are sent as they are, in UTF-8 (5.1)."""
    start = b"--" + boundary.encode() + b"\r\n"
    parts = [start + _part(name, "", "") + value.encode() + b"\r\n" for name, value in fields]
    parts += [start + _part(file.name, file.filename, file.kind) + file.content + b"\r\n" for file in files]
    return b"".join(parts) + b"--" + boundary.encode() + b"--\r\n"


def _part(name: str, filename: str, kind: str) -> bytes:
    lines = f'Content-Disposition: form-data; name="{name}"' + (f'; filename="{filename}"' if filename else "")
    return (lines + (f"\r\nContent-Type: {kind}" if kind else "") + "\r\n\r\n").encode()


def parse_understood(body: bytes) -> Understood | None:
    """What an application says was in a form; None where it does not say it in that way."""
    try:
        found: Any = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    fields, files = _pairs(found.get("fields", {k: v for k, v in found.items() if k != "files"})), _files(found)
    return None if fields is None or files is None else Understood(fields, files)


def _pairs(found: Any) -> tuple[tuple[str, str], ...] | None:
    if isinstance(found, dict):
        found = [
            (name, v) for name, values in found.items() for v in (values if isinstance(values, list) else [values])
        ]
    if not isinstance(found, list) or not all(isinstance(p, list | tuple) and len(p) == 2 for p in found):
        return None
    return tuple((str(name), str(value)) for name, value in found)


def _files(found: dict[str, Any]) -> tuple[File, ...] | None:
    files = found.get("files", [])
    if not isinstance(files, list) or not all(isinstance(f, list) and len(f) == 4 for f in files):
        return None
    return tuple(File(str(name), str(to), _octets(str(content)), str(kind)) for name, to, kind, content in files)


def _octets(text: str) -> bytes:
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")

"""What an echo endpoint answers: the request as the application behind the server saw it, as JSON.

The form is `{"method", "target", "version", "fields" (or "headers"), "body"}`: fields as pairs or as an object, the
body as text whose characters are its octets (latin-1). Anything else is no echo. Pure.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from pytest_netconform.wire.http import Fields


@dataclass(frozen=True)
class Echo:
    """A request as its application saw it."""

    method: str
    target: str
    version: str
    fields: Fields
    body: bytes


def parse_echo(body: bytes) -> Echo | None:
    """The echo in a response's body, or None."""
    try:
        found: Any = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or not {"method", "target"} <= found.keys():
        return None
    fields = _pairs(found.get("fields", found.get("headers", [])))
    if fields is None:
        return None
    version, content = found.get("version") or "", found.get("body") or ""
    return Echo(str(found["method"]), str(found["target"]), str(version), fields, _octets(str(content)))


def _pairs(found: Any) -> Fields | None:
    pairs = list(found.items()) if isinstance(found, dict) else found
    if not isinstance(pairs, list) or not all(isinstance(p, list | tuple) and len(p) == 2 for p in pairs):
        return None
    return Fields(tuple((_octets(str(name)), _octets(str(value))) for name, value in pairs))


def _octets(text: str) -> bytes:
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")

"""Requests as values, and why one is refused (RFC 9110 3, RFC 9112 2).

Octets stay octets here: what a client wrote is kept as he wrote it. This module must not know how octets arrive.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

VERSION_10, VERSION_11 = (1, 0), (1, 1)
OWS = b" \t"  # optional whitespace (RFC 9110 5.6.3)


class Field(NamedTuple):
    """A field line: the name as it was written, the value without the blanks around it, and the name to look it up."""

    name: bytes
    value: bytes
    key: bytes


class Form(Enum):
    """The four forms of a request target (RFC 9112 3.2)."""

    ORIGIN = "origin-form"
    ABSOLUTE = "absolute-form"
    AUTHORITY = "authority-form"
    ASTERISK = "asterisk-form"


@dataclass(frozen=True)
class Target:
    """A request target. raw: as it was written. path and query are still percent-encoded; query None: there is no `?`.

    authority: of absolute-form and authority-form.
    """

    form: Form
    raw: bytes
    path: bytes = b""
    query: bytes | None = None
    scheme: bytes = b""
    authority: bytes = b""


@dataclass(frozen=True)
class Request:
    """A request. version: (major, minor) as the client wrote it. While only the head is there, body is empty."""

    method: str
    target: Target
    version: tuple[int, int]
    fields: tuple[Field, ...] = ()
    body: bytes = b""
    trailers: tuple[Field, ...] = ()

    def values(self, name: str) -> list[bytes]:
        """The values of all field lines of a name, in their order."""
        key = name.lower().encode()
        return [field.value for field in self.fields if field.key == key]

    def value(self, name: str) -> str | None:
        """The combined value (RFC 9110 5.2), None without such a field; octets are shown as Latin-1."""
        found = self.values(name)
        return b", ".join(found).decode("latin-1") if found else None

    def members(self, name: str) -> list[str]:
        """The members of a list (RFC 9110 5.6.1), empty ones left out; for fields whose members quote no commas."""
        return [member.decode("latin-1") for member in list_members(self.values(name))]


def list_members(values: Iterable[bytes]) -> list[bytes]:
    """The members of a comma-separated list over all its lines; empty ones do not count (RFC 9110 5.6.1.2)."""
    members = (member.strip(OWS) for value in values for member in value.split(b","))
    return [member for member in members if member]


class Refusal(Exception):
    """A request is refused: the status, a reason in words, and fields that the answer must carry."""

    def __init__(self, status: int, why: str, fields: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(f"{status} {why}")
        self.status, self.why, self.fields = status, why, fields

"""Addresses in header fields: lists, groups, routes, names, comments (RFC 5322 3.4, 4.4), read as far as they go."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKEN = re.compile(
    rb'(?P<quoted>"(?:[^"\\]|\\.)*"?)|(?P<literal>\[[^\]]*\]?)|(?P<special>[<>@,;:])|(?P<comment>\()'
    rb"|(?P<space>[ \t\r\n]+)|(?P<atom>[^\"\[<>@,;:( \t\r\n]+)",
    re.DOTALL,
)
KEPT = 5000  # addresses of a field


@dataclass(frozen=True)
class Address:
    """One address as an envelope has it (RFC 9051 7.5.2): name, route, mailbox, host.

    Without a host it is the beginning of a group, whose name is the mailbox, or its end.
    """

    name: bytes | None = None
    route: bytes | None = None
    mailbox: bytes | None = None
    host: bytes | None = None


Token = tuple[str, bytes]


def parse_addresses(value: bytes) -> list[Address]:
    """The addresses of a field's value, groups with a mark at either end."""
    found: list[Address] = []
    piece: list[Token] = []
    angle = grouped = False
    for kind, text in [*_tokens(value), ("special", b",")]:
        if kind == "special" and not angle and text in (b",", b";", b":"):
            if text == b":" and not grouped:
                found.append(Address(mailbox=_words(piece) or b""))
                grouped, piece = True, []
                continue
            found += _address(piece)
            piece = []
            if text == b";" and grouped:
                found.append(Address())
                grouped = False
            if len(found) > KEPT:
                return found
            continue
        angle = (angle or text == b"<") and text != b">" if kind == "special" else angle
        piece.append((kind, text))
    return [*found, Address()] if grouped else found


def _tokens(value: bytes) -> list[Token]:
    found, place = [], 0
    while place < len(value):
        token = _TOKEN.match(value, place)
        if token is None:  # a bracket without its partner
            place += 1
            continue
        place = token.end()
        kind = token.lastgroup or ""
        if kind == "comment":
            place, text = _comment(value, place)
            found.append((kind, text))
        else:
            found.append((kind, token.group()))
    return found


def _comment(value: bytes, place: int) -> tuple[int, bytes]:
    # comments nest; returned is the place behind, and the text between the outermost parentheses
    begin, depth = place, 1
    for token in re.compile(rb"\\.|[()]", re.DOTALL).finditer(value, place):
        depth += {b"(": 1, b")": -1}.get(token.group(), 0)
        if depth == 0:
            return token.end(), value[begin : token.start()]
    return len(value), value[begin:]


def _address(piece: list[Token]) -> list[Address]:
    comment = next((text for kind, text in piece if kind == "comment"), None)
    tokens = [token for token in piece if token[0] != "comment"]
    if not any(kind != "space" for kind, _ in tokens):
        return []
    if ("special", b"<") in tokens:
        at = tokens.index(("special", b"<"))
        end = tokens.index(("special", b">")) if ("special", b">") in tokens else len(tokens)
        return [_spec(tokens[at + 1 : end], _words(tokens[:at]) or comment)]
    return [_spec(tokens, comment)]


# angle-addr = "<" addr-spec ">"; obs-route = obs-domain-list ":"   (RFC 5322 3.4, 4.4)
def _spec(tokens: list[Token], name: bytes | None) -> Address:
    tokens = [token for token in tokens if token[0] != "space"]
    route = None
    if ("special", b":") in tokens:
        at = tokens.index(("special", b":"))
        route, tokens = b"".join(text for _, text in tokens[:at]), tokens[at + 1 :]
    local, host, behind = bytearray(), bytearray(), False
    for kind, text in tokens:
        if (kind, text) == ("special", b"@"):
            behind = True
        elif behind:
            host += text
        else:
            local += _unquoted(text) if kind == "quoted" else text
    # a host is never NIL, which would make a group of it
    return Address(name, route, bytes(local), bytes(host))


def _words(tokens: list[Token]) -> bytes | None:
    text = b"".join(_unquoted(text) if kind == "quoted" else b" " if kind == "space" else text for kind, text in tokens)
    return re.sub(rb" +", b" ", text).strip() or None


def _unquoted(text: bytes) -> bytes:
    inner = text[1:-1] if len(text) > 1 and text.endswith(b'"') else text[1:]
    return re.sub(rb"\\(.)", rb"\1", inner, flags=re.DOTALL)

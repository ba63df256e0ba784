"""Dialect files: TOML text to a dialect, by a schema that is a table; errors name file, line and key.

The schema (KEYS, FRAMINGS) is what `docs/dialects.md` prints. Octets are given as text, or as hex under the same key
with `_hex` behind it. It knows text only, not where it came from.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_netconform.dialect.rules import RULES, DialectProblem, meant
from pytest_netconform.dialect.values import Dialect, Exchange, IdField
from pytest_netconform.wire.framing import (
    KINDS,
    Blocks,
    Checked,
    Compressed,
    Datagram,
    Delimited,
    Fixed,
    Framing,
    FramingProblem,
    Lines,
    Prefixed,
)
from pytest_netconform.wire.layers import CHECKSUMS

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FILE_LIMIT = 1 << 18  # characters; a dialect is a handful of samples

Table = dict[str, Any]


@dataclass(frozen=True)
class Key:
    """One key of the schema: what kind of value it takes, and what it means. `octets` may be given as hex, too."""

    takes: str
    meaning: str


_HEARD = {
    "hear": Key("octets", "the whole reply, octet for octet (may be left out where a rule says it)"),
    "hear_pattern": Key("pattern", "a regular expression that the whole reply matches"),
    "example": Key("octets", "with `hear_pattern`: a reply that matches, for our own server to give"),
    "silence": Key("flag", "`true`: nothing is answered"),
}
_FRAMING = {
    "kind": Key("text", "the kind of framing; the table below says which other keys it takes"),
    "mark": Key("octets", "what ends a message"),
    "kept": Key("flag", "`true`: the mark is part of the message, and stands in the samples"),
    "escape": Key("octets", "the octet that stands before octets of the mark which end nothing"),
    "end": Key("text", "`crlf`, `lf` or `any`: how lines end"),
    "format": Key("text", "the length as `struct` writes it: `!`, `>` or `<`, and a letter of `BHILQ` or `bhilq`"),
    "inclusive": Key("flag", "`true`: the length counts its own octets too"),
    "size": Key("number", "octets of every message (`fixed`), of a block that we write (`blocks`)"),
    "layers": Key("texts", "what is done to a payload before it is framed, in order: `zlib`, `crc32`, `adler32`"),
    "checksum_format": Key("text", "`!I` (default) or `<I`: the byte order of the checksum"),
}

#: The schema: every key of every table; "" is the top of the file.
KEYS: dict[str, dict[str, Key]] = {
    "": {
        "name": Key("text", "what reports call it (default: the name of the file)"),
        "transport": Key("text", "`tcp` (default), `udp`, `unix` or `unix-dgram`"),
        "encoding": Key("text", "`ascii` or `utf-8` where payloads are text; left out, they are octets"),
        "rule": Key("text", "`echo` or `upper`: how every request is answered"),
        "serves": Key("text", "`many` clients at once (default), `one-at-a-time`, or `once` and no more"),
        "unasked": Key("text", "`once`: speaks without being asked and closes; `stream`: and never ends"),
        "largest_request": Key("number", "octets of the longest request that is understood"),
        "largest_reply": Key("number", "octets of the longest reply"),
    },
    "framing": _FRAMING,
    "requests": _FRAMING,
    "replies": _FRAMING,
    "exchange": {"say": Key("octets", "a request"), **_HEARD},
    "unknown": {"say": Key("octets", "a request that the server does not know"), **_HEARD},
    "greeting": {name: key for name, key in _HEARD.items() if name != "silence"},
    "id": {
        "offset": Key("number", "octets in front of the id (default 0)"),
        "width": Key("number", "octets of the id"),
    },
}
#: Which keys each kind of framing takes; those it cannot do without come first, before the None.
FRAMINGS: dict[str, tuple[str | None, ...]] = {
    "delimited": ("mark", None, "kept", "escape"),
    "lines": (None, "end"),
    "prefixed": (None, "format", "inclusive"),
    "varint": (None,),
    "fixed": ("size", None),
    "blocks": (None, "format", "size"),
    "netstring": (None,),
    "zlib": (None,),
    "until-close": (None,),
    "flow": (None,),
    "datagram": (None,),
}
_MAKERS: dict[str, Callable[..., Framing]] = {
    "delimited": lambda mark, kept=False, escape=b"": Delimited(mark, kept, escape),
    "lines": lambda end="crlf": Lines(end),
    "prefixed": lambda format="!I", inclusive=False: Prefixed(format, inclusive),
    "fixed": lambda size: Fixed(size),
    "blocks": lambda format="!I", size=0: Blocks(format, size),
}
_LAYER_KEYS = ("layers", "checksum_format")
_TYPES: dict[str, tuple[type, str]] = {
    "text": (str, "a text"),
    "octets": (str, "a text"),
    "pattern": (str, "a text"),
    "flag": (bool, "true or false"),
    "number": (int, "a whole number"),
    "texts": (list, "a list of texts"),
}


def parse_dialect(text: str, name: str = "dialect.toml") -> Dialect:
    """The dialect that a TOML file describes; `name` is the file's, for problems. Raises DialectProblem."""
    try:
        return _Reader(_loaded(text, name), name).dialect()
    except DialectProblem as problem:
        if problem.where:
            raise
        key, line = _found(text, problem.key)
        raise DialectProblem(key, problem.problem, f"{name}, line {line}" if line else name) from None


def _loaded(text: str, name: str) -> Table:
    if len(text) > FILE_LIMIT:
        raise DialectProblem("", f"a dialect of more than {FILE_LIMIT} characters", name)
    try:
        return dict(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        found = re.search(r" \(at (?:line (\d+), column (\d+)|(end of document))\)$", str(error))
        line = text.count("\n") + 1 if found is None or found[3] else int(found[1])
        said = str(error)[: found.start()] if found else str(error)
        raise DialectProblem("", f"no TOML: {said}", f"{name}, line {line}") from None


class _Reader:
    """Takes the tables of a file apart, by the schema."""

    def __init__(self, tables: Table, name: str) -> None:
        self._file = name
        self._top = {key: value for key, value in tables.items() if key not in KEYS}
        self._tables = {key: value for key, value in tables.items() if key in KEYS}

    def dialect(self) -> Dialect:
        """The dialect as a whole."""
        top = self._read(self._top, "", extra=[key for key in KEYS if key])
        self._encoding = "ascii" if top.get("encoding") == "ascii" else "utf-8"
        self._rule = str(top.get("rule", ""))
        requests, replies = self._framings(str(top.get("transport", "tcp")))
        stem = re.sub(r".*[/\\]|\.toml$", "", self._file)
        return Dialect(
            **{"name": stem, **top},
            requests=requests,
            replies=replies,
            exchanges=tuple(self._exchanges()),
            unknown=self._one("unknown"),
            greeting=self._one("greeting"),
            id=self._id(),
        )

    # -- framing

    def _framings(self, transport: str) -> tuple[Framing, Framing]:
        tables = {key: self._table(key) for key in ("framing", "requests", "replies") if key in self._tables}
        if not tables:
            if transport in ("udp", "unix-dgram"):
                return Datagram(), Datagram()
            raise DialectProblem("framing", "missing: how are messages told apart?")
        if "framing" in tables and len(tables) > 1:
            raise DialectProblem("framing", "holds for both directions; leave it out, or requests and replies")
        if "framing" in tables:
            both = self._framing("framing", tables["framing"])
            return both, both
        for key in ("requests", "replies"):
            if key not in tables:
                raise DialectProblem(key, "missing: requests and replies belong together")
        return self._framing("requests", tables["requests"]), self._framing("replies", tables["replies"])

    def _framing(self, where: str, table: Table) -> Framing:
        given = self._read(table, where)
        kind = given.pop("kind", None)
        if kind is None:
            raise DialectProblem(f"{where}.kind", "missing")
        if kind not in KINDS:
            raise DialectProblem(f"{where}.kind", f"unknown kind {kind!r}; {meant(kind, list(KINDS))}")
        taken = [key for key in FRAMINGS[kind] if key]
        for key in given:
            if key not in taken and key not in _LAYER_KEYS:
                names = " and ".join([*taken, "layers"])
                raise DialectProblem(f"{where}.{key}", f"not for kind {kind!r}, which takes {names}")
        missing = [key for key in taken[: FRAMINGS[kind].index(None)] if key not in given]
        if missing:
            raise DialectProblem(f"{where}.{missing[0]}", f"missing; kind {kind!r} needs it")
        try:
            own = {key: value for key, value in given.items() if key in taken}
            return _layered(_MAKERS.get(kind, KINDS[kind])(**own), given)
        except FramingProblem as problem:
            raise DialectProblem(f"{where}.{problem.key or 'kind'}", str(problem)) from None

    # -- samples

    def _exchanges(self) -> Iterator[Exchange]:
        tables = self._tables.get("exchange", [])
        if not isinstance(tables, list):
            raise DialectProblem("exchange", "is written [[exchange]], once for every exchange")
        for number, table in enumerate(tables, 1):
            yield self._exchange(f"exchange[{number}]", "exchange", table)

    def _one(self, key: str) -> Exchange | None:
        return self._exchange(key, key, self._table(key)) if key in self._tables else None

    def _exchange(self, where: str, section: str, table: Any) -> Exchange:
        given = self._read(table, where, section)
        if "say" in KEYS[section] and "say" not in given:
            raise DialectProblem(f"{where}.say", 'missing; say = "" says nothing')
        if "hear_pattern" in given:
            given["pattern"] = given.pop("hear_pattern")
        heard = {"hear", "pattern", "silence"} & set(given)
        if not heard and section == "exchange" and self._rule in RULES:
            given["hear"] = RULES[self._rule](given["say"])
        return Exchange(**given)

    def _id(self) -> IdField | None:
        if "id" not in self._tables:
            return None
        given = {"offset": 0, **self._read(self._table("id"), "id")}
        if "width" not in given:
            raise DialectProblem("id.width", "missing")
        return IdField(**given)

    # -- values

    def _table(self, key: str) -> Table:
        table = self._tables[key]
        if not isinstance(table, dict):
            raise DialectProblem(key, f"is a table: write [{key}], once")
        return table

    def _read(self, table: Any, where: str, section: str = "", extra: Any = ()) -> Table:
        """The values of a table by the schema; text and hex become octets, under the key without `_hex`."""
        known = KEYS[section or where]
        names = [*known, *(f"{key}_hex" for key in known if known[key].takes == "octets")]
        if not isinstance(table, dict):
            raise DialectProblem(where, "is no table")
        found: Table = {}
        for name, value in table.items():
            path = f"{where}.{name}" if where else name
            if name not in names:
                raise DialectProblem(path, f"unknown key; {meant(name, [*names, *extra])}")
            key = name.removesuffix("_hex") if name not in known else name
            if key in found:
                raise DialectProblem(path, f"both {key} and {key}_hex")
            found[key] = self._value(path, known[key].takes, value, name != key)
        return found

    def _value(self, path: str, takes: str, value: Any, hex: bool) -> Any:
        wanted, words = _TYPES[takes]
        texts = not isinstance(value, list) or all(isinstance(part, str) for part in value)
        if type(value) is not wanted or not texts:
            raise DialectProblem(path, f"{value!r} is not {words}")
        return self._octets(path, str(value), hex) if takes in ("octets", "pattern") else value

    def _octets(self, path: str, value: str, hex: bool) -> bytes:
        try:
            return bytes.fromhex(value) if hex else value.encode(self._encoding)
        except UnicodeEncodeError:
            raise DialectProblem(path, f"{value!r} is not {self._encoding}") from None
        except ValueError:
            raise DialectProblem(path, f"{value!r} is no hex: two digits an octet are") from None


def _layered(framing: Framing, given: Mapping[str, Any]) -> Framing:
    """The framing with its layers; the last one that is done to a payload is the next to the framing."""
    format = given.get("checksum_format", "!I")
    layers = given.get("layers", [])
    if "checksum_format" in given and not set(layers) & set(CHECKSUMS):
        raise FramingProblem("there is no checksum among the layers", "checksum_format")
    for layer in reversed(layers):
        if layer != "zlib" and layer not in CHECKSUMS:
            raise FramingProblem(f"unknown layer {layer!r}; {meant(layer, ['zlib', *CHECKSUMS])}", "layers")
        framing = Compressed(framing) if layer == "zlib" else Checked(framing, layer, format)
    return framing


# -- where a key stands


def _found(text: str, key: str) -> tuple[str, int]:
    """A key as the file spells it, and its line; of one that is not there the line of its table (0: none)."""
    lines = _lines(text)
    parent = key.rpartition(".")[0]
    both = {"requests": "framing", "replies": "framing"}.get(key, key)
    for name in (key, f"{key}_hex", both):
        if name in lines:
            return name, lines[name]
    return key, lines.get(f"{key}[1]", lines.get(parent, 0))


def _lines(text: str) -> dict[str, int]:
    """The line of every key and table of a valid TOML document: `exchange[2].say`, `framing.kind`."""
    found: dict[str, int] = {}
    table, counts = "", dict[str, int]()
    for line, statement in _statements(text):
        head = statement.lstrip()
        if head.startswith("["):
            table = ".".join(_paths(tomllib.loads(statement)))
            if head.startswith("[["):
                counts[table] = counts.get(table, 0) + 1
                table = f"{table}[{counts[table]}]"
            found.setdefault(table, line)
            continue
        for path in _every(tomllib.loads(statement)):
            found.setdefault(f"{table}.{path}" if table else path, line)
    return found


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Every header and every key with its value, however many lines that takes, with its first line's number."""
    waiting, first = "", 0
    for number, line in enumerate(text.split("\n"), 1):
        if not waiting and (not line.strip() or line.lstrip().startswith("#")):
            continue
        first = first if waiting else number
        waiting += line + "\n"
        try:
            tomllib.loads(waiting)
        except tomllib.TOMLDecodeError:
            continue
        yield first, waiting
        waiting = ""


def _paths(tables: Any) -> Iterator[str]:
    """The names on the way to the one table of a header."""
    while isinstance(tables, dict | list) and tables:
        if isinstance(tables, list):
            (tables,) = tables
        else:
            ((name, tables),) = tables.items()
            yield name


def _every(tables: Table, before: str = "") -> Iterator[str]:
    """The path of every key and table, of those in inline tables and lists too."""
    for name, value in tables.items():
        path = f"{before}{name}"
        yield path
        if isinstance(value, dict):
            yield from _every(value, f"{path}.")
        if isinstance(value, list):
            for number, part in enumerate(value, 1):
                if isinstance(part, dict):
                    yield f"{path}[{number}]"
                    yield from _every(part, f"{path}[{number}].")

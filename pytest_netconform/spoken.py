"""Spoken: which dialect a target speaks, by its scheme, by a name or a file behind `?dialect=`.

This module reads dialect files and knows the ready ones; whatever is wrong becomes one line that names the file, the
line and the key, or the target. It must not speak to anybody.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pytest_netconform.dialect import Dialect, DialectProblem, parse_dialect
from pytest_netconform.dialect.file import FILE_LIMIT
from pytest_netconform.dialect.rules import meant
from pytest_netconform.dialects import READY
from pytest_netconform.protocols import PROTOCOLS, Scheme, by_scheme
from pytest_netconform.target import Spec, TargetError


def spoken(spec: Spec) -> Dialect | None:
    """The dialect that a target's scheme or its option says it speaks, over the target's own transport; None: neither.

    Raises TargetError.
    """
    implied, named = spec.way.dialect, spec.options.get("dialect", "")
    if not implied and not named:
        return None
    if implied and named:
        raise TargetError(f"{spec.scheme}:// says what {spec.place} speaks; leave dialect={named} out")
    return fitted(spec, dialect_named(implied or named))


def named_by(value: object) -> tuple[str, Dialect | None]:
    """What a user's fixture returned, a URL, or (URL, dialect), as both. Raises TargetError."""
    url, dialect = value if isinstance(value, tuple) and len(value) == 2 else (value, None)
    if not isinstance(url, str) or not isinstance(dialect, Dialect | None):
        raise TargetError(f"the fixture netconform_target returned {value!r}; a URL is asked for, or (URL, dialect)")
    return url, dialect


def placed(spec: Spec, dialect: Dialect) -> Spec:
    """A bare host:port of which the dialect is known, with the scheme that follows. Raises TargetError."""
    if spec.reference or spec.protocol is not None:
        return spec
    scheme = next((s for s, way in _bare_ways() if way.transport == dialect.transport), None)
    if scheme is None:
        path = "unix:///PATH" if dialect.streams else "unixgram:///PATH"
        raise TargetError(f"the dialect {dialect.name} travels over {dialect.transport}; for {spec.place} write {path}")
    return replace(spec, scheme=scheme, protocol=by_scheme(scheme))


def takes(spec: Spec, dialect: Dialect) -> bool:
    """Whether a dialect that was named for a whole run is meant for this target too."""
    if spec.way.dialect or spec.options.get("dialect"):
        return False
    if spec.protocol is None:
        return not spec.reference
    return "dialect" in spec.protocol.options and spec.protocol.datagrams is not dialect.streams


def undescribed() -> str:
    """What to tell somebody whose server nobody has described."""
    return f"it is asked what holds for any server; for more, {describe()}"


def describe(*, datagrams: bool = False) -> str:
    """How a server is described, for a message."""
    first = 'transport = "udp"' if datagrams else '[framing] kind = "lines"'
    example = f'{first} and [[exchange]] say = "PING", hear = "PONG"'
    return f"name a dialect, a file that says {example}, or the like: --netconform-dialect=FILE.toml (docs/dialects.md)"


def _bare_ways() -> list[tuple[str, Scheme]]:
    return [
        (scheme, way)
        for row in PROTOCOLS.values()
        for scheme, way in row.schemes.items()
        if "dialect" in row.options and not (way.dialect or way.path or way.implicit_tls)
    ]


def fitted(spec: Spec, dialect: Dialect) -> Dialect:
    """A dialect, over the target's own transport. Raises TargetError when the one needs datagrams and the other not."""
    if spec.protocol is not None and spec.protocol.datagrams is dialect.streams:
        other = "a stream" if dialect.streams else "datagrams"
        raise TargetError(f"the dialect {dialect.name} wants {other}, which {spec.url} is not")
    return dialect if spec.reference else replace(dialect, transport=spec.way.transport)


def dialect_named(text: str) -> Dialect:
    """The ready dialect of this name, or what the TOML file of this name describes. Raises TargetError."""
    if text in READY:
        return READY[text]
    if not text.endswith(".toml") and "/" not in text:
        raise TargetError(f"unknown dialect {text!r}; {meant(text, READY)}; or name a file, FILE.toml")
    try:
        with Path(text).open("rb") as file:
            octets = file.read(4 * FILE_LIMIT + 1)  # UTF-8 has up to four octets a character
        return parse_dialect(octets.decode("utf-8"), text)
    except OSError as error:
        raise TargetError(f"cannot read the dialect {text}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        line = octets[: error.start].count(b"\n") + 1
        raise TargetError(f"{text}, line {line}: a dialect is written in UTF-8") from None
    except DialectProblem as problem:
        raise TargetError(" ".join(str(problem).split())) from None

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

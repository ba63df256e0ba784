"""What a mutant is: a session that is wrong on purpose, in one way, and says which requirement that breaks.

A mutant is a class: the reference session with one small method overridden. The decorator writes down what a reader,
and the gate, must know about it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any, TypeVar

_ATTRIBUTE = "__netconform_mutant__"


@dataclass(frozen=True)
class Mutant:
    """One wrong way.

    breaks: the ids whose checks must notice. because: a text that stands in what such a check expected or received, so
    that it is known to fail for the right reason. session: a session, or what the protocol's reference puts into its
    own. options: the configuration of the reference that it starts from.
    """

    name: str
    breaks: tuple[str, ...]
    because: str
    session: type[Any]
    options: Mapping[str, str] = field(default_factory=dict)


S = TypeVar("S", bound="type[Any]")


def mutant(name: str, *, breaks: Sequence[str], because: str, **options: str) -> Callable[[S], S]:
    """Declare a session class a mutant; `options` configure the reference under it (`greeting="554"`)."""

    def mark(session: S) -> S:
        setattr(session, _ATTRIBUTE, Mutant(name, tuple(breaks), because, session, options))
        return session

    return mark


def mutants_of(package: str) -> Iterator[Mutant]:
    """All mutants of a protocol, `mutants/<protocol>.py` or the modules of that folder, in the order of the files, and
    of other modules that the folder lists (`ALSO`).
    """
    module = import_module(f"pytest_netconform.reference_servers.mutants.{package}")
    modules = [module]
    if hasattr(module, "__path__"):
        modules += [import_module(f"{module.__name__}.{found.name}") for found in iter_modules(module.__path__)]
    modules += getattr(module, "ALSO", ())
    for part in modules:
        yield from _declared(part)


def _declared(module: ModuleType) -> Iterator[Mutant]:
    for value in vars(module).values():
        found = vars(value).get(_ATTRIBUTE) if isinstance(value, type) else None
        if isinstance(found, Mutant) and value.__module__ == module.__name__:
            yield found

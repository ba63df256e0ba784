"""Mutants of structs and arrays."""

from __future__ import annotations

from typing import Any

from pytest_netconform.reference_servers.http import Request
from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.mutants.xmlrpc.transport import Dying
from pytest_netconform.reference_servers.xmlrpc import Answers
from pytest_netconform.wire.xmlrpc import Malformed


@mutant("nested_flattened", breaks=["XR-struct"], because="'b'")
class NestedFlattened(Answers):
    """Puts the members of a struct in a struct into that."""

    def taken(self, params: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(_flat(value) if isinstance(value, dict) else value for value in params)


def _flat(found: dict[str, Any]) -> dict[str, Any]:
    inside = [value.items() if isinstance(value, dict) else [(name, value)] for name, value in found.items()]
    return {name: value for pairs in inside for name, value in pairs}


@mutant("names_cut_at_blanks", breaks=["XR-struct"], because="'a name & more'")
class NamesCutAtBlanks(Answers):
    """Takes a name for a word."""

    def taken(self, params: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(
            {name.partition(" ")[0]: inside for name, inside in value.items()} if isinstance(value, dict) else value
            for value in params
        )


@mutant("empty_name_kills", breaks=["XR-struct"], because="the target goes on")
class EmptyNameKills(Dying):
    """Falls over a name with nothing in it."""

    def too_much(self, request: Request) -> bool:
        return b"<name></name>" in request.body


@mutant("empty_array_fails", breaks=["XR-array-mixed"], because="[] in answer to")
class EmptyArrayFails(Answers):
    """Looks at the first of none."""

    def check(self, octets: bytes) -> None:
        if b"<data></data>" in octets:
            raise Malformed("nothing in it")
        super().check(octets)


@mutant("arrays_sorted", breaks=["XR-array-mixed"], because="string 'b'")
class ArraysSorted(Answers):
    """Knows a better order."""

    def taken(self, params: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(value[::-1] if isinstance(value, list) else value for value in params)

"""Structs and arrays (the specification's <struct>s and <array>s)."""

from __future__ import annotations

import pytest

from pytest_netconform.dialogues.xmlrpc import REFUSALS, XmlRpc, described, same, told
from pytest_netconform.requirement import MUST, requirement
from pytest_netconform.wire.xmlrpc import STRUCT, array, inner, integer, string, struct

STRUCTS = {
    "names": struct({"z": integer(1), "a name & more": string("b"), "A": integer(2)}),
    "nested": struct({"b": struct({"c": struct({"d": integer(1)}), "e": array(integer(2))}), "a": struct({})}),
}
ARRAYS = {
    "mixed": array(integer(1), string("b"), struct({"c": integer(2)}), array(integer(3), string("")), array()),
    "empty": array(),
}


@requirement("XR-struct", MUST, "XML-RPC <struct>s, Q&A", "A struct comes back with its members, in any order.")
@pytest.mark.parametrize("what", list(STRUCTS))
def test_structs(xmlrpc: XmlRpc, what: str) -> None:
    """Names with blanks and signs, and structs in structs."""
    xmlrpc.returns(inner(STRUCTS[what]), STRUCTS[what])


@requirement("XR-struct", MUST, "XML-RPC <struct>s, Q&A", "A struct comes back with its members, in any order.")
@pytest.mark.parametrize("what", ["empty", "twice"])
def test_odd_names(xmlrpc: XmlRpc, what: str) -> None:
    """An empty name, or one name twice: one of the values, or a refusal; the server goes on."""
    names = ("", "b") if what == "empty" else ("a", "a")
    members = "".join(
        f"<member><name>{name}</name><value><int>{number}</int></value></member>"
        for number, name in enumerate(names, 1)
    )
    octets = xmlrpc.echo(f"<struct>{members}</struct>")
    right = [struct({"": integer(1), "b": integer(2)})]
    if what == "twice":
        right = [struct({"a": integer(1)}), struct({"a": integer(2)})]
    expected = f"{' or '.join(map(str, right))}, or a fault, in answer to {told(octets)}"
    reply = xmlrpc.said(octets, expected="a result or a fault")
    if reply.fault is None and reply.http.status not in REFUSALS:
        value = xmlrpc.unechoed(xmlrpc.taken(reply, expected))
        xmlrpc.require(value.kind == STRUCT and any(same(value, one) for one in right), expected, described(reply))
    xmlrpc.note(f"{what}: {'refused' if reply.value is None else described(reply)}")
    xmlrpc.alive()


@requirement("XR-array-mixed", MUST, "XML-RPC <array>s", "An array may mix types, and keeps its order.")
@pytest.mark.parametrize("what", list(ARRAYS))
def test_arrays(xmlrpc: XmlRpc, what: str) -> None:
    """Numbers, strings, structs, arrays and empty arrays."""
    value = ARRAYS[what]
    octets = xmlrpc.echo(inner(value))
    reply = xmlrpc.said(octets, expected="a result")
    expected = f"{value} in answer to {told(octets)}"
    found = xmlrpc.taken(reply, expected)
    right = same(found, value) or same(xmlrpc.unechoed(found), value)
    xmlrpc.require(right, expected, described(reply))


NOT_CHECKED: list[tuple[str, str]] = []

"""Calls (JSON-RPC 2.0, sections 2, 4, 4.2 and 5): parameters by position and by name, and the shape of a response."""

from __future__ import annotations

import pytest

from pytest_netconform.dialogues.jsonrpc import JsonRpc, JsonRpcTour, described
from pytest_netconform.requirement import INTEROP, MUST, SHOULD, requirement
from pytest_netconform.verdict import Inconclusive, NonConformity
from pytest_netconform.visit import shown
from pytest_netconform.wire.json_text import ABSENT, same
from pytest_netconform.wire.jsonrpc import INVALID_REQUEST, request, text

NAMES = ("minuend", "subtrahend")  # of the specification's examples (7)


def _names(rpc: JsonRpc) -> tuple[str, str]:
    """What the target calls minuend and subtrahend."""
    found = rpc.named("subtract")[1] or NAMES
    if len(found) != 2:
        raise Inconclusive("?subtract= names two parameters, `subtract:minuend,subtrahend`")
    return found[0], found[1]


def _by_name(rpc: JsonRpc, minuend: str, subtrahend: str, *, turned: bool = False) -> tuple[bytes, int]:
    """42 less 23, by these names, in this or in the other order."""
    pairs = [(minuend, 42), (subtrahend, 23)]
    id = rpc.next_id()
    return text(request(rpc.method("subtract"), dict(pairs[::-1] if turned else pairs), id)), id


def _taken_by_name(rpc: JsonRpc) -> None:
    """Prerequisite: the names are right; where nobody gave any, they may be others, or none are taken."""
    octets, id = _by_name(rpc, *_names(rpc))
    reply = rpc.said(octets)
    single = reply.single
    found = single.result if single is not None and same(single.id, id) else None
    if same(found, 19):
        rpc.visit.evidence.add("twin")
    elif rpc.named("subtract")[1]:
        raise Inconclusive(f"prerequisite not met: 19 by the names that were given, not {described(reply)}")
    elif not same(found, -19):
        rpc.not_applicable("parameters by name: write their names, ?subtract=subtract:minuend,subtrahend")


@requirement(
    "JR-positional", MUST, "JSON-RPC 2.0 4.2", "Parameters in an array are in the order that the server expects."
)
@pytest.mark.parametrize(("params", "result"), [([42, 23], 19), ([23, 42], -19)], ids=["42-23", "23-42"])
def test_positional(jsonrpc: JsonRpc, params: list[int], result: int) -> None:
    """The first number less the second, under the id of the call (the order of members is free)."""
    id = jsonrpc.next_id()
    jsonrpc.result(text(request(jsonrpc.method("subtract"), params, id)), id, result)


@requirement(
    "JR-named", MUST, "JSON-RPC 2.0 4.2", "Parameters in an object are told by their names, not by their order."
)
@pytest.mark.parametrize("turned", [False, True], ids=["in-order", "turned"])
def test_named(jsonrpc: JsonRpc, turned: bool) -> None:
    """19, whichever of the names comes first. A method need not take names that nobody said it takes."""
    names = _names(jsonrpc)
    if not jsonrpc.named("subtract")[1]:
        _taken_by_name(jsonrpc)
    octets, id = _by_name(jsonrpc, *names, turned=turned)
    jsonrpc.result(octets, id, 19)


@requirement("JR-named-case", MUST, "JSON-RPC 2.0 4.2", "Names of parameters match exactly, including case.")
def test_names_have_case(jsonrpc: JsonRpc) -> None:
    """With capital letters the names are others: an error, or any result but 19."""
    _taken_by_name(jsonrpc)
    octets, id = _by_name(jsonrpc, *(name[:1].swapcase() + name[1:] for name in _names(jsonrpc)))
    expected = f"an error, or another result than 19, in answer to {shown(octets)}"
    reply = jsonrpc.said(octets)
    response = jsonrpc.sole(reply, expected)
    jsonrpc.require(same(response.id, id), f"the id {id} in answer to {shown(octets)}", described(reply))
    jsonrpc.require(response.refused or not same(response.result, 19), expected, described(reply))
    if response.refused:
        jsonrpc.visit.evidence.add("refusal")


@requirement("JR-no-params", MUST, "JSON-RPC 2.0 4", "A call may come without params.")
def test_no_params(jsonrpc: JsonRpc) -> None:
    """A method that needs none is called."""
    id = jsonrpc.next_id()
    jsonrpc.result(text(request(jsonrpc.method("ping"), id=id)), id)


@requirement(
    "JR-response-shape", MUST, "JSON-RPC 2.0 5", 'A response has jsonrpc "2.0", an id, and result or error, not both.'
)
def test_shape(jsonrpc_tour: JsonRpcTour) -> None:
    """Every Response object of the tour, in an array or by itself. The HTTP status is free."""
    every = [response for reply in jsonrpc_tour.replies for response in reply.responses]
    jsonrpc_tour.prerequisite(any(r.result is not ABSENT for r in every), "a result")
    jsonrpc_tour.prerequisite(any(r.refused for r in every), "an error")
    for reply in jsonrpc_tour.replies:
        for response in reply.responses:
            if response.wrong:
                expected = 'a Response object with jsonrpc "2.0", an id, and either result or error'
                raise NonConformity(expected, f"{', '.join(response.wrong)}: {shown(reply.raw)}")


@requirement("JR-unknown-members", INTEROP, "JSON-RPC 2.0 4", "Members that nobody knows are passed over.")
def test_unknown_members(jsonrpc: JsonRpc) -> None:
    """A member x beside the known ones."""
    jsonrpc.welcome()
    id = jsonrpc.next_id()
    reply = jsonrpc.said(text(jsonrpc.working(id, x=1)))
    response = jsonrpc.sole(reply, "a Response object")
    jsonrpc.observe(f"refused: {response.code}" if response.refused else "passed over")


@requirement("JR-case-sensitive", SHOULD, "JSON-RPC 2.0 2", "Names of members, and of methods, have case.")
@pytest.mark.parametrize("which", ["all", "method"])
def test_members_have_case(jsonrpc: JsonRpc, which: str) -> None:
    """`Method` is no `method`: without one there is no call. Who reads JSON into structures of Go does not see it."""
    jsonrpc.welcome()
    id = jsonrpc.next_id()
    good = jsonrpc.working(id)
    wrong = {"jsonrpc": "JSONRPC", "method": "Method", "id": "ID"} if which == "all" else {"method": "Method"}
    octets = text({wrong.get(name, name): value for name, value in good.items()})
    found = jsonrpc.outcome(octets)
    expected = f"an error {INVALID_REQUEST} in answer to {shown(octets)}"
    if found is None:
        raise NonConformity(expected, "nothing")
    response = jsonrpc.sole(found, expected)
    jsonrpc.require(response.code == INVALID_REQUEST, expected, described(found))
    jsonrpc.visit.evidence.add("refusal")


NOT_CHECKED: list[tuple[str, str]] = []

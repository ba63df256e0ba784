"""Batches (JSON-RPC 2.0, section 6): arrays of calls, of notifications, of nothing, and of what is neither.

Who refuses every batch is asked about none of it, but for whether he should (JR-batch).
"""

from __future__ import annotations

from typing import Any

import pytest

from pytest_netconform.dialogues.jsonrpc import NOWHERE, JsonRpc, described
from pytest_netconform.requirement import INTEROP, MUST, SHOULD, requirement
from pytest_netconform.verdict import Inconclusive, NonConformity
from pytest_netconform.visit import shown
from pytest_netconform.wire.json_text import ABSENT, same
from pytest_netconform.wire.jsonrpc import (
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    Reply,
    Response,
    request,
    text,
)

BROKEN = b'[{"jsonrpc":"2.0","method":"%b","id":"1"},{"jsonrpc":"2.0","method"]'  # as the specification's example (7)
NEITHER = {"foo": "boo"}  # likewise


def _batches(rpc: JsonRpc) -> None:
    """Prerequisite: a good call in an array is answered in an array."""
    id = rpc.next_id()
    reply = rpc.said(text([rpc.working(id)]))
    if reply.batch and len(reply.responses) == 1 and _is_result(reply.responses[0], id, rpc.sample().result):
        rpc.visit.evidence.add("twin")
    elif reply.single is not None and reply.single.refused:
        rpc.not_applicable("batches: the target refuses them")
    else:
        raise Inconclusive(f"prerequisite not met: a good call in an array got {described(reply)}")


def _is_result(response: Response, id: object, value: Any) -> bool:
    right = same(response.id, id) and response.result is not ABSENT and not response.refused
    return right and (value is ABSENT or same(response.result, value))


def _is_error(response: Response, id: object, code: int) -> bool:
    return same(response.id, id) and response.code == code


def _array(rpc: JsonRpc, reply: Reply, number: int, expected: str) -> tuple[Response, ...]:
    """The members of an array of so many."""
    rpc.require(reply.batch and len(reply.responses) == number, expected, described(reply))
    return reply.responses


@requirement(
    "JR-batch", SHOULD, "JSON-RPC 2.0 6", "Each call in an array has its answer in an array; notifications have none."
)
def test_batch(jsonrpc: JsonRpc) -> None:
    """Two calls, a notification, what is no call, and a method that is not there: four answers in any order.

    jsonrpcserver 5.0.9 answers one -32600 for all of them.
    """
    jsonrpc.welcome()
    first, unknown, second = jsonrpc.next_id(), jsonrpc.next_id(), jsonrpc.next_id()
    members = [
        jsonrpc.working(first, 1),
        jsonrpc.working(),
        NEITHER,
        request(NOWHERE, id=unknown),
        jsonrpc.working(second, 2),
    ]
    octets = text(members)
    expected = f"an array of two results, {INVALID_REQUEST} and {METHOD_NOT_FOUND} in answer to {shown(octets)}"
    reply = jsonrpc.said(octets, "an array")
    found = _array(jsonrpc, reply, 4, expected)
    for right in (
        any(_is_result(response, first, jsonrpc.sample(1).result) for response in found),
        any(_is_result(response, second, jsonrpc.sample(2).result) for response in found),
        any(_is_error(response, unknown, METHOD_NOT_FOUND) for response in found),
        any(_is_error(response, None, INVALID_REQUEST) for response in found),
    ):
        jsonrpc.require(right, expected, described(reply))


@requirement(
    "JR-batch-ids",
    MUST,
    "JSON-RPC 2.0 4.1, 5, 6",
    "In an array too each answer has the id of its call, and only calls.",
)
def test_ids_in_a_batch(jsonrpc: JsonRpc) -> None:
    """Two calls and a notification: two answers, each with its own result."""
    _batches(jsonrpc)
    first, second = "first", "second"
    octets = text([jsonrpc.working(first, 1), jsonrpc.working(number=3), jsonrpc.working(second, 2)])
    expected = f"two results, each with the id of its call, in answer to {shown(octets)}"
    reply = jsonrpc.said(octets, "an array")
    found = _array(jsonrpc, reply, 2, expected)
    for id, number in ((first, 1), (second, 2)):
        right = [response for response in found if _is_result(response, id, jsonrpc.sample(number).result)]
        jsonrpc.require(len(right) == 1, expected, described(reply))


@requirement("JR-batch-empty", MUST, "JSON-RPC 2.0 6, 7", "An empty array gets one error -32600, which is in no array.")
def test_empty_batch(jsonrpc: JsonRpc) -> None:
    """`[]`."""
    _batches(jsonrpc)
    jsonrpc.rejected(b"[]", INVALID_REQUEST)


@requirement(
    "JR-batch-invalid", SHOULD, "JSON-RPC 2.0 6, 7", "Members of an array that are no calls get an error each."
)
@pytest.mark.parametrize("number", [1, 3])
def test_batch_of_no_calls(jsonrpc: JsonRpc, number: int) -> None:
    """`[1]` and `[1,2,3]`. jsonrpcserver 5.0.9 answers a single error."""
    _batches(jsonrpc)
    octets = text(list(range(1, number + 1)))
    expected = f"an array of {number} errors {INVALID_REQUEST} with the id null in answer to {shown(octets)}"
    reply = jsonrpc.said(octets, "an array")
    found = _array(jsonrpc, reply, number, expected)
    jsonrpc.require(all(_is_error(one, None, INVALID_REQUEST) for one in found), expected, described(reply))
    jsonrpc.visit.evidence.add("refusal")


@requirement("JR-batch-nested", SHOULD, "JSON-RPC 2.0 6", "An array in an array is no call, and is answered as such.")
@pytest.mark.parametrize("inside", ["nothing", "call"])
def test_batch_in_a_batch(jsonrpc: JsonRpc, inside: str) -> None:
    """-32600, in an array or not. jayson 5.0.0 never answers `[[]]`."""
    _batches(jsonrpc)
    octets = text([[jsonrpc.working(jsonrpc.next_id())] if inside == "call" else []])
    expected = f"an error {INVALID_REQUEST} with the id null, alone or in an array, in answer to {shown(octets)}"
    reply = jsonrpc.said(octets, f"an error {INVALID_REQUEST}")
    right = len(reply.responses) == 1 and _is_error(reply.responses[0], None, INVALID_REQUEST)
    jsonrpc.require(right, expected, described(reply))
    jsonrpc.visit.evidence.add("refusal")
    jsonrpc.alive()


@requirement(
    "JR-batch-notifications",
    MUST,
    "JSON-RPC 2.0 6",
    "An array of notifications is not answered, nor by an empty array.",
)
def test_batch_of_notifications(jsonrpc: JsonRpc) -> None:
    """Two of them: nothing (over HTTP no body); with ids there are two answers."""
    ids = (jsonrpc.next_id(), jsonrpc.next_id())
    _batches(jsonrpc)
    reply = jsonrpc.said(text([jsonrpc.working(id) for id in ids]))
    if len(reply.responses) != len(ids):
        raise Inconclusive(f"prerequisite not met: the same with ids got {described(reply)}")
    jsonrpc.nothing(text([jsonrpc.working() for _ in ids]))


@requirement(
    "JR-batch-parse-error", MUST, "JSON-RPC 2.0 6, 7", "An array that is no JSON gets one error -32700, in no array."
)
def test_broken_batch(jsonrpc: JsonRpc) -> None:
    """A good call, and half of another: none of it is carried out."""
    _batches(jsonrpc)
    jsonrpc.rejected(BROKEN % jsonrpc.sample().method.encode(), PARSE_ERROR)


@requirement("JR-batch-dup-ids", INTEROP, "JSON-RPC 2.0 6", "Two calls of an array may have the same id.")
def test_same_id_twice(jsonrpc: JsonRpc) -> None:
    """Each of them is a call; who keeps answers by their ids loses one."""
    _batches(jsonrpc)
    id = jsonrpc.next_id()
    octets = text([jsonrpc.working(id, 1), jsonrpc.working(id, 2)])
    reply = jsonrpc.said(octets, "an array")
    if not reply.batch and (reply.single is None or not reply.single.refused):
        raise NonConformity(f"an array in answer to {shown(octets)}", described(reply))
    jsonrpc.observe(f"{len(reply.responses)} answers" if reply.batch else "refused")


NOT_CHECKED: list[tuple[str, str]] = []

"""Ids and notifications (JSON-RPC 2.0, sections 4, 4.1 and 5): what comes back, and what is owed no answer."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pytest_netconform.dialogues.jsonrpc import NOWHERE, JsonRpc, described
from pytest_netconform.requirement import MUST, requirement
from pytest_netconform.verdict import Inconclusive, NonConformity
from pytest_netconform.visit import shown
from pytest_netconform.wire.json_text import is_number, same
from pytest_netconform.wire.jsonrpc import INVALID_REQUEST, METHOD_NOT_FOUND, request, text

EXACT = ['"abc"', '""', "0", "-1", "9007199254740991", '"1"', "null"]
#: What a double does not hold, or should not be an id (4): → the nearest double.
INEXACT = {"9007199254740993": 9007199254740992, "1.5": 1.5}


def _with_id(rpc: JsonRpc, id: str) -> bytes:
    """A call that works, with the octets of an id."""
    good = text(rpc.working("@"))
    return good.replace(b'"@"', id.encode())


@requirement(
    "JR-id-types", MUST, "JSON-RPC 2.0 4, 4.1, 5", "The id of a call, String, Number or NULL, comes back as it was."
)
@pytest.mark.parametrize("id", [*EXACT, *INEXACT], ids=[*(word.replace('"', "'") for word in EXACT), *INEXACT])
def test_ids(jsonrpc: JsonRpc, id: str) -> None:
    """Same type and value, numbers compared as numbers. What has an id is no notification, even if that is null.

    Beyond 2^53 RFC 8259 6 promises nothing, and fractions should not be ids: the nearest double and a refusal pass.
    jayson 5.0.0 takes id null for a notification.
    """
    octets = _with_id(jsonrpc, id)
    expected = f"a response with the id {id}"
    reply = jsonrpc.said(octets, expected)
    expected += f" in answer to {shown(octets)}"
    response = jsonrpc.sole(reply, expected)
    told = {"null": None}.get(id, id.strip('"') if id.startswith('"') else None)
    value: object = told if id == "null" or id.startswith('"') else float(id) if "." in id else int(id)
    if not (id in INEXACT and _roughly(jsonrpc, response.id, response.code, value, INEXACT[id])):
        jsonrpc.require(same(response.id, value), expected, described(reply))
        jsonrpc.require(not response.refused, "a result" + expected.removeprefix("a response"), described(reply))


def _roughly(rpc: JsonRpc, id: object, code: int | None, value: object, nearest: float) -> bool:
    """Whether a number that need not be held came back as the nearest that can be, or was refused."""
    if code == INVALID_REQUEST:
        rpc.note(f"the id {value} is refused ({code})")
        return True
    if is_number(id) and not same(id, value) and float(Decimal(id)) == nearest:  # type: ignore[arg-type]
        rpc.note(f"the id {value} comes back as {id}")
        return True
    return False


@requirement(
    "JR-id-invalid", MUST, "JSON-RPC 2.0 4, 5", "An id is a String, a Number or NULL; anything else is no Request."
)
@pytest.mark.parametrize("id", ["{}", "[]", "true"], ids=["object", "array", "true"])
def test_no_ids(jsonrpc: JsonRpc, id: str) -> None:
    """-32600, with the id null: there was none that could be read."""
    jsonrpc.welcome()
    jsonrpc.rejected(_with_id(jsonrpc, id), INVALID_REQUEST)


@requirement("JR-notification", MUST, "JSON-RPC 2.0 4.1", "A notification is not answered.")
def test_notification(jsonrpc: JsonRpc) -> None:
    """A call that works, without an id: nothing (over HTTP a response without a body, whatever its status)."""
    jsonrpc.welcome()
    jsonrpc.nothing(text(jsonrpc.working()))


@requirement(
    "JR-notification-error", MUST, "JSON-RPC 2.0 4.1", "A notification is not answered when it goes wrong, either."
)
@pytest.mark.parametrize("what", ["method", "params"])
def test_notification_that_goes_wrong(jsonrpc: JsonRpc, what: str) -> None:
    """A method that is not there, or too few parameters: with an id it gets an error, without one nothing."""
    method, params = (NOWHERE, [1]) if what == "method" else (jsonrpc.method("subtract"), [1])
    jsonrpc.welcome()
    id = jsonrpc.next_id()
    try:
        jsonrpc.rejected(
            text(request(method, params, id)), *([METHOD_NOT_FOUND] if what == "method" else []), ids=(id,)
        )
    except NonConformity as problem:
        raise Inconclusive(f"prerequisite not met: {problem}") from None
    jsonrpc.nothing(text(request(method, params)))


NOT_CHECKED: list[tuple[str, str]] = []

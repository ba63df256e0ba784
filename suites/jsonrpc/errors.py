"""Errors (JSON-RPC 2.0, sections 4, 5, 5.1 and 8): what is no call, what cannot be called, and what failed."""

from __future__ import annotations

import re

import pytest

from pytest_netconform.dialogues.jsonrpc import JsonRpc, JsonRpcTour, described, told
from pytest_netconform.requirement import INTEROP, MUST, SHOULD, requirement
from pytest_netconform.verdict import Inconclusive, NonConformity
from pytest_netconform.visit import shown
from pytest_netconform.wire.json_text import same
from pytest_netconform.wire.jsonrpc import (
    DEFINED,
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    RESERVED,
    SERVER_ERRORS,
    Response,
    request,
    text,
)

BROKEN = b'{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]'  # the specification's example (7)
#: No Request objects: → the codes, and the ids of the refusal.
NO_CALLS: dict[str, tuple[bytes, tuple[int, ...], tuple[object, ...]]] = {
    "method-number": (b'{"jsonrpc":"2.0","method":1,"params":"bar"}', (INVALID_REQUEST,), (None,)),
    "empty": (b"{}", (INVALID_REQUEST,), (None,)),
    "no-method": (b'{"jsonrpc":"2.0","id":1}', (INVALID_REQUEST,), (None, 1)),
    # a JSON text was an object or an array when the specification was written (RFC 4627 2)
    "string": (b'"foo"', (INVALID_REQUEST, PARSE_ERROR), (None,)),
    "number": (b"1", (INVALID_REQUEST, PARSE_ERROR), (None,)),
    "null": (b"null", (INVALID_REQUEST, PARSE_ERROR), (None,)),
}
VERSIONS = {"1.0": "1.0", "2.1": "2.1", "number": 2, "null": None}
TRACEBACK = re.compile(
    rb"Traceback \(most recent|File \\?\"[^\"]+\\?\", line [0-9]+|\n?\s+at [^ ]+ \(?[^ ]*:[0-9]+:[0-9]+|\.java:[0-9]+\)"
)


@requirement("JR-parse-error", MUST, "JSON-RPC 2.0 5, 5.1", "What is no JSON gets the error -32700, with the id null.")
def test_parse_error(jsonrpc: JsonRpc) -> None:
    """Whatever the HTTP status. jayson 5.0.0 sends HTTP 400 with a line of text."""
    jsonrpc.welcome()
    jsonrpc.rejected(BROKEN, PARSE_ERROR)
    jsonrpc.alive()


@requirement(
    "JR-invalid-request", MUST, "JSON-RPC 2.0 5, 5.1, 7", "JSON that is no Request object gets the error -32600."
)
@pytest.mark.parametrize("what", list(NO_CALLS))
def test_invalid_request(jsonrpc: JsonRpc, what: str) -> None:
    """No method, a method that is no String, no object at all. The id is null, unless one could be read."""
    octets, codes, ids = NO_CALLS[what]
    jsonrpc.welcome()
    response = jsonrpc.rejected(octets, *codes, ids=ids)
    if response.id is not None:
        jsonrpc.note("the id comes back, although the request is invalid")


@requirement(
    "JR-invalid-request-id",
    INTEROP,
    "JSON-RPC 2.0 5",
    "Of an invalid request the id is null, if it could not be detected.",
)
def test_id_of_invalid_request(jsonrpc: JsonRpc) -> None:
    """The method is a number, and the id 7 is there to be read."""
    jsonrpc.welcome()
    jsonrpc.observe(f"the id {told(jsonrpc.rejected(text(request(1, id=7)), ids=(7, None)).id)}")


@requirement("JR-version-missing", MUST, "JSON-RPC 2.0 3, 4", 'A Request object has jsonrpc, exactly "2.0".')
@pytest.mark.parametrize("version", [*VERSIONS, "missing"])
def test_version(jsonrpc: JsonRpc, version: str) -> None:
    """Another value gets -32600. Without the member it may be a call of JSON-RPC 1.0, which a server may serve."""
    jsonrpc.welcome()
    id = jsonrpc.next_id()
    call = jsonrpc.working(id)
    if version != "missing":
        jsonrpc.rejected(text({**call, "jsonrpc": VERSIONS[version]}), INVALID_REQUEST, ids=(None, id))
        return
    del call["jsonrpc"]
    expected = f"an error {INVALID_REQUEST}, or the answer of JSON-RPC 1.0, to {shown(text(call))}"
    reply = jsonrpc.said(text(call), expected)
    response = jsonrpc.sole(reply, expected)
    if response.refused:
        jsonrpc.require(response.code == INVALID_REQUEST, expected, described(reply))
        jsonrpc.visit.evidence.add("refusal")
    else:
        jsonrpc.note("served as a call of JSON-RPC 1.0")


@requirement("JR-params-scalar", MUST, "JSON-RPC 2.0 4.2", "params is an array or an object, or it is not there.")
@pytest.mark.parametrize("params", ["bar", 1, None], ids=["string", "number", "null"])
def test_scalar_params(jsonrpc: JsonRpc, params: object) -> None:
    """A string or a number is refused as no Request, or as no parameters; null is often taken for none."""
    jsonrpc.welcome()
    id = jsonrpc.next_id()
    method = jsonrpc.method("ping") if jsonrpc.has("ping") else jsonrpc.sample().method
    octets = text(request(method, params, id))
    if params is None:
        reply = jsonrpc.said(octets)
        if reply.single is not None and same(reply.single.id, id) and not reply.single.refused:
            jsonrpc.note("null is taken for no parameters")
            return
    jsonrpc.rejected(octets, INVALID_REQUEST, INVALID_PARAMS, ids=(id, None))


@requirement("JR-method-not-found", MUST, "JSON-RPC 2.0 5, 5.1", "A method that is not there gets the error -32601.")
def test_method_not_found(jsonrpc: JsonRpc) -> None:
    """Under the id that came, "1"."""
    jsonrpc.welcome()
    jsonrpc.rejected(text(request("foobar", id="1")), METHOD_NOT_FOUND, ids=("1",))


@requirement("JR-invalid-params", SHOULD, "JSON-RPC 2.0 4.2, 5.1", "Parameters that do not fit get the error -32602.")
@pytest.mark.parametrize("params", [[1], [1, 2, 3], {"x": 1}], ids=["too-few", "too-many", "unknown-name"])
def test_invalid_params(jsonrpc: JsonRpc, params: object) -> None:
    """A result, and another code, are deviations; an answer without the call's id is none at all.

    Dynamic languages often leave it to the method: jayson 5.0.0 gives null.
    """
    id = jsonrpc.next_id()
    octets = text(request(jsonrpc.method("subtract"), params, id))
    jsonrpc.welcome()
    expected = f"an error {INVALID_PARAMS} with the id {id} in answer to {shown(octets)}"
    reply = jsonrpc.said(octets, f"an error {INVALID_PARAMS}")
    response = jsonrpc.sole(reply, expected)
    if not same(response.id, id):
        raise NonConformity(expected, described(reply), owed=True)
    jsonrpc.require(response.code == INVALID_PARAMS, expected, described(reply))
    jsonrpc.visit.evidence.add("refusal")


@requirement(
    "JR-internal-error", SHOULD, "JSON-RPC 2.0 5.1", "A method that fails gets an error under its id, not a traceback."
)
def test_internal_error(jsonrpc: JsonRpc) -> None:
    """-32603, a server error (-32000 to -32099), or a code of the application's own; and the target goes on."""
    id = jsonrpc.next_id()
    octets = text(request(jsonrpc.method("fail"), id=id))
    jsonrpc.welcome()
    expected = f"an error with the id {id} in answer to {shown(octets)}"
    reply = jsonrpc.said(octets, f"an error with the id {id}")
    response = jsonrpc.sole(reply, expected)
    code = response.code
    if code == METHOD_NOT_FOUND:
        raise Inconclusive(f"?fail= names no method that is there: {described(reply)}")
    right = code is not None and (code == INTERNAL_ERROR or code in SERVER_ERRORS or code not in RESERVED)
    jsonrpc.require(response.refused and same(response.id, id), expected, described(reply))
    jsonrpc.require(right, f"{INTERNAL_ERROR}, or a code of the server's own, for {shown(octets)}", described(reply))
    told = TRACEBACK.search(reply.text.octets)
    jsonrpc.require(told is None, f"no traceback in answer to {shown(octets)}", described(reply))
    jsonrpc.visit.evidence.add("refusal")
    jsonrpc.alive()


def _errors(tour: JsonRpcTour) -> list[tuple[str, Response]]:
    """Every error of a tour, and the answer that it came in."""
    found = [(shown(reply.raw), response) for reply in tour.replies for response in reply.responses if response.refused]
    results = any(not r.refused and isinstance(r.value, dict) for reply in tour.replies for r in reply.responses)
    tour.prerequisite(found and results, "an error and a result")
    return found


@requirement(
    "JR-error-object", MUST, "JSON-RPC 2.0 5.1", "An error has a code, which is an integer, and a message, a String."
)
def test_error_objects(jsonrpc_tour: JsonRpcTour) -> None:
    """Every error of the tour; data is optional."""
    for came, response in _errors(jsonrpc_tour):
        if response.wrong_error:
            expected = "an error with an integer code and a message"
            raise NonConformity(expected, f"{', '.join(response.wrong_error)}: {came}")


@requirement(
    "JR-error-reserved", MUST, "JSON-RPC 2.0 5.1", "Codes from -32768 to -32000 are used only as they are defined."
)
def test_reserved_codes(jsonrpc_tour: JsonRpcTour) -> None:
    """Every error of the tour; an application's own codes are others, a server's are -32000 to -32099."""
    for came, response in _errors(jsonrpc_tour):
        code = response.code
        if code is not None and code in RESERVED and code not in DEFINED and code not in SERVER_ERRORS:
            raise NonConformity("a code that is defined, or none of -32768 to -32000", f"{code}: {came}")


@requirement(
    "JR-rpc-prefix",
    MUST,
    "JSON-RPC 2.0 4, 8",
    "Names that begin with rpc. are extensions of the protocol, not methods.",
)
@pytest.mark.parametrize("which", ["unknown", "known"])
def test_rpc_prefix(jsonrpc: JsonRpc, which: str) -> None:
    """rpc.foo, and a known method behind rpc., are not there, or are no names for a method at all (json-rpc 1.15)."""
    jsonrpc.welcome()
    sample = jsonrpc.sample()
    name, params = ("rpc.foo", []) if which == "unknown" else (f"rpc.{sample.method}", sample.params)
    id = jsonrpc.next_id()
    noted = {INVALID_REQUEST: "the name is no method's"}
    jsonrpc.rejected(text(request(name, params, id)), METHOD_NOT_FOUND, ids=(id, None), noted=noted)


NOT_CHECKED: list[tuple[str, str]] = []

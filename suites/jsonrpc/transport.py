"""What carries texts: HTTP (a draft of 2008, which is no standard) and raw streams.

No status of HTTP is judged: the draft has some for errors, and most servers answer everything with 200.
"""

from __future__ import annotations

from urllib.parse import quote

import pytest

from pytest_netconform.dialogues.jsonrpc import HttpJsonRpc, JsonRpcTour, StreamJsonRpc, described
from pytest_netconform.requirement import INTEROP, SHOULD, requirement
from pytest_netconform.verdict import NonConformity
from pytest_netconform.visit import shown
from pytest_netconform.wire.json_text import same
from pytest_netconform.wire.jsonrpc import parse_reply, text

TYPES = ("application/json", "application/json-rpc", "application/jsonrequest")


@requirement(
    "JR-http-content-type",
    SHOULD,
    "RFC 9110 8.3, RFC 8259 11",
    "A response with JSON-RPC in it says so by its type.",
)
def test_content_type(jsonrpc_http: HttpJsonRpc, jsonrpc_tour: JsonRpcTour) -> None:
    """application/json, or one of the two that the draft has for requests; every answer of the tour."""
    replies = [reply for reply in jsonrpc_tour.replies if reply.responses]
    jsonrpc_tour.prerequisite(any(not r.refused for reply in replies for r in reply.responses), "a result")
    jsonrpc_tour.prerequisite(any(r.refused for reply in replies for r in reply.responses), "an error")
    for reply in replies:
        media = reply.media.partition(";")[0].strip().lower()
        if media not in TYPES:
            raise NonConformity("Content-Type: application/json", f"{reply.media or 'none'}, with {shown(reply.raw)}")
        if media != TYPES[0]:
            jsonrpc_http.note(f"Content-Type: {media}")


@requirement(
    "JR-http-get", INTEROP, "JSON-RPC over HTTP (draft) 3", "GET calls nothing, but where the draft is followed."
)
def test_get(jsonrpc_http: HttpJsonRpc) -> None:
    """A call in the query string: 405 or another refusal; POST is answered."""
    jsonrpc_http.welcome()
    method = quote(jsonrpc_http.sample().method, safe="")
    answer = jsonrpc_http.ask(jsonrpc_http.get(target=f"{jsonrpc_http.root}?jsonrpc=2.0&method={method}&id=1"))
    single = parse_reply(answer.body).single
    called = single is not None and isinstance(single.value, dict) and "jsonrpc" in single.value and not single.refused
    jsonrpc_http.observe("calls from the query string" if called else f"HTTP {answer.status}")


@requirement(
    "JR-stream-framing", INTEROP, "JSON-RPC 2.0 1", "Over a stream texts are told apart by their framing alone."
)
@pytest.mark.parametrize("how", ["together", "apart"])
def test_framing(jsonrpc_stream: StreamJsonRpc, how: str) -> None:
    """Two calls in one segment have two answers, and one in three segments has one."""
    ids = [jsonrpc_stream.next_id() for _ in range(2 if how == "together" else 1)]
    calls = [text(jsonrpc_stream.working(id)) for id in ids]
    if how == "together":
        jsonrpc_stream.say(*calls)
    else:
        jsonrpc_stream.apart(calls[0], 5, 12)
    expected = f"an answer to each of {len(ids)} calls, {shown(b' '.join(calls))}"
    waiting = list(ids)
    while waiting:
        reply = jsonrpc_stream.hear(expected)
        if reply.lost:
            raise NonConformity(expected, reply.lost, owed=True)
        response = jsonrpc_stream.sole(reply, expected)
        if not any(same(response.id, id) for id in waiting):
            raise NonConformity(expected, described(reply), owed=True)
        waiting = [id for id in waiting if not same(response.id, id)]
    jsonrpc_stream.alive()
    jsonrpc_stream.observe("as declared")


NOT_CHECKED: list[tuple[str, str]] = []

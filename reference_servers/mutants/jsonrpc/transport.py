"""Mutants of JSON-RPC over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import parse_qsl

from pytest_netconform.reference_servers.http import Request, Response, Route
from pytest_netconform.reference_servers.jsonrpc import JsonRpcHttp
from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.wire.jsonrpc import request as call
from pytest_netconform.wire.jsonrpc import text


@mutant("json_as_html", breaks=["JR-http-content-type"], because="text/html")
class JsonAsHtml(JsonRpcHttp):
    """Has one type for everything."""

    def carried(self, said: bytes) -> Response:
        return Response(200, (("Content-Type", "text/html; charset=utf-8"),), said)


@mutant("json_without_type", breaks=["JR-http-content-type"], because="none, with")
class JsonWithoutType(JsonRpcHttp):
    """Leaves it to the reader."""

    def carried(self, said: bytes) -> Response:
        return Response(200, (), said)


@mutant("get_calls", breaks=["JR-http-get"], because="calls from the query string")
class GetCalls(JsonRpcHttp):
    """Calls what stands in the query."""

    routes: ClassVar[Mapping[str, Route]] = {"/": Route("rpc", ("GET", "POST"))}  # type: ignore[misc]

    def answer_rpc(self, request: Request) -> Response:
        if request.method != "GET":
            return super().answer_rpc(request)
        method = dict(parse_qsl((request.target.query or b"").decode())).get("method", "")
        params = [42, 23] if method == "subtract" else []
        return self.carried(self.answers.answer(text(call(method, params, 1))) or b"")

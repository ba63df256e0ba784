"""Independent clients and the JSON-RPC reference server on a socket: jsonrpclib-pelix, and a client of a few lines."""

from __future__ import annotations

import json
import socket
import ssl
import urllib.request
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import jsonrpclib
import pytest
from jsonrpclib.jsonrpc import SafeTransport

from pytest_netconform.ca import Authority
from pytest_netconform.fixtures.jsonrpc_server import JsonRpcServer, Received, plain

PATIENCE = 10.0  # seconds for one answer


@pytest.fixture
def server(netconform_ca: Authority) -> Iterator[JsonRpcServer]:
    """The public server."""
    with JsonRpcServer(netconform_ca) as started:
        yield started


@pytest.fixture
def proxy(server: JsonRpcServer) -> Iterator[Any]:
    """jsonrpclib's client."""
    with jsonrpclib.ServerProxy(server.url) as client:
        yield client


def test_jsonrpclib_calls(server: JsonRpcServer, proxy: Any) -> None:
    """By position, by name, without parameters; values come back as they went."""
    assert proxy.subtract(42, 23) == 19
    assert proxy.subtract(subtrahend=23, minuend=42) == 19
    assert proxy.ping() == "pong"
    for value in ("caf\u00e9 \U0001f600", [1, 2.5, None, True], {"a": {"b": []}}, 12345678901234567890, ""):
        assert proxy.echo(value) == value
    assert [call.method for call in server.calls[:3]] == ["subtract", "subtract", "ping"]
    assert server.calls[1].params == {"subtrahend": 23, "minuend": 42}


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [("nowhere", (), -32601), ("subtract", (1,), -32602), ("fail", (), -32603), ("refuse", (), 1)],
)
def test_jsonrpclib_reads_errors(proxy: Any, method: str, params: tuple[object, ...], code: int) -> None:
    """Each error arrives with its code, and as an error of the application where it is one."""
    with pytest.raises(jsonrpclib.ProtocolError) as refused:
        getattr(proxy, method)(*params)
    assert refused.value.args[0][0] == code


def test_jsonrpclib_notifies(server: JsonRpcServer, proxy: Any) -> None:
    """A notification arrives; the 204 that answers it is no success to this client, which knows 200 only."""
    with pytest.raises(jsonrpclib.jsonrpc.TransportError, match="204"):
        proxy._notify.echo("tea")
    (call,) = server.wait()
    assert call == Received("echo", ["tea"], None, notification=True)


def test_jsonrpclib_sends_batches(server: JsonRpcServer, proxy: Any) -> None:
    """Each call of a batch has its own answer."""
    batch = jsonrpclib.MultiCall(proxy)
    batch.subtract(42, 23)
    batch.sum(1, 2, 4)
    batch.echo("x")
    assert list(batch()) == [19, 7, "x"]
    assert len(server.calls) == 3


def test_jsonrpclib_inside_tls(netconform_jsonrpcs_server: JsonRpcServer) -> None:
    """With nothing to trust but our authority."""
    server = netconform_jsonrpcs_server
    trusting = ssl.create_default_context(cadata=server.ca.decode())
    transport = SafeTransport(jsonrpclib.config.DEFAULT, context=trusting)
    with jsonrpclib.ServerProxy(server.url, transport=transport) as client:
        assert client.subtract(42, 23) == 19


@pytest.mark.parametrize("framing", ["lines", "headers"])
def test_streams(server: JsonRpcServer, framing: str) -> None:
    """A client of a few lines: two calls in one segment have two answers."""
    texts = [json.dumps({"jsonrpc": "2.0", "method": "echo", "params": ["\u00e9"], "id": id}).encode() for id in (1, 2)]
    with socket.create_connection((server.host, server.ports[framing]), timeout=PATIENCE) as client:
        stream = client.makefile("rb")
        for text in texts if framing == "headers" else []:
            client.sendall(b"Content-Length: %d\r\nContent-Type: application/json\r\n\r\n%b" % (len(text), text))
        if framing == "lines":
            client.sendall(b"\n".join([*texts, b""]))
        for id in (1, 2):
            size = -1
            if framing == "headers":
                name, _, length = stream.readline().partition(b": ")
                assert name == b"Content-Length" and stream.readline() == b"\r\n"
                size = int(length)
            said = stream.readline() if framing == "lines" else stream.read(size)
            assert json.loads(said) == {"jsonrpc": "2.0", "result": "\u00e9", "id": id}


def test_methods_of_the_users_own(netconform_jsonrpc_server: JsonRpcServer) -> None:
    """Numbers are what the standard library makes of them; what a method raises is told, or kept for the test."""
    server = netconform_jsonrpc_server

    def half(number: float) -> float:
        if number < 0:
            raise server.error(7, "Too little", {"least": 0})
        return number / 2 if number else 1 / number

    server.add("half", half)
    assert posted(server, "half", [0.5])["result"] == 0.25
    assert posted(server, "half", [-1])["error"] == {"code": 7, "message": "Too little", "data": {"least": 0}}
    assert posted(server, "half", [0])["error"] == {"code": -32603, "message": "Internal error"}
    assert posted(server, "half", {"numbers": 1})["error"]["code"] == -32602
    assert [call.params for call in server.calls] == [[0.5], [-1], [0], {"numbers": 1}]
    assert [type(failure) for failure in server.failures] == [ZeroDivisionError]
    assert plain(Decimal("1e400")) == Decimal("1e400") and plain([Decimal("0.1"), {"a": 1}]) == [0.1, {"a": 1}]
    with pytest.raises(ValueError, match="the protocol's"):
        server.add("rpc.mine", half)
    with pytest.raises(TimeoutError, match="4 of 5 calls"):
        server.wait(5, 0.01)


def test_what_json_has_not_is_an_internal_error(netconform_jsonrpc_server: JsonRpcServer) -> None:
    """A result that cannot be written, NaN among others, is the method's failure."""
    server = netconform_jsonrpc_server
    for value in (float("nan"), {1: 2}, object()):
        server.add("odd", lambda value=value: value)
        assert posted(server, "odd", [])["error"]["code"] == -32603
    assert [type(failure) for failure in server.failures] == [ValueError, TypeError, TypeError]


def posted(server: JsonRpcServer, method: str, params: object) -> Any:
    """A call by nothing but the standard library."""
    body = json.dumps({"jsonrpc": "2.0", "method": method, "params": params, "id": 1}).encode()
    with urllib.request.urlopen(urllib.request.Request(server.url, body), timeout=PATIENCE) as answer:
        return json.loads(answer.read())

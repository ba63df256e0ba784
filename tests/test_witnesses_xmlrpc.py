"""An independent client and the XML-RPC reference server on a socket: the standard library's."""

from __future__ import annotations

import http.client
import ssl
import xmlrpc.client
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from pytest_netconform.fixtures.xmlrpc_server import Received, XmlRpcServer

PATIENCE = 10.0  # seconds for one answer


@pytest.fixture
def proxy(netconform_xmlrpc_server: XmlRpcServer) -> Iterator[Any]:
    """The standard library's client."""
    with xmlrpc.client.ServerProxy(netconform_xmlrpc_server.url, use_builtin_types=True) as client:
        yield client


@pytest.mark.parametrize(
    "value",
    [
        0,
        -(1 << 31),
        (1 << 31) - 1,
        True,
        False,
        "",
        "  a <&> ]]> \u00e9 \U0001f600\n",
        1.5,
        -12.53,
        1e-20,
        1e20,
        datetime(1998, 7, 17, 14, 8, 55),
        bytes(range(256)),
        [],
        [1, "a", {"b": [2, {}]}, []],
        {"": 1, "a name & more": {"c": True}},
    ],
    ids=repr,
)
def test_values_come_back(proxy: Any, value: object) -> None:
    """As they went, and of their type."""
    found = proxy.echo(value)
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("nowhere", (), -32601),
        ("add", (1,), -32602),
        ("fail", (), -32500),
        ("refuse", (), 7),
        ("system.methodHelp", ("nowhere",), -32601),
    ],
)
def test_faults_are_read(proxy: Any, method: str, params: tuple[object, ...], code: int) -> None:
    """Each arrives with its code."""
    with pytest.raises(xmlrpc.client.Fault) as refused:
        getattr(proxy, method)(*params)
    assert refused.value.faultCode == code


def test_introspection_and_multicall(netconform_xmlrpc_server: XmlRpcServer, proxy: Any) -> None:
    """What is listed can be asked about; many calls in one have an end each."""
    names = proxy.system.listMethods()
    assert {"add", "echo", "system.multicall", "validator1.manyTypesTest"} <= set(names)
    assert all(isinstance(proxy.system.methodHelp(name), str) for name in names)
    assert proxy.system.methodHelp("add") == "The sum of two numbers."
    assert proxy.system.methodSignature("add") == "undef"
    many = xmlrpc.client.MultiCall(proxy)
    many.add(2, 3)
    many.nowhere()
    many.system.multicall([])
    results = many()
    assert results[0] == 5
    for place, code in ((1, -32601), (2, -32602)):
        with pytest.raises(xmlrpc.client.Fault, match=str(code)):
            results[place]
    assert netconform_xmlrpc_server.calls[0] == Received("system.listMethods", ())


def test_inside_tls(netconform_xmlrpcs_server: XmlRpcServer) -> None:
    """With nothing to trust but our authority."""
    server = netconform_xmlrpcs_server
    trusting = ssl.create_default_context(cadata=server.ca.decode())
    with xmlrpc.client.ServerProxy(server.url, context=trusting) as client:
        assert client.add(2, 3) == 5


def test_methods_of_the_users_own(netconform_xmlrpc_server: XmlRpcServer, proxy: Any) -> None:
    """What a method raises is told, or kept for the test; what XML-RPC has not cannot be a result."""
    server = netconform_xmlrpc_server

    def half(number: float) -> float:
        if number < 0:
            raise server.fault(7, "Too little")
        return number / 2 if number else 1 / number

    server.add("half", half)
    assert proxy.half(1.0) == 0.5
    with pytest.raises(xmlrpc.client.Fault, match="7: 'Too little'"):
        proxy.half(-1)
    server.add("odd", lambda value: {"nan": float("nan"), "none": None, "large": 1 << 31}[value])
    for name in ("nan", "none", "large"):
        with pytest.raises(xmlrpc.client.Fault, match="-32500"):
            proxy.odd(name)
    with pytest.raises(xmlrpc.client.Fault, match="-32500"):
        proxy.half(0)
    assert [type(failure) for failure in server.failures] == [ValueError, TypeError, OverflowError, ZeroDivisionError]
    assert len(server.wait(6)) == 6
    with pytest.raises(TimeoutError, match="6 of 7 calls"):
        server.wait(7, 0.01)
    with pytest.raises(ValueError, match="the server's own"):
        server.add("system.mine", half)


@pytest.mark.parametrize(
    ("method", "path", "body", "fields", "status"),
    [
        ("GET", "/RPC2", b"", {}, 405),
        ("POST", "/elsewhere", b"", {}, 404),
        ("POST", "/RPC2", b"x", {"Content-Encoding": "gzip"}, 415),
        ("POST", "/RPC2", b"", {}, 200),
    ],
)
def test_http_is_still_http(
    netconform_xmlrpc_server: XmlRpcServer, method: str, path: str, body: bytes, fields: dict[str, str], status: int
) -> None:
    """Another method, path or coding has the answers of HTTP; a call that is none gets a fault with 200."""
    server = netconform_xmlrpc_server
    connection = http.client.HTTPConnection(server.host, server.port, timeout=PATIENCE)
    connection.request(method, path, body, fields)
    answer = connection.getresponse()
    said = answer.read()
    connection.close()
    assert answer.status == status and (b"<fault>" in said) == (status == 200)
    assert not server.calls

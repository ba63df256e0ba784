"""The strict XML-RPC session as a peer sees it: the specification's own shapes, limits, and HTTP."""

from __future__ import annotations

import pytest

from pytest_netconform.reference_servers.xmlrpc import Answers, Received, XmlRpcConfig, XmlRpcHttp
from pytest_netconform.wire.cuts import CUTS, Cut
from pytest_netconform.wire.http_framer import responses
from pytest_netconform.wire.xmlrpc import call, inner, integer, message, string
from tests.talk import Talk

HOST = b"Host: www.example.test\r\n"
SUM = b"""<?xml version='1.0' encoding='utf-8'?>
<methodResponse>
<params>
<param>
<value><int>5</int></value>
</param>
</params>
</methodResponse>
"""
FAULT = b"""<?xml version='1.0' encoding='utf-8'?>
<methodResponse>
<fault>
<value><struct>
<member>
<name>faultCode</name>
<value><int>%d</int></value>
</member>
<member>
<name>faultString</name>
<value><string>%b</string></value>
</member>
</struct></value>
</fault>
</methodResponse>
"""
NONE = FAULT % (-32601, b"There is no such method")
TWO = call("add", inner(integer(2)), inner(integer(3)))


def post(body: bytes, path: bytes = b"/RPC2") -> bytes:
    """A request with a call."""
    fields = b"%bContent-Type: text/xml\r\nContent-Length: %d\r\n" % (HOST, len(body))
    return b"POST %b HTTP/1.1\r\n%b\r\n%b" % (path, fields, body)


@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)
def test_calls_are_posted(cut: Cut) -> None:
    """A result, a fault, and what is no XML, on one connection: all 200 and text/xml."""
    seen: list[Received] = []
    talk = Talk(XmlRpcHttp(XmlRpcConfig(seen=seen.append)), cut)
    talk.say(post(TWO) + post(call("nowhere"), b"/") + post(b"<"))
    found = responses(talk.sent, "POST", "POST", "POST", ended=False)
    assert [one.status for one in found] == [200, 200, 200] and not any(one.breaches for one in found)
    assert found[0].body == SUM and found[1].body == NONE and b"<int>-32700</int>" in found[2].body
    assert {one.fields.get("Content-Type") for one in found} == {b"text/xml; charset=utf-8"}
    assert seen == [Received("add", (2, 3)), Received("nowhere", ())]


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (b"", -32700),
        (b"<methodCall/>", -32700),
        (b"<methodResponse/>", -32700),
        (b'<!DOCTYPE x [<!ENTITY a "b">]>' + TWO.partition(b"?>")[2], -32700),
        (call("echo", "<array><data><value>" * 10_000 + "</value></data></array>" * 10_000), -32700),
        (call("echo", "<nil/>"), -32700),
        (call("echo", "<i8>1</i8>"), -32700),
        (call("echo", "<int>2147483648</int>"), -32700),
        (call("echo"), -32602),
        (call("add", "a", "<int>1</int>"), -32500),
        (call("refuse"), 7),
        (call("_private"), -32601),
        (call("system"), -32601),
        (call("system.listMethods.__func__"), -32601),
    ],
)
def test_faults(octets: bytes, code: int) -> None:
    """What cannot be read, called or done has a code of its own."""
    assert f"<value><int>{code}</int></value>".encode() in Answers(XmlRpcConfig()).answer(octets)


def test_a_failure_tells_nobody_how() -> None:
    """The text of an exception stays at home."""
    failures: list[Exception] = []
    said = Answers(XmlRpcConfig(failed=failures.append)).answer(message("fail", ""))
    assert said == FAULT % (-32500, b"The method failed") and "database" in str(failures[0])


def test_a_slow_call_takes_its_time() -> None:
    """Its answer comes when its time has come, and others meanwhile."""
    config = XmlRpcConfig(slow=3.0)
    slow, fast = Talk(XmlRpcHttp(config)), Talk(XmlRpcHttp(config))
    slow.say(post(call("slow")))
    fast.say(post(TWO))
    assert slow.sent == b"" and slow.wake_at == 3.0 and fast.sent.endswith(SUM)


def test_text_is_escaped() -> None:
    """Signs of XML's own, and a carriage return, which XML would take for a line feed."""
    said = Answers(XmlRpcConfig()).answer(call("echo", inner(string("<&>\r\n\u00e9"))))
    assert "<string>&lt;&amp;&gt;&#13;\n\u00e9</string>".encode() in said

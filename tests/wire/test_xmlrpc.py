"""XML-RPC as values: calls, responses and what is wrong about them, and XML that is not read."""

from __future__ import annotations

import pytest

from pytest_netconform.wire.http_framer import responses
from pytest_netconform.wire.xmlrpc import (
    ARRAY,
    BASE64,
    BOOLEAN,
    DATE,
    DEPTH,
    DOUBLE,
    EXPONENT,
    I8,
    NIL,
    OCTETS,
    UNREADABLE,
    Call,
    Malformed,
    Reply,
    Value,
    array,
    call,
    decimal_text,
    inner,
    integer,
    message,
    parse_call,
    parse_reply,
    parse_xml,
    string,
    struct,
)

FAULT = struct({"faultCode": integer(4), "faultString": string("Too many parameters.")})
#: What stands between `<value>` and `</value>` → what it says.
VALUES = {
    "<i4>-12</i4>": integer(-12),
    "<int>+0041</int>": integer(41),
    "<boolean>1</boolean>": Value(BOOLEAN, True),
    "<boolean>0</boolean>": Value(BOOLEAN, False),
    "": string(""),
    " a ": string(" a "),
    "<string>a&lt;b&#13;</string>": string("a<b\r"),
    "\n<string/>\n": string(""),
    "<double>-12.214</double>": Value(DOUBLE, -12.214),
    "<double>+.5</double>": Value(DOUBLE, 0.5),
    "<dateTime.iso8601>19980717T14:08:55</dateTime.iso8601>": Value(DATE, "19980717T14:08:55"),
    "<base64>eW91\r\n IGNh</base64>": Value(BASE64, b"you ca"),
    "<array><data/></array>": array(),
    "<array><data><value>a</value><value><int>1</int></value></data></array>": array(string("a"), integer(1)),
    "<struct/>": struct({}),
    "<struct><member><value>b</value><name>a</name></member></struct>": struct({"a": string("b")}),
}
#: Likewise → the kind that it has all the same, and what is wrong about it.
WRONG = {
    "<int>2147483648</int>": ("int", "more than four octets hold"),
    "<int> 12 </int>": (UNREADABLE, "no integer"),
    "<int>1_0</int>": (UNREADABLE, "no integer"),
    "<int></int>": (UNREADABLE, "no integer"),
    "<boolean>true</boolean>": (UNREADABLE, "no value"),
    "<double>nan</double>": (UNREADABLE, "no value"),
    "<double>1e5</double>": (DOUBLE, EXPONENT),
    "<dateTime.iso8601>1998-07-17T14:08:55</dateTime.iso8601>": (UNREADABLE, "no value"),
    "<base64>!!!</base64>": (UNREADABLE, "<base64> that is none"),
    "<base64>abc</base64>": (UNREADABLE, "<base64> that is none"),
    "<nil/>": (NIL, "nil"),
    "<i8>4294967296</i8>": (I8, "i8"),
    "<float>1</float>": (UNREADABLE, "no value"),
    "<int>1</int><int>2</int>": (UNREADABLE, "more than one type"),
    "a<int>1</int>": (UNREADABLE, "more than one type"),
    "<int><int>1</int></int>": (UNREADABLE, "elements in <int>"),
    "<array><value>1</value></array>": (UNREADABLE, "<data>"),
    "<array><data><int>1</int></data></array>": (ARRAY, "<value> is expected"),
    "<struct><member><name>a</name></member></struct>": (UNREADABLE, "<member>s"),
}


def carried(body: bytes, status: int = 200) -> Reply:
    """A body, as HTTP carries it."""
    fields = b"Content-Type: Text/XML; charset=utf-8\r\nContent-Length: %d\r\n" % len(body)
    (response,) = responses(b"HTTP/1.1 %d OK\r\n%b\r\n%b" % (status, fields, body), "POST", ended=False)
    return parse_reply(response)


def answered(written: str) -> Reply:
    """A response with one value."""
    body = f"<methodResponse><params><param><value>{written}</value></param></params></methodResponse>"
    return carried(body.encode())


def test_calls() -> None:
    """The specification's example, escaped as it must be, and without params."""
    assert call("examples.getStateName", inner(integer(41))) == (
        b'<?xml version="1.0"?><methodCall><methodName>examples.getStateName</methodName>'
        b"<params><param><value><int>41</int></value></param></params></methodCall>"
    )
    assert message("a<b", "").endswith(b"<methodName>a&lt;b</methodName></methodCall>")
    assert parse_call(call("a&b", "<i4>1</i4>", "x")) == Call("a&b", (integer(1), string("x")))
    assert parse_call(message("a", "")) == parse_call(message("a", "<params/>")) == Call("a")


@pytest.mark.parametrize(("written", "value"), VALUES.items(), ids=range(len(VALUES)))
def test_values_are_read(written: str, value: Value) -> None:
    """Nothing is wrong about them, and what is written of them is read as the same again."""
    reply = answered(written)
    assert reply.value == value and not reply.wrong and not reply.problem
    assert (reply.media, reply.code, reply.fault) == ("text/xml", 200, None)
    assert answered(inner(value)).value == value
    assert parse_call(call("a", written)).params == (value,)


@pytest.mark.parametrize(("written", "found"), WRONG.items(), ids=range(len(WRONG)))
def test_what_is_wrong_has_a_name(written: str, found: tuple[str, str]) -> None:
    """It is a value all the same; a server refuses it, but for an exponent."""
    reply = answered(written)
    assert reply.value is not None and reply.value.kind == found[0]
    assert found[1] in "; ".join(reply.wrong)
    if found[1] != EXPONENT:
        with pytest.raises(Malformed):
            parse_call(call("a", written))


def test_a_name_twice() -> None:
    """The last one stays."""
    member = "<member><name>a</name><value><int>%d</int></value></member>"
    reply = answered(f"<struct>{member % 1}{member % 2}</struct>")
    assert reply.value == struct({"a": integer(2)}) and reply.wrong == ("a name twice in one <struct>",)


@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        (FAULT, ()),
        (struct({"faultCode": string("4"), "faultString": string("x")}), ("faultCode is string, not int",)),
        (struct({"faultCode": integer(4)}), ("a fault without faultString",)),
        (struct({**FAULT.content, "detail": integer(1)}), ("a fault with detail in it",)),
        (string("No"), ("a fault that is no struct",)),
    ],
)
def test_faults(value: Value, wrong: tuple[str, ...]) -> None:
    """An int and a string, and nothing else."""
    reply = carried(f"<methodResponse><fault><value>{inner(value)}</value></fault></methodResponse>".encode())
    assert reply.fault == value and reply.value is None
    assert [found.partition(" (")[0] for found in reply.wrong] == list(wrong)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"<html/>",
        b"<methodResponse/>",
        b"<methodResponse><params/></methodResponse>",
        b"<methodResponse><params><param/></params></methodResponse>",
        b"<methodResponse><params/><fault/></methodResponse>",
        b"<methodResponse><fault><value/></fault></methodResponse>trailing",
        b"\xff\xfe\x00",
        b'<?xml version="1.0" encoding="no-such"?><a/>',
        b'<!DOCTYPE a [<!ENTITY b "c">]><methodResponse>&b;</methodResponse>',
        b"<!DOCTYPE html><title>Not Found</title>",
        b"<methodResponse>" * (DEPTH + 1),
        b"<methodResponse>" + b" " * OCTETS,
    ],
)
def test_what_is_no_response(body: bytes) -> None:
    """It says why, and nothing is raised."""
    reply = carried(body)
    assert reply.problem and reply.value is None and reply.fault is None
    assert "temporary" not in reply.problem and not reply.temporary
    assert carried(body, 503).temporary


def test_hostile_xml_is_not_read() -> None:
    """No document type, whatever is in it."""
    for inside in ("", '[<!ENTITY a "b">]', 'SYSTEM "file:///etc/passwd"'):
        with pytest.raises(Malformed, match="document type"):
            parse_xml(f"<!DOCTYPE x {inside}><x/>".encode())
    with pytest.raises(Malformed, match="inside one another"):
        parse_xml(b"<a>" * 100_000)
    with pytest.raises(Malformed, match="in all"):
        parse_xml(b"<a>" + b"<b/>" * 200_001 + b"</a>")


@pytest.mark.parametrize(
    ("number", "text"),
    [(1e-20, "0.00000000000000000001"), (1e20, "100000000000000000000.0"), (-0.0, "-0.0"), (0.1, "0.1")],
)
def test_doubles_are_written_without_exponents(number: float, text: str) -> None:
    """Digits and a point, which read as the same number."""
    assert decimal_text(number) == text and float(text) == number
    assert float(decimal_text(5e-324)) == 5e-324
    for none in (float("nan"), float("inf"), float("-inf")):
        with pytest.raises(ValueError, match="no representation"):
            decimal_text(none)

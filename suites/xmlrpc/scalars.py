"""Scalar values (the specification's table, and Questions/Answers): numbers, booleans, dates and octets."""

from __future__ import annotations

import base64

import pytest

from pytest_netconform.dialogues.xmlrpc import REFUSALS, XmlRpc, described, told
from pytest_netconform.requirement import INTEROP, MUST, SHOULD, requirement
from pytest_netconform.verdict import NonConformity
from pytest_netconform.wire.xmlrpc import BASE64, BOOLEAN, DATE, DOUBLE, I8, INT, NIL, Reply, Value, integer

SOURCE = "XML-RPC Scalar <value>s"
BEYOND = 1 << 31
ALL_OCTETS = bytes(range(256))
SMALL = "0.00000000000000000001"
TRUE, FALSE = Value(BOOLEAN, True), Value(BOOLEAN, False)


def _refused(rpc: XmlRpc, reply: Reply) -> bool:
    """Whether it is a fault, or a refusal of HTTP's, whose status is judged elsewhere."""
    refused = reply.fault is not None or (reply.value is None and reply.http.status in REFUSALS)
    if refused:
        rpc.visit.evidence.add("refusal")
    return refused


@requirement("XR-i4-int", MUST, SOURCE, "<i4> and <int> are the same: a four-byte signed integer.")
@pytest.mark.parametrize(
    ("tag", "number"), [("i4", -12), ("int", BEYOND - 1), ("int", -BEYOND)], ids=["i4", "largest", "smallest"]
)
def test_integers(xmlrpc: XmlRpc, tag: str, number: int) -> None:
    """The echo gives back the same number, as either."""
    xmlrpc.returns(f"<{tag}>{number}</{tag}>", integer(number))


@requirement("XR-int-range", MUST, SOURCE, "What four bytes do not hold does not come back as another number.")
@pytest.mark.parametrize("number", [BEYOND, -BEYOND - 1], ids=["above", "below"])
def test_beyond_four_bytes(xmlrpc: XmlRpc, number: int) -> None:
    """The number unchanged, or a refusal."""
    octets = xmlrpc.echo(f"<int>{number}</int>")
    xmlrpc.twin("<int>12</int>", integer(12))
    reply = xmlrpc.said(octets, expected="a result or a fault")
    if not _refused(xmlrpc, reply):
        expected = f"{number} or a fault in answer to {told(octets)}"
        value = xmlrpc.unechoed(xmlrpc.taken(reply, expected))
        xmlrpc.require(value.kind in (INT, I8, DOUBLE) and value.content == number, expected, described(reply))
        xmlrpc.note("integers of more than four bytes are taken, and given back")


@requirement("XR-int-syntax", MUST, "XML-RPC Q&A", "Integers may have a sign and zeros in front.")
@pytest.mark.parametrize(("written", "number"), [("+41", 41), ("0012", 12), ("-0", 0)], ids=["plus", "zeros", "zero"])
def test_integers_as_written(xmlrpc: XmlRpc, written: str, number: int) -> None:
    """The echo gives back the number that they say."""
    xmlrpc.returns(f"<int>{written}</int>", integer(number))


@requirement("XR-int-syntax-bad", SHOULD, "XML-RPC Q&A", "Integers are digits behind a sign, without anything else.")
@pytest.mark.parametrize(
    "written", ["1.0", "1_0", "", " 12 ", "0x10"], ids=["point", "underscore", "empty", "blanks", "hex"]
)
def test_no_integers(xmlrpc: XmlRpc, written: str) -> None:
    """A refusal; blanks around an integer may be passed over."""
    octets = xmlrpc.echo(f"<int>{written}</int>")
    xmlrpc.twin("<int>12</int>", integer(12))
    reply = xmlrpc.said(octets, expected="a fault")
    if reply.value is not None and written.strip() == "12" and xmlrpc.unechoed(reply.value) == integer(12):
        xmlrpc.note("blanks around an integer are passed over")
        return
    xmlrpc.require(_refused(xmlrpc, reply), f"a fault in answer to {told(octets)}", described(reply))


@requirement("XR-boolean", MUST, SOURCE, "A boolean is 1 or 0, and comes back as a boolean.")
@pytest.mark.parametrize(("written", "value"), [("1", TRUE), ("0", FALSE)], ids=["1", "0"])
def test_booleans(xmlrpc: XmlRpc, written: str, value: Value) -> None:
    """The echo gives it back."""
    xmlrpc.returns(f"<boolean>{written}</boolean>", value)


@requirement("XR-boolean-bad", SHOULD, SOURCE, "A boolean is nothing but 1 or 0.")
@pytest.mark.parametrize("written", ["true", "2", ""], ids=["true", "2", "empty"])
def test_no_booleans(xmlrpc: XmlRpc, written: str) -> None:
    """A refusal."""
    octets = xmlrpc.echo(f"<boolean>{written}</boolean>")
    xmlrpc.twin("<boolean>1</boolean>", TRUE)
    reply = xmlrpc.said(octets, expected="a fault")
    xmlrpc.require(_refused(xmlrpc, reply), f"a fault in answer to {told(octets)}", described(reply))


@requirement("XR-double", MUST, f"{SOURCE}, Q&A", "A double is digits with a point in them, behind a sign.")
@pytest.mark.parametrize("written", ["-12.53", "0.0", "+1.5", "100000000000000000000.0"])
def test_doubles(xmlrpc: XmlRpc, written: str) -> None:
    """The echo gives back an equal number; where it has become an integer, that is noted."""
    octets = xmlrpc.echo(f"<double>{written}</double>")
    expected = f"{float(written)!r} in answer to {told(octets)}"
    reply = xmlrpc.said(octets, expected="a result")
    value = xmlrpc.unechoed(xmlrpc.taken(reply, expected))
    equal = value.kind in (DOUBLE, INT) and value.content == float(written)
    xmlrpc.is_right(equal, expected, reply, Value(DOUBLE, float(written)))
    if value.kind == INT:
        xmlrpc.note("a double comes back as an integer")


@requirement("XR-double-special", SHOULD, "XML-RPC Q&A", "Doubles have no infinity, no NaN and no exponent.")
@pytest.mark.parametrize("written", ["NaN", "inf", "1e5", SMALL], ids=["nan", "infinity", "exponent", "small"])
def test_special_doubles(xmlrpc: XmlRpc, written: str) -> None:
    """NaN and infinity are refused; a number with an exponent may be; what comes back as one is noted."""
    octets = xmlrpc.echo(f"<double>{written}</double>")
    xmlrpc.twin("<double>1.5</double>", Value(DOUBLE, 1.5))
    reply = xmlrpc.said(octets, expected="a fault" if written in ("NaN", "inf") else "a result")
    if written != SMALL and _refused(xmlrpc, reply):
        return
    expected = f"a fault in answer to {told(octets)}"
    if written in ("NaN", "inf"):
        raise NonConformity(expected, described(reply))
    expected = f"{written}{'' if written == SMALL else ', or a fault,'} in answer to {told(octets)}"
    value = xmlrpc.unechoed(xmlrpc.taken(reply, expected))
    xmlrpc.require(value.kind in (DOUBLE, INT) and value.content == float(written), expected, described(reply))
    if "e" in value.written.lower():
        xmlrpc.note(f"{written} comes back with an exponent, as {value.written}")


@requirement("XR-datetime", MUST, f"{SOURCE}, Q&A", "A date comes back as it was, and no time zone is assumed.")
def test_date(xmlrpc: XmlRpc) -> None:
    """The specification's example."""
    xmlrpc.returns("<dateTime.iso8601>19980717T14:08:55</dateTime.iso8601>", Value(DATE, "19980717T14:08:55"))


@requirement("XR-base64", MUST, SOURCE, "Octets come back as they were, whatever lines their base64 is written in.")
@pytest.mark.parametrize("how", ["one-line", "lines"])
def test_octets(xmlrpc: XmlRpc, how: str) -> None:
    """All 256 of them."""
    written = (base64.b64encode if how == "one-line" else base64.encodebytes)(ALL_OCTETS).decode()
    xmlrpc.returns(f"<base64>{written}</base64>", Value(BASE64, ALL_OCTETS))


@requirement("XR-base64", MUST, SOURCE, "Octets come back as they were, whatever lines their base64 is written in.")
def test_no_base64(xmlrpc: XmlRpc) -> None:
    """What is none is best refused (RFC 4648 3.3 lets specifications say otherwise); the server goes on."""
    xmlrpc.twin("<base64>bmM=</base64>", Value(BASE64, b"nc"))
    reply = xmlrpc.said(xmlrpc.echo("<base64>!!!</base64>"))
    xmlrpc.note(f"<base64>!!!</base64>: {'refused' if _refused(xmlrpc, reply) else described(reply)}")
    xmlrpc.returns("<base64>bmM=</base64>", Value(BASE64, b"nc"))


@requirement("XR-nil", INTEROP, "extension nil", "Some servers take and give <nil/>, which the specification has not.")
def test_nil(xmlrpc: XmlRpc) -> None:
    """Given back, a fault, or something else; an empty string comes back as one."""
    xmlrpc.twin("<string></string>", Value("string", ""))
    reply = xmlrpc.said(xmlrpc.echo("<nil/>"))
    _observe(xmlrpc, reply, Value(NIL, None))


@requirement("XR-i8", INTEROP, "extensions i8, bigint", "Some servers take and give <i8>, of eight bytes.")
def test_eight_bytes(xmlrpc: XmlRpc) -> None:
    """Given back, a fault, or another number."""
    xmlrpc.twin("<int>12</int>", integer(12))
    number = 1 << 32
    _observe(xmlrpc, xmlrpc.said(xmlrpc.echo(f"<i8>{number}</i8>")), Value(I8, number), Value(INT, number))


def _observe(rpc: XmlRpc, reply: Reply, *values: Value) -> None:
    if reply.value is None:
        rpc.observe("a fault" if reply.fault is not None else f"HTTP {reply.http.status}")
    elif rpc.unechoed(reply.value) in values:
        rpc.observe("given back")
    else:
        rpc.observe(f"another value: {described(reply)}")


NOT_CHECKED: list[tuple[str, str]] = []

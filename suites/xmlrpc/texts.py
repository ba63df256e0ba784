"""Strings, and the ways in which XML may write them (Scalar <value>s; XML 1.0)."""

from __future__ import annotations

import pytest

from pytest_netconform.dialogues.xmlrpc import XmlRpc, described, told
from pytest_netconform.requirement import INTEROP, MUST, requirement
from pytest_netconform.wire.xmlrpc import inner, integer, string

AWKWARD = "& < > \" ' ]]> \u00e9 \U0001f600\nnext"
WORD = "caf\u00e9"
#: What stands between `<value>` and `</value>` → what it says.
FORMS = {
    "cdata": ("<string>a<![CDATA[<b>]]>c</string>", string("a<b>c")),
    "references": ("<string>&#65;&#x1F600;</string>", string("A\U0001f600")),
    "comment": ("<string>a<!-- b -->c</string>", string("ac")),
    "lines": ("\n  <int>1</int><!-- one -->\n  ", integer(1)),
    "instruction": ("<?netconform x?><int>2</int>", integer(2)),
    "empty": ("<string/>", string("")),
}


@requirement("XR-string-default", MUST, "XML-RPC Scalar <value>s", "A value without a type is a string.")
@pytest.mark.parametrize(
    ("written", "text"), [("abc", "abc"), ("", ""), ("<string/>", "")], ids=["untyped", "nothing", "empty"]
)
def test_untyped(xmlrpc: XmlRpc, written: str, text: str) -> None:
    """Also an empty one."""
    xmlrpc.returns(written, string(text))


@requirement(
    "XR-string-escapes",
    MUST,
    "XML-RPC Scalar <value>s; XML 1.0 2.4",
    "Any characters may stand in a string; `&` and `<` are written as references.",
)
def test_any_characters(xmlrpc: XmlRpc) -> None:
    """Signs of XML's own, others beyond ASCII, and a line end come back."""
    xmlrpc.returns(inner(string(AWKWARD)), string(AWKWARD))


@requirement(
    "XR-string-escapes",
    MUST,
    "XML-RPC Scalar <value>s; XML 1.0 2.4",
    "Any characters may stand in a string; `&` and `<` are written as references.",
)
def test_carriage_return(xmlrpc: XmlRpc) -> None:
    """`&#13;` comes back; written as it is, it arrives as a line feed (XML 1.0 2.11), which is noted."""
    octets = xmlrpc.echo("<string>a&#13;b</string>")
    expected = f"{string(chr(10).join('ab'))} or {string(chr(13).join('ab'))} in answer to {told(octets)}"
    reply = xmlrpc.said(octets, expected="a result")
    value = xmlrpc.unechoed(xmlrpc.taken(reply, expected))
    xmlrpc.require(value in (string("a\rb"), string("a\nb")), expected, described(reply))
    if value == string("a\nb"):
        xmlrpc.note("a carriage return arrives as a line feed")


@requirement("XR-string-whitespace", MUST, "XML 1.0 2.10; XML-RPC Scalar <value>s", "Blanks in a string stay.")
def test_blanks(xmlrpc: XmlRpc) -> None:
    """In front, behind, and in between."""
    xmlrpc.returns("<string>  a  b </string>", string("  a  b "))


@requirement("XR-encoding-decl", INTEROP, "XML 1.0 4.3.3", "XML says in which encoding it is written.")
@pytest.mark.parametrize("encoding", ["ISO-8859-1", "UTF-16", "UTF-8"])
def test_encodings(xmlrpc: XmlRpc, encoding: str) -> None:
    """Read as it says, refused, or read as something else. Every processor reads the last two."""
    xmlrpc.twin(inner(string("nc")), string("nc"))
    head = f'<?xml version="1.0" encoding="{encoding}"?>'
    octets = xmlrpc.echo(inner(string(WORD)), declaration=head).decode().encode(encoding)
    reply = xmlrpc.said(octets)
    if reply.value is None:
        xmlrpc.observe("a fault" if reply.fault is not None else f"HTTP {reply.http.status}")
    elif xmlrpc.unechoed(reply.value) == string(WORD):
        xmlrpc.observe("read as it says")
    else:
        xmlrpc.observe(f"read as {described(reply)}")
    xmlrpc.alive()


@requirement("XR-xml-forms", MUST, "XML 1.0 2.4, 2.5, 2.6, 2.7, 4.1", "What XML writes in several ways is one thing.")
@pytest.mark.parametrize("form", list(FORMS))
def test_forms(xmlrpc: XmlRpc, form: str) -> None:
    """CDATA sections, references, comments, line ends between elements, and an empty element."""
    written, value = FORMS[form]
    xmlrpc.returns(written, value)


NOT_CHECKED: list[tuple[str, str]] = []

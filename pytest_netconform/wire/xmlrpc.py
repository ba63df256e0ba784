"""XML-RPC as values: calls to be written, and responses read without harm (the specification of 1999, updated 2003).

Whatever a peer says is bounded, and hostile XML (a document type, entities) is refused by defusedxml before it is read.
What breaks a rule is still a value, with the paragraph that it breaks; there is no RFC, so sources are paragraphs of
the specification: Header, Payload format, Scalar <value>s, <struct>s, <array>s, Response format, Fault example,
Strategies/Q&A. Pure: no socket and no clock, and it knows nothing of methods.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from pytest_netconform.wire.http import Response as HttpResponse

OCTETS = 1 << 23  # of a text that is read
DEPTH = 400  # elements inside one another
ELEMENTS = 200_000  # of one text

INT, BOOLEAN, STRING, DOUBLE = "int", "boolean", "string", "double"
DATE, BASE64, STRUCT, ARRAY = "dateTime.iso8601", "base64", "struct", "array"
NIL, I8 = "nil", "i8"  # extensions, which the specification has not
EXPONENT = "a double with an exponent (Q&A: there is no exponent)"
UNREADABLE = "?"  # the kind of what is no value

_INT = re.compile(r"[+-]?[0-9]{1,4000}")
_DOUBLE = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_EXPONENT = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)[eE][+-]?[0-9]{1,4}")
_DATE = re.compile(r"[0-9]{8}T[0-9]{2}:[0-9]{2}:[0-9]{2}")
_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")
_BLANKS = " \t\r\n"


@dataclass(frozen=True)
class Value:
    """One value. content: int, bool, str, float, bytes, a dict of values or a tuple of them. written: its own text."""

    kind: str
    content: Any
    written: str = field(default="", compare=False)

    def __str__(self) -> str:
        if self.kind == STRUCT:
            return "{" + ", ".join(f"{name!r}: {member}" for name, member in self.content.items()) + "}"
        if self.kind == ARRAY:
            return "[" + ", ".join(map(str, self.content)) + "]"
        return f"{self.kind} {self.content!r}" if self.kind != NIL else "nil"


def integer(number: int) -> Value:
    """An `<int>`."""
    return Value(INT, number)


def string(text: str) -> Value:
    """A `<string>`."""
    return Value(STRING, text)


def array(*values: Value) -> Value:
    """An `<array>`."""
    return Value(ARRAY, values)


def struct(members: Mapping[str, Value]) -> Value:
    """A `<struct>`; its order is nothing."""
    return Value(STRUCT, dict(members))


# -- writing


def escaped(text: str) -> str:
    """Character data (XML 1.0 2.4, 2.11)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")


def inner(value: Value) -> str:
    """What stands between `<value>` and `</value>`."""
    if value.kind == STRUCT:
        members = (
            f"<member><name>{escaped(name)}</name><value>{inner(member)}</value></member>"
            for name, member in value.content.items()
        )
        return f"<struct>{''.join(members)}</struct>"
    if value.kind == ARRAY:
        return f"<array><data>{''.join(f'<value>{inner(member)}</value>' for member in value.content)}</data></array>"
    return f"<{value.kind}>{_scalar(value)}</{value.kind}>"


def _scalar(value: Value) -> str:
    if value.kind == BASE64:
        return base64.b64encode(value.content).decode()
    if value.kind == BOOLEAN:
        return "1" if value.content else "0"
    if value.kind == DOUBLE:
        return decimal_text(value.content)
    return escaped(str(value.content))


def decimal_text(number: float) -> str:
    """A double as the specification writes it: digits and a point. Raises ValueError for what it has no text for."""
    if number != number or number in (float("inf"), float("-inf")):
        raise ValueError(f"{number} has no representation (XML-RPC Q&A)")
    text = format(Decimal(repr(number)), "f")
    return text if "." in text else f"{text}.0"


def call(method: str, *params: str, declaration: str = '<?xml version="1.0"?>') -> bytes:
    """A call whose parameters are given as what stands between `<value>` and `</value>`."""
    listed = "".join(f"<param><value>{param}</value></param>" for param in params)
    return message(method, f"<params>{listed}</params>", declaration=declaration)


def message(method: str, params: str, *, declaration: str = '<?xml version="1.0"?>') -> bytes:
    """A call with its `<params>` as they are."""
    text = f"{declaration}<methodCall><methodName>{escaped(method)}</methodName>{params}</methodCall>"
    return text.encode()


# -- XML


@dataclass
class Node:
    """An element: its name, what stands in it as text, and the elements in it."""

    tag: str
    text: str = ""
    children: list[Node] = field(default_factory=list)


class Malformed(ValueError):
    """A text that cannot be read, and why."""


class _Tree:
    """What the parser tells, as nodes, up to the bounds."""

    def __init__(self) -> None:
        self.top = Node("")
        self._open = [self.top]
        self._pieces: list[list[str]] = [[]]
        self._count = 0

    def start(self, tag: str, attributes: object) -> None:
        self._count += 1
        if len(self._open) > DEPTH or self._count > ELEMENTS:
            raise Malformed(f"more than {DEPTH} elements inside one another, or {ELEMENTS} in all")
        node = Node(tag)
        self._open[-1].children.append(node)
        self._open.append(node)
        self._pieces.append([])

    def end(self, tag: str) -> None:
        self._open.pop().text = "".join(self._pieces.pop())

    def data(self, text: str) -> None:
        self._pieces[-1].append(text)

    def close(self) -> Node:
        return self.top.children[0]


def parse_xml(octets: bytes) -> Node:
    """The root element. Raises Malformed: no XML, hostile XML, or too much of it."""
    if len(octets) > OCTETS:
        raise Malformed(f"a text of {len(octets)} octets")
    parser = DefusedXMLParser(target=_Tree(), forbid_dtd=True)
    try:
        parser.feed(octets)
        root: Node = parser.close()
    except Malformed:
        raise
    except ParseError as problem:
        raise Malformed(f"no well-formed XML: {problem}") from None
    except DefusedXmlException:
        raise Malformed("XML with a document type, which is not read") from None
    except (ValueError, LookupError) as problem:
        raise Malformed(f"XML that cannot be decoded: {problem}") from None
    return root


# -- values


class _Reader:
    """Nodes to values; `wrong` is what was not as it should be."""

    def __init__(self) -> None:
        self.wrong: list[str] = []

    def value(self, node: Node) -> Value:
        """What a `<value>` says (Scalar <value>s)."""
        if node.tag != "value":
            return self._strange(f"<{node.tag}> where <value> is expected", node)
        if not node.children:
            return Value(STRING, node.text, node.text)
        if len(node.children) > 1 or node.text.strip(_BLANKS):
            return self._strange("a <value> with more than one type in it", node)
        (typed,) = node.children
        if typed.tag == STRUCT:
            return self._struct(typed)
        if typed.tag == ARRAY:
            return self._array(typed)
        if typed.children:
            return self._strange(f"elements in <{typed.tag}>", typed)
        return self._typed(typed)

    def _typed(self, node: Node) -> Value:
        text, tag = node.text, node.tag
        if tag == STRING:
            return Value(STRING, text, text)
        if tag in ("i4", INT, I8):
            return self._integer(node)
        if tag == BOOLEAN and text in ("0", "1"):
            return Value(BOOLEAN, text == "1", text)
        if tag == DOUBLE and (_DOUBLE.fullmatch(text) or _EXPONENT.fullmatch(text)):
            if not _DOUBLE.fullmatch(text):
                self.wrong.append(EXPONENT)
            return Value(DOUBLE, float(text), text)
        if tag == DATE and _DATE.fullmatch(text):
            return Value(DATE, text, text)
        if tag == BASE64:
            return self._base64(node)
        if tag.rpartition("}")[2] == NIL and not text:
            self.wrong.append("nil, which the specification has not")
            return Value(NIL, None, "")
        return self._strange(f"<{tag}>{text[:60]}</{tag}>, which is no value (Scalar <value>s)", node)

    def _integer(self, node: Node) -> Value:
        if not _INT.fullmatch(node.text):
            return self._strange(f"<{node.tag}>{node.text[:60]}</{node.tag}>, which is no integer (Q&A)", node)
        number = int(node.text)
        if node.tag == I8:
            self.wrong.append("i8, which the specification has not")
            return Value(I8, number, node.text)
        if not -(1 << 31) <= number < 1 << 31:
            self.wrong.append(f"{node.text[:60]}, more than four octets hold (Scalar <value>s)")
        return Value(INT, number, node.text)

    def _base64(self, node: Node) -> Value:
        text = re.sub(r"[ \t\r\n]+", "", node.text)
        try:
            if _BASE64.fullmatch(text):
                return Value(BASE64, base64.b64decode(text, validate=True), node.text)
        except binascii.Error:
            pass
        return self._strange("a <base64> that is none", node)

    def _struct(self, node: Node) -> Value:
        members: dict[str, Value] = {}
        for member in node.children:
            tags = sorted(child.tag for child in member.children)
            if member.tag != "member" or tags != ["name", "value"]:
                return self._strange("a <struct> that is not made of <member>s with a <name> and a <value>", node)
            parts = {child.tag: child for child in member.children}
            if parts["name"].text in members:
                self.wrong.append("a name twice in one <struct>")
            members[parts["name"].text] = self.value(parts["value"])
        return Value(STRUCT, members)

    def _array(self, node: Node) -> Value:
        if [child.tag for child in node.children] != ["data"]:
            return self._strange("an <array> without exactly one <data> (<array>s)", node)
        return Value(ARRAY, tuple(self.value(child) for child in node.children[0].children))

    def _strange(self, why: str, node: Node) -> Value:
        self.wrong.append(why)
        return Value(UNREADABLE, node.text, node.text)


# -- responses


@dataclass(frozen=True)
class Reply:
    """What a call was answered. problem: why it is no XML-RPC; wrong: what is not as it should be, all the same.

    http: what carried it. value: of the one param; fault: the value in `<fault>`.
    """

    octets: bytes
    http: HttpResponse
    value: Value | None = None
    fault: Value | None = None
    problem: str = ""
    wrong: tuple[str, ...] = ()

    @property
    def raw(self) -> bytes:
        """All octets."""
        return self.http.raw

    @property
    def code(self) -> int | None:
        """The status that carried it."""
        return self.http.code

    @property
    def temporary(self) -> bool:
        """Whether it is a refusal that asks to try again later."""
        return self.http.temporary and bool(self.problem)

    @property
    def media(self) -> str:
        """The type that it came with, without parameters."""
        text = (self.http.fields.get("Content-Type") or b"").decode("latin-1")
        return text.partition(";")[0].strip().lower()

    @property
    def fault_code(self) -> object:
        """What stands as faultCode, if anything does."""
        return self.fault_member("faultCode")

    def fault_member(self, name: str) -> object:
        """The content of a member of the fault."""
        if self.fault is None or self.fault.kind != STRUCT or name not in self.fault.content:
            return None
        found: object = self.fault.content[name].content
        return found


def parse_reply(http: HttpResponse) -> Reply:
    """The body of an HTTP response as XML-RPC's (Response format)."""
    octets, reader = http.body, _Reader()
    try:
        root = parse_xml(octets)
        (only,) = _children(root, "methodResponse", 1)
        if only.tag == "params":
            (param,) = _children(only, "params", 1)
            (node,) = _children(param, "param", 1)
            value = reader.value(node)
            return Reply(octets, http, value=value, wrong=tuple(reader.wrong))
        (node,) = _children(only, "fault", 1)
    except Malformed as problem:
        return Reply(octets, http, problem=str(problem))
    fault = reader.value(node)
    return Reply(octets, http, fault=fault, wrong=(*reader.wrong, *wrong_fault(fault)))


def _children(node: Node, tag: str, count: int) -> list[Node]:
    if node.tag != tag:
        raise Malformed(f"<{node.tag[:60]}> where <{tag}> is expected (Response format)")
    if len(node.children) != count or node.text.strip(_BLANKS):
        names = ", ".join(f"<{child.tag[:20]}>" for child in node.children[:5]) or "nothing"
        raise Malformed(f"<{tag}> with {names} in it, not {count} element (Response format)")
    return node.children


def wrong_fault(fault: Value) -> tuple[str, ...]:
    """What is not as it should be about a fault: an int and a string, and nothing else (Fault example, Q&A)."""
    if fault.kind != STRUCT:
        return ("a fault that is no struct (Response format)",)
    found = []
    for name, kind in (("faultCode", INT), ("faultString", STRING)):
        member = fault.content.get(name)
        if member is None:
            found.append(f"a fault without {name} (Response format)")
        elif member.kind != kind:
            found.append(f"{name} is {member.kind}, not {kind} (Response format)")
    strange = sorted(fault.content.keys() - {"faultCode", "faultString"})
    return (*found, *([f"a fault with {', '.join(strange)[:60]} in it (Q&A)"] if strange else []))


# -- calls


@dataclass(frozen=True)
class Call:
    """A call that was read."""

    method: str
    params: tuple[Value, ...] = ()


def parse_call(octets: bytes) -> Call:
    """A call, read strictly (Payload format). Raises Malformed for whatever the specification has not."""
    root, reader = parse_xml(octets), _Reader()
    tags = [child.tag for child in root.children]
    if root.tag != "methodCall" or tags not in (["methodName"], ["methodName", "params"]) or root.children[0].children:
        raise Malformed("no <methodCall> of a <methodName> and <params> (Payload format)")
    params = root.children[1].children if len(tags) == 2 else []
    values = tuple(reader.value(_children(param, "param", 1)[0]) for param in params)
    if reader.wrong and set(reader.wrong) != {EXPONENT}:
        raise Malformed(reader.wrong[0])
    return Call(root.children[0].text.strip(_BLANKS), values)

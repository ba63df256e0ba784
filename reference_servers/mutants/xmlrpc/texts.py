"""Mutants of strings: texts that come out as something else, or as no XML."""

from __future__ import annotations

import re
from typing import Any

from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.mutants.xmlrpc.scalars import Changed
from pytest_netconform.reference_servers.xmlrpc import Answers, Received
from pytest_netconform.reference_servers.xmlrpc.answers import Marshaller
from pytest_netconform.wire.xmlrpc import Malformed


class Plain(Marshaller):
    """Writes characters as they are."""

    def escape(self, text: str) -> str:
        return text


class Latin(Answers):
    """Takes octets for characters."""

    def read(self, octets: bytes) -> Received:
        head, _, rest = octets.partition(b"?>")
        return super().read(octets if b"UTF-16" in head else b"<?xml version='1.0' encoding='ISO-8859-1'?>" + rest)


@mutant("untyped_is_nothing", breaks=["XR-string-default"], because="string 'abc'")
class UntypedIsNothing(Answers):
    """Looks for a type, and finds none."""

    def read(self, octets: bytes) -> Received:
        return super().read(re.sub(rb"<value>[^<]*</value>", b"<value><int>0</int></value>", octets))


@mutant("empty_is_refused", breaks=["XR-string-default"], because="string ''")
class EmptyIsRefused(Answers):
    """Falls over a value with nothing in it."""

    def check(self, octets: bytes) -> None:
        if b"<value></value>" in octets:
            raise Malformed("nothing in it")
        super().check(octets)


@mutant("signs_not_escaped", breaks=["XR-string-escapes"], because="no well-formed XML")
class SignsNotEscaped(Answers):
    """Writes `&` and `<` as they are."""

    marshaller = Plain


@mutant("signs_escaped_twice", breaks=["XR-string-escapes"], because="in answer to")
class SignsEscapedTwice(Answers):
    """Escapes what is escaped."""

    def marshal(self, values: Any) -> str:
        return super().marshal(values).replace("&amp;", "&amp;amp;")


@mutant("carriage_returns_dropped", breaks=["XR-string-escapes"], because="string 'ab'")
class CarriageReturnsDropped(Changed):
    """Has no such character."""

    old, new = b"&#13;", b""


@mutant("blanks_cut", breaks=["XR-string-whitespace"], because="string 'a  b'")
class BlanksCut(Answers):
    """Tidies up."""

    def taken(self, params: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(value.strip() if isinstance(value, str) else value for value in params)


@mutant("declaration_passed_over", breaks=["XR-encoding-decl"], because="read as string")
class DeclarationPassedOver(Latin):
    """Has one encoding for everything."""


@mutant("references_left", breaks=["XR-xml-forms"], because="string 'A")
class ReferencesLeft(Changed):
    """Takes references for text."""

    old, new = b"&#65;", b"&amp;#65;"


@mutant("cdata_left", breaks=["XR-xml-forms"], because="string 'a<b>c'")
class CdataLeft(Answers):
    """Takes the signs around a CDATA section for text."""

    def read(self, octets: bytes) -> Received:
        return super().read(octets.replace(b"<![CDATA[<b>", b"&lt;![CDATA[&lt;b&gt;").replace(b"]]>", b"]]&gt;"))


@mutant("lines_are_values", breaks=["XR-xml-forms"], because="int 1")
class LinesAreValues(Answers):
    """Takes line ends in front of a type for a string."""

    def read(self, octets: bytes) -> Received:
        return super().read(re.sub(rb"<value>\s+<.*</value>", b"<value>\n</value>", octets, flags=re.DOTALL))

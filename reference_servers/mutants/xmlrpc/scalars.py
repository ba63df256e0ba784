"""Mutants of scalar values: numbers, booleans, dates and octets that come out as something else, or not at all."""

from __future__ import annotations

import re
import xmlrpc.client
from typing import Any

from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.xmlrpc import Answers, Received
from pytest_netconform.wire.xmlrpc import Malformed, parse_xml


class Lenient(Answers):
    """Lets pass what the specification has not."""

    def check(self, octets: bytes) -> None:
        parse_xml(octets)


class Changed(Answers):
    """Reads octets that were changed before."""

    old, new = b"", b""

    def read(self, octets: bytes) -> Received:
        return super().read(octets.replace(self.old, self.new))


class Written(Answers):
    """Changes what is written."""

    old, new = "", ""

    def marshal(self, values: Any) -> str:
        return super().marshal(values).replace(self.old, self.new)


@mutant("i4_unknown", breaks=["XR-i4-int"], because="int -12")
class I4Unknown(Answers):
    """Knows one name for integers."""

    def check(self, octets: bytes) -> None:
        if b"<i4>" in octets:
            raise Malformed("<i4> is unknown")
        super().check(octets)


@mutant("smallest_overflows", breaks=["XR-i4-int"], because="int -2147483648")
class SmallestOverflows(Changed):
    """Has no room for the smallest of integers."""

    old, new = b"-2147483648", b"-2147483647"


@mutant("integers_wrap", breaks=["XR-int-range"], because="2147483648 or a fault")
class IntegersWrap(Lenient):
    """Goes on counting on the other side."""

    def taken(self, params: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple((p + (1 << 31)) % (1 << 32) - (1 << 31) if type(p) is int else p for p in params)


@mutant("plus_refused", breaks=["XR-int-syntax"], because="int 41")
class PlusRefused(Answers):
    """Knows one sign."""

    def check(self, octets: bytes) -> None:
        if b"<int>+" in octets:
            raise Malformed("a plus")
        super().check(octets)


@mutant("zeros_are_octal", breaks=["XR-int-syntax"], because="int 12")
class ZerosAreOctal(Changed):
    """Takes zeros in front for a sign of another base."""

    old, new = b"<int>0012", b"<int>10"


@mutant("python_takes_integers", breaks=["XR-int-syntax-bad"], because="a fault in answer to")
class PythonTakesIntegers(Lenient):
    """Takes what the language takes: blanks and underscores."""


@mutant("points_are_cut", breaks=["XR-int-syntax-bad"], because="a fault in answer to")
class PointsAreCut(Changed):
    """Reads digits as far as there are any."""

    old, new = b"<int>1.0<", b"<int>1<"


@mutant("booleans_as_integers", breaks=["XR-boolean"], because="boolean True")
class BooleansAsIntegers(Written):
    """Knows that True is 1."""

    def marshal(self, values: Any) -> str:
        return re.sub(r"boolean>", "int>", super().marshal(values))


@mutant("booleans_turned", breaks=["XR-boolean"], because="boolean False")
class BooleansTurned(Written):
    """Takes a text that is not empty for true."""

    old, new = "<boolean>0", "<boolean>1"


@mutant("two_is_true", breaks=["XR-boolean-bad"], because="a fault in answer to")
class TwoIsTrue(Changed):
    """Takes all but zero for true."""

    old, new = b"<boolean>2", b"<boolean>1"


@mutant("words_are_booleans", breaks=["XR-boolean-bad"], because="a fault in answer to")
class WordsAreBooleans(Changed):
    """Takes words too."""

    old, new = b"<boolean>true", b"<boolean>1"


@mutant("commas_in_doubles", breaks=["XR-double"], because="-12.53")
class CommasInDoubles(Answers):
    """Writes numbers as the country does."""

    def marshal(self, values: Any) -> str:
        return re.sub(r"<double>(-?\d+)\.", r"<double>\1,", super().marshal(values))


@mutant("doubles_cut", breaks=["XR-double"], because="-12.53")
class DoublesCut(Answers):
    """Has integers only."""

    def taken(self, params: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(float(int(value)) if type(value) is float else value for value in params)


@mutant("nan_given_back", breaks=["XR-double-special"], because="a fault in answer to")
class NanGivenBack(Lenient):
    """Takes and gives what the language has."""

    marshaller = xmlrpc.client.Marshaller


@mutant("exponents_written", breaks=["XR-double-special"], because="comes back with an exponent")
class ExponentsWritten(Answers):
    """Writes doubles as the language does."""

    marshaller = xmlrpc.client.Marshaller


@mutant("dates_with_dashes", breaks=["XR-datetime"], because="19980717T14:08:55")
class DatesWithDashes(Written):
    """Writes dates as others do."""

    old, new = "19980717T", "1998-07-17T"


@mutant("dates_with_zones", breaks=["XR-datetime"], because="19980717T14:08:55")
class DatesWithZones(Written):
    """Knows that all the world is in Greenwich."""

    old, new = "14:08:55", "14:08:55Z"


@mutant("octets_as_text", breaks=["XR-base64"], because="base64")
class OctetsAsText(Answers):
    """Takes octets for characters."""

    def taken(self, params: tuple[Any, ...]) -> tuple[Any, ...]:
        binary = xmlrpc.client.Binary
        return tuple(binary(p.data.decode("utf-8", "replace").encode()) if isinstance(p, binary) else p for p in params)


@mutant("base64_in_one_line", breaks=["XR-base64"], because="base64")
class Base64InOneLine(Answers):
    """Knows no line ends in it."""

    def check(self, octets: bytes) -> None:
        if b"<base64>" in octets and b"\n" in octets:
            raise Malformed("a line end")
        super().check(octets)


@mutant("no_base64_ends_it", breaks=["XR-base64"], because="base64 b'nc'")
class NoBase64EndsIt(Answers):
    """Falls over what is none, and stays so."""

    def read(self, octets: bytes) -> Received:
        shared = self.config.shared
        shared["ill"] = shared.get("ill") or b"!!!" in octets
        return super().read(octets.replace(b"bmM=", b"") if shared["ill"] else octets)


@mutant("nil_is_empty", breaks=["XR-nil"], because="another value")
class NilIsEmpty(Changed):
    """Takes nothing for an empty text."""

    old, new = b"<nil/>", b"<string/>"


@mutant("i8_cut", breaks=["XR-i8"], because="another value")
class I8Cut(Changed):
    """Keeps the lower four bytes."""

    old, new = b"<i8>4294967296</i8>", b"<int>0</int>"

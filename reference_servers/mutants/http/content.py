"""Mutants of content: types, codings and validators that are missing or wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from pytest_netconform.reference_servers.http import HttpSession, Request
from pytest_netconform.reference_servers.http.conditions import Representation, Tag
from pytest_netconform.reference_servers.http.respond import Fields
from pytest_netconform.reference_servers.mutants.mutant import mutant


class OtherFields(HttpSession):
    """Says other things about what it shows."""

    def fields_of(self, shown: Representation) -> Fields:
        return tuple(field for pair in super().fields_of(shown) for field in self.other(*pair))

    def other(self, name: str, value: str) -> Fields:
        """What it says in place of a field."""
        return () if name == "Content-Type" else ((name, value),)


@mutant("content_without_type", breaks=["HTTP-9110-8.3-content-type"], because="a Content-Type beside")
class ContentWithoutType(OtherFields):
    """Does not say what it is."""


@mutant("type_without_subtype", breaks=["HTTP-9110-8.3-content-type"], because="type, subtype")
class TypeWithoutSubtype(OtherFields):
    """Says half of it."""

    def other(self, name: str, value: str) -> Fields:
        return ((name, "text" if name == "Content-Type" else value),)


@mutant("modified_tomorrow", breaks=["HTTP-9110-8.8.2-lm-future"], because="not later than Date")
class ModifiedTomorrow(HttpSession):
    """Tells a file's time as it is."""

    def modified(self, shown: Representation) -> datetime | None:
        return self.today() + timedelta(days=1)


@mutant("tag_without_quotes", breaks=["HTTP-9110-8.8.3-etag-grammar"], because="an ETag of the form")
class TagWithoutQuotes(OtherFields):
    """Leaves the quotes out."""

    def other(self, name: str, value: str) -> Fields:
        return ((name, value.strip('"') if name == "ETag" else value),)


@mutant("gzip_label_alone", breaks=["HTTP-9110-8.4-content-encoding"], because="a body in gzip")
class GzipLabelAlone(HttpSession):
    """Says gzip, and sends it plain."""

    def gzipped(self, content: bytes) -> bytes:
        return content


@mutant("gzip_cut_short", breaks=["HTTP-9110-8.4-content-encoding"], because="a body in gzip")
class GzipCutShort(HttpSession):
    """Leaves the last octets out."""

    def gzipped(self, content: bytes) -> bytes:
        return super().gzipped(content)[:-8]


@mutant("gzip_of_another", breaks=["HTTP-9110-8.4-content-encoding"], because="what comes without a coding")
class GzipOfAnother(HttpSession):
    """Has another version in store in gzip."""

    def gzipped(self, content: bytes) -> bytes:
        return super().gzipped(content.upper())


@mutant("gzip_for_everybody", breaks=["HTTP-9110-12.5.3-identity"], because="no Content-Encoding")
class GzipForEverybody(HttpSession):
    """Asks nobody."""

    def accepts(self, request: Request, coding: str) -> bool:
        return True


@mutant("weights_ignored", breaks=["HTTP-9110-12.5.3-q0"], because="no Content-Encoding")
class WeightsIgnored(HttpSession):
    """Looks for the word alone."""

    def accepts(self, request: Request, coding: str) -> bool:
        return coding in (request.value("accept-encoding") or "")


@mutant("no_vary", breaks=["HTTP-9110-12.5.5-vary"], because="Vary with Accept-Encoding")
class NoVary(OtherFields):
    """Does not say on what it depends."""

    def other(self, name: str, value: str) -> Fields:
        return () if name == "Vary" else ((name, value),)


@mutant("one_tag_for_codings", breaks=["HTTP-9110-8.8.3-etag-per-coding"], because="another ETag")
class OneTagForCodings(HttpSession):
    """Has one strong tag for whatever it sends."""

    def tag(self, shown: Representation) -> Tag | None:
        return super().tag(replace(shown, content=b"", coding=""))

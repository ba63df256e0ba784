"""Mutants of Date, of Server, and of what comes from a request into a response's head."""

from __future__ import annotations

from datetime import datetime, timezone
from urllib.parse import unquote

from pytest_netconform.reference_servers.http import HttpSession, Refusal, Request, Response
from pytest_netconform.reference_servers.http.respond import Fields
from pytest_netconform.reference_servers.mutants.mutant import mutant


def _without_date(fields: Fields) -> Fields:
    return tuple((name, value) for name, value in fields if name != "Date")


@mutant("no_date", breaks=["HTTP-9110-6.6.1-date"], because="Date")
class NoDate(HttpSession):
    """Has no clock, it seems."""

    def general_fields(self, request: Request | None, response: Response) -> Fields:
        return _without_date(super().general_fields(request, response))


@mutant("refusals_without_date", breaks=["HTTP-9110-6.6.1-date"], because="Date")
class RefusalsWithoutDate(HttpSession):
    """Dates no answer to what is no request."""

    def general_fields(self, request: Request | None, response: Response) -> Fields:
        fields = super().general_fields(request, response)
        return fields if request is not None else _without_date(fields)


@mutant("date_of_long_ago", breaks=["HTTP-9110-6.6.1-date-skew"], because="within a day")
class DateOfLongAgo(HttpSession):
    """Began to count in 2001, and stopped there."""

    def today(self) -> datetime:
        return datetime(2001, 1, 1, tzinfo=timezone.utc)


@mutant("malformed_server", breaks=["HTTP-9110-10.2.4-server"], because="products and comments")
class MalformedServer(HttpSession):
    """Names itself as no product is named."""

    def server(self) -> str:
        return "netconform reference/1.0/beta (not closed"


@mutant("telling_server", breaks=["HTTP-9110-10.2.4-server"], because="more than a product")
class TellingServer(HttpSession):
    """Tells who looks for holes where to look."""

    def server(self) -> str:
        return "netconform/1.0 (Linux 6.1) OpenSSL/3.0.1 Python/3.11.2"


@mutant("decoded_target_in_location", breaks=["HTTP-9112-11.1-response-split"], because="X-Inj")
class DecodedTargetInLocation(HttpSession):
    """Redirects to what was asked for, decoded."""

    def location(self, path: str) -> str:
        return path.encode("utf-8").decode("latin-1")


@mutant("low_octets_in_location", breaks=["HTTP-9112-11.1-response-split"], because="X-Inj")
class LowOctetsInLocation(HttpSession):
    """Redirects likewise, with one octet for each character."""

    def location(self, path: str) -> str:
        return super().location(path) if path.isascii() else "".join(chr(ord(letter) & 0xFF) for letter in path)


@mutant("decoded_query_in_location", breaks=["HTTP-9112-11.1-response-split"], because="X-Inj")
class DecodedQueryInLocation(HttpSession):
    """Decodes the query that it redirects with."""

    def location_query(self, query: bytes) -> str:
        return unquote(query.decode("ascii"), "latin-1")


@mutant("target_in_a_field", breaks=["HTTP-9112-11.1-response-split"], because="X-Inj")
class TargetInAField(HttpSession):
    """Says what was not found."""

    def error_response(self, request: Request | None, refusal: Refusal) -> Response:
        response = super().error_response(request, refusal)
        if request is None:
            return response
        return response.adding(("X-Asked", unquote(request.target.raw.decode("latin-1"), "latin-1")))

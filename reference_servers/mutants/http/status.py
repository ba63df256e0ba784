"""Mutants of statuses: without what belongs to them, or with what does not."""

from __future__ import annotations

from pytest_netconform.reference_servers.http import HttpSession, Response, Route
from pytest_netconform.reference_servers.http.respond import Fields
from pytest_netconform.reference_servers.mutants.mutant import mutant


@mutant("205_with_body", breaks=["HTTP-9110-15.3.6-205"], because="no content in a 205")
class ResetWithBody(HttpSession):
    """Says what is to be done."""

    def content_of(self, response: Response) -> tuple[bytes, ...]:
        return (b"Begin again.\n",) if response.status == 205 else super().content_of(response)


@mutant("redirection_to_nowhere", breaks=["HTTP-9110-15.4-location"], because="one Location")
class RedirectionToNowhere(HttpSession):
    """Says that it is elsewhere."""

    def redirect(self, status: int, path: str, query: bytes | None = None) -> Response:
        found = super().redirect(status, path, query)
        return Response(status, tuple(field for field in found.fields if field[0] != "Location"), found.body)


@mutant("location_with_blank", breaks=["HTTP-9110-15.4-location"], because="a URI reference")
class LocationWithBlank(HttpSession):
    """Does not encode where it is."""

    def location(self, path: str) -> str:
        return f"{path} here"


@mutant("405_without_allow", breaks=["HTTP-9110-15.5.6-allow"], because="Allow in a 405")
class NoAllowIn405(HttpSession):
    """Does not say what it would do."""

    def allow_fields(self, route: Route) -> Fields:
        return ()


@mutant("retry_soon", breaks=["HTTP-9110-15.6.4-retry-after"], because="a date or a number of seconds")
class RetrySoon(HttpSession):
    """Has words for it."""

    def retry_fields(self, status: int) -> Fields:
        return (("Retry-After", "soon"),) if status in (413, 503) else ()

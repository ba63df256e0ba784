"""The area that may be written to: PUT, POST that creates, DELETE, and their preconditions (RFC 9110 9.3, 13)."""

from __future__ import annotations

import re

from pytest_netconform.reference_servers.http.conditions import Representation
from pytest_netconform.reference_servers.http.ranges import Ranges
from pytest_netconform.reference_servers.http.request import Refusal, Request
from pytest_netconform.reference_servers.http.resources import Resources
from pytest_netconform.reference_servers.http.respond import Fields, Response
from pytest_netconform.reference_servers.http.site import SiteFull, Stored

KIND = re.compile(r"[!#$&^_.+0-9A-Za-z-]+/[!#$&^_.+0-9A-Za-z-]+(?:[ \t]*;[ -~]*)?")
UNKNOWN_KIND = "application/octet-stream"


class Writing(Resources, Ranges):
    """Files of strangers: they are shown as what they were called, and trusted by no page of ours."""

    def answer_scratch(self, request: Request) -> Response:
        """The folder: POST makes a resource in it."""
        if request.method == "POST":
            return self.create(request)
        names = "".join(f"<li>{self.escape(path)}</li>" for path in self.site.files())
        return Response(200, self.page_fields(), self.page("Scratch", f"<ul>{names}</ul>").encode("utf-8", "replace"))

    def create(self, request: Request) -> Response:
        """A new resource, and where it is (RFC 9110 9.3.3, 15.3.2)."""
        path = f"/scratch/{self.site.number()}"
        shown = self.write(request, path)
        return Response(201, (("Location", self.location(path)), *self.validator_fields(shown)))

    def answer_scratched(self, request: Request) -> Response:
        """One resource of the area."""
        path = self.path_of(request)
        stored = self.stored(path)
        if request.method == "PUT":
            return self.put(request, path, stored)
        if stored is None:
            raise Refusal(404, "There is nothing here")
        if request.method == "DELETE":
            return self.delete(request, path, stored)
        return self.show(request, stored)

    def stored(self, path: str) -> Representation | None:
        """What lies there."""
        found = self.site.file(path)
        return (
            None if found is None else Representation(found.content, found.kind, found.modified, self.stored_fields())
        )

    def stored_fields(self) -> Fields:
        """A stranger's page runs nothing."""
        return (("Content-Security-Policy", "sandbox"), ("X-Content-Type-Options", "nosniff"))

    def put(self, request: Request, path: str, stored: Representation | None) -> Response:
        """The resource is what the body is: 201 when it is new (RFC 9110 9.3.4)."""
        self.check_whole(request)
        self.evaluate(request, stored)
        shown = self.write(request, path)
        return Response(self.put_status(stored is None), self.validator_fields(shown))

    def put_status(self, new: bool) -> int:
        """201 or 204 (RFC 9110 9.3.4)."""
        return 201 if new else 204

    def check_whole(self, request: Request) -> None:
        """A part cannot be put (RFC 9110 14.5)."""
        if request.values("content-range"):
            raise Refusal(400, "A part of a resource cannot be put")

    def write(self, request: Request, path: str) -> Representation:
        """Keep the body."""
        stored = Stored(self.new_content(request, path), self.kind_of(request), self.today())
        try:
            self.site.put(path, stored)
        except SiteFull:
            raise Refusal(507, "There is no room left") from None
        return Representation(stored.content, stored.kind, stored.modified)

    def new_content(self, request: Request, path: str) -> bytes:
        """The octets that will be there."""
        return request.body

    def kind_of(self, request: Request) -> str:
        """The type that the client says."""
        kind = request.value("content-type") or ""
        return kind if KIND.fullmatch(kind) else UNKNOWN_KIND

    def delete(self, request: Request, path: str, stored: Representation) -> Response:
        """It goes, if it is what the client thinks."""
        self.evaluate(request, stored)
        self.site.remove(path)
        return Response(204)

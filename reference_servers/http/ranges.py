"""Representations as they are sent: content codings, ranges, validators, 304 (RFC 9110 8.4, 12.5.3, 14, 15.3.7).

This module must not know which resources there are.
"""

from __future__ import annotations

import gzip
import re
from dataclasses import replace

from pytest_netconform.reference_servers.http.conditions import Conditions, NotModified, Representation
from pytest_netconform.reference_servers.http.request import Refusal, Request
from pytest_netconform.reference_servers.http.respond import Fields, Response

UNIT = re.compile(r"(?i)bytes=(.*)")
RANGE = re.compile(r"([0-9]{0,40})-([0-9]{0,40})")
WEIGHT = re.compile(r"(?i);[ \t]*q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)")
#: what a 304 and a 206 carry over from the 200 (RFC 9110 15.3.7, 15.4.5)
CARRIED = ("cache-control", "content-location", "etag", "expires", "vary", "last-modified")

Range = tuple[int, int]  # the first octet, and the one behind the last


class Ranges(Conditions):
    """From a representation to a response."""

    def show(self, request: Request, resource: Representation) -> Response:
        """GET and HEAD of what is there: in the coding that is wanted, if it is new, and the parts that are wanted."""
        shown = self.encode(resource, self.choose_coding(request, resource))
        try:
            self.evaluate(request, shown)
        except NotModified:
            return self.not_modified(shown)
        if self.cuts(request, shown):
            return self.partial(request, shown)
        return Response(200, self.fields_of(shown), shown.content)

    # codings

    def choose_coding(self, request: Request, resource: Representation) -> str:
        """gzip for who says that he takes it, and nothing for everybody else."""
        return "gzip" if self.offers_gzip(resource) and self.accepts(request, "gzip") else ""

    def offers_gzip(self, resource: Representation) -> bool:
        """Text becomes smaller."""
        return resource.varies and self.config.has("gzip")

    def accepts(self, request: Request, coding: str) -> bool:
        """Whether a coding is acceptable by name or by the asterisk, with a weight above 0 (RFC 9110 12.5.3)."""
        weights = dict(map(self.weighed, request.members("accept-encoding")))
        return weights.get(coding, weights.get("*", 0.0)) > 0

    def weighed(self, member: str) -> tuple[str, float]:
        """A coding and its weight (RFC 9110 12.4.2)."""
        match = WEIGHT.search(member)
        weight = float(match[1]) if match else 1.0
        return member.partition(";")[0].strip().lower(), weight

    def encode(self, resource: Representation, coding: str) -> Representation:
        """The representation in a coding."""
        if coding != "gzip":
            return resource
        return replace(resource, content=self.gzipped(resource.content), coding=coding)

    def gzipped(self, content: bytes) -> bytes:
        """The same octets each time, so that their tag stays."""
        return gzip.compress(content, mtime=0)

    # fields

    def fields_of(self, shown: Representation) -> Fields:
        """Everything about a representation."""
        return (
            ("Content-Type", shown.kind),
            *((("Content-Encoding", shown.coding),) if shown.coding else ()),
            *self.validator_fields(shown),
            *((("Vary", "Accept-Encoding"),) if self.offers_gzip(shown) else ()),
            *((("Accept-Ranges", "bytes"),) if self.config.has("ranges") else ()),
            *shown.fields,
        )

    def validator_fields(self, shown: Representation) -> Fields:
        """ETag and Last-Modified."""
        tag, modified = self.tag(shown), self.modified(shown)
        return (
            *((("ETag", str(tag)),) if tag is not None else ()),
            *((("Last-Modified", self.format_date(modified)),) if modified is not None else ()),
        )

    def not_modified(self, shown: Representation) -> Response:
        """304, which has no content (RFC 9110 15.4.5)."""
        return Response(304, self.not_modified_fields(shown))

    def not_modified_fields(self, shown: Representation) -> Fields:
        """What a cache needs to go on with what it has (RFC 9110 15.4.5)."""
        return tuple((name, value) for name, value in self.fields_of(shown) if name.lower() in CARRIED)

    # ranges

    def cuts(self, request: Request, shown: Representation) -> bool:
        """Whether Range is heeded: for GET alone, and only behind an If-Range that holds (RFC 9110 14.2)."""
        if not self.config.has("ranges") or not self.takes_range(request) or len(request.values("range")) != 1:
            return False
        if not self.if_range(request, shown):
            return False
        ranges = self.parse_ranges(request.value("range") or "")
        return ranges is not None and not self.is_wasteful(ranges, len(shown.content))

    def takes_range(self, request: Request) -> bool:
        """No other method has ranges (RFC 9110 14.2)."""
        return request.method == "GET"

    def parse_ranges(self, text: str) -> list[tuple[int | None, int | None]] | None:
        """The ranges of a valid set of byte ranges; None for anything else, which is passed over (RFC 9110 14.2)."""
        match = UNIT.fullmatch(text)
        members = [member.strip(" \t") for member in match[1].split(",")] if match else []
        ranges = [self.parse_range(member) for member in members if member]
        if not ranges or None in ranges:
            return None
        return [wanted for wanted in ranges if wanted is not None]

    def parse_range(self, text: str) -> tuple[int | None, int | None] | None:
        """First and last octet, either of which may be missing; None where it makes no sense (RFC 9110 14.1.1)."""
        match = RANGE.fullmatch(text)
        if match is None or text == "-":
            return None
        first, last = (int(part) if part else None for part in match.groups())
        if first is not None and last is not None and last < first:
            return None
        return first, last

    def slice_of(self, wanted: tuple[int | None, int | None], size: int) -> Range | None:
        """Where a range lies in so many octets; None where there is nothing of it (RFC 9110 14.1.2)."""
        first, last = wanted
        if first is None:
            begin, end = max(0, size - (last or 0)), size
        else:
            begin, end = first, size if last is None else min(last + 1, size)
        return (begin, end) if begin < end else None

    def is_wasteful(self, ranges: list[tuple[int | None, int | None]], size: int) -> bool:
        """Many ranges, or more octets than there are: the whole is better (RFC 9110 17.15)."""
        slices = [cut for cut in (self.slice_of(wanted, size) for wanted in ranges) if cut is not None]
        return len(ranges) > self.config.ranges or sum(end - begin for begin, end in slices) > size

    def partial(self, request: Request, shown: Representation) -> Response:
        """206 with one part or several, or 416."""
        size = len(shown.content)
        wanted = self.parse_ranges(request.value("range") or "") or []
        slices = [cut for cut in (self.slice_of(one, size) for one in wanted) if cut is not None]
        if not slices:
            return self.unsatisfiable(request, size)
        if len(slices) == 1:
            return self.single_part(shown, slices[0])
        return self.many_parts(shown, slices)

    def unsatisfiable(self, request: Request, size: int) -> Response:
        """Nothing of what was asked for is there; how long it is (RFC 9110 15.5.17)."""
        refusal = Refusal(416, "There is nothing at this range", (("Content-Range", f"bytes */{size}"),))
        return self.error_response(request, refusal)

    def content_range(self, cut: Range, size: int) -> str:
        """Where a part belongs (RFC 9110 14.4)."""
        return f"bytes {cut[0]}-{cut[1] - 1}/{size}"

    def cut(self, content: bytes, cut: Range) -> bytes:
        """The octets of a part."""
        return content[cut[0] : cut[1]]

    def single_part(self, shown: Representation, cut: Range) -> Response:
        """One part is never multipart (RFC 9110 15.3.7.2)."""
        place = self.content_range(cut, len(shown.content))
        return Response(206, (*self.fields_of(shown), ("Content-Range", place)), self.cut(shown.content, cut))

    def many_parts(self, shown: Representation, slices: list[Range]) -> Response:
        """multipart/byteranges (RFC 9110 14.6)."""
        boundary = self.boundary(shown)
        parts = b"".join(self.part(boundary, shown, cut) for cut in slices)
        fields = tuple(field for field in self.fields_of(shown) if field[0] != "Content-Type")
        kind = ("Content-Type", f"multipart/byteranges; boundary={boundary}")
        return Response(206, (kind, *fields), parts + f"\r\n--{boundary}--\r\n".encode())

    def part(self, boundary: str, shown: Representation, cut: Range) -> bytes:
        """One part, with its place."""
        place = self.content_range(cut, len(shown.content))
        head = f"\r\n--{boundary}\r\nContent-Type: {shown.kind}\r\nContent-Range: {place}\r\n\r\n"
        return head.encode() + self.cut(shown.content, cut)

    def boundary(self, shown: Representation) -> str:
        """What does not occur in the content."""
        number = 0
        while f"nc-part-{number}".encode() in shown.content:
            number += 1
        return f"nc-part-{number}"

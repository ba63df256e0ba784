"""Mutants of ranges: cut wrongly, told wrongly, taken where they are none, or without bound."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

from pytest_netconform.reference_servers.http import HttpSession, Refusal, Request, Response
from pytest_netconform.reference_servers.http.conditions import Representation, Tag
from pytest_netconform.reference_servers.http.ranges import Range
from pytest_netconform.reference_servers.http.respond import Fields
from pytest_netconform.reference_servers.mutants.mutant import mutant

Wanted = tuple[int | None, int | None]


@mutant("range_one_short", breaks=["HTTP-9110-14.2-range-first"], because="octets, as Content-Range says")
class RangeOneShort(HttpSession):
    """Takes the last octet for the one behind it."""

    def cut(self, content: bytes, cut: Range) -> bytes:
        return content[cut[0] : cut[1] - 1]


@mutant("suffix_read_as_start", breaks=["HTTP-9110-14.1.2-range-open-suffix"], because="206 and octets")
class SuffixReadAsStart(HttpSession):
    """Takes `-10` for `0-10`."""

    def slice_of(self, wanted: Wanted, size: int) -> Range | None:
        return super().slice_of((wanted[0] or 0, wanted[1]), size)


@mutant("range_beyond_end_refused", breaks=["HTTP-9110-14.1.2-range-open-suffix"], because="416")
class RangeBeyondEndRefused(HttpSession):
    """Finds nothing where a range is longer than what there is."""

    def slice_of(self, wanted: Wanted, size: int) -> Range | None:
        return None if wanted[1] is not None and wanted[1] > size else super().slice_of(wanted, size)


@mutant("content_range_of_part", breaks=["HTTP-9110-15.3.7-content-range"], because="a part of")
class ContentRangeOfPart(HttpSession):
    """Says how long the part is in place of the whole."""

    def content_range(self, cut: Range, size: int) -> str:
        return super().content_range(cut, cut[1])


@mutant("content_range_excludes_last", breaks=["HTTP-9110-15.3.7-content-range"], because="as Content-Range says")
class ContentRangeExcludesLast(HttpSession):
    """Tells the octet behind the last."""

    def content_range(self, cut: Range, size: int) -> str:
        return f"bytes {cut[0]}-{min(cut[1], size - 1)}/{size}"


@mutant("tagless_206", breaks=["HTTP-9110-15.3.7-206-fields"], because="ETag, as in the 200")
class Tagless206(HttpSession):
    """Leaves the tag out of parts."""

    def single_part(self, shown: Representation, cut: Range) -> Response:
        part = super().single_part(shown, cut)
        return replace(part, fields=tuple(field for field in part.fields if field[0] != "ETag"))


@mutant("multipart_of_one", breaks=["HTTP-9110-15.3.7-single-not-multipart"], because="no multipart")
class MultipartOfOne(HttpSession):
    """Sends one part as several."""

    def single_part(self, shown: Representation, cut: Range) -> Response:
        return self.many_parts(shown, [cut])


@mutant("multipart_with_content_range", breaks=["HTTP-9110-15.3.7-multi"], because="in the head of a multipart")
class MultipartWithContentRange(HttpSession):
    """Tells the place of the first part in the head."""

    def many_parts(self, shown: Representation, slices: list[Range]) -> Response:
        place = self.content_range(slices[0], len(shown.content))
        return super().many_parts(shown, slices).adding(("Content-Range", place))


@mutant("part_heads_end_in_lf", breaks=["HTTP-9110-15.3.7-multi"], because="between boundaries")
class PartHeadsEndInLf(HttpSession):
    """Ends the lines of parts with LF alone."""

    def part(self, boundary: str, shown: Representation, cut: Range) -> bytes:
        return super().part(boundary, shown, cut).replace(b"\r\n", b"\n")


@mutant("parts_without_place", breaks=["HTTP-9110-15.3.7-multi"], because="in each part")
class PartsWithoutPlace(HttpSession):
    """Says of no part where it belongs."""

    def part(self, boundary: str, shown: Representation, cut: Range) -> bytes:
        return re.sub(rb"Content-Range: [^\r]*\r\n", b"", super().part(boundary, shown, cut))


@mutant("416_without_length", breaks=["HTTP-9110-14.2-range-unsat"], because="Content-Range: bytes */")
class NoLengthIn416(HttpSession):
    """Does not say how long it is."""

    def unsatisfiable(self, request: Request, size: int) -> Response:
        return self.error_response(request, Refusal(416, "There is nothing at this range"))


@mutant("empty_206", breaks=["HTTP-9110-14.2-range-unsat"], because="206")
class Empty206(HttpSession):
    """Sends nothing, as a part."""

    def unsatisfiable(self, request: Request, size: int) -> Response:
        return Response(206)


@mutant("invalid_range_fails", breaks=["HTTP-9110-14.2-range-invalid"], because="500")
class InvalidRangeFails(HttpSession):
    """Falls over what is no range."""

    def cuts(self, request: Request, shown: Representation) -> bool:
        if request.values("range") and self.parse_ranges(request.value("range") or "") is None:
            raise Refusal(500, "That was no range")
        return super().cuts(request, shown)


@mutant("any_unit_is_bytes", breaks=["HTTP-9110-14.2-range-unit"], because="206")
class AnyUnitIsBytes(HttpSession):
    """Looks at what stands behind the equals sign."""

    def parse_ranges(self, text: str) -> list[Wanted] | None:
        return super().parse_ranges("bytes=" + text.partition("=")[2])


@mutant("unknown_unit_refused", breaks=["HTTP-9110-14.2-range-unit"], because="416")
class UnknownUnitRefused(HttpSession):
    """Refuses what it does not know."""

    def cuts(self, request: Request, shown: Representation) -> bool:
        if not (request.value("range") or "bytes=").startswith("bytes="):
            raise Refusal(416, "Bytes alone")
        return super().cuts(request, shown)


@mutant("range_on_head", breaks=["HTTP-9110-14.2-range-non-get"], because="206")
class RangeOnHead(HttpSession):
    """Cuts what it does not send."""

    def takes_range(self, request: Request) -> bool:
        return True


@mutant("range_before_method", breaks=["HTTP-9110-14.2-range-non-get"], because="416")
class RangeBeforeMethod(HttpSession):
    """Looks at Range before it looks at the method."""

    def check_method(self, head: Request) -> None:
        if head.method == "POST" and head.values("range"):
            raise Refusal(416, "No parts of that")
        super().check_method(head)


@mutant("signed_offsets", breaks=["HTTP-9110-14.2-range-overflow"], because="206 with one Content-Range")
class SignedOffsets(HttpSession):
    """Counts in 64 bits with a sign, and begins before the beginning."""

    def slice_of(self, wanted: Wanted, size: int) -> Range | None:
        first, last = wanted
        if first is None and last is not None and last >= 1 << 63:
            return size - last, size
        return super().slice_of(wanted, size)

    def is_wasteful(self, ranges: list[Wanted], size: int) -> bool:
        return False


@mutant("all_the_ranges", breaks=["HTTP-9110-17.15-range-dos"], because="less than twice")
class AllTheRanges(HttpSession):
    """Sends every range that is asked for."""

    def is_wasteful(self, ranges: list[Wanted], size: int) -> bool:
        return False


@mutant("if_range_ignored", breaks=["HTTP-9110-13.1.5-if-range-etag"], because="206")
class IfRangeIgnored(HttpSession):
    """Sends the part of whatever is there."""

    def if_range(self, request: Request, shown: Representation) -> bool:
        return True


@mutant("if_range_weak", breaks=["HTTP-9110-13.1.5-if-range-etag"], because="206")
class IfRangeWeak(HttpSession):
    """Compares weakly everywhere."""

    def strong_match(self, own: Tag, other: Tag) -> bool:
        return self.weak_match(own, other)


@mutant("if_range_not_later", breaks=["HTTP-9110-13.1.5-if-range-date"], because="206")
class IfRangeNotLater(HttpSession):
    """Takes any date that is not earlier."""

    def if_range_date(self, values: list[bytes], shown: Representation) -> bool:
        date, modified = self.date_of(values), self.modified(shown)
        return date is not None and modified is not None and self.fits(date, modified)

    def fits(self, date: datetime, modified: datetime) -> bool:
        """Whether it will do."""
        return date >= modified


@mutant("if_range_not_earlier", breaks=["HTTP-9110-13.1.5-if-range-date"], because="206")
class IfRangeNotEarlier(IfRangeNotLater):
    """Takes any date that is not later."""

    def fits(self, date: datetime, modified: datetime) -> bool:
        return date <= modified


@mutant("if_range_demands", breaks=["HTTP-9110-13.1.5-if-range-alone"], because="412")
class IfRangeDemands(HttpSession):
    """Takes If-Range for If-Match."""

    def validator_fields(self, shown: Representation) -> Fields:
        fields = super().validator_fields(shown)
        self.demand(self.head is None or self.head.values("range") != [] or self.if_range(self.head, shown))
        return fields

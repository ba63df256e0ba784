"""Ranges (RFC 9110 14, 15.3.7, 13.1.5): which octets come, what is said about them, and what is never sent.

A server may pass over Range as it likes; who answers 206 to one range is held to what that means.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import pytest

from pytest_netconform.dialogues.http import Http
from pytest_netconform.requirement import MAY, MUST, SECURITY, SHOULD, hostile, needs, requirement
from pytest_netconform.verdict import Inconclusive, NotApplicable
from pytest_netconform.wire.http import Response
from pytest_netconform.wire.http_fields import (
    ContentRange,
    imf_date,
    parse_content_range,
    parse_date,
    parse_media_type,
    parse_multipart,
    ranges,
)

LEAST = 20  # octets that a resource must have to be cut
MANY = 1300  # ranges in one request
#: what a 206 carries wherever the 200 would (RFC 9110 15.3.7)
KEPT = ("Date", "Cache-Control", "ETag", "Expires", "Content-Location", "Vary")
BYTES = "bytes=0-9"


def _get(http: Http, *lines: str | bytes) -> bytes:
    return http.get(*lines, target=http.resource)


def _asked(http: Http, *parts: str) -> Response:
    """The answer to these ranges."""
    if len(http.original.body) < LEAST:
        raise Inconclusive(f"{http.resource} has {len(http.original.body)} octets, where {LEAST} are needed")
    return http.ask(_get(http, ranges(*parts)))


def _serves_ranges(http: Http) -> None:
    """The server answers a range of this resource with 206; Not applicable where it passes over it."""
    status = _asked(http, "0-9").status
    if status != 206:
        raise NotApplicable("ranges", f"{status} in answer to {BYTES}: no ranges of {http.resource} are served")


def _is_whole(http: Http, answer: Response) -> None:
    """200, and everything."""
    expected = f"200 and all of {http.resource}"
    http.weigh(answer, 200, expected=expected)
    http.require(answer.body == http.original.body, expected, answer.raw)


def _cut(http: Http, answer: Response) -> ContentRange:
    """The one part of a 206: its place, which fits the whole, and its octets, which are those of the place."""
    size = len(http.original.body)
    found = parse_content_range(answer.fields.get("Content-Range") or b"")
    if found is None or found.first is None or found.last is None:
        http.require(False, "206 with one Content-Range that is valid", answer.head)
    assert found is not None and found.first is not None and found.last is not None
    http.require(found.unit == "bytes" and found.total in (None, size), f"a part of {size} bytes", answer.head)
    http.require(found.last < size, f"a part of {size} bytes", answer.head)
    http.require(len(answer.body) == found.length, f"{found.length} octets, as Content-Range says", answer.raw)
    here = answer.body == http.original.body[found.first : found.last + 1]
    http.require(here, f"octets {found.first} to {found.last} of {http.resource}", answer.raw)
    return found


def _one_part(http: Http, first: int, last: int, *parts: str) -> None:
    """206 with these octets; a smaller part of them, told as such, is legal (RFC 9110 15.3.7)."""
    answer = _asked(http, *parts)
    expected = f"206 and octets {first} to {last} in answer to Range: bytes={','.join(parts)}"
    http.weigh(answer, 206, expected=expected)
    found = _cut(http, answer)
    assert found.first is not None and found.last is not None
    http.require(first <= found.first and found.last <= last, expected, answer.head)
    if (found.first, found.last) != (first, last):
        http.note(f"a part of the range alone: {found.first}-{found.last}")


# -- one range


@requirement("HTTP-9110-14.2-range-first", SHOULD, "RFC 9110 14.2, 15.3.7", "A range is answered by 206 and the part.")
@needs("?static")
def test_first_octets(http_static: Http) -> None:
    """`bytes=0-9` gets ten octets, where the resource says that it has ranges, or answers by 206 at all."""
    accepts = "bytes" in http_static.original.fields.words("Accept-Ranges")
    if not accepts:
        _serves_ranges(http_static)
    _one_part(http_static, 0, 9, "0-9")


@requirement("HTTP-9110-14.1.2-range-open-suffix", SHOULD, "RFC 9110 14.1.2", "Ranges may be open on either side.")
@needs("?static")
@pytest.mark.parametrize("text", ["10-", "-10"], ids=["open", "suffix"])
def test_open_ranges(http_static: Http, text: str) -> None:
    """`10-` is all from the eleventh octet on, `-10` are the last ten."""
    _serves_ranges(http_static)
    size = len(http_static.original.body)
    _one_part(http_static, 10 if text == "10-" else size - 10, size - 1, text)


@requirement("HTTP-9110-14.1.2-range-open-suffix", SHOULD, "RFC 9110 14.1.2", "Ranges may be open on either side.")
@needs("?static")
@pytest.mark.parametrize("text", ["-99999999", "0-99999999"], ids=["suffix", "end"])
def test_ranges_beyond_the_end(http_static: Http, text: str) -> None:
    """More than there is means all that there is, as 206 or as 200."""
    # Field note: Werkzeug 3.1 answers 416 to a suffix that is longer than the file.
    _serves_ranges(http_static)
    answer = _asked(http_static, text)
    if answer.status == 200:
        _is_whole(http_static, answer)
        return
    _one_part(http_static, 0, len(http_static.original.body) - 1, text)


@requirement("HTTP-9110-15.3.7-content-range", MUST, "RFC 9110 15.3.7.1, 14.4", "A part says where it belongs.")
@needs("?static")
@pytest.mark.parametrize("text", ["0-9", "10-", "-10"], ids=["first", "open", "suffix"])
def test_place_of_a_part(http_static: Http, text: str) -> None:
    """Content-Range is valid, fits the whole, and is as long as the body."""
    _serves_ranges(http_static)
    answer = _asked(http_static, text)
    http_static.weigh(answer, 206, noted={200: "this range is passed over"})
    if answer.status == 206:
        _cut(http_static, answer)


@requirement("HTTP-9110-15.3.7-206-fields", MUST, "RFC 9110 15.3.7", "206 carries what stands in the 200.")
@needs("?static")
def test_fields_of_a_part(http_static: Http) -> None:
    """Date, Cache-Control, ETag, Expires, Content-Location and Vary, if they stand in the 200."""
    http = http_static
    _serves_ranges(http)
    answer = http.exchange(_get(http, ranges("0-9")), 206)
    for name in KEPT:
        http.require(name in answer.fields or name not in http.original.fields, f"{name}, as in the 200", answer.head)


@requirement("HTTP-9110-15.3.7-single-not-multipart", MUST, "RFC 9110 15.3.7.2", "One range is no multipart.")
@needs("?static")
def test_one_range_is_no_multipart(http_static: Http) -> None:
    """`bytes=0-0` is not answered by multipart/byteranges."""
    _serves_ranges(http_static)
    answer = _asked(http_static, "0-0")
    http_static.weigh(answer, 206, noted={200: "this range is passed over"})
    http_static.require(not _boundary(answer), "no multipart in answer to one range", answer.head)


# -- several


def _boundary(answer: Response) -> bytes:
    kind = parse_media_type(answer.fields.get("Content-Type") or b"")
    if kind is None or kind.name != "multipart/byteranges":
        return b""
    return kind.parameters.get("boundary", b"(none)")


def _parts(http: Http, answer: Response) -> list[tuple[int, int]]:
    """The places of all parts of a multipart 206, whose octets are those of their places."""
    http.require("Content-Range" not in answer.fields, "no Content-Range in the head of a multipart", answer.head)
    parts = parse_multipart(answer.body, _boundary(answer))
    if not parts:
        http.require(False, "parts between boundaries, as RFC 2046 has them", answer.raw)
    assert parts
    size, places = len(http.original.body), []
    for part in parts:
        http.require(not part.breaches, "parts with fields as in mail", answer.raw)
        found = parse_content_range(part.fields.get("Content-Range") or b"")
        sound = found is not None and found.first is not None and found.total in (None, size)
        http.require(sound, "a valid Content-Range in each part", answer.raw)
        assert found is not None and found.first is not None and found.last is not None
        here = part.content == http.original.body[found.first : found.last + 1] and found.length == len(part.content)
        http.require(here, f"octets {found.first} to {found.last} in their part", part.content)
        places.append((found.first, found.last))
    return places


@requirement("HTTP-9110-15.3.7-multi", MUST, "RFC 9110 15.3.7.2, 14.6", "Several parts are multipart/byteranges.")
@needs("?static")
def test_two_ranges(http_static: Http) -> None:
    """Each part has its own Content-Range, and the head has none; or it is one part around both, or the whole."""
    http = http_static
    _serves_ranges(http)
    answer = _asked(http, "0-0", "5-6")
    # Field note: aiohttp 3.14 and Werkzeug 3.1 refuse several ranges.
    http.weigh(answer, 206, noted={200: "several ranges are passed over"}, tolerated={416: "one range alone is served"})
    if answer.status != 206:
        return
    if not _boundary(answer):
        found = _cut(http, answer)
        http.note(f"one part for two ranges: {found.first}-{found.last}")
        return
    asked = all((first, last) in ((0, 0), (5, 6), (0, 6)) for first, last in _parts(http, answer))
    http.require(asked, "the parts that were asked for", answer.raw)


# -- ranges of nothing, and what are none


@requirement("HTTP-9110-14.2-range-unsat", SHOULD, "RFC 9110 14.2, 15.5.17", "A range of nothing is answered by 416.")
@needs("?static")
@pytest.mark.parametrize("text", ["99999999999-", "-0"], ids=["beyond", "empty-suffix"])
def test_range_of_nothing(http_static: Http, text: str) -> None:
    """416, and Content-Range tells how long the resource is."""
    # Field note: aiohttp 3.14 takes `-0` for everything, and sends it as 206.
    http = http_static
    _serves_ranges(http)
    noted: dict[int | str, str] = {200: "a suffix of nothing is taken for no range"} if text == "-0" else {}
    answer = _asked(http, text)
    http.weigh(answer, 416, noted=noted)
    if answer.status == 416:
        found = parse_content_range(answer.fields.get("Content-Range") or b"")
        size = len(http.original.body)
        http.require(found == ContentRange("bytes", None, None, size), f"Content-Range: bytes */{size}", answer.head)


@requirement("HTTP-9110-14.2-range-invalid", MAY, "RFC 9110 14.2", "What is no set of ranges is ignored or rejected.")
@needs("?static")
@pytest.mark.parametrize("text", ["5-2", "abc", "1-2x", ""], ids=["reversed", "word", "rest", "nothing"])
def test_invalid_ranges(http_static: Http, text: str) -> None:
    """Recorded: 200, 416 or 400."""
    # Field note: nginx answers 416, Apache httpd 200; both may.
    answer = _asked(http_static, text)
    http_static.weigh(answer, 200, 416, 400)
    http_static.observe(answer.status)


@requirement("HTTP-9110-14.2-range-unit", MUST, "RFC 9110 14.2", "A range unit that is not known is ignored.")
@needs("?static")
def test_unknown_unit(http_static: Http) -> None:
    """`nc-lines=0-1` gets everything."""
    # Field note: aiohttp 3.14 and Werkzeug 3.1 answer 416.
    _is_whole(http_static, http_static.ask(_get(http_static, ranges("0-1", unit="nc-lines"))))


@requirement("HTTP-9110-14.2-range-non-get", MUST, "RFC 9110 14.2", "Range is for GET alone.")
@needs("?static")
@pytest.mark.parametrize("method", ["HEAD", "POST"])
def test_range_of_other_methods(http_static: Http, method: str) -> None:
    """HEAD and POST get what they get without it."""
    http = http_static
    lines = ("Content-Length: 0",) if method == "POST" else ()
    plain = http.ask(http.request(method, http.resource, *lines)).status
    if plain == 206:
        raise Inconclusive(f"206 in answer to {method} without any range")
    # Field note: nginx 1.22, Apache httpd 2.4, aiohttp 3.14 and Werkzeug 3.1 do to HEAD as to GET; nobody is hurt.
    tolerated: dict[int | str, str] = {206: "the head of what GET would get"} if method == "HEAD" else {}
    http.exchange(http.request(method, http.resource, ranges("0-0"), *lines), plain, tolerated=tolerated)


# -- ranges that hurt

OVERFLOWING = {
    "suffix": ("-9223372036854775808",),
    "end": ("0-18446744073709551616",),
    "sum": ("-1", "-9223372036854773000"),
    "begin": ("18446744073709551616-18446744073709551620",),
}


def _within(http: Http, answer: Response) -> int:
    """How much content came, and that it is of this resource."""
    if answer.status != 206:
        if answer.status == 200:
            _is_whole(http, answer)
        return len(answer.body) if answer.status == 200 else 0
    if not _boundary(answer):
        return _cut(http, answer).length
    return sum(last - first + 1 for first, last in _parts(http, answer))


@requirement("HTTP-9110-14.2-range-overflow", SECURITY, "RFC 9110 14.1.2", "No range leads out of the resource.")
@hostile
@needs("?static")
@pytest.mark.parametrize("parts", OVERFLOWING.values(), ids=list(OVERFLOWING))
def test_ranges_beyond_integers(http_static: Http, parts: tuple[str, ...]) -> None:
    """Numbers of 64 bits and more bring octets of the resource, or none."""
    # Field note: CVE-2017-7529, nginx before 1.13.3, which sent what lay before the file in its cache.
    answer = _asked(http_static, *parts)
    http_static.weigh(answer, 200, 206, 416, 400, noted={"5yz": "an error of the server"})
    _within(http_static, answer)


def _many(kind: str, size: int) -> Iterable[str]:
    if kind == "killer":
        return ("0-", *(f"5-{last}" for last in range(MANY)))
    return (f"{number % (size - 1)}-" for number in range(MANY))


@requirement("HTTP-9110-17.15-range-dos", SECURITY, "RFC 9110 17.15, 14.2", "Many ranges bring no flood.")
@hostile
@needs("?static")
@pytest.mark.parametrize("kind", ["killer", "overlapping"])
def test_many_ranges(http_static: Http, kind: str) -> None:
    """1300 ranges that overlap bring less than twice the resource, or are passed over or refused."""
    # Field note: CVE-2011-3192, Apache httpd before 2.2.20.
    http = http_static
    size = len(http.original.body)
    answer = _asked(http, *_many(kind, size))
    http.weigh(answer, 200, 206, 416, 400, 403, 413, 414, 431)
    sent = _within(http, answer)
    http.require(sent < 2 * size, f"less than twice the {size} octets of {http.resource}", f"{sent} octets")


# -- If-Range


@requirement("HTTP-9110-13.1.5-if-range-etag", MUST, "RFC 9110 13.1.5", "A part is sent of what the client has alone.")
@needs("?static")
def test_if_range_of_this(http_static: Http) -> None:
    """With the ETag of what is there, which is a strong one, the part comes."""
    tag = _strong(http_static)
    _serves_ranges(http_static)
    tolerated: dict[int | str, str] = {200: "Range is passed over with any If-Range"}
    answer = http_static.ask(_get(http_static, b"If-Range: " + tag, ranges("0-9")))
    http_static.weigh(answer, 206, tolerated=tolerated, expected="206 in answer to Range with the right If-Range")


def _strong(http: Http) -> bytes:
    if http.etag.startswith(b"W/"):
        raise NotApplicable("a strong ETag", f"{http.resource} has a weak one")
    return http.etag


@requirement("HTTP-9110-13.1.5-if-range-etag", MUST, "RFC 9110 13.1.5", "A part is sent of what the client has alone.")
@needs("?static")
@pytest.mark.parametrize("kind", ["other", "weak"])
def test_if_range_of_another(http_static: Http, kind: str) -> None:
    """With another tag, or a weak one, everything comes."""
    # Field note: aiohttp 3.14 looks at dates alone, and Werkzeug 3.1 does not tell weak tags from strong ones.
    http = http_static
    tag = http.etag
    _serves_ranges(http)
    weak = tag if tag.startswith(b"W/") else b"W/" + tag
    line = b"If-Range: " + (weak if kind == "weak" else b'"nc-other"')
    _is_whole(http, http.ask(_get(http, line, ranges("0-9"))))


def _moved(http: Http, days: int) -> str:
    modified = parse_date(http.modified)
    if modified is None:
        raise Inconclusive("Last-Modified is no date; HTTP-9110-5.6.7-imf judges that")
    return imf_date(modified + timedelta(days=days))


@requirement("HTTP-9110-13.1.5-if-range-date", MUST, "RFC 9110 13.1.5", "A date in If-Range must be the same one.")
@needs("?static")
def test_if_range_of_this_date(http_static: Http) -> None:
    """With the date of the last modification the part comes, if that is a strong validator; else everything."""
    line = f"If-Range: {_moved(http_static, 0)}"
    _serves_ranges(http_static)
    answer = http_static.ask(_get(http_static, line, ranges("0-9")))
    expected = "206 in answer to Range with the right If-Range"
    http_static.weigh(answer, 206, noted={200: "a date is no strong validator"}, expected=expected)


@requirement("HTTP-9110-13.1.5-if-range-date", MUST, "RFC 9110 13.1.5", "A date in If-Range must be the same one.")
@needs("?static")
@pytest.mark.parametrize("days", [-1, 1], ids=["earlier", "later"])
def test_if_range_of_another_date(http_static: Http, days: int) -> None:
    """With an earlier date, or a later one, everything comes."""
    # Field note: aiohttp 3.14 and Werkzeug 3.1 take later dates too.
    line = f"If-Range: {_moved(http_static, days)}"
    _serves_ranges(http_static)
    _is_whole(http_static, http_static.ask(_get(http_static, line, ranges("0-9"))))


@requirement("HTTP-9110-13.1.5-if-range-alone", MUST, "RFC 9110 13.1.5", "If-Range without Range says nothing.")
@needs("?static")
def test_if_range_alone(http_static: Http) -> None:
    """Everything comes."""
    _is_whole(http_static, http_static.ask(_get(http_static, 'If-Range: "nc-other"')))


NOT_CHECKED: list[tuple[str, str]] = []

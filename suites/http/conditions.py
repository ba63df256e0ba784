"""Conditional requests (RFC 9110 13): which conditions hold, in which order they are looked at, what 304 carries."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from pytest_netconform.dialogues.http import Http
from pytest_netconform.requirement import MUST, SHOULD, needs, requirement, writes
from pytest_netconform.verdict import Inconclusive, NotApplicable
from pytest_netconform.wire.http import Response
from pytest_netconform.wire.http_fields import imf_date, parse_date

DAY = timedelta(days=1)
NEVER = '"nc-none"'  # a tag that nothing has
FIRST, SECOND = b"nc-first nc-first\n", b"nc-second\n"
#: what a 304 carries wherever the 200 would (RFC 9110 15.4.5)
KEPT = ("Content-Location", "Date", "ETag", "Vary", "Cache-Control", "Expires")


def _get(http: Http, *lines: str | bytes) -> bytes:
    return http.get(*lines, target=http.resource)


def _if_none_match(http: Http) -> bytes:
    return b"If-None-Match: " + http.etag


def _date(http: Http, days: int = 0) -> str:
    """The date of the last modification, moved by days, but not into the future; Inconclusive where it is no date."""
    modified = parse_date(http.modified)
    if modified is None:
        raise Inconclusive("Last-Modified is no date; HTTP-9110-5.6.7-imf judges that")
    moved = modified + days * DAY
    if days > 0 and moved > _today(http):
        raise NotApplicable("an older file", f"{http.resource} was modified less than {days} days ago")
    return imf_date(moved)


def _today(http: Http) -> datetime:
    now = parse_date((http.original.fields.all("Date") or [b""])[0])
    if now is None:
        raise Inconclusive("no Date says what day it is")
    return now


def _answer(
    http: Http,
    status: int,
    *lines: str | bytes,
    method: str = "GET",
    noted: dict[int | str, str] | None = None,
    tolerated: dict[int | str, str] | None = None,
) -> None:
    """A request with these lines is answered by this status; a report names the fields alone."""
    body = SECOND if method == "PUT" else b""
    answer = http.ask(http.request(method, http.resource, *lines, body=body))
    names = [(line if isinstance(line, str) else line.decode("latin-1")).partition(":")[0] for line in lines]
    expected = f"{status} in answer to {method} with {' and '.join(names)}"
    http.weigh(answer, status, noted=noted, tolerated=tolerated, expected=expected)


def _is_performed(http: Http, *lines: str | bytes, tolerated: dict[int | str, str] | None = None) -> None:
    """The conditions hold, or are passed over: the whole resource comes."""
    _answer(http, 200, *lines, tolerated=tolerated)


def _is_known(http: Http, *lines: str | bytes) -> None:
    """The client has it already."""
    _answer(http, 304, *lines)


def _is_not_performed(http: Http, *lines: str | bytes, method: str = "GET") -> None:
    """A condition that protects does not hold: 412, or whatever else is no success."""
    _answer(http, 412, *lines, method=method, noted={"4yz": "refused by another status than 412"})


# -- If-None-Match


@requirement("HTTP-9110-13.1.2-inm-match", MUST, "RFC 9110 13.1.2", "What the client has already is not sent again.")
@needs("?static")
def test_if_none_match(http_static: Http) -> None:
    """GET with the ETag of what is there is answered 304."""
    _is_known(http_static, _if_none_match(http_static))


@requirement("HTTP-9110-13.1.2-inm-weak", MUST, "RFC 9110 13.1.2, 8.8.3.2", "If-None-Match compares weakly.")
@needs("?static")
def test_if_none_match_weak(http_static: Http) -> None:
    """The tag is the same with and without `W/`."""
    tag = http_static.etag
    other = tag[2:] if tag.startswith(b"W/") else b"W/" + tag
    _is_known(http_static, b"If-None-Match: " + other)


@requirement("HTTP-9110-13.1.2-inm-list", MUST, "RFC 9110 13.1.2", "If-None-Match is a list of tags.")
@needs("?static")
@pytest.mark.parametrize("form", [b'"zz", %s, "y,y"', b'"zz,y" ,%s'], ids=["middle", "last"])
def test_if_none_match_list(http_static: Http, form: bytes) -> None:
    """One of them is enough, wherever it stands, and commas inside of quotes part nothing."""
    _is_known(http_static, b"If-None-Match: " + form % http_static.etag)


@requirement("HTTP-9110-13.1.2-inm-star", MUST, "RFC 9110 13.1.2", "`If-None-Match: *` holds where nothing is.")
@needs("?static")
def test_if_none_match_any(http_static: Http) -> None:
    """Something is there: 304."""
    if http_static.etag:  # who has no tags may look at no If-None-Match
        _is_known(http_static, "If-None-Match: *")


def _put(http: Http, *lines: str | bytes) -> bytes:
    return http.request("PUT", http.resource, "Content-Type: text/plain", *lines, body=FIRST)


def _make(http: Http) -> Response:
    """The resource is there; what GET says of it."""
    status = http.ask(_put(http)).status
    made = http.ask(_get(http))
    if not 200 <= status < 300 or made.status != 200:
        raise Inconclusive(f"{status} in answer to PUT, and {made.status} to GET, where ?write= promises that it works")
    http.visit.evidence.add("twin")
    return made


def _is_unchanged(http: Http, line: str | bytes) -> None:
    """PUT under a condition that does not hold is refused, and changes nothing."""
    before = _make(http)
    _is_not_performed(http, line, method="PUT")
    after = http.ask(_get(http))
    http.require(after.body == before.body, "the resource as it was before", after.raw)


@requirement("HTTP-9110-13.1.2-inm-star", MUST, "RFC 9110 13.1.2", "`If-None-Match: *` holds where nothing is.")
@writes
@needs("?write")
def test_put_if_none_match_any(http_write: Http) -> None:
    """PUT over what is there is refused; over nothing it is done."""
    # Field note: PUT of nginx 1.22 looks at no condition; so in the two checks below.
    http = http_write
    made = http.ask(_put(http, "If-None-Match: *"))
    http.require(made.status != 412, "PUT to be done where nothing is", made.raw)
    _is_unchanged(http, "If-None-Match: *")


@requirement(
    "HTTP-9110-13.1.2-inm-put", MUST, "RFC 9110 13.1.2", "PUT with If-None-Match changes nothing that matches."
)
@writes
@needs("?write")
def test_put_if_none_match(http_write: Http) -> None:
    """With the ETag of what is there PUT is refused with 412, and not with 304."""
    tag = _make(http_write).fields.get("ETag")
    if tag is None:
        raise NotApplicable("ETag", "what was put has no ETag")
    _is_unchanged(http_write, b"If-None-Match: " + tag)


# -- If-Modified-Since


@requirement("HTTP-9110-13.1.3-ims-exact", SHOULD, "RFC 9110 13.1.3", "What is no newer is not sent again.")
@needs("?static")
def test_if_modified_since_exactly(http_static: Http) -> None:
    """GET with the date of the last modification is answered 304."""
    _is_known(http_static, b"If-Modified-Since: " + http_static.modified)


@requirement("HTTP-9110-13.1.3-ims-later", SHOULD, "RFC 9110 13.1.3", "What is older is not sent again.")
@needs("?static")
def test_if_modified_since_later(http_static: Http) -> None:
    """Likewise with a date after the last modification."""
    # Field note: nginx compares for equality unless `if_modified_since before` is set.
    _is_known(http_static, f"If-Modified-Since: {_date(http_static, 1)}")


@requirement("HTTP-9110-13.1.3-ims-earlier", SHOULD, "RFC 9110 13.1.3", "What is newer is sent.")
@needs("?static")
def test_if_modified_since_earlier(http_static: Http) -> None:
    """GET with a date before the last modification is answered 200."""
    _is_performed(http_static, f"If-Modified-Since: {_date(http_static, -1)}")


INVALID = {"word": "nc-never", "two": "{date}, {date}", "number": "99999999999999999999"}


@requirement("HTTP-9110-13.1.3-ims-invalid", MUST, "RFC 9110 13.1.3", "If-Modified-Since is a date, for GET and HEAD.")
@needs("?static")
@pytest.mark.parametrize("value", INVALID.values(), ids=list(INVALID))
def test_if_modified_since_no_date(http_static: Http, value: str) -> None:
    """What is no date, or two of them, is passed over."""
    # Field note: nginx 1.22, aiohttp 3.14 and CPython 3.11 http.server; both dates are the right one here.
    first: dict[int | str, str] = {304: "the first of two dates is taken"}
    line = "If-Modified-Since: " + value.format(date=_date(http_static))
    _is_performed(http_static, line, tolerated=first if value == INVALID["two"] else None)


@requirement("HTTP-9110-13.1.3-ims-invalid", MUST, "RFC 9110 13.1.3", "If-Modified-Since is a date, for GET and HEAD.")
@needs("?static")
def test_if_modified_since_on_post(http_static: Http) -> None:
    """POST gets what it gets without it."""
    http = http_static
    plain, dated = (
        http.post(*lines, "Content-Length: 0", target=http.resource)
        for lines in ((), (f"If-Modified-Since: {_date(http)}",))
    )
    http.same_as(dated, plain)


@requirement("HTTP-9110-13.1.3-inm-precedence", MUST, "RFC 9110 13.1.3", "If-None-Match overrules If-Modified-Since.")
@needs("?static")
def test_if_none_match_before_the_date(http_static: Http) -> None:
    """The tag matches, whatever the date says: 304."""
    # Field note: nginx 1.22 wants both to be fulfilled, and answers 200.
    lines = _if_none_match(http_static), f"If-Modified-Since: {_date(http_static, -1)}"
    _is_known(http_static, *lines)


@requirement("HTTP-9110-13.1.3-inm-precedence2", MUST, "RFC 9110 13.2.2", "If-None-Match overrules If-Modified-Since.")
@needs("?static")
def test_if_none_match_instead_of_the_date(http_static: Http) -> None:
    """The tag does not match, although the date does: 200."""
    if "ETag" not in http_static.original.fields:
        raise NotApplicable("ETag", f"{http_static.resource} has no ETag")
    _is_performed(http_static, f"If-None-Match: {NEVER}", f"If-Modified-Since: {_date(http_static)}")


# -- If-Match


@requirement("HTTP-9110-13.1.1-ifmatch-false", MUST, "RFC 9110 13.1.1", "Under a false If-Match nothing is done.")
@needs("?static")
def test_if_match_of_another(http_static: Http) -> None:
    """GET with another tag is not answered by the resource; with its own it is."""
    http = http_static
    if not http.etag.startswith(b"W/"):
        _is_performed(http, b"If-Match: " + http.etag)
    _is_not_performed(http, f"If-Match: {NEVER}")


@requirement("HTTP-9110-13.1.1-ifmatch-false", MUST, "RFC 9110 13.1.1", "Under a false If-Match nothing is done.")
@writes
@needs("?write")
def test_put_if_match_of_another(http_write: Http) -> None:
    """PUT with another tag changes nothing."""
    if "ETag" not in _make(http_write).fields:
        raise NotApplicable("ETag", "what was put has no ETag")
    _is_unchanged(http_write, f"If-Match: {NEVER}")


@requirement("HTTP-9110-13.1.1-ifmatch-weak", MUST, "RFC 9110 13.1.1, 8.8.3.2", "If-Match compares strongly.")
@needs("?static")
def test_if_match_weak(http_static: Http) -> None:
    """A weak tag matches nothing, not even itself."""
    tag = http_static.etag
    _is_not_performed(http_static, b"If-Match: " + (tag if tag.startswith(b"W/") else b"W/" + tag))


# -- If-Unmodified-Since


@requirement("HTTP-9110-13.1.4-ius", MUST, "RFC 9110 13.1.4", "Under a false If-Unmodified-Since nothing is done.")
@needs("?static")
def test_if_unmodified_since(http_static: Http) -> None:
    """GET with a date before the last modification is not answered by the resource."""
    # Field note: CPython 3.11 http.server looks at no If-Unmodified-Since.
    _is_not_performed(http_static, f"If-Unmodified-Since: {_date(http_static, -1)}")


@requirement(
    "HTTP-9110-13.1.4-ius-invalid", MUST, "RFC 9110 13.1.4", "If-Unmodified-Since without a date says nothing."
)
@needs("?static")
def test_if_unmodified_since_no_date(http_static: Http) -> None:
    """What is no date is passed over."""
    # Field note: nginx 1.22 answers 412.
    _date(http_static)
    _is_performed(http_static, "If-Unmodified-Since: nc-never")


@requirement("HTTP-9110-13.1.4-ius-with-ifmatch", MUST, "RFC 9110 13.1.4", "If-Match overrules If-Unmodified-Since.")
@needs("?static")
def test_if_match_instead_of_the_date(http_static: Http) -> None:
    """The tag matches, and the date is not looked at."""
    # Field note: nginx 1.22 wants both to be fulfilled, and answers 412.
    tag = http_static.etag
    line = b"If-Match: " + (b"*" if tag.startswith(b"W/") else tag)
    _is_performed(http_static, line)
    _is_performed(http_static, line, f"If-Unmodified-Since: {_date(http_static, -1)}")


# -- where there is nothing to compare with


@requirement("HTTP-9110-13.2.1-precond-on-error", MUST, "RFC 9110 13.2.1", "Conditions are for what would succeed.")
@pytest.mark.parametrize("line", ["If-None-Match: *", f"If-Match: {NEVER}"], ids=["if-none-match", "if-match"])
@pytest.mark.parametrize("place", ["nothing", "redirect"])
def test_conditions_without_success(http: Http, place: str, line: str) -> None:
    """Where there is nothing, or the way elsewhere, they change nothing."""
    path = "/nc-nothing" if place == "nothing" else http.path(place)
    plain = http.ask(http.get(target=path)).status
    if plain < 300:
        raise Inconclusive(f"{plain} in answer to GET {path}, where no success is needed")
    http.same_as(http.get(line, target=path), http.get(target=path))


# -- 304


@requirement("HTTP-9110-15.4.5-304-fields", MUST, "RFC 9110 15.4.5", "304 carries what caches need of the 200.")
@needs("?static")
def test_fields_of_not_modified(http_static: Http) -> None:
    """Content-Location, Date, ETag, Vary, Cache-Control and Expires stand in it, if they stand in the 200."""
    http = http_static
    line = _if_none_match(http) if "ETag" in http.original.fields else b"If-Modified-Since: " + http.modified
    answer = http.ask(_get(http, line))
    if answer.status != 304:
        raise Inconclusive(f"{answer.status} in answer to {line.decode('latin-1')}, where 304 is to be looked at")
    for name in KEPT:
        http.require(name in answer.fields or name not in http.original.fields, f"{name}, as in the 200", answer.head)


NOT_CHECKED: list[tuple[str, str]] = []

"""What stands in HTTP fields, against the grammar and the examples of RFC 9110, 9111, 6265 and 7617."""

from __future__ import annotations

import gzip
import zlib
from datetime import datetime, timezone

import pytest

from pytest_netconform.wire.http import Fields
from pytest_netconform.wire.http_codings import decoded
from pytest_netconform.wire.http_cookies import parse_set_cookie
from pytest_netconform.wire.http_echo import Echo, parse_echo
from pytest_netconform.wire.http_fields import (
    GRAMMAR,
    ContentRange,
    ETag,
    MediaType,
    asctime_date,
    imf_date,
    is_products,
    is_reference,
    parse_cache_control,
    parse_challenges,
    parse_content_range,
    parse_date,
    parse_etag,
    parse_imf_date,
    parse_media_type,
    parse_multipart,
    ranges,
    rfc850_date,
)
from pytest_netconform.wire.http_requests import chunked, method_of, request

MOMENT = datetime(1994, 11, 6, 8, 49, 37, tzinfo=timezone.utc)


def test_three_forms_of_a_date() -> None:
    """RFC 9110 5.6.7's example, written and read."""
    forms = (imf_date(MOMENT), rfc850_date(MOMENT), asctime_date(MOMENT))
    assert forms == ("Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994")
    assert [parse_date(form.encode()) for form in forms] == [MOMENT] * 3
    assert [parse_imf_date(form.encode()) for form in forms] == [MOMENT, None, None]


@pytest.mark.parametrize(
    "value",
    [
        b"Mon, 06 Nov 1994 08:49:37 GMT",  # it was a Sunday
        b"Sun, 6 Nov 1994 08:49:37 GMT",
        b"Sun, 06 Nov 1994 08:49:37 UTC",
        b"Sun, 06 Nov 1994 08:49:37 +0000",
        b"sun, 06 nov 1994 08:49:37 gmt",
        b"Sun, 06-Nov-1994 08:49:37 GMT",
        b"Sun, 31 Nov 1994 08:49:37 GMT",
        b"Sun, 06 Nov 1994 24:49:37 GMT",
        b"Sun, 06 Nov 1994 08:49:37 GMT ",
        b"0",
        b"",
    ],
)
def test_no_dates(value: bytes) -> None:
    """None of these may be sent."""
    assert parse_imf_date(value) is None


def test_a_leap_second_is_a_date() -> None:
    """time-of-day allows 60 (RFC 9110 5.6.7)."""
    assert parse_imf_date(b"Sat, 31 Dec 2016 23:59:60 GMT") is not None


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (b'"xyzzy"', ETag(b"xyzzy")),
        (b'W/"xyzzy"', ETag(b"xyzzy", weak=True)),
        (b'""', ETag(b"")),
        (b'"a,b"', ETag(b"a,b")),
        (b"xyzzy", None),
        (b'w/"xyzzy"', None),
        (b'"a"b"', None),
        (b'"a b"', None),
        (b'"a" ', None),
    ],
)
def test_etags(value: bytes, found: ETag | None) -> None:
    """RFC 9110 8.8.3 and its examples."""
    assert parse_etag(value) == found


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (b"bytes 42-1233/1234", ContentRange("bytes", 42, 1233, 1234)),
        (b"bytes 42-1233/*", ContentRange("bytes", 42, 1233, None)),
        (b"bytes */1234", ContentRange("bytes", None, None, 1234)),
        (b"bytes 0-1234/1234", None),
        (b"bytes 5-4/10", None),
        (b"bytes */*", None),
        (b"bytes=0-1/2", None),
        (b"bytes 0-1", None),
        (b"bytes  0-1/2", None),
    ],
)
def test_content_ranges(value: bytes, found: ContentRange | None) -> None:
    """RFC 9110 14.4 and its examples; what does not fit together is none."""
    assert parse_content_range(value) == found


def test_lengths_of_ranges() -> None:
    """The last octet belongs to a range."""
    assert ContentRange("bytes", 0, 0, 1).length == 1 and ContentRange("bytes", None, None, 5).length == 0
    assert ranges("0-499", "-5") == "Range: bytes=0-499,-5"


def test_byteranges() -> None:
    """RFC 9110 14.6's example, with a preamble's place, and what breaks it."""
    body = (
        b"--THIS\r\nContent-Type: application/pdf\r\nContent-Range: bytes 0-2/8\r\n\r\nabc\r\n"
        b"--THIS\r\nContent-Range: bytes 6-7/8\r\n\r\n\r\n\r\n--THIS--\r\n"
    )
    first, second = parse_multipart(body, b"THIS") or []
    assert (first.content, first.fields.get("content-range")) == (b"abc", b"bytes 0-2/8")
    assert (second.content, len(second.fields)) == (b"\r\n", 1)
    assert parse_multipart(body.replace(b"--THIS--", b"--THIS"), b"THIS") is None
    assert parse_multipart(body, b"THAT") is None
    assert parse_multipart(body.replace(b"--THIS\r\n", b"--THIS\n"), b"THIS") is None


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (b"text/html;charset=utf-8", MediaType("text/html", {"charset": b"utf-8"})),
        (b'Text/HTML;Charset="utf-8"', MediaType("text/html", {"charset": b"utf-8"})),
        (b'text/html; charset="utf-8"; a=b', MediaType("text/html", {"charset": b"utf-8", "a": b"b"})),
        (b"text/plain ;", MediaType("text/plain", {})),
        (b"text", None),
        (b"text/", None),
        (b"text/html; charset = utf-8", None),
        (b"text/html charset=utf-8", None),
        (b"text/html, text/plain", None),
    ],
)
def test_media_types(value: bytes, found: MediaType | None) -> None:
    """RFC 9110 8.3.1 and its examples."""
    assert parse_media_type(value) == found


def test_cache_control() -> None:
    """RFC 9111 5.2: arguments keep their quotes, for some must have them and some must not."""
    found = parse_cache_control(b'max-age=60, No-Cache="set-cookie, a" , private,')
    assert found == {"max-age": b"60", "no-cache": b'"set-cookie, a"', "private": None}
    for wrong in (b"max-age=", b"max-age=6 0", b"max age=60", b"max-age = 60", b"=60"):
        assert parse_cache_control(wrong) is None


def test_challenges() -> None:
    """RFC 9110 11.6.1's example: two challenges in one field, and schemes with token68 or nothing."""
    value = b'Basic realm="simple", Newauth realm="apps", type=1, title="Login to \\"apps\\"", Negotiate, NTLM YWJj=='
    basic, new, negotiate, ntlm = parse_challenges(value) or []
    assert (basic.scheme, basic.parameters) == ("basic", {"realm": b"simple"})
    assert new.parameters == {"realm": b"apps", "type": b"1", "title": b'Login to "apps"'}
    assert (new.raw["title"], negotiate.scheme, ntlm.token68) == (b'"Login to \\"apps\\""', "negotiate", b"YWJj==")
    for wrong in (b"", b'realm="x"', b'Basic realm="x', b"Basic realm=x y"):
        assert parse_challenges(wrong) is None


@pytest.mark.parametrize(
    ("value", "right"),
    [
        (b"CERN/3.0 libwww/2.17", True),
        (b"Apache/2.4 (Debian (12)) mod_ssl", True),
        (b"nginx", True),
        (b"", False),
        (b"(only a comment)", False),
        (b"nginx/1.2/3", False),
        (b"Apache (unfinished", False),
        (b"a  b", True),
        (b"Server: x\r\n", False),
    ],
)
def test_products(value: bytes, right: bool) -> None:
    """RFC 9110 10.2.4 and its example."""
    assert is_products(value) is right


@pytest.mark.parametrize("value", [b"/a?b=c#d", b"https://a.example:8/%20", b"../x", b"//h", b"?x", b"[::1]"])
def test_references(value: bytes) -> None:
    """Octets that a URI reference has (RFC 3986 4.1)."""
    assert is_reference(value)


@pytest.mark.parametrize("value", [b"", b"/a b", b"/%2", b"/<x>", b"/\xe9", b'/"', b"/a\\b", b"/a\tb"])
def test_no_references(value: bytes) -> None:
    """Octets that it has not."""
    assert not is_reference(value)


def test_grammar_of_fields() -> None:
    """Each field's rule takes a right value, and not a wrong one."""
    right = {"Age": b"0", "Allow": b"", "Retry-After": b"120", "Vary": b"*", "Location": b"/x", "Connection": b"close"}
    assert all(GRAMMAR[name](value) for name, value in right.items())
    wrong = {"Age": b"-1", "Allow": b"GET POST", "Retry-After": b"soon", "Vary": b"a b", "Location": b"/a b"}
    assert not any(GRAMMAR[name](value) for name, value in wrong.items())


# -- cookies


def test_set_cookie() -> None:
    """RFC 6265 3.1's example, whole."""
    found = parse_set_cookie(b"lang=en-US; Expires=Wed, 09 Jun 2021 10:18:14 GMT; Path=/; HttpOnly")
    assert (found.name, found.value, found.wrong) == (b"lang", b"en-US", ())
    assert found.attributes == {"expires": b"Wed, 09 Jun 2021 10:18:14 GMT", "path": b"/", "httponly": b""}
    assert found.expires == datetime(2021, 6, 9, 10, 18, 14, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        (b"a", "no = behind the name"),
        (b"a b=c", "a name that is no token"),
        (b'a={"x": 1}', "a value of other octets than cookies have"),
        (b"a=b c", "a value of other octets than cookies have"),
        (b"a=b;Path=/", "an attribute without a space before it"),
        (b"a=b; Path=/; Path=/x", "path twice"),
        (b"a=b; Expires=Wed, 09-Jun-2021 10:18:14 GMT", "Expires in another form than a date's"),
        (b"a=b; Max-Age=0", "Max-Age that is no number above 0"),
        (b"a=b; Path=/\x01", "a control character in an attribute"),
    ],
)
def test_wrong_cookies(value: bytes, wrong: str) -> None:
    """What RFC 6265 4.1.1 forbids is named."""
    assert wrong in parse_set_cookie(value).wrong


# -- requests, and what an echo says of them


def test_requests() -> None:
    """What is asked for is sent, right or wrong."""
    assert request("GET", "/", host="h") == b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
    assert request("GET", "/\r", "A : 1", host=None, end=b"\n", version="http/9") == b"GET /\r http/9\nA : 1\n\n"
    assert request("POST", "*", host="h", body=b"ab") == b"POST * HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab"
    line = b"content-length: +2"
    assert (
        request("POST", "/", line, host="h", body=b"ab")
        == b"POST / HTTP/1.1\r\nHost: h\r\ncontent-length: +2\r\n\r\nab"
    )
    assert chunked(b"hello", b"x" * 10, trailers=("A: 1",)) == b"5\r\nhello\r\na\r\nxxxxxxxxxx\r\n0\r\nA: 1\r\n\r\n"
    assert chunked(extension=";x") == b"0\r\n\r\n"


@pytest.mark.parametrize(
    ("data", "method"),
    [(b"HEAD / HTTP/1.1\r\n", "HEAD"), (b"\r\nHEAD\t/", "HEAD"), (b"\x00", "GET"), (b"", "GET"), (b"get / x", "get")],
)
def test_methods(data: bytes, method: str) -> None:
    """The first word of a request is its method, as it is written."""
    assert method_of(data) == method


def test_echoes() -> None:
    """Both forms of an echo are read, with octets as characters; anything else is none."""
    fields = Fields(((b"X-A", b"\xe9"),))
    pairs = '{"method": "GET", "target": "/echo", "version": "HTTP/1.1", "headers": [["X-A", "\\u00e9"]], "body": "b"}'
    mapped = pairs.replace('"headers": [["X-A", "\\u00e9"]]', '"fields": {"X-A": "\\u00e9"}')
    wanted = Echo("GET", "/echo", "HTTP/1.1", fields, b"b")
    assert parse_echo(pairs.encode()) == parse_echo(mapped.encode()) == wanted
    for other in (b"", b"[]", b"{}", b"[" * 10_000, b'{"method": "GET", "target": "/", "headers": [1]}', b"\xff"):
        assert parse_echo(other) is None


# -- codings


def test_codings() -> None:
    """gzip, in one member or two, and deflate give back what they hold; what is broken or huge gives nothing."""
    zipped = gzip.compress(b"hello")
    assert decoded(zipped, "GZIP") == decoded(zlib.compress(b"hello"), "deflate") == decoded(b"hello", "identity")
    assert decoded(zipped + zipped, "gzip") == b"hellohello"
    assert decoded(b"", "gzip") == b""
    for wrong in (zipped[:-1], zipped + b"x", b"hello", zipped[:-8] + b"\0" * 8):
        assert decoded(wrong, "gzip") is None
    assert decoded(gzip.compress(b"\0" * 10_000), "gzip", most=1000) is None
    assert decoded(b"hello", "br") is None

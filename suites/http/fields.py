"""Field lines (RFC 9112 5): names, the blanks around values, the colon, folded lines, and what no field line is.

A line that one server takes for a framing field and another for none is how requests are smuggled: what it frames is
counted. A field that frames nothing shows in the echo.
"""

from __future__ import annotations

import re

import pytest

from pytest_netconform.dialogues.http import Http
from pytest_netconform.dialogues.http_fates import NO, REFUSAL, UNDERSTOOD, Fate
from pytest_netconform.requirement import INTEROP, MUST, SECURITY, SHOULD, hostile, requirement
from pytest_netconform.wire.http_requests import chunked

ANY = UNDERSTOOD | REFUSAL | Fate.DROPPED
REFUSED_SOMEHOW = REFUSAL | Fate.DROPPED
BEYOND = 4000  # octets of a body that never comes: more than any probe, so that who waits for it does not get it
VALUE = "nc-field-value"
BODY = b"hello"
WHERE = ["none", "spaces", "tabs"]
PASSED_OVER: dict[int | Fate, str] = {
    Fate.SERVED: "the line is passed over",
    Fate.SERVED_CLOSED: "the line is passed over",
}
NAMES = {
    "parenthesis": b"X(Y",
    "at": b"X@Y",
    "brackets": b"X[]",
    "braces": b"X{Y}",
    "quote": b'X"Y',
    "slash": b"X/Y",
    "blank": b"X Y",
    "nul": b"X\x00Y",
    "delete": b"X\x7fY",
    "octet": b"\xefX",
}

# -- names and values


@requirement("HTTP-9112-5-name-case", MUST, "RFC 9112 5, RFC 9110 5.1", "Field names have no case.")
def test_case_of_names(http: Http) -> None:
    """Host and Content-Length in any case name the site and frame the body."""
    lines = (f"hOsT: {http.host}", "cOnTeNt-LeNgTh: 5")
    stimulus = http.request("POST", http.sink, *lines, body=BODY, host=None)
    http.carried(http.same_as(stimulus, http.post(body=BODY)), BODY)


@requirement("HTTP-9112-5-ows", MUST, "RFC 9112 5.1", "Blanks around a value are no part of it.")
@pytest.mark.parametrize(("before", "after"), [("", ""), ("  ", "  "), ("\t", "\t")], ids=WHERE)
def test_blanks_around_host(http: Http, before: str, after: str) -> None:
    """Host means the same with spaces and tabs around it, or with none."""
    # Field note: to nginx 1.22 a tab is part of the value: 400 (MUST NOT, RFC 9110 5.5), here and for Content-Length.
    http.same_as(http.request("GET", None, f"Host:{before}{http.host}{after}", host=None), http.get())


@requirement("HTTP-9112-5-ows", MUST, "RFC 9112 5.1", "Blanks around a value are no part of it.")
@pytest.mark.parametrize("line", ["Content-Length:5", "Content-Length:  5  ", "Content-Length:\t5\t"], ids=WHERE)
def test_blanks_around_content_length(http: Http, line: str) -> None:
    """Content-Length frames the body, with spaces and tabs around the number or with none."""
    http.carried(http.same_as(http.post(line, body=BODY), http.post(body=BODY)), BODY)


@requirement("HTTP-9112-5-ows", MUST, "RFC 9112 5.1", "Blanks around a value are no part of it.")
@pytest.mark.parametrize(
    "line", ["Transfer-Encoding:chunked", "Transfer-Encoding:  chunked  ", "Transfer-Encoding:\tchunked\t"], ids=WHERE
)
def test_blanks_around_transfer_encoding(http: Http, line: str) -> None:
    """Transfer-Encoding frames the body, with spaces and tabs around the coding or with none."""
    # Field note: nginx 1.22 and aiohttp 3.14 refuse tabs.
    body = chunked(BODY)
    http.carried(http.same_as(http.post(line, body=body), http.post("Transfer-Encoding: chunked", body=body)), BODY)


@requirement("HTTP-9112-5-name-underscore", INTEROP, "RFC 9110 5.1, 5.6.2", "X_Y is a name, and another than X-Y.")
def test_underscore_in_a_name(http: Http) -> None:
    """Recorded: refused or served; and, where an echo tells, whether X_Y can stand for X-Y."""
    # Field note: nginx drops such names, gunicorn since 22 too: CGI makes one name of both.
    stimulus = http.get("X-Nc-Y: dash", "X_Nc_Y: underscore", target=http.sink)
    answers = http.meets(stimulus, ANY, twin=http.get("X-Nc-Y: dash", target=http.sink))
    http.observe(answers)
    if answers.echo is not None:
        for name in ("X-Nc-Y", "X_Nc_Y"):
            http.observe(f"{name}: {(answers.echo.fields.get(name) or b'').decode('latin-1')}")


# -- blanks before the colon


@requirement("HTTP-9112-5.1-space-colon", MUST, "RFC 9112 5.1", "A space between name and colon is refused.")
def test_space_before_colon(http: Http) -> None:
    """A 400, whatever becomes of the connection."""
    # Field note: http.server serves it, and loses every field behind it.
    http.is_refused(http.get("X-A : 1"), twin=http.get("X-A: 1"), fates=REFUSED_SOMEHOW)


@requirement("HTTP-9112-5.1-tab-colon", MUST, "RFC 9112 5.1", "A tab between name and colon is refused.")
def test_tab_before_colon(http: Http) -> None:
    """A 400, whatever becomes of the connection."""
    http.is_refused(http.get("X-A\t: 1"), twin=http.get("X-A: 1"), fates=REFUSED_SOMEHOW)


@requirement(
    "HTTP-9112-5.1-space-colon-te", SECURITY, "RFC 9112 5.1, 11.2", "Transfer-Encoding before a blank is refused."
)
@hostile
def test_space_before_colon_of_transfer_encoding(http: Http) -> None:
    """Neither framing is chosen: the message is refused."""
    stimulus, twin = (
        http.post(f"{name}: chunked", "Content-Length: 5", body=b"0\r\n\r\n")
        for name in ("Transfer-Encoding ", "X-Transfer-Encoding")
    )
    http.is_refused(stimulus, 400, 501, twin=twin, fates=REFUSED_SOMEHOW)


@requirement(
    "HTTP-9112-5.1-space-colon-cl", SECURITY, "RFC 9112 5.1, 11.2", "Content-Length before a blank is refused."
)
@hostile
def test_space_before_colon_of_content_length(http: Http) -> None:
    """What follows is neither taken for the body nor answered."""
    hidden = http.canary()
    stimulus, twin = (http.post(f"Content-Length{blank}: {len(hidden)}", body=hidden) for blank in (" ", ""))
    http.is_refused(stimulus, 400, 411, twin=twin, fates=REFUSED_SOMEHOW)


@requirement("HTTP-9112-5.1-nbsp-name", SECURITY, "RFC 9110 5.1", "No octet around a name is passed over.")
@hostile
@pytest.mark.parametrize("octet", [b"\x85", b"\xa0", b"\x0b", b"\x0c", b"\x00"], ids=["nel", "nbsp", "vt", "ff", "nul"])
def test_octet_behind_a_name(http: Http, octet: bytes) -> None:
    """Content-Length with such an octet behind it is another field, or refused: no body is waited for."""
    stimulus = http.post(b"Content-Length%s: %d" % (octet, BEYOND))
    http.bodiless(http.meets(stimulus, ANY, 400, 411, twin=http.post(f"X-Length: {BEYOND}")))


# -- folded lines


@requirement("HTTP-9112-5.2-obs-fold", MUST, "RFC 9112 5.2", "A folded line is refused, or becomes one with spaces.")
def test_folded_line(http: Http) -> None:
    """A 400, or a value in which the fold is a space; its second line is no field."""
    # Field note: httpd and h11 put spaces, nginx refuses.
    stimulus, twin = (http.get(f"X-A: b{fold}X-Smug: 1", target=http.sink) for fold in ("\r\n ", " "))
    if echo := http.seen(http.meets(stimulus, ANY, twin=twin)):
        http.lacks(echo, "X-Smug")
        value = echo.fields.get("X-A") or b""
        http.require(re.fullmatch(rb"b +X-Smug: 1", value), "the fold to be spaces in the value of X-A", value)


@requirement("HTTP-9112-5.2-obs-fold-te", SECURITY, "RFC 9112 5.2", "A folded Transfer-Encoding is not lost.")
@hostile
def test_folded_transfer_encoding(http: Http) -> None:
    """Refused, or chunked: the last chunk is no request."""
    stimulus, twin = (http.post(f"Transfer-Encoding:{fold}chunked", body=b"0\r\n\r\n") for fold in ("\r\n ", " "))
    http.bodiless(http.meets(stimulus, ANY, 400, 411, 501, twin=twin))


@requirement("HTTP-9112-5.2-obs-fold-cl", SECURITY, "RFC 9112 5.2", "A folded Content-Length is not lost.")
@hostile
def test_folded_content_length(http: Http) -> None:
    """Refused, or honoured: what it counts is no request."""
    hidden = http.canary()
    stimulus, twin = (http.post(f"Content-Length:{fold}{len(hidden)}", body=hidden) for fold in ("\r\n ", " "))
    http.carried(http.meets(stimulus, ANY, 400, 411, twin=twin), hidden)


# -- what is no field line


@requirement("HTTP-9112-5-no-colon", SHOULD, "RFC 9112 2.2, 5", "A field line without a colon is refused.")
def test_line_without_colon(http: Http) -> None:
    """A 400 and the close."""
    # Field note: nginx passes it over.
    http.is_refused(http.get("FooBar"), twin=http.get("Foo: Bar"))


@requirement("HTTP-9112-5-no-colon", SHOULD, "RFC 9112 2.2, 5", "A field line without a colon is refused.")
@hostile
def test_content_length_without_colon(http: Http) -> None:
    """A 400 and the close; a blank in the colon's place makes no field of it."""
    stimulus = http.post(f"Content-Length {BEYOND}")
    http.bodiless(http.is_refused(stimulus, 400, 411, twin=http.post("Content-Length: 0")))


@requirement("HTTP-9112-5-empty-name", SHOULD, "RFC 9112 2.2, 5", "A field line without a name is refused.")
@hostile
@pytest.mark.parametrize("line", [": x", ":"], ids=["value", "colon"])
def test_line_without_name(http: Http, line: str) -> None:
    """A 400 and the close; who passes the line over does not pass over those behind it."""
    hidden = http.canary()
    length = f"Content-Length: {len(hidden)}"
    stimulus, twin = http.post(line, length, body=hidden), http.post(length, body=hidden)
    http.meets(stimulus, NO, 400, 411, twin=twin, noted=PASSED_OVER)


@requirement("HTTP-9112-5-name-badchar", SHOULD, "RFC 9110 5.1, 5.6.2", "A name that is no token is refused.")
@pytest.mark.parametrize("name", list(NAMES.values()), ids=list(NAMES))
def test_name_that_is_no_token(http: Http, name: bytes) -> None:
    """A 400, or the field is passed over, which only an echo can tell."""
    # Field note: nginx passes such fields over.
    stimulus, twin = (http.get(b"%s: %s" % (word, VALUE.encode()), target=http.sink) for word in (name, b"X-Y"))
    if echo := http.seen(http.meets(stimulus, ANY, twin=twin)):
        handed_on = [b"%s: %s" % line for line in echo.fields if line[1] == VALUE.encode()]
        http.require(not handed_on, "no field whose name is no token", b", ".join(handed_on))


NOT_CHECKED: list[tuple[str, str]] = []

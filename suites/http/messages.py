"""Messages (RFC 9112 2.2): lines and their ends, what stands before a request, and what is none at all."""

from __future__ import annotations

import pytest

from pytest_netconform.dialogues.http import Http
from pytest_netconform.dialogues.http_fates import NO, REFUSAL, UNDERSTOOD, Fate
from pytest_netconform.requirement import MAY, MUST, SECURITY, SHOULD, hostile, requirement

EMPTY = b"\r\n"

# -- line ends


@requirement("HTTP-9112-2.2-lf-only", MAY, "RFC 9112 2.2", "A request whose lines end in a bare LF.")
def test_lines_that_end_in_lf(http: Http) -> None:
    """Recorded: served as any other, refused, or waited for CR LF, as who knows no other line end must."""
    # Field note: waitress waits; gunicorn and aiohttp refuse; nginx, HAProxy and uvicorn serve.
    plain = http.get()
    fates = UNDERSTOOD | REFUSAL | Fate.DROPPED | Fate.WAITING
    http.observe(http.meets(plain.replace(b"\r\n", b"\n"), fates, twin=plain, probe=False))


@requirement("HTTP-9112-2.2-bare-cr-value", MUST, "RFC 9112 2.2, RFC 9110 5.5", "A bare CR in a value ends no line.")
def test_bare_cr_in_a_value(http: Http) -> None:
    """The request is refused, or the CR becomes a space; what follows it is no field."""
    stimulus, twin = (http.get(f"X-A: b{octet}X-Smug: 1", target=http.sink) for octet in "\r ")
    if echo := http.seen(http.meets(stimulus, UNDERSTOOD | NO, twin=twin)):
        http.lacks(echo, "X-Smug")
        http.require(b"\r" not in (echo.fields.get("X-A") or b""), "no CR in X-A", echo.fields.get("X-A"))


@requirement("HTTP-9112-2.2-bare-cr-smuggle", SECURITY, "RFC 9112 2.2, 11.2", "A bare CR hides no Content-Length.")
@hostile
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_bare_cr_hides_no_length(http: Http, method: str) -> None:
    """What stands behind the request is the next one, and no body."""
    stimulus, twin = (http.request(method, http.sink, f"X-A: b{octet}Content-Length: 40") for octet in "\r ")
    http.bodiless(http.meets(stimulus, UNDERSTOOD | NO, 400, 411, twin=twin))


@requirement("HTTP-9112-2.2-bare-cr-head-end", SECURITY, "RFC 9112 2.2", "A head does not end at CR LF CR.")
@hostile
def test_bare_cr_ends_no_head(http: Http) -> None:
    """What follows CR LF CR and another octet is no request of its own."""
    stimulus = http.get()[:-2] + b"\rZ" + http.canary()
    http.meets(stimulus, UNDERSTOOD | NO, twin=http.get("Z: 1"))


@requirement("HTTP-9112-2.2-bare-cr-reqline", MUST, "RFC 9112 2.2, 3", "A bare CR does not end a request line.")
def test_bare_cr_in_the_request_line(http: Http) -> None:
    """Refused, or taken for a blank: never the root with a field behind it."""
    stimulus = http.request("GET", f"{http.root}\rx")
    fates = REFUSAL | Fate.DROPPED
    http.meets(stimulus, fates, 400, 404, 301, twin=http.get())


# -- what stands before and between requests


@requirement("HTTP-9112-2.2-leading-crlf", SHOULD, "RFC 9112 2.2", "An empty line before a request is passed over.")
def test_empty_line_before_a_request(http: Http) -> None:
    """The answer is the usual one."""
    http.same_as(EMPTY + http.get(), http.get())


@requirement("HTTP-9112-2.2-leading-crlf-between", SHOULD, "RFC 9112 2.2", "CR LF behind a body is passed over.")
def test_empty_line_between_requests(http: Http) -> None:
    """Old clients end a POST with CR LF that nobody counts; the next request is served all the same."""
    plain = http.post("Content-Length: 0")
    http.meets(plain + EMPTY, UNDERSTOOD, twin=plain)


@requirement("HTTP-9112-2.2-ws-before-first-field", MUST, "RFC 9112 2.2", "No blank stands before the first field.")
def test_blank_before_the_first_field(http: Http) -> None:
    """The request is refused, or the line passed over."""
    stimulus = http.request("GET", http.sink, " X-Ig: 1", f"Host: {http.host}", host=None)
    twin = stimulus.replace(b" X-Ig", b"X-Ig")
    if echo := http.seen(http.meets(stimulus, UNDERSTOOD | NO, twin=twin)):
        http.lacks(echo, "X-Ig")


@requirement(
    "HTTP-9112-2.2-ws-before-first-field-cl",
    SECURITY,
    "RFC 9112 2.2",
    "A line that begins with a blank frames nothing.",
)
@hostile
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_blank_before_content_length(http: Http, method: str) -> None:
    """The Content-Length with a blank before it does not swallow the next request."""
    lines = f"Content-Length: 40\r\nHost: {http.host}"
    stimulus, twin = (http.request(method, http.sink, start + lines, host=None) for start in (" ", "X-"))
    http.bodiless(http.meets(stimulus, UNDERSTOOD | NO, 400, 411, twin=twin))


# -- what is no request


@requirement("HTTP-9112-2.2-garbage", SHOULD, "RFC 9112 2.2", "What is no request ends the connection.")
@pytest.mark.parametrize(
    "octets", [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"\xff\xfe\x00\r\n\r\n"], ids=["tls", "octets"]
)
def test_garbage(http: Http, octets: bytes) -> None:
    """A 400 and the close, or the close alone."""
    http.meets(octets, NO, twin=http.get(), noted={Fate.GARBAGE: "answered in another protocol"})


@requirement("HTTP-9112-2.2-octets-not-unicode", MUST, "RFC 9112 2.2", "A head is octets, and no text.")
@hostile
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_unicode_line_separators(http: Http, method: str) -> None:
    """U+2028 and U+0085 in a value split no lines."""
    line = b"X-U: %sContent-Length: 40%sTransfer-Encoding: chunked"
    stimulus, twin = (
        http.request(method, http.sink, line % ends) for ends in ((b"\xe2\x80\xa8", b"\xc2\x85"), (b" ", b" "))
    )
    http.bodiless(http.meets(stimulus, UNDERSTOOD | NO, 400, 411, twin=twin))


NOT_CHECKED: list[tuple[str, str]] = []

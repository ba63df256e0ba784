"""Transfer-Encoding in requests (RFC 9112 6.1, 6.3, 7): chunked, what is not, and Content-Length beside it.

Where two fields frame one message, or one of them is written oddly, a proxy and the server behind it may disagree about
where the next request begins. So a request is hidden where the wrong framing finds it, or a length counts what never
comes; answers are counted.
"""

from __future__ import annotations

import pytest

from pytest_netconform.dialogues.http import Http
from pytest_netconform.dialogues.http_fates import NO, REFUSAL, UNDERSTOOD, Fate
from pytest_netconform.requirement import MUST, SECURITY, SHOULD, hostile, requirement
from pytest_netconform.wire.http_requests import Line, chunked

BEYOND = 4000  # octets of a body that never comes: more than any probe, so that who waits for it does not get it
BODY = b"hello"
LAST_CHUNK = b"0\r\n\r\n"
CHUNKED = "Transfer-Encoding: chunked"
#: Any answer and the close behind it: what both fields in one request may get (RFC 9112 6.1).
CLOSED = NO | Fate.SERVED_CLOSED
ANY = UNDERSTOOD | REFUSAL | Fate.DROPPED
REFUSED_SOMEHOW = REFUSAL | Fate.DROPPED

DECODED_ONCE: dict[int | Fate, str] = dict.fromkeys(
    (Fate.SERVED, Fate.SERVED_CLOSED), "decoded once, the other coding passed over; RFC 9112 6.1 asks for 501"
)
PASSED_OVER: dict[int | Fate, str] = dict.fromkeys(
    (Fate.SERVED, Fate.SERVED_CLOSED), "passed over in favour of Content-Length"
)
OBSCURED: dict[str, Line] = {
    "vt-before": b"\x0bchunked",
    "vt-behind": b"chunked\x0b",
    "ff-before": b"\x0cchunked",
    "nbsp": b"\xa0chunked",
    "nul": b"\x00chunked",
    "quoted": b'"chunked"',
    "parameter": b"chunked;q=1",
    "tab-inside": b"chun\tked",
    "lf": b"\nchunked",
    "kelvin": "chun\u212aed".encode(),
}


def _plain(http: Http) -> bytes:
    return http.post(CHUNKED, body=chunked(BODY))


def _hidden(http: Http, *lines: Line) -> bytes:
    """A body of one chunk that holds a request, and a Content-Length that ends where the chunk's data begins."""
    body = chunked(http.canary())
    return http.post(*lines, b"Content-Length: %d" % (body.index(b"\n") + 1), body=body)


# -- chunked


@requirement(
    "HTTP-9112-6.1-chunked-basic", MUST, "RFC 9112 6.1, 6.3, 7.1", "A chunked body is decoded, or wants a 411."
)
def test_chunked_body(http: Http) -> None:
    """It gets what the same body with its length gets, or 411; no chunk is taken for a request."""
    stimulus = _plain(http)
    http.carried(http.same_as(stimulus, http.post(body=BODY), 411, fates=REFUSAL), BODY)


@requirement("HTTP-9112-6.1-chunked-case", MUST, "RFC 9112 7", "Names of transfer codings have no case.")
@pytest.mark.parametrize("name", ["CHUNKED", "cHuNkEd"])
def test_case_of_codings(http: Http, name: str) -> None:
    """It is chunked in capital letters too."""
    stimulus = http.post(f"Transfer-Encoding: {name}", body=chunked(BODY))
    http.carried(http.same_as(stimulus, _plain(http)), BODY)


# -- beside Content-Length


@requirement("HTTP-9112-6.1-cl-te", MUST, "RFC 9112 6.1, 6.3", "Content-Length never overrides Transfer-Encoding.")
@hostile
def test_length_beside_last_chunk(http: Http) -> None:
    """Refused, or served by its chunks; then the close. Nobody waits for what the length counts (CL.TE)."""
    # Field note: h11 (uvicorn, hypercorn) and waitress 3.0 let Transfer-Encoding win, and keep the connection open.
    stimulus = http.post(f"Content-Length: {BEYOND}", CHUNKED, body=LAST_CHUNK)
    http.bodiless(http.meets(stimulus, CLOSED, twin=_plain(http)))


@requirement("HTTP-9112-6.1-te-cl", MUST, "RFC 9112 6.1, 6.3", "The content of a chunk is no request.")
@hostile
@pytest.mark.parametrize("first", ["coding", "length"])
def test_length_that_ends_inside_a_chunk(http: Http, first: str) -> None:
    """Refused, or served by its chunks; then the close. What the chunk holds is never answered (TE.CL)."""
    body = chunked(http.canary())
    lines = CHUNKED, f"Content-Length: {body.index(10) + 1}"
    stimulus = http.post(*(lines if first == "coding" else reversed(lines)), body=body)
    http.meets(stimulus, CLOSED, twin=_plain(http))


@requirement(
    "HTTP-9112-6.1-cl-te-closes", MUST, "RFC 9112 6.1", "Behind Content-Length with Transfer-Encoding comes the close."
)
@hostile
def test_length_that_agrees_with_chunks(http: Http) -> None:
    """Where both say the same the connection ends all the same."""
    body = chunked(BODY)
    http.meets(http.post(CHUNKED, f"Content-Length: {len(body)}", body=body), CLOSED, twin=_plain(http))


# -- in HTTP/1.0


@requirement("HTTP-9112-6.1-te-http10", MUST, "RFC 9112 6.1", "Behind Transfer-Encoding in HTTP/1.0 comes the close.")
@hostile
def test_transfer_encoding_in_http10(http: Http) -> None:
    """Refused or served, but no request follows, although one was asked for."""
    # Field note: aiohttp 3.14 decodes the chunks and goes on; waitress 3.0 goes on where the chunks begin.
    line = "Connection: keep-alive"
    stimulus = http.request("POST", http.sink, line, CHUNKED, body=chunked(BODY), version="HTTP/1.0")
    twin = http.request("POST", http.sink, line, body=BODY, version="HTTP/1.0")
    http.meets(stimulus, CLOSED, 400, 411, 501, twin=twin)


# -- other codings


@requirement("HTTP-9112-6.1-te-not-final", MUST, "RFC 9112 6.3", "A last coding other than chunked is refused.")
@hostile
@pytest.mark.parametrize(
    "codings", ["chunked, identity", "chunked, gzip", "gzip", "xchunked", "chunkedx", "chunked, xchunked"]
)
def test_last_coding_is_not_chunked(http: Http, codings: str) -> None:
    """400 and the close; 501, as for a coding that is not understood, will do."""
    stimulus = http.post(f"Transfer-Encoding: {codings}", body=chunked(BODY))
    http.is_refused(stimulus, 400, 501, twin=_plain(http))


@requirement("HTTP-9112-6.1-te-unknown", SHOULD, "RFC 9112 6.1", "An unknown transfer coding gets 501.")
@hostile
def test_unknown_coding_before_chunked(http: Http) -> None:
    """Refused, with 400 or 422 as well: it is not passed over, although the end of the body can be told."""
    stimulus = http.post("Transfer-Encoding: ncfoo, chunked", body=chunked(BODY))
    http.is_refused(stimulus, 400, 422, 501, twin=_plain(http), fates=REFUSED_SOMEHOW)


@requirement("HTTP-9112-6.1-te-unknown", SHOULD, "RFC 9112 6.1", "An unknown transfer coding gets 501.")
@hostile
def test_unknown_coding_alone(http: Http) -> None:
    """Refused, with 400 or 422 as well, and then the close: the end of the body cannot be told."""
    stimulus = http.post("Transfer-Encoding: ncfoo", body=chunked(BODY))
    http.is_refused(stimulus, 400, 422, 501, twin=_plain(http))


@requirement("HTTP-9112-6.1-te-identity", MUST, "RFC 9112 6.3, 7", "The coding identity is refused.")
@hostile
def test_identity(http: Http) -> None:
    """It is no coding any more, and chunked is not the last: the length beside it frames nothing."""
    # Field note: Tomcat passed it over until 8.5.67, 9.0.47 and 10.0.7 (CVE-2021-33037).
    stimulus = http.post("Transfer-Encoding: identity", "Content-Length: 5", body=BODY)
    http.is_refused(stimulus, 400, 501, twin=http.post(body=BODY))


# -- written oddly


@requirement("HTTP-9112-6.1-te-double-line", SECURITY, "RFC 9112 6.1, 6.3, 11.2", "Every coding of every line counts.")
@hostile
@pytest.mark.parametrize("other", ["identity", "chunked"])
def test_chunked_in_the_last_of_two_lines(http: Http, other: str) -> None:
    """Refused; who decodes chunked once, and closes or not, deviates. Never is the last chunk a request."""
    stimulus = http.post(f"Transfer-Encoding: {other}", CHUNKED, body=LAST_CHUNK)
    # Field note: gunicorn 27.0 and waitress 3.0 decode once; HAProxy 2.6 answers 422.
    # The last coding is chunked, which tells where the body ends (RFC 9112 6.3), however odd the other is
    http.is_refused(stimulus, 400, 422, 501, twin=_plain(http), fates=REFUSED_SOMEHOW, tolerated=DECODED_ONCE)


@requirement("HTTP-9112-6.1-te-double-line", SECURITY, "RFC 9112 6.1, 6.3, 11.2", "Every coding of every line counts.")
@hostile
def test_chunked_in_the_first_of_two_lines(http: Http) -> None:
    """Refused: chunked is not the last coding."""
    stimulus = http.post(CHUNKED, "Transfer-Encoding: identity", body=LAST_CHUNK)
    http.is_refused(stimulus, 400, 501, twin=_plain(http))


@requirement(
    "HTTP-9112-6.1-te-empty-member", SECURITY, "RFC 9110 5.6.1.2, RFC 9112 11.2", "Empty members of the list count not."
)
@hostile
@pytest.mark.parametrize("value", [",chunked", "chunked,", ", chunked"], ids=["before", "behind", "blank"])
def test_empty_member_beside_chunked(http: Http, value: str) -> None:
    """Refused, or chunked: never is the Content-Length beside it honoured, which would answer what the chunk holds."""
    # that the connection ends then is asked by HTTP-9112-6.1-cl-te
    stimulus = _hidden(http, f"Transfer-Encoding: {value}")
    http.meets(stimulus, ANY, 400, 501, twin=_plain(http))


@requirement("HTTP-9112-6.1-te-empty", SECURITY, "RFC 9112 6.3, 11.2", "An empty Transfer-Encoding is refused.")
@hostile
def test_empty_transfer_encoding(http: Http) -> None:
    """400 and the close: it is there, and chunked is not the last coding. To pass it over deviates."""
    # Field note: waitress 3.0 and aiohttp 3.14 do.
    stimulus = http.post("Transfer-Encoding:", "Content-Length: 5", body=BODY)
    http.is_refused(stimulus, 400, 501, twin=http.post(body=BODY), tolerated=PASSED_OVER)


@requirement("HTTP-9112-6.1-te-obfuscated", SECURITY, "RFC 9112 6.1, 6.3, 11.2", "What resembles chunked is refused.")
@hostile
@pytest.mark.parametrize("value", list(OBSCURED.values()), ids=list(OBSCURED))
def test_obscured_chunked(http: Http, value: bytes) -> None:
    """Refused, or taken for chunked, and then the close: never is the Content-Length beside it honoured (TE.TE)."""
    # `lf`: whoever ends a line there sees an empty coding, whoever makes a blank of it sees chunked
    http.meets(_hidden(http, b"Transfer-Encoding: " + value), CLOSED, 400, 501, twin=_plain(http))


@requirement("HTTP-9112-6.1-te-underscore", SECURITY, "RFC 9110 5.1", "Transfer_Encoding frames nothing.")
@hostile
def test_transfer_encoding_with_underscore(http: Http) -> None:
    """It is another field: Content-Length frames the body, or the request is refused."""
    body = LAST_CHUNK + http.canary()
    stimulus, twin = (
        http.post(f"{name}: chunked", f"Content-Length: {len(body)}", body=body)
        for name in ("Transfer_Encoding", "X-Transfer-Encoding")
    )
    http.carried(http.meets(stimulus, ANY, 400, 501, twin=twin), body)


@requirement("HTTP-9112-6.1-te-underscore", SECURITY, "RFC 9110 5.1", "Transfer_Encoding frames nothing.")
@hostile
def test_content_length_with_underscore(http: Http) -> None:
    """Content_Length is another field: no body is waited for."""
    stimulus, twin = (http.post(f"{name}: {BEYOND}") for name in ("Content_Length", "X-Length"))
    http.bodiless(http.meets(stimulus, ANY, 400, 411, twin=twin))


NOT_CHECKED: list[tuple[str, str]] = []

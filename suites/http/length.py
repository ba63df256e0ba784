"""Content-Length in requests, and requests without it (RFC 9110 8.6, RFC 9112 6.2, 6.3): where a body ends.

A number is ASCII digits; anything else is refused, and the connection ends, for nobody knows where the next request
begins. What a length counts belongs to its request, whatever the method and the resource are.
"""

from __future__ import annotations

import pytest

from pytest_netconform.dialogues.http import Http
from pytest_netconform.dialogues.http_fates import NO, REFUSAL, UNDERSTOOD, Answers, Fate
from pytest_netconform.requirement import INTEROP, MUST, SECURITY, hostile, needs, requirement
from pytest_netconform.verdict import NonConformity
from pytest_netconform.wire.http_requests import Line, chunked

ANY = UNDERSTOOD | REFUSAL | Fate.DROPPED
BODY = b"hello"
TEN = b"helloworld"
#: Refused, or waited for: what is too long to come. An early answer of another kind is none of acceptance.
ENDLESS = NO | Fate.WAITING | Fate.SWALLOWED | Fate.SERVED_CLOSED


def _refused(http: Http, value: Line, body: bytes) -> Answers:
    """400 and the close for a Content-Length that is no number."""
    # Field note: Werkzeug 3.1 hands whatever it is to the application, and closes behind any answer.
    line = b"Content-Length: " + (value if isinstance(value, bytes) else value.encode())
    return http.is_refused(http.post(line, body=body), twin=http.post(body=body))


# -- numbers


@requirement("HTTP-9112-6.2-cl-basic", MUST, "RFC 9112 6.2, 6.3", "Content-Length says where a body ends.")
def test_counted_body(http: Http) -> None:
    """The next request is read right behind it."""
    stimulus = http.post(body=BODY)
    http.carried(http.meets(stimulus, UNDERSTOOD, twin=http.post("Content-Length: 0")), BODY)


@requirement("HTTP-9112-6.2-cl-leading-zero", INTEROP, "RFC 9110 8.6", "A length with a zero in front is decimal.")
def test_leading_zero(http: Http) -> None:
    """Recorded: taken for ten, or refused; never for eight."""
    answers = http.meets(http.post("Content-Length: 010", body=TEN), ANY, twin=http.post(body=TEN))
    http.carried(answers, TEN)
    http.observe(answers)


@requirement("HTTP-9112-6.2-cl-plus", MUST, "RFC 9112 6.3, RFC 9110 8.6", "A length has no sign: +5 is refused.")
def test_plus(http: Http) -> None:
    """400 and the close."""
    # Field note: int() takes it: gunicorn 20, Tornado before 6.3.3, Werkzeug before 2.3.5.
    _refused(http, "+5", BODY)


@requirement("HTTP-9112-6.2-cl-minus", MUST, "RFC 9112 6.3, RFC 9110 8.6", "A length has no sign: -5 is refused.")
@hostile
@pytest.mark.parametrize("value", ["-5", "-123456789123456789", "-0"])
def test_minus(http: Http, value: str) -> None:
    """400 and the close."""
    _refused(http, value, b"")


@requirement("HTTP-9112-6.2-cl-underscore", MUST, "RFC 9112 6.3, RFC 9110 8.6", "No length has an underscore: 1_0.")
def test_underscore_in_a_length(http: Http) -> None:
    """400 and the close."""
    # Field note: int() takes it: aiohttp before 3.8.6, Tornado before 6.3.3.
    _refused(http, "1_0", TEN)


@requirement("HTTP-9112-6.2-cl-hex", MUST, "RFC 9112 6.3, RFC 9110 8.6", "A length is decimal digits to its end.")
@pytest.mark.parametrize("value", ["0x5", "5x", "1e1", "5;x", "5.0"])
def test_more_than_digits(http: Http, value: str) -> None:
    """400 and the close for whatever else a number may look like elsewhere."""
    _refused(http, value, BODY)


@requirement("HTTP-9112-6.2-cl-empty", MUST, "RFC 9112 6.3, RFC 9110 8.6", "An empty length is refused.")
def test_empty_length(http: Http) -> None:
    """400 and the close: it is none, and not zero."""
    http.is_refused(http.post("Content-Length:"), twin=http.post("Content-Length: 0"))


@requirement("HTTP-9112-6.2-cl-space-inside", MUST, "RFC 9112 6.3, RFC 9110 8.6", "No length has a blank inside.")
@pytest.mark.parametrize("value", ["1 0", "1\t0"], ids=["space", "tab"])
def test_blank_inside_a_length(http: Http, value: str) -> None:
    """400 and the close: it is neither one, nor ten."""
    _refused(http, value, TEN)


@requirement("HTTP-9112-6.2-cl-nondigit-unicode", MUST, "RFC 9112 6.3, RFC 9110 8.6", "Digits of a length are ASCII.")
@pytest.mark.parametrize(
    "value", [b"\xd9\xa5", b"\xef\xbc\x95", b"5\xa0", b"\xb2"], ids=["arabic", "fullwidth", "nbsp", "superscript"]
)
def test_digits_that_are_not_ascii(http: Http, value: bytes) -> None:
    """400 and the close for what is a digit in Unicode alone."""
    _refused(http, value, BODY)


# -- several numbers


@requirement(
    "HTTP-9112-6.2-cl-list-same", MUST, "RFC 9112 6.3, RFC 9110 8.6", "A length said twice is refused, or one."
)
@pytest.mark.parametrize(
    "lines", [("Content-Length: 5, 5",), ("Content-Length: 5", "Content-Length: 5")], ids=["list", "lines"]
)
def test_equal_lengths(http: Http, lines: tuple[str, ...]) -> None:
    """400 and the close, or the body of that length."""
    # Field note: nginx refuses, h11 serves.
    answers = http.meets(http.post(*lines, body=BODY), UNDERSTOOD | NO, twin=http.post(body=BODY))
    http.carried(answers, BODY)


@requirement("HTTP-9112-6.2-cl-list-empty-member", INTEROP, "RFC 9112 6.3, RFC 9110 5.6.1.2", "A length and a comma.")
@pytest.mark.parametrize("value", ["5,", ",5"])
def test_length_with_a_comma(http: Http, value: str) -> None:
    """Recorded: refused, or the body of that length; never none."""
    answers = http.meets(http.post(f"Content-Length: {value}", body=BODY), ANY, twin=http.post(body=BODY))
    http.carried(answers, BODY)
    http.observe(answers)


@requirement("HTTP-9112-6.2-cl-list-differ", MUST, "RFC 9112 6.3, RFC 9110 8.6", "Two lengths in one line are refused.")
@pytest.mark.parametrize("value", ["5, 6", "6, 5"])
def test_different_lengths_in_a_list(http: Http, value: str) -> None:
    """400 and the close, whichever comes first."""
    _refused(http, value, b"hello!" if value.startswith("6") else BODY)


@requirement("HTTP-9112-6.2-cl-lines-differ", MUST, "RFC 9112 6.3, RFC 9110 8.6", "Two lines of lengths are refused.")
@hostile
@pytest.mark.parametrize("first", ["none", "all"])
def test_different_lengths_in_two_lines(http: Http, first: str) -> None:
    """400 and the close: what is behind the head is neither answered, nor taken for the body."""
    hidden = http.canary()
    none, whole = "Content-Length: 0", f"Content-Length: {len(hidden)}"
    lines = (none, whole) if first == "none" else (whole, none)
    http.is_refused(http.post(*lines, body=hidden), twin=http.post(whole, body=hidden))


@requirement("HTTP-9112-6.2-cl-overflow", MUST, "RFC 9110 8.6", "A huge length is not cut down to a small one.")
@hostile
@pytest.mark.parametrize("length", [2**32 + 5, 2**64 + 5], ids=["32-bits", "64-bits"])
def test_length_beyond_integers(http: Http, length: int) -> None:
    """Refused, or the body waited for: five octets do not complete it, and what follows is no request."""
    # Field note: Werkzeug 3.1 hands it to read(), which raises. It is valid, so no MUST asks for 400.
    failing: dict[int | Fate, str] = {Fate.FAILED: "refused with 5yz; it was not cut down"}
    stimulus = http.post(f"Content-Length: {length}", body=BODY)
    http.meets(stimulus, ENDLESS, 400, 413, twin=http.post(body=BODY), tolerated=failing)


# -- bodies


@requirement("HTTP-9112-6.3-cl-incomplete", MUST, "RFC 9112 6.3, 8", "Half a body, and the end, is no request.")
@needs("?echo")
def test_body_cut_short(http_echo: Http) -> None:
    """An error and the close, or the close alone; the application is not given half for the whole."""
    # Field note: gunicorn 27.0, hypercorn 0.18 and Werkzeug 3.1 let it read what there is, and send its 200.
    http = http_echo
    whole = http.post("Content-Length: 10", body=TEN)
    http.understood(whole)
    http.send(whole[:-5])
    http.wire.finish(http.wire.now() + http.target.patience)
    expected = "an error and the close, or the close alone, behind half a body"
    try:
        value = http.answer(expected)
    except NonConformity:
        if not http.over:
            raise
        return
    http.require(value.status >= 400 or value.problem, expected, value.raw[:200])
    http.closes("behind half a body")


@requirement("HTTP-9112-6.3-no-body", MUST, "RFC 9112 6.3", "Without a length or a coding a request has no body.")
def test_no_length(http: Http) -> None:
    """It is answered at once, with 411 where a length is wanted; what follows is the next request."""
    http.bodiless(http.meets(http.post(), UNDERSTOOD | REFUSAL, 400, 411, twin=http.post("Content-Length: 0")))


@requirement("HTTP-9112-6.3-get-body", MUST, "RFC 9112 6, 6.3, RFC 9110 9.3.1", "A body of GET is no request either.")
def test_body_of_get(http: Http) -> None:
    """It is passed over, or the connection ends."""
    # Field note: http.server leaves it where it is, and takes it for the next request's first word.
    http.meets(http.request("GET", body=BODY), ANY, 400, 411, 413, twin=http.get())


def _hides(http: Http, method: str, where: str) -> None:
    """What a body holds is not answered, whatever becomes of the request that it belongs to."""
    hidden = http.canary()
    stimulus = http.request(method, where, f"Content-Length: {len(hidden)}", body=hidden)
    http.meets(stimulus, ANY, 400, 411, 413, twin=http.request(method, where, "Content-Length: 0"))


@requirement("HTTP-9112-6.3-cl0-smuggle", SECURITY, "RFC 9112 6.3, 9.3, 11.2", "No body is answered as a request.")
@hostile
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_body_for_the_root(http: Http, method: str) -> None:
    """The body is read, or the connection ends (CL.0)."""
    # Field note: http.server runs what stands in the body of GET.
    _hides(http, method, http.root)


@requirement("HTTP-9112-6.3-cl0-smuggle", SECURITY, "RFC 9112 6.3, 9.3, 11.2", "No body is answered as a request.")
@hostile
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("place", ["static", "directory", "redirect", "auth", "empty"])
def test_body_for_a_resource(http: Http, place: str, method: str) -> None:
    """Files, folders without their slash and redirections take no body: it is passed over, or the connection ends."""
    _hides(http, method, http.path(place))


@requirement("HTTP-9112-6.3-cl0-smuggle", SECURITY, "RFC 9112 6.3, 9.3, 11.2", "No body is answered as a request.")
@hostile
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_body_for_nothing(http: Http, method: str) -> None:
    """What is not there takes no body either."""
    _hides(http, method, "/nc-nothing")


@requirement("HTTP-9112-6.3-cl0-smuggle", SECURITY, "RFC 9112 6.3, 9.3, 11.2", "No body is answered as a request.")
@hostile
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("place", ["root", "nothing", "static", "directory", "redirect"])
def test_chunks_for_a_page(http: Http, place: str, method: str) -> None:
    """Where nobody wants a body, chunks are passed over like any other, or the connection ends (TE.0)."""
    where = {"root": http.root, "nothing": "/nc-nothing"}.get(place) or http.path(place)
    stimulus = http.request(method, where, "Transfer-Encoding: chunked", body=chunked(http.canary()))
    http.meets(stimulus, ANY, 400, 411, 413, 501, twin=http.request(method, where, "Content-Length: 0"))


@requirement("HTTP-9112-6.3-head-body-request", SECURITY, "RFC 9112 6, 6.3, 11.2", "A body of HEAD is not answered.")
@hostile
def test_body_of_head(http: Http) -> None:
    """It is passed over, or the connection ends."""
    _hides(http, "HEAD", http.root)


NOT_CHECKED: list[tuple[str, str]] = []

"""Trailers behind chunked requests, and the chunks of responses (RFC 9112 7.1, 7.1.2, RFC 9110 6.5).

What stands behind the last chunk belongs to the request, and to nobody else: it is neither the next request, nor a
header field that came late.
"""

from __future__ import annotations

from pytest_netconform.dialogues.http import Http
from pytest_netconform.dialogues.http_fates import NO, REFUSAL, UNDERSTOOD, Fate
from pytest_netconform.requirement import INTEROP, MUST, hostile, needs, requirement
from pytest_netconform.verdict import Inconclusive
from pytest_netconform.wire.http import Framing
from pytest_netconform.wire.http_requests import Line, chunked

CHUNKED = "Transfer-Encoding: chunked"
BODY = b"hello"
ANY = UNDERSTOOD | REFUSAL | Fate.DROPPED
REFUSING = (400, 413, 431)
FAILING: dict[int | Fate, str] = {Fate.FAILED: "refused with 5yz, where RFC 9112 2.2 asks for 400"}
MANY = 20000  # trailer lines
#: what no trailer may be: it would frame the message, name another host, or say who asks (RFC 9110 6.5.1)
FORBIDDEN = ("Host: nc.evil.example", "Content-Length: 40", "Authorization: nc", "X-Netconform: trailer")


def _with(http: Http, *trailers: Line) -> bytes:
    return http.post(CHUNKED, body=chunked(BODY, trailers=trailers))


def _plain(http: Http) -> bytes:
    """The twin, which this target reads to the end."""
    plain = _with(http)
    answers = http.understood(plain)
    if answers.own[-1].status == 411:
        http.not_applicable("chunked bodies get 411")
    if answers.fate is not Fate.SERVED and answers.echo is None:
        raise Inconclusive("the connection ends behind any body: without ?echo= nobody can say whether it was read")
    return plain


@requirement("HTTP-9112-7.1.2-trailers", MUST, "RFC 9112 7.1.2", "Trailers are read, and perhaps thrown away.")
def test_trailers(http: Http) -> None:
    """A request with a trailer is answered as one without it, and so is the request behind it."""
    # Field note: Werkzeug 3.1 answers 500.
    http.carried(http.same_as(_with(http, "X-T: 1"), _plain(http)), BODY)


@requirement("HTTP-9112-7.1.2-trailer-merge", MUST, "RFC 9110 6.5.1", "Trailers are not merged into the header fields.")
@hostile
def test_trailers_that_frame(http: Http) -> None:
    """A length in a trailer counts nothing: what follows is the next request; or the request is refused."""
    http.meets(_with(http, *FORBIDDEN), UNDERSTOOD | NO, *REFUSING, twin=_plain(http), tolerated=FAILING)


@requirement("HTTP-9112-7.1.2-trailer-merge", MUST, "RFC 9110 6.5.1", "Trailers are not merged into the header fields.")
@needs("?echo")
def test_trailers_are_no_header_fields(http: Http) -> None:
    """The application finds none of them among its header fields; or the request is refused."""
    stimulus, twin = _with(http, *FORBIDDEN), _plain(http)
    echo = http.seen(http.meets(stimulus, UNDERSTOOD | NO, *REFUSING, twin=twin, tolerated=FAILING))
    if echo is None:
        return
    for line in FORBIDDEN:
        name, _, value = line.partition(": ")
        merged = [found for found in echo.fields.all(name) if value.encode() in found]
        http.require(not merged, f"no {line} among the header fields", b", ".join(merged))


@requirement("HTTP-9112-7.1.2-trailer-limit", INTEROP, "RFC 9110 5.4, 6.5", "A request with 20000 trailers.")
@hostile
def test_many_trailers(http: Http) -> None:
    """Recorded: refused, or served after all."""
    answers = http.meets(_with(http, *["X-T: 1"] * MANY), ANY, *REFUSING, twin=_plain(http))
    http.observe("accepted" if answers.fate is Fate.SERVED else "refused")


@requirement("HTTP-9112-7.1-resp-chunked", MUST, "RFC 9112 7.1", "Responses in chunks are framed as the grammar says.")
@needs("?dynamic")
def test_chunks_of_a_response(http: Http) -> None:
    """Sizes, CR LF, the last chunk and the blank line are as they should be, and then the next response begins."""
    value = http.framed(http.get(target=http.path("dynamic")))
    if value.framing is not Framing.CHUNKED:
        http.not_applicable(f"?dynamic={http.path('dynamic')} is not sent in chunks")
    wrong = [breach.octets or breach.what.encode() for breach in value.breaches if breach.section == "RFC 9112 7.1"]
    http.require(not wrong, "sizes in hexadecimal, each line with CR LF behind it", b"".join(wrong))
    http.require(value.complete, "a last chunk", value.raw[-200:])


NOT_CHECKED: list[tuple[str, str]] = []

"""How long responses are (RFC 9110 8.6, RFC 9112 5, 6): field lines, Content-Length, Transfer-Encoding, and no body.

Most of it is read off the tour. That a response ends where it says is seen by what comes behind it.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pytest_netconform.dialogues.http import Http, HttpTour
from pytest_netconform.dialogues.http_fates import UNDERSTOOD
from pytest_netconform.requirement import MUST, SHOULD, needs, requirement
from pytest_netconform.verdict import Inconclusive, NotApplicable
from pytest_netconform.wire.http import Framing, Response

#: where it is written what field lines and the empty line behind them look like
GRAMMAR = ("RFC 9112 5", "RFC 9112 5.1", "RFC 9112 5.2", "RFC 9110 5.1", "RFC 9110 5.5", "RFC 9112 2.2")
PLACES = ("static", "big", "directory", "redirect", "dynamic", "gzip", "auth", "empty", "reset", "echo", "json")


def _answers(tour: HttpTour, which: Callable[[str], bool] = lambda command: True) -> list[Response]:
    """The answers to some stops; Inconclusive where the tour saw one status alone."""
    tour.prerequisite(len({response.status for response in tour.replies}) > 1, "two different statuses")
    return tour.replies_to(which)


def _bodiless(response: Response) -> bool:
    return 100 <= response.status < 200 or response.status == 204


# -- heads


@requirement(
    "HTTP-9112-5-response-grammar", MUST, "RFC 9112 2.2, 5, RFC 9110 5.5", "Responses are made of field lines."
)
def test_field_lines_of_responses(http_tour: HttpTour) -> None:
    """Names are tokens with a colon behind them, values hold no control character, lines are whole and end in CR LF."""
    # one word may be taken for HTTP/0.9, which has no heads: that is judged elsewhere
    for response in _answers(http_tour, lambda command: command != "(one word)"):
        http_tour.require(not response.problem, "a response", response.raw[:200])
    unfinished = http_tour.unfinished
    http_tour.require(unfinished is None, "every response to come to its end", unfinished or b"")
    expected = "field lines of a name, a colon and a value, each with CR LF behind it"
    for response in _answers(http_tour):
        wrong = [breach.octets for breach in response.breaches if breach.section in GRAMMAR]
        http_tour.require(not wrong or response.problem, expected, b"".join(wrong) or response.head)


@requirement("HTTP-9112-6.1-resp-cl-te", MUST, "RFC 9112 6.2", "No response has Content-Length with Transfer-Encoding.")
def test_one_framing_of_responses(http_tour: HttpTour) -> None:
    """One of them, or none."""
    expected = "no Content-Length beside Transfer-Encoding"
    for response in _answers(http_tour):
        both = "Content-Length" in response.fields and "Transfer-Encoding" in response.fields
        http_tour.require(not both, expected, response.head)


@requirement("HTTP-9112-6.1-resp-te-10", MUST, "RFC 9112 6.1", "To HTTP/1.0 nothing is sent in chunks.")
def test_no_transfer_encoding_to_http10(http_tour: HttpTour) -> None:
    """No Transfer-Encoding in answer to HTTP/1.0, nor in a response that says that it is HTTP/1.0."""
    old = _answers(http_tour, lambda command: command.endswith("HTTP/1.0"))
    http_tour.prerequisite(old, "a response to HTTP/1.0")
    for response in (*old, *(value for value in http_tour.replies if value.version == b"HTTP/1.0")):
        known = "Transfer-Encoding" not in response.fields
        http_tour.require(known, "no Transfer-Encoding, which HTTP/1.0 does not know", response.head)


@requirement("HTTP-9112-6.1-resp-te-1xx-204", MUST, "RFC 9112 6.1", "1xx and 204 have no Transfer-Encoding.")
@needs("?empty")
def test_no_transfer_encoding_without_body(http_tour: HttpTour) -> None:
    """What has no body is not sent in chunks."""
    found = [response for response in _answers(http_tour) if _bodiless(response)]
    http_tour.prerequisite(found, "1xx or 204")
    for response in found:
        http_tour.require("Transfer-Encoding" not in response.fields, "no Transfer-Encoding", response.head)


@requirement("HTTP-9112-6.3-resp-cl-single", MUST, "RFC 9110 8.6, RFC 9112 6.3", "A Content-Length is one number.")
def test_one_content_length(http_tour: HttpTour) -> None:
    """One line, and in it decimal digits."""
    found = [response for response in _answers(http_tour) if "Content-Length" in response.fields]
    http_tour.prerequisite(found, "a Content-Length")
    for response in found:
        values = response.fields.all("Content-Length")
        sound = len(values) == 1 and values[0].isdigit()  # of bytes: ASCII digits alone
        http_tour.require(sound, "one Content-Length of decimal digits", response.head)


@requirement("HTTP-9112-6.3-close-delimited", SHOULD, "RFC 9112 6.3", "A body's end is told by a length or by chunks.")
def test_body_that_ends_with_the_connection(http_tour: HttpTour) -> None:
    """No HTTP/1.1 response to HTTP/1.1 has a body that ends with the connection."""
    new = _answers(http_tour, lambda command: not command.endswith("HTTP/1.0"))
    found = [response for response in new if response.version == b"HTTP/1.1" and response.framing is not Framing.NONE]
    if new and not found:
        raise NotApplicable("HTTP/1.1", "it answers in HTTP/1.0, which knows no chunks")
    http_tour.prerequisite(found, "a body in HTTP/1.1")
    for response in found:
        expected = "Content-Length or chunks"
        http_tour.require(response.framing is not Framing.CLOSE, expected, response.head)


# -- bodies


def _exact(http: Http, request: bytes) -> Response:
    """The answer ends where it says: the probe's begins right behind it, or the connection ends."""
    answers = http.meets(request, UNDERSTOOD, twin=http.get())
    for response in answers.finals:
        stray = [breach.octets for breach in response.breaches if breach.section == "RFC 9112 2.1"]
        http.require(not stray, "nothing between two responses", b"".join(stray))
    value = answers.own[-1]
    http.require(value.complete, "a body as long as it was announced", value.raw[-200:])
    return value


@requirement("HTTP-9112-6.3-resp-length", MUST, "RFC 9112 6.3, 8", "A response is as long as it says.")
@pytest.mark.parametrize("where", ["root", "nothing"])
def test_length_of_pages(http: Http, where: str) -> None:
    """The next response begins right behind it."""
    _exact(http, http.get(target=None if where == "root" else "/nc-nothing"))


@requirement("HTTP-9112-6.3-resp-length", MUST, "RFC 9112 6.3, 8", "A response is as long as it says.")
@pytest.mark.parametrize("place", PLACES)
def test_length_of_resources(http: Http, place: str) -> None:
    """The next response begins right behind it, whatever kind of resource it is from."""
    lines = ("Accept-Encoding: gzip",) if place == "gzip" else ()
    _exact(http, http.get(*lines, target=http.path(place).replace("*", "nc")))


@requirement("HTTP-9110-8.6-resp-cl-204", MUST, "RFC 9110 8.6, RFC 9112 6.3", "1xx and 204 have no Content-Length.")
def test_no_length_of_no_content(http: Http) -> None:
    """204 is a head, with nothing behind it and no length in it."""
    answer = _exact(http, http.get(target=http.path("empty")))
    if answer.status != 204:
        raise Inconclusive(f"{answer.status} where ?empty= promises 204")
    http.require("Content-Length" not in answer.fields, "no Content-Length in a 204", answer.head)


@requirement("HTTP-9110-8.6-head-cl", MUST, "RFC 9110 8.6", "HEAD tells the length of what GET would send, or none.")
def test_length_of_head(http_static: Http) -> None:
    """Content-Length is that of GET, or is left out."""
    http = http_static
    _same_length(http, _exact(http, http.head(target=http.resource)))


def _same_length(http: Http, answer: Response) -> None:
    length = answer.fields.get("Content-Length")
    wanted = b"%d" % len(http.original.body)
    told = length is None or (length.isdigit() and int(length) == int(wanted))
    http.require(told, f"Content-Length {wanted.decode()}, as for GET, or none", answer.head)


def _not_modified(http: Http) -> Response:
    """The 304 to a request with the validator of the original."""
    tagged = http.original.fields.get("ETag")
    line = b"If-None-Match: " + tagged if tagged else b"If-Modified-Since: " + http.modified
    answer = _exact(http, http.get(line, target=http.resource))
    if answer.status != 304:
        raise Inconclusive(f"{answer.status} in answer to {line.decode('latin-1')}, where 304 is to be looked at")
    return answer


@requirement("HTTP-9110-8.6-304-cl", MUST, "RFC 9110 8.6", "304 tells the length of what 200 would bring, or none.")
def test_length_of_not_modified(http_static: Http) -> None:
    """Content-Length is that of the 200, or is left out."""
    _same_length(http_static, _not_modified(http_static))


@requirement("HTTP-9112-6.3-304-nobody", MUST, "RFC 9112 6.3, RFC 9110 15.4.5", "304 has no body.")
def test_body_of_not_modified(http_static: Http) -> None:
    """The next response begins right behind its head."""
    _not_modified(http_static)


NOT_CHECKED: list[tuple[str, str]] = []

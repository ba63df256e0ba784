"""Date and Server in responses (RFC 9110 6.6.1, 10.2.4), and what a request may not put into them (RFC 9112 11.1)."""

from __future__ import annotations

import re
from itertools import product

import pytest

from pytest_netconform.dialogues.http import Http, HttpTour
from pytest_netconform.dialogues.http_fates import REFUSAL, UNDERSTOOD, Fate
from pytest_netconform.requirement import MUST, SECURITY, SHOULD, hostile, requirement
from pytest_netconform.verdict import NotApplicable
from pytest_netconform.wire.http import Response
from pytest_netconform.wire.http_fields import is_products, parse_date

ANY = UNDERSTOOD | REFUSAL | Fate.DROPPED
REFUSING = (400, 403, 404)
BROKEN = ("(one word)", "(a field without a colon)")  # stops of the tour that are no requests
MINUTE, DAY = 60, 24 * 3600  # seconds
DETAILS = 2  # products and comments in Server, above which somebody is told much
#: line ends as they come out of percent-encoding: CR LF, LF, CR, and characters whose low octets are CR and LF
ENDS = {"crlf": "%0d%0a", "lf": "%0a", "cr": "%0d", "low-octets": "%e5%98%8d%e5%98%8a"}


def _answers(tour: HttpTour, *, broken: bool) -> list[Response]:
    """2xx, 3xx and 4xx to requests, or to what is none; Inconclusive where the tour saw one status alone."""
    tour.prerequisite(len({response.status for response in tour.replies}) > 1, "two different statuses")
    found = tour.replies_to(lambda command: (command in BROKEN) is broken)
    return [value for value in found if 200 <= value.status < 500 and not value.problem]


# -- Date


@requirement("HTTP-9110-6.6.1-date", MUST, "RFC 9110 6.6.1", "Whoever has a clock dates his answers.")
@pytest.mark.parametrize("to", ["requests", "garbage"])
def test_date(http_tour: HttpTour, to: str) -> None:
    """Date is in every 2xx, 3xx and 4xx: in answers to requests, and to what is none."""
    # Field note: gunicorn 27, uvicorn 0.54 and HAProxy 2.6 date no refusal that their parsers make.
    found = _answers(http_tour, broken=to == "garbage")
    http_tour.prerequisite(found, f"an answer to {to}")
    for value in found:
        http_tour.require("Date" in value.fields, "Date", value.head)


@requirement("HTTP-9110-6.6.1-date-skew", SHOULD, "RFC 9110 6.6.1", "Date is the time at which an answer was made.")
def test_clock(http: Http) -> None:
    """It is the time, within a day for whoever has a bad clock; more than a minute is noted."""
    http.known()
    answer = http.ask(http.get())
    value = answer.fields.get("Date")
    moment = parse_date(value) if value is not None else None
    if moment is None:
        http.not_applicable("the answer to GET has no Date that can be read")
        return
    skew = abs(moment.timestamp() - http.today())
    http.require(skew < DAY, "a Date within a day of our own clock", value)
    if skew > MINUTE:
        http.note("Date is more than a minute away from our own clock")


# -- Server


@requirement("HTTP-9110-10.2.4-server", SHOULD, "RFC 9110 10.2.4", "Server names products, and no needless detail.")
def test_server(http_tour: HttpTour) -> None:
    """Its value is a list of products and comments; a long one is noted."""
    tour = http_tour
    found = [value for broken in (False, True) for value in _answers(tour, broken=broken) if "Server" in value.fields]
    if not found:
        raise NotApplicable("Server", "no answer has Server")
    for value in found:
        for named in value.fields.all("Server"):
            tour.require(is_products(named), "products and comments in Server", value.head)


@requirement("HTTP-9110-10.2.4-server", SHOULD, "RFC 9110 10.2.4", "Server names products, and no needless detail.")
def test_details_of_server(http: Http) -> None:
    """Versions and whatever else is below the server help who looks for holes: they are noted."""
    http.known()
    value = http.ask(http.get()).fields.get("Server")
    if value is None:
        http.not_applicable("no Server in the answer to GET")
        return
    http.require(is_products(value), "products and comments in Server", value)
    if len(value.split()) > DETAILS:
        http.note(f"Server tells more than a product: {value.decode('latin-1')}")


# -- line ends from the request


@requirement("HTTP-9112-11.1-response-split", SECURITY, "RFC 9112 11.1", "No request puts a line into the response.")
@hostile
@pytest.mark.parametrize("end", list(ENDS))
@pytest.mark.parametrize(
    ("place", "part"),
    [*product(("root", "directory", "redirect"), ("path", "query")), ("next", "value")],
)
def test_line_end_in_a_target(http: Http, end: str, place: str, part: str) -> None:
    """An encoded line end in path or query stays encoded, or is refused; it begins no field and no response."""
    base = http.root if place == "root" else http.path(place)
    stimulus, twin = (
        http.get(target=_target(base, part, text))
        for text in (f"nc{ENDS[end]}X-Inj:%201{ENDS[end]}{ENDS[end]}nc", "nc")
    )
    answers = http.meets(stimulus, ANY, *REFUSING, twin=twin)
    for value in answers.finals:
        injected = re.search(rb"[\r\n]X-Inj", value.head)
        http.require(not injected, "no line of the request's in the response", value.head)


def _target(base: str, part: str, text: str) -> str:
    if part == "value":
        return base.replace("*", f"/{text}")
    if part == "query":
        return f"{base}{'&' if '?' in base else '?'}q={text}"
    return f"{base.rstrip('/')}/{text}"


NOT_CHECKED: list[tuple[str, str]] = []

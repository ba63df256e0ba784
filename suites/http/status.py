"""Statuses (RFC 9110 15): what must come with one, and what must not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pytest_netconform.dialogues.http import Http, HttpTour
from pytest_netconform.requirement import MAY, MUST, SHOULD, needs, requirement
from pytest_netconform.verdict import Inconclusive, NonConformity, NotApplicable
from pytest_netconform.wire.http_fields import GRAMMAR, is_reference, is_token_list

REDIRECTIONS = (301, 302, 303, 307, 308)
HUGE = 10**15  # octets of a body that nobody sends


@requirement("HTTP-9110-15.3.6-205", MUST, "RFC 9110 15.3.6", "205 has no content.")
@needs("?reset")
def test_reset_content(http: Http) -> None:
    """It says so by Content-Length: 0, by no chunks, or by the close; and nothing comes."""
    answer = http.framed(http.get(target=http.path("reset")))
    if answer.status != 205:
        raise Inconclusive(f"{answer.status} where ?reset= promises 205")
    http.require(not answer.body, "no content in a 205", answer.raw)


@requirement("HTTP-9110-15.4-location", SHOULD, "RFC 9110 15.4, 10.2.2", "A redirection says where to.")
def test_location_of_redirections(http_tour: HttpTour) -> None:
    """301, 302, 303, 307 and 308 have Location, and in it a URI reference without blanks."""
    http_tour.prerequisite(len({response.status for response in http_tour.replies}) > 1, "two different statuses")
    found = [response for response in http_tour.replies if response.status in REDIRECTIONS]
    if not found:
        raise NotApplicable("a redirection", "the tour saw none; give ?redirect=")
    for response in found:
        places = response.fields.all("Location")
        http_tour.require(len(places) == 1, "one Location in a redirection", response.head)
        http_tour.require(is_reference(places[0]), "Location to be a URI reference", response.head)


def _refused(http: Http) -> Iterator[bytes]:
    """Requests whose methods are refused in many places, and do no harm where they are not."""
    yield http.request("TRACE")
    yield http.request("NETCONFORM")
    yield http.request("OPTIONS")
    if static := http.target.options.get("static"):
        yield http.post("Content-Length: 0", target=static)
    if "write" in http.target.allowed:
        yield http.request("DELETE", "/nc-nothing")


@requirement("HTTP-9110-15.5.6-allow", MUST, "RFC 9110 15.5.6, 10.2.1", "405 says which methods are allowed.")
def test_allow_of_refused_methods(http: Http) -> None:
    """Every 405 has Allow, which is a list of methods."""
    # Field note: nginx 1.22 sends none.
    http.known()
    seen = 0
    for request in _refused(http):
        answer = http.ask(request)
        if answer.status == 405:
            seen += 1
            http.require("Allow" in answer.fields, "Allow in a 405", answer.head)
            sound = is_token_list(answer.fields.get("Allow") or b"")
            http.require(sound, "Allow to be a list of methods", answer.head)
    if not seen:
        raise NotApplicable("405", "no method was refused with 405")


@requirement("HTTP-9110-15.6.4-retry-after", MAY, "RFC 9110 10.2.3", "When to come again.")
@pytest.mark.parametrize("where", ["tour", "large"])
def test_retry_after(http: Http, http_tour: HttpTour, where: str) -> None:
    """Recorded: Retry-After, which is a date or a number of seconds, in whatever says so."""
    http_tour.prerequisite(len({response.status for response in http_tour.replies}) > 1, "two different statuses")
    answers = http_tour.replies
    if where == "large":
        http.send(http.post(f"Content-Length: {HUGE}"))
        try:
            answers = [http.answer(within=http.target.window)]
        except NonConformity:
            answers = []
    for response in answers:
        for value in response.fields.all("Retry-After"):
            http.require(GRAMMAR["Retry-After"](value), "a date or a number of seconds in Retry-After", response.head)
            http.observe(f"{response.status}: Retry-After")


NOT_CHECKED: list[tuple[str, str]] = []

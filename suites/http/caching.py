"""Caches (RFC 9111): what is said to them, and what one in front of the server may give to whom."""

from __future__ import annotations

import secrets

from pytest_netconform.dialogues.http import Http, HttpTour
from pytest_netconform.requirement import MUST, needs, requirement
from pytest_netconform.verdict import Inconclusive, NotApplicable
from pytest_netconform.wire.http import Response
from pytest_netconform.wire.http_fields import parse_cache_control

SECONDS = ("max-age", "s-maxage", "stale-while-revalidate", "stale-if-error")
SHARED = {"public", "s-maxage", "must-revalidate"}  # what allows to share an answer to credentials


@requirement("HTTP-9111-5.2-cc-grammar", MUST, "RFC 9111 5.2", "Directives are of their form, and seconds are digits.")
def test_form_of_cache_control(http_tour: HttpTour) -> None:
    """Every Cache-Control is a list of directives; max-age and its like are whole numbers without quotes."""
    http_tour.prerequisite(len({response.status for response in http_tour.replies}) > 1, "two different statuses")
    found = [response for response in http_tour.replies if "Cache-Control" in response.fields]
    if not found:
        raise NotApplicable("Cache-Control", "no answer of the tour has it")
    for response in found:
        directives = parse_cache_control(response.fields.get("Cache-Control") or b"")
        http_tour.require(directives, "Cache-Control to be a list of directives", response.head)
        for name in SECONDS:
            argument = (directives or {}).get(name, b"0")
            http_tour.require((argument or b"").isdigit(), f"{name} with a number of seconds", response.head)


def _fresh(http: Http, path: str) -> str:
    """The path with a query that nobody has asked before, so that no cache knows it yet."""
    return f"{path}{'&' if '?' in path else '?'}{http.visit.nonce('nc-' + secrets.token_hex(8))}"


def _asked(http: Http, path: str, *lines: str) -> Response:
    answer = http.ask(http.get(*lines, target=path))
    if answer.status != 200:
        raise Inconclusive(f"{answer.status} in answer to GET {path}, where ?cached= promises 200")
    return answer


@requirement("HTTP-9111-5.1-age", MUST, "RFC 9111 5.1", "Age is one number of seconds, and not negative.")
@needs("?cached")
def test_age_of_what_is_stored(http: Http) -> None:
    """Whatever comes out of the cache says its age in digits, once."""
    http.known()
    path = _fresh(http, http.path("cached"))
    answers = [_asked(http, path) for _ in range(3)]
    aged = [answer for answer in answers if "Age" in answer.fields]
    if not aged:
        raise NotApplicable("Age", f"no answer to GET {path} has it: nothing came out of a cache")
    for answer in aged:
        ages = answer.fields.all("Age")
        http.require(len(ages) == 1 and ages[0].isdigit(), "one Age of decimal digits", answer.head)


@requirement("HTTP-9111-4.1-vary-key", MUST, "RFC 9111 4.1", "What varies is not given to those who asked otherwise.")
@needs("?cached")
def test_variants_are_kept_apart(http: Http) -> None:
    """Who takes no gzip gets none, although it was stored for who does."""
    http.known()
    path = _fresh(http, http.path("cached"))
    first = _asked(http, path, "Accept-Encoding: gzip")
    listed = {"accept-encoding", "*"} & set(first.fields.words("Vary"))
    if not listed or "Content-Encoding" not in first.fields:
        raise NotApplicable("Vary", f"{http.path('cached')} does not vary with Accept-Encoding")
    http.visit.evidence.add("twin")
    plain = _asked(http, path, "Accept-Encoding: identity")
    coded = plain.fields.words("Content-Encoding") not in ([], ["identity"])
    http.require(not coded, "no Content-Encoding in answer to Accept-Encoding: identity", plain.head)
    again = _asked(http, path, "Accept-Encoding: gzip")
    if again.fields.words("Content-Encoding"):
        http.require(again.body == first.body, "the same in gzip again", again.raw)


@requirement("HTTP-9111-4-auth-shared", MUST, "RFC 9111 3.5", "An answer to credentials is for nobody else.")
@needs("?cached", "?auth", "?account")
def test_answers_to_credentials(http: Http) -> None:
    """Behind an answer to the account, who comes without credentials is shut out as before."""
    http.known()
    path = _fresh(http, http.path("auth"))
    before = http.ask(http.get(target=path)).status
    let_in = http.ask(http.get(http.basic(), target=path))
    if before < 300 or not 200 <= let_in.status < 300:
        raise Inconclusive(f"{before} without the account and {let_in.status} with it, where ?auth= promises a door")
    directives = parse_cache_control(let_in.fields.get("Cache-Control") or b"") or {}
    if SHARED & directives.keys():
        raise NotApplicable("a personal answer", "its Cache-Control allows to share it")
    http.visit.evidence.add("twin")
    http.exchange(http.get(target=path), before)


NOT_CHECKED: list[tuple[str, str]] = []

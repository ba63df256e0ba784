"""Content (RFC 9110 8, 12.5): its type, its codings and who wants them, and the validators that tell it apart."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pytest_netconform.dialogues.http import Http, HttpTour
from pytest_netconform.requirement import MUST, SHOULD, requirement
from pytest_netconform.verdict import Inconclusive, NotApplicable
from pytest_netconform.wire.http import Response
from pytest_netconform.wire.http_codings import decoded
from pytest_netconform.wire.http_fields import parse_cache_control, parse_date, parse_etag, parse_media_type


def _answers(tour: HttpTour, which: Callable[[Response], bool]) -> list[Response]:
    """The answers of a kind; Inconclusive where the tour saw one status alone."""
    tour.prerequisite(len({response.status for response in tour.replies}) > 1, "two different statuses")
    found = tour.replies_to(lambda command: not command.startswith("("))
    return [response for response in found if which(response)]


# -- types


@requirement("HTTP-9110-8.3-content-type", SHOULD, "RFC 9110 8.3", "What is sent has a media type.")
def test_content_has_a_type(http_tour: HttpTour) -> None:
    """Every 2yz with a body has Content-Type, and in it type and subtype."""
    found = _answers(http_tour, lambda response: 200 <= response.status < 300 and response.body != b"")
    http_tour.prerequisite(found, "a 2yz answer with a body")
    for response in found:
        kind = response.fields.get("Content-Type")
        http_tour.require(kind is not None, "a Content-Type beside the content", response.head)
        sound = parse_media_type(kind or b"") is not None
        http_tour.require(sound, "a Content-Type of type, subtype and parameters", response.head)


# -- validators


@requirement("HTTP-9110-8.8.2-lm-future", MUST, "RFC 9110 8.8.2.1", "Nothing was last modified in the future.")
def test_last_modified_is_past(http_tour: HttpTour) -> None:
    """No Last-Modified is later than the Date beside it."""
    # Field note: nginx sends the future time of a file as it is.
    found = _answers(http_tour, lambda response: "Last-Modified" in response.fields and "Date" in response.fields)
    if not found:
        raise NotApplicable("Last-Modified", "no answer of the tour has Last-Modified and Date")
    for response in found:
        modified, now = (parse_date(response.fields.get(name) or b"") for name in ("Last-Modified", "Date"))
        past = modified is None or now is None or modified <= now
        http_tour.require(past, "a Last-Modified that is not later than Date", response.head)


@requirement("HTTP-9110-8.8.3-etag-grammar", MUST, "RFC 9110 8.8.3", "An entity tag stands in quotes.")
def test_form_of_entity_tags(http_tour: HttpTour) -> None:
    """Each ETag is one string in quotes, with `W/` before it or without."""
    found = _answers(http_tour, lambda response: "ETag" in response.fields)
    if not found:
        raise NotApplicable("ETag", "no answer of the tour has an ETag")
    for response in found:
        sound = parse_etag(response.fields.get("ETag") or b"") is not None
        http_tour.require(sound, 'an ETag of the form "..." or W/"..."', response.head)


# -- codings


def _place(http: Http) -> str:
    return http.target.options.get("gzip") or http.path("static")


def _wanting(http: Http, accept: str | None) -> Response:
    """The 200 of the resource that may be coded, to this Accept-Encoding."""
    lines = () if accept is None else (f"Accept-Encoding: {accept}",)
    answer = http.ask(http.get(*lines, target=_place(http)))
    if answer.status != 200:
        raise Inconclusive(f"{answer.status} in answer to GET {_place(http)}, where 200 is needed")
    return answer


def _codings(answer: Response) -> list[str]:
    """The codings of an answer's content, in the order in which they were applied."""
    return [coding for coding in answer.fields.words("Content-Encoding") if coding != "identity"]


def _coded(http: Http) -> Response:
    """The answer in gzip, for who accepts that. Not applicable where nothing is coded."""
    http.known()
    answer = _wanting(http, "gzip")
    if not _codings(answer):
        raise NotApplicable("gzip", f"{_place(http)} comes without a coding")
    http.visit.evidence.add("twin")
    return answer


@requirement("HTTP-9110-8.4-content-encoding", MUST, "RFC 9110 8.4, 12.5.3", "What is labelled gzip is gzip.")
def test_coded_content(http: Http) -> None:
    """The body is one or more whole gzip members, and stands for what comes without a coding."""
    coded = _coded(http)
    first, again = _wanting(http, "identity"), _wanting(http, "identity")
    http.require(_codings(coded) in (["gzip"], ["x-gzip"]), "gzip, which was asked for, and no other", coded.head)
    content = decoded(coded.body, "gzip")
    http.require(content is not None, "a body in gzip, whole and with nothing behind it", coded.raw)
    if first.body == again.body and not _codings(first):
        http.require(content == first.body, "what comes without a coding", content)


@requirement("HTTP-9110-12.5.3-identity", SHOULD, "RFC 9110 12.5.3", "Who wants no coding gets none.")
@pytest.mark.parametrize("accept", ["identity", ""], ids=["identity", "empty"])
def test_no_coding_for_who_wants_none(http: Http, accept: str) -> None:
    """No Content-Encoding in answer to `identity`, or to an empty list."""
    _coded(http)
    if _codings(_wanting(http, None)):
        http.note("coded for who says nothing, too")
    answer = _wanting(http, accept)
    http.require(not _codings(answer), f"no Content-Encoding in answer to Accept-Encoding: {accept}", answer.head)


@requirement("HTTP-9110-12.5.3-q0", SHOULD, "RFC 9110 12.4.2, 12.5.3", "A weight of 0 means no.")
@pytest.mark.parametrize(
    "accept", ["gzip;q=0, br;q=0", "gzip; q=0.000", "identity, *;q=0"], ids=["two", "digits", "others"]
)
def test_no_coding_of_weight_zero(http: Http, accept: str) -> None:
    """What is named with `q=0` is not used, nor what is not named."""
    # Field note: aiohttp 3.14 looks for the word alone.
    _coded(http)
    answer = _wanting(http, accept)
    http.require(not _codings(answer), f"no Content-Encoding in answer to Accept-Encoding: {accept}", answer.head)


@requirement("HTTP-9110-12.5.5-vary", SHOULD, "RFC 9110 12.5.5", "What depends on Accept-Encoding says so.")
def test_vary_of_coded_content(http: Http) -> None:
    """Vary of what is coded lists Accept-Encoding, unless nobody may keep it."""
    # Field note: nginx does so with `gzip_vary on` alone, and aiohttp 3.14 never.
    coded = _coded(http)
    plain = _wanting(http, None)
    if _codings(plain) == _codings(coded):
        raise NotApplicable("a choice", f"{_place(http)} is always coded")
    if "no-store" in (parse_cache_control(coded.fields.get("Cache-Control") or b"") or {}):
        raise NotApplicable("a cacheable answer", "nobody may keep it")
    listed = {"accept-encoding", "*"} & set(coded.fields.words("Vary"))
    http.require(listed, "Vary with Accept-Encoding beside Content-Encoding", coded.head)
    if not {"accept-encoding", "*"} & set(plain.fields.words("Vary")):
        http.note("no such Vary where it is not coded")


@requirement("HTTP-9110-8.8.3-etag-per-coding", MUST, "RFC 9110 8.8.3.3, 8.8.1", "A strong tag is of one coding.")
def test_entity_tags_of_codings(http: Http) -> None:
    """The ETag of what is coded is another than that of what is not, or a weak one."""
    # Field note: Apache httpd 2.4 adds -gzip, nginx makes it weak.
    coded, plain = _coded(http), _wanting(http, "identity")
    tags = [parse_etag(answer.fields.get("ETag") or b"") for answer in (coded, plain)]
    if None in tags or _codings(plain):
        raise NotApplicable("two ETags", "not both answers have an ETag, with a coding and without")
    strong = [tag.tag for tag in tags if tag is not None and not tag.weak]
    http.require(len(set(strong)) == len(strong), "another ETag than without the coding, or a weak one", coded.head)


NOT_CHECKED: list[tuple[str, str]] = []

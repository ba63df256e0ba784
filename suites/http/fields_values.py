"""Values of fields (RFC 9110 5.3, 5.5, 5.6.7): octets that are none of text, heads that do not end, dates."""

from __future__ import annotations

import re

import pytest

from pytest_netconform.dialogues.http import Http, HttpTour
from pytest_netconform.dialogues.http_fates import REFUSAL, UNDERSTOOD, Fate
from pytest_netconform.requirement import MAY, MUST, SHOULD, needs, requirement, writes
from pytest_netconform.verdict import Inconclusive
from pytest_netconform.wire.http_fields import asctime_date, imf_date, parse_imf_date, rfc850_date

TURNED_AWAY = REFUSAL | Fate.DROPPED

# -- octets


@requirement("HTTP-9110-5.5-nul-value", MUST, "RFC 9110 5.5", "A NUL in a value is refused, or becomes a space.")
def test_nul_in_a_value(http: Http) -> None:
    """The value is neither kept with its NUL nor cut there."""
    # Field note: Werkzeug upon CPython 3.11 http.server keeps it.
    stimulus, twin = (http.get(f"X-A: a{octet}b", target=http.sink) for octet in "\0 ")
    if echo := http.seen(http.meets(stimulus, UNDERSTOOD | TURNED_AWAY, twin=twin)):
        value = echo.fields.get("X-A")
        http.require(value == b"a b", "400, or the value with a space for the NUL", value or b"")


@requirement("HTTP-9110-5.5-ctl-value", MAY, "RFC 9110 5.5", "Another control character in a value.")
def test_bell_in_a_value(http: Http) -> None:
    """Recorded: kept, or refused; both are right."""
    stimulus, twin = (http.get(f"X-A: a{octet}b", target=http.sink) for octet in "\a ")
    http.observe(http.meets(stimulus, UNDERSTOOD | TURNED_AWAY | Fate.FAILED, twin=twin))


@requirement("HTTP-9110-5.5-obs-text", SHOULD, "RFC 9110 5.5", "Octets beyond ASCII in a value are opaque.")
@pytest.mark.parametrize("value", [b"caf\xe9", b"caf\xc3\xa9"], ids=["latin-1", "utf-8"])
def test_octets_beyond_ascii(http: Http, value: bytes) -> None:
    """The answer is the usual one, whatever text they are."""
    http.same_as(http.get(b"X-A: " + value, target=http.sink), http.get("X-A: cafe", target=http.sink))


# -- heads that do not end


@requirement("HTTP-9110-5.3-apply-after-head", MUST, "RFC 9110 5.3", "A request is not applied before its head ends.")
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_unfinished_head_is_not_answered(http: Http, method: str) -> None:
    """Nothing but a refusal comes before the empty line; behind it comes the answer."""
    request = http.request(method, http.sink, "Content-Length: 0")
    http.understood(request)
    http.send(request[:-2])
    early = http.heard()
    http.require(early is None or early.status >= 400, "no answer before the head ends", early.head if early else b"")
    if early is None and not http.over:
        http.send_more(b"\r\n")
        http.answer()


@requirement("HTTP-9110-5.3-apply-after-head", MUST, "RFC 9110 5.3", "A request is not applied before its head ends.")
@writes
@needs("?write")
def test_unfinished_head_stores_nothing(http_write: Http) -> None:
    """A PUT whose head is cut short by the close has made nothing; the whole one does."""
    http = http_write
    put = http.request("PUT", http.resource, "Content-Length: 0")
    http.renew()
    http.send(put[:-2])
    http.wire.shutdown()
    http.ended()
    http.renew()
    after = http.ask(http.get(target=http.resource)).status
    http.require(not 200 <= after < 300, f"nothing at {http.resource} behind half a head", after)
    made = http.ask(put).status, http.ask(http.get(target=http.resource)).status
    if not all(200 <= status < 300 for status in made):
        raise Inconclusive(f"PUT and GET of {http.resource} are answered {made[0]} and {made[1]}")


# -- dates

DATED = ("Date", "Last-Modified", "Expires")
NUMBER = re.compile(rb"-?[0-9]+")  # "0" stands for the past in Expires, wrongly and everywhere (RFC 9111 5.3)


@requirement(
    "HTTP-9110-5.6.7-date-format", MUST, "RFC 9110 5.6.7", "Dates are sent as `Sun, 06 Nov 1994 08:49:37 GMT`."
)
def test_dates_are_sent_in_one_form(http_tour: HttpTour) -> None:
    """Weekday, month and zone are those of every answer of the tour."""
    found = [(n, value) for answer in http_tour.replies for n in DATED for value in answer.fields.all(n)]
    http_tour.prerequisite(found, "a date")
    for name, value in found:
        old = name == "Expires" and NUMBER.fullmatch(value)
        http_tour.require(old or parse_imf_date(value), f"{name} in the form that dates are sent in", value)


FORMS = {"imf-fixdate": imf_date, "rfc850": rfc850_date, "asctime": asctime_date}
LONG_AGO = "Thu, 01 Jan 1970 00:00:01 GMT"


@requirement("HTTP-9110-5.6.7-three-dates", MUST, "RFC 9110 5.6.7", "Dates are understood in all three forms.")
@needs("?static")
@pytest.mark.parametrize("form", FORMS)
def test_dates_are_understood_in_three_forms(http_static: Http, form: str) -> None:
    """Last-Modified, said again in If-Modified-Since, is answered 304 in each."""
    moment = parse_imf_date(http_static.modified)
    if moment is None:
        raise Inconclusive("Last-Modified is no date; HTTP-9110-5.6.7-date-format judges that")
    _modified_since(http_static, LONG_AGO, 200)
    _modified_since(http_static, imf_date(moment), 304)
    line = f"If-Modified-Since: {FORMS[form](moment)}"
    http_static.exchange(http_static.get(line, target=http_static.resource), 304)


def _modified_since(http: Http, date: str, usual: int) -> None:
    """The condition is looked at. Inconclusive where it is not."""
    status = http.ask(http.get(f"If-Modified-Since: {date}", target=http.resource)).status
    if status != usual:
        raise Inconclusive(f"{status} in answer to If-Modified-Since: {date}, where {usual} is needed")


@requirement("HTTP-9110-5.6.7-three-dates", MUST, "RFC 9110 5.6.7", "Dates are understood in all three forms.")
@needs("?static")
def test_two_digits_are_of_the_past(http_static: Http) -> None:
    """A year of two digits that seems more than 50 years ahead is past: 94 is 1994 (until 2044)."""
    moment = parse_imf_date(http_static.modified)
    if moment is None or moment.year < 1995:
        raise Inconclusive("Last-Modified is no date since 1995")
    _modified_since(http_static, imf_date(moment), 304)
    _modified_since(http_static, rfc850_date(moment), 304)
    line = "If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT"
    http_static.exchange(http_static.get(line, target=http_static.resource), 200)


NOT_CHECKED: list[tuple[str, str]] = []

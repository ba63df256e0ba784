"""Cookies (RFC 6265): how they are set, and what becomes of those that come back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from pytest_netconform.dialogues.http import HttpTour
from pytest_netconform.dialogues.http_fates import REFUSAL, UNDERSTOOD, Fate
from pytest_netconform.dialogues.www import Www
from pytest_netconform.requirement import SECURITY, SHOULD, hostile, needs, requirement
from pytest_netconform.verdict import NotApplicable
from pytest_netconform.wire.http import TOKEN, Response
from pytest_netconform.wire.http_cookies import parse_set_cookie

SYNTAX = "a name, a value of cookie-octets, and attributes behind `; `"
TIMES = ("Expires", "Max-Age")  # whose form has a row of its own


def _setting(tour: HttpTour) -> list[Response]:
    """The answers of the tour that set cookies."""
    found = [answer for answer in tour.replies if "Set-Cookie" in answer.fields]
    tour.prerequisite(found, "a Set-Cookie")
    return found


def _lines(tour: HttpTour) -> Iterator[bytes]:
    for answer in _setting(tour):
        yield from answer.fields.all("Set-Cookie")


# -- how they are set


@requirement("WWW-6265-4.1.1-syntax", SHOULD, "RFC 6265 4.1.1", "Set-Cookie keeps to the grammar for servers.")
@needs("?cookie")
def test_set_cookie_keeps_to_its_grammar(http_tour: HttpTour) -> None:
    """A token, =, cookie-octets (quoted or not), attributes behind a semicolon and a space, none of them twice."""
    # Field note: old applications set values with spaces, commas or JSON in them.
    for line in _lines(http_tour):
        wrong = [what for what in parse_set_cookie(line).wrong if not what.startswith(TIMES)]
        http_tour.require(not wrong, f"{SYNTAX}; not {', '.join(wrong)}", line)


@requirement("WWW-6265-4.1.1-dup", SHOULD, "RFC 6265 4.1.1", "One response sets a cookie of one name once.")
@needs("?cookie")
def test_no_cookie_is_set_twice(http_tour: HttpTour) -> None:
    """No two Set-Cookie lines of a response have one name."""
    # Field note: frameworks that rotate sessions delete and set in one answer. Cookies of one name for two paths or
    # domains are two cookies for a browser; the sentence forbids them all the same.
    for answer in _setting(http_tour):
        lines = answer.fields.all("Set-Cookie")
        names = [parse_set_cookie(line).name for line in lines]
        twice = [line for line, name in zip(lines, names, strict=True) if names.count(name) > 1]
        http_tour.require(not twice, "each cookie once in a response", b", and ".join(twice))


JOINED = re.compile(rb",[ \t]*(?:" + TOKEN.pattern + rb")=")


def _is_joined(line: bytes) -> bool:
    """Whether a second cookie stands in a line: where a list would hold it, and not inside of the first value."""
    value, *attributes = line.split(b";")
    return bool(re.search(rb",[ \t]" + JOINED.pattern[1:], value)) or any(map(JOINED.search, attributes))


@requirement("WWW-6265-3-no-fold", SHOULD, "RFC 6265 3", "Several cookies are several lines, never one list.")
@needs("?cookie")
def test_cookies_are_not_joined_to_a_list(http_tour: HttpTour) -> None:
    """Of a response that sets several, no line holds a second one behind a comma."""
    lines = list(_lines(http_tour))
    several = any(len(answer.fields.all("Set-Cookie")) > 1 for answer in _setting(http_tour))
    http_tour.prerequisite(several or any(map(_is_joined, lines)), "a response with two cookies")
    for line in lines:
        http_tour.require(not _is_joined(line), "a Set-Cookie line for each cookie", line)


@requirement(
    "WWW-6265-4.1.1-expires", SHOULD, "RFC 6265 4.1.1", "Expires is a date in GMT, and Max-Age a number from 1 on."
)
@needs("?cookie")
def test_times_of_cookies(http_tour: HttpTour, www: Www) -> None:
    """Each as its grammar says; Max-Age=0, by which cookies are deleted everywhere, is noted."""
    lines = [line for line in _lines(http_tour) if {"expires", "max-age"} & parse_set_cookie(line).attributes.keys()]
    http_tour.prerequisite(lines, "a cookie with Expires or Max-Age")
    for line in lines:
        cookie = parse_set_cookie(line)
        wrong = [what for what in cookie.wrong if what.startswith(TIMES)]
        if cookie.attributes.get("max-age") == b"0":
            www.note("Max-Age=0: not in the grammar for servers, and understood by every browser")
            wrong = [what for what in wrong if not what.startswith("Max-Age")]
        http_tour.require(not wrong, f"Expires as a date, Max-Age from 1 on; not {', '.join(wrong)}", line)


PREFIXES = ("__host-", "__secure-")


@requirement(
    "WWW-cookie-prefix", SECURITY, "RFC 6265bis 4.1.3", "Cookies named __Host- and __Secure- are as their names say."
)
@needs("?cookie")
def test_prefixes_of_cookies_are_kept(http_tour: HttpTour) -> None:
    """Secure for both; for __Host- the path / and no domain: browsers drop what is otherwise."""
    cookies = [(line, parse_set_cookie(line)) for line in _lines(http_tour)]
    prefixed = [
        (line, cookie) for line, cookie in cookies if cookie.name.decode("latin-1").lower().startswith(PREFIXES)
    ]
    if not prefixed:
        raise NotApplicable("a prefix", "no cookie's name begins with __Host- or __Secure-")
    for line, cookie in prefixed:
        attributes = cookie.attributes
        http_tour.require("secure" in attributes, "Secure, as the cookie's name says", line)
        if cookie.name.lower().startswith(b"__host-"):
            whole = attributes.get("path") == b"/" and "domain" not in attributes
            http_tour.require(whole, "Path=/ and no Domain, as the cookie's name says", line)


# -- what becomes of those that come back

SENT = 'a=1; b="xy"; c=%3B; d=e=f; a=2'


def _shown(answer: Response) -> list[tuple[str, str]]:
    """The cookies that a page says it was sent, as JSON. Raises NotApplicable where it says nothing of the kind."""
    try:
        found: Any = json.loads(answer.body)
    except (ValueError, RecursionError):
        found = None
    pairs = found.get("cookies", found) if isinstance(found, dict) else found
    pairs = list(pairs.items()) if isinstance(pairs, dict) else pairs
    if not isinstance(pairs, list) or not all(isinstance(p, list | tuple) and len(p) == 2 for p in pairs):
        raise NotApplicable("a page that shows cookies", "?cookie= does not show as JSON the cookies that it was sent")
    return [(str(name), str(value)) for name, value in pairs]


@requirement(
    "WWW-6265-4.2-roundtrip", SHOULD, "RFC 6265 4.2, 5.4", "Cookies reach the application as the browser sent them."
)
@needs("?cookie")
def test_cookies_arrive_as_they_were_sent(www_cookie: Www) -> None:
    """A value with =, with a percent sign, in quotes (kept or not), and two of one name (one of them or both)."""
    # Field note: Python's http.cookies strips quotes.
    www = www_cookie
    twin = _shown(www.ask(www.get("Cookie: a=1", target=www.resource)))
    www.require(("a", "1") in twin, "the cookie a=1", str(twin))
    answer = www.exchange(www.get(f"Cookie: {SENT}", target=www.resource), "2yz", "3yz")
    seen = _shown(answer)
    for name, allowed in (("b", ('"xy"', "xy")), ("c", ("%3B",)), ("d", ("e=f",)), ("a", ("1", "2"))):
        values = [value for known, value in seen if known == name]
        www.require(values and set(values) <= set(allowed), f"{name} as in `Cookie: {SENT}`", answer.body)
    www.note(f"of two cookies of one name: {' and '.join(v for n, v in seen if n == 'a')}")
    if ("b", "xy") in seen:
        www.note("quotes around a value are taken away")


GARBAGE = {
    "separators": b";;=;a;",
    "no-name": b"=nc",
    "octets": b"b=\xff\xfe",
    "version": b"$Version=1; $Path=/",
    "unterminated": b'c="unterminated',
    "brackets": b"a[b][]=1; a[=2",
    "controls": b"b=\x01\x02",
    "escape": b'd="\\9\\777"; e=%zz',
}
ANYHOW = UNDERSTOOD | REFUSAL | Fate.DROPPED
TOO_LARGE = (400, 413, 431)


def _without_failure(www: Www, cookies: bytes) -> None:
    """No 5yz; a good cookie behind the garbage may be lost, which is noted."""
    twin = www.get("Cookie: nc-first=1; nc-last=2", target=www.resource)
    stimulus = www.get(b"Cookie: nc-first=1; " + cookies + b"; nc-last=2", target=www.resource)
    answers = www.meets(stimulus, ANYHOW, *TOO_LARGE, twin=twin)
    if answers.fate in UNDERSTOOD and answers.first is not None:
        _note_losses(www, answers.first)


def _note_losses(www: Www, answer: Response) -> None:
    try:
        names = [name for name, _ in _shown(answer)]
    except NotApplicable:
        return
    for name in ("nc-first", "nc-last"):
        if name not in names:
            www.note(f"a good cookie beside it is lost: {name}")


@requirement("WWW-6265-cookie-garbage", SECURITY, "RFC 6265 8.6", "No cookie makes an application fail.")
@needs("?cookie")
@pytest.mark.parametrize("cookies", GARBAGE.values(), ids=list(GARBAGE))
def test_cookies_that_are_none(www_cookie: Www, cookies: bytes) -> None:
    """They are passed over or refused with 400; what fails lets anybody who can plant a cookie lock a user out."""
    # Field note: Python's http.cookies drops all that follows a bad pair.
    _without_failure(www_cookie, cookies)


@requirement("WWW-6265-cookie-garbage", SECURITY, "RFC 6265 8.6", "No cookie makes an application fail.")
@hostile
@needs("?cookie")
def test_cookie_of_100_kilobytes(www_cookie: Www) -> None:
    """400, 413 or 431, or an answer."""
    _without_failure(www_cookie, b"nc-large=" + b"x" * 100_000)


NOT_CHECKED: list[tuple[str, str]] = []

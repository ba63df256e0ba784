"""What a stranger says, repeated: on pages, in JSON, in a query, in a redirect. It is never more than his words."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from pytest_netconform.dialogues.http_fates import REFUSAL, UNDERSTOOD, Fate
from pytest_netconform.dialogues.www import REDIRECTS, Jar, Www
from pytest_netconform.requirement import SECURITY, needs, requirement, serial, writes
from pytest_netconform.verdict import Inconclusive
from pytest_netconform.wire.html import LONGEST, Page, parse_page
from pytest_netconform.wire.http import Response
from pytest_netconform.wire.http_places import parse_place

ANYHOW = UNDERSTOOD | REFUSAL | Fate.DROPPED

#: words that become an element, or an attribute of one, where they are not escaped for where they stand
MARKUP = {
    "element": "<nc-x>",
    "script": "</script><nc-x>",
    "comment": "--><nc-x>",
    "title": "</title></textarea><nc-x>",
    "double-quote": '" nc-x="1',
    "single-quote": "' nc-x='1",
}


def _is_page(answer: Response) -> bool:
    """Whether a browser takes it for a page."""
    return (answer.fields.get("Content-Type") or b"").lower().partition(b";")[0].strip() == b"text/html"


def _is_text(www: Www, answer: Response, where: str) -> None:
    """What was said has become neither an element nor an attribute of a page."""
    if not _is_page(answer):
        return
    page = parse_page(answer.body)
    escaped = "nc-x" not in page.names() | page.attributes()
    www.require(escaped, f"{where} as text in the page that repeats it", _around(answer.body))


def _around(body: bytes) -> bytes:
    """The part of a page in which it stands."""
    place = body.find(b"nc-x")
    return body[max(place - 40, 0) : place + 60]


# -- on pages


@requirement(
    "WWW-xss-reflect", SECURITY, "OWASP XSS, FPNP 11", "What a request says is escaped where a page repeats it."
)
@needs("?reflect")
@pytest.mark.parametrize("said", MARKUP.values(), ids=list(MARKUP))
def test_repeated_parameter(www: Www, said: str) -> None:
    """In text, in attributes of either quotes, in scripts and comments: words stay words."""
    word = www.word()
    twin = www.page(www.filled("reflect", word))
    if word.encode() not in twin.body or not _is_page(twin):
        raise Inconclusive(f"the page at ?reflect= ({twin.status}) does not repeat a word, or is no text/html")
    _is_text(www, www.page(www.filled("reflect", f"{word}{said}")), "the parameter")


@requirement(
    "WWW-xss-reflect", SECURITY, "OWASP XSS, FPNP 11", "What a request says is escaped where a page repeats it."
)
@pytest.mark.parametrize("said", MARKUP.values(), ids=list(MARKUP))
@pytest.mark.parametrize("raw", [False, True], ids=["encoded", "raw"])
def test_repeated_path(www: Www, said: str, raw: bool) -> None:
    """On the page about what is not there, and in that which refuses the octets as a path."""
    # Field note: nginx, httpd, lighttpd, HAProxy and CPython http.server repeat none.
    words = said.replace(" ", "/") if raw else quote(said, safe="")
    stimulus, twin = www.get(target=f"/{www.word()}{words}?{words}"), www.get(target=f"/{www.word()}")
    for answer in www.meets(stimulus, ANYHOW | Fate.FAILED, twin=twin).own:
        _is_text(www, answer, "the path")


@requirement(
    "WWW-xss-reflect", SECURITY, "OWASP XSS, FPNP 11", "What a request says is escaped where a page repeats it."
)
@pytest.mark.parametrize("name", ["User-Agent", "Referer", "X-Forwarded-For", "X-Forwarded-Host", "Accept-Language"])
def test_repeated_field(www: Www, name: str) -> None:
    """On the root's page, and on that about what is not there."""
    for path in (www.root, f"/{www.word()}"):
        _is_text(www, www.page(path, None, f"{name}: {MARKUP['element']}{MARKUP['double-quote']}"), f"the field {name}")


@requirement("WWW-xss-stored", SECURITY, "FPNP 11", "What was posted is escaped on the page that shows it.")
@serial
@writes
@needs("?form", "?items")
@pytest.mark.parametrize("said", MARKUP.values(), ids=list(MARKUP))
def test_posted_and_shown(www_form: Www, said: str) -> None:
    """Another visitor reads the words, and no element or attribute that is made of them."""
    www, word = www_form, www_form.word()
    page = www.form(www.resource, jar := Jar())
    www.submit(www.resource, [(name, word + said) for name in page.inputs or ["text"]], jar, hidden=page.hidden)
    shown = www.page(www.path("items"))
    if word.encode() not in shown.body or not _is_page(shown):
        raise Inconclusive(f"what was posted to {www.resource} is not on a page at {www.path('items')}")
    _is_text(www, shown, "what was posted")


# -- in JSON

JSON = re.compile(rb"application/json|[^/;\s]+/[^/;\s]+\+json|text/json")


@requirement("WWW-json-type", SECURITY, "RFC 8259 11", "JSON is labelled application/json, and never a page.")
@needs("?json")
def test_type_of_json(www: Www) -> None:
    """What repeats a stranger's words as JSON is opened by no browser as a page; whether sniffing is off is noted."""
    word = www.word()
    answer = www.page(www.filled("json", f"{word}{MARKUP['element']}"))
    try:
        text = json.dumps(json.loads(answer.body), ensure_ascii=False)
    except (ValueError, RecursionError):
        text = ""
    if word not in text:
        raise Inconclusive(f"{answer.status} at ?json=, and no JSON that repeats a word")
    kind = (answer.fields.get("Content-Type") or b"").lower().partition(b";")[0].strip()
    www.require(JSON.fullmatch(kind), "Content-Type: application/json", answer.head)
    www.note("sniffing is off" if "nosniff" in answer.fields.words("X-Content-Type-Options") else "no nosniff")


# -- in a query

CANARIES = {
    "quote": "' OR '1'='1",
    "double-quote": '" OR "1"="1',
    "number": "1 OR 1=1",
    "comment": "nc' OR 1=1-- ",
    "statement": "1;--",
    "union": "nc' UNION SELECT 'nc-x'-- ",
}
SPOKEN = re.compile(
    rb"SQL syntax|SQLSTATE|sqlite3?[.:]|ORA-[0-9]{5}|unterminated quoted string|unrecognized token|"
    rb"psycopg|mysqli?_|ODBC|near &?.{1,8}: syntax error",
    re.IGNORECASE,
)


def _found(www: Www, sought: str) -> tuple[int, str, tuple[str, ...]]:
    """The status of a search, the text of its page without the words that were sought, and its elements."""
    answer = www.page(www.filled("search", sought))
    page = (
        parse_page(answer.body) if _is_page(answer) else Page(pieces=[answer.body[:LONGEST].decode("utf-8", "replace")])
    )
    text = page.text
    for form in (sought, html.escape(sought), json.dumps(sought)[1:-1], quote(sought)):
        text = text.replace(" ".join(form.split()), "").replace(form, "")
    return answer.status, " ".join(text.split()), tuple(name for name, _ in page.tags)


def _plain(sought: str) -> str:
    """The same words without what would be syntax: what a search for words finds by them."""
    return " ".join(re.findall(r"[A-Za-z0-9-]+", sought))


@requirement("WWW-sqli-canary", SECURITY, "FPNP 11, OWASP ASVS 5.3.4", "What is sought is a value, and never syntax.")
@needs("?search", "?found")
@pytest.mark.parametrize("canary", CANARIES.values(), ids=list(CANARIES))
def test_what_is_sought_is_no_syntax(www: Www, canary: str) -> None:
    """It finds what a value finds that is not there; no database speaks, and nothing fails."""
    nothing, again = _found(www, www.word()), _found(www, www.word())
    something = _found(www, www.path("found"))
    if nothing != again or nothing == something:
        raise Inconclusive("the search shows no difference between what is there and what is not, or is never the same")
    answer = www.ask(www.get(target=www.filled("search", canary)))
    spoken = SPOKEN.search(answer.body[:LONGEST])
    www.require(spoken is None, "no words of a database", spoken[0] if spoken else b"")
    www.require(answer.status < 500, f"what is not there for {canary}", answer.status)
    if 400 <= answer.status < 500 and answer.status != nothing[0]:
        www.note(f"{answer.status} for {canary}")
        return
    found = _found(www, canary)
    allowed = found in (nothing, _found(www, _plain(canary)))
    www.require(allowed, f"what a value finds that is not there, for {canary}", found[1][:120])


# -- in a redirect

AWAY = {
    "url": "https://nc.example/",
    "slashes": "//nc.example/",
    "three": "///nc.example/",
    "scheme": "https:nc.example",
    "backslash": "/\\nc.example",
    "backslashes": "\\\\nc.example",
    "tab": "/\t/nc.example",
    "user": "//{host}@nc.example/",
    "suffix": "//{host}.nc.example/",
    "script": "javascript:alert(1)//{host}",
    "line-end": "/\r\nNc-X:1",
}


def _leads(www: Www, place: str) -> Response:
    return www.page(www.filled("next", place))


def _names(www: Www) -> Iterator[str]:
    yield www.host.lower()
    yield www.host.lower().rpartition(":")[0] or www.host.lower()


@requirement(
    "WWW-open-redirect", SECURITY, "OWASP ASVS 5.1.5", "A redirect to where a parameter says stays on the site."
)
@needs("?next")
@pytest.mark.parametrize("place", AWAY.values(), ids=list(AWAY))
def test_redirects_stay_on_the_site(www: Www, place: str) -> None:
    """As browsers read Location: backslashes are slashes, and tabs are not there. Where it may lead, it leads."""
    twin = _leads(www, "/nc-here")
    if not www.led_to(twin).endswith("/nc-here"):
        raise Inconclusive(f"{twin.status} for ?next= with /nc-here, and no redirect there")
    answer = _leads(www, place.format(host=www.host))
    www.require("Nc-X" not in answer.fields, "a parameter that ends no line of the answer's head", answer.head)
    location = answer.fields.get("Location")
    if answer.status not in REDIRECTS or location is None:
        return
    found = parse_place(location, www.scheme)
    stays = found.scheme in ("", "http", "https") and (found.host is None or found.host in set(_names(www)))
    www.require(stays, "a Location on this site, or none", location)


NOT_CHECKED: list[tuple[str, str]] = []

"""Requests that pages from elsewhere forge, and addresses that change something when they are only looked at."""

from __future__ import annotations

import pytest

from pytest_netconform.dialogues.www import ELSEWHERE, Jar, Www
from pytest_netconform.requirement import SECURITY, needs, requirement, serial, writes
from pytest_netconform.verdict import Inconclusive
from pytest_netconform.wire.html import Page
from pytest_netconform.wire.http_forms import urlencoded

LIMITED = (b"lax", b"strict")


def _listed(www: Www, word: str) -> bool:
    """Whether what was posted is in the list."""
    return word.encode() in www.page(www.path("items"), www.jar).body


def _filled(page: Page, word: str) -> list[tuple[str, str]]:
    """A form as its page asks for it, filled in with a word."""
    return [(name, word) for name in page.inputs or ["text"]]


@requirement(
    "WWW-csrf-token", SECURITY, "OWASP CSRF, FPNP 11", "A form that another site's page posts changes nothing."
)
@serial
@writes
@needs("?form", "?items", "?login", "?account")
@pytest.mark.parametrize("token", ["none", "wrong", "another"])
def test_forged_form(www_login: Www, token: str) -> None:
    """Without the form's token, with a made-up one or with that of somebody else; with the right one it is posted."""
    www, path = www_login, www_login.path("form")
    page, stranger = www.form(path, www.jar), www.form(path, Jar())
    good, forged = www.word(), www.word()
    www.submit(path, _filled(page, good), www.jar, hidden=page.hidden)
    if not _listed(www, good):
        raise Inconclusive(f"what was posted to {path} is not in {www.path('items')}")
    hidden = {"none": {}, "wrong": dict.fromkeys(page.hidden, "0" * 32), "another": stranger.hidden}[token]
    body = urlencoded([*hidden.items(), *_filled(page, forged)])
    status = www.ask(www.posting(path, body, www.jar, origin=ELSEWHERE)).status
    if not _listed(www, forged):
        return
    if not page.hidden and _kept_at_home(www):
        www.note("nothing but SameSite keeps forged forms away")
        return
    www.require(False, "403, and nothing posted by another site's page", f"{status}, and it is posted")


def _kept_at_home(www: Www) -> bool:
    """Whether browsers do not send the login's cookies along with a form from elsewhere."""
    cookies = [www.jar.cookies[name] for name in www.tokens]
    return bool(cookies) and all(c.attributes.get("samesite", b"").lower() in LIMITED for c in cookies)


@requirement("WWW-csrf-get", SECURITY, "RFC 9110 9.2.1", "What changes something is not done by GET or HEAD.")
@serial
@writes
@needs("?action", "?items", "?form")
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_changes_nothing(www_form: Www, method: str) -> None:
    """What was posted before is still there behind it, and POST does away with it."""
    www, path, word = www_form, www_form.path("action"), www_form.word()
    page = www.form(www.resource, www.jar)
    www.submit(www.resource, _filled(page, word), www.jar, hidden=page.hidden)
    if not _listed(www, word):
        raise Inconclusive(f"what was posted to {www.resource} is not in {www.path('items')}")
    answer = www.ask(www.request(method, path, *www.jar.lines))
    www.require(
        _listed(www, word), f"nothing changed by {method} {path}", f"{answer.status}, and what was there is gone"
    )
    www.submit(path, [], www.jar, hidden=page.hidden)
    if _listed(www, word):
        raise Inconclusive(f"POST {path} does not change what is in {www.path('items')}")


NOT_CHECKED: list[tuple[str, str]] = []

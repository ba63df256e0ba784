"""Logins: their cookies, how they begin and end, and whose objects they open."""

from __future__ import annotations

import base64
import binascii

from pytest_netconform.dialogues.www import Jar, Www
from pytest_netconform.requirement import SECURITY, needs, requirement
from pytest_netconform.verdict import Inconclusive, NotApplicable
from pytest_netconform.wire.http_cookies import Cookie


def _tokens(www: Www) -> list[Cookie]:
    """The cookies on which the login rests. Raises NotApplicable where it rests on none."""
    found = [www.jar.cookies[name] for name in www.tokens]
    if not found:
        raise NotApplicable("a session cookie", "the login rests on no single cookie")
    return found


@requirement(
    "WWW-cookie-flags", SECURITY, "RFC 6265 4.1.2.5-6", "A login's cookie is HttpOnly, Secure inside TLS, and SameSite."
)
@needs("?login", "?account")
def test_flags_of_the_cookie_of_a_login(www_login: Www) -> None:
    """For no script, for no clear text, and for no request from elsewhere (None only together with Secure)."""
    www = www_login
    for cookie in _tokens(www):
        flags = ", ".join(cookie.attributes) or "no attributes"
        said = f"{cookie.name.decode('latin-1')} with {flags}"
        same_site = cookie.attributes.get("samesite", b"").decode("latin-1").lower()
        www.require("httponly" in cookie.attributes, "HttpOnly", said)
        www.require("secure" in cookie.attributes or not www.wire.secure, "Secure, inside TLS", said)
        if not same_site:
            # Field note: Flask and Starlette set none unless they are told to.
            www.tolerate("SameSite", said.encode(), "some browsers take Lax where nothing is said, and not all do")
            continue
        enough = same_site in ("lax", "strict") or (same_site == "none" and "secure" in cookie.attributes)
        www.require(enough, "SameSite of Lax or Strict, or None with Secure", f"{said} ({same_site})")


@requirement(
    "WWW-session-fixation", SECURITY, "OWASP ASVS 3.2.1", "Who logs in gets a session that nobody else can know."
)
@needs("?login", "?account")
def test_a_planted_session_is_not_logged_in(www_login: Www) -> None:
    """Whatever was in the cookie before, there is another value behind the login, and only that is logged in."""
    www = www_login
    _tokens(www)
    planted = Jar()
    for name in www.tokens:
        planted.plant(name, www.word().encode())
    www.page(www.resource, planted)  # a server may give a session of his own to who is not logged in
    before = planted.copy()
    www.sign_in(www.target.account[0], after := planted.copy())
    if not www.signed_in(after):
        raise Inconclusive("the login with a cookie that was there already does not log in")
    stale = Jar({**after.cookies, **{name: before.cookies[name] for name in www.tokens if name in before.cookies}})
    www.require(not www.signed_in(stale), "a new value behind the login, and none of before", "the old one logs in")


@requirement("WWW-logout", SECURITY, "OWASP ASVS 3.3.1", "Behind the logout, the cookie of the login opens nothing.")
@needs("?login", "?logout", "?account")
def test_a_session_ends_with_the_logout(www_login: Www) -> None:
    """Said again, the cookie that opened the page before does not."""
    www = www_login
    _tokens(www)
    kept = www.jar.copy()
    _log_out(www)
    if not www.signed_in(kept):
        return
    said = b"; ".join(cookie.name for cookie in kept.cookies.values())
    if all(_holds_all(kept.cookies[name].value) for name in www.tokens):
        # Field note: Flask's and Starlette's own sessions, and most tokens of JWT.
        www.tolerate("a session that is over", said, "the cookie holds the whole session: it cannot be taken back")
        return
    www.require(False, "a session that is over behind the logout", "the same cookie is still logged in")


def _log_out(www: Www) -> None:
    """POST, as a browser would; GET where that is how it is done."""
    path = www.path("logout")
    hidden = www.form(www.led_to(www.original) or www.root, www.jar).hidden
    answer = www.submit(path, [], www.jar, hidden=hidden)
    if answer.status in (404, 405, 501):
        answer = www.page(path, www.jar)
    if answer.status >= 400:
        raise Inconclusive(f"{answer.status} in answer to the logout at {path}")


def _holds_all(value: bytes) -> bool:
    """Whether a value is signed data and no mere name: JSON, or what is compressed, before the first dot."""
    head, dot, _ = value.strip(b'"').lstrip(b".").partition(b".")
    try:
        data = base64.urlsafe_b64decode(head + b"=" * (-len(head) % 4))
    except (binascii.Error, ValueError):
        return False
    return bool(dot) and data[:1] in (b"{", b"[", b"x")


@requirement("WWW-authz-direct", SECURITY, "FPNP 11", "What belongs to one account is not served to another.")
@needs("?login", "?private", "?second", "?account")
def test_another_accounts_object(www_login: Www) -> None:
    """403, 404 or to the login for the first account, and for nobody; its owner reads it."""
    www = www_login
    path, owner = www.path("private"), Jar()
    www.sign_in(www.path("second"), owner)
    own = www.page(path, owner)
    if not 200 <= own.status < 300:
        raise Inconclusive(f"{own.status} in answer to GET {path} by its owner")
    for who, jar in (("the other account", www.jar.copy()), ("nobody", Jar())):
        answer = www.page(path, jar)
        served = 200 <= answer.status < 300
        if served and answer.body != own.body:
            raise Inconclusive(f"{answer.status} for {who}, and another page than its owner's: {path} may say no in it")
        www.require(not served, f"403 or 404 for {who}", f"{answer.status}, and what its owner reads")


NOT_CHECKED: list[tuple[str, str]] = []

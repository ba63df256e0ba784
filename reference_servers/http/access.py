"""Who it is: Basic authentication, cookies, logins by form, and tokens against forged requests.

(RFC 7617; RFC 6265; RFC 9110 11.) Nothing here belongs to a connection: each request proves itself anew.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from pytest_netconform.reference_servers.http.request import OWS, Refusal, Request
from pytest_netconform.reference_servers.http.resources import Resources
from pytest_netconform.reference_servers.http.respond import Fields, Response

REALM = "netconform"
BASIC = re.compile(rb"(?i)basic +([A-Za-z0-9+/]+=*)")
YEAR = 365 * 86400


@dataclass(frozen=True)
class Cookie:
    """A cookie to set. lasts: seconds, None for the browser's session; negative: it is to be forgotten."""

    name: str
    value: str
    lasts: int | None = None
    http_only: bool = True
    same_site: str = "Lax"
    path: str = "/"


class Access(Resources):
    """Accounts, sessions and tokens."""

    # Basic

    def check_access(self, head: Request) -> None:
        if self.user_of(head) is None:
            raise Refusal(401, "Who is it?", self.challenge_fields())

    def challenge_fields(self) -> Fields:
        """How to prove it (RFC 9110 11.6.1, RFC 7617 2)."""
        return (("WWW-Authenticate", self.challenge()),)

    def challenge(self) -> str:
        """Scheme, realm, and the one charset there is (RFC 7617 2.1)."""
        return f'Basic realm="{REALM}", charset="UTF-8"'

    def user_of(self, request: Request) -> str | None:
        """Who has proved who he is in this request; None for everybody else."""
        given = self.credentials(request.values("authorization"))
        if given is None or not self.is_password(*given):
            return None
        return given[0]

    def credentials(self, values: list[bytes]) -> tuple[str, str] | None:
        """User and password of one Authorization line; None for what is malformed (RFC 7617 2)."""
        match = BASIC.fullmatch(values[0].strip(OWS)) if len(values) == 1 else None
        if match is None:
            return None
        try:
            text = self.decoded_credentials(match[1])
        except ValueError:
            return None
        user, password = self.split_credentials(text)
        return (user, password) if ":" in text else None

    def decoded_credentials(self, text: bytes) -> str:
        """Base64 of UTF-8; ValueError for anything else."""
        try:
            return base64.b64decode(text, validate=True).decode("utf-8")
        except binascii.Error as error:
            raise ValueError(str(error)) from None

    def split_credentials(self, text: str) -> tuple[str, str]:
        """The first colon ends the name; the password may hold more (RFC 7617 2)."""
        user, _, password = text.partition(":")
        return user, password

    def is_password(self, user: str, password: str) -> bool:
        """Whether it is the password of a user there is."""
        known = self.config.passwords.get(user)
        return known is not None and hmac.compare_digest(known.encode(), password.encode("utf-8", "replace"))

    def answer_private(self, request: Request) -> Response:
        """For those with an account."""
        greeting = self.page("Behind the door", f"<p>Hello {self.escape(self.user_of(request) or '')}</p>")
        return Response(200, (*self.page_fields(), ("Cache-Control", "max-age=60")), greeting.encode())

    # cookies

    def cookies_of(self, request: Request) -> list[tuple[str, str]]:
        """The pairs of a request, in their order; what is no pair is passed over (RFC 6265 4.2, 5.4)."""
        texts = [part.strip(OWS).decode("latin-1") for value in request.values("cookie") for part in value.split(b";")]
        return [self.split_cookie(text) for text in texts if text.partition("=")[1] and text.partition("=")[0].strip()]

    def split_cookie(self, text: str) -> tuple[str, str]:
        """The first `=` ends the name; the value may hold more."""
        name, _, value = text.partition("=")
        return name.strip(" \t"), value.strip(" \t")

    def cookie_value(self, request: Request, name: str) -> str | None:
        """The first cookie of a name."""
        return next((value for known, value in self.cookies_of(request) if known == name), None)

    def cookie_fields(self, *cookies: Cookie) -> Fields:
        """A line each (RFC 6265 3)."""
        return tuple(("Set-Cookie", self.format_cookie(cookie)) for cookie in cookies)

    def format_cookie(self, cookie: Cookie) -> str:
        """Name, value and attributes (RFC 6265 4.1.1)."""
        return "; ".join([f"{cookie.name}={cookie.value}", *self.cookie_attributes(cookie)])

    def cookie_attributes(self, cookie: Cookie) -> list[str]:
        """Where and how long it is good; Secure wherever TLS is."""
        return [
            f"Path={cookie.path}",
            *self.cookie_time(cookie),
            *(["Secure"] if self.is_secure else []),
            *(["HttpOnly"] if cookie.http_only else []),
            *([f"SameSite={cookie.same_site}"] if cookie.same_site else []),
        ]

    def cookie_time(self, cookie: Cookie) -> list[str]:
        """Expires for all, Max-Age where it may be (it is never 0: RFC 6265 4.1.1)."""
        if cookie.lasts is None:
            return []
        expires = f"Expires={self.format_expires(cookie.lasts)}"
        return [expires, f"Max-Age={cookie.lasts}"] if cookie.lasts > 0 else [expires]

    def format_expires(self, lasts: int) -> str:
        """The end as a date in GMT."""
        return self.format_date(self.today() + timedelta(seconds=lasts))

    def prefixed(self, name: str) -> str:
        """Inside TLS a name that binds the cookie to this host (RFC 6265bis 4.1.3.2)."""
        return f"__Host-{name}" if self.is_secure else name

    def answer_cookie(self, request: Request) -> Response:
        """Sets two cookies and shows those that came, as JSON."""
        cookies = (
            Cookie(self.prefixed("visit"), self.site.token("visit", str(self.site.number()))),
            Cookie("theme", "dark", lasts=3600, http_only=False),
        )
        shown = {"cookies": [list(pair) for pair in self.cookies_of(request)]}
        return self.json_response(shown).adding(*self.cookie_fields(*cookies))

    # logins

    def session_cookie(self, token: str, lasts: int | None = None) -> Cookie:
        """The cookie of a login: for no script, and for no request from elsewhere."""
        return Cookie(self.prefixed("session"), token, lasts)

    def session_of(self, request: Request) -> str | None:
        """The token that a request brings, whatever it is worth."""
        return self.cookie_value(request, self.prefixed("session"))

    def logged_in(self, request: Request) -> str | None:
        """Whose session it is; None for nobody's."""
        token = self.session_of(request)
        return None if token is None else self.site.session_user(token)

    def begin_session(self, request: Request, user: str) -> str:
        """A new token at each login, whatever was brought: nobody can have planted it."""
        self.end_session(request)
        return self.site.begin_session(user)

    def end_session(self, request: Request) -> None:
        """The token is worth nothing any more, wherever it is kept."""
        self.site.end_session(self.session_of(request) or "")

    # requests that pages from elsewhere forge

    def csrf_token(self, request: Request) -> str:
        """What the forms of a session carry, and no other page can know."""
        return self.site.token("form", self.session_of(request) or "")

    def check_forged(self, request: Request, form: Mapping[str, str]) -> None:
        """A change in the name of a session wants its token, and comes from our own pages."""
        self.check_origin(request)
        if self.logged_in(request) is not None and not self.is_token(request, form.get("csrf", "")):
            raise Refusal(403, "The token of the form is missing or wrong")

    def is_token(self, request: Request, given: str) -> bool:
        """Whether it is the token of this session."""
        return hmac.compare_digest(self.csrf_token(request).encode(), given.encode("utf-8", "replace"))

    def check_origin(self, request: Request) -> None:
        """Origin, if a browser sends it, is ours."""
        origin = request.value("origin")
        if origin is not None and not self.is_own_origin(request, origin):
            raise Refusal(403, "The form is from elsewhere")

    def is_own_origin(self, request: Request, origin: str) -> bool:
        """Scheme and host with port, as the request names them (RFC 6454 6.2)."""
        host = (request.value("host") or "").lower()
        return origin.lower() == f"{'https' if self.is_secure else 'http'}://{host}"

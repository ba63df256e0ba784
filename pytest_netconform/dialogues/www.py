"""Judging web applications behind HTTP: what a browser does, with cookies, forms and logins.

A `Jar` keeps cookies; pages are asked with it. Who is logged in is told by a page that differs for who is: it is
looked for when somebody logs in. What is posted carries the hidden fields of the form's own page, and the Origin that a
browser would name, so that applications behind such defences are judged too.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus

from pytest_netconform.dialogues.http import Http
from pytest_netconform.verdict import Inconclusive, NotApplicable
from pytest_netconform.visit import Visit
from pytest_netconform.wire.html import Page, parse_page
from pytest_netconform.wire.http import Response
from pytest_netconform.wire.http_cookies import Cookie, parse_set_cookie
from pytest_netconform.wire.http_fields import parse_imf_date
from pytest_netconform.wire.http_forms import URLENCODED, Understood, parse_understood, urlencoded
from pytest_netconform.wire.http_places import parse_place

ELSEWHERE = "https://nc-elsewhere.example"
SECRET = 8  # octets from which on a token is one
REDIRECTS = (301, 302, 303, 307, 308)
Pairs = Iterable[tuple[str, str]]


@dataclass
class Jar:
    """A browser's cookies: by name, as they were set."""

    cookies: dict[str, Cookie] = field(default_factory=dict)

    def take(self, answer: Response) -> None:
        """Keep what an answer sets, and forget what it takes back (RFC 6265 5.3)."""
        for value in answer.fields.all("Set-Cookie"):
            cookie = parse_set_cookie(value)
            name = cookie.name.decode("latin-1")
            if forgotten(cookie, answer):
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = cookie

    def plant(self, name: str, value: bytes) -> None:
        """A cookie that nobody here has set."""
        self.cookies[name] = Cookie(name.encode("latin-1"), value, {})

    def without(self, name: str) -> Jar:
        """The same, but for one cookie."""
        return Jar({known: cookie for known, cookie in self.cookies.items() if known != name})

    def copy(self) -> Jar:
        """The same cookies; what is taken from now on is not shared."""
        return Jar(dict(self.cookies))

    @property
    def lines(self) -> list[bytes]:
        """The field line that says them; none where there are none (RFC 6265 5.4)."""
        pairs = b"; ".join(cookie.name + b"=" + cookie.value for cookie in self.cookies.values())
        return [b"Cookie: " + pairs] if pairs else []


def forgotten(cookie: Cookie, answer: Response) -> bool:
    """Whether a Set-Cookie takes a cookie back: its end is no later than the answer (RFC 6265 3.1)."""
    if (age := cookie.attributes.get("max-age")) is not None:
        return age.startswith(b"-") or age.strip(b"0") == b""
    now, end = parse_imf_date(answer.fields.get("Date") or b""), cookie.expires
    return end is not None and (end.year < 1990 if now is None else end <= now)


class Www(Http):
    """A browser's half, on one connection at a time.

    jar: of who has logged in. tokens: the cookies without which he is not logged in.
    """

    def __init__(self, visit: Visit) -> None:
        super().__init__(visit)
        self.jar = Jar()
        self.tokens: list[str] = []
        self._shows = ""  # the page that tells who is logged in
        self._inside: tuple[int, bool] = (0, False)

    # -- pages

    def word(self) -> str:
        """A word that was never said before."""
        return self.visit.nonce(f"nc{secrets.token_hex(8)}")

    def page(self, path: str, jar: Jar | None = None, *lines: str) -> Response:
        """The answer to GET, with the cookies of a jar, which keeps what is set."""
        jar = Jar() if jar is None else jar
        answer = self.ask(self.get(*jar.lines, *lines, target=path))
        jar.take(answer)
        return answer

    def filled(self, option: str, text: str | bytes) -> str:
        """The path that an option names, with a text in place of its `*`, percent-encoded."""
        return self.path(option).replace("*", quote(text, safe=""), 1)

    def form(self, path: str, jar: Jar) -> Page:
        """The page of a form: what a browser would send along. No report shows its tokens."""
        found = parse_page(self.page(path, jar).body)
        self._hide(jar, found.hidden.values())
        return found

    def _hide(self, jar: Jar, words: Iterable[str] = ()) -> None:
        values = [cookie.value for cookie in jar.cookies.values()] + [word.encode() for word in words]
        for value in values:
            if len(value) >= SECRET:
                self.visit.transcript.hide(value)

    @property
    def origin(self) -> str:
        """The Origin of the target's own pages (RFC 6454 6.2)."""
        return f"{self.scheme}://{self.host}"

    def posting(
        self, path: str, body: bytes, jar: Jar | None = None, *lines: str, kind: str = URLENCODED, origin: str = ""
    ) -> bytes:
        """The octets of a POST by a browser, for `count` and `meets`."""
        own = ("Sec-Fetch-Site: same-origin", f"Origin: {origin or self.origin}")
        given = ("Sec-Fetch-Site: cross-site", f"Origin: {origin}") if origin else own
        cookies: list[bytes] = jar.lines if jar else []
        typed = [f"Content-Type: {kind}"] if kind else []
        return self.request("POST", path, *cookies, *given, *typed, *lines, f"Content-Length: {len(body)}", body=body)

    def submit(self, path: str, fields: Pairs, jar: Jar, *, hidden: Mapping[str, str] | None = None) -> Response:
        """The answer to a form that is filled in; hidden fields are those of its page unless they are given."""
        carried = self.form(path, jar).hidden if hidden is None else hidden
        answer = self.ask(self.posting(path, urlencoded([*carried.items(), *fields]), jar))
        jar.take(answer)
        return answer

    def understood_of(self, answer: Response) -> Understood | None:
        """What the application says was in a form: in the answer, or on the page to which that leads."""
        found = parse_understood(answer.body)
        if found is None and (path := self.led_to(answer)):
            found = parse_understood(self.page(path).body)
        return found

    def led_to(self, answer: Response) -> str:
        """The path on this site to which an answer redirects; empty if it does not."""
        location = answer.fields.get("Location")
        if answer.status not in REDIRECTS or location is None:
            return ""
        place = parse_place(location, self.scheme)
        here = not place.scheme and place.host in (None, self.host.lower(), self.host.lower().partition(":")[0])
        return place.rest if here and place.rest.startswith("/") else ""

    # -- logins

    def sign_in(self, user: str, jar: Jar) -> Response:
        """Post user and password (the same for both accounts) to `?login=`."""
        password = self.target.account[1]
        self.visit.transcript.hide(quote_plus(password).encode())
        answer = self.submit(self.path("login"), [("username", user), ("password", password)], jar)
        self._hide(jar)
        return answer

    def enter(self) -> Response:
        """Log in, and find out how that shows. Inconclusive where it does not."""
        user = self.target.account[0]
        answer = self.sign_in(user, self.jar)
        if not self.jar.cookies:
            self.visit.note(f"{answer.status} to the login")
            raise NotApplicable("a cookie", f"no cookie is set by the login, which is answered {answer.status}")
        for path in dict.fromkeys(filter(None, (self.led_to(answer), self.root, self.path("login")))):
            self._shows, outside = path, self._signature(Jar(), path)
            self._inside = self._signature(self.jar.copy(), path)
            if self._inside != outside:
                break
        else:
            raise Inconclusive(f"{answer.status} to the login, and no page that is another for who is logged in")
        self.tokens = [name for name in self.jar.cookies if not self.signed_in(self.jar.without(name))]
        self.visit.evidence.add("twin")
        return answer

    def signed_in(self, jar: Jar) -> bool:
        """Whether these cookies are those of somebody who is logged in, as the first account."""
        return self._signature(jar.copy(), self._shows) == self._inside

    def _signature(self, jar: Jar, path: str) -> tuple[int, bool]:
        answer = self.page(path, jar)
        return answer.status, self.target.account[0].encode() in answer.body

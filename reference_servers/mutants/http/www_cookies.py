"""Mutants of cookies: how they are set, and what is made of those that come."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from pytest_netconform.reference_servers.http import HttpSession, Request, Response
from pytest_netconform.reference_servers.http.access import Cookie
from pytest_netconform.reference_servers.http.respond import Fields
from pytest_netconform.reference_servers.mutants.mutant import mutant


@mutant("cookie_of_json", breaks=["WWW-6265-4.1.1-syntax"], because="other octets than cookies have")
class CookieOfJson(HttpSession):
    """Sets JSON as it is."""

    def format_cookie(self, cookie: Cookie) -> str:
        return super().format_cookie(replace(cookie, value='{"theme": "dark", "size": 1}'))


@mutant("cookie_name_with_blank", breaks=["WWW-6265-4.1.1-syntax"], because="no token")
class CookieNameWithBlank(HttpSession):
    """Calls a cookie what users call it."""

    def format_cookie(self, cookie: Cookie) -> str:
        return super().format_cookie(replace(cookie, name=f"the {cookie.name}"))


@mutant("cookie_attributes_without_space", breaks=["WWW-6265-4.1.1-syntax"], because="without a space")
class CookieAttributesWithoutSpace(HttpSession):
    """Joins attributes by semicolons alone."""

    def format_cookie(self, cookie: Cookie) -> str:
        return super().format_cookie(cookie).replace("; ", ";")


@mutant("cookie_deleted_and_set", breaks=["WWW-6265-4.1.1-dup"], because="each cookie once")
class CookieDeletedAndSet(HttpSession):
    """Deletes each cookie before it sets it."""

    def cookie_fields(self, *cookies: Cookie) -> Fields:
        gone = [replace(cookie, value="gone", lasts=-1) for cookie in cookies]
        return super().cookie_fields(*gone, *cookies)


@mutant("cookies_joined", breaks=["WWW-6265-3-no-fold"], because="a Set-Cookie line for each")
class CookiesJoined(HttpSession):
    """Joins the lines of a field as those of other fields may be."""

    def cookie_fields(self, *cookies: Cookie) -> Fields:
        return (("Set-Cookie", ", ".join(value for _, value in super().cookie_fields(*cookies))),)


@mutant("cookie_ends_in_local_time", breaks=["WWW-6265-4.1.1-expires"], because="Expires in another form")
class CookieEndsInLocalTime(HttpSession):
    """Says when a cookie ends by the clock on the wall."""

    def format_expires(self, lasts: int) -> str:
        return super().format_expires(lasts).replace("GMT", "+0200")


@mutant("cookie_ends_with_dashes", breaks=["WWW-6265-4.1.1-expires"], because="Expires in another form")
class CookieEndsWithDashes(HttpSession):
    """Netscape's date, of 1994."""

    def format_expires(self, lasts: int) -> str:
        return f"{self.today() + timedelta(seconds=lasts):%a, %d-%b-%Y %H:%M:%S GMT}"


@mutant("cookie_max_age_of_a_fraction", breaks=["WWW-6265-4.1.1-expires"], because="Max-Age that is no number above 0")
class CookieMaxAgeOfAFraction(HttpSession):
    """Seconds as Python counts them."""

    def cookie_time(self, cookie: Cookie) -> list[str]:
        return [] if cookie.lasts is None else [f"Max-Age={float(cookie.lasts)}"]


@mutant("cookie_max_age_0", breaks=["WWW-6265-4.1.1-expires"], because="Max-Age=0")
class CookieMaxAge0(HttpSession):
    """Deletes by Max-Age=0."""

    def cookie_time(self, cookie: Cookie) -> list[str]:
        return [] if cookie.lasts is None else ["Max-Age=0"]


@mutant("host_cookie_with_domain", breaks=["WWW-cookie-prefix"], because="no Domain", tls="implicit")
class HostCookieWithDomain(HttpSession):
    """Binds a cookie to this host and says another one."""

    def cookie_attributes(self, cookie: Cookie) -> list[str]:
        return [*super().cookie_attributes(cookie), f"Domain={self.config.host}"]


@mutant("host_cookie_in_clear", breaks=["WWW-cookie-prefix"], because="Secure")
class HostCookieInClear(HttpSession):
    """Has the prefix without TLS."""

    def prefixed(self, name: str) -> str:
        return f"__Host-{name}"


@mutant("cookie_split_at_every_equals", breaks=["WWW-6265-4.2-roundtrip"], because="d as in")
class CookieSplitAtEveryEquals(HttpSession):
    """Takes what stands between the first two equals signs for the value."""

    def split_cookie(self, text: str) -> tuple[str, str]:
        name, value, *_ = text.split("=")
        return name.strip(), value


@mutant("cookie_decoded", breaks=["WWW-6265-4.2-roundtrip"], because="c as in")
class CookieDecoded(HttpSession):
    """Undoes percent-encodings."""

    def split_cookie(self, text: str) -> tuple[str, str]:
        name, value = super().split_cookie(text)
        return name, value.replace("%3B", ";")


@mutant("cookie_garbage_fails", breaks=["WWW-6265-cookie-garbage"], because="500")
class CookieGarbageFails(HttpSession):
    """Does not think of cookies without a name."""

    def answer_cookie(self, request: Request) -> Response:
        values = request.values("cookie")
        if any(part.strip()[:1] in (b"", b"=") for value in values for part in value.split(b";")):
            return Response(500)
        return super().answer_cookie(request)


@mutant("large_cookie_fails", breaks=["WWW-6265-cookie-garbage"], because="500", longest_head="200000")
class LargeCookieFails(HttpSession):
    """Has no room for cookies, and does not look."""

    def answer_cookie(self, request: Request) -> Response:
        return Response(500) if len(request.value("cookie") or "") > 50_000 else super().answer_cookie(request)


@mutant("cookies_behind_garbage_lost", breaks=["WWW-6265-cookie-garbage"], because="is lost: nc-last")
class CookiesBehindGarbageLost(HttpSession):
    """Reads no further than the first that is no pair of tokens."""

    def cookies_of(self, request: Request) -> list[tuple[str, str]]:
        found = super().cookies_of(request)
        bad = [place for place, (_, value) in enumerate(found) if not value.isprintable() or value.startswith('"')]
        return found[: bad[0]] if bad else found

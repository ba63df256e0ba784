"""Mutants of logins: sessions that can be stolen, planted, kept or forged, and objects that are everybody's."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace

from pytest_netconform.reference_servers.http import HttpSession, Request, Response, Route
from pytest_netconform.reference_servers.http.access import Cookie
from pytest_netconform.reference_servers.http.site import Note
from pytest_netconform.reference_servers.mutants.mutant import mutant


@mutant("session_for_scripts", breaks=["WWW-cookie-flags"], because="HttpOnly")
class SessionForScripts(HttpSession):
    """Leaves out HttpOnly."""

    def session_cookie(self, token: str, lasts: int | None = None) -> Cookie:
        return replace(super().session_cookie(token, lasts), http_only=False)


@mutant("session_from_elsewhere", breaks=["WWW-cookie-flags"], because="None")
class SessionFromElsewhere(HttpSession):
    """Sends it along with everybody's requests."""

    def session_cookie(self, token: str, lasts: int | None = None) -> Cookie:
        return replace(super().session_cookie(token, lasts), same_site="None")


@mutant("session_without_same_site", breaks=["WWW-cookie-flags"], because="SameSite")
class SessionWithoutSameSite(HttpSession):
    """Leaves that to the browser."""

    def session_cookie(self, token: str, lasts: int | None = None) -> Cookie:
        return replace(super().session_cookie(token, lasts), same_site="")


@mutant("session_in_clear", breaks=["WWW-cookie-flags"], because="Secure", tls="implicit")
class SessionInClear(HttpSession):
    """Leaves out Secure."""

    def prefixed(self, name: str) -> str:
        return name

    def cookie_attributes(self, cookie: Cookie) -> list[str]:
        return [text for text in super().cookie_attributes(cookie) if text != "Secure"]


@mutant("session_kept", breaks=["WWW-session-fixation"], because="the old one logs in")
class SessionKept(HttpSession):
    """Logs in whatever session is there."""

    def begin_session(self, request: Request, user: str) -> str:
        token = self.session_of(request)
        if not token:
            return super().begin_session(request, user)
        self.site.keep_session(token, user)
        return token


@mutant("session_renamed", breaks=["WWW-session-fixation"], because="the old one logs in")
class SessionRenamed(HttpSession):
    """Gives a new one, and lets the old one in too."""

    def begin_session(self, request: Request, user: str) -> str:
        self.site.keep_session(self.session_of(request) or "", user)
        return self.site.begin_session(user)


@mutant("session_outlives_logout", breaks=["WWW-logout"], because="still logged in")
class SessionOutlivesLogout(HttpSession):
    """Takes the cookie back, and nothing else."""

    def end_session(self, request: Request) -> None:
        """It stays."""


@mutant("session_in_its_cookie", breaks=["WWW-logout"], because="a session that is over")
class SessionInItsCookie(HttpSession):
    """Signs the user's name, and keeps nothing."""

    def begin_session(self, request: Request, user: str) -> str:
        data = base64.urlsafe_b64encode(f'{{"user": "{user}"}}'.encode()).decode().rstrip("=")
        self.site.keep_session(token := f"{data}.{self.site.token(user)}", user)
        return token

    def end_session(self, request: Request) -> None:
        """There is nothing to end."""


@mutant("notes_for_all", breaks=["WWW-authz-direct"], because="the other account")
class NotesForAll(HttpSession):
    """Asks whether somebody is logged in, and not who."""

    def may_read(self, user: str, note: Note) -> bool:
        return True


@mutant("notes_without_login", breaks=["WWW-authz-direct"], because="nobody")
class NotesWithoutLogin(HttpSession):
    """Looks at the owner only where somebody is logged in."""

    def answer_note(self, request: Request) -> Response:
        note = self.site.note(self.number_of(request))
        if self.logged_in(request) is None and note is not None:
            return self.html("A note", f"<p>{self.escape(note.text)}</p>")
        return super().answer_note(request)


class ForeignOrigins(HttpSession):
    """Does not look at Origin, so that tokens are the only defence."""

    def check_origin(self, request: Request) -> None:
        """Anybody's."""


@mutant("token_not_looked_at", breaks=["WWW-csrf-token"], because="and it is posted")
class TokenNotLookedAt(ForeignOrigins):
    """Has tokens in its forms, and never looks at them."""

    def is_token(self, request: Request, given: str) -> bool:
        return True


@mutant("token_may_be_missing", breaks=["WWW-csrf-token"], because="and it is posted")
class TokenMayBeMissing(ForeignOrigins):
    """Looks at a token where there is one."""

    def check_forged(self, request: Request, form: Mapping[str, str]) -> None:
        if "csrf" in form:
            super().check_forged(request, form)


@mutant("token_of_any_value", breaks=["WWW-csrf-token"], because="and it is posted")
class TokenOfAnyValue(ForeignOrigins):
    """Is content with any."""

    def is_token(self, request: Request, given: str) -> bool:
        return bool(given)


@mutant("no_tokens", breaks=["WWW-csrf-token"], because="nothing but SameSite")
class NoTokens(ForeignOrigins):
    """Trusts in SameSite."""

    def is_token(self, request: Request, given: str) -> bool:
        return True

    def csrf_token(self, request: Request) -> str:
        return ""

    def html(self, title: str, content: str, status: int = 200) -> Response:
        return super().html(title, content.replace('<input type="hidden" name="csrf" value="">', ""), status)


def _opened(path: str) -> Mapping[str, Route]:
    return {**HttpSession.routes, path: replace(HttpSession.routes[path], methods=("GET", "HEAD", "POST"))}


@mutant("get_clears", breaks=["WWW-csrf-get"], because="what was there is gone")
class GetClears(HttpSession):
    """Does by GET what POST is for."""

    routes = _opened("/form/clear")

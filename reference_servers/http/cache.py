"""A shared cache before the site, where the configuration wants one (RFC 9111).

It keeps what the answers allow it to keep, for each request that they vary with, and says how old it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pytest_netconform.reference_servers.http.request import Request
from pytest_netconform.reference_servers.http.resources import Resources
from pytest_netconform.reference_servers.http.respond import Response

#: requests with these are answered by the site itself
PASSED = ("authorization", "range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since")
_SECONDS = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True)
class Kept:
    """A stored response: to which request, since when (the carriage's clock), for how many seconds."""

    request: Request
    response: Response
    since: float
    lasts: int


class Cache(Resources):
    """Stored responses are shared by all sessions of a site."""

    def respond_to(self, request: Request) -> Response:
        if not self.config.cache or request.method != "GET":
            return super().respond_to(request)
        kept = self.lookup(request)
        if kept is not None:
            return kept.response.adding(("Age", self.age(kept)))
        response = super().respond_to(request)
        if self.may_store(request, response):
            dated = response.adding(("Date", self.format_date(self.today())))
            self.site.cache_add(self.cache_key(request), Kept(request, dated, self.now, self.freshness(response)))
        return response

    def cache_key(self, request: Request) -> str:
        """What the cache finds a response by: the whole target URI (RFC 9111 2)."""
        target = request.target
        return f"{self.effective_host(request)} {target.path!r} {target.query!r}"

    def lookup(self, request: Request) -> Kept | None:
        """A fresh response that may be used for this request (RFC 9111 4)."""
        if not self.may_reuse(request):
            return None
        for kept in self.site.cached(self.cache_key(request)):
            assert isinstance(kept, Kept)
            if self.is_fresh(kept) and self.matches(kept, request):
                return kept
        return None

    def may_reuse(self, request: Request) -> bool:
        """Whether the request lets itself be answered from the cache."""
        directives = self.directives(request.value("cache-control"))
        return not any(request.values(name) for name in PASSED) and not {"no-cache", "no-store"} & directives.keys()

    def matches(self, kept: Kept, request: Request) -> bool:
        """The same in every field that the response varies with (RFC 9111 4.1)."""
        return all(kept.request.values(name) == request.values(name) for name in self.vary(kept.response))

    def vary(self, response: Response) -> list[str]:
        """The names in Vary."""
        value = ",".join(value for name, value in response.fields if name.lower() == "vary")
        return [name.strip().lower() for name in value.split(",") if name.strip()]

    def may_store(self, request: Request, response: Response) -> bool:
        """Complete, fresh for a while, and nobody's own (RFC 9111 3, 3.5)."""
        if response.status != 200 or "*" in self.vary(response) or response.has("set-cookie"):
            return False
        directives = self.response_directives(response)
        forbidden = {"no-store", "private", "no-cache"} & directives.keys()
        return not forbidden and self.may_share(request, directives) and self.freshness(response) > 0

    def may_share(self, request: Request, directives: dict[str, str]) -> bool:
        """An answer to credentials is for nobody else, unless it says so (RFC 9111 3.5)."""
        personal = bool(request.values("authorization"))
        return not personal or bool({"public", "s-maxage", "must-revalidate"} & directives.keys())

    def freshness(self, response: Response) -> int:
        """Seconds (RFC 9111 4.2.1); nothing is guessed."""
        directives = self.response_directives(response)
        text = directives.get("s-maxage", directives.get("max-age", ""))
        return int(text) if _SECONDS.fullmatch(text) else 0

    def is_fresh(self, kept: Kept) -> bool:
        """Whether it may still be used."""
        return self.now - kept.since < kept.lasts

    def age(self, kept: Kept) -> str:
        """Seconds since the site answered (RFC 9111 5.1)."""
        return str(int(self.now - kept.since))

    def response_directives(self, response: Response) -> dict[str, str]:
        """The directives of a response."""
        return self.directives(",".join(value for name, value in response.fields if name.lower() == "cache-control"))

    def directives(self, text: str | None) -> dict[str, str]:
        """Cache directives by name (RFC 9111 5.2)."""
        pairs = (part.strip(" \t").partition("=") for part in (text or "").split(","))
        return {name.lower(): value.strip('"') for name, _, value in pairs if name}

"""Mutants of pages: strangers' words that become markup, syntax, redirects, fields; and errors that tell too much."""

from __future__ import annotations

import html
from dataclasses import replace

from pytest_netconform.reference_servers.http import HttpSession, Refusal, Request, Response
from pytest_netconform.reference_servers.http.pages import CATALOGUE
from pytest_netconform.reference_servers.http.respond import Fields
from pytest_netconform.reference_servers.mutants.mutant import mutant

REFLECT, STORED = "WWW-xss-reflect", "WWW-xss-stored"


@mutant("nothing_escaped", breaks=[REFLECT, STORED], because="as text in the page")
class NothingEscaped(HttpSession):
    """Repeats what was said."""

    def escape(self, text: str) -> str:
        return text


@mutant("quotes_not_escaped", breaks=[REFLECT], because="the parameter as text")
class QuotesNotEscaped(HttpSession):
    """Escapes for text, and repeats in attributes too."""

    def escape(self, text: str) -> str:
        return html.escape(text, quote=False)


@mutant("script_tags_removed", breaks=[REFLECT, STORED], because="as text in the page")
class ScriptTagsRemoved(HttpSession):
    """Knows one element that is dangerous."""

    def escape(self, text: str) -> str:
        return text.replace("<script>", "").replace("</script>", "")


@mutant("path_decoded_in_error_page", breaks=[REFLECT], because="the path as text")
class PathDecodedInErrorPage(HttpSession):
    """Shows the path of what is not there, decoded."""

    def error_page(self, request: Request | None, refusal: Refusal) -> str:
        page = super().error_page(request, refusal)
        return page + self.path_of(request) if request is not None and refusal.status == 404 else page


@mutant("referer_in_error_page", breaks=[REFLECT], because="the field Referer")
class RefererInErrorPage(HttpSession):
    """Leads back to where one came from."""

    def error_page(self, request: Request | None, refusal: Refusal) -> str:
        back = request.value("referer") if request is not None else ""
        return super().error_page(request, refusal) + f'<a href="{back}">Back</a>'


@mutant("list_not_escaped", breaks=[STORED], because="what was posted")
class ListNotEscaped(HttpSession):
    """Trusts what it has stored."""

    def answer_entries(self, request: Request) -> Response:
        return self.html("What was said", "".join(f"<p>{text}</p>" for text in self.site.entries()))


@mutant("json_as_html", breaks=["WWW-json-type"], because="application/json")
class JsonAsHtml(HttpSession):
    """Labels everything as a page."""

    def json_type(self) -> str:
        return "text/html; charset=utf-8"


@mutant("json_sniffed", breaks=["WWW-json-type"], because="no nosniff")
class JsonSniffed(HttpSession):
    """Lets browsers guess."""

    def json_response(self, value: object, status: int = 200) -> Response:
        answer = super().json_response(value, status)
        return replace(answer, fields=tuple(field for field in answer.fields if field[1] != "nosniff"))


@mutant("query_built_of_words", breaks=["WWW-sqli-canary"], because="what a value finds that is not there")
class QueryBuiltOfWords(HttpSession):
    """Puts what is sought between quotes."""

    def found(self, sought: str) -> list[str]:
        return list(CATALOGUE) if "' OR " in sought else super().found(sought)


@mutant("database_speaks", breaks=["WWW-sqli-canary"], because="no words of a database")
class DatabaseSpeaks(HttpSession):
    """Shows why a query went wrong."""

    def answer_search(self, request: Request) -> Response:
        answer = super().answer_search(request)
        if "'" not in self.query_of(request).get("q", ""):
            return answer
        return replace(answer, body=b'<p>sqlite3.OperationalError: near "1": syntax error</p>')


@mutant("search_fails", breaks=["WWW-sqli-canary"], because="500")
class SearchFails(HttpSession):
    """Says nothing of why."""

    def answer_search(self, request: Request) -> Response:
        if "'" in self.query_of(request).get("q", ""):
            raise Refusal(500, "It did not work")
        return super().answer_search(request)


class GoesAnywhere(HttpSession):
    """Goes where `is_here` lets it, as it was said."""

    def answer_go(self, request: Request) -> Response:
        place = self.query_of(request).get("next", "/")
        if not self.is_here(place):
            raise Refusal(400, "That is not on this site")
        return Response(302, (("Location", place), *self.page_fields()))


@mutant("redirects_out", breaks=["WWW-open-redirect"], because="a Location on this site")
class RedirectsOut(GoesAnywhere):
    """Redirects wherever one wants."""

    def is_here(self, place: str) -> bool:
        return place.isprintable()


@mutant("redirects_to_backslashes", breaks=["WWW-open-redirect"], because="a Location on this site")
class RedirectsToBackslashes(GoesAnywhere):
    """Looks for slashes alone."""

    def is_here(self, place: str) -> bool:
        return place.isprintable() and place.startswith("/") and not place.startswith("//")


@mutant("redirects_to_other_names", breaks=["WWW-open-redirect"], because="a Location on this site")
class RedirectsToOtherNames(GoesAnywhere):
    """Looks for its own name at the beginning."""

    def is_here(self, place: str) -> bool:
        return super().is_here(place) or place.startswith(f"//{self.config.host}")


@mutant("redirect_splits_head", breaks=["WWW-open-redirect"], because="ends no line")
class RedirectSplitsHead(GoesAnywhere):
    """Lets line ends into Location."""

    def is_here(self, place: str) -> bool:
        return super().is_here(place.replace("\r\n", ""))


@mutant("hsts_in_clear", breaks=["WWW-sec-headers"], because="in clear text")
class HstsInClear(HttpSession):
    """Says it over http too."""

    def security_fields(self) -> Fields:
        return (*super().security_fields(), ("Strict-Transport-Security", "max-age=31536000"))


class CorsEverywhere(HttpSession):
    """Answers every page's question, at every path."""

    def respond_to(self, request: Request) -> Response:
        answer = super().respond_to(request)
        return answer if answer.has("Access-Control-Allow-Origin") else answer.adding(*self.cors_fields(request))


@mutant("every_origin_trusted", breaks=["WWW-cors"], because="with credentials")
class EveryOriginTrusted(CorsEverywhere):
    """Repeats any origin."""

    def trusts(self, origin: str) -> bool:
        return True


@mutant("null_origin_trusted", breaks=["WWW-cors"], because="leave for null")
class NullOriginTrusted(CorsEverywhere):
    """Takes `null` for somebody at home, who is everybody in a frame."""

    def trusts(self, origin: str) -> bool:
        return origin == "null"


@mutant("origins_trusted_by_their_end", breaks=["WWW-cors"], because="with credentials")
class OriginsTrustedByTheirEnd(CorsEverywhere):
    """Looks at the end of a name."""

    def trusts(self, origin: str) -> bool:
        return origin.endswith(self.config.host)


@mutant("origin_without_vary", breaks=["WWW-cors"], because="Vary: Origin")
class OriginWithoutVary(CorsEverywhere):
    """Repeats any origin, without credentials, and for caches to keep."""

    def cors_fields(self, request: Request) -> Fields:
        origin = request.value("origin")
        return () if origin is None else (("Access-Control-Allow-Origin", origin),)

    def respond_to(self, request: Request) -> Response:
        answer = super().respond_to(request)
        return replace(answer, fields=tuple(field for field in answer.fields if field[0] != "Vary"))


@mutant("utf8_labelled_latin1", breaks=["WWW-basic-charset"], because="seems to be in UTF-8")
class Utf8LabelledLatin1(HttpSession):
    """Says Latin-1, and writes UTF-8."""

    def format_field(self, name: str, value: str) -> bytes:
        return super().format_field(name, value.replace("text/html; charset=utf-8", "text/html; charset=iso-8859-1"))


@mutant("traceback_in_error_page", breaks=["WWW-error-page"], because="Traceback")
class TracebackInErrorPage(HttpSession):
    """Was never taken out of its debug mode."""

    def error_page(self, request: Request | None, refusal: Refusal) -> str:
        trace = f'Traceback (most recent call last):\n  File "/srv/app.py", line 7, in view\nRefusal: {refusal.why}'
        return super().error_page(request, refusal) + f"<pre>{self.escape(trace)}</pre>"


@mutant("version_in_error_page", breaks=["WWW-error-page"], because="a version in an error")
class VersionInErrorPage(HttpSession):
    """Says with what it was made."""

    def error_page(self, request: Request | None, refusal: Refusal) -> str:
        return super().error_page(request, refusal) + "<address>Python/3.11.2</address>"


@mutant("agent_on_every_page", breaks=["WWW-crlf-log"], because="User-Agent as text")
class AgentOnEveryPage(HttpSession):
    """Greets the browser by its name."""

    def home(self, request: Request) -> bytes:
        return super().home(request) + f"<p>{request.value('user-agent')}</p>".encode("latin-1")


@mutant("agent_decoded_into_head", breaks=["WWW-crlf-log"], because="made of User-Agent")
class AgentDecodedIntoHead(HttpSession):
    """Puts it into a field of the answer, decoded."""

    def general_fields(self, request: Request | None, response: Response) -> Fields:
        agent = (request.value("user-agent") or "") if request is not None else ""
        return (*super().general_fields(request, response), ("X-Agent", agent.replace("%0d%0a", "\r\n")))


@mutant("agent_must_be_ascii", breaks=["WWW-crlf-log"], because="500")
class AgentMustBeAscii(HttpSession):
    """Writes it into a log in ASCII."""

    def respond_to(self, request: Request) -> Response:
        if not (request.value("user-agent") or "").isascii():
            raise Refusal(500, "UnicodeEncodeError")
        return super().respond_to(request)

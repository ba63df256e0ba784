"""Resources: which there are, what may be done with them, and the simple ones (RFC 9110 9, 10.2.1).

`Resources` finds a resource by its path and hands a request to the method that its row names. It must not know octets.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote, unquote_to_bytes

from pytest_netconform.reference_servers.http.conditions import Representation
from pytest_netconform.reference_servers.http.ranges import Ranges
from pytest_netconform.reference_servers.http.request import Field, Form, Refusal, Request
from pytest_netconform.reference_servers.http.respond import METHODS, Fields, Response
from pytest_netconform.reference_servers.http.site import BIG, HELLO, MODIFIED

READ = ("GET", "HEAD")
TEXT = "text/plain; charset=utf-8"
HTML = "text/html; charset=utf-8"
SAFE = "/%-._~!$&'()*+,;=:@"  # what stands in a path as it is


@dataclass(frozen=True)
class Route:
    """One row of the table of resources.

    answer: the method's name behind `answer_`. methods: besides OPTIONS. feature: what must be on. protected: wants
    Basic credentials.
    """

    answer: str
    methods: tuple[str, ...] = READ
    feature: str = ""
    protected: bool = False


#: by path; a path that ends in `/*` stands for all below it
ROUTES: dict[str, Route] = {
    "/": Route("home"),
    "/index.html": Route("home"),
    "/hello.txt": Route("hello"),
    "/big.bin": Route("big"),
    "/echo": Route("echo", ("GET", "HEAD", "POST", "PUT", "DELETE"), "echo"),
    "/folder": Route("folder", feature="redirect"),
    "/folder/": Route("inside"),
    "/moved/*": Route("moved", feature="redirect"),
    "/landing/*": Route("inside"),
    "/chunked": Route("chunked", feature="chunked"),
    "/trailers": Route("trailers", feature="chunked"),
    "/slow": Route("slow"),
    "/nothing": Route("nothing", (*READ, "POST")),
    "/reset": Route("reset", (*READ, "POST")),
    "/busy": Route("busy"),
    "/newer": Route("newer"),
    "/private": Route("private", feature="auth", protected=True),
    "/scratch/": Route("scratch", (*READ, "POST"), "write"),
    "/scratch/*": Route("scratched", (*READ, "PUT", "DELETE"), "write"),
    "/cors": Route("cors", (*READ, "POST"), "cors"),
}


class Resources(Ranges):
    """From a request to a response."""

    routes: Mapping[str, Route] = ROUTES

    # the gate

    def admit(self, head: Request) -> None:
        self.check_method(head)
        if head.target.form in (Form.ASTERISK, Form.AUTHORITY) or head.method == "TRACE":
            return
        route = self.find_route(head)
        self.check_allowed(head, route)
        if route.protected and head.method != "OPTIONS":
            self.check_access(head)

    def check_method(self, head: Request) -> None:
        """A method that nobody here knows (RFC 9110 9.1)."""
        if head.method not in METHODS:
            raise Refusal(501, "The method is unknown")

    def find_route(self, head: Request) -> Route:
        """The row of a resource, or 404."""
        route = self.route_of(self.path_of(head))
        if route is None or (route.feature and not self.config.has(route.feature)):
            raise Refusal(404, "There is nothing here")
        return route

    def route_of(self, path: str) -> Route | None:
        """The row of a path: its own, or the nearest above that has what is below."""
        if path in self.routes:
            return self.routes[path]
        above = [name for name in self.routes if name.endswith("/*") and path.startswith(name[:-1])]
        return self.routes[max(above, key=len)] if above else None

    def path_of(self, request: Request) -> str:
        """The path, decoded once and without dot segments (RFC 3986 5.2.4, 6.2.2)."""
        return self.without_dots(self.decoded_path(request.target.path))

    def decoded_path(self, path: bytes) -> str:
        """Percent-encodings undone; NUL names nothing (RFC 3986 7.3)."""
        text = unquote_to_bytes(path).decode("utf-8", "replace")
        if "\0" in text:
            raise Refusal(400, "The path holds NUL")
        return text

    def without_dots(self, path: str) -> str:
        """`.` and `..` followed, never above the root (RFC 3986 5.2.4)."""
        kept: list[str] = []
        segments = path.split("/")[1:]
        for place, segment in enumerate(segments):
            if segment == "..":
                del kept[-1:]
            elif segment != ".":
                kept.append(segment)
            if segment in (".", "..") and place == len(segments) - 1:
                kept.append("")
        return "/" + "/".join(kept)

    def check_allowed(self, head: Request, route: Route) -> None:
        """A method that is known, and not for this resource (RFC 9110 15.5.6)."""
        if head.method not in self.allowed(route):
            raise Refusal(405, f"{head.method} is not for this resource", self.allow_fields(route))

    def allowed(self, route: Route) -> tuple[str, ...]:
        """The methods of a resource."""
        return (*route.methods, "OPTIONS") if self.config.has("options") else route.methods

    def allow_fields(self, route: Route) -> Fields:
        """They must be told (RFC 9110 15.5.6)."""
        return (("Allow", ", ".join(self.allowed(route))),)

    def check_access(self, head: Request) -> None:
        """Whether the credentials will do, or 401."""
        raise NotImplementedError

    # dispatch

    def respond_to(self, request: Request) -> Response:
        self.admit(request)
        upgraded = self.upgrade(request)
        if upgraded is not None:
            return upgraded
        if request.method == "CONNECT":
            return self.answer_connect(request)
        if request.method == "TRACE":
            return self.answer_trace(request)
        if request.method == "OPTIONS":
            return self.answer_options(request)
        return self.dispatch(request, self.find_route(request))

    def dispatch(self, request: Request, route: Route) -> Response:
        """To the method that the row names."""
        response = getattr(self, f"answer_{route.answer}")(request)
        assert isinstance(response, Response)
        return response

    # methods that belong to no resource

    def answer_options(self, request: Request) -> Response:
        """What may be done with a resource, or here at all (RFC 9110 9.3.7)."""
        if not self.config.has("options"):
            raise Refusal(501, "OPTIONS is not known here")
        if request.target.form is Form.ASTERISK:
            return Response(204, (("Allow", "GET, HEAD, POST, PUT, DELETE, OPTIONS"),))
        route = self.find_route(request)
        return Response(204, (*self.allow_fields(route), *self.preflight_fields(request, route)))

    def preflight_fields(self, request: Request, route: Route) -> Fields:
        """What a browser may do for a page from elsewhere (Fetch 3.2.2)."""
        return ()

    def answer_connect(self, request: Request) -> Response:
        """No tunnels begin here (RFC 9110 9.3.6)."""
        raise Refusal(405, "This is no proxy", (("Allow", "GET, HEAD, POST, PUT, DELETE, OPTIONS"),))

    def answer_trace(self, request: Request) -> Response:
        """Nothing is sent back: it might be a secret (RFC 9110 9.3.8)."""
        raise Refusal(405, "TRACE is not answered", self.allow_fields(Route("")))

    def upgrade(self, request: Request) -> Response | None:
        """101 where the one other protocol is wanted that there is; everything else is passed over (RFC 9110 7.8)."""
        if not self.upgrades(request):
            return None
        return Response(101, (("Connection", "upgrade"), ("Upgrade", self.config.switches)))

    def upgrades(self, request: Request) -> bool:
        """Whether a protocol that is spoken here was offered, in HTTP/1.1, as an option of the connection."""
        offered = [name.lower() for name in request.members("upgrade")]
        wanted = request.version >= (1, 1) and "upgrade" in self.connection_options(request)
        return wanted and bool(self.config.switches) and self.config.switches.lower() in offered

    def on_upgraded(self, data: bytes) -> None:
        """The other protocol is an echo."""
        self.send(data)

    # what does not change

    def answer_home(self, request: Request) -> Response:
        """The page of the host that was asked for."""
        return self.show(request, Representation(self.home(request), HTML, MODIFIED, self.home_fields(), varies=True))

    def home(self, request: Request) -> bytes:
        """HTML."""
        host = self.config.second if self.effective_host(request) == self.config.second else self.config.host
        links = "".join(f'<li><a href="{path}">{path}</a></li>' for path in ("/hello.txt", "/folder/"))
        return self.page(f"Welcome to {host}", f"<p>Caf\u00e9 au lait.</p><ul>{links}</ul>").encode()

    def home_fields(self) -> Fields:
        """Cached for a minute."""
        expires = ("Expires", self.format_date(self.today() + timedelta(seconds=60)))
        return (("Cache-Control", "max-age=60"), expires, *self.security_fields())

    def answer_hello(self, request: Request) -> Response:
        """A text."""
        return self.show(request, Representation(HELLO, TEXT, MODIFIED, self.hello_fields(), varies=True))

    def hello_fields(self) -> Fields:
        """Cached for an hour."""
        return (("Cache-Control", "max-age=3600"),)

    def answer_big(self, request: Request) -> Response:
        """1 MiB that no coding makes smaller."""
        return self.show(request, Representation(BIG, "application/octet-stream", MODIFIED))

    def answer_inside(self, request: Request) -> Response:
        """Where redirections lead."""
        return Response(200, self.page_fields(), self.page("Here it is", "").encode())

    # what shows the request

    def answer_echo(self, request: Request) -> Response:
        """The request as JSON: octets are shown as Latin-1."""
        return self.json_response(self.echo(request))

    def echo(self, request: Request) -> dict[str, object]:
        """The request's parts."""
        return {
            "method": request.method,
            "target": request.target.raw.decode("latin-1"),
            "version": "HTTP/{}.{}".format(*request.version),
            "headers": self.pairs(request.fields),
            "body": request.body.decode("latin-1"),
            "trailers": self.pairs(request.trailers),
        }

    def pairs(self, fields: Iterable[Field]) -> list[list[str]]:
        """Field lines as they were written."""
        return [[field.name.decode("latin-1"), field.value.decode("latin-1")] for field in fields]

    def json_response(self, value: object, status: int = 200) -> Response:
        """JSON in ASCII; nobody is to take it for a page."""
        fields = (
            ("Content-Type", self.json_type()),
            ("X-Content-Type-Options", "nosniff"),
            ("Cache-Control", "no-store"),
        )
        return Response(status, fields, json.dumps(value, indent=1).encode() + b"\n")

    def json_type(self) -> str:
        """RFC 8259 11."""
        return "application/json"

    # redirections

    def answer_folder(self, request: Request) -> Response:
        """A folder without its slash (301)."""
        return self.redirect(301, "/folder/", request.target.query)

    def answer_moved(self, request: Request) -> Response:
        """`/moved/307/x` leads to `/landing/x` with 307, and so do the other four."""
        code, _, rest = self.path_of(request).removeprefix("/moved/").partition("/")
        status = int(code) if code in ("301", "302", "303", "307", "308") else 302
        return self.redirect(status, f"/landing/{rest}", request.target.query)

    def redirect(self, status: int, path: str, query: bytes | None = None) -> Response:
        """A redirection within this site, with the query of the request."""
        location = self.location(path) + ("" if query is None else f"?{self.location_query(query)}")
        return Response(
            status, (("Location", location), *self.page_fields()), self.page("It is elsewhere", "").encode()
        )

    def location(self, path: str) -> str:
        """A path as it stands in a field: relative to whatever host was asked, and encoded again (RFC 9110 10.2.2)."""
        encoded = quote(path, safe=SAFE.replace("%", ""))
        return "/" + encoded.lstrip("/")  # never a host of somebody's choice

    def location_query(self, query: bytes) -> str:
        """A query stays encoded as it came."""
        return query.decode("ascii")

    # content that is made while it is sent, or none

    def answer_chunked(self, request: Request) -> Response:
        """Pieces whose number nobody knows beforehand."""
        return Response(200, (("Content-Type", TEXT),), chunks=tuple(b"piece %d\n" % number for number in range(10)))

    def answer_trailers(self, request: Request) -> Response:
        """The same, and a field behind them."""
        kind = (("Content-Type", TEXT),)
        return Response(200, kind, chunks=(b"one\n", b"two\n"), trailers=(("X-Pieces", "2"),))

    def answer_slow(self, request: Request) -> Response:
        """Late."""
        return Response(200, (("Content-Type", TEXT),), b"At last.\n", delay=self.config.slow)

    def answer_nothing(self, request: Request) -> Response:
        """204."""
        return Response(204)

    def answer_reset(self, request: Request) -> Response:
        """205."""
        return Response(205)

    def answer_busy(self, request: Request) -> Response:
        """503."""
        raise Refusal(503, "Come again later")

    def answer_newer(self, request: Request) -> Response:
        """426 (RFC 9110 15.5.22): another protocol is wanted here."""
        fields = (("Upgrade", self.config.switches or "netconform"), ("Connection", "upgrade"))
        raise Refusal(426, "This wants another protocol", fields)

    # pages from elsewhere

    def answer_cors(self, request: Request) -> Response:
        """Somebody's data, for friends' pages to read."""
        return self.json_response({"balance": 42}).adding(*self.cors_fields(request))

    def cors_fields(self, request: Request) -> Fields:
        """Leave for origins that are known, and for nobody else (Fetch 3.2)."""
        origin = request.value("origin")
        if origin is None or not self.trusts(origin):
            return (("Vary", "Origin"),)
        return (
            ("Vary", "Origin"),
            ("Access-Control-Allow-Origin", origin),
            ("Access-Control-Allow-Credentials", "true"),
        )

    def trusts(self, origin: str) -> bool:
        """Whether pages of an origin may read with credentials."""
        return origin in self.config.origins

"""Responses: values, and how they become octets (RFC 9110 6.4, 6.6, 8.6, 15; RFC 9112 4, 6, 7, 9.3).

This module knows how a message is framed and what every response carries. It must not know what is asked for.
"""

from __future__ import annotations

import html
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from pytest_netconform.reference_servers.http.framing import Framing
from pytest_netconform.reference_servers.http.request import VERSION_10, VERSION_11, Refusal, Request

SERVER = "netconform-reference"
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT")

REASONS: dict[int, str] = {
    100: "Continue",
    101: "Switching Protocols",
    200: "OK",
    201: "Created",
    204: "No Content",
    205: "Reset Content",
    206: "Partial Content",
    301: "Moved Permanently",
    302: "Found",
    303: "See Other",
    304: "Not Modified",
    307: "Temporary Redirect",
    308: "Permanent Redirect",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    412: "Precondition Failed",
    413: "Content Too Large",
    414: "URI Too Long",
    415: "Unsupported Media Type",
    416: "Range Not Satisfiable",
    417: "Expectation Failed",
    421: "Misdirected Request",
    426: "Upgrade Required",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
    505: "HTTP Version Not Supported",
    507: "Insufficient Storage",
}
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

Fields = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Response:
    """An answer that is not yet framed.

    chunks: content whose length nobody knows beforehand, instead of body. delay: seconds before it is sent.
    """

    status: int
    fields: Fields = ()
    body: bytes = b""
    chunks: tuple[bytes, ...] | None = None
    trailers: Fields = ()
    delay: float = 0.0

    def has(self, name: str) -> bool:
        """Whether it has a field."""
        return any(name.lower() == known.lower() for known, _ in self.fields)

    def adding(self, *fields: tuple[str, str]) -> Response:
        """The same with more fields."""
        return replace(self, fields=(*self.fields, *fields))


class Delimited(Enum):
    """How the end of a response's content is known (RFC 9112 6.3)."""

    NONE = "there is no content"
    LENGTH = "Content-Length"
    CHUNKED = "the last chunk"
    CLOSE = "the end of the connection"


class Responses(Framing):
    """Values to octets."""

    line_break: bytes = b"\r\n"
    last_chunk: bytes = b"0\r\n"

    def format_response(self, request: Request | None, response: Response, persists: bool) -> bytes:
        """A whole response; request is None where nobody can tell what was asked."""
        delimited = self.delimited(request, response)
        head = self.format_head(request, response, self.all_fields(request, response, delimited, persists))
        if delimited is Delimited.NONE or not self.sends_content(request, response):
            return head
        return head + self.format_content(request, response, delimited)

    # content

    def sends_content(self, request: Request | None, response: Response) -> bool:
        """HEAD is answered by the head alone (RFC 9110 9.3.2)."""
        return not (self.only_head if request is None else request.method == "HEAD")

    def may_have_content(self, status: int) -> bool:
        """1xx, 204 and 304 end with their head (RFC 9112 6.3 rule 1)."""
        return status >= 200 and status not in (204, 304)

    def delimited(self, request: Request | None, response: Response) -> Delimited:
        """How the content's end will be known."""
        if not self.may_have_content(response.status):
            return Delimited.NONE
        if response.chunks is None:
            return Delimited.LENGTH
        return Delimited.CHUNKED if self.takes_chunks(request) else Delimited.CLOSE

    def takes_chunks(self, request: Request | None) -> bool:
        """Chunked is for HTTP/1.1 and later (RFC 9112 6.1)."""
        return request is not None and request.version >= VERSION_11 and not self.config.http10

    def format_content(self, request: Request | None, response: Response, delimited: Delimited) -> bytes:
        """The content as it is framed."""
        content = self.content_of(response)
        if delimited is not Delimited.CHUNKED:
            return b"".join(content)
        chunks = b"".join(self.format_chunk(chunk) for chunk in content if chunk)
        return chunks + self.last_chunk + self.format_trailers(request, response) + self.line_break

    def content_of(self, response: Response) -> tuple[bytes, ...]:
        """The pieces of the content; 205 has none (RFC 9110 15.3.6)."""
        if response.status == 205:
            return ()
        return (response.body,) if response.chunks is None else response.chunks

    def content_length_of(self, response: Response) -> int:
        """Octets of the content."""
        return sum(len(piece) for piece in self.content_of(response))

    def format_chunk(self, data: bytes) -> bytes:
        """One chunk (RFC 9112 7.1)."""
        return f"{len(data):X}".encode() + b"\r\n" + data + b"\r\n"

    def format_trailers(self, request: Request | None, response: Response) -> bytes:
        """Trailer lines, for who said that he takes them (RFC 9110 6.5.1)."""
        return self.format_fields(response.trailers) if self.wants_trailers(request) else b""

    def wants_trailers(self, request: Request | None) -> bool:
        """`TE: trailers` (RFC 9110 10.1.4)."""
        members = request.members("te") if request is not None else []
        return "trailers" in (member.lower() for member in members) and self.config.has("trailers")

    # the head

    def format_head(self, request: Request | None, response: Response, fields: Fields) -> bytes:
        """Status line, fields, empty line."""
        return self.status_line(request, response.status) + self.format_fields(fields) + self.line_break

    def status_line(self, request: Request | None, status: int) -> bytes:
        """Version, status, reason (RFC 9112 4)."""
        return self.response_version(request) + f" {status} {self.reason(status)}".encode() + self.line_break

    def response_version(self, request: Request | None) -> bytes:
        """The server's own, whatever the client's is (RFC 9110 6.2)."""
        return b"HTTP/1.0" if self.config.http10 else b"HTTP/1.1"

    def reason(self, status: int) -> str:
        """What a status is called."""
        return REASONS.get(status, "")

    def format_fields(self, fields: Fields) -> bytes:
        """Field lines."""
        return b"".join(self.format_field(name, value) for name, value in fields)

    def format_field(self, name: str, value: str) -> bytes:
        """One field line (RFC 9112 5)."""
        return f"{name}: {value}".encode("latin-1") + self.line_break

    def all_fields(self, request: Request | None, response: Response, delimited: Delimited, persists: bool) -> Fields:
        """What every response carries, its own fields, and those that frame it."""
        framing = self.framing_fields(request, response, delimited)
        return (
            *self.general_fields(request, response),
            *response.fields,
            *framing,
            *self.connection_fields(request, response, persists),
        )

    def general_fields(self, request: Request | None, response: Response) -> Fields:
        """Date and Server (RFC 9110 6.6.1, 10.2.4)."""
        if response.status < 200:
            return ()
        date = () if response.has("date") else (("Date", self.format_date(self.today())),)
        return (*date, ("Server", self.server()))

    def framing_fields(self, request: Request | None, response: Response, delimited: Delimited) -> Fields:
        """Content-Length or Transfer-Encoding, never both (RFC 9112 6.2)."""
        if delimited is Delimited.LENGTH:
            return (("Content-Length", str(self.content_length_of(response))),)
        if delimited is not Delimited.CHUNKED:
            return ()
        announced = ", ".join(name for name, _ in response.trailers) if self.wants_trailers(request) else ""
        return (("Transfer-Encoding", "chunked"), *((("Trailer", announced),) if announced else ()))

    def connection_fields(self, request: Request | None, response: Response, persists: bool) -> Fields:
        """The close is announced, and so is its absence to HTTP/1.0 (RFC 9112 9.3, 9.6, C.2.2)."""
        if response.status < 200:
            return ()
        if not persists:
            return (("Connection", "close"),)
        old = request is not None and request.version == VERSION_10
        return (("Connection", "keep-alive"),) if old else ()

    def server(self) -> str:
        """A product, and no more than that (RFC 9110 10.2.4)."""
        return SERVER

    # dates

    def today(self) -> datetime:
        """The date and time."""
        return self.config.date(self.now)

    def format_date(self, when: datetime) -> str:
        """IMF-fixdate (RFC 9110 5.6.7)."""
        day, month = DAYS[when.weekday()], MONTHS[when.month - 1]
        return f"{day}, {when.day:02} {month} {when.year:04} {when:%H:%M:%S} GMT"

    # pages

    def error_response(self, request: Request | None, refusal: Refusal) -> Response:
        """A refusal as a page."""
        body = self.error_page(request, refusal).encode()
        fields = (*self.page_fields(), *refusal.fields, *self.retry_fields(refusal.status))
        return Response(refusal.status, fields, body)

    def error_page(self, request: Request | None, refusal: Refusal) -> str:
        """What went wrong, and for which target: nothing else of ours or his."""
        where = request.target.raw.decode("latin-1") if request is not None else ""
        words = f"<p>{self.escape(refusal.why)}</p>" + (f"<p>{self.escape(where)}</p>" if where else "")
        return self.page(f"{refusal.status} {self.reason(refusal.status)}", words)

    def page(self, title: str, content: str) -> str:
        """An HTML page around content that is HTML already."""
        heading = self.escape(title)
        return (
            f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{heading}</title></head>'
            f"<body><h1>{heading}</h1>\n{content}\n</body></html>\n"
        )

    def escape(self, text: str) -> str:
        """A stranger's words for HTML: elements and attribute values alike."""
        return html.escape(text, quote=True)

    def page_fields(self) -> Fields:
        """What every HTML page carries."""
        return (("Content-Type", "text/html; charset=utf-8"), *self.security_fields())

    def security_fields(self) -> Fields:
        """What a browser is asked not to do; HSTS only inside TLS (RFC 6797 7.2)."""
        fields = (
            ("Content-Security-Policy", "default-src 'none'; form-action 'self'; frame-ancestors 'none'"),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "same-origin"),
        )
        return (*fields, *((("Strict-Transport-Security", "max-age=31536000"),) if self.is_secure else ()))

    def retry_fields(self, status: int) -> Fields:
        """When to come again (RFC 9110 10.2.3)."""
        return (("Retry-After", "120"),) if status == 503 else ()

"""Heads of requests: the request line, its target in four forms, field lines, and Host (RFC 9112 2, 3, 5).

`Heads` makes a request of the lines of a head, or raises a Refusal. It is strict: whatever leaves the grammar is
refused. It must not know how lines arrive, nor how long the body is. Each rule is a method of its own.
"""

from __future__ import annotations

import ipaddress
import re

from pytest_netconform.reference_servers.http.config import HttpConfig
from pytest_netconform.reference_servers.http.request import (
    OWS,
    VERSION_11,
    Field,
    Form,
    Refusal,
    Request,
    Target,
)
from pytest_netconform.reference_servers.session import Session

TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 5.6.2
VERSION = re.compile(rb"HTTP/([0-9])\.([0-9])")  # RFC 9112 2.3; case-sensitive
_PCHAR = rb"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})"  # RFC 3986 3.3
PATH = re.compile(rb"(?:/" + _PCHAR + rb"*)+")
QUERY = re.compile(rb"(?:" + _PCHAR + rb"|[/?])*")
ABSOLUTE = re.compile(rb"([A-Za-z][A-Za-z0-9+.-]*)://([^/?]*)(/[^?]*)?(?:\?(.*))?", re.DOTALL)
# RFC 3986 3.2.2, 3.2.3: uri-host [ ":" port ]; group 1 is an IP literal without its brackets
HOST = re.compile(rb"(?:\[([^\[\]]*)\]|(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)(?::([0-9]*))?")
_IP_FUTURE = re.compile(rb"[vV][0-9A-Fa-f]+\.[A-Za-z0-9._~!$&'()*+,;=:-]+")


class Heads(Session):
    """Lines to a request."""

    config: HttpConfig
    is_secure: bool

    def parse_head(self, lines: list[bytes]) -> Request:
        """The request whose head these lines are; the first is the request line, an empty one at the end is gone."""
        method, target, version = self.parse_request_line(lines[0])
        fields = self.parse_fields(self.unfold(lines[1:]))
        head = Request(method, target, version, fields)
        self.check_host(head)
        return head

    # the request line

    def parse_request_line(self, line: bytes) -> tuple[str, Target, tuple[int, int]]:
        """Method, target and version (RFC 9112 3)."""
        method, target, version = self.split_request_line(line)
        number = self.version_of(version)
        self.check_version(number)
        name = self.method_of(method)
        return name, self.target_of(name, target), number

    def split_request_line(self, line: bytes) -> list[bytes]:
        """Three parts, one space between each two, and no control character anywhere (RFC 9112 3)."""
        parts = line.split(b" ")
        if len(parts) != 3:
            raise Refusal(400, "A request line is a method, a target and a version, one space between each two")
        return parts

    def method_of(self, text: bytes) -> str:
        """A method is a token, and case-sensitive (RFC 9110 9.1)."""
        if not TOKEN.fullmatch(text):
            raise Refusal(400, "The method is no token")
        return text.decode("ascii")

    def version_of(self, text: bytes) -> tuple[int, int]:
        """`HTTP/`, a digit, a dot, a digit (RFC 9112 2.3)."""
        match = VERSION.fullmatch(text)
        if match is None:
            raise Refusal(400, "The version is not of the form HTTP/1.1")
        return int(match[1]), int(match[2])

    def check_version(self, version: tuple[int, int]) -> None:
        """Every minor version of the major one that is spoken here will do (RFC 9110 6.2)."""
        if version[0] != 1:
            raise Refusal(505, "Only HTTP/1 is spoken here")

    # the target

    def target_of(self, method: str, text: bytes) -> Target:
        """The target in the form that fits it and its method (RFC 9112 3.2)."""
        if method == "CONNECT":
            return self.authority_form(text)
        if text == b"*":
            return self.asterisk_form(method)
        if text.startswith(b"/"):
            return self.origin_form(text)
        return self.absolute_form(method, text)

    def origin_form(self, text: bytes) -> Target:
        """A path and perhaps a query."""
        path, mark, query = text.partition(b"?")
        self.check_path(path)
        self.check_query(query)
        return Target(Form.ORIGIN, text, path, query if mark else None)

    def check_path(self, path: bytes) -> None:
        """Characters of a path, in octets below 0x80, whole percent-encodings, no fragment (RFC 3986 3.3)."""
        if not PATH.fullmatch(path):
            raise Refusal(400, "The path holds what no path may hold")

    def check_query(self, query: bytes) -> None:
        """Likewise of a query (RFC 3986 3.4)."""
        if not QUERY.fullmatch(query):
            raise Refusal(400, "The query holds what no query may hold")

    def absolute_form(self, method: str, text: bytes) -> Target:
        """A whole URI (RFC 9112 3.2.2)."""
        match = ABSOLUTE.fullmatch(text)
        if match is None:
            raise Refusal(400, "The target is in none of the four forms")
        scheme, authority, path, query = match[1].lower(), match[2], match[3] or b"/", match[4]
        self.check_scheme(scheme)
        self.check_authority(authority)
        self.check_path(path)
        self.check_query(query or b"")
        if method == "OPTIONS" and match[3] is None and query is None:  # RFC 9112 3.2.4
            return Target(Form.ASTERISK, text, b"*", None, scheme, authority)
        return Target(Form.ABSOLUTE, text, path, query, scheme, authority)

    def check_scheme(self, scheme: bytes) -> None:
        """https is not to be had on a connection that is not secured (RFC 9110 7.4)."""
        if scheme not in (b"http", b"https"):
            raise Refusal(400, "Only http and https are served")
        if scheme == b"https" and not self.is_secure:
            raise Refusal(421, "https wants TLS")

    def check_authority(self, authority: bytes) -> None:
        """A host that is not empty, perhaps a port, and nobody's name and password (RFC 9110 4.2.1, 4.2.4)."""
        if not self.is_host(authority) or authority.startswith(b":") or not authority:
            raise Refusal(400, "The authority of the target is no host")

    def authority_form(self, text: bytes) -> Target:
        """Host and port, for CONNECT (RFC 9112 3.2.3)."""
        self.check_authority(text)
        self.check_tunnel_port(text.rpartition(b":")[2])
        return Target(Form.AUTHORITY, text, authority=text)

    def check_tunnel_port(self, port: bytes) -> None:
        """CONNECT names a port that there can be (RFC 9110 9.3.6)."""
        if not re.fullmatch(rb"[0-9]{1,5}", port) or not 0 < int(port) < 65536:
            raise Refusal(400, "CONNECT wants a port from 1 to 65535")

    def asterisk_form(self, method: str) -> Target:
        """The server as a whole, for OPTIONS only (RFC 9112 3.2.4)."""
        if method != "OPTIONS":
            raise Refusal(400, "Only OPTIONS has the target *")
        return Target(Form.ASTERISK, b"*", b"*")

    # fields

    def unfold(self, lines: list[bytes]) -> list[bytes]:
        """A line that begins with a blank continues none: line folding is obsolete (RFC 9112 2.2, 5.2)."""
        if any(line[:1] in (b" ", b"\t") for line in lines):
            raise Refusal(400, "A field line begins with a blank")
        return lines

    def parse_fields(self, lines: list[bytes]) -> tuple[Field, ...]:
        """The fields, in their order."""
        self.check_field_count(len(lines))
        return tuple(self.parse_field(line) for line in lines)

    def check_field_count(self, count: int) -> None:
        """A bounded number of them."""
        if count > self.config.fields:
            raise Refusal(431, f"More than {self.config.fields} field lines")

    def parse_field(self, line: bytes) -> Field:
        """One field line (RFC 9112 5)."""
        raw_name, raw_value = self.split_field(line)
        name = self.field_name(raw_name)
        value = self.field_value(raw_value)
        self.check_field_value(value)
        return Field(name, value, self.field_key(name))

    def split_field(self, line: bytes) -> tuple[bytes, bytes]:
        """Name and value, around the first colon."""
        name, colon, value = line.partition(b":")
        if not colon:
            raise Refusal(400, "A field line without a colon")
        return name, value

    def field_name(self, name: bytes) -> bytes:
        """A token, and no blank before the colon (RFC 9112 5.1)."""
        if not TOKEN.fullmatch(name):
            raise Refusal(400, "A field name is no token")
        return name

    def field_key(self, name: bytes) -> bytes:
        """What a field is looked up by: case does not matter (RFC 9110 5.1)."""
        return name.lower()

    def field_value(self, value: bytes) -> bytes:
        """The value without the blanks around it: SP and HTAB, and nothing else (RFC 9110 5.5)."""
        return value.strip(OWS)

    def check_field_value(self, value: bytes) -> None:
        """No CR, LF or NUL; other octets are opaque (RFC 9110 5.5)."""
        if re.search(rb"[\r\n\0]", value):
            raise Refusal(400, "A field value holds CR, LF or NUL")

    # Host

    def check_host(self, head: Request) -> None:
        """One Host, of the right form; HTTP/1.0 may do without (RFC 9112 3.2)."""
        values = self.host_values(head)
        if not values and self.needs_host(head):
            raise Refusal(400, "There is no Host")
        self.check_host_count(values)
        for value in values:
            self.check_host_value(value)

    def host_values(self, head: Request) -> list[bytes]:
        """The Host lines; a target with an authority replaces none."""
        return head.values("host")

    def needs_host(self, head: Request) -> bool:
        """Since HTTP/1.1."""
        return head.version >= VERSION_11

    def check_host_count(self, values: list[bytes]) -> None:
        """Not two, however alike."""
        if len(values) > 1:
            raise Refusal(400, "There is more than one Host")

    def check_host_value(self, value: bytes) -> None:
        """uri-host and perhaps a port, perhaps empty."""
        if not self.is_host(value):
            raise Refusal(400, "Host is no host")

    def is_host(self, value: bytes) -> bool:
        """uri-host [ ":" port ] (RFC 9110 7.2, RFC 3986 3.2.2)."""
        match = HOST.fullmatch(value)
        if match is None:
            return False
        return match[1] is None or _is_literal(match[1])

    def effective_host(self, request: Request) -> str:
        """The host that is asked for, without its port: the target's own before Host (RFC 9112 3.2.2)."""
        authority = request.target.authority or next(iter(request.values("host")), b"")
        match = HOST.fullmatch(authority)
        host = authority if match is None or match[2] is None else authority[: match.start(2) - 1]
        return host.decode("latin-1").lower()


def _is_literal(text: bytes) -> bool:
    """What stands in brackets: an IPv6 address or one of the future (RFC 3986 3.2.2)."""
    if _IP_FUTURE.fullmatch(text):
        return True
    try:
        ipaddress.IPv6Address(text.decode("latin-1"))
    except ValueError:
        return False
    return b"%" not in text

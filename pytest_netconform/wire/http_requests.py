"""HTTP/1.1 requests as octets (RFC 9112 3, 5, 7.1): a convenience that lets everything be wrong on purpose.

Octets written by hand are as good everywhere; this saves typing where one thing alone is to be odd. Nothing here is
checked, escaped or made right: the line `Content-Length: +5` is sent as it stands.
"""

from __future__ import annotations

import re

from pytest_netconform.wire.http import CRLF

Line = str | bytes  # a field line without its end, or octets that stand for one

_FRAMED = re.compile(rb"content-length|transfer-encoding", re.IGNORECASE)
_METHOD = re.compile(rb"\s*(?P<method>[!-~]+)[ \t]")


def octets(text: Line) -> bytes:
    """A str as the octets that its characters number; bytes as they are."""
    return text if isinstance(text, bytes) else text.encode("latin-1")


def request(
    method: Line,
    target: Line,
    *lines: Line,
    host: Line | None,
    body: bytes = b"",
    version: Line = "HTTP/1.1",
    end: bytes = CRLF,
) -> bytes:
    """A request: its line, Host unless that is None, the field lines, and a body.

    A body gets its Content-Length unless a line speaks of Content-Length or Transfer-Encoding. end: of every line.
    """
    head = [b" ".join((octets(method), octets(target), octets(version)))]
    head += [] if host is None else [b"Host: " + octets(host)]
    head += map(octets, lines)
    if body and not any(_FRAMED.search(octets(line)) for line in lines):
        head.append(b"Content-Length: %d" % len(body))
    return b"".join(line + end for line in (*head, b"")) + body


def chunked(*pieces: bytes, trailers: tuple[Line, ...] = (), extension: Line = b"") -> bytes:
    """A body in chunks (RFC 9112 7.1), each piece one; the last chunk and the trailers behind them."""
    parts = [b"%x%s\r\n%s\r\n" % (len(piece), octets(extension), piece) for piece in pieces]
    return b"".join(parts) + b"0\r\n" + b"".join(octets(line) + CRLF for line in trailers) + CRLF


def method_of(data: bytes) -> str:
    """The method that stands in front of a request's octets; GET where none does."""
    found = _METHOD.match(data[:1000])
    return found["method"].decode() if found else "GET"

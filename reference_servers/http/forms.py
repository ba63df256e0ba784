"""Forms: urlencoded and multipart bodies to fields (WHATWG URL 5.1, RFC 7578, RFC 2046 5.1.1).

Pure functions: octets to values, or a Refusal. Bounded in parts and in their heads; time grows with the octets alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from pytest_netconform.reference_servers.http.request import Refusal

PARTS = 100
PART_HEAD = 8192  # octets of a part's fields
FIELDS = 1000
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
PARAMETER = re.compile(rf'[ \t]*;[ \t]*({_TOKEN})=("(?:[^"\\]|\\.)*"|{_TOKEN})')
BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")  # RFC 2046 5.1.1


@dataclass(frozen=True)
class Entry:
    """A field of a form. filename: None where it is no file. kind: its own Content-Type."""

    name: str
    content: bytes
    filename: str | None = None
    kind: str = ""

    @property
    def text(self) -> str:
        """The content as text."""
        return self.content.decode("utf-8", "replace")


def parse_value(text: str) -> tuple[str, dict[str, str]]:
    """A value and its parameters, as Content-Type and Content-Disposition have them; names in lower case."""
    main = text.partition(";")[0].strip(" \t").lower()
    parameters: dict[str, str] = {}
    for match in PARAMETER.finditer(text, len(text.partition(";")[0])):
        value = match[2]
        # browsers escape the quote as %22 and leave backslashes alone (WHATWG HTML 4.10.21.8)
        value = value[1:-1].replace('\\"', '"').replace("%22", '"') if value.startswith('"') else value
        parameters.setdefault(match[1].lower(), value)
    return main, parameters


def parse_urlencoded(body: bytes) -> list[Entry]:
    """Pairs around `=`, parted by `&`; what is no percent-encoding stands for itself (WHATWG URL 5.1)."""
    pieces = body.split(b"&", FIELDS)
    if len(pieces) > FIELDS:
        raise Refusal(413, "The form has too many fields")
    pairs = [piece.partition(b"=") for piece in pieces if piece]
    return [Entry(decoded(name).decode("utf-8", "replace"), decoded(value)) for name, _, value in pairs]


def decoded(text: bytes) -> bytes:
    """Plus signs are spaces, and then percent-encodings are octets."""
    return unquote_to_bytes(text.replace(b"+", b" "))


def parse_multipart(body: bytes, boundary: str) -> list[Entry]:
    """The parts between boundaries (RFC 2046 5.1.1); the last boundary must be there."""
    if not BOUNDARY.fullmatch(boundary):
        raise Refusal(400, "The boundary is missing, or none")
    return [parse_part(part) for part in split_parts(body, boundary.encode("ascii"))]


def split_parts(body: bytes, boundary: bytes) -> list[bytes]:
    """The octets of each part; CR LF before a boundary belongs to the boundary, and a longer line is none."""
    line = re.compile(rb"\r\n--" + re.escape(boundary) + rb"(--)?[ \t]*(?:\r\n|\Z)")
    text, parts, begin = b"\r\n" + body, [], -1
    for match in line.finditer(text):
        if begin >= 0:
            parts.append(text[begin : match.start()])
        begin = match.end()
        if match[1]:
            return parts
        if len(parts) >= PARTS:
            raise Refusal(413, f"More than {PARTS} parts")
        # the CR LF behind a boundary may be that before the next one
    raise Refusal(400, "The last boundary is missing")


def parse_part(part: bytes) -> Entry:
    """One part: fields, an empty line, content."""
    end = part.find(b"\r\n\r\n", 0, PART_HEAD)
    if end < 0:
        status = 413 if len(part) > PART_HEAD else 400
        raise Refusal(status, "The head of a part is too large, or has no end")
    fields = part_fields(part[:end])
    main, parameters = parse_value(fields.get("content-disposition", ""))
    if main != "form-data" or "name" not in parameters:
        raise Refusal(400, "A part is no field of a form")
    filename = parameters.get("filename")
    return Entry(parameters["name"], part[end + 4 :], filename, fields.get("content-type", ""))


def part_fields(head: bytes) -> dict[str, str]:
    """The fields of a part; names and files may be in UTF-8 (RFC 7578 5.1)."""
    lines = [line.decode("utf-8", "replace").partition(":") for line in head.split(b"\r\n")]
    return {name.strip().lower(): value.strip(" \t") for name, _, value in lines}

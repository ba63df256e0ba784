"""Cookies as servers send them (RFC 6265 4.1): Set-Cookie read strictly, and what is wrong about it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from pytest_netconform.wire.http import TOKEN
from pytest_netconform.wire.http_fields import parse_imf_date

# cookie-octet = %x21 / %x23-2B / %x2D-3A / %x3C-5B / %x5D-7E   (RFC 6265 4.1.1)
_VALUE = re.compile(rb'[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*|"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*"')
# av-octet = %x20-3A / %x3C-7E
_ATTRIBUTE = re.compile(rb"[\x20-\x3a\x3c-\x7e]*")
# max-age-av = "Max-Age=" non-zero-digit *DIGIT
_MAX_AGE = re.compile(rb"[1-9][0-9]*")


@dataclass(frozen=True)
class Cookie:
    """A Set-Cookie line. attributes: names in lower case, values as they came. wrong: what breaks RFC 6265 4.1.1."""

    name: bytes
    value: bytes
    attributes: dict[str, bytes]
    wrong: tuple[str, ...] = ()

    @property
    def expires(self) -> datetime | None:
        """When it ends, where that is said as it should be."""
        return parse_imf_date(self.attributes.get("expires", b""))


def parse_set_cookie(value: bytes) -> Cookie:
    """The cookie that a Set-Cookie line makes, whatever is wrong about it."""
    pair, *parts = value.split(b";")
    name, equals, content = pair.partition(b"=")
    wrong = [] if equals else ["no = behind the name"]
    wrong += [] if TOKEN.fullmatch(name) else ["a name that is no token"]
    wrong += [] if _VALUE.fullmatch(content) else ["a value of other octets than cookies have"]
    attributes: dict[str, bytes] = {}
    for part in parts:
        wrong += _wrong_attribute(part, attributes)
    return Cookie(name.strip(), content, attributes, tuple(wrong))


def _wrong_attribute(part: bytes, attributes: dict[str, bytes]) -> list[str]:
    wrong = [] if part.startswith(b" ") else ["an attribute without a space before it"]
    name, _, value = part.removeprefix(b" ").partition(b"=")
    key = name.decode("latin-1").lower()
    if not _ATTRIBUTE.fullmatch(part):
        wrong.append("a control character in an attribute")
    if key in attributes:
        wrong.append(f"{key} twice")
    if key == "expires" and parse_imf_date(value) is None:
        wrong.append("Expires in another form than a date's")
    if key == "max-age" and not _MAX_AGE.fullmatch(value):
        wrong.append("Max-Age that is no number above 0")
    attributes[key] = value
    return wrong

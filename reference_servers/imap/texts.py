"""The words of messages as people read them: encoded words, bodies without their encodings (RFC 2045, 2047, 5322)."""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from collections.abc import Iterator
from datetime import datetime, timezone
from email.utils import parsedate_tz

from pytest_netconform.reference_servers.imap.mime import Part, unfolded, with_params

# encoded-word = "=?" charset "?" encoding "?" encoded-text "?="   (RFC 2047 2), with a language (RFC 2231 5)
_WORD = re.compile(r"=\?([^?*\s]+)(?:\*[^?\s]*)?\?([bBqQ])\?([^?\s]*)\?=")
_BETWEEN = re.compile(r"(\?=)[ \t\r\n]+(?==\?[^?\s]+\?[bBqQ]\?[^?\s]*\?=)")


def readable(value: bytes) -> str:
    """A field's value, unfolded, with its encoded words decoded; what cannot be decoded stays."""
    text = unfolded(value).decode("utf-8", "replace")
    return _WORD.sub(_decoded_word, _BETWEEN.sub(r"\1", text)) if "=?" in text else text


def _decoded_word(found: re.Match[str]) -> str:
    charset, encoding, text = found.groups()
    try:
        octets = text.encode("ascii")
        if encoding in "bB":
            return base64.b64decode(octets + b"=" * (-len(octets) % 4)).decode(charset, "replace")
        return quopri.decodestring(octets, header=True).decode(charset, "replace")
    except (ValueError, LookupError, UnicodeError):
        return found.group()


def texts(part: Part) -> Iterator[str]:
    """What can be read of a message's body: its text parts, and the headers and texts of messages inside it."""
    waiting = [part]
    while waiting:
        here = waiting.pop()
        if here.parts:
            waiting += reversed(here.parts)
        elif here.message is not None:
            yield header_text(here.message)
            waiting.append(here.message)
        elif here.media.major == b"TEXT":
            yield body_text(here)


def header_text(part: Part) -> str:
    """A header's fields."""
    return "\n".join(f"{name.decode('ascii')}: {readable(value)}" for name, value in part.fields)


def body_text(part: Part) -> str:
    """A text part's words."""
    encoding = with_params(part.value(b"content-transfer-encoding") or b"")[0].upper()
    octets = part.body_octets
    try:
        if encoding == b"BASE64":
            octets = base64.b64decode(octets)
        elif encoding == b"QUOTED-PRINTABLE":
            octets = quopri.decodestring(octets)
        return octets.decode((part.media.param(b"CHARSET") or b"utf-8").decode("ascii", "replace"), "replace")
    except (binascii.Error, LookupError, ValueError):
        return octets.decode("utf-8", "replace")


def sent_day(value: bytes | None) -> tuple[int, int, int] | None:
    """The day of a Date field as it is written, whatever its zone (RFC 9051 6.4.4)."""
    found = _parsed(value)
    return None if found is None else (found[0], found[1], found[2])


def sent_date(value: bytes | None) -> datetime | None:
    """The moment that a Date field means."""
    found = _parsed(value)
    if found is None:
        return None
    try:
        moment = datetime(*found[:5], min(found[5], 59), tzinfo=timezone.utc)
        return datetime.fromtimestamp(moment.timestamp() - (found[9] or 0), timezone.utc)
    except (ValueError, OverflowError, OSError):
        return None


def _parsed(value: bytes | None) -> tuple[int, int, int, int, int, int, int, int, int, int | None] | None:
    if value is None or len(value) > 1000:
        return None
    try:
        return parsedate_tz(value.decode("ascii", "replace"))
    except (ValueError, IndexError, TypeError):  # what Python's own parser raises on nonsense
        return None

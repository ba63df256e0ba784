"""Mailbox names: modified UTF-7 (RFC 3501 5.1.3), UTF-8 (RFC 9051 5.1), wildcards, and what a name may be."""

from __future__ import annotations

import base64
import re

from pytest_netconform.reference_servers.mailboxes import DELIMITER, INBOX

NAME_LIMIT = 1000  # octets

_SHIFTED = re.compile(rb"&([A-Za-z0-9+,]*)-")
_PRINTABLE = re.compile(rb"[\x20-\x7e]*")


class BadName(ValueError):
    """No name of a mailbox; the text says why."""


def from_utf7(text: bytes) -> str:
    """The name that modified UTF-7 stands for; only its one correct form is taken."""
    if not _PRINTABLE.fullmatch(text):
        raise BadName("a name is printable ASCII, in modified UTF-7 beyond that")
    name, place = "", 0
    while (shift := text.find(b"&", place)) >= 0:
        found = _SHIFTED.match(text, shift)
        if found is None:
            raise BadName("modified UTF-7 that does not end")
        name += text[place:shift].decode("ascii") + _unshifted(found.group(1))
        place = found.end()
    name += text[place:].decode("ascii")
    if to_utf7(name) != text:
        raise BadName("modified UTF-7 in a form that is not the shortest")
    return name


def _unshifted(text: bytes) -> str:
    if not text:
        return "&"
    try:
        octets = base64.b64decode(text.replace(b",", b"/") + b"=" * (-len(text) % 4), validate=True)
        return octets.decode("utf-16-be")
    except ValueError:
        raise BadName("modified UTF-7 that is no UTF-16") from None


def to_utf7(name: str) -> bytes:
    """A name in modified UTF-7."""
    return b"".join(_run(run) for run in re.findall(r"[\x20-\x7e]+|[^\x20-\x7e]+", name))


def _run(run: str) -> bytes:
    if run.isascii() and run.isprintable():
        return run.replace("&", "&-").encode("ascii")
    coded = base64.b64encode(run.encode("utf-16-be", "surrogatepass")).rstrip(b"=").replace(b"/", b",")
    return b"&" + coded + b"-"


def from_utf8(text: bytes) -> str:
    """A name in UTF-8 (RFC 9051 5.1)."""
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        raise BadName("a name is UTF-8") from None


def normal(name: str) -> str:
    """INBOX is INBOX however it is written, also above other names (RFC 9051 5.1)."""
    first, delimiter, rest = name.partition(DELIMITER)
    return (INBOX if first.upper() == INBOX else first) + delimiter + rest


def check(name: str) -> None:
    """Raise BadName for what no new mailbox may be called."""
    if not name or len(name.encode("utf-8", "surrogatepass")) > NAME_LIMIT:
        raise BadName("a name has 1 to 1000 octets")
    if re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]", name):
        raise BadName("control characters in a name")
    if re.search(r"[%*]", name):
        raise BadName("wildcards in a name")
    if any(part in ("", ".", "..") for part in name.split(DELIMITER)) or name.startswith("~"):
        raise BadName("each level of a name has a name of its own")


def matches(pattern: str, name: str) -> bool:
    """Whether a pattern means a name: `*` is anything, `%` anything within one level (RFC 9051 6.3.9); INBOX in any
    case.
    """
    return len(pattern) <= NAME_LIMIT and (_fits(pattern, name) or (name == INBOX and _fits(pattern.upper(), name)))


def _fits(pattern: str, name: str) -> bool:
    # all places of the name that can be reached so far: no pattern takes longer than its length times the name's
    places = {0}
    for letter in re.sub(r"\*[*%]*|%[*%]+", lambda run: "*" if "*" in run.group() else "%", pattern):
        if letter == "*":
            places = set(range(min(places), len(name) + 1))
        elif letter == "%":
            places = set().union(*(_within_level(name, place) for place in places))
        else:
            places = {place + 1 for place in places if name[place : place + 1] == letter}
        if not places:
            return False
    return len(name) in places


def _within_level(name: str, place: int) -> range:
    end = name.find(DELIMITER, place)
    return range(place, (len(name) if end < 0 else end) + 1)

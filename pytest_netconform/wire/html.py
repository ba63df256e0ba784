"""HTML pages as a browser meets them, as far as a judge must know: tags, the text between them, and forms.

Whoever wants to know whether a stranger's words became markup looks for them among the tags. It is read in one go,
whatever its octets are, which cannot be said of html.parser. Pure.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field

LONGEST = 1 << 20  # octets of a page that are looked at
UNWANTED = ("submit", "button", "image", "reset", "file")  # inputs that nobody types into


@dataclass
class Page:
    """A page. tags: in order, names in lower case. hidden: what its forms carry; inputs: the fields to fill in."""

    tags: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    hidden: dict[str, str] = field(default_factory=dict)
    inputs: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What stands between the tags, with every run of blanks as one space."""
        return " ".join(" ".join(self.pieces).split())

    def names(self) -> set[str]:
        """The names of all elements."""
        return {name for name, _ in self.tags}

    def attributes(self) -> set[str]:
        """The names of all attributes, of whatever element."""
        return {name for _, found in self.tags for name in found}


# tokens (WHATWG HTML 13.2.5); what has no end ends the page, so that no octet is read more than a few times
_NAME = re.compile(r"[A-Za-z][^\s/>]*")
_ATTRIBUTE = re.compile(
    r"""[\s/]*(?P<name>[^\s/>][^\s/>=]*)(?:\s*=\s*(?:"(?P<d>[^"]*)"|'(?P<s>[^']*)'|(?P<u>[^\s>"'][^\s>]*))?)?"""
)
_END = re.compile(r"[\s/]*>")
_COMMENT_END = re.compile(r"--!?>")
_RAW = ("script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes")
_RAW_END = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in _RAW}


def parse_page(body: bytes) -> Page:
    """The page in a body, read as UTF-8."""
    text, page, place = body[:LONGEST].decode("utf-8", "replace"), Page(), 0
    while 0 <= place < len(text):
        start = text.find("<", place)
        page.pieces.append(_plain(text[place : start if start >= 0 else len(text)]))
        place = _markup(text, start, page) if start >= 0 else -1
    return page


def _markup(text: str, start: int, page: Page) -> int:
    """Read what begins with `<`: the place behind it, or -1 for the end of the page."""
    if (found := _NAME.match(text, start + 1)) is not None:
        return _tag(text, found.end(), found[0].lower(), page)
    if text.startswith("<!--", start):
        end = _COMMENT_END.search(text, start + 2)
        return end.end() if end else -1
    if text[start + 1 : start + 2] in ("!", "?", "/") and text[start + 1 : start + 2]:
        return text.find(">", start) + 1 or -1
    page.pieces.append("<")
    return start + 1


def _tag(text: str, place: int, name: str, page: Page) -> int:
    attributes: dict[str, str] = {}
    while (end := _END.match(text, place)) is None:
        found = _ATTRIBUTE.match(text, place)
        if found is None or (found[0].rstrip().endswith("=") and text[found.end() : found.end() + 1] in ("", '"', "'")):
            return -1
        attributes.setdefault(found["name"].lower(), _plain(found["d"] or found["s"] or found["u"] or ""))
        place = found.end()
    page.tags.append((name, attributes))
    _field(name, attributes, page)
    return _raw_text(text, end.end(), name, page) if name in _RAW_END else end.end()


def _raw_text(text: str, place: int, name: str, page: Page) -> int:
    """What only its own end tag ends."""
    end = _RAW_END[name].search(text, place)
    page.pieces.append(text[place : end.start() if end else len(text)])
    return end.start() if end else -1


def _field(name: str, attributes: dict[str, str], page: Page) -> None:
    field, kind = attributes.get("name", ""), attributes.get("type", "").lower()
    if name == "input" and kind == "hidden":
        page.hidden.setdefault(field, attributes.get("value", ""))
    elif field and (name == "textarea" or (name == "input" and kind not in UNWANTED)):
        page.inputs.append(field)


def _plain(text: str) -> str:
    """References as what they stand for."""
    try:
        return html.unescape(text)
    except ValueError:  # a number of more digits than Python reads
        return text

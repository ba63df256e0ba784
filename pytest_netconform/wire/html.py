"""HTML pages as a browser meets them, as far as a judge must know: tags, the text between them, and forms.

Whoever wants to know whether a stranger's words became markup looks for them among the tags. Pure and bounded; what no
parser understands ends the page there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

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


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.page.tags.append((tag, found))
        name, kind = found.get("name", ""), found.get("type", "").lower()
        if tag == "input" and kind == "hidden":
            self.page.hidden.setdefault(name, found.get("value", ""))
        elif name and (tag == "textarea" or (tag == "input" and kind not in UNWANTED)):
            self.page.inputs.append(name)

    def handle_data(self, data: str) -> None:
        self.page.pieces.append(data)


def parse_page(body: bytes) -> Page:
    """The page in a body, read as UTF-8; what follows a place that cannot be read is left out."""
    reader = _Reader()
    try:
        reader.feed(body[:LONGEST].decode("utf-8", "replace"))
        reader.close()
    except (AssertionError, ValueError):  # how html.parser says that it does not understand `<![`
        pass
    return reader.page

"""What an HTTP reference session is told about its house: names, accounts, limits, and which features it has.

The options of a target `reference:http?name=value` are read here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

#: what can be off
FEATURES = (
    "ranges",
    "etag",
    "last-modified",
    "gzip",
    "auth",
    "write",
    "forms",
    "login",
    "cookies",
    "chunked",
    "trailers",
    "cors",
    "options",
    "redirect",
    "echo",
)
_BEGINNING = datetime(2026, 1, 1, tzinfo=timezone.utc)


def date_at(now: float) -> datetime:
    """A date that follows the carriage's clock, from a fixed beginning: sessions read no calendar."""
    return _BEGINNING + timedelta(seconds=now)


@dataclass(frozen=True)
class HttpConfig:
    """A server's circumstances. Sizes in octets, times in seconds.

    second: a second site on the same address. passwords: of Basic and of the login form. upgrade: a protocol that the
    server can upgrade to (it repeats what it hears); empty: none. cache: a shared cache stands before the site.
    """

    host: str = "www.example.test"
    second: str = "second.example.test"
    passwords: Mapping[str, str] = field(default_factory=lambda: {"alice": "s3cret", "bob": "s3cret"})
    without: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset({"https://friend.example"})  # that may read /cors with credentials
    persistent: bool = True
    http10: bool = False  # a server of RFC 1945: answers as HTTP/1.0, without chunked coding, and closes
    switches: str = ""
    cache: bool = False
    line: int = 16384  # of a request line (RFC 9112 3 recommends 8000 at least)
    head: int = 65536  # of all field lines, and of all trailer lines
    fields: int = 1000  # field lines
    chunk_line: int = 8192  # of a chunk's size and extensions
    body: int = 4 << 20
    ranges: int = 16  # in one request
    requests: int = 0  # answers after which a connection closes; 0: as many as wanted
    idle: float = 75.0  # between two requests
    head_wait: float = 30.0  # from the first octet of a head to its end
    body_wait: float = 30.0  # for the next octet of a body
    slow: float = 2.0  # before /slow is answered
    date: Callable[[float], datetime] = date_at

    def has(self, feature: str) -> bool:
        """Whether a feature is on."""
        return feature not in self.without


def _switch(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError(f"{text!r} is neither 0 nor 1")
    return text == "1"


def _without(text: str) -> dict[str, object]:
    names = frozenset(name.lower() for name in text.split(",") if name)
    if not names <= set(FEATURES):
        raise ValueError(f"{', '.join(sorted(names - set(FEATURES)))}: known are {', '.join(FEATURES)}")
    return {"without": names}


def _number(name: str, least: int = 0) -> Callable[[str], dict[str, object]]:
    def read(text: str) -> dict[str, object]:
        if int(text) < least:
            raise ValueError(f"at least {least}")
        return {name: int(text)}

    return read


#: the options of a target, and what each says about the configuration
OPTIONS: dict[str, Callable[[str], dict[str, object]]] = {
    "without": _without,
    "password": lambda text: {"passwords": dict.fromkeys(("alice", "bob"), text)},
    "persistent": lambda text: {"persistent": _switch(text)},
    "http10": lambda text: {"http10": _switch(text)},
    "switches": lambda text: {"switches": text},
    "cache": lambda text: {"cache": _switch(text)},
    "longest_line": _number("line", 1),
    "longest_head": _number("head", 1),
    "largest": _number("body"),
    "requests": _number("requests"),
    "idle": lambda text: {"idle": float(text)},
    "head_wait": lambda text: {"head_wait": float(text)},
    "body_wait": lambda text: {"body_wait": float(text)},
    "slow": lambda text: {"slow": float(text)},
}


def configured(options: Mapping[str, str]) -> HttpConfig:
    """The configuration that a target's options ask for; ValueError names what is not understood."""
    values: dict[str, object] = {}
    for name, text in options.items():
        if name not in OPTIONS:
            raise ValueError(f"reference:http has no option {name!r}; known are {', '.join(OPTIONS)}")
        try:
            values.update(OPTIONS[name](text))
        except ValueError as problem:
            raise ValueError(f"reference:http option {name}={text}: {problem}") from None
    return HttpConfig(**values)  # type: ignore[arg-type]

"""What an SMTP reference session is told about its house: names, users, limits, and which extensions it knows.

The options of a target `reference:smtp?name=value` are read here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import cached_property

#: every extension, in the order in which EHLO lists them, and the one without which it makes no sense
EXTENSIONS: dict[str, str | None] = {
    "PIPELINING": None,
    "SIZE": None,
    "VRFY": None,
    "HELP": None,
    "8BITMIME": None,
    "SMTPUTF8": "8BITMIME",  # RFC 6531 3.1 (8)
    "CHUNKING": None,
    "BINARYMIME": "CHUNKING",  # RFC 3030 3
    "DSN": None,
    "ENHANCEDSTATUSCODES": None,
    "STARTTLS": None,
    "AUTH": None,
}
_BEGINNING = datetime(2026, 1, 1, tzinfo=timezone.utc)


def date_at(now: float) -> datetime:
    """A date that follows the carriage's clock, from a fixed beginning: sessions read no calendar."""
    return _BEGINNING + timedelta(seconds=now)


@dataclass(frozen=True)
class SmtpConfig:
    """A server's circumstances. Sizes in octets (0: no limit is announced), times in seconds."""

    host: str = "mail.example.test"
    domain: str = "example.test"
    users: frozenset[str] = frozenset({"alice", "bob", "postmaster"})
    undeliverable: frozenset[str] = frozenset()  # users whose mail is accepted, and cannot be delivered
    passwords: Mapping[str, str] = field(default_factory=lambda: {"alice": "s3cret"})
    without: frozenset[str] = frozenset()  # extensions that are off
    tls: bool = False  # whether the carriage can do STARTTLS
    refusing: bool = False  # the greeting is 554
    submission: bool = False  # RFC 6409
    require_tls: bool = False
    auth_in_clear: bool = True  # mechanisms that carry the password itself, on a wire without TLS
    trusted: bool = False  # the peer's network may relay
    size: int = 1 << 18
    size_kept: int = 1 << 24  # the bound where no limit is announced
    chunk_kept: int = 1 << 30  # a BDAT chunk that is announced larger ends the connection
    recipients: int = 100  # the fewest that are allowed (RFC 5321 4.5.3.1.8), so that clients meet the limit
    errors: int = 20  # replies 5yz after which the next one is 421
    hops: int = 100  # Received fields
    idle: float = 300.0
    line: int = 2048
    auth_line: int = 12288 + 2
    rejected_line: bytes = b"XJS*NETCONFORM*REJECT*C.34X"
    date: Callable[[float], datetime] = date_at

    @cached_property
    def extensions(self) -> frozenset[str]:
        """The extensions that are on, whether or not they can be used at this moment."""
        off = set(self.without)
        off |= {name for name, base in EXTENSIONS.items() if base in off}
        return frozenset(EXTENSIONS) - off

    @property
    def largest(self) -> int:
        """Octets of the largest message that is kept."""
        return self.size or self.size_kept


def _switch(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError(f"{text!r} is neither 0 nor 1")
    return text == "1"


def _choice(text: str, *words: str) -> str:
    if text not in words:
        raise ValueError(f"{text!r} is none of {', '.join(words)}")
    return text


def _greeting(text: str) -> dict[str, object]:
    return {"refusing": _choice(text, "220", "554") == "554"}


def _vantage(text: str) -> dict[str, object]:
    # from inside, a server trusts its network; from outside it shows a password mechanism only under TLS
    inside = _choice(text, "inside", "outside") == "inside"
    return {"trusted": inside, "auth_in_clear": inside}


def _without(text: str) -> dict[str, object]:
    names = frozenset(name.upper() for name in text.split(",") if name)
    if not names <= set(EXTENSIONS):
        raise ValueError(f"{', '.join(sorted(names - set(EXTENSIONS)))}: known are {', '.join(EXTENSIONS)}")
    return {"without": names}


def _binarymime(text: str) -> dict[str, object]:
    return {} if _switch(text) else {"without": frozenset({"BINARYMIME"})}


#: the options of a target, and what each says about the configuration
OPTIONS: dict[str, Callable[[str], dict[str, object]]] = {
    "greeting": _greeting,
    "submission": lambda text: {"submission": _switch(text)},
    "require_tls": lambda text: {"require_tls": _switch(text)},
    "auth_in_clear": lambda text: {"auth_in_clear": _switch(text)},
    "vantage": _vantage,
    "without": _without,
    "binarymime": _binarymime,
    "size": lambda text: {"size": int(text)},
    "rcpt_limit": lambda text: {"recipients": int(text)},
    "errors": lambda text: {"errors": int(text)},
    "idle": lambda text: {"idle": float(text)},
}


def configured(options: Mapping[str, str], tls: bool) -> SmtpConfig:
    """The configuration that a target's options ask for; ValueError names what is not understood."""
    values: dict[str, object] = {"tls": tls}
    for name, text in options.items():
        if name not in OPTIONS:
            raise ValueError(f"reference:smtp has no option {name!r}; known are {', '.join(OPTIONS)}")
        try:
            found = OPTIONS[name](text)
        except ValueError as problem:
            raise ValueError(f"reference:smtp option {name}={text}: {problem}") from None
        for key, value in found.items():
            values[key] = value | values.get(key, frozenset()) if key == "without" else value  # type: ignore[operator]
    return SmtpConfig(**values)  # type: ignore[arg-type]

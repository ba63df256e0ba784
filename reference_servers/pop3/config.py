"""What a POP3 reference session is told about its house: name, accounts, limits, and which capabilities it has.

The options of a target `reference:pop3?name=value` are read here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

#: every capability, in the order in which CAPA lists them (RFC 2449 6, RFC 2595 4, RFC 3206 6, RFC 6856 2)
CAPABILITIES = (
    "TOP",
    "USER",
    "SASL",
    "UIDL",
    "RESP-CODES",
    "AUTH-RESP-CODE",
    "PIPELINING",
    "EXPIRE",
    "STLS",
    "UTF8",
    "IMPLEMENTATION",
)
#: what can be switched off besides: these words are no capabilities
ALSO_OFF = ("CAPA", "APOP")


@dataclass(frozen=True)
class Pop3Config:
    """A server's circumstances. Sizes in octets, times in seconds."""

    host: str = "mail.example.test"
    passwords: Mapping[str, str] = field(default_factory=lambda: {"alice": "s3cret", "bob": "tr es"})
    without: frozenset[str] = frozenset()
    tls: bool = False  # whether the carriage can do STLS
    auth_in_clear: bool = True  # passwords themselves, on a wire without TLS
    lock: bool = True  # one session per maildrop (RFC 1939 4)
    errors: int = 20  # refusals after which the connection is closed
    idle: float = 600.0
    line: int = 255  # RFC 2449 4
    auth_line: int = 12288 + 2  # RFC 5034 4

    @property
    def capabilities(self) -> tuple[str, ...]:
        """What is on, whether or not it can be used at this moment."""
        return tuple(name for name in CAPABILITIES if name not in self.without)


def _switch(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError(f"{text!r} is neither 0 nor 1")
    return text == "1"


def _vantage(text: str) -> dict[str, object]:
    # to a stranger a password is shown only under TLS
    if text not in ("inside", "outside"):
        raise ValueError(f"{text!r} is none of inside, outside")
    return {"auth_in_clear": text == "inside"}


def _without(text: str) -> dict[str, object]:
    names = frozenset(name.upper() for name in text.split(",") if name)
    known = (*CAPABILITIES, *ALSO_OFF)
    if not names <= set(known):
        raise ValueError(f"{', '.join(sorted(names - set(known)))}: known are {', '.join(known)}")
    return {"without": names}


#: the options of a target, and what each says about the configuration
OPTIONS: dict[str, Callable[[str], dict[str, object]]] = {
    "auth_in_clear": lambda text: {"auth_in_clear": _switch(text)},
    "vantage": _vantage,
    "lock": lambda text: {"lock": _switch(text)},
    "without": _without,
    "errors": lambda text: {"errors": int(text)},
    "idle": lambda text: {"idle": float(text)},
}


def configured(options: Mapping[str, str], tls: bool) -> Pop3Config:
    """The configuration that a target's options ask for; ValueError names what is not understood."""
    values: dict[str, object] = {"tls": tls}
    for name, text in options.items():
        if name not in OPTIONS:
            raise ValueError(f"reference:pop3 has no option {name!r}; known are {', '.join(OPTIONS)}")
        try:
            values |= OPTIONS[name](text)
        except ValueError as problem:
            raise ValueError(f"reference:pop3 option {name}={text}: {problem}") from None
    return Pop3Config(**values)  # type: ignore[arg-type]

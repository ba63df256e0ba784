"""What an FTP reference session is told about its house: users, policy, limits, and which features it knows.

The options of a target `reference:ftp?name=value` are read here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

#: the features that can be off, in the order in which FEAT lists those that have a line of their own there
FEATURES = ("EPRT", "EPSV", "MDTM", "MLST", "REST", "SIZE", "UTF8", "TLS")
_BEGINNING = datetime(2026, 1, 1, tzinfo=timezone.utc)


def date_at(now: float) -> datetime:
    """A date that follows the carriage's clock, from a fixed beginning: sessions read no calendar."""
    return _BEGINNING + timedelta(seconds=now)


@dataclass(frozen=True)
class FtpConfig:
    """A server's circumstances. Times in seconds."""

    host: str = "files.example.test"
    passwords: Mapping[str, str] = field(default_factory=lambda: {"alice": "s3cret", "bob": "s3cret"})
    without: frozenset[str] = frozenset()  # features that are off
    tls: bool = False  # whether the carriage can do TLS at all
    refusing: bool = False  # the greeting is 421, and that is all
    slow_greeting: bool = False  # 120 before 220
    require_tls: bool = False  # no USER in clear
    anonymous: bool = False  # USER anonymous, who may read
    readonly: bool = False
    passive: bool = True
    active: bool = True
    logins: int = 5  # wrong passwords in one connection after which it ends
    errors: int = 20  # replies 5yz after which the next one is 421
    queue: int = 64  # commands that wait while a transfer is under way
    idle: float = 300.0
    data_wait: float = 30.0  # for a data connection that is late
    data_stall: float = 120.0  # for a data connection on which nothing moves
    line: int = 4096 + 2
    date: Callable[[float], datetime] = date_at

    @property
    def features(self) -> frozenset[str]:
        """The features that are on."""
        return frozenset(FEATURES) - self.without - (frozenset() if self.tls else {"TLS"})


def _switch(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError(f"{text!r} is neither 0 nor 1")
    return text == "1"


def _greeting(text: str) -> dict[str, object]:
    if text not in ("220", "120", "421"):
        raise ValueError(f"{text!r} is none of 220, 120, 421")
    return {"refusing": text == "421", "slow_greeting": text == "120"}


def _without(text: str) -> dict[str, object]:
    names = frozenset(name.upper() for name in text.split(",") if name)
    if not names <= set(FEATURES):
        raise ValueError(f"{', '.join(sorted(names - set(FEATURES)))}: known are {', '.join(FEATURES)}")
    return {"without": names}


#: the options of a target, and what each says about the configuration
OPTIONS: dict[str, Callable[[str], dict[str, object]]] = {
    "greeting": _greeting,
    "require_tls": lambda text: {"require_tls": _switch(text)},
    "anonymous": lambda text: {"anonymous": _switch(text)},
    "readonly": lambda text: {"readonly": _switch(text)},
    "passive": lambda text: {"passive": _switch(text)},
    "active": lambda text: {"active": _switch(text)},
    "without": _without,
    "logins": lambda text: {"logins": int(text)},
    "errors": lambda text: {"errors": int(text)},
    "idle": lambda text: {"idle": float(text)},
    "data_wait": lambda text: {"data_wait": float(text)},
}


def configured(options: Mapping[str, str], tls: bool) -> FtpConfig:
    """The configuration that a target's options ask for; ValueError names what is not understood."""
    values: dict[str, object] = {"tls": tls}
    for name, text in options.items():
        if name not in OPTIONS:
            raise ValueError(f"reference:ftp has no option {name!r}; known are {', '.join(OPTIONS)}")
        try:
            values.update(OPTIONS[name](text))
        except ValueError as problem:
            raise ValueError(f"reference:ftp option {name}={text}: {problem}") from None
    return FtpConfig(**values)  # type: ignore[arg-type]

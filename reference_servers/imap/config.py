"""What an IMAP reference session is told about its house: name, accounts, limits, and which capabilities it has.

The options of a target `reference:imap?name=value` are read here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

#: every capability, in the order in which it is listed. LITERAL- is on where LITERAL+ is not (RFC 7888 5)
CAPABILITIES = (
    "IMAP4REV2",
    "IMAP4REV1",
    "LITERAL+",
    "LITERAL-",
    "SASL-IR",
    "STARTTLS",
    "ID",
    "ENABLE",
    "IDLE",
    "NAMESPACE",
    "UIDPLUS",
    "UNSELECT",
    "CHILDREN",
    "LIST-EXTENDED",
    "LIST-STATUS",
    "SPECIAL-USE",
    "CREATE-SPECIAL-USE",
    "MULTIAPPEND",
    "ESEARCH",
    "SEARCHRES",
    "STATUS=SIZE",
    "BINARY",
    "SORT",
    "THREAD=ORDEREDSUBJECT",
    "THREAD=REFERENCES",
    "MOVE",
    "CONDSTORE",
    "QRESYNC",
    "COMPRESS=DEFLATE",
)
#: those that are listed before a login (what they say counts there); after it all but STARTTLS are
EARLY = frozenset({"IMAP4REV2", "IMAP4REV1", "LITERAL+", "LITERAL-", "SASL-IR", "STARTTLS", "ID", "ENABLE"})
#: how they are written, where that is not in capitals
SPELLINGS = {"IMAP4REV1": "IMAP4rev1", "IMAP4REV2": "IMAP4rev2"}
#: what can be switched off besides: mechanisms, and words that are no capabilities
ALSO_OFF = ("AUTH=PLAIN", "AUTH=LOGIN", "AUTH=CRAM-MD5", "LOGIN", "RECENT", "KEYWORDS")
#: mailboxes that every account has besides INBOX
USES = {"Drafts": "\\Drafts", "Sent": "\\Sent", "Junk": "\\Junk", "Trash": "\\Trash"}
GREETINGS = ("OK", "PREAUTH", "BYE")
_BEGINNING = datetime(2026, 1, 1, tzinfo=timezone.utc)


def date_at(now: float) -> datetime:
    """A date that follows the carriage's clock, from a fixed beginning: sessions read no calendar."""
    return _BEGINNING + timedelta(seconds=int(now))


@dataclass(frozen=True)
class ImapConfig:
    """A server's circumstances. Sizes in octets, times in seconds."""

    host: str = "mail.example.test"
    passwords: Mapping[str, str] = field(default_factory=lambda: {"alice": "s3cret", "bob": "tr es"})
    without: frozenset[str] = frozenset()
    tls: bool = False  # whether the carriage can do STARTTLS
    auth_in_clear: bool = True  # passwords themselves, on a wire without TLS; else LOGINDISABLED
    greeting: str = "OK"  # or PREAUTH (as the first account), or BYE
    uses: bool = False  # mailboxes with special uses in every account
    errors: int = 100  # refusals for syntax after which the connection is closed
    idle: float = 1800.0  # RFC 9051 5.4
    line: int = 65536 + 2  # RFC 2683 3.2.1.5 wants 8000
    early_literal: int = 8192  # the longest literal before a login
    literal: int = 65536  # the longest literal behind it
    append: int = 16 << 20  # the longest message
    nesting: int = 50  # of search keys, and of MIME parts
    date: Callable[[float], datetime] = date_at

    def has(self, capability: str) -> bool:
        """Whether a capability is on, whether or not it can be used at this moment."""
        if capability == "LITERAL-":
            return "LITERAL+" in self.without and "LITERAL-" not in self.without
        if capability == "THREAD":
            return self.has("THREAD=ORDEREDSUBJECT") or self.has("THREAD=REFERENCES")
        if capability == "QRESYNC" and self.without & {"CONDSTORE", "ENABLE"}:
            return False
        return capability not in self.without


def _switch(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError(f"{text!r} is neither 0 nor 1")
    return text == "1"


def _choice(text: str, known: tuple[str, ...]) -> str:
    if text not in known:
        raise ValueError(f"{text!r} is none of {', '.join(known)}")
    return text


def _without(text: str) -> dict[str, object]:
    names = frozenset(name.upper() for name in text.split(",") if name)
    known = (*CAPABILITIES, *ALSO_OFF)
    if not names <= set(known):
        raise ValueError(f"{', '.join(sorted(names - set(known)))}: known are {', '.join(known)}")
    return {"without": names}


#: the options of a target, and what each says about the configuration
OPTIONS: dict[str, Callable[[str], dict[str, object]]] = {
    "logindisabled": lambda text: {"auth_in_clear": not _switch(text)},
    "vantage": lambda text: {"auth_in_clear": _choice(text, ("inside", "outside")) == "inside"},
    "greeting": lambda text: {"greeting": _choice(text.upper(), GREETINGS)},
    "without": _without,
    "uses": lambda text: {"uses": _switch(text)},
    "errors": lambda text: {"errors": int(text)},
    "idle": lambda text: {"idle": float(text)},
    "literal": lambda text: {"literal": int(text)},
    "append": lambda text: {"append": int(text)},
}


def configured(options: Mapping[str, str], tls: bool) -> ImapConfig:
    """The configuration that a target's options ask for; ValueError names what is not understood."""
    values: dict[str, object] = {"tls": tls}
    for name, text in options.items():
        if name not in OPTIONS:
            raise ValueError(f"reference:imap has no option {name!r}; known are {', '.join(OPTIONS)}")
        try:
            values |= OPTIONS[name](text)
        except ValueError as problem:
            raise ValueError(f"reference:imap option {name}={text}: {problem}") from None
    return ImapConfig(**values)  # type: ignore[arg-type]

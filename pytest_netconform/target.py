"""Targets: whom we speak to, with what in hand, and what we have learned about him.

This module reads what a user wrote (`[NAME=][SCHEME://][user:password@]HOST[:PORT][?option=value]`) and holds what the
checks of one run share about one target. It must not know any protocol's dialogue.
"""

from __future__ import annotations

import difflib
import ipaddress
import re
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

from pytest_netconform.dialect import Dialect
from pytest_netconform.protocols import COMMON_OPTIONS, PROTOCOLS, Protocol, Scheme, by_scheme
from pytest_netconform.transport import Carriage
from pytest_netconform.verdict import NotApplicable
from pytest_netconform.wire.cuts import Cut, whole

PATIENCE = 10.0  # seconds for an answer that is owed
SPEAKING = ("known", "unasked", "unasked-stream")  # capabilities of whom one hears from

_FORM = re.compile(
    r"(?:(?P<name>[A-Za-z0-9_.-]+)=)?(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://)?(?:(?P<user>[^@/?]*)@)?"
    r"(?P<host>\[[^\]]*\]|[^:/?\[\]]*)(?::(?P<port>[^/?]*))?(?P<path>/[^?]*)?(?:\?(?P<query>.*))?"
)
_PLAIN = "@:/*+,;!$'()=~?"  # what may stand in the value of an option as it is
_REFERENCE = re.compile(r"(?:(?P<name>[A-Za-z0-9_.-]+)=)?reference(?::(?P<protocol>[a-z0-9]+))?(?:\?(?P<query>.*))?")


class TargetError(ValueError):
    """What the user wrote is no target, or the target cannot be used; one line that says why."""


@dataclass(frozen=True)
class Spec:
    """What the user wrote. `scheme` is empty for a bare host:port; `reference` names our own server instead.

    path: of a socket file, in place of host and port; else whatever followed them.
    """

    name: str
    host: str = ""
    port: int = 0
    scheme: str = ""
    path: str = ""
    username: str = ""
    password: str = field(default="", repr=False)
    options: Mapping[str, str] = field(default_factory=dict)
    reference: bool = False
    protocol: Protocol | None = None

    @property
    def url(self) -> str:
        """The target as text, without its password."""
        query = "&".join(f"{key}={quote(value, safe=_PLAIN)}" for key, value in self.options.items())
        if self.reference:
            row = f":{self.protocol.name}" if self.protocol else ""
            return f"reference{row}" + (f"?{query}" if query else "")
        user = f"{quote(self.username, safe='')}@" if self.username else ""
        if self.way.path:
            return f"{self.scheme}://{quote(self.path)}" + (f"?{query}" if query else "")
        host = f"[{self.host}]" if ":" in self.host else self.host
        scheme = f"{self.scheme}://" if self.scheme else ""
        return f"{scheme}{user}{host}:{self.port}{self.path}" + (f"?{query}" if query else "")

    @property
    def way(self) -> Scheme:
        """What its scheme says; of a target that names none, that it is reached over TCP."""
        return self.protocol.schemes[self.scheme] if self.protocol and self.scheme else Scheme()

    @property
    def implicit_tls(self) -> bool:
        """Whether TLS comes before the first word."""
        return self.way.implicit_tls

    @property
    def at_home(self) -> bool:
        """Whether it is on this machine and nowhere else."""
        return self.reference or self.way.path or on_loopback(self.host)

    @property
    def place(self) -> str:
        """Where it is, for messages."""
        if self.way.path:
            return self.path
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_target(text: str, environ: Mapping[str, str] | None = None) -> Spec:
    """Read a target. Credentials that are not in it are taken from NETCONFORM_USERNAME and NETCONFORM_PASSWORD.

    Raises TargetError; its text never repeats a password.
    """
    environ = environ or {}
    if (found := _REFERENCE.fullmatch(text)) is not None:
        return _reference(found)
    found = _FORM.fullmatch(text)
    if found is not None and (way := _way(found["scheme"])) is not None and way.path:
        return _socket_file(found, text)
    if found is None or not found["host"] or (found["path"] or "").startswith("//"):
        raise TargetError(f"{_safe(text)!r} is no target: [NAME=][SCHEME://][user:password@]HOST[:PORT][?option=value]")
    scheme = (found["scheme"] or "").lower()
    protocol = by_scheme(scheme) if scheme else None
    if scheme and protocol is None:
        known = ", ".join(f"{s}://" for row in PROTOCOLS.values() for s in row.schemes)
        raise TargetError(f"unknown scheme {scheme}:// in {_safe(text)!r}; known are {known}")
    default = protocol.schemes[scheme].port or None if protocol else None
    host = found["host"].strip("[]")
    user, _, password = (found["user"] or "").partition(":")
    spec = Spec(
        name=found["name"] or "",
        host=host,
        port=_port(found["port"], default, _safe(text)),
        scheme=scheme,
        path=found["path"] or "",
        username=unquote(user) or environ.get("NETCONFORM_USERNAME", ""),
        password=unquote(password) or environ.get("NETCONFORM_PASSWORD", ""),
        options=_options(found["query"], protocol, reference=False),
        protocol=protocol,
    )
    return replace(spec, name=spec.name or f"{scheme + '-' if scheme else ''}{host}-{spec.port}")


def _way(scheme: str | None) -> Scheme | None:
    protocol = by_scheme((scheme or "").lower())
    return protocol.schemes[scheme.lower()] if protocol and scheme else None


def _socket_file(found: re.Match[str], text: str) -> Spec:
    """A target at a socket file: `unix:///run/service.sock`."""
    scheme = found["scheme"].lower()
    protocol = by_scheme(scheme)
    if found["host"] or found["port"] or found["user"] or len(found["path"] or "") < 2:
        raise TargetError(f"{_safe(text)!r} names no socket file; write {scheme}:///PATH, with three slashes")
    path = unquote(found["path"])
    return Spec(
        name=found["name"] or f"{scheme}-{path.rpartition('/')[2]}",
        scheme=scheme,
        path=path,
        options=_options(found["query"], protocol, reference=False),
        protocol=protocol,
    )


def _reference(found: re.Match[str]) -> Spec:
    protocol = None
    if found["protocol"]:
        protocol = PROTOCOLS.get(found["protocol"])
        if protocol is None:
            raise TargetError(f"there is no reference:{found['protocol']}; known are {', '.join(PROTOCOLS)}")
    name = found["name"] or ("reference" + (f"-{protocol.name}" if protocol else ""))
    return Spec(name, options=_options(found["query"], protocol, reference=True), reference=True, protocol=protocol)


def _port(text: str | None, default: int | None, target: str) -> int:
    if not text:
        if default is None:
            lacks = "no port" if "://" in target else "no port and no scheme"
            raise TargetError(f"{target!r} names {lacks}; write HOST:PORT or SCHEME://HOST")
        return default
    if text.isascii() and text.isdigit():
        if 0 < int(text) < 65536:
            return int(text)
        raise TargetError(f"port {text} of {target!r} is out of range; ports are 1 to 65535")
    try:
        return socket.getservbyname(text, "tcp")
    except OSError:
        port = f"{text!r} in" if text in target else "what stands for the port of"  # it may be a password
        raise TargetError(f"{port} {target!r} is no port and no service name of this machine") from None


def _options(query: str | None, protocol: Protocol | None, *, reference: bool) -> dict[str, str]:
    pairs = parse_qsl((query or "").replace("+", "%2B"), keep_blank_values=True)
    known = set(COMMON_OPTIONS) | {o for row in ([protocol] if protocol else PROTOCOLS.values()) for o in row.options}
    for key, value in pairs:
        if key not in known and not reference:  # a reference server checks its own options too
            near = difflib.get_close_matches(key, known, 1)
            hint = f"; did you mean {near[0]}?" if near else f"; known are {', '.join(sorted(known))}"
            raise TargetError(f"unknown target option {key!r}{hint}")
        if key == "patience" and not _positive(value):
            raise TargetError(f"patience={value!r} is no number of seconds above 0")
    return dict(pairs)


def _positive(text: str) -> bool:
    try:
        return 0 < float(text) < 1e6
    except ValueError:
        return False


def _safe(text: str) -> str:
    """The text without its password, however much of it was meant as one (a `/`, `?` or `@` that was not escaped)."""
    return re.sub(r"(//|^|=)([^/@?:]*):(?!//|[0-9]*/?(?:\?[a-z]+=|$)).*@", r"\1\2:********@", text)


def _in_public(host: str) -> bool:
    try:
        addresses = [str(info[4][0]) for info in socket.getaddrinfo(host, None)]
    except OSError:
        return False
    return any(ipaddress.ip_address(address.partition("%")[0]).is_global for address in addresses)


@dataclass
class Survey:
    """What the sanity dialogue learned. Sound means: the target accepted, refused and returned something, as asked."""

    accepted: bool = False
    refused: bool = False
    returned: bool = False
    spoke: bool = False
    absent: bool = False  # its system says that nobody listens there, where no connection says so (ICMP)
    capabilities: set[str] = field(default_factory=set)
    facts: dict[str, int] = field(default_factory=dict)  # numbers that a column remembers, such as usual answers
    latency: float = 0.01  # seconds for one answer
    problem: str = ""

    @property
    def sound(self) -> bool:
        """Whether a pass on this target means anything."""
        return self.accepted and self.refused and self.returned

    @property
    def lacking(self) -> str:
        """What the sanity dialogue did not see, in words; empty when it is sound."""
        seen = {"an acceptance": self.accepted, "a refusal": self.refused, "a value returned": self.returned}
        missing = [what for what, there in seen.items() if not there]
        if not missing:
            return ""
        return f"the sanity dialogue did not see {', '.join(missing)}" + (f" ({self.problem})" if self.problem else "")


class Target:
    """One target of one run: how to reach it, what was given for it, what is known about it. Shared by threads.

    allowed: the consents of this run (`slow`, `write`, `intrusive`, `disposable`). dialect: how messages look there, as
    far as that is known. stored, deliver: reads the account's messages, and adds one, past the protocol. pairs: the
    other targets of the same system (`?pair=`). rival: the target that it is compared with; raises NotApplicable where
    there is none. lost: why nothing more is dialled, once the target stopped answering.
    shared: values that the protocol's column makes once per target (the tour).
    """

    def __init__(
        self,
        spec: Spec,
        carriage: Carriage,
        *,
        options: Mapping[str, str] | None = None,
        allowed: frozenset[str] = frozenset(),
        cut: Cut = whole,
        stored: Callable[[], list[Any]] | None = None,
        deliver: Callable[[bytes], object] | None = None,
        dialect: Dialect | None = None,
        pairs: Callable[[], Sequence[Target]] = tuple,
    ) -> None:
        self.rival: Callable[[], Target] = _no_rival
        self.spec = spec
        self.carriage = carriage
        self.options = {**(options or {}), **spec.options}
        self.allowed = allowed
        self.cut = cut
        self.stored = stored
        self.deliver = deliver
        self.dialect = dialect
        self.pairs = pairs
        self.survey = Survey()
        self.lost = ""
        self.shared: dict[str, Any] = {}
        self.lock = threading.RLock()

    @property
    def name(self) -> str:
        """The name that reports use."""
        return self.spec.name

    @property
    def patience(self) -> float:
        """Seconds to wait for an answer that is owed."""
        return float(self.options.get("patience", PATIENCE))

    @property
    def window(self) -> float:
        """Seconds of silence that count as silence where no marker can follow: 20 answers' time, 0.2 to 2 s."""
        return min(2.0, max(0.2, 20 * self.survey.latency))

    @property
    def account(self) -> tuple[str, str]:
        """The user name and the password to log in with; one of them is empty when no account was given."""
        known = self.options.get("username", ""), self.options.get("password", "")  # a reference server's own
        return self.spec.username or known[0], self.spec.password or known[1]

    @property
    def claims(self) -> frozenset[str]:
        """Everything that checks may take from it: what the sanity dialogue learned, what its dialect says, `any`."""
        transport = self.spec.way.transport
        bare = {transport, "datagram" if self.spec.way.datagrams else "stream"}
        return frozenset({"any", *self.survey.capabilities, *(self.dialect.capabilities if self.dialect else bare)})

    @property
    def alone(self) -> bool:
        """Whether it declares that it does not serve several clients at once."""
        return self.dialect is not None and self.dialect.serves != "many"

    @property
    def owes(self) -> bool:
        """Whether it says anything that one can wait for; of who does not, one sees that he stands, after a silence."""
        return not self.claims.isdisjoint(SPEAKING)

    @property
    def once_only(self) -> bool:
        """Whether it declares that nobody is served after the first client."""
        return self.dialect is not None and self.dialect.serves == "once"

    @property
    def stranger(self) -> bool:
        """Whether the target has no reason to trust the place that we speak from (private networks may be trusted)."""
        return self.options.get("vantage") == "outside" or (bool(self.spec.host) and _in_public(self.spec.host))

    def option(self, name: str) -> str:
        """The value of an option. Raises NotApplicable when the user did not give it."""
        if not self.options.get(name):
            raise NotApplicable(f"?{name}=", f"the target option ?{name}= was not given")
        return self.options[name]

    def require(self, what: str) -> None:
        """Raise NotApplicable unless it is there: `CAPABILITY`, `ONE|OTHER`, `-CAPABILITY`, `?option`, `?account`,
        `!consent`.
        """
        mark, name = (what[0], what[1:]) if what[0] in "?!-" else ("", what)
        if what == "?account":
            if not all(self.account):
                raise NotApplicable("user:password@", "no account was given (user:password@, or NETCONFORM_USERNAME)")
        elif mark == "?":
            self.option(name)
        elif mark == "!":
            if name not in self.allowed:
                raise NotApplicable(f"--netconform-allow={name}", f"needs --netconform-allow={name}")
        elif mark == "-":
            if name in self.claims:
                raise NotApplicable(what, f"the target claims {name}")
        elif self.claims.isdisjoint(name.split("|")):
            raise NotApplicable(name, f"the target does not claim {name.replace('|', ' or ')}")

    def once(self, key: str, make: Callable[[], Any]) -> Any:
        """The shared value `key`, made at its first use."""
        with self.lock:
            if key not in self.shared:
                self.shared[key] = make()
            return self.shared[key]


def _no_rival() -> Target:
    raise NotApplicable("--netconform-differential=", "no target to compare with (--netconform-differential=TARGET)")


def on_loopback(host: str) -> bool:
    """Whether every address of a host is this machine's own."""
    try:
        addresses = {str(info[4][0]) for info in socket.getaddrinfo(host, None)}
    except OSError:
        return False
    return bool(addresses) and all(ipaddress.ip_address(address.partition("%")[0]).is_loopback for address in addresses)

"""The protocol table: one row per protocol; options, detection, documentation and collection are derived from it.

Strings only: nothing is imported for a protocol that nobody asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Scheme:
    """How a URL scheme reaches a protocol: its default port (0: none), and whether TLS comes before the first word.

    dialect: the ready dialect that it implies. path: it names a socket file instead of host and port. datagrams: it
    carries datagrams.
    """

    port: int = 0
    implicit_tls: bool = False
    dialect: str = ""
    path: bool = False
    datagrams: bool = False

    @property
    def transport(self) -> str:
        """The transport, as a dialect calls it."""
        return ("unix-dgram" if self.path else "udp") if self.datagrams else ("unix" if self.path else "tcp")


@dataclass(frozen=True)
class Suite:
    """Checks that belong together.

    module: the dotted name of what holds them (`suites/…`). ids: how the ids of their requirements begin.
    """

    name: str
    title: str
    module: str
    ids: tuple[str, ...]


@dataclass(frozen=True)
class Protocol:
    """One row.

    suites: the names of the suites whose checks it can hold. column: dotted name of what opens dialogues for them
    (`fixtures/…`).
    greeting: a regular expression that the first octets of such a server match (None: the client speaks first).
    plausible: what the greeting of such a server still matches when it is wrong or busy (None: as `greeting`).
    probe, answer: what to say to a server whose greeting fits several rows, and what this protocol's answer matches.
    options: the target options that this protocol's checks use, each with its meaning.
    walks: whether it can be fuzzed: its column has a rung `walk`, and strategies.
    """

    name: str
    title: str
    schemes: dict[str, Scheme]
    suites: tuple[str, ...]
    column: str
    greeting: str | None = None
    plausible: str | None = None
    probe: bytes = b""
    answer: str | None = None
    options: dict[str, str] = field(default_factory=dict)
    walks: bool = False

    @property
    def datagrams(self) -> bool:
        """Whether it travels in datagrams."""
        return any(way.datagrams for way in self.schemes.values())


#: Options that any target takes.
COMMON_OPTIONS = {
    "ca": "file with the certificates to trust; the target's certificate is verified only when this is given",
    "servername": "the name to ask for and to verify in TLS (default: the host)",
    "patience": "seconds to wait for an answer that is owed (default 10)",
    "vantage": "`outside` when the target treats us as a stranger although we connect from loopback",
}
_METHODS = {
    "ping": "a method that can be called without parameters and does no harm (default: `ping`, if it is there)",
    "echo": "a method that gives back its one parameter (default: `echo`, likewise)",
    "sum": "a method that adds numbers (default: `sum` or `add`, likewise)",
    "subtract": "a method that subtracts its second number from its first (default: `subtract`, likewise), "
    "and how it calls them, if it takes them by name: `subtract:minuend,subtrahend`",
    "fail": "a method, called without parameters, that fails",
}
_XMLRPC = {
    "host": "the name to give as Host (default: that of the target, with its port)",
    "add": "a method that adds two integers (default: `add`, if it is there)",
    "echo": "a method that gives back its one parameter (default: `echo` or `system.echo`, likewise)",
    "fail": "a method, called without parameters, that fails",
    "slow": "a method, called without parameters, that takes a second or more",
    "names": "a method, called without parameters, that has `:` and `/` in its name",
}
_PROCEDURES = {
    "program": "the number of the program to call (default 100000, the port mapper)",
    "version": "its version (default: the highest that it has; 2 of the port mapper)",
    "echo": "procedures that give back their argument, by its type: `int:1,opaque:6,...` "
    "(int, unsigned, hyper, float, double, opaque, string, bool, enum, array)",
}
_DIALECT = {"dialect": "what it speaks: a ready dialect's name, or a TOML file (docs/dialects.md)"}

_PAIR = (
    "the names of the other targets of the same mail system: an SMTP target whose `recipient` has this mailbox, and "
    "another reader of it (`pair=mta` or `pair=mta,pop`)"
)

SUITES: dict[str, Suite] = {
    row.name: row
    for row in (
        Suite("smtp", "SMTP", "pytest_netconform.suites.smtp", ("SMTP",)),
        Suite("pop3", "POP3", "pytest_netconform.suites.pop3", ("POP3",)),
        Suite("imap", "IMAP", "pytest_netconform.suites.imap", ("IMAP",)),
        Suite("message", "Messages from end to end", "pytest_netconform.suites.message", ("MSG",)),
        Suite("ftp", "FTP", "pytest_netconform.suites.ftp", ("FTP",)),
        Suite("http", "HTTP/1.1", "pytest_netconform.suites.http", ("HTTP",)),
        Suite("www", "Web applications", "pytest_netconform.suites.www", ("WWW",)),
        Suite("jsonrpc", "JSON-RPC", "pytest_netconform.suites.jsonrpc", ("JR",)),
        Suite("xmlrpc", "XML-RPC", "pytest_netconform.suites.xmlrpc", ("XR",)),
        Suite("oncrpc", "ONC RPC", "pytest_netconform.suites.oncrpc", ("RPC", "XDR")),
        Suite("streams", "Streams", "pytest_netconform.suites.streams", ("TCP", "FRM", "BYT", "ZEN")),
        Suite("datagrams", "Datagrams", "pytest_netconform.suites.datagrams", ("UDP",)),
        Suite("zen", "Zen of Python", "pytest_netconform.suites.zen", ("ZEN",)),
        Suite("classic", "Small services", "pytest_netconform.suites.classic", ("CL",)),
    )
}

#: What is drawn and not written down; off by default, and asked of every protocol that can be walked with.
FUZZ = Suite("fuzz", "Fuzzing", "pytest_netconform.suites.fuzz", ("FUZZ",))
EVERY_SUITE = {**SUITES, FUZZ.name: FUZZ}

#: Services whose scheme implies a ready dialect: their port over TCP, over UDP (None: not there).
_SERVICES: dict[str, tuple[int | None, int | None]] = {
    "echo": (7, 7),
    "discard": (9, 9),
    "systat": (11, None),
    "daytime": (13, 13),
    "qotd": (17, 17),
    "chargen": (19, 19),
    "time": (37, 37),
    "finger": (79, None),
    "ident": (113, None),
    "zen": (1060, None),
    "upper": (0, None),
}

PROTOCOLS: dict[str, Protocol] = {
    row.name: row
    for row in (
        Protocol(
            name="smtp",
            title="SMTP",
            schemes={"smtp": Scheme(25), "smtps": Scheme(465, implicit_tls=True)},
            suites=("smtp", "streams"),
            column="pytest_netconform.fixtures.smtp",
            walks=True,
            greeting=r"(220|554)[ -]",
            plausible=r"[0-9]{3}",
            probe=b"EHLO client.example.org\r\n",
            answer=r"(250[ -]|503[ -]|550[ -])",
            options={
                "recipient": "an address that accepts mail, delivered to a mailbox of yours",
                "recipients": "an address with `*` in it that accepts mail whatever stands there (`me+*@example.test`)",
                "unknown": "an address in a domain of the target's own that does not exist",
                "foreign": "an address in a domain that the target must not relay to",
                "reject": "a line of text that makes the target's content filter refuse a message",
                "readback": "where the recipient's mail arrives: a Maildir folder or an mbox file on this machine",
                "bounces": "an address that is accepted although nothing can be delivered to it",
                "ehlo": "the name to give with EHLO (default client.example.org)",
                "submission": "`1` when the target is a submission service (RFC 6409)",
            },
        ),
        Protocol(
            name="pop3",
            title="POP3",
            schemes={"pop3": Scheme(110), "pop3s": Scheme(995, implicit_tls=True)},
            suites=("pop3", "message"),
            column="pytest_netconform.fixtures.pop3",
            walks=True,
            greeting=r"(\+OK|-ERR)[ \r\n]",
            plausible=r"(?i)(\+OK|-ERR)",
            probe=b"CAPA\r\n",
            answer=r"(\+OK|-ERR)",
            options={
                "readback": "where the account's mail lies: a Maildir folder or an mbox file on this machine",
                "deliver": "the account's Maildir folder, into which a message may be put while a session is open",
                "pair": _PAIR,
            },
        ),
        Protocol(
            name="imap",
            title="IMAP",
            schemes={"imap": Scheme(143), "imaps": Scheme(993, implicit_tls=True)},
            suites=("imap", "message"),
            column="pytest_netconform.fixtures.imap",
            walks=True,
            greeting=r"\* (OK|PREAUTH|BYE)[ \r\n]",
            plausible=r"\* ",
            probe=b"nc1 CAPABILITY\r\n",
            answer=r"(\* CAPABILITY |\* BYE|nc1 )",
            options={
                "second": "the name of a second account, which has the same password",
                "pair": _PAIR,
            },
        ),
        Protocol(
            name="mail",
            title="Mail system",
            schemes={},
            suites=("message",),
            column="pytest_netconform.fixtures.mail",
            options={
                "reader": "the protocol by which our own mail system is read: imap or pop3",
                "sender": "how it is given messages, smtp or append",
            },
        ),
        Protocol(
            name="ftp",
            title="FTP",
            schemes={"ftp": Scheme(21), "ftps": Scheme(990, implicit_tls=True)},
            suites=("ftp",),
            column="pytest_netconform.fixtures.ftp",
            walks=True,
            greeting=r"(220|120)[ -]",
            plausible=r"[0-9]{3}",
            probe=b"USER anonymous\r\n",
            answer=r"(230|232|33[12]|530)[ -]",
            options={
                "second": "the name of a second account, which has the same password",
                "file": "a text file of 200 octets or more, to be read where the account may not write",
                "large": "a file of 20 MiB or more, likewise",
                "anonymous": "`1` when anonymous users are welcome",
                "jail": "`1` when the account must not see anything outside its own root",
                "active": "`1` when the target can connect to us (tried unasked on this machine)",
                "require_tls": "`1` when the target demands TLS before a login",
            },
        ),
        Protocol(
            name="http",
            title="HTTP",
            schemes={"http": Scheme(80), "https": Scheme(443, implicit_tls=True)},
            suites=("http", "www"),
            column="pytest_netconform.fixtures.http",
            walks=True,
            probe=b"HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
            answer=r"HTTP/[0-9]\.[0-9] [0-9]{3}",
            options={
                "host": "the name to give as Host (default: that of the target, with its port)",
                "echo": "path that answers with what it was asked, as JSON: method, target, version, fields, body",
                "static": "path of a static text of 100 octets or more, served from a file",
                "directory": "path of a folder, without the slash at its end",
                "big": "path of a static resource of 1 MiB or more",
                "gzip": "path that is compressed for who accepts that",
                "dynamic": "path whose length is not known when its answer begins",
                "auth": "path behind Basic authentication (user:password@)",
                "redirect": "path that answers with a redirect",
                "write": "path below which resources may be made, changed and deleted (PUT, DELETE)",
                "create": "path to which a POST makes a resource",
                "empty": "path that answers 204",
                "reset": "path that answers 205",
                "cached": "path of a resource that a cache in front may keep",
                "upgrade": "path that switches to another protocol, and that protocol: `/chat websocket`",
                "vhosts": "two host names with different roots: `a.example,b.example`",
                "via": "`proxy` when what answers is not the origin server, `gateway` when TLS ends before it",
                "origin": "URL of the server behind the proxy, which is told the same: where they differ is observed",
                "cookie": "path that sets a cookie, and may say as JSON which ones it was sent",
                "form": "path that takes a form by POST (urlencoded, multipart) and says as JSON what was in it",
                "items": "path that shows what was posted to the form, as a page",
                "login": "path to which user and password are posted (fields `username`, `password`)",
                "logout": "path that ends a login",
                "action": "path of an action that changes something, by POST only",
                "search": "path that searches, with `*` for what is sought (`/search?q=*`)",
                "found": "a value that the search finds",
                "next": "path that redirects to what stands for `*` in it (`/go?next=*`)",
                "reflect": "path whose page repeats what stands for `*` in it (`/hello?name=*`)",
                "json": "path whose JSON repeats what stands for `*` in it",
                "second": "the name of a second account, which has the same password",
                "private": "path of an object that belongs to the second account",
            },
        ),
        Protocol(
            name="jsonrpc",
            title="JSON-RPC",
            schemes={"jsonrpc": Scheme(80), "jsonrpcs": Scheme(443, implicit_tls=True)},
            suites=("jsonrpc",),
            column="pytest_netconform.fixtures.jsonrpc",
            options={"host": "the name to give as Host (default: that of the target, with its port)", **_METHODS},
        ),
        Protocol(
            name="jsonrpctcp",
            title="JSON-RPC over TCP",
            schemes={"jsonrpc+tcp": Scheme(), "jsonrpc+tls": Scheme(implicit_tls=True)},
            suites=("jsonrpc",),
            column="pytest_netconform.fixtures.jsonrpc_tcp",
            options={
                "framing": "how texts are told apart: `lines` (default), or `headers`, each with a Content-Length",
                **_METHODS,
            },
        ),
        Protocol(
            name="xmlrpc",
            title="XML-RPC",
            schemes={"xmlrpc": Scheme(80), "xmlrpcs": Scheme(443, implicit_tls=True)},
            suites=("xmlrpc",),
            column="pytest_netconform.fixtures.xmlrpc",
            options=_XMLRPC,
        ),
        Protocol(
            name="oncrpc",
            title="ONC RPC",
            schemes={"oncrpc": Scheme(111), "oncrpcs": Scheme(implicit_tls=True)},
            suites=("oncrpc",),
            column="pytest_netconform.fixtures.oncrpc",
            options=_PROCEDURES,
        ),
        Protocol(
            name="oncrpcudp",
            title="ONC RPC over UDP",
            schemes={"oncrpc+udp": Scheme(111, datagrams=True)},
            suites=("oncrpc",),
            column="pytest_netconform.fixtures.oncrpc_udp",
            options=_PROCEDURES,
        ),
        Protocol(
            name="stream",
            title="Stream",
            schemes={
                "tcp": Scheme(),
                "tcps": Scheme(implicit_tls=True),
                "unix": Scheme(path=True),
                **{name: Scheme(tcp, dialect=name) for name, (tcp, _) in _SERVICES.items() if tcp is not None},
            },
            suites=("streams", "zen", "classic"),
            column="pytest_netconform.fixtures.stream",
            walks=True,
            options=_DIALECT,
        ),
        Protocol(
            name="datagram",
            title="Datagrams",
            schemes={
                "udp": Scheme(datagrams=True),
                "unixgram": Scheme(path=True, datagrams=True),
                **{
                    f"{name}+udp": Scheme(udp, dialect=f"{name}-udp", datagrams=True)
                    for name, (_, udp) in _SERVICES.items()
                    if udp is not None
                },
            },
            suites=("datagrams", "classic"),
            column="pytest_netconform.fixtures.datagram",
            walks=True,
            options={
                **_DIALECT,
                "broadcast": "a broadcast address at which it may be asked (it and others)",
                "group": "a multicast group that it may listen to",
            },
        ),
    )
}


def by_scheme(scheme: str) -> Protocol | None:
    """The row that a URL scheme belongs to."""
    return next((row for row in PROTOCOLS.values() if scheme in row.schemes), None)


def speaking(suite: str) -> list[Protocol]:
    """The rows that can hold the checks of a suite."""
    return [row for row in PROTOCOLS.values() if suite in row.suites or (suite == FUZZ.name and row.walks)]

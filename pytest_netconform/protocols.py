"""The protocol table: one row per protocol; options, detection, documentation and collection are derived from it.

Strings only: nothing is imported for a protocol that nobody asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Scheme:
    """How a URL scheme reaches a protocol: its default port, and whether TLS comes before the first word."""

    port: int
    implicit_tls: bool = False


@dataclass(frozen=True)
class Protocol:
    """One row.

    suite, column: dotted names of the checks (`suites/…`) and of what opens dialogues for them (`fixtures/…`).
    greeting: a regular expression that the first octets of such a server match (None: the client speaks first).
    plausible: what the greeting of such a server still matches when it is wrong or busy (None: as `greeting`).
    probe, answer: what to say to a server whose greeting fits several rows, and what this protocol's answer matches.
    options: the target options that this protocol's checks use, each with its meaning.
    """

    name: str
    title: str
    schemes: dict[str, Scheme]
    suite: str
    column: str
    greeting: str | None = None
    plausible: str | None = None
    probe: bytes = b""
    answer: str | None = None
    options: dict[str, str] = field(default_factory=dict)


#: Options that any target takes.
COMMON_OPTIONS = {
    "ca": "file with the certificates to trust; the target's certificate is verified only when this is given",
    "servername": "the name to ask for and to verify in TLS (default: the host)",
    "patience": "seconds to wait for an answer that is owed (default 10)",
    "vantage": "`outside` when the target treats us as a stranger although we connect from loopback",
}

PROTOCOLS: dict[str, Protocol] = {
    row.name: row
    for row in (
        Protocol(
            name="smtp",
            title="SMTP",
            schemes={"smtp": Scheme(25), "smtps": Scheme(465, implicit_tls=True)},
            suite="pytest_netconform.suites.smtp",
            column="pytest_netconform.fixtures.smtp",
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
                "ehlo": "the name to give with EHLO (default client.example.org)",
                "submission": "`1` when the target is a submission service (RFC 6409)",
            },
        ),
    )
}


def by_scheme(scheme: str) -> Protocol | None:
    """The row that a URL scheme belongs to."""
    return next((row for row in PROTOCOLS.values() if scheme in row.schemes), None)

"""Recipients and messages: who is served, what is refused for its content, which trace fields are added.

RFC 5321 3.6, 4.4, 6.3 and 7.9. The store is the end of the road for every message, also for those to elsewhere.
"""

from __future__ import annotations

import re
from email.utils import format_datetime

from pytest_netconform.reference_servers.smtp.bounces import Failure, report, status_fields
from pytest_netconform.reference_servers.smtp.core import Answer, Recipient, SmtpCore, Transaction
from pytest_netconform.reference_servers.store import OUTBOUND, StoreFull
from pytest_netconform.wire.smtp_commands import Mailbox, Path

# Where the next header field begins: behind a CR LF that folds nothing. Only CR LF ends a line of a message.
_NEXT_FIELD = re.compile(rb"(?<=\r\n)(?![ \t])")


def header_length(content: bytes) -> int:
    """Octets of the header: up to the empty line, or all where there is none."""
    end = content.find(b"\r\n\r\n")
    return 0 if content.startswith(b"\r\n") else len(content) if end < 0 else end + 2


def fields(content: bytes) -> list[tuple[bytes, bytes]]:
    """The header's fields in order: name in lower case, and the whole field."""
    header = content[: header_length(content)]
    return [(field.partition(b":")[0].rstrip(b" \t").lower(), field) for field in _NEXT_FIELD.split(header) if field]


def without_field(content: bytes, name: bytes) -> bytes:
    """The content without the fields of one name."""
    kept = b"".join(field for found, field in fields(content) if found != name)
    return kept + content[header_length(content) :]


class Delivery(SmtpCore):
    """The house's policy, and what becomes of a message."""

    # recipients

    def is_local(self, domain: str) -> bool:
        """Whether mail for a domain is ours; the bare Postmaster has none and is (4.5.1)."""
        return domain.lower() in ("", self.config.domain, self.config.host)

    def mailbox_for(self, address: Mailbox) -> str | None:
        """The mailbox that a local address leads to. Local-parts fold case here, and `+detail` is the same person."""
        name = address.local.lower().partition("+")[0]
        return name if name in self.config.users | self.config.undeliverable else None

    def may_relay(self) -> bool:
        """Whether this client may send to elsewhere."""
        return bool(self.user) or (self.config.trusted and not self.config.submission)

    def judge_sender(self, path: Path, parameters: dict[str, object]) -> Answer | None:
        """Why a sender is refused, or None. The null sender never is (RFC 1123 5.2.9)."""
        if self.is_unqualified(path):
            return Answer(554, "5.1.8", "The sender's domain is not fully qualified")
        return None

    def judge_recipient(self, path: Path) -> Answer | None:
        """Why a recipient is refused, or None."""
        address = path.mailbox
        if address is None:
            return Answer(501, "5.1.3", "A recipient cannot be null")
        if self.is_local(address.domain):
            if self.mailbox_for(address) is None:
                return Answer(550, "5.1.1", f"No such mailbox: <{self.shown(path.text.encode())}>")
        elif self.is_unqualified(path):
            return Answer(554, "5.1.2", "The recipient's domain is not fully qualified")
        elif not self.may_relay():
            return Answer(550, "5.7.1", f"Not our domain, and no relaying: <{self.shown(path.text.encode())}>")
        return None

    def is_unqualified(self, path: Path) -> bool:
        """A domain of one label, which a submission server must not pass on (RFC 6409 4.2)."""
        domain = path.mailbox.domain if path.mailbox else ""
        return self.config.submission and bool(domain) and not re.search(r"[.\[]", domain)

    def recipient(self, address: Mailbox, parameters: dict[str, object]) -> Recipient:
        """What is remembered of an accepted recipient."""
        local = self.mailbox_for(address) if self.is_local(address.domain) else None
        return Recipient(address, local if local is not None else OUTBOUND, parameters)

    # content

    def judge_content(self, content: bytes) -> Answer | None:
        """Why a message is refused for what it says, or None."""
        hops = sum(name == b"received" for name, _ in fields(content))
        if hops > self.config.hops:
            return Answer(554, "5.4.6", "Too many hops: the message goes round in circles")
        if self.config.rejected_line in content:
            return Answer(554, "5.7.1", "The content is refused")
        return None

    def deliver(self, transaction: Transaction, content: bytes) -> Answer:
        """Store one copy for each mailbox."""
        number = self.store.number()
        given: dict[str, list[str]] = {}
        for recipient in transaction.recipients:
            given.setdefault(recipient.mailbox, []).append(recipient.address.text)
        try:
            for mailbox, addresses in given.items():
                if mailbox in self.config.undeliverable:
                    self.bounce(transaction, mailbox, content, number)
                    continue
                copy = self.delivered_content(transaction, content, number, final=mailbox != OUTBOUND)
                self.store.add(mailbox, transaction.sender.text, addresses, copy)
        except StoreFull:
            return Answer(452, "4.3.1", "No room for the message")
        return Answer(250, "2.0.0", f"Message {number} accepted")

    # what cannot be delivered

    def bounce(self, transaction: Transaction, mailbox: str, content: bytes, number: int) -> None:
        """Tell a sender of ours, unless there is none, or he wants to know nothing (RFC 5321 4.5.5, RFC 3461 5.2.1)."""
        sender, lost = transaction.sender, next(one for one in transaction.recipients if one.mailbox == mailbox)
        home = self.mailbox_for(sender.mailbox) if sender.mailbox and self.is_local(sender.mailbox.domain) else None
        if home in self.config.users and "FAILURE" in str(lost.parameters.get("NOTIFY", "FAILURE")):
            failure = Failure(
                self.config.host,
                sender.text,
                lost.address.text,
                str(transaction.parameters.get("ENVID", "")),
                format_datetime(self.config.date(self.now)),
                number,
                content[: header_length(content)],
            )
            path = f"Return-Path: <{self.bounce_sender()}>\r\n".encode()
            self.store.add(str(home), "", [sender.text], path + report(failure, self.status_fields(failure)))

    def bounce_sender(self) -> str:
        """The envelope's sender of a report: nobody, so that no report is made of a report."""
        return ""

    def status_fields(self, failure: Failure) -> list[str]:
        """What a report tells programs (RFC 3464 2)."""
        return status_fields(failure)

    # what is stored

    def delivered_content(self, transaction: Transaction, content: bytes, number: int, final: bool) -> bytes:
        """The message as it is stored: trace fields on top, and at its last station one Return-Path above all (4.4)."""
        content = self.submitted_fields(content, number) + content
        content = self.received_field(transaction, number) + content
        if not final:
            return content
        return self.return_path_field(transaction) + without_field(content, b"return-path")

    def return_path_field(self, transaction: Transaction) -> bytes:
        """The envelope's sender, as the message's first line."""
        return f"Return-Path: <{transaction.sender.text}>\r\n".encode()

    # Time-stamp-line = "Received:" FWS From-domain By-domain [With] [ID] [For] ";" FWS date-time CRLF   (4.4)
    def received_field(self, transaction: Transaction, number: int) -> bytes:
        """Where the message came from; the recipient is named only if there is one, else copies would tell tales."""
        only = transaction.recipients[0].address.text if len(transaction.recipients) == 1 else ""
        return (
            f"Received: from {self.hello} ({self.peer_literal()})\r\n"
            f"\tby {self.config.host} with {self.protocol(transaction)} id {number}"
            + (f"\r\n\tfor <{only}>" if only else "")
            + f";\r\n\t{format_datetime(self.config.date(self.now))}\r\n"
        ).encode()

    def peer_literal(self) -> str:
        """The peer's address as an address literal (4.1.3)."""
        host = self.peer.address[0]
        return f"[IPv6:{host}]" if ":" in host else f"[{host}]"

    def protocol(self, transaction: Transaction) -> str:
        """How the message came, as the Received field says it (RFC 3848; RFC 6531 4.3)."""
        base = "UTF8SMTP" if transaction.international else "ESMTP" if self.extended else "SMTP"
        return base + "S" * self.is_secure + "A" * bool(self.user) if self.extended else base

    def submitted_fields(self, content: bytes, number: int) -> bytes:
        """Date and Message-ID, which a submission server adds where they are missing (RFC 6409 8.2, 8.3)."""
        if not self.config.submission:
            return b""
        there = {name for name, _ in fields(content)}
        ours = {
            b"date": f"Date: {format_datetime(self.config.date(self.now))}\r\n",
            b"message-id": f"Message-ID: <{number}@{self.config.host}>\r\n",
        }
        return "".join(text for name, text in ours.items() if name not in there).encode()

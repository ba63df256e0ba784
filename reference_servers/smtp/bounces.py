"""Reports of mail that could not be delivered (RFC 3464, RFC 6522): octets, of what is known of the message."""

from __future__ import annotations

from dataclasses import dataclass

BOUNDARY = "=_report"


@dataclass(frozen=True)
class Failure:
    """A message that got lost. Addresses as they were given; envid: empty where the sender gave none."""

    host: str
    sender: str
    recipient: str
    envid: str
    date: str
    number: int
    header: bytes


def status_fields(failure: Failure) -> list[str]:
    """The fields of message/delivery-status: those of the message, an empty line, those of the recipient."""
    envid = [f"Original-Envelope-Id: {failure.envid}"] if failure.envid else []
    about = [f"Final-Recipient: rfc822; {failure.recipient}", "Action: failed", "Status: 5.2.0"]
    return [*envid, f"Reporting-MTA: dns; {failure.host}", "", *about]


def report(failure: Failure, fields: list[str]) -> bytes:
    """A multipart/report: for people, for programs, and the header of what was lost."""
    lines = [
        f"From: Mail Delivery System <MAILER-DAEMON@{failure.host}>",
        f"To: <{failure.sender}>",
        "Subject: Undelivered mail",
        f"Date: {failure.date}",
        f"Message-ID: <{failure.number}.report@{failure.host}>",
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/report; report-type=delivery-status; boundary="{BOUNDARY}"',
        "",
        f"--{BOUNDARY}",
        "",
        f"Your message could not be delivered to {failure.recipient}.",
        f"--{BOUNDARY}",
        "Content-Type: message/delivery-status",
        "",
        *fields,
        "",
        f"--{BOUNDARY}",
        "Content-Type: text/rfc822-headers",
        "",
    ]
    return "\r\n".join(lines).encode() + b"\r\n" + failure.header + f"\r\n--{BOUNDARY}--\r\n".encode()

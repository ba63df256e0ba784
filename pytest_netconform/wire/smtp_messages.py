"""Messages that checks send (RFC 5322), and messages that carry a second one behind what looks like an end of data.

Pure octets, as content (no dots doubled) or as DATA carries them; which look-alikes there are is the suites' affair.
"""

from __future__ import annotations

from pytest_netconform.wire.smtp import CRLF, stuffed

SMUGGLER = "smuggled@client.example.org"  # the sender of the message inside


def message(marker: str, body: bytes = b"Hello.\r\n", trace: bytes = b"") -> bytes:
    """A whole message's content: the marker in Subject and Message-ID, whole header lines `trace` in front of all.

    The Message-ID is the marker's, so that a mailbox that drops duplicates keeps every message.
    """
    header = (
        "From: <s@client.example.org>\r\n"
        f"Subject: {marker}\r\n"
        "Date: Thu, 01 Jan 2026 00:00:00 +0000\r\n"
        f"Message-ID: <{marker}@client.example.org>\r\n"
    )
    return trace + header.encode() + CRLF + body


def smuggling(outer: bytes, lookalike: bytes, recipient: str, inner: str) -> bytes:
    """DATA's octets: `outer` content, a look-alike of the end of data, a transaction of its own, the true end.

    A server that falls for it has four commands to answer (MAIL, RCPT, DATA and a message marked `inner`).
    """
    commands = f"MAIL FROM:<{SMUGGLER}>\r\nRCPT TO:<{recipient}>\r\nDATA\r\n"
    return outer + lookalike + commands.encode() + stuffed(message(inner, b"Smuggled.\r\n"))

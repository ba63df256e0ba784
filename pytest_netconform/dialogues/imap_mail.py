"""The messages that checks put into mailboxes of their own: small, different, and known to the octet."""

from __future__ import annotations

CRLF = b"\r\n"

#: how many octets each is, and what its header says, differs; the dates ascend
MESSAGES: tuple[bytes, ...] = tuple(
    (
        f"Date: Fri, {7 * number - 6} May 2020 0{number}:00:00 +0000\r\n"
        f"From: {name} <{name.lower()}@client.example.org>\r\n"
        f"To: alice@example.test\r\n"
        f'Subject: Message "{name}"\r\n'
        f"Message-ID: <nc-{number}@client.example.org>\r\n"
        f"\r\n" + f"This is line {number} of {name}.\r\n" * number
    ).encode()
    for number, name in enumerate(("Anna", "Bert", "Carl", "Dora", "Emil"), 1)
)

"""aiosmtpd as its manual shows it: TLS, one account, one mailbox on disk. Prints its port; ends when stdin does.

python serve_aiosmtpd.py KEY CERTIFICATES MAILDIR
"""

from __future__ import annotations

import asyncio
import mailbox
import ssl
import sys
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult

KNOWN = "alice@example.test", "postmaster@example.test", "postmaster"
UNWANTED = b"XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"


class Mailboxes:
    """One mailbox, and who is known here; the names of the methods are aiosmtpd's."""

    def __init__(self, folder: str) -> None:
        self.box = mailbox.Maildir(folder)

    async def handle_RCPT(self, server: SMTP, session: Any, envelope: Any, address: str, options: Any) -> str:
        local, _, domain = address.lower().partition("@")
        relayed = session.authenticated and domain != "example.test"
        if not relayed and "@".join(filter(None, (local.partition("+")[0], domain))) not in KNOWN:
            return "550 5.1.1 No such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:
        if UNWANTED in envelope.content:
            return "554 5.7.1 The content is refused"
        self.box.add(envelope.content)
        return "250 2.0.0 Delivered"


def authenticated(server: SMTP, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    """Whether it is alice."""
    return AuthResult(success=(data.login, data.password) == (b"alice", b"s3cret"), handled=False)


async def main(key: str, certificates: str, folder: str) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificates, key)
    loop, mailboxes = asyncio.get_running_loop(), Mailboxes(folder)

    def session() -> SMTP:
        return SMTP(
            mailboxes,
            hostname="mail.example.test",
            enable_SMTPUTF8=True,
            tls_context=context,
            authenticator=authenticated,
            loop=loop,
        )

    server = await loop.create_server(session, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

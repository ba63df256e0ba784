"""The strict SMTP session: greeting, EHLO, STARTTLS, and the commands that change no transaction (RFC 5321, 3207).

`SmtpSession` is the whole of the folder's modules. It serves mail for one domain, relays for those who have logged in
(which ends in the store), and does nothing that a standard it knows forbids.
"""

from __future__ import annotations

from pytest_netconform.reference_servers.session import StartTls
from pytest_netconform.reference_servers.smtp.auth import Authentication
from pytest_netconform.reference_servers.smtp.config import EXTENSIONS
from pytest_netconform.reference_servers.smtp.core import Answer, Cleared, listed
from pytest_netconform.reference_servers.smtp.transaction import Transactions
from pytest_netconform.wire.smtp_commands import Mailbox, parse_hello, parse_vrfy


class SmtpSession(Authentication, Transactions):
    """One client's connection."""

    # greeting and end

    def on_open(self) -> None:
        self.is_secure = self.peer.secure
        super().on_open()

    def greet(self) -> None:
        """The server speaks first (3.1)."""
        code = 554 if self.config.refusing else 220
        self.send(self.format_reply(code, "", [self.greeting_text()]))

    def greeting_text(self) -> str:
        """The server's name, then anything (4.2)."""
        return f"{self.config.host} " + ("takes no mail" if self.config.refusing else "ESMTP at your service")

    def answer_quit(self, argument: bytes) -> None:
        """221, then the connection is closed (4.1.1.10)."""
        self.reply(221, "2.0.0", f"{self.config.host} closes the connection")
        self.close()

    def idle_limit(self) -> float | None:
        """At least five minutes (4.5.3.2.7)."""
        return self.config.idle

    def on_idle(self) -> None:
        """A 421 before the close (3.8), unless a handshake is owed: then no word may go out in clear."""
        if not self.handshaking:
            self.verb = ""
            self.reply(421, "4.4.2", f"{self.config.host} has waited long enough; closing")
        self.close()

    # EHLO and HELO

    def answer_ehlo(self, argument: bytes) -> None:
        """The client's name, and a new beginning (4.1.4); the answer lists the extensions."""
        self.hello, self.extended = self.read_hello(argument), True
        self.clear(Cleared.EHLO)
        self.reply(250, "", f"{self.config.host} greets {self.shown(self.hello.encode())}", *self.ehlo_lines())

    def answer_helo(self, argument: bytes) -> None:
        """The same without extensions, and without a word of them (3.2)."""
        self.hello, self.extended = self.read_hello(argument), False
        self.clear(Cleared.EHLO)
        self.reply(250, "", f"{self.config.host} greets {self.shown(self.hello.encode())}")

    def read_hello(self, argument: bytes) -> str:
        """The client's name for itself."""
        return parse_hello(argument)

    def ehlo_lines(self) -> list[str]:
        """One line an extension: its keyword and parameters."""
        return [listed([name, *self.extension_parameters(name)]) for name in EXTENSIONS if self.offers(name)]

    def extension_parameters(self, extension: str) -> list[str]:
        """What stands behind a keyword."""
        if extension == "SIZE":
            return [str(self.config.size)]
        return self.mechanisms() if extension == "AUTH" else []

    # commands that change no transaction, or end it

    def answer_rset(self, argument: bytes) -> None:
        """The transaction is forgotten, the client's name and login are not (4.1.1.5)."""
        self.clear(Cleared.RSET)
        self.reply(250, "2.0.0", "Forgotten")

    def answer_noop(self, argument: bytes) -> None:
        """Nothing, politely."""
        self.reply(250, "2.0.0", "Nothing done")

    def answer_help(self, argument: bytes) -> None:
        """The commands there are (4.1.1.8)."""
        self.reply(214, "2.0.0", "The commands are", listed(sorted(self.commands)))

    def answer_vrfy(self, argument: bytes) -> None:
        """Whether a user is known here (3.5), in the words that a path to him would have."""
        address, announced = parse_vrfy(argument)
        if not address.text.isascii() and not (announced and "SMTPUTF8" in self.extensions_on()):
            self.reply(553, "5.6.7", "A name beyond ASCII, and no SMTPUTF8 parameter")
            return
        self.answer(self.verify(address))

    def verify(self, address: Mailbox) -> Answer:
        """VRFY's answer: with a whole mailbox if it is positive (3.5.2), and never positive on trust (3.5.3)."""
        if not self.is_local(address.domain):
            if self.may_relay():
                return Answer(252, "2.0.0", "Not of this house; mail for it will be taken")
            return Answer(550, "5.7.1", "Not of this house")
        name = self.mailbox_for(address)
        if name is None:
            return Answer(550, "5.1.1", "No such user")
        return Answer(250, "2.1.5", f"<{name}@{self.config.domain}>")

    # STARTTLS

    def answer_starttls(self, argument: bytes) -> None:
        """The last word in clear; what the client sent behind the command is not heard (RFC 3207 4.2, 6)."""
        self.reply(220, "2.0.0", "Ready for TLS")
        behind = self.behind_starttls(self.pending())
        self.drop_pending()
        self.put_back(behind)
        self.begin_tls()

    def behind_starttls(self, octets: bytes) -> bytes:
        """Which of the octets that arrived in clear behind STARTTLS are kept for the time after the handshake."""
        return b""

    def begin_tls(self) -> None:
        """Ask for the handshake, and be deaf until it is done."""
        self.handshaking = True
        self.read_nothing()
        self.act(StartTls())

    def on_data(self, data: bytes) -> None:
        """Octets; those that come in clear while a handshake is owed are nobody's business."""
        super().on_data(self.behind_starttls(data) if self.handshaking else data)

    def on_secure(self) -> None:
        """The handshake is done: what was said before it is forgotten (RFC 3207 4.2)."""
        self.is_secure, self.handshaking = True, False
        self.forget()
        self.read_lines()
        self.digest()

    def forget(self) -> None:
        """Everything that the client said of himself, and the transaction."""
        self.hello, self.user, self.extended = "", "", False
        self.clear(Cleared.STARTTLS)

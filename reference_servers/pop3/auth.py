"""The AUTHORIZATION state: USER and PASS, APOP (RFC 1939 7), AUTH and its exchange (RFC 5034)."""

from __future__ import annotations

import hmac

from pytest_netconform.reference_servers.pop3.core import Pop3Core, Refusal
from pytest_netconform.reference_servers.pop3.maildrop import Maildrop
from pytest_netconform.wire.pop3 import apop_digest
from pytest_netconform.wire.sasl import MECHANISMS, Claim, SaslProblem, decoded, encoded


class Authorization(Pop3Core):
    """From the greeting to an open maildrop. An exchange takes every line until it is over."""

    # USER and PASS, APOP

    def answer_user(self, name: bytes) -> None:
        """A name; whether there is such a user shows only behind the password (RFC 1939 13)."""
        if not self.shows_passwords():
            raise Refusal("Passwords want TLS first; STLS begins it")
        self.named = name.decode("ascii")
        self.agree("Now the password")

    def answer_pass(self, password: bytes) -> None:
        """The password to the name just given; spaces belong to it (RFC 1939 7)."""
        name, self.named = self.named, ""
        if not name:
            raise Refusal("PASS is in order right behind USER only")
        self.judge(name, self.is_password(name, self.read_password(password)))

    def read_password(self, argument: bytes) -> str:
        """PASS takes all that follows its space."""
        return argument.decode("ascii")

    def is_password(self, name: str, password: str) -> bool:
        """Whether it is the password of a user there is."""
        known = self.config.passwords.get(name)
        return known is not None and hmac.compare_digest(known.encode(), password.encode())

    def answer_apop(self, name: bytes, digest: bytes) -> None:
        """A name and the digest of the greeting's timestamp and the shared secret (RFC 1939 7)."""
        self.judge(name.decode("ascii"), self.is_digest(name.decode("ascii"), digest))

    def is_digest(self, name: str, digest: bytes) -> bool:
        """Whether the digest proves that the client knows the secret."""
        known = self.config.passwords.get(name)
        return known is not None and hmac.compare_digest(apop_digest(self.stamp.encode(), known).encode(), digest)

    def judge(self, name: str, right: bool) -> None:
        """Let a client in, or not."""
        if right:
            self.enter(name)
        else:
            self.refuse_login(name)

    def refuse_login(self, name: str) -> None:
        """The same words whatever was wrong, so that nobody learns which users there are (RFC 3206 4)."""
        self.refuse("Authentication failed", "AUTH" if "AUTH-RESP-CODE" not in self.config.without else "")

    def enter(self, name: str) -> None:
        """The maildrop opens, unless somebody has it open (RFC 1939 4)."""
        if not self.claim(name):
            raise Refusal("Another session has the maildrop", "IN-USE")
        self.user = name
        self.drop = self.open_maildrop()
        self.agree(f"{len(self.drop.there())} messages")

    def claim(self, name: str) -> bool:
        """The exclusive lock of a maildrop."""
        return not self.config.lock or self.store.claim(name)

    def open_maildrop(self) -> Maildrop:
        """What lies there now."""
        return Maildrop(self.store.messages(self.user))

    # AUTH

    def mechanisms(self) -> list[str]:
        """The mechanisms on offer: none that shows the password to whoever listens, unless that is allowed."""
        return [name for name, mechanism in MECHANISMS.items() if self.shows_passwords() or not mechanism.plaintext]

    def answer_auth(self, name: bytes, initial: bytes = b"") -> None:
        """Begin an exchange: with an initial response (`=` is an empty one), or with a challenge."""
        mechanism = name.decode("ascii").upper()
        if mechanism not in self.mechanisms():
            raise Refusal("This mechanism is not on offer here")
        if initial and MECHANISMS[mechanism].server_first:
            raise Refusal(f"{mechanism} takes no initial response")
        try:
            first = None if not initial else b"" if initial == b"=" else self.decode_response(initial)
        except SaslProblem as problem:
            raise Refusal(f"The response is {problem}") from None
        self.exchange = MECHANISMS[mechanism].start(first, self.unique())
        self.step(None)

    def unique(self) -> bytes:
        """What makes a challenge like no other: a number that the store gives once, the time, the host."""
        return f"{self.store.number()}.{int(self.now)}@{self.config.host}".encode()

    def on_line(self, line: bytes) -> None:
        """A response while an exchange is under way, a command otherwise."""
        if self.exchange is None:
            super().on_line(line)
            return
        try:
            if line == b"*":
                self.cancelled()
            else:
                self.step(self.decode_response(line))
        except SaslProblem as problem:
            self.exchange = None
            self.refuse(f"The response is {problem}")
        except Refusal as refusal:
            self.refuse(refusal.text, refusal.code)

    def cancelled(self) -> None:
        """The client has thought better of it (RFC 5034 4)."""
        self.exchange = None
        self.refuse("Authentication cancelled")

    def decode_response(self, text: bytes) -> bytes:
        """The octets of a response."""
        return decoded(text)

    def step(self, response: bytes | None) -> None:
        """One step of the exchange: another challenge, or the end."""
        assert self.exchange is not None
        try:
            challenge = next(self.exchange) if response is None else self.exchange.send(response)
        except StopIteration as end:
            self.exchange = None
            claim: Claim = end.value
            self.judge(claim.user, self.is_right(claim))
        except SaslProblem:
            self.exchange = None
            self.refuse_login("")
        else:
            self.send_challenge(challenge)

    def send_challenge(self, challenge: bytes) -> None:
        """A plus sign, one space, and the challenge in base64, however empty (RFC 5034 4)."""
        self.send(b"+ " + encoded(challenge) + self.reply_end)

    def is_right(self, claim: Claim) -> bool:
        """Whether the password that is known for the user proves the claim; nobody acts for others."""
        known = self.config.passwords.get(claim.user)
        return known is not None and claim.proven_by(known) and claim.acting_for in ("", claim.user)

"""Authentication: the AUTH command and its exchange (RFC 4954)."""

from __future__ import annotations

from pytest_netconform.reference_servers.smtp.core import Answer, SmtpCore
from pytest_netconform.wire.sasl import MECHANISMS, Claim, SaslProblem, decoded, encoded


class Authentication(SmtpCore):
    """From AUTH to 235 or a refusal. An exchange takes every line until it is over."""

    def mechanisms(self) -> list[str]:
        """The mechanisms on offer: none that shows the password to whoever listens, unless that is allowed."""
        clear = self.is_secure or self.config.auth_in_clear
        return [name for name, mechanism in MECHANISMS.items() if clear or not mechanism.plaintext]

    def answer_auth(self, argument: bytes) -> None:
        """Begin an exchange, or say why not."""
        name, _, initial = argument.partition(b" ")
        mechanism = name.decode("latin-1").upper()
        refusal = self.auth_problem(mechanism, initial)
        if refusal is not None:
            self.answer(refusal)
            return
        self.begin_exchange(mechanism, initial)

    def auth_problem(self, mechanism: str, initial: bytes) -> Answer | None:
        """Why no exchange begins, or None."""
        if self.user:
            return Answer(503, "5.5.1", "Already authenticated")
        if mechanism not in MECHANISMS:
            return Answer(504, "5.5.4", "Mechanism not known")
        if mechanism not in self.mechanisms():
            return Answer(538, "5.7.11", "This mechanism needs TLS")
        if initial and MECHANISMS[mechanism].server_first:
            return Answer(501, "5.5.4", f"{mechanism} takes no initial response")
        return None

    def begin_exchange(self, mechanism: str, initial: bytes) -> None:
        """The first step: with an initial response (`=` is an empty one), or with a challenge."""
        try:
            first = None if not initial else b"" if initial == b"=" else self.decode_response(initial)
        except SaslProblem:
            self.auth_undecodable()
            return
        self.exchange = MECHANISMS[mechanism].start(first, self.unique())
        self.step(None)

    def unique(self) -> bytes:
        """What makes a challenge like no other: a number that the store gives once, the time, the host."""
        return f"{self.store.number()}.{int(self.now)}@{self.config.host}".encode()

    def on_line(self, line: bytes) -> None:
        """A response while an exchange is under way, a command otherwise."""
        if self.exchange is None:
            super().on_line(line)
        elif line == b"*":
            self.auth_cancelled()
        else:
            self.on_response(line)

    def on_response(self, line: bytes) -> None:
        """The client's turn in an exchange."""
        try:
            response = self.decode_response(line)
        except SaslProblem:
            self.auth_undecodable()
        else:
            self.step(response)

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
            self.judge_claim(end.value)
        except SaslProblem:
            self.auth_refused()
        else:
            self.send_challenge(challenge)

    def send_challenge(self, challenge: bytes) -> None:
        """334, one space, and the challenge in base64, however empty (RFC 4954 4)."""
        self.send(b"334 " + encoded(challenge) + self.reply_end)

    def judge_claim(self, claim: Claim) -> None:
        """Let a client in, or not."""
        if self.is_right(claim):
            self.user = claim.user
            self.reply(235, "2.7.0", "Authenticated")
        else:
            self.auth_refused()

    def is_right(self, claim: Claim) -> bool:
        """Whether the password that is known for the user proves the claim; nobody acts for others."""
        known = self.config.passwords.get(claim.user)
        return known is not None and claim.proven_by(known) and claim.acting_for in ("", claim.user)

    def auth_refused(self) -> None:
        """The same words whatever was wrong, so that nobody learns which users there are."""
        self.exchange = None
        self.reply(535, "5.7.8", "Authentication failed")

    def auth_cancelled(self) -> None:
        """The client has thought better of it."""
        self.exchange = None
        self.reply(501, "5.7.0", "Authentication cancelled")

    def auth_undecodable(self) -> None:
        """A response that is not base64."""
        self.exchange = None
        self.reply(501, "5.5.2", "Not base64")

    def longest_line(self) -> int:
        """Responses are longer than commands (RFC 4954 4)."""
        return self.config.line if self.exchange is None else self.config.auth_line

    def on_long_line(self, head: bytes) -> None:
        """One refusal for the whole line, wherever it ended."""
        if self.exchange is not None:
            self.exchange = None
            self.reply(500, "5.5.6", "The response is too long")
            return
        self.verb = ""
        self.reply(500, "5.5.2", "The line is too long")

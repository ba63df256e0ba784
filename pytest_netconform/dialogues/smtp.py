"""The SMTP client's half (RFC 5321): the generic dialogue over replies, and the steps that most checks share."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from typing import ClassVar

from pytest_netconform.codes import Code, fits
from pytest_netconform.dialogue import Dialogue, Say
from pytest_netconform.readback import UnreadableMailbox
from pytest_netconform.tour import Tour
from pytest_netconform.verdict import Inconclusive, NonConformity, NotApplicable
from pytest_netconform.visit import Visit
from pytest_netconform.wire.sasl import cram_response
from pytest_netconform.wire.smtp import Offer, Reply, ReplyFramer, parse_offer, stuffed
from pytest_netconform.wire.smtp_messages import message

MAIL = "MAIL FROM:<s@client.example.org>"
ARRIVAL_SECONDS = 10.0  # delivery is asynchronous nearly everywhere
POLL_SECONDS = 0.05
LOGIN_SECONDS = 30.0  # who failed to log in is made to wait: Dovecot doubles the time up to 15 s, until he succeeds
ARRIVES = "smtp-mail-arrives"  # among what checks share: whether mail was seen to arrive, once that was in doubt


SmtpTour = Tour[Reply]


class Smtp(Dialogue[Reply]):
    """One SMTP connection. `greeting` is the 220; `offer` is what the last positive EHLO reply offered."""

    control: ClassVar[tuple[Say, tuple[Code, ...]]] = ("NOOP", (250,))

    def __init__(self, visit: Visit) -> None:
        super().__init__(visit, ReplyFramer)
        self.offer = Offer("", {})
        self.greeting = Reply(None, (), b"")

    # -- what the user gave for this target

    @property
    def ehlo(self) -> str:
        """The EHLO command with the name that the user chose."""
        return f"EHLO {self.target.options.get('ehlo') or 'client.example.org'}"

    @property
    def recipient(self) -> str:
        """An address that accepts mail. Raises NotApplicable when none was given."""
        return self.target.option("recipient")

    @property
    def rcpt(self) -> str:
        """RCPT with the recipient."""
        return f"RCPT TO:<{self.recipient}>"

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """The SASL mechanisms of the last offer."""
        return self.offer.keywords.get("AUTH", ())

    @property
    def domain(self) -> str:
        """The recipient's domain."""
        return self.recipient.rpartition("@")[2]

    # -- steps

    def weigh(
        self,
        value: Reply,
        *codes: Code,
        tolerated: Mapping[Code, str] | None = None,
        noted: Mapping[Code, str] | None = None,
        expected: str = "",
    ) -> None:
        """As for any dialogue; but 530, where it is not listed, asks for a login or TLS first: no breach of this rule.

        (RFC 4954 6, RFC 3207 4.)
        """
        if value.code == 530 and not fits(530, (*codes, *(tolerated or ()), *(noted or ()))):
            raise Inconclusive(f"a login or TLS is asked for first ({self._shown(value.raw)})")
        super().weigh(value, *codes, tolerated=tolerated, noted=noted, expected=expected)

    def greet(self) -> Reply:
        """Read the greeting, which must be 220; remembers and returns it."""
        self.greeting = self.expect(220, to="the connection")
        return self.greeting

    def hello(self) -> Offer:
        """EHLO, which must be accepted; remembers and returns the offer."""
        self.offer = parse_offer(self.exchange(self.ehlo, 250))
        return self.offer

    def begin(self) -> None:
        """Prerequisite: a transaction with one sender and one recipient."""
        self.given(MAIL, self.rcpt)

    def secure(self) -> Offer:
        """Prerequisite: STARTTLS, the handshake, and EHLO inside. Inconclusive when TLS is not to be had now."""
        try:
            self.exchange("STARTTLS", 220)
            self.start_tls()
            return self.hello()
        except NonConformity as problem:
            raise Inconclusive(f"prerequisite not met: {problem}") from None

    def credentials(self, username: str = "", password: str = "") -> bytes:
        """The AUTH PLAIN response (RFC 4616 2), base64: for another account, or the user's own, never shown."""
        if username:
            return base64.b64encode(f"\0{username}\0{password}".encode())
        username, password = self._account()
        return self.secret(f"\0{username}\0{password}".encode())

    def secret(self, response: bytes) -> bytes:
        """A response of an AUTH exchange in base64; no report shows it."""
        encoded = base64.b64encode(response)
        for octets in (response, encoded):
            self.visit.transcript.hide(octets)
        return encoded

    def authenticate(self) -> None:
        """Prerequisite: logged in, by the first mechanism of ours that is offered."""
        username, password = self._account()
        if "LOGIN" in self.mechanisms and "PLAIN" not in self.mechanisms:
            self.given("AUTH LOGIN", base64.b64encode(username.encode()) + b"\r\n")
            self.send(self.secret(password.encode()) + b"\r\n")
        elif "CRAM-MD5" in self.mechanisms and "PLAIN" not in self.mechanisms:
            challenge = base64.b64decode(self.exchange("AUTH CRAM-MD5", 334).lines[0])
            self.send(self.secret(cram_response(username, password, challenge)) + b"\r\n")
        else:
            self.send(b"AUTH PLAIN " + self.credentials() + b"\r\n")
        reply = self.verdict_on_account()
        if reply.code != 235:
            raise Inconclusive(f"prerequisite not met: 235 at the end of AUTH, not {reply.code} {reply.text}")
        self.visit.evidence.add("twin")

    def verdict_on_account(self) -> Reply:
        """The answer to the account's proof. After 535, which is Inconclusive, it is not tried again in this run."""
        reply = self.reply(within=max(self.target.patience, LOGIN_SECONDS))
        if reply.code == 535:
            self.target.shared["smtp-account"] = f"the account was refused ({reply.text}); is the password right?"
            raise Inconclusive(self.target.shared["smtp-account"])
        return reply

    def _account(self) -> tuple[str, str]:
        self.target.require("?account")
        if refused := self.target.shared.get("smtp-account"):
            raise Inconclusive(refused)
        return self.target.account

    def deliver(self, content: bytes, *, mail: str = MAIL) -> Reply:
        """Prerequisite: a transaction with this content (not yet dot-stuffed) is accepted; returns the last reply."""
        self.given(mail, self.rcpt, "DATA")
        try:
            return self.exchange(stuffed(content), 250)
        except NonConformity as problem:
            raise Inconclusive(f"prerequisite not met: the message was not accepted: {problem}") from None

    # -- reading back

    def marker(self) -> str:
        """A word that no other message holds; texts of reports show it as `{marker}`."""
        return self.visit.nonce(f"nc{secrets.token_hex(6)}")

    def stored(self, marker: str, count: int = 1) -> list[bytes]:
        """The messages that hold `marker`, line ends as CRLF, once at least `count` have arrived.

        Raises NotApplicable without `?readback=`, NonConformity when they have not come within 10 s, Inconclusive when
        no message at all arrives there: then the place is wrong, or delivery takes longer.
        """
        found = self._arrived(marker, count)
        self._await("mailbox", 0)
        if len(found) >= count:
            return [_crlf(stored) for stored in found]
        if not self.target.once(ARRIVES, self._mail_arrives):
            raise Inconclusive(f"a plain message did not arrive at ?readback= within {ARRIVAL_SECONDS:g} s either")
        self._await("mailbox", 0)
        raise NonConformity(
            f"{count} stored message{'s' * (count > 1)} with the marker within {ARRIVAL_SECONDS:g} s",
            f"{len(found)}",
            passing=True,
        )

    def _arrived(self, marker: str, count: int) -> list[bytes]:
        """What holds the marker, once it is enough, or when there was time for it; without waiting if it is vain."""
        read = self.target.stored
        if read is None:
            raise NotApplicable("?readback=", "the target option ?readback= was not given")
        carriage = self.target.carriage
        deadline = carriage.now() + (ARRIVAL_SECONDS if self.target.shared.get(ARRIVES, True) else 0)
        while True:
            try:
                found = [stored for stored in read() if marker.encode() in stored]
            except UnreadableMailbox as problem:
                raise Inconclusive(str(problem)) from None
            if len(found) >= count or carriage.now() >= deadline:
                return found
            carriage.pause(POLL_SECONDS)

    def _mail_arrives(self) -> bool:
        """Whether a plain message, sent on a connection of its own, arrives where mail is read back."""
        try:
            plain = type(self)(self.visit)
            plain.greet()
            plain.hello()
            marker = plain.marker()
            plain.deliver(message(marker))
        except (NonConformity, Inconclusive):
            return False
        return bool(plain._arrived(marker, 1))


def _crlf(message: bytes) -> bytes:
    """Mailboxes on disk end lines with LF; what was CRLF on the wire is CRLF again, other octets are left alone."""
    return message if b"\r\n" in message else message.replace(b"\n", b"\r\n")

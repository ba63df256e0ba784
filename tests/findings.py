"""Servers that are wrong on purpose, and checks that see it: one pair for every kind of finding there is."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pytest_netconform.dialogues.smtp import MAIL, Smtp
from pytest_netconform.reference_servers.session import Action, Close, Peer
from pytest_netconform.reference_servers.smtp import SmtpSession
from pytest_netconform.requirement import MUST, hostile, requirement


def finding(sentence: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A check for this file."""
    return requirement("SMTP-TEST-a", MUST, 'RFC 5321 """4.1.4', sentence)


# -- servers that are wrong, and the checks that see it


class TakesRecipientEarly(SmtpSession):
    """Answers a recipient before any sender 250."""

    def on_line(self, line: bytes) -> None:
        if line[:4] == b"RCPT" and self.transaction is None:
            self.send(b"250 2.1.5 come in \x1b[31m\r\n")
        else:
            super().on_line(line)


@finding('RCPT with no MAIL before it is answered 503 """ \\.')
def wrong_code(smtp: Smtp) -> None:
    """A code that is not the right one."""
    smtp.refuses("RCPT TO:<a@b.example>", 503, twin=["NOOP"], reset="RSET")


class MuteOnVrfy(SmtpSession):
    """Leaves VRFY without an answer."""

    def on_line(self, line: bytes) -> None:
        if line[:4] != b"VRFY":
            super().on_line(line)


@finding("Every command is answered.")
def no_answer(smtp: Smtp) -> None:
    """An owed answer that does not come."""
    smtp.send("VRFY anna")
    smtp.reply(within=0.3)


class Chatty(SmtpSession):
    """Answers NOOP twice."""

    def answer_noop(self, argument: bytes) -> None:
        super().answer_noop(argument)
        super().answer_noop(argument)


@finding("One command, one reply.")
def one_too_many(smtp: Smtp) -> None:
    """An answer that nobody asked for."""
    smtp.exchange("NOOP", 250)
    smtp.silent("behind the reply to NOOP", window=0.2)


@finding("One command, one reply.")
def answers_before_marker(smtp: Smtp) -> None:
    """The same, counted with a marker: content, without a pattern."""
    smtp.send("NOOP")
    before = smtp.replies_until("QUIT", 221)
    smtp.require(len(before) == 1, "one answer before 221", len(before))


class Clinging(SmtpSession):
    """Does not close after QUIT."""

    def close(self) -> None:
        """Nothing."""


@finding("The connection is closed after 221.")
def not_closed(smtp: Smtp) -> None:
    """A close that does not come."""
    smtp.exchange("QUIT", 221)
    smtp.closes("after QUIT", within=0.3)


class Touchy(SmtpSession):
    """Closes at an unknown word."""

    def on_line(self, line: bytes) -> None:
        if line == b"XYZZY":
            self.act(Close())
        else:
            super().on_line(line)


@finding("An unknown word is answered.")
def closed(smtp: Smtp) -> None:
    """A close in place of an answer."""
    smtp.send("XYZZY")
    smtp.reply(within=2)


class Boasting(SmtpSession):
    """Offers an extension that nobody knows."""

    def ehlo_lines(self) -> list[str]:
        return [*super().ehlo_lines(), "XBOAST 17"]


@finding("Nothing is offered that does not exist.")
def content(smtp: Smtp) -> None:
    """The contents of an answer."""
    smtp.hello()
    smtp.require("XBOAST" not in smtp.offer, "no XBOAST", "XBOAST")


class Fragile(SmtpSession):
    """Takes the whole server down with an evil word; see `doomed`."""

    dead = False

    def on_data(self, data: bytes) -> None:
        Fragile.dead = Fragile.dead or b"EVIL" in data
        super().on_data(data)

    def open(self, peer: Peer, now: float) -> list[Action]:
        return [Close()] if Fragile.dead else super().open(peer, now)


@finding("An evil word harms nobody else.")
@hostile
def death(smtp: Smtp) -> None:
    """The next client is not served."""
    smtp.send(b"EVIL " + b"x" * 100_000 + b"\r\n")
    smtp.exchange("NOOP", "5yz", 250)


class NoHandshake(SmtpSession):
    """Says 220 to STARTTLS, and no more."""

    def begin_tls(self) -> None:
        self.act(Close())


@finding("A handshake follows 220.")
def no_tls(smtp: Smtp) -> None:
    """A handshake that does not come about."""
    smtp.exchange("STARTTLS", 220)
    smtp.start_tls()


class RudeInside(SmtpSession):
    """Answers NOOP inside TLS with 500."""

    def answer_noop(self, argument: bytes) -> None:
        self.reply(500 if self.is_secure else 250, "5.0.0", "Well")


@finding("NOOP is answered 250 inside TLS.")
def wrong_inside_tls(smtp_secure: Smtp) -> None:
    """A wrong code behind STARTTLS."""
    smtp_secure.exchange("NOOP", 250)


class Quarrelsome(SmtpSession):
    """Refuses a second connection's NOOP after the first has logged in."""

    def on_line(self, line: bytes) -> None:
        if line == b"NOOP":
            self.send(b"554 no\r\n")
        else:
            super().on_line(line)


@finding("Two connections do not disturb each other.")
def two_connections(smtp: Smtp) -> None:
    """A finding on the first of two connections."""
    other = smtp.sibling()
    other.given(MAIL)
    smtp.given(MAIL)
    other.wire.shutdown()
    other.wire.close()
    smtp.alive()


CASES = [
    pytest.param(wrong_code, TakesRecipientEarly, id="wrong-code"),
    pytest.param(no_answer, MuteOnVrfy, id="no-answer"),
    pytest.param(one_too_many, Chatty, id="one-too-many"),
    pytest.param(answers_before_marker, Chatty, id="answers-before-marker"),
    pytest.param(not_closed, Clinging, id="not-closed"),
    pytest.param(closed, Touchy, id="closed"),
    pytest.param(content, Boasting, id="content"),
    pytest.param(death, Fragile, id="death"),
    pytest.param(no_tls, NoHandshake, id="no-tls"),
    pytest.param(wrong_inside_tls, RudeInside, id="wrong-inside-tls"),
    pytest.param(two_connections, Quarrelsome, id="two-connections"),
]

"""The strict SMTP session, STARTTLS and AUTH: what is forgotten, who is let in, and what nobody learns."""

from __future__ import annotations

import pytest

from pytest_netconform.reference_servers.session import Peer
from pytest_netconform.reference_servers.smtp import SmtpConfig
from pytest_netconform.wire.sasl import cram_response, decoded, encoded, plain_message
from pytest_netconform.wire.smtp import parse_offer
from tests.talk import SmtpTalk

EHLO = "EHLO client.example.org"
MAIL = "MAIL FROM:<s@c.example.org>"
RCPT = "RCPT TO:<alice@example.test>"
PLAIN = "AUTH PLAIN " + encoded(plain_message("alice", "s3cret")).decode()


# TLS


def test_starttls_forgets() -> None:
    """What was said in clear is forgotten, and so is what came behind STARTTLS, in the same piece or later."""
    talk = SmtpTalk()
    assert talk.asks(EHLO, MAIL, RCPT, "STARTTLS", "NOOP", "EHLO evil.example") == [250, 250, 250, 220]
    assert talk.asks("MAIL FROM:<evil@c.example.org>") == []
    talk.handshake()
    assert talk.replies() == []
    assert talk.asks(MAIL, RCPT, "DATA", EHLO, RCPT, "STARTTLS", MAIL) == [503, 503, 503, 250, 503, 503, 250]


def test_starttls_is_not_offered_twice() -> None:
    """STARTTLS is offered where TLS can be had and is not there yet."""
    for talk, offered in (
        (SmtpTalk(), True),
        (SmtpTalk(SmtpConfig(tls=False)), False),
        (SmtpTalk(peer=Peer(secure=True)), False),
    ):
        talk.say(EHLO.encode() + b"\r\n")
        assert ("STARTTLS" in parse_offer(talk.replies()[0])) is offered
    assert SmtpTalk(SmtpConfig(tls=False)).asks(EHLO, "STARTTLS") == [250, 502]


# authentication


def test_auth_plain() -> None:
    """With an initial response or after an empty challenge; then never again, until TLS begins anew."""
    talk = SmtpTalk()
    assert talk.asks(EHLO, "AUTH PLAIN") == [250, 334]
    assert talk.asks(encoded(plain_message("alice", "s3cret"))) == [235]
    assert talk.asks(PLAIN, "RSET", MAIL, "RCPT TO:<x@foreign.example>") == [503, 250, 250, 250]
    assert talk.asks(EHLO, "STARTTLS") == [250, 220]
    talk.handshake()
    assert talk.asks(EHLO, MAIL, "RCPT TO:<x@foreign.example>", "RSET", PLAIN) == [250, 250, 550, 250, 235]


def test_empty_challenge() -> None:
    """334, one space, nothing (RFC 4954 4)."""
    talk = SmtpTalk()
    talk.asks(EHLO)
    talk.say(b"AUTH PLAIN\r\n")
    assert talk.sent == b"334 \r\n"


def test_auth_login_and_cram_md5() -> None:
    """The other mechanisms: two prompts; a challenge that is answered with a digest."""
    talk = SmtpTalk()
    assert talk.asks(EHLO, "auth login", encoded(b"alice"), encoded(b"s3cret")) == [250, 334, 334, 235]
    talk = SmtpTalk()
    talk.asks(EHLO)
    talk.say(b"AUTH CRAM-MD5\r\n")
    challenge = decoded(talk.replies()[0].lines[0])
    assert talk.asks(encoded(cram_response("alice", "s3cret", challenge))) == [235]


@pytest.mark.parametrize(
    ("lines", "codes"),
    [
        (["AUTH XBOGUS"], [504]),
        (["AUTH CRAM-MD5 AAAA"], [501]),
        (["AUTH PLAIN ####"], [501]),
        (["AUTH PLAIN ="], [535]),
        (["AUTH PLAIN", "*"], [334, 501]),
        (["AUTH PLAIN", "####"], [334, 501]),
        (["AUTH PLAIN", "=AAA"], [334, 501]),
        (["AUTH PLAIN", "AAA=BBB"], [334, 501]),
        (["AUTH PLAIN", "AGEAYg"], [334, 501]),
        (["AUTH PLAIN", ""], [334, 535]),
        (["AUTH PLAIN", "QUIT"], [334, 535]),
        (["AUTH PLAIN", "A" * 12284], [334, 535]),
        (["AUTH PLAIN", "A" * 12288], [334, 535]),
        (["AUTH PLAIN", "A" * 12289 + "\r\nNOOP"], [334, 500, 250]),
        (["AUTH LOGIN", "", ""], [334, 334, 535]),
    ],
)
def test_auth_refusals(lines: list[str], codes: list[int]) -> None:
    """Each kind of failure has its code (RFC 4954 4), and the session goes on without a login."""
    talk = SmtpTalk()
    talk.asks(EHLO)
    assert talk.asks(*lines) == codes
    assert talk.asks("NOOP", MAIL, "RCPT TO:<x@foreign.example>") == [250, 250, 550]


def test_auth_tells_nobody_who_is_known() -> None:
    """A wrong password and an unknown user get the same reply, three times over; nobody acts for another."""
    talk = SmtpTalk()
    talk.asks(EHLO)
    for message in (("alice", "wrong"), ("nobody", "s3cret"), ("alice", "s3cret", "bob")):
        talk.say(b"AUTH PLAIN " + encoded(plain_message(*message)) + b"\r\n")
    replies = talk.replies()
    assert [reply.code for reply in replies] == [535] * 3
    assert len({reply.raw for reply in replies}) == 1


def test_passwords_only_under_tls() -> None:
    """Where listeners are feared, clear text offers only the mechanism that hides the password."""
    talk = SmtpTalk(SmtpConfig(tls=True, auth_in_clear=False))
    talk.say(EHLO.encode() + b"\r\n")
    assert parse_offer(talk.replies()[0]).keywords["AUTH"] == ("CRAM-MD5",)
    assert talk.asks(PLAIN, "STARTTLS") == [538, 220]
    talk.handshake()
    assert talk.asks(EHLO, PLAIN) == [250, 235]

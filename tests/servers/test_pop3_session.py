"""The strict POP3 session as a peer sees it: states, the gate, the maildrop, logins, lines, time, cuts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_netconform.reference_servers.pop3 import COMMANDS, OPTIONS, Pop3Config, configured
from pytest_netconform.reference_servers.session import Peer
from pytest_netconform.reference_servers.smtp import SmtpConfig
from pytest_netconform.reference_servers.store import MailStore
from pytest_netconform.wire.cuts import CUTS, at
from pytest_netconform.wire.pop3 import apop_digest, timestamp
from pytest_netconform.wire.sasl import cram_response, decoded, encoded, plain_message
from tests.talk import Pop3Talk, SmtpTalk

LOGIN = ("USER alice", "PASS s3cret")
PLAIN = "AUTH PLAIN " + encoded(plain_message("alice", "s3cret")).decode()
ONE, TWO = b"Subject: one\r\n\r\nOne.\r\nTwo.\r\n", b"Subject: two\r\n\r\n.\r\n..\r\nlast"


def stored(*contents: bytes) -> MailStore:
    """A store in which alice has these messages."""
    store = MailStore()
    for content in contents or (ONE, TWO):
        store.add("alice", "bert@client.example.org", ["alice@example.test"], content)
    return store


def inside(**values: object) -> Pop3Talk:
    """A session that has logged in, with two messages."""
    talk = Pop3Talk(Pop3Config(**values), stored())  # type: ignore[arg-type]
    assert talk.codes(*LOGIN) == ["+OK", "+OK"]
    return talk


# dialogues


def test_typical_dialogue() -> None:
    """Count, list, read, remove, leave (RFC 1939 10)."""
    talk = inside()
    assert talk.asks("STAT") == ["+OK 2 57"]
    assert talk.lines("LIST") == [b"1 28", b"2 29"]
    assert talk.lines("RETR 2") == [b"Subject: two", b"", b".", b"..", b"last"]
    assert talk.codes("DELE 1", "RETR 1", "RETR 2", "QUIT") == ["+OK", "-ERR", "+OK", "+OK"]
    assert talk.closed
    assert [message.content for message in talk.store.messages("alice")] == [TWO]


def test_mail_sent_by_smtp_is_read_by_pop3() -> None:
    """Both servers have one store: what one takes in the other gives out, dots and all."""
    smtp = SmtpTalk(SmtpConfig())
    body = b"Subject: both\r\n\r\n..dot\r\n.\r\n"
    assert smtp.asks("EHLO c.example", "MAIL FROM:<b@c.example>", "RCPT TO:<alice@example.test>", "DATA")[-1] == 354
    assert smtp.asks_raw(body) == [250]
    talk = Pop3Talk(store=smtp.store)
    assert talk.codes(*LOGIN) == ["+OK", "+OK"]
    lines = talk.lines("RETR 1")
    assert lines[0] == b"Return-Path: <b@c.example>" and lines[-3:] == [b"Subject: both", b"", b".dot"]


def test_states() -> None:
    """Each command is in order in the states of the table and nowhere else."""
    arguments = {0: "", 1: " 1", 2: " 1 1"}
    for verb, command in COMMANDS.items():
        if verb in ("STLS", "QUIT", "AUTH", "PASS", "APOP"):
            continue
        line = verb + arguments[command.least]
        before, behind = Pop3Talk(store=stored()).codes(line), inside(tls=True).codes(line)
        states = {state.name for state in command.states}
        assert (before == ["+OK"], behind == ["+OK"]) == ("AUTHORIZATION" in states, "TRANSACTION" in states), verb


@pytest.mark.parametrize("line", ["", "XYZZY", "RETR", "RETR  1", "RETR 1 ", " NOOP", "NOOP x", "TOP 1", "RETR x"])
def test_gate(line: str) -> None:
    """What is unknown or malformed is refused, and the session goes on."""
    assert inside().codes(line, "NOOP") == ["-ERR", "+OK"]


@pytest.mark.parametrize("number", ["0", "3", "-1", "4294967297", "18446744073709551617", "9" * 30, "1x"])
def test_numbers(number: str) -> None:
    """No number but that of a message names one."""
    for verb in ("RETR", "DELE", "LIST", "UIDL"):
        assert inside().codes(f"{verb} {number}", "STAT") == ["-ERR", "+OK"]


# the maildrop


def test_marks() -> None:
    """A marked message is not counted, listed or given out, and RSET brings it back."""
    talk = inside()
    assert talk.asks("DELE 1", "STAT")[1] == "+OK 1 29"
    assert talk.lines("LIST") == [b"2 29"]
    assert talk.lines("UIDL") == [b"2 nc-00000002"]
    assert talk.codes("RETR 1", "TOP 1 0", "LIST 1", "UIDL 1", "DELE 1") == ["-ERR"] * 5
    assert talk.asks("RSET", "STAT")[1] == "+OK 2 57"


@pytest.mark.parametrize("end", ["eof", "idle", "errors"])
def test_only_quit_removes(end: str) -> None:
    """Whatever else ends a session removes nothing, and gives the maildrop back."""
    talk = inside()
    talk.codes("DELE 1")
    if end == "eof":
        talk.end()
    elif end == "idle":
        talk.wait_until(600.0)
    else:
        talk.codes(*["XYZZY"] * 21)
    assert talk.closed and len(talk.store.messages("alice")) == 2
    assert Pop3Talk(store=talk.store).codes(*LOGIN) == ["+OK", "+OK"]


def test_lock() -> None:
    """One session per maildrop; the second is told so, and let in when the first has gone (RFC 1939 4)."""
    first = inside()
    second = Pop3Talk(store=first.store)
    assert second.asks(*LOGIN)[1] == "-ERR [IN-USE] Another session has the maildrop"
    assert second.codes("USER bob", "PASS tr es") == ["+OK", "+OK"]
    third = Pop3Talk(store=first.store)
    first.codes("QUIT")
    assert third.codes(*LOGIN) == ["+OK", "+OK"]


def test_new_mail_waits() -> None:
    """What arrives belongs to the next session, under an id that none had."""
    talk = inside()
    talk.store.add("alice", "", [], ONE)
    assert talk.asks("STAT") == ["+OK 2 57"]
    talk.codes("DELE 1", "QUIT")
    after = Pop3Talk(store=talk.store)
    after.codes(*LOGIN)
    assert after.lines("UIDL") == [b"1 nc-00000002", b"2 nc-00000003"]


def test_utf8() -> None:
    """A header beyond ASCII is for those who asked for it (RFC 6856 2.1)."""
    store = stored("Subject: Grüße\r\n\r\nx\r\n".encode())
    talk = Pop3Talk(store=store)
    assert talk.codes(*LOGIN) == ["+OK", "+OK"]
    assert talk.asks("RETR 1", "TOP 1 0") == ["-ERR [UTF8] The header of this message is in UTF-8"] * 2
    talk.codes("QUIT")
    again = Pop3Talk(store=store)
    assert again.codes("UTF8", *LOGIN, "RETR 1") == ["+OK"] * 4


# logins


def test_password_with_spaces() -> None:
    """All that follows PASS and its space is the password."""
    assert Pop3Talk().codes("USER bob", "PASS tr es", "STAT") == ["+OK"] * 3


@pytest.mark.parametrize("lines", [("PASS s3cret",), ("USER alice", "CAPA", "PASS s3cret"), ("USER alice", "PASS x")])
def test_refused_passwords(lines: tuple[str, ...]) -> None:
    """PASS is in order right behind USER, and must be right."""
    assert Pop3Talk().codes(*lines)[-1] == "-ERR"


def test_refusals_look_alike() -> None:
    """Nobody learns which users there are."""
    talk = Pop3Talk()
    assert len({talk.asks(f"USER {name}", "PASS wrong")[1] for name in ("alice", "nobody")}) == 1


def test_apop() -> None:
    """The digest of the greeting's timestamp and the password lets in; any other does not."""
    talk = Pop3Talk()
    stamp = timestamp(talk.greeting.text)
    assert stamp is not None
    right = apop_digest(stamp, "s3cret")
    assert talk.codes(f"APOP alice {'0' * 32}", f"APOP nobody {right}", f"APOP alice {right}") == [
        "-ERR",
        "-ERR",
        "+OK",
    ]


def test_mechanisms() -> None:
    """PLAIN in one line and in two, LOGIN and CRAM-MD5 let in; what is cancelled or no base64 does not."""
    assert Pop3Talk().codes(PLAIN) == ["+OK"]
    assert Pop3Talk().asks("AUTH PLAIN", PLAIN.split()[2])[0] == "+ "
    assert Pop3Talk().codes("AUTH LOGIN", encoded(b"alice"), encoded(b"s3cret")) == ["+", "+", "+OK"]
    talk = Pop3Talk()
    challenge = decoded(talk.asks("AUTH CRAM-MD5")[0].split()[1].encode())
    assert talk.codes(encoded(cram_response("alice", "s3cret", challenge))) == ["+OK"]
    assert Pop3Talk().codes("AUTH PLAIN", "*", "AUTH PLAIN", "#", "AUTH X", "AUTH CRAM-MD5 AA==", "CAPA") == [
        *("+", "-ERR", "+", "-ERR", "-ERR", "-ERR", "+OK")
    ]


def test_passwords_want_tls_where_they_do() -> None:
    """A server that shows no password in clear lists neither USER nor PLAIN, until TLS stands."""
    talk = Pop3Talk(Pop3Config(tls=True, auth_in_clear=False))
    assert b"USER" not in talk.lines("CAPA") and b"SASL CRAM-MD5" in talk.lines("CAPA")
    assert talk.codes("USER alice", PLAIN, "STLS") == ["-ERR", "-ERR", "+OK"]
    talk.handshake()
    assert b"USER" in talk.lines("CAPA") and talk.codes(*LOGIN) == ["+OK", "+OK"]


# TLS


def test_stls_forgets_and_hears_nothing() -> None:
    """What came in clear behind STLS is not run, and the name said before it is not known."""
    talk = Pop3Talk()
    assert talk.codes("USER alice", "STLS", "CAPA") == ["+OK", "+OK"]
    talk.say(b"NOOP\r\n")
    talk.handshake()
    assert talk.replies() == []
    talk.framer.awaits()
    assert talk.codes("PASS s3cret", "STLS") == ["-ERR", "-ERR"]
    assert b"STLS" not in talk.lines("CAPA")


def test_tls_from_the_start() -> None:
    """Greeted inside TLS, STLS is not offered."""
    assert b"STLS" not in Pop3Talk(peer=Peer(secure=True)).lines("CAPA")


# lines, limits, options, cuts


@pytest.mark.parametrize("length", [256, 2000, 70_000])
def test_long_lines(length: int) -> None:
    """A line is answered once, however long it is; memory is bounded."""
    talk = Pop3Talk()
    assert talk.codes("USER ".ljust(length - 2, "A"), "USER alice") == ["-ERR", "+OK"]
    assert len(talk.session.pending()) < 3000  # type: ignore[attr-defined]


def test_idle_limit() -> None:
    """Ten minutes, and then the end without a word (RFC 1939 3)."""
    talk = inside()
    talk.wait_until(599.0)
    assert talk.codes("NOOP") == ["+OK"]
    talk.wait_until(1198.0)
    assert not talk.closed
    talk.wait_until(1199.0)
    assert talk.closed and talk.sent == b""


def test_options() -> None:
    """Every option is read, and what is not understood is named."""
    given = {"auth_in_clear": "0", "vantage": "outside", "without": "apop,TOP", "lock": "0", "errors": "3", "idle": "9"}
    assert given.keys() == OPTIONS.keys()
    config = configured(given, tls=True)
    assert (config.lock, config.errors, config.idle, config.auth_in_clear) == (False, 3, 9.0, False)
    assert config.without == {"APOP", "TOP"} and "TOP" not in config.capabilities
    for name, text in {"colour": "red", "without": "X", "lock": "2", "vantage": "above", "errors": "x"}.items():
        with pytest.raises(ValueError, match=name):
            configured({name: text}, tls=False)


SESSION = b"CAPA\r\nUSER alice\r\nPASS s3cret\r\nSTAT\r\nLIST\r\nRETR 2\r\nXYZZY\r\nQUIT\r\n"


@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)
def test_named_cuts_change_nothing(cut: object) -> None:
    """The same answers however the octets travel."""
    assert _answers(cut) == _answers(CUTS["octets"])


@given(st.sets(st.integers(1, len(SESSION) - 1), max_size=8))
def test_cuts_change_nothing(places: set[int]) -> None:
    """The same for cuts anywhere."""
    assert _answers(at(*places)) == _answers(CUTS["octets"])


def _answers(cut: object) -> bytes:
    talk = Pop3Talk(store=stored(), cut=cut)  # type: ignore[arg-type]
    talk.say(SESSION)
    return talk.sent

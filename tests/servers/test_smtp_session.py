"""The strict SMTP session as a peer sees it: states, the gate, lines, limits, options, cuts."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_netconform.reference_servers.smtp import COMMANDS, EXTENSIONS, OPTIONS, SmtpConfig, configured
from pytest_netconform.wire.cuts import CUTS, at
from pytest_netconform.wire.sasl import encoded, plain_message
from pytest_netconform.wire.smtp import parse_offer
from tests.talk import SmtpTalk

EHLO = "EHLO client.example.org"
MAIL = "MAIL FROM:<s@c.example.org>"
RCPT = "RCPT TO:<alice@example.test>"
PLAIN = "AUTH PLAIN " + encoded(plain_message("alice", "s3cret")).decode()


# dialogues


def test_typical_dialogue() -> None:
    """A message for two known users and one unknown, as in RFC 5321 D.1."""
    talk = SmtpTalk()
    assert [reply.code for reply in talk.greeting] == [220]
    assert talk.asks(EHLO) == [250]
    assert talk.asks(MAIL) == [250]
    assert talk.asks(RCPT) == [250]
    assert talk.asks("RCPT TO:<green@example.test>") == [550]
    assert talk.asks("RCPT TO:<bob@example.test>") == [250]
    assert talk.asks("DATA") == [354]
    assert talk.asks("Blah blah blah...", "...etc. etc. etc.") == []
    assert talk.asks(".") == [250]
    assert talk.asks("QUIT") == [221]
    assert talk.closed
    assert talk.store.mailboxes() == ("alice", "bob")


def test_aborted_dialogue() -> None:
    """RSET ends a transaction, as in D.2; nothing is stored."""
    talk = SmtpTalk()
    assert talk.asks(EHLO, MAIL, RCPT, "RSET", "DATA", "QUIT") == [250, 250, 250, 250, 503, 221]
    assert talk.store.mailboxes() == ()


def test_relayed_dialogue() -> None:
    """A source route is ignored and elsewhere is refused (D.3, 4.1.2), unless the client has logged in."""
    talk = SmtpTalk()
    assert talk.asks(EHLO, MAIL, "RCPT TO:<@relay.example.net:alice@example.test>") == [250, 250, 250]
    assert talk.asks("RCPT TO:<@example.test:jones@xyz.example>") == [550]
    assert talk.asks("RSET", PLAIN, MAIL, "RCPT TO:<jones@xyz.example>", "DATA", "x", ".") == [
        250,
        235,
        250,
        250,
        354,
        250,
    ]
    assert talk.store.messages("(outbound)")[0].recipients == ("jones@xyz.example",)


def test_verifying_dialogue() -> None:
    """VRFY names a whole mailbox or says no, as in D.4; it changes no transaction."""
    talk = SmtpTalk()
    talk.asks(EHLO, MAIL, RCPT)
    talk.say(b"VRFY Alice\r\n")
    assert [reply.text for reply in talk.replies()] == ["2.1.5 <alice@example.test>"]
    assert talk.asks("VRFY alice@example.test", "VRFY nobody", "VRFY jones@xyz.example") == [250, 550, 550]
    assert talk.asks("VRFY josé", "VRFY josé SMTPUTF8", "EXPN list", "HELP", "NOOP", "DATA") == [
        553,
        550,
        502,
        214,
        250,
        354,
    ]


# states and the gate

COMMAND_LINES = {
    "EHLO": EHLO,
    "HELO": "HELO client.example.org",
    "MAIL": MAIL,
    "RCPT": RCPT,
    "DATA": "DATA",
    "BDAT": "BDAT 0",
    "RSET": "RSET",
    "NOOP": "NOOP",
    "VRFY": "VRFY alice",
    "HELP": "HELP",
    "QUIT": "QUIT",
    "STARTTLS": "STARTTLS",
    "AUTH": PLAIN,
}
WAYS: dict[str, list[str]] = {
    "new": [],
    "ready": [EHLO],
    "sender": [EHLO, MAIL],
    "recipients": [EHLO, MAIL, RCPT],
    "chunks": [EHLO, MAIL, RCPT, "BDAT 0"],
    "refusing": [],
}
#            EHLO HELO MAIL RCPT DATA BDAT RSET NOOP VRFY HELP QUIT STLS AUTH
TABLE = """
new          250  250  503  503  503  503  250  250  250  214  221  503  503
ready        250  250  250  503  503  503  250  250  250  214  221  220  235
sender       250  250  503  250  503  503  250  250  250  214  221  220  503
recipients   250  250  503  250  354  250  250  250  250  214  221  220  503
chunks       250  250  503  503  503  250  250  250  250  214  221  220  503
refusing     503  503  503  503  503  503  503  503  503  503  221  503  503
"""
CELLS = [
    (row.split()[0], verb, int(code))
    for row in TABLE.strip().splitlines()
    for verb, code in zip(COMMAND_LINES, row.split()[1:], strict=True)
]


@pytest.mark.parametrize(("state", "verb", "code"), CELLS, ids=[f"{state}-{verb}" for state, verb, _ in CELLS])
def test_every_command_in_every_state(state: str, verb: str, code: int) -> None:
    """Each command is served or refused as RFC 5321 4.1.4 has it, and a refusal changes no state."""
    talk = SmtpTalk(SmtpConfig(tls=True, refusing=state == "refusing"))
    talk.asks(*WAYS[state])
    before = talk.session.state()  # type: ignore[attr-defined]
    assert talk.asks(COMMAND_LINES[verb]) == [code]
    if code >= 500:
        assert talk.session.state() is before  # type: ignore[attr-defined]


def test_table_covers_the_commands() -> None:
    """No command is left out above."""
    assert set(COMMAND_LINES) == set(COMMANDS)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("XYZZY", 500),
        ("", 500),
        (" NOOP", 500),
        ("NOOP\x00x", 500),
        ("NOOP\tx", 500),
        ("NOOP x\x07", 501),
        ("EXPN postmaster", 502),
        ("TURN", 502),
        ("noop", 250),
        ("nOoP hello world", 250),
        ("NOOP ", 250),
        ("RSET  \t", 250),
        ("RSET now", 501),
        ("QUIT now", 501),
        ("STARTTLS now", 501),
        ("EHLO", 501),
        ("EHLO a b", 501),
        ("EHLO [127.0.0.1]", 250),
        ("EHLO [IPv6:2001:db8::1]", 250),
        ("MAIL", 501),
        ("MAIL FROM:<s@c.example.org> ", 250),
        ("mAiL fRoM:<s@c.example.org>", 250),
        ("MAIL FROM:<s@c.example.org>\x00xyz", 501),
        ("MAIL FROM:<s@c.example.org> X-BOGUS=1", 555),
        ("MAIL FROM:<s@c.example.org> BODY=BINARYMIME", 250),
        ("MAIL FROM:<josé@c.example.org>", 553),
        ("MAIL FROM:<josé@c.example.org> SMTPUTF8", 250),
        ("BDAT", 501),
        ("AUTH", 501),
        ("jos\u00e9", 500),
    ],
)
def test_one_line(line: str, code: int) -> None:
    """One line gets one reply, and the session goes on."""
    talk = SmtpTalk()
    talk.asks(EHLO)
    assert talk.asks(line) == [code]
    assert talk.asks("NOOP") == [250]


@pytest.mark.parametrize("line", [b"MAIL FROM:<jos\xe9@c.example.org>", b"\xff\xfe", b"VRFY \xff", b"EHLO \xc3\xa9"])
def test_octets_that_are_no_text(line: bytes) -> None:
    """Octets that are no UTF-8 are refused in ASCII."""
    talk = SmtpTalk()
    talk.asks(EHLO)
    (code,) = talk.asks(line)
    assert code in (500, 501)


def test_extension_commands_want_ehlo() -> None:
    """After HELO there are no extensions, neither as commands nor as parameters."""
    talk = SmtpTalk()
    assert talk.asks("HELO client.example.org") == [250]
    assert talk.asks("STARTTLS", PLAIN, MAIL + " SIZE=1", MAIL, RCPT, "BDAT 0 LAST") == [503, 503, 555, 250, 250, 503]


def test_web_browser_is_shown_out() -> None:
    """A request line of HTTP gets 421, and its header and body are not read as commands (7.8)."""
    talk = SmtpTalk()
    assert talk.asks("POST / HTTP/1.1", "Host: x", "", "EHLO a", "MAIL FROM:<a@b>") == [421]
    assert talk.closed


@given(
    st.lists(
        st.one_of(st.binary(max_size=80), st.sampled_from([v.encode() for v in COMMAND_LINES.values()])), max_size=15
    )
)
def test_any_lines(lines: list[bytes]) -> None:
    """Whatever a line holds, its reply is one, in ASCII, within its limits, with an enhanced status code."""
    talk = SmtpTalk(SmtpConfig(tls=False, errors=1000))
    for line in lines:
        if re.match(rb"(?i)data|auth|bdat|quit", line) or b"\r\n" in line + b"\r":
            continue
        talk.say(line + b"\r\n")
        (reply,) = talk.replies()
        assert reply.code is not None
        hello = re.match(rb"(?i)(ehlo|helo)( |\s*$)", line)
        assert hello or all(re.match(rb"%d\.\d\.\d+ " % (reply.code // 100), text) for text in reply.lines)


# lines and limits


@pytest.mark.parametrize("octets", [600, 2046, 2047, 2048, 2049, 2100, 5000, 17000, 70000, 300000])
@pytest.mark.parametrize("cut", ["whole", "octets"])
def test_long_lines(octets: int, cut: str) -> None:
    """A line of any length gets one reply: its tail is never run, and what is kept of it is bounded."""
    talk = SmtpTalk(cut=CUTS[cut])
    line = ("NOOP " + "A" * octets)[: octets - 2]
    for place in (2048, 4096, 8192, 16384, 65536):
        line = line[:place] + " NOOP NOOP"[: max(0, len(line) - place)] + line[place + 10 :]
    assert talk.asks(line) == ([250] if octets <= 2048 else [500])
    assert talk.asks("NOOP") == [250]


def test_endless_line_is_not_kept() -> None:
    """Octets without an end are dropped, and the line's end is still found."""
    talk = SmtpTalk()
    started = time.perf_counter()
    for piece in [b"x" * 1000] * 1000 + [b"x"] * 20000:
        talk.say(piece)
        assert len(talk.session.pending()) < 2100  # type: ignore[attr-defined]
    assert time.perf_counter() - started < 5
    assert talk.asks("\r", "NOOP") == [500, 250]


@pytest.mark.parametrize("cut", CUTS)
def test_long_line_is_not_joined(cut: str) -> None:
    """A CR at the limit and an LF further on are no line end, though what stood between them is gone."""
    for octets in range(2040, 2060):
        talk = SmtpTalk(cut=CUTS[cut])
        assert talk.asks_raw(b"x" * octets + b"\r" + b"y" * 20 + b"\nNOOP\r\nNOOP\r\n") == [500, 250]


@pytest.mark.parametrize(("data", "codes"), [(b"NOOP\n", []), (b"NOOP\n\r\n", [500]), (b"NOOP\rNOOP\r\n", [500])])
def test_only_crlf_ends_a_line(data: bytes, codes: list[int]) -> None:
    """Bare LF and bare CR end no command (2.3.8)."""
    assert SmtpTalk().asks_raw(data) == codes


def test_errors_are_counted() -> None:
    """After twenty refusals the next one is 421, and the connection is closed."""
    talk = SmtpTalk()
    assert talk.asks(*["XYZZY"] * 20) == [500] * 20
    assert talk.asks("NOOP", "XYZZY", "NOOP") == [250, 421]
    assert talk.closed


def test_idle() -> None:
    """Nothing for 300 seconds is 421 and a close, not earlier; any word begins the wait anew."""
    talk = SmtpTalk()
    talk.wait_until(299)
    assert talk.asks("NOOP") == [250]
    talk.wait_until(598)
    assert not talk.closed
    talk.wait_until(599)
    assert [reply.code for reply in talk.replies()] == [421]
    assert talk.closed


def test_idle_in_handshake() -> None:
    """Whoever never begins the handshake is left without a word in clear."""
    talk = SmtpTalk()
    assert talk.asks(EHLO, "STARTTLS") == [250, 220]
    talk.wait_until(400)
    assert (talk.closed, talk.replies()) == (True, [])


def test_end_of_the_stream() -> None:
    """A peer that says no more has had his replies; half a message is not stored."""
    talk = SmtpTalk()
    talk.asks(EHLO, MAIL, RCPT, "DATA", "half a message")
    talk.heed(talk.session.end(1.0))
    assert talk.closed
    assert talk.store.mailboxes() == ()


# options


def test_refusing() -> None:
    """After a 554 greeting the connection stays until QUIT (3.1)."""
    talk = SmtpTalk(configured({"greeting": "554"}, tls=True))
    assert [reply.code for reply in talk.greeting] == [554]
    assert talk.asks("NOOP", "XYZZY", EHLO, "QUIT") == [503, 503, 503, 221]


def test_require_tls() -> None:
    """530 to all but EHLO, NOOP, STARTTLS, QUIT (RFC 3207 4)."""
    talk = SmtpTalk(configured({"require_tls": "1"}, tls=True))
    assert talk.asks(EHLO, "NOOP", MAIL, "RSET", "XYZZY", "STARTTLS") == [250, 250, 530, 530, 500, 220]
    talk.handshake()
    assert talk.asks(EHLO, MAIL) == [250, 250]


def test_submission() -> None:
    """Nobody submits without a login, and nothing unqualified is passed on (RFC 6409 4.2, 4.3)."""
    talk = SmtpTalk(configured({"submission": "1", "vantage": "inside"}, tls=True))
    assert talk.asks(EHLO, MAIL, "VRFY alice", PLAIN, "MAIL FROM:<>") == [250, 530, 250, 235, 250]
    assert talk.asks("RCPT TO:<x@squeaky>", "RCPT TO:<x>", "RCPT TO:<x@foreign.example>", RCPT) == [554, 501, 250, 250]
    assert talk.asks("RSET", "MAIL FROM:<u@squeaky>") == [250, 554]


def test_vantage() -> None:
    """A server trusts its own network; to the world it neither relays nor shows password mechanisms in clear."""
    foreign = "RCPT TO:<x@foreign.example>"
    assert SmtpTalk(configured({"vantage": "inside"}, tls=True)).asks(EHLO, MAIL, foreign) == [250, 250, 250]
    assert SmtpTalk(configured({"vantage": "outside"}, tls=True)).asks(EHLO, PLAIN, MAIL, foreign) == [
        250,
        538,
        250,
        550,
    ]


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_extension_off(extension: str) -> None:
    """What is off is not listed, nor what cannot be without it; its commands and parameters are refused."""
    talk = SmtpTalk(configured({"without": extension.lower()}, tls=True))
    talk.say(EHLO.encode() + b"\r\n")
    offered = parse_offer(talk.replies()[0]).keywords
    assert extension not in offered
    assert not ("BINARYMIME" in offered and "CHUNKING" not in offered)
    assert not ("SMTPUTF8" in offered and "8BITMIME" not in offered)
    refused = {"SIZE": MAIL + " SIZE=1", "8BITMIME": MAIL + " BODY=7BIT", "DSN": MAIL + " RET=FULL"}
    refused |= {"CHUNKING": "BDAT 0", "STARTTLS": "STARTTLS", "AUTH": PLAIN}
    assert talk.asks(refused.get(extension, "XYZZY"))[0] in (555, 502, 500)


def test_options() -> None:
    """Options are read once, in any number; one that is unknown or malformed names what would do."""
    config = configured(
        {"without": "DSN,HELP", "binarymime": "0", "size": "0", "idle": "1.5", "rcpt_limit": "3"}, tls=False
    )
    assert config.without == {"DSN", "HELP", "BINARYMIME"}
    assert (config.size, config.idle, config.recipients, config.tls) == (0, 1.5, 3, False)
    with pytest.raises(ValueError, match="known are " + ", ".join(OPTIONS)):
        configured({"sizes": "1"}, tls=False)
    for name, text in (("size", "x"), ("greeting", "250"), ("without", "XYZZY"), ("submission", "yes"), ("idle", "")):
        with pytest.raises(ValueError, match=name):
            configured({name: text}, tls=False)


# cuts

SESSION = (
    f"{EHLO}\r\nNOOP\nx\r\nAUTH CRAM-MD5\r\n*\r\n{PLAIN}\r\n{MAIL} BODY=8BITMIME\r\n{RCPT}\r\nDATA\r\n"
    "Subject: t\r\n\r\n..one\r\n.\ntwo\r.\r\n...\r\n.\rx\r\n.\r\n"
    f"{MAIL}\r\n{RCPT}\r\nBDAT 9\r\n\r\n.\r\nQUITBDAT 3\r\nx\r\nBDAT 0 LAST\r\nBDAT 6 LAST\r\nQUIT\r\n"
    f"NOOP {'y' * 2100} NOOP\r\nXYZZY\r\n{MAIL}\r\n{RCPT}\r\nDATA\r\n.\r\nQUIT\r\nNOOP\r\n"
).encode()


def outcome(talk: SmtpTalk) -> tuple[bytes, list[bytes]]:
    """What the session said and stored."""
    talk.say(SESSION)
    assert talk.closed
    return talk.sent, [message.content for message in talk.store.messages("alice")]


@pytest.mark.parametrize("cut", CUTS)
def test_cuts_do_not_matter(cut: str) -> None:
    """However a session's octets are cut, replies and stored messages are the same octets."""
    said, stored = outcome(SmtpTalk())
    assert len(stored) == 3
    assert outcome(SmtpTalk(cut=CUTS[cut])) == (said, stored)


@given(st.lists(st.integers(1, len(SESSION) - 1), max_size=40))
def test_random_cuts_do_not_matter(places: list[int]) -> None:
    """Nor if they are cut anywhere."""
    assert outcome(SmtpTalk(cut=at(*places))) == outcome(SmtpTalk())

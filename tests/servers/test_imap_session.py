"""The strict IMAP session as a peer sees it: states, the gate, literals, logins, TLS, lines, time, options, cuts."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_netconform.reference_servers.imap import CAPABILITIES, COMMANDS, OPTIONS, ImapConfig, configured
from pytest_netconform.reference_servers.mailboxes import Mailboxes
from pytest_netconform.reference_servers.session import Peer, Send
from pytest_netconform.wire.cuts import CUTS, Cut, at, whole
from pytest_netconform.wire.sasl import cram_response, decoded, encoded, plain_message
from tests.servers.imap_talk import LOGIN, MESSAGES, ImapTalk, inside

PLAIN = encoded(plain_message("alice", "s3cret")).decode()


# states and the gate


def test_greetings() -> None:
    """OK with the capabilities; PREAUTH is logged in; BYE is the end."""
    assert ImapTalk().greeting.startswith("* OK [CAPABILITY IMAP4rev2 IMAP4rev1 ")
    assert ImapTalk(ImapConfig(greeting="PREAUTH")).ends("a SELECT INBOX")[-1] == "a OK"
    refused = ImapTalk(ImapConfig(greeting="BYE"))
    assert refused.greeting.startswith("* BYE ") and refused.closed


def test_states() -> None:
    """Before a login, and with nothing selected, what wants more is BAD."""
    stranger, user = ImapTalk(), ImapTalk()
    assert user.ends(LOGIN) == ["l OK"]
    for verb, command in COMMANDS.items():
        states = {state.name for state in command.states}
        if "NOT_AUTHENTICATED" in states:
            assert stranger.says(f"a {verb} x y z").startswith("a BAD ")
        if "NOT_AUTHENTICATED" not in states:
            assert stranger.says(f"a {verb}").startswith(f"a BAD {verb} is out of place")
        if states == {"SELECTED"}:
            assert user.says(f"a {verb}").startswith(f"a BAD {verb} is out of place")


@pytest.mark.parametrize(
    "line",
    [
        *(
            "a",
            "",
            "* NOOP",
            "+ NOOP",
            "(a NOOP",
            "a NOOP x",
            "a  NOOP",
            "a NOOP ",
            "a XYZZY",
            "a SELECT",
            "a UID NOOP",
        ),
        *("a SELECT INBOX x", "a FETCH 1", "a FETCH 1 (FLAGS", "a STORE 1 FOO (x)", "a SEARCH", "a FETCH 0 FLAGS"),
        *("a UID FETCH 0 FLAGS", "a FETCH 4294967297 FLAGS", "a FETCH 1 BODY[4294967297]", "a FETCH 9 FLAGS"),
        *("a FETCH 1:18446744073709551617 UID", "a FETCH 1 BODY[]<18446744073709551615.1>", "a FETCH 1 (ALL)"),
        *("a CREATE {-1}", "a CREATE {}", "a CREATE {1x}", "a CREATE { 1}", "a NOOP\rb NOOP", "a NOOP\0"),
        *("a STATUS INBOX ()", "a STATUS INBOX (FOO)", 'a LIST (FOO) "" %', 'a LIST (RECURSIVEMATCH) "" %'),
        *("a SEARCH FOO", "a SEARCH OR ALL", "a SEARCH (ALL", "a SEARCH LARGER x", "a SEARCH UID 0"),
        *("a SORT (ARRIVAL) ALL", "a APPEND INBOX (\\Recent) {1+}\r\nx", 'a APPEND INBOX "bad date" {1+}\r\nx'),
        *('a SELECT "x', 'a SELECT "\\x"', "a SELECT x\xff", "a STORE 1 +FLAGS (\\Recent)", "a UID XYZZY 1"),
        *("a UID FETCH 1 (FLAGS) (CHANGEDSINCE 1 VANISHED)", "a SELECT x (QRESYNC (1 1))", "a SEARCH " + "(" * 60),
    ],
)
def test_bad_commands(line: str) -> None:
    """What is not by the grammar is BAD, once, and the session goes on."""
    talk = inside(MESSAGES[0])
    said = talk.lines(line.encode("latin-1"), "z NOOP")
    assert [words.split()[1] for words in said] == ["BAD", "OK"], said


@pytest.mark.parametrize("tag", ["0", "A]1", "a.b-1", "z" * 300, "OK", "BAD"])
def test_tags(tag: str) -> None:
    """Any tag will do, twice."""
    assert ImapTalk().says(f"{tag} NOOP", f"{tag} noop").split("\r\n") == [f"{tag} OK Nothing done"] * 2 + [""]


def test_the_end() -> None:
    """BYE, the tagged OK, the close; in that order. The same BYE when errors are too many, or nothing is said."""
    talk = inside()
    assert [line.split()[1] for line in talk.lines("a LOGOUT")] == ["BYE", "OK"] and talk.closed
    talk = ImapTalk(ImapConfig(errors=2))
    assert talk.lines("a", "b", "c")[-1].startswith("* BYE ") and talk.closed
    talk = ImapTalk()
    talk.wait_until(1799.0)
    assert talk.ends("a NOOP") == ["a OK"]
    talk.wait_until(3599.0)
    assert talk.taken().startswith("* BYE ") and talk.closed


def test_idle_goes_on_for_half_an_hour() -> None:
    """The same limit holds in IDLE."""
    talk = inside()
    assert talk.says("i IDLE") == "+ Listening\r\n"
    talk.wait_until(1799.0)
    assert not talk.closed


# literals


def test_literals_wait() -> None:
    """A continuation comes before each literal, also one of no octets, and none where the command is refused."""
    talk = ImapTalk()
    assert talk.says("a LOGIN {5}") == "+ Ready for 5 octets\r\n"
    talk.say(b"alice {6}\r\n")
    assert talk.taken().startswith("+ ")
    talk.say(b"s3cret\r\n")
    assert talk.taken().startswith("a OK")
    assert ImapTalk().says("a LOGIN {0}").startswith("+ ")
    for line in ("a XYZZY {3}", "a SELECT {3}", "a LOGIN {8193}", "a LOGIN {99999999999999999999999}", "{3}"):
        talk = ImapTalk()
        assert talk.says(line, "b NOOP").split("\r\n")[0][2:5] == "BAD" and talk.ends("c NOOP") == ["c OK"]


def test_literals_that_press() -> None:
    """They come at once, without a word of ours; their octets are never commands, whatever becomes of theirs."""
    talk = ImapTalk()
    assert talk.says(b"a LOGIN {5+}\r\nalice {6+}\r\ns3cret").startswith("a OK")
    inner = b"{9+}\r\nb NOOP\r\nx\r\nd NOOP"
    heads = (b"a APPEND nosuch ", b"a XYZZY ", b"a APPEND INBOX (\\Recent) ", b'a APPEND INBOX "x" ', b"a NOOP ", b"")
    for head in heads:
        ends = talk.ends(head + inner)
        assert len(ends) == 2 and ends[0].split()[1] in ("BAD", "NO") and ends[1] == "d OK", head
    long = b"a NOOP " + b"A" * 70_000 + b" {9+}\r\nb NOOP\r\nx\r\nd NOOP"
    assert talk.ends(long) == ["a BAD", "d OK"]


def test_literals_that_press_too_hard() -> None:
    """Before a login little is taken; what is refused is passed over; what is too much to pass over ends it."""
    talk = ImapTalk()
    data = b"b NOOP\r\n" * 1250
    assert talk.ends(b"a LOGIN {10000+}\r\n" + data + b" x\r\nz NOOP") == ["a BAD", "z OK"]
    talk = ImapTalk()
    assert talk.says("a LOGIN {2147483648+}").startswith("* BYE") and talk.closed


def test_literal_minus() -> None:
    """With LITERAL- more than 4096 octets have to wait (RFC 7888 5)."""
    talk = inside(without=frozenset({"LITERAL+"}))
    assert "LITERAL-" in talk.says("c CAPABILITY")
    talk.append(b"x" * 4096)
    assert "a BAD [TOOBIG]" in talk.says(b"a APPEND INBOX {4097+}\r\n" + b"x" * 4097)
    assert talk.says("a STATUS INBOX (MESSAGES)").startswith('* STATUS "INBOX" (MESSAGES 1)')


@pytest.mark.parametrize("line", ["{3+}\r\nDONE", "NOOP"])
def test_idle_wants_done(line: str) -> None:
    """Anything but DONE ends IDLE with BAD, and is no command."""
    talk = inside()
    ends = talk.ends("i IDLE", line, "n NOOP")
    assert (ends[0], ends[-1]) == ("i BAD", "n OK")
    assert talk.ends("i IDLE", "done", "n NOOP") == ["i OK", "n OK"]


# logins


def test_logins() -> None:
    """LOGIN in every form, and the mechanisms, with and without an initial response."""
    for line in (LOGIN, 'l LOGIN "alice" "s3cret"', 'l LOGIN "alice" {6+}\r\ns3cret', 'l LOGIN bob "tr es"'):
        assert ImapTalk().ends(line) == ["l OK"], line
    assert ImapTalk().ends(f"l AUTHENTICATE PLAIN {PLAIN}") == ["l OK"]
    assert ImapTalk().lines("l authenticate plain", PLAIN)[0] == "+ "
    assert ImapTalk().ends("l AUTHENTICATE LOGIN", encoded(b"alice"), encoded(b"s3cret")) == ["l OK"]
    talk = ImapTalk()
    challenge = decoded(talk.says("l AUTHENTICATE CRAM-MD5")[2:].strip().encode())
    assert talk.ends(encoded(cram_response("alice", "s3cret", challenge))) == ["l OK"]


def test_refused_logins() -> None:
    """Whatever was wrong, the words are the same; what is no base64, or was cancelled, is BAD."""
    talk = ImapTalk()
    assert len({talk.says(f"l LOGIN {name} wrong") for name in ("alice", "nobody")}) == 1
    assert talk.ends("l AUTHENTICATE XBOGUS", "a NOOP") == ["l NO", "a OK"]
    for response in ("*", "####", "=AAA", "A" * 70_000):
        assert talk.ends("l AUTHENTICATE PLAIN", response, "a NOOP") == ["l BAD", "a OK"], response
    assert talk.ends("l AUTHENTICATE PLAIN =", "l AUTHENTICATE CRAM-MD5 AAAA") == ["l BAD", "l BAD"]
    for line in ('l LOGIN "u\0x" p', "l LOGIN u\0x p", "l LOGIN {3+}\r\nu\0x p"):
        assert talk.ends(line) in (["* BAD"], ["l BAD"])


def test_passwords_want_tls_where_they_do() -> None:
    """LOGINDISABLED, and no mechanism that shows the password, until TLS stands."""
    talk = ImapTalk(ImapConfig(tls=True, auth_in_clear=False))
    said = talk.says("a CAPABILITY")
    assert "LOGINDISABLED" in said and "AUTH=PLAIN" not in said and "AUTH=CRAM-MD5" in said
    assert talk.ends(LOGIN, f"a AUTHENTICATE PLAIN {PLAIN}", "b STARTTLS") == ["l NO", "a NO", "b OK"]
    talk.handshake()
    assert "LOGINDISABLED" not in talk.says("a CAPABILITY") and talk.ends(LOGIN) == ["l OK"]


def test_starttls_hears_nothing_behind_it() -> None:
    """What came in clear behind STARTTLS is not run; a second one is BAD."""
    talk = ImapTalk()
    assert talk.ends("a STARTTLS x", "a STARTTLS", "b NOOP") == ["a BAD", "a OK"]
    talk.say(b"c NOOP\r\n")
    talk.handshake()
    assert talk.sent == b""
    assert talk.ends("d STARTTLS", "e NOOP") == ["d BAD", "e OK"]
    assert "STARTTLS" not in ImapTalk(peer=Peer(secure=True)).greeting


def test_enable_and_id() -> None:
    """ENABLED names what is on now, perhaps nothing; the capabilities stay; ID is bounded."""
    talk = ImapTalk()
    assert talk.ends("a ENABLE CONDSTORE", LOGIN) == ["a BAD", "l OK"]
    before = talk.says("c CAPABILITY")
    assert talk.lines("a ENABLE CONDSTORE X-BOGUS IDLE")[0] == "* ENABLED CONDSTORE"
    assert talk.lines("a ENABLE X-BOGUS")[0] == "* ENABLED"
    assert talk.says("c CAPABILITY") == before
    assert talk.lines("a ID NIL")[0].startswith('* ID ("name" ')
    many = " ".join(f'"x{number}" NIL' for number in range(31))
    assert talk.ends('a ID ("name" "netconform" "x" NIL)', f"a ID ({many})", 'a ID ("x")') == ["a OK", "a BAD", "a BAD"]


def test_compression() -> None:
    """Behind the OK everything is raw deflate; once is enough; garbage is the end."""
    talk = inside()
    assert talk.ends(b"c COMPRESS DEFLATE\r\nd NOOP") == ["c BAD", "d OK"]
    assert talk.ends("c COMPRESS DEFLATE") == ["c OK"]
    packer, unpacker = zlib.compressobj(wbits=-15), zlib.decompressobj(-15)
    talk.say(packer.compress(b"a NOOP\r\nb COMPRESS DEFLATE\r\n" + b"c NOOP " + bytes(1 << 22) + b"\r\n"))
    talk.say(packer.flush(zlib.Z_SYNC_FLUSH))
    said = unpacker.decompress(talk.sent)
    assert [line.split()[1] for line in said.splitlines()] == [b"OK", b"BAD", b"BAD"]
    talk.say(b"\xff" * 100)
    assert talk.closed


# lines, options, cuts


@pytest.mark.parametrize("length", [1000, 9000, 70_000, 1_100_000])
def test_long_lines(length: int) -> None:
    """A line is answered once, however long it is, and its tail is no command; memory is bounded."""
    talk = inside()
    talk.say(b"a SELECT " + b"A" * length)
    assert talk.sent == b"" and len(talk.session.pending()) < 70_000  # type: ignore[attr-defined]
    assert talk.ends(" b NOOP", "c NOOP") == ["a BAD", "c OK"]


def test_lines_of_eight_thousand_octets_are_read() -> None:
    """RFC 2683 3.2.1.5."""
    talk = inside()
    assert talk.ends("a UID FETCH " + ",".join(map(str, range(1, 3000, 2))) + " (FLAGS)") == ["a OK"]


def test_options() -> None:
    """Every option is read, and what is not understood is named."""
    given = {"logindisabled": "1", "vantage": "outside", "greeting": "bye", "without": "idle,MOVE", "uses": "1"}
    given |= {"errors": "3", "idle": "9", "literal": "100", "append": "1000"}
    assert given.keys() == OPTIONS.keys()
    config = configured(given, tls=True)
    assert (config.greeting, config.uses, config.auth_in_clear, config.idle) == ("BYE", True, False, 9.0)
    assert not config.has("IDLE") and not config.has("MOVE") and config.has("SORT")
    for name, text in {"colour": "red", "without": "X", "uses": "2", "greeting": "HI", "errors": "x"}.items():
        with pytest.raises(ValueError, match=name):
            configured({name: text}, tls=False)


@pytest.mark.parametrize("name", [name for name in CAPABILITIES if name not in ("IMAP4REV1", "LITERAL-")])
def test_what_is_off_is_not_listed(name: str) -> None:
    """A capability that is off is not on the list, and one that is on is, once somebody has logged in."""
    listed = ImapTalk(ImapConfig(tls=True)).says("a CAPABILITY", LOGIN, "b CAPABILITY").upper()
    assert f" {name} " in listed.replace("\r\n", " ")
    talk = ImapTalk(ImapConfig(tls=True, without=frozenset({name})))
    assert name not in talk.says("a CAPABILITY", LOGIN, "b CAPABILITY").upper().replace("\r\n", " ").split()


SESSION = (
    b'a CAPABILITY\r\nl LOGIN alice {6}\r\ns3cret\r\nb APPEND INBOX (\\Seen) " 1-Feb-2001 03:04:05 +0000" {31+}\r\n'
    b"Subject: x\r\nFrom: a@b\r\n\r\nText\r\nx APPEND nosuch {4}\r\nabcd\r\n\r\nc SELECT INBOX\r\n"
    b"d FETCH 1 (FLAGS BODY[])\r\n"
    b"e STORE 1 +FLAGS (\\Deleted)\r\nf XYZZY {3+}\r\nabc\r\ng IDLE\r\nDONE\r\nh EXPUNGE\r\ni LOGOUT\r\n"
)


def _answers(cut: Cut, octets: bytes = SESSION) -> bytes:
    talk = ImapTalk(cut=cut)
    talk.say(octets)
    return talk.sent


@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)
def test_named_cuts_change_nothing(cut: Cut) -> None:
    """The same answers however the octets travel."""
    answers = _answers(cut)
    assert answers == _answers(whole) and answers.endswith(b"i OK Done\r\n")


@given(st.sets(st.integers(1, len(SESSION) - 1), max_size=8))
@settings(max_examples=50)
def test_cuts_change_nothing(places: set[int]) -> None:
    """The same for cuts anywhere."""
    assert _answers(at(*places)) == _answers(whole)


WORDS = [
    b"a ",
    b" ",
    b"{3+}",
    b"{2}",
    b"\r\n",
    b"(",
    b")",
    b'"',
    b"\\",
    b"UID ",
    b"FETCH ",
    b"1:*",
    b"BODY[1.",
    b"]",
    b"<0.5>",
]
WORDS += [
    b"SEARCH ",
    b"OR ",
    b"NOT ",
    b"HEADER ",
    b"STORE ",
    b"FLAGS ",
    b"\\Seen",
    b"LIST ",
    b"STATUS INBOX ",
    b"COPY ",
    b"*",
]
WORDS += [
    b"APPEND INBOX ",
    b"IDLE",
    b"DONE",
    b"SELECT INBOX",
    b"SORT ",
    b"THREAD REFERENCES UTF-8 ALL",
    b"ENABLE ",
    b"\0",
]


@given(st.lists(st.one_of(st.sampled_from(WORDS), st.binary(max_size=6)), max_size=40))
@settings(max_examples=150)
def test_random_octets_are_answered(words: list[bytes]) -> None:
    """Whatever is said, nothing is raised, and every line that comes back is complete."""
    talk = inside(MESSAGES[0])
    talk.say(b"".join(words) + b"\r\n")
    talk.say(b"\r\nz NOOP\r\n")
    assert talk.sent.endswith(b"\r\n")


def test_users_do_not_see_each_other() -> None:
    """One user's mailboxes are not there for another."""
    alice = inside(*MESSAGES)
    bob = ImapTalk(mailboxes=alice.mailboxes)
    assert bob.ends('l LOGIN bob "tr es"') == ["l OK"]
    assert "* 0 EXISTS" in bob.lines("s SELECT INBOX")
    missing = bob.says("x SELECT nosuch")
    assert all(bob.says(f"x SELECT {name}") == missing for name in ("alice", "alice/INBOX", "user/alice"))


def test_actions_are_sends() -> None:
    """A command's answer is nothing but octets to send: no timers beside the first."""
    talk = ImapTalk(mailboxes=Mailboxes())
    assert all(isinstance(action, Send) for action in talk.session.receive(b"a NOOP\r\n", 1.0))

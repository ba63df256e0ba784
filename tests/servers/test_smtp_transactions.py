"""The strict SMTP session and its messages: the end of data, chunks, sizes, recipients, and what is stored."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_netconform.reference_servers.smtp import SmtpConfig, configured
from pytest_netconform.reference_servers.store import OUTBOUND, MailStore, StoreFull
from pytest_netconform.wire.cuts import CUTS, at, octets, whole
from pytest_netconform.wire.sasl import encoded, plain_message
from pytest_netconform.wire.smtp import stuffed
from tests.talk import SmtpTalk

EHLO = "EHLO client.example.org"
MAIL = "MAIL FROM:<s@c.example.org>"
RCPT = "RCPT TO:<alice@example.test>"
PLAIN = "AUTH PLAIN " + encoded(plain_message("alice", "s3cret")).decode()


def ready(config: SmtpConfig | None = None, *lines: str) -> SmtpTalk:
    """A session with a recipient, and what `lines` add."""
    talk = SmtpTalk(config)
    talk.asks(EHLO, MAIL, RCPT, *lines)
    return talk


def stored(talk: SmtpTalk, mailbox: str = "alice") -> list[bytes]:
    """The messages as they were sent: without the trace fields that the server put on top."""
    trace = re.compile(rb"(?:Return-Path: <[^>]*>\r\n)?Received: from .*\r\n(?:\t.*\r\n)+")
    return [trace.sub(b"", message.content, count=1) for message in talk.store.messages(mailbox)]


# the end of data

SMUGGLED = b"MAIL FROM:<smug@c.example.org>\r\nRCPT TO:<alice@example.test>\r\nDATA\r\nSubject: i\r\n\r\ny\r\n"


@pytest.mark.parametrize(
    "separator",
    [
        b"\n.\n",
        b"\n.\r\n",
        b"\r\n.\n",
        b"\r.\r",
        b"\r.\r\n",
        b"\r\n.\r",
        b"\n.\r",
        b"\r.\n",
        b"\r\r\n.\r\r\n",
        b"\r\n\x00.\r\n",
        b"\r\n.\x00\r\n",
        b"\r\n .\r\n",
        b"\r\n.\t\r\n",
        b"\r\n. \r\n",
        b"\r\n..\r\n",
    ],
)
@pytest.mark.parametrize("head", [b"Subject: o\r\n\r\nx", b"Subject: o\nTo: x\n\nx"])
@pytest.mark.parametrize("cut", CUTS)
def test_only_one_end_of_data(separator: bytes, head: bytes, cut: str) -> None:
    """CR LF "." CR LF ends data and nothing else does (4.1.1.4): one reply, one message, all octets in it."""
    talk = ready(None, "DATA")
    talk.cut = CUTS[cut]
    assert talk.asks_raw(head + separator + SMUGGLED + b".\r\n") == [250]
    expected = re.sub(rb"(\A|\r\n)\.", rb"\1", head + separator + SMUGGLED)
    assert stored(talk) == [expected]


def test_cr_before_the_end_is_content() -> None:
    """CR CR LF "." CR LF holds a true end; the first CR is the message's."""
    talk = ready(None, "DATA")
    assert talk.asks_raw(b"x\r\r\n.\r\nNOOP\r\n") == [250, 250]
    assert stored(talk) == [b"x\r\r\n"]


def test_empty_message() -> None:
    """The CR LF of DATA is the first of the end (4.1.1.4)."""
    talk = ready(None, "DATA")
    assert talk.asks_raw(b".\r\n") == [250]
    assert stored(talk) == [b""]


@pytest.mark.parametrize("place", range(1, 5))
def test_end_in_two_segments(place: int) -> None:
    """The end is seen wherever it is cut."""
    talk = ready(None, "DATA")
    talk.say(b"x")
    talk.cut = at(place)
    assert talk.asks_raw(b"\r\n.\r\n") == [250]


def test_dots() -> None:
    """The first dot of a line is removed, whatever follows it (4.5.2)."""
    talk = ready(None, "DATA", "..one", ".two", "...", "a.b", ". ", ".")
    assert stored(talk) == [b".one\r\ntwo\r\n..\r\na.b\r\n \r\n"]


@pytest.mark.parametrize("octets", [510, 512, 998, 1000, 1022, 1024, 2046, 2048, 4096, 8192, 16384, 32768, 65536])
def test_dot_at_a_border(octets: int) -> None:
    """A dot in the middle of a line is content, wherever a buffer might end."""
    talk = ready(None, "DATA")
    line = b"x" * octets + b".\r\nNOOP\r\n"
    assert talk.asks_raw(line + b".\r\n") == [250]
    assert stored(talk) == [line]


@given(st.lists(st.sampled_from([b".", b"\r", b"\n", b"\r\n", b"a", b"\x00", b"\xff"])).map(b"".join), st.data())
def test_data_is_transparent(content: bytes, data: st.DataObject) -> None:
    """What was stuffed comes out as it was, however it was cut."""
    talk = ready(None, "DATA")
    carried = stuffed(content)
    talk.cut = at(*data.draw(st.lists(st.integers(1, len(carried)), max_size=8)))
    assert talk.asks_raw(carried) == [250]
    assert stored(talk) == [content if not content or content.endswith(b"\r\n") else content + b"\r\n"]


def test_all_octets_are_kept() -> None:
    """Controls, tabs, blanks at the end, NUL and 8 bits: all is stored as it came (4.1.1.4, 4.5.2, RFC 6152)."""
    talk = ready(None, "DATA")
    content = bytes(range(256)).replace(b"\r", b"").replace(b"\n", b"") + b" \t\r\na\x00b\nc\rd\r\n"
    assert talk.asks_raw(stuffed(content)) == [250]
    assert stored(talk) == [content]


# after the end

REJECTED = ["Subject: t", "", "XJS*NETCONFORM*REJECT*C.34X", "."]


@pytest.mark.parametrize("message", [["x", "."], REJECTED])
def test_transaction_ends_with_its_message(message: list[str]) -> None:
    """Accepted or refused: sender and recipients are gone (4.1.1.4)."""
    talk = ready(None, "DATA")
    assert talk.asks(*message)[0] in (250, 554)
    assert talk.asks(RCPT, "DATA", MAIL, "DATA") == [503, 503, 250, 503]


def test_loop() -> None:
    """A hundred Received fields are served, one more is a loop (6.3); only the header counts."""
    for hops, code in ((100, 250), (101, 554)):
        assert ready(None, "DATA").asks(*["received : from a\r\n\tby b"] * hops, "", *["Received: x"] * 9, ".") == [
            code
        ]


# sizes


def test_declared_size() -> None:
    """A size beyond the limit is refused at MAIL; one that is wrong neither ends the data nor hurts (RFC 1870 6)."""
    talk = SmtpTalk(configured({"size": "1000"}, tls=False))
    assert talk.asks(EHLO, MAIL + " SIZE=1001", MAIL + " SIZE=99999999999999999999") == [250, 552, 552]
    assert talk.asks(MAIL + " SIZE=10", RCPT, "DATA", "x" * 500, ".") == [250, 250, 354, 250]


@pytest.mark.parametrize("octets", [999, 1000, 1001, 1500, 2000, 100000])
@pytest.mark.parametrize("cut", CUTS)
def test_real_size(octets: int, cut: str) -> None:
    """A message beyond the limit is read to its end, refused once, and never run."""
    talk = ready(configured({"size": "1000"}, tls=False), "DATA")
    talk.cut = CUTS[cut]
    content = (b"NOOP\r\n" * octets)[: octets - 2] + b"\r\n"
    assert talk.asks_raw(content + b".\r\nNOOP\r\n") == [250 if octets <= 1000 else 552, 250]


def test_dots_do_not_count() -> None:
    """Dots that were added for the wire are no part of the size (RFC 1870 5)."""
    talk = ready(configured({"size": "999"}, tls=False), "DATA")
    assert talk.asks_raw(stuffed(b".\r\n" * 333)) == [250]


def test_beginning_of_data_is_not_found_in_the_middle() -> None:
    """When an oversized message is dropped, a dot behind the border is no first line."""
    for surplus in range(12):
        talk = ready(configured({"size": "100"}, tls=False), "DATA")
        talk.say(b"x" * (170 + surplus))
        talk.cut = octets
        assert talk.asks_raw(b".\r\nx\r\n.\r\n") == [552]


def test_minimum_size() -> None:
    """64 KiB are served (4.5.3.1.7), and without a limit a good deal more."""
    assert ready(None, "DATA").asks(*["x" * 70] * 910, ".") == [250]
    assert ready(configured({"size": "0"}, tls=False), "DATA").asks(*["x" * 998] * 2000, ".") == [250]


# chunks


def test_chunks() -> None:
    """Chunks are joined, dots and command words in them are content (RFC 3030 2)."""
    talk = ready()
    assert talk.asks_raw(b"BDAT 4\r\nabcdBDAT 4\r\nef\r\nBDAT 16 LAST\r\n\r\n.\r\n..x\r\nQUIT\r") == [250, 250]
    assert talk.asks_raw(b"\n") == [250]
    assert stored(talk) == [b"abcdef\r\n\r\n.\r\n..x\r\nQUIT\r\n"]


def test_last_chunk_may_be_empty() -> None:
    """BDAT 0 LAST ends a message."""
    talk = ready()
    assert talk.asks_raw(b"BDAT 3\r\nx\r\nBDAT 0 LAST\r\nBDAT 3 LAST\r\ny\r\nRSET\r\n") == [250, 250, 503, 250]
    assert stored(talk) == [b"x\r\n"]


def test_chunks_and_data_do_not_mix() -> None:
    """DATA after BDAT is out of order; RSET helps."""
    assert ready().asks_raw(b"BDAT 4\r\nabcdDATA\r\nRSET\r\n") == [250, 503, 250]


@pytest.mark.parametrize("way", [[EHLO, MAIL], [EHLO], []])
def test_refused_chunks_are_discarded(way: list[str]) -> None:
    """The octets of a BDAT out of order are read over, and its reply comes behind them."""
    talk = SmtpTalk()
    talk.asks(*way)
    assert talk.asks("BDAT 12 LAST", "NOOP") == []
    assert talk.asks("NOOP", "NOOP") == [503, 250]
    assert SmtpTalk(configured({"without": "CHUNKING"}, tls=False)).asks(EHLO, "BDAT 6", "NOOP", "NOOP") == [
        250,
        502,
        250,
    ]


def test_too_many_octets_in_chunks() -> None:
    """The chunk that goes beyond the limit fails, those behind it are out of order, and none is run."""
    talk = ready(configured({"size": "10"}, tls=False))
    assert talk.asks_raw(b"BDAT 6\r\nNOOP\r\n" * 3 + b"BDAT 6 LAST\r\nNOOP\r\nDATA\r\nRSET\r\n") == [
        250,
        552,
        503,
        503,
        503,
        250,
    ]
    assert talk.asks(MAIL, RCPT, "DATA", "x", ".") == [250, 250, 354, 250]


def test_refused_content_in_chunks() -> None:
    """A refusal at the last chunk ends the transaction."""
    talk = ready()
    assert talk.asks_raw(b"BDAT 29 LAST\r\nXJS*NETCONFORM*REJECT*C.34X\r\nDATA\r\nNOOP\r\n") == [554, 503, 250]


@pytest.mark.parametrize(
    ("line", "code", "closed"),
    [
        ("BDAT", 501, False),
        ("BDAT 4 FIRST\r\nNOOP", 501, False),
        ("BDAT x", 501, True),
        ("BDAT -1", 501, True),
        ("BDAT 18446744073709551617 LAST", 552, True),
        ("BDAT " + "9" * 1000, 552, True),
    ],
)
def test_bad_chunks(line: str, code: int, closed: bool) -> None:
    """Where it cannot be known which octets follow, nothing more is read."""
    talk = ready()
    talk.say(line.encode() + (b"" if "\n" in line else b"\r\n"))
    assert [reply.code for reply in talk.replies()] == [code]
    assert talk.closed is closed


def test_binary_goes_in_chunks_only() -> None:
    """BODY=BINARYMIME with DATA is 503, and with BDAT it is served (RFC 3030 3); where it is off it is 501."""
    talk = SmtpTalk()
    assert talk.asks(EHLO, MAIL + " BODY=BINARYMIME", RCPT, "DATA") == [250, 250, 250, 503]
    assert talk.asks_raw(b"BDAT 3 LAST\r\n\x00\r\xff") == [250]
    assert stored(talk) == [b"\x00\r\xff"]
    assert SmtpTalk(configured({"binarymime": "0"}, tls=False)).asks(EHLO, MAIL + " BODY=BINARYMIME") == [250, 501]


# recipients


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("alice@example.test", 250),
        ("ALICE@EXAMPLE.TEST", 250),
        ("alice+detail@example.test", 250),
        ('"alice"@example.test', 250),
        ('"al\\ice"@example.test', 250),
        ("Postmaster", 250),
        ("pOsTmAsTeR@example.test", 250),
        ("postmaster@mail.example.test", 250),
        ("nobody@example.test", 550),
        ("a" * 64 + "@example.test", 550),
        ('"a b@c>d"@example.test', 550),
        ("${run{x}}@example.test", 550),
        ("victim@foreign.example.net", 550),
        ("victim%foreign.example.net@example.test", 550),
        ("foreign.example.net!victim@example.test", 550),
        ("@example.test:victim@foreign.example.net", 550),
        ('"victim@foreign.example.net"@example.test', 550),
        ('"victim@foreign.example.net"', 501),
        ("alice@[127.0.0.1]", 550),
        ("josé@example.test", 553),
        ("", 501),
    ],
)
def test_recipients(path: str, code: int) -> None:
    """Who is served: known users and Postmaster in any spelling, nobody else, and no road to elsewhere."""
    talk = SmtpTalk()
    talk.asks(EHLO, "MAIL FROM:<>")
    assert talk.asks(f"RCPT TO:<{path}>", RCPT) == [code, 250]


def test_hundred_recipients() -> None:
    """A hundred are served (4.5.3.1.8); at the limit the next is 452, and those before it get their message."""
    talk = SmtpTalk(configured({"rcpt_limit": "100"}, tls=False))
    lines = [f"RCPT TO:<alice+{n}@example.test>" for n in range(100)]
    assert talk.asks(EHLO, MAIL, *lines, RCPT, "DATA", "x", ".") == [250] * 102 + [452, 354, 250]
    (message,) = talk.store.messages("alice")
    assert len(message.recipients) == 100


def test_pipelining() -> None:
    """A group of commands is answered in order, also behind a message (RFC 2920)."""
    talk = SmtpTalk()
    assert talk.asks(EHLO, MAIL, RCPT, "RCPT TO:<nobody@example.test>", RCPT, "DATA") == [250, 250, 250, 550, 250, 354]
    assert talk.asks("x", ".", "RSET", MAIL, RCPT, "QUIT") == [250, 250, 250, 250, 221]
    assert len(talk.store.messages("alice")) == 1


# what is stored


def test_trace_fields() -> None:
    """One Return-Path on top, whatever the client sent, then Received; other fields stay as they were (4.4)."""
    content = (
        b"Received: from a\r\n\tby b\r\nReturn-path:\r\n <x@y>\r\nReceived: from c by d\r\n\r\nReturn-Path: <body>\r\n"
    )
    talk = ready(None, "DATA")
    assert talk.asks_raw(stuffed(content)) == [250]
    assert talk.store.messages("alice")[0].content == (
        b"Return-Path: <s@c.example.org>\r\n"
        b"Received: from client.example.org ([127.0.0.1])\r\n"
        b"\tby mail.example.test with ESMTP id 1\r\n"
        b"\tfor <alice@example.test>;\r\n"
        b"\tThu, 01 Jan 2026 00:00:00 +0000\r\n"
        b"Received: from a\r\n\tby b\r\nReceived: from c by d\r\n\r\nReturn-Path: <body>\r\n"
    )


def test_null_sender_is_shown() -> None:
    """The null sender's Return-Path is <>."""
    talk = SmtpTalk()
    talk.asks("HELO [127.0.0.1]", "MAIL FROM:<>", RCPT, "RCPT TO:<bob@example.test>", "DATA", "x", ".")
    lines = talk.store.messages("bob")[0].content.split(b"\r\n")
    assert lines[:3] == [
        b"Return-Path: <>",
        b"Received: from [127.0.0.1] ([127.0.0.1])",
        b"\tby mail.example.test with SMTP id 1;",
    ]


@pytest.mark.parametrize(
    ("before", "secure", "protocol"),
    [([], False, b"ESMTP"), ([PLAIN], False, b"ESMTPA"), ([], True, b"ESMTPS"), ([PLAIN], True, b"ESMTPSA")],
)
def test_protocol_names(before: list[str], secure: bool, protocol: bytes) -> None:
    """How the message came is said by the names of RFC 3848 and RFC 6531 4.3."""
    for parameter, name in (("", protocol), (" SMTPUTF8", protocol.replace(b"ESMTP", b"UTF8SMTP"))):
        talk = SmtpTalk()
        if secure:
            talk.asks(EHLO, "STARTTLS")
            talk.handshake()
        talk.asks(EHLO, *before, MAIL + parameter, RCPT, "DATA", "x", ".")
        assert b" with " + name + b" id " in talk.store.messages("alice")[0].content


def test_international_mail() -> None:
    """UTF-8 addresses and header fields are kept as they are (RFC 6531 3.4)."""
    talk = SmtpTalk()
    assert talk.asks(EHLO, "MAIL FROM:<josé@exämple.test> SMTPUTF8", RCPT, "DATA", "Subject: ü", ".")[1:] == [
        250,
        250,
        354,
        250,
    ]
    message = talk.store.messages("alice")[0]
    assert message.sender == "josé@exämple.test"
    assert message.content.startswith("Return-Path: <josé@exämple.test>\r\n".encode())
    assert message.content.endswith("Subject: ü\r\n".encode())


def test_relayed_mail_keeps_its_case() -> None:
    """What goes elsewhere has its recipients' letters as given (2.4), and no Return-Path of ours."""
    talk = SmtpTalk()
    talk.asks(EHLO, PLAIN, MAIL, "RCPT TO:<MiXed@Foreign.example>", RCPT, "DATA", "x", ".")
    (message,) = talk.store.messages(OUTBOUND)
    assert message.recipients == ("MiXed@Foreign.example",)
    assert message.content.startswith(b"Received: ")
    assert len(talk.store.messages("alice")) == 1


def test_submission_adds_what_is_missing() -> None:
    """Date and Message-ID are added where they are missing, and never twice (RFC 6409 8.2, 8.3)."""
    for header, added in (([], 2), (["Date: x", "Message-Id: <x@y>"], 0), (["DATE: x"], 1)):
        talk = SmtpTalk(configured({"submission": "1"}, tls=False))
        talk.asks(EHLO, PLAIN, MAIL, RCPT, "DATA", *header, "", ".")
        content = talk.store.messages("alice")[0].content
        assert len(re.findall(rb"(?im)^(?:date|message-id):", content)) == 2
        assert len(re.findall(rb"Date: Thu|mail.example.test>\r", content)) == added


def test_sessions_share_nothing_but_the_store() -> None:
    """Two interleaved dialogues keep their senders, recipients and contents apart."""
    store = MailStore()
    one, two = SmtpTalk(store=store), SmtpTalk(store=store, cut=whole)
    for lines in ([EHLO], ["MAIL FROM:<{}@x>"], ["RCPT TO:<{}@example.test>"], ["DATA"], ["from {}", "."]):
        for talk, name in ((one, "alice"), (two, "bob")):
            talk.asks(*[line.format(name) for line in lines])
    for name in ("alice", "bob"):
        (message,) = store.messages(name)
        assert message.sender == f"{name}@x"
        assert message.content.endswith(f"from {name}\r\n".encode())


def test_full_store() -> None:
    """When there is no room the message is refused for the time being; room that is freed can be used again."""
    store = MailStore(kept_octets=600)
    talk = SmtpTalk(store=store)
    assert talk.asks(EHLO, MAIL, RCPT, "DATA", "x" * 200, ".", MAIL, RCPT, "DATA", "x" * 200, ".")[-1] == 452
    assert store.remove("alice", 1)
    assert not store.remove("alice", 1)
    assert talk.asks(MAIL, RCPT, "DATA", "x" * 200, ".")[-1] == 250
    assert [message.uid for message in store.messages("alice")] == [2]
    with pytest.raises(StoreFull):
        store.add("alice", "", ["alice"], b"x" * 600)

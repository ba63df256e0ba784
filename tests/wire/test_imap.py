"""Responses on the wire, against the examples of RFC 3501, RFC 9051 and the extensions."""

from __future__ import annotations

import time
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_netconform.wire.cuts import octets, tokens, whole
from pytest_netconform.wire.imap import (
    BARE_CR,
    BARE_LF,
    LINE_LIMIT,
    NO_FORM,
    NO_TEXT,
    PLUS_BARE,
    TEXT_8BIT,
    TEXT_NUL,
    UNCLOSED_CODE,
    Answer,
    Response,
    joined,
)
from pytest_netconform.wire.imap_data import AppendUid, CopyUid, ResponseCode
from pytest_netconform.wire.imap_framing import (
    ANSWER_LIMIT,
    LITERAL_LIMIT,
    AnswerFramer,
    ResponseFramer,
    parse_response,
)
from pytest_netconform.wire.imap_grammar import SequenceSet

# RFC 3501 8, as far as it is said by a server
EXAMPLE = [
    b"* OK IMAP4rev1 Service Ready\r\n",
    b"a001 OK LOGIN completed\r\n",
    b"* 18 EXISTS\r\n",
    b"* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\r\n",
    b"* 2 RECENT\r\n",
    b"* OK [UNSEEN 17] Message 17 is the first unseen message\r\n",
    b"* OK [UIDVALIDITY 3857529045] UIDs valid\r\n",
    b"a002 OK [READ-WRITE] SELECT completed\r\n",
    b"* 12 FETCH (BODY[HEADER] {342}\r\n"
    b"Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\r\n"
    b"From: Terry Gray <gray@cac.washington.edu>\r\n"
    b"Subject: IMAP4rev1 WG mtg summary and minutes\r\n"
    b"To: imap@cac.washington.edu\r\n"
    b"cc: minutes@CNRI.Reston.VA.US, John Klensin <KLENSIN@MIT.EDU>\r\n"
    b"Message-Id: <B27397-0100000@cac.washington.edu>\r\n"
    b"MIME-Version: 1.0\r\n"
    b"Content-Type: TEXT/PLAIN; CHARSET=US-ASCII\r\n"
    b"\r\n"
    b")\r\n",
    b"a004 OK FETCH completed\r\n",
    b"* 12 FETCH (FLAGS (\\Seen \\Deleted))\r\n",
    b"a005 OK +FLAGS completed\r\n",
    b"* BYE IMAP4rev1 server terminating connection\r\n",
    b"a006 OK LOGOUT completed\r\n",
]


def framed(data: bytes) -> list[Response]:
    """The responses in `data`: the same whole, octet by octet, token by token, and with more behind."""
    ways = [_framed(cut(data)) for cut in (whole, octets, tokens)]
    ways.append(_framed([data + b"* OK mo"]))
    assert all(way == ways[0] for way in ways[1:])
    return ways[0]


def _framed(pieces: list[bytes]) -> list[Response]:
    framer, found = ResponseFramer(), []
    for piece in pieces:
        framer.feed(piece)
        while (response := framer.next()) is not None:
            found.append(response)
    return found


def one(raw: bytes) -> Response:
    """The one response that these octets are."""
    (found,) = framed(raw)
    assert found.raw == raw and parse_response(raw) == found
    return found


def test_example_session() -> None:
    """The session of RFC 3501 8 falls into its responses, each whole and without a deviation."""
    responses = framed(b"".join(EXAMPLE))
    assert [response.raw for response in responses] == EXAMPLE
    assert [response.deviations for response in responses] == [()] * len(EXAMPLE)
    assert [response.code for response in responses] == [
        "OK", "OK", "EXISTS", "FLAGS", "RECENT", "OK", "OK", "OK", "FETCH", "OK", "FETCH", "OK", "BYE", "OK",
    ]  # fmt: skip
    assert [response.tag for response in responses if response.tagged] == ["a001", "a002", "a004", "a005", "a006"]


STATUSES = [
    (b"* OK ready\r\n", "OK", "*", b"ready", None, ()),
    (b"* PREAUTH logged in as Smith\r\n", "PREAUTH", "*", b"logged in as Smith", None, ()),
    (b"* bye Autologout\r\n", "BYE", "*", b"Autologout", None, ()),
    (b"A222 NO COPY failed: disk is full\r\n", "NO", "A222", b"COPY failed: disk is full", None, ()),
    (b"]x. BAD x\r\n", "BAD", "]x.", b"x", None, ()),
    (b"a OK [ALERT] System shutdown\r\n", "OK", "a", b"System shutdown", ResponseCode("ALERT"), ()),
    (b"a NO [TRYCREATE] Mailbox\r\n", "NO", "a", b"Mailbox", ResponseCode("TRYCREATE"), ()),
    (b"* OK [UIDNEXT 4392] x\r\n", "OK", "*", b"x", ResponseCode("UIDNEXT", b"4392", 4392), ()),
    (
        b"* OK [PERMANENTFLAGS (\\Deleted \\*)] L\r\n", "OK", "*", b"L",
        ResponseCode("PERMANENTFLAGS", b"(\\Deleted \\*)", ("\\Deleted", "\\*")), (),
    ),
    (
        b"A003 OK [APPENDUID 38505 3955] done\r\n", "OK", "A003", b"done",
        ResponseCode("APPENDUID", b"38505 3955", AppendUid(38505, SequenceSet(((3955, 3955),)))), (),
    ),
    (
        b"A004 OK [COPYUID 38505 304,319:320 3956:3958] Done\r\n", "OK", "A004", b"Done",
        ResponseCode(
            "COPYUID", b"38505 304,319:320 3956:3958",
            CopyUid(38505, SequenceSet(((304, 304), (319, 320))), SequenceSet(((3956, 3958),))),
        ), (),
    ),
    (b'a NO [BADCHARSET ("a]b" {2}\r\nx] US-ASCII)] no\r\n', "NO", "a", b"no",
     ResponseCode("BADCHARSET", b'("a]b" {2}\r\nx] US-ASCII)'), ()),
    (b"a OK\r\n", "OK", "a", b"", None, (NO_TEXT,)),
    (b"a OK \r\n", "OK", "a", b"", None, ()),
    (b"a OK [READ-WRITE]\r\n", "OK", "a", b"", ResponseCode("READ-WRITE"), (NO_TEXT,)),
    (b"a OK [READ-WRITE x\r\n", "OK", "a", b"[READ-WRITE x", None, (UNCLOSED_CODE,)),
    (b"a OK x\n", "OK", "a", b"x", None, (BARE_LF,)),
    (b"a OK x\ry\r\n", "OK", "a", b"x\ry", None, (BARE_CR,)),
    (b"a OK x\x00\r\n", "OK", "a", b"x\x00", None, (TEXT_NUL,)),
    (b"a OK \xc3\xa9\r\n", "OK", "a", b"\xc3\xa9", None, (TEXT_8BIT,)),
    (b"+ ready\r\n", "+", "+", b"ready", None, ()),
    (b"+ \r\n", "+", "+", b"", None, ()),
    (b"+\r\n", "+", "+", b"", None, (PLUS_BARE,)),
    (b"+ {12}\r\n", "+", "+", b"{12}", None, ()),
    (b"a OK it is {12}\r\n", "OK", "a", b"it is {12}", None, ()),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "code", "tag", "text", "response_code", "deviations"), STATUSES)
def test_status_responses(
    raw: bytes, code: str, tag: str, text: bytes, response_code: ResponseCode | None, deviations: tuple[str, ...]
) -> None:
    """What a status response or a continuation says, and what is wrong about it."""
    response = one(raw)
    assert (response.code, response.tag, response.text, response.response_code, response.deviations) == (
        code, tag, text, response_code, deviations,
    )  # fmt: skip


@pytest.mark.parametrize(
    "raw", [b"garbage\r\n", b"\r\n", b"*\r\n", b"a OKAY x\r\n", b"a\r\n", b" OK x\r\n", b"*OK x\r\n"]
)
def test_what_is_no_response(raw: bytes) -> None:
    """A line that is neither tagged, untagged nor a continuation has no code, and the next one is read."""
    lost, found = framed(raw + b"a OK x\r\n")
    assert (lost.code, lost.raw, lost.deviations) == (None, raw, (NO_FORM,))
    assert found.code == "OK"


def test_an_open_quote_ends_with_its_line() -> None:
    """A name that smuggles CR LF is a malformed line, and what follows is read for itself."""
    first, second = framed(b'* LIST () "/" "x\r\n* BYE gotcha"\r\n')
    assert first.code == "LIST" and first.data is None and first.deviations
    assert (second.code, second.text) == ("BYE", b'gotcha"')


def test_braces_inside_quotes_are_no_literal() -> None:
    """What looks like an announcement inside a quoted string is none."""
    first, second = framed(b'* LIST () "/" "x{5}\r\na OK x\r\n')
    assert (first.raw, second.raw) == (b'* LIST () "/" "x{5}\r\n', b"a OK x\r\n")


def test_endless_literals_are_passed_over() -> None:
    """A literal that announces 4 GB is an error value at once; its octets are not stored, and the stream goes on."""
    framer = ResponseFramer()
    framer.feed(b"* 1 FETCH (BODY[] {%d}\r\nabc" % (1 << 32))
    lost = framer.next()
    assert lost is not None and lost.code is None
    left, chunk = (1 << 32) - 3, bytes(1 << 28)
    while left:
        framer.feed(chunk[:left])
        left -= min(left, len(chunk))
        assert framer.next() is None and not framer.rest()
    framer.feed(b" UID 1)\r\na OK x\r\n")
    found = framer.next()
    assert found is not None and found.raw == b"a OK x\r\n"


def test_a_literal_with_endless_digits() -> None:
    """A count of a thousand digits is an error value too."""
    framer = ResponseFramer()
    framer.feed(b"* LIST () NIL {" + b"9" * 1000 + b"}\r\n")
    found = framer.next()
    assert found is not None and found.code is None and framer.next() is None


def test_endless_lines_end() -> None:
    """A line without an end is an error value; what follows its end is read."""
    framer = ResponseFramer()
    framer.feed(b"* OK " + b"x" * (LINE_LIMIT + 10))
    lost = framer.next()
    assert lost is not None and lost.code is None
    framer.feed(b"x" * 1000)
    assert framer.next() is None and not framer.rest()
    framer.feed(b"\r\n* OK y\r\n")
    found = framer.next()
    assert found is not None and found.raw == b"* OK y\r\n"


def test_long_literals_are_whole() -> None:
    """A message of some megabytes arrives in pieces and is whole."""
    content = bytes(range(256)) * 4096
    raw = b"* 1 FETCH (BODY[] {%d}\r\n%s)\r\n" % (len(content), content)
    (response,) = _framed([raw[place : place + 65536] for place in range(0, len(raw), 65536)])
    assert response.raw == raw
    assert len(content) < LITERAL_LIMIT


# -- answers


def answered(data: bytes) -> list[Answer]:
    """The answers in `data`, however it is cut."""
    ways = [_answered(cut(data)) for cut in (whole, octets, tokens)]
    ways.append(_answered([data + b"* 1 EXI"]))
    assert all(way == ways[0] for way in ways[1:])
    return ways[0]


def _answered(pieces: list[bytes]) -> list[Answer]:
    framer, found = AnswerFramer(), []
    for piece in pieces:
        framer.feed(piece)
        while (answer := framer.next()) is not None:
            found.append(answer)
    return found


def test_answers_gather_what_is_untagged() -> None:
    """Untagged responses belong to the tagged one behind them; `+` stands alone and parts nothing."""
    raw = b"* 3 EXISTS\r\n+ go\r\n* 4 EXISTS\r\n* OK [UIDNEXT 5] x\r\na OK [APPENDUID 1 4] done\r\nb BAD x\r\n"
    plus, first, second = answered(raw)
    assert (plus.code, plus.tag, plus.untagged) == ("+", "", ())
    assert (first.code, first.tag, first.says) == ("OK", "a", "APPENDUID")
    assert first.last_number("EXISTS") == 4 and len(first.all("EXISTS")) == 2
    assert set(first.codes()) == {"UIDNEXT", "APPENDUID"}
    assert (second.code, second.untagged, second.raw) == ("BAD", (), b"b BAD x\r\n")


def test_fetched_items_are_joined() -> None:
    """What comes of one message in several responses is one value."""
    (answer,) = answered(b"* 2 FETCH (UID 7)\r\n* 1 FETCH (UID 5)\r\n* 2 FETCH (FLAGS (\\seen))\r\na OK x\r\n")
    fetched = answer.fetched
    assert {number: (one.uid, one.flags) for number, one in fetched.items()} == {
        1: (5, None),
        2: (7, frozenset({"\\Seen"})),
    }


def test_one_by_one() -> None:
    """Where nothing was asked, each response is an answer of its own, and those that wait come first."""
    framer = AnswerFramer()
    framer.feed(b"* 1 EXISTS\r\n")
    assert framer.next() is None
    framer.one_by_one = True
    framer.feed(b"* 2 EXISTS\r\n")
    assert [answer.last.number for answer in (framer.next(), framer.next()) if answer] == [1, 2]
    assert framer.next() is None


def test_bye_ends_what_was_asked() -> None:
    """Where the connection ends behind BYE, that is the answer; without BYE there is none."""
    framer = AnswerFramer()
    framer.feed(b"* 1 EXISTS\r\n* BYE [UNAVAILABLE] later\r\n")
    assert framer.next() is None
    answer = framer.farewell()
    assert answer is not None and (answer.code, answer.tag, answer.temporary) == ("BYE", "", True)
    assert answer.last_number("EXISTS") == 1
    assert framer.farewell() is None


def test_floods_end() -> None:
    """Untagged responses without number are cut off, as an answer that cannot be framed."""
    framer = AnswerFramer()
    framer.feed(b"* 1 EXISTS\r\n" * (ANSWER_LIMIT + 1))
    answer = framer.next()
    assert answer is not None and answer.code is None and len(answer.untagged) == ANSWER_LIMIT + 1


@pytest.mark.parametrize("code", ["UNAVAILABLE", "INUSE"])
def test_temporary_refusals(code: str) -> None:
    """NO with these codes asks to come back; BAD never does."""
    (no, bad) = answered(f"a NO [{code}] x\r\nb BAD [{code}] x\r\n".encode())
    assert no.temporary and not bad.temporary


def test_inflating() -> None:
    """Behind COMPRESS everything is raw deflate, what has arrived already too (RFC 4978 3)."""
    stream = zlib.compressobj(wbits=-15)
    packed = stream.compress(b"* 1 EXISTS\r\nb OK x\r\n") + stream.flush(zlib.Z_SYNC_FLUSH)
    framer = AnswerFramer()
    framer.feed(b"a OK DEFLATE active\r\n" + packed[:5])
    first = framer.next()
    framer.inflate()
    framer.feed(packed[5:])
    second = framer.next()
    assert first is not None and second is not None
    assert second.raw == b"* 1 EXISTS\r\nb OK x\r\n"


@pytest.mark.parametrize("junk", [b"a OK plain\r\n", b"\xff\xff\xff\xff"])
def test_what_is_no_deflate(junk: bytes) -> None:
    """Octets that are no deflate are an answer that cannot be framed."""
    framer = AnswerFramer()
    framer.inflate()
    framer.feed(junk)
    answer = framer.next()
    assert answer is not None and answer.code is None


def test_bombs_are_bounded() -> None:
    """A gigabyte in a few octets is an error value, and no gigabyte is made of it."""
    stream = zlib.compressobj(wbits=-15)
    packed = b"".join(stream.compress(bytes(1 << 24)) for _ in range(8)) + stream.flush()
    framer = AnswerFramer()
    framer.inflate()
    framer.feed(packed)
    answer = framer.next()
    assert answer is not None and answer.code is None and not framer.rest()


@given(st.binary(max_size=200), st.data())
def test_any_octets_are_data(raw: bytes, data: st.DataObject) -> None:
    """Whatever arrives, in whatever pieces, is values; their octets are those that arrived, in order."""
    place = data.draw(st.integers(0, len(raw)))
    framer, found = ResponseFramer(), []
    for piece in (raw[:place], raw[place:]):
        framer.feed(piece)
        while (response := framer.next()) is not None:
            found.append(response)
            assert isinstance(response.deviations, tuple)
    assert raw.startswith(b"".join(response.raw for response in found))


PIECES = (
    b'* |  |1|FETCH|(|)|"|\\|{3}|~{1}|NIL|BODY|BODY[|]|ENVELOPE|LIST|OK|[|<0>|\x00|\xff|BODYSTRUCTURE|STATUS|THREAD'
    b"|NAMESPACE|ESEARCH|VANISHED|ID|a|:|,|FLAGS|UID|+"
)
NASTY = st.lists(st.sampled_from([*PIECES.split(b"|"), b"\r\n", b"\n", b"{3}\r\n"]), max_size=25).map(b"".join)


@given(NASTY)
def test_pieces_of_the_grammar_in_any_order(raw: bytes) -> None:
    """Broken responses are values as well."""
    for response in _framed([raw, b"\r\n", b"xxx\r\n"]):
        assert response.code is None or response.data is not None or isinstance(response.deviations, tuple)


@pytest.mark.parametrize(
    "line",
    [
        b"* LIST () NIL " + b'"\\' * 400_000,
        b"* 1 FETCH (" + b"(" * 500_000,
        b"* THREAD " + b"(1" * 200_000 + b")" * 200_000,
        b"* 1 FETCH (BODY[" + b'"' * 500_001,
        b"a OK [" + b'"\\' * 400_000 + b" {5}",
        b"* SEARCH" + b" 4294967295" * 100_000,
        b"* OK " + b"{1" * 500_000,
        b"* VANISHED 1:" + b"9" * 100_000,
    ],
    ids=["quotes", "lists", "threads", "sections", "codes", "numbers", "braces", "digits"],
)
def test_hostile_lines_are_read_in_no_time(line: bytes) -> None:
    """However a long line is made, it is read in time that grows with its length."""
    began = time.process_time()
    for response in _framed([line + b"\r\n", b"aaaaaa\r\n"]):
        assert isinstance(response.deviations, tuple)
    assert time.process_time() - began < 5


def test_a_batch_is_one_answer() -> None:
    """Untagged data of a batch may stand before any of its answers, as Dovecot shows: joined, it is in order."""
    batch = joined(answered(b"* 1 EXISTS\r\n* 2 EXISTS\r\na OK x\r\nb OK y\r\n* 3 EXISTS\r\nc NO z\r\n"))
    assert (batch.code, batch.tag) == ("NO", "c")
    assert [response.number for response in batch.all("EXISTS")] == [1, 2, 3]


def test_a_hundred_thousand_messages() -> None:
    """Everything about an account with 100,000 messages is one answer, read in time."""
    began = time.process_time()
    count = 100_000
    lines = b"".join(b"* %d FETCH (UID %d FLAGS (\\Seen))\r\n" % (number, number + 7) for number in range(1, count + 1))
    framer = AnswerFramer()
    for place in range(0, len(lines), 65536):
        framer.feed(lines[place : place + 65536])
        assert framer.next() is None
    framer.feed(b"* SEARCH %s\r\na OK x\r\n" % b" ".join(b"%d" % number for number in range(1, count + 1)))
    answer = framer.next()
    assert answer is not None and len(answer.fetched) == count and not answer.deviations
    assert answer.fetched[count].uid == count + 7
    assert time.process_time() - began < 20

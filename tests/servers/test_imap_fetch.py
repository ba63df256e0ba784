"""What the strict IMAP session tells of messages: sections, envelopes, structures, searches, orders, families."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_netconform.reference_servers.imap.addresses import Address, parse_addresses
from pytest_netconform.reference_servers.imap.mime import Parser, find
from pytest_netconform.reference_servers.imap.names import from_utf7, matches, to_utf7
from pytest_netconform.reference_servers.imap.threads import base_subject
from tests.servers.imap_talk import ImapTalk, inside

INNER = b"Subject: inner\r\nFrom: in@example.com\r\nContent-Type: multipart/alternative; boundary=in\r\n\r\n"
INNER += b"--in\r\n\r\nplain\r\n--in\r\nContent-Type: text/html\r\n\r\n<p>\r\n--in--\r\n"
NESTED = (
    b'Subject: nested\r\nContent-Type: multipart/mixed;\r\n boundary="out er"\r\n\r\npreamble\r\n--out er  \t\r\n\r\n'
    b"first\r\n"
    b"\r\n--out er\r\nContent-Type: message/rfc822\r\n\r\n" + INNER + b"\r\n--out er\r\n"
    b"Content-Type: application/octet-stream; name*0*=utf-8''a%20; name*1=b\r\nContent-Transfer-Encoding: base64\r\n"
    b'Content-Disposition: attachment; filename="a\\"b;c"\r\nContent-ID: <1@x>\r\n\r\n'
    b"AAEC\r\n--out er--\r\nepilogue\r\n"
)


def section(talk: ImapTalk, name: str) -> str | None:
    """The octets of a section of message 1, None for NIL."""
    said = talk.says(f"a FETCH 1 BODY.PEEK[{name}]")
    found = re.match(r"\* 1 FETCH \(BODY\[.*?\](?:<\d+>)? (?:NIL|\{(\d+)\}\r\n)", said, re.DOTALL)
    assert found, said
    return None if found.group(1) is None else said[found.end() : found.end() + int(found.group(1))]


# sections


def test_parts() -> None:
    """Every part has its octets, and what is not there is NIL."""
    talk = inside(NESTED)
    assert section(talk, "1") == "first\r\n" and section(talk, "1.MIME") == "\r\n"
    assert section(talk, "2") == INNER.decode()
    assert section(talk, "2.HEADER") == INNER.decode().partition("\r\n\r\n")[0] + "\r\n\r\n"
    assert section(talk, "2.TEXT") == INNER.decode().partition("\r\n\r\n")[2]
    assert section(talk, "2.1") == "plain" and section(talk, "2.2") == "<p>"
    assert section(talk, "2.2.MIME") == "Content-Type: text/html\r\n\r\n"
    assert section(talk, "3") == "AAEC"
    assert [section(talk, name) for name in ("4", "1.1", "3.1", "2.3", "1.HEADER")] == [None] * 5
    assert section(talk, "") == NESTED.decode()
    assert (section(talk, "HEADER") or "") + (section(talk, "TEXT") or "") == NESTED.decode()


def test_a_message_of_one_part() -> None:
    """Its part 1 is its text; partial answers begin where they were asked to, and end where the octets do."""
    talk = inside(b"Subject: x\r\n\r\n0123456789")
    assert section(talk, "1") == section(talk, "TEXT") == "0123456789" and section(talk, "2") is None
    assert "BODY[TEXT]<8> {2}\r\n89" in talk.says("a FETCH 1 BODY[TEXT]<8.5>")
    assert "BODY[TEXT]<99> {0}\r\n)" in talk.says("a FETCH 1 BODY[TEXT]<99.5>")
    assert "RFC822.SIZE 24" in talk.says("a FETCH 1 FAST")


def test_seen() -> None:
    """Reading marks a message as seen and says so; looking does not."""
    talk = inside(b"Subject: x\r\n\r\ny", b"z")
    talk.says("a FETCH 1 (BODY.PEEK[] RFC822.HEADER ENVELOPE)")
    assert "Seen" not in talk.says("a FETCH 1 FLAGS")
    assert "FLAGS (\\Recent \\Seen)" in talk.says("a FETCH 1 BODY[TEXT]")
    assert "FLAGS (\\Recent \\Seen)" in talk.says("a FETCH 2 RFC822")


def test_header_fields() -> None:
    """Fields by name in any case, in their order, folds and all, with the blank line."""
    talk = inside(b"To: a\r\nSubject: one\r\n two\r\nX: y\r\nsubject: three\r\n\r\nbody")
    assert (
        section(talk, 'HEADER.FIELDS (SUBJECT "X-None" to)')
        == "To: a\r\nSubject: one\r\n two\r\nsubject: three\r\n\r\n"
    )
    assert section(talk, "HEADER.FIELDS.NOT (SUBJECT TO)") == "X: y\r\n\r\n"
    assert section(talk, "HEADER.FIELDS (NONE)") == "\r\n"
    assert "BODY[HEADER.FIELDS (SUBJECT)] {" in talk.says("a FETCH 1 (BODY[HEADER.FIELDS (SUBJECT)])")


def test_binary() -> None:
    """Parts without their transfer encoding."""
    talk = inside(NESTED, b"Content-Transfer-Encoding: x-odd\r\n\r\ny")
    assert "BINARY.SIZE[3] 3 BINARY[3] ~{3}\r\n\0\1\2)" in talk.says("a FETCH 1 (BINARY.SIZE[3] BINARY.PEEK[3])")
    assert "NO [UNKNOWN-CTE]" in talk.says("a FETCH 2 BINARY[1]")


# envelopes and structures


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"a@b", [Address(None, None, b"a", b"b")]),
        (
            b'"Q. \\"x\\" y" <a@b>, Anna  Lee <c@d>',
            [Address(b'Q. "x" y', None, b"a", b"b"), Address(b"Anna Lee", None, b"c", b"d")],
        ),
        (b"a@b (Bert (inner) x)", [Address(b"Bert (inner) x", None, b"a", b"b")]),
        (
            b"g: a@b, c@d;, e@f",
            [
                Address(mailbox=b"g"),
                *(Address(None, None, x[:1], x[1:]) for x in (b"ab", b"cd")),
                Address(),
                Address(None, None, b"e", b"f"),
            ],
        ),
        (b"empty:;", [Address(mailbox=b"empty"), Address()]),
        (b"<@r1,@r2:a@b>", [Address(None, b"@r1,@r2", b"a", b"b")]),
        (b"=?utf-8?q?x?= <a@[1.2.3.4]>", [Address(b"=?utf-8?q?x?=", None, b"a", b"[1.2.3.4]")]),
        (b"local only", [Address(None, None, b"localonly", b"")]),
        (b" , ,", []),
        (b'"open <a@b', [Address(None, None, b"open <a@b", b"")]),
    ],
)
def test_addresses(value: bytes, expected: list[Address]) -> None:
    """Lists, groups, routes, comments, quotes, and what is none of them."""
    assert parse_addresses(value) == expected


def test_envelope() -> None:
    """Ten fields; Sender and Reply-To default to From; strings are escaped; encoded words stay."""
    talk = inside(
        b'Subject: =?utf-8?q?x?=\r\n "q\\"\r\nFrom: "A \\"B\\"" <a@b>\r\nSender:\r\n'
        b"Message-ID: <1@x>\r\nFrom: c@d\r\n\r\n"
    )
    person = '(("A \\"B\\"" NIL "a" "b"))'
    assert f'(NIL "=?utf-8?q?x?= \\"q\\\\\\"" {person} {person} {person} NIL NIL NIL NIL "<1@x>")' in talk.says(
        "a FETCH 1 ENVELOPE"
    )


def test_structure() -> None:
    """Types, sizes and lines of every part; BODY without the extension data."""
    talk = inside(NESTED)
    plain = '("TEXT" "PLAIN" ("CHARSET" "US-ASCII") NIL NIL "7BIT" 7 1'
    inner = (
        '("TEXT" "PLAIN" ("CHARSET" "US-ASCII") NIL NIL "7BIT" 5 1)("TEXT" "HTML" NIL NIL NIL "7BIT" 3 1) "ALTERNATIVE"'
    )
    lines = INNER.count(b"\r\n")
    said = talk.says("a FETCH 1 BODY")
    assert said.startswith(
        f'* 1 FETCH (BODY ({plain})("MESSAGE" "RFC822" NIL NIL NIL "7BIT" {len(INNER)} (NIL "inner" '
    )
    assert f" ({inner}) {lines})" in said and said.endswith(
        ' "<1@x>" NIL "BASE64" 4) "MIXED"))\r\na OK Those are all\r\n'
    )
    said = talk.says("a FETCH 1 BODYSTRUCTURE")
    assert ' NIL ("ATTACHMENT" ("FILENAME" "a\\"b;c")) NIL NIL) "MIXED" ("BOUNDARY" "out er") NIL NIL NIL))' in said
    assert '("NAME*0*" "utf-8\'\'a%20" "NAME*1" "b")' in said


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"x",
        b"\r\n",
        b"Content-Type: multipart/mixed\r\n\r\nx",
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\nx",
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n--b\r\n--b--\r\n",
        b"Content-Type: message/rfc822\r\n\r\n",
        b"Content-Type: ;;;\r\nContent-Disposition: ;=\r\n\r\n",
        b'Content-Type: a/b; c="d\r\n\r\n',
        b"a: b\nc: d\n\ne\n",
        b'From: \r\n x\r\n* BYE y\r\nSubject: \xff"\\\r\n\r\n',
        b"Content-Type: message/rfc822\r\n\r\n" * 500,
        b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(500)),
    ],
)
def test_odd_messages(content: bytes) -> None:
    """Whatever a message says, its structure is balanced, and its octets come back."""
    talk = inside(content or b"x")
    said = talk.says("a FETCH 1 (ENVELOPE BODYSTRUCTURE BODY)")
    flat = re.sub(r'\{(\d+)\}\r\n|"(?:[^"\\]|\\.)*"', "", said)
    assert flat.count("(") == flat.count(")") and said.endswith("a OK Those are all\r\n")
    assert not re.search(r"^\* BYE", re.sub(r"\{7\}\r\n.{7}", "", said, flags=re.DOTALL), re.MULTILINE)
    assert (
        talk.ends("a SEARCH TEXT x FROM y", "a SORT (SUBJECT FROM DATE) UTF-8 ALL", "a THREAD REFERENCES UTF-8 ALL")
        == ["a OK"] * 3
    )


@given(
    st.lists(
        st.sampled_from(
            [b"--b", b"--b--", b"\r\n", b"Content-Type: ", b"multipart/mixed; boundary=b", b"x", b"\n", b'"', b";"]
        )
    )
)
def test_parts_lie_inside(words: list[bytes]) -> None:
    """No part begins or ends outside the one that it belongs to."""
    waiting = [Parser().parse(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"".join(words))]
    while waiting:
        part = waiting.pop()
        assert part.start <= part.body <= part.end
        for inner in part.parts + ([part.message] if part.message else []):
            assert part.body - 2 <= inner.start <= inner.end <= part.end
            waiting.append(inner)


def test_nested_boundaries_match_whole() -> None:
    """A boundary that begins like another is another."""
    content = b"Content-Type: multipart/mixed; boundary=ab\r\n\r\n--ab\r\n\r\n--abc\r\nx\r\n--ab--\r\n"
    part = find(Parser().parse(content), [1])
    assert part is not None and part.body_octets == b"--abc\r\nx"


# searching


MAIL = (
    b"Subject: =?utf-8?B?R3LDvMOfZQ==?=\r\nFrom: Anna <anna@example.com>\r\nDate: Mon, 1 Jan 2001 23:30:00 -1100\r\n"
    b"\r\nOne\r\n",
    b"Subject: two\r\nTo: Carl\r\nDate: Tue, 2 Jan 2001 00:30:00 +1300\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\nw6lsYW4gd29yZA==\r\n",
    b"Subject: Two more\r\nCC: x@y\r\nX-Odd:\r\n\r\nThird, and somewhat longer than the others are\r\n" + b"x" * 100,
)


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        *(
            ("ALL", "1 2 3"),
            ("SEEN", "1"),
            ("UNSEEN", "2 3"),
            ("KEYWORD KW", "2"),
            ("UNKEYWORD kw", "1 3"),
            ("DELETED", ""),
        ),
        *(
            ("2:*", "2 3"),
            ("UID 1,3", "1 3"),
            ("9", ""),
            ("NOT 2", "1 3"),
            ("OR 1 KEYWORD kw", "1 2"),
            ("(1:2 SEEN)", "1"),
        ),
        *(
            ("LARGER 150", "2 3"),
            ("SMALLER 150", "1"),
            ("SUBJECT TWO", "2 3"),
            ("FROM anna", "1"),
            ("TO carl", "2"),
            ("CC x", "3"),
        ),
        *(
            ('HEADER X-Odd ""', "3"),
            ("HEADER subject more", "3"),
            ("BODY word", "2"),
            ("BODY Two", ""),
            ("TEXT Two", "2 3"),
        ),
        *(
            ("SENTON 1-Jan-2001", "1"),
            ("SENTSINCE 2-Jan-2001", "2"),
            ("SENTBEFORE 2-Jan-2001", "1"),
            ("SINCE 1-Feb-2001", "1 2 3"),
        ),
        *(
            ("ON 1-Feb-2001", "3"),
            ("BEFORE 2-Feb-2001", "3"),
            ("NEW", "2 3"),
            ("RECENT", "1 2 3"),
            ("OLD", ""),
            ("BCC x", ""),
        ),
        *(
            ("CHARSET UTF-8 SUBJECT {7+}\r\nGRÜßE", "1"),
            ("CHARSET UTF-8 BODY {5+}\r\nÉLAN", "2"),
            ("CHARSET US-ASCII ALL", "1 2 3"),
        ),
    ],
)
def test_search(keys: str, found: str) -> None:
    """Each key means what it says."""
    talk = inside(*MAIL[:2])
    talk.append(MAIL[2], more='" 1-Feb-2001 23:59:59 -1100" ')
    talk.ends("a STORE 1 +FLAGS (\\Seen)", "a STORE 2 +FLAGS (kw)")
    assert talk.lines(f"a SEARCH {keys}") == [f"* SEARCH {found}".rstrip(), "a OK Those are all"]


def test_extended_search() -> None:
    """ESEARCH says what was asked for; of nothing only the count; `$` is what was saved."""
    talk = inside(*MAIL)
    assert (
        talk.lines("a UID SEARCH RETURN (MIN MAX ALL COUNT) 1,3")[0]
        == '* ESEARCH (TAG "a") UID MIN 1 MAX 3 ALL 1,3 COUNT 2'
    )
    assert talk.lines("a SEARCH RETURN (MIN MAX ALL COUNT) SEEN")[0] == '* ESEARCH (TAG "a") COUNT 0'
    assert talk.lines("a SEARCH RETURN () ALL")[0] == '* ESEARCH (TAG "a") ALL 1:3'
    assert talk.lines("a SEARCH RETURN (SAVE) 2:3", "b SEARCH $ SUBJECT more") == [
        "a OK Those are all",
        "* SEARCH 3",
        "b OK Those are all",
    ]
    assert "BADCHARSET" in talk.says("a SEARCH CHARSET X-BOGUS SUBJECT x")
    assert talk.ends("a ENABLE IMAP4rev2", "a SEARCH NEW") == ["a OK", "a BAD"]
    assert talk.lines("a SEARCH ALL")[0] == '* ESEARCH (TAG "a") ALL 1:3'


@pytest.mark.parametrize(
    ("text", "base"),
    [
        *(("Re: x", "x"), ("RE : [list] Fwd: x", "x"), ("[list] x", "x"), ("[list]", "[list]"), ("x (fwd) (FWD)", "x")),
        *(("[Fwd: Re: x]", "x"), ("Re[2]: x", "x"), ("  a   b ", "a b"), ("rex: y", "rex: y"), ("", ""), ("Re:", "")),
    ],
)
def test_base_subjects(text: str, base: str) -> None:
    """RFC 5256 2.1."""
    assert base_subject(text)[0] == base


def test_sort_and_thread() -> None:
    """By keys, ties by number; families by references and subjects, every message once."""
    talk = inside(
        b"Message-ID: <1@x>\r\nSubject: b\r\nDate: Mon, 1 Jan 2001 00:00:00 +0000\r\n\r\n",
        b"Message-ID: <2@x>\r\nReferences: <1@x>\r\nSubject: Re: b\r\nDate: Tue, 2 Jan 2001 00:00:00 +0000\r\n\r\n",
        b"Message-ID: <3@x>\r\nReferences: <1@x> <2@x>\r\nSubject: a\r\nDate: Wed, 3 Jan 2001 00:00:00 +0000\r\n\r\n"
        + b"y" * 30,
        b"Message-ID: <4@x>\r\nReferences: <1@x>\r\nSubject: c\r\nDate: Thu, 4 Jan 2001 00:00:00 +0000\r\n\r\n",
        b"Message-ID: <5@x>\r\nReferences: <9@x>\r\nSubject: d\r\nDate: Fri, 5 Jan 2001 00:00:00 +0000\r\n\r\n",
        b"Message-ID: <6@x>\r\nReferences: <9@x>\r\nSubject: e\r\nDate: Fri, 5 Jan 2001 01:00:00 +0000\r\n\r\n",
        b"Message-ID: <7@x>\r\nIn-Reply-To: <7@x>\r\nSubject: Re: b\r\nDate: Fri, 5 Jan 2001 00:00:00 -0900\r\n\r\n",
        b"Message-ID: <7@x>\r\nSubject: loop\r\nReferences: <8@x> <7@x> <8@x>\r\n"
        b"Date: Sat, 6 Jan 2001 00:00:00 +0000\r\n\r\n",
    )
    assert talk.lines("a SORT (SUBJECT) UTF-8 1:4")[0] == "* SORT 3 1 2 4"
    assert talk.lines("a SORT (REVERSE SIZE SUBJECT) US-ASCII 1:4")[0] == "* SORT 3 2 4 1"
    assert talk.lines("a SORT (REVERSE DATE) UTF-8 5:7")[0] == "* SORT 7 6 5"
    assert talk.lines("a UID SORT (ARRIVAL) UTF-8 SEEN")[0] == "* SORT"
    assert talk.lines("a THREAD REFERENCES UTF-8 1:6")[0] == "* THREAD (1 (2 3)(4))((5)(6))"
    everything = re.findall(r"\d+", talk.lines("a THREAD REFERENCES UTF-8 ALL")[0])
    assert sorted(everything) == list("12345678")
    assert talk.lines("a THREAD ORDEREDSUBJECT UTF-8 1,2,7,4")[0] == "* THREAD (1 (2)(7))(4)"
    assert "BADCHARSET" in talk.says("a SORT (ARRIVAL) X-BOGUS ALL")


def test_a_long_chain_of_replies() -> None:
    """Ten thousand replies to replies are a thread like any other."""
    mails = [b"Message-ID: <%d@x>\r\nReferences: <%d@x>\r\nSubject: s%d\r\n\r\n" % (n, n - 1, n) for n in range(10_000)]
    talk = inside(*mails)
    said = talk.lines("a THREAD REFERENCES UTF-8 ALL")[0]
    assert said.startswith("* THREAD (1 2 3 ") and said.endswith(" 10000)")


# names


@given(st.text(max_size=20))
def test_modified_utf7_comes_back(name: str) -> None:
    """Every name has one form, which is printable ASCII."""
    try:
        name.encode("utf-16-be")
    except UnicodeEncodeError:
        return
    text = to_utf7(name)
    assert from_utf7(text) == name and re.fullmatch(rb"[ -~]*", text)


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("*", "a a/b INBOX"),
        ("%", "a INBOX"),
        ("a%", "a"),
        ("a*", "a a/b"),
        ("a/%", "a/b"),
        ("%/%", "a/b"),
        ("inBox", "INBOX"),
        ("*%*b", "a/b"),
    ],
)
def test_patterns(pattern: str, names: str) -> None:
    """`*` crosses levels, `%` does not."""
    assert [name for name in ("a", "a/b", "INBOX") if matches(pattern, name)] == names.split()


def test_patterns_cost_little() -> None:
    """No pattern takes for ever."""
    assert not matches("*a" * 400, "a" * 399)

"""What untagged responses say, against the examples of RFC 3501, RFC 9051 and the extensions."""

from __future__ import annotations

import pytest

from pytest_netconform.wire.imap import Response
from pytest_netconform.wire.imap_data import (
    DELIMITER,
    NO_REVISION,
    Esearch,
    Listing,
    MailboxStatus,
    Namespace,
    Namespaces,
    Numbers,
    Vanished,
)
from pytest_netconform.wire.imap_fetch import (
    ADDRESSES_SPACED,
    BODY_EXTENDED,
    DATE_TIME,
    MULTIPART_SPACED,
    Address,
    Envelope,
    Fetched,
    Part,
)
from pytest_netconform.wire.imap_framing import parse_response
from pytest_netconform.wire.imap_grammar import (
    ATOM,
    BARE_LF,
    ESCAPE,
    LEADING_ZERO,
    LITERAL8,
    LITERAL_NUL,
    LITERAL_PLUS,
    NO_SPACE,
    NUMBER,
    QUOTED_8BIT,
    QUOTED_NUL,
    SPACES,
    TRAILING,
    ZERO,
    Group,
    Malformed,
    SequenceSet,
    parse_set,
)


def said(text: bytes) -> Response:
    """The response `* text`, which is one response whole, and no other with a line behind it."""
    raw = b"* " + text + b"\r\n"
    response = parse_response(raw)
    assert response.raw == raw
    return response


GOOD = [
    (b"CAPABILITY IMAP4rev1 STARTTLS auth=GSSAPI", ("IMAP4REV1", "STARTTLS", "AUTH=GSSAPI")),
    (b"FLAGS (\\Answered \\Flagged $MDNSent)", ("\\Answered", "\\Flagged", "$MDNSent")),
    (b"FLAGS ()", ()),
    (b"ENABLED CONDSTORE", ("CONDSTORE",)),
    (b"ENABLED", ()),
    (b'LIST (\\Noselect) "/" ~/Mail/foo', Listing(("\\Noselect",), "/", b"~/Mail/foo")),
    (b'LIST () "/" "a \\"b\\" \\\\c"', Listing((), "/", b'a "b" \\c')),
    (b"LIST () NIL {5}\r\nx\r\ny)", Listing((), None, b"x\r\ny)")),
    (b'LSUB () "." #news.comp.mail.misc', Listing((), ".", b"#news.comp.mail.misc")),
    (b'LIST (\\NoInferiors) "\\\\" "a[b]"', Listing(("\\NoInferiors",), "\\", b"a[b]")),
    (b'LIST () "/" x ("CHILDINFO" ("SUBSCRIBED"))', Listing((), "/", b"x", {"CHILDINFO": Group((b"SUBSCRIBED",))})),
    (b"STATUS blurdybloop (MESSAGES 231 UIDNEXT 2)", MailboxStatus(b"blurdybloop", {"MESSAGES": 231, "UIDNEXT": 2})),
    (b'STATUS "a b" (HIGHESTMODSEQ 7011231777)', MailboxStatus(b"a b", {"HIGHESTMODSEQ": 7011231777})),
    (b"STATUS x ()", MailboxStatus(b"x", {})),
    (b"STATUS x (MAILBOXID (F2212ea87))", MailboxStatus(b"x", {"MAILBOXID": Group(("F2212ea87",))})),
    (b"SEARCH 2 3 6", Numbers((2, 3, 6))),
    (b"SEARCH", Numbers(())),
    (b"SEARCH 2 5 6 (MODSEQ 917162500)", Numbers((2, 5, 6), 917162500)),
    (b"SORT 5 3 4", Numbers((5, 3, 4))),
    (b'ESEARCH (TAG "A282") MIN 2 COUNT 3', Esearch("A282", False, {"MIN": 2, "COUNT": 3})),
    (b'ESEARCH (TAG "A285") UID ALL 43,53:54', Esearch("A285", True, {"ALL": SequenceSet(((43, 43), (53, 54)))})),
    (b'ESEARCH (TAG "a")', Esearch("a", False, {})),
    (b"VANISHED 505,507,510", Vanished(False, SequenceSet(((505, 505), (507, 507), (510, 510))))),
    (b"VANISHED (EARLIER) 41,43:116", Vanished(True, SequenceSet(((41, 41), (43, 116))))),
    (b"THREAD (2)(3 6 (4 23)(44 7 96))", ((2,), (3, 6, (4, 23), (44, 7, 96)))),
    (b"THREAD ((3)(5))", (((3,), (5,)),)),
    (b"THREAD", ()),
    (b'NAMESPACE (("" "/")) NIL NIL', Namespaces((Namespace(b"", "/"),), None, None)),
    (
        b'NAMESPACE (("" "/")("#mh/" "/" "X-PARAM" ("FLAG1" "FLAG2"))) (("~" NIL)) NIL',
        Namespaces(
            (Namespace(b"", "/"), Namespace(b"#mh/", "/", (b"X-PARAM", Group((b"FLAG1", b"FLAG2"))))),
            (Namespace(b"~", None),),
            None,
        ),
    ),
    (b'ID ("name" "Cyrus" "support-url" NIL)', {"NAME": b"Cyrus", "SUPPORT-URL": None}),
    (b"ID NIL", {}),
    (b"18 EXISTS", 18),
    (b"44 EXPUNGE", 44),
    (b"XLIST (\\Inbox) x", b"(\\Inbox) x"),
    (b"23 FETCH (FLAGS (\\Seen) UID 4827313)", Fetched(23, {"FLAGS": ("\\Seen",), "UID": 4827313})),
    (b"1 FETCH (UID 4 MODSEQ (12121230956))", Fetched(1, {"UID": 4, "MODSEQ": 12121230956})),
    (b'1 FETCH (INTERNALDATE " 1-Feb-2001 03:04:05 +0000")',
     Fetched(1, {"INTERNALDATE": b" 1-Feb-2001 03:04:05 +0000"})),
    (b'1 FETCH (body[header.fields (from "x]y")] "ab")', Fetched(1, {'BODY[HEADER.FIELDS (FROM "X]Y")]': b"ab"})),
    (b"1 FETCH (BODY[]<5> {3}\r\n\r\n) RFC822.SIZE 9)", Fetched(1, {"BODY[]<5>": b"\r\n)", "RFC822.SIZE": 9})),
    (b"1 FETCH (BODY[2.1.MIME] NIL BODY[3] \"\")", Fetched(1, {"BODY[2.1.MIME]": None, "BODY[3]": b""})),
    (b"1 FETCH (BINARY[1] ~{2}\r\n\x00x BINARY.SIZE[1] 2)", Fetched(1, {"BINARY[1]": b"\x00x", "BINARY.SIZE[1]": 2})),
    (b"1 FETCH (X-GM-MSGID 1278455344230334865 X-GM-LABELS (\\Inbox \"a b\"))",
     Fetched(1, {"X-GM-MSGID": "1278455344230334865", "X-GM-LABELS": Group(("\\Inbox", b"a b"))})),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value"), GOOD, ids=[text.decode("latin-1")[:30] for text, _ in GOOD])
def test_values(text: bytes, value: object) -> None:
    """What a response says, as a value, and nothing about it is irregular."""
    response = said(text)
    data = response.data
    if isinstance(data, Fetched):
        assert isinstance(value, Fetched) and data.names == tuple(data.items)
        data = Fetched(data.number, data.items)
    assert data == value
    # an atom of ENABLED alone is what RFC 5161 3.2 allows
    assert response.deviations == ()


BAD = [
    (b"CAPABILITY", NO_REVISION),
    (b"CAPABILITY STARTTLS", NO_REVISION),
    (b"CAPABILITY IMAP4rev1 ", SPACES),
    (b"FLAGS (\\Seen  \\Draft)", SPACES),
    (b"FLAGS ( \\Seen)", SPACES),
    (b"FLAGS (\\Seen )", SPACES),
    (b"FLAGS  ()", SPACES),
    (b'ID ("a""b")', NO_SPACE),
    (b"FLAGS () x", TRAILING),
    (b'LIST () "//" x', DELIMITER),
    (b'LIST () "/" "a\\b"', ESCAPE),
    (b'LIST () "/" "\xc3\xa9"', QUOTED_8BIT),
    (b'LIST () "/" "\x00"', QUOTED_NUL),
    (b'LIST () "/" a%b', ATOM),
    (b'LIST () "/" caf\xc3\xa9', ATOM),
    (b'LIST () "/" {1+}\r\nx', LITERAL_PLUS),
    (b'LIST () "/" {1}\r\n\x00', LITERAL_NUL),
    (b'LIST () "/" {1}\nx', BARE_LF),
    (b"STATUS x (UIDNEXT 99999999999999999999)", NUMBER),
    (b"SEARCH 0", ZERO),
    (b"SEARCH 4294967296", NUMBER),
    (b"SEARCH 01", LEADING_ZERO),
    (b"SEARCH 1 2 ", SPACES),
    (b"VANISHED 0", ZERO),
    (b"0 EXPUNGE", ZERO),
    (b'1 FETCH (INTERNALDATE "1-Feb-2001 03:04:05 +0000")', DATE_TIME),
    (b"1 FETCH (UID 0)", ZERO),
    (b"1 FETCH (BODY[] ~{1}\r\nx)", LITERAL8),
    (b'1 FETCH (ENVELOPE (NIL NIL ((NIL NIL "a" "b") (NIL NIL "c" "d")) NIL NIL NIL NIL NIL NIL NIL))',
     ADDRESSES_SPACED),
    (b'NAMESPACE (("" "/") ("x" "/")) NIL NIL', SPACES),
    (b"THREAD (1) (2)", SPACES),
    (b"OK [UIDVALIDITY 0] x", ZERO),
    (b"OK [UIDNEXT 4294967296] x", NUMBER),
    (b"1 FETCH (UID 5 )", SPACES),
    (b'1 FETCH (BODY ("TEXT" "PLAIN" NIL NIL NIL "7BIT" 1 1 NIL))', BODY_EXTENDED),
    (b'1 FETCH (BODY (("TEXT" "PLAIN" NIL NIL NIL "7BIT" 1 1) ("TEXT" "PLAIN" NIL NIL NIL "7BIT" 1 1) "MIXED"))',
     MULTIPART_SPACED),
]  # fmt: skip


@pytest.mark.parametrize(("text", "deviation"), BAD, ids=[text.decode("latin-1")[:40] for text, _ in BAD])
def test_what_can_be_read_all_the_same(text: bytes, deviation: str) -> None:
    """What breaks a rule is a value, and says which rule."""
    response = said(text)
    assert response.data is not None or response.status
    assert response.deviations == (deviation,)


BROKEN = [
    b"EXISTS", b"FLAGS \\Seen", b"FLAGS (\\Seen", b"LIST () / x", b'LIST () "/"', b'LIST () "/" "x', b"LIST",
    b"STATUS x", b"STATUS x (MESSAGES)", b"STATUS x (UIDNEXT x)", b"STATUS (MESSAGES 1)", b"SEARCH x",
    b"SEARCH 1,2", b"ESEARCH TAG",
    b"ESEARCH (TAG", b"VANISHED", b"VANISHED 1:*", b"THREAD (x)", b"THREAD (1", b"THREAD 1", b"NAMESPACE NIL NIL",
    b"NAMESPACE () NIL NIL", b"NAMESPACE ((INBOX. NIL)) NIL NIL", b"ID (a)", b"ID x", b"1 FETCH", b"1 FETCH FLAGS",
    b"1 FETCH ()", b"1 FETCH (UID x)", b"1 FETCH (FLAGS)", b"1 FETCH (UID 1", b"1 FETCH (ENVELOPE (NIL))",
    b"1 FETCH (BODY[] 5)", b"1 FETCH (BODYSTRUCTURE (()))", b"1 FETCH (MODSEQ 5)", b"1 FETCH (BODY[ x)",
    b'1 FETCH (BODYSTRUCTURE ("TEXT" "PLAIN" NIL NIL NIL "7BIT" 1))',
    b'1 FETCH (BODYSTRUCTURE (("TEXT" "PLAIN" NIL NIL NIL "7BIT" 1 1)))',
    b'1 FETCH (BODYSTRUCTURE ("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 1))',
]  # fmt: skip


@pytest.mark.parametrize("text", BROKEN, ids=lambda text: text.decode()[:40])
def test_what_cannot_be_read(text: bytes) -> None:
    """What cannot be read has no value, keeps its name, and says what should have been there."""
    response = said(text)
    assert response.data is None
    assert response.code == text.split(b" ")[text[:1].isdigit()].decode()
    assert response.deviations[-1].startswith(f"no {response.code}: ")


# RFC 3501 8, and RFC 9051 7.5.2
ENVELOPE = (
    b'("Wed, 17 Jul 1996 02:23:25 -0700 (PDT)" "IMAP4rev1 WG mtg summary and minutes" '
    b'(("Terry Gray" NIL "gray" "cac.washington.edu")) (("Terry Gray" NIL "gray" "cac.washington.edu")) '
    b'(("Terry Gray" NIL "gray" "cac.washington.edu")) ((NIL NIL "imap" "cac.washington.edu")) '
    b'((NIL NIL "minutes" "CNRI.Reston.VA.US")("John Klensin" NIL "KLENSIN" "MIT.EDU")) NIL NIL '
    b'"<B27397-0100000@cac.washington.edu>")'
)
TERRY = (Address(b"Terry Gray", None, b"gray", b"cac.washington.edu"),)
MEETING = Envelope(
    b"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)",
    b"IMAP4rev1 WG mtg summary and minutes",
    TERRY,
    TERRY,
    TERRY,
    (Address(None, None, b"imap", b"cac.washington.edu"),),
    (
        Address(None, None, b"minutes", b"CNRI.Reston.VA.US"),
        Address(b"John Klensin", None, b"KLENSIN", b"MIT.EDU"),
    ),
    None,
    None,
    b"<B27397-0100000@cac.washington.edu>",
)


def item(text: bytes, name: str) -> object:
    """One item of a FETCH response that is regular."""
    response = said(b"1 FETCH (" + text + b")")
    assert response.deviations == () and isinstance(response.data, Fetched)
    return response.data.items[name]


def test_envelope() -> None:
    """The ten fields, in their order."""
    assert item(b"ENVELOPE " + ENVELOPE, "ENVELOPE") == MEETING


def test_envelope_of_a_group() -> None:
    """A group begins with an address without a host, and ends with one of NIL alone (RFC 9051 7.5.2)."""
    group = b'((NIL NIL "team" NIL)(NIL NIL "a" "x.org")(NIL NIL NIL NIL))'
    found = item(b"ENVELOPE (NIL NIL NIL NIL NIL " + group + b" NIL NIL NIL NIL)", "ENVELOPE")
    assert isinstance(found, Envelope) and found.to is not None
    assert [(one.mailbox, one.host) for one in found.to] == [(b"team", None), (b"a", b"x.org"), (None, None)]


def test_body_of_text() -> None:
    """RFC 3501 8: a body with its parameters, size and lines."""
    found = item(b'BODY ("TEXT" "plain" ("CHARSET" "US-ASCII") NIL NIL "7BIT" 3028 92)', "BODY")
    assert found == Part("TEXT", "PLAIN", {"CHARSET": b"US-ASCII"}, None, None, "7BIT", 3028, 92)


def test_body_of_a_multipart() -> None:
    """RFC 9051 7.5.2: parts stand close together, the subtype behind them; extension data is counted."""
    first = b'("TEXT" "PLAIN" ("CHARSET" "US-ASCII") NIL NIL "7BIT" 1152 23)'
    second = (
        b'("IMAGE" "PNG" ("NAME" "cc \\"x\\".png") "<960723@cac>" "Logo" "BASE64" 4554 NIL ("attachment" NIL) "en" NIL)'
    )
    found = item(b"BODYSTRUCTURE (" + first + second + b' "MIXED" ("BOUNDARY" "b") NIL NIL NIL)', "BODYSTRUCTURE")
    assert isinstance(found, Part) and found.multipart
    assert (found.subtype, found.parameters, found.extended) == ("MIXED", {"BOUNDARY": b"b"}, 4)
    text, image = found.parts
    assert (text.lines, text.extended) == (23, 0)
    assert (image.parameters, image.id, image.description) == ({"NAME": b'cc "x".png'}, b"<960723@cac>", b"Logo")
    assert (image.extended, image.disposition, image.language) == (4, Group((b"attachment", "NIL")), b"en")


def test_body_of_a_message() -> None:
    """message/rfc822 holds an envelope, a body and a count of lines."""
    inner = b'("TEXT" "PLAIN" NIL NIL NIL "7BIT" 5 1)'
    found = item(b'BODY ("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 342 ' + ENVELOPE + b" " + inner + b" 9)", "BODY")
    assert isinstance(found, Part)
    assert (found.envelope, found.lines, found.size) == (MEETING, 9, 342)
    assert found.parts == (Part("TEXT", "PLAIN", None, None, None, "7BIT", 5, 1),)


def test_bodies_are_as_deep_as_they_like() -> None:
    """Five hundred multiparts inside each other are read without recursion."""
    text = b'("TEXT" "PLAIN" NIL NIL NIL "7BIT" 1 1)'
    found = item(b"BODY " + b"(" * 500 + text + b' "MIXED")' * 500, "BODY")
    depth = 0
    while isinstance(found, Part) and found.multipart:
        found, depth = found.parts[0], depth + 1
    assert depth == 500


def test_names_of_fields_in_quotes() -> None:
    """A server may put the names of header fields in quotes, or not."""
    response = said(b'1 FETCH (BODY[HEADER.FIELDS ("Subject" TO)] "x")')
    assert isinstance(response.data, Fetched)
    assert response.data.octets("BODY[HEADER.FIELDS (SUBJECT To)]") == b"x"


def test_sets() -> None:
    """A set knows what is in it, in the order in which it was written, and is never expanded beyond measure."""
    found = parse_set("5,3:1,9")
    assert found.numbers == (5, 3, 2, 1, 9) and len(found) == 5
    assert 2 in found and 4 not in found
    huge = parse_set("1:4294967295")
    assert len(huge) == 4294967295
    with pytest.raises(Malformed):
        huge.numbers  # noqa: B018


@pytest.mark.parametrize("text", ["", "1:", ":1", "1,,2", "*", "1:*", "a", "1 2", "\u0661"])
def test_what_is_no_set(text: str) -> None:
    """Servers send numbers alone."""
    with pytest.raises(Malformed):
        parse_set(text)

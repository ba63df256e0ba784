"""Structure (RFC 2046 5.1, 5.2; RFC 2047 5; RFC 2231): what IMAP makes of a message's parts, words and names.

Messages are appended to a mailbox of the check's own: what a server adds on the way would only blur the view.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pytest_netconform.codes import Code
from pytest_netconform.dialogues.imap import Imap
from pytest_netconform.requirement import INTEROP, MUST, SECURITY, SHOULD, needs, requirement, writes
from pytest_netconform.wire.imap import BAD, NO, OK
from pytest_netconform.wire.imap_commands import append
from pytest_netconform.wire.imap_fetch import Address, Envelope, Fetched, Part
from pytest_netconform.wire.imap_grammar import Group, Node

HEADER = (
    b"From: Anna <anna@client.example.org>\r\n"
    b"To: alice@example.test\r\n"
    b"Date: Fri, 1 May 2020 01:00:00 +0000\r\n"
    b"Message-ID: <structure@client.example.org>\r\n"
    b"MIME-Version: 1.0\r\n"
)


def _seen(imap: Imap, content: bytes) -> Imap:
    """Prerequisite: that message alone in the check's mailbox, selected."""
    imap.given(append(imap.mailbox, content))
    imap.prerequisite(imap.select)
    return imap


def _item(imap: Imap, asked: str, name: str) -> object:
    answer = imap.ok(f"FETCH 1 ({asked})")
    found = answer.fetched.get(1, Fetched(1, {})).items
    imap.require(name in found, f"* 1 FETCH with {name}", answer.raw)
    return found.get(name)


def _section(imap: Imap, section: str) -> bytes:
    found = _item(imap, f"BODY.PEEK[{section}]", f"BODY[{section}]")
    return found if isinstance(found, bytes) else b"NIL"


def _structure(imap: Imap) -> Part:
    found = _item(imap, "BODYSTRUCTURE", "BODYSTRUCTURE")
    imap.require(isinstance(found, Part), "a body structure", found)
    assert isinstance(found, Part)
    return found


def _envelope(imap: Imap) -> Envelope:
    found = _item(imap, "ENVELOPE", "ENVELOPE")
    imap.require(isinstance(found, Envelope), "an envelope", found)
    assert isinstance(found, Envelope)
    return found


# Field notes for this chapter: Dovecot 2.3.19.1 passes all of it. pymap 0.36.7 knows no delimiter with blanks behind
# it, takes the parts of a message/rfc822 for those of the message around it, decodes encoded words in ENVELOPE, and
# does not answer FETCH of ENVELOPE for an address with a CR in it.

# -- multiparts

# bchars := DIGIT / ALPHA / "'" / "(" / ")" / "+" / "_" / "," / "-" / "." / "/" / ":" / "=" / "?"; 70 of them
BOUNDARY = b"0'()+_,-./:=?" + b"abcdefghij" * 5 + b"0123456"
FIRST = b"The first part.\r\nIt ends without an empty line."
SECOND = b"\r\n--inne\r\nis no delimiter.\r\nThe second part ends with an empty line.\r\n"
LAST = b"--" + BOUNDARY[:-1] + b"\r\nis no delimiter.\r\n"
MULTIPART = (
    HEADER
    + b'Content-Type: multipart/mixed; boundary="' + BOUNDARY + b'"\r\n\r\n'
    + b"The preamble is in no part.\r\n--" + BOUNDARY + b" \t \r\n\r\n"
    + FIRST + b"\r\n--" + BOUNDARY + b"\t\r\n"
    + b"Content-Type: multipart/alternative; boundary=inner\r\n\r\n--inner \r\n\r\n"
    + SECOND + b"\r\n--inner--\t \r\nThe inner epilogue.\r\n--" + BOUNDARY + b"\r\n\r\n"
    + LAST + b"\r\n--" + BOUNDARY + b"-- \r\nThe epilogue is in no part.\r\n"
)  # fmt: skip
PARTS = {"1": FIRST, "2.1": SECOND, "3": LAST}
DELIMITERS = "Parts lie between delimiters, blanks behind them and the line end before them included."


@requirement("MSG-2046-5.1-a", MUST, "RFC 2046 5.1.1", DELIMITERS)
@needs("?account")
@writes
def test_parts_are_found(imap_selected: Imap) -> None:
    """Three parts, one of them a multipart of one, whatever stands before, behind and between them."""
    found = _structure(_seen(imap_selected, MULTIPART))
    told = _shape(found)
    imap_selected.require(told == "(TEXT (TEXT) TEXT)", "three parts, the second a multipart of one", told)


def _shape(part: Part) -> str:
    return f"({' '.join(map(_shape, part.parts))})" if part.multipart else part.type


@requirement("MSG-2046-5.1-a", MUST, "RFC 2046 5.1.1", DELIMITERS)
@needs("?account")
@writes
@pytest.mark.parametrize("section", list(PARTS))
def test_parts_end_before_their_delimiter(imap_selected: Imap, section: str) -> None:
    """The line end before a delimiter belongs to it; preamble and epilogue are in no part."""
    found = _section(_seen(imap_selected, MULTIPART), section)
    wanted = PARTS[section]
    imap_selected.require(found == wanted, f"BODY[{section}] of {len(wanted)} octets", b"%d: %s" % (len(found), found))


def _nested(outer: bytes, inner: bytes) -> bytes:
    return (
        HEADER + b"Content-Type: multipart/mixed; boundary=" + outer + b"\r\n\r\n--" + outer + b"\r\n"
        b"Content-Type: multipart/mixed; boundary=" + inner + b"\r\n\r\n"
        b"--" + inner + b"\r\n\r\none\r\n--" + inner + b"\r\n\r\ntwo\r\n--" + inner + b"--\r\n"
        b"--" + outer + b"\r\n\r\nthree\r\n--" + outer + b"--\r\n"
    )  # fmt: skip


@requirement("MSG-2046-5.1-b", INTEROP, "RFC 2046 5.1.1", "A boundary that begins like another: whole match or prefix.")
@needs("?account")
@writes
@pytest.mark.parametrize(("outer", "inner"), [(b"nc", b"nc-inner"), (b"nc-outer", b"nc")], ids=["inner", "outer"])
def test_boundary_is_a_prefix(imap_selected: Imap, outer: bytes, inner: bytes) -> None:
    """Both ways of matching are allowed; the session goes on."""
    # field: Dovecot 2.3.19.1 matches whole lines
    told = _shape(_structure(_seen(imap_selected, _nested(outer, inner))))
    imap_selected.observe("whole lines" if told == "((TEXT TEXT) TEXT)" else f"prefixes: {told}")
    imap_selected.alive()


# -- messages in messages

INNERMOST = b"From: Carl <carl@client.example.org>\r\nSubject: innermost\r\n\r\n"
INNER = b"From: Bert <bert@client.example.org>\r\nSubject: inner\r\nContent-Type: message/rfc822\r\n\r\n"
NESTED = HEADER + b"Content-Type: message/rfc822\r\n\r\n" + INNER + INNERMOST + b"The text.\r\n"
INSIDE = {
    "1": INNER + INNERMOST + b"The text.\r\n",
    "1.HEADER": INNER,
    "1.TEXT": INNERMOST + b"The text.\r\n",
    "1.1": INNERMOST + b"The text.\r\n",
    "1.1.HEADER": INNERMOST,
    "1.1.TEXT": b"The text.\r\n",
}
LETTERS = "A message in a message in a message has its own header, by the number of its part."


@requirement("MSG-2046-5.2-a", MUST, "RFC 2046 5.2.1; RFC 3501 6.4.5", LETTERS)
@needs("?account")
@writes
@pytest.mark.parametrize("section", list(INSIDE))
def test_messages_in_messages(imap_selected: Imap, section: str) -> None:
    """Header and text of each level, to the octet."""
    found = _section(_seen(imap_selected, NESTED), section)
    imap_selected.require(found == INSIDE[section], f"BODY[{section}] as it stands there", found)


@requirement("MSG-2046-5.2-a", MUST, "RFC 2046 5.2.1; RFC 3501 6.4.5", LETTERS)
@needs("?account")
@writes
def test_encoded_message_in_a_message(imap_selected: Imap) -> None:
    """A message/rfc822 in base64 is illegal; whatever it is taken for, its octets are there and the session goes on."""
    text = b"U3ViamVjdDogaW5uZXINCg0KVGhlIHRleHQuDQo=\r\n"
    illegal = HEADER + b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n" + text
    imap = _seen(imap_selected, illegal)
    _structure(imap)
    imap.exchange("FETCH 1 (BODY.PEEK[1.HEADER])", OK, NO, noted={BAD: "a part that is not there is called an error"})
    found = _section(imap, "TEXT")
    imap.require(found == text, "the text as it stands there", found)
    imap.alive()


# -- words

WORDS = {
    "q": b"=?iso-8859-1?Q?Gr=FC=DFe=2C_all?=",
    "b": b"=?utf-8?B?R3LDvMOfZQ==?= and =?utf-8?b?R3I=?=",
    "split": b"=?utf-8?Q?Gr=C3?= =?utf-8?Q?=BC=C3=9Fe?=",
    "charset": b"=?x-nc-nosuch?Q?Gr=FC?=",
    "language": b"=?us-ascii*en?Q?Hi?=",
    "unterminated": b"=?utf-8?Q?Gr=C3=BC and no end",
}
ENCODED = "Encoded words come out as they are, in the header and in ENVELOPE."


@requirement("MSG-2047-5-a", MUST, "RFC 2047 5; RFC 3501 7.4.2", ENCODED)
@needs("?account")
@writes
@pytest.mark.parametrize("word", list(WORDS.values()), ids=list(WORDS))
def test_encoded_words_stay(imap_selected: Imap, word: bytes) -> None:
    """Nothing is decoded, in Subject or in a name, whether it could be or not."""
    # the word in front of the address is quoted where it is no run of atoms, and may come back without the quotes
    name = b'"%s"' % word if b"," in word else word
    person = b"From: " + name + b" <bert@client.example.org>\r\n"
    subject = b"Subject: " + word + b"\r\n"
    header = person + HEADER.partition(b"\r\n")[2] + subject
    imap = _seen(imap_selected, header + b"\r\nThe text.\r\n")
    told = _section(imap, "HEADER")
    imap.require(subject in told and person in told, "Subject and From in the header as they are", told)
    found = _envelope(imap)
    imap.require(found.subject == word, "Subject in ENVELOPE as it is in the header", found.subject or b"NIL")
    names = [address.name or b"NIL" for address in found.from_ or ()]
    imap.require(names == [word], "the name in ENVELOPE as it is in the header", b" ".join(names))


# -- names of files

FILE = (
    HEADER
    + b"Content-Type: application/octet-stream\r\nContent-Disposition: attachment;\r\n"
    + b" filename*0*=utf-8''a%20;\r\n filename*1=b\r\n\r\nThe text.\r\n"
)
WHOLE = ({b"FILENAME*0*": b"utf-8''a%20", b"FILENAME*1": b"b"}, {b"FILENAME*": b"utf-8''a%20b"}, {b"FILENAME": b"a b"})


@requirement("MSG-2231-3-a", SHOULD, "RFC 2231 3, 4; RFC 9051 7.5.2", "A parameter in pieces loses none of them.")
@needs("?account")
@writes
def test_parameter_in_pieces(imap_selected: Imap) -> None:
    """Joined and decoded, joined, or the pieces as they were sent."""
    # field: Dovecot 2.3.19.1 joins them to filename*; Cyrus keeps the pieces
    found = _structure(_seen(imap_selected, FILE)).disposition
    texts = list(_strings(found))[1:]
    pairs = {texts[place].upper(): texts[place + 1] for place in range(0, len(texts) - 1, 2)}
    expected = "filename*0* and filename*1, or filename* joined, or filename decoded"
    imap_selected.require(pairs in WHOLE, expected, b" ".join(texts))
    imap_selected.note(f"the parameter is told as {', '.join(name.decode('latin-1') for name in pairs)}")


def _strings(node: Node | None) -> Iterator[bytes]:
    if isinstance(node, bytes):
        yield node
    elif isinstance(node, Group):
        for inner in node.items:
            yield from _strings(inner)


# -- who writes

ANNA = Address(b"Anna", None, b"anna", b"client.example.org")
BERT = Address(b"Bert", None, b"bert", b"client.example.org")
REST = b"To: alice@example.test\r\nSubject: who\r\n\r\nThe text.\r\n"
TWICE = b"From: Anna <anna@client.example.org>\r\nFrom: Bert <bert@client.example.org>\r\n" + REST
TWO = b"From: Anna <anna@client.example.org>, Bert <bert@client.example.org>\r\n" + REST
VIEWS = "ENVELOPE makes no sender of two From fields that stands in neither."


@requirement("MSG-5322-3.6-a", SECURITY, "RFC 5322 3.6, 3.6.2, 4.5", VIEWS)
@needs("?account")
@writes
def test_from_twice(imap_selected: Imap) -> None:
    """Refused, or ENVELOPE has the first, the last, or both, each with its own name; which of them is noted."""
    # "the interpretation of multiple occurrences of fields is unspecified" (RFC 5322 4.5); what is shown to a reader
    # and what was authenticated may differ. field: Dovecot 2.3.19.1 shows both
    imap = imap_selected
    imap.given(append(imap.mailbox, TWO))
    refusals: dict[Code, str] = {NO: "two From fields are refused", BAD: "two From fields are refused"}
    if imap.exchange(append(imap.mailbox, TWICE), OK, noted=refusals).code != OK:
        return
    imap.prerequisite(imap.select)
    twin = imap.ok("FETCH 1 (ENVELOPE)").fetched.get(1, Fetched(1, {})).items.get("ENVELOPE")
    both = twin.from_ if isinstance(twin, Envelope) else None
    imap.require(both == (ANNA, BERT), "two addresses of one From field in ENVELOPE", str(both))
    answer = imap.ok("FETCH 2 (ENVELOPE BODY.PEEK[HEADER.FIELDS (FROM)])")
    items = answer.fetched.get(2, Fetched(2, {}))
    envelope = items.items.get("ENVELOPE")
    told = envelope.from_ or () if isinstance(envelope, Envelope) else ()
    imap.require(told in SHOWN, "addresses of ENVELOPE as they stand in the From fields", answer.raw)
    imap.note(f"of two From fields ENVELOPE shows {SHOWN.get(told)}")
    fields = items.octets("BODY[HEADER.FIELDS (FROM)]") or b""
    missing = [one for one in told if (one.mailbox or b"") not in fields]
    imap.require(not missing, "the same sender in HEADER.FIELDS (FROM)", fields)


SHOWN = {(ANNA,): "the first", (BERT,): "the last", (ANNA, BERT): "both"}
BROKEN = {
    "nul": b"From: Anna <an\x00na@client.example.org>\r\n",
    "cr": b"From: Anna <an\rna@client.example.org>\r\n",
    "fold": b"From: Anna <anna@\r\n client.example.org>\r\n",
}


@requirement("MSG-5322-3.6-a", SECURITY, "RFC 5322 3.6, 3.6.2, 4.5", VIEWS)
@needs("?account")
@writes
@pytest.mark.parametrize("field", list(BROKEN.values()), ids=list(BROKEN))
def test_from_is_broken(imap_selected: Imap, field: bytes) -> None:
    """A NUL, a CR or a fold in the address: refused, or one sender at most in ENVELOPE; and the session goes on."""
    imap = imap_selected
    imap.given(append(imap.mailbox, TWO))
    refusals: dict[Code, str] = {NO: "it is refused", BAD: "it is refused"}
    if imap.exchange(append(imap.mailbox, field + REST), OK, noted=refusals).code == OK:
        imap.prerequisite(imap.select)
        answer = imap.ok("FETCH 2 (ENVELOPE)")
        envelope = answer.fetched.get(2, Fetched(2, {})).items.get("ENVELOPE")
        told = envelope.from_ or () if isinstance(envelope, Envelope) else ()
        imap.require(len(told) <= 1, "one sender at most in ENVELOPE", answer.raw)
    imap.alive()


NOT_CHECKED: list[tuple[str, str]] = []

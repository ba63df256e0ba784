"""Structure (RFC 3501 6.4.5, 7.4.2; RFC 9051 6.4.5.1, 7.5.2): parts of messages, ENVELOPE, BODY and BODYSTRUCTURE."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pytest

from pytest_netconform.dialogues.imap import Imap
from pytest_netconform.requirement import MUST, needs, requirement, writes
from pytest_netconform.wire.imap import BAD, NO, OK
from pytest_netconform.wire.imap_commands import append
from pytest_netconform.wire.imap_fetch import Address, Envelope, Fetched, Part

# -- a message with a message in it, and what each of its sections holds

TEXT_MIME = b"Content-Type: text/plain; charset=us-ascii\r\nContent-Description: a greeting\r\n\r\n"
TEXT = b"The first part.\r\nIt has two lines."
PLAIN_MIME = b"Content-Type: text/plain\r\n\r\n"
PLAIN = b"Inside, in plain words."
HTML_MIME = b"Content-Type: text/html\r\n\r\n"
HTML = b"<p>Inside.</p>\r\n"
INNER_HEADER = (
    b"Date: Fri, 1 May 2020 01:00:00 +0000\r\n"
    b"From: Bert <bert@client.example.org>\r\n"
    b"Subject: a letter in a letter\r\n"
    b"MIME-Version: 1.0\r\n"
    b'Content-Type: multipart/alternative; boundary="inner"\r\n\r\n'
)
INNER_TEXT = (
    b"--inner\r\n" + PLAIN_MIME + PLAIN + b"\r\n--inner\r\n" + HTML_MIME + HTML + b"\r\n--inner--\r\n"
)  # fmt: skip
LETTER_MIME = b"Content-Type: message/rfc822\r\n\r\n"
HEADER = (
    b"Date: Sat, 2 May 2020 02:00:00 +0000\r\n"
    b"From: Anna <anna@client.example.org>\r\n"
    b"To: alice@example.test\r\n"
    b"Subject: a letter with a letter\r\n"
)
NESTED = (
    HEADER
    + b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="outer"\r\n\r\n'
    + b"Nobody reads the preamble.\r\n--outer\r\n"
    + TEXT_MIME + TEXT + b"\r\n--outer\r\n"
    + LETTER_MIME + INNER_HEADER + INNER_TEXT + b"\r\n--outer--\r\n"
)  # fmt: skip
SECTIONS = {
    "1": TEXT,
    "1.MIME": TEXT_MIME,
    "2": INNER_HEADER + INNER_TEXT,
    "2.MIME": LETTER_MIME,
    "2.HEADER": INNER_HEADER,
    "2.TEXT": INNER_TEXT,
    "2.1": PLAIN,
    "2.1.MIME": PLAIN_MIME,
    "2.2": HTML,
    "2.HEADER.FIELDS (SUBJECT)": b"Subject: a letter in a letter\r\n\r\n",
}
# field: pymap 0.36.7 counts the line end before a delimiter to the part (RFC 2046 5.1.1 gives it to the delimiter), and
# finds the parts of a message inside under no number
PARTS = "Part numbers mean the parts of a message, and of a message inside a message, to the octet."


def _seen(imap: Imap, message: bytes) -> Imap:
    """Prerequisite: that message alone in the check's mailbox, selected."""
    imap.given(append(imap.mailbox, message))
    imap.prerequisite(imap.select)
    return imap


def _section(imap: Imap, section: str) -> bytes | None:
    """The octets of a section; None where they came as NIL or not at all."""
    answer = imap.ok(f"FETCH 1 (BODY.PEEK[{section}])")
    found = answer.fetched.get(1, Fetched(1, {})).octets(f"BODY[{section}]")
    imap.require(answer.fetched, f"* 1 FETCH with BODY[{section}]", answer.raw)
    return found


def _counted(octets: bytes | None) -> bytes:
    return b"NIL, or nothing" if octets is None else b"%d octets: " % len(octets) + octets


@requirement("IMAP-9051-6.4.5.1-a", MUST, "RFC 3501 6.4.5, RFC 9051 6.4.5.1", PARTS)
@needs("?account")
@writes
@pytest.mark.parametrize("section", list(SECTIONS))
def test_parts_of_a_message(imap_selected: Imap, section: str) -> None:
    """A part, its MIME header, the header and the text of a message in it: every octet, and no more."""
    found = _section(_seen(imap_selected, NESTED), section)
    wanted = SECTIONS[section]
    imap_selected.require(found == wanted, f"BODY[{section}] of {len(wanted)} octets", _counted(found))


@requirement("IMAP-9051-6.4.5.1-a", MUST, "RFC 3501 6.4.5, RFC 9051 6.4.5.1", PARTS)
@needs("?account")
@writes
def test_first_part_of_a_simple_message(imap_selected: Imap) -> None:
    """What has no parts has one, number 1: its text."""
    found = _section(_seen(imap_selected, HEADER + b"\r\nOne line.\r\n"), "1")
    imap_selected.require(found == b"One line.\r\n", "the text of the message as BODY[1]", _counted(found))


@requirement("IMAP-9051-6.4.5.1-a", MUST, "RFC 3501 6.4.5, RFC 9051 6.4.5.1", PARTS)
@needs("?account")
@writes
@pytest.mark.parametrize("section", ["3", "1.2", "2.3"])
def test_part_that_is_not_there(imap_selected: Imap, section: str) -> None:
    """A part that is not there has no octets: NIL, an empty string, or a refusal; then the session goes on."""
    imap = _seen(imap_selected, NESTED)
    imap.given("FETCH 1 (BODY.PEEK[2.1])")
    answer = imap.exchange(
        f"FETCH 1 (BODY.PEEK[{section}])", OK, NO, noted={BAD: "a part that is not there is called an error of syntax"}
    )
    found = answer.fetched.get(1, Fetched(1, {})).octets(f"BODY[{section}]")
    imap.require(not found, f"no octets of BODY[{section}], which is not there", found)
    imap.alive()


# -- envelopes

# field: pymap 0.36.7 writes the date anew, decodes encoded words, leaves out marks of groups, writes () for nobody (the
# grammar has NIL or 1*address), and closes the connection over an empty Sender
ENVELOPES = "ENVELOPE has ten fields, as the header has them: Sender and Reply-To default to From."
ANNA = Address(b"Anna", None, b"anna", b"client.example.org")
BERT = Address(b"Bert", None, b"bert", b"client.example.org")
CARL = Address(None, None, b"carl", b"client.example.org")
FROM_ANNA = b"From: Anna <anna@client.example.org>\r\n"
DATE = b"Date: Fri, 1 May 2020 01:00:00 +0000\r\n"
Fields = Mapping[str, object]

# header, and the fields of the envelope that it leads to; None is NIL
LETTERS: Mapping[str, tuple[bytes, Fields]] = {
    "whole": (
        DATE + FROM_ANNA + b"Sender: Bert <bert@client.example.org>\r\nReply-To: carl@client.example.org\r\n"
        b"To: Anna <anna@client.example.org>, Bert <bert@client.example.org>\r\nCc: carl@client.example.org\r\n"
        b"Bcc: Bert <bert@client.example.org>\r\nSubject: all of them\r\n"
        b"In-Reply-To: <1@client.example.org>\r\nMessage-ID: <2@client.example.org>\r\n",
        {
            "date": b"Fri, 1 May 2020 01:00:00 +0000", "subject": b"all of them", "from_": (ANNA,), "sender": (BERT,),
            "reply_to": (CARL,), "to": (ANNA, BERT), "cc": (CARL,), "bcc": (BERT,),
            "in_reply_to": b"<1@client.example.org>", "message_id": b"<2@client.example.org>",
        },
    ),
    "defaults": (
        DATE + FROM_ANNA,
        {
            "from_": (ANNA,), "sender": (ANNA,), "reply_to": (ANNA,), "to": None, "cc": None, "bcc": None,
            "subject": None, "in_reply_to": None, "message_id": None,
        },
    ),
    "empty-sender": (
        DATE + FROM_ANNA + b"Sender: \r\nReply-To: \r\n",
        {"from_": (ANNA,), "sender": (ANNA,), "reply_to": (ANNA,)},
    ),
    "two-writers": (
        DATE + b"From: Anna <anna@client.example.org>,\r\n Bert <bert@client.example.org>\r\n"
        b"Sender: Bert <bert@client.example.org>\r\n",
        {"from_": (ANNA, BERT), "sender": (BERT,), "reply_to": (ANNA, BERT)},
    ),
    "group": (
        DATE + FROM_ANNA + b"To: Friends: Anna <anna@client.example.org>, carl@client.example.org;,"
        b" Bert <bert@client.example.org>\r\nCc: undisclosed-recipients:;\r\n",
        {
            "to": (Address(None, None, b"Friends", None), ANNA, CARL, Address(None, None, None, None), BERT),
            "cc": (Address(None, None, b"undisclosed-recipients", None), Address(None, None, None, None)),
        },
    ),
    "folded": (
        DATE + FROM_ANNA + b"Subject: folded\r\n over\r\n three lines\r\n",
        {"subject": b"folded over three lines"},
    ),
    "encoded-words": (
        DATE + b"From: =?UTF-8?Q?J=C3=B6rg?= <anna@client.example.org>\r\nSubject: =?UTF-8?B?R3LDvMOfZQ==?=\r\n",
        {
            "subject": b"=?UTF-8?B?R3LDvMOfZQ==?=",
            "from_": (Address(b"=?UTF-8?Q?J=C3=B6rg?=", None, b"anna", b"client.example.org"),),
        },
    ),
    "quotes": (
        DATE + b'From: "Anna \\"the \\\\ great\\"" <anna@client.example.org>\r\nSubject: "quoted" \\ not\r\n',
        {
            "from_": (Address(b'Anna "the \\ great"', None, b"anna", b"client.example.org"),),
            "subject": b'"quoted" \\ not',
        },
    ),
}  # fmt: skip


def _without_empty_names(value: object) -> object:
    """Addresses with NIL where an empty string stands for no name: nothing says which it must be."""
    if not isinstance(value, tuple):
        return value
    return tuple(replace(one, name=one.name or None, adl=one.adl or None) for one in value)


def _envelope(imap: Imap, header: bytes) -> Envelope:
    answer = _seen(imap, header + b"\r\nOne line.\r\n").ok("FETCH 1 (ENVELOPE)")
    found = answer.fetched.get(1, Fetched(1, {})).items.get("ENVELOPE")
    imap.require(isinstance(found, Envelope), "an ENVELOPE of ten fields by the grammar", answer.raw)
    assert isinstance(found, Envelope)
    return found


@requirement("IMAP-9051-7.5.2-a", MUST, "RFC 3501 7.4.2, RFC 9051 7.5.2", ENVELOPES)
@needs("?account")
@writes
@pytest.mark.parametrize("letter", list(LETTERS))
def test_envelopes(imap_selected: Imap, letter: str) -> None:
    """Names without their quotes, encoded words as they are, groups with a mark at either end."""
    header, fields = LETTERS[letter]
    found = _envelope(imap_selected, header)
    for name, wanted in fields.items():
        value = _without_empty_names(getattr(found, name))
        imap_selected.require(value == wanted, f"{name.strip('_')} {wanted} in ENVELOPE", repr(value))


@requirement("IMAP-9051-7.5.2-a", MUST, "RFC 3501 7.4.2, RFC 9051 7.5.2", ENVELOPES)
@needs("?account")
@writes
def test_envelope_with_a_comment(imap_selected: Imap) -> None:
    """A comment behind an address is its name, as in old mail, or nothing; it is no part of the address."""
    found = _envelope(imap_selected, DATE + b"From: anna@client.example.org (Anna)\r\n")
    sound = found.from_ in tuple((Address(name, None, ANNA.mailbox, ANNA.host),) for name in (b"Anna", b"", None))
    imap_selected.require(sound, f"from {(ANNA,)} in ENVELOPE, or without the name", repr(found.from_))


@requirement("IMAP-9051-7.5.2-a", MUST, "RFC 3501 7.4.2, RFC 9051 7.5.2", ENVELOPES)
@needs("?account")
@writes
def test_envelope_of_empty_fields(imap_selected: Imap) -> None:
    """Fields that are there and empty are empty strings or NIL; lists of nobody are NIL."""
    found = _envelope(imap_selected, DATE + FROM_ANNA + b"Subject: \r\nTo: \r\nIn-Reply-To: \r\n")
    told = (found.subject, found.to, found.in_reply_to)
    sound = not found.subject and found.to is None and not found.in_reply_to
    imap_selected.require(sound, "subject and in-reply-to empty or NIL, to NIL", repr(told))


# -- body structures

# field: pymap 0.36.7 counts the header of a part into its octets and lines, and has multiparts without parts
STRUCTURE = "BODYSTRUCTURE tells types, sizes and lines of all parts; BODY the same without extension data."


@dataclass(frozen=True)
class Leaf:
    """What a part must be: its type, its encoding, the octets of its body (None: nobody knows)."""

    kind: str
    encoding: str = "7BIT"
    octets: bytes | None = None


def _with(content_type: bytes, body: bytes, *more: bytes) -> bytes:
    fields = b"".join(line + b"\r\n" for line in (b"MIME-Version: 1.0", b"Content-Type: " + content_type, *more))
    return HEADER + fields + b"\r\n" + body


BASE64 = b"TmV0Y29uZm9ybSB3YXMgaGVyZS4=\r\n"
# a message, and its parts in the order of a walk through it
STRUCTURES: Mapping[str, tuple[bytes, tuple[Leaf, ...]]] = {
    "plain": (HEADER + b"\r\nOne line.\r\nAnother.\r\n", (Leaf("TEXT/PLAIN", octets=b"One line.\r\nAnother.\r\n"),)),
    "typed": (
        _with(b"text/html; charset=utf-8", b"<p>=C3=BC</p>\r\n", b"Content-Transfer-Encoding: quoted-printable"),
        (Leaf("TEXT/HTML", "QUOTED-PRINTABLE", b"<p>=C3=BC</p>\r\n"),),
    ),
    "nested": (
        NESTED,
        (
            Leaf("MULTIPART/MIXED"), Leaf("TEXT/PLAIN", octets=TEXT),
            Leaf("MESSAGE/RFC822", octets=INNER_HEADER + INNER_TEXT), Leaf("MULTIPART/ALTERNATIVE"),
            Leaf("TEXT/PLAIN", octets=PLAIN), Leaf("TEXT/HTML", octets=HTML),
        ),
    ),
    "attachment": (
        _with(
            b'application/octet-stream; name="a \\"b\\".bin"', BASE64, b"Content-Transfer-Encoding: base64",
            b"Content-Disposition: attachment; filename*0*=UTF-8''%C3%BC%22; filename*1=\"b\\\"c.bin\"",
        ),
        (Leaf("APPLICATION/OCTET-STREAM", "BASE64", BASE64),),
    ),
    "unknown": (_with(b"x-strange/thing; a=b", b"?\r\n"), (Leaf("X-STRANGE/THING", octets=b"?\r\n"),)),
}  # fmt: skip


def _described(imap: Imap, item: str) -> Part:
    answer = imap.ok(f"FETCH 1 ({item})")
    found = answer.fetched.get(1, Fetched(1, {})).items.get(item)
    imap.require(isinstance(found, Part), f"a {item} by the grammar", answer.raw)
    assert isinstance(found, Part)
    return found


def _walk(part: Part) -> list[Part]:
    return [part, *(inner for one in part.parts for inner in _walk(one))]


def _lines(octets: bytes) -> tuple[int, int]:
    """How many lines: whether a last one without its end counts is nobody's rule."""
    ends = octets.count(b"\r\n")
    return ends, ends + 1


def _agrees(part: Part, leaf: Leaf) -> bool:
    if f"{part.type}/{part.subtype}" != leaf.kind or part.multipart:
        return f"{part.type}/{part.subtype}" == leaf.kind
    sized = leaf.octets is None or (
        part.size == len(leaf.octets) and (part.lines is None or part.lines in _lines(leaf.octets))
    )
    return sized and part.encoding == leaf.encoding


@requirement("IMAP-9051-7.5.2-b", MUST, "RFC 3501 7.4.2, RFC 9051 7.5.2", STRUCTURE)
@needs("?account")
@writes
@pytest.mark.parametrize("item", ["BODY", "BODYSTRUCTURE"])
@pytest.mark.parametrize("letter", list(STRUCTURES))
def test_structure_of_a_message(imap_selected: Imap, letter: str, item: str) -> None:
    """Every part with its type, its encoding, its octets and its lines; BODY has no extension data."""
    message, leaves = STRUCTURES[letter]
    parts = _walk(_described(_seen(imap_selected, message), item))
    told = [f"{part.type}/{part.subtype} {part.encoding} {part.size} octets {part.lines} lines" for part in parts]
    same = len(parts) == len(leaves) and all(map(_agrees, parts, leaves))
    wanted = [f"{leaf.kind} {leaf.encoding} {len(leaf.octets or b'')}" for leaf in leaves]
    imap_selected.require(same, f"{', '.join(wanted)} octets in {item}", ", ".join(told))
    if item == "BODY":
        imap_selected.require(not any(part.extended for part in parts), "no extension data in BODY", ", ".join(told))


@requirement("IMAP-9051-7.5.2-b", MUST, "RFC 3501 7.4.2, RFC 9051 7.5.2", STRUCTURE)
@needs("?account")
@writes
def test_structure_without_a_type(imap_selected: Imap) -> None:
    """What says nothing of its type is plain text in ASCII; a server may say so, and must not say otherwise."""
    part = _described(_seen(imap_selected, STRUCTURES["plain"][0]), "BODY")
    charset = (part.parameters or {}).get("CHARSET", b"us-ascii")
    imap_selected.require(charset.lower() == b"us-ascii", "no CHARSET, or US-ASCII", charset)


@requirement("IMAP-9051-7.5.2-b", MUST, "RFC 3501 7.4.2, RFC 9051 7.5.2", STRUCTURE)
@needs("?account")
@writes
def test_structure_of_a_message_in_a_message(imap_selected: Imap) -> None:
    """A message inside has its envelope, and its lines are counted."""
    letter = _walk(_described(_seen(imap_selected, NESTED), "BODYSTRUCTURE"))
    inner = next((part for part in letter if part.envelope is not None), None)
    subject = inner.envelope.subject if inner is not None and inner.envelope is not None else None
    imap_selected.require(subject == b"a letter in a letter", "the envelope of the message inside", subject or b"none")


@requirement("IMAP-9051-7.5.2-b", MUST, "RFC 3501 7.4.2, RFC 9051 7.5.2", STRUCTURE)
@needs("?account")
@writes
@pytest.mark.parametrize("boundary", [b'; boundary="nowhere"', b'; boundary=""', b""], ids=["unused", "empty", "none"])
def test_structure_of_a_broken_message(imap_selected: Imap, boundary: bytes) -> None:
    """A multipart without its parts is described in some way that follows the grammar."""
    message = _with(b"multipart/mixed" + boundary, b"--elsewhere\r\n\r\nNo part.\r\n")
    imap_selected.note(f"described as {_described(_seen(imap_selected, message), 'BODYSTRUCTURE').type.lower()}")


NOT_CHECKED: list[tuple[str, str]] = []

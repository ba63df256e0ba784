"""Words that are looked for (RFC 3501 6.4.4, RFC 9051 6.4.4): decoded, in any case, in any charset."""

from __future__ import annotations

import pytest

from pytest_netconform.codes import Code
from pytest_netconform.dialogues.imap import Imap
from pytest_netconform.requirement import MUST, needs, requirement, writes
from pytest_netconform.suites.imap.results import numbers_found
from pytest_netconform.wire.imap import NO, OK
from pytest_netconform.wire.imap_commands import Literal, append, command

GREETINGS = "Grüße aus Wien"
LETTERS = (
    b"Date: Fri, 1 May 2020 01:00:00 +0000\r\nFrom: Anna <anna@client.example.org>\r\nTo: alice@example.test\r\n"
    b"Subject: Harvest report\r\n\r\nSeven apples and a pear.\r\n",
    b"Date: Fri, 8 May 2020 02:00:00 +0000\r\nFrom: Bert <bert@client.example.org>\r\nTo: bob@example.test\r\n"
    b"Cc: carol@example.test\r\nSubject: =?UTF-8?B?R3LDvMOfZSBhdXMgV2llbg==?=\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    b"Q3JpbXNvbiBsYW50ZXJucyBkcmlmdC4NCg==\r\n",  # Crimson lanterns drift.
    b"Date: Fri, 15 May 2020 03:00:00 +0000\r\nFrom: Carl <carl@client.example.org>\r\nTo: alice@example.test\r\n"
    b"Bcc: dora@example.test\r\nSubject: plain\r\nX-Colour: violet\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    b"Caf=C3=A9 and mar=\r\nmalade.\r\n",
)
FIELDS = {
    "FROM bert": {2},
    "TO alice": {1, 3},
    "CC carol": {2},
    "BCC dora": {3},
    "SUBJECT Harvest": {1},
    "SUBJECT nowhere": set[int](),
    "HEADER X-Colour violet": {3},
    'HEADER X-Colour ""': {3},
    'HEADER X-None ""': set[int](),
    "HEADER Subject report": {1},
}
BODIES = {
    "BODY apples": {1},
    "BODY Harvest": set[int](),
    "TEXT apples": {1},
    "TEXT Harvest": {1},
    "TEXT violet": {3},
    "TEXT nowhere": set[int](),
}
DECODED = {"SUBJECT Wien": {2}, "HEADER Subject aus": {2}, "BODY lanterns": {2}, "BODY marmalade": {3}}
CASES = {
    "SUBJECT hARVEST": {1},
    "FROM ANNA": {1},
    "HEADER x-cOLOUR VIOLET": {3},
    "BODY APPLES": {1},
    "TEXT REPORT": {1},
}
PARTS_OF_FIELDS = {"SUBJECT arves": {1}, 'SUBJECT "vest rep"': {1}, "FROM nna@clie": {1}, "HEADER X-Colour iole": {3}}
PARTS_OF_BODIES = {"BODY pple": {1}, 'BODY "en app"': {1}, "TEXT arves": {1}}

# field: pymap 0.36.7 looks for BODY in the header, too, and decodes no body
WORDS = "Words are found in decoded text, anywhere in it, in any case."
ANY_CASE = "RFC 9051 6.4.4: matching SHOULD be case insensitive, in ASCII"
AS_SENT = "RFC 3501 6.4.4: encodings MUST be undone where the charset is another than US-ASCII; here none is named"
# Dovecot with an index for words (FTS), Cyrus with Xapian
WHOLE_WORDS = "indexes of words find whole words, where the standard has substrings"


def _given(imap: Imap) -> None:
    for letter in LETTERS:
        imap.given(append(imap.mailbox, letter))
    imap.prerequisite(imap.select)


def _finds(imap: Imap, key: str, wanted: set[int], tolerated: str = "") -> None:
    found = numbers_found(imap, imap.ok("SEARCH", key))
    expected, received = f"messages {sorted(wanted)} by SEARCH {key}", f"messages {sorted(found)}"
    if found != wanted and tolerated:
        imap.tolerate(expected, received.encode(), tolerated)
    else:
        imap.require(found == wanted, expected, received)


@requirement("IMAP-9051-6.4.4-c", MUST, "RFC 3501 6.4.4, RFC 9051 6.4.4", WORDS)
@needs("?account")
@writes
@pytest.mark.parametrize(
    "keys", [FIELDS, BODIES, DECODED, PARTS_OF_FIELDS], ids=["fields", "bodies", "decoded", "substrings"]
)
def test_search_by_words(imap_selected: Imap, keys: dict[str, set[int]]) -> None:
    """In each kind of field, in bodies, behind encodings, and as a part of a field."""
    _given(imap_selected)
    weak = AS_SENT if keys is DECODED and "IMAP4REV2" not in imap_selected.target.claims else ""
    for key, wanted in keys.items():
        _finds(imap_selected, key, wanted, weak)


@requirement("IMAP-9051-6.4.4-c", MUST, "RFC 3501 6.4.4, RFC 9051 6.4.4", WORDS)
@needs("?account")
@writes
def test_search_in_any_case(imap_selected: Imap) -> None:
    """Capitals and small letters are the same; RFC 9051 says only that they should be."""
    _given(imap_selected)
    weak = ANY_CASE if "IMAP4REV2" in imap_selected.target.claims else ""
    for key, wanted in CASES.items():
        _finds(imap_selected, key, wanted, weak)


@requirement("IMAP-9051-6.4.4-c", MUST, "RFC 3501 6.4.4, RFC 9051 6.4.4", WORDS)
@needs("?account")
@writes
def test_search_for_parts_of_words(imap_selected: Imap) -> None:
    """What is looked for in a body may begin and end within words."""
    _given(imap_selected)
    for key, wanted in PARTS_OF_BODIES.items():
        _finds(imap_selected, key, wanted, WHOLE_WORDS)


# -- charsets

# field: pymap 0.36.7 says BAD to an unknown charset, which "MUST return a tagged NO" (RFC 3501 6.4.4)
CHARSETS = "US-ASCII is known, UTF-8 under IMAP4rev2, too; an unknown charset is answered NO [BADCHARSET]."


@requirement("IMAP-9051-6.4.4-d", MUST, "RFC 3501 6.4.4, RFC 9051 6.4.4, 7.1", CHARSETS)
@needs("?account")
@writes
def test_search_in_ascii(imap_selected: Imap) -> None:
    """US-ASCII finds what no charset finds."""
    _given(imap_selected)
    answer = imap_selected.ok("SEARCH CHARSET US-ASCII SUBJECT Harvest")
    imap_selected.require(numbers_found(imap_selected, answer) == {1}, "message 1 by a word in US-ASCII", answer.raw)


@requirement("IMAP-9051-6.4.4-d", MUST, "RFC 3501 6.4.4, RFC 9051 6.4.4, 7.1", CHARSETS)
@needs("?account")
@writes
def test_search_in_utf_8(imap_selected: Imap) -> None:
    """Words beyond ASCII are found in an encoded field. RFC 3501 leaves UTF-8 free: then it is refused by NO."""
    _given(imap_selected)
    known = "IMAP4REV2" in imap_selected.target.claims
    free: dict[Code, str] = {} if known else {NO: "UTF-8 is not known, which RFC 3501 allows"}
    said = command("SEARCH CHARSET UTF-8 SUBJECT", Literal(GREETINGS.encode()))
    answer = imap_selected.exchange(said, OK, noted=free)
    if answer.code == OK:
        found = numbers_found(imap_selected, answer)
        imap_selected.require(found == {2}, "message 2 by words in UTF-8", f"messages {sorted(found)}")


@requirement("IMAP-9051-6.4.4-d", MUST, "RFC 3501 6.4.4, RFC 9051 6.4.4, 7.1", CHARSETS)
@needs("?account")
@writes
def test_search_in_a_charset_that_is_none(imap_one: Imap) -> None:
    """NO, not BAD; the response code should say which charsets there are."""
    imap_one.given("SEARCH CHARSET US-ASCII SUBJECT x")
    answer = imap_one.no("SEARCH CHARSET X-NC-BOGUS SUBJECT x")
    if answer.says != "BADCHARSET":
        imap_one.tolerate("NO [BADCHARSET]", answer.last.raw, "RFC 3501 6.4.4: SHOULD contain BADCHARSET")
    imap_one.alive()


NOT_CHECKED: list[tuple[str, str]] = []

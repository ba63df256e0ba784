"""Requests that are nearly valid, by what is wrong with them: what RFC 9110 and RFC 9112 leave open for each.

A status never tells how a request was framed, so what is right is a set of fates, each by its name in
`dialogues.http_fates`. Where a sentence is no MUST, or the field shows so much lenience that the suite tolerates it,
all that is asked is that the connection stays in step, or ends. How the octets of a trick look is said in `strategies`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

NO = frozenset({"REFUSED", "DROPPED"})
REFUSAL = frozenset({"REFUSED", "REFUSED_OPEN"})
UNDERSTOOD = frozenset({"SERVED", "SERVED_CLOSED"})
TURNED_AWAY = REFUSAL | NO
ANY = UNDERSTOOD | TURNED_AWAY
CLOSED = NO | {"SERVED_CLOSED"}
FAILED = frozenset({"FAILED"})
WAITS = frozenset({"WAITING", "SWALLOWED"})

BODY, TEN, EMPTY = b"hello", b"helloworld", b""
CHUNK_CODES = (400, 413, 431)


@dataclass(frozen=True)
class Trick:
    """One way to spoil a request. rule: what is asked of the answer; right: the fates that keep it.

    early: fates that are right as well where no echo says that the body was read before the answer. codes: statuses
    that refuse. twin: the valid neighbour that must be understood, or nothing is meant by a refusal. body: what the
    application gets where it is served. probe: whether a request stands behind it.
    """

    rule: str
    right: frozenset[str]
    codes: tuple[int, ...] = (400,)
    twin: str = "get"
    early: frozenset[str] = frozenset()
    body: bytes | None = None
    probe: bool = True


IN_STEP = "what is nearly a request is refused, or answered once, or ends the connection (RFC 9112 2.2, 9.3, 11.2)"
_BAD_CHUNK = NO | FAILED
_EARLY = frozenset({"SERVED_CLOSED"})


def _chunks(rule: str, right: frozenset[str], early: frozenset[str] = frozenset(), body: bytes | None = None) -> Trick:
    return Trick(rule, right, CHUNK_CODES, "chunked", early, body)


#: word → what it is to get
TRICKS: Mapping[str, Trick] = {
    # -- Content-Length
    "length-invalid": Trick("a length that is no number is refused, and the connection ends (RFC 9112 6.3)", NO),
    "lengths-differ": Trick("two different lengths are refused, and the connection ends (RFC 9112 6.3)", NO),
    "length-twice": Trick(
        "a length that is said twice is refused, or taken for one (RFC 9110 8.6)", UNDERSTOOD | NO, body=BODY
    ),
    "length-comma": Trick("a length with a comma is refused, or that length (RFC 9110 5.6.1.2, 8.6)", ANY, body=BODY),
    "length-zero": Trick("a length with a zero in front is refused, or decimal (RFC 9110 8.6)", ANY, body=TEN),
    "length-huge": Trick(
        "a huge length is refused, or waited for, and never cut down (RFC 9110 8.6)",
        NO | WAITS | FAILED | {"SERVED_CLOSED"},
        (400, 413),
    ),
    "body-hides": Trick(
        "what a body holds is never answered as a request (RFC 9112 6.3, 9.3, 11.2)", ANY, (400, 411, 413, 501)
    ),
    # -- both, and other codings
    "length-and-coding": Trick(
        "behind Content-Length with Transfer-Encoding comes the close, and chunks go first (RFC 9112 6.1, 6.3)",
        CLOSED,
        twin="chunked",
    ),
    "coding-in-ten": Trick(
        "behind Transfer-Encoding in HTTP/1.0 comes the close (RFC 9112 6.1)", CLOSED, (400, 411, 501)
    ),
    "coding-not-last": Trick(
        "a request whose last coding is not chunked is refused, and the connection ends (RFC 9112 6.3)",
        NO,
        (400, 501),
        "chunked",
    ),
    "coding-obscured": Trick(
        "what resembles chunked is refused, or chunked, and never Content-Length (RFC 9112 6.1, 6.3, 11.2)",
        CLOSED,
        (400, 501),
        "chunked",
    ),
    "coding-members": Trick(
        "members of Transfer-Encoding that are empty, or too many, hide no request (RFC 9110 5.6.1.2, RFC 9112 11.2)",
        ANY,
        (400, 422, 501),
        "chunked",
    ),
    # -- chunks
    "size-invalid": _chunks("a size of other than hexadecimal digits is refused (RFC 9112 7.1)", _BAD_CHUNK, _EARLY),
    "size-empty": _chunks("an empty line is no chunk, and not the last (RFC 9112 7.1)", _BAD_CHUNK, _EARLY),
    "size-blank": _chunks("blanks around a size hide no request (RFC 9112 7.1, 11.2)", ANY | FAILED),
    "size-blank-behind": _chunks("a size with a blank behind it is decoded or refused (RFC 9112 7.1)", ANY, body=BODY),
    "size-huge": _chunks(
        "a huge size is refused, or waited for, and never cut down (RFC 9112 7.1)",
        _BAD_CHUNK | {"WAITING"},
        WAITS | _EARLY,
    ),
    "data-end": _chunks("behind the data of a chunk comes CR LF, or it is refused (RFC 9112 7.1)", _BAD_CHUNK, _EARLY),
    "chunk-lf": _chunks("a bare LF between chunks hides no request (RFC 9112 2.2, 7.1, 11.2)", ANY | FAILED),
    "chunk-cr": _chunks("CR alone ends no line between chunks (RFC 9112 2.2, 7.1)", _BAD_CHUNK, _EARLY),
    "chunk-last": _chunks("a body goes on behind the last chunk up to a blank line (RFC 9112 7.1)", ANY | FAILED),
    "chunk-bad": _chunks("nothing is read behind a bad chunk (RFC 9112 2.2, 11.2)", _BAD_CHUNK, _EARLY),
    "extension-blanks": _chunks(
        "blanks around an extension are removed, or refused (RFC 9112 7.1.1)", ANY | FAILED, body=BODY
    ),
    "extension-lf": _chunks("no extension holds LF (RFC 9112 7.1.1)", _BAD_CHUNK, _EARLY),
    "extension-quote": _chunks("a quoted value ends with its line (RFC 9112 7.1.1)", UNDERSTOOD | _BAD_CHUNK),
    "trailers-frame": _chunks("a length in a trailer counts nothing (RFC 9110 6.5.1)", UNDERSTOOD | _BAD_CHUNK),
    # -- fields
    "colon-blank": Trick(
        "a blank between name and colon is refused (RFC 9112 5.1)", REFUSAL | {"DROPPED"}, (400, 411, 501)
    ),
    "name-octet": Trick(
        "Content-Length with an octet behind it is no Content-Length (RFC 9110 5.1)", ANY, (400, 411), body=EMPTY
    ),
    "fold": Trick("a folded line is refused, or one line with spaces (RFC 9112 5.2)", ANY, (400, 411, 501)),
    "bare-cr": Trick("a bare CR ends neither a line nor a head (RFC 9112 2.2)", UNDERSTOOD | NO, (400, 411)),
    "blank-first": Trick(
        "a line that begins with a blank before the first field is refused, or passed over (RFC 9112 2.2)",
        UNDERSTOOD | NO,
        (400, 411),
    ),
    "separator": Trick("a head is octets: nothing of Unicode ends a line (RFC 9112 2.2)", UNDERSTOOD | NO, (400, 411)),
    "nul": Trick("a NUL in a value is refused, or becomes a space (RFC 9110 5.5)", ANY),
    "field-odd": Trick(IN_STEP, ANY | FAILED, (400, 411)),
    "field-long": Trick(
        "a field that is too large gets a 4yz, or is passed on (RFC 9110 5.4)", ANY, (400, 413, 414, 431)
    ),
    # -- Host
    "host-none": Trick("HTTP/1.1 without Host is answered 400 (RFC 9112 3.2)", REFUSAL),
    "hosts-two": Trick("two Host lines are answered 400 (RFC 9112 3.2)", REFUSAL),
    "host-invalid": Trick("a Host that is no host is answered 400 (RFC 9112 3.2)", REFUSAL),
    # -- request lines
    "version-odd": Trick(IN_STEP, ANY | FAILED | {"GARBAGE"}, (400, 505), probe=False),
    "line-odd": Trick(IN_STEP, ANY | FAILED | {"GARBAGE"}, (400, 403, 404, 405, 414, 501, 505)),
    "lf-only": Trick(IN_STEP, ANY | {"WAITING"}, probe=False),
    "more": Trick("nothing is answered behind a request to close (RFC 9112 9.6)", frozenset({"SERVED_CLOSED"}) | NO),
}

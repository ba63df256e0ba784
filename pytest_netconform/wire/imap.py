"""IMAP on the wire (RFC 3501, RFC 9051): what a response says, and the answer that several of them are.

Framing is kept apart (`imap_framing`): here a response's octets are known, and become a value. What breaks a rule is
still a value, with its deviations listed. Pure: no socket and no clock.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from pytest_netconform.wire.imap_data import DATA, NUMBERED, ResponseCode, parse_code
from pytest_netconform.wire.imap_fetch import Fetched, fetched
from pytest_netconform.wire.imap_grammar import BARE_CR, BARE_LF, SPACES, ZERO, Malformed, Scanner, decimal

CRLF = b"\r\n"
OK, NO, BAD, BYE, PREAUTH, GO_AHEAD = "OK", "NO", "BAD", "BYE", "PREAUTH", "+"

LINE_LIMIT = 1 << 21  # octets between two literals; SEARCH lists 100,000 messages in half of that

NO_TEXT = "no space and text behind the status (RFC 9051 9: resp-text)"
TEXT_8BIT = "8-bit octets in human-readable text (RFC 3501 9)"
TEXT_NUL = "NUL in a response (RFC 9051 9)"
PLUS_BARE = "no space behind + (RFC 9051 9: continue-req)"
UNCLOSED_CODE = "a response code without its ] (RFC 9051 7.1)"
NO_FORM = "neither *, + nor a tag with OK, NO or BAD (RFC 9051 2.2)"
NO_NAME = "a response that has no name (RFC 9051 9)"
TOO_LONG = "a line, or a literal, that is longer than anybody reads"
TAG = "an octet that no tag may have (RFC 9051 9)"

# Refusals that ask to come back later   (RFC 5530 3)
TEMPORARY = ("UNAVAILABLE", "INUSE")

# response-tagged = tag SP resp-cond-state CRLF; tag = 1*(ASTRING-CHAR but "+")
TAGGED = re.compile(rb"([^ \r\n+*][^ \r\n]*) +(OK|NO|BAD)(?![^ \r\n])(.*)", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(rb"[!#$&',\-./0-9:;<=>?@A-Z\[\]^_`a-z|}~]+")
STATUS = re.compile(rb"\* +(OK|NO|BAD|BYE|PREAUTH)(?![^ \r\n])(.*)", re.DOTALL | re.IGNORECASE)
_NUMBERED = re.compile(rb"\* +([0-9]+) +([A-Za-z][^ \r\n]*)")
_NAMED = re.compile(rb"\* +([^ \r\n()\"{]+)")
_WORD = re.compile(rb"[^ \r\n]*")
# what a line with a literal ends with: "{12}" or "~{12}"; a + is not for servers
LITERAL_END = re.compile(rb"\{([0-9]+)\+?\}\r?\n\Z")


@dataclass(frozen=True)
class Response:
    """One response.

    code: OK, NO, BAD, BYE, PREAUTH; `+`; the name of untagged data such as `FETCH`; None: it cannot be framed.
    tag: of a tagged response, as it came; `*` of an untagged one, `+` of a continuation. raw: all octets.
    """

    code: str | None
    tag: str
    raw: bytes
    number: int | None = None  # of EXISTS, RECENT, EXPUNGE and FETCH

    @property
    def tagged(self) -> bool:
        """Whether it completes a command."""
        return self.tag not in ("*", "+", "")

    @property
    def status(self) -> bool:
        """Whether it is a status response: OK, NO, BAD, BYE or PREAUTH."""
        return self.code in (OK, NO, BAD, BYE, PREAUTH)

    @property
    def text(self) -> bytes:
        """The text of a status response or a continuation, behind its response code."""
        return self._read[0]

    @property
    def response_code(self) -> ResponseCode | None:
        """The code in brackets of a status response (RFC 9051 7.1)."""
        return self._read[1]

    @property
    def data(self) -> object:
        """What an untagged response says, as a value of `imap_data` or `imap_fetch`; None where it is malformed."""
        return self._read[2]

    @property
    def deviations(self) -> tuple[str, ...]:
        """What the standards forbid and was there all the same."""
        return self._read[3]

    @cached_property
    def _read(self) -> tuple[bytes, ResponseCode | None, object, tuple[str, ...]]:
        return _read(self)


@dataclass(frozen=True)
class Answer:
    """What one command led to: the response that ended it, and the untagged ones before.

    last: tagged; or a continuation; or the greeting; or BYE where the connection ended instead.
    """

    last: Response
    untagged: tuple[Response, ...] = ()

    @property
    def code(self) -> str | None:
        """OK, NO, BAD; `+`; BYE or PREAUTH; None where it cannot be framed."""
        return self.last.code

    @property
    def tag(self) -> str:
        """The tag of the command that it answers; empty where it has none."""
        return self.last.tag if self.last.tagged else ""

    @property
    def raw(self) -> bytes:
        """All octets."""
        return b"".join(r.raw for r in self.untagged) + self.last.raw

    @property
    def text(self) -> bytes:
        """The text of the response that ended it."""
        return self.last.text

    @property
    def response_code(self) -> ResponseCode | None:
        """The response code of the response that ended it."""
        return self.last.response_code

    @property
    def says(self) -> str:
        """The name of that response code, such as `TRYCREATE`, or an empty text."""
        return self.last.response_code.name if self.last.response_code else ""

    @property
    def temporary(self) -> bool:
        """Whether it is a refusal that asks to try again later."""
        return self.code in (NO, BYE) and self.says in TEMPORARY

    @property
    def responses(self) -> tuple[Response, ...]:
        """Every response, the last one too."""
        return (*self.untagged, self.last)

    @property
    def deviations(self) -> tuple[str, ...]:
        """Those of every response."""
        return tuple(deviation for response in self.responses for deviation in response.deviations)

    def all(self, *codes: str) -> tuple[Response, ...]:
        """The untagged responses of these names, in their order."""
        return tuple(response for response in self.untagged if response.code in codes)

    def values(self, code: str) -> tuple[object, ...]:
        """What the untagged responses of this name say; malformed ones are left out."""
        return tuple(response.data for response in self.all(code) if response.data is not None)

    def codes(self) -> Mapping[str, ResponseCode]:
        """Every response code by name, those of untagged responses too."""
        found = [response.response_code for response in self.responses if response.status]
        return {code.name: code for code in found if code is not None}

    @property
    def fetched(self) -> dict[int, Fetched]:
        """What was fetched, by sequence number; items of one message that came in several responses are joined."""
        found: dict[int, Fetched] = {}
        for response in self.all("FETCH"):
            one = response.data
            if isinstance(one, Fetched):
                before = found.get(one.number, Fetched(one.number, {}))
                found[one.number] = Fetched(one.number, {**before.items, **one.items}, before.names + one.names)
        return found

    def last_number(self, code: str) -> int | None:
        """The number of the last EXISTS, RECENT or EXPUNGE."""
        return next((response.number for response in reversed(self.all(code))), None)


def joined(answers: Iterable[Answer]) -> Answer:
    """Several answers as one: of a batch, untagged data of a command may stand before the answer to another."""
    every = list(answers)
    return Answer(every[-1].last, tuple(response for answer in every for response in answer.untagged))


# -- grammar


def response_of(raw: bytes) -> Response:
    """The value of one response's octets."""
    if raw.startswith(b"+"):
        return Response(GO_AHEAD, "+", raw)
    if (found := STATUS.match(raw)) is not None:
        return Response(found[1].decode().upper(), "*", raw)
    if (found := _NUMBERED.match(raw)) is not None:
        return Response(found[2].decode("latin-1").upper(), "*", raw, decimal(found[1]))
    if (found := _NAMED.match(raw)) is not None:
        return Response(found[1].decode("latin-1").upper(), "*", raw)
    if (found := TAGGED.match(raw)) is not None:
        return Response(found[2].decode().upper(), found[1].decode("latin-1"), raw)
    return Response(None, "", raw)


_Reading = tuple[bytes, "ResponseCode | None", object, tuple[str, ...]]


def _read(response: Response) -> _Reading:
    scanner = Scanner(response.raw)
    scanner.octets = _line(response.raw, scanner)
    if response.code is None:
        endless = len(response.raw) >= LINE_LIMIT or LITERAL_END.search(response.raw[-1000:])
        return b"", None, None, (TOO_LONG if endless else NO_FORM, *scanner.deviations)
    text, code, data = b"", None, None
    try:
        if response.code == GO_AHEAD:
            text, code = _continuation(scanner)
        elif response.status:
            text, code = _status(response, scanner)
        else:
            data = _untagged(response, scanner)
    except Malformed as problem:
        scanner.mark(f"no {response.code}: {problem} (RFC 9051 9)")
    return text, code, data, tuple(scanner.deviations)


def _line(raw: bytes, scanner: Scanner) -> bytes:
    if raw.endswith(CRLF):
        return raw[:-2]
    scanner.mark(BARE_LF)
    return raw.removesuffix(b"\n")


def _continuation(scanner: Scanner) -> tuple[bytes, ResponseCode | None]:
    scanner.need(b"+")
    if not scanner.take(b" "):
        scanner.mark(PLUS_BARE)
    code = _code(scanner) if scanner.sees(b"[") else None
    return _text(scanner), code


def _status(response: Response, scanner: Scanner) -> tuple[bytes, ResponseCode | None]:
    tag = _WORD.match(scanner.octets)
    assert tag is not None
    scanner.place = tag.end()
    if response.tagged and not _TAG.fullmatch(tag[0]):
        scanner.mark(TAG)
    scanner.space()
    scanner.place += len(response.code or "")
    if scanner.at_end():
        scanner.mark(NO_TEXT)
        return b"", None
    scanner.need(b" ")
    code = _code(scanner) if scanner.sees(b"[") else None
    return _text(scanner), code


def _code(scanner: Scanner) -> ResponseCode | None:
    code = parse_code(scanner)
    if code is None:
        scanner.mark(UNCLOSED_CODE)
    elif not scanner.take(b" "):
        scanner.mark(NO_TEXT)
    return code


def _text(scanner: Scanner) -> bytes:
    text = scanner.rest()
    for there, deviation in (
        (b"\x00" in text, TEXT_NUL),
        (b"\r" in text, BARE_CR),
        (not text.isascii(), TEXT_8BIT),
    ):
        if there:
            scanner.mark(deviation)
    return text


def _untagged(response: Response, scanner: Scanner) -> object:
    scanner.need(b"*")
    scanner.space()
    name = response.code or ""
    if response.number is not None:
        return _numbered(response, scanner)
    scanner.place += len(name)
    read = DATA.get(name)
    if read is None:
        if name in NUMBERED:
            raise Malformed(f"a number before {name}")
        return scanner.rest().removeprefix(b" ")
    value = read(scanner)
    scanner.end()
    return value


def _numbered(response: Response, scanner: Scanner) -> object:
    number = scanner.number()
    scanner.space()
    name = scanner.atom().upper()
    if name in ("EXPUNGE", "FETCH") and not number:
        scanner.mark(ZERO)
    if name == "FETCH":
        scanner.space()
        value: object = fetched(scanner, number)
    else:
        value = number if name in NUMBERED else scanner.rest()
    scanner.end()
    return value


__all__ = ["BARE_CR", "BARE_LF", "SPACES", "Answer", "Response", "joined", "response_of"]

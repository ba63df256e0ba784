"""IMAP on the wire (RFC 3501, RFC 9051): where a response ends, and what it says.

Framing is kept apart from grammar. The framer cuts octets into responses by lines and literals, with bounded memory: a
literal that announces more than anybody stores is an error value, and its octets are passed over. The grammar makes a
value of a response's octets; what breaks a rule is still a value, with its deviations listed. Pure: no socket and no
clock.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from pytest_netconform.wire.imap_data import DATA, NUMBERED, ResponseCode, parse_code
from pytest_netconform.wire.imap_fetch import Fetched, fetched
from pytest_netconform.wire.imap_grammar import BARE_CR, BARE_LF, SPACES, ZERO, Malformed, Scanner, decimal

CRLF = b"\r\n"
OK, NO, BAD, BYE, PREAUTH, GO_AHEAD = "OK", "NO", "BAD", "BYE", "PREAUTH", "+"

LINE_LIMIT = 1 << 21  # octets between two literals; SEARCH lists 100,000 messages in half of that
LITERAL_LIMIT = 1 << 25  # octets of one literal, and of one response
ANSWER_LIMIT = 150_000  # untagged responses to one command; more have no end

NO_TEXT = "no space and text behind the status (RFC 9051 9: resp-text)"
TEXT_8BIT = "8-bit octets in human-readable text (RFC 3501 9)"
TEXT_NUL = "NUL in a response (RFC 9051 9)"
PLUS_BARE = "no space behind + (RFC 9051 9: continue-req)"
UNCLOSED_CODE = "a response code without its ] (RFC 9051 7.1)"
NO_FORM = "neither *, + nor a tag with OK, NO or BAD (RFC 9051 2.2)"
NO_NAME = "a response that has no name (RFC 9051 9)"
TOO_LONG = "a line, or a literal, that is longer than anybody reads"
NO_DEFLATE = b"(no deflate)\n"  # what stands in place of octets that cannot be decompressed
TAG = "an octet that no tag may have (RFC 9051 9)"

# Refusals that ask to come back later   (RFC 5530 3)
TEMPORARY = ("UNAVAILABLE", "INUSE")

# response-tagged = tag SP resp-cond-state CRLF; tag = 1*(ASTRING-CHAR but "+")
_TAGGED = re.compile(rb"([^ \r\n+*][^ \r\n]*) +(OK|NO|BAD)(?![^ \r\n])(.*)", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(rb"[!#$&',\-./0-9:;<=>?@A-Z\[\]^_`a-z|}~]+")
_STATUS = re.compile(rb"\* +(OK|NO|BAD|BYE|PREAUTH)(?![^ \r\n])(.*)", re.DOTALL | re.IGNORECASE)
_NUMBERED = re.compile(rb"\* +([0-9]+) +([A-Za-z][^ \r\n]*)")
_NAMED = re.compile(rb"\* +([^ \r\n()\"{]+)")
_WORD = re.compile(rb"[^ \r\n]*")
# what a line with a literal ends with: "{12}" or "~{12}"; a + is not for servers
_LITERAL_END = re.compile(rb"\{([0-9]+)\+?\}\r?\n\Z")
# what a line is looked through by, for quotes that are open at its end
_QUOTE_STEP = re.compile(rb'[^"\\\]]+|\\.|"|\]|\\', re.DOTALL)


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


# -- framing


class ResponseFramer:
    """Feed octets, take responses: lines, and the literals that their ends announce (RFC 9051 2.2.2, 4.3)."""

    #: where a response that cannot be framed is judged
    grammar = "IMAP-9051-9-a"
    pattern = rb"[^\n]*\n"

    def __init__(self) -> None:
        self._data = bytearray()
        self._scanned = 0  # nothing before that ends the line
        self._needed = 0  # octets without which the literal that was announced is not whole
        self._begun = 0  # where the line begins that is being read: behind a literal, or 0
        self._passing = 0  # octets of a literal that are thrown away
        self._dropping = False  # and the rest of its line

    def feed(self, data: bytes) -> None:
        """Add octets."""
        if self._passing:
            passed = min(self._passing, len(data))
            self._passing -= passed
            data = data[passed:]
        self._data += data

    def rest(self) -> bytes:
        """What arrived and is no whole response yet."""
        return bytes(self._data)

    def take(self) -> bytes:
        """What arrived and is no whole response yet, which is forgotten."""
        found = bytes(self._data)
        self._data.clear()
        self._begun = self._scanned = self._needed = 0
        return found

    def next(self) -> Response | None:
        """The next whole response, or None while it is not complete."""
        if self._passing or len(self._data) < self._needed or not self._dropped():
            return None
        if self._needed:
            self._begun = self._scanned = self._needed
            self._needed = 0
        while True:
            end = self._data.find(b"\n", self._scanned) + 1
            if not end:
                self._scanned = len(self._data)
                return self._endless() if self._scanned - self._begun > LINE_LIMIT else None
            announced = self._literal(end)
            if announced is None:
                return self._taken(end)
            if announced > LITERAL_LIMIT or end + announced > 2 * LITERAL_LIMIT:
                return self._refused(end, announced)
            if len(self._data) < end + announced:
                self._needed = end + announced
                return None
            self._begun = self._scanned = end + announced

    def _literal(self, end: int) -> int | None:
        """How many octets follow the line that ends there, or None where it ends the response."""
        line = bytes(self._data[self._begun : end])
        found = _LITERAL_END.search(line)
        if found is None or not _may_hold_literals(bytes(self._data[:80]), line, found.start(), self._begun):
            self._scanned = self._begun
            return None
        return decimal(found[1])

    def _taken(self, end: int) -> Response:
        raw = bytes(self._data[:end])
        del self._data[:end]
        self._begun = self._scanned = 0
        return response_of(raw)

    def _refused(self, end: int, announced: int) -> Response:
        """A literal that is too long: its octets, and the rest of its line, will be passed over."""
        raw = bytes(self._data[:end])
        behind = len(self._data) - end
        self._passing = max(0, announced - behind)
        del self._data[: end + announced]
        self._dropping = True
        self._begun = self._scanned = 0
        return Response(None, "", raw)

    def _endless(self) -> Response:
        raw = bytes(self._data[:LINE_LIMIT])
        self._data.clear()
        self._dropping = True
        self._begun = self._scanned = 0
        return Response(None, "", raw)

    def _dropped(self) -> bool:
        """Whether the rest of a line that nobody wants has gone."""
        if self._dropping:
            end = self._data.find(b"\n") + 1
            self._dropping = not end
            del self._data[: end or len(self._data)]
        return not self._dropping


def _may_hold_literals(head: bytes, line: bytes, place: int, begun: int) -> bool:
    """Whether an announcement at the line's end is one: not in text for people, nor inside a quoted string."""
    if head.startswith(b"+"):
        return False
    found = _STATUS.match(head) or _TAGGED.match(head)
    if found is not None and not begun:
        text = line[found.start(found.re.groups) : place].lstrip(b" ")
        return text.startswith(b"[") and _look_through(text) == (False, False)
    return b'"' not in line or not _look_through(line[:place])[0]


def _look_through(text: bytes) -> tuple[bool, bool]:
    """Whether a quote is open at the end, and whether a bracket was closed outside of quotes."""
    quoted = closed = False
    for found in _QUOTE_STEP.finditer(text):
        step = found[0]
        if step == b'"':
            quoted = not quoted
        elif step.startswith(b"\\") and step.endswith(b'"') and not quoted:
            quoted = True
        elif step == b"]" and not quoted:
            closed = True
    return quoted, closed


class Inflating:
    """Raw deflate, as COMPRESS sends it (RFC 4978 3); what is no deflate becomes a line that says so."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
        self._lost = False

    def feed(self, data: bytes) -> bytes:
        """The octets inside, at most so many as a response may have."""
        if self._lost:
            return b""
        try:
            found = self._stream.decompress(data, LITERAL_LIMIT)
        except zlib.error:
            self._lost = True
            return NO_DEFLATE
        self._lost = bool(self._stream.unconsumed_tail)
        return found


class AnswerFramer:
    """Feed octets, take answers: untagged responses are gathered until the response that ends a command.

    one_by_one: each response is an answer of its own, for greetings and for what comes while nothing was asked.
    tag: of the command whose answer is waited for, for the reproducer.
    """

    grammar = ResponseFramer.grammar

    def __init__(self) -> None:
        self._responses = ResponseFramer()
        self._untagged: list[Response] = []
        self.one_by_one = False
        self.tag = ""
        self._inflate: Inflating | None = None

    @property
    def pattern(self) -> bytes:
        """One whole answer, for a reproducer."""
        if self.one_by_one or not self.tag:
            return rb"[^\n]*\n"
        return rb"(?:[^\n]*\n)*?(?:" + re.escape(self.tag.encode()) + rb" |\+)[^\n]*\n"

    def feed(self, data: bytes) -> None:
        """Add octets."""
        self._responses.feed(self._inflate.feed(data) if self._inflate else data)

    def inflate(self) -> None:
        """What comes from now on, and what has come already, is compressed (RFC 4978 3)."""
        self._inflate = Inflating()
        self._responses.feed(self._inflate.feed(self._responses.take()))

    def rest(self) -> bytes:
        """What arrived and is no whole answer yet: untagged responses too."""
        return b"".join(response.raw for response in self._untagged) + self._responses.rest()

    def next(self) -> Answer | None:
        """The next whole answer, or None."""
        if self.one_by_one and self._untagged:
            return Answer(self._untagged.pop(0))
        while (response := self._responses.next()) is not None:
            if self.one_by_one or response.code is None or response.code == GO_AHEAD:
                return Answer(response)
            if response.tagged:
                return self._gathered(response)
            self._untagged.append(response)
            if len(self._untagged) > ANSWER_LIMIT:
                return self._gathered(Response(None, "", b""))
        return None

    def farewell(self) -> Answer | None:
        """Behind the end of the connection: what was said before, if BYE was among it."""
        for place, response in enumerate(self._untagged):
            if response.code == BYE:
                del self._untagged[place]
                return self._gathered(response)
        return None

    @property
    def pending(self) -> tuple[Response, ...]:
        """Untagged responses that belong to no answer yet."""
        return tuple(self._untagged)

    def _gathered(self, last: Response) -> Answer:
        answer = Answer(last, tuple(self._untagged))
        self._untagged.clear()
        return answer


# -- grammar


def response_of(raw: bytes) -> Response:
    """The value of one response's octets."""
    if raw.startswith(b"+"):
        return Response(GO_AHEAD, "+", raw)
    if (found := _STATUS.match(raw)) is not None:
        return Response(found[1].decode().upper(), "*", raw)
    if (found := _NUMBERED.match(raw)) is not None:
        return Response(found[2].decode("latin-1").upper(), "*", raw, decimal(found[1]))
    if (found := _NAMED.match(raw)) is not None:
        return Response(found[1].decode("latin-1").upper(), "*", raw)
    if (found := _TAGGED.match(raw)) is not None:
        return Response(found[2].decode().upper(), found[1].decode("latin-1"), raw)
    return Response(None, "", raw)


def parse_response(raw: bytes) -> Response:
    """The value of octets that are one whole response, or None inside where they are not."""
    framer = ResponseFramer()
    framer.feed(raw)
    found = framer.next()
    return found if found is not None and not framer.rest() else Response(None, "", raw)


_Reading = tuple[bytes, "ResponseCode | None", object, tuple[str, ...]]


def _read(response: Response) -> _Reading:
    scanner = Scanner(response.raw)
    scanner.octets = _line(response.raw, scanner)
    if response.code is None:
        endless = len(response.raw) >= LINE_LIMIT or _LITERAL_END.search(response.raw[-1000:])
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


__all__ = ["BARE_CR", "BARE_LF", "SPACES", "Answer", "AnswerFramer", "Response", "ResponseFramer", "joined"]

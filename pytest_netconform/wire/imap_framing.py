"""Where IMAP's responses and answers end (RFC 9051 2.2, 4.3): lines, the literals that they announce, and tags.

Octets are cut into responses with bounded memory: a literal that announces more than anybody stores is an error value,
and its octets are passed over. Grammar is kept apart (`imap`). Pure: no socket and no clock.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence

from pytest_netconform.wire.imap import (
    BYE,
    GO_AHEAD,
    LINE_LIMIT,
    LITERAL_END,
    STATUS,
    TAGGED,
    Answer,
    Response,
    response_of,
)
from pytest_netconform.wire.imap_grammar import decimal

LITERAL_LIMIT = 1 << 25  # octets of one literal, and of one response
ANSWER_LIMIT = 150_000  # untagged responses to one command; more have no end
NO_DEFLATE = b"(no deflate)\n"  # what stands in place of octets that cannot be decompressed

# what a line is looked through by, for quotes that are open at its end
_QUOTE_STEP = re.compile(rb'[^"\\\]]+|\\.|"|\]|\\', re.DOTALL)


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
        found = LITERAL_END.search(line)
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
    found = STATUS.match(head) or TAGGED.match(head)
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
    tags: of the commands whose answers are waited for, for the reproducer.
    """

    grammar = ResponseFramer.grammar

    def __init__(self, tags: Sequence[str] = ()) -> None:
        self._tags = tags
        self._responses = ResponseFramer()
        self._untagged: list[Response] = []
        self.one_by_one = False
        self._inflate: Inflating | None = None

    @property
    def pattern(self) -> bytes:
        """One whole answer, for a reproducer."""
        if self.one_by_one or not self._tags:
            return rb"[^\n]*\n"
        ends = [*(re.escape(tag.encode("latin-1", "replace")) + b" " for tag in self._tags), rb"\+"]
        return rb"(?:[^\n]*\n)*?(?:" + b"|".join(ends) + rb")[^\n]*\n"

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


def parse_response(raw: bytes) -> Response:
    """The value of octets that are one whole response, or None inside where they are not."""
    framer = ResponseFramer()
    framer.feed(raw)
    found = framer.next()
    return found if found is not None and not framer.rest() else Response(None, "", raw)

"""What RFC 9112 lets a server answer to valid requests: one response each, in order, framed as it says, to the close.

What a resource answers is its own affair: a valid request gets what a plain one for the same resource gets. What
becomes of requests that are nearly valid is told in `http_tricks`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar

from pytest_netconform.models.http_tricks import TRICKS
from pytest_netconform.models.model import Model, Step, Wrong
from pytest_netconform.wire.http import Response
from pytest_netconform.wire.http_echo import parse_echo

_CHUNKED = {"chunked", "extension", "trailers", "tiny"}
_BODIES = {"counted", "bodied", "expect", "put", *_CHUNKED}
#: words of valid requests behind which more may be said
VALID = frozenset({"plain", "absolute", "fields", "long", *_BODIES})
_CLOSES = {"last"}  # the client says that it is the last

_LINE = re.compile(rb"(?:\r\n)*(?P<method>\S+) (?P<target>\S+) HTTP/(?P<version>[0-9.]+)\r\n")
_AUTHORITY = re.compile(rb"https?://[^/?]*", re.IGNORECASE)

#: statuses by which a server may turn a valid request away, beside what it usually answers
MAY: Mapping[str, tuple[int, ...]] = {
    "bodied": (400, 405, 411, 413, 501),  # RFC 9110 9.3.1: a body of GET may be refused
    "fields": (400, 431),
    "long": (400, 414, 431),
    "expect": (417,),
    "waits": (400, 411, 417),
    **dict.fromkeys(_CHUNKED, (411,)),
}

#: word → what is asked of its answer
RULES: Mapping[str, str] = {
    "plain": "a valid request is answered as it is always (RFC 9112 2.2, 6.3)",
    "absolute": "absolute-form gets what origin-form gets (RFC 9112 3.2.2)",
    "fields": "fields are read in any case and number, with blanks around their values (RFC 9112 5.1, RFC 9110 5.1)",
    "long": "a long target is looked for like any other, or too long (RFC 9112 3)",
    "counted": "Content-Length says where a body ends (RFC 9112 6.2, 6.3)",
    "bodied": "a body of a method that has none is read, or refused (RFC 9112 6.3, RFC 9110 9.3.1)",
    "chunked": "a chunked body is decoded, or wants a 411 (RFC 9112 6.3, 7.1)",
    "extension": "extensions that are not known are passed over (RFC 9112 7.1.1)",
    "trailers": "trailers are read, and perhaps thrown away (RFC 9112 7.1.2)",
    "tiny": "chunks may be tiny (RFC 9112 7.1)",
    "put": "PUT to where nothing is gets an answer (RFC 9110 9.3.4)",
    "expect": "where the body is there already it is read in spite of Expect (RFC 9110 10.1.1)",
    "waits": "who waits with his body for 100 gets it, or an answer (RFC 9110 10.1.1)",
    "ten": "HTTP/1.0 is answered, and kept as it asks, or closed (RFC 9112 9.3, C.2.2)",
    "last": "who asks for the close gets an answer and the close (RFC 9112 9.6)",
    "half": "half a body, and the end, is no request (RFC 9112 6.3, 8)",
    "interim": "1xx is for HTTP/1.1 alone (RFC 9110 15.2)",
    "switch": "nobody switches protocols who was not asked to (RFC 9110 7.8, 15.2.2)",
    "echo": "the application gets each request as it was sent, in its turn (RFC 9112 6.3, 9.3.2)",
    "unsaid": "who keeps no connection says close in each answer (RFC 9112 9.3)",
    "spoilt": "whatever comes in answer is a response (RFC 9112 2.1)",
    "behind": "who says close answers no more (RFC 9112 9.6)",
}

#: sections of breaches that leave a response's end, or beginning, in doubt → what they ask for
FRAMES: Mapping[str, str] = {
    "RFC 9112 2.1": "nothing stands between two responses (RFC 9112 2.1, 9.2)",
    "RFC 9112 6.1": "Transfer-Encoding is for responses that may have it (RFC 9112 6.1)",
    "RFC 9112 6.2": "no response has Content-Length beside Transfer-Encoding (RFC 9112 6.2)",
    "RFC 9112 7.1": "chunks of a response are as the grammar has them (RFC 9112 7.1)",
    "RFC 9112 8": "a response is as long as it says (RFC 9112 8)",
    "RFC 9110 8.6": "Content-Length is one number, and of responses that may have it (RFC 9110 8.6)",
}


class HttpModel(Model[Response]):
    """One HTTP/1.1 connection after another.

    usual: (method, path) → statuses that plain requests get there. twins: valid neighbours of tricks that are
    understood. echo: the path of what repeats a request; empty: there is none. writes: whether PUT may be said.
    """

    together: ClassVar[frozenset[str]] = VALID
    farewell: ClassVar[Step | None] = Step(
        "last", b"GET %{nothing} HTTP/1.1\r\nHost: %{host}\r\nConnection: close\r\n\r\n"
    )

    def __init__(
        self,
        usual: Mapping[tuple[bytes, bytes], frozenset[int]],
        twins: frozenset[str] = frozenset(),
        *,
        echo: bytes = b"",
        writes: bool = False,
    ) -> None:
        self.usual = usual
        self.twins = twins
        self.echo = echo
        self.writes = writes
        self._unsaid = 0  # connections in a row that ended unsaid behind their first answer
        super().__init__()

    def begin(self) -> None:
        super().begin()
        self.answered = 0  # on this connection
        self._free = False  # whether it may end unsaid now

    def possible(self, word: str) -> bool:
        if word in TRICKS:
            return TRICKS[word].twin in self.twins
        if word in _CHUNKED:
            return "chunked" in self.twins
        if word == "put":
            return self.writes
        return word != "half" or bool(self.echo)

    def usually(self, said: bytes) -> frozenset[int]:
        """What a plain request of this method for this path gets; empty where that is not known."""
        found = _LINE.match(said)
        return self.usual.get((found["method"], path_of(found["target"])), frozenset()) if found else frozenset()

    def hear(self, step: Step, said: bytes, answer: Response) -> None:
        framed(answer)
        if answer.status == 101:
            raise Wrong(RULES["switch"])
        usual = self.usually(said)
        if usual and answer.status not in usual and answer.status not in MAY.get(step.word, ()):
            raise Wrong(RULES[step.word])
        if step.word != "bodied" and answer.status == 200:
            self._repeats(said, answer)
        self.answered += 1
        if self.answered > 1:
            self._unsaid = 0
        self._free = step.word == "ten" or (bool(usual) and answer.status not in usual)
        self.over = answer.closing or step.word in _CLOSES

    def interim(self, step: Step, said: bytes, answer: Response) -> None:
        """A response on the way to the answer. Raises Wrong."""
        framed(answer)
        found = _LINE.match(said)
        if found is not None and found["version"] == b"1.0":
            raise Wrong(RULES["interim"])

    def closed(self) -> None:
        """The connection ended behind an answer that did not say so: now and then, it may (RFC 9112 9.5)."""
        if self.answered == 1 and not self._free:
            self._unsaid += 1
        if self._unsaid > 1:
            raise Wrong(RULES["unsaid"])

    def _repeats(self, said: bytes, answer: Response) -> None:
        """Where the echo answers, it repeats this request."""
        found = _LINE.match(said)
        if found is None or found["method"] == b"HEAD" or not self.echo or path_of(found["target"]) != self.echo:
            return
        echo = parse_echo(answer.body)
        if echo is None:
            return
        same = echo.method.encode("latin-1", "replace") == found["method"] and echo.body == body_of(said)
        if found["target"].startswith(b"/"):
            same = same and echo.target.encode("latin-1", "replace") == found["target"]
        if not same:
            raise Wrong(RULES["echo"])


def framed(answer: Response) -> None:
    """A response whose end and beginning are beyond doubt. Raises Wrong."""
    for breach in answer.breaches:
        if breach.section in FRAMES:
            raise Wrong(FRAMES[breach.section])


def path_of(target: bytes) -> bytes:
    """A target without its scheme, its authority and its query."""
    return _AUTHORITY.sub(b"", target, count=1).partition(b"?")[0] or b"/"


def body_of(said: bytes) -> bytes:
    """The body of a valid request, decoded."""
    head, _, body = said.lstrip(b"\r\n").partition(b"\r\n\r\n")
    return _decoded(body) if re.search(rb"\r\ntransfer-encoding:", head, re.IGNORECASE) else body


def _decoded(chunks: bytes) -> bytes:
    content = b""
    while True:
        line, _, chunks = chunks.partition(b"\r\n")
        size = int(line.partition(b";")[0], 16)
        if not size:
            return content
        content += chunks[:size]
        chunks = chunks[size + 2 :]

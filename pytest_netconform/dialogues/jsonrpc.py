"""The JSON-RPC client's half: texts, and what is expected of what they are answered, whatever carries them.

`JsonRpc` is what checks know of either way: `HttpJsonRpc` puts a text into the body of a POST (no standard says what an
HTTP status means there, so none is judged), `StreamJsonRpc` is a raw connection. What an answer means is decided by the
id that came with it. Which methods a target has was found by the sanity dialogue.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_netconform.codes import listed
from pytest_netconform.dialogue import Dialogue
from pytest_netconform.dialogues.http_talk import HttpTalk
from pytest_netconform.target import Target
from pytest_netconform.tour import Tour
from pytest_netconform.transcript import What
from pytest_netconform.transport import Gone, Silence, TlsFailure
from pytest_netconform.verdict import Inconclusive, NonConformity, NotApplicable
from pytest_netconform.visit import NoConnection, Remarks, Visit, shown
from pytest_netconform.wire.http import Response as HttpResponse
from pytest_netconform.wire.json_text import ABSENT, same
from pytest_netconform.wire.jsonrpc import (
    FRAMINGS,
    Reply,
    ReplyFramer,
    Response,
    parse_reply,
    request,
    text,
)

JsonRpcTour = Tour[Reply]

IDS = 0x4E430000  # what the ids of checks begin with
NOWHERE = "netconform.nowhere"  # a method that nobody has
TYPE = "Content-Type: application/json"
_HEAD = rb"(?:[^\r\n][^\n]*\n)*"
#: One HTTP response with its body, on a connection of its own, for a reproducer.
ANSWER = (
    rb"(?i:HTTP/1\.[01] 204[^\n]*\n" + _HEAD + rb"\r?\n"
    rb"|HTTP/1\.[^\n]*\n" + _HEAD + rb"Content-Length: *0\r?\n" + _HEAD + rb"\r?\n"
    rb"|HTTP/1\.[^\n]*\n" + _HEAD + rb"\r?\n(?s:.+)\Z)"
)
PAUSE = 0.05  # seconds between two pieces that are to travel apart

#: What a method is called where nobody says so.
USUAL: Mapping[str, tuple[str, ...]] = {
    "subtract": ("subtract",),
    "sum": ("sum", "add"),
    "echo": ("echo",),
    "ping": ("ping",),
}
KINDS = (*USUAL, "fail")


@dataclass(frozen=True)
class Sample:
    """A call that works, and its result (ABSENT: any)."""

    method: str
    params: Any
    result: Any


class JsonRpc(Remarks):
    """What checks know of a way to call methods."""

    target: Target
    _calls = 0

    @property
    def _number(self) -> int:
        raise NotImplementedError

    # -- what can be called

    def has(self, kind: str) -> bool:
        """Whether the target has a method of this kind."""
        return f"jsonrpc-{kind}" in self.target.survey.facts

    def method(self, kind: str) -> str:
        """The method of this kind. Raises NotApplicable where there is none."""
        return self.named(kind)[0]

    def named(self, kind: str) -> tuple[str, tuple[str, ...]]:
        """The method of this kind, and the names of its parameters, as far as they were given."""
        if not self.has(kind):
            raise NotApplicable(f"?{kind}=", f"no method of the kind ?{kind}= is known; name one")
        given = self.target.options.get(kind, "")
        name, _, parameters = given.partition(":") if kind == "subtract" else (given, "", "")
        names = tuple(filter(None, (part.strip() for part in parameters.split(","))))
        return name or USUAL[kind][self.target.survey.facts[f"jsonrpc-{kind}"] // 2], names

    def echoing(self, value: object) -> tuple[str, Any]:
        """The echo's name, and the parameters for it to give back this value."""
        return self.method("echo"), [value]

    def unechoed(self, result: object) -> object:
        """What an echo gave back: its parameter, or the array in which all of them came."""
        wrapped = self.has("echo") and self.target.survey.facts["jsonrpc-echo"] % 2
        return result[0] if wrapped and isinstance(result, list) and len(result) == 1 else result

    def sample(self, number: int = 0) -> Sample:
        """A call that works, of the kinds that the target has, each number with a result of its own where possible."""
        if self.has("subtract"):
            return Sample(self.method("subtract"), [number + 42, 23], number + 19)
        if self.has("sum"):
            return Sample(self.method("sum"), [number + 1, 2], number + 3)
        if self.has("echo"):
            word = f"nc-{number}"
            wrapped = self.target.survey.facts["jsonrpc-echo"] % 2
            return Sample(*self.echoing(word), [word] if wrapped else word)
        if self.has("ping"):
            return Sample(self.method("ping"), ABSENT, ABSENT)
        raise Inconclusive(self.target.survey.problem or "no method is known that can be called")

    def next_id(self) -> int:
        """An id of this visit's."""
        self._calls += 1
        return IDS + (self._number << 8) + self._calls

    def working(self, id: object = ABSENT, number: int = 0, **more: object) -> dict[str, Any]:
        """A Request object that works, a notification without an id."""
        sample = self.sample(number)
        return request(sample.method, sample.params, id, **more)

    # -- what differs by the way

    def said(self, octets: bytes, expected: str = "", *, within: float | None = None) -> Reply:
        """What a text that is owed an answer is answered, whatever it is. NonConformity where nothing comes."""
        raise NotImplementedError

    def outcome(self, octets: bytes) -> Reply | None:
        """What comes of a text that is owed no answer; None: nothing, and the target goes on behind it."""
        raise NotImplementedError

    def weathered(self, octets: bytes) -> str:
        """What comes of a text that may be too much, in a few words: an answer or the close."""
        raise NotImplementedError

    def fresh(self) -> JsonRpc:
        """Another connection, which the target owes us."""
        raise NotImplementedError

    # -- expectations

    def sole(self, reply: Reply, expected: str) -> Response:
        """The one Response object of a reply; NonConformity where it is another thing."""
        single = reply.single
        if single is None or not isinstance(single.value, dict):
            raise NonConformity(expected, described(reply))
        return single

    def result(self, octets: bytes, id: object, value: object = ABSENT) -> Any:
        """A text is answered with this id and a result, with this one if it is given."""
        expected = "a result" if value is ABSENT else f"the result {text(value).decode()}"
        expected += f" with the id {told(id)}"
        reply = self.said(octets, expected)
        expected += f" in answer to {shown(octets)}"
        response = self.sole(reply, expected)
        self.require(same(response.id, id), expected, described(reply))
        right = response.result is not ABSENT and not response.refused
        self.require(right and (value is ABSENT or same(response.result, value)), expected, described(reply))
        return response.result

    def rejected(
        self,
        octets: bytes,
        *codes: int | range,
        ids: Sequence[object] = (None,),
        noted: Mapping[int, str] | None = None,
    ) -> Response:
        """A text is answered with an error: one of these codes, and one of these ids. Without codes any will do."""
        words = [f"{code.start} to {code.stop - 1}" if isinstance(code, range) else str(code) for code in codes]
        expected = f"an error {listed(words)}" if words else "an error"
        expected += f" with the id {listed([told(id) for id in ids])}"
        reply = self.said(octets, expected)
        expected += f" in answer to {shown(octets)}"
        response = self.sole(reply, expected)
        code = response.code
        if not response.refused or (codes and not any(_among(code, right) for right in codes)):
            pattern = code_pattern([code for code in codes if isinstance(code, int)])
            if code is None or code not in (noted or {}):
                raise NonConformity(expected, described(reply), pattern=None if noted else pattern)
            self.note(f"{code}: {(noted or {})[code]}")
        self.require(any(same(response.id, id) for id in ids), expected, described(reply))
        self.visit.evidence.add("refusal")
        return response

    def nothing(self, octets: bytes) -> None:
        """A text is answered by nothing of JSON-RPC."""
        found = self.outcome(octets)
        expected = f"no answer to {shown(octets)}"
        if found is None:
            return
        if isinstance(found.text.value, dict | list):
            raise NonConformity(expected, described(found), owed=True)
        self.note(f"{described(found)}: a body, but no JSON-RPC")

    def welcome(self, octets: bytes | None = None, id: object = ABSENT) -> None:
        """Prerequisite: a good call is answered as it should be; otherwise the check is Inconclusive."""
        id = self.next_id() if id is ABSENT else id
        sample = self.sample()
        try:
            self.result(octets or text(request(sample.method, sample.params, id)), id)
        except NonConformity as problem:
            raise Inconclusive(f"prerequisite not met: {problem}") from None
        self.visit.evidence.add("twin")

    def alive(self) -> None:
        """The target goes on: a good call is answered, on another connection."""
        fresh = self.fresh()
        id = fresh.next_id()
        try:
            fresh.result(text(fresh.working(id)), id)
        except NonConformity as problem:
            expected = f"{problem.expected} (the target goes on)"
            raise NonConformity(expected, problem.received, owed=True, passing=problem.passing) from None
        self.visit.evidence.add("control")


class HttpJsonRpc(JsonRpc, HttpTalk):
    """Texts as bodies of POST."""

    @property
    def _number(self) -> int:
        return self.wire.number

    def _await(self, what: str, seconds: float, pattern: bytes = b"") -> None:
        super()._await(what, seconds, ANSWER if what == "answer" else pattern)

    def posted(self, octets: bytes, *lines: str) -> bytes:
        """The octets of a POST with this text."""
        own = (self.basic(),) if all(self.target.account) else ()
        return self.request("POST", self.root, TYPE, "Accept: application/json", *own, *lines, body=octets)

    def exchanged(self, octets: bytes, *, within: float | None = None) -> HttpResponse:
        """The HTTP response to a text, over a connection of its own: connections are judged elsewhere (`http://`)."""
        self.renew()
        try:
            return self.ask(self.posted(octets), within=within)
        finally:
            self._said = shown(octets)

    def said(self, octets: bytes, expected: str = "", *, within: float | None = None) -> Reply:
        expected = f"{expected or 'a Response object'} in answer to {shown(octets)}"
        try:
            answer = self.exchanged(octets, within=within)
        except NonConformity as problem:
            raise NonConformity(expected, problem.received, owed=problem.owed, passing=problem.passing) from None
        reply = carried(answer)
        if not answer.body.strip():
            raise NonConformity(expected, f"nothing (HTTP {answer.status} without a body)", owed=answer.status < 300)
        if answer.temporary and not reply.responses:
            raise Inconclusive(f"a temporary refusal, HTTP {answer.status}, where {expected} was asked")
        return reply

    def outcome(self, octets: bytes) -> Reply | None:
        answer = self.exchanged(octets)
        if answer.body.strip():
            return carried(answer)
        if answer.status >= 300:
            self.note(f"HTTP {answer.status} to what is owed no answer")
        self.visit.evidence.add("silence")
        return None

    def weathered(self, octets: bytes) -> str:
        try:
            return f"HTTP {self.exchanged(octets).status}"
        except NonConformity:
            if not self.over:
                raise
        self.visit.evidence.add("close")
        return "the close"

    def fresh(self) -> HttpJsonRpc:
        try:
            self.renew()  # never two at a time: there are servers with one worker
        except NoConnection as problem:
            expected = "a new connection to be served"
            raise NonConformity(expected, str(problem), owed=True, passing=True) from None
        return self


class StreamJsonRpc(JsonRpc, Dialogue[Reply]):
    """One raw connection."""

    def __init__(self, visit: Visit) -> None:
        name = visit.target.options.get("framing") or "lines"
        if name not in FRAMINGS:
            raise Inconclusive(f"?framing={name} is unknown; known are {', '.join(FRAMINGS)}")
        self.framing = FRAMINGS[name]
        super().__init__(visit, lambda: ReplyFramer(self.framing))

    @property
    def _number(self) -> int:
        return self.wire.number

    def say(self, *texts: bytes) -> None:
        """Send texts in one go, each framed."""
        self.send(b"".join(map(self.framing.encode, texts)))
        self._said = shown(b" ".join(texts))

    def apart(self, octets: bytes, *places: int) -> None:
        """Send a text in pieces that end at these places, each by itself, as far as pauses can bring that about."""
        framed = self.framing.encode(octets)
        for begin, end in zip((0, *places), (*places, len(framed)), strict=True):
            if begin:
                self.target.carriage.pause(PAUSE)
            self.send(framed[begin:end])
        self._said = shown(octets)

    def reply(self, expected: str = "", *, within: float | None = None) -> Reply:
        """The next reply. Inconclusive when no text can be told from the next any more."""
        reply = self.hear(expected, within=within)
        if reply.lost:
            raise Inconclusive(f"{reply.lost} ({self._shown(reply.raw)}); {self._framer.grammar} judges that")
        return reply

    def said(self, octets: bytes, expected: str = "", *, within: float | None = None) -> Reply:
        if self.over:
            return self.fresh().said(octets, expected, within=within)
        self.say(octets)
        return self.reply(f"{expected or 'a Response object'} in answer to {self._said}", within=within)

    def outcome(self, octets: bytes) -> Reply | None:
        id = self.next_id()
        self.say(octets)
        self.say(text(self.working(id)))
        found: Reply | None = None
        while True:
            try:
                reply = self.reply()
            except NonConformity:
                if self.over:
                    self.visit.evidence.add("close")
                    return found
                raise
            if reply.single is not None and same(reply.single.id, id):
                break
            found = reply
        self.visit.evidence.add("silence")
        return found or self._late()

    def _late(self) -> Reply | None:
        """What comes within a silence window behind the marker, from a server that lets calls overtake each other."""
        deadline = self.wire.now() + self.target.window
        self._await("silence", self.target.window)
        try:
            while (found := self._framer.next()) is None:
                data = self.wire.receive(deadline)
                if not data:
                    return None
                self._framer.feed(data)
        except (Silence, Gone, TlsFailure):
            return None
        self.wire.record(What.HEARD, found.raw)
        return found

    def weathered(self, octets: bytes) -> str:
        try:
            reply = self.said(octets)
        except NonConformity:
            if not self.over:
                raise
            self.visit.evidence.add("close")
            return "the close"
        code = reply.single.code if reply.single else None
        return "an answer" if code is None else f"an error {code}"

    def fresh(self) -> StreamJsonRpc:
        self.wire.close()
        return self.served_again("afterwards")


def carried(answer: HttpResponse) -> Reply:
    """What an HTTP response carries."""
    media = (answer.fields.get("Content-Type") or b"").decode("latin-1")
    return parse_reply(answer.body, answer.raw, status=answer.status, media=media)


def _among(code: int | None, right: int | range) -> bool:
    return code is not None and (code in right if isinstance(right, range) else code == right)


def code_pattern(codes: Sequence[int]) -> bytes | None:
    """What an answer with one of these codes matches, as a regular expression; None without codes."""
    if not codes:
        return None
    words = b"|".join(re.escape(str(code)).encode() for code in codes)
    return rb'(?s:.*?)"code"\s*:\s*(?:' + words + rb")(?![0-9.])"


# -- words


def told(id: object) -> str:
    """An id, for a message."""
    return "(none)" if id is ABSENT else text(id).decode()


def described(reply: Reply) -> str:
    """What came, for a message: the text, and what carried it where that is no JSON-RPC."""
    octets = shown(reply.text.octets)
    by = f"HTTP {reply.status} with " if reply.status else ""
    if reply.text.problem:
        kind = f"{reply.media or 'no Content-Type'}: " if reply.status else ""
        return f"{by}{kind}{octets}, which is {reply.text.problem}"
    return f"{by}{octets}" if by and not reply.responses else octets

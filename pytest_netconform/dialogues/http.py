"""The HTTP/1.1 client's half (RFC 9112): octets said as they are, answers counted, and judged by what follows them.

How a server framed a request is told by a *probe* behind it: a request of its own whose answer is known. A *canary* is
a request hidden in a stimulus that nobody may ever answer. Connections may be closed after any answer (RFC 9112 9.5):
what is asked next goes over a fresh one then.
"""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Mapping
from typing import Any, ClassVar

from pytest_netconform.dialogue import Code, Dialogue, Say, Visit, shown
from pytest_netconform.dialogues.http_fates import NO, UNDERSTOOD, Answers, End, Fate, told
from pytest_netconform.tour import Tour
from pytest_netconform.verdict import Deviation, Inconclusive, NonConformity, NotApplicable
from pytest_netconform.wire.http import Fields, Response, ResponseFramer
from pytest_netconform.wire.http_echo import Echo, parse_echo
from pytest_netconform.wire.http_requests import Line, method_of, octets, request

SLICE = 1 << 16  # octets that are written before what came is looked at
KEPT = 1 << 14  # octets of one writing that a transcript keeps
CANARY = re.compile(rb"nc-smug-[0-9a-f]{16}")
NOWHERE = Fate(0)
NOTHING = Response(b"", 0, b"", Fields(), b"", b"")
MOST = 200  # final responses that one stimulus may bring

HttpTour = Tour[Response]


class Http(Dialogue[Response]):
    """One HTTP connection, opened again by itself where the server has closed it as it may.

    interim: the 1xx responses before the last answer of `ask`. resource, original: the path that a rung is about, and
    what it answered there.
    """

    longest: ClassVar[int] = 1 << 28

    def __init__(self, visit: Visit) -> None:
        super().__init__(visit, ResponseFramer)
        self.wire.kept = KEPT
        self.interim: list[Response] = []
        self.resource = ""
        self.original = NOTHING
        self._probe = b""  # the word of the last one
        self._hiding = False  # whether there is a canary
        self._counting = False
        self._answered = 0  # final responses on this connection
        self._bye = False  # the last of them said that it is closed behind it

    # -- whom we ask

    @property
    def root(self) -> str:
        """The path of the target's URL: the resource that most requests are for."""
        return self.target.spec.path or "/"

    @property
    def host(self) -> str:
        """What to say as Host: `?host=`, or the target's own name and port (RFC 9110 7.2)."""
        return self.target.options.get("host") or _authority(self.target.spec.host, self.target.spec.port)

    def path(self, option: str) -> str:
        """The path that an option names. Raises NotApplicable when it was not given."""
        return self.target.option(option)

    @property
    def sink(self) -> str:
        """A path that takes a request's body where one was named, else the root."""
        return self.target.options.get("echo") or self.root

    # -- requests, as octets

    def request(
        self,
        method: Line,
        target: Line | None = None,
        *lines: Line,
        body: bytes = b"",
        host: Line | None = "",
        version: Line = "HTTP/1.1",
        end: bytes = b"\r\n",
    ) -> bytes:
        """A request (`wire.http_requests.request`) with the target's Host; `host=None` leaves it out."""
        name = self.host if host == "" else host
        where = self.root if target is None else target
        return request(method, where, *lines, host=name, body=body, version=version, end=end)

    def get(self, *lines: Line, target: Line | None = None) -> bytes:
        """GET for the root, or another target."""
        return self.request("GET", target, *lines)

    def head(self, *lines: Line, target: Line | None = None) -> bytes:
        """HEAD for the root, or another target."""
        return self.request("HEAD", target, *lines)

    def post(self, *lines: Line, body: bytes = b"", target: Line | None = None) -> bytes:
        """POST to where bodies are taken; a body gets its Content-Length unless a line speaks of framing."""
        return self.request("POST", self.sink if target is None else target, *lines, body=body)

    def probe(self) -> bytes:
        """The octets of a request for what is not there (or for the echo), which asks for the close."""
        nonce = self.visit.nonce(f"nc-probe-{secrets.token_hex(8)}")
        self._probe = nonce.encode()
        return self.request("GET", self._marked(nonce, hidden=False), "Connection: close")

    def nowhere(self) -> bytes:
        """The octets of a request for what is not there, which asks for the close."""
        nonce = self.visit.nonce(f"nc-nowhere-{secrets.token_hex(8)}")
        return self.request("GET", f"{self._folder}/{nonce}", "Connection: close")

    @property
    def _folder(self) -> str:
        return self.root.rpartition("/")[0]

    def canary(self, method: str = "GET") -> bytes:
        """The octets of a request that is hidden in a stimulus, and must never be answered."""
        nonce = self.visit.nonce(f"nc-smug-{secrets.token_hex(8)}")
        self._hiding = True
        return self.request(method, self._marked(nonce, hidden=True))

    def _marked(self, nonce: str, *, hidden: bool) -> str:
        """Where a nonce goes: to the echo; else the probe's answer is that of nothing, and the canary's the root's."""
        if echo := self.target.options.get("echo"):
            return f"{echo}?{nonce}"
        return f"{self.root}?{nonce}" if hidden else f"{self._folder}/{nonce}"

    def basic(self, username: str | None = None, password: str | None = None) -> str:
        """The field line with the account's credentials, or others (RFC 7617 2); no report shows the account's."""
        own = self.target.account
        pair = f"{own[0] if username is None else username}:{own[1] if password is None else password}"
        encoded = base64.b64encode(pair.encode()).decode()
        if username is None and password is None:
            self.visit.transcript.hide(encoded.encode())
        return f"Authorization: Basic {encoded}"

    # -- saying

    def send(self, *what: Say) -> None:
        """Write everything in one go: each argument is one request, whose method is the word in front of it.

        Long octets are written in slices, and what comes meanwhile is read (RFC 9112 9.5): it may be all there is.
        """
        pieces = [octets(piece) for piece in what]
        self.framer.asked(*map(method_of, pieces))
        data = b"".join(pieces)
        if len(data) <= 2 * SLICE:
            super().send(data)
            return
        for start in range(0, len(data), SLICE):
            super().send(data[start : start + SLICE])
        self._said = shown(data)

    def send_more(self, data: bytes) -> None:
        """Write octets that belong to a request that was begun before."""
        super().send(data)

    @property
    def framer(self) -> ResponseFramer:
        """The framer, which must know what was asked."""
        assert isinstance(self._framer, ResponseFramer)
        return self._framer

    def renew(self) -> None:
        """Go on over a fresh connection."""
        self.wire.close()
        self.wire = self.visit.dial()
        self.wire.kept = KEPT
        self._framer = self._make_framer()
        self.over = self.broken = self._bye = False
        self._answered = 0

    # -- hearing

    def hear(self, expected: str = "", *, within: float | None = None) -> Response:
        """The next response, interim or final, whatever it is."""
        value = super().hear(expected, within=within)
        if value.final:
            self._answered += 1
            self._bye = value.closing
        return value

    def _await(self, what: str, seconds: float, pattern: bytes = b"") -> None:
        if not self._counting:
            super()._await(what, seconds, pattern)

    def weigh(self, value: Response, *codes: Code, **more: Any) -> None:
        """Judge an answer that was read already: by its status."""
        try:
            super().weigh(value, *codes, **more)
        except NonConformity as problem:
            if problem.pattern is not None:
                problem.pattern = rb"(?s:.*?)HTTP/[0-9.]+ " + problem.pattern
            raise

    def _ended_by_close(self) -> Response | None:
        self.framer.ended()
        return self.framer.next()

    def answer(self, expected: str = "", *, within: float | None = None) -> Response:
        """The next final response; interim ones go to `interim`."""
        self.interim = []
        while not (value := self.reply(expected, within=within)).final:
            self.interim.append(value)
        return value

    def ask(self, *requests: Say, within: float | None = None) -> Response:
        """Send one request (in pieces, if need be) and take its final response.

        Over a fresh connection where this one was closed, and once more where the close crossed our request.
        """
        if self._bye or self.over:
            self.renew()
        fresh = not self._answered
        data = b"".join(map(octets, requests))
        self.send(data)
        try:
            return self.answer(within=within)
        except NonConformity:
            if fresh or not self.over or self.unframed():
                raise
        self.renew()
        self.send(data)
        return self.answer(within=within)

    def echoed(self, *requests: Say) -> Echo:
        """What the echo says that it was asked. Raises NonConformity where it does not say."""
        answer = self.ask(*requests)
        echo = parse_echo(answer.body) if answer.status == 200 else None
        if echo is None:
            raise NonConformity("200 and the request as JSON", self._shown(answer.raw))
        return echo

    @property
    def etag(self) -> bytes:
        """The ETag of the original. Raises NotApplicable where it has none."""
        return self._validator("ETag")

    @property
    def modified(self) -> bytes:
        """The Last-Modified of the original. Raises NotApplicable where it has none."""
        return self._validator("Last-Modified")

    def _validator(self, name: str) -> bytes:
        value = self.original.fields.get(name)
        if not value:
            raise NotApplicable(name, f"{self.resource} has no {name}")
        return value

    def count(
        self,
        *stimulus: bytes,
        requests: int | None = None,
        codes: tuple[int, ...] = (400,),
        within: float | None = None,
        probe: bool = True,
    ) -> Answers:
        """Send a stimulus with a probe behind it, and hear everything up to the end.

        Each argument is one request, unless `requests` counts them otherwise. within: seconds for an answer that need
        not come, in place of the target's patience.
        """
        wanted = len(stimulus) if requests is None else requests
        self.send(*stimulus, *([self.probe()] if probe else []))
        finals: list[Response] = []
        interim: list[Response] = []
        end = End.OPEN
        self._await("end", self.target.patience if within is None else within)
        self._counting = True  # no answer is owed one by one
        while len(finals) < MOST:
            enough = len(finals) > wanted if probe else len(finals) >= wanted
            try:
                value = self.hear("an answer, or the end", within=self.target.window if enough else within)
            except NonConformity as problem:
                if not problem.passing:
                    raise
                end = (End.RESET if self.broken else End.CLOSED) if self.over else End.OPEN
                break
            (finals if value.final else interim).append(value)
        self._counting = False
        probed = probe and self._is_probe(finals, wanted)
        hidden = self._hidden(finals[wanted : -1 if probed else None])
        return Answers(tuple(finals), tuple(interim), end, wanted, probe, probed, hidden, codes)

    def _is_probe(self, finals: list[Response], wanted: int) -> bool:
        """Whether the last answer is the probe's: it repeats its word, or is what that always gets, in its place."""
        if not finals:
            return False
        if self.target.options.get("echo"):
            echo = parse_echo(finals[-1].body)
            return echo is not None and echo.target.endswith(self._probe.decode())
        if self._probe in finals[-1].raw:
            return True
        return len(finals) > wanted and finals[-1].status == self.usual("unknown")

    def _hidden(self, extra: list[Response]) -> Response | None:
        """The answer to a canary among those that were not asked for."""
        for response in extra:
            if CANARY.search(response.raw):
                return response
            if self._hiding and response.status == self.usual("root") != self.usual("unknown"):
                return response
        return None

    def usual(self, what: str) -> int:
        """The status that the sanity dialogue got for `root`, or for the `unknown`; 0 where it did not get so far."""
        return self.target.survey.facts.get(what, 0)

    # -- kinds of expectation, each with its evidence

    def known(self) -> None:
        """The target still gives its usual answers to the root, to the unknown and to a probe. Inconclusive otherwise.

        Whoever gives one answer to everything is found out here.
        """
        if "control" in self.visit.evidence:
            return
        for what, stimulus in (("root", self.get("Connection: close")), ("unknown", self.nowhere())):
            status = self._aside(stimulus).status
            if status != self.usual(what):
                raise Inconclusive(f"{status} where {self.usual(what)} is the usual answer to the {what}")
        other = type(self)(self.visit)
        if not other.count(requests=0).probed:
            raise Inconclusive("a probe was not answered as it usually is")
        other.wire.close()
        self.visit.evidence.add("control")

    def _aside(self, stimulus: bytes) -> Response:
        """The answer on a connection of its own. Inconclusive when there is none."""
        other = type(self)(self.visit)
        other.send(stimulus)
        try:
            return other.answer()
        except NonConformity as problem:
            raise Inconclusive(f"prerequisite not met: {problem}") from None
        finally:
            other.wire.close()

    def understood(self, *twin: bytes, codes: tuple[int, ...] = (400,)) -> Answers:
        """The twin of a stimulus: on a connection of its own it is answered, and the probe behind it too.

        Inconclusive where it is not: then a refusal of the stimulus would mean nothing.
        """
        self.known()
        other = type(self)(self.visit)
        answers = other.count(*twin, codes=codes)
        other.wire.close()
        if answers.fate not in UNDERSTOOD:
            raise Inconclusive(f"the twin, {shown(b''.join(twin))}, was not understood: {answers}")
        self.visit.evidence.add("twin")
        return answers

    def meets(
        self,
        stimulus: bytes,
        fates: Fate,
        *codes: int,
        twin: bytes | tuple[bytes, ...],
        tolerated: Mapping[int | Fate, str] | None = None,
        noted: Mapping[int | Fate, str] | None = None,
        requests: int = 1,
        within: float | None = None,
        probe: bool = True,
    ) -> Answers:
        """The stimulus, with a probe behind it, meets one of these fates, while its twin is understood.

        codes: the statuses that are a refusal (400 alone by default). `tolerated` and `noted` name statuses of the
        first answer, or fates. Where waiting is right, it is not waited longer than a silence window.
        """
        codes = codes or (400,)
        pair = twin if isinstance(twin, tuple) else (twin,)
        self.understood(*pair, codes=codes)
        patient = None if Fate.WAITING not in fates and Fate.SWALLOWED not in fates else self.target.window
        within = patient if within is None else within
        answers = self.count(stimulus, requests=requests, codes=codes, within=within, probe=probe)
        if answers.fate not in fates and answers.fate is Fate.SERVED_CLOSED and Fate.SERVED in fates:
            self.renew()  # the close may have crossed the probe (RFC 9112 9.5)
            answers = self.count(stimulus, requests=requests, codes=codes, within=within, probe=probe)
        self._weigh_fate(stimulus, answers, fates, tolerated or {}, noted or {})
        return answers

    def _weigh_fate(
        self,
        stimulus: bytes,
        answers: Answers,
        fates: Fate,
        tolerated: Mapping[int | Fate, str],
        noted: Mapping[int | Fate, str],
    ) -> None:
        fate = answers.fate
        first = answers.first.status if answers.first else 0
        expected = f"{told(fates, answers.codes)}, in answer to {self._shown(stimulus)}"
        if fate in fates:
            self.visit.evidence |= _evidence(fate)
            return
        for given, remember in ((noted, self._note_fate), (tolerated, self._tolerate_fate)):
            for key in (fate, first):
                if key in given:
                    remember(expected, answers, given[key])
                    return
        if first in (429, 503):
            raise Inconclusive(f"a temporary refusal, {first}, where {expected} was asked")
        lost = fate in (Fate.WAITING, Fate.SWALLOWED, Fate.DROPPED)
        raise NonConformity(expected, str(answers), owed=fate in WRONG_AT_ANY_LEVEL, passing=lost)

    def _note_fate(self, expected: str, answers: Answers, text: str) -> None:
        self.visit.note(f"{answers}: {text}")

    def _tolerate_fate(self, expected: str, answers: Answers, text: str) -> None:
        self.visit.deviations.append(Deviation(expected, str(answers), text))

    def is_refused(
        self,
        stimulus: bytes,
        *codes: int,
        twin: bytes | tuple[bytes, ...],
        fates: Fate = NO,
        tolerated: Mapping[int | Fate, str] | None = None,
        noted: Mapping[int | Fate, str] | None = None,
    ) -> Answers:
        """`meets` for what is refused: with one of `codes` and the close, or with the close alone."""
        return self.meets(stimulus, fates, *codes, twin=twin, tolerated=tolerated, noted=noted)

    def seen(self, answers: Answers) -> Echo | None:
        """What the application saw of a stimulus, by the echo; None where it never got there.

        Inconclusive where it was served and no echo says as what: give `?echo=`.
        """
        if answers.echo is not None or answers.fate not in UNDERSTOOD:
            return answers.echo
        raise Inconclusive(f"{answers}: served, and without ?echo= nobody can say as what")

    def lacks(self, echo: Echo, name: str) -> None:
        """The application saw no such field."""
        value = echo.fields.get(name)
        self.require(value is None, f"no field {name} in answer to {self._said}", f"{name}: ".encode() + (value or b""))

    def same_as(self, stimulus: bytes, plain: bytes, *, fates: Fate = NOWHERE, body: bool = False) -> Answers:
        """The stimulus gets the status (and the body) that the plain request gets; `fates` are as good."""
        right = self.understood(plain)
        answers = self.count(stimulus)
        if answers.fate in fates:
            self.visit.evidence |= _evidence(answers.fate)
            return answers
        wanted, found = right.first, answers.first
        assert wanted is not None
        expected = f"{wanted.status} in answer to {self._shown(stimulus)}, as for {self._shown(plain)}"
        expected += f"; {told(fates, (400,))} would do" if fates else ""
        lost = found is None
        self._same(found is not None and found.status == wanted.status, expected, str(answers), passing=lost)
        assert found is not None
        if body:
            self._same(found.body == wanted.body, expected + ", with the same body", self._shown(found.body))
        self._same(answers.fate in UNDERSTOOD, expected + ", and the probe's answer", str(answers))
        return answers

    def _same(self, truth: bool, expected: str, received: str, *, passing: bool = False) -> None:
        if not truth:
            raise NonConformity(expected, received, owed=passing, passing=passing)


#: Breaches that are none of style: a server that does these is out of step, or gone.
WRONG_AT_ANY_LEVEL = Fate.SMUGGLED | Fate.SPLIT | Fate.SWALLOWED | Fate.WAITING | Fate.MISFRAMED | Fate.GARBAGE


def _evidence(fate: Fate) -> set[str]:
    if fate in Fate.REFUSED | Fate.REFUSED_OPEN:
        return {"refusal"}
    return {"close"} if fate is Fate.DROPPED else {"silence"}


def _authority(host: str, port: int) -> str:
    name = f"[{host}]" if ":" in host else host or "localhost"
    return name if port in (0, 80, 443) else f"{name}:{port}"

"""Talking HTTP/1.1 (RFC 9112): requests as octets, said as they are, and their answers, one by one.

Connections may be closed after any answer (RFC 9112 9.5): what is asked next goes over a fresh one then. It must not
judge what is answered.
"""

from __future__ import annotations

import base64
import secrets
import time
from collections.abc import Mapping
from typing import Any, ClassVar

from pytest_netconform.codes import Code, listed
from pytest_netconform.dialogue import Dialogue, Say
from pytest_netconform.transport import Gone, Silence, TlsFailure
from pytest_netconform.verdict import NonConformity, NotApplicable
from pytest_netconform.visit import Visit, shown
from pytest_netconform.wire.cuts import Cut
from pytest_netconform.wire.http import Fields, Response
from pytest_netconform.wire.http_echo import Echo, parse_echo
from pytest_netconform.wire.http_framer import ResponseFramer
from pytest_netconform.wire.http_requests import Line, method_of, octets, request

SLICE = 1 << 16  # octets that are written before what came is looked at
SLICE_SECONDS = 0.004  # in which a server may say between two of them that he has had enough
KEPT = 1 << 14  # octets of one writing that a transcript keeps
NOTHING = Response(b"", 0, b"", Fields(), b"", b"")


class HttpTalk(Dialogue[Response]):
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
        self._used = False  # whether anything was said on this connection
        self._cut = self.wire.cut
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
        spec = self.target.spec
        name = f"[{spec.host}]" if ":" in spec.host else spec.host or "localhost"
        return self.target.options.get("host") or (name if spec.port in (0, spec.way.port) else f"{name}:{spec.port}")

    @property
    def scheme(self) -> str:
        """`http`, or `https` inside TLS."""
        return "https" if self.wire.secure else "http"

    @property
    def names(self) -> tuple[str, str]:
        """Two host names with different roots (`?vhosts=`). Raises NotApplicable when they were not given."""
        first, _, second = self.target.option("vhosts").partition(",")
        return first.strip(), second.strip()

    def path(self, option: str) -> str:
        """The path that an option names. Raises NotApplicable when it was not given."""
        return self.target.option(option)

    @property
    def sink(self) -> str:
        """A path that takes a request's body where one was named, else the root."""
        return self.target.options.get("echo") or self.root

    def today(self) -> float:
        """The moment by this machine's calendar, in seconds since 1970."""
        return time.time()

    @property
    def proxied(self) -> bool:
        """Whether the user says that a proxy answers (`?via=proxy`), and another server behind it."""
        return self.target.options.get("via") == "proxy"

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
            return f"{echo}{'&' if '?' in echo else '?'}{nonce}"
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
        self._used = True
        pieces = [octets(piece) for piece in what]
        self.framer.asked(*map(method_of, pieces))
        data = b"".join(pieces)
        if len(data) <= 2 * SLICE:
            super().send(data)
            return
        for start in range(0, len(data), SLICE):
            super().send(data[start : start + SLICE])
            if not self._listen():
                break
        self._said = shown(data)

    def _listen(self) -> bool:
        """Take what comes while we write, before a reset can destroy it; whether writing on makes sense."""
        try:
            data = self.wire.receive(self.wire.now() + SLICE_SECONDS)
        except Silence:
            return True
        except (Gone, TlsFailure):
            return False
        self.framer.feed(data)
        return bool(data)

    def send_more(self, data: bytes) -> None:
        """Write octets that belong to a request that was begun before."""
        self._used = True
        super().send(data)

    def cut(self, how: Cut) -> None:
        """Say everything from now on in segments that are cut like that."""
        self._cut = self.wire.cut = how

    @property
    def framer(self) -> ResponseFramer:
        """The framer, which must know what was asked."""
        assert isinstance(self._framer, ResponseFramer)
        return self._framer

    def renew(self) -> None:
        """Go on over a fresh connection, if this one was used."""
        if not self._used:
            return
        self.wire.close()
        self.wire = self.visit.dial()
        self.wire.kept, self.wire.cut = KEPT, self._cut
        self._framer = self._make_framer()
        self.over = self.broken = self._bye = self._used = False
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

    def exchange(
        self,
        command: Say,
        *codes: Code,
        tolerated: Mapping[Code, str] | None = None,
        noted: Mapping[Code, str] | None = None,
        within: float | None = None,
    ) -> Response:
        """Ask one thing and expect one of these statuses: `ask`, and `weigh`."""
        value = self.ask(command, within=within)
        expected = f"{listed(codes)} in answer to {self._said}"
        self.weigh(value, *codes, tolerated=tolerated, noted=noted, expected=expected)
        return value

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

    def usual(self, what: str) -> int:
        """The status that the sanity dialogue got for `root`, or for the `unknown`; 0 where it did not get so far."""
        return self.target.survey.facts.get(what, 0)

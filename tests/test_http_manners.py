"""HTTP targets that are odd, wrong or hostile: the run says so in one line, is bounded, and never fails on our side."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import pytest

from pytest_netconform.ca import Authority
from pytest_netconform.dialogues.http import Http
from pytest_netconform.fixtures.http import COLUMN
from pytest_netconform.fixtures.network import memory_target, socket_target
from pytest_netconform.judge import survey
from pytest_netconform.reference_servers.host import serving
from pytest_netconform.reference_servers.session import Close, Session, TellWhenSent
from pytest_netconform.target import Target, TargetError, parse_target
from pytest_netconform.verdict import Verdict
from pytest_netconform.visit import Visit
from tests.gates import Gate, cases

Answer = Callable[[bytes], bytes]  # from a head to what is said to it; b"" ends the connection


class Scripted(Session):
    """Gives each head its answer."""

    def __init__(self, answer: Answer, closing: bool = False) -> None:
        super().__init__()
        self._answer, self._closing, self._input = answer, closing, b""

    def on_data(self, data: bytes) -> None:
        self._input += data
        while b"\r\n\r\n" in self._input:
            head, _, self._input = self._input.partition(b"\r\n\r\n")
            answer = self._answer(head + b"\r\n\r\n")
            self.send(answer)
            if not answer or self._closing or b"\r\nConnection: close" in head:
                self.act(Close())
                return


class Hasty(Session):
    """Says 400 to whatever comes, and leaves."""

    def on_data(self, data: bytes) -> None:
        self.send(page("400 Bad Request"))
        self.act(Close())


class Endless(Session):
    """Begins as it was told, and repeats the rest for ever."""

    def __init__(self, head: bytes, piece: bytes) -> None:
        super().__init__()
        self._head, self._piece = head, piece

    def on_data(self, data: bytes) -> None:
        self.send(self._head)
        self.on_sent()

    def on_sent(self) -> None:
        self.send(self._piece)
        self.act(TellWhenSent())


def page(status: str, body: bytes = b"page", *lines: bytes) -> bytes:
    """A whole response."""
    head = [f"HTTP/1.1 {status}".encode(), *lines, b"Content-Length: %d" % len(body)]
    return b"".join(line + b"\r\n" for line in (*head, b"")) + body


def target_of(make: Callable[[], Session]) -> Target:
    """A surveyed target."""
    target = memory_target("http", {"bare": "1"}, make_session=make)
    survey(target, COLUMN)
    return target


def sane(head: bytes, root: bytes) -> bytes:
    """A server with one page, that answers GET and HEAD for it, 404 for the rest, and refuses what is broken."""
    words = head.split(b"\r\n")[0].split(b" ")
    if len(words) != 3 or words[0] not in (b"GET", b"HEAD"):
        return page("400 Bad Request", b"", b"Connection: close")
    answer = root if words[1] == b"/" else page("404 Not Found", b"none")
    return answer if words[0] == b"GET" else answer[: answer.index(b"\r\n\r\n") + 4]


@pytest.mark.parametrize(
    "root",
    [
        page("200 OK"),
        page("301 Moved Permanently", b"", b"Location: https://www.example.test/"),
        page("302 Found", b"", b"Location: /login"),
        page("401 Unauthorized", b"who?", b'WWW-Authenticate: Basic realm="x"'),
        page("403 Forbidden", b""),
        page("404 Not Found", b"nothing here"),
        page("405 Method Not Allowed", b"POST only", b"Allow: POST"),
        b"HTTP/1.1 204 No Content\r\n\r\n",
    ],
    ids=lambda root: root[9:12].decode(),
)
def test_any_stable_root_is_sane(root: bytes) -> None:
    """Whatever the root answers will do, as long as it is the same each time."""
    assert target_of(lambda: Scripted(lambda head: sane(head, root))).survey.sound


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            page("400 Bad Request"),
            "the root answers 400: does it want another name (?host=), or is it an https:// URL?",
        ),
        (page("500 Oops"), "the root answers 500; name another path in the URL"),
        (b"<html>hello</html>", "it answers <html>hello</html>, which is no HTTP/1.1 response"),
        (b"\x15\x03\x01\x00\x02\x02\x46", "it answers with a TLS record; is it an https:// URL?"),
        (b"220 mail.example.test ESMTP\r\n", "it answers 220 mail.example.test ESMTP, which is no HTTP/1.1 response"),
        (b"", "the connection was closed"),
    ],
)
def test_what_is_wrong_with_a_root_is_said_in_one_line(answer: bytes, said: str) -> None:
    """A target that is no HTTP server, or not at this name, is told from one that breaks rules."""
    target = target_of(lambda: Scripted(lambda head: answer, closing=True))
    assert not target.survey.sound
    assert said in target.survey.problem and "\n" not in target.survey.problem


@pytest.mark.parametrize("closing", [False, True], ids=["open", "closing"])
def test_one_answer_to_everything_is_not_sane(closing: bool) -> None:
    """Who says 404 with a body to GET, HEAD and the unknown alike has understood nothing."""
    answer = page("404 Not Found", b"none\n")
    target = target_of(lambda: Scripted(lambda head: answer, closing=closing))
    assert not target.survey.returned and not target.survey.sound


def test_a_server_of_one_name() -> None:
    """Who answers 421 to other names is sane where ?host= says the right one."""

    def answer(head: bytes) -> bytes:
        right = b"Host: right.example" in head or len(head.split(b" ")) < 3
        return sane(head, page("200 OK")) if right else page("421 Misdirected Request", b"")

    def surveyed(options: dict[str, str]) -> Target:
        target = memory_target("http", {"bare": "1", **options}, make_session=lambda: Scripted(answer))
        survey(target, COLUMN)
        return target

    assert not surveyed({}).survey.sound
    assert surveyed({"host": "right.example"}).survey.sound


def test_a_root_that_changes_its_mind() -> None:
    """Two answers to one request are no ground to stand on."""
    turns = iter(range(100))
    target = target_of(lambda: Scripted(lambda head: page("200 OK") if next(turns) % 2 else page("404 None")))
    assert not target.survey.accepted and target.survey.problem == "the root answers 404, and then 200"


_GZIP = zlib.compressobj(wbits=31)
BOMB = _GZIP.compress(b"\0" * 10_000_000) + _GZIP.flush()
HOSTILE: dict[str, Callable[[], Session]] = {
    "endless-head": lambda: Endless(b"HTTP/1.1 200 OK\r\n", b"X-Endless: " + b"a" * 60_000 + b"\r\n"),
    "endless-field": lambda: Endless(b"HTTP/1.1 200 OK\r\nX: ", b"a" * (1 << 20)),
    "endless-interim": lambda: Endless(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 50),
    "endless-chunk": lambda: Endless(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;", b"a" * 60_000),
    "endless-trailers": lambda: Endless(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X: 1\r\n" * 10_000
    ),
    "endless-garbage": lambda: Endless(b"", b"a" * (1 << 22)),
    "huge-length": lambda: Scripted(lambda head: b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 400 + b"\r\n\r\n"),
    "huge-chunk": lambda: Scripted(
        lambda head: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"F" * 31 + b"\r\n"
    ),
    "short-body": lambda: Scripted(lambda head: page("200 OK").replace(b"Length: 4", b"Length: 40"), closing=True),
    "long-field": lambda: Scripted(lambda head: page("200 OK", b"", b"X: " + b"a" * 10_000_000)),
    "gzip-bomb": lambda: Scripted(lambda head: page("200 OK", BOMB, b"Content-Encoding: gzip")),
    "http-0.9": lambda: Scripted(lambda head: b"<html></html>", closing=True),
    "endless-body": lambda: Endless(b"HTTP/1.1 200 OK\r\n\r\n", b"a" * (1 << 20)),
    "endless-counted-body": lambda: Endless(
        b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n", b"a" * (1 << 20)
    ),
    "endless-chunks": lambda: Endless(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b"a" * 65_536 + b"\r\n"
    ),
    "nul": lambda: Scripted(lambda head: b"\0" * 1000),
    "half-a-head": lambda: Scripted(lambda head: b"HTTP/1.1 200 OK\r\nConte", closing=True),
    "no-status": lambda: Scripted(lambda head: b"HTTP/1.1 \xff\xfe\r\n\r\n"),
}


RESOURCES = {option: f"/{option}" for option in ("static", "big", "gzip", "dynamic", "echo", "directory", "empty")}
#: what a server of good manners says of a resource that a check asks for by its option
HOSTILE_RESOURCES = {
    "gzip-bomb": page("200 OK", BOMB, b"Content-Encoding: gzip", b"Vary: Accept-Encoding"),
    "long-field": page("200 OK", b"page", b"X: " + b"a" * 1_000_000),
    "short-body": page("200 OK").replace(b"Length: 4", b"Length: 40"),
    "http-0.9": b"<html></html>",
    "deep-json": page("200 OK", b"[" * 100_000, b"Content-Type: application/json"),
    "no-chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
}


@pytest.mark.parametrize("name", HOSTILE_RESOURCES)
def test_hostile_resources_of_a_sane_server(name: str) -> None:
    """Behind a sound root, a resource may be anything: what asks for it comes to a verdict, and none is our error."""

    def answer(head: bytes) -> bytes:
        asked = head.split(b" ")[1:2] != [b"/"] and head.split(b" ")[1:2] != []
        named = asked and head.split(b" ")[1].partition(b"?")[0].decode("latin-1") in RESOURCES.values()
        return HOSTILE_RESOURCES[name] if named and head[:4] == b"GET " else sane(head, page("200 OK"))

    gate = Gate("http", {"bare": "1", **RESOURCES}, make_session=lambda: Scripted(answer))
    assert gate.survey.sound
    for case in cases("http"):
        if (
            any(rung in case.rungs for rung in ("http_static", "http_echo"))
            or "gzip" in case.name
            or "big" in case.name
        ):
            outcome = gate.judge(case)
            assert outcome.verdict is not Verdict.ERROR, (case.name, outcome)


def _surveyed_over_sockets(make: Callable[[], Session], scheme: str, tls: bool) -> str:
    with Authority() as authority:
        context = authority.server_context() if tls else None
        with serving(make, tls=context, implicit_tls=tls) as host:
            target = socket_target(parse_target(f"{scheme}://{host.host}:{host.port}?patience=2"))
            try:
                survey(target, COLUMN)
            except TargetError as error:
                return str(error)
    assert not target.survey.sound
    return target.survey.problem


def test_tls_at_an_http_url_is_said_in_one_line() -> None:
    """A server that wants a TLS handshake closes on a request in clear, or answers with an alert."""
    said = _surveyed_over_sockets(lambda: Scripted(lambda head: sane(head, page("200 OK"))), "http", tls=True)
    assert "is it an https:// URL?" in said and "\n" not in said


def test_clear_text_at_an_https_url_is_said_in_one_line() -> None:
    """A server that speaks in clear answers a TLS hello with something else."""
    said = _surveyed_over_sockets(Hasty, "https", tls=False)
    assert said.startswith("no TLS with 127.0.0.1:") and "\n" not in said


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_answers_are_outcomes(name: str) -> None:
    """Whatever a server says, every check ends with a verdict that is ours to give, and none is green."""
    gate = Gate("http", {"bare": "1"}, make_session=HOSTILE[name])
    for case in cases("http")[:40]:
        outcome = gate.judge(case)
        assert outcome.verdict not in (Verdict.PASS, Verdict.OBSERVED, Verdict.ERROR), (case.name, outcome)


def test_a_redirecting_root_is_judged() -> None:
    """Checks run on a server whose root is elsewhere."""
    moved = page("301 Moved", b"", b"Location: /home")
    gate = Gate("http", {"bare": "1"}, make_session=lambda: Scripted(lambda head: sane(head, moved)))
    verdicts = {gate.judge(case).verdict for case in cases("http")}
    assert Verdict.PASS in verdicts and Verdict.ERROR not in verdicts


def test_big_requests_are_written_while_reading() -> None:
    """A refusal in the middle of a megabyte is heard."""
    target = target_of(lambda: Scripted(lambda head: sane(head, page("200 OK"))))
    http = Http(Visit(target))
    http.known()
    assert http.ask(http.get("X-Big: " + "a" * 1_000_000)).status == 200

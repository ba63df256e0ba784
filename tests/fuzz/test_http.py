"""The HTTP model and walk: right dialogues pass, and each wrong answer breaks its rule."""

from __future__ import annotations

import pytest

from pytest_netconform.dialogues.http_fates import Fate
from pytest_netconform.fixtures.network import column_of, memory_target
from pytest_netconform.judge import survey
from pytest_netconform.models.http import FRAMES, RULES, HttpModel, body_of, path_of
from pytest_netconform.models.http_tricks import TRICKS
from pytest_netconform.models.model import Step, Wrong
from pytest_netconform.protocols import PROTOCOLS
from pytest_netconform.reference_servers.mutants.mutant import mutants_of
from pytest_netconform.strategies.http_tricks import SAID
from pytest_netconform.verdict import NonConformity
from pytest_netconform.visit import Visit
from pytest_netconform.walks.http import EVERY_FATE, USUAL, HttpWalk
from pytest_netconform.wire.http import Response
from pytest_netconform.wire.http_framer import responses
from pytest_netconform.wire.http_requests import chunked, request

STATUSES = {(b"GET", b"/"): frozenset({200}), (b"POST", b"/"): frozenset({405}), (b"POST", b"/echo"): frozenset({200})}
GET = request("GET", "/", host="a.example")
LAST = request("GET", "/", "Connection: close", host="a.example")
CHUNKS = request("POST", "/echo?n=1", "Transfer-Encoding: chunked", host="a.example", body=chunked(b"he", b"llo"))


def _response(octets: bytes) -> Response:
    (found,) = responses(octets)
    return found


OK = _response(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK")
BYE = _response(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nOK")


def _model() -> HttpModel:
    return HttpModel(STATUSES, frozenset({"get", "post", "chunked"}), echo=b"/echo")


def _wrong(rule: str, word: str, said: bytes, *answers: Response, interim: bool = False) -> None:
    model = _model()
    *good, bad = answers
    for answer in good:
        model.hear(Step(word), said, answer)
    with pytest.raises(Wrong) as caught:
        (model.interim if interim else model.hear)(Step(word), said, bad)
    assert caught.value.rule == rule


def _echoed(body: str, target: str = "/echo?n=1") -> Response:
    content = b'{"method": "POST", "target": "%s", "body": "%s"}' % (target.encode(), body.encode())
    return _response(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(content), content))


def test_a_right_dialogue() -> None:
    """Answers as always, an announced close, and a request to close."""
    model = _model()
    model.hear(Step("plain"), GET, OK)
    assert not model.over
    model.hear(Step("chunked"), CHUNKS, _echoed("hello"))
    model.hear(Step("plain"), GET, BYE)
    assert model.over
    model.begin()
    model.hear(Step("last"), LAST, OK)
    assert model.over and model.possible("half") and not model.possible("put")


def test_what_a_request_may_be_refused_by() -> None:
    """411 to chunks, 417 to Expect: allowed, and nothing else is."""
    model = _model()
    model.hear(Step("chunked"), CHUNKS, _response(b"HTTP/1.1 411 Length Required\r\nContent-Length: 0\r\n\r\n"))
    _wrong(RULES["chunked"], "chunked", CHUNKS, _response(b"HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n"))
    _wrong(RULES["plain"], "plain", GET, _response(b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"))


@pytest.mark.parametrize("answer", [_echoed("hell"), _echoed("hello", "/echo?n=2")], ids=["body", "turn"])
def test_the_echo_of_another_request(answer: Response) -> None:
    """What the application got is what was sent, in its turn."""
    _wrong(RULES["echo"], "chunked", CHUNKS, answer)


@pytest.mark.parametrize(
    ("section", "octets"),
    [
        ("RFC 9112 2.1", b"\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        ("RFC 9112 6.2", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        ("RFC 9112 8", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"),
        ("RFC 9110 8.6", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n"),
        ("RFC 9112 7.1", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n"),
    ],
)
def test_frames(section: str, octets: bytes) -> None:
    """A response whose beginning or end is in doubt breaks the rule of its section."""
    with pytest.raises(Wrong) as caught:
        _model().hear(Step("plain"), GET, responses(octets)[0])
    assert caught.value.rule == FRAMES[section]


def test_interim_responses() -> None:
    """1xx is for HTTP/1.1."""
    early = _response(b"HTTP/1.1 100 Continue\r\n\r\n")
    _model().interim(Step("expect"), GET, early)
    old = request("GET", "/", host="a.example", version="HTTP/1.0")
    _wrong(RULES["interim"], "ten", old, early, interim=True)
    _wrong(RULES["switch"], "plain", GET, _response(b"HTTP/1.1 101 Other\r\nUpgrade: x\r\n\r\n"))


def test_a_close_that_nobody_announced() -> None:
    """Once, it may cross a request; behind the first answer of each connection, it is to be announced."""
    model = _model()
    model.hear(Step("plain"), GET, OK)
    model.closed()
    model.begin()
    model.hear(Step("plain"), GET, OK)
    with pytest.raises(Wrong) as caught:
        model.closed()
    assert caught.value.rule == RULES["unsaid"]


def test_parts_of_requests() -> None:
    """Bodies are decoded, and targets are led back to their paths."""
    assert body_of(CHUNKS) == b"hello" == body_of(request("POST", "/", host="a", body=b"hello"))
    assert path_of(b"http://a.example/x?y") == b"/x" == path_of(b"/x") and path_of(b"http://a.example?y") == b"/"


def test_tricks_and_their_octets() -> None:
    """Whatever is said has a rule, and every rule is about something that is said; fates have their names."""
    assert SAID.keys() == TRICKS.keys()
    for trick in TRICKS.values():
        assert trick.right | trick.early <= EVERY_FATE
        assert "SMUGGLED" not in trick.right | trick.early and "MISFRAMED" not in trick.right
    assert len(EVERY_FATE) == len(Fate)


def _walk(name: str = "") -> HttpWalk:
    chosen = [mutant for mutant in mutants_of("http") if mutant.name == name]
    target = memory_target("http", chosen[0].options if chosen else {}, chosen[0].session if chosen else None)
    column = column_of(PROTOCOLS["http"])
    survey(target, column)
    walk = column.rungs["walk"](Visit(target))
    assert isinstance(walk, HttpWalk)
    return walk


ASKS = b"GET %{root} HTTP/1.1\r\nHost: %{host}\r\n\r\n"
POSTS = b"POST %{sink} HTTP/1.1\r\nHost: %{host}\r\nContent-Length: 5\r\n\r\nhello"


@pytest.mark.parametrize("word", SAID)
def test_every_trick_at_the_reference(word: str) -> None:
    """Behind two valid requests in one write each spoilt one gets what is right, and a new connection is served."""
    walk = _walk()
    for say in SAID[word]:
        for step in (Step("plain", ASKS, ahead=True), Step("counted", POSTS, ahead=True), Step(word, say)):
            walk.take(step)
    walk.finish()
    assert walk.answers.count(USUAL) >= 2 * len(SAID[word])


@pytest.mark.parametrize(
    ("mutant", "steps", "rule"),
    [
        ("closes_unsaid", [Step("plain", ASKS)] * 3, RULES["unsaid"]),
        ("line_behind_answer", [Step("plain", ASKS)] * 2, FRAMES["RFC 9112 2.1"]),
        ("resumes_behind_bad_chunk", [Step("chunk-bad", SAID["chunk-bad"][0])], TRICKS["chunk-bad"].rule),
        ("half_a_body_will_do", [Step("half", POSTS[:-2])], RULES["half"]),
        ("octal_length", [Step("length-zero", SAID["length-zero"][0])], TRICKS["length-zero"].rule),
    ],
)
def test_what_walks_find(mutant: str, steps: list[Step], rule: str) -> None:
    """A few mutants, by what is wrong about them."""
    walk = _walk(mutant)
    with pytest.raises(NonConformity):
        for step in steps:
            walk.take(step)
        walk.finish()
    assert walk.rule == rule

"""Persistence (RFC 9112 9): which connections go on, which end, and what either side says about it.

A server may close any connection at any time (RFC 9112 9.5). What it says of it must be true, what was asked for must
be done, and the body of a request that nobody wants must not be taken for the next one.
"""

from __future__ import annotations

import pytest

from pytest_netconform.dialogues.http import Http
from pytest_netconform.dialogues.http_fates import REFUSAL, UNDERSTOOD, End, Fate
from pytest_netconform.requirement import INTEROP, MUST, SHOULD, hostile, requirement, serial, slow
from pytest_netconform.verdict import NonConformity
from pytest_netconform.visit import shown
from pytest_netconform.wire.http import Framing, Response

ANY = UNDERSTOOD | REFUSAL | Fate.DROPPED
REFUSING = (400, 404, 405, 411, 413, 501)
CLOSE = "Connection: close"
KEEP = "Connection: keep-alive"
LARGE = 300_000  # octets of a body that nobody reads
HUGE = 6 << 20  # and of one that does not fit into the network
PATIENT = 90.0  # seconds for half a head: what servers wait by default, and a little more
PROMPT = 2.0  # seconds in which another client is answered


def _says_close(value: Response) -> bool:
    return "close" in value.fields.words("Connection") or value.version == b"HTTP/1.0"


# -- what goes on


@requirement("HTTP-9112-9.3-persistent", SHOULD, "RFC 9112 9.3", "Connections persist, unless the answer says close.")
def test_second_request(http: Http) -> None:
    """A second request is answered on the same connection, or the first answer said that none would be."""
    http.known()
    expected = "a second answer on the connection, or an announced close"
    for _ in range(2):  # the close may have crossed the request (RFC 9112 9.5)
        http.renew()
        answers = http.count(http.get())
        told = bool(answers.own) and _says_close(answers.own[-1])
        if answers.fate is Fate.SERVED or (answers.fate is Fate.SERVED_CLOSED and told):
            break
    else:
        raise NonConformity(expected, str(answers), passing=True)
    http.visit.evidence.add("silence")
    if told:
        http.note("the connection is closed behind any answer, as announced")


@requirement(
    "HTTP-9112-9.3-close-announced", MUST, "RFC 9112 9.3", "Who keeps no connection says close in each answer."
)
@pytest.mark.parametrize("stimulus", ["get", "head", "unknown"])
def test_close_that_is_announced(http: Http, stimulus: str) -> None:
    """Where the connection ends behind every answer, every answer says so."""
    http.known()
    http.renew()
    if http.count(http.get()).fate is Fate.SERVED:
        http.not_applicable("its connections persist")
    http.renew()
    where = "/nc-nothing" if stimulus == "unknown" else http.root
    http.send(http.request("HEAD" if stimulus == "head" else "GET", where))
    value = http.answer()
    http.closes("behind any answer, as before")
    http.require(_says_close(value), "Connection: close, where the connection is closed behind any answer", value.head)


# -- HTTP/1.0


@requirement("HTTP-9112-9.3-http10-close", MUST, "RFC 9112 9.3", "Behind an answer to HTTP/1.0 comes the close.")
def test_close_behind_http10(http: Http) -> None:
    """Who did not ask for more waits for the end."""
    http.closes_behind(http.request("GET", version="HTTP/1.0"), twin=http.get())


@requirement(
    "HTTP-9112-9.3-http10-keepalive", MUST, "RFC 9112 9.3, C.2.2", "HTTP/1.0 is kept as it asks, and told, or closed."
)
def test_keep_alive_in_http10(http: Http) -> None:
    """The connection ends; or the answer says keep-alive and how long it is, and a second request is answered."""
    # Field note: h11 (uvicorn, hypercorn) always closes, which is right as well.
    http.known()
    http.renew()
    request = http.request("GET", None, KEEP, version="HTTP/1.0")
    http.send(request)
    value = http.answer("an answer to HTTP/1.0 whose end can be told, or the close behind it")
    if value.framing is Framing.CLOSE or http.ended():
        http.visit.evidence.add("close")
        return
    if "keep-alive" not in value.fields.words("Connection"):
        http.tolerate("Connection: keep-alive, or the close", value.head, "kept open, and an old client is not told")
    http.send(request)
    try:
        again = http.answer("a second answer on the connection that was kept")
    except NonConformity:
        if not http.over:
            raise
        http.visit.evidence.add("close")  # it crossed our request (RFC 9112 9.5)
        return
    http.require(again.status == value.status, f"{value.status} once more", again.raw[:200])
    http.visit.evidence.add("twin")


# -- what ends


@requirement("HTTP-9112-9.3-conn-list", MUST, "RFC 9110 7.6.1, RFC 9112 9.6", "Connection is a list of options.")
@pytest.mark.parametrize(
    "lines",
    [("Connection: nc-foo, CLOSE",), ("Connection: nc-foo", CLOSE), ("Connection: keep-alive, close",)],
    ids=["case", "lines", "both"],
)
def test_close_among_other_options(http: Http, lines: tuple[str, ...]) -> None:
    """close is honoured in any case, beside other options, and in a second line."""
    # Field note: waitress 3.0 and http.server (3.11) compare the whole value with close.
    http.closes_behind(http.get(*lines), twin=http.get("Connection: nc-foo"))


@requirement("HTTP-9112-9.6-close-honoured", MUST, "RFC 9112 9.6", "Who asks for the close gets it behind the answer.")
def test_close(http: Http) -> None:
    """The answer comes, and then the end."""
    http.closes_behind(http.get(CLOSE), twin=http.get())


@requirement("HTTP-9112-9.6-close-echo", SHOULD, "RFC 9112 9.6", "The last answer says close.")
def test_close_is_repeated(http: Http) -> None:
    """Where the close was asked for the answer announces it."""
    value = http.closes_behind(http.get(CLOSE), twin=http.get())
    http.require(_says_close(value), "Connection: close in the last answer", value.head)


@requirement(
    "HTTP-9112-9.6-no-more-after-close", MUST, "RFC 9112 9.6", "Nothing is answered behind a request to close."
)
@hostile
def test_request_behind_the_last(http: Http) -> None:
    """One answer, and the end: the request that was sent behind it is not looked at."""
    # Field note: hypercorn 0.18 (h11) and aiohttp 3.14 refuse the whole, for no client may go on behind his own close.
    noted: dict[int | Fate, str] = dict.fromkeys((Fate.REFUSED, Fate.DROPPED), "refused for what stands behind it")
    http.meets(http.get(CLOSE), Fate.SERVED_CLOSED, twin=http.get(), noted=noted)


@requirement("HTTP-9112-9.6-server-close-binds", MUST, "RFC 9112 9.6", "Who says close closes, and answers no more.")
@pytest.mark.parametrize("stimulus", ["get", "close", "unknown", "garbage"])
def test_announced_close(http: Http, stimulus: str) -> None:
    """Behind an answer with Connection: close comes the end of the connection."""
    octets = {
        "get": http.get(),
        "close": http.get(CLOSE),
        "unknown": http.get(target="/nc-nothing"),
        "garbage": b"NETCONFORM\r\n\r\n",
    }[stimulus]
    http.known()
    http.renew()
    answers = http.count(octets)
    if not answers.finals or "close" not in answers.finals[0].fields.words("Connection"):
        http.not_applicable("this answer announces no close")
    http.visit.evidence |= {"close", "twin"}
    if len(answers.finals) > 1 or answers.end is End.OPEN:
        expected = "the close behind an answer that announces it"
        raise NonConformity(expected, str(answers), owed=True, passing=len(answers.finals) == 1)


# -- bodies that nobody wants


@requirement("HTTP-9112-9.3-read-or-close", MUST, "RFC 9112 9.3", "A body is read to its end, or the connection ends.")
@hostile
@pytest.mark.parametrize("where", ["root", "nothing"])
def test_body_that_nobody_wants(http: Http, where: str) -> None:
    """300 kB for what takes none: no octet of them is taken for a request."""
    target = http.root if where == "root" else "/nc-nothing"
    stimulus = http.post(body=http.canary() + b"x" * LARGE, target=target)
    http.meets(stimulus, ANY, *REFUSING, twin=http.post("Content-Length: 0", target=target))


@requirement("HTTP-9112-9.6-lingering", INTEROP, "RFC 9112 9.6", "An early answer to a huge body can be read.")
@hostile
def test_early_answer_to_a_huge_body(http: Http) -> None:
    """Recorded: whether an answer is read to its end although the body is still being written."""
    http.known()
    http.renew()
    answers = http.count(http.post(body=b"x" * HUGE, target="/nc-nothing"), probe=False)
    whole = answers.first is not None and answers.first.complete and not answers.first.problem
    http.observe("a whole answer" if whole else "no whole answer")


# -- silence, halves and time


def _says_nothing(http: Http, when: str) -> None:
    """Silence for a window, or the close; 408 in front of the close is noted."""
    expected = f"no octets {when}"
    http.visit.evidence.add("silence")
    try:
        value = http.hear(expected, within=http.target.window)
    except NonConformity:
        http.require(not http.unframed(), expected, http.unframed())
        return
    if value.status != 408:
        raise NonConformity(expected, shown(value.raw), owed=True)
    http.note(f"408 {when}")


@requirement("HTTP-9112-9.2-no-unsolicited", MUST, "RFC 9112 9.2", "Nothing is said that was not asked for.")
def test_silence_before_and_behind(http: Http) -> None:
    """No octet comes before the first request, and none behind the answer to it."""
    # Field note: some say 408 before they close an idle connection.
    _says_nothing(http, "before the first request")
    if http.over:
        http.not_applicable("the connection is closed before the first request")
    http.known()
    http.renew()
    http.ask(http.get())
    _says_nothing(http, "behind the answer")


@requirement("HTTP-9112-9.6-client-half-close", INTEROP, "RFC 9112 9.6", "A client that has said all, and listens.")
def test_half_closed(http: Http) -> None:
    """Recorded: whether a request is answered behind which the client ends his half."""
    # Field note: servers on asyncio may take the end of one half for that of both.
    http.known()
    http.renew()
    http.send(http.get(CLOSE))
    http.wire.shutdown()
    try:
        http.observe(http.answer().status)
    except NonConformity:
        if not http.over:
            raise
        http.observe("the close, without an answer")


@requirement(
    "HTTP-9112-9.5-partial-timeout", INTEROP, "RFC 9112 9.5, RFC 9110 15.5.9", "Half a head is not waited for."
)
@slow
def test_half_a_head(http: Http) -> None:
    """Recorded: 408 or the close, or how long neither came."""
    http.known()
    http.renew()
    http.send(http.get()[:-2])
    value = http.heard(window=PATIENT)
    if value is not None:
        http.observe(f"{value.status} before long")
    else:
        http.observe("the close" if http.over else f"still waiting after {PATIENT:g} s")


@requirement("HTTP-9112-9.5-slow-header-isolated", INTEROP, "RFC 9112 9.5", "A slow client keeps nobody waiting.")
@serial
def test_slow_client_beside_another(http: Http) -> None:
    """Recorded: whether a second client is answered while the first one has sent half a head."""
    # Field note: gunicorn's sync worker and http.server serve one after the other.
    http.known()
    http.renew()
    http.send(http.get()[:-2])
    other = http.sibling()
    other.send(other.get(CLOSE))
    answered = other.heard(window=PROMPT) is not None
    silent = f"the other hears nothing: it waits for more than {PROMPT:g} s"
    http.observe("the other is answered" if answered else silent)


NOT_CHECKED: list[tuple[str, str]] = []

"""Pipelining and segments (RFC 9112 2.2, 9.3.2, RFC 9110 5.3): requests end where they end, however they arrive.

Several requests may arrive in one segment, and one in many. Answers come in the order of the requests, or some of them
and then the close.
"""

from __future__ import annotations

import pytest

from pytest_netconform.dialogues.http import Http
from pytest_netconform.dialogues.http_fates import UNDERSTOOD, Answers, End, Fate
from pytest_netconform.requirement import MUST, SHOULD, hostile, requirement
from pytest_netconform.verdict import NonConformity
from pytest_netconform.wire.cuts import CUTS
from pytest_netconform.wire.http_echo import parse_echo
from pytest_netconform.wire.http_requests import chunked

BODY = b"hello"
TEN = 10
GARBAGE = b"NETCONFORM\r\n\r\n"
#: how a request is cut: at every octet, at every word, between CR and LF of its end
CUT = ("octets", "tokens")


def _alone(http: Http, request: bytes) -> int:
    """The status that a request gets on a connection of its own."""
    http.renew()
    return http.ask(request).status


def _in_order(http: Http, answers: Answers, wanted: list[int]) -> None:
    """One answer to each request in turn, and then the probe's; or the first ones, and then the close."""
    found = [value.status for value in answers.own]
    sound = not any(value.problem for value in answers.finals) and found == wanted[: len(found)]
    whole = len(found) == len(wanted) and (answers.probed or answers.end is not End.OPEN)
    cut_short = 0 < len(found) < len(wanted) and not answers.probed and answers.end is not End.OPEN
    if not sound or not (whole or cut_short):
        expected = f"{', '.join(map(str, wanted))} in this order, or the first of them and then the close"
        raise NonConformity(expected, str(answers), owed=answers.end is End.OPEN, passing=sound)
    if len(wanted) > 1 and len(found) < 2:
        http.not_applicable("the connection is closed behind the first answer")
    http.visit.evidence |= {"silence", "twin"}


# -- several requests in one segment


@requirement("HTTP-9112-9.3.2-pipeline", MUST, "RFC 9112 9.3.2", "Pipelined requests are answered in their order.")
def test_ten_requests(http: Http) -> None:
    """Ten requests in one segment get ten answers, each its own."""
    http.known()
    echo = http.target.options.get("echo")  # which tells each from the others; else every second is not there
    places = (echo, echo) if echo else ("/nc-nothing", http.root)
    paths = [f"{places[number % 2]}?nc-{number}" for number in range(TEN)]
    statuses = [_alone(http, http.get(target=path)) for path in paths[:2]]
    http.renew()
    answers = http.count(*(http.get(target=path) for path in paths))
    _in_order(http, answers, statuses * (TEN // 2))
    for path, value in zip(paths, answers.own, strict=False):
        told = parse_echo(value.body)
        http.require(told is None or told.target == path, f"the answer to {path} in its turn", value.body[:200])


@requirement("HTTP-9112-9.3.2-pipeline-mixed", MUST, "RFC 9112 6.3, 9.3.2", "Each of mixed requests gets one answer.")
def test_mixed_requests(http: Http) -> None:
    """HEAD, bodies counted and in chunks, and what is not there: none of them shifts the rest."""
    http.known()
    requests = (
        http.head(),
        http.get(),
        http.post(body=BODY),
        http.get(target="/nc-nothing"),
        http.post("Transfer-Encoding: chunked", body=chunked(BODY)),
        http.request("OPTIONS"),
    )
    wanted = [_alone(http, request) for request in requests]
    http.renew()
    _in_order(http, http.count(*requests), wanted)


@requirement(
    "HTTP-9112-9.3.2-pipeline-invalid-last", SHOULD, "RFC 9112 2.2, 9.3.2", "Garbage loses no answer before it."
)
@hostile
def test_garbage_behind_a_request(http: Http) -> None:
    """The request is answered, the garbage gets 400, and then comes the close."""
    noted: dict[int | Fate, str] = {Fate.SERVED_CLOSED: "closed without a word to the garbage"}
    answers = http.meets(
        http.get() + GARBAGE, Fate.REFUSED, twin=(http.get(), http.get()), requests=2, noted=noted, probe=False
    )
    right = http.usual("root")
    first = answers.first
    if first is None or first.status != right:
        # Field note: aiohttp 3.14 reads both before it answers either, and 400 takes the place of the answer.
        raise NonConformity(f"{right} to the request before the garbage", str(answers), passing=True)


# -- one request in several segments


@requirement("HTTP-9112-9.3.2-segmentation", MUST, "RFC 9112 2.2", "However a request is cut, it is the same request.")
@pytest.mark.parametrize("cut", CUT)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_request_in_many_segments(http: Http, method: str, cut: str) -> None:
    """It is answered as in one segment, and so is the request behind it."""
    request = http.get() if method == "GET" else http.post(body=BODY)
    right = http.understood(request).own[-1].status
    http.cut(CUTS[cut])
    answers = http.count(request)
    expected = f"{right}, as in one segment"
    if answers.fate not in UNDERSTOOD or answers.own[-1].status != right:
        raise NonConformity(expected, str(answers), owed=True, passing=not answers.finals)
    http.visit.evidence.add("silence")


@requirement("HTTP-9112-9.3.2-early-answer", MUST, "RFC 9110 5.3", "No request is answered before its head is whole.")
@pytest.mark.parametrize("there", ["line", "fields", "cr"])
def test_half_a_request(http: Http, there: str) -> None:
    """Nothing is said to a request line, nor to all fields without the empty line; then the answer comes."""
    http.known()
    http.renew()
    whole = http.get()
    place = {"line": whole.index(b"\n") + 1, "fields": len(whole) - 2, "cr": len(whole) - 1}[there]
    http.send(whole[:place])
    http.silent("before the empty line")
    http.send_more(whole[place:])
    http.weigh(http.answer("an answer behind the empty line"), http.usual("root"))


NOT_CHECKED: list[tuple[str, str]] = []

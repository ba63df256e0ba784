"""Expectations (RFC 9110 10.1.1): a client that waits for a word before it sends the body, and gets one.

The word is 100, or a final status at once. Whoever says neither waits for a client that waits for him. And whoever says
no must still know where the body ends that he did not want.
"""

from __future__ import annotations

import pytest

from pytest_netconform.dialogues.http import Http
from pytest_netconform.dialogues.http_fates import REFUSAL, UNDERSTOOD, Fate
from pytest_netconform.requirement import MAY, MUST, SECURITY, SHOULD, hostile, requirement
from pytest_netconform.verdict import NonConformity
from pytest_netconform.wire.http import Response

BODY = b"hello"
EXPECT = "Expect: 100-continue"
ANY = UNDERSTOOD | REFUSAL | Fate.DROPPED


def _knows_expect(http: Http) -> None:
    """A server of HTTP/1.0 owes nobody a word."""
    http.known()
    http.renew()
    if http.ask(http.get()).version == b"HTTP/1.0":
        http.not_applicable("it answers in HTTP/1.0, which knows no expectations")
    http.renew()


def _word(http: Http, expected: str) -> Response:
    """The first word about a body that was not sent yet: 100, or a final response."""
    while (value := http.reply(expected)).status != 100 and not value.final:
        pass  # other interim responses may come first (RFC 9110 15.2)
    return value


@requirement(
    "HTTP-9110-10.1.1-expect-100", MUST, "RFC 9110 10.1.1", "Who waits with his body for 100 gets it, or an answer."
)
def test_body_that_waits(http: Http) -> None:
    """100 comes before the body, and behind the body the usual answer; or a final status comes at once."""
    # 100 may come late, as when the application begins to read
    _knows_expect(http)
    right = http.understood(http.post(body=BODY)).own[-1].status
    http.send(http.post(EXPECT, f"Content-Length: {len(BODY)}"))
    value = _word(http, "100 or a final status, before the body is sent")
    if value.final:
        http.note(f"{value.status} at once, without a look at the body")
        return
    http.send_more(BODY)
    answer = http.answer("a final response behind the body")
    http.require(answer.status == right, f"{right}, as without Expect", answer.raw[:200])


@requirement("HTTP-9110-10.1.1-expect-order", MUST, "RFC 9110 10.1.1, 15.2", "100 comes before the one final response.")
def test_body_that_does_not_wait(http: Http) -> None:
    """Where the body is there already 100 may be left out; behind the final response it never comes."""
    stimulus = http.post(EXPECT, body=BODY)
    http.meets(stimulus, UNDERSTOOD | REFUSAL, 417, twin=http.post(body=BODY))
    http.renew()
    http.send(stimulus)
    ends = http.answer().closing
    if not ends:
        http.send(http.get("Connection: close"))
    try:
        http.answer(within=http.target.window if ends else None)
    except NonConformity:
        if not ends and not http.over:
            raise
    late = b"".join(value.raw for value in http.interim)
    http.require(not http.interim, "no interim response behind the final one", late)


@requirement("HTTP-9110-10.1.1-expect-http10", MUST, "RFC 9110 10.1.1, 15.2", "HTTP/1.0 is told nothing of 100.")
def test_expectation_of_http10(http: Http) -> None:
    """The expectation is passed over: no interim response, and the answer that comes without it."""
    # Field note: Werkzeug 3.1 says 100 to HTTP/1.0.
    http.known()
    http.renew()
    plain = http.ask(http.request("POST", http.sink, body=BODY, version="HTTP/1.0"))
    http.renew()
    answer = http.ask(http.request("POST", http.sink, EXPECT, body=BODY, version="HTTP/1.0"))
    http.visit.evidence |= {"silence", "twin"}
    interim = b"".join(value.raw for value in http.interim)
    http.require(not http.interim, "no interim response to HTTP/1.0", interim)
    http.require(answer.status == plain.status, f"{plain.status}, as without Expect", answer.raw[:200])


@requirement("HTTP-9110-10.1.1-expect-nobody", MAY, "RFC 9110 10.1.1", "Expect without a body, which no client sends.")
def test_expectation_without_a_body(http: Http) -> None:
    """Recorded: answered somehow; nobody waits for a body that was not announced, nor forgets the answer."""
    # Field note: waitress 3.0 says 100, and answers the next request in place of this one.
    answers = http.meets(http.get(EXPECT), ANY | Fate.MISFRAMED, 400, 417, twin=http.get())
    first = answers.first
    mistaken = first is not None and first.status == http.usual("unknown") != http.usual("root")  # it is the probe's
    if answers.fate is Fate.MISFRAMED or mistaken:
        raise NonConformity("an answer to each of two requests", str(answers), owed=True)
    http.observe(answers)


@requirement("HTTP-9110-10.1.1-expect-unknown", MAY, "RFC 9110 10.1.1", "An expectation that nobody knows.")
def test_unknown_expectation(http: Http) -> None:
    """Recorded: 417, or passed over."""
    # Field note: Apache httpd and Go answer 417, nginx passes over it.
    stimulus = http.post("Expect: nc-foo", body=BODY)
    http.observe(http.meets(stimulus, UNDERSTOOD | REFUSAL, 417, twin=http.post(body=BODY)))


@requirement(
    "HTTP-9110-10.1.1-expect-obfuscated", SECURITY, "RFC 9110 10.1.1, RFC 9112 11.2", "An odd Expect hides no request."
)
@hostile
@pytest.mark.parametrize(
    "value", ["y 100-continue", " 100-Continue ", "100-continue, 100-continue"], ids=["word", "blanks", "twice"]
)
def test_odd_expectation(http: Http, value: str) -> None:
    """The body is read, or the connection ends: what the body holds is never answered (0.CL)."""
    hidden = http.canary()
    stimulus = http.post(f"Expect: {value}", body=hidden)
    http.meets(stimulus, ANY, 400, 417, twin=http.post(body=hidden))


@requirement(
    "HTTP-9110-10.1.1-expect-early-final", SHOULD, "RFC 9110 10.1.1, RFC 9112 9.3", "Who refuses early stays in step."
)
@hostile
@pytest.mark.parametrize("where", ["root", "nothing"])
def test_early_refusal(http: Http, where: str) -> None:
    """Behind an early final status the body is read when it comes, or the connection ends; it is never answered."""
    _knows_expect(http)
    hidden = http.canary()
    target = http.root if where == "root" else "/nc-nothing"
    http.send(http.post(EXPECT, f"Content-Length: {len(hidden)}", target=target))
    early = _word(http, "100 or a final status, before the body is sent").final
    answers = http.count(hidden, requests=0 if early else 1)
    right = UNDERSTOOD | REFUSAL | (Fate.DROPPED if early else Fate(0))
    if not early:
        http.note("100 before the refusal")
    if answers.fate not in right:
        expected = "the body to be read behind a final status, or the close"
        lost = answers.fate in (Fate.SWALLOWED, Fate.WAITING)
        raise NonConformity(expected, str(answers), owed=lost or answers.fate is Fate.SMUGGLED, passing=lost)
    http.visit.evidence |= {"silence", "twin"}


NOT_CHECKED: list[tuple[str, str]] = []

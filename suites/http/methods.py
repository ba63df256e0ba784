"""Methods (RFC 9110 9): GET and HEAD, OPTIONS, TRACE, CONNECT, and those that change something."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from pytest_netconform.dialogues.http import Http
from pytest_netconform.dialogues.http_fates import REFUSAL, UNDERSTOOD, Fate
from pytest_netconform.requirement import INTEROP, MUST, SHOULD, needs, requirement, writes
from pytest_netconform.verdict import Inconclusive, NotApplicable
from pytest_netconform.wire.http import Response
from pytest_netconform.wire.http_fields import is_token_list

FIRST, SECOND = b"nc-first nc-first\n", b"nc-second\n"
PLACES = ("static", "directory", "redirect", "dynamic", "auth", "empty", "reset", "echo", "json")
#: what HEAD may leave out, and what is another each time (RFC 9110 9.3.2)
FREE = {"content-length", "transfer-encoding", "trailer", "vary", "date", "connection", "keep-alive", "age"}
SAME = ("ETag", "Last-Modified", "Content-Type", "Content-Encoding")  # whose values do not change either
REFUSALS = (400, 401, 403, 404, 405, 421, 426, 501)
NOT_THERE = (404, 410)


# -- GET and HEAD


@requirement("HTTP-9110-9.1-get-head", MUST, "RFC 9110 9.1", "GET and HEAD are supported.")
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_get_and_head_are_known(http: Http, method: str) -> None:
    """Neither is answered by 501 or 405."""
    http.known()
    if http.usual("root") == 405:
        raise Inconclusive("the root is for another method than GET; name another path in the URL")
    answer = http.ask(http.request(method))
    http.require(answer.status not in (405, 501), f"neither 405 nor 501 in answer to {method}", answer.head)


ENDED = UNDERSTOOD | REFUSAL | Fate.FAILED


def _exact(http: Http, request: bytes) -> None:
    """The answer, whatever it is, behind which the next begins at once, or nothing comes."""
    http.known()
    http.renew()
    answers = http.count(request, codes=REFUSALS)
    words = b" ".join(request.split(b" ", 2)[:2]).decode("latin-1")
    expected = f"an answer to {words}, and right behind it the probe's, or the close"
    http.require(answers.fate in ENDED, expected, answers)
    for response in answers.finals:
        stray = [breach.octets for breach in response.breaches if breach.section == "RFC 9112 2.1"]
        http.require(not stray, "nothing between two responses", b"".join(stray))
    http.visit.evidence.add("silence")


@requirement("HTTP-9110-9.3.2-head-nobody", MUST, "RFC 9110 9.3.2", "An answer to HEAD has no body.")
@pytest.mark.parametrize("place", ["root", "nothing", *PLACES])
def test_head_has_no_body(http: Http, place: str) -> None:
    """The next answer begins right behind the head, whatever resource it is for."""
    paths = {"root": http.root, "nothing": "/nc-nothing"}
    path = paths[place] if place in paths else http.path(place).replace("*", "nc")
    _exact(http, http.head(target=path))


@requirement("HTTP-9110-9.3.2-head-fields", SHOULD, "RFC 9110 9.3.2", "HEAD gets the fields that GET gets.")
@needs("?static")
def test_fields_of_head(http_static: Http) -> None:
    """Names are the same, but for what is known only while content is made; and so is what tells versions apart."""
    http = http_static
    again, head = http.ask(http.get(target=http.resource)), http.ask(http.head(target=http.resource))
    first = http.original.fields
    for name in first.names:
        told = name in FREE or name not in again.fields or name in head.fields
        http.require(told, f"{name} in answer to HEAD, as to GET", head.head)
    for name in SAME:
        steady = first.get(name) == again.fields.get(name) != head.fields.get(name)
        if steady and name in head.fields:
            value = (first.get(name) or b"none").decode("latin-1")
            http.require(False, f"{name} in answer to HEAD as to GET, {value}", head.head)


# -- OPTIONS


@requirement("HTTP-9110-9.3.7-options-allow", SHOULD, "RFC 9110 9.3.7", "OPTIONS tells what may be done.")
def test_options_tell_methods(http: Http) -> None:
    """2yz with Allow, or OPTIONS is not known."""
    # Field note: nginx 1.22 answers 405 for files.
    http.known()
    answer = http.ask(http.request("OPTIONS"))
    if 200 <= answer.status < 300:
        http.require("Allow" in answer.fields, "Allow in a 2yz answer to OPTIONS", answer.head)
        http.require(is_token_list(answer.fields.get("Allow") or b""), "Allow to be a list of methods", answer.head)
        return
    http.weigh(answer, "2yz", 405, 501, noted={"3yz": "led elsewhere", "4yz": "refused by another status than 405"})


@requirement("HTTP-9110-9.3.7-options-cl", MUST, "RFC 9112 6.3", "An answer to OPTIONS is framed as any other.")
def test_options_are_framed(http: Http) -> None:
    """It ends by itself, or with the connection, and the next begins right behind it."""
    http.known()
    http.renew()
    http.send(http.request("OPTIONS"))
    http.answer()
    _exact(http, http.request("OPTIONS"))


# -- TRACE


@requirement("HTTP-9110-9.3.8-trace", SHOULD, "RFC 9110 9.3.8", "TRACE is refused, or repeats all but secrets.")
def test_trace_repeats_no_secrets(http: Http) -> None:
    """No 2yz; or one that repeats a field of the request, and neither Cookie nor Authorization."""
    # Field note: Apache httpd 2.4 with TraceEnable repeats them.
    http.known()
    word, secrets = "nc-shown", ("nc-cookie-secret", "bmM6bmMtc2VjcmV0")
    lines = f"X-Netconform: {word}", f"Cookie: c={secrets[0]}", f"Authorization: Basic {secrets[1]}"
    answer = http.ask(http.request("TRACE", None, *lines))
    if not 200 <= answer.status < 300:
        http.weigh(answer, "3yz", "4yz", 501, noted={"5yz": "an error of the server"})
        return
    http.require(word.encode() in answer.body, "the request in a 2yz answer to TRACE, or a refusal", answer.raw)
    for secret in secrets:
        http.require(secret.encode() not in answer.body, "no Cookie and no Authorization to be repeated", answer.raw)


# -- CONNECT

TURNED_AWAY = REFUSAL | Fate.DROPPED | Fate.FAILED


def _no_proxy(http: Http) -> None:
    if http.target.options.get("via") == "proxy":
        http.not_applicable("it is a proxy, for which CONNECT is")


@requirement("HTTP-9110-9.3.6-connect", INTEROP, "RFC 9110 9.3.6", "What an origin server says to CONNECT.")
def test_connect(http: Http) -> None:
    """Recorded: 2yz would begin a tunnel, which only proxies are there for."""
    _no_proxy(http)
    stimulus = http.request("CONNECT", "127.0.0.1:1", host="127.0.0.1:1")
    answers = http.meets(stimulus, UNDERSTOOD | TURNED_AWAY, *REFUSALS, twin=http.get(), probe=False)
    http.observe(answers.first.status if answers.first else answers)


@requirement("HTTP-9110-9.3.6-connect-badport", MUST, "RFC 9110 9.3.6", "CONNECT to a port that is none is rejected.")
@pytest.mark.parametrize("port", ["", "99999", "abc"], ids=["empty", "large", "word"])
def test_connect_to_no_port(http: Http, port: str) -> None:
    """An error, or the close."""
    stimulus = http.request("CONNECT", f"nc.invalid:{port}")
    answers = http.meets(stimulus, UNDERSTOOD | TURNED_AWAY, *REFUSALS, twin=http.get(), probe=False)
    if answers.first is not None:  # Field note: routers, such as Werkzeug's, redirect to a target that begins with /
        http.weigh(answers.first, "4yz", "5yz", noted={"3yz": "led elsewhere"})


# -- PUT, POST, DELETE


def _put(http: Http, body: bytes, *lines: str) -> bytes:
    return http.request("PUT", http.resource, "Content-Type: text/plain", *lines, body=body)


def _get(http: Http) -> Response:
    return http.ask(http.get(target=http.resource))


def _done(http: Http, request: bytes) -> Response:
    """The answer to what ?write= promises; Inconclusive where it is refused."""
    answer = http.ask(request)
    if not 200 <= answer.status < 300:
        raise Inconclusive(f"{answer.status} in answer to what ?write= or ?create= promises")
    http.visit.evidence.add("twin")
    return answer


@requirement("HTTP-9110-9.3.4-put-create", MUST, "RFC 9110 9.3.4", "PUT that makes a resource is answered by 201.")
@writes
@needs("?write")
def test_put_creates(http_write: Http) -> None:
    """There was nothing, and then there is something: 201."""
    before = _get(http_write).status
    answer = _done(http_write, _put(http_write, FIRST))
    after = _get(http_write).status
    if before not in NOT_THERE or after != 200:
        raise Inconclusive(f"{before} before PUT and {after} behind it, where nothing and something were needed")
    http_write.weigh(answer, 201, noted={202: "it will be made later"})


@requirement("HTTP-9110-9.3.4-put-update", MUST, "RFC 9110 9.3.4", "PUT that changes a resource gets 200 or 204.")
@writes
@needs("?write")
def test_put_updates(http_write: Http) -> None:
    """The resource was there: 200 or 204, and GET gets what was put last."""
    _done(http_write, _put(http_write, FIRST))
    before = _get(http_write)
    answer = _done(http_write, _put(http_write, SECOND))
    if before.status != 200:
        raise Inconclusive(f"{before.status} in answer to GET behind PUT")
    http_write.weigh(answer, 200, 204, noted={202: "it will be changed later"})
    after = _get(http_write)
    if answer.status != 202:
        http_write.require(after.status == 200 and after.body != before.body, "what was put last", after.raw)


@requirement("HTTP-9110-9.3.4-put-content-range", SHOULD, "RFC 9110 14.5", "No part is put as if it were the whole.")
@writes
@needs("?write")
def test_put_of_a_part(http_write: Http) -> None:
    """PUT with Content-Range is refused with 400, or changes the part alone."""
    # Field note: nginx 1.22 answers 501, as RFC 2616 had it.
    http = http_write
    _done(http, _put(http, FIRST))
    answer = http.ask(_put(http, b"X", f"Content-Range: bytes 0-0/{len(FIRST)}"))
    if 200 <= answer.status < 300:
        after = _get(http)
        http.require(after.body == b"X" + FIRST[1:], "400, or the part alone to be changed", after.raw)
        http.note("parts may be put")
        return
    http.weigh(answer, 400, noted={"4yz": "refused by another status than 400", 501: "parts are not supported"})


@requirement(
    "HTTP-9110-9.3.4-put-validator", MUST, "RFC 9110 9.3.4", "A validator in answer to PUT is of what was put."
)
@writes
@needs("?write")
def test_validators_of_put(http_write: Http) -> None:
    """Where ETag or Last-Modified is told, GET gets the same octets, under the same validator."""
    http = http_write
    answer = _done(http, _put(http, FIRST))
    told = [name for name in ("ETag", "Last-Modified") if name in answer.fields]
    if not told:
        raise NotApplicable("a validator", "the answer to PUT has neither ETag nor Last-Modified")
    after = _get(http)
    http.require(after.body == FIRST, "the octets that were put, as the validator says", after.raw)
    for name in told:
        found = after.fields.get(name)
        http.require(found in (None, answer.fields.get(name)), f"{name} as in the answer to PUT", after.head)


@requirement("HTTP-9110-9.3.3-post-201", SHOULD, "RFC 9110 9.3.3, 15.3.2", "POST that makes a resource gets 201.")
@writes
@needs("?create")
def test_post_creates(http: Http) -> None:
    """201, and Location says where it is."""
    http.known()
    answer = _done_or_led(http, http.post("Content-Type: text/plain", body=FIRST, target=http.path("create")))
    place = (answer.fields.get("Location") or b"").decode("latin-1")
    path = urlsplit(place).path
    http.weigh(answer, 201, noted={202: "it will be made later", 303: "led to what says so"})
    http.require(place or answer.status == 202, "Location in answer to POST", answer.head)
    if path.startswith("/") and answer.status == 201:
        http.ask(http.request("DELETE", path))


def _done_or_led(http: Http, request: bytes) -> Response:
    answer = http.ask(request)
    if not 200 <= answer.status < 400:
        raise Inconclusive(f"{answer.status} in answer to what ?create= promises")
    return answer


@requirement("HTTP-9110-9.2.2-idempotent", MUST, "RFC 9110 9.2.2", "PUT and DELETE twice are as good as once.")
@writes
@needs("?write")
def test_put_twice(http_write: Http) -> None:
    """The second time it is the same resource."""
    _done(http_write, _put(http_write, FIRST))
    once = _get(http_write)
    http_write.exchange(_put(http_write, FIRST), "2yz")
    twice = _get(http_write)
    http_write.require(twice.body == once.body, "the same content behind the second PUT", twice.raw)


@requirement("HTTP-9110-9.2.2-idempotent", MUST, "RFC 9110 9.2.2", "PUT and DELETE twice are as good as once.")
@writes
@needs("?write")
def test_delete_twice(http_write: Http) -> None:
    """The second time there is nothing to delete, which is no error of the server."""
    http = http_write
    delete = http.request("DELETE", http.resource)
    _done(http, _put(http, FIRST))
    _done(http, delete)
    once = _get(http)
    http.exchange(delete, "2yz", *NOT_THERE, noted={"4yz": "the second DELETE is refused"})
    twice = _get(http)
    http.require(twice.status == once.status, f"{once.status} behind the second DELETE too", twice.raw)


NOT_CHECKED: list[tuple[str, str]] = []

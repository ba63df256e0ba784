"""Host (RFC 9112 3.2, RFC 9110 7.2): there is one, it is a host, and it is trusted with nothing."""

from __future__ import annotations

import pytest

from pytest_netconform.dialogues.http import Http
from pytest_netconform.dialogues.http_fates import REFUSAL, UNDERSTOOD, Fate
from pytest_netconform.requirement import INTEROP, MAY, MUST, SECURITY, needs, requirement
from pytest_netconform.verdict import Inconclusive
from pytest_netconform.wire.http import Response

ANYHOW = UNDERSTOOD | REFUSAL | Fate.DROPPED | Fate.FAILED
OTHER = "nc-other.example"
EVIL = "nc-evil.example"

# -- how many there are


@requirement("HTTP-9112-3.2-no-host", MUST, "RFC 9112 3.2", "HTTP/1.1 without Host is answered 400.")
def test_no_host(http: Http) -> None:
    """Even where there is but one site."""
    # Field note: gunicorn, waitress, h2o, Node, Puma, hyper, Twisted and CPython http.server do without.
    http.is_refused(http.request("GET", host=None), 400, twin=http.get(), fates=REFUSAL)


@requirement("HTTP-9112-3.2-two-hosts", MUST, "RFC 9112 3.2", "Two Host lines are answered 400.")
@pytest.mark.parametrize("place", ["behind", "before"])
def test_two_hosts(http: Http, place: str) -> None:
    """Another Host is refused, behind the right one or before it."""
    lines = [f"Host: {http.host}", f"Host: {OTHER}"]
    stimulus = http.request("GET", None, *(lines if place == "behind" else lines[::-1]), host=None)
    http.is_refused(stimulus, 400, twin=http.get(), fates=REFUSAL)


@requirement("HTTP-9112-3.2-two-hosts-same", MUST, "RFC 9112 3.2", "Two Host lines are answered 400, however alike.")
def test_the_same_host_twice(http: Http) -> None:
    """A Host that is said again is one too many."""
    # Field note: HAProxy makes one of them.
    http.is_refused(http.get(f"Host: {http.host}"), 400, twin=http.get(), fates=REFUSAL)


@requirement("HTTP-9112-3.2-host10-absent", INTEROP, "RFC 9112 3.2", "HTTP/1.0 without Host.")
def test_http10_without_host(http: Http) -> None:
    """Recorded: served as with it, or refused; only HTTP/1.1 must have one."""
    # No probe follows: nothing is said behind a request of HTTP/1.0, and aiohttp and hypercorn refuse both then.
    http.known()
    served = http.ask(http.request("GET", version="HTTP/1.0")).status
    if served != http.usual("root"):
        raise Inconclusive(f"{served} in answer to HTTP/1.0 with Host")
    http.renew()
    http.observe(http.count(http.request("GET", version="HTTP/1.0", host=None), probe=False))


# -- what it is

INVALID = {
    "blank": b"a b",
    "slash": b"a/b",
    "open-bracket": b"[::1",
    "nul": b"a\0b",
    "quote": b'a"b',
    "angles": b"a<b>",
}


@requirement("HTTP-9112-3.2-host-invalid", MUST, "RFC 9112 3.2", "A Host that is no host is answered 400.")
@pytest.mark.parametrize("value", INVALID.values(), ids=list(INVALID))
def test_host_that_is_none(http: Http, value: bytes) -> None:
    """Octets that no host has are refused."""
    # Field note: nginx 1.22 and HAProxy refuse blanks, slashes and NUL, and no more.
    http.is_refused(http.request("GET", host=value), 400, twin=http.get(), fates=REFUSAL)


@requirement("HTTP-9112-3.2-host-userinfo-port", MUST, "RFC 9112 3.2", "Host is a host and perhaps a port, no more.")
@pytest.mark.parametrize("value", ["u@h", "h:8o", "h:1:2"], ids=["userinfo", "letters", "two-ports"])
def test_host_with_more_than_a_port(http: Http, value: str) -> None:
    """Nobody's name stands before it, and a number behind it."""
    # Field note: nginx 1.22 and HAProxy take them, and so do servers that leave Host to their applications.
    http.is_refused(http.request("GET", host=value), 400, twin=http.get(), fates=REFUSAL)


ODD = {"comma": "a,b", "underscore": "a_b", "empty-port": "h:", "ipv6": "[::1]:80", "encoded": "%41"}


@requirement(
    "HTTP-9112-3.2-host-valid-odd", INTEROP, "RFC 9110 7.2, RFC 3986 3.2.2", "A Host of odd form that the grammar has."
)
@pytest.mark.parametrize("value", ODD.values(), ids=list(ODD))
def test_odd_host(http: Http, value: str) -> None:
    """Recorded: served as any name that is not known, or refused for its form."""
    # Field note: Apache httpd refuses commas on purpose, which betray lines that were joined.
    stimulus, twin = (http.request("GET", host=host) for host in (value, OTHER))
    http.observe(http.meets(stimulus, ANYHOW, 400, twin=twin))


@requirement("HTTP-9112-3.2-host-empty", MAY, "RFC 9112 3.2, 3.3", "An empty Host.")
def test_empty_host(http: Http) -> None:
    """Recorded: refused, or the site for everybody."""
    http.observe(http.meets(http.request("GET", None, "Host:", host=None), ANYHOW, 400, twin=http.get()))


# -- whom it is believed


@requirement(
    "HTTP-9112-3.2.2-absolute-overrides", MUST, "RFC 9112 3.2.2", "A target with a host of its own goes first."
)
@needs("?vhosts")
def test_absolute_form_goes_before_host(http: Http) -> None:
    """The site is that of the target, whatever Host says."""
    first, second = http.names
    pages = [_shown(http.ask(http.request("GET", host=host))) for host in (first, second, first)]
    if pages[0] == pages[1] or pages[0] != pages[2]:
        raise Inconclusive(f"{first} and {second} have no roots that can be told apart")
    target = f"{http.scheme}://{first}{http.root}"
    found = http.ask(http.request("GET", target, host=second))
    http.require(_shown(found) == pages[0], f"the root of {first} in answer to GET {target}", _whose(found, pages[1]))


def _shown(answer: Response) -> tuple[int, bytes, bytes | None]:
    return answer.status, answer.body, answer.fields.get("Location")


def _whose(answer: Response, other: tuple[int, bytes, bytes | None]) -> str:
    return "that of the Host" if _shown(answer) == other else f"{answer.status} and another content"


SAYERS = {
    "x-forwarded-host": f"X-Forwarded-Host: {EVIL}",
    "x-host": f"X-Host: {EVIL}",
    "forwarded": f"Forwarded: host={EVIL}",
}


@requirement("HTTP-9110-7.2-host-poison", SECURITY, "RFC 9110 7.2, 10.2.2", "Strangers do not say where one is led.")
@needs("?directory")
@pytest.mark.parametrize("line", SAYERS.values(), ids=list(SAYERS))
def test_redirect_follows_no_stranger(http: Http, line: str) -> None:
    """A folder's redirect leads to no host that a field of no proxy names; one that Host names is noted."""
    path = http.path("directory")
    plain = http.ask(http.get(target=path))
    if not 300 <= plain.status < 400 or not plain.fields.get("Location"):
        raise Inconclusive(f"{plain.status} in answer to GET {path}, where a redirect is needed")
    found = http.ask(http.get(line, target=path)).fields.get("Location") or b""
    http.require(EVIL.encode() not in found, f"no {EVIL} in Location", found)
    # Field note: nginx and Apache httpd repeat Host as it comes, unless they are told their names.
    led = http.ask(http.request("GET", path, host=EVIL)).fields.get("Location") or b""
    if EVIL.encode() in led:
        http.note("Location repeats whatever Host says")


NOT_CHECKED: list[tuple[str, str]] = []

"""Upgrade, and options that name fields (RFC 9110 7.6.1, 7.8, 15.5.22): what is meant for one connection alone.

A protocol is switched only to one that was offered, on HTTP/1.1, and the 101 says to which. A field that Connection
names is not to be forwarded; whoever is asked himself goes on as without that.
"""

from __future__ import annotations

from pytest_netconform.dialogues.http import Http, HttpTour
from pytest_netconform.requirement import MUST, SECURITY, needs, requirement
from pytest_netconform.verdict import Inconclusive, NotApplicable

UPGRADE = "Connection: upgrade"
#: what the protocols that are switched to most want besides (RFC 6455 4.1, RFC 7540 3.2.1); others pass over it
WANTED = {
    "websocket": ("Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: bmV0Y29uZm9ybSBub25jZQ=="),
    "h2c": ("Connection: HTTP2-Settings", "HTTP2-Settings: AAMAAABkAAQAAP__"),
}
NOMINATED = "Connection: close, Authorization, X-Forwarded-For, Cookie"


def _offered(http: Http) -> tuple[str, str]:
    """The path that switches, and the protocol; the root and one that nobody is asked for, where none was named."""
    path, _, name = http.target.options.get("upgrade", f"{http.root} websocket").partition(" ")
    return path, name.strip() or "websocket"


def _lines(name: str) -> tuple[str, ...]:
    return UPGRADE, f"Upgrade: {name}", *WANTED.get(name.lower(), ())


@requirement("HTTP-9110-7.8-upgrade-unknown", MUST, "RFC 9110 7.8", "A protocol that nobody knows is not switched to.")
def test_unknown_protocol(http: Http) -> None:
    """The offer is passed over: no 101 comes, and the connection goes on in HTTP/1.1."""
    # The next request waits for the answer: aiohttp 3.14 loses what stands behind an offer in the same segment.
    http.known()
    http.renew()
    usual = http.usual("root")
    http.send(http.get(UPGRADE, "Upgrade: nc-proto"))
    answer = http.answer()
    http.require(answer.status != 101, "no 101 to a protocol that nobody knows", answer.head)
    if answer.status not in (400, 426, 501):
        http.require(answer.status == usual, f"{usual}, as without the offer", answer.head)
    else:
        http.note(f"{answer.status}: the offer is refused, where it might be passed over")
    http.alive()
    http.visit.evidence.add("twin")


@requirement("HTTP-9110-7.8-upgrade-101-field", MUST, "RFC 9110 7.8, 15.2.2", "101 says which protocol it switches to.")
@needs("?upgrade")
def test_switching_protocols(http: Http) -> None:
    """Upgrade names a protocol that was offered, and Connection names Upgrade."""
    path, name = _offered(http)
    http.known()
    http.renew()
    answer = http.ask(http.get(*_lines(name), target=path))
    if answer.status != 101:
        raise Inconclusive(f"{answer.status} where ?upgrade={path} {name} promises 101")
    named = answer.fields.words("Upgrade")
    http.require(named and set(named) <= {name.lower()}, f"Upgrade: {name} in the 101", answer.head)
    told = "upgrade" in answer.fields.words("Connection")
    http.require(told, "Connection: upgrade in the 101", answer.head)


@requirement("HTTP-9110-7.8-upgrade-http10", MUST, "RFC 9110 7.8", "An Upgrade in HTTP/1.0 is passed over.")
def test_upgrade_in_http10(http: Http) -> None:
    """It gets what the same request gets without it."""
    path, name = _offered(http)
    http.known()
    http.renew()
    plain = http.ask(http.request("GET", path, version="HTTP/1.0"))
    http.renew()
    answer = http.ask(http.request("GET", path, *_lines(name), version="HTTP/1.0"))
    http.require(answer.status == plain.status, f"{plain.status}, as without Upgrade", answer.head)
    http.visit.evidence.add("twin")


@requirement("HTTP-9110-7.8-426", MUST, "RFC 9110 15.5.22", "426 says which protocol is wanted.")
def test_upgrade_required(http_tour: HttpTour) -> None:
    """Every 426 of the tour has Upgrade."""
    found = [value for value in http_tour.replies if value.status == 426]
    if not found:
        raise NotApplicable("426", "nothing on the tour wants another protocol")
    for value in found:
        http_tour.require("Upgrade" in value.fields, "Upgrade in a 426", value.head)


@requirement("HTTP-9110-7.6.1-hop-by-hop", SECURITY, "RFC 9110 7.6.1", "Fields that Connection names unlock nothing.")
@needs("?auth")
def test_credentials_that_connection_names(http_auth: Http) -> None:
    """With wrong credentials, or none, the door stays shut; with the right ones it opens, or they were dropped."""
    # Field note: proxies that drop X-Forwarded-For at the client's wish let him in as one of their own.
    http = http_auth
    more = ("X-Forwarded-For: 127.0.0.1", "Cookie: nc=1")
    for credentials in ((), (http.basic("nc-nobody", "wrong"),)):
        answer = http.ask(http.get(NOMINATED, *more, *credentials, target=http.resource))
        shut = 400 <= answer.status < 500
        http.require(shut, "401, as without Connection: Authorization", answer.raw[:200])
    answer = http.ask(http.get(NOMINATED, *more, http.basic(), target=http.resource))
    expected = "the answer to who is let in, or 401"
    http.require(200 <= answer.status < 300 or answer.status in (401, 403), expected, answer.raw[:200])
    http.visit.evidence.add("refusal")


NOT_CHECKED: list[tuple[str, str]] = []

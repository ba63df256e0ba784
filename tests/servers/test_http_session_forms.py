"""The application in small of the strict HTTP session: forms, cookies, logins, a cache, and what a target is told."""

from __future__ import annotations

import base64
import json
import re

import pytest

from pytest_netconform.reference_servers.http import GIVEN, configured
from pytest_netconform.reference_servers.http import given as given_by
from tests.http_talk import HttpTalk

ALICE = "Authorization: Basic " + base64.b64encode(b"alice:s3cret").decode()
FORM = "Content-Type: application/x-www-form-urlencoded"

# forms


def understood(talk: HttpTalk, kind: str, body: bytes) -> dict[str, list[list[str]]]:
    """What the form says of a body, in its answer and at the place to which that leads."""
    answer = talk.ask("POST", "/form", f"Content-Type: {kind}", body=body)
    assert answer.status == 303
    shown: dict[str, list[list[str]]] = json.loads(answer.body)
    assert json.loads(talk.ask("GET", answer["location"]).body) == shown
    return shown


def test_urlencoded() -> None:
    """Plus, percent, repeated and empty fields (WHATWG URL 5.1)."""
    shown = understood(
        HttpTalk(), "application/x-www-form-urlencoded", b"a=1+2&b=%C3%A9&a=3&c=&d&e=%2B%26&f=%zz&g=%&h=\xff"
    )
    assert shown["fields"] == [
        ["a", "1 2"],
        ["b", "\u00e9"],
        ["a", "3"],
        ["c", ""],
        ["d", ""],
        ["e", "+&"],
        ["f", "%zz"],
        ["g", "%"],
        ["h", "\ufffd"],
    ]


def test_multipart() -> None:
    """Exact octets, whatever looks like a boundary or a line end; names in UTF-8."""
    content = b"one\r\n--XY\r\n--Xtra\r\n"
    body = (
        b'preamble\r\n--X\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--X\r\n'
        b"content-disposition: form-data; "
        b'name="f"; filename="caf\xc3\xa9 %22x%22.txt"\r\nContent-Type: text/plain\r\n\r\n'
        + content
        + b"\r\n--X--\r\nepilogue"
    )
    shown = understood(HttpTalk(), 'Multipart/Form-Data; boundary="X"', body)
    assert shown["fields"] == [["a", "1"]]
    assert shown["files"] == [["f", 'caf\u00e9 "x".txt', "text/plain", content.decode()]]


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("text/plain", b"a=1", 415),
        ("", b"a=1", 415),
        ("application/json", b"{}", 415),
        ("multipart/form-data", b"--X--", 400),
        ("multipart/form-data; boundary=X", b"--X\r\nContent-Disposition: form-data; name=a\r\n\r\n1", 400),
        ("multipart/form-data; boundary=X", b"--X\r\n\r\n1\r\n--X--", 400),
        ("multipart/form-data; boundary=X", b"--X\r\n\r\n" * 10000 + b"--X--", 413),
        ("multipart/form-data; boundary=X", b"--X\r\nA: " + b"a" * (1 << 20) + b"\r\n\r\n\r\n--X--", 413),
        ("application/x-www-form-urlencoded", b"a&" * 5000, 413),
    ],
)
def test_no_forms(kind: str, body: bytes, status: int) -> None:
    """What is no form is refused, and the next one is taken."""
    talk = HttpTalk()
    assert talk.ask("POST", "/form", *([f"Content-Type: {kind}"] if kind else []), body=body).status == status
    assert talk.ask("POST", "/form", FORM, body=b"a=1").status == 303


# cookies and logins


def logged_in(talk: HttpTalk, user: str = "alice") -> str:
    """A login; the Cookie line of its session."""
    answer = talk.ask("POST", "/login", FORM, body=f"username={user}&password=s3cret".encode())
    assert answer.status == 303 and answer["location"] == "/account"
    return "Cookie: " + answer["set-cookie"].partition(";")[0]


@pytest.mark.parametrize("secure", [False, True])
def test_cookies(secure: bool) -> None:
    """A line each, with what binds them; inside TLS they stay there."""
    answer = HttpTalk(secure=secure).ask("GET", "/cookie")
    visit, theme = answer.all("set-cookie")
    prefix, binding = ("__Host-", "; Secure") if secure else ("", "")
    assert re.fullmatch(rf"{prefix}visit=[0-9a-f]{{32}}; Path=/{binding}; HttpOnly; SameSite=Lax", visit)
    assert theme == f"theme=dark; Path=/; Expires=Thu, 01 Jan 2026 01:00:00 GMT; Max-Age=3600{binding}; SameSite=Lax"


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ('a=1; b="xy"; c=%3B; d=e=f ; a=2', [["a", "1"], ["b", '"xy"'], ["c", "%3B"], ["d", "e=f"], ["a", "2"]]),
        (
            ';;=;a;b=\xff;$Version=1;c="unterminated ; d=4',
            [["b", "\xff"], ["$Version", "1"], ["c", '"unterminated'], ["d", "4"]],
        ),
    ],
)
def test_cookies_that_come(text: str, pairs: list[list[str]]) -> None:
    """Every pair, whatever stands beside it."""
    answer = HttpTalk().ask("GET", "/cookie", f"Cookie: {text}")
    assert json.loads(answer.body)["cookies"] == pairs


def test_a_session() -> None:
    """It begins with a new token, belongs to its user, and ends for good."""
    talk = HttpTalk()
    planted = "Cookie: session=planted"
    assert talk.ask("GET", "/account", planted)["location"] == "/login"
    answer = talk.ask("POST", "/login", FORM, planted, body=b"username=alice&password=s3cret")
    assert "planted" not in answer["set-cookie"] and "HttpOnly" in answer["set-cookie"]
    cookie = "Cookie: " + answer["set-cookie"].partition(";")[0]
    assert b"You are alice" in talk.ask("GET", "/account", cookie).body
    assert talk.ask("GET", "/account", planted).status == 303
    bobs = GIVEN["private"]
    assert talk.ask("GET", bobs, cookie).status == 404 and talk.ask("GET", bobs, logged_in(talk, "bob")).status == 200
    assert talk.ask("POST", "/logout", cookie, body=b"").status == 303
    assert talk.ask("GET", "/account", cookie).status == 303
    assert talk.ask("POST", "/login", FORM, body=b"username=alice&password=x").status == 403


def test_forged_forms() -> None:
    """A session's form wants its token and no foreign origin; GET changes nothing."""
    talk = HttpTalk()
    cookie = logged_in(talk)
    page = talk.ask("GET", "/form", cookie).body.decode()
    token = re.search('name="csrf" value="([0-9a-f]{32})"', page)
    assert token is not None
    own = "Origin: http://www.example.test"
    for lines, body, status in (
        ([cookie], "text=x", 403),
        ([cookie], "text=x&csrf=wrong", 403),
        ([cookie, "Origin: https://nc.example"], f"text=x&csrf={token[1]}", 403),
        ([cookie, "Origin: null"], f"text=x&csrf={token[1]}", 403),
        ([cookie, own], f"text=right&csrf={token[1]}", 303),
    ):
        assert talk.ask("POST", "/form", FORM, *lines, body=body.encode()).status == status
    assert "right" in talk.site.entries() and "x" not in talk.site.entries()
    assert talk.ask("GET", "/form/clear").status == 405 and talk.site.entries()
    assert talk.ask("POST", "/form/clear", cookie, body=b"").status == 403 and talk.site.entries()
    assert talk.ask("POST", "/form/clear", body=b"").status == 303 and not talk.site.entries()


# the cache, and what is given


def test_cache() -> None:
    """Fresh answers are used again for requests like the first, and say how old they are; secrets are not kept."""
    talk = HttpTalk(configured({"cache": "1"}))
    assert "age" not in talk.ask("GET", "/hello.txt")
    talk.wait_until(10)
    assert talk.ask("GET", "/hello.txt")["age"] == "10"
    coded = talk.ask("GET", "/hello.txt", "Accept-Encoding: gzip")
    assert coded["content-encoding"] == "gzip" and "age" not in coded
    assert "content-encoding" not in talk.ask("GET", "/hello.txt")
    assert talk.ask("GET", "/private", ALICE).status == 200 and talk.ask("GET", "/private").status == 401
    talk.now = 4000.0
    assert "age" not in talk.ask("GET", "/hello.txt")


def test_what_is_given_is_there() -> None:
    """Every place that a target is told of exists, unless its feature is off."""
    talk = HttpTalk()
    for name, place in given_by(configured({"switches": "nc-echo", "cache": "1"})).items():
        if place.startswith("/"):
            path = place.partition(" ")[0].replace("*", "x")
            assert talk.ask("OPTIONS", path).status == 204, name
    assert "auth" not in given_by(configured({"without": "auth"}))
    assert HttpTalk(configured({"without": "auth"})).ask("GET", "/private").status == 404

"""Request targets (RFC 9112 3.2): the four forms, what stands in none of them, and paths that lead outside."""

from __future__ import annotations

import re

import pytest

from pytest_netconform.dialogues.http import Http
from pytest_netconform.dialogues.http_fates import REFUSAL, UNDERSTOOD, Fate
from pytest_netconform.requirement import MUST, SECURITY, SHOULD, needs, requirement
from pytest_netconform.verdict import Inconclusive

TURNED_AWAY = REFUSAL | Fate.DROPPED


def _absolute(http: Http, *lines: str, scheme: str = "", authority: str = "", host: str | None = "") -> bytes:
    """GET for the root in absolute-form."""
    where = f"{scheme or http.scheme}://{authority or http.host}{http.root}"
    return http.request("GET", where, *lines, host=host)


def _served_as_absolute(http: Http) -> None:
    """Absolute-form is understood. Inconclusive where it is not: then nobody looks at what stands in it."""
    status = http.ask(_absolute(http)).status
    if status != http.usual("root"):
        raise Inconclusive(f"{status} in answer to absolute-form; HTTP-9112-3.2.2-absolute judges that")


# -- targets of no form


@requirement(
    "HTTP-9112-3-target-space", SHOULD, "RFC 9112 3.2", "A target with a blank is refused, or led to its like."
)
def test_target_with_a_blank(http: Http) -> None:
    """400, or 301 to the target as it is written properly; what is meant is not guessed."""
    # Field note: nginx before 1.21.1 served it.
    start = http.root.rpartition("/")[0]
    stimulus, twin = (http.get(target=f"{start}/nc-a{blank}b") for blank in (" ", "%20"))
    http.meets(stimulus, TURNED_AWAY, 400, 301, 505, twin=twin)


CONTROLS = {"soh": b"nc-a\x01b", "del": b"nc-\x7f", "obs-text": b"nc-\xff"}


@requirement("HTTP-9112-3-target-ctl", SHOULD, "RFC 9112 2.2, 3.2", "A target is of visible ASCII.")
@pytest.mark.parametrize("name", CONTROLS.values(), ids=list(CONTROLS))
def test_target_with_other_octets(http: Http, name: bytes) -> None:
    """Other octets are refused; those beyond ASCII are looked for by so many that this is but noted."""
    # Field note: nginx, and the WSGI servers, pass octets beyond ASCII on.
    start = http.root.rpartition("/")[0].encode("latin-1") + b"/"
    stimulus, twin = http.get(target=start + name), http.get(target=start + b"nc-a")
    text = "octets beyond ASCII are taken for a name"
    noted: dict[int | Fate, str] = {Fate.SERVED: text, Fate.SERVED_CLOSED: text} if name.endswith(b"\xff") else {}
    http.meets(stimulus, TURNED_AWAY, 400, twin=twin, noted=noted)


@requirement("HTTP-9112-3.2-fragment", SHOULD, "RFC 9112 3.2, 3.2.1", "A target has no fragment.")
def test_target_with_a_fragment(http: Http) -> None:
    """It is refused, and not guessed to be the target before the `#`."""
    # Field note: nginx leaves the fragment out; Apache httpd refuses where it is strict.
    http.is_refused(
        http.get(target=f"{http.root}#nc"), 400, 301, twin=http.get(), fates=TURNED_AWAY, noted=_not_found(http)
    )


def _not_found(http: Http) -> dict[int | Fate, str]:
    """Statuses that serve nothing either, unless the root has them."""
    words = {404: "looked for, and not found", 405: "refused for its method"}
    return {status: text for status, text in words.items() if status != http.usual("root")}


@requirement("HTTP-9112-3.2.3-authority-get", SHOULD, "RFC 9112 3.2, 3.2.3", "Authority-form is for CONNECT alone.")
@pytest.mark.parametrize("target", ["", "foo"], ids=["authority", "word"])
def test_get_of_an_authority(http: Http, target: str) -> None:
    """GET for a host, or for a word, is refused."""
    # Field note: servers upon h11 hand such a word to their application.
    stimulus = http.get(target=target or http.host)
    http.is_refused(stimulus, 400, twin=http.get(), fates=TURNED_AWAY, noted=_not_found(http))


@requirement("HTTP-9112-3.2.4-get-star", SHOULD, "RFC 9112 3.2.4", "Asterisk-form is for OPTIONS alone.")
def test_get_of_the_asterisk(http: Http) -> None:
    """`GET *` is refused."""
    http.is_refused(http.get(target="*"), 400, twin=http.get(), fates=TURNED_AWAY, noted=_not_found(http))


@requirement("HTTP-9112-3.2.4-options-star", SHOULD, "RFC 9110 9.3.7", "`OPTIONS *` asks about the server as a whole.")
def test_options_of_the_asterisk(http: Http) -> None:
    """It is answered 2yz, or OPTIONS is not known."""
    # Field note: nginx and HAProxy answer 400, applications that know no such path 404.
    answers = http.meets(http.request("OPTIONS", "*"), UNDERSTOOD | REFUSAL, 501, 405, twin=http.get())
    if answers.first is not None:
        http.weigh(answers.first, "2yz", 501, 405)


# -- absolute-form


@requirement("HTTP-9112-3.2.2-absolute", MUST, "RFC 9112 3.2.2", "Absolute-form is accepted in requests.")
def test_absolute_form(http: Http) -> None:
    """It gets what origin-form gets."""
    # Field note: CPython 3.11 http.server, uvicorn 0.54 and hypercorn take all of it for the path, and answer 404.
    first, again = http.ask(http.get()).body, http.ask(http.get()).body
    http.same_as(_absolute(http), http.get(), body=first == again)


@requirement("HTTP-9112-3.2.2-absolute-nohost", MUST, "RFC 9112 3.2", "Absolute-form does not do without Host.")
def test_absolute_form_without_host(http: Http) -> None:
    """Every request of HTTP/1.1 without Host is answered 400."""
    http.is_refused(_absolute(http, host=None), 400, twin=_absolute(http), fates=REFUSAL)


@requirement("HTTP-9112-3.2.2-absolute-empty-host", MUST, "RFC 9110 4.2.1", "A URI without a host is rejected.")
def test_absolute_form_with_an_empty_host(http: Http) -> None:
    """`http:///` is invalid."""
    _served_as_absolute(http)
    stimulus = http.get(target=f"{http.scheme}://{http.root}")
    http.is_refused(stimulus, 400, twin=_absolute(http), fates=TURNED_AWAY)


@requirement("HTTP-9112-3.2.2-https-on-plain", MUST, "RFC 9110 7.4", "https is had over secured connections alone.")
@needs("CLEAR")
def test_https_in_clear(http: Http) -> None:
    """A target of https on a connection in clear is rejected, or led elsewhere."""
    if http.target.options.get("via") == "gateway":
        http.not_applicable("TLS ends before it")
    _served_as_absolute(http)
    # Field note: hardly any server looks at the scheme; nginx, Apache httpd and Caddy do not.
    text = "the scheme of a target is passed over, as by nearly everybody"
    http.is_refused(
        _absolute(http, scheme="https"),
        *(421, 400, 403, 426, 301, 302, 303, 307, 308),
        twin=_absolute(http),
        fates=TURNED_AWAY,
        tolerated={Fate.SERVED: text, Fate.SERVED_CLOSED: text},
    )


@requirement("HTTP-9110-4.2.4-userinfo", SHOULD, "RFC 9110 4.2.4", "A name before the host is an error.")
def test_absolute_form_with_userinfo(http: Http) -> None:
    """`http://evil@host/` is refused: it is there to deceive."""
    _served_as_absolute(http)
    stimulus = _absolute(http, authority=f"evil@{http.host}")
    http.is_refused(stimulus, 400, twin=_absolute(http), fates=TURNED_AWAY)


# -- paths that lead outside

OUTSIDE = {
    "dots": "/../../../../../../etc/passwd",
    "encoded-dots": "/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "encoded-slashes": "/..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
    "encoded-twice": "/%252e%252e/%252e%252e/%252e%252e/%252e%252e/%252e%252e/etc/passwd",
    "parameters": "/..;/..;/..;/..;/..;/..;/etc/passwd",
    "backslashes": "/..\\..\\..\\..\\..\\..\\etc\\passwd",
    "absolute": "//etc/passwd",
}
ACCOUNTS = re.compile(rb"(?m)^root:.*:0:0:")


@requirement("HTTP-3986-5.2.4-dotdot", SECURITY, "RFC 3986 5.2.4, 6.2.2", "A path does not lead out of what is served.")
@pytest.mark.parametrize("path", OUTSIDE.values(), ids=list(OUTSIDE))
def test_paths_that_lead_outside(http: Http, path: str) -> None:
    """Whatever the answer is, it is not the list of the machine's accounts."""
    failed: dict[int | Fate, str] = {Fate.FAILED: "answered with an error of the server"}
    answers = http.meets(http.get(target=path), UNDERSTOOD | TURNED_AWAY, 400, 403, 404, twin=http.get(), noted=failed)
    for answer in answers.own:
        found = ACCOUNTS.search(answer.body)
        http.require(found is None, "nothing from outside", found[0] if found else b"")


@requirement("HTTP-3986-7.3-nul-path", SECURITY, "RFC 3986 7.3", "A NUL in a path does not end a file's name.")
@needs("?static")
def test_nul_in_a_path(http_static: Http) -> None:
    """`%00.txt` behind a name does not lead to the name."""
    path = http_static.resource
    stimulus, twin = http_static.get(target=f"{path}%00.txt"), http_static.get(target=path)
    # Field note: CPython 3.11 http.server drops the connection, and logs a traceback.
    answers = http_static.meets(stimulus, UNDERSTOOD | TURNED_AWAY, 400, 403, 404, twin=twin)
    for answer in answers.own:
        same = answer.body == http_static.original.body
        http_static.require(not same, "another answer than without the NUL", f"{answer.status} and the same content")


NOT_CHECKED: list[tuple[str, str]] = []

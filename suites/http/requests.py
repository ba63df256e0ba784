"""Request lines (RFC 9112 2.3, 3): versions and methods, and lines that are not quite of the form."""

from __future__ import annotations

import pytest

from pytest_netconform.dialogues.http import Http
from pytest_netconform.dialogues.http_fates import REFUSAL, UNDERSTOOD, Answers, Fate
from pytest_netconform.requirement import INTEROP, MAY, MUST, SHOULD, requirement
from pytest_netconform.verdict import Inconclusive

TURNED_AWAY = REFUSAL | Fate.DROPPED
ANYHOW = UNDERSTOOD | TURNED_AWAY | Fate.FAILED | Fate.GARBAGE

# -- versions


@requirement("HTTP-9112-2.3-version-lowercase", SHOULD, "RFC 9112 2.3, 2.2", "The name HTTP has its case.")
def test_version_in_lower_case(http: Http) -> None:
    """`http/1.1` is no version."""
    stimulus = http.request("GET", version="http/1.1")
    http.is_refused(stimulus, 400, 505, twin=http.get(), fates=TURNED_AWAY)


@requirement("HTTP-9112-2.3-version-minor-high", SHOULD, "RFC 9110 6.2", "A later minor version is taken for HTTP/1.1.")
@pytest.mark.parametrize("version", ["HTTP/1.2", "HTTP/1.9"])
def test_later_minor_versions(http: Http, version: str) -> None:
    """The answer is the usual one."""
    # Field note: aiohttp refuses them.
    http.same_as(http.request("GET", version=version), http.get())


MALFORMED = {
    "two-digits": "HTTP/1.10",
    "leading-zero": "HTTP/01.1",
    "no-minor": "HTTP/1",
    "dot-at-the-end": "HTTP/1.",
    "blank": "HTTP/ 1.1",
    "sign": "HTTP/+1.1",
    "letter-behind": "HTTP/1.1x",
    "overflow": "HTTP/4294967297.1",
}


@requirement("HTTP-9112-2.3-version-malformed", SHOULD, "RFC 9112 2.3, 2.2", "A version is a digit, a dot and a digit.")
@pytest.mark.parametrize("version", MALFORMED.values(), ids=list(MALFORMED))
def test_malformed_versions(http: Http, version: str) -> None:
    """What has another form is refused."""
    # Field note: nginx 1.22 takes HTTP/1.10; CPython 3.11 http.server, and Werkzeug upon it, most of them.
    stimulus = http.request("GET", version=version)
    http.is_refused(stimulus, 400, 505, twin=http.get(), fates=TURNED_AWAY)


@requirement("HTTP-9112-2.3-version-major2", INTEROP, "RFC 9110 6.2, 15.6.6", "A request line that says HTTP/2.0.")
def test_major_version_2(http: Http) -> None:
    """Recorded: what becomes of it, and the version of the answer."""
    # Field note: CPython 3.11 http.server sends its page for 505 without a status line.
    answers = http.meets(http.request("GET", version="HTTP/2.0"), ANYHOW, 505, 400, twin=http.get(), probe=False)
    http.observe(_with_version(answers))


def _with_version(answers: Answers) -> str:
    version = answers.first.version.decode("latin-1") if answers.first else ""
    return f"{version} {answers}".strip()


@requirement("HTTP-9112-2.3-http09", INTEROP, "RFC 9112 2.2, C.1", "A request without a version, as in HTTP/0.9.")
def test_simple_request(http: Http) -> None:
    """Recorded: refused, waited for more, or answered with a body alone; that ends with the connection."""
    http.understood(http.get())
    answers = http.count(f"GET {http.root}\r\n".encode("latin-1"), within=http.target.window, probe=False)
    if answers.fate is Fate.WAITING:
        http.require(not http.unframed(), "a body without a head to end with the connection", http.unframed())
    http.observe(answers)


@requirement(
    "HTTP-9112-2.3-response-version", MUST, "RFC 9110 6.2, RFC 9112 6.1", "A response has a version that is spoken."
)
@pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/1.0", "HTTP/1.9"])
def test_response_version(http: Http, version: str) -> None:
    """It is HTTP/1.1, or HTTP/1.0 and then without chunks, whatever the request's is."""
    # Field note: gunicorn 27.0 answers HTTP/1.9 with HTTP/1.9.
    http.known()
    http.renew()
    answers = http.count(http.request("GET", None, "Connection: close", version=version), probe=False)
    if not answers.finals:
        raise Inconclusive(f"{answers} in answer to {version}")
    for answer in (*answers.interim, *answers.finals):
        http.require(answer.version in (b"HTTP/1.0", b"HTTP/1.1"), "HTTP/1.1 or HTTP/1.0 as version", answer.head)
        chunks = answer.version == b"HTTP/1.0" and "Transfer-Encoding" in answer.fields
        http.require(not chunks, "no Transfer-Encoding in a response of HTTP/1.0", answer.head)


# -- methods


@requirement("HTTP-9112-3-method-case", SHOULD, "RFC 9110 9.1, RFC 9112 3.1", "The name of a method has its case.")
def test_method_in_lower_case(http: Http) -> None:
    """`get` is a method that nobody knows."""
    # Field note: hypercorn writes it in capitals.
    http.is_refused(http.request("get"), 501, 405, 400, twin=http.get(), fates=REFUSAL)


@requirement("HTTP-9112-3-method-unknown", SHOULD, "RFC 9110 9.1", "A method that nobody knows is answered 501.")
def test_unknown_method(http: Http) -> None:
    """501; a server whose applications choose their methods may have them say 405."""
    # Field note: nginx answers 405 for static files, and so do Flask and Django.
    answers = http.is_refused(http.request("NCFOOBAR"), 501, 405, 400, 403, 404, twin=http.get(), fates=REFUSAL)
    if answers.first is not None and answers.first.status != 501:
        http.note(f"{answers.first.status} to an unknown method, where 501 is the word for it")


BAD_METHODS = {"at": b"G@T", "delimiters": b'G=":<>(e)', "nul": b"\0GET", "parenthesis": b"GET("}


@requirement("HTTP-9112-3-method-badtoken", SHOULD, "RFC 9112 2.2, 3.1", "A method is a token.")
@pytest.mark.parametrize("method", BAD_METHODS.values(), ids=list(BAD_METHODS))
def test_method_that_is_no_token(http: Http, method: bytes) -> None:
    """It is refused, however well it begins or ends."""
    # Field note: aiohttp before 3.9 took the longest beginning that was a token.
    http.is_refused(http.request(method), 400, 501, 405, twin=http.get(), fates=TURNED_AWAY)


# -- lines that are not quite of the form

ODD_BLANKS = {
    "two-spaces": b"GET  %s  HTTP/1.1",
    "tabs": b"GET\t%s\tHTTP/1.1",
    "space-at-the-end": b"GET %s HTTP/1.1 ",
}


@requirement("HTTP-9112-3-extra-sp", MAY, "RFC 9112 3", "A request line with more blanks than it needs.")
@pytest.mark.parametrize("line", ODD_BLANKS.values(), ids=list(ODD_BLANKS))
def test_more_blanks(http: Http, line: bytes) -> None:
    """Recorded: served as without them, or refused; never as if they belonged to the target."""
    plain = http.get()
    stimulus = plain.replace(b"GET %s HTTP/1.1" % http.root.encode("latin-1"), line % http.root.encode("latin-1"), 1)
    http.observe(http.meets(stimulus, UNDERSTOOD | TURNED_AWAY | Fate.FAILED, 400, twin=plain))


@requirement("HTTP-9112-3-missing-version", SHOULD, "RFC 9112 2.2, 3", "A request line has a version.")
def test_request_line_without_version(http: Http) -> None:
    """A line that ends behind the target's space is refused."""
    stimulus = http.request("GET", version="")
    zero_nine: dict[int | Fate, str] = {Fate.GARBAGE: "answered without a status line, as HTTP/0.9"}
    http.meets(stimulus, TURNED_AWAY, 400, 505, twin=http.get(), noted=zero_nine)


NOT_CHECKED: list[tuple[str, str]] = []

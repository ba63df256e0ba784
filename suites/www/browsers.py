"""What answers tell a browser beside their content: policies, origins, charsets; and what errors tell everybody."""

from __future__ import annotations

import codecs
import re

import pytest

from pytest_netconform.dialogues.http import HttpTour
from pytest_netconform.dialogues.http_fates import REFUSAL, UNDERSTOOD, Fate
from pytest_netconform.dialogues.www import ELSEWHERE, Www
from pytest_netconform.requirement import INTEROP, SECURITY, requirement
from pytest_netconform.wire.html import LONGEST, parse_page
from pytest_netconform.wire.http import Response

# -- policies

POLICIES = (
    "Content-Security-Policy",
    "X-Frame-Options",
    "Referrer-Policy",
    "X-Content-Type-Options",
    "Permissions-Policy",
    "Cross-Origin-Opener-Policy",
    "Strict-Transport-Security",
)


@requirement("WWW-sec-headers", INTEROP, "CSP3, RFC 6797 7.2", "Which policies the root's answer asks of a browser.")
def test_policies(www: Www) -> None:
    """Recorded; Strict-Transport-Security in clear text is what RFC 6797 7.2 forbids."""
    answer = www.page(www.root)
    found = [name for name in POLICIES if name in answer.fields]
    www.observe(f"policies: {', '.join(found) or 'none'}")
    if "Strict-Transport-Security" in found and not www.wire.secure:
        www.observe("Strict-Transport-Security in clear text, which RFC 6797 7.2 forbids")


# -- origins

FOREIGN = {
    "foreign": ELSEWHERE,
    "null": "null",
    "suffix": "{scheme}://{host}.nc.example",
    "prefix": "{scheme}://nc-{host}",
}
PLACES = ("static", "json", "echo", "dynamic", "cookie", "auth", "private", "items")


def _paths(www: Www) -> list[str]:
    """The root, and every path that the user named."""
    return [www.root, *(www.target.options[name].replace("*", "1") for name in PLACES if name in www.target.options)]


@requirement("WWW-cors", SECURITY, "Fetch 3.2", "Not every origin may read answers with the user's credentials.")
@pytest.mark.parametrize("origin", FOREIGN.values(), ids=list(FOREIGN))
def test_origins_of_strangers(www: Www, origin: str) -> None:
    """No stranger's origin is let in together with credentials; what depends on the origin says so in Vary."""
    stranger = origin.format(scheme=www.scheme, host=www.host.partition(":")[0])
    for path in _paths(www):
        _keeps_out(www, www.page(path, None, f"Origin: {stranger}"), stranger, path)


def _keeps_out(www: Www, answer: Response, stranger: str, path: str) -> None:
    allowed = answer.fields.get("Access-Control-Allow-Origin") or b""
    trusted = (answer.fields.get("Access-Control-Allow-Credentials") or b"").strip() == b"true"
    if trusted and allowed == b"*":
        www.note("every origin, with credentials: browsers refuse that (Fetch 3.2.3)")
    reflected = allowed == stranger.encode()
    www.require(not (trusted and reflected), f"no leave for {stranger} to read {path} with credentials", answer.head)
    varies = {"origin", "*"} & set(answer.fields.words("Vary"))
    if reflected and stranger != "null" and not varies:
        www.tolerate(f"Vary: Origin at {path}", answer.head, "caches may serve one origin's leave to another")


# -- charsets

META = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([A-Za-z0-9_.:-]+)", re.IGNORECASE)
PARAMETER = re.compile(rb"charset\s*=\s*\"?([^\s\";]+)", re.IGNORECASE)
FOR_NAMES = ("punycode", "idna")  # encodings that Python knows, and pages do not
ONE_OCTET = ("iso8859-1", "cp1252", "iso8859-15")


@requirement("WWW-basic-charset", INTEROP, "WHATWG HTML 13.2.3", "How pages say in which charset they are.")
def test_charsets_of_pages(http_tour: HttpTour, www: Www) -> None:
    """Recorded: where it is declared, and whether the page is in it."""
    pages = [answer for answer in http_tour.replies if answer.body and _kind(answer).startswith(b"text/html")]
    http_tour.prerequisite(pages, "a page of text/html")
    for told in dict.fromkeys(map(_charset, pages)):
        www.observe(told)


def _kind(answer: Response) -> bytes:
    return (answer.fields.get("Content-Type") or b"").lower()


def _charset(answer: Response) -> str:
    """What is declared of a page, and whether that is so."""
    field, meta = PARAMETER.search(_kind(answer)), META.search(answer.body[:1024])
    declared = field or meta
    if declared is None:
        return "pages without a charset" + ("" if answer.body.isascii() else ", and not in ASCII")
    name, where = declared[1].decode("latin-1").lower(), "Content-Type" if field else "a meta element"
    try:
        known = codecs.lookup(name).name if name not in FOR_NAMES else ""
        answer.body.decode(known)
    except (LookupError, ValueError):
        return f"{name} in {where}, which the page is not in"
    if known in ONE_OCTET and not answer.body.isascii() and _is_utf8(answer.body):
        return f"{name} in {where}, and a page that seems to be in UTF-8"
    return f"{name} in {where}"


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except ValueError:
        return False
    return True


# -- errors

TRACES = re.compile(
    rb"Traceback \(most recent call last\)|File &?[^\n]{1,8}/[^\n]{1,200}, line [0-9]+|"
    rb"\bat [\w.$<>]{1,100}\([\w]{1,60}\.java:[0-9]+\)|\bat [^\n]{1,200}\.[jt]s:[0-9]+:[0-9]+|"
    rb"#[0-9]+ /[^\n]{1,200}\.php\([0-9]+\)| in <b>/[^\n]{1,200}\.php</b> on line|"
    rb"goroutine [0-9]+ \[running\]|\.rb:[0-9]+:in [`']|werkzeug\.debug|__debugger__",
)
PATHS = re.compile(rb"(?<![\w/.:-])/(?:usr|home|var|opt|srv|etc|root|tmp)/[\w./-]{3,80}")
VERSIONS = re.compile(rb"(?i)\b(?:nginx|apache|python|php|openssl|jetty|tomcat|gunicorn|werkzeug)/[0-9][\w.]*")


@requirement("WWW-error-page", SECURITY, "OWASP ASVS 7.4.1", "Errors tell nobody how the server is made inside.")
def test_errors_show_no_trace(http_tour: HttpTour, www: Www) -> None:
    """No traceback in any answer of 4yz or 5yz; paths of files and versions are noted."""
    errors = [answer for answer in http_tour.replies if answer.status >= 400] + _provoked(www)
    http_tour.prerequisite(errors, "an error")
    for answer in errors:
        trace = TRACES.search(answer.body[:LONGEST])
        www.require(trace is None, "no traceback in an error", trace[0] if trace else b"")
    for what, pattern in (("the path of a file", PATHS), ("a version", VERSIONS)):
        for found in sorted(
            {match[0] for answer in errors for match in [pattern.search(answer.body[:LONGEST])] if match}
        ):
            www.note(f"{what} in an error: {found.decode('latin-1')}")


def _provoked(www: Www) -> list[Response]:
    """Errors of an application, as strangers provoke them: bad encodings, names that are none, content of no kind."""
    named = www.target.options
    paths = ["/%00", "/%ff%fe", "/%zz", "/..%2f..%2fnc", "/?a[]=1&a=2&%"]
    paths += [named[name].replace("*", "%ff%00") for name in ("reflect", "search", "next", "json") if name in named]
    found: list[Response] = []
    for path in paths:
        www.renew()
        found += www.count(www.get("Cookie: ;=\xff", target=path)).own
    if "form" in named and "write" in www.target.allowed:
        www.renew()
        found += www.count(www.posting(named["form"], b"\xff\0", kind="application/json")).own
    return [answer for answer in found if answer.status >= 400]


# -- what ends up in a log

AGENTS = {
    "encoded": b"nc%0d%0aNc-X:%201",
    "octets": b"nc\x9b2J\xff\xfe\xc0\x80",
    "escapes": b"nc\\r\\nNc-X: 1 ${jndi:nc} {{7*7}} %n%s",
    "markup": b'"><nc-x>',
}


@requirement("WWW-crlf-log", SECURITY, "CWE-93", "What a client calls itself changes nothing.")
@pytest.mark.parametrize("agent", AGENTS.values(), ids=list(AGENTS))
def test_names_of_clients(www: Www, agent: bytes) -> None:
    """The usual answer, or 400; no field and no element is made of it, and the next client is served."""
    stimulus, twin = www.get(b"User-Agent: " + agent), www.get("User-Agent: nc")
    answers = www.same_as(stimulus, twin, fates=REFUSAL | Fate.DROPPED)
    if answers.fate in UNDERSTOOD and (answer := answers.first) is not None:
        www.require("Nc-X" not in answer.fields, "no field that is made of User-Agent", answer.head)
        page = _kind(answer).startswith(b"text/html") and "nc-x" in parse_page(answer.body).names()
        www.require(not page, "User-Agent as text where a page repeats it", answer.body)
    www.renew()
    www.alive()


NOT_CHECKED: list[tuple[str, str]] = []

"""The site of the strict HTTP session: validators, ranges, codings, accounts, forms, what may be written."""

from __future__ import annotations

import base64
import gzip
import json
import re
from datetime import timedelta
from urllib.parse import quote

import pytest

from pytest_netconform.reference_servers.http import PAGES, HttpConfig, Site, configured
from pytest_netconform.reference_servers.http.site import BIG, ENTRIES, HELLO, MODIFIED, SiteFull, Stored
from tests.http_talk import Answer, HttpTalk

ALICE = "Authorization: Basic " + base64.b64encode(b"alice:s3cret").decode()
LM = "Sun, 01 Jun 2025 12:30:15 GMT"
LATER, EARLIER = "Mon, 02 Jun 2025 12:30:15 GMT", "Sat, 31 May 2025 12:30:15 GMT"
FORM = "Content-Type: application/x-www-form-urlencoded"


def hello(*lines: str, method: str = "GET") -> Answer:
    """An answer about the fixed text."""
    return HttpTalk().ask(method, "/hello.txt", *lines)


ETAG = hello()["etag"]

# validators and preconditions


def test_the_fixed_text() -> None:
    """It has a strong tag and an old date, and says how long it may be kept."""
    answer = hello()
    assert answer.body == HELLO and re.fullmatch('"[0-9a-f]{24}"', answer["etag"])
    assert answer["last-modified"] == LM and answer["cache-control"] == "max-age=3600"
    assert answer["vary"] == "Accept-Encoding" and answer["accept-ranges"] == "bytes"
    head = hello(method="HEAD")
    assert head.body == b"" and head.fields == answer.fields


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ([f"If-None-Match: {ETAG}"], 304),
        ([f"If-None-Match: W/{ETAG}"], 304),
        ([f'If-None-Match: "zz", {ETAG} , "y,y"'], 304),
        (['If-None-Match: "y,y"', f"If-None-Match: {ETAG}"], 304),
        (["If-None-Match: *"], 304),
        (['If-None-Match: "zz"'], 200),
        ([f"If-None-Match: {ETAG.strip(chr(34))}"], 200),
        ([f"If-Modified-Since: {LM}"], 304),
        ([f"If-Modified-Since: {LATER}"], 304),
        ([f"If-Modified-Since: {EARLIER}"], 200),
        (["If-Modified-Since: Sunday, 01-Jun-25 12:30:15 GMT"], 304),
        (["If-Modified-Since: Sun Jun  1 12:30:15 2025"], 304),
        (["If-Modified-Since: Sunday, 01-Jun-99 12:30:15 GMT"], 200),
        (["If-Modified-Since: garbage"], 200),
        (["If-Modified-Since: Sun, 31 Feb 2027 12:30:15 GMT"], 200),
        ([f"If-Modified-Since: {LM}", f"If-Modified-Since: {LM}"], 200),
        ([f"If-None-Match: {ETAG}", f"If-Modified-Since: {EARLIER}"], 304),
        (['If-None-Match: "zz"', f"If-Modified-Since: {LM}"], 200),
        (['If-Match: "nc-none"'], 412),
        ([f"If-Match: {ETAG}"], 200),
        (["If-Match: *"], 200),
        ([f"If-Match: W/{ETAG}"], 412),
        ([f"If-Unmodified-Since: {EARLIER}"], 412),
        ([f"If-Unmodified-Since: {LM}"], 200),
        (["If-Unmodified-Since: garbage"], 200),
        ([f"If-Match: {ETAG}", f"If-Unmodified-Since: {EARLIER}"], 200),
        ([f"If-Match: {ETAG}", f"If-None-Match: {ETAG}"], 304),
        (['If-Match: "nc-none"', f"If-None-Match: {ETAG}"], 412),
    ],
)
def test_preconditions(lines: list[str], status: int) -> None:
    """Each holds or does not, and their order is that of RFC 9110 13.2.2."""
    answer = hello(*lines)
    assert answer.status == status
    if status == 304:
        assert answer["etag"] == ETAG and answer["cache-control"] and answer["vary"] and answer["date"]
        assert "content-length" not in answer and "content-type" not in answer


def test_preconditions_are_for_what_would_succeed() -> None:
    """404 and redirections stay what they are (RFC 9110 13.2.1)."""
    for path, status in (("/no", 404), ("/folder", 301)):
        for line in ("If-None-Match: *", 'If-Match: "x"'):
            assert HttpTalk().ask("GET", path, line).status == status


def test_without_validators() -> None:
    """A server that keeps none passes over what is asked about them."""
    talk = HttpTalk(configured({"without": "etag,last-modified,ranges,gzip"}))
    lines = (f"If-Match: {ETAG}", f"If-Modified-Since: {LM}", "Range: bytes=0-0", "Accept-Encoding: gzip")
    answer = talk.ask("GET", "/hello.txt", *lines)
    assert answer.status == 200 and not {"etag", "last-modified", "accept-ranges", "vary"} & dict(answer.fields).keys()


def test_nothing_was_modified_tomorrow() -> None:
    """Last-Modified is never behind Date (RFC 9110 8.8.2.1)."""
    config = HttpConfig(date=lambda now: MODIFIED - timedelta(days=1) + timedelta(seconds=now))
    answer = HttpTalk(config).ask("GET", "/hello.txt")
    assert answer["last-modified"] == answer["date"] == EARLIER


# ranges

SIZE = len(HELLO)


@pytest.mark.parametrize(
    ("ranges", "place"),
    [
        ("bytes=0-9", (0, 9)),
        ("Bytes=10-", (10, SIZE - 1)),
        ("bytes=-10", (SIZE - 10, SIZE - 1)),
        ("bytes=-99999999", (0, SIZE - 1)),
        ("bytes=0-99999999", (0, SIZE - 1)),
        ("bytes=0-18446744073709551616", (0, SIZE - 1)),
        ("bytes=-9223372036854775808", (0, SIZE - 1)),
        ("bytes= 5-5 ,, 99999- ", (5, 5)),
    ],
)
def test_one_part(ranges: str, place: tuple[int, int]) -> None:
    """206, where it belongs, and those octets."""
    answer = hello(f"Range: {ranges}")
    assert answer.status == 206 and answer.body == HELLO[place[0] : place[1] + 1]
    assert answer["content-range"] == f"bytes {place[0]}-{place[1]}/{SIZE}"
    assert answer["etag"] == ETAG and answer["cache-control"] and answer["vary"]


@pytest.mark.parametrize(
    "ranges",
    [
        *(
            "bytes=5-2",
            "bytes=abc",
            "bytes=1-2x",
            "bytes=",
            "bytes=-",
            "nc-lines=0-1",
            "bytes=0-0,x",
            "bytes=-1,-99999",
        ),
        *("bytes=0-," + ",".join(f"5-{number}" for number in range(1300)), "bytes=" + "0-0," * 17, "bytes=+1-2"),
    ],
)
def test_ranges_that_are_passed_over(ranges: str) -> None:
    """What makes no sense, or costs more than the whole, gets the whole (RFC 9110 14.2, 17.15)."""
    answer = hello(f"Range: {ranges}")
    assert answer.status == 200 and answer.body == HELLO


def test_what_is_not_there() -> None:
    """416 and the length."""
    for ranges in ("bytes=99999999-", "bytes=-0"):
        answer = hello(f"Range: {ranges}")
        assert answer.status == 416 and answer["content-range"] == f"bytes */{SIZE}"


def test_several_parts() -> None:
    """multipart/byteranges, and each part says where it belongs."""
    answer = hello("Range: bytes=0-0,5-6")
    boundary = answer["content-type"].removeprefix("multipart/byteranges; boundary=").encode()
    parts = answer.body.split(b"\r\n--" + boundary)
    assert answer.status == 206 and "content-range" not in answer and parts[0] == b"" and parts[-1] == b"--\r\n"
    heads, bodies = zip(*(part.split(b"\r\n\r\n", 1) for part in parts[1:-1]), strict=True)
    assert bodies == (HELLO[:1], HELLO[5:7])
    assert all(b"Content-Range: bytes " in head for head in heads)


def test_ranges_are_for_get() -> None:
    """HEAD has none."""
    assert hello("Range: bytes=0-0", method="HEAD").status == 200


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (f"If-Range: {ETAG}", 206),
        ('If-Range: "other"', 200),
        (f"If-Range: W/{ETAG}", 200),
        (f"If-Range: {LM}", 206),
        (f"If-Range: {EARLIER}", 200),
        (f"If-Range: {LATER}", 200),
        ("If-Range: garbage", 200),
    ],
)
def test_if_range(line: str, status: int) -> None:
    """Parts of what the client has, or the whole."""
    assert hello("Range: bytes=0-9", line).status == status
    assert hello(line).status == 200


# codings


@pytest.mark.parametrize(
    ("lines", "coded"),
    [
        ([], False),
        (["Accept-Encoding: gzip"], True),
        (["Accept-Encoding: br, GZIP ; q=0.5"], True),
        (["Accept-Encoding: *"], True),
        (["Accept-Encoding: gzip;q=0, br;q=0"], False),
        (["Accept-Encoding: gzip;q=0, *"], False),
        (["Accept-Encoding: identity"], False),
        (["Accept-Encoding: xgzip"], False),
        (["Accept-Encoding:"], False),
    ],
)
def test_codings(lines: list[str], coded: bool) -> None:
    """gzip for who takes it, under a tag of its own."""
    answer = hello(*lines)
    assert ("content-encoding" in answer) is coded and answer["vary"] == "Accept-Encoding"
    assert (gzip.decompress(answer.body) if coded else answer.body) == HELLO
    assert (answer["etag"] != ETAG) is coded


# redirections, paths, pages


def test_redirections() -> None:
    """Within this site, encoded as it came, whatever Host says."""
    talk = HttpTalk()
    assert talk.ask("GET", "/folder?a=%0d%0aX:1", "X-Forwarded-Host: evil")["location"] == "/folder/?a=%0d%0aX:1"
    for status in (301, 302, 303, 307, 308):
        answer = talk.ask("GET", f"/moved/{status}/a%20b%0d%0aX:1%C3%A9")
        assert (answer.status, answer["location"]) == (status, "/landing/a%20b%0D%0AX:1%C3%A9")
    assert talk.ask("GET", "/landing/a%20b").status == 200


@pytest.mark.parametrize(
    "place", ["//nc.example/", "https:nc.example", "/\\nc.example", "https://x/", "/\t/x", "/%2fx/"]
)
def test_redirections_stay_here(place: str) -> None:
    """A stranger's place is never elsewhere."""
    answer = HttpTalk().ask("GET", f"/go?next={quote(place)}")
    assert answer.status == 400 or answer["location"] == "/x/"
    assert HttpTalk().ask("GET", "/go?next=/ok%3Fa=b")["location"] == "/ok?a=b"


@pytest.mark.parametrize(
    ("path", "status"),
    [("/%2e%2e/", 200), ("/..%2fhello.txt", 200), ("/%252e", 404), ("/..;/", 404), ("/./hello.txt", 200), ("//", 404)],
)
def test_paths(path: str, status: int) -> None:
    """Decoded once, and never above the root."""
    assert HttpTalk().ask("GET", path).status == status


def test_two_sites() -> None:
    """The authority of the target wins over Host (RFC 9112 3.2.2)."""
    talk = HttpTalk()
    assert b"www.example.test" in talk.ask("GET", "/").body
    assert b"second.example.test" in talk.ask("GET", "http://second.example.test:80/").body


def test_what_is_repeated_is_escaped() -> None:
    """In pages, lists and errors; JSON says that it is JSON."""
    talk, evil = HttpTalk(), "<script>nc</script>\"'>&"
    for path in (f"/greet?name={quote(evil)}", f"/search?q={quote(evil)}", "/no%3Cscript%3E?'"):
        body = talk.ask("GET", path).body
        assert b"<script>" not in body and b"\"'>" not in body and b"'" not in body
    talk.ask("POST", "/form", FORM, body=b"text=" + quote(evil).encode())
    assert b"&lt;script&gt;nc&lt;/script&gt;&quot;&#x27;&gt;&amp;" in talk.ask("GET", "/form/entries").body
    answer = talk.ask("GET", f"/say?text={quote(evil)}")
    assert json.loads(answer.body) == {"text": evil} and answer["content-type"] == "application/json"
    assert answer["x-content-type-options"] == "nosniff"


def test_search() -> None:
    """What is sought is a text and nothing else."""
    talk = HttpTalk()
    assert b"black tea" in talk.ask("GET", "/search?q=tea").body
    for odd in ("' OR '1'='1", "1;--", ""):
        assert b"<li>" not in talk.ask("GET", f"/search?q={quote(odd)}").body


def test_every_resource() -> None:
    """Each row of the table has its method; its answers are well-formed, to GET and HEAD alike, and OPTIONS tells."""
    for path, route in PAGES.items():
        for secure in (False, True):
            talk = HttpTalk(HttpConfig(slow=0), secure=secure)
            place = path.replace("*", "302")
            lines = (ALICE,) if route.protected else ()
            allow = talk.ask("OPTIONS", place)["allow"].split(", ")
            assert allow == [*route.methods, "OPTIONS"]
            status = talk.ask("GET", place, *lines).status
            assert talk.ask("HEAD", place, *lines).status == status
            assert (status == 405) is ("GET" not in route.methods)
            assert ("strict-transport-security" in talk.ask("GET", "/")) is secure


@pytest.mark.parametrize(("path", "status"), [("/nothing", 204), ("/reset", 205), ("/busy", 503), ("/newer", 426)])
def test_odd_statuses(path: str, status: int) -> None:
    """204 has no length, 205 has no content, 503 and 426 say what to do."""
    answer = HttpTalk().ask("GET", path)
    assert answer.status == status
    assert ("content-length" in answer) is (status != 204)
    assert ("retry-after" in answer) is (status == 503) and ("upgrade" in answer) is (status == 426)


def test_pages_from_elsewhere() -> None:
    """Only friends may read with credentials."""
    friend, stranger = (HttpTalk().ask("GET", "/cors", f"Origin: https://{name}.example") for name in ("friend", "nc"))
    assert friend["access-control-allow-origin"] == "https://friend.example" and friend["vary"] == "Origin"
    assert "access-control-allow-origin" not in stranger and stranger["vary"] == "Origin"


# Basic


@pytest.mark.parametrize(
    ("value", "status"),
    [
        (b"Basic " + base64.b64encode(b"alice:s3cret"), 200),
        (b"bAsIc  " + base64.b64encode(b"bob:s3cret"), 200),
        *[
            (b"Basic " + base64.b64encode(text), 401)
            for text in (b"alice:s3cre", b"alice:s3crets", b"eve:s3cret", b":", b"", b"alice", b"\xff:\xff", b"alice:")
        ],
        *[(text, 401) for text in (b"Basic !!!", b"Basic", b"Basic ===", b"Basic a", b"Digest x", b"", b"\xff")],
    ],
)
def test_basic(value: bytes, status: int) -> None:
    """The right password and nothing like it; 401 has a challenge."""
    answer = HttpTalk().ask("GET", "/private", f"Authorization: {value.decode('latin-1')}")
    assert answer.status == status
    if status == 401:
        assert answer["www-authenticate"] == 'Basic realm="netconform", charset="UTF-8"'


def test_basic_is_no_state() -> None:
    """The next request proves itself anew, two proofs are none, and a password may hold colons."""
    talk = HttpTalk()
    assert [talk.ask("GET", "/private", *lines).status for lines in ([ALICE], [], [ALICE, ALICE])] == [200, 401, 401]
    talk = HttpTalk(configured({"password": "a:b:\u00e9"}))
    credentials = base64.b64encode("alice:a:b:\u00e9".encode()).decode()
    assert talk.ask("GET", "/private", f"Authorization: Basic {credentials}").status == 200


# writing


def test_writing() -> None:
    """Created, changed, read, deleted; a second DELETE finds nothing."""
    talk = HttpTalk()
    made = talk.ask("PUT", "/scratch/a.txt", "Content-Type: text/plain", body=b"one")
    read = talk.ask("GET", "/scratch/a.txt")
    assert made.status == 201 and read.body == b"one" and read["etag"] == made["etag"]
    assert read["content-type"] == "text/plain"
    assert talk.ask("PUT", "/scratch/a.txt", body=b"two").status == 204
    assert talk.site.files() == {"/scratch/a.txt": b"two"}
    assert [talk.ask("DELETE", "/scratch/a.txt").status for _ in range(2)] == [204, 404]
    posted = talk.ask("POST", "/scratch/", body=b"three")
    assert posted.status == 201 and talk.ask("GET", posted["location"]).body == b"three"


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (["If-None-Match: *"], 412),
        (["If-None-Match: {etag}"], 412),
        (["If-Match: {etag}"], 204),
        (['If-Match: "x"'], 412),
        (["If-Unmodified-Since: Sat, 31 May 2025 12:30:15 GMT"], 412),
        (["If-Modified-Since: Sat, 31 May 2031 12:30:15 GMT"], 204),
        (["Content-Range: bytes 0-0/1"], 400),
    ],
)
def test_writing_under_conditions(lines: list[str], status: int) -> None:
    """Who asks for the old one to be there, or for none, changes nothing else."""
    talk = HttpTalk()
    tag = talk.ask("PUT", "/scratch/a", body=b"one")["etag"]
    assert talk.ask("PUT", "/scratch/a", *[line.format(etag=tag) for line in lines], body=b"two").status == status
    assert talk.site.files()["/scratch/a"] == (b"two" if status == 204 else b"one")
    assert talk.ask("PUT", "/scratch/b", "If-None-Match: *", body=b"").status == 201
    assert talk.ask("PUT", "/scratch/c", "If-Match: *", body=b"").status == 412


def test_a_site_has_an_end() -> None:
    """What is full says so; what is listed forgets the oldest."""
    site = Site()
    stored = Stored(b"x" * (1 << 20), "text/plain", MODIFIED)
    with pytest.raises(SiteFull):
        for number in range(1000):
            site.put(f"/scratch/{number}", stored)
    talk = HttpTalk(site=site)
    assert talk.ask("PUT", "/scratch/more", body=BIG).status == 507
    for number in range(ENTRIES + 300):
        site.add_submission({}, [f"entry {number}"])
        site.add_note("alice", "x")
        site.begin_session("alice")
    assert len(site.entries()) == ENTRIES and len(site.notes("alice")) <= ENTRIES

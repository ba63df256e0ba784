"""Chunked bodies of requests (RFC 9112 7.1): sizes, extensions, data, and where the last chunk ends.

Two recipients that read one chunk differently disagree about where the next request begins, so what is no chunk is
refused, and the connection ends. An answer before the body was read is as good where the close follows it.
"""

from __future__ import annotations

import pytest

from pytest_netconform.dialogues.http import NOWHERE, Http
from pytest_netconform.dialogues.http_fates import NO, REFUSAL, UNDERSTOOD, Fate
from pytest_netconform.requirement import INTEROP, MUST, SECURITY, hostile, needs, requirement
from pytest_netconform.verdict import Inconclusive, NonConformity
from pytest_netconform.wire.cuts import CUTS
from pytest_netconform.wire.http_requests import chunked

CHUNKED = "Transfer-Encoding: chunked"
BODY = b"hello"
TEN = b"0123456789"
LAST = b"0\r\n\r\n"
ANY = UNDERSTOOD | REFUSAL | Fate.DROPPED
TINY = bytes(range(256)) * 4  # a body that is sent one octet a chunk
LONG = 1 << 20  # octets of an extension that nobody needs
REFUSING = (400, 413, 431)
OTHERWISE = "refused with 5yz, where RFC 9112 2.2 asks for 400"
FAILING: dict[int | Fate, str] = {Fate.FAILED: OTHERWISE}
LINE_FEED = "a bare LF taken for CR LF; the leave of RFC 9112 2.2 does not reach the lines of chunks"


def _taken(http: Http, body: bytes = BODY) -> bytes:
    """The twin: the same in chunks as everybody writes them, which this target reads to the end."""
    plain = http.post(CHUNKED, body=chunked(body))
    answers = http.understood(plain)
    if answers.own[-1].status == 411:
        http.not_applicable("chunked bodies get 411")
    if answers.fate is not Fate.SERVED and answers.echo is None:
        raise Inconclusive("the connection ends behind any body: without ?echo= nobody can say whether it was read")
    return plain


def _refused(http: Http, body: bytes, *, waits: Fate = NOWHERE, lenient: str = "") -> None:
    """What is no chunked body is refused, and the connection ends. lenient: why to serve it is but a deviation."""
    twin = _taken(http)
    fates = NO | (waits & ~Fate.SWALLOWED)
    if not http.target.options.get("echo"):  # the answer may come before the body is read
        fates |= Fate.SERVED_CLOSED | waits
    tolerated = FAILING | (dict.fromkeys((Fate.SERVED, Fate.SERVED_CLOSED), lenient) if lenient else {})
    http.is_refused(http.post(CHUNKED, body=body), *REFUSING, twin=twin, fates=fates, tolerated=tolerated)


def _decoded(http: Http, framed: bytes, body: bytes) -> None:
    """It is answered as the plain one is, and the application gets what was sent."""
    http.carried(http.same_as(http.post(CHUNKED, body=framed), _taken(http, body)), body)


# -- sizes


@requirement("HTTP-9112-7.1-size-case-zeros", MUST, "RFC 9112 7.1", "A size is hexadecimal in any case, zeros before.")
@pytest.mark.parametrize("size", ["A", "a", "000000A"])
@pytest.mark.parametrize("last", ["0", "000"])
def test_spellings_of_a_size(http: Http, size: str, last: str) -> None:
    """Ten octets are A, a or 000000A; the last chunk is any number of zeros."""
    _decoded(http, f"{size}\r\n".encode() + TEN + f"\r\n{last}\r\n\r\n".encode(), TEN)


@requirement("HTTP-9112-7.1-size-many-zeros", INTEROP, "RFC 9112 7.1", "A size with 4096 zeros before it.")
@hostile
def test_many_zeros(http: Http) -> None:
    """Recorded: decoded or refused, as any limit has it."""
    stimulus = http.post(CHUNKED, body=b"0" * 4096 + b"5\r\nhello\r\n" + LAST)
    answers = http.meets(stimulus, ANY, *REFUSING, twin=_taken(http))
    http.observe(answers)


@requirement("HTTP-9112-7.1-size-0x", MUST, "RFC 9112 7.1", "A size has no 0x in front of it.")
@pytest.mark.parametrize("size", ["0x5", "0X5"])
def test_prefix_of_a_size(http: Http, size: str) -> None:
    """Refused, and neither five nor nothing."""
    # Field note: int() takes it: aiohttp, gunicorn and Tornado until 2023, Werkzeug 3.1.
    _refused(http, size.encode() + b"\r\nhello\r\n" + LAST)


@requirement("HTTP-9112-7.1-size-sign", MUST, "RFC 9112 7.1", "A size has no sign.")
@hostile
@pytest.mark.parametrize(
    "chunk", [b"+5\r\nhello\r\n0", b"-5\r\nhello\r\n0", b"-0"], ids=["plus", "minus", "minus-zero"]
)
def test_sign_of_a_size(http: Http, chunk: bytes) -> None:
    """Refused, whichever sign it is."""
    _refused(http, chunk + b"\r\n\r\n")


@requirement("HTTP-9112-7.1-size-underscore", MUST, "RFC 9112 7.1", "A size has no underscore.")
@pytest.mark.parametrize("size", ["0_5", "0_2e"])
def test_underscore_in_a_size(http: Http, size: str) -> None:
    """Refused: it is a digit group in source code alone."""
    _refused(http, size.encode() + b"\r\n" + b"x" * (5 if size == "0_5" else 46) + b"\r\n" + LAST)


@requirement("HTTP-9112-7.1-size-prefix", MUST, "RFC 9112 7.1", "A size is hexadecimal digits to its end.")
@hostile
@pytest.mark.parametrize("size", [b"5zz", b"5\0", b"5,", b"5 5"], ids=["letters", "nul", "comma", "two"])
def test_more_than_a_size(http: Http, size: bytes) -> None:
    """Refused: the digits in front are no size by themselves."""
    # Field note: nginx 1.22 passes over whatever stands behind a blank, as if it were an extension.
    lenient = "what stands behind a blank is passed over; RFC 9112 7.1.1 has a semicolon before it"
    _refused(http, size + b"\r\nhello\r\n" + LAST, lenient=lenient if b" " in size else "")


@requirement("HTTP-9112-7.1-size-empty", MUST, "RFC 9112 7.1", "An empty line is no chunk, and not the last.")
@pytest.mark.parametrize(
    "body", [b"\r\n\r\n", b"\r\nhello\r\n" + LAST, b"\r\n5\r\nhello\r\n" + LAST], ids=["nothing", "data", "before"]
)
def test_empty_size(http: Http, body: bytes) -> None:
    """Refused: it is not zero; to pass over it where a size follows deviates."""
    # Field note: Go before 1.22 and hyper before 1.1 took it for zero; waitress 3.0 passes over it.
    lenient = "the empty line before the size is passed over; RFC 9112 7.1 has none there"
    _refused(http, body, lenient=lenient if body.startswith(b"\r\n5") else "")


@requirement("HTTP-9112-7.1-size-leading-ws", MUST, "RFC 9112 7.1", "No blank stands before a size.")
@pytest.mark.parametrize("blank", [b" ", b"\t"], ids=["space", "tab"])
def test_blank_before_a_size(http: Http, blank: bytes) -> None:
    """Refused; to pass it over deviates."""
    lenient = "the blank before the size is passed over; RFC 9112 7.1 has none there"
    _refused(http, blank + b"5\r\nhello\r\n" + LAST, lenient=lenient)


@requirement(
    "HTTP-9112-7.1-size-trailing-ws", INTEROP, "RFC 9112 7.1, 7.1.1", "Blanks behind a size, and nothing more."
)
def test_blanks_behind_a_size(http: Http) -> None:
    """Recorded: decoded or refused; the grammar has blanks there only before a semicolon."""
    answers = http.meets(http.post(CHUNKED, body=b"5  \r\nhello\r\n" + LAST), ANY, *REFUSING, twin=_taken(http))
    http.carried(answers, BODY)
    http.observe(answers)


@requirement("HTTP-9112-7.1-size-overflow", MUST, "RFC 9112 7.1", "A huge size is not cut down to a small one.")
@hostile
@pytest.mark.parametrize("size", ["10000000000000005", "FFFFFFFFFFFFFFFF", "8000000000000000", "100000005"])
def test_size_beyond_integers(http: Http, size: str) -> None:
    """Refused, or the data waited for: five octets do not complete it."""
    # Field note: CVE-2013-2028, nginx 1.3.9 to 1.4.0; RFC 9112 7.1 asks for this care by a MUST.
    _refused(http, size.encode() + b"\r\nhello\r\n" + LAST, waits=Fate.WAITING | Fate.SWALLOWED)


# -- lines


@requirement("HTTP-9112-7.1-data-no-crlf", MUST, "RFC 9112 7.1", "CR LF follows the data of a chunk.")
@hostile
@pytest.mark.parametrize("end", [b"XX", b"", b"X\r\n"], ids=["others", "nothing", "longer"])
def test_data_without_its_end(http: Http, end: bytes) -> None:
    """Refused: the data does not end where its size says."""
    _refused(http, b"5\r\nhello" + end + LAST)


@requirement("HTTP-9112-7.1-data-lf", SECURITY, "RFC 9112 2.2, 7.1, 11.2", "LF alone ends nothing between chunks.")
@hostile
@pytest.mark.parametrize(
    "body",
    [b"5\nhello\r\n0\r\n\r\n", b"5\r\nhello\n0\r\n\r\n", b"5\r\nhello\r\n0\n\r\n"],
    ids=["size", "data", "last"],
)
def test_lf_between_chunks(http: Http, body: bytes) -> None:
    """Refused; to take it for CR LF deviates."""
    # Field note: nginx before 1.29 took it for a line's end. waitress 3.0 takes 0 LF CR LF for the line of the last
    # chunk, and the next request for trailers.
    _refused(http, body, lenient=LINE_FEED)


@requirement("HTTP-9112-7.1-data-bare-cr", SECURITY, "RFC 9112 2.2, 7.1, 11.2", "CR alone ends nothing between chunks.")
@hostile
@pytest.mark.parametrize("body", [b"5\rXhello\r\n" + LAST, b"5\r\r;ABCD\r\n" + LAST], ids=["letter", "cr"])
def test_cr_between_chunks(http: Http, body: bytes) -> None:
    """Refused: CR and any other octet are no line's end."""
    _refused(http, body)


@requirement(
    "HTTP-9112-7.1-terminator", MUST, "RFC 9112 7.1", "A body goes on behind the last chunk up to a blank line."
)
@hostile
def test_what_stands_behind_the_last_chunk(http: Http) -> None:
    """What has the form of a field is a trailer, whatever else it looks like: it is never answered."""
    stimulus = http.post(CHUNKED, body=b"5\r\nhello\r\n0\r\nX:" + http.canary())
    http.meets(stimulus, UNDERSTOOD | NO, *REFUSING, twin=_taken(http), tolerated=FAILING)


@requirement(
    "HTTP-9112-7.1-no-final-crlf", MUST, "RFC 9112 7.1, 8", "A body ends at the blank line behind its last chunk."
)
@hostile
def test_no_line_behind_the_last_chunk(http: Http) -> None:
    """What stands right behind it is no request."""
    stimulus = http.post(CHUNKED, body=b"5\r\nhello\r\n0\r\n" + http.canary())
    http.meets(stimulus, UNDERSTOOD | NO, *REFUSING, twin=_taken(http), tolerated=FAILING)


@requirement(
    "HTTP-9112-7.1-no-final-crlf", MUST, "RFC 9112 7.1, 8", "A body ends at the blank line behind its last chunk."
)
@needs("?echo")
def test_no_last_chunk(http_echo: Http) -> None:
    """An error and the close, or the close alone; to be answered as if it were whole deviates. Then comes the close."""
    # Field note: hypercorn 0.18 tells its application (http.disconnect), which may answer all the same.
    http = http_echo
    _taken(http)
    http.send(http.post(CHUNKED, body=b"5\r\nhello\r\n"))
    http.wire.shutdown()
    expected = "an error and the close, or the close alone, behind half a body"
    try:
        value = http.answer(expected)
    except NonConformity:
        if not http.over:
            raise
        return
    if value.status < 400 and not value.problem:
        http.tolerate(expected, value.raw, "answered, and RFC 9112 8 calls it incomplete")
    http.closes("behind half a body")


@requirement("HTTP-9112-7.1-invalid-then-resync", SECURITY, "RFC 9112 2.2, 11.2", "Nothing is read behind a bad chunk.")
@hostile
def test_request_behind_a_bad_chunk(http: Http) -> None:
    """Refused, and then the close: the next line is no request."""
    _refused(http, b"INVALID!!!\r\n" + http.canary())


# -- extensions


@requirement("HTTP-9112-7.1.1-ext-ignored", MUST, "RFC 9112 7.1.1", "Extensions that are not known are passed over.")
def test_extensions(http: Http) -> None:
    """With a value, a quoted one, or none; behind the last chunk's size too."""
    _decoded(http, b'5;a=b;c="d;e"\r\nhello\r\n0;x\r\n\r\n', BODY)


@requirement("HTTP-9112-7.1.1-ext-bws", MUST, "RFC 9112 7.1.1, RFC 9110 5.6.3", "Blanks around extensions are removed.")
@pytest.mark.parametrize("line", [b"5 ; a = b", b"5;a = b", b"5 ;a"], ids=["all", "equals", "semicolon"])
def test_blanks_around_extensions(http: Http, line: bytes) -> None:
    """Decoded; to refuse them deviates: nobody may write them, but everybody must read them."""
    # Field note: h11 0.16 refuses a blank before the semicolon.
    note = "blanks around an extension are refused; RFC 9110 5.6.3 wants them removed"
    tolerated: dict[int | Fate, str] = dict.fromkeys((Fate.REFUSED, Fate.DROPPED), note)
    stimulus = http.post(CHUNKED, body=line + b"\r\nhello\r\n" + LAST)
    http.carried(http.meets(stimulus, UNDERSTOOD, twin=_taken(http), tolerated=tolerated), BODY)


@requirement("HTTP-9112-7.1.1-ext-lf", SECURITY, "RFC 9112 2.2, 7.1.1, 11.2", "No extension holds LF.")
@hostile
@pytest.mark.parametrize("body", [b"5;a\nhello\r\n" + LAST, b"2;\n02\r\nxx\r\n" + LAST], ids=["ends", "inside"])
def test_lf_in_an_extension(http: Http, body: bytes) -> None:
    """Refused: it is neither part of the extension nor the end of the line."""
    _refused(http, body, lenient=LINE_FEED if body.startswith(b"5") else "")


@requirement("HTTP-9112-7.1.1-ext-quoted-crlf", SECURITY, "RFC 9112 7.1.1, 11.2", "A quoted value ends with its line.")
@hostile
def test_quote_that_does_not_end(http: Http) -> None:
    """Refused, or the line ends at CR LF all the same: nobody reads on for the other quote."""
    stimulus = http.post(CHUNKED, body=b'5;a="\r\nhello\r\n' + LAST)
    http.meets(stimulus, UNDERSTOOD | NO, *REFUSING, twin=_taken(http), tolerated=FAILING)


@requirement("HTTP-9112-7.1.1-ext-huge", INTEROP, "RFC 9112 7.1.1", "An extension of 1 MiB.")
@hostile
def test_huge_extension(http: Http) -> None:
    """Recorded: refused within some limit, or read on and on."""
    # Field note: CVE-2023-39326 (Go), CVE-2024-22019 (Node): without a limit one octet costs a gigabyte.
    stimulus = http.post(CHUNKED, body=b"5;" + b"a" * LONG + b"\r\nhello\r\n" + LAST)
    answers = http.meets(stimulus, ANY, *REFUSING, twin=_taken(http))
    http.observe("accepted" if answers.fate is Fate.SERVED else "refused")


# -- data


@requirement(
    "HTTP-9112-7.1-tiny-chunks", MUST, "RFC 9112 7.1", "Chunks may be tiny, and segments of TCP are no chunks."
)
def test_tiny_chunks(http: Http) -> None:
    """A thousand chunks of one octet each make the same body as one chunk."""
    _decoded(http, chunked(*(TINY[place : place + 1] for place in range(len(TINY)))), TINY)


@requirement(
    "HTTP-9112-7.1-tiny-chunks", MUST, "RFC 9112 7.1", "Chunks may be tiny, and segments of TCP are no chunks."
)
@pytest.mark.parametrize("cut", ["octets", "tokens"])
def test_chunks_in_many_segments(http: Http, cut: str) -> None:
    """However the octets arrive, cut inside of sizes and of CR LF too, the body is the same."""
    plain = _taken(http, BODY + TEN)
    right = http.understood(plain).own[-1].status
    http.cut(CUTS[cut])
    answers = http.count(http.post(CHUNKED, body=chunked(BODY, TEN)))
    http.require(answers.fate in UNDERSTOOD and answers.own[-1].status == right, f"{right}, as in one segment", answers)
    http.carried(answers, BODY + TEN)


NOT_CHECKED: list[tuple[str, str]] = []

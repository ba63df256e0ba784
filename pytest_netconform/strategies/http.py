"""What HTTP clients say, and nearly say: whole requests of every framing, and those in which one thing is wrong.

Most are taken from lists that are made beforehand: so a step is few choices, which are drawn and shrunk quickly.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from itertools import product
from typing import TypeVar

from hypothesis import strategies as st

from pytest_netconform.models.model import EVERY_OCTET, Step
from pytest_netconform.strategies.http_tricks import SAID, invalid_length
from pytest_netconform.strategies.octets import SPOILERS, hostile
from pytest_netconform.wire.http_requests import Line, chunked, request

T = TypeVar("T")

HOST = "%{host}"
ROOT, SINK, NOTHING = b"%{root}", b"%{sink}", b"%{nothing}"
PLACES = (ROOT, SINK, NOTHING, b"%{rootquery}n=0", *(b"%%{sinkquery}n=%d" % number for number in range(1, 8)))
METHODS = (b"GET", b"HEAD", b"OPTIONS")
CODED = b"Transfer-Encoding: chunked"
FIELDS: tuple[tuple[bytes, ...], ...] = (
    *((), (b"Accept: */*",), (b"Connection: keep-alive",), (b"Connection: nc-foo", b"User-Agent: netconform")),
    (b"X-Netconform: ~!{}()<>@;", b"X-Empty:"),
)
BODIES = (b"hello", b"", b"\r\n", b"0\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"x" * 300, b"\0" * 20, bytes(range(256)))
PIECES: tuple[tuple[bytes, ...], ...] = (
    *((b"hello",), (), (b"0123456789",), (b"hello", b"0\r\n\r\n", b"x" * 171), (b"\r\n",) * 3),
    (b"GET / HTTP/1.1\r\n\r\n", b"a"),
)
TEN = "HTTP/1.0"

_PLACE_OF_CUT = (*((place,) for place in range(1, 41, 3)), (3, 4), (16, 17, 30), (5, 25), (38, 39, 40))
_CUTS: tuple[tuple[int, ...], ...] = ((),) * 24 + _PLACE_OF_CUT + (EVERY_OCTET,) * 3


def _of(values: Sequence[T]) -> st.SearchStrategy[T]:
    """One of them; `sampled_from` would show them all wherever it is shown."""

    def at(place: int) -> T:
        return values[place]

    return st.integers(0, len(values) - 1).map(at)


_ALONE = _of([(cut, False) for cut in _CUTS])
_AHEAD = _of([(cut, ahead) for ahead in (False, True, True) for cut in _CUTS])


LONG = 1000  # octets that are not said one by one


def _step(word: str, say: bytes, how: tuple[tuple[int, ...], bool]) -> Step:
    cut, ahead = how
    return Step(word, say, () if cut == EVERY_OCTET and len(say) > LONG else cut, ahead)


def _paired(pair: tuple[str, bytes], how: tuple[tuple[int, ...], bool]) -> Step:
    return _step(*pair, how)


def _drawn(word: str, says: st.SearchStrategy[bytes], *, ahead: bool = True) -> st.SearchStrategy[Step]:
    """Steps of one word."""
    return st.builds(partial(_step, word), says, _AHEAD if ahead else _ALONE)


def _one_of(words: Mapping[str, Iterable[bytes]], *, ahead: bool = True) -> st.SearchStrategy[Step]:
    """Steps of several words, each as often as any other."""
    lists = {word: list(says) for word, says in words.items()}
    longest = max(map(len, lists.values()))
    pairs = [(word, say) for word, says in lists.items() for say in says * (longest // len(says))]
    return st.builds(_paired, _of(pairs), _AHEAD if ahead else _ALONE)


def _ask(method: bytes, target: bytes, *lines: Line, body: bytes = b"", version: str = "HTTP/1.1") -> bytes:
    return request(method, target, *lines, host=HOST, body=body, version=version)


def _post(lines: Sequence[Line], body: bytes, target: bytes = SINK, method: bytes = b"POST") -> bytes:
    return _ask(method, target, *lines, b"Content-Length: %d" % len(body), body=body)


# -- valid requests


def _spelt(pieces: Sequence[bytes], spelling: bytes, zeros: int, last: bytes) -> bytes:
    parts = [spelling % len(piece) + b"\r\n" + piece + b"\r\n" for piece in pieces]
    return b"".join(b"0" * zeros + part for part in parts) + last + b"\r\n\r\n"


def _of_chunks(body: bytes, target: bytes = SINK, coding: bytes = CODED) -> bytes:
    return _ask(b"POST", target, coding, body=body)


def _many(count: int, name: bytes, blank: bytes) -> bytes:
    lines = (b"X-%d:%s1" % (number, blank) for number in range(count))
    return request(b"GET", SINK, b"%s:%s%%{host}%s" % (name, blank, blank), *lines, host=None)


_PLAIN = [_ask(method, place, *lines) for lines, method, place in product(FIELDS, METHODS, PLACES)]
_ABSOLUTE = [_ask(b"GET", b"%{scheme}://%{host}" + place) for place in (ROOT, NOTHING)]
_MANY = [
    _many(count, name, blank)
    for count, name, blank in product((0, 1, 20, 60), (b"Host", b"host", b"hOsT"), (b"", b" ", b"   "))
]
_LONG = st.integers(200, 3800).map(lambda length: _ask(b"GET", b"%{rootquery}q=" + b"a" * length))
_COUNTED = [
    *(_post(lines, body, place) for lines, body, place in product(FIELDS, BODIES, (SINK, ROOT, NOTHING, PLACES[-1]))),
    *[_ask(b"POST", SINK), _ask(b"POST", NOTHING)] * 8,  # no length: no body
]
_DRAWN = st.binary(min_size=1, max_size=60).map(lambda body: _post((), body.replace(b"%", b"#")))
_BODIED = [
    *(_post((), body, place, method) for body, method, place in product(BODIES, METHODS, PLACES[:3])),
    *(_ask(method, place, CODED, body=chunked(b"hello")) for method, place in product(METHODS, PLACES[:3])),
]
_CHUNKED = [
    _of_chunks(_spelt(pieces, spelling, zeros, last), place, coding)
    for coding, last, zeros, spelling, pieces, place in product(
        (CODED, b"transfer-encoding:chunked", b"Transfer-Encoding:  CHUNKED  "),
        (b"0", b"000"),
        (0, 1, 6),
        (b"%x", b"%X"),
        PIECES,
        (SINK, ROOT, PLACES[-1]),
    )
]
_EXTENDED = [
    _of_chunks(chunked(*pieces, extension=extension))
    for extension, pieces in product(
        (b";a", b";a=b", b';a=b;c="d;e"', b';c="\\""', b";netconform=" + b"x" * 100), PIECES[:1] + PIECES[3:]
    )
]
_TRAILED = [
    _of_chunks(chunked(*pieces, trailers=(b"X-T: 1", b"X-U:", b"X-T: GET / HTTP/1.1")[:count]))
    for count, pieces in product((1, 2, 3), PIECES)
]
_TINY = [_of_chunks(chunked(*([b"x"] * count))) for count in (120, 60, 200)]
_EXPECTED = [_post((b"Expect: 100-continue",), body) for body in BODIES if body]
_CLOSING = (
    *((b"Connection: close",), (b"Connection: nc-foo, CLOSE",), (b"Connection: nc-foo", b"Connection: close")),
    (b"Connection: keep-alive, close",),
)
_LAST = [
    *(_ask(method, place, *lines) for lines, method, place in product(_CLOSING, METHODS, PLACES[:3])),
    *(_ask(method, place, version=TEN) for method, place in product(METHODS[:2], PLACES[:3])),
]
_TEN = [
    _ask(method, place, b"Connection: keep-alive", version=TEN) for method, place in product(METHODS[:2], PLACES[:3])
]
_HALF = [_ask(b"POST", SINK, b"Content-Length: 10") + b"helloworld"[:place] for place in range(10)]
_PUT = [_post((), body, b"%{nothing}/nc-put", b"PUT") for body in BODIES]

# -- requests that are nearly valid


#: words of tricks about something else than where a body ends
_HEADS = ("colon-blank", "name-octet", "fold", "bare-cr", "blank-first", "separator", "nul", "field-odd", "field-long")
_LINES = ("version-odd", "line-odd", "lf-only", "more", "host-none", "hosts-two", "host-invalid")
_FRAMING = [word for word in SAID if word not in _HEADS + _LINES]
_NEARLY = (
    *(_PLAIN[0], _PLAIN[3], *_BODIED[:1], _COUNTED[0], _COUNTED[1], _LAST[0], _LAST[9], _TEN[0], _ABSOLUTE[0]),
    *(_CHUNKED[0], _CHUNKED[9], _CHUNKED[21], _EXTENDED[0], _EXTENDED[8], _TRAILED[0], _TRAILED[-1], _EXPECTED[0]),
)
_ODD_OCTETS = (*SPOILERS, b"\r", b"\n", b":", b";", b",", b"0", b"1", b"f", b"-")
_SPOILING = list(product(_NEARLY, _ODD_OCTETS, ("put", "swap", "leave")))


def _spoil(how: tuple[bytes, bytes, str], place: int) -> bytes:
    """One octet is put in, left out, or another; never in a name, which is filled in later."""
    octets, spoiler, act = how
    place %= len(octets)
    if (found := re.search(rb"%\{[^}]*$", octets[:place])) is not None:
        place = found.start()
    if act == "put" or octets[place : place + 1] == b"%":
        return octets[:place] + spoiler + octets[place:]
    return octets[:place] + (spoiler if act == "swap" else b"") + octets[place + 1 :]


_SPOILT = st.builds(_spoil, _of(_SPOILING), st.integers(0, 300))

#: word → its steps; `odd`, `also`, `seldom`: those of several words
RULES: Mapping[str, st.SearchStrategy[Step]] = {
    "plain": _one_of({"plain": _PLAIN}),
    "counted": _one_of({"counted": _COUNTED}),
    "counted drawn": _drawn("counted", _DRAWN),
    "bodied": _one_of({"bodied": _BODIED}),
    "chunked": _one_of({"chunked": _CHUNKED}),
    "also": _one_of({"extension": _EXTENDED, "trailers": _TRAILED, "tiny": _TINY, "expect": _EXPECTED}),
    "also heads": _one_of({"absolute": _ABSOLUTE, "fields": _MANY}),
    "long": _drawn("long", _LONG),
    "ten": _one_of({"ten": _TEN}, ahead=False),
    **{f"odd {word}": _one_of({word: SAID[word]}, ahead=False) for word in _FRAMING},
    "odd head": _one_of({word: SAID[word] for word in _HEADS}, ahead=False),
    "odd line": _one_of({word: SAID[word] for word in _LINES}, ahead=False),
    "odd octet": _drawn("spoilt", _SPOILT, ahead=False),
    "odd number": _drawn("length-invalid", invalid_length, ahead=False),
    "seldom": _one_of({"last": _LAST, "half": _HALF, "waits": _EXPECTED, "put": _PUT}, ahead=False),
}

# nothing that resembles HEAD: whether its answers have bodies is for who says it to know
_HOSTILE: st.SearchStrategy[bytes] = st.sampled_from(
    (
        b"GET / HTTP/1.1",
        b"GET %{root} HTTP/1.1\r\nHost: %{host}\r\n",
        b"GET %{root} HTTP/1.0\r\nHost: %{host}\r\nConnection: keep-alive\r\n",
        b"POST %{sink} HTTP/1.1\r\nHost: %{host}\r\nContent-Length: 5\r\n\r\nhello",
        b"POST %{sink} HTTP/1.1\r\nHost: %{host}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: %{host}\r\n",
        b"Host: %{host}",
        b"Content-Length: 10",
        b"Transfer-Encoding: chunked",
        b"Expect: 100-continue",
        b"X-A: b\r\n c",
        b"5\r\nhello",
        b"0\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n",
    )
)
HOSTILE: st.SearchStrategy[Step] = st.one_of(hostile(_HOSTILE), _drawn("hostile", _SPOILT, ahead=False))

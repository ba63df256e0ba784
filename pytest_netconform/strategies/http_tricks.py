"""The octets of requests that are nearly valid, one list for each word of `models.http_tricks`.

`%{canary}` is a request that is hidden where a wrong framing finds it; `%{length}` counts its octets, `%{chunk}` does
in hexadecimal, and `%{inside}` those of the line before it in a chunk.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from hypothesis import strategies as st

from pytest_netconform.wire.http_requests import Line, chunked, request

HOST = "%{host}"
ROOT, SINK, NOTHING = "%{root}", "%{sink}", "%{nothing}"
CHUNKED = "Transfer-Encoding: chunked"
CANARY = b"%{canary}"
LENGTH = "Content-Length: %{length}"
BEYOND = 4000  # octets of a body that never comes: more than any probe
BODY, TEN, LAST = b"hello", b"helloworld", b"0\r\n\r\n"
HIDING = b"%{chunk}\r\n" + CANARY + b"\r\n" + LAST  # a chunk that holds a request


def _get(*lines: Line, target: Line = ROOT, version: Line = "HTTP/1.1", method: Line = "GET") -> bytes:
    return request(method, target, *lines, host=HOST, version=version)


def _post(*lines: Line, body: bytes = b"") -> bytes:
    return request("POST", SINK, *lines, host=HOST, body=body)


def _chunks(body: bytes) -> bytes:
    return _post(CHUNKED, body=body)


def _hosts(*lines: Line, method: str = "GET", target: str = ROOT) -> bytes:
    return request(method, target, *lines, host=None)


_NUMBERS: tuple[bytes, ...] = (
    *(b"+5", b"-5", b"-0", b"0x5", b"5x", b"1e1", b"5;x", b"5.0", b"", b"1 0", b"1\t0", b"1_0"),
    *(b"\xd9\xa5", b"\xef\xbc\x95", b"5\xa0", b"\xb2", b"-123456789123456789", b"\x0b5", b"5\x0c"),
)
_OBSCURED: tuple[bytes, ...] = (
    *(b"\x0bchunked", b"chunked\x0b", b"\x0cchunked", b"\xa0chunked", b"\0chunked", b'"chunked"', b"chunked;q=1"),
    *(b"chun\tked", b"\nchunked", "chun\u212aed".encode()),
)
_ODD_NAMES = (b"X(Y", b"X@Y", b"X[]", b"X{Y}", b'X"Y', b"X/Y", b"X Y", b"X\0Y", b"X\x7fY", b"\xefX")


def _length(value: bytes) -> bytes:
    return _post(b"Content-Length: " + value, body=TEN if value.startswith(b"1") else BODY)


def _spoilt_number(digits: bytes, place: int, octet: int) -> bytes:
    place %= len(digits) + 1
    return digits[:place] + bytes((octet,)) + digits[place:]


_IS_LENGTH = re.compile(rb"[ \t]*[0-9]+[ \t]*|[0-9, \t]*")

#: a length with one octet too many, whatever that is
invalid_length: st.SearchStrategy[bytes] = (
    st.builds(
        _spoilt_number,
        st.sampled_from((b"5", b"10", b"05")),
        st.integers(0, 2),
        st.integers(0, 255).filter(lambda octet: octet not in b"\r\n,0123456789"),
    )
    .filter(lambda value: not _IS_LENGTH.fullmatch(value) and not value.startswith(b"%"))
    .map(_length)
)

#: word → its octets
SAID: Mapping[str, tuple[bytes, ...]] = {
    # -- Content-Length
    "length-invalid": tuple(map(_length, _NUMBERS)),
    "lengths-differ": (
        _post("Content-Length: 5, 6", body=BODY),
        _post("Content-Length: 6, 5", body=b"hello!"),
        _post("Content-Length: 0", LENGTH, body=CANARY),
        _post(LENGTH, "Content-Length: 0", body=CANARY),
        _post("Content-Length: 0, %{length}", body=CANARY),
    ),
    "length-twice": (
        _post("Content-Length: 5, 5", body=BODY),
        _post("Content-Length: 5", "Content-Length: 5", body=BODY),
    ),
    "length-comma": (_post("Content-Length: 5,", body=BODY), _post("Content-Length: ,5", body=BODY)),
    "length-zero": (_post("Content-Length: 010", body=TEN), _post("Content-Length: 00000000000000010", body=TEN)),
    "length-huge": tuple(_post(f"Content-Length: {length}", body=BODY) for length in (2**32 + 5, 2**64 + 5, 2**63)),
    "body-hides": tuple(
        request(method, place, *lines, host=HOST, body=body)
        for method in ("GET", "POST", "OPTIONS", "HEAD")
        for place in (ROOT, NOTHING, SINK)
        for lines, body in (
            ((LENGTH,), CANARY),
            ((CHUNKED,), HIDING),
            ((LENGTH, "Expect: 100-continue, 100-continue"), CANARY),
        )
    ),
    # -- both, and other codings
    "length-and-coding": (
        _post(f"Content-Length: {BEYOND}", CHUNKED, body=LAST),
        _post(CHUNKED, f"Content-Length: {BEYOND}", body=LAST),
        _post(CHUNKED, "Content-Length: %{inside}", body=HIDING),
        _post("Content-Length: %{inside}", CHUNKED, body=HIDING),
        _post(CHUNKED, "Content-Length: 15", body=chunked(BODY)),
    ),
    "coding-in-ten": (
        request("POST", SINK, "Connection: keep-alive", CHUNKED, host=HOST, body=chunked(BODY), version="HTTP/1.0"),
    ),
    "coding-not-last": (
        *(
            _post(f"Transfer-Encoding: {codings}", body=chunked(BODY))
            for codings in ("chunked, identity", "chunked, gzip", "gzip", "xchunked", "chunkedx", "chunked, xchunked")
        ),
        _post("Transfer-Encoding: identity", "Content-Length: 5", body=BODY),
        _post(CHUNKED, "Transfer-Encoding: identity", body=LAST),
    ),
    "coding-obscured": tuple(
        _post(b"Transfer-Encoding: " + value, "Content-Length: %{inside}", body=HIDING) for value in _OBSCURED
    ),
    "coding-members": (
        *(
            _post(f"Transfer-Encoding: {value}", "Content-Length: %{inside}", body=HIDING)
            for value in (",chunked", "chunked,", ", chunked")
        ),
        _post("Transfer-Encoding: identity", CHUNKED, body=LAST),
        _post(CHUNKED, CHUNKED, body=LAST),
        _post("Transfer-Encoding:", "Content-Length: 5", body=BODY),
        _post("Transfer-Encoding: ncfoo, chunked", body=chunked(BODY)),
        _post("Transfer_Encoding: chunked", LENGTH, body=CANARY),
        _post(f"Content_Length: {BEYOND}"),
    ),
    # -- chunks
    "size-invalid": tuple(
        map(
            _chunks,
            (
                *(size + b"\r\nhello\r\n" + LAST for size in (b"0x5", b"0X5", b"+5", b"-5", b"0_5", b"5zz")),
                *(size + b"\r\nhello\r\n" + LAST for size in (b"5\0", b"5,", b"\xd9\xa5", b"5:")),
                *(size + b"\r\n\r\n" for size in (b"-0", b"0x0", b"0x")),
                b"0_2e\r\n" + b"x" * 46 + b"\r\n" + LAST,
            ),
        )
    ),
    "size-empty": (_chunks(b"\r\n\r\n"), _chunks(b"\r\nhello\r\n" + LAST)),
    "size-blank": tuple(
        _chunks(size + b"\r\nhello\r\n" + LAST) for size in (b" 5", b"\t5", b"5 5", b"\r\n5", b"5 a=b")
    ),
    "size-blank-behind": (_chunks(b"5  \r\nhello\r\n" + LAST), _chunks(b"5 \r\nhello\r\n" + LAST)),
    "size-huge": tuple(
        _chunks(size + b"\r\nhello\r\n" + LAST)
        for size in (b"10000000000000005", b"FFFFFFFFFFFFFFFF", b"8000000000000000", b"100000005")
    ),
    "data-end": tuple(_chunks(b"5\r\nhello" + end + LAST) for end in (b"XX", b"", b"X\r\n", b"\n\r", b"\r\r")),
    "chunk-lf": tuple(
        map(
            _chunks,
            (
                *(b"5\nhello\r\n" + LAST, b"5\r\nhello\n" + LAST, b"5\r\nhello\r\n0\n\r\n"),
                b"5;a\nhello\r\n" + LAST,
            ),
        )
    ),
    "chunk-cr": (_chunks(b"5\rXhello\r\n" + LAST), _chunks(b"5\r\r;ABCD\r\n" + LAST)),
    "chunk-last": (
        _chunks(b"5\r\nhello\r\n0\r\nX:" + CANARY),
        _chunks(b"5\r\nhello\r\n0\r\n" + CANARY),
        _chunks(b"0\r\nX: 1\r\nY: " + CANARY),
    ),
    "chunk-bad": (_chunks(b"INVALID!!!\r\n" + CANARY), _chunks(b"5\r\nhello\r\nzz\r\n" + CANARY)),
    "extension-blanks": tuple(
        _chunks(line + b"\r\nhello\r\n" + LAST) for line in (b"5 ; a = b", b"5;a = b", b"5 ;a", b"5; a")
    ),
    "extension-lf": (_chunks(b"2;\n02\r\nxx\r\n" + LAST),),
    "extension-quote": (_chunks(b'5;a="\r\nhello\r\n' + LAST),),
    "trailers-frame": (
        _chunks(chunked(BODY, trailers=("Content-Length: 40",))),
        _chunks(chunked(BODY, trailers=("Host: nc.evil.example", "Content-Length: 40", "Authorization: nc"))),
        _chunks(chunked(BODY, trailers=("Transfer-Encoding: chunked", "Connection: close"))),
    ),
    # -- fields
    "colon-blank": (
        _get("X-A : 1"),
        _get("X-A\t: 1"),
        _post("Transfer-Encoding : chunked", "Content-Length: 5", body=LAST),
        _post("Content-Length : %{length}", body=CANARY),
    ),
    "name-octet": tuple(
        _post(b"Content-Length%s: %d" % (octet, BEYOND)) for octet in (b"\x85", b"\xa0", b"\x0b", b"\x0c", b"\0")
    ),
    "fold": (
        _get("X-A: b\r\n X-Smug: 1"),
        _get("X-A:\r\n\tb"),
        _post("Transfer-Encoding:\r\n chunked", body=LAST),
        _post("Content-Length:\r\n %{length}", body=CANARY),
    ),
    "bare-cr": (
        _get("X-A: b\rX-Smug: 1"),
        _post("X-A: b\rContent-Length: 40"),
        _get("X-A: b\rContent-Length: 40"),
        _get()[:-2] + b"\rZ" + CANARY,
    ),
    "blank-first": tuple(
        _hosts(blank + line, "Host: %{host}", method=method, target=SINK)
        for method in ("GET", "POST")
        for blank in (" ", "\t")
        for line in ("X-Ig: 1", "Content-Length: 40")
    ),
    "separator": tuple(
        request(method, SINK, b"X-U: \xe2\x80\xa8Content-Length: 40\xc2\x85Transfer-Encoding: chunked", host=HOST)
        for method in ("GET", "POST")
    ),
    "nul": (_get("X-A: a\0b"), _get("X-A: \0", target=SINK)),
    "field-odd": (
        *(_get(name + b": 1", target=SINK) for name in _ODD_NAMES),
        _get("FooBar"),
        _post(f"Content-Length {BEYOND}"),
        _post(": x", LENGTH, body=CANARY),
        _post(":", LENGTH, body=CANARY),
        _get("X_Netconform: 1", "X-Netconform: 2", target=SINK),
        _get("X-A: a\ab"),
        _get("Expect: nc-foo"),
        _get("Expect: 100-continue,"),
        _get("Upgrade: nc-foo", "Connection: upgrade"),
    ),
    "field-long": (_get("X-Long: " + "a" * 20_000), _get("X-Long: " + "a" * 9000)),
    # -- Host
    "host-none": (_hosts(), _hosts(target="%{scheme}://%{host}%{root}")),
    "hosts-two": (
        _hosts("Host: %{host}", "Host: nc-other.example"),
        _hosts("Host: nc-other.example", "Host: %{host}"),
        _hosts("Host: %{host}", "Host: %{host}"),
    ),
    "host-invalid": tuple(
        _hosts(b"Host: " + host)
        for host in (b"a b", b"a/b", b"[::1", b"a\0b", b'a"b', b"a<b>", b"u@h", b"h:8o", b"h:1:2")
    ),
    # -- request lines
    "version-odd": tuple(
        _get(version=version)
        for version in (
            *("HTTP/1.10", "HTTP/01.1", "HTTP/1", "HTTP/1.", "HTTP/ 1.1", "HTTP/+1.1", "HTTP/1.1x", "http/1.1"),
            *("HTTP/2.0", "HTTP/0.9", "HTTP/1.2", "HTTP/4294967297.1", ""),
        )
    ),
    "line-odd": (
        *(_get(method=method) for method in ("get", "NCFOO", b"G@T", b"\0GET", b"GET(", "A" * 300)),
        *(_get(target=target) for target in ("*", "foo", "%{root}#nc", b"%{nothing}\x01", b"%{nothing}\xff")),
        b"GET  %{root}  HTTP/1.1\r\nHost: %{host}\r\n\r\n",
        b"GET %{root} HTTP/1.1 \r\nHost: %{host}\r\n\r\n",
        b"GET %{nothing} x HTTP/1.1\r\nHost: %{host}\r\n\r\n",
        b"NETCONFORM\r\n\r\n",
        b"\r\n" + _get(),
        b"GET %{nothing}/" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: %{host}\r\n\r\n",
        _get(method="OPTIONS", target="*"),
    ),
    "lf-only": (_get().replace(b"\r\n", b"\n"), _get("X-A: b").replace(b"\r\n", b"\n", 2)),
    "more": tuple(
        _get(*lines) for lines in (("Connection: close",), ("Connection: nc-foo, CLOSE",), ("Connection: close, x",))
    ),
}

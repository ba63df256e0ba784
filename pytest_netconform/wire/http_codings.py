"""Content codings (RFC 9110 8.4.1): what a coded body stands for, bounded. Pure."""

from __future__ import annotations

import zlib

MOST = 1 << 26  # octets that a body may stand for
_WINDOWS = {"gzip": 31, "x-gzip": 31, "deflate": 15}


def decoded(body: bytes, coding: str, most: int = MOST) -> bytes | None:
    """The content of a body in one coding (`gzip`, `deflate`, `identity`).

    None where it is broken, cut short, followed by something else, longer than `most`, or of an unknown coding.
    """
    if coding.lower() == "identity":
        return body
    if coding.lower() not in _WINDOWS:
        return None
    content = b""
    while body:  # a gzip file may have several members (RFC 1952 2.2)
        stream = zlib.decompressobj(_WINDOWS[coding.lower()])
        try:
            content += stream.decompress(body, most + 1 - len(content))
        except zlib.error:
            return None
        if not stream.eof or len(content) > most:
            return None
        body = stream.unused_data
    return content

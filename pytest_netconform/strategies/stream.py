"""What is said to servers of any dialect: words and drawn octets, which the model makes into that dialect's messages.

Nothing here knows a dialect: `ask` with some octets is a request that carries as much of them as it can, or the sample
that the first octet says; `part` is a request up to the place that its first octet says; `long` has its size in digits.
So every step is whole by itself, and means the same whenever it is said again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hypothesis import strategies as st

from pytest_netconform.models.model import EVERY_OCTET, Step
from pytest_netconform.strategies.octets import SPOILERS, steps

SIZES = (1, 2, 5, 127, 128, 255, 256, 258, 600, 1000, 3000, 5000, 120_000, 200_000)
COUNTS = (2, 3, 17, 1000)  # of messages in one write
BLOCKS = (2, 17, 1000)  # of one message
PLACES = (0, 1, 2, 3, 5, 8, 128, 129, 130, 131)  # of a request, from its beginning and from its end
WRONG = tuple(bytes([number]) for number in range(24))  # more than any framing has wrong
CUTS: Sequence[tuple[int, ...]] = ((), (), (1,), (2,), (3,), (4,), (7,), (12,), (1, 9), EVERY_OCTET)
WIDE_CUTS: Sequence[tuple[int, ...]] = ((), (1,), (3,), (100,), (5, 500), (1, 2, 3000))
TEXTS = (
    b"a",
    b"ab",
    b"Hi there",
    b" a b ",
    b".",
    b"a.b",
    b"..",
    b"\\",
    b"a\\",
    b"\\.",
    b"?",
    b",",
    b"5:hello,",
    b"\xe9\xe8",
    b"a\xe9b\xff",
    b"\0",
    b"\0\0\0\1",
    b"\x80\0\0\0",
    b"\xff\xff\xff\xff",
    b"\r",
    b"\n",
    b"\r\n",
    bytes(8),
)


def _chosen(
    word: str, say: Sequence[bytes] = (b"",), *, cuts: Sequence[tuple[int, ...]] = ((),), ahead: bool = False
) -> st.SearchStrategy[Step]:
    """Steps of one word, the plainest first. One choice draws all of a step, so that it can go as one."""
    return st.sampled_from(
        [Step(word, octets, cut, first) for first in (False, True)[: 1 + ahead] for cut in cuts for octets in say]
    )


def _numbers(word: str, numbers: Sequence[int]) -> st.SearchStrategy[Step]:
    return _chosen(word, [b"%d" % number for number in numbers], cuts=WIDE_CUTS)


_octet = st.integers(0, 255).map(lambda octet: bytes([octet]))
PAYLOAD: st.SearchStrategy[bytes] = st.one_of(
    st.sampled_from(TEXTS), st.binary(min_size=1, max_size=3), st.binary(max_size=40)
)
_PARTS = [bytes([place]) + text for text in TEXTS for place in PLACES]

_SELDOM = st.one_of(
    _chosen("wait"),
    _chosen("urgent", (b"u",)),
    _numbers("many", COUNTS),
)

#: word → its steps; `seldom`: words of which few should come
RULES: Mapping[str, st.SearchStrategy[Step]] = {
    "ask": _chosen("ask", TEXTS, cuts=CUTS, ahead=True),
    "ask anything": steps("ask", st.binary(min_size=1, max_size=40), ahead=True),
    "long": _numbers("long", SIZES),
    "part": _chosen("part", _PARTS, cuts=CUTS),
    "rest": _chosen("rest", cuts=CUTS, ahead=True),
    "empty": _chosen("empty", cuts=CUTS, ahead=True),
    "hush": _chosen("hush", WRONG[:4], cuts=CUTS, ahead=True),
    "octets": steps("octets", st.binary(max_size=40)),
    "listen": _chosen("listen"),
    "wrong": _chosen("wrong", WRONG, cuts=((), (), (), (1,), EVERY_OCTET)),
    "blocks": _numbers("blocks", BLOCKS),
    "unknown": _chosen("unknown", cuts=CUTS),
    "end": _chosen("end"),
    "leave": st.sampled_from((Step("leave"), Step("abort"))),
    "seldom": _SELDOM,
}

_spoiler = st.one_of(st.sampled_from(SPOILERS), st.sampled_from((b"\r", b"\n", b"\r\n", b"\0\0\0\0", b"9", b"-", b":")))

#: What nobody owes an answer to: noise, any payload in a message, and messages spoilt, torn, or wrong by their framing.
HOSTILE: st.SearchStrategy[Step] = st.one_of(
    steps("noise", st.binary(max_size=60)),
    steps("noise", st.tuples(_octet, st.sampled_from((9, 100, 3000))).map(lambda drawn: drawn[0] * drawn[1])),
    steps("message", st.tuples(_octet, PAYLOAD).map(b"".join)),
    steps("spoilt", st.tuples(_octet, _spoiler).map(b"".join)),
    steps("torn", _octet),
    steps("wrong", st.tuples(_octet, st.sampled_from((b"", b"\0", b"tail"))).map(b"".join)),
)

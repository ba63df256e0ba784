"""What is said to servers of datagrams: requests with drawn octets, alone or several at once, and what is none."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import strategies as st

from pytest_netconform.models.model import Step
from pytest_netconform.strategies.octets import SPOILERS
from pytest_netconform.strategies.stream import TEXTS

LONG = (1, 255, 257, 1472, 8192)


def _chosen(word: str, *, ahead: bool = False) -> st.SearchStrategy[Step]:
    """Steps of one word, the plainest first; ahead: the next one is said before this one is answered."""
    return st.sampled_from([Step(word, text, (), first) for first in (False, True)[: 1 + ahead] for text in TEXTS])


def _drawn(word: str, octets: st.SearchStrategy[bytes]) -> st.SearchStrategy[Step]:
    return st.builds(Step, word=st.just(word), say=octets, cut=st.just(()), ahead=st.booleans())


_noise = st.one_of(
    st.binary(max_size=40),
    st.sampled_from([*TEXTS, *SPOILERS]),
    st.tuples(st.sampled_from((b"\0", b"a", b"\xff")), st.sampled_from(LONG)).map(lambda drawn: drawn[0] * drawn[1]),
)

#: word → its steps; `other`: a second client asks; `noise`, `empty`, `twice`: from sockets of their own
RULES: Mapping[str, st.SearchStrategy[Step]] = {
    "ask": _chosen("ask", ahead=True),
    "ask anything": _drawn("ask", st.binary(min_size=1, max_size=256)),
    "other": _chosen("other", ahead=True),
    "noise": st.builds(Step, word=st.just("noise"), say=_noise),
    "seldom": st.sampled_from((Step("empty"), Step("fresh"), *(Step("twice", text) for text in TEXTS[:4]))),
}

HOSTILE: st.SearchStrategy[Step] = st.builds(Step, word=st.just("noise"), say=_noise)

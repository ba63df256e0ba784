"""Octets of any protocol: what is nearly a given line, what is no line at all, and where octets are cut."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from pytest_netconform.models.model import EVERY_OCTET, Step

SPOILERS = (
    b"",
    b" ",
    b"\t",
    b"\0",
    b"\x1b[2J",
    b"\x7f",
    b"\x80",
    b"\xff",
    b"\xc0\xaf",
    b'"',
    b"\\",
    b"%s%n",
    b"<",
    b">",
)
LONG = (63, 255, 512, 998, 1001, 2049, 8193)  # octets: around the limits that standards name

#: octets of which no line end is made
noise: st.SearchStrategy[bytes] = st.lists(
    st.one_of(st.integers(0, 255), st.sampled_from(b' \t\0{}()<>@%\\"')).filter(lambda octet: octet not in (10, 13)),
    max_size=40,
).map(bytes)

#: where a step is cut: mostly not, sometimes anywhere, sometimes everywhere
cuts: st.SearchStrategy[tuple[int, ...]] = st.one_of(
    st.just(()),
    st.just(()),
    st.lists(st.integers(1, 40), min_size=1, max_size=3, unique=True).map(lambda places: tuple(sorted(places))),
    st.just(EVERY_OCTET),
)


def steps(word: str, say: st.SearchStrategy[bytes] | bytes, *, ahead: bool = False) -> st.SearchStrategy[Step]:
    """Steps of one word: its octets, cut somewhere, and said before others are answered where it may be."""
    octets = st.just(say) if isinstance(say, bytes) else say
    return st.builds(Step, word=st.just(word), say=octets, cut=cuts, ahead=st.booleans() if ahead else st.just(False))


def spoilt(lines: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    """A line that is nearly valid: cut short, doubled, too long, or with an octet where none belongs. No line end."""
    return st.tuples(
        lines,
        st.integers(0, 40),
        st.sampled_from(SPOILERS),
        st.sampled_from(("cut", "put", "swap", "long")),
        st.sampled_from(LONG),
    ).map(lambda drawn: _spoilt(*drawn))


def _spoilt(line: bytes, place: int, spoiler: bytes, how: str, length: int) -> bytes:
    if how == "cut":
        return line[:place]
    if how == "put":
        return line[:place] + spoiler + line[place:]
    if how == "swap":
        return line[:place] + spoiler + line[place + 1 :]
    return line + b"x" * max(0, length - len(line))


def ended(lines: st.SearchStrategy[bytes], ends: Sequence[bytes] = (b"\r\n",)) -> st.SearchStrategy[bytes]:
    """Lines with one of these ends."""
    return st.tuples(lines, st.sampled_from(ends)).map(b"".join)


#: line ends of all kinds, most of which are none
ANY_END = (b"\r\n", b"\n", b"\r", b"\r\r\n", b"\n\r", b"\0\r\n", b"")


def hostile(lines: st.SearchStrategy[bytes]) -> st.SearchStrategy[Step]:
    """What nobody owes an answer to: lines spoilt in any way with any end, noise, and many lines at once."""
    bad = st.one_of(ended(spoilt(lines), ANY_END), ended(noise, ANY_END), ended(lines, ANY_END))
    many = st.lists(bad, min_size=1, max_size=4).map(b"".join)
    return steps("hostile", many)

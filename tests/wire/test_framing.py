"""Framing: known answers whole, octet by octet and with more behind; round trips however cut; what is wrong is told."""

from __future__ import annotations

import struct
import time
import tracemalloc
import zlib
from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_netconform.wire.cuts import octets, tokens, whole
from pytest_netconform.wire.frames import CUT_SHORT
from pytest_netconform.wire.framing import (
    KINDS,
    WRONG,
    Blocks,
    Checked,
    Compressed,
    Datagram,
    Delimited,
    Fixed,
    Flow,
    Frame,
    Framer,
    Framing,
    FramingProblem,
    Lines,
    Netstring,
    Prefixed,
    UntilClose,
    Varint,
    ZlibStream,
    base,
)

HELLO = zlib.compress(b"hello")

#: Every framing of a stream of messages, with a message of it and its payload.
STREAMS: dict[str, tuple[Framing, bytes, bytes]] = {
    "mark": (Delimited(b"?"), b"hello?", b"hello"),
    "kept": (Delimited(b"?", kept=True), b"hello?", b"hello?"),
    "two octets": (Delimited(b"::"), b"hello::", b"hello"),
    "escaped": (Delimited(b".", escape=b"\\"), b"a\\.b\\\\.", b"a.b\\"),
    "escaped, kept": (Delimited(b"<>", kept=True, escape=b"\\"), b"a\\<>\\<b<>", b"a<><b<>"),
    "CR LF": (Lines(), b"hello\r\n", b"hello"),
    "LF": (Lines("lf"), b"hello\n", b"hello"),
    "either": (Lines("any"), b"hello\r\n", b"hello"),
    "!I": (Prefixed(), b"\x00\x00\x00\x05hello", b"hello"),
    "<I": (Prefixed("<I"), b"\x05\x00\x00\x00hello", b"hello"),
    "!B": (Prefixed("!B"), b"\x05hello", b"hello"),
    ">H": (Prefixed(">H"), b"\x00\x05hello", b"hello"),
    "!Q": (Prefixed("!Q"), b"\x00\x00\x00\x00\x00\x00\x00\x05hello", b"hello"),
    "!i": (Prefixed("!i"), b"\x00\x00\x00\x05hello", b"hello"),
    "!H, inclusive": (Prefixed("!H", inclusive=True), b"\x00\x07hello", b"hello"),
    "empty": (Prefixed(), b"\x00\x00\x00\x00", b""),
    "varint": (Varint(), b"\x05hello", b"hello"),
    "long varint": (Varint(), b"\xac\x02" + b"x" * 300, b"x" * 300),
    "fixed": (Fixed(16), b"sixteen octets..", b"sixteen octets.."),
    "blocks": (Blocks("!H", 3), b"\x00\x03hel\x00\x02lo\x00\x00", b"hello"),
    "no block": (Blocks("!H"), b"\x00\x00", b""),
    "netstring": (Netstring(), b"5:hello,", b"hello"),
    "empty netstring": (Netstring(), b"0:,", b""),
    "zlib": (ZlibStream(), HELLO, b"hello"),
    "crc32": (Checked(Prefixed("!H")), b"\x00\x09hello\x36\x10\xa6\x86", b"hello"),
    "adler32, little": (Checked(Fixed(9), "adler32", "<I"), b"hello\x15\x02\x2c\x06", b"hello"),
    "compressed": (Compressed(Prefixed("!B")), bytes([len(HELLO)]) + HELLO, b"hello"),
    "both": (
        Compressed(Checked(Netstring())),
        b"17:" + HELLO + struct.pack("!I", zlib.crc32(HELLO)) + b",",
        b"hello",
    ),
}
ALL: list[Framing] = [*(framing for framing, _, _ in STREAMS.values()), UntilClose(), Flow(), Datagram()]


def taken(framer: Framer, pieces: Iterable[bytes], *, end: bool = False) -> list[Frame]:
    """Every frame of a framer that is fed these pieces; with `end` the stream ends behind them."""
    found = []
    for piece in pieces:
        framer.feed(piece)
        while (frame := framer.next()) is not None:
            found.append(frame)
    if end and (frame := framer.finish()) is not None:
        found.append(frame)
    return found


def framed(framing: Framing, data: bytes, *, end: bool = False) -> list[Frame]:
    """The frames in `data`, which must be the same whole, octet by octet and token by token."""
    ways = [taken(framing.framer(), cut(data), end=end) for cut in (whole, octets, tokens)]
    assert all(way == ways[0] for way in ways)
    return ways[0]


# -- known answers


@pytest.mark.parametrize(("framing", "octets", "payload"), STREAMS.values(), ids=list(STREAMS))
def test_known_answers(framing: Framing, octets: bytes, payload: bytes) -> None:
    """A payload becomes exactly these octets, and these octets become exactly this payload."""
    assert framing.encode(payload) == octets
    assert framed(framing, octets, end=True) == [Frame(payload, octets)]


@pytest.mark.parametrize(("framing", "octets", "payload"), STREAMS.values(), ids=list(STREAMS))
def test_more_behind(framing: Framing, octets: bytes, payload: bytes) -> None:
    """What follows a message is the next one, whole or not: three and a half messages are three, and a rest."""
    data = octets * 3 + octets[:1]
    framer = framing.framer()
    assert taken(framer, [data]) == [Frame(payload, octets)] * 3
    assert framer.rest() == octets[:1]
    assert framed(framing, data, end=True)[3] == Frame(None, octets[:1], (CUT_SHORT,))


@pytest.mark.parametrize("framing", ALL, ids=lambda framing: framing.describe())
def test_nothing_is_no_message(framing: Framing) -> None:
    """A stream without octets holds no message, but for the one that its end makes."""
    framer = framing.framer()
    assert framer.next() is None and framer.rest() == b""
    assert framer.finish() == (Frame(b"", b"") if isinstance(framing, UntilClose) else None)
    assert framer.finish() is None


def test_until_close() -> None:
    """The end of the stream makes one message of all that came."""
    framer = UntilClose().framer()
    assert taken(framer, [b"hel", b"lo"]) == []
    assert (framer.finish(), framer.finish()) == (Frame(b"hello", b"hello"), None)


def test_flow() -> None:
    """A stream without messages gives what has come; its frames joined are the stream."""
    assert [frame.payload for frame in taken(Flow().framer(), [b"hel", b"lo"], end=True)] == [b"hel", b"lo"]


def test_datagrams() -> None:
    """A datagram is a message, the empty one too; a payload that fits none is refused."""
    assert [frame.payload for frame in taken(Datagram().framer(), [b"a", b"", b"bb"], end=True)] == [b"a", b"", b"bb"]
    with pytest.raises(FramingProblem, match="65508 octets are no datagram; at most 65507 are"):
        Datagram().encode(bytes(65508))


def test_blocks_of_one_octet() -> None:
    """A message in 5000 blocks is a message."""
    data = Blocks().blocks(b"x" * 5000, 1)
    assert len(data) == 25004
    assert [frame.payload for frame in framed(Blocks(), data)] == [b"x" * 5000]


# -- round trips

PAYLOADS = st.binary(max_size=60)
ODD = st.lists(st.sampled_from([b"\\", b"a", b"ab", b"b", b"\r", b"\n", b"\x00", b"5:", b","]), max_size=12).map(
    b"".join
)
FREE = [
    Delimited(b"ab", escape=b"\\"),
    Delimited(b"aa", escape=b"b"),
    Delimited(b"a", escape=b"\\"),
    Prefixed("!B"),
    Prefixed("<H", inclusive=True),
    Prefixed("!q"),
    Varint(),
    Blocks("!B", 7),
    Netstring(),
    ZlibStream(),
    Checked(Netstring(), "adler32", "<I"),
    Compressed(Prefixed()),
    Compressed(Delimited(b"a", escape=b"b")),
]


@given(st.sampled_from(FREE), st.lists(PAYLOADS | ODD, max_size=5), st.data())
def test_round_trip(framing: Framing, payloads: list[bytes], data: st.DataObject) -> None:
    """What carries any octet gives back any payloads, however their octets are cut."""
    stream = b"".join(map(framing.encode, payloads))
    places = sorted(data.draw(st.sets(st.integers(0, len(stream)), max_size=10)))
    pieces = [stream[a:b] for a, b in pairwise([0, *places, len(stream)])]
    frames = taken(framing.framer(), pieces, end=True)
    assert [frame.payload for frame in frames] == payloads
    assert b"".join(frame.raw for frame in frames) == stream
    assert not any(frame.deviations for frame in frames)


@given(
    st.sampled_from([Delimited(b"a"), Delimited(b"ab"), Delimited(b"aa", kept=True), *map(Lines, ("crlf", "lf"))]), ODD
)
def test_what_travels_arrives(framing: Framing, payload: bytes) -> None:
    """A framing whose payloads may not hold everything refuses one, or gives it back."""
    try:
        data = framing.encode(payload)
    except FramingProblem:
        return
    assert framed(framing, data + data, end=True) == [Frame(payload, data)] * 2


@given(st.sampled_from(ALL), st.binary(max_size=80), st.data())
def test_the_cut_makes_no_difference(framing: Framing, stream: bytes, data: st.DataObject) -> None:
    """Whatever octets come, and wherever they stop making sense: the same frames, the same loss."""
    if framing.kind in ("flow", "datagram"):
        return
    places = sorted(data.draw(st.sets(st.integers(0, len(stream)), max_size=10)))
    one, other = framing.framer(limit=50), framing.framer(limit=50)
    pieces = [stream[a:b] for a, b in pairwise([0, *places, len(stream)])]
    assert taken(one, [stream], end=True) == taken(other, pieces, end=True)
    assert (one.lost, one.dropped) == (other.lost, other.dropped)


# -- what is wrong


@pytest.mark.parametrize(
    ("framing", "data", "frames"),
    [
        (Lines(), b"a\nb\r\n", [Frame(b"a", b"a\n", ("bare LF",)), Frame(b"b", b"b\r\n")]),
        (Lines("lf"), b"a\r\n", [Frame(b"a\r", b"a\r\n", ("CR before LF",))]),
        (Lines("any"), b"a\r\nb\n", [Frame(b"a", b"a\r\n"), Frame(b"b", b"b\n")]),
        (Lines(), b"a\rb\r\n", [Frame(b"a\rb", b"a\rb\r\n")]),
        (Prefixed(), b"\xff\xff\xff\xffhello", [Frame(None, b"\xff\xff\xff\xff", ("a length of 4294967295",))]),
        (Prefixed("!i"), b"\xff\xff\xff\xffhello", [Frame(None, b"\xff\xff\xff\xff", ("a length of -1",))]),
        (Prefixed("!H", inclusive=True), b"\x00\x01hello", [Frame(None, b"\x00\x01", ("a length of 1",))]),
        (Prefixed("<H"), b"\x05\x00hell", [Frame(None, b"\x05\x00hell", (CUT_SHORT,))]),
        (Varint(), b"\x85\x00hello", [Frame(b"hello", b"\x85\x00hello", ("a length with needless octets",))]),
        (Varint(), b"\x80" * 11, [Frame(None, b"\x80" * 10, ("a length of more than ten octets",))]),
        (Blocks("!B"), b"\x02ab", [Frame(None, b"\x02ab", (CUT_SHORT,))]),
        (Blocks("!i"), b"\x80\x00\x00\x00", [Frame(None, b"\x80\x00\x00\x00", ("a block length of -2147483648",))]),
        (Netstring(), b"05:hello,", [Frame(b"hello", b"05:hello,", ("a leading zero",))]),
        (Netstring(), b"5:hello;0:,", [Frame(b"hello", b"5:hello;", ("no comma at the end",)), Frame(b"", b"0:,")]),
        (Netstring(), b"-1:,", [Frame(None, b"-", ("no length and colon",))]),
        (Netstring(), b"12345678901:", [Frame(None, b"12345678901", ("a length of more than 10 digits",))]),
        (Netstring(), b"9999999999:", [Frame(None, b"9999999999:", ("a length of 9999999999",))]),
        (Checked(Fixed(5)), b"aaaaa", [Frame(None, b"aaaaa", ("a wrong crc32",))]),
        (Checked(Netstring()), b"3:abc,", [Frame(None, b"3:abc,", ("no crc32",))]),
        (Compressed(Netstring()), b"3:abc,", [Frame(None, b"3:abc,", ("no zlib stream: Error -3 while decompressing "
                                                                       "data: incorrect header check",))]),
        (Compressed(Netstring()), b"2:\x78\x9c,", [Frame(None, b"2:\x78\x9c,", ("an unfinished zlib stream",))]),
        (ZlibStream(), HELLO[:-1], [Frame(None, HELLO[:-1], (CUT_SHORT,))]),
    ],
)  # fmt: skip
def test_deviations(framing: Framing, data: bytes, frames: list[Frame]) -> None:
    """A message against the rules is a value that says so, at the same octets however they are cut."""
    assert framed(framing, data, end=True) == frames


def test_a_lost_stream_stays_lost() -> None:
    """Behind a length that cannot be nobody knows where a message begins: what comes is counted, and not kept."""
    framer = Prefixed().framer()
    assert len(taken(framer, [b"\xff\xff\xff\xffhello", b"\x00\x00\x00\x00"])) == 1
    assert (framer.lost, framer.dropped, framer.rest(), framer.finish()) == ("a length of 4294967295", 9, b"", None)


def test_a_broken_layer_loses_nothing() -> None:
    """A wrong checksum spoils its message; the next one is read."""
    framing = Checked(Prefixed("!B"))
    data = framing.wrong(b"a")["bad-checksum"].octets + framing.encode(b"b")
    assert [frame.payload for frame in framed(framing, data)] == [None, b"b"]


def test_octets_behind_a_zlib_stream() -> None:
    """In a frame they are a deviation; where zlib streams follow each other they are the next one."""
    data = zlib.compress(b"a") + zlib.compress(b"b")
    (frame,) = framed(Compressed(Netstring()), Netstring().encode(data))
    assert (frame.payload, frame.deviations) == (b"a", ("octets behind the zlib stream",))
    assert [frame.payload for frame in framed(ZlibStream(), data)] == [b"a", b"b"]


@pytest.mark.parametrize("framing", ALL, ids=lambda framing: framing.describe())
def test_wrong_octets_are_wrong(framing: Framing) -> None:
    """What a framing calls wrong is no message to its own reader; with `ended`, not before the stream ends."""
    payload = b"hello" + framing.ending if framing.size is None else bytes(range(1, framing.size + 1))
    for name, wrong in framing.wrong(payload).items():
        assert name in WRONG and wrong.because
        frames = framed(framing, wrong.octets, end=True)
        assert any(frame.deviations for frame in frames), name
        if not wrong.ended:
            assert any(frame.deviations for frame in framed(framing, wrong.octets)), name


def test_every_way_to_be_wrong_is_some_framings() -> None:
    """The list of names is the list of what there is."""
    framings = [*ALL, Lines("lf"), Prefixed("!H", inclusive=True)]
    payloads = [b"hello" + f.ending if f.size is None else bytes(range(1, f.size + 1)) for f in framings]
    assert {name for f, payload in zip(framings, payloads, strict=True) for name in f.wrong(payload)} == set(WRONG)


@pytest.mark.parametrize(
    ("framing", "name", "octets"),
    [
        (Prefixed(), "huge-length", b"\xff\xff\xff\xffhello"),
        (Prefixed(), "sign-bit-length", b"\x80\x00\x00\x00hello"),
        (Prefixed(), "long-length", b"\x00\x00\x00\x0ahello"),
        (Prefixed(), "swapped-length", b"\x05\x00\x00\x00hello"),
        (Prefixed(), "other-count", b"\x00\x00\x00\x09hello"),
        (Prefixed(), "half-prefix", b"\x00\x00"),
        (Prefixed("<H"), "sign-bit-length", b"\x00\x80hello"),
        (Prefixed("!H", inclusive=True), "other-count", b"\x00\x05hello"),
        (Delimited(b"::"), "half-mark", b"hello:"),
        (Delimited(b"?", kept=True), "no-mark", b"hello"),
        (Blocks("!H"), "no-last-block", b"\x00\x05hello"),
        (Varint(), "padded-length", b"\x85\x00hello"),
        (Netstring(), "long-length", b"10:hello,"),
        (Checked(Prefixed("!B")), "swapped-checksum", b"\x09hello\x86\xa6\x10\x36"),
    ],
)
def test_known_wrongs(framing: Framing, name: str, octets: bytes) -> None:
    """Wrong octets are wrong in exactly one way."""
    assert framing.wrong(b"hello" + framing.ending)[name].octets == octets


# -- bounds


@pytest.mark.parametrize(
    "framing", [f for f in ALL if base(f).kind not in ("flow", "datagram", "fixed") and (f.most or 1001) > 1000]
)
def test_an_endless_message_is_not_kept(framing: Framing) -> None:
    """A frame that grows beyond the limit is lost, and what follows it takes no room."""
    framer = framing.framer(limit=1000)
    endless = {"varint": b"\xff" * 3000, "blocks": b"\x00\x01x" * 1000, "zlib": zlib.compress(bytes(range(256)) * 8, 0)}
    data = endless.get(base(framing).kind, b"7" * 3000)
    frames = taken(framer, octets(data))
    assert frames and frames[-1].payload is None and len(frames[-1].raw) <= 1001
    assert framer.lost and framer.rest() == b""


@pytest.mark.parametrize("framing", [ZlibStream(), Compressed(Prefixed())])
def test_bombs_are_not_expanded(framing: ZlibStream | Compressed) -> None:
    """A megabyte that says it is a gigabyte is made and refused within a few megabytes and a moment."""
    tracemalloc.start()
    (frame,) = taken(framing.framer(limit=1 << 21), [framing.bomb(1 << 30)])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert frame.payload is None and frame.deviations == ("expands beyond 2097152 octets",)
    assert peak < 20 << 20


@pytest.mark.parametrize("size", [0, 1, 65521, (1 << 20) - 1, (1 << 20) + 5, 3 << 20])
def test_bombs_are_good_zlib(size: int) -> None:
    """What is made without its contents is a zlib stream of exactly that size, checksum and all."""
    (frame,) = taken(ZlibStream().framer(), [ZlibStream().bomb(size)])
    assert frame.payload == bytes(size) and not frame.deviations


@pytest.mark.parametrize(
    "framing", [f for f in ALL if f.kind not in ("flow", "datagram") and base(f).kind != "fixed" and f.most != 255]
)
def test_octet_by_octet_is_not_quadratic(framing: Framing) -> None:
    """A message of 60 kB, an octet at a time, takes a fraction of a second, where its square would take minutes."""
    payload = bytes(range(1, 9)) * 7500
    if framing.most is not None and framing.most < len(payload):
        return
    data = framing.encode(payload + framing.ending)
    started = time.perf_counter()
    taken(framing.framer(), octets(data), end=True)
    assert time.perf_counter() - started < 1.5


# -- what cannot be


@pytest.mark.parametrize(
    ("make", "problem", "key"),
    [
        (lambda: Delimited(b""), "a delimiter needs at least one octet", "mark"),
        (lambda: Delimited(b"?", escape=b"\\\\"), r"an escape is one octet, not b'\\\\\\\\'", "escape"),
        (lambda: Delimited(b"a?", escape=b"a"), r"the escape b'a' is part of the delimiter b'a\?'", "escape"),
        (lambda: Lines("cr"), "'cr' ends no line; known are crlf, lf, any", "end"),
        (lambda: Prefixed("I"), "'I' has no byte order; write '!I' or '<I'", "format"),
        (
            lambda: Prefixed("!f"),
            r"'!f' is no length: a byte order \(! > <\) and one letter of BHILQbhilq are",
            "format",
        ),
        (lambda: Prefixed("@I"), "'@I' is no length", "format"),
        (lambda: Prefixed(""), "'' is no length", "format"),
        (lambda: Blocks("!B", 256), "blocks of 256 octets do not fit '!B'", "size"),
        (lambda: Blocks("!I", -1), "blocks of -1 octets do not fit '!I'", "size"),
        (lambda: Fixed(0), "a fixed size of 0 octets is not between 1 and", "size"),
        (lambda: Checked(Prefixed(), "md5"), "unknown checksum 'md5'; known are crc32, adler32", "layers"),
        (lambda: Checked(Prefixed(), "crc32", "!H"), "'!H' is no checksum: four octets are", "checksum_format"),
        (lambda: Checked(Fixed(4)), "4 octets have no room for a checksum", "layers"),
        (
            lambda: Checked(Lines()),
            "a checksum makes any octet, and lines that end in CR LF cannot carry them",
            "layers",
        ),
        (lambda: Compressed(Delimited(b".")), "zlib makes any octet, and messages that end in", "layers"),
        (lambda: Compressed(Delimited(b".", True, b"!")), "zlib makes any octet, and messages that end in", "layers"),
        (lambda: Compressed(Fixed(9)), "what zlib makes of a payload has no fixed size", "layers"),
        (lambda: Compressed(Flow()), "zlib needs messages, and a stream without messages has none", "layers"),
        (lambda: Delimited(b"?").encode(b"a?b"), r"the delimiter b'\?' occurs inside b'a\?b'", ""),
        (lambda: Delimited(b"\r\r").encode(b"a\r"), r"the delimiter b'\\r\\r' occurs inside b'a\\r'", ""),
        (lambda: Delimited(b"?", kept=True).encode(b"a"), r"b'a' does not end in b'\?', which is kept", ""),
        (lambda: Lines().encode(b"a\nb"), r"a line end occurs inside b'a\\nb'", ""),
        (lambda: Fixed(3).encode(b"a" * 99), r"b'a{40}'... \(99 octets\) has 99 octets; the fixed size is 3", ""),
        (lambda: Prefixed("!B").encode(bytes(256)), "256 does not fit a length of the format '!B'", ""),
        (lambda: Prefixed("!b").encode(bytes(128)), "128 does not fit a length of the format '!b'", ""),
    ],
)
def test_problems(make: object, problem: str, key: str) -> None:
    """A framing that cannot be, and a payload that it cannot carry, are refused in a line that says why."""
    assert callable(make)
    with pytest.raises(FramingProblem, match=problem) as caught:
        make()
    assert caught.value.key == key
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("framing", [f for f in ALL if f.most is not None], ids=lambda framing: framing.describe())
def test_the_longest_payload_travels(framing: Framing) -> None:
    """`most` octets are carried; one octet more is refused, where that can be tried."""
    assert framing.most is not None
    if framing.most > 1 << 20:
        return
    payload = bytes((framing.most - len(framing.ending)) % 251 for _ in range(framing.most))
    assert (
        framed(framing, framing.encode(payload), end=True)[0].payload == payload if framing.kind != "datagram" else True
    )
    if framing.kind != "compressed":
        with pytest.raises(FramingProblem):
            framing.encode(payload + b"x")


def test_kinds() -> None:
    """Every framing has a name, and describes itself; layers have none of their own."""
    assert set(KINDS) == {base(framing).kind for framing in ALL}
    for framing in ALL:
        assert framing.describe() and "\n" not in framing.describe()
        assert base(framing).kind in framing.words
    assert Compressed(Checked(Prefixed())).words == {"prefixed", "byte-order", "checksum", "zlib"}
    assert Checked(Prefixed("!H")).describe() == (
        "messages behind their length (2 octets, big-endian), with a crc32 behind the payload"
    )


def test_a_frame_fits_a_dialogue() -> None:
    """A frame has the kind, the octets and the temper that a dialogue asks of every answer."""
    frame = Frame(b"hello", b"hello?")
    assert (frame.code, frame.raw, frame.temporary) == ("message", b"hello?", False)
    assert Frame(None, b"\xff").code is None

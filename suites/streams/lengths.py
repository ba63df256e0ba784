"""Lengths: messages that say in front how long they are, and messages of one size (FPNP 5.3, patterns 3 and 4)."""

from __future__ import annotations

import pytest

from pytest_netconform.dialogues.stream import Stream
from pytest_netconform.requirement import INTEROP, MUST, SECURITY, SHOULD, hostile, needs, requirement
from pytest_netconform.suites.streams.trials import DIFFERENT, afterwards, declined, framed, outcome
from pytest_netconform.verdict import NonConformity

SIZES = (1, 5, 127, 128, 258)  # 258 is 01 02, and another number from behind
IMPOSSIBLE = ("huge-length", "sign-bit-length", "small-length", "negative-length", "no-number")
UNFINISHED = ("long-length", "prefix-alone", "half-prefix", "other-count")
LEB128 = {
    "padded-length": "a needless octet",
    "huge-length": "ten octets (64 bits)",
    "endless-length": "eleven octets",
}


@requirement(
    "FRM-len-i32-be", MUST, "FPNP 5.3", "A length has the width and the byte order of the dialect, in both directions."
)
@needs("framed", "prefixed", "known")
def test_length_of_either_direction(stream: Stream) -> None:
    """Messages of several lengths are read as long as they are, and their answers too."""
    stream.strictly("FRM-len-i32-be")
    most = stream.dialect.most
    for number, size in enumerate(SIZES):
        if most is None or size <= most:
            stream.ask(stream.probe(number, size))
    stream.alive()


@requirement(
    "FRM-len-i32-be", MUST, "FPNP 5.3", "A length has the width and the byte order of the dialect, in both directions."
)
@needs("framed", "prefixed", "byte-order", "exact")
def test_length_in_the_other_byte_order(stream: Stream) -> None:
    """A length whose octets stand the other way round is another length: it is not answered as the right one."""
    declined(stream, "swapped-length", open=True)
    afterwards(stream)


@requirement("FRM-len-zero", MUST, "FPNP 5.3", "An empty message is a message: the stream goes on behind it, in step.")
@needs("framed", "prefixed|varint|netstring|blocks", "known")
def test_empty_message(stream: Stream) -> None:
    """It is answered or passed over, and the next request gets its own answer. Where the dialect says nothing of it, it
    may end the session.
    """
    probe = stream.probe(DIFFERENT)
    stream.send(framed(stream, b""))
    empty = stream.dialect.answered(b"")
    if empty is None or empty.silence:
        _undocumented(stream)
        return
    stream.say(probe)
    frame = stream.hear(f"{empty.describe()} or nothing in answer to an empty message, then {probe.describe()}")
    if probe.fits(frame.payload) and not empty.fits(frame.payload):
        stream.note("an empty message is passed over")
    elif empty.fits(frame.payload):
        stream.hears(probe)
    else:
        raise NonConformity(f"{empty.describe()} or nothing in answer to an empty message", repr(frame.payload))
    stream.alive()


def _undocumented(stream: Stream) -> None:
    """The dialect does not say what an empty message means: it may be an error, and errors may end a session."""
    reaction = stream.react()
    if reaction.end == "open":
        stream.alive()
        return
    stream.observe("an empty message, of which the dialect says nothing, ends the session")
    afterwards(stream)


@requirement(
    "FRM-len-huge", SECURITY, "FPNP 5.3", "A length that cannot be is refused or waited for; nobody dies of it."
)
@hostile
@needs("prefixed|varint|netstring|blocks", "exact")
@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_length_that_cannot_be(stream: Stream, name: str) -> None:
    """The greatest number, the sign bit alone, less than itself, below zero, none: not a message; the next is served.

    What a server keeps while it waits for four GiB that never come is not seen from here.
    """
    # Field note: a signed length that goes to socketserver's rfile.read() reads up to the end: FRM-len-short-body.
    declined(stream, name, open=True)
    afterwards(stream)


@requirement("FRM-len-short-body", SHOULD, "FPNP 5.3", "A message that ends before its length does is discarded.")
@needs("prefixed|varint|netstring|blocks", "exact")
@pytest.mark.parametrize("name", UNFINISHED)
def test_less_than_the_length_says(stream: Stream, name: str) -> None:
    """What came of it is not answered when the stream ends."""
    declined(stream, name)
    afterwards(stream)


@requirement(
    "FRM-fixed-short", SHOULD, "FPNP 5.3", "A message of less than the fixed size is none, and is not filled up."
)
@needs("fixed", "exact")
def test_less_than_the_fixed_size(stream: Stream) -> None:
    """All but its last octet, and the end of the stream, is not answered."""
    declined(stream, "short")
    afterwards(stream)


@requirement("FRM-varint", INTEROP, "LEB128, Protocol Buffers encoding", "Which lengths in LEB128 are accepted.")
@needs("framed", "varint", "exact")
@pytest.mark.parametrize("name", LEB128)
def test_lengths_in_leb128(stream: Stream, name: str) -> None:
    """Recorded: what becomes of a length with a needless octet, of ten octets and of eleven; the next is served."""
    stream.strictly("FRM-varint")
    right = stream.probe(DIFFERENT)
    stream.ask(right)
    stream.send(stream.dialect.requests.wrong(right.say)[name].octets)
    stream.observe(f"{LEB128[name]}: {outcome(stream.react(), right)}")
    afterwards(stream)


NOT_CHECKED: list[tuple[str, str]] = []

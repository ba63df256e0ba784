"""Segments: TCP delivers octets in order and nothing else (RFC 9293 3.1, 3.9.1); where they were cut means nothing."""

from __future__ import annotations

import pytest

from pytest_netconform.dialogues.stream import Stream
from pytest_netconform.requirement import MUST, needs, requirement
from pytest_netconform.wire.cuts import octets, whole
from pytest_netconform.wire.framing import Delimited, Lines, base

PLACES = 100  # cuts of one stream that are tried; a longer one is cut at so many places, evenly
PREFIX = 10  # octets in front that hold any length
SIZE = 200  # octets of a payload whose length in LEB128 takes two


# -- messages and segments


@requirement(
    "TCP-9293-3.1-stream-coalesce", MUST, "RFC 9293 3.1, 3.9.1", "Two requests in one segment get two answers in order."
)
@needs("framed|flow", "known", "-lock-step")
def test_two_requests_in_one_segment(stream: Stream) -> None:
    """Both are answered, in order, and the next request gets the next answer."""
    # Field note: the servers of textbooks that look for a "?" at the end of what came answer once, with an error.
    stream.wire.cut = whole
    stream.ask(*stream.probes(2))
    stream.alive()


@requirement(
    "TCP-9293-3.1-stream-split",
    MUST,
    "RFC 9293 3.9.1",
    "A request in many segments gets the answer that it gets in one.",
)
@needs("framed|until-close", "known")
def test_one_octet_a_segment(stream: Stream) -> None:
    """Sent octet by octet, a request is answered once, as it is in one piece."""
    probe = stream.probe()
    stream.in_pieces(*octets(stream.encoded(probe)))
    if stream.whole:
        stream.finish()
    stream.hears(probe)
    stream.alive()


@requirement(
    "TCP-9293-3.1-stream-odd-cut", MUST, "RFC 9293 3.9.1", "Wherever a stream is cut, the answers are the same octets."
)
@needs("framed|flow", "known", "-lock-step")
def test_every_cut_of_three_requests(stream: Stream) -> None:
    """Three requests, cut in two at every octet, get the same three answers."""
    stream.strictly("TCP-9293-3.1-stream-odd-cut")
    probes = stream.probes(3)
    data = stream.encoded(*probes)
    for place in range(1, len(data), 1 + len(data) // PLACES):
        stream.in_pieces(data[:place], data[place:])
        stream.hears(*probes)
    stream.alive()


# -- each framing where it can break


@requirement(
    "FRM-delimiter-split", MUST, "RFC 9293 3.9.1", "A mark that comes in two segments ends a message all the same."
)
@needs("framed", "delimited", "known")
def test_mark_in_two_segments(stream: Stream) -> None:
    """Cut before, and at every octet within the mark, a message is answered once."""
    stream.strictly("FRM-delimiter-split")
    framing = base(stream.dialect.requests)
    assert isinstance(framing, Delimited | Lines)
    for number in range(len(framing.mark)):
        probe = stream.probe(number)
        data = stream.encoded(probe)
        place = len(data) - len(framing.mark) + number
        stream.in_pieces(data[:place], data[place:])
        stream.hears(probe)
    stream.alive()


@requirement("FRM-len-split-prefix", MUST, "RFC 9293 3.9.1", "A length that comes octet by octet is the same length.")
@needs("framed", "prefixed|varint|blocks|netstring", "known")
def test_length_octet_by_octet(stream: Stream) -> None:
    """The octets in front come one by one, the rest in one piece; the message is answered once."""
    stream.strictly("FRM-len-split-prefix")
    most = stream.dialect.most
    probe = stream.probe(0, SIZE if most is None else min(SIZE, most))
    data = stream.encoded(probe)
    stream.in_pieces(*octets(data[:PREFIX]), data[PREFIX:])
    stream.hears(probe)
    stream.alive()


@requirement(
    "FRM-fixed-16", MUST, "RFC 9293 3.9.1", "A message of a fixed size is whole when it has that size, not before."
)
@needs("framed", "fixed", "known")
@pytest.mark.parametrize("segments", [1, 2, 16])
def test_fixed_size_in_segments(stream: Stream, segments: int) -> None:
    """In one, two and sixteen segments a message gets one answer, framed as the dialect says."""
    stream.strictly("FRM-fixed-16")
    probe = stream.probe()
    data = stream.encoded(probe)
    size = -(-len(data) // segments)
    stream.in_pieces(*(data[place : place + size] for place in range(0, len(data), size)))
    stream.hears(probe)
    stream.alive()


NOT_CHECKED: list[tuple[str, str]] = []

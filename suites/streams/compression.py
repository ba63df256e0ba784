"""Compression: payloads that are zlib streams (RFC 1950), and streams that are nothing else."""

from __future__ import annotations

import pytest

from pytest_netconform.dialogues.stream import Stream
from pytest_netconform.requirement import MUST, SECURITY, SHOULD, hostile, needs, requirement
from pytest_netconform.suites.streams.trials import DIFFERENT, afterwards, declined
from pytest_netconform.verdict import NonConformity
from pytest_netconform.wire.cuts import octets, whole
from pytest_netconform.wire.framing import Checked, Compressed, Frame, ZlibStream

SIZE = 200  # octets of a payload that is cut in pieces
BOMB = 64 << 20  # octets that 64 KiB expand to; 10 GiB would show nothing more, and hurt
KEPT = 1 << 20  # octets of them that nobody gives back who keeps a bounded number
SECONDS = 3.0  # in which a bomb is given up
SPOILT = ("bad-header", "bad-adler", "cut-stream", "not-compressed")


@requirement(
    "BYT-zlib-stream", MUST, "RFC 1950 2.2", "What stands behind a zlib stream is the beginning of the next one."
)
@needs("framed", "zlib-stream", "known")
def test_what_follows_a_zlib_stream(stream: Stream) -> None:
    """Two streams in a segment are two messages; so are one and a half, and the rest."""
    stream.strictly("BYT-zlib-stream")
    stream.wire.cut = whole
    probes = stream.probes(2)
    stream.ask(*probes)
    data = stream.encoded(*probes)
    middle = len(stream.encoded(probes[0])) + len(stream.encoded(probes[1])) // 2
    stream.in_pieces(data[:middle], data[middle:])
    stream.hears(*probes)
    stream.alive()


@requirement("BYT-zlib-split", MUST, "RFC 1950 2.2", "A zlib stream in many segments is one zlib stream.")
@needs("framed", "zlib", "known")
def test_zlib_octet_by_octet(stream: Stream) -> None:
    """Sent octet by octet, a compressed message is answered once."""
    most = stream.dialect.most
    probe = stream.probe(0, SIZE if most is None else min(SIZE, most))
    stream.in_pieces(*octets(stream.encoded(probe)))
    stream.hears(probe)
    stream.alive()


@requirement("BYT-zlib-bad", SHOULD, "RFC 1950 2.3", "A wrong header or Adler-32 is found, and its text is no message.")
@needs("zlib", "exact")
@pytest.mark.parametrize("name", SPOILT)
def test_zlib_that_is_none(stream: Stream, name: str) -> None:
    """Wrong check bits, a wrong Adler-32, a stream cut short and text that is not compressed are not answered."""
    declined(stream, name)
    afterwards(stream)


@requirement(
    "BYT-zlib-bomb", SECURITY, "RFC 1950", "A small message that expands to a huge one is given up on the way."
)
@hostile
@needs("zlib", "known")
def test_zlib_bomb(stream: Stream) -> None:
    """64 KiB that expand to 64 MiB end in an error or a close, not in 64 MiB; the next client is served.

    How much memory was needed to refuse them is not seen from here.
    """
    stream.twin(stream.probe(DIFFERENT))
    framing = stream.dialect.requests
    while isinstance(framing, Checked):
        framing = framing.inner
    assert isinstance(framing, Compressed | ZlibStream)
    stream.send(framing.bomb(BOMB))
    stream.visit.evidence.add("refusal")
    expected = f"an error or a close in answer to a message that expands to {BOMB} octets"
    try:
        frame = stream.hear(expected, within=SECONDS)
    except NonConformity as problem:
        if not problem.passing:  # an answer without an end, and neither silence nor a close
            raise
    else:
        _small(frame, expected)
    afterwards(stream)


def _small(frame: Frame, expected: str) -> None:
    # an answer that is a bomb itself is told by our own bound
    if frame.payload is None and any("expands" in deviation for deviation in frame.deviations):
        raise NonConformity(expected, f"an answer of {len(frame.raw)} octets, which {'; '.join(frame.deviations)}")
    if len(frame.payload or frame.raw) >= KEPT:
        raise NonConformity(expected, f"an answer of {len(frame.payload or frame.raw)} octets")


NOT_CHECKED: list[tuple[str, str]] = []

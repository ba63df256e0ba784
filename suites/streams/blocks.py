"""Blocks: a message in pieces, each behind its length, up to an empty one (FPNP 5.3, pattern 6)."""

from __future__ import annotations

from pytest_netconform.dialogues.stream import Stream
from pytest_netconform.requirement import MUST, SHOULD, needs, requirement
from pytest_netconform.suites.streams.trials import afterwards, declined, sealed
from pytest_netconform.wire.framing import Blocks

LONG = 3000  # octets of a message of several blocks
TINY = 5000  # blocks of one octet: more than calls can be nested


@requirement("FRM-blocks-zero-end", MUST, "FPNP 5.3", "Blocks are one message up to the empty one, in both directions.")
@needs("framed", "blocks", "known")
def test_blocks_are_one_message(stream: Stream) -> None:
    """A message in three blocks gets one answer, which ends in an empty block."""
    stream.strictly("FRM-blocks-zero-end")
    _in_blocks(stream, LONG, count=3)
    stream.alive()


@requirement("FRM-blocks-tiny", MUST, "FPNP 5.3", "Blocks may be as small as they like, and as many.")
@needs("framed", "blocks", "known")
def test_blocks_of_one_octet(stream: Stream) -> None:
    """5000 blocks of one octet, or as many as the longest message has, are one message."""
    _in_blocks(stream, TINY, count=TINY)
    stream.alive()


def _in_blocks(stream: Stream, size: int, count: int) -> None:
    most = stream.dialect.most
    probe = stream.probe(0, size if most is None else min(size, most))
    framing, inner = sealed(stream, probe.say)
    assert isinstance(framing, Blocks)
    stream.send(framing.blocks(inner, min(max(1, -(-len(inner) // count)), framing.number.most)))
    stream.hears(probe)


@requirement("FRM-blocks-no-end", SHOULD, "FPNP 5.3", "Blocks without the empty one at the end are no message.")
@needs("blocks", "exact")
def test_blocks_without_an_end(stream: Stream) -> None:
    """When the stream ends behind them they are not answered."""
    declined(stream, "no-last-block")
    afterwards(stream)


NOT_CHECKED: list[tuple[str, str]] = []

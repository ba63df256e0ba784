"""Mutants of blocks: one block is taken for the message, or one too many for the server."""

from __future__ import annotations

from pytest_netconform.reference_servers.dialects import DialectSession
from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.session import Reset
from pytest_netconform.wire.frames import Frame

BUFFER = 1024
RECURSIONS = 900
PREFIX = 4


@mutant("missing_final_zero_block", breaks=["FRM-blocks-zero-end"], because="nothing for", dialect="blocks")
class MissingFinalZeroBlock(DialectSession):
    """Leaves out the empty block behind an answer that fills its buffer."""

    def encode(self, payload: bytes) -> bytes:
        octets = super().encode(payload)
        return octets[:-PREFIX] if len(payload) > BUFFER else octets


@mutant("each_block_is_a_message", breaks=["FRM-blocks-zero-end"], because="in answer to", dialect="blocks")
class EachBlockIsAMessage(DialectSession):
    """Answers the first of several blocks."""

    def on_frame(self, frame: Frame) -> None:
        size = int.from_bytes(frame.raw[:PREFIX], "big")
        self.on_request(frame.raw[PREFIX : PREFIX + size])


@mutant("recursion_per_block", breaks=["FRM-blocks-tiny"], because="reset", dialect="blocks")
class RecursionPerBlock(DialectSession):
    """Calls itself for the rest of the blocks, which Python does some hundred times (RecursionError)."""

    def on_frame(self, frame: Frame) -> None:
        if len(frame.raw) - len(frame.payload or b"") > RECURSIONS * PREFIX:
            self.act(Reset())
        super().on_frame(frame)


@mutant("blocks_processed_at_eof", breaks=["FRM-blocks-no-end"], because="no empty block", dialect="blocks")
class BlocksProcessedAtEof(DialectSession):
    """Takes the end of the stream for the empty block."""

    def on_last(self, frame: Frame) -> None:
        self.on_request(frame.raw[PREFIX:])

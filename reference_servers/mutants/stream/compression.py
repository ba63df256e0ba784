"""Mutants of compression: streams that are cut, believed or opened without a thought."""

from __future__ import annotations

import zlib

from pytest_netconform.reference_servers.dialects import DialectSession
from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.mutants.stream.mortal import Mortal
from pytest_netconform.reference_servers.session import Reset
from pytest_netconform.wire.frames import Frame, Framer

ENDLESS = 1 << 40
PREFIX = 4
HEADER = 2  # octets of a zlib header


@mutant("tail_of_a_zlib_stream_discarded", breaks=["BYT-zlib-stream"], because="nothing for", dialect="zlib")
class TailOfAZlibStreamDiscarded(DialectSession):
    """Forgets what stands behind a stream (unused_data)."""

    def on_frame(self, frame: Frame) -> None:
        self.framer = self.make_framer()
        super().on_frame(frame)


@mutant("decompress_per_recv", breaks=["BYT-zlib-split"], because="reset", dialect="zlib")
class DecompressPerRecv(DialectSession):
    """Decompresses what one recv() brought, and dies of half a stream (zlib.error)."""

    def on_data(self, data: bytes) -> None:
        try:
            zlib.decompress(data)
        except zlib.error:
            self.act(Reset())
        super().on_data(data)


@mutant("zlib_error_kills_the_server", breaks=["BYT-zlib-bad"], because="connect", dialect="zlib-prefixed")
class ZlibErrorKillsTheServer(Mortal):
    """Catches no zlib.error."""

    def on_broken(self, frame: Frame) -> None:
        self.die()


@mutant("zlib_header_and_adler_ignored", breaks=["BYT-zlib-bad"], because="Adler-32", dialect="zlib-prefixed")
class ZlibHeaderAndAdlerIgnored(DialectSession):
    """Skips the header and leaves the checksum."""

    def on_broken(self, frame: Frame) -> None:
        try:
            self.on_request(zlib.decompressobj(-zlib.MAX_WBITS).decompress(frame.raw[PREFIX + HEADER :]))
        except zlib.error:
            self.close()


@mutant("text_is_as_good_as_zlib", breaks=["BYT-zlib-bad"], because="not compressed", dialect="zlib-prefixed")
class TextIsAsGoodAsZlib(DialectSession):
    """Takes what cannot be decompressed as it is."""

    def on_broken(self, frame: Frame) -> None:
        self.on_request(frame.raw[PREFIX:])


@mutant("decompress_without_bound", breaks=["BYT-zlib-bomb"], because="expands beyond", dialect="zlib-prefixed")
class DecompressWithoutBound(DialectSession):
    """Opens everything, and gives it back."""

    def make_framer(self) -> Framer:
        return self.dialect.requests.framer(ENDLESS)


@mutant("bomb_kills_the_server", breaks=["BYT-zlib-bomb"], because="connect", dialect="zlib")
class BombKillsTheServer(Mortal):
    """Has not the memory for what it opens."""

    def on_broken(self, frame: Frame) -> None:
        if any("expands" in deviation for deviation in frame.deviations):
            self.die()
        super().on_broken(frame)

"""COMPRESS=DEFLATE: everything behind the tagged OK travels as raw deflate, both ways (RFC 4978).

What is inflated is digested portion by portion, so that a bomb costs time in proportion to what it unfolds to, and no
memory.
"""

from __future__ import annotations

import zlib

from pytest_netconform.reference_servers.imap.access import Access
from pytest_netconform.reference_servers.imap.core import Done
from pytest_netconform.reference_servers.imap.scanner import Bad, Scanner

PORTION = 1 << 16  # octets that are inflated at a time
WINDOW = -15  # raw deflate, without a header (RFC 4978 3)


class Compress(Access):
    """A layer below the commands."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)
        self.inflater: zlib._Decompress | None = None
        self.deflater: zlib._Compress | None = None

    def answer_compress(self, arguments: Scanner) -> None:
        """The tagged OK is the last plain line (RFC 4978 3)."""
        arguments.space()
        if arguments.word("a mechanism") != "DEFLATE":
            raise Bad("The one mechanism is DEFLATE")
        arguments.end()
        self.check_compress()
        behind = self.behind_compress(self.pending())
        self.finish(Done("Compressed from here on"))
        self.drop_pending()
        self.begin_compression()
        self.put_back(behind)

    def check_compress(self) -> None:
        """Once is enough (RFC 4978 3)."""
        if self.deflater is not None:
            raise Bad("Compression is active already", "COMPRESSIONACTIVE")

    def behind_compress(self, octets: bytes) -> bytes:
        """Which of the octets that arrived behind the command are kept as plain ones: a client waits for our word."""
        if octets:
            raise Bad("Nothing may follow COMPRESS before its answer")
        return b""

    def begin_compression(self) -> None:
        """Both directions at once."""
        self.inflater = zlib.decompressobj(self.window())
        self.deflater = zlib.compressobj(wbits=self.window())

    def window(self) -> int:
        """How zlib is told what kind of stream it is."""
        return WINDOW

    def on_data(self, data: bytes) -> None:
        """Octets; once compressed, inflated by portions."""
        if self.inflater is None:
            super().on_data(data)
            return
        plain = b"."
        while plain and not self.closing:
            try:
                plain = self.inflater.decompress(data, PORTION)
            except zlib.error:
                self.on_garbage()
                return
            data = self.inflater.unconsumed_tail
            if plain:
                super().on_data(plain)
        if self.inflater.eof and not self.closing:
            self.on_garbage()

    def on_garbage(self) -> None:
        """What arrives is no deflate: nothing can be understood any more."""
        self.bye("That is no deflate")

    def send(self, data: bytes) -> None:
        """Octets for the client; each response is flushed, so that he can read it."""
        if self.deflater is not None:
            data = self.deflater.compress(data) + self.deflater.flush(zlib.Z_SYNC_FLUSH)
        super().send(data)

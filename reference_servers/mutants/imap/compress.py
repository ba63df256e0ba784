"""Mutants of compression: what travels, and what is made of what does not belong there, is wrong in one way each."""

from __future__ import annotations

from pytest_netconform.reference_servers.imap import ImapSession
from pytest_netconform.reference_servers.mutants.mutant import mutant


@mutant("compress_zlib_header", breaks=["IMAP-4978-3-a"], because="raw deflate")
class CompressZlibHeader(ImapSession):
    """Calls zlib as its manual begins."""

    def window(self) -> int:
        return 15


@mutant("compress_twice_ok", breaks=["IMAP-4978-3-a"], because=" OK")
class CompressTwiceOk(ImapSession):
    """Begins as often as it is asked."""

    def check_compress(self) -> None:
        """Once more."""


@mutant("compress_plain_tail_executed", breaks=["IMAP-4978-3-b"], because="b OK")
class CompressPlainTailExecuted(ImapSession):
    """Runs in the compressed session what came in clear before it."""

    def behind_compress(self, octets: bytes) -> bytes:
        return octets


@mutant("deflate_error_loop", breaks=["IMAP-4978-3-c"], because="nothing for")
class DeflateErrorLoop(ImapSession):
    """Waits for what it could understand."""

    def on_garbage(self) -> None:
        """Perhaps later."""


@mutant("bomb_is_swallowed", breaks=["IMAP-4978-3-c"], because="nothing for")
class BombIsSwallowed(ImapSession):
    """Is busy with a line of megabytes for ever."""

    def on_long_line(self, head: bytes) -> None:
        """And still is."""

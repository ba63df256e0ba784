"""Mutants of text: characters that are cut, counted or believed, and ends that are none."""

from __future__ import annotations

import json
import struct

from pytest_netconform.dialect import Exchange
from pytest_netconform.reference_servers.dialects import DialectSession
from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.mutants.stream.mortal import Mortal
from pytest_netconform.wire.frames import Frame

BOM = b"\xef\xbb\xbf"
SHORT = {b"\xc0\xaf": b"/", b"\xc0\x80": b"\0"}


@mutant("decode_per_recv", breaks=["BYT-utf8-split"], because="the connection was closed", dialect="lines")
class DecodePerRecv(DialectSession):
    """Decodes what one recv() brought (UnicodeDecodeError)."""

    def on_data(self, data: bytes) -> None:
        if self.readable(data):
            super().on_data(data)
        else:
            self.close()


@mutant("halves_of_characters_are_replaced", breaks=["BYT-utf8-split"], because="in answer to", dialect="prefixed-text")
class HalvesOfCharactersAreReplaced(DialectSession):
    """Decodes what one recv() brought, and puts a question mark where it cannot."""

    def on_data(self, data: bytes) -> None:
        text = data.decode(errors="replace").replace("\ufffd", "?").encode()
        super().on_data(text if len(text) == len(data) else data)


@mutant("overlong_is_its_short_form", breaks=["BYT-utf8-invalid"], because="not to be taken for", dialect="lines")
class OverlongIsItsShortForm(DialectSession):
    """Decodes by shifting bits, and does not look at how many there had to be."""

    def acceptable(self, frame: Frame, payload: bytes) -> bool:
        return True

    def answer(self, exchange: Exchange) -> bytes | None:
        reply = exchange.reply or b""
        for long, short in SHORT.items():
            reply = reply.replace(long, short)
        return reply


@mutant("unicode_error_ends_the_server", breaks=["BYT-utf8-invalid"], because="connect", dialect="prefixed-text")
class UnicodeErrorEndsTheServer(Mortal):
    """Catches no UnicodeDecodeError."""

    def on_broken(self, frame: Frame) -> None:
        self.die()


@mutant("unicode_error_leaves_it_hanging", breaks=["BYT-utf8-invalid"], because="nothing for", dialect="lines")
class UnicodeErrorLeavesItHanging(DialectSession):
    """A task dies of UnicodeDecodeError, and nobody closes its connection."""

    def on_broken(self, frame: Frame) -> None:
        self.closing = True


@mutant("invalid_octets_vanish", breaks=["BYT-utf8-invalid"], because="refused or replaced", dialect="prefixed-text")
class InvalidOctetsVanish(DialectSession):
    """Decodes with errors='ignore'."""

    def acceptable(self, frame: Frame, payload: bytes) -> bool:
        return True

    def answer(self, exchange: Exchange) -> bytes | None:
        return (exchange.reply or b"").decode(errors="ignore").encode()


@mutant("bom_ends_the_server", breaks=["BYT-utf8-bom"], because="connect", dialect="lines")
class BomEndsTheServer(Mortal):
    """Looks up what stands behind a byte order mark, and dies of not finding it (KeyError)."""

    def on_request(self, payload: bytes) -> None:
        if payload.startswith(BOM):
            self.die()
        else:
            super().on_request(payload)


@mutant("bom_is_ignored", breaks=["BYT-utf8-bom"], because="a byte order mark: ignored", dialect="prefixed-text")
class BomIsIgnored(DialectSession):
    """Decodes with utf-8-sig: another choice, and no wrong one."""

    def on_request(self, payload: bytes) -> None:
        super().on_request(payload.removeprefix(BOM))


@mutant("length_counts_characters", breaks=["BYT-latin1-length"], because="in answer to", dialect="prefixed-text")
class LengthCountsCharacters(DialectSession):
    """Writes len() of the text in front of its octets."""

    def encode(self, payload: bytes) -> bytes:
        return struct.pack("!I", len(payload.decode())) + payload


@mutant("trailing_cr_is_kept", breaks=["BYT-eol"], because="CR LF: another answer", dialect="json-lines")
class TrailingCrIsKept(DialectSession):
    """Splits at LF alone, and knows no command that ends in CR."""

    def acceptable(self, frame: Frame, payload: bytes) -> bool:
        return True


@mutant("bare_lf_ends_a_line", breaks=["BYT-eol"], because="LF: ends a line", dialect="lines")
class BareLfEndsALine(DialectSession):
    """Reads lines as readline() does: another choice, and no wrong one."""

    def acceptable(self, frame: Frame, payload: bytes) -> bool:
        return self.readable(payload)


@mutant("text_ends_at_nul", breaks=["BYT-nul"], because="a text with a NUL", dialect="lines")
class TextEndsAtNul(DialectSession):
    """Keeps its texts as C does."""

    def on_request(self, payload: bytes) -> None:
        super().on_request(payload.partition(b"\0")[0])


@mutant("json_loads_of_the_whole_buffer", breaks=["BYT-json-lines"], because="closed", dialect="json-lines")
class JsonLoadsOfTheWholeBuffer(DialectSession):
    """Reads all that one recv() brought as one JSON text (Extra data)."""

    def on_data(self, data: bytes) -> None:
        try:
            json.loads(data)
        except ValueError:
            self.close()
        super().on_data(data)

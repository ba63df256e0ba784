"""Mutants of chunked bodies: what is taken for a size, what ends a line, and where a body ends."""

from __future__ import annotations

import re

from pytest_netconform.reference_servers.http import HttpSession, Refusal
from pytest_netconform.reference_servers.http.framing import Stage
from pytest_netconform.reference_servers.mutants.mutant import mutant

# -- sizes


@mutant("lower_case_sizes_only", breaks=["HTTP-9112-7.1-size-case-zeros"], because="400")
class LowerCaseSizesOnly(HttpSession):
    """Knows a to f, and not A to F."""

    def parse_chunk_size(self, text: bytes) -> int:
        if text != text.lower():
            raise Refusal(400, "The size of a chunk is no number")
        return super().parse_chunk_size(text)


@mutant("size_of_16_digits", breaks=["HTTP-9112-7.1-size-many-zeros"], because="400")
class SizeOf16Digits(HttpSession):
    """Reads sixteen digits, and no more."""

    def parse_chunk_size(self, text: bytes) -> int:
        return super().parse_chunk_size(text[:16])


@mutant(
    "size_by_int",
    breaks=["HTTP-9112-7.1-size-0x", "HTTP-9112-7.1-size-sign", "HTTP-9112-7.1-size-underscore"],
    because="to the probe",
)
class SizeByInt(HttpSession):
    """Reads a size as Python's int() does, and nothing where it is negative."""

    def parse_chunk_size(self, text: bytes) -> int:
        try:
            return max(0, int(text.decode("latin-1"), 16))
        except ValueError:
            raise Refusal(400, "The size of a chunk is no number") from None


@mutant("size_by_prefix", breaks=["HTTP-9112-7.1-size-prefix"], because="to the probe")
class SizeByPrefix(HttpSession):
    """Reads digits as far as there are any."""

    def parse_chunk_size(self, text: bytes) -> int:
        found = re.match(rb"[0-9A-Fa-f]+", text)
        return super().parse_chunk_size(found[0] if found else text)


@mutant("empty_size_is_zero", breaks=["HTTP-9112-7.1-size-empty"], because="to the probe")
class EmptySizeIsZero(HttpSession):
    """Takes an empty line for the last chunk."""

    def parse_chunk_size(self, text: bytes) -> int:
        return super().parse_chunk_size(text or b"0")


@mutant("blank_lines_between_chunks", breaks=["HTTP-9112-7.1-size-empty"], because="to the probe")
class BlankLinesBetweenChunks(HttpSession):
    """Passes empty lines over where a size is due."""

    def take_chunk_size(self) -> bool:
        if self._input.startswith(b"\r\n"):
            del self._input[:2]
            return True
        return super().take_chunk_size()


@mutant("blanks_before_sizes_stripped", breaks=["HTTP-9112-7.1-size-leading-ws"], because="to the probe")
class BlanksBeforeSizesStripped(HttpSession):
    """Strips a size in front."""

    def parse_chunk_size(self, text: bytes) -> int:
        return super().parse_chunk_size(text.lstrip())


@mutant("blank_behind_size_fails", breaks=["HTTP-9112-7.1-size-trailing-ws"], because="500")
class BlankBehindSizeFails(HttpSession):
    """Stumbles over a blank behind a size."""

    def parse_chunk_size(self, text: bytes) -> int:
        if text.endswith(b" "):
            raise Refusal(500, "That was not expected")
        return super().parse_chunk_size(text)


@mutant("size_in_32_bits", breaks=["HTTP-9112-7.1-size-overflow"], because="to the probe")
class SizeIn32Bits(HttpSession):
    """Keeps the low bits of a size."""

    def parse_chunk_size(self, text: bytes) -> int:
        super().parse_chunk_size(text)
        return int(text, 16) % 2**32


@mutant("size_in_64_bits", breaks=["HTTP-9112-7.1-size-overflow"], because="to the probe")
class SizeIn64Bits(HttpSession):
    """Keeps more of them."""

    def parse_chunk_size(self, text: bytes) -> int:
        super().parse_chunk_size(text)
        return int(text, 16) % 2**64


# -- lines


@mutant("two_octets_skipped_behind_data", breaks=["HTTP-9112-7.1-data-no-crlf"], because="to the probe")
class TwoOctetsSkippedBehindData(HttpSession):
    """Skips two octets behind the data, whatever they are."""

    def check_chunk_end(self, octets: bytes) -> None:
        """They may be anything."""


@mutant("lf_ends_chunk_line", breaks=["HTTP-9112-7.1-data-lf"], because="to the probe")
class LfEndsChunkLine(HttpSession):
    """Takes LF alone for the end of a chunk's first line."""

    def chunk_line_content(self, line: bytes) -> bytes:
        return line.removesuffix(b"\r")


@mutant("cr_and_any_octet_end_chunk_line", breaks=["HTTP-9112-7.1-data-bare-cr"], because="to the probe")
class CrAndAnyOctetEndChunkLine(HttpSession):
    """Ends a chunk's first line at CR, and skips what follows it."""

    def chunk_line(self) -> bytes | None:
        line, cr, behind = bytes(self._input).partition(b"\r")
        if not cr or not behind:
            return None
        del self._input[: len(line) + 2]
        return line


@mutant("two_octets_skipped_behind_last_chunk", breaks=["HTTP-9112-7.1-terminator"], because="hidden")
class TwoOctetsSkippedBehindLastChunk(HttpSession):
    """Ends a body two octets behind the last chunk, whatever they are."""

    def take_trailer(self) -> bool:
        if len(self._input) < 2:
            return False
        del self._input[:2]
        self.complete()
        return True


@mutant("line_of_last_chunk_ends_body", breaks=["HTTP-9112-7.1-no-final-crlf"], because="hidden")
class LineOfLastChunkEndsBody(HttpSession):
    """Ends a body at the line of the last chunk, and passes over an empty one behind it."""

    def on_last_chunk(self) -> None:
        self.complete()


@mutant("half_a_chunked_body_will_do", breaks=["HTTP-9112-7.1-no-final-crlf"], because="behind half a body")
class HalfAChunkedBodyWillDo(HttpSession):
    """Takes what came before the end for the whole."""

    def on_incomplete(self) -> None:
        if self.stage is not Stage.CHUNK_SIZE:
            return super().on_incomplete()
        self.complete()
        return self.finish()


@mutant("resumes_behind_bad_chunk", breaks=["HTTP-9112-7.1-invalid-then-resync"], because="hidden")
class ResumesBehindBadChunk(HttpSession):
    """Refuses a bad chunk, and takes the next line for a request."""

    def take_chunk_size(self) -> bool:
        try:
            return super().take_chunk_size()
        except Refusal as refusal:
            assert self.head is not None
            self.stage = Stage.HEAD
            self.deliver(self.head, self.error_response(self.head, refusal))
            return True


# -- extensions


@mutant("extensions_refused", breaks=["HTTP-9112-7.1.1-ext-ignored"], because="400")
class ExtensionsRefused(HttpSession):
    """Refuses what it does not know."""

    def check_extensions(self, extensions: bytes) -> None:
        if extensions:
            raise Refusal(400, "Extensions are not known here")


@mutant("blank_before_extension_refused", breaks=["HTTP-9112-7.1.1-ext-bws"], because="400")
class BlankBeforeExtensionRefused(HttpSession):
    """Wants the semicolon right behind the size."""

    def check_extensions(self, extensions: bytes) -> None:
        if extensions.startswith(b" "):
            raise Refusal(400, "A blank before the semicolon")
        super().check_extensions(extensions)


@mutant("lf_inside_extension", breaks=["HTTP-9112-7.1.1-ext-lf"], because="to the probe")
class LfInsideExtension(HttpSession):
    """Looks for CR LF, and at nothing on the way."""

    def chunk_line(self) -> bytes | None:
        line, end, _ = bytes(self._input).partition(b"\r\n")
        if not end:
            return None
        del self._input[: len(line) + 2]
        return line

    def check_extensions(self, extensions: bytes) -> None:
        """They may be anything."""


@mutant("quote_goes_on", breaks=["HTTP-9112-7.1.1-ext-quoted-crlf"], because="nothing")
class QuoteGoesOn(HttpSession):
    """Looks for the other quote, wherever it is."""

    def chunk_line(self) -> bytes | None:
        if bytes(self._input).partition(b"\r\n")[0].count(b'"') == 1 == self._input.count(b'"'):
            return None
        return super().chunk_line()


@mutant("extensions_without_limit", breaks=["HTTP-9112-7.1.1-ext-huge"], because="accepted")
class ExtensionsWithoutLimit(HttpSession):
    """Reads extensions on and on."""

    def chunk_line_limit(self) -> int:
        return 1 << 40

    def count_overhead(self, octets: int) -> None:
        """It costs nothing, as it seems."""


# -- data


@mutant("a_hundred_chunks", breaks=["HTTP-9112-7.1-tiny-chunks"], because="413")
class AHundredChunks(HttpSession):
    """Takes a hundred chunks, and no more."""

    def count_overhead(self, octets: int) -> None:
        super().count_overhead(octets)
        if self._overhead > 100:
            raise Refusal(413, "Too many chunks")


@mutant("segment_ends_chunk", breaks=["HTTP-9112-7.1-tiny-chunks"], because="as in one segment")
class SegmentEndsChunk(HttpSession):
    """Takes a chunk that arrives in two pieces for two."""

    def take_data(self) -> bool:
        if self.stage is Stage.CHUNK_DATA:
            self._remaining = min(self._remaining, len(self._input) or 1)
        return super().take_data()

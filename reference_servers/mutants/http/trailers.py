"""Mutants of trailers, and of the chunks of responses."""

from __future__ import annotations

from dataclasses import replace

from pytest_netconform.reference_servers.http import Field, HttpSession, Request
from pytest_netconform.reference_servers.http.respond import Delimited, Response
from pytest_netconform.reference_servers.mutants.mutant import mutant


@mutant("trailer_is_next_request", breaks=["HTTP-9112-7.1.2-trailers"], because="200, 400")
class TrailerIsNextRequest(HttpSession):
    """Ends a body at the line of the last chunk, and expects a request there."""

    def on_last_chunk(self) -> None:
        if self._input.startswith(b"\r\n"):
            del self._input[:2]
        self.complete()


@mutant("trailers_merged", breaks=["HTTP-9112-7.1.2-trailer-merge"], because="among the header fields")
class TrailersMerged(HttpSession):
    """Adds trailers to the header fields."""

    def with_trailers(self, request: Request, trailers: tuple[Field, ...]) -> Request:
        return replace(request, fields=(*request.fields, *trailers))


@mutant("length_in_trailer_counts", breaks=["HTTP-9112-7.1.2-trailer-merge"], because="200, 400")
class LengthInTrailerCounts(HttpSession):
    """Reads what a trailer counts, behind it."""

    def with_trailers(self, request: Request, trailers: tuple[Field, ...]) -> Request:
        lengths = [field.value for field in trailers if field.key == b"content-length"]
        if lengths:
            del self._input[: int(lengths[0])]
        return super().with_trailers(request, trailers)


@mutant("trailers_without_limit", breaks=["HTTP-9112-7.1.2-trailer-limit"], because="accepted")
class TrailersWithoutLimit(HttpSession):
    """Takes as many trailers as there are, and throws them away."""

    def check_trailers(self, lines: int, octets: int) -> None:
        self._trailers.clear()


@mutant("lf_between_response_chunks", breaks=["HTTP-9112-7.1-resp-chunked"], because="each line with CR LF")
class LfBetweenResponseChunks(HttpSession):
    """Ends the lines of chunks in LF."""

    def format_chunk(self, data: bytes) -> bytes:
        return super().format_chunk(data).replace(b"\r\n", b"\n", 1)


@mutant("response_sizes_with_0x", breaks=["HTTP-9112-7.1-resp-chunked"], because="size")
class ResponseSizesWith0x(HttpSession):
    """Writes a size as source code has it."""

    def format_chunk(self, data: bytes) -> bytes:
        return b"0x" + super().format_chunk(data)


@mutant("no_blank_line_behind_last_chunk", breaks=["HTTP-9112-7.1-resp-chunked"], because="right behind it")
class NoBlankLineBehindLastChunk(HttpSession):
    """Ends a response at the line of the last chunk."""

    def format_content(self, request: Request | None, response: Response, delimited: Delimited) -> bytes:
        content = super().format_content(request, response, delimited)
        return content[:-2] if delimited is Delimited.CHUNKED else content

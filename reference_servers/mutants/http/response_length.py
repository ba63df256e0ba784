"""Mutants of responses' framing: their field lines, their lengths, and bodies where there is none."""

from __future__ import annotations

from pytest_netconform.reference_servers.http import HttpSession, Request
from pytest_netconform.reference_servers.http.respond import Delimited, Fields, Response
from pytest_netconform.reference_servers.mutants.mutant import mutant


@mutant("blank_before_response_colon", breaks=["HTTP-9112-5-response-grammar"], because="field lines")
class BlankBeforeResponseColon(HttpSession):
    """Puts a blank before the colon of a field."""

    def format_field(self, name: str, value: str) -> bytes:
        return super().format_field(f"{name} " if name == "Server" else name, value)


@mutant("folded_response_field", breaks=["HTTP-9112-5-response-grammar"], because="field lines")
class FoldedResponseField(HttpSession):
    """Folds a long field."""

    def format_field(self, name: str, value: str) -> bytes:
        return super().format_field(name, value.replace("; ", ";\r\n "))


@mutant("line_feed_in_response_head", breaks=["HTTP-9112-5-response-grammar"], because="field lines")
class LineFeedInResponseHead(HttpSession):
    """Ends lines with LF alone."""

    line_break = b"\n"


class ExtraFraming(HttpSession):
    """Says more about the framing of some responses than it may."""

    def framing_fields(self, request: Request | None, response: Response, delimited: Delimited) -> Fields:
        fields = super().framing_fields(request, response, delimited)
        return (*fields, *self.more(request, response, delimited))

    def more(self, request: Request | None, response: Response, delimited: Delimited) -> Fields:
        """What it says besides."""
        return ()


@mutant("response_with_both_framings", breaks=["HTTP-9112-6.1-resp-cl-te"], because="beside")
class ResponseWithBothFramings(ExtraFraming):
    """Counts what it sends in chunks too."""

    def more(self, request: Request | None, response: Response, delimited: Delimited) -> Fields:
        length = ("Content-Length", str(self.content_length_of(response)))
        return (length,) if delimited is Delimited.CHUNKED else ()


@mutant("chunks_to_http10", breaks=["HTTP-9112-6.1-resp-te-10"], because="which HTTP/1.0 does not know")
class ChunksToHttp10(HttpSession):
    """Sends chunks to everybody."""

    def takes_chunks(self, request: Request | None) -> bool:
        return True


@mutant("chunked_204", breaks=["HTTP-9112-6.1-resp-te-1xx-204"], because="no Transfer-Encoding")
class Chunked204(ExtraFraming):
    """Announces chunks where there is nothing."""

    def more(self, request: Request | None, response: Response, delimited: Delimited) -> Fields:
        return (("Transfer-Encoding", "chunked"),) if response.status == 204 else ()


@mutant("chunked_100", breaks=["HTTP-9112-6.1-resp-te-1xx-204"], because="no Transfer-Encoding")
class Chunked100(ExtraFraming):
    """Announces chunks in an interim response."""

    def more(self, request: Request | None, response: Response, delimited: Delimited) -> Fields:
        return (("Transfer-Encoding", "chunked"),) if response.status == 100 else ()


@mutant("two_lengths", breaks=["HTTP-9112-6.3-resp-cl-single"], because="one Content-Length")
class TwoLengths(ExtraFraming):
    """Counts twice."""

    def more(self, request: Request | None, response: Response, delimited: Delimited) -> Fields:
        length = ("Content-Length", str(self.content_length_of(response)))
        return (length,) if delimited is Delimited.LENGTH else ()


@mutant("bodies_end_with_connection", breaks=["HTTP-9112-6.3-close-delimited"], because="Content-Length or chunks")
class BodiesEndWithConnection(HttpSession):
    """Counts nothing, and closes."""

    def delimited(self, request: Request | None, response: Response) -> Delimited:
        delimited = super().delimited(request, response)
        return Delimited.CLOSE if delimited is Delimited.LENGTH else delimited


@mutant("length_in_characters", breaks=["HTTP-9112-6.3-resp-length"], because="nothing between two responses")
class LengthInCharacters(HttpSession):
    """Counts characters where octets are sent."""

    def content_length_of(self, response: Response) -> int:
        return sum(len(piece.decode("utf-8", "surrogateescape")) for piece in self.content_of(response))


@mutant("last_chunk_left_out", breaks=["HTTP-9112-6.3-resp-length"], because="HTTP/1.1")
class LastChunkLeftOut(HttpSession):
    """Ends what is sent in chunks with the last piece."""

    last_chunk = b""


@mutant("length_in_204", breaks=["HTTP-9110-8.6-resp-cl-204"], because="no Content-Length in a 204")
class LengthIn204(ExtraFraming):
    """Counts nothing where there is nothing."""

    def more(self, request: Request | None, response: Response, delimited: Delimited) -> Fields:
        return (("Content-Length", "0"),) if response.status == 204 else ()


@mutant("length_of_head_is_zero", breaks=["HTTP-9110-8.6-head-cl"], because="as for GET")
class LengthOfHeadIsZero(HttpSession):
    """Counts what it sends in answer to HEAD."""

    def framing_fields(self, request: Request | None, response: Response, delimited: Delimited) -> Fields:
        if request is not None and request.method == "HEAD":
            return (("Content-Length", "0"),)
        return super().framing_fields(request, response, delimited)


@mutant("length_in_304", breaks=["HTTP-9110-8.6-304-cl"], because="as for GET")
class LengthIn304(ExtraFraming):
    """Counts what it sends with 304."""

    def more(self, request: Request | None, response: Response, delimited: Delimited) -> Fields:
        return (("Content-Length", "0"),) if response.status == 304 else ()


@mutant("body_of_304", breaks=["HTTP-9112-6.3-304-nobody"], because="no response")
class BodyOf304(HttpSession):
    """Says with 304 that nothing is new."""

    def format_response(self, request: Request | None, response: Response, persists: bool) -> bytes:
        octets = super().format_response(request, response, persists)
        return octets + b"Nothing is new.\n" if response.status == 304 else octets

"""Mutants of Transfer-Encoding: what counts as chunked, and which of two framings wins."""

from __future__ import annotations

from pytest_netconform.reference_servers.http import HttpSession, Refusal, Request
from pytest_netconform.reference_servers.mutants.mutant import mutant


@mutant("chunked_unknown", breaks=["HTTP-9112-6.1-chunked-basic"], because="200, 400")
class ChunkedUnknown(HttpSession):
    """Knows Content-Length alone: chunks become requests."""

    def body_length(self, head: Request) -> int | None:
        lengths = head.values("content-length")
        return self.content_length(lengths) if lengths else 0


@mutant("chunked_refused_and_left", breaks=["HTTP-9112-6.1-chunked-basic"], because="411, 400")
class ChunkedRefusedAndLeft(HttpSession):
    """Wants a length, and goes on where the chunks begin."""

    def body_length(self, head: Request) -> int | None:
        return 0 if head.values("transfer-encoding") else super().body_length(head)

    def admit(self, head: Request) -> None:
        if head.values("transfer-encoding"):
            raise Refusal(411, "A length is wanted")
        super().admit(head)


@mutant("codings_with_case", breaks=["HTTP-9112-6.1-chunked-case"], because="400")
class CodingsWithCase(HttpSession):
    """Knows chunked in small letters alone."""

    def coding_name(self, member: bytes) -> bytes:
        return member


class LengthWins(HttpSession):
    """Reads what Content-Length counts, whatever else there is."""

    def body_length(self, head: Request) -> int | None:
        lengths = head.values("content-length")
        return self.content_length(lengths) if lengths else super().body_length(head)


@mutant("length_before_chunks", breaks=["HTTP-9112-6.1-cl-te"], because="nothing")
class LengthBeforeChunks(LengthWins):
    """Waits for what Content-Length counts behind the last chunk (CL.TE)."""


@mutant("length_inside_chunks", breaks=["HTTP-9112-6.1-te-cl"], because="hidden")
class LengthInsideChunks(LengthWins):
    """Answers what is left of the chunks (TE.CL)."""


class BothMayStand(HttpSession):
    """Lets Transfer-Encoding win, and says nothing about the length."""

    def check_both(self, lengths: list[bytes]) -> None:
        """No matter."""


@mutant(
    "open_behind_both",
    breaks=["HTTP-9112-6.1-cl-te-closes", "HTTP-9112-6.1-cl-te", "HTTP-9112-6.1-te-cl"],
    because="to the probe",
)
class OpenBehindBoth(BothMayStand):
    """Keeps the connection behind a request with both fields."""


@mutant("open_behind_chunks_in_http10", breaks=["HTTP-9112-6.1-te-http10"], because="to the probe")
class OpenBehindChunksInHttp10(HttpSession):
    """Takes Transfer-Encoding in HTTP/1.0 for what it is in HTTP/1.1."""

    def check_coding_version(self, head: Request) -> None:
        """Any version will do."""


@mutant("chunked_anywhere", breaks=["HTTP-9112-6.1-te-not-final", "HTTP-9112-6.1-te-double-line"], because="the probe")
class ChunkedAnywhere(HttpSession):
    """Decodes chunks where chunked is among the codings."""

    def check_codings(self, codings: list[bytes]) -> None:
        if b"chunked" not in codings:
            super().check_codings(codings)


@mutant("chunked_by_substring", breaks=["HTTP-9112-6.1-te-not-final"], because="to the probe")
class ChunkedBySubstring(HttpSession):
    """Looks for the word in the value."""

    def coding_name(self, member: bytes) -> bytes:
        return b"chunked" if b"chunked" in member.lower() else member


@mutant("unknown_coding_passed_over", breaks=["HTTP-9112-6.1-te-unknown"], because="to the probe")
class UnknownCodingPassedOver(HttpSession):
    """Passes over what it does not know before chunked."""

    def transfer_codings(self, values: list[bytes]) -> list[bytes]:
        return super().transfer_codings(values)[-1:]


@mutant("unknown_coding_frames_nothing", breaks=["HTTP-9112-6.1-te-unknown"], because="200, 400")
class UnknownCodingFramesNothing(HttpSession):
    """Takes a request whose coding it does not know for one without a body."""

    def body_length(self, head: Request) -> int | None:
        return 0 if head.values("transfer-encoding") == [b"ncfoo"] else super().body_length(head)


class PassesOver(HttpSession):
    """Takes Content-Length in place of some Transfer-Encoding."""

    passed_over: bytes | None = None

    def body_length(self, head: Request) -> int | None:
        lengths, codings = head.values("content-length"), head.values("transfer-encoding")
        if lengths and codings and self.passes_over(codings):
            return self.content_length(lengths)
        return super().body_length(head)

    def passes_over(self, codings: list[bytes]) -> bool:
        """Whether this value is as good as none."""
        return codings == [self.passed_over]


@mutant("identity_passed_over", breaks=["HTTP-9112-6.1-te-identity"], because="to the probe")
class IdentityPassedOver(PassesOver):
    """Takes identity for no coding."""

    passed_over = b"identity"


@mutant("empty_coding_passed_over", breaks=["HTTP-9112-6.1-te-empty"], because="to the probe")
class EmptyCodingPassedOver(PassesOver):
    """Takes an empty field for none."""

    passed_over = b""


@mutant("empty_coding_frames_nothing", breaks=["HTTP-9112-6.1-te-empty"], because="200, 501")
class EmptyCodingFramesNothing(HttpSession):
    """Takes an empty field for one that says that there is no body."""

    def body_length(self, head: Request) -> int | None:
        return 0 if head.values("transfer-encoding") == [b""] else super().body_length(head)


@mutant("last_line_alone", breaks=["HTTP-9112-6.1-te-double-line"], because="to the probe")
class LastLineAlone(HttpSession):
    """Looks at the last Transfer-Encoding line alone."""

    def transfer_codings(self, values: list[bytes]) -> list[bytes]:
        return super().transfer_codings(values[-1:])


@mutant("two_lines_frame_nothing", breaks=["HTTP-9112-6.1-te-double-line"], because="200, 400")
class TwoLinesFrameNothing(HttpSession):
    """Compares all lines together with chunked, and takes what differs for no body."""

    def body_length(self, head: Request) -> int | None:
        return 0 if len(head.values("transfer-encoding")) > 1 else super().body_length(head)


@mutant(
    "chunked_to_the_letter",
    breaks=["HTTP-9112-6.1-te-empty-member", "HTTP-9112-6.1-te-obfuscated"],
    because="hidden",
)
class ChunkedToTheLetter(PassesOver):
    """Compares the value with chunked, and takes what differs for no coding."""

    def passes_over(self, codings: list[bytes]) -> bool:
        return codings != [b"chunked"]


@mutant("unicode_blanks_around_chunked", breaks=["HTTP-9112-6.1-te-obfuscated"], because="to the probe")
class UnicodeBlanksAroundChunked(BothMayStand):
    """Strips whatever str.strip() strips."""

    def coding_name(self, member: bytes) -> bytes:
        return super().coding_name(member.decode("latin-1").strip().encode("latin-1"))


@mutant("underscore_frames", breaks=["HTTP-9112-6.1-te-underscore"], because="hidden")
class UnderscoreFrames(BothMayStand):
    """Makes one name of Transfer_Encoding and Transfer-Encoding, as CGI does."""

    def field_name(self, name: bytes) -> bytes:
        return super().field_name(name).replace(b"_", b"-")

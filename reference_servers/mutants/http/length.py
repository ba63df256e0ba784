"""Mutants of Content-Length: what is taken for a number, which of several wins, and bodies that are not read."""

from __future__ import annotations

import re

from pytest_netconform.reference_servers.http import HttpSession, Refusal, Request
from pytest_netconform.reference_servers.http.framing import Stage
from pytest_netconform.reference_servers.mutants.mutant import mutant


@mutant("counted_body_left", breaks=["HTTP-9112-6.2-cl-basic"], because="200, 501")
class CountedBodyLeft(HttpSession):
    """Leaves the body of POST for the next request."""

    def body_length(self, head: Request) -> int | None:
        length = super().body_length(head)
        return 0 if head.method == "POST" else length


@mutant("octal_length", breaks=["HTTP-9112-6.2-cl-leading-zero"], because="200, 501")
class OctalLength(HttpSession):
    """Reads a number as C writes it."""

    def parse_length(self, text: bytes) -> int:
        return int(text, 8) if re.fullmatch(rb"0[0-7]+", text) else super().parse_length(text)


@mutant(
    "length_by_int",
    breaks=[
        "HTTP-9112-6.2-cl-plus",
        "HTTP-9112-6.2-cl-minus",
        "HTTP-9112-6.2-cl-underscore",
        "HTTP-9112-6.2-cl-nondigit-unicode",
    ],
    because="to the probe",
)
class LengthByInt(HttpSession):
    """Reads a number as Python's int() does, and nothing where it is negative."""

    def parse_length(self, text: bytes) -> int:
        try:
            return max(0, int(text.decode()))
        except ValueError:
            raise Refusal(400, "Content-Length is no number") from None


@mutant("length_in_latin1", breaks=["HTTP-9112-6.2-cl-nondigit-unicode"], because="to the probe")
class LengthInLatin1(HttpSession):
    """Strips whatever blank there is in Latin-1."""

    def parse_length(self, text: bytes) -> int:
        return super().parse_length(text.decode("latin-1").strip().encode("latin-1"))


@mutant("length_by_prefix", breaks=["HTTP-9112-6.2-cl-hex", "HTTP-9112-6.2-cl-empty"], because="to the probe")
class LengthByPrefix(HttpSession):
    """Reads digits as far as there are any."""

    def parse_length(self, text: bytes) -> int:
        return int(text[: len(text) - len(text.lstrip(b"0123456789"))] or b"0")


@mutant("blanks_inside_length_removed", breaks=["HTTP-9112-6.2-cl-space-inside"], because="to the probe")
class BlanksInsideLengthRemoved(HttpSession):
    """Takes blanks out of numbers."""

    def parse_length(self, text: bytes) -> int:
        return super().parse_length(re.sub(rb"[ \t]", b"", text))


@mutant("lengths_joined", breaks=["HTTP-9112-6.2-cl-list-same", "HTTP-9112-6.2-cl-list-differ"], because="200, 400")
class LengthsJoined(HttpSession):
    """Takes commas out of numbers."""

    def length_members(self, values: list[bytes]) -> list[bytes]:
        return [re.sub(rb"[, ]", b"", b"".join(values))]


@mutant(
    "first_length_wins", breaks=["HTTP-9112-6.2-cl-list-differ", "HTTP-9112-6.2-cl-lines-differ"], because="the probe"
)
class FirstLengthWins(HttpSession):
    """Takes the first number."""

    def length_members(self, values: list[bytes]) -> list[bytes]:
        return super().length_members(values)[:1]


@mutant("last_length_wins", breaks=["HTTP-9112-6.2-cl-lines-differ"], because="hidden")
class LastLengthWins(HttpSession):
    """Takes the last number."""

    def length_members(self, values: list[bytes]) -> list[bytes]:
        return super().length_members(values)[-1:]


@mutant("comma_means_nothing", breaks=["HTTP-9112-6.2-cl-list-empty-member"], because="200, 501")
class CommaMeansNothing(HttpSession):
    """Takes a list with an empty member for no body."""

    def length_members(self, values: list[bytes]) -> list[bytes]:
        members = super().length_members(values)
        return [b"0"] if b"" in members else members


@mutant("length_in_32_bits", breaks=["HTTP-9112-6.2-cl-overflow"], because="to the probe")
class LengthIn32Bits(HttpSession):
    """Keeps the low bits of a number."""

    def parse_length(self, text: bytes) -> int:
        super().parse_length(text)
        return int(text) % 2**32


@mutant("half_a_body_will_do", breaks=["HTTP-9112-6.3-cl-incomplete"], because="behind half a body")
class HalfABodyWillDo(HttpSession):
    """Takes what came before the end for the whole."""

    def on_incomplete(self) -> None:
        if self.stage is not Stage.COUNTED:
            return super().on_incomplete()
        self.complete()
        return self.finish()


@mutant("post_without_length_hangs", breaks=["HTTP-9112-6.3-no-body"], because="nothing")
class PostWithoutLengthHangs(HttpSession):
    """Waits for a body that nobody announced."""

    def length_unsaid(self, head: Request) -> int:
        return 1000 if head.method == "POST" else 0


class BodyLeft(HttpSession):
    """Leaves some bodies for the next request."""

    def body_length(self, head: Request) -> int | None:
        length = super().body_length(head)
        return 0 if self.leaves(head) else length

    def leaves(self, head: Request) -> bool:
        """Whether the body of this request is left."""
        return False


@mutant("body_of_get_left", breaks=["HTTP-9112-6.3-get-body", "HTTP-9112-6.3-cl0-smuggle"], because="200")
class BodyOfGetLeft(BodyLeft):
    """Reads no body of GET."""

    def leaves(self, head: Request) -> bool:
        return head.method == "GET"


@mutant("body_for_pages_left", breaks=["HTTP-9112-6.3-cl0-smuggle"], because="hidden")
class BodyForPagesLeft(BodyLeft):
    """Reads a body where it is used, and nowhere else."""

    def leaves(self, head: Request) -> bool:
        return head.target.path != b"/echo"


@mutant("chunks_for_pages_left", breaks=["HTTP-9112-6.3-cl0-smuggle"], because="200, 400")
class ChunksForPagesLeft(BodyLeft):
    """Reads chunks where they are used, and nowhere else."""

    def leaves(self, head: Request) -> bool:
        return bool(head.values("transfer-encoding")) and head.target.path == b"/"


@mutant("body_of_head_left", breaks=["HTTP-9112-6.3-head-body-request"], because="hidden")
class BodyOfHeadLeft(BodyLeft):
    """Reads no body of HEAD."""

    def leaves(self, head: Request) -> bool:
        return head.method == "HEAD"

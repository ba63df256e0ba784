"""Mutants of forms: contents that change on their way, and contents that bring an application down."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import unquote_to_bytes

from pytest_netconform.reference_servers.http import HttpSession, Refusal, Request, Response
from pytest_netconform.reference_servers.http.forms import Entry, parse_urlencoded, parse_value
from pytest_netconform.reference_servers.mutants.mutant import mutant


@mutant("plus_kept", breaks=["WWW-form-urlencoded"], because="a as ['1 2', '3']")
class PlusKept(HttpSession):
    """Undoes percent-encodings alone."""

    def urlencoded(self, body: bytes) -> list[Entry]:
        return super().urlencoded(body.replace(b"+", b"%2B"))


@mutant("repeated_names_lost", breaks=["WWW-form-urlencoded"], because="a as ['1 2', '3']")
class RepeatedNamesLost(HttpSession):
    """Keeps the last of a name."""

    def urlencoded(self, body: bytes) -> list[Entry]:
        return list({entry.name: entry for entry in super().urlencoded(body)}.values())


@mutant("empty_values_lost", breaks=["WWW-form-urlencoded"], because="c as ['']")
class EmptyValuesLost(HttpSession):
    """Passes over what has no value, as parse_qs does."""

    def urlencoded(self, body: bytes) -> list[Entry]:
        return [entry for entry in super().urlencoded(body) if entry.content]


@mutant("form_in_latin_1", breaks=["WWW-form-urlencoded"], because="b as")
class FormInLatin1(HttpSession):
    """Reads octets as Latin-1."""

    def urlencoded(self, body: bytes) -> list[Entry]:
        entries = super().urlencoded(body)
        return [replace(entry, content=entry.content.decode("latin-1").encode()) for entry in entries]


@mutant("form_decoded_first", breaks=["WWW-form-urlencoded"], because="e as")
class FormDecodedFirst(HttpSession):
    """Undoes percent-encodings, and cuts then."""

    def urlencoded(self, body: bytes) -> list[Entry]:
        return super().urlencoded(unquote_to_bytes(body.replace(b"+", b" ")).replace(b"%", b"%25"))


@mutant("bad_percent_fails", breaks=["WWW-form-bad-percent"], because="500")
class BadPercentFails(HttpSession):
    """Takes every percent sign for the beginning of an octet."""

    def urlencoded(self, body: bytes) -> list[Entry]:
        try:
            [int(piece[:2], 16) for piece in body.split(b"%")[1:]]
        except ValueError:
            raise Refusal(500, "ValueError") from None
        return super().urlencoded(body)


@mutant("bad_percent_dropped", breaks=["WWW-form-bad-percent"], because="the values %zz and %")
class BadPercentDropped(HttpSession):
    """Leaves out what encodes nothing."""

    def urlencoded(self, body: bytes) -> list[Entry]:
        return super().urlencoded(body.replace(b"%zz", b"").removesuffix(b"%"))


class OtherParts(HttpSession):
    """Makes something else of each part."""

    def other(self, entry: Entry) -> Entry:
        """What is made of it."""
        return entry

    def multipart(self, body: bytes, boundary: str) -> list[Entry]:
        return [self.other(entry) for entry in super().multipart(body, boundary)]


@mutant("file_stripped", breaks=["WWW-form-multipart"], because="the file to its last octet")
class FileStripped(OtherParts):
    """Strips the line end behind a file, and one more."""

    def other(self, entry: Entry) -> Entry:
        return replace(entry, content=entry.content.removesuffix(b"\r\n"))


@mutant("file_name_in_ascii", breaks=["WWW-form-multipart"], because="the name")
class FileNameInAscii(OtherParts):
    """Has question marks in the names of files."""

    def other(self, entry: Entry) -> Entry:
        name = entry.filename
        return replace(entry, filename=None if name is None else name.encode("ascii", "replace").decode())


@mutant("parts_unquoted", breaks=["WWW-form-multipart"], because="a as it was sent")
class PartsUnquoted(OtherParts):
    """Takes plus signs for spaces in parts too."""

    def other(self, entry: Entry) -> Entry:
        return replace(entry, content=entry.content.replace(b"+", b" "))


@mutant("boundary_anywhere", breaks=["WWW-form-multipart"], because="a as it was sent")
class BoundaryAnywhere(HttpSession):
    """Looks for the boundary inside of lines too."""

    def multipart(self, body: bytes, boundary: str) -> list[Entry]:
        line = b"--" + boundary.encode()
        return super().multipart(body.replace(b"x " + line + b" y", b"x "), boundary)


@mutant("boundary_cut_short", breaks=["WWW-form-multipart"], because="400")
class BoundaryCutShort(HttpSession):
    """Compares all but the last octet of it."""

    def multipart(self, body: bytes, boundary: str) -> list[Entry]:
        short = boundary[:-1].encode()
        return super().multipart(body.replace(b"--" + short + b"\r\n", b"--" + boundary.encode() + b"\r\n"), boundary)


@mutant("missing_end_fails", breaks=["WWW-form-multipart-bad"], because="500")
class MissingEndFails(HttpSession):
    """Fails where the last boundary is not there, or no boundary is said."""

    def multipart(self, body: bytes, boundary: str) -> list[Entry]:
        try:
            return super().multipart(body, boundary)
        except Refusal as problem:
            raise Refusal(500 if problem.status == 400 else problem.status, problem.why) from None


@mutant("parts_take_long", breaks=["WWW-form-multipart-bad"], because="nothing")
class PartsTakeLong(HttpSession):
    """Compares each part with each, and reads heads again from their beginning for every octet."""

    def answer_form(self, request: Request) -> Response:
        return replace(super().answer_form(request), delay=60.0 if len(request.body) > 200_000 else 0.0)

    def multipart(self, body: bytes, boundary: str) -> list[Entry]:
        return super().multipart(body, boundary) if len(body) <= 200_000 else []


@mutant("other_types_fail", breaks=["WWW-form-wrong-type"], because="500")
class OtherTypesFail(HttpSession):
    """Looks for fields where there are none."""

    def form_of(self, request: Request) -> list[Entry]:
        try:
            return super().form_of(request)
        except Refusal:
            raise Refusal(500, "KeyError: 'netconform'") from None


@mutant("any_type_is_a_form", breaks=["WWW-form-wrong-type"], because="415 or 400")
class AnyTypeIsAForm(HttpSession):
    """Does not look at the type."""

    def form_of(self, request: Request) -> list[Entry]:
        kind = parse_value(request.value("content-type") or "")[0]
        return super().form_of(request) if kind == "multipart/form-data" else parse_urlencoded(request.body)


@mutant("posted_again", breaks=["WWW-prg"], because="307")
class PostedAgain(HttpSession):
    """Redirects with the method."""

    after_post = 307


@mutant("redirect_to_nowhere", breaks=["WWW-prg"], because="Location")
class RedirectToNowhere(HttpSession):
    """Redirects, and does not say where."""

    def answer_form(self, request: Request) -> Response:
        answer = super().answer_form(request)
        return replace(answer, fields=tuple(field for field in answer.fields if field[0] != "Location"))

"""Mutants of field lines: names, blanks, folds, and lines that are none."""

from __future__ import annotations

from pytest_netconform.reference_servers.http import HttpSession
from pytest_netconform.reference_servers.http.request import Field
from pytest_netconform.reference_servers.mutants.mutant import mutant


@mutant("names_with_case", breaks=["HTTP-9112-5-name-case"], because="400")
class NamesWithCase(HttpSession):
    """Knows fields by the names that most people write."""

    def field_key(self, name: bytes) -> bytes:
        return name.lower() if name.istitle() else name


@mutant("blanks_kept", breaks=["HTTP-9112-5-ows"], because="400")
class BlanksKept(HttpSession):
    """Takes one space off a value, and no more."""

    def field_value(self, value: bytes) -> bytes:
        return value.removeprefix(b" ")


@mutant("underscore_is_dash", breaks=["HTTP-9112-5-name-underscore"], because="dash, underscore")
class UnderscoreIsDash(HttpSession):
    """Makes one name of X_Y and X-Y, as CGI does."""

    def field_name(self, name: bytes) -> bytes:
        return super().field_name(name).replace(b"_", b"-")


@mutant(
    "blank_before_colon_stripped",
    breaks=["HTTP-9112-5.1-space-colon", "HTTP-9112-5.1-space-colon-cl"],
    because="to the probe",
)
class BlankBeforeColonStripped(HttpSession):
    """Strips spaces off names."""

    def field_name(self, name: bytes) -> bytes:
        return super().field_name(name.rstrip(b" "))


@mutant("tab_before_colon_stripped", breaks=["HTTP-9112-5.1-tab-colon"], because="to the probe")
class TabBeforeColonStripped(HttpSession):
    """Looks for spaces alone."""

    def field_name(self, name: bytes) -> bytes:
        return super().field_name(name.rstrip(b"\t"))


@mutant("blank_before_colon_frames", breaks=["HTTP-9112-5.1-space-colon-te"], because="to the probe")
class BlankBeforeColonFrames(BlankBeforeColonStripped):
    """Strips spaces off names, and lets Transfer-Encoding win."""

    def check_both(self, lengths: list[bytes]) -> None:
        """No matter."""


@mutant("unicode_blanks_stripped", breaks=["HTTP-9112-5.1-nbsp-name"], because="nothing")
class UnicodeBlanksStripped(HttpSession):
    """Strips whatever str.strip() strips."""

    def field_name(self, name: bytes) -> bytes:
        return super().field_name(name.decode("latin-1").strip().encode("latin-1"))


@mutant("fold_kept", breaks=["HTTP-9112-5.2-obs-fold"], because="spaces in the value")
class FoldKept(HttpSession):
    """Keeps CR LF where a line was folded."""

    def unfold(self, lines: list[bytes]) -> list[bytes]:
        return [line for line in b"\n".join(lines).replace(b"\n ", b"\0 ").split(b"\n") if line]

    def field_value(self, value: bytes) -> bytes:
        return super().field_value(value.replace(b"\0", b"\r\n"))

    def check_field_value(self, value: bytes) -> None:
        """Anything will do."""


@mutant("fold_is_a_field", breaks=["HTTP-9112-5.2-obs-fold"], because="X-Smug")
class FoldIsAField(HttpSession):
    """Takes the second line of a folded one for a field."""

    def unfold(self, lines: list[bytes]) -> list[bytes]:
        return [line.lstrip(b" \t") for line in lines]


@mutant("fold_dropped", breaks=["HTTP-9112-5.2-obs-fold-te", "HTTP-9112-5.2-obs-fold-cl"], because="200")
class FoldDropped(HttpSession):
    """Passes over what continues a line, and the line with it where nothing is left."""

    def unfold(self, lines: list[bytes]) -> list[bytes]:
        return [line for line in lines if not line.startswith((b" ", b"\t")) and not line.endswith(b":")]


@mutant("split_at_blank", breaks=["HTTP-9112-5-no-colon"], because="nothing")
class SplitAtBlank(HttpSession):
    """Ends a name at a blank where there is no colon."""

    def split_field(self, line: bytes) -> tuple[bytes, bytes]:
        name, _, value = line.partition(b":" if b":" in line else b" ")
        return name, value


@mutant("line_without_colon_passed_over", breaks=["HTTP-9112-5-no-colon"], because="to the probe")
class LineWithoutColonPassedOver(HttpSession):
    """Passes over what is no field."""

    def unfold(self, lines: list[bytes]) -> list[bytes]:
        return super().unfold([line for line in lines if b":" in line])


@mutant("empty_name_ends_head", breaks=["HTTP-9112-5-empty-name"], because="hidden")
class EmptyNameEndsHead(HttpSession):
    """Stops reading a head at a name that is empty."""

    def parse_fields(self, lines: list[bytes]) -> tuple[Field, ...]:
        nameless = [place for place, line in enumerate(lines) if line.startswith(b":")]
        return super().parse_fields(lines[: nameless[0]] if nameless else lines)


@mutant("any_name", breaks=["HTTP-9112-5-name-badchar"], because="no token")
class AnyName(HttpSession):
    """Takes whatever stands before a colon for a name."""

    def field_name(self, name: bytes) -> bytes:
        return name

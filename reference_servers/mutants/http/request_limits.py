"""Mutants of limits: too little room, other words for too much, and none at all."""

from __future__ import annotations

from pytest_netconform.reference_servers.http import Field, HttpSession, Refusal
from pytest_netconform.reference_servers.mutants.mutant import mutant


class Waits(HttpSession):
    """Collects what is too long and never says so."""

    def on_long_line(self) -> None:
        """No limit."""

    def take_head(self) -> bool:
        return len(self._input) < self.config.line and super().take_head()


@mutant("long_method_waits", breaks=["HTTP-9112-3-method-long"], because="nothing")
class LongMethodWaits(Waits):
    """Waits for the end of a method."""


@mutant("line_of_1024", breaks=["HTTP-9112-3-line-8000"], because="414")
class LineOf1024(HttpSession):
    """Has room for 1024 octets of a request line."""

    def line_limit(self) -> int:
        return 1024


@mutant("long_target_431", breaks=["HTTP-9112-3-target-too-long"], because="431")
class LongTarget431(HttpSession):
    """Takes a target for a field."""

    def on_long_line(self) -> None:
        raise Refusal(431, "Too large")


@mutant("long_target_fails", breaks=["HTTP-9112-3-target-too-long"], because="500")
class LongTargetFails(HttpSession):
    """Has no word for it."""

    def on_long_line(self) -> None:
        raise Refusal(500, "Out of memory")


class Roomy(HttpSession):
    """Has room for any head."""

    def check_head_size(self, octets: int) -> None:
        """No limit."""

    def check_field_count(self, count: int) -> None:
        """No limit."""


@mutant("large_field_ignored", breaks=["HTTP-9110-5.4-field-too-large"], because="0 octets of it")
class LargeFieldIgnored(Roomy):
    """Serves the request without the field that is too large."""

    def parse_fields(self, lines: list[bytes]) -> tuple[Field, ...]:
        return super().parse_fields([line for line in lines if len(line) < self.config.head])


@mutant("large_field_cut", breaks=["HTTP-9110-5.4-field-too-large"], because="octets of it")
class LargeFieldCut(Roomy):
    """Cuts a value to what there is room for."""

    def field_value(self, value: bytes) -> bytes:
        return super().field_value(value)[: self.config.line]


@mutant("many_fields_ignored", breaks=["HTTP-9110-5.4-many-fields"], because="1000 of them")
class ManyFieldsIgnored(Roomy):
    """Serves the request with as many fields as there is room for."""

    def parse_fields(self, lines: list[bytes]) -> tuple[Field, ...]:
        return super().parse_fields(lines[: self.config.fields + 1])


@mutant("many_fields_take_long", breaks=["HTTP-9110-5.4-many-fields"], because="nothing", head_wait="600")
class ManyFieldsTakeLong(Roomy):
    """Compares each field with all before it, and has not ended when patience has."""

    def take_head(self) -> bool:
        return len(self._input) < self.config.head and super().take_head()

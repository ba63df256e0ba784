"""Mutants of field values: octets that hurt, heads that are not waited for, dates in forms of their own."""

from __future__ import annotations

from datetime import datetime

from pytest_netconform.reference_servers.http import HttpSession, Refusal
from pytest_netconform.reference_servers.http.conditions import IMF
from pytest_netconform.reference_servers.mutants.mutant import mutant

# -- octets


@mutant("nul_ends_a_value", breaks=["HTTP-9110-5.5-nul-value"], because="a space for the NUL")
class NulEndsAValue(HttpSession):
    """Keeps a value up to its NUL."""

    def field_value(self, value: bytes) -> bytes:
        return super().field_value(value.partition(b"\0")[0])


@mutant("nul_kept", breaks=["HTTP-9110-5.5-nul-value"], because="a space for the NUL")
class NulKept(HttpSession):
    """Keeps a value with its NUL."""

    def check_field_value(self, value: bytes) -> None:
        """All octets will do."""


@mutant("bell_fails", breaks=["HTTP-9110-5.5-ctl-value"], because="500")
class BellFails(HttpSession):
    """Writes values to a log that takes no control characters."""

    def check_field_value(self, value: bytes) -> None:
        super().check_field_value(value)
        if b"\a" in value:
            raise Refusal(500, "The log is broken")


@mutant("values_are_utf8", breaks=["HTTP-9110-5.5-obs-text"], because="500")
class ValuesAreUtf8(HttpSession):
    """Takes values for UTF-8."""

    def check_field_value(self, value: bytes) -> None:
        super().check_field_value(value)
        try:
            value.decode()
        except UnicodeDecodeError:
            raise Refusal(500, "Invalid start byte") from None


@mutant("values_are_ascii", breaks=["HTTP-9110-5.5-obs-text"], because="400")
class ValuesAreAscii(HttpSession):
    """Refuses what is no ASCII."""

    def check_field_value(self, value: bytes) -> None:
        super().check_field_value(value)
        if not value.isascii():
            raise Refusal(400, "Values are ASCII")


# -- heads that do not end


class Early(HttpSession):
    """Takes a head that ends in a line for the whole."""

    def early(self) -> bool:
        """Whether to go on before the end is there."""
        return self._input.count(b"\n") > 2 and self._input.endswith(b"\r\n") and b"\r\n\r\n" not in self._input


@mutant("answers_half_a_head", breaks=["HTTP-9110-5.3-apply-after-head"], because="before the head ends")
class AnswersHalfAHead(Early):
    """Answers what it has, and takes the empty line for one before the next request."""

    def take_head(self) -> bool:
        if self.early():
            self._input += b"\r\n"
        return super().take_head()


@mutant("stores_half_a_head", breaks=["HTTP-9110-5.3-apply-after-head"], because="behind half a head")
class StoresHalfAHead(Early):
    """Takes the end of the connection for that of the head."""

    def on_end(self) -> None:
        if self.early():
            self._input += b"\r\n"
            self.digest()
        super().on_end()


# -- dates


@mutant("dates_with_a_number_for_gmt", breaks=["HTTP-9110-5.6.7-date-format"], because="form that dates")
class DatesWithANumberForGmt(HttpSession):
    """Writes the zone as mail does."""

    def format_date(self, when: datetime) -> str:
        return super().format_date(when).replace("GMT", "+0000")


@mutant("dates_in_german", breaks=["HTTP-9110-5.6.7-date-format"], because="form that dates")
class DatesInGerman(HttpSession):
    """Follows the locale."""

    def format_date(self, when: datetime) -> str:
        day = ("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So")[when.weekday()]
        return day + super().format_date(when)[3:]


@mutant("weekday_is_wrong", breaks=["HTTP-9110-5.6.7-date-format"], because="form that dates")
class WeekdayIsWrong(HttpSession):
    """Always has the same weekday."""

    def format_date(self, when: datetime) -> str:
        day = "Tue" if when.weekday() else "Wed"
        return day + super().format_date(when)[3:]


@mutant("one_form_of_dates", breaks=["HTTP-9110-5.6.7-three-dates"], because="200")
class OneFormOfDates(HttpSession):
    """Reads no date but in the form of today."""

    date_forms = (IMF,)


@mutant("two_digits_of_this_century", breaks=["HTTP-9110-5.6.7-three-dates"], because="304")
class TwoDigitsOfThisCentury(HttpSession):
    """Adds 2000 to two digits."""

    def full_year(self, year: int) -> int:
        return 2000 + year

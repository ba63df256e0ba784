"""Mutants of what is added on the way: trace fields that are none, or that lie."""

from __future__ import annotations

import re

from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.smtp import SmtpSession, Transaction


class _Received(SmtpSession):
    """What a subclass makes of the Received field is added."""

    def changed(self, field: bytes) -> bytes:
        """The field that is added."""
        return field

    def received_field(self, transaction: Transaction, number: int) -> bytes:
        return self.changed(super().received_field(transaction, number))


@mutant("received_line_2000", breaks=["MSG-5322-2.1.1-a"], because="998 octets")
class ReceivedLine2000(_Received):
    """Has much to say of the cipher."""

    def changed(self, field: bytes) -> bytes:
        return field.replace(b" with ", b" (" + b"x" * 2000 + b") with ")


@mutant("added_field_without_colon", breaks=["MSG-5322-2.2.3-a"], because="X-Nobody-Knows it")
class AddedFieldWithoutColon(_Received):
    """Adds a line that is no field."""

    def changed(self, field: bytes) -> bytes:
        return field + b"X-Nobody-Knows it\r\n"


@mutant("added_name_with_blank", breaks=["MSG-5322-2.2.3-a"], because="Received :")
class AddedNameWithBlank(_Received):
    """Puts a blank in front of the colon, as was allowed long ago."""

    def changed(self, field: bytes) -> bytes:
        return field.replace(b"Received:", b"Received :", 1)


@mutant("folded_line_only_wsp", breaks=["MSG-5322-2.2.3-a"], because="blanks alone")
class FoldedLineOnlyWsp(_Received):
    """Folds once too often."""

    def changed(self, field: bytes) -> bytes:
        return field.replace(b"\r\n\t", b"\r\n\t\r\n\t", 1)


@mutant("field_added_behind_the_border", breaks=["MSG-5322-2.2.3-a"], because="nothing added behind")
class FieldAddedBehindTheBorder(SmtpSession):
    """Adds a field where there is no header any more."""

    def delivered_content(self, transaction: Transaction, content: bytes, number: int, final: bool) -> bytes:
        stored = super().delivered_content(transaction, content, number, final)
        return stored.replace(b"\r\n\r\n", b"\r\n\r\nX-Late: 1\r\n", 1)


@mutant("received_without_date", breaks=["MSG-5322-3.6.7-a"], because="a semicolon and a date")
class ReceivedWithoutDate(_Received):
    """Does not say when."""

    def changed(self, field: bytes) -> bytes:
        return re.sub(rb";\r\n\t[^\r\n]*", b"", field)


@mutant("received_semicolon_missing", breaks=["MSG-5322-3.6.7-a"], because="a semicolon and a date")
class ReceivedSemicolonMissing(_Received):
    """Says when, behind nothing."""

    def changed(self, field: bytes) -> bytes:
        return field.replace(b";", b"")


@mutant("received_does_not_say_from", breaks=["MSG-5322-3.6.7-a"], because="from in a Received field")
class ReceivedDoesNotSayFrom(_Received):
    """Does not say where the message came from."""

    def changed(self, field: bytes) -> bytes:
        return re.sub(rb" from [^\r\n]*\r\n\t", b" ", field)


@mutant("return_path_without_brackets", breaks=["MSG-5322-3.6.7-a"], because="angle brackets")
class ReturnPathWithoutBrackets(SmtpSession):
    """Writes an address where a path should be."""

    def return_path_field(self, transaction: Transaction) -> bytes:
        return re.sub(rb"[<>]", b"", super().return_path_field(transaction))


@mutant("two_return_paths", breaks=["MSG-5322-3.6.7-a"], because="one Return-Path")
class TwoReturnPaths(SmtpSession):
    """Delivers in two steps, and says so in each."""

    def return_path_field(self, transaction: Transaction) -> bytes:
        return super().return_path_field(transaction) * 2


@mutant("date_wrong_weekday", breaks=["MSG-5322-3.3-a"], because="the day of the week")
class DateWrongWeekday(_Received):
    """Thinks that it is always Monday, and on Mondays that it is Tuesday."""

    def changed(self, field: bytes) -> bytes:
        return re.sub(rb"\t(\w{3}),", lambda day: b"\tTue," if day[1] == b"Mon" else b"\tMon,", field)


@mutant("zone_named_gmt", breaks=["MSG-5322-3.3-a"], because="a zone of a sign and four digits")
class ZoneNamedGmt(_Received):
    """Names its zone: a deviation that is tolerated."""

    def changed(self, field: bytes) -> bytes:
        return field.replace(b"+0000", b"GMT")


@mutant("zone_of_another_place", breaks=["MSG-5322-3.3-a"], because="in whatever zone")
class ZoneOfAnotherPlace(_Received):
    """Tells the time of here and the zone of elsewhere."""

    def changed(self, field: bytes) -> bytes:
        return field.replace(b"+0000", b"+0530")


@mutant("zone_with_99_minutes", breaks=["MSG-5322-3.3-a"], because="minutes below 60")
class ZoneWith99Minutes(_Received):
    """Counts minutes of a zone up to a hundred."""

    def changed(self, field: bytes) -> bytes:
        return field.replace(b"+0000", b"+0099")

"""What is added on the way (RFC 5322 2.1.1, 2.2.3, 3.3, 3.6.7; RFC 5321 4.4): trace fields, as fields should be."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from pytest_netconform.dialogues.mail import Letter, Mail
from pytest_netconform.requirement import MUST, needs, requirement, writes
from pytest_netconform.suites.message.parts import CRLF, added, named, split
from pytest_netconform.wire.smtp_messages import message

BODY = b"The text.\r\n"
# field-name = 1*ftext; ftext = %d33-57 / %d59-126   (RFC 5322 3.6.8); no WSP before the colon (4.5 is obsolete)
_FIELD = re.compile(rb"[!-9;-~]+:[^\x00]*\r\n", re.DOTALL)
# Time-stamp-line = "Received:" FWS From-domain By-domain Opt-info [CFWS] ";" FWS date-time   (RFC 5321 4.4)
_FROM = re.compile(rb"\s*from\s+\S", re.IGNORECASE)
_STAMP = re.compile(rb".*\S\s*;(?P<date>[^;]*)\Z", re.DOTALL)
# date-time = [ day-of-week "," ] day month year hour ":" minute [ ":" second ] zone [CFWS]   (RFC 5322 3.3)
_DATE = re.compile(
    rb"\s*(?:(?P<weekday>[A-Z][a-z]{2}),\s*)?[0-9]{1,2}\s+[A-Z][a-z]{2}\s+(?P<year>[0-9]{4,})\s+"
    rb"[0-9]{2}:[0-9]{2}(?::[0-9]{2})?\s+(?P<zone>\S+)\s*(?:\(.*\)\s*)?",
    re.DOTALL,
)
_ZONE = re.compile(rb"[+-][0-9]{2}[0-5][0-9]")
_ZONE_NAME = re.compile(rb"[A-Z]{1,5}")
_PATH = re.compile(rb"<(?:[^<>\s]+@[^<>\s]+)?>|<MAILER-DAEMON>", re.IGNORECASE)
WEEKDAYS = (b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun")
NOW = timedelta(minutes=10)
QUARTER = timedelta(minutes=15)
SLACK = timedelta(seconds=90)


def _sent(mail: Mail) -> tuple[Letter, list[bytes]]:
    """A plain message that arrived, and the fields that were added to it. NotApplicable where there are none."""
    marker = mail.marker()
    content = message(marker, BODY)
    mail.send(content)
    letter = mail.take(marker)[0]
    found = added(letter.octets or b"", content)
    if not found:
        mail.not_applicable("the target adds no fields to a message; SMTP-5321-4.4-a judges that")
    return letter, found


@requirement(
    "MSG-5322-2.1.1-a", MUST, "RFC 5322 2.1.1; RFC 5321 4.5.3.1.6", "No line that was added exceeds 998 octets."
)
@needs("?pair")
@writes
def test_added_lines_are_short(mail: Mail) -> None:
    """Beyond 78 octets, which a line should not have, they are noted."""
    _, found = _sent(mail)
    longest = max((line for field in found for line in field.split(CRLF)), key=len)
    mail.require(len(longest) <= 998, "lines of at most 998 octets in added fields", f"{len(longest)} octets")
    if len(longest) > 78:
        mail.note(f"a line of {longest.partition(b':')[0].decode('latin-1')} is longer than 78 octets")


@requirement("MSG-5322-2.2.3-a", MUST, "RFC 5322 2.2, 2.2.3, 3.2.2, 3.6.8", "What is added to a header are fields.")
@needs("?pair")
@writes
def test_added_fields_are_fields(mail: Mail) -> None:
    """A name, a colon, no folded line of blanks alone; and no field behind the empty line."""
    letter, found = _sent(mail)
    for field in found:
        mail.require(_FIELD.fullmatch(field), "a name of printable characters and a colon in each added field", field)
        blank = [line for line in field.split(CRLF)[1:-1] if not line.strip(b" \t")]
        mail.require(not blank, "no folded line of blanks alone in added fields", field)
    text = split(letter.octets or b"")[1]
    mail.require(text == BODY, "nothing added behind the empty line", text)


RECEIVED = "SMTP leaves a Received field with from and a date, final delivery one Return-Path."


@requirement("MSG-5322-3.6.7-a", MUST, "RFC 5322 3.6.7; RFC 5321 4.4", RECEIVED)
@needs("?pair")
@writes
def test_trace_fields_are_added(mail: Mail) -> None:
    """Each Received field that was added ends with a semicolon and a date; one of them says from."""
    _, found = _sent(mail)
    stations = named(found, b"received")
    mail.require(stations, "an added Received field", b"".join(found))
    for station in stations:
        stamp = _STAMP.fullmatch(station)
        right = stamp is not None and _DATE.fullmatch(stamp["date"]) is not None
        mail.require(right, "a semicolon and a date at the end of Received", station)
    expected = "from in a Received field, which tells where the message came from"
    mail.require(any(_FROM.match(station) for station in stations), expected, b"; ".join(stations))
    paths = named(found, b"return-path")
    mail.require(len(paths) == 1, "one Return-Path of a message that was delivered", f"{len(paths)}")
    mail.require(_PATH.fullmatch(paths[0]), "a path in angle brackets in Return-Path", paths[0])
    mail.require(paths[0] == b"<s@client.example.org>", "the envelope's sender in Return-Path", paths[0])


DATES = "Dates that are added agree with themselves, and with the clock."


@requirement("MSG-5322-3.3-a", MUST, "RFC 5322 3.3", DATES)
@needs("?pair")
@writes
def test_dates_agree_with_themselves(mail: Mail) -> None:
    """The day of the week is that of the date, the year has four digits, the zone a sign and four."""
    _, found = _sent(mail)
    for date in _dates(found):
        told = _DATE.fullmatch(date)
        mail.require(told, "a date with a year of four digits and a zone", date)
        if told is None:
            continue
        zone, weekday = told["zone"], told["weekday"]
        if _ZONE_NAME.fullmatch(zone):
            mail.tolerate("a zone of a sign and four digits", date, "the name of a zone is used (RFC 5322 4.3)")
            continue
        mail.require(_ZONE.fullmatch(zone), "a zone of a sign and four digits, minutes below 60", date)
        right = weekday is None or weekday == WEEKDAYS[_moment(date).weekday()]
        mail.require(right, "the day of the week that the date has", date)


@requirement("MSG-5322-3.3-a", MUST, "RFC 5322 3.3", DATES)
@needs("?pair")
@writes
def test_dates_agree_with_the_clock(mail: Mail) -> None:
    """The last station's moment is that of the arrival (INTERNALDATE), to ten minutes; a wrong zone is off by hours."""
    mail.imap_box  # noqa: B018 (POP3 tells no date)
    letter, found = _sent(mail)
    dates = _dates(found)
    arrival = _arrival(letter)
    if not dates or arrival is None or not _DATE.fullmatch(dates[0]):
        mail.not_applicable("there are no two dates to compare")
    assert arrival is not None
    off = abs(_moment(dates[0]) - arrival)
    if off <= NOW:
        return
    rest = off % QUARTER
    wrong_zone = off < timedelta(hours=27) and min(rest, QUARTER - rest) <= SLACK
    told = b"%s, and INTERNALDATE %s" % (dates[0].strip(), letter.date)
    mail.require(not wrong_zone, "the moment of the arrival in Received, in whatever zone", told)
    mail.note("the clocks of SMTP and of the mailbox are more than ten minutes apart")


def _dates(found: list[bytes]) -> list[bytes]:
    """The dates of added Received fields, the latest first, and of an added Date."""
    stamps = [_STAMP.fullmatch(station) for station in named(found, b"received")]
    return [stamp["date"] for stamp in stamps if stamp is not None] + named(found, b"date")


def _moment(date: bytes) -> datetime:
    try:
        return parsedate_to_datetime(re.sub(rb"\(.*\)", b"", date).strip().decode("latin-1"))
    except (ValueError, TypeError):
        return datetime.min


def _arrival(letter: Letter) -> datetime | None:
    try:
        return datetime.strptime(letter.date.decode("latin-1").strip(), "%d-%b-%Y %H:%M:%S %z")
    except ValueError:
        return None


NOT_CHECKED: list[tuple[str, str]] = []

"""The small services of old as octets: the time, the date, the ring of characters, a quotation.

Both ways: what our own servers say, and what a server's octets mean. Moments are seconds since 1970, UTC. Pure: it must
not know what time it is.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone

SINCE_1900 = 2208988800  # seconds from 1900 to 1970 (RFC 868)
LINE = 72  # characters of a line of the character generator (RFC 864)
#: The printing ASCII characters, the space included, in the order of their codes (RFC 864).
RING = bytes(range(32, 127))
QUOTE = b"Simple is better than complex.\r\n"

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October"]
_MONTHS += ["November", "December"]


def time_octets(moment: float) -> bytes:
    """The Time Protocol's answer: seconds since 1900 in 32 bits, big-endian; they begin anew in 2036."""
    return ((int(moment) + SINCE_1900) % (1 << 32)).to_bytes(4, "big")


def time_value(octets: bytes, near: float) -> int:
    """The moment that four octets of the Time Protocol name: the one nearest to `near`, since they begin anew."""
    moment = int.from_bytes(octets, "big") - SINCE_1900
    return moment + round((near - moment) / (1 << 32)) * (1 << 32)


def daytime_line(moment: float) -> bytes:
    """The date in the first of the forms that RFC 867 suggests: `Tuesday, February 22, 1982 17:37:43-PST`."""
    # without strftime, whose words depend on the locale
    at = _EPOCH + timedelta(seconds=int(moment))
    date = f"{_DAYS[at.weekday()]}, {_MONTHS[at.month - 1]} {at.day}, {at.year}"
    return f"{date} {at.hour:02}:{at.minute:02}:{at.second:02}-UTC\r\n".encode("ascii")


_NAMES = "|".join(name[:3] for name in _MONTHS)
_DATES = (
    r"\b(?P<year>\d{4}|\d\d)-(?P<month>\d\d)-(?P<day>\d\d)(?!\d)",  # ISO 8601; the first two digits left out by some
    rf"\b(?P<day>\d{{1,2}})[ -](?P<month>{_NAMES})[a-z]*[ -](?P<year>\d{{4}}|\d\d)\b(?!:)",  # 02 FEB 82
    # February 22, 1982; Thu Nov 20 06:19:00 UTC 2025
    rf"\b(?P<month>{_NAMES})[a-z]* +(?P<day>\d\d?),? +(?:\d\d:\d\d(?::\d\d)? +(?:[A-Z]+ +)?)?(?P<year>\d{{4}})\b",
)


def date_in(text: str) -> date | None:
    """The date in a line of one of the usual forms (RFC 867 prescribes none), by its own zone; None: not understood."""
    for form in _DATES:
        if (found := re.search(form, text, re.IGNORECASE)) is None:
            continue
        month = found["month"]
        number = int(month) if month.isdigit() else 1 + _NAMES.lower().split("|").index(month.lower())
        year = int(found["year"]) + (2000 if len(found["year"]) == 2 else 0)
        try:
            return date(year, number, int(found["day"]))
        except ValueError:
            continue
    return None


def day_of(moment: float) -> date:
    """The date at a moment, UTC."""
    return (_EPOCH + timedelta(seconds=int(moment))).date()


def character_line(number: int) -> bytes:
    """One line of the character generator's usual pattern: 72 characters, each line one further in the ring."""
    begin = number % len(RING)
    return (RING + RING)[begin : begin + LINE] + b"\r\n"


def characters(number: int, lines: int) -> bytes:
    """So many lines of it from a line on."""
    return b"".join(character_line(line) for line in range(number, number + lines))

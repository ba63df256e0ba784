"""The small services of old: known answers from their standards, and back again."""

from __future__ import annotations

import pytest

from pytest_netconform.wire.services import (
    RING,
    character_line,
    characters,
    date_in,
    day_of,
    daytime_line,
    time_octets,
    time_value,
)


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (2208988800, 0),  # 00:00 1 January 1970 GMT
        (2398291200, 189302400),  # 00:00 1 January 1976 GMT
        (2524521600, 315532800),  # 00:00 1 January 1980 GMT
        (2629584000, 420595200),  # 00:00 1 May 1983 GMT
    ],
)
def test_the_time_as_the_standard_gives_it(value: int, moment: int) -> None:
    """The examples of RFC 868, there and back."""
    assert time_octets(moment) == value.to_bytes(4, "big")
    assert time_value(time_octets(moment), near=moment + 1e8) == moment


def test_the_time_begins_anew() -> None:
    """In 2036 the 32 bits overflow; the nearest moment is meant."""
    moment = 2208988800
    assert time_octets(moment) == (4417977600 - (1 << 32)).to_bytes(4, "big")
    assert time_value(time_octets(moment), near=moment - 60) == moment


def test_the_date() -> None:
    """The first form of RFC 867, in words that no locale changes."""
    assert daytime_line(383247463.9) == b"Monday, February 22, 1982 17:37:43-UTC\r\n"


@pytest.mark.parametrize(
    "text",
    [
        "Thursday, November 5, 2026 06:19:00-PST\r\n",  # RFC 867
        "05 NOV 26 06:19:00 PST\r\n",  # RFC 867, as SMTP had it
        "05 NOV 2026 06:19:00 UTC\r\n",  # xinetd
        "Thu Nov  5 06:19:00 2026\r\n",  # asctime
        "Thu Nov 05 06:19:00 CEST 2026\n",  # date
        "2026-11-05T06:19:00Z",
        "61349 26-11-05 06:19:00 00 0 0 50.0 UTC(NIST) *",
    ],
)
def test_dates_are_understood(text: str) -> None:
    """RFC 867 prescribes no form; the usual ones are read, whatever the hour."""
    assert date_in(text) == day_of(1793858400)


@pytest.mark.parametrize("text", ["", "today", "32 NOV 2026", "2026-13-01", "06:19:00", "Thu  5 Nov 06:19:00 UTC 2026"])
def test_no_date_is_none(text: str) -> None:
    """Nothing is made up."""
    assert date_in(text) is None


def test_the_ring_of_characters() -> None:
    """RFC 864: the 95 printing characters, 72 a line, each line one further, and round again."""
    assert len(RING) == 95 and RING[:3] == b' !"' and RING[-1:] == b"~"
    assert character_line(0) == RING[:72] + b"\r\n"
    assert character_line(94) == b"~" + RING[:71] + b"\r\n"
    assert character_line(95) == character_line(0)
    assert characters(3, 2) == character_line(3) + character_line(4)

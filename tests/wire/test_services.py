"""The small services of old: known answers from their standards, and back again."""

from __future__ import annotations

import pytest

from pytest_netconform.wire.services import RING, character_line, characters, daytime_line, time_octets, time_value


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


def test_the_ring_of_characters() -> None:
    """RFC 864: the 95 printing characters, 72 a line, each line one further, and round again."""
    assert len(RING) == 95 and RING[:3] == b' !"' and RING[-1:] == b"~"
    assert character_line(0) == RING[:72] + b"\r\n"
    assert character_line(94) == b"~" + RING[:71] + b"\r\n"
    assert character_line(95) == character_line(0)
    assert characters(3, 2) == character_line(3) + character_line(4)

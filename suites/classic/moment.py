"""Moments: what a time of day is worth that a small service tells, over a stream or in a datagram (RFC 868).

It knows by how much a clock may be wrong, and must not know how the octets came.
"""

from __future__ import annotations

from pytest_netconform.verdict import NonConformity
from pytest_netconform.visit import Remarks
from pytest_netconform.wire.services import time_value

MINUTE, HALF_HOUR, DAY = 60, 1800, 86400


def is_now(dialogue: Remarks, octets: bytes, now: float) -> None:
    """The value is right; a clock that is wrong by less than a day is the clock's affair, but local time is not."""
    off = round(time_value(octets, now) - now)
    if abs(off) <= MINUTE:
        return
    expected = "seconds since 1900, UTC, in big-endian octets"
    rest = (off + MINUTE) % HALF_HOUR
    if abs(off) > DAY or rest <= 2 * MINUTE:
        raise NonConformity(expected, f"{octets.hex(' ')}, {off} s off")
    dialogue.note(f"the clock is {off} s off")

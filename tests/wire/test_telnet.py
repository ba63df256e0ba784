"""The Telnet layer: commands are taken out of the data, however it was cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_netconform.wire.telnet import KEPT, Command, Telnet, doubled

STREAMS = {
    "data": (b"NOOP\r\n", b"NOOP\r\n", []),
    "doubled": (b"a\xff\xffb", b"a\xffb", []),
    "do": (b"\xff\xfd\x01NOOP\r\n", b"NOOP\r\n", [Command(b"\xfd", b"\x01")]),
    "option-is-lf": (b"a\xff\xfd\nb", b"ab", [Command(b"\xfd", b"\n")]),
    "synch": (b"\xff\xf4\xff\xf2ABOR\r\n", b"ABOR\r\n", [Command(b"\xf4"), Command(b"\xf2")]),
    "subnegotiation": (b"a\xff\xfa\x18\x01\xff\xff\xff\xf0b", b"ab", [Command(b"\xfa", b"\x18\x01\xff\xff")]),
    "not-doubled": (b'"\xff"', b'"\xff"', []),
    "cr-nul": (b"a\r\0b", b"a\r\0b", []),
}


@pytest.mark.parametrize(("octets", "data", "commands"), STREAMS.values(), ids=STREAMS)
def test_streams(octets: bytes, data: bytes, commands: list[Command]) -> None:
    """Whole and octet by octet the same comes out, and what follows is data again."""
    for pieces in ([octets + b"x"], [bytes([octet]) for octet in octets + b"x"]):
        telnet = Telnet()
        assert b"".join(telnet.feed(piece) for piece in pieces) == data + b"x"
        assert telnet.commands() == commands
        assert telnet.commands() == []


@given(st.binary(max_size=50), st.integers(0, 50))
def test_doubled_data_is_data(data: bytes, place: int) -> None:
    """Whatever is doubled comes back, and commands nobody."""
    telnet, octets = Telnet(), doubled(data)
    assert telnet.feed(octets[:place]) + telnet.feed(octets[place:]) == data
    assert telnet.commands() == []


@pytest.mark.parametrize(
    ("command", "refusal"),
    [
        (Command(b"\xfd", b"\x01"), b"\xff\xfc\x01"),
        (Command(b"\xfb", b"\x1f"), b"\xff\xfe\x1f"),
        (Command(b"\xfc", b"\x01"), b""),
        (Command(b"\xfe", b"\x01"), b""),
        (Command(b"\xf4"), b""),
    ],
)
def test_refusals(command: Command, refusal: bytes) -> None:
    """DO is refused by WONT, WILL by DONT; nothing else asks for an answer, so that no loop begins."""
    assert command.refusal == refusal


def test_a_subnegotiation_without_an_end_is_bounded() -> None:
    """Who never says SE is read over, and his end is found all the same."""
    telnet = Telnet()
    telnet.feed(b"\xff\xfa")
    for _ in range(100):
        assert telnet.feed(b"x" * 1000) == b""
        assert len(telnet._held) <= KEPT + 2
    assert telnet.feed(b"\xff") + telnet.feed(b"\xf0ok") == b"ok"

"""The Telnet layer below a line protocol (RFC 854, 855): commands taken out of the data, and how a refusal is said.

This module knows IAC, its commands and the doubling of 255. It must not know what the data means, nor where lines end:
CR NUL and CR LF are left as they come, for whoever reads lines. Pure: no socket and no clock.
"""

from __future__ import annotations

from dataclasses import dataclass

IAC = b"\xff"
SE, NOP, DATA_MARK, BREAK, INTERRUPT = b"\xf0", b"\xf1", b"\xf2", b"\xf3", b"\xf4"
SUBNEGOTIATION, WILL, WONT, DO, DONT = b"\xfa", b"\xfb", b"\xfc", b"\xfd", b"\xfe"
KEPT = 1 << 10  # octets of a subnegotiation that are kept; the rest is read over

#: what is said before an urgent Data Mark: Interrupt Process, then the IAC of the mark itself (RFC 959 4.1.3, ABOR)
INTERRUPT_AND_SYNCH = IAC + INTERRUPT + IAC

_NEGOTIATION = WILL + WONT + DO + DONT
_REFUSED = {DO: WONT, WILL: DONT}  # DONT and WONT are accepted without a word (RFC 854, "default condition")


@dataclass(frozen=True)
class Command:
    """One Telnet command: its octet, and the option of a negotiation or the contents of a subnegotiation."""

    octet: bytes
    argument: bytes = b""

    @property
    def refusal(self) -> bytes:
        """What a peer without any option answers (RFC 1123 3.2.1); empty where nothing is owed."""
        verb = _REFUSED.get(self.octet)
        return IAC + verb + self.argument if verb is not None else b""


class Telnet:
    """Feed octets, take data; commands are collected beside it.

    A lone 255 in front of what is no command stays in the data, as most servers send it (`undoubled` counts those).
    """

    def __init__(self) -> None:
        self._held = b""  # the beginning of a command
        self._commands: list[Command] = []
        self.undoubled = 0

    def feed(self, octets: bytes) -> bytes:
        """The data in these octets and in what was held back of those before."""
        octets, self._held = self._held + octets, b""
        if IAC not in octets:
            return octets
        data = bytearray()
        place = 0
        while (found := octets.find(IAC, place)) >= 0:
            data += octets[place:found]
            end = self._command(octets, found, data)
            if end is None:
                self._held = _bounded(octets[found:])
                return bytes(data)
            place = end
        return bytes(data + octets[place:])

    def commands(self) -> list[Command]:
        """The commands that were met since the last call."""
        commands, self._commands = self._commands, []
        return commands

    def _command(self, octets: bytes, place: int, data: bytearray) -> int | None:
        """Where the command at `place` ends, or None while it is not whole."""
        octet = octets[place + 1 : place + 2]
        if not octet:
            return None
        if octet == IAC:
            data += IAC
            return place + 2
        if octet == SUBNEGOTIATION:
            return self._subnegotiation(octets, place)
        if octet in _NEGOTIATION:
            if len(octets) < place + 3:
                return None
            self._commands.append(Command(octet, octets[place + 2 : place + 3]))
            return place + 3
        if octet < SE:
            self.undoubled += 1
            data += IAC
            return place + 1
        self._commands.append(Command(octet))
        return place + 2

    def _subnegotiation(self, octets: bytes, place: int) -> int | None:
        end = place + 2
        while (end := octets.find(IAC, end)) >= 0:
            if octets[end + 1 : end + 2] == SE:
                self._commands.append(Command(SUBNEGOTIATION, octets[place + 2 : end][:KEPT]))
                return end + 2
            if end + 1 >= len(octets):
                return None
            end += 2
        return None


def _bounded(held: bytes) -> bytes:
    """What is held back of a command that has not ended; a subnegotiation without an end keeps its two last octets."""
    return held if len(held) <= KEPT else held[:KEPT] + held[-2:]


def doubled(data: bytes) -> bytes:
    """Data as it travels: every 255 twice."""
    return data.replace(IAC, IAC + IAC)

"""Mutants of the small services: each says the wrong thing, or speaks where silence is right."""

from __future__ import annotations

from pytest_netconform.reference_servers.dialects_udp import DialectDatagrams
from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.session import Address
from pytest_netconform.wire.services import SINCE_1900, characters

ZONE = 5 * 3600 + 1800  # seconds east of Greenwich


@mutant("discard_replies", breaks=["CL-discard-udp"], because="silence", dialect="discard-udp")
class DiscardReplies(DialectDatagrams):
    """Says that it has thrown something away, though not every time."""

    def answer(self, request: bytes) -> bytes | None:
        return b"discarded\r\n" if request.startswith(b"datagram") else None


@mutant("thousand_characters", breaks=["CL-chargen-udp"], because="at most 512", dialect="chargen-udp")
class ThousandCharacters(DialectDatagrams):
    """Sends twice what a datagram may hold, as xinetd does."""

    def characters(self) -> bytes:
        return characters(0, 14)


@mutant("characters_for_data_only", breaks=["CL-chargen-udp"], because="nothing in 3 tries", dialect="chargen-udp")
class CharactersForDataOnly(DialectDatagrams):
    """Sees no datagram in an empty one, once there were others."""

    seen = False

    def on_datagram(self, data: bytes, sender: Address) -> None:
        if data or not self.seen:
            super().on_datagram(data, sender)
        self.seen = self.seen or bool(data)


@mutant("long_quotation", breaks=["CL-qotd"], because="less than 512", dialect="qotd-udp")
class LongQuotation(DialectDatagrams):
    """Quotes a whole page."""

    def quote(self) -> bytes:
        return b"Simple is better than complex.\r\n" * 20


@mutant("empty_date", breaks=["CL-daytime-udp"], because="an empty datagram", dialect="daytime-udp")
class EmptyDate(DialectDatagrams):
    """Sends no date."""

    def daytime(self) -> bytes:
        return b""


@mutant("date_in_another_alphabet", breaks=["CL-daytime-udp"], because="ASCII", dialect="daytime-udp")
class DateInAnotherAlphabet(DialectDatagrams):
    """Writes the date as its own country does."""

    def daytime(self) -> bytes:
        return "20 ноября 2026\r\n".encode()


@mutant("unix_epoch", breaks=["CL-time-udp"], because="s off", dialect="time-udp")
class UnixEpoch(DialectDatagrams):
    """Counts from 1970."""

    def time(self) -> bytes:
        return (int.from_bytes(super().time(), "big") - SINCE_1900).to_bytes(4, "big")


@mutant("little_endian_time", breaks=["CL-time-udp"], because="s off", dialect="time-udp")
class LittleEndianTime(DialectDatagrams):
    """Writes a number as its own machine has it."""

    def time(self) -> bytes:
        return super().time()[::-1]


@mutant("local_time", breaks=["CL-time-udp"], because="s off", dialect="time-udp")
class LocalTime(DialectDatagrams):
    """Tells the time of its own place."""

    def time(self) -> bytes:
        return (int.from_bytes(super().time(), "big") + ZONE).to_bytes(4, "big")


@mutant("eight_octets", breaks=["CL-time-udp"], because="4 octets", dialect="time-udp")
class EightOctets(DialectDatagrams):
    """Sends a long that has become longer, as inetutils-inetd 2.4 does."""

    def time(self) -> bytes:
        return super().time() + bytes(4)

"""Mutants of the small services over TCP: each says the wrong thing, listens where it must not, or ends too soon."""

from __future__ import annotations

from pytest_netconform.reference_servers.dialects import BEGINNING, PORTION, DialectSession
from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.session import Reset, WakeAt
from pytest_netconform.wire.services import QUOTE, SINCE_1900, character_line, daytime_line

ZONE = 5 * 3600 + 1800  # seconds east of Greenwich
PATIENCE = 0.5  # seconds that a hasty server waits for a reader
LOOKING_UP = 0.01  # seconds that it takes to know the time
SURVIVED = 5  # clients that a server outlives
POSSESSIONS = 1 << 16  # octets that a server can throw away


# -- echo and discard


@mutant("echo_in_text_mode", breaks=["CL-echo-tcp"], because="octet", dialect="echo")
class EchoInTextMode(DialectSession):
    """Sends back lines as its own system has them."""

    def on_data(self, data: bytes) -> None:
        super().on_data(data.replace(b"\r", b"\n"))


@mutant("echo_adds_a_farewell", breaks=["CL-echo-tcp"], because="bye", dialect="echo")
class EchoAddsAFarewell(DialectSession):
    """Says goodbye, which nobody said before."""

    def on_end(self) -> None:
        self.send(b"bye\r\n")
        super().on_end()


@mutant("discard_acknowledges", breaks=["CL-discard-tcp"], because="discarded", dialect="discard")
class DiscardAcknowledges(DialectSession):
    """Says how much it has thrown away, once it was a good deal."""

    had = 0

    def on_data(self, data: bytes) -> None:
        super().on_data(data)
        self.had += len(data)
        if self.had > POSSESSIONS:
            self.send(b"%d octets discarded\r\n" % self.had)


@mutant("discard_breaks_off", breaks=["CL-discard-tcp"], because="reset", dialect="discard")
class DiscardBreaksOff(DialectSession):
    """Resets the connection in the middle of what it is sent."""

    had = 0

    def on_data(self, data: bytes) -> None:
        self.had += len(data)
        if self.had > POSSESSIONS:
            self.act(Reset())


# -- characters


@mutant("characters_until_control_c", breaks=["CL-chargen-tcp"], because="was closed", dialect="chargen")
class CharactersUntilControlC(DialectSession):
    """Stops when it is told to."""

    def on_data(self, data: bytes) -> None:
        if b"\x03" in data:
            self.close()


@mutant("characters_for_five_clients", breaks=["CL-chargen-abort"], because="was closed", dialect="chargen")
class CharactersForFiveClients(DialectSession):
    """Dies when one too many clients has gone while it was writing (SIGPIPE)."""

    def on_open(self) -> None:
        super().on_open()
        if self.config.shared.get("gone", 0) > SURVIVED:
            self.close()

    def on_end(self) -> None:
        self.config.shared["gone"] = self.config.shared.get("gone", 0) + 1
        super().on_end()


@mutant(
    "characters_rotate_by_two", breaks=["CL-chargen-pattern"], because="line 2 is not one further", dialect="chargen"
)
class CharactersRotateByTwo(DialectSession):
    """Every line is two further than the one before."""

    def portion(self) -> bytes:
        self.line += PORTION
        return b"".join(character_line(2 * line) for line in range(self.line - PORTION, self.line))


@mutant("characters_without_the_space", breaks=["CL-chargen-pattern"], because="without the space", dialect="chargen")
class CharactersWithoutTheSpace(DialectSession):
    """Has a ring of 94."""

    def portion(self) -> bytes:
        ring, line = bytes(range(33, 127)), self.line
        self.line += PORTION
        return b"".join((ring + ring)[n % 94 : n % 94 + 72] + b"\r\n" for n in range(line, line + PORTION))


@mutant("characters_in_haste", breaks=["CL-chargen-slow-reader"], because="was closed", dialect="chargen")
class CharactersInHaste(DialectSession):
    """Hangs up when nothing was taken for half a second."""

    def on_sent(self) -> None:
        if self.now > self._heard + PATIENCE:
            self.close()
        super().on_sent()


# -- date, time, quotation


class _Saying(DialectSession):
    """Says one thing, whatever its dialect."""

    said = b""

    def greeting(self) -> bytes:
        return self.said


@mutant("date_in_another_alphabet_over_tcp", breaks=["CL-daytime-tcp"], because="ASCII", dialect="daytime")
class DateInAnotherAlphabet(_Saying):
    """Writes the date as its own country does."""

    said = "20 ноября 2026\r\n".encode()


@mutant("date_on_two_lines", breaks=["CL-daytime-tcp"], because="one line", dialect="daytime")
class DateOnTwoLines(DialectSession):
    """Puts the hour below the day."""

    def greeting(self) -> bytes:
        return super().greeting().replace(b" ", b"\r\n", 1)


@mutant("date_of_the_epoch", breaks=["CL-daytime-sane"], because="the date of today", dialect="daytime")
class DateOfTheEpoch(_Saying):
    """Lives in 1970."""

    said = daytime_line(0)


@mutant("eight_octets_over_tcp", breaks=["CL-time-tcp"], because="4 octets", dialect="time")
class EightOctets(DialectSession):
    """Sends a long that has become longer, as inetutils-inetd 2.4 does."""

    def greeting(self) -> bytes:
        return super().greeting() + bytes(4)


@mutant("unix_epoch_over_tcp", breaks=["CL-time-tcp", "CL-time-value"], because="octets", dialect="time")
class UnixEpoch(DialectSession):
    """Counts from 1970."""

    def greeting(self) -> bytes:
        return (int.from_bytes(super().greeting(), "big") - SINCE_1900).to_bytes(4, "big")


@mutant("little_endian_time_over_tcp", breaks=["CL-time-tcp", "CL-time-value"], because="octets", dialect="time")
class LittleEndianTime(DialectSession):
    """Writes a number as its own machine has it."""

    def greeting(self) -> bytes:
        return super().greeting()[::-1]


@mutant("local_time_over_tcp", breaks=["CL-time-value"], because="s off", dialect="time")
class LocalTime(DialectSession):
    """Tells the time of its own place."""

    def greeting(self) -> bytes:
        return (int.from_bytes(super().greeting(), "big") + ZONE).to_bytes(4, "big")


@mutant("clock_without_battery", breaks=["CL-time-value"], because="s off", dialect="time")
class ClockWithoutBattery(_Saying):
    """Woke up at the beginning of a year, and thinks that it is still that day."""

    said = (int(BEGINNING) - 10**8 + SINCE_1900).to_bytes(4, "big")


@mutant("unread_input_resets_the_time", breaks=["CL-time-extra"], because="0 octets", dialect="time")
class UnreadInputResetsTheTime(DialectSession):
    """Looks the time up, and closes without having read: what it has said is lost with the reset."""

    def on_open(self) -> None:
        self.act(WakeAt(self.now + LOOKING_UP))

    def on_wake(self) -> None:
        self.greet()

    def on_data(self, data: bytes) -> None:
        self.act(Reset())


@mutant("long_quotation_over_tcp", breaks=["CL-qotd"], because="less than 512", dialect="qotd")
class LongQuotation(_Saying):
    """Quotes a whole page."""

    said = QUOTE * 20

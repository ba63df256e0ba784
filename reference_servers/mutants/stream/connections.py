"""Mutants of connections: each knows one way for a client to leave, or ends in a way that loses something.

What one client did to a server and the next one suffers from is kept in what all its connections share.
"""

from __future__ import annotations

from dataclasses import replace

from pytest_netconform.dialect import Dialect
from pytest_netconform.reference_servers.dialects import DialectConfig, DialectSession
from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.session import Reset, WakeAt
from pytest_netconform.wire.frames import Frame

A_MOMENT = 0.05  # seconds


class Mortal(DialectSession):
    """A server that one client can end: after `die`, whoever connects is refused, as far as memory knows a refusal."""

    def on_open(self) -> None:
        if self.config.shared.get("dead"):
            self.die()
        else:
            super().on_open()

    def die(self) -> None:
        self.config.shared["dead"] = True
        self.act(Reset())


# -- our half is closed first


@mutant(
    "fin_drops_the_tail", breaks=["TCP-9293-3.6-half-close-echo"], because="the connection was closed", dialect="echo"
)
class FinDropsTheTail(DialectSession):
    """Answers a moment later, and has forgotten about it when the client ends before."""

    had = b""

    def on_data(self, data: bytes) -> None:
        self.had += data
        self.act(WakeAt(self.now + A_MOMENT))

    def on_wake(self) -> None:
        had, self.had = self.had, b""
        super().on_data(had)


@mutant(
    "echo_stays_open", breaks=["TCP-9293-3.6-half-close-echo", "TCP-fin-seen"], because="still open", dialect="echo"
)
class EchoStaysOpen(DialectSession):
    """Does not close when the client has."""

    def on_end(self) -> None:
        pass


@mutant("pause_taken_for_the_end", breaks=["TCP-9293-3.6-half-close-order"], because="b'aaaa'", dialect="until-close")
class PauseTakenForTheEnd(DialectSession):
    """Does not wait for the end of the stream: a moment without octets will do."""

    def on_data(self, data: bytes) -> None:
        super().on_data(data)
        self.act(WakeAt(self.now + A_MOMENT))

    def on_wake(self) -> None:
        self.on_end()


@mutant(
    "end_apart_is_not_noticed", breaks=["TCP-9293-3.6-half-close-order"], because="nothing for", dialect="until-close"
)
class EndApartIsNotNoticed(DialectSession):
    """Notices the end only together with the first octets, and waits for more otherwise."""

    reads = 0

    def on_data(self, data: bytes) -> None:
        super().on_data(data)
        self.reads += 1

    def on_end(self) -> None:
        if self.reads == 1:
            super().on_end()


@mutant("waits_for_a_second_octet", breaks=["TCP-server-not-wait-all"], because="nothing for", dialect="echo")
class WaitsForASecondOctet(DialectSession):
    """Reads two octets at a time, and waits until it has them."""

    had = b""

    def on_data(self, data: bytes) -> None:
        data = self.had + data
        self.had = data[len(data) // 2 * 2 :]
        super().on_data(data[: len(data) // 2 * 2])


# -- clients that leave


@mutant(
    "eof_within_a_message_kills", breaks=["TCP-eof-mid-message"], because="end of the connection", dialect="prefixed"
)
class EofWithinAMessageKills(Mortal):
    """Raises EOFError, which nobody catches."""

    def on_end(self) -> None:
        if self.framer.rest():
            self.die()
        super().on_end()


@mutant("empty_recv_raises", breaks=["TCP-eof-immediately"], because="end of the connection", dialect="lines")
class EmptyRecvRaises(Mortal):
    """Looks at the first octet of what the first recv() brought."""

    heard = False

    def on_data(self, data: bytes) -> None:
        self.heard = True
        super().on_data(data)

    def on_end(self) -> None:
        if not self.heard:
            self.die()
        super().on_end()


# -- the server's own end


@mutant("rst_on_normal_close", breaks=["TCP-fin-seen"], because="reset", dialect="lines")
class RstOnNormalClose(DialectSession):
    """Breaks the connection in place of closing it."""

    def close(self) -> None:
        self.closing = True
        self.act(Reset())


@mutant("close_eats_the_goodbye", breaks=["TCP-9293-SHLD3-close-unread"], because="lost by a reset", dialect="lines")
class CloseEatsTheGoodbye(DialectSession):
    """Closes with octets before it that it has not read: its system makes a reset of that."""

    def on_broken(self, frame: Frame) -> None:
        self.act(Reset())


# -- in the middle


@mutant("urgent_data_ends_the_loop", breaks=["TCP-urgent"], because="end of the connection", dialect="zen")
class UrgentDataEndsTheLoop(Mortal):
    """Takes an exceptional condition of select() for the end of everything."""

    def on_urgent(self, octet: bytes) -> None:
        self.die()


@mutant("urgent_octet_eats_the_next", breaks=["TCP-urgent"], because="abcdef", dialect="echo")
class UrgentOctetEatsTheNext(DialectSession):
    """Asks for the urgent octet, and takes the next one for it."""

    forgets = 0

    def on_urgent(self, octet: bytes) -> None:
        self.forgets = 1

    def on_data(self, data: bytes) -> None:
        super().on_data(data[self.forgets :])
        self.forgets = 0


@mutant("idle_limit_of_a_second", breaks=["TCP-keepalive-idle"], because="closed within", dialect="lines")
class IdleLimitOfASecond(DialectSession):
    """Leaves who says nothing for a second."""

    def __init__(self, dialect: Dialect, config: DialectConfig) -> None:
        super().__init__(dialect, replace(config, idle=1.0))

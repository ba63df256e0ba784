"""Mutants of bulk: each takes one call of the system for all that there is to say or to hear."""

from __future__ import annotations

from pytest_netconform.reference_servers.dialects import DialectSession
from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.mutants.stream.connections import Mortal

BUFFER = 1 << 15  # octets that one send() takes
READ = 1 << 16  # octets that one recv() brings
OUTPUT = 1 << 17  # octets of answers after which nobody reads any more


class SendingOnce(DialectSession):
    """Calls send() once for what came at a time: what its buffer does not take is lost."""

    def on_data(self, data: bytes) -> None:
        self.room = BUFFER
        super().on_data(data)

    def send(self, data: bytes) -> None:
        super().send(data[: self.room])
        self.room = max(0, self.room - len(data))


@mutant("send_for_sendall", breaks=["TCP-sendall-large", "TCP-small-rcvbuf"], because="(1704 octets)", dialect="lines")
class SendForSendall(SendingOnce):
    """Of many answers at once, the last are cut off."""


@mutant(
    "send_for_sendall_of_a_stream",
    breaks=["TCP-sendall-large", "TCP-deadlock-both-write"],
    because="octets",
    dialect="echo",
)
class SendForSendallOfAStream(SendingOnce):
    """Of what comes back, the end is missing."""


@mutant("recv_once_reads_64_kB", breaks=["TCP-recvall-large"], because="octets", dialect="until-close")
class RecvOnceReads64kB(DialectSession):
    """Takes the first 64 kB for the request."""

    def on_request(self, payload: bytes) -> None:
        super().on_request(payload[:READ])


@mutant(
    "echo_stops_at_64_kB",
    breaks=["TCP-recvall-large", "TCP-9293-3.6-half-close-echo"],
    because="octets",
    dialect="echo",
)
class EchoStopsAt64kB(DialectSession):
    """Gives back the first 64 kB of a connection, and hears no more."""

    left = READ

    def on_data(self, data: bytes) -> None:
        super().on_data(data[: self.left])
        self.left = max(0, self.left - len(data))


@mutant("broken_pipe_kills", breaks=["TCP-rst-during-send"], because="end of the connection", dialect="prefixed")
class BrokenPipeKills(Mortal):
    """Dies of a client that leaves while he is answered: much was said, and his end was not seen first."""

    said = 0

    def send(self, data: bytes) -> None:
        self.said += len(data)
        super().send(data)

    def on_end(self) -> None:
        if self.said > OUTPUT:
            self.die()
        super().on_end()

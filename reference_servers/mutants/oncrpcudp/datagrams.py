"""Mutants of datagrams: each takes one for something else than a message."""

from __future__ import annotations

from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.oncrpc import Calls, RpcConfig, RpcDatagrams
from pytest_netconform.reference_servers.session import Address
from pytest_netconform.wire.oncrpc import PROG_UNAVAIL, Received, accepted, record
from pytest_netconform.wire.xdr import Reader

BUFFER = 1024  # octets


@mutant("record_mark_in_a_datagram", breaks=["RPC-udp"], because="begins with the xid")
class RecordMarkInADatagram(RpcDatagrams):
    """Sends what it would send over TCP."""

    def reply(self, reply: bytes, to: Address) -> None:
        super().reply(record(reply), to)


@mutant("reply_in_two_datagrams", breaks=["RPC-udp"], because="one datagram")
class ReplyInTwoDatagrams(RpcDatagrams):
    """Sends head and results by themselves."""

    def reply(self, reply: bytes, to: Address) -> None:
        super().reply(reply[:24], to)
        super().reply(reply[24:], to)


class Remembering(RpcDatagrams):
    """Knows the last message; no mutant yet, since it makes nothing of it."""

    def __init__(self, config: RpcConfig, calls: type[Calls] = Calls) -> None:
        super().__init__(config, calls)
        self.last = b""


@mutant("second_is_another", breaks=["RPC-udp-dup"], because="PROG_UNAVAIL")
class SecondIsAnother(Remembering):
    """Takes a retransmission for something forbidden."""

    def on_datagram(self, data: bytes, sender: Address) -> None:
        if data == self.last:
            self.reply(accepted(int.from_bytes(data[:4], "big"), PROG_UNAVAIL), sender)
        else:
            super().on_datagram(data, sender)
        self.last = data


@mutant("second_is_answered_twice", breaks=["RPC-udp-dup"], because="one or two replies")
class SecondIsAnsweredTwice(Remembering):
    """Sends what it has kept, and what it has made anew."""

    def on_datagram(self, data: bytes, sender: Address) -> None:
        super().on_datagram(data, sender)
        if data == self.last:
            super().on_datagram(data, sender)
        self.last = data


@mutant("arguments_of_an_old_buffer", breaks=["RPC-udp-stale", "RPC-garbage-args"], because="SUCCESS")
class ArgumentsOfAnOldBuffer(Calls):
    """Reads to the end of its buffer, not of the datagram, as libtirpc 1.3.3 does."""

    buffer = bytes(BUFFER)
    length = 0

    def answer(self, message: bytes) -> bytes | None:
        self.buffer, self.length = message + self.buffer[len(message) :], len(message)
        return super().answer(message)

    def arguments(self, call: Received) -> bytes:
        return self.buffer[self.length - len(call.arguments) :]

    def no_more(self, reader: Reader) -> None:
        """What is behind the arguments may be anything."""

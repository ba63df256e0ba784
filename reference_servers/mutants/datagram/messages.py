"""Mutants of boundaries and sizes: each takes a datagram for something else than a message."""

from __future__ import annotations

from pytest_netconform.reference_servers.dialects_udp import DatagramConfig, DialectDatagrams
from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.session import Address, Close, WakeAt

TOGETHER = 0.01  # seconds in which datagrams come together
BUFFER = 2048  # octets


class Collecting(DialectDatagrams):
    """Answers after a moment, for all that has come meanwhile; no mutant yet, since each is answered by itself."""

    def __init__(self, config: DatagramConfig) -> None:
        super().__init__(config)
        self.waiting: list[tuple[bytes, Address]] = []

    def on_datagram(self, data: bytes, sender: Address) -> None:
        self.waiting.append((data, sender))
        self.act(WakeAt(self.now + TOGETHER))

    def on_wake(self) -> None:
        waiting, self.waiting = self.waiting, []
        self.answer_all(waiting)

    def answer_all(self, waiting: list[tuple[bytes, Address]]) -> None:
        """Answer what has come."""
        for data, sender in waiting:
            super().on_datagram(data, sender)


@mutant("payloads_joined_in_one_reply", breaks=["UDP-768-boundary"], because="baac")
class PayloadsJoinedInOneReply(Collecting):
    """Takes what has come together for one request, as if it were a stream."""

    def answer_all(self, waiting: list[tuple[bytes, Address]]) -> None:
        super().answer_all([(b"".join(data for data, _ in waiting), waiting[-1][1])])


@mutant("last_octet_lost", breaks=["UDP-768-boundary", "CL-echo-udp"], because="an empty datagram")
class LastOctetLost(DialectDatagrams):
    """Sends all but the last octet, as who counts from one does."""

    def reply(self, payload: bytes, to: Address) -> None:
        super().reply(payload[:-1], to)


@mutant("empty_datagram_ends_it", breaks=["UDP-768-zero-length", "CL-echo-udp"], because="refusal")
class EmptyDatagramEndsIt(DialectDatagrams):
    """Takes an empty datagram for the end of the stream."""

    def on_datagram(self, data: bytes, sender: Address) -> None:
        if data:
            super().on_datagram(data, sender)
        else:
            self.act(Close())


@mutant("empty_datagram_gets_a_line", breaks=["UDP-768-zero-length"], because=r"\n")
class EmptyDatagramGetsALine(DialectDatagrams):
    """Cannot send nothing."""

    def reply(self, payload: bytes, to: Address) -> None:
        super().reply(payload or b"\n", to)


@mutant("text_in_and_out", breaks=["UDP-768-binary"], because=r"\xef\xbf\xbd")
class TextInAndOut(DialectDatagrams):
    """Decodes what it gets, and encodes what it sends."""

    def reply(self, payload: bytes, to: Address) -> None:
        super().reply(payload.decode("utf-8", "replace").encode(), to)


@mutant("recvfrom_1024", breaks=["UDP-768-max", "UDP-768-trunc-detect", "CL-echo-udp"], because="1024")
class Recvfrom1024(DialectDatagrams):
    """Has a buffer of 1024 octets, and does not notice what did not fit."""

    def on_datagram(self, data: bytes, sender: Address) -> None:
        super().on_datagram(data[:1024], sender)


@mutant("recvfrom_2048", breaks=["UDP-768-max", "UDP-768-trunc-detect"], because="cut to 2048")
class Recvfrom2048(DialectDatagrams):
    """Has a buffer of 2048 octets, as xinetd has."""

    def on_datagram(self, data: bytes, sender: Address) -> None:
        super().on_datagram(data[:BUFFER], sender)

"""Mutants that others can use, or kill."""

from __future__ import annotations

from pytest_netconform.reference_servers.dialects_udp import DatagramConfig, DialectDatagrams
from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.session import Address, Close

SERVICES = "ports 7, 13, 17, 19, 37"
THREADS = 470
PARTS = 100
PART = 1000  # octets


class AnsweringServices(DialectDatagrams):
    """Answers whoever asks; a mutant in each of the dialects below."""

    def shuns(self, sender: Address) -> bool:
        return False


@mutant("upper_answers_services", breaks=["UDP-reflect-loop"], because=SERVICES, dialect="upper-udp")
class UpperAnswersServices(AnsweringServices):
    """Talks to the character generator for ever."""


@mutant("daytime_answers_services", breaks=["UDP-reflect-loop"], because=SERVICES, dialect="daytime-udp")
class DaytimeAnswersServices(AnsweringServices):
    """Tells the echo service the time for ever."""


@mutant("errors_to_services", breaks=["UDP-reflect-loop"], because=SERVICES, dialect="numbered")
class ErrorsToServices(AnsweringServices):
    """Complains to a service that answers complaints."""


@mutant("echo_answers_services", breaks=["CL-echo-udp-loop"], because=SERVICES)
class EchoAnswersServices(AnsweringServices):
    """Echoes to another echo service (CERT CA-1996-01)."""


@mutant("hundred_datagrams_for_one", breaks=["UDP-amplification"], because="at most 10", vantage="outside")
class HundredDatagramsForOne(DialectDatagrams):
    """Sends 100,000 octets behind the answer to a short question."""

    def reply(self, payload: bytes, to: Address) -> None:
        super().reply(payload, to)
        for _ in range(PARTS * (len(payload) < 8)):
            self.send(bytes(PART), to)


@mutant("five_octets_for_one", breaks=["UDP-amplification"], because="at most 3", vantage="outside")
class FiveOctetsForOne(DialectDatagrams):
    """Pads short answers."""

    def reply(self, payload: bytes, to: Address) -> None:
        super().reply(payload * 5 if payload == b"?" else payload, to)


@mutant("thread_per_datagram", breaks=["UDP-burst"], because="refusal")
class ThreadPerDatagram(DialectDatagrams):
    """Dies when there is no thread left."""

    def __init__(self, config: DatagramConfig) -> None:
        super().__init__(config)
        self.left = THREADS

    def on_datagram(self, data: bytes, sender: Address) -> None:
        self.left -= 1
        if self.left < 0:
            self.act(Close())
        super().on_datagram(data, sender)


@mutant("long_reply_kills", breaks=["UDP-oversize-reply"], because="refusal", dialect="terse")
class LongReplyKills(DialectDatagrams):
    """Does not expect sendto() to refuse a reply (EMSGSIZE)."""

    def reply(self, payload: bytes, to: Address) -> None:
        if len(payload) > self.dialect.largest_reply:
            self.act(Close())
        super().reply(payload, to)


@mutant("long_reply_sent", breaks=["UDP-oversize-reply"], because="513 octets", dialect="terse")
class LongReplySent(DialectDatagrams):
    """Sends more than was agreed."""

    def reply(self, payload: bytes, to: Address) -> None:
        self.send(payload, to)


@mutant("id_not_echoed", breaks=["UDP-memcached-frame"], because="the head 1234", dialect="memcached-udp")
class IdNotEchoed(DialectDatagrams):
    """Numbers its replies itself."""

    def reply(self, payload: bytes, to: Address) -> None:
        super().reply(b"\0\1" + payload[2:], to)


@mutant("total_is_zero", breaks=["UDP-memcached-frame"], because="the head 1234", dialect="memcached-udp")
class TotalIsZero(DialectDatagrams):
    """Does not know beforehand how many datagrams there will be, and says none once it is asked a second time."""

    def reply(self, payload: bytes, to: Address) -> None:
        total = b"\0\0" if payload[:2] == b"\x12\x34" else payload[4:6]
        super().reply(payload[:4] + total + payload[6:], to)

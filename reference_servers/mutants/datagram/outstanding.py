"""Mutants of several requests under way: each remembers who, or what, the wrong way."""

from __future__ import annotations

from pytest_netconform.reference_servers.dialects_udp import DatagramConfig, DialectDatagrams
from pytest_netconform.reference_servers.mutants.datagram.messages import Collecting
from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.session import Address, Close


@mutant("last_sender_gets_all", breaks=["UDP-two-clients"], because="aaaaaaaa")
class LastSenderGetsAll(Collecting):
    """Keeps one address of one client."""

    def answer_all(self, waiting: list[tuple[bytes, Address]]) -> None:
        super().answer_all([(data, waiting[-1][1]) for data, _ in waiting])


@mutant("fixed_id", breaks=["UDP-request-id"], because=r"\x00\x00", dialect="numbered")
class FixedId(DialectDatagrams):
    """Gives every reply the id 0."""

    def reply(self, payload: bytes, to: Address) -> None:
        super().reply(b"\0\0" + payload[2:], to)


@mutant("last_id_for_all", breaks=["UDP-request-id"], because="Ugly.", dialect="numbered")
class LastIdForAll(Collecting):
    """Gives all replies the id of the request that came last."""

    def answer_all(self, waiting: list[tuple[bytes, Address]]) -> None:
        last = waiting[-1][0]
        super().answer_all([(last[:2] + data[2:], sender) for data, sender in waiting])


class Remembering(DialectDatagrams):
    """Knows the request before; no mutant yet."""

    def __init__(self, config: DatagramConfig) -> None:
        super().__init__(config)
        self.before: tuple[bytes, Address] = b"", ("", 0)


@mutant("duplicate_ends_it", breaks=["UDP-duplicate"], because="refusal")
class DuplicateEndsIt(Remembering):
    """Has no transition for a request that comes twice in a row."""

    def on_datagram(self, data: bytes, sender: Address) -> None:
        if (data, sender) == self.before:
            self.act(Close())
        self.before = data, sender
        super().on_datagram(data, sender)


@mutant("duplicate_spoils_reply", breaks=["UDP-duplicate"], because="aaaaaaaaaaaaaaaa")
class DuplicateSpoilsReply(Remembering):
    """Adds to the reply that it has already begun."""

    def on_datagram(self, data: bytes, sender: Address) -> None:
        super().on_datagram(data * 2 if (data, sender) == self.before else data, sender)
        self.before = data, sender


@mutant("older_id_is_dropped", breaks=["UDP-reorder"], because="nothing in 4 tries", dialect="numbered")
class OlderIdIsDropped(Remembering):
    """Takes a request with a lower id for one that it knows."""

    def on_datagram(self, data: bytes, sender: Address) -> None:
        if sender != self.before[1] or data[:2] >= self.before[0][:2]:
            self.before = data, sender
            super().on_datagram(data, sender)

"""Mutants of addresses: each answers from a wrong place, or to a wrong one, or not everybody."""

from __future__ import annotations

from pytest_netconform.reference_servers.dialects_udp import DialectDatagrams
from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.session import Address, Close, SendTo

GROUP_OR_ALL = ("255.255.255.255", 2020)
EPHEMERAL = 32768


@mutant("reply_from_default_address", breaks=["UDP-src-reply"], because="127.0.0.1")
class ReplyFromDefaultAddress(DialectDatagrams):
    """Stands at all addresses, and lets the system choose the one that it answers from."""

    def send(self, data: bytes, to: Address) -> None:
        default = self.here[0] in ("127.0.0.1", "::1")
        self.act(SendTo(data, to, "" if default else "host"))


@mutant("ephemeral_ports_only", breaks=["UDP-src-port-arbitrary"], because="nothing in 3 tries")
class EphemeralPortsOnly(DialectDatagrams):
    """Takes only those for clients whose ports its own system would choose."""

    def on_datagram(self, data: bytes, sender: Address) -> None:
        if sender[1] >= EPHEMERAL:
            super().on_datagram(data, sender)


@mutant("gone_client_ends_the_loop", breaks=["UDP-server-survives-icmp"], because="refusal")
class GoneClientEndsTheLoop(DialectDatagrams):
    """Does not expect recvfrom() to fail because of somebody else."""

    def on_refused(self, peer: Address) -> None:
        self.act(Close())


@mutant("ipv4_only", breaks=["UDP-ipv6"], because="nothing in 3 tries")
class Ipv4Only(DialectDatagrams):
    """Has a socket of the family AF_INET and no other."""

    def on_datagram(self, data: bytes, sender: Address) -> None:
        if ":" not in self.here[0]:
            super().on_datagram(data, sender)


@mutant("reply_to_everybody", breaks=["UDP-broadcast"], because="no answer", broadcast="127.255.255.255")
class ReplyToEverybody(DialectDatagrams):
    """Answers a broadcast with another one."""

    def send(self, data: bytes, to: Address) -> None:
        super().send(data, GROUP_OR_ALL if self.here[0].endswith(".255") else to)


@mutant("reply_to_the_group", breaks=["UDP-multicast"], because="no answer", group="239.1.2.3")
class ReplyToTheGroup(DialectDatagrams):
    """Answers the whole group."""

    def send(self, data: bytes, to: Address) -> None:
        super().send(data, GROUP_OR_ALL if self.here[0].startswith("239.") else to)

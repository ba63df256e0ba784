"""Mutants of addresses: each expects every client to have an address like its own."""

from __future__ import annotations

from pytest_netconform.reference_servers.dialects import DialectSession
from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.session import Reset


class ByAddress(DialectSession):
    """Breaks connections whose address is not `like` it should be."""

    def on_open(self) -> None:
        if self.like(self.peer.address[0]):
            super().on_open()
        else:
            self.act(Reset())

    def like(self, host: str) -> bool:
        return True


@mutant("ipv4_only", breaks=["TCP-ipv6"], because="end of the connection", dialect="lines")
class Ipv4Only(ByAddress):
    """Has a socket of the family AF_INET and no other."""

    def like(self, host: str) -> bool:
        return host != "::1"


@mutant("peer_address_of_four_parts", breaks=["TCP-ipv6-mapped"], because="not served", dialect="lines")
class PeerAddressOfFourParts(ByAddress):
    """Unpacks the peer's address into two parts, and one of an IPv6 socket has four."""

    def like(self, host: str) -> bool:
        return not host.startswith("::ffff:")


@mutant(
    "peer_without_address",
    breaks=["TCP-unix-stream"],
    because="end of the connection",
    dialect="lines",
    transport="unix",
)
class PeerWithoutAddress(DialectSession):
    """Writes the peer's address into its log with the second request, and unpacks what has no parts."""

    served = 0

    def on_request(self, payload: bytes) -> None:
        self.served += 1
        if self.served > 1 and self.dialect.transport == "unix":
            self.act(Reset())
        super().on_request(payload)

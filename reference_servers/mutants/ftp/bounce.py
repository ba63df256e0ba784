"""Mutants that can be sent to other people's ports, or robbed at their own."""

from __future__ import annotations

from pytest_netconform.reference_servers.ftp import Answer, FtpSession
from pytest_netconform.reference_servers.ftp.data import LOWEST_PORT
from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.session import Address
from pytest_netconform.wire.ftp_commands import HostPort


@mutant("port_bounce", breaks=["FTP-2577-3-a"], because="and a connection")
class PortBounce(FtpSession):
    """Connects to whomever the client names."""

    def port_problem(self, address: HostPort) -> Answer | None:
        return super().port_problem(address) if address.port < LOWEST_PORT else None


@mutant("port_privileged", breaks=["FTP-2577-3-b"], because="and a connection")
class PortPrivileged(FtpSession):
    """Connects to every port of the client."""

    def port_problem(self, address: HostPort) -> Answer | None:
        return super().port_problem(HostPort(address.host, max(address.port, LOWEST_PORT)))


@mutant("pasv_theft", breaks=["FTP-2577-4-a"], because="octets for 127.0.0.2")
class PasvTheft(FtpSession):
    """Serves whoever comes first."""

    def welcome(self, peer: Address) -> bool:
        return True


@mutant("pasv_port_sequential", breaks=["FTP-2577-8-a"], because="19 of 19 steps are +1")
class PasvPortSequential(FtpSession):
    """Counts its ports."""

    next_port = 41000

    def listen_port(self) -> int:
        self.next_port += 1
        return self.next_port

"""Mutants that hostile XML harms."""

from __future__ import annotations

from pytest_netconform.reference_servers.http import Request
from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.mutants.xmlrpc.transport import Dying
from pytest_netconform.reference_servers.xmlrpc import Answers, Received

FILE = b"root:x:0:0:root:/root:/bin/sh"


@mutant("entities_bring_files", breaks=["XR-xxe"], because="root:x:0:0")
class EntitiesBringFiles(Answers):
    """Looks up what an entity stands for."""

    def read(self, octets: bytes) -> Received:
        head, _, rest = octets.partition(b"]>")
        if b"file:///" not in head:
            return super().read(octets)
        return super().read(rest.replace(b"&xx;", FILE))


@mutant("entities_kill", breaks=["XR-billion-laughs"], because="the target goes on")
class EntitiesKill(Dying):
    """Has no memory left for anybody else."""

    def too_much(self, request: Request) -> bool:
        return b"&l9;" in request.body


@mutant("depth_kills", breaks=["XR-deep-nesting"], because="the target goes on")
class DepthKills(Dying):
    """A stack that has overflown stays so."""

    def too_much(self, request: Request) -> bool:
        return b"<array><data><value>" * 1000 in request.body

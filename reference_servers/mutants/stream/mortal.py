"""Mortal servers: what many mutants have in common, a process that ends for all its clients at once."""

from __future__ import annotations

from pytest_netconform.reference_servers.dialects import DialectSession
from pytest_netconform.reference_servers.session import Reset

DEAD = "dead"


class Mortal(DialectSession):
    """A server that can die: whoever comes afterwards is not served."""

    def on_open(self) -> None:
        if DEAD in self.config.shared:
            self.act(Reset())
        else:
            super().on_open()

    def die(self) -> None:
        """End the process."""
        self.config.shared[DEAD] = True
        self.closing = True
        self.act(Reset())

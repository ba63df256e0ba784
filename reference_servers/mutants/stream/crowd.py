"""Mutants of crowds: what belongs to one client and is kept for all."""

from __future__ import annotations

from pytest_netconform.reference_servers.dialects import DialectSession
from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.session import Reset
from pytest_netconform.wire.frames import Framer

PLACES = 100


@mutant("one_buffer_for_all_clients", breaks=["TCP-9293-3.9-concurrent"], because="unknown aphorism", dialect="zen")
class OneBufferForAllClients(DialectSession):
    """Reads every client's octets into one buffer."""

    def make_framer(self) -> Framer:
        framer: Framer = self.config.shared.setdefault("framer", super().make_framer())
        return framer


@mutant("no_place_for_a_hundred", breaks=["TCP-backlog-burst"], because="not all of 200", dialect="lines")
class NoPlaceForAHundred(DialectSession):
    """Turns away who comes while a hundred are there."""

    def on_open(self) -> None:
        here = self.config.shared.setdefault("here", [])
        if len(here) >= PLACES:
            self.act(Reset())
            return
        here.append(self)
        super().on_open()

    def on_end(self) -> None:
        here = self.config.shared["here"]
        if self in here:
            here.remove(self)
        super().on_end()

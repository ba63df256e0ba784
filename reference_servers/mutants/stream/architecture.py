"""Mutants of another architecture: who comes later waits for who came first; what is used is never given back."""

from __future__ import annotations

from pytest_netconform.reference_servers.dialects import DialectSession
from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.session import TellWhenSent, WakeAt

AGAIN = 0.05  # seconds between two looks whether it is one's turn
CHILDREN = 200  # processes that may lie unburied
DESCRIPTORS = 1000
UNSENT = 1 << 15  # octets for which a send waits until they have left


class _Waiting(DialectSession):
    """Hears nothing while it is not its turn, and catches up then. `busy` names whose turn it is, for all."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self.kept = b""

    @property
    def busy(self) -> DialectSession | None:
        found = self.config.shared.get("busy")
        return found if isinstance(found, DialectSession) else None

    def seize(self) -> None:
        self.config.shared.setdefault("busy", self)

    def leave(self) -> None:
        if self.busy is self:
            del self.config.shared["busy"]

    def on_data(self, data: bytes) -> None:
        if self.busy not in (None, self):
            self.kept += data
            self.act(WakeAt(self.now + AGAIN))
            return
        super().on_data(self.kept + data)
        self.kept = b""

    def on_wake(self) -> None:
        self.on_data(b"")

    def on_end(self) -> None:
        self.leave()
        super().on_end()


@mutant("one_client_until_he_leaves", breaks=["ZEN-idle-holder"], because="another client is idle", dialect="zen")
class OneClientUntilHeLeaves(_Waiting):
    """Has one loop for accepting and for serving."""

    def on_open(self) -> None:
        self.seize()
        super().on_open()


@mutant("recv_blocks_the_loop", breaks=["ZEN-slow-client"], because="has said half a request", dialect="zen")
class RecvBlocksTheLoop(_Waiting):
    """Reads a request to its end before it looks at anybody else."""

    def on_data(self, data: bytes) -> None:
        super().on_data(data)
        if self.framer.rest():
            self.seize()
        else:
            self.leave()


@mutant("send_blocks_the_loop", breaks=["ZEN-slow-reader"], because="does not read", dialect="echo")
class SendBlocksTheLoop(_Waiting):
    """Writes an answer to its end before it looks at anybody else."""

    unsent = 0

    def send(self, data: bytes) -> None:
        super().send(data)
        self.unsent += len(data)
        if self.unsent > UNSENT:
            self.seize()
        self.act(TellWhenSent())

    def on_sent(self) -> None:
        self.unsent = 0
        self.leave()


@mutant("children_are_not_reaped", breaks=["ZEN-fork-reap"], because="was closed", dialect="zen")
class ChildrenAreNotReaped(DialectSession):
    """Has a process for each client, and after two hundred of them no more to give."""

    def on_open(self) -> None:
        dead = self.config.shared["dead"] = self.config.shared.get("dead", 0) + 1
        super().on_open()
        if dead > CHILDREN:
            self.close()


@mutant("short_connections_meet_a_limit", breaks=["ZEN-fork-reap"], because="and again later", dialect="zen")
class ShortConnectionsMeetALimit(DialectSession):
    """Serves two hundred in a second, as inetd does."""

    def on_open(self) -> None:
        seen = self.config.shared.setdefault("seen", [])
        seen.append(self.now)
        super().on_open()
        if len([moment for moment in seen if moment > self.now - 1]) > CHILDREN:
            self.close()


@mutant("accept_fails_for_ever", breaks=["ZEN-fd-exhaust"], because="was closed", dialect="zen")
class AcceptFailsForEver(DialectSession):
    """Leaves its accept loop when descriptors have run out (EMFILE)."""

    def on_open(self) -> None:
        shared = self.config.shared
        shared["open"] = shared.get("open", 0) + 1
        shared["out"] = shared.get("out", False) or shared["open"] > DESCRIPTORS
        super().on_open()
        if shared["out"]:
            self.close()

    def on_end(self) -> None:
        self.config.shared["open"] -= 1
        super().on_end()

"""Replay over datagrams: the part that all reproducers of datagram findings share; see `replay.py` for streams.

It must need nothing but Python 3.8 and its standard library, and know nothing of this package. Steps are tuples: a
socket's number, what to do, and with what.
"""

from __future__ import annotations

import argparse
import os
import re
import socket
import sys
import tempfile
import time
from collections.abc import Sequence
from typing import Any, NoReturn

TRIES = (1.0, 2.0, 4.0)  # seconds of patience: datagrams get lost
LATE_SECONDS = 0.05  # what comes within so long answers something earlier
QUIET_SECONDS = 1.0  # a reply that was recorded is waited for so long


class Refused(Exception):
    """The system says that nobody listens there."""


def give_up(why: str) -> NoReturn:
    """Exit status 2: nothing can be said about the finding."""
    print(why, file=sys.stderr)
    raise SystemExit(2)


def visible(data: bytes) -> str:
    """Octets as printable ASCII, long ones shortened."""
    text = data.decode("latin-1").encode("unicode_escape").decode("ascii")
    return (text if len(text) <= 300 else text[:200] + "[...]" + text[-80:]) or "(an empty datagram)"


class Socket:
    """One socket of ours."""

    def __init__(self, number: int, address: Any, port: int, connected: bool) -> None:
        self.number, self.address, self.connected, self.file = number, address, connected, ""
        if isinstance(address, str):
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            if sys.platform == "linux":
                self.socket.bind("")
            else:
                self.file = os.path.join(tempfile.mkdtemp(), "socket")
                self.socket.bind(self.file)
        else:
            found = socket.getaddrinfo(address[0], address[1], type=socket.SOCK_DGRAM)
            family, self.address = min((info[0] != socket.AF_INET, info[0], info[4]) for info in found)[1:]
            self.socket = socket.socket(family, socket.SOCK_DGRAM)
            self.socket.bind(("", port))
        if connected:
            self.socket.connect(self.address)
        print(f"*{number}: a socket" + (f" with the port {port}" if port else ""))

    def send(self, data: bytes) -> None:
        """One datagram. Raises Refused for an earlier one."""
        print(f"C{self.number}: {visible(data)}")
        try:
            if self.connected:
                self.socket.send(data)
            else:
                self.socket.sendto(data, self.address)
        except (ConnectionRefusedError, ConnectionResetError):
            raise Refused from None

    def receive(self, seconds: float, elsewhere: bool = False) -> bytes | None:
        """The next datagram (from another address than was asked, if so wished), or None. Raises Refused."""
        self.socket.settimeout(seconds)
        try:
            data, sender = self.socket.recvfrom(1 << 16)
        except socket.timeout:  # noqa: UP041
            return None
        except (ConnectionRefusedError, ConnectionResetError):
            raise Refused from None
        print(f"S{self.number}: {visible(data)}" + (f" from {sender}" if sender != self.address else ""))
        return self.receive(seconds) if elsewhere and sender == self.address else data

    def close(self) -> None:
        """Leave."""
        self.socket.close()
        if self.file and os.path.exists(self.file):
            os.unlink(self.file)


class Replay:
    """The recorded steps, done again."""

    def __init__(self, address: Any) -> None:
        self.address = address
        self.sockets: dict[int, Socket] = {}

    def run(self, steps: Sequence[tuple[Any, ...]]) -> str | None:
        """Do all steps and judge the last: what was received if the finding repeats, None if it does not."""
        try:
            for number, what, *how in steps[:-1]:
                try:
                    self.do(number, what, *how)
                except Refused:
                    print(f"*{number}: refused: nobody listens there")
            number, what, *how = steps[-1]
            verdict: str | None = getattr(self, what.replace(" ", "_"))(self.sockets[number], *how)
            return verdict
        finally:
            for one in self.sockets.values():
                one.close()

    def do(self, number: int, what: str, *how: Any) -> None:
        """One step that is not the last."""
        if what == "open":
            port, connected, host = how
            address = (host, self.address[1]) if host and not isinstance(self.address, str) else self.address
            try:
                self.sockets[number] = Socket(number, address, port, connected)
            except OSError as error:
                give_up(f"no socket for {self.address}: {error}")
        elif what == "datagram":
            data, count = how
            for _ in range(count):
                self.sockets[number].send(data)
        elif what == "arrival":
            for _ in range(how[0]):
                if self.sockets[number].receive(QUIET_SECONDS) is None:
                    break
        elif what == "close":
            self.sockets[number].close()

    # the last step: each returns what was received when the finding repeats

    def must_answer(self, peer: Socket, data: bytes) -> str | None:
        """The datagram is answered, in one of three tries."""
        for seconds in TRIES:
            try:
                while peer.receive(LATE_SECONDS) is not None:
                    pass
                peer.send(data)
                if peer.receive(seconds) is not None:
                    return None
            except Refused:
                return "a refusal: nobody listens there"
        return f"nothing in {len(TRIES)} tries"

    def must_be_right(self, peer: Socket, data: bytes, right: bytes) -> str | None:
        """The datagram is answered, and the whole answer is as a right one."""
        for seconds in TRIES:
            try:
                peer.send(data)
                answer = peer.receive(seconds)
            except Refused:
                give_up("nobody listens there")
            if answer is not None:
                return None if re.fullmatch(right, answer) else visible(answer)
        return f"nothing in {len(TRIES)} tries"

    def must_not_answer(self, peer: Socket, data: bytes, recorded: bytes, elsewhere: bool) -> str | None:
        """The recorded answer, its numbers apart, does not come again, in three tries."""
        for seconds in TRIES:
            try:
                peer.send(data)
                until = time.monotonic() + seconds
                while True:
                    answer = peer.receive(max(0.001, until - time.monotonic()), elsewhere)
                    if answer is None:
                        break
                    if re.fullmatch(recorded, answer, re.DOTALL):
                        return visible(answer)
            except Refused:
                give_up("nobody listens there")
        return None


def main(steps: Sequence[tuple[Any, ...]], about: dict[str, Any]) -> int:
    """Replay against the address of the command line and say whether the finding repeats."""
    parser = argparse.ArgumentParser(description="Exit status: 1 it repeats, 0 it does not, 2 no telling.")
    parser.add_argument("host", nargs="?", default=about["host"], help="or the path of a Unix socket")
    parser.add_argument("port", nargs="?", type=int, default=about["port"])
    given = parser.parse_args()
    received = Replay((given.host, given.port) if given.port else given.host).run(steps)
    print(f"expected: {about['expected']}")
    print(f"recorded: {about['received']}")
    print(f"received: {received}" if received is not None else "the finding does not repeat")
    return 0 if received is None else 1

"""Replaying: what the checks said to a server, said again over bare sockets, one transcript after another.

This module knows kinds of targets, transcripts and sockets. What is sent and how long was waited is as recorded; what
comes back is counted and not looked at.
"""

from __future__ import annotations

import select
import socket
import ssl
import struct
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from pytest_netconform.ca import Authority
from pytest_netconform.fixtures.network import column_of, reference_of, socket_target
from pytest_netconform.judge import judge, survey
from pytest_netconform.protocols import PROTOCOLS
from pytest_netconform.reference_servers.host import serving
from pytest_netconform.target import parse_target
from pytest_netconform.transcript import Event, What
from tests.gates import cases, guests

WAITED = 0.1  # seconds without an event that were a wait and not work
PATIENCE = 2.0  # seconds for octets that came when it was recorded
PIECE = 1 << 16
RESET = struct.pack("ii", 1, 0)

Address = tuple[str, int]


@dataclass(frozen=True)
class Kind:
    """A kind of target: its protocol and scheme, the options of its URL, and those of our own server."""

    title: str
    protocol: str
    scheme: str
    given: Mapping[str, str] = field(default_factory=dict)
    ours: Mapping[str, str] = field(default_factory=dict)

    def url(self, address: Address) -> str:
        """What is judged, where it is served."""
        query = "&".join(f"{name}={value}" for name, value in self.given.items())
        return f"{self.scheme}://{address[0]}:{address[1]}" + (query and f"?{query}")


_ADDRESSES = {"recipient": "alice@example.test", "recipients": "alice+*@example.test", "unknown": "nobody@example.test"}
KINDS = {
    "smtp": Kind("SMTP", "smtp", "smtp", given=_ADDRESSES),
    "http": Kind("HTTP", "http", "http", given={"echo": "/echo", "static": "/hello.txt", "big": "/big.bin"}),
    "echo": Kind("Echo", "stream", "echo", ours={"dialect": "echo"}),
}


def serve(name: str) -> None:
    """The reference server of a kind, for another process: prints its port and lives until standard input ends."""
    kind = KINDS[name]
    reference = reference_of(PROTOCOLS[kind.protocol], dict(kind.ours))
    with Authority() as authority, serving(reference.make_session, tls=authority.server_context()) as host:
        print(host.port, flush=True)
        sys.stdin.read()


@contextmanager
def served(name: str) -> Iterator[Address]:
    """The same in a process of its own."""
    command = [sys.executable, str(Path(__file__).with_name("bench.py")), "--serve", name]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        yield "127.0.0.1", int(process.stdout.readline())
        process.stdin.close()


def recorded(kind: Kind, address: Address) -> list[Sequence[Event]]:
    """The transcripts of every check, held one after another as the plugin would hold them."""
    column = column_of(PROTOCOLS[kind.protocol])
    target = socket_target(parse_target(kind.url(address)), allowed=frozenset({"write", "intrusive"}))
    survey(target, column)
    transcripts = []
    for case in cases(kind.protocol) + guests(kind.protocol):
        openers = {name: column.rungs[name] for name in case.rungs}
        transcripts.append(judge(case.function, openers, case.values, target, column).transcript.events)
    return transcripts


def replay(transcripts: Sequence[Sequence[Event]], address: Address) -> Counter[str]:
    """The same octets over bare sockets; where the check waited, this waits. How many octets went there and back."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    counted: Counter[str] = Counter()
    for events in transcripts:
        peers: dict[int, Peer] = {}
        last = 0.0
        for event in events:
            gap, last = event.at - last, event.at
            if gap > WAITED and event.what is not What.RECEIVE:
                time.sleep(gap)
            if event.what is What.CONNECT:
                peers[event.connection] = Peer(address)
            elif (peer := peers.get(event.connection)) is not None:
                with suppress(OSError):
                    peer.again(event, context)
        for peer in peers.values():
            peer.sock.close()
            counted += peer.counted
    return counted


class Peer:
    """One connection."""

    def __init__(self, address: Address) -> None:
        self.sock = socket.create_connection(address, PATIENCE)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.counted: Counter[str] = Counter()
        self._ahead = 0  # octets that came while we spoke

    def again(self, event: Event, context: ssl.SSLContext) -> None:
        """What happened, once more. Raises OSError."""
        if event.what is What.SEND:
            self._say(event.data, event.total)
        elif event.what is What.RECEIVE:
            self._swallow(event.total)
        elif event.what is What.TLS:
            self.sock = context.wrap_socket(self.sock)
        elif event.what is What.SHUTDOWN:
            self.sock.shutdown(socket.SHUT_WR)
        elif event.what in (What.CLOSE, What.RESET):
            if event.what is What.RESET:
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            self.sock.close()

    def _say(self, data: bytes, octets: int) -> None:
        """So many octets, again and again the same; who cannot take them until we listen is listened to."""
        while octets > 0 and data:
            part = data[: min(octets, PIECE)]
            if len(part) < PIECE and octets <= len(data):
                self.sock.sendall(part)
                sent = len(part)
            else:
                readable, writable, _ = select.select([self.sock], [self.sock], [], PATIENCE)
                if readable and not writable:
                    self._ahead += self._receive(PIECE)
                sent = self.sock.send(part) if writable else 0
                if not (readable or writable):
                    return
            octets -= sent
            self.counted["sent"] += sent

    def _swallow(self, octets: int) -> None:
        early = min(self._ahead, octets)
        self._ahead -= early
        octets -= early
        while octets > 0 and (count := self._receive(min(octets, PIECE))):
            octets -= count

    def _receive(self, most: int) -> int:
        count = len(self.sock.recv(most))
        self.counted["received"] += count
        return count

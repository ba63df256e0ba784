"""The sessions: calls in records over a stream (RFC 5531 11), and one a datagram.

This module knows how messages travel; what they are answered is `calls`. Small methods, one for each way to be wrong.
"""

from __future__ import annotations

from pytest_netconform.reference_servers.oncrpc.calls import Calls
from pytest_netconform.reference_servers.oncrpc.config import RpcConfig
from pytest_netconform.reference_servers.session import Address, Close, DatagramSession, Session
from pytest_netconform.wire.oncrpc import TCP, UDP, RecordReader, record

REQUEST_OCTETS = 1 << 16  # of a record; who sends more is not listened to


class RpcStream(Session):
    """One connection, on which records are answered in their order."""

    def __init__(self, config: RpcConfig, calls: type[Calls] = Calls) -> None:
        super().__init__()
        self.config = config
        self.calls = calls(config, TCP)
        self.records = RecordReader(REQUEST_OCTETS)
        self.closing = False

    def on_open(self) -> None:
        self.calls.sender, self.calls.here = self.peer.address, self.peer.here

    def on_data(self, data: bytes) -> None:
        self.records.feed(data)
        while not self.closing and (found := self.records.next()) is not None:
            if found.lost:
                self.too_large()
            else:
                self.take(found.message)

    def take(self, message: bytes) -> None:
        """Answer one message."""
        reply = self.calls.answer(message)
        if reply is not None:
            self.send(self.marked(reply))

    def marked(self, reply: bytes) -> bytes:
        """A reply as a record."""
        return record(reply)

    def too_large(self) -> None:
        """A record announces more than is listened to."""
        self.leave()

    def leave(self) -> None:
        """Close, and hear no more."""
        self.closing = True
        self.act(Close())


class RpcDatagrams(DatagramSession):
    """One socket: each datagram is a message, and each reply is one."""

    def __init__(self, config: RpcConfig, calls: type[Calls] = Calls) -> None:
        super().__init__()
        self.config = config
        self.calls = calls(config, UDP)

    def on_datagram(self, data: bytes, sender: Address) -> None:
        self.calls.sender, self.calls.here = sender, self.here
        reply = self.calls.answer(data)
        if reply is not None:
            self.reply(reply, sender)

    def reply(self, reply: bytes, to: Address) -> None:
        """Send one reply."""
        self.send(reply, to)

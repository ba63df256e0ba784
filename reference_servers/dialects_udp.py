"""The server of any datagram dialect, sans-IO: `DialectDatagrams`; its mutants are made by subclassing it.

It answers by the dialect's rule, by its samples, or by what the standards of the small services say; what it cannot
read, or answers to nobody, it drops without a word. It must not know sockets, nor what time it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pytest_netconform.dialect import Dialect
from pytest_netconform.reference_servers.session import Address, DatagramSession
from pytest_netconform.wire.framing import DATAGRAM_OCTETS
from pytest_netconform.wire.services import QUOTE, characters, daytime_line, time_octets

#: Ports of services that answer whatever they are sent; who answers them may never stop (CERT CA-1996-01, RFC 8085 6).
SERVICE_PORTS = frozenset({7, 13, 17, 19, 37})
CHARACTER_LINES = 6  # of 74 octets: no more than 512 characters go into a datagram (RFC 864)


@dataclass(frozen=True)
class DatagramConfig:
    """A server's circumstances: what it speaks, and what tells it the time (seconds since 1970)."""

    dialect: Dialect
    moment: Callable[[], float] = lambda: 0.0


class DialectDatagrams(DatagramSession):
    """Answers every datagram by itself; nothing is remembered from one to the next."""

    def __init__(self, config: DatagramConfig) -> None:
        super().__init__()
        self.config = config
        self.dialect = config.dialect
        self.line = 0  # of the character generator, which goes on where it stopped

    def on_datagram(self, data: bytes, sender: Address) -> None:
        if self.shuns(sender):
            return
        request = self.read(data)
        reply = None if request is None else self.answer(request)
        if reply is not None:
            self.reply(reply, sender)

    # small steps, one for each way to be wrong

    def shuns(self, sender: Address) -> bool:
        """Whether this sender gets no answer, because it is a service that would answer in turn."""
        return sender[1] in SERVICE_PORTS

    def read(self, data: bytes) -> bytes | None:
        """The request in a datagram, None if there is none."""
        framer = self.dialect.requests.framer()
        framer.feed(data)
        frame = framer.next()
        if frame is None or frame.deviations:
            return None
        if self.dialect.largest_request and len(data) > self.dialect.largest_request:
            return None
        return frame.payload

    def answer(self, request: bytes) -> bytes | None:
        """What is said to a request; None: nothing."""
        content = SERVICES.get(self.dialect.standard)
        if content is not None:
            return content(self)
        exchange = self.dialect.answered(request)
        if exchange is None or self.id_missing(request):
            return None
        return exchange.reply

    def id_missing(self, request: bytes) -> bool:
        """Whether a request is too short to carry the id that its reply would repeat."""
        id = self.dialect.id
        return id is not None and len(id.of(request)) < id.width

    def reply(self, payload: bytes, to: Address) -> None:
        """Send one reply, unless it is too long for a datagram, or for what was declared."""
        most = self.dialect.largest_reply or DATAGRAM_OCTETS
        if len(payload) <= most:
            self.send(self.dialect.replies.encode(payload), to)

    # what the small services say

    def daytime(self) -> bytes:
        """The date (RFC 867)."""
        return daytime_line(self.config.moment())

    def time(self) -> bytes:
        """The time (RFC 868)."""
        return time_octets(self.config.moment())

    def characters(self) -> bytes:
        """Characters, up to 512 (RFC 864)."""
        self.line += CHARACTER_LINES
        return characters(self.line - CHARACTER_LINES, CHARACTER_LINES)

    def quote(self) -> bytes:
        """A quotation (RFC 865)."""
        return QUOTE


#: What is said to any datagram, by the standard of the service.
SERVICES: dict[str, Callable[[DialectDatagrams], bytes]] = {
    "rfc864": lambda session: session.characters(),
    "rfc865": lambda session: session.quote(),
    "rfc867": lambda session: session.daytime(),
    "rfc868": lambda session: session.time(),
}

"""The strict session of any stream dialect: it cuts what arrives by the dialect's framing, and answers by its rule, its
samples, or not at all.

A mutant is this session with one small method overridden. It reads octets through a framer of `wire/`, keeps a bounded
number of them, closes on whatever is no request, and does nothing that the dialect does not say. It must not know what
messages mean; the small services of old (RFC 862 to 868) are the one exception, and say what their standards say.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pytest_netconform.dialect import Dialect, Exchange
from pytest_netconform.reference_servers.session import Close, Session, TellWhenSent, WakeAt
from pytest_netconform.wire.frames import Frame, Framer
from pytest_netconform.wire.layers import base
from pytest_netconform.wire.services import QUOTE, characters, daytime_line, time_octets

BEGINNING = 1767225600.0  # the first second of 2026, where nobody says what time it is
PORTION = 100  # lines of characters that are sent at a time
LIMIT = 1 << 20  # octets of one request


@dataclass(frozen=True)
class DialectConfig:
    """A server's circumstances.

    limit: octets of a request with its framing that are kept; idle: seconds without a word after which a client is left
    (None: never). clock: the moment, in seconds since 1970. shared: what all connections of one server have in common;
    the strict session has nothing there, mutants may.
    """

    limit: int = LIMIT
    idle: float | None = None
    clock: Callable[[], float] = lambda: BEGINNING
    shared: dict[str, Any] = field(default_factory=dict)


class DialectSession(Session):
    """One client's connection. Every method without an underscore is there to be overridden by a mutant."""

    def __init__(self, dialect: Dialect, config: DialectConfig | None = None) -> None:
        super().__init__()
        self.dialect = dialect
        self.config = config or DialectConfig()
        self.framer = self.make_framer()
        self.closing = False
        self.line = 0  # of the characters, the next one
        self._heard = 0.0

    # -- speaking first

    def greet(self) -> None:
        """Say what is said without being asked: a greeting, the whole service, or the beginning of one without end."""
        if self.dialect.unasked == "stream":
            self.talk()
        elif self.dialect.greeting is not None:
            self.reply(self.greeting())
            if self.dialect.unasked:
                self.close()

    def greeting(self) -> bytes:
        """What is said first."""
        said = self.service()
        if said is None and self.dialect.greeting is not None:
            said = self.dialect.greeting.reply
        return said or b""

    def service(self) -> bytes | None:
        """What a small service of old says, by its standard; None for any other dialect."""
        moment = self.config.clock()
        services: dict[str, Callable[[], bytes]] = {
            "rfc865": lambda: QUOTE,
            "rfc867": lambda: daytime_line(moment),
            "rfc868": lambda: time_octets(moment),
        }
        return services[self.dialect.standard]() if self.dialect.standard in services else None

    def talk(self) -> None:
        """The next portion of what has no end, and more when it has left: nothing piles up (RFC 864)."""
        self.send(self.portion())
        self.act(TellWhenSent())

    def portion(self) -> bytes:
        """The next lines of characters."""
        found = characters(self.line, PORTION)
        self.line += PORTION
        return found

    # -- hearing

    def make_framer(self) -> Framer:
        """How requests are told apart."""
        return self.dialect.requests.framer(self.config.limit)

    def digest(self) -> None:
        """Take every whole request out of what has arrived, in order."""
        while not self.closing and (frame := self.framer.next()) is not None:
            self.on_frame(frame)

    def on_frame(self, frame: Frame) -> None:
        """One message: served, or the end of the dialogue."""
        if frame.payload is not None and self.acceptable(frame, frame.payload):
            self.on_request(frame.payload)
        else:
            self.on_broken(frame)

    def acceptable(self, frame: Frame, payload: bytes) -> bool:
        """Whether a message is framed without a fault, readable, and not too long."""
        largest = self.dialect.largest_request
        return not frame.deviations and self.readable(payload) and (not largest or len(payload) <= largest)

    def readable(self, payload: bytes) -> bool:
        """Whether a payload is text where the dialect says that payloads are (its id is octets)."""
        text = payload if self.dialect.id is None else self.dialect.id.put(payload, b"")
        try:
            text.decode(self.dialect.encoding or "latin-1")
        except UnicodeDecodeError:
            return False
        return True

    def on_broken(self, frame: Frame) -> None:
        """No request, and perhaps nobody knows where the next one begins: the connection is closed."""
        self.close()

    def on_request(self, payload: bytes) -> None:
        """A request, whole and right."""
        exchange = self.look_up(payload)
        if exchange is None:
            self.on_unknown(payload)
        elif (reply := self.answer(exchange)) is not None:
            self.reply(reply)

    def look_up(self, payload: bytes) -> Exchange | None:
        """What the dialect says of a request; None: nothing."""
        return self.dialect.answered(payload)

    def answer(self, exchange: Exchange) -> bytes | None:
        """The payload of the reply; None: silence."""
        return exchange.reply

    def on_unknown(self, payload: bytes) -> None:
        """A request of which the dialect says nothing ends the dialogue; a stream without messages is taken in."""
        if base(self.dialect.requests).kind != "flow":
            self.close()

    def on_last(self, frame: Frame) -> None:
        """What stood there when the stream ended: a message that the end completes, or half a one, which is nothing."""
        if frame.payload is not None:
            self.on_frame(frame)

    # -- answering

    def reply(self, payload: bytes) -> None:
        """Send one reply; where the end of the stream ends it, that follows."""
        self.send(self.encode(payload))
        if base(self.dialect.replies).kind == "until-close":
            self.close()

    def encode(self, payload: bytes) -> bytes:
        """A reply as it travels."""
        return self.dialect.replies.encode(payload)

    def close(self) -> None:
        """Close once what was said is written; nothing that arrives later is heard."""
        if not self.closing:
            self.closing = True
            self.act(Close())

    # -- what the carriage's calls lead to

    def on_open(self) -> None:
        self._heard = self.now
        self._arm()
        self.greet()

    def on_data(self, data: bytes) -> None:
        self._heard = self.now
        if not self.closing and not self.dialect.unasked:
            self.framer.feed(data)
            self.digest()

    def on_end(self) -> None:
        """The client says no more: what he has said is answered, half a message is forgotten, then the end."""
        if not self.closing and (frame := self.framer.finish()) is not None:
            self.on_last(frame)
        self.close()

    def on_sent(self) -> None:
        if not self.closing:
            self.talk()

    def on_wake(self) -> None:
        if self.config.idle is None or self.closing:
            return
        if self.now >= self._heard + self.config.idle:
            self.on_idle()
        else:
            self._arm()

    def on_idle(self) -> None:
        """The client has been silent for too long."""
        self.close()

    def _arm(self) -> None:
        # one timer for many arrivals: it is set again when it fires too early
        if self.config.idle is not None:
            self.act(WakeAt(self._heard + self.config.idle))


def speakable(dialect: Dialect) -> None:
    """Raise ValueError when our own server would have nothing to say: a pattern without an example."""
    named = {"greeting": dialect.greeting, "unknown": dialect.unknown}
    named |= {f"exchange[{number}]": exchange for number, exchange in enumerate(dialect.exchanges, 1)}
    for key, exchange in named.items():
        if exchange is not None and exchange.pattern is not None and exchange.example is None:
            raise ValueError(f"the dialect {dialect.name}: {key} has a hear_pattern and no example to answer with")

"""The client's half of any stream dialect: the generic dialogue over the dialect's framing, and the steps that the
generic suites share.

What is said and heard are exchanges, which the dialect makes; octets that are wrong come from its framing. A target
without a dialect has a `Stream` too: it can be connected to, written to and left, and nothing it says is understood.
"""

from __future__ import annotations

import errno
import os
import re
import time
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from typing import ClassVar, Protocol, TypeVar, runtime_checkable

from pytest_netconform.dialect import Dialect, Exchange
from pytest_netconform.dialogue import Dialogue, Say, reach
from pytest_netconform.transcript import What
from pytest_netconform.transport import Carriage, Gone, Silence, TlsFailure, Wire
from pytest_netconform.verdict import Inconclusive, NonConformity, NotApplicable
from pytest_netconform.visit import NoConnection, Opener, Visit
from pytest_netconform.wire.frames import MESSAGE_LIMIT, Frame, Framer, Wrong, short
from pytest_netconform.wire.framing import Flow, UntilClose, base

PAUSE = 0.001  # seconds between two segments
PIECE = 1 << 16  # octets that are written before we listen again
QUOTED = 4096  # octets of an expression by which a reproducer knows a right reply
ANYTHING = UntilClose().pattern
FRESH = 1000  # the number of the first probe that a check does not ask itself

S = TypeVar("S", bound="Stream")
#: Why a connection cannot even be tried.
OURS = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


@runtime_checkable
class Placed(Protocol):
    """A carriage whose peer stands at addresses."""

    def hosts(self) -> tuple[str, ...]:
        """All of them."""

    def at(self, host: str) -> Carriage:
        """The way to one of them."""


@dataclass(frozen=True)
class Reaction:
    """What came of octets within a silence window: whole messages, other octets, and how it ended.

    end: `open` (silence), `close` or `reset`.
    """

    frames: tuple[Frame, ...]
    rest: bytes
    end: str

    @property
    def payloads(self) -> list[bytes]:
        """What the messages carried, where they could be framed."""
        return [frame.payload for frame in self.frames if frame.payload is not None]

    def __str__(self) -> str:
        said = [short(frame.raw) for frame in self.frames] + ([short(self.rest)] if self.rest else [])
        return ", then ".join([*said, {"open": "silence", "close": "a close", "reset": "a reset"}[self.end]])


class Stream(Dialogue[Frame]):
    """One connection. `greeting` is what the server said first, once it was read.

    strict: this check judges the framing itself, so a reply that is not framed as it should be is a NonConformity here
    (elsewhere it is Inconclusive, or passed over).
    """

    accepted: ClassVar = ("message",)
    refused: ClassVar = ()
    longest: ClassVar[int] = MESSAGE_LIMIT + PIECE

    def __init__(self, visit: Visit) -> None:
        dialect = visit.target.dialect
        super().__init__(visit, Flow().framer if dialect is None else dialect.replies.framer)
        self.strict = False
        self.greeting: bytes | None = None
        self._fresh = FRESH

    def strictly(self, id: str) -> None:
        """Say which requirement this check is for; where that judges the framing of replies, it is `strict`."""
        self.strict = self._framer.grammar == id

    # -- what there is to say

    @property
    def dialect(self) -> Dialect:
        """What the target speaks. Raises NotApplicable where nobody said."""
        if self.target.dialect is None:
            raise NotApplicable("dialect", "nobody said what the target speaks (?dialect=, --netconform-dialect=)")
        return self.target.dialect

    def probe(self, number: int = 0, size: int = 0) -> Exchange:
        """An exchange whose reply is known: exactly (`exact`), or else by its pattern; under a rule each number has its
        own, in the size asked for. Raises NotApplicable where nothing is `known`.
        """
        if "known" not in self.dialect.capabilities:
            raise NotApplicable("known", "no request of the dialect is answered")
        return self.dialect.probe(number, size)

    def probes(self, count: int, size: int = 0, first: int = 0) -> tuple[Exchange, ...]:
        """So many of them, the first of which has this number."""
        return tuple(self.probe(number, size) for number in range(first, first + count))

    def encoded(self, *exchanges: Exchange) -> bytes:
        """The requests as they travel, one behind the other."""
        return b"".join(self.dialect.requests.encode(exchange.say) for exchange in exchanges)

    @property
    def whole(self) -> bool:
        """Whether a request is what comes up to the end of the stream: one a connection, ended by our half-close."""
        return base(self.dialect.requests).kind == "until-close"

    @property
    def flows(self) -> bool:
        """Whether replies are octets without messages."""
        return self.target.dialect is None or base(self.dialect.replies).kind == "flow"

    # -- saying

    def send(self, *what: Say) -> None:
        """Write everything, and take in what comes meanwhile, so that two full buffers never wait for each other."""
        data = b"".join(w if isinstance(w, bytes) else w.encode() + b"\r\n" for w in what)
        for place in range(0, len(data), PIECE):
            super().send(data[place : place + PIECE])
            if len(data) > PIECE:
                self._take_in()
        self._said = self._shown(data)

    def _take_in(self) -> None:
        try:
            while data := self.wire.receive(self.wire.now()):
                self._framer.feed(data)
        except (Silence, Gone, TlsFailure):
            return  # how a connection ended is seen again by whoever listens

    def say(self, *exchanges: Exchange) -> None:
        """The requests in one write; where the end of the stream ends a request, our half is closed behind it."""
        self.send(self.encoded(*exchanges))
        if self.whole:
            self.finish()

    def in_pieces(self, *pieces: bytes) -> None:
        """Each piece in a segment of its own, as far as pauses can bring that about."""
        for place, piece in enumerate(pieces):
            if place:
                self.target.carriage.pause(PAUSE)
            self.send(piece)

    def flood(self, data: bytes, most: int) -> int:
        """Say the same octets again and again, at most so many, until the peer says something, ends, or takes nothing
        for a silence window: how many he took. What he made of it, `react` tells.
        """
        self._said = f"{self._shown(data)} again and again"
        return self.wire.flood(data, most, self.target.window)

    def unread(self, data: bytes, most: int) -> int:
        """Say the same octets again and again, at most so many, and read nothing, until the peer takes no more for a
        silence window: how many he took.
        """
        self._said = f"{self._shown(data)} again and again, unread"
        return self.wire.flood(data, most, self.target.window, deaf=True)

    def urgent(self, octet: bytes) -> None:
        """One octet as urgent data. That the connection broke is noticed by whoever listens."""
        with suppress(Gone, Silence):
            self.wire.send_urgent(octet, self.wire.now() + self.target.patience)

    def finish(self) -> None:
        """Close our half: no more will come from us, and we go on listening. Raises NotApplicable inside TLS."""
        if self.wire.secure:
            # up to TLS 1.2 a server that sees our end must drop what it has not said yet (RFC 5246 7.2.1)
            raise NotApplicable("CLEAR", "inside TLS an end of one half alone is not for every server")
        self.wire.shutdown()

    # -- hearing

    def ask(self, *exchanges: Exchange, within: float | None = None) -> list[bytes]:
        """Say all in one write and hear each right reply, in order: their payloads."""
        self.say(*exchanges)
        return self.hears(*exchanges, within=within)

    def hears(self, *exchanges: Exchange, within: float | None = None) -> list[bytes]:
        """The right replies in order, and no other; a silent one is passed over (what follows shows it was silent)."""
        answered = [exchange for exchange in exchanges if not exchange.silence]
        if not answered:
            self.silent(f"in answer to {self._said}")
            return []
        if self.flows:
            return [self._hear_flow(b"".join(exchange.hear or b"" for exchange in answered), within)]
        return [self._hear_one(exchange, within) for exchange in answered]

    def _hear_one(self, exchange: Exchange, within: float | None) -> bytes:
        expected = f"{exchange.describe()} in answer to {short(exchange.say)}"
        pattern = self._pattern(exchange)
        if isinstance(self._framer, Framer) and self.dialect.replies.pattern == ANYTHING:
            # no expression can tell a reproducer where an answer ends, but for the right one
            self._framer.pattern = ANYTHING if pattern is None else pattern
        frame = self.hear(expected, within=within)
        if frame.payload is None or (self.strict and frame.deviations):
            self._misframed(frame, expected, pattern)
        if not exchange.fits(frame.payload):
            received = short(frame.payload or b"")
            raise NonConformity(expected, received, pattern=pattern)
        return frame.payload or b""

    def _misframed(self, frame: Frame, expected: str, pattern: bytes | None) -> None:
        problem = f"{self._shown(frame.raw)} ({'; '.join(frame.deviations)})"
        if not self.strict:
            raise Inconclusive(f"an answer that cannot be framed: {problem}; {self._framer.grammar} judges that")
        raise NonConformity(f"{expected}, in {self.dialect.replies.describe()}", problem, pattern=pattern)

    def _hear_flow(self, right: bytes, within: float | None) -> bytes:
        expected = f"{short(right)} in answer to {self._said}"
        data = self.octets(len(right), expected, within=within)
        if data != right:
            place = next(i for i, (a, b) in enumerate(zip(data, right, strict=True)) if a != b)
            received = short(data) if len(right) <= 40 else f"from octet {place} on {short(data[place : place + 40])}"
            raise NonConformity(expected, received, pattern=exactly(right))
        return data

    def _pattern(self, exchange: Exchange) -> bytes | None:
        """What the octets of a right reply match, for a reproducer."""
        return None if exchange.hear is None else exactly(self.dialect.replies.encode(exchange.hear))

    def octets(self, count: int, expected: str = "", *, within: float | None = None) -> bytes:
        """The next so many octets, where replies are octets without messages. Raises NonConformity when fewer come."""
        expected = expected or f"{count} octets"
        patience = self.target.patience if within is None else within
        deadline = self.wire.now() + patience
        self._await("answer", patience, b"(?s:.{%d})" % count)
        data = bytearray()
        while len(data) < count:
            if (frame := self._framer.next()) is not None:
                data += frame.raw
                continue
            try:
                arrived = self.wire.receive(deadline)
            except Silence:
                raise self._fewer(expected, data, f"nothing for {patience:g} s") from None
            except (Gone, TlsFailure) as error:
                self.over = self.broken = True
                raise self._fewer(expected, data, f"the end of the connection ({error})") from None
            if not arrived:
                self.over = True
                raise self._fewer(expected, data, "the connection was closed")
            self._framer.feed(arrived)
        self._framer.feed(bytes(data[count:]))
        self.wire.record(What.HEARD, bytes(data[:count]))
        return bytes(data[:count])

    def _fewer(self, expected: str, data: bytearray, end: str) -> NonConformity:
        received = f"{short(bytes(data))}, then {end}" if data else end
        return NonConformity(expected, received, owed=True, passing=True)

    def _ended_by_close(self) -> Frame | None:
        frame = self._framer.finish() if isinstance(self._framer, Framer) else None
        return frame if frame is not None and frame.payload is not None else None

    def greet(self) -> None:
        """Read what the server says first, and judge it; remembers it in `greeting`."""
        greeting = self.dialect.greeting
        assert greeting is not None
        expected = f"{greeting.describe()} as the greeting"
        frame = self.hear(expected)
        if not greeting.fits(frame.payload):
            raise NonConformity(expected, self._shown(frame.raw))
        self.greeting = frame.payload

    def rest(self, *, within: float | None = None) -> bytes:
        """Everything that comes up to the end of the stream, as octets. A reset, or no end, is a NonConformity."""
        patience = self.target.patience if within is None else within
        expected = "the end of the stream"
        deadline = self.wire.now() + patience
        data = bytearray(self._framer.rest())
        self._framer = self._make_framer()
        self._await("close", patience)
        try:
            while arrived := self.wire.receive(deadline):
                data += arrived
                if len(data) > self.longest:
                    raise NonConformity(expected, f"more than {self.longest} octets")
        except Silence:
            raise NonConformity(expected, f"it is still open after {patience:g} s", owed=True, passing=True) from None
        except (Gone, TlsFailure) as error:
            self.over = self.broken = True
            raise NonConformity(f"{expected}, not a reset", str(error), owed=True) from None
        self.over = True
        self.visit.evidence.add("close")
        return bytes(data)

    def react(self, *, window: float | None = None) -> Reaction:
        """What the peer does within a silence window, which begins anew with everything that he says; of a peer who
        does not stop, what he says while our patience lasts.
        """
        window = self.target.window if window is None else window
        frames: list[Frame] = []
        deadline = self.wire.now() + self.target.patience
        while self.wire.now() < deadline:
            try:
                frames.append(self.hear(within=window))
            except NonConformity:
                break
        end = "reset" if self.broken else "close" if self.over else "open"
        return Reaction(tuple(frames), self.unframed(), end)

    # -- kinds of expectation

    def declines(self, wrong: Wrong, right: Exchange) -> Reaction:
        """Octets that are no request are not answered as if they were `right`: an error, a close, silence are all well.

        `right` itself is asked first: in this session where several requests can be, else on a connection of its own.
        """
        self.twin(right)
        self.send(wrong.octets)
        if wrong.ended:
            self.finish()
        reaction = self.react()
        self.visit.evidence.add("refusal")
        expected = f"{wrong.because} not to be answered as {short(right.say)} is"
        if any(right.fits(payload) for payload in reaction.payloads):
            raise NonConformity(expected, str(reaction))
        return reaction

    def twin(self, right: Exchange) -> None:
        """The valid neighbour of what comes next is answered: here, or, where nothing can follow it, on a connection
        that has gone when this one comes in its place. Inconclusive otherwise.
        """
        try:
            self.ask(right)
        except NonConformity as problem:
            raise Inconclusive(f"prerequisite not met: {problem}") from None
        self.visit.evidence.add("twin")
        if self.whole or "replies-until-close" in self.target.claims:
            self._come_again()

    def _come_again(self) -> None:
        """Another connection in the place of this one, which has served."""
        other = self.afresh()
        self.wire, self._framer, self.greeting = other.wire, other._framer, other.greeting
        self.over = self.broken = False

    def alive(self) -> None:
        """The session goes on, in step: a probe that was not asked before gets its answer.

        Where there is one request a connection, or none, the next connection shows it.
        """
        self._fresh += 1
        words = self.target.claims
        try:
            if "unasked-stream" in words:
                self.octets(PIECE, "more of what has no end")
            elif self.target.dialect is None or "unasked" in words or self.whole or "replies-until-close" in words:
                self.afresh().served(self._fresh)
            else:
                self.served(self._fresh)
        except NonConformity as problem:
            problem.owed = True
            raise
        self.visit.evidence.add("control")

    def served(self, number: int = FRESH) -> None:
        """This connection does what the dialect says: it answers, greets, takes what it is sent, or stands."""
        words = self.target.claims
        if self.target.dialect is None:
            self._stands()
        elif "unasked-stream" in words:
            self.octets(1, "what has no end")
        elif "unasked" in words:
            self.greet()
        elif "known" in words:
            self.ask(self.probe(number))
        else:
            self.say(self.dialect.exchanges[0])
            self._stands()

    def _stands(self) -> None:
        """Nobody can say what is owed here; whether the connection stands is compared with what sanity saw."""
        stood = self.target.shared.get(STANDS, True)
        if self.ended() is stood:
            expected = "a connection that stays open" if stood else "a connection that is closed at once, as at first"
            raise NonConformity(expected, "it was closed" if stood else "it stays open", owed=True, passing=True)

    # -- other connections

    def afresh(self: S) -> S:
        """This connection closed, and another one in its place: for servers that serve one client at a time too.

        Use it wherever the check is not about several connections at once.
        """
        self.wire.close()
        assert self.reopen is not None
        opened: S = reach(self.reopen, self.visit, self.rung)
        return opened

    def owed(self: S, after: str) -> S:
        """This connection closed, and another one in its place that the target owes us: for checks that may hurt it.
        Raises NotApplicable where nobody is owed anything after the first client.
        """
        if self.target.once_only:
            raise NotApplicable("-once", "as declared, nobody is served after the first client")
        self.wire.close()
        opened = self.served_again(after)
        opened.reopen, opened.rung = self.reopen, self.rung
        return opened

    def others(self: S, count: int) -> list[S]:
        """So many connections more, all open at once, which the target owes us: for checks that are `@crowded`."""
        found = [self.served_again("while others are open") for _ in range(count)]
        for other in found:
            other.reopen, other.rung = self.reopen, self.rung
        return found

    def passer(self, after: str) -> Wire:
        """A bare connection, which the target owes us, of somebody who will not stay; nothing was read."""
        try:
            return self.visit.dial()
        except NoConnection as problem:
            expected = f"a new connection to be taken {after}"
            raise NonConformity(expected, str(problem), owed=True, passing=True) from None

    @property
    def hosts(self) -> tuple[str, ...]:
        """The addresses of the target; none where it is a socket file."""
        carriage = self.target.carriage
        return carriage.hosts() if isinstance(carriage, Placed) else ()

    def elsewhere(self: S, host: str) -> S:
        """A connection to the target at another of its addresses. Raises NonConformity when nobody is there, and
        Inconclusive when our own system knows no way to there.
        """
        carriage = self.target.carriage
        assert isinstance(carriage, Placed) and self.reopen is not None
        visit = copy(self.visit)
        visit.target = copy(self.target)
        visit.target.carriage = carriage.at(host)
        opener: Opener = self.reopen
        self._await("connect", 0, host.encode())
        try:
            opened: S = opener(visit)
        except NoConnection as problem:
            if any(os.strerror(code) in str(problem) for code in OURS):
                raise Inconclusive(f"our own system knows no way: {problem}") from None
            raise NonConformity(f"service at {host} too", str(problem)) from None
        return opened

    def today(self) -> float:
        """The moment by this machine's calendar, in seconds since 1970."""
        return time.time()


_RUN = re.compile(rb"(?s)(.)\1{7,}")


def exactly(data: bytes) -> bytes | None:
    """An expression for these octets, in which equal ones in a row are counted; None when no script could hold it."""
    if len(data) <= QUOTED:
        return re.escape(data)
    found, place = b"", 0
    for run in _RUN.finditer(data):
        found += re.escape(data[place : run.start()]) + re.escape(run[1]) + b"{%d}" % len(run[0])
        place = run.end()
        if len(found) > QUOTED:
            return None
    found += re.escape(data[place : place + QUOTED])
    return found if place + QUOTED >= len(data) and len(found) <= QUOTED else None


STANDS = "stream-stands"  # among what checks share: whether a fresh connection stays open, where there is no dialect

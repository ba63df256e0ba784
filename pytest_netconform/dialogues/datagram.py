"""The client's half over datagrams: ask with patience, know one's own replies, count, and prove silence.

Datagrams get lost, so what is not answered is asked again, each time with more patience (RFC 8085 3.1.1); they come
late or twice, so every reply is held against all that was asked on the socket. What a dialect says is here; what a
service means by it is not.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pytest_netconform.datagrams import Address, DatagramCarriage, NotOurs, Refused, Unsent, Way, place
from pytest_netconform.dialect import Dialect, Exchange, IdField
from pytest_netconform.transcript import What
from pytest_netconform.transport import Gone, Silence
from pytest_netconform.verdict import Inconclusive, NonConformity, NotApplicable
from pytest_netconform.visit import Remarks, Visit, shown

BACKOFF = (0.1, 0.2, 0.4)  # of the target's patience: 1, 2 and 4 of 10 s
SILENCE_TRIES = 3
SERVICE_PORTS = (7, 13, 17, 19, 37)  # echo, daytime, qotd, chargen, time: each answers whatever it is sent
FLOOD = 10_000  # datagrams in answer to one that are listened to
NOTHING = "nothing in"
REFUSED = "a refusal: nobody listens there (ICMP port unreachable)"


@dataclass(frozen=True)
class Reply:
    """One datagram that came: what it carries (None: it cannot be read), its octets, and who sent it."""

    payload: bytes | None
    raw: bytes
    sender: Address

    @property
    def place(self) -> str:
        """Its sender, as text."""
        return place(self.sender)


ANYTHING = rb"(?s:.*)"


def anything(say: bytes) -> Exchange:
    """A request that may be answered by whatever it be."""
    return Exchange(say, pattern=ANYTHING)


@dataclass(eq=False)
class Asked:
    """What was asked on a socket, how often, and how many replies to it came."""

    exchange: Exchange
    id: IdField | None = None
    sent: int = 0
    heard: int = 0

    def fits(self, reply: Reply) -> bool:
        """Whether a datagram can be its reply: it says what it should, under the id of the request."""
        if reply.payload is None or not self.exchange.fits(reply.payload):
            return False
        if self.id is None or self.exchange.pattern == ANYTHING:
            return True
        return self.id.of(reply.payload) == self.id.of(self.exchange.say)


class Datagrams(Remarks):
    """One socket of a visit. Everything a check does goes through here, so that every expectation is recorded.

    strays: what came from elsewhere than from whom was asked (only an unconnected socket sees that). twice: how many
    replies came more often than their requests had been sent. missing: whether the target's system says that nobody
    listens.
    """

    def __init__(self, visit: Visit, way: Way | None = None) -> None:
        self.visit = visit
        self.target = visit.target
        self.dialect = _dialect(visit)
        self.way = way or Way()
        carriage = visit.target.carriage
        assert isinstance(carriage, DatagramCarriage)
        self._carriage = carriage
        try:
            self.wire = visit.keep(lambda n: carriage.bind(visit.transcript, n, visit.epoch, self.way))
        except NotOurs as error:
            raise NotApplicable(f"port {self.way.port}", f"our system does not give us what we need: {error}") from None
        self.wire.record(What.AWAIT, f"way {self.way.port} {self.way.connected:d} {self.way.host}".encode())
        self.asked: list[Asked] = []
        self.strays: list[Reply] = []
        self.twice = 0
        self.missing = False

    # -- what can be said

    def sample(self, number: int = 0, size: int = 0) -> Exchange:
        """Something that is answered; another one for every number, as far as the dialect has them."""
        if "known" not in self.dialect.capabilities:
            raise NotApplicable("known", "by its dialect the target answers nothing that is known")
        return self.dialect.probe(number, size)

    def samples(self, count: int) -> tuple[Exchange, ...]:
        """The first so many."""
        return tuple(self.sample(number) for number in range(count))

    @property
    def waits(self) -> tuple[float, ...]:
        """Seconds for each try of an answer that is owed; each is twice as long as the one before."""
        return tuple(part * self.target.patience for part in BACKOFF)

    @property
    def hosts(self) -> tuple[str, ...]:
        """The addresses of the target."""
        return self._carriage.hosts()

    def sibling(self, **way: object) -> Datagrams:
        """Another socket of ours; `way` says what is different (`Way`)."""
        return type(self)(self.visit, Way(**{**vars(self.way), "port": 0, **way}))

    def moment(self) -> float:
        """Seconds since 1970, by our own calendar."""
        return time.time()

    # -- saying

    def say(self, exchange: Exchange) -> Asked:
        """Send a request once."""
        return self.again(self._known(exchange))

    def again(self, asked: Asked) -> Asked:
        """Send the same request once more."""
        asked.sent += 1
        self.send(self.dialect.requests.encode(asked.exchange.say))
        return asked

    def send(self, octets: bytes) -> None:
        """Send one datagram of exactly these octets, perhaps of none. Inconclusive when our own system does not."""
        try:
            self.wire.send(octets, self.wire.now() + self.target.patience)
        except Unsent as error:
            raise Inconclusive(f"our own system does not send {len(octets)} octets: {error}") from None
        except Refused:
            raise self._nobody(f"{shown(octets)} to be taken") from None
        except Silence:
            received = f"nothing was taken for {self.target.patience:g} s"
            self._blame("answer")
            raise NonConformity(f"{shown(octets)} to be taken", received, owed=True, passing=True) from None

    # -- hearing

    def ask(self, exchange: Exchange | Asked, *, waits: Sequence[float] | None = None) -> Reply:
        """Send a request until its reply comes; what comes instead, or nothing at all, is a NonConformity."""
        asked = self._known(exchange)
        reply = self.tried(asked, waits=waits)
        if reply is None:
            received = self._nothing(asked.sent, sum(self.waits if waits is None else waits))
            self._blame("answer")
            raise NonConformity(_expected(asked), received, owed=True, passing=True)
        return reply

    def tried(self, exchange: Exchange | Asked, *, waits: Sequence[float] | None = None) -> Reply | None:
        """The same where no answer is owed: None when there is none."""
        asked = self._known(exchange)
        for seconds in self.waits if waits is None else waits:
            self.again(asked)
            reply = self.hear(seconds, asked)
            if reply is not None:
                return reply
        return None

    def everything(self, octets: bytes) -> list[Reply]:
        """All that comes after these octets were sent once, until nothing has come for a silence window."""
        self.send(octets)
        replies: list[Reply] = []
        while len(replies) < FLOOD:
            reply = self.next(self.wire.now() + self.target.window, "the replies to one datagram")
            if reply is None:
                break
            replies.append(reply)
        return replies

    def hear(self, seconds: float, wanted: Asked | None = None) -> Reply | None:
        """The next reply to what was asked here (or to `wanted`), or None; anything else is a NonConformity."""
        deadline = self.wire.now() + seconds
        expected = _expected(wanted) if wanted else "a reply to what was asked"
        while (reply := self.next(deadline, expected)) is not None:
            asked = self.claimed(reply, wanted)
            if asked is None:
                self._blame("reply")
                raise NonConformity(expected, self._shown(reply.raw) or "an empty datagram", owed=self._spare())
            if wanted in (asked, None):
                return reply
        return None

    def next(self, deadline: float, expected: str) -> Reply | None:
        """The next datagram from whom was asked, whatever it says; None at the deadline."""
        while True:
            try:
                arrival = self.wire.receive(deadline)
            except Silence:
                return None
            except Gone as error:
                raise Inconclusive(str(error)) from None
            except Refused:
                raise self._nobody(expected) from None
            framer = self.dialect.replies.framer()
            framer.feed(arrival.data)
            frame = framer.next() or framer.finish()
            reply = Reply(None if frame is None else frame.payload, arrival.data, arrival.sender)
            if arrival.sender == self.wire.peer:
                return reply
            self.strays.append(reply)

    def claimed(self, reply: Reply, wanted: Asked | None = None) -> Asked | None:
        """Whose reply it is: of `wanted` first, then of what was asked last; one too many is noted. None: nobody's."""
        order = [*([wanted] if wanted else []), *reversed(self.asked)]
        fitting = [asked for asked in order if asked.fits(reply)]
        for asked in fitting:
            if asked.heard < asked.sent:
                asked.heard += 1
                return asked
        if fitting:
            self.twice += 1
            self.note("a reply came more often than its request was sent")
            return Asked(fitting[0].exchange)
        return None

    # -- kinds of expectation, each with its evidence

    def given(self, exchange: Exchange) -> Reply:
        """Prerequisite: this is answered; otherwise the check is Inconclusive."""
        try:
            reply = self.ask(exchange)
        except NonConformity as problem:
            raise Inconclusive(f"prerequisite not met: {problem}") from None
        self.visit.evidence.add("twin")
        return reply

    def alive(self, after: str = "") -> None:
        """A sample is answered on a new socket: the target goes on."""
        fresh = self.sibling(connected=True)
        try:
            fresh.ask(self.sample())
        except NonConformity as problem:
            expected = f"{problem.expected} (the target goes on{' ' * bool(after)}{after})"
            raise NonConformity(expected, problem.received, owed=True, passing=True) from None
        self.visit.evidence.add("control")

    def silent(self, octets: bytes, what: str, *, twin: Exchange, via: Datagrams | None = None) -> None:
        """Nothing answers these octets in three tries, while the twin is answered before and after.

        via: the socket that says them, if it is another one.
        """
        via = via or self
        self.given(twin)
        self.visit.evidence.add("silence")
        for _ in range(SILENCE_TRIES):
            via.send(octets)
            via.nothing(what)
        self.alive(f"after {what}")

    def unanswered_services(self, exchange: Exchange) -> None:
        """Asked from the ports of services that answer whatever they get, nobody answers; from other ports he does."""
        self.given(exchange)
        services = list(filter(None, map(self._service, SERVICE_PORTS)))
        if not services:
            raise NotApplicable("root", "our own system gives us none of the ports of such services (it takes root)")
        self.visit.evidence.add("silence")
        octets = self.dialect.requests.encode(exchange.say)
        expected = "silence towards the ports of services that answer"
        answered = [str(service.way.port) for service in services if service.answers(octets, expected)]
        self.given(exchange)
        if answered:
            ports = ", ".join(answered)
            raise NonConformity(expected, f"replies to ports {ports}", owed=True)

    def answers(self, octets: bytes, expected: str) -> bool:
        """Whether these octets are answered in one of three tries. They are sent one at a time: bursts get lost."""
        for _ in range(SILENCE_TRIES):
            self.send(octets)
            if self.next(self.wire.now() + self.target.window, expected) is not None:
                self._blame("silence")
                return True
        return False

    def _service(self, port: int) -> Datagrams | None:
        try:
            return self.sibling(port=port)
        except NotApplicable as reason:
            self.note(str(reason))
            return None

    def nothing(self, what: str, *, window: float | None = None) -> None:
        """Nothing comes within one silence window but replies that are owed; only `silent` gives that a meaning."""
        expected = f"silence after {what}"
        window = self.target.window if window is None else window
        deadline = self.wire.now() + window
        while (reply := self.next(deadline, expected)) is not None:
            if self.claimed(reply) is None:
                self._blame("silence")
                raise NonConformity(expected, self._shown(reply.raw) or "an empty datagram", owed=True)

    def together(self, several: Iterable[Exchange]) -> list[Asked]:
        """Send several at once; those that got lost are asked again, one at a time. All are answered in the end."""
        asked = [self.say(exchange) for exchange in several]
        while not all(one.heard for one in asked) and self.hear(self.waits[0]) is not None:
            pass
        for one in asked:
            if not one.heard:
                self.ask(one)
        return asked

    # -- words

    def _known(self, exchange: Exchange | Asked) -> Asked:
        if isinstance(exchange, Asked):
            return exchange
        self.asked.append(Asked(exchange, self.dialect.id))
        return self.asked[-1]

    def _blame(self, what: str) -> None:
        """Leave word for a reproducer: an answer is missing here, or what just came is a wrong one or broke silence."""
        self.wire.record(What.AWAIT, f"judged {what}".encode())

    def _nobody(self, expected: str) -> NonConformity:
        self.missing = True
        self._blame("answer")
        return NonConformity(expected, REFUSED, owed=True, passing=True)

    def _nothing(self, tries: int, seconds: float) -> str:
        text = f"{NOTHING} {tries} tries, {seconds:g} s"
        if self.strays:
            text += f"; {len(self.strays)} datagrams came from {self.strays[-1].place}"
        return text

    def _spare(self) -> bool:
        """Whether everything that was asked is answered, so that what comes is one reply too many."""
        return all(asked.heard >= asked.sent for asked in self.asked)


def _dialect(visit: Visit) -> Dialect:
    if visit.target.dialect is None:
        raise Inconclusive("nobody told what is said there; write a dialect, and name it by ?dialect=")
    return visit.target.dialect


def _expected(asked: Asked) -> str:
    return f"{asked.exchange.describe()} in answer to {shown(asked.exchange.say) or 'an empty datagram'}"

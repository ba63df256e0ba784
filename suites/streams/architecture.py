"""Architecture: whether clients who are idle, slow or many get in the way of others (FPNP 7).

Single-threaded servers fail here by design: who declares that he serves one client at a time (`serves` in the dialect)
has it recorded. Nothing here takes an architecture for wrong that serves everybody.
"""

from __future__ import annotations

from pytest_netconform.dialogues.stream import Stream
from pytest_netconform.requirement import INTEROP, crowded, hostile, needs, requirement, serial, slow
from pytest_netconform.verdict import Inconclusive, NonConformity

OTHERS = 5  # clients beside the slow one
PIECES = 10  # of his request
QUESTIONS = 4  # that each of the others asks between two of them; a hundred show nothing more
UNREAD = 4 << 20  # octets of answers that nobody reads, where a rule makes long ones: more than buffers hold
LARGE = 16_000  # octets of each of them
MOST = 10_000  # questions, where answers are short
CLIENTS = 300  # one after the other; the row has 500, and what is used up by each would be used up by these
SECONDS = 3.0  # that they may take in all
LATER = 12  # tries, a second apart, to be served again by who limits how many may come in a while
FULL = 1100  # connections at once: more than the 1024 descriptors that a process usually has
RECOVERY = 5.0  # seconds until the next client is served after they have gone
DECLARE = 'who means to serve one client at a time says so in his dialect: serves = "one-at-a-time"'


def _beside(stream: Stream, count: int) -> list[Stream]:
    """So many others, who are served while the first one is idle."""
    try:
        others = stream.others(count)
        for other in others:
            other.served()
    except NonConformity as problem:
        raise Inconclusive(f"nobody is served beside another client, ZEN-idle-holder judges that: {problem}") from None
    return others


def _meanwhile(stream: Stream, other: Stream, while_: str) -> None:
    """Another client is served; a failure says what could be declared, and whether he is served later."""
    try:
        other.served()
    except NonConformity as problem:
        stream.note(DECLARE)
        raise NonConformity(f"{problem.expected}, while {while_}", problem.received, owed=True, passing=True) from None


@requirement("ZEN-idle-holder", INTEROP, "FPNP 7", "A client that says nothing keeps nobody from being served.")
@needs("known|unasked-stream")
@serial
@crowded
def test_idle_client_holds_nobody(stream: Stream) -> None:
    """While one is connected and silent, another is served; then the first one is."""
    (other,) = stream.others(1)
    _meanwhile(stream, other, "another client is idle")
    other.wire.close()
    stream.served()
    stream.observe("another client is served meanwhile")


@requirement("ZEN-slow-client", INTEROP, "FPNP 7", "A client that speaks slowly slows nobody else down.")
@needs("framed|flow", "known", "-lock-step")
@serial
@crowded
def test_slow_client_slows_nobody_down(stream: Stream) -> None:
    """Between the pieces of one request, five others ask four questions each; in the end all are answered."""
    others = _beside(stream, OTHERS)
    probe = stream.probe()
    data = stream.encoded(probe)
    size = -(-len(data) // PIECES)
    for place in range(0, len(data), size):
        stream.send(data[place : place + size])
        for number in range(QUESTIONS):
            for other in others:
                _asked(stream, other, place * QUESTIONS + number)
    stream.hears(probe)
    stream.observe("others are served meanwhile")


def _asked(stream: Stream, other: Stream, number: int) -> None:
    try:
        other.ask(other.probe(number))
    except NonConformity as problem:
        stream.note(DECLARE)
        expected = f"{problem.expected}, while another client has said half a request"
        raise NonConformity(expected, problem.received, owed=True, passing=True) from None


@requirement("ZEN-slow-reader", INTEROP, "FPNP 7", "A client that does not read its answers keeps nobody waiting.")
@needs("framed|flow", "known", "-lock-step")
@hostile
@crowded
def test_slow_reader_keeps_nobody_waiting(stream: Stream) -> None:
    """One asks for more than buffers hold, and reads none of it; another is served meanwhile."""
    (other,) = _beside(stream, 1)
    stream.wire.pour(_plenty(stream), stream.wire.now() + stream.target.window)
    _meanwhile(stream, other, "another client does not read")
    stream.observe("another client is served meanwhile")


def _plenty(stream: Stream) -> bytes:
    if not stream.dialect.rule:
        return stream.encoded(*stream.probes(len(stream.dialect.known))) * (MOST // len(stream.dialect.known))
    most = stream.dialect.most
    size = LARGE if most is None else min(LARGE, most)
    return stream.encoded(stream.probe(0, size)) * min(MOST, UNREAD // size)


@requirement("ZEN-fork-reap", INTEROP, "FPNP 7", "Short connections, one after the other, use nothing up.")
@needs("-once")
@hostile
def test_many_short_connections(stream: Stream) -> None:
    """Recorded: whether all of three hundred, or of as many as come in three seconds, are served; later ones are."""
    # Field note: xinetd (`cps`) and inetd limit how many may come in a while, and serve again after a pause.
    stream.wire.close()
    told = "short connections in a row are all served"
    for number in range(CLIENTS):
        try:
            if stream.target.owes:
                stream = stream.owed("after many short connections")
                stream.served(number)
            else:
                stream.passer("after many short connections").close()
        except NonConformity:
            told = "short connections in a row are served up to a limit, and again later"
            break
        if stream.visit.seconds() > SECONDS:
            break
    _served_in_the_end(stream, "after many short connections", LATER, 1.0)
    stream.observe(told)


def _served_in_the_end(stream: Stream, after: str, tries: int, pause: float) -> None:
    """The next client is served, or one of the next few."""
    for left in reversed(range(tries)):
        try:
            stream = stream.owed(after)
            stream.served()
            return
        except NonConformity:
            if not left:
                raise
        stream.target.carriage.pause(pause)


@requirement(
    "ZEN-fd-exhaust", INTEROP, "FPNP 7", "Who was visited by too many at once serves again when they have gone."
)
@needs("-once")
@slow
@hostile
@crowded
def test_too_many_at_once(stream: Stream) -> None:
    """Recorded: whether eleven hundred find room. They leave together, and within five seconds the next one is served.

    How many can be open is also for our own process to say (`ulimit -n`).
    """
    guests = []
    try:
        for _ in range(FULL):
            guests.append(stream.passer("while many others are open"))
        told = f"{FULL} connections find room at once"
    except NonConformity:
        told = f"fewer than {FULL} connections find room at once"
    for guest in guests:
        guest.close()
    _served_in_the_end(stream, "after too many connections", int(RECOVERY / 0.25), 0.25)
    stream.observe(told)


NOT_CHECKED: list[tuple[str, str]] = []

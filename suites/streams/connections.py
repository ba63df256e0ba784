"""Connections: how they end, and what a server makes of clients that leave as they please (RFC 9293 3.5, 3.6, 3.8)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pytest_netconform.dialogues.stream import Stream
from pytest_netconform.requirement import INTEROP, MUST, SHOULD, needs, requirement
from pytest_netconform.verdict import NonConformity

TAIL = 100_000  # octets that are under way when our half is closed
PAUSE = 0.3  # seconds between two halves of a request; a reproducer repeats what is longer than a quarter
LEAVERS = 50  # clients that leave without a word
ABORTS = 20  # clients that leave in the middle of one
HALVES = 5
SECONDS = 2.0  # after which no more of them come: where a queue is short, each may wait a second for his place in it
IDLE = 2.5  # seconds; the catalogue has five, no check over sockets takes so long
UNREAD = b"a" * 1000  # what a server may leave unread
URGENT = b"u"
AROUND = (b"abc", b"def")  # it


def _half(stream: Stream) -> bytes:
    """Half a request; where there are none, an octet."""
    if stream.target.dialect is None or "asked" not in stream.target.claims:
        return b"a"
    dialect = stream.target.dialect
    data = stream.encoded(stream.probe() if "known" in dialect.capabilities else dialect.exchanges[0])
    return data[: (len(data) + 1) // 2]


def _turns(stream: Stream, count: int) -> Iterator[int]:
    """So many turns, as far as there is time for them."""
    until = stream.wire.now() + SECONDS
    for turn in range(count):
        if stream.wire.now() < until:
            yield turn


# -- our half is closed first


@requirement(
    "TCP-9293-3.6-half-close-echo",
    MUST,
    "RFC 862, RFC 9293 3.6",
    "What was sent before our half is closed comes back, then the server closes.",
)
@needs("flow", "rule")
def test_tail_before_half_close(stream: Stream) -> None:
    """100 kB and the end of our half in one go: all of it is answered, then the stream ends."""
    # Field note: ncat 7.93 -e drops what its program still has to say when it sees the end of our half.
    # A server on asyncio that returns nothing from `eof_received` is right too: what it wrote is flushed.
    probe = stream.probe(0, TAIL)
    stream.say(probe)
    stream.finish()
    stream.hears(probe)
    rest = stream.rest()
    stream.require(not rest, "nothing behind it", rest)


@requirement(
    "TCP-9293-3.6-half-close-order",
    MUST,
    "RFC 9293 3.6",
    "The end of our half ends a request; it is answered, then the server closes.",
)
@needs("until-close", "known")
def test_end_of_our_half_ends_a_request(stream: Stream) -> None:
    """Two halves with a pause between them and the end behind them get one answer, that of the whole, and the end."""
    probe = stream.probe(1)
    data = stream.encoded(probe)
    middle = (len(data) + 1) // 2
    stream.send(data[:middle])
    stream.target.carriage.pause(PAUSE)
    stream.send(data[middle:])
    stream.finish()
    stream.hears(probe)
    rest = stream.rest()
    stream.require(not rest, "nothing behind the answer", rest)


@requirement(
    "TCP-server-not-wait-all", MUST, "RFC 862", "Data comes back as it arrives, not once the client has ended."
)
@needs("flow", "rule")
def test_one_octet_comes_back(stream: Stream) -> None:
    """A single octet is answered while our half is open, and so is the next one."""
    # Field note: inetutils-inetd 2.4 takes up to a second for it now and then.
    for number in range(2):
        stream.ask(stream.probe(number, 1))


# -- clients that leave


@requirement(
    "TCP-eof-mid-message", SHOULD, "RFC 9293 3.6", "A client that leaves in the middle of a request hurts no other."
)
@needs("framed", "-once")
def test_leaving_within_a_request(stream: Stream) -> None:
    """Up to five clients close behind half a request; the next one is served."""
    for _ in _turns(stream, HALVES):
        stream.send(_half(stream))
        stream = stream.owed("after clients left within a request")
    stream.served()


@requirement("TCP-eof-immediately", SHOULD, "RFC 9293 3.6", "Clients that leave at once hurt no other.")
@needs("-once")
def test_leaving_at_once(stream: Stream) -> None:
    """Up to fifty clients connect and close; the next one is served."""
    stream.wire.close()
    for _ in _turns(stream, LEAVERS):
        stream.passer("after clients left at once").close()
    stream.owed("after clients left at once").served()


@requirement("TCP-9293-3.5.3-rst-abort", SHOULD, "RFC 9293 3.5.3, 3.10.5", "A client that aborts hurts no other.")
@needs("-once")
def test_aborting_within_a_request(stream: Stream) -> None:
    """Up to twenty clients reset their connections behind half a request; the next one is served."""
    for _ in _turns(stream, ABORTS):
        stream.send(_half(stream))
        stream.wire.reset()
        stream = stream.owed("after connections were reset")
    stream.served()


@requirement(
    "TCP-rst-before-accept", SHOULD, "RFC 9293 3.10.5", "A client that aborts before it is accepted hurts no other."
)
@needs("-once")
def test_aborting_at_once(stream: Stream) -> None:
    """Up to fifty clients connect and reset; the next one is served."""
    stream.wire.close()
    for _ in _turns(stream, LEAVERS):
        stream.passer("after clients aborted at once").reset()
    stream.owed("after clients aborted at once").served()


# -- the server's own end


@requirement(
    "TCP-fin-seen", SHOULD, "RFC 9293 3.6", "A dialogue that is over ends with a FIN, not a reset, and not never."
)
@needs("-unasked-stream")
def test_end_is_orderly(stream: Stream) -> None:
    """Behind the last answer, or our own end, comes the end of the stream."""
    words = stream.target.claims
    if "unasked" in words:
        stream.greet()
    elif stream.target.dialect is None:
        stream.finish()
    elif "known" in words:
        stream.ask(stream.probe(1))
        if "replies-until-close" not in words:
            stream.finish()
    else:
        stream.say(stream.dialect.exchanges[0])
        if not stream.whole:
            stream.silent("while our half is open")
            stream.finish()
    try:
        stream.rest()
    except NonConformity as problem:
        problem.owed = problem.passing = False  # a SHOULD, whatever it was
        raise


@requirement(
    "TCP-9293-SHLD3-close-unread",
    INTEROP,
    "RFC 9293 3.6.1",
    "Whether the last answer is readable where the server closes with data unread.",
)
@needs("-unasked-stream", "-lock-step")
def test_close_with_data_unread(stream: Stream) -> None:
    """Recorded: a server that closes at a wrong message, or unasked, with more data before it, may reset (SHLD-3)."""
    # Field note: daytime of xinetd 2.3.15 closes without having read; whether its reset overtakes us is chance.
    words = stream.target.claims
    if stream.target.dialect is None:
        stream.send(UNREAD)
        stream.observe(f"in answer to what it does not know: {stream.react().end}")
        return
    if "unasked" in words:
        stream.send(UNREAD)
        _last_answer(stream, stream.greet)
    elif {"framed", "known"} <= words:
        probe = stream.probe()
        wrong = [wrong.octets for wrong in stream.dialect.requests.wrong(probe.say).values() if not wrong.ended]
        if not wrong:
            stream.not_applicable("no octets are wrong there before the stream ends")
        stream.send(stream.encoded(probe) + wrong[0] + UNREAD)
        _last_answer(stream, lambda: stream.hears(probe))
    else:
        stream.not_applicable("nothing that we say makes it close")


def _last_answer(stream: Stream, hear: Callable[[], object]) -> None:
    try:
        hear()
    except NonConformity:
        if not stream.over:
            raise
        end = "a reset" if stream.broken else "a close"
        stream.observe(f"the last answer is lost by {end}" if not stream.unframed() else f"{end} ends the last answer")
        return
    stream.observe(f"the last answer is readable, then {stream.react().end}")


# -- in the middle


@requirement(
    "TCP-urgent",
    SHOULD,
    "RFC 9293 3.8.5",
    "Urgent data, which nobody should use, does not disturb who does not expect it.",
)
@needs("tcp", "CLEAR", "-once")
def test_urgent_octet(stream: Stream) -> None:
    """An urgent octet is skipped, taken for data, or answered by an error or a close; the next client is served."""
    # Field note: xinetd 2.3.15, inetutils-inetd and the servers of textbooks skip it; Telnet uses it (Synch).
    words = stream.target.claims
    if {"flow", "rule"} <= words:
        _echoed(stream)
    elif {"framed", "known"} <= words:
        stream.ask(stream.probe())
        stream.urgent(URGENT)
        stream.say(stream.probe(1))
        stream.react()
    else:
        stream.send(AROUND[0])
        stream.urgent(URGENT)
        stream.send(AROUND[1])
    stream.owed("after urgent data").served()


def _echoed(stream: Stream) -> None:
    """What was said around the octet comes back, with it or without."""
    skipped, taken = (stream.dialect.ruled(between.join(AROUND)) for between in (b"", URGENT))
    stream.send(AROUND[0])
    stream.urgent(URGENT)
    stream.send(AROUND[1])
    data = stream.octets(len(skipped), f"{skipped!r} or {taken!r}")
    if data == taken[: len(skipped)]:
        data += stream.octets(len(taken) - len(skipped))
    stream.require(data in (skipped, taken), f"{skipped!r} or {taken!r}", data)
    stream.note("an urgent octet is data like any other" if data == taken else "an urgent octet is skipped")


@requirement("TCP-keepalive-idle", INTEROP, "RFC 9293 3.8.4", "Whether a client may be silent for a while.")
@needs("-unasked", "-unasked-stream")
def test_idle_client(stream: Stream) -> None:
    """Recorded: whether a connection that said nothing for 2.5 s is still served."""
    if stream.target.dialect is None and stream.ended():
        stream.not_applicable("it closes at once")
    stream.target.carriage.pause(IDLE)
    if stream.ended():
        stream.observe(f"closed within {IDLE:g} s of silence")
        return
    stream.served()
    stream.observe(f"served after {IDLE:g} s of silence")


NOT_CHECKED: list[tuple[str, str]] = []

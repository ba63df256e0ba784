"""Bulk: more octets than buffers hold, and peers that do not read (RFC 9293 3.8.6, 3.9.1); nothing is lost by that."""

from __future__ import annotations

from pytest_netconform.dialect import Exchange
from pytest_netconform.dialogues.stream import Stream
from pytest_netconform.requirement import INTEROP, MUST, SHOULD, hostile, needs, requirement
from pytest_netconform.verdict import NonConformity
from pytest_netconform.wire.cuts import at

MUCH = 8 << 20  # octets: what neither side's buffers hold
MORE = 16 << 20
WHOLE = 1_000_000  # octets of the largest request that is a whole connection's
SOME = 1 << 20  # octets that come in small writes; more than any one read takes
WRITE = 1000
MESSAGE = 1000  # octets of one of many messages
ROUND = 64  # messages that are said in one write
MESSAGES = 8192  # that are said in all; where they are short, they are fewer octets
NARROW = 1 << 16  # octets of a receive buffer; once connected, a system must not take back what it has promised
PAUSE = 0.2  # seconds
ABORTS = 3


def _round(stream: Stream) -> tuple[Exchange, ...]:
    """What is said again and again: one exchange of a stream without messages, or as many as fit."""
    if "flow" in stream.target.claims:
        return (stream.probe(1, 1 << 16),)
    most = stream.dialect.most
    return stream.probes(ROUND, MESSAGE if most is None else min(MESSAGE, most))


def _said_unread(stream: Stream, most: int) -> tuple[tuple[Exchange, ...], int, bytes]:
    """Speak without listening until the peer takes no more: what was said, how often, and what is left of the last."""
    said = _round(stream)
    data = stream.encoded(*said)
    taken = stream.unread(data, min(most, len(data) * MESSAGES // len(said)) // len(data) * len(data))
    stream.target.carriage.pause(PAUSE)  # for the answers to pile up
    rounds, part = divmod(taken, len(data))
    return said, rounds, data[part:] if part else b""


def _all_answered(stream: Stream, said: tuple[Exchange, ...], rounds: int, left: bytes) -> None:
    """Every answer comes, in order, once we listen."""
    for _ in range(rounds):
        stream.hears(*said)
    if left:
        stream.send(left)
        stream.hears(*said)


@requirement("TCP-sendall-large", MUST, "RFC 9293 3.9.1.2", "An answer that does not fit into a buffer arrives whole.")
@needs("framed|flow|until-close", "rule", "-lock-step")
@hostile
def test_large_answers_to_who_is_slow(stream: Stream) -> None:
    """Up to 8 MiB of answers, of which nothing is read at first, are all there and right."""
    # Field note: socat 1.7.4 PIPE and ncat 7.93 -e cat block on a pipe that is full and that only they empty: most of
    # it never comes, however much is read. socat EXEC:cat, which has a process for it, is right.
    if stream.whole:
        probe = stream.probe(1, _most(stream, WHOLE))
        stream.say(probe)
        stream.target.carriage.pause(PAUSE)
        stream.hears(probe)
        return
    _all_answered(stream, *_said_unread(stream, MUCH))
    stream.alive()


def _most(stream: Stream, octets: int) -> int:
    most = stream.dialect.most
    return octets if most is None else min(octets, most)


@requirement("TCP-recvall-large", MUST, "RFC 9293 3.9.1", "A request that comes in many segments is read to its end.")
@needs("flow|until-close", "rule")
@hostile
def test_large_request_in_small_writes(stream: Stream) -> None:
    """1 MB in writes of 1000 octets is answered whole."""
    probe = stream.probe(1, _most(stream, WHOLE if stream.whole else SOME))
    data = stream.encoded(probe)
    stream.wire.cut = at(*range(WRITE, len(data), WRITE))
    stream.send(data)
    if stream.whole:
        stream.finish()
    stream.hears(probe)


@requirement("TCP-small-rcvbuf", INTEROP, "RFC 9293 3.8.6", "What becomes of answers to a client with little room.")
@needs("known")
@hostile
def test_small_receive_buffer(stream: Stream) -> None:
    """Recorded: with a receive buffer of 64 kB, and nothing read for a while, every answer arrives."""
    stream.wire.narrow(NARROW)
    if "rule" not in stream.target.claims or stream.whole or "lock-step" in stream.target.claims:
        stream.ask(stream.probe())
    else:
        _all_answered(stream, *_said_unread(stream, MUCH))
    stream.observe("every answer arrives")


@requirement("TCP-deadlock-both-write", INTEROP, "RFC 9293 3.8.6", "What a server does whose answers are not read.")
@needs("flow", "rule")
@hostile
def test_writing_without_reading(stream: Stream) -> None:
    """Recorded: it stops reading (back-pressure) or takes up to 16 MiB; when we read, all of it comes."""
    # Field note: xinetd 2.3.15 and inetutils-inetd 2.4 stop at about 8 MiB, where our own and their buffers end.
    said, rounds, left = _said_unread(stream, MORE)
    stopped = bool(left) or rounds * len(stream.encoded(*said)) < MORE
    try:
        _all_answered(stream, said, rounds, left)
    except NonConformity as problem:
        if not stream.over:
            raise
        stream.observe(f"it gives up: {problem.received}")
        return
    stream.observe("it stops reading, and goes on" if stopped else "it takes 16 MiB, and gives all back")


@requirement(
    "TCP-rst-during-send", SHOULD, "RFC 9293 3.5.3", "A client that aborts while it is answered hurts no other."
)
@needs("framed|flow|until-close|unasked-stream", "rule|unasked-stream", "-lock-step", "-once")
@hostile
def test_aborting_while_answered(stream: Stream) -> None:
    """Three clients reset their connections with much of the answer on its way; the next one is served."""
    for _ in range(ABORTS):
        if "unasked-stream" in stream.target.claims:
            stream.served()
        elif stream.whole:
            stream.say(stream.probe(1, _most(stream, WHOLE)))
        else:
            _said_unread(stream, MUCH)
        stream.wire.reset()
        stream = stream.owed("after connections were reset while they were answered")
    stream.served()


NOT_CHECKED: list[tuple[str, str]] = []

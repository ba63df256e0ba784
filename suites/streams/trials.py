"""Trials: the steps that the chapters on framing and octets share: a request of our own, a wrong one, what follows.

It must not know any one framing: what is wrong in each comes from the table of the framing itself (`Framing.wrong`).
"""

from __future__ import annotations

from dataclasses import replace

from pytest_netconform.dialect import Exchange
from pytest_netconform.dialect.rules import unframed
from pytest_netconform.dialogues.stream import Reaction, Stream
from pytest_netconform.verdict import NonConformity
from pytest_netconform.wire.frames import short
from pytest_netconform.wire.framing import Checked, Compressed, Framing, Wrong

PADDING = b"\0 "  # what fills a message up that is too short
NEXT = 2000  # the number of the probe that the next client asks
DIFFERENT = 1  # the number of a probe other than the first one, which sanity has asked


# -- requests


def saying(stream: Stream, text: bytes, number: int = 0) -> Exchange:
    """An exchange by the rule whose payload carries this text, with what else every payload of the dialect has: room
    for an id, its ending, its size. Raises NotApplicable where the dialect cannot carry it.
    """
    dialect = stream.dialect
    if not dialect.rule:
        stream.not_applicable("no rule says how a request of our own is answered")
    front = b"" if dialect.id is None else bytes(dialect.id.offset + dialect.id.width)
    ending = dialect.requests.ending
    say = front + text
    if dialect.requests.size is not None:
        say = say.ljust(dialect.requests.size - len(ending), b" " if dialect.encoding else b"\0")
    say += ending
    if dialect.id is not None:
        say = dialect.id.numbered(say, number)
    exchange = Exchange(say, dialect.ruled(say))
    if problem := unframed(dialect.requests, say) or unframed(dialect.replies, exchange.hear or b""):
        stream.not_applicable(problem)
    if dialect.most is not None and len(say) > dialect.most:
        stream.not_applicable(f"{len(say)} octets are more than the dialect declares")
    return exchange


def framed(stream: Stream, payload: bytes) -> bytes:
    """A payload as it travels, whatever is answered. Raises NotApplicable where the framing cannot carry it."""
    if problem := unframed(stream.dialect.requests, payload):
        stream.not_applicable(problem)
    return stream.dialect.requests.encode(payload)


def sealed(stream: Stream, payload: bytes) -> tuple[Framing, bytes]:
    """The framing below all layers, and what the layers make of a payload before it comes there."""
    framing = stream.dialect.requests
    octets = framing.encode(payload)
    while isinstance(framing, Checked | Compressed):
        framing = framing.inner
    framer = framing.framer()
    framer.feed(octets)
    frame = framer.next()
    assert frame is not None and frame.payload is not None
    return framing, frame.payload


# -- afterwards


def afterwards(stream: Stream) -> None:
    """Whatever became of this connection, the next client is served; he is owed that."""
    try:
        stream.owed("afterwards").served(NEXT)
    except NonConformity as problem:
        problem.owed = True
        raise
    stream.visit.evidence.add("control")


def goes_on(stream: Stream, reaction: Reaction) -> None:
    """A connection that was left open is of use: the next request on it is answered. And so is the next client."""
    if reaction.end == "open":
        stream.alive()
    afterwards(stream)


# -- wrong octets


def declined(stream: Stream, name: str, *, open: bool = False) -> Reaction:
    """The message that is wrong in this way (`WRONG`) is not answered as the right one is, nor, by a rule, as if a part
    of it, or more of it, were the message. Its twin is asked first. NotApplicable where the framing has no such way.

    open: we end nothing behind it, for whoever takes any end for the end of a message is wrong in another way.
    """
    right = stream.probe(DIFFERENT)
    wrong = stream.dialect.requests.wrong(right.say).get(name)
    if wrong is None:
        stream.not_applicable(f"the framing has no such wrong: {name}")
    assert wrong is not None
    wrong = replace(wrong, ended=wrong.ended and not open)
    reaction = stream.declines(wrong, right)
    _not_in_part(stream, wrong, right, reaction)
    return reaction


def _not_in_part(stream: Stream, wrong: Wrong, right: Exchange, reaction: Reaction) -> None:
    if not stream.dialect.rule or right.hear is None:
        return
    for payload in reaction.payloads:
        if right.hear.startswith(payload.rstrip(PADDING)):
            expected = f"{wrong.because} not to be answered as a part of {short(right.say)}"
            raise NonConformity(expected, str(reaction))


def outcome(reaction: Reaction, right: Exchange) -> str:
    """What became of octets, in words that are the same in every run."""
    if any(right.fits(payload) for payload in reaction.payloads):
        said = "answered as the right one"
    else:
        said = "another answer" if reaction.frames or reaction.rest else ""
    end = {"open": "" if said else "no answer", "close": "a close", "reset": "a close"}[reaction.end]
    return ", then ".join(filter(None, [said, end]))

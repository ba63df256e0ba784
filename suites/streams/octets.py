"""Octets: what a server must not read into them, and what it must: numbers with and without a sign, and no programs."""

from __future__ import annotations

import codecs
import math
import struct

from pytest_netconform.dialect import Exchange
from pytest_netconform.dialogues.stream import Stream
from pytest_netconform.requirement import MUST, SECURITY, needs, requirement
from pytest_netconform.suites.streams.trials import afterwards, framed, saying
from pytest_netconform.verdict import Inconclusive, NonConformity
from pytest_netconform.wire.framing import Blocks, Prefixed, base

INTEGERS = (1, 256, 1 << 31, (1 << 32) - 1)
SIGNED = (0x80000000, 0xFFFFFFFF)  # the least number with a sign, and -1
NAN = struct.pack("!d", math.nan)
ANY_NAN = rb"[\x7f\xff](?:[\xf1-\xff](?s:.{6})|\xf0(?!\x00{6})(?s:.{6}))"
DOUBLES = (1.5, -0.0, 1 / 3, 1e-310, math.inf, -math.inf)
WIDE = 2  # octets of a length above which no message has its highest bit set

#: A word that stands in no request, and is there only when somebody has carried out what stands there.
CANARY = "netconform was here"
#: A pickle of plain data, and one that calls codecs.encode: to read it is to run it.
PLAIN = b"(V%b\nVrot13\nt." % codecs.encode(CANARY, "rot13").encode()
PROGRAM = b"c_codecs\nencode\n" + PLAIN[:-1] + b"R."


# -- numbers


@requirement(
    "BYT-order-be",
    MUST,
    "RFC 791 appendix B, FPNP 5.2",
    "A number travels from its most significant octet on, unchanged.",
)
@needs("framed", "binary")
def test_integers_come_back(stream: Stream) -> None:
    """1, 256, 2^31 and 2^32-1 come back as the rule has them, and not the other way round."""
    for value in INTEGERS:
        stream.ask(saying(stream, struct.pack("!I", value)))
    stream.alive()


@requirement("BYT-signed", MUST, "FPNP 5.2", "A number has a sign or has none, as it is documented.")
@needs("framed", "binary")
def test_highest_bits_come_back(stream: Stream) -> None:
    """The octets of the least number with a sign, and of -1, come back as they are."""
    for value in SIGNED:
        stream.ask(saying(stream, struct.pack("!I", value)))
    stream.alive()


@requirement("BYT-signed", MUST, "FPNP 5.2", "A number has a sign or has none, as it is documented.")
@needs("framed", "prefixed|blocks", "rule")
def test_length_with_its_highest_bit(stream: Stream) -> None:
    """A length of one octet or two has no sign unless the dialect says so: a long message has a length, not a debt."""
    framing, most = base(stream.dialect.requests), stream.dialect.most
    assert isinstance(framing, Prefixed | Blocks)
    number = framing.number
    half = 1 << (8 * number.width - 1)
    size = half + half // 2
    if number.signed or number.width > WIDE or (most is not None and size > most):
        stream.not_applicable("no length that a message can have has its highest bit set")
    if isinstance(framing, Blocks) and framing.usual < size:
        stream.not_applicable("its blocks are too small for that")
    stream.ask(stream.probe(0, size))
    stream.alive()


@requirement(
    "BYT-float", MUST, "IEEE 754, RFC 4506 4.7", "A number with a fraction travels as its octets, not as digits."
)
@needs("framed", "binary")
def test_doubles_come_back(stream: Stream) -> None:
    """Fractions, a negative zero, a tiny number and infinities come back exactly, and a NaN as any NaN."""
    for value in DOUBLES:
        stream.ask(saying(stream, struct.pack("!d", value)))
    stream.ask(_any_nan(saying(stream, NAN)))
    stream.alive()


# -- programs


@requirement(
    "BYT-pickle-exec",
    SECURITY,
    "Python's documentation of pickle (Warning)",
    "What comes from the network is never run.",
)
@needs("framed", "known")
def test_pickles_are_not_run(stream: Stream) -> None:
    """A pickle that calls a function is not called: no answer holds its result. A plain one is answered before.

    The function is harmless (codecs.encode) and shows itself in the answer alone: who runs it and says nothing of it is
    not seen from here.
    """
    _plain_pickle_is_answered(stream)
    stream.send(framed(stream, PROGRAM))
    reaction = stream.react()
    stream.visit.evidence.add("refusal")
    raw = b"".join([*(frame.payload or frame.raw for frame in reaction.frames), reaction.rest])
    if CANARY.encode() in raw:
        raise NonConformity("a pickle that calls codecs.encode to be refused, or given back unread", str(reaction))
    afterwards(stream)


def _plain_pickle_is_answered(stream: Stream) -> None:
    if "binary" in stream.target.claims:
        plain = saying(stream, PLAIN).say
    else:
        pickles = [exchange.say for exchange in stream.dialect.known if _pickle(exchange.say)]
        if not pickles:
            stream.not_applicable("no request of the dialect is a pickle")
        plain = pickles[0]
    stream.send(framed(stream, plain))
    if not stream.react().payloads:
        raise Inconclusive("prerequisite not met: a pickle of plain data is not answered")
    stream.visit.evidence.add("twin")


def _pickle(payload: bytes) -> bool:
    """Whether it looks like one, of protocol 2 or newer."""
    return payload[:1] == b"\x80" and payload[1:2] <= b"\x05" and payload.endswith(b".")


def _any_nan(exchange: Exchange) -> Exchange:
    """The same exchange, where the NaN may come back as another one."""
    before, found, after = (exchange.hear or b"").partition(NAN)
    if not found:
        return exchange
    pattern = rb"(?s:.{%d})" % len(before) + ANY_NAN + rb"(?s:.{%d})" % len(after)
    return Exchange(exchange.say, pattern=pattern, example=exchange.hear)


NOT_CHECKED: list[tuple[str, str]] = []

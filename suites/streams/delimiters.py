"""Delimiters: messages that end in a mark, and replies that end where the stream does (FPNP 5.3, patterns 1 and 2)."""

from __future__ import annotations

import pytest

from pytest_netconform.dialogues.stream import PIECE, Stream
from pytest_netconform.requirement import MUST, SECURITY, SHOULD, hostile, needs, requirement
from pytest_netconform.suites.streams.trials import DIFFERENT, afterwards, declined, saying
from pytest_netconform.verdict import NonConformity
from pytest_netconform.wire.cuts import whole
from pytest_netconform.wire.framing import Delimited, Lines, base

MANY = 1000  # messages in one segment
REPLY = 500_000  # octets of a reply that the end of the stream ends: more than the client's buffers take at once
OVERLONG = 16 << 20  # octets without a mark; the catalogue's 100 MiB show nothing more, and cost the mutants minutes
KEPT = 1 << 20  # octets of them that nobody gives back who keeps a bounded number
LONG = 1_000_000  # octets of a message with its mark, of which nobody has to be afraid
SECONDS = 3.0  # in which a flood is refused
UNMARKED = ("no-mark", "half-mark", "bare-cr", "lone-escape")


@requirement(
    "FRM-close-delimited",
    MUST,
    "RFC 9112 6.3, FPNP 5.3",
    "A reply that the end of the stream ends arrives whole, and ends in a close and no reset.",
)
@needs("replies-until-close")
def test_reply_up_to_the_end(stream: Stream) -> None:
    """A long reply, where a rule can make one, is there to the last octet when the connection is closed."""
    if "unasked" in stream.target.claims:
        stream.greet()
    else:
        most = stream.dialect.most
        stream.ask(stream.probe(0, REPLY if most is None else min(REPLY, most)))
    stream.alive()


@requirement("FRM-delimiter-many", MUST, "FPNP 5.3", "What stands behind a mark is the beginning of the next message.")
@needs("framed", "delimited", "known", "-lock-step")
def test_a_thousand_messages_in_one_segment(stream: Stream) -> None:
    """Each of them is in order."""
    stream.wire.cut = whole
    stream.ask(*stream.probes(MANY))
    stream.alive()


@requirement(
    "FRM-delimiter-in-data", MUST, "FPNP 5.3", "A mark that is escaped ends nothing, and arrives without escape."
)
@needs("framed", "escaped", "rule")
def test_marks_in_a_message(stream: Stream) -> None:
    """Marks and escapes in front, within, at the end and alone are answered as the rule says."""
    framing = base(stream.dialect.requests)
    assert isinstance(framing, Delimited)
    mark, escape = framing.mark, framing.escape
    for text in (mark, b"a" + mark + b"b", b"a" + mark * 2, escape, b"a" + escape, escape + mark, b"a" + escape * 3):
        stream.ask(saying(stream, text))
    stream.alive()


# -- a mark that never comes


@requirement(
    "FRM-delimiter-missing-eof",
    SHOULD,
    "FPNP 5.3",
    "What has no mark when the stream ends is no message, and is not carried out.",
)
@needs("delimited", "exact")
@pytest.mark.parametrize("name", UNMARKED)
def test_the_end_of_the_stream_is_no_mark(stream: Stream, name: str) -> None:
    """A request without its whole mark, and our half-close behind it, is not answered as the request is."""
    # Field note: who reads lines with readline() and does not look at their end carries out half a command.
    declined(stream, name)
    afterwards(stream)


@requirement(
    "FRM-delimiter-overlong", SECURITY, "FPNP 5.3", "A message without an end is given up, or forgotten, at some size."
)
@hostile
@needs("delimited", "known")
def test_no_mark_for_ever(stream: Stream) -> None:
    """16 MiB without a mark end in an error, a close, or an answer that does not hold them; the next client is served.

    A server that takes them all and refuses them at the end may have dropped them as they came.
    """
    stream.twin(stream.probe(DIFFERENT))
    octet = stream.dialect.alphabet[:1]
    taken = stream.flood(octet * PIECE, OVERLONG)
    framing = base(stream.dialect.requests)
    assert isinstance(framing, Delimited | Lines)
    stream.visit.evidence.add("refusal")
    if taken == OVERLONG:
        stream.send(framing.mark)
        _took_all(stream)
    elif str(stream.react()) == "silence":
        stream.note("takes no more octets, and says nothing")
    afterwards(stream)


def _took_all(stream: Stream) -> None:
    if _gives_back(stream):
        received = f"all of {OVERLONG} octets, given back in one answer"
        raise NonConformity("an error or a close at a bounded size", received)
    # Field note: Postfix drops what is too long as it comes; readline() keeps it all. From here they look alike.
    stream.observe(f"takes {OVERLONG} octets without a mark; what it keeps of them is not seen")
    if not stream.over:
        stream.react()
        stream.alive()


def _gives_back(stream: Stream) -> bool:
    """Whether what is answered is as long as what was said, and no error."""
    try:
        return len(stream.hear(within=SECONDS).raw) >= KEPT
    except NonConformity as problem:
        return not stream.over and not problem.passing  # an answer without an end, and no silence


@requirement(
    "FRM-delimiter-overlong", SECURITY, "FPNP 5.3", "A message without an end is given up, or forgotten, at some size."
)
@hostile
@needs("framed", "delimited", "rule")
def test_a_long_message_is_no_burden(stream: Stream) -> None:
    """One of 1 MiB is refused, or ends the connection within patience: nobody looks at it again and again."""
    stream.twin(stream.probe(DIFFERENT))
    most = stream.dialect.most
    size = LONG if most is None else min(LONG, most)
    stream.send(stream.encoded(stream.probe(0, size)))
    stream.visit.evidence.add("refusal")
    try:
        stream.hear(f"an answer to {size} octets, an error or a close")
    except NonConformity:
        if not stream.over:
            raise
    afterwards(stream)


NOT_CHECKED: list[tuple[str, str]] = []

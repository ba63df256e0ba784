"""Zen of Python: the question-and-answer protocol of the textbooks (FPNP 7), of which nearly everybody wrote a server.

A question ends in "?", its answer in ".", and nothing stands between them. What holds for any other server too, is
asked by the suite `streams`.
"""

from __future__ import annotations

import pytest

from pytest_netconform.dialogues.stream import PIECE, Stream
from pytest_netconform.requirement import INTEROP, MUST, SHOULD, hostile, needs, requirement
from pytest_netconform.verdict import NonConformity
from pytest_netconform.wire.frames import short

LEAVERS = 5  # clients that ask once and go
OVERLONG = 10 << 20  # octets without a question mark


@requirement("ZEN-question-answer", MUST, "FPNP 7", "A question that is known gets its answer.")
@needs("fpnp7")
@pytest.mark.parametrize("number", [0, 1, 2], ids=["beautiful", "explicit", "simple"])
def test_question_gets_its_answer(stream: Stream, number: int) -> None:
    """Each of the three, first thing on a connection."""
    stream.ask(stream.dialect.exchanges[number])


@requirement("ZEN-all-questions", MUST, "FPNP 7", "A connection serves one question after the other.")
@needs("fpnp7")
def test_all_questions_on_one_connection(stream: Stream) -> None:
    """The three, one after the other, and the first one again."""
    for exchange in (*stream.dialect.exchanges, stream.dialect.exchanges[0]):
        stream.ask(exchange)


@requirement("ZEN-delimiters", MUST, "FPNP 7", "Nothing stands between two answers: no line end, no blank.")
@needs("fpnp7")
def test_nothing_between_answers(stream: Stream) -> None:
    """The answers to three questions, octet for octet, and behind the last one the end that follows ours."""
    for exchange in stream.dialect.exchanges:
        stream.ask(exchange)
    stream.finish()
    stream.require(not (rest := stream.rest()), "nothing behind the last answer", rest)


@requirement("ZEN-unknown", SHOULD, "FPNP 7", "What the server does not know is told so, and the dialogue goes on.")
@needs("framed", "unknown")
def test_unknown_request(stream: Stream) -> None:
    """The answer for the unknown, then the answer to what is known: on any server whose dialect says what that is."""
    assert stream.dialect.unknown is not None
    stream.ask(stream.dialect.unknown)
    stream.alive()


@requirement("ZEN-eof-clean", SHOULD, "FPNP 7", "A client that leaves between two questions is no accident.")
@needs("fpnp7", "-once")
def test_leaving_between_questions(stream: Stream) -> None:
    """Five clients ask and leave; the next one is served."""
    for _ in range(LEAVERS):
        stream.ask(stream.probe())
        stream = stream.owed("after clients left")
    stream.served()


@requirement("ZEN-overlong", INTEROP, "FPNP 7", "What becomes of ten million octets without a question mark.")
@needs("fpnp7", "-once")
@hostile
def test_overlong_question(stream: Stream) -> None:
    """Recorded: a close, an error, or an answer for the unknown; it comes in time, and the next client is served."""
    # Field note: the servers of the book read it all, and answer the error.
    taken = stream.flood(b"x" * PIECE, OVERLONG)
    stream.send(b"?")
    try:
        answer = stream.hear(f"a close, an error or an answer to {OVERLONG} octets and a question mark")
    except NonConformity:
        if not stream.over:
            raise
        stream.observe("a close")
    else:
        stream.observe(short(answer.raw))
    if taken < OVERLONG:
        stream.note("not all of it was taken")
    stream.owed("after an overlong question").served()


NOT_CHECKED: list[tuple[str, str]] = [
    ("ZEN-pipelined", "same as TCP-9293-3.1-stream-coalesce"),
    ("ZEN-split", "same as TCP-9293-3.1-stream-split"),
    ("ZEN-eof-partial", "same as FRM-delimiter-missing-eof, TCP-eof-mid-message"),
    ("ZEN-many-clients", "same as TCP-9293-3.9-concurrent"),
    ("ZEN-slowloris-http", "same as ZEN-slow-client; in words of HTTP it is a row of that protocol"),
    ("ZEN-signal-restart", "not visible from outside: a signal is sent, and a program started, by who owns it"),
]

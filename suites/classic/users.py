"""Who is there: finger, identification, active users (RFC 1288, RFC 1413, RFC 866). A line is asked, a text is told."""

from __future__ import annotations

from pytest_netconform.dialogues.stream import Stream
from pytest_netconform.requirement import INTEROP, MAY, MUST, SECURITY, needs, requirement
from pytest_netconform.verdict import Inconclusive, NonConformity
from pytest_netconform.wire.frames import short

USER = b"root"  # a name that may be known or not: either is told
NOBODY = b"netconform-nobody"
FORWARDED = (USER + b"@example.invalid", b"@example.invalid", b"/W")
COMMANDS = (USER + b";id", b"`id`", b"$(id)", b"|id", b"-l")
RAN = b"uid="  # what `id` says


def _asked(stream: Stream, query: bytes) -> bytes:
    """What a query gets on a connection of its own, up to the close; an empty text where that comes without a word."""
    other = stream.afresh()
    other.send(query + b"\r\n")
    return other.hear(f"a text, then a close, in answer to {short(query)}").payload or b""


def _twin(stream: Stream) -> None:
    """A plain name is answered."""
    try:
        text = _asked(stream, USER)
    except NonConformity as problem:
        raise Inconclusive(f"prerequisite not met: {problem}") from None
    if not text:
        raise Inconclusive(f"prerequisite not met: nothing is said of {USER.decode()}")
    stream.visit.evidence.add("twin")


@requirement("CL-finger", INTEROP, "RFC 1288 2.3", "What is told about all, about somebody, about nobody.")
@needs("stream", "rfc1288")
def test_finger(stream: Stream) -> None:
    """Recorded: the first line that each query gets, and that it closes behind it."""
    for query in (b"", USER, NOBODY, b"/W " + USER):
        line, _, _ = _asked(stream, query).partition(b"\n")
        stream.observe(f"{short(query)}: {short(line.strip())}")


@requirement("CL-finger-crlf", MUST, "RFC 1288 2.2", "Every line that is told ends in CR LF.")
@needs("stream", "rfc1288")
def test_finger_ends_lines(stream: Stream) -> None:
    """In the list of all, and in what is told about one."""
    for query in (b"", USER):
        text = _asked(stream, query)
        if not query and not text:
            stream.note("nothing is told about all")
            continue
        bare = text.replace(b"\r\n", b"")
        right = text.endswith(b"\r\n") and b"\n" not in bare and b"\r" not in bare
        stream.require(right, f"lines that end in CR LF, in answer to {short(query)}", text)


@requirement("CL-finger-q2", MUST, "RFC 1288 2.4, 3.2.1", "Forwarding is done, or refused in words.")
@needs("stream", "rfc1288")
def test_finger_elsewhere(stream: Stream) -> None:
    """A query about another host, and one without a name, gets a text; a plain name does too."""
    _twin(stream)
    for query in FORWARDED:
        text = _asked(stream, query)
        stream.require(text.strip(), f"an answer or a refusal, in words, to {short(query)}", "a close without a word")


@requirement("CL-finger-inject", SECURITY, "RFC 1288 3.1", "A name is a name, whatever a shell would make of it.")
@needs("stream", "rfc1288")
def test_finger_runs_no_command(stream: Stream) -> None:
    """No command runs that stands behind a name, or in place of one; a plain name is answered."""
    _twin(stream)
    for query in COMMANDS:
        text = _asked(stream, query)
        stream.require(RAN not in text, f"no output of a command in answer to {short(query)}", text)


@requirement("CL-ident", INTEROP, "RFC 1413 4, 5, 6", "What is told about a pair of ports that nobody uses.")
@needs("stream", "rfc1413")
def test_identification(stream: Stream) -> None:
    """Recorded: the same pair in the same order, and an error or a user."""
    (answer,) = stream.ask(stream.probe())
    stream.observe(short(answer.strip()))


@requirement("CL-systat", MAY, "RFC 866", "The active users are listed unasked, then a close.")
@needs("stream", "rfc866")
def test_active_users(stream: Stream) -> None:
    """Recorded: how many lines come."""
    text = stream.hear("a list of users, then a close").payload or b""
    stream.observe("nobody" if not text.strip() else f"{len(text.splitlines())} lines")


NOT_CHECKED: list[tuple[str, str]] = []

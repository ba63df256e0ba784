"""The small services over TCP: what each says, and when it has done (RFC 862, 863, 864, 865, 867, 868)."""

from __future__ import annotations

from itertools import pairwise
from random import Random

from pytest_netconform.dialect import Exchange
from pytest_netconform.dialogues.stream import Stream
from pytest_netconform.requirement import INTEROP, MAY, MUST, SHOULD, hostile, needs, requirement
from pytest_netconform.suites.classic.moment import HALF_HOUR, MINUTE, is_now
from pytest_netconform.verdict import Inconclusive, NonConformity
from pytest_netconform.wire.services import LINE, SINCE_1900, date_in, day_of, time_value

ECHOED = 1 << 16  # octets
ODD = 3001  # octets of a piece
DISCARDED = 1 << 20  # octets
CHARACTERS = 10_000  # octets of the character generator that are read at a time
JUNK = b"quit\r\n.\r\nexit\n\x03\x04\x1a\xff\xf4\x00junk"  # what ends a dialogue elsewhere
ABORTS = 20
STILL = 1.0  # seconds; the row says 10, and buffers are full after a few milliseconds
QUOTATION = 511  # a quotation has fewer than 512 characters (RFC 865)


def _all(stream: Stream, what: str) -> bytes:
    """Everything that a server says who speaks without being asked, up to his close."""
    return stream.hear(f"{what}, then a close").payload or b""


# -- echo and discard


@requirement("CL-echo-tcp", MUST, "RFC 862", "Whatever is received is sent back, until the client closes.")
@needs("stream", "rfc862")
def test_echo_over_tcp(stream: Stream) -> None:
    """64 KiB of every octet in odd pieces come back as they were, more follows, and the end follows ours."""
    data = Random(862).randbytes(ECHOED)
    stream.in_pieces(*(data[place : place + ODD] for place in range(0, ECHOED, ODD)))
    stream.hears(Exchange(data, data))
    stream.alive()
    stream.finish()
    stream.require(not (rest := stream.rest()), "no octet more than was sent", rest)


@requirement("CL-discard-tcp", MUST, "RFC 863", "Whatever is received is thrown away, until the client closes.")
@needs("stream", "rfc863")
def test_discard_over_tcp(stream: Stream) -> None:
    """1 MiB is taken and nothing is said, the connection stands until we close our half, and ends then."""
    stream.send(bytes(range(256)) * (DISCARDED // 256))
    stream.silent("while data is discarded")
    stream.finish()
    stream.require(not (rest := stream.rest()), "nothing in return", rest)


# -- characters


@requirement("CL-chargen-tcp", MUST, "RFC 864", "Characters come unasked, whatever is said, until the client closes.")
@needs("stream", "rfc864")
def test_characters_over_tcp(stream: Stream) -> None:
    """10000 octets come before a word is said, and 64 KiB more after words that end other dialogues."""
    stream.octets(CHARACTERS, "characters before anything is said")
    stream.send(JUNK)
    stream.alive()


@requirement("CL-chargen-abort", SHOULD, "RFC 864", "Who breaks the connection, rudely too, is no reason to stop.")
@needs("stream", "rfc864")
@hostile
def test_characters_after_aborts(stream: Stream) -> None:
    """Twenty clients read 10000 octets and reset the connection; the next one is served at once."""
    other = stream
    for _ in range(ABORTS):
        other.octets(CHARACTERS)
        other.wire.reset()
        other = stream.served_again("after a connection was reset")
    other.octets(CHARACTERS, f"characters after {ABORTS} resets")


@requirement(
    "CL-chargen-pattern", MAY, "RFC 864", "Lines of 72 characters, each one further in a ring of the 95 that print."
)
@needs("stream", "rfc864")
def test_pattern_of_characters(stream: Stream) -> None:
    """Recorded: the pattern, if it is the usual one."""
    # Field note: xinetd 2.3.15.3 has a ring of 93, without space and tilde, and begins it anew a line too early.
    stream.observe(_pattern(stream.octets(3 * (LINE + 2) * 95)))


def _pattern(data: bytes) -> str:
    """The pattern in words."""
    lines = data.split(b"\r\n")[:-1]
    if {len(line) for line in lines} != {LINE}:
        return f"no lines of {LINE} characters"
    ring = f"a ring of {len(set(data)) - 2}, {'with' if b' ' in data else 'without'} the space"
    for number, (one, other) in enumerate(pairwise(lines), 2):
        if one[1:] != other[:-1]:
            return f"lines of {LINE} characters, {ring}; line {number} is not one further than the one before"
    return f"lines of {LINE} characters, each one further, {ring}"


@requirement("CL-chargen-slow-reader", INTEROP, "RFC 9293 3.8.6", "What is not read yet waits, and nothing is lost.")
@needs("stream", "rfc864")
@hostile
def test_characters_for_a_slow_reader(stream: Stream) -> None:
    """Unread for a second, the characters go on afterwards, and so does the service."""
    stream.octets(CHARACTERS)
    stream.target.carriage.pause(STILL)
    stream.alive()
    stream.observe("goes on after a second in which nothing was read")


# -- date, time, quotation


@requirement("CL-daytime-tcp", MUST, "RFC 867", "The date comes unasked as text in ASCII, then a close.")
@needs("stream", "rfc867")
def test_daytime_over_tcp(stream: Stream) -> None:
    """One line of ASCII text, though nothing was said, and the end of the connection."""
    text = _all(stream, "the date as text")
    stream.require(text.strip(), "the date as text", text)
    stream.require(text.isascii(), "the date in ASCII characters", text)
    if not text.strip().replace(b"\r\n", b"\n").replace(b"\n", b" ").decode().isprintable():
        stream.note("more than the printing characters, spaces, CR and LF that are recommended")
    if len(text.strip().splitlines()) > 1:
        stream.tolerate("one line", text, "the date should be just one line")


@requirement("CL-daytime-sane", SHOULD, "RFC 867", "The date is today's.")
@needs("stream", "rfc867")
def test_daytime_is_today(stream: Stream) -> None:
    """Within a day, wherever the server is; a form that nobody understands says nothing."""
    text = _all(stream, "the date as text")
    found = date_in(text.decode("latin-1"))
    if found is None:
        raise Inconclusive(f"no date that we understand: {text!r}")
    today = day_of(stream.today())
    stream.require(abs((found - today).days) <= 1, "the date of today, by any clock on earth", f"{text!r}")


@requirement("CL-time-tcp", MUST, "RFC 868", "Four octets come unasked, big-endian, counting from 1900, then a close.")
@needs("stream", "rfc868")
def test_time_over_tcp(stream: Stream) -> None:
    """Four octets and the end; neither from 1970 on, nor little-endian."""
    # Field note: inetutils-inetd 2.4 sends eight, the value and four zeros.
    octets = _four(stream)
    now = stream.today()
    expected = "seconds since 1900, in big-endian octets"
    wrong = {"little-endian": octets[::-1], "from 1970 on": _since_1900(octets)}
    for how, other in wrong.items():
        if abs(time_value(octets, now) - now) > HALF_HOUR and abs(time_value(other, now) - now) <= MINUTE:
            raise NonConformity(expected, f"{octets.hex(' ')}, which is right {how}")


def _since_1900(octets: bytes) -> bytes:
    """What the server would have said if he had counted from 1900, as he seems to have counted from 1970."""
    return ((int.from_bytes(octets, "big") + SINCE_1900) % (1 << 32)).to_bytes(4, "big")


def _four(stream: Stream) -> bytes:
    octets = _all(stream, "4 octets")
    if not octets:
        raise Inconclusive("closed without a word: who does not know the time does so")
    stream.require(len(octets) == 4, "4 octets", f"{len(octets)}: {octets[:16].hex(' ')}")
    return octets


@requirement("CL-time-value", MUST, "RFC 868", "The value is the present time, UTC.")
@needs("stream", "rfc868")
def test_time_is_now(stream: Stream) -> None:
    """Within a minute; up to a day is the clock's affair, unless it is the difference of a time zone."""
    is_now(stream, _four(stream), stream.today())


@requirement("CL-time-extra", INTEROP, "RFC 868", "Who speaks first gets the time all the same.")
@needs("stream", "rfc868")
def test_time_for_who_speaks_first(stream: Stream) -> None:
    """Recorded: what comes of the time, and how it ends, when something was sent before it was read."""
    # Field note: xinetd 2.3.15 and the inetds reset the connection behind the time: input was left unread.
    stream.send(b"what time is it?\r\n")
    reaction = stream.react(window=stream.target.patience)
    octets = b"".join(reaction.payloads) + reaction.rest
    stream.observe(f"{len(octets)} octets, then {'silence' if reaction.end == 'open' else f'a {reaction.end}'}")


@requirement("CL-qotd", SHOULD, "RFC 865", "A quotation is a text of less than 512 characters.")
@needs("stream", "rfc865")
def test_quotation_over_tcp(stream: Stream) -> None:
    """It comes unasked, and the connection is closed behind it."""
    text = _all(stream, "a quotation")
    stream.require(text, "a quotation", "a close without a word")
    stream.require(len(text) <= QUOTATION, "less than 512 characters", f"{len(text)}")


NOT_CHECKED: list[tuple[str, str]] = []

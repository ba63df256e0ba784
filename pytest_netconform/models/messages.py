"""Messages of any dialect: drawn octets made into requests whose answer is known, or into octets that are nearly some.

What is drawn knows no dialect, so that the same steps mean something to every server; here it is fitted. Pure.
"""

from __future__ import annotations

from functools import lru_cache

from pytest_netconform.dialect import Dialect, Exchange
from pytest_netconform.dialect.rules import unframed
from pytest_netconform.models.model import Step
from pytest_netconform.wire.frames import Frame, FramingProblem, Wrong
from pytest_netconform.wire.framing import Blocks, Checked, Compressed, Framing, base

WHOLE_OCTETS = 200_000  # of the longest request where it is all there is on a connection
BLOCK_OCTETS = 5000  # in blocks, however many
MESSAGE_OCTETS = 1000  # of any other; the dialect may say less
LEAST = 8  # octets from which on every made-up request differs from the next


def fitted(dialect: Dialect, drawn: bytes, number: int) -> Exchange:
    """A request by the rule that carries the drawn octets, as far as the dialect can; else a probe of that number.

    Text is printable and of the dialect's encoding; where nobody says that every octet may travel, it is ASCII.
    """
    front = 0 if dialect.id is None else dialect.id.offset + dialect.id.width
    ending, size = dialect.requests.ending, dialect.requests.size
    room = _room(dialect) if size is None else size
    text = _carried(dialect, drawn)[: max(0, room - front - len(ending))]
    if dialect.encoding:
        text = text.decode(dialect.encoding, "ignore").encode(dialect.encoding)
    if not text:
        return dialect.probe(number)
    say = bytes(front) + text
    if size is not None:
        say = say.ljust(size - len(ending), b" " if dialect.encoding else b"\0")
    say += ending
    if dialect.id is not None:
        say = dialect.id.numbered(say, number)
    hear = dialect.ruled(say)
    if unframed(dialect.requests, say) or unframed(dialect.replies, hear):
        return dialect.probe(number)
    return Exchange(say, hear)


def _carried(dialect: Dialect, drawn: bytes) -> bytes:
    if dialect.encoding:
        text = "".join(letter for letter in drawn.decode("latin-1") if letter.isprintable())
        drawn = text.encode(dialect.encoding, "ignore")
    elif "binary" not in dialect.capabilities:
        drawn = bytes(octet for octet in drawn if 32 <= octet < 127)
    forbidden = dialect.requests.forbidden + dialect.replies.forbidden
    if not forbidden:
        return drawn
    return bytes(octet for octet in drawn if octet not in forbidden and _ruled(dialect, octet) not in forbidden)


def _ruled(dialect: Dialect, octet: int) -> int:
    return bytes([octet]).upper()[0] if dialect.rule == "upper" else octet


def _room(dialect: Dialect) -> int:
    most = MESSAGE_OCTETS if dialect.most is None else dialect.most
    return min(MESSAGE_OCTETS, most)


def sample(dialect: Dialect, drawn: bytes, number: int) -> Exchange:
    """The sample that the first drawn octet says, under an id of its own if it has one."""
    known = dialect.known
    exchange = known[sum(drawn[:1]) % len(known)]
    if dialect.id is None:
        return exchange
    return dialect.answered(dialect.id.numbered(exchange.say, number)) or exchange


def long(dialect: Dialect, octets: int, number: int, *, whole: bool = False) -> Exchange:
    """A request by the rule of so many octets, or as many as it may have. whole: it is all there is on a connection."""
    kind = base(dialect.requests).kind
    bound = WHOLE_OCTETS if whole else BLOCK_OCTETS if kind == "blocks" else MESSAGE_OCTETS
    size = min(octets, bound, bound if dialect.most is None else dialect.most)
    return dialect.probe(number, size if kind in ("flow", "prefixed") else max(size, LEAST))


def blocked(dialect: Dialect, payload: bytes, count: int) -> bytes:
    """The request in so many blocks, as far as it has octets."""
    framing, inner = _sealed(dialect.requests, payload)
    assert isinstance(framing, Blocks)
    return framing.blocks(inner, min(max(1, -(-len(inner) // count)), framing.number.most))


def _sealed(framing: Framing, payload: bytes) -> tuple[Framing, bytes]:
    """The framing below all layers, and what the layers make of a payload."""
    octets = framing.encode(payload)
    while isinstance(framing, Checked | Compressed):
        framing = framing.inner
    framer = framing.framer()
    framer.feed(octets)
    frame: Frame | None = framer.next()
    assert frame is not None and frame.payload is not None
    return framing, frame.payload


@lru_cache(maxsize=64)
def wrongs(dialect: Dialect) -> dict[str, Wrong]:
    """Octets that are nearly a request, by what is wrong with them; nothing where no request is known."""
    if "known" not in dialect.capabilities or base(dialect.requests).kind == "flow":
        return {}
    return dialect.requests.wrong(dialect.probe(1).say)


def rough(dialect: Dialect | None, step: Step) -> bytes:
    """The octets of a hostile step: noise as it is; a message of it; a message spoilt, or torn, or wrong in a way that
    its framing has.
    """
    first, drawn = sum(step.say[:1]), step.say[1:]
    if dialect is None or step.word == "noise":
        return step.say
    if step.word == "message":
        try:
            return dialect.requests.encode(drawn + dialect.requests.ending)
        except FramingProblem:
            return drawn
    if "known" not in dialect.capabilities:
        return step.say
    octets = dialect.requests.encode(dialect.probe(first).say)
    if step.word == "wrong":
        found = list(wrongs(dialect).values())
        return found[first % len(found)].octets + drawn if found else drawn
    place = first % (len(octets) + 1)
    return octets[:place] + (drawn + octets[place:] if step.word == "spoilt" else b"")

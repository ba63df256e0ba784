"""ONC RPC version 2 (RFC 5531): calls, replies and record marking, octets to values and back.

What a message says is read as far as it can be read, and what is not as RFC 5531 9 writes it is named. Fragments are
bounded by what is listened to, not by what they announce. Pure; this module must not know sockets, nor any program but
the numbers of the port mapper (RFC 1833 3).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from pytest_netconform.wire.xdr import Reader, XdrProblem, opaque, uint

VERSION = 2  # of RPC itself
CALL, REPLY = 0, 1  # msg_type
ACCEPTED, DENIED = 0, 1  # reply_stat
AUTH_NONE, AUTH_SYS = 0, 1  # auth_flavor
AUTH_OCTETS = 400  # of the body of credentials and verifiers (8.2)

SUCCESS, PROG_UNAVAIL, PROG_MISMATCH = "SUCCESS", "PROG_UNAVAIL", "PROG_MISMATCH"
PROC_UNAVAIL, GARBAGE_ARGS, SYSTEM_ERR = "PROC_UNAVAIL", "GARBAGE_ARGS", "SYSTEM_ERR"
RPC_MISMATCH, AUTH_ERROR = "RPC_MISMATCH", "AUTH_ERROR"
#: accept_stat, in the order of their numbers (9)
ACCEPT_STATS = (SUCCESS, PROG_UNAVAIL, PROG_MISMATCH, PROC_UNAVAIL, GARBAGE_ARGS, SYSTEM_ERR)
#: reject_stat
REJECT_STATS = (RPC_MISMATCH, AUTH_ERROR)
UNREADABLE = "UNREADABLE"  # a message that is not as RFC 5531 9 writes replies
#: auth_stat
AUTH_BADCRED, AUTH_REJECTEDCRED, AUTH_TOOWEAK = 1, 2, 5

# -- the port mapper (RFC 1833 3)

PORTMAPPER, PORTMAPPER_VERSION, PORTMAPPER_PORT = 100_000, 2, 111
NULL, SET, UNSET, GETPORT, DUMP, CALLIT = range(6)
TCP, UDP = 6, 17  # protocols of a mapping

# -- record marking (11)

LAST = 1 << 31
RECORD_OCTETS = 1 << 20  # of a reply that is listened to
FRAGMENTS = 1 << 16  # of one record, likewise

#: A reply in one fragment as a regular expression: of each size up to so many octets; longer ones as far as they go.
PATTERN_OCTETS = 512
_SIZES = b"|".join(rb"\x%02x\x%02x.{%d}" % (*divmod(size, 256), size) for size in range(20, PATTERN_OCTETS, 4))
PATTERN = rb"(?s:\x80\x00(?:%b)|\x80.{%d,})" % (_SIZES, PATTERN_OCTETS)


@dataclass(frozen=True)
class Auth:
    """Credentials, or a verifier (8.2). length: what to announce in place of the body's own length."""

    flavor: int = AUTH_NONE
    body: bytes = b""
    length: int | None = None

    @property
    def octets(self) -> bytes:
        """As they travel."""
        if self.length is None:
            return uint(self.flavor) + opaque(self.body)
        return uint(self.flavor) + uint(self.length) + self.body


NONE = Auth()


def auth_sys(
    machine: bytes = b"client", uid: int = 1000, gid: int = 1000, gids: tuple[int, ...] = (), stamp: int = 0
) -> Auth:
    """Credentials of AUTH_SYS (appendix A), whatever the number of gids."""
    ids = uint(uid) + uint(gid) + uint(len(gids)) + b"".join(map(uint, gids))
    return Auth(AUTH_SYS, uint(stamp) + opaque(machine) + ids)


@dataclass(frozen=True)
class Call:
    """One call (9), or what only looks like one: rpcvers and mtype may be anything."""

    xid: int
    program: int
    version: int
    procedure: int = NULL
    arguments: bytes = b""
    credential: Auth = NONE
    verifier: Auth = NONE
    rpcvers: int = VERSION
    mtype: int = CALL

    @property
    def octets(self) -> bytes:
        """The message, without a record mark."""
        head = (self.xid, self.mtype, self.rpcvers, self.program, self.version, self.procedure)
        return b"".join(map(uint, head)) + self.credential.octets + self.verifier.octets + self.arguments


@dataclass(frozen=True)
class Reply:
    """One reply (9), as far as it can be read.

    status: an accept_stat or reject_stat in words; None when there is none. problem: why it is not as it is written.
    lost: why nothing behind it can be told apart. low, high: of PROG_MISMATCH and RPC_MISMATCH. why: the auth_stat of
    AUTH_ERROR. fragments: the octets of each fragment of a record; empty for a datagram. raw: all octets as they came.
    """

    raw: bytes
    xid: int | None = None
    status: str | None = None
    verifier: Auth = NONE
    results: bytes = b""
    low: int = 0
    high: int = 0
    why: int = 0
    problem: str = ""
    lost: str = ""
    fragments: tuple[int, ...] = ()

    @property
    def code(self) -> str | None:
        """The status, or a word for what is no reply; None when the record does not end."""
        return None if self.lost else UNREADABLE if self.problem else self.status

    @property
    def temporary(self) -> bool:
        """RPC has no refusal that asks to come again."""
        return False

    @property
    def bounds(self) -> tuple[int, int]:
        """The lowest and the highest version of a mismatch."""
        return self.low, self.high


def parse_reply(octets: bytes, raw: bytes | None = None, fragments: tuple[int, ...] = ()) -> Reply:
    """Read a message as a reply. Never raises: what cannot be read is named in `problem`."""
    found: dict[str, Any] = {}
    reader = Reader(octets)
    try:
        _read_reply(reader, found)
        problem = "; ".join(reader.deviations)
    except XdrProblem as error:
        problem = str(error)
    return Reply(octets if raw is None else raw, problem=problem, fragments=fragments, **found)


def _read_reply(reader: Reader, found: dict[str, Any]) -> None:
    found["xid"] = reader.uint("xid")
    if (mtype := reader.uint("msg_type")) != REPLY:
        raise XdrProblem(f"msg_type is {mtype}, not {REPLY} (a reply)")
    stat = reader.uint("reply_stat")
    if stat == ACCEPTED:
        found["verifier"] = Auth(reader.uint("the verifier's flavor"), reader.opaque(AUTH_OCTETS, "the verifier"))
        found["status"] = _named(ACCEPT_STATS, reader.uint("accept_stat"), "accept_stat")
    elif stat == DENIED:
        found["status"] = _named(REJECT_STATS, reader.uint("reject_stat"), "reject_stat")
    else:
        raise XdrProblem(f"reply_stat is {stat}, neither {ACCEPTED} nor {DENIED}")
    if found["status"] in (PROG_MISMATCH, RPC_MISMATCH):
        found["low"], found["high"] = reader.uint("the lowest version"), reader.uint("the highest version")
    if found["status"] == AUTH_ERROR:
        found["why"] = reader.uint("auth_stat")
    if found["status"] == SUCCESS:
        found["results"] = reader.rest
    else:
        reader.end()


def _named(names: tuple[str, ...], number: int, what: str) -> str:
    if number >= len(names):
        raise XdrProblem(f"{what} is {number}, of which RFC 5531 knows nothing")
    return names[number]


# -- a server's view


@dataclass(frozen=True)
class Received:
    """A call that arrived: as much of it as could be read before its credentials, and behind them."""

    xid: int
    mtype: int
    rpcvers: int
    program: int
    version: int
    procedure: int
    credential: Auth
    arguments: bytes


class NoCall(ValueError):
    """A message that is no call, or is cut short before its arguments; says why."""


def parse_call(octets: bytes, most: int = AUTH_OCTETS) -> Received:
    """Read a call whose credentials and verifier are of at most so many octets. Raises NoCall."""
    reader = Reader(octets)
    try:
        head = {what: reader.uint(what) for what in ("xid", "mtype", "rpcvers", "program", "version", "procedure")}
        credential = Auth(reader.uint("flavor"), reader.opaque(most, "credentials"))
        reader.uint("flavor")
        reader.opaque(most, "the verifier")
    except XdrProblem as error:
        raise NoCall(str(error)) from None
    return Received(credential=credential, arguments=reader.rest, **head)


def head_of(octets: bytes) -> tuple[int, int, int]:
    """xid, msg_type and rpcvers, which are at the same place in every version of RPC. Raises NoCall."""
    reader = Reader(octets)
    try:
        return reader.uint("xid"), reader.uint("msg_type"), reader.uint("rpcvers")
    except XdrProblem as error:
        raise NoCall(str(error)) from None


def accepted(xid: int, status: str, body: bytes = b"") -> bytes:
    """A reply to a call that was accepted, with a verifier of AUTH_NONE; body: results, or two versions."""
    return b"".join(map(uint, (xid, REPLY, ACCEPTED))) + NONE.octets + uint(ACCEPT_STATS.index(status)) + body


def denied(xid: int, status: str, *values: int) -> bytes:
    """A reply to a call that was denied; values: the versions of RPC, or why credentials are none."""
    return b"".join(map(uint, (xid, REPLY, DENIED, REJECT_STATS.index(status), *values)))


# -- record marking


def mark(size: int, *, last: bool = True) -> bytes:
    """The header of a fragment of so many octets (11)."""
    return uint(size | (LAST if last else 0))


def record(message: bytes, *places: int) -> bytes:
    """A message as one record, in fragments that end at these places."""
    edges = [0, *places, len(message)]
    pieces = [message[begin:end] for begin, end in pairwise(edges)]
    return b"".join(mark(len(piece), last=i == len(pieces) - 1) + piece for i, piece in enumerate(pieces))


@dataclass(frozen=True)
class Record:
    """One whole record: what it carries, the octets as they came, and how many each fragment has.

    lost: why no record can be told from the next any more; then `raw` is what was looked at.
    """

    message: bytes
    raw: bytes
    fragments: tuple[int, ...] = ()
    lost: str = ""


class RecordReader:
    """Octets in, records out. No more than `most` octets of a record are kept, whatever is announced."""

    def __init__(self, most: int = RECORD_OCTETS) -> None:
        self._most = most
        self._data = bytearray()
        self._lost = False

    def feed(self, data: bytes) -> None:
        """Add octets; behind a record that is too large they are dropped."""
        if not self._lost:
            self._data += data

    def rest(self) -> bytes:
        """What is no whole record yet."""
        return bytes(self._data)

    def next(self) -> Record | None:
        """The next whole record, or one that says why there are no more (once); None: more octets are needed."""
        message, place = bytearray(), 0
        fragments: list[int] = []
        while place + 4 <= len(self._data):
            header = int.from_bytes(self._data[place : place + 4], "big")
            size, last = header & ~LAST, header >= LAST
            if len(message) + size > self._most or len(fragments) >= FRAGMENTS:
                return self._give_up(size, last, len(fragments))
            if place + 4 + size > len(self._data):
                return None
            message += self._data[place + 4 : place + 4 + size]
            fragments.append(size)
            place += 4 + size
            if last:
                raw = bytes(self._data[:place])
                del self._data[:place]
                return Record(bytes(message), raw, tuple(fragments))
        return None

    def _give_up(self, size: int, last: bool, before: int) -> Record:
        self._lost = True
        raw = bytes(self._data)
        self._data.clear()
        kind = "the last fragment" if last else "a fragment that is not the last"
        return Record(b"", raw, lost=f"{kind} announces {size} octets, behind {before} others")


class ReplyFramer:
    """Records as replies; what a record does not carry as RFC 5531 9 has it is named in the reply."""

    grammar = "RPC-rm-last"
    pattern = PATTERN

    def __init__(self) -> None:
        self._records = RecordReader()

    def feed(self, data: bytes) -> None:
        """Add octets."""
        self._records.feed(data)

    def next(self) -> Reply | None:
        """The next whole reply, or None."""
        found = self._records.next()
        if found is None:
            return None
        if found.lost:
            return Reply(found.raw, problem=found.lost, lost=found.lost)
        return parse_reply(found.message, found.raw, found.fragments)

    def rest(self) -> bytes:
        """What is no whole reply yet."""
        return self._records.rest()

"""The ONC RPC client's half (RFC 5531): calls and what is expected of their replies, over a stream or over datagrams.

`Rpc` is what checks know of either; `StreamRpc` is a connection, `DatagramRpc` a socket. A reply is known by its xid.
What a program means by its results is not known here, but for the port mapper's and those of procedures that give back
what they get (`?echo=`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pytest_netconform.codes import listed
from pytest_netconform.dialect import Dialect, Exchange
from pytest_netconform.dialogue import Dialogue
from pytest_netconform.dialogues.datagram import Datagrams
from pytest_netconform.target import Target
from pytest_netconform.transcript import What
from pytest_netconform.transport import Gone, Silence, TlsFailure
from pytest_netconform.verdict import Deviation, Inconclusive, NonConformity, NotApplicable
from pytest_netconform.visit import Remarks, Visit
from pytest_netconform.wire.cuts import octets
from pytest_netconform.wire.framing import Datagram
from pytest_netconform.wire.oncrpc import (
    GETPORT,
    NULL,
    PORTMAPPER,
    PORTMAPPER_VERSION,
    PROC_UNAVAIL,
    PROG_MISMATCH,
    PROG_UNAVAIL,
    SUCCESS,
    TCP,
    UDP,
    Auth,
    Call,
    Reply,
    ReplyFramer,
    parse_reply,
    record,
)
from pytest_netconform.wire.oncrpc_told import described, right_reply, told
from pytest_netconform.wire.xdr import UNIT, opaque, uint

XID = 0x4E430000  # what the xids of checks begin with
NOWHERE = 0x7FFFFFFE  # a version that nobody has, to ask for those that there are
PAUSE = 0.05  # seconds between two pieces that are to travel apart
SILENCE, CLOSED = "silence", "a close"  # what may come in place of a reply
NO_PROGRAM = "NO-PROGRAM"  # what is claimed by a target that has not what it was said to have
NO_NULL = {PROC_UNAVAIL: "there is no procedure 0, by convention the one that does nothing"}

#: By the type of `?echo=` → an argument of it.
SAMPLES: Mapping[str, bytes] = {
    "int": uint(7),
    "unsigned": uint(7),
    "hyper": uint(0) + uint(7),
    "float": bytes.fromhex("3fc00000"),
    "double": bytes.fromhex("3ff8000000000000"),
    "opaque": opaque(b"abcdefgh"),
    "string": opaque(b"abcdefgh"),
    "bool": uint(1),
    "enum": uint(1),
    "array": uint(1) + uint(7),
}


@dataclass(frozen=True)
class Program:
    """A program and its version."""

    number: int = PORTMAPPER
    version: int = PORTMAPPER_VERSION


PORT_MAPPER = Program()


class Rpc(Remarks):
    """What checks know of a way to call procedures. Every reply is that to the xid that it carries."""

    target: Target
    protocol = TCP
    _calls = 0

    # -- what can be called

    @property
    def program(self) -> Program:
        """The program to call: `?program=` and `?version=`, else the port mapper; an unknown version is asked for."""
        number = number_of(self.target, "program", PORTMAPPER)
        usual = PORTMAPPER_VERSION if number == PORTMAPPER else 0
        version = number_of(self.target, "version", usual)
        if not version and not self.target.options.get("version"):
            version = int(self.target.once(f"oncrpc-{number}", lambda: self._highest(number)))
        return Program(number, version)

    def _highest(self, number: int) -> int:
        """The highest version of a program, by the refusal of one that nobody has."""
        reply = self.replied(self._made(number, NOWHERE, NULL, b""))
        if reply.code == PROG_UNAVAIL:
            raise Inconclusive(f"program {number} is not there (PROG_UNAVAIL); name one that is by ?program=")
        if reply.code != PROG_MISMATCH:
            raise Inconclusive(f"the version of program {number} is not to be found ({told(reply)}); give ?version=")
        return reply.high

    def call(
        self,
        procedure: int = NULL,
        arguments: bytes = b"",
        *,
        to: Program | None = None,
        credential: Auth | None = None,
        **header: int,
    ) -> Call:
        """A call under an xid of its own, to the program of the run or another.

        header: what is otherwise in it (xid, rpcvers, mtype, program, version).
        """
        to = to or self.program
        made = self._made(to.number, to.version, procedure, arguments)
        changes: dict[str, object] = {**header, **({"credential": credential} if credential else {})}
        return Call(**{**vars(made), **changes})

    def _made(self, number: int, version: int, procedure: int, arguments: bytes) -> Call:
        if NO_PROGRAM in self.target.claims:
            raise Inconclusive(self.target.survey.problem)
        self._calls += 1
        return Call(XID + (self._number << 8) + self._calls, number, version, procedure, arguments)

    @property
    def _number(self) -> int:
        raise NotImplementedError

    @property
    def demanding(self) -> Call:
        """A call of a procedure that wants arguments: GETPORT of a port mapper, else one of `?echo=`."""
        if "PORTMAPPER" in self.target.claims:
            return self.getport(PORT_MAPPER, self.protocol)
        return self.echoing(next(iter(echoes(self.target))))

    def echoing(self, kind: str, argument: bytes | None = None) -> Call:
        """A call of the procedure that gives back its argument of this type (`?echo=`)."""
        procedures = echoes(self.target)
        if kind not in procedures:
            raise NotApplicable(f"?echo={kind}:", f"the target option ?echo= names no procedure for {kind}")
        return self.call(procedures[kind], SAMPLES[kind] if argument is None else argument)

    def getport(self, program: Program, protocol: int = TCP) -> Call:
        """PMAPPROC_GETPORT (RFC 1833 3.2)."""
        arguments = b"".join(map(uint, (program.number, program.version, protocol, 0)))
        return self.call(GETPORT, arguments, to=PORT_MAPPER)

    # -- what differs by the way

    def replied(self, call: Call, *, within: float | None = None) -> Reply:
        """The reply to a call, whatever it says. NonConformity when none comes, or one with another xid."""
        raise NotImplementedError

    def outcome(self, call: Call) -> Reply | str:
        """What comes of a message that is owed no reply: one, or SILENCE or CLOSED; the target goes on behind it."""
        raise NotImplementedError

    def another(self) -> Rpc:
        """Another connection or socket of ours."""
        raise NotImplementedError

    def survives(self) -> None:
        """The target goes on: NULL is answered on another connection or socket."""
        raise NotImplementedError

    # -- expectations

    def expects(
        self,
        call: Call,
        *statuses: str,
        noted: Mapping[str, str] | None = None,
        tolerated: Mapping[str, str] | None = None,
    ) -> Reply:
        """The reply to a call has one of these statuses, and is as it is written."""
        reply = self.replied(call)
        self.judged(reply, call, *statuses, noted=noted, tolerated=tolerated)
        return reply

    def judged(
        self,
        reply: Reply | str,
        call: Call,
        *statuses: str,
        noted: Mapping[str, str] | None = None,
        tolerated: Mapping[str, str] | None = None,
        owed: bool = False,
    ) -> None:
        """Judge what came. SILENCE and CLOSED are statuses too, for what is owed no reply."""
        status = reply if isinstance(reply, str) else str(reply.code)
        expected = f"{listed(statuses)} in answer to {described(call)}"
        if status in statuses:
            self.visit.evidence |= _evidence(status, statuses)
            return
        if status in (noted or {}):
            self.note(f"{status}: {(noted or {})[status]}")
            self.visit.evidence |= _evidence(status, (status,))
            return
        received = reply if isinstance(reply, str) else told(reply)
        if status in (tolerated or {}):
            self.visit.deviations.append(Deviation(expected, received, (tolerated or {})[status]))
            return
        pattern = None
        if isinstance(reply, Reply) and reply.fragments and not {SILENCE, CLOSED} & set(statuses):
            pattern = right_reply(call.xid, (*statuses, *(noted or ())))
        raise NonConformity(expected, received, owed=owed, passing=reply == SILENCE, pattern=pattern)

    def granted(self, call: Call) -> Reply:
        """Prerequisite: this succeeds; otherwise the check is Inconclusive."""
        try:
            reply = self.expects(call, SUCCESS)
        except NonConformity as problem:
            raise Inconclusive(f"prerequisite not met: {problem}") from None
        self.visit.evidence.add("twin")
        return reply

    def welcome(self, call: Call | None = None) -> Reply:
        """Prerequisite: NULL is answered (by a server that has none, with a refusal that says so)."""
        call = call or self.call()
        try:
            reply = self.expects(call, SUCCESS, PROC_UNAVAIL)
        except NonConformity as problem:
            raise Inconclusive(f"prerequisite not met: {problem}") from None
        self.visit.evidence.add("twin")
        return reply


class StreamRpc(Dialogue[Reply], Rpc):
    """One connection, with record marking."""

    protocol = TCP

    def __init__(self, visit: Visit) -> None:
        super().__init__(visit, ReplyFramer)

    @property
    def _number(self) -> int:
        return self.wire.number

    def reply(self, expected: str = "", *, within: float | None = None) -> Reply:
        """The next reply. Inconclusive when no record can be told from the next any more."""
        reply = self.hear(expected, within=within)
        if reply.lost:
            raise Inconclusive(f"{told(reply)}; {self._framer.grammar} judges that")
        return reply

    def replied(self, call: Call, *, within: float | None = None) -> Reply:
        self.send(record(call.octets))
        return self.reply_to(call, within=within)

    def reply_to(self, call: Call, *, within: float | None = None) -> Reply:
        """The next reply, which must be that to this call."""
        expected = f"a reply with xid {call.xid:#010x} to {described(call)}"
        reply = self.reply(expected, within=within)
        if reply.xid != call.xid:
            raise NonConformity(expected, told(reply), owed=True, pattern=right_reply(call.xid, ()))
        return reply

    def whole(self, call: Call, octets: bytes) -> Reply:
        """The reply to a call that is sent as these octets."""
        self.send(octets)
        return self.reply_to(call)

    def octet_by_octet(self, call: Call) -> Reply:
        """The reply to a call of which each octet travels by itself."""
        self.wire.cut = octets
        return self.replied(call)

    def apart(self, call: Call, *pieces: bytes) -> Reply:
        """The reply to a call that is sent in these pieces, each by itself, as far as pauses can bring that about."""
        for place, piece in enumerate(pieces):
            if place:
                self.target.carriage.pause(PAUSE)
            self.send(piece)
        return self.reply_to(call)

    def outcome(self, call: Call) -> Reply | str:
        return self.outcome_of(record(call.octets))

    def outcome_of(self, octets: bytes, *, follow: bool = True) -> Reply | str:
        """What comes of octets. follow: a NULL behind them is understood, so that silence can be counted."""
        self.send(octets)
        found = self._listened()
        if found is not None:
            return found
        if self.over:
            return self._closed()
        return self._before_marker() if follow else SILENCE

    def _listened(self, what: str = "outcome") -> Reply | None:
        """The reply that comes within a silence window, or None, perhaps because it is over.

        what: for a reproducer an `outcome` is a time to wait; what is `late` is missing, if a reply should have come.
        """
        deadline = self.wire.now() + self.target.window
        self._await(what, self.target.window, self._framer.pattern)
        try:
            while (found := self._framer.next()) is None:
                data = self.wire.receive(deadline)
                if not data:
                    self.over = True
                    return None
                self._framer.feed(data)
        except Silence:
            return None
        except (Gone, TlsFailure):
            self.over = self.broken = True
            return None
        self.wire.record(What.HEARD, found.raw)
        if found.lost:
            raise Inconclusive(f"{told(found)}; {self._framer.grammar} judges that")
        return found

    def _before_marker(self) -> Reply | str:
        """What comes before NULL is answered, or soon after it, by a server that lets calls overtake each other."""
        marker, found = self.call(), None
        self.send(record(marker.octets))
        expected = f"a reply to {described(marker)} behind it, or a close"
        while True:
            try:
                reply = self.reply(expected)
            except NonConformity:
                if self.over:
                    return found or self._closed()
                raise
            if reply.xid == marker.xid:
                break
            found = reply
        self.visit.evidence.add("silence")
        return found or self._listened("late") or SILENCE

    def _closed(self) -> str:
        self.visit.evidence.add("close")
        return CLOSED

    def another(self) -> StreamRpc:
        return self.sibling()

    def survives(self) -> None:
        fresh = self.served_again("afterwards")
        _asked_after(fresh)


@dataclass(frozen=True)
class Question(Exchange):
    """A call whose reply is known by its xid."""

    def describe(self) -> str:
        return f"a reply with xid 0x{self.say[:UNIT].hex()}"


class DatagramRpc(Datagrams, Rpc):
    """One socket; a call is a datagram, and so is its reply."""

    protocol = UDP

    @property
    def _number(self) -> int:
        return self.wire.number

    def sample(self, number: int = 0, size: int = 0) -> Exchange:
        """NULL, under an xid of its own."""
        return question(self.call())

    def replied(self, call: Call, *, within: float | None = None) -> Reply:
        waits = None if within is None else tuple(part * within / self.target.patience for part in self.waits)
        try:
            return parse_reply(self.ask(question(call), waits=waits).raw)
        except NonConformity as problem:
            problem.expected = f"a reply with xid {call.xid:#010x} to {described(call)}"
            raise

    def outcome(self, call: Call) -> Reply | str:
        for _ in self.waits:
            self.send(call.octets)
            arrival = self.next(self.wire.now() + self.target.window, "silence")
            if arrival is not None:
                return parse_reply(arrival.raw)
        self._blame("answer")  # a reproducer looks for one, if it should have come
        self.visit.evidence.add("silence")
        self.survives()
        return SILENCE

    def another(self) -> DatagramRpc:
        fresh = self.sibling()
        assert isinstance(fresh, DatagramRpc)
        return fresh

    def survives(self) -> None:
        _asked_after(self.another())


def _asked_after(fresh: Rpc) -> None:
    try:
        fresh.expects(fresh.call(), SUCCESS, noted=NO_NULL)
    except NonConformity as problem:
        problem.owed = True
        problem.expected += " (the target goes on)"
        raise
    fresh.visit.evidence.add("control")


def question(call: Call) -> Question:
    """A call as what the datagram dialogue asks."""
    return Question(call.octets, pattern=re.escape(uint(call.xid)) + rb"(?s:.*)")


#: How messages look there to the datagram dialogue; a target's own program is asked by `DatagramRpc.sample`.
DATAGRAM_DIALECT = Dialect(
    "oncrpc",
    Datagram(),
    transport="udp",
    exchanges=(question(Call(XID, PORTMAPPER, PORTMAPPER_VERSION)),),
)


def _evidence(status: str, among: Sequence[str]) -> set[str]:
    """A status that says no is a refusal, where nothing else was asked for."""
    return {"refusal"} if status not in (SUCCESS, SILENCE, CLOSED) and SUCCESS not in among else set()


# -- what the user wrote


def number_of(target: Target, option: str, otherwise: int) -> int:
    """The number behind an option, decimal or hexadecimal (0x). Inconclusive when it is none."""
    text = target.options.get(option, "")
    try:
        value = int(text, 0) if text else otherwise
    except ValueError:
        value = -1
    if not 0 <= value < 1 << 32:
        raise Inconclusive(f"?{option}={text} is no number between 0 and 4294967295")
    return value


def echoes(target: Target) -> dict[str, int]:
    """The procedures of `?echo=` by type. Inconclusive when it cannot be read, NotApplicable when it is not given."""
    found = {}
    for part in filter(None, target.option("echo").split(",")):
        kind, _, number = part.partition(":")
        if kind not in SAMPLES or not number.isascii() or not number.isdigit():
            raise Inconclusive(f"?echo={part}: write TYPE:PROCEDURE, with a type out of {', '.join(SAMPLES)}")
        found[kind] = int(number)
    return found

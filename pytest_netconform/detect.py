"""Detection: which protocol a bare HOST:PORT speaks, and whether a named one can be what it was called.

This module listens first, then probes, in one connection where that is possible; everything it knows about protocols
stands in the protocol table. It must not judge: a server that greets wrongly is the suite's affair, as long as it can
be the kind of server that it was called.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pytest_netconform.protocols import COMMON_OPTIONS, PROTOCOLS, Protocol, by_scheme
from pytest_netconform.sockets import SocketCarriage, client_hello
from pytest_netconform.target import Spec, TargetError
from pytest_netconform.transcript import Transcript, What
from pytest_netconform.transport import Cancel, Gone, Silence, TlsFailure, Unreachable, Wire
from pytest_netconform.visit import shown
from pytest_netconform.wire.cuts import whole

SECONDS = 4.0  # for the whole of a detection, connections apart
HELLO_PART = 0.25  # of the time: what a TLS hello gets after silence
QUIET = 0.1  # seconds without another octet: the greeting is over
LINE_OCTETS = 1 << 12  # a greeting line that has not ended by then has no end
GREETING_OCTETS = 1 << 16  # nor has a greeting of many lines

TLS_RECORD = re.compile(rb"[\x14-\x17]\x03[\x00-\x04]")


@dataclass(frozen=True)
class Heard:
    """What came, and what ended the listening: `line` (a line end), `quiet`, `silence`, `close`, `endless`, or that it
    is the `echo` of what was said.
    """

    data: bytes
    end: str

    def __str__(self) -> str:
        first, more, _ = self.data.partition(b"\n")
        text = f'"{shown(first.rstrip(bytes([13])))}"'
        return f"{text} without a line end" if not more and self.end != "line" else text


class Unrecognised(TargetError):
    """There is a server, and it is of no known kind: why not, and what to do. implicit_tls: it wants TLS first."""

    def __init__(self, why: str, advice: str, *, implicit_tls: bool = False) -> None:
        super().__init__(f"{why}{advice}")
        self.why, self.advice, self.implicit_tls = why, advice, implicit_tls


def detect(spec: Spec, *, cancel: Cancel | None = None, seconds: float = SECONDS) -> Spec:
    """The same target with its scheme and protocol filled in; one that names its scheme is returned as it is.

    Raises TargetError with one line: nobody there; Unrecognised: nothing said, or what fits no protocol.
    """
    if spec.reference or spec.protocol is not None:
        return spec
    seconds = max(seconds, float(spec.options.get("patience", 0)))  # more only when the user gave the target more
    protocol, implicit_tls = _recognised(spec, cancel, seconds)
    scheme = next((s for s, how in protocol.schemes.items() if how.implicit_tls is implicit_tls), None)
    if scheme is None:
        raise TargetError(f"{spec.place} speaks {protocol.title} inside TLS from the start; no scheme says that")
    _check_options(spec, protocol)
    return replace(spec, scheme=scheme, protocol=protocol)


def recognised(spec: Spec, *, cancel: Cancel | None = None, seconds: float = SECONDS) -> tuple[Spec, str]:
    """As `detect`, but what is of no known kind is a stream that nobody has described; the text says why, in that case.

    Raises TargetError when nobody is there, or when it was given options that no such stream has.
    """
    try:
        return detect(spec, cancel=cancel, seconds=seconds), ""
    except Unrecognised as stranger:
        scheme = "tcps" if stranger.implicit_tls else "tcp"
        protocol = by_scheme(scheme)
        assert protocol is not None
        if _strange(spec, protocol):
            raise
        return replace(spec, scheme=scheme, protocol=protocol), stranger.why


def misnamed(spec: Spec, transcript: Transcript) -> str:
    """Why a target with a named scheme is another kind of server, in one line; empty when it can be what it is called.

    transcript: that of its sanity dialogue, so that nothing is dialled for this. Silence, a close and an odd greeting
    of the right kind are no such case: the sanity dialogue and the suite say more about those.
    """
    protocol = spec.protocol
    if protocol is None or protocol.greeting is None:
        return ""
    first = [event for event in transcript.events if event.connection == 1]
    said = next((i for i, event in enumerate(first) if event.what is What.SEND), len(first))
    data = b"".join(event.data for event in first[:said] if event.what is What.RECEIVE)
    if not data or _fits(protocol.plausible or protocol.greeting, data):
        return ""
    heard = Heard(data, "line" if b"\n" in data else "silence")
    return f"{spec.place} is no {protocol.title} server: it greets with {heard}{_hint(spec, heard)}"


def _recognised(spec: Spec, cancel: Cancel | None, seconds: float) -> tuple[Protocol, bool]:
    """The row, and whether TLS comes first."""
    wire = _dial(spec, cancel)
    try:
        heard = _greeting(wire, seconds * (1 - HELLO_PART))
        if heard.data:
            return _by_greeting(spec, wire, heard, seconds), False
        if heard.end == "close":
            raise Unrecognised(f"{spec.place} closes the connection and says nothing", _name_it())
        answer = _after_hello(wire, spec, seconds * HELLO_PART)
    finally:
        wire.close()
    return _silent(spec, cancel, seconds, answer)


def _by_greeting(spec: Spec, wire: Wire, heard: Heard, seconds: float) -> Protocol:
    if heard.end == "endless":
        raise Unrecognised(f"{spec.place} greets without an end: {heard} and on", _name_it())
    rows = [row for row in PROTOCOLS.values() if row.greeting is not None and _fits(row.greeting, heard.data)]
    if not rows:
        raise Unrecognised(f"{spec.place} is of no known kind: it greets with {heard}", _hint(spec, heard))
    said = []
    for row in rows:
        if not row.probe or row.answer is None:
            return row
        answer = _probed(wire, row, seconds / len(rows))
        if _fits_a_line(row.answer, answer.data):
            return row
        said.append(f"answers {shown(row.probe)} with {answer if answer.data else 'nothing'}")
    story = " and ".join([f"it greets with {heard}", *said])
    raise Unrecognised(f"{spec.place} is of no known kind: {story}", _name_it())


def _silent(spec: Spec, cancel: Cancel | None, seconds: float, answer: Heard) -> tuple[Protocol, bool]:
    """The server waits for the client: TLS, a protocol whose client speaks first, or nothing that we know."""
    if TLS_RECORD.match(answer.data) and answer.end != "echo":
        return _inside_tls(spec, cancel, seconds), True
    if (row := _by_probe(spec, cancel, seconds * HELLO_PART, implicit_tls=False)) is not None:
        return row, False
    late = [row for row in PROTOCOLS.values() if row.greeting is not None and _fits(row.greeting, answer.data)]
    if late:  # its greeting was only slow, and the hello has spoilt this connection for a probe
        return late[0] if len(late) == 1 else _slow(spec, cancel, seconds), False
    quiet = f"says nothing for {seconds * (1 - HELLO_PART):g} s"
    if answer.end == "echo":
        raise Unrecognised(f"{spec.place} {quiet}, and sends a TLS hello back as it came", f"; try echo://{spec.place}")
    if answer.data:
        raise Unrecognised(f"{spec.place} {quiet}, and answers a TLS hello with {answer}", _name_it())
    advice = f"; name its scheme ({_known()}), and give it more time by ?patience= if it is slow"
    raise Unrecognised(f"{spec.place} {quiet}, nor to a TLS hello", advice)


def _by_probe(spec: Spec, cancel: Cancel | None, seconds: float, *, implicit_tls: bool) -> Protocol | None:
    """The protocol whose client speaks first, if its probe is answered as it should be; on connections of their own."""
    for row in PROTOCOLS.values():
        if row.greeting is None and row.probe and row.answer is not None:
            wire = _dial(spec, cancel, implicit_tls=implicit_tls)
            try:
                if _fits_a_line(row.answer, _probed(wire, row, seconds).data):
                    return row
            finally:
                wire.close()
    return None


def _slow(spec: Spec, cancel: Cancel | None, seconds: float) -> Protocol:
    """Several protocols greet like that: another connection, time for its greeting, and then the probes."""
    wire = _dial(spec, cancel)
    try:
        return _by_greeting(spec, wire, _greeting(wire, seconds), seconds)
    finally:
        wire.close()


def _inside_tls(spec: Spec, cancel: Cancel | None, seconds: float) -> Protocol:
    suggestion = " or ".join(f"{s}://{spec.place}" for s in _inside_tls_schemes())
    try:
        wire = _dial(spec, cancel, implicit_tls=True)
    except TargetError as error:
        raise TargetError(f"{spec.place} waits for TLS from the start, and: {error}; try {suggestion}") from None
    try:
        heard = _greeting(wire, seconds * (1 - HELLO_PART))
        if heard.data:
            return _by_greeting(spec, wire, heard, seconds)
    except Unrecognised as stranger:
        raise Unrecognised(stranger.why, stranger.advice, implicit_tls=True) from None
    finally:
        wire.close()
    if (row := _by_probe(spec, cancel, seconds * HELLO_PART, implicit_tls=True)) is not None:
        return row
    why = f"{spec.place} speaks TLS from the start and then says nothing"
    raise Unrecognised(why, f"; try {suggestion}", implicit_tls=True)


# -- on the wire


def _dial(spec: Spec, cancel: Cancel | None, *, implicit_tls: bool = False) -> Wire:
    name = spec.options.get("servername") or spec.host
    carriage = SocketCarriage(spec.host, spec.port, implicit_tls=implicit_tls, server_name=name, cancel=cancel)
    try:
        return carriage.connect(Transcript(), 1, carriage.now(), whole)
    except Unreachable as error:
        raise TargetError(str(error)) from None


def _greeting(wire: Wire, seconds: float) -> Heard:
    """The first line, then what follows without a pause; an end that never comes is called `endless`."""
    heard = _listen(wire, wire.now() + seconds, first_line=True)
    if heard.end != "line":
        return heard
    data, deadline = heard.data, wire.now() + seconds
    while wire.now() < deadline and len(data) <= GREETING_OCTETS:
        more = _listen(wire, wire.now() + QUIET, first_line=False)
        data += more.data
        if not more.data:
            return Heard(data, "line")
    return Heard(data, "endless")


def _listen(wire: Wire, deadline: float, *, first_line: bool) -> Heard:
    data = b""
    while True:
        try:
            piece = wire.receive(deadline)
        except Silence:
            return Heard(data, "silence")
        except (Gone, TlsFailure):
            return Heard(data, "close")
        data += piece
        if not piece:
            return Heard(data, "close")
        if not first_line or b"\n" in data:
            return Heard(data, "line")
        if len(data) > LINE_OCTETS:
            return Heard(data, "endless")


def _probed(wire: Wire, row: Protocol, seconds: float) -> Heard:
    deadline = wire.now() + seconds
    try:
        wire.send(row.probe, deadline)
    except (Silence, Gone):
        return Heard(b"", "close")
    return _listen(wire, deadline, first_line=True)


def _after_hello(wire: Wire, spec: Spec, seconds: float) -> Heard:
    deadline = wire.now() + seconds
    hello = client_hello(spec.options.get("servername") or spec.host)
    try:
        wire.send(hello, deadline)
    except (Silence, Gone):
        return Heard(b"", "close")
    heard = _listen(wire, deadline, first_line=False)
    return Heard(heard.data, "echo") if heard.data and hello.startswith(heard.data) else heard


# -- words


def _fits(pattern: str, data: bytes) -> bool:
    return re.match(pattern.encode(), data) is not None


def _fits_a_line(pattern: str, data: bytes) -> bool:
    return re.search(rb"^(?:" + pattern.encode() + rb")", data, re.MULTILINE) is not None


def _hint(spec: Spec, heard: Heard) -> str:
    if TLS_RECORD.match(heard.data):
        return f", which is TLS; try {' or '.join(f'{s}://' for s in _inside_tls_schemes())}"
    rows = [row for row in PROTOCOLS.values() if row.greeting is not None and _fits(row.greeting, heard.data)]
    if spec.protocol is None:
        return _name_it()
    other = [row for row in rows if row is not spec.protocol]
    return f", as {' or '.join(row.title for row in other)} servers do" if other else ""


def _name_it() -> str:
    return f"; if you know better, name its scheme ({_known()})"


def _known() -> str:
    ways = [(s, how) for row in PROTOCOLS.values() for s, how in row.schemes.items()]
    return ", ".join(f"{s}://" for s, how in ways if not (how.dialect or how.datagrams or how.path))


def _inside_tls_schemes() -> Sequence[str]:
    return [scheme for row in PROTOCOLS.values() for scheme, how in row.schemes.items() if how.implicit_tls]


def _check_options(spec: Spec, protocol: Protocol) -> None:
    if strange := _strange(spec, protocol):
        raise TargetError(f"{spec.place} speaks {protocol.title}, which has no target option {strange[0]!r}")


def _strange(spec: Spec, protocol: Protocol) -> Sequence[str]:
    """The options of a target that its protocol does not have."""
    return [option for option in spec.options if option not in protocol.options and option not in COMMON_OPTIONS]

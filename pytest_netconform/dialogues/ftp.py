"""The FTP client's half (RFC 959): data connections and transfers, on top of the control connection's dialogue.

A transfer returns what happened, replies and octets; a check judges it. The short forms (`fetch`, `put`, `names`) are
prerequisites: whatever goes wrong there makes the check Inconclusive.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pytest_netconform.codes import Code, listed
from pytest_netconform.data_wires import Around, Listener, around
from pytest_netconform.dialogue import Say
from pytest_netconform.dialogues.ftp_control import FtpControl
from pytest_netconform.tour import Tour
from pytest_netconform.transcript import What
from pytest_netconform.transport import Gone, Silence, TlsFailure, Unclosed, Wire
from pytest_netconform.verdict import Inconclusive, NonConformity
from pytest_netconform.visit import Visit
from pytest_netconform.wire.ftp import (
    FormProblem,
    Passive,
    Reply,
    parse_227,
    parse_229,
    same_host,
)
from pytest_netconform.wire.ftp_commands import eprt_argument, port_argument
from pytest_netconform.wire.ftp_listings import lines_of

LONGEST_TRANSFER = 1 << 26  # octets; a listing or a file that has not ended by then has no end
TRANSFER_PATIENCE = 12  # times the patience: the longest that a transfer may take as a whole
CLOSED = "closed"  # how a data connection should end
CUT = "closed without close_notify"  # and how many end inside TLS: FTP-4217-9-e judges that, and nothing else does
ORDERLY = (CLOSED, CUT)

FtpTour = Tour[Reply]

_PERIOD = b"".join(bytes([number]) + bytes(range(256)) for number in range(251))  # no power of two repeats it


def pattern(octets: int) -> bytes:
    """So many octets, all 256 values among them as soon as there is room for them; a lost portion shows."""
    return (_PERIOD * (octets // len(_PERIOD) + 1))[:octets]


@dataclass(frozen=True)
class Transfer:
    """What one transfer command led to.

    preliminary: the 1yz, None where the command was refused. data: what came. ending: how the data connection ended,
    `ORDERLY` or in other words; empty where there was none. reply: the last reply.
    """

    command: str
    preliminary: Reply | None
    data: bytes
    ending: str
    reply: Reply

    @property
    def complete(self) -> bool:
        """Whether it went as it should: 1yz, an orderly end, 2yz."""
        done = self.reply.code is not None and self.reply.code // 100 == 2
        return self.preliminary is not None and done and self.ending in ORDERLY

    def __str__(self) -> str:
        said = [str(reply.code) for reply in (self.preliminary, self.reply) if reply is not None]
        return f"{', '.join(said)}, {len(self.data)} octets, data connection {self.ending or 'not opened'}"


class Ftp(FtpControl):
    """One FTP control connection, and the data connections beside it."""

    def __init__(self, visit: Visit) -> None:
        super().__init__(visit)
        self._around: Around | None = None

    # -- data connections

    @property
    def around(self) -> Around:
        """What makes the wires beside this one; `around.big` octets do not fit into the network."""
        if self._around is None:
            self._around = around(self.target.carriage, self.wire, self.visit.transcript, self.visit.epoch)
        return self._around

    def passive_address(self, command: str = "EPSV") -> Passive:
        """Where the target listens now. Raises NonConformity for a refusal and for a reply of another form."""
        extended = command.upper().startswith("EPSV")
        reply = self.exchange(command, 229 if extended else 227)
        try:
            return parse_229(reply) if extended else parse_227(reply)
        except FormProblem as problem:
            form = "a port in the form (|||port|)" if extended else "six numbers, 0 to 255"
            raise NonConformity(f"{form} in answer to {command}", f"{self._shown(reply.raw)}: {problem}") from None

    def dial(self, place: Passive, source: str = "") -> Wire:
        """A data wire to where the target listens, from this machine's address `source`. Raises NonConformity.

        An address of another host is never connected to: the port is tried at the control connection's host, with a
        note.
        """
        host = self.wire.there[0]
        self._await("join", self.target.patience)
        if place.host and not same_host(place.host, host):
            self.note(f"227 names {place.host}, which is not where we are connected; {host} was tried instead")
        try:
            return self.visit.keep(lambda number: self.around.connect(number, (host, place.port), source))
        except Inconclusive as problem:
            raise NonConformity(
                f"a data connection to port {{port}} of {host}", str(problem), owed=True, passing=True
            ) from None

    def passive(self) -> Wire:
        """Prerequisite: a data wire that we opened, by EPSV, or by PASV where that is all there is."""
        self.send("EPSV")
        reply = self.reply()
        try:
            if reply.code == 229:
                return self.dial(parse_229(reply))
            return self.dial(self.passive_address("PASV"))
        except (NonConformity, FormProblem) as problem:
            raise Inconclusive(f"prerequisite not met: no data connection: {problem}") from None

    def listen(self, port: int = 0, host: str = "") -> Listener:
        """Wait for the target at an address of ours, by default that of the control connection. Says nothing to it."""
        try:
            listener: Listener = self.visit.keep(
                lambda number: self.around.listen(number, host or self.wire.here[0], port)
            )
        except Inconclusive:
            raise Inconclusive(f"we cannot listen at {host or self.wire.here[0]} port {port or '(any)'}") from None
        return listener

    def active(self, command: str = "") -> Listener:
        """Prerequisite: a place where we listen, announced by EPRT or PORT (by default what the family asks for)."""
        listener = self.listen()
        self.given(announcement(listener, command or ("EPRT" if ":" in listener.address[0] else "PORT")))
        return listener

    def accept(self, listener: Listener, within: float | None = None) -> Wire:
        """The data wire that the target opens. Raises NonConformity when it does not."""
        patience = self.target.patience if within is None else within
        self._await("accept", patience)
        try:
            return self.visit.keep(lambda number: listener.accept(number, self.wire.now() + patience))
        except Silence:
            raise NonConformity(
                "the target to connect to the port that was announced",
                f"nobody came for {patience:g} s",
                owed=True,
                passing=True,
            ) from None

    # -- transfers, step by step

    def begin(self, command: Say, via: Wire | Listener | None = None) -> tuple[Reply, Wire | None]:
        """Say a transfer command: the first reply and, if that is 1yz, the data wire, TLS on it under PROT P.

        via: a data wire or a place where we listen; a passive wire is opened when there is none.
        """
        way = via if via is not None else self.passive()
        self.send(command)
        first = self.reply()
        if not first.preliminary:
            way.close()
            return first, None
        wire = way if isinstance(way, Wire) else self.accept(way)
        if self.protected:
            self.shake(wire)
        return first, wire

    def shake(self, wire: Wire) -> None:
        """TLS on a data wire. Raises NonConformity when it comes to nothing."""
        wire.record(What.AWAIT, f"tls {self.target.patience:g} ".encode())
        try:
            wire.start_tls(self.wire.now() + self.target.patience)
        except (TlsFailure, Silence, Gone) as error:
            raise NonConformity("a TLS handshake on the data connection", str(error), owed=True, passing=True) from None

    def drain(self, wire: Wire, most: int = LONGEST_TRANSFER) -> tuple[bytes, str]:
        """Everything that comes on a data wire, at most so much, and how it ended. Raises NonConformity for silence."""
        pieces: list[bytes] = []
        octets = 0
        wire.record(What.AWAIT, f"data {self.target.patience:g} {most}".encode())
        last = self.wire.now() + TRANSFER_PATIENCE * self.target.patience
        while octets < most:
            try:
                piece = wire.receive(min(last, self.wire.now() + self.target.patience))
            except Silence:
                raise NonConformity(
                    "the end of the data",
                    f"{octets} octets, then nothing for {self.target.patience:g} s",
                    owed=True,
                    passing=True,
                ) from None
            except Unclosed:
                return b"".join(pieces), CUT
            except (Gone, TlsFailure) as error:
                return b"".join(pieces), f"broken ({error})"
            if not piece:
                return b"".join(pieces), CLOSED
            pieces.append(piece)
            octets += len(piece)
        if most == LONGEST_TRANSFER:
            raise NonConformity("the end of the data", f"more than {most} octets", owed=True)
        return b"".join(pieces), ""

    def glance(self, wire: Wire) -> tuple[bytes, str]:
        """What arrives first on a data wire within one silence window, and how it ended; empty while it is open."""
        try:
            piece = wire.receive(self.wire.now() + self.target.window)
        except Silence:
            return b"", ""
        except (Gone, TlsFailure) as error:
            return b"", f"broken ({error})"
        return piece, "" if piece else CLOSED

    def supply(self, wire: Wire, data: bytes, *, goodbye: bool = True, end: bool = True) -> str:
        """Send octets on a data wire and, with `end`, say that this is all: how the wire ended, as it seems."""
        try:
            wire.send(data, self.wire.now() + TRANSFER_PATIENCE * self.target.patience)
            if not end:
                return ""
            if goodbye:
                wire.finish(self.wire.now() + self.target.patience)
            else:
                wire.shutdown()
        except Gone as error:
            return f"broken ({error})"
        except Silence:
            return "open, and nothing was taken"
        return CLOSED

    # -- transfers as a whole

    def retrieve(self, command: Say, via: Wire | Listener | None = None) -> Transfer:
        """A transfer to us (RETR, LIST, NLST, MLSD), read to its end; the data wire is closed before the last reply."""
        first, wire = self.begin(command, via)
        if wire is None:
            return Transfer(_name(command), None, b"", "", first)
        data, ending = self.drain(wire)
        wire.close()
        return Transfer(_name(command), first, data, ending, self.reply(f"a last reply to {_name(command)}"))

    def store(self, command: Say, data: bytes, via: Wire | Listener | None = None) -> Transfer:
        """A transfer from us (STOR, APPE, STOU)."""
        first, wire = self.begin(command, via)
        if wire is None:
            return Transfer(_name(command), None, b"", "", first)
        ending = self.supply(wire, data)
        reply = self.reply(f"a last reply to {_name(command)}")  # the wire stays: unread TLS tickets would make a RST
        wire.close()
        return Transfer(_name(command), first, b"", ending, reply)

    def done(self, transfer: Transfer, *final: Code) -> Transfer:
        """Judge that a transfer went as it should: 1yz, an orderly end, one of `final` (226, 250)."""
        codes = final or (226, 250)
        if transfer.preliminary is None:
            self.weigh(transfer.reply, "1yz", expected=f"125 or 150 in answer to {transfer.command}")
        self.weigh(transfer.reply, *codes, expected=f"{listed(codes)} at the end of {transfer.command}")
        expected = f"an orderly end of the data behind {transfer.command}"
        self.require(transfer.ending in ORDERLY, expected, transfer.ending)
        if transfer.ending == CUT:
            self.note(f"the data of {transfer.command} ended without close_notify")
        return transfer

    def fetch(self, path: str | bytes, via: Wire | Listener | None = None) -> bytes:
        """Prerequisite: a file's octets, in the current type."""
        return self._sure(lambda: self.retrieve(_command("RETR", path), via)).data

    def put(self, path: str | bytes, data: bytes, via: Wire | Listener | None = None) -> None:
        """Prerequisite: a file with these octets, in the current type."""
        self._sure(lambda: self.store(_command("STOR", path), data, via))

    def names(self, command: Say = "NLST") -> list[bytes]:
        """Prerequisite: the lines of a listing."""
        return lines_of(self._sure(lambda: self.retrieve(command)).data)

    def _sure(self, transfer: Callable[[], Transfer]) -> Transfer:
        try:
            done = self.done(transfer())
        except NonConformity as problem:
            raise Inconclusive(f"prerequisite not met: {problem}") from None
        self.visit.evidence.add("twin")
        return done

    # -- files to look at

    def text_file(self) -> bytes:
        """Prerequisite: a file of some lines that may be read. In the scratch directory, else the user's `?file=`."""
        if self.directory:
            self.given("TYPE I")
            self.put("hello.txt", TEXT)
            return b"hello.txt"
        return self.target.option("file").encode()

    def large_file(self) -> bytes:
        """Prerequisite: a file that does not fit into the network, to be read. Uploaded, else the user's `?large=`."""
        if self.directory:
            self.given("TYPE I")
            self.put("large.bin", pattern(self.around.big))
            return b"large.bin"
        return self.target.option("large").encode()


#: what `text_file` holds: some hundred octets in lines that end LF, so that a conversion shows
TEXT = b"".join(b"line %d of a text file\n" % number for number in range(1, 21))


def announcement(listener: Listener, command: str = "PORT", delimiter: str = "|") -> str:
    """PORT or EPRT with the address of a listener."""
    host, port = listener.address
    if command == "PORT":
        return f"PORT {port_argument(host, port)}"
    return f"EPRT {eprt_argument(host, port, delimiter)}"


def _command(verb: str, path: str | bytes) -> bytes:
    return verb.encode() + b" " + (path.encode() if isinstance(path, str) else path) + b"\r\n"


def _name(command: Say) -> str:
    text = command if isinstance(command, str) else command.decode("latin-1")
    return text.split(" ")[0].strip().upper()


def scratch_names(names: Sequence[bytes]) -> list[bytes]:
    """The last parts of listed names, without the directory itself and its parent."""
    return [last for name in names if (last := name.rpartition(b"/")[2]) not in (b"", b".", b"..")]

"""Wires: a client's end of one connection, with deadlines and a transcript; `sockets` and `memory` make them.

A wire must not know what the octets mean: it moves them, records them, and says plainly how a connection ended.
"""

from __future__ import annotations

import os
import select
import socket
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from itertools import accumulate
from typing import Protocol

from pytest_netconform.transcript import Transcript, What
from pytest_netconform.wire.cuts import Cut, whole

CHUNK = 1 << 16  # octets read at once


class Silence(Exception):
    """The deadline passed and nothing came (or nothing was taken)."""


class Gone(Exception):
    """The peer broke the connection: a reset, or a write after it closed."""


class Unclosed(Gone):
    """The peer closed, in order as far as TCP goes, without a closing alert (RFC 8446 section 6.1)."""

    def __init__(self) -> None:
        super().__init__("the TLS stream was cut without a closing alert")


class TlsFailure(Exception):
    """The TLS handshake failed, or the TLS stream was cut or spoilt."""


class ClearText(TlsFailure):
    """The peer went on in clear where its half of a handshake belongs: with these octets."""

    def __init__(self, octets: bytes) -> None:
        super().__init__("clear text came in place of a TLS handshake")
        self.octets = octets


class Unreachable(Exception):
    """No connection could be made; the message says to whom and why."""


class Cancelled(BaseException):
    """The run was interrupted; nothing that is under way matters any more."""


class Wire(ABC):
    """One connection, as the client sees it. Times are absolute, in the carriage's seconds (`now`)."""

    def __init__(self, transcript: Transcript, number: int, epoch: float, cut: Cut = whole) -> None:
        self.transcript = transcript
        self.number = number
        self.cut = cut
        self.secure = False
        self.ended = False  # the peer's end of stream was seen
        self.kept = 0  # octets of one sending that the transcript keeps; 0: all
        self.here: tuple[str, int] = ("", 0)
        self.there: tuple[str, int] = ("", 0)
        self._epoch = epoch

    @abstractmethod
    def now(self) -> float:
        """The time on this wire's clock."""

    def record(self, what: What, data: bytes = b"") -> None:
        """Put an event of this connection into the transcript."""
        self.transcript.add(self.now() - self._epoch, self.number, what, data)

    def send(self, data: bytes, deadline: float) -> None:
        """Write all octets, in the segments that the cut asks for. Raises Silence or Gone."""
        segments = self.cut(data)
        if len(segments) > 1:
            self.record(What.CUT, _places(segments))
        self._record_sent(data)
        for segment in segments:
            self._write(segment, deadline)

    def pour(self, data: bytes, deadline: float) -> int:
        """Write without reading, as much as the peer takes until the deadline: how many octets. Raises Gone."""
        taken = self._pour(data, deadline)
        self._record_sent(data[:taken])
        return taken

    def _record_sent(self, data: bytes) -> None:
        if self.kept and len(data) > self.kept:
            self.transcript.add(self.now() - self._epoch, self.number, What.SEND, data[: self.kept], len(data))
        else:
            self.record(What.SEND, data)

    def flood(self, data: bytes, most: int, seconds: float, *, deaf: bool = False) -> int:
        """The same octets again and again, at most so many in all: how many the peer took.

        It ends early when he says anything (unless we are deaf) or ends, or takes nothing for so many seconds; what he
        says stays unread.
        """
        taken = 0
        with suppress(Gone):
            while taken < most and (deaf or not self._stirs()):
                piece = data[: most - taken]
                wrote = self._pour(piece, self.now() + seconds)
                taken += wrote
                if wrote < len(piece):
                    break
        self.transcript.add(self.now() - self._epoch, self.number, What.SEND, data[:taken], taken)
        return taken

    def send_urgent(self, octet: bytes, deadline: float) -> None:
        """One octet as urgent data (RFC 9293 3.8.5), which TLS does not have. Raises Silence or Gone."""
        self.record(What.NOTE, b"urgent: " + octet)
        self._write_urgent(octet, deadline)

    def narrow(self, octets: int) -> None:
        """Ask for a small receive buffer (SO_RCVBUF); in memory there is none."""
        self.record(What.NOTE, b"receive buffer: %d" % octets)
        self._narrow(octets)

    def receive(self, deadline: float) -> bytes:
        """What arrives first, or b"" at the peer's end of stream. Raises Silence at the deadline, Gone, TlsFailure."""
        data = self._read(deadline)
        if data:
            self.record(What.RECEIVE, data)
        elif not self.ended:
            self.ended = True
            self.record(What.EOF)
        return data

    def start_tls(self, deadline: float) -> None:
        """The client's side of a TLS handshake on this connection. Raises TlsFailure, Silence, Gone."""
        self._handshake(deadline)
        self.secure = True
        self.record(What.TLS, self.tls_version().encode())

    def stop_tls(self, deadline: float) -> None:
        """Close TLS on both sides, and go on in clear. Raises TlsFailure, Silence, Gone."""
        self._stop_tls(deadline)
        self.secure = False
        self.record(What.NOTE, b"TLS ended")

    def heard_clear(self, octets: bytes) -> None:
        """Record what came in place of the peer's half of a handshake, and raise ClearText."""
        self.record(What.RECEIVE, octets)
        raise ClearText(octets)

    def shutdown(self) -> None:
        """Say that no more will be sent (FIN), and go on reading."""
        self.record(What.SHUTDOWN)
        self._shutdown()

    def finish(self, deadline: float) -> None:
        """Say that no more will be sent: inside TLS a closing alert, then FIN. Raises Silence or Gone."""
        self.record(What.SHUTDOWN, b"goodbye")
        self._finish(deadline)

    def close(self) -> None:
        """Close; harmless when done twice."""
        if self._close(abort=False):
            self.record(What.CLOSE)

    def reset(self) -> None:
        """Break the connection with a RST."""
        if self._close(abort=True):
            self.record(What.RESET)

    @abstractmethod
    def tls_version(self) -> str:
        """The negotiated version, such as `TLSv1.3`; empty without TLS."""

    @abstractmethod
    def _write(self, data: bytes, deadline: float) -> None: ...

    @abstractmethod
    def _pour(self, data: bytes, deadline: float) -> int: ...

    @abstractmethod
    def _stirs(self) -> bool:
        """Whether the peer has said something that nobody has read, or has ended."""

    @abstractmethod
    def _write_urgent(self, octet: bytes, deadline: float) -> None: ...

    @abstractmethod
    def _narrow(self, octets: int) -> None: ...

    @abstractmethod
    def _read(self, deadline: float) -> bytes: ...

    @abstractmethod
    def _handshake(self, deadline: float) -> None: ...

    @abstractmethod
    def _shutdown(self) -> None: ...

    def _finish(self, deadline: float) -> None:
        self._shutdown()

    def _stop_tls(self, deadline: float) -> None:
        raise TlsFailure("this wire cannot end TLS")

    @abstractmethod
    def _close(self, *, abort: bool) -> bool:
        """Whether there was something to close."""


def _places(segments: Sequence[bytes]) -> bytes:
    """Where octets were cut: `octets` for everywhere, or the offsets."""
    if all(len(segment) == 1 for segment in segments):
        return b"octets"
    return b" ".join(b"%d" % place for place in accumulate(map(len, segments[:-1])))


class Carriage(Protocol):
    """Whatever can make wires to a target: a socket address, or a session in memory."""

    def now(self) -> float:
        """The time on the clock of all its wires, in seconds."""

    def pause(self, seconds: float) -> None:
        """Let time pass without listening to anybody."""

    def connect(self, transcript: Transcript, number: int, epoch: float, cut: Cut) -> Wire:
        """A new connection, with TLS already where the target speaks it from the start. Raises Unreachable."""


class Cancel:
    """A switch that wakes every waiting wire of a run at once, from any thread or signal handler."""

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)

    def set(self) -> None:
        """Interrupt: everything that waits, or will wait, raises Cancelled."""
        os.write(self._writer, b"!")

    def clear(self) -> None:
        """Let wires wait again; only once nobody waits who was to be interrupted."""
        while select.select([self._reader], [], [], 0)[0]:
            os.read(self._reader, CHUNK)

    def fileno(self) -> int:
        """Readable once the switch is set."""
        return self._reader

    def close(self) -> None:
        """Give the descriptors back."""
        os.close(self._reader)
        os.close(self._writer)


<<<<<<< HEAD
def wait(sock: socket.socket, events: int, deadline: float, cancel: Cancel | None) -> None:
    """Until poll's `events` are there. Raises Silence at the deadline, Cancelled when the run is interrupted."""
    poll = select.poll()
    poll.register(sock, events)
    if cancel is not None:
        poll.register(cancel, select.POLLIN)
    left = max(0.0, deadline - time.monotonic())
    ready = poll.poll(left * 1000)
    if not ready:
        raise Silence(f"nothing for {left:.1f} s")
    if cancel is not None and any(fd == cancel.fileno() for fd, _ in ready):
        raise Cancelled
=======
@dataclass(frozen=True)
class SocketCarriage:
    """TCP (or a Unix stream socket, when `path` is given) to one address, with or without TLS from the start."""

    host: str
    port: int
    path: str = ""
    implicit_tls: bool = False
    context: ssl.SSLContext | None = None
    server_name: str = ""
    connect_seconds: float = CONNECT_SECONDS
    cancel: Cancel | None = field(default=None, compare=False)

    def now(self) -> float:
        """Monotonic seconds."""
        return time.monotonic()

    def pause(self, seconds: float) -> None:
        """Sleep, unless the run is cancelled."""
        if self.cancel is None:
            time.sleep(seconds)
        elif select.select([self.cancel], [], [], seconds)[0]:
            raise Cancelled

    def connect(self, transcript: Transcript, number: int, epoch: float, cut: Cut = whole) -> SocketWire:
        """A connected wire; Unreachable says in one line who could not be reached and why."""
        try:
            sock = self._dial()
        except OSError as error:
            reason = error.strerror or str(error) or type(error).__name__
            raise Unreachable(f"cannot connect to {self}: {reason}") from None
        context = self.context or client_context()
        wire = SocketWire(sock, transcript, number, epoch, cut, context, self.server_name or self.host, self.cancel)
        wire.record(What.CONNECT, str(self).encode())
        if self.implicit_tls:
            try:
                wire.start_tls(self.now() + self.connect_seconds)
            except (TlsFailure, Silence, Gone) as error:
                wire.close()
                raise Unreachable(f"no TLS with {self}: {error}") from None
        return wire

    def hosts(self) -> tuple[str, ...]:
        """Every address of the peer, in the system's order; none of a Unix socket. Raises Unreachable."""
        if self.path:
            return ()
        try:
            found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise Unreachable(f"{self.host} has no address: {error.strerror or error}") from None
        return tuple(dict.fromkeys(str(info[4][0]) for info in found))

    def at(self, host: str) -> SocketCarriage:
        """The way to the same port at another address."""
        return replace(self, host=host)

    def _dial(self) -> socket.socket:
        if self.path:
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            sock.settimeout(self.connect_seconds)
            try:
                self._enter(sock)
            except OSError:
                sock.close()
                raise
            return sock
        sock = socket.create_connection((self.host, self.port), self.connect_seconds)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def _enter(self, sock: socket.socket) -> None:
        """A full queue before a socket file lets nobody wait, as one before an address does: we come again."""
        until = self.now() + self.connect_seconds
        while True:
            try:
                return sock.connect(self.path)
            except BlockingIOError:
                if self.now() >= until:
                    raise
            self.pause(FULL_SECONDS)

    def __str__(self) -> str:
        if self.path:
            return self.path
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def client_context(ca: str | None = None) -> ssl.SSLContext:
    """A client's TLS context: 1.2 or newer, honest about cut streams; it verifies only when a CA file is given.

    Certificates of servers under test are self-signed more often than not (RFC 3207 4.1), so an unverified peer is the
    default. Raises OSError or ssl.SSLError for an unreadable CA file.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)
    if ca is None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        context.load_verify_locations(ca)
    return context


def client_hello(server_name: str) -> bytes:
    """The first octets of a TLS handshake, to see whether a silent server waits for them."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = client_context().wrap_bio(incoming, outgoing, server_hostname=server_name or None)
    with contextlib.suppress(ssl.SSLWantReadError):
        tls.do_handshake()
    return outgoing.read()


class SocketWire(Wire):
    """A connected stream socket. Never blocks without its deadline and the cancel switch."""

    def __init__(
        self,
        sock: socket.socket,
        transcript: Transcript,
        number: int,
        epoch: float,
        cut: Cut = whole,
        context: ssl.SSLContext | None = None,
        server_name: str = "",
        cancel: Cancel | None = None,
        beside: SocketWire | None = None,
    ) -> None:
        super().__init__(transcript, number, epoch, cut)
        sock.setblocking(False)
        self.here, self.there = _names(sock)
        self._beside = beside  # whose TLS session is resumed
        self._socket: socket.socket | ssl.SSLSocket | None = sock
        self.context = context or client_context()
        self.server_name = server_name
        self._cancel = cancel
        self._unread = bytearray()
        self._end: BaseException | None = None  # how reading ended, once it did; an EOFError for a plain end

    def now(self) -> float:
        """Monotonic seconds."""
        return time.monotonic()

    def tls_version(self) -> str:
        """The negotiated version, empty without TLS."""
        return (self._socket.version() or "") if isinstance(self._socket, ssl.SSLSocket) else ""

    def was_reset(self) -> None:
        """The peer broke this connection before anything could be read; the system says so only once."""
        self._end = Gone("Connection reset by peer")

    def _write(self, data: bytes, deadline: float) -> None:
        view = memoryview(data)
        while view:
            sock = self._open_socket()
            try:
                view = view[sock.send(view) :]
            except (BlockingIOError, ssl.SSLWantWriteError):
                self._wait(deadline, select.POLLOUT | (select.POLLIN if self._may_pull() else 0))
                self._pull()
            except ssl.SSLWantReadError:
                self._wait(deadline, select.POLLIN)
            except (ssl.SSLError, OSError) as error:
                raise Gone(_reason(error)) from None

    def _pour(self, data: bytes, deadline: float) -> int:
        taken = 0
        while taken < len(data):
            try:
                taken += self._open_socket().send(memoryview(data)[taken:])
            except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
                try:
                    self._wait(deadline, select.POLLOUT)
                except Silence:
                    break
            except (ssl.SSLError, OSError) as error:
                raise Gone(_reason(error)) from None
        return taken

    def _stirs(self) -> bool:
        self._pull()
        return bool(self._unread) or self._end is not None

    def _write_urgent(self, octet: bytes, deadline: float) -> None:
        sock = self._open_socket()
        try:
            self._wait(deadline, select.POLLOUT)
            sock.send(octet, socket.MSG_OOB)
        except OSError as error:
            raise Gone(_reason(error)) from None

    def _narrow(self, octets: int) -> None:
        self._open_socket().setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, octets)

    def _may_pull(self) -> bool:
        return self._end is None and len(self._unread) < UNREAD

    def _pull(self) -> None:
        """Take what has arrived while writing, so that two full buffers never wait for each other."""
        if self._may_pull():
            try:
                data = self._open_socket().recv(CHUNK)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return
            except (ssl.SSLError, OSError) as error:
                self._end = _ending(error)
                return
            if data:
                self._unread += data
            else:
                self._end = EOFError()

    def _read(self, deadline: float) -> bytes:
        while not self._unread and self._end is None:
            self._pull()
            if self._unread or self._end is not None:
                break
            self._wait(deadline, select.POLLIN)
        if self._unread:
            data = bytes(self._unread)
            self._unread.clear()
            return data
        if isinstance(self._end, EOFError):
            return b""
        assert self._end is not None
        raise self._end

    def _handshake(self, deadline: float) -> None:
        plain = self._open_socket()
        if self._unread:  # a server's TLS never speaks first
            self.heard_clear(bytes(self._unread))
        try:
            wrapped = self.context.wrap_socket(
                plain,
                do_handshake_on_connect=False,
                suppress_ragged_eofs=False,
                server_hostname=self.server_name or None,
                session=self._session_to_resume(),
            )
        except (ssl.SSLError, OSError, ValueError) as error:
            raise TlsFailure(_reason(error)) from None
        self._socket = wrapped
        self._look_for_clear_text(wrapped)
        looked = False
        while True:
            try:
                wrapped.do_handshake()
                return
            except ssl.SSLWantReadError:
                self._wait(deadline, select.POLLIN)
                if not looked:
                    looked = True
                    self._look_for_clear_text(wrapped)
            except ssl.SSLWantWriteError:
                self._wait(deadline, select.POLLOUT)
            except (ssl.SSLError, OSError) as error:
                if not looked and getattr(error, "reason", None) in NO_RECORD:
                    # it came between our look and the hello; five octets of it are gone for a record's head
                    self.heard_clear(self._peek(wrapped))
                raise TlsFailure(_reason(error)) from None

    def _session_to_resume(self) -> ssl.SSLSession | None:
        """Some servers give nobody a data connection who cannot show the session of the first."""
        beside = self._beside._socket if self._beside is not None else None
        return beside.session if isinstance(beside, ssl.SSLSocket) else None

    def _look_for_clear_text(self, wrapped: ssl.SSLSocket) -> None:
        first = self._peek(wrapped)
        if first and first[0] not in TLS_RECORDS:
            self.heard_clear(first)

    def _peek(self, wrapped: ssl.SSLSocket) -> bytes:
        try:
            return socket.socket.recv(wrapped, CHUNK, socket.MSG_PEEK)  # as the network has it, not deciphered
        except OSError:
            return b""  # nothing yet, or the handshake itself will say what is wrong

    def _shutdown(self) -> None:
        with suppress(OSError):  # the peer may have been faster
            self._open_socket().shutdown(socket.SHUT_WR)

    def _finish(self, deadline: float) -> None:
        sock = self._open_socket()
        if isinstance(sock, ssl.SSLSocket):
            self._say_goodbye(sock, deadline)
        with suppress(OSError):
            socket.socket.shutdown(sock, socket.SHUT_WR)  # below TLS: what the peer still says is deciphered

    def _say_goodbye(self, sock: ssl.SSLSocket, deadline: float) -> None:
        while True:
            try:
                sock.unwrap()
            except ssl.SSLWantWriteError:
                self._wait(deadline, select.POLLOUT)
                continue
            except (ssl.SSLError, OSError, ValueError):  # it is said, and the answer is not waited for; or he is gone
                pass
            return

    def _stop_tls(self, deadline: float) -> None:
        sock = self._open_socket()
        if not isinstance(sock, ssl.SSLSocket):
            raise TlsFailure("there is no TLS to be ended")
        while True:
            try:
                sock.unwrap()
            except ssl.SSLWantReadError:
                self._wait(deadline, select.POLLIN)
            except ssl.SSLWantWriteError:
                self._wait(deadline, select.POLLOUT)
            except (ssl.SSLError, OSError, ValueError) as error:
                raise TlsFailure(_reason(error)) from None
            else:
                return

    def _close(self, *, abort: bool) -> bool:
        sock, self._socket = self._socket, None
        if sock is None:
            return False
        try:
            if abort:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        finally:
            sock.close()
        return True

    def _open_socket(self) -> socket.socket:
        if self._socket is None:
            raise Gone("we closed this connection")
        return self._socket

    def _wait(self, deadline: float, events: int) -> None:
        """Until the socket is ready. Raises Silence at the deadline, Cancelled when the run is interrupted."""
        poll = select.poll()
        poll.register(self._open_socket(), events)
        if self._cancel is not None:
            poll.register(self._cancel, select.POLLIN)
        left = deadline - time.monotonic()
        ready = poll.poll(max(0.0, left) * 1000)
        if not ready:
            raise Silence(f"nothing for {max(0.0, left):.1f} s")
        if self._cancel is not None and any(fd == self._cancel.fileno() for fd, _ in ready):
            raise Cancelled


def _names(sock: socket.socket) -> tuple[tuple[str, int], tuple[str, int]]:
    """Our address and the peer's; empty where there is none, as for a Unix socket or a peer who is gone."""
    try:
        here, there = sock.getsockname(), sock.getpeername()
    except OSError:
        return ("", 0), ("", 0)
    if sock.family not in (socket.AF_INET, socket.AF_INET6):
        return ("", 0), ("", 0)
    return (here[0], here[1]), (there[0], there[1])


def _ending(error: Exception) -> Exception:
    if isinstance(error, ssl.SSLEOFError):
        return Unclosed()
    if isinstance(error, ssl.SSLError):
        return TlsFailure(_reason(error))
    return Gone(_reason(error))


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate refused: {error.verify_message}"
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.replace("_", " ").lower()
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
>>>>>>> ftp

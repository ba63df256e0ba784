"""Wires over sockets: TCP and Unix streams, with and without TLS, under one deadline and a cancel switch.

This module knows sockets, TLS and the clock. It must not know what the octets mean.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import struct
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace

from pytest_netconform.transcript import Transcript, What
from pytest_netconform.transport import (
    CHUNK,
    Cancel,
    Cancelled,
    Gone,
    Silence,
    TlsFailure,
    Unclosed,
    Unreachable,
    Wire,
    wait,
)
from pytest_netconform.wire.cuts import Cut, whole

CONNECT_SECONDS = 5.0
FULL_SECONDS = 0.01  # until we knock again where a queue was full
NO_RECORD = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE")  # what OpenSSL says of text; the second since 3.2
TLS_RECORDS = range(20, 24)  # the first octet of a TLS record: what it holds (RFC 8446 5.1)
RECORD = 1 << 14  # octets of a TLS record at the most (RFC 8446 5.1)
UNREAD = 1 << 20  # octets that may wait for the reader while we write


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
        broken = False
        try:
            sock = self._dial()
        except ConnectionResetError:  # it stood, and was broken before connect() had looked: a race that is the peer's
            sock, broken = socket.socket(), True
        except OSError as error:
            reason = error.strerror or str(error) or type(error).__name__
            raise Unreachable(f"cannot connect to {self}: {reason}") from None
        context = self.context or client_context()
        wire = SocketWire(sock, transcript, number, epoch, cut, context, self.server_name or self.host, self.cancel)
        wire.record(What.CONNECT, str(self).encode())
        if broken:
            wire.was_reset()
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
        self._begun = b""  # what a TLS record holds that is not out yet
        self._end: BaseException | None = None  # how reading ended, once it did; an EOFError for a plain end

    def now(self) -> float:
        """Monotonic seconds."""
        return time.monotonic()

    def tls_version(self) -> str:
        """The negotiated version, empty without TLS."""
        return (self._socket.version() or "") if isinstance(self._socket, ssl.SSLSocket) else ""

    @property
    def closed(self) -> bool:
        """Whether we have left."""
        return self._socket is None

    def was_reset(self) -> None:
        """The peer broke this connection before anything could be read; the system says so only once."""
        self._end = Gone("Connection reset by peer")

    def _settled(self) -> bool:
        """Whether a TLS record that was begun is out: nothing else can be said before it."""
        if self._begun:
            try:
                self._open_socket().send(self._begun)
            except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
                return False
            except (ssl.SSLError, OSError):
                pass  # it broke, as the next reading shows
            self._begun = b""
        return True

    def _write(self, data: bytes, deadline: float) -> None:
        view = memoryview(data)
        while not self._settled():
            self._wait(deadline, select.POLLOUT | (select.POLLIN if self._may_pull() else 0))
            self._pull()
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
        if not self._settled():
            return taken
        while taken < len(data):
            piece = memoryview(data)[taken : taken + RECORD if self.secure else None]
            try:
                taken += self._open_socket().send(piece)
            except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError) as error:
                try:
                    self._wait(deadline, select.POLLOUT)
                except Silence:
                    if isinstance(error, ssl.SSLWantWriteError):
                        self._begun, taken = bytes(piece), taken + len(piece)
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
            self._wait(deadline, select.POLLIN if self._settled() else select.POLLIN | select.POLLOUT)
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
            socket.socket.shutdown(self._open_socket(), socket.SHUT_WR)  # below TLS: what he still says is deciphered

    def _finish(self, deadline: float) -> None:
        sock = self._open_socket()
        if isinstance(sock, ssl.SSLSocket):
            self._say_goodbye(sock, deadline)
        with suppress(OSError):
            socket.socket.shutdown(sock, socket.SHUT_WR)

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
        wait(self._open_socket(), events, deadline, self._cancel)


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

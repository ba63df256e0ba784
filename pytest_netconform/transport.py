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

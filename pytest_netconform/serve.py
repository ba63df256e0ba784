"""Serving: a server under test that a command starts (`--netconform-serve='COMMAND {port}'`).

This module chooses a port, starts the command without a shell in a process group of its own, waits for its port, tells
in one line why it died or never listened, starts it again, and leaves nothing behind. It must not know a protocol.

The port is free when it is chosen and nobody's until the command binds it: that gap is not to be closed without the
command's help, so a command that finds its port taken is started once more with another one.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import re
import shlex
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from pytest_netconform.target import TargetError
from pytest_netconform.transcript import visible

HOST = "127.0.0.1"
START_SECONDS = 10.0  # from the command's start to its first accepted connection
LEAVE_SECONDS = 1.0  # that a server which serves one client has to end by itself when he has gone
END_SECONDS = 3.0  # between TERM and KILL
KILL_SECONDS = 1.0  # after KILL; a process that cannot be killed is not waited for
FIRST_PAUSE, LAST_PAUSE = 0.005, 0.1  # seconds between two looks at the port
TAIL_OCTETS = 4096  # of the command's output that are kept
TAIL_LINES, TAIL_WIDTH = 3, 120  # of them that a message shows

_TAKEN = re.compile(rb"address (?:is )?already in use|EADDRINUSE|address in use", re.IGNORECASE)


class ServeError(TargetError):
    """The command cannot be started, died, or never listened; one line."""


class _Taken(ServeError):
    """Somebody else has the port."""


class Served:
    """A command and the server that it is. A context manager: it listens inside, and is gone with all its kin after.

    host, port: where it listens; both may stand in the command, `{port}` must. datagrams: over UDP. once: it serves one
    client, who shall not be we: that it listens is seen without a connection. starts: how often it was started.
    """

    def __init__(
        self,
        command: str,
        *,
        host: str = HOST,
        seconds: float = START_SECONDS,
        datagrams: bool = False,
        once: bool = False,
    ) -> None:
        self._words = _split(command)
        self._once = once
        self.starts = 0
        self._kind = socket.SOCK_DGRAM if datagrams else socket.SOCK_STREAM
        self._seconds = seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._tail = _Tail()
        self.host = host
        self.port = 0

    def start(self) -> None:
        """Start it and wait until it accepts a connection; once it has a port it keeps it. Raises ServeError."""
        for last in (True,) if self.port else (False, True):
            self.port = self.port or _free_port(self.host, self._kind)
            try:
                self._launch()
                return
            except ServeError as error:
                if last or not (isinstance(error, _Taken) or self._tail.shows(_TAKEN)):
                    raise
                self.port = 0

    def alive(self) -> bool:
        """Whether anybody of its group runs: a command may start its server and leave."""
        return self._process is not None and not _ended(self._process)

    def revive(self) -> str:
        """Start it again on its port if it is dead. What happened, in one line; empty when it runs.

        Raises ServeError when it cannot be started again.
        """
        if self.alive():
            return ""
        death = self._death()
        self.stop()
        try:
            self._launch()
        except ServeError as error:
            raise ServeError(f"{death}, and cannot be started again: {error}") from None
        return f"{death}; it was started again"

    def renew(self) -> None:
        """Give it a moment to end by itself, end it, and start it again on its port. Raises ServeError."""
        if self._process is not None:
            _wait_for_end(self._process, LEAVE_SECONDS)
        self.stop()
        self._launch()

    def stop(self) -> None:
        """End its whole process group: TERM, then KILL. Harmless when done twice."""
        process, self._process = self._process, None
        atexit.unregister(self.stop)
        if process is None:
            return
        try:
            _signal(process.pid, signal.SIGTERM)
            _wait_for_end(process, END_SECONDS)
        finally:  # Ctrl-C while we wait: it goes all the same
            if not _ended(process):
                _signal(process.pid, signal.SIGKILL)
                _wait_for_end(process, KILL_SECONDS)
            self._tail.close()

    def __enter__(self) -> Served:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def __str__(self) -> str:
        return " ".join(shlex.quote(word) for word in self._command())

    def _command(self) -> list[str]:
        return [word.replace("{port}", str(self.port)).replace("{host}", self.host) for word in self._words]

    def _launch(self) -> None:
        if self._listens():
            raise _Taken(f"cannot start {self}: somebody else listens on {self.host}:{self.port}")
        try:
            process = subprocess.Popen(
                self._command(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a group of its own, and Ctrl-C at the terminal is ours alone
            )
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise ServeError(f"cannot start {self}: {reason}") from None
        self._process = process
        self.starts += 1
        self._tail = _Tail(process)
        atexit.register(self.stop)
        try:
            self._wait_for_port(process)
        except BaseException:
            self.stop()
            raise

    def _wait_for_port(self, process: subprocess.Popen[bytes]) -> None:
        deadline, pause = time.monotonic() + self._seconds, FIRST_PAUSE
        while True:
            listens = self._listens()
            if _ended(process):  # whoever listens there is somebody else
                raise ServeError(f"{self._death()} before it listened on port {self.port}")
            if listens:
                return
            if time.monotonic() > deadline:
                place = f"{self.host}:{self.port}"
                raise ServeError(f"{self} does not listen on {place} after {self._seconds:g} s{self._tail}")
            time.sleep(pause)
            pause = min(2 * pause, LAST_PAUSE)

    def _listens(self) -> bool:
        if self._kind is socket.SOCK_DGRAM:
            return _bound(self.host, self.port)
        if self._once:
            return _listening(self.host, self.port)
        try:
            socket.create_connection((self.host, self.port), LAST_PAUSE).close()
        except OSError:
            return False
        return True

    def _death(self) -> str:
        assert self._process is not None
        code = self._process.poll() or 0
        self._tail.settle()
        how = f"was killed by {_signal_name(-code)}" if code < 0 else f"ended with exit status {code}"
        return f"{self} {how}{self._tail}"


class _Tail:
    """The last output of a process, read in a thread of its own so that the process never waits for us."""

    def __init__(self, process: subprocess.Popen[bytes] | None = None) -> None:
        self._data = b""
        self._pipe = process.stdout if process is not None else None
        self._thread: threading.Thread | None = None
        if self._pipe is not None:
            self._thread = threading.Thread(target=self._read, name="netconform-serve", daemon=True)
            self._thread.start()

    def _read(self) -> None:
        assert self._pipe is not None
        with contextlib.suppress(OSError, ValueError):  # closed under our hands
            while data := os.read(self._pipe.fileno(), TAIL_OCTETS):
                self._data = (self._data + data)[-TAIL_OCTETS:]

    def settle(self) -> None:
        """Give the last words time to arrive."""
        if self._thread is not None:
            self._thread.join(LAST_PAUSE)

    def close(self) -> None:
        """Give the pipe back, once nobody writes to it any more."""
        self.settle()
        if self._pipe is not None and self._thread is not None and not self._thread.is_alive():
            self._pipe.close()

    def shows(self, pattern: re.Pattern[bytes]) -> bool:
        """Whether the output matches somewhere."""
        return pattern.search(self._data) is not None

    def __str__(self) -> str:
        lines = [line.strip() for line in self._data.splitlines() if line.strip()][-TAIL_LINES:]
        shown = [visible(line[:TAIL_WIDTH]) + ("..." if len(line) > TAIL_WIDTH else "") for line in lines]
        return f' (it last said: "{" / ".join(shown)}")' if shown else " (it said nothing)"


def _split(command: str) -> Sequence[str]:
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise ServeError(f"--netconform-serve={command!r}: {str(error).lower()}") from None
    if not any("{port}" in word for word in words):
        raise ServeError(f"--netconform-serve={command!r}: {{port}} must stand where the command takes its port")
    return words


def _bound(host: str, port: int) -> bool:
    """Whether somebody takes datagrams there: as Linux lists them, elsewhere unless an empty one is refused."""
    with contextlib.suppress(OSError):
        listed = Path("/proc/net/udp").read_text() + Path("/proc/net/udp6").read_text()
        return re.search(rf"^ *[0-9]+: [0-9A-F]+:{port:04X} ", listed, re.MULTILINE) is not None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.settimeout(LAST_PAUSE)
        try:
            probe.connect((host, port))
            probe.send(b"")
            probe.recv(1)
        except ConnectionRefusedError:
            return False
        except OSError:
            return True
        return True


def _listening(host: str, port: int) -> bool:
    """Whether somebody takes connections there: as Linux lists them, elsewhere when we could not do so ourselves."""
    with contextlib.suppress(OSError):
        listed = Path("/proc/net/tcp").read_text() + Path("/proc/net/tcp6").read_text()
        return re.search(rf"^ *[0-9]+: [0-9A-F]+:{port:04X} [0-9A-F:]+ 0A ", listed, re.MULTILINE) is not None
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # who has gone is not in the way
        try:
            probe.bind((host, port))
        except OSError:
            return True
        return False


def _free_port(host: str, kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind) as sock:
        sock.bind((host, 0))
        port: int = sock.getsockname()[1]
        return port


def _signal(group: int, number: int) -> bool:
    """Whether there was somebody in the group to send it to."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):  # macOS says EPERM for a group of zombies
        return False
    return True


def _ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether the process and all others of its group are gone."""
    return process.poll() is not None and not _signal(process.pid, 0)


def _wait_for_end(process: subprocess.Popen[bytes], seconds: float) -> None:
    """Until the whole group is gone, at most so long."""
    deadline, pause = time.monotonic() + seconds, FIRST_PAUSE
    while not _ended(process) and time.monotonic() < deadline:
        time.sleep(pause)
        pause = min(2 * pause, LAST_PAUSE)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"

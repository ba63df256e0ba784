"""rpcbind, the port mapper that people run: started on sockets that are handed to it, as systemd does.

This module knows how it is set up and by which URLs it is reached; `realservers` judges it. It runs once on a machine.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from tests.realstreams import Services, debian_version
from tests.running import Unavailable, log_of, own_loopback, running

START_SECONDS = 5.0
LOCK = Path("/run/rpcbind.lock")  # it holds this as long as it runs

#: Binds a port over TCP and UDP, says by sd_listen_fds(3) that it has, and becomes the program.
BECOME = """\
import os, socket, sys
program, host, port = sys.argv[1:]
sockets = [socket.socket(socket.AF_INET, kind) for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM)]
for sock in sockets:
    sock.bind((host, int(port)))
sockets[0].listen(128)
for number, fd in enumerate([os.dup2(sock.fileno(), 100 + n) for n, sock in enumerate(sockets)], 3):
    os.dup2(fd, number, inheritable=True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="2")
os.execv(program, [program, "-f"])
"""


def version() -> str:
    """The installed version. Raises Unavailable, also where we cannot start it."""
    found = debian_version("rpcbind", "rpcbind")
    if os.geteuid() != 0:
        raise Unavailable("rpcbind wants root")
    with LOCK.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Unavailable("another rpcbind runs on this machine") from None
    return found


@contextmanager
def rpcbind(folder: Path) -> Iterator[Services]:
    """One port over TCP and UDP, on an address of our own."""
    program = shutil.which("rpcbind", path="/usr/sbin:/sbin:/usr/bin")
    assert program is not None
    Path("/run/rpcbind").mkdir(exist_ok=True)
    host, port = own_loopback()
    with running([sys.executable, "-S", "-E", "-c", BECOME, program, host, str(port)], folder) as process:
        _wait_for(host, port, process, folder)
        yield {"tcp": f"oncrpc://{host}:{port}", "udp": f"oncrpc+udp://{host}:{port}"}


def _wait_for(host: str, port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    """Until it answers NULL, for its sockets listen before it does."""
    null = b"\x80\0\0\x28" + b"wait" + bytes(7) + b"\2" + b"\0\1\x86\xa0" + bytes(3) + b"\2" + bytes(20)
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with socket.create_connection((host, port), 1) as client:
                client.sendall(null)
                if client.recv(8)[4:] == b"wait":
                    return
        except OSError:
            time.sleep(0.02)
    raise AssertionError(f"nobody at {host}:{port}: {log_of(folder)}")


RPC: dict[str, tuple[Callable[[], str], Callable[[Path], AbstractContextManager[Services]]]] = {
    "rpcbind": (version, rpcbind),
}

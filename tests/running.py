"""Programs of others, started and ended: each in a process group of its own, on a loopback address of its own.

This module knows packages, processes, ports and logs; it must not know what a program is for.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

START_SECONDS, END_SECONDS = 20.0, 5.0


class Unavailable(Exception):
    """The server cannot be had here; says why."""


def debian_version(package: str, program: str) -> str:
    """The installed version of a Debian package, as its authors call it. Raises Unavailable."""
    if shutil.which(program, path="/usr/bin:/usr/sbin") is None or shutil.which("dpkg-query") is None:
        raise Unavailable(f"{package} is not installed (its Debian package is what we know how to set up)")
    command = ["dpkg-query", "-W", "-f", "${Version}", package]
    version = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return version.rpartition(":")[2].partition("-")[0].partition("+")[0]


def own_loopback(host: str = "") -> tuple[str, int]:
    """A loopback address that nobody else uses, or `host`, and a port on it: some cannot be told to choose one."""
    host = host or f"127.{1 + secrets.randbelow(254)}.{secrets.randbelow(256)}.{1 + secrets.randbelow(254)}"
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as sock:
        sock.bind((host, 0))
        return host, sock.getsockname()[1]


def wait_for(
    host: str, port: int, process: subprocess.Popen[bytes], log: Callable[[], str], *, says: bytes = b""
) -> None:
    """Until somebody listens there, and speaks first in these octets. Fails with the log where nobody will."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with socket.create_connection((host, port), 1) as sock:
                assert sock.recv(len(says)) == says if says else True, log()
                return
        except OSError:
            late = time.monotonic() > deadline
            assert process.poll() is None and not late, f"nobody at {host} port {port}: {log()}"
            time.sleep(0.02)


@contextmanager
def running(command: list[str], folder: Path, **pipes: int) -> Iterator[subprocess.Popen[bytes]]:
    """A command in a process group of its own, which is ended whatever happens; what it says is in `folder`/log."""
    with (folder / "log").open("wb") as log:
        streams: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": log, **pipes}
        process = subprocess.Popen(command, stderr=log, start_new_session=True, **streams)
    try:
        yield process
    finally:
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        for number in (signal.SIGTERM, signal.SIGKILL):
            if _ended(process, END_SECONDS if number == signal.SIGKILL else 0):
                break
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, number)
        assert _ended(process, END_SECONDS), f"{command[0]} does not end"


def _ended(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Whether the process and all others of its group are gone, at most so much later."""
    deadline = time.monotonic() + seconds
    while process.poll() is None or _anybody_in(process.pid):
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.01)
    return True


def _anybody_in(group: int) -> bool:
    """Whether somebody of a process group runs; the dead may wait for a parent that is in no hurry to bury them."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _parent, its_group = stat.read_text().rpartition(")")[2].split()[:3]
            if int(its_group) == group and state != "Z":
                return True
    return not Path("/proc/self/stat").exists()


def log_of(folder: Path) -> str:
    path = folder / "log"
    return path.read_text(errors="replace")[-2000:] if path.exists() else ""

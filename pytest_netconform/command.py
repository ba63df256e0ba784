"""Commands: a client under test that is a program, run to its end or to the end of its time.

This module knows words, placeholders and processes: no shell reads the words, output is kept as evidence, and whatever
a command started ends with it. It must not know a protocol, nor what a client should have done.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_netconform.transcript import visible

END_SECONDS = 1.0  # between TERM and KILL, and after KILL
PAUSE = 0.005  # seconds between two looks at a group that was told to end
KEPT = 1 << 16  # octets of output that are kept, from its end
TAIL_LINES, TAIL_WIDTH = 3, 160  # of them that a verdict quotes

_PLACEHOLDER = re.compile(r"(?<!\{)\{([a-z_]+)\}(?!\})")


class CommandError(ValueError):
    """The command cannot be run; one line."""


@dataclass(frozen=True)
class Ended:
    """How a run ended. status: the exit status, negative for a signal, None if its time was over first."""

    status: int | None
    seconds: float
    out: bytes
    err: bytes

    @property
    def how(self) -> str:
        """In a few words."""
        if self.status is None:
            return f"no end within {self.seconds:.1f} s"
        return f"exit status {self.status}" if self.status >= 0 else f"killed by {_signal_name(-self.status)}"

    @property
    def told(self) -> str:
        """The same, with the last that it said."""
        lines = [line.strip() for line in (self.err or self.out).splitlines() if line.strip()][-TAIL_LINES:]
        said = " / ".join(visible(line[:TAIL_WIDTH]) for line in lines)
        return f'{self.how}; it last said "{said}"' if said else f"{self.how}; it said nothing"


class Command:
    """A command line with placeholders. Raises CommandError for one that cannot be."""

    def __init__(self, text: str, known: Iterable[str]) -> None:
        known = tuple(known)
        try:
            self.words = shlex.split(text)
        except ValueError as error:
            raise CommandError(f"{text!r}: {str(error).lower()}") from None
        if not self.words:
            raise CommandError("a command is asked for, and nothing was given")
        for name in self.placeholders:
            if name not in known:
                listed = ", ".join(f"{{{each}}}" for each in known)
                raise CommandError(f"{text!r}: no placeholder is called {{{name}}}; known are {listed}")
        if not {"url", "port", "path"} & self.placeholders:
            raise CommandError(f"{text!r}: {{url}} or {{port}} must stand where the command takes its server")
        if "{" not in self.words[0] and shutil.which(self.words[0]) is None:
            raise CommandError(f"{text!r}: no program is called {self.words[0]}")

    @property
    def placeholders(self) -> set[str]:
        """The placeholders in it."""
        return {name for word in self.words for name in _PLACEHOLDER.findall(word)}

    def filled(self, values: Mapping[str, object]) -> list[str]:
        """The words, each a single argument whatever stands in it."""
        return [_PLACEHOLDER.sub(lambda found: str(values[found[1]]), word) for word in self.words]


def run(words: Sequence[str], seconds: float, folder: Path, environment: Mapping[str, str]) -> Ended:
    """Run a command in a folder, with nothing to read, at most so long. All its children end with it.

    Raises CommandError when it cannot be started.
    """
    began = time.monotonic()
    with open(folder / "out", "wb") as out, open(folder / "err", "wb") as err:
        try:
            process = subprocess.Popen(
                words,
                cwd=_made(folder / "work"),
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,  # a group of its own, which can be ended as one
            )
        except (OSError, ValueError) as error:
            raise CommandError(f"cannot start {words[0]}: {getattr(error, 'strerror', None) or error}") from None
        try:
            status: int | None = process.wait(seconds)
        except subprocess.TimeoutExpired:
            status = None
        finally:
            _end(process)
    return Ended(status, time.monotonic() - began, _tail(folder / "out"), _tail(folder / "err"))


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the whole group: TERM, then KILL."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except (ProcessLookupError, PermissionError):  # macOS says EPERM for a group of zombies
            break
        deadline = time.monotonic() + END_SECONDS
        while time.monotonic() < deadline and (process.poll() is None or _anybody(process.pid)):
            time.sleep(PAUSE)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(END_SECONDS)


def _anybody(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _made(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder


def _tail(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - KEPT))
        return file.read()


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"

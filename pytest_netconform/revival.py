"""Revival: a target that a command of the user's serves is started again when a check has brought it down.

This module knows when to look, and what the target is called; how a process is started and ended is `serve`'s affair.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence
from dataclasses import replace

from pytest_netconform.judge import Column, unserved
from pytest_netconform.one_shot import Shots
from pytest_netconform.serve import Served
from pytest_netconform.target import Spec, Target, TargetError, parse_target

NAME = "served"  # the name of the target, unless the user gave it one
DEATH_SECONDS = 2.0  # how long a process may take to end once its connections are broken
AGAIN_SECONDS = 12.0  # how long it may take until it serves again
WATCH_SECONDS = 0.05
TRIES = 3  # failed starts after which it is left dead


class Revival:
    """One served target: started when this is made, looked after, and ended by `close`.

    once: it serves one client and ends, which is no death; `shots` brings everybody to a server of his own.
    """

    def __init__(self, command: str, *, datagrams: bool = False, once: bool = False) -> None:
        self._served = Served(command, datagrams=datagrams, once=once)
        self._served.start()
        self.shots = Shots(self._served.renew, lambda: self._served.starts) if once else None
        self._busy = threading.Lock()
        self._closed = threading.Event()
        self._tries = 0  # starts in a row that have failed
        self.remarks: list[str] = []

    def spec(self, texts: Sequence[str]) -> Spec:
        """What to judge: `SCHEME://127.0.0.1:{port}?option=value` if a target was named, else what it turns out to be.

        Raises TargetError for any other form.
        """
        served = self._served
        if len(texts) > 1:
            raise TargetError("--netconform-serve serves one target, and several are named")
        if not texts:
            return Spec(NAME, host=served.host, port=served.port)
        if "{port}" not in texts[0]:
            raise TargetError(f"a served target's port is chosen for it: write SCHEME://{served.host}:{{port}}")
        spec = parse_target(texts[0].replace("{port}", str(served.port)), os.environ)
        if spec.reference or spec.host not in (served.host, "localhost"):
            raise TargetError(f"a served target listens on {served.host}: write SCHEME://{served.host}:{{port}}")
        named_by_us = spec.name.endswith(f"{spec.host}-{spec.port}")
        return replace(spec, host=served.host, name=NAME if named_by_us else spec.name)

    def revive(self, target: Target) -> None:
        """A check has lost the target: if its process is dead, start it again, and the run goes on."""
        with self._busy:
            deadline = time.monotonic() + DEATH_SECONDS
            while target.lost and time.monotonic() < deadline:
                if self._started_again():
                    target.lost = ""
                elif self._tries == TRIES:
                    return
                else:
                    time.sleep(WATCH_SECONDS)

    def watch(self) -> None:
        """Start it again whenever it dies, because other processes judge it; until `close`."""
        threading.Thread(target=self._watch, name="netconform-watch", daemon=True).start()

    def close(self) -> None:
        """End it and all its kin."""
        self._closed.set()
        with self._busy:
            self._served.stop()

    def _watch(self) -> None:
        while not self._closed.wait(WATCH_SECONDS):
            with self._busy:
                if self._closed.is_set() or (not self._started_again() and self._tries == TRIES):
                    return

    def _started_again(self) -> bool:
        """Whether it was dead and lives again. A start fails too when a check kills it at once: that is tried anew."""
        try:
            if self._tries:
                self._served.start()
                message = "it was started again at last"
            else:
                message = self._served.revive()
        except TargetError as error:
            self._tries += 1
            self.remarks.append(str(error))
            return False
        self._tries = 0
        if message and self.shots is None:
            self.remarks.append(message)
        return bool(message)


def served_again(target: Target, column: Column) -> None:
    """Wait until a lost target that another process looks after serves again, and then do not call it lost any more."""
    deadline = time.monotonic() + AGAIN_SECONDS
    while target.lost and time.monotonic() < deadline:
        if unserved(target, column):
            time.sleep(WATCH_SECONDS)
        else:
            target.lost = ""

"""HTTP servers: Python's `http.server` and uvicorn, each with the small site of `field/serve_http.py`.

This module knows how each is set up and by which URL it is reached; `running` starts and ends them, `realservers`
judges them.
"""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

from tests.realstreams import Services, python_version
from tests.running import Unavailable, log_of, running

SERVE = Path(__file__).parent / "field" / "serve_http.py"
OPTIONS = "echo=/echo&static=/hello.txt&big=/big.bin"
IMPATIENT = "patience=1"  # for whoever owes us a close and keeps the connection open


def uvicorn_version() -> str:
    """The installed version. Raises Unavailable."""
    try:
        return importlib.metadata.version("uvicorn")
    except importlib.metadata.PackageNotFoundError:
        raise Unavailable("uvicorn is not installed (it is in the extra `dev`)") from None


@contextmanager
def small_site(kind: str, folder: Path) -> Iterator[Services]:
    """The site in a process of its own; its port is bound before it says so."""
    command = [sys.executable, str(SERVE), kind]
    with running(command, folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        port = process.stdout.readline().decode().strip()
        assert port, f"{kind} did not start: {log_of(folder)}"
        yield {kind: f"http://127.0.0.1:{port}?{OPTIONS}&{IMPATIENT}"}


HTTP: dict[str, tuple[Callable[[], str], Callable[[Path], AbstractContextManager[Services]]]] = {
    "http-server": (python_version, partial(small_site, "http-server")),
    "uvicorn": (uvicorn_version, partial(small_site, "uvicorn")),
}

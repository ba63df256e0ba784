"""JSON-RPC servers that people run, as far as they are installed, a few lines for each.

This module knows by which URL each is reached; `realservers` judges them.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from pathlib import Path

from tests.realstreams import FIELD, Services
from tests.running import Unavailable, log_of, running

KINDS = ("jsonrpclib-pelix", "jsonrpcserver", "json-rpc")
OPTIONS = "subtract=subtract:minuend,subtrahend&fail=fail"


def version(kind: str) -> str:
    """The installed version. Raises Unavailable."""
    try:
        return installed(kind)
    except PackageNotFoundError:
        raise Unavailable(f"{kind} is not installed") from None


@contextmanager
def server(kind: str, folder: Path) -> Iterator[Services]:
    """One of `serve_jsonrpc.py`; it has bound its port before it says so."""
    command = [sys.executable, str(FIELD / "serve_jsonrpc.py"), kind]
    with running(command, folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        port = process.stdout.readline().decode().strip()
        assert port, f"{kind} did not start: {log_of(folder)}"
        yield {"http": f"jsonrpc://127.0.0.1:{port}/?{OPTIONS}"}


JSONRPC: dict[str, tuple[Callable[[], str], Callable[[Path], AbstractContextManager[Services]]]] = {
    kind: (partial(version, kind), partial(server, kind)) for kind in KINDS
}

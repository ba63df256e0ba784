"""The standard library's XML-RPC server, in a few lines.

This module knows by which URL it is reached; `realservers` judges it.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from tests.realstreams import FIELD, Services, python_version
from tests.running import log_of, running

NAME = "simplexmlrpcserver"
OPTIONS = "fail=fail&slow=slow&names=a:b/c"


@contextmanager
def server(folder: Path) -> Iterator[Services]:
    """`serve_xmlrpc.py`; it has bound its port before it says so."""
    command = [sys.executable, str(FIELD / "serve_xmlrpc.py")]
    with running(command, folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        port = process.stdout.readline().decode().strip()
        assert port, f"{NAME} did not start: {log_of(folder)}"
        yield {"http": f"xmlrpc://127.0.0.1:{port}/RPC2?{OPTIONS}"}


XMLRPC: dict[str, tuple[Callable[[], str], Callable[[Path], AbstractContextManager[Services]]]] = {
    NAME: (python_version, server)
}

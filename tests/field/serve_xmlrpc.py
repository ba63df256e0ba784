"""Start the standard library's XML-RPC server on a port of its own, which it prints first. It ends with its input.

python serve_xmlrpc.py
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from socketserver import ThreadingMixIn
from xmlrpc.server import SimpleXMLRPCServer


class Server(ThreadingMixIn, SimpleXMLRPCServer):
    """As its documentation has it, with a thread a connection."""

    daemon_threads = True


def add(first: int, second: int) -> int:
    """The sum."""
    return first + second


def echo(value: object) -> object:
    """What it is given."""
    return value


def fail() -> None:
    """Fail."""
    raise ValueError("as asked")


def slow() -> str:
    """Take a second."""
    time.sleep(1)
    return "at last"


def main() -> None:
    """Serve until stdin ends."""
    server = Server(("127.0.0.1", 0), logRequests=False)
    server.register_introspection_functions()
    server.register_multicall_functions()
    for method in (add, echo, fail, slow):
        server.register_function(method)
    server.register_function(slow.__name__.upper, "a:b/c")
    print(server.server_address[1], flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with contextlib.suppress(OSError):
        sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()

"""JSON-RPC servers as their manuals show them, each with the methods of the specification's examples.

python serve_jsonrpc.py KIND

Prints its port in a line; ends when stdin does.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

HERE = ("127.0.0.1", 0)


def subtract(minuend: Any, subtrahend: Any) -> Any:
    return minuend - subtrahend


def add(*numbers: Any) -> Any:
    return sum(numbers)


def echo(value: Any) -> Any:
    return value


def ping() -> Any:
    return "pong"


def fail() -> Any:
    raise RuntimeError("as asked")


METHODS: dict[str, Callable[..., Any]] = {"subtract": subtract, "sum": add, "echo": echo, "ping": ping, "fail": fail}


def jsonrpclib_pelix() -> HTTPServer:
    """Its own HTTP server."""
    from jsonrpclib.SimpleJSONRPCServer import SimpleJSONRPCServer

    server = SimpleJSONRPCServer(HERE, logRequests=False)
    for name, method in METHODS.items():
        server.register_function(method, name)
    return server  # type: ignore[no-any-return]


def jsonrpcserver() -> HTTPServer:
    """Its own HTTP server, with a port that the system chooses."""
    from jsonrpcserver import Success, method
    from jsonrpcserver.server import RequestHandler

    def told(work: Callable[..., Any]) -> Callable[..., Any]:
        from functools import wraps

        return wraps(work)(lambda *values, **named: Success(work(*values, **named)))

    for name, work in METHODS.items():
        method(told(work), name=name)
    return HTTPServer(HERE, RequestHandler)


def json_rpc() -> HTTPServer:
    """It has none: its manager in a handler of a few lines."""
    from jsonrpc import Dispatcher, JSONRPCResponseManager

    dispatcher = Dispatcher(METHODS)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            response = JSONRPCResponseManager.handle(body.decode("utf-8", "replace"), dispatcher)
            said = response.json.encode() if response else b""
            self.send_response(200 if response else 204)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, format: str, *values: Any) -> None:
            """Nothing."""

    return HTTPServer(HERE, Handler)


KINDS = {"jsonrpclib-pelix": jsonrpclib_pelix, "jsonrpcserver": jsonrpcserver, "json-rpc": json_rpc}


def main(kind: str) -> None:
    """Serve until stdin ends."""
    server = KINDS[kind]()
    print(server.server_address[1], flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with contextlib.suppress(OSError):
        sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])

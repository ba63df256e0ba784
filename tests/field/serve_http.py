"""One small site by Python's `http.server` and by uvicorn: a page, a text, a megabyte, and an echo of what was asked.

python serve_http.py KIND

Prints its port; ends when stdin does. The application is careful where it can be: what is found is the server's doing.
"""

from __future__ import annotations

import http.server
import json
import re
import sys
import threading
from collections.abc import Sequence
from typing import Any

TEXT = b"A line of the text that is always there, and always the same.\n" * 4
FILES = {"/": b"<!DOCTYPE html><title>Welcome</title>\n", "/hello.txt": TEXT, "/big.bin": bytes(range(256)) * 4096}
ECHO = "/echo"
CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})(?:[ \t]*;[^\r\n]*)?\r\n")
TRAILER = re.compile(rb"[!#-'*+.0-9A-Z^-z|~-]+:[^\r\n\0]*\r\n")

Fields = Sequence[tuple[str, str]]


def answer(method: str, target: str, version: str, fields: Fields, body: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, fields and content; the content of an answer to HEAD is left out by who sends it."""
    path = target.partition("?")[0]
    if path == ECHO:
        said = {"method": method, "target": target, "version": version, "headers": fields}
        told = json.dumps({**said, "body": body.decode("latin-1")}).encode()
        return 200, {"Content-Type": "application/json"}, told
    if (method, path) == ("OPTIONS", "*"):
        return 200, {"Content-Type": "text/plain"}, b""
    if path not in FILES:
        return 404, {"Content-Type": "text/plain"}, b"not found\n"
    if method not in ("GET", "HEAD"):
        return 405, {"Content-Type": "text/plain", "Allow": "GET, HEAD"}, b"not allowed\n"
    return 200, {"Content-Type": "text/html" if path == "/" else "text/plain"}, FILES[path]


# -- http.server


class Site(http.server.BaseHTTPRequestHandler):
    """What every handler of this module has to do by itself: find out how long a body is, read it, decode chunks."""

    protocol_version = "HTTP/1.1"
    timeout = 30

    def answer(self) -> None:
        codings = self.headers.get_all("Transfer-Encoding", [])
        try:
            self.tell(self.chunks() if codings else self.counted())
        except ValueError:
            self.send_error(400 if not codings or codings == ["chunked"] else 501)

    def counted(self) -> bytes:
        lengths = [length.strip(" \t") for length in self.headers.get_all("Content-Length", ["0"])]
        if len(lengths) > 1 or not re.fullmatch("[0-9]{1,15}", lengths[0]):
            raise ValueError
        return self.exactly(int(lengths[0]))

    def exactly(self, length: int) -> bytes:
        if len(body := self.rfile.read(length)) < length:
            raise ValueError
        return body

    def chunks(self) -> bytes:
        codings = [coding.strip().lower() for coding in self.headers.get_all("Transfer-Encoding", [])]
        if codings != ["chunked"] or "Content-Length" in self.headers or self.request_version != "HTTP/1.1":
            raise ValueError
        body = b""
        while size := int(self.line(CHUNK)[1], 16):
            body += self.exactly(size)
            if self.exactly(2) != b"\r\n":
                raise ValueError
        self.trailers()
        return body

    def trailers(self) -> None:
        while (line := self.rfile.readline(8192)) != b"\r\n":
            if not TRAILER.fullmatch(line):
                raise ValueError

    def line(self, form: re.Pattern[bytes]) -> re.Match[bytes]:
        if (match := form.fullmatch(self.rfile.readline(8192))) is None:
            raise ValueError
        return match

    def tell(self, body: bytes) -> None:
        status, fields, content = answer(self.command, self.path, self.request_version, self.headers.items(), body)
        self.send_response(status)
        for name, value in {**fields, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = answer

    def log_message(self, *args: object) -> None:
        pass


class Threading(http.server.ThreadingHTTPServer):
    request_queue_size = 128


def standard_library() -> None:
    server = Threading(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()


# -- uvicorn


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    body, more = b"", True
    while more:
        event = await receive()
        if event["type"] == "http.disconnect":
            return
        body, more = body + event.get("body", b""), event.get("more_body", False)
    target = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
    fields = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
    version = f"HTTP/{scope['http_version']}"
    status, own, content = answer(scope["method"], target.decode("latin-1"), version, fields, body)
    lines = [(name.encode(), value.encode()) for name, value in {**own, "Content-Length": str(len(content))}.items()]
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else content})


def uvicorn_by_h11() -> None:
    import socket

    import uvicorn

    sock = socket.create_server(("127.0.0.1", 0), backlog=128)
    config = uvicorn.Config(application, http="h11", ws="none", lifespan="off", log_level="critical")
    threading.Thread(target=uvicorn.Server(config).run, args=([sock],), daemon=True).start()
    print(sock.getsockname()[1], flush=True)
    sys.stdin.read()


KINDS = {"http-server": standard_library, "uvicorn": uvicorn_by_h11}

if __name__ == "__main__":
    KINDS[sys.argv[1]]()

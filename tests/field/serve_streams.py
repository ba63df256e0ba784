"""Small servers as manuals and textbooks write them: an echo of lines, and of messages behind their length (`!I`).

python serve_streams.py KIND

Prints the port of each, by its name, in a line; ends when stdin does.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import socketserver
import struct
import sys
import threading
from collections.abc import Callable

HERE = ("127.0.0.1", 0)


# -- socketserver


class EchoLines(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        for line in self.rfile:
            self.wfile.write(line)


class EchoPrefixed(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        while len(head := self.rfile.read(4)) == 4:
            (length,) = struct.unpack("!I", head)
            self.wfile.write(head + self.rfile.read(length))


class EchoDatagrams(socketserver.DatagramRequestHandler):
    def handle(self) -> None:
        self.wfile.write(self.rfile.read())


def served(**servers: socketserver.BaseServer) -> None:
    for server in servers.values():
        threading.Thread(target=server.serve_forever, daemon=True).start()
    tell(**{name: server.server_address[1] for name, server in servers.items()})  # type: ignore[misc,index]
    sys.stdin.read()


class Single(socketserver.TCPServer):
    request_queue_size = 128  # with its own 5, who finds the queue full waits a second and more


class Threading(socketserver.ThreadingMixIn, Single):
    daemon_threads = True


def threading_server() -> None:
    served(lines=Threading(HERE, EchoLines), prefixed=Threading(HERE, EchoPrefixed))


def single() -> None:
    served(lines=Single(HERE, EchoLines))


def datagrams() -> None:
    served(echo=socketserver.ThreadingUDPServer(HERE, EchoDatagrams))


# -- asyncio


async def echo_lines(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while line := await reader.readline():
        writer.write(line)
        await writer.drain()
    writer.close()


async def echo_prefixed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(asyncio.IncompleteReadError):
        while head := await reader.readexactly(4):
            (length,) = struct.unpack("!I", head)
            writer.write(head + await reader.readexactly(length))
            await writer.drain()
    writer.close()


async def streams() -> None:
    lines = await asyncio.start_server(echo_lines, *HERE)
    prefixed = await asyncio.start_server(echo_prefixed, *HERE)
    tell(lines=lines.sockets[0].getsockname()[1], prefixed=prefixed.sockets[0].getsockname()[1])
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


# -- a thread for each client, over plain sockets


def plain_lines(sock: socket.socket) -> None:
    buffer = b""
    while data := sock.recv(65536):
        buffer += data
        while b"\r\n" in buffer:
            line, _, buffer = buffer.partition(b"\r\n")
            sock.sendall(line + b"\r\n")


def plain_prefixed(sock: socket.socket) -> None:
    def exactly(count: int) -> bytes:
        data = b""
        while len(data) < count:
            more = sock.recv(count - len(data))
            if not more:
                raise EOFError(f"{count - len(data)} octets short")
            data += more
        return data

    while True:
        head = exactly(4)
        sock.sendall(head + exactly(*struct.unpack("!I", head)))


def accept(listener: socket.socket, talk: Callable[[socket.socket], None]) -> None:
    def conversation(sock: socket.socket) -> None:
        with sock, contextlib.suppress(OSError, EOFError):
            talk(sock)

    while True:
        sock, _address = listener.accept()
        threading.Thread(target=conversation, args=(sock,), daemon=True).start()


def threads() -> None:
    ports = {}
    for name, talk in (("lines", plain_lines), ("prefixed", plain_prefixed)):
        listener = socket.create_server(HERE)
        ports[name] = listener.getsockname()[1]
        threading.Thread(target=accept, args=(listener, talk), daemon=True).start()
    tell(**ports)
    sys.stdin.read()


def tell(**ports: int) -> None:
    print(*(f"{name}={port}" for name, port in ports.items()), flush=True)


KINDS: dict[str, Callable[[], None]] = {
    "socketserver-threading": threading_server,
    "socketserver-single": single,
    "socketserver-udp": datagrams,
    "asyncio": lambda: asyncio.run(streams()),
    "threads": threads,
}

if __name__ == "__main__":
    KINDS[sys.argv[1]]()

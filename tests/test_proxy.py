"""The proxy: what a real server says comes through, as the weather has it, and what it heard can be read."""

from __future__ import annotations

import http.client
import http.server
import smtplib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pytest_netconform.faults import (
    Corrupted,
    Duplicated,
    Fault,
    Lost,
    ResetAfter,
    SmallWindow,
    Truncated,
    WeatherError,
    weather,
)
from pytest_netconform.proxy import Proxy, proxy
from pytest_netconform.reference_servers.host import Host, Loop

PATIENCE = 10.0
PAGE = bytes(range(256)) * 40


class Pages(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def pages() -> Iterator[tuple[str, int]]:
    """A real server of somebody else's making."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield "127.0.0.1", server.server_port
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def loop() -> Iterator[Loop]:
    loop = Loop()
    yield loop
    loop.close()


def fetched(address: tuple[str, int]) -> bytes:
    client = http.client.HTTPConnection(*address, timeout=PATIENCE)
    try:
        client.request("GET", "/")
        return client.getresponse().read()
    finally:
        client.close()


@pytest.mark.parametrize("name", ["fair", "scattered", "coalesced", "slow", "narrow", "slow-accept", "rough"])
def test_a_page_comes_through(loop: Loop, name: str) -> None:
    """Harmless weather changes nothing but the time."""
    with pages() as server, proxy(server, name, loop=loop) as between:
        assert fetched(between.address) == PAGE
        assert "C: GET / HTTP/1.1\\r\\n" in between.transcript
        assert "S: HTTP/1.1 200 OK\\r\\n" in between.transcript


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        (Truncated(longer=1000), http.client.IncompleteRead),
        ("reset", ConnectionResetError),
        ("closed", http.client.RemoteDisconnected),
        (Corrupted(0, mask=0x80), http.client.BadStatusLine),
        ("refused", ConnectionRefusedError),
    ],
    ids=repr,
)
def test_harmful_weather_is_felt(loop: Loop, fault: str | Fault, problem: type[Exception]) -> None:
    """The client gets an error, and the transcript says whose."""
    with pages() as server, proxy(server, fault, loop=loop) as between:
        with pytest.raises(problem):
            fetched(between.address)
        if fault != "refused":
            ((struck, number),) = between.struck
            assert number == 1 and f"weather: {struck!r}" in between.transcript


def test_first_connections_only(loop: Loop) -> None:
    """Who tries again is served."""
    with pages() as server, proxy(server, ResetAfter(0, connections=1), loop=loop) as between:
        with pytest.raises(ConnectionResetError):
            fetched(between.address)
        assert fetched(between.address) == PAGE


def test_half_closes_go_through_in_both_directions(loop: Loop) -> None:
    """The client's end reaches the server, whose answer comes back behind it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            sock, _ = listener.accept()
            with sock:
                data = b"".join(iter(lambda: sock.recv(1000), b""))
                sock.sendall(data[::-1])

        server = threading.Thread(target=serve)
        server.start()
        with (
            Proxy(listener.getsockname(), "slow", loop=loop) as between,
            socket.create_connection(between.address, timeout=PATIENCE) as client,
        ):
            client.sendall(b"abc")
            client.shutdown(socket.SHUT_WR)
            assert b"".join(iter(lambda: client.recv(1000), b"")) == b"cba"
        server.join()


def test_much_goes_through_small_windows(loop: Loop) -> None:
    """Neither side is read faster than the other takes it, and nothing is lost."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        data = bytes(range(256)) * 8000

        def serve() -> None:
            sock, _ = listener.accept()
            with sock:
                sock.sendall(data)

        server = threading.Thread(target=serve)
        server.start()
        with (
            Proxy(listener.getsockname()[1], SmallWindow(), loop=loop) as between,
            socket.create_connection(between.address, timeout=PATIENCE) as client,
        ):
            assert b"".join(iter(lambda: client.recv(1 << 16), b"")) == data
        server.join()


def test_a_server_that_is_not_there(loop: Loop) -> None:
    """The client is reset, and the transcript says why."""
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with (
        Proxy(port, loop=loop) as between,
        pytest.raises(OSError, match="reset"),
        socket.create_connection(between.address, timeout=PATIENCE) as client,
    ):
        client.recv(1)
    assert "the server cannot be reached: " in between.transcript


def test_in_front_of_the_reference(loop: Loop, smtp_host: Host) -> None:
    """By its URL."""
    with (
        Proxy(f"smtp://127.0.0.1:{smtp_host.port}", "segmented", loop=loop) as between,
        smtplib.SMTP(between.host, between.port, timeout=PATIENCE) as client,
    ):
        assert client.noop()[0] == 250


def test_unix_sockets(loop: Loop, tmp_path: Path) -> None:
    """A server at a path is found at a port."""
    path = str(tmp_path / "sock")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        with Proxy(f"unix://{path}", loop=loop) as between, socket.create_connection(between.address) as client:
            server, _ = listener.accept()
            with server:
                client.sendall(b"x")
                assert server.recv(1) == b"x"


def test_datagrams(loop: Loop) -> None:
    """Every client gets his own answers, as often as the weather has it."""
    with socket.socket(type=socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(PATIENCE)
        port = server.getsockname()[1]
        with Proxy(f"udp://127.0.0.1:{port}", (Duplicated(), Lost(0.0, first=1)), loop=loop) as between:
            clients = [socket.socket(type=socket.SOCK_DGRAM) for _ in range(2)]
            for place, client in enumerate(clients):
                client.settimeout(PATIENCE)
                client.connect(between.address)
                client.send(b"%d" % place)
                data, sender = server.recvfrom(10)
                server.sendto(data * 3, sender)
            assert [clients[1].recv(10), clients[1].recv(10)] == [b"111", b"111"]
            assert "C1: 0" in between.transcript and "S2: 111" in between.transcript
            for client in clients:
                client.close()


@pytest.mark.parametrize(
    ("server", "asked", "problem"),
    [
        ("localhost", "fair", "'localhost' is no server; host:port, a URL with a port, or unix:///path is asked for"),
        ("127.0.0.1:1", "storm", "no weather is called 'storm'; known are fair"),
        ("127.0.0.1:1", "lossy", "Lost(0.3) is no weather for streams"),
        ("udp://127.0.0.1:1", "segmented", "Segmented(1) is no weather for datagrams"),
    ],
)
def test_what_cannot_be(server: str, asked: str, problem: str) -> None:
    """One line each."""
    with pytest.raises(ValueError) as raised:
        Proxy(server, asked)
    assert str(raised.value).startswith(problem)
    assert isinstance(raised.value, WeatherError) == ("weather" in problem)


def test_a_proxy_reads_as_what_it_is(loop: Loop) -> None:
    """Where it is, for whom, in which weather."""
    with Proxy(("127.0.0.1", 7), "slow", loop=loop) as between:
        assert repr(between) == f"<proxy 127.0.0.1:{between.port} for 127.0.0.1:7, Latency(0.05, jitter=0.02)>"
        assert between.weather == weather("slow")

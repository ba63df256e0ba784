"""The host's TLS against the ssl module: the switch after STARTTLS, TLS from the first octet, half-close, failures."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterator

import pytest

from pytest_netconform.ca import Authority
from pytest_netconform.reference_servers.host import Host, Loop, serving
from pytest_netconform.reference_servers.session import Close, Session, StartTls

PATIENCE = 10.0  # seconds for what is owed; never used up when all is well
BIG = bytes(range(256)) * 4096  # 1 MiB


class Upgrading(Session):
    """Line by line: STARTTLS is answered and done, QUIT is answered and closes, all else is answered with itself."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[object] = []

    def on_open(self) -> None:
        self.told.append(("open", self.peer.secure))
        self.send(b"hello\n")

    def on_data(self, data: bytes) -> None:
        self.told.append(data)
        if data.startswith(b"STARTTLS\n"):
            self.send(b"go ahead\n")
            self.act(StartTls())
        else:
            self.send(data)
        if data == b"QUIT\n":
            self.act(Close())

    def on_secure(self) -> None:
        self.told.append("secure")
        self.send(b"secured\n")

    def on_end(self) -> None:
        self.told.append("end")
        self.send(b"bye\n")
        super().on_end()


class Tls:
    """A client's TLS in memory over a socket, so that a test decides which octets travel together."""

    def __init__(self, sock: socket.socket, context: ssl.SSLContext) -> None:
        self.sock = sock
        self._incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.object = context.wrap_bio(self._incoming, self.outgoing, server_hostname="localhost")

    def shake_hands(self) -> None:
        """Up to the point where our last flight is written, and not sent."""
        while True:
            try:
                self.object.do_handshake()
                return
            except ssl.SSLWantReadError:
                self.flush()
                self._incoming.write(self.sock.recv(1 << 16))

    def flush(self) -> None:
        self.sock.sendall(self.outgoing.read())

    def everything(self) -> bytes:
        """All up to the server's close_notify."""
        data = b""
        while True:
            try:
                arrived = self.object.read(1 << 16)
            except ssl.SSLWantReadError:
                octets = self.sock.recv(1 << 16)
                assert octets, f"no close_notify came after {data!r}"
                self._incoming.write(octets)
            except ssl.SSLZeroReturnError:
                return data
            else:
                if not arrived:
                    return data
                data += arrived


@pytest.fixture(scope="module")
def loop() -> Iterator[Loop]:
    loop = Loop()
    yield loop
    loop.close()


@pytest.fixture(params=[ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def context(authority: Authority, request: pytest.FixtureRequest) -> ssl.SSLContext:
    context = authority.client_context()
    context.maximum_version = request.param
    return context


def dial(server: Host) -> socket.socket:
    return socket.create_connection(server.address, timeout=PATIENCE)


def exactly(sock: socket.socket, expected: bytes) -> None:
    data = b""
    while len(data) < len(expected) and (arrived := sock.recv(len(expected) - len(data))):
        data += arrived
    assert data == expected


def test_starttls(loop: Loop, authority: Authority, context: ssl.SSLContext) -> None:
    """The answer to STARTTLS goes in clear, `secure` follows the handshake, and the close is a clean one."""
    session = Upgrading()
    with serving(lambda: session, tls=authority.server_context(), loop=loop) as server, dial(server) as plain:
        exactly(plain, b"hello\n")
        plain.sendall(b"STARTTLS\n")
        exactly(plain, b"go ahead\n")
        client = context.wrap_socket(plain, server_hostname="localhost", suppress_ragged_eofs=False)
        exactly(client, b"secured\n")
        client.sendall(b"QUIT\n")
        exactly(client, b"QUIT\n")
        assert client.recv(1) == b""
        client.unwrap().close()
        assert server.idle()
        assert session.told == [("open", False), b"STARTTLS\n", "secure", b"QUIT\n"]
        assert (server.errors, server.tls_errors) == ([], [])


def test_what_travels_with_starttls_is_seen_in_clear(loop: Loop, authority: Authority) -> None:
    """Octets behind STARTTLS in one read are the session's to refuse, before the handshake; none is told after it."""
    session = Upgrading()
    with serving(lambda: session, tls=authority.server_context(), loop=loop) as server, dial(server) as plain:
        exactly(plain, b"hello\n")
        plain.sendall(b"STARTTLS\nRSET\n")
        exactly(plain, b"go ahead\n")
        with authority.client_context().wrap_socket(plain, server_hostname="localhost") as client:
            exactly(client, b"secured\n")
        assert server.idle()
        assert session.told[:3] == [("open", False), b"STARTTLS\nRSET\n", "secure"]
        assert session.told.count(b"RSET\n") == 0


def test_clear_text_behind_starttls_ends_the_connection(loop: Loop, authority: Authority) -> None:
    """Octets that arrive after the switch are TLS or nothing: the session never sees them."""
    session = Upgrading()
    with serving(lambda: session, tls=authority.server_context(), loop=loop) as server, dial(server) as plain:
        exactly(plain, b"hello\n")
        plain.sendall(b"STARTTLS\n")
        exactly(plain, b"go ahead\n")
        plain.sendall(b"MAIL FROM:<anna@example.com>\n")
        while plain.recv(1 << 16):
            pass  # an alert, perhaps
        plain.close()
        assert server.idle()
        assert session.told == [("open", False), b"STARTTLS\n", "end"]
        assert [type(error) for error in server.tls_errors] == [ssl.SSLError]
        assert server.errors == []


def test_data_that_travels_with_the_handshake_comes_after_secure(
    loop: Loop, authority: Authority, context: ssl.SSLContext
) -> None:
    """The client's last flight and its first octets in one segment: nothing is lost, and the order holds."""
    session = Upgrading()
    with (
        serving(lambda: session, tls=authority.server_context(), implicit_tls=True, loop=loop) as server,
        dial(server) as plain,
    ):
        client = Tls(plain, context)
        client.shake_hands()
        client.object.write(b"QUIT\n")
        client.flush()
        assert client.everything() == b"hello\nQUIT\n"
        assert session.told == [("open", True), b"QUIT\n"]


def test_half_close_under_tls(loop: Loop, authority: Authority, context: ssl.SSLContext) -> None:
    """Behind the client's close_notify and FIN the answers still come, and the server's close_notify."""
    with (
        serving(Upgrading, tls=authority.server_context(), implicit_tls=True, loop=loop) as server,
        dial(server) as plain,
    ):
        client = Tls(plain, context)
        client.shake_hands()
        client.object.write(b"abc")
        if context.maximum_version is ssl.TLSVersion.TLSv1_3:  # before it, the receiver of close_notify had to discard
            with contextlib.suppress(ssl.SSLWantReadError):
                client.object.unwrap()
        client.flush()
        plain.shutdown(socket.SHUT_WR)
        assert client.everything() == b"hello\nabcbye\n"
        assert server.idle()
    assert (server.errors, server.tls_errors) == ([], [])


def test_a_megabyte_under_tls(loop: Loop, authority: Authority, context: ssl.SSLContext) -> None:
    """Large answers arrive whole."""

    class Large(Session):
        def on_open(self) -> None:
            self.send(BIG)
            self.act(Close())

    with (
        serving(Large, tls=authority.server_context(), implicit_tls=True, loop=loop) as server,
        dial(server) as plain,
        context.wrap_socket(plain, server_hostname="localhost", suppress_ragged_eofs=False) as client,
    ):
        exactly(client, BIG)
        assert client.recv(1) == b""


@pytest.mark.parametrize("what", [b"", b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01"])
def test_a_handshake_that_comes_to_nothing(loop: Loop, authority: Authority, what: bytes) -> None:
    """Nothing, another protocol, or half a record and the end: the connection is closed and the session not opened."""
    session = Upgrading()
    with (
        serving(lambda: session, tls=authority.server_context(), implicit_tls=True, loop=loop) as server,
        dial(server) as plain,
    ):
        plain.sendall(what)
        plain.shutdown(socket.SHUT_WR)
        while plain.recv(1 << 16):
            pass
        assert server.idle()
    assert (session.told, server.errors) == ([], [])


def test_a_client_that_refuses_the_certificate_is_reported(loop: Loop, authority: Authority) -> None:
    """The alert that it sends is kept, so that a test of the client can tell why."""
    session = Upgrading()
    context = ssl.create_default_context()
    with serving(lambda: session, tls=authority.server_context(), implicit_tls=True, loop=loop) as server:
        with dial(server) as plain, pytest.raises(ssl.SSLCertVerificationError):
            context.wrap_socket(plain, server_hostname="localhost")
        assert server.idle()
        assert ["UNKNOWN_CA" in str(error) for error in server.tls_errors] == [True]
    assert session.told == []


def test_a_session_that_asks_for_tls_without_a_context(loop: Loop) -> None:
    """That is an error of ours, recorded; the connection is closed."""
    with serving(Upgrading, loop=loop) as server, dial(server) as plain:
        exactly(plain, b"hello\n")
        plain.sendall(b"STARTTLS\n")
        exactly(plain, b"go ahead\n")
        assert plain.recv(1) == b""
        assert ["given no context" in str(error) for error in server.errors] == [True]
    with pytest.raises(ValueError, match="implicit_tls"):
        serving(Upgrading, implicit_tls=True)

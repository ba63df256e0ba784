"""The strict HTTP session on real sockets, as other people's clients see it: http.client, urllib, h11, curl."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import shutil
import socket
import ssl
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_netconform.ca import Authority
from pytest_netconform.reference_servers.host import Host, serving
from pytest_netconform.reference_servers.http import HttpConfig, HttpSession, Site
from pytest_netconform.reference_servers.http.site import BIG, HELLO
from tests.http_talk import HOST, read

SECONDS = 10.0
GET = b"GET /hello.txt HTTP/1.1\r\n" + HOST + b"\r\n"


@contextlib.contextmanager
def listening(authority: Authority | None = None, config: HttpConfig | None = None) -> Iterator[Host]:
    """A server; nothing that it met may have raised."""
    site = Site()
    context = authority.server_context() if authority is not None else None
    host = serving(lambda: HttpSession(config, site), tls=context, implicit_tls=context is not None)
    with host:
        yield host
    assert host.errors == []


@pytest.fixture
def server() -> Iterator[Host]:
    with listening() as host:
        yield host


def all_of(sock: socket.socket) -> bytes:
    """Everything up to the end; a reset is an error."""
    pieces = []
    while piece := sock.recv(1 << 16):
        pieces.append(piece)
    return b"".join(pieces)


def test_http_client(server: Host) -> None:
    """One connection, many requests: chunked both ways, HEAD, 304, parts, what is written."""
    client = http.client.HTTPConnection(*server.address, timeout=SECONDS)

    def ask(method: str, path: str, body: object = None, **fields: str) -> tuple[int, bytes]:
        headers = {name.replace("_", "-"): value for name, value in fields.items()}
        client.request(method, path, body=body, headers=headers, encode_chunked=body is not None)  # type: ignore[call-overload]
        answer = client.getresponse()
        return answer.status, answer.read()

    assert ask("GET", "/hello.txt") == (200, HELLO)
    assert ask("GET", "/big.bin") == (200, BIG)
    assert ask("HEAD", "/big.bin") == (200, b"")
    assert ask("GET", "/hello.txt", If_Modified_Since="Sun, 01 Jun 2025 12:30:15 GMT") == (304, b"")
    assert ask("GET", "/hello.txt", Range="bytes=-5") == (206, HELLO[-5:])
    assert ask("GET", "/chunked")[1].count(b"piece") == 10
    status, shown = ask("POST", "/echo", iter([b"hel", b"lo"]), Transfer_Encoding="chunked")
    assert status == 200 and json.loads(shown)["body"] == "hello"
    assert ask("PUT", "/scratch/x", b"new") == (201, b"") and ask("GET", "/scratch/x") == (200, b"new")
    assert server.accepted == 1
    client.close()


def test_urllib(server: Host) -> None:
    """Redirections, Basic authentication, a form."""
    base = f"http://{server.host}:{server.port}"
    passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
    passwords.add_password(None, base, "alice", "s3cret")
    opener = urllib.request.build_opener(urllib.request.HTTPBasicAuthHandler(passwords))
    with opener.open(f"{base}/folder", timeout=SECONDS) as answer:
        assert answer.url == f"{base}/folder/"
    with opener.open(f"{base}/private", timeout=SECONDS) as answer:
        assert b"Hello alice" in answer.read()
    with opener.open(f"{base}/form", data=b"a=1", timeout=SECONDS) as answer:
        assert json.load(answer)["fields"] == [["a", "1"]]
    with pytest.raises(urllib.error.HTTPError, match="404") as refused:
        opener.open(f"{base}/no", timeout=SECONDS)
    refused.value.close()


def test_tls() -> None:
    """The same inside TLS, where cookies are bound and HSTS is said."""
    with Authority() as authority, listening(authority) as server:
        url = f"https://localhost:{server.port}/cookie"
        with urllib.request.urlopen(url, context=authority.client_context(), timeout=SECONDS) as answer:
            assert all("; Secure" in cookie for cookie in answer.headers.get_all("Set-Cookie"))
        url = f"https://localhost:{server.port}/"
        with urllib.request.urlopen(url, context=authority.client_context(), timeout=SECONDS) as answer:
            assert answer.headers["Strict-Transport-Security"]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl(server: Host, tmp_path: Path) -> None:
    """gzip, upload with Expect, a form with a file, redirections, resumption, cookies: as curl does them."""
    base = f"http://{server.host}:{server.port}"

    def curl(*arguments: str) -> bytes:
        command = ["curl", "--silent", "--show-error", "--fail", "--max-time", "10", *arguments]
        done = subprocess.run(command, capture_output=True, check=False, timeout=30)
        assert done.returncode == 0, done.stderr
        return done.stdout

    big = tmp_path / "big"
    big.write_bytes(BIG + BIG)
    assert curl("--compressed", f"{base}/hello.txt") == HELLO
    assert gzip.decompress(curl("-H", "Accept-Encoding: gzip", f"{base}/hello.txt")) == HELLO
    curl("-T", str(big), f"{base}/scratch/big")  # asks for 100 (Continue), being so large
    assert curl(f"{base}/scratch/big") == BIG + BIG
    curl("-T", str(big), "-H", "Transfer-Encoding: chunked", f"{base}/scratch/again")
    assert curl("-r", "1048570-1048585", f"{base}/scratch/again") == (BIG + BIG)[1048570:1048586]
    shown = json.loads(curl("-L", "-F", "text=two words", "-F", f"file=@{__file__}", f"{base}/form"))
    assert shown["fields"] == [["text", "two words"]] and shown["files"][0][3].startswith('"""The strict')
    jar = str(tmp_path / "jar")
    page = curl("-L", "-c", jar, "-d", "username=bob&password=s3cret", f"{base}/login")
    assert b"You are bob" in page and b"You are bob" in curl("-b", jar, f"{base}/account")
    assert b"Behind the door" in curl("-u", "alice:s3cret", f"{base}/private")
    assert curl("-0", f"{base}/chunked").count(b"piece") == 10


def test_a_thousand_pipelined(server: Host) -> None:
    """They are all answered, in order, on one connection; the last one closes it."""
    data = b"".join(b"GET /echo?%d HTTP/1.1\r\n" % number + HOST + b"\r\n" for number in range(999))
    with socket.create_connection(server.address, SECONDS) as sock:
        sock.sendall(data + GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        answers = read(all_of(sock), *["GET"] * 1000, closed=True)
    assert [json.loads(answer.body)["target"] for answer in answers[:-1]] == [f"/echo?{n}" for n in range(999)]
    assert answers[-1].body == HELLO


def test_a_lot_of_a_lot(server: Host) -> None:
    """Forty answers of 1 MiB each to one segment, to a client who begins to read late."""
    with socket.create_connection(server.address, SECONDS) as sock:
        sock.sendall((b"GET /big.bin HTTP/1.1\r\n" + HOST + b"\r\n") * 40)
        sock.shutdown(socket.SHUT_WR)
        assert all(answer.body == BIG for answer in read(all_of(sock), *["GET"] * 40, closed=True))


def test_a_refusal_is_not_lost(server: Host) -> None:
    """Who goes on writing what is too large still gets to read why it is refused (RFC 9112 9.6)."""
    for line in (b"Content-Length: 8388608", b"Transfer-Encoding: chunked"):
        with socket.create_connection(server.address, SECONDS) as sock:
            sock.sendall(b"POST /echo HTTP/1.1\r\n" + HOST + line + b"\r\n\r\n800000\r\n")
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                for _ in range(128):
                    sock.sendall(b"x" * 65536)
            (answer,) = read(all_of(sock), "POST", closed=True)
            assert answer.status == 413


def test_half_closed(server: Host) -> None:
    """The answer comes to who has said that he says no more."""
    with socket.create_connection(server.address, SECONDS) as sock:
        sock.sendall(GET)
        sock.shutdown(socket.SHUT_WR)
        (answer,) = read(all_of(sock), "GET", closed=True)
        assert answer.body == HELLO


def test_a_silent_client_holds_nobody_up(server: Host) -> None:
    """Half a head here, whole answers there."""
    with socket.create_connection(server.address, SECONDS) as half:
        half.sendall(b"GET / HT")
        url = f"http://{server.host}:{server.port}/hello.txt"
        with urllib.request.urlopen(url, timeout=SECONDS) as answer:
            assert answer.read() == HELLO


def test_time(server: Host) -> None:
    """Limits of time hold on sockets too."""
    with listening(config=HttpConfig(head_wait=0.05, idle=0.05)) as hasty:
        with socket.create_connection(hasty.address, SECONDS) as sock:
            sock.sendall(b"GET / HT")
            assert all_of(sock).startswith(b"HTTP/1.1 408")
        with socket.create_connection(hasty.address, SECONDS) as sock:
            assert all_of(sock) == b""


def test_plain_words_to_tls() -> None:
    """Who speaks no TLS to it gets no answer, and others go on."""
    with Authority() as authority, listening(authority) as server:
        with socket.create_connection(server.address, SECONDS) as sock, contextlib.suppress(ConnectionResetError):
            sock.sendall(GET)
            assert b"HTTP/" not in all_of(sock)
        with pytest.raises(ssl.SSLError), socket.create_connection(server.address, SECONDS) as sock:
            ssl.create_default_context().wrap_socket(sock, server_hostname="localhost")

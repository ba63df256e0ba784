"""Independent clients and the FTP reference server on real sockets: ftplib, curl and lftp move files, and are refused.

What they sent is compared with what was stored, and what they got with what is there, octet for octet. Whoever is not
installed is skipped by name.
"""

from __future__ import annotations

import ftplib
import io
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from pytest_netconform.ca import Authority
from pytest_netconform.dialogues.ftp import pattern
from pytest_netconform.reference_servers.files import FileTree
from pytest_netconform.reference_servers.ftp import FtpConfig, FtpSession
from pytest_netconform.reference_servers.host import Host, serving

PATIENCE = 10.0  # seconds for one answer
PROGRAM_SECONDS = 30.0  # for a whole run of a program
USER, PASSWORD = "alice", "s3cret"
CONTENTS = {"empty": b"", "text": b"one\ntwo\n", "octets": bytes(range(256)), "big": pattern(3_000_000)}
NAMES = ["plain", "with space", 'quo"te', "Grüße", "-l", "a'b;c$d"]

Serve = Callable[..., tuple[Host, FileTree]]


@pytest.fixture
def serve(authority: Authority) -> Iterator[Serve]:
    """Start reference servers; afterwards each has had no error, and nobody is connected any more."""
    with ExitStack() as stack:

        def start(host: str = "127.0.0.1", implicit_tls: bool = False, **values: object) -> tuple[Host, FileTree]:
            config, tree = FtpConfig(tls=True, **values), FileTree()  # type: ignore[arg-type]
            server = serving(
                lambda: FtpSession(config, tree), host=host, tls=authority.server_context(), implicit_tls=implicit_tls
            )
            stack.enter_context(_nothing_left(server))
            stack.enter_context(server)
            return server, tree

        yield start


@contextmanager
def _nothing_left(host: Host) -> Iterator[None]:
    yield
    assert (host.errors, host.connections, host.channels, host.listening) == ([], 0, 0, False)


# -- ftplib


def ftplib_client(host: Host, passive: bool = True, tls: Authority | None = None) -> ftplib.FTP:
    client = ftplib.FTP_TLS(context=tls.client_context(), timeout=PATIENCE) if tls else ftplib.FTP(timeout=PATIENCE)
    client.connect(host.host, host.port)
    if tls:
        client.host = "localhost"  # what its certificate is verified for
    client.login(USER, PASSWORD)
    if isinstance(client, ftplib.FTP_TLS):
        client.prot_p()
    client.set_pasv(passive)
    return client


@pytest.mark.parametrize("tls", [False, True], ids=["clear", "tls"])
@pytest.mark.parametrize("passive", [True, False], ids=["passive", "active"])
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_ftplib_moves_files(serve: Serve, authority: Authority, address: str, passive: bool, tls: bool) -> None:
    """Both families, both directions, both ways to a data connection, in clear and inside TLS."""
    host, tree = serve(address)
    with ftplib_client(host, passive, authority if tls else None) as client:
        for name, content in CONTENTS.items():
            assert client.storbinary(f"STOR {name}", io.BytesIO(content)).startswith("226")
            fetched: list[bytes] = []
            assert client.retrbinary(f"RETR {name}", fetched.append).startswith("226")
            assert b"".join(fetched) == content
            assert client.size(name) == len(content)
        assert tree.files() == {f"/{name}": content for name, content in CONTENTS.items()}
        assert client.nlst() == sorted(CONTENTS)
        facts = dict(client.mlsd())
        assert {name for name, fact in facts.items() if fact["type"] == "file"} == set(CONTENTS)
        assert facts["big"]["size"] == "3000000"
    assert host.tls_errors == []


def test_ftplib_moves_text(serve: Serve) -> None:
    """Lines travel as lines, whatever ends them at either side."""
    host, tree = serve()
    with ftplib_client(host) as client:
        client.storlines("STOR f", io.BytesIO(b"one\ntwo\n"))
        assert tree.files() == {"/f": b"one\ntwo\n"}
        lines: list[str] = []
        client.retrlines("RETR f", lines.append)
        assert lines == ["one", "two"]
        listing: list[str] = []
        client.retrlines("LIST", listing.append)
        assert len(listing) == 1 and listing[0].endswith(" f")


def test_ftplib_keeps_house(serve: Serve) -> None:
    """Directories, names of all kinds, renaming and deleting; refusals are errors with their codes."""
    host, tree = serve()
    with ftplib_client(host) as client:
        for name in NAMES:
            assert client.mkd(name) == f"/{name}"
            client.cwd(name)
            assert client.pwd() == f"/{name}"
            client.storbinary(f"STOR {name}", io.BytesIO(b"x"))
            client.rename(name, "moved")
            client.cwd("..")
        assert client.nlst() == sorted(NAMES, key=str.encode)
        assert tree.files() == {f"/{name}/moved": b"x" for name in NAMES}
        with pytest.raises(ftplib.error_perm, match="550"):
            client.rmd(NAMES[0])
        for name in NAMES:
            client.delete(f"{name}/moved")
            client.rmd(name)
        assert client.nlst() == []
        with pytest.raises(ftplib.error_perm, match="550"):
            client.retrbinary("RETR nosuch", lambda data: None)


def test_ftplib_goes_on_where_it_stopped(serve: Serve) -> None:
    """REST in both directions."""
    host, tree = serve()
    with ftplib_client(host) as client:
        client.storbinary("STOR f", io.BytesIO(b"0123456789"))
        fetched: list[bytes] = []
        client.retrbinary("RETR f", fetched.append, rest=4)
        assert b"".join(fetched) == b"456789"
        client.storbinary("STOR f", io.BytesIO(b"XYZ"), rest=10)
    assert tree.files() == {"/f": b"0123456789XYZ"}


def test_ftplib_aborts(serve: Serve) -> None:
    """ABOR, which it sends as urgent data, ends a download; the session goes on."""
    host, tree = serve()
    tree.write((b"f",), pattern(30_000_000), 0.0)
    with ftplib_client(host) as client:
        client.voidcmd("TYPE I")
        with client.transfercmd("RETR f") as data:
            data.recv(1000)
            assert client.abort().startswith("426")
        assert client.getresp().startswith("226")
        assert client.pwd() == "/"


def test_ftplib_is_not_let_in(serve: Serve, authority: Authority) -> None:
    """A wrong password, and a login in clear where TLS is demanded."""
    host, _ = serve(require_tls=True)
    with ftplib.FTP(timeout=PATIENCE) as client:
        client.connect(host.host, host.port)
        with pytest.raises(ftplib.error_perm, match="530"):
            client.login(USER, PASSWORD)
    with ftplib.FTP_TLS(context=authority.client_context(), timeout=PATIENCE) as client:
        client.connect(host.host, host.port)
        client.host = "localhost"
        with pytest.raises(ftplib.error_perm, match="530"):
            client.login(USER, "wrong")
        assert client.login(USER, PASSWORD).startswith("230")
        client.prot_p()
        assert client.nlst() == []


def test_ftplib_leaves_tls_on_the_control_connection(serve: Serve, authority: Authority) -> None:
    """CCC, behind which data connections are still inside TLS."""
    host, _ = serve()
    client = ftplib_client(host, tls=authority)
    assert isinstance(client, ftplib.FTP_TLS)
    with client:
        client.ccc()
        assert client.pwd() == "/"
        client.storbinary("STOR f", io.BytesIO(b"abc"))
        assert client.nlst() == ["f"]


def test_several_clients_at_once(serve: Serve) -> None:
    """Data connections of sessions are kept apart: each gets what it sent."""
    host, tree = serve()
    problems: list[BaseException] = []

    def work(number: int) -> None:
        try:
            with ftplib_client(host, passive=number % 2 == 0) as client:
                client.mkd(str(number))
                client.cwd(str(number))
                for size in (10, 100_000 + number):
                    content = pattern(size)[number:]
                    client.storbinary("STOR f", io.BytesIO(content))
                    fetched: list[bytes] = []
                    client.retrbinary("RETR f", fetched.append)
                    assert b"".join(fetched) == content
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert len(tree.files()) == 8


# -- programs


def run(program: str, *arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
    """The program's end; whatever it started is gone with it. Skips when it is not installed."""
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    environment = {**os.environ, "HOME": os.devnull, "CURL_HOME": os.devnull}
    for proxy in ("ftp_proxy", "FTP_PROXY", "all_proxy", "ALL_PROXY"):
        environment.pop(proxy, None)
    command = [program, *map(str, arguments)]
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, timeout=PROGRAM_SECONDS, check=False, env=environment
    )


def curl(host: Host, path: str, *arguments: str | Path, scheme: str = "ftp") -> subprocess.CompletedProcess[bytes]:
    name = f"[{host.host}]" if ":" in host.host else host.host
    return run(
        *("curl", "--silent", "--show-error", "--noproxy", "*", "--max-time", "20"),
        *("--user", f"{USER}:{PASSWORD}", *arguments, f"{scheme}://{name}:{host.port}/{path}"),
    )


WAYS: dict[str, tuple[str, ...]] = {
    "epsv": (),
    "pasv": ("--disable-epsv",),
    "eprt": ("--ftp-port", "-"),
    "port": ("--ftp-port", "-", "--disable-eprt"),
}


def curl_cannot_secure_active_transfers() -> str:
    """Why this curl has no TLS on data connections that come to it; empty when it has (curl issue 10666)."""
    found = re.match(rb"curl (\d+)\.(\d+)", run("curl", "--version").stdout)
    version = (int(found[1]), int(found[2])) if found else (0, 0)
    return f"curl {version[0]}.{version[1]} waits for ever there" if (7, 87) <= version < (8, 0) else ""


@pytest.mark.parametrize("tls", ["clear", "tls", "implicit"])
@pytest.mark.parametrize("way", WAYS)
def test_curl_moves_files(serve: Serve, authority: Authority, tmp_path: Path, way: str, tls: str) -> None:
    """Each way to a data connection, in clear, after AUTH TLS and inside TLS from the start."""
    if "--ftp-port" in WAYS[way] and tls != "clear" and (reason := curl_cannot_secure_active_transfers()):
        pytest.skip(reason)
    host, tree = serve(implicit_tls=tls == "implicit")
    arguments = [*WAYS[way], *([] if tls == "clear" else ["--ssl-reqd", "--insecure"])]
    scheme = "ftps" if tls == "implicit" else "ftp"
    for name, content in CONTENTS.items():
        source = tmp_path / name
        source.write_bytes(content)
        said = curl(host, name, *arguments, "--upload-file", source, scheme=scheme)
        assert said.returncode == 0, said.stderr
        assert tree.files()[f"/{name}"] == content
        said = curl(host, name, *arguments, scheme=scheme)
        assert (said.returncode, said.stdout == content) == (0, True), said.stderr
    said = curl(host, "", "--list-only", *arguments, scheme=scheme)
    assert said.stdout.decode().split() == sorted(CONTENTS), said.stderr
    assert host.tls_errors == []


def test_curl_over_ipv6(serve: Serve, tmp_path: Path) -> None:
    """EPSV and EPRT know other addresses than four numbers."""
    host, tree = serve("::1")
    tree.write((b"f",), CONTENTS["octets"], 0.0)
    for way in ("epsv", "eprt"):
        said = curl(host, "f", *WAYS[way])
        assert (said.returncode, said.stdout) == (0, CONTENTS["octets"]), said.stderr


def test_curl_does_the_rest(serve: Serve, tmp_path: Path) -> None:
    """Text, restarts, appending, directories on the way, dates, deleting; and refusals by their exit status."""
    host, tree = serve()
    source = tmp_path / "f"
    source.write_bytes(b"one\ntwo\n")
    assert curl(host, "d/e/f", "--ftp-create-dirs", "--upload-file", source).returncode == 0
    assert curl(host, "d/e/f", "--append", "--upload-file", source).returncode == 0
    assert tree.files() == {"/d/e/f": b"one\ntwo\none\ntwo\n"}
    assert curl(host, "d/e/f", "--use-ascii").stdout == b"one\ntwo\none\ntwo\n"  # it ends lines as here
    assert curl(host, "d/e/f", "--range", "4-").stdout == b"two\none\ntwo\n"
    assert curl(host, "d/e/f", "--range", "4-6").stdout == b"two"
    assert b"Content-Length: 16" in curl(host, "d/e/f", "--head").stdout
    assert curl(host, "d/e/", "--quote", "DELE d/e/f").returncode == 0
    assert tree.files() == {}
    assert curl(host, "nosuch").returncode == 78
    assert curl(host, "nosuch/").returncode == 9
    assert curl(host, "", "--user", "alice:wrong").returncode == 67


def test_curl_stops_in_the_middle(serve: Serve) -> None:
    """A range that ends early breaks the data connection off; the server serves the next one."""
    host, tree = serve()
    tree.write((b"f",), pattern(30_000_000), 0.0)
    assert curl(host, "f", "--range", "0-999").stdout == pattern(1000)
    assert curl(host, "f", "--range", "29999000-").stdout == pattern(30_000_000)[29_999_000:]


@pytest.mark.parametrize("tls", ["clear", "tls", "implicit"])
@pytest.mark.parametrize(
    ("address", "passive"),
    [("127.0.0.1", True), ("127.0.0.1", False), ("::1", True)],  # active over IPv6 lftp 4.9 says EPRT |2|::|port|
    ids=["passive", "active", "ipv6"],
)
def test_lftp_mirrors(serve: Serve, tmp_path: Path, address: str, passive: bool, tls: str) -> None:
    """A folder there and back: names of all kinds, several transfers, MLSD."""
    host, tree = serve(address, implicit_tls=tls == "implicit")
    source, copy = tmp_path / "source", tmp_path / "copy"
    (source / "sub").mkdir(parents=True)
    for name, content in CONTENTS.items():
        (source / name).write_bytes(content)
    (source / "sub" / "with space").write_bytes(b"x")
    settings = {
        "net:max-retries": "1",
        "net:timeout": "10",
        "ftp:ssl-force": str(tls != "clear").lower(),
        "ftp:ssl-protect-data": "true",
        "ssl:verify-certificate": "no",
        "ftp:passive-mode": str(passive).lower(),
        "ftp:prefer-epsv": "true",
    }
    commands = [f"set {name} {value}" for name, value in settings.items()]
    name = f"[{address}]" if ":" in address else address
    commands.append(f"open -u {USER},{PASSWORD} {'ftps' if tls == 'implicit' else 'ftp'}://{name}:{host.port}")
    said = run("lftp", "--norc", "-c", "; ".join([*commands, f"mirror -R {source} up", f"mirror up {copy}"]))
    assert said.returncode == 0, said.stderr
    assert tree.files() == {"/up/sub/with space": b"x", **{f"/up/{name}": c for name, c in CONTENTS.items()}}
    assert {p.name: p.read_bytes() for p in copy.rglob("*") if p.is_file()} == {"with space": b"x", **CONTENTS}
    assert host.tls_errors == []


def test_a_data_connection_to_a_stranger_is_none(serve: Serve) -> None:
    """A bare socket from another address gets a reset in place of the file."""
    host, tree = serve()
    tree.write((b"f",), b"secret", 0.0)
    with ftplib_client(host) as client:
        _, port = client.makepasv()
        with (
            pytest.raises(ConnectionResetError),
            socket.create_connection((host.host, port), PATIENCE, ("127.0.0.2", 0)) as stranger,
        ):
            stranger.recv(100)
        client.putcmd("RETR f")
        with socket.create_connection((host.host, port), PATIENCE) as data:
            assert client.getresp().startswith("150")
            assert data.recv(100) == b"secret"
        assert client.getresp().startswith("226")


def test_clients_that_verify_are_not_deceived(serve: Serve) -> None:
    """A client that does not know our authority goes away before it says who he is."""
    host, _ = serve()
    with ftplib.FTP_TLS(context=ssl.create_default_context(), timeout=PATIENCE) as client:
        client.connect(host.host, host.port)
        with pytest.raises(ssl.SSLCertVerificationError):
            client.login(USER, PASSWORD)

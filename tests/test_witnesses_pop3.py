"""Independent clients and the POP3 reference server on a real socket: poplib and curl read, remove, and are refused.

What they got is compared with what is stored, octet for octet. Whoever is not installed is skipped by name.
"""

from __future__ import annotations

import os
import poplib
import shutil
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from pytest_netconform.ca import Authority
from pytest_netconform.fixtures.pop3 import SEEDS
from pytest_netconform.reference_servers.host import Host, serving
from pytest_netconform.reference_servers.pop3 import Pop3Config, Pop3Session
from pytest_netconform.reference_servers.store import MailStore
from pytest_netconform.wire.pop3 import in_lines

PATIENCE = 10.0  # seconds for one answer
PROGRAM_SECONDS = 30.0  # for a whole run of a program
USER, PASSWORD = "alice", "s3cret"
MECHANISMS = ["PLAIN", "LOGIN", "CRAM-MD5"]
# poplib takes no line of more than 2048 octets
READABLE = {name: content for name, content in SEEDS.items() if name not in ("octets", "utf8-header")}

Serve = Callable[..., tuple[Host, MailStore]]


@pytest.fixture
def serve(authority: Authority) -> Iterator[Serve]:
    """Start reference servers with the readable seeds; afterwards each has had no error, and nobody is connected."""
    with ExitStack() as stack:

        def start(implicit_tls: bool = False, **values: object) -> tuple[Host, MailStore]:
            config, store = Pop3Config(tls=not implicit_tls, **values), MailStore()  # type: ignore[arg-type]
            for content in READABLE.values():
                store.add(USER, "", [USER], content)
            host = serving(
                lambda: Pop3Session(config, store), tls=authority.server_context(), implicit_tls=implicit_tls
            )
            stack.enter_context(host)
            started.append(host)
            return host, store

        started: list[Host] = []
        yield start
        for host in started:
            assert host.idle(PATIENCE) and host.errors == []


def contents(store: MailStore) -> list[bytes]:
    """What lies in the maildrop, in lines."""
    return [in_lines(message.content) for message in store.messages(USER)]


# -- poplib


def dial(host: Host) -> poplib.POP3:
    return poplib.POP3(host.host, host.port, timeout=PATIENCE)


def test_poplib_reads_everything(serve: Serve) -> None:
    """STAT, LIST, UIDL, RETR and TOP as poplib understands them, after USER and PASS."""
    host, store = serve()
    client = dial(host)
    assert client.user(USER).startswith(b"+OK") and client.pass_(PASSWORD).startswith(b"+OK")
    wanted = contents(store)
    assert client.stat() == (len(wanted), sum(map(len, wanted)))
    assert client.list()[1] == [f"{number} {len(content)}".encode() for number, content in enumerate(wanted, 1)]
    assert len(set(client.uidl()[1])) == len(wanted)
    for number, content in enumerate(wanted, 1):
        _, lines, _ = client.retr(number)
        assert [*lines, b""] == content.replace(b"\r\n", b"\n").split(b"\n")
    assert client.top(1, 1)[1][-1] == b"One line."
    client.quit()


def test_poplib_removes(serve: Serve) -> None:
    """A marked message is gone after QUIT; one that was unmarked is not."""
    host, store = serve()
    before = contents(store)
    client = dial(host)
    client.user(USER)
    client.pass_(PASSWORD)
    client.dele(1)
    client.rset()
    client.dele(2)
    with pytest.raises(poplib.error_proto, match="No such message"):
        client.retr(2)
    client.quit()
    assert contents(store) == [before[0], *before[2:]]


def test_poplib_knows_apop(serve: Serve) -> None:
    """The greeting's timestamp is one that poplib finds; a wrong secret is refused."""
    host, _ = serve()
    client = dial(host)
    with pytest.raises(poplib.error_proto, match="AUTH"):
        client.apop(USER, "wrong")
    assert client.apop(USER, PASSWORD).startswith(b"+OK")
    client.quit()


def test_poplib_begins_tls(serve: Serve, authority: Authority) -> None:
    """STLS, and what is offered inside; TLS from the start."""
    context = ssl.create_default_context(cadata=authority.pem.decode())
    host, _ = serve(auth_in_clear=False)
    client = poplib.POP3("localhost", host.port, timeout=PATIENCE)
    assert "USER" not in client.capa()
    client.stls(context)
    assert {"USER", "TOP", "UIDL", "SASL"} <= client.capa().keys() and "STLS" not in client.capa()
    client.user(USER)
    client.pass_(PASSWORD)
    client.quit()
    host, _ = serve(implicit_tls=True)
    client = poplib.POP3_SSL("localhost", host.port, timeout=PATIENCE, context=context)
    assert client.user(USER).startswith(b"+OK")
    client.quit()


def test_poplib_sees_the_lock(serve: Serve) -> None:
    """A second session is told that the maildrop is in use."""
    host, _ = serve()
    first, second = dial(host), dial(host)
    for client in (first, second):
        client.user(USER)
    first.pass_(PASSWORD)
    with pytest.raises(poplib.error_proto, match="IN-USE"):
        second.pass_(PASSWORD)
    first.quit()
    second.quit()


# -- curl


def curl(url: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """A run of curl, without anybody's configuration."""
    program = shutil.which("curl")
    if program is None:
        pytest.skip("curl is not installed")
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": os.devnull}
    said = subprocess.run([program, "--version"], capture_output=True, env=environment, timeout=PROGRAM_SECONDS)
    if b"pop3s" not in said.stdout:
        pytest.skip("this curl has no pop3")
    fixed = ("--disable", "--silent", "--show-error", "--max-time", f"{PROGRAM_SECONDS:g}", "--noproxy", "*")
    return subprocess.run(
        [program, *fixed, *arguments, url], capture_output=True, env=environment, timeout=2 * PROGRAM_SECONDS
    )


CURL_WAYS = {"plain": ("pop3", ()), "stls": ("pop3", ("--ssl-reqd",)), "tls": ("pop3s", ())}


@pytest.mark.parametrize("mechanism", ["USER", "+APOP", *MECHANISMS])
@pytest.mark.parametrize("way", CURL_WAYS)
def test_curl_reads(serve: Serve, authority: Authority, way: str, mechanism: str) -> None:
    """In clear, after STLS and inside TLS, by every way to log in: each message arrives as it is stored."""
    scheme, given = CURL_WAYS[way]
    host, store = serve(implicit_tls=way == "tls")
    arguments = [*given, "--cacert", str(authority.authority_file()), "--user", f"{USER}:{PASSWORD}"]
    arguments += [] if mechanism == "USER" else ["--login-options", f"AUTH={mechanism}"]
    number = list(READABLE).index("dots") + 1
    said = curl(f"{scheme}://localhost:{host.port}/{number}", *arguments)
    assert (said.returncode, host.tls_errors) == (0, []), said.stderr
    assert said.stdout == contents(store)[number - 1]


@pytest.mark.parametrize("name", READABLE)
def test_curl_reads_awkward_messages(serve: Serve, name: str) -> None:
    """Dots, no last line end, bare ends: what curl writes is what is stored, in lines."""
    host, store = serve()
    number = list(READABLE).index(name) + 1
    said = curl(f"pop3://127.0.0.1:{host.port}/{number}", "--user", f"{USER}:{PASSWORD}")
    assert (said.returncode, said.stdout) == (0, contents(store)[number - 1]), said.stderr


def test_curl_lists(serve: Serve) -> None:
    """LIST, as curl shows it."""
    host, store = serve()
    said = curl(f"pop3://127.0.0.1:{host.port}/", "--user", f"{USER}:{PASSWORD}")
    wanted = [f"{number} {len(content)}" for number, content in enumerate(contents(store), 1)]
    assert said.stdout.decode().split("\r\n") == [*wanted, ""]


def test_curl_is_refused(serve: Serve) -> None:
    """67 is curl's exit for a failed login."""
    host, _ = serve()
    assert curl(f"pop3://127.0.0.1:{host.port}/1", "--user", f"{USER}:wrong").returncode == 67

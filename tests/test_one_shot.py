"""One-shot servers: who serves one client and ends is started anew for each visit; looking is none."""

from __future__ import annotations

import contextlib
import shlex
import socket
import sys
from pathlib import Path

import pytest

from pytest_netconform import serve
from pytest_netconform.serve import Served

SERVER = """
import socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
open(sys.argv[2], "a").write("started\\n")
connection, _ = listener.accept()
listener.close()
with connection, connection.makefile("rb") as lines:
    try:
        while line := {read}:
            connection.sendall(line)
    except OSError:
        pass
"""
ONCE = 'serves = "once"\nrule = "echo"\nencoding = "ascii"\nlargest_request = 60000\n[framing]\nkind = "lines"\n'


@pytest.fixture
def command(pytester: pytest.Pytester) -> str:
    """A right server of one client, as a command line."""
    return written(pytester.path)


def written(folder: Path, read: str = "lines.readline()") -> str:
    """A server of one client that gives back what it reads so; and its dialect beside it."""
    (folder / "once.py").write_text(SERVER.replace("{read}", read))
    (folder / "once.toml").write_text(ONCE)
    return shlex.join([sys.executable, str(folder / "once.py"), "{port}", str(folder / "starts")])


def judged(pytester: pytest.Pytester, command: str, *more: str) -> pytest.RunResult:
    """A run as a user makes it."""
    target = "tcp://127.0.0.1:{port}?dialect=once.toml&patience=1"
    arguments = [f"--netconform-serve={command}", f"--netconform-target={target}"]
    return pytester.runpytest_subprocess("-p", "no:cacheprovider", *arguments, *more, timeout=100)


def starts(pytester: pytest.Pytester) -> int:
    """How often the server was started."""
    return len((pytester.path / "starts").read_text().splitlines())


def test_who_serves_one_client_is_judged(pytester: pytest.Pytester, command: str) -> None:
    """What is held on one connection passes, each with a server of its own; with several, it is as declared."""
    result = judged(pytester, command, "-v", "-k", "segment or cut or orderly or thousand or nobody or one_connection")
    assert result.ret == 0, result.stdout.str()
    assert result.parseoutcomes()["passed"] >= 5
    assert starts(pytester) >= 10
    result.stdout.fnmatch_lines(["streams::test_idle_client_holds_nobody OBSERVED*"])
    result.stdout.fnmatch_lines(["streams::test_one_octet_a_segment PASSED*"])
    result.stdout.no_fnmatch_line("*was started again*")


def test_what_is_wrong_is_found(pytester: pytest.Pytester) -> None:
    """A server that takes one recv() for one line is found out, though each visit is its last."""
    command = written(pytester.path, "connection.recv(99)[:10]")
    result = judged(pytester, command, "streams::test_two_requests_in_one_segment", "-v")
    assert result.ret == 1, result.stdout.str()
    result.stdout.fnmatch_lines(["streams::test_two_requests_in_one_segment FAILED*"])


def test_workers_would_have_to_share_it(pytester: pytest.Pytester, command: str) -> None:
    """With pytest-xdist nobody knows whose client is the only one: that is said, and nothing is left behind."""
    pytest.importorskip("xdist")
    result = judged(pytester, command, "-n2")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*serves one client and no more is not for several workers*"])


@pytest.mark.parametrize("listed", [True, False], ids=["listed", "tried"])
def test_looking_visits_nobody(listed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether somebody listens is seen without a connection, on a system that lists its sockets and on any other."""
    if not listed:
        monkeypatch.setattr(serve.Path, "read_text", _unreadable)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert serve._listening("127.0.0.1", port)
        listener.settimeout(0)
        with pytest.raises(BlockingIOError):
            listener.accept()
        client = socket.create_connection(("127.0.0.1", port))
        listener.settimeout(5)
        accepted, _ = listener.accept()
    with client, contextlib.closing(accepted):
        accepted.shutdown(socket.SHUT_WR)  # so that what waits for its end waits on the server's side
        client.recv(1)
    assert not serve._listening("127.0.0.1", port)


def _unreadable(*_: object) -> str:
    raise OSError


def test_it_is_there_for_the_first_client(tmp_path: Path) -> None:
    """After the start and after every renewal, whoever comes is the first."""
    with Served(written(tmp_path), once=True) as served:
        for _ in range(2):
            with socket.create_connection((served.host, served.port), 5) as sock:
                sock.sendall(b"hello\r\n")
                assert sock.recv(100) == b"hello\r\n"
            served.renew()
        assert served.starts == 3

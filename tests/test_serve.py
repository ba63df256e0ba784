"""Serving: commands that serve, die, hang, fork and lie, each with its one line, and nothing left behind."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_netconform import serve
from pytest_netconform.serve import Served, ServeError

free_port = serve._free_port

SERVER = """
import os, signal, socket, sys
port, place = int(sys.argv[1]), sys.argv[2]
open(place, "a").write(f"{os.getpid()}\\n")
listener = socket.create_server(("127.0.0.1", port))
print("listening on", port, flush=True)
while True:
    connection, _ = listener.accept()
    with connection:
        if connection.recv(100).startswith(b"die"):
            print("I was told to die \\x1b[31m", flush=True)
            os._exit(3)
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """A server in Python: it writes its process number into a file, and dies when it is told to."""
    path = tmp_path / "a server.py"
    path.write_text(SERVER)
    return path


def command(script: Path, *more: str) -> str:
    """A command line that starts the script; its name has a blank in it."""
    return shlex.join([*more, sys.executable, str(script), "{port}", str(script.with_name("pids"))])


def pids(script: Path) -> list[int]:
    """The process numbers of every server that was started."""
    return [int(line) for line in script.with_name("pids").read_text().split()]


def exists(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_until(truth: object, seconds: float = 5.0) -> None:
    """Until a condition holds, at most so long."""
    assert callable(truth)
    deadline = time.monotonic() + seconds
    while not truth():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def tell(served: Served, word: bytes) -> None:
    """Say one thing to the server."""
    with socket.create_connection((served.host, served.port), 5) as sock:
        sock.sendall(word)
        with contextlib.suppress(OSError):
            sock.recv(1)


def refusal(line: str, seconds: float = 5.0) -> str:
    """The one line that says why a command is no server."""
    with pytest.raises(ServeError) as caught:
        Served(line, seconds=seconds).start()
    text = str(caught.value)
    assert "\n" not in text and text.isprintable() and text.isascii()
    return text


def test_a_command_serves_until_it_is_stopped(script: Path) -> None:
    """It listens inside the block and is gone after it."""
    with Served(command(script)) as served:
        tell(served, b"hello")
        assert served.alive() and served.revive() == ""
        (pid,) = pids(script)
        assert exists(pid)
    assert not exists(pid) and not served.alive()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((served.host, served.port), 1)
    served.stop()


def test_no_shell_reads_the_command(script: Path, tmp_path: Path) -> None:
    """What a shell would do with `;` and `$` does not happen."""
    with Served(command(script) + " ';' touch $HOME '&'" + f" {tmp_path}/touched"):
        pass
    assert not (tmp_path / "touched").exists()


def test_it_is_started_again_on_its_port_after_a_death(script: Path) -> None:
    """The death is told with its exit status and last words, made visible."""
    with Served(command(script)) as served:
        port = served.port
        tell(served, b"die")
        wait_until(lambda: not served.alive())
        line = served.revive()
        assert "ended with exit status 3" in line and r"I was told to die \x1b[31m" in line
        assert line.endswith("it was started again")
        tell(served, b"hello")
        assert served.port == port and len(pids(script)) == 2


def test_a_death_by_signal_is_named(script: Path) -> None:
    """SIGSEGV is called SIGSEGV."""
    with Served(command(script)) as served:
        os.kill(pids(script)[0], signal.SIGSEGV)
        wait_until(lambda: not served.alive())
        assert "was killed by SIGSEGV" in served.revive()


def test_one_that_cannot_be_started_again_is_told(script: Path) -> None:
    """A server that died and does not come back ends in an error that tells both."""
    with Served(command(script)) as served:
        script.write_text("import sys; sys.exit('broken')")
        tell(served, b"die")
        wait_until(lambda: not served.alive())
        with pytest.raises(ServeError, match=r'exit status 3.*cannot be started again.*exit status 1.*"broken"'):
            served.revive()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("serve 'x {port}", "no closing quotation"),
        ("serve 25", "{port} must stand"),
        ("/nonexistent/server {port}", "cannot start /nonexistent/server"),
        ("/ {port}", "Permission denied"),
        (f"{sys.executable} -c 'import sys; sys.exit(7)' {{port}}", "ended with exit status 7"),
        ("echo leaving {port}", 'ended with exit status 0 (it last said: "leaving'),
        (f"{sys.executable} -c 'print(chr(27)); raise SystemExit(1)' {{port}}", r'(it last said: "\x1b")'),
    ],
)
def test_a_command_that_is_no_server_is_told(line: str, told: str) -> None:
    """One clear line each, without waiting for the deadline."""
    began = time.monotonic()
    assert told in refusal(line, seconds=30)
    assert time.monotonic() - began < 10


def test_one_that_never_listens_is_told_and_ended(tmp_path: Path) -> None:
    """The deadline ends the waiting, and the process."""
    place = tmp_path / "pid"
    line = shlex.join(
        [
            sys.executable,
            "-c",
            "import os, sys, time; open(sys.argv[2], 'w').write(str(os.getpid())); print('deaf', flush=True)"
            "; time.sleep(60)",
            "{port}",
            str(place),
        ]
    )
    text = refusal(line, seconds=1.0)
    assert "does not listen on 127.0.0.1:" in text and "after 1 s" in text and '"deaf"' in text
    assert not exists(int(place.read_text()))


def test_the_whole_group_ends(script: Path) -> None:
    """A shell's children go with it, even those that stay when the shell has left."""
    line = shlex.join(
        ["sh", "-c", f"{shlex.join([sys.executable, str(script)])} {{port}} {script.with_name('pids')} &"]
    )
    with Served(line) as served:
        tell(served, b"hello")
        assert served.alive()
        (pid,) = pids(script)
    assert not exists(pid)


def test_one_that_ignores_term_is_killed(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TERM first, KILL after a while."""
    monkeypatch.setattr(serve, "END_SECONDS", 0.2)
    script.write_text(SERVER.replace("listener =", "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nlistener ="))
    with Served(command(script)):
        (pid,) = pids(script)
    assert not exists(pid)


def test_endless_output_neither_blocks_nor_fills_memory(script: Path) -> None:
    """A chatty server is read all the time, and only its last words are kept."""
    script.write_text(SERVER.replace("while True:", "print('x' * 3000000, flush=True)\nwhile True:"))
    with Served(command(script)) as served:
        tell(served, b"die")
        wait_until(lambda: not served.alive())
        line = served.revive()
    assert "I was told to die" in line and len(line) < 1000


@pytest.mark.parametrize("listens", [True, False])
def test_a_taken_port_is_given_up_for_another(script: Path, monkeypatch: pytest.MonkeyPatch, listens: bool) -> None:
    """Between our choice and its bind somebody else may have come; one more port is tried."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        if listens:
            taken.listen()
        choices = [port]
        monkeypatch.setattr(serve, "_free_port", lambda host, kind: choices.pop() if choices else free_port(host, kind))
        with Served(command(script)) as served:
            assert served.port != port
            tell(served, b"hello")


@pytest.fixture
def holder(script: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A Python of its own that starts the server and waits."""
    program = (
        "import sys, time\nfrom pytest_netconform.serve import Served\n"
        "served = Served(sys.argv[1])\nserved.start()\nprint('up', flush=True)\ntime.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program, command(script)], stdout=subprocess.PIPE)
    assert process.stdout is not None and process.stdout.readline() == b"up\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_an_interrupted_run_leaves_nothing_behind(holder: subprocess.Popen[bytes], script: Path) -> None:
    """Ctrl-C ends the interpreter, and the server with it, although nobody called stop."""
    (pid,) = pids(script)
    holder.send_signal(signal.SIGINT)
    assert holder.wait(10) != 0
    assert not exists(pid)

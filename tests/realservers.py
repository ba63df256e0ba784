"""Real servers: aiosmtpd and Postfix, started on loopback with a few lines of configuration, judged as a user would.

This module knows how each is set up and ended, how a run of the plugin is read, and the tables in `tests/field/` that
record what was found by which version. `python -m tests.realservers NAME` judges one and brings its table up to date.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pytest_netconform.ca import Authority

FIELD = Path(__file__).parent / "field"
START_SECONDS = 15.0
END_SECONDS = 5.0
JUDGING_SECONDS = 100.0  # for the whole suite
UNWANTED = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
OPTIONS = {
    "servername": "localhost",
    "recipient": "alice@example.test",
    "recipients": "alice+*@example.test",
    "unknown": "nobody@example.test",
    "foreign": "victim@foreign.example",
    "reject": UNWANTED,
    "vantage": "outside",
}

# what a table records; the others need no sentence of a standard
RECORDED = ("fail", "deviation", "inconclusive", "error")


class Unavailable(Exception):
    """The server cannot be had here; says why."""


@dataclass(frozen=True)
class RealServer:
    """One that runs: its address, an account if it has any, and the Maildir of its recipient."""

    host: str
    port: int
    maildir: Path
    authority: Path
    account: str = ""

    @property
    def target(self) -> str:
        """What a user writes behind --netconform-target=."""
        options = {**OPTIONS, "ca": str(self.authority), "readback": str(self.maildir)}
        query = "&".join(f"{name}={value}" for name, value in options.items())
        return f"smtp://{self.account and self.account + '@'}{self.host}:{self.port}?{query}"


# -- aiosmtpd


def aiosmtpd_version() -> str:
    """The installed version. Raises Unavailable."""
    try:
        return importlib.metadata.version("aiosmtpd")
    except importlib.metadata.PackageNotFoundError:
        raise Unavailable("aiosmtpd is not installed (it is in the extra `dev`)") from None


@contextmanager
def aiosmtpd(folder: Path, authority: Authority) -> Iterator[RealServer]:
    """aiosmtpd in a process of its own; it has bound its port before it says so."""
    files = authority.key_file(), authority.certificate_file(), folder / "Maildir"
    command = [sys.executable, str(FIELD / "serve_aiosmtpd.py"), *map(str, files)]
    with _running(command, folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        port = process.stdout.readline()
        assert port, f"aiosmtpd did not start: {_log(folder)}"
        yield RealServer("127.0.0.1", int(port), folder / "Maildir", authority.authority_file(), "alice:s3cret")


# -- Postfix

MAIN_CF = """\
compatibility_level = 3.6
queue_directory = {folder}/spool
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.example.test
myorigin = example.test
mydestination =
local_recipient_maps =
alias_maps =
mynetworks =
notify_classes =
recipient_delimiter = +
virtual_mailbox_domains = example.test
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = inline:{{ {{alice@example.test = alice/}}, {{postmaster@example.test = postmaster/}} }}
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
default_transport = discard:nothing leaves this machine
smtpd_tls_security_level = may
smtpd_tls_chain_files = {folder}/key.pem, {folder}/chain.pem
body_checks = regexp:{folder}/unwanted
smtpd_relay_restrictions = reject_unauth_destination
smtpd_error_sleep_time = 0
smtpd_client_connection_count_limit = 0
"""
UNWANTED_CF = "/^XJS\\*C4JDBQADN1\\.NSBN3\\*2IDNEN\\*GTUBE-STANDARD/ REJECT The content is refused\n"
MASTER_CF = """\
{host}:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""


QUEUES = "active bounce corrupt defer deferred flush hold incoming maildrop private public saved trace"
OWNED = ["data", *(f"spool/{queue}" for queue in QUEUES.split())]


def postfix_version() -> str:
    """The installed version. Raises Unavailable when it cannot be started here."""
    version = _default_of("mail_version")
    if os.geteuid() != 0:
        raise Unavailable("Postfix is started by root only")
    return version


def _default_of(parameter: str) -> str:
    """What this Postfix was built with."""
    postconf = shutil.which("postconf", path="/usr/sbin:/usr/local/sbin")  # seldom in the path of a user
    if postconf is None or sys.platform != "linux":
        raise Unavailable("Postfix is not installed (its Debian package is what we know how to set up)")
    return subprocess.run([postconf, "-dh", parameter], capture_output=True, text=True, check=True).stdout.strip()


@contextmanager
def postfix(folder: Path, authority: Authority, options: str = "") -> Iterator[RealServer]:
    """Postfix with a queue of its own in a folder that its users can reach; `folder` itself may be private.

    options: further lines of main.cf.
    """
    with tempfile.TemporaryDirectory(prefix="netconform-postfix-") as name:
        place = Path(name)
        host, port = _loopback_of_our_own()
        _configure_postfix(place, authority, host, port, options)
        master = [str(Path(_default_of("daemon_directory")) / "master"), "-c", name, "-d"]
        with _running(master, folder) as process:
            _wait_for(host, port, process, lambda: _log(folder) + _log(place))
            yield RealServer(host, port, place / "mail" / "alice", authority.authority_file())


def _configure_postfix(place: Path, authority: Authority, host: str, port: int, options: str) -> None:
    nobody, owner = pwd.getpwnam("nobody"), pwd.getpwnam("postfix")
    values: dict[str, Any] = {"folder": place, "host": host, "port": port, "uid": nobody.pw_uid, "gid": nobody.pw_gid}
    place.chmod(0o755)
    owners = {"spool": 0, "spool/pid": 0, "mail": nobody.pw_uid, **dict.fromkeys(OWNED, owner.pw_uid)}
    for folder, uid in owners.items():
        (place / folder).mkdir()
        os.chown(place / folder, uid, -1)
    (place / "main.cf").write_text(MAIN_CF.format(**values) + options)
    (place / "master.cf").write_text(MASTER_CF.format(**values))
    for file in ("main.cf", "master.cf"):
        os.utime(place / file, (0, 0))  # Postfix waits until a file of this moment has come of age
    (place / "unwanted").write_text(UNWANTED_CF)
    (place / "chain.pem").write_bytes(authority.certificate_file().read_bytes())
    (place / "key.pem").touch(mode=0o600)
    (place / "key.pem").write_bytes(authority.key_file().read_bytes())


def _loopback_of_our_own() -> tuple[str, int]:
    """A loopback address that nobody else uses, and a port on it: Postfix cannot be told to choose one itself."""
    host = f"127.{1 + secrets.randbelow(254)}.{secrets.randbelow(256)}.{1 + secrets.randbelow(254)}"
    with socket.socket() as sock:
        sock.bind((host, 0))
        return host, sock.getsockname()[1]


SERVERS: dict[str, tuple[Callable[[], str], Callable[[Path, Authority], AbstractContextManager[RealServer]]]] = {
    "aiosmtpd": (aiosmtpd_version, aiosmtpd),
    "postfix": (postfix_version, postfix),
    # what its authors advise against the smuggling of messages, and do by default since 3.9
    "postfix-normalizing": (postfix_version, partial(postfix, options="smtpd_forbid_bare_newline = normalize\n")),
}


# -- starting and ending


@contextmanager
def _running(command: list[str], folder: Path, **pipes: int) -> Iterator[subprocess.Popen[bytes]]:
    """A command in a process group of its own, which is ended whatever happens; what it says is in `folder`/log."""
    with (folder / "log").open("wb") as log:
        streams: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": log, **pipes}
        process = subprocess.Popen(command, stderr=log, start_new_session=True, **streams)
    try:
        yield process
    finally:
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        for number in (signal.SIGTERM, signal.SIGKILL):
            if _ended(process, END_SECONDS if number == signal.SIGKILL else 0):
                break
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, number)
        assert _ended(process, END_SECONDS), f"{command[0]} does not end"


def _ended(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Whether the process and all others of its group are gone, at most so much later."""
    deadline = time.monotonic() + seconds
    while process.poll() is None or _anybody_in(process.pid):
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.01)
    return True


def _anybody_in(group: int) -> bool:
    """Whether somebody of a process group runs; the dead may wait for a parent that is in no hurry to bury them."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _parent, its_group = stat.read_text().rpartition(")")[2].split()[:3]
            if int(its_group) == group and state != "Z":
                return True
    return not Path("/proc/self/stat").exists()


def _wait_for(host: str, port: int, process: subprocess.Popen[bytes], log: Callable[[], str]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with socket.create_connection((host, port), 1) as sock:
                assert sock.recv(3) == b"220", log()
                return
        except OSError:
            late = time.monotonic() > deadline
            assert process.poll() is None and not late, f"no server at {host}:{port}: {log()}"
            time.sleep(0.02)


def _log(folder: Path) -> str:
    path = folder / "log"
    return path.read_text(errors="replace")[-2000:] if path.exists() else ""


# -- judging


@dataclass(frozen=True)
class Finding:
    """One verdict that is not a pass; `why` is what the plugin said."""

    id: str
    verdict: str
    node: str
    why: str


def judged(server: RealServer, folder: Path) -> tuple[list[Finding], dict[str, int]]:
    """What the plugin finds, run as a user runs it; and how many checks there were of each verdict."""
    report = folder / "report.json"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "NETCONFORM"))}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "--rootdir", str(folder)]
    command += ["-c", os.devnull, f"--netconform-target={server.target}", f"--netconform-json={report}"]
    command += ["--netconform-allow=disposable"]
    said = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=JUDGING_SECONDS, check=False
    )
    (folder / "said").write_text(said.stdout + said.stderr)
    assert said.returncode in (0, 1), said.stdout[-5000:] + said.stderr[-5000:]
    (target,) = json.loads(report.read_text())["targets"]
    counts: dict[str, int] = {}
    for check in target["checks"]:
        counts[check["verdict"]] = counts.get(check["verdict"], 0) + 1
    return [_finding(check) for check in target["checks"] if check["verdict"] in RECORDED], counts


def _finding(check: dict[str, Any]) -> Finding:
    seen = f"expected {check['expected']}, received {check['received']}" if check["expected"] else ""
    why = "; ".join(filter(None, (check["reason"], seen)))
    return Finding(check["requirement"], check["verdict"], check["nodeid"], why)


# -- the tables


def table_of(name: str, version: str) -> Path:
    """Where the findings on this version are recorded."""
    return FIELD / f"{name}-{version}.txt"


def recorded(table: Path) -> dict[tuple[str, str], str]:
    """(id, verdict) → the sentence that decides, line by line."""
    rows = {}
    for line in table.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            id, verdict, sentence = (*line.split(None, 2), "")[:3]
            rows[id, verdict] = sentence
    return rows


def record(table: Path, findings: list[Finding]) -> None:
    """Write the table anew; sentences that are known stay, and `?` stands where one is to be written by hand."""
    known = recorded(table) if table.exists() else {}
    rows = sorted({(finding.id, finding.verdict) for finding in findings})
    lines = [f"{id:24} {verdict:12} {known.get((id, verdict), '?')}\n" for id, verdict in rows]
    table.parent.mkdir(exist_ok=True)
    table.write_text("# id, verdict, and the sentence that decides\n" + "".join(lines), encoding="utf-8")


def main(name: str) -> None:
    """Judge a server, print what was found, and record it."""
    version, start = SERVERS[name]
    with tempfile.TemporaryDirectory(prefix="netconform-field-") as folder, Authority() as authority:
        with start(Path(folder), authority) as server:
            findings, counts = judged(server, Path(folder))
        print((Path(folder) / "said").read_text())
    for finding in findings:
        print(f"{finding.id:24} {finding.verdict:12} {finding.node}\n    {finding.why}")
    print(name, version(), counts)
    record(table_of(name, version()), findings)


if __name__ == "__main__":
    main(*sys.argv[1:])

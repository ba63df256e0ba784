"""Mail servers: aiosmtpd and Postfix, with a few lines of configuration each.

This module knows how each is set up; `running` starts and ends them, `realservers` judges them.
"""

from __future__ import annotations

import importlib.metadata
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pytest_netconform.ca import Authority
from tests.running import Unavailable, log_of, own_loopback, running, wait_for

SERVE = Path(__file__).parent / "field" / "serve_aiosmtpd.py"
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


@dataclass(frozen=True)
class RealServer:
    """One that runs: its address, an account if it has any, and the Maildir of its recipient."""

    host: str
    port: int
    maildir: Path
    authority: Path
    account: str = ""

    @property
    def url(self) -> str:
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
    command = [sys.executable, str(SERVE), *map(str, files)]
    with running(command, folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        port = process.stdout.readline()
        assert port, f"aiosmtpd did not start: {log_of(folder)}"
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
        host, port = own_loopback()
        _configure_postfix(place, authority, host, port, options)
        master = [str(Path(_default_of("daemon_directory")) / "master"), "-c", name, "-d"]
        with running(master, folder) as process:
            wait_for(host, port, process, lambda: log_of(folder) + log_of(place), says=b"220")
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


def _started(start: Callable[[Path, Authority], AbstractContextManager[RealServer]]) -> Start:
    @contextmanager
    def started(folder: Path) -> Iterator[Mapping[str, str]]:
        with Authority() as authority, start(folder, authority) as server:
            yield {"smtp": server.url}

    return started


Start = Callable[[Path], AbstractContextManager[Mapping[str, str]]]

#: by its name: the installed version, and how it is started: what it serves, by URL
MAIL: dict[str, tuple[Callable[[], str], Start]] = {
    "aiosmtpd": (aiosmtpd_version, _started(aiosmtpd)),
    "postfix": (postfix_version, _started(postfix)),
    # what its authors advise against the smuggling of messages, and do by default since 3.9
    "postfix-normalizing": (
        postfix_version,
        _started(partial(postfix, options="smtpd_forbid_bare_newline = normalize\n")),
    ),
}

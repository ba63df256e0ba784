"""FTP servers: pyftpdlib and vsftpd, with a few lines of configuration each, over IPv4, and over IPv6 inside TLS.

This module knows how each is set up; `running` starts and ends them, `realservers` judges them.
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path

from pytest_netconform.ca import Authority
from tests.running import Unavailable, debian_version, log_of, own_loopback, running, wait_for

SERVE = Path(__file__).parent / "field" / "serve_pyftpdlib.py"
END_SECONDS = 5.0
ACCOUNT = "alice:s3cret"
OPTIONS = {"servername": "localhost", "jail": "1", "second": "bob", "anonymous": "1"}
PATIENCE = {"patience": "1"}  # pyftpdlib keeps us waiting for ever

#: by the name of a service → its URL
Services = Mapping[str, str]


def ftp_url(host: str, port: int, authority: Authority, **options: str) -> str:
    """What a user writes behind --netconform-target=."""
    query = {**OPTIONS, "ca": str(authority.authority_file()), **options}
    name = f"[{host}]" if ":" in host else host
    return f"ftp://{ACCOUNT}@{name}:{port}?" + "&".join(f"{option}={value}" for option, value in query.items())


# -- pyftpdlib

#: by the name of a service → address, settings
PYFTPDLIB: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "ipv4": ("127.0.0.1", ()),
    "ipv6-tls": ("::1", ("tls_control_required=1", "tls_data_required=1")),
}


def pyftpdlib_version() -> str:
    """The installed version. Raises Unavailable."""
    try:
        return importlib.metadata.version("pyftpdlib")
    except importlib.metadata.PackageNotFoundError:
        raise Unavailable("pyftpdlib is not installed (it is in the extra `dev`)") from None


@contextmanager
def pyftpdlib(folder: Path) -> Iterator[Services]:
    """A process for each of its configurations; it has bound its port before it says so."""
    with Authority() as authority, ExitStack() as stack:
        pem = folder / "server.pem"
        pem.write_bytes(authority.key_file().read_bytes() + authority.certificate_file().read_bytes())
        services = {}
        for name, (host, settings) in PYFTPDLIB.items():
            place = folder / name
            place.mkdir()
            command = [sys.executable, str(SERVE), host, str(pem), str(place), *settings]
            process = stack.enter_context(running(command, place, stdin=subprocess.PIPE, stdout=subprocess.PIPE))
            assert process.stdout is not None
            port = process.stdout.readline()
            assert port, f"pyftpdlib did not start: {log_of(place)}"
            services[name] = ftp_url(host, int(port), authority, **PATIENCE)
            stack.enter_context(_nothing_left([process], [place / "alice", place / "bob"]))
        yield services


@contextmanager
def _nothing_left(processes: list[subprocess.Popen[bytes]], folders: list[Path]) -> Iterator[None]:
    """Afterwards no file and no directory is left, and no server has more sockets or children than before."""
    before = [_sockets_and_children(process.pid) for process in processes]
    yield
    left = [str(name) for folder in folders for name in folder.rglob("*")]
    assert not left, left
    deadline = time.monotonic() + END_SECONDS
    for process, (sockets, children) in zip(processes, before, strict=True):
        while (now := _sockets_and_children(process.pid))[0] > sockets or now[1] > children:
            assert time.monotonic() < deadline, f"{sockets} sockets and {children} children became {now}"
            time.sleep(0.05)


def _sockets_and_children(process: int) -> tuple[int, int]:
    """How many of each a process has now; none where the system does not tell."""
    files, task = Path(f"/proc/{process}/fd"), Path(f"/proc/{process}/task/{process}/children")
    if not task.exists():
        return 0, 0
    sockets = sum(os.readlink(file).startswith("socket:") for file in files.iterdir())
    return sockets, len(task.read_text().split())


# -- vsftpd: in a root of its own, so that its accounts are nobody else's

VSFTPD_CONF = """\
listen={v4}
listen_ipv6={v6}
listen_address{six}={host}
listen_port={port}
background=NO
anonymous_enable=YES
anon_root=/srv/pub
local_enable=YES
local_root=/srv/$USER
user_sub_token=$USER
write_enable=YES
local_umask=022
chroot_local_user=YES
allow_writeable_chroot=YES
secure_chroot_dir=/srv/empty
pam_service_name=vsftpd
session_support=NO
connect_from_port_20=NO
seccomp_sandbox=NO
xferlog_enable=NO
vsftpd_log_file=/log
delay_failed_login=0
ssl_enable=YES
rsa_cert_file=/chain.pem
rsa_private_key_file=/key.pem
force_local_logins_ssl={force}
force_local_data_ssl={force}
allow_anon_ssl=YES
require_ssl_reuse=NO
"""
PAM_CONF = "auth required pam_unix.so\naccount required pam_permit.so\n"
S3CRET = "$6$netconform$oc4ikmkxDj8fHtGInuBsxP1HmH7yX.wUiZMDRVZR8v4GmyW5x4nNEnwJTl1G2Xgw1o.nIGUmdhtA7KRWKcoMp1"
PASSWD = f"""\
root:*:0:0::/:/bin/sh
nobody:*:65534:65534::/:/bin/sh
ftp:*:901:901::/srv/pub:/bin/sh
alice:{S3CRET}:902:902::/srv/alice:/bin/sh
bob:{S3CRET}:903:903::/srv/bob:/bin/sh
"""
OWNERS = {"empty": 0, "pub": 0, "alice": 902, "bob": 903}
PROGRAM, MODULES = "/usr/sbin/vsftpd", ("pam_unix.so", "pam_permit.so")


def vsftpd_version() -> str:
    """The installed version. Raises Unavailable when it cannot be started here."""
    version = debian_version("vsftpd", "vsftpd")
    if os.geteuid() != 0:
        raise Unavailable("vsftpd is started by root only")
    return version


@contextmanager
def vsftpd(folder: Path) -> Iterator[Services]:
    """A process for each of its configurations, all in one root that its users can reach."""
    with (
        Authority() as authority,
        tempfile.TemporaryDirectory(prefix="netconform-vsftpd-") as name,
        ExitStack() as stack,
    ):
        root = Path(name)
        _make_root(root, authority)
        services = {}
        for name, host, force in (("ipv4", "", "NO"), ("ipv6-tls", "::1", "YES")):
            host, port = own_loopback(host)
            six = ":" in host
            values = {"v4": _yes(not six), "v6": _yes(six), "six": "6" if six else "", "host": host, "port": port}
            (root / f"{name}.conf").write_text(VSFTPD_CONF.format(**values, force=force))
            (folder / name).mkdir()
            command = ["chroot", str(root), PROGRAM, f"/{name}.conf"]
            process = stack.enter_context(running(command, folder / name))
            wait_for(host, port, process, partial(log_of, folder / name), says=b"220")
            services[name] = ftp_url(host, port, authority)
            stack.enter_context(_nothing_left([process], [root / "srv" / "alice", root / "srv" / "bob"]))
        yield services


def _yes(value: bool) -> str:
    return "YES" if value else "NO"


def _make_root(root: Path, authority: Authority) -> None:
    """What the program wants to find: itself, its libraries, accounts, certificates and folders."""
    root.chmod(0o755)
    for name in ("lib", "lib64", "bin", "sbin"):
        if Path("/", name).is_symlink():  # as Debian has had it since 2019
            (root / name).symlink_to(f"usr/{name}")
    listed = subprocess.run(["dpkg", "-L", "libpam-modules"], capture_output=True, text=True, check=True).stdout
    modules = [line for line in listed.splitlines() if line.endswith(MODULES)]
    programs = [PROGRAM, *modules]
    for program in {*programs, *(library for name in programs for library in _libraries(name))}:
        _copy(Path(program), root)
    for file, text in {"etc/passwd": PASSWD, "etc/pam.d/vsftpd": PAM_CONF}.items():
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text(text)
    (root / "key.pem").touch(mode=0o600)
    (root / "key.pem").write_bytes(authority.key_file().read_bytes())
    (root / "chain.pem").write_bytes(authority.certificate_file().read_bytes())
    for name, owner in OWNERS.items():
        (root / "srv" / name).mkdir(parents=True)
        os.chown(root / "srv" / name, owner, owner)


def _libraries(file: str) -> list[str]:
    """What the loader takes for a program or a library."""
    said = subprocess.run(["ldd", file], capture_output=True, text=True, check=True).stdout
    return re.findall(r"(/\S+) \(0x", said)


def _copy(file: Path, root: Path) -> None:
    place = root / file.parent.resolve().relative_to("/") / file.name
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(file, place)


#: by its name: the installed version, and how it is started: what it serves, by URL
FTP: dict[str, tuple[Callable[[], str], Callable[[Path], AbstractContextManager[Services]]]] = {
    "pyftpdlib": (pyftpdlib_version, pyftpdlib),
    "vsftpd": (vsftpd_version, vsftpd),
}

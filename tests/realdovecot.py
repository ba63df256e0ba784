"""Dovecot as it comes with Debian, once for IMAP (STARTTLS and TLS from the start) and once for POP3.

This module knows how it is set up; `running` starts and ends it, `realservers` judges it.
"""

from __future__ import annotations

import os
import pwd
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from pytest_netconform.ca import Authority
from tests.running import Unavailable, debian_version, log_of, own_loopback, running, wait_for

PROGRAM = "/usr/sbin/dovecot"
PASSWORD = "s3cret"
#: by the name of a service → its account (the limit of ten connections is each account's own)
ACCOUNTS = {"imap": "alice", "imaps": "anna", "pop3": "peter", "second": "bob"}
# what an answer that never comes may cost
PATIENCE = "3"

CONF = """\
base_dir = {place}/run
log_path = {place}/log
protocols = imap pop3
listen = {host}
mail_location = maildir:{place}/mail/%n
ssl_cert = <{place}/chain.pem
ssl_key = <{place}/key.pem
disable_plaintext_auth = no
auth_failure_delay = 0
mail_fsync = never
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {place}/passwd
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={place}/mail/%n
}}
namespace {{
  inbox = yes
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap {{
  service_count = 1000
}}
service imap-login {{
  service_count = 0
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service pop3-login {{
  service_count = 0
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
"""
HEADER = "Date: Fri, 1 May 2020 0{number}:00:00 +0000\nFrom: Anna <anna@example.test>\nSubject: {number}\n"
LETTER = HEADER + "\n.{number}\nand more\nto the end\n"
LETTERS = 3

#: by the name of a service → its URL
Services = Mapping[str, str]


def dovecot_version(package: str) -> str:
    """The installed version. Raises Unavailable when it cannot be started here."""
    debian_version(package, "dovecot")
    if subprocess.run(["dpkg-query", "-W", package], capture_output=True, check=False).returncode:
        raise Unavailable(f"{package} is not installed (its Debian package is what we know how to set up)")
    if os.geteuid() != 0:
        raise Unavailable("Dovecot is started by root only")
    return debian_version(package, "dovecot").partition("+")[0]


@contextmanager
def dovecot(folder: Path, names: tuple[str, ...]) -> Iterator[Services]:
    """Dovecot in a folder that its users can reach; `folder` itself may be private. names: of the services."""
    with Authority() as authority, tempfile.TemporaryDirectory(prefix="netconform-dovecot-") as name:
        place = Path(name)
        host = own_loopback()[0]
        ports = {service: own_loopback(host)[1] for service in ("imap", "imaps", "pop3")}
        _configure(place, authority, host, ports)
        with running([PROGRAM, "-F", "-c", str(place / "dovecot.conf")], folder) as process:
            for port in ports.values():
                wait_for(host, port, process, lambda: log_of(folder) + log_of(place))
            yield {service: _url(service, host, ports[service], place, authority) for service in names}


def _configure(place: Path, authority: Authority, host: str, ports: Mapping[str, int]) -> None:
    owner = pwd.getpwnam("nobody")
    place.chmod(0o755)
    conf = CONF.format(place=place, host=host, uid=owner.pw_uid, gid=owner.pw_gid, **ports)
    (place / "dovecot.conf").write_text(conf)
    (place / "passwd").write_text("".join(f"{name}:{PASSWORD}::::::\n" for name in ACCOUNTS.values()))
    (place / "chain.pem").write_bytes(authority.certificate_file().read_bytes())
    (place / "key.pem").touch(mode=0o600)
    (place / "key.pem").write_bytes(authority.key_file().read_bytes())
    inbox = place / "mail" / ACCOUNTS["pop3"]
    for box in ("cur", "new", "tmp"):
        (inbox / box).mkdir(parents=True)
    for number in range(1, LETTERS + 1):
        (inbox / "new" / f"{number}.letter").write_text(LETTER.format(number=number))
    for path in (place / "mail", *(place / "mail").rglob("*")):
        os.chown(path, owner.pw_uid, owner.pw_gid)


def _url(service: str, host: str, port: int, place: Path, authority: Authority) -> str:
    """What a user writes behind --netconform-target=."""
    query = {"ca": str(authority.authority_file()), "servername": "localhost", "patience": PATIENCE}
    if service == "pop3":
        maildir = str(place / "mail" / ACCOUNTS[service])
        query.update(readback=maildir, deliver=maildir)
    else:
        query["second"] = ACCOUNTS["second"]
    options = "&".join(f"{name}={value}" for name, value in query.items())
    return f"{service}://{ACCOUNTS[service]}:{PASSWORD}@{host}:{port}?{options}"


def _row(package: str, *names: str) -> tuple[Callable[[], str], Start]:
    return lambda: dovecot_version(package), lambda folder: dovecot(folder, names)


Start = Callable[[Path], AbstractContextManager[Services]]

#: by its name: the installed version, and how it is started: what it serves, by URL
DOVECOT: dict[str, tuple[Callable[[], str], Start]] = {
    "dovecot-imap": _row("dovecot-imapd", "imap"),
    "dovecot-pop3": _row("dovecot-pop3d", "pop3"),
}

"""Servers of streams and datagrams: Python's own, xinetd's internal services, socat and ncat, a few lines for each.

This module knows how each is set up and by which URLs its services are reached; `running` and the plugin's own `serve`
start and end them, `realservers` judges them.
"""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path

from pytest_netconform.serve import Served
from tests.running import debian_version, log_of, own_loopback, running, wait_for

FIELD = Path(__file__).parent / "field"
KINDS = ("socketserver-threading", "socketserver-single", "socketserver-udp", "asyncio", "threads")
IMPATIENT = "patience=2"  # for those who keep us waiting by design, or for ever

#: by the name of a service → its URL
Services = Mapping[str, str]

# -- Python's own


def python_version() -> str:
    """The version's first number: what is found is the same from 3.10 to 3.13."""
    return platform.python_version_tuple()[0]


@contextmanager
def small_server(kind: str, folder: Path) -> Iterator[Services]:
    """One of `serve_streams.py`; it has bound its ports before it says so."""
    command = [sys.executable, "-W", "error", str(FIELD / "serve_streams.py"), kind]
    with running(command, folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        told = process.stdout.readline().decode().split()
        assert told, f"{kind} did not start: {log_of(folder)}"
        ports = dict(word.split("=") for word in told)
        yield {name: _url(kind, name, port) for name, port in ports.items()}


def _url(kind: str, name: str, port: str) -> str:
    if name == "echo":
        return f"echo+udp://127.0.0.1:{port}"
    if kind == "socketserver-single":
        return f"tcp://127.0.0.1:{port}?patience=1&dialect={FIELD / 'lines-single.toml'}"
    return f"tcp://127.0.0.1:{port}?dialect={name}"


# -- xinetd

XINETD_CONF = "defaults\n{\n instances = UNLIMITED\n per_source = UNLIMITED\n cps = 10000 1\n}\n"
SERVICE_CONF = """\
service {name}
{{
 type = INTERNAL UNLISTED
 id = {name}-{kind}
 socket_type = {kind}
 protocol = {protocol}
 wait = {wait}
 user = root
 port = {port}
 bind = {host}
}}
"""
INTERNAL = ("echo", "discard", "daytime", "chargen", "time")


@contextmanager
def xinetd(wanted: str, folder: Path) -> Iterator[Services]:
    """Its five internal services over `tcp` or `udp`, on an address of our own; limits of its defaults are lifted."""
    host, _ = own_loopback()
    text, services = XINETD_CONF, {}
    for kind, protocol, wait in (("dgram", "udp", "yes"), ("stream", "tcp", "no")):
        for number, name in enumerate(INTERNAL, 20001):
            text += SERVICE_CONF.format(name=name, kind=kind, protocol=protocol, wait=wait, port=number, host=host)
            if protocol == wanted:
                services[name] = f"{name if protocol == 'tcp' else f'{name}+udp'}://{host}:{number}"
    (folder / "xinetd.conf").write_text(text)
    program = shutil.which("xinetd", path="/usr/sbin:/usr/bin")
    assert program is not None
    command = [program, "-dontfork", "-f", str(folder / "xinetd.conf"), "-filelog", str(folder / "xinetd.log")]
    with running([*command, "-pidfile", str(folder / "pid")], folder) as process:
        wait_for(host, number, process, partial(log_of, folder))  # it takes them in order
        yield services


# -- socat and ncat: an echo each, over TCP and over UDP

SOCAT = {
    "echo": "socat TCP-LISTEN:{port},bind={host},reuseaddr,fork,backlog=256 PIPE",
    "echo+udp": "socat UDP-RECVFROM:{port},bind={host},fork PIPE",
}
NCAT = {
    "echo": "ncat --listen --keep-open --max-conns 1000 --exec /bin/cat {host} {port}",
    "echo+udp": "ncat --listen --keep-open --udp --max-conns 1000 --exec /bin/cat {host} {port}",
}


@contextmanager
def commands(services: Services, folder: Path) -> Iterator[Services]:
    """A command for each service."""
    with ExitStack() as stack:
        urls = {}
        for scheme, command in services.items():
            host, _ = own_loopback()
            served = stack.enter_context(Served(command, host=host, datagrams=scheme.endswith("udp")))
            urls[scheme] = f"{scheme}://{host}:{served.port}?{IMPATIENT}"
        yield urls


STREAMS: dict[str, tuple[Callable[[], str], Callable[[Path], AbstractContextManager[Services]]]] = {
    **{kind: (python_version, partial(small_server, kind)) for kind in KINDS},
    "xinetd": (partial(debian_version, "xinetd", "xinetd"), partial(xinetd, "tcp")),
    "xinetd-udp": (partial(debian_version, "xinetd", "xinetd"), partial(xinetd, "udp")),
    "socat": (partial(debian_version, "socat", "socat"), partial(commands, SOCAT)),
    "ncat": (partial(debian_version, "ncat", "ncat"), partial(commands, NCAT)),
}

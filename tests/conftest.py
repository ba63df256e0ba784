"""What the tests share: pytest's own tester, and servers that runs inside of it can judge."""

from __future__ import annotations

import fcntl
import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import hypothesis
import hypothesis.internal.observability  # imported once here, or once in every run inside of a test
import pytest

import pytest_netconform.run
import pytest_netconform.suites.smtp  # noqa: F401
from pytest_netconform.ca import Authority
from pytest_netconform.fixtures.network import reference_of
from pytest_netconform.protocols import PROTOCOLS
from pytest_netconform.reference_servers.host import Host, serving
from pytest_netconform.reference_servers.session import Close
from pytest_netconform.reference_servers.smtp import SmtpSession

pytest_plugins = ["pytester"]

hypothesis.settings.register_profile("unhurried", deadline=None)  # a busy machine is slow, not wrong
hypothesis.settings.load_profile("unhurried")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # a run in the background of a script hears no Ctrl-C, nor would the processes whose Ctrl-C is tested here
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_configure(config: pytest.Config) -> None:
    # argparse of Python 3.12.0 to 3.12.2 warns whenever pytest 9 is called without paths
    config.addinivalue_line("filterwarnings", "ignore:Do not expect file_or_dir:UserWarning")


@pytest.fixture(autouse=True)
def _no_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs inside of a test take nothing from the environment of the run around them."""
    for name in ("PYTEST_ADDOPTS", "NETCONFORM_USERNAME", "NETCONFORM_PASSWORD"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def authority(netconform_ca: Authority) -> Authority:
    """One authority for all servers of all tests."""
    return netconform_ca


@pytest.fixture
def smtp_host(authority: Authority) -> Iterator[Host]:
    """The reference server on a port of its own, as a stranger would run it."""
    reference = reference_of(PROTOCOLS["smtp"], {})
    with serving(reference.make_session, tls=authority.server_context()) as host:
        yield host


@pytest.fixture
def smtp_url(smtp_host: Host) -> str:
    """The URL of `smtp_host`, with a recipient."""
    return f"smtp://127.0.0.1:{smtp_host.port}?recipient=alice@example.test"


class Mortal(SmtpSession):
    """The reference session, but `DIE` ends the whole server, and the first `ONCE` closes its connection."""

    host: Host
    fresh = True

    def on_data(self, data: bytes) -> None:
        if b"DIE" in data:
            self.host.deafen()
            for connection in list(self.host._open):
                connection.transport.abort()
        elif b"ONCE" in data and type(self).fresh:
            type(self).fresh = False
            self.act(Close())
        else:
            super().on_data(data)


@contextmanager
def mortal() -> Iterator[Host]:
    """A server that can be brought down by what is said to it."""

    class Session(Mortal):
        pass

    with serving(reference_of(PROTOCOLS["smtp"], {}, Session).make_session) as host:
        Session.host = host
        yield host


@contextmanager
def _service_ports() -> Iterator[None]:
    with (Path(tempfile.gettempdir()) / f"netconform-tests-service-ports-{os.getuid()}").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # released when the file is closed, however that comes about
        yield


@pytest.fixture
def service_ports() -> Callable[[], AbstractContextManager[None]]:
    """A lock between processes, for as long as somebody speaks from the ports of echo, daytime, qotd, chargen and time:
    they are one set for the whole machine.
    """
    return _service_ports

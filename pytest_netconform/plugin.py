"""The plugin: what pytest loads in every run of an environment that has us, and the little that it does there.

This module registers options, hooks, markers and lazy fixtures, and wakes the rest when it is asked for. It must import
nothing but pytest and the options: an idle plugin costs nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

pytest.register_assert_rewrite("pytest_netconform.suites", "pytest_netconform.fixtures")

from pytest_netconform import hookspecs, options  # noqa: E402

if TYPE_CHECKING:
    from pytest_netconform.ca import Authority
    from pytest_netconform.fixtures.ftp_server import FtpServer
    from pytest_netconform.fixtures.http_server import HttpServer
    from pytest_netconform.fixtures.jsonrpc_server import JsonRpcServer
    from pytest_netconform.fixtures.pop3_server import Pop3Server
    from pytest_netconform.fixtures.smtp_server import SmtpServer
    from pytest_netconform.fixtures.xmlrpc_server import XmlRpcServer
    from pytest_netconform.run import Run

NAME = "netconform-run"  # what the run's plugin is registered as

MARKERS = {
    "netconform": "a check of a requirement; set by the plugin",
    "netconform_must": "the requirement's level is MUST",
    "netconform_should": "the requirement's level is SHOULD",
    "netconform_may": "the requirement's level is MAY",
    "netconform_security": "the requirement's level is SECURITY",
    "netconform_interop": "the requirement's level is INTEROP",
    "netconform_serial": "the check runs while no other is under way",
    "netconform_hostile": "the check may hurt the target",
    "netconform_writes": "the check leaves something behind",
    "netconform_slow": "the check takes minutes",
    "netconform_disposable": "the check may spoil the account it uses",
}

#: verdict → category, letter and word, where pytest's own would not do
STATUS: dict[str, tuple[str, str, tuple[str, dict[str, bool]]]] = {
    "observed": ("passed", "o", ("OBSERVED", {"green": True})),
    "deviation": ("deviation", "d", ("DEVIATION", {"yellow": True})),
    "inconclusive": ("inconclusive", "i", ("INCONCLUSIVE", {"yellow": True})),
    "error": ("error", "E", ("ERROR", {"red": True})),
}


def pytest_addoption(parser: pytest.Parser) -> None:
    options.add(parser)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    pluginmanager.add_hookspecs(hookspecs)


def pytest_configure(config: pytest.Config) -> None:
    for name, meaning in MARKERS.items():
        config.addinivalue_line("markers", f"{name}: {meaning}")
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Doorbell(config), "netconform-doorbell")
    if options.asked(config) or options.suites_named(config):
        wake(config).configure()


def wake(config: pytest.Config) -> Run:
    """The run's plugin, registered when it is first asked for."""
    run: Any = config.pluginmanager.get_plugin(NAME)
    if run is None:
        from pytest_netconform.run import Run

        run = Run(config)
        config.pluginmanager.register(run, NAME)
    return run  # type: ignore[no-any-return]


def pytest_collectstart(collector: pytest.Collector) -> None:
    """Look into every module of the user's as soon as pytest has imported it: a door 3 may be in it."""
    if isinstance(collector, pytest.Module) and not hasattr(collector, "suite"):
        load: Callable[[], object] = collector._getobj

        def loaded() -> object:
            module = load()
            if "pytest_netconform.requirement" in sys.modules:
                from pytest_netconform.collect import adopt

                adopt(collector, module)
            return module

        collector._getobj = loaded  # type: ignore[method-assign]


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(report: Any) -> Any:
    """Our own categories."""
    record = getattr(report, "netconform", None)
    if record is None or (report.when == "setup" and record["verdict"] == "error"):
        return None
    return STATUS.get(record["verdict"]) if not report.failed or record["verdict"] == "error" else None


class Doorbell:
    """Hears, in the process that reports, what was judged there or on workers of pytest-xdist, and wakes the run."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config

    def pytest_runtest_logreport(self, report: Any) -> None:
        if hasattr(report, "netconform"):
            wake(self.config).ledger.add(report.netconform)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        run: Any = self.config.pluginmanager.get_plugin(NAME)
        if run is not None:
            node.workerinput["netconform"] = run.for_worker()

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        told = (getattr(node, "workeroutput", None) or {}).get("netconform")
        if told:
            wake(self.config).from_worker(node.workerinput["testrunuid"], told)


# -- fixtures; whatever is behind them is imported when a test asks for it


def _default(fixture: Callable[..., Any]) -> Callable[..., Any]:
    """Mark our own fixture, so that one that a user puts in its place is told from it."""
    fixture.netconform_default = True  # type: ignore[attr-defined]
    return fixture


@pytest.fixture(scope="session")
@_default
def netconform_target(request: pytest.FixtureRequest) -> Any:
    """The target of this run's checks. Override it in a module of your own: return a URL."""
    return wake(request.config).given(getattr(request, "param", None))


@pytest.fixture(scope="session")
def netconform_ca() -> Iterator[Authority]:
    """An ephemeral certificate authority: good leaves, and leaves that are bad in one way each."""
    ca: Any = import_module("pytest_netconform.ca")
    with ca.Authority() as authority:
        yield authority


@pytest.fixture
def netconform_pop3_server(netconform_ca: Authority) -> Iterator[Pop3Server]:
    """A correct POP3 server for a client under test: host, port, url, messages, add()."""
    server: Any = import_module("pytest_netconform.fixtures.pop3_server")
    with server.pop3_server(netconform_ca) as started:
        yield started


@pytest.fixture
def netconform_smtp_server(netconform_ca: Authority) -> Iterator[SmtpServer]:
    """A correct SMTP server for a client under test: host, port, url, messages, wait()."""
    server: Any = import_module("pytest_netconform.fixtures.smtp_server")
    with server.smtp_server(netconform_ca) as started:
        yield started


@pytest.fixture
def netconform_ftp_server(netconform_ca: Authority) -> Iterator[FtpServer]:
    """A correct FTP server for a client under test: host, port, url, files, write(), wait()."""
    server: Any = import_module("pytest_netconform.fixtures.ftp_server")
    with server.ftp_server(netconform_ca) as started:
        yield started


@pytest.fixture
def netconform_http_server(netconform_ca: Authority) -> Iterator[HttpServer]:
    """A correct HTTP/1.1 server for a client under test: host, port, url, received, answer(), wait()."""
    server: Any = import_module("pytest_netconform.fixtures.http_server")
    with server.http_server(netconform_ca) as started:
        yield started


@pytest.fixture
def netconform_https_server(netconform_ca: Authority) -> Iterator[HttpServer]:
    """The same inside TLS."""
    server: Any = import_module("pytest_netconform.fixtures.http_server")
    with server.http_server(netconform_ca, tls=True) as started:
        yield started


@pytest.fixture
def netconform_jsonrpc_server(netconform_ca: Authority) -> Iterator[JsonRpcServer]:
    """A correct JSON-RPC 2.0 server for a client under test: url, ports (of raw TCP), calls, add(), wait()."""
    server: Any = import_module("pytest_netconform.fixtures.jsonrpc_server")
    with server.jsonrpc_server(netconform_ca) as started:
        yield started


@pytest.fixture
def netconform_jsonrpcs_server(netconform_ca: Authority) -> Iterator[JsonRpcServer]:
    """The same inside TLS."""
    server: Any = import_module("pytest_netconform.fixtures.jsonrpc_server")
    with server.jsonrpc_server(netconform_ca, tls=True) as started:
        yield started


@pytest.fixture
def netconform_xmlrpc_server(netconform_ca: Authority) -> Iterator[XmlRpcServer]:
    """A correct XML-RPC server for a client under test: url, calls, add(), fault()."""
    server: Any = import_module("pytest_netconform.fixtures.xmlrpc_server")
    with server.xmlrpc_server(netconform_ca) as started:
        yield started


@pytest.fixture
def netconform_xmlrpcs_server(netconform_ca: Authority) -> Iterator[XmlRpcServer]:
    """The same inside TLS."""
    server: Any = import_module("pytest_netconform.fixtures.xmlrpc_server")
    with server.xmlrpc_server(netconform_ca, tls=True) as started:
        yield started

"""The plugin: what pytest loads in every run of an environment that has us, and the little that it does there.

This module registers options, hooks, markers and lazy fixtures, and wakes the rest when it is asked for. It must import
nothing but pytest and the options: an idle plugin costs nothing.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Generator, Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

pytest.register_assert_rewrite("pytest_netconform.suites", "pytest_netconform.fixtures")

from pytest_netconform import hookspecs, options  # noqa: E402

if TYPE_CHECKING:
    from pytest_netconform.ca import Authority
    from pytest_netconform.fixtures.mail_servers import MailServer
    from pytest_netconform.run import Run

NAME = "netconform-run"  # what the run's plugin is registered as
FORECAST = "netconform-forecast"

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
    "netconform_weather(*weathers, seed=0)": "run the test once in each of these weathers, which its servers then have",
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
    if options.of_clients(config):
        forecast(config)
    if config.option.netconform_client is not None or config.option.netconform_protocol is not None:
        wake(config)
        module: Any = import_module("pytest_netconform.outside")
        outside = module.Outside(config)
        config.pluginmanager.register(outside, "netconform-outside")
        outside.configure()


def pytest_unconfigure() -> None:
    """The thread of all servers goes with the session; that of a run inside of another stays."""
    host: Any = sys.modules.get("pytest_netconform.reference_servers.host")
    if host is not None and not host.LOOP.hosts:
        host.LOOP.close()


def wake(config: pytest.Config) -> Run:
    """The run's plugin, registered when it is first asked for."""
    run: Any = config.pluginmanager.get_plugin(NAME)
    if run is None:
        from pytest_netconform.run import Run

        run = Run(config)
        config.pluginmanager.register(run, NAME)
    return run  # type: ignore[no-any-return]


def forecast(config: pytest.Config) -> Any:
    """What knows the weathers of this session's tests, registered when it is first asked for."""
    known: Any = config.pluginmanager.get_plugin(FORECAST)
    if known is None:
        module: Any = import_module("pytest_netconform.forecast")
        known = module.Forecast(config)
        config.pluginmanager.register(known, FORECAST)
    return known


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test with weathers is run once in each."""
    known = metafunc.config.pluginmanager.get_plugin(FORECAST)
    if known is not None or metafunc.definition.get_closest_marker("netconform_weather") is not None:
        forecast(metafunc.config).spread(metafunc)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test of a client's that failed shows what the servers in it saw."""
    report = yield
    asked = sys.modules.get("pytest_netconform.fixtures.asked")
    if asked is not None and call.when == "call":
        asked.told(item, report)
    return report


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
def netconform_ca_environment(netconform_ca: Authority, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment variables of this test, and of what it starts, name our authority as the one to trust."""
    variables = netconform_ca.environment()
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables


@pytest.fixture
def netconform_weather(request: pytest.FixtureRequest) -> Any:
    """The weather of this test, as its marker or the command line has it; fair without."""
    faults: Any = import_module("pytest_netconform.faults")
    return faults.weather(getattr(request, "param", faults.FAIR))


@pytest.fixture
def netconform_mail_server(netconform_ca: Authority) -> Iterator[MailServer]:
    """Correct SMTP, POP3 and IMAP servers of one store for a client under test: smtp, pop3, imap."""
    server: Any = import_module("pytest_netconform.fixtures.mail_servers")
    with server.mail_server(netconform_ca) as started:
        yield started


@pytest.fixture
def netconform_names() -> Iterator[dict[str, Any]]:
    """A table of names: what this process hears when it asks for a host's address."""
    names: Any = import_module("pytest_netconform.names")
    table: dict[str, Any] = {}
    with names.names_answered(table):
        yield table


@pytest.fixture
def netconform_proxy(request: pytest.FixtureRequest, netconform_weather: Any) -> Iterator[Callable[..., Any]]:
    """Start a proxy before a server: `netconform_proxy("127.0.0.1:8080", "slow")`; else in this test's weather."""
    asked: Any = import_module("pytest_netconform.fixtures.asked")
    with asked.proxies(request.node, netconform_weather) as start:
        yield start


#: the protocols with a family of fixtures (`netconform_<protocol>_server`, `…_servers`, `…_options`), and what is
#: special about each
SERVED = {
    "smtp": "messages, wait()",
    "pop3": "messages, add(), clear()",
    "imap": "mailboxes, messages(), add(), clear()",
    "ftp": "files, write(), wait()",
    "http": "received, answer(), files, wait()",
    "jsonrpc": "ports (of raw TCP), calls, add(), wait()",
    "xmlrpc": "calls, add(), wait()",
    "oncrpc": "calls, add()",
    "stream": "dialect, heard",
    "datagram": "dialect, heard",
}
#: and the scheme of those whose TLS comes before the first word: `netconform_<scheme>_server`
SECURE = {
    "smtp": "smtps",
    "pop3": "pop3s",
    "imap": "imaps",
    "ftp": "ftps",
    "http": "https",
    "jsonrpc": "jsonrpcs",
    "xmlrpc": "xmlrpcs",
    "oncrpc": "oncrpcs",
}


def _family(protocol: str, shows: str) -> dict[str, Callable[..., Any]]:
    """The fixtures of a protocol. What they depend on has names of its own, so their signatures are written here."""
    chosen, several = f"netconform_{protocol}_options", f"netconform_{protocol}_servers"

    def options() -> dict[str, Any]:
        return {}

    def servers(
        request: pytest.FixtureRequest, netconform_ca: Authority, netconform_weather: Any, **given: Any
    ) -> Iterator[Callable[..., Any]]:
        asked: Any = import_module("pytest_netconform.fixtures.asked")
        with asked.family(request, protocol, netconform_ca, netconform_weather, given[chosen]) as start:
            yield start

    def server(**given: Any) -> Any:
        return given[several]()

    def secured(**given: Any) -> Any:
        return given[several](tls=True)

    _named(options, chosen, f"What `netconform_{protocol}_server` is told; override it: return a dict.")
    _named(servers, several, f"Start {protocol} servers: call it, with options; all are gone after the test.", chosen)
    _named(server, several[:-1], f"A correct {protocol} server for a client under test: url, {shows}.", several)
    made: list[Callable[..., Any]] = [options, servers, server]
    if protocol in SECURE:
        _named(secured, f"netconform_{SECURE[protocol]}_server", "The same inside TLS.", several)
        made.append(secured)
    return {each.__name__: pytest.fixture(each) for each in made}


def _named(function: Callable[..., Any], name: str, meaning: str, *needs: str) -> None:
    function.__name__, function.__doc__ = name, meaning
    known = inspect.signature(function).parameters.values()
    kept = [each for each in known if each.kind is not inspect.Parameter.VAR_KEYWORD]
    more = [inspect.Parameter(each, inspect.Parameter.KEYWORD_ONLY) for each in needs]
    function.__signature__ = inspect.Signature([*kept, *more])  # type: ignore[attr-defined]


for _protocol, _shows in SERVED.items():
    globals().update(_family(_protocol, _shows))

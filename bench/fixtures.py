"""What a server costs a test: our fixtures side by side with those of others, in one run: `make bench`.

Each kind is a folder with tests that ask for the fixture and do nothing, or hold one short dialogue by the standard
library's client. A conftest measures each test whole, from set-up to tear-down; the first ones, which import and make
certificates, do not count. Medians count, and that of a test without any fixture is taken off. Some of the others give
all tests one and the same server; ours is always a test's own.
"""

from __future__ import annotations

import json
import statistics
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from bench.measure import run

TESTS, WARM = 200, 5
WITHOUT = [word for name in ("hypothesispytest", "xdist", "timeout") for word in ("-p", f"no:{name}")]

CONFTEST = """
import json
import time

import pytest

COSTS = []
ENOUGH = 5.0  # seconds of one kind


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item):
    wall, cpu = time.perf_counter(), time.process_time()
    result = yield
    COSTS.append((time.perf_counter() - wall, time.process_time() - cpu))
    if sum(cost[0] for cost in COSTS) > ENOUGH:
        item.session.shouldstop = "enough"
    return result


def pytest_unconfigure():
    with open("costs.json", "w") as file:
        json.dump(COSTS, file)
"""

_SMTP = "    with smtplib.SMTP({0}, {1}) as client:\n        client.noop()\n"
_PLACE = ("host", "port")
_FTP = "    with ftplib.FTP() as client:\n        client.connect({0}, {1})\n"


@dataclass(frozen=True)
class Fixture:
    """One fixture. plugin: what must be installed; others: plugins that would take its name."""

    title: str
    name: str
    plugin: str = ""
    others: tuple[str, ...] = ()
    talk: str = "    pass\n"


FIXTURES = (
    Fixture("no fixture", ""),
    Fixture("netconform_smtp_server", "netconform_smtp_server"),
    Fixture("netconform_ftp_server", "netconform_ftp_server"),
    Fixture("netconform_http_server", "netconform_http_server", "pytest_netconform.fixtures.http_server"),
    Fixture("netconform_stream_server", "netconform_stream_server"),
    Fixture("smtpdfix: smtpd", "smtpd", "smtpdfix"),
    Fixture("pytest-localserver: smtpserver", "smtpserver", "pytest_localserver", ("pytest_httpserver",)),
    Fixture("pytest-localserver: httpserver", "httpserver", "pytest_localserver", ("pytest_httpserver",)),
    Fixture("pytest-httpserver: httpserver (one for all)", "httpserver", "pytest_httpserver", ("localserver",)),
    Fixture("pytest-localftpserver: ftpserver (one for all)", "ftpserver", "pytest_localftpserver"),
)
TALKING = (
    Fixture("no fixture", ""),
    *(
        Fixture(f"{each} and one dialogue", each, plugin, others, talk)
        for each, plugin, others, talk in (
            ("netconform_smtp_server", "", (), _SMTP.format("server.host", "server.port")),
            ("smtpd", "smtpdfix", (), _SMTP.format("server.hostname", "server.port")),
            (
                "smtpserver",
                "pytest_localserver",
                ("pytest_httpserver",),
                _SMTP.format("*server.addr[:1]", "server.addr[1]"),
            ),
            ("netconform_ftp_server", "", (), _FTP.format("server.host", "server.port")),
            (
                "ftpserver",
                "pytest_localftpserver",
                (),
                _FTP.format(*(f"server.get_login_data()[{k!r}]" for k in _PLACE)),
            ),
        )
    ),
)


def fixtures() -> None:
    """Both tables."""
    for table in (FIXTURES, TALKING):
        for line in compared(table):
            print(line, flush=True)


def compared(table: tuple[Fixture, ...]) -> Iterator[str]:
    """A line for each fixture: milliseconds a test, on the wall and on the processors."""
    there = [each for each in table if not each.plugin or _installed(each.plugin)]
    bare = (0.0, 0.0)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "conftest.py").write_text(CONFTEST, encoding="utf-8")
        for each in there:
            cost = _cost(each, Path(folder))
            if cost is None:
                yield f"{each.title:46} the tests fail"
                continue
            wall, cpu = cost
            yield f"{each.title:46} {_ms(wall - bare[0])} ms wall {_ms(cpu - bare[1])} ms processor a test"
            bare = bare if each is not there[0] else (wall, cpu)
    missing = dict.fromkeys(each.plugin for each in table if each not in there)
    if missing:
        yield f"not installed: {', '.join(missing)}"


def _cost(fixture: Fixture, folder: Path) -> tuple[float, float] | None:
    (folder / "test_it.py").write_text(_tests(fixture, TESTS), encoding="utf-8")
    arguments = WITHOUT + [word for other in fixture.others for word in ("-p", f"no:{other}")]
    code = run(arguments, str(folder))
    if code not in (0, 2):  # 2: enough was seen
        return None
    costs = json.loads((folder / "costs.json").read_text(encoding="utf-8"))[WARM:]
    return statistics.median(cost[0] for cost in costs), statistics.median(cost[1] for cost in costs)


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:8.2f}"


def _tests(fixture: Fixture, count: int) -> str:
    server = f"    server = {fixture.name}\n" if fixture.name else ""
    body = f"{server}{fixture.talk}"
    asked = f"number, {fixture.name}" if fixture.name else "number"
    head = "import ftplib, smtplib, pytest\n"
    return f"{head}@pytest.mark.parametrize('number', range({count}))\ndef test_it({asked}):\n{body}"


def _installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False

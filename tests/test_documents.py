"""What the documents say is true: their tables follow from the code, and their examples run."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest

from pytest_netconform.reference_servers.host import Host
from tests.documents import README, ROOT, TABLES, fenced, written

PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]
EXAMPLES = [(path, block) for path in PAGES for block in fenced(path, "python") if block.startswith("# test_")]
COMMANDS = [(path, line[2:]) for path in PAGES for block in fenced(path, "console") for line in block.splitlines()]


def _name(value: object) -> str:
    return value.stem if isinstance(value, Path) else re.sub(r"\W+", "-", str(value).splitlines()[0])[:60]


@pytest.mark.parametrize("page", TABLES, ids=_name)
def test_tables_follow_from_the_code(page: Path) -> None:
    """`make matrix` writes the tables of protocols, targets and options anew."""
    assert page.read_text(encoding="utf-8") == written(page)


@pytest.mark.parametrize(("page", "example"), EXAMPLES, ids=_name)
def test_examples_run(pytester: pytest.Pytester, page: Path, example: str) -> None:
    """A block that begins with the name of a test file is one, and passes."""
    name = example.splitlines()[0].removeprefix("# ")
    pytester.path.joinpath(name).write_text(example, encoding="utf-8")
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", name)
    assert result.ret == 0, result.stdout.str()
    assert " passed" in result.stdout.str()


@pytest.mark.timeout(600)  # one of them judges every reference server
@pytest.mark.parametrize(("page", "command"), COMMANDS, ids=_name)
def test_commands_work(pytester: pytest.Pytester, smtp_host: Host, page: Path, command: str) -> None:
    """A command of the documents ends well; the port that they speak of is the reference server's."""
    program, *arguments = shlex.split(command)
    assert program == "pytest"
    arguments = [argument.replace("127.0.0.1:2525", f"127.0.0.1:{smtp_host.port}") for argument in arguments]
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", *arguments)
    assert result.ret == 0, result.stdout.str()


SERVER = """
import sys
import threading

from pytest_netconform.ca import Authority
from pytest_netconform.fixtures.network import reference_of
from pytest_netconform.protocols import PROTOCOLS
from pytest_netconform.reference_servers.host import serving

with Authority() as ca:
    make = reference_of(PROTOCOLS["smtp"], {}).make_session
    with serving(make, port=int(sys.argv[1]), tls=ca.server_context()):
        threading.Event().wait()
"""


@pytest.mark.parametrize("name", ["every change", "every night"])
def test_the_recipe_for_ci_works(pytester: pytest.Pytester, name: str) -> None:
    """The commands of the workflow end well and leave what is uploaded; ten minutes are a second here."""
    (block,) = fenced(ROOT / "docs" / "fuzzing.md", "yaml")
    found = re.search(rf"- name: {name}\n.*\n +run: >-\n((?: {{10}}\S.*\n)+)", block)
    assert found is not None
    pytester.path.joinpath("my_server.py").write_text(SERVER)
    program, *arguments = shlex.split(
        found[1].replace("fuzz=10m", "fuzz=1s").replace("python my", f"{sys.executable} my")
    )
    assert program == "pytest"
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", *arguments)
    assert result.ret == 0, result.stdout.str()
    for path in re.findall(r"^ {12}(\S+)$", block, re.MULTILINE):
        assert (pytester.path / path).exists(), path


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link names a file of the project."""
    for link in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        assert "://" in link or (page.parent / link).exists(), link


def test_pages_name_no_host() -> None:
    """No page leads anywhere but into the project; a scheme alone leads nowhere."""
    for page in PAGES:
        assert not re.search(r"https?://(?!127\.0\.0\.1|localhost|HOST|`)", page.read_text(encoding="utf-8")), page

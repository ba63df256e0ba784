"""Imports point down only: every module of the house stands on a floor, and imports from the floors its own may use."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = {
    "pytest_netconform": ROOT / "pytest_netconform",
    "pytest_netconform.suites": ROOT / "suites",
    "pytest_netconform.fixtures": ROOT / "fixtures",
    "pytest_netconform.reference_servers": ROOT / "reference_servers",
}

# (prefix of the module behind `pytest_netconform.`, floor); the longest prefix wins.
FLOORS = {
    "": "F0",  # the package itself: public names
    "requirement": "F0",
    "codes": "F0",
    "verdict": "F0",
    "transcript": "F0",
    "protocols": "F0",
    "wire": "F1",
    "dialect": "F1",
    "dialects": "F1",
    "models": "F1",
    "strategies": "F1",
    "reference_servers": "F1",  # the package's own docstring
    "reference_servers.session": "F1",  # the shape of a session: what carriages know of it
    "reference_servers.lines": "F2",
    "reference_servers.store": "F2",
    "reference_servers.mailboxes": "F2",
    "reference_servers.imap": "F2",
    "reference_servers.files": "F2",
    "reference_servers.ftp": "F2",
    "reference_servers.null": "F2",
    "reference_servers.smtp": "F2",
    "reference_servers.pop3": "F2",
    "reference_servers.http": "F2",
    "reference_servers.oncrpc": "F2",
    "reference_servers.jsonrpc": "F2",
    "reference_servers.xmlrpc": "F2",
    "reference_servers.dialects": "F2",
    "reference_servers.dialects_udp": "F2",
    "reference_servers.mutants": "F2",
    "reference_servers.host": "F3",
    "reference_servers.connection": "F3",
    "reference_servers.channels": "F3",
    "reference_servers.secured": "F3",
    "reference_servers.datagram_host": "F3",
    "reference_servers.overheard": "F2",
    "reference_servers.weathered": "F3",
    "reference_servers.weathered_datagrams": "F3",
    "reference_servers.mutants.hosts": "F3",
    "transport": "F3",
    "sockets": "F3",
    "memory": "F3",
    "memory_channels": "F3",
    "data_wires": "F3",
    "datagrams": "F3",
    "memory_datagrams": "F3",
    "readback": "F3",
    "ca": "F3",
    "faults": "F3",
    "visit": "F4",
    "courses": "F3",
    "minutes": "F0",
    "proxy": "F3",
    "names": "F3",
    "dialogue": "F4",
    "dialogues": "F4",
    "tour": "F4",
    "walks": "F4",
    "target": "F4",
    "spoken": "F4",
    "detect": "F4",
    "serve": "F4",
    "command": "F4",
    "judge": "F4",
    "one_shot": "F4",
    "fixtures": "F5",
    "suites": "F6",
    "plugin": "F7",
    "options": "F7",
    "collect": "F7",
    "ahead": "F7",
    "closing": "F7",
    "jobs": "F7",
    "revival": "F7",
    "roster": "F7",
    "run": "F7",
    "hookspecs": "F7",
    "baseline": "F7",
    "forecast": "F7",
    "outside": "F7",
    "report": "F7",
    "fuzz": "F7",
}

# Which floors a floor may import from (its own is always allowed).
BELOW = {
    "F0": set(),
    "F1": {"F0"},
    "F2": {"F0", "F1"},
    "F3": {"F0", "F1"},
    "F4": {"F0", "F1", "F3"},
    "F5": {"F0", "F1", "F2", "F3", "F4"},
    "F6": {"F0", "F1"},
    "F7": {"F0", "F4"},
}

# Single doors between rooms whose floors do not touch, each with its reason.
DOORS = {
    ("suites", "dialogues"): "checks name the dialogue class in their annotations",
    ("suites", "dialogue"): "likewise",
    ("suites", "visit"): "likewise",
    ("suites", "tour"): "likewise",
    ("suites", "walks"): "likewise, and for the properties that walks have",
    ("run", "models"): "a case is what a check of the suite fuzz is asked to hold",
    ("fuzz", "models"): "a case is steps; whoever draws them, and keeps them, handles them",
    ("run", "transport"): "the run owns the cancel switch of all wires",
    ("ahead", "transport"): "the pool interrupts what it began",
    ("forecast", "faults"): "weathers are chosen by name",
    ("roster", "transport"): "targets are reached under the run's cancel switch",
    ("roster", "sockets"): "likewise",
    ("reference_servers.mutants.hosts", "reference_servers.host"): "same floor",
}

THIRD_PARTY = {
    "F0": set(),
    "F1": set(),
    "F2": set(),
    "F3": set(),
    "F4": set(),
    "F5": {"pytest"},
    "F6": {"pytest", "hypothesis"},
    "F7": {"pytest", "_pytest", "pluggy", "xdist"},
}
THIRD_PARTY_DOORS = {
    "ca": {"trustme", "cryptography"},
    "strategies": {"hypothesis"},
    "fuzz": {"hypothesis"},
    "wire.xmlrpc": {"defusedxml"},
    "dialect.file": {"tomli", "tomllib"},
}


def modules() -> dict[str, Path]:
    """Dotted name behind `pytest_netconform.` → file."""
    found = {}
    for package, folder in FOLDERS.items():
        for path in folder.rglob("*.py"):
            parts = [p for p in path.relative_to(folder).with_suffix("").parts if p != "__init__"]
            found[".".join([*package.split(".")[1:], *parts])] = path
    return found


def floor_of(module: str) -> str:
    """The floor of the longest listed prefix."""
    parts = module.split(".") if module else []
    for length in range(len(parts), -1, -1):
        name = ".".join(parts[:length])
        if name in FLOORS and (name or not parts):
            return FLOORS[name]
    raise AssertionError(f"{module} stands on no floor; add it to FLOORS")


def imports(path: Path) -> set[str]:
    """Every dotted name that a file imports, wherever in the file, except for type checking alone."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = set()
    for block in [node for node in ast.walk(tree) if isinstance(node, ast.If)]:
        if isinstance(block.test, ast.Name) and block.test.id == "TYPE_CHECKING":
            block.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        assert not (isinstance(node, ast.ImportFrom) and node.level), f"{path}: relative import"
    return names


ALL = modules()


def _ours(name: str) -> str | None:
    """The module of ours that a dotted name is, or None."""
    if name == "pytest_netconform":
        return ""
    inner = name.removeprefix("pytest_netconform.")
    return inner if name.startswith("pytest_netconform.") and inner in ALL else None


@pytest.mark.parametrize("module", sorted(ALL))
def test_imports_point_down(module: str) -> None:
    """A module imports from its own floor and the floors below it that the plan allows, and through listed doors."""
    floor = floor_of(module)
    for name in imports(ALL[module]):
        other = _ours(name)
        if other is None or other == module:
            continue
        allowed = floor_of(other) == floor or floor_of(other) in BELOW[floor] or _door(module, other)
        assert allowed, f"{module} ({floor}) may not import {other} ({floor_of(other)})"


def _door(module: str, other: str) -> bool:
    def within(name: str, room: str) -> bool:
        return name == room or name.startswith(f"{room}.")

    return any(within(module, a) and within(other, b) for a, b in DOORS)


@pytest.mark.parametrize("module", sorted(ALL))
def test_third_party_stays_in_its_rooms(module: str) -> None:
    """Below the fixtures the standard library is enough, but for a few rooms that are named."""
    rooms = [module.rsplit(".", count)[0] for count in range(module.count(".") + 1)]
    allowed = THIRD_PARTY[floor_of(module)].union(*(THIRD_PARTY_DOORS.get(room, set()) for room in rooms))
    for name in imports(ALL[module]):
        top = name.split(".")[0]
        ours = top == "pytest_netconform" or top in sys.stdlib_module_names
        assert ours or top in allowed, f"{module} may not import {top}"


def test_columns_do_not_import_each_other() -> None:
    """One protocol's rooms know nothing of another's, but for what carries it."""
    columns = {"smtp", "pop3", "imap", "ftp", "http", "jsonrpc", "xmlrpc", "oncrpc"}
    carriers = {"jsonrpc": {"http"}, "xmlrpc": {"http"}}
    for module, path in ALL.items():
        own = columns & set(module.replace("_", ".").split("."))
        for name in imports(path):
            other = columns & set((_ours(name) or "").replace("_", ".").split("."))
            if own:
                allowed = own.union(*(carriers.get(column, set()) for column in own))
                assert other <= allowed, f"{module} imports {name}"


def test_every_listed_floor_and_door_is_used() -> None:
    """The lists above name only what is there."""
    stale = [name for name in FLOORS if name and not any(m.startswith(name) for m in ALL)]
    assert not stale

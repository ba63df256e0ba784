"""The package is what the folders are: nothing forgotten, nothing at the top level that is not ours to take."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def _folders() -> set[str]:
    found = set()
    for top in ("pytest_netconform", "suites", "fixtures", "reference_servers"):
        for init in (ROOT / top).rglob("__init__.py"):
            parts = init.parent.relative_to(ROOT).parts
            found.add(".".join(parts if top == "pytest_netconform" else ("pytest_netconform", *parts)))
    return found


def test_every_folder_is_packaged() -> None:
    """The list in pyproject.toml names each folder with modules, one by one."""
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"]
    assert set(listed) == _folders()
    assert listed == sorted(listed)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The names in a freshly built wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in (
        "pyproject.toml",
        "README.md",
        "LICENSE",
        "pytest_netconform",
        "suites",
        "fixtures",
        "reference_servers",
    ):
        (source / name).symlink_to(ROOT / name)
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        folder,
        source,
    ]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    (path,) = folder.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()


def test_wheel_takes_one_name_at_the_top(wheel: list[str]) -> None:
    """A project's own `fixtures` or `suites` package is safe from us."""
    tops = {name.split("/")[0] for name in wheel}
    assert tops == {"pytest_netconform", next(top for top in tops if top.endswith(".dist-info"))}


def test_wheel_holds_every_module(wheel: list[str]) -> None:
    """All modules of all folders, and the marker that says that they are typed."""
    modules = {
        "/".join([*package.split("."), path.name])
        for package in _folders()
        for path in (ROOT / "/".join(package.split(".")[(1 if _outside(package) else 0) :])).glob("*.py")
    }
    assert modules <= set(wheel)
    assert "pytest_netconform/py.typed" in wheel


def _outside(package: str) -> bool:
    parts = package.split(".")
    return len(parts) > 1 and parts[1] in ("suites", "fixtures", "reference_servers")

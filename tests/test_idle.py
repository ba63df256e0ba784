"""An idle plugin costs nothing: what a run loads that asks for nothing of ours."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

#: everything of ours that pytest may load in any project
IDLE = {
    "pytest_netconform",
    "pytest_netconform.plugin",
    "pytest_netconform.options",
    "pytest_netconform.hookspecs",
}
#: what may come with other plugins, and never because of us
HEAVY = {"hypothesis", "trustme", "cryptography", "ssl", "asyncio", "socket"}


def loaded(folder: Path, *arguments: str) -> set[str]:
    """Every module that is loaded at the end of a run in `folder`."""
    others = [f"no:{name}" for name in ("hypothesispytest", "xdist", "xdist.looponfail", "timeout")]
    words = ["-q", "-p", "no:cacheprovider", *[word for other in others for word in ("-p", other)], *arguments]
    script = f"import pytest, sys; code = pytest.main({words!r}); print('LOADED', *sys.modules); sys.exit(code)"
    done = subprocess.run([sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return set(done.stdout.partition("LOADED ")[2].split())


def test_an_idle_run_loads_nothing_of_ours(tmp_path: Path) -> None:
    """Without a target the plugin is its options and hooks, in collecting and in running."""
    (tmp_path / "test_own.py").write_text("def test_own(): pass\nclass TestIt:\n    def test_it(self): pass\n")
    bare = loaded(tmp_path, "-p", "no:netconform")
    for arguments in (["--co"], []):
        idle = loaded(tmp_path, *arguments)
        assert {name for name in idle if name.startswith("pytest_netconform")} == IDLE
        assert not (idle - bare) & HEAVY
        assert len(idle - bare - IDLE) <= 2, idle - bare


def test_fixtures_are_lazy(tmp_path: Path) -> None:
    """A fixture's world is imported when a test asks for it, and not before."""
    (tmp_path / "test_own.py").write_text("def test_own(netconform_smtp_server): assert netconform_smtp_server.port\n")
    assert "pytest_netconform.fixtures.smtp_server" in loaded(tmp_path)
    assert "pytest_netconform.fixtures.smtp_server" not in loaded(tmp_path, "--co")

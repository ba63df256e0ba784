"""Every interpreter and pytest that the project promises, as far as the machine has them: `make interpreters`."""

from __future__ import annotations

import nox

nox.options.error_on_missing_interpreters = False
PYTHONS = ["3.10", "3.11", "3.12", "3.13"]
PYTESTS = ["8.0.2", "8.4.2", "9.2.0"]


@nox.session(python=PYTHONS)
@nox.parametrize("pytest_version", PYTESTS)
def tests(session: nox.Session, pytest_version: str) -> None:
    """The project's own tests."""
    session.install("-e", ".[dev]", "setuptools>=77", f"pytest=={pytest_version}")
    session.run("python", "-m", "pytest", "-q", "-n", "4", "--dist", "worksteal", *session.posargs)

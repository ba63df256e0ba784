"""Mutants of status lines."""

from __future__ import annotations

from pytest_netconform.reference_servers.http import HttpSession, Request
from pytest_netconform.reference_servers.mutants.mutant import mutant


@mutant("two_spaces_before_status", breaks=["HTTP-9112-4-status-line"], because="another form")
class TwoSpacesBeforeStatus(HttpSession):
    """Puts two spaces behind the version."""

    def status_line(self, request: Request | None, status: int) -> bytes:
        return super().status_line(request, status).replace(b" ", b"  ", 1)


@mutant("status_line_ends_in_lf", breaks=["HTTP-9112-4-status-line"], because="bare LF")
class StatusLineEndsInLf(HttpSession):
    """Ends a status line with LF alone."""

    def status_line(self, request: Request | None, status: int) -> bytes:
        return super().status_line(request, status).replace(b"\r\n", b"\n")


@mutant("status_1000", breaks=["HTTP-9112-4-status-line"], because="another form")
class Status1000(HttpSession):
    """Has a status of its own for what is not there."""

    def status_line(self, request: Request | None, status: int) -> bytes:
        return super().status_line(request, 1000 if status == 404 else status)


@mutant("status_999", breaks=["HTTP-9112-4-status-line"], because="100 to 599")
class Status999(HttpSession):
    """Has a status of no class."""

    def status_line(self, request: Request | None, status: int) -> bytes:
        return super().status_line(request, 999 if status == 404 else status)


@mutant("no_space_without_reason", breaks=["HTTP-9112-4-space-no-reason"], because="a space behind")
class NoSpaceWithoutReason(HttpSession):
    """Ends a status line behind the status."""

    def status_line(self, request: Request | None, status: int) -> bytes:
        return b" ".join(super().status_line(request, status).split()[:2]) + b"\r\n"

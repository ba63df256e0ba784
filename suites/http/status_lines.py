"""Status lines of responses (RFC 9112 4): every answer of the tour is looked at."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_netconform.dialogues.http import HttpTour
from pytest_netconform.requirement import MUST, requirement
from pytest_netconform.wire.http import Breach, Response

NO_SPACE = "no space behind the status"
SECTIONS = ("RFC 9112 4", "RFC 9112 2.3", "RFC 9110 15")


def _answers(tour: HttpTour) -> Iterator[Response]:
    """The answers; of what was no request at all (its name stands in parentheses) those that are responses."""
    tour.prerequisite(len({reply.status for reply in tour.replies}) > 1, "two different statuses")
    for exchange in tour.exchanges:
        reply = exchange.reply
        if reply is not None and (reply.status or not exchange.command.startswith("(")):
            yield reply


def _of_status_line(breach: Breach) -> bool:
    return breach.section in SECTIONS or breach.what.startswith("a status line")


@requirement("HTTP-9112-4-status-line", MUST, "RFC 9112 4", "A status line is version, space, three digits, space.")
def test_status_lines(http_tour: HttpTour) -> None:
    """Every answer begins with one; its status is from 100 to 599."""
    for answer in _answers(http_tour):
        http_tour.require(answer.status, "a status line in front", answer.raw)
        for breach in answer.breaches:
            wrong = _of_status_line(breach) and breach.what != NO_SPACE
            http_tour.require(not wrong, f"not {breach}", breach.octets)


@requirement("HTTP-9112-4-space-no-reason", MUST, "RFC 9112 4", "A space stands behind the status, reason or not.")
def test_space_behind_the_status(http_tour: HttpTour) -> None:
    """Also where nothing follows it."""
    # Field note: several small servers, and proxies that translate HTTP/2, leave it out.
    for answer in _answers(http_tour):
        for breach in answer.breaches:
            http_tour.require(breach.what != NO_SPACE, "a space behind the status", breach.octets)


NOT_CHECKED: list[tuple[str, str]] = []

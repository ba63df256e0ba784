"""HTTP through a proxy: whose connection is closed, who gave no answer, and who cuts the same octets otherwise."""

from __future__ import annotations

import pytest

from pytest_netconform.fixtures.http import COLUMN
from pytest_netconform.fixtures.network import memory_target
from pytest_netconform.judge import Outcome, judge, survey
from pytest_netconform.reference_servers.http import HttpSession, Refusal, Request, Response
from pytest_netconform.reference_servers.mutants.http.length import BodyOfGetLeft, OctalLength
from pytest_netconform.target import Target
from pytest_netconform.verdict import Verdict
from tests.gates import Case, cases

PROXY = {"via": "proxy", "echo": "/echo"}
BEHIND = {**PROXY, "origin": "http://127.0.0.1:9"}


def case_of(name: str) -> Case:
    """A case by its name."""
    return next(case for case in cases("http") if case.name == name)


def judged(case: Case, target: Target) -> Outcome:
    """The outcome of a case on a target that was surveyed."""
    if not target.survey.spoke:
        survey(target, COLUMN)
    return judge(case.function, {name: COLUMN.rungs[name] for name in case.rungs}, case.values, target, COLUMN)


class StatusBehind(HttpSession):
    """A proxy, and a server behind it that takes no trailers: the proxy's connection stays in step."""

    status = 400

    def respond_to(self, request: Request) -> Response:
        if request.trailers:
            raise Refusal(self.status, "The server behind wants no trailers")
        return super().respond_to(request)


class NoAnswerBehind(StatusBehind):
    """The server behind ends the connection without a word."""

    status = 502


class TooLateBehind(StatusBehind):
    """The server behind waits for more."""

    status = 504


TRAILERS = "test_what_stands_behind_the_last_chunk"


@pytest.mark.parametrize("session", [StatusBehind, NoAnswerBehind])
def test_a_refusal_from_behind_leaves_the_connection(session: type[HttpSession]) -> None:
    """Through a proxy it is a refusal, and that the connection stays is noted; without one it must end."""
    outcome = judged(case_of(TRAILERS), memory_target("http", PROXY, session))
    assert outcome.verdict is Verdict.PASS
    assert any("the proxy's connection is another" in note for note in outcome.notes)
    alone = judged(case_of(TRAILERS), memory_target("http", {"echo": "/echo"}, session))
    assert alone.verdict in (Verdict.FAIL, Verdict.DEVIATION)


def test_who_waits_behind_is_not_right() -> None:
    """504 is no refusal: the server behind has taken the octets for something that goes on."""
    outcome = judged(case_of(TRAILERS), memory_target("http", PROXY, TooLateBehind))
    assert outcome.verdict is Verdict.FAIL


def test_a_twin_without_an_answer_is_no_twin() -> None:
    """Where the server behind answers nothing good, a refusal means nothing."""

    class Down(HttpSession):
        """Nobody is behind."""

        def respond_to(self, request: Request) -> Response:
            if request.body:
                raise Refusal(502, "Nobody is there")
            return super().respond_to(request)

    assert judged(case_of(TRAILERS), memory_target("http", PROXY, Down)).verdict is Verdict.INCONCLUSIVE


def pair(name: str, session: type[HttpSession]) -> Outcome:
    """A case on the reference as a proxy, with this session as the server behind it."""
    target = memory_target("http", BEHIND)
    host = {"host": target.options["host"], "echo": "/echo"}
    target.shared["origin"] = memory_target("http", host, session)
    return judged(case_of(name), target)


def test_servers_that_cut_otherwise() -> None:
    """What follows is a request to one of them, and content to the other."""
    outcome = pair("test_leading_zero", OctalLength)
    assert outcome.verdict is Verdict.OBSERVED
    assert any("cut otherwise behind the proxy: 200, 200 to the probe" in value for value in outcome.observed)


@pytest.mark.parametrize("name", ["test_leading_zero", "test_body_of_get", TRAILERS])
def test_servers_that_agree(name: str) -> None:
    """Of two that are alike nothing is said."""
    outcome = pair(name, HttpSession)
    assert not any("cut otherwise" in value for value in outcome.observed)
    assert not any("was not heard" in note for note in outcome.notes)


def test_a_body_that_only_one_of_them_reads() -> None:
    """The verdict is the proxy's alone; what differs is there for who puts the two together."""
    outcome = pair("test_body_of_get", BodyOfGetLeft)
    assert outcome.verdict in (Verdict.PASS, Verdict.OBSERVED)
    assert any("cut otherwise" in value for value in outcome.observed)


@pytest.mark.parametrize("url", ["ftp://127.0.0.1", "http://127.0.0.1:0", "nowhere"])
def test_what_is_no_server_behind(url: str) -> None:
    """The check is judged all the same, and a note says why nothing was compared."""
    outcome = judged(case_of("test_body_of_get"), memory_target("http", {**PROXY, "origin": url}))
    assert outcome.verdict is Verdict.PASS
    assert any("was not heard" in note for note in outcome.notes)

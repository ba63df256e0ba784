"""XML-RPC targets: which methods are found, what is made of the options, and what is no XML-RPC server at all."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pytest_netconform.fixtures.network import column_of, memory_target
from pytest_netconform.judge import Outcome, judge, survey
from pytest_netconform.protocols import PROTOCOLS
from pytest_netconform.reference_servers.http import HttpSession
from pytest_netconform.reference_servers.null import NULLS
from pytest_netconform.reference_servers.xmlrpc import XmlRpcConfig, XmlRpcHttp, config
from pytest_netconform.target import Target, parse_target
from pytest_netconform.verdict import Verdict
from tests.gates import cases

UNTOLD = dict.fromkeys(("add", "echo", "fail", "slow", "names"), "")
COLUMN = column_of(PROTOCOLS["xmlrpc"])
Methods = dict[str, Callable[..., object]]


def judged(target: Target, name: str) -> Outcome:
    """The outcome of one case, behind the sanity dialogue."""
    survey(target, COLUMN)
    case = next(case for case in cases("xmlrpc") if case.name == name)
    return judge(case.function, {rung: COLUMN.rungs[rung] for rung in case.rungs}, case.values, target, COLUMN)


def users(methods: Methods, *, introspection: bool = False, **options: str) -> Target:
    """A target of a user's with these methods, of which nothing is known but these options."""
    circumstances = XmlRpcConfig(methods, introspection=introspection)
    return memory_target("xmlrpc", {**UNTOLD, **options}, make_session=lambda: XmlRpcHttp(circumstances))


def found(target: Target) -> set[str]:
    """The kinds of methods that the sanity dialogue found."""
    survey(target, COLUMN)
    return {name.removeprefix("xmlrpc-") for name in target.survey.facts}


def test_schemes() -> None:
    """Their ports, and the path of calls."""
    plain, tls = parse_target("xmlrpc://h/RPC2"), parse_target("xmlrpcs://h/")
    assert (plain.port, plain.path, tls.port) == (80, "/RPC2", 443)


def test_methods_are_found_under_their_usual_names() -> None:
    """Unless they are something else; an echo may give all its parameters back in an array."""
    target = users({"add": lambda *values: 7, "echo": lambda *values: list(values)})
    assert found(target) == {"echo"} and target.survey.sound
    assert judged(target, "test_blanks").verdict is Verdict.PASS
    assert judged(target, "test_arrays[mixed]").verdict is Verdict.PASS
    assert judged(target, "test_concurrent").lacking == "?slow="
    assert judged(target, "test_validator[manyTypesTest]").verdict is Verdict.NOT_APPLICABLE


def test_methods_are_named() -> None:
    """Names of one's own."""
    target = users({"mirror": config.echo, "plus": config.add}, echo="mirror", add="plus")
    assert found(target) == {"echo", "add"}
    assert judged(target, "test_integers[largest]").verdict is Verdict.PASS


def test_introspection_is_enough() -> None:
    """A server without a method that we know is judged by what it lists."""
    target = users({"secret": lambda: 1}, introspection=True)
    assert found(target) == set() and target.survey.sound
    assert judged(target, "test_unknown_method").verdict is Verdict.PASS
    assert judged(target, "test_blanks").lacking == "?echo="


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({}, "no method is known that can be called (add gets a fault"),
        ({"echo": "mirror"}, "?echo=mirror: mirror gets a fault"),
    ],
)
def test_what_is_not_there_is_one_line(options: dict[str, str], why: str) -> None:
    """What was asked for, and what to write; no check passes."""
    target = users({"secret": lambda: 1}, **options)
    outcome = judged(target, "test_unknown_method")
    assert outcome.verdict is Verdict.INCONCLUSIVE and why in target.survey.problem
    assert "\n" not in target.survey.problem


def test_a_web_page_is_no_endpoint() -> None:
    """One line that says what came, and asks for the path."""
    target = memory_target("xmlrpc", UNTOLD, make_session=HttpSession)
    outcome = judged(target, "test_response")
    assert outcome.verdict is Verdict.INCONCLUSIVE
    assert "no XML-RPC" in target.survey.problem and "is / the path of its calls" in target.survey.problem


@pytest.mark.parametrize("null", ["silent", "close", "same-per-line"])
def test_what_is_no_http_at_all(null: str) -> None:
    """Neither a traceback nor a pass."""
    target = memory_target("xmlrpc", UNTOLD, make_session=lambda: NULLS[null](b"", b"hello\r\n"))
    assert judged(target, "test_response").verdict is Verdict.INCONCLUSIVE
    assert target.survey.problem and not target.survey.sound

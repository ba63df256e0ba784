"""JSON-RPC targets: which methods are found, what is made of the options, and what is no JSON-RPC server at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pytest_netconform.fixtures.network import column_of, memory_target
from pytest_netconform.judge import Outcome, judge, survey
from pytest_netconform.protocols import PROTOCOLS
from pytest_netconform.reference_servers.http import HttpSession
from pytest_netconform.reference_servers.jsonrpc import JsonRpcConfig, JsonRpcHttp, JsonRpcStream, config
from pytest_netconform.reference_servers.null import NULLS
from pytest_netconform.target import Target, TargetError, parse_target
from pytest_netconform.verdict import Verdict
from tests.gates import cases

BOTH = pytest.mark.parametrize("protocol", ["jsonrpc", "jsonrpctcp"])
UNTOLD = dict.fromkeys(("ping", "echo", "sum", "subtract", "fail"), "")


def judged(target: Target, protocol: str, name: str) -> Outcome:
    """The outcome of one case, behind the sanity dialogue."""
    column = column_of(PROTOCOLS[protocol])
    survey(target, column)
    case = next(case for case in cases(protocol) if case.name == name)
    return judge(case.function, {rung: column.rungs[rung] for rung in case.rungs}, case.values, target, column)


def users(protocol: str, methods: dict[str, Callable[..., object]], **options: str) -> Target:
    """A target of a user's with these methods, of which nothing is known but these options."""
    circumstances = JsonRpcConfig(methods)
    make = JsonRpcStream if protocol == "jsonrpctcp" else JsonRpcHttp
    return memory_target(protocol, {**UNTOLD, **options}, make_session=lambda: make(circumstances))  # type: ignore[abstract, operator]


def found(target: Target, protocol: str) -> set[str]:
    """The kinds of methods that the sanity dialogue found."""
    survey(target, column_of(PROTOCOLS[protocol]))
    return {name.removeprefix("jsonrpc-") for name in target.survey.facts}


@BOTH
def test_methods_are_found_under_their_usual_names(protocol: str) -> None:
    """Unless they are something else."""
    methods: dict[str, Callable[..., object]] = {"add": config.add, "echo": lambda *values: list(values)}
    methods["subtract"] = lambda *values: "42-23"
    target = users(protocol, methods)
    assert found(target, protocol) == {"sum", "echo"} and target.survey.sound
    outcome = judged(target, protocol, "test_text[escape]")
    assert outcome.verdict is Verdict.PASS, "an echo may give all its parameters back in an array"
    assert judged(target, protocol, "test_positional[42-23]").lacking == "?subtract="
    assert judged(target, protocol, "test_no_params").lacking == "?ping="


@BOTH
def test_methods_are_named(protocol: str) -> None:
    """Names of one's own, also for parameters."""
    methods: dict[str, Callable[..., object]] = {"math.minus": lambda a, b: a - b, "mirror": config.echo}
    target = users(protocol, methods, subtract="math.minus:a,b", echo="mirror")
    assert judged(target, protocol, "test_named[turned]").verdict is Verdict.PASS
    assert judged(target, protocol, "test_names_have_case").verdict is Verdict.PASS
    assert judged(target, protocol, "test_text[pair]").verdict is Verdict.PASS
    outcome = judged(users(protocol, methods, subtract="math.minus"), protocol, "test_named[turned]")
    assert outcome.verdict is Verdict.NOT_APPLICABLE and "?subtract=subtract:minuend,subtrahend" in outcome.reason


@BOTH
@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({}, "no method is known that can be called (subtract is not there; add is not there; echo is not there; ping"),
        ({"echo": "mirror"}, "?echo=mirror: mirror is not there"),
        ({"subtract": "minus:a,b"}, "?subtract=minus: minus is not there"),
    ],
)
def test_what_is_not_there_is_one_line(protocol: str, options: dict[str, str], why: str) -> None:
    """What was asked for, and what to write; no check passes."""
    target = users(protocol, {"work": config.ping}, **options)
    outcome = judged(target, protocol, "test_notification")
    assert outcome.verdict is Verdict.INCONCLUSIVE and why in target.survey.problem, target.survey.problem
    assert "\n" not in target.survey.problem


@BOTH
def test_a_method_that_fails_is_there(protocol: str) -> None:
    """Where `?fail=` names nothing, nothing is said about failures."""
    outcome = judged(users(protocol, dict(config.METHODS), fail="nowhere"), protocol, "test_internal_error")
    assert outcome.verdict is Verdict.INCONCLUSIVE and "?fail= names no method" in outcome.reason
    outcome = judged(users(protocol, dict(config.METHODS), fail="refuse"), protocol, "test_internal_error")
    assert outcome.verdict is Verdict.PASS, "a code of the application's own will do"


@BOTH
def test_names_that_nobody_gave_may_be_others(protocol: str) -> None:
    """A method that makes null of parameters by name is not blamed; one that takes them in their order is."""
    methods: dict[str, Callable[..., object]] = {
        "subtract": lambda *values, **named: values[0] - values[1] if values else None,
    }
    assert judged(users(protocol, methods), protocol, "test_named[turned]").verdict is Verdict.NOT_APPLICABLE
    methods["subtract"] = lambda *values, **named: (lambda a, b: b - a)(*values, *named.values())
    assert judged(users(protocol, methods), protocol, "test_named[in-order]").verdict is Verdict.FAIL


def test_three_names_are_too_many() -> None:
    """`?subtract=` has two parameters."""
    target = users("jsonrpc", dict(config.METHODS), subtract="subtract:a,b,c")
    assert "names two parameters" in judged(target, "jsonrpc", "test_named[turned]").reason


def test_options_and_schemes() -> None:
    """Targets are read with their ports and paths, and the references refuse what they do not know."""
    spec = parse_target("jsonrpc://host/api?ping=status")
    assert (spec.port, spec.path) == (80, "/api")
    assert parse_target("jsonrpcs://host").port == 443 and parse_target("jsonrpcs://host").implicit_tls
    assert parse_target("jsonrpc+tcp://host:7000?framing=headers").options == {"framing": "headers"}
    assert parse_target("jsonrpc+tls://host:7000").implicit_tls
    with pytest.raises(TargetError, match="names no port"):
        parse_target("jsonrpc+tcp://host")
    with pytest.raises(TargetError, match="unknown target option 'ech'; did you mean echo"):
        parse_target("jsonrpc://host?ech=x")
    for protocol, options, why in (
        ("jsonrpc", {"framing": "lines"}, "no option 'framing'"),
        ("jsonrpctcp", {"framing": "netstring"}, "framing=netstring: known are lines, headers"),
    ):
        with pytest.raises(ValueError, match=why):
            memory_target(protocol, options)


def said(status: int, body: bytes, media: bytes = b"text/html") -> bytes:
    """An HTTP response."""
    head = b"HTTP/1.1 %d x\r\nContent-Length: %d\r\nContent-Type: %b\r\n" % (status, len(body), media)
    return head + b"Connection: close\r\n\r\n" + body


@pytest.mark.parametrize(
    ("null", "answer", "why"),
    [
        ("web-page", b"", "it answers HTTP 200 with text/html: <!DOCTYPE html>"),
        (
            "same-per-read",
            said(404, b"<h1>Not Found</h1>"),
            "HTTP 404 with text/html: <h1>Not Found</h1>, which is no JSON",
        ),
        ("same-per-read", said(401, b""), "nothing (HTTP 401 without a body)"),
        ("same-per-read", said(200, b""), "nothing (HTTP 200 without a body)"),
        ("same-per-read", said(200, b"[" * 100_000), "nested more than 200 deep"),
        ("same-per-read", said(200, b"\xff\xfe"), "which is no JSON"),
        ("same-per-read", said(200, b'"pong"', b"application/json"), "no JSON-RPC; is / the path of its calls?"),
        ("same-per-read", said(200, b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"), "which is no JSON"),
        ("silent", b"", "nothing for 4 s"),
        ("close", b"", "the connection was closed"),
        ("echo", b"", "unfinished, then nothing for 4 s; is / the path"),
        ("same-per-read", b"\x15\x03\x01\x00\x02\x02\x28", "is it a jsonrpcs:// URL?"),
        ("same-per-read", b"220 mail.example.test ESMTP\r\n", "unfinished, then nothing for 4 s"),
    ],
)
def test_what_is_no_endpoint_is_one_line(null: str, answer: bytes, why: str) -> None:
    """A page, nothing, depth, entities, silence, TLS, mail: the sanity dialogue says what came."""
    target = memory_target("jsonrpc", make_session=lambda: NULLS[null](b"", answer))
    survey(target, column_of(PROTOCOLS["jsonrpc"]))
    assert why in target.survey.problem and not target.survey.sound, target.survey.problem
    assert len(target.survey.problem) < 1000 and "\n" not in target.survey.problem


@pytest.mark.parametrize(
    ("null", "answer", "why"),
    [
        ("same-per-read", b"Content-Length: 2\r\n\r\n{}", "would ?framing=headers do?"),
        ("silent", b"", "nothing for 4 s; would ?framing=headers do?"),
        ("web-page", b"", "which is no JSON"),
        ("same-per-read", b"x" * (1 << 25), "no end after"),
        ("same-per-read", b"\n", "nothing for 4 s"),
        ("echo", b"", "no method is known"),
    ],
)
def test_what_is_no_stream_of_texts_is_one_line(null: str, answer: bytes, why: str) -> None:
    """Another framing, silence, a page, a line without end, an echo."""
    target = memory_target("jsonrpctcp", make_session=lambda: NULLS[null](b"", answer))
    survey(target, column_of(PROTOCOLS["jsonrpctcp"]))
    assert why in target.survey.problem and not target.survey.sound, target.survey.problem
    assert len(target.survey.problem) < 1000 and "\n" not in target.survey.problem


def test_a_web_server_is_no_endpoint() -> None:
    """Our own HTTP server: POST to its root is 405."""
    target = memory_target("jsonrpc", make_session=HttpSession)
    survey(target, column_of(PROTOCOLS["jsonrpc"]))
    assert "HTTP 405 with text/html" in target.survey.problem, target.survey.problem


class Hostile(JsonRpcHttp):
    """Answers every call with what nobody should believe."""

    body = b""

    def answer_rpc(self, request: Any) -> Any:
        super().answer_rpc(request)
        return self.carried(self.body)


@pytest.mark.parametrize(
    "body",
    [
        b'{"jsonrpc":"2.0","result":' + b"9" * 100_000 + b',"id":' + b"9" * 5000 + b"}",
        b'{"jsonrpc":"2.0","result":' + b"9" * 1000 + b',"id":' + b"9" * 1000 + b"}",
        b'{"jsonrpc":"2.0","result":1e99999999999999999999,"id":-1e-99999999999999999999}',
        b'{"jsonrpc":"2.0","error":{"code":1e400,"message":NaN},"id":Infinity}',
        b'{"jsonrpc":"2.0","error":{"code":"\\ud800","message":{}},"id":"\xff\xed\xa0\x80"}',
        b'{"jsonrpc":"2.0","jsonrpc":1,"result":{"a":1,"a":2},"id":NaN,"id":[]}',
        b"[" + b"{}," * 10_000 + b"{}]",
        b'[[],1,null,"\\u0000"]',
        b'{"result":' + b"[" * 190 + b"]" * 190 + b"}",
    ],
)
def test_no_answer_is_an_error_of_ours(body: bytes) -> None:
    """Huge numbers, NaN, half pairs, names twice, depth: every case has a verdict, and none is green or an ERROR."""
    column = column_of(PROTOCOLS["jsonrpc"])
    good = memory_target("jsonrpc")
    survey(good, column)
    session = type("Once", (Hostile,), {"body": body})
    for case in cases("jsonrpc"):
        target = memory_target("jsonrpc", session=session)
        target.survey = good.survey
        outcome = judge(case.function, {rung: column.rungs[rung] for rung in case.rungs}, case.values, target, column)
        assert outcome.verdict not in (Verdict.PASS, Verdict.ERROR), f"{case.name}: {outcome.problem!r}"

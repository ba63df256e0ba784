"""ONC RPC targets: which program is called, what is made of the options, and what is no RPC server at all."""

from __future__ import annotations

import pytest

from pytest_netconform.fixtures.network import column_of, memory_target
from pytest_netconform.judge import Outcome, judge, survey
from pytest_netconform.protocols import PROTOCOLS
from pytest_netconform.reference_servers.null import NULL_DATAGRAMS, NULLS
from pytest_netconform.reference_servers.oncrpc import ECHO_PROGRAM, Calls, RpcConfig, RpcDatagrams, RpcStream
from pytest_netconform.target import Target, TargetError, parse_target
from pytest_netconform.verdict import Verdict
from pytest_netconform.wire.oncrpc import Received
from tests.gates import cases

BOTH = pytest.mark.parametrize("protocol", ["oncrpc", "oncrpcudp"])


def judged(target: Target, protocol: str, name: str) -> Outcome:
    """The outcome of one case, behind the sanity dialogue."""
    column = column_of(PROTOCOLS[protocol])
    survey(target, column)
    case = next(case for case in cases(protocol) if case.name == name)
    return judge(case.function, {rung: column.rungs[rung] for rung in case.rungs}, case.values, target, column)


def users(protocol: str, calls: type[Calls] = Calls, **options: str) -> Target:
    """A target of a user's: the same server, of which nothing is known but these options."""
    config = RpcConfig()
    make = (lambda: RpcDatagrams(config, calls)) if protocol == "oncrpcudp" else lambda: RpcStream(config, calls)
    given = {"program": "", "version": "", "echo": ""}
    return memory_target(protocol, {**given, **options}, make_session=make)


@BOTH
def test_the_port_mapper_is_called_unasked(protocol: str) -> None:
    """Where nothing is said it is program 100000, version 2; GETPORT takes arguments."""
    target = users(protocol)
    outcome = judged(target, protocol, "test_null")
    assert outcome.verdict is Verdict.PASS
    assert target.survey.capabilities == {"PORTMAPPER", "ARGUMENTS"}
    assert b"\x00\x01\x86\xa0\x00\x00\x00\x02" in b"".join(event.data for event in outcome.transcript.events)


@BOTH
@pytest.mark.parametrize("program", [str(ECHO_PROGRAM), hex(ECHO_PROGRAM)])
def test_a_version_is_found(protocol: str, program: str) -> None:
    """A program's highest version is asked for."""
    assert judged(users(protocol, program=program), protocol, "test_no_such_version").verdict is Verdict.PASS


@BOTH
@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"program": "nfs"}, "?program=nfs is no number between 0 and 4294967295"),
        ({"program": "4294967296"}, "?program=4294967296 is no number"),
        ({"version": "-1"}, "?version=-1 is no number"),
        ({"program": "100003"}, "program 100003 is not there (PROG_UNAVAIL); name one that is by ?program="),
        ({"version": "3"}, "PROG_MISMATCH with versions 2 to 2"),
        ({"echo": "int:1,text:2"}, "?echo=text:2: write TYPE:PROCEDURE, with a type out of int, unsigned"),
        ({"echo": "int"}, "?echo=int: write TYPE:PROCEDURE"),
    ],
)
def test_bad_options_are_one_line(protocol: str, options: dict[str, str], why: str) -> None:
    """What is wrong, and what to write; no check passes."""
    target = users(protocol, **options)
    outcome = judged(target, protocol, "test_null")
    assert outcome.verdict is Verdict.INCONCLUSIVE and why in target.survey.problem, target.survey.problem


def test_options_and_schemes() -> None:
    """Targets are read with port 111, and the reference refuses what it does not know."""
    assert parse_target("oncrpc://host").port == parse_target("oncrpc+udp://host").port == 111
    assert parse_target("oncrpc+udp://host?program=100003&version=3").way.datagrams
    with pytest.raises(TargetError, match="unknown target option 'progam'; did you mean program"):
        parse_target("oncrpc://host?progam=1")
    for options, why in (({"witout": "x"}, "no option 'witout'"), ({"without": "ECHO"}, "only PORTMAPPER")):
        with pytest.raises(TargetError, match=why):
            memory_target("oncrpc", options)


class WithoutNull(Calls):
    """A program of which nobody thought that it has a procedure 0."""

    def carried_out(self, call: Received) -> bytes | None:
        reply = super().carried_out(call)
        return self.no_procedure(call) if call.procedure == 0 and reply and reply[20:24] == bytes(4) else reply


@BOTH
def test_null_is_a_convention(protocol: str) -> None:
    """A server without it is judged by what it has; the lack is noted."""
    outcome = judged(users(protocol, WithoutNull), protocol, "test_null")
    assert outcome.verdict is Verdict.PASS and "there is no procedure 0" in outcome.notes[0]
    assert judged(users(protocol, WithoutNull), protocol, "test_no_such_program").verdict is Verdict.PASS


@BOTH
@pytest.mark.parametrize(
    ("name", "lacking"),
    [
        ("test_cut_arguments[0]", "ARGUMENTS"),
        ("test_dump", "PORTMAPPER"),
        ("test_integers[-1]", "?echo="),
    ],
)
def test_what_is_not_there_is_not_applicable(protocol: str, name: str, lacking: str) -> None:
    """A program without the port mapper, without arguments that are known: what needs them is left out."""
    target = memory_target(protocol, {"without": "PORTMAPPER", "echo": "", "program": str(ECHO_PROGRAM)})
    outcome = judged(target, protocol, name)
    assert outcome.verdict is Verdict.NOT_APPLICABLE and outcome.lacking == lacking


def test_a_type_that_is_not_named_is_not_applicable() -> None:
    """`?echo=int:1` has no double."""
    target = memory_target("oncrpc", {"echo": "int:1"})
    assert judged(target, "oncrpc", "test_integers[-1]").verdict is Verdict.PASS
    outcome = judged(memory_target("oncrpc", {"echo": "int:1"}), "oncrpc", "test_wide_values[double]")
    assert outcome.verdict is Verdict.NOT_APPLICABLE and outcome.lacking == "?echo=double:"


@pytest.mark.parametrize(
    ("null", "answer", "why"),
    [
        ("web-page", b"", "announces 1213486160 octets"),
        ("silent", b"", "nothing for 4 s"),
        ("close", b"", "the connection was closed"),
        ("echo", b"", "msg_type is 0, not 1"),
        ("same-per-read", b"\xff\xff\xff\xff" + b"x" * 100, "announces 2147483647 octets"),
        ("same-per-read", b"\x00\x00\x00\x00" * 1000, "unfinished, then nothing for 4 s"),
    ],
)
def test_what_is_no_rpc_server_is_one_line(null: str, answer: bytes, why: str) -> None:
    """A web page, silence, an echo, 2 GiB, empty fragments without end: the sanity dialogue says what came."""
    target = memory_target("oncrpc", make_session=lambda: NULLS[null](b"", answer))
    survey(target, column_of(PROTOCOLS["oncrpc"]))
    assert why in target.survey.problem and not target.survey.sound
    assert target.survey.spoke is (null not in ("silent", "close"))
    assert len(target.survey.problem) < 1000 and "\n" not in target.survey.problem


@pytest.mark.parametrize(("null", "why"), [("silent", "nothing in 3 tries"), ("absent", "a refusal")])
def test_nobody_over_datagrams(null: str, why: str) -> None:
    """Silence is told from a refusal."""
    target = memory_target("oncrpcudp", make_session=lambda: NULL_DATAGRAMS[null](b"", b""))
    survey(target, column_of(PROTOCOLS["oncrpcudp"]))
    assert why in target.survey.problem and not target.survey.spoke
    assert target.survey.absent is (null == "absent")

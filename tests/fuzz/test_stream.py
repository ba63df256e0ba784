"""The models of dialects: what they call right and wrong, in octets that are known; and peace with every dialect."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from pytest_netconform.dialect import Exchange
from pytest_netconform.dialect.rules import unframed
from pytest_netconform.dialects import READY
from pytest_netconform.fuzz.exploration import Budget
from pytest_netconform.models.messages import blocked, fitted, rough, sample
from pytest_netconform.models.model import Step, Wrong
from pytest_netconform.models.stream import (
    FLOW,
    MANY,
    OVER,
    RULES,
    SINGLE,
    SPEAKS,
    TALKS,
    WHOLE,
    StreamModel,
    manner,
)
from pytest_netconform.strategies.stream import TEXTS
from pytest_netconform.wire.frames import Frame
from tests.fuzz.gates import explored, told

EXAMPLES = 5


def held(dialect: str, *steps: Step) -> tuple[StreamModel, list[bytes]]:
    """A model to which these were said, and the octets of each."""
    model = StreamModel(READY[dialect])
    said = []
    for step in steps:
        assert model.possible(step.word), step
        said.append(model.say(step))
    return model, said


def hear(model: StreamModel, *payloads: bytes) -> None:
    """These answers come."""
    for payload in payloads:
        model.hear(Step("ask"), b"", Frame(payload, payload))


# -- right ones


@pytest.mark.parametrize(
    ("dialect", "steps", "said", "answers"),
    [
        ("lines", [Step("ask", b"a")], b"a\r\n", [b"a"]),
        ("lines", [Step("ask", b"a", (), True), Step("ask", b"b")], b"a\r\nb\r\n", [b"a", b"b"]),
        ("lines", [Step("part", b"\0ab"), Step("rest")], b"ab\r\n", [b"ab"]),
        ("zen", [Step("ask", b"\2"), Step("ask", b"\0")], b"Simple is better than?Beautiful is better than?", None),
        ("netstring", [Step("empty"), Step("ask", b"a")], b"0:,1:a,", [b"", b"a"]),
        ("netstring", [Step("empty"), Step("ask", b"a")], b"0:,1:a,", [b"a"]),
        ("netstring", [Step("empty"), Step("empty"), Step("ask", b"a")], b"0:,0:,1:a,", [b"", b"a"]),
        ("escaped", [Step("ask", b"a.b\\")], b"a\\.b\\\\.", [b"a.b\\"]),
        ("sixteen", [Step("ask", b"a")], b"a" + bytes(15), [b"a" + bytes(15)]),
        ("echo", [Step("ask", b"\r\n", (), True), Step("ask", b"x")], b"\r\nx", [b"\r\nx"]),
        ("ident", [Step("ask", b"\1")], b"23, 6191\r\n", [b"23,6191:ERROR:HIDDEN-USER\r\n"]),
    ],
)
def test_right_answers_in_order(
    dialect: str, steps: Sequence[Step], said: bytes, answers: Sequence[bytes] | None
) -> None:
    """What is said is framed as the dialect has it, and its answers are heard without a word."""
    model, octets = held(dialect, *steps)
    assert b"".join(octets) == said
    hear(model, *([b"Complex.", b"Ugly."] if answers is None else answers))
    assert not model.due


# -- each rule, broken


@pytest.mark.parametrize(
    ("dialect", "steps", "answers", "rule"),
    [
        ("lines", [Step("ask", b"a")], [b"b"], "ask"),
        ("lines", [Step("ask", b"a"), Step("ask", b"b")], [b"b"], "ask"),
        ("lines", [Step("ask", b"a"), Step("ask", b"b")], [b"a", b"a"], "ask"),
        ("netstring", [Step("empty"), Step("ask", b"a")], [b"", b""], "ask"),
        ("netstring", [Step("ask", b"a"), Step("empty")], [b""], "ask"),
        ("zen", [Step("ask", b"\0")], [b"Complex."], "ask"),
        ("echo", [Step("ask", b"a"), Step("ask", b"b")], [b"ba"], "flow"),
    ],
)
def test_wrong_answers(dialect: str, steps: Sequence[Step], answers: Sequence[bytes], rule: str) -> None:
    """Another answer, another order, the same one twice."""
    model, _ = held(dialect, *steps)
    with pytest.raises(Wrong) as wrong:
        hear(model, *answers)
    assert wrong.value.rule == RULES[rule]


@pytest.mark.parametrize(("index", "judged"), [(0, True), (2, True), (4, False)])
def test_octets_that_are_no_request(index: int, judged: bool) -> None:
    """A length that cannot be must not be answered as the message is; of what is too short that is only recommended."""
    model, _ = held("prefixed", Step("wrong", bytes([index])))
    right = READY["prefixed"].probe(1).say
    assert not model.possible("ask") and model.possible("leave")
    model.react([b"an error"])
    for payload in (right, right[:3], b""):
        if judged:
            with pytest.raises(Wrong):
                model.react([payload])
        else:
            model.react([payload])


def test_a_request_that_was_begun_comes_first() -> None:
    """Within a request nothing else can be said, but that we go."""
    model, _ = held("lines", Step("part", b"\0ab"))
    assert not model.possible("ask") and model.possible("rest") and model.possible("leave")
    model.begin()
    assert model.possible("ask") and not model.due


def test_a_server_for_one_client_is_left_once() -> None:
    """Where the dialect says that nobody is served after the first client, a walk has one connection."""
    result = explored("stream", Budget(examples=EXAMPLES), options={"dialect": "lines", "serves": "once"})
    assert not result.findings, told(result)
    model = StreamModel(READY["lines"])
    model.state = OVER
    assert not any(map(model.possible, ("ask", "leave", "abort", "part", "end"))) and model.possible("seldom")


def test_a_second_walk_says_the_same() -> None:
    """The octets of a step follow from the steps before it alone."""
    steps = [Step("ask", b""), Step("long", b"258"), Step("many", b"3"), Step("part", b"\x81a"), Step("rest")]
    assert held("prefixed", *steps)[1] == held("prefixed", *steps)[1]


# -- messages


def test_manners() -> None:
    """How one speaks to a server follows from its dialect."""
    found = {name: manner(READY[name]) for name in ("echo", "daytime", "chargen", "finger", "ident", "zen", "blocks")}
    assert list(found.values()) == [FLOW, SPEAKS, TALKS, SINGLE, WHOLE, MANY, MANY]


@pytest.mark.parametrize("name", [name for name, dialect in READY.items() if dialect.rule])
def test_whatever_is_drawn_is_fitted(name: str) -> None:
    """Drawn octets become a request that survives its framing, as does its answer."""
    dialect = READY[name]
    for number, text in enumerate((*TEXTS, b"", b"x" * 2000)):
        exchange = fitted(dialect, text, number)
        assert exchange.say and exchange.hear == dialect.ruled(exchange.say)
        assert not unframed(dialect.requests, exchange.say) and not unframed(dialect.replies, exchange.hear)


def test_samples_are_taken_in_turn() -> None:
    """The first octet says which; one with an id gets another one."""
    zen, numbered = READY["zen"], READY["numbered"]
    assert [sample(zen, bytes([n]), 0).say for n in (0, 3)] == [zen.exchanges[0].say] * 2
    assert sample(numbered, b"\1", 9) == Exchange(b"\0\x09Explicit is better than?", b"\0\x09Implicit.")


def test_blocks() -> None:
    """One payload in so many blocks, and the empty one."""
    assert blocked(READY["blocks"], b"abc", 2) == b"\0\0\0\2ab\0\0\0\1c\0\0\0\0"


ROUGH: list[tuple[Step, bytes]] = [
    (Step("noise", b"\0\1"), b"\0\1"),
    (Step("message", b"\0a"), b"1:a,"),
    (Step("torn", b"\3"), b"8:a"),
    (Step("spoilt", b"\1x"), b"8x:aaaaaaab,"),
    (Step("wrong", b"\1tail"), b"08:aaaaaaab,tail"),
]


@pytest.mark.parametrize(("step", "octets"), ROUGH, ids=[step.word for step, _ in ROUGH])
def test_hostile_octets(step: Step, octets: bytes) -> None:
    """Each way to be nearly a message, of a netstring."""
    assert rough(READY["netstring"], step) == octets


# -- every dialect


@pytest.mark.parametrize("property", ["dialogue", "cuts", "hostile"])
@pytest.mark.parametrize("name", READY)
def test_every_dialect_is_walked_in_peace(name: str, property: str) -> None:
    """A few examples of each property find nothing at our own server, whatever it speaks."""
    protocol = "stream" if READY[name].streams else "datagram"
    result = explored(protocol, Budget(examples=EXAMPLES), property=property, options={"dialect": name})
    assert not result.findings, told(result)
    assert result.examples == EXAMPLES and not (result.died or result.varied or result.broken_off)

"""Dialects: what cannot be is refused, what is made up can be said, and each claims exactly what it has."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_netconform.dialect import WORDS, Dialect, DialectProblem, Exchange, IdField
from pytest_netconform.dialect.rules import STANDARDS, unframed
from pytest_netconform.dialects import READY
from pytest_netconform.wire.framing import (
    Datagram,
    Delimited,
    Fixed,
    Flow,
    Framing,
    Lines,
    Prefixed,
    UntilClose,
)


def test_a_dialect_in_python_is_checked_alike() -> None:
    """A value that contradicts itself cannot be made; the problem names its key."""
    with pytest.raises(DialectProblem, match=r"^exchange\[1\].say: the delimiter b'\\r\\n'") as caught:
        Dialect("x", Delimited(b"\r\n"), exchanges=(Exchange(b"a\r\nb", b"c"),))
    assert (caught.value.key, caught.value.where) == ("exchange[1].say", "")
    for field, value, key in (("name", "", "name"), ("standard", "rfc1", "standard"), ("transport", "udp", "requests")):
        with pytest.raises(DialectProblem, match=f"^{key}: "):
            replace(READY["echo"], **{field: value})
    wrong: Any = "hello"
    for fields, problem in (
        ({"requests": wrong}, r"^requests: 'hello' is no framing"),
        ({"exchanges": [Exchange(wrong)]}, r"^exchange\[1\]\.say: 'hello' is not octets"),
        ({"greeting": Exchange(pattern=wrong)}, r"^greeting\.hear_pattern: 'hello' is not octets"),
    ):
        with pytest.raises(DialectProblem, match=problem):
            Dialect(**{"name": "x", "requests": Lines(), "rule": "echo", **fields})
    with pytest.raises(DialectProblem, match=r"^greeting\.silence: "):
        Dialect("x", Lines(), rule="echo", greeting=Exchange(silence=True))
    with pytest.raises(DialectProblem, match=r"^greeting\.say: "):
        Dialect("x", Lines(), rule="echo", greeting=Exchange(b"a", b"a"))


# -- what a dialect knows


def test_what_is_heard() -> None:
    """A sample is heard octet for octet, a pattern as a whole, silence as nothing; the rest is unknown."""
    zen = READY["zen"]
    heard = zen.answered(b"Simple is better than?")
    assert heard is not None and heard.fits(b"Complex.") and not heard.fits(b"Complex. ") and not heard.fits(None)
    assert (unknown := zen.answered(b"Why?")) == Exchange(b"Why?", b"Error: unknown aphorism.")
    assert unknown.describe() == "b'Error: unknown aphorism.'"
    assert Exchange(b"a", pattern=b"b+").fits(b"bb") and not Exchange(b"a", pattern=b"b+").fits(b"bbc")
    assert Exchange(b"a", silence=True).fits(None) and not Exchange(b"a", silence=True).fits(b"")
    assert replace(zen, unknown=None).answered(b"Why?") is None
    assert READY["upper"].answered("aß".encode()) == Exchange("aß".encode(), "Aß".encode())


def test_ids_are_repeated() -> None:
    """Probes of a dialect with ids carry one each, and so does what is heard for them, known or not."""
    numbered = READY["numbered"]
    probe = numbered.probe(300)
    assert probe == Exchange(b"\x01\x2cBeautiful is better than?", b"\x01\x2cUgly.")
    assert numbered.answered(probe.say) == probe
    assert numbered.answered(b"\xff\xffWhy?") == Exchange(b"\xff\xffWhy?", b"\xff\xffError: unknown aphorism.")
    upper = Dialect("x", Datagram(), transport="udp", rule="upper", id=IdField(1, 2))
    letters = upper.probe(0x6162).say[3:]
    assert upper.probe(0x6162) == Exchange(b"\x00ab" + letters, b"\x00ab" + letters.upper())


RULED = [dialect for dialect in READY.values() if dialect.rule]


@given(st.sampled_from(RULED), st.integers(0, 1 << 30), st.integers(0, 2000))
def test_probes_survive_their_framing(dialect: Dialect, number: int, size: int) -> None:
    """What is made up can be said and heard, in the size asked for if there is room, and differs from the next."""
    size = size if dialect.most is None else min(size, dialect.most)
    probe, other = dialect.probe(number, size), dialect.probe(number + 1, size)
    assert unframed(dialect.requests, probe.say) == unframed(dialect.replies, probe.hear or b"") == ""
    assert len(probe.say) == (dialect.requests.size or size or 8)
    assert probe != other
    assert dialect.answered(probe.say) == probe


@pytest.mark.parametrize(
    "framing", [Fixed(1), Fixed(3), Prefixed("!b"), Delimited(b"ab"), Delimited(b"9??", kept=True)]
)
def test_probes_of_odd_framings(framing: Framing) -> None:
    """Small sizes and marks made of letters leave enough to make ten different requests of."""
    dialect = Dialect("x", framing, rule="upper")
    assert len({probe.say for probe in dialect.probes(10)}) == 10


def test_probes_take_turns() -> None:
    """Without a rule the samples with one right reply are said one after the other."""
    zen = READY["zen"]
    assert zen.probes(4) == (*zen.exchanges, zen.exchanges[0])
    with pytest.raises(DialectProblem, match=r"^exchange: no sample has a reply that is known"):
        READY["discard"].probe()


def test_the_longest() -> None:
    """The bound of a payload is the least of what both framings and both declarations allow."""
    assert Dialect("x", Prefixed("!H"), rule="echo", largest_reply=1000).most == 1000
    assert Dialect("x", Prefixed("!H"), Prefixed("!B"), rule="echo").most == 255
    assert Dialect("x", Lines(), rule="echo").most is None
    assert len(Dialect("x", Lines(), rule="echo", largest_request=3).probe().say) == 3


# -- capabilities

FRAMED = {"known", "asked", "exact", "distinct", "framed", "stream", "tcp", "many"}
ECHO = FRAMED | {"rule", "echo", "binary"}
FLOW = ECHO - {"framed", "echo"} | {"flow", "replies-flow"}
UDP = {"asked", "datagram", "udp", "many"}
SPEAKER = {"stream", "tcp", "many", "unasked", "replies-until-close"}
CAPABILITIES: dict[str, set[str]] = {
    "echo": FLOW | {"echo", "rfc862"},
    "echo-udp": UDP | {"known", "exact", "distinct", "rule", "echo", "binary", "rfc862"},
    "upper": FLOW | {"upper"},
    "upper-udp": UDP | {"known", "exact", "distinct", "rule", "upper", "binary"},
    "discard": {"asked", "stream", "tcp", "many", "flow", "replies-flow", "silence", "rfc863"},
    "discard-udp": UDP | {"silence", "rfc863"},
    "daytime": SPEAKER | {"rfc867"},
    "daytime-udp": UDP | {"known", "unknown", "rfc867"},
    "time": SPEAKER | {"rfc868"},
    "time-udp": UDP | {"known", "unknown", "rfc868"},
    "qotd": SPEAKER | {"rfc865"},
    "qotd-udp": UDP | {"known", "unknown", "rfc865"},
    "chargen": {"stream", "tcp", "many", "unasked-stream", "replies-flow", "rfc864"},
    "chargen-udp": UDP | {"known", "unknown", "rfc864"},
    "systat": SPEAKER | {"rfc866"},
    "finger": SPEAKER - {"unasked"} | {"asked", "known", "unknown", "lines", "delimited", "rfc1288"},
    "ident": SPEAKER - {"unasked"} | {"asked", "known", "distinct", "until-close", "rfc1413"},
    "zen": FRAMED | {"delimited", "text", "ascii", "unknown", "fpnp7"},
    "terse": UDP | {"known", "exact", "distinct", "rule", "echo", "binary"},
    "memcached-udp": UDP | {"known", "id", "memcached"},
    "numbered": UDP | {"known", "exact", "distinct", "text", "ascii", "unknown", "id"},
    "lines": ECHO - {"binary"} | {"lines", "delimited", "text", "utf-8"},
    "escaped": ECHO | {"delimited", "escaped"},
    "json-lines": FRAMED | {"lines", "delimited", "text", "utf-8", "unknown"},
    "sixteen": ECHO | {"fixed"},
    "prefixed": ECHO | {"prefixed", "byte-order"},
    "prefixed-octet": ECHO | {"prefixed"},
    "prefixed-text": ECHO - {"binary"} | {"prefixed", "byte-order", "text", "utf-8"},
    "varint": ECHO | {"varint"},
    "blocks": ECHO | {"blocks", "byte-order"},
    "netstring": ECHO | {"netstring"},
    "until-close": ECHO - {"framed"} | {"until-close", "replies-until-close"},
    "checked": ECHO | {"prefixed", "byte-order", "checksum"},
    "zlib-prefixed": ECHO | {"prefixed", "byte-order", "zlib"},
    "zlib": ECHO | {"zlib", "zlib-stream"},
}


def test_ready_dialects_claim_what_they_have() -> None:
    """Every ready dialect, and exactly what checks may ask of it."""
    assert {name: set(dialect.capabilities) for name, dialect in READY.items()} == CAPABILITIES
    assert all(name == dialect.name for name, dialect in READY.items())


def test_every_standard_is_ready() -> None:
    """The services of old are there over TCP and over UDP; some others over one of them alone."""
    alone = {"memcached": "udp", "rfc866": "tcp", "rfc1288": "tcp", "rfc1413": "tcp", "fpnp7": "tcp"}
    for standard in STANDARDS:
        transports = {dialect.transport for dialect in READY.values() if dialect.standard == standard}
        assert transports == ({alone[standard]} if standard in alone else {"tcp", "udp"})


def test_every_capability_has_words() -> None:
    """WORDS lists what dialects claim: nothing else is claimed, and nothing is listed that none can claim."""
    others: list[dict[str, Any]] = [
        {"requests": Lines(), "transport": "unix", "serves": "once", "greeting": Exchange(hear=b"hello")},
        {"requests": Datagram(), "transport": "unix-dgram", "serves": "one-at-a-time"},
    ]
    dialects = [*READY.values(), *(Dialect("x", rule="echo", **fields) for fields in others)]
    assert {word for dialect in dialects for word in dialect.capabilities} == set(WORDS)


def test_what_cannot_be_asked_is_not_claimed() -> None:
    """One reply for all samples distinguishes none; a mark leaves no room for every octet; replies up to the close are
    not told apart."""
    alike = Dialect("x", Lines(), exchanges=(Exchange(b"a", b"ok"), Exchange(b"b", b"ok")))
    assert "exact" in alike.capabilities and "distinct" not in alike.capabilities
    assert "binary" not in Dialect("x", Delimited(b"?"), rule="echo").capabilities
    assert "framed" not in Dialect("x", Lines(), UntilClose(), exchanges=alike.exchanges).capabilities
    codes = [Exchange(b"a", pattern=rb"2.*", example=b"250 ok"), Exchange(b"b", pattern=rb"5.*", example=b"500 no")]
    patterns = Dialect("x", Lines(), exchanges=tuple(codes))
    assert {"known", "distinct"} <= patterns.capabilities and "exact" not in patterns.capabilities
    assert patterns.probe(3) == codes[1]
    assert "known" not in Dialect("x", Lines(), exchanges=(Exchange(b"a", silence=True),)).capabilities
    assert "flow" not in Dialect("x", Lines(), Flow(), exchanges=alike.exchanges).capabilities


def test_a_dialect_describes_itself() -> None:
    """One line, whether both directions are framed alike or not."""
    assert READY["sixteen"].describe() == "sixteen over tcp: messages of 16 octets"
    zen = "zen over tcp: requests: messages that end in b'?'; replies: messages that end in b'.'"
    assert READY["zen"].describe() == zen

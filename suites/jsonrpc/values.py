"""Values (RFC 8259): text, numbers, names twice, and depth, as they go in and come out."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from pytest_netconform.dialogues.jsonrpc import JsonRpc, described
from pytest_netconform.requirement import INTEROP, MUST, SECURITY, hostile, requirement
from pytest_netconform.verdict import Inconclusive, NonConformity
from pytest_netconform.visit import shown
from pytest_netconform.wire.json_text import LONE, MARKED, NO_NUMBER, NOT_UTF8, is_number, same
from pytest_netconform.wire.jsonrpc import PARSE_ERROR, Reply, Response, text

#: Octets of a JSON string → what it says.
STRINGS = {
    "escape": (rb'"\u00e9"', "\u00e9"),
    "pair": (rb'"\ud83d\ude00"', "\U0001f600"),
    "raw": ('"\u00e9\u4e16\U0001f600"'.encode(), "\u00e9\u4e16\U0001f600"),
    "controls": (rb'"\u0000\u001f\b\t\n\"\\\/"', '\0\x1f\b\t\n"\\/'),
}
NUMBERS = {"1e400": Decimal("1e400"), "-0": 0, "12345678901234567890": 12345678901234567890, "0.1": Decimal("0.1")}
#: How they are written where they are near, as a regular expression; for a reproducer.
NEAR = {"-0": rb"-?0", "12345678901234567890": rb"1\.?234567[0-9.]*(?:[eE]\+?19)?", "0.1": rb"(?:0\.|1[eE]-0*)1"}
LARGE = Decimal("1e308")
DEEP = {"brackets": b"[" * 100_000, "params": b"[" * 5000 + b"]" * 5000}


def _echo(rpc: JsonRpc, octets: bytes) -> tuple[bytes, int]:
    """A call of the echo with these octets as its parameter."""
    id = rpc.next_id()
    name, _ = rpc.echoing(None)
    return b'{"jsonrpc":"2.0","method":%b,"params":[%b],"id":%d}' % (text(name), octets, id), id


def _answered(rpc: JsonRpc, octets: bytes, id: int, expected: str) -> tuple[Reply, Response]:
    """The Response object of a call; its text is UTF-8, without a mark in front (RFC 8259 8.1).

    A refusal may have the id null: what could not be read was not.
    """
    reply = rpc.said(octets, expected)
    response = rpc.sole(reply, f"{expected} in answer to {shown(octets)}")
    right = same(response.id, id) or (response.refused and response.id is None)
    rpc.require(right, f"the id {id} in answer to {shown(octets)}", described(reply))
    flaws = [flaw for flaw in reply.text.flaws if flaw in (NOT_UTF8, MARKED)]
    rpc.require(not flaws, f"UTF-8 in answer to {shown(octets)}", f"{', '.join(flaws)}: {described(reply)}")
    return reply, response


@requirement("JR-unicode", MUST, "RFC 8259 7, 8.1, 8.2", "Text is UTF-8, or escaped, and says the same either way.")
@pytest.mark.parametrize("what", list(STRINGS))
def test_text(jsonrpc: JsonRpc, what: str) -> None:
    """The echo gives back the same characters."""
    literal, value = STRINGS[what]
    octets, id = _echo(jsonrpc, literal)
    expected = f"the string {text(value).decode()}"
    reply, response = _answered(jsonrpc, octets, id, expected)
    jsonrpc.require(
        same(jsonrpc.unechoed(response.result), value), f"{expected} in answer to {shown(octets)}", described(reply)
    )


@requirement("JR-unicode", MUST, "RFC 8259 7, 8.1, 8.2", "Text is UTF-8, or escaped, and says the same either way.")
def test_half_a_pair(jsonrpc: JsonRpc) -> None:
    r"""`\ud800` alone means nothing: an error, a replacement or the same escape are right; the response is UTF-8."""
    octets, id = _echo(jsonrpc, rb'"\ud800"')
    reply, response = _answered(jsonrpc, octets, id, "a Response object")
    told = "refused" if response.refused else "escaped again" if LONE in reply.text.flaws else "replaced"
    jsonrpc.note(f"half of a surrogate pair is {told}")
    jsonrpc.alive()


@requirement("JR-numbers", MUST, "RFC 8259 6, 9, 10", "Numbers come out as JSON has them, never as Infinity or NaN.")
@pytest.mark.parametrize("number", list(NUMBERS))
def test_numbers(jsonrpc: JsonRpc, number: str) -> None:
    """The same number as near as a double is; what is beyond doubles may be an error, null, or a large number."""
    octets, id = _echo(jsonrpc, number.encode())
    expected = f"{number}, as a JSON number, or what is near"
    reply, response = _answered(jsonrpc, octets, id, expected)
    expected += f" in answer to {shown(octets)}"
    jsonrpc.require(NO_NUMBER not in reply.text.flaws, expected, described(reply))
    if number == "1e400":
        _beyond_doubles(jsonrpc, reply, response, expected)
        return
    found = jsonrpc.unechoed(response.result)
    if not is_number(found) or float(Decimal(found)) != float(NUMBERS[number]):  # type: ignore[arg-type]
        pattern = rb'(?s:.*?)"result"\s*:[\s\[]*' + NEAR[number]
        raise NonConformity(expected, described(reply), pattern=pattern)
    if not same(found, NUMBERS[number]):
        jsonrpc.note(f"{number} comes back as {found}")


def _beyond_doubles(rpc: JsonRpc, reply: Reply, response: Response, expected: str) -> None:
    found: Any = rpc.unechoed(response.result)
    large = is_number(found) and found >= LARGE
    rpc.require(response.refused or found is None or large, expected, described(reply))
    rpc.note("1e400 is refused" if response.refused else f"1e400 comes back as {'null' if found is None else found}")


@requirement("JR-numbers", MUST, "RFC 8259 6, 9, 10", "Numbers come out as JSON has them, never as Infinity or NaN.")
def test_no_number(jsonrpc: JsonRpc) -> None:
    """NaN is no JSON: -32700; who takes it all the same does not give it back."""
    octets, _ = _echo(jsonrpc, b"NaN")
    jsonrpc.welcome()
    expected = f"an error {PARSE_ERROR}, and no NaN, in answer to {shown(octets)}"
    reply = jsonrpc.said(octets, f"an error {PARSE_ERROR}")
    response = reply.single
    if response is None:
        raise Inconclusive(f"{described(reply)}; JR-parse-error judges that")
    jsonrpc.require(NO_NUMBER not in reply.text.flaws, expected, described(reply))
    if response.code == PARSE_ERROR:
        jsonrpc.require(response.id is None, expected + ", with the id null", described(reply))
        jsonrpc.visit.evidence.add("refusal")
    else:
        jsonrpc.note(f"NaN is taken: {described(reply)}")


@requirement("JR-dup-keys", INTEROP, "RFC 8259 4", "Of a name twice in one object nobody knows what is made.")
def test_names_twice(jsonrpc: JsonRpc) -> None:
    """Two ids: the first, the last, or an error."""
    jsonrpc.welcome()
    first, last = jsonrpc.next_id(), jsonrpc.next_id()
    octets = text(jsonrpc.working("@")).replace(b'"id":"@"', b'"id":%d,"id":%d' % (first, last))
    expected = f"the first id, the last, or an error, in answer to {shown(octets)}"
    reply = jsonrpc.said(octets, "a Response object")
    response = jsonrpc.sole(reply, expected)
    if response.refused:
        jsonrpc.observe(f"refused: {response.code}")
    elif same(response.id, first) or same(response.id, last):
        jsonrpc.observe("the first" if same(response.id, first) else "the last")
    else:
        raise NonConformity(expected, described(reply))


@requirement("JR-deep", SECURITY, "RFC 8259 9", "A parser may limit depth; a deep text does not harm the server.")
@hostile
@pytest.mark.parametrize("what", list(DEEP))
def test_depth(jsonrpc: JsonRpc, what: str) -> None:
    """100000 brackets that nobody closes, and 5000 arrays in one another: any answer, or the close; and it goes on."""
    octets = DEEP[what]
    if what == "params":
        method = jsonrpc.method("ping") if jsonrpc.has("ping") else jsonrpc.sample().method
        octets = b'{"jsonrpc":"2.0","method":%b,"params":%b,"id":%d}' % (text(method), octets, jsonrpc.next_id())
    jsonrpc.note(f"{what}: {jsonrpc.weathered(octets)}")
    jsonrpc.alive()


NOT_CHECKED: list[tuple[str, str]] = []

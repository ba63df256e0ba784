"""JSON-RPC 2.0 as values: requests, responses and what is wrong about them, and texts in a stream."""

from __future__ import annotations

import re

import pytest

from pytest_netconform.wire.json_text import ABSENT
from pytest_netconform.wire.jsonrpc import (
    FRAMINGS,
    HEADER_OCTETS,
    HeaderReader,
    LineReader,
    Message,
    ReplyFramer,
    Response,
    error,
    parse_reply,
    parse_response,
    request,
    result,
    text,
    whole,
)

RIGHT = text(result(19, 1))


def test_requests() -> None:
    """Members in the order of the specification's examples; what is absent is left out."""
    assert text(request("subtract", [42, 23], 1)) == b'{"jsonrpc":"2.0","method":"subtract","params":[42,23],"id":1}'
    assert text(request("update")) == b'{"jsonrpc":"2.0","method":"update"}'
    assert text(request("x", id=None)) == b'{"jsonrpc":"2.0","method":"x","id":null}'
    assert text([request(1, "bar", jsonrpc="1.0", x=2)]) == b'[{"jsonrpc":"1.0","method":1,"params":"bar","x":2}]'


def test_responses() -> None:
    """A result, and errors with and without data."""
    assert text(result(None, "a")) == b'{"jsonrpc":"2.0","result":null,"id":"a"}'
    assert text(error(-32600, "No")) == b'{"jsonrpc":"2.0","error":{"code":-32600,"message":"No"},"id":null}'
    assert text(error(1, "No", 2, [3])) == b'{"jsonrpc":"2.0","error":{"code":1,"message":"No","data":[3]},"id":2}'


def test_a_right_response_has_nothing_wrong() -> None:
    """Result or error, each with its id."""
    value = result(19, 1)
    assert parse_response(value) == Response(value, 1, 19)
    refused = parse_response(error(-32601, "No", "1", {}))
    assert (refused.code, refused.message, refused.id, refused.refused) == (-32601, "No", "1", True)
    assert refused.wrong == refused.wrong_error == () and refused.result is ABSENT


@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        (1, ("it is no object",)),
        (None, ("it is no object",)),
        ({}, ("jsonrpc is (nothing)", "neither result nor error", "no id")),
        ({"result": 1, "error": None, "id": 1}, ("jsonrpc is (nothing)", "result and error both")),
        ({"jsonrpc": 2, "result": 1, "id": 1}, ("jsonrpc is 2",)),
        ({"jsonrpc": "2.0", "result": 1, "id": True}, ("an id that is no String, no Number and not NULL",)),
        ({"jsonrpc": "2.0", "result": 1, "id": []}, ("an id that is no String, no Number and not NULL",)),
    ],
)
def test_what_is_wrong_about_a_response(value: object, wrong: tuple[str, ...]) -> None:
    """Each breach by its name."""
    assert parse_response(value).wrong == wrong


@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        ("No", ("error is no object",)),
        ({}, ("no code", "no message")),
        ({"code": "-32600", "message": None}, ("code is no integer", "message is no String")),
        ({"code": 1.5, "message": ""}, ("code is no integer",)),
        ({"code": True, "message": ""}, ("code is no integer",)),
        ({"code": 10**400, "message": ""}, ("code is no integer",)),
        ({"code": float("nan"), "message": ""}, ("code is no integer",)),
    ],
)
def test_what_is_wrong_about_an_error(value: object, wrong: tuple[str, ...]) -> None:
    """Of an error object, its code and its message."""
    found = parse_response({"jsonrpc": "2.0", "error": value, "id": 1})
    assert found.wrong_error == wrong and found.wrong == () and found.refused


def test_whole_numbers() -> None:
    """-32600.0 is one."""
    assert parse_reply(b'{"error":{"code":-32600.0}}').responses[0].code == -32600
    assert whole("1") is None and whole(None) is None


def test_replies() -> None:
    """One object, an array, an empty one, and what is none."""
    single = parse_reply(RIGHT, b"raw", status=200, media="application/json")
    assert single.single == single.responses[0] and (single.status, single.media, single.raw) == (
        200,
        "application/json",
        b"raw",
    )
    batch = parse_reply(b"[" + RIGHT + b",1]")
    assert batch.batch and batch.code == "batch" and batch.single is None and len(batch.responses) == 2
    assert parse_reply(b"[]").batch and parse_reply(b"[]").responses == ()
    page = parse_reply(b"<html>")
    assert page.responses == () and page.single is None and "no JSON" in page.text.problem


@pytest.mark.parametrize("name", list(FRAMINGS))
@pytest.mark.parametrize("step", [1, 3, 7, 1000])
def test_texts_are_told_apart(name: str, step: int) -> None:
    """Two texts and half of another, however they come."""
    framing = FRAMINGS[name]
    octets = framing.encode(RIGHT) + framing.encode(b"[]")
    rest = framing.encode(b"[1]")[:-1]
    reader = framing.reader()
    found = []
    for place in range(0, len(octets + rest), step):
        reader.feed((octets + rest)[place : place + step])
        while (one := reader.next()) is not None:
            found.append(one)
    assert [one.octets for one in found] == [RIGHT, b"[]"] and b"".join(one.raw for one in found) == octets
    assert reader.rest() == rest
    pattern = re.match(framing.pattern, framing.encode(RIGHT) * 2)
    assert pattern is not None and pattern[0] == framing.encode(RIGHT)


def test_encoding() -> None:
    """Byte by byte."""
    assert FRAMINGS["lines"].encode(b"[]") == b"[]\n"
    assert FRAMINGS["headers"].encode("\u00e9".encode()) == b"Content-Length: 2\r\n\r\n\xc3\xa9"


def test_lines() -> None:
    """CR before LF is no part of a text, and empty lines are none."""
    reader = LineReader()
    reader.feed(b"\r\n\n[1]\r\n[2]\n[3]")
    assert reader.next() == Message(b"[1]", b"[1]\r\n")
    assert reader.next() == Message(b"[2]", b"[2]\n")
    assert reader.next() is None and reader.rest() == b"[3]"


def test_headers() -> None:
    """Other fields are passed over, case is none, and LF may stand for CR LF."""
    reader = HeaderReader()
    reader.feed(b"Content-Type: application/vscode-jsonrpc\r\ncontent-length:2\r\n\r\n[]Content-Length: 1\n\n1rest")
    first, second = reader.next(), reader.next()
    assert first is not None and first.octets == b"[]" and second is not None and second.octets == b"1"
    assert reader.next() is None and reader.rest() == b"rest"


@pytest.mark.parametrize(
    ("reader", "octets", "why"),
    [
        (LineReader(100), b"x" * 101, "a line that has no end after 100 octets"),
        (HeaderReader(100), b"Content-Length: 101\r\n\r\n", "a text of 101 octets is announced"),
        (HeaderReader(), b"Content-Length: 1000000000000\r\n\r\n", "a text of 1000000000000 octets is announced"),
        (HeaderReader(), b"Content-Length: " + b"9" * 30 + b"\r\n\r\n", "a header without one Content-Length"),
        (HeaderReader(), b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", "a header without one Content-Length"),
        (HeaderReader(), b"Content-Length: -1\r\n\r\n", "a header without one Content-Length"),
        (HeaderReader(), b"\r\n\r\n{}", "a header without one Content-Length"),
        (HeaderReader(), b"x" * HEADER_OCTETS, "no header with a length in 4096 octets"),
    ],
)
def test_what_cannot_be_framed(reader: LineReader | HeaderReader, octets: bytes, why: str) -> None:
    """It is told once, and nothing behind it is kept."""
    reader.feed(octets)
    assert reader.next() == Message(b"", octets, why)
    reader.feed(b"[]\n" * 1000)
    assert reader.next() is None and reader.rest() == b""


def test_replies_are_framed() -> None:
    """A framer gives replies, and says when it can give no more."""
    framer = ReplyFramer(FRAMINGS["headers"])
    framer.feed(FRAMINGS["headers"].encode(RIGHT) + b"HTTP/1.1 400 Bad Request\r\n\r\n")
    first, second = framer.next(), framer.next()
    assert first is not None and first.code == "response" and first.responses[0].result == 19
    assert second is not None and second.code is None and second.lost == "a header without one Content-Length"
